"""Builders of questions for tests: short, typed, with the defaults that most tests want."""

from collections.abc import Sequence
from fractions import Fraction

from questions.rules.answers import Answer
from questions.rules.definitions import (
    Body,
    CalculatedAnswer,
    CalculatedBody,
    ChoiceNumbers,
    EssayBody,
    FileBody,
    Gap,
    GapsBody,
    KeyedLabel,
    MatchingBody,
    MatrixBody,
    MatrixRow,
    MultipleChoiceBody,
    MultipleRule,
    NumericalAnswer,
    NumericalBody,
    Option,
    OrderingBody,
    OrderingRule,
    Pair,
    QuestionDefinition,
    QuestionVariable,
    ShortAnswerBody,
    SingleChoiceBody,
    TextPattern,
    Texts,
    Tolerance,
    ToleranceKind,
    TrueFalseBody,
    VariableRange,
)
from questions.rules.item_layout import ItemLayout
from questions.rules.marking import Marking, mark_answer
from questions.rules.numbers import SPANISH


def f(text: str) -> Fraction:
    """Write a fraction shortly: ``f("1/3")``."""
    return Fraction(text)


def es(text: str) -> Texts:
    """Give a text in Spanish alone."""
    return {"es": text}


def a_question(body: Body, **fields: object) -> QuestionDefinition:
    """Make a question around a body."""
    return QuestionDefinition(key="pregunta", text=es("¿Qué?"), body=body, **fields)  # type: ignore[arg-type]  # fields by name


def an_option(key: str, credit: str = "0", *, right: bool | None = None, fixed: bool = False) -> Option:
    """Make an option whose feedback is ``why <key>``; right where it has credit."""
    worth = f(credit)
    return Option(key, es(key.upper()), worth > 0 if right is None else right, worth, es(f"why {key}"), fixed)


def a_single(*options: Option, shuffle: bool = True) -> SingleChoiceBody:
    """Make a single choice: by default ``a`` is right, ``b`` and ``c`` wrong."""
    return SingleChoiceBody(options or (an_option("a", "1"), an_option("b"), an_option("c")), shuffle)


def a_multiple(rule: MultipleRule, right: int, wrong: int) -> MultipleChoiceBody:
    """Make a multiple choice with options r1 … and w1 …, without credits of their own but 1 and 0."""
    good = [an_option(f"r{at}", "1") for at in range(1, right + 1)]
    bad = [an_option(f"w{at}") for at in range(1, wrong + 1)]
    return MultipleChoiceBody((*good, *bad), rule)


def a_short(
    *answers: tuple[str, str], ignore_case: bool = True, ignore_accents: bool = True, ignore_typography: bool = True
) -> ShortAnswerBody:
    """Make a short answer of (pattern, credit)."""
    made = tuple(TextPattern(es(pattern), f(credit) > 0, f(credit), es(f"why {pattern}")) for pattern, credit in answers)
    return ShortAnswerBody(made, ignore_case, ignore_accents, ignore_typography)


def a_numerical(
    *answers: tuple[str, str], tolerance: str = "0", kind: ToleranceKind = ToleranceKind.NOMINAL, **fields: object
) -> NumericalBody:
    """Make a numerical question of (value or ``*``, credit)."""
    made = tuple(
        NumericalAnswer(None if value == "*" else f(value), f(credit) > 0, f(credit), es(f"why {value}")) for value, credit in answers
    )
    return NumericalBody(made, Tolerance(kind, f(tolerance)), **fields)  # type: ignore[arg-type]  # fields by name


def a_matching(shuffle: bool = True) -> MatchingBody:
    """Make three items; the first two share the match ``x``, the third goes with ``y``, ``z`` is left over."""
    pairs = tuple(
        Pair(key, es(key), match, es(match.upper()), es(f"why {key}")) for key, match in (("one", "x"), ("two", "x"), ("three", "y"))
    )
    return MatchingBody(pairs, (KeyedLabel("z", es("Z")),), shuffle)


