"""Who may see, take, save and review attempts, cell by cell over HTTP (security 9)."""

import json
import re
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from courses.models import Course
from kernel import clock
from lms.app import House
from quizzes.models import AnswerEvent, Attempt
from quizzes.queries import sittings as queries
from tests.support.access import Cast, a_cast
from tests.support.browser import Browser
from tests.support.builders import folder, publish
from tests.support.learning import actor_of, attempt_row, fail_quiz, start

INTRO = "/courses/prueba/quizzes/cuestionario-"
JSON = {"Accept": "application/json"}
KEY = "PORQUE-NO"


def a_matrix_course(house: House) -> Course:
    """Publish four quizzes: open with reviews, opening later, closed, and one attempt without any review."""
    files = folder(modules=5)
    extra = (
        "attempts: 0\n",
        "opens: 2099-01-01 08:00\n",
        "closes: 2026-01-01 08:00\n",
        "attempts: 1\nreview: hidden\n",
        "attempts: 0\nlimit: 5 min\n",
    )
    for number, settings in enumerate(extra, 1):
        name = f"{number:02d}-parte/03-cuestionario.quiz.yaml"
        head = files[name].decode().split("slots:")[0]
        files[name] = f"{head}slots:\n  - question: suma-{number}\n{settings}".encode()
        bank = files[f"{number:02d}-parte/banco.yaml"].decode()
        files[f"{number:02d}-parte/banco.yaml"] = bank.replace("why: Uno de más.", f"why: {KEY}").encode()
    return publish(house, files)[0]


def test_every_cell_of_quizzes_and_attempts(browser: Browser, house: House) -> None:
    """Security 9: quiz.view_intro, quiz.start, quiz.preview, attempt.view, attempt.save, each role before each state."""
    cast = a_cast(browser, house)
    cast.join(a_matrix_course(house))
    learner = actor_of(cast.people["E"])
    graded = fail_quiz(house, learner, "prueba")
    fail_quiz(house, learner, "prueba", "cuestionario-4")

    wrong = cast.check("quiz.view_intro", "published", cast.outcomes(f"{INTRO}1"))
    wrong += cast.check("quiz.start", "not_yet_open", started(cast, 2))
    wrong += cast.check("quiz.start", "closed", started(cast, 3))
    wrong += cast.check("quiz.start", "attempts_used_up", started(cast, 4))
    wrong += cast.check("quiz.start", "draft", cast.outcomes("/courses/inventado/quizzes/cuestionario-1/attempts", "POST"))
    wrong += cast.check("quiz.start", "open", started(cast, 1))
    wrong += cast.check("quiz.preview", "own_course", started(cast, 1, preview=True))
    open_one = start(house, learner, "prueba")
    wrong += cast.check(
        "attempt.view", "of_another_learner", {k: v for k, v in cast.outcomes(f"/attempts/{graded}/review").items() if k != "E"}
    )
    wrong += cast.check("attempt.view", "own_graded", {"E": cast.outcomes(f"/attempts/{graded}/review")["E"]})
    wrong += cast.check("attempt.view", "own_open", cast.outcomes(f"/attempts/{open_one}"))
    saved = {"lease": "5000", "events": json.dumps([{"item": 1, "seq": 1, "response": {"answer": ["1"]}}])}
    wrong += cast.check("attempt.save", "own_submitted", cast.outcomes(f"/attempts/{graded}/answers", "POST", saved, headers=JSON))
    assert counted(house, AnswerEvent) == 0
    wrong += cast.check("attempt.save", "own_open", cast.outcomes(f"/attempts/{open_one}/answers", "POST", saved, headers=JSON))
    assert counted(house, AnswerEvent) == 1

    assert wrong == []


def started(cast: Cast, number: int, *, preview: bool = False) -> dict[str, str]:
    """Let everybody start a quiz; allowed is what led to an open attempt that counts, or to a preview."""
    outcomes = {}
    for letter, one in cast.browsers.items():
        one.get("/help")
        token = dict(one.page.form("/language").fields)["csrf_token"]
        one._request("POST", f"{INTRO}{number}/attempts", data={"csrf_token": token})
        found = re.search(r"/attempts/([0-9a-f-]{36})", one.response.headers.get("Location", ""))
        row = attempt_row(cast.house, UUID(found[1])) if found else None
        outcomes[letter] = "allow" if row is not None and row.preview is preview else "hide" if one.response.status_code == 404 else "deny"
        if row is not None:
            with cast.house.database.unit_of_work() as session:
                session.execute(update(Attempt).where(Attempt.id == row.id).values(state="abandoned"))
    return outcomes


