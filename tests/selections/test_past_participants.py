"""Whoever ever took part in a selection decides and reads nothing of it, and keeps their own line (spec/selection 12)."""

from collections.abc import Callable
from importlib import import_module

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import delete, select

from accounts.access import MergePair
from accounts.models import Person
from courses.models import Course, StaffRole
from enrolments import learner_groups
from enrolments.models import Edition, EditionPlace, FormerPlace, LearnerGroup
from kernel import clock
from kernel.errors import require_found
from kernel.permissions import SYSTEM, Actor
from lms import erasure
from lms.instance import Instance
from selections import selections
from selections.access import is_jury_member, reads_actas
from selections.models import MemberRole, Selection, SelectionActaEntry
from selections.selections import ParticipantNamed, get_selection, is_participant
from selections.standing import ActaEntryRow, walk_lines
from tests.support.browser import Browser
from tests.support.builders import a_person, a_teacher, an_administrator, sign_in
from tests.support.editions import a_learner_of, an_edition, enrol, enrolment_of, take_out
from tests.support.learning import actor_of
from tests.support.objections import WORDS, a_published_selection
from tests.support.scenes import scene
from tests.support.selections import (
    KEY,
    a_draft,
    a_provisional,
    a_sat_selection,
    a_selecting_course,
    a_selection,
    add_factor,
    all_actas,
    answer,
    appoint,
    named,
    sign_by_two,
)
from tests.support.takes import retake
from tests.support.wording import in_spanish


def a_group_of(instance: Instance, course: Course, learner: Actor) -> LearnerGroup:
    with instance.database.unit_of_work() as session:
        group = learner_groups.make_group(session, SYSTEM, course.id, "Aspirantes", now=clock.now())
        learner_groups.add_to_group(session, SYSTEM, group, [session.get_one(Person, learner.person_id).uuid], now=clock.now())
        return group


def take_out_of_group(instance: Instance, group: LearnerGroup, learner: Actor) -> None:
    with instance.database.unit_of_work() as session:
        person = session.get_one(Person, learner.person_id).uuid
        learner_groups.take_out_of_group(session, SYSTEM, group, person, now=clock.now())


def removed(instance: Instance, course: Course, learner: Actor) -> None:
    take_out(instance, course, learner)


def again(instance: Instance, course: Course, learner: Actor) -> None:
    retake(instance, learner, course)


def again_and_removed(instance: Instance, course: Course, learner: Actor) -> None:
    retake(instance, learner, course)
    take_out(instance, course, learner)


Leaving = Callable[[Instance, Course, Actor], None]
WAYS = pytest.mark.parametrize("leave", [removed, again, again_and_removed])


@pytest.fixture
@scene
def course(instance: Instance) -> Course:
    return a_selecting_course(instance)


def person_of(instance: Instance, actor: Actor) -> Person:
    with instance.database.unit_of_work(write=False) as session:
        return session.get_one(Person, actor.person_id)


def try_to_name(instance: Instance, selection: Selection, person: Person, role: MemberRole) -> bool:
    """Return whether the person is named."""
    try:
        appoint(instance, selection, person, role)
    except ParticipantNamed:
        return False
    return True


@WAYS
@pytest.mark.parametrize("role", MemberRole)
def test_whoever_had_a_place_is_not_named(instance: Instance, course: Course, leave: Leaving, role: MemberRole) -> None:
    edition = an_edition(instance, course)
    learner = a_learner_of(instance, course, edition)
    selection = a_selection(instance, course, edition)
    leave(instance, course, learner)

    assert not try_to_name(instance, selection, add_factor(instance, person_of(instance, learner)), role)
    assert named(instance, selection) == []


def test_whoever_was_in_the_group_is_not_named(instance: Instance, course: Course) -> None:
    learner = a_learner_of(instance, course, None)
    group = a_group_of(instance, course, learner)
    boss = an_administrator(instance)
    with instance.database.unit_of_work() as session:
        selection = selections.create_selection(session, actor_of(boss), course.id, KEY, edition=None, group=group.uuid, now=clock.now())
    take_out_of_group(instance, group, learner)

    assert not try_to_name(instance, selection, add_factor(instance, person_of(instance, learner)), MemberRole.JURY)


def test_a_line_in_an_acta_is_enough(browser: Browser, instance: Instance) -> None:
    """Also where no place is known any more: an acta names the person."""
    objecting = a_published_selection(browser, instance)
    with instance.database.unit_of_work() as session:
        ana = session.scalars(select(Person).where(Person.email == "ana@example.org")).one()
        line = session.scalars(select(SelectionActaEntry).where(SelectionActaEntry.person_id == ana.id)).one()
        assert line.enrolment_id is not None
        session.execute(delete(EditionPlace).where(EditionPlace.enrolment_id == line.enrolment_id))

    with instance.database.unit_of_work(write=False) as session:
        assert is_participant(session, session.get_one(Selection, objecting.selection.id), ana.id)


