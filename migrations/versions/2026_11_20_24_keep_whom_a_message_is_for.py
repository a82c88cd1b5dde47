"""keep whom a message is for."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_24'
down_revision = '2026_11_20_23'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('message_recipient',
    sa.Column('announcement_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['announcement_id'], ['announcement.id'], name=op.f('fk_message_recipient_announcement_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_message_recipient_person_id')),
    sa.PrimaryKeyConstraint('announcement_id', 'person_id', name=op.f('pk_message_recipient'))
    )
    op.create_index('ix_message_recipient_person_id', 'message_recipient', ['person_id'])

