"""override results and mark by hand."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_23'
down_revision = '2026_11_20_22'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('manual_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('title', sa.String(length=150), nullable=False),
    sa.Column('maximum', sa.Numeric(precision=14, scale=7), nullable=False),
    sa.Column('weight', sa.Numeric(precision=14, scale=7), nullable=False),
    sa.Column('category', sa.String(length=64), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('maximum > 0', name=op.f('ck_manual_item_maximum')),
    sa.CheckConstraint('weight >= 0', name=op.f('ck_manual_item_weight')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_manual_item_course_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_manual_item')),
    sa.UniqueConstraint('key', name=op.f('uq_manual_item_key')),
    sa.UniqueConstraint('uuid', name=op.f('uq_manual_item_uuid'))
    )
    op.create_index('ix_manual_item_course_id', 'manual_item', ['course_id'])

    op.create_table('learner_note',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_learner_note_author_id')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_learner_note_enrolment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_learner_note')),
    sa.UniqueConstraint('uuid', name=op.f('uq_learner_note_uuid'))
    )
    op.create_index('ix_learner_note_enrolment_id', 'learner_note', ['enrolment_id'])

    op.create_table('manual_mark',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('points', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('marked_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_manual_mark_author_id')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_manual_mark_enrolment_id')),
    sa.ForeignKeyConstraint(['item_id'], ['manual_item.id'], name=op.f('fk_manual_mark_item_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_manual_mark'))
    )
    op.create_index('ix_manual_mark_enrolment_id', 'manual_mark', ['enrolment_id'])
    op.create_index('ix_manual_mark_item', 'manual_mark', ['item_id', 'enrolment_id', 'id'])

    op.create_table('result_override',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('activity_key', sa.String(length=64), nullable=False),
    sa.Column('score', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('before', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_result_override_author_id')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_result_override_enrolment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_result_override')),
    sa.UniqueConstraint('uuid', name=op.f('uq_result_override_uuid'))
    )
    op.create_index('ix_result_override_enrolment_id', 'result_override', ['enrolment_id'])

    op.add_column('activity_result', sa.Column('overridden_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('activity_result', sa.Column('own_score', sa.Numeric(precision=14, scale=7), nullable=True))
    op.add_column('activity_result', sa.Column('own_passed', sa.Boolean(), nullable=True))
    op.add_column('activity_result', sa.Column('own_completed', sa.Boolean(), nullable=True))
    op.add_column('announcement', sa.Column('is_message', sa.Boolean(), nullable=True))
    op.add_column('announcement', sa.Column('only_completed', sa.Boolean(), nullable=True))
    op.add_column('announcement', sa.Column('name_words', sa.String(length=100), nullable=True))
    op.add_column('announcement', sa.Column('next_key', sa.String(length=64), nullable=True))
    op.add_column('announcement', sa.Column('idle_days', sa.Integer(), nullable=True))
    op.add_column('enrolment', sa.Column('grade', sa.Numeric(precision=14, scale=7), nullable=True))
    op.add_column('enrolment', sa.Column('grade_stale', sa.Boolean(), nullable=True))
    enrolment = sa.table("enrolment", sa.column("grade_stale", sa.Boolean()))
    op.execute(enrolment.update().values(grade_stale=sa.true()))  # a job computes the grade of everybody who is enrolled
