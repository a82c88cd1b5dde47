"""Statistics of a quiz from its attempts: which count, what is cached, and how many statements it costs (spec/quiz-engine 5.12)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import event, func, select

from analysis import statistics
from analysis.models import QuizAnalysisCache
from analysis.rules.quiz_analysis import VERSION, QuizAnalysis
from analysis.rules.statistics import CountedAttempts, statistics_of
from analysis.statistics import AnalysedAttempts
from courses.models import Course, PublicationNature
from kernel import clock, outbox
from kernel.permissions import Actor
from lms.instance import Instance
from questions.models import QuestionVersion
from quizzes.models import Attempt, AttemptItem, MarkEvent, Regrade, VoidedQuestion
from tests.support.builders import a_teacher, folder, publish
from tests.support.learning import a_learner, actor_of, fail_quiz, pass_quiz, right_batch, sitting_of, start, submit

KEY = "cuestionario-1"


@pytest.fixture
def now() -> datetime:
    """Return a moment some days ago."""
    return clock.now() - timedelta(days=5)


def a_fixed_folder(**changes: str) -> dict[str, bytes]:
    """Return a course whose quiz asks four questions in this order, and draws one of two."""
    files = folder(modules=1, settings="")
    name = "01-parte/03-cuestionario.quiz.yaml"
    slots = changes.get("slots", "  - question: suma-1\n  - question: verdad-1\n  - question: mitad-1\n  - draw: 2\n    tags: [azar]\n")
    head = files[name].decode().split("slots:")[0]
    files[name] = f"{head}slots:\n{slots}attempts: 0\npass: 70\n".encode()
    bank = files["01-parte/banco.yaml"].decode()
    for key in ("pares", "unir", "orden"):
        bank = bank.replace(f"  - key: {key}-1\n", f"  - key: {key}-1\n    tags: [azar]\n")
    files["01-parte/banco.yaml"] = (bank + changes.get("bank", "")).encode()
    for old, new in changes.items():
        if old not in ("slots", "bank"):
            files["01-parte/banco.yaml"] = files["01-parte/banco.yaml"].replace(old.encode(), new.encode())
    return files


def take(instance: Instance, actor: Actor, right: int, *, now: datetime) -> UUID:
    """Take the quiz and answer so many questions rightly, the first ones."""
    attempt = start(instance, actor, "prueba", now=now)
    batch = right_batch(instance, actor, attempt)
    kept = tuple(one for one in batch.events if one.position <= right)
    submit(instance, actor, attempt, type(batch)(batch.page_epoch, kept, batch.kind), now=now + timedelta(minutes=5))
    return attempt


def attempts_of(instance: Instance, course: Course, which: CountedAttempts = CountedAttempts.FIRST, at: int = 0) -> AnalysedAttempts:
    """Describe the attempts at the quiz."""
    with instance.database.unit_of_work(write=False) as session:
        quiz = statistics.list_compositions(session, course.id, KEY)
        return statistics.attempt_set(session, quiz, which, quiz.choices[at])


def examined(instance: Instance, course: Course, which: CountedAttempts = CountedAttempts.FIRST, at: int = 0) -> QuizAnalysis:
    """Compute the statistics of the quiz."""
    found = attempts_of(instance, course, which, at)
    with instance.database.unit_of_work(write=False) as session:
        return statistics.compute_statistics(session, found)


def test_the_attempts_that_count_are_those_of_the_selected_set(instance: Instance, now: datetime) -> None:
    """spec/quiz-engine 5.12: finished, non-preview attempts of the selected set (first / highest / last / all)."""
    course, _version = publish(instance, a_fixed_folder(), now=now)
    learners = [a_learner(instance, course, f"ana{at}@example.org", now=now) for at in range(4)]
    tries = ((2, 5, 1), (4,), (0, 3), (5, 5))
    taken = {}
    for at, learner in enumerate(learners):
        for number, right in enumerate(tries[at]):
            taken[at, number] = take(instance, learner, right, now=now + timedelta(hours=at + 5 * number))
    take(instance, actor_of(a_teacher(instance, course)), 5, now=now)
    start(instance, learners[1], "prueba", now=now + timedelta(days=2))
    with instance.database.unit_of_work(write=False) as session:
        ids = {row.uuid: row.id for row in session.scalars(select(Attempt))}
        table = {place: marks_of(session, ids[attempt]) for place, attempt in taken.items()}

    expected = {
        CountedAttempts.FIRST: [(0, 0), (1, 0), (2, 0), (3, 0)],
        CountedAttempts.HIGHEST: [(0, 1), (1, 0), (2, 1), (3, 0)],
        CountedAttempts.LAST: [(0, 2), (1, 0), (2, 1), (3, 1)],
        CountedAttempts.ALL: list(taken),
    }
    for which, chosen in expected.items():
        counted = statistics_of([table[place] for place in chosen], [Fraction(1)] * 5)
        found = examined(instance, course, which)
        assert found.quiz == counted.quiz, which
        assert tuple(one.statistics for one in found.positions) == counted.positions, which
    assert [one.position.question for one in found.positions] == ["suma-1", "verdad-1", "mitad-1", "", ""]
    assert found.quiz.attempts == 8


def marks_of(session: object, attempt_id: int) -> tuple[Fraction, ...]:
    """Return an attempt's marks by position; the two drawn ones in the order shown."""
    statement = (
        select(MarkEvent.fraction, AttemptItem.maximum)
        .join(AttemptItem, AttemptItem.id == MarkEvent.item_id)
        .where(AttemptItem.attempt_id == attempt_id)
        .order_by(AttemptItem.position)
    )
    rows = session.execute(statement).all()  # type: ignore[attr-defined]  # a select
    return tuple(Fraction(row.fraction) * Fraction(row.maximum) for row in rows) or (Fraction(0),) * 5


