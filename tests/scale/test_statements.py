"""Statements, commits and bytes of a page: within the bars, and the same with ten times as much of everything.

spec/performance P6 to P8, P17.
"""

import gzip
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from analysis.models import QuizAnalysisCache
from courses.models import CourseStaff, DraftFile, PendingFolder
from discussions.models import Board, FirstPosts
from enrolments.models import PendingEnrolmentList
from kernel import clock
from kernel.optimistic import WritingConnection
from lms.instance import Instance
from questions import question_bank
from questions.models import QuestionVersion
from quizzes.models import Attempt
from standards.models import PendingImport
from tests.support.boards import a_thread
from tests.support.browser import Browser, Counter, every_statement
from tests.support.builders import (
    PASSWORD,
    QUESTIONS,
    a_course,
    a_learner_in,
    a_person,
    a_teacher,
    folder,
    publish,
    sign_in,
    sign_in_through_pages,
)
from tests.support.course_boards import a_course_board
from tests.support.editions import an_edition
from tests.support.learning import a_learner, fail_quiz
from tests.support.statements import cost, token_of, walk

BARS = {"lesson": 8, "course": 8, "home": 10, "calendar": 8, "intro": 8, "attempt": 8, "start": 12, "save": 5, "finish": 12}
GOALS = {"lesson": 5, "attempt": 5, "start": 8}
"""Where the goal is reached it is held; a save and a finish reach their bars."""
FEW = 10
"""Statements at most of the pages for which the bars name no number."""


@pytest.fixture
def counter(instance: Instance) -> Iterator[Counter]:
    """Count what reaches the database; on PostgreSQL both engines are one."""
    return every_statement(instance.database)


def a_large_folder(slug: str) -> dict[str, bytes]:
    """Return a course with ten times the modules, lessons and questions."""
    files = folder(slug, modules=10, settings="attempts: 0\n")
    bank = "".join(QUESTIONS.format(n=f"1-{copy}").removeprefix("questions:\n") for copy in range(10))
    files["01-parte/banco.yaml"] = f"questions:\n{bank}".encode()
    return files


def test_pages_keep_to_their_statements_and_commits_however_much_there_is(browser: Browser, instance: Instance, counter: Counter) -> None:
    """spec/performance P6, P7, P8: one learner in one course, and one in ten of them, with ten times the modules, questions and people."""
    browser.checks = False
    small, _version = publish(instance, folder("pequeno", modules=1, settings="attempts: 0\n"))
    a_course(instance, "segundo", modules=1)  # with fewer courses than come with the program, the catalogue looks for those to come
    few = walk(a_learner_in(browser, small), counter, small.slug)

    large, _version = publish(instance, a_large_folder("grande"))
    others = [a_course(instance, f"otro-{number}", modules=1) for number in range(9)]
    for number in range(9):
        a_learner(instance, large, f"persona{number}@example.org")
    another = browser.another()
    another.checks = False
    a_learner_in(another, large, "bruno@example.org")
    for course in others:
        another.get(f"/courses/{course.slug}")
        another.submit("/enrolment")
    with instance.database.unit_of_work(write=False) as session:  # a process that has met every question
        question_bank.get_questions(session, session.scalars(select(QuestionVersion.id)).all())
    many = walk(another, counter, large.slug)

    told = {name: (found.statements, many[name].statements) for name, found in few.items()}
    assert {name: pair for name, pair in told.items() if pair[0] != pair[1]} == {}
    assert {name: found.statements for name, found in many.items() if found.statements > BARS.get(name, FEW)} == {}
    assert {name: many[name].statements for name, goal in GOALS.items() if many[name].statements > goal} == {}
    writes = ("start", "save", "page of answers", "finish")
    assert {name: many[name].commits for name in writes} == dict.fromkeys(writes, 1)
    reads = [name for name in many if name not in writes]
    assert {name: many[name].commits for name in reads} == dict.fromkeys(reads, 0)
    assert many["first lesson"].notes == 1
    assert {name: many[name].notes for name in many if many[name].notes} == {"first lesson": 1, "recording": 1}


