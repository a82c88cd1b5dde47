"""note what waits in quizzes: an index of attempts to mark, and how many findings each analysis has."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_6'
down_revision = '2026_11_23_5'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('attempt', schema=None) as batch_op:
        batch_op.create_index('ix_attempt_unmarked', ['course_id', 'activity_key'], unique=False, sqlite_where=sa.text("state = 'finished' AND raw IS NULL AND NOT preview"), postgresql_where=sa.text("state = 'finished' AND raw IS NULL AND NOT preview"))

    with op.batch_alter_table('quiz_analysis_cache', schema=None) as batch_op:
        batch_op.add_column(sa.Column('version', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('findings', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('found_at', sa.DateTime(timezone=True), nullable=True))
