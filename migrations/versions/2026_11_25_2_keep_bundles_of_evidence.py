"""keep the bundles of evidence that were asked for."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_2"
down_revision = "2026_11_25_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bundle",
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("obligation_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known", sa.DateTime(timezone=True), nullable=False),
        sa.Column("has_files", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("known >= at", name=op.f("ck_bundle_known")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_bundle_asked_by")),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name=op.f("fk_bundle_obligation_id")),
        sa.ForeignKeyConstraint(["place_id"], ["organisation.id"], name=op.f("fk_bundle_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle")),
        sa.UniqueConstraint("uuid", name=op.f("uq_bundle_uuid")),
    )
    with op.batch_alter_table("bundle", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bundle_asked_by"), ["asked_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_bundle_obligation_id"), ["obligation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_bundle_place_id"), ["place_id"], unique=False)
