"""upgrade from 0.1.0 to 0.2.0: every table and column that came, what fills them, and triggers that keep the audit log append-only.

The statements of each step are in the order of what they need: tables, columns, rows, then `page` goes, whose rows `lesson_page` has.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '2026_11_23_1'
down_revision = '2026_11_20_1'
branch_labels = None
depends_on = None

PERSON = sa.table(
    'person',
    sa.column('id', sa.Integer()),
    sa.column('given_names', sa.String()),
    sa.column('first_surname', sa.String()),
    sa.column('second_surname', sa.String()),
    sa.column('name_key', sa.String()),
)
SEARCH_ON_SQLITE = (
    "CREATE VIRTUAL TABLE search_index USING fts5(words, content='search_entry', content_rowid='id', tokenize='ascii')",
    "CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry "
    "BEGIN INSERT INTO search_index (rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER search_entry_gone AFTER DELETE ON search_entry "
    "BEGIN INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.id, old.words); END",
)
APPEND_ONLY_ON_SQLITE = """CREATE TRIGGER {table}_{verb} BEFORE {verb} ON {table}{when}
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"""
APPEND_ONLY_ON_POSTGRESQL = (
    """CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND OLD.at < now() - interval '1830 days' THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'the audit log is append-only';
END $$""",
    "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()",
    "CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON audit_seal FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()",
)


def upgrade() -> None:
    create_tables()
    add_columns()
    change_checks()
    name_people()
    begin_histories_of_drafts()
    fill_columns()
    rename_pages_of_lessons()
    index_for_search()
    protect_the_audit_log()


def create_tables() -> None:
    op.create_table('audit_seal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('first_id', sa.Integer(), nullable=False),
    sa.Column('last_id', sa.Integer(), nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('key_id', sa.String(length=16), nullable=False),
    sa.Column('signature', sa.String(length=100), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_seal')),
    sa.UniqueConstraint('last_id', name=op.f('uq_audit_seal_last_id'))
    )
    op.create_table('organisation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=11), nullable=False),
    sa.Column('name', sa.String(length=150), nullable=False),
    sa.Column('name_key', sa.String(length=300), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(kind = 'institution') = (parent_id IS NULL)", name=op.f('ck_organisation_root')),
    sa.CheckConstraint("kind IN ('institution', 'province', 'unit')", name=op.f('ck_organisation_kind')),
    sa.CheckConstraint('parent_id <> id', name=op.f('ck_organisation_parent')),
    sa.ForeignKeyConstraint(['parent_id'], ['organisation.id'], name=op.f('fk_organisation_parent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation')),
    sa.UniqueConstraint('code', name=op.f('uq_organisation_code')),
    sa.UniqueConstraint('parent_id', 'name_key', name=op.f('uq_organisation_parent_id_name_key')),
    sa.UniqueConstraint('uuid', name=op.f('uq_organisation_uuid'))
    )
    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.create_index('ix_organisation_institution', ['name_key'], unique=True, sqlite_where=sa.text('parent_id IS NULL'), postgresql_where=sa.text('parent_id IS NULL'))

    op.create_table('search_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('part', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('place', sa.Text(), nullable=False),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('places', sa.Text(), nullable=False),
    sa.Column('words', sa.Text().with_variant(postgresql.TSVECTOR(), 'postgresql'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_entry'))
    )
    with op.batch_alter_table('search_entry', schema=None) as batch_op:
        batch_op.create_index('ix_search_entry_version', ['version'], unique=False)

    op.create_table('search_word',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('word', sa.String(length=40), nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_word'))
    )
    with op.batch_alter_table('search_word', schema=None) as batch_op:
        batch_op.create_index('ix_search_word_version', ['version', 'word'], unique=False)

    op.create_table('signature_picture',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signature_picture')),
    sa.UniqueConstraint('sha256', name=op.f('uq_signature_picture_sha256'))
    )
    op.create_table('accommodation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('factor', sa.Numeric(precision=4, scale=2), nullable=False),
    sa.Column('extra_attempts', sa.Integer(), nullable=False),
    sa.Column('break_seconds', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.Integer(), nullable=True),
    sa.CheckConstraint('break_seconds >= 0', name=op.f('ck_accommodation_break_seconds')),
    sa.CheckConstraint('extra_attempts >= 0', name=op.f('ck_accommodation_extra_attempts')),
    sa.CheckConstraint('factor >= 1', name=op.f('ck_accommodation_factor')),
    sa.ForeignKeyConstraint(['created_by'], ['person.id'], name=op.f('fk_accommodation_created_by')),
    sa.ForeignKeyConstraint(['ended_by'], ['person.id'], name=op.f('fk_accommodation_ended_by')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_accommodation_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accommodation'))
    )
    with op.batch_alter_table('accommodation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_accommodation_person_id'), ['person_id'], unique=False)
        batch_op.create_index('uq_accommodation_in_force', ['person_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('account_merge',
    sa.Column('closed_id', sa.Integer(), nullable=False),
    sa.Column('kept_id', sa.Integer(), nullable=False),
    sa.Column('merged_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('merged_by', sa.Integer(), nullable=True),
    sa.CheckConstraint('closed_id <> kept_id', name=op.f('ck_account_merge_two')),
    sa.ForeignKeyConstraint(['closed_id'], ['person.id'], name=op.f('fk_account_merge_closed_id')),
    sa.ForeignKeyConstraint(['kept_id'], ['person.id'], name=op.f('fk_account_merge_kept_id')),
    sa.ForeignKeyConstraint(['merged_by'], ['person.id'], name=op.f('fk_account_merge_merged_by')),
    sa.PrimaryKeyConstraint('closed_id', name=op.f('pk_account_merge'))
    )
    with op.batch_alter_table('account_merge', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_merge_kept_id'), ['kept_id'], unique=False)

    op.create_table('calendar_feed',
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entries', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_calendar_feed_person_id')),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_calendar_feed')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_calendar_feed_secret_hash'))
    )
    op.create_table('course_invitation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('role', sa.String(length=8), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=True),
    sa.Column('invited_by', sa.Integer(), nullable=True),
    sa.Column('invited_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("role IN ('owner', 'editor', 'grader')", name=op.f('ck_course_invitation_role')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_course_invitation_course_id')),
    sa.ForeignKeyConstraint(['invited_by'], ['person.id'], name=op.f('fk_course_invitation_invited_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_course_invitation')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_course_invitation_secret_hash')),
    sa.UniqueConstraint('uuid', name=op.f('uq_course_invitation_uuid'))
    )
    with op.batch_alter_table('course_invitation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_course_invitation_course_id'), ['course_id'], unique=False)

    op.create_table('deletion_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_deletion_request_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deletion_request'))
    )
    with op.batch_alter_table('deletion_request', schema=None) as batch_op:
        batch_op.create_index('ix_deletion_request_waiting', ['person_id'], unique=True, sqlite_where=sa.text('settled_at IS NULL'), postgresql_where=sa.text('settled_at IS NULL'))

    op.create_table('draft_bank',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('path', sa.String(length=400), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('key', sa.String(length=130), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_draft_bank_course_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft_bank')),
    sa.UniqueConstraint('course_id', 'path', name=op.f('uq_draft_bank_course_id_path'))
    )
    op.create_table('draft_revision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=8), nullable=False),
    sa.Column('restored', sa.Integer(), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.Integer(), nullable=True),
    sa.Column('automatic_since', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(origin = 'restored') = (restored IS NOT NULL)", name=op.f('ck_draft_revision_restored')),
    sa.CheckConstraint("origin IN ('imported', 'merged', 'edited', 'restored')", name=op.f('ck_draft_revision_origin')),
    sa.CheckConstraint('number > 0', name=op.f('ck_draft_revision_number')),
    sa.ForeignKeyConstraint(['changed_by'], ['person.id'], name=op.f('fk_draft_revision_changed_by')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_draft_revision_course_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft_revision')),
    sa.UniqueConstraint('course_id', 'number', name=op.f('uq_draft_revision_course_id_number'))
    )
    op.create_table('edition',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('code', sa.String(length=16), nullable=True),
    sa.Column('self_enrolment', sa.Boolean(), nullable=False),
    sa.Column('enrols_from', sa.DateTime(timezone=True), nullable=True),
    sa.Column('enrols_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('capacity', sa.Integer(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('capacity IS NULL OR capacity > 0', name=op.f('ck_edition_capacity')),
    sa.CheckConstraint('ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at', name=op.f('ck_edition_ends_at')),
    sa.CheckConstraint('enrols_until IS NULL OR enrols_from IS NULL OR enrols_until > enrols_from', name=op.f('ck_edition_enrols_until')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_edition_course_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_edition')),
    sa.UniqueConstraint('code', name=op.f('uq_edition_code')),
    sa.UniqueConstraint('course_id', 'name', name=op.f('uq_edition_course_id_name')),
    sa.UniqueConstraint('uuid', name=op.f('uq_edition_uuid'))
    )
    op.create_table('incident',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('activity_key', sa.String(length=64), nullable=False),
    sa.Column('seconds', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=False),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undone_by', sa.Integer(), nullable=True),
    sa.CheckConstraint('seconds > 0', name=op.f('ck_incident_seconds')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_incident_course_id')),
    sa.ForeignKeyConstraint(['created_by'], ['person.id'], name=op.f('fk_incident_created_by')),
    sa.ForeignKeyConstraint(['undone_by'], ['person.id'], name=op.f('fk_incident_undone_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_incident')),
    sa.UniqueConstraint('uuid', name=op.f('uq_incident_uuid'))
    )
    with op.batch_alter_table('incident', schema=None) as batch_op:
        batch_op.create_index('ix_incident_activity', ['course_id', 'activity_key'], unique=False)

    op.create_table('institution_profile',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('names', sa.Text(), nullable=False),
    sa.Column('short_names', sa.Text(), nullable=False),
    sa.Column('brand_colour', sa.String(length=7), nullable=False),
    sa.Column('accent_colour', sa.String(length=7), nullable=False),
    sa.Column('logo', sa.LargeBinary(), nullable=True),
    sa.Column('logo_type', sa.String(length=20), nullable=False),
    sa.Column('logo_digest', sa.String(length=64), nullable=False),
    sa.Column('public_url', sa.String(length=300), nullable=False),
    sa.Column('former_url', sa.String(length=300), nullable=False),
    sa.Column('contact_email', sa.String(length=254), nullable=False),
    sa.Column('smtp_host', sa.String(length=253), nullable=False),
    sa.Column('smtp_port', sa.Integer(), nullable=True),
    sa.Column('smtp_user', sa.String(length=254), nullable=False),
    sa.Column('smtp_password', sa.Text(), nullable=False),
    sa.Column('smtp_starttls', sa.Boolean(), nullable=True),
    sa.Column('mail_from', sa.String(length=254), nullable=False),
    sa.Column('mail_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sign_up', sa.Boolean(), nullable=True),
    sa.Column('languages', sa.String(length=40), nullable=False),
    sa.Column('zone', sa.String(length=64), nullable=False),
    sa.Column('hint_dismissed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(logo IS NULL) = (logo_digest = '')", name=op.f('ck_institution_profile_logo')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_institution_profile_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_institution_profile')),
    sa.UniqueConstraint('organisation_id', name=op.f('uq_institution_profile_organisation_id'))
    )
    op.create_table('learner_group',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('former_name', sa.String(length=100), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_learner_group_course_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_learner_group')),
    sa.UniqueConstraint('course_id', 'name', name=op.f('uq_learner_group_course_id_name')),
    sa.UniqueConstraint('uuid', name=op.f('uq_learner_group_uuid'))
    )
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
    with op.batch_alter_table('manual_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_manual_item_course_id'), ['course_id'], unique=False)

    op.create_table('membership',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_membership_organisation_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_membership_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_membership'))
    )
    with op.batch_alter_table('membership', schema=None) as batch_op:
        batch_op.create_index('ix_membership_history', ['person_id', 'since'], unique=False)
        batch_op.create_index(batch_op.f('ix_membership_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index('ix_membership_person', ['person_id'], unique=True, sqlite_where=sa.text('until IS NULL'), postgresql_where=sa.text('until IS NULL'))
        batch_op.create_index('ix_membership_present', ['organisation_id', 'person_id'], unique=False, sqlite_where=sa.text('until IS NULL'), postgresql_where=sa.text('until IS NULL'))

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

    op.create_table('notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('path', sa.String(length=400), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('in_bell', sa.Boolean(), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('mail', sa.String(length=8), nullable=False),
    sa.Column('mailed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('mail_until', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("mail IN ('at_once', 'daily', 'never')", name=op.f('ck_notice_mail')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_notice_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice')),
    sa.UniqueConstraint('key', 'person_id', name=op.f('uq_notice_key_person_id')),
    sa.UniqueConstraint('uuid', name=op.f('uq_notice_uuid'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index('ix_notice_person', ['person_id', 'given_at'], unique=False)
        batch_op.create_index('ix_notice_unsent', ['given_at'], unique=False, sqlite_where=sa.text("mail = 'daily' AND mailed_at IS NULL"), postgresql_where=sa.text("mail = 'daily' AND mailed_at IS NULL"))

    op.create_table('notice_switch',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('in_bell', sa.Boolean(), nullable=False),
    sa.Column('mail', sa.String(length=8), nullable=False),
    sa.CheckConstraint("mail IN ('at_once', 'daily', 'never')", name=op.f('ck_notice_switch_mail')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_notice_switch_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_switch')),
    sa.UniqueConstraint('person_id', 'kind', name=op.f('uq_notice_switch_person_id_kind'))
    )
    op.create_table('passkey_challenge',
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('challenge', sa.String(length=64), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_passkey_challenge_person_id')),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_passkey_challenge'))
    )
    op.create_table('pending_folder',
    sa.Column('course_id', sa.Integer(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('expires_at > created_at', name=op.f('ck_pending_folder_expires_at')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_pending_folder_course_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_pending_folder_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pending_folder')),
    sa.UniqueConstraint('uuid', name=op.f('uq_pending_folder_uuid'))
    )
    with op.batch_alter_table('pending_folder', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_pending_folder_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index('ix_pending_folder_owner', ['person_id', 'course_id'], unique=False)

    op.create_table('pending_import',
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('format', sa.String(length=20), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('expires_at > created_at', name=op.f('ck_pending_import_expires_at')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_pending_import_course_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_pending_import_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pending_import')),
    sa.UniqueConstraint('uuid', name=op.f('uq_pending_import_uuid'))
    )
    with op.batch_alter_table('pending_import', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_pending_import_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index('ix_pending_import_owner', ['course_id', 'person_id'], unique=False)

    op.create_table('pending_load',
    sa.Column('kind', sa.String(length=6), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('made', sa.Integer(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.Column('faulty', sa.Integer(), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('people', 'units')", name=op.f('ck_pending_load_kind')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_pending_load_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pending_load')),
    sa.UniqueConstraint('uuid', name=op.f('uq_pending_load_uuid'))
    )
    with op.batch_alter_table('pending_load', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_pending_load_expires_at'), ['expires_at'], unique=False)

    op.create_table('personal_reminder',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=True),
    sa.Column('words', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_personal_reminder_course_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_personal_reminder_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_personal_reminder')),
    sa.UniqueConstraint('uuid', name=op.f('uq_personal_reminder_uuid'))
    )
    with op.batch_alter_table('personal_reminder', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_personal_reminder_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_personal_reminder_course_id'), ['course_id'], unique=False)
        batch_op.create_index('ix_personal_reminder_person', ['person_id', 'at'], unique=False)

    op.create_table('quiz_analysis_cache',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('activity_key', sa.String(length=64), nullable=False),
    sa.Column('which', sa.String(length=8), nullable=False),
    sa.Column('composition', sa.String(length=16), nullable=False),
    sa.Column('attempt_set', sa.String(length=200), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.Column('computed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=True),
    sa.Column('findings', sa.Integer(), server_default='0', nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_quiz_analysis_cache_course_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quiz_analysis_cache')),
    sa.UniqueConstraint('course_id', 'activity_key', 'which', 'composition', name=op.f('uq_quiz_analysis_cache_course_id_activity_key_which_composition'))
    )
    op.create_table('recovery_code',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_recovery_code_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_code')),
    sa.UniqueConstraint('code_hash', name=op.f('uq_recovery_code_code_hash'))
    )
    with op.batch_alter_table('recovery_code', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_recovery_code_person_id'), ['person_id'], unique=False)

    op.create_table('second_factor',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=7), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('secret', sa.Text(), nullable=False),
    sa.Column('credential', sa.String(length=1400), nullable=True),
    sa.Column('counter', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(kind = 'passkey') = (credential IS NOT NULL)", name=op.f('ck_second_factor_credential')),
    sa.CheckConstraint("kind IN ('app', 'passkey')", name=op.f('ck_second_factor_kind')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_second_factor_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_second_factor')),
    sa.UniqueConstraint('credential', name=op.f('uq_second_factor_credential')),
    sa.UniqueConstraint('uuid', name=op.f('uq_second_factor_uuid'))
    )
    with op.batch_alter_table('second_factor', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_second_factor_person_id'), ['person_id'], unique=False)

    op.create_table('unit_manager',
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('granted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('granted_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['granted_by'], ['person.id'], name=op.f('fk_unit_manager_granted_by')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_unit_manager_organisation_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_unit_manager_person_id')),
    sa.PrimaryKeyConstraint('organisation_id', 'person_id', name=op.f('pk_unit_manager'))
    )
    with op.batch_alter_table('unit_manager', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_unit_manager_person_id'), ['person_id'], unique=False)

    op.create_table('institution_signatory',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('profile_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('offices', sa.Text(), nullable=False),
    sa.Column('picture', sa.LargeBinary(), nullable=True),
    sa.Column('picture_digest', sa.String(length=64), nullable=False),
    sa.Column('since', sa.Date(), nullable=True),
    sa.Column('until', sa.Date(), nullable=True),
    sa.CheckConstraint('until IS NULL OR since IS NULL OR until >= since', name=op.f('ck_institution_signatory_days')),
    sa.ForeignKeyConstraint(['profile_id'], ['institution_profile.id'], name=op.f('fk_institution_signatory_profile_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_institution_signatory')),
    sa.UniqueConstraint('uuid', name=op.f('uq_institution_signatory_uuid'))
    )
    with op.batch_alter_table('institution_signatory', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_institution_signatory_profile_id'), ['profile_id'], unique=False)

    op.create_table('announcement',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=150), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=True),
    sa.Column('group_id', sa.Integer(), nullable=True),
    sa.Column('only_open', sa.Boolean(), nullable=False),
    sa.Column('is_message', sa.Boolean(), nullable=True),
    sa.Column('only_completed', sa.Boolean(), nullable=True),
    sa.Column('name_words', sa.String(length=100), nullable=True),
    sa.Column('next_key', sa.String(length=64), nullable=True),
    sa.Column('idle_days', sa.Integer(), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('told_until', sa.Integer(), nullable=False),
    sa.Column('told', sa.Integer(), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('corrected_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['author_id'], ['person.id'], name=op.f('fk_announcement_author_id')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_announcement_course_id')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_announcement_edition_id')),
    sa.ForeignKeyConstraint(['group_id'], ['learner_group.id'], name=op.f('fk_announcement_group_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_announcement')),
    sa.UniqueConstraint('uuid', name=op.f('uq_announcement_uuid'))
    )
    with op.batch_alter_table('announcement', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_announcement_course_id'), ['course_id'], unique=False)

    op.create_table('draft_file_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('path', sa.String(length=400), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('body', sa.Text(), nullable=True),
    sa.Column('stored_file_id', sa.Integer(), nullable=True),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.CheckConstraint('(sha256 IS NULL) = (body IS NULL AND stored_file_id IS NULL)', name=op.f('ck_draft_file_version_removed')),
    sa.CheckConstraint('body IS NULL OR stored_file_id IS NULL', name=op.f('ck_draft_file_version_one_content')),
    sa.ForeignKeyConstraint(['course_id', 'revision'], ['draft_revision.course_id', 'draft_revision.number'], name=op.f('fk_draft_file_version_course_id_revision')),
    sa.ForeignKeyConstraint(['stored_file_id'], ['stored_file.id'], name=op.f('fk_draft_file_version_stored_file_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft_file_version')),
    sa.UniqueConstraint('course_id', 'path', 'revision', name=op.f('uq_draft_file_version_course_id_path_revision'))
    )
    with op.batch_alter_table('draft_file_version', schema=None) as batch_op:
        batch_op.create_index('ix_draft_file_version_revision', ['course_id', 'revision'], unique=False)

    op.create_table('draft_question',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('bank_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('state', sa.String(length=6), nullable=False),
    sa.Column('difficulty', sa.String(length=6), nullable=False),
    sa.Column('mark', sa.Numeric(precision=14, scale=7), nullable=False),
    sa.Column('tags', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['bank_id'], ['draft_bank.id'], name=op.f('fk_draft_question_bank_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft_question')),
    sa.UniqueConstraint('bank_id', 'position', name=op.f('uq_draft_question_bank_id_position'))
    )
    with op.batch_alter_table('draft_question', schema=None) as batch_op:
        batch_op.create_index('ix_draft_question_key', ['key'], unique=False)

    op.create_table('enrolment_invitation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=True),
    sa.Column('list_uuid', sa.Uuid(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=True),
    sa.Column('invited_by', sa.Integer(), nullable=False),
    sa.Column('invited_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('signed_up_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('accepted_by', sa.Integer(), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['accepted_by'], ['person.id'], name=op.f('fk_enrolment_invitation_accepted_by')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_enrolment_invitation_course_id')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_enrolment_invitation_edition_id')),
    sa.ForeignKeyConstraint(['invited_by'], ['person.id'], name=op.f('fk_enrolment_invitation_invited_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_enrolment_invitation')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_enrolment_invitation_secret_hash')),
    sa.UniqueConstraint('uuid', name=op.f('uq_enrolment_invitation_uuid'))
    )
    with op.batch_alter_table('enrolment_invitation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_enrolment_invitation_accepted_by'), ['accepted_by'], unique=False)
        batch_op.create_index('ix_enrolment_invitation_course', ['course_id', 'email'], unique=False)
        batch_op.create_index(batch_op.f('ix_enrolment_invitation_email'), ['email'], unique=False)
        batch_op.create_index(batch_op.f('ix_enrolment_invitation_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_enrolment_invitation_list_uuid'), ['list_uuid'], unique=False)

    op.create_table('pending_list',
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_pending_list_course_id')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_pending_list_edition_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_pending_list_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pending_list')),
    sa.UniqueConstraint('uuid', name=op.f('uq_pending_list_uuid'))
    )
    with op.batch_alter_table('pending_list', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_pending_list_expires_at'), ['expires_at'], unique=False)

    op.create_table('planned_publication',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('nature', sa.String(length=12), nullable=False),
    sa.Column('asks', sa.Boolean(), nullable=False),
    sa.Column('tells', sa.Text(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('publish_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('asked_by', sa.Integer(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('remark', sa.Text(), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("state <> 'planned' OR publish_at IS NOT NULL", name=op.f('ck_planned_publication_planned')),
    sa.CheckConstraint("state IN ('waiting', 'planned', 'published', 'refused', 'withdrawn', 'void')", name=op.f('ck_planned_publication_state')),
    sa.CheckConstraint('decided_by IS NULL OR decided_by <> asked_by', name=op.f('ck_planned_publication_second_person')),
    sa.ForeignKeyConstraint(['asked_by'], ['person.id'], name=op.f('fk_planned_publication_asked_by')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_planned_publication_course_id')),
    sa.ForeignKeyConstraint(['decided_by'], ['person.id'], name=op.f('fk_planned_publication_decided_by')),
    sa.ForeignKeyConstraint(['version_id'], ['course_version.id'], name=op.f('fk_planned_publication_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_planned_publication')),
    sa.UniqueConstraint('uuid', name=op.f('uq_planned_publication_uuid'))
    )
    with op.batch_alter_table('planned_publication', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_planned_publication_course_id'), ['course_id'], unique=False)
        batch_op.create_index('uq_planned_publication_open', ['course_id'], unique=True, sqlite_where=sa.text("state IN ('waiting', 'planned')"), postgresql_where=sa.text("state IN ('waiting', 'planned')"))

    op.create_table('quiz_override',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('activity_key', sa.String(length=64), nullable=False),
    sa.Column('scope', sa.String(length=8), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('group_id', sa.Integer(), nullable=True),
    sa.Column('sets_opens', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('opens_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sets_closes', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('limit_seconds', sa.Integer(), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=True),
    sa.Column('password', sa.String(length=100), nullable=True),
    sa.Column('networks', sa.Text(), nullable=True),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.Integer(), nullable=True),
    sa.Column('set_applied_by', sa.Integer(), nullable=True),
    sa.Column('end_applied_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("(scope = 'person') = (person_id IS NOT NULL) AND (scope = 'group') = (group_id IS NOT NULL)", name=op.f('ck_quiz_override_whom')),
    sa.CheckConstraint("scope IN ('everyone', 'group', 'person')", name=op.f('ck_quiz_override_scope')),
    sa.CheckConstraint('(sets_opens OR opens_at IS NULL) AND (sets_closes OR closes_at IS NULL)', name=op.f('ck_quiz_override_dates')),
    sa.CheckConstraint('attempts >= 0', name=op.f('ck_quiz_override_attempts')),
    sa.CheckConstraint('limit_seconds >= 0', name=op.f('ck_quiz_override_limit_seconds')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_quiz_override_course_id')),
    sa.ForeignKeyConstraint(['created_by'], ['person.id'], name=op.f('fk_quiz_override_created_by')),
    sa.ForeignKeyConstraint(['end_applied_by'], ['person.id'], name=op.f('fk_quiz_override_end_applied_by')),
    sa.ForeignKeyConstraint(['ended_by'], ['person.id'], name=op.f('fk_quiz_override_ended_by')),
    sa.ForeignKeyConstraint(['group_id'], ['learner_group.id'], name=op.f('fk_quiz_override_group_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_quiz_override_person_id')),
    sa.ForeignKeyConstraint(['set_applied_by'], ['person.id'], name=op.f('fk_quiz_override_set_applied_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quiz_override')),
    sa.UniqueConstraint('uuid', name=op.f('uq_quiz_override_uuid'))
    )
    with op.batch_alter_table('quiz_override', schema=None) as batch_op:
        batch_op.create_index('ix_quiz_override_activity', ['course_id', 'activity_key'], unique=False)
        batch_op.create_index(batch_op.f('ix_quiz_override_group_id'), ['group_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_quiz_override_person_id'), ['person_id'], unique=False)
        batch_op.create_index('uq_quiz_override_everyone_in_force', ['course_id', 'activity_key'], unique=True, sqlite_where=sa.text("ended_at IS NULL AND scope = 'everyone'"), postgresql_where=sa.text("ended_at IS NULL AND scope = 'everyone'"))
        batch_op.create_index('uq_quiz_override_group_in_force', ['course_id', 'activity_key', 'group_id'], unique=True, sqlite_where=sa.text("ended_at IS NULL AND scope = 'group'"), postgresql_where=sa.text("ended_at IS NULL AND scope = 'group'"))
        batch_op.create_index('uq_quiz_override_person_in_force', ['course_id', 'activity_key', 'person_id'], unique=True, sqlite_where=sa.text("ended_at IS NULL AND scope = 'person'"), postgresql_where=sa.text("ended_at IS NULL AND scope = 'person'"))

    op.create_table('waiting_place',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_waiting_place_edition_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_waiting_place_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_waiting_place')),
    sa.UniqueConstraint('edition_id', 'person_id', name=op.f('uq_waiting_place_edition_id_person_id'))
    )
    with op.batch_alter_table('waiting_place', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_waiting_place_person_id'), ['person_id'], unique=False)

    op.create_table('edition_place',
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_edition_place_edition_id')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_edition_place_enrolment_id')),
    sa.PrimaryKeyConstraint('enrolment_id', name=op.f('pk_edition_place'))
    )
    with op.batch_alter_table('edition_place', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_edition_place_edition_id'), ['edition_id'], unique=False)

    op.create_table('group_member',
    sa.Column('group_id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_group_member_enrolment_id')),
    sa.ForeignKeyConstraint(['group_id'], ['learner_group.id'], name=op.f('fk_group_member_group_id')),
    sa.PrimaryKeyConstraint('group_id', 'enrolment_id', name=op.f('pk_group_member'))
    )
    with op.batch_alter_table('group_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_group_member_enrolment_id'), ['enrolment_id'], unique=False)

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
    with op.batch_alter_table('learner_note', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_learner_note_enrolment_id'), ['enrolment_id'], unique=False)

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
    with op.batch_alter_table('manual_mark', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_manual_mark_enrolment_id'), ['enrolment_id'], unique=False)
        batch_op.create_index('ix_manual_mark_item', ['item_id', 'enrolment_id', 'id'], unique=False)

    op.create_table('message_recipient',
    sa.Column('announcement_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['announcement_id'], ['announcement.id'], name=op.f('fk_message_recipient_announcement_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_message_recipient_person_id')),
    sa.PrimaryKeyConstraint('announcement_id', 'person_id', name=op.f('pk_message_recipient'))
    )
    with op.batch_alter_table('message_recipient', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_message_recipient_person_id'), ['person_id'], unique=False)

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
    with op.batch_alter_table('result_override', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_result_override_enrolment_id'), ['enrolment_id'], unique=False)

    op.create_table('version_answer',
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('moves', sa.Boolean(), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_version_answer_enrolment_id')),
    sa.ForeignKeyConstraint(['version_id'], ['course_version.id'], name=op.f('fk_version_answer_version_id')),
    sa.PrimaryKeyConstraint('enrolment_id', 'version_id', name=op.f('pk_version_answer'))
    )
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
    op.create_table('credential_signatory',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('credential_id', sa.Integer(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('offices', sa.Text(), nullable=False),
    sa.Column('picture_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['credential_id'], ['credential.id'], name=op.f('fk_credential_signatory_credential_id')),
    sa.ForeignKeyConstraint(['picture_id'], ['signature_picture.id'], name=op.f('fk_credential_signatory_picture_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credential_signatory')),
    sa.UniqueConstraint('credential_id', 'place', name=op.f('uq_credential_signatory_credential_id_place'))
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
    op.create_table('incident_attempt',
    sa.Column('incident_id', sa.Integer(), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('applied', sa.Boolean(), server_default=sa.true(), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], name=op.f('fk_incident_attempt_attempt_id')),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_incident_attempt_incident_id')),
    sa.PrimaryKeyConstraint('incident_id', 'attempt_id', name=op.f('pk_incident_attempt'))
    )
    with op.batch_alter_table('incident_attempt', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_incident_attempt_attempt_id'), ['attempt_id'], unique=False)

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

    op.create_table('answer_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('stored_file_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('uploaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['attempt_item.id'], name=op.f('fk_answer_file_item_id')),
    sa.ForeignKeyConstraint(['stored_file_id'], ['stored_file.id'], name=op.f('fk_answer_file_stored_file_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_answer_file')),
    sa.UniqueConstraint('uuid', name=op.f('uq_answer_file_uuid'))
    )
    with op.batch_alter_table('answer_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_answer_file_item_id'), ['item_id'], unique=False)

    op.create_table('regrade_mark',
    sa.Column('regrade_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('before_id', sa.Integer(), nullable=False),
    sa.Column('fraction', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('exact', sa.String(length=80), server_default='', nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], name=op.f('fk_regrade_mark_attempt_id')),
    sa.ForeignKeyConstraint(['before_id'], ['mark_event.id'], name=op.f('fk_regrade_mark_before_id')),
    sa.ForeignKeyConstraint(['item_id'], ['attempt_item.id'], name=op.f('fk_regrade_mark_item_id')),
    sa.ForeignKeyConstraint(['regrade_id'], ['regrade.id'], name=op.f('fk_regrade_mark_regrade_id')),
    sa.PrimaryKeyConstraint('regrade_id', 'item_id', name=op.f('pk_regrade_mark'))
    )


def add_columns() -> None:
    op.add_column('activity_result', sa.Column('overridden_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('activity_result', sa.Column('own_score', sa.Numeric(precision=14, scale=7), nullable=True))
    op.add_column('activity_result', sa.Column('own_passed', sa.Boolean(), nullable=True))
    op.add_column('activity_result', sa.Column('own_completed', sa.Boolean(), nullable=True))
    op.add_column('answer_event', sa.Column('proved', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('attempt', sa.Column('extra_seconds', sa.Integer(), server_default='0', nullable=False))
    op.create_index('ix_attempt_unmarked', 'attempt', ['course_id', 'activity_key'], unique=False, sqlite_where=sa.text("state = 'finished' AND raw IS NULL AND NOT preview"), postgresql_where=sa.text("state = 'finished' AND raw IS NULL AND NOT preview"))
    op.add_column('course', sa.Column('needs_approval', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('course_version', sa.Column('draft_revision', sa.Integer(), nullable=True))
    op.add_column('course_version', sa.Column('asks', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('course_version', sa.Column('tells', sa.Text(), nullable=True))
    op.add_column('course_version', sa.Column('topic', sa.String(length=64), server_default='', nullable=False))
    op.add_column('credential', sa.Column('revoked_by_administrator', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index('ix_credential_enrolment_id', 'credential', ['enrolment_id'], unique=False)
    op.add_column('device', sa.Column('factor_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('enrolment', sa.Column('grade', sa.Numeric(precision=14, scale=7), nullable=True))
    op.add_column('enrolment', sa.Column('grade_stale', sa.Boolean(), nullable=True))
    op.add_column('job', sa.Column('awaits', sa.String(length=300), server_default='', nullable=False))
    op.add_column('job', sa.Column('away_since', sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table('mark_event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('answer_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('exact', sa.String(length=80), server_default='', nullable=False))
        batch_op.add_column(sa.Column('comment', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('levels', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('regrade_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_mark_event_regrade_id'), ['regrade_id'], unique=False)
        batch_op.create_unique_constraint(batch_op.f('uq_mark_event_answer_id'), ['answer_id'])
        batch_op.create_foreign_key(batch_op.f('fk_mark_event_answer_id'), 'answer_event', ['answer_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_mark_event_regrade_id'), 'regrade', ['regrade_id'], ['id'])

    op.add_column('person', sa.Column('name_key', sa.String(length=1000), server_default='', nullable=False))
    op.add_column('person', sa.Column('invited_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_person_list', 'person', ['name_key', 'id'], unique=False)


def change_checks() -> None:
    with op.batch_alter_table('role_grant', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_role_grant_role'), type_='check')
        batch_op.create_check_constraint(op.f('ck_role_grant_role'), "role IN ('administrator', 'instructor')")
    with op.batch_alter_table('token', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_token_purpose'), type_='check')
        batch_op.create_check_constraint(op.f('ck_token_purpose'), "purpose IN ('confirm', 'reset', 'set_up', 'invite')")


def name_people() -> None:
    """Give each person the name by which lists are sorted and searched: surnames first, without case and accents."""
    people = op.get_bind().execute(sa.select(PERSON.c.id, PERSON.c.first_surname, PERSON.c.second_surname, PERSON.c.given_names)).all()
    if people:
        update = sa.update(PERSON).where(PERSON.c.id == sa.bindparam('person')).values(name_key=sa.bindparam('key'))
        op.get_bind().execute(update, [{'person': row.id, 'key': folded(' '.join(filter(None, row[1:])))} for row in people])


def folded(words: str) -> str:
    return ''.join(char for char in unicodedata.normalize('NFKD', words.casefold()) if not unicodedata.combining(char))


def begin_histories_of_drafts() -> None:
    """Begin the history of each draft with the revisions of which files remain, and with the last one."""
    op.execute(
        "INSERT INTO draft_revision (course_id, number, origin, changed_at, changed_by) "
        "SELECT course_id, revision, 'imported', MIN(changed_at), MAX(changed_by) FROM draft_file GROUP BY course_id, revision"
    )
    op.execute(
        "INSERT INTO draft_revision (course_id, number, origin, changed_at, changed_by) "
        "SELECT course.id, course.draft_revision, 'imported', MAX(draft_file.changed_at), MAX(draft_file.changed_by) "
        "FROM course JOIN draft_file ON draft_file.course_id = course.id WHERE course.draft_revision NOT IN "
        "(SELECT other.revision FROM draft_file AS other WHERE other.course_id = course.id) GROUP BY course.id, course.draft_revision"
    )
    op.execute(
        "INSERT INTO draft_file_version (course_id, path, revision, body, stored_file_id, sha256) "
        "SELECT course_id, path, revision, body, stored_file_id, sha256 FROM draft_file"
    )


def fill_columns() -> None:
    enrolment = sa.table('enrolment', sa.column('grade_stale', sa.Boolean()))
    op.execute(enrolment.update().values(grade_stale=sa.true()))  # a job computes the grade of everybody who is enrolled
    # What was revoked before counts as an administrator's unless its author edits the course and is none.
    op.execute("""
        UPDATE credential SET revoked_by_administrator = true
        WHERE revoked_at IS NOT NULL AND (
            revoked_by IS NULL
            OR EXISTS (SELECT 1 FROM role_grant WHERE role_grant.person_id = credential.revoked_by AND role_grant.role = 'administrator')
            OR NOT EXISTS (
                SELECT 1 FROM course_staff
                WHERE course_staff.person_id = credential.revoked_by AND course_staff.course_id = credential.course_id
                AND course_staff.role IN ('owner', 'editor')
            )
        )
    """)
    # Nobody does these jobs any more: one daily job applies what they did.
    op.execute("DELETE FROM job WHERE done_at IS NULL AND kind IN ('lms.forget_jobs', 'lms.forget_audit', 'accounts.forget_notices')")


def rename_pages_of_lessons() -> None:
    """Move the rows of `page` into `lesson_page`: constraints are named for their table, which SQLite cannot rename."""
    connection = op.get_bind()
    columns = ', '.join(column['name'] for column in sa.inspect(connection).get_columns('lesson_page'))
    op.execute(f'INSERT INTO lesson_page ({columns}) SELECT {columns} FROM page')
    if connection.dialect.name == 'postgresql':  # new rows are numbered after those that came
        op.execute("SELECT setval(pg_get_serial_sequence('lesson_page', 'id'), max(id)) FROM lesson_page HAVING max(id) IS NOT NULL")
    op.drop_table('page')


def index_for_search() -> None:
    """Index what can be found; a job fills it with the versions of before."""
    if op.get_bind().dialect.name == 'postgresql':
        op.create_index('ix_search_entry_words', 'search_entry', ['words'], postgresql_using='gin')
        return
    for statement in SEARCH_ON_SQLITE:
        op.execute(statement)


def protect_the_audit_log() -> None:
    """Refuse to change what was recorded, and to delete it within five years."""
    if op.get_bind().dialect.name == 'postgresql':
        statements: tuple[str, ...] = APPEND_ONLY_ON_POSTGRESQL
    else:
        old = " WHEN OLD.at > datetime('now', '-1830 days')"
        statements = tuple(
            APPEND_ONLY_ON_SQLITE.format(table=table, verb=verb, when=when)
            for table, verb, when in (
                ('audit_entry', 'UPDATE', ''),
                ('audit_entry', 'DELETE', old),
                ('audit_seal', 'UPDATE', ''),
                ('audit_seal', 'DELETE', ''),
            )
        )
    for statement in statements:
        op.execute(statement)
