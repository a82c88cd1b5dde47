"""name the answer that a mark judged."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_3'
down_revision = '2026_11_20_2'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('mark_event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('answer_id', sa.Integer(), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_mark_event_answer_id'), ['answer_id'])
        batch_op.create_foreign_key(batch_op.f('fk_mark_event_answer_id'), 'answer_event', ['answer_id'], ['id'])
