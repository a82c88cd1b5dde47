"""Pages where everybody verifies a certificate by its code or as a file; nothing that is sent is kept."""

from collections.abc import Sequence

from flask import Blueprint, render_template, request

from certificates.file_judgement import MOST_BYTES, MOST_FILES, FileFinding, VerifierKeys, judge_files
from certificates.forms.verification import FilesToVerifyForm
from certificates.pages.verdicts import FileVerdictView, RegisterEntry, code_of, confirmed, verdict_view
from certificates.permissions import CertificateAction
from certificates.queries import credentials as queries
from certificates.queries.transcripts import present_states
from certificates.rules.credentials import CODE_LENGTH
from certificates.rules.transcripts import printed_codes
from certificates.services.verifiers import verifier_keys
from certificates.views.offline import present_page
from kernel import clock
from kernel.codes import printed_code, read_code
from kernel.errors import DomainError
from kernel.files import checksum
from kernel.i18n import _
from kernel.sandbox import SandboxLimits, run_sandboxed
from kernel.web.instance_keys import current_keys, current_seal_keys
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import (
    Answer,
    current_session,
    current_settings,
    public,
    release_connection,
    requires,
    see_other,
    see_page,
    site_address,
)

bp = Blueprint("certificates_verification", __name__)

FILES = limit("verify_files", "20 per minute")
BODY_LIMIT = MOST_FILES * MOST_BYTES + 100_000
LARGEST_SHOWN = 2_000_000
"""Bytes of a file as the page names its limit, which is a little higher."""
READING = SandboxLimits(memory=200_000_000, seconds=10, patience=10)


@bp.get("/verify")
@public
def verify_form() -> Answer:
    """Take a code, and lead to what the register says of it."""
    typed = request.args.get("code", "").strip()[:64]
    code = read_code(typed, CODE_LENGTH) if typed else None
    if code is not None:
        others = (find(current_session(), code) for find in current_session().info["verified"])
        address = next(filter(None, others), None)
        return see_other(address) if address else see_page("certificates.verify", code=printed_code(code))
    return _form_page(FilesToVerifyForm(), typed), 422 if typed else 200


@bp.post("/verify")
@requires(CertificateAction.VERIFY, reads_first=True, body_limit=BODY_LIMIT)
def verify_files() -> Answer:
    """Judge files: their seals and signatures in a process of its own, and what the register says of their codes."""
    limiter().use(FILES, client_key())
    form = FilesToVerifyForm()
    files = form.uploads() if form.validate_on_post() else []
    if not files:
        return _form_page(form), 422
    keys, given_out = trusted_keys(), _given_out(files)
    judged = [file for file, address in zip(files, given_out, strict=True) if not address]
    release_connection()
    try:
        findings = run_sandboxed(judge_files, judged, keys, bounds=READING) if judged else []
    except DomainError as refused:
        form.refuse(form.files, _(refused.text))
        return _form_page(form), 422
    return render_template(
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
    return [
        next(filter(None, (find(session, checksum(content)) for find in session.info["verified_files"])), "") for _name, content in files
    ]


def trusted_keys() -> VerifierKeys:
    """Return the keys by which this site judges files."""
    return verifier_keys(current_keys(), current_seal_keys(), _addresses())


def _addresses() -> list[str]:
    """Return the addresses that the site has or had."""
    return [site_address(), *current_settings().former_addresses]


def _form_page(form: FilesToVerifyForm, typed: str = "") -> str:
    problem = _("This is not a valid certificate code.") if typed else ""
    offline = present_page()
    return render_template(
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
    known = queries.find_entries(current_session(), [code.replace("-", "") for code in map(code_of, findings) if code])
    entries = {printed_code(row.code): RegisterEntry(row, state, printed_code(after)) for row, state, after in known}
    named = [code for finding in findings if finding.transcript for code in printed_codes(finding.transcript.records)]
    present = present_states(current_session(), named) if named else {}
    judged = [(entries.get(code_of(finding)), finding) for finding in findings]
    return [verdict_view(confirmed(finding, entry, _addresses()), entry, seals_since, present) for entry, finding in judged]
