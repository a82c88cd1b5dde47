"""note whether an administrator revoked a certificate: only administrators issue another one instead."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_2"
down_revision = "2026_11_22_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("credential", sa.Column("revoked_by_administrator", sa.Boolean(), server_default=sa.false(), nullable=False))
    # What was revoked before counts as an administrator's unless its author edits the course and is none.
    op.execute("""
        UPDATE credential SET revoked_by_administrator = true
        WHERE revoked_at IS NOT NULL AND (
            revoked_by IS NULL
            OR EXISTS (SELECT 1 FROM role_grant WHERE role_grant.person_id = credential.revoked_by AND role_grant.role = 'administrator')
            OR NOT EXISTS (
                SELECT 1 FROM course_staff
                WHERE course_staff.person_id = credential.revoked_by AND course_staff.course_id = credential.course_id
                AND course_staff.role IN ('owner', 'editor')
            )
        )
    """)
