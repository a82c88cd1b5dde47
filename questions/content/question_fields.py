"""Form fields of a question and of its repeated parts, with the names of kinds, states, difficulties and levels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from courses.content.course_fields import labels_of
from courses.content.kinds import FieldLabel
from courses.content.mapping_cursor import FORMER_KEYS, FORMERLY
from courses.content.settings import FieldShape, FieldSpec
from kernel.errors import N_
from kernel.i18n import _, lazy_
from questions.content.banks import FIELDS_AFTER, FIELDS_BEFORE, IDENTITY_FIELDS
from questions.rules.definitions import CognitiveLevel, Difficulty, QuestionKind, QuestionState

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


YES_NO = (("true", lazy_("Yes")), ("false", lazy_("No")))
VERDICT, WORDS = "verdict", "words"
"""Of an entry that says “right: …” or “wrong: …”: which of the two, and the words behind it."""
NAME, FACTOR, KIND, TEXT = "name", "factor", "kind", "text"
TOLERANCE, TOLERANCE_KIND = "tolerance", "tolerance_kind"
NOMINAL, RELATIVE_KINDS = "nominal", ("relative", "geometric")
MOST_ROWS = 30


class RowNotation(StrEnum):
    """The notation of rows in the text."""

    FIELDS = "fields"
    """A list of mappings."""
    JUDGED = "judged"
    """A list of mappings that say “right: …” or “wrong: …”."""
    TEXTS = "texts"
    """A list of texts, or of mappings with “text: …” where one has more to say."""
    NAMED = "named"
    """A mapping from a name to a mapping."""
    FACTORS = "factors"
    """A mapping from a name to a number."""


@dataclass(frozen=True, slots=True)
class RowFields:
    """A repeated part of a question, each row with `fields`; `more` are those that few need.

    `begun` rows are offered in a new question; `kinds` are further fields by the value of a row's field `kind`. `keys` name the fields of
    a key, of the text that it is made from where it is not written, and the list of published keys to which it belongs.
    """

    name: str
    written: RowNotation
    label: Any
    one: Any
    fields: "tuple[Asked, ...]"
    more: tuple[FieldSpec, ...] = ()
    help: Any = ""
    begun: int = 0
    kinds: "Mapping[str, tuple[Asked, ...]]" = field(default_factory=dict)
    keys: tuple[tuple[str, str, str], ...] = ()
    order: tuple[str, ...] = ()
    """The names of the fields as they stand in the text, where that is another order than asked."""
    written_as: Mapping[str, str] = field(default_factory=dict)
    """Fields that are called otherwise in the text: a form has words of its own."""
    starts: Mapping[str, str] = field(default_factory=dict)
    """What stands in the fields of a new row."""
    has_one_right: bool = False
    """Whether exactly one of its rows is right."""

    def fields_of(self, kind: str) -> "tuple[Asked, ...]":
        """Return the fields of a row, by its kind."""
        return (*self.fields, *self.kinds.get(kind, ()), *self.more)

    @property
    def usual_kind(self) -> str:
        """Return the kind of a row that says none, '' where rows have no kinds."""
        return next((spec.usual for spec in self.fields if isinstance(spec, FieldSpec) and spec.name == KIND), "") if self.kinds else ""

    @property
    def is_moved(self) -> bool:
        """Return whether the order of its rows means something."""
        return self.written not in (RowNotation.NAMED, RowNotation.FACTORS)

    @property
    def takes_lines(self) -> bool:
        """Return whether a pasted list makes rows, one of each line: options, elements, columns, not answers that are compared."""
        return self.written in (RowNotation.JUDGED, RowNotation.TEXTS) and bool(self.keys)

    @property
    def is_plain(self) -> bool:
        """Return whether a row fits on a line: a few fields that explain themselves."""
        return not self.kinds and all(isinstance(spec, FieldSpec) and not spec.help for spec in self.fields)


Asked = FieldSpec | RowFields


def leaves(specs: Sequence[Asked]) -> list[FieldSpec]:
    """Return the values of single fields."""
    return [spec for spec in specs if isinstance(spec, FieldSpec)]


def lists(specs: Sequence[Asked]) -> list[RowFields]:
    """Return the values of rows."""
    return [spec for spec in specs if isinstance(spec, RowFields)]


# --- Rows that several kinds have --------------------------------------------------------------------------------------------------------

KEY = FieldSpec("key", FieldShape.WORD, lazy_("Key"), lazy_("Answers are stored under it. Leave empty to create it from the text."))
WHY = FieldSpec("why", FieldShape.WORDS, lazy_("Feedback"))
CREDIT = FieldSpec(
    "credit", FieldShape.NUMBER, lazy_("Share of the mark"), lazy_("1/2, or -1/4 to deduct. Leave empty for all or nothing.")
)
IS_RIGHT = FieldSpec(
    VERDICT,
    FieldShape.CHOICE,
    lazy_("Is it right?"),
    help="",
    choices=(("wrong", lazy_("Wrong")), ("right", lazy_("Right"))),
    usual="wrong",
)
_FIXED = FieldSpec(
    "fixed", FieldShape.FLAG, lazy_("Keep it in its place?"), help=lazy_("When the others are shuffled."), choices=YES_NO, usual="false"
)
_JUDGED_ORDER = (VERDICT, WORDS, "why", "key", "credit", "fixed", TOLERANCE, TOLERANCE_KIND)
SHUFFLE = FieldSpec("shuffle", FieldShape.FLAG, lazy_("In a different order for each learner?"), help="", choices=YES_NO, usual="true")


def options(name: str, help_: Any, published: str = "options", begun: int = 4, *, has_one_right: bool = False) -> RowFields:
    """Return the options of a choice."""
    return RowFields(
        name,
        RowNotation.JUDGED,
        lazy_("Options"),
        one=lazy_("Option"),
        fields=(FieldSpec(WORDS, FieldShape.WORDS, lazy_("Option")), IS_RIGHT, WHY),
        more=(CREDIT, _FIXED, KEY),
        help=help_,
        begun=begun,
        keys=(("key", WORDS, published),),
        order=_JUDGED_ORDER,
        has_one_right=has_one_right,
    )


def tolerance(help_: Any) -> tuple[FieldSpec, ...]:
    """Return the fields of a tolerance."""
    return (
        FieldSpec(TOLERANCE, FieldShape.NUMBER, lazy_("Tolerance"), help_),
        FieldSpec(
            TOLERANCE_KIND,
            FieldShape.CHOICE,
            lazy_("Kind of tolerance"),
            help=lazy_("How to read the tolerance: as a number, or as a share of the answer (0.01 is one percent)."),
            choices=(
                (NOMINAL, lazy_("A fixed amount, plus or minus")),
                ("relative", lazy_("A share of the answer, plus or minus")),
                ("geometric", lazy_("A share of the answer, multiplied or divided")),
            ),
            usual=NOMINAL,
        ),
    )


def answers(content: FieldSpec, help_: Any, more: tuple[FieldSpec, ...] = (CREDIT,)) -> RowFields:
    """Return the row fields of answers that are compared with the learner's typed response."""
    return RowFields(
        "answers",
        RowNotation.JUDGED,
        lazy_("Answers"),
        one=lazy_("Expected answer"),
        fields=(content, IS_RIGHT, WHY),
        more=more,
        help=help_,
        begun=1,
        order=_JUDGED_ORDER,
        starts={VERDICT: "right"},
    )


