"""Pages on which everybody verifies certificates as files, online and offline, and the words of their verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hmac import compare_digest

from flask import Blueprint, Response, make_response, request
from wtforms import MultipleFileField

from certificates import credentials
from certificates.access import CertificateAction
from certificates.badges import badge_content
from certificates.keys import verifier_keys
from certificates.models import Credential
from certificates.offline import OfflinePage, page_of_today
from certificates.rules import verification
from certificates.rules.badges import BadgeContent
from certificates.rules.credentials import CODE_LENGTH, CredentialState, RevocationReason
from certificates.rules.transcripts import TranscriptContent, printed_codes
from certificates.rules.verification import DocumentFault
from certificates.sealing import MOST_BYTES, MOST_FILES, FileFault, FileFinding, FileVerdict, VerifierKeys, judge_files
from certificates.transcripts import present_states
from certificates.views.transcripts import PresentStates, TranscriptView, made_view
from kernel import clock
from kernel.codes import printed_code, read_code
from kernel.errors import DomainError
from kernel.feature import PAGES_OF_CODES, PAGES_OF_FILES
from kernel.files import checksum, shown_name
from kernel.i18n import _, choose, format_date, lazy_, local, site_day
from kernel.sandbox import SandboxLimits, run_sandboxed
from kernel.web.forms import Form, line
from kernel.web.instance_keys import current_keys, current_seal_keys
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import (
    Answer,
    conditional,
    current_session,
    current_settings,
    page,
    public,
    release_connection,
    requires,
    see_other,
    see_page,
    site_address,
)

REVOKED_FOR = {
    RevocationReason.ISSUED_BY_MISTAKE: lazy_("It was issued by mistake"),
    RevocationReason.CONDITIONS_NOT_MET: lazy_("The course's requirements were not met"),
    RevocationReason.IRREGULARITY: lazy_("Irregularity in the course or the assessment"),
    RevocationReason.ON_REQUEST: lazy_("At the holder's request"),
}
"""Why a certificate was revoked, as everybody reads it."""


class FilesToVerifyForm(Form):
    """Certificates as files."""

    files = MultipleFileField(lazy_("Files"))

    def uploads(self) -> list[tuple[str, bytes]]:
        """Return the names and contents of the files, none where there is a fault; of a large one more than may be read, to be refused."""
        sent = [upload for upload in self.files.data or () if getattr(upload, "filename", "")]
        if not sent:
            self.refuse(self.files, _("Choose at least one file."))
        if len(sent) > MOST_FILES:
            self.refuse(self.files, _("Choose at most %(most)s files at a time.", most=MOST_FILES))
        contents = [(shown_name(upload.filename), upload.read(MOST_BYTES + 1)) for upload in sent[: MOST_FILES + 1]]
        for upload in sent:
            upload.close()
        return [] if self.faults else contents


class IdentityNumberForm(Form):
    """An identity number that is compared with that of a certificate's holder."""

    number = line(lazy_("Identity number"), most=40, required=lazy_("Type the identity number."))

    def matches(self, printed: str) -> bool:
        """Return whether the number is this one, however it is grouped; in equal time either way."""
        return compare_digest(_bare(self.number.data or "").encode(), _bare(printed).encode())


def _bare(number: str) -> str:
    return "".join(sign for sign in number.upper() if sign.isalnum())


REPLACED_BY = {
    CredentialState.VALID: verification.REPLACED_BY,
    CredentialState.EXPIRED: verification.REPLACED_BY_EXPIRED,
    CredentialState.REVOKED: verification.REPLACED_BY_REVOKED,
}
"""By the state of what stands in the place of a certificate."""
CHANGED = lazy_("The file is not as it was issued, or it was not issued here. Ask for the original file, or look its code up.")
SAVED_AGAIN = lazy_("A program has encrypted it or saved it again, so nothing can be compared. Ask for the file as it was downloaded.")
NOT_A_CERTIFICATE = lazy_("It is damaged, larger than 2 MB, or not a PDF, JSON, JWT, PNG or SVG file.")
OTHER_CODE = lazy_("The sheet names the code %(code)s, and the credential within it is another one: the one shown here.")
OTHER_SITE = lazy_("Another site issued it: %(issuer)s.")
ONLY_THE_CREDENTIAL = lazy_("Anybody can make such a sheet around a genuine credential. What follows is what was signed.")
COMPARE_STATES = lazy_("Compare the two columns of states: on that day, and today.")
OTHER_DOCUMENT = lazy_("This file names the code %(code)s of a document of this site: compare it with the register")
BEFORE_SEALS = lazy_("The file itself proves nothing. Compare every detail with what the register says.")


