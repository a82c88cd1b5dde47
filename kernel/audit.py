"""The audit log: what changed, by whom, in the same transaction as the change. Its verbs double as events for the outbox."""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import structlog
from sqlalchemy import Index, String, Text, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import outbox
from kernel.crypto import SigningKeys
from kernel.db import Base, Hook, Key, Moment, UnnumberedRow, count_rows
from kernel.permissions import Actor
from kernel.settings import private_file


class AuditEntry(UnnumberedRow):
    """An entry of the audit log: one act of one actor. Append-only."""

    __table_args__ = (Index("ix_audit_entry_subject", "subject_kind", "subject_id"), Index("ix_audit_entry_actor", "actor_id", "at"))

    at: Mapped[Moment]
    actor_id: Mapped[int | None]
    """The person, or nobody where the system acts. No foreign key: the log outlives whom it names."""
    via: Mapped[str] = mapped_column(String(8))
    address: Mapped[str] = mapped_column(String(45))
    """Cut to the network (/24, /48)."""
    request_id: Mapped[str] = mapped_column(String(32))
    verb: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None]
    facts: Mapped[str] = mapped_column(Text)
    """JSON: old and new values, reasons; never answers, passwords or tokens."""


@dataclass(frozen=True, slots=True)
class AuditSubject:
    """The subject of an act whose row is not at hand, or that has none: a table, and the id of its row."""

    __tablename__: str
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """The words for a fact of entries: its label, the words of values that come from a list, and the table of a row named by number."""

    label: str = ""
    """Marked for translation; empty where this only adds to what another package says of the key."""
    values: Mapping[Any, str] = field(default_factory=dict)
    table: str = ""


class Verb(StrEnum):
    """The parent of all verbs: what is stored, and its words, marked for translation, where no sentence of a package says more.

    A class of verbs carries the labels of its `facts`, by their key, or by a verb and the key (`"verb key"`); the words of
    `former` verbs, which are recorded no more; and the verbs each of whose facts is a `pair` of what was and what is.
    """

    label: str
    facts: ClassVar[Mapping[str, str | Fact]]
    former: ClassVar[Mapping[str, str]]
    pairs: ClassVar[frozenset[str]]

    def __init_subclass__(
        cls, facts: Mapping[str, str | Fact] | None = None, former: Mapping[str, str] | None = None, pairs: Collection[str] = ()
    ) -> None:
        """Keep the labels of the facts of a class of verbs."""
        super().__init_subclass__()
        cls.facts, cls.former, cls.pairs = facts or {}, former or {}, frozenset(pairs)

    def __new__(cls, value: str, label: str = "") -> Self:
        """Return the member that is stored as `value`."""
        member = str.__new__(cls, value)
        member._value_, member.label = value, label
        return member


@cache
def labels() -> Mapping[str, str]:
    """Return the words of acts by verb, of those whose package says no sentence of its own; not yet translated."""
    return {verb.value: verb.label for kind in Verb.__subclasses__() for verb in kind if verb.label}


def network_of(address: str) -> str:
    """Cut an address to its network, /24 for IPv4 and /48 for IPv6; text that is no address gives nothing."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False).network_address)


SUBSCRIPTIONS = Hook[Mapping[str, tuple[str, ...]]]("subscriptions", default={})
"""Gives the kinds of jobs that follow from each audit verb."""


def record(session: Session, actor: Actor, verb: Verb, subject: object, *, now: datetime, **facts: object) -> None:
    """Write who did what, and add the jobs that follow from it, in the transaction of the change.

    `subject` is a row whose `id` is set (flushed) and whose table name becomes the kind.
    """
    subject_id = cast("int | None", getattr(subject, "id", None))
    facts = {"provider": actor.provider_id, **facts} if actor.provider_id is not None else facts
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            via=actor.via.value,
            address=network_of(actor.address),
            request_id=actor.request_id,
            verb=verb.value,
            subject_kind=getattr(subject, "__tablename__", ""),
            subject_id=subject_id,
            facts=json.dumps(facts, ensure_ascii=False, default=str, sort_keys=True),
        )
    )
    subscriptions = SUBSCRIPTIONS.of(session)
    for kind in subscriptions.get(verb.value, ()):
        outbox.enqueue(session, kind, {"subject": subject_id, "verb": verb.value}, now=now)


log = structlog.get_logger()

BATCH = 1_000
BEHIND = timedelta(minutes=10)
"""No transaction lasts as long."""
KEPT = timedelta(days=5 * 366)
"""Time before which no entry may go; the setting may keep them longer."""
AT_ONCE = 100
START = "0" * 64
"""What stands for the seal before the first."""
NEWEST = "audit.newest"
"""File of the data folder with the newest seal that was made from here."""


class AuditSeal(Base):
    """A seal over the entries of the audit log from one number to another. Append-only."""

    id: Mapped[Key]
    """Counts without a gap, beyond every seal that is known outside the database: where one lacks, it was taken away."""
    first_id: Mapped[int]
    last_id: Mapped[int] = mapped_column(unique=True)
    entries: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the seal before and of every entry."""
    key_id: Mapped[str] = mapped_column(String(16))
    signature: Mapped[str] = mapped_column(String(100))
    """Made with the instance's signing key, which is not in the database: who can write there cannot seal anew."""
    at: Mapped[Moment]


