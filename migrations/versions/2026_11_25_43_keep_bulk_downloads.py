"""keep bulk downloads of certificates, with the files of each."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_25_43'
down_revision = '2026_11_25_42'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('bulk_download',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=True),
    sa.Column('requested_by', sa.Integer(), nullable=True),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('credentials', sa.Text(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('is_waiting', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ready_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('place >= 0 AND place <= done AND done <= total', name=op.f('ck_bulk_download_place')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_bulk_download_course_id')),
    sa.ForeignKeyConstraint(['requested_by'], ['person.id'], name=op.f('fk_bulk_download_requested_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bulk_download')),
    sa.UniqueConstraint('uuid', name=op.f('uq_bulk_download_uuid'))
    )
    with op.batch_alter_table('bulk_download', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_bulk_download_course_id'), ['course_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_bulk_download_requested_by'), ['requested_by'], unique=False)

    op.create_table('bulk_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('ready_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('download_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('first', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['download_id'], ['bulk_download.id'], name=op.f('fk_bulk_file_download_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bulk_file')),
    sa.UniqueConstraint('download_id', 'number', name=op.f('uq_bulk_file_download_id_number')),
    sa.UniqueConstraint('uuid', name=op.f('uq_bulk_file_uuid'))
    )
