"""Who may do what of selections: the rows of spec/selection 12 with juries and readers, and a cast that tries them over HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from courses.models import Course, StaffRole
from lms.instance import Instance
from selections.models import MemberRole, Selection
from tests.support.access import RoleCast
from tests.support.browser import Browser
from tests.support.builders import a_person, a_teacher, an_administrator, sign_in
from tests.support.editions import an_edition, enrol
from tests.support.learning import actor_of
from tests.support.scenes import scene
from tests.support.selections import a_selecting_course, a_selection, add_factor, appoint

ROLES = {
    "A": "anonymous",
    "L": "learner",
    "E": "participant",
    "P": "participant_in_jury",
    "G": "grader",
    "I": "course_editor",
    "W": "course_owner",
    "J": "jury_member",
    "R": "acta_reader",
    "S": "site_admin",
}
"""Letters of the cast, and what the matrix calls them: P was named for the jury and takes part in the selection since."""


@dataclass
class SelectionCast(RoleCast):
    """One browser for each role before one selection."""

    roles = ROLES
    course: Course
    selection: Selection


@scene
def a_selection_cast(browser: Browser, instance: Instance) -> SelectionCast:
    """Sign in one person of each role before a selection of an edition."""
    course = a_selecting_course(instance)
    edition = an_edition(instance, course)
    people = {
        "L": a_person(instance, "lia@example.org"),
        "E": a_person(instance, "ema@example.org"),
        "P": a_person(instance, "pia@example.org"),
        "G": a_teacher(instance, course, "gil@example.org", StaffRole.GRADER),
        "I": a_teacher(instance, course, "ines@example.org"),
        "W": a_teacher(instance, course, "wilma@example.org", StaffRole.OWNER),
        "J": a_person(instance, "julia@example.org"),
        "R": a_person(instance, "rosa@example.org"),
        "S": an_administrator(instance),
    }
    browsers = {"A": browser.another(), **{letter: sign_in(browser.another(), person.email) for letter, person in people.items()}}
    for one in browsers.values():
        one.checks = False
    selection = a_selection(instance, course, edition)
    for letter in "JPR":
        appoint(instance, selection, add_factor(instance, people[letter]), MemberRole.READER if letter == "R" else MemberRole.JURY)
    enrol(instance, course, [actor_of(people["E"]), actor_of(people["P"])], edition)
    return SelectionCast(instance, browsers, people, course, selection)
