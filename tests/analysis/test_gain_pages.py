"""Pages on an initial and a final test: the gain of a class, and both bands of a learner (spec/selection 7.3 to 7.5)."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from analysis.gain import PairedClass, find_paired_class
from analysis.rules.gain import LEAST_PEOPLE, crossed_gain
from analysis.statistics import EVERYBODY
from analysis.views.gain import ComparedBands, ObjectiveMarks, ScoreBand, objective_bands
from lms.instance import Instance
from quizzes.snapshots import find_published_snapshot
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.learning import a_learner, start
from tests.support.paired_tests import FINAL, INITIAL, a_class_of_pairs, a_paired_course, take
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
QUIZ = "/courses/prueba/quizzes/cuestionario-1"
PAGE, BOTH = f"{QUIZ}/gain", f"{QUIZ}/comparison"
OVERLAP = "The bands overlap: one test cannot tell how much you learned."
PRECISION = "How precise these results are is not known yet: too few people have taken the tests."


def paired_class(instance: Instance, course: object) -> PairedClass:
    with instance.database.unit_of_work(write=False) as session:
        snapshot = find_published_snapshot(session, session.merge(course, load=False), FINAL)  # type: ignore[type-var]  # a course
        assert snapshot is not None
        assert snapshot.pair is not None
        return find_paired_class(session, course.id, snapshot.pair, EVERYBODY)  # type: ignore[attr-defined]  # a course


def test_a_pair_is_the_first_of_both_tests_in_order(instance: Instance) -> None:
    """spec/compulsory 15.1, spec/selection 7.5: who took only the first test is counted apart; who took it after the final one, nowhere."""
    course = a_paired_course(instance, now=NOON)
    both, once, turned, going_on = (
        a_learner(instance, course, f"{name}@example.org", now=NOON) for name in ("dos", "una", "al-reves", "abierta")
    )
    take(instance, both, INITIAL, 3, now=NOON)
    take(instance, both, FINAL, 6, now=NOON.replace(hour=13))
    take(instance, once, INITIAL, 2, now=NOON)
    take(instance, turned, FINAL, 6, now=NOON)
    take(instance, turned, INITIAL, 3, now=NOON.replace(hour=13))
    take(instance, going_on, INITIAL, 0, now=NOON)
    start(instance, going_on, "prueba", FINAL, now=NOON.replace(hour=13))

    found = paired_class(instance, course)

    assert [(one.first, one.second) for one in found.people] == [(50, 100)]
    assert len(found.a_first) + len(found.b_first) == 1
    assert found.only_first == pytest.approx([100 / 3, 0])


@pytest.mark.slow
def test_a_gain_is_told_from_thirty_people_on(browser: Browser, instance: Instance) -> None:
    """spec/selection 7.3 and 7.5: with the second figure, a chart with its table, and what it does not say."""
    course = a_paired_course(instance, now=NOON)
    a_class_of_pairs(instance, course, LEAST_PEOPLE - 1, now=NOON)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    assert browser.get(f"{QUIZ}/statistics").has_link(PAGE)
    few = browser.get(PAGE)
    learner = a_learner(instance, course, "una-mas@example.org", now=NOON)
    take(instance, learner, INITIAL, 1, now=NOON)
    take(instance, learner, FINAL, 4, now=NOON.replace(hour=13))

    page = browser.get(PAGE)

    titles = [in_spanish(words) for words in ("What the class gained", "Which form was harder", "Share of what was left to gain")]
    assert [title in few.text for title in titles] == [False] * 3
    assert [title in page.text for title in titles] == [True] * 3
    assert page.html.count('<svg class="chart') == page.html.count('<table class="data fold">') == 1
    found = paired_class(instance, course)
    assert crossed_gain(found.a_first, found.b_first) is not None
    assert len(found.people) == LEAST_PEOPLE


def test_a_quiz_that_is_compared_with_no_other_has_no_such_pages(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    assert not browser.get(f"{QUIZ}/statistics").has_link(PAGE)
    browser.get(PAGE, status=404)
    browser.get(BOTH, status=404)


def test_a_learner_sees_both_bands_once_both_are_marked(browser: Browser, instance: Instance) -> None:
    """spec/selection 7.4: no gain as a number."""
    course = a_paired_course(instance, now=NOON)
    learner = a_learner(instance, course, now=NOON)
    sign_in(browser)
    nothing = browser.get(BOTH)
    take(instance, learner, INITIAL, 3, now=NOON)
    before = browser.get(BOTH)

    final = take(instance, learner, FINAL, 6, now=NOON.replace(hour=13))

    assert [page.html.count('<svg class="chart') for page in (nothing, before)] == [0, 0]
    assert "50\xa0%" not in before.text
    assert browser.get(f"/attempts/{final}/review").has_link(BOTH)
    page = browser.get(BOTH)
    assert page.html.count('<svg class="chart') == 1
    assert all(words in page.text for words in ("50\xa0%", "100\xa0%", in_spanish(PRECISION)))


@pytest.mark.slow
def test_the_band_of_a_learner_is_that_of_the_class(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.3 and 7.4: x ± CSEM(x), from what was computed of thirty attempts and more."""
    course = a_paired_course(instance, now=NOON)
    a_class_of_pairs(instance, course, 34, now=NOON)
    a_teacher(instance, course)
    teacher = sign_in(browser.another(), "profe@example.org")
    for key in (INITIAL, FINAL):
        teacher.get(f"/courses/prueba/quizzes/{key}/statistics")
    sign_in(browser, "persona2@example.org")

    page = browser.get(BOTH)

    assert in_spanish(PRECISION) not in page.text
    assert page.html.count('<rect class="cut"') == 2


@pytest.mark.parametrize(
    ("initial", "final", "said"),
    [
        ((50, 40, 60), (62, 52, 72), OVERLAP),
        ((50, 40, 60), (60, 60, 60), OVERLAP),
        ((50, 40, 60), (80, 70, 90), "The bands do not overlap: you know more than at the beginning."),
        ((80, 70, 90), (50, 40, 60), "The bands do not overlap: this time you knew less than at the beginning."),
        ((50, None, None), (80, 70, 90), PRECISION),
    ],
)
def test_what_two_bands_tell(initial: tuple[float, ...], final: tuple[float, ...], said: str) -> None:
    """spec/selection 7.4."""
    assert ComparedBands("", ScoreBand(*initial), ScoreBand(*final)).conclusion == in_spanish(said)


def test_objectives_are_compared_from_four_questions_on() -> None:
    """spec/selection 7.4: with the error of so many equal questions."""
    titles = {"contar": {"es": "Contar."}, "medir": {"es": "Medir."}}
    four, three = ObjectiveMarks(4, Fraction(2), Fraction(4)), ObjectiveMarks(3, Fraction(3), Fraction(3))

    found = objective_bands(titles, {"contar": four, "medir": three}, {"contar": four, "medir": four})

    assert [(line.title, line.initial.score) for line in found] == [("Contar.", 50)]
    assert found[0].initial.low == pytest.approx(50 - (2500 / 3) ** 0.5)
    assert objective_bands(titles, {"contar": four}, {}) == []
