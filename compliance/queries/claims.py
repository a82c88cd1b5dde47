"""Queries that waivers and recognitions share: the day it is for a person, and what overlaps or repeats what somebody asks for."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from compliance.models import Recognition, Waiver
from compliance.rules.claims import APPROVED_ONCE, OPEN_STATES, ClaimedDays
from organisations import tree
from organisations.models import Employment
from organisations.rules.units import INSTITUTION_ZONE, zone_of


def zone_of_person(session: Session, person_id: int) -> ZoneInfo:
    """Return the time zone of a person's main place."""
    main_unit = tree.find_place(session, person_id)
    places = {unit.id: unit for unit in tree.list_tree(session)} if main_unit is not None else {}
    return ZoneInfo(INSTITUTION_ZONE if main_unit is None else zone_of(places, main_unit.organisation_id))


def day_of_person(session: Session, person_id: int, now: datetime) -> date:
    """Return the day that it is where a person works."""
    return now.astimezone(zone_of_person(session, person_id)).date()


def days_of(waiver: Waiver) -> ClaimedDays:
    """Return the days of a waiver as the pure rules read them."""
    return ClaimedDays(waiver.first_on, waiver.last_on, waiver.revoked_at)


def list_overlapping(session: Session, person_id: int, obligation_id: int | None, days: ClaimedDays) -> list[Waiver]:
    """Return the waivers of a person that wait or count on one of these days for the same obligation, by their first day."""
    states = {state.value for state in OPEN_STATES | APPROVED_ONCE}
    statement = select(Waiver).where(Waiver.person_id == person_id, Waiver.state.in_(states))
    if obligation_id is not None:
        statement = statement.where(or_(Waiver.obligation_id.is_(None), Waiver.obligation_id == obligation_id))
    zone = zone_of_person(session, person_id)
    rows = session.scalars(statement.order_by(Waiver.first_on, Waiver.id))
    return [row for row in rows if days_of(row).overlaps(days, zone)]


def list_repeated(session: Session, people: Sequence[int], courses: Sequence[int]) -> set[tuple[int, int, date]]:
    """Return the person, course and day of each recognition of these that waits or counts."""
    statement = select(Recognition.person_id, Recognition.course_id, Recognition.achieved_on).where(
        Recognition.person_id.in_(people), Recognition.course_id.in_(courses), Recognition.state.in_(OPEN_STATES)
    )
    return {(row[0], row[1], row[2]) for row in session.execute(statement)}


def list_entries(session: Session, people: Sequence[int]) -> dict[int, date]:
    """Return the first day of entry on record of each of some people."""
    statement = (
        select(Employment.person_id, Employment.entered_on)
        .where(Employment.person_id.in_(people), Employment.retracted_at.is_(None), Employment.entered_on.is_not(None))
        .order_by(Employment.entered_on.desc())
    )
    return {row[0]: row[1] for row in session.execute(statement) if row[1] is not None}


def list_decided(session: Session, list_id: int, after: int, limit: int) -> list[Recognition]:
    """Return a portion of the recognitions of a list that somebody decided on, by their number."""
    statement = select(Recognition).where(Recognition.list_id == list_id, Recognition.decided_at.is_not(None), Recognition.id > after)
    return list(session.scalars(statement.order_by(Recognition.id).limit(limit)))
