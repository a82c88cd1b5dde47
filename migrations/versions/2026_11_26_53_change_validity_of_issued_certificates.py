"""change the validity of certificates already issued: which version's, for which course, how far the work is."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_26_53'
down_revision = '2026_11_26_52'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('validity_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('requested_by', sa.Integer(), nullable=True),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_validity_change_course_id')),
    sa.ForeignKeyConstraint(['requested_by'], ['person.id'], name=op.f('fk_validity_change_requested_by')),
    sa.ForeignKeyConstraint(['version_id'], ['course_version.id'], name=op.f('fk_validity_change_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_validity_change')),
    sa.UniqueConstraint('uuid', name=op.f('uq_validity_change_uuid'))
    )
    with op.batch_alter_table('validity_change', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_validity_change_course_id'), ['course_id'], unique=False)
