"""Employment: a person's time at an institution, recorded, corrected and ended, and what of an institution people may see by it.

Rows are added and retracted, never edited.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, exists, insert, or_, select, union, update
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from kernel import audit
from kernel.errors import N_
from kernel.permissions import Actor
from organisations.models import (
    Audience,
    AudienceList,
    AudienceListEntry,
    AudienceStayRecord,
    Employment,
    InstitutionAdministrator,
    Membership,
    Organisation,
    Post,
    TrainingGrant,
    UnitManager,
)
from organisations.rules.units import EmploymentDays, TrainingRole, next_employment
from organisations.tree import PRESENT, belongs


class EmploymentVerb(audit.Verb):
    """The audit-log verbs of employment."""

    RECORDED = "employment.recorded", N_("Recorded someone's employment")
    CORRECTED = "employment.corrected", N_("Corrected someone's employment")
    ENDED = "employment.ended", N_("Ended someone's employment")


@dataclass(frozen=True, slots=True)
class EmploymentValues:
    """A person's time at an institution as it says it; `back` where they belong to one of its places from now on."""

    institution: int
    days: EmploymentDays
    back: bool = False


def record_employments(session: Session, actor: Actor, employments: Mapping[int, EmploymentValues], day: date, *, now: datetime) -> int:
    """Record what an institution says of some hundreds of people, by their numbers; return of how many that was new.

    A correction retracts a row and adds another; a re-entry is another row of the same person (spec/compulsory 2.3).
    """
    present = present_rows(session, employments)
    retracted, added, events = list[int](), list[dict[str, Any]](), list[tuple[int, EmploymentVerb, dict[str, Any]]]()
    for person, values in employments.items():
        rows = [row for row in present.get(person, ()) if row.institution_id == values.institution]
        last = max(rows, key=lambda row: (row.left_on is None, row.left_on or date.min, row.id), default=None)
        change = next_employment(_days_of(last) if last else None, values.days, day, back=values.back)
        if change is None:
            continue
        if change.corrects and last is not None:
            retracted.append(last.id)
        closed = last.account_closed_at if last is not None and change.corrects and change.days.left_on else None
        added.append({**_row(person, values.institution, change.days), "account_closed_at": closed})
        verb = EmploymentVerb.CORRECTED if change.corrects else EmploymentVerb.RECORDED
        events.append((person, verb, _facts(values.institution, change.days)))
    _write(session, retracted, added, now)
    _record(session, actor, events, now)
    return len(events)


def present_rows(session: Session, people: Iterable[int]) -> dict[int, list[Employment]]:
    """Return the rows of some people that were not retracted, by person."""
    rows_of = defaultdict[int, list[Employment]](list)
    rows = select(Employment).where(Employment.person_id.in_(sorted(people)), Employment.retracted_at.is_(None)).order_by(Employment.id)
    for row in session.scalars(rows.execution_options(populate_existing=True)):
        rows_of[row.person_id].append(row)
    return rows_of


def _days_of(row: Employment) -> EmploymentDays:
    return EmploymentDays(row.staff_number or "", row.entered_on, row.left_on)


def _row(person: int, institution: int, days: EmploymentDays) -> dict[str, Any]:
    return {
        "person_id": person,
        "institution_id": institution,
        "staff_number": days.staff_number or None,
        "entered_on": days.entered_on,
        "left_on": days.left_on,
        "account_closed_at": None,
    }


def _facts(institution: int, days: EmploymentDays) -> dict[str, Any]:
    spoken = {"entered_on": days.entered_on, "left_on": days.left_on}
    return {"organisation": institution, "staff_number": days.staff_number, **{name: str(day) for name, day in spoken.items() if day}}


def _write(session: Session, retracted: Sequence[int], added: Sequence[dict[str, Any]], now: datetime) -> None:
    if retracted:
        session.execute(update(Employment).where(Employment.id.in_(retracted)).values(retracted_at=now))
    if added:
        session.execute(insert(Employment), [{**row, "recorded_at": now} for row in added])


def _record(session: Session, actor: Actor, events: Sequence[tuple[int, EmploymentVerb, dict[str, Any]]], now: datetime) -> None:
    people = {row.id: row for row in session.scalars(select(Person).where(Person.id.in_({event[0] for event in events})))}
    for person, verb, facts in events:
        audit.record(session, actor, verb, people[person], now=now, **facts)


def end_employments(session: Session, actor: Actor, people: Sequence[int], institution: int, last_day: date, *, now: datetime) -> None:
    """Let some hundreds of people have left an institution on a day; who had no row gets one that says so."""
    present, retracted, added = present_rows(session, people), list[int](), list[dict[str, Any]]()
    events = list[tuple[int, EmploymentVerb, dict[str, Any]]]()
    for person in people:
        rows = [row for row in present.get(person, ()) if row.institution_id == institution]
        if any(row.left_on is not None and row.left_on <= last_day for row in rows) and all(row.left_on is not None for row in rows):
            continue
        row = next((row for row in rows if row.left_on is None or row.left_on > last_day), None)
        days = _days_of(row) if row else EmploymentDays()
        days = replace(days, left_on=max(last_day, days.entered_on or last_day))
        retracted += [row.id] if row else []
        added.append(_row(person, institution, days))
        events.append((person, EmploymentVerb.ENDED, _facts(institution, days)))
    _write(session, retracted, added, now)
    _record(session, actor, events, now)


