"""Form fields of the repeated parts of a question: options, pairs, gaps, variables, criteria with their levels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from courses.content.settings import FieldShape, FieldSpec
from kernel.i18n import lazy_

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

    def fields_of(self, kind: str) -> "tuple[Asked, ...]":
        """Return what is asked of a row, by its kind."""
        return (*self.fields, *self.kinds.get(kind, ()), *self.more)

    @property
    def usual_kind(self) -> str:
        """Return the kind of a row that says none, '' where rows have no kinds."""
        return next((spec.usual for spec in self.fields if isinstance(spec, FieldSpec) and spec.name == KIND), "") if self.kinds else ""

    @property
    def is_moved(self) -> bool:
        """Say whether the order of its rows means something."""
        return self.written not in (RowNotation.NAMED, RowNotation.FACTORS)


Asked = FieldSpec | RowFields


def leaves(specs: Sequence[Asked]) -> list[FieldSpec]:
    """Return what is asked for in single fields."""
    return [spec for spec in specs if isinstance(spec, FieldSpec)]


def lists(specs: Sequence[Asked]) -> list[RowFields]:
    """Return what is asked for in rows."""
    return [spec for spec in specs if isinstance(spec, RowFields)]


# --- Rows that several kinds have --------------------------------------------------------------------------------------------------------

KEY = FieldSpec("key", FieldShape.WORD, lazy_("Key"), lazy_("Answers are stored under it. Leave empty to create it from the text."))
WHY = FieldSpec("why", FieldShape.WORDS, lazy_("Feedback"))
CREDIT = FieldSpec(
    "credit", FieldShape.NUMBER, lazy_("Share of the mark"), lazy_("1/2, or -1/4 to deduct. Leave empty for all or nothing.")
)
IS_RIGHT = FieldSpec(VERDICT, FieldShape.CHOICE, lazy_("Is it right?"), "", (("wrong", lazy_("Wrong")), ("right", lazy_("Right"))), "wrong")
_FIXED = FieldSpec("fixed", FieldShape.FLAG, lazy_("Keep it in its place?"), lazy_("When the others are shuffled."), YES_NO, "false")
_JUDGED_ORDER = (VERDICT, WORDS, "why", "key", "credit", "fixed", TOLERANCE, TOLERANCE_KIND)
SHUFFLE = FieldSpec("shuffle", FieldShape.FLAG, lazy_("In a different order for each learner?"), "", YES_NO, "true")


def options(name: str, help_: Any, published: str = "options", begun: int = 4) -> RowFields:
    """Return the options of a choice."""
    return RowFields(
        name,
        RowNotation.JUDGED,
        lazy_("Options"),
        lazy_("Option"),
        (FieldSpec(WORDS, FieldShape.WORDS, lazy_("Option")), IS_RIGHT, WHY),
        (CREDIT, _FIXED, KEY),
        help_,
        begun,
        keys=(("key", WORDS, published),),
        order=_JUDGED_ORDER,
    )


def tolerance(help_: Any) -> tuple[FieldSpec, ...]:
    """Return the fields of a tolerance."""
    return (
        FieldSpec(TOLERANCE, FieldShape.NUMBER, lazy_("Tolerance"), help_),
        FieldSpec(
            TOLERANCE_KIND,
            FieldShape.CHOICE,
            lazy_("Kind of tolerance"),
            lazy_("How to read the tolerance: as a number, or as a share of the answer (0.01 is one percent)."),
            (
                (NOMINAL, lazy_("A fixed amount, plus or minus")),
                ("relative", lazy_("A share of the answer, plus or minus")),
                ("geometric", lazy_("A share of the answer, multiplied or divided")),
            ),
            NOMINAL,
        ),
    )


def answers(content: FieldSpec, help_: Any, more: tuple[FieldSpec, ...] = (CREDIT,), begun: int = 2) -> RowFields:
    """Return the row fields of answers that are compared with the learner's typed response."""
    return RowFields(
        "answers",
        RowNotation.JUDGED,
        lazy_("Answers"),
        lazy_("Expected answer"),
        (content, IS_RIGHT, WHY),
        more,
        help_,
        begun,
        order=_JUDGED_ORDER,
    )


OWN_TOLERANCE = tolerance(lazy_("For this answer only. Leave empty to use the question's tolerance."))
WORD_ANSWERS = answers(
    FieldSpec(WORDS, FieldShape.WORDS, lazy_("Expected answer")), lazy_("The first match counts; * stands for any characters."), begun=2
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
    FieldSpec("ignore_case", FieldShape.FLAG, lazy_("Ignore capital letters?"), "", YES_NO, "true"),
    FieldSpec("ignore_accents", FieldShape.FLAG, lazy_("Ignore accents?"), lazy_("If not set: ignored in Spanish."), YES_NO),
    FieldSpec(
        "ignore_typography",
        FieldShape.FLAG,
        lazy_("Ignore typographic variants?"),
        lazy_("Phones and word processors write ’ for ' and – for -. If not set: they count as the same sign."),
        YES_NO,
        "true",
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
        "",
        (("mark", lazy_("The marks for the answer")), ("maximum", lazy_("The mark of the question"))),
        "mark",
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
        entry_label,
        (FieldSpec(TEXT, FieldShape.WORDS, entry_label),),
        (KEY,),
        help_,
        begun,
        keys=(("key", TEXT, published or name),),
        order=(TEXT, "key"),
    )


RUBRIC = RowFields(
    "rubric",
    RowNotation.FIELDS,
    lazy_("Rubric"),
    lazy_("Criterion"),
    (
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
    (KEY,),
    lazy_("The highest levels of all criteria must add up to the mark of the question."),
    order=("criterion", "key", "levels"),
)
GAPS = RowFields(
    "gaps",
    RowNotation.NAMED,
    lazy_("Gaps"),
    lazy_("Gap"),
    (
        FieldSpec(NAME, FieldShape.WORD, lazy_("Name"), lazy_("As in the text, without braces.")),
        FieldSpec(
            KIND,
            FieldShape.CHOICE,
            lazy_("How it is filled"),
            "",
            (
                ("short", lazy_("Typed word")),
                ("numerical", lazy_("Typed number")),
                ("single", lazy_("Choice from a list")),
            ),
            "short",
        ),
    ),
    (FieldSpec("weight", FieldShape.NUMBER, lazy_("Weight"), lazy_("How much it counts relative to the other gaps."), usual="1"),),
    lazy_("Each appears once in the text, as {name}."),
    kinds={
        "short": (WORD_ANSWERS, *IGNORING),
        "numerical": (NUMBER_ANSWERS, *QUANTITY),
        "single": (options("options", lazy_("Exactly one is right."), "gaps.{name}.options", begun=3), SHUFFLE),
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
