"""tell those who did what a new version changes."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_25'
down_revision = '2026_11_20_24'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('course_version', sa.Column('tells', sa.Text(), nullable=True))
    op.add_column('planned_publication', sa.Column('tells', sa.Text(), nullable=True))
