"""The history of questions: kept at the end of attempts, counted again at night, and by set of values.

spec/selection 1.23, 2.1 to 2.7.
"""

import csv
import json
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from io import StringIO

import pytest
from sqlalchemy import delete, select, update

from analysis import statistics
from analysis.rules.findings import FindingKind, FindingStrength, ItemFinding
from analysis.rules.statistics import CountedAttempts
from courses.models import Course
from kernel import clock
from kernel.outbox import Delivery
from lms.instance import Instance
from questions.models import Question
from quizzes import item_history, jobs
from quizzes.draws import recreate_layout
from quizzes.models import Attempt, DrawTable, HistoryState, ItemHistory
from quizzes.rules.item_history import UNIT
from quizzes.rules.states import IntegrityRecord, write_record
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, folder, publish, sign_in
from tests.support.folders import findings
from tests.support.learning import a_learner, fail_quiz, pass_quiz, sitting_of, start, submit
from tests.support.questions import f
from tests.support.selection_folders import BANK, FILE, HEAD, a_balanced_folder
from tests.support.wording import in_spanish

VARIANTS = {"a=2 b=3", "a=2 b=50", "a=40 b=50"}
QUESTION = """questions:
  - key: suma
    kind: calculated
    expected: 50
    by_variant: true
    text: ¿Cuánto es {a} + {b}?
    variables:
      a: {values: [2, 40]}
      b: {values: [3, 50]}
    conditions: [a < b]
    answers:
      - right: a + b
    explanation: Se suma.
  - key: otra
    kind: true_false
    expected: 50
    text: ¿Es cierto?
    answer: true
    explanation: Lo es.
"""
QUIZ = f"{HEAD}slots:\n  - draw: 1\nbalance: {{within: 60}}\nintegrity: {{times: true}}\nattempts: 0\n"


def a_folder(bank: str = QUESTION, quiz: str = QUIZ) -> dict[str, bytes]:
    return {**folder(modules=1), BANK: bank.encode(), FILE: quiz.encode()}


@pytest.mark.parametrize(
    ("bank", "count"),
    [
        (QUESTION, 0),
        (QUESTION.replace("[2, 40]", "[2, 40]").replace("a < b", "a > 100"), 2),
        (QUESTION.replace("values: [3, 50]", "from: 3, to: 300, step: 1"), 1),
        (QUESTION.replace("kind: true_false", "kind: true_false\n    by_variant: true"), 1),
    ],
    ids=["fine", "none", "too many", "without numbers"],
)
def test_by_variant_needs_a_few_values(bank: str, count: int) -> None:
    """spec/selection 1.23, spec/content-format C408."""
    assert len(findings(a_folder(bank), "C408")) == count


@pytest.mark.slow
def test_each_variant_is_drawn_and_keeps_its_own_history(instance: Instance) -> None:
    """spec/selection 1.23 and 2.5: the values of an attempt are those of its question set; sums by variant beside those of all."""
    course = publish(instance, a_folder())[0]
    asked = Counter[str]()
    for number in range(40):
        learner = a_learner(instance, course, f"p{number}@example.org")
        attempt = pass_quiz(instance, learner, "prueba") if number % 2 else fail_quiz(instance, learner, "prueba")
        with sitting_of(instance, learner, attempt) as (session, loaded):
            assert recreate_layout(session, loaded) == loaded
            values = loaded.items[0].layout.variables
            asked[" ".join(f"{name}={value}" for name, value in sorted(values.items()))] += 1
    assert set(asked) == {*VARIANTS, ""}
    kept = _rows(instance)

    assert {row[0]: row[1] for row in kept if row[0]} == {variant: asked[variant] for variant in VARIANTS}
    assert sum(row[1] for row in kept if not row[0]) == 40
    with instance.database.unit_of_work() as session:
        session.execute(delete(ItemHistory))
        session.execute(delete(HistoryState))
    jobs.fill_history(Delivery(instance.database, instance.settings, 1, {}, clock.now()))
    assert _rows(instance) == kept


def _rows(instance: Instance) -> list[tuple[str, int, int]]:
    statement = select(ItemHistory.variant, ItemHistory.count, ItemHistory.shares)
    with instance.database.unit_of_work(write=False) as session:
        return sorted(tuple(row) for row in session.execute(statement))


