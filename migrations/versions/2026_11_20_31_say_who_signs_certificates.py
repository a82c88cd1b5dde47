"""say who signed a certificate, with the picture of the signature."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_31'
down_revision = '2026_11_20_30'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('signature_picture',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signature_picture')),
    sa.UniqueConstraint('sha256', name=op.f('uq_signature_picture_sha256'))
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
