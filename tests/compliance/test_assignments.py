"""Statuses in the database: computed from facts, kept with their history, followed when something happens (spec/compulsory 7)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from accounts import accounts
from accounts.models import Person
from compliance import assignments, obligations
from compliance.free_days import SecondPersonRequired
from compliance.models import AccountFact, Assignment, DoneFact, StartedFact
from compliance.obligations import ObligationChanged, ObligationValues, WrongObligationState
from compliance.records import get_rules, list_rules, load_people_records, load_records
from compliance.rules.states import TrainingState
from enrolments import enrolment as learning
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from tests.support.browser import every_statement
from tests.support.builders import a_course, a_person
from tests.support.certificates import complete
from tests.support.learning import enrolment_of
from tests.support.obligations import BEGINNING, an_audience_of, an_obligation, assignment_of, compute, history_of, let_stay, rules_of
from tests.support.places import a_place
from tests.support.scenes import scene
from tests.support.training_cases import QUITO, A, training_status


def noon(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 12, tzinfo=QUITO)


@pytest.fixture
@scene
def authors(instance: Instance) -> tuple[Person, Person]:
    return a_person(instance, "autora@example.org"), a_person(instance, "otra@example.org")


def test_joining_an_audience_makes_an_assignment(instance: Instance, authors: tuple[Person, Person]) -> None:
    """spec/compulsory 1 and 7.1: by the audience, never typed; the clock's next change is foreseen."""
    course, person = a_course(instance), a_person(instance)
    audience = an_audience_of(instance, a_place(instance))
    an_obligation(instance, audience, rules_of(course))
    let_stay(instance, audience, person)

    deliver_waiting(instance.worker, now=noon(3, 1))

    row = assignment_of(instance, person)
    assert (row.state, row.flags, row.last_on, row.opened_on, row.cycle) == ("not_started", "", A.deadline, date(2026, 1, 10), 1)
    assert (row.next_change_at, row.next_state) == (datetime(2026, 12, 16, 5, tzinfo=UTC), "overdue")
    assert [state.state for state in history_of(instance, row)] == [TrainingState.NOT_STARTED]


def test_a_course_that_is_completed_changes_its_status_within_its_job(instance: Instance, authors: tuple[Person, Person]) -> None:
    """spec/compulsory 7.4."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    audience = an_audience_of(instance, a_place(instance))
    terms = rules_of(course, replace(A, starts=date(2025, 1, 1)))
    an_obligation(instance, audience, terms)
    learner = complete(instance, course)
    let_stay(instance, audience, learner, date(2025, 1, 10))

    deliver_waiting(instance.worker, now=noon(6, 2))

    row = assignment_of(instance, learner)
    assert (row.state, row.next_change_at) == ("done", None)
    with instance.database.unit_of_work(write=False) as session:
        fact = session.scalars(select(DoneFact)).one()
        assert (fact.achieved_at, fact.retracted_at, fact.is_reconstructed) == (row.achieved_at, None, False)
        assert session.scalars(select(StartedFact.enrolment_id)).all() == [fact.enrolment_id]


def test_a_completion_that_was_taken_back_is_known_as_it_was(instance: Instance, authors: tuple[Person, Person]) -> None:
    """spec/compulsory 7.2: as never done afterwards, as done before."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    audience = an_audience_of(instance, a_place(instance))
    an_obligation(instance, audience, rules_of(course, replace(A, starts=date(2025, 1, 1))))
    learner = complete(instance, course)
    let_stay(instance, audience, learner, date(2025, 1, 10))
    deliver_waiting(instance.worker, now=noon(6, 2))
    enrolment = enrolment_of(instance, learner, course)
    with instance.database.unit_of_work() as session:
        learning.revoke_completion(session, SYSTEM, enrolment.id, "leccion-1", "Se anuló.", now=noon(7, 5))

    deliver_waiting(instance.worker, now=noon(7, 6))

    row = assignment_of(instance, learner)
    rows = history_of(instance, row)
    assert row.state == "in_progress"
    assert [found.state for found in rows if found.covers(noon(6, 20), noon(7, 1))] == [TrainingState.DONE]
    assert [found.state for found in rows if found.covers(noon(6, 20), noon(7, 7))] == [TrainingState.IN_PROGRESS]


def test_a_suspended_account_is_not_required_until_it_is_restored(instance: Instance, authors: tuple[Person, Person]) -> None:
    """spec/compulsory 7.5 and 4.4: back after the deadline, fifteen days at least."""
    course, person = a_course(instance), a_person(instance)
    audience = an_audience_of(instance, a_place(instance))
    an_obligation(instance, audience, rules_of(course))
    let_stay(instance, audience, person)
    deliver_waiting(instance.worker, now=noon(3, 1))

    def act(verb: Callable[..., None], now: datetime) -> tuple[str, str, date | None]:
        with instance.database.unit_of_work() as session:
            verb(session, SYSTEM, session.get_one(Person, person.id), "Licencia.", now=now)
        deliver_waiting(instance.worker, now=now + timedelta(minutes=1))
        row = assignment_of(instance, person)
        return row.state, row.flags, row.last_on

    assert act(accounts.suspend, noon(11, 1)) == ("not_required", "account", None)
    assert act(accounts.restore, noon(12, 21)) == ("not_started", "", date(2027, 1, 4))
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(AccountFact.opened_at)).one() is not None


