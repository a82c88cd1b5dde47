"""Tasks in a course folder, read and checked, and the words for inputs, outputs and faults of the social budget."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise

from courses.content import model as folder
from courses.content import scalars
from courses.content.kinds import ActivityKind, ActivitySettings
from courses.content.mapping_cursor import LocatedValue, MappingCursor, MarkupLevel, ReadingSession
from courses.content.model import ActivityCompletion, CourseFolder
from courses.content.scalars import RefusedError
from courses.content.settings import BareValueRule, FieldShape, FieldSpec
from enrolments.rules import GradedCompletionRule, GradingMethod
from kernel.errors import N_
from kernel.i18n import _, lazy_, number, percent
from kernel.yaml_tree import YamlMapping, YamlSequence
from simulators.rules.budget import REFERENCE, compute
from simulators.rules.scenario import MODEL, SPECS, VERSION, Fault, FaultReason, InputKind, InputSpec, faults
from simulators.rules.tasks import (
    NONE,
    GoalItem,
    NumberItem,
    Task,
    TaskPolicy,
    TaskTolerance,
    TaskToleranceKind,
    TaskVariableSpec,
    draw,
    outputs_lacking,
    start_inputs,
    variable_named,
)

BENEFITS: Mapping[str, str] = {
    "ninez_universal": N_("Children, universal"),
    "ninez_focalizada": N_("Children, targeted"),
    "maternidad": N_("Maternity"),
    "discapacidad": N_("Disability"),
    "vejez": N_("Old age"),
}
PEOPLE: Mapping[str, str] = {
    "ninez_universal": N_("Children"),
    "ninez_focalizada": N_("Children of this age"),
    "maternidad": N_("Births in a year"),
    "discapacidad": N_("People with a disability"),
    "vejez": N_("Older people"),
}
INPUT_WORDS: Mapping[str, str] = {
    "macro.anio_base": N_("GDP year"),
    "macro.anio_meta": N_("Cost year"),
    "macro.pib_base": N_("GDP in that year, in USD"),
    "macro.crec_real": N_("Real growth, in %"),
    "macro.deflactor": N_("GDP prices, in %"),
    "macro.linea_base": N_("Monthly poverty line, in USD"),
    "macro.anio_linea": N_("Year of the poverty line"),
    "macro.inflacion": N_("Inflation, in %"),
    "macro.gasto_publico_pct_pib": N_("Public spending, as a percentage of GDP"),
    "incluida": N_("Counts in the total"),
    "elegible": N_("Meet the criterion"),
    "captacion": N_("Receive it"),
    "meses": N_("Payments per person"),
    "admin": N_("Administration, in %"),
    "objetivo_pct": N_("Target, as a percentage of GDP"),
    "factor_linea": N_("Amount, as a percentage of the line"),
    "monto": N_("Or an amount in USD per month"),
    "despliegue.anio_inicio": N_("First year"),
    "despliegue.crec_poblacion": N_("Growth of the population, in %"),
    "reserva.reserva_0": N_("Reserve at the start, in millions"),
    "reserva.ingreso_0": N_("Income in year 0, in millions"),
    "reserva.g_ingreso": N_("Growth of income, in %"),
    "reserva.gasto_0": N_("Spending in year 0, in millions"),
    "reserva.g_gasto": N_("Growth of spending, in %"),
    "reserva.interes": N_("Interest, in %"),
    "reserva.anios": N_("Years to project"),
}
HINTS: Mapping[str, str] = {
    "macro.pib_base": N_("Published, rounded."),
    "macro.crec_real": N_("Illustrative."),
    "macro.deflactor": N_("Illustrative."),
    "macro.inflacion": N_("Illustrative. The line and everything that depends on it change with it."),
    "macro.linea_base": N_("Published."),
    "macro.gasto_publico_pct_pib": N_("Also show the cost as a share of public spending."),
    "captacion": N_("Of those who meet the criterion."),
    "admin": N_("You can use a comma or a point."),
    "monto": N_("Instead of the percentage of the line. Fill in one of the two."),
}
OUTPUT_WORDS: Mapping[str, str] = {
    "costo": N_("Cost, in USD"),
    "pct_pib": N_("Cost, as a percentage of GDP"),
    "pct_gasto_publico": N_("Cost, as a percentage of public spending"),
    "beneficiarios": N_("People who receive it"),
    "poblacion": N_("Population"),
    "cobertura": N_("People reached, as a percentage of the population"),
    "mensual": N_("Monthly amount, in USD"),
    "suficiencia": N_("Amount, as a percentage of the line"),
    "inverso.elegible": N_("Share that would meet the criterion"),
    "inverso.captacion": N_("Share that would receive it"),
    "inverso.meses": N_("Payments per person"),
    "inverso.monto": N_("Monthly amount, in USD"),
    "macro.pib_meta": N_("GDP in the cost year, in USD"),
    "macro.linea_meta": N_("Poverty line in that year, in USD per month"),
    "ingreso": N_("Income, in millions"),
    "gasto": N_("Spending, in millions"),
    "reserva": N_("Reserve, in millions"),
    "despliegue": N_("Share phased in"),
    "reserva.anio_de_agotamiento": N_("Year in which the reserve runs out"),
}
FAULTS: Mapping[FaultReason, str] = {
    FaultReason.MISSING: N_("Enter a number."),
    FaultReason.NOT_WHOLE: N_("Enter a whole number."),
    FaultReason.YEARS: N_("Enter a year that is not earlier than the GDP year."),
    FaultReason.ONE_AMOUNT: N_("Each group needs its population and exactly one amount: as a percentage of the line or in USD."),
    FaultReason.TRANCHE_GAP: N_("Fill in the groups in order, without leaving one out."),
    FaultReason.STEP_GAP: N_("Fill in the years in order, without leaving one out."),
    FaultReason.STEPS_FALL: N_("Enter a share that is not lower than the year before."),
    FaultReason.UNKNOWN: N_("The simulator does not recognise this value."),
}
NO_NUMBER = N_("Enter a number. You can use a comma or a point.")


def percent_scale(spec: InputSpec) -> int:
    """Return by how many places people see it moved: shares are written as percentages."""
    return 2 if spec.kind is InputKind.SHARE or spec.name.endswith(".factor_linea") else 0


def benefit_name(key: str) -> str:
    """Return the name of a benefit."""
    return _(BENEFITS[key])


def input_label(name: str) -> str:
    """Return the label of an input beside its field: a benefit's without the benefit."""
    if name in INPUT_WORDS:
        return _(INPUT_WORDS[name])
    key, *rest = name.split(".")
    last = rest[-1]
    if name.startswith("despliegue.pasos."):
        return _("Year %(number)s, in %%", number=last)
    if last == "poblacion":
        return _(PEOPLE[key])
    return _(INPUT_WORDS[last])


