"""let holders have their identity number printed on their certificates."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_58"
down_revision = "2026_11_26_57"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("credential", sa.Column("prints_identity", sa.Boolean(), server_default=sa.false(), nullable=False))