def test_stored_answers_as_the_function_does(instance: Instance, authors: tuple[Person, Person]) -> None:
    """spec/compulsory 7.3: after each of several computations, whatever moment is asked for."""
    course, person = a_course(instance), a_person(instance)
    audience = an_audience_of(instance, a_place(instance))
    obligation = an_obligation(instance, audience, rules_of(course))
    let_stay(instance, audience, person, until=date(2026, 6, 30))
    compute(instance, obligation, [person.id], now=noon(7, 5))
    let_stay(instance, audience, person, date(2026, 7, 20), now=noon(8, 1))
    compute(instance, obligation, [person.id], now=noon(8, 2))
    compute(instance, obligation, [person.id], now=noon(12, 20))

    rows = history_of(instance, assignment_of(instance, person))
    with instance.database.unit_of_work(write=False) as session:
        rules = get_rules(session, session.get_one(type(obligation), obligation.id))
        record = load_records(session, rules, [person.id])[person.id]
    for known in (noon(7, 5), noon(7, 25), noon(8, 1), noon(9, 1), noon(12, 20)):
        for at in (noon(1, 5), noon(2, 1), noon(7, 2), noon(7, 22), noon(8, 30), noon(12, 18)):
            if at <= known:
                status = training_status(rules.terms, record, at, known)
                found = [(row.state, row.flags) for row in rows if row.covers(at, known)]
                assert found == ([(status.state, status.flags)] if at >= noon(1, 10) else [])


def test_computing_again_writes_nothing(instance: Instance, authors: tuple[Person, Person]) -> None:
    """spec/compulsory 17, K3."""
    course, person = a_course(instance), a_person(instance)
    audience = an_audience_of(instance, a_place(instance))
    obligation = an_obligation(instance, audience, rules_of(course))
    let_stay(instance, audience, person)

    counts = [compute(instance, obligation, [person.id], now=noon(3, day)).written for day in (1, 2, 3)]

    assert counts == [1, 0, 0]


def test_what_the_clock_changed_counts_before_a_job_wrote_it(instance: Instance, authors: tuple[Person, Person]) -> None:
    """spec/compulsory 7.3."""
    course, person = a_course(instance), a_person(instance)
    audience = an_audience_of(instance, a_place(instance))
    obligation = an_obligation(instance, audience, rules_of(course, replace(A, grace=10)))
    let_stay(instance, audience, person)
    compute(instance, obligation, [person.id], now=noon(3, 1))

    def read(now: datetime) -> tuple[str, str, int, dict[str, int]]:
        with instance.database.unit_of_work(write=False) as session:
            row = session.get_one(type(obligation), obligation.id)
            [(state, flags)] = session.execute(select(assignments.state_at(now), assignments.flags_at(now)))
            return state, flags, len(assignments.list_stale_people(session, row, now)), assignments.count_by_state(session, row, now)

    assert read(noon(12, 15)) == ("not_started", "", 0, {"not_started": 1})
    assert read(noon(12, 16)) == ("not_started", "grace", 1, {"not_started": 1})
    compute(instance, obligation, [person.id], now=noon(12, 26))
    assert read(noon(12, 27)) == ("overdue", "", 0, {"overdue": 1})


def test_who_was_never_in_the_audience_has_no_assignment(instance: Instance, authors: tuple[Person, Person]) -> None:
    course, person = a_course(instance), a_person(instance)
    obligation = an_obligation(instance, an_audience_of(instance, a_place(instance)), rules_of(course))

    assert compute(instance, obligation, [person.id], now=noon(3, 1)).written == 0


def test_records_are_read_in_eleven_statements(instance: Instance, authors: tuple[Person, Person]) -> None:
    course = a_course(instance)
    audience = an_audience_of(instance, a_place(instance))
    obligation = an_obligation(instance, audience, rules_of(course))
    people = [a_person(instance, f"p{number}@example.org") for number in range(20)]
    for person in people:
        let_stay(instance, audience, person)
    with instance.database.unit_of_work(write=False) as session:
        rules = get_rules(session, session.get_one(type(obligation), obligation.id))
        counter = every_statement(instance.database)
        load_records(session, rules, [person.id for person in people])

    assert 5 < len(counter.statements) <= 11


