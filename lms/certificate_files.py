"""Files of certificates judged for the command line: by the keys of the instance, and by status lists at hand."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from certificates.keys import verifier_keys
from certificates.rules import verification
from certificates.rules.badges import BadgeContent
from certificates.rules.status_lists import StatusListContent
from certificates.rules.transcripts import TranscriptContent, judge_record, judge_transcript
from certificates.rules.verification import OfflineState, judge, verify_status_list
from certificates.sealing import MOST_BYTES, FileFinding, FileVerdict, VerifierKeys, judge_files
from kernel.crypto import SigningKeys
from kernel.errors import Invalid
from kernel.i18n import _, format_date, site_day, site_locale
from kernel.keys import SealKeys

ALTERED, NOT_IN_FORCE, UNKNOWN, UNREADABLE = 1, 2, 3, 64
WORDS = {FileVerdict.UNREADABLE: verification.UNREADABLE, FileVerdict.WITHOUT_SEAL: verification.WITHOUT_SEAL}
STATES = {
    OfflineState.IN_FORCE: verification.IN_FORCE,
    OfflineState.REPLACED: verification.REPLACED,
    OfflineState.REVOKED: verification.REVOKED,
    OfflineState.UNKNOWN: verification.UNKNOWN,
}
TRANSCRIPT_STATES = {OfflineState.IN_FORCE: verification.TRANSCRIPT_SAME, OfflineState.UNKNOWN: verification.TRANSCRIPT_UNKNOWN}


@dataclass(frozen=True, slots=True)
class FileReport:
    """The verdict on a file, the state of its credential where it is genuine, and what was signed."""

    file: str
    verdict: str
    words: str
    """The verdict as the page says it, in the language of the site."""
    state: str = ""
    list_of: str = ""
    """The day of the status list by which the state is known."""
    fault: str = ""
    person_name: str = ""
    title: str = ""
    institution: str = ""
    issued_at: str = ""
    code: str = ""
    records: tuple[Mapping[str, str], ...] = ()
    """Of a transcript: the code of each certificate, its state on that day and by the lists."""

    def as_document(self) -> dict[str, object]:
        """Return it for programs."""
        return asdict(self)


def judge_paths(
    files: Sequence[Path], lists: Sequence[Path], keys: SigningKeys, seals: SealKeys, addresses: Sequence[str], *, now: datetime
) -> list[FileReport]:
    """Judge files by their paths; raise Invalid where a list is not one of ours."""
    trusted = verifier_keys(keys, seals, addresses)
    return reports_of([(str(path), _head(path)) for path in files], [(str(path), _head(path)) for path in lists], trusted, now=now)


def _head(path: Path) -> bytes:
    """Return a file, of a large one more than may be read."""
    with path.open("rb") as source:
        return source.read(MOST_BYTES + 1)


def reports_of(
    files: Sequence[tuple[str, bytes]], lists: Sequence[tuple[str, bytes]], keys: VerifierKeys, *, now: datetime
) -> list[FileReport]:
    """Judge files by their names and contents; raise Invalid where a list is not one of ours."""
    trusted = [key.trusted_key() for key in keys.signatures]
    known: list[StatusListContent] = []
    for name, content in lists:
        status_list = verify_status_list(content, trusted)
        if status_list is None:
            raise Invalid(f"{name} is no status list signed by this instance.")
        known.append(status_list)
    return [_report(finding, known, now) for finding in judge_files(files, keys)]


def _report(finding: FileFinding, lists: Sequence[StatusListContent], now: datetime) -> FileReport:
    badge, transcript = finding.badge, finding.transcript
    if transcript is not None and finding.verdict in (FileVerdict.GENUINE, FileVerdict.UNSEALED):
        return _report_on(transcript, finding, lists, now)
    if badge is None or finding.verdict not in (FileVerdict.GENUINE, FileVerdict.UNSEALED):
        explanation = _(WORDS.get(finding.verdict, verification.ALTERED))
        return FileReport(finding.name, finding.verdict, explanation, fault=finding.fault, code=", ".join(finding.codes))
    verdict = judge(badge, lists, now, finding.compromised_since)
    return FileReport(
        finding.name,
        finding.verdict,
        _(verification.UNSEALED) if finding.verdict is FileVerdict.UNSEALED else _state_in_words(badge, verdict.state),
        verdict.state,
        site_day(verdict.status_list.valid_from).isoformat() if verdict.status_list else "",
        person_name=badge.person_name,
        title=badge.title,
        institution=badge.issuer_name,
        issued_at=badge.valid_from.isoformat(),
        code=badge.code,
    )


def _state_in_words(badge: BadgeContent, state: OfflineState) -> str:
    if state is OfflineState.EXPIRED and badge.valid_until:
        return _(verification.EXPIRED, day=format_date(site_day(badge.valid_until)))
    return _(STATES[state])


def _report_on(transcript: TranscriptContent, finding: FileFinding, lists: Sequence[StatusListContent], now: datetime) -> FileReport:
    """Report on a transcript: its state is the worst of what was in force on its day."""
    verdict, records = judge_transcript(transcript, lists, zone=site_locale().zone, now=now), []
    for record in transcript.records:
        judged = judge_record(record, transcript.address, lists, zone=site_locale().zone, now=now)
        if record.certificate is not None and record.state is not None and judged is not None:
            records.append({"code": record.certificate.code, "title": record.title, "then": record.state.value, "now": judged.state.value})
    explanation = TRANSCRIPT_STATES.get(verdict.state, verification.TRANSCRIPT_CHANGED)
    return FileReport(
        finding.name,
        finding.verdict,
        _(verification.UNSEALED) if finding.verdict is FileVerdict.UNSEALED else _(explanation, day=format_date(transcript.made_at)),
        verdict.state,
        site_day(verdict.status_list.valid_from).isoformat() if verdict.status_list else "",
        person_name=transcript.person_name,
        title=_("Transcript of records"),
        institution=transcript.institution,
        issued_at=transcript.made_at.isoformat(),
        code=transcript.code,
        records=tuple(records),
    )


def exit_code(reports: Sequence[FileReport]) -> int:
    """Return how the command ends: by what is worst among the files."""
    return next((code for code in (ALTERED, UNREADABLE, NOT_IN_FORCE, UNKNOWN) if code in {_code(report) for report in reports}), 0)


def _code(report: FileReport) -> int:
    if report.verdict == FileVerdict.UNREADABLE:
        return UNREADABLE
    if report.verdict != FileVerdict.GENUINE:
        return ALTERED
    return {OfflineState.IN_FORCE: 0, OfflineState.UNKNOWN: UNKNOWN}.get(OfflineState(report.state), NOT_IN_FORCE)
