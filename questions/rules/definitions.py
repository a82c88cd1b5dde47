"""The definition of a question: its variables, its place in blueprints and draws, and thirteen kinds as frozen dataclasses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any, ClassVar, TypeAlias, TypeVar, cast


@dataclass(frozen=True, slots=True)
class VariableRange:
    """Values from ``low`` to ``high``, both included, ``step`` apart."""

    low: Fraction
    high: Fraction
    step: Fraction


@dataclass(frozen=True, slots=True)
class QuestionVariable:
    """A variable of a calculated question: a range or a list of values, shown with ``decimals`` (None: as it is)."""

    name: str
    values: VariableRange | tuple[Fraction, ...]
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class ChoiceNumbers:
    """The variables of a choice whose options are calculated, and with how many decimals (None: as they are) these are shown."""

    variables: tuple[QuestionVariable, ...]
    conditions: tuple[str, ...] = ()
    parameters: Mapping[str, Fraction] = field(default_factory=dict)
    decimals: int | None = None


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


Texts: TypeAlias = Mapping[str, str]
DOCUMENT_FIELD = "document"
"""Metadata of a field whose name in a document is another: documents keep their names for ever."""
ADDED_LATER = "added_later"
"""Metadata of a field that older documents do not have: with its usual value it is left out, so that what did not change stays equal."""


class QuestionKind(StrEnum):
    """The thirteen kinds of question."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"
    SHORT = "short"
    NUMERICAL = "numerical"
    MATCHING = "matching"
    ORDERING = "ordering"
    GAPS = "gaps"
    CALCULATED = "calculated"
    ESSAY = "essay"
    FILE = "file"
    MATRIX = "matrix"
    DESCRIPTION = "description"


class QuestionState(StrEnum):
    """Only a ready question is drawn; a hidden one stays for old attempts."""

    READY = "ready"
    DRAFT = "draft"
    HIDDEN = "hidden"


class MultipleRule(StrEnum):
    """The named rules of a multiple choice (spec/quiz-engine 5.7)."""

    RIGHT_MINUS_WRONG = "right_minus_wrong"
    ALL_OR_NOTHING = "all_or_nothing"
    FRACTIONS = "fractions"
    PROPORTIONAL = "proportional"
    RIGHT_ONLY = "right_only"
    HALVES = "halves"


class OrderingRule(StrEnum):
    """The named rules of an ordering (spec/quiz-engine 5.7)."""

    RELATIVE_TO_CORRECT = "relative_to_correct"
    ALL_OR_NOTHING = "all_or_nothing"
    ABSOLUTE_POSITION = "absolute_position"
    RELATIVE_TO_NEXT = "relative_to_next"
    RELATIVE_TO_NEXT_AND_LAST = "relative_to_next_and_last"
    ONE_PREVIOUS_AND_NEXT = "one_previous_and_next"
    ALL_PREVIOUS_AND_NEXT = "all_previous_and_next"
    LONGEST_ORDERED = "longest_ordered"
    LONGEST_CONTIGUOUS = "longest_contiguous"


class ToleranceKind(StrEnum):
    """The kind of distance from the value that an answer may have (spec/quiz-engine 5.7)."""

    NOMINAL = "nominal"
    RELATIVE = "relative"
    GEOMETRIC = "geometric"


class UnitPenaltyOf(StrEnum):
    """Of what a missing or wrong unit takes its share."""

    MARK = "mark"
    MAXIMUM = "maximum"


class TextShape(StrEnum):
    """The kind of Markdown in a text: blocks, or a run within a paragraph."""

    MARKDOWN = "markdown"
    INLINE = "inline"


_MARKDOWN = {"text": TextShape.MARKDOWN}
_INLINE = {"text": TextShape.INLINE}


@dataclass(frozen=True, slots=True)
class QuestionCitation:
    """A key of the course's resources with an optional place in it ("art. 1")."""

    key: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class ReviewReference:
    """Where to read or listen again: an activity, and a heading's address or a second of a recording."""

    activity: str
    heading: str = ""
    second: int | None = None


