"""Statistics of a quiz from its attempts: which count, what is cached, what the night computes and the command writes.

spec/quiz-engine 5.12; spec/selection 0.3, 3.8.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from uuid import UUID

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import event, func, select, update

from analysis import jobs as analysis_jobs
from analysis import statistics, waiting
from analysis.cli import CONCERNS, POSITION, QUIZ, analyse, group, read_marks
from analysis.models import QuizAnalysisCache
from analysis.rules.item_evidence import ItemWarning
from analysis.rules.quiz_analysis import VERSION, QuizAnalysis
from analysis.rules.statistics import CountedAttempts, PositionStatistics, QuizStatistics, statistics_of
from analysis.statistics import AnalysedAttempts, estimate_decisions
from courses.content.model import Finding
from courses.models import Course, PublicationNature
from kernel import clock, outbox
from kernel.i18n import reading
from kernel.outbox import Delivery, Job
from kernel.permissions import Actor
from lms.instance import Instance
from lms.worker import add_periodic
from questions.models import QuestionVersion
from quizzes import jobs
from quizzes.models import Attempt, AttemptItem, MarkEvent, Regrade, VoidedQuestion
from quizzes.saves import SaveRequest
from tests.support import folders
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, folder, publish, sign_in
from tests.support.classes import a_class_with_a_wrong_key
from tests.support.learning import a_learner, actor_of, fail_quiz, pass_quiz, right_batch, sitting_of, start, submit
from tests.support.selecting import LAW, NORM, RULES, USE
from tests.support.selection_folders import BANK, FILE, HEAD, questions

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


GOLDEN = "uno,dos,tres,cuatro\n1,1,2,1\n1,1,2,0\n1,0,1.5,1\n0,1,1,0\n1,1,0.5,1\n0,0,0,1\n1,1,2,0\n1,0,1,1\n0,0,0.5,0\n"


def analysed(tmp_path: Path, content: str | bytes, *options: str) -> Result:
    file = tmp_path / "notas.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return CliRunner().invoke(analyse, [str(file), *options])


def test_the_golden_vector_as_json(tmp_path: Path) -> None:
    """spec/quiz-engine 5.12, golden vector."""
    found = json.loads(analysed(tmp_path, GOLDEN, "--json").output)

    assert found["quiz"] == {
        "attempts": 8,
        "mean": 2.6875,
        "median": 3.25,
        "deviation": 1.361131,
        "skewness": -0.753271,
        "kurtosis": -1.099613,
        "consistency": 34.698795,
        "error_ratio": 80.809161,
        "standard_error": 1.099919,
    }
    first, _second, _third, last = found["questions"]
    assert (first["facility"], first["discrimination"], first["efficiency"]) == (0.625, 82.072428, 100)
    assert (last["name"], last["discrimination"], last["efficiency"]) == ("cuatro", -32.531759, -41.176471)
    assert last["concerns"] == ["dubious", "negative_discrimination"]


def test_the_table_is_in_the_readers_language(tmp_path: Path) -> None:
    with reading("en"):
        english = analysed(tmp_path, GOLDEN).output
    spanish = analysed(tmp_path, GOLDEN).output

    assert "Mean: 2.69" in english
    assert "2,69" in spanish
    assert "62,50" in spanish
    assert len(spanish.splitlines()) == len(english.splitlines())


def test_columns_stand_below_their_headings(tmp_path: Path) -> None:
    lines = analysed(tmp_path, GOLDEN).output.splitlines()
    start = lines.index("") + 1

    assert len({len(line) for line in lines[start : start + 5]}) == 1


@pytest.mark.parametrize(
    "content", [GOLDEN.replace(".", "@").replace(",", ";").replace("@", ","), GOLDEN.replace(",", "\t"), "\ufeff" + GOLDEN]
)
def test_tables_of_other_spreadsheets_are_read_the_same(content: str, tmp_path: Path) -> None:
    assert analysed(tmp_path, content, "--json").output == analysed(tmp_path, GOLDEN, "--json").output


def test_empty_cell_is_a_mark_of_nothing() -> None:
    """spec/quiz-engine 5.12: a question never answered counts as 0."""
    assert read_marks("a,b\n1,1\n,1\n").marks == ((0, 1),)


@pytest.mark.parametrize(
    "rows", ["a,b\n1,1\n", "a,b\n1,1\n1,0\n", "a\n1\n1\n0\n", "a,b\n0,0\n0,0\n0,0\n0,0\n", "a,b\n1,1\n1,1\n1,1\n1,1\n1,1\n"]
)
def test_degenerate_tables_have_dashes_and_nulls(rows: str, tmp_path: Path) -> None:
    """spec/quiz-engine 5.12, degenerate cases: none, one and few attempts, one question, maximum 0, equal marks."""
    text, as_json = analysed(tmp_path, rows), analysed(tmp_path, rows, "--json")

    assert text.exit_code == as_json.exit_code == 0
    assert "–" in text.output
    assert json.loads(as_json.output)["quiz"]["kurtosis"] is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "header line"),
        ("a,b\n", "header line"),
        ("a,b\n1\n", "2"),
        ("a,b\n1,1\n1,x\n", "“x”"),
        ("a,b\n1,1\n1,1e9\n", "1e9"),
        ("a,b\n1,-1\n", "“b”"),
        ("a,b\n1,1\n1,½\n", "½"),
        (b"a,b\n1,1\n\xf1,1\n", "3"),
        ('a,b\n1,"1\n', "table"),
    ],
)
def test_table_that_is_none_is_refused_with_its_place(content: str | bytes, said: str, tmp_path: Path) -> None:
    with reading("en"):
        found = analysed(tmp_path, content)

    assert found.exit_code == 1
    assert said in found.output


def test_every_number_and_concern_has_its_words() -> None:
    assert [name for name, _words, _unit, _meaning in QUIZ] == list(QuizStatistics.__dataclass_fields__)
    assert {name for name, _words, _factor, _meaning in POSITION} == set(PositionStatistics.__dataclass_fields__)
    assert set(CONCERNS) == {concern.value for concern in ItemWarning}


def test_packages_above_add_their_commands() -> None:
    extra = click.Command("extra")

    assert set(group([extra]).commands) == {"analyse", "extra"}


STATISTICS = "/courses/prueba/quizzes/cuestionario-1/statistics"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def pass_hour(instance: Instance, now: datetime) -> None:
    """Let the clock's job run at a moment, and all that follows, each job twice."""
    add_periodic(instance.worker, "quizzes.plan_analyses", jobs.PLAN_EVERY, now)
    outbox.deliver_waiting(instance.worker, now=now)


