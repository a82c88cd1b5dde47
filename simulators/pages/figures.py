"""Numbers that the script keeps up, and what charts and tables of every tab share."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from kernel.i18n import language, number
from simulators.rules.budget import MODELLED_PUBLISHED
from simulators.rules.reference import PUBLISHED_TOTAL, REFERENCE
from simulators.rules.scenario import BENEFITS, VERSION, Inputs

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
    return REFERENCE[f"{key}.objetivo_pct"]


def share_text(value: float) -> str:
    """Write a percentage with two decimals."""
    return number(value, 2) + percent_unit()


def chart_label(title: str, bars: Sequence[ChartBar]) -> str:
    """Say in words what a chart shows, with its figures."""
    return " ".join([title, *(f"{bar.name}: {bar.text}." for bar in bars)])


def bars_json(bars: Sequence[ChartBar]) -> str:
    """Return what the script needs to move bars: the output or None, and the value."""
    return json.dumps([[bar.output or None, bar.value] for bar in bars])


def inputs_json(inputs: Inputs) -> str:
    """Return every input for the script."""
    return json.dumps(dict(inputs))


def published_words() -> dict[str, str]:
    """Return the published shares for the notice: the targets, the three modelled together, the whole floor, and the formulas' version."""
    targets = "; ".join(number(published_target(key)) for key in BENEFITS)
    return {"targets": targets, "modelled": number(MODELLED_PUBLISHED, 2), "whole": number(PUBLISHED_TOTAL, 2), "version": str(VERSION)}
