"""Compulsory training of the demonstration: three obligations, their reminders, waivers, a recognition, and somebody who moves."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from compliance import claims, obligations
from compliance.claims import RecognitionValues, WaiverValues, propose_recognition, propose_waiver
from compliance.models import Obligation
from compliance.obligations import EnrolmentMode, ObligationValues
from compliance.rules.claims import WaiverKind
from compliance.rules.terms import (
    AnyRequirement,
    CourseRequirement,
    DeadlineAnchor,
    ObligationTerms,
    RelativeDeadline,
    Requirement,
)
from kernel import outbox
from kernel.durations import Duration, RenewalBasis
from kernel.permissions import Actor
from lms.demo.institution import POSTS
from lms.demo.people import ADMINISTRATOR, AUDITOR, OFFICER, DemoLearner, DemoOutcome
from lms.demo.timeline import ZONE, DemoTimeline, Life, person_of
from lms.instance import Instance
from organisations import audiences, units
from organisations.audiences import AudienceRuleValues
from organisations.models import Audience, Organisation
from organisations.posts import post_key
from organisations.rules.audience_leaves import PostLeaf, ProvinceLeaf, UnitLeaf
from organisations.rules.audiences import RuleNode
from organisations.rules.units import TrainingRole
from organisations.training_scope import give_training_role
from organisations.units import MembershipValues

INSTITUTION, MOVES_TO = "IM", "IM-LO-01"
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
    top = _place(stage, INSTITUTION)
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
    everybody = _audience(stage, author, top, EVERYBODY, {"es": "Todo el personal", "en": "All staff"}, UnitLeaf((INSTITUTION,)), moment)
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