def an_ordering(count: int = 4, rule: OrderingRule = OrderingRule.RELATIVE_TO_CORRECT) -> OrderingBody:
    """Make items i0, i1 … in the right order."""
    return OrderingBody(tuple(KeyedLabel(f"i{at}", es(f"I{at}")) for at in range(count)), rule)


def some_gaps() -> GapsBody:
    """Make a text with a choice, a number and a word that weighs two."""
    return GapsBody(
        (
            Gap("anio", a_single()),
            Gap("cubierta", a_numerical(("34.8", "1"), ("65.2", "0"), tolerance="0.05")),
            Gap("nombre", a_short(("brecha", "1")), f("2")),
        )
    )


def dragged_gaps() -> GapsBody:
    """Make two gaps that are filled from one set of three choices."""
    return GapsBody(
        (
            Gap("uno", ShortAnswerBody((TextPattern(es("sol"), True, f("1"), es("why sol"), key="sol"),))),
            Gap("dos", ShortAnswerBody((TextPattern(es("luna"), True, f("1"), None, key="luna"),))),
        ),
        drag=True,
        choices=(KeyedLabel("sol", es("sol")), KeyedLabel("luna", es("luna")), KeyedLabel("mar", es("mar"))),
    )


def a_calculated(**fields: object) -> CalculatedBody:
    """Make the example course's question: persons × poverty line × 12."""
    return CalculatedBody(
        variables=(QuestionVariable("personas", VariableRange(f("1000"), f("5000"), f("100"))),),
        answers=(
            CalculatedAnswer("personas * linea * 12", True, f("1")),
            CalculatedAnswer("personas * linea", False, f("0"), es("why mes")),
        ),
        parameters={"linea": f("92.4")},
        tolerance=Tolerance(ToleranceKind.RELATIVE, f("0.001")),
        unit=es("USD"),
        **fields,  # type: ignore[arg-type]  # fields by name
    )


def a_matrix(survey: bool = False) -> MatrixBody:
    """Make three rows of yes and no; the right answers are yes, no, yes."""
    answers: Sequence[str | None] = (None, None, None) if survey else ("si", "no", "si")
    rows = tuple(
        MatrixRow(key, es(key), answer, es(f"why {key}")) for key, answer in zip(("salud", "prestamo", "vejez"), answers, strict=True)
    )
    return MatrixBody((KeyedLabel("si", es("Sí")), KeyedLabel("no", es("No"))), rows, survey)


def every_body() -> tuple[Body, ...]:
    """Make one body of each marked and unmarked kind."""
    return (
        a_single(),
        a_multiple(MultipleRule.RIGHT_MINUS_WRONG, 3, 2),
        TrueFalseBody(answer=False),
        a_short(("brecha", "1"), ("*", "0")),
        a_numerical(("65.2", "1"), ("34.8", "0"), tolerance="0.05"),
        a_matching(),
        an_ordering(),
        some_gaps(),
        dragged_gaps(),
        a_calculated(),
        EssayBody(),
        FileBody(("pdf",)),
        a_matrix(),
        a_matrix(survey=True),
    )


def marked(body: Body, answer: Answer, layout: ItemLayout | None = None) -> Marking:
    """Mark an answer to a body in a Spanish attempt."""
    return mark_answer(a_question(body), answer, layout or ItemLayout(), SPANISH)


def share(body: Body, answer: Answer, layout: ItemLayout | None = None) -> Fraction:
    """Return the share that an answer is worth; an error where it has none."""
    fraction = marked(body, answer, layout).fraction
    assert fraction is not None
    return fraction


NUMBERS = ChoiceNumbers((QuestionVariable("a", VariableRange(f(1), f(4), f(1))), QuestionVariable("b", VariableRange(f(1), f(4), f(1)))))
"""Two whole numbers from 1 to 4, to calculate with."""


def calculated_options(*texts: str) -> tuple[Option, ...]:
    """Return options with these texts, of which the first is right."""
    return tuple(Option(f"o{at}", {"es": text, "en": text}, at == 0, f(int(at == 0))) for at, text in enumerate(texts))
