"""publish status lists

A list has a seed, which chooses the places that are set without a credential; lists that began before have none. An index finds what is not in
force any more.
"""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_25_40'
down_revision = '2026_11_25_3'
branch_labels = None
depends_on = None

ENDED = '(revoked_at IS NOT NULL OR replaced_at IS NOT NULL OR replaced_by_id IS NOT NULL)'


def upgrade() -> None:
    op.create_table(
        'status_list',
        sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('seed', sa.LargeBinary(), nullable=False),
        sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('number', name=op.f('pk_status_list')),
    )
    begun = (
        'INSERT INTO status_list (number, seed, begun_at) SELECT status_list, :seed, MIN(issued_at) FROM credential '
        'WHERE status_list IS NOT NULL GROUP BY status_list'
    )
    op.get_bind().execute(sa.text(begun).bindparams(sa.bindparam('seed', b'', sa.LargeBinary())))
    with op.batch_alter_table('credential', schema=None) as batch_op:
        batch_op.create_index('ix_credential_ended', ['status_list'], unique=False, sqlite_where=sa.text(ENDED), postgresql_where=sa.text(ENDED))
