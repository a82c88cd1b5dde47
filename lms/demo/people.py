"""People of the demonstration: invented, all at example.org, with a second surname that says that they are invented."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from accounts.rules import fold
from courses.models import StaffRole

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
    """Make the learner of the role table and `count` others, with the same fates and abilities for the same seed."""
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
    return Identity(given, first, second, f"{local}@{DOMAIN}", language[0] if language else "es", ZONES[number % len(ZONES)])
