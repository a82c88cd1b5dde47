"""The formulas against the specification's worked example and its vectors, and a scenario in an address."""

import json
import random
from typing import Any

import pytest

from simulators.rules.budget import (
    CODES,
    NAMES,
    NOT_MODELLED,
    REFERENCE,
    BadAddress,
    compute,
    decode,
    encode,
    evaluate,
    has_both_childhoods,
    power,
    sensitivity,
    share_of_spending,
)
from simulators.rules.scenario import BENEFITS, SPECS, Inputs, read_scenario
from tests.simulators.scenarios import random_inputs
from tests.support.shared import SHARED, needs_shared

VECTORS = SHARED / "content" / "simulator.vectors.json"


def changed(**values: float | None) -> dict[str, float]:
    """Return the worked example with some inputs changed, `vejez__admin` for `vejez.admin`; None takes one away."""
    named = {name.replace("__", "."): value for name, value in values.items()}
    kept = {name: value for name, value in REFERENCE.items() if name not in named}
    return kept | {name: value for name, value in named.items() if value is not None}


def with_factor(key: str, factor: float) -> dict[str, float]:
    """Return the worked example with a benefit's first amount as a multiple of the line."""
    inputs = {name: value for name, value in REFERENCE.items() if name != f"{key}.tramos.1.monto"}
    return inputs | {f"{key}.tramos.1.factor_linea": factor}


def vectors() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(VECTORS.read_text("utf-8"))
    return found


def inputs_of(case: dict[str, Any], macro: dict[str, float]) -> tuple[str, Inputs]:
    """Return the benefit of a vector and the scenario that it describes."""
    key = str(case["id"]).partition("+")[0]
    given = case["entrada"]
    inputs = {name: value for name, value in REFERENCE.items() if not name.startswith(f"{key}.tramos.")}
    inputs |= {f"macro.{name}": value for name, value in macro.items()}
    inputs |= {f"{key}.{name}": given[name] for name in ("elegible", "captacion", "meses", "admin")}
    for number, tranche in enumerate(given["tramos"], 1):
        inputs |= {f"{key}.tramos.{number}.{name}": value for name, value in tranche.items()}
    return key, inputs


@pytest.mark.shared
@needs_shared
def test_every_vector_is_met_to_the_last_digit_that_it_gives() -> None:
    """simulator.md, «Vectores de prueba»: nine direct cases, three inverse ones, a rollout, a reserve, a share of public spending."""
    given = vectors()
    spending = given["gasto_publico"][0]
    results = compute(REFERENCE)

    assert round(results["macro.pib_meta"] or 0, 2) == given["pib_meta"]
    assert round(results["macro.linea_meta"] or 0, 6) == given["linea_meta"]
    assert len(given["casos"]) == 9
    for case in given["casos"]:
        key, inputs = inputs_of(case, given["macro"])
        outputs = compute(inputs)
        assert round(outputs[f"{key}.costo"] or 0, 2) == case["esperado"]["costo"], case["id"]
        assert round(outputs[f"{key}.pct_pib"] or 0, 4) == case["esperado"]["pct_pib"], case["id"]
        assert round(outputs[f"{key}.pct_pib"] or 0, 2) == case["esperado"].get("pct_pib_2d", round(case["esperado"]["pct_pib"], 2))
    for case in given["inverso"]:
        digits = len(str(case["esperado"]).partition(".")[2])
        outputs = compute({**REFERENCE, f"{case['caso']}.objetivo_pct": case["objetivo_pct"]})
        assert round(outputs[f"{case['caso']}.inverso.{case['incognita']}"] or 0, digits) == case["esperado"], case
    for year in given["trayectoria_vejez"]:
        assert round(results[f"trayectoria_vejez.{year['anio']}.pct_pib"] or 0, 4) == year["pct_pib"]
        assert results[f"trayectoria_vejez.{year['anio']}.despliegue"] == year["despliegue"]
    reserve = compute(REFERENCE | {f"reserva.{name}": value for name, value in given["reserva"]["entrada"].items()})
    for row in given["reserva"]["filas"]:
        for name in ("ingreso", "gasto", "reserva"):
            assert round(reserve[f"reserva.filas.{row['t']}.{name}"] or 0, 4) == row[name]
    assert reserve["reserva.anio_de_agotamiento"] == given["reserva"]["anio_de_agotamiento"]
    assert round(share_of_spending(spending["pct_pib"], spending["gasto_publico_pct_pib"]) or 0, 4) == spending["esperado"]


