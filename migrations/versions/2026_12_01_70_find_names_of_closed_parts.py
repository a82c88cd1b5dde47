"""find the names of modules and of what is closed; the search's index is made anew by its job."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_70"
down_revision = "2026_12_01_60"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("search_entry", sa.Column("is_name", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute("DELETE FROM search_word")
