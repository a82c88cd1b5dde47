"""keep by what experts confirmed their judgements of a pass mark, and who discarded a record of them, when and why."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_40"
down_revision = "2026_12_01_30"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("pass_mark_record") as table:
        table.add_column(sa.Column("discarded_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("discarded_by", sa.Integer(), nullable=True))
        table.add_column(sa.Column("discard_reason", sa.Text(), server_default="", nullable=False))
        table.create_foreign_key(op.f("fk_pass_mark_record_discarded_by"), "person", ["discarded_by"], ["id"])
    with op.batch_alter_table("judge_sheet") as table:
        table.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("confirmed_by", sa.Integer(), nullable=True))
        table.add_column(sa.Column("paper_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("paper_name", sa.String(length=200), server_default="", nullable=False))
        table.create_foreign_key(op.f("fk_judge_sheet_confirmed_by"), "person", ["confirmed_by"], ["id"])
        table.create_foreign_key(op.f("fk_judge_sheet_paper_id"), "stored_file", ["paper_id"], ["id"])
