"""keep incidents of sittings."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_30_60'
down_revision = '2026_11_30_50'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('selection_incident',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('selection_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('seen', sa.Text(), nullable=False),
    sa.Column('question', sa.Text(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by', sa.Integer(), nullable=False),
    sa.Column('answer_by', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answer', sa.Text(), server_default='', nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.String(length=8), server_default='', nullable=False),
    sa.Column('ground', sa.Text(), server_default='', nullable=False),
    sa.Column('proposed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('proposed_by', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("kind IN ('sessions', 'absences', 'rapid')", name=op.f('ck_selection_incident_kind')),
    sa.CheckConstraint("outcome IN ('', 'nothing', 'repeat', 'excluded')", name=op.f('ck_selection_incident_outcome')),
    sa.CheckConstraint('decided_by IS NULL OR decided_by <> proposed_by', name=op.f('ck_selection_incident_two_people')),
    sa.ForeignKeyConstraint(['asked_by'], ['person.id'], name=op.f('fk_selection_incident_asked_by')),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], name=op.f('fk_selection_incident_attempt_id')),
    sa.ForeignKeyConstraint(['decided_by'], ['person.id'], name=op.f('fk_selection_incident_decided_by')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_selection_incident_person_id')),
    sa.ForeignKeyConstraint(['proposed_by'], ['person.id'], name=op.f('fk_selection_incident_proposed_by')),
    sa.ForeignKeyConstraint(['selection_id'], ['selection.id'], name=op.f('fk_selection_incident_selection_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_selection_incident')),
    sa.UniqueConstraint('selection_id', 'attempt_id', 'kind', name=op.f('uq_selection_incident_selection_id_attempt_id_kind')),
    sa.UniqueConstraint('uuid', name=op.f('uq_selection_incident_uuid'))
    )
    with op.batch_alter_table('selection_incident', schema=None) as batch_op:
        batch_op.create_index('ix_selection_incident_person', ['person_id'], unique=False)

