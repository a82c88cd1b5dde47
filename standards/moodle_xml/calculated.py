"""Moodle's calculated questions as ours: wild cards become variables, formulas in PHP's words become expressions (spec/quiz-engine 5.7)."""

import ast
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import cast

from courses.content.derived_keys import slug
from kernel.errors import N_
from kernel.expressions import MAX_LENGTH, names_in
from questions.rules.definitions import CalculatedAnswer, CalculatedBody, QuestionVariable, Texts, Tolerance, ToleranceKind, VariableRange
from standards._gap import GAP_MARK, gap_placeholder
from standards._numbers import credit, number, whole
from standards._xml import Element, child, children, words
from standards.model import NotTranslatable, TransferRemarkCollector
from standards.moodle_xml.texts import INLINE, MoodleTextReader

WILD = re.compile(r"\{([A-Za-z][^{}<>=]{0,60})\}")
_COMPUTED = re.compile(r"\{=")
_TOLERANCES = {"1": ToleranceKind.RELATIVE, "2": ToleranceKind.NOMINAL, "3": ToleranceKind.GEOMETRIC}
_SAME = frozenset({"abs", "min", "max", "round", "floor", "ceil", "sqrt", "exp", "log10"})
_ALLOWED = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Constant, ast.operator, ast.unaryop, ast.expr_context)
_PI = "3.14159265358979"
MOST_DECIMALS = 7
MOST_STEPS = 1_000_000
MOST_VALUES = 100


def variable_names(element: Element) -> Mapping[str, str]:
    """Return the names of the wild cards, each with the name that it has here: lower case, digits and _."""
    names: dict[str, str] = {}
    for definition in children(child(element, "dataset_definitions"), "dataset_definition"):
        written = words(child(definition, "name", "text")).strip()
        bare = slug(written).replace("-", "_")[:36]
        name = bare if bare[:1].isalpha() else f"v_{bare}".rstrip("_")
        number = 2
        free = name
        while free in names.values():
            free, number = f"{name}_{number}", number + 1
        names[written] = free
    return names


def with_marks(written: str, names: Mapping[str, str]) -> str:
    """Return a text with signs for its wild cards; raises NotTranslatable where it computes inside the text."""
    if _COMPUTED.search(written):
        raise NotTranslatable(N_("The text computes a formula, {=…}."), N_("Texts can show only variables. Write the formula in words."))
    places = {name: at for at, name in enumerate(names, start=1)}
    return WILD.sub(lambda match: gap_placeholder(places[match[1].strip()]) if match[1].strip() in places else match[0], written)


def with_variables(markdown: str, names: Mapping[str, str]) -> str:
    """Return a text with its variables in braces."""
    own = list(names.values())
    return re.sub(f"{GAP_MARK}([0-9]+){GAP_MARK}", lambda match: "{" + own[int(match[1]) - 1] + "}", markdown)


def calculated(
    element: Element, texts: MoodleTextReader, remarks: TransferRemarkCollector, names: Mapping[str, str], units: Mapping[str, Fraction]
) -> CalculatedBody:
    """Return the body; raises NotTranslatable for formulas that cannot be said here."""
    definitions = children(child(element, "dataset_definitions"), "dataset_definition")
    variables = tuple(_variable(definition, name) for definition, name in zip(definitions, names.values(), strict=True))
    if not variables:
        raise NotTranslatable(N_("The question gives no values for its wild cards."))
    remarks.note(
        N_("Each learner's values are drawn again from the ranges of the wild cards."), N_("The prepared sets of values are left out.")
    )
    answers = tuple(_answer(answer, texts, names) for answer in children(element, "answer"))
    tolerances = {answer.tolerance for answer in answers}
    usual = tolerances.pop() if len(tolerances) == 1 else None
    if usual is not None:
        answers = tuple(CalculatedAnswer(answer.expression, answer.right, answer.credit, answer.why) for answer in answers)
    return CalculatedBody(variables, answers, tolerance=usual or Tolerance(), units=units)


def _variable(definition: Element, name: str) -> QuestionVariable:
    decimals = min(whole(words(child(definition, "decimals", "text")), 0), MOST_DECIMALS)
    low, high = (words(child(definition, bound, "text")).strip() for bound in ("minimum", "maximum"))
    step = Fraction(1, 10**decimals)
    if low and high and number(low) <= number(high) and (number(high) - number(low)) / step < MOST_STEPS:
        return QuestionVariable(name, VariableRange(number(low), number(high), step), decimals)
    items = children(child(definition, "dataset_items"), "dataset_item")
    values = tuple(dict.fromkeys(number(words(child(item, "value"))) for item in items))[:MOST_VALUES]
    if not values:
        raise NotTranslatable(N_("The wild card “%(name)s” has neither a range nor values."), name=name)
    return QuestionVariable(name, values, decimals)


def _answer(answer: Element, texts: MoodleTextReader, names: Mapping[str, str]) -> CalculatedAnswer:
    worth = credit(number(answer.get("fraction", "0")))
    why: Texts | None = texts.texts(child(answer, "feedback"), INLINE)
    kind = _TOLERANCES.get(words(child(answer, "tolerancetype")).strip() or "1", ToleranceKind.RELATIVE)
    tolerance = Tolerance(kind, abs(number(words(child(answer, "tolerance")) or "0")))
    return CalculatedAnswer(expression(texts.raw(answer), names), worth > 0, worth, why, tolerance)


def expression(formula: str, names: Mapping[str, str]) -> str:
    """Return a formula of Moodle as an expression; raises NotTranslatable for what cannot be said here."""
    unknown = [match[1] for match in WILD.finditer(formula) if match[1].strip() not in names]
    if unknown or len(formula) > MAX_LENGTH:
        raise NotTranslatable(N_("The formula “%(formula)s” cannot be read."), formula=formula.strip()[:80])
    try:
        tree = ast.parse(WILD.sub(lambda match: f"({names[match[1].strip()]})", formula).strip(), mode="eval")
        written = ast.unparse(_Translator().visit(tree))
        names_in(written)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise NotTranslatable(N_("The formula “%(formula)s” cannot be read."), formula=formula.strip()[:80]) from error
    return written


class _Translator(ast.NodeTransformer):
    """Turns PHP's functions into ours; raises ValueError for what is neither number, wild card, sign nor call."""

    def visit(self, node: ast.AST) -> ast.AST:
        """Return a node in our words."""
        if not isinstance(node, _ALLOWED):
            raise ValueError(type(node).__name__)  # noqa: TRY004 - it is the formula that is wrong
        return cast("ast.AST", super().visit(node))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Return a call in our words."""
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "pow" and len(node.args) == 2:
            return ast.BinOp(node.args[0], ast.Pow(), node.args[1])
        if name == "pi" and not node.args:
            return ast.Constant(float(_PI))
        if name == "log" and len(node.args) == 1:
            return ast.Call(ast.Name("ln"), node.args, [])
        if name not in _SAME:
            raise NotTranslatable(N_("The formula uses “%(name)s”, which expressions do not support."), name=name[:40] or "?")
        return node
