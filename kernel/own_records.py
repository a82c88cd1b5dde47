"""Nobody acts on their own record as staff: the one guard before every action that changes what a learner has to show.

An action on one person is refused to that person, whatever their roles. An action on many is carried out for the others: the service
leaves the actor's own record out, says so in the audit log, and another member of the team or an administrator applies it there.
"""

from collections.abc import Callable, Collection
from datetime import datetime
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


class RecordVerb(audit.Verb):
    """The audit-log verbs of acts on many records."""

    LEFT_OUT = "record.left_out"


def is_own(actor: Actor, person_id: int | None) -> bool:
    """Return whether a record is the actor's own; the system has none."""
    return person_id is not None and person_id == actor.person_id


def of_others(actor: Actor, person_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return a condition on a column of people that leaves out the actor's own rows."""
    return true() if actor.person_id is None else person_id != actor.person_id


def changes_record(predicate: Predicate, owners_of: Whose, *, otherwise: Verdict = Verdict.OWN) -> Predicate:
    """Mark an action that changes one learner's results, and refuse it to that learner with the verdict `otherwise`."""

    def guarded(actor: Actor, subject: object) -> Verdict:
        verdict = predicate(actor, subject)
        if verdict is Verdict.ALLOW and subject is not None and any(is_own(actor, owner) for owner in owners_of(subject)):
            return otherwise
        return verdict

    return _marked(guarded, predicate, one=True)


def changes_records(predicate: Predicate) -> Predicate:
    """Mark an action that changes the results of many learners: its service leaves the actor's own record out."""

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
    """Return whether an action is marked as one that changes one learner's results."""
    return hasattr(predicate, "one")


def is_guarded(predicate: Predicate) -> bool:
    """Return whether an action is marked at all."""
    return is_of_one(predicate) or is_of_many(predicate)


def is_of_many(predicate: Predicate) -> bool:
    """Return whether an action is marked as one that changes the results of many learners."""
    return hasattr(predicate, "many")
