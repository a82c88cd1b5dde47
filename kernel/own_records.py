"""Nobody acts on their own record as staff: the one guard before every action that changes what a learner has to show.

An action on one person is refused to that person, whatever their roles. An action on many is carried out for the others: the service
leaves the actor's own record out, says so in the audit log, and another member of the team or an administrator applies it there.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from kernel import audit
from kernel.errors import N_
from kernel.permissions import Actor, Predicate, Verdict

Whose = Callable[[Any], Collection[int | None]]
"""Gives the numbers of the people on whose records a subject lets somebody act."""


LEFT_OUT = N_("Your own record was left out. Another member of the team or an administrator must apply this change to it.")
"""What the page says after an act on many among whom the actor is."""


class RecordVerb(StrEnum):
    """What the audit log says of acts on many."""

    LEFT_OUT = "record.left_out"


def is_own(actor: Actor, person_id: int | None) -> bool:
    """Say whether a record is the actor's own; the system has none."""
    return person_id is not None and person_id == actor.person_id


def of_others(actor: Actor, person_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return the same as a condition on a column of people: all rows but the actor's own."""
    return true() if actor.person_id is None else person_id != actor.person_id


def changes_record(predicate: Predicate, whose: Whose, *, otherwise: Verdict = Verdict.OWN) -> Predicate:
    """Mark an action that changes one learner's standing, and refuse it to the learner; `otherwise` is what they are told."""

    def guarded(actor: Actor, subject: object) -> Verdict:
        verdict = predicate(actor, subject)
        if verdict is Verdict.ALLOW and subject is not None and any(is_own(actor, one) for one in whose(subject)):
            return otherwise
        return verdict

    return _marked(guarded, predicate, one=True)


def changes_records(predicate: Predicate) -> Predicate:
    """Mark an action that changes the standing of many: its service leaves the actor's own record out."""

    def unguarded(actor: Actor, subject: object) -> Verdict:
        return predicate(actor, subject)

    return _marked(unguarded, predicate, many=True)


def note_left_out(session: Session, actor: Actor, subject: object, *, now: datetime, **facts: object) -> None:
    """Write into the audit log that an act on many left the actor's own record out; `subject` is the row that it was about."""
    audit.record(session, actor, RecordVerb.LEFT_OUT, subject, now=now, person=actor.person_id, **facts)


def _marked(made: Predicate, predicate: Predicate, **marks: bool) -> Predicate:
    made.__dict__.update(predicate.__dict__, **marks, within=getattr(predicate, "within", predicate))
    return made


def is_of_one(predicate: Predicate) -> bool:
    """Say whether an action is marked as one that changes one learner's standing."""
    return hasattr(predicate, "one")


def is_guarded(predicate: Predicate) -> bool:
    """Say whether an action is marked at all."""
    return is_of_one(predicate) or is_of_many(predicate)


def is_of_many(predicate: Predicate) -> bool:
    """Say whether an action is marked as one that changes the standing of many."""
    return hasattr(predicate, "many")
