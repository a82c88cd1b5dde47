"""The navigation of a course's team: on every page of the team, with what its reader may open and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from flask import Flask, url_for
from lxml import html as markup
from sqlalchemy import select

from accounts.models import Person
from courses.access import TEAM
from courses.models import StaffRole
from courses.team import TEAM_PAGES
from lms.app import FEATURES, GIVEN
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, a_zip, an_administrator, folder, sign_in
from tests.support.editions import an_edition
from tests.support.learning import actor_of
from tests.support.mistakes import a_report
from tests.support.offices import QUIZ, a_course_at_work
from tests.support.rooms import SITUATIONS
from tests.support.situations import Stage
from tests.support.walking import Walk, endpoint_of, forms_of

MORE = ("/teaching/prueba/certificates/reviews", "/courses/prueba/quizzes/cuestionario-1/selections", "/teaching")

OF_QUIZ = (f"{QUIZ}/surveys", f"{QUIZ}/draws")
BELOW = ("/teaching/<slug>", "/courses/<slug>", "/attempts/<uuid:attempt>")
WITHOUT = {
    "certificates_register.export": "a file",
    "quizzes.attempt_as_shown": "shows an attempt as its learner saw it",
    "analysis_decisions.people": "is there for a class of thirty alone; its own test looks for the bar",
    "quizzes_files.fetch": "a file",
    "analysis_gain.class_gain": "is there for a test with an initial one alone; its own test looks for it",
    "quizzes_pass_marks.record": "is there for a record that was made; its own test looks at it",
    "quizzes_pass_marks.scan": "is a file",
    "quizzes_pass_marks.sheet": "is for the judge it belongs to",
    "analysis_statistics.surveys_csv": "a file",
    "enrolments_mark_files.faults": "a file",
    "enrolments_mark_files.sheet_csv": "a file",
    "enrolments_mark_files.sheet_workbook": "a file",
    "questions_variants.variants": "is there for a calculated question alone; its own test looks for the bar",
}
SEE_OTHER = 303
ARRANGED = ("courses_lessons.removal", "courses_lists.entry", "courses_lists.removal", "courses_outline.deletion")
"""Situations whose pages no link leads to."""
SENT: Mapping[str, Mapping[str, str | tuple[str, bytes]]] = {
    "/teaching/prueba/imports": {"file": ("preguntas.gift", b"::Una:: Cuanto es dos mas dos? {=cuatro ~cinco}")},
    "/teaching/prueba/folder": {"file": ("curso.zip", a_zip(folder(modules=1)))},
    "/teaching/prueba/learners/lists": {"addresses": "persona.0@example.org"},
    "/teaching/prueba/announcements": {"heading": "Clase", "words": "El jueves.", "send": "1"},
    "/teaching/prueba/items/new": {"heading": "Examen oral", "maximum": "10", "weight": "1"},
    "/teaching/prueba/gradebook/mark-files": {"file": ("notas.csv", b"correo;Examen oral\npersona.0@example.org;8\n")},
}
"""Forms behind which there are more pages."""


def team_routes(app: Flask) -> set[str]:
    """Return the routes of a course that nobody but its team may use: by their address or by the lists of who may do what."""
    states = {action: [*permission.states.values()] for feature in FEATURES for action, permission in feature.permissions.items()}
    for action, cells in [pair for feature in FEATURES for pair in feature.cells.items()]:
        states[action] += cells.values()
    actions = {name: vars(view)["access"].action for name, view in app.view_functions.items()}
    closed = {name for name, action in actions.items() if action and all(allowed.roles <= TEAM.roles for allowed in states[action])}
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and rule.rule.startswith(BELOW)]
    return {rule.endpoint for rule in rules if rule.endpoint in closed or rule.rule.startswith(BELOW[0])} - set(WITHOUT)


def a_walk(browser: Browser) -> Walk:
    """Open the pages of a course whose team is at work, as an administrator."""
    work, stage = a_course_at_work(browser.instance), Stage(browser)
    an_edition(browser.instance, work.course)
    boss = sign_in(stage.nobody(), "admin@example.org")
    stage.once("course", lambda: work.course)
    stage.once("boss", lambda: boss)
    with browser.instance.database.unit_of_work(write=False) as session:
        teacher = actor_of(session.scalars(select(Person).where(Person.email == "profe@example.org")).one())
    stage.once("teacher", lambda: teacher)
    a_report(browser.instance, teacher)
    walk = Walk(
        boss, *(SITUATIONS[name](stage).page for name in ARRANGED), *SENT, *work.pages().values(), f"{QUIZ}/surveys", f"{QUIZ}/draws", *MORE
    )
    for address, values in SENT.items():
        boss.get(address)
        form = next(one for one in forms_of(boss.app, address, boss.page.html) if one.action == address)
        typed = {name: value for name, value in values.items() if isinstance(value, str)}
        walk.send(form, typed, {name: value for name, value in values.items() if not isinstance(value, str)})
        assert walk.status == SEE_OTHER, f"{address}: {walk.status}"
        walk.starts += tuple({one.page for one in walk.answered})
    walk.open_all()
    return walk


@pytest.mark.slow
def test_every_page_of_a_team_has_the_bar_with_its_entry_marked_once(browser: Browser, app: Flask) -> None:
    walk = a_walk(browser)
    found: dict[str, list[int]] = {}
    for path, text in walk.pages.items():
        bars = markup.fromstring(text.encode()).xpath("//nav[@class='team']")
        found.setdefault(endpoint_of(app, path), []).append(len(bars[0].xpath(".//*[@aria-current='page']")) if len(bars) == 1 else 0)

    expected = team_routes(app) - {endpoint_of(app, path) for path in walk.others}
    assert expected - set(found) == set(), "not one page of these was opened"
    assert {name: marks for name, marks in found.items() if name in expected and set(marks) != {1}} == {}
    assert {name for name, marks in found.items() if any(marks)} - expected == set(), "has the bar, and is no page of a team"


@pytest.mark.parametrize("role", [*StaffRole, None])
def test_the_bar_offers_what_its_reader_may_open_and_nothing_else(browser: Browser, instance: Instance, role: StaffRole | None) -> None:
    """None: an administrator."""
    course = a_course(instance, modules=1)
    email = a_teacher(instance, course, role=role).email if role else an_administrator(instance).email
    visitor = sign_in(browser, email)
    visitor.get("/teaching/prueba/gradebook")
    offered = set(markup.fromstring(visitor.page.html.encode()).xpath("//nav[@class='team']//a/@href"))

    with browser.app.test_request_context():
        pages = {url_for(page.endpoint, slug="prueba") for page in TEAM_PAGES.given_in(GIVEN)}
    visitor.checks = False
    opened = {page for page in pages if visitor._request("GET", page).status_code == 200}

    assert offered == opened
    assert (len(opened) == len(pages)) == (role in (StaffRole.OWNER, None))


@pytest.mark.slow
def test_a_course_that_was_never_published_offers_no_marks(browser: Browser, instance: Instance) -> None:
    sign_in(browser, an_administrator(instance).email)
    browser.get("/teaching/new-course")
    browser.submit("/new-course", {"title": "Borrador nuevo", "key": "nuevo"})
    browser.get("/teaching/nuevo/outline")

    for page in TEAM_PAGES.given_in(GIVEN):
        with browser.app.test_request_context():
            address = url_for(page.endpoint, slug="nuevo")
        assert browser.page.has_link(address) is not page.needs_version
        browser.get(address, status=404 if page.needs_version else 200)
        browser.get("/teaching/nuevo/outline")
