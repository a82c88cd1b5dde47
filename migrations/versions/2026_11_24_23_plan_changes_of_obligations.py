"""keep planned changes of obligations with their dry runs, and which versions hold from before they were recorded."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_24_23'
down_revision = '2026_11_24_10'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('planned_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('obligation_id', sa.Integer(), nullable=True),
    sa.Column('audience_id', sa.Integer(), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('based_on', sa.Integer(), nullable=False),
    sa.Column('effective_on', sa.Date(), nullable=False),
    sa.Column('is_retroactive', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(length=1000), nullable=False),
    sa.Column('state', sa.String(length=9), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('seen', sa.Integer(), nullable=False),
    sa.Column('reached', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('computed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('agreed', sa.Integer(), nullable=True),
    sa.Column('is_outdated', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('applied_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("(kind = 'audience') = (obligation_id IS NULL)", name=op.f('ck_planned_change_subject')),
    sa.CheckConstraint("(state = 'applied') = (applied_at IS NOT NULL)", name=op.f('ck_planned_change_applied')),
    sa.CheckConstraint("kind IN ('activate', 'version', 'end', 'audience')", name=op.f('ck_planned_change_kind')),
    sa.CheckConstraint("state IN ('planning', 'ready', 'applying', 'applied', 'discarded')", name=op.f('ck_planned_change_state')),
    sa.ForeignKeyConstraint(['applied_by'], ['person.id'], name=op.f('fk_planned_change_applied_by')),
    sa.ForeignKeyConstraint(['audience_id'], ['audience.id'], name=op.f('fk_planned_change_audience_id')),
    sa.ForeignKeyConstraint(['created_by'], ['person.id'], name=op.f('fk_planned_change_created_by')),
    sa.ForeignKeyConstraint(['obligation_id'], ['obligation.id'], name=op.f('fk_planned_change_obligation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_planned_change')),
    sa.UniqueConstraint('uuid', name=op.f('uq_planned_change_uuid'))
    )
    with op.batch_alter_table('planned_change', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_planned_change_audience_id'), ['audience_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_planned_change_obligation_id'), ['obligation_id'], unique=False)

    op.add_column('obligation_version', sa.Column('is_retroactive', sa.Boolean(), server_default=sa.false(), nullable=False))
