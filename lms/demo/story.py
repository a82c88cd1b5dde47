"""Eight weeks of invented lives, told through the services in the order of time, one transaction a day."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from accounts import queries as account_queries
from accounts import services as accounts
from accounts.models import TokenPurpose
from accounts.rules import initials
from accounts.services import SignUp
from certificates import queries as certificate_queries
from certificates import services as certificates
from certificates.models import Credential
from courses.rules import Outline, OutlineActivity
from enrolments import queries as enrolment_queries
from enrolments import services as enrolments
from enrolments.permissions import ActivitySeat
from kernel import outbox
from kernel.permissions import Actor, SiteRole
from lms.app import House
from lms.demo.answers import answer_all
from lms.demo.people import Fate, Identity, Learner
from quizzes import queries as quiz_queries
from quizzes import services as quizzes
from quizzes.queries import Paper, Sitting
from quizzes.rules import saving
from quizzes.services import Batch
from webinars import queries as webinar_queries
from webinars import services as webinars

ZONE = ZoneInfo("America/Guayaquil")
WEEKS = 8
LEASE = 1000
LASTS = {Fate.FINISHED: (0.45, 0.97), Fate.STALLED: (0.2, 0.6), Fate.ACTIVE: (0.85, 1.02), Fate.OPEN: (0.8, 0.97)}
"""Which share of the days since joining somebody studies, from and to."""
BROWSERS = (
    "Chrome · Android",
    "Chrome · Android",
    "Firefox · Windows",
    "Chrome · Windows",
    "Safari · iPhone",
    "Edge · Windows",
    "Firefox · Linux",
)
Life = Iterator[datetime]
"""Yields the moment of what comes next, and does it when it is resumed."""


@dataclass
class Stage:
    """Where the lives are played: the instance, the present moment, and the transaction of the day that is being told."""

    house: House
    now: datetime
    outlines: Sequence[Outline]
    people: dict[str, Actor] = field(default_factory=dict)
    opened: Session | None = None

    @property
    def session(self) -> Session:
        """Return the session of the day."""
        assert self.opened is not None
        return self.opened

    @property
    def start(self) -> datetime:
        """Return the first midnight of the eight weeks."""
        midnight = self.now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(weeks=WEEKS)


def play(stage: Stage, lives: Sequence[Life]) -> None:
    """Let all lives happen in the order of time; background work follows at the end of each day."""
    upcoming = [(moment, number, life) for number, life in enumerate(lives) if (moment := next(life, None)) is not None]
    heapq.heapify(upcoming)
    while upcoming and upcoming[0][0] < stage.now:
        last = _play_day(stage, upcoming)
        outbox.deliver_waiting(stage.house.worker, now=min(last + timedelta(minutes=1), stage.now))
    outbox.deliver_waiting(stage.house.worker, now=stage.now)


def _play_day(stage: Stage, upcoming: list[tuple[datetime, int, Life]]) -> datetime:
    day, last = _day(upcoming[0][0]), upcoming[0][0]
    with stage.house.database.unit_of_work() as stage.opened:
        while upcoming and _day(upcoming[0][0]) == day and upcoming[0][0] < stage.now:
            last, number, life = heapq.heappop(upcoming)
            following = next(life, None)
            if following is not None:
                heapq.heappush(upcoming, (max(following, last), number, life))
    return last


def _day(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


def join(stage: Stage, identity: Identity, password_hash: str, *, now: datetime, confirmed: bool = True) -> Actor:
    """Sign somebody up, and confirm the address as the link in the mail would."""
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


def enter(stage: Stage, identity: Identity, person_id: int, *roles: SiteRole) -> Actor:
    """Keep who somebody is when they act."""
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


def sign_in(stage: Stage, actor: Actor, chance: Random, *, now: datetime) -> None:
    """Open a session whose secret nobody keeps."""
    accounts.open_device(stage.session, actor, _person(stage, actor), label=chance.choice(BROWSERS), rehash=None, now=now)


def learner_life(stage: Stage, learner: Learner, password_hash: str) -> Life:
    """Sign up, enrol and study, as far as the fate says."""
    chance = learner.chance("life")
    moment = stage.start + timedelta(days=_first_day(learner, chance), hours=chance.uniform(7, 21))
    yield moment
    actor = join(stage, learner.identity, password_hash, now=moment, confirmed=learner.fate is not Fate.UNCONFIRMED)
    if learner.fate in (Fate.UNCONFIRMED, Fate.NOT_ENROLLED):
        return
    moment += timedelta(minutes=chance.uniform(5, 90))
    yield moment
    outline = stage.outlines[learner.number % len(stage.outlines)]
    sign_in(stage, actor, chance, now=moment)
    enrolments.enrol(stage.session, actor, enrolment_queries.get_seat(stage.session, actor, outline.slug), now=moment)
    if learner.fate is not Fate.NEVER_STARTED:
        yield from _study(stage, learner, actor, outline, moment)


def _first_day(learner: Learner, chance: Random) -> int:
    latest = {Fate.FINISHED: 18, Fate.STALLED: 30, Fate.ACTIVE: 35, Fate.OPEN: 30}.get(learner.fate, WEEKS * 7 - 2)
    return int(chance.triangular(0, latest, latest * 0.2))


def _study(stage: Stage, learner: Learner, actor: Actor, outline: Outline, joined: datetime) -> Life:
    """Go through the part of the course that the fate allows, some activities an evening."""
    chance = learner.chance("study")
    steps = _steps(learner, outline, chance)
    moment = joined
    for evening, todo in _evenings(stage, learner, steps, joined, chance):
        moment = max(evening, moment + timedelta(minutes=5))
        yield moment
        sign_in(stage, actor, chance, now=moment)
        for activity in todo:
            for following in _do(stage, learner, actor, outline, activity, moment):
                moment = following
                yield moment
            moment += timedelta(minutes=chance.uniform(1, 4))
    if learner.fate is Fate.OPEN:
        yield from _leave_open(stage, learner, actor, outline, {activity.key for activity in steps}, moment)


def _steps(learner: Learner, outline: Outline, chance: Random) -> list[OutlineActivity]:
    wanted = [activity for activity in outline.activities() if activity.required or chance.random() < 0.5]
    share = {Fate.FINISHED: 1.0, Fate.STALLED: chance.uniform(0.05, 0.6), Fate.OPEN: 0.4}.get(learner.fate, chance.uniform(0.3, 0.9))
    return wanted[: max(1, round(share * len(wanted)))]


def _evenings(
    stage: Stage, learner: Learner, steps: list[OutlineActivity], joined: datetime, chance: Random
) -> list[tuple[datetime, list[OutlineActivity]]]:
    """Spread the steps over days from joining to the last visit."""
    left = (stage.now - joined).days
    last = int(left * chance.uniform(*LASTS[learner.fate]))
    count = max(1, min(last + 1, -(-len(steps) // chance.randint(2, 5))))
    days = sorted([*chance.sample(range(last), count - 1), last])
    bounds = [round(place * len(steps) / count) for place in range(count + 1)]
    midnight = joined.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    evenings = [midnight + timedelta(days=day, hours=chance.triangular(6, 22.5, 19.5)) for day in days]
    return [(evening, steps[first:after]) for evening, first, after in zip(evenings, bounds, bounds[1:], strict=False)]


def _do(stage: Stage, learner: Learner, actor: Actor, outline: Outline, activity: OutlineActivity, moment: datetime) -> Life:
    """Do one activity: read and mark, watch, or take a quiz until it is passed or no attempt is left."""
    if activity.kind == "quiz":
        yield from _take_quiz(stage, learner, actor, outline, activity, moment)
        return
    chance = learner.chance("read", activity.key)
    seat = _seat(stage, actor, outline, activity, moment)
    if seat.closed is not None:
        return
    enrolments.note_visit(stage.session, cast("int", seat.seat.enrolment_id), activity.key, now=moment)
    moment += timedelta(minutes=max(1.0, (activity.minutes or 4) * chance.uniform(0.5, 1.4)))
    yield moment
    seen = 1.0 if learner.fate is Fate.FINISHED or chance.random() < 0.6 else chance.uniform(0.1, 0.7)
    _complete(stage, actor, _seat(stage, actor, outline, activity, moment), seen, moment)


def _seat(stage: Stage, actor: Actor, outline: Outline, activity: OutlineActivity, moment: datetime) -> ActivitySeat:
    """Return somebody's place before an activity as it was at that moment."""
    seat = replace(enrolment_queries.get_seat(stage.session, actor, outline.slug), now=moment)
    return enrolment_queries.activity_seat(stage.session, seat, outline, activity.key)


