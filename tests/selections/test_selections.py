"""Selections, their juries and readers (spec/selection 4), whose results are not set by hand.

spec/selection 4.1, 12, 4.10.
"""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from accounts.models import Person
from courses.models import Course, StaffRole
from enrolments.models import ActivityResult, Enrolment, ResultOverride
from enrolments.results import ResultUsedElsewhere
from kernel import clock
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM
from lms.erasure import erase_person
from lms.instance import Instance
from selections import selections
from selections.access import is_jury_member
from selections.models import MemberRole, Selection, SelectionMember
from selections.selections import get_selection, list_jury, list_of_enrolment
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, publish, sign_in
from tests.support.editions import a_learner_of, an_edition, enrol, enrolment_of
from tests.support.learning import actor_of
from tests.support.scenes import scene
from tests.support.selection_access import a_selection_cast
from tests.support.selection_folders import FILE
from tests.support.selections import (
    KEY,
    QUIZ,
    USE,
    a_juror,
    a_provisional,
    a_sat_selection,
    a_selecting_course,
    a_selecting_folder,
    a_selection,
    add_factor,
    appoint,
    name,
    named,
)
from tests.support.wording import in_spanish

PAGE = f"{QUIZ}/selections"


@pytest.mark.matrix
def test_every_cell_of_naming_juries(browser: Browser, instance: Instance) -> None:
    """Access: selection.manage, selection.list_own."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    assert cast.check("selection.manage", "own_course", cast.outcomes(PAGE)) == []
    assert cast.check("selection.list_own", "own", cast.outcomes("/selections")) == []


@pytest.mark.matrix
def test_every_cell_of_seeing_a_selection(browser: Browser, instance: Instance) -> None:
    """Access: selection.view. spec/selection 12, end-to-end 10: a member of the jury who takes part is refused."""
    cast = a_selection_cast(browser, instance)

    assert cast.check("selection.view", "of_a_selection", cast.outcomes(f"/selections/{cast.selection.uuid}")) == []


def test_an_owner_makes_a_selection_and_names_its_jury(browser: Browser, instance: Instance) -> None:
    """spec/selection 4.1 and 12: reached from the page of the quiz; a second one of the same edition is the first."""
    course = a_selecting_course(instance)
    edition = an_edition(instance, course)
    a_teacher(instance, course, role=StaffRole.OWNER)
    add_factor(instance, a_person(instance, "julia@example.org", given="Julia"))
    owner = sign_in(browser, "profe@example.org")
    assert owner.get(f"{QUIZ}/manage").has_link(PAGE)

    owner.get(PAGE)
    owner.submit(PAGE, {"people": f"edition:{edition.uuid}"})
    members = owner.path
    owner.submit(members, {"email": "julia@example.org", "role": "jury"})
    assert "Julia" in owner.page.text
    owner.get(PAGE)
    owner.submit(PAGE, {"people": f"edition:{edition.uuid}"})
    assert owner.path == members
    owner.submit("/end")

    assert in_spanish("No one has been named yet.") in owner.page.text


@pytest.mark.parametrize(
    ("email", "refusal"),
    [
        ("nadie@example.org", selections.UnknownMember.message),
        ("sola@example.org", selections.UnknownMember.message),
        ("ana@example.org", selections.ParticipantNamed.message),
    ],
    ids=["without account", "without second factor", "participant"],
)
def test_who_cannot_be_named_is_refused_beside_the_field(browser: Browser, instance: Instance, email: str, refusal: str) -> None:
    """spec/selection 12: J has a second factor and is no participant; an unknown address is not told from one without a factor."""
    course = a_selecting_course(instance)
    edition = an_edition(instance, course)
    learner = a_learner_of(instance, course, edition)
    with instance.database.unit_of_work(write=False) as session:
        participant = session.get_one(Person, learner.person_id)
    add_factor(instance, participant)
    a_person(instance, "sola@example.org")
    a_teacher(instance, course, role=StaffRole.OWNER)
    selection = a_selection(instance, course, edition)
    owner, path = sign_in(browser, "profe@example.org"), f"/selections/{selection.uuid}/members"
    owner.get(path)

    page = owner.submit(path, {"email": email, "role": "jury"}, status=422)

    assert in_spanish(refusal) in page.text
    assert named(instance, selection) == []


def test_a_quiz_that_does_not_select_has_no_selections(browser: Browser, instance: Instance) -> None:
    """spec/selection 0.1: only a selecting quiz has an acta; its page has no link to them either."""
    course = a_course(instance, modules=1)
    edition = an_edition(instance, course)
    a_teacher(instance, course, role=StaffRole.OWNER)
    owner = sign_in(browser, "profe@example.org")
    assert not owner.get(f"{QUIZ}/manage").has_link(PAGE)
    owner.get(PAGE)

    page = owner.submit(PAGE, {"people": f"edition:{edition.uuid}"}, status=409)

    assert in_spanish(selections.NotSelecting.message) in page.text


def test_a_member_of_the_jury_finds_the_selections_they_are_named_for(browser: Browser, instance: Instance) -> None:
    selection = a_selection(instance, a_selecting_course(instance))
    juror = a_juror(browser, instance, selection)

    juror.get("/selections")

    assert juror.page.has_link(f"/selections/{selection.uuid}")


@pytest.mark.parametrize("role", MemberRole)
def test_who_is_named_is_notified_and_finds_the_selection_from_everywhere(browser: Browser, instance: Instance, role: MemberRole) -> None:
    """spec/selection 4.1: notice, home, menu; nothing of it for anybody else, nor for whose naming has ended."""
    selection = a_selection(instance, a_selecting_course(instance))
    person = a_person(instance, "julia@example.org")
    reader = sign_in(browser, person.email)
    appoint(instance, selection, add_factor(instance, person), role)
    deliver_waiting(instance.worker, now=clock.now())
    address = f"/selections/{selection.uuid}"

    home, notices = reader.get("/learning").html, reader.get("/notices").html

    assert home.count('href="/selections"') == 3, "the menu of the account, that of a phone, and the list of the page"
    assert f'href="{address}"' in home
    assert in_spanish("Selections") in notices
    reader.get(address)
    with instance.database.unit_of_work() as session:
        member = session.scalars(select(SelectionMember)).one()
        selections.end_member(session, SYSTEM, selection.id, member.id, now=clock.now())
    assert 'href="/selections"' not in reader.get("/learning").html


def test_a_candidate_finds_their_line_from_home(browser: Browser, instance: Instance) -> None:
    """spec/selection 4.1: once an acta is in force."""
    selection = a_sat_selection(instance)
    with instance.database.unit_of_work(write=False) as session:
        candidate = session.scalars(select(Person).join(Enrolment, Enrolment.person_id == Person.id).order_by(Person.id)).first()
    assert candidate is not None
    assert "/own-line" not in sign_in(browser, candidate.email).get("/learning").html

    a_provisional(browser, instance, selection)

    assert f'href="/selections/{selection.uuid}/own-line"' in sign_in(browser, candidate.email).get("/learning").html


def test_whoever_begins_to_take_part_is_a_member_no_more(instance: Instance) -> None:
    """spec/selection 12: asked anew each time; end-to-end 10."""
    course = a_selecting_course(instance)
    edition = an_edition(instance, course)
    selection = a_selection(instance, course, edition)
    person = name(instance, selection, "julia@example.org")
    actor = actor_of(person)

    found = []
    for _time in range(2):
        with instance.database.unit_of_work(write=False) as session:
            found.append(is_jury_member(get_selection(session, actor, selection.uuid)))
        enrol(instance, course, [actor], edition)

    assert found == [True, False]


def test_a_reader_named_for_the_jury_is_one_thing_at_a_time(instance: Instance) -> None:
    selection = a_selection(instance, a_selecting_course(instance))
    person = name(instance, selection, "rosa@example.org", MemberRole.READER)

    appoint(instance, selection, person)

    assert named(instance, selection) == [("rosa@example.org", "jury")]


def test_an_erased_person_is_in_no_jury(instance: Instance) -> None:
    selection = a_selection(instance, a_selecting_course(instance))
    person = name(instance, selection, "julia@example.org")

    with instance.database.unit_of_work() as session:
        erase_person(session, SYSTEM, session.get_one(Person, person.id), now=clock.now())
        left = list_jury(session, selection.id)

    assert left == []


def test_the_selections_of_an_attempt_are_those_of_its_enrolment(instance: Instance) -> None:
    """What objections and incidents ask: of which selections somebody's result is."""
    course = a_selecting_course(instance)
    march, april = an_edition(instance, course), an_edition(instance, course, "Abril")
    of_march, _of_april = a_selection(instance, course, march), a_selection(instance, course, april)
    learner = a_learner_of(instance, course, march)
    enrolment = enrolment_of(instance, learner, course)
    assert enrolment is not None

    with instance.database.unit_of_work(write=False) as session:
        found = [one.id for one in list_of_enrolment(session, enrolment.id, KEY)]

    assert found == [of_march.id]


