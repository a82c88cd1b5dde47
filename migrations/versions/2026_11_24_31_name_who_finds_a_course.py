"""keep the units and audiences for which a course version is visible."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_24_31'
down_revision = '2026_11_24_28'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('version_viewer',
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.CheckConstraint("kind IN ('unit', 'audience')", name=op.f('ck_version_viewer_kind')),
    sa.ForeignKeyConstraint(['version_id'], ['course_version.id'], name=op.f('fk_version_viewer_version_id')),
    sa.PrimaryKeyConstraint('version_id', 'kind', 'key', name=op.f('pk_version_viewer'))
    )