@dataclass(frozen=True, slots=True)
class KeyedLabel:
    """A text with a stable key: item to order, column, extra choice."""

    key: str
    text: Texts = field(metadata=_INLINE)


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a single or multiple choice; ``right`` is the author's word, ``credit`` what choosing it is worth."""

    key: str
    text: Texts = field(metadata=_INLINE)
    right: bool
    credit: Fraction
    why: Texts | None = field(default=None, metadata=_INLINE)
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Tolerance:
    """An allowed distance: an amount (nominal), a share of the value (relative) or a factor less one (geometric)."""

    kind: ToleranceKind = ToleranceKind.NOMINAL
    amount: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class TextPattern:
    """A pattern with ``*`` and ``\\*``, plain text per language; ``key`` names the choice in gaps that are dragged, else empty."""

    patterns: Texts
    right: bool
    credit: Fraction
    why: Texts | None = field(default=None, metadata=_INLINE)
    key: str = ""


@dataclass(frozen=True, slots=True)
class NumericalAnswer:
    """A number, or None for any other number (written ``*``); without a tolerance of its own the question's holds."""

    value: Fraction | None
    right: bool
    credit: Fraction
    why: Texts | None = field(default=None, metadata=_INLINE)
    tolerance: Tolerance | None = None


@dataclass(frozen=True, slots=True)
class CalculatedAnswer:
    """An expression over the variables and the course's parameters."""

    expression: str
    right: bool
    credit: Fraction
    why: Texts | None = field(default=None, metadata=_INLINE)
    tolerance: Tolerance | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """An item and its match; two pairs with one ``match_key`` share one choice."""

    key: str
    item: Texts = field(metadata=_INLINE)
    match_key: str
    match: Texts = field(metadata=_INLINE)
    why: Texts | None = field(default=None, metadata=_INLINE)


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A row of a matrix; ``answer`` is the key of a column, None in a survey."""

    key: str
    text: Texts = field(metadata=_INLINE)
    answer: str | None = None
    why: Texts | None = field(default=None, metadata=_INLINE)


@dataclass(frozen=True, slots=True)
class RubricLevel:
    """A level of a rubric's criterion and its points."""

    points: Fraction
    text: Texts = field(metadata=_INLINE)


@dataclass(frozen=True, slots=True)
class RubricCriterion:
    """A criterion of a rubric; the highest levels of all criteria sum to the question's mark."""

    key: str
    criterion: Texts = field(metadata=_INLINE)
    levels: tuple[RubricLevel, ...] = ()


@dataclass(frozen=True, slots=True)
class WordLimits:
    """Advice on the length of an essay; None: no limit on that side."""

    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class SingleChoiceBody:
    """Choose one option; exactly one has full credit. ``numbers``: text and options have values that differ per attempt."""

    kind: ClassVar[QuestionKind] = QuestionKind.SINGLE
    options: tuple[Option, ...]
    shuffle: bool = True
    numbers: ChoiceNumbers | None = field(default=None, metadata={ADDED_LATER: True})


@dataclass(frozen=True, slots=True)
class MultipleChoiceBody:
    """Choose several options; a named rule makes the mark."""

    kind: ClassVar[QuestionKind] = QuestionKind.MULTIPLE
    options: tuple[Option, ...]
    rule: MultipleRule = MultipleRule.RIGHT_MINUS_WRONG
    shuffle: bool = True


@dataclass(frozen=True, slots=True)
class TrueFalseBody:
    """A statement that is true or false."""

    kind: ClassVar[QuestionKind] = QuestionKind.TRUE_FALSE
    answer: bool


@dataclass(frozen=True, slots=True)
class ShortAnswerBody:
    """A word or phrase against patterns; with ``model`` and ``criteria`` and mark 0 a self-check."""

    kind: ClassVar[QuestionKind] = QuestionKind.SHORT
    answers: tuple[TextPattern, ...] = ()
    ignore_case: bool = True
    ignore_accents: bool = True
    ignore_typography: bool = field(default=True, metadata={ADDED_LATER: True})
    model: Texts | None = field(default=None, metadata=_MARKDOWN)
    criteria: tuple[Texts, ...] = field(default=(), metadata=_INLINE)


