"""People of the demonstration, all invented, and the timeline on which their lives happen in the order of time."""

import heapq
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from random import Random
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from accounts import accounts
from accounts import people as account_queries
from accounts.accounts import SignUp
from accounts.models import Person, TokenPurpose
from accounts.rules import fold, initials
from courses.models import StaffRole
from courses.rules import Outline
from enrolments import learners as enrolments_learners
from enrolments.access import ActivityContext
from kernel import outbox
from kernel.permissions import Actor, SiteRole
from lms.instance import Instance

DOMAIN = "example.org"
ZONES = ("America/Guayaquil", "America/Guayaquil", "America/Guayaquil", "Pacific/Galapagos", "America/Bogota", "Europe/Madrid")
_NAMES = """
Sisa Pakarina | Guamán | Ejemplo
Íñigo | Núñez | Quimera
María de los Ángeles | Santillán | Fábula
Rumiñahui | Quishpe | Leyenda
Begoña | Ibáñez | Ensueño
Nantar | Shakaim | Novela
Jesús Ángel | Peñafiel | Hipótesis
Wayra | Tituaña | Ejemplo
Ana Lucía | Chalá | Cuento
Óscar Iván | Muñoz | Personaje
Zoë | Van der Berg | Muestra | en
Kuri Amaru | Cachimuel | Fantasía
Concepción | Yánez | Espejismo
Inti Rafael | Sarango | Utopía
Ximena | Güiza | Ensayo
Abdón | Quiñónez | Fábula
Luz Divina | Calazacón | Quimera
Martín | Ávila | Modelo
Tamia | Maldonado | Leyenda
Jean-Baptiste | Lefèvre | Ejemplo | en
Saywa | Pilamunga | Novela
Ramón Eugenio | Zúñiga | Cuento
Nicolás | D’Angelo | Hipótesis
Rosa Elvira | Chuquimarca | Ensueño
Yolanda | Ordóñez | Personaje
Atik | Lema | Espejismo
Úrsula | Cedeño | Fantasía
Gonzalo | Wong | Muestra
Killa | Morocho | Utopía
Fátima | Haddad | Ensayo
Efraín | Caicedo | Modelo
Pilar | Echeverría | Fábula
Tsáa | Grefa | Quimera
Adrián | Pérez | Leyenda
Mélida | Bermúdez | Ejemplo
Yaku Samuel | Anrango | Novela
Soledad | Iturralde | Cuento
Simón | Ñauñay | Hipótesis
Noemí | Carcelén | Ensueño
Joaquín | Villacís | Personaje
Nina | Conejo | Espejismo
Hernán | Plúas | Fantasía
Esperanza | Tenorio | Muestra
Sami | Picuasi | Utopía
Inés | Zambrano | Ensayo
Ernesto | Aguavil | Modelo
Aitana | Etxebarría | Fábula
Wilson | Chimbo | Quimera
Dolores | Argüello | Leyenda
Liam | O’Connor | Ejemplo | en
Purificación | Baños | Novela
Jumandy | Tapuy | Cuento
Susana | Párraga | Hipótesis
Félix | Enríquez | Ensueño
Ñusta | Farinango | Personaje
Édgar | Quimí | Espejismo
Mercedes | León | Fantasía
Tupac | Yupangui | Muestra
Araceli | Piñeiros | Utopía
Ovidio | Bastidas | Ensayo
"""


class DemoOutcome(StrEnum):
    """The outcome of a demonstration learner after eight weeks."""

    UNCONFIRMED = "unconfirmed"
    NOT_ENROLLED = "not_enrolled"
    NEVER_STARTED = "never_started"
    STALLED = "stalled"
    ACTIVE = "active"
    OPEN = "open"
    """Like ACTIVE, and leaves an attempt open at the end."""
    FINISHED = "finished"


