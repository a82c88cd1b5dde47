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
from quizzes.queries import attempts
from quizzes.queries.analysis import EVERYBODY, AnalysedAttempts, stream_attempts
from quizzes.rules.balanced_draw import prior_share
from quizzes.rules.draw_quality import DrawQuality, QuestionAnswers, SetTally, draw_quality
from quizzes.rules.encoding import encode
from quizzes.rules.item_evidence import ClassTally
from quizzes.rules.quiz_analysis import QuizAnalysis, examination_of, findings_in_order
from quizzes.rules.statistics import CountedAttempts
from quizzes.services.item_history import versions_by_variant

AT_ONCE = 20_000
"""Questions of attempts that are computed while the page waits (about a second); more are left to background work."""


def compute_statistics(session: Session, attempt_set: AnalysedAttempts) -> QuizAnalysis:
    """Compute everything about a set of attempts; reads them as a stream and writes nothing."""
    by_variant = frozenset().union(*(versions_by_variant(attempts.get_snapshot(session, version)) for version in attempt_set.pools))
    tally, sets = ClassTally(len(attempt_set.composition.positions), by_variant), SetTally()
    for attempt in stream_attempts(session, attempt_set):
        tally.add(attempt.responses, attempt.removed)
        if attempt_set.composition.is_drawn and attempt.percent is not None:
            sets.add(float(attempt.percent), ((question.version, float(question.maximum)) for question in attempt.responses))
    questions = attempts.get_questions(session, sorted(tally.questions))
    examination = examination_of(
        tally, attempt_set.composition, questions, attempt_set.which, voided=attempt_set.voided, rule=attempt_set.rule
    )
    return replace(examination, draws=_draw_quality(session, attempt_set, examination, sets))


def _draw_quality(session: Session, analysed: AnalysedAttempts, examination: QuizAnalysis, sets: SetTally) -> DrawQuality | None:
    """Look back on the question sets, by the answers of these attempts; the prior of authors is that of the newest version that kept it."""
    figures = {question.version: question.statistics for question in examination.questions if question.statistics.facility is not None}
    questions, priors = attempts.get_questions(session, sorted(figures)), dict[str, Fraction]()
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
