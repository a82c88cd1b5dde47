"""Rare situations of compulsory training: waivers and recognitions that somebody asks for, decides on, revokes or withdraws."""

from __future__ import annotations

from datetime import date

from accounts.models import Person
from compliance.models import Recognition, Waiver
from compliance.services import claims
from tests.support.claims import act_on, ask_recognition, ask_waiver
from tests.support.situations import Room, Scene, Stage

WAIVER = {"kind": "other", "words": "Estudios.", "first_on": "2026-11-01", "document": "M-1"}
RECOGNITION = {"achieved_on": "2025-11-20", "issuer": "SECAP", "document": "S-1"}
FILE = {"evidence": ("certificado.pdf", b"%PDF-1.4 x")}
REVOKED = {"words": "Ya no vale.", "sure": "y"}


def _a_waiver(stage: Stage, by: Person | None = None) -> Waiver:
    return ask_waiver(stage.instance, by or stage.person())


def _a_recognition(stage: Stage, by: Person | None = None) -> Recognition:
    return ask_recognition(stage.instance, by or stage.person(), stage.course, achieved_on=date(2020, 1, 1))


def _approved(stage: Stage, row: Waiver | Recognition) -> str:
    """Return the page of something that was approved."""
    act_on(stage.instance, claims.decide, row, stage.once("second person", stage.person), approves=True)
    return _page(row)


def _page(row: Waiver | Recognition) -> str:
    return f"/training/{row.__tablename__}s/{row.uuid}"


def a_waiver_to_ask_for(stage: Stage) -> Scene:
    """Somebody asks for a waiver."""
    return Scene(stage.signed_in(), "/learning/waivers/new", WAIVER, FILE)


def a_waiver_to_propose(stage: Stage) -> Scene:
    """An administrator proposes a waiver of somebody."""
    return Scene(stage.boss, f"/training/people/{stage.person().uuid}/waivers/new", WAIVER, FILE)


def a_waiver_that_waits(stage: Stage) -> Scene:
    """A waiver waits for a decision."""
    return Scene(stage.boss, _page(_a_waiver(stage)), {"decision": "approve"})


def an_approved_waiver(stage: Stage) -> Scene:
    """A waiver was approved."""
    return Scene(stage.boss, _approved(stage, _a_waiver(stage)), REVOKED)


def a_waiver_of_ones_own(stage: Stage) -> Scene:
    """Somebody looks at the waiver that they asked for."""
    person = stage.person()
    return Scene(stage.signed_in(person), _page(_a_waiver(stage, person)))


def a_recognition_to_ask_for(stage: Stage) -> Scene:
    """Somebody asks for a recognition."""
    visitor = stage.signed_in()
    return Scene(visitor, "/learning/recognitions/new", {**RECOGNITION, "course": str(stage.course.id)}, FILE)


def a_recognition_to_propose(stage: Stage) -> Scene:
    """An administrator proposes a recognition of somebody."""
    good = {**RECOGNITION, "course": str(stage.course.id)}
    return Scene(stage.boss, f"/training/people/{stage.person().uuid}/recognitions/new", good, FILE)


def a_recognition_that_waits(stage: Stage) -> Scene:
    """A recognition waits for a decision."""
    return Scene(stage.boss, _page(_a_recognition(stage)), {"decision": "approve"})


def an_approved_recognition(stage: Stage) -> Scene:
    """A recognition was approved."""
    return Scene(stage.boss, _approved(stage, _a_recognition(stage)), REVOKED)


def a_recognition_of_ones_own(stage: Stage) -> Scene:
    """Somebody looks at the recognition that they asked for."""
    person = stage.person()
    return Scene(stage.signed_in(person), _page(_a_recognition(stage, person)))


CLAIMS: Room = {
    "compliance_waivers.ask": a_waiver_to_ask_for,
    "compliance_waivers.propose": a_waiver_to_propose,
    "compliance_waivers.decide": a_waiver_that_waits,
    "compliance_waivers.revoke": an_approved_waiver,
    "compliance_waivers.withdraw": a_waiver_of_ones_own,
    "compliance_recognitions.ask": a_recognition_to_ask_for,
    "compliance_recognitions.propose": a_recognition_to_propose,
    "compliance_recognitions.decide": a_recognition_that_waits,
    "compliance_recognitions.revoke": an_approved_recognition,
    "compliance_recognitions.withdraw": a_recognition_of_ones_own,
}