REFUSED = in_spanish(str(ResultUsedElsewhere.message))


@pytest.fixture
@scene
def selection(instance: Instance) -> Selection:
    """Four people who sat a selecting quiz of five questions, and one who did not."""
    return a_sat_selection(instance)


def address_of(instance: Instance, selection: Selection) -> str:
    """Return the page on which a team would set Berta's result."""
    with instance.database.unit_of_work(write=False) as session:
        berta: UUID = session.scalars(select(Person.uuid).where(Person.email == "berta@example.org")).one()
        slug = session.get_one(Course, selection.course_id).slug
    return f"/teaching/{slug}/learners/{berta}/results/{selection.activity_key}"


def come_as_owner(browser: Browser, instance: Instance, selection: Selection) -> None:
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, selection.course_id)
    a_teacher(instance, course, role=StaffRole.OWNER)
    sign_in(browser, "profe@example.org")


def scores(instance: Instance) -> list[object]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(ActivityResult.score).order_by(ActivityResult.id)))


def test_the_page_says_why_and_offers_no_field(browser: Browser, instance: Instance, selection: Selection) -> None:
    come_as_owner(browser, instance, selection)

    page = browser.get(address_of(instance, selection))

    assert REFUSED in page.text
    assert 'name="score"' not in page.html


def test_a_result_that_is_sent_all_the_same_changes_nothing(browser: Browser, instance: Instance, selection: Selection) -> None:
    come_as_owner(browser, instance, selection)
    address, before = address_of(instance, selection), scores(instance)
    browser.get(address)
    token = dict(browser.page.forms[-1].fields)["csrf_token"]

    browser._request("POST", address, data={"csrf_token": token, "score": "90", "reason": "Se cortó la luz."})

    assert browser.response.status_code == 409
    assert REFUSED in browser.response.get_data(as_text=True)
    assert scores(instance) == before
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(ResultOverride)).all() == []


