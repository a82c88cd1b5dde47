"""Calculated questions beside a blueprint: draws take all their values as equally hard, unless by variant (spec/selection 1.23)."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from courses.content.model import CourseFolder
from courses.models import Course
from kernel.i18n import _
from quizzes.content.banks import questions_of
from quizzes.content.blueprints import blueprint_draws
from quizzes.content.model import QuizSource
from quizzes.pages.statistics import QuestionNames, finding_views
from quizzes.queries import analysis, attempts
from quizzes.rules.finding_kinds import FindingKind
from quizzes.rules.quiz_analysis import findings_in_order
from quizzes.rules.statistics import CountedAttempts
from quizzes.rules.value_variants import numbers_of


@dataclass(frozen=True, slots=True)
class DrawnValuesView:
    """A calculated question that a quiz may give: its key, how its values count in draws, and what the statistics say of them."""

    key: str
    words: str
    finding: str


def drawn_values(session: Session, course: Course, folder: CourseFolder, module: str, key: str, quiz: QuizSource) -> list[DrawnValuesView]:
    """Return the calculated questions of a quiz whose results decide, or whose draws are balanced."""
    if quiz.selection is None and quiz.balance is None:
        return []
    used = {item.key for draw in blueprint_draws(folder, module, quiz) for item in draw.items}
    calculated = [one for one in questions_of(folder).values() if one.key in used and numbers_of(one) is not None]
    found = _value_findings(session, course, key) if calculated else {}
    return [DrawnValuesView(one.key, _words(by_variant=one.selection.by_variant), found.get(one.key, "")) for one in calculated]


def _words(*, by_variant: bool) -> str:
    if by_variant:
        return _("Each set of values has its own facility in balanced draws.")
    return _("Its values are drawn in each attempt, and draws treat them all as equally hard.")


def _value_findings(session: Session, course: Course, key: str) -> Mapping[str, str]:
    """Return by question what the last analysis found of its values: that larger ones are harder, or easier."""
    if attempts.find_published_snapshot(session, course, key) is None:
        return {}
    quiz = analysis.list_compositions(session, course.id, key)
    kept = analysis.find_examination(session, analysis.attempt_set(session, quiz, CountedAttempts.FIRST, quiz.choices[0]))
    if kept is None:
        return {}
    versions = [one.version for one in kept.examination.questions]
    names = QuestionNames(attempts.get_questions(session, versions), analysis.list_question_names(session, versions))
    views = zip(finding_views(kept.examination, names), findings_in_order(kept.examination), strict=True)
    return {view.question: f"{view.said} {view.numbers}" for view, one in views if one.finding.ailment is FindingKind.VALUES}