OWN_TOLERANCE = tolerance(lazy_("For this answer only. Leave empty to use the question's tolerance."))
WORD_ANSWERS = answers(
    FieldSpec(WORDS, FieldShape.WORDS, lazy_("Expected answer")), lazy_("The first match counts; * stands for any characters.")
)
NUMBER_ANSWERS = answers(
    FieldSpec(WORDS, FieldShape.NUMBER, lazy_("Number")),
    lazy_("Use a decimal point or comma; * stands for any other number. The first match counts."),
    (*OWN_TOLERANCE, CREDIT),
)
FORMULA_ANSWERS = answers(
    FieldSpec(WORDS, FieldShape.WORD, lazy_("Formula")),
    lazy_("Use the names of the variables and + - * / ** ( ), abs min max round floor ceil sqrt exp ln log10: 2 * a."),
    (*OWN_TOLERANCE, CREDIT),
)
IGNORING = (
    FieldSpec("ignore_case", FieldShape.FLAG, lazy_("Ignore capital letters?"), help="", choices=YES_NO, usual="true"),
    FieldSpec("ignore_accents", FieldShape.FLAG, lazy_("Ignore accents?"), lazy_("If not set: ignored in Spanish."), YES_NO),
    FieldSpec(
        "ignore_typography",
        FieldShape.FLAG,
        lazy_("Ignore typographic variants?"),
        help=lazy_("Phones and word processors write ’ for ' and – for -. If not set: they count as the same sign."),
        choices=YES_NO,
        usual="true",
    ),
)
QUANTITY: tuple[Asked, ...] = (
    *tolerance(lazy_("How far an answer can be from the number and still count. Leave empty for no tolerance.")),
    FieldSpec("unit", FieldShape.WORDS, lazy_("Unit"), lazy_("Shown next to the field. Leave empty if learners choose the unit.")),
    RowFields(
        "units",
        RowNotation.FACTORS,
        lazy_("Units to choose from"),
        lazy_("Unit"),
        (
            FieldSpec(NAME, FieldShape.WORD, lazy_("Unit")),
            FieldSpec(
                FACTOR,
                FieldShape.NUMBER,
                lazy_("Conversion factor"),
                lazy_("1 for the unit of the answers above; if that is m, 1000 for km."),
            ),
        ),
        help=lazy_("Learners choose one of them next to the number."),
    ),
    FieldSpec(
        "unit_penalty",
        FieldShape.NUMBER,
        lazy_("Deducted for a wrong unit"),
        lazy_("A share: 1/10. Leave empty to deduct nothing."),
        usual="0",
    ),
    FieldSpec(
        "unit_penalty_of",
        FieldShape.CHOICE,
        lazy_("Deduct a share of"),
        help="",
        choices=(("mark", lazy_("The marks for the answer")), ("maximum", lazy_("The mark of the question"))),
        usual="mark",
    ),
    FieldSpec("decimals", FieldShape.NUMBER, lazy_("Decimals required"), lazy_("Shown to learners. Leave empty to allow any.")),
)
QUANTITY_ORDER = (TOLERANCE, TOLERANCE_KIND, "unit", "units", "unit_penalty", "unit_penalty_of", "decimals")


