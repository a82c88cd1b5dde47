"""Typed answers that matched none of the author's: words folded, numbers read, so that the same answer counts once."""

from dataclasses import dataclass
from fractions import Fraction

from kernel.codes import round_half_up
from quizzes.rules.answers import Answer, GapsAnswer, MalformedAnswer, NumberAnswer, TextAnswer
from quizzes.rules.definitions import CalculatedBody, Gap, GapsBody, NumericalBody, QuestionDefinition, ShortAnswerBody
from quizzes.rules.item_layout import ItemLayout
from quizzes.rules.numbers import Convention
from quizzes.rules.quantities import computed, read_quantity
from quizzes.rules.results import Marking

LONGEST = 120
TIMES = "×"
SHARES = 4
"""Decimals of a share of the right number."""


@dataclass(frozen=True, slots=True)
class UnmatchedPart:
    """A text for a part ("" the whole), in lower case; ``value`` is the number in the answers' unit, where it can be read."""

    part: str
    text: str
    value: Fraction | None = None


def unmatched_in(
    question: QuestionDefinition,
    answer: Answer | MalformedAnswer,
    marking: Marking,
    convention: Convention,
    layout: ItemLayout | None = None,
) -> tuple[UnmatchedPart, ...]:
    """Return what was typed for the parts that matched no answer.

    Numbers of calculated questions differ by learner: they are kept as shares of the right one, "×1.02" with the value 1.02.
    """
    missed = {part.part for part in marking.parts if not part.matched}
    match question.body, answer:
        case ShortAnswerBody(), TextAnswer(text) if "" in missed:
            return (_words("", text),)
        case NumericalBody() as body, NumberAnswer() as number if "" in missed:
            return (_number("", body, number, convention),)
        case CalculatedBody() as body, NumberAnswer() as number if "" in missed and layout is not None:
            return _share_of_right(body, number, layout, convention)
        case GapsBody(gaps, False), GapsAnswer() as filled:
            return tuple(_in_gap(gap, filled, convention) for gap in gaps if gap.name in missed and _is_typed(gap, filled))
        case _:
            return ()


def _share_of_right(body: CalculatedBody, number: NumberAnswer, layout: ItemLayout, convention: Convention) -> tuple[UnmatchedPart, ...]:
    best = max(body.answers, key=lambda answer: answer.credit)
    right, quantity = computed(best.expression, body, layout.variables), read_quantity(body, number, convention)
    if not right or quantity is None:
        return ()
    share = round_half_up(quantity.reading.value * body.units.get(quantity.unit, Fraction(1)) / right, SHARES)
    return (UnmatchedPart("", f"{TIMES}{_decimal(share)}"[:LONGEST], share),)


def _decimal(share: Fraction) -> str:
    """Write a share that has SHARES decimals at most."""
    whole = str(int(abs(share) * 10**SHARES)).rjust(SHARES + 1, "0")
    return ("-" if share < 0 else "") + f"{whole[:-SHARES]}.{whole[-SHARES:]}".rstrip("0").rstrip(".")


def _is_typed(gap: Gap, filled: GapsAnswer) -> bool:
    return isinstance(gap.body, ShortAnswerBody | NumericalBody) and bool(filled.values.get(gap.name, "").strip())


def _in_gap(gap: Gap, filled: GapsAnswer, convention: Convention) -> UnmatchedPart:
    text = filled.values[gap.name]
    if isinstance(gap.body, NumericalBody):
        return _number(gap.name, gap.body, NumberAnswer(text, filled.units.get(gap.name, "")), convention)
    return _words(gap.name, text)


def _words(part: str, text: str) -> UnmatchedPart:
    return UnmatchedPart(part, " ".join(text.split()).casefold()[:LONGEST])


def _number(part: str, body: NumericalBody | CalculatedBody, number: NumberAnswer, convention: Convention) -> UnmatchedPart:
    quantity = read_quantity(body, number, convention)
    if quantity is None:
        return _words(part, number.text)
    value = quantity.reading.value * body.units.get(quantity.unit, Fraction(1))
    return UnmatchedPart(part, str(value)[:LONGEST], value)
