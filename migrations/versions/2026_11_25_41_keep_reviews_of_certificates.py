"""keep reviews of certificates, and the accounts of those who sign them."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_25_41'
down_revision = '2026_11_25_40'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'credential_review',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('uuid', sa.Uuid(), nullable=False),
        sa.Column('credential_id', sa.Integer(), nullable=False),
        sa.Column('cause', sa.String(length=22), nullable=False),
        sa.Column('words', sa.Text(), server_default='', nullable=False),
        sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('settled_by', sa.Integer(), nullable=True),
        sa.Column('decision', sa.String(length=8), server_default='', nullable=False),
        sa.Column('note', sa.Text(), server_default='', nullable=False),
        sa.ForeignKeyConstraint(['credential_id'], ['credential.id'], name=op.f('fk_credential_review_credential_id')),
        sa.ForeignKeyConstraint(['settled_by'], ['person.id'], name=op.f('fk_credential_review_settled_by')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_credential_review')),
        sa.UniqueConstraint('uuid', name=op.f('uq_credential_review_uuid')),
    )
    with op.batch_alter_table('credential_review', schema=None) as batch_op:
        batch_op.create_index('ix_credential_review_credential_id', ['credential_id'], unique=False)
        batch_op.create_index(
            'uq_credential_review_open',
            ['credential_id', 'cause'],
            unique=True,
            sqlite_where=sa.text('settled_at IS NULL'),
            postgresql_where=sa.text('settled_at IS NULL'),
        )
    with op.batch_alter_table('credential_signatory', schema=None) as batch_op:
        batch_op.add_column(sa.Column('person_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_credential_signatory_person_id'), 'person', ['person_id'], ['id'])
    with op.batch_alter_table('institution_signatory', schema=None) as batch_op:
        batch_op.add_column(sa.Column('email', sa.String(length=254), server_default='', nullable=False))