def _words(entry: AuditEntry) -> bytes:
    at = entry.at.isoformat()
    parts = (entry.id, at, entry.actor_id, entry.via, entry.address, entry.request_id)
    return json.dumps([*parts, entry.verb, entry.subject_kind, entry.subject_id, entry.facts], ensure_ascii=False).encode()


def _hash(before: str, entries: list[AuditEntry]) -> str:
    total = hashlib.sha256(before.encode())
    for entry in entries:
        total.update(b"\n" + _words(entry))
    return total.hexdigest()


def _signed(number: int, first: int, last: int, count: int, digest: str) -> bytes:
    return f"audit seal {number} {first} {last} {count} {digest}".encode()


def _between(session: Session, first: int, last: int) -> list[AuditEntry]:
    statement = select(AuditEntry).where(AuditEntry.id.between(first, last)).order_by(AuditEntry.id)
    return list(session.scalars(statement.execution_options(populate_existing=True)))


@dataclass(frozen=True, slots=True)
class LatestSeal:
    """The newest seal, as it is kept outside the database."""

    number: int
    hash: str


def find_newest(session: Session) -> LatestSeal | None:
    """Return the newest seal of the log, or nothing where none was made."""
    row = session.execute(select(AuditSeal.id, AuditSeal.hash).order_by(AuditSeal.id.desc()).limit(1)).first()
    return LatestSeal(row.id, row.hash) if row else None


def known_newest(folder: Path) -> LatestSeal | None:
    """Return the latest seal that was made from a data folder, or None where the folder records none."""
    try:
        match = re.fullmatch(r"(\d+) ([0-9a-f]{64})\n", (folder / NEWEST).read_text())
    except OSError:
        return None
    return LatestSeal(int(match[1]), match[2]) if match else None


def publish_seal(folder: Path, made: AuditSeal) -> None:
    """Write a seal to the program's log and keep it in a data folder, once its transaction has been committed."""
    log.info("audit_sealed", seal=made.id, hash=made.hash, last_entry=made.last_id)
    fresh = folder / f".{NEWEST}.new"
    fresh.unlink(missing_ok=True)
    private_file(fresh, f"{made.id} {made.hash}\n".encode())
    fresh.replace(folder / NEWEST)


def _next_number(session: Session, latest: AuditSeal | None, known: LatestSeal | None) -> int:
    """Count on from the latest seal; leave a number out where a known seal is not in the log, so that the cut shows ever after."""
    following = latest.id + 1 if latest else 1
    if known is None or session.scalar(select(AuditSeal.id).where(AuditSeal.id == known.number, AuditSeal.hash == known.hash)):
        return following
    return max(following, known.number) + 1


