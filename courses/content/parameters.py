"""Read parametros.yaml: figures tied to a year, as they are written or calculated from others (spec/content-format 5)."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from courses.content import scalars
from courses.content.mapping_cursor import MappingCursor
from courses.content.model import ParameterSource
from kernel.codes import round_half_up
from kernel.errors import N_
from kernel.expressions import ExpressionError, evaluate, names_in
from kernel.yaml_tree import YamlScalar

NO_NUMBER = "0"
CENTS = 2
"""Decimals of a calculated figure that is not whole, where none are given."""
OVERDUE = "C805"
"""The code of a figure that was due for review: it refuses publishing."""


def read_parameter(name: str, table: MappingCursor) -> ParameterSource:
    """Read one figure; one that is calculated has no value yet (`calculate_parameters`)."""
    formula = table.value("formula", scalars.word, "") or ""
    value = table.value("value", scalars.number, required=not formula)
    if formula and value is not None:
        table.report("C110", N_("A figure has a value or a formula, not both."), N_("Delete one of them."), at="formula")
    unit = table.value("unit", scalars.word, required=True) or "none"
    year = table.value("year", scalars.year, required=not formula) or 0
    label, source = table.text("label"), table.citations()
    decimals = table.value("decimals", scalars.whole(0, 7))
    valid_from, review = table.value("valid_from", scalars.day), table.value("review", scalars.day)
    _check_days(name, table, valid_from, review)
    written = table.node.entries["value"].value if value is not None else None
    digits = written.text.strip() if isinstance(written, YamlScalar) else NO_NUMBER
    return ParameterSource(name, value or Fraction(0), digits, unit, year, label, source, decimals, review, valid_from, formula)


def _check_days(name: str, table: MappingCursor, valid_from: date | None, review: date | None) -> None:
    today = table.session.today
    if valid_from is not None and review is not None and review <= valid_from:
        table.report("C208", N_("The review comes before the figure holds."), N_("Write a later day."), at="review")
    elif valid_from is not None and valid_from > today:
        table.report("C807", N_("The figure “%(name)s” does not hold before %(day)s."), "", at="valid_from", name=name, day=valid_from)
    if review is not None and review <= today:
        table.report(
            OVERDUE,
            N_("The figure “%(name)s” was due for review on %(day)s."),
            N_("Look it up, then enter the new value and a new date."),
            at="review",
            name=name,
            day=review,
        )


def calculate_parameters(read: Iterable[ParameterSource], tables: Mapping[str, MappingCursor]) -> tuple[ParameterSource, ...]:
    """Return the figures with those calculated that have a formula; report those that cannot be (spec/content-format C806)."""
    parameters = tuple(read)
    known = solve(parameters)
    for parameter in parameters:
        if parameter.name not in known:
            _report_unsolved(parameter, {known.name for known in parameters}, tables[parameter.name])
    return tuple(known.get(parameter.name, parameter) for parameter in parameters)


def solve(parameters: Sequence[ParameterSource]) -> dict[str, ParameterSource]:
    """Calculate every formula from the figures that it names, in whatever order they stand; leave out those that have no value."""
    known = {parameter.name: parameter for parameter in parameters if not parameter.formula}
    waiting = {parameter.name: (parameter, inputs) for parameter in parameters if (inputs := _inputs(parameter)) is not None}
    while ready := [name for name, (_parameter, inputs) in waiting.items() if inputs <= known.keys()]:
        for name in ready:
            parameter, inputs = waiting.pop(name)
            calculated = _calculated(parameter, [known[name] for name in inputs])
            if calculated is not None:
                known[name] = calculated
    return known


def _inputs(parameter: ParameterSource) -> frozenset[str] | None:
    """Return the figures that a formula names; None where there is no formula, or one that cannot be read."""
    try:
        return names_in(parameter.formula) if parameter.formula else None
    except ExpressionError:
        return None


def _calculated(parameter: ParameterSource, inputs: Sequence[ParameterSource]) -> ParameterSource | None:
    try:
        exact = evaluate(parameter.formula, {source.name: source.value for source in inputs})
    except ExpressionError:
        return None
    decimals = parameter.decimals if parameter.decimals is not None else 0 if exact.denominator == 1 else CENTS
    value = round_half_up(exact, decimals)
    written = f"{Decimal(int(value * 10**decimals)).scaleb(-decimals):f}"
    return replace(parameter, value=value, written=written, year=parameter.year or max((source.year for source in inputs), default=0))


def _report_unsolved(parameter: ParameterSource, names: AbstractSet[str], table: MappingCursor) -> None:
    unknown = sorted((_inputs(parameter) or frozenset()) - names)
    if unknown:
        table.report("C806", N_("The formula names “%(name)s”, which is no figure of the course."), at="formula", name=unknown[0])
        return
    table.report(
        "C806",
        N_("The formula “%(formula)s” cannot be calculated."),
        N_("Use numbers, names of figures that do not need this one, + - * / ** ( ) and abs min max round floor ceil sqrt exp ln log10."),
        at="formula",
        formula=parameter.formula,
    )
