"""Inputs within their limits, numbers as people type them, and what is said of those that make no scenario."""

from decimal import Decimal

import pytest

from simulators.rules.budget import REFERENCE
from simulators.rules.scenario import BENEFITS, SPECS, Fault, FaultReason, ImpossibleScenario, faults, read_scenario, read_typed


def test_worked_example_is_a_scenario() -> None:
    scenario = read_scenario(REFERENCE)

    assert [benefit.key for benefit in scenario.benefits] == list(BENEFITS)
    assert scenario.benefit("ninez_focalizada").tramos[2].factor_linea == 0.9
    assert scenario.macro.gasto_publico_pct_pib is None
    assert scenario.despliegue.pasos == (0.2, 0.4, 0.6, 0.8, 1.0)
    assert isinstance(scenario.reserva.anios, int)


@pytest.mark.parametrize("name", sorted(SPECS))
def test_each_input_takes_its_limits_and_nothing_beyond(name: str) -> None:
    spec = SPECS[name]
    step = 1.0 if spec.whole else 1e-6
    beyond = (spec.low if spec.above else spec.low - step, spec.high * (1 + 1e-9) + step)

    for value in beyond:
        assert Fault(name, FaultReason.LIMITS) in faults({**REFERENCE, name: value})
    for value in (spec.low + (step if spec.above else 0), spec.high):
        assert Fault(name, FaultReason.LIMITS) not in faults({**REFERENCE, name: value})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_no_input_is_without_a_finite_number(value: float) -> None:
    for name in SPECS:
        assert faults({**REFERENCE, name: value}) == (Fault(name, FaultReason.LIMITS),)


@pytest.mark.parametrize(
    ("change", "name", "reason"),
    [
        ({"vejez.altura": 1.0}, "vejez.altura", FaultReason.UNKNOWN),
        ({"vejez.elegible": None}, "vejez.elegible", FaultReason.MISSING),
        ({"macro.anio_meta": 2030.5}, "macro.anio_meta", FaultReason.NOT_WHOLE),
        ({"reserva.anios": 2.5}, "reserva.anios", FaultReason.NOT_WHOLE),
        ({"macro.anio_meta": 2023.0}, "macro.anio_meta", FaultReason.YEARS),
        ({"vejez.tramos.1.monto": 50.0}, "vejez.tramos.1.factor_linea", FaultReason.ONE_AMOUNT),
        ({"vejez.tramos.1.factor_linea": None}, "vejez.tramos.1.factor_linea", FaultReason.ONE_AMOUNT),
        ({"vejez.tramos.2.monto": 50.0}, "vejez.tramos.2.factor_linea", FaultReason.ONE_AMOUNT),
        (
            {"vejez.tramos.3.poblacion": 9.0, "vejez.tramos.3.monto": 50.0},
            "vejez.tramos.3.poblacion",
            FaultReason.TRANCHE_GAP,
        ),
        (
            {"vejez.tramos.1.poblacion": None, "vejez.tramos.1.factor_linea": None},
            "vejez.tramos.1.poblacion",
            FaultReason.TRANCHE_GAP,
        ),
        ({"despliegue.pasos.7": 1.0}, "despliegue.pasos.7", FaultReason.STEP_GAP),
        ({"despliegue.pasos.1": None}, "despliegue.pasos.1", FaultReason.STEP_GAP),
        ({"despliegue.pasos.3": 0.1}, "despliegue.pasos.3", FaultReason.STEPS_FALL),
    ],
)
def test_what_makes_no_scenario_is_told_at_its_input(change: dict[str, float | None], name: str, reason: FaultReason) -> None:
    inputs = {key: value for key, value in {**REFERENCE, **change}.items() if value is not None}

    assert Fault(name, reason) in faults(inputs)
    with pytest.raises(ImpossibleScenario) as refused:
        read_scenario(inputs)
    assert refused.value.faults == faults(inputs)


def test_six_groups_of_people_fit_and_either_amount() -> None:
    inputs = dict(REFERENCE)
    for number in range(2, 7):
        inputs |= {f"vejez.tramos.{number}.poblacion": 10.0, f"vejez.tramos.{number}.monto": 5.0}

    assert len(read_scenario(inputs).benefit("vejez").tramos) == 6


@pytest.mark.parametrize(
    ("typed", "spanish", "english"),
    [
        ("64,44", "64.44", "64.44"),
        ("64.44", "64.44", "64.44"),
        (" 64,44 % ", "64.44", "64.44"),
        ("1 850 000", "1850000", "1850000"),
        ("1\u00a0850\u00a0000", "1850000", "1850000"),
        ("1.850.000", "1850000", "1850000"),
        ("1,850,000", "1850000", "1850000"),
        ("1.850.000,5", "1850000.5", "1850000.5"),
        ("1,850,000.5", "1850000.5", "1850000.5"),
        ("1 850,5", "1850.5", "1850.5"),
        ("1.234", "1234", "1.234"),
        ("1,234", "1.234", "1234"),
        ("0.234", "0.234", "0.234"),
        ("−5", "-5", "-5"),
        ("+4", "4", "4"),
        ("1,", "1", "1"),
        (".5", "0.5", "0.5"),
        ("1e5", "100000", "100000"),
        ("118000000000", "118000000000", "118000000000"),
    ],
)
def test_comma_and_point_are_both_understood(typed: str, spanish: str, english: str) -> None:
    """Design: «Puede usar coma o punto.»"""
    assert read_typed(typed, "es") == Decimal(spanish)
    assert read_typed(typed, "en") == Decimal(english)


@pytest.mark.parametrize(
    "typed", ["", "mucho", "1,2,3", "1.2.3,4", "12 34", "1.234.50", "12.345.67", "nan", "∞", "٣", "--1", "1" * 41, "1.850,000.5"]
)
def test_what_is_no_number_is_none(typed: str) -> None:
    assert read_typed(typed, "es") is None
    assert read_typed(typed, "en") is None
