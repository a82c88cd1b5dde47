"""Bulk downloads of certificates: requested from the register, with a page of their progress, and their files."""

from typing import cast
from uuid import uuid4

from flask import Blueprint, Response, current_app, flash, render_template, request

from certificates.permissions import BulkContext, CertificateAction, RegisterContext
from certificates.queries import bulk as queries
from certificates.queries.register import get_register
from certificates.services import bulk as services
from certificates.views.register import read_request
from courses.models import Course
from kernel import clock
from kernel.errors import NotFound
from kernel.files import FileStore
from kernel.i18n import _
from kernel.web import after_response
from kernel.web.file_responses import send_content
from kernel.web.forms import as_uuid
from kernel.web.limits import limit, limiter
from kernel.web.request import Answer, current_actor, current_session, requires, see_page

bp = Blueprint("certificates_bulk", __name__)

RATE = limit("bulk-downloads", "20 per hour")


@bp.post("/administration/certificates/downloads")
@bp.post("/teaching/<slug>/certificates/downloads")
@requires(CertificateAction.BULK_ZIP, get_register)
def request_download(context: RegisterContext) -> Answer:
    """Let the certificates of a list be drawn as files."""
    session, actor, (listed, _choices) = current_session(), current_actor(), read_request(context)
    ids = [] if listed.faults else queries.list_ids(session, listed.wanted, listed.sort)
    if not ids:
        flash(_("No certificates match this filter."), "warn")
        slug = {"slug": context.course.slug} if context.course else {}
        return see_page(
            "certificates_register.course_register" if slug else "certificates_register.register", **dict(listed.fields, **slug)
        )
    limiter().use(RATE, str(actor.person_id))
    number = as_uuid(request.form.get("number", "")) or uuid4()
    course_id = context.course.id if context.course else None
    institutions = queries.list_institution_ids(session, ids) if context.course or context.institution_keys is not None else []
    if len(institutions) > 1 and context.course is None:
        flash(_("These certificates are of several institutions. Filter them so that all are of one institution."), "warn")
        return see_page("certificates_register.register", **listed.fields)
    institution_id = institutions[0] if len(institutions) == 1 else None  # whose administrators may open it too
    row = services.request_download(session, actor, course_id, ids, number, institution_id=institution_id, now=clock.now())
    return see_page("certificates_bulk.download", download=row.uuid)


@bp.get("/certificate-downloads/<uuid:download>")
@requires(CertificateAction.OPEN_BULK_ZIP, queries.get_download)
def download(context: BulkContext) -> str:
    """Show how far a bulk download is, and its files."""
    session, row = current_session(), context.row
    course = session.get(Course, row.course_id) if row.course_id else None
    return render_template(
        "certificates/bulk_download.html",
        download=row,
        files=queries.list_files(session, row.id),
        course_slug=course.slug if course else "",
        stage=_stage(context),
    )


def _stage(context: BulkContext) -> str:
    row = context.row
    stages = {"cancelled": row.cancelled_at, "ready": row.ready_at, "paused": row.paused_at, "waiting": row.is_waiting or None}
    return next((stage for stage, since in stages.items() if since is not None), "drawing")


@bp.post("/certificate-downloads/<uuid:download>/pause")
@requires(CertificateAction.OPEN_BULK_ZIP, queries.get_download)
def pause(context: BulkContext) -> Answer:
    """Let the work rest."""
    services.pause_download(current_session(), current_actor(), context.row, now=clock.now())
    return _back(context)


@bp.post("/certificate-downloads/<uuid:download>/resumption")
@requires(CertificateAction.OPEN_BULK_ZIP, queries.get_download)
def resume(context: BulkContext) -> Answer:
    """Let paused work go on."""
    services.resume_download(current_session(), current_actor(), context.row, now=clock.now())
    return _back(context)


@bp.post("/certificate-downloads/<uuid:download>/cancellation")
@requires(CertificateAction.OPEN_BULK_ZIP, queries.get_download)
def cancel(context: BulkContext) -> Answer:
    """End a download, and delete its files."""
    services.cancel_download(current_session(), current_actor(), context.row, now=clock.now())
    return _back(context)


def _back(context: BulkContext) -> Response:
    return see_page("certificates_bulk.download", download=context.row.uuid)


@bp.get("/certificate-downloads/<uuid:download>/files/<int:number>")
@requires(CertificateAction.OPEN_BULK_ZIP, queries.get_download)
def file(context: BulkContext) -> Answer:
    """Send a file to be saved, and record who took it."""
    number, actor, now = (request.view_args or {})["number"], current_actor(), clock.now()
    bulk_file = next((candidate for candidate in queries.list_files(current_session(), context.row.id) if candidate.number == number), None)
    if bulk_file is None or bulk_file.sha256 is None or bulk_file.ended_at is not None or context.row.cancelled_at is not None:
        raise NotFound
    files = cast("FileStore", current_app.extensions["files"])
    sent = send_content(
        files, bulk_file.sha256, services.MEDIA_TYPE, services.file_name(context.row, bulk_file), inline=False, cache_control="no-store"
    )
    if request.method == "GET":
        after_response.leave_record(lambda session: services.record_download(session, actor, bulk_file, now=now))
    return sent