def test_a_later_version_for_the_course_alone_changes_nothing_of_that(browser: Browser, instance: Instance, selection: Selection) -> None:
    """An acta is of attempts at the version before."""
    with instance.database.unit_of_work() as session:
        course = session.get_one(Course, selection.course_id)
        before = course.published_version_id
    files = a_selecting_folder()
    publish(instance, {**files, FILE: files[FILE].replace(USE.encode(), b"")})
    come_as_owner(browser, instance, selection)

    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Course, selection.course_id).published_version_id != before
    assert REFUSED in browser.get(address_of(instance, selection)).text


def test_what_was_set_before_is_taken_back(browser: Browser, instance: Instance, selection: Selection) -> None:
    come_as_owner(browser, instance, selection)
    before = scores(instance)
    with instance.database.unit_of_work() as session:
        of_berta = select(Enrolment.id).join(Person, Person.id == Enrolment.person_id).where(Person.email == "berta@example.org")
        row = session.scalars(select(ActivityResult).where(ActivityResult.enrolment_id == of_berta.scalar_subquery())).one()
        row.overridden_at, row.own_score, row.own_passed, row.own_completed = row.submitted_at, row.score, row.passed, True
        row.score = Decimal(90)

    browser.get(address_of(instance, selection))
    browser.submit(address_of(instance, selection), {"reason": "Estaba mal."}, button=("undo", "1"))

    assert scores(instance) == before