RegisterEntry = tuple[Credential, Credential | None]
"""A credential of the register, and what stands in its place today."""


@dataclass(frozen=True, slots=True)
class FileVerdictView:
    """A file and its verdict: `kind` is good, warn or bad; the facts are those that were signed, empty where there are none."""

    name: str
    kind: str
    icon: str
    verdict: str
    advice: str
    person_name: str = ""
    course_title: str = ""
    institution: str = ""
    issued_on: date | None = None
    code: str = ""
    transcript: TranscriptView | None = None
    """Of a transcript: its records, with their states on its day and today."""
    address: str = ""
    """Of the page that says what the register knows of its code; empty of a certificate, whose page follows from the code."""


def code_of(finding: FileFinding) -> str:
    """Return the code whose state decides about a file, empty where none does."""
    if finding.badge is not None:
        return finding.badge.code
    return finding.codes[0] if finding.verdict is FileVerdict.WITHOUT_SEAL else ""


def confirmed(finding: FileFinding, entry: RegisterEntry | None, addresses: Sequence[str]) -> FileFinding:
    """Return a finding as the register confirms it: what a compromised key signed and the register does not know alike is altered.

    Who has the key can claim any moment, and any name (spec/certificates K4).
    """
    if finding.compromised_since is None or finding.badge is None:
        return finding
    known = (badge_content(entry[0], address) for address in addresses) if entry else ()
    claimed = _achievement(finding.badge)
    if any(_achievement(badge) == claimed for badge in known if badge):
        return finding
    return replace(finding, verdict=FileVerdict.ALTERED, badge=None, fault=DocumentFault.COMPROMISED_KEY)


def _achievement(badge: BadgeContent) -> tuple[BadgeContent, date | None]:
    """Return the achievement that the register confirms of a badge, and its last day: former badges end at another hour of it."""
    return replace(badge, description="", criteria="", valid_until=None), site_day(badge.valid_until) if badge.valid_until else None


def verdict_view(finding: FileFinding, entry: RegisterEntry | None, seals_since: datetime, present: PresentStates) -> FileVerdictView:
    """Return a file and its verdict in the reader's language; `present` are the states today of what transcripts name."""
    if finding.transcript is not None:
        return _on_transcript(finding, finding.transcript, present)
    if finding.verdict is FileVerdict.UNREADABLE:
        advice = SAVED_AGAIN if finding.fault == FileFault.SAVED_AGAIN else NOT_A_CERTIFICATE
        return FileVerdictView(finding.name, "warn", "file-text", _(verification.UNREADABLE), str(advice))
    if finding.verdict is FileVerdict.WITHOUT_SEAL:
        return _without_seal(finding, entry, seals_since)
    if finding.badge is None or finding.verdict is FileVerdict.ALTERED:
        return _altered(finding)
    kind, icon, verdict = state_in_words(entry)
    advice = ""
    if finding.verdict is FileVerdict.UNSEALED:
        advice = f"{ONLY_THE_CREDENTIAL} {verdict}."
        kind, icon, verdict = "warn", "triangle-alert", _(verification.UNSEALED)
    return _signed(FileVerdictView(finding.name, kind, icon, verdict, advice), finding.badge)


def _on_transcript(finding: FileFinding, content: TranscriptContent, present: PresentStates) -> FileVerdictView:
    view, day = made_view(content, present), format_date(local(content.made_at))
    kind, icon, verdict = (
        ("warn", "history", _(verification.TRANSCRIPT_CHANGED, day=day))
        if view.has_changed
        else ("good", "check", _(verification.TRANSCRIPT_SAME, day=day))
    )
    advice = str(COMPARE_STATES) if view.has_changed else ""
    if finding.verdict is FileVerdict.UNSEALED:
        advice = f"{ONLY_THE_CREDENTIAL} {verdict}."
        kind, icon, verdict = "warn", "triangle-alert", _(verification.UNSEALED)
    return FileVerdictView(
        finding.name,
        kind,
        icon,
        verdict=verdict,
        advice=advice,
        person_name=content.person_name,
        course_title=_("Transcript of records"),
        institution=content.institution,
        issued_on=local(content.made_at).date(),
        code=content.code,
        transcript=view,
    )