def test_optimistic_requests_validate_few_reads(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/performance P6: where somebody has written since, what an optimistic request has read is asked once more, unseen by an engine's
    events.
    """
    if not instance.database.is_sqlite:
        pytest.skip("only SQLite's one writer is taken late")
    browser.checks = False
    course, _version = publish(instance, a_large_folder("grande"))
    a_person(instance)
    again: dict[str, int] = {}
    begin_to_write = WritingConnection.begin_to_write

    def counted(connection: WritingConnection, statement: str, write: Callable[[], object]) -> object:
        if connection._reads is not None:
            again[browser.path.rsplit("/", 1)[1]] = len(connection._reads)
        return begin_to_write(connection, statement, write)

    monkeypatch.setattr(WritingConnection, "begin_to_write", counted)
    sign_in_through_pages(browser)
    browser.get(f"/courses/{course.slug}")
    browser.submit(f"/courses/{course.slug}/enrolment")
    browser.get(f"/courses/{course.slug}/quizzes/cuestionario-1")
    browser.submit("/attempts")
    browser.submit("/answers", button=("go", "review"))
    browser.submit("/submission")

    assert again == {"sign-in": 2, "attempts": 5, "answers": 2, "submission": 5}


def a_team(instance: Instance, email: str, courses: int, each: int) -> None:
    """Let somebody teach courses in each of which so much of everything waits: attempts, findings, changes, editions, uploads."""
    now = clock.now()
    teacher = a_person(instance, email)
    for at in range(courses):
        course, _version = publish(instance, folder(f"{email[:3]}-{at}", modules=each))
        for number in range(1, each + 1):
            an_edition(instance, course, f"Edición {number}", starts_at=now + timedelta(days=3))
            fail_quiz(
                instance, a_learner(instance, course, f"{email[:3]}-{at}-{number}@example.org"), course.slug, f"cuestionario-{number}"
            )
        upload = {"person_id": teacher.id, "content": b"", "created_at": now, "expires_at": now + timedelta(days=1), "course_id": course.id}
        with instance.database.unit_of_work() as session:
            session.add(CourseStaff(course_id=course.id, person_id=teacher.id, role="owner", since=now))
            for number in range(1, each + 1):
                cache = {"course_id": course.id, "activity_key": f"cuestionario-{number}", "which": "first", "composition": "x"}
                session.add(QuizAnalysisCache(**cache, attempt_set="", document="{}", computed_at=now, version=1, findings=1, found_at=now))
                session.add(PendingFolder(**upload, name="a.zip"))
                session.add(PendingImport(**upload, name="a.gift", format="gift"))
                session.add(PendingEnrolmentList(**upload, name="a.csv", total=1))
            session.execute(update(Attempt).where(Attempt.course_id == course.id).values(raw=None))
            session.execute(update(DraftFile).where(DraftFile.course_id == course.id).values(changed_at=now + timedelta(hours=1)))
        board = a_course_board(instance, course)
        with instance.database.unit_of_work() as session:
            session.get_one(Board, board.id).first_posts = FirstPosts.ALL.value
        asker = a_learner(instance, course, f"{email[:3]}-{at}-pregunta@example.org")
        for number in range(each):
            a_thread(instance, board, teacher, f"Pregunta {number}")
        with instance.database.unit_of_work(write=False) as session:
            a_thread(instance, board, session.get_one(Person, asker.person_id), "Espera revisión")


@pytest.mark.slow
def test_what_waits_costs_the_same_however_much_it_is(browser: Browser, instance: Instance, counter: Counter) -> None:
    """spec/performance P7: one course with one of everything, and ten with ten; each kind of what waits asks one statement."""
    costs = []
    for email, courses, each in (("uno@example.org", 1, 1), ("diez@example.org", 10, 3)):
        a_team(instance, email, courses, each)
        visitor = sign_in(browser.another(), email)
        cost(visitor, counter, "/teaching")
        costs.append(cost(visitor, counter, "/teaching"))

    assert costs[0].statements == costs[1].statements <= FEW + 5
    assert len(re.findall(r"/(?:marking|statistics|publishing|editions|folder|imports|lists)\b", costs[0].text)) == 7
    assert len(re.findall(r"/discussions/boards/\w+(?:/moderation|\?only=unanswered)", costs[0].text)) == 2
    assert re.search(r"y \d+ más", costs[1].text)


def test_signing_in_commits_twice_at_most(browser: Browser, instance: Instance, counter: Counter) -> None:
    """spec/performance P8: the device and the log entry in one; what follows the answer counts too."""
    browser.checks = False
    a_person(instance)
    for _time in range(2):  # the first fills the memory
        visitor = browser.another()
        page = cost(visitor, counter, "/sign-in")
        sent = {"csrf_token": token_of(page.text), "email": "ana@example.org", "password": PASSWORD}
        entered = cost(visitor, counter, "/sign-in", sent)

    assert page.commits == page.notes == 0
    assert 1 <= entered.commits + entered.notes <= 2
    assert entered.statements <= FEW
    assert cost(visitor, counter, "/profile").commits == 0


def test_every_page_of_a_learner_is_small(browser: Browser, instance: Instance, counter: Counter) -> None:
    """spec/performance P17: HTML and style sheets, compressed, of any page of a learner."""
    browser.checks = False
    large, _version = publish(instance, a_large_folder("grande"))
    pages = walk(a_learner_in(browser, large), counter, large.slug)
    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', pages["lesson"].text)
    weight = 0
    for address in styles:
        response = browser.client.get(address, base_url="https://localhost", headers={"Accept-Encoding": "gzip"})
        weight += len(response.get_data())
        response.close()

    assert styles
    sizes = {name: weight + len(gzip.compress(page.text.encode(), 6)) for name, page in pages.items()}
    assert {name: size for name, size in sizes.items() if size > 60_000} == {}


def test_scripts_are_optional_deferred_and_small(browser: Browser, instance: Instance) -> None:
    """spec/performance P18: a page refers only to modules, which wait for the page; together they weigh at most 15 kB."""
    course = a_course(instance, modules=1)
    a_learner_in(browser, course)
    browser.get("/courses/prueba/quizzes/cuestionario-1")
    browser.submit("/attempts")
    scripts = re.findall(r"<script\b[^>]*>", browser.page.html)
    addresses = [re.search(r'src="([^"]+)"', script)[1] for script in scripts]  # type: ignore[index]  # none is inline
    total = 0
    for address in addresses:
        response = browser.client.get(address, base_url="https://localhost", headers={"Accept-Encoding": "br"})
        total += len(response.get_data())
        response.close()

    assert scripts
    assert all('type="module"' in script or "defer" in script for script in scripts)
    assert total <= 15_000


def test_a_board_costs_the_pages_of_its_course_no_statement(browser: Browser, instance: Instance, counter: Counter) -> None:
    course = a_course(instance, modules=1)
    learner = a_learner_in(browser, course)
    pages = [f"/courses/{course.slug}", f"/courses/{course.slug}/activities/leccion-1"]
    before = [[cost(learner, counter, page).statements for page in pages] for _visit in range(2)][1]
    a_thread(instance, a_course_board(instance, course), a_teacher(instance, course))
    assert [cost(learner, counter, page).statements for page in pages] == before
