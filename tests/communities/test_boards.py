"""The board of a community is for those who may read it: pages, lists, mails, bells, search (spec/communities C1 to C9, C40)."""

import re
from unittest.mock import patch

import pytest
from sqlalchemy import select, update

from accounts import notices
from accounts.models import Person
from communities import communities, files, invitations, members, pages, standing
from communities.models import (
    Community,
    CommunityInvitation,
    CommunityLevel,
    CommunityMember,
    CommunityReach,
    CommunityRequest,
    CommunityRole,
    RequestState,
)
from discussions import boards
from discussions.models import Board, FirstPosts, Thread
from kernel import clock
from kernel.settings import secret_keys
from lms.instance import Instance
from organisations.models import Membership
from tests.support.boards import a_thread, an_answer
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_person, sign_in
from tests.support.communities import a_community, a_member, actor_of, bring_file, write_page, write_thread
from tests.support.places import a_place
from tests.support.takes import read

PAGE = "/communities/estadistica-actuarial"
TEXT = "Marcador que solo leen quienes pertenecen"


def board_of(instance: Instance, row: Community) -> Board:
    with instance.database.unit_of_work(write=False) as session:
        return session.get_one(Board, row.board_id)


def answered(browser: Browser, instance: Instance, **how: object) -> str:
    """Let a member answer the thread of the founder of a community; return the mail that comes of it."""
    ana = a_person(instance)
    row = a_community(instance, ana, **how)
    eva = a_person(instance, "eva@example.org", given="Evangelina")
    a_member(instance, row, eva)
    board = board_of(instance, row)
    with instance.database.unit_of_work() as session:
        session.get_one(Board, board.id).first_posts = FirstPosts.NONE.value
    first = a_thread(instance, board, ana, "Un título interno", "El comienzo.", kind="discussion")
    an_answer(instance, first, eva, TEXT, now=clock.now())
    return browser.mails()[-1]


@pytest.mark.parametrize(
    ("level", "reach", "shown"),
    [
        (CommunityLevel.OPEN, CommunityReach.EVERYONE, {"Un título interno", "Evangelina", TEXT}),
        (CommunityLevel.PUBLIC, CommunityReach.EVERYONE, {"Un título interno", "Evangelina"}),
        (CommunityLevel.PRIVATE, CommunityReach.EVERYONE, {"Un título interno", "Evangelina"}),
        (CommunityLevel.PRIVATE, CommunityReach.HIDDEN, set()),
    ],
)
def test_mails_carry_what_the_reach_lets_them(
    browser: Browser, instance: Instance, level: CommunityLevel, reach: CommunityReach, shown: set[str]
) -> None:
    """spec/communities D36: text where everybody reads; else author and title; of hidden ones the name of the community alone."""
    mail = answered(browser, instance, level=level, reach=reach)

    assert {part for part in ("Un título interno", "Evangelina", TEXT) if part in " ".join(mail.split())} == shown
    assert "Estadística actuarial" in mail


def test_administrators_of_a_community_may_allow_the_text_in_mails(browser: Browser, instance: Instance) -> None:
    """spec/communities D36."""
    row = a_community(instance, a_person(instance), "Otra más", reach=CommunityReach.HIDDEN, level=CommunityLevel.PRIVATE)
    with instance.database.unit_of_work() as session:
        session.get_one(Board, row.board_id).mail_text = True
        board = session.get_one(Board, row.board_id)
        assert not boards.is_discreet(session, board)
    assert browser.mails() == []