@dataclass(frozen=True, slots=True)
class NumericalBody:
    """A number; ``unit`` is shown beside the field, ``units`` (word -> factor to the answers' unit) are asked for."""

    kind: ClassVar[QuestionKind] = QuestionKind.NUMERICAL
    answers: tuple[NumericalAnswer, ...]
    tolerance: Tolerance = field(default_factory=Tolerance)
    unit: Texts | None = None
    units: Mapping[str, Fraction] = field(default_factory=dict)
    unit_penalty: Fraction = Fraction(0)
    unit_penalty_of: UnitPenaltyOf = UnitPenaltyOf.MARK
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class MatchingBody:
    """Items to match; the choices are the distinct matches and the extras."""

    kind: ClassVar[QuestionKind] = QuestionKind.MATCHING
    pairs: tuple[Pair, ...]
    extra: tuple[KeyedLabel, ...] = ()
    shuffle: bool = True


@dataclass(frozen=True, slots=True)
class OrderingBody:
    """Items, here in the right order."""

    kind: ClassVar[QuestionKind] = QuestionKind.ORDERING
    items: tuple[KeyedLabel, ...]
    rule: OrderingRule = OrderingRule.RELATIVE_TO_CORRECT


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap ``{name}`` of the text: a question without text of its own."""

    name: str
    body: ShortAnswerBody | NumericalBody | SingleChoiceBody
    weight: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class GapsBody:
    """A text with gaps.

    With ``drag`` every gap is a ``Short`` whose answers have keys, and ``choices`` is the one set that all are filled
    from: the right texts of all gaps (equal texts once), then the extras.
    """

    kind: ClassVar[QuestionKind] = QuestionKind.GAPS
    gaps: tuple[Gap, ...]
    drag: bool = False
    choices: tuple[KeyedLabel, ...] = ()


@dataclass(frozen=True, slots=True)
class CalculatedBody:
    """A number computed from variables that differ per attempt; ``parameters`` are the course's, those the expressions name."""

    kind: ClassVar[QuestionKind] = QuestionKind.CALCULATED
    variables: tuple[QuestionVariable, ...]
    answers: tuple[CalculatedAnswer, ...]
    conditions: tuple[str, ...] = ()
    parameters: Mapping[str, Fraction] = field(default_factory=dict)
    tolerance: Tolerance = field(default_factory=Tolerance)
    unit: Texts | None = None
    units: Mapping[str, Fraction] = field(default_factory=dict)
    unit_penalty: Fraction = Fraction(0)
    unit_penalty_of: UnitPenaltyOf = UnitPenaltyOf.MARK
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class EssayBody:
    """A text that a person marks, or with ``self_review`` nobody but its writer judges; ``files`` may be attached."""

    kind: ClassVar[QuestionKind] = QuestionKind.ESSAY
    words: WordLimits = field(default_factory=WordLimits)
    template: Texts | None = field(default=None, metadata=_MARKDOWN)
    model: Texts | None = field(default=None, metadata=_MARKDOWN)
    rubric: tuple[RubricCriterion, ...] = ()
    files: int = 0
    self_review: bool = field(default=False, metadata={ADDED_LATER: True})


@dataclass(frozen=True, slots=True)
class FileBody:
    """One or more files that a person marks; ``accept`` holds extensions, ``size`` megabytes each."""

    kind: ClassVar[QuestionKind] = QuestionKind.FILE
    accept: tuple[str, ...]
    files: int = 1
    size: int = 10
    rubric: tuple[RubricCriterion, ...] = ()


@dataclass(frozen=True, slots=True)
class MatrixBody:
    """Rows, each with one choice among the columns; a survey carries no mark."""

    kind: ClassVar[QuestionKind] = QuestionKind.MATRIX
    columns: tuple[KeyedLabel, ...]
    rows: tuple[MatrixRow, ...]
    survey: bool = False


@dataclass(frozen=True, slots=True)
class DescriptionBody:
    """A text between questions: not numbered, no mark."""

    kind: ClassVar[QuestionKind] = QuestionKind.DESCRIPTION


