"""Inputs as controls of a form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kernel.i18n import _, language
from simulators.forms import SLIDERS, field_value, slid
from simulators.pages.figures import percent_unit
from simulators.rules.scenario import SPECS, STEPS, TRANCHES, InputKind, Inputs, InputSpec
from simulators.wording import full_label, input_hint, input_label, percent_scale


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
class RejectedInput:
    """The rejected values of a form, and why; empty where nothing was rejected."""

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
            width=_width(spec),
            shown=_yes_or_no(value) if spec.kind is InputKind.FLAG else text,
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


def _yes_or_no(value: float | None) -> str:
    return _("yes") if value else _("no")


def _width(spec: InputSpec) -> str:
    return "m" if spec.kind in (InputKind.MONEY, InputKind.COUNT) and not spec.whole else "s"
