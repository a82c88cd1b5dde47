"""Compulsory training at work: a changed rule, a preview, reminders of one morning, pages beside it (spec/compulsory K3, K4, K8, K10)."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, insert, select, text, update

from accounts.models import Person
from compliance import assignments, jobs, report
from compliance.models import Assignment, Obligation, ObligationVersion, Reminder
from compliance.report import ReportTime
from compliance.rules.documents import terms_document
from compliance.rules.terms import ExistingCompletions, WorkingDays
from kernel.db import Database
from kernel.outbox import Delivery
from lms.instance import Instance
from organisations.audience_kinds import AudienceScope
from organisations.audience_preview import preview
from organisations.models import AudienceStayRecord, Employment, Organisation
from organisations.rules.audience_drafts import read_yaml
from organisations.rules.audience_leaves import OWN_LEAVES
from organisations.tree import add_standing
from tests.bench.libraries import alternating, seconds
from tests.bench.pages import REQUESTS, ROUNDS, Bench, in_turns
from tests.bench.processes import processor_clock
from tests.bench.table import Row, ratio
from tests.bench.training import NOW, OBLIGATIONS, TrainedInstitution, fill_institution, report_request, statuses_and_report
from tests.bench.visitor import Visitor
from tests.loadtest.filling import SLUG
from tests.loadtest.journey import LESSON
from tests.support.obligations import BEGINNING, JOINED
from tests.support.training_cases import COURSE, QUITO, A
from tests.support.training_crowd import add_people, obligations_of, portions_of

PLANNED = 36_000
"""People of the specification, to whose number a figure that grows with the people is raised."""
MORNING = datetime(2026, 12, 16, 8, 30, tzinfo=QUITO)
"""The working day after the last day, when everybody is reminded who has not finished."""
CHANGED = NOW + timedelta(minutes=5)
DEMAND = replace(A, recorded_at=CHANGED, effective_on=CHANGED.date(), lowest_versions={COURSE: 2}, existing=ExistingCompletions.AGAIN)
"""A second version of an obligation, which asks those who completed the course to take it again."""


def training(instance: Instance) -> list[Row]:
    """spec/compulsory K1 to K7, K9, K10: statuses, report and files; a preview, a changed rule, a morning of reminders."""
    institution = fill_institution(instance)
    return [
        *statuses_and_report(instance, institution),
        *changed_rule(instance, institution),
        *morning_of_reminders(instance, institution),
        *rule_preview(instance, institution),
    ]


def deliver(instance: Instance, job: Callable[[Delivery], Any], now: datetime, **arguments: object) -> None:
    """Do a job as the worker does, with what it leaves to write."""
    write = job(Delivery(instance.database, instance.settings, 1, arguments, now))
    if write is not None:
        with instance.database.unit_of_work() as session:
            write(session)


def changed_rule(instance: Instance, institution: TrainedInstitution) -> list[Row]:
    """spec/compulsory K3: one obligation asks for a newer version of its course."""
    number, later = min(institution.audiences), CHANGED + timedelta(minutes=1)
    with instance.database.unit_of_work() as session:
        session.get_one(Obligation, number).latest = 2
        version = ObligationVersion(obligation_id=number, number=2, title={"es": "Norma", "en": "Rule"}, steps=("30",))
        version.terms, version.effective_on, version.recorded_at = json.dumps(terms_document(DEMAND)), DEMAND.effective_on, CHANGED
        session.add(version)
        mine = (Assignment.obligation_id == number, Assignment.state == "done")
        done = session.scalar(select(func.count()).where(*mine)) or 0

    began = time.process_time()
    deliver(instance, jobs.recompute_obligation, later, subject=number)
    _now, wanted = report_request(instance, institution, later)
    with instance.database.unit_of_work(write=False) as session:
        counted = report.count_states(session, ReportTime(later.date(), later, later), wanted, WorkingDays())
        written = session.scalar(select(func.count()).where(Assignment.obligation_id == number, Assignment.computed_at == later)) or 0
    spent = time.process_time() - began

    renewed = sum(tally.tally.states.get("renewal_due", 0) for (obligation, _place), tally in counted.items() if obligation == number)
    assert renewed == done > 0, "the report says so"
    people = len(institution.people)
    return [
        Row("K3", f"seconds until the report shows a changed rule, {PLANNED} people", spent * PLANNED / people, 60, 30, f"{people} people"),
        Row("K3", "unchanged statuses written by it", written - done, 0, 0, f"{done} changed"),
    ]


_RULE = (
    "any: [province: [Provincia 0, Provincia 1], all: [not: {post: director}, province: Provincia 2], entered: {months: {less: 3}}, "
    "person: ['S00001', 'S00002'], all: [province: Provincia 3, not: {person: 'S00003'}, entered: {from: 2020-01-01}], "
    "all: [not: {province: Provincia 4}, entered: {from: 2026-01-01}]]"
)
_EMPLOYED = (
    "FROM person p JOIN employment e ON e.person_id = p.id AND e.institution_id = :institution AND e.retracted_at IS NULL"
    " AND (e.left_on IS NULL OR e.left_on >= :today) AND (e.entered_on IS NULL OR e.entered_on <= :today)"
    " LEFT JOIN membership m ON m.person_id = p.id AND m.is_main AND m.until IS NULL"
    " LEFT JOIN organisation u ON u.id = m.organisation_id LEFT JOIN organisation r ON r.id = u.parent_id"
)
_MATCHES = (
    "(r.name_key IN ('provincia 0', 'provincia 1') OR (m.post_id IS NULL AND r.name_key = 'provincia 2') OR e.entered_on > '2026-08-20'"
    " OR e.staff_number IN ('S00001', 'S00002')"
    " OR (r.name_key = 'provincia 3' AND e.staff_number <> 'S00003' AND e.entered_on >= '2020-01-01')"
    " OR (r.name_key <> 'provincia 4' AND e.entered_on >= '2026-01-01'))"
)
_BARE_PREVIEW = [
    f"SELECT r.name, count(*), sum(CASE WHEN {_MATCHES} THEN 1 ELSE 0 END) {_EMPLOYED} GROUP BY r.name",
    *[f"SELECT p.given_names, p.first_surname {_EMPLOYED} WHERE {_MATCHES} ORDER BY p.name_key, p.id LIMIT 10"] * 2,
    f"SELECT sum(CASE WHEN m.post_id IS NULL THEN 1 ELSE 0 END), sum(CASE WHEN r.id IS NULL THEN 1 ELSE 0 END) {_EMPLOYED}",
]
"""What a preview shows, in bare SQL: people by province, the first names twice, and how many lack a value."""


def rule_preview(instance: Instance, institution: TrainedInstitution) -> list[Row]:
    """spec/compulsory K4: a rule of ten leaves before it is saved."""
    _employ(instance, institution)
    rule = read_yaml(_RULE, OWN_LEAVES).rule
    assert rule is not None
    scope, before = AudienceScope(institution.id, NOW.date()), read_yaml("province: Provincia 0", OWN_LEAVES).rule

    def ours() -> None:
        with instance.database.unit_of_work(write=False) as session:
            assert preview(session, rule, before, scope).total

    def bare() -> None:
        with instance.database.unit_of_work(write=False) as session:
            for statement in _BARE_PREVIEW:
                values = {"institution": institution.id, "today": NOW.date()}
                assert session.connection().execute(text(statement), values).all()

    pairs = alternating(ours, bare, 5, processor_clock(instance.database))
    bar = 2 if instance.database.is_sqlite else 3
    return [ratio("K4", f"preview of a rule of ten leaves over {PLANNED} people", pairs, bar, 1.5)]


def _employ(instance: Instance, institution: TrainedInstitution) -> None:
    """Let as many people as the specification speaks of work there: only the count grows with them."""
    with instance.database.unit_of_work(write=False) as session:
        places = list(session.scalars(select(Organisation.id).where(Organisation.kind == "unit").order_by(Organisation.id)))
    more = PLANNED - len(institution.people)
    first = add_people(instance, places, more, "empleado")
    people = [*institution.people, *range(first, first + more)]
    rows = (
        {"person_id": person, "institution_id": institution.id, "staff_number": f"S{number:05}", "recorded_at": BEGINNING}
        | {"entered_on": date(2015 + number % 11, 1 + number % 12, 1)}
        for number, person in enumerate(people)
    )
    with instance.database.unit_of_work() as session:
        for portion in portions_of(rows):
            session.execute(insert(Employment), portion)
        session.connection().exec_driver_sql("ANALYZE")


_REMIND = text("UPDATE assignment SET remind_at = :now, planned = planned WHERE id = :id")
_NOTE = text(
    "INSERT INTO reminder (assignment_id, cycle, kind, step, due_on, at, reason, notice_key)"
    " VALUES (:id, :cycle, 'asked', 0, :day, :now, '', '')"
)


def morning_of_reminders(instance: Instance, institution: TrainedInstitution) -> list[Row]:
    """spec/compulsory K10: everybody who has not finished is reminded on the morning after the last day."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(email_confirmed_at=BEGINNING))
    for number in institution.audiences:
        deliver(instance, jobs.recompute_obligation, MORNING - timedelta(hours=1), subject=number)
    clock = processor_clock(instance.database)
    spent = seconds(lambda: deliver(instance, jobs.remind, MORNING), clock=clock)
    reminded = _reminded(instance)
    assert len(reminded) > len(institution.people), "of several obligations each"
    deliver(instance, jobs.remind, MORNING)
    again = len(_reminded(instance))

    def bare(cycle: int) -> None:
        values = {"now": MORNING.astimezone(UTC), "day": MORNING.date(), "cycle": cycle}
        for start in range(0, len(reminded), assignments.PORTION):
            rows = [{"id": number, **values} for number in reminded[start : start + assignments.PORTION]]
            with instance.database.unit_of_work() as session:
                session.connection().execute(_REMIND, [{"id": row["id"], "now": row["now"]} for row in rows])
                session.connection().execute(_NOTE, rows)

    pairs = [(spent, seconds(partial(bare, 99 + round_), clock=clock)) for round_ in range(ROUNDS)]
    return [
        ratio("K10", f"{len(reminded)} reminders of one morning against bare rows", pairs, 30, 15, "s", 1),
        Row("K10", "reminders that a second run sends again", again - len(reminded), 0, 0),
    ]


