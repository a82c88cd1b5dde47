"""Keep what somebody who deletes their account answers about rows of theirs."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_02_02"
down_revision = "2026_12_02_01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deletion_request", sa.Column("answers", sa.Text(), server_default="{}", nullable=False))
