"""Ties of a selection: criteria of before the first attempt, a draw that anybody makes again, frozen rules (spec/selection 4)."""

import hashlib
import json

import pytest

from courses.models import Course
from lms.instance import Instance
from quizzes.rules.result_use import TieRules
from quizzes.snapshots import find_published_snapshot
from selections import standing
from selections.models import Selection
from tests.support import folders
from tests.support.browser import Browser
from tests.support.builders import a_teacher, publish, sign_in
from tests.support.drafts import draft_texts
from tests.support.editions import a_learner_of, an_edition
from tests.support.overrides import accommodate
from tests.support.pass_marks import a_record, fill, signed
from tests.support.scenes import scene
from tests.support.selecting import RECORDED
from tests.support.selecting import a_selecting_folder as recorded_folder
from tests.support.selection_folders import FILE
from tests.support.selections import (
    KEY,
    USE,
    a_draft,
    a_folder_with_ties,
    a_juror,
    a_provisional,
    a_selecting_folder,
    a_selection,
    all_actas,
    an_acta,
    answer_these,
    document,
    sign_by_two,
    void,
)
from tests.support.wording import in_spanish

TEXT = "Sorteo ante notaría del 3 de mayo"
BOTH = f"ties:\n  objectives: [sumar, contar]\n  draw: {TEXT}\n"
SETTINGS = "/teaching/prueba/parts/cuestionario-1"
ANSWERS = {"ana": (1, 3, 4), "berta": (1, 2, 3), "carla": (2, 3, 4), "diana": (1, 3, 4), "eva": (1, 2, 3, 4)}
"""Sixty percent with two of adding, with one, with two, with two; and one who is alone with eighty."""


@scene
def a_tied_selection(instance: Instance, ties: str = BOTH) -> Selection:
    course = publish(instance, a_folder_with_ties(ties))[0]
    edition = an_edition(instance, course)
    for name, places in ANSWERS.items():
        answer_these(instance, a_learner_of(instance, course, edition, f"{name}@example.org"), *places)
    return a_selection(instance, course, edition)


def ranks(instance: Instance) -> list[tuple[int | None, list[str], bool]]:
    found = json.loads(document(instance, all_actas(instance)[-1]))
    return [(line["rank"], line.get("subtotals", []), "lot" in line) for line in found["lines"]]


def test_subtotals_order_equal_results_and_the_draw_waits_for_the_provisional_acta(browser: Browser, instance: Instance) -> None:
    """spec/selection 4.4: those whom the objectives leave equal share a rank until the draw."""
    selection = a_tied_selection(instance)
    juror = a_draft(browser, instance, selection)
    tied = ["200/3", "50"]
    assert ranks(instance) == [(1, [], False), (2, tied, False), (2, tied, False), (2, tied, False), (5, ["100/3", "100"], False)]
    juror.submit("/publication")
    sign_by_two(browser, instance, selection, juror)

    assert ranks(instance) == [(1, [], False), (2, tied, True), (3, tied, True), (4, tied, True), (5, ["100/3", "100"], True)]


def test_anybody_makes_the_draw_again_from_the_two_documents(browser: Browser, instance: Instance) -> None:
    """spec/selection 4.4: seed = SHA-256(provisional acta ‖ announced text), lots by the names of its lines."""
    selection = a_tied_selection(instance)
    juror = a_provisional(browser, instance, selection)
    sign_by_two(browser, instance, selection, juror)
    provisional, final = (document(instance, row) for row in all_actas(instance))

    seed = hashlib.sha256(provisional + TEXT.encode()).digest()
    lots = {hashlib.sha256(seed + line["person"].encode()).hexdigest() for line in json.loads(provisional)["lines"]}
    found = json.loads(final)

    assert found["ties"]["seed"] == seed.hex()
    drawn = [line["lot"] for line in found["lines"] if "lot" in line]
    assert set(drawn) < lots
    assert drawn[:3] == sorted(drawn[:3])


