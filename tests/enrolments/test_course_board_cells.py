"""Who may do what on the board of a course: as the specification's table says, and over HTTP (spec/communities D1, D2, D6, D7, D8)."""

import csv
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.models import Course
from discussions.boards import new_key
from discussions.models import Board, BoardState, PostFile, PostState, Thread, ThreadPost
from enrolments.learners import find_enrolment
from enrolments.models import CourseThread, EditionPlace
from kernel import clock
from kernel.files import note_stored
from lms.instance import Instance
from scripts.access_matrix import declared_cells
from tests.support.access import Cast, a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person
from tests.support.course_boards import a_course_board
from tests.support.editions import an_edition

TABLE = Path(__file__).with_name("course_board_cells.csv")
"""The rows of the specification's table: actions, states, and what each role of the product expects."""
OF_THE_BOARD = {"board.view", "thread.open", "post.draft", "board.queue_view", "board.log_view", "board.settings"}
"""The guard of a thread does not concern these: they are the same with and without such threads."""
SHOWN = {"board.search_hit", "board.notice"}
"""No acts: what is found and what is notified of has tests of its own."""


def is_declared(action: str, state: str) -> bool:
    return action not in SHOWN and not (action in OF_THE_BOARD and "question" in state)


def test_the_declared_cells_are_those_of_the_specification() -> None:
    declared = declared_cells()
    with TABLE.open(encoding="utf-8", newline="") as source:
        rows = [row for row in csv.DictReader(source) if is_declared(row["action"], row["object_state"])]

    compared = 0
    for row in rows:
        due = declared[row["action"], row["object_state"]].expectations()
        expected = {role: cell for role, cell in row.items() if role not in ("action", "object_state")}
        assert {role: due[role] for role in expected} == expected, row
        compared += len(expected)
    assert compared == 3220


STATES = {"open": BoardState.OPEN, "read_only": BoardState.READ_ONLY, "off": BoardState.OFF, "archived": BoardState.OPEN}
VISIBILITY = {"unlisted": "participants", "of_staff": "staff"}
CONTENT = b"Un texto."


