"""add links, as `make migration MESSAGE="add links"` writes it; a real one has its revision and stands in migrations/versions."""

import sqlalchemy as sa
from alembic import op


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_link_activity_id_activity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("activity_id", name=op.f("uq_link_activity_id")),
    )