def _complete(stage: Stage, actor: Actor, seat: ActivitySeat, seen: float, moment: datetime) -> None:
    """Mark a lesson as done; of a film of ours, keep the share that was seen."""
    if seat.activity.kind == "recording":
        recording = webinar_queries.get_recording(stage.session, seat.activity.id, seat.outline.version_id)
        if recording.row.seconds:
            seconds = recording.row.seconds
            webinars.note_watched(stage.session, actor, seat, [(0, round(seen * seconds))], seconds, now=moment)
    if seat.activity.completion_rule in ("marked", "viewed"):
        enrolments.mark_done(stage.session, actor, seat, now=moment)


def _take_quiz(stage: Stage, learner: Learner, actor: Actor, outline: Outline, activity: OutlineActivity, moment: datetime) -> Life:
    paper = quiz_queries.get_paper_of_activity(stage.session, activity.id)
    settings, number = paper.settings, 0
    while True:
        number += 1
        chance = learner.chance("quiz", activity.key, number)
        seat = _seat(stage, actor, outline, activity, moment)
        if seat.closed is not None:
            return
        attempt = quizzes.start_attempt(stage.session, actor, seat, learner.identity.language, now=moment).uuid
        longest = timedelta(seconds=settings.limit or 3000)
        moment += min(longest * 0.9, timedelta(minutes=(activity.minutes or 10) * chance.uniform(0.6, 1.6)))
        yield moment
        share, fails = _meant(learner, paper, chance, last=number == (settings.attempts or 3))
        passed = _hand_in(stage, actor, attempt, chance, share=share, fails=fails, now=moment)
        if passed is not False or number == (settings.attempts or 3):
            return
        pause = settings.pause.first if number == 1 else settings.pause.later
        moment += timedelta(seconds=pause, minutes=chance.uniform(2, 40))
        yield moment


