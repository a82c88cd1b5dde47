"""Transcripts: one's own with its making, a person's for administrators, and what the register says of one that was made (R6, R7)."""

import hashlib
from typing import cast
from uuid import uuid4

from flask import Blueprint, Response, flash, make_response, render_template, request

from accounts import access_log
from accounts.models import Person
from accounts.privacy import AccessPurpose
from certificates.forms.transcripts import TranscriptForm
from certificates.models import Transcript
from certificates.pages.transcripts import made_view, present_view
from certificates.permissions import HolderContext, TranscriptAction, TranscriptContext
from certificates.queries import transcripts as queries
from certificates.rules.transcripts import printed_codes, read_stored
from certificates.services import transcripts as services
from certificates.services.transcripts import TranscriptOrder, TranscriptSealer
from kernel import clock
from kernel.codes import printed_code
from kernel.i18n import _, language
from kernel.own_records import is_own
from kernel.web.instance_keys import current_keys, current_seal_keys
from kernel.web.limits import limit, limiter
from kernel.web.request import Answer, current_actor, current_session, current_settings, requires, see_page, site_address
from organisations.access import EVERYWHERE

bp = Blueprint("certificates_transcripts", __name__)

RATE = limit("transcripts", "20 per hour")


@bp.get("/transcript")
@requires(TranscriptAction.MAKE)
def own_transcript() -> Answer:
    """Show what the reader completed, and the transcripts that they made."""
    session, person = current_session(), _reader()
    form = TranscriptForm(formdata=None)
    form.number.data = str(uuid4())
    return render_template(
        "certificates/transcript.html",
        transcript=present_view(queries.list_records(session, person, current_settings(), language())),
        person=None,
        name=person.full_name,
        form=form,
        has_open_courses=bool(queries.list_open_courses(session, person, language())),
        made=[{"code": printed_code(row.code), "made_at": row.made_at} for row in queries.list_transcripts(session, person.id)],
    )


@bp.post("/transcript")
@requires(TranscriptAction.MAKE)
def make() -> Answer:
    """Make a transcript with a code of its own."""
    session, actor, form = current_session(), current_actor(), TranscriptForm()
    limiter().use(RATE, str(actor.person_id))
    order = TranscriptOrder(language(), form.identity(), bool(form.has_open_courses.data))
    row = services.make_transcript(session, actor, _reader(), order, current_settings(), current_keys(), now=clock.now())
    flash(_("The transcript has been made. Its code is %(code)s.", code=printed_code(row.code)), "ok")
    return see_page("certificates_transcripts.own_transcript")


def _reader() -> Person:
    return current_session().get_one(Person, current_actor().person_id)


@bp.get("/administration/people/<uuid:person>/transcript")
@requires(TranscriptAction.VIEW, queries.get_holder)
def transcript_of(subject: HolderContext) -> Answer:
    """Show what a person completed, to administrators of an institution its part; others than the person stand in the log."""
    session, person, actor = current_session(), subject.person, current_actor()
    sees_all = actor.is_administrator or is_own(actor, person.id)
    if not is_own(actor, person.id):
        access_log.record_people_access([person.id], AccessPurpose.TRANSCRIPT)
    scope = EVERYWHERE if sees_all else subject.scope
    view = present_view(queries.list_records(session, person, current_settings(), language(), scope))
    return render_template("certificates/transcript.html", transcript=view, person=person, name=person.full_name, sees_all=sees_all)


@bp.get("/transcripts/<code>.pdf")
@requires(TranscriptAction.DOWNLOAD, queries.get_transcript)
def download(subject: TranscriptContext) -> Response:
    """Give a transcript as a sealed PDF, drawn from what was frozen."""
    return _file(_sealer().sealed(subject.row), "application/pdf", _file_name(subject.row, "pdf"))


@bp.get("/transcripts/<code>.json")
@requires(TranscriptAction.DOWNLOAD, queries.get_transcript)
def document(subject: TranscriptContext) -> Response:
    """Give a transcript as JSON: a signed summary, and the badges of its certificates."""
    content = _sealer().document(current_session(), subject.row)
    return _file(content, "application/json", _file_name(subject.row, "json"))


def _sealer() -> TranscriptSealer:
    return TranscriptSealer(site_address(), current_keys(), current_seal_keys())


def _file_name(row: Transcript, end: str) -> str:
    word = {"es": "expediente"}.get(read_stored(row.content, "").language, "transcript")
    return f"{word}-{printed_code(row.code)}.{end}"


def _file(content: bytes, media_type: str, name: str) -> Response:
    response = make_response(content)
    response.content_type = media_type
    response.headers["Content-Disposition"] = f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(hashlib.sha256(content).hexdigest())
    return cast("Response", response.make_conditional(request))


def verification_page(row: Transcript) -> str:
    """Say what a transcript said on its day, and beside each record what the register says of it today."""
    holds = services.has_signature(row, current_keys())
    content = read_stored(row.content, site_address()) if holds and row.content else None
    present = queries.present_states(current_session(), printed_codes(content.records)) if content else {}
    actor = current_actor()
    return render_template(
        "certificates/verify_transcript.html",
        code=printed_code(row.code),
        made_at=row.made_at,
        is_deleted=not row.content,
        content=content,
        transcript=made_view(content, present) if content else None,
        checked_at=clock.now(),
        is_own=not actor.is_anonymous and is_own(actor, row.person_id),
    )