def full_label(name: str) -> str:
    """Return the label of an input where nothing stands beside it."""
    key, *rest = name.split(".")
    if key not in BENEFITS:
        return input_label(name)
    parts = [benefit_name(key)]
    if rest[0] == "tramos":
        parts.append(_("group %(number)s", number=rest[1]))
    return ", ".join([*parts, input_label(name)])


def input_hint(name: str) -> str:
    """Return where an input comes from or what it means, '' where its name says all."""
    last = name.rpartition(".")[2]
    hint = HINTS.get(name, HINTS.get(last, "") if name.partition(".")[0] in BENEFITS else "")
    if last == "elegible" and REFERENCE[name] != 1:
        share = round(REFERENCE[name] * 100, 2)
        return _("In the example, %(percent)s (solved for).", percent=percent(share, 2 if share % 1 else 0))
    return _(hint) if hint else ""


def output_label(name: str) -> str:
    """Return the label of an output, with its benefit or year."""
    if name in OUTPUT_WORDS:
        return _(OUTPUT_WORDS[name])
    key, _dot, rest = name.partition(".")
    if key == "total":
        return ": ".join((_("Total cost of the floor"), _(OUTPUT_WORDS[rest])))
    if key in BENEFITS:
        return f"{benefit_name(key)}: {_needed(rest)}"
    part, last = rest.removeprefix("filas.").split(".")
    if key == "reserva":
        return ": ".join((_("Year %(number)s", number=part), _(OUTPUT_WORDS[last])))
    return f"{benefit_name(key.removeprefix('trayectoria_'))}, {part}: {_(OUTPUT_WORDS[last])}"


