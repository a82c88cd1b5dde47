"""Balanced draws, draw tables of nights and parallel forms, from the file of a quiz to its attempts.

spec/selection 1.9 to 1.17, 1.10, 1.16, 1.17, 12, 1.20, 1.21.
"""

import csv
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from uuid import UUID

import pytest
from sqlalchemy import Row, event, select, update
from sqlalchemy.exc import TimeoutError as NoConnection

from accounts.models import Person
from analysis.waiting import OF_DRAWS, list_findings
from courses.models import Course, PublicationNature
from kernel import clock
from kernel.outbox import Delivery, deliver_waiting
from kernel.permissions import Actor
from lms.instance import Instance
from lms.worker import add_periodic
from questions.models import Question, QuestionVersion
from questions.question_bank import get_questions
from questions.question_page import percentage
from questions.rules.definitions import QuestionSelection
from questions.rules.encoding import canonical_json, encode
from quizzes import answering, draws, jobs
from quizzes.content.blueprints import candidate_of
from quizzes.draws import FormsApproved, FormsChanged, form_of_attempt, list_approvals, list_balanced, list_tables, recreate_layout
from quizzes.models import Attempt, AttemptItem, DrawTable, FormApproval, QuizVersion
from quizzes.rules import balanced_draw
from quizzes.rules.balanced_draw import Balance, DrawPlan, QuestionSets
from quizzes.rules.layout import SlotEntry
from quizzes.snapshots import QUIZ_SNAPSHOTS, FirstAnswers, frozen_balance, read_balance
from tests.support import folders
from tests.support.browser import Browser
from tests.support.builders import a_teacher, folder, publish, sign_in
from tests.support.folders import findings
from tests.support.learning import a_learner, all_at_once, attempt_row, fail_quiz, pass_quiz, sitting_of, start
from tests.support.lessons import write
from tests.support.questions import a_question, a_single, f
from tests.support.selection_folders import BANK, EXPECTED, FILE, PAGE, a_balanced_folder, findings_of
from tests.support.takes import retake
from tests.support.wording import in_spanish

_KEYS = select(Question.key).join(QuestionVersion, QuestionVersion.question_id == Question.id)
TWO = "slots:\n  - draw: 2\n"
WITHIN_THREE = f"{TWO}balance: {{within: 3}}\n"


def test_a_quiz_whose_draws_can_be_balanced_is_fine() -> None:
    """spec/selection 1.11, spec/content-format C509."""
    assert findings_of(WITHIN_THREE, "C509") == 0
    assert findings_of(TWO, "C509") == 0


@pytest.mark.parametrize(
    ("quiz", "expected"),
    [
        (f"{TWO}balance: {{within: 1, target: 20}}\n", EXPECTED),
        ("slots:\n  - draw: 1\nbalance: {within: 0}\n", {"a": 0, "b": 100}),
        ("slots:\n  - draw: 1\n  - question: a\n    mark: 0\nbalance: {within: 1, target: 1}\n", EXPECTED),
    ],
    ids=["target", "nothing between", "fixed"],
)
def test_a_balance_that_no_question_set_has_is_refused(quiz: str, expected: dict[str, int]) -> None:
    """spec/selection 1.16, spec/content-format C509: with the nearest that can be reached."""
    assert findings_of(quiz, "C509", **expected) == 1


@pytest.mark.parametrize("balance", ["{within: 101}", "{within: -1}", "{within: poco}", "{target: 140}", "si"])
def test_a_balance_that_is_none_is_refused(balance: str) -> None:
    """spec/selection 12."""
    assert any(findings_of(f"{TWO}balance: {balance}\n", code) for code in ("C111", "C113"))


def test_a_balanced_quiz_does_not_start_with_the_last_answers() -> None:
    """spec/content-format C505."""
    assert findings_of(f"{TWO}balance: {{within: 3}}\nbuild_on_last: true\n", "C505") == 1


