"""Encoding of a scenario as a short text in an address: `1_vc0.95_vfA0.8`.

The version of the formulas, then what differs from the worked example, each with a code of letters and a number; `x` as number removes an
optional input. Codes never change their meaning: a new input gets a new code. Order is that of the inputs, numbers are the shortest
that read back as the same double, so that equal scenarios have equal texts.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from simulators.rules.reference import REFERENCE
from simulators.rules.scenario import BENEFITS, SPECS, STEPS, TRANCHES, VERSION, Inputs, faults

LONGEST_SCENARIO = 4000
ABSENT = "x"
_PART = re.compile(r"([a-zA-Z]+?)(x|-?[0-9]{1,16}(?:\.[0-9]{1,340})?)")
_GROUPS = {"ninez_universal": "u", "ninez_focalizada": "f", "maternidad": "m", "discapacidad": "d", "vejez": "v"}
_BENEFIT = {"incluida": "i", "elegible": "e", "captacion": "c", "meses": "m", "admin": "a", "objetivo_pct": "o"}
_TRANCHE = {"poblacion": "p", "factor_linea": "f", "monto": "u"}
_CAPITALS = "ABCDEFGHIJ"


class BadAddress(ValueError):
    """A text that is no scenario of this version: cut, mistyped, or made by other formulas."""


def _codes() -> dict[str, str]:
    codes = {
        "macro.anio_base": "gb",
        "macro.anio_meta": "gy",
        "macro.pib_base": "gp",
        "macro.crec_real": "gr",
        "macro.deflactor": "gd",
        "macro.linea_base": "gl",
        "macro.anio_linea": "ga",
        "macro.inflacion": "gi",
        "macro.gasto_publico_pct_pib": "gg",
        "despliegue.anio_inicio": "ra",
        "despliegue.crec_poblacion": "rg",
        "reserva.reserva_0": "cr",
        "reserva.ingreso_0": "ci",
        "reserva.g_ingreso": "cj",
        "reserva.gasto_0": "cg",
        "reserva.g_gasto": "ch",
        "reserva.interes": "ct",
        "reserva.anios": "cn",
    }
    codes |= {f"despliegue.pasos.{number}": f"rd{_CAPITALS[number - 1]}" for number in range(1, STEPS + 1)}
    for key in BENEFITS:
        codes |= {f"{key}.{name}": _GROUPS[key] + code for name, code in _BENEFIT.items()}
        for number in range(1, TRANCHES + 1):
            codes |= {f"{key}.tramos.{number}.{name}": f"{_GROUPS[key]}{code}{_CAPITALS[number - 1]}" for name, code in _TRANCHE.items()}
    return codes


CODES: Mapping[str, str] = _codes()
NAMES: Mapping[str, str] = {code: name for name, code in CODES.items()}


def write_number(value: float) -> str:
    """Write the shortest decimal that reads back as the same double, without exponent."""
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def encode(inputs: Inputs) -> str:
    """Write a scenario."""
    parts = [str(VERSION)]
    for name in SPECS:
        value = inputs.get(name)
        if value != REFERENCE.get(name):
            parts.append(CODES[name] + (ABSENT if value is None else write_number(value)))
    return "_".join(parts)


def decode(text: str) -> dict[str, float]:
    """Read a scenario; raise BadAddress where the text is not one, or its inputs are outside their limits."""
    if len(text) > LONGEST_SCENARIO:
        raise BadAddress("too long")
    version, *parts = text.split("_")
    if version != str(VERSION):
        raise BadAddress("another version")
    inputs = dict(REFERENCE)
    for part in parts:
        match = _PART.fullmatch(part)
        name = NAMES.get(match[1]) if match else None
        if match is None or name is None:
            raise BadAddress("unknown part")
        if match[2] == ABSENT:
            inputs.pop(name, None)
        else:
            inputs[name] = float(match[2])
    if faults(inputs):
        raise BadAddress("no scenario")
    return inputs
