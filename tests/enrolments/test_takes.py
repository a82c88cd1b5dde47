"""A course taken again: a clean sheet beside the take before, and what each query makes of the two (spec/compulsory 6)."""

import json
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from accounts.models import Notification, Person
from courses.models import Course, PublicationNature
from enrolments import enrolment, grade_items, gradebook, learner_groups, progress_report, takes, versions
from enrolments import learners as enrolments_learners
from enrolments.announcements import AnnouncementRecipients, count_audience
from enrolments.grade_items import GradeItemValues, list_marks, list_marks_of
from enrolments.gradebook import GradebookFilter
from enrolments.models import ActivityResult, Completion, EditionPlace, Enrolment, GroupMember, TakeCause
from enrolments.progress_report import UnitFilter, UnitLearnerState
from enrolments.takes import RenewalWindow, TakeNotAllowed, TakeRefusal, list_takes, may_begin_take
from kernel import clock
from kernel.audit import AuditEntry
from kernel.errors import NotFound
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations.models import Organisation
from quizzes.models import Attempt
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, folder, publish, sign_in
from tests.support.certificates import NOON, complete
from tests.support.editions import an_edition, enrol, join, line_of, take_out
from tests.support.learning import a_learner, actor_of, all_at_once, start, submit
from tests.support.overrides import Office, in_force
from tests.support.people import person_row
from tests.support.places import a_place, put
from tests.support.takes import read, retake, takes_of
from tests.support.wording import in_spanish

LATER = NOON + timedelta(days=100)


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a published course of one module."""
    return a_course(instance, modules=1, settings="attempts: 0\n")


def test_a_take_is_a_clean_sheet_and_the_one_before_stays_whole(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.1: superseded and ended in one transaction, with a verb of its own."""
    learner = complete(instance, course)

    retake(instance, learner, course, now=LATER)

    first, second = takes_of(instance, learner, course)
    assert (first.take, first.superseded_at, first.left_at, first.done) == (1, LATER, LATER, 2)
    assert (second.take, second.superseded_at, second.left_at, second.done, second.total) == (2, None, None, 0, 2)
    assert (first.cause, second.cause) == ("self", "staff")
    counts = select(ActivityResult.enrolment_id, func.count()).group_by(ActivityResult.enrolment_id)
    assert read(instance, lambda session: session.execute(counts).all()) == [(first.id, 2)]
    assert read(instance, lambda session: session.scalars(select(Completion.enrolment_id)).all()) == [first.id]
    entry = read(instance, lambda session: session.scalars(select(AuditEntry).where(AuditEntry.verb == "enrolment.retaken")).one())
    facts = json.loads(entry.facts)
    assert (entry.subject_id, facts["before"], facts["take"], facts["reason"]) == (second.id, first.id, 2, "Cambió la norma.")


