"""The differences between the questions of two folders of a course, and the answers that they affect."""

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy.orm import Session

from courses.content.differences import DifferenceKind, PartDifference, PartKind, SettingChange
from courses.content.model import CourseFolder
from kernel.i18n import choose, shortened
from quizzes.content.banks import banks_of
from quizzes.pages.banks import change_lines
from quizzes.queries import teaching
from quizzes.rules.definitions import QuestionDefinition, QuestionState, without_notes
from quizzes.rules.question_diff import is_judged_otherwise

LONGEST_TITLE = 100


def compare_questions(session: Session, course_id: int, before: CourseFolder, after: CourseFolder) -> Iterator[PartDifference]:
    """Yield questions added, removed, reworded or with another right answer; for earlier ones, how many attempts asked them."""
    old, new = _questions(before), _questions(after)
    parts = [part for key in dict.fromkeys((*new, *old)) if (part := _part(key, old.get(key), new.get(key))) is not None]
    there = [part.key for part in parts if DifferenceKind.ADDED not in part.marks]
    attempts_by_question = teaching.count_attempts_by_question(session, course_id, there)
    yield from (replace(part, asked_in=attempts_by_question.get(part.key, ())) for part in parts)


def _questions(course: CourseFolder) -> dict[str, tuple[QuestionDefinition, str]]:
    return {
        question.key: (question, bank.path)
        for bank in banks_of(course)
        for question in bank.questions
        if question.state is not QuestionState.DRAFT
    }


def _part(key: str, before: tuple[QuestionDefinition, str] | None, after: tuple[QuestionDefinition, str] | None) -> PartDifference | None:
    question, path = after or before or (None, "")
    assert question is not None
    part = PartDifference(PartKind.QUESTION, key, _title(question), (), path=path)
    if before is None or after is None:
        return replace(part, marks=(DifferenceKind.ADDED if before is None else DifferenceKind.REMOVED,))
    lines = change_lines(without_notes(before[0]), without_notes(after[0]))
    if not lines:
        return None
    changes = tuple(SettingChange(line.label, line.before, line.after, line.pieces) for line in lines)
    return replace(part, marks=(DifferenceKind.KEY if is_judged_otherwise(before[0], after[0]) else DifferenceKind.TEXT,), settings=changes)


def _title(question: QuestionDefinition) -> str:
    return shortened(" ".join(choose(question.text).split()), LONGEST_TITLE)
