"""Replay: the stored statuses are those of the records, at every moment; what differs is found and told (spec/compulsory 7.3 and 13.1)."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from compliance import assignments, obligations
from compliance.assignments import ReplayMoments, StatusDifference, list_differences, walk_differences, walk_present_differences
from compliance.cli import compliance
from compliance.models import AccountFact, Assignment, AssignmentState, DoneFact, Obligation, PlannedChange, Waiver
from compliance.obligations import ObligationValues
from compliance.records import ObligationRules, PeopleRecords, get_rules
from courses.models import Course
from kernel.audit import AuditEntry
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM, Actor
from lms import erasure
from lms.deployment import RULES
from lms.erasure import MergePair
from lms.instance import Instance
from lms.queries import count_differing_statuses
from organisations.models import Audience
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_person, an_administrator, sign_in
from tests.support.certificates import complete
from tests.support.learning import At, enrolment_of
from tests.support.obligations import (
    BEGINNING,
    an_audience_with_authors,
    an_obligation,
    assignment_of,
    compute,
    compute_everything,
    let_stay,
    rules_of,
)
from tests.support.scenes import scene
from tests.support.takes import read
from tests.support.training_cases import QUITO
from tests.support.wording import in_spanish

Harm = Callable[[Session], object]


def noon(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 12, tzinfo=QUITO)


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a published course of one module."""
    return a_course(instance, modules=1, settings="attempts: 0\n")


@pytest.fixture
def audience(instance: Instance) -> Audience:
    """Return an audience, with two people who write obligations."""
    return an_audience_with_authors(instance)


@pytest.fixture
@scene
def obligation(instance: Instance, audience: Audience, course: Course) -> Obligation:
    """Return an obligation under which Ana has been since January, whose status was computed in March and after the deadline."""
    row = an_obligation(instance, audience, rules_of(course))
    person = a_person(instance)
    let_stay(instance, audience, person)
    compute(instance, row, [person.id], now=noon(3, 1))
    compute(instance, row, [person.id], now=noon(12, 20))
    return row


def differences(
    instance: Instance, obligation: Obligation, now: datetime, at: datetime | None = None, known: datetime | None = None
) -> list[tuple[str, str]]:
    moments = ReplayMoments(at or now, known or now, now)
    found = [row for _people, portion in walk_differences(instance.database, obligation.id, moments) for row in portion]
    return [(row.stored, row.computed) for row in found]


def harm(instance: Instance, act: Harm) -> None:
    with instance.database.unit_of_work() as session:
        act(session)


def test_what_is_stored_is_what_the_records_give_at_every_moment(instance: Instance, obligation: Obligation) -> None:
    """spec/compulsory 7.3: before the audience, within, by the clock alone, after the deadline."""
    now = noon(12, 28)
    moments = [noon(1, 5), noon(1, 20), noon(3, 1), noon(11, 30), noon(12, 16), noon(12, 20), now]

    assert [differences(instance, obligation, now, at, known) for known in moments for at in moments if at <= known] == [[]] * 28


@pytest.mark.parametrize(
    ("act", "found"),
    [
        (lambda session: session.execute(update(Assignment).values(state="done")), ("done | overdue", "overdue")),
        (lambda session: session.execute(update(Assignment).values(flags="started")), ("overdue started | overdue", "overdue")),
        (
            lambda session: session.execute(update(AssignmentState).where(AssignmentState.valid_to.is_(None)).values(state="waived")),
            ("overdue | waived", "overdue"),
        ),
        (lambda session: session.execute(delete(AssignmentState).where(AssignmentState.valid_to.is_(None))), ("overdue", "overdue")),
        (
            lambda session: session.execute(update(AssignmentState).values(valid_to=None)),
            ("overdue | not_started", "overdue"),
        ),
        (
            lambda session: (session.execute(delete(AssignmentState)), session.execute(delete(Assignment))),
            ("", "overdue"),
        ),
        (
            lambda session: session.add(AccountFact(person_id=session.scalars(select(Assignment.person_id)).one(), closed_at=noon(11, 1))),
            ("overdue", "not_required account"),
        ),
    ],
    ids=["state", "flags", "history", "row gone", "row that should have ended", "nothing stored", "fact slipped in"],
)
def test_what_differs_is_found(instance: Instance, obligation: Obligation, act: Harm, found: tuple[str, str]) -> None:
    """spec/compulsory 7.3."""
    harm(instance, act)

    assert differences(instance, obligation, noon(12, 28)) == [found]


