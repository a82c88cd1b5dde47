"""A person is forgotten (spec/security 7.3): what each package takes away, of their account and of those that were merged into it."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from accounts import people, privacy
from accounts.models import Person
from certificates import bulk, transcripts
from compliance import evidence
from courses import team
from enrolments import calendar, enrolment, invitations, mistakes, results
from kernel.permissions import Actor
from organisations import audiences, units
from quizzes import overrides, saves
from selections import own_data

FORGET: tuple[Callable[..., None], ...] = (
    units.erase_person,
    audiences.erase_person,
    evidence.erase_person,
    team.erase_person,
    invitations.erase_person,
    results.erase_person,
    mistakes.erase_person,
    calendar.erase_person,
    overrides.erase_person,
    saves.erase_person,
    bulk.erase_person,
    transcripts.erase_person,
    own_data.erase_person,
)
"""What each package does when somebody is forgotten, while their address is still there: `(session, person, now=…)`."""


def erase_person(session: Session, actor: Actor, person: Person, *, now: datetime) -> None:
    """Take away everything that says who a person was; raise Conflict where no administrator would be left."""
    for account in people.accounts_of(session, person):
        for forget in FORGET:
            forget(session, account, now=now)
        enrolment.end_enrolments(session, actor, account.id, now=now)
    privacy.anonymise(session, actor, person, now=now)
