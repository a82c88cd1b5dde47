"""let instructors make courses."""

from alembic import op

revision = '2026_11_20_12'
down_revision = '2026_11_20_11'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('role_grant', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_role_grant_role'), type_='check')
        batch_op.create_check_constraint(op.f('ck_role_grant_role'), "role IN ('administrator', 'instructor')")
