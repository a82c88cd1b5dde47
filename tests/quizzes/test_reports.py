"""The report of a quiz's attempts: who may see it, filters, sorting, pages, and what is downloaded."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from accounts.models import Person
from accounts.rules import name_key
from courses.models import StaffRole
from enrolments import learner_groups
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM
from kernel.tables import ODS_TYPE
from lms.instance import Instance
from quizzes.models import Attempt
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_person, a_teacher, sign_in
from tests.support.editions import an_edition, join
from tests.support.learning import a_learner, actor_of, attempt_row, fail_quiz, pass_quiz, start
from tests.support.wording import in_spanish

QUIZ = "/courses/prueba/quizzes/cuestionario-1"
REPORT = f"{QUIZ}/report"


def named(instance: Instance, email: str, given: str, surname: str) -> None:
    """Give somebody another name."""
    with instance.database.unit_of_work() as session:
        session.execute(
            update(Person)
            .where(Person.email == email)
            .values(given_names=given, first_surname=surname, second_surname="", name_key=name_key(given, surname, ""))
        )


def a_class(instance: Instance) -> None:
    """Publish a quiz that Berta passed, Ana failed, and Carla is taking; one teacher edits, one grades."""
    course = a_course(instance, modules=1, settings="attempts: 0\npass: 70\n")
    now = clock.now() - timedelta(days=1)
    fail_quiz(instance, a_learner(instance, course, "ana@example.org", now=now), "prueba", now=now)
    pass_quiz(instance, a_learner(instance, course, "berta@example.org", now=now), "prueba", now=now + timedelta(hours=1))
    start(instance, a_learner(instance, course, "carla@example.org", now=now), "prueba", now=now + timedelta(hours=2))
    for email, given, surname in (
        ("ana@example.org", "Ana", "Zurita"),
        ("berta@example.org", "Berta", "Moya"),
        ("carla@example.org", "Carla", "=1+1"),
    ):
        named(instance, email, given, surname)
    teacher = a_teacher(instance, course)
    a_teacher(instance, course, "califica@example.org", StaffRole.GRADER)
    preview = start(instance, actor_of(teacher), "prueba")
    assert attempt_row(instance, preview).preview


def test_a_report_is_of_an_edition_or_a_group(browser: Browser, instance: Instance) -> None:
    """Both together, on the page and in what is taken out of it; what there is not finds nobody."""
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    people = {name: a_learner(instance, course, f"{name}@example.org") for name in ("ana", "berta")}
    carla = actor_of(a_person(instance, "carla@example.org"))
    edition = an_edition(instance, course)
    join(instance, carla, course, edition)
    for learner in (*people.values(), carla):
        pass_quiz(instance, learner, "prueba")
    with instance.database.unit_of_work() as session:
        group = learner_groups.make_group(session, SYSTEM, course.id, "Norte", now=clock.now())
        members = [one.person_uuid for one in (people["ana"], carla) if one.person_uuid]
        learner_groups.add_to_group(session, SYSTEM, group, members, now=clock.now())
    sign_in(browser, "profe@example.org")

    def found(query: str) -> list[str]:
        browser.get(f"{REPORT}.csv?{query}")
        rows = csv.DictReader(StringIO(browser.response.get_data().decode("utf-8-sig")))
        return sorted(row["Correo electrónico"].split("@")[0] for row in rows)

    assert found(f"group={group.uuid}") == ["ana", "carla"]
    assert found(f"edition={edition.uuid}") == ["carla"]
    assert found(f"edition={edition.uuid}&group={group.uuid}") == ["carla"]
    assert found("edition=5d4f4d4e-0000-4000-8000-000000000000") == []
    assert found("edition=nothing") == ["ana", "berta", "carla"]
    page = browser.get(f"{REPORT}?group={group.uuid}")
    assert ("berta@example.org" in page.text, "carla@example.org" in page.text) == (False, True)
    browser.get(f"{REPORT}.ods?group={group.uuid}")
    assert browser.response.mimetype == ODS_TYPE


def order_of(browser: Browser) -> list[str]:
    """Return the surnames in the order of the page."""
    text = browser.page.text
    return sorted((name for name in ("Zurita", "Moya", "=1+1") if name in text), key=text.index)


def test_only_the_courses_staff_see_the_report(browser: Browser, instance: Instance) -> None:
    """spec/security 9, as gradebook.view: graders, editors and administrators; to all others there is no such page."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    for path in (REPORT, f"{REPORT}.csv", f"{REPORT}.xlsx", f"{REPORT}.ods"):
        outcomes = cast.outcomes(path)
        action = "quiz.report" if path == REPORT else "quiz.export_report"
        assert cast.check(action, "own_course", outcomes) == [], path
        assert {got for letter, got in outcomes.items() if letter in "LEO"} == {"hide"}, path
    cast.browsers["S"].get("/courses/prueba/quizzes/leccion-1/report", 404)


