"""Bans that outlive accounts: kept as a hash of an address, in force for whoever has it, until their day (spec/communities C22, R3, R4)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from communities import communities, invitations, jobs, members, standing
from communities.communities import NoLongerAllowed
from communities.members import BannedFromCommunity, CannotJoin
from communities.models import Community, CommunityLevel, CommunityMember, CommunityRequest
from kernel import clock
from kernel.errors import NotFound
from kernel.outbox import Delivery
from kernel.permissions import SYSTEM
from kernel.settings import rotate_secret_key
from lms import erasure
from lms.instance import Instance
from organisations.address_lists import ListedAddress
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.communities import a_community, a_member, actor_of, an_invitation
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"
EVA = "eva@example.org"


@pytest.fixture
def ana(instance: Instance) -> Person:
    return a_person(instance)


def ban(instance: Instance, row: Community, person: Person, administrator: Person, days: int = 30) -> None:
    """Ban a person who is made a member for it."""
    number = a_member(instance, row, person)
    with instance.database.unit_of_work() as session:
        context = members.get_member(session, actor_of(administrator), row.slug, number)
        members.remove(session, actor_of(administrator), context, reason="Publicidad.", days=days, seen="1", now=clock.now())


def erase(instance: Instance, person: Person) -> None:
    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, person.id), now=clock.now())


def hashes(instance: Instance) -> list[str]:
    held = CommunityMember.address_hash
    return read(instance, lambda session: [value for value in session.scalars(select(held).where(held.is_not(None))) if value])


def test_a_new_account_with_the_address_of_a_deleted_one_is_banned_until_the_day(
    browser: Browser, instance: Instance, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/communities R3: kept is a hash that tells no address; it is forgotten when the ban is over."""
    row = a_community(instance, ana)
    ban(instance, row, a_person(instance, EVA), ana)
    erase(instance, read(instance, lambda session: session.scalars(select(Person).where(Person.email == EVA)).one()))
    (held,) = hashes(instance)
    assert "eva" not in held
    a_person(instance, EVA, given="Eva")
    a_person(instance, "blas@example.org")
    eva, blas = sign_in(browser.another(), EVA), sign_in(browser.another(), "blas@example.org")

    assert in_spanish("Its administrators removed you: you cannot join this community.") in eva.get(PAGE).text
    assert not [form for form in eva.page.forms if form.action.endswith("/joining")]
    assert [form for form in blas.get(PAGE).forms if form.action.endswith("/joining")]
    eva.post(f"{PAGE}/joining", status=403)

    rotate_secret_key(instance.settings)
    assert in_spanish("Its administrators removed you: you cannot join this community.") in eva.get(PAGE).text
    later = clock.now() + timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    jobs.care(Delivery(instance.database, instance.settings, 0, {}, later))
    assert hashes(instance) == []
    eva = sign_in(browser.another(), EVA)
    eva.get(PAGE)
    eva.submit(f"{PAGE}/joining")
    assert in_spanish("You are a member now.") in eva.page.text


def test_without_a_ban_nothing_of_the_address_stays(instance: Instance, ana: Person) -> None:
    row, eva = a_community(instance, ana), a_person(instance, EVA, given="Evangelina")
    a_member(instance, row, eva)
    erase(instance, eva)
    assert hashes(instance) == []


def test_an_account_that_was_merged_keeps_the_ban_by_each_of_its_addresses(instance: Instance, ana: Person) -> None:
    row, eva, former = a_community(instance, ana), a_person(instance, EVA), a_person(instance, "antes@example.org")
    ban(instance, row, former, ana)
    merge(instance, former, eva)
    erase(instance, eva)
    assert len(set(hashes(instance))) == 2
    for email in (EVA, "antes@example.org"):
        person = a_person(instance, email)
        assert read(instance, lambda session, person=person: standing.is_banned(session, row.id, person.id, clock.now()))


def merge(instance: Instance, closed: Person, remaining: Person) -> None:
    with instance.database.unit_of_work() as session:
        pair = erasure.get_pair(session, SYSTEM, remaining.uuid, closed.uuid)
        erasure.merge(session, SYSTEM, pair, "La misma persona", now=clock.now())


def is_member(instance: Instance, row: Community, person: Person) -> bool:
    return read(instance, lambda session: members.find_member(session, row.id, person.id) is not None)