def test_what_a_job_has_yet_to_follow_is_passed_over_for_an_hour(instance: Instance, obligation: Obligation) -> None:
    """spec/compulsory 7.3: a difference is what stays; a stay recorded just now is followed within minutes."""
    audience = read(instance, lambda session: session.scalars(select(Audience)).one())
    let_stay(instance, audience, a_person(instance, "eva@example.org"), date(2026, 12, 1), now=noon(12, 28))

    assert differences(instance, obligation, noon(12, 28) + timedelta(minutes=59)) == []
    assert differences(instance, obligation, noon(12, 28) + timedelta(minutes=61)) == [("", "not_started")], "fifteen days from the record"


def test_a_lost_job_is_found_by_what_it_should_have_followed(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 7.4: a completion on record that no status knows of."""
    obligation = an_obligation(instance, audience, rules_of(course))
    learner = complete(instance, course)
    let_stay(instance, audience, learner)
    compute(instance, obligation, [learner.person_id or 0], now=noon(5, 1))
    enrolment = enrolment_of(instance, learner, course)
    compute(instance, obligation, [learner.person_id or 0], now=noon(6, 2))
    fact = DoneFact(
        person_id=learner.person_id,
        course_id=course.id,
        enrolment_id=enrolment.id,
        version=1,
        achieved_at=noon(6, 3),
        recorded_at=noon(6, 3),
    )
    harm(instance, lambda session: session.add(fact))

    assert differences(instance, obligation, noon(6, 4)) == [("not_started", "done")]


def closed(moment: datetime) -> Harm:
    """Return what closes the account of the only person with a status, as the job that follows a suspension does."""
    return lambda session: session.add(AccountFact(person_id=session.scalars(select(Assignment.person_id)).one(), closed_at=moment))


def waived(moment: datetime) -> Harm:
    """Return what approves a waiver of theirs for the whole winter."""
    return lambda session: session.add(
        Waiver(
            person_id=session.scalars(select(Assignment.person_id)).one(),
            kind="legal",
            uuid=uuid4(),
            document="Oficio 1",
            first_on=date(2026, 11, 1),
            last_on=date(2027, 1, 31),
            state="approved",
            proposed_at=moment,
            decided_at=moment,
        )
    )


def test_what_was_written_after_a_computation_is_known_from_when_it_was_recorded(instance: Instance, obligation: Obligation) -> None:
    """spec/compulsory 7.3: a job that comes seconds late, and before it another record whose computation ended what was known."""
    recorded, later, computed = (noon(12, 28) + timedelta(seconds=number) for number in range(3))
    person = read(instance, lambda session: session.scalars(select(Assignment.person_id)).one())
    harm(instance, waived(later))
    compute(instance, obligation, [person], now=computed)

    harm(instance, closed(recorded))
    compute(instance, obligation, [person], now=recorded)

    instant, end = timedelta(microseconds=1), noon(12, 28) + timedelta(hours=2)
    before = [noon(11, 20), noon(12, 20), noon(12, 28) - timedelta(hours=6), recorded - instant]
    moments = [*before, recorded, later - instant, later, computed]
    assert read(instance, lambda session: session.scalars(select(Assignment.state)).one()) == "not_required"
    assert {
        (at, known): found
        for known in [*moments, end]
        for at in moments
        if at <= known and (found := differences(instance, obligation, end, at, known))
    } == {}


def test_what_is_recorded_while_statuses_are_computed_is_not_overwritten(
    instance: Instance, obligation: Obligation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 7.4: a computation that had read the records does not put its status over that of a later one."""
    person = read(instance, lambda session: session.scalars(select(Assignment.person_id)).one())
    load = assignments.load_people_records

    def follow() -> None:
        harm(instance, closed(noon(12, 28)))
        compute(instance, obligation, [person], now=noon(12, 28))

    with ThreadPoolExecutor(1) as other:

        def load_while_another_follows(session: Session, every: Sequence[ObligationRules], people: Collection[int]) -> PeopleRecords:
            monkeypatch.setattr(assignments, "load_people_records", load)
            found = load(session, every, people)
            following.append(other.submit(follow))
            with suppress(TimeoutError):
                following[0].result(1)
            return found

        following = list[Future[None]]()
        monkeypatch.setattr(assignments, "load_people_records", load_while_another_follows)
        compute(instance, obligation, [person], now=noon(12, 28) + timedelta(seconds=1))
        following[0].result()

    assert read(instance, lambda session: session.scalars(select(Assignment.state)).one()) == "not_required"
    assert differences(instance, obligation, noon(12, 29)) == []


def test_people_are_compared_in_as_many_statements_however_many_they_are(instance: Instance, audience: Audience, course: Course) -> None:
    obligation = an_obligation(instance, audience, rules_of(course))
    people = [a_person(instance, f"p{number}@example.org") for number in range(12)]
    for person in people:
        let_stay(instance, audience, person)
    numbers = [person.id for person in people]
    compute(instance, obligation, numbers, now=noon(3, 1))
    moments = ReplayMoments(noon(3, 2), noon(3, 2), noon(3, 2))

    def count(some: list[int]) -> tuple[int, list[StatusDifference]]:
        with instance.database.unit_of_work(write=False) as session:
            rules = get_rules(session, session.get_one(Obligation, obligation.id))
            counter = every_statement(instance.database)
            return len(counter.statements), list_differences(session, rules, some, moments)

    assert count(numbers[:2]) == count(numbers)


def test_the_night_tells_what_differs_and_computes_it_again(instance: Instance, obligation: Obligation) -> None:
    """spec/compulsory 7.3: administrators read it in the state of the system until the next comparison finds nothing."""
    harm(instance, lambda session: session.execute(update(Assignment).values(state="done")))

    compute_everything(instance, now=noon(12, 28))

    assert read(instance, count_differing_statuses) == 1
    entry = read(instance, lambda session: session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one())
    assert (entry.verb, '"gobernanza"' in entry.facts) == ("obligation.statuses_compared", True)
    assert read(instance, lambda session: session.scalars(select(Assignment.state)).all()) == ["overdue"]
    compute_everything(instance, now=noon(12, 29))
    assert read(instance, count_differing_statuses) == 0


PAST = AssignmentState.valid_to.is_not(None)


@pytest.mark.parametrize(
    "act",
    [
        lambda session: session.execute(update(AssignmentState).where(PAST).values(state="waived")),
        lambda session: session.execute(update(AssignmentState).where(PAST).values(flags="grace")),
        lambda session: session.execute(update(AssignmentState).where(PAST).values(valid_from=noon(2, 1))),
        lambda session: session.execute(update(AssignmentState).where(PAST).values(valid_to=noon(11, 1))),
        lambda session: session.execute(delete(AssignmentState).where(PAST)),
        lambda session: session.execute(update(AssignmentState).where(PAST).values(known_to=noon(12, 1))),
    ],
    ids=["state", "flags", "begins later", "ends earlier", "gone", "known no more"],
)
def test_the_night_tells_of_a_past_that_is_not_that_of_the_records(instance: Instance, obligation: Obligation, act: Harm) -> None:
    """spec/compulsory 7.3: the present status is right; what the history says of the days before, as known now, is mended."""
    harm(instance, act)
    assert differences(instance, obligation, noon(12, 28)) == []

    compute_everything(instance, now=noon(12, 28))

    assert read(instance, count_differing_statuses) == 1
    days = [noon(1, 5), noon(1, 20), noon(3, 1), noon(11, 30), noon(12, 16), noon(12, 28)]
    assert [differences(instance, obligation, noon(12, 29), at, noon(12, 28)) for at in days] == [[]] * 6
    compute_everything(instance, now=noon(12, 29))
    assert read(instance, count_differing_statuses) == 0


def test_the_night_finds_nothing_where_the_clock_has_changed_a_status_since(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 7.3: what the job that follows the clock has yet to write is no difference, and what differs before it is one."""
    obligation = an_obligation(instance, audience, rules_of(course))
    let_stay(instance, audience, person := a_person(instance))
    compute(instance, obligation, [person.id], now=noon(3, 1))

    found = [row for _people, portion in walk_present_differences(instance.database, obligation.id, noon(12, 28)) for row in portion]
    harm(instance, lambda session: session.execute(update(AssignmentState).values(valid_from=noon(2, 1))))
    found_later = [row for _people, portion in walk_present_differences(instance.database, obligation.id, noon(12, 28)) for row in portion]

    assert found == []
    assert found_later == [StatusDifference(person.id, "not_started", "not_started")]


def test_administrators_read_in_the_state_of_the_system_what_the_night_found(
    browser: Browser, instance: Instance, obligation: Obligation
) -> None:
    """spec/compulsory 7.3."""
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    sentence = in_spanish(next(rule.message for rule in RULES if rule.code == "statuses-differ"), differing=1)
    assert sentence not in browser.get("/administration/state").text
    harm(instance, lambda session: session.execute(update(AssignmentState).where(PAST).values(state="waived")))

    compute_everything(instance, now=noon(12, 28))

    assert sentence in browser.get("/administration/state").text


class Opened:
    """What the roof passes to commands."""

    def __init__(self, instance: Instance) -> None:
        self.database = instance.database


def run(instance: Instance, *words: str) -> Result:
    return CliRunner().invoke(compliance, list(words), obj=Opened(instance))


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Let the clock of commands show a day after the deadline."""
    return At(monkeypatch, noon(12, 28))


def test_the_command_compares_and_computes(instance: Instance, obligation: Obligation, at: At) -> None:
    """spec/compulsory 13.1: exit 1 and the rows that differ."""
    assert (run(instance, "replay", "gobernanza").exit_code, run(instance, "recompute", "gobernanza").output) == (
        0,
        "1 people, 0 statuses written.\n",
    )
    harm(instance, lambda session: session.execute(update(Assignment).values(state="done")))
    number = read(instance, lambda session: session.scalars(select(Assignment.person_id)).one())

    found = run(instance, "replay", "gobernanza")

    assert found.exit_code == 1
    assert found.output.startswith(f"person {number}: stored done | overdue, computed overdue\n1 people, 1 statuses differ.\n")
    assert run(instance, "recompute", "gobernanza").output == "1 people, 1 statuses written.\n"
    assert run(instance, "replay", "gobernanza").exit_code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 0),
        (("--at", "2026-12-28"), 0),
        (("--known", "2026-12-27"), 0),
        (("--at", "2026-03-01"), 1),
        (("--at", "2026-03-01", "--known", "2026-03-01"), 1),
        (("--known", "2026-03-01"), 1),
        (("--at", "2026-12-29"), 2),
        (("--known", "2026-12-29"), 2),
        (("--at", "2026-03-02", "--known", "2026-03-01"), 2),
    ],
)
def test_the_command_compares_past_days_and_refuses_days_to_come(
    instance: Instance, obligation: Obligation, at: At, words: tuple[str, ...], code: int
) -> None:
    """spec/compulsory 13.1 and 18: `--at`, `--known`; what was changed of the past alone is found there alone."""
    past = update(AssignmentState).where(AssignmentState.valid_to.is_not(None)).values(state="waived")
    harm(instance, lambda session: session.execute(past))

    assert run(instance, "replay", "gobernanza", *words).exit_code == code