def _needed(name: str) -> str:
    label = _(OUTPUT_WORDS[name])
    return _("for the target, %(what)s", what=label) if name.startswith("inverso.") else label


def fault_text(fault: Fault) -> str:
    """Describe how to correct the fault."""
    if fault.reason is not FaultReason.LIMITS:
        return _(FAULTS[fault.reason])
    spec = SPECS[fault.name]
    low, high = (_limit(spec, value) for value in (spec.low, spec.high))
    if spec.high > 1e9:
        return _("Enter a number greater than %(low)s.", low=low) if spec.above else _("Enter a number of %(low)s or more.", low=low)
    return _("Enter a number from %(low)s to %(high)s.", low=low, high=high)


def _limit(spec: InputSpec, value: float) -> str:
    return str(int(value)) if spec.kind is InputKind.YEAR else number(round(value * 10 ** percent_scale(spec), 6))


BEGIN = f"""model: {MODEL}
version: {VERSION}
text: …
goals:
  - key: meta
    text: …
    output: vejez.pct_pib
    max: 1
"""
"""A task begins as one that can be read: its words and its goal are still to be written."""
ORDER = (
    *("model", "version", "text", "start", "variables", "editable", "goals", "asks"),
    *("attempts", "pause", "grading", "pass_mark", "category", "weight", "completion"),
)


class _Named:
    """The label of an input or output, in the language of the reader, with its name in files."""

    def __init__(self, label_of: Callable[[str], str], name: str) -> None:
        self.tell, self.name = label_of, name

    def __str__(self) -> str:
        return f"{self.tell(self.name)} · {self.name}"


INPUTS = tuple((name, _Named(full_label, name)) for name in SPECS)
OUTPUTS = tuple((name, _Named(output_label, name)) for name in compute(REFERENCE))
_MARK = FieldSpec("mark", FieldShape.NUMBER, lazy_("Points"), usual="1")
_LENGTH = lazy_("In minutes, hours or days: 30 minutes, 1 h 30, 7 days.")

