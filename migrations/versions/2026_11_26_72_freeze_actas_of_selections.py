"""freeze actas of selections, with their lines and signatures."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_72"
down_revision = "2026_11_26_71"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "selection_acta",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("selection_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=11), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Integer(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("signature", sa.String(length=100), nullable=False),
        sa.CheckConstraint("(kind = 'amendment') = (reason <> '')", name=op.f("ck_selection_acta_reason")),
        sa.CheckConstraint("kind IN ('provisional', 'final', 'amendment')", name=op.f("ck_selection_acta_kind")),
        sa.CheckConstraint("state IN ('freezing', 'draft', 'in_force', 'discarded')", name=op.f("ck_selection_acta_state")),
        sa.ForeignKeyConstraint(["requested_by"], ["person.id"], name=op.f("fk_selection_acta_requested_by")),
        sa.ForeignKeyConstraint(["selection_id"], ["selection.id"], name=op.f("fk_selection_acta_selection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selection_acta")),
        sa.UniqueConstraint("code", name=op.f("uq_selection_acta_code")),
        sa.UniqueConstraint("uuid", name=op.f("uq_selection_acta_uuid")),
    )
    with op.batch_alter_table("selection_acta", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_selection_acta_sha256"), ["sha256"], unique=False)
        batch_op.create_index(
            "uq_selection_acta_number",
            ["selection_id", "number"],
            unique=True,
            sqlite_where=sa.text("state <> 'discarded'"),
            postgresql_where=sa.text("state <> 'discarded'"),
        )
        batch_op.create_index(
            "uq_selection_acta_open",
            ["selection_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('freezing', 'draft')"),
            postgresql_where=sa.text("state IN ('freezing', 'draft')"),
        )

    op.create_table(
        "acta_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("acta_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("basis", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["acta_id"], ["selection_acta.id"], name=op.f("fk_acta_line_acta_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_acta_line_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acta_line")),
        sa.UniqueConstraint("acta_id", "place", name=op.f("uq_acta_line_acta_id_place")),
    )
    with op.batch_alter_table("acta_line", schema=None) as batch_op:
        batch_op.create_index("ix_acta_line_person", ["person_id"], unique=False)

    op.create_table(
        "acta_signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("acta_id", sa.Integer(), nullable=False),
        sa.Column("signed_by", sa.Integer(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["acta_id"], ["selection_acta.id"], name=op.f("fk_acta_signature_acta_id")),
        sa.ForeignKeyConstraint(["signed_by"], ["person.id"], name=op.f("fk_acta_signature_signed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acta_signature")),
        sa.UniqueConstraint("acta_id", "signed_by", name=op.f("uq_acta_signature_acta_id_signed_by")),
    )
