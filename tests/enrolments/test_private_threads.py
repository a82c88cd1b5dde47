"""A word in a private question is found at no door by who may not read it, and at each by who may (spec/communities D7, D8, C40).

The doors are read from the address map: every address that takes a key of the thread, its post, its board or its course, and those without
a key; and from the notices: bells, mails, digests, the copy of one's data.
"""

import pytest
from flask import Flask
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

MARKER = "zaguanvioleta"
LEFT_OUT = {"static", "lms_condition.figures"}


def addresses(app: Flask, known: dict[str, list[str]]) -> list[str]:
    """Return every address that can be opened with what is known, each variable with each of its values."""
    found_here = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in LEFT_OUT or not rule.arguments <= set(known):
            continue
        variants: list[dict[str, str]] = [{}]
        for name in sorted(rule.arguments):
            variants = [{**values, name: value} for values in variants for value in known[name]]
        with app.test_request_context(base_url="https://localhost"):
            found_here += [app.url_map.bind("localhost").build(rule.endpoint, values) for values in variants]
    return sorted(set(found_here))


def doors(browser: Browser, paths: list[str]) -> set[str]:
    """Return the addresses whose answer holds the marker anywhere, also where they refuse."""
    shown = set()
    for path in paths:
        response = browser.client.get(path, base_url="https://localhost", headers={"Accept-Language": "es"}, follow_redirects=True)
        if MARKER.encode() in response.get_data().lower():
            shown.add(path)
        response.close()
    return shown


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
    paths = [*addresses(browser.app, known), "/search?q=cuchipanda", f"/discussions/boards/{board.key}?only=mine"]
    shown = {}
    for name, email in (
        ("author", "ana@example.org"),
        ("team", "profe@example.org"),
        ("class", "luis@example.org"),
        ("other", "fuera@example.org"),
    ):
        shown[name] = doors(sign_in(browser.another(), email), paths)
    shown["stranger"] = doors(browser.another(), paths)

    assert {name for name in ("class", "other", "stranger") if shown[name]} == set(), shown
    thread = _thread(instance, post).key
    assert {f"/discussions/{thread}", f"/discussions/posts/{post.key}", f"/discussions/files/{post.key}/1"} <= shown["author"]
    assert {f"/discussions/{thread}", f"/discussions/boards/{board.key}"} <= shown["team"]
    assert "/search?q=cuchipanda" not in shown["author"] | shown["team"]
    mails = {mail for mail in browser.mails() if MARKER in mail}
    assert not [mail for mail in mails if "luis@example.org" in mail or "fuera@example.org" in mail]
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
    opened = doors(sign_in(browser.another(), "luis@example.org"), paths)
    assert {f"/discussions/{thread}", "/search?q=cuchipanda", f"/discussions/boards/{board.key}"} <= opened
    assert doors(browser.another(), paths) == set()
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
