"""The journey of a new learner in a real browser, to a certificate that anybody can verify."""

import io
import re

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import Browser
from sqlalchemy import select

from enrolments.models import ActivityResult
from lms.instance import Instance
from lms.publishing import publish_folder
from questions.rules.answers import page_from_answer
from questions.rules.feedback import right_answer
from questions.rules.numbers import convention_for
from tests.browser.workshops import hand_in_task
from tests.support.answers import fields_of, sitting_of
from tests.support.builders import PASSWORD, a_course
from tests.support.chromium import Live, Visitor, visitor
from tests.support.courses import BUDGET, CONTENT, GOVERNANCE, activities_of, course_of
from tests.support.wording import in_spanish

OTHER_PAGES = (
    "/learning",
    "/profile",
    "/profile/devices",
    "/profile/password",
    "/help",
    "/help?q=certificado",
    "/help/learner/quizzes",
    "/help/instructor/marking",
    "/privacy",
    "/accessibility",
    "/recordings",
    "/verify",
    "/nada",
)


def sign_up_and_in(person: Visitor) -> None:
    """Make an account and sign in with it; without a mail server that needs no confirmation."""
    person.open("/")
    person.open("/sign-up")
    person.press("form[action='/sign-up'] button[type=submit]")
    person.page.fill("#given_names", "Tránsito")
    person.page.fill("#first_surname", "Guamán")
    person.page.fill("#second_surname", "Ñúñez")
    person.page.fill("#email", "transito@example.org")
    person.page.fill("#password", PASSWORD)
    person.page.check("#consent")
    person.press("form[action='/sign-up'] button[type=submit]")
    person.open("/sign-in")
    person.page.fill("#email", "transito@example.org")
    person.page.fill("#password", PASSWORD)
    person.press("form[action='/sign-in'] button[type=submit]")


def answer_quiz(person: Visitor, instance: Instance, address: str) -> None:
    """Take a quiz with every answer right, by the controls of the page."""
    person.open(address)
    person.press("form[action$='/attempts'] button")
    loaded, questions = sitting_of(instance, person.page.url)
    convention = convention_for(loaded.row.language)
    for item in loaded.items:
        question = questions[item.question_version_id]
        answer = right_answer(question, item.layout, loaded.row.language, convention)
        if answer is None:
            continue
        for name, value in fields_of(item, question, page_from_answer(question, item.layout, answer)).items():
            give(person, name, value)
    person.press("button[name=go][value=review]")
    person.press("#submission button[type=submit]")


def write_case(person: Visitor, address: str) -> None:
    """Hand in a written task, and read the model answer."""
    person.open(address)
    person.press("form[action$='/attempts'] button")
    person.page.fill("main textarea", "Una propuesta con sus razones.")
    person.press("button[name=go][value=review]")
    person.press("#submission button[type=submit]")
    assert "Una propuesta con sus razones." in person.page.inner_text("main")


def give(person: Visitor, name: str, value: object) -> None:
    """Put an answer into the controls of a name."""
    first = person.page.locator(f"main [name='{name}']").first
    kind = first.evaluate("e => e.tagName + ':' + e.type")
    if kind.startswith("SELECT"):
        first.select_option(str(value))
    elif kind in ("INPUT:radio", "INPUT:checkbox"):
        for chosen in value if isinstance(value, list | tuple) else [value]:
            person.page.check(f"main [name='{name}'][value='{chosen}']")
    else:
        first.fill(str(value))


def complete_course(person: Visitor, instance: Instance, slug: str, language: str = "es", first: int | None = None) -> None:
    """Do everything a course asks, or its first activities alone, from its page."""
    person.open(f"/courses/{slug}")
    person.press("form[action$='/enrolment'] button")
    addresses = person.page.eval_on_selector_all(".items a", "links => links.map(link => new URL(link.href).pathname)")
    cases = [address for address in addresses if "/quizzes/caso-" in address]
    for address in addresses[:first]:
        if address in cases[1:]:
            continue  # none of the written cases is required: one is enough
        if address in cases:
            write_case(person, address)
        elif "/quizzes/" in address:
            answer_quiz(person, instance, address)
        elif "/simulators/" in address:
            hand_in_task(person, instance, address.rpartition("/")[2], language)
        else:
            person.open(address)
            if person.page.locator("form[action$='/done'] button").count():
                person.press("form[action$='/done'] button")


