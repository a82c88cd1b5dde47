"""name the data-protection officer and who processes the data, for the notice on personal data."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_24_26'
down_revision = '2026_11_24_23'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('institution_profile', schema=None) as batch_op:
        batch_op.add_column(sa.Column('data_officer', sa.String(length=300), server_default='', nullable=False))
        batch_op.add_column(sa.Column('data_processors', sa.String(length=600), server_default='', nullable=False))
