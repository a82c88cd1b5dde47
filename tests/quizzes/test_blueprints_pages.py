"""The blueprint of a quiz on the web, and attempts that keep families and enemies apart (spec/selection 1)."""

import re

import pytest
from sqlalchemy import select

from courses.models import Course
from lms.instance import Instance
from questions.models import Question, QuestionVersion
from quizzes.draws import recreate_layout
from quizzes.models import AttemptItem, QuizVersion
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, folder, publish, sign_in
from tests.support.drafts import draft_texts
from tests.support.learning import a_learner, sitting_of, start
from tests.support.lessons import write
from tests.support.selection_folders import BANK, FILE, HEAD, PAGE, questions
from tests.support.wording import in_spanish

ADD = "sumar-dos-numeros"
COUNT = "contar"


@pytest.fixture
def course(browser: Browser, instance: Instance) -> Course:
    """Return a course with a blueprint whose draws do not keep it, before somebody who edits it."""
    made = a_course(instance, modules=1)
    a_teacher(instance, made)
    sign_in(browser, "profe@example.org")
    bank = questions(
        a=f"objective: {ADD}; level: apply; difficulty: easy",
        b=f"objective: {ADD}; level: apply; difficulty: hard",
        c=f"objective: {COUNT}; level: recall; family: uno",
        d=f"objective: {COUNT}; level: recall",
    )
    lines = f"blueprint:\n  - {{weight: 50, objective: {ADD}}}\n  - {{weight: 50, objective: {COUNT}}}\n"
    write(instance, made, {FILE: f"{HEAD}slots:\n  - question: a\n  - draw: 2\n    from: [parte-1]\n{lines}attempts: 3\n", BANK: bank})
    return made


def test_every_cell_of_the_blueprint_of_a_quiz(browser: Browser, instance: Instance) -> None:
    """spec/security 9, course.edit; a POST of those who may not changes nothing."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))
    before = draft_texts(instance)

    wrong = cast.check("course.edit", "own_course", cast.outcomes(PAGE))
    sent = cast.outcomes(PAGE, "POST", {"number": "1", "seen": "0"})

    assert wrong == []
    assert {letter for letter, outcome in sent.items() if outcome == "allow"} <= set("IS"), sent
    assert draft_texts(instance) == before


def test_the_page_compares_the_plan_with_the_draws_and_the_bank(browser: Browser, course: Course) -> None:
    """spec/selection 1.4: objective, level and difficulty with asked weight, least, most and ready questions."""
    page = browser.get(PAGE)

    assert "Sumar dos números." in page.text
    assert "33,33" in page.text
    assert "66,67" in page.text
    assert in_spanish("Some attempts could break it") in page.text
    assert in_spanish("These families have only one question in this quiz: %(names)s.") % {"names": "uno"} in page.text
    assert in_spanish("How this is computed") in page.text


def test_draws_are_made_from_the_lines_and_keep_the_blueprint(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/selection 1.4: a button makes the draws from the lines; the draws of before go, fixed questions stay."""
    browser.get(PAGE)

    page = browser.submit("/blueprint", {"number": "2", "by": "objective"})

    text = draft_texts(instance)[FILE]
    assert f"  - draw: 1\n    from: [parte-1]\n    objective: {ADD}\n  - draw: 1\n    from: [parte-1]\n    objective: {COUNT}\n" in text
    assert "  - question: a\n" in text
    assert "draw: 2" not in text
    assert in_spanish("Saved in the draft.") in page.text


@pytest.mark.parametrize(("number", "by"), [("0", "objective"), ("201", "objective"), ("dos", "objective"), ("2", "level")])
def test_a_number_or_lines_that_are_none_make_no_draws(browser: Browser, instance: Instance, course: Course, number: str, by: str) -> None:
    before = draft_texts(instance)
    browser.get(PAGE)

    page = browser.submit("/blueprint", {"number": number, "by": by}, status=422)

    assert in_spanish("Enter how many questions to draw, from 1 to %(most)s, and choose the lines.") % {"most": 200} in page.text
    assert draft_texts(instance) == before