def _reminded(instance: Instance) -> list[int]:
    with instance.database.unit_of_work(write=False) as session:
        sent = (Reminder.due_on == MORNING.date(), Reminder.reason == "")
        return list(session.scalars(select(Reminder.assignment_id).where(*sent).order_by(Reminder.id)))


def pages_beside_training(bench: Bench) -> list[Row]:
    """spec/compulsory K8: home and lesson of somebody with twenty obligations, against somebody with none."""
    plain, required = bench.entered(), bench.ours.visitor()
    [email] = bench.emails(1)
    _require(bench.database, email)
    required.enter(email, bench.password)
    lessons = {visitor: LESSON.findall(visitor.sees(f"/courses/{SLUG}", "<h1"))[0] for visitor in (plain, required)}

    def pairs(path: Callable[[Visitor], str]) -> list[tuple[float, float]]:
        def cost(visitor: Visitor) -> float:
            before = bench.ours.cpu()
            for _time in range(REQUESTS):
                visitor.sees(path(visitor), "<h1")
            visitor.rest()  # the other one's turn may last longer than a server keeps a connection
            return (bench.ours.cpu() - before) / REQUESTS

        cost(required), cost(plain)
        return in_turns(lambda: cost(required), lambda: cost(plain))

    return [
        ratio("K8", f"lesson with {OBLIGATIONS} obligations against none", pairs(lessons.__getitem__), 1.1, 1.05),
        ratio("K8", f"home with {OBLIGATIONS} obligations against none", pairs(lambda _visitor: "/learning"), 2, 1.5),
    ]


def _require(database: Database, email: str) -> None:
    with database.unit_of_work() as session:
        person = session.scalars(select(Person.id).where(Person.email == email)).one()
        root = Organisation(kind="institution", name="Instituto que obliga", name_key="instituto que obliga", created_at=BEGINNING)
        session.add(root)
        session.flush()
        add_standing(session, root.id, None, now=BEGINNING)
        number = root.id
    obligations_of(database, number, OBLIGATIONS, SLUG)
    with database.unit_of_work() as session:
        audiences = session.scalars(select(Obligation.audience_id).where(Obligation.institution_id == number))
        rows = [{"audience_id": one, "person_id": person, "since_on": JOINED, "recorded_at": BEGINNING} for one in audiences]
        session.execute(insert(AudienceStayRecord), rows)
        assert assignments.recompute_next(session, number, 0, now=NOW).written == OBLIGATIONS