def transfer_employments(session: Session, closed: Person, remaining: Person, *, now: datetime) -> None:
    """Give the account that stays what the lists said of the one that closes; where both have a present row, what its own lacks."""
    present = present_rows(session, [closed.id, remaining.id])
    open_rows = {row.institution_id: row for row in present.get(remaining.id, ()) if row.left_on is None}
    retracted, added = [row.id for row in present.get(closed.id, ())], list[dict[str, Any]]()
    for row in present.get(closed.id, ()):
        own = open_rows.get(row.institution_id) if row.left_on is None else None
        days = _days_of(row)
        if own is not None:
            days = replace(_days_of(own), staff_number=own.staff_number or days.staff_number, entered_on=own.entered_on or days.entered_on)
            if days == _days_of(own):
                continue
            retracted.append(own.id)
        added.append(_row(remaining.id, row.institution_id, days))
    _write(session, retracted, added, now)


Reader = int | BindParameter[int]


def is_staff(person_id: Reader) -> ColumnElement[bool]:
    """Say in SQL that a person belongs to a place at present, heads one, or has a grant over the compulsory training of one."""
    heads = exists().where(UnitManager.person_id == person_id)
    granted = exists().where(TrainingGrant.person_id == person_id)
    return or_(belongs(person_id), heads, granted)


def has_employment(session: Session, person_id: int) -> bool:
    """Return whether an institution employs or employed a person, as far as its records say."""
    known = exists().where(Employment.person_id == person_id, Employment.retracted_at.is_(None))
    return bool(session.scalar(select(known)))


def own_unit_codes(person_id: Reader) -> Select[Any]:
    """Select the codes of the units whose staff a person is: their places, what these stand under, and what they head or look after."""
    member = select(Membership.organisation_id).where(Membership.person_id == person_id, PRESENT)
    granted = union(
        select(UnitManager.organisation_id.label("place")).where(UnitManager.person_id == person_id),
        select(TrainingGrant.organisation_id).where(TrainingGrant.person_id == person_id),
    ).cte("own_grants")
    own = or_(Organisation.id.in_(member), Organisation.id.in_(select(granted.c.place)))
    up = select(Organisation.id, Organisation.parent_id).where(own).cte("own_lineage", recursive=True)
    upper = aliased(Organisation)
    up = up.union(select(upper.id, upper.parent_id).join(up, upper.id == up.c.parent_id))
    down = select(granted.c.place).cte("own_reach", recursive=True)
    lower = aliased(Organisation)
    down = down.union(select(lower.id).join(down, lower.parent_id == down.c.place))
    unit_id = aliased(Organisation)
    here = or_(unit_id.id.in_(select(up.c.id)), unit_id.id.in_(select(down.c.place)))
    return select(unit_id.code).where(unit_id.code.is_not(None), here)


def own_audience_keys(person_id: Reader) -> Select[str]:
    """Select the keys of the audiences in which a person is now, by the stays that are kept, or whose institution they are officer of."""
    in_it = exists().where(
        AudienceStayRecord.audience_id == Audience.id,
        AudienceStayRecord.person_id == person_id,
        AudienceStayRecord.until_on.is_(None),
        AudienceStayRecord.retracted_at.is_(None),
    )
    looks_after = exists().where(
        TrainingGrant.organisation_id == Audience.institution_id,
        TrainingGrant.person_id == person_id,
        TrainingGrant.role == TrainingRole.OFFICER.value,
    )
    return select(Audience.key).where(or_(in_it, looks_after))


def known_unit_codes(session: Session, codes: Collection[str]) -> set[str]:
    """Return which of some codes a unit has."""
    return {code for code in session.scalars(select(Organisation.code).where(Organisation.code.in_(codes))) if code}


def known_audiences(session: Session, keys: Collection[str]) -> set[str]:
    """Return which of some keys an audience has."""
    return set(session.scalars(select(Audience.key).where(Audience.key.in_(keys))))


def select_own_data(person_id: int) -> Mapping[str, Select[*tuple[Any, ...]]]:
    """Return where a person works and worked, in which audiences and lists they are, what they manage or audit, by the name of its file."""
    return {
        "places": select(
            Organisation.name,
            Post.name.label("post"),
            Membership.is_main,
            Membership.since,
            Membership.until,
            Membership.since_on,
            Membership.until_on,
            Membership.recorded_at,
            Membership.retracted_at,
        )
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(Post, Post.id == Membership.post_id)
        .where(Membership.person_id == person_id),
        "audiences": select(
            Audience.key,
            Audience.title,
            AudienceStayRecord.since_on,
            AudienceStayRecord.until_on,
            AudienceStayRecord.recorded_at,
            AudienceStayRecord.retracted_at,
        )
        .join(Audience, Audience.id == AudienceStayRecord.audience_id)
        .where(AudienceStayRecord.person_id == person_id),
        "audience_lists": select(AudienceList.key, AudienceList.title, AudienceListEntry.since_on, AudienceListEntry.until_on)
        .join(AudienceList, AudienceList.id == AudienceListEntry.list_id)
        .where(AudienceListEntry.person_id == person_id),
        "employment": select(
            Organisation.name,
            Employment.staff_number,
            Employment.entered_on,
            Employment.left_on,
            Employment.recorded_at,
            Employment.retracted_at,
            Employment.account_closed_at,
        )
        .join(Organisation, Organisation.id == Employment.institution_id)
        .where(Employment.person_id == person_id),
        "units_managed": select(Organisation.name, UnitManager.is_head, UnitManager.granted_at)
        .join(Organisation, Organisation.id == UnitManager.organisation_id)
        .where(UnitManager.person_id == person_id),
        "training_grants": select(Organisation.name, TrainingGrant.role, TrainingGrant.granted_at)
        .join(Organisation, Organisation.id == TrainingGrant.organisation_id)
        .where(TrainingGrant.person_id == person_id),
        "institutions_administered": select(Organisation.name, InstitutionAdministrator.granted_at)
        .join(Organisation, Organisation.id == InstitutionAdministrator.organisation_id)
        .where(InstitutionAdministrator.person_id == person_id),
    }