@WAYS
def test_a_member_who_took_part_meanwhile_neither_acts_nor_reads(instance: Instance, course: Course, leave: Leaving) -> None:
    edition = an_edition(instance, course)
    selection = a_selection(instance, course, edition)
    juror, reader = (add_factor(instance, a_person(instance, f"{name}@example.org")) for name in ("julia", "rosa"))
    appoint(instance, selection, juror)
    appoint(instance, selection, reader, MemberRole.READER)
    actors = [actor_of(juror), actor_of(reader), actor_of(an_administrator(instance, "otra.jefa@example.org"))]
    enrol(instance, course, actors, edition)
    for actor in actors:
        leave(instance, course, actor)

    with instance.database.unit_of_work(write=False) as session:
        contexts = [get_selection(session, actor, selection.uuid) for actor in actors]
        listed = [selections.list_own(session, actor.person_id or 0) for actor in actors]

    assert [is_jury_member(context) for context in contexts] == [False, False, False]
    assert [reads_actas(actor, context) for actor, context in zip(actors, contexts, strict=True)] == [False, False, False]
    assert listed == [[], [], []]


def test_a_merged_account_took_part_where_the_other_did(instance: Instance, course: Course) -> None:
    edition = an_edition(instance, course)
    selection = a_selection(instance, course, edition)
    learner = a_learner_of(instance, course, edition)
    take_out(instance, course, learner)
    juror = add_factor(instance, a_person(instance, "julia@example.org"))
    appoint(instance, selection, juror)
    with instance.database.unit_of_work() as session:
        pair = MergePair(session.get_one(Person, juror.id), session.get_one(Person, learner.person_id))
        erasure.merge(session, SYSTEM, pair, "La misma persona.", now=clock.now())

    with instance.database.unit_of_work(write=False) as session:
        assert not is_jury_member(get_selection(session, actor_of(juror), selection.uuid))


@WAYS
def test_the_own_line_and_the_objection_stay(browser: Browser, instance: Instance, leave: Leaving) -> None:
    """Line, salt and the term to object are of the acta, whatever became of the enrolment."""
    objecting = a_published_selection(browser, instance)
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, objecting.selection.course_id)
        diana = session.scalars(select(Person).where(Person.email == "diana@example.org")).one()
    leave(instance, course, actor_of(diana))
    learner = sign_in(browser.another(), diana.email)

    page = learner.get(f"/selections/{objecting.selection.uuid}/own-line")

    with instance.database.unit_of_work(write=False) as session:
        salt = session.scalars(select(SelectionActaEntry.salt).where(SelectionActaEntry.person_id == diana.id)).one()
    assert salt in page.html
    assert learner.get("/selections").has_link(f"/selections/{objecting.selection.uuid}/own-line")
    learner.get(objecting.path(5, diana.email))
    learner.submit("objections/5", WORDS)
    assert len(objecting.objections()) == 1


def test_places_that_ended_before_are_read_from_the_log(instance: Instance, course: Course) -> None:
    """The upgrade finds whoever left, whose place an heir got, and whoever was taken out of a group."""
    edition = an_edition(instance, course)
    gone, _stays, member = (a_learner_of(instance, course, edition, f"{name}@example.org") for name in ("ana", "berta", "carla"))
    group = a_group_of(instance, course, member)
    take_out(instance, course, gone)
    take_out_of_group(instance, group, member)
    with instance.database.unit_of_work() as session:
        session.execute(delete(FormerPlace))
    module = import_module("migrations.versions.2026_12_09_01_keep_former_places")

    with instance.database.writing.connect() as connection, Operations.context(MigrationContext.configure(connection)):
        rows = [*module._of_editions(), *module._of_groups()]

    takes = [require_found(enrolment_of(instance, actor, course)) for actor in (gone, member)]
    found = [(row["enrolment_id"], row["edition_id"], row["group_id"]) for row in rows]
    assert found == [(takes[0].id, edition.id, None), (takes[1].id, None, group.id)]


def sat_in(instance: Instance, course: Course, edition: Edition) -> Actor:
    learner = a_learner_of(instance, course, edition)
    answer(instance, learner, 3)
    return learner


