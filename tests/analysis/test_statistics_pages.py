"""Pages of statistics and surveys: who may see them, what they say, and their files.

spec/quiz-engine 5.12, 5.7.
"""

from __future__ import annotations

import csv
import io
import re
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from accounts.models import Person
from analysis import statistics
from analysis.models import QuizAnalysisCache
from courses.models import Course, StaffRole
from enrolments.models import Edition, EditionPlace, Enrolment, GroupMember, LearnerGroup
from kernel import clock
from lms.instance import Instance
from quizzes.models import Attempt
from quizzes.saves import SaveRequest
from tests.support.access import a_cast
from tests.support.attempts import QUIZ
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.classes import SURVEY, a_class_with_a_wrong_key, a_fixed_course, a_surveyed_class
from tests.support.editions import an_edition
from tests.support.learning import a_learner, right_batch, start, submit
from tests.support.quizzes import a_quiz_asking
from tests.support.wording import in_spanish

PAGE = f"{QUIZ}/statistics"
BASED = "Based on %(count)s submitted and fully marked attempt."


def test_statistics_are_for_those_who_edit_the_course(browser: Browser, instance: Instance) -> None:
    """spec/security 9, question bank: they tell the keys; graders are refused, to others there is no such page."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    for path in (PAGE, f"{PAGE}.csv", f"{PAGE}.xlsx"):
        outcomes = cast.outcomes(path)
        assert cast.check("quiz.statistics", "own_course", outcomes) == [], path
        assert outcomes["G"] == "deny", path
        assert {got for letter, got in outcomes.items() if letter in "LEO"} == {"hide"}, path
    outcomes = cast.outcomes(f"{PAGE}/questions/suma-1")
    assert "allow" not in outcomes.values()
    assert outcomes["G"] == "deny"
    cast.browsers["S"].get("/courses/prueba/quizzes/leccion-1/statistics", 404)


def test_a_quiz_that_nobody_took_says_so(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.12, degenerate: S = 0 is words, not nan."""
    a_teacher(instance, a_course(instance, modules=1))
    sign_in(browser, "profe@example.org")

    browser.get(f"{QUIZ}/manage")
    assert browser.page.has_link(PAGE)
    page = browser.get(PAGE)

    assert in_spanish("There is nothing to count yet") in page.text
    assert "nan" not in page.text.lower()
    rows = list(csv.reader(StringIO(taken(browser, f"{PAGE}.csv")), delimiter=";"))
    assert len(rows) == 1


def taken(browser: Browser, path: str) -> str:
    """Return a CSV file that is taken out."""
    browser.get(path)
    return browser.response.get_data().decode("utf-8-sig")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["es", "en"])
def test_item_analysis_says_what_the_best_choose_and_what_can_be_done(browser: Browser, instance: Instance, language: str) -> None:
    """spec/quiz-engine 5.12: «los mejores eligen la opción C más que la clave», with the number of answers and the action beside it."""
    course = a_class_with_a_wrong_key(instance)
    teacher = a_teacher(instance, course)
    with instance.database.unit_of_work() as session:
        session.get_one(Person, teacher.id).language = language
    reader = sign_in(browser.another(language), "profe@example.org")

    page = reader.get(PAGE)
    said = {
        "es": "Los mejores eligen «cinco» más que la respuesta marcada como correcta",
        "en": "The best learners choose “cinco” more often than the answer marked as right",
    }
    advice = {
        "es": "Revise qué respuesta está marcada como correcta. Si es la equivocada, recalifique",
        "en": "Check which answer is marked as right. If it is the wrong one, regrade",
    }
    assert said[language] in page.text
    assert advice[language] in page.text
    assert re.search(
        r"De los (\d+) mejores, \1 dieron esta respuesta y 0 la marcada como correcta|Of the top (\d+) learners, \2 gave this answer and 0",
        page.text,
    )
    assert reader.page.has_link(f"{PAGE}/questions/suma-1")
    assert reader.page.has_link(f"{QUIZ}/regrades/new?question=suma-1")
    assert {"es": "¿Cuánto es dos más dos?", "en": "How much is two plus two?"}[language] in reader.get(
        f"{QUIZ}/regrades/new?question=suma-1"
    ).text

    question = reader.get(f"{PAGE}/questions/suma-1")
    assert said[language] in question.text
    assert "cinco" in question.text
    counts = dict(re.findall(r'<th scope="row">(cuatro|cinco|tres).*?<td class="r">(\d+)</td>', question.html, re.DOTALL))
    assert {name: int(count) for name, count in counts.items()} == {"cinco": 22, "cuatro": 5, "tres": 9}
    typed = reader.get(f"{PAGE}/questions/mitad-1")
    assert "=hyperlink(1)" in typed.text
    reader.get(f"{PAGE}/questions/no-existe", 404)


