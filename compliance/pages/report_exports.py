"""The tables of the report as files: their columns with a dictionary, their rows as they come, and the name of the file.

Everything that a page shows is a column here, filtered as the page is, so that both tell the same numbers (spec/compulsory 12.1).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from accounts.rules import fold
from compliance.pages.report import COLUMNS, STATE_WORDS, ReportTable, percent_of
from compliance.pages.status_words import status_view
from compliance.pages.trajectory import TrajectoryRow
from compliance.queries.report_basis import ReportObligation, ReportTime
from compliance.queries.report_people import PersonObligationRow, TrainingFileRow
from compliance.rules.states import TrainingState
from compliance.rules.tally import ReportState
from kernel.errors import N_
from kernel.i18n import _, choose
from kernel.tables import Cell, Sheet


class ExportTable(StrEnum):
    """The tables of the report that are taken out as files."""

    PEOPLE = "people"
    UNITS = "units"
    OBLIGATIONS = "obligations"
    TRAJECTORY = "trajectory"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column as the dictionary explains it: heading, meaning, values, unit, what an empty cell means, where it comes from."""

    heading: str
    meaning: str
    values: str = N_("Text")
    unit: str = ""
    empty: str = N_("Never empty")
    source: str = N_("Records of compulsory training")


_DAY, _NUMBER = N_("Day as YYYY-MM-DD"), N_("Whole number")
_PEOPLE, _PERCENT = N_("People, each once under each compulsory training"), N_("Percent")
_NOT_KEPT = N_("Not recorded for past days")

_OBLIGATION = (
    ExportColumn(N_("Key of the training"), N_("The key of the compulsory training, which never changes")),
    ExportColumn(N_("Compulsory training"), N_("Its title in the newest version")),
)
_STATE = (
    ExportColumn(N_("State"), N_("How the person stands under it at the moment of the report"), N_("The eight states of the glossary")),
    ExportColumn(N_("Remarks"), N_("What else holds beside the state"), empty=N_("Nothing else holds")),
    ExportColumn(
        N_("Last day"),
        N_("The last day of the deadline or of the waiver, whichever the state speaks of"),
        _DAY,
        empty=N_("No deadline runs, it is done, or the day is past"),
    ),
    ExportColumn(
        N_("Done on"), N_("The local day on which it was first done"), _DAY, empty=N_("Not done, or the day of the report is past")
    ),
    ExportColumn(
        N_("Valid until"),
        N_("The last day on which what was done is valid"),
        _DAY,
        empty=N_("Not done, valid for ever, or the day of the report is past"),
    ),
)
_WHO = (
    ExportColumn(N_("Name"), N_("Given names and surnames"), source=N_("Account of the person")),
    ExportColumn(
        N_("Staff number"),
        N_("The number that the institution gave the person"),
        empty=N_("The lists of people do not say it"),
        source=N_("Lists of people"),
    ),
)
IDENTITY = ExportColumn(
    N_("Identity number"), N_("The national identity number"), empty=N_("The person has not entered it"), source=N_("Account of the person")
)
_PLACE = ExportColumn(
    N_("Unit"),
    N_("The main unit of the person on the day of the report"),
    empty=N_("In no unit of the institution"),
    source=N_("Lists of people"),
)
_YES_NO = N_("1 yes, 0 no")
_PRESENT = (
    ExportColumn(
        N_("At risk"), N_("Not started with ten working days left, or more minutes left than 45 a working day"), _YES_NO, empty=_NOT_KEPT
    ),
    ExportColumn(
        N_("Without an active account"),
        N_("The person cannot sign in: no password was chosen, or the address was never confirmed"),
        _YES_NO,
        empty=_NOT_KEPT,
        source=N_("Account of the person"),
    ),
)


def _counted(heading: str, meaning: str, empty: str = N_("Never empty")) -> ExportColumn:
    return ExportColumn(heading, meaning, _NUMBER, _PEOPLE, empty)


_MEANINGS: Mapping[ReportState, str] = {
    ReportState.REQUIRED: N_("Done, renewal due, in progress, not started, overdue and expired together"),
    ReportState.DONE: N_("Done and valid, before the window for renewal"),
    ReportState.RENEWAL_DUE: N_("Done, in the window for renewal or the days of grace after it"),
    ReportState.IN_PROGRESS: N_("Begun and not done, the last day still to come"),
    ReportState.NOT_STARTED: N_("Not begun, the last day still to come"),
    ReportState.OVERDUE: N_("Never done, the last day and its grace over"),
    ReportState.EXPIRED: N_("Done once, no longer valid"),
    ReportState.WAIVED: N_("Not asked for a time; not among the required"),
    ReportState.AT_RISK: N_("Not started with ten working days left, or more minutes left than 45 a working day"),
    ReportState.NO_ACCOUNT: N_("Still to do it and unable to sign in"),
}
_NUMBERS = (
    _counted(STATE_WORDS[ReportState.REQUIRED], _MEANINGS[ReportState.REQUIRED]),
    *(_counted(STATE_WORDS[state], _MEANINGS[state]) for state in COLUMNS),
    ExportColumn(N_("Share done"), N_("Done and renewal due, of the required"), _NUMBER, _PERCENT, N_("Not required of anyone")),
    *(_counted(STATE_WORDS[state], _MEANINGS[state], _NOT_KEPT) for state in (ReportState.AT_RISK, ReportState.NO_ACCOUNT)),
    ExportColumn(
        N_("Situation"),
        N_("The share done beside the needed pace"),
        N_("On time, Somewhat behind, At risk"),
        empty=N_("Fewer than five people, or a past day"),
    ),
)
TABLES: Mapping[ExportTable, tuple[ExportColumn, ...]] = {
    ExportTable.PEOPLE: (*_WHO, _PLACE, *_OBLIGATION, *_STATE, *_PRESENT),
    ExportTable.UNITS: (
        ExportColumn(
            N_("Unit"),
            N_("What stands directly below the place, and the part counted in the place itself"),
            source=N_("Tree of the institution"),
        ),
        *_NUMBERS,
    ),
    ExportTable.OBLIGATIONS: (*_OBLIGATION, *_NUMBERS),
    ExportTable.TRAJECTORY: (
        ExportColumn(N_("Day"), N_("The end of this day"), _DAY),
        ExportColumn(
            N_("Done"), N_("The share of today's required people who were done by then"), _NUMBER, _PERCENT, N_("The day is still to come")
        ),
        ExportColumn(N_("Needed pace"), N_("The mean share of working days passed in the cycles of the required"), _NUMBER, _PERCENT),
    ),
    ExportTable.PERSON: (*_OBLIGATION, *_STATE),
}
"""The columns of each table."""
DICTIONARY = (N_("Column"), N_("Meaning"), N_("Values"), N_("Unit of measure"), N_("When empty"), N_("Source"))


