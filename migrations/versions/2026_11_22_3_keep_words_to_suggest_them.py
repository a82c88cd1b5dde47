"""keep the words of what can be found, to suggest near ones; the daily job fills them, and what became findable meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_3"
down_revision = "2026_11_22_2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_word",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_word"),
    )
    op.create_index("ix_search_word_version", "search_word", ["version", "word"])
