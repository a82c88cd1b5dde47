"""keep people's own reminders and their calendar feeds, and until when a notice may still be mailed."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_5"
down_revision = "2026_11_23_4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "personal_reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name="fk_personal_reminder_course_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_personal_reminder_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_personal_reminder"),
        sa.UniqueConstraint("uuid", name="uq_personal_reminder_uuid"),
    )
    op.create_index("ix_personal_reminder_at", "personal_reminder", ["at"])
    op.create_index("ix_personal_reminder_course_id", "personal_reminder", ["course_id"])
    op.create_index("ix_personal_reminder_person", "personal_reminder", ["person_id", "at"])
    op.create_table(
        "calendar_feed",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_calendar_feed_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_calendar_feed"),
        sa.UniqueConstraint("secret_hash", name="uq_calendar_feed_secret_hash"),
    )
    op.add_column("notice", sa.Column("mail_until", sa.DateTime(timezone=True), nullable=True))
