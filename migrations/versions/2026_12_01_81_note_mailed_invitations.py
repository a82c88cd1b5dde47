"""note which invitations went out by mail: their links confirm the address"""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_81"
down_revision = "2026_12_01_80"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrolment_invitation", sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True))
