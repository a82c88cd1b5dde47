"""The journal of what was taken away, outside the database: a restore lists what is later than its backup (spec/security 6.7).

A line has its number in the audit log, the moment, the act, the table and number of its row, its uuid where it has one, and the digest of
the line before and of itself: no names. Append-only; what was cut off or changed shows.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.people import AccountVerb
from accounts.privacy import PrivacyVerb
from certificates.credentials import CertificateVerb
from communities.communities import CommunityVerb
from communities.members import MemberVerb
from compliance.audit_verbs import ComplianceVerb
from courses.audit_verbs import CourseVerb
from federation.links import LinkVerb, find_link
from kernel import audit
from kernel.db import Base
from kernel.outbox import Delivery
from kernel.settings import Settings
from organisations.institutions import InstitutionGrantVerb
from organisations.training_scope import TrainingGrantVerb
from organisations.units import OrganisationVerb
from selections.audit_verbs import SelectionVerb

FILE = "removals.journal"
"""The file in the data folder, and beside each backup."""
JOB = "lms.note_removals"
EVERY = 60
PORTION = 1_000
LATE = 1_000
"""Numbers of the log before the last line that are looked at again: PostgreSQL may commit an entry after one with a later number."""
START = "0" * 64
PLACES: Mapping[audit.Verb, str] = {
    CertificateVerb.REVOKED: "certificates/{uuid}",
    AccountVerb.SUSPENDED: "administration/people/{uuid}",
    AccountVerb.ROLE_TAKEN: "administration/people/{uuid}",
    PrivacyVerb.DELETED: "administration/people/{uuid}",
    ComplianceVerb.WAIVER_REVOKED: "training/waivers/{uuid}",
    ComplianceVerb.RECOGNITION_REVOKED: "training/recognitions/{uuid}",
    CommunityVerb.DELETED: "communities",
    MemberVerb.REMOVED: "communities",
    MemberVerb.BANNED: "communities",
    CourseVerb.STAFF_REMOVED: "teaching",
    OrganisationVerb.MANAGER_ENDED: "administration/organisations",
    TrainingGrantVerb.ENDED: "administration/organisations",
    InstitutionGrantVerb.ENDED: "administration/institutions",
    SelectionVerb.MEMBER_ENDED: "selections",
    LinkVerb.UNLINKED: "administration/providers/{provider}?q={email}",
}
"""The acts that take something away, and the page on which each is done again."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A line of the journal; `uuid` is empty where the row had none, or was gone when the line was written."""

    number: int
    at: str
    act: str
    kind: str
    row: int
    uuid: str
    chain: str

    @property
    def moment(self) -> datetime:
        """Return when it was taken away."""
        return datetime.fromisoformat(self.at)


def _chained(before: str, facts: Mapping[str, object]) -> str:
    return hashlib.sha256(f"{before} {json.dumps(facts, sort_keys=True)}".encode()).hexdigest()


def read_journal(path: Path) -> tuple[list[Removal], int]:
    """Return the lines of a journal up to the first that does not follow from the one before, and how many come from there on."""
    removals, before = list[Removal](), START
    lines = path.read_text(encoding="utf-8").splitlines()
    for line in lines:
        try:
            removal = Removal(**json.loads(line))
        except (ValueError, TypeError):
            break
        facts = asdict(removal)
        if facts.pop("chain") != _chained(before, facts):
            break
        removals.append(removal)
        before = removal.chain
    return removals, len(lines) - len(removals)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time append."""
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def note_removals(delivery: Delivery) -> None:
    """Append what was taken away and has no line yet; a line is written once, however often the job runs."""
    path = journal_of(delivery.settings)
    with _locked(path), delivery.database.unit_of_work(write=False) as session:
        known, _broken = read_journal(path) if path.exists() else ([], 0)
        entry_id, before = audit.AuditEntry.id, known[-1].chain if known else START
        first = max((removal.number for removal in known), default=0) - LATE
        noted = [removal.number for removal in known if removal.number > first]
        statement = select(audit.AuditEntry).where(audit.AuditEntry.verb.in_([verb.value for verb in PLACES]), entry_id > first)
        with path.open("a", encoding="utf-8") as journal:
            for entry in session.scalars(statement.where(entry_id.not_in(noted)).order_by(entry_id).limit(PORTION)):
                row = entry.subject_id or 0
                facts: dict[str, object] = {"number": entry.id, "at": entry.at.isoformat(), "act": entry.verb, "kind": entry.subject_kind}
                facts |= {"row": row, "uuid": _uuid_of(session, entry.subject_kind, row)}
                before = _chained(before, facts)
                journal.write(json.dumps({**facts, "chain": before}, sort_keys=True) + "\n")


def journal_of(settings: Settings) -> Path:
    """Return the path of the journal of an instance."""
    return settings.data_dir / FILE


def keep_beside(settings: Settings, folder: Path) -> None:
    """Copy the journal beside a backup, where a restore finds it."""
    path = journal_of(settings)
    if path.is_file() and path.parent != folder:
        shutil.copyfile(path, folder / FILE)


def begin_anew(settings: Settings) -> None:
    """Put the journal aside after a restore: the log that it counts on is another one from then on."""
    path = journal_of(settings)
    if path.is_file():
        path.replace(path.with_name(f"{path.stem}-{path.stat().st_mtime_ns}{path.suffix}"))


def _uuid_of(session: Session, kind: str, row: int) -> str:
    table = Base.metadata.tables.get(kind)
    if table is None or "uuid" not in table.c:
        return ""
    return str(session.scalar(select(table.c.uuid).where(table.c.id == row)) or "")


def find_journal(settings: Settings, backup: Path, given: Path | None) -> Path | None:
    """Return the journal that was given, else the longest in the data folder or beside a backup; None where there is none."""
    if given is not None:
        return given
    journals = [path for path in (journal_of(settings), backup.parent / FILE) if path.is_file()]
    return max(journals, key=lambda path: path.stat().st_size, default=None)


def list_later(session: Session, removals: list[Removal], moment: datetime, address: str) -> list[tuple[str, str, str]]:
    """List what was taken away after a moment and is back now: when, the act in words, and the address where it is done again.

    A link that began after that moment is not back.
    """
    acts, labels = {verb.value: place for verb, place in PLACES.items()}, audit.labels()
    later = []
    for removal in removals:
        if removal.moment > moment and removal.act in acts:
            facts = {"uuid": removal.uuid or _uuid_of(session, removal.kind, removal.row)}
            if removal.act == LinkVerb.UNLINKED:
                if (link := find_link(session, removal.row)) is None:
                    continue
                facts |= {"provider": link.key, "email": quote(link.email)}
            later.append((removal.at, labels.get(removal.act, removal.act), f"{address}/{acts[removal.act].format(**facts)}"))
    return later