@pytest.mark.shared
@needs_shared
def test_worked_example_is_that_of_the_vectors() -> None:
    given = vectors()

    assert {name: REFERENCE[f"macro.{name}"] for name in given["macro"]} == given["macro"]
    for case in given["casos"][:5]:
        key, inputs = inputs_of(case, given["macro"])
        assert inputs == REFERENCE, key


@pytest.mark.parametrize(
    ("inputs", "output", "digits", "expected"),
    [
        (changed(), "macro.pib_meta", -4, 145_304_580_000),
        (changed(), "macro.linea_meta", 4, 99.5410),
        (changed(), "ninez_universal.pct_pib", 4, 7.3002),
        (changed(), "ninez_focalizada.pct_pib", 4, 1.3001),
        (changed(), "maternidad.pct_pib", 4, 0.2300),
        (changed(), "discapacidad.pct_pib", 4, 0.2100),
        (changed(), "vejez.pct_pib", 4, 0.9800),
        (changed(), "vejez.beneficiarios", 6, 1_192_140),
        (changed(), "total.pct_pib", 2, 1.42),
        (changed(), "total.costo", -4, 2_063_340_000),
        (changed(vejez__admin=0.05), "vejez.pct_pib", 4, 1.0290),
        (changed(vejez__captacion=0.85), "vejez.pct_pib", 4, 0.8330),
        (changed(vejez__tramos__1__factor_linea=0.75), "vejez.pct_pib", 4, 0.7350),
        (
            changed(ninez_universal__tramos__1__monto=None, ninez_universal__tramos__1__factor_linea=1.0),
            "ninez_universal.pct_pib",
            4,
            4.6035,
        ),
        (
            changed(ninez_universal__tramos__1__monto=None, ninez_universal__tramos__1__factor_linea=0.5),
            "ninez_universal.pct_pib",
            4,
            2.3018,
        ),
        (changed(ninez_focalizada__admin=0.08), "ninez_focalizada.pct_pib", 4, 1.4041),
        (changed(ninez_universal__objetivo_pct=1.3), "ninez_universal.inverso.monto", 2, 28.11),
        (changed(), "reserva.anio_de_agotamiento", 0, 7),
        (changed(), "reserva.filas.7.reserva", 1, -217.6),
        (changed(), "trayectoria_vejez.2026.pct_pib", 4, 0.1885),
        (changed(), "trayectoria_vejez.2028.pct_pib", 4, 0.5766),
    ],
)
def test_worked_example_and_its_variants_give_what_the_specification_prints(
    inputs: Inputs, output: str, digits: int, expected: float
) -> None:
    """simulator.md, «Ejemplo resuelto» and «Variantes»."""
    assert round(compute(inputs)[output] or 0, digits) == expected


def test_what_is_not_modelled_is_the_published_rest() -> None:
    """simulator.md: 2.51 − 1.42 = 1.09 % of GDP, 1583.82 million."""
    assert NOT_MODELLED == 1.09
    assert round(NOT_MODELLED / 100 * (compute(REFERENCE)["macro.pib_meta"] or 0) / 1e6, 2) == 1583.82


