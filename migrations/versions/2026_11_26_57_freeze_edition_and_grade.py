"""freeze the edition and, where the course says so, the grade on certificates."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_57"
down_revision = "2026_11_26_56"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("credential", sa.Column("edition_title", sa.String(length=100), server_default="", nullable=False))
    op.add_column("credential", sa.Column("edition_from", sa.Date(), nullable=True))
    op.add_column("credential", sa.Column("edition_until", sa.Date(), nullable=True))
    op.add_column("credential", sa.Column("grade", sa.Numeric(precision=5, scale=2), nullable=True))
    op.add_column("course_version", sa.Column("print_grade", sa.Boolean(), server_default=sa.false(), nullable=False))