def test_who_leaves_gets_nothing_more(browser: Browser, instance: Instance) -> None:
    """spec/communities C21, D35: what was written before neither."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana, level=CommunityLevel.PRIVATE)
    number = a_member(instance, row, eva)
    board = board_of(instance, row)
    with instance.database.unit_of_work() as session:
        session.get_one(Board, board.id).first_posts = FirstPosts.NONE.value
    first = a_thread(instance, board, eva, "Lo que pregunté", "El comienzo.", kind="discussion")
    an_answer(instance, first, ana, TEXT, now=clock.now())
    browser.deliver_jobs()
    visitor = sign_in(browser.another(), "eva@example.org")
    assert "Lo que pregunté" in visitor.get("/notices").text
    with instance.database.unit_of_work() as session:
        actor = actor_of(eva)
        members.leave(session, actor, communities.get_community(session, actor, row.slug), now=clock.now())

    assert "Lo que pregunté" not in visitor.get("/notices").text
    assert read(instance, lambda session: session.get_one(CommunityMember, number).ended_how) == "left"


def test_a_marker_in_a_hidden_one_is_found_nowhere(browser: Browser, instance: Instance) -> None:
    """spec/communities C2, C40: strangers, others who signed in and who left find 404, as of an address that never was."""
    ana = a_person(instance)
    row = a_community(instance, ana, "Marcador oculto", reach=CommunityReach.HIDDEN, level=CommunityLevel.PRIVATE)
    gone = a_person(instance, "eva@example.org")
    number = a_member(instance, row, gone)
    thread = write_thread(instance, row, "Marcador del hilo")
    browser.deliver_jobs()
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityMember).where(CommunityMember.id == number).values(until=clock.now()))
    board = board_of(instance, row)
    doors = [f"/communities/{row.slug}{end}" for end in ("", "/members", "/discussions", "/manage", "/request", "/manage/log")]
    doors += [f"/discussions/{thread}", f"/discussions/boards/{board.key}"]
    a_person(instance, "otra@example.org")

    inside = sign_in(browser.another())
    assert "Marcador del hilo" in inside.get(f"/communities/{row.slug}").text
    assert "Marcador" in inside.get("/search?q=marcador").html.split("<main")[1].replace("marcador", "", 1)
    for visitor in (browser.another(), sign_in(browser.another(), "eva@example.org"), sign_in(browser.another(), "otra@example.org")):
        for door in doors:
            visitor._request("GET", door)
            assert visitor.response.status_code in (404, 303 if "/sign-in" in visitor.response.headers.get("Location", "") else 404), door
            assert "Marcador" not in visitor.response.get_data(as_text=True), door
        assert "Marcador" not in visitor.get("/communities?q=marcador").text
        assert "Marcador del hilo" not in visitor.get("/search?q=marcador").text


def test_whoever_left_learns_no_name_of_what_was_hidden_since(browser: Browser, instance: Instance) -> None:
    """spec/communities C40, R2: in «My communities», in the copy of one's own data, behind the link of a mail that stops it."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana, "Marcador oculto", level=CommunityLevel.SEMIPRIVATE)
    number = a_member(instance, row, eva)
    key = write_thread(instance, row, "Marcador del hilo")
    with instance.database.unit_of_work() as session:
        session.get_one(Community, row.id).members_write = True
    bring_file(instance, row, eva, "Tablas")
    write_page(instance, row, eva, "Fuentes")
    token = notices.unsubscription_token(secret_keys(instance.settings)[0], eva.uuid, "", f"thread:{key}")
    with instance.database.unit_of_work() as session:
        session.add(CommunityRequest(community_id=row.id, person_id=eva.id, text="", sent_at=clock.now(), state="rejected"))
        invitation = {"community_id": row.id, "language": "es", "added_text": "", "invited_by": ana.id, "by_mail": False, "name": ""}
        ended = {"email": eva.email, "invited_at": clock.now(), "expires_at": clock.now(), "withdrawn_at": clock.now()}
        session.add(CommunityInvitation(**invitation, **ended))
    visitor = sign_in(browser.another(), eva.email)

    def shown() -> set[str]:
        tables = [own.select_own_data(eva.id) for own in (members, invitations, files, pages)]
        copy = read(instance, lambda session: {name: str(session.execute(rows).all()) for each in tables for name, rows in each.items()})
        doors = {**copy, "own": visitor.get("/learning/communities").text, "stop": browser.another().get(f"/notices/stop/{token}").text}
        return {name for name, text in doors.items() if "Marcador" in text}

    everywhere = {"communities", "community_requests", "community_invitations", "community_files", "community_pages", "own", "stop"}
    assert shown() == everywhere
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityMember).where(CommunityMember.id == number).values(until=clock.now()))
    assert shown() == everywhere - {"stop"}
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).values(reach="hidden"))
    assert shown() == set()
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityMember).where(CommunityMember.id == number).values(until=None))
    assert shown() == everywhere
    visitor.get(f"/notices/stop/{token}")


