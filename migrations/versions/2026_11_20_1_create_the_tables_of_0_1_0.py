"""create the tables of 0.1.0."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_1'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('audit_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=True),
    sa.Column('via', sa.String(length=8), nullable=False),
    sa.Column('address', sa.String(length=45), nullable=False),
    sa.Column('request_id', sa.String(length=32), nullable=False),
    sa.Column('verb', sa.String(length=60), nullable=False),
    sa.Column('subject_kind', sa.String(length=40), nullable=False),
    sa.Column('subject_id', sa.Integer(), nullable=True),
    sa.Column('facts', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry'))
    )
    with op.batch_alter_table('audit_entry', schema=None) as batch_op:
        batch_op.create_index('ix_audit_entry_actor', ['actor_id', 'at'], unique=False)
        batch_op.create_index('ix_audit_entry_subject', ['subject_kind', 'subject_id'], unique=False)

    op.create_table('course',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(length=64), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('draft_revision', sa.Integer(), nullable=False),
    sa.Column('published_version_id', sa.Integer(), nullable=True),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('draft_revision >= 0', name=op.f('ck_course_draft_revision')),
    sa.ForeignKeyConstraint(['published_version_id'], ['course_version.id'], name='fk_course_published_version_id', use_alter=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_course')),
    sa.UniqueConstraint('slug', name=op.f('uq_course_slug')),
    sa.UniqueConstraint('uuid', name=op.f('uq_course_uuid'))
    )
    op.create_table('job',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=60), nullable=False),
    sa.Column('arguments', sa.Text(), nullable=False),
    sa.Column('unique_key', sa.String(length=120), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('available_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.String(length=300), nullable=False),
    sa.Column('request_id', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job')),
    sa.UniqueConstraint('unique_key', name=op.f('uq_job_unique_key'))
    )
    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.create_index('ix_job_waiting', ['available_at'], unique=False, postgresql_where='done_at IS NULL AND failed_at IS NULL')

    op.create_table('person',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('email_confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('given_names', sa.String(length=300), nullable=False),
    sa.Column('first_surname', sa.String(length=300), nullable=False),
    sa.Column('second_surname', sa.String(length=300), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('zone', sa.String(length=64), nullable=False),
    sa.Column('theme', sa.String(length=6), nullable=False),
    sa.Column('suspended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('email = lower(email)', name=op.f('ck_person_email_lower')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person')),
    sa.UniqueConstraint('email', name=op.f('uq_person_email')),
    sa.UniqueConstraint('uuid', name=op.f('uq_person_uuid'))
    )
    op.create_table('stored_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stored_file')),
    sa.UniqueConstraint('sha256', name=op.f('uq_stored_file_sha256'))
    )
    op.create_table('consent',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('notice', sa.String(length=40), nullable=False),
    sa.Column('version', sa.String(length=20), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_consent_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consent'))
    )
    with op.batch_alter_table('consent', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_consent_person_id'), ['person_id'], unique=False)

    op.create_table('course_staff',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.String(length=8), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("role IN ('owner', 'editor', 'grader')", name=op.f('ck_course_staff_role')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_course_staff_course_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_course_staff_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_course_staff')),
    sa.UniqueConstraint('course_id', 'person_id', name=op.f('uq_course_staff_course_id_person_id'))
    )
    with op.batch_alter_table('course_staff', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_course_staff_person_id'), ['person_id'], unique=False)

    op.create_table('course_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('nature', sa.String(length=12), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('published_by', sa.Integer(), nullable=True),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('languages', sa.Text(), nullable=False),
    sa.Column('hours', sa.Numeric(precision=6, scale=2), nullable=False),
    sa.Column('level', sa.String(length=12), nullable=False),
    sa.Column('tone', sa.Integer(), nullable=False),
    sa.Column('authors', sa.Text(), nullable=False),
    sa.Column('licence', sa.String(length=60), nullable=False),
    sa.Column('zone', sa.String(length=64), nullable=False),
    sa.Column('visibility', sa.String(length=12), nullable=False),
    sa.Column('enrolment', sa.String(length=12), nullable=False),
    sa.Column('opens_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('completion_modules', sa.Text(), nullable=False),
    sa.Column('completion_grade', sa.Numeric(precision=7, scale=4), nullable=True),
    sa.Column('certificate', sa.String(length=64), nullable=False),
    sa.CheckConstraint("nature IN ('correction', 'improvement')", name=op.f('ck_course_version_nature')),
    sa.CheckConstraint('number > 0', name=op.f('ck_course_version_number')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_course_version_course_id')),
    sa.ForeignKeyConstraint(['published_by'], ['person.id'], name=op.f('fk_course_version_published_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_course_version')),
    sa.UniqueConstraint('course_id', 'number', name=op.f('uq_course_version_course_id_number'))
    )
    op.create_table('device',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('label', sa.String(length=300), nullable=False),
    sa.Column('address', sa.String(length=45), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_device_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_device')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_device_secret_hash')),
    sa.UniqueConstraint('uuid', name=op.f('uq_device_uuid'))
    )
    with op.batch_alter_table('device', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_device_person_id'), ['person_id'], unique=False)

    op.create_table('draft_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('path', sa.String(length=400), nullable=False),
    sa.Column('body', sa.Text(), nullable=True),
    sa.Column('stored_file_id', sa.Integer(), nullable=True),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.Integer(), nullable=True),
    sa.CheckConstraint('(body IS NULL) <> (stored_file_id IS NULL)', name=op.f('ck_draft_file_one_content')),
    sa.ForeignKeyConstraint(['changed_by'], ['person.id'], name=op.f('fk_draft_file_changed_by')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_draft_file_course_id')),
    sa.ForeignKeyConstraint(['stored_file_id'], ['stored_file.id'], name=op.f('fk_draft_file_stored_file_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft_file')),
    sa.UniqueConstraint('course_id', 'path', name=op.f('uq_draft_file_course_id_path'))
    )
    op.create_table('national_identity',
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_national_identity_person_id')),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_national_identity'))
    )
    op.create_table('question',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('bank', sa.String(length=130), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_question_course_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_question')),
    sa.UniqueConstraint('course_id', 'key', name=op.f('uq_question_course_id_key'))
    )
    op.create_table('role_grant',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('granted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('granted_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("role IN ('administrator')", name=op.f('ck_role_grant_role')),
    sa.ForeignKeyConstraint(['granted_by'], ['person.id'], name=op.f('fk_role_grant_granted_by')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_role_grant_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_role_grant')),
    sa.UniqueConstraint('person_id', 'role', name=op.f('uq_role_grant_person_id_role'))
    )
    op.create_table('task_save',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('activity_key', sa.String(length=64), nullable=False),
    sa.Column('scenario', sa.Text(), nullable=False),
    sa.Column('answers', sa.Text(), nullable=False),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_task_save_course_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_task_save_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task_save'))
    )
    with op.batch_alter_table('task_save', schema=None) as batch_op:
        batch_op.create_index('ix_task_save_person', ['person_id', 'course_id', 'activity_key'], unique=False)

    op.create_table('token',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('purpose', sa.String(length=10), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('bound_to', sa.String(length=64), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("purpose IN ('confirm', 'reset', 'set_up')", name=op.f('ck_token_purpose')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_token_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_token')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_token_secret_hash'))
    )
    with op.batch_alter_table('token', schema=None) as batch_op:
        batch_op.create_index('ix_token_person', ['person_id'], unique=False)

    op.create_table('course_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('path', sa.String(length=400), nullable=False),
    sa.Column('stored_file_id', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('is_picture', sa.Boolean(), nullable=False),
    sa.Column('used_by', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['stored_file_id'], ['stored_file.id'], name=op.f('fk_course_file_stored_file_id')),
    sa.ForeignKeyConstraint(['version_id'], ['course_version.id'], name=op.f('fk_course_file_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_course_file')),
    sa.UniqueConstraint('version_id', 'path', name=op.f('uq_course_file_version_id_path'))
    )
    with op.batch_alter_table('course_file', schema=None) as batch_op:
        batch_op.create_index('ix_course_file_sha256', ['version_id', 'sha256'], unique=False)

    op.create_table('course_resource',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('host', sa.Text(), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('dated', sa.String(length=10), nullable=False),
    sa.Column('verified', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['version_id'], ['course_version.id'], name=op.f('fk_course_resource_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_course_resource')),
    sa.UniqueConstraint('version_id', 'key', name=op.f('uq_course_resource_version_id_key'))
    )
    op.create_table('enrolment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('course_version_id', sa.Integer(), nullable=False),
    sa.Column('enrolled_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('last_activity_key', sa.String(length=64), nullable=True),
    sa.Column('last_visited_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('done >= 0 AND done <= total', name=op.f('ck_enrolment_done')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_enrolment_course_id')),
    sa.ForeignKeyConstraint(['course_version_id'], ['course_version.id'], name=op.f('fk_enrolment_course_version_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_enrolment_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_enrolment')),
    sa.UniqueConstraint('person_id', 'course_id', name=op.f('uq_enrolment_person_id_course_id')),
    sa.UniqueConstraint('uuid', name=op.f('uq_enrolment_uuid'))
    )
    with op.batch_alter_table('enrolment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_enrolment_course_id'), ['course_id'], unique=False)

    op.create_table('grade_category',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('weight', sa.Numeric(precision=9, scale=4), nullable=False),
    sa.Column('drop_lowest', sa.Integer(), nullable=False),
    sa.CheckConstraint('weight >= 0', name=op.f('ck_grade_category_weight')),
    sa.ForeignKeyConstraint(['version_id'], ['course_version.id'], name=op.f('fk_grade_category_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_grade_category')),
    sa.UniqueConstraint('version_id', 'key', name=op.f('uq_grade_category_version_id_key'))
    )
    op.create_table('module',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('was', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('numbered', sa.Boolean(), nullable=False),
    sa.Column('needed', sa.Integer(), nullable=True),
    sa.Column('requires', sa.Text(), nullable=False),
    sa.Column('opens_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['version_id'], ['course_version.id'], name=op.f('fk_module_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_module')),
    sa.UniqueConstraint('version_id', 'key', name=op.f('uq_module_version_id_key')),
    sa.UniqueConstraint('version_id', 'position', name=op.f('uq_module_version_id_position'))
    )
    op.create_table('question_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('question_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('mark', sa.Numeric(precision=14, scale=7), nullable=False),
    sa.Column('checksum', sa.String(length=64), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('number > 0', name=op.f('ck_question_version_number')),
    sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_question_version_question_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_question_version')),
    sa.UniqueConstraint('question_id', 'checksum', name=op.f('uq_question_version_question_id_checksum')),
    sa.UniqueConstraint('question_id', 'number', name=op.f('uq_question_version_question_id_number'))
    )
    op.create_table('term',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('term', sa.Text(), nullable=False),
    sa.Column('also', sa.Text(), nullable=False),
    sa.Column('definition', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['version_id'], ['course_version.id'], name=op.f('fk_term_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_term')),
    sa.UniqueConstraint('version_id', 'key', name=op.f('uq_term_version_id_key'))
    )
    op.create_table('activity',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('module_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('was', sa.Text(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('required', sa.Boolean(), nullable=False),
    sa.Column('preview', sa.Boolean(), nullable=False),
    sa.Column('requires', sa.Text(), nullable=False),
    sa.Column('opens_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('completion_rule', sa.String(length=20), nullable=False),
    sa.Column('completion_amount', sa.Integer(), nullable=True),
    sa.Column('questions', sa.Integer(), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=True),
    sa.Column('category', sa.String(length=64), nullable=False),
    sa.Column('weight', sa.Numeric(precision=9, scale=4), nullable=False),
    sa.CheckConstraint('minutes >= 0', name=op.f('ck_activity_minutes')),
    sa.ForeignKeyConstraint(['module_id'], ['module.id'], name=op.f('fk_activity_module_id')),
    sa.ForeignKeyConstraint(['version_id'], ['course_version.id'], name=op.f('fk_activity_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activity')),
    sa.UniqueConstraint('module_id', 'position', name=op.f('uq_activity_module_id_position')),
    sa.UniqueConstraint('version_id', 'key', name=op.f('uq_activity_version_id_key'))
    )
    op.create_table('activity_result',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('activity_key', sa.String(length=64), nullable=False),
    sa.Column('viewed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('completed_version_id', sa.Integer(), nullable=True),
    sa.Column('score', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('passed', sa.Boolean(), nullable=True),
    sa.Column('exhausted', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.CheckConstraint('score IS NULL OR (score >= 0 AND score <= 100)', name=op.f('ck_activity_result_score')),
    sa.ForeignKeyConstraint(['completed_version_id'], ['course_version.id'], name=op.f('fk_activity_result_completed_version_id')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_activity_result_enrolment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activity_result')),
    sa.UniqueConstraint('enrolment_id', 'activity_key', name=op.f('uq_activity_result_enrolment_id_activity_key'))
    )
    op.create_table('completion',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('course_version_id', sa.Integer(), nullable=False),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('grade', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.ForeignKeyConstraint(['course_version_id'], ['course_version.id'], name=op.f('fk_completion_course_version_id')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_completion_enrolment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_completion')),
    sa.UniqueConstraint('enrolment_id', name=op.f('uq_completion_enrolment_id'))
    )
    op.create_table('credential',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=16), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('template', sa.String(length=64), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('person_name', sa.String(length=620), nullable=False),
    sa.Column('surnames', sa.String(length=320), nullable=False),
    sa.Column('course_key', sa.String(length=64), nullable=False),
    sa.Column('course_titles', sa.Text(), nullable=False),
    sa.Column('course_version', sa.Integer(), nullable=False),
    sa.Column('module_minutes', sa.Text(), nullable=False),
    sa.Column('with_assessment', sa.Boolean(), nullable=False),
    sa.Column('hours', sa.Numeric(precision=6, scale=2), nullable=False),
    sa.Column('institution', sa.String(length=300), nullable=False),
    sa.Column('site_name', sa.String(length=300), nullable=False),
    sa.Column('completed_on', sa.Date(), nullable=False),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_on', sa.Date(), nullable=True),
    sa.Column('key_id', sa.String(length=16), nullable=False),
    sa.Column('signature', sa.Text(), nullable=False),
    sa.Column('replaced_by_id', sa.Integer(), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_reason', sa.Text(), nullable=False),
    sa.Column('revoked_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("(revoked_at IS NULL) = (revoked_reason = '')", name=op.f('ck_credential_revocation')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_credential_course_id')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_credential_enrolment_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_credential_person_id')),
    sa.ForeignKeyConstraint(['replaced_by_id'], ['credential.id'], name=op.f('fk_credential_replaced_by_id')),
    sa.ForeignKeyConstraint(['revoked_by'], ['person.id'], name=op.f('fk_credential_revoked_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credential')),
    sa.UniqueConstraint('code', name=op.f('uq_credential_code')),
    sa.UniqueConstraint('uuid', name=op.f('uq_credential_uuid'))
    )
    with op.batch_alter_table('credential', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_credential_course_id'), ['course_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_credential_person_id'), ['person_id'], unique=False)
        batch_op.create_index('uq_credential_valid', ['enrolment_id'], unique=True, sqlite_where=sa.text('revoked_at IS NULL AND replaced_by_id IS NULL'), postgresql_where=sa.text('revoked_at IS NULL AND replaced_by_id IS NULL'))

    op.create_table('objective',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('module_id', sa.Integer(), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['module_id'], ['module.id'], name=op.f('fk_objective_module_id')),
    sa.ForeignKeyConstraint(['version_id'], ['course_version.id'], name=op.f('fk_objective_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_objective'))
    )
    with op.batch_alter_table('objective', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_objective_version_id'), ['version_id'], unique=False)

    op.create_table('watched_span',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('activity_key', sa.String(length=64), nullable=False),
    sa.Column('start', sa.Integer(), nullable=False),
    sa.Column('finish', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('finish > start', name=op.f('ck_watched_span_forward')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_watched_span_enrolment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_watched_span')),
    sa.UniqueConstraint('enrolment_id', 'activity_key', 'start', 'finish', name=op.f('uq_watched_span_enrolment_id_activity_key_start_finish'))
    )
    op.create_table('page',
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
    sa.ForeignKeyConstraint(['activity_id'], ['activity.id'], name=op.f('fk_page_activity_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_page')),
    sa.UniqueConstraint('activity_id', 'language', name=op.f('uq_page_activity_id_language'))
    )
    op.create_table('quiz_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('activity_id', sa.Integer(), nullable=False),
    sa.Column('settings', sa.Text(), nullable=False),
    sa.Column('instructions', sa.Text(), nullable=False),
    sa.Column('entries', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['activity_id'], ['activity.id'], name=op.f('fk_quiz_version_activity_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quiz_version')),
    sa.UniqueConstraint('activity_id', name=op.f('uq_quiz_version_activity_id'))
    )
    op.create_table('recording',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('activity_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=5), nullable=False),
    sa.Column('path', sa.String(length=400), nullable=False),
    sa.Column('audio', sa.String(length=400), nullable=False),
    sa.Column('low', sa.String(length=400), nullable=False),
    sa.Column('poster', sa.String(length=400), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('host', sa.Text(), nullable=False),
    sa.Column('seconds', sa.Integer(), nullable=True),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('dated', sa.Date(), nullable=True),
    sa.Column('speakers', sa.Text(), nullable=False),
    sa.Column('series', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=True),
    sa.CheckConstraint("kind IN ('video', 'audio')", name=op.f('ck_recording_kind')),
    sa.ForeignKeyConstraint(['activity_id'], ['activity.id'], name=op.f('fk_recording_activity_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recording')),
    sa.UniqueConstraint('activity_id', name=op.f('uq_recording_activity_id'))
    )
    op.create_table('simulator_task',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('activity_id', sa.Integer(), nullable=False),
    sa.Column('model', sa.String(length=64), nullable=False),
    sa.Column('model_version', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('all_editable', sa.Boolean(), nullable=False),
    sa.Column('editable', sa.Text(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('pause_first', sa.Integer(), nullable=False),
    sa.Column('pause_later', sa.Integer(), nullable=False),
    sa.Column('grading', sa.String(length=8), nullable=False),
    sa.Column('pass_mark', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('completion', sa.String(length=14), nullable=False),
    sa.Column('completion_attempts', sa.Integer(), nullable=False),
    sa.CheckConstraint("completion IN ('passed', 'graded', 'passed_or_used', 'viewed', 'attempted')", name=op.f('ck_simulator_task_completion')),
    sa.CheckConstraint("grading IN ('highest', 'average', 'first', 'last')", name=op.f('ck_simulator_task_grading')),
    sa.CheckConstraint('attempts >= 0', name=op.f('ck_simulator_task_attempts')),
    sa.CheckConstraint('model_version > 0', name=op.f('ck_simulator_task_model_version')),
    sa.ForeignKeyConstraint(['activity_id'], ['activity.id'], name=op.f('fk_simulator_task_activity_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_simulator_task')),
    sa.UniqueConstraint('activity_id', name=op.f('uq_simulator_task_activity_id'))
    )
    op.create_table('attempt',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=True),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('activity_key', sa.String(length=64), nullable=False),
    sa.Column('quiz_version_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('preview', sa.Boolean(), nullable=False),
    sa.Column('page_reached', sa.Integer(), server_default='1', nullable=False),
    sa.Column('seed', sa.BigInteger(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('lease', sa.BigInteger(), nullable=False),
    sa.Column('interludes', sa.Text(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('saved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('raw', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('maximum', sa.Numeric(precision=14, scale=7), nullable=False),
    sa.Column('percent', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('passed', sa.Boolean(), nullable=True),
    sa.CheckConstraint("state IN ('not_started', 'in_progress', 'overdue', 'submitted', 'finished', 'abandoned')", name=op.f('ck_attempt_state')),
    sa.CheckConstraint('number > 0', name=op.f('ck_attempt_number')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_attempt_course_id')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_attempt_enrolment_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_attempt_person_id')),
    sa.ForeignKeyConstraint(['quiz_version_id'], ['quiz_version.id'], name=op.f('fk_attempt_quiz_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempt')),
    sa.UniqueConstraint('person_id', 'course_id', 'activity_key', 'number', name=op.f('uq_attempt_person_id_course_id_activity_key_number')),
    sa.UniqueConstraint('uuid', name=op.f('uq_attempt_uuid'))
    )
    with op.batch_alter_table('attempt', schema=None) as batch_op:
        batch_op.create_index('ix_attempt_activity', ['course_id', 'activity_key'], unique=False)
        batch_op.create_index('ix_attempt_due', ['due_at'], unique=False, sqlite_where=sa.text("state = 'in_progress'"), postgresql_where=sa.text("state = 'in_progress'"))
        batch_op.create_index('uq_attempt_open', ['person_id', 'course_id', 'activity_key'], unique=True, sqlite_where=sa.text("state IN ('in_progress', 'overdue') AND NOT preview"), postgresql_where=sa.text("state IN ('in_progress', 'overdue') AND NOT preview"))

    op.create_table('caption',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('recording_id', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('path', sa.String(length=400), nullable=False),
    sa.Column('transcript', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['recording_id'], ['recording.id'], name=op.f('fk_caption_recording_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_caption')),
    sa.UniqueConstraint('recording_id', 'language', name=op.f('uq_caption_recording_id_language'))
    )
    op.create_table('chapter',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('recording_id', sa.Integer(), nullable=False),
    sa.Column('second', sa.Integer(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['recording_id'], ['recording.id'], name=op.f('fk_chapter_recording_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chapter')),
    sa.UniqueConstraint('recording_id', 'second', name=op.f('uq_chapter_recording_id_second'))
    )
    op.create_table('recording_document',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('recording_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('path', sa.String(length=400), nullable=False),
    sa.Column('resource', sa.String(length=64), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.ForeignKeyConstraint(['recording_id'], ['recording.id'], name=op.f('fk_recording_document_recording_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recording_document'))
    )
    with op.batch_alter_table('recording_document', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_recording_document_recording_id'), ['recording_id'], unique=False)

    op.create_table('slot',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('quiz_version_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('draws', sa.Integer(), nullable=False),
    sa.Column('mark', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('require_previous', sa.Boolean(), nullable=False),
    sa.CheckConstraint('draws > 0', name=op.f('ck_slot_draws')),
    sa.ForeignKeyConstraint(['quiz_version_id'], ['quiz_version.id'], name=op.f('fk_slot_quiz_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_slot')),
    sa.UniqueConstraint('quiz_version_id', 'position', name=op.f('uq_slot_quiz_version_id_position'))
    )
    op.create_table('task_input',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('task_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['task_id'], ['simulator_task.id'], name=op.f('fk_task_input_task_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task_input')),
    sa.UniqueConstraint('task_id', 'name', name=op.f('uq_task_input_task_id_name'))
    )
    op.create_table('task_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('task_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=4), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('output', sa.String(length=80), nullable=False),
    sa.Column('low', sa.Text(), nullable=True),
    sa.Column('high', sa.Text(), nullable=True),
    sa.Column('tolerance_kind', sa.String(length=9), nullable=False),
    sa.Column('tolerance', sa.Text(), nullable=False),
    sa.Column('unit', sa.Text(), nullable=False),
    sa.Column('mark', sa.Text(), nullable=False),
    sa.Column('explanation', sa.Text(), nullable=False),
    sa.CheckConstraint("kind IN ('goal', 'ask')", name=op.f('ck_task_item_kind')),
    sa.CheckConstraint("tolerance_kind IN ('nominal', 'relative', 'geometric')", name=op.f('ck_task_item_tolerance_kind')),
    sa.ForeignKeyConstraint(['task_id'], ['simulator_task.id'], name=op.f('fk_task_item_task_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task_item')),
    sa.UniqueConstraint('task_id', 'key', name=op.f('uq_task_item_task_id_key')),
    sa.UniqueConstraint('task_id', 'position', name=op.f('uq_task_item_task_id_position'))
    )
    op.create_table('task_submission',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=True),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('activity_key', sa.String(length=64), nullable=False),
    sa.Column('task_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('preview', sa.Boolean(), nullable=False),
    sa.Column('scenario', sa.Text(), nullable=False),
    sa.Column('drawn', sa.Text(), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('raw', sa.Numeric(precision=14, scale=7), nullable=False),
    sa.Column('maximum', sa.Numeric(precision=14, scale=7), nullable=False),
    sa.Column('percent', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('passed', sa.Boolean(), nullable=True),
    sa.CheckConstraint('number > 0', name=op.f('ck_task_submission_number')),
    sa.CheckConstraint('raw <= maximum', name=op.f('ck_task_submission_raw')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_task_submission_course_id')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_task_submission_enrolment_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_task_submission_person_id')),
    sa.ForeignKeyConstraint(['task_id'], ['simulator_task.id'], name=op.f('fk_task_submission_task_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task_submission')),
    sa.UniqueConstraint('person_id', 'course_id', 'activity_key', 'number', name=op.f('uq_task_submission_person_id_course_id_activity_key_number')),
    sa.UniqueConstraint('uuid', name=op.f('uq_task_submission_uuid'))
    )
    op.create_table('task_variable',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('task_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('low', sa.Text(), nullable=False),
    sa.Column('high', sa.Text(), nullable=False),
    sa.Column('step', sa.Text(), nullable=False),
    sa.Column('choices', sa.Text(), nullable=False),
    sa.Column('decimals', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['task_id'], ['simulator_task.id'], name=op.f('fk_task_variable_task_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task_variable')),
    sa.UniqueConstraint('task_id', 'name', name=op.f('uq_task_variable_task_id_name'))
    )
    op.create_table('attempt_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=True),
    sa.Column('page', sa.Integer(), nullable=False),
    sa.Column('section', sa.Integer(), nullable=False),
    sa.Column('require_previous', sa.Boolean(), nullable=False),
    sa.Column('question_version_id', sa.Integer(), nullable=False),
    sa.Column('maximum', sa.Numeric(precision=14, scale=7), nullable=False),
    sa.Column('layout', sa.Text(), nullable=False),
    sa.Column('flagged', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], name=op.f('fk_attempt_item_attempt_id')),
    sa.ForeignKeyConstraint(['question_version_id'], ['question_version.id'], name=op.f('fk_attempt_item_question_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempt_item')),
    sa.UniqueConstraint('attempt_id', 'position', name=op.f('uq_attempt_item_attempt_id_position'))
    )
    with op.batch_alter_table('attempt_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_attempt_item_question_version_id'), ['question_version_id'], unique=False)

    op.create_table('slot_candidate',
    sa.Column('slot_id', sa.Integer(), nullable=False),
    sa.Column('question_version_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['question_version_id'], ['question_version.id'], name=op.f('fk_slot_candidate_question_version_id')),
    sa.ForeignKeyConstraint(['slot_id'], ['slot.id'], name=op.f('fk_slot_candidate_slot_id')),
    sa.PrimaryKeyConstraint('slot_id', 'question_version_id', name=op.f('pk_slot_candidate'))
    )
    op.create_table('task_submission_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('submission_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('given', sa.String(length=60), nullable=False),
    sa.Column('value', sa.Double(), nullable=True),
    sa.Column('expected', sa.Double(), nullable=True),
    sa.Column('met', sa.Boolean(), nullable=False),
    sa.Column('mark', sa.Numeric(precision=14, scale=7), nullable=False),
    sa.Column('maximum', sa.Numeric(precision=14, scale=7), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['task_item.id'], name=op.f('fk_task_submission_item_item_id')),
    sa.ForeignKeyConstraint(['submission_id'], ['task_submission.id'], name=op.f('fk_task_submission_item_submission_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task_submission_item')),
    sa.UniqueConstraint('submission_id', 'item_id', name=op.f('uq_task_submission_item_submission_id_item_id'))
    )
    op.create_table('answer_event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('lease', sa.BigInteger(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('payload', sa.Text(), nullable=False),
    sa.Column('client_time', sa.String(length=40), nullable=False),
    sa.Column('server_time', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('autosave', 'save', 'submit', 'import')", name=op.f('ck_answer_event_kind')),
    sa.ForeignKeyConstraint(['item_id'], ['attempt_item.id'], name=op.f('fk_answer_event_item_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_answer_event')),
    sa.UniqueConstraint('item_id', 'lease', 'seq', name=op.f('uq_answer_event_item_id_lease_seq'))
    )
    op.create_table('mark_event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=8), nullable=False),
    sa.Column('fraction', sa.Numeric(precision=14, scale=7), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('marked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('marked_by', sa.Integer(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.CheckConstraint("origin IN ('auto', 'manual', 'regrade')", name=op.f('ck_mark_event_origin')),
    sa.ForeignKeyConstraint(['item_id'], ['attempt_item.id'], name=op.f('fk_mark_event_item_id')),
    sa.ForeignKeyConstraint(['marked_by'], ['person.id'], name=op.f('fk_mark_event_marked_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mark_event'))
    )
    with op.batch_alter_table('mark_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mark_event_item_id'), ['item_id'], unique=False)

    if op.get_bind().dialect.name == "postgresql":  # the circle of foreign keys cannot be made with its table
        op.create_foreign_key("fk_course_published_version_id", "course", "course_version", ["published_version_id"], ["id"])