def test_what_waits_for_a_grader_is_left_out_and_told(instance: Instance, now: datetime) -> None:
    course, _version = publish(instance, a_fixed_folder(), now=now)
    one, other = (a_learner(instance, course, f"{name}@example.org", now=now) for name in ("ana", "eva"))
    pass_quiz(instance, one, "prueba", now=now)
    waiting = pass_quiz(instance, other, "prueba", now=now)
    with instance.database.unit_of_work() as session:
        session.execute(select(Attempt).where(Attempt.uuid == waiting)).scalar_one().raw = None

    found = attempts_of(instance, course)

    assert (found.attempts, found.waiting, found.other) == (1, 1, 0)
    assert examined(instance, course).quiz.attempts == 1


def test_a_later_mark_counts_instead_of_the_first(instance: Instance, now: datetime) -> None:
    """spec/quiz-engine 5.1.4: the current mark is the last one, whoever gave it; the set is another one then."""
    course, _version = publish(instance, a_fixed_folder(), now=now)
    attempt = fail_quiz(instance, a_learner(instance, course, now=now), "prueba", now=now)
    before = attempts_of(instance, course)
    with instance.database.unit_of_work() as session:
        row = session.execute(select(Attempt).where(Attempt.uuid == attempt)).scalar_one()
        item = session.scalars(select(AttemptItem.id).where(AttemptItem.attempt_id == row.id).order_by(AttemptItem.position)).first()
        session.add(
            MarkEvent(item_id=item, origin="manual", fraction=Decimal("0.5"), state="partial", marked_at=now, marked_by=row.person_id)
        )
        row.raw = Decimal("0.5")

    assert examined(instance, course).quiz.mean == Fraction(1, 2)
    assert attempts_of(instance, course).fingerprint != before.fingerprint