@pytest.mark.slow
def test_an_amendment_draws_the_same_lots(browser: Browser, instance: Instance) -> None:
    """spec/selection 4.4 and 4.10: nobody is drawn twice; only what a void changes moves."""
    selection = a_tied_selection(instance)
    juror = a_provisional(browser, instance, selection)
    sign_by_two(browser, instance, selection, juror)
    before = json.loads(document(instance, all_actas(instance)[-1]))
    void(instance, "p5")
    juror.deliver_jobs()
    sign_by_two(browser, instance, selection, juror, "La pregunta 5 admitía dos respuestas.")

    after = json.loads(document(instance, all_actas(instance)[-1]))
    lots = {line.get("was", line)["person"]: line["lot"] for line in after["lines"] if "lot" in line}
    assert after["ties"] == before["ties"]
    assert lots == {line["person"]: line["lot"] for line in before["lines"] if "lot" in line}
    assert [line["subtotals"] for line in after["lines"][1:]] == [["100", "50"]] * 3 + [["50", "100"]]


def test_criteria_written_after_the_first_attempt_decide_nothing(browser: Browser, instance: Instance) -> None:
    """spec/selection 4.4: a version with criteria does not reach attempts that began before it."""
    selection = a_tied_selection(instance, ties="")
    publish(instance, a_folder_with_ties(BOTH))
    a_draft(browser, instance, selection)

    assert [rank for rank, _subtotals, _lot in ranks(instance)] == [1, 2, 2, 2, 2]
    assert json.loads(document(instance, all_actas(instance)[-1]))["ties"] == "shared"


def test_an_accommodation_changes_no_rank_among_equals(browser: Browser, instance: Instance) -> None:
    """spec/selection 4.4 and 4.7: never by time or attempt number."""
    course = publish(instance, a_folder_with_ties("ties: {objectives: [sumar]}\n"))[0]
    edition = an_edition(instance, course)
    plain, helped = (a_learner_of(instance, course, edition, email) for email in ("ana@example.org", "eva@example.org"))
    accommodate(instance, helped, "1.5", extra=1)
    answer_these(instance, helped, 1)
    for learner in (plain, helped):
        answer_these(instance, learner, 1, 3, 4)
    selection = a_selection(instance, course, edition)

    an_acta(a_juror(browser, instance, selection), selection)

    assert ranks(instance) == [(1, ["200/3"], False)] * 2


def test_the_seed_needs_a_provisional_acta(instance: Instance) -> None:
    """spec/selection 4.4: without one there is nothing to draw from."""
    selection, facts = a_tied_selection(instance), {"ties": {"objectives": [], "draw": TEXT, "seed": ""}}

    with instance.database.unit_of_work(write=False) as session:
        assert standing.with_seed(session, facts, selection.id) == facts


def test_blueprint_norm_and_draws_are_frozen_in_the_signed_text(browser: Browser, instance: Instance) -> None:
    """spec/selection 4.2: with the versions that attempts came from, and the page says them in words."""
    selection = a_tied_selection(instance)
    juror = a_juror(browser, instance, selection)

    path = an_acta(juror, selection)

    found = json.loads(document(instance, all_actas(instance)[-1]))
    assert [(line["weight"], line["level"]) for line in found["blueprint"]] == [("100", "apply")]
    assert found["pass_mark_record"] == {"norm": {"es": "Reglamento", "en": "Rules"}}
    assert [(one["quiz_version"], one["draw_table"], one["attempts"]) for one in found["draws"]] == [(found["quiz_version"], 1, 5)]
    text = juror.get(path).text
    assert all(words in text for words in ("Reglamento", TEXT, "Sumar."))


def test_an_acta_freezes_the_texts_of_the_objectives_of_its_blueprint(browser: Browser, instance: Instance) -> None:
    """spec/selection 4.2: what is signed and shown says them in words."""
    files = a_folder_with_ties("")
    lines = b"  - {weight: 40, objective: contar}\n  - {weight: 60, objective: sumar}\n"
    files[FILE] = files[FILE].replace(b"  - {weight: 100, level: apply}\n", lines)
    course = publish(instance, files)[0]
    edition = an_edition(instance, course)
    answer_these(instance, a_learner_of(instance, course, edition, "ana@example.org"), 1, 3)
    selection = a_selection(instance, course, edition)
    juror = a_juror(browser, instance, selection)

    path = an_acta(juror, selection)

    frozen = json.loads(document(instance, all_actas(instance)[-1]))
    assert frozen["blueprint"][0]["title"] == {"es": "Contar.", "en": "To count."}
    assert "40\u00a0% Contar; 60\u00a0% Sumar" in juror.get(path).text


