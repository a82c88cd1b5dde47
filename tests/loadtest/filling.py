"""The instance of a load test filled: invented people, the course with its right answers, obligations, and everybody enrolled."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import select

from accounts import accounts, passwords
from accounts.accounts import SignUp
from accounts.models import Person
from compliance import obligations
from compliance.obligations import EnrolmentMode, ObligationValues
from compliance.rules.terms import CourseRequirement, ObligationTerms
from courses.content.model import Severity
from enrolments import enrolment, learners
from kernel import clock, outbox
from kernel.paths import CONTENT
from kernel.permissions import SYSTEM, Actor
from lms.demo.people import DOMAIN, Identity
from lms.instance import Instance
from lms.publishing import publish_folder
from organisations import audiences
from organisations import units as members
from organisations.audiences import AudienceRuleValues
from organisations.models import Organisation
from organisations.rules.audience_leaves import UnitLeaf
from organisations.rules.units import OrganisationKind
from organisations.units import MembershipValues, UnitValues

GIVEN = [
    "Sisa",
    "Íñigo",
    "María",
    "Rumiñahui",
    "Begoña",
    "Jesús",
    "Wayra",
    "Lucía",
    "Óscar",
    "Zoé",
    "Amaru",
    "Concepción",
    "Inti",
    "Ximena",
    "Abdón",
    "Martín",
    "Tamia",
    "Saywa",
    "Ramón",
    "Nicolás",
    "Rosa",
    "Yolanda",
    "Úrsula",
    "Gonzalo",
    "Killa",
    "Fátima",
    "Efraín",
    "Pilar",
    "Adrián",
    "Mélida",
    "Yaku",
    "Soledad",
    "Simón",
    "Noemí",
    "Joaquín",
    "Nina",
    "Hernán",
    "Esperanza",
    "Inés",
    "Ángel",
    "Belén",
    "Débora",
    "Édgar",
]
SURNAMES = [
    "Guamán",
    "Núñez",
    "Santillán",
    "Quishpe",
    "Ibáñez",
    "Peñafiel",
    "Tituaña",
    "Chalá",
    "Muñoz",
    "Cachimuel",
    "Yánez",
    "Sarango",
    "Güiza",
    "Quiñónez",
    "Calazacón",
    "Ávila",
    "Maldonado",
    "Lefèvre",
    "Pilamunga",
    "Zúñiga",
    "D’Angelo",
    "Chuquimarca",
    "Ordóñez",
    "Lema",
    "Cedeño",
    "Morocho",
    "Caicedo",
    "Echeverría",
    "Grefa",
    "Pérez",
    "Bermúdez",
    "Anrango",
    "Iturralde",
    "Ñauñay",
    "Carcelén",
    "Villacís",
    "Conejo",
    "Plúas",
    "Tenorio",
    "Picuasi",
    "Zambrano",
    "Aguavil",
    "Chimbo",
    "Argüello",
    "Baños",
    "Tapuy",
    "Párraga",
    "Enríquez",
    "Farinango",
    "Quimí",
    "León",
    "Piñeiros",
    "Bastidas",
]
INVENTED = ("Ejemplo", "Quimera", "Fábula", "Leyenda", "Ensueño", "Novela", "Hipótesis", "Cuento", "Utopía", "Muestra")
"""Second surnames, which say that nobody is meant."""


def identities(count: int, seed: int) -> Iterator[Identity]:
    """Make so many people, each with an address of their own.

    They are invented, with two given names and two surnames, the same for the same seed.
    """
    chance = Random(f"people:{seed}")  # noqa: S311 - invented people, no secrets
    for number in range(count):
        given = " ".join(chance.sample(GIVEN, 2))
        yield Identity(given, chance.choice(SURNAMES), chance.choice(INVENTED), email(number))


def email(number: int) -> str:
    """Return the address of a person by their number, from 0."""
    return f"persona{number:06d}@{DOMAIN}"


SLUG = "prueba-de-carga"
QUIZ = "sumas"
QUESTIONS = 10
_BANK = 100
_SOURCE = "gobernanza-seguridad-social"
_MODULE = "01-la-seguridad-social-en-ecuador"
_LESSONS = ("01-", "02-", "03-", "04-")
_WITH_A_QUESTION = re.compile(rb"^!\[[^\]]*\]\(question:[^)]*\)$", re.M)
"""A line of a lesson that shows a question of the bank, which does not come along."""
_SUM = re.compile(r"¿Cuánto es (\d+) \+ (\d+)\?")


def folder(content: Path) -> dict[str, bytes]:
    """Return the course's files, made from the published ones."""
    source = content / _SOURCE
    files = {path.name: path.read_bytes() for path in source.glob("*.yaml")}
    files["course.yaml"] = files["course.yaml"].replace(f"key: {_SOURCE}\n".encode(), f"key: {SLUG}\n".encode(), 1)
    module = source / _MODULE
    for path in sorted(module.rglob("*")):
        is_used = path.name == "module.yaml" or path.name.startswith(_LESSONS) or path.parent.name == "media"
        if path.is_file() and is_used:
            files[path.relative_to(source).as_posix()] = _WITH_A_QUESTION.sub(b"", path.read_bytes())
    files[f"{_MODULE}/banco.yaml"] = f"questions:\n{''.join(map(_question, range(1, _BANK + 1)))}".encode()
    settings = f"category: cuestionarios\nslots:\n  - draw: {QUESTIONS}\npass_mark: 70\nattempts: 3\n"
    files[f"{_MODULE}/90-cuestionario.quiz.yaml"] = f"key: {QUIZ}\ntitle:\n  es: Sumas\n  en: Sums\n{settings}".encode()
    return files


