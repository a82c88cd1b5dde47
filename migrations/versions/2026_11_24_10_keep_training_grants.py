"""keep who is training officer or auditor of a place."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_24_10'
down_revision = '2026_11_24_22'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('training_grant',
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.String(length=7), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('granted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('granted_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("role IN ('officer', 'auditor')", name=op.f('ck_training_grant_role')),
    sa.ForeignKeyConstraint(['granted_by'], ['person.id'], name=op.f('fk_training_grant_granted_by')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_training_grant_organisation_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_training_grant_person_id')),
    sa.PrimaryKeyConstraint('person_id', 'role', 'organisation_id', name=op.f('pk_training_grant'))
    )
    with op.batch_alter_table('training_grant', schema=None) as batch_op:
        batch_op.create_index('ix_training_grant_organisation', ['organisation_id'], unique=False)
