"""The board of a course: who reads, writes and moderates it, and whom its private threads and those of an edition are for."""

from datetime import timedelta

import pytest
from sqlalchemy import exists, func, select, update

from accounts.models import Notification, Person
from courses.models import Course, PublicationNature, StaffRole
from courses.waiting import list_waiting
from discussions import boards, jobs, subscriptions
from discussions.access import BoardContext
from discussions.boards import Anchor, owner_of, owner_page_of
from discussions.models import Board, BoardState, FirstPosts, Level, Subscription, Thread, ThreadPost
from enrolments.boards import seconds_of
from enrolments.models import CourseThread
from kernel import clock
from kernel.permissions import Actor, Verdict
from lms.instance import Instance
from tests.support.boards import a_thread
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, actor_of, an_administrator, folder, publish, sign_in
from tests.support.course_boards import a_course_board, course_board_of
from tests.support.editions import a_learner_of, an_edition, join, take_out
from tests.support.learning import a_learner
from tests.support.takes import retake
from tests.support.wording import in_spanish

BOARD = "/courses/prueba/discussions"
UNANSWERED = "%(count)s question without an accepted answer"
SETTINGS = "/teaching/prueba/discussions"


@pytest.fixture
def course(instance: Instance) -> Course:
    return a_course(instance, modules=1)


@pytest.fixture
def board(instance: Instance, course: Course) -> Board:
    return a_course_board(instance, course)


def context_of(instance: Instance, actor: Actor, board: Board) -> BoardContext:
    with instance.database.unit_of_work(write=False) as session:
        return boards.get_board(session, actor, board.key)


def standing(instance: Instance, actor: Actor, board: Board) -> tuple[bool, bool, bool, bool]:
    """Return whether somebody reads, writes, moderates and administers a board."""
    context = context_of(instance, actor, board)
    return context.reads, context.writes, context.moderates, context.administers


def readers(instance: Instance, post: ThreadPost) -> set[int]:
    """Return who reads a thread, by the condition that bells, mails and lists ask: each person with their own column."""
    with instance.database.unit_of_work(write=False) as session:
        of = exists().where(Thread.id == post.thread_id, Board.id == Thread.board_id, boards.readable_threads(session.info, Person.id))
        return set(session.scalars(select(Person.id).where(of.correlate(Person))))


def person_of(instance: Instance, actor: Actor) -> Person:
    with instance.database.unit_of_work(write=False) as session:
        return session.get_one(Person, actor.person_id)


def test_who_takes_part_reads_and_writes_and_the_team_moderates(instance: Instance, course: Course, board: Board) -> None:
    learner = a_learner(instance, course)
    assert standing(instance, learner, board) == (True, True, False, False)
    for role in StaffRole:
        teacher = actor_of(a_teacher(instance, course, f"{role.value}@example.org", role))
        assert standing(instance, teacher, board) == (True, True, True, role is not StaffRole.GRADER)
    assert standing(instance, actor_of(an_administrator(instance)), board) == (True, True, True, True)
    assert standing(instance, actor_of(a_person(instance, "nadie@example.org")), board) == (False, False, False, False)
    assert standing(instance, Actor(), board) == (False, False, False, False)


def test_who_leaves_or_waits_reads_no_more_and_who_takes_it_again_goes_on(instance: Instance, course: Course, board: Board) -> None:
    learner, again = a_learner(instance, course), a_learner(instance, course, "luis@example.org")
    retake(instance, again, course)
    take_out(instance, course, learner)
    assert standing(instance, learner, board)[0] is False
    assert standing(instance, again, board)[0] is True
    full = an_edition(instance, course, capacity=1)
    a_learner_of(instance, course, full, "eva@example.org")
    waiting = actor_of(a_person(instance, "espera@example.org"))
    join(instance, waiting, course, full)
    assert standing(instance, waiting, board)[0] is False
    assert context_of(instance, waiting, board).outside is Verdict.ALLOW


