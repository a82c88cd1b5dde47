"""Acts by hand on attempts whose results decide, as the log has them: marks that replaced another, and reopenings (spec/selection 4.17)."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from kernel.audit import AuditEntry
from kernel.i18n import _, enumeration, number
from quizzes.marking import MarkingVerb, ReopeningVerb
from quizzes.models import Attempt, AttemptItem

MOST_ACTS = 20_000


@dataclass(frozen=True, slots=True)
class HandAct:
    """An act by hand: the number of the question whose mark it replaced, 0 for a reopening; who decided on it, and why."""

    attempt_id: int
    enrolment_id: int
    question: int
    people: tuple[str, ...]
    reason: str


def list_hand_acts(session: Session, course_id: int, key: str, attempts: Collection[int] | None = None) -> list[HandAct]:
    """List the acts by hand on the attempts at a quiz, or on some of them, in their order."""
    of_quiz = (Attempt.course_id == course_id, Attempt.activity_key == key, ~Attempt.preview, Attempt.enrolment_id.is_not(None))
    statement = (
        select(AuditEntry.verb, AuditEntry.facts, AuditEntry.actor_id, Attempt.id, Attempt.enrolment_id)
        .join(Attempt, Attempt.id == AuditEntry.subject_id)
        .where(AuditEntry.subject_kind == Attempt.__tablename__, *of_quiz)
        .where(AuditEntry.verb.in_((MarkingVerb.MARKED.value, ReopeningVerb.REOPENED.value)))
        .order_by(AuditEntry.id)
        .limit(MOST_ACTS)
    )
    if attempts is not None:
        statement = statement.where(Attempt.id.in_(attempts))
    acts = [(row, facts) for row in session.execute(statement) if _moves(row.verb, facts := json.loads(row.facts))]
    people = {person for row, facts in acts for person in (facts.get("agreed"), row.actor_id) if person is not None}
    rows = session.scalars(select(Person).where(Person.id.in_(people))) if people else ()
    names, numbers = {person.id: person.full_name for person in rows}, _numbers(session, {row.id for row, _facts in acts})
    return [
        HandAct(
            row.id,
            row.enrolment_id,
            numbers.get((row.id, facts.get("place", 0)), 0),
            tuple(dict.fromkeys(names[person] for person in (facts.get("agreed"), row.actor_id) if person in names)),
            str(facts.get("reason", "")),
        )
        for row, facts in acts
    ]


def _moves(verb: str, facts: Mapping[str, object]) -> bool:
    """Return whether an entry is of a reopening, or of a mark that replaced one: a first mark by hand is none."""
    return verb == ReopeningVerb.REOPENED.value or facts.get("before") is not None or bool(facts.get("overruled"))


def _numbers(session: Session, attempts: Collection[int]) -> Mapping[tuple[int, int], int]:
    """Return the number of the question in each place of some attempts."""
    if not attempts:
        return {}
    items = select(AttemptItem.attempt_id, AttemptItem.position, AttemptItem.number).where(AttemptItem.attempt_id.in_(attempts))
    return {(attempt, position): number or 0 for attempt, position, number in session.execute(items)}


def hand_words(question: int, people: Sequence[str], reason: str) -> str:
    """Describe the acts by hand on an attempt: by whom and why."""
    facts = {"people": enumeration(people), "reason": reason}
    if question:
        return _("Question %(number)s marked by hand by %(people)s, reason: %(reason)s", number=number(question), **facts)
    return _("Attempt reopened by %(people)s, reason: %(reason)s", **facts)
