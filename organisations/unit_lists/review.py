"""Reviews of whole lists: what they would change, whom a complete list makes leave, and when an administrator must type the number."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.i18n import DEFAULT_ZONE
from kernel.left_out import LeftOut
from organisations.models import Employment
from organisations.queries import tree
from organisations.queries import unit_lists as queries
from organisations.rules import NUMBER_ABOVE, asks_for_number
from organisations.unit_lists.checking import UnitListCheck, judge_units
from organisations.unit_lists.past import RewrittenPeople, rewritten_by_people, rewritten_by_units
from organisations.unit_lists.people_checking import PeopleListCheck, PeopleMatch, judge_people, match_people, repeated_lines
from organisations.unit_lists.reading import PeopleListRows, PersonListRow, UnitListFault, UnitListRows


@dataclass(frozen=True, slots=True)
class ListEffects:
    """The effects of a list on an institution as a whole: who leaves it, how many move, and which units nobody is left in."""

    leavers: tuple[int, ...] = ()
    movers: tuple[int, ...] = ()
    people: int = 0
    emptied: tuple[str, ...] = ()
    is_complete: bool = False
    past: RewrittenPeople = field(default_factory=RewrittenPeople)
    """Whose days before today it says anew."""

    @property
    def moved(self) -> int:
        """Return how many move."""
        return len(self.movers)

    @property
    def number(self) -> int:
        """Return how many leave, move, or were obliged on other days: what an administrator types."""
        return len(self.leavers) + len({*self.movers, *self.past.known}) + len(self.past.new)

    @property
    def asks(self) -> bool:
        """Say whether nothing comes in before the number was typed (spec/compulsory 4.5b and 13.3)."""
        moves = asks_for_number(self.people, len(self.leavers), self.moved, len(self.emptied), complete=self.is_complete)
        return moves or self.past.count > NUMBER_ABOVE


@dataclass(frozen=True, slots=True)
class ListReview:
    """The changes that a list would make, its faults and remarks by their lines, and what of it is guessed or not read."""

    check: PeopleListCheck | UnitListCheck
    faults: tuple[UnitListFault, ...]
    remarks: tuple[UnitListFault, ...]
    encoding_guessed_from: int | None
    effects: ListEffects
    left_out: tuple[LeftOut, ...]


def day_of_lists(now: datetime) -> date:
    """Return the day by which days of lists are judged."""
    return now.astimezone(DEFAULT_ZONE).date()


def review_people(session: Session, rows: PeopleListRows, complete_of: int | None, *, now: datetime) -> ListReview:
    """Review a list of people; of a complete one also whom it makes leave."""
    check = judge_people(session, rows.people, now=now, repeated=repeated_lines(session, rows.people))
    leavers = list_leavers(session, (*rows.people, *rows.unread), complete_of) if complete_of is not None else []
    return ListReview(
        check,
        _rows_by_line((*rows.faults, *check.faults)),
        _rows_by_line((*rows.remarks, *check.remarks)),
        rows.encoding_guessed_from,
        _effects(session, check, leavers, complete_of, day_of_lists(now)),
        rows.left_out,
    )


def review_units(session: Session, rows: UnitListRows, *, now: datetime) -> ListReview:
    """Review a list of units."""
    heads = queries.known_heads(session, [line.head for line in rows.units if line.head])
    check = judge_units(tree.list_tree(session), rows.units, heads)
    faults, effects = _rows_by_line((*rows.faults, *check.faults)), ListEffects(past=rewritten_by_units(session, check, day_of_lists(now)))
    return ListReview(check, faults, check.remarks, rows.encoding_guessed_from, effects, rows.left_out)


def _rows_by_line(faults: Sequence[UnitListFault]) -> tuple[UnitListFault, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.line))


def list_leavers(session: Session, lines: Sequence[PersonListRow], institution: int) -> list[int]:
    """Return who works at an institution and is named by none of these lines, not even by one with a fault."""
    named = named_people(match_people(session, lines), lines)
    statement = select(Employment.person_id).where(tree.EMPLOYED, Employment.institution_id == institution)
    return [person for person in session.scalars(statement.order_by(Employment.person_id)) if person not in named]


def named_people(match: PeopleMatch, lines: Sequence[PersonListRow]) -> set[int]:
    """Return whom lines mean in any way."""
    people = set[int]()
    for line in lines:
        people |= {holder.person_id for holder in match.staff_numbers.get(line.staff_number, ())} if line.staff_number else set()
        people |= match.owners.get(line.national_id, set()) if line.national_id else set()
        people |= {match.addresses[line.email]} if line.email in match.addresses else set()
    return people


def _effects(session: Session, check: PeopleListCheck, leavers: Sequence[int], complete_of: int | None, today: date) -> ListEffects:
    """Sum up what happens to places; of a complete list in its institution, else in all."""
    places = {unit.id: unit for unit in tree.list_tree(session)}
    before = Counter(tree.count_members(session))
    known = queries.known_people(session, leavers)
    moves = [line for line in check.changed if line.place is not None and line.old_place is not None]
    gone = Counter(known[person].places.main for person in leavers) + Counter(line.old_place for line in moves)
    come = Counter([*(line.place for line in check.new), *(line.place for line in check.changed)])
    emptied = [
        unit_id for unit_id in gone if unit_id is not None and before[unit_id] and before[unit_id] - gone[unit_id] + come[unit_id] <= 0
    ]
    people = sum(before.values()) if complete_of is None else tree.count_working(session, complete_of)
    names = tuple(sorted(places[unit_id].name for unit_id in emptied))
    movers, past = tuple(line.person_id for line in moves), rewritten_by_people(session, check, today)
    return ListEffects(tuple(leavers), movers, people, names, complete_of is not None, past)
