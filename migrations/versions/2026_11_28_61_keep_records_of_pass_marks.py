"""keep what judges say of pass marks, and the records that are signed of it."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_61"
down_revision = "2026_11_27_81"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pass_mark_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("activity_key", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=1), server_default="", nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("shows_facilities", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pass_mark", sa.Numeric(precision=14, scale=7), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("(state = 'signed') = (signed_at IS NOT NULL)", name=op.f("ck_pass_mark_record_signed")),
        sa.CheckConstraint("state IN ('first', 'second', 'signed', 'discarded')", name=op.f("ck_pass_mark_record_state")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_pass_mark_record_course_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_pass_mark_record_opened_by")),
        sa.ForeignKeyConstraint(["signed_by"], ["person.id"], name=op.f("fk_pass_mark_record_signed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pass_mark_record")),
        sa.UniqueConstraint("uuid", name=op.f("uq_pass_mark_record_uuid")),
    )
    op.create_index("ix_pass_mark_record_activity", "pass_mark_record", ["course_id", "activity_key"], unique=False)
    op.create_index(
        "uq_pass_mark_record_open",
        "pass_mark_record",
        ["course_id", "activity_key", "form"],
        unique=True,
        sqlite_where=sa.text("state IN ('first', 'second')"),
        postgresql_where=sa.text("state IN ('first', 'second')"),
    )

    op.create_table(
        "judge_sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.Column("first", sa.Text(), server_default="[]", nullable=False),
        sa.Column("second", sa.Text(), server_default="[]", nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entered_by"], ["person.id"], name=op.f("fk_judge_sheet_entered_by")),
        sa.ForeignKeyConstraint(["record_id"], ["pass_mark_record.id"], name=op.f("fk_judge_sheet_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judge_sheet")),
        sa.UniqueConstraint("record_id", "name", name=op.f("uq_judge_sheet_record_id_name")),
        sa.UniqueConstraint("uuid", name=op.f("uq_judge_sheet_uuid")),
    )
    op.create_index(
        "uq_judge_sheet_own",
        "judge_sheet",
        ["record_id", "entered_by"],
        unique=True,
        sqlite_where=sa.text("own"),
        postgresql_where=sa.text("own"),
    )
