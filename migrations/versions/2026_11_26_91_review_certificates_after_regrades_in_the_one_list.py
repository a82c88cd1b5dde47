"""let certificates after a regrade stand in the one review list."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_91"
down_revision = "2026_11_26_72"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("credential_review", sa.Column("origin", sa.Text(), server_default="", nullable=False))
    op.add_column("credential_review", sa.Column("percent_before", sa.Numeric(precision=14, scale=7), nullable=True))
    op.add_column("credential_review", sa.Column("percent_after", sa.Numeric(precision=14, scale=7), nullable=True))
