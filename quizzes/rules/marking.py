"""The mark of an answer (spec/quiz-engine 5.7): a share in [−1, 1] of the question's mark, exactly, and the result of every part.

Nothing here rounds and nothing raises on what a learner typed: what cannot be read is ``invalid`` and worth nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial

from quizzes.rules import choice_marking, ordering
from quizzes.rules.answers import (
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
from quizzes.rules.definitions import (
    CalculatedBody,
    EssayBody,
    FileBody,
    Gap,
    GapsBody,
    MatchingBody,
    MatrixBody,
    MultipleChoiceBody,
    NumericalBody,
    OrderingBody,
    QuestionDefinition,
    QuestionKind,
    ShortAnswerBody,
    SingleChoiceBody,
    TrueFalseBody,
)
from quizzes.rules.item_layout import ITEMS, ItemLayout
from quizzes.rules.manual_marking import BY_HAND
from quizzes.rules.numbers import Convention
from quizzes.rules.patterns import matches, plain_typography
from quizzes.rules.quantities import QuantityMark, mark_calculated, mark_numerical
from quizzes.rules.results import Marking, MarkState, PartMark, mean, state_of, whole

_NOTHING = Fraction(0)
_ALL = Fraction(1)


def mark_answer(question: QuestionDefinition, answer: Answer | MalformedAnswer, layout: ItemLayout, convention: Convention) -> Marking:
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


def is_unanswered(question: QuestionDefinition, answer: Answer | MalformedAnswer, layout: ItemLayout) -> bool:
    """Return whether nothing was answered; an untouched order counts as nothing (spec/quiz-engine 5.7, ordering)."""
    if isinstance(answer, OrderingAnswer) and not answer.confirmed:
        return is_empty(answer) or answer.order == layout.orders.get(ITEMS)
    return is_empty(answer)


def has_rule(question: QuestionDefinition) -> bool:
    """Return whether an answer is judged at all, by a rule or by a person: not texts, surveys and self-checks."""
    match question.body:
        case ShortAnswerBody(answers):
            return bool(answers)
        case MatrixBody(_, _, survey):
            return not survey
        case EssayBody() | FileBody():
            return question.mark > 0
        case _:
            return question.kind is not QuestionKind.DESCRIPTION


def _one_part(question: QuestionDefinition, answer: Answer, layout: ItemLayout, convention: Convention) -> PartMark | None:
    match question.body, answer:
        case SingleChoiceBody() as body, SingleChoiceAnswer(key):
            return _mark_choice(body, key)
        case TrueFalseBody(right), TrueFalseAnswer(value):
            return _part("", Fraction(value is right))
        case ShortAnswerBody() as body, TextAnswer(text):
            return _mark_short(body, text)
        case NumericalBody() as body, NumberAnswer() as number:
            return _judged(mark_numerical(body, number, convention))
        case CalculatedBody() as body, NumberAnswer() as number:
            return _judged(mark_calculated(body, number, layout.variables, convention))
    return None


def _several_parts(question: QuestionDefinition, answer: Answer, convention: Convention) -> Marking:
    match question.body, answer:
        case MultipleChoiceBody() as body, MultipleChoiceAnswer(keys):
            return _mark_multiple(body, keys)
        case MatchingBody(pairs), MatchingAnswer(chosen):
            return mean(_chosen(pair.key, chosen, pair.match_key) for pair in pairs)
        case OrderingBody() as body, OrderingAnswer(order):
            return _mark_ordering(body, order)
        case GapsBody() as body, GapsAnswer() as filled:
            return mean(_mark_gap(body, gap, filled, convention) for gap in body.gaps)
        case MatrixBody(_, rows), MatrixAnswer(chosen):
            return mean(_chosen(row.key, chosen, row.answer) for row in rows)
    return Marking(MarkState.INVALID, _NOTHING)


def _part(name: str, fraction: Fraction, matched: str = "", weight: Fraction = _ALL) -> PartMark:
    return PartMark(name, state_of(fraction), fraction, weight, matched)


def _mark_choice(body: SingleChoiceBody, key: str, part: str = "", weight: Fraction = _ALL) -> PartMark:
    chosen = next((option for option in body.options if option.key == key), None)
    if chosen is None:
        return PartMark(part, MarkState.INVALID, _NOTHING, weight)
    return _part(part, chosen.credit, chosen.key, weight)


def _mark_multiple(body: MultipleChoiceBody, keys: Sequence[str]) -> Marking:
    """Mark by the named rule; the parts are the chosen options, right or wrong in themselves."""
    taken = [option for option in body.options if option.key in keys]
    if not taken:
        return Marking(MarkState.INVALID, _NOTHING)
    fraction = choice_marking.share_of_choices(body.rule, body.options, keys)
    parts = tuple(_part(option.key, Fraction(option.right), option.key) for option in taken)
    return Marking(state_of(fraction), fraction, parts)


def _mark_short(body: ShortAnswerBody, text: str, part: str = "", weight: Fraction = _ALL) -> PartMark:
    """Take the first answer that matches, in whichever language its pattern is written."""
    for at, answer in enumerate(body.answers):
        if _matches_any(answer.patterns.values(), text, body):
            return _part(part, answer.credit, str(at), weight)
    return _part(part, _NOTHING, weight=weight)


def _matches_any(texts: Iterable[str], typed: str, body: ShortAnswerBody) -> bool:
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
        case ShortAnswerBody(answers, case, accents, True):
            fits = partial(matches, ignore_case=case, ignore_accents=accents)
            keys = [pattern for answer in answers for pattern in answer.patterns.values()]
            pairs = ((text, key) for text in typed for key in keys if fits(key, text) and not fits(key, text, ignore_typography=False))
            return next(pairs, None)
        case NumericalBody() | CalculatedBody():
            units = "".join((*body.units, *(body.unit or {}).values()))
            return next(((text, "") for text in typed if plain_typography(text + units) != text + units), None)
        case GapsBody(gaps, False):
            return next((pair for gap in gaps if (pair := variant_pair(gap.body, typed)) is not None), None)
        case _:
            return None


def _judged(judged: QuantityMark | None, part: str = "", weight: Fraction = _ALL) -> PartMark:
    if judged is None:
        return PartMark(part, MarkState.INVALID, _NOTHING, weight)
    matched = "" if judged.matched is None else str(judged.matched)
    return PartMark(part, state_of(judged.fraction), judged.fraction, weight, matched, judged.unit_wrong)


def _chosen(part: str, chosen: Mapping[str, str], right: str | None) -> PartMark:
    """Judge what was chosen for a pair or row; nothing chosen is not answered and worth nothing."""
    key = chosen.get(part)
    return _part(part, Fraction(key == right), key) if key else PartMark(part, MarkState.NOT_ANSWERED, _NOTHING)


def _mark_ordering(body: OrderingBody, order: Sequence[str]) -> Marking:
    places = {item.key: at for at, item in enumerate(body.items)}
    if sorted(order) != sorted(places):
        return Marking(MarkState.INVALID, _NOTHING)
    right_places = [places[key] for key in order]
    fraction = ordering.share_of_ordering(body.rule, right_places)
    shares = zip(order, ordering.ordering_shares(body.rule, right_places), strict=True)
    parts = tuple(_part(key, share) for key, share in shares if share is not None)
    return Marking(state_of(fraction), fraction, parts)


def _mark_gap(body: GapsBody, gap: Gap, filled: GapsAnswer, convention: Convention) -> PartMark:
    """Judge a gap by its own rule; in a set that is dragged the value is the key of the choice."""
    typed = filled.values.get(gap.name, "")
    if not typed.strip():
        return PartMark(gap.name, MarkState.NOT_ANSWERED, _NOTHING, gap.weight)
    match gap.body:
        case SingleChoiceBody() as single:
            return _mark_choice(single, typed, gap.name, gap.weight)
        case ShortAnswerBody() as short:
            return _mark_dragged(short, typed, gap) if body.drag else _mark_short(short, typed, gap.name, gap.weight)
        case NumericalBody() as numerical:  # pragma: no branch - the last case
            number = NumberAnswer(typed, filled.units.get(gap.name, ""))
            return _judged(mark_numerical(numerical, number, convention), gap.name, gap.weight)


def _mark_dragged(body: ShortAnswerBody, key: str, gap: Gap) -> PartMark:
    matched = next(((str(at), answer.credit) for at, answer in enumerate(body.answers) if answer.key == key), ("", _NOTHING))
    return _part(gap.name, matched[1], matched[0], gap.weight)
