"""Permissions to see statistics, the quality of decisions and draws, and the history of questions."""

from collections.abc import Mapping
from enum import StrEnum

from courses.access import EDITORS, edits
from enrolments.access import hiding_all
from kernel.permissions import Actor, Permission, Roles, Verdict, allow_if
from questions.access import edit_bank
from quizzes.access import QuizContext, see_question_keys


class AnalysisAction(StrEnum):
    """Acts on statistics of quizzes and on the history of questions."""

    STATISTICS = "quiz:statistics"
    DECISIONS = "decision_quality:view"
    """See how sure the decisions at the pass mark are, with the people about whom the test cannot tell."""
    ITEM_HISTORY = "item_history:view"
    """See how a question did through months, versions and quizzes, without a person."""
    SEGMENT = "item_history:segment"
    """State that a version of a question changed only the wording, or take that back."""
    DRAW_TABLES = "draw_table:view"
    """See by which facilities question sets are drawn, and how equally hard they were."""


def _draw_tables(actor: Actor, subject: QuizContext) -> Verdict:
    """Those who edit the course see its draw tables; to others there is no such page."""
    return allow_if(edits(actor, subject.staff_role), Verdict.HIDE)


ANALYSIS_PERMISSIONS: Mapping[StrEnum, Permission] = hiding_all(
    {
        AnalysisAction.STATISTICS: Permission(see_question_keys, {"own_course": EDITORS}),
        AnalysisAction.DECISIONS: Permission(
            see_question_keys,
            {"own_course": EDITORS.because("spec/selection 12: it tells of people as statistics tell of keys; graders are refused")},
        ),
        AnalysisAction.DRAW_TABLES: Permission(
            _draw_tables, {"own_course": EDITORS.hidden.because("spec/selection 12: it tells how hard questions are")}
        ),
        AnalysisAction.ITEM_HISTORY: Permission(
            edit_bank,
            {
                "own_course": EDITORS.hidden.because(
                    "spec/selection 12: it tells how questions with their keys do; for others there is no such page"
                ),
                "reserved_elsewhere": Roles.ADMINISTRATORS.hidden.because(
                    "spec/selection 12: figures of a copy that another course reserves for some quizzes are for administrators"
                ),
            },
        ),
        AnalysisAction.SEGMENT: Permission(
            edit_bank,
            {
                "own_course": EDITORS.hidden.because(
                    "spec/selection 2.2: editors say whether a version changed only the wording; for others there is no such page"
                )
            },
        ),
    }
)
