"""Keep the search's index: what is published or followed can be found, the rest is let go."""

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import cast

from sqlalchemy.orm import Session

from courses.kinds import CourseKinds
from courses.versions import list_own_entries, list_published_versions
from enrolments.versions import list_followed_versions
from kernel.db import Database
from kernel.outbox import Delivery, Effect
from kernel.search import index
from kernel.search.index import SearchDocument

Entries = list[tuple[int | None, SearchDocument]]


def refresh_index(delivery: Delivery) -> Effect:
    """Index the versions that are needed and cannot be found yet, as after an upgrade, and let go of those that nobody needs."""
    with delivery.database.unit_of_work(write=False) as session:
        needed, present = needed_versions(session), index.list_versions(session)
        made = {version: entries_of(session, version) for version in sorted(needed - index.list_complete(session))}

    def write(session: Session) -> None:
        replace(session, (present - needed) | made.keys(), made.items())

    return write


def reindex(database: Database) -> tuple[int, int]:
    """Make the whole index anew, a version at a time, so that nobody waits for long; return how many versions and entries."""
    with database.unit_of_work(write=False) as session:
        needed, present = needed_versions(session), index.list_versions(session)
    count = 0
    for version in sorted(needed):
        with database.unit_of_work(write=False) as session:
            made = entries_of(session, version)
        with database.unit_of_work() as session:
            replace(session, {version}, [(version, made)])
        count += len(made)
    with database.unit_of_work() as session:
        index.forget(session, present - needed)
    return len(needed), count


def needed_versions(session: Session) -> set[int]:
    """Return the versions that anyone may view: those that courses give, and those that learners follow."""
    return list_published_versions(session) | list_followed_versions(session)


def entries_of(session: Session, version: int) -> Entries:
    """Return what can be found of a version, from the rows that were written when it was published."""
    made: Entries = [(None, entry) for entry in list_own_entries(session, version)]
    for publisher in cast("CourseKinds", session.info["kinds"]).publishers:
        made += publisher.entries(session, version)
    return made


def replace(session: Session, versions: Iterable[int], made: Iterable[tuple[int, Entries]]) -> None:
    """Let go of some versions and write those that were made anew."""
    index.forget(session, list(versions))
    for version, entries in made:
        index.write_many(
            session, version, [(part, [entry for _part, entry in group]) for part, group in groupby(entries, key=itemgetter(0))]
        )
