"""What a certificate says of the edition and the grade: frozen when it is issued, signed, printed where a template has a place (T3, T4)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from certificates import credentials
from certificates.certificate_page import sheet_of
from certificates.credentials import list_signers, signed_content
from certificates.models import Credential
from certificates.rules.credentials import ReplacementReason, canonical_content
from certificates.sheet import printed_grade
from courses.content.reader import read_folder
from enrolments.models import Completion, Edition
from kernel import clock
from kernel.codes import printed_code
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM
from lms.erasure import erase_person
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import KINDS, a_course, a_person, folder
from tests.support.certificates import NOON, only_credential
from tests.support.editions import an_edition, join
from tests.support.learning import actor_of, mark_done, pass_quiz
from tests.support.wording import in_spanish

PRINTS = "{template: constancia, print_grade: true}"


def completed_in_edition(instance: Instance, certificate: str = "constancia") -> Credential:
    """Let somebody complete a course in an edition, with 92.504 percent; return the certificate."""
    course = a_course(instance, modules=1, certificate=certificate)
    days = {"starts_at": datetime(2026, 3, 2, 5, tzinfo=UTC), "ends_at": datetime(2026, 9, 1, 5, tzinfo=UTC)}
    edition, actor = an_edition(instance, course, "Marzo", **days), actor_of(a_person(instance, "ana@example.org"))
    join(instance, actor, course, edition)
    mark_done(instance, actor, course.slug, "leccion-1", now=NOON)
    pass_quiz(instance, actor, course.slug, now=NOON)
    with instance.database.unit_of_work() as session:
        session.execute(update(Completion).values(grade=Decimal("92.504")))
    deliver_waiting(instance.worker, now=clock.now())
    return only_credential(instance)


@pytest.mark.parametrize(("certificate", "grade"), [("constancia", None), (PRINTS, Decimal("92.50"))])
def test_edition_and_grade_are_frozen_and_signed(browser: Browser, instance: Instance, certificate: str, grade: Decimal | None) -> None:
    """The days are those of the course's zone, the last one counts; the grade stands where the course says so, and nowhere else."""
    row = completed_in_edition(instance, certificate)
    with instance.database.unit_of_work() as session:
        session.execute(update(Edition).values(name="Otro nombre"))
        session.execute(update(Completion).values(grade=Decimal(10)))

    assert (row.edition_title, row.edition_from, row.edition_until) == ("Marzo", date(2026, 3, 2), date(2026, 8, 31))
    assert row.grade == grade
    page = browser.get(f"/verify/{printed_code(row.code)}")
    assert in_spanish("Genuine and in force") in page.text
    assert "Marzo (2 de marzo de 2026" in " ".join(page.text.split())
    assert ("92,5 %" in page.text) is (grade is not None)
    for changed in ({"edition_title": "Abril"}, {"edition_until": date(2027, 1, 1)}, {"grade": Decimal(100)}):
        with instance.database.unit_of_work() as session:
            kept = {name: getattr(row, name) for name in changed}
            session.execute(update(Credential).values(**changed))
        assert in_spanish("Genuine and in force") not in browser.get(f"/verify/{printed_code(row.code)}").text, changed
        with instance.database.unit_of_work() as session:
            session.execute(update(Credential).values(**kept))


def test_a_template_prints_them_and_a_correction_keeps_them(instance: Instance) -> None:
    row = completed_in_edition(instance, PRINTS)
    sheet = sheet_of(row, (), "http://localhost:8000", "es")
    english = sheet_of(row, (), "http://localhost:8000", "en")
    names = ("edition.title", "edition.from", "edition.until", "grade")

    assert [sheet[name] for name in names] == ["Marzo", "2 de marzo de 2026", "31 de agosto de 2026", "92,5 %"]
    assert [english[name] for name in names] == ["Marzo", "2 March 2026", "31 August 2026", "92.5%"]
    with instance.database.unit_of_work() as session:
        old = session.get_one(Credential, row.id)
        means = (instance.present_settings, instance.keys)
        made = credentials.replace_credential(session, SYSTEM, old, ReplacementReason.DATA, "Dato.", *means, now=clock.now())
        copied = ("edition_title", "edition_from", "edition_until", "grade")
        assert [getattr(made, name) for name in copied] == [getattr(old, name) for name in copied]
        content = canonical_content(signed_content(made, list_signers(session, made)))
        assert instance.keys.verifies(made.key_id, content, made.signature)


def test_without_an_edition_there_is_no_word_of_it(browser: Browser, instance: Instance) -> None:
    """As in all certificates issued before: neither signed nor shown."""
    from_before = completed_in_edition(instance)
    with instance.database.unit_of_work() as session:
        row = session.scalars(select(Credential)).one()
        row.edition_title, row.edition_from, row.edition_until = "", None, None
        content = canonical_content(signed_content(row, list_signers(session, row)))
        row.signature = instance.keys.sign(content)

    assert b"edition" not in content
    assert b"grade" not in content
    page = browser.get(f"/verify/{printed_code(from_before.code)}")
    assert in_spanish("Genuine and in force") in page.text
    assert in_spanish("Edition") not in page.text


@pytest.mark.parametrize(("words", "prints"), [("true", True), ("false", False), ("quizás", None)])
def test_a_course_says_whether_its_certificates_print_the_grade(words: str, prints: bool | None) -> None:
    found = read_folder(
        folder(modules=1, certificate=f"{{template: constancia, print_grade: {words}}}"), KINDS.kinds, KINDS.parts, today=NOON.date()
    )

    assert (found.course.print_grade if found.course and not found.errors else None) is prints


@pytest.mark.parametrize(("grade", "printed"), [("100.00", "100 %"), ("92.50", "92,5 %"), ("60.05", "60,05 %"), ("0.00", "0 %")])
def test_a_grade_is_printed_without_empty_decimals(grade: str, printed: str) -> None:
    assert printed_grade(Decimal(grade), "es") == printed


def test_the_grade_of_a_deleted_person_is_shown_no_more(browser: Browser, instance: Instance) -> None:
    """spec/certificates R8: course and dates alone."""
    row = completed_in_edition(instance, PRINTS)
    with instance.database.unit_of_work() as session:
        erase_person(session, SYSTEM, session.get_one(Person, row.person_id), now=clock.now())

    page = browser.get(f"/verify/{printed_code(row.code)}")

    assert "92,5 %" not in page.text
    assert "Ana" not in page.text