def test_two_present_takes_and_a_superseded_one_that_goes_on_are_refused_by_the_database(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.1."""
    learner = complete(instance, course)
    retake(instance, learner, course, now=LATER)
    first, second = takes_of(instance, learner, course)
    columns = {"superseded_at": None, "left_at": None}

    for wrong in (
        update(Enrolment).where(Enrolment.id == first.id).values(superseded_at=None),
        update(Enrolment).where(Enrolment.id == first.id).values(left_at=None),
        update(Enrolment).where(Enrolment.id == second.id).values(take=1, **columns),
    ):
        with pytest.raises(IntegrityError), instance.database.unit_of_work() as session:
            session.execute(wrong)


@pytest.mark.parametrize(
    ("cause", "opens", "open_work", "refused"),
    [
        (TakeCause.STAFF, None, False, None),
        (TakeCause.STAFF, None, True, TakeRefusal.WORK_OPEN),
        (TakeCause.SELF, None, False, TakeRefusal.NO_WINDOW),
        (TakeCause.SELF, timedelta(seconds=1), False, TakeRefusal.NO_WINDOW),
        (TakeCause.SELF, timedelta(0), False, None),
        (TakeCause.SELF, timedelta(days=-400), False, None),
        (TakeCause.SELF, timedelta(0), True, TakeRefusal.WORK_OPEN),
        (TakeCause.OBLIGATION, None, False, TakeRefusal.NO_WINDOW),
        (TakeCause.OBLIGATION, timedelta(0), False, None),
        (TakeCause.OBLIGATION, timedelta(0), True, TakeRefusal.WORK_OPEN),
    ],
)
def test_who_may_begin_a_take_and_when(cause: TakeCause, opens: timedelta | None, open_work: bool, refused: TakeRefusal | None) -> None:
    """spec/compulsory 6.2: staff at any time; others from the opening of the window on, in its grace and after expiry."""
    window = None if opens is None else RenewalWindow(NOON + opens)
    assert may_begin_take(cause, window, is_published=True, is_archived=False, has_open_work=open_work, now=NOON) is refused


@pytest.mark.parametrize(
    ("published", "archived", "refused"), [(False, False, TakeRefusal.NOT_PUBLISHED), (True, True, TakeRefusal.ARCHIVED)]
)
def test_a_course_that_takes_nobody_is_not_taken_again(published: bool, archived: bool, refused: TakeRefusal) -> None:
    """spec/compulsory 6.2."""
    found = may_begin_take(TakeCause.STAFF, None, is_published=published, is_archived=archived, has_open_work=False, now=NOON)
    assert found is refused


def test_no_take_begins_while_an_attempt_is_open(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.2."""
    learner = a_learner(instance, course)
    attempt = start(instance, learner, course.slug)

    with pytest.raises(TakeNotAllowed) as refused:
        retake(instance, learner, course)
    submit(instance, learner, attempt)
    retake(instance, learner, course)

    assert refused.value.facts["reason"] == "work_open"
    assert len(takes_of(instance, learner, course)) == 2


def test_a_take_begun_by_eight_at_once_begins_once(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.2, on both databases."""
    learner = complete(instance, course)
    first = takes_of(instance, learner, course)[0]

    def begin(_place: int) -> int:
        with instance.database.unit_of_work() as session:
            return takes.begin_take(session, SYSTEM, first, TakeCause.STAFF, "Otra vez.", now=LATER).id

    found = all_at_once(8, begin)

    assert len(set(found)) == 1, found
    assert [row.take for row in takes_of(instance, learner, course)] == [1, 2]


def test_a_take_follows_the_published_version_with_the_groups_and_without_edition_and_personal_settings(instance: Instance) -> None:
    """spec/compulsory 6.2: who waited has the place in the edition that becomes free."""
    course = a_course(instance, modules=1)
    edition = an_edition(instance, course, capacity=1)
    learner, waiting = actor_of(a_person(instance)), actor_of(a_person(instance, "espera@example.org"))
    join(instance, learner, course, edition)
    join(instance, waiting, course, edition)
    office = Office(instance, course)
    group = office.group(learner)
    office.override(learner, attempts=9)
    office.override(group, attempts=5)
    newer = publish(instance, {**folder(modules=1), "01-parte/01-leccion.es.md": b"---\ntitle: Otra\nkey: leccion-1\n---\nNuevo.\n"})[1]

    retake(instance, learner, course)

    first, second = takes_of(instance, learner, course)
    assert (second.course_version_id, first.course_version_id != newer.id) == (newer.id, True)
    members = select(GroupMember.enrolment_id).where(GroupMember.group_id == group.id).order_by(GroupMember.enrolment_id)
    assert read(instance, lambda session: session.scalars(members).all()) == [first.id, second.id]
    places = read(instance, lambda session: session.scalars(select(EditionPlace.enrolment_id)).all())
    assert places == [takes_of(instance, waiting, course)[0].id]
    assert line_of(instance, edition).taken == 1
    assert [row.scope for row in in_force(instance)] == ["group"]
    notices = read(instance, lambda session: session.scalars(select(Notification).where(Notification.person_id == learner.person_id)).all())
    assert in_spanish("You are to take “%(title)s” again", title="Curso de prueba prueba") in [row.subject["es"] for row in notices]


def test_the_present_take_is_found_whether_it_has_ended_or_not(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: `find_enrolment`."""
    learner = complete(instance, course)
    second = retake(instance, learner, course, now=LATER)
    found = [read(instance, lambda session: enrolments_learners.find_enrolment(session, learner.person_id or 0, course.id))]
    take_out(instance, course, learner)
    found.append(read(instance, lambda session: enrolments_learners.find_enrolment(session, learner.person_id or 0, course.id)))

    assert [row and row.id for row in found] == [second.id, second.id]


def test_the_learning_record_is_of_the_present_take_or_of_a_requested_one(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: `get_learning_record`."""
    learner = complete(instance, course)
    retake(instance, learner, course, now=LATER)
    person = learner.person_uuid or UUID(int=0)

    with instance.database.unit_of_work(write=False) as session:
        records = [enrolments_learners.get_learning_record(session, SYSTEM, person, course.slug, take) for take in (None, 1, 2)]

    assert [record.enrolment.take for record in records] == [2, 1, 2]
    assert [record.completion is not None for record in records] == [False, True, False]
    with pytest.raises(NotFound):
        read(instance, lambda session: enrolments_learners.get_learning_record(session, SYSTEM, person, course.slug, 3))


def test_a_correction_moves_the_present_take_alone(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: `list_behind`."""
    learner = complete(instance, course)
    retake(instance, learner, course, now=LATER)
    files = {**folder(modules=1, settings="attempts: 0\n"), "01-parte/01-leccion.es.md": b"---\ntitle: Otra\nkey: leccion-1\n---\nNuevo.\n"}
    newer = publish(instance, files, nature=PublicationNature.CORRECTION)[1]
    first, second = takes_of(instance, learner, course)

    behind = read(instance, lambda session: versions.list_behind(session, course.id, newer.id))
    browser.deliver_jobs()

    assert behind == [second.id]
    assert [row.course_version_id == newer.id for row in takes_of(instance, learner, course)] == [False, True]
    assert takes_of(instance, learner, course)[0].course_version_id == first.course_version_id


def test_who_returns_goes_on_with_the_present_take(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: enrolling others, and oneself, revives no superseded take."""
    learner = complete(instance, course)
    retake(instance, learner, course, now=LATER)
    edition = an_edition(instance, course)
    for back in (lambda: enrol(instance, course, [learner], edition), lambda: _enrol_self(instance, learner, course)):
        take_out(instance, course, learner)
        back()

        first, second = takes_of(instance, learner, course)
        assert (first.left_at, second.left_at) == (LATER, None)
    assert read(instance, lambda session: session.scalars(select(EditionPlace.enrolment_id)).all()) in ([], [second.id])


def _enrol_self(instance: Instance, learner: object, course: Course) -> None:
    with instance.database.unit_of_work() as session:
        context = enrolments_learners.get_learner_context(session, learner, course.slug)  # type: ignore[arg-type]  # an actor
        enrolment.enrol(session, learner, context, now=clock.now())  # type: ignore[arg-type]  # an actor


def test_lists_of_a_course_hold_the_present_take(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: learner context, own courses, roster, gradebook, counts."""
    learner = complete(instance, course)
    second = retake(instance, learner, course, now=LATER)

    with instance.database.unit_of_work(write=False) as session:
        context = enrolments_learners.get_learner_context(session, learner, course.slug)
        own = enrolments_learners.list_own_courses(session, learner)
        roster = learner_groups.list_learners(session, course.id, limit=10)
        counted = gradebook.count_gradebook(session, course.id, GradebookFilter(), now=clock.now())
        learners = enrolments_learners.count_learners(session, course.id)

    assert (context.enrolment_id, context.take) == (second.id, 2)
    assert [(row.enrolment_id, row.completed_at) for row in own] == [(second.id, None)]
    assert [row.enrolment_id for row in roster] == [second.id]
    assert (counted, (learners.following, learners.completed)) == ((1, 0), (1, 0))


def test_announcements_and_items_marked_by_hand_reach_the_present_take(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: both ask who takes the course now; the completion of the take before says nothing of this one."""
    learner = complete(instance, course)
    second = retake(instance, learner, course, now=LATER)
    with instance.database.unit_of_work() as session:
        values = GradeItemValues("Exposición", Decimal(10), Decimal(10), "", None)
        item = grade_items.make_item(session, SYSTEM, course.id, values, now=LATER)

    with instance.database.unit_of_work(write=False) as session:
        audiences = [AnnouncementRecipients(course.id, **only) for only in ({}, {"only_open": True}, {"only_completed": True})]
        counts = [count_audience(session, audience, now=clock.now()) for audience in audiences]
        lines = list_marks(session, item, GradebookFilter(), unmarked=False, now=clock.now(), offset=0, limit=10)
        named = list_marks_of(session, item, [learner.person_uuid or UUID(int=0)])

    assert counts == [1, 1, 0]
    assert [[row.id for row in rows] for rows in (lines, named)] == [[second.id], [second.id]]


def test_of_two_accounts_the_present_take_goes_on(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: `end_duplicate_enrolments` touches no superseded take."""
    kept, closed = complete(instance, course), a_learner(instance, course, "otra@example.org")
    retake(instance, kept, course, now=LATER)
    take_out(instance, course, kept)

    with instance.database.unit_of_work() as session:
        gone, stays = (session.get_one(Person, account.person_id) for account in (closed, kept))
        enrolment.end_duplicate_enrolments(session, SYSTEM, gone, stays, now=LATER)

    first, second = takes_of(instance, kept, course)
    assert (first.left_at, second.left_at) == (LATER, None)
    assert takes_of(instance, closed, course)[0].left_at == LATER


def test_takes_that_meet_are_numbered_in_the_order_of_enrolling(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: `transfer_takes` leaves one present take, the last."""
    ana, bea = complete(instance, course), a_learner(instance, course, "bea@example.org", now=NOON + timedelta(days=50))
    retake(instance, ana, course, now=LATER)
    before = [row.id for row in (*takes_of(instance, ana, course), *takes_of(instance, bea, course))]

    with instance.database.unit_of_work() as session:
        takes.transfer_takes(session, course.id, bea.person_id or 0, ana.person_id or 0)

    found = takes_of(instance, ana, course)
    assert [row.id for row in found] == [before[0], before[2], before[1]]
    assert [row.take for row in found] == [1, 2, 3]
    assert [row.superseded_at for row in found] == [LATER, LATER, None]
    assert takes_of(instance, bea, course) == []


def test_a_unit_counts_a_completion_in_any_take_beside_who_takes_it(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: `queries.units`."""
    unit = a_place(instance, "Chone", a_place(instance, "IESS"))
    learner = complete(instance, course)
    put(instance, person_row(instance, "ana@example.org"), unit)
    retake(instance, learner, course, now=LATER)
    root = select(Organisation.id).where(Organisation.id == unit.id)

    with instance.database.unit_of_work(write=False) as session:
        counts = progress_report.count_places(session, root, course.id)[unit.id]
        tally = progress_report.count_courses(session, root)[0]
        people = {
            state: progress_report.list_people(session, root, UnitFilter(course.id, standing=state), after=None, limit=5)
            for state in UnitLearnerState
        }

    assert (counts.people, counts.learners, counts.enrolments, counts.completed) == (1, 1, 1, 1)
    assert (tally.learners, tally.completed, tally.percent) == (1, 1, 0)
    assert {state: len(rows) for state, rows in people.items()} == {
        UnitLearnerState.COMPLETED: 1,
        UnitLearnerState.OPEN: 0,
        UnitLearnerState.OUTSIDE: 0,
    }
    assert people[UnitLearnerState.COMPLETED][0].completed_at == NOON


def test_the_takes_of_a_person_are_listed_newest_first(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: the page of a learner lists all."""
    learner = complete(instance, course)
    retake(instance, learner, course, now=LATER)

    found = read(instance, lambda session: list_takes(session, learner.person_id or 0, course.id))

    assert [(row.take, row.is_present, row.completed_at) for row in found] == [(2, True, None), (1, False, NOON)]


def test_a_learner_finds_the_results_of_an_earlier_take(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: the course page leads to the results of each take, these to the reviews of what was submitted in it."""
    learner = complete(instance, course)
    sign_in(browser)
    page = browser.get("/courses/prueba")
    assert not page.has_link("/courses/prueba/results?take=1")
    retake(instance, learner, course, now=LATER)

    assert browser.get("/courses/prueba").has_link("/courses/prueba/results?take=1")
    present = browser.get("/courses/prueba/results")
    first = browser.get("/courses/prueba/results?take=1")
    quiz, review = "/courses/prueba/quizzes/cuestionario-1", f"/attempts/{submitted_in(instance, 1)}/review"
    assert (present.has_link(quiz), first.has_link(quiz)) == (True, False)
    assert (first.html.count("<strong>100\xa0%</strong>"), present.html.count("<strong>100\xa0%</strong>")) == (1, 0)
    assert in_spanish("These are the results of take %(number)s.", number=1) in first.text
    assert (present.has_link(review), first.has_link(review)) == (False, True)
    assert in_spanish("Try again") not in browser.get(review).text
    assert "100" in browser.page.text
    browser.get("/courses/prueba/results?take=3", status=404)


def submitted_in(instance: Instance, take: int) -> UUID:
    """Return the only attempt of a take of the only learner."""
    statement = select(Attempt.uuid).join(Enrolment, Enrolment.id == Attempt.enrolment_id).where(Enrolment.take == take)
    return read(instance, lambda session: session.scalars(statement).one())


def test_the_team_and_administrators_open_an_earlier_take(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7."""
    learner = complete(instance, course)
    a_teacher(instance, course)
    retake(instance, learner, course, now=LATER)
    sign_in(browser, "profe@example.org")
    address = f"/teaching/prueba/learners/{learner.person_uuid}"

    present = browser.get(address)
    assert present.has_link(f"{address}?take=1")
    assert "/attempts/" not in present.html
    first = browser.get(f"{address}?take=1")

    assert "/attempts/" in first.html
    assert f"{address}/results/" not in first.html
    browser.get(f"{address}?take=9", status=404)


def test_only_those_who_edit_the_course_let_others_take_it_again(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/security 9, take.begin."""
    cast = a_cast(browser, instance)
    cast.join(course)
    learner = a_learner(instance, course, "otra@example.org")
    page = f"/teaching/prueba/learners/{learner.person_uuid}/takes"

    assert cast.check("take.begin", "own_course", cast.outcomes(page)) == []
    assert cast.check("take.begin", "own_course", cast.outcomes(page, "POST", {"reason": "Cambió la norma", "take": "1"})) == []
    assert [row.take for row in takes_of(instance, learner, course)] == [1, 2]


def test_the_team_lets_somebody_take_the_course_again_with_a_reason(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 6.2: a second click has no second effect."""
    learner = complete(instance, course)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    person = f"/teaching/prueba/learners/{learner.person_uuid}"
    assert browser.get(person).has_link(f"{person}/takes")
    browser.get(f"{person}/takes")
    token = dict(browser.page.form("/takes").fields)["csrf_token"]

    browser.submit("/takes", {"reason": ""}, status=422)
    browser.submit("/takes", {"reason": "Cambió la norma."})
    assert browser.path == person
    browser._request("POST", f"{person}/takes", data={"csrf_token": token, "take": "1", "reason": "Otra vez."})

    assert [row.take for row in takes_of(instance, learner, course)] == [1, 2]


def test_the_page_says_why_a_take_cannot_begin(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 6.2: an attempt is in progress."""
    learner = a_learner(instance, course)
    start(instance, learner, "prueba")
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    page = browser.get(f"/teaching/prueba/learners/{learner.person_uuid}/takes")

    assert in_spanish("An attempt at a quiz of this course is in progress. It must be submitted first.") in page.text
    assert not any(form.action.endswith("/takes") for form in page.forms)


def test_nobody_lets_themself_take_a_course_again(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/security 9: not even an editor who learns in the course."""
    own = actor_of(a_teacher(instance, course))
    _enrol_self(instance, own, course)
    sign_in(browser, "profe@example.org")
    page = f"/teaching/prueba/learners/{own.person_uuid}"

    assert not browser.get(page).has_link(f"{page}/takes")
    browser.get(f"{page}/takes", 403)
