"""Discussions of the demonstration: the board of a course, with questions at a heading, answers, a private question and a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from courses.models import StaffRole
from discussions import boards, moderation, posts, threads
from discussions.models import Board, BoardState, FirstPosts, HideClass, Thread, ThreadKind
from discussions.threads import NewThread
from enrolments import boards as course_boards
from kernel.permissions import Actor
from lms.demo.people import STAFF, DemoLearner, DemoTimeline, Life

CATEGORIES = ("Contenido", "Práctica", "Plataforma")


@dataclass(frozen=True, slots=True)
class Talk:
    """A thread of the demonstration with its answers."""

    title: str
    kind: ThreadKind
    category: str
    text: str
    answers: tuple[str, ...]
    is_private: bool = False
    is_reported: bool = False


TALKS: Sequence[Talk] = (
    Talk(
        "¿Cotización y aporte son lo mismo?",
        ThreadKind.QUESTION,
        "Contenido",
        "En la lección leo *aporte* y en mi rol de pagos *cotización*. ¿Se refieren a lo mismo?",
        (
            "En esta lección, sí: **aporte** es la palabra de la ley; cotización se usa en otros países.",
            "Gracias, con eso me queda claro.",
        ),
    ),
    Talk(
        "Ejemplos de riesgos del ciclo de vida en mi provincia",
        ThreadKind.DISCUSSION,
        "Práctica",
        "Propongo reunir aquí casos de cada provincia:\n\n- desempleo después de temporada\n- enfermedad\n- vejez sin pensión",
        ("En la mía pesa más el trabajo por temporada.", "En la nuestra, los accidentes en el campo.", "Buen resumen."),
        is_reported=True,
    ),
    Talk(
        "No pude rendir el cuestionario el martes",
        ThreadKind.QUESTION,
        "Plataforma",
        "Se cortó la luz en la oficina. ¿Puedo tener otro intento?",
        ("Sí: ya tiene un intento más, hasta el viernes.",),
        is_private=True,
    ),
)


def discussion_life(stage: DemoTimeline, people: Sequence[DemoLearner]) -> Life:
    """Turn the board of the first course on, a week ago, and let its learners and team talk; one post is reported."""
    moment = stage.now - timedelta(hours=20)
    yield moment
    session, outline = stage.session, stage.outlines[0]
    owner, grader = (stage.people[STAFF[role].email] for role in (StaffRole.OWNER, StaffRole.GRADER))
    start = moment - timedelta(days=7)
    _row, board = course_boards.add_course_board(session, outline.course_id, now=start)
    boards.change_settings(
        session, owner, board, state=BoardState.OPEN, first_posts=FirstPosts.NONE, mail_text=False, categories=CATEGORIES, now=start
    )
    session.flush()
    known = [stage.people[person.identity.email] for person in people if person.identity.email in stage.people]
    takers = [actor for actor in known if boards.get_board(session, actor, board.key).writes][:6]
    lesson = next(activity for activity in outline.activities() if activity.kind == "page")
    heading = next(iter(course_boards.list_headings(session, lesson.id)), "")
    for number, talk in enumerate(TALKS if len(takers) > 1 else ()):
        anchor = ("heading", lesson.key, heading) if number == 0 else ("", "", "")
        _talk(session, board, grader, takers[number:] + takers[:number], talk, anchor, now=start + timedelta(days=number, hours=3))


def _talk(
    session: Session, board: Board, team: Actor, people: Sequence[Actor], talk: Talk, anchor: tuple[str, str, str], *, now: datetime
) -> None:
    """Open a thread by the first of some people and let the others and the team answer; the first answer of a question is the team's."""
    author, others = people[0], people[1:]
    new = NewThread(talk.title, talk.kind, talk.category, anchor, is_private=talk.is_private)
    first = threads.open_thread(
        session, author, boards.get_board(session, author, board.key), new, talk.text, token=boards.new_key(), now=now
    )
    posts.announce(session, first, (), now=now)
    thread = session.get_one(Thread, first.thread_id).key
    for turn, text in enumerate(talk.answers):
        is_answer = talk.kind is ThreadKind.QUESTION and turn == 0
        by = team if is_answer else author if talk.is_private else others[turn % len(others)]
        at, of_thread = now + timedelta(hours=2 * turn + 1), boards.get_thread(session, by, thread)
        post = posts.write_post(session, by, of_thread, text, token=f"{thread}-{turn}", now=at)
        posts.announce(session, post, (), now=at)
        if is_answer and not talk.is_private:
            posts.accept_answer(session, author, boards.get_post(session, author, post.key), accepted=True, now=at)
        if talk.is_reported and turn == 1:
            of_post = boards.get_post(session, author, post.key)
            moderation.report_post(session, author, of_post, HideClass.OFF_TOPIC, "No es de este hilo.", now=at)
