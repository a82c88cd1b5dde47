"""Hours of a course and their basis, on everything that prints them (spec/certificates 3)."""

from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy import select, update

from certificates import credentials
from certificates.certificate_page import sheet_of
from courses.kinds import ExpectedTime
from courses.models import CourseVersion
from courses.publishing import CheckedCourse, prepare
from courses.rules import HoursBasis, decide_hours, hours_need_basis, printed_basis, printed_hours, read_hours
from enrolments.models import ActivityResult
from enrolments.progress_report import measured_minutes
from kernel.codes import printed_code
from lms.app import KINDS
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_teacher, folder, publish, sign_in
from tests.support.certificates import NOON, complete, issue
from tests.support.folders import TODAY, codes
from tests.support.wording import in_spanish

VECTORS = Path(__file__).parent / "vectors"
PRINTED = [line.split("\t") for line in (VECTORS / "hours.tsv").read_text(encoding="utf-8").splitlines()[1:]]


@pytest.mark.parametrize(("minutes", "es", "en"), PRINTED)
def test_a_length_is_printed_as_in_the_vectors(minutes: str, es: str, en: str) -> None:
    """spec/certificates H4."""
    hours = Fraction(round(Fraction(int(minutes), 60), 2))  # as versions and certificates store it

    assert (printed_hours(hours, "es"), printed_hours(hours, "en")) == (es, en)


@pytest.mark.parametrize(
    ("written", "text", "measured", "number", "stored", "words"),
    [
        (None, "", None, Fraction(2), "estimated", "duración estimada"),
        (None, "", (Fraction(150), 29), Fraction(2), "estimated", "duración estimada"),
        (None, "", (Fraction(150), 30), Fraction(5, 2), "measured:30", "duración medida en 30 personas"),
        (None, "", (Fraction(60), 30), Fraction(1), "measured:30", "duración medida en 30 personas"),
        (None, "", (Fraction(59), 500), Fraction(2), "estimated", "duración estimada"),
        (None, "", (Fraction(0), 500), Fraction(2), "estimated", "duración estimada"),
        (Fraction(9, 4), "", (Fraction(150), 30), Fraction(9, 4), "stated", "duración estimada"),
        (Fraction(20), "por acuerdo 7", None, Fraction(20), "stated:por acuerdo 7", "por acuerdo 7"),
    ],
)
def test_hours_are_written_measured_or_estimated(
    written: Fraction | None, text: str, measured: tuple[Fraction, int] | None, number: Fraction, stored: str, words: str
) -> None:
    """spec/certificates H2: the basis says which, and is read again as it was stored."""
    found = decide_hours(written, text, 120, measured)

    assert (found.number, found.stored_basis, printed_basis(found, "es")) == (number, stored, words)
    assert read_hours(found.number, stored, 1) == found


def test_versions_from_before_are_judged_by_their_activities() -> None:
    """spec/certificates H4."""
    assert read_hours(Fraction("11.33"), "", 680).basis is HoursBasis.ESTIMATED
    assert read_hours(Fraction(12), "", 680).basis is HoursBasis.STATED


@pytest.mark.parametrize(("minutes", "needs"), [(47, True), (48, False), (75, False), (76, True)])
def test_hours_outside_the_range_need_a_basis(minutes: int, needs: bool) -> None:
    """spec/certificates H3: 0.8 to 1.25 of the computed number."""
    assert hours_need_basis(Fraction(minutes, 60), 60) is needs


def _prepared(course_lines: str, certificate: str = "constancia") -> CheckedCourse:
    files = folder(modules=1, certificate=certificate)
    text = files["course.yaml"].decode().replace("hours: 2\nhours_basis: según el plan de las pruebas\n", course_lines)
    return prepare({**files, "course.yaml": text.encode()}, KINDS, today=TODAY)


def test_publishing_refuses_hours_without_a_basis_in_a_course_with_certificates() -> None:
    """spec/certificates H3: with both numbers; a basis, or a course that gives none, lets them pass."""
    refused = _prepared("hours: 40\n")
    (finding,) = [one for one in refused.findings if one.code == "C215"]

    assert refused.prepared is None
    assert finding.facts["written"] == "40 h 0 min"
    assert finding.facts["computed"].startswith("0 h ")
    assert _prepared("hours: 40\nhours_basis: por acuerdo 7\n").prepared is not None
    assert _prepared("hours: 40\n", "none").prepared is not None
    assert _prepared("").prepared is not None


def test_a_basis_is_one_short_line() -> None:
    """spec/certificates H3."""
    files = folder(modules=1)
    text = files["course.yaml"].decode().replace("según el plan de las pruebas", "x" * 151)

    assert "C113" in codes({**files, "course.yaml": text.encode()})


