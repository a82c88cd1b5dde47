"""Actas: made from the report of a place, drawn anew from their moments, compared with the register (spec/compulsory 12.3)."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, make_response, render_template, request

from compliance.forms.bundles import NumberedForm
from compliance.forms.report import read_report_request
from compliance.models import TrainingActa
from compliance.pages.acta_pdf import render_acta
from compliance.pages.actas import ActaView, acta_file_name, acta_view
from compliance.pages.report import STATE_WORDS
from compliance.permissions import TrainingReportAction
from compliance.queries import actas as queries
from compliance.queries.actas import ActaContext
from compliance.queries.report_basis import list_report_obligations
from compliance.queries.report_places import ReportPlaceContext, get_report_place
from compliance.rules.actas import CODE_LENGTH, ActaVerdict, acta_verdict
from compliance.services import actas as services
from compliance.services.actas import ActaValues
from kernel import clock
from kernel.codes import printed_code, read_code
from kernel.errors import N_, Gone, Invalid
from kernel.i18n import _
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import Answer, allows, current_actor, current_session, public, requires, see_page, site_address
from organisations.rules.units import zone_of

bp = Blueprint("compliance_actas", __name__)

RATE = limit("actas", "20 per hour")
LOOK_UPS = limit("acta-look-ups", "60 per minute")


@bp.post("/training-report/<uuid:organisation>/actas")
@requires(TrainingReportAction.EXPORT, get_report_place)
def make(context: ReportPlaceContext) -> Answer:
    """Make an acta of what the page of the report shows, and lead to its PDF."""
    session, actor, form, now = current_session(), current_actor(), NumberedForm(), clock.now()
    zone = ZoneInfo(zone_of(context.by_number, context.place.id))
    requested = read_report_request(request.form, list_report_obligations(session, context.path[0].id), zone, now)
    if not form.validate_on_post() or requested.obligation is None or requested.faults:
        raise Invalid(N_("An acta is of one compulsory training and one day. Choose both in the report."))
    limiter().use(RATE, str(actor.person_id))
    row = services.make_acta(session, actor, ActaValues(context.place.id, requested.obligation, requested.time, form.identity()), now=now)
    return see_page("compliance_actas.download", code=printed_code(row.code))


class ActaReading(NamedTuple):
    """An acta with what the register says of it now; without content where no records are kept."""

    verdict: ActaVerdict
    view: ActaView | None
    file_name: str


def _read(row: TrainingActa) -> ActaReading:
    """Count the numbers of an acta as known then, and as known now."""
    session = current_session()
    scope = queries.get_acta_scope(session, row)
    then, now = (queries.count_acta(session, row, scope, known) for known in (row.known, clock.now()))
    texts = queries.get_acta_texts(session, row, row.at.astimezone(scope.zone).date())
    view = None if then is None else acta_view(row, scope, texts, then, site_address())
    return ActaReading(acta_verdict(row.digest, then, now), view, acta_file_name(row, scope))


@bp.get("/training-report/actas/<code>.pdf")
@requires(TrainingReportAction.EXPORT, queries.get_acta)
def download(context: ActaContext) -> Response:
    """Draw an acta from its moments; where the register no longer has its numbers, none is drawn."""
    reading = _read(context.acta)
    if reading.view is None or reading.verdict is ActaVerdict.DIFFERENT:
        raise Gone(N_("The register no longer has the numbers of this acta, so it can no longer be downloaded."))
    response = make_response(render_acta(reading.view))
    response.content_type = "application/pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{reading.file_name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/acta/<code>")
@public
def verify(code: str) -> Answer:
    """Say whether the numbers of an acta are those of the register, without naming people."""
    limiter().use(LOOK_UPS, client_key())
    row = queries.find_acta(current_session(), code)
    stored = read_code(code, CODE_LENGTH)
    reading = _read(row) if row is not None else None
    page = render_template(
        "compliance/acta.html",
        acta=reading.view if reading is not None else None,
        verdict=reading.verdict.value if reading is not None else "",
        code=printed_code(stored) if stored else code[:40],
        words_of={state: _(label) for state, label in STATE_WORDS.items()},
        checked_at=clock.now(),
        may_download=row is not None and _may_download(row),
    )
    return page if row is not None else (page, 404)


def _may_download(row: TrainingActa) -> bool:
    actor = current_actor()
    return not actor.is_anonymous and allows(TrainingReportAction.EXPORT, queries.get_acta(current_session(), actor, row.code))
