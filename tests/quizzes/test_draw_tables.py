"""Draw tables of nights: made once a night from the answers so far, kept with attempts, and used where they allow a draw.

spec/selection 1.10, 1.16, 1.17 and 12.
"""

import json
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.exc import TimeoutError as NoConnection

from analysis.waiting import list_findings
from courses.models import Course
from kernel import clock
from kernel.outbox import Delivery, deliver_waiting
from kernel.permissions import Actor
from lms.instance import Instance
from lms.worker import add_periodic
from questions.question_bank import get_questions
from questions.rules.encoding import canonical_json, encode
from quizzes import answering, draws, jobs
from quizzes.draws import list_balanced, list_tables, recreate_layout
from quizzes.models import Attempt, AttemptItem, DrawTable, QuizVersion
from quizzes.rules.balanced_draw import DrawPlan, QuestionSets
from tests.support.browser import Browser
from tests.support.builders import a_teacher, folder, publish, sign_in
from tests.support.learning import a_learner, all_at_once, attempt_row, fail_quiz, pass_quiz, sitting_of, start
from tests.support.selection_folders import BANK, FILE, a_balanced_folder
from tests.support.wording import in_spanish

TWELVE = {key: 40 + 5 * at for at, key in enumerate("abcdefghijkl")}
QUIZ = "slots:\n  - draw: 4\nbalance: {within: 2}\n"
NIGHT = datetime.fromisoformat("2026-11-20T03:00:00-05:00")
DAY = timedelta(days=1)
PAGE = "/courses/prueba/quizzes/cuestionario-1/draws"


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
    assert browser.get("/teaching").has_link(PAGE)
    assert in_spanish("Not put in use: it would allow no question set") in browser.get(PAGE).text
    with instance.database.unit_of_work() as session:
        assert [one.is_of_draws for one in list_findings(session, [course.id])] == [True]
        session.execute(update(DrawTable).values(in_use=True))
    assert not browser.get("/teaching").has_link(PAGE)


def test_a_quiz_of_before_the_judgement_was_kept_goes_on_with_its_table(instance: Instance) -> None:
    course = publish(instance, a_balanced_folder(QUIZ, **TWELVE))[0]
    fail_quiz(instance, a_learner_of(instance, course, "eva"), "prueba")
    with instance.database.unit_of_work() as session:
        row = session.scalars(select(QuizVersion).where(QuizVersion.entries.contains("priors"))).one()
        entries = json.loads(row.entries)
        del entries[-1]["priors"]
        row.entries = json.dumps(entries)
        session.info["quiz_snapshots"].clear()

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

    monkeypatch.setattr(draws, "QuestionSets", count)
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
