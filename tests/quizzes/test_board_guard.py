"""Threads about a quiz's question are read while one's review shows its right answer, and no open attempt of one's own asks it."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import exists, select, update

from accounts.models import Person
from courses.models import Course
from discussions import boards, jobs, threads
from discussions.models import Board, Thread, ThreadPost
from discussions.threads import ThreadQuery
from kernel.permissions import Actor
from lms.instance import Instance
from questions.rules.feedback import ReviewFlag
from quizzes import attempts
from quizzes.attempt_page import flags_of
from quizzes.models import Accommodation, QuizVersion
from quizzes.rules.settings import Reader
from tests.support.boards import a_thread
from tests.support.browser import Browser
from tests.support.builders import a_teacher, sign_in
from tests.support.course_boards import a_course_board
from tests.support.learning import At, a_learner, fail_quiz, sitting_of, start
from tests.support.overrides import Office
from tests.support.quizzes import NOON, NUMBER, a_quiz_asking
from tests.support.wording import in_spanish

QUIZ, QUESTION = "cuestionario-1", "mitad-1"
ANCHOR = ("question", QUIZ, QUESTION)
PRESETS = ("practice", "learning", "exam", "hidden", "{later: [attempt, right_answer]}", "{closed: [attempt, marks]}", "{later: []}")
MOMENTS = {"after": timedelta(0), "later": timedelta(minutes=30), "closed": timedelta(days=3)}


def a_course_with_board(instance: Instance, settings: str) -> tuple[Course, Board]:
    course = a_quiz_asking(instance, NUMBER, f"attempts: 0\n{settings}")
    return course, a_course_board(instance, course)


def a_question_thread(instance: Instance, course: Course, board: Board) -> ThreadPost:
    with instance.database.unit_of_work(write=False) as session:
        known = session.scalars(select(Person).where(Person.email == "profe@example.org")).one_or_none()
    return a_thread(instance, board, known or a_teacher(instance, course), anchor=ANCHOR)


def reads(instance: Instance, actor: Actor, post: ThreadPost) -> bool:
    """Return whether a thread is read; the list and its count say the same."""
    with instance.database.unit_of_work(write=False) as session:
        thread = session.get_one(Thread, post.thread_id)
        rows = threads.list_threads(session, actor, thread.board_id, ThreadQuery(), today=NOON.date(), offset=0)
        listed = [row.Thread.id for row in rows]
        counted = threads.count_filters(session, actor, thread.board_id)[None]
        hidden = boards.get_thread(session, actor, thread.key).is_guarded
    assert (thread.id in listed, counted) == (not hidden, len(listed))
    return thread.id in listed


def shows(instance: Instance, actor: Actor, attempt: UUID, at: At) -> bool:
    """Return what the review itself says."""
    with sitting_of(instance, actor, attempt) as (session, loaded):
        return ReviewFlag.RIGHT_ANSWER in flags_of(loaded, Reader.LEARNER, attempts.history_of(session, loaded), now=at.moment)


@pytest.mark.parametrize("review", PRESETS)
def test_the_guard_agrees_with_the_review_at_every_moment(instance: Instance, monkeypatch: pytest.MonkeyPatch, review: str) -> None:
    at = At(monkeypatch, NOON)
    course, board = a_course_with_board(instance, f"closes: 2026-06-03 12:00\nreview: {review}\n")
    post, learner = a_question_thread(instance, course, board), a_learner(instance, course)
    assert not reads(instance, learner, post)
    attempt = fail_quiz(instance, learner, "prueba", now=at.moment)
    for moment, passed in MOMENTS.items():
        at.moment = NOON + passed
        assert reads(instance, learner, post) == shows(instance, learner, attempt, at), moment


def test_an_open_attempt_hides_it_until_it_is_handed_in(browser: Browser, instance: Instance) -> None:
    course, board = a_course_with_board(instance, "review: practice\n")
    post, learner = a_question_thread(instance, course, board), a_learner(instance, course)
    fail_quiz(instance, learner, "prueba")
    assert reads(instance, learner, post)
    ana = sign_in(browser)
    assert "Así" not in ana.get(f"/discussions/posts/{post.key}").text
    start(instance, learner, "prueba")
    assert not reads(instance, learner, post)
    ana.get(f"/discussions/posts/{post.key}", status=404)
    assert "¿Cómo se cuenta?" not in ana.get(f"/discussions/boards/{board.key}").text


def test_others_do_not_read_it_and_the_team_does(browser: Browser, instance: Instance) -> None:
    course, board = a_course_with_board(instance, "review: practice\n")
    post = a_question_thread(instance, course, board)
    learner, other = a_learner(instance, course), a_learner(instance, course, "luis@example.org")
    fail_quiz(instance, learner, "prueba")
    assert (reads(instance, learner, post), reads(instance, other, post)) == (True, False)
    assert "¿Cómo se cuenta?" in sign_in(browser, "profe@example.org").get(f"/discussions/posts/{post.key}").text


def test_a_reply_sent_while_the_question_is_being_answered_is_kept(browser: Browser, instance: Instance) -> None:
    course, board = a_course_with_board(instance, "review: practice\n")
    post, learner = a_question_thread(instance, course, board), a_learner(instance, course)
    fail_quiz(instance, learner, "prueba")
    ana = sign_in(browser)
    ana.get(f"/discussions/posts/{post.key}")
    thread = ana.path.partition("#")[0].rpartition("/")[2]
    start(instance, learner, "prueba")
    ana.submit(f"/discussions/{thread}/answer", {"text": "Creo que es 2,5."}, button=("act", "publish"), status=404)
    assert "Creo que es 2,5." in ana.get("/learning/drafts").html


def test_it_is_in_no_search(instance: Instance) -> None:
    course, board = a_course_with_board(instance, "review: practice\n")
    post = a_question_thread(instance, course, board)
    other = a_thread(instance, board, a_teacher(instance, course, "otra.profe@example.org"), "Otra cosa del curso")
    with instance.database.unit_of_work(write=False) as session:
        joined = select(ThreadPost.id).join(Thread, Thread.id == ThreadPost.thread_id)
        found = set(session.scalars(joined.where(*jobs.is_indexed(session.info))))
    assert found == {other.id} != {post.id}


def test_a_later_close_of_ones_own_hides_it_as_long(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    at = At(monkeypatch, NOON)
    course, board = a_course_with_board(instance, "closes: 2026-06-03 12:00\n")
    office, learner = Office(instance, course), a_learner(instance, course)
    post = a_question_thread(instance, course, board)
    attempt = fail_quiz(instance, learner, "prueba", now=at.moment)
    office.override(learner, sets_closes=True, closes_at=NOON + timedelta(days=9))
    for days in (3, 10):
        at.moment = NOON + timedelta(days=days)
        assert reads(instance, learner, post) == shows(instance, learner, attempt, at) == (days == 10)


def test_more_time_hides_it_a_week_longer_at_most(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    at = At(monkeypatch, NOON)
    course, board = a_course_with_board(instance, "closes: 2026-06-03 12:00\nlimit: 10 min\n")
    post, learner = a_question_thread(instance, course, board), a_learner(instance, course)
    fail_quiz(instance, learner, "prueba", now=at.moment)
    with instance.database.unit_of_work() as session:
        row = Accommodation(person_id=learner.person_id, factor=2, extra_attempts=0, break_seconds=0, reason="", created_at=NOON)
        row.created_by = learner.person_id or 0
        session.add(row)
    for days in (3, 12):
        at.moment = NOON + timedelta(days=days)
        assert reads(instance, learner, post) == (days == 12)


def test_each_thread_is_judged_by_its_own_question_for_each_person(instance: Instance) -> None:
    course, board = a_course_with_board(instance, "review: practice\n")
    post = a_question_thread(instance, course, board)
    with instance.database.unit_of_work(write=False) as session:
        teacher = session.scalars(select(Person).where(Person.email == "profe@example.org")).one()
    other = a_thread(instance, board, teacher, "De otra pregunta", anchor=("question", QUIZ, "otra-1"))
    learner, late = a_learner(instance, course), a_learner(instance, course, "luis@example.org")
    fail_quiz(instance, learner, "prueba")
    assert (reads(instance, learner, post), reads(instance, learner, other), reads(instance, late, post)) == (True, False, False)
    with instance.database.unit_of_work(write=False) as session:
        of = exists().where(Thread.id == post.thread_id, Board.id == Thread.board_id, boards.readable_threads(session.info, Person.id))
        assert set(session.scalars(select(Person.id).where(of.correlate(Person)))) == {teacher.id, learner.person_id}


@pytest.mark.parametrize("entry", ['{"kind": "pair", "initial": "cuestionario-1"}', '{"kind": "selection", "objections": {"days": 3}}'])
def test_where_sql_cannot_tell_it_is_hidden(instance: Instance, entry: str) -> None:
    course, board = a_course_with_board(instance, "review: practice\n")
    post, learner = a_question_thread(instance, course, board), a_learner(instance, course)
    fail_quiz(instance, learner, "prueba")
    assert reads(instance, learner, post)
    with instance.database.unit_of_work() as session:
        session.execute(update(QuizVersion).values(entries=QuizVersion.entries + entry))
    assert not reads(instance, learner, post)


def test_the_review_offers_to_ask_about_a_question_whose_answer_it_shows(browser: Browser, instance: Instance) -> None:
    course, board = a_course_with_board(instance, "review: practice\n")
    learner = a_learner(instance, course)
    attempt = fail_quiz(instance, learner, "prueba")
    ana, ask = sign_in(browser), f"/courses/prueba/discussions/{QUIZ}/ask?part={QUESTION}"
    assert ana.get(f"/attempts/{attempt}/review").has_link(ask)
    ana.get(ask)
    assert ana.path == f"/discussions/new/{board.key}?anchor_kind=question&anchor_key={QUIZ}&anchor_part={QUESTION}"
    start(instance, learner, "prueba")
    assert not ana.get(f"/attempts/{attempt}/review").has_link(ask)


@pytest.mark.parametrize("state", ["off", "read_only"])
def test_the_review_offers_nothing_where_the_board_takes_nothing(browser: Browser, instance: Instance, state: str) -> None:
    course, board = a_course_with_board(instance, "review: practice\n")
    with instance.database.unit_of_work() as session:
        session.execute(update(Board).where(Board.id == board.id).values(state=state))
    attempt = fail_quiz(instance, a_learner(instance, course), "prueba")
    assert in_spanish("Ask about this question") not in sign_in(browser).get(f"/attempts/{attempt}/review").text
