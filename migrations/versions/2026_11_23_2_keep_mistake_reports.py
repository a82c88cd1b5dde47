"""keep mistake reports: what readers reported of a course, and what its team decided on it."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_2'
down_revision = '2026_11_23_1'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('mistake_report',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('activity_key', sa.String(length=64), nullable=False),
    sa.Column('question_key', sa.String(length=64), nullable=True),
    sa.Column('question_number', sa.Integer(), nullable=True),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('heading', sa.String(length=300), nullable=True),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('reported_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('extended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('state', sa.String(length=9), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('corrected_version_id', sa.Integer(), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state IN ('corrected', 'declined')) = (settled_at IS NOT NULL)", name=op.f('ck_mistake_report_settled')),
    sa.CheckConstraint("kind IN ('fact', 'outdated', 'typing', 'broken', 'marking', 'other')", name=op.f('ck_mistake_report_kind')),
    sa.CheckConstraint("state IN ('open', 'accepted', 'corrected', 'declined')", name=op.f('ck_mistake_report_state')),
    sa.CheckConstraint('(question_key IS NULL) = (question_number IS NULL)', name=op.f('ck_mistake_report_question')),
    sa.ForeignKeyConstraint(['corrected_version_id'], ['course_version.id'], name=op.f('fk_mistake_report_corrected_version_id')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_mistake_report_course_id')),
    sa.ForeignKeyConstraint(['decided_by'], ['person.id'], name=op.f('fk_mistake_report_decided_by')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_mistake_report_person_id')),
    sa.ForeignKeyConstraint(['version_id'], ['course_version.id'], name=op.f('fk_mistake_report_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mistake_report')),
    sa.UniqueConstraint('uuid', name=op.f('uq_mistake_report_uuid'))
    )
    with op.batch_alter_table('mistake_report', schema=None) as batch_op:
        batch_op.create_index('ix_mistake_report_course', ['course_id', 'state'], unique=False)
        batch_op.create_index(batch_op.f('ix_mistake_report_person_id'), ['person_id'], unique=False)
        batch_op.create_index('ix_mistake_report_settled', ['settled_at'], unique=False)

