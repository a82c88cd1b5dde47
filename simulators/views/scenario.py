"""A scenario on its pages: fields and form data, figures and charts, and the tabs of floor, phasing in, scheme and comparison."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from kernel.i18n import _, language, number
from kernel.tables import Cell, csv_line
from questions.question_page import unclear_number
from questions.rules.numbers import convention_for
from simulators.content import NO_NUMBER, benefit_name, fault_text, full_label, input_hint, input_label, output_label, percent_scale
from simulators.rules import budget
from simulators.rules.scenario import BENEFITS, MODEL, SPECS, STEPS, TRANCHES, VERSION, InputKind, Inputs, faults, read_scenario, read_typed

BOX = "box"
"""Repeated in the form: the boxes that it shows, because a box without a tick is not sent."""
SLIDERS = ("elegible", "captacion")
"""Last names of the inputs that are sliders, in percent."""
STEP = Decimal("0.01")
"""What a slider moves by: a browser puts one whose value lies between two steps on the nearer, and sends that."""


@dataclass(frozen=True, slots=True)
class RejectedInput:
    """The values of a form as typed, and why some were rejected; empty where nothing was rejected."""

    texts: Mapping[str, str]
    errors: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)
    """Of what is not an input of the model: the numbers that a task asks for."""

    @property
    def summary(self) -> list[tuple[str, str, str]]:
        """List (id, label, message) in the order of the page."""
        inputs = [(name, full_label(name)) for name in SPECS if name in self.errors]
        others = [(name, label) for name, label in self.labels.items() if name in self.errors]
        return [(name.replace(".", "-"), label, self.errors[name]) for name, label in (*inputs, *others)]


NOTHING_TYPED = RejectedInput({}, {})


def read_form(
    fields: Mapping[str, str], boxes: Sequence[str], base: Inputs, language: str, editable: frozenset[str] | None = None
) -> tuple[Inputs, RejectedInput]:
    """Put the fields of a form over a scenario; return its inputs, and what was typed with the errors, none where all is right.

    Inputs that are not `editable` stay as they are (None: all may change).
    """
    inputs = dict(base)
    typed: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, spec in SPECS.items():
        if editable is not None and name not in editable:
            continue
        if spec.kind is InputKind.FLAG:
            if name in boxes:
                inputs[name] = float(name in fields)
                typed[name] = str(int(name in fields))
        elif name in fields:
            typed[name] = fields[name]
            _put(inputs, errors, name, fields[name], language)
    for fault in faults(inputs):
        errors.setdefault(fault.name, fault_text(fault))
    return inputs, RejectedInput(typed, errors)


def _put(inputs: dict[str, float], errors: dict[str, str], name: str, text: str, language: str) -> None:
    spec = SPECS[name]
    if not text.strip() and spec.optional:
        inputs.pop(name, None)
        return
    typed_number = read_typed(text, language)
    if typed_number is None:
        errors[name] = no_number(text)
    elif name.endswith(SLIDERS):
        inputs[name] = slid(text, inputs.get(name), language)
    else:
        inputs[name] = float(typed_number.scaleb(-percent_scale(spec)))


def no_number(text: str) -> str:
    """Return why a text is no number: with both readings where its signs may mean two."""
    return unclear_number(text, convention_for(language())) or _(NO_NUMBER)


def slid(text: str, before: float | None, language: str) -> float:
    """Return the share that a slider's text means: the one it was drawn with, whatever its decimals, where it stands as that put it."""
    percentage = read_typed(text, language) or Decimal(0)
    if before is not None and percentage == Decimal(repr(before)).scaleb(2).quantize(STEP, ROUND_HALF_UP):
        return before
    return float(percentage.scaleb(-2))


def field_value(value: float | None, scale: int, language: str, *, grouped: bool = True) -> str:
    """Write a value for its field, exactly, with the language's decimal sign; in Spanish thousands stand apart from five digits on."""
    if value is None:
        return ""
    text = format(Decimal(repr(value)).scaleb(scale), "f")
    whole, _point, part = text.partition(".")
    part = part.rstrip("0")
    if grouped and language == "es" and len(whole) > 4:
        whole = f"{int(whole):,}".replace(",", "\u00a0")
    return f"{whole}{',' if language == 'es' else '.'}{part}" if part else whole


HEAD = "\ufeff"
"""So that office programs read the accents."""


