"""Notifies many people in portions by their numbers, nobody twice, and takes back all of it with the mails that have not gone out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Broadcast
from accounts.notices import Message
from kernel.outbox import Delivery, Handler

Sent = TypeVar("Sent", bound=Broadcast)
PORTION = 200
"""People who are notified in one transaction."""


@dataclass(frozen=True, slots=True)
class BroadcastKind(Generic[Sent]):
    """A kind of broadcasts: its table, the numbers of those whom a row is for, and what each of them gets."""

    table: type[Sent]
    select_recipients: Callable[[Sent], Select[int]]
    compose: Callable[[Session, Sent], Message]


def notify_portion(session: Session, kind: BroadcastKind[Sent], number: int, *, now: datetime) -> bool:
    """Notify the next recipients of a broadcast; return whether there may be more. Nobody is notified twice, nor once it is withdrawn."""
    row = session.get_one(kind.table, number, with_for_update=True)
    if row.withdrawn_at is not None:
        return False
    recipients = kind.select_recipients(row)
    person = recipients.selected_columns[0]
    people = list(session.scalars(recipients.where(person > row.told_until).order_by(person).limit(PORTION)))
    if people:
        notices.notify(session, kind.compose(session, row), people, now=now)
        row.told_until, row.told = people[-1], row.told + len(people)
    if len(people) < PORTION:
        row.told_at = row.told_at or now
    return len(people) == PORTION


def notify_recipients_of(kind: BroadcastKind[Sent], argument: str) -> Handler:
    """Return the job that notifies all recipients, a portion in each transaction; after a failure it goes on where it was."""

    def notify_recipients(delivery: Delivery) -> None:
        more = True
        while more:
            with delivery.database.unit_of_work() as session:
                more = notify_portion(session, kind, delivery.number(argument), now=delivery.now)

    return notify_recipients


def find_standing(session: Session, row: Sent) -> Sent | None:
    """Lock a broadcast; return None if it was withdrawn."""
    locked = session.get_one(type(row), row.id, with_for_update=True)
    return None if locked.withdrawn_at is not None else locked


def withdraw(session: Session, kind: BroadcastKind[Sent], row: Sent, *, now: datetime) -> None:
    """Withdraw a locked broadcast: nobody else is notified, it leaves the bells, and mails of it that have not gone out do not."""
    row.withdrawn_at, row.told_at = now, row.told_at or now
    notices.take_back(session, kind.compose(session, row).key)
