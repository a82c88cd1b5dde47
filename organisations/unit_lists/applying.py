"""Whole lists brought in at once, a portion in each transaction, by who waits for it: the command line."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from kernel import audit
from kernel.permissions import Actor
from organisations.queries import tree
from organisations.queries.unit_lists import known_heads
from organisations.rules import UnitListKind
from organisations.services import unit_lists
from organisations.services.unit_lists import UnitListVerb
from organisations.unit_lists.checking import judge_units
from organisations.unit_lists.people_checking import judge_people, repeated_lines
from organisations.unit_lists.reading import PeopleListRows, UnitListRows
from organisations.unit_lists.review import list_leavers

Open = Callable[[], AbstractContextManager[Session]]
"""Opens a transaction that writes."""


@dataclass(slots=True)
class AppliedCounts:
    """The number of lines that added and changed something, and of those who left."""

    made: int = 0
    changed: int = 0
    left: int = 0
    skipped_names: tuple[str, ...] = ()
    """Lines that came in without their name, because an administrator corrected it."""


def apply_people(write: Open, actor: Actor, rows: PeopleListRows, complete_of: int | None, *, now: datetime) -> AppliedCounts:
    """Bring in a list of people, and let those whom a complete one does not name have left."""
    counts = AppliedCounts()
    with write() as session:
        repeated = repeated_lines(session, rows.people)
    for start in range(0, len(rows.people), unit_lists.PORTION):
        with write() as session:
            portion = rows.people[start : start + unit_lists.PORTION]
            judged = judge_people(session, portion, now=now, repeated=repeated)
            unit_lists.bring_in_people(session, actor, judged.new, judged.changed, now=now)
        counts.made += len(judged.new)
        counts.changed += len(judged.changed)
        counts.skipped_names += judged.skipped_names
    more = complete_of is not None
    while more and complete_of is not None:
        with write() as session:
            gone = list_leavers(session, (*rows.people, *rows.unread), complete_of)
            unit_lists.let_leave(session, actor, gone[: unit_lists.PORTION], complete_of, now=now)
        counts.left += len(gone[: unit_lists.PORTION])
        more = len(gone) > unit_lists.PORTION
    _record_done(write, actor, UnitListKind.PEOPLE, counts, now)
    return counts


def apply_units(write: Open, actor: Actor, rows: UnitListRows, *, now: datetime) -> AppliedCounts:
    """Bring in a list of units: those whose parents are there, until nothing is left that fits."""
    counts, applied, more = AppliedCounts(), set[int](), True
    while more:
        with write() as session:
            heads = known_heads(session, [line.head for line in rows.units if line.head])
            judged = judge_units(tree.list_tree(session), rows.units, heads)
            left = [line for line in (*judged.new, *judged.changed) if line.line not in applied and line.parent_line is None]
            done = unit_lists.try_places(session, actor, left[: unit_lists.PORTION], now=now)
        applied |= {line.line for line in done}
        counts.made += sum(line.place is None for line in done)
        counts.changed += sum(line.place is not None for line in done)
        more = bool(done)
    _record_done(write, actor, UnitListKind.UNITS, counts, now)
    return counts


def _record_done(write: Open, actor: Actor, kind: UnitListKind, counts: AppliedCounts, now: datetime) -> None:
    with write() as session:
        facts = {"made": counts.made, "changed": counts.changed, "left": counts.left, "names_skipped": len(counts.skipped_names)}
        audit.record(session, actor, UnitListVerb.DONE, None, now=now, kind=kind.value, **facts)