def texts(name: str, label: Any, entry_label: Any, help_: Any, published: str = "", begun: int = 0) -> RowFields:
    """Return texts of which each may have a key."""
    return RowFields(
        name,
        RowNotation.TEXTS,
        label,
        one=entry_label,
        fields=(FieldSpec(TEXT, FieldShape.WORDS, entry_label),),
        more=(KEY,),
        help=help_,
        begun=begun,
        keys=(("key", TEXT, published or name),),
        order=(TEXT, "key"),
    )


RUBRIC = RowFields(
    "rubric",
    RowNotation.FIELDS,
    lazy_("Rubric"),
    one=lazy_("Criterion"),
    fields=(
        FieldSpec("criterion", FieldShape.WORDS, lazy_("Criterion")),
        RowFields(
            "levels",
            RowNotation.FIELDS,
            lazy_("Levels"),
            lazy_("Level"),
            (
                FieldSpec("points", FieldShape.NUMBER, lazy_("Points")),
                FieldSpec(TEXT, FieldShape.WORDS, lazy_("Description of this level")),
            ),
            begun=3,
        ),
    ),
    more=(KEY,),
    help=lazy_("The highest levels of all criteria must add up to the mark of the question."),
    order=("criterion", "key", "levels"),
)
GAPS = RowFields(
    "gaps",
    RowNotation.NAMED,
    lazy_("Gaps"),
    one=lazy_("Gap"),
    fields=(
        FieldSpec(NAME, FieldShape.WORD, lazy_("Name"), lazy_("As in the text, without braces.")),
        FieldSpec(
            KIND,
            FieldShape.CHOICE,
            lazy_("How it is filled"),
            help="",
            choices=(
                ("short", lazy_("Typed word")),
                ("numerical", lazy_("Typed number")),
                ("single", lazy_("Choice from a list")),
            ),
            usual="short",
        ),
    ),
    more=(FieldSpec("weight", FieldShape.NUMBER, lazy_("Weight"), lazy_("How much it counts relative to the other gaps."), usual="1"),),
    help=lazy_("Each appears once in the text, as {name}."),
    kinds={
        "short": (WORD_ANSWERS, *IGNORING),
        "numerical": (NUMBER_ANSWERS, *QUANTITY),
        "single": (options("options", lazy_("Exactly one is right."), "gaps.{name}.options", begun=3, has_one_right=True), SHUFFLE),
    },
    order=(KIND, "answers", "ignore_case", "ignore_accents", "ignore_typography", "options", "shuffle", *QUANTITY_ORDER, "weight"),
)
VARIABLES = RowFields(
    "variables",
    RowNotation.NAMED,
    lazy_("Variables"),
    lazy_("Variable"),
    (
        FieldSpec(NAME, FieldShape.WORD, lazy_("Name"), lazy_("As in the text, without braces.")),
        FieldSpec("from", FieldShape.NUMBER, lazy_("From")),
        FieldSpec("to", FieldShape.NUMBER, lazy_("To")),
        FieldSpec("step", FieldShape.NUMBER, lazy_("In steps of")),
        FieldSpec(
            "numbers", FieldShape.NUMBERS, lazy_("Or one of these numbers"), lazy_("Separated by semicolons or spaces: 10; 12.5; 20.")
        ),
        FieldSpec("decimals", FieldShape.NUMBER, lazy_("Decimals shown")),
    ),
    help=lazy_("For each, give a first number, a last number and a step, or a list of numbers. Each attempt draws its own."),
    begun=2,
    written_as={"numbers": "values"},
)


