"""Statistics of a quiz: its attempts read as a stream, computed and cached, those that are outdated listed, and its decisions judged."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, func, select
from sqlalchemy.orm import Session, aliased

from analysis.models import QuizAnalysisCache
from analysis.rules.decision_quality import DecisionAnalysis, DecisionModel, best_of
from analysis.rules.draw_quality import DrawQuality, QuestionAnswers, SetTally, draw_quality
from analysis.rules.item_evidence import ClassTally, MarkedResponse, UnmatchedPart, unmatched_in
from analysis.rules.quiz_analysis import VERSION, QuizAnalysis, examination_of, findings_in_order
from analysis.rules.statistics import CountedAttempts, CountedTakes
from courses.content import model as codes
from courses.content.model import ActivitySource, CourseFolder, Finding
from courses.models import Activity, Course, CourseVersion
from enrolments.gradebook import within
from enrolments.models import Enrolment
from kernel import outbox
from kernel.errors import N_
from questions import question_bank
from questions.question_bank import get_questions
from questions.rules.answers import answer_from_page, clean_parts, payload_of
from questions.rules.definitions import QuestionDefinition, SingleChoiceBody
from questions.rules.encoding import decode, encode
from questions.rules.item_layout import OPTIONS, ItemLayout
from questions.rules.marking import Marking, MarkState, mark_answer
from questions.rules.numbers import convention_for
from quizzes import snapshots as attempts
from quizzes.content.pools import QuizSource
from quizzes.content.selecting import FEWEST_QUESTIONS, count_positions, counts_best_of_several
from quizzes.item_history import versions_by_variant
from quizzes.models import AnswerEvent, Attempt, AttemptItem, MarkEvent, QuizVersion, VoidedQuestion
from quizzes.rules.balanced_draw import prior_share
from quizzes.rules.layout import Composition, composition_of, newest_with, seats_of
from quizzes.rules.regrade import RegradeKind
from quizzes.rules.settings import MOST_COMPARED, DecisionRule, QuizSettings
from quizzes.rules.states import AttemptState

FIRM, FAIR = 0.85, 0.80
"""Consistencies from which on a decision is firm, or fair."""


def in_takes(takes: CountedTakes) -> list[ColumnElement[bool]]:
    """Select the attempts of the takes that count; where all do, nothing is asked."""
    others = {CountedTakes.PRESENT: Enrolment.superseded_at.is_not(None), CountedTakes.FIRST: Enrolment.take > 1}
    return [] if takes is CountedTakes.ALL else [~exists().where(Enrolment.id == Attempt.enrolment_id, others[takes])]


def is_taken_again(session: Session, course_id: int) -> bool:
    """Return whether anyone has taken a course more than once."""
    return session.scalar(select(Enrolment.id).where(Enrolment.course_id == course_id, Enrolment.take > 1).limit(1)) is not None


BATCH = 2000
KEPT_MARKINGS = 50_000
_NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class StatisticsFilter:
    """The attempts that are analysed: of everyone, of an edition, a group or both; of which takes, in which language, with which form."""

    edition: UUID | None = None
    group: UUID | None = None
    takes: CountedTakes = CountedTakes.PRESENT
    language: str = ""
    """The language in which an attempt was begun; '' for all."""
    form: str = ""
    """The letter of the parallel form that an attempt has; '' for all."""


EVERYBODY = StatisticsFilter()


@dataclass(frozen=True, slots=True)
class AnalysedAttempts:
    """The attempts to analyse: submitted and wholly marked, no previews, of one composition of the quiz.

    ``numbers`` are the course versions they were published with; the effects of voids are by question version;
    ``other`` attempts have another composition, ``waiting`` ones still wait for a grader. ``fingerprint`` changes with the attempts,
    their totals, the versions, the voids, the settings that decide (``rule``) and the formulas.
    """

    course_id: int
    activity_key: str
    which: CountedAttempts
    composition: Composition
    pools: Mapping[int, tuple[frozenset[int], ...]]
    """Of each quiz version by id: the question versions that may stand in its positions."""
    numbers: tuple[int, ...]
    voided: Mapping[int, str]
    attempts: int
    other: int
    waiting: int
    items: int
    fingerprint: str
    rule: DecisionRule
    learners: StatisticsFilter = EVERYBODY

    @property
    def cache_key(self) -> str:
        """Return the name under which what was computed is kept: the composition's, with the learners where not all count."""
        if self.learners == EVERYBODY:
            return self.composition.name
        parts = [self.composition.name, str(self.learners.edition or ""), str(self.learners.group or "")]
        if self.learners.takes is not CountedTakes.PRESENT:
            parts.append(self.learners.takes.value)
        if self.learners.language:
            parts.append(self.learners.language)
        if self.learners.form:
            parts.append(f"form {self.learners.form}")
        return hashlib.sha256(":".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class CompositionChoice:
    """A composition that can be looked at: its name, the course versions that have it, and its attempts."""

    name: str
    numbers: tuple[int, ...]
    attempts: int


@dataclass(frozen=True, slots=True)
class QuizCompositions:
    """A quiz: the composition of each published version with attempts by id, oldest first, and what can be looked at, newest first."""

    course_id: int
    activity_key: str
    by_version: Mapping[int, Composition]
    rules: Mapping[int, DecisionRule]
    choices: Sequence[CompositionChoice]
    learners: StatisticsFilter = EVERYBODY


def _counted(course_id: int, activity_key: str, learners: StatisticsFilter) -> ColumnElement[bool]:
    return and_(
        Attempt.course_id == course_id,
        Attempt.activity_key == activity_key,
        ~Attempt.preview,
        Attempt.state == AttemptState.FINISHED.value,
        *within(Attempt.enrolment_id, learners.edition, learners.group),
        *in_takes(learners.takes),
        *([Attempt.language == learners.language] if learners.language else []),
        *([Attempt.form == learners.form] if learners.form else []),
    )


def list_languages_and_forms(session: Session, course_id: int, activity_key: str) -> tuple[list[str], list[str]]:
    """Return the codes of the languages in which the finished attempts of a quiz were begun, and the letters of their parallel forms."""
    rows = session.execute(select(Attempt.language, Attempt.form).where(_counted(course_id, activity_key, EVERYBODY)).distinct()).all()
    return sorted({row.language for row in rows}), sorted({row.form for row in rows if row.form})


def list_compositions(session: Session, course_id: int, activity_key: str, learners: StatisticsFilter = EVERYBODY) -> QuizCompositions:
    """Return the compositions of a quiz that some learners took; of one that none of them took, the newest alone."""
    statement = (
        select(QuizVersion.id, CourseVersion.number)
        .join(Activity, Activity.id == QuizVersion.activity_id)
        .join(CourseVersion, CourseVersion.id == Activity.version_id)
        .where(CourseVersion.course_id == course_id, Activity.key == activity_key)
        .order_by(CourseVersion.number)
    )
    versions = session.execute(statement).all()
    counts = dict(
        session.execute(
            select(Attempt.quiz_version_id, func.count())
            .where(_counted(course_id, activity_key, learners))
            .group_by(Attempt.quiz_version_id)
        ).all()
    )
    used = [row for row in versions if counts.get(row.id)] or versions[-1:]
    snapshots = {row.id: attempts.get_snapshot(session, row.id) for row in used}
    compositions = {version: composition_of(snapshot.entries) for version, snapshot in snapshots.items()}
    rules = {version: _rule_of(snapshot.settings) for version, snapshot in snapshots.items()}
    numbers: dict[str, list[int]] = {}
    attempt_counts: dict[str, int] = {}
    for row in used:
        name = compositions[row.id].name
        numbers.setdefault(name, []).append(row.number)
        attempt_counts[name] = attempt_counts.get(name, 0) + counts.get(row.id, 0)
    newest = newest_with(compositions, counts)
    choices = [CompositionChoice(name, tuple(version_numbers), attempt_counts[name]) for name, version_numbers in numbers.items()]
    choices.sort(key=lambda choice: (choice.name != newest, -choice.numbers[-1]))
    return QuizCompositions(course_id, activity_key, compositions, rules=rules, choices=choices, learners=learners)


def _rule_of(settings: QuizSettings) -> DecisionRule:
    return DecisionRule(settings.pass_mark, settings.attempts, settings.grading)


LEFT_OUT_EFFECTS = (RegradeKind.REMOVED, RegradeKind.UNLESS_LOWER)
"""Voids that leave a question out of totals, of everybody's or of some: figures leave it out of all, so that they compare the same."""


def list_voided(session: Session, course_id: int, activity_key: str) -> dict[int, str]:
    """Return the effect of each void in force, by question version."""
    statement = select(VoidedQuestion.question_version_id, VoidedQuestion.effect).where(
        VoidedQuestion.course_id == course_id, VoidedQuestion.activity_key == activity_key, VoidedQuestion.lifted_at.is_(None)
    )
    return dict(session.execute(statement).all())


def attempt_set(session: Session, quiz: QuizCompositions, which: CountedAttempts, choice: CompositionChoice) -> AnalysedAttempts:
    """Describe the attempts to analyse, and what distinguishes them from another set, without reading them."""
    pools = {version: composition.pools for version, composition in quiz.by_version.items() if composition.name == choice.name}
    voided = list_voided(session, quiz.course_id, quiz.activity_key)
    picked = _picked(quiz.course_id, quiz.activity_key, which, quiz.learners)
    fits = picked.c.quiz_version_id.in_(tuple(pools))
    marked = fits & picked.c.raw.is_not(None)
    row = session.execute(
        select(
            func.count().filter(marked),
            func.count().filter(~fits),
            func.count().filter(fits & picked.c.raw.is_(None)),
            func.coalesce(func.sum(picked.c.id).filter(marked), 0),
            func.coalesce(func.sum(picked.c.raw).filter(marked), 0),
            func.coalesce(func.sum(picked.c.raw * picked.c.id).filter(marked), 0),
        ).select_from(picked)
    ).one()
    newest = next(reversed(pools))
    composition, rule = quiz.by_version[newest], quiz.rules[newest]
    deciding = f"{rule.pass_mark} {rule.attempts} {rule.grading.value}"
    described = f"{sorted(pools)} {sorted(voided.items())} {deciding} {row[0]} {row[3]} {row[4]:.4f} {row[5]:.4f}"
    return AnalysedAttempts(
        course_id=quiz.course_id,
        activity_key=quiz.activity_key,
        which=which,
        composition=composition,
        pools=pools,
        numbers=choice.numbers,
        voided=voided,
        attempts=row[0],
        other=row[1],
        waiting=row[2],
        items=row[0] * len(composition.positions),
        fingerprint=f"{VERSION}:{hashlib.sha256(described.encode()).hexdigest()}",
        rule=rule,
        learners=quiz.learners,
    )


def _picked(course_id: int, activity_key: str, which: CountedAttempts, learners: StatisticsFilter) -> Any:
    """Select one finished attempt of each take of the course, or all (spec/quiz-engine 5.12); of equally high ones the first."""
    orders: dict[CountedAttempts, tuple[ColumnElement[Any], ...]] = {
        CountedAttempts.FIRST: (Attempt.number.asc(),),
        CountedAttempts.LAST: (Attempt.number.desc(),),
        CountedAttempts.HIGHEST: (func.coalesce(Attempt.percent, -1).desc(), func.coalesce(Attempt.raw, -1).desc(), Attempt.number.asc()),
    }
    columns = (Attempt.id, Attempt.quiz_version_id, Attempt.language, Attempt.raw, Attempt.percent)
    if which is CountedAttempts.ALL:
        return select(*columns).where(_counted(course_id, activity_key, learners)).subquery()
    rank = func.row_number().over(partition_by=Attempt.enrolment_id, order_by=orders[which]).label("place")
    ranked = select(*columns, rank).where(_counted(course_id, activity_key, learners)).subquery()
    return select(ranked).where(ranked.c.place == 1).subquery()


def marked_between(analysed: AnalysedAttempts, low: Decimal, high: Decimal) -> Select[int]:
    """Select the ids of the analysed attempts whose percentage lies between two, both included."""
    picked = _picked(analysed.course_id, analysed.activity_key, analysed.which, analysed.learners)
    return (
        select(Attempt.id)
        .join(picked, picked.c.id == Attempt.id)
        .where(picked.c.quiz_version_id.in_(tuple(analysed.pools)), picked.c.raw.is_not(None), Attempt.percent.between(low, high))
    )


def _papers(analysed: AnalysedAttempts) -> Select[*tuple[Any, ...]]:
    """Select every question of the attempts with its last mark and its current answer."""
    picked = _picked(analysed.course_id, analysed.activity_key, analysed.which, analysed.learners)
    later, answers = aliased(MarkEvent), aliased(AnswerEvent)
    last_mark = select(func.max(later.id)).where(later.item_id == AttemptItem.id).scalar_subquery()
    last_answer = (
        select(answers.id)
        .where(answers.item_id == AttemptItem.id)
        .order_by(answers.lease.desc(), answers.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            picked.c.id.label("attempt_id"),
            picked.c.quiz_version_id,
            picked.c.language,
            picked.c.percent,
            AttemptItem.question_version_id,
            AttemptItem.maximum,
            AttemptItem.layout,
            MarkEvent.fraction,
            MarkEvent.state,
            AnswerEvent.payload,
        )
        .join(AttemptItem, AttemptItem.attempt_id == picked.c.id)
        .outerjoin(MarkEvent, MarkEvent.id == last_mark)
        .outerjoin(AnswerEvent, AnswerEvent.id == last_answer)
        .where(AttemptItem.number.is_not(None), picked.c.quiz_version_id.in_(tuple(analysed.pools)), picked.c.raw.is_not(None))
        .order_by(picked.c.id, AttemptItem.position)
    )


def stream_attempts(
    session: Session, analysed: AnalysedAttempts
) -> Iterator[tuple[Sequence[MarkedResponse], Mapping[int, Fraction], Decimal | None]]:
    """Yield the attempts, from one statement; what is read is not kept.

    Each has its marked questions in the order shown and its percentage, None where it has none. What carries no mark (descriptions,
    surveys) is left out. Questions taken out of the total come separately, by position with their maximum, where the position counts for
    anyone.
    """
    reader = _ResponseReader(session)
    removed = frozenset(version for version, effect in analysed.voided.items() if effect in LEFT_OUT_EFFECTS)
    counting = _counting(session, analysed, removed) if removed else frozenset()
    for items in _seated(session, analysed):
        yield (
            [reader.read(row, context) for row, context in items if _counts(row, removed)],
            {context: Fraction(row.maximum) for row, context in items if row.question_version_id in removed and context in counting},
            items[0][0].percent if items else None,
        )


def _counting(session: Session, analysed: AnalysedAttempts, removed: frozenset[int]) -> frozenset[int]:
    """Return the positions where some attempt has a question that counts; a fixed one that was taken out of the total has none."""
    return frozenset(context for items in _seated(session, analysed) for row, context in items if _counts(row, removed))


def _counts(row: Row[*tuple[Any, ...]], removed: frozenset[int]) -> bool:
    return row.state not in (None, MarkState.NOT_MARKED.value) and row.question_version_id not in removed


def _seated(session: Session, analysed: AnalysedAttempts) -> Iterator[list[tuple[Row[*tuple[Any, ...]], int]]]:
    """Yield the questions of each attempt, each with its position."""
    rows = session.execute(_papers(analysed), execution_options={"yield_per": BATCH})
    for _attempt, group in groupby(rows, key=lambda row: row.attempt_id):
        items = list(group)
        seats = _seats(analysed.pools[items[0].quiz_version_id], tuple(row.question_version_id for row in items))
        yield [(row, context) for row, context in zip(items, seats, strict=True) if context is not None]


@lru_cache(maxsize=5000)
def _seats(pools: tuple[frozenset[int], ...], versions: tuple[int, ...]) -> tuple[int | None, ...]:
    return seats_of(pools, versions)


@lru_cache(maxsize=5000)
def _mark(fraction: Any, maximum: Any) -> tuple[Fraction, Fraction]:
    whole = Fraction(maximum)
    return (_NOTHING if fraction is None else Fraction(fraction) * whole), whole


_Read = tuple[Marking, tuple[UnmatchedPart, ...], tuple[tuple[str, Fraction], ...], str]


class _ResponseReader:
    """Reads rows; the same answer to the same question in the same order is marked once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._read: dict[tuple[int, str, str, str], _Read] = {}

    def read(self, row: Row[*tuple[Any, ...]], position: int) -> MarkedResponse:
        """Return a question of an attempt as it is counted."""
        mark, maximum = _mark(row.fraction, row.maximum)
        marking, typed, values, first = self._answer(row.question_version_id, row.layout, row.payload or "null", row.language)
        return MarkedResponse(
            position, row.question_version_id, mark, maximum=maximum, marking=marking, typed=typed, values=values, first=first
        )

    def _answer(self, version: int, layout: str, payload: str, language: str) -> _Read:
        key = (version, layout, payload, language)
        read_before = self._read.get(key)
        if read_before is None:
            if len(self._read) >= KEPT_MARKINGS:
                self._read.clear()
            question = get_questions(self._session, [version])[version]
            read_before = self._read[key] = _read(question, layout, payload, language)
        return read_before


def _read(question: QuestionDefinition, layout: str, payload: str, language: str) -> _Read:
    """Return the reading of an answer, and what its layout had drawn."""
    order, convention = decode(ItemLayout, json.loads(layout)), convention_for(language)
    answer = answer_from_page(question, order, payload_of(question, clean_parts(json.loads(payload))))
    marking = mark_answer(question, answer, order, convention)
    first = next(iter(order.orders.get(OPTIONS, ())), "") if isinstance(question.body, SingleChoiceBody) and marking.parts else ""
    return marking, unmatched_in(question, answer, marking, convention, order), tuple(order.variables.items()), first


@dataclass(frozen=True, slots=True)
class CachedAnalysis:
    """The analysis computed last, when, and whether it is of the present attempts."""

    examination: QuizAnalysis
    computed_at: datetime
    is_current: bool


def find_examination(session: Session, analysed: AnalysedAttempts) -> CachedAnalysis | None:
    """Find the examination that was computed of such a set, unless by other formulas."""
    row = session.execute(
        select(QuizAnalysisCache).where(
            QuizAnalysisCache.course_id == analysed.course_id,
            QuizAnalysisCache.activity_key == analysed.activity_key,
            QuizAnalysisCache.which == analysed.which.value,
            QuizAnalysisCache.composition == analysed.cache_key,
        )
    ).scalar_one_or_none()
    if row is None or row.attempt_set.split(":")[0] != str(VERSION):
        return None
    examination = decode(QuizAnalysis, json.loads(row.document))
    return CachedAnalysis(examination, row.computed_at, row.attempt_set == analysed.fingerprint)


AT_ONCE = 20_000
"""Questions of attempts that are computed while the page waits (about a second); more are left to background work."""


def compute_statistics(session: Session, attempt_set: AnalysedAttempts) -> QuizAnalysis:
    """Compute everything about a set of attempts; reads them as a stream and writes nothing."""
    by_variant = frozenset().union(*(versions_by_variant(attempts.get_snapshot(session, version)) for version in attempt_set.pools))
    tally, sets = ClassTally(len(attempt_set.composition.positions), by_variant), SetTally()
    for responses, removed, percent in stream_attempts(session, attempt_set):
        tally.add(responses, removed)
        if attempt_set.composition.is_drawn and percent is not None:
            sets.add(float(percent), ((question.version, float(question.maximum)) for question in responses))
    questions = question_bank.get_questions(session, sorted(tally.questions))
    examination = examination_of(
        tally, attempt_set.composition, questions, attempt_set.which, voided=attempt_set.voided, rule=attempt_set.rule
    )
    return replace(examination, draws=_draw_quality(session, attempt_set, examination, sets))


def _draw_quality(session: Session, analysed: AnalysedAttempts, examination: QuizAnalysis, sets: SetTally) -> DrawQuality | None:
    """Look back on the question sets, by the answers of these attempts; the prior of authors is that of the newest version that kept it."""
    figures = {question.version: question.statistics for question in examination.questions if question.statistics.facility is not None}
    questions, priors = question_bank.get_questions(session, sorted(figures)), dict[str, Fraction]()
    for version in sorted(analysed.pools):
        balance = attempts.get_snapshot(session, version).balance
        priors |= balance.priors or {} if balance is not None else {}
    answers = {
        version: QuestionAnswers(
            figure.attempts,
            figure.attempts * (figure.facility or Fraction(0)),
            priors.get(questions[version].key, prior_share(questions[version].difficulty or "")),
        )
        for version, figure in figures.items()
    }
    return draw_quality(sets.given_sets(), answers)


def keep_statistics(session: Session, attempt_set: AnalysedAttempts, examination: QuizAnalysis, *, now: datetime) -> None:
    """Keep what was computed instead of what was kept before, and when its findings became more."""
    replaced = session.execute(
        delete(QuizAnalysisCache)
        .where(
            QuizAnalysisCache.course_id == attempt_set.course_id,
            QuizAnalysisCache.activity_key == attempt_set.activity_key,
            QuizAnalysisCache.which == attempt_set.which.value,
            QuizAnalysisCache.composition == attempt_set.cache_key,
        )
        .returning(QuizAnalysisCache.findings, QuizAnalysisCache.found_at)
    ).one_or_none()
    findings = sum(question.finding.told for question in findings_in_order(examination))
    found_at = now if replaced is None or findings > replaced.findings else replaced.found_at
    session.add(
        QuizAnalysisCache(
            course_id=attempt_set.course_id,
            activity_key=attempt_set.activity_key,
            which=attempt_set.which.value,
            composition=attempt_set.cache_key,
            attempt_set=attempt_set.fingerprint,
            document=json.dumps(encode(examination), ensure_ascii=False, separators=(",", ":")),
            computed_at=now,
            version=max(attempt_set.numbers) if attempt_set.learners == EVERYBODY and attempt_set.which is CountedAttempts.FIRST else None,
            findings=findings,
            found_at=found_at if findings else None,
        )
    )


def order_statistics(
    session: Session, attempt_set: AnalysedAttempts, kept_at: datetime | None, *, now: datetime, kind: str = "quizzes.examine"
) -> None:
    """Leave the computing to background work; what has been ordered since the kept one was computed is not ordered again."""
    arguments = {
        "course": attempt_set.course_id,
        "activity": attempt_set.activity_key,
        "which": attempt_set.which.value,
        "composition": attempt_set.composition.name,
        "edition": str(attempt_set.learners.edition or ""),
        "group": str(attempt_set.learners.group or ""),
        "takes": attempt_set.learners.takes.value,
        "language": attempt_set.learners.language,
        "form": attempt_set.learners.form,
    }
    payload = ":".join([*(str(value) for value in arguments.values()), str(kept_at or ""), attempt_set.fingerprint])
    unique_key = f"{kind}:{hashlib.sha256(payload.encode()).hexdigest()}"
    if not outbox.is_known(session, unique_key):
        outbox.enqueue(session, kind, arguments, now=now, unique_key=unique_key)


def list_taken(session: Session, *, after: int, limit: int) -> Sequence[Row[int, int, str]]:
    """List the quizzes of courses that are not archived that somebody has handed in, by activities, from behind one of these.

    A row has `activity_id`, `course_id` and `activity_key`.
    """
    handed_in = exists().where(
        Attempt.course_id == Course.id,
        Attempt.activity_key == Activity.key,
        Attempt.state == AttemptState.FINISHED.value,
        ~Attempt.preview,
    )
    statement = (
        select(Activity.id.label("activity_id"), Course.id.label("course_id"), Activity.key.label("activity_key"))
        .join(Course, Course.published_version_id == Activity.version_id)
        .where(Activity.kind == "quiz", Activity.id > after, Course.archived_at.is_(None), handed_in)
        .order_by(Activity.id)
        .limit(limit)
    )
    return session.execute(statement).all()


def list_outdated(session: Session, quizzes: Sequence[Row[int, int, str]]) -> Iterator[tuple[AnalysedAttempts, datetime | None]]:
    """Yield the attempts of quizzes whose analysis is of other ones, or was never computed, and when it was computed last."""
    for quiz in quizzes:
        compositions = list_compositions(session, quiz.course_id, quiz.activity_key)
        analysed = attempt_set(session, compositions, CountedAttempts.FIRST, compositions.choices[0])
        cached = find_examination(session, analysed)
        if analysed.attempts and (cached is None or not cached.is_current):
            yield analysed, cached.computed_at if cached else None


def estimate_decisions(session: Session, course_id: int, folder: CourseFolder) -> tuple[Finding, ...]:
    """Tell of each selecting quiz that is short or counts the best of several attempts what its answers say of that.

    Nothing is told without a history, or where the model does not fit it.
    """
    return tuple(
        finding
        for module in folder.modules
        for activity in module.activities
        if isinstance(activity.settings, QuizSource) and activity.settings.selection is not None
        for finding in _estimates(session, course_id, activity, activity.settings, folder)
    )


def _estimates(session: Session, course_id: int, activity: ActivitySource, quiz: QuizSource, folder: CourseFolder) -> Iterator[Finding]:
    is_short, is_repeated = count_positions(quiz, folder) < FEWEST_QUESTIONS, counts_best_of_several(quiz.settings)
    decisions = find_decisions(session, course_id, activity.key) if is_short or is_repeated else None
    if decisions is None or decisions.model is None or not decisions.model.fits:
        return
    if is_short:
        yield _of_length(activity, decisions, decisions.model)
    if is_repeated:
        yield _of_attempts(activity, decisions, decisions.model, quiz.settings.attempts)


def find_decisions(session: Session, course_id: int, activity_key: str) -> DecisionAnalysis | None:
    """Find the decisions of a quiz by first attempts as last computed, for an acta and the check; None where there are none.

    Alpha with its interval, both standard errors and the model of decisions; it may be of a day ago (spec/quiz-engine 5.12).
    """
    quiz = list_compositions(session, course_id, activity_key)
    if not quiz.choices:
        return None
    cached = find_examination(session, attempt_set(session, quiz, CountedAttempts.FIRST, quiz.choices[0]))
    return None if cached is None else cached.examination.decisions


def _of_length(activity: ActivitySource, decisions: DecisionAnalysis, model: DecisionModel) -> Finding:
    return _finding(
        activity,
        "C517",
        "slots",
        N_("By the %(attempts)s first attempts, about %(share)s of every 100 people would get the same decision with other questions."),
        N_("Ask more questions, or use a second piece of evidence for people near the pass mark."),
        {"attempts": str(decisions.attempts), "share": str(round(model.quality.consistency * 100))},
    )


def _of_attempts(activity: ActivitySource, decisions: DecisionAnalysis, model: DecisionModel, allowed: int) -> Finding:
    compared = min(allowed or MOST_COMPARED, MOST_COMPARED)
    once, several = (best.false_pass for best in best_of(model.true_scores(decisions.rule), (1, compared)))
    return _finding(
        activity,
        "C522",
        "attempts",
        N_(
            "By the %(attempts)s first attempts, about %(several)s of every 100 people pass by luck with the best of %(allowed)s "
            "attempts, and %(once)s with one."
        ),
        N_("Allow one attempt, let the mean of all attempts count, or ask more questions."),
        {
            "attempts": str(decisions.attempts),
            "allowed": str(compared),
            "several": str(round(several * 100)),
            "once": str(round(once * 100)),
        },
    )


def _finding(activity: ActivitySource, code: str, field: str, message: str, hint: str, facts: Mapping[str, str]) -> Finding:
    return Finding(
        activity.path, 0, 0, field=field, code=code, severity=codes.severity(code), template=message, fix_template=hint, facts=facts
    )
