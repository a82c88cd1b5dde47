"""Keep the places in editions and groups that learners had; those that ended before are read from the audit log."""

import json
from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = '2026_12_09_01'
down_revision = '2026_12_08_02'
branch_labels = None
depends_on = None

OF_EDITIONS = "SELECT at, verb, subject_id, facts FROM audit_entry WHERE verb IN ('enrolment.started', 'enrolment.left') AND facts LIKE '%\"edition\": %'"
OF_GROUPS = "SELECT at, verb, subject_id, facts FROM audit_entry WHERE verb = 'group.changed' AND facts LIKE '%\"removed\": %'"


def upgrade() -> None:
    former = op.create_table(
        'former_place',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('enrolment_id', sa.Integer(), nullable=False),
        sa.Column('edition_id', sa.Integer(), nullable=True),
        sa.Column('group_id', sa.Integer(), nullable=True),
        sa.Column('ended_at', sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('(edition_id IS NULL) <> (group_id IS NULL)', name=op.f('ck_former_place_whose')),
        sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_former_place_edition_id')),
        sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_former_place_enrolment_id')),
        sa.ForeignKeyConstraint(['group_id'], ['learner_group.id'], name=op.f('fk_former_place_group_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_former_place')),
    )
    with op.batch_alter_table('former_place', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_former_place_enrolment_id'), ['enrolment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_former_place_group_id'), ['group_id'], unique=False)
    rows = [*_of_editions(), *_of_groups()]
    for start in range(0, len(rows), 1000):
        op.bulk_insert(former, rows[start : start + 1000])


def _read(statement: str) -> Iterator[tuple[datetime, int, dict[str, object]]]:
    entries = sa.text(statement).columns(at=sa.DateTime(timezone=True))
    for at, _verb, subject, facts in op.get_bind().execute(entries):
        yield at, subject, json.loads(facts)


def _of_editions() -> list[dict[str, object]]:
    """Return a place for every enrolment that the log knows in an edition in which it has none now, with when it is last named there."""
    connection = op.get_bind()
    present = {tuple(row) for row in connection.execute(sa.text("SELECT enrolment_id, edition_id FROM edition_place"))}
    takes = set(connection.scalars(sa.text("SELECT id FROM enrolment")))
    editions = set(connection.scalars(sa.text("SELECT id FROM edition")))
    last: dict[tuple[int, int], datetime] = {}
    for at, subject, facts in _read(OF_EDITIONS):
        edition = facts.get("edition")
        for take in (subject, facts.get("heir")):
            if take in takes and edition in editions and (take, edition) not in present:
                last[take, edition] = max(at, last.get((take, edition), at))
    return [{"enrolment_id": take, "edition_id": edition, "group_id": None, "ended_at": at} for (take, edition), at in last.items()]


def _of_groups() -> list[dict[str, object]]:
    """Return a place for the takes, begun by then, of everybody whom the log knows as taken out of a group."""
    connection = op.get_bind()
    courses = dict(connection.execute(sa.text("SELECT id, course_id FROM learner_group")).all())
    present = {tuple(row) for row in connection.execute(sa.text("SELECT enrolment_id, group_id FROM group_member"))}
    of_person = sa.text("SELECT id, enrolled_at FROM enrolment WHERE person_id = :person AND course_id = :course").columns(
        enrolled_at=sa.DateTime(timezone=True)
    )
    rows = []
    for at, group, facts in _read(OF_GROUPS):
        for person in facts["removed"] if group in courses else ():
            takes = connection.execute(of_person, {"person": person, "course": courses[group]}).all()
            rows += [
                {"enrolment_id": take, "edition_id": None, "group_id": group, "ended_at": at}
                for take, enrolled_at in takes
                if enrolled_at <= at and (take, group) not in present
            ]
    return rows
