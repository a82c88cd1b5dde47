"""The institution of the demonstration: its places with their people, editions and waiting lists, reminders, and compulsory training."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import uuid4

from sqlalchemy import select

from accounts.models import NameSource, Person, PersonName
from accounts.names import PRESENT, change_name, parts_of
from compliance import claims, obligations
from compliance.claims import RecognitionValues, WaiverValues, propose_recognition, propose_waiver
from compliance.models import Obligation
from compliance.obligations import EnrolmentMode, ObligationValues
from compliance.rules.claims import WaiverKind
from compliance.rules.terms import AnyRequirement, CourseRequirement, DeadlineAnchor, ObligationTerms, RelativeDeadline, Requirement
from courses.models import StaffRole
from courses.rules import Outline
from enrolments import editions, enrolment, learner_groups, learners
from enrolments.calendar import ReminderValues, write_reminder
from enrolments.editions import EditionValues
from enrolments.models import Edition
from kernel import outbox
from kernel.durations import Duration, RenewalBasis
from kernel.permissions import Actor
from lms.demo.people import (
    ADMINISTRATOR,
    AUDITOR,
    LEARNER,
    MANAGER,
    OFFICER,
    STAFF,
    WEEKS,
    ZONE,
    DemoLearner,
    DemoOutcome,
    DemoTimeline,
    Life,
    person_of,
)
from lms.instance import Instance
from organisations import audiences, profile, units
from organisations import units as members
from organisations.audiences import AudienceRuleValues
from organisations.employment import EmploymentValues, record_employments
from organisations.models import Audience, Organisation
from organisations.posts import find_or_make_posts, post_key
from organisations.profile import SignatoryValues
from organisations.rules.audience_leaves import PostLeaf, ProvinceLeaf, UnitLeaf
from organisations.rules.audiences import RuleNode
from organisations.rules.units import EmploymentDays, OrganisationKind, TrainingRole
from organisations.training_scope import give_training_role
from organisations.units import MembershipValues, UnitValues

INSTITUTION = UnitValues("Instituto de Muestra", "IM")
SIGNATORY = SignatoryValues(
    "Rosaura Chimbo Ejemplo", {"es": "Directora académica de muestra", "en": "Sample academic director"}, since=None, until=None
)
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
    profile.add_signatory(stage.session, administrator, stage.instance.settings, SIGNATORY, now=moment)
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
        declared = select(PersonName.person_id).where(PersonName.source == NameSource.SELF, PRESENT)
        for person in stage.session.scalars(select(Person).where(Person.id.in_(new), Person.id.in_(declared))).all():
            change_name(stage.session, administrator, person, parts_of(person), NameSource.LIST, now=moment)  # as a list of staff says it
        memberships = {person: MembershipValues(unit.id, posts[post_key(POSTS[person % len(POSTS)])]) for person, unit in new.items()}
        members.assign_members(stage.session, administrator, memberships, now=moment)


def _employed(person: int, day: date) -> EmploymentDays:
    """Make up a staff number and a day of entry: some have worked there for many years, some for a few weeks."""
    return EmploymentDays(f"IM-{1000 + person}", day - timedelta(days=20 + person * 97 % 6000))


OVER, RUNNING, UPCOMING = "Edición piloto", "Edición de la mañana", "Edición siguiente"
CAPACITY, CANDIDATES = 3, 7
"""Places of the edition to come, and how many people want one."""
DAYS_LEFT = 3
"""How long the running edition goes on."""


def make_editions(stage: DemoTimeline, actor: Actor, outline: Outline, *, now: datetime) -> None:
    """Add the editions of a course before its learners come."""
    over, ends, begins = stage.day(-6), stage.day(DAYS_LEFT, 18), stage.day(12, 8)
    for values in (
        EditionValues(OVER, True, None, enrols_until=stage.start + timedelta(days=31), starts_at=stage.start, ends_at=over, capacity=40),
        EditionValues(RUNNING, True, None, enrols_until=ends, starts_at=stage.start, ends_at=ends, capacity=None),
        EditionValues(UPCOMING, True, stage.day(-10), enrols_until=begins, starts_at=begins, ends_at=stage.day(68, 18), capacity=CAPACITY),
    ):
        edition = editions.make_edition(stage.session, actor, outline.course_id, values, now=now)
        if values.name == UPCOMING:
            editions.make_code(stage.session, actor, edition, now=now)


def enter_course(stage: DemoTimeline, learner: DemoLearner, actor: Actor, outline: Outline, *, now: datetime) -> None:
    """Enrol a learner in a course, in the edition of those like them where the course is given in editions."""
    edition = find_edition(stage, outline, OVER if learner.fate is DemoOutcome.STALLED else RUNNING)
    if edition is None:
        context = learners.get_learner_context(stage.session, actor, outline.slug)
        enrolment.enrol(stage.session, actor, context, now=now)
    else:
        editions.join(stage.session, actor, edition, outline.version_id, now=now)


def find_edition(stage: DemoTimeline, outline: Outline, name: str) -> Edition | None:
    """Return an edition of a course by its name."""
    rows = editions.list_editions(stage.session, outline.course_id)
    return next((row.edition for row in rows if row.edition.name == name), None)


def waiting_life(stage: DemoTimeline, people: Sequence[DemoLearner]) -> Life:
    """Enrol more people in the edition to come than it has places for: the others wait."""
    moment = stage.now - timedelta(days=9)
    yield moment
    outline, owner = stage.outlines[0], stage.people[STAFF[StaffRole.OWNER].email]
    fates = (DemoOutcome.NOT_ENROLLED, DemoOutcome.FINISHED)
    known = [stage.people.get(learner.identity.email) for learner in people if learner.fate in fates]
    enrolled = {row.person_id for row in learner_groups.list_learners(stage.session, outline.course_id, limit=1000)}
    candidates = [person.person_id for person in known if person and person.person_id and person.person_id not in enrolled][:CANDIDATES]
    edition = find_edition(stage, outline, UPCOMING)
    if edition is not None and candidates:
        editions.enrol_others(stage.session, owner, outline.course_id, edition, candidates, now=moment)


REMINDERS = (
    (1, 9, "Pedir a Talento Humano el día para el cuestionario", True),
    (4, 15, "Repasar los apuntes con Marco", True),
    (11, 8, "Preguntar por el siguiente curso", False),
)
"""In how many days, at which hour, the words, and whether it is for the first course."""


def reminder_life(stage: DemoTimeline) -> Life:
    """Write the learner's reminders two days ago."""
    yield stage.now - timedelta(days=2)
    actor = stage.people[LEARNER.email]
    for days, hour, text, of_course in REMINDERS:
        course = stage.outlines[0].course_id if of_course else None
        write_reminder(
            stage.session, actor, ReminderValues(text, stage.day(days, hour), course), uuid4(), now=stage.now - timedelta(days=2)
        )