def test_an_unknown_key_and_a_draft_are_refused(instance: Instance, audience: Audience, course: Course) -> None:
    actor = Actor(person_id=read(instance, lambda session: session.scalars(select(Person.id)).first()))
    values = ObligationValues({"es": "Curso"}, rules_of(course))
    harm(instance, lambda session: obligations.make_obligation(session, actor, "borrador", audience, values, now=BEGINNING))

    assert [run(instance, command, "otro").exit_code for command in ("recompute", "replay", "preview")] == [1, 1, 1]
    assert [run(instance, command, "borrador").exit_code for command in ("recompute", "replay")] == [1, 1]


def test_a_preview_tells_what_activating_would_do_and_writes_nothing(
    instance: Instance, audience: Audience, course: Course, at: At
) -> None:
    """spec/compulsory 13.1 and 4.8."""
    at.moment = noon(3, 1)
    actor = Actor(person_id=read(instance, lambda session: session.scalars(select(Person.id)).first()))
    values = ObligationValues({"es": "Curso"}, rules_of(course))
    harm(instance, lambda session: obligations.make_obligation(session, actor, "borrador", audience, values, now=BEGINNING))
    for number in range(3):
        let_stay(instance, audience, a_person(instance, f"p{number}@example.org"))

    lines = run(instance, "preview", "borrador").output.splitlines()

    assert lines == ["3 people, of whom 3 change, 0 get another last day, 3 get mail.", "not_required → not_started: 3"]
    assert read(instance, lambda session: session.scalars(select(PlannedChange)).all()) == []