_MODEL = FieldSpec("model", FieldShape.MARKDOWN, lazy_("Model answer"), lazy_("Shown with the feedback."))
_ANSWER = FieldSpec("answer", FieldShape.CHOICE, lazy_("Right column"))

OF_KIND: Mapping[str, tuple[Asked, ...]] = {
    QuestionKind.SINGLE: (options("options", lazy_("Exactly one is right."), has_one_right=True), SHUFFLE),
    QuestionKind.MULTIPLE: (
        options("options", lazy_("Any number of options can be right.")),
        FieldSpec(
            "rule",
            FieldShape.CHOICE,
            lazy_("How it is marked"),
            help="",
            choices=(
                ("right_minus_wrong", lazy_("Right options add marks, wrong options deduct them")),
                ("all_or_nothing", lazy_("All right or nothing")),
                ("fractions", lazy_("Each option has its own share of the mark")),
                ("proportional", lazy_("One mark for each option correctly selected or left unselected")),
                ("right_only", lazy_("Right options add marks; a single wrong one loses them all")),
                ("halves", lazy_("Half for one mistake, a quarter for two")),
            ),
            usual="right_minus_wrong",
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
            one=lazy_("Pair"),
            fields=(FieldSpec("item", FieldShape.WORDS, lazy_("Element")), FieldSpec("match", FieldShape.WORDS, lazy_("Its match")), WHY),
            more=(KEY, replace(KEY, name="match_key", label=lazy_("Key of its match"))),
            help=lazy_("At least two. Identical texts on the right become one choice."),
            begun=3,
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
            help="",
            choices=(
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
            usual="relative_to_correct",
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
            help=lazy_(
                "If so, no one marks it. After submitting, learners choose a level for each criterion of the rubric, beside the model "
                "answer and the explanation. The mark must be 0."
            ),
            choices=YES_NO,
            usual="false",
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
            help=lazy_("If so, balanced draws know how hard each one is. Up to 50 sets of values."),
            choices=YES_NO,
            usual="false",
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
            help=lazy_("Learners drag or choose the right answers of all gaps and the words below. Every gap must then be a typed word."),
            choices=YES_NO,
            usual="false",
        ),
        texts("extra", lazy_("Words that fit no gap"), lazy_("Word"), lazy_("Only if all gaps are filled from one set of words.")),
    ),
    QuestionKind.MATRIX: (
        texts("columns", lazy_("Columns"), lazy_("Column"), lazy_("At least two: learners choose one in each row."), begun=3),
        RowFields(
            "rows",
            RowNotation.TEXTS,
            lazy_("Rows"),
            one=lazy_("Row"),
            fields=(FieldSpec(TEXT, FieldShape.WORDS, lazy_("Row")), _ANSWER, WHY),
            more=(KEY,),
            help=lazy_("Each is answered with one of the columns."),
            begun=3,
            keys=(("key", TEXT, "rows"),),
            order=(TEXT, "key", "answer", "why"),
        ),
        FieldSpec(
            "survey",
            FieldShape.FLAG,
            lazy_("Is it a survey?"),
            help=lazy_("If so, no row has a right column and the question has the mark 0."),
            choices=YES_NO,
            usual="false",
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

_TEXT = (FieldSpec("text", FieldShape.MARKDOWN, lazy_("Question")),)
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
        help=lazy_("Only ready questions are drawn."),
        choices=tuple((value, lazy_(label)) for value, label in STATES.items()),
        usual="ready",
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
        help=lazy_("If so, it does not count towards a grade."),
        choices=YES_NO,
        usual="false",
    ),
    FieldSpec("note", FieldShape.WORD, lazy_("Note for colleagues"), lazy_("Never published.")),
)

COMMON_KINDS = (
    QuestionKind.SINGLE,
    QuestionKind.MULTIPLE,
    QuestionKind.TRUE_FALSE,
    QuestionKind.NUMERICAL,
    QuestionKind.SHORT,
    QuestionKind.MATCHING,
)
"""The kinds that pages offer before all others."""


def list_kinds() -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return the common kinds and all others, each with its name in the reader's language."""
    names = {kind: _(label) for kind, label in KINDS.items()}
    common = tuple((kind, names[kind]) for kind in COMMON_KINDS)
    return common, tuple((kind, name) for kind, name in names.items() if kind not in COMMON_KINDS)


ALWAYS_SHOWN = frozenset(
    {
        *("text", "options", "answers", "answer", "pairs", "items", "gaps", "variables", "columns", "rows", "rubric", "accept"),
        *("tolerance", "unit", "explanation"),
    }
)
"""What the form of a question shows at once; everything else is folded."""

Groups = tuple[tuple[object, tuple[Asked, ...]], ...]


def groups_of(kind: str) -> Groups:
    """Return the fields of a question of a kind in groups: what is always shown, what few need, and what large banks need."""
    if kind == QuestionKind.DESCRIPTION:
        return ((lazy_("Question"), _TEXT), (lazy_("For large banks"), _FILED[1:4]))
    every = (*_TEXT, *OF_KIND[kind], *_FEEDBACK, _FILED[0])
    return (
        (lazy_("Question"), tuple(spec for spec in every if spec.name in ALWAYS_SHOWN)),
        (lazy_("More options"), tuple(spec for spec in every if spec.name not in ALWAYS_SHOWN)),
        (lazy_("For large banks"), _FILED[1:]),
    )


def fields_of_kind(kind: str) -> tuple[Asked, ...]:
    """Return the form fields of a question kind, without groups."""
    return tuple(spec for _name, specs in groups_of(kind) for spec in specs)


def order_of(kind: str) -> tuple[str, ...]:
    """Return the fields of a question in the order in which they stand in its text."""
    own = (spec.name.partition(".")[0] for spec in OF_KIND[kind] if spec.name != TOLERANCE_KIND)
    return (*IDENTITY_FIELDS, *FIELDS_BEFORE, *dict.fromkeys(own), *FIELDS_AFTER)


def question_labels() -> dict[str, FieldLabel]:
    """Return the labels of all fields of questions by their names in the text."""
    return _labels([spec for kind in OF_KIND for spec in fields_of_kind(kind)])


def _labels(specs: Iterable[Asked]) -> dict[str, FieldLabel]:
    every = list(specs)
    labels = labels_of(leaves(every))
    for rows in lists(every):
        known = labels.get(rows.name)
        inner = _row_labels(rows)
        is_named = rows.written in (RowNotation.NAMED, RowNotation.FACTORS)
        labels[rows.name] = FieldLabel(rows.label, {**known.inner, **inner} if known else inner, is_named=is_named)
    return labels


def _row_labels(rows: RowFields) -> dict[str, FieldLabel]:
    inner = _labels((*rows.fields, *(spec for kind in rows.kinds.values() for spec in kind), *rows.more))
    if rows.written is RowNotation.JUDGED and WORDS in inner:
        inner |= {"right": inner[WORDS], "wrong": inner[WORDS]}
    return inner | {there: inner[here] for here, there in rows.written_as.items() if here in inner}