def test_an_archived_course_closes_its_board(instance: Instance, course: Course, board: Board) -> None:
    learner = a_learner(instance, course)
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).values(archived_at=clock.now()))
    context = context_of(instance, learner, board)
    assert (context.reads, context.is_closed, context.is_open) == (True, True, False)
    with instance.database.unit_of_work(write=False) as session:
        page = owner_page_of(session, session.get_one(Board, board.id))
    assert (page.title, page.address, page.list_address) == ("Curso de prueba prueba", "/courses/prueba", BOARD)
    assert "archivado" in page.why_closed


def test_a_private_question_is_for_its_author_and_the_team(instance: Instance, course: Course, board: Board) -> None:
    learner, other = a_learner(instance, course), a_learner(instance, course, "luis@example.org")
    teacher = a_teacher(instance, course)
    post = a_thread(instance, board, person_of(instance, learner), is_private=True)
    assert readers(instance, post) == {learner.person_id, teacher.id}
    with instance.database.unit_of_work(write=False) as session:
        thread = session.get_one(Thread, post.thread_id)
        assert boards.get_thread(session, learner, thread.key).is_private
        found = select(ThreadPost.id).join(Thread, Thread.id == ThreadPost.thread_id)
        assert session.scalars(found.where(*jobs.is_indexed(session.info))).all() == []
    with instance.database.unit_of_work() as session:
        open_to_all = owner_of(session, session.get_one(Board, board.id)).open_to_all
        assert open_to_all is not None
        open_to_all(session, session.get_one(Thread, post.thread_id))
    assert readers(instance, post) == {learner.person_id, other.person_id, teacher.id}


def test_threads_of_an_edition_are_read_in_it_and_a_change_widens_none(instance: Instance, course: Course) -> None:
    board = a_course_board(instance, course, by_edition=True)
    march, may = an_edition(instance, course), an_edition(instance, course, "Mayo")
    ana = a_learner_of(instance, course, march)
    eva = a_learner_of(instance, course, march, "eva@example.org")
    luis, none = a_learner_of(instance, course, may, "luis@example.org"), a_learner(instance, course, "sola@example.org")
    teacher = a_teacher(instance, course)
    post = a_thread(instance, board, person_of(instance, ana))
    of_march = {ana.person_id, eva.person_id, teacher.id}
    assert readers(instance, post) == of_march
    a_course_board(instance, course, by_edition=False)
    assert readers(instance, post) == of_march
    for_all = a_thread(instance, board, person_of(instance, ana), "Para todas las ediciones")
    assert readers(instance, for_all) == of_march | {luis.person_id, none.person_id}


def test_a_thread_by_the_team_is_for_all_editions(instance: Instance, course: Course) -> None:
    board = a_course_board(instance, course, by_edition=True)
    luis = a_learner_of(instance, course, an_edition(instance, course), "luis@example.org")
    post = a_thread(instance, board, a_teacher(instance, course))
    assert luis.person_id in readers(instance, post)
    with instance.database.unit_of_work(write=False) as session:
        assert session.get(CourseThread, post.thread_id) is None


def located(instance: Instance, actor: Actor, board: Board, *anchor: str) -> Anchor:
    with instance.database.unit_of_work(write=False) as session:
        row = session.get_one(Board, board.id)
        return owner_of(session, row).locate(session, actor, row.id, [(anchor[0], anchor[1], anchor[2])])[anchor[0], anchor[1], anchor[2]]


def test_anchors_lead_to_their_part_and_say_when_it_is_gone(instance: Instance, course: Course, board: Board) -> None:
    learner, gone = a_learner(instance, course), "sobre una parte que ya no está en el curso"
    lesson = "/courses/prueba/activities/leccion-1"
    assert located(instance, learner, board, "heading", "leccion-1", "").address == lesson
    assert located(instance, learner, board, "heading", "no-existe", "algo") == Anchor(gone)
    part = located(instance, learner, board, "heading", "leccion-1", "no-existe")
    assert gone in part.label
    moment = located(instance, learner, board, "second", "leccion-1", "754")
    assert (moment.address, "12:34" in moment.label) == (f"{lesson}#t=754", True)
    assert located(instance, learner, board, "question", "cuestionario-1", "suma-1").address == "/courses/prueba/quizzes/cuestionario-1"


