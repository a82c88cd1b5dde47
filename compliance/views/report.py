"""The report of compulsory training: from the institution down to a person, for one obligation or all of them."""

from dataclasses import replace
from typing import Any, cast
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, render_template, request, url_for

from accounts import access_log
from accounts.people import PageDirection
from accounts.privacy import AccessPurpose, PeopleListKind, record_access
from compliance.forms.report import ReportRequest, read_report_request
from compliance.pages.report import COLUMNS, STATE_WORDS, PlaceLines, report_cards, state_options
from compliance.pages.report_people import obligation_lines, person_lines
from compliance.pages.trajectory import TrajectoryView, trajectory_view
from compliance.permissions import BundleAction, ReminderAction, TrainingAction, TrainingReportAction
from compliance.queries import report as queries
from compliance.queries import report_people
from compliance.queries.report_basis import PlacePart, ReportTime, TrainingFilter, list_report_obligations
from compliance.queries.report_people import ReportPage
from compliance.queries.report_places import (
    ReportedPersonContext,
    ReportPlaceContext,
    ReportRootsContext,
    get_report_place,
    get_report_roots,
    get_reported_person,
    get_working_days,
)
from compliance.rules.pace import RequiredGroup, group_pace, trajectory
from compliance.rules.states import NEEDED
from compliance.rules.working_days import WorkingDays
from kernel import clock
from kernel.i18n import _, choose
from kernel.web import after_response
from kernel.web.forms import as_uuid
from kernel.web.request import Answer, allows, current_actor, current_session, requires
from organisations.models import Organisation
from organisations.rules.units import zone_of

bp = Blueprint("compliance_report", __name__, url_prefix="/training-report")

ROWS = 50


@bp.get("")
@requires(TrainingReportAction.VIEW, get_report_roots)
def places(context: ReportRootsContext) -> Answer:
    """Lead to the only place whose report the actor may see, or list the highest ones."""
    if len(context.roots) == 1:
        return cast("Response", redirect(url_for("compliance_report.place", organisation=context.roots[0].uuid)))
    return render_template("compliance/report_places.html", places=context.roots)


def read_report(context: ReportPlaceContext) -> tuple[ReportRequest, TrainingFilter]:
    """Return what the address asks of the report of a place."""
    path = context.path
    zone = ZoneInfo(zone_of(context.by_number, context.place.id))
    requested = read_report_request(request.args, list_report_obligations(current_session(), path[0].id), zone, clock.now())
    filters = TrainingFilter(
        context.place.id, context.is_institution, requested.obligations, requested.part, requested.state, requested.words
    )
    return requested, filters


def working_days_of(context: ReportPlaceContext, time: ReportTime) -> WorkingDays:
    """Return the working days that the pace of a place and its people at risk are counted by."""
    if time.is_past:
        return WorkingDays()
    return get_working_days(current_session(), context)


def _common(context: ReportPlaceContext, requested: ReportRequest) -> dict[str, Any]:
    """Return what every page of a place's report shows."""
    return {
        "place": context.place,
        "path": context.path,
        "asked": requested,
        "options": [(obligation.key, choose(obligation.title)) for obligation in requested.every],
        "title": choose(requested.obligation.title) if requested.obligation is not None else _("All compulsory training"),
        "words_of": {state: _(label) for state, label in STATE_WORDS.items()},
        "now": requested.time.at,
    }


