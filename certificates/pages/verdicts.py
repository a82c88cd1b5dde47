"""Verdicts on files in words, joined with what the register says of their codes (spec/certificates V2)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from certificates.file_judgement import FileFault, FileFinding, FileVerdict
from certificates.forms.credentials import REVOKED_FOR
from certificates.models import Credential
from certificates.pages.transcripts import PresentStates, TranscriptView, made_view
from certificates.rules import verdict_words
from certificates.rules.credentials import CredentialState, RevocationReason
from certificates.rules.transcripts import TranscriptContent
from certificates.rules.verification import DocumentFault
from certificates.services.badges import badge_content
from kernel.codes import printed_code
from kernel.i18n import _, choose, format_date, lazy_, local

CHANGED = lazy_("The file is not as it was issued, or it was not issued here. Ask for the original file, or look its code up.")
SAVED_AGAIN = lazy_("A program has encrypted it or saved it again, so nothing can be compared. Ask for the file as it was downloaded.")
NOT_A_CERTIFICATE = lazy_("It is damaged, larger than 2 MB, or not a PDF, JSON, JWT, PNG or SVG file.")
OTHER_CODE = lazy_("The sheet names the code %(code)s, and the credential within it is another one: the one shown here.")
OTHER_SITE = lazy_("Another site issued it: %(issuer)s.")
ONLY_THE_CREDENTIAL = lazy_("Anybody can make such a sheet around a genuine credential. What follows is what was signed.")
COMPARE_STATES = lazy_("Compare the two columns of states: on that day, and today.")
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
    transcript: TranscriptView | None = None
    """Of a transcript: its records, with their states on its day and today."""


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
    known = (badge_content(entry.row, address) for address in addresses) if entry else ()
    claimed = replace(finding.badge, description="", criteria="")
    if any(replace(achievement, description="", criteria="") == claimed for achievement in known if achievement):
        return finding
    return replace(finding, verdict=FileVerdict.ALTERED, badge=None, fault=DocumentFault.COMPROMISED_KEY)


def verdict_view(finding: FileFinding, entry: RegisterEntry | None, seals_since: datetime, present: PresentStates) -> FileVerdictView:
    """Return a file and its verdict in the reader's language; `present` are the states today of what transcripts name."""
    if finding.transcript is not None:
        return _on_transcript(finding, finding.transcript, present)
    if finding.verdict is FileVerdict.UNREADABLE:
        advice = SAVED_AGAIN if finding.fault == FileFault.SAVED_AGAIN else NOT_A_CERTIFICATE
        return FileVerdictView(finding.name, "warn", "file-text", _(verdict_words.UNREADABLE), str(advice))
    if finding.verdict is FileVerdict.WITHOUT_SEAL:
        return _without_seal(finding, entry, seals_since)
    if finding.badge is None or finding.verdict is FileVerdict.ALTERED:
        return _altered(finding)
    kind, icon, verdict = state_in_words(entry)
    advice = ""
    if finding.verdict is FileVerdict.UNSEALED:
        advice = f"{ONLY_THE_CREDENTIAL} {verdict}."
        kind, icon, verdict = "warn", "triangle-alert", _(verdict_words.UNSEALED)
    return FileVerdictView(finding.name, kind, icon, verdict, advice, *_signed(finding))


def _on_transcript(finding: FileFinding, content: TranscriptContent, present: PresentStates) -> FileVerdictView:
    view, day = made_view(content, present), format_date(local(content.made_at))
    kind, icon, verdict = (
        ("warn", "history", _(verdict_words.TRANSCRIPT_CHANGED, day=day))
        if view.has_changed
        else ("good", "check", _(verdict_words.TRANSCRIPT_SAME, day=day))
    )
    advice = str(COMPARE_STATES) if view.has_changed else ""
    if finding.verdict is FileVerdict.UNSEALED:
        advice = f"{ONLY_THE_CREDENTIAL} {verdict}."
        kind, icon, verdict = "warn", "triangle-alert", _(verdict_words.UNSEALED)
    facts = content.person_name, _("Transcript of records"), content.institution, local(content.made_at).date(), content.code
    return FileVerdictView(finding.name, kind, icon, verdict, advice, *facts, transcript=view)


def _altered(finding: FileFinding) -> FileVerdictView:
    differs = finding.fault == FileFault.OTHER_CODE and finding.badge is not None
    others = [code for code in finding.codes if finding.badge is None or code != finding.badge.code]
    advice = str(OTHER_CODE) % {"code": ", ".join(others)} if differs else str(CHANGED)
    if finding.issuer:
        advice = str(OTHER_SITE) % {"issuer": finding.issuer}
    return FileVerdictView(finding.name, "bad", "x", _(verdict_words.ALTERED), advice, *(_signed(finding) if differs else ()))


def _signed(finding: FileFinding) -> tuple[str, str, str, date, str]:
    assert finding.badge is not None
    badge = finding.badge
    return badge.person_name, badge.title, badge.issuer_name, local(badge.valid_from).date(), badge.code


def _without_seal(finding: FileFinding, entry: RegisterEntry | None, seals_since: datetime) -> FileVerdictView:
    if entry is None:
        return FileVerdictView(finding.name, "bad", "x", _(verdict_words.ALTERED), str(CHANGED))
    row, day = entry.row, local(seals_since)
    text = _("Sheet without a seal, issued before %(day)s: compare it with the register", day=format_date(day))
    facts = row.person_name, choose(dict(row.course_titles)), row.institution, row.issued_on, printed_code(row.code)
    return FileVerdictView(finding.name, "warn", "triangle-alert", text, f"{BEFORE_SEALS} {state_in_words(entry)[2]}.", *facts)


def state_in_words(entry: RegisterEntry | None) -> tuple[str, str, str]:
    """Return the kind, the icon and the words of a genuine credential's state."""
    if entry is None:
        return "warn", "circle-help", _(verdict_words.UNKNOWN)
    row = entry.row
    if entry.state is CredentialState.VALID:
        return "good", "check", _(verdict_words.IN_FORCE)
    if entry.state is CredentialState.EXPIRED and row.expires_on:
        return "warn", "calendar-clock", _(verdict_words.EXPIRED, day=format_date(row.expires_on))
    if entry.state is CredentialState.REPLACED:
        text = _(verdict_words.REPLACED_BY, code=entry.replacement_code) if entry.replacement_code else _(verdict_words.REPLACED)
        return "warn", "history", text
    day = format_date(local(row.revoked_at)) if row.revoked_at else ""
    if row.revoked_class:
        return "bad", "x", _(verdict_words.REVOKED_FOR, day=day, why=REVOKED_FOR[RevocationReason(row.revoked_class)])
    return "bad", "x", _(verdict_words.REVOKED_ON, day=day)
