"""keep what a list of people or units would do to compulsory training, before it is confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_50"
down_revision = "2026_12_01_40"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("pending_load") as table:
        table.add_column(sa.Column("tried", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("training", sa.Text(), server_default="[]", nullable=False))
        table.add_column(sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE pending_load SET tried_at = created_at")  # what waits already was shown without it, and no job will try it
