"""ask for a second step."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_29'
down_revision = '2026_11_20_28'
branch_labels = None
depends_on = None


def upgrade() -> None:
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
    op.create_index(op.f('ix_second_factor_person_id'), 'second_factor', ['person_id'])
    op.create_table('recovery_code',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_recovery_code_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_code')),
    sa.UniqueConstraint('code_hash', name=op.f('uq_recovery_code_code_hash'))
    )
    op.create_index(op.f('ix_recovery_code_person_id'), 'recovery_code', ['person_id'])
    op.create_table('passkey_challenge',
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('challenge', sa.String(length=64), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_passkey_challenge_person_id')),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_passkey_challenge'))
    )
    op.add_column('device', sa.Column('factor_at', sa.DateTime(timezone=True), nullable=True))
