"""Who may do what: the access lists of security section 9 for the actions that exist, and a cast that tries them over HTTP."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import update

from accounts.models import Person
from courses.models import Course, StaffRole
from courses.services import team as team_services
from enrolments.queries import learning as enrolment_queries
from enrolments.services import learning as enrolments
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
    ("course.create", "any"): "IOS",
    ("course.import", "package_upload"): "IOS",
    ("course.edit", "own_course"): "IS",
    ("course.delete", "draft_without_attempts"): "IS",
    ("course.delete", "with_certificates_issued"): "",
    ("course.publish", "own_course_complete"): "IS",
    ("course.publish", "own_course_with_broken_quiz"): "",
    ("course.enrol_self", "open"): "LEGIOS",
    ("course.enrol_self", "closed"): "",
    ("course.enrol_self", "by_invitation"): "",
    ("course.enrol_other", "own_course"): "IS",
    ("gradebook.view", "own_course"): "GIS",
    ("progress.view", "own"): "E",
    ("progress.view", "of_another_learner"): "GIS",
    ("grade.override", "graded"): "IS",
    ("item.manage", "own_course"): "IS",
    ("note.write", "of_another_learner"): "GIS",
    ("lesson.view", "published"): "EGIS",
    ("lesson.view", "draft"): "IS*",
    ("lesson.view", "free_preview"): EVERYBODY,
    ("lesson.view", "scheduled_for_later"): "IS*",
    ("lesson.view", "locked_by_prerequisite"): "GIS",
    ("lesson.edit", "own_course"): "IS",
    ("lesson.mark_complete", "own_progress"): "E",
    ("lesson.file_download", "published"): "EGIS",
    ("lesson.file_download", "draft"): "IS*",
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
    ("version.choose", "own"): "E",
    ("course.manage_team", "own_course"): "S",
    ("course.view_log", "own_course"): "IS*",
    ("course.approve", "asked_by_another"): "IS*",
    ("course.join_team", "invited"): "L",
    ("group.manage", "own_course"): "IS*",
    ("accommodation.manage", "of_a_person"): "S",
    ("question_bank.view", "own_course"): "IS*",
    ("certificate.download", "own_valid"): "E",
    ("certificate.download", "of_another_learner"): "IS",
    ("certificate.revoke", "valid"): "IS",
    ("certificate.verify", "valid_code"): "ALEGIOSX",
    ("certificate.verify", "revoked_code"): "ALEGIOSX",
    ("completion.take_back", "of_another_learner"): "S",
    ("organisation.manage", "any"): "S",
    ("organisation.load", "any"): "S",
    ("organisation.follow", "of_a_unit"): "S*",
    ("user.merge", "of_others"): "S",
    ("user.merge", "own"): "",
    ("user.view_email", "of_another_learner"): "S",
    ("user.set_role", "of_another"): "S",
    ("user.set_role", "own_to_higher"): "",
    ("user.reset_password", "of_another"): "S",
    ("audit_log.view", "any"): "S*",
    ("personal_data.export", "own"): "LEGIOS",
    ("personal_data.export", "of_another"): "S",
    ("session.list_and_end", "own"): "LEGIOS",
    ("session.list_and_end", "of_another"): "S",
    ("first_admin.create", "an_admin_exists"): "*",
}
"""Who is allowed, by the letters of ROLES; `*`: to all others it does not exist."""


ABSENT: Mapping[str, str] = {
    "certificate.issue_by_hand": "there is no such act: certificates are issued by a job when the requirements are met",
    "certificate.request": "there is no such act: nobody has to ask",
    "settings.edit": "settings come from the environment, never from a page",
    "grade.view": "a part of pages that have their own cells: attempt.view, gradebook.view, course.view",
    "quiz.edit_key": "a key is edited in the draft and published: course.edit, course.publish",
    "quiz.view_answers after_close_only_before_close": "decided by the review's flags: tests/quizzes/test_rules_review.py",
    "user.view_email enrolled_in_own_course": "a field of the learner's page: tests/lms/test_learner_page.py",
    "community.": "communities are not in this program yet",
}
"""Actions of the matrix, or single states of them, that have no route of their own, and why."""


def is_absent(action: str, state: str) -> bool:
    """Say whether a cell of the matrix has no route."""
    return action in ABSENT or f"{action} {state}" in ABSENT or (action.startswith("community.") and "community." in ABSENT)


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
            team_services.add_staff(session, SYSTEM, session.get_one(Course, course.id), self.people[letter].id, role, now=clock.now())


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
