"""A graded task and what came of it, as its pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from enrolments.course_view import rounded
from kernel.errors import N_
from kernel.i18n import _, choose, format_datetime, number
from kernel.markup.model import SafeHtml, gap_marker
from simulators.content import benefit_name, output_label
from simulators.rules.budget import Outputs, compute
from simulators.rules.scenario import BENEFITS, Inputs
from simulators.rules.tasks import GoalItem, NumberItem, SubmissionRefusalReason, SubmitRuling, Task, TaskVariableSpec, Texts, is_between
from simulators.tasks import Reviewed
from simulators.views.scenario import Field, FieldSet, OutputView, figure

WHOLE = ("beneficiarios", "poblacion", "anio_de_agotamiento")
GROUPS = ("macro", *BENEFITS, "despliegue", "reserva")


def filled(texts: Texts, variables: Sequence[TaskVariableSpec], drawn: Mapping[str, Fraction]) -> SafeHtml:
    """Return stored HTML in the reader's language with the learner's own numbers in it."""
    text = choose(texts)
    for variable in variables:
        value = drawn.get(variable.name, Fraction(0))
        text = text.replace(gap_marker(variable.name), number(Decimal(value.numerator) / Decimal(value.denominator), variable.decimals))
    return SafeHtml.stored(text)


def groups_of(task: Task, fields: FieldSet) -> list[tuple[str, list[list[Field]], list[Field], bool]]:
    """Return the inputs that matter for a task: those that its start, its outputs or its learners touch.

    Those that belong together have a title, groups of people, the other inputs, and True where something in it may change.
    """
    touched = {name.partition(".")[0] for name in (*task.start, *(task.editable or ()))}
    for output in task.outputs:
        head = output.partition(".")[0]
        if head.startswith("trayectoria_"):
            touched |= {head.removeprefix("trayectoria_"), "despliegue"}
        else:
            touched |= set(BENEFITS) if head == "total" else {head}
    if touched - {"reserva"}:
        touched.add("macro")  # a reserve does not look at the economy
    idle = _idle(task)
    return [_group(key, fields, idle) for key in GROUPS if key in touched]


def _idle(task: Task) -> tuple[str, ...]:
    """Return the inputs of a benefit that change nothing a task looks at: they would only take room."""
    total = any(output.startswith("total.") for output in task.outputs)
    target = any(".inverso." in output for output in task.outputs)
    return tuple(name for name, used in ((".incluida", total), (".objetivo_pct", target)) if not used)


def _group(key: str, fields: FieldSet, idle: tuple[str, ...]) -> tuple[str, list[list[Field]], list[Field], bool]:
    if key in BENEFITS:
        title, tranches, own = benefit_name(key), fields.tranches(key), fields.benefit(key)
        own = [control for control in own if not control.name.endswith(idle)]
    else:
        title = {"macro": _("Economy"), "despliegue": _("Phasing in"), "reserva": _("Contributory scheme")}[key]
        tranches, own = [], {"macro": fields.macro, "despliegue": fields.rollout, "reserva": fields.reserve}[key]()
    tranches = [[control for control in row if control.value or not control.locked] for row in tranches]
    own = [control for control in own if control.value or not control.locked]
    changeable = any(not control.locked for control in (*own, *(control for row in tranches for control in row)))
    return title, tranches, own, changeable and key != "macro"


@dataclass(frozen=True, slots=True)
class GoalView:
    """A goal with what the scenario reaches now."""

    text: SafeHtml
    label: str
    low: float | None
    high: float | None
    limits: str
    figure: OutputView
    met: bool


@dataclass(frozen=True, slots=True)
class NumberItemView:
    """A number to give."""

    name: str
    text: SafeHtml
    unit: str
    typed: str
    error: str
    mark: Decimal

    @property
    def id(self) -> str:
        """Return its place in the page."""
        return self.name.replace(".", "-")


def goal_views(task: Task, inputs: Inputs) -> list[GoalView]:
    """Return the goals as the scenario stands."""
    outputs = compute(inputs) if task.goals else {}
    return [_goal_view(goal, outputs) for goal in task.goals]


def _goal_view(goal: GoalItem, outputs: Outputs) -> GoalView:
    value = outputs.get(goal.output)
    return GoalView(
        text=SafeHtml.stored(choose(goal.text)),
        label=output_label(goal.output),
        low=None if goal.low is None else float(goal.low),
        high=None if goal.high is None else float(goal.high),
        limits=limits_text(goal),
        figure=figure(goal.output, value, 0 if goal.output.endswith(WHOLE) else 2),
        met=value is not None and is_between(Fraction(value), goal.low, goal.high),
    )


def limits_text(goal: GoalItem) -> str:
    """Describe the limits of a goal."""
    low, high = (
        None if limit is None else number(Decimal(limit.numerator) / Decimal(limit.denominator)) for limit in (goal.low, goal.high)
    )
    if low is None:
        return _("at most %(high)s", high=high)
    return _("at least %(low)s", low=low) if high is None else _("from %(low)s to %(high)s", low=low, high=high)


def ask_views(task: Task, typed: Mapping[str, str], errors: Mapping[str, str]) -> list[NumberItemView]:
    """Return the numbers to give, with what was typed."""
    return [
        NumberItemView(
            f"ask.{ask.key}",
            SafeHtml.stored(choose(ask.text)),
            choose(ask.unit),
            typed=typed.get(ask.key, ""),
            error=errors.get(f"ask.{ask.key}", ""),
            mark=rounded(ask.mark),
        )
        for ask in task.asks
    ]


def refusal_words(ruling: SubmitRuling) -> list[str]:
    """Return in whole sentences why a task cannot be submitted."""
    sentences = {
        SubmissionRefusalReason.NOT_OPEN_YET: N_("It opens on %(moment)s."),
        SubmissionRefusalReason.CLOSED: N_("It is closed and no longer accepts submissions."),
        SubmissionRefusalReason.NO_ATTEMPTS_LEFT: N_("You have used all your attempts."),
        SubmissionRefusalReason.PAUSE: N_("You can submit it again from %(moment)s."),
        SubmissionRefusalReason.PREREQUISITES: N_("Complete its prerequisites first."),
    }
    return [_(sentences[refusal.reason], moment=format_datetime(refusal.until)) for refusal in ruling.refusals]


@dataclass(frozen=True, slots=True)
class TaskItemReview:
    """One goal or number as it was marked; `expected` is '' where it is not shown."""

    text: SafeHtml
    words: str
    value: str
    limits: str
    expected: str
    met: bool
    answered: bool
    mark: Decimal
    maximum: Decimal
    explanation: SafeHtml | str


def review_items(reviewed: Reviewed, *, numbers: bool) -> list[TaskItemReview]:
    """Return the outcome of each goal and number; right numbers only with `numbers`."""
    task = reviewed.published.task
    drawn = {name: Fraction(value) for name, value in reviewed.row.drawn.items()}
    return [_review_item(item, reviewed, drawn, numbers=numbers) for item in task.items]


def _review_item(item: GoalItem | NumberItem, reviewed: Reviewed, drawn: Mapping[str, Fraction], *, numbers: bool) -> TaskItemReview:
    row = reviewed.item(item.key)
    assert row is not None
    digits = 0 if item.output.endswith(WHOLE) else 2
    goal = isinstance(item, GoalItem)
    reached = "–" if row.value is None else number(row.value, digits)
    shown = "" if goal or not numbers or row.expected is None else _exact(row.expected)
    return TaskItemReview(
        text=SafeHtml.stored(choose(item.text)),
        words=output_label(item.output),
        value=reached if goal else row.given,
        limits=limits_text(item) if isinstance(item, GoalItem) else "",
        expected=shown,
        met=row.met,
        answered=goal or bool(row.given),
        mark=rounded(row.mark),
        maximum=rounded(row.maximum),
        explanation="" if isinstance(item, GoalItem) else filled(item.explanation, reviewed.published.task.variables, drawn),
    )


def _exact(value: float) -> str:
    return number(round(value, 4) if abs(value) < 1000 else round(value, 2))