def test_first_posts_of_new_accounts_wait_unless_they_belong(instance: Instance, course: Course, board: Board) -> None:
    learner = a_learner(instance, course)
    with instance.database.unit_of_work() as session:
        session.execute(update(Board).values(first_posts=FirstPosts.NEW.value))
        session.execute(update(Person).values(created_at=clock.now() - timedelta(days=1)))
    post = a_thread(instance, board, person_of(instance, learner))
    assert post.state == "waiting"


def test_turning_it_on_and_off(browser: Browser, instance: Instance, course: Course) -> None:
    learner = a_learner(instance, course)
    a_teacher(instance, course)
    team, ana = sign_in(browser, "profe@example.org"), sign_in(browser.another())
    ana.get(BOARD, status=404)
    page = team.get(SETTINGS)
    assert page.has_link(SETTINGS)
    values = {"state": "open", "first_posts": "all", "categories": "Trámites\nPlazos", "by_edition": "y"}
    assert "Guardado" in team.submit(SETTINGS, values).text
    assert in_spanish("There was nothing to change.") in team.submit(SETTINGS, values).text
    assert course_board_of(instance, course).by_edition
    ana.get(BOARD)
    assert ana.path.startswith("/discussions/boards/")
    assert ana.get("/courses/prueba/activities/leccion-1").has_link(f"{BOARD}/leccion-1")
    ana.deliver_jobs()
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Notification).where(Notification.person_id == learner.person_id)).all() == []
    team.get(SETTINGS)
    team.submit(SETTINGS, {**values, "state": "off"})
    ana.get(BOARD, status=404)
    assert not ana.get("/courses/prueba/activities/leccion-1").has_link(f"{BOARD}/leccion-1")
    team.get(BOARD)


def test_too_many_categories_are_refused_with_the_reason(browser: Browser, instance: Instance, course: Course) -> None:
    a_teacher(instance, course)
    team = sign_in(browser, "profe@example.org")
    team.get(SETTINGS)
    many = "\n".join(f"Tema {number}" for number in range(13))
    page = team.submit(SETTINGS, {"state": "open", "first_posts": "none", "categories": many}, status=422)
    assert "12 categorías" in page.text
    assert "Tema 12" in page.html


@pytest.mark.parametrize("state", [BoardState.OPEN, BoardState.READ_ONLY])
def test_the_page_of_a_lesson_asks_by_heading(browser: Browser, instance: Instance, course: Course, state: BoardState) -> None:
    board = a_course_board(instance, course)
    a_learner(instance, course)
    a_thread(instance, board, a_teacher(instance, course), anchor=("heading", "leccion-1", "uno-1"))
    a_course_board(instance, course, state=state)
    page = sign_in(browser).get(f"{BOARD}/leccion-1")
    assert page.has_link("/courses/prueba/activities/leccion-1#s-uno-1")
    assert "¿Cómo se cuenta?" in page.text
    assert any(form.action == f"{BOARD}/leccion-1/ask" for form in page.forms) == (state is BoardState.OPEN)
    browser.get(f"{BOARD}/leccion-1/uno-1")
    assert browser.path == f"/discussions/boards/{board.key}?anchor=heading.leccion-1.uno-1"
    assert "¿Cómo se cuenta?" in browser.page.text
    browser.get(f"{BOARD}/no-existe", status=404)


def test_a_moment_of_a_recording_is_typed_and_played(browser: Browser, instance: Instance, course: Course) -> None:
    board = a_course_board(instance, course)
    a_learner(instance, course)
    a_thread(instance, board, a_teacher(instance, course), anchor=("second", "video-1", "754"))
    page = sign_in(browser).get(f"{BOARD}/video-1")
    assert page.has_link("/courses/prueba/recordings/video-1#t=754")
    browser.get(f"{BOARD}/video-1/ask?part=12:34")
    assert browser.path.endswith("?anchor_kind=second&anchor_key=video-1&anchor_part=754")
    browser.get(f"{BOARD}/video-1/ask?part=pronto")
    assert in_spanish("Enter minutes and seconds, such as 12:34.") in browser.page.text
    for typed, second in (("9:99", None), ("1:02:03", 3723), ("75:10", 4510), ("", None)):
        assert seconds_of(typed) == second


