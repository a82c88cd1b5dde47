"""Commands about quizzes: `analyse` looks at a table of marks; packages above may add theirs to the group.

They import what they need when they run, so that `--help` answers at once.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass, fields
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analysis.statistic_names import CONCERNS, POSITION, QUIZ
from kernel.i18n import _, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analysis.rules.statistics import AttemptSetStatistics, PositionStatistics

LARGEST = 20_000_000
MAXIMUM_POSITIONS = 500
DIGITS = 6
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,20})?\Z")


@dataclass(frozen=True, slots=True)
class MarksTable:
    """The names of the questions, their maximum marks, and one row of marks an attempt."""

    names: tuple[str, ...]
    maxima: tuple[Fraction, ...]
    marks: tuple[tuple[Fraction, ...], ...]


def group(more: Iterable[click.Command] = ()) -> click.Group:
    """Return the commands `quizzes …`: those of this package, and those that packages above contribute."""
    quizzes = click.Group("quizzes", help="Bring questions in and out, and analyse marks.")
    for command in (analyse, *more):
        quizzes.add_command(command)
    return quizzes


@click.command()
@click.argument("marks", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of tables.")
def analyse(marks: Path, as_json: bool) -> None:
    """Compute the statistics of the quiz whose MARKS are in a CSV file.

    First line: the questions’ names. Second line: their maximum marks. Then one line an attempt; an empty cell is a mark of 0.
    """
    from analysis.rules.statistics import statistics_of

    table = read_marks(_text(marks))
    statistics = statistics_of(table.marks, table.maxima)
    click.echo(_json(table, statistics) if as_json else _tables(table, statistics))


def _text(path: Path) -> str:
    if path.stat().st_size > LARGEST:
        raise click.ClickException(_("%(name)s is larger than %(limit)s MB.", name=path.name, limit=LARGEST // 10**6))
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise click.ClickException(_("%(name)s is not valid UTF-8 from line %(line)s onwards.", name=path.name, line=line)) from error


def read_marks(text: str) -> MarksTable:
    """Read a table of marks, its cells parted by comma, semicolon or tab; with the last two a comma is the decimal mark too.

    Raises click.ClickException with line and column for anything else.
    """
    first = text.partition("\n")[0]
    sign = next((sign for sign in (";", "\t") if sign in first), ",")
    try:
        rows = [(at, row) for at, row in enumerate(csv.reader(StringIO(text), delimiter=sign, strict=True), start=1) if any(row)]
    except csv.Error as error:
        raise click.ClickException(_("The table cannot be read: %(reason)s.", reason=error)) from error
    if len(rows) < 2:
        raise click.ClickException(_("The table needs a header line, a line of maximum marks and lines of marks."))
    names = tuple(cell.strip() for cell in rows[0][1])
    if len(names) > MAXIMUM_POSITIONS:
        raise click.ClickException(
            _("The table has %(count)s questions; %(limit)s are allowed.", count=len(names), limit=MAXIMUM_POSITIONS)
        )
    numbers = tuple(_row(at, row, names, sign) for at, row in rows[1:])
    for name, maximum in zip(names, numbers[0], strict=True):
        if maximum < 0:
            raise click.ClickException(_("The maximum mark of “%(name)s” is below 0.", name=name))
    return MarksTable(names, numbers[0], numbers[1:])


def _row(line: int, row: Sequence[str], names: Sequence[str], sign: str) -> tuple[Fraction, ...]:
    if len(row) != len(names):
        raise click.ClickException(
            _("Line %(line)s has %(count)s cells, but the header line has %(expected)s.", line=line, count=len(row), expected=len(names))
        )
    return tuple(_mark(line, name, cell, sign) for name, cell in zip(names, row, strict=True))


def _mark(line: int, name: str, cell: str, sign: str) -> Fraction:
    written = cell.strip() or "0"
    exact = written.replace(",", ".", 1) if sign != "," else written
    if not _NUMBER.match(exact):
        raise click.ClickException(_("Line %(line)s, “%(name)s”: “%(text)s” is not a number.", line=line, name=name, text=written[:40]))
    return Fraction(exact)


def _format_value(value: Fraction | int | None, digits: int = 2, factor: int = 1) -> str:
    return "–" if value is None else number(float(value * factor), digits)


def _tables(table: MarksTable, statistics: AttemptSetStatistics) -> str:
    lines = [_quiz_line(name, heading, unit, statistics) for name, heading, unit, _meaning in QUIZ]
    heads = [_("Question"), *(_(heading) for _name, heading, _factor, _meaning in POSITION)]
    rows = [
        [name, *(_format_value(getattr(position, field), 2, factor) for field, _heading, factor, _meaning in POSITION)]
        for name, position in zip(table.names, statistics.positions, strict=True)
    ]
    return "\n".join([*lines, "", *_aligned([heads, *rows]), *_concern_lines(table, statistics)])


def _quiz_line(name: str, heading: str, unit: str, statistics: AttemptSetStatistics) -> str:
    value = getattr(statistics.quiz, name)
    shown = str(value) if name == "attempts" else _format_value(value, 4 if name in ("skewness", "kurtosis") else 2)
    return f"{_(heading)}: {shown}{' ' + unit if unit and value is not None else ''}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines: the first column to the left, numbers to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(cell.rjust(width) if at else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]


def _concerns(position: PositionStatistics) -> list[str]:
    from analysis.rules.item_evidence import concerns_about

    return [concern.value for concern in concerns_about(position)]


def _concern_lines(table: MarksTable, statistics: AttemptSetStatistics) -> list[str]:
    concerns_by_name = [(name, _concerns(position)) for name, position in zip(table.names, statistics.positions, strict=True)]
    lines = [f"  {name}: {', '.join(_(CONCERNS[concern]) for concern in concerns)}" for name, concerns in concerns_by_name if concerns]
    lines += [
        "  " + _("%(name)s: correlates negatively with the total, so it has no effective weight", name=name)
        for name, position in zip(table.names, statistics.positions, strict=True)
        if position.effective_weight is None and statistics.quiz.attempts > 1
    ]
    if statistics.quiz.consistency is not None and statistics.quiz.consistency < 0:
        lines.append("  " + _("The consistency is below 0: the questions contradict one another."))
    return ["", _("Check:"), *lines] if lines else []


def _json(table: MarksTable, statistics: AttemptSetStatistics) -> str:
    questions = [
        {"name": name, "maximum": _plain(maximum), **_fields(position), "concerns": _concerns(position)}
        for name, maximum, position in zip(table.names, table.maxima, statistics.positions, strict=True)
    ]
    return json.dumps(
        {"formulas": statistics.formulas, "quiz": _fields(statistics.quiz), "questions": questions}, ensure_ascii=False, indent=2
    )


def _fields(values: object) -> dict[str, float | int | None]:
    return {field.name: _plain(getattr(values, field.name)) for field in fields(values)}  # type: ignore[arg-type]  # a dataclass


def _plain(value: Fraction | int | None) -> float | int | None:
    """Return a number for JSON: whole, or rounded to DIGITS decimals; null where it is undefined."""
    if value is None or isinstance(value, int):
        return value
    return value.numerator if value.denominator == 1 else round(float(value), DIGITS)