def test_the_table_of_a_night_has_a_facility_for_each_variant(instance: Instance) -> None:
    """spec/selection 1.9 and 1.23: by the answers to that variant, else by what the author expects."""
    course = publish(instance, a_folder())[0]
    for number in range(12):
        fail_quiz(instance, a_learner(instance, course, f"p{number}@example.org"), "prueba")
    now = clock.now()

    jobs.make_draw_tables(Delivery(instance.database, instance.settings, 1, {"night": now.date().isoformat()}, now))

    with instance.database.unit_of_work(write=False) as session:
        facilities = json.loads(session.execute(select(DrawTable.facilities)).scalar_one())
    counts = {row[0]: row[1] for row in _rows(instance) if row[0]}
    assert facilities == {
        "otra": facilities["otra"],
        "suma": facilities["suma"],
        **{f"suma {one}": (2 * 500 + 10 + counts.get(one, 0)) // (2 * (10 + counts.get(one, 0))) for one in VARIANTS},
    }


def test_how_long_answers_took_is_kept_and_stays_when_marks_are_counted_anew(instance: Instance) -> None:
    """spec/selection 2.1 and 6.12: times in item history without persons, also after the record of the attempt is deleted."""
    course = publish(instance, a_folder())[0]
    learner = a_learner(instance, course)
    attempt = start(instance, learner, "prueba")
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).values(integrity_record=write_record(IntegrityRecord({1: 100}))))
    submit(instance, learner, attempt)
    pass_quiz(instance, a_learner(instance, course, "otra@example.org"), "prueba")
    times = _times(instance)
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).values(integrity_record=""))
        session.execute(update(HistoryState).values(filled=False))

    jobs.fill_history(Delivery(instance.database, instance.settings, 1, {}, clock.now()))

    assert times == _times(instance) == (1, pytest.approx(4.605170, abs=1e-6))


def _times(instance: Instance) -> tuple[int, float]:
    with instance.database.unit_of_work(write=False) as session:
        rows = session.execute(select(ItemHistory.timed, ItemHistory.log_seconds).where(ItemHistory.variant == "")).all()
    return sum(row.timed for row in rows), sum(row.log_seconds for row in rows) / UNIT


