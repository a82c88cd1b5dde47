"""Form fields of a question, by its kind (spec/content-format 8). The reader of the format validates the answers."""

from collections.abc import Mapping
from dataclasses import replace

from courses.content.mapping_cursor import FORMER_KEYS, FORMERLY
from courses.content.settings import FieldShape, FieldSpec
from kernel.i18n import lazy_
from quizzes.content.banks import FIELDS_AFTER, FIELDS_BEFORE, IDENTITY_FIELDS
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
from quizzes.content.wording import DIFFICULTIES, LEVELS, STATES
from quizzes.rules.definitions import QuestionKind

_MODEL = FieldSpec("model", FieldShape.MARKDOWN, lazy_("Model answer"), lazy_("Shown with the feedback."))
_ANSWER = FieldSpec("answer", FieldShape.CHOICE, lazy_("Right column"))

OF_KIND: Mapping[str, tuple[Asked, ...]] = {
    QuestionKind.SINGLE: (options("options", lazy_("Exactly one is right.")), SHUFFLE),
    QuestionKind.MULTIPLE: (
        options("options", lazy_("Any number of options can be right.")),
        FieldSpec(
            "rule",
            FieldShape.CHOICE,
            lazy_("How it is marked"),
            "",
            (
                ("right_minus_wrong", lazy_("Right options add marks, wrong options deduct them")),
                ("all_or_nothing", lazy_("All right or nothing")),
                ("fractions", lazy_("Each option has its own share of the mark")),
                ("proportional", lazy_("One mark for each option correctly selected or left unselected")),
                ("right_only", lazy_("Right options add marks; a single wrong one loses them all")),
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
        replace(_MODEL, help=lazy_("For self-checks (mark 0) only: learners compare their own answer with it.")),
        FieldSpec("criteria", FieldShape.LISTED, lazy_("What a good answer includes"), lazy_("One per line; for self-checks only.")),
    ),
    QuestionKind.MATCHING: (
        RowFields(
            "pairs",
            RowNotation.FIELDS,
            lazy_("Pairs"),
            lazy_("Pair"),
            (FieldSpec("item", FieldShape.WORDS, lazy_("Element")), FieldSpec("match", FieldShape.WORDS, lazy_("Its match")), WHY),
            (KEY, replace(KEY, name="match_key", label=lazy_("Key of its match"))),
            lazy_("At least two. Identical texts on the right become one choice."),
            3,
            keys=(("key", "item", "pairs"), ("match_key", "match", "matches")),
        ),
        texts("extra", lazy_("Choices that match nothing"), lazy_("Choice"), lazy_("They make guessing harder."), published="matches"),
        SHUFFLE,
    ),
    QuestionKind.ORDERING: (
        texts(
            "items", lazy_("Elements in the right order"), lazy_("Element"), lazy_("At least three; learners see them shuffled."), begun=4
        ),
        FieldSpec(
            "rule",
            FieldShape.CHOICE,
            lazy_("How it is marked"),
            "",
            (
                ("relative_to_correct", lazy_("Based on how far each element is from its place")),
                ("all_or_nothing", lazy_("All right or nothing")),
                ("absolute_position", lazy_("Credit for each element in its place")),
                ("relative_to_next", lazy_("Credit for each element followed by the right one")),
                ("relative_to_next_and_last", lazy_("The same, plus credit for the last element at the end")),
                ("one_previous_and_next", lazy_("Credit for each element with its right neighbours")),
                ("all_previous_and_next", lazy_("Credit for all elements rightly placed before and after each one")),
                ("longest_ordered", lazy_("The longest run in order, gaps allowed")),
                ("longest_contiguous", lazy_("The longest run without gaps")),
            ),
            "relative_to_correct",
        ),
    ),
    QuestionKind.ESSAY: (
        FieldSpec("words.min", FieldShape.NUMBER, lazy_("Minimum words"), lazy_("Advice only; never enforced.")),
        FieldSpec("words.max", FieldShape.NUMBER, lazy_("Maximum words")),
        FieldSpec("template", FieldShape.MARKDOWN, lazy_("Starting text"), lazy_("Already in the field when the learner opens it.")),
        _MODEL,
        RUBRIC,
        FieldSpec("files", FieldShape.NUMBER, lazy_("Number of files that can be attached"), "", usual="0"),
        FieldSpec(
            "review.self",
            FieldShape.FLAG,
            lazy_("Do learners assess it themselves?"),
            lazy_(
                "If so, no one marks it. After submitting, learners choose a level for each criterion of the rubric, beside the model "
                "answer and the explanation. The mark must be 0."
            ),
            YES_NO,
            "false",
        ),
    ),
    QuestionKind.FILE: (
        FieldSpec("accept", FieldShape.KEYS, lazy_("Kinds of file"), lazy_("File extensions: pdf, docx, xlsx.")),
        FieldSpec("files", FieldShape.NUMBER, lazy_("How many files"), "", usual="1"),
        FieldSpec("size", FieldShape.NUMBER, lazy_("Maximum size in MB"), "", usual="10"),
        RUBRIC,
    ),
    QuestionKind.CALCULATED: (
        VARIABLES,
        FieldSpec(
            "conditions",
            FieldShape.LINES,
            lazy_("Conditions"),
            lazy_("One per line: a > b. Values that do not meet them are drawn again."),
        ),
        FieldSpec(
            "by_variant",
            FieldShape.FLAG,
            lazy_("Own statistics for each set of values?"),
            lazy_("If so, balanced draws know how hard each one is. Up to 50 sets of values."),
            YES_NO,
            "false",
        ),
        FORMULA_ANSWERS,
        *QUANTITY,
    ),
    QuestionKind.GAPS: (
        GAPS,
        FieldSpec(
            "drag",
            FieldShape.FLAG,
            lazy_("Fill all gaps from one set of words?"),
            lazy_("Learners drag or choose the right answers of all gaps and the words below. Every gap must then be a typed word."),
            YES_NO,
            "false",
        ),
        texts("extra", lazy_("Words that fit no gap"), lazy_("Word"), lazy_("Only if all gaps are filled from one set of words.")),
    ),
    QuestionKind.MATRIX: (
        texts("columns", lazy_("Columns"), lazy_("Column"), lazy_("At least two: learners choose one in each row."), begun=3),
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
            lazy_("If so, no row has a right column and the question has the mark 0."),
            YES_NO,
            "false",
        ),
    ),
    QuestionKind.DESCRIPTION: (),
}
FROM_TEXT = frozenset({"gaps", "variables"})
"""Rows that the text names in braces."""
FLOWS = frozenset(
    {
        "tags",
        "enemies",
        "only",
        "accept",
        "source",
        "see",
        FORMER_KEYS,
        FORMERLY,
        "words",
        "review",
        "tolerance",
        "units",
        "values",
        "variables.*",
    }
)
"""Fields that stand on one line where they fit (spec/content-format 11)."""

_TEXT = (FieldSpec("text", FieldShape.MARKDOWN, lazy_("Question"), lazy_("What is asked.")),)
_FEEDBACK = (
    FieldSpec("explanation", FieldShape.MARKDOWN, lazy_("Explanation"), lazy_("Why this is so. Shown to everyone with the feedback.")),
    FieldSpec("hints", FieldShape.LISTED, lazy_("Hints"), lazy_("One per line. Each gives one more try in quizzes that allow it.")),
    FieldSpec("penalty", FieldShape.NUMBER, lazy_("Deducted for each wrong try"), lazy_("A share of the mark: 1/3."), usual="1/3"),
    FieldSpec("source", FieldShape.LINES, lazy_("Sources"), lazy_("Keys of the course's resources, one per line: ley-ss, art. 1.")),
    FieldSpec("see", FieldShape.LINES, lazy_("What to read again"), lazy_("Keys of activities, one per line: pisos#medir-la-brecha.")),
)
_FILED = (
    FieldSpec("mark", FieldShape.NUMBER, lazy_("Mark"), lazy_("Marks it is worth; 0 for a self-check. A quiz can set its own."), usual="1"),
    FieldSpec(
        "state",
        FieldShape.CHOICE,
        lazy_("State"),
        lazy_("Only ready questions are drawn."),
        tuple((value, lazy_(label)) for value, label in STATES.items()),
        "ready",
    ),
    FieldSpec(
        "difficulty", FieldShape.CHOICE, lazy_("Difficulty"), "", tuple((value, lazy_(label)) for value, label in DIFFICULTIES.items())
    ),
    FieldSpec("tags", FieldShape.KEYS, lazy_("Tags"), lazy_("Use a to z, 0 to 9 and hyphens; separate tags with commas: calculo, piso.")),
    FieldSpec(
        "objective",
        FieldShape.WORD,
        lazy_("Objective"),
        lazy_("Key of the objective that it examines. The blueprint of a quiz lists the keys."),
    ),
    FieldSpec(
        "level",
        FieldShape.CHOICE,
        lazy_("Level"),
        lazy_("What the learner has to do with what they know."),
        tuple((value, lazy_(label)) for value, label in LEVELS.items()),
    ),
    FieldSpec(
        "family",
        FieldShape.WORD,
        lazy_("Family"),
        lazy_("The same key for all variants of one idea: an attempt gets at most one of them."),
    ),
    FieldSpec(
        "enemies",
        FieldShape.KEYS,
        lazy_("Never together with"),
        lazy_("Keys of questions that give this one away, or that this one gives away, separated by commas."),
    ),
    FieldSpec(
        "only",
        FieldShape.KEYS,
        lazy_("Reserved for the quizzes"),
        lazy_("Keys of the only quizzes that may show it, separated by commas. The course is not published if anything else could."),
    ),
    FieldSpec(
        "expected",
        FieldShape.NUMBER,
        lazy_("Expected facility"),
        lazy_("Of 100 learners, how many should answer it right. Balanced draws use it until there are answers. Empty: by the difficulty."),
    ),
    FieldSpec(
        "unverified",
        FieldShape.FLAG,
        lazy_("Is it based on something unverified?"),
        lazy_("If so, it does not count towards a grade."),
        YES_NO,
        "false",
    ),
    FieldSpec("note", FieldShape.WORD, lazy_("Note for colleagues"), lazy_("Never published.")),
)

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
    """Return the form fields of a question kind, without groups."""
    return tuple(spec for _name, specs in groups_of(kind) for spec in specs)


def order_of(kind: str) -> tuple[str, ...]:
    """Return the fields of a question in the order in which they stand in its text."""
    own = (spec.name.partition(".")[0] for spec in OF_KIND[kind] if spec.name != TOLERANCE_KIND)
    return (*IDENTITY_FIELDS, *FIELDS_BEFORE, *dict.fromkeys(own), *FIELDS_AFTER)
