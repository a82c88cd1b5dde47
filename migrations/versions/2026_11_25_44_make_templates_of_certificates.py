"""make templates of certificates, and keep with which colours and logo each was issued."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_25_44'
down_revision = '2026_11_25_43'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('certificate_template',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('pictures', sa.Text(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('published_number', sa.Integer(), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_certificate_template_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_certificate_template')),
    sa.UniqueConstraint('key', name=op.f('uq_certificate_template_key')),
    sa.UniqueConstraint('uuid', name=op.f('uq_certificate_template_uuid'))
    )
    with op.batch_alter_table('certificate_template', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_certificate_template_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('certificate_template_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('template_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('titles', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('pictures', sa.Text(), nullable=False),
    sa.Column('note', sa.String(length=300), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['template_id'], ['certificate_template.id'], name=op.f('fk_certificate_template_version_template_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_certificate_template_version')),
    sa.UniqueConstraint('template_id', 'number', name=op.f('uq_certificate_template_version_template_id_number'))
    )
    with op.batch_alter_table('credential', schema=None) as batch_op:
        batch_op.add_column(sa.Column('brand_colour', sa.String(length=7), server_default='', nullable=False))
        batch_op.add_column(sa.Column('accent_colour', sa.String(length=7), server_default='', nullable=False))
        batch_op.add_column(sa.Column('logo_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_credential_logo_id'), 'signature_picture', ['logo_id'], ['id'])

