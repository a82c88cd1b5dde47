"""keep where the hours of a version are from."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_25_1'
down_revision = '2026_11_24_32'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('course_version', schema=None) as batch_op:
        batch_op.add_column(sa.Column('hours_basis', sa.String(length=200), server_default='', nullable=False))
