"""count the words of modules that are written in each language, when a course is published."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_56"
down_revision = "2026_11_26_55"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("course_version", "module"):
        op.add_column(name, sa.Column("written_words", sa.Text(), server_default="{}", nullable=False))