def test_the_record_of_judges_is_frozen_without_their_names(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.10 and 4.2: how many judges, their cut and its error, and why; nobody is named in what is signed."""
    record = a_record(browser, instance, {"Eva": 60, "Iván": 70, "Lola": 80})
    browser.submit(record, button=("do", "second"))
    for judge, rating in (("Eva", 65), ("Iván", 70), ("Lola", 75)):
        fill(browser, record, judge, rating)
    signed(browser, record, "70", "Es la nota del reglamento.")
    course = publish(instance, recorded_folder(RECORDED))[0]
    selection = a_selection(instance, course, an_edition(instance, course))
    juror = a_juror(browser.another(), instance, selection)

    path = an_acta(juror, selection)

    content = document(instance, all_actas(instance)[-1])
    kept = json.loads(content)["pass_mark_record"]
    assert (kept["judges"], kept["questions"], kept["cut"], kept["pass_mark"]) == (3, 2, "70", "70")
    assert kept["standard_error"] == "2.886751"
    assert b"Lola" not in content
    assert in_spanish("What the pass mark goes by") in juror.get(path).text


def frozen(instance: Instance, course: Course) -> TieRules | None:
    with instance.database.unit_of_work(write=False) as session:
        snapshot = find_published_snapshot(session, course, KEY)
        assert snapshot is not None
        assert snapshot.selection is not None
        return snapshot.selection.ties


def test_criteria_are_frozen_with_the_objective_of_each_question(instance: Instance) -> None:
    """spec/selection 4.4; spec/content-format 9."""
    rules = frozen(instance, publish(instance, a_folder_with_ties(BOTH))[0])

    assert rules is not None
    assert (rules.objectives, rules.draw) == (("sumar", "contar"), TEXT)
    assert rules.of == {"p1": "contar", "p2": "contar", "p3": "sumar", "p4": "sumar", "p5": "sumar"}
    assert rules.titles["sumar"]["en"] == "To add."


@pytest.mark.parametrize(
    ("ties", "code"),
    [
        ("ties: {objectives: [sumar, sumar]}\n", "C521"),
        ("ties: {objectives: [volar]}\n", "C203"),
        ("ties: {}\n", "C110"),
        ("ties: {draw: corto}\n", "C113"),
        (f"ties: {{draw: {'x' * 501}}}\n", "C113"),
        ("ties: {edad: true}\n", "C107"),
    ],
)
def test_criteria_that_decide_nothing_or_that_are_none_are_refused(ties: str, code: str) -> None:
    """spec/selection 4.4 and 12: never by age or time; spec/content-format C521, C203, C110, C113, C107."""
    assert len(folders.findings(a_folder_with_ties(ties), code)) == 1


def test_an_objective_without_a_question_and_a_quiz_that_does_not_select_are_refused() -> None:
    """spec/content-format C521."""
    unasked = a_folder_with_ties("ties: {objectives: [sumar]}\n")
    unasked = {name: content.replace(b"objective: sumar", b"objective: contar") for name, content in unasked.items()}
    plain = a_selecting_folder(more="attempts: 1\n")
    plain[FILE] = plain[FILE].replace(USE.encode(), b"") + b"ties: {draw: Sorteo ante un notario}\n"

    assert len(folders.findings(unasked, "C521")) == 1
    assert len(folders.findings(plain, "C521")) == 1


def test_the_start_page_says_what_decides_between_equal_results(browser: Browser, instance: Instance) -> None:
    """spec/selection 0.4: in plain words, before the first attempt."""
    course = publish(instance, a_folder_with_ties(BOTH))[0]
    a_learner_of(instance, course, an_edition(instance, course), "ana@example.org")

    page = sign_in(browser, "ana@example.org").get("/courses/prueba/quizzes/cuestionario-1")

    assert in_spanish("If results are equal") in page.text
    assert "Sumar.; Contar." in page.text
    assert TEXT in page.text


def test_the_form_writes_the_criteria_and_deletes_them(browser: Browser, instance: Instance) -> None:
    """spec/content-format 9: form and text are the same."""
    a_teacher(instance, publish(instance, a_folder_with_ties(""))[0])
    sign_in(browser, "profe@example.org")
    browser.get(SETTINGS)

    browser.submit(SETTINGS, {"ties__objectives": "sumar, contar", "ties__draw": TEXT})
    written = draft_texts(instance)[FILE]
    browser.get(SETTINGS)
    browser.submit(SETTINGS, {"ties__objectives": "", "ties__draw": ""})

    assert f"ties:\n  objectives:\n    - sumar\n    - contar\n  draw: {TEXT}\n" in written
    assert "ties" not in draft_texts(instance)[FILE]
