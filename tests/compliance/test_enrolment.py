"""Enrolment by an obligation: as a cycle opens, its people are enrolled in what they have to take (spec/compulsory 4.9)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import event, func, select

from accounts.models import Notification, Person
from compliance import enrolment
from compliance.enrolment import find_version_in_force, list_obstacles
from compliance.models import CycleEnrolment, Obligation, ObligationVersion
from compliance.obligations import EnrolmentMode
from compliance.rules.terms import AllRequirement, AnyRequirement, CourseRequirement, DeadlineAnchor, RelativeDeadline
from courses import authoring
from courses.models import Course
from enrolments import editions
from enrolments.models import Edition, EditionPlace, Enrolment
from enrolments.takes import EnrolmentObstacle
from kernel.audit import AuditEntry
from kernel.durations import Duration
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from organisations.models import Audience
from tests.support.builders import a_course, a_person
from tests.support.certificates import complete
from tests.support.editions import a_learner_of, an_edition, take_out
from tests.support.learning import a_learner, actor_of, all_at_once, start, submit
from tests.support.obligations import (
    an_audience_with_authors,
    an_obligation,
    assignment_of,
    compute,
    courses_of_cycles,
    enrol_assigned,
    let_stay,
    rules_of,
)
from tests.support.takes import read, takes_of
from tests.support.training_cases import QUITO, A


def noon(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 12, tzinfo=QUITO)


@pytest.fixture
def audience(instance: Instance) -> Audience:
    """Return an audience, with two people who write obligations."""
    return an_audience_with_authors(instance)


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a published course of one module."""
    return a_course(instance, modules=1, settings="attempts: 0\n")


YEARLY = replace(A, starts=date(2025, 1, 1), validity=Duration(months=12))


def a_member(instance: Instance, audience: Audience, email: str = "ana@example.org") -> Actor:
    person = a_person(instance, email)
    let_stay(instance, audience, person)
    return actor_of(person)


def obstacles_of(instance: Instance, obligation: Obligation, now: datetime) -> list[tuple[str, EnrolmentObstacle, int]]:
    rows = read(instance, lambda session: list_obstacles(session, session.get_one(Obligation, obligation.id), now=now))
    return [(course.slug, obstacle, people) for course, obstacle, people in rows]


