"""A register of people and units, of whom an obligation asks something, for tests of lists and moves."""

import json
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import select, update

from compliance import obligations
from compliance.obligations import ObligationValues
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from organisations import audiences, list_checking
from organisations.audiences import AudienceRuleValues
from organisations.list_reading import read_people
from organisations.models import Membership, Organisation
from organisations.rules.audience_leaves import PostLeaf, ProvinceLeaf
from organisations.rules.audiences import AnyOf
from organisations.rules.units import OrganisationKind
from tests.support.builders import a_course, a_person, an_administrator
from tests.support.obligations import rules_of
from tests.support.places import a_place, put
from tests.support.training_cases import QUITO

NOON = datetime(2026, 5, 4, 12, tzinfo=QUITO)
BEGINNING = date(2026, 1, 1)
HEAD = "correo;nombres;primer apellido;unidad;numero de empleado;puesto;fecha de ingreso;fecha de salida\n"


class Register:
    """An institution with two provinces; who is of Guayas, or an inspector, has to take a course, from the beginning of the year on."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.boss = an_administrator(instance)
        self.root = a_place(instance, "IESS", code="IESS")
        self.guayas, self.loja = (
            a_place(instance, name, self.root, code=name[:3].upper(), kind=OrganisationKind.PROVINCE) for name in ("Guayas", "Loja")
        )
        self.unit = a_place(instance, "Agencia Norte", self.guayas, code="NORTE")
        self.people = [a_person(instance, f"p{number}@example.org", surname=f"Mera{number}") for number in range(3)]
        for person, place in zip(self.people, (self.unit, self.unit, self.loja), strict=True):
            put(instance, person, place)
        with instance.database.unit_of_work() as session:
            session.execute(update(Membership).values(since_on=BEGINNING))

    def oblige(self) -> None:
        rule = AnyOf((ProvinceLeaf(("guayas",)), PostLeaf(("inspector",))))
        second, course = a_person(self.instance, "segunda@example.org"), a_course(self.instance)
        held = AudienceRuleValues(rule, BEGINNING)
        with self.instance.database.unit_of_work() as session:
            root, author = session.get_one(Organisation, self.root.id), Actor(person_id=self.boss.id)
            audience = audiences.make_audience(session, SYSTEM, root, "todos", {"es": "Todos"}, held, now=NOON)
            values = ObligationValues({"es": "Gobernanza"}, rules_of(course))
            row = obligations.make_obligation(session, author, "gobernanza", audience, values, now=NOON)
            obligations.activate(session, Actor(person_id=second.id), row, row.edited, now=NOON)

    def review(self, lines: str) -> list_checking.ListReview:
        with self.instance.database.unit_of_work(write=False) as session:
            return list_checking.review_people(session, read_people((HEAD + lines).encode(), NOON.date()), None, now=NOON)

    def facts(self, verb: str) -> Mapping[str, object]:
        with self.instance.database.unit_of_work(write=False) as session:
            found: Mapping[str, object] = json.loads(session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == verb)).one())
            return found

    def parent(self) -> int | None:
        with self.instance.database.unit_of_work(write=False) as session:
            return session.get_one(Organisation, self.unit.id).parent_id
