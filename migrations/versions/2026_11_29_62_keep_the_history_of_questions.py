"""keep the history of questions in sums, and which quiz versions it holds."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_29_62"
down_revision = "2026_11_28_86"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "history_state",
        sa.Column("quiz_version_id", sa.Integer(), nullable=False),
        sa.Column("filled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["quiz_version_id"], ["quiz_version.id"], name=op.f("fk_history_state_quiz_version_id")),
        sa.PrimaryKeyConstraint("quiz_version_id", name=op.f("pk_history_state")),
    )
    op.create_table(
        "item_history",
        sa.Column("question_version_id", sa.Integer(), nullable=False),
        sa.Column("variant", sa.String(length=80), server_default="", nullable=False),
        sa.Column("quiz_version_id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("shown", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("blank", sa.BigInteger(), nullable=False),
        sa.Column("shares", sa.BigInteger(), nullable=False),
        sa.Column("squares", sa.BigInteger(), nullable=False),
        sa.Column("rests", sa.BigInteger(), nullable=False),
        sa.Column("rest_squares", sa.BigInteger(), nullable=False),
        sa.Column("products", sa.BigInteger(), nullable=False),
        sa.Column("practice_count", sa.BigInteger(), nullable=False),
        sa.Column("practice_shares", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["question_version_id"], ["question_version.id"], name=op.f("fk_item_history_question_version_id")),
        sa.ForeignKeyConstraint(["quiz_version_id"], ["quiz_version.id"], name=op.f("fk_item_history_quiz_version_id")),
        sa.PrimaryKeyConstraint(
            "question_version_id", "variant", "quiz_version_id", "edition_id", "language", "month", name=op.f("pk_item_history")
        ),
    )
    op.create_index("ix_item_history_quiz_version_id", "item_history", ["quiz_version_id"], unique=False)
