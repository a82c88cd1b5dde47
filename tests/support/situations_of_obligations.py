"""Situations of obligations: drafts, what is in force, changes that are tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from compliance import obligations, planned_changes
from compliance.models import Obligation, PlannedChange
from compliance.obligations import ObligationValues
from courses.models import Course
from kernel import clock
from kernel.permissions import SYSTEM, Actor
from organisations import audiences
from organisations.audiences import AudienceRuleValues
from organisations.models import Audience
from organisations.rules.audience_leaves import UnitLeaf
from organisations.rules.audiences import Negation
from tests.support.builders import a_course
from tests.support.obligations import rules_of
from tests.support.places import a_place
from tests.support.situations import Room, Scene, Stage

ROOT = "/compulsory-training"


def _values(stage: Stage, course: Course | None = None) -> ObligationValues:
    today = audiences.today_of(clock.now())
    terms = replace(rules_of(course or stage.course), starts=today, deadline=today + timedelta(days=90), effective_on=today)
    return ObligationValues({"es": f"Obligación {stage.number()}"}, terms)


def _act(stage: Stage, do: Callable[[Session], PlannedChange]) -> PlannedChange:
    with stage.instance.database.unit_of_work() as session:
        return do(session)


def _obligation(stage: Stage, course: Course | None = None, *, is_active: bool) -> Obligation:
    """Write an obligation that nobody has to meet, and put it in force where that is asked for."""
    root = stage.once("institution of audiences", lambda: a_place(stage.instance, "Instituto", code="INST"))
    number, rule = stage.number(), AudienceRuleValues(UnitLeaf(("INST",), below=True), audiences.today_of(clock.now()))
    author, second = (stage.once(name, stage.person).id for name in ("author of obligations", "second person"))
    values = _values(stage, course)
    with stage.instance.database.unit_of_work() as session:
        audience = audiences.make_audience(session, SYSTEM, root, f"publico-{number}", {"es": f"Público {number}"}, rule, now=clock.now())
        actor = Actor(person_id=author)
        row = obligations.make_obligation(session, actor, f"obligacion-{number}", audience, values, now=clock.now())
        if is_active:
            obligations.activate(session, Actor(person_id=second), row, row.edited, now=clock.now())
        return row


def a_draft(stage: Stage) -> Scene:
    """Somebody else wrote a draft."""
    return Scene(stage.boss, f"{ROOT}/obligations/{_obligation(stage, is_active=False).uuid}")


def a_draft_to_change(stage: Stage) -> Scene:
    """The form of a draft."""
    row = _obligation(stage, is_active=False)
    return Scene(stage.boss, f"{ROOT}/obligations/{row.uuid}/draft", {"owner": "admin@example.org"})


def one_in_force(stage: Stage) -> Scene:
    """An obligation is in force."""
    row = _obligation(stage, is_active=True)
    return Scene(stage.boss, f"{ROOT}/obligations/{row.uuid}", {"owner": "admin@example.org"})


def a_version_to_write(stage: Stage) -> Scene:
    """An obligation in force is changed."""
    return Scene(stage.boss, f"{ROOT}/obligations/{_obligation(stage, is_active=True).uuid}/version", {"grace": "5"})


def an_end_to_set(stage: Stage) -> Scene:
    """An obligation in force is ended."""
    row, last = _obligation(stage, is_active=True), audiences.today_of(clock.now()) + timedelta(days=9)
    return Scene(stage.boss, f"{ROOT}/obligations/{row.uuid}/end", {"last_on": last.isoformat(), "reason": "Derogada."})


def an_activation(stage: Stage) -> Scene:
    """The activation of somebody else's draft was tried; nobody is in its audience."""
    row = _obligation(stage, is_active=False)
    change = _act(
        stage, lambda session: planned_changes.plan_activation(session, SYSTEM, session.get_one(Obligation, row.id), now=clock.now())
    )
    return Scene(stage.boss, f"{ROOT}/obligations/changes/{change.uuid}", {"number": "0"})


def _version(stage: Stage, *, is_retroactive: bool) -> Scene:
    row, author = _obligation(stage, is_active=True), stage.once("author of obligations", stage.person).id
    values = _values(stage)
    if is_retroactive:
        before = values.terms.effective_on - timedelta(days=5)
        values = replace(values, terms=replace(values.terms, effective_on=before), is_retroactive=True, reason="Prórroga.")
    change = _act(
        stage,
        lambda session: planned_changes.plan_version(
            session, Actor(person_id=author), session.get_one(Obligation, row.id), 1, values, now=clock.now()
        ),
    )
    return Scene(stage.boss, f"{ROOT}/obligations/changes/{change.uuid}", {"number": "0"})


def a_version(stage: Stage) -> Scene:
    """A further version was tried."""
    return _version(stage, is_retroactive=False)


def a_version_from_before(stage: Stage) -> Scene:
    """A version that applies from before was tried by somebody else."""
    return _version(stage, is_retroactive=True)


def an_agreement(stage: Stage) -> Scene:
    """A draft asks for a course that takes people by invitation alone."""
    course = stage.once("course by invitation", lambda: a_course(stage.instance, "por-invitacion", modules=1, enrolment="invitation"))
    row = _obligation(stage, course, is_active=False)
    return Scene(stage.boss, "/teaching/por-invitacion/agreements", {f"answer-{row.uuid}-decision": "approve"})


def a_rule_in_use(stage: Stage) -> Scene:
    """Another rule of an audience was tried that an obligation in force uses."""
    row = _obligation(stage, is_active=True)

    def plan(session: Session) -> PlannedChange:
        audience = session.get_one(Audience, row.audience_id)
        rule = AudienceRuleValues(
            Negation(UnitLeaf(("INST",), below=True)), audiences.today_of(clock.now()), f"Cambio {stage.number()}.", audience.latest
        )
        return planned_changes.plan_rule(session, SYSTEM, audience, rule, now=clock.now())

    return Scene(stage.boss, f"{ROOT}/audience-rules/{_act(stage, plan).uuid}")


OBLIGATIONS: Room = {
    "compliance_agreements.answer": an_agreement,
    "compliance_audience_rules.apply": a_rule_in_use,
    "compliance_audience_rules.discard": a_rule_in_use,
    "compliance_audience_rules.renew": a_rule_in_use,
    "compliance_changes.activate": an_activation,
    "compliance_changes.apply": a_version,
    "compliance_changes.correct": a_version_from_before,
    "compliance_changes.discard": a_version,
    "compliance_changes.renew": a_version,
    "compliance_obligations.change_draft": a_draft_to_change,
    "compliance_obligations.delete": a_draft,
    "compliance_obligations.set_owner": one_in_force,
    "compliance_obligations.try_activation": a_draft,
    "compliance_obligations.try_end": an_end_to_set,
    "compliance_obligations.try_version": a_version_to_write,
}
