"""What two of a jury decide, and nobody alone: naming after the first acta (spec/selection 4.16)."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select, update

from accounts.models import Notification, Person
from courses.models import Course, StaffRole
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from selections import jury_decisions, selections
from selections.jury_decisions import SecondPersonNeeded, agree, get_decision
from selections.models import JuryDecision, MemberRole, Selection, SelectionMember
from selections.selections import JuryNames, ParticipantNamed
from tests.support.access import outcome
from tests.support.browser import Browser
from tests.support.builders import a_person, a_teacher, an_administrator, sign_in
from tests.support.learning import actor_of
from tests.support.objections import Objecting, a_published_selection
from tests.support.selection_access import SelectionCast, a_selection_cast
from tests.support.selections import add_factor, all_actas, appoint, named
from tests.support.wording import in_spanish

REASON = "Control interno pidió otro miembro."
NEW = {"email": "nina@example.org", "role": "jury", "reason": REASON}


def publish_acta(cast: SelectionCast) -> None:
    juror = cast.browsers["J"]
    outcome(juror, f"/selections/{cast.selection.uuid}/actas", "POST")
    juror.deliver_jobs()
    row = all_actas(cast.instance)[-1]
    outcome(juror, f"/selections/actas/{row.uuid}/publication", "POST", {"sha256": row.sha256})


def decisions(instance: Instance) -> list[JuryDecision]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(JuryDecision).order_by(JuryDecision.id)))


def wait_again(instance: Instance, by: int) -> UUID:
    """Let the newest decision wait again, with this person as the first of the two."""
    with instance.database.unit_of_work() as session:
        row = session.scalars(select(JuryDecision).order_by(JuryDecision.id.desc())).first()
        assert row is not None
        row.agreed_by, row.requested_by, row.closed_at, row.closed_by, row.outcome = by, by, None, None, ""
        session.execute(update(SelectionMember).where(SelectionMember.person_id == row.person_id).values(ended_at=clock.now()))
        return row.uuid


@pytest.mark.matrix
def test_every_cell_of_the_jury_s_decisions(browser: Browser, instance: Instance) -> None:
    """Access: jury.view, jury.name, jury.decide."""
    cast = a_selection_cast(browser, instance)
    publish_acta(cast)
    people = [add_factor(instance, a_person(instance, f"n{at}@example.org")) for at in range(2 * len(cast.browsers))]
    page = f"/selections/{cast.selection.uuid}/jury"
    faults = cast.check("jury.view", "of_a_selection", cast.outcomes(page))

    def ask() -> dict[str, str]:
        return {
            letter: outcome(visitor, f"{page}/naming", "POST", {**NEW, "email": people.pop().email})
            for letter, visitor in cast.browsers.items()
        }

    faults += cast.check("jury.name", "fewer", ask())
    other = add_factor(instance, a_person(instance, "hugo@example.org"))
    appoint(instance, cast.selection, other)
    faults += cast.check("jury.name", "two_of_the_jury", ask())
    found = {}
    for letter, visitor in cast.browsers.items():
        found[letter] = outcome(visitor, f"/selections/decisions/{wait_again(instance, other.id)}/agreement", "POST")
    faults += cast.check("jury.decide", "waiting", found)

    assert faults == []


@pytest.fixture
def objecting(browser: Browser, instance: Instance) -> Objecting:
    """A selection with a provisional acta and a jury of two."""
    found = a_published_selection(browser, instance)
    add_factor(instance, a_person(instance, "nina@example.org", given="Nina"))
    return found


def ask_as(browser: Browser, objecting: Objecting, **fields: str) -> str:
    """Ask to name Nina; return the address of the decision."""
    page = f"/selections/{objecting.selection.uuid}/jury"
    browser.get(page)
    browser.submit("/naming", {**NEW, **fields})
    return f"/selections/decisions/{decisions(objecting.instance)[-1].uuid}"


def notices_of(instance: Instance, email: str) -> list[str]:
    statement = select(Notification.key).join(Person, Person.id == Notification.person_id).where(Person.email == email)
    with instance.database.unit_of_work(write=False) as session:
        return [key for key in session.scalars(statement) if key.startswith("jury-")]


def test_two_of_the_jury_name_and_everybody_is_told(browser: Browser, instance: Instance, objecting: Objecting) -> None:
    decision = ask_as(objecting.julia, objecting)
    objecting.julia.deliver_jobs()
    assert ("nina@example.org", "jury") not in named(instance, objecting.selection)
    assert [key.split(":")[0] for key in notices_of(instance, "hugo@example.org")] == ["jury-decision"]
    assert REASON in objecting.hugo.get(decision).text

    objecting.hugo.submit("/agreement")
    objecting.hugo.deliver_jobs()

    assert ("nina@example.org", "jury") in named(instance, objecting.selection)
    for email in ("julia@example.org", "nina@example.org", "ana@example.org", "eva@example.org"):
        assert "jury-changed" in [key.split(":")[0] for key in notices_of(instance, email)], email


def test_two_of_the_jury_end_a_membership(browser: Browser, instance: Instance, objecting: Objecting) -> None:
    """Whoever it is about is none of the two, so that an administrator stands in for a jury of two."""
    boss = sign_in(browser.another(), an_administrator(instance, "jefa@example.org").email)
    member = next(one for one in members(instance, objecting.selection) if one[0] == "hugo@example.org")
    objecting.julia.get(f"/selections/{objecting.selection.uuid}/jury/{member[1]}/ending")
    objecting.julia.submit("/ending", {"reason": REASON})
    decision = f"/selections/decisions/{decisions(instance)[-1].uuid}"
    assert "/agreement" not in objecting.hugo.get(decision).html
    assert outcome(objecting.hugo, f"{decision}/agreement", "POST") == "deny"

    boss.get(decision)
    boss.submit("/agreement")

    assert "hugo@example.org" not in dict(named(instance, objecting.selection))


def members(instance: Instance, selection: Selection) -> list[tuple[str, UUID]]:
    with instance.database.unit_of_work(write=False) as session:
        return [(row.Person.email, row.SelectionMember.uuid) for row in selections.list_members(session, [selection.id])]


def test_one_person_is_not_two(objecting: Objecting) -> None:
    decision = ask_as(objecting.julia, objecting)

    assert outcome(objecting.julia, f"{decision}/agreement", "POST") == "deny"


@pytest.mark.parametrize("reason", [".", "Se acepta.", "<b></b><i></i><u></u><b></b>"])
def test_a_reason_says_something(instance: Instance, objecting: Objecting, reason: str) -> None:
    page = f"/selections/{objecting.selection.uuid}/jury"
    objecting.julia.get(page)

    objecting.julia.submit("/naming", {**NEW, "reason": reason}, status=422)

    assert decisions(instance) == []


def test_what_is_asked_twice_waits_once_and_what_is_declined_stays(instance: Instance, objecting: Objecting) -> None:
    decision = ask_as(objecting.julia, objecting)
    objecting.hugo.get(f"/selections/{objecting.selection.uuid}/jury")
    objecting.hugo.submit("/naming", NEW, status=409)
    objecting.hugo.get(decision)

    objecting.hugo.submit("/refusal")

    assert [row.outcome for row in decisions(instance)] == ["declined"]
    assert outcome(objecting.hugo, f"{decision}/agreement", "POST") == "deny"
    assert "nina@example.org" not in dict(named(instance, objecting.selection))


def test_the_owner_names_nobody_after_the_first_acta(browser: Browser, instance: Instance, objecting: Objecting) -> None:
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, objecting.selection.course_id)
    a_teacher(instance, course, role=StaffRole.OWNER)
    owner = sign_in(browser.another(), "profe@example.org")
    path = f"/selections/{objecting.selection.uuid}/members"
    page = owner.get(path)
    assert in_spanish(JuryNames.message) in page.text
    assert 'name="email"' not in page.html
    before = named(instance, objecting.selection)

    for target, fields in ((path, NEW), (f"{path}/{members(instance, objecting.selection)[0][1]}/end", {})):
        assert outcome(owner, target, "POST", fields) == "deny"

    assert named(instance, objecting.selection) == before


def test_who_took_part_is_not_named_by_two_either(instance: Instance, objecting: Objecting) -> None:
    with instance.database.unit_of_work(write=False) as session:
        ana = session.scalars(select(Person).where(Person.email == "ana@example.org")).one()
    add_factor(instance, ana)
    objecting.julia.get(f"/selections/{objecting.selection.uuid}/jury")

    page = objecting.julia.submit("/naming", {**NEW, "email": ana.email}, status=422)

    assert in_spanish(ParticipantNamed.message) in page.text


def end_jury(instance: Instance, selection: Selection, *emails: str) -> None:
    people = select(Person.id).where(Person.email.in_(emails))
    with instance.database.unit_of_work() as session:
        session.execute(update(SelectionMember).where(SelectionMember.person_id.in_(people)).values(ended_at=clock.now()))


def decide(instance: Instance, actor: Actor) -> bool:
    with instance.database.unit_of_work() as session:
        subject = get_decision(session, actor, decisions(instance)[-1].uuid)
        return agree(session, actor, subject, now=clock.now())


Asking = Callable[[Actor, str], None]


@pytest.fixture
def ask(instance: Instance, objecting: Objecting) -> Asking:
    def request(actor: Actor, email: str) -> None:
        with instance.database.unit_of_work() as session:
            jury = jury_decisions.get_jury(session, actor, objecting.selection.uuid)
            jury_decisions.request_naming(session, actor, jury, email, MemberRole.JURY, REASON, now=clock.now())

    return request


def test_the_one_who_is_left_decides_with_an_administrator(instance: Instance, objecting: Objecting, ask: Asking) -> None:
    """Neither two administrators beside the one, nor the one alone."""
    bosses = [actor_of(an_administrator(instance, f"jefa{at}@example.org")) for at in range(2)]
    end_jury(instance, objecting.selection, "hugo@example.org")
    ask(bosses[0], "nina@example.org")
    with pytest.raises(SecondPersonNeeded):
        decide(instance, bosses[1])
    with instance.database.unit_of_work(write=False) as session:
        julia = actor_of(session.scalars(select(Person).where(Person.email == "julia@example.org")).one())

    assert decide(instance, julia)
    assert ("nina@example.org", "jury") in named(instance, objecting.selection)


def test_two_administrators_decide_where_nobody_is_left(instance: Instance, objecting: Objecting, ask: Asking) -> None:
    bosses = [actor_of(an_administrator(instance, f"jefa{at}@example.org")) for at in range(2)]
    end_jury(instance, objecting.selection, "hugo@example.org", "julia@example.org")
    ask(bosses[0], "nina@example.org")
    with pytest.raises(SecondPersonNeeded):
        decide(instance, bosses[0])

    assert decide(instance, bosses[1])


def test_the_agreement_of_whoever_may_act_no_more_is_none(instance: Instance, objecting: Objecting, ask: Asking) -> None:
    with instance.database.unit_of_work(write=False) as session:
        julia, hugo = (
            actor_of(session.scalars(select(Person).where(Person.email == f"{name}@example.org")).one()) for name in ("julia", "hugo")
        )
    ask(julia, "nina@example.org")
    end_jury(instance, objecting.selection, "julia@example.org")

    assert not decide(instance, hugo)
    assert decisions(instance)[-1].agreed_by == hugo.person_id
