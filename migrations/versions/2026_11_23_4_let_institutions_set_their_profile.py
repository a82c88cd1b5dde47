"""let institutions set their profile on the web."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_4'
down_revision = '2026_11_23_3'
branch_labels = None
depends_on = None


def upgrade() -> None:
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
    op.create_index(op.f('ix_institution_signatory_profile_id'), 'institution_signatory', ['profile_id'], unique=False)