def scenario_csv(inputs: Inputs, address: str) -> str:
    """Return inputs and outputs as CSV: kind, name, words, value; the formulas' version and the link first."""
    rows: list[tuple[Cell, ...]] = [
        (_("part"), _("name"), _("meaning"), _("value")),
        ("model", MODEL, _("Model and version of its formulas"), VERSION),
        ("scenario", budget.encode(inputs), _("Link to this scenario"), address),
    ]
    rows += [("input", name, full_label(name), Decimal(budget.write_number(inputs[name]))) for name in SPECS if name in inputs]
    for name, value in budget.compute(inputs).items():
        rows.append(("output", name, output_label(name), None if value is None else Decimal(budget.write_number(value))))
    return HEAD + "".join(map(csv_line, rows))


MILLION = 1e-6


@dataclass(frozen=True, slots=True)
class OutputView:
    """A number of the page that the script keeps up: the output's name, its value as text, and how it is written."""

    output: str
    text: str
    digits: int
    times: str = "1"
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ChartBar:
    """One bar: its name, value, text, and the output that moves it, '' for one that stays."""

    name: str
    value: float
    text: str
    output: str = ""

    @property
    def row(self) -> tuple[str, float, str]:
        """Return it as the chart's macro takes it."""
        return self.name, self.value, self.text


def figure(output: str, value: float | None, digits: int, *, times: str = "1", unit: str = "") -> OutputView:
    """Return a number that the script keeps up; a dash where there is none."""
    text = "–" if value is None else number(value * float(times), digits) + unit
    return OutputView(output, text, digits, times, unit)


def percent_unit() -> str:
    """Return the percent sign as the language sets it."""
    return "\u00a0%" if language() == "es" else "%"


def published_target(key: str) -> float:
    """Return the published cost of a benefit in percent of GDP."""
    return budget.REFERENCE[f"{key}.objetivo_pct"]


def share_text(value: float) -> str:
    """Write a percentage with two decimals."""
    return number(value, 2) + percent_unit()


def chart_label(title: str, bars: Sequence[ChartBar]) -> str:
    """Describe in words what a chart shows, with its figures."""
    return " ".join([title, *(f"{bar.name}: {bar.text}." for bar in bars)])


def bars_json(bars: Sequence[ChartBar]) -> str:
    """Return the data by which the script moves bars: the output or None, and the value."""
    return json.dumps([[bar.output or None, bar.value] for bar in bars])


def inputs_json(inputs: Inputs) -> str:
    """Return every input for the script."""
    return json.dumps(dict(inputs))


def published_words() -> dict[str, str]:
    """Return the published shares for the notice: the targets, the three modelled together, the whole floor, and the formulas' version."""
    targets = "; ".join(number(published_target(key)) for key in BENEFITS)
    return {
        "targets": targets,
        "modelled": number(budget.MODELLED_PUBLISHED, 2),
        "whole": number(budget.PUBLISHED_TOTAL, 2),
        "version": str(VERSION),
    }


@dataclass(frozen=True, slots=True)
class Field:
    """One input as a control: `text`, `range` or `flag`; `low` and `high` in the model's units, `scale` the places people see it moved."""

    name: str
    label: str
    hint: str
    value: str
    control: str
    scale: int
    low: float
    high: float
    optional: bool
    error: str
    locked: bool
    width: str
    shown: str = ""
    """The value as people read it, where the control has another spelling."""
    unit: str = ""

    @property
    def id(self) -> str:
        """Return its place in the page."""
        return self.name.replace(".", "-")


