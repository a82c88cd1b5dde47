"""The mark of an answer by the rule of its kind (spec/quiz-engine 5.7), the bounds of manual marks, and right answers that are added."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from functools import partial

from kernel.codes import round_half_up
from kernel.expressions import ExpressionError, evaluate
from questions.rules import definitions
from questions.rules.answers import (
    Answer,
    GapsAnswer,
    MalformedAnswer,
    MatchingAnswer,
    MatrixAnswer,
    MultipleChoiceAnswer,
    NumberAnswer,
    OrderingAnswer,
    SingleChoiceAnswer,
    TextAnswer,
    TrueFalseAnswer,
    is_empty,
)
from questions.rules.item_layout import ITEMS, ItemLayout
from questions.rules.numbers import Convention, ParsedNumber, is_within, matches, plain_typography, read_number, split_unit

TOLERANCE = Fraction(1, 1_000_000)
_NOTHING = Fraction(0)
_ALL = Fraction(1)


class MarkState(StrEnum):
    """The state of an answer after marking."""

    NOT_ANSWERED = "not_answered"
    INVALID = "invalid"
    WRONG = "wrong"
    PARTIAL = "partial"
    RIGHT = "right"
    NEEDS_GRADING = "needs_grading"
    NOT_MARKED = "not_marked"


@dataclass(frozen=True, slots=True)
class PartMark:
    """The result of a part: a chosen option, pair, item, gap, row, or the whole ("").

    ``matched`` names the answer that decided: an option's, match's or column's key, or the place of the entry in
    ``answers`` counted from 0; empty: none. ``feedback.why`` finds what the author wrote for it.
    """

    part: str
    state: MarkState
    fraction: Fraction
    weight: Fraction = _ALL
    matched: str = ""
    unit_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Marking:
    """The result of an answer; ``fraction`` is None where a person marks it and where there is no mark at all."""

    state: MarkState
    fraction: Fraction | None
    parts: tuple[PartMark, ...] = ()


def state_of(fraction: Fraction) -> MarkState:
    """Name a share: below a millionth wrong, above one less a millionth right, else partly right (spec/quiz-engine 5.1.6)."""
    if fraction < TOLERANCE:
        return MarkState.WRONG
    return MarkState.RIGHT if fraction > _ALL - TOLERANCE else MarkState.PARTIAL


def whole(part: PartMark) -> Marking:
    """Make the only part the result."""
    return Marking(part.state, part.fraction, (part,))


def mean(results: Iterable[PartMark]) -> Marking:
    """Make the weighted mean of the parts the result; 0 where all weights are 0."""
    parts = tuple(results)
    weight = sum(part.weight for part in parts)
    fraction = Fraction(sum(part.fraction * part.weight for part in parts), weight) if weight else _NOTHING
    return Marking(state_of(fraction), fraction, parts)


_HALVES = {0: (0, _ALL), 1: (3, Fraction(1, 2)), 2: (5, Fraction(1, 4))}


@dataclass(frozen=True, slots=True)
class ChosenOptions:
    """The choice among right and wrong options, and the sum of the chosen options' credits."""

    right: int
    wrong: int
    chosen_right: int
    chosen_wrong: int
    credit: Fraction


def share_of_choices(rule: definitions.MultipleRule, options: Sequence[definitions.Option], chosen: Collection[str]) -> Fraction:
    """Return the share in [0, 1]; choosing nothing is 0 under every rule, unknown keys count for nothing."""
    selection = select(options, chosen)
    if selection.chosen_right + selection.chosen_wrong == 0:
        return _NOTHING
    return _CHOICE_RULES[rule](selection)


def select(options: Sequence[definitions.Option], chosen: Collection[str]) -> ChosenOptions:
    """Count what was chosen."""
    taken = [option for option in options if option.key in chosen]
    right = sum(option.right for option in options)
    chosen_right = sum(option.right for option in taken)
    credit = sum((option.credit for option in taken), _NOTHING)
    return ChosenOptions(right, len(options) - right, chosen_right, len(taken) - chosen_right, credit)