def headings(table: ExportTable, *, identities: bool = False) -> list[str]:
    """Return the headings of a table."""
    return [_(column.heading) for column in columns_of(table, identities=identities)]


def columns_of(table: ExportTable, *, identities: bool = False) -> list[ExportColumn]:
    """Return the columns of a table; identity numbers follow the staff numbers."""
    columns = list(TABLES[table])
    if identities:
        columns.insert(len(_WHO), IDENTITY)
    return columns


def dictionary_rows(table: ExportTable, *, identities: bool = False) -> list[list[Cell]]:
    """Return what the dictionary says of each column."""
    return [
        [_(text) if text else "" for text in (column.heading, column.meaning, column.values, column.unit, column.empty, column.source)]
        for column in columns_of(table, identities=identities)
    ]


def dictionary_sheet(table: ExportTable, *, identities: bool = False) -> Sheet:
    """Return the dictionary of a table as a sheet."""
    return "diccionario", [_(heading) for heading in DICTIONARY], dictionary_rows(table, identities=identities)


def _iso(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def people_rows(
    rows: Iterable[TrainingFileRow], obligations: Sequence[ReportObligation], time: ReportTime, *, identities: bool = False
) -> Iterator[Sequence[Cell]]:
    """Yield the rows of people as they come."""
    titles = {listed_obligation.id: (listed_obligation.key, choose(listed_obligation.title)) for listed_obligation in obligations}
    labels = dict[tuple[str, str], tuple[str, str]]()
    for name, staff_number, identity, unit_id, obligation, state, flags, last_on, done_on, valid_until, is_at_risk, lacks_account in rows:
        if (state, flags) not in labels:
            view = status_view(state, flags.split())
            labels[state, flags] = view.word, view.remark
        name_of_person = (name, staff_number, identity, unit_id) if identities else (name, staff_number, unit_id)
        if time.is_past:
            yield [*name_of_person, *titles[obligation], *labels[state, flags], *_NOTHING]
            continue
        days = ("" if state == TrainingState.DONE else _iso(last_on), _iso(done_on), _iso(valid_until))
        yield [*name_of_person, *titles[obligation], *labels[state, flags], *days, int(is_at_risk), int(lacks_account)]


_NOTHING = ("", "", "", None, None)
"""What is not recorded of a past day: three days, and two remarks."""


def _state_cells(
    state: TrainingState, flags: Sequence[str], last_on: date | None, done_on: date | None, valid_until: date | None
) -> list[Cell]:
    view = status_view(state, flags)
    return [view.word, view.remark, _iso(None if state is TrainingState.DONE else last_on), _iso(done_on), _iso(valid_until)]


def table_rows(table: ReportTable, time: ReportTime, *, with_key: bool) -> Iterator[Sequence[Cell]]:
    """Yield the lines of a table of numbers."""
    for line in table.lines:
        tally = line.tally
        share = percent_of(tally.share)
        present: list[Cell] = [None, None] if time.is_past else [tally.at_risk, tally.without_account]
        numbers: list[Cell] = [tally.required, *(count for _state, count in line.numbers), share, *present]
        yield [*([line.obligation] if with_key else []), line.name, *numbers, line.verdict.word if line.verdict is not None else ""]


def trajectory_rows(rows: Iterable[TrajectoryRow]) -> Iterator[Sequence[Cell]]:
    """Yield the days of a trajectory."""
    for row in rows:
        yield [row.on.isoformat(), row.done, row.needed]


def person_rows(rows: Iterable[PersonObligationRow]) -> Iterator[Sequence[Cell]]:
    """Yield the obligations of one person."""
    for row in rows:
        yield [row.key, choose(row.title), *_state_cells(row.state, row.flags, row.last_on, row.done_on, row.valid_until)]


_ODD = re.compile(r"[^a-z0-9]+")
_NAMES: Mapping[ExportTable, str] = {
    ExportTable.PEOPLE: "",
    ExportTable.UNITS: "unidades",
    ExportTable.OBLIGATIONS: "capacitaciones",
    ExportTable.TRAJECTORY: "trayectoria",
    ExportTable.PERSON: "persona",
}


def export_name(table: ExportTable, obligation: str, unit: str, on: date, known: date, kind: str) -> str:
    """Return the name of a file: `cumplimiento-<obligation>-<unit>-<day>-<known>`, and behind it the table where it is not the people."""
    parts = ["cumplimiento", _plain(obligation) or "todas", _plain(unit), on.isoformat(), known.isoformat(), _NAMES[table]]
    return f"{'-'.join(part for part in parts if part)}.{kind}"


def _plain(text: str) -> str:
    return _ODD.sub("-", fold(text)).strip("-")
