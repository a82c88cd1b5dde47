"""The dates of quizzes that a learner sees: those by which the engine starts and ends attempts (spec/quiz-engine 5.2, 5.3.1, 5.10)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from enrolments import learners
from enrolments.dates import DateKind
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import answering, attempts, snapshots
from tests.support.builders import folder, publish
from tests.support.dates import dates_of, moments_of
from tests.support.editions import a_learner_of, an_edition
from tests.support.learning import At, a_learner, fail_quiz, pass_quiz, start
from tests.support.overrides import Office, accommodate, end_of_attempt
from tests.support.quizzes import ONE_QUESTION, a_quiz

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
OPENS, CLOSES, ATTEMPT = "quiz:prueba:cuestionario-1:opens", "quiz:prueba:cuestionario-1:closes", "quiz:prueba:cuestionario-1:attempt"
SECOND = timedelta(seconds=1)
DATED = "attempts: 0\nlimit: 30 min\nopens: 2026-06-02 08:00\ncloses: 2026-06-20 18:00\n"


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock that stands at noon."""
    return At(monkeypatch, NOON)


def days(count: float) -> datetime:
    """Return the moment so many days after noon."""
    return NOON + timedelta(days=count)


def may_start(instance: Instance, learner: Actor, at: At, moment: datetime) -> bool:
    """Say whether the engine lets a learner start an attempt at a moment."""
    at.moment = moment
    with instance.database.unit_of_work(write=False) as session:
        subject = learners.get_activity_context(session, learner, "prueba", "cuestionario-1")
        setting_sources = attempts.effective_settings_at(
            session, learner, subject, snapshots.get_snapshot_of_activity(session, subject.activity.id)
        )
        return answering.start_ruling(subject, setting_sources, [], answering.ASKED_NOTHING, actor=learner, now=moment).allowed


Setting = Callable[[Office, Actor], object]
SET: dict[str, Setting] = {
    "as published": lambda _office, _learner: None,
    "everyone later": lambda office, _learner: office.override(sets_opens=True, opens_at=days(3), sets_closes=True, closes_at=days(25)),
    "group earlier": lambda office, learner: office.override(office.group(learner), sets_opens=True, opens_at=days(0.25)),
    "two groups": lambda office, learner: [
        office.override(office.group(learner, name=f"Grupo {day}"), sets_closes=True, closes_at=days(day)) for day in (8, 9)
    ],
    "own before group": lambda office, learner: [
        office.override(office.group(learner), sets_closes=True, closes_at=days(40)),
        office.override(learner, sets_closes=True, closes_at=days(5)),
    ],
    "own without end": lambda office, learner: office.override(learner, sets_closes=True, closes_at=None),
    "own without opening": lambda office, learner: office.override(learner, sets_opens=True, opens_at=None),
    "someone else's group": lambda office, _learner: office.override(office.group(), sets_opens=True, opens_at=days(9)),
    "longer time": lambda office, learner: accommodate(office.instance, learner, "2"),
}


@pytest.mark.parametrize("how", SET)
@pytest.mark.parametrize("module", ["", "opens: 2026-06-03 09:00\ncloses: 2026-06-18 09:00\n"])
def test_the_dates_are_those_by_which_an_attempt_may_start(instance: Instance, at: At, how: str, module: str) -> None:
    files = folder(modules=1, settings=DATED)
    files["01-parte/banco.yaml"] = ONE_QUESTION.encode()
    files["01-parte/03-cuestionario.quiz.yaml"] = files["01-parte/03-cuestionario.quiz.yaml"].replace(b"draw: 7", b"question: suma-1")
    files["01-parte/module.yaml"] += module.encode()
    course, _version = publish(instance, files, now=NOON)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)

    SET[how](office, learner)

    found = moments_of(instance, learner, now=NOON)
    opens = found.get(OPENS) or found.get("module:prueba:parte-1:opens", NOON)
    closes = found.get(CLOSES)
    if how == "own without opening":
        opens = NOON
    assert may_start(instance, learner, at, opens)
    assert opens == NOON or not may_start(instance, learner, at, opens - SECOND)
    assert may_start(instance, learner, at, (closes or days(4000)) - SECOND)
    assert closes is None or not may_start(instance, learner, at, closes)
    assert (closes is None) is (how == "own without end")


@pytest.mark.parametrize(("begins", "ends"), [(None, 3), (2, 3), (0.1, 30), (5, None)])
def test_an_edition_opens_and_closes_quizzes_where_it_is_narrower(
    instance: Instance, at: At, begins: float | None, ends: float | None
) -> None:
    course = a_quiz(instance, DATED, questions=ONE_QUESTION)
    starts_at, ends_at = (None if day is None else days(day) for day in (begins, ends))
    edition = an_edition(instance, course, starts_at=starts_at, ends_at=ends_at)
    learner = a_learner_of(instance, course, edition)

    found = moments_of(instance, learner, now=NOON)

    opens = max(moment for key, moment in found.items() if key.endswith((":opens", ":begins")))
    closes = min(moment for key, moment in found.items() if key.endswith((":closes", ":ends")))
    assert may_start(instance, learner, at, opens)
    assert not may_start(instance, learner, at, opens - SECOND)
    assert may_start(instance, learner, at, closes - SECOND)
    assert not may_start(instance, learner, at, closes)
    assert (CLOSES in found) is (ends is None or ends > 20)


