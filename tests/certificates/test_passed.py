"""What certificates say was passed is what their version asks for: on the sheet, in the badge, on the page (spec/certificates H5)."""

import pytest
from sqlalchemy import select, update

from certificates.badges import badge_content
from certificates.certificate_page import sheet_of
from certificates.credentials import signed_content
from certificates.models import Credential, ValidityChange
from certificates.rules.credentials import canonical_content
from certificates.sheet import passed_words
from courses.versions import get_outline
from kernel import clock
from kernel.codes import printed_code
from kernel.outbox import deliver_waiting
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, an_administrator, folder, publish, sign_in
from tests.support.certificates import complete, issue
from tests.support.takes import read
from tests.support.wording import in_spanish

SITE = "http://localhost:8000"
QUIZ = "{n:02d}-parte/03-cuestionario.quiz.yaml"
PAGE = "/teaching/prueba/certificates/validity?sentences=1"
FINAL_ES, FINAL_EN = "aprobó la evaluación final del curso", "passed the final assessment of"


def a_folder(modules: int, without: tuple[int, ...] = (), course: str = "", title: str = "Cuestionario 1") -> dict[str, bytes]:
    """Return a course of some modules, some of them without a quiz, with more lines in its file and another title of the first quiz."""
    files = folder(modules=modules)
    for number in without:
        del files[QUIZ.format(n=number)]
    name = QUIZ.format(n=1)
    if name in files:
        files[name] = files[name].replace(b"es: Cuestionario 1", f"es: {title}".encode())
    return files | {"course.yaml": files["course.yaml"] + course.encode()}


FIRST_PART = "completion:\n  modules: [parte-1]\n"
LONG = "Repaso de las normas de la seguridad social y de sus reglamentos"
CASES = {
    "ends with a quiz": (a_folder(2), FINAL_ES, FINAL_EN),
    "ends with a lesson": (a_folder(2, (2,)), "aprobó «Cuestionario 1» del curso", "passed “Quiz 1” of"),
    "two of three": (a_folder(3, (3,)), "aprobó «Cuestionario 1» y «Cuestionario 2» del curso", "passed “Quiz 1” and “Quiz 2” of"),
    "three of four": (a_folder(4, (4,)), "aprobó las evaluaciones del curso", "passed the assessments of"),
    "asks for the first part": (
        a_folder(2, course="completion:\n  modules: [parte-1]\n"),
        "aprobó «Cuestionario 1» del curso",
        "passed “Quiz 1” of",
    ),
    "a long title": (a_folder(2, (2,), title=LONG), "aprobó las evaluaciones del curso", "passed “Quiz 1” of"),
    "nothing to pass": (a_folder(1, (1,)), "", ""),
}


@pytest.mark.parametrize(("files", "spanish", "english"), CASES.values(), ids=CASES)
def test_a_course_says_what_whoever_completes_it_has_passed(
    instance: Instance, files: dict[str, bytes], spanish: str, english: str
) -> None:
    _course, version = publish(instance, files)
    outline = read(instance, lambda session: get_outline(session, version.id))

    assert (passed_words(outline, "es"), passed_words(outline, "en")) == (spanish, english)


def test_a_course_that_asks_for_a_grade_says_so(instance: Instance) -> None:
    files = folder(modules=1, settings="attempts: 3\ncompletion: {attempted: 1}\n")
    _course, version = publish(instance, files | {"course.yaml": files["course.yaml"] + b"completion:\n  grade: 70\n"})
    outline = read(instance, lambda session: get_outline(session, version.id))

    assert passed_words(outline, "es") == "alcanzó la calificación que exige el curso"


def without_final(instance: Instance) -> Credential:
    """Return the certificate of a course whose only quiz is followed by a lesson."""
    course = publish(instance, a_lesson_after())[0]
    complete(instance, course)
    return issue(instance)


def a_lesson_after() -> dict[str, bytes]:
    """Return a course of one module whose lesson comes after its quiz."""
    moved = {"01-leccion.es.md": "03-leccion.es.md", "01-leccion.en.md": "03-leccion.en.md"}
    moved |= {"02-video.recording.yaml": "01-video.recording.yaml", "03-cuestionario.quiz.yaml": "02-cuestionario.quiz.yaml"}
    names = {f"01-parte/{before}": f"01-parte/{after}" for before, after in moved.items()}
    return {names.get(name, name): content for name, content in folder(modules=1).items()}


def test_sheet_badge_and_verification_say_the_same(browser: Browser, instance: Instance) -> None:
    row = without_final(instance)
    expected = "ompletó el módulo y aprobó «Cuestionario 1» del curso"

    badge = badge_content(row, SITE)

    assert sheet_of(row, (), SITE, "es")["result"] == f"c{expected}"
    assert "passed “Quiz 1” of" in sheet_of(row, (), SITE, "en")["result"]
    assert badge is not None
    assert badge.criteria.startswith(f"C{expected}")
    assert f"C{expected}" in " ".join(browser.get(f"/verify/{printed_code(row.code)}").text.split())
    assert instance.keys.verifies(row.key_id, canonical_content(signed_content(row, ())), row.signature)
    assert b"Quiz 1" in canonical_content(signed_content(row, ()))


def test_what_was_issued_before_keeps_its_sentence_and_is_replaced_by_one_act(browser: Browser, instance: Instance) -> None:
    """spec/certificates E2: listed for administrators; the new one says what was passed, and ends on the same day."""
    row = without_final(instance)
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(passed={}))
    before = read(instance, lambda session: session.scalars(select(Credential)).one())
    assert FINAL_ES in sheet_of(before, (), SITE, "es")["result"]
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    assert browser.get("/administration/certificates").has_link(PAGE)

    browser.get(PAGE)
    browser.submit("/teaching/prueba/certificates/validity", {"reason": "El curso no tiene evaluación final."})
    deliver_waiting(instance.worker, now=clock.now())

    former, made = read(instance, lambda session: session.scalars(select(Credential).order_by(Credential.id)).all())
    assert (former.replaced_class, former.replaced_by_id, made.expires_on) == ("data", made.id, row.expires_on)
    assert "«Cuestionario 1»" in sheet_of(made, (), SITE, "es")["result"]
    assert read(instance, lambda session: session.scalars(select(ValidityChange.done)).one()) == 1
    assert in_spanish("No certificate would change") in browser.get(PAGE).text
    assert not browser.get("/administration/certificates").has_link(PAGE)


def test_a_certificate_of_a_course_that_ends_with_its_test_is_left_as_it_is(browser: Browser, instance: Instance) -> None:
    complete(instance, a_course(instance, modules=1))
    issue(instance)
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(passed={}))
    an_administrator(instance)
    sign_in(browser, "admin@example.org")

    assert not browser.get("/administration/certificates").has_link(PAGE)
    assert in_spanish("No certificate would change") in browser.get(PAGE).text
