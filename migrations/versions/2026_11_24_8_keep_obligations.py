"""keep obligations, their versions, each person's status under them, the facts that statuses are computed from."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_24_8'
down_revision = '2026_11_24_6'
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_tables()
    fill_facts()


def create_tables() -> None:
    op.create_table('account_fact',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_account_fact_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_fact'))
    )
    with op.batch_alter_table('account_fact', schema=None) as batch_op:
        batch_op.create_index('ix_account_fact_open', ['person_id'], unique=True, sqlite_where=sa.text('opened_at IS NULL'), postgresql_where=sa.text('opened_at IS NULL'))
        batch_op.create_index(batch_op.f('ix_account_fact_person_id'), ['person_id'], unique=False)

    op.create_table('recognition',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('achieved_on', sa.Date(), nullable=False),
    sa.Column('issuer', sa.String(length=200), nullable=False),
    sa.Column('document', sa.String(length=100), nullable=False),
    sa.Column('evidence', sa.String(length=64), nullable=True),
    sa.Column('evidence_name', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('proposed_by', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.Column('decision', sa.String(length=1000), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("state IN ('proposed', 'approved', 'refused', 'revoked')", name=op.f('ck_recognition_state')),
    sa.CheckConstraint('decided_by IS NULL OR (decided_by <> proposed_by AND decided_by <> person_id)', name=op.f('ck_recognition_second_person')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_recognition_course_id')),
    sa.ForeignKeyConstraint(['decided_by'], ['person.id'], name=op.f('fk_recognition_decided_by')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_recognition_person_id')),
    sa.ForeignKeyConstraint(['proposed_by'], ['person.id'], name=op.f('fk_recognition_proposed_by')),
    sa.ForeignKeyConstraint(['revoked_by'], ['person.id'], name=op.f('fk_recognition_revoked_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recognition')),
    sa.UniqueConstraint('uuid', name=op.f('uq_recognition_uuid'))
    )
    with op.batch_alter_table('recognition', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_recognition_course_id'), ['course_id'], unique=False)
        batch_op.create_index('ix_recognition_person', ['person_id', 'course_id'], unique=False)

    op.create_table('obligation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('audience_id', sa.Integer(), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=6), nullable=False),
    sa.Column('latest', sa.Integer(), nullable=False),
    sa.Column('edited', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('activated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('activated_by', sa.Integer(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'draft') = (activated_at IS NULL)", name=op.f('ck_obligation_activated')),
    sa.CheckConstraint("state IN ('draft', 'active', 'ended')", name=op.f('ck_obligation_state')),
    sa.CheckConstraint('activated_by IS NULL OR activated_by <> created_by', name=op.f('ck_obligation_second_person')),
    sa.ForeignKeyConstraint(['activated_by'], ['person.id'], name=op.f('fk_obligation_activated_by')),
    sa.ForeignKeyConstraint(['audience_id'], ['audience.id'], name=op.f('fk_obligation_audience_id')),
    sa.ForeignKeyConstraint(['created_by'], ['person.id'], name=op.f('fk_obligation_created_by')),
    sa.ForeignKeyConstraint(['institution_id'], ['organisation.id'], name=op.f('fk_obligation_institution_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['person.id'], name=op.f('fk_obligation_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_obligation')),
    sa.UniqueConstraint('key', name=op.f('uq_obligation_key')),
    sa.UniqueConstraint('uuid', name=op.f('uq_obligation_uuid'))
    )
    with op.batch_alter_table('obligation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_obligation_audience_id'), ['audience_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_obligation_institution_id'), ['institution_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_obligation_owner_id'), ['owner_id'], unique=False)

    op.create_table('assignment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('obligation_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('cycle', sa.Integer(), nullable=False),
    sa.Column('opened_on', sa.Date(), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('flags', sa.String(length=60), nullable=False),
    sa.Column('last_on', sa.Date(), nullable=True),
    sa.Column('zone', sa.String(length=64), nullable=False),
    sa.Column('achieved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('next_change_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_state', sa.String(length=12), nullable=True),
    sa.Column('next_flags', sa.String(length=60), nullable=True),
    sa.Column('computed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('(next_change_at IS NULL) = (next_state IS NULL)', name=op.f('ck_assignment_next')),
    sa.ForeignKeyConstraint(['obligation_id'], ['obligation.id'], name=op.f('fk_assignment_obligation_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_assignment_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assignment')),
    sa.UniqueConstraint('obligation_id', 'person_id', name=op.f('uq_assignment_obligation_id_person_id')),
    sa.UniqueConstraint('uuid', name=op.f('uq_assignment_uuid'))
    )
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.create_index('ix_assignment_next', ['next_change_at'], unique=False, sqlite_where=sa.text('next_change_at IS NOT NULL'))
        batch_op.create_index('ix_assignment_person', ['person_id'], unique=False)

    op.create_table('done_fact',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('achieved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('retracted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('is_reconstructed', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_done_fact_course_id')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_done_fact_enrolment_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_done_fact_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_done_fact'))
    )
    with op.batch_alter_table('done_fact', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_done_fact_course_id'), ['course_id'], unique=False)
        batch_op.create_index('ix_done_fact_person', ['person_id', 'course_id'], unique=False)
        batch_op.create_index('ix_done_fact_present', ['enrolment_id'], unique=True, sqlite_where=sa.text('retracted_at IS NULL'), postgresql_where=sa.text('retracted_at IS NULL'))

    op.create_table('obligation_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('obligation_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('legal_base', sa.Text(), nullable=False),
    sa.Column('legal_url', sa.String(length=500), nullable=False),
    sa.Column('terms', sa.Text(), nullable=False),
    sa.Column('zone', sa.String(length=64), nullable=False),
    sa.Column('enrolment', sa.String(length=9), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=True),
    sa.Column('steps', sa.Text(), nullable=False),
    sa.Column('is_escalated', sa.Boolean(), nullable=False),
    sa.Column('effective_on', sa.Date(), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=True),
    sa.Column('approved_by', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.CheckConstraint("enrolment IN ('automatic', 'offered')", name=op.f('ck_obligation_version_enrolment')),
    sa.CheckConstraint('approved_by IS NULL OR approved_by <> author_id', name=op.f('ck_obligation_version_second_person')),
    sa.CheckConstraint('number > 0', name=op.f('ck_obligation_version_number')),
    sa.ForeignKeyConstraint(['approved_by'], ['person.id'], name=op.f('fk_obligation_version_approved_by')),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_obligation_version_author_id')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_obligation_version_edition_id')),
    sa.ForeignKeyConstraint(['obligation_id'], ['obligation.id'], name=op.f('fk_obligation_version_obligation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_obligation_version')),
    sa.UniqueConstraint('obligation_id', 'number', name=op.f('uq_obligation_version_obligation_id_number'))
    )
    op.create_table('started_fact',
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('is_reconstructed', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_started_fact_course_id')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_started_fact_enrolment_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_started_fact_person_id')),
    sa.PrimaryKeyConstraint('enrolment_id', name=op.f('pk_started_fact'))
    )
    with op.batch_alter_table('started_fact', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_started_fact_course_id'), ['course_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_started_fact_person_id'), ['person_id'], unique=False)

    op.create_table('waiver',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('obligation_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=13), nullable=False),
    sa.Column('words', sa.String(length=1000), nullable=False),
    sa.Column('document', sa.String(length=100), nullable=False),
    sa.Column('evidence', sa.String(length=64), nullable=True),
    sa.Column('evidence_name', sa.String(length=200), nullable=False),
    sa.Column('first_on', sa.Date(), nullable=False),
    sa.Column('last_on', sa.Date(), nullable=True),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('proposed_by', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.Column('decision', sa.String(length=1000), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("kind IN ('medical', 'parental', 'commission', 'legal', 'force_majeure', 'other')", name=op.f('ck_waiver_kind')),
    sa.CheckConstraint("state IN ('proposed', 'approved', 'refused', 'revoked')", name=op.f('ck_waiver_state')),
    sa.CheckConstraint('decided_by IS NULL OR (decided_by <> proposed_by AND decided_by <> person_id)', name=op.f('ck_waiver_second_person')),
    sa.CheckConstraint('last_on IS NULL OR last_on >= first_on', name=op.f('ck_waiver_days')),
    sa.ForeignKeyConstraint(['decided_by'], ['person.id'], name=op.f('fk_waiver_decided_by')),
    sa.ForeignKeyConstraint(['obligation_id'], ['obligation.id'], name=op.f('fk_waiver_obligation_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_waiver_person_id')),
    sa.ForeignKeyConstraint(['proposed_by'], ['person.id'], name=op.f('fk_waiver_proposed_by')),
    sa.ForeignKeyConstraint(['revoked_by'], ['person.id'], name=op.f('fk_waiver_revoked_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_waiver')),
    sa.UniqueConstraint('uuid', name=op.f('uq_waiver_uuid'))
    )
    with op.batch_alter_table('waiver', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_waiver_obligation_id'), ['obligation_id'], unique=False)
        batch_op.create_index('ix_waiver_person', ['person_id'], unique=False)

    op.create_table('assignment_state',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('assignment_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('flags', sa.String(length=60), nullable=False),
    sa.Column('valid_from', sa.DateTime(timezone=True), nullable=False),
    sa.Column('valid_to', sa.DateTime(timezone=True), nullable=True),
    sa.Column('known_from', sa.DateTime(timezone=True), nullable=False),
    sa.Column('known_to', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('known_to IS NULL OR known_to > known_from', name=op.f('ck_assignment_state_known')),
    sa.CheckConstraint('valid_to IS NULL OR valid_to > valid_from', name=op.f('ck_assignment_state_valid')),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], name=op.f('fk_assignment_state_assignment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assignment_state'))
    )
    with op.batch_alter_table('assignment_state', schema=None) as batch_op:
        batch_op.create_index('ix_assignment_state_known', ['assignment_id', 'known_to'], unique=False)


def fill_facts() -> None:
    """Take over what older records say of completions, beginnings, closed accounts; such facts are marked."""
    op.execute(
        'INSERT INTO done_fact (person_id, course_id, enrolment_id, version, achieved_at, recorded_at, is_reconstructed) '
        'SELECT enrolment.person_id, enrolment.course_id, enrolment.id, course_version.number, '
        'COALESCE(completion.achieved_at, completion.completed_at), completion.completed_at, TRUE '
        'FROM completion JOIN enrolment ON enrolment.id = completion.enrolment_id '
        'JOIN course_version ON course_version.id = completion.course_version_id'
    )
    op.execute(
        'INSERT INTO started_fact (enrolment_id, person_id, course_id, at, is_reconstructed) '
        'SELECT id, person_id, course_id, begun_at, TRUE FROM enrolment WHERE begun_at IS NOT NULL'
    )
    op.execute('INSERT INTO account_fact (person_id, closed_at) SELECT id, suspended_at FROM person WHERE suspended_at IS NOT NULL')