def _altered(finding: FileFinding) -> FileVerdictView:
    differs = finding.fault == FileFault.OTHER_CODE and finding.badge is not None
    others = [code for code in finding.codes if finding.badge is None or code != finding.badge.code]
    advice = str(OTHER_CODE) % {"code": ", ".join(others)} if differs else str(CHANGED)
    if finding.issuer:
        advice = str(OTHER_SITE) % {"issuer": finding.issuer}
    view = FileVerdictView(finding.name, "bad", "x", _(verification.ALTERED), advice)
    return _signed(view, finding.badge) if differs and finding.badge is not None else view


def _signed(view: FileVerdictView, badge: BadgeContent) -> FileVerdictView:
    return replace(
        view,
        person_name=badge.person_name,
        course_title=badge.title,
        institution=badge.issuer_name,
        issued_on=local(badge.valid_from).date(),
        code=badge.code,
    )


def _without_seal(finding: FileFinding, entry: RegisterEntry | None, seals_since: datetime) -> FileVerdictView:
    if entry is None:
        return FileVerdictView(finding.name, "bad", "x", _(verification.ALTERED), str(CHANGED))
    row, day = entry[0], local(seals_since)
    text = _("Sheet without a seal, issued before %(day)s: compare it with the register", day=format_date(day))
    return FileVerdictView(
        finding.name,
        "warn",
        "triangle-alert",
        verdict=text,
        advice=f"{BEFORE_SEALS} {state_in_words(entry)[2]}.",
        person_name=row.person_name,
        course_title=choose(dict(row.course_titles)),
        institution=row.institution,
        issued_on=row.issued_on,
        code=row.printed_code,
    )


def state_in_words(entry: RegisterEntry | None) -> tuple[str, str, str]:
    """Return the kind, the icon and the words of a genuine credential's state."""
    if entry is None:
        return "warn", "circle-help", _(verification.UNKNOWN)
    (row, after), state = entry, credentials.state(entry[0])
    if state is CredentialState.VALID:
        return "good", "check", _(verification.IN_FORCE)
    if state is CredentialState.EXPIRED and row.expires_on:
        return "warn", "calendar-clock", _(verification.EXPIRED, day=format_date(row.expires_on))
    if state is CredentialState.REPLACED:
        text = _(REPLACED_BY[credentials.state(after)], code=after.printed_code) if after else _(verification.REPLACED)
        return "warn", "history", text
    day = format_date(local(row.revoked_at)) if row.revoked_at else ""
    if row.revoked_class:
        return "bad", "x", _(verification.REVOKED_FOR, day=day, why=REVOKED_FOR[RevocationReason(row.revoked_class)])
    return "bad", "x", _(verification.REVOKED_ON, day=day)


offline_bp = Blueprint("certificates_offline", __name__)


def present_page() -> OfflinePage:
    """Return the page as the present request gives it."""
    keys, seals = current_keys(), current_seal_keys()
    return page_of_today(current_session(), current_settings(), site_address(), keys, seals, now=clock.now())


@offline_bp.get("/verify/offline.html")
@public("everybody may verify without a network: certificate.verify")
def offline_page() -> Response:
    """Send the page; its own policy lets a browser run nothing but its script, and open no address."""
    page = present_page()
    response = make_response(page.content)
    response.content_type = "text/html; charset=utf-8"
    response.headers["Content-Security-Policy"] = f"{page.policy}; frame-ancestors 'none'"
    response.headers["Cache-Control"] = "public, no-cache"
    response.set_etag(page.sha256)
    return conditional(response)


verification_bp = Blueprint("certificates_verification", __name__)

FILES = limit("verify_files", "20 per minute")
BODY_LIMIT = MOST_FILES * MOST_BYTES + 100_000
LARGEST_SHOWN = 2_000_000
"""Bytes of a file as the page names its limit, which is a little higher."""
READING = SandboxLimits(memory=200_000_000, seconds=10, patience=10)