def test_a_renamed_lesson_keeps_its_threads(browser: Browser, instance: Instance, board: Board, course: Course) -> None:
    a_thread(instance, board, a_teacher(instance, course), anchor=("heading", "leccion-1", ""))
    learner = a_learner(instance, course)
    files = folder(modules=1)
    head = files["01-parte/01-leccion.es.md"].decode().replace("key: leccion-1\n", "key: nueva\nformer_keys: [leccion-1]\n")
    publish(instance, {**files, "01-parte/01-leccion.es.md": head.encode()}, nature=PublicationNature.CORRECTION)
    sign_in(browser).deliver_jobs()
    assert located(instance, learner, board, "heading", "leccion-1", "").address == "/courses/prueba/activities/nueva"
    assert "¿Cómo se cuenta?" in browser.get(f"{BOARD}/nueva").text


def waiting_of(instance: Instance, person: Person) -> dict[str, str]:
    """Return what waits in the discussions of somebody's courses: the words by the page."""
    with instance.database.unit_of_work(write=False) as session:
        items = list_waiting(session, actor_of(person), now=clock.now())
        return {item.path: item.words() for item in items if item.path.startswith("/discussions")}


def test_questions_wait_for_the_team_until_an_answer_is_accepted(instance: Instance, course: Course, board: Board) -> None:
    teacher, grader = a_teacher(instance, course), a_teacher(instance, course, "nota@example.org", StaffRole.GRADER)
    asker = person_of(instance, a_learner(instance, course))
    unanswered = f"/discussions/boards/{board.key}?only=unanswered"
    assert waiting_of(instance, teacher) == {}
    first = a_thread(instance, board, asker)
    a_thread(instance, board, asker, "Solo para el equipo", kind="discussion", is_private=True)
    a_thread(instance, board, asker, "Un debate de todos", kind="discussion")
    for person in (teacher, grader):
        assert waiting_of(instance, person) == {unanswered: in_spanish(UNANSWERED, 2)}
    with instance.database.unit_of_work() as session:
        session.execute(update(Thread).where(Thread.id == first.thread_id).values(accepted=2))
    assert waiting_of(instance, teacher) == {unanswered: in_spanish(UNANSWERED, 1)}
    assert waiting_of(instance, asker) == {}
    a_course_board(instance, course, state=BoardState.OFF)
    assert waiting_of(instance, teacher) == {}


def test_posts_that_wait_for_a_moderator_are_named(browser: Browser, instance: Instance, course: Course, board: Board) -> None:
    teacher, asker = a_teacher(instance, course), person_of(instance, a_learner(instance, course))
    with instance.database.unit_of_work() as session:
        session.execute(update(Board).values(first_posts=FirstPosts.ALL.value))
    a_thread(instance, board, asker)
    queue = f"/discussions/boards/{board.key}/moderation"
    assert waiting_of(instance, teacher) == {queue: in_spanish("%(count)s post that waits for a moderator", 1)}
    assert sign_in(browser, "profe@example.org").get("/teaching").has_link(queue)


def followed_by(instance: Instance, actor: Actor) -> int:
    with instance.database.unit_of_work(write=False) as session:
        mine = select(func.count()).select_from(Subscription).where(Subscription.person_id == actor.person_id)
        return session.scalar(mine) or 0


def test_who_leaves_follows_nothing_of_the_board_and_who_takes_it_again_goes_on(instance: Instance, course: Course, board: Board) -> None:
    elsewhere = a_course_board(instance, a_course(instance, "otro", modules=1))
    leaver, stays = a_learner(instance, course), a_learner(instance, course, "luis@example.org")
    for actor in (leaver, stays):
        a_thread(instance, board, person_of(instance, actor), f"Pregunta {actor.person_id}")
    with instance.database.unit_of_work() as session:
        subscriptions.choose_level(session, leaver.person_id or 0, elsewhere.id, Level.EVERY)
    take_out(instance, course, leaver)
    retake(instance, stays, course)
    assert (followed_by(instance, leaver), followed_by(instance, stays)) == (1, 1)


def test_the_page_of_the_course_leads_who_reads_it_to_the_board(browser: Browser, instance: Instance, course: Course, board: Board) -> None:
    a_learner(instance, course)
    a_person(instance, "nadie@example.org")
    for email, reads in (("ana@example.org", True), ("nadie@example.org", False)):
        assert sign_in(browser.another(), email).get("/courses/prueba").has_link(BOARD) == reads
    a_course_board(instance, course, state=BoardState.OFF)
    assert not sign_in(browser.another()).get("/courses/prueba").has_link(BOARD)


