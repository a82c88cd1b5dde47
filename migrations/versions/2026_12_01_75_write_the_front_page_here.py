"""let an institution write its own front page; where a profile is, the simulator stays in sight."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_75"
down_revision = "2026_12_01_70"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "front_picture",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["profile_id"], ["institution_profile.id"], name=op.f("fk_front_picture_profile_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_front_picture")),
        sa.UniqueConstraint("digest", name=op.f("uq_front_picture_digest")),
    )
    op.create_index(op.f("ix_front_picture_profile_id"), "front_picture", ["profile_id"])
    for name in ("front_titles", "front_texts", "front_alts"):
        op.add_column("institution_profile", sa.Column(name, sa.Text(), server_default="{}", nullable=False))
    op.add_column("institution_profile", sa.Column("front_picture", sa.String(length=64), server_default="", nullable=False))
    for name in ("front_courses", "turned_entries"):
        op.add_column("institution_profile", sa.Column(name, sa.Text(), server_default="[]", nullable=False))
    op.execute("""UPDATE institution_profile SET turned_entries = '["simulator"]'""")
