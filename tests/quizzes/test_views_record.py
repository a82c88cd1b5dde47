"""The record of an attempt as JSON, and what is said beside a number before it is handed in (spec/quiz-engine 5.4.5, 5.7, 5.9)."""

import re

import pytest
from sqlalchemy import select

from courses.models import PublicationNature
from lms.instance import Instance
from quizzes.models import Attempt
from tests.support.attempts import begin
from tests.support.browser import Browser
from tests.support.builders import a_learner_in, folder, publish
from tests.support.kinds import SLOTS, bank
from tests.support.quizzes import a_quiz_asking
from tests.support.wording import in_spanish

SETTINGS = "attempts: 0\nweight: 0\n"


def taken(browser: Browser, instance: Instance, review: str, answers: dict[str, object], slots: tuple[str, ...]) -> str:
    """Take a quiz and hand it in; return the attempt's path."""
    a_learner_in(browser, a_quiz_asking(instance, bank(), f"{SETTINGS}{review}", slots))
    path = begin(browser)
    browser.submit("/answers", answers, button=("go", "save"))
    browser.submit("/answers", answers | {"p1": "1"}, button=("go", "review"))
    browser.submit("/submission")
    return path


def test_a_record_holds_answers_as_stored_and_in_words_times_state_and_marks(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.9: everything that its learner gave, without anything of the key."""
    path = taken(browser, instance, "", {"p1": "2", "p2": "algo"}, ("single", "short", "essay"))
    record = browser._request("GET", f"{path}/record.json").get_json()
    first, second, third = record["questions"]

    assert (first["response"], first["answer"], first["times_saved"]) == ({"answer": ["1"]}, ["Alfa"], 2)
    assert (second["response"], second["answer"]) == ({"answer": ["algo"]}, ["algo"])
    assert (third["response"], third["answer"], third["saved_at"]) == (None, [], None)
    assert (first["share"], first["mark_state"], first["points"]) == ("1.0000000", "right", "1.0000000")
    assert (third["share"], third["mark_state"]) == ("0.0000000", "not_answered")
    assert (record["state"], record["language"], record["raw"], record["passed"]) == ("finished", "es", "1.0000000", False)
    assert record["started_at"] <= first["saved_at"] <= record["submitted_at"]


def test_a_record_without_marks_says_what_was_answered_alone(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.9: marks once they may be seen; a text that waits has none yet, and its record can be taken along."""
    path = taken(browser, instance, "review: {after: [attempt]}\n", {"p1": "2"}, ("single", "essay"))
    page = browser.get(f"{path}/review")
    record = browser._request("GET", f"{path}/record.json").get_json()

    assert any(href.endswith("/record.json") for href, _words in page.links)
    assert record["questions"][0]["answer"] == ["Alfa"]
    assert {"share", "mark_state", "points"} & set(record["questions"][0]) == set()
    assert {"raw", "percent", "passed", "maximum"} & set(record) == set()


@pytest.mark.parametrize(
    ("slot", "answers", "said"),
    [
        ("units", {"p1": "12 km"}, ""),
        ("units", {"p1": "1.234 km"}, "Se entiende como 1234."),
        ("numerical", {"p1": "mucho"}, "Esto no es un número"),
        ("gaps", {"p1-2": "1.234"}, "Hueco 2: Se entiende como 1234."),
        ("ordering", {"p1-1": "1", "p1-2": "1"}, "Dé a cada elemento una posición propia."),
        ("ordering", {"p1-1": "1", "p1-2": "2", "p1-3": "3", "p1-4": "4"}, ""),
    ],
)
def test_what_is_understood_is_told_beside_the_question_and_in_the_summary(
    browser: Browser, instance: Instance, slot: str, answers: dict[str, object], said: str
) -> None:
    """spec/quiz-engine 5.7 and 5.4.5: a unit beside the number is no error; an ambiguous number is shown back, also in a gap."""
    a_learner_in(browser, a_quiz_asking(instance, bank(), SETTINGS, (slot,)))
    path = begin(browser)
    browser.submit("/answers", answers, button=("go", "review"))
    summary, page = browser.page.text, browser.get(path).text

    notes = ("Se entiende como", "Esto no es un número", "una posición propia")
    assert (said in summary, said in page) == (True, True)
    assert any(note in page for note in notes) is bool(said)
    assert slot in SLOTS


@pytest.mark.parametrize("positions", [{"p1-1": "1", "p1-2": "1"}, {"p1-2": "3"}, {"p1-1": "2", "p1-2": "3", "p1-3": "2", "p1-4": "1"}])
def test_an_order_that_cannot_be_read_is_recorded_with_the_positions_that_were_given(
    browser: Browser, instance: Instance, positions: dict[str, object]
) -> None:
    """spec/quiz-engine 5.9: the review and the record say what was given, not what it would be when counted through."""
    a_learner_in(browser, a_quiz_asking(instance, bank(), f"{SETTINGS}review: practice\n", ("ordering",)))
    path = begin(browser)
    browser.submit("/answers", positions, button=("go", "review"))
    browser.submit("/submission")
    question = browser._request("GET", f"{path}/record.json").get_json()["questions"][0]
    labels = re.findall(r'class="muted">(\d+):</span>', browser.get(f"{path}/review").html)

    assert [line.split(":")[0] for line in question["answer"]] == sorted(map(str, positions.values()))
    assert question["share"] == "0.0000000"
    assert labels[: len(positions)] == sorted(map(str, positions.values()))


MEASURED = """questions:
  - key: largo
    kind: gaps
    text: El canal mide {tramo}.
    gaps:
      tramo:
        kind: numerical
        answers:
          - right: 2
        units: {km: 1, m: 0.001}
"""


@pytest.mark.parametrize(("answer", "percent"), [({"p1-1": "2000", "p1-1-unit": "m"}, 100), ({"p1-1": "2", "p1-1-unit": "m"}, 0)])
def test_a_gap_has_a_list_for_its_unit(browser: Browser, instance: Instance, answer: dict[str, object], percent: int) -> None:
    """spec/quiz-engine 5.7, gaps graded each by its own rule: the unit is chosen beside the gap, kept, shown again and in the review."""
    a_learner_in(browser, a_quiz_asking(instance, MEASURED, SETTINGS, ("largo",)))
    path = begin(browser)
    browser.submit("/answers", answer, button=("go", "save"))
    kept = dict(browser.get(path).form("/answers").fields)
    browser.get(f"{path}/summary")

    browser.submit("/submission")

    assert kept["p1-1-unit"] == "m"
    assert f"{answer['p1-1']} m" in browser.page.text
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Attempt)).one().percent == percent


