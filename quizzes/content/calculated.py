"""Read questions whose numbers differ from attempt to attempt (spec/content-format 8, `calculated`)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from courses.content import scalars
from courses.content.mapping_cursor import LocatedValue, MappingCursor
from kernel.errors import N_
from kernel.expressions import ExpressionError, evaluate, names_in
from quizzes.content import parts
from quizzes.rules.calculated_choices import expressions_in
from quizzes.rules.definitions import CalculatedAnswer, CalculatedBody, Option, Tolerance
from quizzes.rules.item_layout import NoVariablesError, draw_variables
from quizzes.rules.question_variables import ChoiceNumbers, QuestionVariable, VariableRange

TRIED_DRAWS = 200
MAXIMUM_STEPS = 1_000_000
ZERO = "division by zero"
DIVIDES = N_("The expression “%(expression)s” divides by zero for some values.")
HAS_NO_VALUE = N_("The expression “%(expression)s” cannot be calculated.")
ALLOWED = N_("Use numbers, names, + - * / ** ( ), comparisons in conditions, and abs min max round floor ceil sqrt exp ln log10.")


def read_calculated(table: MappingCursor, mark: Fraction) -> CalculatedBody:
    """Read variables, conditions and answers; names must be known and 200 draws must have a value (spec/content-format C408)."""
    variables = read_variables(table)
    conditions = tuple(value for value in table.listed("conditions", lambda value: value.read(scalars.word)) if value)
    answers = _answers(table)
    tolerance = parts.tolerance(table, Tolerance())
    units = parts.units(table)
    decimals = parts.decimals(table)
    known = _parameters(table)
    expressions = (*conditions, *(answer.expression for answer in answers))
    used = _names_of(table, expressions, {variable.name for variable in variables} | set(known))
    parameters = {name: known[name] for name in sorted(used & set(known))}
    body = CalculatedBody(
        variables, answers, conditions, parameters, tolerance, units.unit, units.units, units.penalty, units.penalty_of, decimals
    )
    if used and variables:
        _try_draws(table, body)
    return body


def read_choice_numbers(table: MappingCursor) -> ChoiceNumbers:
    """Read the variables of a choice whose options are calculated (spec/selection 1.23); its parameters come with the options."""
    variables = read_variables(table)
    conditions = tuple(value for value in table.listed("conditions", lambda value: value.read(scalars.word)) if value)
    return ChoiceNumbers(variables, conditions, _parameters(table), parts.decimals(table))


def with_options(table: MappingCursor, options: Sequence[Option], numbers: ChoiceNumbers | None) -> ChoiceNumbers | None:
    """Return the numbers of a choice with the parameters that its expressions name.

    Report expressions in options that have no variables or no value, and that two options always read the same (spec/content-format C408).
    """
    expressions = list(dict.fromkeys(expressions_in(options)))
    if numbers is None:
        if expressions:
            table.report("C408", N_("Calculated options need “variables”."), at="options")
        return None
    if not expressions:
        table.report("C408", N_("No option is calculated."), N_("Write an expression between {= and =}."), at="options")
        return numbers
    known = {variable.name for variable in numbers.variables} | set(numbers.parameters)
    used = _names_of(table, (*numbers.conditions, *expressions), known, at="options")
    used_numbers = replace(numbers, parameters={name: value for name, value in sorted(numbers.parameters.items()) if name in used})
    for seed in range(TRIED_DRAWS if used and numbers.variables else 0):
        try:
            draw_variables(used_numbers, seed, "1", options)
        except NoVariablesError:
            template = N_("No values of the variables meet the conditions and give options that differ, with a value each.")
            table.report("C408", template, N_("Widen the variables, or change the options."), at="options")
            break
    return used_numbers


def _parameters(table: MappingCursor) -> Mapping[str, Fraction]:
    course = table.session.course
    return {parameter.name: parameter.value for parameter in course.parameters} if course is not None else {}


def _answers(table: MappingCursor) -> tuple[CalculatedAnswer, ...]:
    answers: list[CalculatedAnswer] = []
    for verdict in parts.verdicts(table, "answers"):
        expression = verdict.value.read(scalars.word)
        credit = parts.credit_of(verdict)
        own = parts.tolerance(verdict.table, None)
        if not verdict.right and not verdict.why:
            parts.no_feedback(verdict.table)
        if expression:
            answers.append(CalculatedAnswer(expression, verdict.right, credit, parts.or_none(verdict.why), own))
    if answers and not any(answer.right for answer in answers):
        table.report("C401", N_("No answer is right."), N_("Mark the right one with “right:”."), at="answers")
    parts.check_count(table, "answers", len(answers))
    return tuple(answers)


def read_variables(table: MappingCursor) -> tuple[QuestionVariable, ...]:
    """Read names with `{from, to, step}` or `{values: []}`."""
    listed = table.get("variables", required=True)
    if listed is None:
        return ()
    variables = (_variable(name, value) for name, value, _ in listed.entries())
    return tuple(variable for variable in variables if variable is not None)


def _variable(name: str, value: LocatedValue) -> QuestionVariable | None:
    try:
        scalars.name(name)
    except scalars.RefusedError as refused:
        value.report(refused.code, refused.template, refused.fix, **refused.facts)
    table = value.table()
    if table is None:
        return None
    table.flow_whole = True
    if table.has("values"):
        values = table.listed("values", lambda entry: entry.read(scalars.number), flow=True)
        shown = parts.decimals(table)
        return QuestionVariable(name, values, shown) if values else None
    low, high = table.value("from", scalars.number, required=True), table.value("to", scalars.number, required=True)
    step = table.value("step", scalars.number, required=True)
    shown = parts.decimals(table)
    if low is None or high is None or step is None:
        return None
    if step <= 0 or low > high:
        table.report("C113", N_("The values must go up from the first to the last in steps above 0."))
        return None
    if (high - low) // step >= MAXIMUM_STEPS:
        table.report("C113", N_("The variable has more than %(limit)s values."), N_("Take larger steps."), limit=MAXIMUM_STEPS)
        return None
    return QuestionVariable(name, VariableRange(low, high, step), shown)


def _names_of(table: MappingCursor, expressions: Iterable[str], known: set[str], *, at: str = "answers") -> set[str]:
    """Return the names used in expressions; an empty set where one of them is invalid, which is reported (spec/content-format C408,
    C406).
    """
    used: set[str] = set()
    sound = True
    for expression in expressions:
        try:
            names = names_in(expression)
        except ExpressionError as error:
            sound = _report_expression(table, expression, error, at)
            continue
        for name in sorted(names - known):
            sound = False
            table.report("C406", N_("“%(name)s” is neither a variable nor a parameter of the course."), at=at, name=name)
        used |= names
    return used if sound else set()


def _report_expression(table: MappingCursor, expression: str, error: ExpressionError, at: str = "answers") -> bool:
    zero = ZERO in str(error)
    table.report("C408", DIVIDES if zero else HAS_NO_VALUE, "" if zero else ALLOWED, at=at, expression=expression)
    return False


def _try_draws(table: MappingCursor, body: CalculatedBody) -> None:
    """Try 200 draws as attempts make them: conditions must leave some, and every answer must have a value."""
    tried: set[tuple[Fraction, ...]] = set()
    for seed in range(TRIED_DRAWS):
        try:
            drawn = draw_variables(body, seed, "1")
        except NoVariablesError:
            table.report("C408", N_("No values of the variables meet the conditions."), at="conditions")
            return
        combination = tuple(drawn.values())
        if combination in tried:
            continue
        tried.add(combination)
        values = {**body.parameters, **drawn}
        for answer in body.answers:
            try:
                evaluate(answer.expression, values)
            except ExpressionError as error:
                _report_expression(table, answer.expression, error)
                return
