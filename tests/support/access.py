"""Who may do what: the access lists of spec/security 9 for the actions that exist, and a cast that tries them over HTTP."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass

from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import update

from accounts.models import Person
from courses import team
from courses.models import Course, StaffRole
from enrolments import enrolment, learners
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.learning import actor_of
from tests.support.matrix import TRIED, Tried
from tests.support.project import ROOT
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
MATRIX = ROOT / "docs" / "spec" / "access-matrix.csv"
EVERYBODY = "ALEGIOS"
ACCESS: Mapping[tuple[str, str], str] = {
    ("course.view", "published_public"): EVERYBODY,
    ("course.view", "published_institution_only"): "EGIS",
    ("course.view", "published_staff"): "EGIS*",
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
    ("enrolment.invite", "own_course"): "IS",
    ("gradebook.view", "own_course"): "GIS",
    ("gradebook.export", "own_course"): "IS",
    ("progress.view", "own"): "E",
    ("progress.view", "of_another_learner"): "GIS",
    ("grade.override", "graded"): "IS",
    ("take.begin", "own_course"): "IS",
    ("take.renew", "window_open"): "E",
    ("take.renew", "window_not_open"): "",
    ("enrolment.leave", "own"): "E",
    ("item.manage", "own_course"): "IS",
    ("note.write", "of_another_learner"): "GIS",
    ("mistake.report", "lesson_published"): "EGIS",
    ("mistake.report", "lesson_scheduled_for_later"): "IS*",
    ("mistake.report", "question_of_own_open_attempt"): "*",
    ("mistake.report", "question_of_own_handed_in_attempt"): "E*",
    ("mistake.list", "own_course"): "GIS*",
    ("mistake.decide", "own_course"): "IS",
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
    ("attempt.proof", "own_ended"): "E",
    ("attempt.proof", "own_open"): "",
    ("attempt.proof", "of_another_learner"): "S",
    ("attempt.verify_proof", "valid_code"): EVERYBODY,
    ("attempt.self_assess", "own_submitted"): "E*",
    ("attempt.self_assess", "own_open"): "*",
    ("attempt.self_assess", "of_another_learner"): "*",
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
    ("course.assign_staff", "own_course"): "WS",
    ("course.view_log", "own_course"): "IS*",
    ("course.approve", "asked_by_another"): "IS*",
    ("course.join_team", "invited"): "L",
    ("enrolment.accept_invitation", "invited"): "L",
    ("group.manage", "own_course"): "IS*",
    ("accommodation.manage", "of_a_person"): "S",
    ("question_bank.view", "own_course"): "IS*",
    ("certificate.download", "own_valid"): "E",
    ("certificate.download", "of_another_learner"): "IS",
    ("certificate.download", "revoked"): "IS",
    ("certificate.verify", "file"): "ALEGIOS",
    ("certificate.verify", "identity_number"): "ALEGIOS",
    ("certificate.revoke", "valid"): "IS",
    ("certificate.replace", "valid"): "IS",
    ("certificate.list", "own_course"): "IS*",
    ("certificate.list", "any"): "S*",
    ("certificate.export", "own_course"): "IS*",
    ("certificate.export_identity", "any"): "S*",
    ("keys.read", "published"): "ALEGIOSX",
    ("status.read", "published"): "ALEGIOSX",
    ("certificate.bulk_zip", "own_course"): "IS*",
    ("certificate.set_validity", "own_course"): "S*",
    ("certificate.open_bulk_zip", "of_another"): "S*",
    ("template.list", "any"): "S*",
    ("template.view", "published"): "IOS*",
    ("template.view", "draft"): "S*",
    ("template.preview", "published"): "IOS*",
    ("template.edit", "any"): "S*",
    ("template.publish", "any"): "S*",
    ("certificate.verify", "valid_code"): "ALEGIOSX",
    ("acta.verify", "valid_code"): "ALEGIOSX",
    ("certificate.verify", "revoked_code"): "ALEGIOSX",
    ("certificate.badge", "valid_code"): "ALEGIOS",
    ("certificate.badge", "revoked_code"): "IS",
    ("certificate.badge", "replaced_code"): "",
    ("completion.take_back", "of_another_learner"): "S",
    ("audience.view", "active"): "S*",
    ("audience.edit", "active"): "S*",
    ("obligation.list", "own"): "S*",
    ("obligation.view", "active"): "S*",
    ("organisation.manage", "any"): "S",
    ("free_day.manage", "any"): "S",
    ("organisation.load", "any"): "S",
    ("site.manage", "any"): "S",
    ("institution.list", "any"): "S*",
    ("institution.add", "any"): "S",
    ("institution.edit", "any"): "S*",
    ("signatory.edit", "any"): "S*",
    ("organisation.follow", "of_a_unit"): "S*",
    ("user.correct_name", "of_another"): "S",
    ("user.correct_name", "own"): "",
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
    ("quiz.edit_key", "own_course_with_attempts"): "IS",
    ("quiz.view_answers", "after_close_only_before_close"): "IS",
    ("grade.view", "own_released"): "E",
    ("grade.view", "own_not_released"): "",
    ("grade.view", "of_another_learner"): "GIS",
    ("user.add", "new"): "S",
    ("user.view_email", "enrolled_in_own_course"): "IS",
    # what the matrix has no name for
    ("profile.edit", "own"): "LEGIOS",
    ("notice.read", "own"): "LEGIOS",
    ("personal_note.write", "lesson_published"): "EGIS",
    ("personal_note.use", "own"): "LEGIOS",
    ("personal_note.use", "of_another"): "*",
    ("calendar.use", "own"): "LEGIOS",
    ("calendar.use", "of_another"): "*",
    ("second_step.manage", "own"): "LEGIOS",
    ("home.view", "own"): "LEGIOS",
    ("teaching.list", "own"): "LEGIOS",
    ("certificate.list_own", "own"): "LEGIOS",
    ("transcript.make", "own"): "LEGIOS",
    ("transcript.view", "of_another_learner"): "S*",
    ("transcript.download", "of_another_learner"): "*",
    ("transcript.download", "own_made"): "E",
    ("certificate.ask_correction", "own_valid"): "E",
    ("certificate.print_id", "own_valid"): "E",
    ("certificate.list_reviews", "own_course"): "IS*",
    ("certificate.list_reviews", "any"): "S*",
    ("certificate.decide", "open"): "IS*",
    ("certificate.correct_name", "any"): "S",
    ("certificate.call_replaced", "revoked_for_a_name"): "S",
    ("waiver.list", "any"): "S*",
    ("waiver.withdraw", "of_another"): "*",
    ("recognition.propose", "of_another"): "S*",
    ("recognition.withdraw", "of_another"): "*",
    ("recognition.load", "any"): "S*",
    ("recognition.approve_many", "of_another"): "S*",
    ("certificate.renew", "revoked"): "S",
    ("certificate.restore", "revoked_by_administrator"): "S",
    ("administration.view", "any"): "S",
    ("metrics.view", "from_afar"): "S*",
    ("course.archive", "published"): "WS",
    ("course.announce", "own_course"): "IS",
    ("announcement.change", "of_another"): "S",
    ("note.delete", "of_another"): "IS",
    ("edition.look_up", "with_a_code"): "LEGIOS",
    ("edition.join", "with_a_code"): "LEGIOS",
    ("edition.stop_waiting", "own"): "LEGIOS",
    ("quiz.manage", "own_course"): "GIS*",
    ("quiz.report", "own_course"): "GIS*",
    ("quiz.export_report", "own_course"): "IS",
    ("quiz.statistics", "own_course"): "IS",
    ("decision_quality.view", "own_course"): "IS",
    ("selection.manage", "own_course"): "WS*",
    ("selection.list_own", "own"): "LEGIOS",
    ("angoff.record", "own_course"): "IS",
    ("item_history.segment", "own_course"): "IS*",
    ("item_history.view", "own_course"): "IS*",
    ("item_history.view", "reserved_elsewhere"): "S*",
    ("draw_table.view", "own_course"): "IS*",
    ("quiz.regrade", "own_course"): "IS",
    ("completion_review.settle", "any"): "S",
    ("attempt.submit", "of_another_learner"): "*",
    ("attempt.submit", "own_open"): "E*",
    ("attempt.file", "of_another_learner"): "GIS*",
    ("attempt.paper", "of_another_learner"): "GIS*",
    ("item.mark", "own_course"): "GIS",
    ("recording.note_watched", "own_progress"): "E",
    ("simulator.view_task", "published"): "EGIS",
    ("simulator.answer", "open"): "EIS",
    ("simulator.review", "of_another_learner"): "GIS*",
}
"""Who is allowed, by the letters of ROLES, owners wherever editors are; `*`: to all others it does not exist."""


ABSENT: Mapping[str, str] = {
    "certificate.issue_by_hand": "there is no such act: certificates are issued by a job when the requirements are met",
    "keys.rotate": "there is no page: on the server only",
    "certificate.request": "there is no such act: nobody has to ask",
    "settings.edit": "settings come from the environment, never from a page",
    "community.": "communities are not in this program yet",
}
"""Actions of the matrix, or single states of them, that have no route of their own, and why."""


def is_absent(action: str, state: str) -> bool:
    """Say whether a cell of the matrix has no route."""
    return action in ABSENT or f"{action} {state}" in ABSENT or (action.startswith("community.") and "community." in ABSENT)


def expected(action: str, state: str, role: str) -> str:
    """Return `allow`, `deny` or `hide` for one cell."""
    listed = ACCESS[action, state]
    if role in listed or (role == "W" and "I" in listed):
        return "allow"
    return "hide" if "*" in listed else "deny"


def listed_cells() -> set[tuple[str, str, str]]:
    """Return every cell of the lists, each by action, state and role."""
    return {(action, state, role) for action, state in ACCESS for role in ROLES.values()}


def cells_that_differ_from_the_matrix() -> list[str]:
    """Compare the lists above with the matrix of the documents, cell by cell."""
    wrong = []
    letters = {name: letter for letter, name in ROLES.items()}
    with MATRIX.open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            where = (row["action"], row["object_state"])
            if where in ACCESS and row["role"] in letters and expected(*where, letters[row["role"]]) != row["expect"]:
                wrong.append(f"{row['role']} {' '.join(where)}: {row['expect']}")
    return wrong


@dataclass
class Cast:
    """One browser for each role before one course."""

    instance: Instance
    browsers: Mapping[str, Browser]
    people: Mapping[str, Person]

    def outcomes(self, path: str, method: str = "GET", data: Mapping[str, str] | None = None, **options: object) -> dict[str, str]:
        """Let everybody send one request; return what came of it, by role."""
        return {letter: outcome(browser, path, method, data, **options) for letter, browser in self.browsers.items()}

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

    def check(self, action: str, state: str, outcomes: Mapping[str, str]) -> list[str]:
        """Note what came of these cells; return those in which something else came than is due."""
        tried = [
            Tried(action, state, ROLES[letter], due := expected(action, state, letter), got, fits(got, due, letter))
            for letter, got in outcomes.items()
        ]
        TRIED.extend(tried)
        return [f"{one.role} {action} {state}: {one.found} instead of {one.expected}" for one in tried if not one.fits]

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
    """Send one request as this visitor and return `allow`, `deny`, `hide` or `login`; `fault` where it was no whole request."""
    if method == "POST":
        data = {**(data or {}), "csrf_token": form_token(browser)}
    browser._request(method, path, **({"data": data} if data is not None else {}), **options)  # type: ignore[arg-type]  # options by name
    status, target = browser.response.status_code, browser.response.headers.get("Location", "")
    if status == 401 or "/sign-in" in target:
        return "login"
    return {200: "allow", 303: "allow", 206: "allow", 304: "allow", 400: "fault", 404: "hide", 422: "deny"}.get(status, "deny")


def form_token(browser: Browser) -> str:
    """Return a form token of a visitor, from a page where they have none yet."""
    if type(browser) is Browser:
        with browser.client.session_transaction(base_url="https://localhost") as cookie:
            if token := cookie.get("csrf_token"):
                return URLSafeTimedSerializer(browser.app.secret_key or "", salt="wtf-csrf-token").dumps(token)
    return dict(browser.get("/help").form("/language").fields)["csrf_token"]


def shown(browser: Browser, path: str, word: str) -> str:
    """Say whether a page that this visitor opens holds something: `allow` or `deny`."""
    browser._request("GET", path)
    return "allow" if browser.response.status_code == 200 and word in browser.response.get_data(as_text=True) else "deny"


def fits(got: str, wanted: str, letter: str) -> bool:
    """Say whether an outcome fulfils a cell: refused means any refusal, hidden exactly 404 (or the sign-in page to strangers)."""
    if wanted == "allow":
        return got == "allow"
    if wanted == "deny":
        return got in ("deny", "hide", "login")
    return got == "hide" or (got == "login" and letter in "AX")


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