SECTIONS = (
    "  - question: single\n  - section: {es: Cifras & más, en: Figures}\n  - question: numerical\n    mark: 2.5\n  - question: short\n"
)


def in_sections(browser: Browser, instance: Instance, settings: str, slots: str) -> str:
    """Take a quiz with these slots and its first question right; return the text of the review."""
    files = folder("prueba", modules=1, settings=f"{SETTINGS}{settings}")
    quiz = files["01-parte/03-cuestionario.quiz.yaml"].decode()
    files |= {"01-parte/banco.yaml": bank().encode(), "01-parte/03-cuestionario.quiz.yaml": quiz.replace("  - draw: 7\n", slots).encode()}
    a_learner_in(browser, publish(instance, files, nature=PublicationNature.CORRECTION)[0])
    path = begin(browser)
    browser.submit("/answers", {"p1": "1"}, button=("go", "review"))
    browser.submit("/submission")
    return " ".join(browser.get(f"{path}/review").text.split())


def test_points_are_also_told_by_section(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.8, section subtotals: each titled section and what stands before the first."""
    text = in_sections(browser, instance, "", SECTIONS)

    assert "SecciónPuntos Antes de la primera sección1 de 1Cifras & más0 de 3,50 Sus respuestas" in text


@pytest.mark.parametrize(
    ("review", "slots"),
    [
        ("review: {after: [attempt, correctness]}\n", SECTIONS),
        ("", SECTIONS.replace("  - question: single\n", "")),
        ("", "  - question: single\n"),
    ],
)
def test_points_by_section_need_two_sections_and_marks_that_may_be_seen(
    browser: Browser, instance: Instance, review: str, slots: str
) -> None:
    assert in_spanish("Points by section") not in in_sections(browser, instance, review, slots)