def test_questions_of_a_balanced_draw_have_the_same_mark() -> None:
    """spec/selection 1.11, spec/content-format C509: else the expected score has no fixed whole."""
    files = a_balanced_folder(WITHIN_THREE)
    files[BANK] = files[BANK].replace(b"expected: 90", b"expected: 90\n    mark: 2", 1)

    assert len(findings(files, "C509")) == 1


def test_attempts_are_within_the_bound_and_are_drawn_again_alike(instance: Instance) -> None:
    """spec/selection 1.10 to 1.12: every question set that is allowed comes up, and the same from the seed and the table."""
    course = publish(instance, a_balanced_folder(WITHIN_THREE))[0]
    drawn = set()
    for number in range(8):
        learner = a_learner(instance, course, f"persona{number}@example.org")
        attempt = start(instance, learner, "prueba")
        with sitting_of(instance, learner, attempt) as (session, loaded):
            assert recreate_layout(session, loaded) == loaded
            assert loaded.snapshot.balance is not None
            assert loaded.snapshot.balance.balance == Balance(f(3))
            ids = [item.question_version_id for item in loaded.items]
            drawn.add("".join(sorted(session.scalars(_KEYS.where(QuestionVersion.id.in_(ids))))))
    assert drawn <= {"ad", "bc", "ab", "cd"}
    assert all(abs(sum(EXPECTED[key] for key in one) - 135) <= 6 for one in drawn)


