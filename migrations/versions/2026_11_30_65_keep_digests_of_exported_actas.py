"""keep the digests of files of actas that are taken out."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_65"
down_revision = "2026_11_30_60"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "acta_export",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("acta_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("identities", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["acta_id"], ["selection_acta.id"], name=op.f("fk_acta_export_acta_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_acta_export_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acta_export")),
    )
    with op.batch_alter_table("acta_export", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_acta_export_sha256"), ["sha256"], unique=False)
