"""Pages of transcripts: one's own, those of a person for administrators, files of one, and its verification."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, make_response
from wtforms import BooleanField, HiddenField

from accounts import access_log
from accounts.models import Person
from accounts.privacy import AccessPurpose
from certificates import transcripts
from certificates.access import HolderContext, TranscriptAction, TranscriptContext
from certificates.models import Transcript
from certificates.rules.credentials import CredentialState
from certificates.rules.transcripts import (
    NO_CERTIFICATE,
    OpenCourse,
    TranscriptContent,
    TranscriptRecord,
    TranscriptSum,
    printed_codes,
    read_stored,
    sums_of,
)
from certificates.transcript_pdf import printed_length
from certificates.transcripts import TranscriptOrder, TranscriptSealer
from courses.rules import printed_hours
from kernel import clock
from kernel.i18n import _, language, lazy_
from kernel.own_records import is_own
from kernel.web.forms import Form, as_uuid
from kernel.web.instance_keys import current_keys, current_seal_keys
from kernel.web.limits import limit, limiter
from kernel.web.request import Answer, conditional, current_actor, current_session, current_settings, page, requires, see_page, site_address
from organisations.access import EVERYWHERE


class TranscriptForm(Form):
    """The choice to show courses in progress too; its number makes that a second click has no second effect."""

    has_open_courses = BooleanField(lazy_("Include the courses that I have not completed"))
    number = HiddenField()

    def identity(self) -> UUID:
        """Return the number of the form; a new one where it has none."""
        return as_uuid(self.number.data or "") or uuid4()


PresentStates = Mapping[str, tuple[CredentialState, str]]
"""The state of certificates today and the code of what replaced them, by their printed codes."""
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TranscriptView:
    """Everything that a transcript says.

    A row is a record, its length with what it is based on, the state of its certificate today (`none` without one, `unknown` where the
    register has it no more) and the code of what replaced it. A sum is the hours in force of an institution in a year, in words.
    """

    rows: tuple[tuple[TranscriptRecord, Sequence[str], str, str], ...]
    sums: tuple[tuple[str, int, str], ...]
    open_courses: tuple[OpenCourse, ...] = ()

    @property
    def has_changed(self) -> bool:
        """Return whether the register says something else of a record today."""
        return any(now != (record.state or NO_CERTIFICATE) for record, _length, now, _code in self.rows)


def present_view(records: Sequence[TranscriptRecord], open_courses: Sequence[OpenCourse] = ()) -> TranscriptView:
    """Return a person's completed courses as they stand now."""
    rows = tuple((record, printed_length(record), record.state or NO_CERTIFICATE, "") for record in records)
    return TranscriptView(rows, _sums(sums_of(records)), tuple(open_courses))


def made_view(content: TranscriptContent, present: PresentStates) -> TranscriptView:
    """Return a transcript that was made, with the present state of each of its certificates."""
    rows = tuple(
        (
            record,
            printed_length(record),
            *(present.get(record.certificate.code, (UNKNOWN, "")) if record.certificate else (NO_CERTIFICATE, "")),
        )
        for record in content.records
    )
    return TranscriptView(rows, _sums(content.sums), content.open_courses)


def _sums(sums: Sequence[TranscriptSum]) -> tuple[tuple[str, int, str], ...]:
    return tuple((subtotal.institution, subtotal.year, printed_hours(subtotal.hours, language())) for subtotal in sums)


bp = Blueprint("certificates_transcripts", __name__)

RATE = limit("transcripts", "20 per hour")


@bp.get("/transcript")
@requires(TranscriptAction.MAKE)
def own_transcript() -> Answer:
    """Show what the reader completed, and the transcripts that they made."""
    session, person = current_session(), _reader()
    form = TranscriptForm(formdata=None)
    form.number.data = str(uuid4())
    return page(
        "certificates/transcript.html",
        transcript=present_view(transcripts.list_records(session, person, current_settings(), language())),
        person=None,
        name=person.full_name,
        sees_all=True,
        form=form,
        has_open_courses=bool(transcripts.list_open_courses(session, person, language())),
        made=transcripts.list_transcripts(session, person.id),
    )


@bp.post("/transcript")
@requires(TranscriptAction.MAKE)
def make() -> Answer:
    """Make a transcript with a code of its own."""
    session, actor, form = current_session(), current_actor(), TranscriptForm()
    limiter().use(RATE, str(actor.person_id))
    order = TranscriptOrder(language(), form.identity(), bool(form.has_open_courses.data))
    row = transcripts.make_transcript(session, actor, _reader(), order, current_settings(), current_keys(), now=clock.now())
    flash(_("The transcript has been made. Its code is %(code)s.", code=row.printed_code), "ok")
    return see_page("certificates_transcripts.own_transcript")


def _reader() -> Person:
    return current_session().get_one(Person, current_actor().person_id)


@bp.get("/administration/people/<uuid:person>/transcript")
@requires(TranscriptAction.VIEW, transcripts.get_holder)
def transcript_of(subject: HolderContext) -> Answer:
    """Show what a person completed, to administrators of an institution its part; others than the person stand in the log."""
    session, person, actor = current_session(), subject.person, current_actor()
    sees_all = actor.is_administrator or is_own(actor, person.id)
    if not is_own(actor, person.id):
        access_log.record_people_access([person.id], AccessPurpose.TRANSCRIPT)
    scope = EVERYWHERE if sees_all else subject.scope
    view = present_view(transcripts.list_records(session, person, current_settings(), language(), scope))
    return page(
        "certificates/transcript.html",
        transcript=view,
        person=person,
        name=person.full_name,
        sees_all=sees_all,
        form=None,
        has_open_courses=False,
        made=[],
    )


@bp.get("/transcripts/<code>.pdf")
@requires(TranscriptAction.DOWNLOAD, transcripts.get_transcript)
def download(subject: TranscriptContext) -> Response:
    """Give a transcript as a sealed PDF, drawn from what was frozen."""
    return _file(_sealer().sealed(subject.row), "application/pdf", _file_name(subject.row, "pdf"))


@bp.get("/transcripts/<code>.json")
@requires(TranscriptAction.DOWNLOAD, transcripts.get_transcript)
def document(subject: TranscriptContext) -> Response:
    """Give a transcript as JSON: a signed summary, and the badges of its certificates."""
    content = _sealer().document(current_session(), subject.row)
    return _file(content, "application/json", _file_name(subject.row, "json"))


def _sealer() -> TranscriptSealer:
    return TranscriptSealer(site_address(), current_keys(), current_seal_keys())


def _file_name(row: Transcript, end: str) -> str:
    word = {"es": "record-academico"}.get(read_stored(row.content, "").language, "transcript")
    return f"{word}-{row.printed_code}.{end}"


def _file(content: bytes, media_type: str, name: str) -> Response:
    response = make_response(content)
    response.content_type = media_type
    response.headers["Content-Disposition"] = f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(hashlib.sha256(content).hexdigest())
    return conditional(response)


def verification_page(row: Transcript) -> Response:
    """Show a transcript as it was on its day, and beside each record its state in the register today."""
    holds = transcripts.has_signature(row, current_keys())
    content = read_stored(row.content, site_address()) if holds and row.content else None
    present = transcripts.present_states(current_session(), printed_codes(content.records)) if content else {}
    actor = current_actor()
    return page(
        "certificates/verify_transcript.html",
        code=row.printed_code,
        made_at=row.made_at,
        is_deleted=not row.content,
        content=content,
        transcript=made_view(content, present) if content else None,
        checked_at=clock.now(),
        is_own=not actor.is_anonymous and is_own(actor, row.person_id),
    )