def test_a_hidden_one_answers_as_an_address_that_never_was(browser: Browser, instance: Instance) -> None:
    """spec/communities C2: bytes and headers."""
    a_community(instance, a_person(instance), "Loros", reach=CommunityReach.HIDDEN, level=CommunityLevel.PRIVATE)
    a_person(instance, "otra@example.org")
    for visitor in (browser.another(), sign_in(browser.another(), "otra@example.org")):
        answers = []
        for slug in ("loros", "monos"):
            response = visitor._request("GET", f"/communities/{slug}")
            text = re.sub(r'name="csrf_token"\s+value="[^"]+"|\b[0-9a-f]{16}\b', "", response.get_data(as_text=True)).replace(slug, "")
            headers = {name: value for name, value in response.headers.items() if name not in ("Date", "Set-Cookie", "X-Request-Id")}
            answers.append((response.status_code, text, headers))
        assert answers[0] == answers[1]
        assert answers[0][0] == 404


def test_who_no_longer_belongs_reads_as_a_stranger_at_once(browser: Browser, instance: Instance) -> None:
    """spec/communities C3, C4: those invited from outside stay."""
    place = a_place(instance)
    inside, outside = a_person(instance, "eva@example.org"), a_person(instance, "otra@example.org")
    founder = a_person(instance)
    row = a_community(instance, founder, level=CommunityLevel.PRIVATE, reach=CommunityReach.INSTITUTION, organisation_id=place.id)
    a_member(instance, row, inside)
    a_member(instance, row, outside, external=True)
    with instance.database.unit_of_work() as session:
        for person in (inside, founder):
            session.add(Membership(person_id=person.id, organisation_id=place.id, since=clock.now()))
    thread = write_thread(instance, row, "Del instituto")
    eva, other = sign_in(browser.another(), "eva@example.org"), sign_in(browser.another(), "otra@example.org")
    eva.get(f"/discussions/{thread}")
    other.get(f"/discussions/{thread}")
    browser.another().get(PAGE, status=200)  # leads to the sign-in page
    with instance.database.unit_of_work() as session:
        session.execute(update(Membership).where(Membership.person_id == inside.id).values(until=clock.now()))

    eva.get(f"/discussions/{thread}", status=404)
    eva.get(PAGE, status=404)
    other.get(f"/discussions/{thread}")


def state_of(instance: Instance, thread: str) -> str:
    return read(instance, lambda session: session.scalars(select(Thread.state).where(Thread.key == thread)).one())


@pytest.mark.parametrize(
    ("level", "reach", "first_posts", "state"),
    [
        (CommunityLevel.OPEN, CommunityReach.EVERYONE, FirstPosts.NEW, "waiting"),
        (CommunityLevel.PUBLIC, CommunityReach.EVERYONE, FirstPosts.NONE, "visible"),
        (CommunityLevel.SEMIPRIVATE, CommunityReach.EVERYONE, FirstPosts.NEW, "visible"),
        (CommunityLevel.PRIVATE, CommunityReach.EVERYONE, FirstPosts.NEW, "visible"),
        (CommunityLevel.PUBLIC, CommunityReach.HIDDEN, FirstPosts.NEW, "visible"),
        (CommunityLevel.SEMIPRIVATE, CommunityReach.EVERYONE, FirstPosts.ALL, "waiting"),
    ],
)
def test_first_posts_wait_where_one_joins_at_once(
    instance: Instance, level: CommunityLevel, reach: CommunityReach, first_posts: FirstPosts, state: str
) -> None:
    """spec/communities D18: elsewhere an administrator let people in; that all wait is chosen."""
    row = a_community(instance, a_person(instance), level=level, reach=reach)
    eva = a_person(instance, "eva@example.org")
    a_member(instance, row, eva)
    with instance.database.unit_of_work() as session:
        session.execute(update(Board).where(Board.id == row.board_id).values(first_posts=first_posts.value))

    assert state_of(instance, write_thread(instance, row, "Hola a todas", eva)) == state


def test_first_posts_of_outsiders_with_new_accounts_wait(browser: Browser, instance: Instance) -> None:
    """spec/communities D18: its moderators and administrators release them."""
    row = a_community(instance, a_person(instance))
    eva = a_person(instance, "eva@example.org")
    a_member(instance, row, eva)
    thread = write_thread(instance, row, "Hola a todas", eva)

    assert state_of(instance, thread) == "waiting"
    ana = sign_in(browser)
    board = board_of(instance, row)
    assert "Hola a todas" in ana.get(f"/discussions/boards/{board.key}/moderation").text


