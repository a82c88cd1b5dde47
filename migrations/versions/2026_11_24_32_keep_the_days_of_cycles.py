"""keep the last day of the first cycle of an assignment, and the day on which it was done."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_24_32'
down_revision = '2026_11_24_30'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('due_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('done_on', sa.Date(), nullable=True))
