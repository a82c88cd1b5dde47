"""rename two tables after what they hold: pages of lessons, the cache of analyses of quizzes.

Both are made anew and filled, because their constraints are named for the table, which SQLite cannot rename.
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_22_6'
down_revision = '2026_11_22_5'
branch_labels = None
depends_on = None

RENAMED = {"page": "lesson_page", "quiz_examination": "quiz_analysis_cache"}


def upgrade() -> None:
    op.create_table('quiz_analysis_cache',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('activity_key', sa.String(length=64), nullable=False),
    sa.Column('which', sa.String(length=8), nullable=False),
    sa.Column('composition', sa.String(length=16), nullable=False),
    sa.Column('attempt_set', sa.String(length=200), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.Column('computed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_quiz_analysis_cache_course_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quiz_analysis_cache')),
    sa.UniqueConstraint('course_id', 'activity_key', 'which', 'composition', name=op.f('uq_quiz_analysis_cache_course_id_activity_key_which_composition'))
    )
    op.create_table('lesson_page',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('activity_id', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('headings', sa.Text(), nullable=False),
    sa.Column('symbols', sa.Text(), nullable=False),
    sa.Column('words', sa.Integer(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('figures', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['activity_id'], ['activity.id'], name=op.f('fk_lesson_page_activity_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lesson_page')),
    sa.UniqueConstraint('activity_id', 'language', name=op.f('uq_lesson_page_activity_id_language'))
    )
    connection = op.get_bind()
    for old, new in RENAMED.items():
        columns = ", ".join(column["name"] for column in sa.inspect(connection).get_columns(new))
        op.execute(f"INSERT INTO {new} ({columns}) SELECT {columns} FROM {old}")
        if connection.dialect.name == "postgresql":  # new rows are numbered after those that came
            op.execute(f"SELECT setval(pg_get_serial_sequence('{new}', 'id'), max(id)) FROM {new} HAVING max(id) IS NOT NULL")
        op.drop_table(old)
