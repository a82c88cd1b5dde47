"""Pages of quizzes for the course team: what waits in each, its tools, and the report of its attempts."""

import csv
from datetime import timedelta
from fractions import Fraction
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from accounts.models import Person
from accounts.rules import name_key
from courses.models import Course, StaffRole
from enrolments import enrolment, learner_groups, learners
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM, Actor
from kernel.tables import ODS_TYPE
from lms.instance import Instance
from quizzes.marking import ManualMarkValues
from quizzes.models import Attempt
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_person, a_teacher, folder, publish, sign_in
from tests.support.editions import an_edition, join
from tests.support.learning import a_learner, actor_of, attempt_row, fail_quiz, pass_quiz, start
from tests.support.marking import BANK, a_marked_quiz, hand_in, last_mark, mark
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
        rows = csv.DictReader(StringIO(browser.response.get_data().decode("utf-8-sig")), delimiter=";")
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
    rows = list(csv.DictReader(StringIO(content.decode("utf-8-sig")), delimiter=";"))

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


def test_staff_find_the_way_from_the_quiz_to_its_tools_and_see_how_it_stands(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    for number in (1, 2):
        fail_quiz(instance, a_learner(instance, course, f"ana{number}@example.org"), "prueba")
    start(instance, a_learner(instance, course), "prueba")
    a_teacher(instance, course, role=StaffRole.GRADER)
    sign_in(browser, "profe@example.org")

    browser.get(QUIZ)
    assert browser.page.has_link(f"{QUIZ}/manage")
    page = browser.get(f"{QUIZ}/manage")

    assert "Enviado2" in "".join(page.text.split())
    assert "Encurso1" in "".join(page.text.split())


def test_the_tools_of_a_quiz_are_for_the_courses_staff(browser: Browser, instance: Instance) -> None:
    """spec/security 1: graders, editors and administrators; to all others there is no such page, nor for a lesson or a course unknown."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    outcomes = cast.outcomes(f"{QUIZ}/manage")
    cast.browsers["S"].get("/courses/prueba/quizzes/leccion-1/manage", 404)
    cast.browsers["S"].get("/courses/inventado/quizzes/cuestionario-1/manage", 404)
    cast.browsers["E"].get(QUIZ)

    assert cast.check("quiz.manage", "own_course", outcomes) == []
    assert {got for letter, got in outcomes.items() if letter in "LEO"} == {"hide"}
    assert not cast.browsers["E"].page.has_link(f"{QUIZ}/manage")


QUIZZES, STATISTICS = "/teaching/prueba/quizzes", "/teaching/prueba/statistics"


def enrol(instance: Instance, actor: Actor, course: Course) -> None:
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, actor, learners.get_learner_context(session, actor, course.slug), now=clock.now())


def test_a_grader_finds_what_waits_in_each_quiz_until_it_is_marked(browser: Browser, instance: Instance) -> None:
    course = a_marked_quiz(instance)
    first, second = (hand_in(instance, a_learner(instance, course, f"ana{number}@example.org")) for number in (1, 2))
    grader = actor_of(a_teacher(instance, course, role=StaffRole.GRADER))
    sign_in(browser, "profe@example.org").get(QUIZZES)
    assert "2 intentos; el más antiguo" in browser.page.text
    assert browser.page.has_link(f"{QUIZ}/marking")

    for attempt in (first, second):
        mark(instance, grader, attempt, ManualMarkValues(Fraction(2), last_mark(instance, grader, attempt).id, "", {}))
    browser.get(QUIZZES)

    assert not browser.page.has_link(f"{QUIZ}/marking")
    assert browser.page.has_link(f"{QUIZ}/manage")


def test_ones_own_attempt_is_not_offered_to_be_marked(browser: Browser, instance: Instance) -> None:
    course = a_marked_quiz(instance)
    grader = actor_of(a_teacher(instance, course, role=StaffRole.GRADER))
    enrol(instance, grader, course)
    hand_in(instance, grader)
    a_teacher(instance, course, "otra@example.org", role=StaffRole.GRADER)

    sign_in(browser, "profe@example.org").get(QUIZZES)
    other = sign_in(browser.another(), "otra@example.org")
    other.get(QUIZZES)

    assert not browser.page.has_link(f"{QUIZ}/marking")
    assert other.page.has_link(f"{QUIZ}/marking")


def test_a_quiz_that_was_taken_out_keeps_its_work(browser: Browser, instance: Instance) -> None:
    course = a_marked_quiz(instance)
    hand_in(instance, a_learner(instance, course))
    files = folder(modules=1)
    files["01-parte/banco.yaml"] = BANK.encode()
    del files["01-parte/03-cuestionario.quiz.yaml"]
    publish(instance, files)
    a_teacher(instance, course)

    sign_in(browser, "profe@example.org").get(QUIZZES)

    assert in_spanish("Not in the published version") in browser.page.text
    assert browser.page.has_link(f"{QUIZ}/marking")


def test_both_lists_are_for_whom_their_pages_are(browser: Browser, instance: Instance) -> None:
    """spec/security 1: an action on one quiz and the list of all of them have the same readers."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    managed, statistics = cast.outcomes(QUIZZES), cast.outcomes(STATISTICS)

    assert cast.check("quiz.manage", "own_course", managed) == []
    assert cast.check("quiz.statistics", "own_course", statistics) == []
    assert f'href="{QUIZ}/statistics"' in cast.browsers["I"].get(STATISTICS).html


def test_the_statements_do_not_grow_with_the_quizzes(browser: Browser, instance: Instance) -> None:
    """spec/performance P7."""
    counts = []
    for key, modules in (("pocos", 1), ("muchos", 10)):
        course, _version = publish(instance, folder(key, modules=modules))
        a_teacher(instance, course, f"{key}@example.org")
        visitor = sign_in(browser.another(), f"{key}@example.org")
        for path in (f"/teaching/{key}/quizzes", f"/teaching/{key}/statistics"):
            visitor.get(path)
            counter = every_statement(instance.database)
            visitor.get(path)
            counts.append(len(counter.statements))

    assert counts[:2] == counts[2:]
    assert max(counts) <= 10