def test_a_report_is_filtered_and_sorted_and_leaves_previews_out(browser: Browser, instance: Instance) -> None:
    a_class(instance)
    sign_in(browser, "profe@example.org")

    browser.get(f"{QUIZ}/manage")
    assert browser.page.has_link(REPORT)
    page = browser.get(REPORT)
    assert order_of(browser) == ["=1+1", "Moya", "Zurita"]
    assert "Pilar" not in page.text.split("Intentos", 1)[1].split("Filtrar", 1)[1]
    assert "ana@example.org" in page.text
    browser.get(f"{REPORT}?sort=grade&direction=down")
    assert order_of(browser)[0] == "Moya"
    assert 'aria-sort="descending"' in browser.page.html
    browser.get(f"{REPORT}?sort=started")
    assert order_of(browser) == ["Zurita", "Moya", "=1+1"]
    browser.get(f"{REPORT}?outcome=passed")
    assert order_of(browser) == ["Moya"]
    browser.get(f"{REPORT}?state=in_progress")
    assert order_of(browser) == ["=1+1"]
    browser.get(f"{REPORT}?q=ana+zur&sort=finished")
    assert order_of(browser) == ["Zurita"]
    assert 'value="ana zur"' in browser.page.html
    browser.get(f"{REPORT}?q=100%25")
    assert in_spanish("No attempt") in browser.page.text
    browser.get(f"{REPORT}?state=nothing&sort=&outcome=x&direction=sideways")
    assert len(order_of(browser)) == 3


def test_graders_see_no_addresses(browser: Browser, instance: Instance) -> None:
    """spec/security 7.6: e-mail addresses are for those who edit the course."""
    a_class(instance)
    sign_in(browser, "califica@example.org")

    assert "ana@example.org" not in browser.get(REPORT).html
    assert "Zurita" not in browser.get(f"{REPORT}?q=ana@example").text
    assert f"{REPORT}.csv" not in browser.page.html
    browser.get(f"{REPORT}.csv", status=403)


def test_the_report_as_csv_is_safe_to_open_and_its_export_is_written_down(browser: Browser, instance: Instance) -> None:
    """spec/security 4.6 and 8.1: no cell computes, attachment, UTF-8; who exported stands in the audit log."""
    a_class(instance)
    sign_in(browser, "profe@example.org")

    browser.get(f"{REPORT}.csv?sort=started")
    content = browser.response.get_data()
    rows = list(csv.DictReader(StringIO(content.decode("utf-8-sig"))))

    assert browser.response.headers["Content-Disposition"] == "attachment; filename=cuestionario-1-report.csv"
    assert browser.response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert [row["Nombre"] for row in rows] == ["Ana Zurita", "Berta Moya", "Carla =1+1"]
    assert [(row["Puntos"], row["Máximo"], row["Porcentaje"], row["Aprobado"]) for row in rows] == [
        ("0", "7", "0", "0"),
        ("7", "7", "100", "1"),
        ("", "7", "", ""),
    ]
    named(instance, "carla@example.org", "=HYPERLINK(1)", "Moya")
    browser.get(f"{REPORT}.csv?state=in_progress")
    assert "'=HYPERLINK(1) Moya" in browser.response.get_data(as_text=True)
    with instance.database.unit_of_work(write=False) as session:
        verbs = [entry.facts for entry in session.scalars(select(AuditEntry).where(AuditEntry.verb == "quiz.exported"))]
    assert len(verbs) == 2
    assert '"what": "report.csv"' in verbs[0]


def test_the_report_as_a_workbook_says_what_its_columns_hold(browser: Browser, instance: Instance) -> None:
    a_class(instance)
    sign_in(browser, "profe@example.org")

    browser.get(f"{REPORT}.xlsx")
    book = load_workbook(BytesIO(browser.response.get_data()))
    attempts, dictionary = book.worksheets

    assert [cell.value for cell in attempts[1]] == [row[0].value for row in dictionary.iter_rows(min_row=2)]
    assert {cell.data_type for row in attempts.iter_rows() for cell in row} <= {"s", "n"}
    assert attempts["A2"].value == "Carla =1+1"
    assert attempts["J3"].value == 100


def copies_of_an_attempt(instance: Instance, count: int) -> None:
    """Give a learner many ended attempts."""
    with instance.database.unit_of_work() as session:
        one = session.execute(select(Attempt).where(Attempt.passed.is_(True))).scalar_one()
        columns = [column.name for column in Attempt.__table__.columns if column.name not in ("id", "uuid", "number")]
        session.add_all(Attempt(**{name: getattr(one, name) for name in columns}, number=number) for number in range(2, count + 2))


@pytest.mark.parametrize("path", ["", ".csv", ".xlsx"])
def test_the_report_costs_the_same_statements_however_many_attempts_there_are(browser: Browser, instance: Instance, path: str) -> None:
    """One statement reads all rows of a download; a page reads its fifty."""
    a_class(instance)
    sign_in(browser, "profe@example.org")
    browser.checks = False
    counter = every_statement(instance.database)
    browser.get(REPORT)
    counter.reset()
    browser.get(f"{REPORT}{path}")
    few, before = len(counter.statements), len(browser.response.get_data())

    copies_of_an_attempt(instance, 1200)
    counter.reset()
    browser.get(f"{REPORT}{path}")

    assert len(counter.statements) == few
    assert few <= 10
    assert len(browser.response.get_data()) > 2 * before
    if not path:
        assert len(browser.page.links) > 50
        browser.get(f"{REPORT}?page=25")
        assert "Página 25" in browser.page.text
        browser.get(f"{REPORT}?page=no", 404)