def _meant(learner: Learner, paper: Paper, chance: Random, *, last: bool) -> tuple[float, bool]:
    """Return the share of the marks that an attempt is meant to reach, and whether it is meant to fail."""
    share = min(1.0, max(0.1, chance.gauss(learner.ability - 0.06, 0.14)))
    needed = float(paper.settings.pass_mark or 0) / 100
    if learner.fate in (Fate.FINISHED, Fate.OPEN) and last:
        share = max(share, needed)
    return share, share < needed


def _sitting(stage: Stage, actor: Actor, attempt: UUID) -> Sitting:
    return quiz_queries.get_sitting(stage.session, quiz_queries.lock_attempt(stage.session, actor, attempt).id)


def _hand_in(stage: Stage, actor: Actor, attempt: UUID, chance: Random, *, share: float, fails: bool, now: datetime) -> bool | None:
    """Answer everything and hand the attempt in; return whether it passed, or nothing where that is not asked."""
    sitting = _sitting(stage, actor, attempt)
    batch = _answers(stage, sitting, chance, share=share, fails=fails, kind="submit")
    quizzes.submit_attempt(stage.session, actor, sitting, [batch], now=now)
    return sitting.row.passed


def _answers(stage: Stage, sitting: Sitting, chance: Random, *, share: float, fails: bool, kind: str, part: float = 1.0) -> Batch:
    questions = quiz_queries.get_questions(stage.session, [item.question_version_id for item in sitting.items])
    total = sum((item.maximum for item in sitting.items), Fraction(0))
    below = (sitting.paper.settings.pass_mark or 0) * total / 100 if fails else None
    given = answer_all(sitting.items, questions, sitting.row.language, chance, share=share, below=below)
    kept = [one for one in given[: max(1, round(part * len(given)))] if one.parts]
    return Batch(LEASE, tuple(saving.AnswerEvent(one.item.position, saving.Place(LEASE, 1), one.parts) for one in kept), kind)


