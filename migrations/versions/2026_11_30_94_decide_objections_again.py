"""let a jury take back what it decided about objections, and keep why a regrade was undone."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_94"
down_revision = "2026_11_30_93"
branch_labels = None
depends_on = None

OUTCOMES = "outcome IN ('uphold', 'rescore', 'full_credit', 'void', 'removed', 'reopen')"
STATES = "state IN ('standing', 'returned', 'decided', 'reopened')"


def upgrade() -> None:
    op.add_column("regrade", sa.Column("undo_reason", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("objection_proposal") as table:
        table.drop_constraint(op.f("ck_objection_proposal_outcome"), type_="check")
        table.create_check_constraint(op.f("ck_objection_proposal_outcome"), OUTCOMES)
        table.drop_constraint(op.f("ck_objection_proposal_state"), type_="check")
        table.create_check_constraint(op.f("ck_objection_proposal_state"), STATES)