def test_item_analysis_folds_what_is_a_sign_alone_and_says_what_the_class_can_find(browser: Browser, instance: Instance) -> None:
    """3.12: how many tests were made and how many signs chance gives; the table of what is found has the class's own row."""
    course = a_class_with_a_wrong_key(instance)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    text = browser.get(PAGE).text
    assert in_spanish("What a class of this size can reveal") in text
    assert "Con 36 respuestas" in text
    folded = re.search(r"\d+ señal(es)? menos segura", text)
    assert bool(folded) == ("El análisis hizo" in text)
    assert in_spanish("Stands out") in taken(browser, f"{PAGE}.csv?table=findings").splitlines()[0]


def test_plots_have_words_and_a_table_beside_them(browser: Browser, instance: Instance) -> None:
    """Server-made SVG with a table twin; title and description, numbers in both."""
    course = a_class_with_a_wrong_key(instance, 12)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    html = browser.get(PAGE).html
    assert html.count('role="img" aria-labelledby=') == 2
    assert html.count("<desc ") == 2
    heights = re.findall(r'<rect class="b1" x="[\d.]+" y="[\d.]+" width="47" height="([\d.]+)"', html)
    counts = [int(found) for found in re.findall(r'<td class="r">(\d+)</td>\s*<td class="r">[\d,]+\s%</td>', html)]
    assert len(heights) == len(counts) == 10
    assert sum(counts) == 12
    assert max(heights, key=float) == heights[counts.index(max(counts))]
    assert len(re.findall(r'<circle class="dot"|<rect class="b3"', html)) == 4


