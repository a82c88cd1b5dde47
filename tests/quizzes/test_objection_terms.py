"""The time for objections in the file of a quiz, in its form, in what is frozen, and on the page before it (spec/selection 5.1, 0.4)."""

import pytest

from lms.instance import Instance
from quizzes.rules.result_use import ObjectionRules
from tests.support import folders
from tests.support.browser import Browser
from tests.support.builders import a_teacher, publish, sign_in
from tests.support.drafts import draft_texts
from tests.support.learning import a_learner, sitting_of, start
from tests.support.selecting import NORM, USE, a_selecting_folder
from tests.support.selection_folders import FILE
from tests.support.wording import in_spanish

SETTINGS = "/teaching/prueba/parts/cuestionario-1"
START = "/courses/prueba/quizzes/cuestionario-1"
OWN = "objections: {term: 3 d, decide: 7 d}\n"


def frozen(instance: Instance, more: str) -> ObjectionRules | None:
    learner = a_learner(instance, publish(instance, a_selecting_folder(NORM + more))[0])
    with sitting_of(instance, learner, start(instance, learner, "prueba")) as (_session, loaded):
        assert loaded.snapshot.selection is not None
        return loaded.snapshot.selection.objections


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", ObjectionRules(5, 10)),
        (OWN, ObjectionRules(3, 7)),
        ("objections: {term: 1 d}\n", ObjectionRules(1, 10)),
        ("objections: {term: 60 d, decide: 180 d}\n", ObjectionRules(60, 180)),
        ("objections: {term: 48 h}\n", ObjectionRules(2, 10)),
    ],
)
def test_the_times_are_frozen_with_the_version(instance: Instance, more: str, expected: ObjectionRules) -> None:
    """spec/selection 5.1: a selecting quiz that says nothing has five days and ten."""
    assert frozen(instance, more) == expected


@pytest.mark.parametrize(
    "more",
    [
        "objections: {term: 0 d}\n",
        "objections: {term: 61 d}\n",
        "objections: {term: 36 h}\n",
        "objections: {decide: 181 d}\n",
        "objections: {decide: 90 min}\n",
    ],
)
def test_times_that_are_no_whole_days_within_bounds_are_refused(more: str) -> None:
    """spec/content-format C113; spec/selection 5.1."""
    assert len(folders.findings(a_selecting_folder(NORM + more), "C113")) == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [("objections: {term: pronto}\n", "C111"), ("objections: {term: -1 d}\n", "C111"), ("objections: {plazo: 5 d}\n", "C107")],
)
def test_what_is_no_length_of_time_is_refused(more: str, code: str) -> None:
    """spec/selection 12: refused with a sentence."""
    assert len(folders.findings(a_selecting_folder(NORM + more), code)) == 1


def test_a_quiz_whose_results_stay_in_the_course_has_no_objections() -> None:
    """spec/selection 0.1 and 5.1; spec/content-format C520."""
    files = a_selecting_folder(NORM)
    files[FILE] = files[FILE].replace(USE.encode(), b"") + OWN.encode()

    assert len(folders.findings(files, "C520")) == 1


def test_the_start_page_says_how_long_one_may_object(browser: Browser, instance: Instance) -> None:
    """spec/selection 0.4: in plain words."""
    a_learner(instance, publish(instance, a_selecting_folder(NORM + OWN))[0])
    sign_in(browser, "ana@example.org")

    page = browser.get(START)

    assert in_spanish("If you think a question is wrong") in page.text
    assert "3 días" in page.text
    assert "7 días" in page.text


@pytest.mark.slow
def test_the_form_writes_the_times_and_deletes_the_usual_ones(browser: Browser, instance: Instance) -> None:
    """spec/content-format 9: form and text are the same."""
    a_teacher(instance, publish(instance, a_selecting_folder(NORM))[0])
    sign_in(browser, "profe@example.org")
    browser.get(SETTINGS)

    browser.submit(SETTINGS, {"objections__term": "3 d", "objections__decide": "7 d"})
    written = draft_texts(instance)[FILE]
    browser.get(SETTINGS)
    browser.submit(SETTINGS, {"objections__term": "", "objections__decide": ""})

    assert "objections:\n  term: 3 d\n  decide: 7 d\n" in written
    assert "objections" not in draft_texts(instance)[FILE]


@pytest.mark.slow
def test_the_form_refuses_half_a_day(browser: Browser, instance: Instance) -> None:
    """spec/selection 12: nothing is written."""
    a_teacher(instance, publish(instance, a_selecting_folder(NORM))[0])
    sign_in(browser, "profe@example.org")
    browser.get(SETTINGS)

    browser.submit(SETTINGS, {"objections__term": "12 h"}, status=422)

    assert "objections" not in draft_texts(instance)[FILE]
