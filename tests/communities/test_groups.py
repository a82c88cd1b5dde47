"""Working groups: for members of a community alone, seen or hidden, archived with it (spec/communities C35, C36, C37)."""

from sqlalchemy import select, update

from accounts.models import Person
from communities.models import Community, CommunityMember, CommunityReach, CommunityRole, CommunityState
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.communities import a_community, a_member, send_form, write_thread
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"
GROUP = "/communities/tablas-de-mortalidad"


def founded(browser: Browser, instance: Instance, **values: str) -> tuple[Community, Browser]:
    """Return a community, in whose name its founder has founded a group."""
    row = a_community(instance, a_person(instance))
    ana = sign_in(browser)
    ana.get(f"{PAGE}/groups")
    ana.get(f"{PAGE}/groups/new")
    ana.submit(f"{PAGE}/groups/new", {"name": "Tablas de mortalidad", **values})
    with instance.database.unit_of_work() as session:  # its address cannot be guessed
        session.execute(update(Community).where(Community.parent_id.is_not(None)).values(slug=GROUP.rpartition("/")[2]))
    return row, ana


def group_of(instance: Instance) -> Community:
    return read(instance, lambda session: session.scalars(select(Community).where(Community.parent_id.is_not(None))).one())


def present(instance: Instance, community: Community) -> list[str]:
    statement = select(Person.email).join(CommunityMember, CommunityMember.person_id == Person.id)
    mine = (CommunityMember.community_id == community.id, CommunityMember.until.is_(None))
    return read(instance, lambda session: sorted(session.scalars(statement.where(*mine))))


def test_members_see_a_group_and_ask_to_join_it_and_strangers_find_nothing(browser: Browser, instance: Instance) -> None:
    row, ana = founded(browser, instance)
    eva, other = a_person(instance, "eva@example.org"), a_person(instance, "otra@example.org")
    a_member(instance, row, eva)
    group = group_of(instance)
    write_thread(instance, group, "Solo del grupo")
    member, stranger = sign_in(browser.another(), eva.email), sign_in(browser.another(), other.email)

    assert member.get(f"{PAGE}/groups").has_link(GROUP)
    assert "Solo del grupo" not in member.get(GROUP).text
    member.checks = False
    member.get(f"{GROUP}/discussions", status=403)
    stranger.get(GROUP, status=404)
    browser.another().get(GROUP, status=404)
    assert "Tablas de mortalidad" not in stranger.get("/communities").text + stranger.get(PAGE).text + ana.get("/communities").text
    member.checks = True
    member.get(f"{GROUP}/request")
    member.submit(f"{GROUP}/request", {"text": "Trabajo con ellas."})
    ana.get(f"{GROUP}/manage/requests")
    send_form(ana, f"{GROUP}/manage/requests/", act=("act", "approve"))

    assert present(instance, group) == ["ana@example.org", "eva@example.org"]
    assert "Solo del grupo" in member.get(GROUP).text


def test_what_a_group_is_for_stands_on_its_front_page(browser: Browser, instance: Instance) -> None:
    _row, ana = founded(browser, instance, purpose="Acordar una tabla para la región.")

    assert "Acordar una tabla para la región." in ana.get(f"{GROUP}/about").text
    ana.get(f"{GROUP}/manage/settings")
    ana.submit(f"{GROUP}/manage/settings", {"name": "Tablas de vida"})
    assert "Acordar una tabla para la región." in ana.get(f"{GROUP}/about").text


def test_who_leaves_the_community_leaves_its_groups(browser: Browser, instance: Instance) -> None:
    """spec/communities C17, C36: in the same transaction."""
    row, _ana = founded(browser, instance)
    eva = a_person(instance, "eva@example.org")
    a_member(instance, row, eva)
    a_member(instance, group_of(instance), eva)
    member = sign_in(browser.another(), eva.email)
    member.get(f"{PAGE}/leave")
    member.submit(f"{PAGE}/leave")

    assert present(instance, group_of(instance)) == ["ana@example.org"]
    member.get(GROUP, status=404)


