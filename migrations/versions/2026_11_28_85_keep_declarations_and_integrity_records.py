"""keep declarations and integrity records of attempts."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_85"
down_revision = "2026_11_28_61"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempt", sa.Column("declared_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("attempt", sa.Column("integrity_record", sa.Text(), server_default="", nullable=False))