@pytest.mark.parametrize("how", ["as published", "longer time", "own before group", "own without end"])
def test_an_attempt_in_progress_ends_when_the_engine_ends_it(instance: Instance, at: At, how: str) -> None:
    """spec/quiz-engine 5.3.1."""
    course = a_quiz(instance, DATED, questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    at.moment = days(4.999)
    attempt = start(instance, learner, "prueba", now=at.moment)
    SET[how](office, learner)
    office.give(300, now=at.moment)

    found = {item.kind: item for item in dates_of(instance, learner, now=at.moment)}

    assert found[DateKind.ATTEMPT_ENDS].at == end_of_attempt(instance, learner, attempt)
    assert found[DateKind.ATTEMPT_ENDS].path == f"/attempts/{attempt}"
    assert not found[DateKind.ATTEMPT_ENDS].done


def test_an_attempt_without_an_end_is_dated_by_its_beginning(instance: Instance, at: At) -> None:
    learner = a_learner(instance, a_quiz(instance, "attempts: 0\n", questions=ONE_QUESTION), now=NOON)
    start(instance, learner, "prueba", now=NOON)

    (found,) = dates_of(instance, learner, now=days(1))

    assert (found.kind, found.at, found.title) == (DateKind.ATTEMPT_OPEN, NOON, "Cuestionario 1")
    assert dates_of(instance, learner, now=days(1), since=days(1)) == []


def test_a_quiz_that_closes_when_its_attempt_ends_is_dated_once(instance: Instance, at: At) -> None:
    learner = a_learner(instance, a_quiz(instance, "attempts: 0\ncloses: 2026-06-20 18:00\n", questions=ONE_QUESTION), now=NOON)
    before = [item.kind for item in dates_of(instance, learner, now=NOON)]

    start(instance, learner, "prueba", now=NOON)

    assert before == [DateKind.ACTIVITY_CLOSES]
    assert [item.kind for item in dates_of(instance, learner, now=NOON)] == [DateKind.ATTEMPT_ENDS]


def test_a_quiz_that_is_passed_or_used_up_asks_for_nothing_any_more(instance: Instance, at: At) -> None:
    course = a_quiz(instance, "attempts: 1\ncloses: 2026-06-20 18:00\n", questions=ONE_QUESTION)
    fresh, passed, failed = (a_learner(instance, course, f"{name}@example.org", now=NOON) for name in ("ana", "eva", "leo"))
    pass_quiz(instance, passed, "prueba", now=NOON)
    fail_quiz(instance, failed, "prueba", now=NOON)

    found = {item.person_id: item.done for item in dates_of(instance, fresh, passed, failed, now=NOON)}

    assert found == {fresh.person_id: False, passed.person_id: True, failed.person_id: True}


def pause_over(instance: Instance, learner: Actor, moment: datetime) -> datetime | None:
    """Return until when the engine lets a learner wait before the next attempt."""
    with instance.database.unit_of_work(write=False) as session:
        subject = learners.get_activity_context(session, learner, "prueba", "cuestionario-1")
        setting_sources = attempts.effective_settings_at(
            session, learner, subject, snapshots.get_snapshot_of_activity(session, subject.activity.id)
        )
        history = attempts.list_attempts(session, attempts.person_quiz_key(learner, subject))
        ruling = answering.start_ruling(subject, setting_sources, history, answering.ASKED_NOTHING, actor=learner, now=moment)
    return next((refusal.until for refusal in ruling.refusals if refusal.until is not None), None)


@pytest.mark.parametrize("how", ["as published", "longer time"])
@pytest.mark.parametrize("tries", [1, 2])
def test_the_pause_between_attempts_is_over_when_the_engine_says_so(instance: Instance, at: At, how: str, tries: int) -> None:
    course = a_quiz(instance, "attempts: 0\nlimit: 10 min\npause: {first: 24 h, later: 48 h}\n", questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    SET[how](office, learner)
    for number in range(tries):
        at.moment = days(3 * number)
        fail_quiz(instance, learner, "prueba", now=at.moment)
    at.pass_(minutes=30)

    (found,) = dates_of(instance, learner, now=at.moment)

    assert (found.kind, found.at) == (DateKind.CONDITION_OPENS, pause_over(instance, learner, at.moment))
    assert dates_of(instance, learner, now=found.at) == []


def test_a_pause_that_lasts_until_the_quiz_is_closed_has_no_date(instance: Instance, at: At) -> None:
    course = a_quiz(instance, "attempts: 0\npause: 24 h\ncloses: 2026-06-02 10:00\n", questions=ONE_QUESTION)
    early, late = (a_learner(instance, course, f"{name}@example.org", now=NOON) for name in ("ana", "eva"))
    fail_quiz(instance, early, "prueba", now=NOON)
    at.moment = NOON + timedelta(hours=6)
    fail_quiz(instance, late, "prueba", now=at.moment)

    told = {item.person_id for item in dates_of(instance, early, late, now=at.moment) if item.kind is DateKind.CONDITION_OPENS}

    assert told == {early.person_id}