def _leave_open(stage: Stage, learner: Learner, actor: Actor, outline: Outline, done: set[str], moment: datetime) -> Life:
    """Begin the next quiz in the last days, answer half of it, flag one question, and go away."""
    quiz = next(
        (activity for activity in outline.activities() if activity.kind == "quiz" and activity.required and activity.key not in done), None
    )
    if quiz is None:
        return
    chance = learner.chance("open")
    moment = max(moment, stage.now - timedelta(hours=chance.uniform(2, 40)))
    yield moment
    seat = _seat(stage, actor, outline, quiz, moment)
    if seat.closed is not None:
        return
    sign_in(stage, actor, chance, now=moment)
    attempt = quizzes.start_attempt(stage.session, actor, seat, learner.identity.language, now=moment).uuid
    moment += timedelta(minutes=6)
    yield moment
    sitting = _sitting(stage, actor, attempt)
    batch = _answers(stage, sitting, chance, share=learner.ability, fails=False, kind="autosave", part=0.5)
    quizzes.save_answers(stage.session, sitting, [batch], now=moment)
    quizzes.set_flag(stage.session, sitting, sitting.items[-1].position, flagged=True)


def staff_life(stage: Stage, identity: Identity) -> Life:
    """Sign in some evenings, and try the first quiz of each course as its staff do."""
    chance = Random(identity.email)  # noqa: S311 - invented
    actor = stage.people[identity.email]
    for week in range(WEEKS):
        moment = stage.start + timedelta(weeks=week, days=chance.uniform(0, 5), hours=chance.uniform(0, 12))
        yield moment
        sign_in(stage, actor, chance, now=moment)
    for outline in stage.outlines:
        yield from _preview(stage, actor, outline, chance, moment + timedelta(minutes=4))


def _preview(stage: Stage, actor: Actor, outline: Outline, chance: Random, moment: datetime) -> Life:
    quiz = next((activity for activity in outline.activities() if activity.kind == "quiz" and activity.required), None)
    if quiz is None:
        return
    attempt = quizzes.start_attempt(stage.session, actor, _seat(stage, actor, outline, quiz, moment), "es", now=moment).uuid
    moment += timedelta(minutes=5)
    yield moment
    _hand_in(stage, actor, attempt, chance, share=0.9, fails=False, now=moment)


def administrator_life(stage: Stage, identity: Identity, cast_of_learners: Sequence[Learner]) -> Life:
    """Sign in each week; near the end revoke one certificate and suspend one person."""
    chance, actor = Random(identity.email), stage.people[identity.email]  # noqa: S311 - invented
    for week in range(WEEKS):
        moment = stage.start + timedelta(weeks=week, days=chance.uniform(0, 5), hours=chance.uniform(8, 12))
        yield moment
        sign_in(stage, actor, chance, now=moment)
    moment = stage.now - timedelta(hours=20)
    yield moment
    held = [credential for learner in cast_of_learners for credential in _credentials(stage, learner)]
    if len(held) > 1:
        reason = "Constancia emitida por error durante la demostración."
        certificates.revoke_credential(stage.session, actor, held[1], reason, now=moment)
    moment += timedelta(minutes=9)
    yield moment
    stalled = [learner for learner in cast_of_learners if learner.fate is Fate.STALLED and learner.identity.email in stage.people]
    if stalled:
        _suspend(stage, cast("int", stage.people[stalled[-1].identity.email].person_id), moment)


def _credentials(stage: Stage, learner: Learner) -> list[Credential]:
    actor = stage.people.get(learner.identity.email)
    return [] if actor is None else certificate_queries.list_own(stage.session, actor)


def _suspend(stage: Stage, person_id: int, moment: datetime) -> None:
    """Close somebody's account; accounts has no verb for it yet, so the moment is set here and their sessions end."""
    account_queries.get_person(stage.session, person_id).suspended_at = moment
    accounts.end_devices(stage.session, person_id, now=moment)
