"""keep transcripts: what a person had completed when they made one, frozen and signed, with a code of its own."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_26_54'
down_revision = '2026_11_26_53'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('transcript',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('code', sa.String(length=16), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('key_id', sa.String(length=16), nullable=False),
    sa.Column('signature', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_transcript_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_transcript')),
    sa.UniqueConstraint('code', name=op.f('uq_transcript_code')),
    sa.UniqueConstraint('uuid', name=op.f('uq_transcript_uuid'))
    )
    with op.batch_alter_table('transcript', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_transcript_person_id'), ['person_id'], unique=False)