def test_of_two_accounts_the_one_that_stays_reads_and_follows_what_both_did(
    browser: Browser, instance: Instance, course: Course, board: Board
) -> None:
    an_administrator(instance)
    stays, closed = a_learner(instance, course), a_learner(instance, course, "anita@example.org")
    private = a_thread(instance, board, person_of(instance, closed), is_private=True)
    address = f"/administration/people/{stays.person_uuid}/merging/{closed.person_uuid}"
    boss = sign_in(browser, "admin@example.org")
    boss.get(address)
    boss.submit(address, {"reason": "Se registró dos veces"})
    assert stays.person_id in readers(instance, private)
    assert closed.person_id not in readers(instance, private)
    assert (followed_by(instance, stays), followed_by(instance, closed)) == (1, 0)


OPENING = (
    "Everybody who reads the board will see your question, your name, the files, and everything that the team answered here. "
    "It cannot be made private again."
)


def learner_address(instance: Instance, course: Course) -> str:
    """Enrol a learner and return their address."""
    a_learner(instance, course, "pregunta@example.org")
    return "pregunta@example.org"


def a_learner_address(instance: Instance, course: Course) -> str:
    """Enrol somebody else of the class and return their address."""
    a_learner(instance, course, "clase@example.org")
    return "clase@example.org"


def test_a_question_notifies_the_team_and_no_administrator(browser: Browser, instance: Instance, board: Board, course: Course) -> None:
    """What the empty page of questions promises, of private ones too; the team is told who asked."""
    an_administrator(instance)
    a_teacher(instance, course)
    asks = sign_in(browser, learner_address(instance, course))
    for title, private in (("¿Qué es el aporte?", ""), ("¿Por qué esa nota?", "y")):
        asks.get(f"/discussions/new/{board.key}")
        asks.submit(f"/discussions/new/{board.key}", {"title": title, "text": "No sé.", "private": private, "act": "anyway"})
    asks.deliver_jobs()
    with instance.database.unit_of_work(write=False) as session:
        rows = session.execute(select(Notification, Person).join(Person, Person.id == Notification.person_id)).all()
    assert [person.email for _row, person in rows if _row.kind == "asked"] == ["profe@example.org"] * 2
    teacher = sign_in(browser.another(), "profe@example.org")
    shown = teacher.get("/notices").text
    assert in_spanish("A question was asked.") in shown
    assert in_spanish("A private question was asked: the team alone sees it.") in shown
    assert "¿Por qué esa nota?" in shown
    assert in_spanish("Only the team") in teacher.get(f"/discussions/boards/{board.key}").text


def test_a_private_question_is_opened_after_a_warning_and_the_log_says_so(
    browser: Browser, instance: Instance, board: Board, course: Course
) -> None:
    a_teacher(instance, course)
    asks = sign_in(browser, learner_address(instance, course))
    asks.get(f"/discussions/new/{board.key}")
    asks.submit(
        f"/discussions/new/{board.key}", {"title": "¿Por qué un seis?", "text": "Mi nota.", "private": "y"}, button=("act", "publish")
    )
    thread = asks.path.partition("#")[0]
    team, mate = sign_in(browser.another(), "profe@example.org"), sign_in(browser.another(), a_learner_address(instance, course))
    team.get(thread)
    team.submit(f"{thread}/answer", {"text": "Solo para usted."}, button=("act", "publish"))
    mate.get(thread, status=404)
    page = asks.get(f"{thread}/opening")
    assert in_spanish(OPENING) in page.text
    asks.submit(f"{thread}/opening")
    shown = mate.get(thread).text
    assert all(text in shown for text in ("¿Por qué un seis?", "Mi nota.", "Solo para usted.", "Pilar Maestra"))
    asks.get(f"{thread}/opening", status=403)  # it cannot be made private again
    assert (
        in_spanish("Opened a private question to everybody")
        in sign_in(browser.another(), "profe@example.org").get(f"/discussions/boards/{board.key}/log").text
    )
