"""decide on waivers and recognitions: withdrawn ones, words of a revocation, lists of recognitions."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_24_28'
down_revision = '2026_11_24_27'
branch_labels = None
depends_on = None

STATES = "state IN ('proposed', 'approved', 'refused', 'revoked', 'withdrawn')"
PROPOSED = "state = 'proposed'"


def upgrade() -> None:
    op.create_table('recognition_list',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('proposed_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['proposed_by'], ['person.id'], name=op.f('fk_recognition_list_proposed_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recognition_list')),
    sa.UniqueConstraint('uuid', name=op.f('uq_recognition_list_uuid'))
    )
    op.create_table('pending_recognition',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('list_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['list_id'], ['recognition_list.id'], name=op.f('fk_pending_recognition_list_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_pending_recognition_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_pending_recognition')),
    sa.UniqueConstraint('uuid', name=op.f('uq_pending_recognition_uuid'))
    )
    op.create_index(op.f('ix_pending_recognition_expires_at'), 'pending_recognition', ['expires_at'])
    for table in ('waiver', 'recognition'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column('state', existing_type=sa.String(length=8), type_=sa.String(length=9), existing_nullable=False)
            batch_op.drop_constraint(op.f(f'ck_{table}_state'), type_='check')
            batch_op.create_check_constraint(op.f(f'ck_{table}_state'), STATES)
            batch_op.add_column(sa.Column('revocation', sa.String(length=1000), server_default='', nullable=False))
            if table == 'recognition':
                batch_op.add_column(sa.Column('list_id', sa.Integer(), nullable=True))
                batch_op.create_foreign_key(op.f('fk_recognition_list_id'), 'recognition_list', ['list_id'], ['id'])
                batch_op.create_index(batch_op.f('ix_recognition_list_id'), ['list_id'], unique=False)
            batch_op.create_index(f'ix_{table}_waiting', ['proposed_at'], unique=False, sqlite_where=sa.text(PROPOSED), postgresql_where=sa.text(PROPOSED))
