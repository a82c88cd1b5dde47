"""Who may do what of compulsory training: the rows of spec/compulsory 16 in the access matrix, and a cast that tries them over HTTP.

Whoever adds a page takes its row out of TO_COME, lists the route under its action in `routes.py`, and lets `a_training_cast` try it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass

from accounts.models import Person
from courses.models import Course
from lms.instance import Instance
from organisations.models import Organisation
from organisations.rules.units import TrainingRole
from tests.support.access import MATRIX, fits, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.matrix import TRIED, Tried
from tests.support.places import a_place, give_training, manage, put
from tests.support.scenes import scene
from tests.support.training_roles import cells_of_the_table

ROLES = {
    "anonymous": "anonymous",
    "oneself": "oneself",
    "colleague": "colleague",
    "instructor of the course": "course_instructor",
    "head, own units": "unit_head",
    "head, other units": "other_unit_head",
    "officer in scope": "training_officer",
    "auditor in scope": "auditor",
    "administrator": "site_admin",
}
"""The columns of the table, and what the matrix calls them."""
ROWS: Mapping[tuple[str, str], tuple[str, int]] = {
    ("training.view", "of_a_person"): ("training.view · of a person", 0),
    ("training.why", "of_a_person"): ("training.why · of a person", 0),
    ("training.why", "medical_evidence"): ("training.why · medical evidence", 0),
    ("training.as_known", "past_day"): ("training.as_known · past day", 0),
    ("audience.view", "active"): ("audience.view · active", 0),
    ("audience.edit", "active"): ("audience.edit · used by an active obligation", 0),
    ("obligation.edit", "draft"): ("obligation.edit · draft", 0),
    ("obligation.activate", "draft_of_another"): ("obligation.activate · another's draft", 0),
    ("obligation.activate", "own_draft"): ("obligation.activate · own draft", 0),
    ("obligation.change", "retroactive"): ("obligation.change · retroactive", 0),
    ("waiver.propose", "of_a_person"): ("waiver.propose · of a person", 0),
    ("waiver.approve", "medical"): ("waiver.approve · medical, proposed by another", 0),
    ("waiver.approve", "other_reasons"): ("waiver.approve · other reasons, proposed by another", 0),
    ("waiver.approve", "own"): ("waiver.approve · own or proposed by oneself", 0),
    ("recognition.approve", "proposed_by_another"): ("recognition.approve · proposed by another", 0),
    ("report.view", "of_the_institution"): ("report.view · institution", 0),
    ("report.view", "of_a_unit"): ("report.view · unit", 0),
    ("report.export", "with_names"): ("report.export · with names", 0),
    ("report.export", "with_identity_numbers"): ("report.export · with identity numbers", 0),
    ("reminder.send", "to_a_unit"): ("reminder.send · unit", 0),
    ("bundle.make", "of_a_scope"): ("bundle.make · scope", 0),
    ("audit_log.view", "of_the_places"): ("audit_log.view · of the places", 0),
    ("certificate.list", "of_the_places"): ("certificate.list · of the people of the places", 0),
    ("certificate.bulk_zip", "of_the_places"): ("certificate.bulk_zip · of the people of the places", 0),
    ("certificate.view", "of_a_person_of_the_places"): ("certificate.view · of a person", 0),
    ("template.view", "published_of_the_institution"): ("template.view · published", 0),
    ("take.begin", "window_open"): ("take.begin · window open / not open", 0),
    ("take.begin", "window_not_open"): ("take.begin · window open / not open", 1),
    ("survey.answer", "with_ticket"): ("survey.answer · with ticket / used", 0),
    ("survey.answer", "ticket_used"): ("survey.answer · with ticket / used", 1),
    ("survey.results", "at_least_k"): ("survey.results · at least k / below k", 0),
    ("survey.results", "below_k"): ("survey.results · at least k / below k", 1),
    ("organisation.load", "list"): ("people.load · list", 0),
    ("course.view", "staff_of_no_place"): ("course.view · `staff`, of no place / of a place", 0),
    ("course.view", "staff_of_a_place"): ("course.view · `staff`, of no place / of a place", 1),
    ("course.view", "audience_outside"): ("course.view · `audience`, outside / inside", 0),
    ("course.view", "audience_inside"): ("course.view · `audience`, outside / inside", 1),
}
"""Actions and states of the matrix by the row of the table, and which of its states it is."""
TO_COME: Mapping[str, str] = {
    "survey.": "part G of the specification",
    "take.begin": "the cast of a course tries it as own_course",
}
"""Actions of the table, or beginnings of them, that no test tries over HTTP yet, and why."""
_WORDS = {"a": "allow", "d": "deny", "h": "hide"}


def training_cells() -> dict[tuple[str, str, str], str]:
    """Return what the table says of each action, state and role, in the words of the matrix."""
    table = cells_of_the_table()
    cells = {}
    for (action, state), (row, number) in ROWS.items():
        for column, role in ROLES.items():
            letters = table[row][column].split(" / ")
            if (letter := letters[number % len(letters)]) != "–":
                cells[action, state, role] = _WORDS[letter]
    return cells


def is_to_come(action: str) -> bool:
    """Say whether no route tries an action yet."""
    return any(action.startswith(name) for name in TO_COME)


def tried_training_cells() -> set[tuple[str, str, str]]:
    """Return the cells that some test has to try."""
    return {cell for cell in training_cells() if not is_to_come(cell[0])}


def training_cells_that_differ_from_the_matrix() -> list[str]:
    """Compare the table with the matrix: each cell is a row there. Strangers sign in first, whether it is hidden from them or denied."""
    with MATRIX.open(encoding="utf-8", newline="") as source:
        known = {(row["action"], row["object_state"], row["role"]): row["expect"] for row in csv.DictReader(source)}
    return [
        " ".join(cell)
        for cell, due in training_cells().items()
        if known.get(cell) != due and not (cell[2] == "anonymous" and known.get(cell) == "hide")
    ]


@dataclass
class TrainingCast:
    """One browser for each role before a learner of a unit; the other head's unit is of another institution."""

    instance: Instance
    browsers: Mapping[str, Browser]
    people: Mapping[str, Person]
    root: Organisation
    unit: Organisation
    course: Course

    def outcomes(self, path: str, method: str = "GET", data: Mapping[str, str] | None = None) -> dict[str, str]:
        """Let everybody send one request; return what came of it, by role."""
        return {role: outcome(browser, path, method, data) for role, browser in self.browsers.items()}

    def check(self, action: str, state: str, outcomes: Mapping[str, str]) -> list[str]:
        """Note what came of these cells; return those in which something else came than is due."""
        cells = training_cells()
        tried = [
            Tried(action, state, role, due, got, fits(got, due, "A" if role == "anonymous" else "L"))
            for role, got in outcomes.items()
            if (due := cells.get((action, state, role)))
        ]
        TRIED.extend(tried)
        return [f"{one.role} {action} {state}: {one.found} instead of {one.expected}" for one in tried if not one.fits]


