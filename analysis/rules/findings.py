"""The kinds of item findings, and the findings on choices, on typed answers and on layouts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import TypedDict, Unpack

from analysis.rules import significance
from analysis.rules.item_evidence import ItemEvidence, ItemResponses, UnmatchedText, groups_of
from questions.rules import definitions
from questions.rules.marking import MarkState, PartMark
from questions.rules.numbers import folded

SIGN = Fraction(1, 20)
LIKELY = Fraction(1, 100)
CLEAR = Fraction(1, 1000)
"""How often at most a class without the defect gives a finding of each strength."""


class FindingKind(StrEnum):
    """The kind of a finding."""

    WRONG_KEY = "wrong_key"
    """The best choose another answer, and the key is nobody's of them."""
    SECOND_KEY = "second_key"
    """The best choose the key or another answer: two are right."""
    RIGHT_AVOIDED = "right_avoided"
    """Of several options, one that is held for right is left out by the best."""
    CHANCE = "chance"
    """The best get it right as often as by chance, and surely less often than if half of them knew it."""
    NEGATIVE = "negative"
    """Who knows more gets it wrong more often."""
    WEAK = "weak"
    """It does not tell who knows from who does not."""
    TOO_EASY = "too_easy"
    TOO_HARD = "too_hard"
    UNUSED_OPTION = "unused_option"
    NARROW_TOLERANCE = "narrow_tolerance"
    """Numbers that are nearly right get nothing."""
    SLIPPED_NUMBER = "slipped_number"
    """Right numbers with the decimal sign in another place, or with the other sign."""
    SPELLING = "spelling"
    """Words that are nearly an accepted one get nothing."""
    OTHER_ANSWER = "other_answer"
    """The best type something that gets nothing."""
    PLACE = "place"
    """It goes worse or better in the second half of the paper."""
    VALUES = "values"
    """Of a calculated question: some values of a variable make it harder."""
    FIRST_PLACE = "first_place"
    """The option that stands first is taken because it stands there."""
    PASSED_OVER = "passed_over"
    """Many leave it blank and go on."""
    TOO_LITTLE_TIME = "too_little_time"
    """Of a quiz: many do not reach its last questions."""


class FindingStrength(StrEnum):
    """The strength of a finding, by the chance that a class without the defect gives this very finding."""

    SIGN = "sign"
    """At most 5 %."""
    LIKELY = "likely"
    """At most 1 %."""
    CLEAR = "clear"
    """At most 0.1 %."""


@dataclass(frozen=True, slots=True)
class ItemFinding:
    """A finding of the item analysis; ``answers`` attempts stand behind it.

    ``part`` and ``answer`` name what it is about: an option's key, or what was typed; ``count`` attempts gave that. Of the best
    ``top``, ``top_answer`` gave it and ``top_key`` gave the key. ``share`` is the facility, the discrimination or the difference
    that the finding speaks of; of chance, it is the share that guessing gets right.
    """

    ailment: FindingKind
    strength: FindingStrength
    answers: int
    part: str = ""
    answer: str = ""
    count: int = 0
    top: int = 0
    top_answer: int = 0
    top_key: int = 0
    share: Fraction | None = None
    p: Fraction = field(default=Fraction(0), compare=False)
    """How often a class without the defect gives it."""
    told: bool = field(default=False, compare=False)
    """Whether it stands out among all tests of the quiz; else it is a sign among others."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one test of a question or a quiz: its p-value, also where it found nothing, and its finding, if any."""

    p: Fraction
    finding: ItemFinding | None = None


NOT_MET = Outcome(Fraction(1))
"""Of a test whose conditions are not met, whatever its p-value would be."""


class FindingDetails(TypedDict, total=False):
    """The details of a finding beside its kind, its strength and the number of answers."""

    part: str
    answer: str
    count: int
    top: int
    top_answer: int
    top_key: int
    share: Fraction | None


def outcome(p: Fraction, ailment: FindingKind, answers: int, *, met: bool = True, **facts: Unpack[FindingDetails]) -> Outcome:
    """Return the outcome of a test: with a finding where its other conditions are met and p is at most SIGN."""
    if not met:
        return NOT_MET
    p = min(p, Fraction(1))
    return Outcome(p, ItemFinding(ailment, strength_of(p), answers, **facts, p=p) if p <= SIGN else None)


def strength_of(p: Fraction) -> FindingStrength:
    """Return how sure a finding is by the p-value of its test."""
    if p <= CLEAR:
        return FindingStrength.CLEAR
    return FindingStrength.LIKELY if p <= LIKELY else FindingStrength.SIGN


