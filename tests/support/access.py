"""Who may do what: the access lists of security section 9 for the actions that exist, and a cast that tries them over HTTP."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import update

from accounts.models import Person
from courses import services as courses
from courses.models import Course, StaffRole
from enrolments import queries as enrolment_queries
from enrolments import services as enrolments
from kernel import clock
from kernel.permissions import SYSTEM
from lms.app import House
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.learning import actor_of
from tests.support.shared import SHARED

ROLES = {
    "A": "anonymous",
    "L": "learner",
    "E": "enrolled",
    "G": "grader",
    "I": "course_instructor",
    "O": "other_instructor",
    "S": "site_admin",
    "X": "suspended",
}
EVERYBODY = "ALEGIOS"
ACCESS: Mapping[tuple[str, str], str] = {
    ("course.view", "published_public"): EVERYBODY,
    ("course.view", "published_institution_only"): "EGIS",
    ("course.view", "draft"): "IS*",
    ("course.view", "archived"): "EGIS",
    ("course.publish", "own_course_complete"): "IS",
    ("course.publish", "own_course_with_broken_quiz"): "",
    ("course.enrol_self", "open"): "LEGIOS",
    ("course.enrol_self", "closed"): "",
    ("course.enrol_self", "by_invitation"): "",
    ("lesson.view", "published"): "EGIS",
    ("lesson.view", "free_preview"): EVERYBODY,
    ("lesson.view", "scheduled_for_later"): "IS*",
    ("lesson.view", "locked_by_prerequisite"): "GIS",
    ("lesson.mark_complete", "own_progress"): "E",
    ("lesson.file_download", "published"): "EGIS",
    ("recording.view", "public"): EVERYBODY,
    ("recording.view", "course_only"): "EGIS",
    ("quiz.view_intro", "published"): "EGIS",
    ("quiz.preview", "own_course"): "IS",
    ("quiz.start", "open"): "E",
    ("quiz.start", "not_yet_open"): "",
    ("quiz.start", "closed"): "",
    ("quiz.start", "attempts_used_up"): "",
    ("quiz.start", "draft"): "*",
    ("quiz.view_answers", "before_submit"): "IS",
    ("quiz.view_answers", "own_after_submit_review_off"): "IS",
    ("quiz.view_answers", "own_after_submit_review_on"): "EIS",
    ("attempt.view", "own_open"): "E",
    ("attempt.view", "own_graded"): "E",
    ("attempt.view", "of_another_learner"): "GIS",
    ("attempt.save", "own_open"): "E",
    ("attempt.save", "own_submitted"): "",
    ("attempt.save", "own_time_expired"): "",
    ("attempt.save", "of_another_learner"): "",
    ("attempt.reopen", "of_a_learner_graded"): "IS",
    ("attempt.grade_by_hand", "submitted_essay"): "GIS",
    ("attempt.grade_by_hand", "own_attempt"): "",
    ("override.manage", "own_course"): "IS*",
    ("incident.manage", "own_course"): "IS*",
    ("group.manage", "own_course"): "IS*",
    ("accommodation.manage", "of_a_person"): "S",
    ("question_bank.view", "own_course"): "IS*",
    ("certificate.download", "own_valid"): "E",
    ("certificate.download", "of_another_learner"): "IS",
    ("certificate.revoke", "valid"): "IS",
    ("certificate.verify", "valid_code"): "ALEGIOSX",
    ("certificate.verify", "revoked_code"): "ALEGIOSX",
    ("user.view_email", "of_another_learner"): "S",
    ("user.set_role", "of_another"): "S",
    ("user.set_role", "own_to_higher"): "",
    ("user.reset_password", "of_another"): "S",
}
"""Who is allowed, by the letters of ROLES; `*`: to all others it does not exist."""


def expected(action: str, state: str, role: str) -> str:
    """Return `allow`, `deny` or `hide` for one cell."""
    listed = ACCESS[action, state]
    if role in listed:
        return "allow"
    return "hide" if "*" in listed else "deny"


def cells_that_differ_from_the_matrix() -> list[str]:
    """Compare the lists above with the shared matrix, cell by cell."""
    wrong = []
    letters = {name: letter for letter, name in ROLES.items()}
    with (SHARED / "spec" / "access-matrix.csv").open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            where = (row["action"], row["object_state"])
            if where in ACCESS and row["role"] in letters and expected(*where, letters[row["role"]]) != row["expect"]:
                wrong.append(f"{row['role']} {' '.join(where)}: {row['expect']}")
    return wrong


@dataclass
class Cast:
    """One browser for each role before one course."""

    house: House
    browsers: Mapping[str, Browser]
    people: Mapping[str, Person]

    def outcomes(self, path: str, method: str = "GET", data: Mapping[str, str] | None = None, **options: object) -> dict[str, str]:
        """Let everybody send one request; return what came of it, by role."""
        return {letter: outcome(browser, path, method, data, **options) for letter, browser in self.browsers.items()}

    def check(self, action: str, state: str, outcomes: Mapping[str, str]) -> list[str]:
        """Return the cells in which something else came than is due."""
        return [
            f"{ROLES[letter]} {action} {state}: {got} instead of {expected(action, state, letter)}"
            for letter, got in outcomes.items()
            if not fits(got, expected(action, state, letter), letter)
        ]

    def enrol(self, letter: str, course: Course) -> None:
        """Enrol somebody whatever the course's way is."""
        with self.house.database.unit_of_work() as session:
            actor = actor_of(self.people[letter])
            enrolments.enrol(session, actor, enrolment_queries.get_seat(session, actor, course.slug), now=clock.now())

    def join(self, course: Course) -> None:
        """Give the roles their places in a course."""
        self.enrol("E", course)
        for letter, role in (("G", StaffRole.GRADER), ("I", StaffRole.EDITOR)):
            self.staff(letter, course, role)

    def staff(self, letter: str, course: Course, role: StaffRole) -> None:
        """Put somebody into a course's team."""
        with self.house.database.unit_of_work() as session:
            courses.add_staff(session, SYSTEM, session.get_one(Course, course.id), self.people[letter].id, role, now=clock.now())


