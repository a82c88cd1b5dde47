"""Keep where a notice comes from, which conversation and list its mail belongs to, and which daily mail somebody got last."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_04_03"
down_revision = "2026_12_04_02"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, length in (("source", 60), ("thread_key", 100), ("list_id", 100)):
        op.add_column("notice", sa.Column(name, sa.String(length=length), server_default="", nullable=False))
    op.add_column("person", sa.Column("digest_until", sa.DateTime(timezone=True), nullable=True))