def _all_or_nothing(selection: ChosenOptions) -> Fraction:
    return _ALL if selection.chosen_right == selection.right and selection.chosen_wrong == 0 else _NOTHING


def _fractions(selection: ChosenOptions) -> Fraction:
    return min(_ALL, max(_NOTHING, selection.credit))


def _right_minus_wrong(selection: ChosenOptions) -> Fraction:
    return max(_NOTHING, _share(selection.chosen_right - selection.chosen_wrong, selection.right))


def _proportional(selection: ChosenOptions) -> Fraction:
    judged_right = selection.chosen_right + selection.wrong - selection.chosen_wrong
    return _share(judged_right, selection.right + selection.wrong)


def _right_only(selection: ChosenOptions) -> Fraction:
    return _share(selection.chosen_right, selection.right) if selection.chosen_wrong == 0 else _NOTHING


def _halves(selection: ChosenOptions) -> Fraction:
    errors = selection.right - selection.chosen_right + selection.chosen_wrong
    options_needed, share = _HALVES.get(errors, (0, _NOTHING))
    return share if selection.right + selection.wrong >= options_needed else _NOTHING


def _share(part: int, whole: int) -> Fraction:
    return Fraction(part, whole) if whole else _NOTHING


_CHOICE_RULES: Mapping[definitions.MultipleRule, Callable[[ChosenOptions], Fraction]] = {
    definitions.MultipleRule.ALL_OR_NOTHING: _all_or_nothing,
    definitions.MultipleRule.FRACTIONS: _fractions,
    definitions.MultipleRule.RIGHT_MINUS_WRONG: _right_minus_wrong,
    definitions.MultipleRule.PROPORTIONAL: _proportional,
    definitions.MultipleRule.RIGHT_ONLY: _right_only,
    definitions.MultipleRule.HALVES: _halves,
}


def ordering_shares(rule: definitions.OrderingRule, places: Sequence[int]) -> tuple[Fraction | None, ...]:
    """Return the share in [0, 1] of each item in the learner's order; None for an item that the rule leaves out.

    ``places`` is a permutation of 0 … n−1.
    """
    return _ORDERING_RULES[rule](places)


def share_of_ordering(rule: definitions.OrderingRule, places: Sequence[int]) -> Fraction:
    """Return the mean of the shares that count; with fewer than two items there is nothing to order and it is 0."""
    counted = [share for share in ordering_shares(rule, places) if share is not None]
    return sum(counted, Fraction(0)) / len(counted) if len(places) > 1 else Fraction(0)


