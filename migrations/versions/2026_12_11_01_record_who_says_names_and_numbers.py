"""record which names an institution’s sign-in says, and who says an identity number; of numbers before, nobody knows."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_11_01"
down_revision = "2026_12_09_02"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("person_name") as table:
        table.drop_constraint(op.f("ck_person_name_source"), type_="check")
        table.create_check_constraint(
            op.f("ck_person_name_source"), "source IN ('initial', 'self', 'provider', 'list', 'correction', 'merge')"
        )
    op.add_column("national_identity", sa.Column("source", sa.String(length=10), server_default="", nullable=False))
