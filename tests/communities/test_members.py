"""Members and their list: institutions, who no longer belongs, search by name, administrators who count (spec/communities C4, C9, C13)."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from accounts.models import Person
from communities import communities, members
from communities.members import LastAdministrator
from communities.models import CommunityLevel, CommunityReach, CommunityRole
from kernel import clock
from kernel.permissions import SYSTEM
from lms import erasure
from lms.instance import Instance
from organisations.models import Membership
from tests.support.at_once import overlap
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.communities import a_community, a_member, actor_of
from tests.support.crowds import add_members
from tests.support.places import a_place, put
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"


def test_the_institution_is_shown_of_those_who_want_it_as_it_is_now(browser: Browser, instance: Instance) -> None:
    """spec/communities C9: chosen on one's own page, and shown to members alone."""
    ana, eva, luis = a_person(instance), a_person(instance, "eva@example.org"), a_person(instance, "luis@example.org")
    place = a_place(instance, "Instituto de Pensiones")
    unit = a_place(instance, "Dirección actuarial", place)
    row = a_community(instance, ana)
    for person in (eva, luis):
        put(instance, person, unit)
        a_member(instance, row, person)
    reader, member = sign_in(browser.another(), ana.email), sign_in(browser.another(), eva.email)
    assert "Instituto de Pensiones" not in reader.get(f"{PAGE}/members").text

    assert member.get(PAGE).has_link(f"{PAGE}/membership")
    assert "Instituto de Pensiones" in member.get(f"{PAGE}/membership").text
    member.submit(f"{PAGE}/membership", {"shows_institution": "y"})
    assert reader.get(f"{PAGE}/members").text.count("Instituto de Pensiones") == 1
    with instance.database.unit_of_work() as session:
        session.execute(update(Membership).values(until=clock.now()))
    assert "Instituto de Pensiones" not in reader.get(f"{PAGE}/members").text
    member.get(f"{PAGE}/membership")
    member.submit(f"{PAGE}/membership", {"shows_institution": None})
    assert in_spanish("Saved.") in member.page.text


def test_administrators_see_who_no_longer_belongs(browser: Browser, instance: Instance) -> None:
    """spec/communities C4: those invited from outside are none of them."""
    ana, eva, left, external = (a_person(instance, f"{name}@example.org") for name in ("ana", "eva", "luis", "otra"))
    place = a_place(instance)
    row = a_community(instance, ana, level=CommunityLevel.PUBLIC, reach=CommunityReach.INSTITUTION, organisation_id=place.id)
    for person in (ana, eva):
        put(instance, person, place)
    a_member(instance, row, eva)
    a_member(instance, row, left)
    a_member(instance, row, external, external=True)
    label = in_spanish("no longer belongs")

    assert sign_in(browser.another(), ana.email).get(f"{PAGE}/members").text.count(label) == 1
    assert label not in sign_in(browser.another(), eva.email).get(f"{PAGE}/members").text


def test_members_are_found_by_name_and_never_by_address(browser: Browser, instance: Instance) -> None:
    ana = a_person(instance)
    row = a_community(instance, ana)
    a_member(instance, row, a_person(instance, "clave@example.org", given="Evangelina"))
    reader = sign_in(browser)

    assert "Evangelina" in reader.get(f"{PAGE}/members?q=evangélina%00").text
    assert "Ana" not in reader.page.html.partition('<ul class="rows panel">')[2].partition("</ul>")[0]
    assert "Evangelina" not in reader.get(f"{PAGE}/members?q=clave").text
    assert in_spanish("No member has this name") in reader.page.text


