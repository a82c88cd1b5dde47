"""The parallel forms of a published quiz side by side, for its team (spec/selection 1.21)."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy.orm import Session

from courses.content.model import CourseFolder
from courses.content.objectives import objectives_of
from courses.models import Course
from kernel.i18n import _, choose
from kernel.permissions import Actor
from quizzes.content.banks import questions_of
from quizzes.content.wording import LEVELS
from quizzes.pages.figures import percentage
from quizzes.pages.question import short_title
from quizzes.queries import attempts as queries
from quizzes.queries.attempts import QuizSnapshot
from quizzes.queries.form_approvals import ApprovalRow, list_approvals
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.layout import Candidate, SlotEntry
from quizzes.rules.parallel_forms import candidates_of, range_of
from quizzes.rules.selection import NOT_SELECTED, QuestionSelection
from quizzes.services.form_approvals import APPROVALS


@dataclass(frozen=True, slots=True)
class FormQuestionView:
    """A question of a form: its key, the first words of its text, its objective and level, and its known facility."""

    key: str
    title: str
    place: str
    facility: str


@dataclass(frozen=True, slots=True)
class ParallelFormsView:
    """Forms side by side: letters, expected scores, and for each place the question of every form."""

    names: tuple[str, ...]
    expected: tuple[str, ...]
    rows: tuple[tuple[FormQuestionView, ...], ...]
    difference: str
    """The greatest difference of expected scores."""
    version: int
    """Of the published quiz, by which an approval says what was looked at."""
    approvals: tuple[ApprovalRow, ...]
    may_approve: bool


def forms_view(session: Session, actor: Actor, course: Course, key: str, folder: CourseFolder) -> ParallelFormsView | None:
    """Return the forms of a published quiz; None where it has none. Objectives and levels are those of the draft."""
    snapshot = queries.find_published_snapshot(session, course, key)
    balance = snapshot.balance if snapshot is not None else None
    if snapshot is None or balance is None or not balance.forms:
        return None
    slots = [entry for entry in snapshot.entries if isinstance(entry, SlotEntry)]
    forms = [[candidate for own in candidates_of(form, slots) for candidate in own if candidate.numbered] for form in balance.forms]
    texts = queries.get_questions(session, [candidate.version for form in forms for candidate in form])
    places, approvals = _places(folder), list_approvals(session, snapshot.quiz_version_id)
    return ParallelFormsView(
        names=tuple(form.name for form in balance.forms),
        expected=tuple(percentage(form.expected, 1) for form in balance.forms),
        rows=tuple(
            tuple(_question(candidate, texts[candidate.version], places, snapshot) for candidate in row) for row in zip(*forms, strict=True)
        ),
        difference=percentage(range_of(balance.forms), 1),
        version=snapshot.quiz_version_id,
        approvals=tuple(approvals),
        may_approve=len(approvals) < APPROVALS and actor.person_id not in [approval.person_id for approval in approvals],
    )


def _places(folder: CourseFolder) -> dict[str, str]:
    known = {key: choose(text) for key, text in objectives_of(folder).items()}
    return {key: _place(question.selection, known) for key, question in questions_of(folder).items()}


def _place(selection: QuestionSelection, known: Mapping[str, str]) -> str:
    if selection == NOT_SELECTED:
        return ""
    named = [known.get(selection.objective, selection.objective), _(LEVELS[selection.level]) if selection.level else ""]
    return " · ".join(part for part in named if part)


def _question(candidate: Candidate, question: QuestionDefinition, places: Mapping[str, str], snapshot: QuizSnapshot) -> FormQuestionView:
    facilities = snapshot.balance.facilities if snapshot.balance is not None else {}
    return FormQuestionView(
        candidate.question, short_title(question), places.get(candidate.question, ""), percentage(Fraction(facilities[candidate.question]))
    )
