"""A scenario of a simulator: its inputs with their limits and faults, and numbers as people type them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum

from questions.rules.numbers import convention_for, read_number

EXACT = Context(prec=100)
"""More digits than a number that people type may have."""


def read_typed(typed: str, language: str) -> Decimal | None:
    """Return the exact number, None where it is none, as every other page reads it (`questions.rules.numbers.read_number`).

    `1.234` and `1,234` are read by the reader's language: in Spanish the first is a thousand and the second a little more than one.
    """
    parsed = read_number(typed, convention_for(language))
    return None if parsed is None else EXACT.divide(Decimal(parsed.value.numerator), Decimal(parsed.value.denominator))


MODEL = "presupuesto-social"
VERSION = 1

BENEFITS = ("ninez_universal", "ninez_focalizada", "maternidad", "discapacidad", "vejez")
TRANCHES = 6
STEPS = 10
LARGEST = 1e15
"""No number that people or files give is larger, so that nothing overflows."""
SMALLEST = 1e-30
"""Only 0 is nearer to 0, so that nothing that divides is lost in rounding, and no quotient overflows."""

Inputs = Mapping[str, float]
"""Input by dotted name -> value; what is optional and not given is absent."""


class InputKind(StrEnum):
    """The kind of an input, by which its number is shown: a share as a percentage, a year without grouping."""

    YEAR = "year"
    MONEY = "money"
    SHARE = "share"
    PERCENT = "percent"
    COUNT = "count"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input: its limits, both allowed unless `above` (then the lower one is not)."""

    name: str
    kind: InputKind
    low: float
    high: float
    optional: bool = False
    above: bool = False

    @property
    def whole(self) -> bool:
        """Return whether it takes whole numbers only."""
        return self.kind in (InputKind.YEAR, InputKind.FLAG) or self.name == "reserva.anios"

    def admits(self, value: float) -> bool:
        """Return whether a value is within the limits."""
        return (self.low < value if self.above else self.low <= value) and value <= self.high and not 0 < abs(value) < SMALLEST


class FaultReason(StrEnum):
    """Why inputs make no scenario."""

    UNKNOWN = "unknown"
    MISSING = "missing"
    LIMITS = "limits"
    NOT_WHOLE = "not_whole"
    YEARS = "years"
    ONE_AMOUNT = "one_amount"
    TRANCHE_GAP = "tranche_gap"
    STEP_GAP = "step_gap"
    STEPS_FALL = "steps_fall"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in one input."""

    name: str
    reason: FaultReason


class ImpossibleScenario(ValueError):
    """Inputs that make no scenario; `faults` says why, in the order of the inputs."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(", ".join(f"{fault.name}: {fault.reason}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Macro:
    """The economy: GDP of a base year, its growth, and the poverty line of a year with consumer prices."""

    anio_base: int
    anio_meta: int
    pib_base: float
    crec_real: float
    deflactor: float
    linea_base: float
    anio_linea: int
    inflacion: float
    gasto_publico_pct_pib: float | None = None


@dataclass(frozen=True, slots=True)
class Tranche:
    """A group of a benefit's people and what each gets a month: a multiple of the line, or USD of the target year; never both."""

    poblacion: float
    factor_linea: float | None = None
    monto: float | None = None


@dataclass(frozen=True, slots=True)
class Benefit:
    """A benefit without contributions; `incluida` says whether it counts in the total, `objetivo_pct` is the target in % of GDP."""

    key: str
    tramos: tuple[Tranche, ...]
    elegible: float
    captacion: float
    meses: float
    admin: float
    objetivo_pct: float
    incluida: bool


