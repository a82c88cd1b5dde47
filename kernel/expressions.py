"""Expressions of calculated questions and figures: a whitelisted evaluator over exact fractions, never ``eval`` (spec/quiz-engine 5.7).

Numbers, names, ``+ - * / ** ( )``, comparisons and ``abs min max round floor ceil sqrt exp ln log10``. Arithmetic is
exact; the four last functions and powers with a fractional exponent are rounded to PRECISION digits.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, DecimalException
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

from kernel.codes import round_half_up

MAX_LENGTH = 500
MAX_DEPTH = 40
MAX_EXPONENT = 64
MAX_BITS = 4096
MAX_EXP = 500
PRECISION = 40
KEPT = 500
"""Expressions whose reading is kept: each is evaluated for hundreds of draws."""

Calculation = Callable[[Mapping[str, Fraction]], Fraction]
"""Returns the value of an expression for the values of its names."""
Comparison = Callable[[Mapping[str, Fraction]], bool]
Operation = Callable[[Fraction, Fraction], Fraction]

_CONTEXT = Context(prec=PRECISION)
_NUMBER = re.compile(r"(?=\.?[0-9])[0-9_.]{1,100}(?:e[+-]?[0-9]{1,3})?", re.IGNORECASE)


class ExpressionError(ValueError):
    """An expression cannot be read or has no value; the message says why."""


def evaluate(expression: str, names: Mapping[str, Fraction]) -> Fraction:
    """Return the exact value; raises ExpressionError where it has none (division by zero, unknown name, too large)."""
    return _calculated(expression)(names)


def holds(condition: str, names: Mapping[str, Fraction]) -> bool:
    """Return whether a comparison holds; raises ExpressionError where it is not a comparison."""
    return _compared(condition)(names)


def names_in(expression: str) -> frozenset[str]:
    """Return the names of variables and parameters that an expression uses; raises ExpressionError."""
    nodes = list(ast.walk(_parsed(expression)))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in called)


@lru_cache(maxsize=KEPT)
def _calculated(expression: str) -> Calculation:
    return _calculation(_parsed(expression))


@lru_cache(maxsize=KEPT)
def _compared(condition: str) -> Comparison:
    node = _parsed(condition)
    if not isinstance(node, ast.Compare):
        raise ExpressionError("a comparison is needed")
    parts = [_calculation(part) for part in (node.left, *node.comparators)]
    checks = [_COMPARISONS.get(type(sign)) for sign in node.ops]

    def compare(names: Mapping[str, Fraction]) -> bool:
        values = [part(names) for part in parts]
        if None in checks:
            raise ExpressionError("only < <= > >= == != compare")
        return all(check(left, right) for check, left, right in zip(checks, values, values[1:], strict=False) if check)

    return compare


@lru_cache(maxsize=KEPT)
def _parsed(expression: str) -> ast.expr:
    text = expression.strip()
    if len(text) > MAX_LENGTH:
        raise ExpressionError("the expression is too long")
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ExpressionError("the expression cannot be read") from error
    if _depth(node) > MAX_DEPTH:
        raise ExpressionError("the expression is nested too deeply")
    _literals(node, text)
    return node


def _depth(node: ast.AST) -> int:
    level, depth = [node], 0
    while level:
        level = [child for parent in level for child in ast.iter_child_nodes(parent)]
        depth += 1
    return depth


def _literals(root: ast.AST, text: str) -> None:
    """Read every number from its own digits, so that 0.1 is a tenth and not the nearest binary float."""
    for node in ast.walk(root):
        if isinstance(node, ast.Constant):
            digits = ast.get_source_segment(text, node) or ""
            if not _NUMBER.fullmatch(digits):
                raise ExpressionError("only numbers, names and the listed functions may be used")
            node.value = Fraction(digits.rstrip("."))  # type: ignore[assignment]  # numbers stay exact


def _calculation(node: ast.expr) -> Calculation:
    """Return the calculation of a node, so that its tree is walked once and not for each draw."""
    match node:
        case ast.Constant(value):
            number = Fraction(value)  # type: ignore[arg-type]  # int or Fraction
            return (lambda _names: _bounded(number)) if _is_too_large(number) else (lambda _names: number)
        case ast.Name(name):
            return lambda names: _bounded(_named(name, names))
        case ast.UnaryOp(ast.USub(), operand):
            positive = _calculation(operand)
            return lambda names: -positive(names)
        case ast.UnaryOp(ast.UAdd(), operand):
            return _calculation(operand)
        case ast.BinOp(left, sign, right):
            combine, first, second = _combination(sign), _calculation(left), _calculation(right)
            return lambda names: _bounded(combine(first(names), second(names)))
        case ast.Call(ast.Name(name), arguments, []):
            parts = [_calculation(argument) for argument in arguments]
            return lambda names: _bounded(_called(name, [part(names) for part in parts]))
        case _:
            return _refused


def _refused(_names: Mapping[str, Fraction]) -> Fraction:
    raise ExpressionError("only numbers, names and the listed functions may be used")


def _named(name: str, names: Mapping[str, Fraction]) -> Fraction:
    if name not in names:
        raise ExpressionError(f"{name} is not defined")
    return names[name]


def _bounded(value: Fraction) -> Fraction:
    if _is_too_large(value):
        raise ExpressionError("the value is too large")
    return value


def _is_too_large(value: Fraction) -> bool:
    return value.numerator.bit_length() > MAX_BITS or value.denominator.bit_length() > MAX_BITS


def _combination(sign: ast.operator) -> Operation:
    if isinstance(sign, ast.Pow):
        return _power
    return _ARITHMETIC.get(type(sign), _unknown)


def _unknown(_left: Fraction, _right: Fraction) -> Fraction:
    raise ExpressionError("only + - * / ** calculate")


def _divided(left: Fraction, right: Fraction) -> Fraction:
    if not right:
        raise ExpressionError("division by zero")
    return left / right


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if abs(exponent) > MAX_EXPONENT:
        raise ExpressionError("the exponent is too large")
    if base == 0 and exponent < 0:
        raise ExpressionError("division by zero")
    if exponent.denominator == 1:
        return Fraction(base**exponent.numerator)
    if base < 0:
        raise ExpressionError("a negative number has no such root")
    return _rounded(lambda: _CONTEXT.power(_decimal(base), _decimal(exponent)))


def _called(name: str, arguments: list[Fraction]) -> Fraction:
    if name in ("min", "max") and arguments:
        return min(arguments) if name == "min" else max(arguments)
    if name == "round" and len(arguments) == 2:
        return _round_to(*arguments)
    function = _FUNCTIONS.get(name)
    if function is None or len(arguments) != 1:
        raise ExpressionError(f"{name} is not a function of so many numbers")
    return function(arguments[0])


def _round_to(value: Fraction, decimals: Fraction) -> Fraction:
    if decimals.denominator != 1 or not 0 <= decimals <= 20:
        raise ExpressionError("round takes 0 to 20 decimals")
    return round_half_up(value, decimals.numerator)


def _decimal(value: Fraction) -> Decimal:
    return _CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))


def _rounded(calculate: Callable[[], Decimal]) -> Fraction:
    try:
        return Fraction(calculate())
    except (DecimalException, ValueError, OverflowError) as error:
        raise ExpressionError("the function has no value there") from error


def _exponential(value: Fraction) -> Fraction:
    if abs(value) > MAX_EXP:
        raise ExpressionError("the exponent is too large")
    return _rounded(lambda: _CONTEXT.exp(_decimal(value)))


_ARITHMETIC: Mapping[type[ast.operator], Operation] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divided,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Fraction, Fraction], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: Mapping[str, Callable[[Fraction], Fraction]] = {
    "abs": abs,
    "round": lambda value: round_half_up(value, 0),
    "floor": lambda value: Fraction(floor(value)),
    "ceil": lambda value: Fraction(ceil(value)),
    "sqrt": lambda value: _rounded(lambda: _CONTEXT.sqrt(_decimal(value))),
    "exp": _exponential,
    "ln": lambda value: _rounded(lambda: _CONTEXT.ln(_decimal(value))),
    "log10": lambda value: _rounded(lambda: _CONTEXT.log10(_decimal(value))),
}