def computed(instance: Instance) -> dict[str, datetime]:
    """Return when the kept statistics of each quiz were computed."""
    with instance.database.unit_of_work(write=False) as session:
        return {row.activity_key: row.computed_at for row in session.scalars(select(QuizAnalysisCache))}


def ordered(instance: Instance) -> int:
    """Count the jobs that computed statistics by night."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(Job).where(Job.kind == "quizzes.update_analysis")) or 0


@pytest.mark.slow
def test_findings_wait_for_a_team_that_never_opened_the_statistics(browser: Browser, instance: Instance) -> None:
    course = a_class_with_a_wrong_key(instance)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    assert not browser.get("/teaching").has_link(STATISTICS)

    pass_hour(instance, clock.now())

    assert browser.get("/teaching").has_link(STATISTICS)
    with instance.database.unit_of_work(write=False) as session:
        found = waiting.list_findings(session, [course.id])
    assert [(one.activity_key, one.findings > 0) for one in found] == [("cuestionario-1", True)]


def test_statistics_are_computed_once_a_night_and_again_where_somebody_handed_in_since(instance: Instance) -> None:
    two = a_course(instance, modules=2, settings="attempts: 0\n")
    now = datetime(2026, 6, 1, 8, tzinfo=UTC)  # three in the morning in Quito
    ana, eva = (a_learner(instance, two, f"{name}@example.org", now=now - DAY) for name in ("ana", "eva"))
    for key in ("cuestionario-1", "cuestionario-2"):
        pass_quiz(instance, ana, "prueba", key, now=now - DAY)
    pass_hour(instance, now)
    assert computed(instance) == {"cuestionario-1": now, "cuestionario-2": now}

    fail_quiz(instance, eva, "prueba", "cuestionario-2", now=now + HOUR)
    for hour in range(1, 22):
        pass_hour(instance, now + hour * HOUR)
    assert (computed(instance), ordered(instance)) == ({"cuestionario-1": now, "cuestionario-2": now}, 2)
    pass_hour(instance, now + DAY)

    assert (computed(instance), ordered(instance)) == ({"cuestionario-1": now, "cuestionario-2": now + DAY}, 3)


@pytest.mark.parametrize("what", ["archived", "preview", "open"])
def test_nothing_is_computed_where_there_is_nothing_to_find(instance: Instance, what: str) -> None:
    course = a_course(instance, modules=1)
    learner = actor_of(a_teacher(instance, course)) if what == "preview" else a_learner(instance, course)
    attempt = start(instance, learner, "prueba")
    if what != "open":
        submit(instance, learner, attempt)
    if what == "archived":
        with instance.database.unit_of_work() as session:
            session.execute(update(Course).values(archived_at=clock.now()))

    pass_hour(instance, clock.now())

    assert (computed(instance), ordered(instance)) == ({}, 0)


def test_an_attempt_that_waits_for_a_mark_is_counted_once_it_has_one(instance: Instance) -> None:
    course, now = a_course(instance, modules=1), clock.now()
    pass_quiz(instance, a_learner(instance, course, now=now), "prueba", now=now)
    with instance.database.unit_of_work() as session:
        mark = session.scalars(select(Attempt.raw)).one()
        session.execute(update(Attempt).values(raw=None))
    pass_hour(instance, now)
    assert computed(instance) == {}

    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).values(raw=mark))
    pass_hour(instance, now + DAY)

    assert computed(instance) == {"cuestionario-1": now + DAY}


def test_all_quizzes_are_analysed_in_portions_and_nothing_is_read_while_writing(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis_jobs, "QUIZZES_AT_ONCE", 2)
    now = clock.now()
    course, _version = publish(instance, folder(modules=5))
    learner = a_learner(instance, course, now=now)
    for number in range(1, 6):
        pass_quiz(instance, learner, "prueba", f"cuestionario-{number}", now=now)
    portions = list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_rest: Sequence[object]) -> None:
        if "FROM activity JOIN course" in statement:
            portions.append(statement)

    engine = instance.database.reading if instance.database.is_sqlite else instance.database.writing
    event.listen(engine, "before_cursor_execute", note)
    for _time in range(2):  # a worker that died before it could say that it was done
        analysis_jobs.order_analyses(Delivery(instance.database, instance.settings, 1, {}, now))
    event.remove(engine, "before_cursor_execute", note)

    assert len(portions) == 2 * 4
    assert ordered(instance) == 5
    outbox.deliver_waiting(instance.worker, now=now)
    assert len(computed(instance)) == 5


def a_long_folder(attempts: str = "attempts: 1\n") -> dict[str, bytes]:
    """Return a course with a selecting quiz of twelve questions."""
    files, keys = folder(modules=1), [f"p{place}" for place in range(12)]
    files["recursos.yaml"] = LAW
    files[BANK] = questions(**dict.fromkeys(keys, "level: apply; source: [ley]")).encode()
    slots = "".join(f"  - question: {key}\n" for key in keys)
    files[FILE] = f"{HEAD}slots:\n{slots}{USE}{RULES}{NORM}{attempts}".encode()
    return files


def read_estimates(instance: Instance, files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Return what is told of a draft."""
    with instance.database.unit_of_work(write=False) as session:
        return estimate_decisions(session, session.scalars(select(Course.id)).one(), folders.course(files))


