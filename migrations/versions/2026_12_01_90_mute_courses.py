"""Keep since when learners want no notifications of a course."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_90"
down_revision = "2026_12_01_82"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrolment", sa.Column("muted_at", sa.DateTime(timezone=True), nullable=True))
