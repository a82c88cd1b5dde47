"""People and courses for tests, made through the services wherever a rule matters."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from io import BytesIO

from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from accounts import accounts, passwords, second_factor
from accounts.accounts import SignUp, open_device
from accounts.models import Person
from accounts.rules import device_label
from courses import drafts, publishing, team
from courses.models import Course, CourseStaff, CourseVersion, PublicationNature, StaffRole
from courses.publishing import CheckedCourse, PublishOptions
from enrolments import enrolment as enrolments
from enrolments import learners
from kernel import clock
from kernel.archives import write_archive
from kernel.permissions import SYSTEM, Actor, SiteRole
from lms.app import KINDS
from lms.instance import Instance
from tests.support.browser import AGENT, Browser, Page
from tests.support.scenes import scene

PASSWORD = "cuatro palabras sin relación"
HEADER = """format: 1
key: {key}
title: {{es: Curso de prueba {key}, en: Test course {key}}}
summary: {{es: Un curso para las pruebas., en: A course for the tests.}}
objectives:
  - {{es: Sumar dos números., en: Add two numbers.}}
languages: [es, en]
hours: 2
hours_basis: según el plan de las pruebas
words: {{min: 1, max: 1100}}
level: basic
authors:
  - name: Equipo de pruebas
licence: CC-BY-4.0
visibility: {visibility}
enrolment: {enrolment}
certificate: {certificate}
"""
QUESTIONS = """questions:
  - key: suma-{n}
    kind: single
    text: {{es: ¿Cuánto es dos más dos?, en: How much is two plus two?}}
    options:
      - right: cuatro
        why: Dos y dos son cuatro.
      - wrong: cinco
        why: Uno de más.
      - wrong: tres
        why: Uno de menos.
  - key: pares-{n}
    kind: multiple
    text: Elija los números pares.
    options:
      - right: dos
        why: Es par.
      - right: seis
        why: Es par.
      - wrong: siete
        why: Es impar.
  - key: verdad-{n}
    kind: true_false
    text: El agua moja.
    answer: true
    explanation: Sí.
  - key: mitad-{n}
    kind: numerical
    text: ¿Cuánto es la mitad de cinco?
    answers:
      - right: 2.5
      - wrong: 10
        why: Es el doble.
    tolerance: 0.01
  - key: unir-{n}
    kind: matching
    text: Una cada animal con su voz.
    pairs:
      - item: Perro
        match: Ladra
      - item: Gato
        match: Maúlla
    extra:
      - Canta
  - key: orden-{n}
    kind: ordering
    text: Ordene de menor a mayor.
    items:
      - uno
      - dos
      - tres
  - key: huecos-{n}
    kind: gaps
    text: El cielo es {{color}} y la nieve es {{otro}}.
    gaps:
      color:
        answers:
          - right: azul
      otro:
        kind: single
        options:
          - right: blanca
            why: Así es.
          - wrong: negra
            why: No lo es.