def test_a_preview_of_what_is_in_force_counts_its_states(instance: Instance, obligation: Obligation, at: At) -> None:
    assert run(instance, "preview", "gobernanza").output == "overdue: 1\n"


def test_merged_accounts_are_computed_at_once(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 12.5: what one did counts for the other within seconds, not within a night."""
    obligation = an_obligation(instance, audience, rules_of(course))
    kept, closed = a_person(instance), complete(instance, course, "anita@example.org")
    for person in (kept, closed):
        let_stay(instance, audience, person)
    deliver_waiting(instance.worker, now=noon(6, 2))
    assert (assignment_of(instance, kept).state, assignment_of(instance, closed).state) == ("not_started", "done")

    def merge(session: Session) -> None:
        pair = MergePair(session.get_one(Person, kept.id), session.get_one(Person, closed.person_id))
        erasure.merge(session, SYSTEM, pair, "Se registró dos veces.", now=noon(6, 3))

    harm(instance, merge)
    deliver_waiting(instance.worker, now=noon(6, 3) + timedelta(minutes=1))

    assert assignment_of(instance, kept).state == "done"
    assert (assignment_of(instance, closed).state, assignment_of(instance, closed).flags) == ("not_required", "account")
    assert differences(instance, obligation, noon(6, 4)) == []
    assert differences(instance, obligation, noon(6, 4), noon(6, 2), noon(6, 2) + timedelta(hours=1)) == []
