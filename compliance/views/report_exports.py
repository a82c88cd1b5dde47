"""The tables of the report as files: their columns with a dictionary, their rows as they come, and the name of the file.

Everything that a page shows is a column here, filtered as the page is, so that both tell the same numbers (spec/compulsory 12.1).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, cast

from flask import Blueprint, Response, redirect, request, url_for
from sqlalchemy import Row

from accounts.rules import fold
from compliance import report
from compliance.access import TrainingAction, TrainingReportAction
from compliance.learner_page import status_view
from compliance.report import (
    ReportedPersonContext,
    ReportObligation,
    ReportPlaceContext,
    ReportRootsContext,
    ReportTime,
    TrainingFileRow,
    TrainingFilter,
    get_report_roots,
    get_reported_person,
)
from compliance.rules.history import ReportState
from compliance.rules.states import TrainingState
from compliance.views.report import (
    COLUMNS,
    STATE_WORDS,
    IdentityExportForm,
    ReportRequest,
    ReportTable,
    count_lines,
    drawn_trajectory,
    get_place_then,
    percent_of,
    read_report,
    working_days_of,
)
from kernel import clock
from kernel.errors import N_, require_found
from kernel.i18n import _, choose, local
from kernel.tables import Cell, Sheet
from kernel.web import after_response
from kernel.web.request import Answer, begin_writing, current_actor, current_session, page, requires
from kernel.web.table import send_sheets


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
_REQUIREMENTS, _PERCENT = N_("Requirements: each person once under each compulsory training"), N_("Percent")
_NOT_KEPT = N_("Not recorded for past days")

_STATES = "states"
"""Stands for the words of all states, in the reader's language."""
_OBLIGATION = (
    ExportColumn(N_("Key of the training"), N_("The key of the compulsory training, which never changes")),
    ExportColumn(N_("Compulsory training"), N_("Its title in the newest version")),
)
_STATE = (
    ExportColumn(N_("State"), N_("How the person stands under it at the moment of the report"), _STATES),
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
    return ExportColumn(heading, meaning, _NUMBER, _REQUIREMENTS, empty)


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


def table_headings(table: ExportTable, *, identities: bool = False) -> list[str]:
    """Return the headings of a table."""
    return [_(column.heading) for column in columns_of(table, identities=identities)]


def columns_of(table: ExportTable, *, identities: bool = False) -> list[ExportColumn]:
    """Return the columns of a table; identity numbers follow the staff numbers."""
    columns = list(TABLES[table])
    if identities:
        columns.insert(len(_WHO), IDENTITY)
    return columns


def dictionary_rows(table: ExportTable, *, identities: bool = False) -> list[list[Cell]]:
    """Return the dictionary's rows, one for each column."""
    states = ", ".join(status_view(state, ()).word for state in TrainingState)
    return [
        [
            states if text is _STATES else _(text) if text else ""
            for text in (column.heading, column.meaning, column.values, column.unit, column.empty, column.source)
        ]
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


def table_rows(table: ReportTable, time: ReportTime, *, with_key: bool) -> Iterator[Sequence[Cell]]:
    """Yield the lines of a table of numbers."""
    for line in table.lines:
        tally = line.tally
        share = percent_of(tally.share)
        present: list[Cell] = [None, None] if time.is_past else [tally.at_risk, tally.without_account]
        numbers: list[Cell] = [tally.required, *(count for _state, count in line.numbers), share, *present]
        yield [*([line.obligation] if with_key else []), line.name, *numbers, line.verdict[1] if line.verdict is not None else ""]


def person_rows(rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[Sequence[Cell]]:
    """Yield the obligations of one person."""
    for row in rows:
        status, last_on = status_view(row.state, (row.flags or "").split()), None if row.state == TrainingState.DONE else row.last_on
        yield [row.key, choose(row.title), status.word, status.remark, _iso(last_on), _iso(row.done_on), _iso(row.valid_until)]


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


bp = Blueprint("compliance_report_exports", __name__, url_prefix="/training-report")
Rows = Iterable[Sequence[Cell]]


@bp.get("/<uuid:organisation>/exports/<any(people,units,obligations,trajectory):table>/<any(csv,xlsx,ods):kind>")
@requires(TrainingReportAction.EXPORT, get_place_then)
def table(context: ReportPlaceContext) -> Answer:
    """Send a table of the report as the page shows it; a day that is refused leads to the page that says why."""
    requested, filters = read_report(context)
    if requested.faults:
        return cast("Response", redirect(url_for("compliance_report.place", organisation=context.place.uuid, **requested.fields)))
    chosen, kind = _chosen()
    name = _name(context, requested, chosen, kind)
    answer = _send(name, chosen, _rows(context, requested, filters, chosen))
    actor, now = current_actor(), clock.now()
    after_response.leave_record(lambda session: report.record_training_export(session, actor, context.place.id, name, now=now))
    return answer


def _chosen() -> tuple[ExportTable, str]:
    parts = request.view_args or {}
    return ExportTable(parts.get("table", ExportTable.PEOPLE)), str(parts.get("kind", "csv"))


def _name(context: ReportPlaceContext, requested: ReportRequest, chosen: ExportTable, kind: str) -> str:
    obligation = requested.obligation.key if requested.obligation is not None else ""
    return export_name(chosen, obligation, context.place.code or context.place.name, requested.time.on, requested.known_on, kind)


def _rows(context: ReportPlaceContext, requested: ReportRequest, filters: TrainingFilter, chosen: ExportTable) -> Rows:
    """Return the rows of a table: people as they come, numbers as the page counts them."""
    if chosen is ExportTable.PEOPLE:
        return _people(context, requested, filters)
    working, whole = working_days_of(context, requested.time), replace(filters, state=None, words="")
    lines = count_lines(context, requested, whole, working)
    if chosen is ExportTable.UNITS:
        return table_rows(lines.by_place(context.children, requested.time.at), requested.time, with_key=False)
    if chosen is ExportTable.OBLIGATIONS:
        return table_rows(lines.by_obligation(requested.obligations), requested.time, with_key=True)
    drawn = require_found(None if requested.time.is_past else drawn_trajectory(whole, requested.time, lines, working))
    return ([on.isoformat(), done, needed] for on, needed, done in drawn.rows)


def _people(context: ReportPlaceContext, requested: ReportRequest, filters: TrainingFilter, *, identities: bool = False) -> Rows:
    working = working_days_of(context, requested.time)
    rows = report.stream_training_people(current_session(), requested.time, filters, working, identities=identities)
    return people_rows(rows, requested.obligations, requested.time, identities=identities)


def _send(name: str, chosen: ExportTable, rows: Rows, *, identities: bool = False) -> Response:
    """Send the rows as they come: a table with its dictionary in a second sheet, or as CSV alone."""
    headings = table_headings(chosen, identities=identities)
    return send_sheets(name, [("datos", headings, rows), dictionary_sheet(chosen, identities=identities)])


@bp.get("/dictionary/<any(people,units,obligations,trajectory,person):table>")
@requires(TrainingReportAction.VIEW, get_report_roots)
def dictionary(_context: ReportRootsContext) -> Answer:
    """Send the dictionary of a table, which CSV has no second sheet for."""
    chosen, _kind = _chosen()
    return send_sheets(f"diccionario-{chosen.value}.csv", [dictionary_sheet(chosen)])


@bp.get("/people/<uuid:person>/exports/<any(csv,xlsx,ods):kind>")
@requires(TrainingAction.VIEW, get_reported_person)
def person(context: ReportedPersonContext) -> Answer:
    """Send the obligations of one person."""
    actor, now, kind = current_actor(), clock.now(), _chosen()[1]
    rows = person_rows(report.list_obligations_of(current_session(), context.person_id, now))
    name = export_name(ExportTable.PERSON, "", context.name, local(now).date(), local(now).date(), kind)
    answer = _send(name, ExportTable.PERSON, rows)
    after_response.leave_record(lambda session: report.record_person_export(session, actor, context.person_id, name, now=now))
    return answer


@bp.get("/<uuid:organisation>/identity-numbers")
@requires(TrainingReportAction.EXPORT_IDENTITY, get_place_then)
def identities(context: ReportPlaceContext) -> Answer:
    """Ask for the reason for which identity numbers are taken out."""
    return _identity_page(context, IdentityExportForm(formdata=None))


@bp.post("/<uuid:organisation>/identity-numbers")
@requires(TrainingReportAction.EXPORT_IDENTITY, get_place_then, reads_first=True)
def take_identities(context: ReportPlaceContext) -> Answer:
    """Send the people of a filter with their identity numbers, and keep the reason."""
    form, (requested, filters) = IdentityExportForm(), read_report(context)
    if not form.validate_on_submit() or requested.faults:
        return _identity_page(context, form), 422
    name, actor = _name(context, requested, ExportTable.PEOPLE, form.kind.data), current_actor()
    answer = _send(name, ExportTable.PEOPLE, _people(context, requested, filters, identities=True), identities=True)
    report.record_training_export(begin_writing(), actor, context.place.id, name, reason=form.reason.data or "", now=clock.now())
    return answer


def _identity_page(context: ReportPlaceContext, form: IdentityExportForm) -> Response:
    requested, _wanted = read_report(context)
    return page("compliance/report_identities.html", form=form, place=context.place, asked=requested)
