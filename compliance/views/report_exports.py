"""The tables of the report as files: CSV, XLSX and ODS, each with its dictionary; identity numbers for a reason alone."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import BinaryIO, cast
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from compliance.forms.report import IdentityExportForm, ReportRequest
from compliance.pages import report_exports as pages
from compliance.pages.report_exports import ExportTable
from compliance.permissions import TrainingAction, TrainingReportAction
from compliance.queries import report_people
from compliance.queries.report_basis import TrainingFilter
from compliance.queries.report_places import (
    ReportedPersonContext,
    ReportPlaceContext,
    ReportRootsContext,
    get_report_place,
    get_report_roots,
    get_reported_person,
)
from compliance.services import report as services
from compliance.views.report import count_lines, drawn_trajectory, read_report, working_days_of
from kernel import clock
from kernel.errors import NotFound
from kernel.permissions import Actor
from kernel.tables import CSV_TYPE, Cell, on_disk, type_of, write_csv, write_ods, write_xlsx
from kernel.web import after_response
from kernel.web.file_responses import send_generated
from kernel.web.request import Answer, begin_writing, current_actor, current_session, requires

bp = Blueprint("compliance_report_exports", __name__, url_prefix="/training-report")
Rows = Iterable[Sequence[Cell]]


def _get_place(session: Session, actor: Actor, organisation: UUID, **_table: str) -> ReportPlaceContext:
    return get_report_place(session, actor, organisation)


def _get_roots(session: Session, actor: Actor, **_table: str) -> ReportRootsContext:
    return get_report_roots(session, actor)


def _get_person(session: Session, actor: Actor, person: UUID, **_table: str) -> ReportedPersonContext:
    return get_reported_person(session, actor, person)


@bp.get("/<uuid:organisation>/exports/<any(people,units,obligations,trajectory):table>/<any(csv,xlsx,ods):kind>")
@requires(TrainingReportAction.EXPORT, _get_place)
def table(context: ReportPlaceContext) -> Answer:
    """Send a table of the report as the page shows it; a day that is refused leads to the page that says why."""
    requested, filters = read_report(context)
    if requested.faults:
        return cast("Response", redirect(url_for("compliance_report.place", organisation=context.place.uuid, **requested.fields)))
    chosen, kind = _chosen()
    file, name = _write(chosen, kind, _rows(context, requested, filters, chosen)), _name(context, requested, chosen, kind)
    actor, now = current_actor(), clock.now()
    after_response.leave_record(lambda session: services.record_training_export(session, actor, context.place.id, name, now=now))
    return send_generated(file, type_of(name), name)


def _chosen() -> tuple[ExportTable, str]:
    parts = request.view_args or {}
    return ExportTable(parts.get("table", ExportTable.PEOPLE)), str(parts.get("kind", "csv"))


def _name(context: ReportPlaceContext, requested: ReportRequest, chosen: ExportTable, kind: str) -> str:
    obligation = requested.obligation.key if requested.obligation is not None else ""
    return pages.export_name(chosen, obligation, context.place.code or context.place.name, requested.time.on, requested.known_on, kind)


def _rows(context: ReportPlaceContext, requested: ReportRequest, filters: TrainingFilter, chosen: ExportTable) -> Rows:
    """Return the rows of a table: people as they come, numbers as the page counts them."""
    if chosen is ExportTable.PEOPLE:
        return _people(context, requested, filters)
    working, whole = working_days_of(context, requested.time), replace(filters, state=None, words="")
    lines = count_lines(context, requested, whole, working)
    if chosen is ExportTable.UNITS:
        return pages.table_rows(lines.by_place(context.children), requested.time, with_key=False)
    if chosen is ExportTable.OBLIGATIONS:
        return pages.table_rows(lines.by_obligation(requested.obligations), requested.time, with_key=True)
    drawn = None if requested.time.is_past else drawn_trajectory(whole, requested.time, lines, working)
    if drawn is None:
        raise NotFound
    return pages.trajectory_rows(drawn.rows)


def _people(context: ReportPlaceContext, requested: ReportRequest, filters: TrainingFilter, *, identities: bool = False) -> Rows:
    working = working_days_of(context, requested.time)
    rows = report_people.stream_training_people(current_session(), requested.time, filters, working, identities=identities)
    return pages.people_rows(rows, requested.obligations, requested.time, identities=identities)


def _write(chosen: ExportTable, kind: str, rows: Rows, *, identities: bool = False) -> BinaryIO:
    """Write a file as its rows come: a table with its dictionary in a second sheet, or as CSV alone."""
    headings = pages.headings(chosen, identities=identities)
    if kind == "csv":
        return on_disk(lambda target: write_csv(target, headings, rows))
    sheets = [("datos", headings, rows), pages.dictionary_sheet(chosen, identities=identities)]
    write = write_xlsx if kind == "xlsx" else write_ods
    return on_disk(lambda target: write(target, sheets))


@bp.get("/dictionary/<any(people,units,obligations,trajectory,person):table>")
@requires(TrainingReportAction.VIEW, _get_roots)
def dictionary(_context: ReportRootsContext) -> Answer:
    """Send the dictionary of a table, which CSV has no second sheet for."""
    chosen, _kind = _chosen()
    _title, headings, rows = pages.dictionary_sheet(chosen)
    return send_generated(on_disk(lambda target: write_csv(target, headings, rows)), CSV_TYPE, f"diccionario-{chosen.value}.csv")


@bp.get("/people/<uuid:person>/exports/<any(csv,xlsx,ods):kind>")
@requires(TrainingAction.VIEW, _get_person)
def person(context: ReportedPersonContext) -> Answer:
    """Send the obligations of one person."""
    actor, now, kind = current_actor(), clock.now(), _chosen()[1]
    rows = pages.person_rows(report_people.list_obligations_of(current_session(), context.person_id, now))
    name = pages.export_name(ExportTable.PERSON, "", context.name, now.date(), now.date(), kind)
    after_response.leave_record(lambda session: services.record_person_export(session, actor, context.person_id, name, now=now))
    return send_generated(_write(ExportTable.PERSON, kind, rows), type_of(name), name)


@bp.get("/<uuid:organisation>/identity-numbers")
@requires(TrainingReportAction.EXPORT_IDENTITY, get_report_place)
def identities(context: ReportPlaceContext) -> Answer:
    """Ask for the reason for which identity numbers are taken out."""
    return _identity_page(context, IdentityExportForm(formdata=None))


@bp.post("/<uuid:organisation>/identity-numbers")
@requires(TrainingReportAction.EXPORT_IDENTITY, get_report_place, reads_first=True)
def take_identities(context: ReportPlaceContext) -> Answer:
    """Send the people of a filter with their identity numbers, and keep the reason."""
    form, (requested, filters) = IdentityExportForm(), read_report(context)
    if not form.validate_on_post() or requested.faults:
        return _identity_page(context, form), 422
    kind = form.kind.data
    file = _write(ExportTable.PEOPLE, kind, _people(context, requested, filters, identities=True), identities=True)
    name, actor = _name(context, requested, ExportTable.PEOPLE, kind), current_actor()
    services.record_training_export(begin_writing(), actor, context.place.id, name, reason=form.reason.data or "", now=clock.now())
    return send_generated(file, type_of(name), name)


def _identity_page(context: ReportPlaceContext, form: IdentityExportForm) -> str:
    requested, _wanted = read_report(context)
    return render_template("compliance/report_identities.html", form=form, place=context.place, path=context.path, asked=requested)
