"""The gradebook: who may see it, the course grade that the learner sees, filters, sorting, statements, what is downloaded."""

import csv
import re
from datetime import timedelta
from fractions import Fraction
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from accounts.models import NationalIdentity
from courses.models import StaffRole
from enrolments import gradebook, learner_groups
from enrolments.course_view import share
from kernel import clock
from kernel.audit import AuditEntry
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_person, a_teacher, folder, publish, sign_in
from tests.support.crowds import multiply
from tests.support.editions import an_edition, join
from tests.support.learning import a_learner, actor_of, mark_done, pass_quiz
from tests.support.results import a_weighted_course, gradebook_rows, score

PAGE = "/teaching/prueba/gradebook"
QUIZ = "/courses/prueba/quizzes/cuestionario-1"


def test_only_the_courses_team_sees_the_gradebook(browser: Browser, instance: Instance) -> None:
    """spec/security 9: graders see it, owners, editors and administrators also take it out."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    assert cast.check("gradebook.view", "own_course", cast.outcomes(PAGE)) == []
    for kind in ("csv", "xlsx", "ods"):
        assert cast.check("gradebook.export", "own_course", cast.outcomes(f"{PAGE}.{kind}")) == [], kind


def test_the_course_grade_of_a_row_is_the_one_that_the_learner_sees(browser: Browser, instance: Instance) -> None:
    """Weights, categories, and the lowest left out: 30 % of the better practice and 70 % of the final."""
    course = a_weighted_course(instance)
    ana, blas = a_learner(instance, course), a_learner(instance, course, "blas@example.org")
    score(instance, course, ana, q1=40, q2=91, q3="45.5")
    score(instance, course, blas, q1=20)

    rows = {row.learner.email: row for row in gradebook_rows(instance, course)}
    assert rows["ana@example.org"].grade == Fraction("59.15")
    assert rows["blas@example.org"].grade == 20
    assert rows["ana@example.org"].scores == {"cuestionario-1": 40, "cuestionario-2": 91, "cuestionario-3": Fraction("45.5")}
    for email, row in rows.items():
        page = sign_in(browser.another(), email).get("/courses/prueba")
        assert f"{share(row.grade).strip('%').strip()} hasta ahora" in page.text, email


def test_who_follows_an_earlier_version_is_judged_by_it_and_stands_in_the_columns_of_the_new_one(instance: Instance) -> None:
    """A quiz that the new version renamed shows its results under its new key."""
    course = a_weighted_course(instance)
    ana = a_learner(instance, course)
    score(instance, course, ana, q1=40, q3=80)
    files = folder(modules=3)
    quiz = files["01-parte/03-cuestionario.quiz.yaml"]
    files["01-parte/03-cuestionario.quiz.yaml"] = quiz.replace(b"key: cuestionario-1", b"key: primero\nformer_keys: [cuestionario-1]")
    course, _version = publish(instance, files)

    (row,) = gradebook_rows(instance, course)

    assert row.scores == {"primero": 40, "cuestionario-3": 80}
    assert row.grade == 30 * Fraction(40, 100) + 70 * Fraction(80, 100)


def test_the_gradebook_is_filtered_and_sorted(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=2)
    teacher = a_teacher(instance, course)
    people = {name: a_learner(instance, course, f"{name}@example.org") for name in ("ana", "blas")}
    people["carla"] = actor_of(a_person(instance, "carla@example.org"))
    score(instance, course, people["ana"], q1=50)
    score(instance, course, people["blas"], q1=90)
    edition = an_edition(instance, course)
    join(instance, people["carla"], course, edition)
    with instance.database.unit_of_work() as session:
        group = learner_groups.make_group(session, actor_of(teacher), course.id, "Norte", now=clock.now())
        learner_groups.add_to_group(session, actor_of(teacher), group, [people["blas"].person_uuid or group.uuid], now=clock.now())
    sign_in(browser, "profe@example.org")

    def shown(query: str = "") -> list[str]:
        browser.get(f"{PAGE}?{query}")
        found = {name: browser.page.text.find(f"{name}@example.org") for name in people}
        return sorted((name for name, place in found.items() if place >= 0), key=found.__getitem__)

    assert shown() == ["ana", "blas", "carla"]
    assert shown("sort=activity:cuestionario-1&direction=down") == ["blas", "ana", "carla"]
    assert 'aria-sort="descending"' in browser.page.html
    assert shown("sort=done&direction=down")[2] == "carla"
    assert shown("q=bla") == ["blas"]
    assert shown(f"group={group.uuid}") == ["blas"]
    assert shown(f"edition={edition.uuid}") == ["carla"]
    assert shown("state=completed") == []
    assert "Nadie" in browser.page.text
    assert shown("sort=activity:nothing&edition=x&group=&state=x&direction=y") == ["ana", "blas", "carla"]
    browser.get(f"{PAGE}?page=0", 404)


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}.csv"])
def test_three_learners_and_thirty_cost_the_same_statements(browser: Browser, instance: Instance, address: str) -> None:
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    ana = a_learner(instance, course)
    pass_quiz(instance, ana, "prueba")
    multiply(instance, ana, 2)
    sign_in(browser, "profe@example.org").get(address)
    counter = every_statement(instance.database)
    browser.get(address)
    few = len(counter.statements)

    multiply(instance, ana, 27, first=2)
    counter.reset()
    browser.get(address)

    assert browser.response.get_data(as_text=True).count("@example.org") >= 30
    assert len(counter.statements) == few


def test_a_download_of_more_than_a_portion_has_everybody_once(browser: Browser, instance: Instance) -> None:
    """spec/performance P14: the stream reads five hundred learners and their results at a time."""
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    ana = a_learner(instance, course)
    score(instance, course, ana, q1=75)
    multiply(instance, ana, gradebook.BATCH + 20)
    sign_in(browser, "profe@example.org").get(f"{PAGE}.csv")
    rows = list(csv.DictReader(StringIO(browser.response.get_data().decode("utf-8-sig")), delimiter=";"))

    assert len({row["Correo electrónico"] for row in rows}) == len(rows) == gradebook.BATCH + 21
    assert {row["Nota del curso"] for row in rows} == {"75,00"}


def test_the_downloads_say_what_their_columns_hold_and_are_written_down(browser: Browser, instance: Instance) -> None:
    """spec/security 8.1: who exported stands in the audit log."""
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    ana = a_learner(instance, course, now=clock.now() - timedelta(days=1))
    score(instance, course, ana, q1="66.666")
    mark_done(instance, ana, "prueba", "leccion-1")
    sign_in(browser, "profe@example.org").get(f"{PAGE}.xlsx?sort=enrolled")
    marks, dictionary = load_workbook(BytesIO(browser.response.get_data())).worksheets
    told = [[cell.value for cell in row] for row in dictionary.iter_rows(min_row=2)]

    assert [cell.value for cell in marks[1]] == [name for name, _meaning in told]
    assert [cell.value for cell in marks[2]][-2:] == [66.67, 66.67]
    browser.get(f"{PAGE}.csv?dictionary")
    assert list(csv.reader(StringIO(browser.response.get_data().decode("utf-8-sig")), delimiter=";"))[1:] == told
    with instance.database.unit_of_work(write=False) as session:
        facts = session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "gradebook.exported").order_by(AuditEntry.id)).all()
    assert [name in fact for name, fact in zip(("gradebook.xlsx", "gradebook-columns.csv"), facts, strict=True)] == [True, True]


def test_graders_see_no_addresses(browser: Browser, instance: Instance) -> None:
    """spec/security 7.6: e-mail addresses are for those who edit the course."""
    course = a_course(instance, modules=1)
    a_learner(instance, course)
    a_teacher(instance, course, "califica@example.org", StaffRole.GRADER)
    sign_in(browser, "califica@example.org")

    assert "Quinde" in browser.get(PAGE).text
    assert "ana@example.org" not in browser.page.html
    assert not any(f"gradebook.{kind}" in browser.page.html for kind in ("csv", "xlsx", "ods"))
    assert "Quinde" not in browser.get(f"{PAGE}?q=ana@example").text
    browser.get(f"{PAGE}.csv", status=403)


def test_no_page_of_a_grader_has_an_address_or_an_identity_number(browser: Browser, instance: Instance) -> None:
    """spec/security 7.1 and 7.6: every page of the course that a grader reaches from its gradebook and its quiz, and searches there."""
    course = a_course(instance, modules=1)
    learner = a_learner(instance, course, "oculta@example.org")
    with instance.database.unit_of_work() as session:
        session.add(NationalIdentity(person_id=learner.person_id, number="1710034065"))
    pass_quiz(instance, learner, "prueba")
    a_teacher(instance, course, "califica@example.org", StaffRole.GRADER)
    grader, seen = sign_in(browser, "califica@example.org"), set[str]()
    waiting = [PAGE, f"{PAGE}?q=oculta", f"{QUIZ}/manage", f"{QUIZ}/report?q=oculta"]

    while waiting:
        path = waiting.pop()
        seen.add(path)
        response = grader._request("GET", path)
        shown = response.get_data(as_text=True)
        assert "oculta@example" not in shown, path
        assert "1710034065" not in shown, path
        assert "Quinde" not in shown or "q=oculta" not in path, path
        page = shown if response.mimetype == "text/html" else ""
        links = re.findall(r'href="(/(?:teaching|courses)/prueba/[^"#?]*|/attempts/[^"#?]*)', page)
        waiting += [link for link in links if link not in seen and link not in waiting]
    assert len(seen) > 10
