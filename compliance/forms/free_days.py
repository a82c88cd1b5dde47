"""Forms of free days: one day, or a list of them, read with its lines and its faults; nothing is looked up here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from wtforms import DateField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length

from accounts.rules import fold
from compliance.queries.free_days import NATIONAL
from compliance.services.free_days import FreeDayValues
from kernel.errors import N_
from kernel.i18n import _, lazy_
from kernel.left_out import LeftOut
from kernel.tables import ReadTable, read_table
from kernel.web.forms import DAYS, FileField, Form, LineField, clean_text
from organisations.list_reading import AHEAD, DayReader, DayRefused

MOST_LINES, LONGEST_NAME = 500, 150
_COLUMNS: Mapping[str, frozenset[str]] = {
    "day": frozenset({"fecha", "dia", "date", "day"}),
    "name": frozenset({"nombre", "feriado", "motivo", "name", "holiday"}),
    "province": frozenset({"provincia", "province"}),
}


class FreeDayForm(Form):
    """One free day to add."""

    day = DateField(lazy_("Day"), [InputRequired(lazy_("Give a date."))], format=DAYS)
    name = LineField(
        lazy_("Name"),
        [InputRequired(lazy_("Give it a name.")), Length(max=LONGEST_NAME, message=lazy_("Use at most %(max)d characters."))],
    )
    province = SelectField(lazy_("Where"), choices=[])
    reason = LineField(lazy_("Reason"), [Length(max=1000, message=lazy_("Use at most %(max)d characters."))])
    """Given of a day before today."""

    def offer(self, provinces: Mapping[str, str]) -> None:
        """Let one of these provinces be chosen, or the whole country."""
        choices = [SelectChoice(value=key, label=name) for key, name in provinces.items()]
        self.province.choices = [SelectChoice(value=NATIONAL, label=_("The whole country")), *choices]

    def values(self) -> FreeDayValues:
        """Return the day of a form that was found right."""
        assert self.day.data is not None
        return FreeDayValues(self.day.data, self.name.data or "", self.province.data or NATIONAL)


class FreeDayListForm(Form):
    """A list of free days as a file, or the lines of one that was reviewed."""

    file = FileField(lazy_("File"))
    lines = HiddenField()
    reason = LineField(lazy_("Reason"), [Length(max=1000, message=lazy_("Use at most %(max)d characters."))])
    """Given where there are days before today."""

    def content(self) -> bytes:
        """Return what was sent; nothing, with the fault in the form, where it is nothing."""
        sent = self.file.data
        content = sent.read() if sent and clean_text(str(sent.filename or "")) else b""
        if not content:
            self.refuse(self.file, _("Choose a file."))
        return bytes(content)


class FreeDayDeletionForm(Form):
    """A free day to delete."""

    reason = LineField(lazy_("Reason"), [Length(max=1000, message=lazy_("Use at most %(max)d characters."))])
    """Given of a day before today."""


@dataclass(frozen=True, slots=True)
class FreeDayFault:
    """A line of a list that does nothing: a message in English, with its facts."""

    line: int
    written: str
    message: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FreeDayRows:
    """The free days of a list, each with its line, its faults, and what of it is not read."""

    days: tuple[tuple[int, FreeDayValues], ...]
    faults: tuple[FreeDayFault, ...]
    encoding_guessed_from: int | None
    left_out: tuple[LeftOut, ...]


def read_free_days(content: bytes, provinces: Mapping[str, str], today: date) -> FreeDayRows:
    """Return the free days of a CSV or XLSX file; raise Undecodable where it is no such list. Days up to two years ahead are read."""
    table = read_table(content, rows=MOST_LINES + 1)
    columns = _columns(table)
    reader = DayReader(today + AHEAD)
    days: list[tuple[int, FreeDayValues]] = []
    faults: list[FreeDayFault] = []
    known: dict[tuple[date, str], int] = {}
    for line, cells in table.rows[1 : MOST_LINES + 1]:
        cells_by_name = {name: clean_text(cells[at]) if at < len(cells) else "" for name, at in columns.items()}
        try:
            values = _once(known, _values(reader, cells_by_name, line, provinces), line)
        except DayRefused as refused:
            faults.append(FreeDayFault(line, " · ".join(filter(None, cells_by_name.values()))[:200], refused.message, refused.facts))
        else:
            days.append((line, values))
    return FreeDayRows(tuple(days), tuple(faults), table.encoding_guessed_from, table.left_out(columns.values()))


def _columns(table: ReadTable) -> dict[str, int]:
    heads = [fold(clean_text(cell)) for cell in table.rows[0][1]] if table.rows else []
    columns = {name: at for at, head in enumerate(heads) for name, heading in _COLUMNS.items() if head in heading}
    if "day" not in columns or "name" not in columns:
        raise table.refusal(N_("The list needs a column called “fecha” and one called “nombre”."))
    return columns


def _once(known: dict[tuple[date, str], int], values: FreeDayValues, line: int) -> FreeDayValues:
    first = known.setdefault((values.day, values.province), line)
    if first != line:
        raise DayRefused(N_("This day is already on line %(first)s."), first=first)
    return values


def _values(reader: DayReader, cells_by_name: Mapping[str, str], line: int, provinces: Mapping[str, str]) -> FreeDayValues:
    try:
        day = reader.read("day", cells_by_name["day"], line)
    except DayRefused as refused:
        if "ahead" not in refused.message:
            raise
        raise DayRefused(N_("The date %(day)s is before 1950 or more than two years ahead."), **refused.facts) from None
    if day is None or not cells_by_name["name"]:
        raise DayRefused(N_("Day and name are both needed."))
    if len(cells_by_name["name"]) > LONGEST_NAME:
        raise DayRefused(N_("The name is longer than %(limit)s characters."), limit=LONGEST_NAME)
    province = fold(cells_by_name.get("province", ""))
    if province and province not in provinces:
        raise DayRefused(N_("There is no province called “%(province)s”."), province=cells_by_name["province"][:40])
    return FreeDayValues(day, cells_by_name["name"], province)


def write_lines(days: Sequence[FreeDayValues]) -> str:
    """Return free days as lines that `read_free_days` reads again."""
    rows = ["fecha\tnombre\tprovincia", *("\t".join((free_day.day.isoformat(), free_day.name, free_day.province)) for free_day in days)]
    return "\n".join(rows)