Body: TypeAlias = (
    SingleChoiceBody
    | MultipleChoiceBody
    | TrueFalseBody
    | ShortAnswerBody
    | NumericalBody
    | MatchingBody
    | OrderingBody
    | GapsBody
    | CalculatedBody
    | EssayBody
    | FileBody
    | MatrixBody
    | DescriptionBody
)

BODIES: Mapping[QuestionKind, type[Body]] = {
    QuestionKind.SINGLE: SingleChoiceBody,
    QuestionKind.MULTIPLE: MultipleChoiceBody,
    QuestionKind.TRUE_FALSE: TrueFalseBody,
    QuestionKind.SHORT: ShortAnswerBody,
    QuestionKind.NUMERICAL: NumericalBody,
    QuestionKind.MATCHING: MatchingBody,
    QuestionKind.ORDERING: OrderingBody,
    QuestionKind.GAPS: GapsBody,
    QuestionKind.CALCULATED: CalculatedBody,
    QuestionKind.ESSAY: EssayBody,
    QuestionKind.FILE: FileBody,
    QuestionKind.MATRIX: MatrixBody,
    QuestionKind.DESCRIPTION: DescriptionBody,
}


@dataclass(frozen=True, slots=True)
class QuestionDefinition:
    """The fields that all question kinds share, and the body with those of its kind."""

    key: str
    text: Texts = field(metadata=_MARKDOWN)
    body: Body
    former_keys: tuple[str, ...] = field(default=(), metadata={DOCUMENT_FIELD: "was"})
    state: QuestionState = QuestionState.READY
    unverified: bool = False
    tags: tuple[str, ...] = ()
    difficulty: Difficulty | None = None
    mark: Fraction = Fraction(1)
    hints: tuple[Texts, ...] = field(default=(), metadata=_INLINE)
    penalty: Fraction = Fraction(1, 3)
    explanation: Texts | None = field(default=None, metadata=_MARKDOWN)
    source: tuple[QuestionCitation, ...] = ()
    see: tuple[ReviewReference, ...] = ()
    note: str = ""
    selection: QuestionSelection = field(default=NOT_SELECTED, metadata={DRAFT_ONLY: True})

    @property
    def kind(self) -> QuestionKind:
        """Return which of the thirteen kinds the question is."""
        return self.body.kind


TextFunction: TypeAlias = Callable[[str, str, TextShape], str]
_Node = TypeVar("_Node")


def map_texts(question: QuestionDefinition, function: TextFunction) -> QuestionDefinition:
    """Return the question with every Markdown text replaced by ``function(text, language, shape)``.

    Plain texts (units, patterns, the note) and expressions are not touched. ``{name}`` of gaps and variables is in the
    text that the function gets and must come out unchanged.
    """
    return _mapped(question, function)


def without_notes(question: QuestionDefinition) -> QuestionDefinition:
    """Return the parts of a bank that may be published: no colleague's note, no former keys."""
    return replace(question, note="", former_keys=())


def is_marked(question: QuestionDefinition) -> bool:
    """Return whether a question can earn a mark: neither a description nor a survey nor a mark of 0."""
    survey = isinstance(question.body, MatrixBody) and question.body.survey
    return question.mark > 0 and not survey and not isinstance(question.body, DescriptionBody)


def _mapped(node: _Node, function: TextFunction) -> _Node:
    if isinstance(node, tuple):
        return cast(_Node, tuple(_mapped(entry, function) for entry in node))
    if not is_dataclass(node) or isinstance(node, type):
        return node
    changes: dict[str, Any] = {}
    for entry in fields(node):
        value = getattr(node, entry.name)
        shape = entry.metadata.get("text")
        changes[entry.name] = _mapped(value, function) if shape is None else _translated(value, function, shape)
    return cast(_Node, replace(node, **changes))


def _translated(value: object, function: TextFunction, shape: TextShape) -> object:
    if value is None:
        return None
    if isinstance(value, tuple):
        return tuple(_translated(entry, function, shape) for entry in value)
    texts = cast(Texts, value)
    return {language: function(text, language, shape) for language, text in texts.items()}
