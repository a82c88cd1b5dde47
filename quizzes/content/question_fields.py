"""What the web asks of a question, by its kind (format, section 8). The reader of the format judges the answers."""

from collections.abc import Mapping
from dataclasses import replace

from courses.content.settings import FieldShape, FieldSpec
from kernel.i18n import lazy_
from quizzes.content.row_fields import (
    FORMULA_ANSWERS,
    GAPS,
    IGNORING,
    KEY,
    NUMBER_ANSWERS,
    QUANTITY,
    RUBRIC,
    SHUFFLE,
    TEXT,
    TOLERANCE_KIND,
    VARIABLES,
    WHY,
    WORD_ANSWERS,
    YES_NO,
    Asked,
    RowFields,
    RowNotation,
    options,
    texts,
)
from quizzes.content.wording import DIFFICULTIES, STATES
from quizzes.rules.definitions import QuestionKind

_MODEL = FieldSpec("model", FieldShape.MARKDOWN, lazy_("Model answer"), lazy_("Shown with the feedback."))
_ANSWER = FieldSpec("answer", FieldShape.CHOICE, lazy_("Its column"))

OF_KIND: Mapping[str, tuple[Asked, ...]] = {
    QuestionKind.SINGLE: (options("options", lazy_("Exactly one is right.")), SHUFFLE),
    QuestionKind.MULTIPLE: (
        options("options", lazy_("As many as you like are right.")),
        FieldSpec(
            "rule",
            FieldShape.CHOICE,
            lazy_("How it is marked"),
            "",
            (
                ("right_minus_wrong", lazy_("Each right one adds, each wrong one takes away")),
                ("all_or_nothing", lazy_("All right or nothing")),
                ("fractions", lazy_("Each option has a share of its own")),
                ("proportional", lazy_("Each option told rightly counts, chosen or left")),
                ("right_only", lazy_("Right ones count, and a single wrong one takes all")),
                ("halves", lazy_("Half for one mistake, a quarter for two")),
            ),
            "right_minus_wrong",
        ),
        SHUFFLE,
    ),
    QuestionKind.TRUE_FALSE: (
        FieldSpec("answer", FieldShape.CHOICE, lazy_("The statement is"), "", (("true", lazy_("True")), ("false", lazy_("False")))),
    ),
    QuestionKind.NUMERICAL: (NUMBER_ANSWERS, *QUANTITY),
    QuestionKind.SHORT: (
        WORD_ANSWERS,
        *IGNORING,
        replace(_MODEL, help=lazy_("Only of a self-check, which has the mark 0: learners compare with it by themselves.")),
        FieldSpec("criteria", FieldShape.LISTED, lazy_("What a good answer has"), lazy_("One on each line; only of a self-check.")),
    ),
    QuestionKind.MATCHING: (
        RowFields(
            "pairs",
            RowNotation.FIELDS,
            lazy_("Pairs"),
            lazy_("Pair"),
            (FieldSpec("item", FieldShape.WORDS, lazy_("Element")), FieldSpec("match", FieldShape.WORDS, lazy_("Belongs to it")), WHY),
            (KEY, replace(KEY, name="match_key", label=lazy_("Key of what belongs to it"))),
            lazy_("At least two. Equal texts on the right are one choice."),
            3,
            keys=(("key", "item", "pairs"), ("match_key", "match", "matches")),
        ),
        texts("extra", lazy_("Choices that belong to none"), lazy_("Choice"), lazy_("They make guessing harder."), published="matches"),
        SHUFFLE,
    ),
    QuestionKind.ORDERING: (
        texts("items", lazy_("Elements in the right order"), lazy_("Element"), lazy_("At least three; learners find them mixed."), begun=4),
        FieldSpec(
            "rule",
            FieldShape.CHOICE,
            lazy_("How it is marked"),
            "",
            (
                ("relative_to_correct", lazy_("By how far each element is from its place")),
                ("all_or_nothing", lazy_("All right or nothing")),
                ("absolute_position", lazy_("Each element in its place counts")),
                ("relative_to_next", lazy_("Each element before its next one counts")),
                ("relative_to_next_and_last", lazy_("The same, and the last one at the end")),
                ("one_previous_and_next", lazy_("Each element with its two neighbours counts")),
                ("all_previous_and_next", lazy_("Each element with all before and after it counts")),
                ("longest_ordered", lazy_("The longest run in order, gaps allowed")),
                ("longest_contiguous", lazy_("The longest run without gaps")),
            ),
            "relative_to_correct",
        ),
    ),
    QuestionKind.ESSAY: (
        FieldSpec("words.min", FieldShape.NUMBER, lazy_("Fewest words"), lazy_("Advice, never refused.")),
        FieldSpec("words.max", FieldShape.NUMBER, lazy_("Most words")),
        FieldSpec("template", FieldShape.MARKDOWN, lazy_("Text to begin with"), lazy_("Stands in the field when the learner opens it.")),
        _MODEL,
        RUBRIC,
        FieldSpec("files", FieldShape.NUMBER, lazy_("Files that may be attached"), "", usual="0"),
    ),
    QuestionKind.FILE: (
        FieldSpec("accept", FieldShape.KEYS, lazy_("Kinds of file"), lazy_("Their endings: pdf, docx, xlsx.")),
        FieldSpec("files", FieldShape.NUMBER, lazy_("How many files"), "", usual="1"),
        FieldSpec("size", FieldShape.NUMBER, lazy_("Largest size in MB"), "", usual="10"),
        RUBRIC,
    ),
    QuestionKind.CALCULATED: (
        VARIABLES,
        FieldSpec(
            "conditions",
            FieldShape.LINES,
            lazy_("Conditions"),
            lazy_("One on each line: a > b. Numbers that do not meet them are drawn again."),
        ),
        FORMULA_ANSWERS,
        *QUANTITY,
    ),
    QuestionKind.GAPS: (
        GAPS,
        FieldSpec(
            "drag",
            FieldShape.FLAG,
            lazy_("Are the gaps filled from one set of words?"),
            lazy_(
                "The right answers of all gaps and the words below are dragged or chosen; every gap is then one in which a word is typed."
            ),
            YES_NO,
            "false",
        ),
        texts("extra", lazy_("Words that fit no gap"), lazy_("Word"), lazy_("Only where the gaps are filled from one set of words.")),
    ),
    QuestionKind.MATRIX: (
        texts("columns", lazy_("Columns"), lazy_("Column"), lazy_("At least two: what is chosen in each row."), begun=3),
        RowFields(
            "rows",
            RowNotation.TEXTS,
            lazy_("Rows"),
            lazy_("Row"),
            (FieldSpec(TEXT, FieldShape.WORDS, lazy_("Row")), _ANSWER, WHY),
            (KEY,),
            lazy_("Each is answered with one of the columns."),
            3,
            keys=(("key", TEXT, "rows"),),
            order=(TEXT, "key", "answer", "why"),
        ),
        FieldSpec(
            "survey",
            FieldShape.FLAG,
            lazy_("Is it a survey?"),
            lazy_("Then no row has a right column, and the question has the mark 0."),
            YES_NO,
            "false",
        ),
    ),
    QuestionKind.DESCRIPTION: (),
}
FROM_TEXT = frozenset({"gaps", "variables"})
"""Rows that the text names in braces."""
FLOWS = frozenset({"tags", "accept", "source", "see", "was", "words", "tolerance", "units", "values", "variables.*"})
"""Fields that stand on one line where they fit (format, section 11)."""

