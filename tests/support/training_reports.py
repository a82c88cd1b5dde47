"""An institution whose people are in every state of one compulsory training, for tests of its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import update

from accounts.models import Person
from compliance.models import Obligation, Recognition, StartedFact, Waiver
from compliance.rules.terms import ObligationTerms
from courses.models import Course
from enrolments import enrolment as enrolments
from enrolments.learners import get_learner_context
from enrolments.models import Enrolment
from lms.instance import Instance
from organisations.models import Membership, Organisation
from organisations.rules.units import OrganisationKind
from tests.support.builders import a_course, a_person
from tests.support.learning import actor_of, enrolment_of
from tests.support.obligations import BEGINNING, an_audience_of, an_obligation, compute, let_stay, rules_of
from tests.support.places import a_place, put
from tests.support.scenes import scene
from tests.support.training_cases import QUITO, V

NOON = datetime(2026, 11, 20, 12, tzinfo=QUITO)
"""The Friday on which the report is read."""
REPORT = "/training-report"
LONG_AGO = date(2025, 1, 10)
TERMS = replace(V, starts=date(2025, 1, 1), deadline=date(2025, 12, 31), grace=0)
"""Due on the last day of 2025, valid for a year."""


@dataclass(frozen=True, slots=True)
class PersonCase:
    """Somebody of the institution: their unit, since when they are in the audience, and what they did."""

    place: str
    since: date = LONG_AGO
    done: date | None = None
    started: bool = False
    waived: bool = False


CASES: Mapping[str, PersonCase] = {
    "abad": PersonCase("direccion", done=date(2026, 8, 3)),
    "bravo": PersonCase("direccion", done=date(2026, 9, 1)),
    "calle": PersonCase("direccion", done=date(2025, 12, 20)),
    "duran": PersonCase("direccion", since=date(2026, 11, 10)),
    "erazo": PersonCase("direccion", since=date(2026, 11, 10), started=True),
    "flores": PersonCase("afiliacion"),
    "garcia": PersonCase("afiliacion", started=True),
    "haro": PersonCase("afiliacion", done=date(2025, 10, 1)),
    "ibarra": PersonCase("afiliacion", waived=True),
    "jara": PersonCase("loja", done=date(2026, 10, 5)),
    "lara": PersonCase("guayas", done=date(2026, 2, 2)),
}
"""By surname: two units and the province itself in Guayas, one unit in Loja."""
STATES: Mapping[str, str] = {
    **dict.fromkeys(("abad", "bravo", "jara", "lara"), "done"),
    "calle": "renewal_due",
    "duran": "not_started",
    "erazo": "in_progress",
    "flores": "overdue",
    "garcia": "overdue",
    "haro": "expired",
    "ibarra": "waived",
}
"""The state of each on that Friday."""


@dataclass(frozen=True, slots=True)
class ReportedInstitution:
    """The institution: its places and people by name, its obligation and the course that it requires."""

    places: Mapping[str, Organisation]
    people: Mapping[str, Person]
    obligation: Obligation
    course: Course

    def path(self, place: str, page: str = "") -> str:
        """Return the address of a page of the report."""
        return f"{REPORT}/{self.places[place].uuid}{page}"


@scene
def a_reported_institution(instance: Instance, terms: ObligationTerms = TERMS) -> ReportedInstitution:
    """Fill an institution and compute every status as of the Friday."""
    authors = [a_person(instance, "autora@example.org"), a_person(instance, "aprueba@example.org")]
    course, places = a_course(instance, "etica", modules=1), _tree(instance)
    audience = an_audience_of(instance, places["iess"])
    row = an_obligation(instance, audience, rules_of(course, terms), key="etica")
    people = {}
    for name, case in CASES.items():
        person = a_person(instance, f"{name}@example.org", given=name.title(), surname=name.title())
        put(instance, person, places[case.place])
        let_stay(instance, audience, person, case.since)
        _act(instance, case, person, row, course, authors)
        people[name] = person
    with instance.database.unit_of_work() as session:
        session.execute(update(Membership).values(since_on=LONG_AGO, since=BEGINNING, recorded_at=BEGINNING))
    compute(instance, row, [person.id for person in people.values()], now=NOON)
    return ReportedInstitution(places, people, row, course)


def _tree(instance: Instance) -> dict[str, Organisation]:
    root, province = a_place(instance, "IESS", code="IESS"), OrganisationKind.PROVINCE
    guayas, loja = (a_place(instance, name, root, kind=province) for name in ("Guayas", "Loja"))
    return {
        "iess": root,
        "guayas": guayas,
        "loja_provincia": loja,
        "direccion": a_place(instance, "Dirección", guayas, code="GYE-D"),
        "afiliacion": a_place(instance, "Afiliación", guayas, code="GYE-A"),
        "loja": a_place(instance, "Unidad de Loja", loja, code="LOJ"),
    }


def _act(instance: Instance, case: PersonCase, person: Person, obligation: Obligation, course: Course, authors: list[Person]) -> None:
    rows: list[Any] = []
    said = {"uuid": uuid4(), "person_id": person.id, "state": "approved", "proposed_by": authors[0].id, "decided_by": authors[1].id}
    if case.done is not None:
        moment = max(BEGINNING, datetime.combine(case.done, NOON.timetz()))
        rows.append(Recognition(**said, course_id=course.id, achieved_on=case.done, issuer="Otra", proposed_at=moment, decided_at=moment))
    if case.waived:
        rows.append(
            Waiver(
                **said,
                obligation_id=obligation.id,
                kind="commission",
                first_on=date(2025, 1, 10),
                last_on=date(2026, 12, 31),
                proposed_at=BEGINNING,
                decided_at=BEGINNING,
            )
        )
    if case.started:
        enrolment = _enrolled(instance, person, course)
        rows.append(StartedFact(enrolment_id=enrolment.id, person_id=person.id, course_id=course.id, at=NOON - timedelta(days=5)))
    with instance.database.unit_of_work() as session:
        session.add_all(rows)


def _enrolled(instance: Instance, person: Person, course: Course) -> Enrolment:
    actor = actor_of(person)
    with instance.database.unit_of_work() as session:
        enrolments.enrol(session, actor, get_learner_context(session, actor, course.slug), now=NOON - timedelta(days=6))
    return enrolment_of(instance, actor, course)
