"""Keep the picture of a course as cards show it, and what it shows, with each published version."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_04_04"
down_revision = "2026_12_04_03"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("course_version", sa.Column("picture", sa.String(length=64), server_default="", nullable=False))
    op.add_column("course_version", sa.Column("picture_alts", sa.Text(), server_default="{}", nullable=False))