def test_an_obligation_that_is_activated_enrols_its_people_once(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 4.9: in the published version; the notices of the obligation tell it, no other."""
    an_obligation(instance, audience, rules_of(course))
    ana = a_member(instance, audience)
    deliver_waiting(instance.worker, now=noon(3, 1))

    enrol_assigned(instance, now=noon(3, 2))

    [take] = takes_of(instance, ana, course)
    assert (take.cause, take.course_version_id, take.enrolled_at) == ("obligation", course.published_version_id, noon(3, 1))
    [kept] = courses_of_cycles(instance, ana)
    assert (kept.cycle, kept.enrolment_id, kept.obstacle, kept.since) == (1, take.id, None, noon(3, 1))
    assert read(instance, lambda session: session.scalar(select(func.count()).select_from(Notification))) == 0
    entry = read(instance, lambda session: session.scalars(select(AuditEntry).where(AuditEntry.verb == "enrolment.started")).one())
    assert (entry.subject_id, entry.actor_id) == (take.id, None)


@pytest.mark.parametrize(("hour", "day", "is_new"), [(23, 5, False), (0, 6, False), (4, 6, False), (5, 6, True)])
def test_a_version_comes_into_force_on_the_day_of_the_institution(
    instance: Instance, audience: Audience, course: Course, hour: int, day: int, is_new: bool
) -> None:
    """spec/compulsory 4.2: at midnight there, not of UTC."""
    obligation = an_obligation(instance, audience, rules_of(course))
    with instance.database.unit_of_work() as session:
        first = session.scalars(select(ObligationVersion)).one()
        later = {column.key: getattr(first, column.key) for column in ObligationVersion.__table__.columns if column.key != "id"}
        session.add(ObligationVersion(**{**later, "number": 2, "effective_on": date(2026, 11, 6)}))
    now = datetime(2026, 11, day, hour, 30, tzinfo=UTC)

    version = read(instance, lambda session: find_version_in_force(session, obligation.id, now=now))

    assert version is not None
    assert (version.number == 2) is is_new


def test_who_comes_later_is_enrolled_by_the_clock(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 4.9."""
    obligation = an_obligation(instance, audience, rules_of(course))
    deliver_waiting(instance.worker, now=noon(3, 1))
    ana = a_member(instance, audience)
    compute(instance, obligation, [ana.person_id or 0], now=noon(3, 5))

    enrol_assigned(instance, now=noon(3, 5))

    assert [take.cause for take in takes_of(instance, ana, course)] == ["obligation"]


@pytest.mark.parametrize("offered", [True, False])
def test_what_is_offered_or_left_to_choose_enrols_nobody(instance: Instance, audience: Audience, course: Course, offered: bool) -> None:
    """spec/compulsory 4.9: of `any`, nothing until chosen."""
    other = a_course(instance, "otro", modules=1)
    terms = rules_of(course)
    if not offered:
        terms = replace(terms, requirement=AnyRequirement((CourseRequirement(course.slug), CourseRequirement(other.slug))))
    an_obligation(instance, audience, terms, enrolment=EnrolmentMode.OFFERED if offered else EnrolmentMode.AUTOMATIC)
    ana = a_member(instance, audience)

    deliver_waiting(instance.worker, now=noon(3, 1))

    assert takes_of(instance, ana, course) == []
    assert courses_of_cycles(instance, ana) == []


def test_of_several_courses_each_is_enrolled_in_but_what_is_done(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 4.9 and 5.3."""
    other = a_course(instance, "otro", modules=1)
    both = AllRequirement((CourseRequirement(course.slug), CourseRequirement(other.slug)))
    an_obligation(instance, audience, replace(rules_of(course), requirement=both, starts=date(2025, 1, 1)))
    learner = complete(instance, course)
    let_stay(instance, audience, learner)

    deliver_waiting(instance.worker, now=noon(6, 2))

    assert [take.cause for take in takes_of(instance, learner, course)] == ["self"]
    assert [take.cause for take in takes_of(instance, learner, other)] == ["obligation"]


def test_who_takes_the_course_goes_on_and_who_left_returns(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 4.9 and 6.1: an unfinished take is the cycle's."""
    an_obligation(instance, audience, rules_of(course))
    inside, gone = a_learner(instance, course, now=noon(1, 5)), a_learner(instance, course, "eva@example.org", now=noon(1, 5))
    take_out(instance, course, gone)
    for learner in (inside, gone):
        let_stay(instance, audience, learner)

    deliver_waiting(instance.worker, now=noon(3, 1))

    for learner in (inside, gone):
        [take] = takes_of(instance, learner, course)
        assert (take.cause, take.left_at) == ("self", None)
        assert [row.enrolment_id for row in courses_of_cycles(instance, learner)] == [take.id]


def test_whom_staff_took_out_stays_out_for_the_cycle(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 4.9: staff may take somebody out; the assignment stands."""
    obligation = an_obligation(instance, audience, rules_of(course))
    ana = a_member(instance, audience)
    deliver_waiting(instance.worker, now=noon(3, 1))
    take_out(instance, course, ana)

    compute(instance, obligation, [ana.person_id or 0], now=noon(12, 20))
    enrol_assigned(instance, now=noon(12, 20))

    assert [take.left_at is None for take in takes_of(instance, ana, course)] == [False]
    assert assignment_of(instance, ana).state == "overdue"


def test_a_renewal_begins_a_further_take_when_its_window_opens(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 4.9, 6.2 and 8.3: completed on 1 June 2026, valid until 1 June 2027, its window opens on 2 April 2027."""
    obligation = an_obligation(instance, audience, rules_of(course, YEARLY))
    learner = complete(instance, course)
    let_stay(instance, audience, learner)
    deliver_waiting(instance.worker, now=noon(6, 2))

    def come(now: datetime) -> list[tuple[int, str | None, bool]]:
        compute(instance, obligation, [learner.person_id or 0], now=now)
        enrol_assigned(instance, now=now)
        return [(take.take, take.cause, take.superseded_at is None) for take in takes_of(instance, learner, course)]

    assert come(noon(4, 1, 2027)) == [(1, "self", True)]
    assert come(noon(4, 2, 2027)) == [(1, "self", False), (2, "obligation", True)]
    assert come(noon(4, 3, 2027)) == [(1, "self", False), (2, "obligation", True)]
    assert [(row.cycle, row.enrolment_id) for row in courses_of_cycles(instance, learner)] == [
        (2, takes_of(instance, learner, course)[1].id)
    ]


def test_a_renewal_waits_for_an_open_attempt(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 4.9 and 6.2: never a further take while an attempt of the one before is open."""
    obligation = an_obligation(instance, audience, rules_of(course, YEARLY))
    learner = complete(instance, course)
    let_stay(instance, audience, learner)
    deliver_waiting(instance.worker, now=noon(6, 2))
    attempt = start(instance, learner, course.slug, now=noon(4, 1, 2027))
    compute(instance, obligation, [learner.person_id or 0], now=noon(4, 2, 2027))
    enrol_assigned(instance, now=noon(4, 2, 2027))
    assert obstacles_of(instance, obligation, noon(4, 2, 2027)) == [("prueba", EnrolmentObstacle.WORK_OPEN, 1)]

    submit(instance, learner, attempt, now=noon(4, 2, 2027))
    enrol_assigned(instance, now=noon(4, 3, 2027))

    assert [take.take for take in takes_of(instance, learner, course)] == [1, 2]
    assert obstacles_of(instance, obligation, noon(4, 3, 2027)) == []


def test_what_was_completed_too_early_is_taken_again(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 4.1, `counts_from`: a completion of before counts for nothing, so the course is taken again."""
    an_obligation(instance, audience, rules_of(course, replace(A, counts_from=date(2026, 7, 1))))
    learner = complete(instance, course)
    let_stay(instance, audience, learner)

    deliver_waiting(instance.worker, now=noon(7, 2))

    assert [(take.take, take.cause) for take in takes_of(instance, learner, course)] == [(1, "self"), (2, "obligation")]


def test_a_deadline_from_enrolment_runs_from_it(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 4.2 and 9, row 18: known as soon as people are enrolled."""
    deadline = RelativeDeadline(Duration(days=45), DeadlineAnchor.ENROL)
    an_obligation(instance, audience, rules_of(course, replace(A, deadline=deadline)))
    ana = a_member(instance, audience)

    deliver_waiting(instance.worker, now=noon(2, 1))

    assert assignment_of(instance, ana).last_on == date(2026, 3, 18)


Hinder = Callable[[Instance, Course, Edition], None]


def _archive(instance: Instance, course: Course, _edition: Edition) -> None:
    with instance.database.unit_of_work() as session:
        authoring.archive(session, SYSTEM, session.get_one(Course, course.id), "Se acabó.", now=noon(2, 1))


def _unarchive(instance: Instance, course: Course, _edition: Edition) -> None:
    with instance.database.unit_of_work() as session:
        authoring.unarchive(session, SYSTEM, session.get_one(Course, course.id), "Vuelve.", now=noon(3, 2))


def _publish(instance: Instance, course: Course, version: int | None) -> None:
    with instance.database.unit_of_work() as session:
        session.get_one(Course, course.id).published_version_id = version


def _close(instance: Instance, _course: Course, edition: Edition) -> None:
    with instance.database.unit_of_work() as session:
        editions.close_edition(session, SYSTEM, edition, now=noon(2, 1))


def _open(instance: Instance, _course: Course, edition: Edition) -> None:
    with instance.database.unit_of_work() as session:
        editions.open_edition(session, SYSTEM, edition, now=noon(3, 2))


def _fill(instance: Instance, course: Course, edition: Edition) -> None:
    a_learner_of(instance, course, edition, "eva@example.org")
    _resize(instance, edition, 1)


def _resize(instance: Instance, edition: Edition, capacity: int) -> None:
    with instance.database.unit_of_work() as session:
        session.get_one(Edition, edition.id).capacity = capacity


OBSTACLES: Mapping[EnrolmentObstacle, tuple[Hinder, Hinder]] = {
    EnrolmentObstacle.ARCHIVED: (_archive, _unarchive),
    EnrolmentObstacle.UNPUBLISHED: (
        lambda instance, course, _edition: _publish(instance, course, None),
        lambda instance, course, _edition: _publish(instance, course, course.published_version_id),
    ),
    EnrolmentObstacle.EDITION_CLOSED: (_close, _open),
    EnrolmentObstacle.EDITION_FULL: (
        _fill,
        lambda instance, _course, edition: _resize(instance, edition, 2),
    ),
}


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_an_obstacle_is_kept_for_the_owner_until_it_is_gone(
    instance: Instance, audience: Audience, course: Course, obstacle: EnrolmentObstacle
) -> None:
    """spec/compulsory 4.9, 8.4 and 18: the assignment stands, the obstacle is listed, and then they are enrolled."""
    edition = an_edition(instance, course, capacity=5)
    hinder, help_ = OBSTACLES[obstacle]
    hinder(instance, course, edition)
    obligation = an_obligation(instance, audience, rules_of(course), edition_id=edition.id)
    ana = a_member(instance, audience)
    deliver_waiting(instance.worker, now=noon(3, 1))
    assert assignment_of(instance, ana).state == "not_started"
    assert takes_of(instance, ana, course) == []
    assert [(row.obstacle, row.since) for row in courses_of_cycles(instance, ana)] == [(obstacle.value, noon(3, 1))]
    assert obstacles_of(instance, obligation, noon(3, 1)) == [("prueba", obstacle, 1)]

    help_(instance, course, edition)
    enrol_assigned(instance, now=noon(3, 2))

    [take] = takes_of(instance, ana, course)
    assert read(instance, lambda session: session.get_one(EditionPlace, take.id).edition_id) == edition.id
    assert obstacles_of(instance, obligation, noon(3, 2)) == []


def test_an_edition_takes_as_many_as_fit(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 4.9: the others wait for the owner, not on the waiting list; nobody asks the database for them again until then."""
    edition = an_edition(instance, course, capacity=2)
    obligation = an_obligation(instance, audience, rules_of(course), edition_id=edition.id)
    for number in range(5):
        a_member(instance, audience, f"p{number}@example.org")

    deliver_waiting(instance.worker, now=noon(3, 1))

    assert obstacles_of(instance, obligation, noon(3, 1)) == [("prueba", EnrolmentObstacle.EDITION_FULL, 3)]
    assert read(instance, lambda session: session.scalar(select(func.count()).select_from(EditionPlace))) == 2


def test_a_course_nobody_can_take_is_listed_where_people_enrol_themselves_too(
    instance: Instance, audience: Audience, course: Course
) -> None:
    """spec/compulsory 8.4 and 18."""
    obligation = an_obligation(instance, audience, rules_of(course), enrolment=EnrolmentMode.OFFERED)
    a_member(instance, audience)
    deliver_waiting(instance.worker, now=noon(3, 1))
    assert obstacles_of(instance, obligation, noon(3, 1)) == []

    _publish(instance, course, None)

    assert obstacles_of(instance, obligation, noon(3, 1)) == [("prueba", EnrolmentObstacle.UNPUBLISHED, 1)]


def test_a_version_that_is_asked_and_not_published_is_an_obstacle(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 4.7 and 8.4: to enrol people in an older one would make them do it in vain."""
    obligation = an_obligation(instance, audience, rules_of(course, replace(A, lowest_versions={course.slug: 2})))
    ana = a_member(instance, audience)

    deliver_waiting(instance.worker, now=noon(3, 1))

    assert takes_of(instance, ana, course) == []
    assert obstacles_of(instance, obligation, noon(3, 1)) == [("prueba", EnrolmentObstacle.UNPUBLISHED, 1)]


def test_people_are_enrolled_some_in_each_transaction(
    instance: Instance, audience: Audience, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 4.9: two hundred."""
    assert enrolment.PORTION == 200
    monkeypatch.setattr(enrolment, "PORTION", 2)
    obligation = an_obligation(instance, audience, rules_of(course))
    people = [a_member(instance, audience, f"p{number}@example.org").person_id or 0 for number in range(5)]
    compute(instance, obligation, people, now=noon(3, 1))
    sizes: list[int] = []

    def count(_connection: object) -> None:
        sizes.append(read(instance, lambda session: session.scalar(select(func.count()).select_from(Enrolment))) or 0)

    event.listen(instance.database.writing, "commit", count)
    enrol_assigned(instance, now=noon(3, 1))
    event.remove(instance.database.writing, "commit", count)

    assert sizes[-1] in (4, 5)
    assert max(after - before for before, after in pairwise(sizes)) <= 2
    assert read(instance, lambda session: session.scalar(select(func.count()).select_from(CycleEnrolment))) == 5


def test_eight_jobs_at_once_enrol_everybody_once(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 4.9 and 18: job twice, one effect; on both databases."""
    obligation = an_obligation(instance, audience, rules_of(course, YEARLY))
    again = complete(instance, course)
    let_stay(instance, audience, again)
    people = [again, *(a_member(instance, audience, f"p{number}@example.org") for number in range(3))]
    deliver_waiting(instance.worker, now=noon(6, 2))
    now = noon(4, 2, 2027)
    compute(instance, obligation, [person.person_id or 0 for person in people], now=now)

    found = all_at_once(8, lambda _place: enrol_assigned(instance, now=now + timedelta(seconds=1)))

    assert found == [None] * 8
    assert [len(takes_of(instance, person, course)) for person in people] == [2, 1, 1, 1]


def test_a_suspended_account_is_enrolled_in_nothing(instance: Instance, audience: Audience, course: Course) -> None:
    """spec/compulsory 7.5: not even before its status says so."""
    an_obligation(instance, audience, rules_of(course))
    ana = a_member(instance, audience)
    with instance.database.unit_of_work() as session:
        session.get_one(Person, ana.person_id).suspended_at = noon(2, 1)

    deliver_waiting(instance.worker, now=noon(3, 1))

    assert takes_of(instance, ana, course) == []