@pytest.mark.parametrize("most", [10**6, 0], ids=["no set is allowed", "too many sums"])
def test_answers_that_would_allow_no_draw_leave_the_table_to_the_authors(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 1.16."""
    monkeypatch.setattr(balanced_draw, "MOST_NUMBERS", most)
    pool = [replace(a_question(a_single()), key=key, selection=QuestionSelection(expected=f(50))) for key in ("a", "b")]
    entries = [SlotEntry(tuple(candidate_of(one) for one in pool))]
    answers = {"a": FirstAnswers(1000, f(1000)), "b": FirstAnswers(1000, f(0))}

    frozen = frozen_balance(Balance(f(0), f(50)), entries, {one.key: one for one in pool}, answers)

    assert frozen[0]["facilities"] == {"a": 50, "b": 50}
    assert frozen_balance(None, entries, {}, {}) == []


def test_first_answers_change_the_table_of_the_next_publication(instance: Instance) -> None:
    """spec/selection 1.9: the sum of shares of the first attempts, with ten answers at the expected facility."""
    quiz = "slots:\n  - draw: 1\nbalance: {within: 50}\n"
    course = publish(instance, a_balanced_folder(quiz, a=50, b=50))[0]
    learner = a_learner(instance, course)
    attempt = pass_quiz(instance, learner, "prueba")
    with sitting_of(instance, learner, attempt) as (session, loaded):
        key = session.scalars(_KEYS.where(QuestionVersion.id == loaded.items[0].question_version_id)).one()
    publish(instance, a_balanced_folder(f"{quiz}minutes: 9\n", a=50, b=50), nature=PublicationNature.CORRECTION)

    with instance.database.unit_of_work(write=False) as session:
        tables = [
            json.loads(entries)[-1]["facilities"] for entries in session.scalars(select(QuizVersion.entries).order_by(QuizVersion.id))
        ]
    assert tables == [{"a": 50, "b": 50}, {"a": 50, "b": 50, key: 55}]
    assert attempt_row(instance, attempt).passed


TWELVE = {key: 40 + 5 * at for at, key in enumerate("abcdefghijkl")}
QUIZ = "slots:\n  - draw: 4\nbalance: {within: 2}\n"
NIGHT = datetime.fromisoformat("2026-11-20T03:00:00-05:00")
DAY = timedelta(days=1)
DRAWS_PAGE = "/courses/prueba/quizzes/cuestionario-1/draws"


def pass_night(instance: Instance, now: datetime) -> None:
    """Let the clock's job of a night run, and all that follows, each job twice."""
    add_periodic(instance.worker, "quizzes.plan_analyses", jobs.PLAN_EVERY, now)
    deliver_waiting(instance.worker, now=now)


def tables_of(instance: Instance) -> list[tuple[int, bool]]:
    """Return number and use of the draw tables of nights, the oldest first."""
    with instance.database.unit_of_work(write=False) as session:
        rows = session.execute(select(DrawTable.number, DrawTable.in_use).order_by(DrawTable.quiz_version_id, DrawTable.number))
        return [tuple(row) for row in rows]


def a_learner_of(instance: Instance, course: Course, name: str) -> Actor:
    return a_learner(instance, course, f"{name}@example.org")


def stored_items(instance: Instance, attempt: UUID) -> list[tuple[object, ...]]:
    """Return the items of an attempt as they are stored, byte by byte."""
    statement = select(AttemptItem.position, AttemptItem.page, AttemptItem.question_version_id, AttemptItem.layout)
    statement = statement.join(Attempt, Attempt.id == AttemptItem.attempt_id).where(Attempt.uuid == attempt)
    with instance.database.unit_of_work(write=False) as session:
        return [tuple(row) for row in session.execute(statement.order_by(AttemptItem.position))]


def drawn_again(instance: Instance, learner: Actor, attempt: UUID) -> list[tuple[object, ...]]:
    """Draw an attempt again from its seed and the number of its draw table; return its items as they would be stored."""
    with sitting_of(instance, learner, attempt) as (session, loaded):
        again = recreate_layout(session, loaded)
        assert again is not None
        return [(one.position, one.page, one.question_version_id, canonical_json(encode(one.layout)).decode()) for one in again.items]


def expected_score(instance: Instance, attempt: UUID) -> float:
    """Return the mean facility of the questions of an attempt, by the authors."""
    with instance.database.unit_of_work(write=False) as session:
        questions = get_questions(session, [int(str(item[2])) for item in stored_items(instance, attempt)])
    return sum(TWELVE[one.key] for one in questions.values()) / len(questions)


@pytest.mark.slow
def test_two_hundred_learners_who_start_at_once_have_equally_hard_question_sets(instance: Instance) -> None:
    """spec/selection 12, end to end (1): each within the bound, and drawn again byte-equal from seed and number of the table."""
    course = publish(instance, a_balanced_folder(QUIZ, **TWELVE))[0]
    learners = [a_learner_of(instance, course, f"p{number}") for number in range(200)]

    def begin(at: int) -> UUID:
        while True:
            with suppress(NoConnection):  # more than the pool has connections: as the server does, it is tried again
                return start(instance, learners[at], "prueba")

    started = all_at_once(200, begin)

    assert [one for one in started if not isinstance(one, UUID)] == []
    mean = sum(TWELVE.values()) / len(TWELVE)
    for learner, attempt in zip(learners, started, strict=True):
        assert isinstance(attempt, UUID)
        assert abs(expected_score(instance, attempt) - mean) <= 2.125  # the target is a whole number of hundredths of a mark
        assert attempt_row(instance, attempt).draw_table == 1
        assert drawn_again(instance, learner, attempt) == stored_items(instance, attempt)
    drawn = Counter(frozenset(item[2] for item in stored_items(instance, one)) for one in started if isinstance(one, UUID))
    assert len(drawn) > 20


def test_a_new_table_at_night_leaves_the_attempts_of_yesterday_as_they_were(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 12, end to end (2), and 1.10: the same seed by another table gives another set; both are drawn again."""
    course = publish(instance, a_balanced_folder(QUIZ, **TWELVE))[0]
    yesterday, today = a_learner_of(instance, course, "ayer"), a_learner_of(instance, course, "hoy")
    seed = answering.secrets.randbits(64)
    monkeypatch.setattr(answering.secrets, "randbits", lambda _bits: seed)
    first = start(instance, yesterday, "prueba")
    before = stored_items(instance, first)
    for number in range(12):
        fail_quiz(instance, a_learner_of(instance, course, f"p{number}"), "prueba")

    pass_night(instance, NIGHT)
    second = start(instance, today, "prueba")

    assert tables_of(instance) == [(2, True)]
    assert [attempt_row(instance, one).draw_table for one in (first, second)] == [1, 2]
    assert drawn_again(instance, yesterday, first) == stored_items(instance, first) == before
    assert drawn_again(instance, today, second) == stored_items(instance, second) != before


def test_a_quiz_has_one_table_a_night_and_none_where_nothing_changed(instance: Instance) -> None:
    """spec/selection 1.10: numbered on, immutable."""
    course = publish(instance, a_balanced_folder(QUIZ, **TWELVE))[0]
    pass_night(instance, NIGHT)
    assert tables_of(instance) == []
    fail_quiz(instance, a_learner_of(instance, course, "eva"), "prueba")
    pass_night(instance, NIGHT + DAY)
    with instance.database.unit_of_work(write=False) as session:
        first = list_tables(session, list_balanced(session, after=0, limit=9)[0])
    for number in range(5):
        fail_quiz(instance, a_learner_of(instance, course, f"p{number}"), "prueba")
    again = Delivery(instance.database, instance.settings, 1, {"night": (NIGHT + DAY).date().isoformat()}, NIGHT + DAY)
    jobs.make_draw_tables(again)
    assert tables_of(instance) == [(2, True)]

    pass_night(instance, NIGHT + 2 * DAY)

    assert tables_of(instance) == [(2, True), (3, True)]
    with instance.database.unit_of_work(write=False) as session:
        assert list_tables(session, list_balanced(session, after=0, limit=9)[0])[1:] == first


def test_known_facilities_of_a_night_are_those_of_the_history(instance: Instance) -> None:
    """spec/selection 1.9 and 1.10: sums of shares of first attempts, with ten answers at what the author expects."""
    course = publish(instance, a_balanced_folder("slots:\n  - draw: 1\nbalance: {within: 50}\n", a=50, b=75))[0]
    for name in ("eva", "ivan"):
        learner = a_learner_of(instance, course, name)
        attempt = pass_quiz(instance, learner, "prueba")
        pass_quiz(instance, learner, "prueba")
        if name == "eva":
            first = expected_key(instance, attempt)

    pass_night(instance, NIGHT)

    with instance.database.unit_of_work(write=False) as session:
        facilities = json.loads(session.execute(select(DrawTable.facilities)).scalar_one())
    counts = Counter([first, expected_key(instance, attempt)])
    assert facilities == {key: (100 * counts[key] + 10 * prior + (10 + counts[key]) // 2) // (10 + counts[key]) for key, prior in PRIORS}


PRIORS = (("a", 50), ("b", 75))


def expected_key(instance: Instance, attempt: UUID) -> str:
    with instance.database.unit_of_work(write=False) as session:
        version = int(str(stored_items(instance, attempt)[0][2]))
        return get_questions(session, [version])[version].key


def test_a_table_that_would_allow_no_draw_is_not_put_in_use_and_editors_are_notified(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.16: attempts go on with the table in use; it waits for the editors until a newer one is in use."""
    course = publish(instance, a_balanced_folder("slots:\n  - draw: 1\nbalance: {within: 2, target: 50}\n", a=50, b=50))[0]
    a_teacher(instance, course)
    for number in range(12):
        fail_quiz(instance, a_learner_of(instance, course, f"p{number}"), "prueba")

    pass_night(instance, NIGHT)

    assert tables_of(instance) == [(2, False)]
    learner = a_learner_of(instance, course, "despues")
    assert attempt_row(instance, start(instance, learner, "prueba")).draw_table == 1
    sign_in(browser, "profe@example.org")
    assert browser.get("/teaching").has_link(DRAWS_PAGE)
    assert in_spanish("Not put in use: it would allow no question set") in browser.get(DRAWS_PAGE).text
    with instance.database.unit_of_work() as session:
        assert [one.findings for one in list_findings(session, [course.id])] == [OF_DRAWS]
        session.execute(update(DrawTable).values(in_use=True))
    assert not browser.get("/teaching").has_link(DRAWS_PAGE)


def test_a_quiz_of_before_the_judgement_was_kept_goes_on_with_its_table(instance: Instance) -> None:
    course = publish(instance, a_balanced_folder(QUIZ, **TWELVE))[0]
    fail_quiz(instance, a_learner_of(instance, course, "eva"), "prueba")
    with instance.database.unit_of_work() as session:
        row = session.scalars(select(QuizVersion).where(QuizVersion.entries.contains("priors"))).one()
        entries = json.loads(row.entries)
        del entries[-1]["priors"]
        row.entries = json.dumps(entries)
        QUIZ_SNAPSHOTS.of(session).clear()

    pass_night(instance, NIGHT)

    assert tables_of(instance) == []


def test_two_workers_make_one_table(instance: Instance) -> None:
    """spec/selection 1.10: what another worker has made meanwhile is not made twice, in this night or the next."""
    course = publish(instance, a_balanced_folder(QUIZ, **TWELVE))[0]
    fail_quiz(instance, a_learner_of(instance, course, "eva"), "prueba")
    with instance.database.unit_of_work(write=False) as session:
        table = draws.compute_table(session, list_balanced(session, after=0, limit=9)[0])
    assert table is not None
    with instance.database.unit_of_work() as session:
        assert draws.keep_table(session, table, NIGHT.date(), now=NIGHT)

    with instance.database.unit_of_work() as session:
        assert not draws.keep_table(session, replace(table, number=3), NIGHT.date(), now=NIGHT)
    with instance.database.unit_of_work() as session:
        assert not draws.keep_table(session, table, (NIGHT + DAY).date(), now=NIGHT + DAY)
    assert tables_of(instance) == [(2, True)]


def test_a_worker_killed_in_the_night_leaves_the_rest_to_the_next(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 12: killed after the table of one quiz; the next worker makes that of the other, and none twice."""
    for slug in ("uno", "dos"):
        own = a_balanced_folder(QUIZ, **TWELVE)
        course = publish(instance, {**folder(slug, modules=1), BANK: own[BANK], FILE: own[FILE]})[0]
        fail_quiz(instance, a_learner_of(instance, course, slug), slug)
    made, whole = [], draws.compute_table

    def killed(session: object, quiz_version_id: int) -> draws.NewTable | None:
        if made:
            raise KeyboardInterrupt
        made.append(quiz_version_id)
        return whole(session, quiz_version_id)  # type: ignore[arg-type]  # handed through

    night = Delivery(instance.database, instance.settings, 1, {"night": NIGHT.date().isoformat()}, NIGHT)
    monkeypatch.setattr(draws, "compute_table", killed)
    with pytest.raises(KeyboardInterrupt):
        jobs.make_draw_tables(night)
    assert tables_of(instance) == [(2, True)]
    monkeypatch.setattr(draws, "compute_table", whole)

    jobs.make_draw_tables(night)

    assert tables_of(instance) == [(2, True), (2, True)]


def test_how_often_questions_were_seen_is_kept_with_the_attempt(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 1.17: L is kept, and an attempt is drawn again by it."""
    course = publish(instance, a_balanced_folder("slots:\n  - draw: 2\nbalance: {within: 3}\n"))[0]
    learner = a_learner_of(instance, course, "eva")

    attempts = [pass_quiz(instance, learner, "prueba") for _number in range(4)]

    rows = [attempt_row(instance, one) for one in attempts]
    assert rows[0].least_seen == 0
    assert rows[-1].least_seen is not None
    assert rows[-1].least_seen > 0
    assert [drawn_again(instance, learner, one) == stored_items(instance, one) for one in attempts] == [True] * 4
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).where(Attempt.number == 1).values(least_seen=7))
    assert drawn_again(instance, learner, attempts[0]) == stored_items(instance, attempts[0])  # all questions, as with 0


def test_what_one_start_counted_the_next_ones_find_in_memory(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 1.12: question sets are counted, and the table of a night read, once; not again in the session of each start."""
    course = publish(instance, a_balanced_folder(QUIZ, **TWELVE))[0]
    for number in range(12):
        fail_quiz(instance, a_learner_of(instance, course, f"p{number}"), "prueba")
    pass_night(instance, NIGHT)
    counted, read = list[DrawPlan](), list[str]()

    def count(plan: DrawPlan) -> QuestionSets:
        counted.append(plan)
        return QuestionSets(plan)

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "draw_table.facilities" in statement:
            read.append(statement)

    monkeypatch.setattr(draws.balanced_draw, "QuestionSets", count)
    engines = {instance.database.reading, instance.database.writing}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    attempts = [start(instance, a_learner_of(instance, course, name), "prueba") for name in ("ana", "eva")]
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)

    assert [attempt_row(instance, one).draw_table for one in attempts] == [2, 2]
    assert (len(counted), len(read)) == (1, 1)


def test_archived_courses_and_versions_that_nobody_follows_have_no_new_tables(instance: Instance) -> None:
    course = publish(instance, a_balanced_folder(QUIZ, **TWELVE))[0]
    fail_quiz(instance, a_learner_of(instance, course, "eva"), "prueba")
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).values(archived_at=clock.now()))

    pass_night(instance, NIGHT)

    assert tables_of(instance) == []


QUIZ_PAGE = "/courses/prueba/quizzes/cuestionario-1"
APPROVAL = "/teaching/prueba/parts/cuestionario-1/forms/approval"
BASED = "Based on %(count)s submitted and fully marked attempt."
FORMS = f"{TWO}balance: {{within: 5}}\nforms: 2\n"


def settings_of(quiz: str) -> object:
    return next(one.settings for one in folders.course(a_balanced_folder(quiz)).activities() if one.kind == "quiz")


def test_forms_are_read_and_bring_the_usual_balance() -> None:
    """spec/selection 1, spec/content-format 9: `none` and nothing are the same."""
    assert settings_of(FORMS).forms == 2  # type: ignore[attr-defined]  # of a quiz
    wide = f"{TWO}forms: 2\n"
    found = folders.reading(a_balanced_folder(wide, a=60, b=60, c=60, d=60)).course
    assert found is not None
    assert [(one.settings.forms, one.settings.balance) for one in found.activities() if one.kind == "quiz"] == [(2, Balance())]
    assert settings_of(f"{TWO}forms: none\n").balance is None  # type: ignore[attr-defined]  # of a quiz


@pytest.mark.parametrize("number", ["1", "7", "dos", "2.5", "-2"])
def test_a_number_of_forms_that_is_none_is_refused(number: str) -> None:
    """spec/selection 12."""
    quiz = f"{TWO}forms: {number}\n"

    assert any(findings_of(quiz, code) for code in ("C111", "C113"))


@pytest.mark.parametrize(("number", "found"), [(2, 0), (3, 1)])
def test_forms_that_are_not_there_are_refused(number: int, found: int) -> None:
    """spec/selection 1.20, spec/content-format C510: four questions make two forms of two."""
    assert findings_of(f"{TWO}balance: {{within: 20}}\nforms: {number}\n", "C510") == found


def test_attempts_get_the_forms_in_turn_then_a_draw_and_are_laid_out_again_alike(instance: Instance) -> None:
    """spec/selection 1.21, spec/quiz-engine 5.14.7."""
    course = publish(instance, a_balanced_folder(FORMS))[0]
    firsts = set()
    for number in range(6):
        learner = a_learner(instance, course, f"persona{number}@example.org")
        names = []
        for _attempt in range(3):
            with sitting_of(instance, learner, pass_quiz(instance, learner, "prueba")) as (session, loaded):
                form = form_of_attempt(loaded)
                names.append(form.name if form is not None else "")
                assert recreate_layout(session, loaded) == loaded
        assert sorted(names[:2]) == ["A", "B"]
        firsts.add(names[0])
    assert firsts <= {"A", "B"}


def test_a_further_take_goes_on_with_the_next_form(instance: Instance) -> None:
    """spec/selection 1.21: whoever takes the course again does not meet the same questions, and after all forms a draw."""
    course = publish(instance, a_balanced_folder(FORMS))[0]
    learner, letters = a_learner(instance, course), []

    for _take in range(3):
        with sitting_of(instance, learner, pass_quiz(instance, learner, "prueba")) as (_session, loaded):
            letters.append(loaded.row.form)
        retake(instance, learner, course)

    assert (sorted(letters[:2]), letters[2]) == (["A", "B"], "")


def test_results_statistics_and_reviews_name_the_form(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.21: the report with its file, the figures of one form alone, and the review."""
    course = publish(instance, a_balanced_folder(FORMS))[0]
    learner = a_learner(instance, course)
    for _attempt in range(3):
        attempt = pass_quiz(instance, learner, "prueba")
    with sitting_of(instance, learner, attempt) as (session, _loaded):
        letters = list(session.scalars(select(Attempt.form).order_by(Attempt.id)))
        first = session.scalars(select(Attempt.uuid).order_by(Attempt.id)).first()
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    report = browser.get(f"{QUIZ_PAGE}/report")
    assert all(report.text.count(in_spanish("Form %(name)s", name=letter)) == 1 for letter in "AB")
    browser.get(f"{QUIZ_PAGE}/report.csv")
    taken = browser.response.get_data().decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(taken), delimiter=";"))
    assert [row[in_spanish("Form")] for row in rows] == letters
    assert in_spanish("Form %(name)s", name=letters[0]) in browser.get(f"/attempts/{first}/review").text
    assert in_spanish(BASED, 1) in browser.get(f"{QUIZ_PAGE}/statistics?form=B&which=all").text
    assert in_spanish(BASED, 3) in browser.get(f"{QUIZ_PAGE}/statistics?form=F&which=all").text