def _question(number: int) -> str:
    other = number * 7 % 90
    text = f"    text: ¿Cuánto es {number} + {other}?\n"
    return f"  - key: suma-{number}\n    kind: numerical\n{text}    answers:\n      - right: {number + other}\n"


def answers(page: str) -> list[str]:
    """Return the right answers to the questions of a page, in their order."""
    return [str(int(first) + int(other)) for first, other in _SUM.findall(page)]


PROVINCES, UNITS = 24, 275
AT_ONCE = 500
LAW = {"es": "Plan anual de capacitación de prueba", "en": "Annual training plan of a test"}
FOLLOWING = ("organisations.follow_audiences", "compliance.follow_changes")
"""Jobs that compute who is in an audience, and each status."""


def require_course(instance: Instance, count: int) -> None:
    """Give everybody a unit, put so many obligations in force, and compute all statuses as the clock would."""
    now = clock.now()
    with instance.database.unit_of_work() as session:
        top = members.make(session, SYSTEM, None, OrganisationKind.INSTITUTION, UnitValues("Instituto de prueba", "IP"), now=now)
        provinces = [
            members.make(session, SYSTEM, top, OrganisationKind.PROVINCE, UnitValues(f"Provincia {number}", f"IP-{number}"), now=now)
            for number in range(PROVINCES)
        ]
        units = [
            members.make(session, SYSTEM, province, OrganisationKind.UNIT, UnitValues(f"Unidad {number}", f"IP-U{number}"), now=now).id
            for number, province in zip(range(UNITS), cycle(provinces), strict=False)
        ]
        people = session.scalars(select(Person.id).order_by(Person.id)).all()
    for some, first in _portions(people):
        with instance.database.unit_of_work() as session:
            memberships = {person: MembershipValues(units[(first + number) % UNITS], None) for number, person in enumerate(some)}
            members.assign_members(session, SYSTEM, memberships, now=now)
    _put_in_force(instance, top.id, people, count, now)
    for kind in FOLLOWING:
        with instance.database.unit_of_work() as session:
            outbox.enqueue(session, kind, {}, now=now)
        outbox.deliver_waiting(instance.worker, now=now)


def _portions(people: Sequence[int]) -> Iterator[tuple[Sequence[int], int]]:
    for first in range(0, len(people), AT_ONCE):
        yield people[first : first + AT_ONCE], first


def _put_in_force(instance: Instance, institution: int, people: Sequence[int], count: int, now: datetime) -> None:
    author, approver = (Actor(person_id=person) for person in people[:2])
    day = now.astimezone(ZoneInfo("America/Guayaquil")).date()
    with instance.database.unit_of_work() as session:
        top = session.get_one(Organisation, institution)
        rule = AudienceRuleValues(UnitLeaf(("IP",)), day)
        everybody = audiences.make_audience(session, author, top, "todo-el-personal", {"es": "Todo el personal"}, rule, now=now)
        for number in range(count):
            terms = ObligationTerms(now, day, day, day + timedelta(days=30 + number), CourseRequirement(SLUG))
            title = {"es": f"Capacitación de prueba {number + 1}", "en": f"Test training {number + 1}"}
            values = ObligationValues(title, terms, legal_base=LAW, zone="", enrolment=EnrolmentMode.OFFERED, is_escalated=False)
            row = obligations.make_obligation(session, author, f"prueba-{number + 1}", everybody, values, now=now)
            obligations.activate(session, approver, row, row.edited, now=now)


def fill(instance: Instance, count: int, seed: int, password: str) -> None:
    """Publish the course and enrol everybody, through the services that pages use; all have the same password."""
    own = instance.settings.data_dir / "course"
    for path, content in folder(CONTENT).items():
        (own / path).parent.mkdir(parents=True, exist_ok=True)
        (own / path).write_bytes(content)
    published = publish_folder(instance, own)
    if published.version is None:
        raise AssertionError([finding.message for finding in published.findings if finding.severity is Severity.ERROR])
    hashed = passwords.hash_password(password)
    people = identities(count, seed)
    while some := list(islice(people, AT_ONCE)):
        _enrol(instance, some, hashed)


def _enrol(instance: Instance, some: list[Identity], hashed: str) -> None:
    now = clock.now()
    with instance.database.unit_of_work() as session:
        for identity in some:
            command = SignUp(
                identity.email,
                hashed,
                identity.given_names,
                first_surname=identity.first_surname,
                second_surname=identity.second_surname,
                language=identity.language,
                zone=identity.zone,
            )
            person = accounts.create_person(session, SYSTEM, command, now=now, confirmed=True)
            actor = Actor(person_id=person.id, person_uuid=person.uuid, name=person.full_name, language=person.language)
            enrolment.enrol(session, actor, learners.get_learner_context(session, actor, SLUG), now=now)
        session.expunge_all()
