"""The place of a question in the blueprints and draws of quizzes (spec/selection 1): it stands in drafts and is no part of a version.
What the results of a quiz are used for outside its course (spec/selection 0), which is frozen with the version.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from quizzes.rules.blueprint import BlueprintWeight
from quizzes.rules.objections import ObjectionRules
from quizzes.rules.ties import TieRules

DRAFT_ONLY = "draft_only"
"""Metadata of a field that stands in drafts alone: it is no part of a version and never in a document."""


class Difficulty(StrEnum):
    """The difficulty of a question as its author judges it; for draws and reports."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class CognitiveLevel(StrEnum):
    """The demand that a question makes of the mind, for the blueprint of a quiz."""

    RECALL = "recall"
    UNDERSTAND = "understand"
    APPLY = "apply"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True)
class QuestionSelection:
    """The objective that a question examines, its level, its family, its enemies and the quizzes that it is reserved for.

    A family is variants of one idea; enemies never stand in the same question set, because one gives the other away.
    """

    objective: str = ""
    level: CognitiveLevel | None = None
    family: str = ""
    enemies: tuple[str, ...] = ()
    expected: Fraction | None = None
    """The facility that its judges foresee, in percent."""
    only: tuple[str, ...] = ()
    """The keys of the quizzes that alone may show it; empty where it is not reserved."""
    by_variant: bool = False
    """Whether each draw of its values is a variant with a facility of its own."""
    origin: str = ""
    """The sign by which copies of it in other courses are known to be the same question (2.2); '' where none is written."""

    def is_reserved_from(self, quiz: str) -> bool:
        """Return whether the question is reserved for other quizzes than this one (spec/selection 1.6)."""
        return bool(self.only) and quiz not in self.only


NOT_SELECTED = QuestionSelection()


@dataclass(frozen=True, slots=True)
class ResultUse:
    """The use of a quiz's results outside its course, and whom learners ask about it: plain words by language."""

    use: Mapping[str, str]
    contact: Mapping[str, str]
    norm: Mapping[str, str] = field(default_factory=dict)
    """The norm that sets the pass mark, as it is cited; empty where there is none."""
    record: str = ""
    """The uuid of the signed record that chose the pass mark; '' where there is none. Both are frozen with the version."""
    objections: ObjectionRules | None = None
    """The time to object to questions; None in versions that are older than objections."""
    ties: TieRules | None = None
    """What decides between equal results; None where they share a rank."""
    blueprint: tuple[BlueprintWeight, ...] = ()
    """The shares of marks that every question set has; empty in versions that are older than this field."""
