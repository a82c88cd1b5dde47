"""Verdicts on files in words, joined with what the register says of their codes (spec/certificates V2)."""

from dataclasses import dataclass
from datetime import date, datetime

from certificates.file_judgement import FileFault, FileFinding, FileVerdict
from certificates.forms.credentials import REVOKED_FOR
from certificates.models import Credential
from certificates.rules.credentials import CredentialState, RevocationReason
from kernel.codes import printed_code
from kernel.i18n import _, choose, format_date, lazy_, local

CHANGED = lazy_("The file is not as it was issued, or it was not issued here. Ask for the original file, or look its code up.")
SAVED_AGAIN = lazy_("A program has encrypted it or saved it again, so nothing can be compared. Ask for the file as it was downloaded.")
NOT_A_CERTIFICATE = lazy_("It is damaged, longer than 2 MB, or no PDF, JSON, JWT, PNG or SVG.")
OTHER_CODE = lazy_("The sheet names the code %(code)s, and the credential within it is another one: the one shown here.")
ONLY_THE_CREDENTIAL = lazy_("Anybody can make such a sheet around a genuine credential. What follows is what was signed.")
BEFORE_SEALS = lazy_("The file itself proves nothing. Compare every detail with what the register says.")


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """A credential of the register, its state today, and the code of what replaced it."""

    row: Credential
    state: CredentialState
    replacement_code: str = ""


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


def code_of(finding: FileFinding) -> str:
    """Return the code whose state decides about a file, empty where none does."""
    if finding.badge is not None:
        return finding.badge.code
    return finding.codes[0] if finding.verdict is FileVerdict.WITHOUT_SEAL else ""


def verdict_view(finding: FileFinding, entry: RegisterEntry | None, seals_since: datetime) -> FileVerdictView:
    """Return a file and its verdict in the reader's language."""
    if finding.verdict is FileVerdict.UNREADABLE:
        advice = SAVED_AGAIN if finding.fault == FileFault.SAVED_AGAIN else NOT_A_CERTIFICATE
        return FileVerdictView(finding.name, "warn", "file-text", _("It cannot be read"), str(advice))
    if finding.verdict is FileVerdict.WITHOUT_SEAL:
        return _without_seal(finding, entry, seals_since)
    if finding.badge is None or finding.verdict is FileVerdict.ALTERED:
        return _altered(finding)
    kind, icon, verdict = _state_in_words(entry)
    advice = ""
    if finding.verdict is FileVerdict.UNSEALED:
        advice = f"{ONLY_THE_CREDENTIAL} {verdict}."
        kind, icon, verdict = "warn", "triangle-alert", _("Genuine credential on a sheet without a seal: believe only what it says here")
    return FileVerdictView(finding.name, kind, icon, verdict, advice, *_signed(finding))


def _altered(finding: FileFinding) -> FileVerdictView:
    differs = finding.fault == FileFault.OTHER_CODE and finding.badge is not None
    others = [code for code in finding.codes if finding.badge is None or code != finding.badge.code]
    advice = str(OTHER_CODE) % {"code": ", ".join(others)} if differs else str(CHANGED)
    return FileVerdictView(finding.name, "bad", "x", _("Altered or not issued here"), advice, *(_signed(finding) if differs else ()))


def _signed(finding: FileFinding) -> tuple[str, str, str, date, str]:
    assert finding.badge is not None
    badge = finding.badge
    return badge.person_name, badge.title, badge.issuer_name, local(badge.valid_from).date(), badge.code


def _without_seal(finding: FileFinding, entry: RegisterEntry | None, seals_since: datetime) -> FileVerdictView:
    if entry is None:
        return FileVerdictView(finding.name, "bad", "x", _("Altered or not issued here"), str(CHANGED))
    row, day = entry.row, local(seals_since)
    words = _("Sheet without a seal, issued before %(day)s: compare it with the register", day=format_date(day))
    facts = row.person_name, choose(dict(row.course_titles)), row.institution, row.issued_on, printed_code(row.code)
    return FileVerdictView(finding.name, "warn", "triangle-alert", words, f"{BEFORE_SEALS} {_state_in_words(entry)[2]}.", *facts)


def _state_in_words(entry: RegisterEntry | None) -> tuple[str, str, str]:
    """Return the kind, the icon and the words of a genuine credential's state."""
    if entry is None:
        return "warn", "circle-help", _("Genuine, state unknown")
    row = entry.row
    if entry.state is CredentialState.VALID:
        return "good", "check", _("Genuine and in force")
    if entry.state is CredentialState.EXPIRED and row.expires_on:
        return "warn", "calendar-clock", _("Genuine, expired on %(day)s", day=format_date(row.expires_on))
    if entry.state is CredentialState.REPLACED:
        return "warn", "history", _("Genuine, replaced by %(code)s", code=entry.replacement_code)
    day = format_date(local(row.revoked_at)) if row.revoked_at else ""
    if row.revoked_class:
        return "bad", "x", _("Genuine, revoked on %(day)s (%(why)s)", day=day, why=REVOKED_FOR[RevocationReason(row.revoked_class)])
    return "bad", "x", _("Genuine, revoked on %(day)s", day=day)