@pytest.mark.slow
def test_a_short_selecting_quiz_with_a_history_is_told_how_sure_it_is(browser: Browser, instance: Instance) -> None:
    """spec/selection 0.3 and 3.8: estimates by its first attempts, also of another number of attempts; without a history none."""
    files, now = a_long_folder(), clock.now() - timedelta(days=1)
    course = publish(instance, files)[0]
    assert read_estimates(instance, files) == ()
    for at in range(40):
        learner, chance = a_learner(instance, course, f"alguien{at}@example.org", now=now), Random(at)  # noqa: S311 - no secrets
        attempt, level = start(instance, learner, "prueba", now=now), 0.3 + 0.65 * at / 40
        batch = right_batch(instance, learner, attempt)
        answered = tuple(event for event in batch.events if chance.random() < level)
        submit(instance, learner, attempt, SaveRequest(batch.page_epoch, answered, batch.kind), now=now + timedelta(minutes=9))
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org").get("/courses/prueba/quizzes/cuestionario-1/decisions")

    found = read_estimates(instance, files)

    assert [one.code for one in found] == ["C517"]
    assert found[0].facts["attempts"] == "40"
    assert 50 < int(found[0].facts["share"]) < 100
    assert read_estimates(instance, a_long_folder("attempts: 3\ngrading: average\n")) == found
    short, repeated = read_estimates(instance, a_long_folder("attempts: 3\n"))
    assert (short, repeated.code, repeated.facts["allowed"]) == (found[0], "C522", "3")
    assert int(repeated.facts["several"]) > int(repeated.facts["once"]) > 0
