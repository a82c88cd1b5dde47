"""keep in certificates what was passed, and which replacements correct it."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_95"
down_revision = "2026_11_30_94"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("credential", sa.Column("passed", sa.Text(), server_default="{}", nullable=False))
    op.add_column("validity_change", sa.Column("corrects_sentences", sa.Boolean(), server_default=sa.false(), nullable=False))
