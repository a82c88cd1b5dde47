"""What one may not know of answers like what never was: status, body and headers, for each kind of thing with an address.

spec/security 1.3.
"""

import re
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, update

from certificates.models import Credential
from courses.models import Course
from enrolments import learner_groups
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations.models import Organisation
from tests.support.access import Cast, a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher
from tests.support.editions import an_edition
from tests.support.learning import a_learner, actor_of, mark_done, pass_quiz, start
from tests.support.overrides import Office
from tests.support.places import a_place
from tests.support.results import an_item

OF_THE_REQUEST = {"date", "set-cookie", "x-request-id"}
TOLD_APART = {f"/teaching/prueba/{kind}/{{}}" for kind in ("editions", "items", "learners")}
"""Refused where they exist, not found where they do not; their names are of 122 random bits (docs/developer/backlog.md)."""
OPEN_TO_STRANGERS = {
    "certificates_badges.badge",
    "communities.about",
    "communities.announcements",
    "communities.community_list",
    "communities.discussions",
    "communities.front_page",
    "communities_directory.entry_list",
    "communities_links.logo",
    "communities_links.picture",
    "communities_links.tools",
    "communities_work.file_content",
    "communities_work.file_list",
    "communities_work.note_history",
    "communities_work.page_history",
    "communities_work.page_list",
    "communities_work.show_file",
    "communities_work.show_page",
    "discussions.board",
    "discussions.file",
    "discussions.post",
    "discussions.thread",
    "enrolments.activity",
    "enrolments.course",
    "enrolments.download",
    "enrolments.glossary",
    "enrolments.resources",
    "enrolments_boards.course_board",
    "enrolments_boards.of_activity",
    "enrolments_boards.of_heading",
    "lms_condition.figures",
    "webinars.recording",
    "POST certificates_identity.compare",
    "POST certificates_verification.verify_files",
    "POST quizzes_proofs.compare_file",
    "POST selections_verification.compare_file",
    "POST selections_verification.compare_line",
}
"""What courses, boards and communities show to everybody, badges and verdicts by a code or a file, figures for places of the settings."""
UNKNOWN = {"uuid": "5b7e0a3c-2f6d-4c1e-9a48-d0c3f7b1e692", "int": "1"}
QUIZ = "/courses/prueba/quizzes/cuestionario-1"


def test_what_is_hidden_answers_like_what_never_was(browser: Browser, instance: Instance) -> None:
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    things = a_full_course(instance, browser, course)

    faults = [
        f"{letter} {path}"
        for path, name in things
        for letter in "ALEOX"
        if answer(cast, letter, path.format(name), name) != answer(cast, letter, path.format(unknown := like(name)), unknown)
    ]

    assert {fault.split()[1] for fault in faults} == TOLD_APART


@pytest.mark.parametrize("slug", ["prueba", "borrador", "nada"])
@pytest.mark.slow
def test_who_has_not_signed_in_is_asked_to_before_anything_is_looked_for(
    app: Flask, browser: Browser, instance: Instance, slug: str
) -> None:
    """Whether it exists or not: no form whose session has ended comes to a page that is not found (spec/security 1.3, 3.2)."""
    a_course(instance, modules=1)
    hide(instance, a_course(instance, "borrador", modules=1))
    browser.get("/help")
    token = dict(browser.page.form("/language").fields)["csrf_token"]
    asked, told = list[str](), set[str]()
    for rule in app.url_map.iter_rules():
        access = getattr(app.view_functions[rule.endpoint], "access", None)
        if access is None or access.action is None:
            continue
        chosen = re.sub(r"<any\((\w+)[^>]*>", r"\1", str(rule).replace("<slug>", slug))
        address = re.sub(r"<(?:(\w+):)?\w+>", lambda part: UNKNOWN.get(part[1], "nada"), chosen)
        for method in {"GET", "POST"} & (rule.methods or set()):
            response = browser._request(method, address, data={"csrf_token": token} if method == "POST" else None)
            to_sign_in = response.status_code == 401 or "/sign-in" in response.headers.get("Location", "")
            asked.append(address) if to_sign_in else told.add(rule.endpoint if method == "GET" else f"{method} {rule.endpoint}")

    assert len(asked) > 250
    assert told <= OPEN_TO_STRANGERS


def answer(cast: Cast, letter: str, path: str, name: str) -> tuple[int, str, list[tuple[str, str]]]:
    """Return what came, without what is of the request alone: its token, reference and time, and the name that was asked for."""
    response = cast.browsers[letter]._request("GET", path)
    text = re.sub(r'name="csrf_token"\s+value="[^"]+"', "", response.get_data(as_text=True))
    headers = [(key.lower(), value.replace(name, "NAME")) for key, value in response.headers.items()]
    return (
        response.status_code,
        re.sub(r"\b[0-9a-f]{16}\b", "REFERENCE", text).replace(name, "NAME"),
        sorted(one for one in headers if one[0] not in OF_THE_REQUEST),
    )


def like(name: str) -> str:
    """Return a name of the same kind and length that nothing has."""
    return str(uuid4()) if len(name) == len(str(uuid4())) else name[::-1]


def hide(instance: Instance, course: Course) -> None:
    """Take a course back to its draft."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).where(Course.id == course.id).values(published_version_id=None))


def a_full_course(instance: Instance, browser: Browser, course: Course) -> list[tuple[str, str]]:
    """Let somebody else learn and others work in a course; return the address of each thing with its name apart."""
    learner = a_learner(instance, course, "otra@example.org")
    opened = start(instance, learner, "prueba")
    draft = a_course(instance, "borrador", modules=1)
    finisher = a_learner(instance, course, "fina@example.org")
    mark_done(instance, finisher, "prueba", "leccion-1")
    graded = pass_quiz(instance, finisher, "prueba")
    browser.deliver_jobs()
    office = Office(instance, course)
    teacher = actor_of(a_teacher(instance, course, "autora@example.org"))
    hide(instance, draft)
    with instance.database.unit_of_work() as session:
        group = learner_groups.make_group(session, SYSTEM, course.id, "Norte", now=clock.now()).uuid
        credential = session.scalars(select(Credential.uuid)).one()
    place: Organisation = a_place(instance)
    return [
        *(
            (f"/attempts/{{}}{end}", str(name))
            for name in (opened, graded)
            for end in ("", "/review", "/record.json", "/paper", "/summary")
        ),
        *((f"/attempts/{{}}{end}", str(graded)) for end in ("/reopening", "/marking/1")),
        *((f"/certificates/{{}}{end}", str(credential)) for end in ("", ".pdf", "/revocation")),
        ("/courses/prueba/groups/{}", str(group)),
        (f"{QUIZ}/overrides/{{}}", str(office.override(learner, limit_seconds=900).uuid)),
        ("/teaching/prueba/editions/{}", str(an_edition(instance, course).uuid)),
        ("/teaching/prueba/items/{}", str(an_item(instance, teacher, course).uuid)),
        ("/teaching/prueba/learners/{}", str(learner.person_uuid)),
        ("/administration/people/{}", str(learner.person_uuid)),
        ("/administration/accommodations/{}", str(learner.person_uuid)),
        ("/administration/organisations/{}", str(place.uuid)),
        ("/units/{}", str(place.uuid)),
        *((f"/courses/{{}}{end}", "borrador") for end in ("", "/glossary", "/activities/leccion-1")),
        *((f"/courses/{{}}{end}", "borrador") for end in ("/quizzes/cuestionario-1", "/recordings/video-1")),
        *((f"/teaching/{{}}{end}", "borrador") for end in ("/outline", "/questions", "/publishing", "/team", "/log")),
    ]
