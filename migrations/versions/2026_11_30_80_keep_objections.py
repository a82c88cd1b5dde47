"""keep objections to questions with their proposals, and dry runs of one version that a jury asked for."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_30_80'
down_revision = '2026_11_30_70'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('objection_group',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('activity_key', sa.String(length=64), nullable=False),
    sa.Column('question_version_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=9), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('open', 'proposed', 'decided', 'told', 'withdrawn')", name=op.f('ck_objection_group_state')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_objection_group_course_id')),
    sa.ForeignKeyConstraint(['question_version_id'], ['question_version.id'], name=op.f('fk_objection_group_question_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_objection_group')),
    sa.UniqueConstraint('uuid', name=op.f('uq_objection_group_uuid'))
    )
    with op.batch_alter_table('objection_group', schema=None) as batch_op:
        batch_op.create_index('ix_objection_group_version', ['question_version_id'], unique=False)
        batch_op.create_index('uq_objection_group_undecided', ['course_id', 'activity_key', 'question_version_id'], unique=True, sqlite_where=sa.text("state IN ('open', 'proposed')"), postgresql_where=sa.text("state IN ('open', 'proposed')"))

    op.create_table('objection_author',
    sa.Column('group_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['group_id'], ['objection_group.id'], name=op.f('fk_objection_author_group_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_objection_author_person_id')),
    sa.PrimaryKeyConstraint('group_id', 'person_id', name=op.f('pk_objection_author'))
    )
    with op.batch_alter_table('objection_author', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_objection_author_person_id'), ['person_id'], unique=False)

    op.create_table('objection_proposal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('group_id', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.String(length=11), nullable=False),
    sa.Column('ground', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('target_id', sa.Integer(), nullable=True),
    sa.Column('regrade_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('proposed_by', sa.Integer(), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_by', sa.Integer(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.CheckConstraint("(outcome = 'rescore') = (target_id IS NOT NULL)", name=op.f('ck_objection_proposal_target')),
    sa.CheckConstraint("outcome IN ('uphold', 'rescore', 'full_credit', 'void', 'removed')", name=op.f('ck_objection_proposal_outcome')),
    sa.CheckConstraint("state IN ('standing', 'returned', 'decided')", name=op.f('ck_objection_proposal_state')),
    sa.CheckConstraint('answered_by IS NULL OR answered_by <> proposed_by', name=op.f('ck_objection_proposal_second_person')),
    sa.ForeignKeyConstraint(['answered_by'], ['person.id'], name=op.f('fk_objection_proposal_answered_by')),
    sa.ForeignKeyConstraint(['group_id'], ['objection_group.id'], name=op.f('fk_objection_proposal_group_id')),
    sa.ForeignKeyConstraint(['proposed_by'], ['person.id'], name=op.f('fk_objection_proposal_proposed_by')),
    sa.ForeignKeyConstraint(['regrade_id'], ['regrade.id'], name=op.f('fk_objection_proposal_regrade_id')),
    sa.ForeignKeyConstraint(['target_id'], ['question_version.id'], name=op.f('fk_objection_proposal_target_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_objection_proposal')),
    sa.UniqueConstraint('regrade_id', name=op.f('uq_objection_proposal_regrade_id')),
    sa.UniqueConstraint('uuid', name=op.f('uq_objection_proposal_uuid'))
    )
    with op.batch_alter_table('objection_proposal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_objection_proposal_group_id'), ['group_id'], unique=False)
        batch_op.create_index('uq_objection_proposal_standing', ['group_id'], unique=True, sqlite_where=sa.text("state = 'standing'"), postgresql_where=sa.text("state = 'standing'"))

    op.create_table('objection',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('selection_id', sa.Integer(), nullable=False),
    sa.Column('group_id', sa.Integer(), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('ground', sa.String(length=14), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('extended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('late_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('percent_before', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('percent_after', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.CheckConstraint("ground IN ('two_right', 'none_right', 'unclear', 'law_changed', 'not_taught', 'marked_wrongly', 'technical')", name=op.f('ck_objection_ground')),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], name=op.f('fk_objection_attempt_id')),
    sa.ForeignKeyConstraint(['group_id'], ['objection_group.id'], name=op.f('fk_objection_group_id')),
    sa.ForeignKeyConstraint(['item_id'], ['attempt_item.id'], name=op.f('fk_objection_item_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_objection_person_id')),
    sa.ForeignKeyConstraint(['selection_id'], ['selection.id'], name=op.f('fk_objection_selection_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_objection')),
    sa.UniqueConstraint('item_id', name=op.f('uq_objection_item_id')),
    sa.UniqueConstraint('uuid', name=op.f('uq_objection_uuid'))
    )
    with op.batch_alter_table('objection', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_objection_attempt_id'), ['attempt_id'], unique=False)
        batch_op.create_index('ix_objection_due', ['due_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_objection_group_id'), ['group_id'], unique=False)
        batch_op.create_index('ix_objection_person', ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_objection_selection_id'), ['selection_id'], unique=False)

    with op.batch_alter_table('regrade', schema=None) as batch_op:
        batch_op.add_column(sa.Column('version_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('for_objection', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_foreign_key(batch_op.f('fk_regrade_version_id'), 'question_version', ['version_id'], ['id'])

