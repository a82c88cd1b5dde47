"""let editors approve the parallel forms of a quiz."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_60"
down_revision = "2026_11_26_59"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "form_approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quiz_version_id", sa.Integer(), nullable=False),
        sa.Column("approved_by", sa.Integer(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_form_approval_approved_by")),
        sa.ForeignKeyConstraint(["quiz_version_id"], ["quiz_version.id"], name=op.f("fk_form_approval_quiz_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_approval")),
        sa.UniqueConstraint("quiz_version_id", "approved_by", name=op.f("uq_form_approval_quiz_version_id_approved_by")),
    )
