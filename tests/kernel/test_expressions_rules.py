"""The evaluator of calculated questions: exact, whitelisted, bounded."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.expressions import ExpressionError, evaluate, holds, names_in
from tests.support.questions import f

NAMES = {"x": f("3"), "sbu": f("470"), "tasa": f("0.0945")}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("x * sbu * 12", "16920"),
        ("0.1 + 0.2", "0.3"),
        ("sbu * tasa", "44.415"),
        ("-x + +1", "-2"),
        ("(1 + x) / 3", "4/3"),
        ("2 ** 10", "1024"),
        ("2 ** -1", "1/2"),
        ("4 ** 0.5", "2"),
        ("sqrt(x * 3)", "3"),
        ("abs(-x)", "3"),
        ("min(x, 2, 5)", "2"),
        ("max(x, 2, 5)", "5"),
        ("round(2.5)", "3"),
        ("round(1.005, 2)", "1.01"),
        ("floor(-1.5)", "-2"),
        ("ceil(1.2)", "2"),
        ("log10(1000)", "3"),
        ("exp(0)", "1"),
        ("ln(1)", "0"),
        ("1e3", "1000"),
        ("5.", "5"),
        ("  x  ", "3"),
        ("2 ** 64", "18446744073709551616"),
        ("0 ** 0", "1"),
        ("0 ** 0.5", "0"),
        ("1 +" + " " * 496 + "1", "2"),
    ],
)
def test_expressions_are_calculated_exactly(expression: str, value: str) -> None:
    """spec/quiz-engine 5.7 Calculated: whitelisted AST evaluator."""
    assert evaluate(expression, NAMES) == f(value)


def test_what_has_no_exact_value_is_rounded_to_forty_digits() -> None:
    assert abs(evaluate("sqrt(2) ** 2 - 2", {})) < Fraction(1, 10**38)
    assert abs(evaluate("exp(ln(5))", {}) - 5) < Fraction(1, 10**37)


@pytest.mark.parametrize(
    "expression",
    [
        *("", "x +", "(" * 300 + "1" + ")" * 300, "1" * 501, "-" * 60 + "1", "9 ** 9 ** 9", "10 ** 65", "1 / 0", "0 ** -1", "x // 2"),
        *("x % 2", "1 << 2", "(-8) ** 0.5", "sqrt(-1)", "ln(0)", "ln(-1)", "exp(501)", "unknown", "open('x')", "__import__('os')"),
        *("x.real", "'a'", "True", "None", "1j", "[1]", "x if 1 else 2", "lambda: 1", "x < 2", "min()", "max(x, key=2)", "round(1, 0.5)"),
        *("round(1, -1)", "round(1, 21)", "abs(1, 2)", "(abs)(1)(2)", "~x", "not x", "0x10", "1e9999999", "\x00", "1e999 ** 60"),
        *("1" * 101, "f'{x}'", "x; x", "x = 1", "(x := 2)", "max(*[1])", "..."),
    ],
)
def test_everything_else_is_refused(expression: str) -> None:
    """spec/quiz-engine 5.7 Calculated: never eval."""
    with pytest.raises(ExpressionError):
        evaluate(expression, NAMES)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("1 / 0 + unknown", "division by zero"),
        ("unknown / 0", "unknown is not defined"),
        ("0 ** -1", "division by zero"),
        ("(1 / 0) // unknown", "division by zero"),
        ("x // 2", "only + - * / ** calculate"),
        ("min()", "min is not a function of so many numbers"),
        ("f(1 / 0)", "division by zero"),
        ("x < 2", "only numbers, names and the listed functions may be used"),
        ("2 ** 64 ** 2", "the exponent is too large"),
        ("(10 ** 64) ** 20", "the value is too large"),
        ("x +", "the expression cannot be read"),
    ],
)
def test_the_first_fault_in_the_order_of_calculation_is_the_reason(expression: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        evaluate(expression, NAMES)

    assert str(refused.value) == reason


def test_an_expression_is_calculated_anew_for_other_values() -> None:
    values = [evaluate("x ** 2 - min(x, 2)", {"x": f(str(number))}) for number in range(4)]

    assert values == [0, 0, 2, 7]
    assert [holds("x < 2 < x + 1", {"x": f(str(number))}) for number in range(4)] == [False, False, False, False]
    assert [holds("1 <= x < 3", {"x": f(str(number))}) for number in range(4)] == [False, True, True, False]


@given(st.text(alphabet="x0123456789.+-*/() ,eabsminqrt<>='[]", max_size=40))
def test_no_expression_fails_otherwise(expression: str) -> None:
    try:
        evaluate(expression, NAMES)
    except ExpressionError:
        return


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("x < 4", True),
        ("1 < x <= 3", True),
        ("1 < x < 3", False),
        ("x == 3.0", True),
        ("x != 3", False),
        ("x >= sbu", False),
        ("x > 2", True),
    ],
)
def test_conditions_compare(condition: str, *, expected: bool) -> None:
    assert holds(condition, NAMES) is expected


@pytest.mark.parametrize("condition", ["x", "x in 3", "x is 3", "x < 'a'", "x <"])
def test_what_does_not_compare_is_no_condition(condition: str) -> None:
    with pytest.raises(ExpressionError):
        holds(condition, NAMES)


def test_the_names_of_an_expression_are_its_variables_not_its_functions() -> None:
    assert names_in("max(x, y) * sbu") == {"x", "y", "sbu"}
    with pytest.raises(ExpressionError):
        names_in("x +")