def _page_of_code(code: str) -> str | None:
    """Return the address of the page that knows a code that is no certificate's."""
    session = current_session()
    return next(filter(None, (find(session, code) for find in PAGES_OF_CODES.of(session))), None)


@verification_bp.get("/verify")
@public("asks for a code or files")
def verify_form() -> Answer:
    """Take a code, and lead to what the register says of it."""
    typed = request.args.get("code", "").strip()[:64]
    code = read_code(typed, CODE_LENGTH) if typed else None
    if code is not None:
        address = _page_of_code(code)
        return see_other(address) if address else see_page("certificates.verify", code=printed_code(code))
    return _form_page(FilesToVerifyForm(), typed), 422 if typed else 200


@verification_bp.post("/verify")
@requires(CertificateAction.VERIFY, reads_first=True, body_limit=BODY_LIMIT)
def verify_files() -> Answer:
    """Judge files: their seals and signatures in a process of its own, and what the register says of their codes."""
    limiter().use(FILES, client_key())
    form = FilesToVerifyForm()
    files = form.uploads() if form.validate_on_submit() else []
    if not files:
        return _form_page(form)
    keys, given_out = trusted_keys(), _given_out(files)
    judged = [file for file, address in zip(files, given_out, strict=True) if not address]
    release_connection()
    try:
        findings = run_sandboxed(judge_files, judged, keys, bounds=READING) if judged else []
    except DomainError as refused:
        form.refuse(form.files, _(refused.text))
        return _form_page(form)
    return page(
        "certificates/verify_files.html",
        files=_verdicts(findings),
        given_out=[(name, address) for (name, _content), address in zip(files, given_out, strict=True) if address],
        form=form,
        most=MOST_FILES,
        largest=LARGEST_SHOWN,
        checked_at=clock.now(),
    )


def _given_out(files: Sequence[tuple[str, bytes]]) -> list[str]:
    """Return for each file, by its position, the address of the page that knows it byte for byte; empty where none does."""
    session = current_session()
    return [next(filter(None, (find(session, checksum(content)) for find in PAGES_OF_FILES.of(session))), "") for _name, content in files]


def trusted_keys() -> VerifierKeys:
    """Return the keys by which this site judges files."""
    return verifier_keys(current_keys(), current_seal_keys(), _addresses())


def _addresses() -> list[str]:
    """Return the addresses that the site has or had."""
    return [site_address(), *current_settings().former_addresses]


def _form_page(form: FilesToVerifyForm, typed: str = "") -> Response:
    problem = _("This is not a valid certificate code.") if typed else ""
    offline = present_page()
    return page(
        "certificates/verify_form.html",
        code=typed,
        problem=problem,
        form=form,
        most=MOST_FILES,
        largest=LARGEST_SHOWN,
        fingerprint=current_keys().trusted[0].printed_fingerprint,
        offline_sha256=offline.sha256,
        offline_signature=current_keys().sign(offline.content),
    )


def _verdicts(findings: Sequence[FileFinding]) -> list[FileVerdictView]:
    seals_since = min(key.history.begun_at or current_seal_keys().current.begins for key in current_seal_keys().trusted)
    known = credentials.find_entries(current_session(), [code.replace("-", "") for code in map(code_of, findings) if code])
    entries = {row.printed_code: (row, after) for row, after in known}
    named = [code for finding in findings if finding.transcript for code in printed_codes(finding.transcript.records)]
    present = present_states(current_session(), named) if named else {}
    judged = [(entries.get(code_of(finding)), finding) for finding in findings]
    return [
        _on_other_document(finding, entry) or verdict_view(confirmed(finding, entry, _addresses()), entry, seals_since, present)
        for entry, finding in judged
    ]


def _on_other_document(finding: FileFinding, entry: RegisterEntry | None) -> FileVerdictView | None:
    """Return a sheet without a seal that names the code of something else than a certificate, with the page that knows it."""
    code = code_of(finding)
    if entry is not None or finding.verdict is not FileVerdict.WITHOUT_SEAL or (address := _page_of_code(code)) is None:
        return None
    text, advice = str(OTHER_DOCUMENT) % {"code": code}, str(BEFORE_SEALS)
    return FileVerdictView(finding.name, "warn", "triangle-alert", text, advice, code=code, address=address)
