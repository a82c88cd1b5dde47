"""Rare situations of compulsory training: waivers and recognitions that somebody asks for or decides on, what leaves the report."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from accounts.models import Person
from accounts.uploads import UploadedList
from compliance import claims
from compliance.claims import RecognitionValues, propose_list, receive_list
from compliance.models import PendingRecognitionList, Recognition, Waiver
from kernel import clock
from kernel.i18n import local
from tests.support.browser import Browser
from tests.support.builders import an_administrator
from tests.support.claims import act_on, ask_recognition, ask_waiver
from tests.support.learning import actor_of
from tests.support.obligations import an_audience_of, an_obligation, compute, let_stay, rules_of
from tests.support.places import a_place, put
from tests.support.situations import Room, Scene, Stage

WAIVER = {"kind": "other", "words": "Estudios.", "first_on": "2026-11-01", "document": "M-1"}
RECOGNITION = {"achieved_on": "2025-11-20", "issuer": "SECAP", "document": "S-1"}
FILE = {"evidence": ("certificado.pdf", b"%PDF-1.4 x")}
LISTS = "/training/recognition-lists"
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


HEAD = "correo;curso;fecha;institución;documento\n"


def _a_list(stage: Stage, by: Person) -> PendingRecognitionList:
    """Let somebody send a list in that names one person."""
    person, course = stage.person(), stage.course
    content = f"{HEAD}{person.email};{course.slug};2019-05-04;SECAP;S-1\n".encode()
    with stage.instance.database.unit_of_work() as session:
        return receive_list(session, actor_of(by), UploadedList("lista.csv", content, 1), now=clock.now())


def a_list_to_send(stage: Stage) -> Scene:
    """An administrator sends a list of recognitions in."""
    content = f"{HEAD}{stage.person().email};{stage.course.slug};2019-05-04;SECAP;S-1\n".encode()
    return Scene(stage.boss, LISTS, files={"file": ("lista.csv", content)})


def a_list_to_confirm(stage: Stage) -> Scene:
    """An administrator reviews the list that they sent in."""
    boss = an_administrator(stage.instance, f"jefa.{stage.number()}@example.org")
    return Scene(stage.signed_in(boss), f"{LISTS}/pending/{_a_list(stage, boss).uuid}")


def a_list_that_waits(stage: Stage) -> Scene:
    """A list was proposed by another administrator."""
    boss = an_administrator(stage.instance, f"jefa.{stage.number()}@example.org")
    pending = _a_list(stage, boss)
    values = RecognitionValues(stage.course.id, date(2019, 5, 4), "SECAP", "S-1")
    with stage.instance.database.unit_of_work() as session:
        made = propose_list(session, actor_of(boss), pending, [(stage.person().id, values)], now=clock.now())
        return Scene(stage.boss, f"{LISTS}/{made.uuid}", {"decision": "approve"})


CLAIMS: Room = {
    "compliance_recognition_lists.lists": a_list_to_send,
    "compliance_recognition_lists.confirm": a_list_to_confirm,
    "compliance_recognition_lists.discard": a_list_to_confirm,
    "compliance_recognition_lists.decide": a_list_that_waits,
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


# --- The report --------------------------------------------------------------------------------------------------------------------------


def _reported(stage: Stage) -> str:
    """Put somebody under an obligation; return the address of the report of their institution."""

    def make() -> str:
        root, authors = a_place(stage.instance, "Instituto"), [stage.person(), stage.person()]
        audience, person, today = an_audience_of(stage.instance, root), authors[0], local(clock.now()).date()
        terms = replace(rules_of(stage.course), starts=today, deadline=today + timedelta(days=60), effective_on=today)
        obligation = an_obligation(stage.instance, audience, terms)
        put(stage.instance, person, root)
        let_stay(stage.instance, audience, person, today)
        compute(stage.instance, obligation, [person.id], now=clock.now())
        return f"/training-report/{root.uuid}"

    return stage.once("report", make)


def _reader(stage: Stage) -> Browser:
    """Return an administrator who has taken nothing out yet."""
    return stage.signed_in(an_administrator(stage.instance, f"jefa.{stage.number()}@example.org"))


def an_acta_to_make(stage: Stage) -> Scene:
    """An administrator looks at the report of one obligation."""
    return Scene(_reader(stage), f"{_reported(stage)}?obligation=gobernanza", more=("on", "known"))


def a_bundle_to_make(stage: Stage) -> Scene:
    """An administrator asks for a bundle of evidence."""
    return Scene(_reader(stage), f"{_reported(stage)}/bundles?obligation=gobernanza", {"reason": "Auditoría 12"}, more=("on", "known"))


def identities_to_take(stage: Stage) -> Scene:
    """An administrator takes the people of the report out with their identity numbers."""
    page = f"{_reported(stage)}/identity-numbers?obligation=gobernanza&state=overdue&q=Ana"
    return Scene(_reader(stage), page, {"reason": "Auditoría 12"})


REPORT: Room = {
    "compliance_actas.make": an_acta_to_make,
    "compliance_bundles.request_bundle": a_bundle_to_make,
    "compliance_report_exports.take_identities": identities_to_take,
}
