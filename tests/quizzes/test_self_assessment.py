"""Texts that nobody but their writer judges (spec/selection 8.6): done, not marked, and judged by the rubric beside the model answer."""

import json
from uuid import UUID

import pytest
from sqlalchemy import select

from courses.models import StaffRole
from enrolments.models import ActivityResult, Completion
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes.marks import MarkingFilter
from quizzes.models import SelfAssessment
from tests.support import folders
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_teacher, sign_in
from tests.support.learning import a_learner, actor_of, attempt_row, mark_done, start
from tests.support.marking import SELF_REVIEWED, a_marked_quiz, hand_in
from tests.support.quizzes import counted
from tests.support.wording import in_spanish

QUIZ = "/courses/prueba/quizzes/cuestionario-1"
DONE = in_spanish("Done, not marked")


def a_self_reviewed_quiz(instance: Instance, settings: str = "attempts: 0\npass_mark: 70\n") -> tuple[Actor, str]:
    """Publish a quiz with a text that its writer judges and a choice; return a learner and the address of a submitted attempt."""
    learner = a_learner(instance, a_marked_quiz(instance, settings, bank=SELF_REVIEWED))
    return learner, f"/attempts/{hand_in(instance, learner)}"


def stored_levels(instance: Instance) -> list[object]:
    with instance.database.unit_of_work(write=False) as session:
        return [json.loads(levels) for levels in session.scalars(select(SelfAssessment.levels))]


def test_the_text_is_left_out_of_the_maximum_and_nothing_waits(browser: Browser, instance: Instance) -> None:
    """spec/selection 8.6: never 0, never waiting; the result comes from the other questions alone."""
    _learner, attempt = a_self_reviewed_quiz(instance)

    sign_in(browser).get(f"{attempt}/review")

    assert DONE in browser.page.text
    assert in_spanish("Not yet graded") not in browser.page.text
    row = attempt_row(instance, UUID(attempt.rpartition("/")[2]))
    assert (row.raw, row.maximum, row.percent, row.passed) == (1, 1, 100, True)


def test_completion_and_certificate_do_not_hang_on_it(instance: Instance) -> None:
    """spec/selection 8.6."""
    learner, _attempt = a_self_reviewed_quiz(instance)

    mark_done(instance, learner, "prueba", "leccion-1")

    with instance.database.unit_of_work(write=False) as session:
        result = session.execute(select(ActivityResult).where(ActivityResult.activity_key == "cuestionario-1")).scalar_one()
        assert (result.passed, result.score) == (True, 100)
        assert session.scalar(select(Completion.id)) is not None


def test_a_text_left_empty_is_not_done(browser: Browser, instance: Instance) -> None:
    learner = a_learner(instance, a_marked_quiz(instance, bank=SELF_REVIEWED))
    attempt = hand_in(instance, learner, "")

    sign_in(browser).get(f"/attempts/{attempt}/review")

    assert DONE not in browser.page.text
    assert in_spanish("Not answered") in browser.page.text


def test_graders_find_nothing_that_waits(browser: Browser, instance: Instance) -> None:
    """spec/selection 8.6: nobody marks it."""
    learner = a_learner(instance, course := a_marked_quiz(instance, bank=SELF_REVIEWED))
    hand_in(instance, learner)
    a_teacher(instance, course, "gil@example.org", StaffRole.GRADER)

    sign_in(browser, "gil@example.org").get(f"{QUIZ}/marking?show={MarkingFilter.WAITING.value}")

    assert "Explique qué es una brecha" not in browser.page.text


def test_a_learner_judges_the_text_by_its_rubric_beside_the_model_answer(browser: Browser, instance: Instance) -> None:
    """spec/selection 8.6."""
    _learner, attempt = a_self_reviewed_quiz(instance, "attempts: 0\npass_mark: 70\nreview: practice\n")
    page = sign_in(browser).get(f"{attempt}/review")
    assert "PALABRAS-MODELO" in page.text

    browser.submit("/self-assessment", {"level-1": "1", "level-2": "0"})

    assert stored_levels(instance) == [{"claridad": 1, "fuentes": 0}]
    assert in_spanish("%(earned)s of %(count)s point by your own assessment", 3, earned=2) in browser.page.text
    assert dict(browser.page.form("/self-assessment").fields)["level-1"] == "1"


def test_a_second_judgement_takes_the_place_of_the_first_and_changes_no_mark(browser: Browser, instance: Instance) -> None:
    _learner, attempt = a_self_reviewed_quiz(instance)
    sign_in(browser).get(f"{attempt}/review")
    browser.submit("/self-assessment", {"level-1": "0", "level-2": "0"})

    browser.submit("/self-assessment", {"level-1": "1", "level-2": "1"})

    assert stored_levels(instance) == [{"claridad": 1, "fuentes": 1}]
    row = attempt_row(instance, UUID(attempt.rpartition("/")[2]))
    assert (row.raw, row.maximum) == (1, 1)


