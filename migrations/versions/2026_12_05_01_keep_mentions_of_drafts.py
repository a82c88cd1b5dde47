"""Keep whom a draft and a waiting post mention, and which pictures of drafts are not described yet."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_05_01"
down_revision = "2026_12_04_04"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("post_draft", sa.Column("mentioned", sa.Text(), server_default="", nullable=False))
    op.add_column("thread_post", sa.Column("mentioned", sa.Text(), server_default="", nullable=False))
    op.add_column("post_file", sa.Column("is_described", sa.Boolean(), server_default=sa.true(), nullable=False))