@pytest.mark.slow
def test_people_are_judged_under_all_obligations_of_their_institution_together(instance: Instance, authors: tuple[Person, Person]) -> None:
    """spec/compulsory 17, K1: as many statements under five obligations as under one; each person has the status that one alone gives."""
    root = a_place(instance)
    obligations_of = []
    for number in range(5):
        course, audience = a_course(instance, f"course-{number}"), an_audience_of(instance, root, f"audience-{number}")
        terms = rules_of(course, replace(A, deadline=date(2026, 6, 1 + number)))
        obligations_of.append((an_obligation(instance, audience, terms, key=f"key-{number}"), audience))
    people = [a_person(instance, f"p{number}@example.org") for number in range(3)]
    for place, person in enumerate(people):
        for _obligation, audience in obligations_of[place:]:
            let_stay(instance, audience, person)

    with instance.database.unit_of_work() as session:
        rules = list_rules(session, assignments.list_active(session))
        counter = every_statement(instance.database)
        load_people_records(session, rules, [person.id for person in people])
        statements = len(counter.statements)
        count = assignments.recompute_next(session, root.id, 0, now=noon(6, 4))

    assert 5 < statements <= 11
    assert (count.people, count.written, count.last) == (3, 5 + 4 + 3, None)
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(Assignment).order_by(Assignment.obligation_id, Assignment.person_id)).all()
    assert [(row.state, row.last_on) for row in rows if row.person_id == people[1].id] == [
        ("overdue", date(2026, 6, 2)),
        ("overdue", date(2026, 6, 3)),
        ("not_started", date(2026, 6, 4)),
        ("not_started", date(2026, 6, 5)),
    ]
    for obligation, _audience in obligations_of:
        assert compute(instance, obligation, [person.id for person in people], now=noon(6, 4)).written == 0


def test_the_people_of_an_institution_are_computed_in_portions(
    instance: Instance, authors: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 17, K2: no transaction grows with the number of people or obligations."""
    root, course = a_place(instance), a_course(instance)
    audience = an_audience_of(instance, root)
    for key in ("one", "two"):
        an_obligation(instance, audience, rules_of(course), key=key)
    people = [a_person(instance, f"p{number}@example.org") for number in range(5)]
    for person in people:
        let_stay(instance, audience, person)
    monkeypatch.setattr(assignments, "STATUSES", 4)

    written = list[int]()
    after: int | None = 0
    while after is not None:
        with instance.database.unit_of_work() as session:
            count = assignments.recompute_next(session, root.id, after, now=noon(3, 1))
        written.append(count.written)
        after = count.last

    assert written == [4, 4, 2]


def test_the_author_does_not_activate_what_they_wrote(instance: Instance, authors: tuple[Person, Person]) -> None:
    """spec/compulsory 4.8."""
    course, audience = a_course(instance), an_audience_of(instance, a_place(instance))
    first, second, third = (Actor(person_id=person.id) for person in (*authors, a_person(instance)))
    values = ObligationValues({"es": "Curso"}, rules_of(course))
    with instance.database.unit_of_work() as session:
        row = obligations.make_obligation(session, first, "curso", audience, values, now=BEGINNING)
        obligations.change_draft(session, second, row, 0, values, now=BEGINNING)

        with pytest.raises(ObligationChanged):
            obligations.activate(session, first, row, 0, now=BEGINNING)
        for author in (first, second, SYSTEM):
            with pytest.raises(SecondPersonRequired):
                obligations.activate(session, author, row, row.edited, now=BEGINNING)
        obligations.activate(session, third, row, row.edited, now=BEGINNING)
        with pytest.raises(WrongObligationState):
            obligations.activate(session, third, row, row.edited, now=BEGINNING)


def test_a_change_with_an_earlier_effect_needs_a_second_person(instance: Instance, authors: tuple[Person, Person]) -> None:
    """spec/compulsory 4.5."""
    course, audience = a_course(instance), an_audience_of(instance, a_place(instance))
    obligation = an_obligation(instance, audience, rules_of(course))
    author = Actor(person_id=authors[0].id)
    terms = replace(rules_of(course), deadline=date(2026, 12, 31), effective_on=date(2026, 7, 1))
    values = ObligationValues({"es": "Curso"}, terms)
    with instance.database.unit_of_work() as session:
        row = session.get_one(type(obligation), obligation.id)
        for approver in (None, authors[0].id):
            with pytest.raises(SecondPersonRequired):
                obligations.add_version(session, author, row, row.edited, values, "Acuerdo 5", approved_by=approver, now=noon(8, 20))
        version = obligations.add_version(session, author, row, row.edited, values, "Acuerdo 5", approved_by=authors[1].id, now=noon(8, 20))

        assert (version.number, row.latest) == (2, 2)


def test_an_obligation_that_ended_requires_nothing_afterwards(instance: Instance, authors: tuple[Person, Person]) -> None:
    """spec/compulsory 4.8: what it required until then stays on record."""
    course, person = a_course(instance), a_person(instance)
    audience = an_audience_of(instance, a_place(instance))
    obligation = an_obligation(instance, audience, rules_of(course))
    let_stay(instance, audience, person)
    deliver_waiting(instance.worker, now=noon(12, 20))
    with instance.database.unit_of_work() as session:
        row = session.get_one(type(obligation), obligation.id)
        obligations.end_obligation(session, Actor(person_id=authors[0].id), row, date(2026, 12, 31), "Se derogó.", now=noon(12, 21))
    deliver_waiting(instance.worker, now=noon(1, 2, 2027))

    row = assignment_of(instance, person)
    states = [found.state for found in history_of(instance, row) if found.known_to is None]
    assert (row.state, row.flags) == ("not_required", "ended")
    assert states == [TrainingState.NOT_STARTED, TrainingState.OVERDUE, TrainingState.NOT_REQUIRED]
