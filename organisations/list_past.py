"""The people whose days before today a list of people or units says anew, and the tree as a list would leave it (spec/compulsory 4.5b)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.i18n import DEFAULT_ZONE
from organisations import audience_preview, audiences, tree
from organisations.lists import AddPerson, ChangePerson, WriteUnit
from organisations.posts import post_key
from organisations.rules.audiences import AudienceCandidate, EmploymentFact, place_facts
from organisations.rules.units import DAY, EmploymentDays, TreeHistory, UnitSummary, next_employment, shifted_days

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class RewrittenPeople:
    """The people who would have been in audiences on other days before today: by their number, and the names of new ones."""

    known: tuple[int, ...] = ()
    new: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Return how many they are."""
        return len(self.known) + len(self.new)


def rewritten_by_people(session: Session, new_lines: Sequence[AddPerson], changed: Sequence[ChangePerson], today: date) -> RewrittenPeople:
    """Return whose days before today a list of people says anew, of audiences of which something is asked."""
    lines = {line.person_id: line for line in changed if line.work.post or line.work.since_on or line.work.days != EmploymentDays()}
    history, obliging = tree.load_history(session), audience_preview.list_obliging(session)

    def load(institution: int, some: Collection[int]) -> Mapping[int, AudienceCandidate]:
        present = audiences.load_candidates(session, institution, some)
        return {person: _changed_candidate(candidate, lines[person], institution, today, history) for person, candidate in present.items()}

    known = audience_preview.list_rewritten(session, sorted(lines), load, today)
    new = [
        " ".join(filter(None, (line.person.given_names, line.person.first_surname, line.person.second_surname)))
        for line in new_lines
        for candidate in [_new_candidate(line, history, today)]
        if any(own == line.work.institution and audience_preview.past_stays(versions, candidate, today) for own, versions in obliging)
    ]
    return RewrittenPeople(tuple(known), tuple(new))


def _changed_candidate(
    candidate: AudienceCandidate, line: ChangePerson, institution: int, today: date, history: TreeHistory
) -> AudienceCandidate:
    """Return a person as a line says they are, as far as that holds for days before today."""
    if line.work.institution != institution:
        return candidate
    former, last = candidate.employments[:-1], next(iter(candidate.employments[-1:]), None)
    present = None if last is None else EmploymentDays(last.staff_number, last.entered_on, last.left_on)
    change = next_employment(present, line.work.days, today, back=line.place is not None)
    if change is not None:
        fact = EmploymentFact(change.days.staff_number, change.days.entered_on, change.days.left_on)
        candidate = replace(candidate, employments=(*(former if change.corrects else candidate.employments), fact))
        old, new = present or EmploymentDays(), change.days
        if change.corrects:
            shifted = [(unit, *shifted_days(old, new, unit.since, unit.until)) for unit in candidate.places]
            places = tuple(replace(unit, since=since, until=until) for unit, since, until in shifted)
            candidate = replace(candidate, places=places)
    main = next((unit for unit in candidate.places if unit.until is None), None)
    if line.work.since_on is not None:
        return _moved_candidate(candidate, line, history, line.work.since_on)
    if line.work.post and line.place is None and main is not None and not main.posts:  # it holds from the first day there
        named = replace(main, posts=(post_key(line.work.post),))
        candidate = replace(candidate, places=tuple(named if unit is main else unit for unit in candidate.places))
    return candidate


def _moved_candidate(candidate: AudienceCandidate, line: ChangePerson, history: TreeHistory, since_on: date) -> AudienceCandidate:
    """Return a person who belongs to another unit, or has another post, from a day on."""
    main = next((unit for unit in candidate.places if unit.until is None), None)
    unit_id = line.place or line.old_place
    if unit_id is None or not (line.place or line.work.post):
        return candidate
    posts = (post_key(line.work.post),) if line.work.post else main.posts if main is not None else ()
    former = [replace(unit, until=since_on - DAY) if unit is main else unit for unit in candidate.places]
    new = [fact for unit in (unit_id, *sorted(line.work.further or ())) for fact in place_facts(history, unit, posts, since_on, None)]
    return replace(
        candidate, places=tuple(unit for unit in (*former, *new) if not unit.since or not unit.until or unit.since <= unit.until)
    )


def _new_candidate(line: AddPerson, history: TreeHistory, today: date) -> AudienceCandidate:
    days, first = line.work.days, line.work.since_on or today
    posts = (post_key(line.work.post),) if line.work.post else ()
    places = [] if line.place is None else [line.place, *sorted(line.work.further or ())]
    facts = [fact for unit in places for fact in place_facts(history, unit, posts if unit == line.place else (), first, None)]
    return AudienceCandidate((EmploymentFact(days.staff_number, days.entered_on, days.left_on),), None, tuple(facts))


def rewritten_by_units(session: Session, lines: Sequence[WriteUnit], today: date) -> RewrittenPeople:
    """Return whose days before today a list of units says anew: it moves units from days before today."""
    return RewrittenPeople(tuple(audience_preview.list_rewritten_by_tree(session, units_after(session, lines, today), today)))


def units_after(session: Session, lines: Sequence[WriteUnit], today: date) -> TreeHistory:
    """Return the tree as it would be with the lines of a list; new places are numbered by their line, negative."""
    history, would_be = tree.load_history(session), dict[int, UnitSummary]()
    for line in lines:
        kind, number = line.kind, line.place or -line.line
        before = history.units.get(number) or UnitSummary(number, NOBODY, None, kind=kind, name="", name_key="", code="", closed=False)
        would_be[number] = replace(before, name=line.name, code=line.code, parent_id=_parent_after(line) or before.parent_id)
    after = replace(history, units={**history.units, **would_be})
    for line in lines:
        parent = _parent_after(line)
        if line.place is not None and parent is not None and parent != history.units[line.place].parent_id:
            after = after.moved(line.place, parent, line.since_on or today, datetime.combine(today, time(), DEFAULT_ZONE))
    return after


def _parent_after(line: WriteUnit) -> int | None:
    return -line.parent_line if line.parent_line is not None else line.parent
