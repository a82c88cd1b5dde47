"""Questions as pages show them, without anything of the key: texts, fields, uploaded files, and exact numbers in words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from html import unescape
from typing import Any

from kernel.codes import round_half_up
from kernel.i18n import _, alternatives, choose, language, ngettext, number, percent, shortened, trimmed
from kernel.markup.model import SafeHtml, gap_marker
from kernel.markup.plain import without_markup
from questions.rules import definitions
from questions.rules.answers import (
    ANSWER,
    GAP_UNIT,
    MEGABYTE,
    UNIT,
    NumberAnswer,
    Parts,
    SubmittedFile,
    UploadLimits,
    UploadRefusal,
    count_words,
    upload_limits,
)
from questions.rules.definitions import (
    CalculatedBody,
    ChoiceNumbers,
    EssayBody,
    Gap,
    GapsBody,
    MatchingBody,
    MatrixBody,
    MultipleChoiceBody,
    NumericalBody,
    OrderingBody,
    QuestionDefinition,
    SingleChoiceBody,
    Texts,
    WordLimits,
)
from questions.rules.item_layout import CHOICES, ITEMS, MATCHES, OPTIONS, LoadedItem, filled_texts, gap_order
from questions.rules.marking import is_self_check, read_quantity, rubric_of
from questions.rules.numbers import Convention, two_readings, write_number

MISSING = "–"


def decimal(value: Fraction | None, digits: int = 7) -> Decimal | None:
    """Return a number for a cell, rounded half up, without zeros at its end."""
    if value is None:
        return None
    exact = round_half_up(value, digits)
    return trimmed(Decimal(exact.numerator) / Decimal(exact.denominator))


def figure(value: Fraction | int | None, digits: int = 2) -> str:
    """Write a number with at most so many decimals."""
    exact = decimal(None if value is None else Fraction(value), digits)
    return MISSING if exact is None else number(exact)


def percentage(value: Fraction | None, digits: int = 1) -> str:
    """Write hundredths with at most so many decimals."""
    exact = decimal(value, digits)
    return MISSING if exact is None else percent(exact, max(0, -int(exact.as_tuple().exponent)))


@dataclass(frozen=True, slots=True)
class IntervalPoint:
    """A point of a chart with its interval: its place from 0 to 1, and value, low and high in %."""

    place: float
    value: float
    low: float
    high: float
    name: str


@dataclass(frozen=True, slots=True)
class UploadView:
    """Where files are sent: what is taken, in words and for the browser, and why the last one was not."""

    accept: str
    words: str
    problem: str
    full: bool
    several: bool


def upload_parts(question: QuestionDefinition, files: Sequence[SubmittedFile], said: str) -> dict[str, Any]:
    """Return the parts of a question's page for files, and the message of the last upload; nothing where it takes none."""
    limits = upload_limits(question)
    if limits is None:
        return {}
    upload = UploadView(
        accept=",".join(f".{extension}" for extension in limits.accept),
        words=_limits_in_words(limits),
        problem=problem_words(said, limits),
        full=len(files) >= limits.files,
        several=limits.files > 1,
    )
    return {"files": tuple(files), "upload": upload}


def _limits_in_words(limits: UploadLimits) -> str:
    kinds, size = ", ".join(extension.upper() for extension in limits.accept), limits.size // MEGABYTE
    return ngettext(
        "One file of up to %(size)s MB: %(kinds)s.",
        "Up to %(count)s files of up to %(size)s MB each: %(kinds)s.",
        limits.files,
        kinds=kinds,
        size=size,
    )


def problem_words(problem: str, limits: UploadLimits) -> str:
    """Describe why a file was not taken; empty where nothing is wrong."""
    size = limits.size // MEGABYTE
    match problem:
        case UploadRefusal.KIND:
            return _("The file was not uploaded because this type of file is not accepted.")
        case UploadRefusal.CONTENT:
            return _("The file was not uploaded because its content does not match its extension. Save it again in that format.")
        case UploadRefusal.PICTURE:
            return _(
                "The file was not uploaded because the image is damaged or has more than 40 million pixels. Save it "
                "again at a smaller size and upload it."
            )
        case UploadRefusal.SIZE:
            return _("The file was not uploaded because it is larger than %(size)s MB. Make it smaller and upload it again.", size=size)
        case UploadRefusal.EMPTY:
            return _("The file was not uploaded because it is empty.")
        case UploadRefusal.COUNT:
            return _("The file was not uploaded because you have reached the maximum number of files. Remove one first.")
        case UploadRefusal.QUOTA:
            return _(
                "The file was not uploaded because you have used all your file space in this course. Upload a smaller file or remove one."
            )
        case _:
            return ""


