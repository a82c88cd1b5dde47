"""Dates of learners for tests: what the one source of dates tells, to compare with what the program does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from enrolments.dates import DatedItem, list_dates
from kernel.permissions import Actor
from lms.instance import Instance

Moments = dict[str, datetime]


def dates_of(
    instance: Instance,
    *people: Actor,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> Sequence[DatedItem]:
    """Return what the source of dates tells of people."""
    with instance.database.unit_of_work(write=False) as session:
        return list_dates(session, [person.person_id or 0 for person in people], now=now, since=since, until=until, limit=limit)


def moments_of(instance: Instance, person: Actor, *, now: datetime) -> Moments:
    """Return the moments of a person's dates by their keys."""
    return {item.key: item.at for item in dates_of(instance, person, now=now)}
