"""Lists of people and units tried before they are confirmed: what they would do to compulsory training (spec/compulsory 13.3)."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from functools import partial

from sqlalchemy.orm import Session

from kernel import outbox
from kernel.permissions import SYSTEM, Actor, ActorChannel
from organisations import audience_preview, lists, tree
from organisations.audience_preview import TrainingEffect, TrainingEffectKind, try_training
from organisations.audiences import today_of
from organisations.list_checking import apply_ready, judge_people, list_leavers, repeated_lines
from organisations.list_past import units_after
from organisations.list_reading import PeopleListRows, PersonListRow, UnitListRow, UnitListRows
from organisations.models import PendingUnitList
from organisations.unit_checking import judge_units

TRIED = 50
"""People who are tried in one transaction: on SQLite nobody else writes meanwhile."""
ListPortion = Callable[[Session], list[TrainingEffect]]


def portions_of(session: Session, load: PendingUnitList, rows: PeopleListRows | UnitListRows, *, now: datetime) -> list[ListPortion]:
    """Return the portions in which a kept list is tried."""
    return list_portions(session, Actor(person_id=load.person_id, via=ActorChannel.JOB), rows, load.complete_of, now=now)


def list_portions(
    session: Session, actor: Actor, rows: PeopleListRows | UnitListRows, complete_of: int | None, *, now: datetime
) -> list[ListPortion]:
    """Return the portions in which a list is tried, each to be called in a transaction of its own: nothing of it stays."""
    if not audience_preview.list_obliging(session):
        return []
    if isinstance(rows, UnitListRows):
        judged = judge_units(tree.list_tree(session), rows.entries)
        would_be = units_after(session, (*judged.new, *judged.changed), today_of(now))
        people, moment = audience_preview.list_people_of_changed(session, would_be), _moment_of(rows, now)
        return [partial(_try_units, rows.entries, people[at : at + TRIED], now, moment) for at in range(0, len(people), TRIED)]
    repeated = repeated_lines(session, rows.entries, now=now)
    gone = list_leavers(session, (*rows.entries, *rows.unread), complete_of) if complete_of is not None else []
    lines = [partial(_try_lines, actor, rows.entries[at : at + TRIED], repeated, now) for at in range(0, len(rows.entries), TRIED)]
    return [*lines, *(partial(_try_leavers, actor, gone[at : at + TRIED], complete_of or 0, now) for at in range(0, len(gone), TRIED))]


def last_planned_day(rows: PeopleListRows | UnitListRows, today: date) -> date | None:
    """Return the last day to come from which a unit of a list is to stand elsewhere: what it would do is judged as of that day."""
    days = [line.since_on for line in rows.entries if isinstance(line, UnitListRow) and line.since_on is not None]
    return max((day for day in days if day > today), default=None)


def _moment_of(rows: UnitListRows, now: datetime) -> datetime:
    day = last_planned_day(rows, today_of(now))
    return now if day is None else now + (day - today_of(now))


def try_portion(session: Session, load: PendingUnitList, portions: Sequence[ListPortion], *, now: datetime) -> bool:
    """Note what the next portion of a list would do to compulsory training; say whether there is more."""
    effects = portions[load.tried](session) if load.tried < len(portions) else []
    load.training = json.dumps([*json.loads(load.training), *map(asdict, effects)]) if effects else load.training
    load.tried += bool(portions)
    load.tried_at = now if load.tried >= len(portions) else None
    return load.tried_at is None


MOST_AT_ONCE = 4
"""Portions up to which a list is tried while somebody waits for the page."""


def begin_trial(session: Session, load: PendingUnitList, rows: PeopleListRows | UnitListRows, *, now: datetime) -> None:
    """Reckon what a list would do to compulsory training: a short one at once, a long one by a job."""
    portions = portions_of(session, load, rows, now=now)
    if len(portions) > MOST_AT_ONCE:
        outbox.enqueue(session, "organisations.try_list", {"load": load.id}, now=now)
        return
    while try_portion(session, load, portions, now=now):
        pass


def read_training(load: PendingUnitList) -> list[TrainingEffect]:
    """Read the effect of a list on compulsory training, as far as it was tried."""
    return audience_preview.join_effects(
        TrainingEffect(**{**effect, "kind": TrainingEffectKind(effect["kind"])}) for effect in json.loads(load.training)
    )


def _try_lines(
    actor: Actor, lines: Sequence[PersonListRow], repeated: Mapping[int, int], now: datetime, session: Session
) -> list[TrainingEffect]:
    judged = judge_people(session, lines, now=now, repeated=repeated)
    known = [line.person_id for line in judged.changed]
    return try_training(session, known, lambda: lists.bring_in_people(session, actor, judged.new, judged.changed, now=now), now=now)


def _try_leavers(actor: Actor, gone: Sequence[int], institution: int, now: datetime, session: Session) -> list[TrainingEffect]:
    return try_training(session, gone, lambda: lists.let_leave(session, actor, gone, institution, now=now), now=now)


def _try_units(
    lines: Sequence[UnitListRow], people: Collection[int], now: datetime, moment: datetime, session: Session
) -> list[TrainingEffect]:
    def act() -> None:
        applied = set[int]()
        while apply_ready(session, SYSTEM, lines, applied, None, now=now):
            pass

    return try_training(session, people, act, now=moment)
