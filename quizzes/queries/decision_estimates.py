"""Estimates by answers of what selecting quizzes decide: again with other questions, and by luck (spec/selection 0.3 and 3.8)."""

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from courses.content import codes
from courses.content.model import ActivitySource, CourseFolder, Finding
from kernel.errors import N_
from quizzes.content.model import QuizSource
from quizzes.content.selecting import FEWEST_QUESTIONS, count_positions, counts_best_of_several
from quizzes.queries.analysis import attempt_set, find_examination, list_compositions
from quizzes.rules.decision_analysis import MOST_COMPARED, DecisionAnalysis, DecisionModel
from quizzes.rules.decision_quality import best_of
from quizzes.rules.statistics import CountedAttempts


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
    """Return what was computed last of the decisions of a quiz by first attempts, for an acta and the check; None where nothing was.

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
    return Finding(activity.path, 0, 0, field, code, codes.severity(code), message, hint, facts=facts)
