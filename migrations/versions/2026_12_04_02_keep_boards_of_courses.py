"""Keep which board a course has, and whom threads of it are for."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_04_02"
down_revision = "2026_12_04_01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "course_board",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("by_edition", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_course_board_board_id")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_board_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_board")),
        sa.UniqueConstraint("board_id", name=op.f("uq_course_board_board_id")),
        sa.UniqueConstraint("course_id", name=op.f("uq_course_board_course_id")),
    )
    op.create_table(
        "course_thread",
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=True),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_course_thread_edition_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_course_thread_thread_id")),
        sa.PrimaryKeyConstraint("thread_id", name=op.f("pk_course_thread")),
    )
