"""mark again."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_2'
down_revision = '2026_11_20_1'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('regrade',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('activity_key', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('question_id', sa.Integer(), nullable=True),
    sa.Column('target_id', sa.Integer(), nullable=True),
    sa.Column('policy', sa.String(length=12), nullable=False),
    sa.Column('with_manual', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('seen', sa.Integer(), server_default='0', nullable=False),
    sa.Column('total', sa.Integer(), server_default='0', nullable=False),
    sa.Column('reached', sa.Integer(), server_default='0', nullable=False),
    sa.Column('outdated', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=False),
    sa.Column('committed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('committed_by', sa.Integer(), nullable=True),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undone_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("(kind = 'other') = (target_id IS NOT NULL)", name=op.f('ck_regrade_target')),
    sa.CheckConstraint("(kind = 'same') OR (question_id IS NOT NULL)", name=op.f('ck_regrade_question')),
    sa.CheckConstraint("kind IN ('same', 'other', 'full_credit', 'removed')", name=op.f('ck_regrade_kind')),
    sa.CheckConstraint("policy IN ('keep_best', 'replace', 'only_raise')", name=op.f('ck_regrade_policy')),
    sa.CheckConstraint("state IN ('planning', 'ready', 'committing', 'committed', 'undoing', 'undone', 'discarded')", name=op.f('ck_regrade_state')),
    sa.ForeignKeyConstraint(['committed_by'], ['person.id'], name=op.f('fk_regrade_committed_by')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_regrade_course_id')),
    sa.ForeignKeyConstraint(['created_by'], ['person.id'], name=op.f('fk_regrade_created_by')),
    sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_regrade_question_id')),
    sa.ForeignKeyConstraint(['target_id'], ['question_version.id'], name=op.f('fk_regrade_target_id')),
    sa.ForeignKeyConstraint(['undone_by'], ['person.id'], name=op.f('fk_regrade_undone_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_regrade')),
    sa.UniqueConstraint('uuid', name=op.f('uq_regrade_uuid'))
    )
    with op.batch_alter_table('regrade', schema=None) as batch_op:
        batch_op.create_index('ix_regrade_activity', ['course_id', 'activity_key'], unique=False)

    op.create_table('annulment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('regrade_id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('activity_key', sa.String(length=64), nullable=False),
    sa.Column('question_version_id', sa.Integer(), nullable=False),
    sa.Column('effect', sa.String(length=12), nullable=False),
    sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("effect IN ('full_credit', 'removed')", name=op.f('ck_annulment_effect')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_annulment_course_id')),
    sa.ForeignKeyConstraint(['question_version_id'], ['question_version.id'], name=op.f('fk_annulment_question_version_id')),
    sa.ForeignKeyConstraint(['regrade_id'], ['regrade.id'], name=op.f('fk_annulment_regrade_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_annulment'))
    )
    with op.batch_alter_table('annulment', schema=None) as batch_op:
        batch_op.create_index('uq_annulment_held', ['course_id', 'activity_key', 'question_version_id'], unique=True, sqlite_where=sa.text('lifted_at IS NULL'), postgresql_where=sa.text('lifted_at IS NULL'))

    op.create_table('certificate_review',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('regrade_id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('percent_before', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('percent_after', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.Integer(), nullable=True),
    sa.Column('note', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_certificate_review_enrolment_id')),
    sa.ForeignKeyConstraint(['regrade_id'], ['regrade.id'], name=op.f('fk_certificate_review_regrade_id')),
    sa.ForeignKeyConstraint(['settled_by'], ['person.id'], name=op.f('fk_certificate_review_settled_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_certificate_review')),
    sa.UniqueConstraint('regrade_id', 'enrolment_id', name=op.f('uq_certificate_review_regrade_id_enrolment_id'))
    )
    op.create_table('regrade_line',
    sa.Column('regrade_id', sa.Integer(), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('changed', sa.Boolean(), nullable=False),
    sa.Column('late', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('basis', sa.Integer(), nullable=False),
    sa.Column('raw_before', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('maximum_before', sa.Numeric(precision=14, scale=7), nullable=False),
    sa.Column('percent_before', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('passed_before', sa.Boolean(), nullable=True),
    sa.Column('raw_after', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('maximum_after', sa.Numeric(precision=14, scale=7), nullable=False),
    sa.Column('percent_after', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('passed_after', sa.Boolean(), nullable=True),
    sa.Column('result_before', sa.Boolean(), nullable=True),
    sa.Column('result_after', sa.Boolean(), nullable=True),
    sa.Column('award', sa.String(length=40), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], name=op.f('fk_regrade_line_attempt_id')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_regrade_line_enrolment_id')),
    sa.ForeignKeyConstraint(['regrade_id'], ['regrade.id'], name=op.f('fk_regrade_line_regrade_id')),
    sa.PrimaryKeyConstraint('regrade_id', 'attempt_id', name=op.f('pk_regrade_line'))
    )
    with op.batch_alter_table('regrade_line', schema=None) as batch_op:
        batch_op.create_index('ix_regrade_line_changed', ['regrade_id', 'changed'], unique=False)

    op.create_table('regrade_mark',
    sa.Column('regrade_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('before_id', sa.Integer(), nullable=False),
    sa.Column('fraction', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], name=op.f('fk_regrade_mark_attempt_id')),
    sa.ForeignKeyConstraint(['before_id'], ['mark_event.id'], name=op.f('fk_regrade_mark_before_id')),
    sa.ForeignKeyConstraint(['item_id'], ['attempt_item.id'], name=op.f('fk_regrade_mark_item_id')),
    sa.ForeignKeyConstraint(['regrade_id'], ['regrade.id'], name=op.f('fk_regrade_mark_regrade_id')),
    sa.PrimaryKeyConstraint('regrade_id', 'item_id', name=op.f('pk_regrade_mark'))
    )
    with op.batch_alter_table('mark_event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('comment', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('levels', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('regrade_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_mark_event_regrade_id'), ['regrade_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_mark_event_regrade_id'), 'regrade', ['regrade_id'], ['id'])

