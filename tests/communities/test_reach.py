"""Who finds and reads a community: changed after a page that says what follows, widened until others wrote (spec/communities C2, C5)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from communities import communities
from communities.communities import CommunityValues
from communities.models import Community, CommunityInvitation, CommunityLevel, CommunityReach, CommunityRequest, CommunityState
from communities.reach import WiderThanWritten, change_values, others_wrote
from kernel import clock
from kernel.permissions import SYSTEM, Actor, SiteRole
from lms.instance import Instance
from organisations.rules.units import OrganisationKind
from organisations.units import UnitValues, make
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.communities import a_community, a_member, actor_of, an_invitation, bring_file, fresh, write_page, write_thread
from tests.support.places import a_place, put
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"
MANAGE = f"{PAGE}/manage"


def test_it_is_not_widened_once_others_wrote(browser: Browser, instance: Instance) -> None:
    """spec/communities C5: narrowing acts at once."""
    row = a_community(instance, a_person(instance))
    eva = a_person(instance, "eva@example.org")
    a_member(instance, row, eva)
    write_thread(instance, row, "Entre nosotros", eva)
    sign_in(browser).get(f"{MANAGE}/settings")
    browser.submit(f"{MANAGE}/settings", {"level": "open"}, status=422)
    assert (
        in_spanish("Others have written here for its present readers: a community is not opened to more people after that.")
        in browser.page.text
    )
    browser.get(f"{MANAGE}/settings")
    browser.submit(f"{MANAGE}/settings", {"reach": "hidden"})
    browser.submit(f"{MANAGE}/settings", button=("act", "confirm"))

    assert (fresh(instance, row).reach, fresh(instance, row).level) == (CommunityReach.HIDDEN, CommunityLevel.PRIVATE)
    browser.another().get(PAGE, status=404)


@pytest.mark.parametrize("write", [bring_file, write_page, write_thread])
def test_files_and_pages_of_others_keep_it_from_being_widened(instance: Instance, write: Callable[..., object]) -> None:
    """spec/communities C5: what its administrators brought in and the texts of the front page do not."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana, level=CommunityLevel.PRIVATE)
    a_member(instance, row, eva)
    bring_file(instance, row, ana)
    write_page(instance, row, ana)
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).values(members_write=True))
        assert not others_wrote(session, row)
    if write is write_thread:
        write_thread(instance, row, "Entre nosotros", eva)
    else:
        write(instance, row, eva, "Otra cosa")

    assert read(instance, lambda session: others_wrote(session, row))


