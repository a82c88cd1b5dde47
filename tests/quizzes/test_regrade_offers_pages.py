"""The remark on the page of regrades: which questions, how many answers, an example, and the way to the ordinary regrade.

spec/quiz-engine 5.11.6.
"""

from sqlalchemy import select

from courses.models import Course
from lms.instance import Instance
from quizzes.models import Regrade
from quizzes.rules.regrade import RegradeKind
from tests.support.browser import Browser
from tests.support.builders import a_teacher, sign_in
from tests.support.learning import a_learner, actor_of, attempt_row
from tests.support.regrading import a_dry_run, an_order, commit
from tests.support.typed_before import BANK, PLAIN, TYPED, a_typed_quiz, hand_in, upgrade
from tests.support.wording import in_spanish

PAGE = "/courses/prueba/quizzes/cuestionario-1/regrades"
HEADING = "Answers that would now be marked differently"


def an_editor(browser: Browser, course: Course) -> Browser:
    a_teacher(browser.instance, course)
    editor = sign_in(browser, "profe@example.org")
    editor.get(PAGE)
    return editor


def test_the_remark_leads_through_the_ordinary_regrade_and_is_gone(browser: Browser, instance: Instance) -> None:
    course = a_typed_quiz(instance)
    attempts = [hand_in(instance, a_learner(instance, course, f"{name}@example.org"), TYPED) for name in ("ana", "eva")]
    upgrade(instance)
    editor = an_editor(browser, course)

    editor.get(PAGE)
    shown = editor.page.text
    editor.get(f"{PAGE}/new?question=capital-1&kind=same")
    editor.submit("/regrades/new", {"reason": "Los signos del teléfono."})
    editor.submit("/commitment")

    assert in_spanish(HEADING) in shown
    assert in_spanish("%(count)s answer", 2) in shown
    assert f"{TYPED} → {PLAIN}" in shown
    assert in_spanish(HEADING) not in editor.get(PAGE).text
    assert [attempt_row(instance, attempt).percent for attempt in attempts] == [100, 100]


def test_the_remark_reads_in_english_and_escapes_what_was_typed(browser: Browser, instance: Instance) -> None:
    course = a_typed_quiz(instance, BANK.replace("right: O'Higgins", 'right: "\'*"'))
    hand_in(instance, a_learner(instance, course), "’<b>x</b>")
    upgrade(instance)
    editor = an_editor(browser.another("en"), course)
    editor.submit("/language", button=("language", "en"))

    page = editor.get(PAGE)

    assert HEADING in page.text
    assert "1 answer" in page.text
    assert "’&lt;b&gt;x&lt;/b&gt;" in page.html
    assert page.has_link(f"{PAGE}/new?question=capital-1&kind=same")


def test_a_corrected_question_is_regraded_with_the_version_that_its_editor_chooses(browser: Browser, instance: Instance) -> None:
    """Its own version would take the correction back."""
    course = a_typed_quiz(instance, BANK.replace("right: O'Higgins", "right: Sucre"))
    hand_in(instance, a_learner(instance, course), TYPED)
    a_typed_quiz(instance)
    editor = an_editor(browser, course)
    commit(instance, actor_of(a_teacher(instance, course, "otra@example.org")), a_dry_run_of_version_2(instance, course))
    upgrade(instance)

    page = editor.get(PAGE)

    assert in_spanish(HEADING) in page.text
    assert page.has_link(f"{PAGE}/new?question=capital-1")
    assert f"{PAGE}/new?question=capital-1&amp;kind=same" not in page.html


def test_the_way_from_the_remark_begins_with_the_answers_own_version(browser: Browser, instance: Instance) -> None:
    """A newer wording of the question, which nobody asked for, marks nothing."""
    course = a_typed_quiz(instance)
    hand_in(instance, a_learner(instance, course), TYPED)
    a_typed_quiz(instance, BANK.replace("right: O'Higgins", "right: Sucre"))
    upgrade(instance)
    editor = an_editor(browser, course)

    editor.get(f"{PAGE}/new?question=capital-1&kind=same")
    editor.submit("/regrades/new", {"reason": "Los signos del teléfono."})

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Regrade.kind)).all() == ["same"]


def a_dry_run_of_version_2(instance: Instance, course: Course) -> int:
    editor = actor_of(a_teacher(instance, course, "tercera@example.org"))
    return a_dry_run(instance, editor, an_order(instance, RegradeKind.OTHER, 2))


def test_a_quiz_without_such_answers_has_no_remark(browser: Browser, instance: Instance) -> None:
    course = a_typed_quiz(instance)
    hand_in(instance, a_learner(instance, course), PLAIN)
    upgrade(instance)

    assert in_spanish(HEADING) not in an_editor(browser, course).get(PAGE).text
