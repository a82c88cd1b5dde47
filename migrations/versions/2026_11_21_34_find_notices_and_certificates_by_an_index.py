"""find notices of a person and certificates of an enrolment by an index: SQLite read through them all."""

from alembic import op

revision = "2026_11_21_34"
down_revision = "2026_11_20_33"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_notice_person", "notice", ["person_id", "given_at"])
    op.drop_index("ix_notice_unread", "notice")
    op.create_index("ix_credential_enrolment_id", "credential", ["enrolment_id"])
