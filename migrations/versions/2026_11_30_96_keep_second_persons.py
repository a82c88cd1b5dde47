"""keep who approved a rule of an audience, which planned changes need a second person, and those of free days."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_96"
down_revision = "2026_11_30_95"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("audience_version") as table:
        table.add_column(sa.Column("approved_by", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_audience_version_approved_by"), "person", ["approved_by"], ["id"])
        table.create_check_constraint(op.f("ck_audience_version_second_person"), "approved_by IS NULL OR approved_by <> author_id")
    with op.batch_alter_table("planned_change") as table:
        table.add_column(sa.Column("second_person", sa.String(length=4), server_default="", nullable=False))
        table.alter_column("audience_id", existing_type=sa.Integer(), nullable=True)
        table.drop_constraint(op.f("ck_planned_change_kind"), type_="check")
        table.drop_constraint(op.f("ck_planned_change_subject"), type_="check")
        table.create_check_constraint(op.f("ck_planned_change_kind"), "kind IN ('activate', 'version', 'end', 'audience', 'free_day')")
        table.create_check_constraint(op.f("ck_planned_change_subject"), "(kind IN ('audience', 'free_day')) = (obligation_id IS NULL)")
        table.create_check_constraint(op.f("ck_planned_change_audience"), "(kind = 'free_day') = (audience_id IS NULL)")
        table.create_check_constraint(op.f("ck_planned_change_second_person"), "second_person IN ('', 'past', 'many')")
    # a change that waited for an administrator goes on waiting for a second person
    op.execute("UPDATE planned_change SET second_person = 'past' WHERE is_retroactive AND state = 'ready'")
