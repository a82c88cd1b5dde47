"""The audit log: what changed, by whom, in the same transaction as the change. Its verbs double as events for the outbox."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from typing import cast

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import outbox
from kernel.db import Key, Moment, UnnumberedRow
from kernel.permissions import Actor


class AuditEntry(UnnumberedRow):
    """An entry of the audit log: one act of one actor. Append-only."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_subject", "subject_kind", "subject_id"), Index("ix_audit_entry_actor", "actor_id", "at"))

    id: Mapped[Key]
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


def network_of(address: str) -> str:
    """Cut an address to its network, /24 for IPv4 and /48 for IPv6; text that is no address gives nothing."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False).network_address)


def record(session: Session, actor: Actor, verb: StrEnum, subject: object, *, now: datetime, **facts: object) -> None:
    """Write who did what, and add the jobs that follow from it, in the transaction of the change.

    `subject` is a row whose `id` is set (flushed) and whose table name becomes the kind.
    """
    subject_id = cast("int | None", getattr(subject, "id", None))
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
    subscriptions = cast("Mapping[str, tuple[str, ...]]", session.info.get("subscriptions", {}))
    for kind in subscriptions.get(verb.value, ()):
        outbox.enqueue(session, kind, {"subject": subject_id, "verb": verb.value}, now=now)
