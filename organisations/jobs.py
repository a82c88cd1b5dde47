"""Background jobs of organisations: lists are imported or expire, stays in audiences are recorded, places of those who left are ended."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy.orm import Session

from accounts.uploads import forget_uploads_of
from kernel import audit
from kernel.outbox import Delivery, Effect
from kernel.permissions import SYSTEM, Actor, ActorChannel
from organisations import audiences, lists, tree, units
from organisations.audience_kinds import AudienceScope
from organisations.list_checking import day_of_lists, judge_people, list_leavers, read_rows, repeated_lines
from organisations.list_reading import PeopleListRows, UnitListRows
from organisations.list_trials import portions_of, try_portion
from organisations.lists import UnitListVerb, known_heads
from organisations.models import Audience, PendingUnitList
from organisations.rules.units import UnitListKind
from organisations.unit_checking import judge_units


def bring_in(delivery: Delivery) -> None:
    """Bring in a confirmed list, a portion in each transaction; after a fault it goes on where it was, and another worker may."""
    load_id = delivery.number("load")
    with delivery.database.unit_of_work(write=False) as session:
        load = session.get(PendingUnitList, load_id)
    if load is None or load.done_at is not None:
        return
    sheet = read_rows(UnitListKind(load.kind), load.content, now=delivery.now)
    if isinstance(sheet, UnitListRows):
        _bring_in_units(delivery, load_id, sheet)
    else:
        _bring_in_people(delivery, load_id, sheet, load.taken_names)
        _bring_in_leavers(delivery, load_id, sheet)


def try_list(delivery: Delivery) -> None:
    """Reckon what a list that waits would do to compulsory training, a portion in each transaction, until it is known or confirmed."""
    load_id, more = delivery.number("load"), True
    with delivery.database.unit_of_work(write=False) as session:
        load = session.get(PendingUnitList, load_id)
        if load is None:
            return
        rows = read_rows(UnitListKind(load.kind), load.content, now=delivery.now)
        portions = portions_of(session, load, rows, now=delivery.now)
    while more:
        with delivery.database.unit_of_work() as session:
            load = session.get(PendingUnitList, load_id, with_for_update=True)
            more = load is not None and load.confirmed_at is None and try_portion(session, load, portions, now=delivery.now)


def _actor(load: PendingUnitList) -> Actor:
    return Actor(person_id=load.person_id, via=ActorChannel.JOB)


def _bring_in_people(delivery: Delivery, load_id: int, sheet: PeopleListRows, taken_names: Collection[str]) -> None:
    with delivery.database.unit_of_work(write=False) as session:
        repeated = repeated_lines(session, sheet.entries, taken_names, now=delivery.now)
    more = True
    while more:
        with delivery.database.unit_of_work() as session:
            load = session.get_one(PendingUnitList, load_id, with_for_update=True)
            portion = sheet.entries[load.place : load.place + lists.PORTION]
            judged = judge_people(session, portion, now=delivery.now, repeated=repeated, taken_names=load.taken_names)
            lists.bring_in_people(session, _actor(load), judged.new, judged.changed, now=delivery.now)
            load.place += len(portion)
            load.made += len(judged.new)
            load.changed += len(judged.changed)
            load.faulty += len(judged.faults)
            load.skipped_names += judged.skipped_names
            more = bool(portion)


def _bring_in_leavers(delivery: Delivery, load_id: int, sheet: PeopleListRows) -> None:
    """Let those whom a complete list does not name have left the day before, some hundreds in each transaction."""
    more = True
    while more:
        with delivery.database.unit_of_work() as session:
            load = session.get_one(PendingUnitList, load_id, with_for_update=True)
            gone = list_leavers(session, (*sheet.entries, *sheet.unread), load.complete_of) if load.complete_of is not None else []
            if load.complete_of is not None:
                lists.let_leave(session, _actor(load), gone[: lists.PORTION], load.complete_of, now=delivery.now)
            load.leavers += len(gone[: lists.PORTION])
            more = len(gone) > lists.PORTION
            if not more:
                _finish(session, delivery, load, len(sheet.faults))


def _finish(session: Session, delivery: Delivery, load: PendingUnitList, unread: int) -> None:
    if load.done_at is None:
        load.done_at, load.place, load.faulty = delivery.now, load.total, load.faulty + unread
        counts = {"made": load.made, "changed": load.changed, "faulty": load.faulty, "left": load.leavers}
        counts |= {"names_skipped": len(load.skipped_names)} if load.skipped_names else {}
        audit.record(session, _actor(load), UnitListVerb.DONE, load, now=delivery.now, kind=load.kind, lines=load.total, **counts)


def _bring_in_units(delivery: Delivery, load_id: int, sheet: UnitListRows) -> None:
    """Check the whole list against the current tree, write a batch whose parents exist, and repeat until nothing is left.

    A line is imported once at most. What no longer fits when it is written is left out; a batch of which nothing was imported is the last.
    """
    written, more = set[int](), True
    while more:
        with delivery.database.unit_of_work() as session:
            load = session.get_one(PendingUnitList, load_id, with_for_update=True)
            heads = known_heads(session, [line.head for line in sheet.entries if line.head])
            judged = judge_units(tree.list_tree(session), sheet.entries, heads)
            left = [line for line in (*judged.new, *judged.changed) if line.line not in written]
            ready = [line for line in left if line.parent_line is None][: lists.PORTION]
            done = lists.try_places(session, _actor(load), ready, load.reason or load.name, now=delivery.now)
            written |= {line.line for line in done}
            load.made += sum(line.place is None for line in done)
            load.changed += sum(line.place is not None for line in done)
            more = bool(done)
            load.place = load.total - len(left)
            if not more:
                load.faulty = len(judged.faults) + len(left)
                _finish(session, delivery, load, len(sheet.faults))


def recompute_audience(delivery: Delivery) -> None:
    """Record the stays of everybody in an audience whose rule is new, a portion in each transaction; a second time writes nothing."""
    _record_all(delivery, delivery.number("subject"))


def recompute_audiences(delivery: Delivery) -> None:
    """Record the stays of everybody in every audience: days that were corrected afterwards are found so (spec/compulsory 3.7)."""
    with delivery.database.unit_of_work(write=False) as session:
        audience_ids = [audience.id for audience in audiences.list_audiences(session)]
    for audience in audience_ids:
        _record_all(delivery, audience)


def _record_all(delivery: Delivery, audience_id: int) -> None:
    after, portion = 0, list[int]()
    while after == 0 or portion:
        with delivery.database.unit_of_work() as session:
            audience = session.get(Audience, audience_id)
            if audience is None:
                return
            portion = audiences.list_people_after(session, audience, after, audiences.PORTION)
            audiences.record_stays(session, audience, portion, now=delivery.now)
        after = portion[-1] if portion else -1


def follow_audiences(delivery: Delivery) -> None:
    """Record the stays of whoever came into an audience or left it since: by a list, a page, or the calendar alone.

    Units that move from today on are moved before.
    """
    today = audiences.today_of(delivery.now)
    with delivery.database.unit_of_work() as session:
        tree.settle(session, today, now=delivery.now)
    with delivery.database.unit_of_work(write=False) as session:
        changed = {
            audience.id: audiences.list_changed_people(
                session,
                audience.id,
                audiences.find_rule_on(session, audience.id, today),
                AudienceScope(audience.institution_id, today),
            )
            for audience in audiences.list_audiences(session)
        }
    for audience_id, people in changed.items():
        for start in range(0, len(people), audiences.PORTION):
            with delivery.database.unit_of_work() as session:
                audience = session.get(Audience, audience_id)
                if audience is not None:
                    audiences.record_stays(session, audience, people[start : start + audiences.PORTION], now=delivery.now)


forget_loads = forget_uploads_of(PendingUnitList)


def end_places(delivery: Delivery) -> Effect:
    """End the places of those whose last day has gone by, and suspend the accounts of those who left some weeks ago."""

    def write(session: Session) -> None:
        units.end_overdue_places(session, SYSTEM, now=delivery.now, limit=lists.PORTION)
        day = day_of_lists(delivery.now) - timedelta(days=delivery.settings.leaver_days)
        units.close_accounts(session, SYSTEM, day, now=delivery.now, limit=lists.PORTION)

    return write