"""
RIGHT = {
    "suma": {"choice": "cuatro"},
    "pares": {"choices": ["dos", "seis"]},
    "verdad": {"value": True},
    "mitad": {"text": "2,5"},
    "unir": {"matches": {"perro": "ladra", "gato": "maulla"}},
    "orden": {"order": ["uno", "dos", "tres"]},
    "huecos": {"values": {"color": "azul", "otro": "blanca"}},
}
"""The right answers, by keys; tests turn them into places of the page."""


def folder(
    key: str = "prueba",
    *,
    modules: int = 2,
    settings: str = "attempts: 3\n",
    certificate: str = "constancia",
    enrolment: str = "open",
    visibility: str = "public",
    draw: int = 7,
    preview: bool = False,
) -> dict[str, bytes]:
    """Return a course folder: in each module a lesson, a recording outside (optional) and a quiz of all automatic kinds."""
    files = {"course.yaml": HEADER.format(key=key, visibility=visibility, enrolment=enrolment, certificate=certificate)}
    for n in range(1, modules + 1):
        base = f"{n:02d}-parte"
        files[f"{base}/module.yaml"] = (
            f"key: parte-{n}\ntitle: {{es: Parte {n}, en: Part {n}}}\nobjectives:\n  - {{es: Contar., en: To count.}}\n"
        )
        for language, body in (("es", "Se cuenta con los dedos."), ("en", "One counts with fingers.")):
            front = f"key: leccion-{n}\n" if language == "es" else ""
            shown = "preview: true\n" if preview and language == "es" else ""
            files[f"{base}/01-leccion.{language}.md"] = f"---\n{front}title: Contar {n}\n{shown}---\n## Uno {n}\n\n{body}\n"
        files[f"{base}/02-video.recording.yaml"] = (
            f"key: video-{n}\ntitle: {{es: Video {n}, en: Video {n}}}\nrequired: false\nurl: https://example.org/v{n}\nhost: Ejemplo\n"
        )
        files[f"{base}/banco.yaml"] = QUESTIONS.format(n=n)
        files[f"{base}/03-cuestionario.quiz.yaml"] = (
            f"key: cuestionario-{n}\ntitle: {{es: Cuestionario {n}, en: Quiz {n}}}\nslots:\n  - draw: {draw}\n{settings}"
        )
    return {path: text.encode() for path, text in files.items()}


def a_zip(files: Mapping[str, bytes]) -> bytes:
    """Return an archive of files."""
    target = BytesIO()
    write_archive(target, files)
    return target.getvalue()


@cache
def _prepare(files: tuple[tuple[str, bytes], ...], today: date) -> CheckedCourse:
    return publishing.prepare(dict(files), KINDS, today=today)


@scene
def publish(
    instance: Instance,
    files: dict[str, bytes],
    *,
    nature: PublicationNature = PublicationNature.IMPROVEMENT,
    asks: bool = False,
    now: datetime | None = None,
) -> tuple[Course, CourseVersion]:
    """Import and publish a folder."""
    moment = now or clock.now()
    checked = _prepare(tuple(sorted(files.items())), moment.date())
    assert checked.prepared is not None, [f"{found.file}:{found.line} {found.code} {found.message}" for found in checked.findings]
    assert checked.course is not None
    kept = drafts.keep_contents(instance.files, files, {media.path: media.media_type for media in checked.course.media})
    with instance.database.unit_of_work() as session:
        course = drafts.import_draft(session, SYSTEM, checked.course, kept, now=moment)
        options = PublishOptions(nature, "", asks_learners=asks)
        version = publishing.publish_version(session, SYSTEM, course, checked.prepared, KINDS, instance.files, options, now=moment)
    return course, version


def a_course(instance: Instance, key: str = "prueba", **options: object) -> Course:
    """Publish a small course."""
    return publish(instance, folder(key, **options))[0]  # type: ignore[arg-type]  # fields by name


def _hash(password: str) -> str:
    """Return a hash made with the work that the running test asks for: a test that does all of it leaves no costly one to the others."""
    return _hash_with(password, passwords._HASHER.time_cost, passwords._HASHER.memory_cost)


@cache
def _hash_with(password: str, _time_cost: int, _memory_cost: int) -> str:
    return passwords.hash_password(password)


@scene
def a_person(
    instance: Instance,
    email: str = "ana@example.org",
    *,
    given: str = "Ana",
    surname: str = "Quinde",
    confirmed: bool = True,
    language: str = "es",
) -> Person:
    """Add an account with the test password."""
    command = SignUp(email, _hash(PASSWORD), given, surname, "", language, "America/Guayaquil")
    with instance.database.unit_of_work() as session:
        return accounts.create_person(session, SYSTEM, command, now=clock.now(), confirmed=confirmed)


@scene
def an_administrator(instance: Instance, email: str = "admin@example.org") -> Person:
    """Add an administrator."""
    person = a_person(instance, email, given="Ada", surname="Ministra")
    with instance.database.unit_of_work() as session:
        accounts.grant_role(session, SYSTEM, person, SiteRole.ADMINISTRATOR, now=clock.now())
    return person


@scene
def a_teacher(instance: Instance, course: Course, email: str = "profe@example.org", role: StaffRole = StaffRole.EDITOR) -> Person:
    """Add somebody to a course's team."""
    person = a_person(instance, email, given="Pilar", surname="Maestra")
    with instance.database.unit_of_work() as session:
        team.add_staff(session, SYSTEM, session.get_one(Course, course.id), person.id, role, now=clock.now())
    return person


