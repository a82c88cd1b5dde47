"""Statements, commits and bytes of discussions: within their bars, and the same with ten times as much (spec/communities B1, B2)."""

import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import delete, insert

from courses.models import Course
from discussions.models import Board, Subscription
from lms.instance import Instance
from tests.support.boards import fill_thread
from tests.support.browser import Browser, Counter, every_statement
from tests.support.builders import a_course, a_learner_in, sign_in
from tests.support.course_boards import a_course_board
from tests.support.learning import a_learner
from tests.support.statements import Cost, cost, token_of

BARS = {"list": 8, "thread": 9, "post": 12, "first post": 12}
TEXT = "Se cotiza sobre el sueldo del mes, y lo que falta se completa después. " * 11
"""About 800 characters."""


@pytest.fixture
def counter(instance: Instance) -> Iterator[Counter]:
    """Count what reaches the database; on PostgreSQL both engines are one."""
    return every_statement(instance.database)


@dataclass(frozen=True)
class Place:
    """A board with long threads, and the numbers of those who write in it."""

    board: Board
    authors: list[int]
    thread: str
    other: str


def a_place(instance: Instance, course: Course, name: str, *, people: int, threads: int, posts: int) -> Place:
    """Give a course a board with so many writers, threads and posts of each."""
    board = a_course_board(instance, course)
    writers = [a_learner(instance, course, f"{name}{number}@example.org") for number in range(people)]
    authors = [actor.person_id for actor in writers if actor.person_id is not None]
    keys = [fill_thread(instance.database, board, authors, f"Hilo {number} de {name}", posts, TEXT) for number in range(threads)]
    return Place(board, authors, keys[0], keys[-1])


def a_day(browser: Browser, counter: Counter, filled: Place) -> dict[str, Cost]:
    """Read a board and a thread with a file, and answer, twice: the first time fills the memory."""
    board, thread = f"/discussions/boards/{filled.board.key}", f"/discussions/{filled.thread}"
    browser.get(thread)
    attached = {"text": "Con un archivo.", "act": "publish", "token": "con", "file": (io.BytesIO(b"Apuntes."), "apuntes.txt")}
    assert "apuntes.txt" in browser.post(f"{thread}/answer", attached, content_type="multipart/form-data").text
    costs = {}
    for visit in range(2):
        costs["list"] = cost(browser, counter, board)
        costs["thread"], costs["post"] = answered(browser, counter, thread, f"Respuesta {visit}.")
    costs["first post"] = answered(browser, counter, f"/discussions/{filled.other}", "Aquí escribe por primera vez.")[1]
    return costs


def answered(browser: Browser, counter: Counter, thread: str, text: str) -> tuple[Cost, Cost]:
    """Read a thread and answer in it."""
    page = cost(browser, counter, thread)
    token = re.search(r'name="token"[^>]*value="([^"]+)"', page.text)
    assert token
    sent = {"csrf_token": token_of(page.text), "token": token[1], "text": text, "act": "publish"}
    return page, cost(browser, counter, f"{thread}/answer", sent)


def test_boards_threads_and_posts_keep_to_their_statements_however_much_there_is(
    browser: Browser, instance: Instance, counter: Counter
) -> None:
    browser.checks = False
    small, large = a_course(instance, modules=1), a_course(instance, "grande", modules=1)
    few_filled = a_place(instance, small, "uno", people=2, threads=2, posts=4)
    few = a_day(a_learner_in(browser, small), counter, few_filled)
    filled = a_place(instance, large, "diez", people=20, threads=20, posts=40)
    others = [a_course(instance, f"otro-{number}", modules=1) for number in range(9)]
    another = browser.another()
    another.checks = False
    learner = a_learner_in(another, large, "bruno@example.org")
    for course in others:
        a_place(instance, course, course.slug, people=1, threads=2, posts=2)
        learner.get(f"/courses/{course.slug}")
        learner.submit("/enrolment")
    many = a_day(learner, counter, filled)

    assert {name: many[name].statements for name in few} == {name: spent.statements for name, spent in few.items()}
    assert {name: spent.statements for name, spent in many.items() if spent.statements > BARS[name]} == {}
    assert {name: spent.commits for name, spent in many.items()} == {"list": 0, "thread": 0, "post": 1, "first post": 1}


def test_a_post_costs_the_same_however_many_follow_the_board(browser: Browser, instance: Instance, counter: Counter) -> None:
    """No row is written for a member and a post, by the request or by the job after it."""
    browser.checks = False
    course = a_course(instance, modules=1)
    filled = a_place(instance, course, "autor", people=60, threads=1, posts=4)
    learner = a_learner_in(browser, course)
    a_day(learner, counter, filled)  # the first posts of a board fill the memory of its jobs
    learner.deliver_jobs()
    posted = {}
    for followers in (6, 60):
        with instance.database.unit_of_work() as session:
            session.execute(delete(Subscription).where(Subscription.person_id.in_(filled.authors)))
            rows = [{"person_id": number, "board_id": filled.board.id, "level": "every", "read_number": 0} for number in filled.authors]
            session.execute(insert(Subscription), rows[:followers])
        posting = a_day(learner, counter, filled)["post"]
        counter.reset()
        learner.deliver_jobs()
        posted[followers] = (posting.statements, posting.commits, len(counter.statements))

    assert posted[6] == posted[60]


def test_discussions_add_at_most_two_statements_to_any_page(browser: Browser, instance: Instance, counter: Counter) -> None:
    browser.checks = False
    course = a_course(instance, modules=1)
    learner = a_learner_in(browser, course)
    pages = ["/learning", "/profile", f"/courses/{course.slug}", f"/courses/{course.slug}/activities/leccion-1", "/notices", "/courses"]
    before = [[cost(learner, counter, page).statements for page in pages] for _visit in range(2)][1]
    a_place(instance, course, "autor", people=3, threads=5, posts=4)
    after = [[cost(learner, counter, page).statements for page in pages] for _visit in range(2)][1]

    assert {page: (old, new) for page, old, new in zip(pages, before, after, strict=True) if new - old > 2} == {}


def test_a_page_of_fifty_posts_is_small_and_needs_no_script(browser: Browser, instance: Instance, counter: Counter) -> None:
    browser.checks = False
    course = a_course(instance, modules=1)
    filled = a_place(instance, course, "autor", people=8, threads=1, posts=50)
    learner = sign_in(browser, "autor1@example.org")
    html = cost(learner, counter, f"/discussions/{filled.thread}").text
    weight = len(gzip.compress(html.encode(), 6))
    for address in re.findall(r'<link rel="stylesheet" href="([^"]+)"', html):
        response = learner.client.get(address, base_url="https://localhost", headers={"Accept-Encoding": "gzip"})
        weight += len(response.get_data())
        response.close()

    assert html.count('id="m-') == 50
    assert weight <= 60_000
