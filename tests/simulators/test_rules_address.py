"""A scenario in an address: short, stable, and nothing but what is within the limits."""

import random

import pytest

from simulators.rules.budget import CODES, NAMES, REFERENCE, BadAddress, decode, encode
from simulators.rules.scenario import SPECS
from tests.simulators.scenarios import random_inputs


def test_worked_example_is_the_version_alone() -> None:
    assert encode(REFERENCE) == "1"
    assert decode("1") == REFERENCE


def test_only_what_differs_is_written_in_an_order_of_its_own() -> None:
    one = {**REFERENCE, "vejez.captacion": 0.95, "macro.crec_real": 0.03}
    other = {"macro.crec_real": 0.03, **REFERENCE, "vejez.captacion": 0.95} | {"macro.crec_real": 0.03}

    assert encode(one) == encode(other) == "1_gr0.03_vc0.95"


def test_what_is_optional_can_be_taken_away() -> None:
    inputs = {**REFERENCE, "vejez.tramos.1.monto": 80.0}
    del inputs["vejez.tramos.1.factor_linea"]

    assert encode(inputs) == "1_vfAx_vuA80"
    assert decode(encode(inputs)) == inputs


def test_every_scenario_reads_back_as_it_was() -> None:
    chance = random.Random(20)  # noqa: S311 - any scenarios do
    for _turn in range(200):
        inputs = random_inputs(chance)

        assert decode(encode(inputs)) == inputs


def test_codes_are_letters_and_each_stands_for_one_input() -> None:
    assert set(CODES) == set(SPECS)
    assert len(NAMES) == len(CODES)
    assert all(code.isascii() and code.isalpha() and "x" not in code for code in NAMES)


def test_codes_keep_their_meaning_for_ever() -> None:
    """An address that somebody keeps today must open the same scenario in ten years: extend this list, never change it."""
    kept = {
        "gb": "macro.anio_base",
        "gy": "macro.anio_meta",
        "gp": "macro.pib_base",
        "gr": "macro.crec_real",
        "gd": "macro.deflactor",
        "gl": "macro.linea_base",
        "ga": "macro.anio_linea",
        "gi": "macro.inflacion",
        "gg": "macro.gasto_publico_pct_pib",
        "ui": "ninez_universal.incluida",
        "fe": "ninez_focalizada.elegible",
        "mc": "maternidad.captacion",
        "dm": "discapacidad.meses",
        "va": "vejez.admin",
        "vo": "vejez.objetivo_pct",
        "fpB": "ninez_focalizada.tramos.2.poblacion",
        "ffC": "ninez_focalizada.tramos.3.factor_linea",
        "uuA": "ninez_universal.tramos.1.monto",
        "ra": "despliegue.anio_inicio",
        "rg": "despliegue.crec_poblacion",
        "rdJ": "despliegue.pasos.10",
        "cr": "reserva.reserva_0",
        "ci": "reserva.ingreso_0",
        "cj": "reserva.g_ingreso",
        "cg": "reserva.gasto_0",
        "ch": "reserva.g_gasto",
        "ct": "reserva.interes",
        "cn": "reserva.anios",
    }

    assert {code: NAMES[code] for code in kept} == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2",
        "1_",
        "1_vc",
        "1_vc2",
        "1_vc0.95_",
        "1_zz1",
        "1_vc1e3",
        "1_vcnan",
        "1_vc-0.1",
        "1_vcx",
        "1_vc٠",
        "1_gy2023.5",
        "1_vuA80",
        "1 vc0.95",
        "1_vc0.95" * 600,
        "1_gp" + "9" * 17,
    ],
)
def test_what_is_cut_mistyped_or_out_of_limits_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        decode(text)
