"""Selections, their juries and readers: who names them, who may be named, what becomes of them (spec/selection 4.1 and 12)."""

import pytest

from accounts.models import Person
from courses.models import StaffRole
from kernel import clock
from kernel.permissions import SYSTEM
from lms.erasure import erase_person
from lms.instance import Instance
from selections import selections
from selections.access import is_jury_member
from selections.models import MemberRole
from selections.selections import get_selection, list_jury, list_of_enrolment
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, sign_in
from tests.support.editions import a_learner_of, an_edition, enrol, enrolment_of
from tests.support.learning import actor_of
from tests.support.selection_access import SELECTION_CELLS, a_selection_cast
from tests.support.selections import KEY, QUIZ, a_juror, a_selecting_course, a_selection, add_factor, appoint, name, named
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
    assert SELECTION_CELLS.differing() == []


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

    page = owner.submit(PAGE, {"people": f"edition:{edition.uuid}"}, status=422)

    assert in_spanish(selections.NotSelecting.message) in page.text


def test_a_member_of_the_jury_finds_the_selections_they_are_named_for(browser: Browser, instance: Instance) -> None:
    selection = a_selection(instance, a_selecting_course(instance))
    juror = a_juror(browser, instance, selection)

    juror.get("/selections")

    assert juror.page.has_link(f"/selections/{selection.uuid}")


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