def findings_in(outcomes: Iterable[Outcome]) -> tuple[ItemFinding, ...]:
    """Return all findings, whether they stand out or not."""
    return tuple(made.finding for made in outcomes if made.finding is not None)


_NAMES = (
    ("iess", "institutoecuatorianodeseguridadsocial", "ecuadoriansocialsecurityinstitute"),
    ("biess", "bancodeliess", "bancodelinstitutoecuatorianodeseguridadsocial"),
    ("isspol", "institutodeseguridadsocialdelapolicianacional"),
    ("issfa", "institutodeseguridadsocialdelasfuerzasarmadas"),
    ("ruc", "registrounicodecontribuyentes"),
    ("rise", "regimenimpositivosimplificadoecuatoriano"),
    ("sri", "servicioderentasinternas"),
    ("oit", "organizacioninternacionaldeltrabajo", "ilo", "internationallabourorganization", "internationallabororganization"),
    ("oiss", "organizacioniberoamericanadeseguridadsocial"),
    ("aiss", "asociacioninternacionaldelaseguridadsocial", "issa", "internationalsocialsecurityassociation"),
    ("onu", "organizaciondelasnacionesunidas", "nacionesunidas", "unitednations"),
    ("oms", "organizacionmundialdelasalud", "worldhealthorganization"),
    ("ops", "organizacionpanamericanadelasalud", "paho", "panamericanhealthorganization"),
    ("oim", "organizacioninternacionalparalasmigraciones", "iom", "internationalorganizationformigration"),
    ("oea", "organizaciondelosestadosamericanos", "oas", "organizationofamericanstates"),
    ("ocde", "organizacionparalacooperacionyeldesarrolloeconomicos", "oecd", "organisationforeconomiccooperationanddevelopment"),
    ("fmi", "fondomonetariointernacional", "imf", "internationalmonetaryfund"),
    ("pib", "productointernobruto", "gdp", "grossdomesticproduct"),
    ("iva", "impuestoalvaloragregado", "vat", "valueaddedtax"),
    ("sbu", "salariobasicounificado"),
    ("msp", "ministeriodesaludpublica"),
    ("mdt", "ministeriodeltrabajo"),
)
NAMES: Mapping[str, tuple[str, ...]] = {name: names for names in _NAMES for name in names}
"""By each of its names, all names of the same thing."""


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

    scale: significance.Scale
    top: int
    cut: Fraction


def sample_of(responses: Sequence[ItemResponses]) -> ItemSample:
    """Return the sample that groups are compared with: who answered; the best are at least a third, those with equal rest together."""
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
    return ItemSample(significance.Scale(count, whole, squares), top, cut)


def tables_of(question: definitions.QuestionDefinition, responses: Sequence[ItemResponses], crowd: ItemSample) -> list[PartTable]:
    """Count the answers to each part that is chosen among what the question offers; a part left blank was not answered."""
    tables = {table.part: table for table in _empty_tables(question)}
    for response in responses:
        for part, matched, state, credit in groups_of(response.marking):
            table = tables.get(part)
            if table is None or not response.marking.parts or state is MarkState.NOT_ANSWERED:
                continue
            table.answers.setdefault((matched, credit), ResponseGroup(matched, credit)).take(response, crowd.cut)
    return list(tables.values())


def _empty_tables(question: definitions.QuestionDefinition) -> Iterator[PartTable]:
    match question.body:
        case definitions.SingleChoiceBody() as body:
            yield _single_table("", body)
        case definitions.TrueFalseBody():
            yield PartTable("", Fraction(1, 2))
        case definitions.MatchingBody(pairs, extra):
            choices = {pair.match_key for pair in pairs} | {label.key for label in extra}
            yield from (PartTable(pair.key, Fraction(1, len(choices))) for pair in pairs)
        case definitions.MatrixBody(columns, rows, False):
            yield from (PartTable(row.key, Fraction(1, len(columns))) for row in rows)
        case definitions.GapsBody(gaps, False):
            yield from (
                _single_table(gap.name, gap.body)
                for gap in gaps
                if isinstance(gap, definitions.Gap) and isinstance(gap.body, definitions.SingleChoiceBody)
            )


def _single_table(part: str, body: definitions.SingleChoiceBody) -> PartTable:
    right = sum(option.credit >= _ALL for option in body.options)
    wrong = tuple(option.key for option in body.options if option.credit <= _NOTHING)
    return PartTable(part, Fraction(right, len(body.options)), wrong)