@pytest.mark.slow
def test_every_table_is_taken_out_and_nothing_in_it_computes(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.12: CSV and XLSX, guarded as spec/security 4.6, with a dictionary of their columns."""
    course = a_class_with_a_wrong_key(instance)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    questions = list(csv.DictReader(StringIO(taken(browser, f"{PAGE}.csv")), delimiter=";"))
    assert [row["Pregunta"] for row in questions] == ["suma-1", "verdad-1", "mitad-1", "huecos-1"]
    assert {row["Intentos"] for row in questions} == {"36"}
    first, second = (float(row[in_spanish("Discrimination %")].replace(",", ".")) for row in questions[:2])
    assert first < 0 < second
    answers = taken(browser, f"{PAGE}.csv?table=answers")
    assert "Escrito: =hyperlink(1)" in answers
    for table in ("quiz", "positions", "findings"):
        assert len(taken(browser, f"{PAGE}.csv?table={table}").splitlines()) > 1
    browser.get(f"{PAGE}.csv?table=people", 404)

    browser.get(f"{PAGE}.xlsx")
    book = load_workbook(BytesIO(browser.response.get_data()))
    headings = {(sheet.title, cell.value) for sheet in book.worksheets[:-1] for cell in sheet[1]}
    told = {(row[0].value, row[1].value) for row in book.worksheets[-1].iter_rows(min_row=2)}
    assert headings == told
    assert {cell.data_type for sheet in book.worksheets for row in sheet.iter_rows() for cell in row} <= {"s", "n"}


def test_a_table_names_kinds_and_no_two_columns_alike(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.12: what is taken out uses the words of the pages."""
    a_teacher(instance, a_class_with_a_wrong_key(instance, 4))
    sign_in(browser, "profe@example.org")

    rows = list(csv.DictReader(StringIO(taken(browser, f"{PAGE}.csv")), delimiter=";"))
    assert [row["Tipo"] for row in rows] == [in_spanish(kind) for kind in ("One answer", "True or false", "Number", "Fill in the gaps")]
    assert in_spanish("Guess") not in rows[0]  # what answering at random gives is another column
    position = taken(browser, f"{PAGE}.csv?table=positions").partition(";")[0]
    assert position == in_spanish("Position in the quiz") != in_spanish("Position")


def test_what_is_counted_can_be_chosen_and_is_said(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.12: the selected set, stated on the page; another composition of the quiz is looked at apart."""
    course = a_class_with_a_wrong_key(instance, 4)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    assert "cuenta el primer intento" in browser.get(PAGE).text
    assert "Cuenta cada intento" in browser.get(f"{PAGE}?which=all").text
    assert "cuenta el primer intento" in browser.get(f"{PAGE}?which=nonsense&paper=nonsense").text
    a_fixed_course(instance, "  - question: verdad-1\n  - question: mitad-1\n")
    now = clock.now()
    learner = a_learner(instance, course, "nueva@example.org", now=now)
    submit(instance, learner, start(instance, learner, "prueba", now=now), now=now)
    page = browser.get(PAGE)
    assert "Se cuenta 1 intento" in page.text
    assert "4 intentos se hicieron con otras preguntas" in page.text
    assert in_spanish("With one attempt nothing can be compared: spread, discrimination and weights need at least two.") in page.text
    older = re.search(r'<option value="([0-9a-f]{16})">', page.html)
    assert older
    page = browser.get(f"{PAGE}?paper={older[1]}")
    assert "Se cuentan 4 intentos" in page.text
    assert browser.page.has_link(f"{PAGE}/questions/suma-1?paper={older[1]}")


def a_part_of_the_class(instance: Instance, course: Course, count: int) -> tuple[Edition, LearnerGroup]:
    """Put the first so many learners into an edition, and the very first into a group; return both, and leave one more group empty."""
    edition = an_edition(instance, course)
    group, empty = (LearnerGroup(course_id=course.id, name=name, created_at=clock.now()) for name in ("Tarde", "Vacío"))
    with instance.database.unit_of_work() as session:
        enrolments = session.scalars(select(Enrolment.id).where(Enrolment.course_id == course.id).order_by(Enrolment.id)).all()
        session.add_all([group, empty])
        session.flush()
        session.add_all(EditionPlace(enrolment_id=one, edition_id=edition.id) for one in enrolments[:count])
        session.add(GroupMember(group_id=group.id, enrolment_id=enrolments[0], added_at=clock.now()))
    return edition, group


def test_one_edition_and_one_group_are_analysed_apart(browser: Browser, instance: Instance) -> None:
    course = a_class_with_a_wrong_key(instance, 5)
    edition, group = a_part_of_the_class(instance, course, 3)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    assert "Se cuentan 5 intentos" in browser.get(PAGE).text

    page = browser.get(f"{PAGE}?edition={edition.uuid}")

    assert "Se cuentan 3 intentos" in page.text
    assert "Edición: Marzo" in page.text
    assert page.has_link(f"{PAGE}/questions/suma-1?edition={edition.uuid}")
    assert "Se cuenta 1 intento" in browser.get(f"{PAGE}?edition={edition.uuid}&group={group.uuid}").text
    assert "Se cuentan 5 intentos" in browser.get(PAGE).text
    rows = [list(csv.reader(StringIO(taken(browser, f"{PAGE}.csv{query}")), delimiter=";")) for query in ("", f"?edition={edition.uuid}")]
    assert [row[rows[0][0].index(in_spanish("Attempts"))] for row in (rows[0][1], rows[1][1])] == ["5", "3"]
    browser.get(f"{PAGE}.xlsx?group={group.uuid}")
    answered = browser.get(f"{PAGE}/questions/suma-1?edition={edition.uuid}").text
    assert "Edición: Marzo" in answered
    assert "Se cuentan 3 intentos" in answered
    assert "Se cuentan 5 intentos" in browser.get(f"{PAGE}?edition=nada&group={course.uuid}").text


def test_statistics_are_shown_for_each_language(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    course = a_class_with_a_wrong_key(instance, 5)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    assert in_spanish("Language of the attempt") not in browser.get(f"{PAGE}?language=en").text, "all are in one language"
    with instance.database.unit_of_work() as session:
        for attempt in session.scalars(select(Attempt).order_by(Attempt.id).limit(2)):
            attempt.language = "en"

    page = browser.get(f"{PAGE}?language=en")

    assert in_spanish(BASED, 2) in page.text
    assert f"{in_spanish('Language of the attempt')}: English" in page.text
    assert page.has_link(f"{PAGE}/questions/suma-1?language=en")
    assert in_spanish(BASED, 2) in browser.get(f"{PAGE}/questions/suma-1?language=en").text
    rows = [
        list(csv.reader(StringIO(taken(browser, f"{PAGE}.csv{query}")), delimiter=";")) for query in ("", "?language=en", "?language=es")
    ]
    assert [row[1][rows[0][0].index(in_spanish("Attempts"))] for row in rows] == ["5", "2", "3"]
    assert in_spanish(BASED, 5) in browser.get(f"{PAGE}?language=fr").text
    monkeypatch.setattr(statistics, "AT_ONCE", 1)
    browser.get(f"{PAGE}?language=en&which=all")
    browser.deliver_jobs()
    assert in_spanish(BASED, 2) in browser.get(f"{PAGE}?language=en&which=all").text


def test_a_part_of_the_class_that_did_nothing_says_so(browser: Browser, instance: Instance) -> None:
    course = a_class_with_a_wrong_key(instance, 2)
    a_part_of_the_class(instance, course, 1)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    browser.get(PAGE)
    empty = re.search(r'<option value="([0-9a-f-]{36})">Vacío', browser.page.html)
    assert empty

    assert in_spanish("There is nothing to count yet") in browser.get(f"{PAGE}?group={empty[1]}").text
    page = browser.get(f"{PAGE}/questions/suma-1?group={empty[1]}")
    assert in_spanish("None of these learners had this question.") in page.text
    assert page.html.count(f'value="{empty[1]}" selected') == 1


def test_a_part_of_a_large_class_is_computed_in_the_background(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = a_class_with_a_wrong_key(instance, 4)
    edition, _group = a_part_of_the_class(instance, course, 3)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    monkeypatch.setattr(statistics, "AT_ONCE", 3)
    browser.get(PAGE)
    browser.get(f"{PAGE}?edition={edition.uuid}")

    browser.deliver_jobs()

    assert kept(instance) == 2
    assert "Se cuentan 3 intentos" in browser.get(f"{PAGE}?edition={edition.uuid}").text
    assert "Se cuentan 4 intentos" in browser.get(PAGE).text


def kept(instance: Instance) -> int:
    """Count what is kept."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(QuizAnalysisCache)) or 0


def test_few_attempts_are_computed_at_once_and_many_in_the_background(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/quiz-engine 5.12: results are cached; a page never waits for 36,000 attempts, and says of what it shows when it was computed."""
    course = a_class_with_a_wrong_key(instance, 4)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    monkeypatch.setattr(statistics, "AT_ONCE", 3)

    assert in_spanish("The figures are being calculated") in browser.get(PAGE).text
    browser.get(f"{PAGE}.csv", 404)
    browser.get(f"{PAGE}/questions/suma-1", 404)
    browser.get(PAGE)
    assert kept(instance) == 0
    assert browser.deliver_jobs() >= 1
    assert kept(instance) == 1
    assert "Se cuentan 4 intentos" in browser.get(PAGE).text
    now = clock.now()
    learner = a_learner(instance, course, "nueva@example.org", now=now)
    submit(instance, learner, start(instance, learner, "prueba", now=now), now=now)
    page = browser.get(PAGE)
    assert in_spanish("There are newer attempts; the figures are being recalculated.") in page.text
    assert browser.page.has_link(f"{PAGE}/questions/suma-1")

    monkeypatch.setattr(statistics, "AT_ONCE", 1000)
    assert "Hay intentos más recientes" not in browser.get(PAGE).text
    assert kept(instance) == 1
    monkeypatch.setattr(statistics, "compute_statistics", None)
    assert "Se cuentan 5 intentos" in browser.get(PAGE).text


def test_random_draws_are_told_and_their_positions_counted(browser: Browser, instance: Instance) -> None:
    course, now = a_course(instance, modules=1, draw=3), clock.now()
    a_teacher(instance, course, role=StaffRole.EDITOR)
    for at in range(3):
        learner = a_learner(instance, course, f"p{at}@example.org", now=now)
        attempt = start(instance, learner, "prueba", now=now)
        submit(instance, learner, attempt, right_batch(instance, learner, attempt) if at else SaveRequest(1, (), "save"), now=now)
    sign_in(browser, "profe@example.org")

    page = browser.get(PAGE)
    assert in_spanish("Random draw, %(draw)s of %(draws)s", draw="3", draws="3") in page.text
    assert "Con menos de cuatro intentos" in page.text


SURVEYS_PAGE = f"{QUIZ}/surveys"


def test_each_row_of_a_survey_is_told_with_its_distribution_and_median(browser: Browser, instance: Instance) -> None:
    """Survey items carry no mark: counts, shares, the median along the scale, and how many answered; keys are on no page."""
    a_surveyed_class(instance)
    sign_in(browser, "profe@example.org")
    page = browser.get(f"{QUIZ}/statistics")
    leads = any(href.endswith("/surveys") for href, _words in page.links)
    page = browser.get(SURVEYS_PAGE)
    text = " ".join(page.text.split())

    assert leads
    assert re.search(r"A\. La clase ?1 \(25 %\) ?1 \(25 %\) ?2 \(50 %\) ?entre «Algo» y «Mucho» ?4", text)
    assert re.search(r"B\. El material ?0 \(0 %\) ?0 \(0 %\) ?2 \(100 %\) ?Mucho ?2", text)
    assert "¿Verdad?" not in text
    assert page.html.count('class="cut"') == 4
    assert page.html.count('<svg class="chart mid"') == 1


def test_a_quiz_of_a_survey_alone_has_its_page(browser: Browser, instance: Instance) -> None:
    a_surveyed_class(instance, ("opinion",))
    sign_in(browser, "profe@example.org")

    assert any(href.endswith("/surveys") for href, _words in browser.get(f"{QUIZ}/statistics").links)
    assert "El material" in browser.get(SURVEYS_PAGE).text


def test_the_same_can_be_taken_out(browser: Browser, instance: Instance) -> None:
    a_surveyed_class(instance)
    sign_in(browser, "profe@example.org")
    response = browser._request("GET", f"{SURVEYS_PAGE}.csv")
    rows = list(csv.reader(io.StringIO(response.get_data(as_text=True).removeprefix("\ufeff")), delimiter=";"))
    response.close()

    assert rows[0] == [
        in_spanish("Question"),
        in_spanish("Version"),
        "Fila",
        in_spanish("Answer given"),
        in_spanish("Count"),
        in_spanish("Share %"),
        in_spanish("Answers"),
        in_spanish("Median"),
    ]
    assert [row[2:] for row in rows[1:4]] == [
        ["La clase", "Poco", "1", "25", "4", "0"],
        ["La clase", "Algo", "1", "25", "4", "1"],
        ["La clase", "Mucho", "2", "50", "4", "1"],
    ]
    assert len(rows) == 7


def test_surveys_are_for_those_who_edit_the_course(browser: Browser, instance: Instance) -> None:
    """spec/security 9: the same people as the statistics; of a quiz without a survey the page says that there is none."""
    cast = a_cast(browser, instance)
    cast.join(a_quiz_asking(instance, SURVEY, "attempts: 0\n", ("tabla",)))

    for path in (SURVEYS_PAGE, f"{SURVEYS_PAGE}.csv"):
        outcomes = cast.outcomes(path)
        assert cast.check("quiz.statistics", "own_course", outcomes) == [], path
        assert outcomes["G"] == "deny", path
    assert "surveys" not in cast.browsers["I"].get(f"{QUIZ}/statistics").html
    assert in_spanish("There is nothing to count yet") in cast.browsers["I"].get(SURVEYS_PAGE).text