def _all_in_order(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    return tuple([Fraction(list(places) == sorted(places))] * len(places))


def _absolute_position(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    return tuple(Fraction(position == at) for at, position in enumerate(places))


def _relative_to_next(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    """Give a point for the right successor; the item that comes last in the right order has none."""
    last = len(places) - 1
    return tuple(None if position == last else Fraction(_next(places, at) == position + 1) for at, position in enumerate(places))


def _relative_to_next_and_last(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    return tuple(Fraction(_next(places, at) == position + 1) for at, position in enumerate(places))


def _one_previous_and_next(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    return tuple(
        Fraction((_previous(places, at) == position - 1) + (_next(places, at) == position + 1), 2) for at, position in enumerate(places)
    )


def _all_previous_and_next(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    others = len(places) - 1
    return tuple(Fraction(_on_right_side(places, at), others) if others else None for at in range(len(places)))


def _longest_ordered(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    """Give a point to each item of the longest subset in the right order (the first such, at least two items)."""
    best: list[list[int]] = []
    for at, position in enumerate(places):
        before = [chain for chain in best if places[chain[-1]] < position]
        best.append([*max(before, key=len, default=[]), at])
    return _points(places, max(best, key=len, default=[]))


def _longest_contiguous(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    """Give a point to each item of the longest run of items that stand side by side as they should (at least two)."""
    best: list[int] = []
    run: list[int] = []
    for at, position in enumerate(places):
        run = [*run, at] if run and places[run[-1]] == position - 1 else [at]
        best = run if len(run) > len(best) else best
    return _points(places, best)


def _relative_to_correct(places: Sequence[int]) -> tuple[Fraction | None, ...]:
    others = len(places) - 1
    return tuple(Fraction(others - abs(at - position), others) if others else None for at, position in enumerate(places))


def _points(places: Sequence[int], chosen: list[int]) -> tuple[Fraction | None, ...]:
    counted = frozenset(chosen) if len(chosen) > 1 else frozenset()
    return tuple(Fraction(at in counted) for at in range(len(places)))


def _next(places: Sequence[int], at: int) -> int:
    """Return the right place of the following item; after the last one the place that follows all."""
    return places[at + 1] if at + 1 < len(places) else len(places)


def _previous(places: Sequence[int], at: int) -> int:
    return places[at - 1] if at else -1


def _on_right_side(places: Sequence[int], at: int) -> int:
    """Count the items that stand on the side of this one where they should."""
    return sum((other < at) == (places[other] < places[at]) for other in range(len(places)) if other != at)


_ORDERING_RULES: Mapping[definitions.OrderingRule, Callable[[Sequence[int]], tuple[Fraction | None, ...]]] = {
    definitions.OrderingRule.ALL_OR_NOTHING: _all_in_order,
    definitions.OrderingRule.ABSOLUTE_POSITION: _absolute_position,
    definitions.OrderingRule.RELATIVE_TO_NEXT: _relative_to_next,
    definitions.OrderingRule.RELATIVE_TO_NEXT_AND_LAST: _relative_to_next_and_last,
    definitions.OrderingRule.ONE_PREVIOUS_AND_NEXT: _one_previous_and_next,
    definitions.OrderingRule.ALL_PREVIOUS_AND_NEXT: _all_previous_and_next,
    definitions.OrderingRule.LONGEST_ORDERED: _longest_ordered,
    definitions.OrderingRule.LONGEST_CONTIGUOUS: _longest_contiguous,
    definitions.OrderingRule.RELATIVE_TO_CORRECT: _relative_to_correct,
}


_DOLLARS = {"USD": "$"}


@dataclass(frozen=True, slots=True)
class TypedQuantity:
    """A typed quantity: the number as read, and its unit where one is asked for ("" where it is missing or unknown)."""

    reading: ParsedNumber
    unit: str


@dataclass(frozen=True, slots=True)
class QuantityMark:
    """The share, the place of the answer that matched, and whether the unit took something off."""

    fraction: Fraction
    matched: int | None = None
    unit_wrong: bool = False


@dataclass(frozen=True, slots=True)
class _Expected:
    """An answer to compare with; value None takes any number."""

    value: Fraction | None
    credit: Fraction
    tolerance: definitions.Tolerance


def read_quantity(
    body: definitions.NumericalBody | definitions.CalculatedBody, number: NumberAnswer, convention: Convention
) -> TypedQuantity | None:
    """Read number and unit as typed; None where the number cannot be read. Also serves "interpreted as …"."""
    text, _ = split_unit(number.text, _shown_units(body.unit))
    text, typed_unit = split_unit(text, tuple(body.units))
    reading = read_number(text, convention)
    given = number.unit.strip() or typed_unit
    return None if reading is None else TypedQuantity(reading, given if given in body.units else "")


def mark_numerical(body: definitions.NumericalBody, number: NumberAnswer, convention: Convention) -> QuantityMark | None:
    """Judge by the first answer that matches; None where no number can be read."""
    expected = [_Expected(answer.value, answer.credit, answer.tolerance or body.tolerance) for answer in body.answers]
    return _judge(body, number, expected, convention)


def mark_calculated(
    body: definitions.CalculatedBody, number: NumberAnswer, variables: Mapping[str, Fraction], convention: Convention
) -> QuantityMark | None:
    """Judge as numerical, after computing the answers; one that has no value for these variables matches nothing.

    Where decimals are asked for and nothing else is tolerated, the rounded value is right too.
    """
    expected: list[_Expected | None] = []
    for answer in body.answers:
        value = computed(answer.expression, body, variables)
        expected.append(None if value is None else _Expected(value, answer.credit, tolerance_of(body, answer, value)))
    return _judge(body, number, expected, convention)


def computed(expression: str, body: definitions.CalculatedBody, variables: Mapping[str, Fraction]) -> Fraction | None:
    """Return the value of an answer's expression in this attempt; None where it has none."""
    try:
        return evaluate(expression, {**body.parameters, **variables})
    except ExpressionError:
        return None


def tolerance_of(body: definitions.CalculatedBody, answer: definitions.CalculatedAnswer, value: Fraction) -> definitions.Tolerance:
    """Return the tolerance of an answer with this value; where decimals are asked for and nothing else is, its own rounding."""
    tolerance = answer.tolerance or body.tolerance
    if tolerance.amount or body.decimals is None:
        return tolerance
    return definitions.Tolerance(amount=abs(value - round_half_up(value, body.decimals)))


def _judge(
    body: definitions.NumericalBody | definitions.CalculatedBody,
    number: NumberAnswer,
    expected: Sequence[_Expected | None],
    convention: Convention,
) -> QuantityMark | None:
    quantity = read_quantity(body, number, convention)
    if quantity is None:
        return None
    value = quantity.reading.value * body.units.get(quantity.unit, Fraction(1))
    for at, answer in enumerate(expected):
        if answer is not None and (answer.value is None or is_within(value, answer.value, answer.tolerance)):
            return _with_unit(body, quantity, answer.credit, at)
    return QuantityMark(_NOTHING)


def _with_unit(
    body: definitions.NumericalBody | definitions.CalculatedBody, quantity: TypedQuantity, credit: Fraction, at: int
) -> QuantityMark:
    """Take the unit's penalty off a credit, of the mark or of the maximum, down to nothing."""
    if not body.units or quantity.unit:
        return QuantityMark(credit, at)
    loss = body.unit_penalty * (credit if body.unit_penalty_of is definitions.UnitPenaltyOf.MARK else 1)
    return QuantityMark(max(_NOTHING, credit - loss) if credit > 0 else credit, at, unit_wrong=True)


def _shown_units(unit: definitions.Texts | None) -> tuple[str, ...]:
    """Return the shown unit in all languages; people write it although it stands beside the field."""
    units = tuple(dict.fromkeys(unit.values())) if unit else ()
    return units + tuple(_DOLLARS[word] for word in units if word in _DOLLARS)


BY_HAND = frozenset({definitions.QuestionKind.ESSAY, definitions.QuestionKind.FILE})


def rubric_of(question: definitions.QuestionDefinition) -> tuple[definitions.RubricCriterion, ...]:
    """Return the criteria of a question; empty where it has none."""
    return question.body.rubric if isinstance(question.body, definitions.EssayBody | definitions.FileBody) else ()


def is_self_check(question: definitions.QuestionDefinition) -> bool:
    """Return whether a text is for its writer alone to judge: an essay or file without a mark (spec/quiz-engine 5.6)."""
    return question.kind in BY_HAND and not question.mark


def is_self_reviewed(question: definitions.QuestionDefinition) -> bool:
    """Return whether the writer of a text judges it by its rubric after submission, and nobody else does (spec/selection 8.6)."""
    return isinstance(question.body, definitions.EssayBody) and question.body.self_review


def self_assessed_points(question: definitions.QuestionDefinition, chosen: Mapping[str, int]) -> tuple[Fraction, Fraction] | None:
    """Return the points of the levels that a writer chose and the most there are; None while a criterion has none."""
    rubric = rubric_of(question)
    earned = level_points(rubric, chosen)
    if earned is None:
        return None
    return earned, sum((max(level.points for level in criterion.levels) for criterion in rubric), _NOTHING)


def lowest_fraction(question: definitions.QuestionDefinition) -> Fraction:
    """Return the least share of its mark that a question can be worth: the lowest credit of its answers, never above 0."""
    match question.body:
        case definitions.SingleChoiceBody(options):
            return min([_NOTHING, *(option.credit for option in options)])
        case definitions.ShortAnswerBody(answers) | definitions.NumericalBody(answers):
            return min([_NOTHING, *(answer.credit for answer in answers)])
        case _:
            return _NOTHING


def level_points(rubric: Sequence[definitions.RubricCriterion], chosen: Mapping[str, int]) -> Fraction | None:
    """Add up the points of the chosen levels, by criterion the place of its level from 0; None while a criterion has none."""
    points = _NOTHING
    for criterion in rubric:
        level = chosen.get(criterion.key)
        if level is None or not 0 <= level < len(criterion.levels):
            return None
        points += criterion.levels[level].points
    return points if rubric else None


def rubric_mark(question: definitions.QuestionDefinition, chosen: Mapping[str, int], maximum: Fraction) -> Fraction | None:
    """Return the mark that the chosen levels make where the question is worth ``maximum``; None while a criterion has none."""
    earned = level_points(rubric_of(question), chosen)
    return None if earned is None or not question.mark else earned * maximum / question.mark


def mark_answer(
    question: definitions.QuestionDefinition, answer: Answer | MalformedAnswer, layout: ItemLayout, convention: Convention
) -> Marking:
    """Mark an answer by the rule of the question's kind."""
    if not has_rule(question):
        return Marking(MarkState.NOT_MARKED, None)
    if is_unanswered(question, answer, layout):
        return Marking(MarkState.NOT_ANSWERED, _NOTHING)
    if isinstance(answer, MalformedAnswer):
        return Marking(MarkState.INVALID, _NOTHING)
    if question.kind in BY_HAND:
        return Marking(MarkState.NEEDS_GRADING, None)
    part = _one_part(question, answer, layout, convention)
    return whole(part) if part else _several_parts(question, answer, convention)


def is_unanswered(question: definitions.QuestionDefinition, answer: Answer | MalformedAnswer, layout: ItemLayout) -> bool:
    """Return whether nothing was answered; an untouched order counts as nothing (spec/quiz-engine 5.7, ordering)."""
    if isinstance(answer, OrderingAnswer) and not answer.confirmed:
        return is_empty(answer) or answer.order == layout.orders.get(ITEMS)
    return is_empty(answer)


def has_rule(question: definitions.QuestionDefinition) -> bool:
    """Return whether an answer is judged at all, by a rule or by a person: not texts, surveys and self-checks."""
    match question.body:
        case definitions.ShortAnswerBody(answers):
            return bool(answers)
        case definitions.MatrixBody(_, _, survey):
            return not survey
        case definitions.EssayBody() | definitions.FileBody():
            return question.mark > 0
        case _:
            return question.kind is not definitions.QuestionKind.DESCRIPTION


def _one_part(question: definitions.QuestionDefinition, answer: Answer, layout: ItemLayout, convention: Convention) -> PartMark | None:
    match question.body, answer:
        case definitions.SingleChoiceBody() as body, SingleChoiceAnswer(key):
            return _mark_choice(body, key)
        case definitions.TrueFalseBody(right), TrueFalseAnswer(value):
            return _part("", Fraction(value is right))
        case definitions.ShortAnswerBody() as body, TextAnswer(text):
            return _mark_short(body, text)
        case definitions.NumericalBody() as body, NumberAnswer() as number:
            return _judged(mark_numerical(body, number, convention))
        case definitions.CalculatedBody() as body, NumberAnswer() as number:
            return _judged(mark_calculated(body, number, layout.variables, convention))
    return None


def _several_parts(question: definitions.QuestionDefinition, answer: Answer, convention: Convention) -> Marking:
    match question.body, answer:
        case definitions.MultipleChoiceBody() as body, MultipleChoiceAnswer(keys):
            return _mark_multiple(body, keys)
        case definitions.MatchingBody(pairs), MatchingAnswer(chosen):
            return mean(_chosen(pair.key, chosen, pair.match_key) for pair in pairs)
        case definitions.OrderingBody() as body, OrderingAnswer(order):
            return _mark_ordering(body, order)
        case definitions.GapsBody() as body, GapsAnswer() as filled:
            return mean(_mark_gap(body, gap, filled, convention) for gap in body.gaps)
        case definitions.MatrixBody(_, rows), MatrixAnswer(chosen):
            return mean(_chosen(row.key, chosen, row.answer) for row in rows)
    return Marking(MarkState.INVALID, _NOTHING)


def _part(name: str, fraction: Fraction, matched: str = "", weight: Fraction = _ALL) -> PartMark:
    return PartMark(name, state_of(fraction), fraction, weight, matched)


def _mark_choice(body: definitions.SingleChoiceBody, key: str, part: str = "", weight: Fraction = _ALL) -> PartMark:
    chosen = next((option for option in body.options if option.key == key), None)
    if chosen is None:
        return PartMark(part, MarkState.INVALID, _NOTHING, weight)
    return _part(part, chosen.credit, chosen.key, weight)


def _mark_multiple(body: definitions.MultipleChoiceBody, keys: Sequence[str]) -> Marking:
    """Mark by the named rule; the parts are the chosen options, right or wrong in themselves."""
    taken = [option for option in body.options if option.key in keys]
    if not taken:
        return Marking(MarkState.INVALID, _NOTHING)
    fraction = share_of_choices(body.rule, body.options, keys)
    parts = tuple(_part(option.key, Fraction(option.right), option.key) for option in taken)
    return Marking(state_of(fraction), fraction, parts)


def _mark_short(body: definitions.ShortAnswerBody, text: str, part: str = "", weight: Fraction = _ALL) -> PartMark:
    """Take the first answer that matches, in whichever language its pattern is written."""
    for at, answer in enumerate(body.answers):
        if _matches_any(answer.patterns.values(), text, body):
            return _part(part, answer.credit, str(at), weight)
    return _part(part, _NOTHING, weight=weight)


def _matches_any(texts: Iterable[str], typed: str, body: definitions.ShortAnswerBody) -> bool:
    return any(
        matches(
            pattern,
            typed,
            ignore_case=body.ignore_case,
            ignore_accents=body.ignore_accents,
            ignore_typography=body.ignore_typography,
        )
        for pattern in texts
    )


def variant_pair(body: object, typed: Sequence[str]) -> tuple[str, str] | None:
    """Return the first of some texts that fits a key by its typographic variants alone, with that key; None where none does.

    Of a number, which has no key to show, it is enough that it or a unit has variants.
    """
    match body:
        case definitions.ShortAnswerBody(answers, case, accents, True):
            fits = partial(matches, ignore_case=case, ignore_accents=accents)
            keys = [pattern for answer in answers for pattern in answer.patterns.values()]
            pairs = ((text, key) for text in typed for key in keys if fits(key, text) and not fits(key, text, ignore_typography=False))
            return next(pairs, None)
        case definitions.NumericalBody() | definitions.CalculatedBody():
            units = "".join((*body.units, *(body.unit or {}).values()))
            return next(((text, "") for text in typed if plain_typography(text + units) != text + units), None)
        case definitions.GapsBody(gaps, False):
            return next((pair for gap in gaps if (pair := variant_pair(gap.body, typed)) is not None), None)
        case _:
            return None


def _judged(judged: QuantityMark | None, part: str = "", weight: Fraction = _ALL) -> PartMark:
    if judged is None:
        return PartMark(part, MarkState.INVALID, _NOTHING, weight)
    matched = "" if judged.matched is None else str(judged.matched)
    return PartMark(part, state_of(judged.fraction), judged.fraction, weight=weight, matched=matched, unit_wrong=judged.unit_wrong)


def _chosen(part: str, chosen: Mapping[str, str], right: str | None) -> PartMark:
    """Judge what was chosen for a pair or row; nothing chosen is not answered and worth nothing."""
    key = chosen.get(part)
    return _part(part, Fraction(key == right), key) if key else PartMark(part, MarkState.NOT_ANSWERED, _NOTHING)


def _mark_ordering(body: definitions.OrderingBody, order: Sequence[str]) -> Marking:
    places = {item.key: at for at, item in enumerate(body.items)}
    if sorted(order) != sorted(places):
        return Marking(MarkState.INVALID, _NOTHING)
    right_places = [places[key] for key in order]
    fraction = share_of_ordering(body.rule, right_places)
    shares = zip(order, ordering_shares(body.rule, right_places), strict=True)
    parts = tuple(_part(key, share) for key, share in shares if share is not None)
    return Marking(state_of(fraction), fraction, parts)


def _mark_gap(body: definitions.GapsBody, gap: definitions.Gap, filled: GapsAnswer, convention: Convention) -> PartMark:
    """Judge a gap by its own rule; in a set that is dragged the value is the key of the choice."""
    typed = filled.values.get(gap.name, "")
    if not typed.strip():
        return PartMark(gap.name, MarkState.NOT_ANSWERED, _NOTHING, gap.weight)
    match gap.body:
        case definitions.SingleChoiceBody() as single:
            return _mark_choice(single, typed, gap.name, gap.weight)
        case definitions.ShortAnswerBody() as short:
            return _mark_dragged(short, typed, gap) if body.drag else _mark_short(short, typed, gap.name, gap.weight)
        case definitions.NumericalBody() as numerical:  # pragma: no branch - the last case
            number = NumberAnswer(typed, filled.units.get(gap.name, ""))
            return _judged(mark_numerical(numerical, number, convention), gap.name, gap.weight)


def _mark_dragged(body: definitions.ShortAnswerBody, key: str, gap: definitions.Gap) -> PartMark:
    matched = next(((str(at), answer.credit) for at, answer in enumerate(body.answers) if answer.key == key), ("", _NOTHING))
    return _part(gap.name, matched[1], matched[0], gap.weight)


LONGEST_ADDITION = 200
_FULL = Fraction(1)


def wrong_options(question: definitions.QuestionDefinition) -> tuple[definitions.Option, ...]:
    """Return the options of a single choice that its key does not count as right; none of other kinds."""
    return (
        tuple(option for option in question.body.options if not option.right)
        if isinstance(question.body, definitions.SingleChoiceBody)
        else ()
    )


def takes_text(question: definitions.QuestionDefinition) -> bool:
    """Return whether another right answer is typed: a text or a number."""
    body = question.body
    return isinstance(body, definitions.NumericalBody) or (isinstance(body, definitions.ShortAnswerBody) and bool(body.answers))


def with_right_answer(
    question: definitions.QuestionDefinition, added: str, convention: Convention
) -> definitions.QuestionDefinition | None:
    """Return the question with another right answer: the key of an option, a text, or a number; None where it cannot be one.

    What the key counted as right before stays right.
    """
    body, typed = question.body, added.strip()
    if len(typed) > LONGEST_ADDITION:
        return None
    match body:
        case definitions.SingleChoiceBody(options) if typed in {option.key for option in wrong_options(question)}:
            changed = tuple(replace(option, right=True, credit=_FULL) if option.key == typed else option for option in options)
            return replace(question, body=replace(body, options=changed))
        case definitions.ShortAnswerBody(answers) if answers and typed:
            pattern = typed.replace("*", "\\*")
            texts = dict.fromkeys(answers[0].patterns, pattern)
            return replace(question, body=replace(body, answers=(definitions.TextPattern(texts, right=True, credit=_FULL), *answers)))
        case definitions.NumericalBody(answers) if (read := read_number(typed, convention)) is not None:
            return replace(
                question, body=replace(body, answers=(definitions.NumericalAnswer(read.value, right=True, credit=_FULL), *answers))
            )
        case _:
            return None
