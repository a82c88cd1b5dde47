"""The institution of the demonstration: its places, who belongs to which, and who manages one."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select, update

from accounts.models import NameSource, PersonName
from accounts.names import PRESENT
from courses.models import StaffRole
from lms.demo.people import ADMINISTRATOR, MANAGER, STAFF, DemoLearner
from lms.demo.timeline import WEEKS, DemoTimeline, Life, person_of
from organisations import units as members
from organisations.employment import EmploymentValues, record_employments
from organisations.models import Employment, Organisation
from organisations.posts import find_or_make_posts, post_key
from organisations.rules.units import EmploymentDays, OrganisationKind
from organisations.units import MembershipValues, UnitValues

INSTITUTION = UnitValues("Instituto de Muestra", "IM")
PROVINCES = {
    UnitValues("Pichincha", "IM-PI"): (
        UnitValues("Hospital de ejemplo del Norte", "IM-PI-01"),
        UnitValues("Agencia de ejemplo Centro", "IM-PI-02"),
    ),
    UnitValues("Guayas", "IM-GU"): (
        UnitValues("Hospital de ejemplo del Puerto", "IM-GU-01"),
        UnitValues("Agencia de ejemplo Sur", "IM-GU-02"),
    ),
    UnitValues("Azuay", "IM-AZ"): (UnitValues("Agencia de ejemplo del Valle", "IM-AZ-01"),),
    UnitValues("Galápagos", "IM-GA"): (UnitValues("Dispensario de ejemplo", "IM-GA-01"),),
    UnitValues("Los Ríos", "IM-LR"): (UnitValues("Hospital de ejemplo del Río", "IM-LR-01"),),
    UnitValues("Loja", "IM-LO"): (UnitValues("Agencia de ejemplo Frontera", "IM-LO-01"),),
}
"""Units by province; the first two provinces have a manager."""
POSTS = ("Analista", "Inspectora o inspector", "Médica o médico", "Oficinista", "Técnica o técnico")
SIZES = (9, 6, 7, 5, 3, 2, 4, 4)
"""How many people units have, one against the other, in the order of PROVINCES."""


def institution_life(stage: DemoTimeline, people: Sequence[DemoLearner]) -> Life:
    """Make the places on the first morning; each week put those who came meanwhile into theirs."""
    administrator = stage.people[ADMINISTRATOR.email]
    managers = [stage.people[identity.email] for identity in (MANAGER, STAFF[StaffRole.OWNER])]
    moment = stage.start + timedelta(hours=9)
    yield moment
    top = members.make(stage.session, administrator, None, OrganisationKind.INSTITUTION, INSTITUTION, now=moment)
    units: list[Organisation] = []
    for number, (plan, below) in enumerate(PROVINCES.items()):
        province = members.make(stage.session, administrator, top, OrganisationKind.PROVINCE, plan, now=moment)
        for manager in managers[number : number + 1]:
            members.name_manager(stage.session, administrator, province, person_of(stage, manager), now=moment)
        units += [members.make(stage.session, administrator, province, OrganisationKind.UNIT, unit, now=moment) for unit in below]
    places = {learner.identity.email: learner.chance("unit").choices(units, SIZES)[0] for learner in people}
    for week in range(1, WEEKS + 1):
        moment = stage.start + timedelta(weeks=week, hours=-15)
        yield moment
        arrived = {stage.people[email].person_id: unit for email, unit in places.items() if email in stage.people}
        posts = find_or_make_posts(stage.session, administrator, top.id, POSTS, now=moment)
        new = {person: unit for person, unit in arrived.items() if person is not None}
        employments = {person: EmploymentValues(top.id, _employed(person, stage.start.date()), back=True) for person in new}
        record_employments(stage.session, administrator, employments, moment.date(), now=moment)
        declared = (PersonName.source == NameSource.SELF, PersonName.person_id.in_(select(Employment.person_id)), PRESENT)
        stage.session.execute(update(PersonName).where(*declared).values(source=NameSource.LIST))  # as a list of staff says them
        memberships = {person: MembershipValues(unit.id, posts[post_key(POSTS[person % len(POSTS)])]) for person, unit in new.items()}
        members.assign_members(stage.session, administrator, memberships, now=moment)


def _employed(person: int, day: date) -> EmploymentDays:
    """Make up a staff number and a day of entry: some have worked there for many years, some for a few weeks."""
    return EmploymentDays(f"IM-{1000 + person}", day - timedelta(days=20 + person * 97 % 6000))
