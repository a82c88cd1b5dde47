"""keep since when the records of an obligation that ended long ago are gone."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_42"
down_revision = "2026_11_25_41"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("obligation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True))