NO_LONGER = ("removed", "suspended", "grader")


def no_longer(instance: Instance, email: str, how: str) -> None:
    """Let somebody of a course's team, whose last owner they may be, change it no more, in one of these ways."""
    with instance.database.unit_of_work() as session:
        leaving = session.scalars(select(Person).where(Person.email == email)).one()
        context = session.scalars(select(CourseStaff).where(CourseStaff.person_id == leaving.id)).one()
        if how == "removed":
            session.delete(context)
        elif how == "grader":
            context.role = StaffRole.GRADER.value
        else:
            accounts.suspend(session, SYSTEM, leaving, "Se fue.", now=clock.now())


def sign_in(browser: Browser, email: str = "ana@example.org", password: str = PASSWORD) -> Browser:
    """Sign a visitor in: with a session made for them where the sign-in page would ask for nothing else, else through the pages."""
    secret = _open_session(browser.instance, email) if type(browser) is Browser and password == PASSWORD else ""
    if not secret:
        return sign_in_through_pages(browser, email, password)
    token = secrets.token_hex(20)
    with browser.client.session_transaction(base_url="https://localhost") as cookie:
        cookie.update({"_user_id": secret, "_fresh": True, "_id": "", "seen": int(clock.now().timestamp()), "csrf_token": token})
    signed = URLSafeTimedSerializer(browser.app.secret_key or "", salt="wtf-csrf-token").dumps(token)
    browser.page, browser.path = Page(f'<input type="hidden" name="csrf_token" value="{signed}">'), "/"
    return browser


@scene
def _open_session(instance: Instance, email: str) -> str:
    """Open a session for an account with the test password, and return its secret; empty where the sign-in page asks for more."""
    with instance.database.unit_of_work() as session:
        person = session.scalars(select(Person).where(Person.email == email)).one_or_none()
        may_enter = person is not None and person.email_confirmed_at is not None and person.suspended_at is None
        if person is None or not may_enter or person.password_hash != _hash(PASSWORD) or instance.present_settings.is_reachable:
            return ""
        if second_factor.has_factor(session, person.id):
            return ""
        visitor = Actor(address="198.51.100.0", request_id=secrets.token_hex(8))
        return open_device(session, visitor, person, label=device_label(AGENT), rehash=None, now=clock.now())


def sign_in_through_pages(browser: Browser, email: str = "ana@example.org", password: str = PASSWORD) -> Browser:
    """Sign a visitor in through the pages, as they do."""
    browser.get("/sign-in")
    browser.submit("/sign-in", {"email": email, "password": password})
    return browser


def a_learner_in(browser: Browser, course: Course, email: str = "ana@example.org") -> Browser:
    """Sign a new person in who is enrolled in a course."""
    a_learner(browser.instance, course, email)
    return sign_in(browser, email)


def actor_of(person: Person) -> Actor:
    """Return a person as they act through the pages."""
    return Actor(person_id=person.id, person_uuid=person.uuid, name=person.full_name, language="es")


@scene
def a_learner(instance: Instance, course: Course, email: str = "ana@example.org", *, now: datetime | None = None) -> Actor:
    """Add a person and enrol them, without pages."""
    actor = actor_of(a_person(instance, email))
    with instance.database.unit_of_work() as session:
        enrolments.enrol(session, actor, learners.get_learner_context(session, actor, course.slug), now=now or clock.now())
    return actor