@pytest.mark.parametrize("banned_one", ["closed", "remaining"])
def test_a_ban_of_either_account_holds_after_a_merge(instance: Instance, ana: Person, banned_one: str) -> None:
    """spec/communities R4: the open membership of the other one ends, and a request that waits."""
    row, eva, former = a_community(instance, ana), a_person(instance, EVA), a_person(instance, "antes@example.org")
    other = a_community(instance, ana, "Otra", level=CommunityLevel.SEMIPRIVATE)
    banned, free = (former, eva) if banned_one == "closed" else (eva, former)
    ban(instance, row, banned, ana)
    ban(instance, other, banned, ana)
    a_member(instance, row, free)
    with instance.database.unit_of_work() as session:
        session.add(CommunityRequest(community_id=other.id, person_id=free.id, text="", sent_at=clock.now(), state="pending"))
    merge(instance, former, eva)

    assert not is_member(instance, row, eva)
    assert read(instance, lambda session: session.scalars(select(CommunityRequest.state)).all()) == ["ended"]
    with instance.database.unit_of_work() as session, pytest.raises(BannedFromCommunity):
        members.add_member(session, SYSTEM, session.get_one(Community, row.id), eva.id, "joined", now=clock.now())


def join(instance: Instance, row: Community, eva: Person, ana: Person, context: communities.CommunityContext) -> None:
    with instance.database.unit_of_work() as session:
        members.join(session, actor_of(eva), context, now=clock.now())


def ask(instance: Instance, row: Community, eva: Person, ana: Person, context: communities.CommunityContext) -> None:
    with instance.database.unit_of_work() as session:
        members.request_to_join(session, actor_of(eva), context, "Por favor.", now=clock.now())


def approve(instance: Instance, row: Community, eva: Person, ana: Person, context: communities.CommunityContext) -> None:
    with instance.database.unit_of_work() as session:
        request = session.scalars(select(CommunityRequest)).one()
        asked = members.get_request(session, actor_of(ana), row.slug, request.uuid)
        members.decide_request(session, actor_of(ana), asked, approves=True, reason="", now=clock.now())


def accept(instance: Instance, row: Community, eva: Person, ana: Person, context: communities.CommunityContext) -> None:
    an_invitation(instance, row, ana, "otra@example.org")
    with instance.database.unit_of_work() as session:
        invitation = session.scalars(select(invitations.CommunityInvitation)).one()
        invitation.email, invitation.sent = eva.email, 1
        session.flush()
        before = replace(invitations.get_own(session, actor_of(eva), invitation.uuid), is_banned=False)
        invitations.accept(session, actor_of(eva), before, now=clock.now())


@pytest.mark.parametrize("way", [join, ask, approve, accept])
def test_a_page_that_was_loaded_before_the_ban_lets_nobody_in(instance: Instance, ana: Person, way: Callable[..., None]) -> None:
    """spec/communities C22: asked again under the lock, of the button, the request, its decision and the invitation."""
    row, eva = a_community(instance, ana), a_person(instance, EVA, given="Evangelina")
    context = read(instance, lambda session: communities.get_community(session, actor_of(eva), row.slug))
    with instance.database.unit_of_work() as session:
        session.add(CommunityRequest(community_id=row.id, person_id=eva.id, text="", sent_at=clock.now(), state="pending"))
    number = a_member(instance, row, eva)
    with instance.database.unit_of_work() as session:
        gone = {"until": clock.now(), "banned_until": clock.now() + timedelta(days=3)}
        session.execute(update(CommunityMember).where(CommunityMember.id == number).values(**gone))

    with pytest.raises((BannedFromCommunity, CannotJoin, NoLongerAllowed, NotFound)):
        way(instance, row, eva, ana, context)
    assert not is_member(instance, row, eva)


def test_a_list_of_invitations_leaves_the_address_out(instance: Instance, ana: Person) -> None:
    """spec/communities C19: as one that is banned."""
    row, eva = a_community(instance, ana), a_person(instance, EVA, given="Evangelina")
    ban(instance, row, eva, ana)
    erase(instance, eva)
    checked = read(instance, lambda session: invitations.check_list(session, actor_of(ana), row.id, [ListedAddress(1, EVA)]))
    assert ([entry.address for entry in checked.banned], checked.to_invite) == ([EVA], ())


@pytest.mark.parametrize("days", [0, 30])
def test_a_ban_says_how_long_it_lasts_and_is_lifted(browser: Browser, instance: Instance, ana: Person, days: int) -> None:
    """spec/communities C22: its person reads the reason and from when on they can join, administrators find it and end it."""
    row, eva = a_community(instance, ana), a_person(instance, EVA, given="Evangelina")
    ban(instance, row, eva, ana, days)
    reader, admin = sign_in(browser.another(), EVA), sign_in(browser)
    sentence = in_spanish("You cannot join again before %(day)s.") if days else in_spanish("You cannot join again.")
    assert sentence.partition("%")[0] in reader.get("/notices").text
    assert "Publicidad." in reader.page.text
    assert in_spanish("Join") not in reader.get(PAGE).text
    assert eva.full_name in admin.get(f"{PAGE}/manage/requests").text
    admin.submit("/ban")
    assert eva.full_name not in admin.page.text
    assert in_spanish("You can join again: %(name)s", name=row.name) in reader.get("/notices").text
    reader.get(PAGE)
    reader.submit(f"{PAGE}/joining")

    assert in_spanish("You are a member") in reader.page.text