def test_what_somebody_else_saved_meanwhile_is_not_overwritten(browser: Browser, instance: Instance, course: Course) -> None:
    browser.get(PAGE)
    write(instance, course, {FILE: draft_texts(instance)[FILE].replace("attempts: 3", "attempts: 2")})

    browser.submit("/blueprint", {"number": "2", "by": "objective"}, status=409)

    assert "draw: 2" in draft_texts(instance)[FILE]


def test_a_quiz_without_a_blueprint_says_so_and_lists_the_objectives(browser: Browser, instance: Instance, course: Course) -> None:
    write(instance, course, {FILE: f"{HEAD}slots:\n  - draw: 2\n"})

    page = browser.get(PAGE)

    assert in_spanish("There is no blueprint yet") in page.text
    assert COUNT in page.text


def test_attempts_never_have_two_of_a_family_or_two_enemies_and_are_drawn_again_alike(instance: Instance) -> None:
    """spec/selection 1.7 and 1.8, spec/quiz-engine 5.14.7: frozen with the version, and the same from the seed."""
    files = folder(modules=1)
    files[BANK] = questions(a="family: uno", b="family: uno", c="enemies: [d]", d="", e="").encode()
    files[FILE] = f"{HEAD}slots:\n  - draw: 3\n    every: family\nattempts: 0\n".encode()
    course = publish(instance, files)[0]
    for number in range(6):
        learner = a_learner(instance, course, f"persona{number}@example.org")
        attempt = start(instance, learner, "prueba")
        with sitting_of(instance, learner, attempt) as (session, loaded):
            drawn = set(session.scalars(_KEYS.where(AttemptItem.attempt_id == loaded.row.id)))
            assert len(drawn & {"a", "b"}) == 1
            assert len(drawn & {"c", "d"}) == 1
            assert recreate_layout(session, loaded) == loaded
    with instance.database.unit_of_work(write=False) as session:
        kept = session.scalars(select(QuizVersion.entries)).one()
    assert '"families": {"a": "uno", "b": "uno"}' in kept


_KEYS = (
    select(Question.key)
    .join(QuestionVersion, QuestionVersion.question_id == Question.id)
    .join(AttemptItem, AttemptItem.question_version_id == QuestionVersion.id)
)


def test_objective_and_family_make_no_new_version_of_a_question(instance: Instance) -> None:
    """spec/selection 1: they say where a question is drawn, not how it is asked."""
    files = folder(modules=1)
    files[FILE] = f"{HEAD}slots:\n  - draw: 2\n".encode()
    for own in ("", f"objective: {COUNT}; level: judge; family: uno"):
        files[BANK] = questions(a=own, b="").encode()
        publish(instance, files)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(QuestionVersion.number)).all() == [1, 1]


def test_what_a_quiz_names_of_its_course_is_chosen(browser: Browser, instance: Instance, course: Course) -> None:
    write(
        instance,
        course,
        {
            "course.yaml": draft_texts(instance)["course.yaml"] + "grade:\n  - {category: tareas, title: Las tareas, weight: 100}\n",
            "01-parte/08-antes.quiz.yaml": "key: antes\ntitle: Antes\nslots:\n  - question: a\n",
        },
    )
    address = PAGE.removesuffix("/blueprint")
    page = browser.get(address)

    def offered(name: str) -> dict[str, str]:
        options = page.html.partition(f' id="{name}" name="{name}">')[2].partition("</select>")[0]
        return dict(re.findall(r'value="([^"]+)">([^<]+)<', options))

    assert offered("category") == {"tareas": "Las tareas"}
    assert offered("pairs_with")["antes"] == "Antes"
    assert offered("blueprint__0__objective") == {ADD: "Sumar dos números.", COUNT: "Contar."}
    browser.submit(address, {"category": "tareas"})
    assert "category: tareas\n" in draft_texts(instance)[FILE]
