"""Keep what two of a jury decide."""

import sqlalchemy as sa
from alembic import op

revision = '2026_12_09_02'
down_revision = '2026_12_09_01'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'jury_decision',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('uuid', sa.Uuid(), nullable=False),
        sa.Column('selection_id', sa.Integer(), nullable=False),
        sa.Column('matter', sa.String(length=13), nullable=False),
        sa.Column('person_id', sa.Integer(), nullable=False),
        sa.Column('attempt_id', sa.Integer(), nullable=True),
        sa.Column('item_id', sa.Integer(), nullable=True),
        sa.Column('act_values', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('requested_by', sa.Integer(), nullable=False),
        sa.Column('agreed_by', sa.Integer(), nullable=True),
        sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('closed_by', sa.Integer(), nullable=True),
        sa.Column('outcome', sa.String(length=8), server_default='', nullable=False),
        sa.CheckConstraint("outcome IN ('', 'decided', 'declined')", name=op.f('ck_jury_decision_outcome')),
        sa.CheckConstraint("(closed_at IS NULL) = (outcome = '')", name=op.f('ck_jury_decision_closed')),
        sa.CheckConstraint("outcome <> 'decided' OR closed_by <> agreed_by", name=op.f('ck_jury_decision_two_people')),
        *(
            sa.ForeignKeyConstraint([column], [f'{table}.id'], name=op.f(f'fk_jury_decision_{column}'))
            for column, table in (
                ('selection_id', 'selection'),
                ('person_id', 'person'),
                ('attempt_id', 'attempt'),
                ('item_id', 'attempt_item'),
                ('requested_by', 'person'),
                ('agreed_by', 'person'),
                ('closed_by', 'person'),
            )
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_jury_decision')),
        sa.UniqueConstraint('uuid', name=op.f('uq_jury_decision_uuid')),
    )
    with op.batch_alter_table('jury_decision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_jury_decision_attempt_id'), ['attempt_id'], unique=False)
        batch_op.create_index('ix_jury_decision_person', ['person_id'], unique=False)
        batch_op.create_index('ix_jury_decision_selection', ['selection_id', 'closed_at'], unique=False)