TASK_FIELDS = (
    FieldSpec(
        "text",
        FieldShape.MARKDOWN,
        lazy_("What to do"),
        lazy_("Put a number that is drawn for each learner in braces: {older}."),
    ),
)
GROUPS = (
    (
        lazy_("Starting point"),
        (
            FieldSpec(
                "start",
                FieldShape.NAMED,
                lazy_("Inputs at the start"),
                lazy_("All others keep the value of the example. Enter a number, a drawn one in braces, or none to remove it."),
                fields=(
                    FieldSpec("name", FieldShape.CHOICE, lazy_("Input"), choices=INPUTS),
                    FieldSpec("value", FieldShape.NUMBER, lazy_("Value")),
                ),
                spare=2,
            ),
            FieldSpec(
                "variables",
                FieldShape.NAMED,
                lazy_("Numbers drawn for each learner"),
                lazy_("From one number to another in steps, or one of a list of values. Clear a row's name to delete it."),
                fields=(
                    FieldSpec("name", FieldShape.WORD, lazy_("Name")),
                    FieldSpec("from", FieldShape.NUMBER, lazy_("From")),
                    FieldSpec("to", FieldShape.NUMBER, lazy_("To")),
                    FieldSpec("step", FieldShape.NUMBER, lazy_("In steps of")),
                    FieldSpec(
                        "values",
                        FieldShape.NUMBERS,
                        lazy_("Or one of these values"),
                        lazy_("Separated by semicolons or spaces: 10; 12.5; 20."),
                    ),
                    FieldSpec("decimals", FieldShape.NUMBER, lazy_("Decimals")),
                ),
            ),
            FieldSpec(
                "editable",
                FieldShape.KEYS,
                lazy_("Inputs that learners can change"),
                lazy_("Leave unselected to include all of them."),
                choices=INPUTS,
                usual="all",
            ),
        ),
    ),
    (
        lazy_("What is marked"),
        (
            FieldSpec(
                "goals",
                FieldShape.ENTRIES,
                lazy_("Goals to reach"),
                lazy_("Each has a minimum value, a maximum value or both. Clear a row's key to delete it."),
                fields=(
                    FieldSpec("key", FieldShape.WORD, lazy_("Key")),
                    FieldSpec("text", FieldShape.WORDS, lazy_("What to achieve")),
                    FieldSpec("output", FieldShape.CHOICE, lazy_("Result"), choices=OUTPUTS),
                    FieldSpec("min", FieldShape.NUMBER, lazy_("At least")),
                    FieldSpec("max", FieldShape.NUMBER, lazy_("At most")),
                    _MARK,
                ),
            ),
            FieldSpec(
                "asks",
                FieldShape.ENTRIES,
                lazy_("Numbers that learners must give"),
                lazy_("The right number is what the model gives at the start. Clear a row's key to delete it."),
                fields=(
                    FieldSpec("key", FieldShape.WORD, lazy_("Key")),
                    FieldSpec("text", FieldShape.WORDS, lazy_("Question")),
                    FieldSpec("output", FieldShape.CHOICE, lazy_("Result"), choices=OUTPUTS),
                    FieldSpec("tolerance", FieldShape.NUMBER, lazy_("Allowed difference")),
                    FieldSpec("tolerance.relative", FieldShape.NUMBER, lazy_("Or as a share of the right number")),
                    FieldSpec("unit", FieldShape.WORDS, lazy_("Unit")),
                    _MARK,
                    FieldSpec("explanation", FieldShape.MARKDOWN, lazy_("Explanation")),
                ),
            ),
        ),
    ),
    (
        lazy_("Attempts and marks"),
        (
            FieldSpec("attempts", FieldShape.NUMBER, lazy_("Attempts"), lazy_("0: unlimited."), usual="0"),
            FieldSpec("pause.first", FieldShape.LENGTH, lazy_("Pause before the second attempt"), _LENGTH, bare=BareValueRule.EACH),
            FieldSpec("pause.later", FieldShape.LENGTH, lazy_("Pause before later attempts"), _LENGTH, bare=BareValueRule.EACH),
            FieldSpec(
                "grading",
                FieldShape.CHOICE,
                lazy_("Which attempt counts"),
                help="",
                choices=(
                    ("highest", lazy_("The best")),
                    ("average", lazy_("The mean of all")),
                    ("first", lazy_("The first")),
                    ("last", lazy_("The last")),
                ),
                usual="highest",
            ),
            FieldSpec("pass_mark", FieldShape.NUMBER, lazy_("Pass mark"), lazy_("Write none if it cannot be failed."), usual="70"),
            FieldSpec("category", FieldShape.WORD, lazy_("Part of the grade"), lazy_("Key of a part of the course grade.")),
            FieldSpec(
                "weight", FieldShape.NUMBER, lazy_("Weight"), lazy_("Within its part of the grade. 0 means it does not count."), usual="1"
            ),
            FieldSpec(
                "completion",
                FieldShape.CHOICE,
                lazy_("What completes it"),
                "",
                (
                    ("passed", lazy_("Passing it")),
                    ("graded", lazy_("Submitting it")),
                    ("passed_or_used", lazy_("Passing it, or using up all attempts")),
                    ("viewed", lazy_("Opening it is enough")),
                ),
            ),
        ),
    ),
)


TRIED_DRAWS = 200
MAXIMUM_STEPS = 1_000_000
MAXIMUM_ITEMS = 30
NO_PASS_MARK = Fraction(-1)
ALL = "all"


@dataclass(frozen=True, slots=True)
class TaskSource:
    """The result of reading a task: the task, its category and its weight in the course grade."""

    task: Task
    category: str
    weight: Fraction


def read_task(table: MappingCursor, session: ReadingSession) -> ActivitySettings:
    """Read everything after the fields of every activity."""
    _check_model(table)
    names = _variable_names(table)
    text = table.text("text", MarkupLevel.MARKDOWN, required=True, gaps=names)
    start = _start(table, names)
    variables = _variables(table)
    editable = _editable(table)
    goals = tuple(goal for goal in map(_goal, table.tables("goals")) if goal is not None)
    questions = tuple(ask for ask in (_ask(inner, names) for inner in table.tables("asks")) if ask is not None)
    if not _has_entries(table, "goals") and not _has_entries(table, "asks"):
        table.report("C110", N_("A task needs goals or questions."))
    _check_items(table, (*goals, *questions))
    policy, category, weight = _policy(table)
    task = Task(text, start, variables, editable=editable, goals=goals, asks=questions, policy=policy)
    if weight and (goals or questions) and not task.maximum:
        table.report("C504", N_("The task counts but has nothing to mark."), N_("Add “mark:” to a goal or question, or write “weight: 0”."))
    _check_model_runs(table, task)
    session.later(partial(_check_category, table, category))
    amount = policy.completion_attempts if policy.completion is GradedCompletionRule.ATTEMPTED else None
    completion = ActivityCompletion(folder.CompletionRule(policy.completion.value), amount)
    return ActivitySettings(TaskSource(task, category, weight), completion, None, weight)