MARKERS = re.compile(r"<!--gap:([a-z][a-z0-9_]*)-->")
TAGS = re.compile(r"<[^>]+>")
LONGEST_TITLE = 80
"""Characters of the first words of what is asked."""
SPACES = re.compile(r"[ \t\r\n\f\v]+")


@dataclass(frozen=True, slots=True)
class OptionView:
    """One thing to choose."""

    value: str
    html: SafeHtml
    checked: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class QuestionRowView:
    """One thing to match, to order or to judge."""

    part: str
    html: SafeHtml
    text: str
    selected: str = ""
    position: str = ""


@dataclass(frozen=True, slots=True)
class GapView:
    """One gap to fill."""

    part: str
    kind: str
    label: str
    value: str
    size: int
    choices: tuple[OptionView, ...] = ()
    units: tuple[OptionView, ...] = ()
    unit_value: str = ""


@dataclass(frozen=True, slots=True)
class PieceView:
    """A piece of a text with gaps, and the gap after it."""

    html: SafeHtml
    gap: GapView | None


@dataclass(frozen=True, slots=True)
class LevelView:
    """A level of a criterion, and whether it is chosen."""

    points: Decimal
    text: SafeHtml
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class CriterionView:
    """A criterion with its levels; `name` is the field that chooses one."""

    name: str
    text: SafeHtml
    levels: tuple[LevelView, ...]


@dataclass(frozen=True, slots=True)
class QuestionMessage:
    """The message of the last request about the question in a place: nothing to check, or why a file was refused."""

    place: int
    word: str


NOTHING_SAID = QuestionMessage(0, "")


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question as it is asked."""

    place: int
    number: int | None
    seq: int
    kind: str
    points: Decimal | None
    text: SafeHtml
    language: str
    flagged: bool
    note: str = ""
    options: tuple[OptionView, ...] = ()
    penalised: bool = False
    rows: tuple[QuestionRowView, ...] = ()
    choices: tuple[OptionView, ...] = ()
    columns: tuple[OptionView, ...] = ()
    pieces: tuple[PieceView, ...] = ()
    drag: bool = False
    value: str = ""
    unit: str = ""
    units: tuple[OptionView, ...] = ()
    unit_value: str = ""
    decimals: int | None = None
    words: str = ""
    counted: str = ""
    outline: SafeHtml | str = ""
    files: tuple[SubmittedFile, ...] = ()
    upload: UploadView | None = None
    rubric: tuple[CriterionView, ...] = ()
    """By which criteria a person will mark the answer, or the learner judge it: read before writing."""
    self_check: bool = False
    """Whether nobody marks the text: the learner compares it with the criteria and the model answer (spec/quiz-engine 5.6)."""


def html(texts: Texts | None) -> SafeHtml:
    """Return stored HTML in the reader's language."""
    return SafeHtml.stored(choose(texts))


def plain(texts: Texts | None) -> str:
    """Return the words of stored HTML, for labels and lists of choices."""
    return words_of(choose(texts))


def words_of(stored: str) -> str:
    """Return the words of stored HTML, formulas on one line; spaces that hold a number together stay."""
    return SPACES.sub(" ", unescape(TAGS.sub("", without_markup(stored)))).strip(" ")


def points(value: Fraction) -> Decimal:
    """Return a mark for showing, with at most two decimals."""
    cents = (200 * value.numerator + value.denominator) // (2 * value.denominator)
    return trimmed(Decimal(cents) / 100)


def rubric_view(
    question: definitions.QuestionDefinition, maximum: Fraction, chosen: Mapping[str, int] | None = None
) -> tuple[CriterionView, ...]:
    """Return the criteria of a question with their levels, in points of what it is worth in the quiz; empty where it has none."""
    worth = maximum / question.mark if question.mark else Fraction(1)
    return tuple(
        CriterionView(
            f"level-{at}",
            html(criterion.criterion),
            tuple(
                LevelView(points(level.points * worth), html(level.text), (chosen or {}).get(criterion.key) == index)
                for index, level in enumerate(criterion.levels)
            ),
        )
        for at, criterion in enumerate(rubric_of(question), 1)
    )


def filled_text(question: definitions.QuestionDefinition, item: LoadedItem, convention: Convention) -> SafeHtml:
    """Return the text of the question, with the values of its variables in place of their names."""
    text, body = str(html(question.text)), question.body
    numbers = body.numbers if isinstance(body, SingleChoiceBody) else body
    if isinstance(numbers, CalculatedBody | ChoiceNumbers):
        for variable in numbers.variables:
            value = item.layout.variables.get(variable.name, Fraction(0))
            shown = write_number(
                value, convention, variable.decimals if variable.decimals is not None else 6, keep_zeros=variable.decimals is not None
            )
            text = text.replace(gap_marker(variable.name), shown)
    return SafeHtml.stored(text)