def test_a_request_shows_the_institution_of_its_author_where_the_community_is_for_one(browser: Browser, instance: Instance) -> None:
    """spec/communities C9: its administrators decide on it, and the form says that they read it."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    place = a_place(instance, "Instituto de Pensiones")
    for person in (ana, eva):
        put(instance, person, place)
    rows = {
        "/communities/del-instituto": a_community(
            instance, ana, "Del instituto", level=CommunityLevel.SEMIPRIVATE, reach=CommunityReach.INSTITUTION, organisation_id=place.id
        ),
        "/communities/de-todos": a_community(instance, ana, "De todos", level=CommunityLevel.SEMIPRIVATE),
    }
    author, reader = sign_in(browser.another(), eva.email), sign_in(browser.another(), ana.email)
    for page, row in rows.items():
        author.get(f"{page}/request")
        is_for_one = row.organisation_id is not None
        assert (in_spanish("Its administrators read your request, your name and your institution.") in author.page.text) == is_for_one
        author.submit(f"{page}/request", {"text": "Por favor."})
        assert ("Instituto de Pensiones" in reader.get(f"{page}/manage/requests").text) == is_for_one


def test_the_list_of_members_keeps_to_its_statements(browser: Browser, instance: Instance) -> None:
    """spec/communities B1: seven at most, also with institutions and those who no longer belong."""
    ana, place = a_person(instance), a_place(instance)
    put(instance, ana, place)
    row = a_community(instance, ana, reach=CommunityReach.INSTITUTION, organisation_id=place.id)
    reader, counter = sign_in(browser), every_statement(instance.database)
    reader.get(f"{PAGE}/membership")
    reader.submit(f"{PAGE}/membership", {"shows_institution": "y"})

    def count() -> int:
        reader.get(f"{PAGE}/members?q=a")
        counter.reset()
        reader.get(f"{PAGE}/members?q=a")
        return len(counter.statements)

    few = count()
    for number in range(12):
        person = a_person(instance, f"m{number}@example.org")
        a_member(instance, row, person)
    assert few == count() <= 7


def suspend(instance: Instance, person: Person) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == person.id).values(suspended_at=clock.now()))


def leave_institution(instance: Instance, person: Person) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Membership).where(Membership.person_id == person.id).values(until=clock.now()))


def erase(instance: Instance, person: Person) -> None:
    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, person.id), now=clock.now())


@pytest.mark.parametrize("end", [suspend, leave_institution, erase])
def test_an_administrator_who_can_do_nothing_does_not_count(browser: Browser, instance: Instance, end: Callable[..., None]) -> None:
    """spec/communities C4, C13: the other one stays, and without one it is listed for the site."""
    ana, eva, place = a_person(instance), a_person(instance, "eva@example.org"), a_place(instance)
    for person in (ana, eva):
        put(instance, person, place)
    row = a_community(instance, ana, reach=CommunityReach.INSTITUTION, organisation_id=place.id)
    a_member(instance, row, eva, CommunityRole.ADMINISTRATOR)
    boss = sign_in(browser.another(), an_administrator(instance).email)
    end(instance, ana)

    second = sign_in(browser.another(), eva.email)
    second.get(f"{PAGE}/leave")
    second.submit(f"{PAGE}/leave", status=409)
    assert in_spanish("Every active community has one.") in boss.get("/administration/communities").text
    end(instance, eva)
    assert in_spanish("Every active community has one.") not in boss.get("/administration/communities").text
    assert boss.page.has_link(PAGE)
    assert in_spanish("None at present") in boss.get(PAGE).text


def test_of_two_administrators_who_resign_at_once_one_stays(instance: Instance) -> None:
    """spec/communities, section 11: the second waits for the first, and is the last one."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana)
    a_member(instance, row, eva, CommunityRole.ADMINISTRATOR)
    refused = []

    def resign(session: Session, person: Person) -> None:
        context = communities.get_community(session, actor_of(person), row.slug)
        members.leave(session, actor_of(person), context, now=clock.now())

    def resign_too() -> None:
        try:
            with instance.database.unit_of_work() as session:
                resign(session, eva)
        except LastAdministrator as error:
            refused.append(error)

    overlap(instance, lambda session: resign(session, ana), resign_too)

    assert len(refused) == 1
    assert read(instance, lambda session: communities.list_running_people(session, row)) == [eva.id]


def test_a_long_list_is_read_by_steps_from_either_end(browser: Browser, instance: Instance) -> None:
    """Administrators first, then moderators, then the others by name; no step reads what stands before it."""
    ana, like = a_person(instance), a_person(instance, "eva@example.org", given="Eva")
    row = a_community(instance, ana)
    a_member(instance, row, a_person(instance, "zoe@example.org", given="Zoe", surname="Zurita"), CommunityRole.MODERATOR)
    add_members(instance, row, like, 100)
    sign_in(browser)
    page = browser.get(f"{PAGE}/members")
    titles = re.findall(r'<h2 class="h4">([^<]+)', page.html)
    assert (titles[:3], len(titles)) == (["Ana Quinde", "Zoe Zurita", "Eva Quinde"], 50)
    counts = [len(titles)]
    while following := [address for address, words in page.links if words == in_spanish("Next")]:
        page = browser.get(following[0])
        counts.append(page.html.count('<h2 class="h4">Eva Quinde'))
    assert counts == [50, 50, 2]
    browser.get(f"{PAGE}/members?last=1")
    for count in (50, 2):
        before = next(address for address, words in browser.page.links if words == in_spanish("Previous"))
        assert browser.get(before).html.count('<h2 class="h4">') == count

    assert '<h2 class="h4">Ana Quinde' in browser.page.html