def choice_outcomes(question: definitions.QuestionDefinition, responses: Sequence[ItemResponses], crowd: ItemSample) -> Iterator[Outcome]:
    """Test the key and the options of a question that is answered by choosing."""
    tables = tables_of(question, responses, crowd)
    for table in tables:
        if len(tables) == 1:
            yield _about_chance(table, crowd)
        yield from _about_key(table, crowd)
        yield from _unused(table, crowd)
    if isinstance(question.body, definitions.MultipleChoiceBody):
        yield from _several(question.body, responses, crowd)


def _about_chance(table: PartTable, crowd: ItemSample) -> Outcome:
    """Test whether the best get it right by guessing alone, so that it says nothing about who knows."""
    right = [answer for answer in table.answers.values() if answer.credit >= _ALL]
    count, top = sum(answer.count for answer in right), sum(answer.top for answer in right)
    rests = significance.Scale(
        table.answered,
        sum((answer.rests for answer in table.answers.values()), _NOTHING),
        sum((answer.squares for answer in table.answers.values()), _NOTHING),
    )
    square = significance.squared_correlation(
        significance.Scale(table.answered, Fraction(count), Fraction(count)), rests, sum((answer.rests for answer in right), _NOTHING)
    )
    best = sum(answer.top for answer in table.answers.values())
    p = significance.chance_tail(top, best, table.guess, square, table.answered) if table.guess is not None else None
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
        among_all = significance.group_square(rival.count, rival.rests, crowd.scale)
        square, others = _beside(rival, key, table, crowd)
        key_square, key_others = _beside(key, rival, table, crowd)
        is_known = significance.knows(square, among_all)
        key_knows = key_square > significance.FIVE_PERCENT and key.top >= SECOND * rival.top
        both = max(significance.tail_of_t(square, others - 2), significance.tail_of_t(key_square, key_others - 2))
        rising.append((significance.tail_of_t(among_all, crowd.scale.count - 2), rival, is_known and not key_knows and rival.top > key.top))
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
        return significance.group_square(answer.count, answer.rests, crowd.scale), crowd.scale.count
    beside = significance.Scale(
        *(sum(values) for values in zip(*((group.count, group.rests, group.squares) for group in (answer, *rest)), strict=True))
    )
    return significance.group_square(answer.count, answer.rests, beside), beside.count


def _unused(table: PartTable, crowd: ItemSample) -> Iterator[Outcome]:
    """Test wrong options for being chosen much less than would be fair among those who are wrong, and by fewer than 5 % of all."""
    counts = _counts(table)
    wrong = table.answered - sum(answer.count for answer in table.answers.values() if answer.credit > _NOTHING)
    if len(table.offered) < 2 or not wrong:
        return
    for name in table.offered:
        count = counts.get(name, 0)
        p = significance.fewer_tail(count, wrong, FAIR / len(table.offered))
        met = count < WORKING * crowd.scale.count
        yield outcome(p, FindingKind.UNUSED_OPTION, crowd.scale.count, met=met, part=table.part, answer=name, count=count)


def _counts(table: PartTable) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for (name, _credit), answer in table.answers.items():
        counts[name] = counts.get(name, 0) + answer.count
    return counts


def _several(body: definitions.MultipleChoiceBody, responses: Sequence[ItemResponses], crowd: ItemSample) -> Iterator[Outcome]:
    """Test right options for being left out by who knows, and wrong ones for being chosen."""
    taken = {option.key: ResponseGroup(option.key, Fraction(option.right)) for option in body.options}
    for response in responses:
        for part in response.marking.parts:
            taken[part.part].take(response, crowd.cut)
    for answer in taken.values():
        square = significance.group_square(answer.count, answer.rests, crowd.scale)
        p = significance.tail_of_t(-square if answer.credit else square, crowd.scale.count - 2)
        ailment = FindingKind.RIGHT_AVOIDED if answer.credit else FindingKind.WRONG_KEY
        facts: FindingDetails = {
            "answer": answer.name,
            "count": answer.count,
            "top": crowd.top,
            "top_answer": answer.top,
            "top_key": crowd.top,
        }
        yield outcome(p, ailment, crowd.scale.count, **facts)


RARE = Fraction(1, 50)
"""Share that typing errors of single people may reach before a group of answers is told: it has to be more, by a test."""
COMMON = Fraction(1, 10)
"""Share from which an answer that does not fall as knowing rises is told sooner."""
NEAR = Fraction(1, 20)
"""How far from the right number, as a share of it, an answer is nearly right."""
SLIPS = tuple(Fraction(10) ** power for power in (-6, -3, -2, -1, 1, 2, 3, 6))
LEAST_COUNT = 5