def test_a_member_of_the_group_alone_reads_nothing(browser: Browser, instance: Instance) -> None:
    """Whatever a fault left behind: the condition asks for both memberships."""
    _row, _ana = founded(browser, instance)
    eva = a_person(instance, "eva@example.org")
    a_member(instance, group_of(instance), eva)
    thread = write_thread(instance, group_of(instance), "Solo del grupo")
    member = sign_in(browser.another(), eva.email)

    member.get(GROUP, status=404)
    member.get(f"/discussions/{thread}", status=404)


def test_a_hidden_group_is_entered_by_invitation_of_members_alone(browser: Browser, instance: Instance) -> None:
    row, ana = founded(browser, instance, reach="hidden")
    eva = a_person(instance, "eva@example.org")
    a_person(instance, "otra@example.org")
    a_member(instance, row, eva)
    member = sign_in(browser.another(), eva.email)
    member.get(GROUP, status=404)
    assert "Tablas" not in member.get(f"{PAGE}/groups").text
    page = ana.post(f"{GROUP}/manage/invitations", {"addresses": "otra@example.org", "added_text": "", "way": "links", "act": "check"}).text
    assert in_spanish("This is not the address of a member of the community.") in page
    ana.post(f"{GROUP}/manage/invitations", {"addresses": eva.email, "added_text": "", "way": "links", "act": "invite"})
    member.get(GROUP)
    send_form(member, "/communities/invitations/", act=("act", "accept"))

    assert present(instance, group_of(instance)) == ["ana@example.org", "eva@example.org"]


def test_an_invitation_to_a_group_shows_nothing_to_who_left_the_community(browser: Browser, instance: Instance) -> None:
    """spec/communities C36: its link, its front page and the list of one's own invitations name it no more."""
    row, ana = founded(browser, instance, reach="hidden")
    eva = a_person(instance, "eva@example.org")
    a_member(instance, row, eva)
    ana.post(f"{GROUP}/manage/invitations", {"addresses": eva.email, "added_text": "", "way": "links", "act": "invite"})
    member = sign_in(browser.another(), eva.email)
    assert "Tablas" in member.get("/learning/communities").text
    member.get(f"{PAGE}/leave")
    member.submit(f"{PAGE}/leave")

    assert "Tablas" not in member.get("/learning/communities").text
    member.get(GROUP, status=404)


def test_while_the_community_is_archived_its_groups_are_too(browser: Browser, instance: Instance) -> None:
    """spec/communities C37."""
    row, ana = founded(browser, instance)
    thread = write_thread(instance, group_of(instance), "Solo del grupo")
    ana.get(f"/discussions/{thread}/answer")
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).where(Community.id == row.id).values(state=CommunityState.ARCHIVED.value))
    ana.checks = False
    ana.get(f"/discussions/{thread}/answer", status=403)
    assert in_spanish("The community above it is archived: it is no longer active.") in ana.get(GROUP).text
    ana.get(f"{GROUP}/manage/settings", status=403)
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).where(Community.id == row.id).values(state=CommunityState.ACTIVE.value))
    ana.get(f"/discussions/{thread}/answer")


def test_those_who_administer_the_community_archive_a_group_that_they_see_and_read_nothing(browser: Browser, instance: Instance) -> None:
    """spec/communities C36."""
    row, _ana = founded(browser, instance)
    second = a_person(instance, "beto@example.org")
    a_member(instance, row, second, CommunityRole.ADMINISTRATOR)
    thread = write_thread(instance, group_of(instance), "Solo del grupo")
    beto = sign_in(browser.another(), second.email)
    beto.checks = False
    beto.get(f"/discussions/{thread}", status=403)
    beto.get(f"{GROUP}/manage", status=403)
    beto.checks = True
    beto.get(f"{GROUP}/manage/archive")
    beto.submit(f"{GROUP}/manage/archive", {"reason": "Terminó."})

    assert group_of(instance).state == CommunityState.ARCHIVED
    assert group_of(instance).reach == CommunityReach.PARENT


def test_the_site_reads_a_group_and_its_members_read_that(browser: Browser, instance: Instance) -> None:
    _row, ana = founded(browser, instance)
    thread = write_thread(instance, group_of(instance), "Solo del grupo")
    boss = sign_in(browser.another(), an_administrator(instance).email)
    boss.get(f"/discussions/{thread}")
    ana.deliver_jobs()

    assert in_spanish("Opened a community as site administrator") in ana.get(f"{GROUP}/manage/log").text
