"""keep how learners judge their own texts by the rubric."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_81"
down_revision = "2026_11_26_91"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "self_assessment",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("levels", sa.Text(), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["attempt_item.id"], name=op.f("fk_self_assessment_item_id")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_self_assessment")),
    )
