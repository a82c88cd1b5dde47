"""Compulsory training of a load test: everybody has a unit of one institution, and has to take the course under so many obligations."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import cycle
from zoneinfo import ZoneInfo

from sqlalchemy import select

from accounts.models import Person
from compliance import obligations
from compliance.obligations import EnrolmentMode, ObligationValues
from compliance.rules.terms import CourseRequirement, ObligationTerms
from kernel import clock, outbox
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from lms.loadtest.course import SLUG
from organisations import audiences
from organisations import units as members
from organisations.audiences import AudienceRuleValues
from organisations.models import Organisation
from organisations.rules.audience_leaves import UnitLeaf
from organisations.rules.units import OrganisationKind
from organisations.units import MembershipValues, UnitValues

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