COMPULSORY_INSTITUTION, MOVES_TO = "IM", "IM-LO-01"
LAW = {"es": "Plan anual de capacitación de la institución de muestra", "en": "Annual training plan of the sample institution"}
EVERYBODY, ANALYSTS, FAR = "todo-el-personal", "analistas-e-inspectores", "sierra-sur-y-galapagos"


CLOCK = ("organisations.follow_audiences", "compliance.follow_changes", "compliance.enrol_assigned", "compliance.remind")
"""Jobs of the clock, in their order: who came into an audience, whose status changed, who is enrolled and reminded."""


def follow_training(instance: Instance, now: datetime) -> None:
    """Do what the clock does each morning about compulsory training."""
    for kind in CLOCK:
        with instance.database.unit_of_work() as session:
            outbox.enqueue(session, kind, {}, now=now)
        outbox.deliver_waiting(instance.worker, now=now)


def compulsory_life(stage: DemoTimeline, people: Sequence[DemoLearner]) -> Life:
    """Name those who look after training, put the obligations in force, decide on what people ask for, move somebody."""
    moment = stage.start + timedelta(hours=10)
    yield moment
    administrator, officer = stage.people[ADMINISTRATOR.email], stage.people[OFFICER.email]
    top = _place(stage, COMPULSORY_INSTITUTION)
    for identity, role in ((OFFICER, TrainingRole.OFFICER), (AUDITOR, TrainingRole.AUDITOR)):
        give_training_role(stage.session, administrator, top, person_of(stage, stage.people[identity.email]), role, now=moment)
    moment = stage.start + timedelta(days=8, hours=9)
    yield moment
    _make_obligations(stage, officer, administrator, top, moment)
    moment = stage.start + timedelta(days=30, hours=15)
    yield moment
    asking = [*_actors(stage, people, DemoOutcome.NEVER_STARTED), *_actors(stage, people, DemoOutcome.STALLED)]
    _ask(stage, officer, asking, moment)
    moment = stage.start + timedelta(days=38, hours=11)
    yield moment
    for mover in asking[4:][-1:]:
        membership = MembershipValues(_place(stage, MOVES_TO).id, None)
        units.assign_members(stage.session, administrator, {mover.person_id or 0: membership}, now=moment)
    moment = stage.now - timedelta(days=1, hours=3)
    yield moment
    for waiting in asking[4:][-1:]:
        days = WaiverValues(
            WaiverKind.OTHER, stage.day(1).date(), stage.day(20).date(), words="Reemplazo a mi jefatura.", document="Memo de muestra 18"
        )
        propose_waiver(stage.session, waiting, waiting.person_id or 0, days, now=moment)


def _actors(stage: DemoTimeline, people: Sequence[DemoLearner], fate: DemoOutcome) -> list[Actor]:
    return [stage.people[learner.identity.email] for learner in people if learner.fate is fate and learner.identity.email in stage.people]