@dataclass(frozen=True, slots=True)
class FieldSet:
    """A factory for the fields of a scenario: typed text takes precedence over the current value; `editable` None: all may change."""

    inputs: Inputs
    typed: RejectedInput = NOTHING_TYPED
    editable: frozenset[str] | None = None

    def control(self, name: str) -> Field:
        """Return one input as a control."""
        spec = SPECS[name]
        value, scale = self.inputs.get(name), percent_scale(spec)
        slides = name.rpartition(".")[2] in SLIDERS
        sliding, typed = slides and name not in self.typed.errors, self.typed.texts.get(name)
        if sliding and typed is not None:
            value, typed = slid(typed, value, language()), None
        text = field_value(value, scale, language(), grouped=spec.kind is not InputKind.YEAR) if typed is None else typed
        return Field(
            name=name,
            label=input_label(name),
            hint=input_hint(name),
            value=field_value(value, scale, "en", grouped=False) if sliding else text,
            control="flag" if spec.kind is InputKind.FLAG else "range" if sliding else "text",
            scale=-scale,
            low=spec.low,
            high=spec.high,
            optional=spec.optional,
            error=self.typed.errors.get(name, ""),
            locked=self.editable is not None and name not in self.editable,
            width="m" if spec.kind in (InputKind.MONEY, InputKind.COUNT) and not spec.whole else "s",
            shown=(_("yes") if value else _("no")) if spec.kind is InputKind.FLAG else text,
            unit=percent_unit() if slides else "",
        )

    def macro(self) -> list[Field]:
        """Return the economy."""
        return [self.control(name) for name in SPECS if name.startswith("macro.")]

    def rollout(self) -> list[Field]:
        """Return the plan of phasing in, with one empty year more while there is room."""
        last = _last("despliegue.pasos", "", self._is_given, STEPS)
        steps = [f"despliegue.pasos.{step}" for step in range(1, min(last + 1, STEPS) + 1)]
        return [self.control(name) for name in ("despliegue.anio_inicio", "despliegue.crec_poblacion", *steps)]

    def reserve(self) -> list[Field]:
        """Return the contributory scheme."""
        return [self.control(name) for name in SPECS if name.startswith("reserva.")]

    def tranches(self, key: str) -> list[list[Field]]:
        """Return a benefit's groups of people, with an empty one more while there is room and something may change."""
        last = _last(f"{key}.tramos", ".poblacion", self._is_given, TRANCHES)
        spare = self.editable is None or f"{key}.tramos.{last + 1}.poblacion" in self.editable
        shown = min(last + 1, TRANCHES) if spare else last
        names = ("poblacion", "factor_linea", "monto")
        return [[self.control(f"{key}.tramos.{tranche}.{name}") for name in names] for tranche in range(1, shown + 1)]

    def benefit(self, key: str) -> list[Field]:
        """Return a benefit's other inputs."""
        return [self.control(f"{key}.{name}") for name in ("elegible", "captacion", "meses", "admin", "objetivo_pct", "incluida")]

    def _is_given(self, name: str) -> bool:
        return name in self.inputs or bool(self.typed.texts.get(name))


def _last(base: str, end: str, given: Callable[[str], bool], most: int) -> int:
    return max((position for position in range(1, most + 1) if given(f"{base}.{position}{end}")), default=0)


@dataclass(frozen=True, slots=True)
class BenefitRow:
    """One benefit beside what is published: its figure, the target as text and number, and what it is above that."""

    name: str
    figure: OutputView
    published: str
    target: float
    difference: str
    included: bool


@dataclass(frozen=True, slots=True)
class FloorView:
    """The tab of the floor.

    `needed` has the label, the required value of one unknown, and a warning where that is impossible or cannot be solved; `swings` has the
    label of each assumption with the cost where it is less or more.
    """

    year: int
    tiles: tuple[tuple[str, OutputView, OutputView | None, str], ...]
    total: OutputView
    bars: tuple[ChartBar, ...]
    chart_label: str
    rows: tuple[BenefitRow, ...]
    needed: tuple[tuple[str, OutputView, str], ...]
    target: str
    swings: tuple[tuple[str, budget.Swing], ...]
    both_childhoods: bool
    not_modelled: str
    not_modelled_millions: str


def floor_view(inputs: Inputs, key: str) -> FloorView:
    """Return the values of a scenario's floor tab, with one benefit in detail."""
    scenario = read_scenario(inputs)
    result = budget.evaluate(scenario)
    own = result.benefit(key)
    bars = _floor_bars(result, key)
    return FloorView(
        year=scenario.macro.anio_meta,
        tiles=(
            (_("Cost"), figure(f"{key}.pct_pib", own.pct_pib, 2, unit=percent_unit()), None, _("of GDP")),
            (_("In dollars"), figure(f"{key}.costo", own.costo, 2, times="1e-6"), None, _("millions per year")),
            (
                _("People"),
                figure(f"{key}.beneficiarios", own.beneficiarios, 0),
                figure(f"{key}.cobertura", own.cobertura, 2, unit=percent_unit()),
                _("of the population"),
            ),
            (
                _("Monthly amount, in USD"),
                figure(f"{key}.mensual", own.mensual, 2),
                figure(f"{key}.suficiencia", own.suficiencia, 2, unit=percent_unit()),
                _("of the poverty line"),
            ),
        ),
        total=figure("total.pct_pib", result.total.pct_pib, 2, unit=percent_unit()),
        bars=bars,
        chart_label=chart_label(_("Cost as a percentage of GDP."), bars),
        rows=tuple(_benefit_row(inputs, result, benefit) for benefit in BENEFITS),
        needed=_needed_rows(result, key),
        target=number(inputs[f"{key}.objetivo_pct"]) + percent_unit(),
        swings=tuple((swing_label(swing.assumption), swing) for swing in budget.sensitivity(scenario, key)),
        both_childhoods=budget.has_both_childhoods(scenario),
        not_modelled=number(budget.NOT_MODELLED, 2) + percent_unit(),
        not_modelled_millions=number(budget.NOT_MODELLED / 100 * result.pib_meta * MILLION, 2),
    )


