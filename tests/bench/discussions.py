"""Threads and posts of a course's board: processor time of pages and posts against the floor's (spec/communities B2)."""

import re
from dataclasses import dataclass

from sqlalchemy import select

from courses.models import Course
from discussions.models import BoardState, Thread
from enrolments import boards
from enrolments.models import Enrolment
from kernel import clock
from kernel.db import Database
from tests.bench.pages import Bench, floor_save, in_turns
from tests.bench.table import Row, ratio
from tests.bench.visitor import TOKEN, Visitor
from tests.loadtest.filling import SLUG
from tests.support.boards import fill_thread

TEXT = "Se cotiza sobre el sueldo del mes, y lo que falta se completa después. " * 11
"""About 800 characters."""
WRITERS, EACH = 8, 9
"""A person may write ten posts in ten minutes."""
LONGEST, PAGE = 2_000, 50


@dataclass(frozen=True)
class Threads:
    """The addresses of a thread of one page, of one of forty, and of those to write in."""

    page: str
    number: int
    """Of the thread of one page in the database: the floor's page reads it too."""
    long: str
    written: list[str]


def _fill(database: Database) -> Threads:
    with database.unit_of_work() as session:
        course_id = session.scalars(select(Course.id).where(Course.slug == SLUG)).one()
        _row, board = boards.add_course_board(session, course_id, now=clock.now())
        board.state = BoardState.OPEN.value
        people = list(session.scalars(select(Enrolment.person_id).where(Enrolment.course_id == course_id).limit(20)))
    keys = [fill_thread(database, board, people, f"Hilo {count}", count, TEXT) for count in (PAGE, LONGEST, *[PAGE] * 5)]
    page, long, *written = (f"/discussions/{key}" for key in keys)
    with database.unit_of_work(write=False) as session:
        number = session.scalars(select(Thread.id).where(Thread.key == keys[0])).one()
    return Threads(page, number, long, written)


def discussions(bench: Bench) -> list[Row]:
    """spec/communities B2: a page of fifty posts, one post, and the last page of a long thread against the first."""
    filled = _fill(bench.database)
    visitor, bare = bench.entered(), bench.floor.visitor()
    page = bench.pairs(lambda: visitor.sees(filled.page, 'id="m-50"'), lambda: bare.sees(f"/thread/{filled.number}", "m-50"))
    written = iter(filled.written)
    posts = in_turns(lambda: _posts(bench, next(written)), lambda: _floor_saves(bench))

    def spent(number: int) -> float:
        sign, before = f'id="m-{number * PAGE}"', bench.ours.cpu()
        for _time in range(40):
            visitor.sees(f"{filled.long}?page={number}", sign)
        return (bench.ours.cpu() - before) / 40

    spent(1)
    ends = in_turns(lambda: spent(LONGEST // PAGE), lambda: spent(1))
    return [
        ratio("B2", "page of fifty posts", page, 3.5, 3),
        ratio("B2", "one post", posts, 3, 2.5),
        ratio("B2", f"thread of {LONGEST} posts: last page against the first", ends, 1.3, 1.1),
    ]


def _posts(bench: Bench, thread: str) -> float:
    writers = []
    for email in bench.emails(WRITERS):
        visitor = bench.ours.visitor()
        visitor.enter(email, bench.password)
        writers.append((visitor, _token(visitor, thread)))
    bench.ours.settle()
    before = bench.ours.cpu()
    for visitor, token in writers:
        for number in range(EACH):
            fields = {"csrf_token": token, "token": f"{id(visitor)}-{number}", "text": TEXT, "act": "publish"}
            assert visitor.ask("POST", f"{thread}/answer", fields).status == 303
    return (bench.ours.cpu() - before) / (WRITERS * EACH)


def _token(visitor: Visitor, thread: str) -> str:
    page = visitor.sees(thread, "<h1")
    token = TOKEN.search(page)
    assert token
    assert re.search(r'action="[^"]*/answer"', page), "the form of an answer is missing"
    return token[1]


def _floor_saves(bench: Bench) -> float:
    bare, before = bench.floor.visitor(), bench.floor.cpu()
    for _time in range(WRITERS * EACH):
        floor_save(bare)
    return (bench.floor.cpu() - before) / (WRITERS * EACH)
