"""keep what was signed of proofs of attempts, and the digests of their files."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_90"
down_revision = "2026_11_30_80"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt_proof",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("signature", sa.String(length=100), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_attempt_proof_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_proof")),
        sa.UniqueConstraint(
            "attempt_id", "document_sha256", "key_id", name=op.f("uq_attempt_proof_attempt_id_document_sha256_key_id")
        ),
        sa.UniqueConstraint("code", name=op.f("uq_attempt_proof_code")),
    )
    op.create_table(
        "attempt_proof_file",
        sa.Column("proof_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["proof_id"], ["attempt_proof.id"], name=op.f("fk_attempt_proof_file_proof_id")),
        sa.PrimaryKeyConstraint("proof_id", "sha256", name=op.f("pk_attempt_proof_file")),
    )