def _floor_bars(result: budget.BudgetResult, key: str) -> tuple[ChartBar, ...]:
    own = result.benefit(key)
    others = [benefit for benefit in ("vejez", "maternidad", "discapacidad") if benefit != key]
    published = [ChartBar(benefit_name(benefit), published_target(benefit), share_text(published_target(benefit))) for benefit in others]
    mine = ChartBar(_("Your scenario"), own.pct_pib, share_text(own.pct_pib), f"{key}.pct_pib")
    return (mine, ChartBar(_("As published"), published_target(key), share_text(published_target(key))), *published)


def _benefit_row(inputs: Inputs, result: budget.BudgetResult, key: str) -> BenefitRow:
    own = result.benefit(key).pct_pib
    difference = number(own - published_target(key), 2)
    return BenefitRow(
        benefit_name(key),
        figure(f"{key}.pct_pib", own, 2),
        number(published_target(key), 2),
        target=published_target(key),
        difference=f"+{difference}" if own - published_target(key) >= 0.005 else difference.replace("-", "−"),
        included=bool(inputs[f"{key}.incluida"]),
    )


def _needed_rows(result: budget.BudgetResult, key: str) -> tuple[tuple[str, OutputView, str], ...]:
    inverse, sign = result.benefit(key).inverso, percent_unit()
    given = (
        (_("Share that would meet the criterion"), "elegible", inverse.elegible, "100", sign),
        (_("Share that would receive it"), "captacion", inverse.captacion, "100", sign),
        (_("Payments per person"), "meses", inverse.meses, "1", ""),
        (_("One amount for all, in USD per month"), "monto", inverse.monto, "1", ""),
    )
    return tuple(
        (label, figure(f"{key}.inverso.{name}", value, 2, times=times, unit=unit), _needed_warning(name, value))
        for label, name, value, times, unit in given
    )


def _needed_warning(name: str, value: float | None) -> str:
    if value is None:
        return _("It cannot be solved, because the population, payments, amount or shares are 0.")
    if name in SLIDERS and value > 1:
        return _("Impossible with these assumptions: more people would have to be covered than there are.")
    return ""


def swing_label(assumption: str) -> str:
    """Return the label of an assumption of the sensitivity."""
    labels = {"poblacion": _("Population, 10%"), "monto": _("Amount, 10%"), "crec_real": _("Growth, 1 point")}
    return labels[assumption]


WIDTH, HEIGHT, LEFT, TOP = 252.0, 150.0, 58.0, 10.0


@dataclass(frozen=True, slots=True)
class ReserveView:
    """The tab of the contributory scheme, with the reserve as a line: its points, where zero lies, and the ticks (y, value)."""

    years: tuple[budget.ReserveYear, ...]
    points: list[tuple[float, float]]
    zero: float
    ticks: list[tuple[float, float]]
    finding: str
    chart_label: str


def reserve_view(inputs: Inputs) -> ReserveView:
    """Return income, spending and reserve year by year, and the year in which the reserve runs out.

    The line is drawn from year 0 on into a box of WIDTH by HEIGHT, zero included.
    """
    scenario = read_scenario(inputs)
    result = budget.evaluate(scenario)
    values = [scenario.reserva.reserva_0, *(year.reserva for year in result.filas)]
    low, high = min(0.0, *values), max(0.0, *values)
    step, span = WIDTH / len(result.filas), (high - low) or 1.0

    def height(value: float) -> float:
        return round(TOP + (high - value) / span * HEIGHT, 1)

    finding = (
        _("The reserve lasts all %(count)s years", count=len(result.filas))
        if result.anio_de_agotamiento is None
        else _("The reserve runs out in year %(year)s", year=result.anio_de_agotamiento)
    )
    amount = number(values[-1], 2).replace("-", "−")
    return ReserveView(
        years=result.filas,
        points=[(round(LEFT + year * step, 1), height(value)) for year, value in enumerate(values)],
        zero=height(0.0),
        ticks=[(height(value), value) for value in {high, 0.0, low}],
        finding=finding,
        chart_label=f"{finding}. " + _("At the end of year %(year)s: %(amount)s million.", year=result.filas[-1].t, amount=amount),
    )


