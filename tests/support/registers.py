"""A register of certificates for tests: many rows written at once, as if their courses had been completed."""

from datetime import date, timedelta
from typing import Any, Protocol
from uuid import uuid4

from sqlalchemy import insert, select

from accounts.models import Person
from accounts.rules import name_key
from certificates.models import Credential
from courses.models import Course
from enrolments.models import Enrolment
from kernel import clock
from kernel.codes import code_from_bits
from kernel.db import Database

FIRST_DAY = date(2026, 1, 5)


class HasDatabase(Protocol):
    """Whatever has a database: an instance, or the servers of the benchmark."""

    @property
    def database(self) -> Database:
        """Return the database."""


def fill_register(instance: HasDatabase, course: Course, count: int, *, version: int = 1, **values: Any) -> list[str]:
    """Add people with a certificate of a course each, issued day by day; return their codes in that order."""
    with instance.database.unit_of_work() as session:
        version_id = session.get_one(Course, course.id).published_version_id
        people = [_person(number) for number in range(count)]
        session.execute(insert(Person), people)
        ids = dict(session.execute(select(Person.email, Person.id).where(Person.email.startswith("titular."))).all())
        numbers = [ids[one["email"]] for one in people]
        session.execute(insert(Enrolment), [_enrolment(one, course.id, version_id) for one in numbers])
        taken = dict(session.execute(select(Enrolment.person_id, Enrolment.id).where(Enrolment.course_id == course.id)).all())
        rows = [_credential(place, person, taken[person], course, version) | values for place, person in enumerate(numbers)]
        session.execute(insert(Credential), rows)
    return [row["code"] for row in rows]


def _person(number: int) -> dict[str, Any]:
    given, surname = f"Persona {number:05}", f"Apellido {number % 7}"
    return {
        "uuid": uuid4(),
        "email": f"titular.{number}@example.org",
        "password_hash": "x",
        "given_names": given,
        "first_surname": surname,
        "second_surname": "",
        "name_key": name_key(given, surname, ""),
        "language": "es",
        "zone": "America/Guayaquil",
        "created_at": clock.now(),
    }


def _enrolment(person: int, course_id: int, version_id: int | None) -> dict[str, Any]:
    now = clock.now()
    return {
        "uuid": uuid4(),
        "person_id": person,
        "course_id": course_id,
        "course_version_id": version_id,
        "enrolled_at": now,
        "done": 1,
        "total": 1,
    }


def _credential(place: int, person: int, enrolment: int, course: Course, version: int) -> dict[str, Any]:
    day = FIRST_DAY + timedelta(days=place // 40)
    given, surname = f"Persona {place:05}", f"Apellido {place % 7}"
    return {
        "uuid": uuid4(),
        "code": code_from_bits(((place + 1) * 30_000_001 << 40) + place, 16),
        "enrolment_id": enrolment,
        "person_id": person,
        "course_id": course.id,
        "template": "constancia",
        "language": "es",
        "person_name": f"{given} {surname}",
        "surnames": surname,
        "course_key": course.slug,
        "course_titles": {"es": "Curso de prueba"},
        "course_version": version,
        "module_minutes": ("30",),
        "with_assessment": True,
        "hours": 2,
        "institution": "IESS",
        "site_name": "Aulario",
        "completed_on": day,
        "issued_on": day,
        "issued_at": clock.now(),
        "expires_on": None,
        "key_id": "k",
        "signature": "s",
        "revoked_reason": "",
    }
