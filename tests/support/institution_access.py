"""A cast before two institutions of one site, which tells administrators of two of them apart (spec/certificates 11)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import update

from accounts.models import Person
from courses.models import Course
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations.institutions import name_administrator
from organisations.models import Organisation
from organisations.profile import add_institution
from tests.support.access import RoleCast, shown
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.places import a_place
from tests.support.scenes import scene

ROLES = {
    "A": "anonymous",
    "L": "learner",
    "I": "course_editor",
    "S": "institution_admin",
    "T": "other_institution_admin",
    "M": "site_admin",
    "X": "suspended",
}
"""Letters of the cast, and what the matrix calls them: S administers the institution in question, T another, M the whole site."""


@dataclass
class InstitutionCast(RoleCast):
    """One browser for each role before the second of two institutions and a course of its own."""

    roles = ROLES
    first: Organisation
    second: Organisation
    course: Course

    def shown(self, path: str, word: str) -> dict[str, str]:
        """Say for each letter whether a page holds something; it is hidden from those who find it nowhere there."""
        found = {letter: shown(browser, path, word) for letter, browser in self.browsers.items()}
        return {letter: "allow" if one == "allow" else "hide" for letter, one in found.items()}


@scene
def two_institutions(instance: Instance) -> tuple[Organisation, Organisation]:
    """Make the institution of the site and another one."""
    first = a_place(instance, "IESS", code="IESS")
    with instance.database.unit_of_work() as session:
        second = add_institution(session, SYSTEM, instance.present_settings, "Banco del IESS", "biess", now=clock.now())
    return first, second


@scene
def administer(instance: Instance, person: Person, institution: Organisation) -> None:
    """Let somebody administer an institution."""
    with instance.database.unit_of_work() as session:
        name_administrator(session, SYSTEM, institution, person, now=clock.now())


def a_course_of(instance: Instance, key: str, institution: str, certificate: str = "constancia") -> Course:
    """Publish a course of an institution."""
    return a_course(instance, key, modules=1, certificate=f"{certificate}\ninstitution: {institution}")


@scene
def an_institution_cast(browser: Browser, instance: Instance) -> InstitutionCast:
    """Sign in one person of each role of the list."""
    first, second = two_institutions(instance)
    course = a_course_of(instance, "del-banco", "biess")
    people = {
        "L": a_person(instance, "lia@example.org"),
        "I": a_teacher(instance, course, "ines@example.org"),
        "S": a_person(instance, "sara@example.org"),
        "T": a_person(instance, "teo@example.org"),
        "M": an_administrator(instance, "mara@example.org"),
        "X": a_person(instance, "xavi@example.org"),
    }
    administer(instance, people["S"], second)
    administer(instance, people["T"], first)
    browsers = {"A": browser.another(), **{letter: sign_in(browser.another(), person.email) for letter, person in people.items()}}
    for one in browsers.values():
        one.checks = False
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == people["X"].id).values(suspended_at=clock.now()))
    return InstitutionCast(instance, browsers, people, first, second, course)
