"""Item analysis of what is typed: tolerances, slipped decimal signs, spellings, and answers that the author did not think of."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from quizzes.rules.acronyms import NAMES
from quizzes.rules.analysis import ItemResponses
from quizzes.rules.definitions import CalculatedBody, GapsBody, NumericalBody, QuestionDefinition, ShortAnswerBody, Texts
from quizzes.rules.finding_kinds import NOT_MET, FindingDetails, FindingKind, Outcome, outcome
from quizzes.rules.item_evidence import ItemEvidence, UnmatchedText
from quizzes.rules.patterns import folded
from quizzes.rules.results import MarkState, PartMark
from quizzes.rules.significance import FIVE_PERCENT, ONE_PER_MILLE, ONE_PERCENT, Scale, group_square, more_tail, tail_of_t

RARE = Fraction(1, 50)
"""Share that typing errors of single people may reach before a group of answers is told: it has to be more, by a test."""
COMMON = Fraction(1, 10)
"""Share from which an answer that does not fall as knowing rises is told sooner."""
NEAR = Fraction(1, 20)
"""How far from the right number, as a share of it, an answer is nearly right."""
SLIPS = tuple(Fraction(10) ** power for power in (-6, -3, -2, -1, 1, 2, 3, 6))
LEAST_COUNT = 5
_NOTHING = Fraction(0)


def typed_outcomes(question: QuestionDefinition, evidence: ItemEvidence, scale: Scale) -> Iterator[Outcome]:
    """Test the answers that a question accepts against those that it does not."""
    for part, body in _typed_parts(question).items():
        typed = [text for text in evidence.typed if text.what.part == part]
        near = list(_near_words(body, typed) if isinstance(body, ShortAnswerBody) else _near_numbers(body, typed))
        slipped = [text for text in typed if not isinstance(body, ShortAnswerBody) and text not in near and _is_slip(body, text.what.value)]
        ailment = FindingKind.SPELLING if isinstance(body, ShortAnswerBody) else FindingKind.NARROW_TOLERANCE
        yield _group(ailment, near, part, scale, knowing=True)
        if not isinstance(body, ShortAnswerBody):
            yield _group(FindingKind.SLIPPED_NUMBER, slipped, part, scale, knowing=False)
        yield _others([text for text in typed if text not in near and text not in slipped], part, evidence.responses, scale)


def _typed_parts(question: QuestionDefinition) -> Mapping[str, NumericalBody | CalculatedBody | ShortAnswerBody]:
    match question.body:
        case NumericalBody() | CalculatedBody() | ShortAnswerBody() as body:
            return {"": body}
        case GapsBody(gaps, False):
            return {gap.name: gap.body for gap in gaps if isinstance(gap.body, NumericalBody | ShortAnswerBody)}
        case _:
            return {}


def _group(ailment: FindingKind, group: Sequence[UnmatchedText], part: str, scale: Scale, *, knowing: bool) -> Outcome:
    """Test whether a group of answers is more than chance; where it should come from knowing, not if the weakest give it."""
    count = sum(text.count for text in group)
    rests = sum((text.rests for text in group), _NOTHING)
    if count < LEAST_COUNT or (knowing and group_square(count, rests, scale) < -FIVE_PERCENT):
        return NOT_MET
    most = max(group, key=lambda text: text.count)
    facts: FindingDetails = {"part": part, "answer": most.what.text, "count": count, "share": Fraction(count, scale.count)}
    return outcome(more_tail(count, scale.count, RARE), ailment, scale.count, **facts)


def _others(typed: Iterable[UnmatchedText], part: str, responses: Iterable[ItemResponses], scale: Scale) -> Outcome:
    """Test whether the authors of the best of the other answers know more than the others who got nothing for this part.

    The p-value is that of the best, times how many there are.
    """
    failed = _failed(responses, part)
    enough = [text for text in typed if text.count >= LEAST_COUNT and text.count >= scale.count * RARE]
    best = max(enough, key=lambda text: group_square(text.count, text.rests, failed), default=None)
    if best is None or failed.count < 3:
        return NOT_MET
    square = group_square(best.count, best.rests, failed)
    stands_out = best.count >= COMMON * scale.count and group_square(best.count, best.rests, scale) >= 0
    met = square > ONE_PER_MILLE or (square > ONE_PERCENT and stands_out)
    p = len(enough) * tail_of_t(square, failed.count - 2)
    return outcome(p, FindingKind.OTHER_ANSWER, scale.count, met=met, part=part, answer=best.what.text, count=best.count)


def _failed(responses: Iterable[ItemResponses], part: str) -> Scale:
    """Return the scale of the rests of those whose answer to a part got nothing; who left it blank gave none."""
    counted = [(response.count, response.rest) for response in responses if any(_is_failed(mark, part) for mark in response.marking.parts)]
    whole = sum((count * rest for count, rest in counted), _NOTHING)
    return Scale(sum(count for count, _rest in counted), whole, sum((count * rest * rest for count, rest in counted), _NOTHING))


def _is_failed(mark: PartMark, part: str) -> bool:
    return mark.part == part and mark.fraction <= 0 and mark.state is not MarkState.NOT_ANSWERED


def _right_numbers(body: NumericalBody | CalculatedBody) -> list[Fraction]:
    """Return what is right; of a calculated question, whose numbers are kept as shares of the right one, 1."""
    if isinstance(body, CalculatedBody):
        return [Fraction(1)]
    return [answer.value for answer in body.answers if answer.credit > 0 and answer.value is not None]


def _near_numbers(body: NumericalBody | CalculatedBody, typed: Iterable[UnmatchedText]) -> Iterator[UnmatchedText]:
    rights = _right_numbers(body)
    for text in typed:
        value = text.what.value
        if value is not None and any(abs(value - right) <= NEAR * abs(right) for right in rights):
            yield text


def _is_slip(body: NumericalBody | CalculatedBody, value: Fraction | None) -> bool:
    """Say whether a number is right but for its sign or the place of its decimal sign, within a hundredth."""
    if not value:
        return False
    return any(abs(value - slip * right) <= abs(slip * right) / 100 for right in _right_numbers(body) for slip in (*SLIPS, Fraction(-1)))


def _near_words(body: ShortAnswerBody, typed: Iterable[UnmatchedText]) -> Iterator[UnmatchedText]:
    accepted = {_plain(text) for answer in body.answers if answer.credit > 0 for text in _patterns(answer.patterns)}
    accepted |= {name for text in accepted for name in NAMES.get(text, ())}
    for unmatched in typed:
        plain_text = _plain(unmatched.what.text)
        if any(plain_text and is_near(plain_text, right) for right in accepted):
            yield unmatched


def _patterns(texts: Texts) -> Iterator[str]:
    return (text.replace("\\*", "*") for text in texts.values() if "*" not in text.replace("\\*", ""))


def _plain(text: str) -> str:
    """Return the alphanumeric characters alone, without accents: points, hyphens, quotes and spaces make no other word."""
    return "".join(sign for sign in folded(text, ignore_case=True, ignore_accents=True) if sign.isalnum())


def is_near(typed: str, right: str) -> bool:
    """Return whether a word differs from another in one character, of at least eight in two; of fewer than three in none.

    One too many, one too few, another, or two exchanged count as one (Damerau 1964: four fifths of all typing errors are one such).
    A known acronym is no misspelling of anything; it is near its own names (`acronyms`).
    """
    if typed in NAMES:
        return right in NAMES[typed]
    allowed = 0 if len(right) < 3 else 1 if len(right) < 8 else 2
    return abs(len(typed) - len(right)) <= allowed and _distance(typed, right) <= allowed


def _distance(word: str, other: str) -> int:
    before: list[int] = []
    last = list(range(len(other) + 1))
    for at, sign in enumerate(word, start=1):
        row = [at]
        for column, letter in enumerate(other, start=1):
            cost = min(last[column] + 1, row[column - 1] + 1, last[column - 1] + (sign != letter))
            if at > 1 and column > 1 and sign == other[column - 2] and word[at - 2] == letter:
                cost = min(cost, before[column - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