def test_the_criteria_without_a_level_are_counted(browser: Browser, instance: Instance) -> None:
    _learner, attempt = a_self_reviewed_quiz(instance)
    sign_in(browser).get(f"{attempt}/review")

    browser.submit("/self-assessment", {"level-1": "1"})

    assert stored_levels(instance) == [{"claridad": 1}]
    assert in_spanish("%(count)s criterion without a level", 1) in browser.page.text


@pytest.mark.parametrize("sent", [{}, {"level-1": "7"}, {"level-1": "-1", "level-2": "x"}, {"level-9": "0"}])
def test_what_is_no_level_is_refused_and_nothing_is_kept(browser: Browser, instance: Instance, sent: dict[str, str]) -> None:
    _learner, attempt = a_self_reviewed_quiz(instance)
    sign_in(browser).get(f"{attempt}/review")

    browser.post(f"{attempt}/questions/1/self-assessment", sent)

    assert stored_levels(instance) == []


def test_the_team_sees_the_judgement_and_cannot_change_it(browser: Browser, instance: Instance) -> None:
    learner = a_learner(instance, course := a_marked_quiz(instance, bank=SELF_REVIEWED))
    attempt = hand_in(instance, learner)
    sign_in(browser).get(f"/attempts/{attempt}/review")
    browser.submit("/self-assessment", {"level-1": "1", "level-2": "0"})
    a_teacher(instance, course, "gil@example.org", StaffRole.EDITOR)

    team = sign_in(browser.another(), "gil@example.org")
    team.get(f"/attempts/{attempt}/review")

    assert "Se entiende." in team.page.text
    assert not [form for form in team.page.forms if form.action.endswith("/self-assessment")]


def test_every_cell_of_self_assessment(browser: Browser, instance: Instance) -> None:
    """spec/security 9 and spec/selection 8.6: attempt.self_assess, each role before each state."""
    cast = a_cast(browser, instance)
    course = a_marked_quiz(instance, "attempts: 0\n", bank=SELF_REVIEWED)
    cast.join(course)
    learner = actor_of(cast.people["E"])
    submitted, other = hand_in(instance, learner), hand_in(instance, a_learner(instance, course, "otra@example.org"))
    open_one = start(instance, learner, "prueba")

    wrong = []
    for state, attempt in (("own_submitted", submitted), ("own_open", open_one), ("of_another_learner", other)):
        address = f"/attempts/{attempt}/questions/1/self-assessment"
        wrong += cast.check("attempt.self_assess", state, cast.outcomes(address, "POST", {"level-1": "1"}))

    assert wrong == []
    assert counted(instance, SelfAssessment) == 1


def test_a_question_that_is_marked_takes_no_self_assessment(browser: Browser, instance: Instance) -> None:
    _learner, attempt = a_self_reviewed_quiz(instance)
    sign_in(browser).get(f"{attempt}/review")

    browser.post(f"{attempt}/questions/2/self-assessment", {"level-1": "1"}, status=404)

    assert counted(instance, SelfAssessment) == 0


def test_previews_with_a_self_assessment_go_without_a_trace(browser: Browser, instance: Instance) -> None:
    a_teacher(instance, a_marked_quiz(instance, bank=SELF_REVIEWED), "eva@example.org", StaffRole.EDITOR)
    sign_in(browser, "eva@example.org").get(QUIZ)
    browser.submit("/attempts")
    browser.submit("/answers", {"p1": "Un texto."}, button=("go", "review"))
    browser.submit("/submission")
    browser.submit("/self-assessment", {"level-1": "1"})
    assert counted(instance, SelfAssessment) == 1

    browser.get(QUIZ)
    browser.submit("/attempts")

    assert counted(instance, SelfAssessment) == 0


@pytest.mark.parametrize(
    ("bank", "code"),
    [
        (SELF_REVIEWED.replace("    mark: 0\n", "    mark: 3\n"), "C409"),
        (SELF_REVIEWED.replace("    mark: 0\n", ""), "C409"),
        (
            SELF_REVIEWED.partition("    rubric:")[0]
            + "    review: {self: true}\n  - key: suma-1"
            + SELF_REVIEWED.partition("  - key: suma-1")[2],
            "C110",
        ),
        (SELF_REVIEWED.replace("{self: true}", "{self: quizás}"), "C111"),
    ],
)
def test_what_contradicts_a_self_review_is_reported(bank: str, code: str) -> None:
    """spec/selection 8.6 and spec/content-format C409, C110."""
    name = next(path for path in folders.a_folder() if path.endswith("banco.yaml"))
    assert code in folders.codes(folders.with_file(name, bank)) - folders.codes(folders.with_file(name, SELF_REVIEWED))
