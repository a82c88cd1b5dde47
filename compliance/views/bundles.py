"""Bundles of evidence of a place: asked for with a reason, packed in the background, downloaded until they end (spec/compulsory 12.4)."""

from collections.abc import Mapping
from typing import cast
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, flash, render_template, request

from compliance.forms.bundles import BundleForm
from compliance.forms.report import ReportRequest, read_report_request
from compliance.pages.bundle_requests import bundle_lines
from compliance.permissions import BundleAction
from compliance.queries.bundle_requests import BundleContext, get_bundle, list_bundles
from compliance.queries.report_basis import list_report_obligations
from compliance.queries.report_places import ReportPlaceContext, get_report_place
from compliance.services import bundle_requests as services
from compliance.services.bundle_requests import BundleRequestValues
from kernel import clock
from kernel.errors import NotFound
from kernel.files import FileStore
from kernel.i18n import _, choose
from kernel.web import after_response
from kernel.web.file_responses import send_content
from kernel.web.limits import limit, limiter
from kernel.web.request import Answer, current_actor, current_session, requires, see_page
from organisations.rules.units import zone_of

bp = Blueprint("compliance_bundles", __name__, url_prefix="/training-report")

RATE = limit("evidence-bundles", "20 per hour")


@bp.get("/<uuid:organisation>/bundles")
@requires(BundleAction.MAKE, get_report_place)
def bundles(context: ReportPlaceContext) -> Answer:
    """List the bundles of a place, with the form of another one."""
    form = BundleForm(formdata=None)
    form.number.data = str(uuid4())
    return _page(context, _read(context, request.args), form)


@bp.post("/<uuid:organisation>/bundles")
@requires(BundleAction.MAKE, get_report_place)
def request_bundle(context: ReportPlaceContext) -> Answer:
    """Let a bundle be packed in the background."""
    actor, form, requested = current_actor(), BundleForm(), _read(context, request.form)
    is_sound = form.validate_on_post()
    if not is_sound or requested.faults or not requested.every:
        return _page(context, requested, form), 422
    limiter().use(RATE, str(actor.person_id))
    values = BundleRequestValues(
        context.place.id, requested.obligation, requested.time, bool(form.has_files.data), form.reason.data or "", form.identity()
    )
    services.request_bundle(current_session(), actor, values, now=clock.now())
    flash(_("The bundle is being prepared. You will be notified when it is ready."), "ok")
    return see_page("compliance_bundles.bundles", organisation=context.place.uuid)


@bp.get("/bundles/<uuid:bundle>/file")
@requires(BundleAction.MAKE, get_bundle)
def download(context: BundleContext) -> Answer:
    """Send a bundle to be saved, and record who took it."""
    row, actor, now = context.bundle, current_actor(), clock.now()
    if row.sha256 is None or row.ready_at is None:
        raise NotFound
    files = cast("FileStore", current_app.extensions["files"])
    sent = send_content(files, row.sha256, services.MEDIA_TYPE, services.file_name(row), inline=False, cache_control="no-store")
    if request.method == "GET":
        after_response.leave_record(lambda session: services.record_download(session, actor, row, now=now))
    return sent


def _read(context: ReportPlaceContext, given: Mapping[str, str]) -> ReportRequest:
    zone = ZoneInfo(zone_of(context.by_number, context.place.id))
    return read_report_request(given, list_report_obligations(current_session(), context.path[0].id), zone, clock.now())


def _page(context: ReportPlaceContext, requested: ReportRequest, form: BundleForm) -> str:
    return render_template(
        "compliance/bundles.html",
        place=context.place,
        path=context.path,
        asked=requested,
        options=[(obligation.key, choose(obligation.title)) for obligation in requested.every],
        form=form,
        rows=bundle_lines(list_bundles(current_session(), context.place.id), clock.now()),
    )
