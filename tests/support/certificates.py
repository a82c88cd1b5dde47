"""Certificates for tests: a course that is completed, the certificate that follows, and the text of its PDF."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pypdfium2
from sqlalchemy import select

from certificates.layout.placing import PrintedSignatory as CertificateSignatory
from certificates.models import Credential
from certificates.sheet import CertificateTexts
from courses.models import Course
from enrolments import enrolment, learners
from kernel import clock
from kernel.outbox import deliver_waiting
from kernel.permissions import Actor
from lms.instance import Instance
from tests.support.builders import a_course
from tests.support.learning import a_learner, mark_done, pass_quiz
from tests.support.scenes import scene

FACTS = CertificateTexts(
    language="es",
    code="7K4M92XDC3QF8TRA",
    person_name="Luis Alberto Chasi Guamán",
    surnames="Chasi Guamán",
    course_title="Conceptos y gobernanza de la seguridad social",
    course_version=12,
    hours=Fraction(11),
    issued_on=date(2026, 7, 14),
    with_assessment=True,
    module_minutes=(83, 100, 92, 76, 80, 74, 85),
    site_name="Aulario",
    institution="IESS-EDUCA · Escuela de formación",
    signatories=(
        CertificateSignatory("María Fernanda Ortiz", "Dirección de la Escuela de formación"),
        CertificateSignatory("Jorge Paredes", "Coordinación académica del curso"),
    ),
    verify_address="aulario.example/v",
    verify_url="https://aulario.example/v/7K4M-92XD-C3QF-8TRA",
)
NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)


@scene
def complete(instance: Instance, course: Course, email: str = "ana@example.org") -> Actor:
    """Let somebody complete a course of one module."""
    actor = a_learner(instance, course, email, now=NOON)
    mark_done(instance, actor, course.slug, "leccion-1", now=NOON)
    pass_quiz(instance, actor, course.slug, now=NOON)
    return actor


@scene
def a_certificate(instance: Instance) -> Credential:
    """Return the certificate of Ana, who has completed a course of one module."""
    complete(instance, a_course(instance, modules=1))
    return issue(instance)


@scene
def complete_again(instance: Instance, learner: Actor, slug: str) -> None:
    """Let a learner complete another course."""
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, learner, learners.get_learner_context(session, learner, slug), now=clock.now())
    mark_done(instance, learner, slug, "leccion-1")
    pass_quiz(instance, learner, slug)
    deliver_waiting(instance.worker, now=clock.now())


@scene
def issue(instance: Instance) -> Credential:
    """Do what waits and return the only credential."""
    deliver_waiting(instance.worker, now=clock.now())
    return only_credential(instance)


def only_credential(instance: Instance) -> Credential:
    """Return the only credential there is."""
    with instance.database.unit_of_work(write=False) as session:
        return session.execute(select(Credential)).scalar_one()


def page_of(pdf: bytes) -> pypdfium2.PdfPage:
    return pypdfium2.PdfDocument(pdf)[0]


def words_of(pdf: bytes) -> list[str]:
    """Return the text of the page, line by line, in the order in which it is drawn."""
    return [line.strip() for line in page_of(pdf).get_textpage().get_text_range().split("\r\n")]