def test_a_corrected_question_counts_by_its_version_and_another_quiz_apart(instance: Instance, now: datetime) -> None:
    """spec/quiz-engine 5.12: results are of (attempt set, versions); a quiz with other positions is another composition."""
    course, _version = publish(instance, a_fixed_folder(), now=now)
    fail_quiz(instance, a_learner(instance, course, now=now), "prueba", now=now)
    publish(
        instance, a_fixed_folder(**{"right: cuatro": "right: quatro"}), nature=PublicationNature.CORRECTION, now=now + timedelta(hours=1)
    )
    pass_quiz(instance, a_learner(instance, course, "eva@example.org", now=now), "prueba", now=now + timedelta(hours=2))

    both = examined(instance, course)
    assert both.quiz.attempts == 2
    assert [len(one.versions) for one in both.positions[:3]] == [2, 1, 1]
    publish(instance, a_fixed_folder(slots="  - question: verdad-1\n"), nature=PublicationNature.CORRECTION, now=now + timedelta(hours=3))
    pass_quiz(instance, a_learner(instance, course, "luz@example.org", now=now), "prueba", now=now + timedelta(hours=4))

    newest, older = attempts_of(instance, course), attempts_of(instance, course, at=1)
    assert (newest.numbers, newest.attempts, newest.other) == ((3,), 1, 2)
    assert (older.numbers, older.attempts, older.other) == ((1, 2), 2, 1)
    assert examined(instance, course, at=1) == both


def test_a_quiz_that_nobody_took_has_a_composition_and_no_figures(instance: Instance, now: datetime) -> None:
    """spec/quiz-engine 5.12, degenerate: S = 0."""
    course, _version = publish(instance, a_fixed_folder(), now=now)

    found = examined(instance, course)
    assert (found.quiz.attempts, found.quiz.mean, found.positions, found.questions) == (0, None, (), ())


def annul(instance: Instance, course: Course, version: QuestionVersion, effect: str, *, by: Actor, now: datetime) -> None:
    """Annul a version of a question for everybody, without marking anything again."""
    with instance.database.unit_of_work() as session:
        regrade = Regrade(
            course_id=course.id,
            activity_key=KEY,
            kind=effect,
            question_id=version.question_id,
            policy="replace",
            with_manual=False,
            reason="x",
            state="committed",
            created_at=now,
            created_by=by.person_id,
        )
        session.add(regrade)
        session.flush()  # its id
        session.add(
            VoidedQuestion(regrade_id=regrade.id, course_id=course.id, activity_key=KEY, question_version_id=version.id, effect=effect)
        )


def test_who_drew_a_question_that_was_taken_out_of_the_total_has_lost_nothing_by_it(instance: Instance, now: datetime) -> None:
    """spec/quiz-engine 5.11.4: their results are rescaled, and so are the mean, the facility and the histogram."""
    course, _version = publish(instance, a_fixed_folder(), now=now)
    learners = [a_learner(instance, course, f"ana{at}@example.org", now=now) for at in range(8)]
    taken = [pass_quiz(instance, learner, "prueba", now=now) for learner in learners]
    with instance.database.unit_of_work() as session:
        drawn = select(AttemptItem.question_version_id).join(Attempt, Attempt.id == AttemptItem.attempt_id)
        last = drawn.where(Attempt.uuid == taken[0]).order_by(AttemptItem.position.desc()).limit(1)
        version = session.scalars(select(QuestionVersion).where(QuestionVersion.id == last.scalar_subquery())).one()
    annul(instance, course, version, "removed", by=learners[0], now=now)

    found = examined(instance, course)

    assert found.quiz.attempts == 8
    assert found.quiz.mean == found.quiz.median == found.maximum
    assert [one.statistics.facility for one in found.positions] == [1] * len(found.positions)
    assert found.grades == (0,) * 9 + (8,)
    assert version.id not in {one.version for one in found.questions}