def test_those_who_finished_are_measured(instance: Instance) -> None:
    """spec/certificates H2: the median; what was left open for long, or was not done, counts as expected."""
    course, _version = publish(instance, folder(modules=1))
    for number in range(3):
        complete(instance, course, f"persona{number}@example.org")
    with instance.database.unit_of_work(write=True) as session:
        for minutes, result in zip(
            (7, 9, 600), session.scalars(select(ActivityResult).where(ActivityResult.activity_key == "leccion-1")), strict=True
        ):
            result.viewed_at = NOON - timedelta(minutes=minutes)
            result.submitted_at = result.achieved_at = NOON
        session.execute(update(ActivityResult).where(ActivityResult.activity_key != "leccion-1").values(viewed_at=None))

    with instance.database.unit_of_work(write=False) as session:
        expected = {"leccion-nueva": ExpectedTime(5, ("leccion-1",)), "otra": ExpectedTime(20, ())}
        found = measured_minutes(session, course.id, expected)

    assert found == (Fraction(27), 3), "7, 9 and, left open, 5 minutes, with 20 for what none did"


def test_measured_hours_come_with_the_next_version(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/certificates H2 and H4: everybody of a version has the same number, and a certificate keeps its own."""
    files = folder(modules=1)
    bare = files["course.yaml"].decode().replace("hours: 2\nhours_basis: según el plan de las pruebas\n", "")
    course, _first = publish(instance, {**files, "course.yaml": bare.encode()})
    complete(instance, course)
    before = issue(instance)
    monkeypatch.setattr("courses.rules.LEAST_MEASURED", 1)

    publish(instance, {**files, "course.yaml": (bare + "# again\n").encode()})

    with instance.database.unit_of_work(write=False) as session:
        kept = session.scalars(select(CourseVersion.hours_basis).order_by(CourseVersion.number)).all()
    assert kept == ["estimated", "measured:1"]
    assert issue(instance).hours_basis == before.hours_basis == "estimated:12"


def test_who_publishes_is_told_that_people_clicked_through(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/certificates H2, content-format C218: not of too few people, nor where the file writes the hours."""
    files = folder(modules=1)
    bare = files["course.yaml"].decode().replace("hours: 2\nhours_basis: según el plan de las pruebas\n", "")
    course, _version = publish(instance, {**files, "course.yaml": bare.encode()})
    complete(instance, course)
    with instance.database.unit_of_work(write=True) as session:
        session.execute(update(ActivityResult).values(viewed_at=NOON, submitted_at=NOON, achieved_at=NOON))
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    message = "Half of the %(people)s people who finished last took less than %(measured)s; the activities are estimated at %(computed)s."
    finding = in_spanish(message, people=1, measured="0 h 30 min", computed="0 h 42 min")

    browser.get("/teaching/prueba/publishing")
    assert finding not in browser.page.text
    monkeypatch.setattr("courses.rules.LEAST_MEASURED", 1)
    monkeypatch.setattr("courses.rules.LEAST_MEASURED_SHARE", Fraction(9, 10))  # the video of 30 minutes, which is optional, counts whole
    browser.get("/teaching/prueba/publishing")
    assert finding in browser.page.text
    publish(instance, {**files, "course.yaml": (bare + "hours: 2\nhours_basis: según el plan\n").encode()})
    browser.get("/teaching/prueba/publishing")
    assert finding not in browser.page.text


def test_estimated_hours_say_how_much_of_them_is_required() -> None:
    """spec/certificates H1: a number alone would count as asked what is optional."""
    found = read_hours(Fraction(20), "estimated:517", 1200)

    assert found.stored_basis == "estimated:517"
    assert printed_basis(found, "es") == "duración estimada con lo opcional; lo obligatorio, 8 h 37 min"
    assert printed_basis(found, "en") == "estimated with optional work; required, 8 h 37 min"


@pytest.mark.parametrize("lines", ["", "hours: 2.35\nhours_basis: por acuerdo 7\n"])
def test_pages_and_certificate_print_one_number(browser: Browser, instance: Instance, lines: str) -> None:
    """spec/certificates H1: course page, catalogue, certificate, sheet and verification."""
    for modules in (1, 2):
        files = folder(f"curso-{modules}", modules=modules)
        text = files["course.yaml"].decode().replace("hours: 2\nhours_basis: según el plan de las pruebas\n", lines)
        course, version = publish(instance, {**files, "course.yaml": text.encode()})
        length = printed_hours(Fraction(version.hours), "es")

        for address in (f"/courses/{course.slug}", "/courses"):
            browser.get(address)
            assert length in browser.page.text, address
    course, version = publish(instance, {**folder("uno", modules=1), "course.yaml": text.replace("curso-2", "uno").encode()})
    complete(instance, course)
    row = issue(instance)
    with instance.database.unit_of_work(write=False) as session:
        sheet = sheet_of(row, credentials.list_signers(session, row), "https://aulario.example", "es")

    browser.get(f"/verify/{printed_code(row.code)}")

    length = printed_hours(Fraction(version.hours), "es")
    assert sheet["hours"] == length
    assert length in browser.page.text
    assert ("por acuerdo 7" if lines else "duración estimada") in browser.page.text
