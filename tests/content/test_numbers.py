"""Numbers that are worked out come from the fact pack: its figures, kept as data, against lessons, questions, figures and the simulator."""

import csv
import re
import subprocess
import sys
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from simulators.rules.budget import REFERENCE, compute
from tests.support.courses import BUDGET, GOVERNANCE, files_of
from tests.support.shared import SHARED, needs_shared

TABLE = Path(__file__).resolve().parents[1] / "samples" / "figures.tsv"
NUMBER = re.compile(r"−?\d{1,3}(?: \d{3})+(?:,\d+)?|−?\d+(?:,\d+)?")
NOT_TOLD, SIMULATOR = "-", "simulator"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: `where` is a module (A1 to B6), the simulator, or '-'; `told` its words, output, or why it is not told."""

    figure: str
    value: Decimal
    where: str
    told: str


def figures() -> list[Figure]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Figure(row["figure"], Decimal(row["value"]), row["where"], row["told"]) for row in rows]


FIGURES = figures()


@cache
def words_of(module: str) -> str:
    """Return everything that a module says in Spanish: lessons, questions and figures, with plain spaces; with the course's parameters."""
    course = {"A": GOVERNANCE, "B": BUDGET}[module[0]]
    names = [
        path
        for path in sorted(files_of(course))
        if path.startswith((f"0{module[1]}-", "parametros")) and path.endswith((".md", ".yaml", ".svg")) and ".en." not in path
    ]
    return " ".join(files_of(course)[path].decode() for path in names).replace("\u00a0", " ").replace("\u202f", " ")


def rounded_like(value: Decimal, written: str) -> str:
    """Write a value in Spanish with as many decimals as something written has."""
    places = len(written.partition(",")[2])
    text = f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
    whole, _point, rest = text.lstrip("-").partition(".")
    grouped = f"{int(whole):,}".replace(",", " ") if len(whole) > 4 else whole
    return ("−" if text.startswith("-") else "") + grouped + ("," + rest if rest else "")


@pytest.mark.parametrize("figure", [one for one in FIGURES if one.where not in (NOT_TOLD, SIMULATOR)], ids=lambda one: one.figure)
def test_course_tells_the_number_as_the_pack_works_it_out(figure: Figure) -> None:
    written = NUMBER.findall(figure.told)[-1]

    assert written == rounded_like(figure.value, written)
    assert re.search(rf"(?<![\d,]){re.escape(figure.told)}(?!\d|,\d)", words_of(figure.where)), f"{figure.where} does not say {figure.told}"


@pytest.mark.parametrize("figure", [one for one in FIGURES if one.where == SIMULATOR], ids=lambda one: one.figure)
def test_simulator_begins_with_the_number_of_the_pack(figure: Figure) -> None:
    name, _sign, factor = figure.told.replace("/1000000", "*1/1000000").partition("*")
    found = compute(REFERENCE)[name]
    assert found is not None
    places = -int(figure.value.as_tuple().exponent)
    value = Decimal(found) * Fraction(factor or 1).numerator / Fraction(factor or 1).denominator

    assert value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) == figure.value


def test_what_is_not_told_has_its_reason() -> None:
    left_out = [one for one in FIGURES if one.where == NOT_TOLD]

    assert all(one.told for one in left_out)
    assert len(left_out) < len(FIGURES) / 4


@needs_shared
@pytest.mark.shared
def test_table_holds_every_figure_of_the_pack_with_its_value() -> None:
    script = SHARED / "content" / "verify.py"
    printed = subprocess.run([sys.executable, "-B", str(script)], capture_output=True, text=True, check=True).stdout
    kept = {one.figure: one.value for one in FIGURES}
    lines = [match.groups() for match in re.finditer(r"^((?:A\d|B\d|SIM)\..*?)(?: \(.*?\))? +(-?\d.*)$", printed, re.MULTILINE)]

    assert {name for name, _value in lines} == set(kept)
    for name, text in lines:
        assert kept[name] in {Decimal(number.replace(",", "")) for number in re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)}, name
