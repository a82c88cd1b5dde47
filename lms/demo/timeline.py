"""The stage: where invented lives are played in the order of time, one transaction a day."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from accounts import accounts
from accounts import people as account_queries
from accounts.accounts import SignUp
from accounts.models import Person, TokenPurpose
from accounts.rules import initials
from courses.rules import Outline
from enrolments import learners
from enrolments.access import ActivityContext
from kernel import outbox
from kernel.permissions import Actor, SiteRole
from lms.demo.people import Identity
from lms.instance import Instance

ZONE = ZoneInfo("America/Guayaquil")
WEEKS = 8
BROWSERS = (
    "Chrome · Android",
    "Chrome · Android",
    "Firefox · Windows",
    "Chrome · Windows",
    "Safari · iPhone",
    "Edge · Windows",
    "Firefox · Linux",
)
MORNING = timedelta(hours=8, minutes=5)
Life = Iterator[datetime]
"""Yields the moment of what comes next, and does it when it is resumed."""


@dataclass
class DemoTimeline:
    """The timeline of the demonstration: the instance, the present moment, and the transaction of the current day."""

    instance: Instance
    now: datetime
    outlines: Sequence[Outline]
    people: dict[str, Actor] = field(default_factory=dict)
    opened: Session | None = None
    each_morning: Callable[[Instance, datetime], None] | None = None
    """Does what the clock does each day; lives begin after it."""

    @property
    def session(self) -> Session:
        """Return the session of the day."""
        assert self.opened is not None
        return self.opened

    @property
    def start(self) -> datetime:
        """Return the first midnight of the eight weeks."""
        return self.day(-7 * WEEKS)

    def day(self, number: int, hour: int = 0) -> datetime:
        """Return an hour of a day, counted from today (0), by the clock of the course."""
        return self.now.astimezone(ZONE).replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=number)


def play(stage: DemoTimeline, lives: Sequence[Life]) -> None:
    """Let all lives happen in the order of time; background work follows at the end of each day."""
    upcoming = [(moment, number, life) for number, life in enumerate(lives) if (moment := next(life, None)) is not None]
    heapq.heapify(upcoming)
    morning = _day(stage.start)
    while upcoming and upcoming[0][0] < stage.now:
        morning = _wake(stage, morning, until=_day(upcoming[0][0]))
        last = _play_day(stage, upcoming)
        outbox.deliver_waiting(stage.instance.worker, now=min(last + timedelta(minutes=1), stage.now))
    _wake(stage, morning, until=_day(stage.now))
    outbox.deliver_waiting(stage.instance.worker, now=stage.now)


def _wake(stage: DemoTimeline, morning: date, *, until: date) -> date:
    """Do what the clock does on each morning up to a day; return the next one."""
    while morning <= until:
        moment = datetime.combine(morning, time(), tzinfo=ZONE) + MORNING
        if stage.each_morning is not None:
            stage.each_morning(stage.instance, moment)
        morning += timedelta(days=1)
    return morning


def _play_day(stage: DemoTimeline, upcoming: list[tuple[datetime, int, Life]]) -> datetime:
    day, last = _day(upcoming[0][0]), upcoming[0][0]
    with stage.instance.database.unit_of_work() as stage.opened:
        while upcoming and _day(upcoming[0][0]) == day and upcoming[0][0] < stage.now:
            last, number, life = heapq.heappop(upcoming)
            following = next(life, None)
            if following is not None:
                heapq.heappush(upcoming, (max(following, last), number, life))
    return last


def _day(moment: datetime) -> date:
    """Return the day of the stage: it begins in the morning, with what the clock does."""
    return (moment.astimezone(ZONE) - MORNING).date()


def join(stage: DemoTimeline, identity: Identity, password_hash: str, *, now: datetime, confirmed: bool = True) -> Actor:
    """Sign a person up, and confirm the address as the link in the mail would."""
    session, stranger = stage.session, Actor(address=_address(identity))
    command = SignUp(
        identity.email,
        password_hash,
        identity.given_names,
        identity.first_surname,
        identity.second_surname,
        identity.language,
        identity.zone,
    )
    accounts.sign_up(session, stranger, command, now=now)
    person = account_queries.find_person_by_email(session, identity.email)
    assert person is not None
    if confirmed:
        secret = accounts.make_token(session, TokenPurpose.CONFIRM, person, now=now)
        session.flush()  # the link is looked up below
        accounts.confirm_email(session, stranger, secret, now=now + timedelta(minutes=3))
    return enter(stage, identity, person.id)


def enter(stage: DemoTimeline, identity: Identity, person_id: int, *roles: SiteRole) -> Actor:
    """Store and return the actor of a person."""
    actor = Actor(
        person_id=person_id,
        name=f"{identity.given_names} {identity.first_surname}",
        email=identity.email,
        initials=initials(identity.given_names, identity.first_surname),
        language=identity.language,
        zone=identity.zone,
        roles=frozenset(roles),
        address=_address(identity),
    )
    stage.people[identity.email] = actor
    return actor


def _address(identity: Identity) -> str:
    """Return an address of the network kept for documentation (RFC 5737)."""
    return f"198.51.100.{1 + Random(identity.email).randrange(250)}"  # noqa: S311 - invented


def sign_in(stage: DemoTimeline, actor: Actor, chance: Random, *, now: datetime) -> None:
    """Open a session whose secret nobody keeps."""
    accounts.open_device(stage.session, actor, person_of(stage, actor), label=chance.choice(BROWSERS), rehash=None, now=now)


def person_of(stage: DemoTimeline, actor: Actor) -> Person:
    """Return the person's row of an actor."""
    return account_queries.get_person(stage.session, cast("int", actor.person_id))


def activity_context_at(stage: DemoTimeline, actor: Actor, outline: Outline, key: str, *, now: datetime) -> ActivityContext:
    """Return an actor's context of an activity as it was at that moment."""
    context = replace(learners.get_learner_context(stage.session, actor, outline.slug), now=now)
    return learners.activity_context(stage.session, context, outline, key)
