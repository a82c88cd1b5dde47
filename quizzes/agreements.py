"""Agreements of two of a jury to what one person could not do alone, and who asked for it, as the log has it (spec/selection 4.16)."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from kernel.audit import AuditEntry, Verb
from kernel.db import Entity
from kernel.i18n import _, enumeration
from quizzes.marking import MarkingVerb
from quizzes.models import Attempt


@dataclass(frozen=True, slots=True)
class Agreement:
    """The name of the person who asked for an act, and of the two who decided on it."""

    asker: str
    people: tuple[str, ...]

    @property
    def words(self) -> str:
        """Describe it in the reader's language."""
        people = enumeration(self.people)
        return _("Decided by %(people)s. Asked for by %(asker)s", people=people, asker=self.asker) if self.asker else people


def list_agreements(session: Session, model: type[Entity], verb: Verb, ids: Collection[int]) -> Mapping[int, Agreement]:
    """Return by row who asked for what a verb did and which two decided on it, where two did."""
    of_rows = (AuditEntry.subject_kind == model.__tablename__, AuditEntry.subject_id.in_(ids), AuditEntry.verb == verb.value)
    entries = session.execute(select(AuditEntry.subject_id, AuditEntry.facts, AuditEntry.actor_id).where(*of_rows).order_by(AuditEntry.id))
    return _by_two(session, [(row.subject_id, json.loads(row.facts), row.actor_id) for row in entries])


def list_mark_agreements(session: Session, attempt_id: int, position: int) -> Mapping[datetime, Agreement]:
    """Return by moment who asked for a mark in a place of an attempt and which two decided on it, where two did."""
    of_attempt = (AuditEntry.subject_kind == Attempt.__tablename__, AuditEntry.subject_id == attempt_id)
    marked = select(AuditEntry.at, AuditEntry.facts, AuditEntry.actor_id).where(*of_attempt, AuditEntry.verb == MarkingVerb.MARKED.value)
    entries = [(row.at, json.loads(row.facts), row.actor_id) for row in session.execute(marked.order_by(AuditEntry.id))]
    return _by_two(session, [entry for entry in entries if entry[1].get("place") == position])


Named = TypeVar("Named")


def _by_two(session: Session, entries: Iterable[tuple[Named, Mapping[str, Any], int | None]]) -> dict[Named, Agreement]:
    """Return who is named by entries of the log that name who agreed."""
    by_two = [entry for entry in entries if "agreed" in entry[1]]
    people = {person for _id, facts, actor in by_two for person in (facts["agreed"], facts.get("asked"), actor) if person is not None}
    rows = session.scalars(select(Person).where(Person.id.in_(people))) if people else ()
    names = {person.id: person.full_name for person in rows}
    pairs = {key: (facts.get("asked") or 0, (facts["agreed"], actor or 0)) for key, facts, actor in by_two}
    return {
        key: Agreement(names.get(asker, ""), tuple(names[member] for member in pair if member in names))
        for key, (asker, pair) in pairs.items()
    }