def view_question(
    item: LoadedItem,
    question: definitions.QuestionDefinition,
    response: Parts | None,
    seq: int,
    convention: Convention,
    *,
    files: Sequence[SubmittedFile] = (),
    said: str = "",
) -> QuestionView:
    """Return a question as its learner finds it, with the present response and its files, and what is said of the last upload."""
    parts = response or {}
    shown: dict[str, Any] = {
        "place": item.position,
        "number": item.number,
        "seq": seq,
        "kind": question.kind.value,
        "points": points(item.maximum) if item.maximum else None,
        "text": filled_text(question, item, convention),
        "language": text_language(question),
        "flagged": item.flagged,
        "note": note_on(item, question, parts, convention),
        "rubric": rubric_view(question, item.maximum),
        "self_check": is_self_check(question),
    }
    return QuestionView(**shown, **_of_kind(item, question, parts, convention), **upload_parts(question, files, said))


def note_on(item: LoadedItem, question: definitions.QuestionDefinition, parts: Parts, convention: Convention) -> str:
    """Describe how a number was read that could be read in two ways, or that it does not fit (spec/quiz-engine 5.4.5, 5.7)."""
    match question.body:
        case NumericalBody() | CalculatedBody() as body:
            return _note_on_number(body, _one(parts, ANSWER), _one(parts, UNIT), convention)
        case GapsBody(gaps):
            numbers = ((at, gap.body) for at, gap in enumerate(gaps, 1) if isinstance(gap.body, NumericalBody))
            notes = ((at, _note_on_number(body, _one(parts, str(at)), _one(parts, f"{at}{GAP_UNIT}"), convention)) for at, body in numbers)
            return " ".join(_("Gap %(number)s: %(note)s", number=at, note=note) for at, note in notes if note)
        case OrderingBody(items):
            given = [_one(parts, str(at)) for at in range(1, len(items) + 1)]
            return _("Give each element a different position.") if any(given) and len(set(given) - {""}) < len(items) else ""
        case _:
            return ""


def unclear_number(typed: str, convention: Convention) -> str:
    """Return both numbers that a typed one may mean, with what to do; empty where its signs do not mean two."""
    readings = two_readings(typed)
    if readings is None:
        return ""
    both = alternatives([write_number(reading, convention, 2, keep_zeros=True) for reading in readings])
    return _("This may be two numbers, %(both)s: write it without signs between thousands.", both=both)


def _note_on_number(body: NumericalBody | CalculatedBody, text: str, unit: str, convention: Convention) -> str:
    typed = text.strip()
    if not typed:
        return ""
    quantity = read_quantity(body, NumberAnswer(typed, unit), convention)
    if quantity is None:
        unclear = unclear_number(typed, convention)
        saved = _("This is not a number: “%(typed)s”. It is saved as you typed it.", typed=typed[:60])
        return f"{saved} {unclear}".rstrip()
    if quantity.reading.ambiguous:
        return _("This is read as %(number)s.", number=write_number(quantity.reading.value, convention, 6, keep_zeros=False))
    return ""


def _of_kind(item: LoadedItem, question: definitions.QuestionDefinition, parts: Parts, convention: Convention) -> dict[str, Any]:
    chosen = frozenset(parts.get(ANSWER, ()))
    first = next(iter(parts.get(ANSWER, ())), "")
    match question.body:
        case SingleChoiceBody() | MultipleChoiceBody():
            penalised = isinstance(question.body, MultipleChoiceBody) and question.body.rule.value in ("right_minus_wrong", "fractions")
            return {
                "options": _options(item.layout.orders[OPTIONS], _option_texts(question.body, item, convention), chosen),
                "penalised": penalised,
            }
        case definitions.TrueFalseBody():
            truths = (("true", _("True")), ("false", _("False")))
            return {"options": tuple(OptionView(value, SafeHtml.stored(word), value in chosen) for value, word in truths)}
        case MatchingBody() as body:
            return _matching(item, body, parts)
        case OrderingBody(items):
            texts = {label.key: label.text for label in items}
            return {
                "rows": tuple(
                    _row(str(at), texts[key], position=_one(parts, str(at))) for at, key in enumerate(item.layout.orders[ITEMS], 1)
                )
            }
        case GapsBody() as body:
            return {"pieces": _pieces(item, body, str(html(question.text)), parts), "drag": body.drag}
        case NumericalBody() | CalculatedBody():
            return _quantity(question.body, first, _one(parts, UNIT))
        case MatrixBody(columns, rows):
            return {
                "columns": tuple(OptionView(str(at), html(column.text)) for at, column in enumerate(columns, 1)),
                "rows": tuple(_row(str(at), row.text, selected=_one(parts, str(at))) for at, row in enumerate(rows, 1)),
            }
        case EssayBody(words=limits, template=outline):
            counted = ngettext("%(count)s word", "%(count)s words", count_words(first))
            return {"value": first, "words": _advice(limits), "counted": counted, "outline": html(outline) if outline else ""}
        case _:
            return {"value": first}


