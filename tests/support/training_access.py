"""A cast before compulsory training: one person for each role of spec/compulsory 16."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from courses.models import Course
from lms.instance import Instance
from organisations.access import IN_AN_INSTITUTION
from organisations.models import Organisation
from organisations.rules.units import TrainingRole
from tests.support.access import RoleCast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.places import a_place, give_training, manage, put
from tests.support.scenes import scene


@dataclass
class TrainingCast(RoleCast):
    """One browser for each role before a learner of a unit; the other head's unit is of another institution."""

    roles: ClassVar[Mapping[str, str]] = {role: role for role in IN_AN_INSTITUTION.among}
    root: Organisation
    unit: Organisation
    course: Course


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