@dataclass(frozen=True, slots=True)
class Rollout:
    """The rollout of a benefit: `pasos` is d(y) from `anio_inicio` on; the population grows towards that of the target year."""

    anio_inicio: int
    crec_poblacion: float
    pasos: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Reserve:
    """A contributory scheme: reserve, income and spending of year 0 in millions, how they grow, interest, and years to project."""

    reserva_0: float
    ingreso_0: float
    g_ingreso: float
    gasto_0: float
    g_gasto: float
    interes: float
    anios: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that the model needs, within its limits; `benefits` in the order of BENEFITS."""

    macro: Macro
    benefits: tuple[Benefit, ...]
    despliegue: Rollout
    reserva: Reserve

    def benefit(self, key: str) -> Benefit:
        """Return one benefit."""
        return self.benefits[BENEFITS.index(key)]


MACRO = (
    InputSpec("macro.anio_base", InputKind.YEAR, 2000, 2040),
    InputSpec("macro.anio_meta", InputKind.YEAR, 2000, 2060),
    InputSpec("macro.pib_base", InputKind.MONEY, 0, LARGEST, above=True),
    InputSpec("macro.crec_real", InputKind.SHARE, -0.10, 0.15),
    InputSpec("macro.deflactor", InputKind.SHARE, -0.05, 0.30),
    InputSpec("macro.linea_base", InputKind.MONEY, 0, LARGEST, above=True),
    InputSpec("macro.anio_linea", InputKind.YEAR, 2000, 2060),
    InputSpec("macro.inflacion", InputKind.SHARE, -0.05, 0.30),
    InputSpec("macro.gasto_publico_pct_pib", InputKind.PERCENT, 0, 100, optional=True, above=True),
)
ROLLOUT = (
    InputSpec("despliegue.anio_inicio", InputKind.YEAR, 2000, 2060),
    InputSpec("despliegue.crec_poblacion", InputKind.SHARE, -0.10, 0.15),
    *(InputSpec(f"despliegue.pasos.{number}", InputKind.SHARE, 0, 1, optional=True) for number in range(1, STEPS + 1)),
)
RESERVE = (
    InputSpec("reserva.reserva_0", InputKind.MONEY, 0, LARGEST),
    InputSpec("reserva.ingreso_0", InputKind.MONEY, 0, LARGEST),
    InputSpec("reserva.g_ingreso", InputKind.SHARE, -0.50, 0.50),
    InputSpec("reserva.gasto_0", InputKind.MONEY, 0, LARGEST),
    InputSpec("reserva.g_gasto", InputKind.SHARE, -0.50, 0.50),
    InputSpec("reserva.interes", InputKind.SHARE, -0.50, 0.50),
    InputSpec("reserva.anios", InputKind.COUNT, 1, 50),
)


def specs_of_benefit(key: str) -> tuple[InputSpec, ...]:
    """Return the inputs of one benefit in the order of its form."""
    tranches = (
        spec
        for number in range(1, TRANCHES + 1)
        for spec in (
            InputSpec(f"{key}.tramos.{number}.poblacion", InputKind.COUNT, 0, LARGEST, optional=True),
            InputSpec(f"{key}.tramos.{number}.factor_linea", InputKind.NUMBER, 0, LARGEST, optional=True),
            InputSpec(f"{key}.tramos.{number}.monto", InputKind.MONEY, 0, LARGEST, optional=True),
        )
    )
    return (
        InputSpec(f"{key}.incluida", InputKind.FLAG, 0, 1),
        *tranches,
        InputSpec(f"{key}.elegible", InputKind.SHARE, 0, 1),
        InputSpec(f"{key}.captacion", InputKind.SHARE, 0, 1),
        InputSpec(f"{key}.meses", InputKind.NUMBER, 0, 24),
        InputSpec(f"{key}.admin", InputKind.SHARE, 0, 0.30),
        InputSpec(f"{key}.objetivo_pct", InputKind.PERCENT, 0, 100),
    )


SPECS: Mapping[str, InputSpec] = {
    spec.name: spec for spec in (*MACRO, *(spec for key in BENEFITS for spec in specs_of_benefit(key)), *ROLLOUT, *RESERVE)
}


def read_scenario(inputs: Inputs) -> Scenario:
    """Make a scenario; raise ImpossibleScenario with every fault."""
    scenario_faults = faults(inputs)
    if scenario_faults:
        raise ImpossibleScenario(scenario_faults)
    steps = (f"despliegue.pasos.{number}" for number in range(1, STEPS + 1))
    return Scenario(
        macro=Macro(**_fields(inputs, "macro")),  # type: ignore[arg-type]  # names and kinds are those of the specs
        benefits=tuple(_benefit(inputs, key) for key in BENEFITS),
        despliegue=Rollout(
            int(inputs["despliegue.anio_inicio"]),
            inputs["despliegue.crec_poblacion"],
            tuple(inputs[name] for name in steps if name in inputs),
        ),
        reserva=Reserve(**_fields(inputs, "reserva")),  # type: ignore[arg-type]  # names are the fields
    )


def _fields(inputs: Inputs, group: str) -> dict[str, float | int]:
    """Return the values of a group by their last name, whole ones as integers."""
    names = {name.removeprefix(f"{group}."): name for name in inputs if name.startswith(f"{group}.") and name.count(".") == 1}
    return {key: int(inputs[name]) if SPECS[name].whole else inputs[name] for key, name in names.items()}


def _benefit(inputs: Inputs, key: str) -> Benefit:
    own = _fields(inputs, key)
    numbers = (number for number in range(1, TRANCHES + 1) if f"{key}.tramos.{number}.poblacion" in inputs)
    tranches = tuple(
        Tranche(
            inputs[f"{key}.tramos.{number}.poblacion"],
            inputs.get(f"{key}.tramos.{number}.factor_linea"),
            inputs.get(f"{key}.tramos.{number}.monto"),
        )
        for number in numbers
    )
    return Benefit(
        key,
        tranches,
        own["elegible"],
        captacion=own["captacion"],
        meses=own["meses"],
        admin=own["admin"],
        objetivo_pct=own["objetivo_pct"],
        incluida=bool(own["incluida"]),
    )


def faults(inputs: Inputs) -> tuple[Fault, ...]:
    """Return the faults that keep inputs from being a scenario, in the order of the inputs."""
    unknown = [Fault(name, FaultReason.UNKNOWN) for name in inputs if name not in SPECS]
    single = [fault for spec in SPECS.values() if (fault := _fault_of(spec, inputs)) is not None]
    if unknown or single:
        return (*unknown, *single)
    tranches = (fault for key in BENEFITS for fault in _tranche_faults(inputs, key))
    return (*_year_faults(inputs), *tranches, *_step_faults(inputs))


def _fault_of(spec: InputSpec, inputs: Inputs) -> Fault | None:
    if spec.name not in inputs:
        return None if spec.optional else Fault(spec.name, FaultReason.MISSING)
    value = inputs[spec.name]
    if not spec.admits(value):
        return Fault(spec.name, FaultReason.LIMITS)
    return Fault(spec.name, FaultReason.NOT_WHOLE) if spec.whole and value != int(value) else None


def _year_faults(inputs: Inputs) -> list[Fault]:
    behind = inputs["macro.anio_meta"] < inputs["macro.anio_base"]
    return [Fault("macro.anio_meta", FaultReason.YEARS)] if behind else []


def _tranche_faults(inputs: Inputs, key: str) -> list[Fault]:
    """Each group of people has exactly one of the two amounts; they are numbered without a gap, and there is at least one."""
    tranche_faults: list[Fault] = []
    ended = False
    for number in range(1, TRANCHES + 1):
        base = f"{key}.tramos.{number}"
        people = f"{base}.poblacion" in inputs
        amounts = sum(f"{base}.{name}" in inputs for name in ("factor_linea", "monto"))
        if (people and ended) or (number == 1 and not people):
            tranche_faults.append(Fault(f"{base}.poblacion", FaultReason.TRANCHE_GAP))
        elif amounts != int(people):
            tranche_faults.append(Fault(f"{base}.factor_linea", FaultReason.ONE_AMOUNT))
        ended = ended or not people
    return tranche_faults


def _step_faults(inputs: Inputs) -> list[Fault]:
    """The shares of a rollout follow each other without a gap and never fall."""
    step_faults: list[Fault] = []
    before, ended = 0.0, False
    for number in range(1, STEPS + 1):
        name = f"despliegue.pasos.{number}"
        value = inputs.get(name)
        if value is None:
            ended = True
            if number == 1:
                step_faults.append(Fault(name, FaultReason.STEP_GAP))
            continue
        if ended:
            step_faults.append(Fault(name, FaultReason.STEP_GAP))
        elif value < before:
            step_faults.append(Fault(name, FaultReason.STEPS_FALL))
        before = value
    return step_faults
