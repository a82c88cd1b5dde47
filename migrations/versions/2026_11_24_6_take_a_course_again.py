"""take a course again: an enrolment is a take, with what hangs on it by its number; moments of beginning and of achieving."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_24_6'
down_revision = '2026_11_24_4'
branch_labels = None
depends_on = None

PRESENT = sa.text('superseded_at IS NULL')
REAL, PREVIEW = sa.text('NOT preview'), sa.text('preview')


def upgrade() -> None:
    let_enrolments_be_takes()
    number_by_enrolment('attempt')
    number_by_enrolment('task_submission')
    with op.batch_alter_table('task_save', schema=None) as batch_op:
        batch_op.add_column(sa.Column('enrolment_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_task_save_enrolment_id'), 'enrolment', ['enrolment_id'], ['id'])
    add_moments()
    create_reviews()
    fill_columns()


def let_enrolments_be_takes() -> None:
    with op.batch_alter_table('enrolment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('take', sa.Integer(), server_default='1', nullable=False))
        batch_op.add_column(sa.Column('cause', sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column('superseded_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('begun_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(batch_op.f('uq_enrolment_person_id_course_id'), type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_enrolment_person_id_course_id_take'), ['person_id', 'course_id', 'take'])
        batch_op.create_check_constraint(batch_op.f('ck_enrolment_take'), 'take > 0')
        batch_op.create_check_constraint(batch_op.f('ck_enrolment_superseded'), 'superseded_at IS NULL OR left_at IS NOT NULL')
        batch_op.create_check_constraint(batch_op.f('ck_enrolment_cause'), "cause IN ('self', 'staff', 'obligation')")
        batch_op.create_index('uq_enrolment_present', ['person_id', 'course_id'], unique=True, sqlite_where=PRESENT, postgresql_where=PRESENT)


def number_by_enrolment(table: str) -> None:
    """Number what was tried within each enrolment; previews, which have none, within each person's."""
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f(f'uq_{table}_person_id_course_id_activity_key_number'), type_='unique')
        batch_op.create_index(f'ix_{table}_person', ['person_id', 'course_id', 'activity_key'], unique=False)
        batch_op.create_index(f'uq_{table}_number', ['enrolment_id', 'activity_key', 'number'], unique=True, sqlite_where=REAL, postgresql_where=REAL)
        batch_op.create_index(f'uq_{table}_preview', ['person_id', 'course_id', 'activity_key', 'number'], unique=True, sqlite_where=PREVIEW, postgresql_where=PREVIEW)


def add_moments() -> None:
    for table in ('activity_result', 'completion'):
        op.add_column(table, sa.Column('achieved_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('activity_result', sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True))


def create_reviews() -> None:
    op.create_table('completion_review',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('grade', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('achieved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('noticed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.Integer(), nullable=True),
    sa.Column('recorded', sa.Boolean(), nullable=True),
    sa.Column('reason', sa.String(length=500), server_default='', nullable=False),
    sa.CheckConstraint('(settled_at IS NULL) = (recorded IS NULL)', name=op.f('ck_completion_review_settled')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_completion_review_enrolment_id')),
    sa.ForeignKeyConstraint(['settled_by'], ['person.id'], name=op.f('fk_completion_review_settled_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_completion_review')),
    sa.UniqueConstraint('enrolment_id', name=op.f('uq_completion_review_enrolment_id')),
    sa.UniqueConstraint('uuid', name=op.f('uq_completion_review_uuid'))
    )


def fill_columns() -> None:
    op.execute(
        'UPDATE task_save SET enrolment_id = (SELECT enrolment.id FROM enrolment '
        'WHERE enrolment.person_id = task_save.person_id AND enrolment.course_id = task_save.course_id)'
    )
    op.execute(
        'UPDATE enrolment SET begun_at = (SELECT MIN(activity_result.viewed_at) FROM activity_result '
        'WHERE activity_result.enrolment_id = enrolment.id)'
    )
    op.execute(
        'UPDATE enrolment SET begun_at = (SELECT MIN(attempt.started_at) FROM attempt '
        'WHERE attempt.enrolment_id = enrolment.id AND NOT attempt.preview) WHERE begun_at IS NULL'
    )
