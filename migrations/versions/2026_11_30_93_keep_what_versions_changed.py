"""keep that a version of a question changed only its wording, as an editor says."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_93"
down_revision = "2026_11_30_92"
branch_labels = None
depends_on = None


def upgrade() -> None:
    in_force = sa.text("ended_at IS NULL")
    op.create_table(
        "wording_only",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question_version_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_wording_only_ended")),
        sa.ForeignKeyConstraint(["question_version_id"], ["question_version.id"], name=op.f("fk_wording_only_question_version_id")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_wording_only_created_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_wording_only_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wording_only")),
    )
    op.create_index("ix_wording_only_question_version_id", "wording_only", ["question_version_id"])
    op.create_index(
        "uq_wording_only_in_force",
        "wording_only",
        ["question_version_id"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )
