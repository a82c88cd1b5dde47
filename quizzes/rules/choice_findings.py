"""Item analysis of what is chosen: keys, second keys, chance, options that nobody takes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from quizzes.rules.analysis import ItemResponses, groups_of
from quizzes.rules.definitions import (
    Gap,
    GapsBody,
    MatchingBody,
    MatrixBody,
    MultipleChoiceBody,
    QuestionDefinition,
    SingleChoiceBody,
    TrueFalseBody,
)
from quizzes.rules.finding_kinds import NOT_MET, FindingDetails, FindingKind, Outcome, outcome
from quizzes.rules.guessing import chance_tail
from quizzes.rules.results import MarkState
from quizzes.rules.significance import (
    FIVE_PERCENT,
    Scale,
    fewer_tail,
    group_square,
    knows,
    squared_correlation,
    tail_of_t,
)

WORKING = Fraction(1, 20)
"""Share from which an option counts as used (Tarrant, Ware and Mohammed 2009)."""
SECOND = Fraction(1, 3)
"""How often the best choose the rarer of two keys at least, of how often they choose the other."""
FAIR = Fraction(1, 4)
"""Of the share that a wrong option would have if all attracted alike, what an unused one stays below."""
_NOTHING = Fraction(0)
_ALL = Fraction(1)


@dataclass(slots=True)
class ResponseGroup:
    """One answer to a part: who gave it, and how many of the best."""

    name: str
    credit: Fraction
    count: int = 0
    rests: Fraction = _NOTHING
    squares: Fraction = _NOTHING
    top: int = 0

    def take(self, response: ItemResponses, cut: Fraction) -> None:
        """Count who gave it; the best have at least the rest ``cut``."""
        self.count += response.count
        self.rests += response.count * response.rest
        self.squares += response.count * response.rest * response.rest
        self.top += response.count * (response.rest >= cut)


@dataclass(slots=True)
class PartTable:
    """The answers to one part of a question; ``guess`` is the share that chance gets right, ``offered`` the wrong answers there are."""

    part: str
    guess: Fraction | None = None
    offered: tuple[str, ...] = ()
    answers: dict[tuple[str, Fraction], ResponseGroup] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        """Count the attempts that answered it."""
        return sum(answer.count for answer in self.answers.values())

    def key(self) -> ResponseGroup:
        """Return the right answer, or one that nobody gave."""
        full = [answer for answer in self.answers.values() if answer.credit >= _ALL]
        return max(full, key=lambda answer: answer.count, default=ResponseGroup("", _ALL))

    def rivals(self) -> list[ResponseGroup]:
        """Return the answers that were chosen and are not right."""
        return [answer for answer in self.answers.values() if answer.credit < _ALL]


@dataclass(frozen=True, slots=True)
class ItemSample:
    """All attempts that had the question: the scale of their rests, how many are the best, and from which rest on."""

    scale: Scale
    top: int
    cut: Fraction


def sample_of(responses: Sequence[ItemResponses]) -> ItemSample:
    """Return what groups are compared with: who answered; the best are at least a third, those with equal rest together."""
    count = sum(response.count for response in responses)
    whole = sum((response.count * response.rest for response in responses), _NOTHING)
    squares = sum((response.count * response.rest * response.rest for response in responses), _NOTHING)
    top, cut = 0, _NOTHING
    by_rest: dict[Fraction, int] = {}
    for response in responses:
        by_rest[response.rest] = by_rest.get(response.rest, 0) + response.count
    for rest in sorted(by_rest, reverse=True):
        if 3 * top >= count:
            break
        top, cut = top + by_rest[rest], rest
    return ItemSample(Scale(count, whole, squares), top, cut)


def tables_of(question: QuestionDefinition, responses: Sequence[ItemResponses], crowd: ItemSample) -> list[PartTable]:
    """Count the answers to each part that is chosen among what the question offers; a part left blank was not answered."""
    tables = {table.part: table for table in _empty_tables(question)}
    for response in responses:
        for part, matched, state, credit in groups_of(response.marking):
            table = tables.get(part)
            if table is None or not response.marking.parts or state is MarkState.NOT_ANSWERED:
                continue
            table.answers.setdefault((matched, credit), ResponseGroup(matched, credit)).take(response, crowd.cut)
    return list(tables.values())


def _empty_tables(question: QuestionDefinition) -> Iterator[PartTable]:
    match question.body:
        case SingleChoiceBody() as body:
            yield _single_table("", body)
        case TrueFalseBody():
            yield PartTable("", Fraction(1, 2))
        case MatchingBody(pairs, extra):
            choices = {pair.match_key for pair in pairs} | {label.key for label in extra}
            yield from (PartTable(pair.key, Fraction(1, len(choices))) for pair in pairs)
        case MatrixBody(columns, rows, False):
            yield from (PartTable(row.key, Fraction(1, len(columns))) for row in rows)
        case GapsBody(gaps, False):
            yield from (
                _single_table(gap.name, gap.body) for gap in gaps if isinstance(gap, Gap) and isinstance(gap.body, SingleChoiceBody)
            )


def _single_table(part: str, body: SingleChoiceBody) -> PartTable:
    right = sum(option.credit >= _ALL for option in body.options)
    wrong = tuple(option.key for option in body.options if option.credit <= _NOTHING)
    return PartTable(part, Fraction(right, len(body.options)), wrong)


def choice_outcomes(question: QuestionDefinition, responses: Sequence[ItemResponses], crowd: ItemSample) -> Iterator[Outcome]:
    """Test the key and the options of a question that is answered by choosing."""
    tables = tables_of(question, responses, crowd)
    for table in tables:
        if len(tables) == 1:
            yield _about_chance(table, crowd)
        yield from _about_key(table, crowd)
        yield from _unused(table, crowd)
    if isinstance(question.body, MultipleChoiceBody):
        yield from _several(question.body, responses, crowd)


def _about_chance(table: PartTable, crowd: ItemSample) -> Outcome:
    """Test whether the best get it right by guessing alone, so that it says nothing about who knows."""
    right = [answer for answer in table.answers.values() if answer.credit >= _ALL]
    count, top = sum(answer.count for answer in right), sum(answer.top for answer in right)
    rests = Scale(
        table.answered,
        sum((answer.rests for answer in table.answers.values()), _NOTHING),
        sum((answer.squares for answer in table.answers.values()), _NOTHING),
    )
    square = squared_correlation(
        Scale(table.answered, Fraction(count), Fraction(count)), rests, sum((answer.rests for answer in right), _NOTHING)
    )
    best = sum(answer.top for answer in table.answers.values())
    p = chance_tail(top, best, table.guess, square, table.answered) if table.guess is not None else None
    if p is None:
        return NOT_MET
    facts: FindingDetails = {
        "part": table.part,
        "share": table.guess,
        "answer": table.key().name,
        "count": count,
        "top": best,
        "top_answer": top,
        "top_key": top,
    }
    return outcome(p, FindingKind.CHANCE, crowd.scale.count, **facts)


def _about_key(table: PartTable, crowd: ItemSample) -> Iterator[Outcome]:
    """Compare the key with the other answers: one that goes better with knowing the rest is right too, or right instead.

    A distractor is what does not know: it falls among all as knowing rises, and among those who do not choose the key its choosers
    are no better than the others. A rival that rises among all where the best choose it more, and whose key is no better than the
    others among those who do not choose the rival, is right instead of the key; one that is better beside those who choose neither,
    where the key is so too, is a second key. With two answers there is nobody else to compare with: the rival itself has to rise.
    """
    key, rivals = table.key(), sorted(table.rivals(), key=lambda rival: (-rival.count, rival.name))
    rising, beside = [], []
    for rival in rivals:
        among_all = group_square(rival.count, rival.rests, crowd.scale)
        square, others = _beside(rival, key, table, crowd)
        key_square, key_others = _beside(key, rival, table, crowd)
        is_known = knows(square, among_all)
        key_knows = key_square > FIVE_PERCENT and key.top >= SECOND * rival.top
        both = max(tail_of_t(square, others - 2), tail_of_t(key_square, key_others - 2))
        rising.append((tail_of_t(among_all, crowd.scale.count - 2), rival, is_known and not key_knows and rival.top > key.top))
        beside.append((both, rival, is_known and key_knows and rival.top >= SECOND * key.top))
    for ailment, tails in ((FindingKind.WRONG_KEY, rising), (FindingKind.SECOND_KEY, beside)):
        yield _against_key(ailment, tails, table, crowd)


def _against_key(
    ailment: FindingKind, tails: Sequence[tuple[Fraction, ResponseGroup, bool]], table: PartTable, crowd: ItemSample
) -> Outcome:
    """Return the outcome of the surest of the comparisons whose conditions are met: (tail, rival, met), the most chosen rival first.

    One of several: half of what may be wrong is left to the most chosen, which nobody's rest decides, and half to the others together.
    """
    weights = [1] if len(tails) == 1 else [2, *([2 * (len(tails) - 1)] * (len(tails) - 1))]
    weighted = [(tail * weight, rival) for weight, (tail, rival, met) in zip(weights, tails, strict=False) if met]
    p, rival = min(weighted, key=lambda pair: pair[0], default=(_ALL, None))
    if rival is None:
        return NOT_MET
    facts: FindingDetails = {"part": table.part, "answer": rival.name, "count": rival.count}
    facts |= {"top": crowd.top, "top_answer": rival.top, "top_key": table.key().top}
    return outcome(p, ailment, crowd.scale.count, **facts)


def _beside(answer: ResponseGroup, other: ResponseGroup, table: PartTable, crowd: ItemSample) -> tuple[Fraction, int]:
    """Compare who gave an answer with all who gave neither it nor the other one; with nobody else, with who gave the other.

    Return the signed square of t, and how many were compared.
    """
    rest = [group for group in table.answers.values() if group is not answer and group is not other]
    if not sum(group.count for group in rest):
        return group_square(answer.count, answer.rests, crowd.scale), crowd.scale.count
    beside = Scale(*(sum(values) for values in zip(*((group.count, group.rests, group.squares) for group in (answer, *rest)), strict=True)))
    return group_square(answer.count, answer.rests, beside), beside.count


def _unused(table: PartTable, crowd: ItemSample) -> Iterator[Outcome]:
    """Test wrong options for being chosen much less than would be fair among those who are wrong, and by fewer than 5 % of all."""
    counts = _counts(table)
    wrong = table.answered - sum(answer.count for answer in table.answers.values() if answer.credit > _NOTHING)
    if len(table.offered) < 2 or not wrong:
        return
    for name in table.offered:
        count = counts.get(name, 0)
        p = fewer_tail(count, wrong, FAIR / len(table.offered))
        met = count < WORKING * crowd.scale.count
        yield outcome(p, FindingKind.UNUSED_OPTION, crowd.scale.count, met=met, part=table.part, answer=name, count=count)


def _counts(table: PartTable) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for (name, _credit), answer in table.answers.items():
        counts[name] = counts.get(name, 0) + answer.count
    return counts


def _several(body: MultipleChoiceBody, responses: Sequence[ItemResponses], crowd: ItemSample) -> Iterator[Outcome]:
    """Test right options for being left out by who knows, and wrong ones for being chosen."""
    taken = {option.key: ResponseGroup(option.key, Fraction(option.right)) for option in body.options}
    for response in responses:
        for part in response.marking.parts:
            taken[part.part].take(response, crowd.cut)
    for answer in taken.values():
        square = group_square(answer.count, answer.rests, crowd.scale)
        p = tail_of_t(-square if answer.credit else square, crowd.scale.count - 2)
        ailment = FindingKind.RIGHT_AVOIDED if answer.credit else FindingKind.WRONG_KEY
        facts: FindingDetails = {
            "answer": answer.name,
            "count": answer.count,
            "top": crowd.top,
            "top_answer": answer.top,
            "top_key": crowd.top,
        }
        yield outcome(p, ailment, crowd.scale.count, **facts)
