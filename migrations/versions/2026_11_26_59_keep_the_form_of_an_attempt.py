"""keep the letter of an attempt's parallel form."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_59"
down_revision = "2026_11_26_58"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempt", sa.Column("form", sa.String(length=1), server_default="", nullable=False))
