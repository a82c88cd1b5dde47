"""keep files of answers."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_6'
down_revision = '2026_11_20_5'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('answer_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('stored_file_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('uploaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['attempt_item.id'], name=op.f('fk_answer_file_item_id')),
    sa.ForeignKeyConstraint(['stored_file_id'], ['stored_file.id'], name=op.f('fk_answer_file_stored_file_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_answer_file')),
    sa.UniqueConstraint('uuid', name=op.f('uq_answer_file_uuid'))
    )
    with op.batch_alter_table('answer_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_answer_file_item_id'), ['item_id'], unique=False)
