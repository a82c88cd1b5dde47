"""keep the names that people had, and where the present one comes from."""

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_10"
down_revision = "2026_11_30_96"
branch_labels = None
depends_on = None

DECLARED = """
    INSERT INTO person_name (person_id, given_names, first_surname, second_surname, name_key, source, since, decided_by,
                             request_reason, decision_reason)
    SELECT person.id, person.given_names, person.first_surname, person.second_surname, person.name_key, 'self', entry.at, entry.actor_id,
           '', ''
    FROM person JOIN audit_entry AS entry ON entry.id = (
        SELECT max(act.id) FROM audit_entry AS act
        WHERE act.subject_kind = 'person' AND act.subject_id = person.id AND (
            act.verb = 'account.signed_up'
            OR act.verb = 'account.profile_changed' AND (act.facts LIKE '%"given_names"%' OR act.facts LIKE '%_surname"%')
        )
    )
    WHERE EXISTS (SELECT 1 FROM employment WHERE employment.person_id = person.id AND employment.retracted_at IS NULL)
      AND (
        entry.verb = 'account.profile_changed' AND entry.actor_id = person.id
        OR entry.verb = 'account.signed_up' AND NOT EXISTS (
            SELECT 1 FROM employment AS numbered
            WHERE numbered.person_id = person.id AND numbered.staff_number IS NOT NULL AND numbered.retracted_at IS NULL
        )
      )
"""
"""Who has an employment and said their name last themselves, as the audit log knows; a staff number is a list's, which says names too."""


def upgrade() -> None:
    present, requested = sa.text("since IS NOT NULL AND until IS NULL"), sa.text("since IS NULL AND decided_at IS NULL")
    op.create_table(
        "person_name",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("given_names", sa.String(length=300), nullable=False),
        sa.Column("first_surname", sa.String(length=300), nullable=False),
        sa.Column("second_surname", sa.String(length=300), nullable=False),
        sa.Column("name_key", sa.String(length=1000), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("request_reason", sa.String(length=500), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decision_reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint("source IN ('initial', 'self', 'list', 'correction', 'merge')", name=op.f("ck_person_name_source")),
        sa.CheckConstraint("since IS NOT NULL OR requested_at IS NOT NULL", name=op.f("ck_person_name_begins")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_name_person_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_person_name_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_name")),
    )
    op.create_index("ix_person_name_person_id", "person_name", ["person_id"])
    for name, condition in (("uq_person_name_present", present), ("uq_person_name_requested", requested)):
        op.create_index(name, "person_name", ["person_id"], unique=True, sqlite_where=condition, postgresql_where=condition)
    op.execute(DECLARED)
    for name in ("taken_names", "skipped_names"):
        op.add_column("pending_load", sa.Column(name, sa.Text(), server_default="[]", nullable=False))
    op.add_column("credential", sa.Column("name_basis", sa.String(length=8), server_default="", nullable=False))