def typed_outcomes(question: definitions.QuestionDefinition, evidence: ItemEvidence, scale: significance.Scale) -> Iterator[Outcome]:
    """Test the answers that a question accepts against those that it does not."""
    for part, body in _typed_parts(question).items():
        typed = [text for text in evidence.typed if text.what.part == part]
        near = list(_near_words(body, typed) if isinstance(body, definitions.ShortAnswerBody) else _near_numbers(body, typed))
        slipped = [
            text
            for text in typed
            if not isinstance(body, definitions.ShortAnswerBody) and text not in near and _is_slip(body, text.what.value)
        ]
        ailment = FindingKind.SPELLING if isinstance(body, definitions.ShortAnswerBody) else FindingKind.NARROW_TOLERANCE
        yield _group(ailment, near, part, scale, knowing=True)
        if not isinstance(body, definitions.ShortAnswerBody):
            yield _group(FindingKind.SLIPPED_NUMBER, slipped, part, scale, knowing=False)
        yield _others([text for text in typed if text not in near and text not in slipped], part, evidence.responses, scale)


def _typed_parts(
    question: definitions.QuestionDefinition,
) -> Mapping[str, definitions.NumericalBody | definitions.CalculatedBody | definitions.ShortAnswerBody]:
    match question.body:
        case definitions.NumericalBody() | definitions.CalculatedBody() | definitions.ShortAnswerBody() as body:
            return {"": body}
        case definitions.GapsBody(gaps, False):
            return {gap.name: gap.body for gap in gaps if isinstance(gap.body, definitions.NumericalBody | definitions.ShortAnswerBody)}
        case _:
            return {}


def _group(ailment: FindingKind, group: Sequence[UnmatchedText], part: str, scale: significance.Scale, *, knowing: bool) -> Outcome:
    """Test whether a group of answers is more than chance; where it should come from knowing, not if the weakest give it."""
    count = sum(text.count for text in group)
    rests = sum((text.rests for text in group), _NOTHING)
    if count < LEAST_COUNT or (knowing and significance.group_square(count, rests, scale) < -significance.FIVE_PERCENT):
        return NOT_MET
    most = max(group, key=lambda text: text.count)
    facts: FindingDetails = {"part": part, "answer": most.what.text, "count": count, "share": Fraction(count, scale.count)}
    return outcome(significance.more_tail(count, scale.count, RARE), ailment, scale.count, **facts)


def _others(typed: Iterable[UnmatchedText], part: str, responses: Iterable[ItemResponses], scale: significance.Scale) -> Outcome:
    """Test whether the authors of the best of the other answers know more than the others who got nothing for this part.

    The p-value is that of the best, times how many there are.
    """
    failed = _failed(responses, part)
    enough = [text for text in typed if text.count >= LEAST_COUNT and text.count >= scale.count * RARE]
    best = max(enough, key=lambda text: significance.group_square(text.count, text.rests, failed), default=None)
    if best is None or failed.count < 3:
        return NOT_MET
    square = significance.group_square(best.count, best.rests, failed)
    stands_out = best.count >= COMMON * scale.count and significance.group_square(best.count, best.rests, scale) >= 0
    met = square > significance.ONE_PER_MILLE or (square > significance.ONE_PERCENT and stands_out)
    p = len(enough) * significance.tail_of_t(square, failed.count - 2)
    return outcome(p, FindingKind.OTHER_ANSWER, scale.count, met=met, part=part, answer=best.what.text, count=best.count)


def _failed(responses: Iterable[ItemResponses], part: str) -> significance.Scale:
    """Return the scale of the rests of those whose answer to a part got nothing; who left it blank gave none."""
    counted = [(response.count, response.rest) for response in responses if any(_is_failed(mark, part) for mark in response.marking.parts)]
    whole = sum((count * rest for count, rest in counted), _NOTHING)
    return significance.Scale(
        sum(count for count, _rest in counted), whole, sum((count * rest * rest for count, rest in counted), _NOTHING)
    )


def _is_failed(mark: PartMark, part: str) -> bool:
    return mark.part == part and mark.fraction <= 0 and mark.state is not MarkState.NOT_ANSWERED


def _right_numbers(body: definitions.NumericalBody | definitions.CalculatedBody) -> list[Fraction]:
    """Return the right numbers; of a calculated question, whose numbers are kept as shares of the right one, 1."""
    if isinstance(body, definitions.CalculatedBody):
        return [Fraction(1)]
    return [answer.value for answer in body.answers if answer.credit > 0 and answer.value is not None]


