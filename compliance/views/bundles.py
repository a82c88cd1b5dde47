"""Pages of bundles of evidence; days and obligation are read as those of a report are."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, request
from wtforms import BooleanField, HiddenField

from compliance import bundle_requests
from compliance.access import BundleAction
from compliance.assignments import StatusesBehind
from compliance.bundle_requests import BundleContext, get_bundle, list_bundles
from compliance.models import Bundle
from compliance.report import ReportPlaceContext, list_report_obligations
from compliance.views.report import ReportRequest, get_place_then, read_report_request
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _, choose, lazy_
from kernel.web import after_response
from kernel.web.file_responses import send_content
from kernel.web.forms import Form, as_uuid, line
from kernel.web.limits import limit, limiter
from kernel.web.request import Answer, current_actor, current_session, file_store, page, requires, see_page


class NumberedForm(Form):
    """A form with a number of its own, so that a second click has no second effect."""

    number = HiddenField()

    def identity(self) -> UUID:
        """Return the number of the form; a new one where it has none."""
        return as_uuid(self.number.data or "") or uuid4()


class BundleForm(NumberedForm):
    """The reason of a bundle, and what else is to be in it."""

    reason = line(lazy_("Reason"), most=300, required=lazy_("Enter the reason: it is kept in the audit log."))
    has_files = BooleanField(lazy_("Include the files that prove waivers and recognitions"))


class BundleStage(StrEnum):
    """The stages of a bundle, from its request to its end."""

    PACKING = "packing"
    READY = "ready"
    ENDED = "ended"
    FAILED = "failed"


def _stage(row: Bundle, now: datetime) -> BundleStage:
    if row.ended_at is not None:
        return BundleStage.ENDED
    if row.ready_at is not None:
        return BundleStage.READY
    return BundleStage.FAILED if now - row.asked_at > bundle_requests.GIVEN_UP else BundleStage.PACKING


bp = Blueprint("compliance_bundles", __name__, url_prefix="/training-report")

RATE = limit("evidence-bundles", "20 per hour")


@bp.get("/<uuid:organisation>/bundles")
@requires(BundleAction.MAKE, get_place_then)
def bundles(context: ReportPlaceContext) -> Answer:
    """List the bundles of a place, with the form of another one."""
    form = BundleForm(formdata=None)
    form.number.data = str(uuid4())
    return _page(context, _read(context, request.args), form)


@bp.post("/<uuid:organisation>/bundles")
@requires(BundleAction.MAKE, get_place_then)
def request_bundle(context: ReportPlaceContext) -> Answer:
    """Let a bundle be packed in the background."""
    actor, form, requested = current_actor(), BundleForm(), _read(context, request.form)
    is_sound = form.validate_on_submit()
    if not is_sound or requested.faults or not requested.every:
        return _page(context, requested, form), 422
    limiter().use(RATE, str(actor.person_id))
    try:
        bundle_requests.request_bundle(
            current_session(),
            actor,
            context.place.id,
            requested.obligation,
            requested.time,
            has_files=bool(form.has_files.data),
            reason=form.reason.data or "",
            number=form.identity(),
            now=requested.now,
        )
    except StatusesBehind as refused:
        form.form_errors.append(_(refused.text))
        return _page(context, requested, form), 409
    flash(_("The bundle is being prepared. You will be notified when it is ready."), "ok")
    return see_page("compliance_bundles.bundles", organisation=context.place.uuid)


@bp.get("/bundles/<uuid:bundle>/file")
@requires(BundleAction.MAKE, get_bundle)
def download(context: BundleContext) -> Answer:
    """Send a bundle to be saved, and record who took it."""
    row, actor, now = context.bundle, current_actor(), clock.now()
    if row.sha256 is None or row.ready_at is None:
        raise NotFound
    files = file_store()
    sent = send_content(
        files, row.sha256, bundle_requests.MEDIA_TYPE, bundle_requests.file_name(row), inline=False, cache_control="no-store"
    )
    if request.method == "GET":
        after_response.leave_record(lambda session: bundle_requests.record_download(session, actor, row, now=now))
    return sent


def _read(context: ReportPlaceContext, given: Mapping[str, str]) -> ReportRequest:
    return read_report_request(given, list_report_obligations(current_session(), context.path[0].id), context.zone, clock.now())


def _page(context: ReportPlaceContext, requested: ReportRequest, form: BundleForm) -> Response:
    now, every = clock.now(), _("All compulsory training")
    return page(
        "compliance/bundles.html",
        place=context.place,
        asked=requested,
        options=[(obligation.key, choose(obligation.title)) for obligation in requested.every],
        form=form,
        rows=[
            (row, choose(title) if title else every, person, _stage(row, now))
            for row, title, person in list_bundles(current_session(), context.place.id)
        ],
    )
