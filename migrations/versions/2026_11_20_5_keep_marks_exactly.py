"""keep marks exactly."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_5'
down_revision = '2026_11_20_4'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('mark_event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('exact', sa.String(length=80), server_default='', nullable=False))

    with op.batch_alter_table('regrade_mark', schema=None) as batch_op:
        batch_op.add_column(sa.Column('exact', sa.String(length=80), server_default='', nullable=False))

