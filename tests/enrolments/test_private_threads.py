"""A word in a private question is found at no door by who may not read it, and at each by who may (spec/communities D7, D8, C40).

The doors are read from the address map: every address that takes a key of the thread, its post, its board or its course, and those without
a key; and from the notices: bells, mails, digests, the copy of one's data.
"""

import re

import pytest
from sqlalchemy import select

from accounts.models import Person
from discussions import boards, posts, threads
from discussions.models import PostFile, Thread, ThreadKind, ThreadPost
from discussions.threads import NewThread
from enrolments.models import CourseThread
from kernel import clock
from kernel.files import note_stored
from kernel.permissions import Actor
from lms import own_data
from lms import search as search_indexing
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner, a_person, a_teacher, sign_in
from tests.support.course_boards import a_course_board
from tests.support.doors import Door, doors, mails_by_person, shown_at

MARKER = "zaguanvioleta"
SIGN = re.compile(MARKER.encode())
LEFT_OUT = {"static", "lms_condition.figures"}


def showing(browser: Browser, opened: list[Door]) -> set[str]:
    """Return the addresses whose answer holds the marker anywhere, also where they refuse or lead elsewhere."""
    return {door.address for door in opened if shown_at(browser, door, SIGN).signs}


@pytest.mark.slow
def test_a_private_question_is_nowhere_for_who_may_not_read_it(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    board = a_course_board(instance, course)
    ana, luis = a_learner(instance, course), a_learner(instance, course, "luis@example.org")
    a_teacher(instance, course)
    a_person(instance, "fuera@example.org", given="Fuera")
    post = _ask(instance, ana, board.key)
    browser.deliver_jobs()
    search_indexing.reindex(instance.database)
    known = {
        "thread": [_thread(instance, post).key],
        "post": [post.key],
        "board": [board.key],
        "number": ["1"],
        "slug": [course.slug],
        "key": ["leccion-1"],
        "heading": ["uno-1"],
    }
    more = [Door(path, "more") for path in ("/search?q=cuchipanda", f"/discussions/boards/{board.key}?only=mine")]
    opened = [*doors(browser.app, known, lambda rule: rule.endpoint not in LEFT_OUT), *more]
    shown = {}
    for name, email in (
        ("author", "ana@example.org"),
        ("team", "profe@example.org"),
        ("class", "luis@example.org"),
        ("other", "fuera@example.org"),
    ):
        shown[name] = showing(sign_in(browser.another(), email), opened)
    shown["stranger"] = showing(browser.another(), opened)

    assert {name for name in ("class", "other", "stranger") if shown[name]} == set(), shown
    thread = _thread(instance, post).key
    assert {f"/discussions/{thread}", f"/discussions/posts/{post.key}", f"/discussions/files/{post.key}/1"} <= shown["author"]
    assert {f"/discussions/{thread}", f"/discussions/boards/{board.key}"} <= shown["team"]
    assert "/search?q=cuchipanda" not in shown["author"] | shown["team"]
    mails = mails_by_person(instance.settings.data_dir)
    assert {email for email, text in mails.items() if MARKER in text} == {"profe@example.org"}
    with instance.database.unit_of_work(write=False) as session:
        copies = {person.email: str(own_data.tables_of(session, person.id, now=clock.now())) for person in session.scalars(select(Person))}
    assert {email for email, copy in copies.items() if MARKER in copy} == {"ana@example.org", "profe@example.org"}

    with instance.database.unit_of_work() as session:
        actor = ana
        context = boards.get_thread(session, actor, thread)
        boards.owner_of(session, context.board).open_to_all(session, context.thread)  # type: ignore[misc]  # courses offer it
        posts.announce_all(session, context.thread, now=clock.now())
        assert session.get_one(CourseThread, context.thread.id).private is False
    browser.deliver_jobs()
    shown_to_luis = showing(sign_in(browser.another(), "luis@example.org"), opened)
    assert {f"/discussions/{thread}", "/search?q=cuchipanda", f"/discussions/boards/{board.key}"} <= shown_to_luis
    assert showing(browser.another(), opened) == set()
    assert luis.person_id


def _ask(instance: Instance, ana: Actor, board: str) -> ThreadPost:
    """Open a private question with the marker in every field and a file."""
    with instance.database.unit_of_work() as session:
        context = boards.get_board(session, ana, board)
        new = NewThread(f"Pregunta {MARKER}", ThreadKind.QUESTION, anchor=("heading", "leccion-1", "uno-1"), is_private=True)
        post = threads.open_thread(session, ana, context, new, f"Texto cuchipanda {MARKER}", token="uno", now=clock.now())
        content = f"Archivo {MARKER}".encode()
        stored = note_stored(session, instance.files.put(content), size=len(content), media_type="text/plain", now=clock.now())
        session.add(PostFile(post_id=post.id, number=1, stored_file_id=stored.id, name=f"{MARKER}.txt", alternative=""))
        posts.announce(session, post, (), now=clock.now())
        return post


def _thread(instance: Instance, post: ThreadPost) -> Thread:
    with instance.database.unit_of_work(write=False) as session:
        return session.get_one(Thread, post.thread_id)
