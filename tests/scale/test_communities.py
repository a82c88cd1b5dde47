"""Statements and commits of communities: within their bars, and the same with ten times as much (spec/communities B1, B4)."""

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select, text

from accounts.models import Notification, Person
from communities import space
from communities.models import Community, CommunityMember
from discussions import whats_new
from discussions.models import Board, Thread
from kernel import clock
from lms.instance import Instance
from tests.support.boards import a_thread
from tests.support.browser import Browser, Counter, every_statement
from tests.support.builders import a_person, sign_in
from tests.support.communities import a_community, a_member, write_thread
from tests.support.statements import Cost, cost
from tests.support.takes import read

PAGE = "/communities/estadistica-actuarial"
BARS = {PAGE: 10, f"{PAGE}/members": 7, f"{PAGE}/members?last=1": 7, "/communities": 6, f"{PAGE}/manage/health": 8}


@pytest.fixture
def counter(instance: Instance) -> Iterator[Counter]:
    """Count what reaches the database; on PostgreSQL both engines are one."""
    return every_statement(instance.database)


def fill(instance: Instance, row: Community, people: int, threads: int, others: int) -> None:
    """Give a community members and threads, and the site other communities."""
    numbers = [a_person(instance, f"m{people}.{number}@example.org").id for number in range(people)]
    member = {
        "community_id": row.id,
        "role": "member",
        "external": False,
        "how": "joined",
        "since": clock.now(),
        "ended_how": "",
        "reason": "",
    }
    with instance.database.unit_of_work() as session:
        session.execute(insert(CommunityMember), [{**member, "person_id": number, "row_version": 1} for number in numbers])
    for number in range(threads):
        write_thread(instance, row, f"Tema {people} {number}")
    founder = a_person(instance, f"fundadora{people}@example.org")
    for number in range(others):
        a_community(instance, founder, f"Otra {people} {number}")


def visited(browser: Browser, counter: Counter) -> dict[str, Cost]:
    """Read each page twice, and return what the second time cost: the first one fills the memory."""
    return {address: [cost(browser, counter, address) for _time in range(2)][1] for address in BARS}


def test_pages_of_communities_keep_to_their_statements_however_much_there_is(
    browser: Browser, instance: Instance, counter: Counter
) -> None:
    browser.checks = False
    row = a_community(instance, a_person(instance))
    sign_in(browser)
    fill(instance, row, 3, 2, 1)
    few = visited(browser, counter)
    fill(instance, row, 15, 8, 3)
    many = visited(browser, counter)

    assert {address: spent.statements for address, spent in many.items()} == {address: spent.statements for address, spent in few.items()}
    assert {address: spent.statements for address, spent in many.items() if spent.statements > BARS[address]} == {}
    assert {spent.commits for spent in many.values()} == {0}


def test_publishing_an_announcement_costs_the_same_however_many_it_reaches(browser: Browser, instance: Instance, counter: Counter) -> None:
    """Its request writes no row for a member: what follows notifies them in portions."""
    browser.checks = False
    row = a_community(instance, a_person(instance))
    sign_in(browser)
    costs = []
    for number, people in enumerate((2, 10)):
        fill(instance, row, people, 0, 0)
        browser.get(f"{PAGE}/announcements/new")
        form = next(form for form in browser.page.forms if form.action.startswith("/discussions/new/"))
        sent = {**dict(form.fields), "title": f"Anuncio {number}", "text": "Nos vemos.", "act": "publish"}
        costs.append(cost(browser, counter, form.action, sent).statements)
        browser.deliver_jobs()

    assert costs[0] == costs[1] <= 12
    assert len(read(instance, lambda session: session.scalars(select(Thread)).all())) == 2


def test_announcements_add_at_most_two_statements_to_any_page_and_no_more_in_many_communities(
    browser: Browser, instance: Instance, counter: Counter
) -> None:
    """The bell reads them when it is shown; nobody has a row of them."""
    browser.checks = False
    founder, ana = a_person(instance, "fundadora@example.org"), a_person(instance)
    sign_in(browser)
    pages, costs = ("/learning", "/notices", "/communities", "/profile"), []
    for name, count in (("Ninguna", 1), ("Una", 1), ("De muchas", 10)):
        for number in range(count):
            row = a_community(instance, founder, f"{name} {number}")
            a_member(instance, row, ana)
            if name != "Ninguna":
                board = read(instance, lambda session, row=row: session.get_one(Board, row.board_id))
                a_thread(instance, board, founder, f"Anuncio {name} {number}", "Nos vemos.", kind="announcement", now=clock.now())
        browser.deliver_jobs()
        visits = ([cost(browser, counter, page) for _visit in range(3)] for page in pages)  # memories of some seconds end in one of them
        costs.append([min(of_page, key=lambda spent: spent.statements) for of_page in visits])

    none, one, many = ([spent.statements for spent in each] for each in costs)
    assert "Anuncio De muchas 9" in costs[2][1].text
    assert one == many
    assert [page for page, old, new in zip(pages, none, one, strict=True) if new - old > 2] == []
    assert read(instance, lambda session: session.scalars(select(Notification.id).where(Notification.in_bell)).all()) == []


def test_pages_build_their_conditions_once(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """To put together who reads a community, over six floors of institutions, took most of what a page cost."""
    browser.checks = False
    row = a_community(instance, a_person(instance))
    sign_in(browser)
    board = read(instance, lambda session: session.get_one(Board, row.board_id))
    pages = [*BARS, f"{PAGE}/groups", f"{PAGE}/files", f"/discussions/boards/{board.key}", "/notices"]
    for page in pages:
        browser.get(page)
    monkeypatch.setattr(space, "belongs", lambda *_columns: pytest.fail("it is built anew"))

    assert [page for page in pages if browser.get(page).title == ""] == []


def test_each_request_finds_new_announcements_by_their_index(instance: Instance) -> None:
    """Not by the threads of all boards of a member: the condition is asked with every page."""
    is_sqlite = instance.database.is_sqlite
    with instance.database.unit_of_work(write=False) as session:
        if not is_sqlite:
            session.execute(text("SET LOCAL enable_seqscan = off"))  # which it prefers for a table without rows
        statement = select(whats_new.UNREAD.may_have(session.info)).select_from(Person).where(Person.id == 1)
        made = statement.compile(session.connection())
        values = tuple(made.params[name] for name in made.positiontup or ()) or made.params
        plan = session.connection().exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{made.string}", values).all()

    assert "ix_thread_announcement" in str(plan)