def _has_entries(table: MappingCursor, name: str) -> bool:
    """Return whether a list is written and not empty; a value that is no list was reported already."""
    entry = table.node.entries.get(name)
    return table.has(name) and not (entry is not None and isinstance(entry.value, YamlSequence) and not entry.value.items)


def _check_model(table: MappingCursor) -> None:
    """Report a model that does not exist, or whose formulas have another version (spec/content-format C801)."""
    model = table.value("model", scalars.key, required=True)
    version = table.value("version", scalars.whole(1), required=True)
    if model is not None and model != MODEL:
        table.report("C801", N_("There is no model “%(model)s”."), N_("Write “model: %(known)s”."), at="model", model=model, known=MODEL)
    elif version is not None and version != VERSION:
        table.report(
            "C801",
            N_("The model has no version %(version)s of its formulas."),
            N_("Write “version: %(known)s”."),
            at="version",
            version=version,
            known=VERSION,
        )


def _variable_names(table: MappingCursor) -> frozenset[str]:
    """Return the names of variables before they are read: the text stands before them."""
    entry = table.node.entries.get("variables")
    return frozenset(entry.value.entries) if entry is not None and isinstance(entry.value, YamlMapping) else frozenset()


def _variables(table: MappingCursor) -> tuple[TaskVariableSpec, ...]:
    variables = table.get("variables")
    if variables is None:
        return ()
    return tuple(variable for variable in (_variable(name, value) for name, value, _place in variables.entries()) if variable is not None)


def _variable(name: str, value: LocatedValue) -> TaskVariableSpec | None:
    try:
        scalars.name(name)
    except RefusedError as refused:
        value.report(refused.code, refused.template, refused.fix, **refused.facts)
    table = value.table()
    if table is None:
        return None
    table.flow_whole = True
    if table.has("values"):
        values = table.listed("values", lambda entry: entry.read(scalars.number), flow=True)
        decimals = table.value("decimals", scalars.whole(0, 7))
        return TaskVariableSpec(name, values=values, decimals=decimals) if values else None
    low, high = table.value("from", scalars.number, required=True), table.value("to", scalars.number, required=True)
    step = table.value("step", scalars.number, required=True)
    decimals = table.value("decimals", scalars.whole(0, 7))
    if low is None or high is None or step is None:
        return None
    if step <= 0 or low > high:
        table.report("C113", N_("The values must go up from the first to the last in steps above 0."))
        return None
    if (high - low) // step >= MAXIMUM_STEPS:
        table.report("C113", N_("The variable has more than %(limit)s values."), N_("Take larger steps."), limit=MAXIMUM_STEPS)
        return None
    return TaskVariableSpec(name, low, high, step, decimals=decimals)


def _start(table: MappingCursor, names: frozenset[str]) -> dict[str, str]:
    """Read inputs with a number, a variable in braces, or `none`."""
    starting_value = table.get("start")
    start: dict[str, str] = {}
    if starting_value is None:
        return start
    for name, value, _place in starting_value.entries():
        text = value.read(_start_value)
        if text is None or not _is_input(value, name):
            continue
        variable = variable_named(text)
        if variable and variable not in names:
            value.report("C802", N_("“%(name)s” is not a variable of this task."), N_("Define it under “variables:”."), name=variable)
        elif text == NONE and not SPECS[name].optional:
            value.report("C802", N_("The model needs the input “%(name)s”, so it cannot be removed."), name=name)
        else:
            start[name] = text
    return start


def _start_value(text: str) -> str:
    return text if text == NONE or variable_named(text) else str(scalars.number(text))


def _is_input(value: LocatedValue, name: str) -> bool:
    if name in SPECS:
        return True
    value.report("C802", N_("The model has no input “%(name)s”."), N_("Write its name with dots, as in macro.crec_real."), name=name)
    return False


