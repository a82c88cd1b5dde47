"""add the page reached to attempts."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_2'
down_revision = '2026_11_20_1'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('attempt', schema=None) as batch_op:
        batch_op.add_column(sa.Column('page_reached', sa.Integer(), server_default='1', nullable=False))
