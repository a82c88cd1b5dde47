"""Delete groups that records name: they keep their name beside."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_20'
down_revision = '2026_11_20_19'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('learner_group', sa.Column('former_name', sa.String(length=100), nullable=True))
