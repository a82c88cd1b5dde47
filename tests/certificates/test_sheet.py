"""What a certificate says of hours, edition, grade, what was passed and whose name was checked, on everything that prints it.

spec/certificates 3, H5, N1, T3, T4.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy import select, update

from accounts import accounts, names
from accounts.accounts import ProfileChanges
from accounts.models import NameSource, Person
from certificates import credentials, pdf
from certificates.badges import badge_content
from certificates.certificate_page import sheet_of
from certificates.credentials import list_signers, signed_content
from certificates.layout.reading import facade, facade_files, read_template
from certificates.models import Credential, ValidityChange
from certificates.rules.credentials import DECLARED, ReplacementReason, canonical_content
from certificates.sheet import compose, passed_words, printed_grade
from courses.content.reader import read_folder
from courses.kinds import ExpectedTime
from courses.models import CourseVersion
from courses.publishing import CheckedCourse, prepare
from courses.rules import HoursBasis, decide_hours, hours_need_basis, printed_basis, printed_hours, printed_time, read_hours
from courses.versions import get_outline
from enrolments.models import ActivityResult, Completion, Edition
from enrolments.progress_report import measured_minutes
from kernel import clock
from kernel.codes import printed_code
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM
from lms.app import KINDS
from lms.erasure import erase_person
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, folder, publish, sign_in
from tests.support.certificates import FACTS, NOON, complete, issue, only_credential, words_of
from tests.support.editions import an_edition, join
from tests.support.folders import TODAY, codes
from tests.support.learning import actor_of, mark_done, pass_quiz
from tests.support.places import a_place, put
from tests.support.sheet_cases import CASES
from tests.support.takes import read
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
        with instance.database.unit_of_work(write=False) as session:
            time = get_outline(session, version.id).time
        length = printed_hours(Fraction(version.hours), "es") if lines else printed_time(time, "es")

        assert lines or time.total == round(version.hours * 60)
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
OF_MODULES = ("aprobó los cuestionarios de sus módulos en el curso", "passed the quizzes of the modules of")
MARKED = a_folder(2)
MARKED[QUIZ.format(n=2)] += b"final: true\n"
AFTER = a_folder(2)
AFTER["02-parte/module.yaml"] += b"numbered: false\n"
PASSED = {
    "a test after the modules": (AFTER, FINAL_ES, FINAL_EN),
    "a test marked as final": (MARKED, FINAL_ES, FINAL_EN),
    "ends with the quiz of a module": (a_folder(2, title=LONG), OF_MODULES[0], "passed “Quiz 1” and “Quiz 2” of"),
    "ends with a lesson": (a_folder(2, (2,)), "aprobó «Cuestionario 1» del curso", "passed “Quiz 1” of"),
    "two of two": (a_folder(2), "aprobó «Cuestionario 1» y «Cuestionario 2» del curso", "passed “Quiz 1” and “Quiz 2” of"),
    "three of three": (a_folder(3), *OF_MODULES),
    "three of four": (a_folder(4, (4,)), "aprobó los cuestionarios que exige el curso", "passed the quizzes required by"),
    "asks for the first part": (
        a_folder(2, course="completion:\n  modules: [parte-1]\n"),
        "aprobó «Cuestionario 1» del curso",
        "passed “Quiz 1” of",
    ),
    "a long title": (a_folder(2, (2,), title=LONG), "aprobó el cuestionario que exige el curso", "passed “Quiz 1” of"),
    "nothing to pass": (a_folder(1, (1,)), "", ""),
}


@pytest.mark.parametrize(("files", "spanish", "english"), PASSED.values(), ids=PASSED)
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


@pytest.mark.parametrize("stated", [{}, {"es": FINAL_ES, "en": FINAL_EN}], ids=["said by all once", "said by position"])
def test_what_was_issued_before_keeps_its_sentence_and_is_replaced_by_one_act(
    browser: Browser, instance: Instance, stated: dict[str, str]
) -> None:
    """spec/certificates E2: listed for administrators; the new one says what was passed, and ends on the same day."""
    row = without_final(instance)
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(passed=stated))
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


FORMERLY = {"es": "aprobó las evaluaciones del curso", "en": "passed the assessments of"}


@pytest.mark.parametrize(("more", "stated"), [(b"final: true\n", {}), (b"", FORMERLY)], ids=["a final test", "assessments"])
def test_a_certificate_whose_sentence_is_so_is_left_as_it_is(
    browser: Browser, instance: Instance, more: bytes, stated: dict[str, str]
) -> None:
    files = folder(modules=1)
    files[QUIZ.format(n=1)] += more
    complete(instance, publish(instance, files)[0])
    issue(instance)
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(passed=stated))
    an_administrator(instance)
    sign_in(browser, "admin@example.org")

    assert not browser.get("/administration/certificates").has_link(PAGE)
    assert in_spanish("No certificate would change") in browser.get(PAGE).text


SENTENCE = {"es": "Nombre declarado por la persona", "en": "Name as declared by the person"}
ADDRESS = "https://aulario.example"


def ana_says(instance: Instance, how: str) -> None:
    """Let the present name of Ana come from somewhere."""
    with instance.database.unit_of_work() as session:
        ana = session.scalars(select(Person).where(Person.email == "ana@example.org")).one()
        changes = ProfileChanges("Ana", "Quindé", "", ana.language, ana.zone, None)
        if how == "corrected":
            names.correct_name(session, SYSTEM, ana, ("Ana", "Quindé", ""), "Según la cédula.", None, now=clock.now())
        elif how in ("list", "self"):
            accounts.edit_profile(session, SYSTEM, ana, changes, source=NameSource(how), now=clock.now())


def printed(instance: Instance, row: Credential, language: str = "es") -> str:
    with instance.database.unit_of_work(write=False) as session:
        return "\n".join(words_of(pdf.render(sheet_of(row, list_signers(session, row), ADDRESS, language))))


def signed(instance: Instance, row: Credential) -> bytes:
    with instance.database.unit_of_work(write=False) as session:
        return canonical_content(signed_content(row, list_signers(session, row)))


@pytest.mark.parametrize(
    ("how", "declared"), [("signed up", True), ("self", True), ("list", False), ("corrected", False), ("employed", False)]
)
def test_the_sentence_stands_where_the_fact_does(browser: Browser, instance: Instance, how: str, declared: bool) -> None:
    complete(instance, a_course(instance, modules=1))
    ana_says(instance, how)
    if how == "employed":  # whom a list brought in; of a name that is not recorded the employment is the source
        with instance.database.unit_of_work() as session:
            ana = session.scalars(select(Person).where(Person.email == "ana@example.org")).one()
            session.execute(names.PersonName.__table__.delete())
        put(instance, ana, a_place(instance))
    row = issue(instance)

    assert (row.name_basis == DECLARED) is declared
    assert (b'"name_basis":"declared"' in signed(instance, row)) is declared
    assert b"name_basis" not in signed(instance, row) or declared
    assert instance.keys.verifies(row.key_id, signed(instance, row), row.signature)
    for language, sentence in SENTENCE.items():
        assert (sentence in printed(instance, row, language)) is declared
    badge = badge_content(row, ADDRESS)
    assert badge is not None
    assert badge.criteria.endswith(" Nombre declarado por la persona.") is declared
    page = browser.get(f"/verify/{printed_code(row.code)}")
    assert in_spanish("Genuine and in force") in page.text
    assert (in_spanish("name as declared by the person") in page.text) is declared


def test_what_is_said_of_a_name_cannot_be_taken_out(browser: Browser, instance: Instance) -> None:
    complete(instance, a_course(instance, modules=1))
    row = issue(instance)
    with instance.database.unit_of_work() as session:
        session.get_one(Credential, row.id).name_basis = ""

    assert in_spanish("Genuine and in force") not in browser.get(f"/verify/{printed_code(row.code)}").text


def test_a_certificate_of_before_verifies_as_it_was_and_says_nothing(browser: Browser, instance: Instance) -> None:
    """Signed without the fact, whatever is known of the person today: by the same bytes, on the same sheet."""
    complete(instance, a_course(instance, modules=1))
    issue(instance)
    with instance.database.unit_of_work() as session:
        row = session.scalars(select(Credential)).one()
        row.template_version, row.name_basis = 4, ""
        content = canonical_content(signed_content(row, list_signers(session, row)))
        row.signature = instance.keys.sign(content)

    assert b"name" not in content.replace(b"person_name", b"")
    assert content == canonical_content(replace(signed_content(row, ()), name_basis=""))
    page = browser.get(f"/verify/{printed_code(row.code)}")
    assert in_spanish("Genuine and in force") in page.text
    assert in_spanish("name as declared by the person") not in page.text
    assert "declarado" not in printed(instance, row)


def test_a_corrected_certificate_says_what_holds_now(instance: Instance) -> None:
    complete(instance, a_course(instance, modules=1))
    issue(instance)
    ana_says(instance, "corrected")
    with instance.database.unit_of_work() as session:
        old = session.scalars(select(Credential)).one()
        means = (instance.present_settings, instance.keys)
        made = credentials.replace_credential(session, SYSTEM, old, ReplacementReason.NAME, "Tilde.", *means, now=clock.now())

    assert (old.name_basis, made.name_basis) == (DECLARED, "")
    assert "Ana Quindé" in printed(instance, made)


def test_the_name_that_staff_asked_for_is_printed_once_it_is_decided(browser: Browser, instance: Instance) -> None:
    """From the request to the sheet: nothing of it before the decision."""
    ana = complete(instance, a_course(instance, modules=1))
    with instance.database.unit_of_work(write=False) as session:
        person = session.get_one(Person, ana.person_id)
    put(instance, person, a_place(instance))
    sign_in(browser).get("/profile/name")
    browser.submit("/profile/name", {"first_surname": "Quindé", "reason": "Lleva tilde."})
    with instance.database.unit_of_work() as session:
        row = session.get_one(Person, person.id)
        request = names.find_request(session, person.id)
        assert request is not None
        assert row.full_name == "Ana Quinde"
        names.correct_name(session, SYSTEM, row, names.parts_of(request), "Según la cédula.", request.id, now=clock.now())

    made = issue(instance)

    assert made.person_name == "Ana Quindé"
    assert "declarado" not in printed(instance, made)


@pytest.mark.parametrize("name", CASES)
def test_version_5_draws_what_version_4_did(name: str) -> None:
    """spec/certificates T8: where the name is not declared."""
    drawn = [pdf.render(compose(replace(FACTS, template=facade(version), **CASES[name]))) for version in (4, 5)]  # type: ignore[arg-type]  # fields by name

    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(("field", "shown"), [("{person.name}", "Luis Alberto Chasi Guamán"), ("{person.surnames}", "Chasi Guamán")])
def test_a_template_without_a_place_says_it_beside_the_name(field: str, shown: str) -> None:
    """Templates of institutions from before: the sentence is never left out."""
    text = facade_files(4)["template.yaml"].decode().replace("'{person.name}'", f"'{field}'")
    template = read_template({"template.yaml": text.encode()}, today=NOON.date()).template
    assert template is not None

    values = compose(replace(FACTS, template=template, name_basis=DECLARED)).content.values

    assert values[field.strip("{}")] == f"{shown} (nombre declarado por la persona)"
    assert compose(replace(FACTS, template=template)).content.values[field.strip("{}")] == shown


def test_of_a_deleted_person_nothing_is_said(browser: Browser, instance: Instance) -> None:
    """spec/certificates R8."""
    complete(instance, a_course(instance, modules=1))
    row = issue(instance)
    with instance.database.unit_of_work() as session:
        erase_person(session, SYSTEM, session.get_one(Person, row.person_id), now=clock.now())

    page = browser.get(f"/verify/{printed_code(only_credential(instance).code)}")

    assert in_spanish("name as declared by the person") not in page.text