def test_it_is_not_given_to_another_institution_once_others_wrote(instance: Instance) -> None:
    """spec/communities C5: people of the other institution would read what was written for the first."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana, level=CommunityLevel.OPEN)
    a_member(instance, row, eva)
    with instance.database.unit_of_work() as session:
        units = [
            make(session, SYSTEM, None, OrganisationKind.INSTITUTION, UnitValues(f"Instituto {sign}", sign), now=clock.now())
            for sign in "AB"
        ]
        known = session.get_one(Community, row.id)
        known.reach, known.organisation_id = CommunityReach.INSTITUTION.value, units[0].id
    boss = Actor(person_id=ana.id, roles=frozenset({SiteRole.ADMINISTRATOR}))

    def move(number: int) -> bool:
        values = CommunityValues(row.name, row.language, CommunityReach.INSTITUTION, CommunityLevel.OPEN, units[number].id)
        with instance.database.unit_of_work() as session:
            known = session.get_one(Community, row.id)
            return change_values(session, boss, known, values, seen=str(known.row_version), now=clock.now())

    assert move(1), "nobody wrote yet"
    write_thread(instance, row, "Entre nosotros", eva)
    with pytest.raises(WiderThanWritten):
        move(0)


def change_settings(browser: Browser, **values: str) -> None:
    """Send settings for other people, and look at what would follow."""
    browser.get(f"{MANAGE}/settings")
    browser.submit(f"{MANAGE}/settings", dict(values))


def readers(message: str, count: int) -> str:
    return in_spanish(message, count)


READ = "%(count)s person reads what is written in it."
PAST = (
    "Its new readers also read what is there already, from the moment of saving: the discussions, and the pages and files that "
    "are not for members alone."
)


def test_before_it_is_narrowed_a_page_says_who_reads_it_today_and_afterwards(browser: Browser, instance: Instance) -> None:
    """spec/communities C5: nothing changes before it is confirmed, and what was typed comes back."""
    row = a_community(instance, a_person(instance), level=CommunityLevel.OPEN)
    for number in range(2):
        a_member(instance, row, a_person(instance, f"m{number}@example.org"))
    a_person(instance, "nadie@example.org")
    sign_in(browser)
    change_settings(browser, level="private", name="Otro nombre", topic="Salud")
    assert in_spanish("Everyone reads what is written in it.") in browser.page.text
    assert readers(READ, 3) in browser.page.text
    assert in_spanish(PAST) not in browser.page.text
    assert (fresh(instance, row).level, fresh(instance, row).name) == ("open", "Estadística actuarial")

    browser.submit(f"{MANAGE}/settings", button=("act", "back"))
    assert 'value="Otro nombre"' in browser.page.html
    browser.submit(f"{MANAGE}/settings")
    browser.submit(f"{MANAGE}/settings", button=("act", "confirm"))
    changed = fresh(instance, row)
    assert (changed.level, changed.name, changed.topic, changed.slug) == ("private", "Otro nombre", "Salud", "estadistica-actuarial")


def test_before_it_is_widened_the_same_page_says_who_reads_it_afterwards(browser: Browser, instance: Instance) -> None:
    """spec/communities C5: a draft has no readers yet, and asks nothing."""
    draft = a_community(instance, a_person(instance), "Borrador", state=CommunityState.DRAFT)
    row = a_community(instance, a_person(instance, "eva@example.org"), level=CommunityLevel.PRIVATE)
    sign_in(browser).get("/communities/borrador/manage/settings")
    browser.submit("/communities/borrador/manage/settings", {"level": "open"})
    assert fresh(instance, draft).level == "open"
    eva = sign_in(browser.another(), "eva@example.org")
    change_settings(eva, level="open")
    assert readers(READ, 1) in eva.page.text
    assert in_spanish("Everyone reads what is written in it.") in eva.page.text
    assert in_spanish(PAST) in eva.page.text
    assert fresh(instance, row).level == "private"

    eva.submit(f"{MANAGE}/settings", button=("act", "confirm"))
    assert fresh(instance, row).level == "open"
    change_settings(eva, topic="Salud")
    assert fresh(instance, row).topic == "Salud", "the same readers: nothing to confirm"


def test_someone_else_s_change_between_the_page_and_its_confirmation_is_not_overwritten(browser: Browser, instance: Instance) -> None:
    row = a_community(instance, a_person(instance), level=CommunityLevel.OPEN)
    sign_in(browser)
    change_settings(browser, level="private")
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).values(row_version=7))
    browser.submit(f"{MANAGE}/settings", button=("act", "confirm"), status=409)

    assert fresh(instance, row).level == "open"


def test_for_an_institution_those_who_belong_go_on_reading(browser: Browser, instance: Instance) -> None:
    """Requests and invitations of people outside end with a notice; who is counted is who reads it then."""
    ana, eva, outside, other = (a_person(instance, f"{name}@example.org") for name in ("ana", "eva", "luis", "otra"))
    place = a_place(instance)
    for person in (ana, eva):
        put(instance, person, place)
    row = a_community(instance, ana, level=CommunityLevel.SEMIPRIVATE)
    a_member(instance, row, other)
    with instance.database.unit_of_work() as session:
        for person in (eva, outside):
            session.add(CommunityRequest(community_id=row.id, person_id=person.id, text="", sent_at=clock.now(), state="pending"))
    an_invitation(instance, row, ana, eva.email)
    an_invitation(instance, row, ana, outside.email)
    an_invitation(instance, row, ana, "sin.cuenta@example.org")
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityInvitation).values(sent=1))
    sign_in(browser)
    change_settings(browser, reach="institution", organisation=str(place.id))
    assert readers(READ, 2) in browser.page.text
    assert readers(READ, 1) in browser.page.text
    assert in_spanish("%(count)s request to join ends, and its author is notified.", 1) in browser.page.text
    assert in_spanish("%(count)s invitation ends, and its person is notified.", 2) in browser.page.text
    browser.submit(f"{MANAGE}/settings", button=("act", "confirm"))

    def waiting() -> tuple[list[str], list[str]]:
        asked = select(Person.email).join(CommunityRequest, CommunityRequest.person_id == Person.id)
        invited = select(CommunityInvitation.email).where(CommunityInvitation.withdrawn_at.is_(None))
        return read(
            instance,
            lambda session: (list(session.scalars(asked.where(CommunityRequest.state == "pending"))), list(session.scalars(invited))),
        )

    assert waiting() == (["eva@example.org"], ["eva@example.org"])
    bell = sign_in(browser.another(), outside.email).get("/notices").text
    assert in_spanish("Your request to join a community ended") in bell
    assert in_spanish("Your invitation to a community ended") in bell
    assert "Estadística actuarial" not in bell  # which they find no more


def test_what_becomes_hidden_gets_an_address_that_nobody_guesses(browser: Browser, instance: Instance) -> None:
    """spec/communities C2: its former one is that of the next community of that name, as if there had never been another."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana)
    sign_in(browser)
    change_settings(browser, reach="hidden")
    assert in_spanish("It gets another address: links to the present one lead nowhere from then on.") in browser.page.text
    browser.submit(f"{MANAGE}/settings", button=("act", "confirm"))
    slug = fresh(instance, row).slug

    assert slug.startswith("estadistica-actuarial-")
    assert browser.get(f"/communities/{slug}")
    assert a_community(instance, eva).slug == "estadistica-actuarial"


def test_addresses_tell_of_no_other_community(instance: Instance) -> None:
    """spec/communities C2: signs by chance where the name is taken or reserved, and always for what few find."""
    ana = a_person(instance)
    hidden = CommunityValues("Loros", "es", CommunityReach.HIDDEN, CommunityLevel.PRIVATE)
    with instance.database.unit_of_work() as session:
        rows = [communities.found_community(session, actor_of(ana), values, now=clock.now()) for values in (hidden, hidden)]
        named = replace(hidden, reach=CommunityReach.EVERYONE)
        rows += [communities.found_community(session, actor_of(ana), values, now=clock.now()) for values in (named, named)]
        rows.append(communities.found_community(session, actor_of(ana), replace(named, name="New"), now=clock.now()))
        slugs = [row.slug for row in rows]

    assert slugs[2] == "loros"
    by_chance = [slug.rpartition("-") for slug in (*slugs[:2], *slugs[3:])]
    assert [start for start, _hyphen, _signs in by_chance] == ["loros", "loros", "loros", "new"]
    assert {len(signs) for _start, _hyphen, signs in by_chance} == {6}
    assert len(set(slugs)) == 5
