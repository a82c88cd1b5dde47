"""Keep actas of training as they were drawn."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_12_03"
down_revision = "2026_12_12_02"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("training_acta", sa.Column("content", sa.LargeBinary(), nullable=True))
