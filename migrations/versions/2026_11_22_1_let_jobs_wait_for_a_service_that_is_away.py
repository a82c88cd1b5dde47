"""let jobs wait for a service that is away."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_1"
down_revision = "2026_11_21_34"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("awaits", sa.String(length=300), nullable=False, server_default=""))
    op.add_column("job", sa.Column("away_since", sa.DateTime(timezone=True), nullable=True))
