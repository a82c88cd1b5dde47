"""Form data of a simulator: the scenario it began from, and the fields that it showed, as people typed them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from kernel.i18n import _
from simulators.rules.numbers import read_typed
from simulators.rules.scenario import SPECS, InputKind, Inputs, faults
from simulators.wording import NO_NUMBER, fault_text, percent_scale

BOX = "box"
"""Repeated in the form: the boxes that it shows, because a box without a tick is not sent."""
SLIDERS = ("elegible", "captacion")
"""Last names of the inputs that are sliders, in percent."""
STEP = Decimal("0.01")
"""What a slider moves by: a browser puts one whose value lies between two steps on the nearer, and sends that."""


@dataclass(frozen=True, slots=True)
class ScenarioFormData:
    """A form as it was read: the inputs, what was typed by input, and the errors by input, none where all is right."""

    inputs: Inputs
    typed: Mapping[str, str]
    errors: Mapping[str, str]


def read_form(
    fields: Mapping[str, str], boxes: Sequence[str], base: Inputs, language: str, editable: frozenset[str] | None = None
) -> ScenarioFormData:
    """Put the fields of a form over a scenario. Inputs that are not `editable` stay as they are (None: all may change)."""
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
    return ScenarioFormData(inputs, typed, errors)


def _put(inputs: dict[str, float], errors: dict[str, str], name: str, text: str, language: str) -> None:
    spec = SPECS[name]
    if not text.strip() and spec.optional:
        inputs.pop(name, None)
        return
    typed_number = read_typed(text, language)
    if typed_number is None:
        errors[name] = _(NO_NUMBER)
    elif name.endswith(SLIDERS):
        inputs[name] = slid(text, inputs.get(name), language)
    else:
        inputs[name] = float(typed_number.scaleb(-percent_scale(spec)))


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