@pytest.mark.parametrize(
    ("inputs", "without", "given"),
    [
        (changed(vejez__captacion=0), {"elegible", "meses", "monto"}, {"captacion"}),
        (changed(vejez__meses=0), {"elegible", "captacion", "monto"}, {"meses"}),
        (changed(vejez__tramos__1__poblacion=0), {"elegible", "captacion", "meses", "monto"}, set()),
        (changed(vejez__tramos__1__factor_linea=0), {"elegible", "captacion", "meses"}, {"monto"}),
    ],
)
def test_denominator_of_zero_gives_nothing_and_never_divides(inputs: Inputs, without: set[str], given: set[str]) -> None:
    """simulator.md, first rule of validation."""
    outputs = compute(inputs)

    assert all(outputs[f"vejez.inverso.{name}"] is None for name in without)
    assert all(outputs[f"vejez.inverso.{name}"] is not None for name in given)


def test_what_is_needed_gives_the_target_when_put_in() -> None:
    target = 1.2
    needed = compute(changed(vejez__objetivo_pct=target))
    for name in ("elegible", "meses"):
        again = compute({**REFERENCE, f"vejez.{name}": needed[f"vejez.inverso.{name}"] or 0})
        assert again["vejez.pct_pib"] == pytest.approx(target, rel=1e-12)
    again = compute(changed(vejez__tramos__1__factor_linea=None, vejez__tramos__1__monto=needed["vejez.inverso.monto"]))
    assert again["vejez.pct_pib"] == pytest.approx(target, rel=1e-12)


def test_share_that_is_impossible_is_given_all_the_same() -> None:
    """simulator.md, second rule of validation: more people than there are."""
    assert (compute(changed(vejez__objetivo_pct=1.2))["vejez.inverso.captacion"] or 0) > 1


def test_cost_is_proportional_to_people_and_amount_and_falls_with_growth() -> None:
    """simulator.md, guide questions 1 and 2."""
    scenario = read_scenario(REFERENCE)
    base = evaluate(scenario).benefit("vejez").pct_pib
    people, amount, growth = sensitivity(scenario, "vejez")

    assert people.less == pytest.approx(base * 0.9, rel=1e-12)
    assert people.more == pytest.approx(base * 1.1, rel=1e-12)
    assert (amount.less, amount.more) == (pytest.approx(people.less), pytest.approx(people.more))
    assert growth.less > base > growth.more


def test_total_adds_what_is_included_and_tells_alternatives_added_up() -> None:
    """simulator.md, third rule of validation."""
    apart = read_scenario(changed(ninez_universal__incluida=1))
    both = read_scenario(changed(ninez_universal__incluida=1, ninez_focalizada__incluida=1))

    assert evaluate(apart).total.pct_pib == pytest.approx(1.42 + 7.30, abs=0.001)
    assert not has_both_childhoods(apart)
    assert has_both_childhoods(both)


def test_rollout_keeps_an_amount_in_dollars_as_that_of_the_target_year() -> None:
    outputs = compute(changed(**{f"despliegue__pasos__{number}": 1.0 for number in range(1, 6)}, despliegue__crec_poblacion=0.0))
    costs = {outputs[f"trayectoria_ninez_universal.{year}.costo"] for year in range(2026, 2031)}

    assert costs == {outputs["ninez_universal.costo"]}
    assert len({outputs[f"trayectoria_vejez.{year}.costo"] for year in range(2026, 2031)}) == 5


def test_reserve_that_lasts_has_no_year_of_exhaustion() -> None:
    assert compute(changed(reserva__g_gasto=0.03))["reserva.anio_de_agotamiento"] is None


def test_power_of_a_negative_exponent_is_one_over_it() -> None:
    assert power(2.0, 10) == 1024
    assert power(2.0, -2) == 0.25
    assert power(0.9, 0) == 1


def test_every_output_has_a_value_or_says_that_it_has_none() -> None:
    outputs = compute(changed(macro__gasto_publico_pct_pib=36))

    assert all(f"{key}.{name}" in outputs for key in BENEFITS for name in ("costo", "pct_pib", "pct_gasto_publico", "inverso.monto"))
    assert None not in outputs.values()
    assert compute(REFERENCE)["total.pct_gasto_publico"] is None


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
