"""say how long certificates are valid, why one was replaced or revoked, and what a second form of signed content covers."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_24_30'
down_revision = '2026_11_24_31'
branch_labels = None
depends_on = None

IN_FORCE = sa.text('revoked_at IS NULL AND replaced_at IS NULL AND replaced_by_id IS NULL')


def upgrade() -> None:
    with op.batch_alter_table('course_version', schema=None) as batch_op:
        batch_op.add_column(sa.Column('certificate_valid', sa.String(length=12), server_default='', nullable=False))
    with op.batch_alter_table('credential', schema=None) as batch_op:
        batch_op.add_column(sa.Column('format', sa.Integer(), server_default='1', nullable=False))
        batch_op.add_column(sa.Column('institution_key', sa.String(length=36), server_default='', nullable=False))
        batch_op.add_column(sa.Column('template_version', sa.Integer(), server_default='1', nullable=False))
        batch_op.add_column(sa.Column('hours_basis', sa.String(length=200), server_default='', nullable=False))
        batch_op.add_column(sa.Column('take', sa.Integer(), server_default='1', nullable=False))
        batch_op.add_column(sa.Column('status_list', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('status_place', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('replaced_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('replaced_class', sa.String(length=10), server_default='', nullable=False))
        batch_op.add_column(sa.Column('replaced_reason', sa.Text(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('replaced_by', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('revoked_class', sa.String(length=18), server_default='', nullable=False))
        batch_op.create_foreign_key(batch_op.f('fk_credential_replaced_by'), 'person', ['replaced_by'], ['id'])
        batch_op.drop_index('uq_credential_valid')
        batch_op.create_index('uq_credential_valid', ['enrolment_id'], unique=True, sqlite_where=IN_FORCE, postgresql_where=IN_FORCE)
        batch_op.create_index('uq_credential_status', ['status_list', 'status_place'], unique=True)
