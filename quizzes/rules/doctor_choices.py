"""The question doctor on what is chosen: keys, second keys, chance, options that nobody takes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from quizzes.rules.ailments import Ailment, Finding, strength_of
from quizzes.rules.analysis import Response, groups_of
from quizzes.rules.definitions import Gap, Gaps, Matching, Matrix, Multiple, Question, Single, TrueFalse
from quizzes.rules.results import MarkState
from quizzes.rules.significance import (
    FIVE_PERCENT,
    ONE_PER_MILLE,
    ONE_PERCENT,
    Scale,
    group_square,
    knows,
    share_square,
    so_few,
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
class Answered:
    """One answer to a part: who gave it, and how many of the best."""

    name: str
    credit: Fraction
    count: int = 0
    rests: Fraction = _NOTHING
    squares: Fraction = _NOTHING
    top: int = 0

    def take(self, response: Response, cut: Fraction) -> None:
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
    answers: dict[tuple[str, Fraction], Answered] = field(default_factory=dict)

    @property
    def given(self) -> int:
        """Count the attempts that answered it."""
        return sum(answer.count for answer in self.answers.values())

    def key(self) -> Answered:
        """Return the right answer, or one that nobody gave."""
        full = [answer for answer in self.answers.values() if answer.credit >= _ALL]
        return max(full, key=lambda answer: answer.count, default=Answered("", _ALL))

    def rivals(self) -> list[Answered]:
        """Return the answers that were chosen and are not right."""
        return [answer for answer in self.answers.values() if answer.credit < _ALL]


@dataclass(frozen=True, slots=True)
class Crowd:
    """All attempts that had the question: the scale of their rests, how many are the best, and from which rest on."""

    scale: Scale
    top: int
    cut: Fraction


def crowd_of(responses: Sequence[Response]) -> Crowd:
    """Return what groups are compared with: who answered; the best are at least a third, those with equal rest together."""
    count = sum(one.count for one in responses)
    whole = sum((one.count * one.rest for one in responses), _NOTHING)
    squares = sum((one.count * one.rest * one.rest for one in responses), _NOTHING)
    top, cut = 0, _NOTHING
    by_rest: dict[Fraction, int] = {}
    for one in responses:
        by_rest[one.rest] = by_rest.get(one.rest, 0) + one.count
    for rest in sorted(by_rest, reverse=True):
        if 3 * top >= count:
            break
        top, cut = top + by_rest[rest], rest
    return Crowd(Scale(count, whole, squares), top, cut)


def tables_of(question: Question, responses: Sequence[Response], crowd: Crowd) -> list[PartTable]:
    """Count the answers to each part that is chosen among what the question offers; a part left blank was not answered."""
    tables = {table.part: table for table in _empty_tables(question)}
    for response in responses:
        for part, matched, state, credit in groups_of(response.marking):
            table = tables.get(part)
            if table is None or not response.marking.parts or state is MarkState.NOT_ANSWERED:
                continue
            table.answers.setdefault((matched, credit), Answered(matched, credit)).take(response, crowd.cut)
    return list(tables.values())


def _empty_tables(question: Question) -> Iterator[PartTable]:
    match question.body:
        case Single() as body:
            yield _single_table("", body)
        case TrueFalse():
            yield PartTable("", Fraction(1, 2))
        case Matching(pairs, extra):
            choices = {pair.match_key for pair in pairs} | {label.key for label in extra}
            yield from (PartTable(pair.key, Fraction(1, len(choices))) for pair in pairs)
        case Matrix(columns, rows, False):
            yield from (PartTable(row.key, Fraction(1, len(columns))) for row in rows)
        case Gaps(gaps, False):
            yield from (_single_table(gap.name, gap.body) for gap in gaps if isinstance(gap, Gap) and isinstance(gap.body, Single))


def _single_table(part: str, body: Single) -> PartTable:
    right = sum(option.credit >= _ALL for option in body.options)
    wrong = tuple(option.key for option in body.options if option.credit <= _NOTHING)
    return PartTable(part, Fraction(right, len(body.options)), wrong)


def choice_findings(question: Question, responses: Sequence[Response], crowd: Crowd) -> Iterator[Finding]:
    """Find what is wrong with the key and the options of a question that is answered by choosing."""
    tables = tables_of(question, responses, crowd)
    for table in tables:
        found = _about_key(table, crowd, is_whole=len(tables) == 1)
        if found is not None:
            yield found
        yield from _unused(table, crowd)
    if isinstance(question.body, Multiple):
        yield from _several(question.body, responses, crowd)


def _about_key(table: PartTable, crowd: Crowd, *, is_whole: bool) -> Finding | None:
    """Compare the key with the answer that goes best with knowing the rest.

    A distractor is what does not know: among those who do not choose the key, its choosers are no better than the others. A rival
    whose choosers are better there is right too; if then the key's choosers are no better than the others among those who do not
    choose the rival, the key is no key. With two answers there is nobody else to compare with: the rival itself has to rise.
    """
    key, rivals = table.key(), table.rivals()
    if is_whole and _is_chance(table, key, crowd):
        about = (key.name, key.count, crowd.top, key.top, key.top)
        return Finding(Ailment.CHANCE, strength_of(ONE_PERCENT), crowd.scale.count, table.part, *about, Fraction(key.top, crowd.top))
    squares = [(_square_beside(rival, key, table, crowd), rival) for rival in rivals]
    square, rival = max(squares, key=lambda one: one[0], default=(_NOTHING, None))
    if rival is None or not knows(square, group_square(rival.count, rival.rests, crowd.scale)):
        return None
    key_knows = _square_beside(key, rival, table, crowd) > FIVE_PERCENT and key.top >= SECOND * rival.top
    if not key_knows and rival.top > key.top:
        return _against_key(Ailment.WRONG_KEY, square, table, crowd, rival)
    if key_knows and rival.top >= SECOND * key.top:
        return _against_key(Ailment.SECOND_KEY, square, table, crowd, rival)
    return None


def _is_chance(table: PartTable, key: Answered, crowd: Crowd) -> bool:
    """Say whether nothing that is chosen goes with knowing, and the best choose each answer as often as chance does, the key too."""
    if table.guess is None or share_square(key.top, crowd.top, table.guess) > ONE_PERCENT:
        return False
    squares = [group_square(one.count, one.rests, crowd.scale) for one in table.answers.values()]
    among_the_best = [share_square(one.top, crowd.top, table.guess) for one in table.answers.values()]
    return max((abs(square) for square in (*squares, *among_the_best)), default=_NOTHING) < ONE_PER_MILLE


def _square_beside(answer: Answered, other: Answered, table: PartTable, crowd: Crowd) -> Fraction:
    """Compare who gave an answer with all who gave neither it nor the other one; with nobody else, with who gave the other."""
    rest = [one for one in table.answers.values() if one is not answer and one is not other]
    if not sum(one.count for one in rest):
        return group_square(answer.count, answer.rests, crowd.scale)
    beside = Scale(*(sum(values) for values in zip(*((one.count, one.rests, one.squares) for one in (answer, *rest)), strict=True)))
    return group_square(answer.count, answer.rests, beside)


def _against_key(ailment: Ailment, square: Fraction, table: PartTable, crowd: Crowd, rival: Answered) -> Finding:
    return Finding(
        ailment, strength_of(square), crowd.scale.count, table.part, rival.name, rival.count, crowd.top, rival.top, table.key().top
    )


def _unused(table: PartTable, crowd: Crowd) -> Iterator[Finding]:
    """Tell wrong options that much fewer choose than would be fair among those who are wrong, and fewer than 5 % of all."""
    counts = _counts(table)
    wrong = table.given - sum(answer.count for answer in table.answers.values() if answer.credit > _NOTHING)
    for name in table.offered:
        count = counts.get(name, 0)
        few = so_few(count, wrong, FAIR / len(table.offered)) if wrong else False
        if few and count < WORKING * crowd.scale.count and len(table.offered) > 1:
            yield Finding(Ailment.UNUSED_OPTION, strength_of(ONE_PERCENT), crowd.scale.count, table.part, name, count)


def _counts(table: PartTable) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for (name, _credit), answer in table.answers.items():
        counts[name] = counts.get(name, 0) + answer.count
    return counts


def _several(body: Multiple, responses: Sequence[Response], crowd: Crowd) -> Iterator[Finding]:
    """Tell right options that the best leave out, and wrong ones that they choose."""
    taken = {option.key: Answered(option.key, Fraction(option.right)) for option in body.options}
    for response in responses:
        for part in response.marking.parts:
            taken[part.part].take(response, crowd.cut)
    for answer in taken.values():
        square = group_square(answer.count, answer.rests, crowd.scale)
        against = -square if answer.credit else square
        if against > FIVE_PERCENT:
            ailment = Ailment.RIGHT_AVOIDED if answer.credit else Ailment.WRONG_KEY
            yield Finding(ailment, strength_of(square), crowd.scale.count, "", answer.name, answer.count, crowd.top, answer.top, crowd.top)
