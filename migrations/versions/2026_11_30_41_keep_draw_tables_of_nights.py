"""keep the draw tables of nights, and by which one an attempt was drawn."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_41"
down_revision = "2026_11_29_62"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draw_table",
        sa.Column("quiz_version_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("facilities", sa.Text(), nullable=False),
        sa.Column("in_use", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 1", name=op.f("ck_draw_table_number")),
        sa.ForeignKeyConstraint(["quiz_version_id"], ["quiz_version.id"], name=op.f("fk_draw_table_quiz_version_id")),
        sa.PrimaryKeyConstraint("quiz_version_id", "number", name=op.f("pk_draw_table")),
        sa.UniqueConstraint("quiz_version_id", "night", name=op.f("uq_draw_table_quiz_version_id_night")),
    )
    op.add_column("attempt", sa.Column("draw_table", sa.Integer(), server_default="1", nullable=False))
    op.add_column("attempt", sa.Column("least_seen", sa.Integer(), nullable=True))
