"""look, once in each quiz, for answers that were marked before typographic variants were ignored."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_30"
down_revision = "2026_12_01_20"
branch_labels = None
depends_on = None

JOBS = """
    INSERT INTO job (kind, arguments, attempts, created_at, available_at, last_error, awaits, request_id)
    SELECT DISTINCT 'quizzes.offer_regrade', '{"course": ' || course_id || ', "activity": "' || activity_key || '"}', 0, :later, :later, '', '', ''
    FROM attempt WHERE state = 'finished' AND NOT preview
"""


def upgrade() -> None:
    later = datetime.now(UTC) + timedelta(hours=1)  # processes of before, which compare otherwise, have ended by then
    op.execute(sa.text(JOBS).bindparams(sa.bindparam("later", later, sa.DateTime(timezone=True))))
