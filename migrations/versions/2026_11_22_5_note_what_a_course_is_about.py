"""note what a course is about: the topic that its text names was read and thrown away."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_5"
down_revision = "2026_11_22_4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("course_version", sa.Column("topic", sa.String(length=64), server_default="", nullable=False))
