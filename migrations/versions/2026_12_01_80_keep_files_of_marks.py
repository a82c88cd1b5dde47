"""Keep files of marks until they are confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_80"
down_revision = "2026_12_01_75"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pending_marks",
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("marked", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_pending_marks_course_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_pending_marks_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_marks")),
        sa.UniqueConstraint("uuid", name=op.f("uq_pending_marks_uuid")),
    )
    with op.batch_alter_table("pending_marks") as batch_op:
        batch_op.create_index(batch_op.f("ix_pending_marks_expires_at"), ["expires_at"], unique=False)
