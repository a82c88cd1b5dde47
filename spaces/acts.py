"""The one way to change what hangs in a space: locked and read anew, compared with the form, changed, recorded, found again."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from kernel import audit
from kernel.audit import Verb
from kernel.db import HookList
from kernel.errors import require_found
from kernel.permissions import Actor
from kernel.row_versions import change_row, require_version

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class SearchedTable:
    """A table whose rows the search has: the columns of which they are found, and what has one found as it is now."""

    table: type[Any]
    columns: frozenset[str]
    reindex: Callable[[Session, Any, datetime], None]

    def concerns(self, row: object, changes: Collection[str]) -> bool:
        """Return whether changed columns of a row, or its `id` where it was just added, change how it is found."""
        return type(row) is self.table and not self.columns.isdisjoint(changes)


REINDEXED = HookList[SearchedTable]("reindexed")
"""Gives the tables whose rows the search has."""


def lock_row(session: Session, table: type[Item], number: int) -> Item:
    """Return a row as it is now, locked until the transaction ends. Raise NotFound where it is gone.

    Rows that name it can still be added: two who have just added one would wait for each other for ever if its key were locked too.
    """
    return require_found(session.get(table, number, with_for_update={"key_share": True}, populate_existing=True))


def lock_person(session: Session, person_id: int | None) -> None:
    """Let what a person sends at once be written one after the other: the same form sent again, two windows with one draft."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True)).all()


@dataclass(frozen=True, slots=True)
class SpaceAct(Generic[Item]):
    """An act on a row that is locked, or that was just added."""

    session: Session
    actor: Actor
    now: datetime
    row: Item
    subject: Any
    """The row that the log has the act of: the space, or the row itself."""
    changes: list[str] = field(default_factory=list)
    """The columns that this act changed."""
    above: tuple[Any, ...] = ()
    """The rows in which it hangs, locked before it, the highest first."""

    def require_version(self, seen: str | None) -> None:
        """Raise RowWasChanged where the row is not the version that a form was made from; None asks for no version."""
        require_version(self.row, seen)

    def change(self, values: Mapping[str, Any], *, also: bool = False) -> list[str]:
        """Give the row these values, and return the names of those that changed; its version grows where any did, or `also`."""
        changed = change_row(self.row, values, also=also)
        self.changes.extend([*changed, *(["row_version"] if also else [])])
        return changed

    def note(self, verb: Verb, **facts: Any) -> None:
        """Record what was done, and have the row found as it is now where a column changed of which it is found."""
        self.session.flush()
        for searched in REINDEXED.of(self.session):
            if searched.concerns(self.row, self.changes):
                searched.reindex(self.session, self.row, self.now)
        audit.record(self.session, self.actor, verb, self.subject, now=self.now, **facts)

    def take_notices_back(self, start: str) -> None:
        """Take the notifications whose keys start so out of all bells: what they are about is over."""
        notices.take_back_others(self.session, start, ())


def added(session: Session, actor: Actor, row: Item, subject: Any = None, *, now: datetime) -> SpaceAct[Item]:
    """Add a row, and return the act, to be noted; what it hangs in is locked."""
    session.add(row)
    session.flush()
    return SpaceAct(session, actor, now, row, row if subject is None else subject, changes=["id"])


def begin(session: Session, actor: Actor, *rows: Any, seen: str | None = None, now: datetime) -> SpaceAct[Any]:
    """Begin an act on the last of some rows, each locked after what it hangs in. Raise NotFound, RowWasChanged."""
    *above, row = [lock_row(session, type(row), row.id) for row in rows]
    act: SpaceAct[Any] = SpaceAct(session, actor, now, row, row, above=tuple(above))
    act.require_version(seen)
    return act
