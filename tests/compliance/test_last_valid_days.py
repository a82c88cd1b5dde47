"""One last valid day for certificate, audience and obligation (spec/compulsory 6.4, 8.1, 8.2; spec/certificates E3)."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from certificates.models import Credential
from compliance.assignments import ReplayMoments, walk_differences
from compliance.models import DoneFact, Obligation
from compliance.rules.record import AchievedCourse
from compliance.rules.states import TrainingState, next_change, status_of, training_case
from compliance.rules.terms import AnyRequirement, CourseRequirement
from courses.models import Course
from enrolments.audience_leaves import HoldsLeaf
from enrolments.models import Completion
from enrolments.progress import HOLDS
from kernel.outbox import deliver_waiting
from kernel.permissions import Actor
from lms.instance import Instance
from organisations.audience_kinds import AudienceScope
from organisations.models import AudienceStayRecord
from tests.support.builders import a_person, folder, publish
from tests.support.certificates import complete
from tests.support.learning import mark_done, pass_quiz
from tests.support.obligations import an_audience_of, an_obligation, assignment_of, compute, compute_everything, rules_of
from tests.support.places import a_place
from tests.support.scenes import scene
from tests.support.takes import read, retake
from tests.support.training_cases import COURSE, QUITO, A, training_record, training_status

DONE_AT = datetime(2026, 6, 1, 12, tzinfo=QUITO)


def achieved(day: str, until: str | None) -> AchievedCourse:
    moment = datetime.fromisoformat(day).replace(hour=10, tzinfo=QUITO)
    return AchievedCourse(COURSE, moment, 1, moment, valid_until=date.fromisoformat(until) if until else None)


@pytest.mark.parametrize(
    ("at", "state", "until"),
    [
        ("2028-04-01T23:59", TrainingState.DONE, "2028-06-01"),
        ("2028-04-02T00:00", TrainingState.RENEWAL_DUE, "2028-06-01"),
        ("2028-06-01T23:59", TrainingState.RENEWAL_DUE, "2028-06-01"),
        ("2028-06-02T00:00", TrainingState.EXPIRED, "2028-06-01"),
    ],
)
def test_one_course_without_a_validity_takes_the_last_day_of_the_certificate(at: str, state: TrainingState, until: str) -> None:
    """spec/compulsory 8.1, with the window of the obligation (8.3)."""
    record = replace(training_record("in 2026-01-10..", QUITO), completions=[achieved("2026-06-01", "2028-06-01")])
    moment = datetime.fromisoformat(at).replace(tzinfo=QUITO)

    status = training_status([A], record, moment, moment)

    assert (status.state, status.last_on) == (state, date.fromisoformat(until))


def test_the_clock_alone_ends_what_the_certificate_ends() -> None:
    """spec/compulsory 7.3 and 8.1."""
    record = replace(training_record("in 2026-01-10..", QUITO), completions=[achieved("2026-06-01", "2028-06-01")])
    case = training_case([A], record, DONE_AT)
    change = next_change(case, DONE_AT)

    assert change is not None
    assert (change.at, change.status.state) == (datetime(2028, 4, 2, tzinfo=QUITO), TrainingState.RENEWAL_DUE)


@pytest.mark.parametrize(
    ("terms", "completions", "until"),
    [
        (A, [achieved("2026-06-01", None)], None),
        (A, [achieved("2026-06-01", "2028-06-01"), achieved("2027-01-01", "2027-12-31")], "2028-06-01"),
        (A, [achieved("2026-06-01", None), achieved("2027-01-01", "2027-12-31")], None),
        (replace(A, requirement=AnyRequirement((CourseRequirement(COURSE),))), [achieved("2026-06-01", "2028-06-01")], None),
    ],
)
def test_without_a_last_day_and_for_several_courses_it_never_ends(
    terms: object, completions: list[AchievedCourse], until: str | None
) -> None:
    """spec/compulsory 8.1: nor is it shortened by doing it again."""
    record = replace(training_record("in 2026-01-10..", QUITO), completions=completions)
    at = datetime(2027, 2, 1, 12, tzinfo=QUITO)

    status = status_of(training_case([terms], record, at), at)  # type: ignore[list-item]  # parametrised

    assert (status.state, status.valid_until and status.valid_until.isoformat()) == (TrainingState.DONE, until)


@pytest.fixture
@scene
def course(instance: Instance) -> Course:
    """Return a course whose certificates are valid for 24 months, and two people who write obligations."""
    for email in ("autora@example.org", "otra@example.org"):
        a_person(instance, email)
    return publish(instance, with_validity("valid: 24 months"))[0]


def with_validity(words: str) -> dict[str, bytes]:
    files = folder(modules=1, settings="attempts: 0\n")
    text = files["course.yaml"].decode()
    assert "certificate: constancia" in text
    return {**files, "course.yaml": text.replace("certificate: constancia", f"certificate: {{template: constancia, {words}}}").encode()}


@pytest.fixture
def obligation(instance: Instance, course: Course) -> Obligation:
    """Return an obligation on the course without a validity of its own."""
    return an_obligation(instance, an_audience_of(instance, a_place(instance)), rules_of(course))


def complete_under(instance: Instance, obligation: Obligation, course: Course) -> Actor:
    """Let Ana complete the course, who has been under the obligation since January."""
    ana = complete(instance, course)
    with instance.database.unit_of_work() as session:
        days = {"since_on": date(2026, 1, 10), "recorded_at": DONE_AT}
        session.add(AudienceStayRecord(audience_id=obligation.audience_id, person_id=ana.person_id, **days))
    deliver_waiting(instance.worker, now=DONE_AT + timedelta(minutes=1))
    return ana


def differing(instance: Instance, obligation: Obligation, at: datetime, known: datetime, now: datetime) -> int:
    walked = walk_differences(instance.database, obligation.id, ReplayMoments(at, known, now))
    return sum(len(found) for _people, found in walked)


def test_certificate_fact_status_and_audience_have_one_day(instance: Instance, course: Course, obligation: Obligation) -> None:
    """spec/compulsory 6.4 and 8.1; the leaf `holds` ends on the day after (3, row 9)."""
    ana = complete_under(instance, obligation, course)

    last = date(2028, 6, 1)
    for column in (Completion.valid_until, DoneFact.valid_until, Credential.expires_on):
        assert read(instance, lambda session, column=column: session.scalars(select(column)).all()) == [last]
    assert assignment_of(instance, ana).valid_until == last
    now = DONE_AT + timedelta(days=800)
    compute(instance, obligation, [ana.person_id or 0], now=now)
    for day in (0, 600, 671, 672, 731, 732, 799):
        at = DONE_AT + timedelta(days=day, hours=1)
        assert differing(instance, obligation, at, at, now) == 0
    assert [holds(instance, course, day) for day in (last, last + timedelta(days=1))] == [1, 0]
    assert holds(instance, course, last + timedelta(days=1), valid=False) == 1


def holds(instance: Instance, course: Course, day: date, *, valid: bool = True) -> int:
    condition = HOLDS.condition(HoldsLeaf(course.slug, valid), AudienceScope(1, day))
    return len(read(instance, lambda session: session.scalars(select(Person.id).where(condition)).all()))


@pytest.mark.parametrize(
    ("words", "done_again", "until"),
    [
        ("valid: 24 months", datetime(2028, 4, 1, 12, tzinfo=QUITO), "2030-04-01"),
        ("valid: 24 months", datetime(2028, 4, 2, 12, tzinfo=QUITO), "2030-06-01"),
        ("valid: 24 months, renew: {from: 90 days}", datetime(2028, 4, 1, 12, tzinfo=QUITO), "2030-06-01"),
        ("valid: 24 months, renew: {basis: completion}", datetime(2028, 4, 2, 12, tzinfo=QUITO), "2030-04-02"),
        ("valid: 24 months", datetime(2028, 6, 2, 12, tzinfo=QUITO), "2030-06-02"),
    ],
)
def test_a_renewal_counts_as_the_course_says_and_both_certificates_stay(
    instance: Instance, words: str, done_again: datetime, until: str
) -> None:
    """spec/certificates E3, spec/compulsory 8.2: in the window from the expiry, else from the completion."""
    course = publish(instance, with_validity(words))[0]
    ana = complete(instance, course)
    deliver_waiting(instance.worker, now=DONE_AT + timedelta(minutes=1))

    retake(instance, ana, course, now=done_again)
    mark_done(instance, ana, course.slug, "leccion-1", now=done_again)
    pass_quiz(instance, ana, course.slug, now=done_again)
    deliver_waiting(instance.worker, now=done_again + timedelta(minutes=1))

    rows = read(instance, lambda session: session.scalars(select(Credential).order_by(Credential.id)).all())
    assert [(row.take, row.expires_on and row.expires_on.isoformat(), row.revoked_at, row.replaced_at) for row in rows] == [
        (1, "2028-06-01", None, None),
        (2, until, None, None),
    ]


def test_facts_from_before_get_their_last_day_and_the_past_stays_as_it_was_known(
    instance: Instance, course: Course, obligation: Obligation
) -> None:
    """spec/compulsory 7.2 and 8.1: after an upgrade the nightly job writes the day; as known before, it never ended."""
    ana = complete_under(instance, obligation, course)
    with instance.database.unit_of_work() as session:
        session.execute(update(DoneFact).values(valid_until=None))
    compute(instance, obligation, [ana.person_id or 0], now=DONE_AT + timedelta(minutes=2))
    upgraded, after = DONE_AT + timedelta(days=10), DONE_AT + timedelta(days=800)

    for moment in (upgraded, upgraded + timedelta(minutes=5)):
        compute_everything(instance, now=moment)

    facts = read(instance, lambda session: session.scalars(select(DoneFact).order_by(DoneFact.id)).all())
    assert [(row.valid_until, row.retracted_at) for row in facts] == [(None, upgraded), (date(2028, 6, 1), None)]
    assert assignment_of(instance, ana).valid_until == date(2028, 6, 1)
    compute(instance, obligation, [ana.person_id or 0], now=after)
    moments = [(DONE_AT, upgraded - timedelta(days=1)), (DONE_AT, after), (upgraded, after), (after, after)]
    assert [differing(instance, obligation, at, known, after) for at, known in moments] == [0, 0, 0, 0]
