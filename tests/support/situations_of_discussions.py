"""Situations of discussions: a question in a course's board, an answer, a report, a moderator."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Person
from courses.models import Course
from discussions import boards, drafts, moderation, posts, threads
from discussions.drafts import DraftSlot, DraftText
from discussions.models import Board, FirstPosts, HideClass, Thread, ThreadKind, ThreadPost
from discussions.threads import NewThread
from enrolments import enrolment, learners
from kernel import clock
from kernel.permissions import Actor
from tests.support.boards import actor_of
from tests.support.builders import a_teacher
from tests.support.course_boards import a_course_board
from tests.support.situations import Room, Scene, Stage

TEXT = {"text": "Un texto de prueba.", "act": "publish"}


@dataclass(frozen=True)
class Talk:
    """A question of a learner, answered by another, with the teacher of the course."""

    board: Board
    thread: str
    first: ThreadPost
    answer: ThreadPost
    asker: Person
    answerer: Person


def _board(stage: Stage) -> Board:
    return stage.once("board", lambda: a_course_board(stage.instance, stage.course))


def _teacher(stage: Stage) -> Person:
    return stage.once("teacher of the board", lambda: a_teacher(stage.instance, stage.course, f"moderadora.{stage.number()}@example.org"))


def _learner(stage: Stage, course: Course) -> Person:
    person = stage.person()
    with stage.instance.database.unit_of_work() as session:
        context = learners.get_learner_context(session, actor_of(person), course.slug)
        enrolment.enrol(session, actor_of(person), context, now=clock.now())
    return person


def _answerer(stage: Stage) -> Person:
    return stage.once("answerer", lambda: _learner(stage, stage.course))


def _talk(stage: Stage, *, is_private: bool = False) -> Talk:
    board, asker, answerer, number = _board(stage), _learner(stage, stage.course), _answerer(stage), stage.number()
    with stage.instance.database.unit_of_work() as session:
        actor = actor_of(asker)
        new = NewThread(f"Pregunta número {number}", ThreadKind.QUESTION, is_private=is_private)
        context = boards.get_board(session, actor, board.key)
        first = threads.open_thread(session, actor, context, new, "No sé.", token=f"p{number}", now=clock.now())
        key = session.get_one(Thread, first.thread_id).key
        by: Actor = actor if is_private else actor_of(answerer)
        thread = boards.get_thread(session, by, key)
        answer = posts.write_post(session, by, thread, "Así.", token=f"r{number}", now=clock.now())
    return Talk(board, key, first, answer, asker, answerer)


def a_new_thread(stage: Stage) -> Scene:
    """Somebody asks something."""
    title = f"Otra pregunta {stage.number()}"
    return Scene(
        stage.signed_in(_learner(stage, stage.course)), f"/discussions/new/{_board(stage).key}", {**TEXT, "title": title, "act": "anyway"}
    )


def an_answer(stage: Stage) -> Scene:
    """Somebody answers."""
    talk = _talk(stage)
    return Scene(stage.signed_in(_learner(stage, stage.course)), f"/discussions/{talk.thread}", TEXT)


def an_edit(stage: Stage) -> Scene:
    """An author changes a post."""
    talk = _talk(stage)
    return Scene(stage.signed_in(talk.asker), f"/discussions/posts/{talk.first.key}/edit", {**TEXT, "text": "Otro texto."})


def a_draft(stage: Stage) -> Scene:
    """Somebody has a draft."""
    person, board = _learner(stage, stage.course), _board(stage)
    with stage.instance.database.unit_of_work() as session:
        drafts.keep_draft(session, actor_of(person), DraftSlot(board), DraftText("Para después."), now=clock.now())
    return Scene(stage.signed_in(person), "/learning/drafts")


def of_board(stage: Stage) -> Scene:
    """Somebody looks at a board."""
    return Scene(stage.signed_in(_learner(stage, stage.course)), f"/discussions/boards/{_board(stage).key}", {"level": "muted"})


def of_all_boards(stage: Stage) -> Scene:
    """Somebody has something new in a board."""
    _talk(stage)
    return Scene(stage.signed_in(_learner(stage, stage.course)), "/learning/discussions")


def of_thread(stage: Stage) -> Scene:
    """Somebody reads a thread."""
    return Scene(stage.signed_in(_learner(stage, stage.course)), f"/discussions/{_talk(stage).thread}", {"level": "muted"})


def a_private_thread(stage: Stage) -> Scene:
    """Somebody asked the team alone."""
    talk = _talk(stage, is_private=True)
    return Scene(stage.signed_in(talk.asker), f"/discussions/{talk.thread}/opening")


def an_acceptance(stage: Stage) -> Scene:
    """Somebody got an answer."""
    talk = _talk(stage)
    return Scene(stage.signed_in(talk.asker), f"/discussions/{talk.thread}")


def a_withdrawal(stage: Stage) -> Scene:
    """An author withdraws a post."""
    talk = _talk(stage)
    return Scene(stage.signed_in(talk.asker), f"/discussions/posts/{talk.first.key}/withdraw")


def a_restoration(stage: Stage) -> Scene:
    """An author withdrew a post."""
    talk = _talk(stage)
    with stage.instance.database.unit_of_work() as session:
        actor = actor_of(talk.asker)
        posts.withdraw_post(session, actor, boards.get_post(session, actor, talk.first.key), now=clock.now())
    return Scene(stage.signed_in(talk.asker), f"/discussions/{talk.thread}")


def a_report(stage: Stage) -> Scene:
    """Somebody reports a post."""
    talk = _talk(stage)
    return Scene(stage.signed_in(_learner(stage, stage.course)), f"/discussions/posts/{talk.answer.key}/report", {"report_class": "other"})


def _of_moderator(stage: Stage, page: str, good: dict[str, str] | None = None) -> Scene:
    return Scene(stage.signed_in(_teacher(stage)), page, good or {})


def a_post_to_hide(stage: Stage) -> Scene:
    """A moderator hides a post."""
    talk = _talk(stage)
    good = {"hide_class": "other", "reason": "No corresponde."}
    return _of_moderator(stage, f"/discussions/posts/{talk.answer.key}/hide", good)


def a_reported_post(stage: Stage) -> Scene:
    """A post was reported."""
    talk, person = _talk(stage), _learner(stage, stage.course)
    with stage.instance.database.unit_of_work() as session:
        actor = actor_of(person)
        moderation.report_post(session, actor, boards.get_post(session, actor, talk.answer.key), HideClass.OTHER, "", now=clock.now())
    return _of_moderator(stage, f"/discussions/boards/{talk.board.key}/moderation")


def a_hidden_post(stage: Stage) -> Scene:
    """A post is hidden."""
    talk = _talk(stage)
    with stage.instance.database.unit_of_work() as session:
        actor = actor_of(_teacher(stage))
        context = boards.get_post(session, actor, talk.answer.key)
        moderation.decide(session, actor, context, hide_class=HideClass.OTHER, reason="No.", version=1, now=clock.now())
    return _of_moderator(stage, f"/discussions/{talk.thread}")


def a_waiting_post(stage: Stage) -> Scene:
    """The first post of somebody waits for a moderator."""
    board = _board(stage)
    with stage.instance.database.unit_of_work() as session:
        session.get_one(Board, board.id).first_posts = FirstPosts.ALL.value
    person, number = _learner(stage, stage.course), stage.number()
    with stage.instance.database.unit_of_work() as session:
        actor = actor_of(person)
        new = NewThread(f"Primera pregunta {number}", ThreadKind.QUESTION)
        threads.open_thread(session, actor, boards.get_board(session, actor, board.key), new, "Hola.", token=f"w{number}", now=clock.now())
        session.get_one(Board, board.id).first_posts = FirstPosts.NONE.value
    return _of_moderator(stage, f"/discussions/boards/{board.key}/moderation")


def a_thread_of_moderator(stage: Stage) -> Scene:
    """A moderator reads a thread."""
    return _of_moderator(stage, f"/discussions/{_talk(stage).thread}")


def a_thread_to_order(stage: Stage) -> Scene:
    """A moderator puts a thread in order."""
    good = {"reason": "Ya está.", "title": f"Otro título {stage.number()}", "locked": "yes", "pinned": "no"}
    return _of_moderator(stage, f"/discussions/{_talk(stage).thread}/moderation", good)


def board_settings(stage: Stage) -> Scene:
    """A team sets its board."""
    _board(stage)
    return _of_moderator(stage, f"/teaching/{stage.course.slug}/discussions", {"state": "open", "first_posts": "none"})


DISCUSSIONS: Room = {
    "discussions.accept": an_acceptance,
    "discussions.follow": of_thread,
    "discussions.mark_all_read": of_all_boards,
    "discussions.mark_read": of_board,
    "discussions.open_to_all": a_private_thread,
    "discussions.restore": a_restoration,
    "discussions.set_level": of_board,
    "discussions.withdraw": a_withdrawal,
    "discussions_moderation.hide": a_post_to_hide,
    "discussions_moderation.keep": a_reported_post,
    "discussions_moderation.lock": a_thread_to_order,
    "discussions_moderation.pin": a_thread_to_order,
    "discussions_moderation.release": a_waiting_post,
    "discussions_moderation.report": a_report,
    "discussions_moderation.retitle": a_thread_to_order,
    "discussions_moderation.show": a_hidden_post,
    "discussions_moderation.summarise": a_thread_of_moderator,
    "discussions_writing.answer": an_answer,
    "discussions_writing.delete_draft": a_draft,
    "discussions_writing.edit": an_edit,
    "discussions_writing.new": a_new_thread,
    "enrolments_boards.settings": board_settings,
}
