"""Who may see, take, save and review attempts, cell by cell over HTTP (spec/security 9)."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from courses.models import Course, StaffRole
from enrolments.models import ActivityResult
from kernel import clock
from lms.instance import Instance
from quizzes import attempts
from quizzes.models import AnswerEvent, Attempt
from tests.support.access import Cast, a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, folder, publish, sign_in
from tests.support.editions import enrol
from tests.support.learning import a_learner, actor_of, attempt_row, fail_quiz, start

INTRO = "/courses/prueba/quizzes/cuestionario-"
JSON = {"Accept": "application/json"}
KEY = "PORQUE-NO"
QUESTION = "/teaching/prueba/questions/suma-1"


def a_matrix_course(instance: Instance) -> Course:
    """Publish six quizzes: open with reviews, opening later, closed, one attempt without any review, limited, reviewed once it closes."""
    files = folder(modules=6)
    extra = (
        "attempts: 0\n",
        "opens: 2099-01-01 08:00\n",
        "closes: 2026-01-01 08:00\n",
        "attempts: 1\nreview: hidden\n",
        "attempts: 0\nlimit: 5 min\n",
        "attempts: 0\ncloses: 2099-01-01 08:00\nreview: exam\n",
    )
    for number, settings in enumerate(extra, 1):
        name = f"{number:02d}-parte/03-cuestionario.quiz.yaml"
        head = files[name].decode().split("slots:")[0]
        files[name] = f"{head}slots:\n  - question: suma-{number}\n{settings}".encode()
        bank = files[f"{number:02d}-parte/banco.yaml"].decode()
        files[f"{number:02d}-parte/banco.yaml"] = bank.replace("why: Uno de más.", f"why: {KEY}").encode()
    return publish(instance, files)[0]


def test_every_cell_of_quizzes_and_attempts(browser: Browser, instance: Instance) -> None:
    """spec/security 9: quiz.view_intro, quiz.start, quiz.preview, attempt.view, attempt.save, each role before each state."""
    cast = a_cast(browser, instance)
    course = a_matrix_course(instance)
    cast.join(course)
    learner = actor_of(cast.people["E"])
    graded = fail_quiz(instance, learner, "prueba")
    of_another = fail_quiz(instance, a_learner(instance, course, "otra@example.org"), "prueba")
    fail_quiz(instance, learner, "prueba", "cuestionario-4")

    wrong = cast.check("quiz.view_intro", "published", cast.outcomes(f"{INTRO}1"))
    wrong += cast.check("quiz.start", "not_yet_open", started(cast, f"{INTRO}2"))
    wrong += cast.check("quiz.start", "closed", started(cast, f"{INTRO}3"))
    wrong += cast.check("quiz.start", "attempts_used_up", started(cast, f"{INTRO}4"))
    wrong += cast.check("quiz.start", "open", started(cast, f"{INTRO}1"))
    wrong += cast.check("quiz.preview", "own_course", started(cast, f"{INTRO}1", preview=True))
    open_one = start(instance, learner, "prueba")
    for page in ("review", "record.json"):
        wrong += cast.check("attempt.view", "of_another_learner", cast.outcomes(f"/attempts/{of_another}/{page}"))
    wrong += cast.check("attempt.paper", "of_another_learner", cast.outcomes(f"/attempts/{of_another}/paper"))
    wrong += cast.check("attempt.view", "own_graded", cast.own(f"{INTRO}1", r"/attempts/[0-9a-f-]{36}/review"))
    wrong += cast.check("attempt.view", "own_open", cast.outcomes(f"/attempts/{open_one}"))
    saved = {"lease": "5000", "events": json.dumps([{"item": 1, "seq": 1, "response": {"answer": ["1"]}}])}
    wrong += cast.check("attempt.save", "own_submitted", cast.outcomes(f"/attempts/{graded}/answers", "POST", saved, headers=JSON))
    assert counted(instance, AnswerEvent) == 0
    wrong += cast.check("attempt.save", "own_open", cast.outcomes(f"/attempts/{open_one}/answers", "POST", saved, headers=JSON))
    assert counted(instance, AnswerEvent) == 1

    assert wrong == []


def test_a_quiz_of_a_draft_is_started_by_nobody(browser: Browser, instance: Instance) -> None:
    """spec/security 9, quiz.start draft: neither in a course that was never published, nor one that stands in the working copy alone."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))
    cast.browsers["S"].get("/teaching/prueba/new-activity?module=parte-1")
    cast.browsers["S"].submit("/new-activity", {"kind": "quiz", "title": "Compruebe"})
    assert "/compruebe" in cast.browsers["S"].path + cast.browsers["S"].get("/teaching/prueba/outline").html
    draft = a_course(instance, "borrador", modules=1)
    for letter, role in (("G", StaffRole.GRADER), ("I", StaffRole.EDITOR), ("W", StaffRole.OWNER)):
        cast.staff(letter, draft, role)
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).where(Course.id == draft.id).values(published_version_id=None))

    outcomes = [started(cast, f"/courses/{quiz}") for quiz in ("borrador/quizzes/cuestionario-1", "prueba/quizzes/compruebe")]

    assert [cast.check("quiz.start", "draft", found) for found in outcomes] == [[], []]
    assert counted(instance, Attempt) == 0