class Shelf:
    """The board of a course before a cast, with a thread that each of them wrote in, made anew for each state."""

    def __init__(self, cast: Cast, course: Course, owner: str) -> None:
        self.cast, self.course, self.owner = cast, course, owner
        self.board = a_course_board(cast.instance, course)
        self.other = a_person(cast.instance, "autora@example.org")
        self.sha256 = cast.instance.files.put(CONTENT)
        self.edition = an_edition(cast.instance, course)
        with cast.instance.database.unit_of_work() as session:
            enrolment = find_enrolment(session, cast.people["E"].id, course.id)
            assert enrolment is not None
            session.add(EditionPlace(enrolment_id=enrolment.id, edition_id=self.edition.id))

    def set(self, state: str) -> None:
        """Set the state of the board, or archive its course, and write the threads."""
        now = clock.now()
        with self.cast.instance.database.unit_of_work() as session:
            session.get_one(Board, self.board.id).state = STATES[state].value
            session.execute(update(Course).where(Course.id == self.course.id).values(archived_at=now if state == "archived" else None))
            thread = self._thread(session, self.other, now)
            target = self._post(session, thread, self.other, now)
            stored = note_stored(session, self.sha256, size=len(CONTENT), media_type="text/plain", now=now)
            session.add(PostFile(post_id=target.id, number=1, stored_file_id=stored.id, name="a.txt", alternative=""))
            self.thread, self.target = thread.key, target.key
            people = {**self.cast.people, "A": self.other}
            self.own = {letter: self._post(session, thread, person, now).key for letter, person in people.items()}
            self.kept = {letter: self._post(session, thread, self.other, now).key for letter in people}
            self.waiting = {letter: self._post(session, thread, self.other, now, PostState.WAITING).key for letter in people}
            self.answers, self.private, self.withdrawn = dict[str, str](), dict[str, str](), dict[str, str]()
            for letter, person in people.items():
                asker = self.other if self.owner == "private_question" else person
                self.answers[letter] = self._post(session, self._thread(session, asker, now), self.other, now).key
                private = self._thread(session, person, now)
                session.merge(CourseThread(thread_id=private.id, edition_id=None, private=True))
                self.private[letter] = private.key
                self.withdrawn[letter] = self._post(session, thread, person, now, PostState.WITHDRAWN).key

    def _thread(self, session: Session, person: Person, now: datetime) -> Thread:
        anchor = ("question", "cuestionario-1", "suma-1") if self.owner == "question" else ("", "", "")
        thread = Thread(
            key=new_key(), board_id=self.board.id, kind="question", title="¿Cómo se cuenta?", person_id=person.id, language="es",
            anchor_kind=anchor[0], anchor_key=anchor[1], anchor_part=anchor[2], state="visible", posts=0, last_number=0, shown_number=1,
            last_post_at=now,
        )  # fmt: skip
        session.add(thread)
        session.flush()
        if self.owner in ("edition", "private_question"):
            edition = self.edition.id if self.owner == "edition" else None
            session.add(CourseThread(thread_id=thread.id, edition_id=edition, private=edition is None))
        self._post(session, thread, person, now)
        return thread

    def _post(self, session: Session, thread: Thread, person: Person, now: datetime, state: PostState = PostState.VISIBLE) -> ThreadPost:
        thread.last_number += 1
        post = ThreadPost(
            key=new_key(), thread_id=thread.id, number=thread.last_number, person_id=person.id, source="Un texto.", html="<p>Un texto.</p>",
            language="es", state=state.value, state_at=now, written_at=now, token=new_key(),
        )  # fmt: skip
        session.add(post)
        session.flush()
        return post

    def request(self, action: str, letter: str, state: str) -> tuple[str, str, dict[str, str] | None]:
        """Return how somebody tries an action: method, address, and what is sent."""
        posts, thread, board = "/discussions/posts", f"/discussions/{self.thread}", f"/discussions/boards/{self.board.key}"
        seen = {"seen": "1"}
        tries: Mapping[str, tuple[str, str, dict[str, str] | None]] = {
            "board.view": ("GET", board, None),
            "thread.read": ("GET", thread, None),
            "post.file_download": ("GET", f"/discussions/files/{self.target}/1", None),
            "thread.subscribe": ("POST", f"{thread}/level", {"level": "follow"}),
            "post.draft": ("POST", f"/discussions/new/{self.board.key}", {"text": "Un borrador.", "act": "draft", "kind": "question"}),
            "thread.open": ("GET", f"/discussions/new/{self.board.key}", None),
            "post.write": ("GET", f"{thread}/answer", None),
            "post.edit": ("GET", f"{posts}/{self.own[letter]}/edit", None),
            "post.withdraw": ("GET", f"{posts}/{self.own[letter]}/withdraw", None),
            "post.restore": ("POST", f"{posts}/{self.withdrawn[letter]}/restoration", {}),
            "post.history_view": ("GET", f"{posts}/{self.own[letter]}/history", None),
            "thread.mark_answer": ("POST", f"{posts}/{self.answers[letter]}/acceptance", {"accepted": "no"}),
            "thread.open_to_all": ("POST", f"{'/discussions/' + self.private[letter] if 'own' in state else thread}/opening", {}),
            "post.report": ("GET", f"{posts}/{self.target}/report", None),
            "post.hide": ("GET", f"{posts}/{self.target}/hide", None),
            "post.decide": ("POST", f"{posts}/{self.kept[letter]}/keeping", seen),
            "post.release": ("POST", f"{posts}/{self.waiting[letter]}/release", seen),
            "board.queue_view": ("GET", f"{board}/moderation", None),
            "board.log_view": ("GET", f"{board}/log", None),
            "thread.lock": ("POST", f"{thread}/lock", {"locked": "no"}),
            "thread.pin": ("POST", f"{thread}/pin", {"pinned": "no"}),
            "thread.retitle": ("POST", f"{thread}/title", {"title": "¿Cómo se cuenta?", "category": ""}),
            "thread.mark_summary": ("POST", f"{posts}/{self.target}/summary", {"summary": "no"}),
            "board.settings": ("POST", f"/teaching/{self.course.slug}/discussions", {"state": STATES[state].value, "first_posts": "none"})
            if state in STATES
            else ("GET", board, None),
        }
        return tries[action]

    def check(self, action: str, cell: str, state: str) -> list[str]:
        """Let everybody try an action; return what came out otherwise than the cell says."""
        outcomes = {}
        for letter, browser in self.cast.browsers.items():
            method, path, data = self.request(action, letter if letter in self.own else "A", state)
            outcomes[letter] = outcome(browser, path, method, data)
        return self.cast.check(action, cell, outcomes)


@pytest.mark.parametrize("owner", ["listed", "unlisted", "of_staff", "edition", "question", "private_question"])
def test_every_cell_of_the_board_of_a_course(browser: Browser, instance: Instance, owner: str) -> None:
    cast, course = a_cast(browser, instance), a_course(instance, modules=1, visibility=VISIBILITY.get(owner, "public"))
    cast.join(course)
    shelf, wrong = Shelf(cast, course, owner), list[str]()
    for state in STATES:
        shelf.set(state)
        cell = f"course_{owner}_{state}"
        for action in sorted(action for action, name in declared_cells() if name == cell):
            wrong += shelf.check(action, cell, state)
    if owner == "listed":
        shelf.set("open")
        wrong += shelf.check("post.history_view", "course_own_post", "own")
        wrong += shelf.check("post.restore", "course_own_withdrawn_post", "own")
        wrong += shelf.check("thread.open_to_all", "course_own_private_question", "own")
        wrong += cast.check("board.followed", "own", cast.outcomes("/learning/discussions"))
    assert not wrong