def test_the_best_attempt_is_the_one_with_the_highest_grade(instance: Instance, now: datetime) -> None:
    """spec/quiz-engine 5.12 and 5.8: where something was taken out of the total, fewer points can be more."""
    course, _version = publish(instance, a_fixed_folder(), now=now)
    learner = a_learner(instance, course, now=now)
    first, second = (take(instance, learner, right, now=now + timedelta(hours=at)) for at, right in enumerate((4, 3)))
    with instance.database.unit_of_work() as session:
        row = session.execute(select(Attempt).where(Attempt.uuid == second)).scalar_one()
        row.percent = Decimal("100")

    assert examined(instance, course, CountedAttempts.HIGHEST).quiz.mean == 3
    assert examined(instance, course, CountedAttempts.FIRST).quiz.mean == 4
    assert first != second


@pytest.mark.parametrize("effect", ["full_credit", "removed"])
def test_annulled_questions_have_no_findings_and_removed_ones_no_marks(instance: Instance, now: datetime, effect: str) -> None:
    """spec/quiz-engine 5.11.4: annulled for all; statistics do not judge a question by marks that were given away."""
    course, _version = publish(instance, a_fixed_folder(), now=now)
    learner = a_learner(instance, course, now=now)
    pass_quiz(instance, learner, "prueba", now=now)
    before = attempts_of(instance, course)
    with instance.database.unit_of_work() as session:
        version = session.scalars(select(QuestionVersion).where(QuestionVersion.document.contains('"suma-1"'))).one()
    annul(instance, course, version, effect, by=learner, now=now)

    found = examined(instance, course)
    assert attempts_of(instance, course).fingerprint != before.fingerprint
    if effect == "removed":
        assert version.id not in {one.version for one in found.questions}
        assert [one.position.number for one in found.positions] == [2, 3, 4, 5]
    else:
        assert [one.voided for one in found.questions if one.version == version.id] == [True]


def test_what_was_computed_is_kept_until_something_changes(instance: Instance, now: datetime) -> None:
    """spec/quiz-engine 5.12: results are cached with (attempt set, versions, formula version)."""
    course, _version = publish(instance, a_fixed_folder(), now=now)
    pass_quiz(instance, a_learner(instance, course, now=now), "prueba", now=now)
    found, examination = attempts_of(instance, course), examined(instance, course)
    for _time in range(2):
        with instance.database.unit_of_work() as session:
            statistics.keep_statistics(session, found, examination, now=now)

    with instance.database.unit_of_work(write=False) as session:
        kept = statistics.find_examination(session, found)
        assert session.scalar(select(func.count()).select_from(QuizAnalysisCache)) == 1
        assert statistics.find_examination(session, attempts_of(instance, course, CountedAttempts.ALL)) is None
    assert kept is not None
    assert (kept.examination, kept.computed_at, kept.is_current) == (examination, now, True)

    pass_quiz(instance, a_learner(instance, course, "eva@example.org", now=now), "prueba", now=now)
    with instance.database.unit_of_work() as session:
        old = statistics.find_examination(session, attempts_of(instance, course))
        assert old is not None
        assert (old.examination, old.is_current) == (examination, False)
        session.execute(select(QuizAnalysisCache)).scalar_one().attempt_set = "0:of-other-formulas"
        session.flush()  # read below
        assert statistics.find_examination(session, attempts_of(instance, course)) is None


def test_background_work_computes_what_is_ordered_once(instance: Instance, now: datetime) -> None:
    course, _version = publish(instance, a_fixed_folder(), now=now)
    pass_quiz(instance, a_learner(instance, course, now=now), "prueba", now=now)
    found = attempts_of(instance, course)
    for _time in range(2):
        with instance.database.unit_of_work() as session:
            statistics.order_statistics(session, found, None, now=now)

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(outbox.Job).where(outbox.Job.kind == "quizzes.examine")) == 1
    outbox.deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work(write=False) as session:
        kept = statistics.find_examination(session, found)
    assert kept is not None
    assert kept.is_current
    assert kept.examination == examined(instance, course)


