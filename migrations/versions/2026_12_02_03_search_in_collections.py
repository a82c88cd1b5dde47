"""Let entries of the search belong to other collections than course versions; the index is made anew by its job."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_02_03"
down_revision = "2026_12_02_02"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("search_entry", "search_word"):
        op.add_column(table, sa.Column("collection", sa.String(length=12), server_default="version", nullable=False))
    op.execute("DELETE FROM search_word")