def test_a_later_take_belongs_to_no_selection_of_the_one_before(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/selection 4.3: in an edition the place given up counts, in a group the first take in which the person sat."""
    learner = a_learner_of(instance, course, None)
    group = a_group_of(instance, course, learner)
    answer(instance, learner, 3)
    with instance.database.unit_of_work() as session:
        selection = selections.create_selection(
            session, actor_of(an_administrator(instance)), course.id, KEY, edition=None, group=group.uuid, now=clock.now()
        )
    retake(instance, learner, course)
    answer(instance, learner, 5)

    a_draft(browser, instance, selection)

    assert [line.fields["shown"] for line in newest_lines(instance)] == ["60.00"]


@WAYS
def test_a_line_of_the_provisional_acta_stays_in_the_final_one(browser: Browser, instance: Instance, leave: Leaving) -> None:
    """Nobody takes somebody out of a contest by taking them out of the course."""
    selection = a_sat_selection(instance)
    juror = a_provisional(browser, instance, selection, given="Julia")
    before = newest_lines(instance)
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, selection.course_id)
        ana = session.scalars(select(Person).where(Person.email == "ana@example.org")).one()
    leave(instance, course, actor_of(ana))

    sign_by_two(browser, instance, selection, juror)

    assert [(line.entry.person_id, line.fields["outcome"], line.fields.get("shown")) for line in newest_lines(instance)] == [
        (line.entry.person_id, line.fields["outcome"], line.fields.get("shown")) for line in before
    ]


def test_a_retake_before_the_first_acta_leaves_what_was_sat(browser: Browser, instance: Instance, course: Course) -> None:
    edition = an_edition(instance, course)
    learner = sat_in(instance, course, edition)
    selection = a_selection(instance, course, edition)
    retake(instance, learner, course)

    a_draft(browser, instance, selection)

    assert [line.fields["shown"] for line in newest_lines(instance)] == ["60.00"]


def newest_lines(instance: Instance) -> list[ActaEntryRow]:
    with instance.database.unit_of_work(write=False) as session:
        return list(walk_lines(session, all_actas(instance)[-1].id))


KEPT = (
    "Selection “%(people)s”: the line in its acta, its proof and the term to object stay. Later actas keep the line, and nothing done in "
    "the course afterwards counts in them."
)
COUNTS = "Selection “%(people)s”: what was done in the quiz until now counts in it, a later take does not."
GONE = "Selection “%(people)s”: its actas do not list people who leave before they begin the quiz."


@pytest.mark.parametrize("leave", [removed, again_and_removed])
def test_whoever_sat_and_was_removed_before_the_first_acta_is_in_it(
    browser: Browser, instance: Instance, course: Course, leave: Leaving
) -> None:
    """The team alone takes nobody out of a contest who has sat; whoever had not begun is in no acta, and pages say so."""
    edition = an_edition(instance, course)
    learner, absent = sat_in(instance, course, edition), a_learner_of(instance, course, edition, "eva@example.org")
    selection = a_selection(instance, course, edition)
    gone = in_spanish(GONE, people="Marzo")
    eva = sign_in(browser.another(), "eva@example.org")
    assert gone in eva.get("/courses/prueba/leaving").text
    leave(instance, course, learner)
    take_out(instance, course, absent)

    a_draft(browser, instance, selection)

    assert [line.fields["shown"] for line in newest_lines(instance)] == ["60.00"]


@pytest.mark.parametrize("has_acta", [False, True], ids=["before an acta", "with an acta"])
def test_removing_and_retaking_ask_and_name_what_follows(browser: Browser, instance: Instance, has_acta: bool) -> None:
    """One press ends nothing; the page says what becomes of the contest."""
    selection = a_published_selection(browser, instance).selection if has_acta else a_sat_selection(instance)
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, selection.course_id)
        ana = session.scalars(select(Person).where(Person.email == "ana@example.org")).one()
    a_teacher(instance, course, role=StaffRole.OWNER)
    owner = sign_in(browser.another(), "profe@example.org")
    page = f"/teaching/prueba/learners/{ana.uuid}"
    kept, counts = (in_spanish(message, people="Marzo") for message in (KEPT, COUNTS))

    assert owner.get("/teaching/prueba/learners").has_link(f"{page}/removal")
    assert (kept if has_acta else counts) in owner.get(f"{page}/removal").text
    assert (kept if has_acta else counts) in owner.get(f"{page}/takes").text
    assert require_found(enrolment_of(instance, actor_of(ana), course)).left_at is None
    owner.get(f"{page}/removal")
    owner.submit("/removal")

    assert require_found(enrolment_of(instance, actor_of(ana), course)).left_at is not None