def _place(stage: DemoTimeline, code: str) -> Organisation:
    return stage.session.execute(select(Organisation).where(Organisation.code == code)).scalar_one()


def _make_obligations(stage: DemoTimeline, author: Actor, approver: Actor, top: Organisation, moment: datetime) -> None:
    """Put three obligations in force: one with a fixed last day, one that is renewed each two years, one that any of two courses meets."""
    first, others = stage.outlines[0].slug, [outline.slug for outline in stage.outlines[1:2]]
    second = others[0] if others else first
    everybody = _audience(
        stage, author, top, EVERYBODY, {"es": "Todo el personal", "en": "All staff"}, UnitLeaf((COMPULSORY_INSTITUTION,)), moment
    )
    posts = PostLeaf(tuple(post_key(name) for name in POSTS[:2]))
    named = {"es": "Analistas e inspectores", "en": "Analysts and inspectors"}
    analysts = _audience(stage, author, top, ANALYSTS, named, posts, moment)
    provinces = {"es": "Azuay, Loja y Galápagos", "en": "Azuay, Loja and Galápagos"}
    far = _audience(stage, author, top, FAR, provinces, ProvinceLeaf(("Azuay", "Loja", "Galápagos")), moment)
    day = moment.astimezone(ZONE).date()
    fixed = ObligationTerms(moment, day, day, stage.day(12).date(), CourseRequirement(first), counts_from=stage.start.date())
    renewed = ObligationTerms(
        moment,
        day,
        day,
        RelativeDeadline(Duration(days=30), DeadlineAnchor.JOIN),
        CourseRequirement(second),
        validity=Duration(months=24),
        basis=RenewalBasis.EXPIRY,
        grace=10,
    )
    either: Requirement = AnyRequirement((CourseRequirement(first), CourseRequirement(second)))
    any_of = ObligationTerms(moment, day, day, RelativeDeadline(Duration(months=3), DeadlineAnchor.JOIN), either)
    specified = (
        ("gobernanza-2026", everybody, "Gobernanza de la seguridad social", "Governance of social security", fixed, EnrolmentMode.OFFERED),
        ("presupuesto-cada-dos", analysts, "Presupuesto social, cada dos años", "Social budgeting, every two years", renewed, None),
        ("un-curso-a-eleccion", far, "Un curso a elección", "A course of your choice", any_of, EnrolmentMode.OFFERED),
    )
    for key, audience, title, english, terms, mode in specified:
        values = ObligationValues(
            {"es": title, "en": english}, terms, legal_base=LAW, zone="", enrolment=mode or EnrolmentMode.AUTOMATIC, is_escalated=True
        )
        row = obligations.make_obligation(stage.session, author, key, audience, values, now=moment)
        obligations.activate(stage.session, approver, row, row.edited, now=moment + timedelta(minutes=20))


def _audience(
    stage: DemoTimeline, author: Actor, top: Organisation, key: str, title: dict[str, str], rule: RuleNode, moment: datetime
) -> Audience:
    values = AudienceRuleValues(rule, moment.astimezone(ZONE).date())
    return audiences.make_audience(stage.session, author, top, key, title, values, now=moment)


def _ask(stage: DemoTimeline, officer: Actor, people: Sequence[Actor], moment: datetime) -> None:
    """Let people ask for waivers and one for a recognition, each decided by the officer: two approved, one refused."""
    obligation = stage.session.scalars(select(Obligation).order_by(Obligation.id)).first()
    assert obligation is not None
    day = stage.day(-20).date()
    requests = (
        WaiverValues(WaiverKind.MEDICAL, day, stage.day(15).date(), document="Certificado médico de muestra 7"),
        WaiverValues(WaiverKind.COMMISSION, day, stage.day(-6).date(), words="Comisión en otra ciudad.", document="Oficio de muestra 12"),
        WaiverValues(WaiverKind.OTHER, day, stage.day(30).date(), obligation_id=obligation.id, words="Tengo mucho trabajo."),
    )
    for number, (person, values) in enumerate(zip(people, requests, strict=False)):
        row = propose_waiver(stage.session, person, person.person_id or 0, values, now=moment + timedelta(minutes=number))
        answer = "" if number < 2 else "La carga de trabajo no es una causal: el curso toma menos de una hora por semana."
        claims.decide(stage.session, officer, row, answer, approves=number < 2, now=moment + timedelta(hours=1, minutes=number))
    for person in people[3:4]:
        learned = RecognitionValues(stage.outlines[-1].course_id, stage.day(-200).date(), "SECAP (muestra)", "Diploma de muestra 44")
        made = propose_recognition(stage.session, person, person.person_id or 0, learned, now=moment)
        claims.decide(stage.session, officer, made, "", approves=True, now=moment + timedelta(hours=2))
