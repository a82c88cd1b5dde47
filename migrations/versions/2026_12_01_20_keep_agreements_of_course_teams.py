"""keep what course teams answered to compulsory training; what is in force already counts as agreed."""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "2026_12_01_20"
down_revision = "2026_12_01_10"
branch_labels = None
depends_on = None

IN_FORCE = """
    SELECT obligation.id, version.terms FROM obligation
    JOIN obligation_version AS version ON version.obligation_id = obligation.id WHERE obligation.state = 'active'
"""


def courses_of(requirement):
    """Return the course of every leaf of a requirement as versions store it."""
    if "course" in requirement:
        return [requirement["course"]]
    return [course for parts in requirement.values() for part in parts for course in courses_of(part)]


def upgrade() -> None:
    agreement = op.create_table(
        "course_agreement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("obligation_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.CheckConstraint("(agreed IS NULL) = (decided_at IS NULL)", name=op.f("ck_course_agreement_decided")),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"], name=op.f("fk_course_agreement_obligation_id")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_agreement_course_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_course_agreement_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_course_agreement_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_agreement")),
        sa.UniqueConstraint("obligation_id", "course_id", name=op.f("uq_course_agreement_obligation_id_course_id")),
    )
    op.create_index("ix_course_agreement_course_id", "course_agreement", ["course_id"])
    with op.batch_alter_table("cycle_enrolment") as table:
        table.drop_constraint(op.f("ck_cycle_enrolment_obstacle"), type_="check")
        table.create_check_constraint(
            op.f("ck_cycle_enrolment_obstacle"),
            "obstacle IN ('unpublished', 'archived', 'not_agreed', 'edition_closed', 'edition_full', 'work_open')",
        )
    _count_as_agreed(agreement)


def _count_as_agreed(agreement: sa.Table) -> None:
    """Write the agreement of every course that an obligation in force requires, so that it goes on enrolling people."""
    connection, now = op.get_bind(), datetime.now(UTC)
    courses = dict(connection.execute(sa.text("SELECT slug, id FROM course")).all())
    pairs = {
        (number, courses[slug])
        for number, terms in connection.execute(sa.text(IN_FORCE))
        for slug in courses_of(json.loads(terms)["requirement"])
        if slug in courses
    }
    agreed = {"agreed": True, "asked_at": now, "decided_at": now, "reason": ""}
    if pairs:
        connection.execute(agreement.insert(), [{"obligation_id": pair[0], "course_id": pair[1], **agreed} for pair in sorted(pairs)])