def test_what_was_computed_before_a_change_and_its_undoing_is_computed_again(instance: Instance, now: datetime) -> None:
    """The same attempts as at first, after others were kept: the job that was done then does not stand for the one wanted now."""
    course, _version = publish(instance, a_fixed_folder(), now=now)
    pass_quiz(instance, a_learner(instance, course, now=now), "prueba", now=now)
    found, kept = attempts_of(instance, course), []
    for fingerprint in (found.fingerprint, f"{VERSION}:annulled", found.fingerprint):
        with instance.database.unit_of_work() as session:
            present = statistics.find_examination(session, found)
            statistics.order_statistics(session, found, present and present.computed_at, now=now)
        moment = now + timedelta(minutes=len(kept))
        outbox.deliver_waiting(instance.worker, now=moment)
        with instance.database.unit_of_work() as session:
            session.execute(select(QuizAnalysisCache)).scalar_one().attempt_set = fingerprint
        kept.append(moment)

    with instance.database.unit_of_work(write=False) as session:
        last = statistics.find_examination(session, found)
    assert last is not None
    assert (last.is_current, last.computed_at) == (True, kept[-1])


def test_computing_costs_the_same_statements_for_few_and_for_many(instance: Instance, now: datetime) -> None:
    """The attempts are one statement, however many they are."""
    course, _version = publish(instance, a_fixed_folder(), now=now)

    def cost() -> int:
        found, statements = attempts_of(instance, course, CountedAttempts.ALL), list[str]()
        engine = instance.database.reading if instance.database.is_sqlite else instance.database.writing
        note = lambda _c, _cursor, statement, *_rest: statements.append(statement)  # noqa: E731 - an event's listener
        event.listen(engine, "before_cursor_execute", note)
        with instance.database.unit_of_work(write=False) as session:
            statistics.compute_statistics(session, found)
        event.remove(engine, "before_cursor_execute", note)
        return len([one for one in statements if not one.startswith(("BEGIN", "PRAGMA"))])

    take(instance, a_learner(instance, course, now=now), 5, now=now)
    cost()
    few = cost()
    for at in range(6):
        take(instance, a_learner(instance, course, f"p{at}@example.org", now=now), at, now=now)

    assert (few, cost()) == (1, 1)


def test_a_preview_of_the_team_is_no_attempt(instance: Instance, now: datetime) -> None:
    """spec/quiz-engine 5.2.7: excluded from statistics."""
    course, _version = publish(instance, a_fixed_folder(), now=now)
    teacher = actor_of(a_teacher(instance, course))
    attempt = start(instance, teacher, "prueba", now=now)
    with sitting_of(instance, teacher, attempt) as (_session, loaded):
        assert loaded.preview
    submit(instance, teacher, attempt, now=now)

    assert attempts_of(instance, course, CountedAttempts.ALL).attempts == 0


def test_the_settings_that_decide_belong_to_what_is_computed(instance: Instance, now: datetime) -> None:
    """spec/selection 3.1: the pass mark of the newest version, and the attempts of which the best counts; another one is computed anew."""
    course, _version = publish(instance, a_fixed_folder(), now=now)
    pass_quiz(instance, a_learner(instance, course, now=now), "prueba", now=now)
    before = attempts_of(instance, course)
    stricter = a_fixed_folder()
    name = "01-parte/03-cuestionario.quiz.yaml"
    stricter[name] = stricter[name].replace(b"attempts: 0", b"attempts: 2\npass_mark: 80")
    later = now + timedelta(hours=1)
    publish(instance, stricter, now=later)
    pass_quiz(instance, a_learner(instance, course, "eva@example.org", now=later), "prueba", now=later)

    found = attempts_of(instance, course)

    assert (before.rule.pass_mark, before.rule.attempts) == (70, 0)
    assert (found.rule.pass_mark, found.rule.attempts, found.rule.counts_best) == (80, 2, True)
    assert found.fingerprint != before.fingerprint
    assert examined(instance, course).decisions is None
