"""Days before today on which people would have been in audiences by another tree, or by what a list says (spec/compulsory 4.5b).

Only audiences count of which something is asked: by them it is said anew who was obliged on days that have passed.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeAlias, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import by_name
from organisations.audience_rules.facts import AudienceCandidate, PlaceFact
from organisations.audience_rules.tree import RuleInForce, find_stays
from organisations.models import Audience, Membership, Organisation
from organisations.queries import audiences, tree
from organisations.rules import UnitSummary

PORTION = 500
MOST_NAMED = 50

FindObligingAudiences: TypeAlias = Callable[[Session], Sequence[Audience]]
LoadCandidates: TypeAlias = Callable[[int, Collection[int]], Mapping[int, AudienceCandidate]]
"""Loads some people as the audiences of an institution would see them."""


def list_obliging(session: Session) -> list[tuple[int, list[RuleInForce]]]:
    """Return the audiences of which something is asked: their institution, and the versions of their rule."""
    find = cast("FindObligingAudiences | None", session.info.get("obliging_audiences"))
    rows = find(session) if find is not None else []
    return [(row.institution_id, audiences.rules_in_force(session, row.id)) for row in rows]


def past_stays(versions: Sequence[RuleInForce], person: AudienceCandidate, today: date) -> list[tuple[date, date]]:
    """Return the first and last days of a person's stays in an audience, up to yesterday."""
    eve = today - timedelta(days=1)
    return [(stay.since_on, min(stay.until_on or eve, eve)) for stay in find_stays(versions, person, today) if stay.since_on < today]


def list_rewritten(session: Session, people: Sequence[int], load: LoadCandidates, today: date) -> list[int]:
    """Return who of some people would have been in an audience on other days before today, seen as a function loads them."""
    changed = set[int]()
    obliging = list_obliging(session)
    for start in range(0, len(people) if obliging else 0, PORTION):
        portion = people[start : start + PORTION]
        for institution in sorted({institution for institution, _versions in obliging}):
            before, after = audiences.load_candidates(session, institution, portion), load(institution, portion)
            for own, versions in obliging:
                differ = (
                    person
                    for person in portion
                    if own == institution and past_stays(versions, before[person], today) != past_stays(versions, after[person], today)
                )
                changed.update(differ)
    return sorted(changed)


def list_rewritten_by_tree(session: Session, units: Mapping[int, UnitSummary], today: date) -> list[int]:
    """Return who would have been in an audience on other days before today, if the tree stood as these units say."""
    changed = [unit.id for unit in tree.list_tree(session) if units[unit.id] != unit]
    if not changed:
        return []
    there = tree.below(select(Organisation.id).where(Organisation.id.in_(changed)))
    statement = select(Membership.person_id).where(Membership.organisation_id.in_(there), Membership.retracted_at.is_(None)).distinct()
    people = list(session.scalars(statement.order_by(Membership.person_id)))

    def load(institution: int, some: Collection[int]) -> Mapping[int, AudienceCandidate]:
        return audiences.load_candidates(session, institution, some, units=units)

    return list_rewritten(session, people, load, today)


def list_rewritten_by_merge(session: Session, posts: Collection[int], keys: Collection[str], today: date) -> list[int]:
    """Return who would have been in an audience on other days before today, if some posts with these keys were one."""
    statement = select(Membership.person_id).where(Membership.post_id.in_(posts), Membership.retracted_at.is_(None)).distinct()
    people = list(session.scalars(statement.order_by(Membership.person_id)))

    def merged(unit: PlaceFact) -> PlaceFact:
        both = tuple(dict.fromkeys((*unit.posts, *sorted(keys))))
        return replace(unit, posts=both) if set(unit.posts) & set(keys) else unit

    def load(institution: int, some: Collection[int]) -> Mapping[int, AudienceCandidate]:
        present = audiences.load_candidates(session, institution, some)
        return {person: replace(candidate, places=tuple(map(merged, candidate.places))) for person, candidate in present.items()}

    return list_rewritten(session, people, load, today)


def name_some(session: Session, people: Iterable[int]) -> list[str]:
    """Return the names of the first of some people."""
    statement = select(Person).where(Person.id.in_(list(people))).order_by(*by_name()).limit(MOST_NAMED)
    return [person.full_name for person in session.scalars(statement)]
