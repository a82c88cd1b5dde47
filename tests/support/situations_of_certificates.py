"""Situations of certificates: the forms of every act on one, a number to compare, the validity of a course."""

from __future__ import annotations

from sqlalchemy import select

from accounts.models import Person
from certificates import public_record
from certificates.models import Credential
from kernel import clock
from kernel.codes import printed_code
from kernel.permissions import SYSTEM
from tests.support.builders import folder, publish
from tests.support.certificate_acts import ACTS, CertificateAct, CertificateSituation
from tests.support.learning import a_learner, mark_done, pass_quiz
from tests.support.offices import deliver
from tests.support.situations import Arrange, Room, Scene, Stage

CEDULA = "1710034065"


def _certified(stage: Stage) -> tuple[Credential, Person]:
    """Let somebody complete the course; return their certificate, and who they are."""
    learner = a_learner(stage.instance, stage.course, f"titular.{stage.number()}@example.org")
    mark_done(stage.instance, learner, stage.course.slug, "leccion-1")
    pass_quiz(stage.instance, learner, stage.course.slug)
    deliver(stage.instance)
    with stage.instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(Credential).where(Credential.person_id == learner.person_id)).one()
        return row, session.get_one(Person, row.person_id)


def _about(act: CertificateAct) -> Arrange:
    """Return what puts somebody before the form of an act."""

    def arrange(stage: Stage) -> Scene:
        row, holder = _certified(stage)
        act.before(CertificateSituation(stage.instance, holder.uuid, row.uuid))
        page = act.page.format(credential=row.uuid, person=holder.uuid)
        good = dict((*act.values.items(), *((act.button,) if act.button else ())))
        return Scene(stage.signed_in(holder) if act.by_holder else stage.boss, page, good)

    return arrange


def a_validity_to_set(stage: Stage) -> Scene:
    """The published version makes certificates valid for another time than those that were issued."""
    deliver(stage.instance)
    stage.once("holder", lambda: _certified(stage))
    files, valid = folder(modules=1), f"certificate: {{template: constancia, valid: {12 + stage.number()} months}}"
    publish(stage.instance, {**files, "course.yaml": files["course.yaml"].replace(b"certificate: constancia", valid.encode())})
    return Scene(stage.boss, "/teaching/prueba/certificates/validity", {"reason": "Resolución 12."}, is_used_up=True)


def a_number_to_compare(stage: Stage) -> Scene:
    """Somebody has their identity number printed; whoever holds the paper compares it."""
    row, holder = _certified(stage)
    CertificateSituation(stage.instance, holder.uuid, row.uuid).give_identity_number()
    with stage.instance.database.unit_of_work() as session:
        public_record.print_identity(session, SYSTEM, session.get_one(Credential, row.id), now=clock.now())
    return Scene(stage.nobody(), f"/verify/{printed_code(row.code)}", {"number": CEDULA})


ALONE: Room = {
    "certificates_validity.change_validity": a_validity_to_set,
    "certificates_identity.compare": a_number_to_compare,
}
"""The first replaces every certificate that there is: it comes while there is one."""
CERTIFICATES: Room = {**ALONE, **{act.endpoint: _about(act) for act in ACTS if act.endpoint not in ALONE}}