@dataclass(frozen=True, slots=True)
class RolloutView:
    """The tab of phasing in; `rows` has each year with its share, and its people, cost and percentage of GDP as figures."""

    rows: tuple[tuple[int, str, tuple[OutputView, ...]], ...]
    bars: tuple[ChartBar, ...]
    chart_label: str
    finding: str


def rollout_view(inputs: Inputs, key: str) -> RolloutView:
    """Return a benefit's cost while it is phased in."""
    scenario = read_scenario(inputs)
    years = budget.evaluate(scenario).trayectorias[BENEFITS.index(key)]
    base = f"trayectoria_{key}"
    bars = tuple(ChartBar(str(year.anio), year.pct_pib, share_text(year.pct_pib), f"{base}.{year.anio}.pct_pib") for year in years)
    rows = tuple(
        (
            year.anio,
            number(year.despliegue * 100) + percent_unit(),
            (
                figure(f"{base}.{year.anio}.beneficiarios", year.beneficiarios, 0),
                figure(f"{base}.{year.anio}.costo", year.costo, 2, times="1e-6"),
                figure(f"{base}.{year.anio}.pct_pib", year.pct_pib, 2),
            ),
        )
        for year in years
    )
    finding = _("In %(year)s it costs %(share)s of GDP", year=years[-1].anio, share=bars[-1].text)
    return RolloutView(rows, bars, chart_label(_("Cost as a percentage of GDP, year by year."), bars), finding)


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """Scenarios side by side: the short text of each with what it assumes differently from the example; rows are (label, one text each)."""

    scenarios: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    results: tuple[tuple[str, tuple[str, ...]], ...]
    inputs: tuple[tuple[str, tuple[str, ...]], ...]
    bars: tuple[ChartBar, ...]
    chart_label: str


def comparison_view(scenarios: Sequence[tuple[str, Inputs]]) -> ComparisonView:
    """Return scenarios beside each other: results, and the assumptions in which they differ from each other or the example."""
    results = [budget.evaluate(read_scenario(inputs)) for _code, inputs in scenarios]
    names = [name for name in SPECS if any(inputs.get(name) != budget.REFERENCE.get(name) for _code, inputs in scenarios)]
    bars = tuple(
        ChartBar(_("Scenario %(number)s", number=number_of_scenario), result.total.pct_pib, share_text(result.total.pct_pib))
        for number_of_scenario, result in enumerate(results, 1)
    )
    return ComparisonView(
        scenarios=tuple(
            (code, tuple((full_label(name), _input_text(inputs, name)) for name in names if inputs.get(name) != budget.REFERENCE.get(name)))
            for code, inputs in scenarios
        ),
        results=tuple(_result_rows(results)),
        inputs=tuple((full_label(name), tuple(_input_text(inputs, name) for _code, inputs in scenarios)) for name in names),
        bars=bars,
        chart_label=chart_label(_("Total cost of the floor as a percentage of GDP."), bars),
    )


def _result_rows(results: Sequence[budget.BudgetResult]) -> Iterable[tuple[str, tuple[str, ...]]]:
    yield _("Total cost of the floor, as a percentage of GDP"), tuple(number(result.total.pct_pib, 2) for result in results)
    yield _("Total cost of the floor, in millions of USD"), tuple(number(result.total.costo * MILLION, 2) for result in results)
    for key in BENEFITS:
        label = _("%(benefit)s, in %% of GDP", benefit=benefit_name(key))
        yield label, tuple(number(result.benefit(key).pct_pib, 2) for result in results)
    years = (result.anio_de_agotamiento for result in results)
    yield _("Year in which the reserve runs out"), tuple(_("does not run out") if year is None else str(year) for year in years)


def _input_text(inputs: Inputs, name: str) -> str:
    spec, value = SPECS[name], inputs.get(name)
    if value is None:
        return _("none")
    if spec.kind is InputKind.FLAG:
        return _("yes") if value else _("no")
    unit = percent_unit() if name.endswith(SLIDERS) else ""
    return field_value(value, percent_scale(spec), language(), grouped=spec.kind is not InputKind.YEAR) + unit