def test_forms_are_frozen_with_the_version(instance: Instance) -> None:
    """spec/selection 1.21: an attempt of before keeps its form where the next version has other questions."""
    course = publish(instance, a_balanced_folder(FORMS))[0]
    learner = a_learner(instance, course)
    attempt = start(instance, learner, "prueba")
    publish(instance, a_balanced_folder(FORMS, a=60, b=62, c=64, d=66, e=58, g=60), nature=PublicationNature.CORRECTION)

    with sitting_of(instance, learner, attempt) as (session, loaded):
        assert form_of_attempt(loaded) is not None
        assert recreate_layout(session, loaded) == loaded
        tables = [json.loads(entries)[-1] for entries in session.scalars(select(QuizVersion.entries).order_by(QuizVersion.id))]
    assert sorted(key for form in tables[0]["forms"] for own in form["cells"] for key in own) == ["a", "b", "c", "d"]
    assert len(tables) == 2
    assert tables[0]["seed"] != tables[1]["seed"]


def test_a_version_without_forms_is_read_as_before() -> None:
    """Attempts of versions that were published before there were forms draw as they did."""
    table = {"kind": "balance", "table": 1, "within": "3", "target": None, "facilities": {"a": 90}}

    assert read_balance(table).forms == ()


@pytest.mark.parametrize("most", [10**6, 0], ids=["no set is allowed", "too many sums"])
def test_answers_that_would_allow_no_forms_leave_the_table_to_the_authors(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 1.16 and 1.20."""
    monkeypatch.setattr(balanced_draw, "MOST_NUMBERS", most)
    pool = [replace(a_question(a_single()), key=key, selection=QuestionSelection(expected=f(50))) for key in ("a", "b")]
    entries = [SlotEntry(tuple(candidate_of(one) for one in pool))]
    answers = {"a": FirstAnswers(1000, f(700)), "b": FirstAnswers(1000, f(300))}

    frozen = frozen_balance(Balance(f(25), f(50)), entries, {one.key: one for one in pool}, answers, number=2, seed=7)

    assert frozen[0]["facilities"] == {"a": 50, "b": 50}
    assert len(read_balance(frozen[0]).forms) == (2 if most else 0)


def test_the_page_of_the_blueprint_shows_the_published_forms_side_by_side(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.21: text, key, facility and expected score of each."""
    course = publish(instance, a_balanced_folder(FORMS))[0]
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    page = browser.get(PAGE)

    assert in_spanish("Form %(name)s", name="A") in page.text
    assert in_spanish("Form %(name)s", name="B") in page.text
    for key, facility in (("a", 90), ("b", 50), ("c", 85), ("d", 45)):
        assert f"¿Es cierto {key}?" in page.text
        assert percentage(f(facility)) in page.text


def test_a_span_of_nothing_is_no_span(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.18: «95 of 100 attempts between 60 % and 60 %» told a precision that nobody has."""
    course = publish(instance, a_balanced_folder(WITHIN_THREE, a=60, b=60, c=60, d=60))[0]
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    page = browser.get(PAGE)

    assert in_spanish("By these figures every attempt has the same expected score, %(score)s.", score=percentage(f(60))) in page.text
    assert "95" not in page.text


def test_two_editors_approve_the_forms_each_once(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.21: the names stay with the version; what was published meanwhile is looked at first."""
    course = publish(instance, a_balanced_folder(FORMS))[0]
    for address in ("profe@example.org", "otra@example.org", "tercera@example.org"):
        a_teacher(instance, course, address)
    sign_in(browser, "profe@example.org")
    page = browser.get(PAGE)
    version = dict(page.form("/forms/approval").fields)["version"]
    browser.post(APPROVAL, {"version": version})
    assert in_spanish("Approve these forms") not in browser.get(PAGE).text
    assert in_spanish(FormsApproved.message) in browser.post(APPROVAL, {"version": version}, status=409).text

    second, third = browser.another(), browser.another()
    sign_in(second, "otra@example.org")
    second.get(PAGE)
    second.post(APPROVAL, {"version": version})
    approvals = approvals_of(instance, int(version))
    assert len({person.id for _approval, person in approvals}) == len(approvals) == 2
    page = browser.get(PAGE)
    assert all(in_spanish("Approved by %(name)s", name=person.full_name) in page.text for _approval, person in approvals)

    sign_in(third, "tercera@example.org")
    third.post(APPROVAL, {"version": version}, status=409)
    publish(instance, a_balanced_folder(FORMS, a=60, b=62, c=64, d=66), nature=PublicationNature.CORRECTION)
    assert in_spanish(FormsChanged.message) in third.post(APPROVAL, {"version": version}, status=409).text
    assert dict(third.get(PAGE).form("/forms/approval").fields)["version"] != version
    assert len(approvals_of(instance, int(version))) == 2


def approvals_of(instance: Instance, version: int) -> Sequence[Row[FormApproval, Person]]:
    with instance.database.unit_of_work(write=False) as session:
        return list_approvals(session, version)


def test_a_quiz_whose_forms_are_not_yet_published_says_so(browser: Browser, instance: Instance) -> None:
    files = a_balanced_folder(TWO)
    course = publish(instance, files)[0]
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    words = in_spanish("The parallel forms are assembled when the course is published, and shown here.")
    assert words not in browser.get(PAGE).text

    write(instance, course, {FILE: files[FILE].decode().replace("attempts: 0", "forms: 2\nbalance: {within: 20}\nattempts: 0")})

    assert words in browser.get(PAGE).text


def test_the_search_for_forms_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 12: a quiz for which the search is given up is refused."""
    monkeypatch.setattr(balanced_draw, "MOST_STARTS", 0)

    assert findings_of(FORMS, "C510") == 1
