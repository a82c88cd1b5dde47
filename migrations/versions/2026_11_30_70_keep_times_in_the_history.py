"""keep how long answers took in the history of questions, as sums without persons."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_70"
down_revision = "2026_11_30_65"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("item_history", sa.Column("timed", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("item_history", sa.Column("log_seconds", sa.BigInteger(), server_default="0", nullable=False))
