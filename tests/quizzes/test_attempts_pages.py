"""Quizzes over HTTP: page by page, flags, navigation, reviews, no key before its time (spec/quiz-engine 5.4, 5.5, 5.9)."""

import json
import re

import pytest
from sqlalchemy import select

from courses.models import Course, PublicationNature
from lms.instance import Instance
from quizzes.models import Attempt
from tests.support.answers import answer_right, open_attempt, right_fields
from tests.support.attempts import QUIZ, an_answer, begin, stored, without_chance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_person, a_teacher, folder, publish, sign_in
from tests.support.learning import At, send_script
from tests.support.quizzes import NOON, NUMBER, a_quiz_asking, a_secret_quiz, one_more_number
from tests.support.wording import in_spanish

KEY = re.compile(r"clave-|PORQUE|EXPLICACION|data-right|data-key|una-1|varias-1")


def test_a_quiz_is_taken_with_plain_forms_page_by_page(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.4 and spec/performance P18: no script; answers are kept on the way from page to page,
    and the summary counts what is missing.
    """
    a_learner_in(browser, a_course(instance, modules=1, settings="attempts: 0\nper_page: 3\n"))
    begin(browser)
    pages = [[item["data-item"] for item in _items(browser)]]
    while any(button == ("go", "next") for button in browser.page.form("/answers").buttons):
        browser.submit("/answers", button=("go", "next"))
        pages.append([item["data-item"] for item in _items(browser)])

    browser.submit("/answers", button=("go", "review"))

    assert pages == [["1", "2", "3"], ["4", "5", "6"], ["7"]]
    assert in_spanish("%(count)s question has no complete answer.", 7) in browser.page.text
    assert stored(instance) == []


def test_a_half_answered_question_has_no_complete_answer(browser: Browser, instance: Instance) -> None:
    """Nor has the one beside it, of which nothing was answered."""
    matching = "  - key: unir-1\n    kind: matching\n    text: Una.\n    pairs:\n"
    pairs = "".join(f"      - item: {item}\n        match: {match}\n" for item, match in (("Perro", "Ladra"), ("Gato", "Maúlla")))
    a_learner_in(browser, a_quiz_asking(instance, NUMBER + matching + pairs, slots=("mitad-1", "unir-1")))
    begin(browser)

    browser.submit("/answers", {"p2-1": "1"}, button=("go", "review"))

    assert in_spanish("Partly answered") in browser.page.text
    assert in_spanish("%(count)s question has no complete answer.", 2) in browser.page.text


def _items(browser: Browser) -> list[dict[str, str]]:
    return [{"data-item": number} for number in re.findall(r'data-item="(\d+)"', browser.page.html)]


def test_a_number_may_have_a_comma_or_a_point_and_an_ambiguous_one_is_told_before_handing_in(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.7 and 5.4.5: 2,5 and 2.5 are one number; 2.500 could be two."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    notes = []
    for typed in ("2,5", "2.5", "2.500"):
        begin(browser)
        browser.submit("/answers", {"p1": typed}, button=("go", "review"))
        notes.append("Se entiende como 2500" in browser.page.text.replace("\u00a0", "").replace(" 500", "500"))
        browser.submit("/submission")

    with instance.database.unit_of_work(write=False) as session:
        assert list(session.scalars(select(Attempt.percent).order_by(Attempt.id))) == [100, 100, 0]
    assert notes == [False, False, True]


def test_what_cannot_be_understood_is_kept_as_typed_and_flagged(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.5."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)

    browser.submit("/answers", {"p1": "dos y <medio>"}, button=("go", "review"))
    summary = browser.page.text
    page = browser.get(path)

    assert in_spanish("Answer not recognised") in summary, summary[400:3000]
    assert "Esto no es un número" in summary
    assert dict(page.form("/answers").fields)["p1"] == "dos y <medio>"
    assert "«dos y <medio>»" in page.text


def test_flags_are_kept_and_change_no_grade(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.5: set with one save, shown in the summary, taken away with the next."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)

    browser.submit("/answers", {"p1": "2,5", "p1-flag": "1"}, button=("go", "review"))
    flagged = "Marcada" in browser.page.text
    browser.get(path)
    browser.submit("/answers", {"p1-flag": None}, button=("go", "review"))

    assert flagged
    assert "Marcada" not in browser.page.text
    browser.submit("/submission")
    assert "100" in browser.page.text


def test_where_one_goes_forward_only_earlier_pages_lead_to_the_present_one(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.5 and scenario 8: back button, bookmark and a far page lead to the page one is at;
    answers of the page before stay.
    """
    settings = "attempts: 0\nnavigation: sequential\nper_page: 1\n"
    a_learner_in(
        browser,
        a_quiz_asking(
            instance, NUMBER + one_more_number("otra-1") + one_more_number("ultima-1"), settings, ("mitad-1", "otra-1", "ultima-1")
        ),
    )
    path = begin(browser)
    skipped = browser.get(f"{path}?page=3")
    at_first = re.findall(r'data-item="(\d+)"', skipped.html)
    first = browser.page.form("/answers")
    browser.submit("/answers", {"p1": "2,5"}, button=("go", "next"))
    at_second = browser.path

    back = re.findall(r'data-item="(\d+)"', browser.get(f"{path}?page=1").html)
    browser.submit("", {"p1": "2,5"}, form=first, button=("go", "next"))
    browser.get(f"{path}?page=2")

    assert at_first == ["1"]
    assert at_second.endswith("page=2")
    assert back == ["2"]
    assert re.findall(r'data-item="(\d+)"', browser.page.html) == ["2"]
    assert stored(instance) == [("save", {"answer": ["2,5"]})]


def test_pages_that_an_attempt_does_not_have_do_not_exist(browser: Browser, instance: Instance) -> None:
    """spec/security 3.5."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)

    for page in ("0", "2", "-1", "x", "1e3", "٣", "9223372036854775808"):
        browser.get(f"{path}?page={page}", status=404)


def test_no_page_of_an_open_attempt_holds_a_key(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.9 and spec/security 5.1: neither the page before, the attempt, its summary, nor what saving answers."""
    a_learner_in(browser, a_secret_quiz(instance))
    told = [browser.get(QUIZ).html]
    path = begin(browser)
    told += [browser.page.html, json.dumps(send_script(browser, path.rsplit("/", 1)[1], [an_answer(1, "1")], lease=5000))]
    told.append(browser.get(f"{path}/summary").html)
    told += [str(browser.get(path).html), browser.get("/courses/prueba").html, browser.get("/learning").html]

    assert [KEY.findall(text) for text in told] == [[]] * len(told)
    assert "Alfa" in told[1]


def test_two_quizzes_that_differ_only_in_the_key_give_equal_pages(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/security 5.1: byte for byte, but for names that are random in every attempt."""
    At(monkeypatch, NOON)
    pages = []
    a_learner_in(browser, a_secret_quiz(instance))
    for turned in (False, True):
        if turned:
            browser.submit("/submission")
            a_secret_quiz(instance, turned=True)
            browser.deliver_jobs()
        path = begin(browser)
        pages.append([without_chance(browser.page.html), without_chance(browser.get(f"{path}/summary").html)])

    assert pages[0] == pages[1]
    assert "LEASE" in pages[0][0]


REVIEWS = {
    "practice": {"marks", "correct", "why", "general", "key"},
    "learning": {"marks", "correct", "why", "general"},
    "exam": {"marks"},
    "hidden": set(),
}


@pytest.mark.parametrize("preset", REVIEWS)
def test_a_review_shows_what_its_moment_allows_and_no_more(browser: Browser, instance: Instance, preset: str) -> None:
    """spec/quiz-engine 5.9: each preset right after handing in; page and record are scanned."""
    review = "" if preset == "learning" else f"review: {preset}\n"
    a_learner_in(browser, a_secret_quiz(instance, f"attempts: 0\n{review}"))
    path = begin(browser)
    browser.submit("/answers", {"p1": "2", "p2": ["2"]}, button=("go", "review"))
    page = browser.submit("/submission")
    record = browser._request("GET", f"{path}/record.json")
    course = browser.get("/courses/prueba").text

    shown = {
        name
        for name, sign in {
            "marks": "de 2 puntos",
            "correct": "Su respuesta, incorrecta",
            "why": "PORQUE-DOS",
            "general": "EXPLICACION",
            "key": "Respuesta correcta",
        }.items()
        if sign in page.text
    }
    assert shown == REVIEWS[preset], page.text
    assert "PORQUE-UNO" not in page.html or preset == "practice"
    assert "clave-" not in page.html
    assert record.status_code == (404 if preset == "hidden" else 200)
    assert "PORQUE" not in record.get_data(as_text=True)
    assert ("Mejor resultado" in course) is ("marks" in REVIEWS[preset])


PAIRS = """questions:
  - key: parejas-1
    kind: matching
    text: Una.
    shuffle: false
    pairs:
      - {item: Perro, match: Ladra, why: PORQUE-PERRO}
      - {item: Gato, match: Maúlla, why: PORQUE-GATO}
      - {item: Vaca, match: Muge, why: PORQUE-VACA}
  - key: matriz-1
    kind: matrix
    text: Clasifique.
    columns: [{text: Ave, key: ave}, {text: Pez, key: pez}]
    rows:
      - {text: Colibrí, key: colibri, answer: ave, why: PORQUE-COLIBRI}
      - {text: Atún, key: atun, answer: pez, why: PORQUE-ATUN}
"""


@pytest.mark.parametrize(("preset", "told"), [("learning", False), ("practice", True)])
def test_the_reason_of_a_pair_stands_beside_a_wrong_answer_only_with_the_key(
    browser: Browser, instance: Instance, preset: str, told: bool
) -> None:
    """spec/quiz-engine 5.9: it speaks of what is right; one who matched rightly reads it, one who did not may try again."""
    a_learner_in(browser, a_quiz_asking(instance, PAIRS, f"attempts: 0\nreview: {preset}\n", ("parejas-1", "matriz-1")))
    begin(browser)
    loaded, questions = open_attempt(browser)
    wrong = dict(right_fields(loaded, questions))
    first, second = [name for name in wrong if name.startswith("p1-")][:2]
    wrong[first], wrong[second] = wrong[second], wrong[first]
    row = next(name for name in wrong if name.startswith("p2-"))
    wrong[row] = next(value for name, value in wrong.items() if name.startswith("p2-") and value != wrong[row])
    browser.submit("/answers", wrong, button=("go", "review"))
    page = browser.submit("/submission").text

    beside_right = {word for word in ("PORQUE-VACA", "PORQUE-ATUN") if word in page}
    beside_wrong = {word for word in ("PORQUE-PERRO", "PORQUE-GATO", "PORQUE-COLIBRI") if word in page}
    assert beside_right == {"PORQUE-VACA", "PORQUE-ATUN"}
    assert beside_wrong == ({"PORQUE-PERRO", "PORQUE-GATO", "PORQUE-COLIBRI"} if told else set())


def test_after_the_close_more_is_shown(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/quiz-engine 5.9: the moment «closed» comes with the close date, and never without one."""
    time = At(monkeypatch, NOON)
    a_learner_in(browser, a_secret_quiz(instance, "attempts: 0\ncloses: 2026-06-01 14:00\n"))
    path = begin(browser)
    browser.submit("/answers", {"p1": "2"}, button=("go", "review"))
    before = browser.submit("/submission")

    time.pass_(hours=3)
    sign_in(browser)
    after = browser.get(f"{path}/review")

    assert "Respuesta correcta" not in before.text
    assert "Se mostrará más cuando el cuestionario cierre" in before.text
    assert "Respuesta correcta" in after.text


def test_the_record_says_in_words_what_was_answered(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.9: a learner may take along what they answered; places of the page would say nothing to anybody."""
    a_learner_in(browser, a_secret_quiz(instance))
    path = begin(browser)
    browser.submit("/answers", {"p1": "2", "p2": ["1"]}, button=("go", "review"))
    browser.submit("/submission")

    response = browser._request("GET", f"{path}/record.json")
    record = response.get_json()

    assert [question["answer"] for question in record["questions"]] == [["Beta"], ["Gama"]]
    assert record["percent"] == "50.0000000"
    assert response.headers["Cache-Control"] == "no-store"
    assert KEY.findall(response.get_data(as_text=True)) == []


def test_a_preview_leaves_no_grade_and_says_what_it_is(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.2.7 over HTTP, and a teacher sees every key in the review."""
    course = a_secret_quiz(instance, "attempts: 1\nreview: hidden\n")
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    begin(browser)
    said = "Vista previa" in browser.page.text
    browser.submit("/answers", {"p1": "2"}, button=("go", "review"))
    page = browser.submit("/submission")

    assert said
    assert "PORQUE-DOS" in page.text
    assert "Respuesta correcta" in page.text
    assert "Vista previa" in browser.get(QUIZ).text


def test_a_finished_quiz_leads_on_and_counts_the_best_attempt(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.8 over HTTP: the page before an attempt says what counts."""
    a_learner_in(browser, a_course(instance, modules=1, settings="attempts: 0\n"))
    answer_right(browser, QUIZ)
    begin(browser)
    browser.submit("/answers", button=("go", "review"))
    browser.submit("/submission")

    page = browser.get(QUIZ)

    assert "Su resultado es 100" in page.text.replace("\u00a0", " ")
    assert sum("/review" in address for address, _words in page.links) == 2


def test_a_quiz_of_a_course_that_moved_on_is_still_reviewed(browser: Browser, instance: Instance) -> None:
    """The attempt keeps its version; the new one has no such quiz any more."""
    files = folder(modules=1, settings="attempts: 0\n")
    publish(instance, files)
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course)).scalar_one()
    a_learner_in(browser, course)
    answer_right(browser, QUIZ)
    path = browser.path
    rest = {name: content for name, content in files.items() if "quiz" not in name and "banco" not in name}
    publish(instance, rest, nature=PublicationNature.CORRECTION)
    browser.deliver_jobs()

    page = browser.get(path)

    assert "100" in page.text
    browser.get(QUIZ, status=404)


def test_an_attempt_is_shown_in_the_language_of_its_reader(browser: Browser, instance: Instance) -> None:
    """The question has both languages; the words around it as well."""
    a_learner_in(browser, a_course(instance, modules=1))
    path = begin(browser)
    spanish = browser.page.html

    browser.post("/language", {"language": "en", "next": path})
    english = browser.get(path).html

    assert ("¿Cuánto es dos más dos?" in spanish, "How much is two plus two?" in english) == (True, True)
    assert "Question 1" in english


def _reference(html: str) -> str:
    found = re.search(r"\b[0-9a-f]{16}\b", html)
    assert found
    return found[0]


def test_unknown_attempts_and_those_of_others_are_one_page(browser: Browser, instance: Instance) -> None:
    """spec/security 1.3: same status, same body; nobody learns that an attempt exists."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    path = begin(browser)
    other = browser.another()
    a_person(instance, "eva@example.org")
    sign_in(other, "eva@example.org")

    bodies = []
    for address in (path, "/attempts/00000000-0000-4000-8000-000000000000"):
        for page in ("", "/summary", "/review", "/record.json"):
            other.get(f"{address}{page}", status=404)
            bodies.append(without_chance(other.page.html).replace(f"{address}{page}", "").replace(_reference(other.page.html), ""))

    assert bodies[:4] == bodies[4:]