def started(cast: Cast, quiz: str, *, preview: bool = False) -> dict[str, str]:
    """Let everybody start a quiz; allowed is what led to an open attempt that counts, or to a preview."""
    outcomes = {}
    for letter, one in cast.browsers.items():
        one.get("/help")
        token = dict(one.page.form("/language").fields)["csrf_token"]
        one._request("POST", f"{quiz}/attempts", data={"csrf_token": token})
        found = re.search(r"/attempts/([0-9a-f-]{36})", one.response.headers.get("Location", ""))
        row = attempt_row(cast.instance, UUID(found[1])) if found else None
        refused = {404: "hide", 401: "login"}.get(
            one.response.status_code, "login" if "/sign-in" in one.response.headers.get("Location", "") else "deny"
        )
        outcomes[letter] = "allow" if row is not None and row.preview is preview else refused
        if row is not None:
            with cast.instance.database.unit_of_work() as session:
                session.execute(update(Attempt).where(Attempt.id == row.id).values(state="abandoned"))
    return outcomes


def counted(instance: Instance, model: type) -> int:
    """Count the rows of a table."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_an_attempt_whose_time_is_over_takes_nothing_from_anybody(browser: Browser, instance: Instance) -> None:
    """spec/security 9, attempt.save own_time_expired: not even from its learner."""
    cast = a_cast(browser, instance)
    cast.join(a_matrix_course(instance))
    attempt = start(instance, actor_of(cast.people["E"]), "prueba", "cuestionario-5", now=clock.now() - timedelta(hours=1))
    saved = {"lease": "5000", "events": json.dumps([{"item": 1, "seq": 1, "response": {"answer": ["1"]}}])}

    outcomes = cast.outcomes(f"/attempts/{attempt}/answers", "POST", saved, headers=JSON)

    assert cast.check("attempt.save", "own_time_expired", outcomes) == []
    assert counted(instance, AnswerEvent) == 0


def test_every_cell_of_seeing_right_answers(browser: Browser, instance: Instance) -> None:
    """spec/security 9, quiz.view_answers: before handing in, and after, with reviews on, off, and on once the quiz closes."""
    cast = a_cast(browser, instance)
    cast.join(a_matrix_course(instance))
    learner = actor_of(cast.people["E"])
    reviews = {"own_after_submit_review_on": "cuestionario-1", "own_after_submit_review_off": "cuestionario-4"}
    reviews["after_close_only_before_close"] = "cuestionario-6"
    wrong = []
    for state, key in reviews.items():
        attempt = start(instance, learner, "prueba", key)
        wrong_place(instance, attempt)
        wrong += cast.check("quiz.view_answers", "before_submit", cast.shown(f"/attempts/{attempt}/review", KEY))
        submit_through_page(cast.browsers["E"], attempt)
        wrong += cast.check("quiz.view_answers", state, cast.shown(f"/attempts/{attempt}/review", KEY))

    assert wrong == []


def wrong_place(instance: Instance, attempt: UUID) -> None:
    """Answer the question with the option whose feedback says KEY, straight into the database."""
    with instance.database.unit_of_work() as session:
        row = session.execute(select(Attempt).where(Attempt.uuid == attempt)).scalar_one()
        item = attempts.load_attempt(session, row.id).items[0]
        place = str(item.layout.orders["options"].index("cinco") + 1)
        session.add(
            AnswerEvent(
                item_id=item.id,
                lease=1000,
                seq=1,
                kind="save",
                payload=json.dumps({"answer": [place]}),
                client_time="",
                server_time=clock.now(),
            )
        )


def submit_through_page(browser: Browser, attempt: UUID) -> None:
    """Hand in."""
    browser.get(f"/attempts/{attempt}/summary")
    browser.submit("/submission")


def test_every_cell_of_seeing_ones_own_grade(browser: Browser, instance: Instance) -> None:
    """spec/security 9, grade.view: a mark is seen by its learner once the quiz shows it, and on no page before (CVE-2021-32473)."""
    cast = a_cast(browser, instance)
    cast.join(a_matrix_course(instance))
    learner = actor_of(cast.people["E"])
    for key, score in (("cuestionario-1", Decimal("62.5")), ("cuestionario-4", Decimal("73.5"))):
        hidden = fail_quiz(instance, learner, "prueba", key)
        with instance.database.unit_of_work() as session:
            session.execute(update(ActivityResult).where(ActivityResult.activity_key == key).values(score=score))
            session.execute(update(Attempt).where(Attempt.uuid == hidden).values(percent=score, raw=score))
    pages = ("/courses/prueba/results", "/courses/prueba", f"{INTRO}4", f"/attempts/{hidden}/review", f"/attempts/{hidden}/record.json")

    wrong = cast.check("grade.view", "own_released", cast.shown("/courses/prueba/results", "62,5"))
    for path in pages:
        found = cast.shown(path, "73.5" if path.endswith("json") else "73,5")
        found = {letter: got for letter, got in found.items() if letter not in "GISW" or str(hidden) not in path}
        wrong += cast.check("grade.view", "own_not_released", found)

    assert wrong == []


def test_every_cell_of_changing_a_key(browser: Browser, instance: Instance) -> None:
    """spec/security 9, quiz.edit_key with attempts: graders and others change nothing;
    attempts keep the question that they were made with.
    """
    cast = a_cast(browser, instance)
    course = a_matrix_course(instance)
    cast.join(course)
    fail_quiz(instance, actor_of(cast.people["E"]), "prueba")
    form = dict(cast.browsers["S"].get(QUESTION).form("/suma-1").fields)

    outcomes = {}
    for letter, one in cast.browsers.items():
        seen = dict(cast.browsers["S"].get(QUESTION).form("/suma-1").fields)["seen"]
        sent = {**form, "text": form["text"].replace(KEY, f"DE-{letter}"), "seen": seen, "do": "save"}
        outcomes[letter] = outcome(one, QUESTION, "POST", sent)
        assert (outcomes[letter] == "allow") is (f"DE-{letter}" in cast.browsers["S"].get(QUESTION).html), letter

    assert cast.check("quiz.edit_key", "own_course_with_attempts", outcomes) == []


@pytest.mark.parametrize("letter", ["G", "I", "S"])
def test_who_works_in_a_course_and_takes_it_sees_of_an_open_attempt_of_their_own_what_every_learner_sees(
    browser: Browser, instance: Instance, letter: str
) -> None:
    """spec/security 9, attempt.view and quiz.view_answers before handing in, also where feedback comes at once;
    of others they see theirs.
    """
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1, settings="attempts: 0\nbehaviour: immediate\nreview: practice\n")
    other = start(instance, a_learner(instance, course, "otra@example.org"), "prueba")
    enrol(instance, course, [actor_of(cast.people[letter])])
    cast.join(course)
    own = start(instance, actor_of(cast.people[letter]), "prueba")
    doors = ("review", "record.json", "paper")

    before = [outcome(cast.browsers[letter], f"/attempts/{own}/{door}") for door in doors]
    others = [outcome(cast.browsers[letter], f"/attempts/{other}/{door}") for door in doors]
    submit_through_page(cast.browsers[letter], own)

    assert before == ["deny", "deny", "hide"]
    assert others == ["allow"] * 3
    assert [outcome(cast.browsers[letter], f"/attempts/{own}/{door}") for door in doors] == ["allow"] * 3


def test_who_edits_a_course_looks_at_their_open_preview_as_they_like(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    teacher = a_teacher(instance, course, "profe@example.org")
    preview = start(instance, actor_of(teacher), "prueba")
    sign_in(browser, "profe@example.org")

    assert attempt_row(instance, preview).preview
    assert [outcome(browser, f"/attempts/{preview}/{door}") for door in ("review", "record.json", "paper")] == ["allow"] * 3


def test_nobody_saves_or_submits_for_another_not_even_an_administrator(browser: Browser, instance: Instance) -> None:
    """spec/security 1.2 and 9, attempt.save of_another_learner."""
    cast = a_cast(browser, instance)
    course = a_matrix_course(instance)
    cast.join(course)
    other = start(instance, a_learner(instance, course, "otra@example.org"), "prueba")
    own = start(instance, actor_of(cast.people["E"]), "prueba")
    saved = {"lease": "5000", "events": json.dumps([{"item": 1, "seq": 1, "response": {"answer": ["1"]}}])}

    outcomes = cast.outcomes(f"/attempts/{other}/answers", "POST", saved, headers=JSON)
    handed = cast.outcomes(f"/attempts/{other}/submission", "POST")
    wrong = cast.check("attempt.save", "of_another_learner", outcomes) + cast.check("attempt.submit", "of_another_learner", handed)
    assert counted(instance, AnswerEvent) == 0
    assert attempt_row(instance, other).state == "in_progress"
    wrong += cast.check("attempt.submit", "own_open", cast.outcomes(f"/attempts/{own}/submission", "POST"))

    assert wrong == []
    assert set(handed.values()) == {"hide", "login"}


def test_attempts_lead_strangers_to_the_sign_in_page_whether_they_exist_or_not(browser: Browser, instance: Instance) -> None:
    """spec/security 1.3: a session may have ended; nothing is told of what exists."""
    cast = a_cast(browser, instance)
    cast.join(a_matrix_course(instance))
    real = start(instance, actor_of(cast.people["E"]), "prueba")
    stranger = cast.browsers["A"]

    answers = []
    for attempt in (str(real), "00000000-0000-4000-8000-000000000000"):
        stranger._request("GET", f"/attempts/{attempt}")
        answers.append((stranger.response.status_code, stranger.response.headers["Location"].replace(attempt, "")))

    assert answers[0] == answers[1]
    assert answers[0][0] == 303
