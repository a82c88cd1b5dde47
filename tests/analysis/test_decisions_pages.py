"""Pages on the decisions at a pass mark: figures in plain words, the people near the mark, and who sees them (spec/selection 3)."""

import re
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import select

from analysis.rules.decision_quality import LEAST_ATTEMPTS
from kernel import clock
from kernel.audit import AuditEntry
from lms.instance import Instance
from quizzes.saves import SaveRequest
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.crowds import MODELS, a_model_class, copy_class
from tests.support.learning import a_learner, right_batch, start, submit
from tests.support.wording import in_spanish

QUIZ = "/courses/prueba/quizzes/cuestionario-1"
PAGE, PEOPLE = f"{QUIZ}/decisions", f"{QUIZ}/decisions/people"


def a_class_of_many(browser: Browser, instance: Instance) -> Browser:
    """Let sixty people have taken a quiz, some better and some worse, and a teacher of its course be signed in."""
    course, now = a_course(instance, modules=1), clock.now() - timedelta(days=1)
    for at in range(60):
        learner, chance = a_learner(instance, course, f"alguien{at}@example.org", now=now), Random(at)  # noqa: S311 - no secrets
        attempt, level = start(instance, learner, "prueba", now=now), 0.1 + 0.9 * at / 60
        batch = right_batch(instance, learner, attempt)
        answered = tuple(event for event in batch.events if chance.random() < level)
        submit(instance, learner, attempt, SaveRequest(batch.page_epoch, answered, batch.kind), now=now + timedelta(minutes=9))
    a_teacher(instance, course)
    return sign_in(browser, "profe@example.org")


def test_results_that_the_model_does_not_fit_are_told_without_decisions(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.5: nothing is told of decisions that the results do not carry."""
    course = a_model_class(instance)
    a_teacher(instance, course)
    copy_class(instance, 300)

    page = sign_in(browser, "profe@example.org").get(PAGE)

    assert in_spanish("Wrong decisions") not in page.text
    assert in_spanish("How it is calculated") in page.text


def test_every_cell_of_the_decisions(browser: Browser, instance: Instance) -> None:
    """Access: decision_quality.view; graders do not see it."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    assert cast.check("decision_quality.view", "own_course", cast.outcomes(PAGE)) == []


@pytest.mark.slow
def test_the_page_tells_each_figure_with_advice_and_formula(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.1 to 3.9: reached from the statistics; a chart has its table."""
    teacher = a_class_of_many(browser, instance)
    assert teacher.get(f"{QUIZ}/statistics").has_link(PAGE)

    page = teacher.get(PAGE)

    for title in ("The same decision again", "Wrong decisions", "How many questions it needs", "Several attempts, the best counts"):
        assert in_spanish(title) in page.text, title
    assert page.text.count(in_spanish("How it is calculated")) >= 5
    assert page.html.count('<svg class="chart') == 2
    assert re.findall(r'<table class="([^"]*)"', page.html) == ["data fold", "data", "data fold long-heads", "data fold long-heads"]


@pytest.mark.slow
def test_the_people_near_the_mark_are_listed_and_the_access_is_noted(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.8."""
    teacher = a_class_of_many(browser, instance)
    assert teacher.get(PAGE).has_link(PEOPLE)

    page = teacher.get(PEOPLE)

    assert page.headings
    assert page.html.count('<nav class="team"') == 1
    with instance.database.unit_of_work(write=False) as session:
        verbs = list(session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id.desc()).limit(5)))
    assert any("list" in verb for verb in verbs), verbs


@pytest.mark.slow
def test_the_best_attempts_are_told_to_be_helped_by_chance(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.9: the figures of one attempt are those of the first."""
    teacher = a_class_of_many(browser, instance)
    warning = in_spanish(
        "You are looking at each person's best attempt, which chance has already helped. "
        "To see how sure one attempt is, choose the first attempts above."
    )

    assert warning in teacher.get(f"{PAGE}?which=highest").text
    assert warning not in teacher.get(PAGE).text


@pytest.mark.parametrize("people", [0, LEAST_ATTEMPTS - MODELS - 1])
def test_too_few_attempts_show_how_many_are_needed(browser: Browser, instance: Instance, people: int) -> None:
    """spec/selection 3.1; there is nobody to list either."""
    course = a_model_class(instance)
    a_teacher(instance, course)
    copy_class(instance, people)
    teacher = sign_in(browser, "profe@example.org")

    page = teacher.get(PAGE)

    assert in_spanish("Too little to tell") in page.text
    assert str(LEAST_ATTEMPTS) in page.text
    teacher.get(PEOPLE, status=404)
