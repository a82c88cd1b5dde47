"""leave one's own record out of what is set, ended and given for many, until somebody else applies it."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_4"
down_revision = "2026_11_22_3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("set_applied_by", "end_applied_by"):
        with op.batch_alter_table("quiz_override") as batch:
            batch.add_column(sa.Column(name, sa.Integer(), nullable=True))
            batch.create_foreign_key(batch.f(f"fk_quiz_override_{name}"), "person", [name], ["id"])
    op.add_column("incident_attempt", sa.Column("applied", sa.Boolean(), server_default=sa.true(), nullable=False))
    # What held before goes on holding for whom it held; time that was taken back is not there any more.
    op.execute("UPDATE quiz_override SET set_applied_by = created_by, end_applied_by = ended_by")
    op.execute("""
        UPDATE incident_attempt SET applied = false
        WHERE EXISTS (SELECT 1 FROM incident WHERE incident.id = incident_attempt.incident_id AND incident.undone_at IS NOT NULL)
    """)
