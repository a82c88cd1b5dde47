"""keep employment and posts: staff numbers with first and last days, posts with their spellings, main and further places, time zones, heads."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_24_2'
down_revision = '2026_11_23_1'
branch_labels = None
depends_on = None

PRESENT = 'until IS NULL'
EMPLOYED = 'retracted_at IS NULL AND left_on IS NULL'
GALAPAGOS = "SELECT id FROM organisation WHERE kind = 'province' AND name_key = 'galapagos'"
BELOW = f"WITH RECURSIVE subtree(id) AS ({GALAPAGOS} UNION SELECT organisation.id FROM organisation JOIN subtree ON organisation.parent_id = subtree.id) SELECT id FROM subtree"
"""Institutions keep the time of Guayaquil until they say otherwise; what stands below the province of Galápagos is an hour behind."""

EMPLOY = """
INSERT INTO employment (person_id, institution_id, recorded_at)
WITH RECURSIVE above(place, root) AS (
    SELECT id, id FROM organisation WHERE parent_id IS NULL
    UNION SELECT organisation.id, above.root FROM organisation JOIN above ON organisation.parent_id = above.place
)
SELECT membership.person_id, above.root, membership.since FROM membership JOIN above ON above.place = membership.organisation_id WHERE membership.until IS NULL
"""
"""Who belongs to a place works at its institution; the lists have not said yet since when."""


def upgrade() -> None:
    op.create_table('post',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=300), nullable=False),
    sa.Column('name', sa.String(length=150), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['institution_id'], ['organisation.id'], name=op.f('fk_post_institution_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post')),
    sa.UniqueConstraint('institution_id', 'key', name=op.f('uq_post_institution_id_key')),
    sa.UniqueConstraint('uuid', name=op.f('uq_post_uuid'))
    )
    op.create_table('post_spelling',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=300), nullable=False),
    sa.Column('spelled', sa.String(length=150), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['institution_id'], ['organisation.id'], name=op.f('fk_post_spelling_institution_id')),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_post_spelling_post_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_post_spelling')),
    sa.UniqueConstraint('institution_id', 'key', name=op.f('uq_post_spelling_institution_id_key'))
    )
    op.create_index(op.f('ix_post_spelling_post_id'), 'post_spelling', ['post_id'], unique=False)
    op.create_table('employment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('staff_number', sa.String(length=40), nullable=True),
    sa.Column('entered_on', sa.Date(), nullable=True),
    sa.Column('left_on', sa.Date(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('retracted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('account_closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('left_on IS NULL OR entered_on IS NULL OR left_on >= entered_on', name=op.f('ck_employment_days')),
    sa.ForeignKeyConstraint(['institution_id'], ['organisation.id'], name=op.f('fk_employment_institution_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_employment_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_employment'))
    )
    op.create_index('ix_employment_number', 'employment', ['institution_id', 'staff_number'], unique=True, sqlite_where=sa.text(EMPLOYED), postgresql_where=sa.text(EMPLOYED))
    op.create_index(op.f('ix_employment_person_id'), 'employment', ['person_id'], unique=False)
    op.create_index('ix_employment_present', 'employment', ['person_id', 'institution_id'], unique=True, sqlite_where=sa.text(EMPLOYED), postgresql_where=sa.text(EMPLOYED))
    op.create_index('ix_employment_written', 'employment', ['staff_number'], unique=False)
    op.add_column('organisation', sa.Column('zone', sa.String(length=64), server_default='', nullable=False))
    _membership()
    _days()
    op.execute(EMPLOY)
    op.add_column('unit_manager', sa.Column('is_head', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index('ix_unit_manager_head', 'unit_manager', ['organisation_id'], unique=True, sqlite_where=sa.text('is_head = 1'), postgresql_where=sa.text('is_head'))
    with op.batch_alter_table('pending_load', schema=None) as batch_op:
        batch_op.add_column(sa.Column('complete_of', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('leavers', sa.Integer(), server_default='0', nullable=False))
        batch_op.create_foreign_key(op.f('fk_pending_load_complete_of'), 'organisation', ['complete_of'], ['id'])


def _membership() -> None:
    op.drop_index('ix_membership_person', 'membership')
    op.drop_index('ix_membership_present', 'membership')
    with op.batch_alter_table('membership', schema=None, recreate='auto' if op.get_bind().dialect.name != 'sqlite' else 'always') as batch_op:
        batch_op.add_column(sa.Column('post_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('is_main', sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(sa.Column('since_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('until_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('recorded_at', sa.DateTime(timezone=True), server_default=sa.text('CURRENT_TIMESTAMP'), nullable=False))
        batch_op.add_column(sa.Column('retracted_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(op.f('fk_membership_post_id'), 'post', ['post_id'], ['id'])
        batch_op.create_check_constraint(op.f('ck_membership_retracted'), 'retracted_at IS NULL OR until IS NOT NULL')
        batch_op.create_index(op.f('ix_membership_post_id'), ['post_id'], unique=False)
    op.create_index('ix_membership_person', 'membership', ['person_id'], unique=True, sqlite_where=sa.text(f'{PRESENT} AND is_main = 1'), postgresql_where=sa.text(f'{PRESENT} AND is_main'))
    op.create_index('ix_membership_present', 'membership', ['organisation_id', 'person_id'], unique=True, sqlite_where=sa.text(PRESENT), postgresql_where=sa.text(PRESENT))


def _days() -> None:
    """Fill in the local days of the moments, where the unit stands; what was known was known from the first moment on."""
    local = "date({column}, '-{hours} hours')" if op.get_bind().dialect.name == 'sqlite' else "CAST({column} AT TIME ZONE 'UTC' - INTERVAL '{hours} hours' AS date)"
    for hours, where in ((6, 'IN'), (5, 'NOT IN')):
        first, last = (local.format(column=column, hours=hours) for column in ('since', 'until'))
        op.execute(f'UPDATE membership SET since_on = {first}, until_on = {last}, recorded_at = since WHERE organisation_id {where} ({BELOW})')
