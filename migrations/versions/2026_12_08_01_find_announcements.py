"""Find the announcements of boards by an index: the number of the bell asks for them with each page."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_08_01"
down_revision = "2026_12_07_01"
branch_labels = None
depends_on = None

OF_KIND = sa.text("kind = 'announcement'")


def upgrade() -> None:
    op.create_index(
        "ix_thread_announcement", "thread", ["board_id", "last_post_at"], unique=False, sqlite_where=OF_KIND, postgresql_where=OF_KIND
    )
