"""let versions name the revision they were made from."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_14'
down_revision = '2026_11_20_13'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('course_version', sa.Column('draft_revision', sa.Integer(), nullable=True))
    op.add_column('course_version', sa.Column('asks', sa.Boolean(), server_default=sa.false(), nullable=False))