_TEXT = (FieldSpec("text", FieldShape.MARKDOWN, lazy_("Question"), lazy_("What is asked.")),)
_FEEDBACK = (
    FieldSpec("explanation", FieldShape.MARKDOWN, lazy_("Explanation"), lazy_("Why it is so: shown to everybody with the feedback.")),
    FieldSpec("hints", FieldShape.LISTED, lazy_("Hints"), lazy_("One on each line: each gives one more try, in quizzes that allow it.")),
    FieldSpec("penalty", FieldShape.NUMBER, lazy_("Lost by each wrong try"), lazy_("A share of the mark: 1/3."), usual="1/3"),
    FieldSpec("source", FieldShape.LINES, lazy_("Sources"), lazy_("Keys of the course's resources, one on each line: ley-ss, art. 1.")),
    FieldSpec("see", FieldShape.LINES, lazy_("Where to read again"), lazy_("Keys of activities, one on each line: pisos#medir-la-brecha.")),
)
_FILED = (
    FieldSpec("mark", FieldShape.NUMBER, lazy_("Mark"), lazy_("What it counts; 0 for a self-check. A quiz may say otherwise."), usual="1"),
    FieldSpec(
        "state",
        FieldShape.CHOICE,
        lazy_("State"),
        lazy_("Only ready questions are drawn."),
        tuple((value, lazy_(words)) for value, words in STATES.items()),
        "ready",
    ),
    FieldSpec(
        "difficulty", FieldShape.CHOICE, lazy_("Difficulty"), "", tuple((value, lazy_(words)) for value, words in DIFFICULTIES.items())
    ),
    FieldSpec(
        "tags", FieldShape.KEYS, lazy_("Tags"), lazy_("Words of a to z and 0 to 9 with hyphens, separated by commas: calculo, piso.")
    ),
    FieldSpec(
        "unverified", FieldShape.FLAG, lazy_("Does it rest on something unverified?"), lazy_("Then it decides no mark."), YES_NO, "false"
    ),
    FieldSpec("note", FieldShape.WORD, lazy_("Note for colleagues"), lazy_("Never published.")),
)

_BEFORE = ("key", "was", "kind", "state", "unverified", "tags", "difficulty", "mark", "text")
_AFTER = ("hints", "penalty", "explanation", "source", "see", "note")

Groups = tuple[tuple[object, tuple[Asked, ...]], ...]


def groups_of(kind: str) -> Groups:
    """Return what is asked of a question of a kind, in groups."""
    own = OF_KIND[kind]
    if kind == QuestionKind.DESCRIPTION:
        return ((lazy_("What is shown"), _TEXT), (lazy_("In the bank"), _FILED[1:4]))
    return (
        (lazy_("What is asked"), (*_TEXT, *own)),
        (lazy_("Feedback"), _FEEDBACK),
        (lazy_("In the bank"), _FILED),
    )


def fields_of_kind(kind: str) -> tuple[Asked, ...]:
    """Return the same without groups."""
    return tuple(one for _name, asked in groups_of(kind) for one in asked)


def order_of(kind: str) -> tuple[str, ...]:
    """Return the fields of a question in the order in which they stand in its text."""
    own = (one.name.partition(".")[0] for one in OF_KIND[kind] if one.name != TOLERANCE_KIND)
    return (*_BEFORE, *dict.fromkeys(own), *_AFTER)
