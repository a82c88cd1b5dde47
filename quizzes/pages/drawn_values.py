"""Calculated questions beside a blueprint: draws take all their values as equally hard, unless by variant (spec/selection 1.23)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from courses.content.model import CourseFolder
from courses.models import Course
from kernel.i18n import _
from quizzes.content.banks import questions_of
from quizzes.content.blueprints import blueprint_draws
from quizzes.content.model import QuizSource
from quizzes.rules.value_variants import numbers_of

ValueFindings = Callable[[Session, Course, str], Mapping[str, str]]
"""Says by question of a quiz, named by its key, what was found of the values that it draws."""


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
    calculated = [question for question in questions_of(folder).values() if question.key in used and numbers_of(question) is not None]
    findings = _value_findings(session, course, key) if calculated else {}
    return [
        DrawnValuesView(question.key, _words(by_variant=question.selection.by_variant), findings.get(question.key, ""))
        for question in calculated
    ]


def _words(*, by_variant: bool) -> str:
    if by_variant:
        return _("Each set of values has its own facility in balanced draws.")
    return _("Its values are drawn in each attempt, and draws treat them all as equally hard.")


def _value_findings(session: Session, course: Course, key: str) -> Mapping[str, str]:
    """Return by question what statistics say of its values: that larger ones are harder, or easier."""
    sources: tuple[ValueFindings, ...] = session.info["value_findings"]
    return {question: sentence for source in sources for question, sentence in source(session, course, key).items()}
