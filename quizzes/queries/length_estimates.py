"""Estimates by answers of how often short selecting quizzes would decide alike again (spec/selection 0.3)."""

from sqlalchemy.orm import Session

from courses.content import codes
from courses.content.model import ActivitySource, CourseFolder, Finding
from kernel.errors import N_
from quizzes.content.model import QuizSource
from quizzes.content.selecting import FEWEST_QUESTIONS, count_positions
from quizzes.queries.analysis import attempt_set, find_examination, list_compositions
from quizzes.rules.decision_analysis import DecisionAnalysis, DecisionModel
from quizzes.rules.statistics import CountedAttempts


def estimate_lengths(session: Session, course_id: int, folder: CourseFolder) -> tuple[Finding, ...]:
    """Tell of each short selecting quiz with a history what its answers say of its length; nothing where the model does not fit them."""
    found = (
        (activity, find_decisions(session, course_id, activity.key))
        for module in folder.modules
        for activity in module.activities
        if _is_short(activity, folder)
    )
    return tuple(
        _finding(activity, decisions, decisions.model)
        for activity, decisions in found
        if decisions is not None and decisions.model is not None and decisions.model.fits
    )


def _is_short(activity: ActivitySource, folder: CourseFolder) -> bool:
    quiz = activity.settings
    return isinstance(quiz, QuizSource) and quiz.selection is not None and count_positions(quiz, folder) < FEWEST_QUESTIONS


def find_decisions(session: Session, course_id: int, activity_key: str) -> DecisionAnalysis | None:
    """Return what was computed last of the decisions of a quiz by first attempts, for an acta and the check; None where nothing was.

    Alpha with its interval, both standard errors and the model of decisions; it may be of a day ago (spec/quiz-engine 5.12).
    """
    quiz = list_compositions(session, course_id, activity_key)
    if not quiz.choices:
        return None
    kept = find_examination(session, attempt_set(session, quiz, CountedAttempts.FIRST, quiz.choices[0]))
    return None if kept is None else kept.examination.decisions


def _finding(activity: ActivitySource, found: DecisionAnalysis, model: DecisionModel) -> Finding:
    return Finding(
        activity.path,
        0,
        0,
        "slots",
        "C517",
        codes.severity("C517"),
        N_("By the %(attempts)s first attempts, about %(share)s of every 100 people would get the same decision with other questions."),
        N_("Ask more questions, or use a second piece of evidence for people near the pass mark."),
        facts={"attempts": str(found.attempts), "share": str(round(model.quality.consistency * 100))},
    )
