"""Let moves of units wait for a second person, as other changes do."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_12_02"
down_revision = "2026_12_12_01"
branch_labels = None
depends_on = None

CHECKS = {
    "kind": "kind IN ('activate', 'version', 'end', 'audience', 'free_day', 'move')",
    "subject": "(kind IN ('audience', 'free_day', 'move')) = (obligation_id IS NULL)",
    "audience": "(kind IN ('free_day', 'move')) = (audience_id IS NULL)",
}


def upgrade() -> None:
    with op.batch_alter_table("planned_change", schema=None) as batch_op:
        for name, check in CHECKS.items():
            batch_op.drop_constraint(op.f(f"ck_planned_change_{name}"), type_="check")
            batch_op.create_check_constraint(op.f(f"ck_planned_change_{name}"), check)
    op.add_column("pending_load", sa.Column("reason", sa.String(length=1000), server_default="", nullable=False))