_FATES = (
    *(DemoOutcome.FINISHED, DemoOutcome.ACTIVE, DemoOutcome.STALLED, DemoOutcome.OPEN, DemoOutcome.FINISHED),
    *(DemoOutcome.NEVER_STARTED, DemoOutcome.ACTIVE, DemoOutcome.STALLED, DemoOutcome.FINISHED, DemoOutcome.ACTIVE),
    *(DemoOutcome.FINISHED, DemoOutcome.STALLED, DemoOutcome.NOT_ENROLLED, DemoOutcome.FINISHED, DemoOutcome.ACTIVE),
    *(DemoOutcome.STALLED, DemoOutcome.FINISHED, DemoOutcome.UNCONFIRMED, DemoOutcome.ACTIVE, DemoOutcome.NEVER_STARTED),
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Name, address and language of an invented person."""

    given_names: str
    first_surname: str
    second_surname: str
    email: str
    language: str = "es"
    zone: str = ZONES[0]


@dataclass(frozen=True, slots=True)
class DemoLearner:
    """A demonstration learner: ability (a share in [0, 1]) and outcome; `seed` decides about every day of theirs."""

    identity: Identity
    number: int
    fate: DemoOutcome
    ability: float
    seed: str

    def chance(self, *purpose: object) -> Random:
        """Return a stream of chance for one purpose, the same at every filling."""
        return Random(":".join([self.seed, *map(str, purpose)]))  # noqa: S311 - invented lives, no secrets


ADMINISTRATOR = Identity("Alba", "Cordero", "Ejemplo", f"administracion@{DOMAIN}")
MANAGER = Identity("Jimena", "Cóndor", "Ejemplo", f"jefatura@{DOMAIN}")
OFFICER = Identity("Marcela", "Tipán", "Ejemplo", f"capacitacion@{DOMAIN}")
AUDITOR = Identity("Bolívar", "Ortega", "Ejemplo", f"auditoria@{DOMAIN}")
LEARNER = Identity("Lucía", "Quilumba", "Ejemplo", f"participante@{DOMAIN}")
STAFF = {
    StaffRole.OWNER: Identity("Teodoro", "Balseca", "Ejemplo", f"titular@{DOMAIN}"),
    StaffRole.EDITOR: Identity("Edith", "Ñacato", "Ejemplo", f"edicion@{DOMAIN}"),
    StaffRole.GRADER: Identity("Graciela", "Pozo", "Ejemplo", f"calificacion@{DOMAIN}"),
}
MAX_LEARNERS = len(_NAMES.strip().splitlines())


def learners(count: int, seed: int) -> list[DemoLearner]:
    """Make the learner of the role table and `count` others, with the same fates and abilities for the same seed.

    They are invented, all at example.org, with a second surname that says that they are invented.
    """
    fates = [_FATES[number % len(_FATES)] for number in range(count)]
    cast = [(LEARNER, DemoOutcome.OPEN), *zip(_identities()[:count], fates, strict=True)]
    return [_learner(identity, number, fate, seed) for number, (identity, fate) in enumerate(cast)]


def graduate(learner: DemoLearner) -> DemoLearner:
    """Return this learner in another course, which they finish."""
    return replace(learner, number=learner.number + 1, fate=DemoOutcome.FINISHED, ability=0.88, seed=f"{learner.seed}:second")


def _learner(identity: Identity, number: int, fate: DemoOutcome, seed: int) -> DemoLearner:
    own = f"{seed}:{identity.email}"
    chance = Random(own)  # noqa: S311 - invented lives, no secrets
    ability = 0.64 + 0.32 * chance.betavariate(2, 2) if fate is DemoOutcome.FINISHED else 0.45 + 0.48 * chance.betavariate(2, 2)
    return DemoLearner(identity, number, fate, ability, own)


def _identities() -> list[Identity]:
    return [_identity(line, number) for number, line in enumerate(_NAMES.strip().splitlines())]


def _identity(line: str, number: int) -> Identity:
    given, first, second, *language = (part.strip() for part in line.split("|"))
    local = ".".join(re.sub(r"[^a-z]", "", fold(part)) for part in (given.split()[0], first))
    return Identity(
        given, first, second, email=f"{local}@{DOMAIN}", language=language[0] if language else "es", zone=ZONES[number % len(ZONES)]
    )


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
        first_surname=identity.first_surname,
        second_surname=identity.second_surname,
        language=identity.language,
        zone=identity.zone,
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
    context = replace(enrolments_learners.get_learner_context(stage.session, actor, outline.slug), now=now)
    return enrolments_learners.activity_context(stage.session, context, outline, key)