@bp.get("/<uuid:organisation>")
@requires(TrainingReportAction.VIEW, get_report_place)
def place(context: ReportPlaceContext) -> Answer:
    """Show how the people of a place stand: cards, trajectory, the table by what stands below; nothing where its day is refused."""
    requested, filters = read_report(context)
    if requested.faults:
        return render_template("compliance/report.html", **_common(context, requested), lines=None, may_bundle=False, acta_number=None), 422
    working = working_days_of(context, requested.time)
    whole = replace(filters, part=PlacePart.ALL, state=None, words="")
    lines = count_lines(context, requested, whole, working)
    return render_template(
        "compliance/report.html",
        **_common(context, requested),
        lines=lines,
        columns=COLUMNS,
        cards=report_cards(lines.whole.tally, is_past=requested.time.is_past),
        by_place=lines.by_place(context.children),
        by_obligation=None if requested.obligation is not None else lines.by_obligation(requested.obligations),
        drawn=None if requested.time.is_past else drawn_trajectory(whole, requested.time, lines, working),
        states=state_options(is_past=requested.time.is_past),
        may_remind=not requested.time.is_past and allows(ReminderAction.SEND, context),
        may_bundle=allows(BundleAction.MAKE, context),
        acta_number=uuid4() if requested.obligation is not None and allows(TrainingReportAction.EXPORT, context) else None,
    )


def count_lines(context: ReportPlaceContext, requested: ReportRequest, filters: TrainingFilter, working: WorkingDays) -> PlaceLines:
    """Count the people of a place, ready to be put into tables."""
    counted = queries.count_states(current_session(), requested.time, filters, working)
    return PlaceLines(counted, context.place, context.by_number, requested.time.on, None if requested.time.is_past else working)


def drawn_trajectory(filters: TrainingFilter, time: ReportTime, lines: PlaceLines, working: WorkingDays) -> TrajectoryView | None:
    """Return the trajectory of a place; None below five people, or without a deadline."""
    group = RequiredGroup(lines.whole.spans, queries.count_done_by_day(current_session(), time, filters))
    pace = group_pace(group, time.on, working)
    return None if pace is None else trajectory_view(trajectory(group, time.on, working), pace, time.on, group.people)


@bp.get("/<uuid:organisation>/people")
@requires(TrainingReportAction.VIEW, get_report_place)
def people(context: ReportPlaceContext) -> Answer:
    """List the people behind a number of the report, some at a time, by name."""
    access_log.record_list_access(PeopleListKind.TRAINING, Organisation, context.place.id)
    requested, filters = read_report(context)
    listed = report_people.TrainingPeople(())
    if not requested.faults:
        working = working_days_of(context, requested.time)
        listed = report_people.list_training_people(current_session(), requested.time, filters, working, _page(), limit=ROWS)
    page = render_template(
        "compliance/report_people.html",
        **_common(context, requested),
        rows=person_lines(listed.rows, requested.obligations, requested.time),
        states=state_options(is_past=requested.time.is_past),
        found=listed,
        may_take_identities=allows(TrainingReportAction.EXPORT_IDENTITY, context),
        remind_url=_remind_url(context, requested),
    )
    return (page, 422) if requested.faults else page


def _remind_url(context: ReportPlaceContext, requested: ReportRequest) -> str:
    """Return where the people of the list are reminded; nothing where a reminder has no such filter, or the actor may send none."""
    state = requested.state.value if requested.state else ""
    is_plain = requested.part is PlacePart.ALL and not requested.words and not requested.time.is_past
    if requested.obligation is None or not is_plain or (state and state not in NEEDED) or not allows(ReminderAction.SEND, context):
        return ""
    return url_for("compliance_reminders.remind", obligation=requested.obligation.uuid, place=context.place.uuid, state=state)


def _page() -> ReportPage:
    for way in (PageDirection.AFTER, PageDirection.BEFORE):
        person_uuid = as_uuid(request.args.get(way.value, ""))
        if person_uuid is not None:
            return ReportPage(way, person_uuid)
    return ReportPage(PageDirection.LAST if "last" in request.args else PageDirection.AFTER)


@bp.get("/people/<uuid:person>")
@requires(TrainingAction.VIEW, get_reported_person)
def person(context: ReportedPersonContext) -> Answer:
    """Show one person before every obligation that was ever theirs."""
    session, actor, now = current_session(), current_actor(), clock.now()
    after_response.leave_record(lambda recording: record_access(recording, actor, context.person_id, AccessPurpose.TRAINING, now=now))
    rows = report_people.list_obligations_of(session, context.person_id, now)
    return render_template("compliance/report_person.html", person=context, rows=obligation_lines(rows), now=now)