@scene
def a_training_cast(browser: Browser, instance: Instance, *, visibility: str = "public") -> TrainingCast:
    """Sign in one person of each role of the table; `oneself` is the learner about whom the others ask."""
    course, root = a_course(instance, "obligatorio", modules=1, visibility=visibility), a_place(instance, "IESS", code="IESS")
    province = a_place(instance, "Guayas", root, code="GYE")
    unit, elsewhere = a_place(instance, "Dirección", province, code="GYE-D"), a_place(instance, "BIESS", code="BIESS")
    people = {
        "oneself": a_person(instance, "ana@example.org"),
        "colleague": a_person(instance, "ciro@example.org"),
        "course_instructor": a_teacher(instance, course, "ines@example.org"),
        "unit_head": a_person(instance, "hugo@example.org"),
        "other_unit_head": a_person(instance, "olga@example.org"),
        "training_officer": a_person(instance, "ofelia@example.org"),
        "auditor": a_person(instance, "aldo@example.org"),
        "site_admin": an_administrator(instance, "sara@example.org"),
    }
    for role in ("oneself", "colleague"):
        put(instance, people[role], unit)
    manage(instance, people["unit_head"], province)
    manage(instance, people["other_unit_head"], elsewhere)
    give_training(instance, people["training_officer"], root, TrainingRole.OFFICER)
    give_training(instance, people["auditor"], root, TrainingRole.AUDITOR)
    browsers = {"anonymous": browser.another(), **{role: sign_in(browser.another(), person.email) for role, person in people.items()}}
    for one in browsers.values():
        one.checks = False
    return TrainingCast(instance, browsers, people, root, unit, course)
