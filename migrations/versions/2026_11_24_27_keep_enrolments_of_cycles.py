"""keep the take of each course in each cycle of an assignment, or the obstacle to it."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_24_27'
down_revision = '2026_11_24_26'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('cycle_enrolment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('assignment_id', sa.Integer(), nullable=False),
    sa.Column('cycle', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=True),
    sa.Column('obstacle', sa.String(length=14), nullable=True),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("obstacle IN ('unpublished', 'archived', 'edition_closed', 'edition_full', 'work_open')", name=op.f('ck_cycle_enrolment_obstacle')),
    sa.CheckConstraint('enrolment_id IS NULL OR obstacle IS NULL', name=op.f('ck_cycle_enrolment_outcome')),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_cycle_enrolment_assignment_id')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_cycle_enrolment_course_id')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_cycle_enrolment_enrolment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cycle_enrolment')),
    sa.UniqueConstraint('assignment_id', 'cycle', 'course_id', name=op.f('uq_cycle_enrolment_assignment_id_cycle_course_id'))
    )
    with op.batch_alter_table('cycle_enrolment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cycle_enrolment_course_id'), ['course_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_cycle_enrolment_enrolment_id'), ['enrolment_id'], unique=False)
