"""Employment: a person's time at an institution, recorded, corrected and ended, and what of an institution people may see by it.

Rows are added and retracted, never edited.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, exists, insert, or_, select, union, update
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from kernel import audit
from kernel.errors import N_
from kernel.permissions import Actor
from kernel.personal import PersonalTables, of, own_rows
from organisations.models import (
    Audience,
    AudienceList,
    AudienceListEntry,
    AudienceStayRecord,
    Employment,
    InstitutionAdministrator,
    Membership,
    Organisation,
    OrganisationAbove,
    Post,
    TrainingGrant,
    UnitManager,
)
from organisations.rules.units import EmploymentDays, TrainingRole, next_employment, shifted_days
from organisations.tree import EMPLOYED, PRESENT, belongs


class EmploymentVerb(
    audit.Verb,
    facts={
        "entered_on": N_("Day of entry"),
        "staff_number": N_("Staff number"),
    },
):
    """The audit-log verbs of employment."""

    RECORDED = "employment.recorded", N_("Recorded someone's employment")
    CORRECTED = "employment.corrected", N_("Corrected someone's employment")
    ENDED = "employment.ended", N_("Ended someone's employment")


class EmploymentSource(StrEnum):
    """A source that says that somebody works at an institution; the audit log has it."""

    LIST = "list"
    PLACE = "place"
    """Somebody gave them a place there."""
    PROVIDER = "provider"
    """The institution's own sign-in."""


@dataclass(frozen=True, slots=True)
class EmploymentValues:
    """A person's time at an institution as it says it; `back` where they belong to one of its places from now on."""

    institution: int
    days: EmploymentDays
    back: bool = False
    source: EmploymentSource = EmploymentSource.LIST


def record_employments(session: Session, actor: Actor, employments: Mapping[int, EmploymentValues], day: date, *, now: datetime) -> int:
    """Record what an institution says of some hundreds of people, by their numbers; return of how many that was new.

    A correction retracts a row and adds another; a re-entry is another row of the same person (spec/compulsory 2.3). Places that began or
    ended with an employment begin and end with it as it was corrected.
    """
    present, corrected = present_rows(session, employments), dict[tuple[int, int], tuple[EmploymentDays, EmploymentDays]]()
    retracted, added, events = list[int](), list[dict[str, Any]](), list[tuple[int, EmploymentVerb, dict[str, Any]]]()
    for person, values in employments.items():
        rows = [row for row in present.get(person, ()) if row.institution_id == values.institution]
        last = max(rows, key=lambda row: (row.left_on is None, row.left_on or date.min, row.id), default=None)
        change = next_employment(_days_of(last) if last else None, values.days, day, back=values.back)
        if change is None:
            continue
        if change.corrects and last is not None:
            retracted.append(last.id)
            corrected[person, values.institution] = (_days_of(last), change.days)
        closed = last.account_closed_at if last is not None and change.corrects and change.days.left_on else None
        added.append({**_row(person, values.institution, change.days), "account_closed_at": closed})
        verb = EmploymentVerb.CORRECTED if change.corrects else EmploymentVerb.RECORDED
        events.append((person, verb, {**_facts(values.institution, change.days), "source": values.source.value}))
    _write(session, retracted, added, now)
    _shift_places(session, corrected, now)
    _record(session, actor, events, now)
    return len(events)


def _shift_places(session: Session, corrected: Mapping[tuple[int, int], tuple[EmploymentDays, EmploymentDays]], now: datetime) -> None:
    people = {person for person, _institution in corrected}
    rows = (
        select(Membership, OrganisationAbove.above_id)
        .join(OrganisationAbove, OrganisationAbove.unit_id == Membership.organisation_id)
        .where(Membership.person_id.in_(people), Membership.retracted_at.is_(None))
    )
    for row, institution in session.execute(rows.order_by(Membership.id)).all() if people else ():
        if (row.person_id, institution) not in corrected:
            continue
        since_on, until_on = shifted_days(*corrected[row.person_id, institution], row.since_on, row.until_on)
        if (since_on, until_on) == (row.since_on, row.until_on) or (since_on and until_on and since_on > until_on):
            continue
        copied = {name: getattr(row, name) for name in ("person_id", "organisation_id", "post_id", "is_main")}
        ended = None if row.until is None else now
        row.until, row.retracted_at = row.until or now, now
        session.flush()  # one present row of a person and a place
        session.add(Membership(**copied, since=now, until=ended, since_on=since_on, until_on=until_on, recorded_at=now))
    session.flush()


class WorkRefusal(Enum):
    """Why what a sign-in says of somebody's work is not recorded: a list says otherwise."""

    LEFT = N_("%(name)s has left by the list of people, and the institution’s sign-in still says otherwise: nothing was moved.")
    OTHER_NUMBER = N_("The institution’s sign-in says another staff number of %(name)s than the list of people: that of the list stays.")
    TAKEN = N_("The staff number that the institution’s sign-in says of %(name)s is someone else’s: it was not recorded.")


