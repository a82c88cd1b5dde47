"""Classes of invented learners by item response theory, with healthy questions and with planted defects, marked by the real rules.

A learner has an ability θ ~ N(0, 1). Who knows the answer to a question follows the two-parameter logistic model,
P = 1 / (1 + exp(−a(θ − b))) (Birnbaum 1968): who knows gives the right answer, who does not guesses among what the question offers
or types one of the usual mistakes. Questions stand in another order for each learner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import exp
from random import Random

from analysis.rules.findings import FindingKind
from analysis.rules.item_evidence import ClassTally, MarkedResponse, unmatched_in
from questions.rules.answers import (
    Answer,
    MatchingAnswer,
    MultipleChoiceAnswer,
    NumberAnswer,
    SingleChoiceAnswer,
    TextAnswer,
    TrueFalseAnswer,
)
from questions.rules.definitions import (
    CalculatedAnswer,
    CalculatedBody,
    MultipleChoiceBody,
    MultipleRule,
    NumericalBody,
    Option,
    QuestionDefinition,
    QuestionVariable,
    ShortAnswerBody,
    SingleChoiceBody,
    TextPattern,
    Tolerance,
    TrueFalseBody,
    VariableRange,
)
from questions.rules.item_layout import ItemLayout
from questions.rules.marking import mark_answer
from questions.rules.numbers import SPANISH, write_number
from tests.support.questions import a_matching, a_multiple, a_numerical, an_option, es, f

KEYS = "abcd"
BLANK_RATE = 0.02
RIGHT_WORD, VARIANT, SYNONYM = "jubilación", "jubilasión", "retiro"
WRONG_WORDS = ("cesantía", "montepío", "salario", "afiliación", "subsidio")


@dataclass
class Planted:
    """A question, how it is answered (learner's ability, whether in the second half → answer), and what is wrong with it."""

    question: QuestionDefinition
    answer: Callable[[float, bool], Answer | None]
    ailment: FindingKind | None = None
    part: str = ""
    lay_out: Callable[[], ItemLayout] = ItemLayout
    """Draws what the paper of the next learner shows, before the answer."""


@dataclass
class Known:
    """The logistic model of one question."""

    chance: Random
    a: float = 1.2
    b: float = 0.0

    def __call__(self, ability: float, shift: float = 0.0) -> bool:
        """Return whether somebody knows."""
        return self.chance.random() < 1 / (1 + exp(-self.a * (ability - self.b))) - shift


@dataclass
class Maker:
    """Makes questions; `chance` decides about the questions and about every answer."""

    chance: Random
    made: list[Planted] = field(default_factory=list)

    def known(self, **fixed: float) -> Known:
        """Return a healthy model: it discriminates from 0.8 to 1.7, its difficulty lies from −1.2 to 1.2."""
        values = {"a": self.chance.uniform(0.8, 1.7), "b": self.chance.uniform(-1.2, 1.2)} | fixed
        return Known(self.chance, **values)

    def plant(
        self, body: object, answer: Callable[[float, bool], Answer | None], ailment: FindingKind | None = None, part: str = ""
    ) -> None:
        """Add a question."""
        self.made.append(Planted(QuestionDefinition(f"q{len(self.made)}", es("¿Qué?"), body), answer, ailment, part))  # type: ignore[arg-type]  # any kind

    def options(self, right: str = "a", count: int = 4) -> SingleChoiceBody:
        """Make a single choice."""
        return SingleChoiceBody(tuple(an_option(key, "1" if key == right else "0") for key in KEYS[:count]))

    def guess(self, keys: str, weights: list[float]) -> SingleChoiceAnswer:
        """Choose without knowing: some options attract more than others."""
        return SingleChoiceAnswer(self.chance.choices(keys, weights)[0])

    def weights(self, count: int) -> list[float]:
        """Draw how much options attract who does not know."""
        return [self.chance.uniform(0.5, 1.5) for _option in range(count)]

    def single(
        self, ailment: FindingKind | None = None, *, key: str = "a", split: float = 0.0, unused: bool = False, **model: float
    ) -> None:
        """Plant a single choice whose truth is `a`: another key, a second right one, an option nobody takes."""
        count = self.chance.choice((3, 4))
        known, weights = self.known(**model), self.weights(count)
        if unused:
            weights[-1] = 0.0

        def answer(ability: float, late: bool) -> SingleChoiceAnswer:
            shift = 0.4 if ailment is FindingKind.PLACE and late else 0.0
            if not known(ability, shift):
                return self.guess(KEYS[:count], weights)
            return SingleChoiceAnswer("b" if self.chance.random() < split else "a")

        self.plant(self.options(key, count), answer, ailment)

    def by_chance(self) -> None:
        """Plant a question that nobody understands."""
        self.plant(self.options(), lambda _ability, _late: self.guess(KEYS, [1.0] * 4), FindingKind.CHANCE)

    def passed_over(self) -> None:
        """Plant a question that many leave blank, whatever they know."""
        known, weights = self.known(), self.weights(4)

        def answer(ability: float, _late: bool) -> SingleChoiceAnswer | None:
            if self.chance.random() < 0.3:
                return None
            return SingleChoiceAnswer("a") if known(ability) else self.guess(KEYS, weights)

        self.plant(self.options(), answer, FindingKind.PASSED_OVER)

    def shuffled(self, ailment: FindingKind | None = None, **model: float) -> None:
        """Plant a single choice in mixed order; with a defect, of those who do not know four in ten take what stands first."""
        known, weights, shown = self.known(**model), self.weights(4), list(KEYS)

        def lay_out() -> ItemLayout:
            self.chance.shuffle(shown)
            return ItemLayout(orders={"options": tuple(shown)})

        def answer(ability: float, _late: bool) -> SingleChoiceAnswer:
            if known(ability):
                return SingleChoiceAnswer("a")
            if ailment is FindingKind.FIRST_PLACE and self.chance.random() < 0.4:
                return SingleChoiceAnswer(shown[0])
            return self.guess(KEYS, weights)

        self.plant(self.options(), answer, ailment)
        self.made[-1].lay_out = lay_out

    def calculated(self, ailment: FindingKind | None = None) -> None:
        """Plant a product of two drawn numbers: with a defect, large ones go wrong, or knowers round otherwise."""
        known, drawn = self.known(), dict[str, Fraction]()
        numbers = (
            QuestionVariable("base", VariableRange(f("10"), f("99"), f("1"))),
            QuestionVariable("veces", VariableRange(f("2"), f("9"), f("1"))),
        )
        body = CalculatedBody(numbers, (CalculatedAnswer("base * veces", True, f("1")),), tolerance=Tolerance(amount=Fraction(1, 20)))

        def lay_out() -> ItemLayout:
            drawn.update(base=Fraction(self.chance.randint(10, 99)), veces=Fraction(self.chance.randint(2, 9)))
            return ItemLayout(variables=dict(drawn))

        def answer(ability: float, _late: bool) -> NumberAnswer:
            right = drawn["base"] * drawn["veces"]
            if known(ability, 0.4 if ailment is FindingKind.VALUES and drawn["base"] > 54 else 0.0):
                rounds = ailment is FindingKind.NARROW_TOLERANCE and self.chance.random() < 0.4
                return NumberAnswer(_written(right * Fraction(self.chance.choice((98, 99, 101, 102)), 100) if rounds else right))
            return NumberAnswer(_written(self.chance.choice((drawn["base"] + drawn["veces"], right * 12, right / 2, right + 100))))

        self.plant(body, answer, ailment)
        self.made[-1].lay_out = lay_out

    def true_false(self) -> None:
        """Plant a healthy statement."""
        known = self.known(b=self.chance.uniform(-1.2, 0.6))
        self.plant(TrueFalseBody(answer=True), lambda ability, _late: TrueFalseAnswer(known(ability) or self.chance.random() < 0.5))

    def several(self, ailment: FindingKind | None = None) -> None:
        """Plant a choice of several; with a defect, one that is right counts as wrong."""
        body = a_multiple(MultipleRule.RIGHT_MINUS_WRONG, 3, 2)
        known = {option.key: self.known() for option in body.options}
        truth = {option.key: option.right for option in body.options}
        if ailment is FindingKind.WRONG_KEY:
            body = _with_option(body, "r3", right=False)
        if ailment is FindingKind.RIGHT_AVOIDED:
            body = _with_option(body, "w1", right=True)

        def answer(ability: float, _late: bool) -> MultipleChoiceAnswer:
            ticked = [key for key, right in truth.items() if (right if known[key](ability) else self.chance.random() < 0.4)]
            return MultipleChoiceAnswer(tuple(sorted(ticked)))

        self.plant(body, answer, ailment)

    def matching(self, *, swapped: bool = False) -> None:
        """Plant three items to match; with a defect, the third has the match of another as its key."""
        body = a_matching()
        known = [self.known(a=self.chance.uniform(1.0, 1.7)) for _pair in range(3)]
        pairs = list(body.pairs)
        truth = {pair.key: pair.match_key for pair in pairs}
        if swapped:
            pairs[2] = type(pairs[2])("three", pairs[2].item, "x", pairs[0].match)
            body = type(body)((*pairs[:2], pairs[2]), (*body.extra, type(body.extra[0])("y", es("Y"))))

        def answer(ability: float, _late: bool) -> MatchingAnswer:
            return MatchingAnswer(
                {
                    key: right if knows(ability) else self.chance.choice("xyz")
                    for knows, (key, right) in zip(known, truth.items(), strict=True)
                }
            )

        self.plant(body, answer, FindingKind.WRONG_KEY if swapped else None, "three" if swapped else "")

    def number(
        self, ailment: FindingKind | None = None, *, near: float = 0.0, slips: float = 0.0, other: float = 0.0, **model: float
    ) -> None:
        """Plant a number: knowers round otherwise (`near`), anybody slips by a thousand, or knowers compute another value (`other`)."""
        right = Fraction(self.chance.randrange(1200, 9800), 100)
        known = self.known(**model)
        mistakes = [right * 12, right / 2, right + 100, right * Fraction(13, 10), right * Fraction(6, 10)]

        def answer(ability: float, _late: bool) -> NumberAnswer:
            if self.chance.random() < slips:
                return NumberAnswer(_written(right * 1000))
            if known(ability):
                draw = self.chance.random()
                value = (
                    right + Fraction(self.chance.choice((-30, -20, 20, 30)), 100)
                    if draw < near
                    else right * 3
                    if draw < near + other
                    else right
                )
                return NumberAnswer(_written(value))
            return NumberAnswer(_written(self.chance.choice([*mistakes, right * Fraction(self.chance.randrange(15, 400), 97)])))

        body: NumericalBody = a_numerical((str(right), "1"), tolerance="0.05")
        self.plant(body, answer, ailment)

    def word(self, ailment: FindingKind | None = None) -> None:
        """Plant a word: with a defect, knowers write it otherwise, or use another word."""
        known = self.known(b=self.chance.uniform(-1.2, 0.6))
        other = {FindingKind.SPELLING: VARIANT, FindingKind.OTHER_ANSWER: SYNONYM}.get(ailment) if ailment else None

        def answer(ability: float, _late: bool) -> TextAnswer:
            if not known(ability):
                return TextAnswer(self.chance.choice(WRONG_WORDS))
            return TextAnswer(other if other and self.chance.random() < 0.4 else RIGHT_WORD)

        self.plant(ShortAnswerBody((TextPattern(es(RIGHT_WORD), True, Fraction(1)),)), answer, ailment)


def _with_option(body: MultipleChoiceBody, key: str, *, right: bool) -> MultipleChoiceBody:
    options = tuple(Option(one.key, one.text, right, Fraction(right)) if one.key == key else one for one in body.options)
    return MultipleChoiceBody(options, body.rule)


def _written(value: Fraction) -> str:
    return write_number(value, SPANISH, 4, keep_zeros=False)


def a_quiz(chance: Random, *, defects: bool) -> list[Planted]:
    """Make forty questions: twenty with one defect each and twenty healthy ones, or healthy ones alone."""
    maker = Maker(chance)
    if defects:
        maker.single(FindingKind.WRONG_KEY, key="c")
        maker.single(FindingKind.SECOND_KEY, split=chance.uniform(0.4, 0.6), a=1.5)
        maker.by_chance()
        maker.single(FindingKind.TOO_EASY, a=1.2, b=-5.5)
        maker.number(FindingKind.TOO_HARD, b=5.5)
        maker.single(FindingKind.UNUSED_OPTION, unused=True, b=chance.uniform(-0.5, 1.0))
        maker.single(FindingKind.PLACE, b=-0.8)
        maker.passed_over()
        maker.several(FindingKind.WRONG_KEY)
        maker.several(FindingKind.RIGHT_AVOIDED)
        maker.matching(swapped=True)
        maker.number(FindingKind.NEGATIVE, a=-1.3)
        maker.number(FindingKind.NARROW_TOLERANCE, near=0.4)
        maker.number(FindingKind.SLIPPED_NUMBER, slips=0.12)
        maker.number(FindingKind.OTHER_ANSWER, other=0.5)
        maker.word(FindingKind.SPELLING)
        maker.word(FindingKind.OTHER_ANSWER)
        maker.calculated(FindingKind.VALUES)
        maker.calculated(FindingKind.NARROW_TOLERANCE)
        maker.shuffled(FindingKind.FIRST_PLACE)
    for _time in range(4):
        maker.single()
        maker.number()
    for _time in range(2):
        maker.single()
        maker.true_false()
        maker.several()
        maker.matching()
        maker.calculated()
        maker.shuffled()
    while len(maker.made) < 40:
        maker.word()
    return maker.made


def a_class(quiz: list[Planted], chance: Random, learners: int, *, rushed: float = 0.0) -> ClassTally:
    """Let learners take the quiz; a share of them runs out of time two to six questions before the end."""
    tally = ClassTally(len(quiz))
    for _learner in range(learners):
        left = chance.randrange(2, 7) if chance.random() < rushed else 0
        tally.add(list(_paper(quiz, chance, chance.gauss(0, 1), len(quiz) - left)))
    return tally


def _paper(quiz: list[Planted], chance: Random, ability: float, reached: int) -> Iterator[MarkedResponse]:
    order = chance.sample(range(len(quiz)), len(quiz))
    for place, position in enumerate(order):
        planted = quiz[position]
        blank = place >= reached or chance.random() < BLANK_RATE
        layout = planted.lay_out()
        given = None if blank else planted.answer(ability, 2 * place >= len(quiz))
        answer = given if given is not None else _nothing(planted.question)
        marking = mark_answer(planted.question, answer, layout, SPANISH)
        typed = unmatched_in(planted.question, answer, marking, SPANISH, layout)
        first = next(iter(layout.orders.get("options", ())), "") if marking.parts else ""
        values = tuple(layout.variables.items())
        yield MarkedResponse(position, position, marking.fraction or Fraction(0), Fraction(1), marking, typed, values, first)


def _nothing(question: QuestionDefinition) -> Answer:
    match question.body:
        case SingleChoiceBody():
            return SingleChoiceAnswer()
        case TrueFalseBody():
            return TrueFalseAnswer()
        case MultipleChoiceBody():
            return MultipleChoiceAnswer()
        case NumericalBody() | CalculatedBody():
            return NumberAnswer()
        case ShortAnswerBody():
            return TextAnswer()
        case _:
            return MatchingAnswer()
