"""Let the author of a quiz mark it as the final assessment of the course: certificates say so of no other one within its modules."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_08_02"
down_revision = "2026_12_08_01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("activity", sa.Column("is_final", sa.Boolean(), server_default=sa.false(), nullable=False))
