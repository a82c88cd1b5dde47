"""thin out the history of drafts."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_26'
down_revision = '2026_11_20_25'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('draft_revision', sa.Column('automatic_since', sa.DateTime(timezone=True), nullable=True))
