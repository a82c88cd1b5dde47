"""Andinia, the fictional country of «Presupuesto social», is one set of data that holds together; the courses' sums and figures use it.

spec/content-format 2: its data stand in the course's `scripts/`, carried along and never read.
"""

import importlib
from collections.abc import Callable, Mapping
from fractions import Fraction
from types import ModuleType
from typing import Any

import pytest

from simulators.rules.budget import REFERENCE
from tests.support.courses import BUDGET, CONTENT

SCRIPTS = CONTENT / BUDGET / "scripts"


@pytest.fixture
def andinia(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the country as the scripts read it, fresh for each test."""
    monkeypatch.syspath_prepend(str(CONTENT / "scripts"))
    return importlib.reload(importlib.import_module("andinia"))


def test_accounts_people_wages_and_output_agree(andinia: ModuleType) -> None:
    assert andinia.wrong() == []
    assert len(andinia.identities()) >= 12
    assert len(andinia.limits()) >= 9


def _change_pension(data: Mapping[str, Any]) -> None:
    data["regimenes"]["pensiones"]["gasto"]["vejez"] += 1


def _change_rate(data: Mapping[str, Any]) -> None:
    data["cotizacion"]["tasa_pensiones"] = Fraction("0.11")


def _change_care(data: Mapping[str, Any]) -> None:
    data["regimenes"]["salud"]["asegurados"]["mayores"][1] = Fraction(420)


def _change_wage(data: Mapping[str, Any]) -> None:
    data["economia"]["salario_cotizable"] = Fraction(6000)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_change_pension, "pensions with the reform"),
        (_change_rate, "contributions collected are those of the accounts"),
        (_change_care, "the insured by their cost are the health account"),
        (_change_wage, "who is not covered earns no more than who is"),
    ],
    ids=["pension", "rate", "care", "wage"],
)
def test_a_number_changed_in_one_place_is_reported(
    andinia: ModuleType, change: Callable[[Mapping[str, Any]], None], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each identity can fail: the country is worked out again from data with one number changed."""
    read = andinia.exact

    def changed(value: object) -> object:
        data = read(value)
        if isinstance(data, dict) and "regimenes" in data:
            change(data)
        return data

    source = (CONTENT / "scripts" / "andinia.py").read_text("utf-8")
    broken: dict[str, Any] = {"__name__": "andinia_changed", "__file__": str(CONTENT / "scripts" / "andinia.py"), "changed": changed}
    exec(source.replace("DATA = exact(", "DATA = changed("), broken)  # noqa: S102 our own program, with one number changed

    assert told in broken["wrong"]()


def test_simulator_begins_with_the_reserve_of_the_same_country(andinia: ModuleType) -> None:
    reserve = andinia.RESERVE
    names = {"reserva_0": "inicial", "ingreso_0": "ingreso_0", "gasto_0": "gasto_0", "g_ingreso": "g_ingreso", "g_gasto": "g_gasto"}

    assert {name: Fraction(str(REFERENCE[f"reserva.{name}"])) for name in names} == {name: reserve[key] for name, key in names.items()}
    assert Fraction(str(REFERENCE["reserva.interes"])) == reserve["interes"]


@pytest.mark.parametrize("module", range(1, 7))
def test_sums_of_every_module_take_their_numbers_from_the_country(module: int) -> None:
    assert "from andinia import" in (SCRIPTS / f"calculos_{module:02d}.py").read_text("utf-8")


@pytest.mark.parametrize("module", range(1, 6))
def test_figures_of_the_country_take_their_numbers_from_it(module: int) -> None:
    """The figures of module 6 show tools, families of an example and the published costs of Ecuador."""
    assert "andinia" in (SCRIPTS / f"figuras_{module:02d}.py").read_text("utf-8")
