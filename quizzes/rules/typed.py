"""What was typed and matched no answer of the author's: words folded, numbers read, so that the same answer counts once."""

from dataclasses import dataclass
from fractions import Fraction

from quizzes.rules.answers import Answer, Filled, Malformed, Number, Text
from quizzes.rules.definitions import Calculated, Gap, Gaps, Numerical, Question, Short
from quizzes.rules.item_layout import ItemLayout
from quizzes.rules.numbers import Convention, round_half_up
from quizzes.rules.quantities import computed, read_quantity
from quizzes.rules.results import Marking

LONGEST = 120
TIMES = "×"
SHARES = 4
"""Decimals of a share of the right number."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A text for a part ("" the whole), in small letters; ``value`` is the number in the answers' unit, where it can be read."""

    part: str
    text: str
    value: Fraction | None = None


def unmatched_in(
    question: Question, answer: Answer | Malformed, marking: Marking, convention: Convention, layout: ItemLayout | None = None
) -> tuple[Unmatched, ...]:
    """Return what was typed for the parts that matched no answer.

    Numbers of calculated questions differ by learner: they are kept as shares of the right one, "×1.02" with the value 1.02.
    """
    missed = {part.part for part in marking.parts if not part.matched}
    match question.body, answer:
        case Short(), Text(text) if "" in missed:
            return (_words("", text),)
        case Numerical() as body, Number() as number if "" in missed:
            return (_number("", body, number, convention),)
        case Calculated() as body, Number() as number if "" in missed and layout is not None:
            return _share_of_right(body, number, layout, convention)
        case Gaps(gaps, False), Filled() as filled:
            return tuple(_in_gap(gap, filled, convention) for gap in gaps if gap.name in missed and _is_typed(gap, filled))
        case _:
            return ()


def _share_of_right(body: Calculated, number: Number, layout: ItemLayout, convention: Convention) -> tuple[Unmatched, ...]:
    best = max(body.answers, key=lambda answer: answer.credit)
    right, quantity = computed(best.expression, body, layout.variables), read_quantity(body, number, convention)
    if not right or quantity is None:
        return ()
    share = round_half_up(quantity.reading.value * body.units.get(quantity.unit, Fraction(1)) / right, SHARES)
    return (Unmatched("", f"{TIMES}{_decimal(share)}"[:LONGEST], share),)


def _decimal(share: Fraction) -> str:
    """Write a share that has SHARES decimals at most."""
    whole = str(int(abs(share) * 10**SHARES)).rjust(SHARES + 1, "0")
    return ("-" if share < 0 else "") + f"{whole[:-SHARES]}.{whole[-SHARES:]}".rstrip("0").rstrip(".")


def _is_typed(gap: Gap, filled: Filled) -> bool:
    return isinstance(gap.body, Short | Numerical) and bool(filled.values.get(gap.name, "").strip())


def _in_gap(gap: Gap, filled: Filled, convention: Convention) -> Unmatched:
    text = filled.values[gap.name]
    if isinstance(gap.body, Numerical):
        return _number(gap.name, gap.body, Number(text, filled.units.get(gap.name, "")), convention)
    return _words(gap.name, text)


def _words(part: str, text: str) -> Unmatched:
    return Unmatched(part, " ".join(text.split()).casefold()[:LONGEST])


def _number(part: str, body: Numerical | Calculated, number: Number, convention: Convention) -> Unmatched:
    quantity = read_quantity(body, number, convention)
    if quantity is None:
        return _words(part, number.text)
    value = quantity.reading.value * body.units.get(quantity.unit, Fraction(1))
    return Unmatched(part, str(value)[:LONGEST], value)
