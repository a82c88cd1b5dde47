"""keep notes that learners write for themselves."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_60"
down_revision = "2026_12_01_50"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "personal_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("activity_key", sa.String(length=64), nullable=False),
        sa.Column("activity_title", sa.String(length=300), nullable=False),
        sa.Column("heading", sa.String(length=200), nullable=False),
        sa.Column("heading_text", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_personal_note_course_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_personal_note_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_note")),
        sa.UniqueConstraint("uuid", name=op.f("uq_personal_note_uuid")),
    )
    op.create_index(op.f("ix_personal_note_course_id"), "personal_note", ["course_id"])
    op.create_index("ix_personal_note_person", "personal_note", ["person_id", "course_id", "activity_key"])
