"""Casts: one person for each role, who try over HTTP what the packages declare of who may do what (spec/security 9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import update

from accounts.models import Person
from courses import team
from courses.models import Course, StaffRole
from enrolments import enrolment, learners
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from scripts.access_matrix import declared_cells
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.learning import actor_of
from tests.support.matrix import TRIED, Tried
from tests.support.scenes import scene

ROLES = {
    "A": "anonymous",
    "L": "learner",
    "E": "enrolled",
    "G": "grader",
    "I": "course_editor",
    "W": "course_owner",
    "O": "other_instructor",
    "S": "site_admin",
    "X": "suspended",
}
"""The letters of a cast, and what the matrix calls them."""


@cache
def expectations(action: str, state: str) -> Mapping[str, str]:
    """Return what each role expects of an action in a state: `allow`, `deny` or `hide`."""
    return declared_cells()[action, state].expectations()


def all_cells() -> set[tuple[str, str, str]]:
    """Return every declared cell, by action, state and role."""
    return {(*cell, role) for cell in declared_cells() for role in expectations(*cell)}


def note_cells(action: str, state: str, outcomes: Mapping[str, str]) -> list[str]:
    """Note what came of an action for each role that expects something of it; return where something else came."""
    due = expectations(action, state)
    tried = [Tried(action, state, role, due[role], got, fits(got, due[role], role)) for role, got in outcomes.items() if role in due]
    TRIED.extend(tried)
    return [f"{cell.role} {action} {state}: {cell.found} instead of {cell.expected}" for cell in tried if not cell.fits]


def fits(got: str, due: str, role: str) -> bool:
    """Return whether an outcome fulfils a cell: refused means any refusal, hidden exactly 404 (or the sign-in page to strangers)."""
    if due == "allow":
        return got == "allow"
    if due == "deny":
        return got in ("deny", "hide", "login")
    return got == "hide" or (got == "login" and role in ("anonymous", "suspended"))


@dataclass
class RoleCast:
    """One browser for each role, by its letter."""

    roles: ClassVar[Mapping[str, str]] = ROLES
    instance: Instance
    browsers: Mapping[str, Browser]
    people: Mapping[str, Person]

    def outcomes(self, path: str, method: str = "GET", data: Mapping[str, str] | None = None, **options: object) -> dict[str, str]:
        """Let everybody send one request; return what came of it, by role."""
        return {letter: outcome(browser, path, method, data, **options) for letter, browser in self.browsers.items()}

    def check(self, action: str, state: str, outcomes: Mapping[str, str]) -> list[str]:
        """Note what came of these cells; return those in which something else came than is due."""
        return note_cells(action, state, {self.roles[letter]: got for letter, got in outcomes.items()})


@dataclass
class Cast(RoleCast):
    """One browser for each role before one course."""

    def shown(self, path: str, word: str) -> dict[str, str]:
        """Say for each role whether a page shows something: allowed is who finds it there, whatever else the page tells."""
        return {letter: shown(browser, path, word) for letter, browser in self.browsers.items()}

    def own(self, path: str, link: str, end: str = "") -> dict[str, str]:
        """Let everybody open what a page of their own leads to; who has nothing there is not allowed anything."""
        outcomes = {}
        for letter, browser in self.browsers.items():
            browser._request("GET", path)
            found = re.search(link, browser.response.get_data(as_text=True))
            outcomes[letter] = outcome(browser, found[0] + end) if found else "deny"
        return outcomes

    def enrol(self, letter: str, course: Course) -> None:
        """Enrol somebody whatever the course's way is."""
        with self.instance.database.unit_of_work() as session:
            actor = actor_of(self.people[letter])
            enrolment.enrol(session, actor, learners.get_learner_context(session, actor, course.slug), now=clock.now())

    def join(self, course: Course) -> None:
        """Give the roles their places in a course."""
        self.enrol("E", course)
        for letter, role in (("G", StaffRole.GRADER), ("I", StaffRole.EDITOR), ("W", StaffRole.OWNER)):
            self.staff(letter, course, role)

    def staff(self, letter: str, course: Course, role: StaffRole) -> None:
        """Put somebody into a course's team."""
        with self.instance.database.unit_of_work() as session:
            team.add_staff(session, SYSTEM, session.get_one(Course, course.id), self.people[letter].id, role, now=clock.now())


def outcome(browser: Browser, path: str, method: str = "GET", data: Mapping[str, str] | None = None, **options: object) -> str:
    """Send one request as this visitor and return `allow`, `deny`, `hide` or `login`; `fault` where it was no whole request, or broke."""
    if method == "POST":
        data = {**(data or {}), "csrf_token": form_token(browser)}
    browser._request(method, path, **({"data": data} if data is not None else {}), **options)  # type: ignore[arg-type]  # options by name
    status, target = browser.response.status_code, browser.response.headers.get("Location", "")
    if status == 401 or "/sign-in" in target:
        return "login"
    if status >= 500:
        return "fault"
    return {200: "allow", 303: "allow", 206: "allow", 304: "allow", 400: "fault", 404: "hide", 422: "deny"}.get(status, "deny")


def form_token(browser: Browser) -> str:
    """Return a form token of a visitor, from a page where they have none yet."""
    if type(browser) is Browser:
        with browser.client.session_transaction(base_url="https://localhost") as cookie:
            if token := cookie.get("csrf_token"):
                return URLSafeTimedSerializer(browser.app.secret_key or "", salt="wtf-csrf-token").dumps(token)
    return dict(browser.get("/help").form("/language").fields)["csrf_token"]


def shown(browser: Browser, path: str, word: str) -> str:
    """Return whether a page that this visitor opens holds something: `allow` or `deny`."""
    browser._request("GET", path)
    return "allow" if browser.response.status_code == 200 and word in browser.response.get_data(as_text=True) else "deny"


@scene
def a_cast(browser: Browser, instance: Instance) -> Cast:
    """Sign in one person of each role; roles in a course come with `join`."""
    other = a_course(instance, "otro", modules=1)
    people = {
        "L": a_person(instance, "lia@example.org"),
        "E": a_person(instance, "ema@example.org"),
        "G": a_person(instance, "gil@example.org"),
        "I": a_person(instance, "ines@example.org"),
        "W": a_person(instance, "wilma@example.org"),
        "O": a_teacher(instance, other, "olga@example.org"),
        "S": an_administrator(instance, "sara@example.org"),
        "X": a_person(instance, "xavi@example.org"),
    }
    browsers = {"A": browser.another(), **{letter: sign_in(browser.another(), person.email) for letter, person in people.items()}}
    for one in browsers.values():
        one.checks = False
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == people["X"].id).values(suspended_at=clock.now()))
    return Cast(instance, browsers, people)