def outcome(browser: Browser, path: str, method: str = "GET", data: Mapping[str, str] | None = None, **options: object) -> str:
    """Send one request as this visitor and return `allow`, `deny`, `hide` or `login`."""
    if method == "POST":
        browser.get("/help")
        token = browser.page.form("/language").fields
        data = {"csrf_token": dict(token)["csrf_token"], **(data or {})}
    browser._request(method, path, **({"data": data} if data is not None else {}), **options)  # type: ignore[arg-type]  # options by name
    status, target = browser.response.status_code, browser.response.headers.get("Location", "")
    if status == 401 or "/sign-in" in target:
        return "login"
    return {200: "allow", 303: "allow", 206: "allow", 304: "allow", 404: "hide", 422: "deny"}.get(status, "deny")


def fits(got: str, wanted: str, letter: str) -> bool:
    """Say whether an outcome fulfils a cell: refused means any refusal, hidden exactly 404 (or the sign-in page to strangers)."""
    if wanted == "allow":
        return got == "allow"
    if wanted == "deny":
        return got in ("deny", "hide", "login")
    return got == "hide" or (got == "login" and letter in "AX")


def a_cast(browser: Browser, house: House) -> Cast:
    """Sign in one person of each role; roles in a course come with `join`."""
    other = a_course(house, "otro", modules=1)
    people = {
        "L": a_person(house, "lia@example.org"),
        "E": a_person(house, "ema@example.org"),
        "G": a_person(house, "gil@example.org"),
        "I": a_person(house, "ines@example.org"),
        "O": a_teacher(house, other, "olga@example.org"),
        "S": an_administrator(house, "sara@example.org"),
        "X": a_person(house, "xavi@example.org"),
    }
    browsers = {"A": browser.another(), **{letter: sign_in(browser.another(), person.email) for letter, person in people.items()}}
    for one in browsers.values():
        one.checks = False
    with house.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == people["X"].id).values(suspended_at=clock.now()))
    return Cast(house, browsers, people)