def verify_by_qr(person: Visitor, stranger: Visitor, language: str) -> None:
    """Download the certificate, read its QR code from the drawn page, and follow it as a stranger."""
    person.open("/certificates")
    person.press("main .rows a")
    address = person.page.get_attribute("a[href$='.pdf']", "href")
    assert address
    content = person.page.request.get(person.url + address).body()
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    image = document[0].render(scale=3).to_pil()
    document.close()
    codes = zxingcpp.read_barcodes(image)
    assert len(codes) == 1
    path = re.sub(r"https?://[^/]+", "", codes[0].text)
    assert path.startswith("/v/")
    stranger.open(path)
    words = stranger.page.inner_text("main")
    assert "Tránsito Guamán Ñúñez" in words
    assert (in_spanish("Genuine and in force") if language == "es" else "Genuine and in force") in words


@pytest.mark.slow
@pytest.mark.parametrize(("language", "width", "scheme"), [("es", 360, "dark"), ("en", 1280, "light")])
def test_a_new_learner_reaches_a_verifiable_certificate(
    chromium: Browser, live: Live, instance: Instance, language: str, width: int, scheme: str
) -> None:
    a_course(instance, modules=2)
    person = visitor(chromium, live, language=language, width=width, scheme=scheme)

    sign_up_and_in(person)
    complete_course(person, instance, "prueba")
    live.deliver_jobs()

    verify_by_qr(person, visitor(chromium, live, language=language, width=width, scheme=scheme), language)
    for path in OTHER_PAGES:
        person.open(path)


@pytest.mark.long
@pytest.mark.parametrize(
    ("course", "language", "width", "scheme"),
    [
        (GOVERNANCE, "es", 1280, "light"),
        (BUDGET, "es", 360, "dark"),
        (GOVERNANCE, "en", 360, "dark"),
        (BUDGET, "en", 1280, "light"),
    ],
)
def test_both_courses_can_be_taken_to_their_certificate(
    chromium: Browser, live: Live, instance: Instance, course: str, language: str, width: int, scheme: str
) -> None:
    """From the first page of each course to the certificate, with every quiz and every task of the simulator for full marks."""
    assert publish_folder(instance, CONTENT / course).version is not None
    person = visitor(chromium, live, language=language, width=width, scheme=scheme)
    person.once_a_template = True

    sign_up_and_in(person)
    complete_course(person, instance, course, language)
    with instance.database.unit_of_work(write=False) as session:
        scores = {row.activity_key: row.score for row in session.scalars(select(ActivityResult))}
    counted = [activity.key for kind in ("quiz", "simulator") for activity in activities_of(course, kind) if activity.weight]
    assert {key: scores[key] for key in counted} == dict.fromkeys(counted, 100)
    live.deliver_jobs()

    verify_by_qr(person, visitor(chromium, live, language=language), language)


@pytest.mark.slow
def test_first_module_of_a_course_is_taken_in_english_on_a_phone(chromium: Browser, live: Live, instance: Instance) -> None:
    """The first test and the lessons, cases, recordings and quiz of module 1 of the course on governance."""
    assert publish_folder(instance, CONTENT / GOVERNANCE).version is not None
    modules = course_of(GOVERNANCE).modules[:2]
    person = visitor(chromium, live, language="en", width=360)
    person.once_a_template = True

    sign_up_and_in(person)
    complete_course(person, instance, GOVERNANCE, "en", sum(len(module.activities) for module in modules))

    with instance.database.unit_of_work(write=False) as session:
        scores = {row.activity_key: row.score for row in session.scalars(select(ActivityResult))}
    counted = [activity.key for activity in modules[1].activities if activity.kind == "quiz" and activity.weight]
    assert counted
    assert {key: scores[key] for key in counted} == dict.fromkeys(counted, 100)
    person.open(f"/courses/{GOVERNANCE}")
    assert "1 of " in person.page.inner_text("#course-progress")


def test_without_javascript_the_same_journey_works(chromium: Browser, live: Live, instance: Instance) -> None:
    a_course(instance, modules=1)
    person = visitor(chromium, live, script=False)

    sign_up_and_in(person)
    person.open("/courses/prueba")
    person.press("form[action$='/enrolment'] button")
    person.open("/courses/prueba/activities/leccion-1")
    person.press("form[action$='/done'] button")
    answer_quiz(person, instance, "/courses/prueba/quizzes/cuestionario-1")
    live.deliver_jobs()

    person.open("/certificates")
    assert person.page.locator("main .rows a").count() == 1