def _option_texts(body: SingleChoiceBody | MultipleChoiceBody, item: LoadedItem, convention: Convention) -> Mapping[str, Texts]:
    """Return the texts of options by key, calculated ones with the numbers of the attempt."""
    numbers = body.numbers if isinstance(body, SingleChoiceBody) else None
    if numbers is None:
        return {option.key: option.text for option in body.options}
    return {option.key: filled_texts(option.text, numbers, item.layout.variables, convention) for option in body.options}


def _advice(limits: WordLimits) -> str:
    """Describe how long a text should be; nobody is held to it."""
    if limits.minimum is not None and limits.maximum is not None:
        return _("Aim for between %(minimum)s and %(maximum)s words.", minimum=limits.minimum, maximum=limits.maximum)
    if limits.maximum is not None:
        return ngettext("Aim for at most %(count)s word.", "Aim for at most %(count)s words.", limits.maximum)
    return (
        "" if limits.minimum is None else ngettext("Aim for at least %(count)s word.", "Aim for at least %(count)s words.", limits.minimum)
    )


def _one(parts: Parts, name: str) -> str:
    return next(iter(parts.get(name, ())), "")


def _options(order: Sequence[str], texts: Mapping[str, Texts], chosen: frozenset[str]) -> tuple[OptionView, ...]:
    return tuple(OptionView(str(at), html(texts[key]), str(at) in chosen, plain(texts[key])) for at, key in enumerate(order, 1))


def _row(part: str, text: Texts, *, selected: str = "", position: str = "") -> QuestionRowView:
    return QuestionRowView(part, html(text), plain(text), selected, position)


def _matching(item: LoadedItem, body: MatchingBody, parts: Parts) -> dict[str, Any]:
    pairs = {pair.key: pair.item for pair in body.pairs}
    matches = {pair.match_key: pair.match for pair in body.pairs} | {label.key: label.text for label in body.extra}
    return {
        "rows": tuple(_row(str(at), pairs[key], selected=_one(parts, str(at))) for at, key in enumerate(item.layout.orders[ITEMS], 1)),
        "choices": _options(item.layout.orders[MATCHES], matches, frozenset()),
    }


def _quantity(body: NumericalBody | CalculatedBody, value: str, unit_value: str) -> dict[str, Any]:
    return {
        "value": value,
        "unit": choose(dict(body.unit or {})),
        "units": _units(body),
        "unit_value": unit_value,
        "decimals": body.decimals,
    }


def _units(body: NumericalBody | CalculatedBody) -> tuple[OptionView, ...]:
    return tuple(OptionView(word, SafeHtml.stored(""), text=word) for word in body.units)


def _pieces(item: LoadedItem, body: GapsBody, text: str, parts: Parts) -> tuple[PieceView, ...]:
    gaps = {gap.name: (at, gap) for at, gap in enumerate(body.gaps, 1)}
    split = MARKERS.split(text)
    pieces = []
    for index in range(0, len(split), 2):
        name = split[index + 1] if index + 1 < len(split) else ""
        view = _gap(item, body, *gaps[name], parts) if name in gaps else None
        pieces.append(PieceView(SafeHtml.stored(split[index]), view))
    return tuple(pieces)


def _gap(item: LoadedItem, body: GapsBody, at: int, gap: Gap, parts: Parts) -> GapView:
    label, value = _("Gap %(number)s", number=at), _one(parts, str(at))
    if body.drag:
        texts = {choice.key: choice.text for choice in body.choices}
        return GapView(str(at), "choice", label, value=value, size=10, choices=_options(item.layout.orders[CHOICES], texts, frozenset()))
    if isinstance(gap.body, SingleChoiceBody):
        texts = {option.key: option.text for option in gap.body.options}
        return GapView(
            str(at), "choice", label, value=value, size=10, choices=_options(item.layout.orders[gap_order(gap.name)], texts, frozenset())
        )
    if isinstance(gap.body, NumericalBody):
        return GapView(str(at), "number", label, value, 12, units=_units(gap.body), unit_value=_one(parts, f"{at}{GAP_UNIT}"))
    return GapView(str(at), "text", label, value, 20)


def text_language(question: definitions.QuestionDefinition) -> str:
    """Return the language in which a question is shown, '' where it is the reader's."""
    return "" if language() in question.text else next(iter(question.text), "")


def short_title(question: definitions.QuestionDefinition, item: LoadedItem | None = None, convention: Convention | None = None) -> str:
    """Return the first words of what is asked, for a list of questions; of an attempt with the values of its variables."""
    text = str(html(question.text) if item is None or convention is None else filled_text(question, item, convention))
    return shortened(words_of(MARKERS.sub(" … ", text)), LONGEST_TITLE)