def seal(session: Session, keys: SigningKeys, *, now: datetime, known: LatestSeal | None = None) -> AuditSeal | None:
    """Seal the next entries, a thousand at most, and return the seal; nothing where there are none. `known` is the newest one outside."""
    latest = session.scalar(select(AuditSeal).order_by(AuditSeal.id.desc()).limit(1).with_for_update())
    first, before = (latest.last_id + 1, latest.hash) if latest else (1, START)
    fresh = session.scalar(select(func.min(AuditEntry.id)).where(AuditEntry.id >= first, AuditEntry.at > now - BEHIND))
    due = [AuditEntry.id >= first, *([AuditEntry.id < fresh] if fresh is not None else [])]
    entries = list(session.scalars(select(AuditEntry).where(*due).order_by(AuditEntry.id).limit(BATCH)))
    if not entries:
        return None
    number = _next_number(session, latest, known)
    last, digest = entries[-1].id, _hash(before, entries)
    signature = keys.sign(_signed(number, first, last, len(entries), digest))
    row = AuditSeal(id=number, first_id=first, last_id=last, entries=len(entries), hash=digest, signature=signature, at=now)
    row.key_id = keys.identifier
    session.add(row)
    return row


@dataclass(frozen=True, slots=True)
class BrokenSeal:
    """A seal that does not hold: over which numbers, and what is wrong."""

    first: int
    last: int
    reason: str


@dataclass
class SealVerification:
    """The result of verifying the whole audit log."""

    seals: int = 0
    sealed: int = 0
    open: int = 0
    """Entries after the last seal."""
    last_hash: str = START
    broken: tuple[BrokenSeal, ...] = ()
    unseen: tuple[str, ...] = ()
    """Seals known from elsewhere that are not in the log: its end was cut off, or it is another one."""


def verify(session: Session, keys: SigningKeys, *, now: datetime, known: Collection[str] = ()) -> SealVerification:
    """Compare every seal with its entries, with the seal before and with its signature. Entries kept long enough may have gone, whole.

    `known` are hashes of seals that were noted outside the database: each has to be in the log.
    """
    verification, before, expected, number, unseen = SealVerification(), START, 1, 1, set(known)
    for row in _seals(session):
        if row.id != number:
            verification.broken += (BrokenSeal(row.first_id, row.last_id, f"seals {number} to {row.id - 1} before it are missing"),)
        faults = list(_faults(session, keys, row, before, expected, now))
        verification.broken += tuple(BrokenSeal(row.first_id, row.last_id, fault) for fault in faults)
        verification.seals, verification.sealed = verification.seals + 1, verification.sealed + row.entries
        before, expected, number = row.hash, row.last_id + 1, row.id + 1
        unseen.discard(row.hash)
    verification.last_hash, verification.unseen = before, tuple(sorted(unseen))
    verification.open = count_rows(session, AuditEntry, AuditEntry.id >= expected)
    return verification


def _seals(session: Session) -> Iterator[AuditSeal]:
    after = 0
    while rows := list(session.scalars(select(AuditSeal).where(AuditSeal.id > after).order_by(AuditSeal.id).limit(500))):
        yield from rows
        after = rows[-1].id


def _faults(session: Session, keys: SigningKeys, row: AuditSeal, before: str, expected: int, now: datetime) -> Iterator[str]:
    if row.first_id != expected:
        yield f"a seal before it is missing: it begins at {row.first_id} and not at {expected}"
    if not keys.verifies(row.key_id, _signed(row.id, row.first_id, row.last_id, row.entries, row.hash), row.signature):
        yield "its signature is not ours"
    entries = _between(session, row.first_id, row.last_id)
    if not entries and row.at < now - KEPT:
        return
    if len(entries) != row.entries:
        yield f"{row.entries} entries were sealed and {len(entries)} are there"
    elif _hash(before, entries) != row.hash:
        yield "an entry, or the seal before, was changed"
    for entry in entries:
        session.expunge(entry)


def forget_before(session: Session, moment: datetime) -> int:
    """Delete the entries of the seals that were made before a moment, a hundred seals at most; return how many. The seals stay."""
    statement = select(AuditSeal).join(AuditEntry, AuditEntry.id == AuditSeal.last_id).where(AuditSeal.at < moment)
    gone = 0
    for row in session.scalars(statement.order_by(AuditSeal.id).limit(AT_ONCE)).all():
        entries = delete(AuditEntry).where(AuditEntry.id.between(row.first_id, row.last_id)).returning(AuditEntry.id)
        gone += len(session.execute(entries).all())
    return gone
