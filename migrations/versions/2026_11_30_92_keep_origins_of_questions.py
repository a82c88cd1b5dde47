"""keep where questions come from: copies in other courses have the same origin."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_92"
down_revision = "2026_11_30_90"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "question_origin",
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(length=32), nullable=False),
        sa.Column("reserved", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_question_origin_course_id")),
        sa.PrimaryKeyConstraint("course_id", "key", name=op.f("pk_question_origin")),
    )
    op.create_index(op.f("ix_question_origin_origin"), "question_origin", ["origin"])