def _editable(table: MappingCursor) -> frozenset[str] | None:
    editable = table.get("editable")
    if editable is None:
        return None
    if not isinstance(editable.node, YamlMapping) and editable.as_text() == ALL:
        table.redundant.add("editable")
        return None
    named = [(value, value.read(scalars.word)) for value in editable.items()]
    return frozenset(name for value, name in named if name and _is_input(value, name))


def _goal(table: MappingCursor) -> GoalItem | None:
    key = table.value("key", scalars.key, required=True) or ""
    text = table.text("text", MarkupLevel.INLINE, required=True)
    output = table.value("output", scalars.word, required=True)
    low, high = table.value("min", scalars.number), table.value("max", scalars.number)
    mark = table.value("mark", scalars.number_between(0), Fraction(1))
    if low is None and high is None and not (table.has("min") or table.has("max")):
        table.report("C110", N_("A goal has a minimum, a maximum or both."))
    if low is not None and high is not None and low > high:
        table.report("C113", N_("The minimum is more than the maximum."), at="min")
    return GoalItem(key, text, output, low=low, high=high, mark=mark) if output else None


def _ask(table: MappingCursor, names: frozenset[str]) -> NumberItem | None:
    key = table.value("key", scalars.key, required=True) or ""
    text = table.text("text", MarkupLevel.INLINE, required=True)
    output = table.value("output", scalars.word, required=True)
    tolerance = _tolerance(table)
    unit = table.text("unit")
    mark = table.value("mark", scalars.number_between(0), Fraction(1))
    explanation = table.text("explanation", MarkupLevel.MARKDOWN, gaps=names)
    return NumberItem(key, text, output, tolerance=tolerance, unit=unit, mark=mark, explanation=explanation) if output else None


def _tolerance(table: MappingCursor) -> TaskTolerance:
    """Read `tolerance`: a number, or a mapping that says relative or geometric."""
    tolerance = table.get("tolerance")
    if tolerance is None:
        return TaskTolerance()
    if not tolerance.is_table:
        return TaskTolerance(TaskToleranceKind.NOMINAL, tolerance.read(scalars.number_between(0)) or Fraction(0))
    table.flows.add("tolerance")
    inner = tolerance.table()
    assert inner is not None
    for kind in (TaskToleranceKind.RELATIVE, TaskToleranceKind.GEOMETRIC):
        amount = inner.value(kind.value, scalars.number_between(0))
        if amount is not None:
            return TaskTolerance(kind, amount)
    inner.report(
        "C110", N_("The tolerance is neither “relative” nor “geometric”."), N_("Write a number, or one of the two with its share.")
    )
    return TaskTolerance()


def _check_items(table: MappingCursor, items: tuple[GoalItem | NumberItem, ...]) -> None:
    """Report duplicate keys, and more items than a page holds."""
    keys = sorted(item.key for item in items if item.key)
    for key in dict.fromkeys(key_before for key_before, other in pairwise(keys) if key_before == other):
        table.report("C202", N_("The key “%(key)s” appears twice in this task."), N_("Give one of the two another key."), key=key)
    if len(items) > MAXIMUM_ITEMS:
        table.report("C105", N_("A task has at most %(limit)s goals and questions."), limit=MAXIMUM_ITEMS)


def _policy(table: MappingCursor) -> tuple[TaskPolicy, str, Fraction]:
    attempts = table.value("attempts", scalars.whole(0), 0)
    first, later = _pause(table)
    grading = table.choice("grading", GradingMethod, GradingMethod.HIGHEST)
    pass_mark = table.value("pass_mark", scalars.either("none", NO_PASS_MARK, scalars.percent), Fraction(70))
    category, weight = table.value("category", scalars.key, ""), table.value("weight", scalars.number_between(0), Fraction(1))
    needed = None if pass_mark == NO_PASS_MARK else pass_mark
    usual = GradedCompletionRule.PASSED if needed is not None else GradedCompletionRule.GRADED
    completion, amount = _completion(table, usual)
    policy = TaskPolicy(attempts, first, later, grading=grading, pass_mark=needed, completion=completion, completion_attempts=amount)
    _check_completion(table, policy)
    return policy, category, weight