def test_own_data_erasure_and_merging(instance: Instance) -> None:
    """spec/communities R2 to R4: the higher role and the earlier day stay; requests go, memberships end."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana)
    other = a_community(instance, eva, "La otra")
    a_member(instance, other, ana)
    a_member(instance, row, eva, CommunityRole.MODERATOR)
    with instance.database.unit_of_work() as session:
        session.add(
            CommunityRequest(
                community_id=other.id, person_id=ana.id, text="Por favor.", sent_at=clock.now(), state=RequestState.WITHDRAWN.value
            )
        )
        members.merge_memberships(session, eva.id, ana.id)
    with instance.database.unit_of_work(write=False) as session:
        open_rows = session.scalars(select(CommunityMember).where(CommunityMember.until.is_(None)).order_by(CommunityMember.community_id))
        assert [(row.person_id, row.role) for row in open_rows] == [(ana.id, "administrator"), (ana.id, "administrator")]
        copy = members.select_own_data(ana.id)
        assert len(session.execute(copy["communities"]).all()) == 4
        assert session.execute(copy["community_requests"]).one().text == "Por favor."
    with instance.database.unit_of_work() as session:
        members.erase_memberships(session, session.get_one(Person, ana.id), now=clock.now())
        assert session.scalars(select(CommunityMember).where(CommunityMember.until.is_(None))).all() == []


@pytest.mark.parametrize(
    ("level", "reach", "many", "needs"),
    [
        (CommunityLevel.OPEN, CommunityReach.EVERYONE, False, False),
        (CommunityLevel.OPEN, CommunityReach.EVERYONE, True, True),
        (CommunityLevel.PUBLIC, CommunityReach.EVERYONE, False, True),
        (CommunityLevel.OPEN, CommunityReach.HIDDEN, False, True),
    ],
)
def test_administrators_of_many_or_of_what_is_not_open_need_the_second_factor(
    instance: Instance, level: CommunityLevel, reach: CommunityReach, many: bool, needs: bool
) -> None:
    """spec/communities C23, spec/security 2.4: of active communities; members do not."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana, level=level, reach=reach)
    a_member(instance, row, eva)
    with patch("communities.standing.MANY", 2 if many else 200):
        leading = read(instance, lambda session: session.scalars(select(Person.id).where(standing.needs_second_factor())).all())
        assert list(leading) == ([ana.id] if needs else [])
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).values(state="archived"))
    assert not read(instance, lambda session: session.scalars(select(Person.id).where(standing.needs_second_factor())).all())


def test_pages_cost_the_same_statements_whatever_stands_in_them(browser: Browser, instance: Instance) -> None:
    """spec/communities B1: the list 6 at most, a front page 10, members 7, with that of the sign-in; none commits."""
    ana = a_person(instance)
    row = a_community(instance, ana)
    sign_in(browser)
    counter = every_statement(instance.database)
    pages = {"/communities": 6, PAGE: 10, f"{PAGE}/members": 7}

    def count() -> dict[str, int]:
        counts = {}
        for page in pages:
            browser.get(page)
            counter.reset()
            browser.get(page)
            counts[page] = len(counter.statements)
        return counts

    few = count()
    for number in range(12):
        other = a_person(instance, f"persona.{number}@example.org")
        a_member(instance, row, other)
        a_community(instance, other, f"Otra {number}")
        write_thread(instance, row, f"Hilo {number}")
    assert count() == few
    assert {page: few[page] for page in pages if few[page] > pages[page]} == {}
    assert counter.commits == 0


def test_the_list_of_a_board_takes_eight_statements_with_the_tabs_of_its_community(browser: Browser, instance: Instance) -> None:
    """spec/communities B1, with that of the sign-in; after the response two more note that it was opened."""
    row = a_community(instance, a_person(instance))
    write_thread(instance, row, "Un hilo")
    sign_in(browser).get(f"{PAGE}/discussions")
    address = f"/discussions/boards/{read(instance, lambda session: session.get_one(Board, row.board_id).key)}"
    counter = every_statement(instance.database)
    browser.get(address)
    counter.reset()
    browser.get(address)

    assert len(counter.statements) <= 8 + 2
