"""Names of kinds, states, difficulties and levels, as msgids for pages and forms."""

from collections.abc import Mapping

from kernel.errors import N_
from quizzes.rules.definitions import QuestionKind, QuestionState
from quizzes.rules.selection import CognitiveLevel, Difficulty

KINDS: Mapping[str, str] = {
    QuestionKind.SINGLE: N_("One answer"),
    QuestionKind.MULTIPLE: N_("Several answers"),
    QuestionKind.TRUE_FALSE: N_("True or false"),
    QuestionKind.SHORT: N_("Short answer"),
    QuestionKind.NUMERICAL: N_("Number"),
    QuestionKind.MATCHING: N_("Matching"),
    QuestionKind.ORDERING: N_("Ordering"),
    QuestionKind.GAPS: N_("Fill in the gaps"),
    QuestionKind.CALCULATED: N_("Calculated number"),
    QuestionKind.ESSAY: N_("Long text"),
    QuestionKind.FILE: N_("File"),
    QuestionKind.MATRIX: N_("Table"),
    QuestionKind.DESCRIPTION: N_("Text without a question"),
}
STATES: Mapping[str, str] = {
    QuestionState.READY: N_("Ready"),
    QuestionState.DRAFT: N_("Draft"),
    QuestionState.HIDDEN: N_("Hidden"),
}
DIFFICULTIES: Mapping[str, str] = {
    Difficulty.EASY: N_("Easy"),
    Difficulty.MEDIUM: N_("Medium"),
    Difficulty.HARD: N_("Hard"),
}
LEVELS: Mapping[str, str] = {
    CognitiveLevel.RECALL: N_("Recall"),
    CognitiveLevel.UNDERSTAND: N_("Understand"),
    CognitiveLevel.APPLY: N_("Apply"),
    CognitiveLevel.JUDGE: N_("Judge"),
}