def _pause(table: MappingCursor) -> tuple[int, int]:
    pause = table.get("pause")
    if pause is None:
        return 0, 0
    if not pause.is_table:
        seconds = pause.read(scalars.duration) or 0
        return seconds, seconds
    table.flows.add("pause")
    inner = pause.table()
    assert inner is not None
    return inner.value("first", scalars.duration, 0), inner.value("later", scalars.duration, 0)


def _completion(table: MappingCursor, usual: GradedCompletionRule) -> tuple[GradedCompletionRule, int]:
    completion = table.get("completion")
    if completion is None:
        return usual, 0
    if completion.is_table:
        table.flows.add("completion")
        inner = completion.table()
        assert inner is not None
        return GradedCompletionRule.ATTEMPTED, inner.value("attempted", scalars.whole(1), required=True) or 1
    rule = completion.read(scalars.one_of(GradedCompletionRule)) or usual
    if rule is GradedCompletionRule.ATTEMPTED:
        completion.report("C111", N_("The number of attempts is missing."), N_("Write {attempted: 1}."))
    if rule is usual:
        table.redundant.add("completion")
    return rule, 1


def _check_completion(table: MappingCursor, policy: TaskPolicy) -> None:
    rule = policy.completion
    if rule in (GradedCompletionRule.PASSED, GradedCompletionRule.PASSED_OR_USED) and policy.pass_mark is None:
        table.report("C209", N_("The task is completed when it is passed, but it has no pass mark."), at="completion")
    if rule is GradedCompletionRule.PASSED_OR_USED and not policy.attempts:
        table.report("C209", N_("The attempts can never be used up: there is no limit."), N_("Add “attempts:”."), at="completion")
    if rule is GradedCompletionRule.ATTEMPTED and 0 < policy.attempts < policy.completion_attempts:
        table.report("C209", N_("More attempts are required than are allowed."), at="completion")


def _check_category(table: MappingCursor, category: str, course: CourseFolder) -> None:
    if category and category not in {known.category for known in course.grade}:
        table.report("C203", N_("The course grade has no part “%(key)s”."), at="category", key=category)


def _check_model_runs(table: MappingCursor, task: Task) -> None:
    """Try the draws that learners get: the start must be a scenario, and what is asked must have a value.

    spec/content-format C802 to C804.
    """
    complete = {variable.name for variable in task.variables}
    if any((name := variable_named(value)) and name not in complete for value in task.start.values()):
        return  # the variable itself was told
    seen: set[tuple[Fraction, ...]] = set()
    for seed in range(TRIED_DRAWS if task.variables else 1):
        drawn = draw(task.variables, str(seed))
        values = tuple(drawn.values())
        if values in seen:
            continue
        seen.add(values)
        if _report_faults(table, task, drawn) or _report_outputs(table, task, drawn):
            return


def _report_faults(table: MappingCursor, task: Task, drawn: Mapping[str, Fraction]) -> bool:
    scenario_faults = faults(start_inputs(task.start, drawn))
    if not scenario_faults:
        return False
    name = scenario_faults[0].name
    if not task.variables:
        limits = N_("The input “%(name)s” is outside its limits.")
        torn = N_("The input “%(name)s” is inconsistent with the others.")
        table.report("C802", limits if scenario_faults[0].reason is FaultReason.LIMITS else torn, at="start", name=name)
        return True
    values = ", ".join(f"{variable} = {float(value):g}" for variable, value in drawn.items())
    table.report("C804", N_("With %(values)s the input “%(name)s” makes the model fail."), at="variables", values=values, name=name)
    return True


def _report_outputs(table: MappingCursor, task: Task, drawn: Mapping[str, Fraction]) -> bool:
    known = compute(start_inputs(task.start, drawn))
    unknown = [name for name in task.outputs if name not in known]
    for name in unknown:
        table.report("C803", N_("The model has no output “%(name)s”."), N_("Write its name with dots, as in vejez.pct_pib."), name=name)
    lacking = [] if unknown else outputs_lacking(task, known)
    for name in lacking:
        table.report("C804", N_("The model gives no value for “%(name)s” from this starting point."), name=name)
    return bool(unknown or lacking)


KIND = ActivityKind("simulator", ".simulator.yaml", lazy_("Simulator task"), "sigma", read_task)
