"""Days before today that a list of people or units says anew: who was obliged on them follows from it (spec/compulsory 4.5b)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from organisations.audience_rules.facts import AudienceCandidate, EmploymentFact, PlaceFact
from organisations.queries import audiences, past_days, tree
from organisations.rules import EmploymentDays, UnitSummary, next_employment
from organisations.services.posts import post_key
from organisations.services.unit_lists import AddPerson, ChangePerson, WriteUnit
from organisations.unit_lists.checking import UnitListCheck
from organisations.unit_lists.people_checking import PeopleListCheck

_NO_NUMBER = UUID(int=0)


@dataclass(frozen=True, slots=True)
class RewrittenPeople:
    """The people who would have been in audiences on other days before today: by their number, and the names of new ones."""

    known: tuple[int, ...] = ()
    new: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Return how many they are."""
        return len(self.known) + len(self.new)


def rewritten_by_people(session: Session, check: PeopleListCheck, today: date) -> RewrittenPeople:
    """Return whose days before today a list of people says anew, of audiences of which something is asked."""
    lines = {line.person_id: line for line in check.changed if line.work.post or line.work.days != EmploymentDays()}

    def load(institution: int, some: Collection[int]) -> Mapping[int, AudienceCandidate]:
        present = audiences.load_candidates(session, institution, some)
        return {person: _changed_candidate(candidate, lines[person], institution, today) for person, candidate in present.items()}

    known = past_days.list_rewritten(session, sorted(lines), load, today)
    units, obliging = {unit.id: unit for unit in tree.list_tree(session)}, past_days.list_obliging(session)
    new = [
        " ".join(filter(None, (line.person.given_names, line.person.first_surname, line.person.second_surname)))
        for line in check.new
        for candidate in [_new_candidate(line, units, today)]
        if any(own == line.work.institution and past_days.past_stays(versions, candidate, today) for own, versions in obliging)
    ]
    return RewrittenPeople(tuple(known), tuple(new))


def _changed_candidate(candidate: AudienceCandidate, line: ChangePerson, institution: int, today: date) -> AudienceCandidate:
    """Return a person as a line says they are, as far as that holds for days before today."""
    if line.work.institution != institution:
        return candidate
    former, last = candidate.employments[:-1], next(iter(candidate.employments[-1:]), None)
    present = None if last is None else EmploymentDays(last.staff_number, last.entered_on, last.left_on)
    change = next_employment(present, line.work.days, today, back=line.place is not None)
    if change is not None:
        fact = EmploymentFact(change.days.staff_number, change.days.entered_on, change.days.left_on)
        candidate = replace(candidate, employments=(*(former if change.corrects else candidate.employments), fact))
    main = next((unit for unit in candidate.places if unit.until is None), None)
    if line.work.post and line.place is None and main is not None and not main.posts:  # it holds from the first day there
        named = replace(main, posts=(post_key(line.work.post),))
        candidate = replace(candidate, places=tuple(named if unit is main else unit for unit in candidate.places))
    return candidate


def _new_candidate(line: AddPerson, units: Mapping[int, UnitSummary], today: date) -> AudienceCandidate:
    days, first = line.work.days, line.work.days.entered_on or today
    posts = (post_key(line.work.post),) if line.work.post else ()
    places = [] if line.place is None else [line.place, *sorted(line.work.further or ())]
    facts = [PlaceFact(*audiences.codes_above(units, unit), posts if unit == line.place else (), first) for unit in places]
    return AudienceCandidate((EmploymentFact(days.staff_number, days.entered_on, days.left_on),), None, tuple(facts))


def rewritten_by_units(session: Session, check: UnitListCheck, today: date) -> RewrittenPeople:
    """Return whose days before today a list of units says anew: their history is read by where the units stand."""
    units = {unit.id: unit for unit in tree.list_tree(session)}
    would_be = dict(units)
    for line in check.new:
        would_be[-line.line] = _changed_unit(
            line, UnitSummary(-line.line, _NO_NUMBER, None, line.kind, line.name, "", line.code, closed=False)
        )
    for line in check.changed:
        if line.place is not None:
            would_be[line.place] = _changed_unit(line, units[line.place])
    return RewrittenPeople(tuple(past_days.list_rewritten_by_tree(session, would_be, today)))


def _changed_unit(line: WriteUnit, unit: UnitSummary) -> UnitSummary:
    parent = -line.parent_line if line.parent_line is not None else line.parent
    return replace(unit, name=line.name, code=line.code, parent_id=parent)
