"""keep reminders of compulsory training, requests for them, and the free days on which none goes out."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_22"
down_revision = "2026_11_24_8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "free_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("province", sa.String(length=300), nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_free_day_added_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_free_day")),
        sa.UniqueConstraint("day", "province", name=op.f("uq_free_day_day_province")),
        sa.UniqueConstraint("uuid", name=op.f("uq_free_day_uuid")),
    )
    op.create_table(
        "reminder_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("obligation_id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("done_at IS NULL OR done_at >= asked_at", name=op.f("ck_reminder_request_done")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_reminder_request_asked_by")),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name=op.f("fk_reminder_request_obligation_id")),
        sa.ForeignKeyConstraint(["place_id"], ["organisation.id"], name=op.f("fk_reminder_request_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_request")),
        sa.UniqueConstraint("uuid", name=op.f("uq_reminder_request_uuid")),
    )
    with op.batch_alter_table("reminder_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reminder_request_asked_by"), ["asked_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_reminder_request_obligation_id"), ["obligation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reminder_request_place_id"), ["place_id"], unique=False)

    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assignment_id", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=13), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=14), nullable=False),
        sa.Column("notice_key", sa.String(length=120), nullable=False),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('assigned', 'step', 'renewal_opens', 'overdue', 'waiver_ends', 'version', 'asked')", name=op.f("ck_reminder_kind")
        ),
        sa.CheckConstraint("step >= 0", name=op.f("ck_reminder_step")),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_reminder_assignment_id")),
        sa.ForeignKeyConstraint(["request_id"], ["reminder_request.id"], name=op.f("fk_reminder_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint(
            "assignment_id", "cycle", "kind", "step", "due_on", name=op.f("uq_reminder_assignment_id_cycle_kind_step_due_on")
        ),
    )
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.create_index("ix_reminder_notice", ["notice_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_reminder_request_id"), ["request_id"], unique=False)

    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("planned", sa.String(length=400), server_default="", nullable=False))
        batch_op.create_index(
            "ix_assignment_remind",
            ["remind_at", "person_id"],
            unique=False,
            sqlite_where=sa.text("remind_at IS NOT NULL"),
            postgresql_where=sa.text("remind_at IS NOT NULL"),
        )
    op.execute(sa.text("UPDATE assignment SET remind_at = computed_at"))
