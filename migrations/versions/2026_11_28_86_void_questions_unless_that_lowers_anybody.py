"""let a question be void unless that lowers anybody."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_86"
down_revision = "2026_11_28_85"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("regrade") as table:
        table.alter_column("kind", existing_type=sa.String(length=12), type_=sa.String(length=20), existing_nullable=False)
        table.drop_constraint(op.f("ck_regrade_kind"), type_="check")
        table.create_check_constraint(op.f("ck_regrade_kind"), "kind IN ('same', 'other', 'full_credit', 'removed', 'void_unless_lower')")
    with op.batch_alter_table("annulment") as table:
        table.alter_column("effect", existing_type=sa.String(length=12), type_=sa.String(length=20), existing_nullable=False)
        table.drop_constraint(op.f("ck_annulment_effect"), type_="check")
        table.create_check_constraint(op.f("ck_annulment_effect"), "effect IN ('full_credit', 'removed', 'void_unless_lower')")
