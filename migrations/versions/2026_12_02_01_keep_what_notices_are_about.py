"""Keep of which row the scope of a notice is asked."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_02_01"
down_revision = "2026_12_01_90"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notice", sa.Column("about_id", sa.Integer(), nullable=True))
