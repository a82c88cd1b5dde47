"""Files of certificates judged for the command line: by the keys of the instance, and by status lists at hand."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from certificates.file_judgement import MOST_BYTES, FileFinding, FileVerdict, VerifierKeys, judge_files
from certificates.rules.status_lists import StatusListContent
from certificates.rules.verification import OfflineState, judge, verify_status_list
from certificates.services.verifiers import verifier_keys
from kernel.crypto import SigningKeys
from kernel.errors import Invalid
from kernel.seal_keys import SealKeys

ALTERED, NOT_IN_FORCE, UNKNOWN, UNREADABLE = 1, 2, 3, 64


@dataclass(frozen=True, slots=True)
class FileReport:
    """The verdict on a file, the state of its credential where it is genuine, and what was signed."""

    file: str
    verdict: str
    state: str = ""
    list_of: str = ""
    """The day of the status list by which the state is known."""
    fault: str = ""
    person_name: str = ""
    title: str = ""
    institution: str = ""
    issued_at: str = ""
    code: str = ""

    def as_document(self) -> dict[str, str]:
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
        found = verify_status_list(content, trusted)
        if found is None:
            raise Invalid(f"{name} is no status list signed by this instance.")
        known.append(found)
    return [_report(finding, known, now) for finding in judge_files(files, keys)]


def _report(finding: FileFinding, lists: Sequence[StatusListContent], now: datetime) -> FileReport:
    badge = finding.badge
    if badge is None or finding.verdict not in (FileVerdict.GENUINE, FileVerdict.UNSEALED):
        return FileReport(finding.name, finding.verdict, fault=finding.fault, code=", ".join(finding.codes))
    verdict = judge(badge, lists, now)
    return FileReport(
        finding.name,
        finding.verdict,
        verdict.state,
        verdict.status_list.valid_from.date().isoformat() if verdict.status_list else "",
        person_name=badge.person_name,
        title=badge.title,
        institution=badge.issuer_name,
        issued_at=badge.valid_from.isoformat(),
        code=badge.code,
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
