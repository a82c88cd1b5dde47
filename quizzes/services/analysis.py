"""Computing the statistics of a quiz, and keeping them until something changes (spec/quiz-engine 5.12)."""

import hashlib
import json
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from sqlalchemy import delete
from sqlalchemy.orm import Session

from kernel import outbox
from quizzes.models import QuizAnalysisCache
from quizzes.queries import analysis, attempts
from quizzes.queries.analysis import EVERYBODY, AnalysedAttempts
from quizzes.rules.balanced_draw import prior_share
from quizzes.rules.draw_quality import DrawQuality, QuestionAnswers, SetTally, draw_quality
from quizzes.rules.encoding import encode
from quizzes.rules.item_evidence import ClassTally
from quizzes.rules.quiz_analysis import QuizAnalysis, examination_of, findings_in_order
from quizzes.rules.statistics import CountedAttempts
from quizzes.services.item_history import versions_by_variant

AT_ONCE = 20_000
"""Questions of attempts that are computed while the page waits (about a second); more are left to background work."""


def compute(session: Session, found: AnalysedAttempts) -> QuizAnalysis:
    """Compute everything about a set of attempts; reads them as a stream and writes nothing."""
    by_variant = frozenset().union(*(versions_by_variant(attempts.get_snapshot(session, version)) for version in found.pools))
    tally, sets = ClassTally(len(found.composition.positions), by_variant), SetTally()
    for attempt in analysis.stream_attempts(session, found):
        tally.add(attempt.responses, attempt.removed)
        if found.composition.is_drawn and attempt.percent is not None:
            sets.add(float(attempt.percent), ((one.version, float(one.maximum)) for one in attempt.responses))
    questions = attempts.get_questions(session, sorted(tally.questions))
    examination = examination_of(tally, found.composition, questions, found.which, voided=found.voided, rule=found.rule)
    return replace(examination, draws=_draw_quality(session, found, examination, sets))


def _draw_quality(session: Session, found: AnalysedAttempts, examination: QuizAnalysis, sets: SetTally) -> DrawQuality | None:
    """Look back on the question sets, by the answers of these attempts; the prior of authors is that of the newest version that kept it."""
    figures = {one.version: one.statistics for one in examination.questions if one.statistics.facility is not None}
    questions, priors = attempts.get_questions(session, sorted(figures)), dict[str, Fraction]()
    for version in sorted(found.pools):
        balance = attempts.get_snapshot(session, version).balance
        priors |= balance.priors or {} if balance is not None else {}
    answers = {
        version: QuestionAnswers(
            one.attempts,
            one.attempts * (one.facility or Fraction(0)),
            priors.get(questions[version].key, prior_share(questions[version].difficulty or "")),
        )
        for version, one in figures.items()
    }
    return draw_quality(sets.given_sets(), answers)


def keep(session: Session, found: AnalysedAttempts, examination: QuizAnalysis, *, now: datetime) -> None:
    """Keep what was computed instead of what was kept before, and when its findings became more."""
    replaced = session.execute(
        delete(QuizAnalysisCache)
        .where(
            QuizAnalysisCache.course_id == found.course_id,
            QuizAnalysisCache.activity_key == found.activity_key,
            QuizAnalysisCache.which == found.which.value,
            QuizAnalysisCache.composition == found.cache_key,
        )
        .returning(QuizAnalysisCache.findings, QuizAnalysisCache.found_at)
    ).one_or_none()
    findings = sum(one.finding.told for one in findings_in_order(examination))
    found_at = now if replaced is None or findings > replaced.findings else replaced.found_at
    session.add(
        QuizAnalysisCache(
            course_id=found.course_id,
            activity_key=found.activity_key,
            which=found.which.value,
            composition=found.cache_key,
            attempt_set=found.fingerprint,
            document=json.dumps(encode(examination), ensure_ascii=False, separators=(",", ":")),
            computed_at=now,
            version=max(found.numbers) if found.learners == EVERYBODY and found.which is CountedAttempts.FIRST else None,
            findings=findings,
            found_at=found_at if findings else None,
        )
    )


def order(session: Session, found: AnalysedAttempts, kept_at: datetime | None, *, now: datetime, kind: str = "quizzes.examine") -> None:
    """Leave the computing to background work; what has been ordered since the kept one was computed is not ordered again."""
    arguments = {
        "course": found.course_id,
        "activity": found.activity_key,
        "which": found.which.value,
        "composition": found.composition.name,
        "edition": str(found.learners.edition or ""),
        "group": str(found.learners.group or ""),
        "takes": found.learners.takes.value,
        "language": found.learners.language,
        "form": found.learners.form,
    }
    told = ":".join([*(str(value) for value in arguments.values()), str(kept_at or ""), found.fingerprint])
    unique_key = f"{kind}:{hashlib.sha256(told.encode()).hexdigest()}"
    if not outbox.is_known(session, unique_key):
        outbox.enqueue(session, kind, arguments, now=now, unique_key=unique_key)
