"""note what differs from actas of selections, and of which take each of their lines is."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_30_50"
down_revision = "2026_11_30_41"
branch_labels = None
depends_on = None

TAKE_OF_LINE = """
UPDATE acta_line SET enrolment_id = (
    SELECT max(enrolment.id) FROM enrolment
    JOIN selection ON selection.course_id = enrolment.course_id
    JOIN selection_acta ON selection_acta.selection_id = selection.id
    WHERE selection_acta.id = acta_line.acta_id AND enrolment.person_id = acta_line.person_id
)
"""


def upgrade() -> None:
    op.create_table(
        "acta_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("acta_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.String(length=8), nullable=False),
        sa.Column("results", sa.Integer(), nullable=False),
        sa.Column("outcomes", sa.Integer(), nullable=False),
        sa.Column("ranks", sa.Integer(), nullable=False),
        sa.Column("others", sa.Integer(), nullable=False),
        sa.Column("differences", sa.Text(), nullable=False),
        sa.CheckConstraint("(closed_at IS NULL) = (ending = '')", name=op.f("ck_acta_correction_closed")),
        sa.CheckConstraint("ending IN ('', 'amended', 'reverted')", name=op.f("ck_acta_correction_ending")),
        sa.ForeignKeyConstraint(["acta_id"], ["selection_acta.id"], name=op.f("fk_acta_correction_acta_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acta_correction")),
    )
    with op.batch_alter_table("acta_correction", schema=None) as batch_op:
        batch_op.create_index("ix_acta_correction_acta", ["acta_id"], unique=False)
        batch_op.create_index(
            "uq_acta_correction_open",
            ["acta_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
    with op.batch_alter_table("selection_acta", schema=None) as batch_op:
        batch_op.add_column(sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("acta_line", schema=None) as batch_op:
        batch_op.add_column(sa.Column("enrolment_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("changed", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_foreign_key(batch_op.f("fk_acta_line_enrolment_id"), "enrolment", ["enrolment_id"], ["id"])
    op.execute(TAKE_OF_LINE)
