"""keep actas of compulsory training: their scope, moments and maker, and the digest of their numbers."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_25_45'
down_revision = '2026_11_25_44'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('training_acta',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=16), nullable=False),
    sa.Column('place_id', sa.Integer(), nullable=False),
    sa.Column('obligation_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('known', sa.DateTime(timezone=True), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.CheckConstraint('known >= at', name=op.f('ck_training_acta_known')),
    sa.ForeignKeyConstraint(['made_by'], ['person.id'], name=op.f('fk_training_acta_made_by')),
    sa.ForeignKeyConstraint(['obligation_id'], ['obligation.id'], name=op.f('fk_training_acta_obligation_id')),
    sa.ForeignKeyConstraint(['place_id'], ['organisation.id'], name=op.f('fk_training_acta_place_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_training_acta')),
    sa.UniqueConstraint('code', name=op.f('uq_training_acta_code')),
    sa.UniqueConstraint('uuid', name=op.f('uq_training_acta_uuid'))
    )
    with op.batch_alter_table('training_acta', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_training_acta_made_by'), ['made_by'], unique=False)
        batch_op.create_index(batch_op.f('ix_training_acta_obligation_id'), ['obligation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_training_acta_place_id'), ['place_id'], unique=False)