def record_claimed_work(
    session: Session, actor: Actor, person: Person, institution: int, staff_number: str, day: date, *, belongs: bool, now: datetime
) -> WorkRefusal | None:
    """Record what an institution's sign-in says of somebody's work there, and return what of it is refused.

    A staff number fills in one that is missing; only who keeps the list changes it, or lets begin again who has left.
    """
    rows = [row for row in present_rows(session, [person.id]).get(person.id, ()) if row.institution_id == institution]
    present = [row for row in rows if row.left_on is None]
    if rows and not present:
        return WorkRefusal.LEFT
    own = {row.staff_number for row in present} - {None}
    number = (EMPLOYED, Employment.institution_id == institution, Employment.staff_number == staff_number)
    refused = None
    if staff_number and own and staff_number not in own:
        refused = WorkRefusal.OTHER_NUMBER
    elif staff_number and not own and session.scalar(select(exists().where(*number, Employment.person_id != person.id))):
        refused = WorkRefusal.TAKEN
    days = EmploymentDays("" if refused else staff_number)
    values = EmploymentValues(institution, days, back=belongs, source=EmploymentSource.PROVIDER)
    record_employments(session, actor, {person.id: values}, day, now=now)
    return refused


def have_ended(rows: Sequence[Employment], day: date) -> bool:
    """Return whether all of these employments were over before a day."""
    return all(row.left_on is not None and row.left_on < day for row in rows)


def works_elsewhere(session: Session, person_id: int, institution: int) -> bool:
    """Return whether a person works at another institution at present."""
    elsewhere = exists().where(EMPLOYED, Employment.person_id == person_id, Employment.institution_id != institution)
    return bool(session.scalar(select(elsewhere)))


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


def note_account(session: Session, person_id: int, *, closed_at: datetime | None) -> None:
    """Keep beside a person's employments when their account was suspended because they had left; None: it is open again."""
    rows = (Employment.person_id == person_id, Employment.retracted_at.is_(None))
    session.execute(update(Employment).where(*rows).values(account_closed_at=closed_at))


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
    """Return the SQL condition that a person belongs to a place at present, heads one, or has a grant over its compulsory training."""
    heads = exists().where(UnitManager.person_id == person_id)
    granted = exists().where(TrainingGrant.person_id == person_id)
    return or_(belongs(person_id), heads, granted)


def list_employers(session: Session, people: Sequence[int]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield why somebody who is employed cannot delete their account yet: list and obligation would begin anew without them."""
    message = N_(
        "By the lists of %(institution)s you work there. Your account can be deleted once they have your last day: ask its personnel "
        "office."
    )
    statement = select(Organisation.name).join(Employment, Employment.institution_id == Organisation.id).distinct()
    for name in session.scalars(statement.where(Employment.person_id.in_(people), EMPLOYED).order_by(Organisation.name)):
        yield message, {"institution": name}


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
    up, down, unit = aliased(OrganisationAbove), aliased(OrganisationAbove), aliased(Organisation)
    above = select(up.above_id).where(or_(up.unit_id.in_(member), up.unit_id.in_(select(granted.c.place))))
    below = select(down.unit_id).where(down.above_id.in_(select(granted.c.place)))
    return select(unit.code).where(unit.code.is_not(None), or_(unit.id.in_(above), unit.id.in_(below)))


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


def select_own_data(person_id: int) -> PersonalTables:
    """Return where a person works and worked, in which audiences and lists they are, what they manage or audit, by the name of its file."""
    known, name = "recorded_at retracted_at", Organisation.name
    membership = (name, *of(Post, post="name"), *of(Membership, f"is_main since until since_on until_on {known}"))
    stay = (*of(Audience, "key title"), *of(AudienceStayRecord, f"since_on until_on {known}"))
    listed = (*of(AudienceList, "key title"), *of(AudienceListEntry, "since_on until_on"))
    employment = (name, *of(Employment, f"staff_number entered_on left_on {known} account_closed_at"))
    places = own_rows(Membership, columns=membership, mine=Membership.person_id == person_id)
    places = places.join(Organisation, Organisation.id == Membership.organisation_id).outerjoin(Post, Post.id == Membership.post_id)
    granted: Mapping[str, tuple[type[Any], str]] = {
        "units_managed": (UnitManager, "is_head granted_at"),
        "training_grants": (TrainingGrant, "role granted_at"),
        "institutions_administered": (InstitutionAdministrator, "granted_at"),
    }
    return {
        "places": places,
        "audiences": own_rows(AudienceStayRecord, Audience, columns=stay, mine=AudienceStayRecord.person_id == person_id),
        "audience_lists": own_rows(AudienceListEntry, AudienceList, columns=listed, mine=AudienceListEntry.person_id == person_id),
        "employment": own_rows(Employment, Organisation, columns=employment, mine=Employment.person_id == person_id),
        **{
            key: own_rows(table, Organisation, columns=(name, *of(table, names)), mine=table.person_id == person_id)
            for key, (table, names) in granted.items()
        },
    }
