"""list certificates by the day of issue."""

from alembic import op

revision = '2026_11_25_3'
down_revision = '2026_11_25_2'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('credential', schema=None) as batch_op:
        batch_op.create_index('ix_credential_issued', ['issued_on', 'id'], unique=False)
