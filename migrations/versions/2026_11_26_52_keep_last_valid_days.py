"""keep the last valid day with each completion, and how certificates are renewed."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_26_52'
down_revision = '2026_11_25_45'
branch_labels = None
depends_on = None

IN_FORCE = 'credential.revoked_at IS NULL AND credential.replaced_at IS NULL AND credential.replaced_by_id IS NULL'


def upgrade() -> None:
    with op.batch_alter_table('course_version', schema=None) as batch_op:
        batch_op.add_column(sa.Column('certificate_renew', sa.String(length=12), server_default='', nullable=False))
        batch_op.add_column(sa.Column('certificate_basis', sa.String(length=10), server_default='', nullable=False))
    with op.batch_alter_table('completion', schema=None) as batch_op:
        batch_op.add_column(sa.Column('valid_until', sa.Date(), nullable=True))
    with op.batch_alter_table('done_fact', schema=None) as batch_op:
        batch_op.add_column(sa.Column('valid_until', sa.Date(), nullable=True))
    op.execute(
        'UPDATE completion SET valid_until = ('
        f'SELECT MAX(credential.expires_on) FROM credential WHERE credential.enrolment_id = completion.enrolment_id AND {IN_FORCE}) '
        'WHERE EXISTS (SELECT 1 FROM credential WHERE credential.enrolment_id = completion.enrolment_id '
        f'AND credential.expires_on IS NOT NULL AND {IN_FORCE})'
    )
