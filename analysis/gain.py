"""Results of two tests that are compared, read: of a class, in pairs by take, and of one learner (spec/selection 7)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from analysis.models import QuizAnalysisCache
from analysis.rules.decision_quality import DecisionAnalysis
from analysis.rules.gain import PairedScores
from analysis.rules.quiz_analysis import VERSION, QuizAnalysis
from analysis.rules.statistics import CountedAttempts
from analysis.statistics import StatisticsFilter, in_takes, list_voided
from enrolments.gradebook import within
from questions.rules.encoding import decode
from quizzes.models import Attempt
from quizzes.rules.balanced_draw import PairedTests
from quizzes.rules.states import AttemptState
from quizzes.snapshots import get_snapshot

BATCH = 2000


@dataclass(frozen=True, slots=True)
class PairedClass:
    """The results of a class in both tests: everybody's, and those with the forms crossed, by the form that came first.

    ``only_first`` are the scores of those who have no final test.
    """

    people: Sequence[PairedScores]
    a_first: Sequence[PairedScores]
    b_first: Sequence[PairedScores]
    only_first: Sequence[float]
    voided_apart: bool
    """Whether a question was voided in one of the tests alone."""


def find_paired_class(session: Session, course_id: int, pair: PairedTests, learners: StatisticsFilter) -> PairedClass:
    """Return the pairs of a class (spec/compulsory 15.1): first finished attempts, wholly marked, the first begun before any final one.

    Forms of another version are other questions: only pairs of one and the same two forms count as crossed, the newest.
    """
    people: list[PairedScores] = []
    by_forms: dict[object, dict[tuple[str, str], list[PairedScores]]] = {}
    only_first: list[float] = []
    newest = (0, object())
    rows = session.execute(_attempts_of(course_id, pair, learners), execution_options={"yield_per": BATCH})
    for _take, group in groupby(rows, key=lambda row: row.enrolment_id):
        first, second = _pair_of(list(group), pair)
        if first is None or first.raw is None:
            continue
        if second is None:
            only_first.append(float(first.percent))
        elif second.raw is not None:
            scores = PairedScores(float(first.percent), float(second.percent))
            people.append(scores)
            forms = [_forms_of(session, row.quiz_version_id) for row in (first, second)]
            if forms[0] == forms[1] != ():
                by_forms.setdefault(forms[0], {}).setdefault((first.form, second.form), []).append(scores)
                newest = max(newest, (second.quiz_version_id, forms[0]), key=lambda version_and_form: version_and_form[0])
    crossed = by_forms.get(newest[1], {})
    voids = [frozenset(list_voided(session, course_id, key).items()) for key in (pair.initial, pair.final)]
    return PairedClass(people, crossed.get(("A", "B"), ()), crossed.get(("B", "A"), ()), only_first, voids[0] != voids[1])


def _attempts_of(course_id: int, pair: PairedTests, learners: StatisticsFilter) -> Any:
    columns = (Attempt.enrolment_id, Attempt.activity_key, Attempt.state, Attempt.started_at, Attempt.raw, Attempt.percent)
    return (
        select(*columns, Attempt.form, Attempt.quiz_version_id)
        .where(
            Attempt.course_id == course_id,
            Attempt.activity_key.in_((pair.initial, pair.final)),
            ~Attempt.preview,
            *within(Attempt.enrolment_id, learners.edition, learners.group),
            *in_takes(learners.takes),
        )
        .order_by(Attempt.enrolment_id, Attempt.id)
    )


def _pair_of(rows: Sequence[Row[Any]], pair: PairedTests) -> tuple[Row[Any] | None, Row[Any] | None]:
    """Return the first finished attempts of a take, where the first test was begun before the final one."""
    finals = [row for row in rows if row.activity_key == pair.final]
    begun = min((row.started_at for row in finals), default=None)
    initial = next((row for row in rows if row.activity_key == pair.initial and _is_finished(row)), None)
    if initial is None or (begun is not None and initial.started_at >= begun):
        return None, None
    return initial, next((row for row in finals if _is_finished(row)), None)


def _is_finished(row: Row[Any]) -> bool:
    return bool(row.state == AttemptState.FINISHED.value)


def _forms_of(session: Session, quiz_version_id: int) -> tuple[object, ...]:
    balance = get_snapshot(session, quiz_version_id).balance
    return () if balance is None else tuple(form.cells for form in balance.forms)


def find_first_attempts(session: Session, enrolment_id: int, pair: PairedTests) -> dict[str, UUID]:
    """Return a learner's first finished attempt at each of the two tests in a take, by key."""
    statement = (
        select(Attempt.activity_key, Attempt.uuid)
        .where(
            Attempt.enrolment_id == enrolment_id,
            Attempt.activity_key.in_((pair.initial, pair.final)),
            Attempt.state == AttemptState.FINISHED.value,
            ~Attempt.preview,
        )
        .order_by(Attempt.id.desc())
    )
    return dict(session.execute(statement).all())


def find_precision(session: Session, course_id: int, compositions: Mapping[str, str]) -> dict[str, DecisionAnalysis]:
    """Find the precision of quizzes as last computed, by key; ``compositions`` names that of each. Too few results: absent."""
    rows = session.execute(
        select(QuizAnalysisCache.activity_key, QuizAnalysisCache.composition, QuizAnalysisCache.document).where(
            QuizAnalysisCache.course_id == course_id,
            QuizAnalysisCache.activity_key.in_(compositions),
            QuizAnalysisCache.composition.in_(compositions.values()),
            QuizAnalysisCache.which == CountedAttempts.FIRST.value,
            func.substr(QuizAnalysisCache.attempt_set, 1, len(str(VERSION)) + 1) == f"{VERSION}:",
        )
    )
    return dict(_precisions(rows, compositions))


def _precisions(rows: Any, compositions: Mapping[str, str]) -> Iterator[tuple[str, DecisionAnalysis]]:
    for row in rows:
        decisions = decode(QuizAnalysis, json.loads(row.document)).decisions if compositions[row.activity_key] == row.composition else None
        if decisions is not None:
            yield row.activity_key, decisions
