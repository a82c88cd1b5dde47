"""Permissions to see and edit the question banks of a course."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from courses.access import EDITORS, CourseContext, edits
from enrolments.access import hiding_all
from kernel.permissions import Actor, Permission, Verdict, allow_if


class QuestionAction(StrEnum):
    """Acts on the questions of a draft."""

    VIEW_BANK = "question_bank:view"
    EDIT_BANK = "question_bank:edit"


@dataclass(frozen=True, slots=True)
class BankQuestionContext(CourseContext):
    """A question of a course's draft as the course's staff sees it: its key and the file of its bank."""

    key: str
    path: str


def edit_bank(actor: Actor, subject: CourseContext) -> Verdict:
    """Let those who edit the course work on its questions; hide them from everyone else, because they hold the key."""
    return allow_if(edits(actor, subject.staff_role), Verdict.HIDE)


QUESTION_PERMISSIONS: Mapping[StrEnum, Permission] = hiding_all(
    {
        QuestionAction.VIEW_BANK: Permission(edit_bank, {"own_course": EDITORS.hidden}),
        QuestionAction.EDIT_BANK: Permission(
            edit_bank,
            {"quiz.edit_key own_course_with_attempts": EDITORS.because("makes a new version; attempts keep theirs until regraded")},
        ),
    }
)