def _near_numbers(body: definitions.NumericalBody | definitions.CalculatedBody, typed: Iterable[UnmatchedText]) -> Iterator[UnmatchedText]:
    rights = _right_numbers(body)
    for text in typed:
        value = text.what.value
        if value is not None and any(abs(value - right) <= NEAR * abs(right) for right in rights):
            yield text


def _is_slip(body: definitions.NumericalBody | definitions.CalculatedBody, value: Fraction | None) -> bool:
    """Return whether a number is right but for its sign or the place of its decimal sign, within a hundredth."""
    if not value:
        return False
    return any(abs(value - slip * right) <= abs(slip * right) / 100 for right in _right_numbers(body) for slip in (*SLIPS, Fraction(-1)))


def _near_words(body: definitions.ShortAnswerBody, typed: Iterable[UnmatchedText]) -> Iterator[UnmatchedText]:
    accepted = {_plain(text) for answer in body.answers if answer.credit > 0 for text in _patterns(answer.patterns)}
    accepted |= {name for text in accepted for name in NAMES.get(text, ())}
    for unmatched in typed:
        plain_text = _plain(unmatched.what.text)
        if any(plain_text and is_near(plain_text, right) for right in accepted):
            yield unmatched


def _patterns(texts: definitions.Texts) -> Iterator[str]:
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


MOVED = Fraction(3, 20)
"""Difference between two halves from which it is told."""
DRAWN = Fraction(1, 20)
"""Share of all answers that the first place has to draw to itself, beyond what its options draw elsewhere."""


def layout_outcomes(evidence: ItemEvidence) -> Iterator[Outcome]:
    """Test the values that a question draws, and whether its first option is taken for being first."""
    for name, counted in evidence.values.items():
        yield _about_values(name, counted)
    if evidence.firsts:
        yield _about_first_place(evidence.firsts)


def _about_values(name: str, counted: Mapping[tuple[Fraction, Fraction], int]) -> Outcome:
    """Compare the attempts with the lower values of a variable with those that had higher ones."""
    cut = _median(counted)
    low, high = (
        _scale([(share, often) for (value, share), often in counted.items() if (value <= cut) is below]) for below in (True, False)
    )
    if min(low.count, high.count) < significance.LEAST:
        return NOT_MET
    difference, met = low.mean - high.mean, abs(low.mean - high.mean) >= MOVED
    return outcome(
        significance.means_tail(low, high), FindingKind.VALUES, low.count + high.count, met=met, answer=f"{name} {cut}", share=difference
    )


def _median(counted: Mapping[tuple[Fraction, Fraction], int]) -> Fraction:
    """Return the value that at least half of the attempts do not exceed."""
    often: Counter[Fraction] = Counter()
    for (value, _share), count in counted.items():
        often[value] += count
    below, cut = 0, _NOTHING
    for value in sorted(often):
        below, cut = below + often[value], value
        if 2 * below >= often.total():
            break
    return cut


def _scale(values: list[tuple[Fraction, int]]) -> significance.Scale:
    whole = sum((value * often for value, often in values), _NOTHING)
    return significance.Scale(
        sum(often for _value, often in values), whole, sum((value * value * often for value, often in values), _NOTHING)
    )


def _about_first_place(firsts: Mapping[tuple[str, str], int]) -> Outcome:
    """Compare how often the option in the first place was taken with how often it would be if the place drew nobody.

    ``firsts`` counts attempts by the option taken and the one that stood first. Without an effect of the place, an option is taken
    as often where it stands first as elsewhere: where the order is always the same there is nothing to compare, and nothing is said.
    """
    count = sum(firsts.values())
    taken: Counter[str] = Counter()
    stood: Counter[str] = Counter()
    for (option, first), often in firsts.items():
        taken[option] += often
        stood[first] += often
    observed = sum(often for (option, first), often in firsts.items() if option == first)
    chances = [(often, Fraction(stood[option], count)) for option, often in taken.items()]
    expected = sum((often * chance for often, chance in chances), _NOTHING)
    variance = sum((often * chance * (1 - chance) for often, chance in chances), _NOTHING)
    if count < significance.LEAST or not variance or observed - expected < DRAWN * count:
        return NOT_MET
    p = significance.normal_tail((observed - expected) ** 2 / variance)
    return outcome(p, FindingKind.FIRST_PLACE, count, count=observed, share=(observed - expected) / count)