def counted(house: House, model: type) -> int:
    """Count the rows of a table."""
    with house.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_an_attempt_whose_time_is_over_takes_nothing_from_anybody(browser: Browser, house: House) -> None:
    """Security 9, attempt.save own_time_expired: not even from its learner."""
    cast = a_cast(browser, house)
    cast.join(a_matrix_course(house))
    attempt = start(house, actor_of(cast.people["E"]), "prueba", "cuestionario-5", now=clock.now() - timedelta(hours=1))
    saved = {"lease": "5000", "events": json.dumps([{"item": 1, "seq": 1, "response": {"answer": ["1"]}}])}

    outcomes = cast.outcomes(f"/attempts/{attempt}/answers", "POST", saved, headers=JSON)

    assert cast.check("attempt.save", "own_time_expired", outcomes) == []
    assert counted(house, AnswerEvent) == 0


def test_every_cell_of_seeing_right_answers(browser: Browser, house: House) -> None:
    """Security 9, quiz.view_answers: before handing in, and after, with reviews on and off; graders see what the learner sees."""
    cast = a_cast(browser, house)
    cast.join(a_matrix_course(house))
    learner = actor_of(cast.people["E"])
    reviews = {"own_after_submit_review_on": "cuestionario-1", "own_after_submit_review_off": "cuestionario-4"}
    wrong = []
    for state, key in reviews.items():
        attempt = start(house, learner, "prueba", key)
        wrong_place(house, attempt)
        wrong += cast.check("quiz.view_answers", "before_submit", sees(cast, f"/attempts/{attempt}/review"))
        submit_through_page(cast.browsers["E"], attempt)
        wrong += cast.check("quiz.view_answers", state, {k: v for k, v in sees(cast, f"/attempts/{attempt}/review").items() if k != "G"})
    grader = sees(cast, f"/attempts/{attempt}/review")["G"]

    assert wrong == []
    assert grader == "deny"


def wrong_place(house: House, attempt: UUID) -> None:
    """Answer the question with the option whose feedback says KEY, straight into the database."""
    with house.database.unit_of_work() as session:
        row = session.execute(select(Attempt).where(Attempt.uuid == attempt)).scalar_one()
        item = queries.get_sitting(session, row.id).items[0]
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


def sees(cast: Cast, path: str) -> dict[str, str]:
    """Say for each role whether the page shows what only a key can tell: the author's words on the wrong option."""
    shown = {}
    for letter, one in cast.browsers.items():
        one._request("GET", path)
        shown[letter] = "allow" if KEY in one.response.get_data(as_text=True) else "deny"
    return shown


def test_nobody_saves_or_submits_for_another_not_even_an_administrator(browser: Browser, house: House) -> None:
    """Security 1.2 and 9, attempt.save of_another_learner."""
    cast = a_cast(browser, house)
    cast.join(a_matrix_course(house))
    other = start(house, actor_of(cast.people["E"]), "prueba")
    saved = {"lease": "5000", "events": json.dumps([{"item": 1, "seq": 1, "response": {"answer": ["1"]}}])}

    outcomes = cast.outcomes(f"/attempts/{other}/answers", "POST", saved, headers=JSON)
    del outcomes["E"]
    handed = cast.outcomes(f"/attempts/{other}/submission", "POST")
    del handed["E"]

    assert cast.check("attempt.save", "of_another_learner", outcomes) == []
    assert set(handed.values()) == {"hide", "login"}
    assert counted(house, AnswerEvent) == 1  # the learner's own


def test_attempts_lead_strangers_to_the_sign_in_page_whether_they_exist_or_not(browser: Browser, house: House) -> None:
    """Security 1.3: a session may have ended; nothing is told of what exists."""
    cast = a_cast(browser, house)
    cast.join(a_matrix_course(house))
    real = start(house, actor_of(cast.people["E"]), "prueba")
    stranger = cast.browsers["A"]

    answers = []
    for attempt in (str(real), "00000000-0000-4000-8000-000000000000"):
        stranger._request("GET", f"/attempts/{attempt}")
        answers.append((stranger.response.status_code, stranger.response.headers["Location"].replace(attempt, "")))

    assert answers[0] == answers[1]
    assert answers[0][0] == 303