def test_what_the_statistics_find_of_values_is_shown_beside_the_blueprint(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.23: the finding «values»."""
    bank = QUESTION.replace("    by_variant: true\n", "")
    course = publish(instance, a_folder(bank, f"{HEAD}slots:\n  - question: suma\nbalance: {{within: 60}}\nattempts: 0\n"))[0]
    pass_quiz(instance, a_learner(instance, course), "prueba")
    larger = ItemFinding(FindingKind.VALUES, FindingStrength.CLEAR, 60, answer="a 40", share=f("0.5"), told=True)
    with instance.database.unit_of_work() as session:
        quiz = statistics.list_compositions(session, course.id, "cuestionario-1")
        found = statistics.attempt_set(session, quiz, CountedAttempts.FIRST, quiz.choices[0])
        examination = statistics.compute_statistics(session, found)
        questions = tuple(replace(one, findings=(larger,)) for one in examination.questions)
        statistics.keep_statistics(session, found, replace(examination, questions=questions), now=clock.now())
    a_teacher(instance, course)

    page = sign_in(browser, "profe@example.org").get("/teaching/prueba/parts/cuestionario-1/blueprint")

    assert in_spanish("Learners do worse on it with larger values of %(answer)s.", answer="«a» (corte en 40)") in page.text


def test_the_blueprint_says_how_calculated_values_count(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.23: by variant, or all values as equally hard."""
    bank = QUESTION.replace("    by_variant: true\n", "")
    page = "/teaching/prueba/parts/cuestionario-1/blueprint"
    course = publish(instance, a_folder(bank))[0]
    a_teacher(instance, course)
    editor = sign_in(browser, "profe@example.org")

    assert "suma" in editor.get(page).text
    assert "by_variant" in editor.page.text
    publish(instance, a_folder(QUESTION, QUIZ.replace("balance: {within: 60}\n", "")))
    assert "by_variant" not in editor.get(page).text


def test_the_statistics_tell_the_variants_of_a_question_apart(browser: Browser, instance: Instance) -> None:
    """spec/selection 2.5: facility, sd, D and E by variant, on the page of the question and as CSV; of other questions nothing."""
    course = publish(instance, a_folder())[0]
    for at in range(24):
        learner = a_learner(instance, course, f"p{at}@example.org")
        pass_quiz(instance, learner, "prueba") if at % 3 else fail_quiz(instance, learner, "prueba")
    counts = {row[0]: row[1] for row in _rows(instance) if row[0]}
    a_teacher(instance, course)
    teacher, pages = sign_in(browser, "profe@example.org"), "/courses/prueba/quizzes/cuestionario-1/statistics"

    assert in_spanish("By the values in the question") in teacher.get(f"{pages}/questions/suma").text
    assert "a = 40; b = 50" in teacher.page.text
    assert in_spanish("By the values in the question") not in teacher.get(f"{pages}/questions/otra").text
    teacher.get(f"{pages}.csv?table=variants")
    lines = list(csv.reader(StringIO(teacher.response.get_data().decode("utf-8-sig")), delimiter=";"))[1:]
    assert {(line[0], line[2], int(line[3])) for line in lines} == {
        ("suma", name.replace("=", " = ").replace(" b", "; b"), count) for name, count in counts.items()
    }


TWO_QUESTIONS = "slots:\n  - question: a\n  - question: b\n"
Rows = list[tuple[object, ...]]


def a_delivery(instance: Instance) -> Delivery:
    return Delivery(instance.database, instance.settings, 1, {}, clock.now())


def rows_of(instance: Instance) -> Rows:
    with instance.database.unit_of_work(write=False) as session:
        columns = ItemHistory.__table__.columns
        return [tuple(row) for row in session.execute(select(*columns).order_by(*ItemHistory.__table__.primary_key.columns))]


def a_taken_quiz(instance: Instance) -> Rows:
    """Let three people take a quiz, one of them twice; return its history."""
    course = publish(instance, a_balanced_folder(TWO_QUESTIONS))[0]
    for name in ("eva", "ivan", "lola"):
        learner = a_learner(instance, course, f"{name}@example.org")
        if name == "lola":
            submit(instance, learner, start(instance, learner, "prueba"))
        else:
            pass_quiz(instance, learner, "prueba")
    pass_quiz(instance, learner, "prueba")
    return rows_of(instance)


def forget(instance: Instance) -> None:
    """Leave the instance as one of before the history."""
    with instance.database.unit_of_work() as session:
        session.execute(delete(ItemHistory))
        session.execute(delete(HistoryState))


def test_an_attempt_that_ends_adds_to_the_history_of_its_questions(instance: Instance) -> None:
    """spec/selection 2.1 and 2.3: first attempts count, every attempt showed the question."""
    a_taken_quiz(instance)

    with instance.database.unit_of_work(write=False) as session:
        found = list(session.scalars(select(ItemHistory)))

    assert [(one.shown, one.count, one.blank, one.shares) for one in found] == [(4, 3, 1, 2 * UNIT)] * 2
    assert all((one.language, one.month) == ("es", item_history.month_of(clock.now())) for one in found)


def test_the_night_gives_an_older_instance_the_same_history(instance: Instance) -> None:
    """spec/selection 2.1: from the attempts, once, equal to what the attempts had added."""
    kept = a_taken_quiz(instance)
    forget(instance)

    jobs.fill_history(a_delivery(instance))
    once = rows_of(instance)
    jobs.fill_history(a_delivery(instance))

    assert once == kept
    assert rows_of(instance) == kept


def test_a_worker_killed_in_the_night_leaves_the_rest_and_the_replay_is_equal(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 12: killed after one quiz version; the next worker counts the other, and nothing twice."""
    kept = a_taken_quiz(instance)
    other = a_course(instance, "otro", modules=1)
    pass_quiz(instance, a_learner(instance, other, "otra@example.org"), "otro")
    kept = rows_of(instance)
    forget(instance)
    counted, whole = [], item_history.count_attempts_of

    def killed(session: object, quiz_version_id: int) -> item_history.HistoryCount:
        if counted:
            raise KeyboardInterrupt
        counted.append(quiz_version_id)
        return whole(session, quiz_version_id)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(jobs, "count_attempts_of", killed)
    with pytest.raises(KeyboardInterrupt):
        jobs.fill_history(a_delivery(instance))
    partly = rows_of(instance)
    monkeypatch.setattr(jobs, "count_attempts_of", whole)

    jobs.fill_history(a_delivery(instance))

    assert 0 < len(partly) < len(kept)
    assert rows_of(instance) == kept


def test_an_attempt_that_ends_while_it_is_counted_is_not_lost(instance: Instance) -> None:
    """spec/selection 2.1: the count of before is not kept; the next one has the attempt once."""
    a_taken_quiz(instance)
    with instance.database.unit_of_work(write=False) as session:
        course_version = session.scalars(select(Attempt.quiz_version_id).limit(1)).one()
    with instance.database.unit_of_work() as session:
        item_history.note_corrected(session, [course_version])
    with instance.database.unit_of_work(write=False) as session:
        counted = item_history.count_attempts_of(session, course_version)
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).where(Attempt.number == 2).values(state="abandoned"))

    with instance.database.unit_of_work() as session:
        assert not item_history.keep_count(session, course_version, counted)
    jobs.fill_history(a_delivery(instance))

    with instance.database.unit_of_work(write=False) as session:
        assert [(one.shown, one.count) for one in session.scalars(select(ItemHistory))] == [(3, 3)] * 2


def test_corrected_marks_are_counted_anew(instance: Instance) -> None:
    """spec/selection 2.3: until the night an attempt that ends adds nothing twice."""
    kept = a_taken_quiz(instance)
    with instance.database.unit_of_work() as session:
        item_history.note_corrected(session, [session.scalars(select(Attempt.quiz_version_id).limit(1)).one()])
    with instance.database.unit_of_work(write=False) as session:
        course_id = session.scalars(select(Attempt.course_id).limit(1)).one()
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, course_id)
    pass_quiz(instance, a_learner(instance, course, "nueva@example.org"), "prueba")
    assert rows_of(instance) == kept

    jobs.fill_history(a_delivery(instance))

    with instance.database.unit_of_work(write=False) as session:
        found = list(session.scalars(select(ItemHistory)))
    assert [(one.shown, one.count, Fraction(one.shares, UNIT)) for one in found] == [(5, 4, 3)] * 2


PAGE = "/teaching/prueba/questions/a/history"


def test_the_page_says_in_words_how_a_question_does(browser: Browser, instance: Instance) -> None:
    """spec/selection 2.4 to 2.7: sentences, a chart with its table, quizzes, log and a file."""
    a_taken_quiz(instance)
    with instance.database.unit_of_work(write=False) as session:
        course = session.get_one(Course, session.scalars(select(Attempt.course_id).limit(1)).one())
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    assert browser.get("/teaching/prueba/questions/a/versions").has_link(PAGE)

    page = browser.get(PAGE)

    told = in_spanish("In %(count)s first attempt, learners got %(share)s of its mark on average.", 3, share="67\xa0%")
    assert told in page.text
    assert page.html.count('<svg class="chart') == 1
    assert in_spanish("Version %(number)s was published.", number=1) in page.text
    assert page.has_link("/courses/prueba/quizzes/cuestionario-1/statistics")
    browser.get("/teaching/prueba/questions/no-hay/history", status=404)


def test_where_nothing_counts_the_page_says_so_and_how_the_question_does_there(browser: Browser, instance: Instance) -> None:
    """spec/selection 2.3 and 2.7: practice has its own column, so that a page without counted attempts does not contradict its tables."""
    course = publish(instance, a_balanced_folder(f"{TWO_QUESTIONS}weight: 0\n"))[0]
    for name in ("eva", "ivan"):
        pass_quiz(instance, a_learner(instance, course, f"{name}@example.org"), "prueba")
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    page = browser.get(PAGE)

    assert in_spanish("No first attempt in a quiz that counts has answered this question yet.") in page.text
    said = "In %(count)s first attempt at quizzes that do not count, such as initial tests, learners got %(share)s of its mark."
    assert in_spanish(said, 2, share="100\xa0%") in page.text
    assert in_spanish("Where it does not count") in page.text
    assert in_spanish("%(share)s in %(count)s attempt", 2, share="100\xa0%") in page.text


def test_every_cell_of_the_history(browser: Browser, instance: Instance) -> None:
    """Access: item_history.view."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    with instance.database.unit_of_work(write=False) as session:
        key = session.scalars(select(Question.key).where(Question.course_id == course.id).order_by(Question.id).limit(1)).one()

    assert cast.check("item_history.view", "own_course", cast.outcomes(f"/teaching/prueba/questions/{key}/history")) == []
