"""Quizzes whose results are used outside the course, from their form to attempts and the page before them (spec/selection 0)."""

from fractions import Fraction

import pytest

from courses.models import PublicationNature
from lms.instance import Instance
from quizzes.content.quiz_fields import describe_quiz
from quizzes.rules.blueprint import BlueprintWeight
from quizzes.rules.result_use import ObjectionRules, ResultUse
from tests.support import folders
from tests.support.browser import Browser
from tests.support.builders import a_teacher, folder, publish, sign_in
from tests.support.drafts import draft_texts
from tests.support.learning import a_learner, pass_quiz, sitting_of, start
from tests.support.selecting import LAW, NORM, USE
from tests.support.selecting import RULES as OTHER_RULES
from tests.support.selection_folders import BANK, FILE, HEAD, PAGE, questions
from tests.support.wording import in_spanish

QUIZ = f"{HEAD}slots:\n  - question: a\n"
RULES = OTHER_RULES + NORM
SETTINGS = "/teaching/prueba/parts/cuestionario-1"
START = "/courses/prueba/quizzes/cuestionario-1"


def a_folder(more: str = "", attempts: str = "attempts: 3\n") -> dict[str, bytes]:
    """Return a course in Spanish alone with a quiz of one question."""
    files = folder(modules=1)
    files["recursos.yaml"] = LAW
    files[BANK] = questions(a="level: apply; source: [ley]").encode()
    files[FILE] = f"{QUIZ}{more}{attempts}".encode()
    return files


def test_a_new_version_makes_attempts_started_afterwards_selecting(browser: Browser, instance: Instance) -> None:
    """spec/selection 0.1: switching it on holds for attempts started afterwards, also of who began before."""
    course = publish(instance, a_folder())[0]
    learner = a_learner(instance, course)
    before = pass_quiz(instance, learner, "prueba")
    open_one = start(instance, a_learner(instance, course, "luis@example.org"), "prueba")
    publish(instance, a_folder(USE + RULES), nature=PublicationNature.CORRECTION)
    browser.deliver_jobs()
    after = start(instance, learner, "prueba")

    found = {}
    for name, attempt in (("before", before), ("open", open_one), ("after", after)):
        with sitting_of(instance, learner, attempt) as (_session, loaded):
            found[name] = loaded.snapshot.selection
    use = ResultUse(
        {"es": "Ascensos 2027, Talento Humano", "en": "Promotions 2027, Personnel"},
        {"es": "talento@example.org", "en": "staff@example.org"},
        {"es": "Reglamento, art. 12", "en": "Rules, art. 12"},
        objections=ObjectionRules(),
        blueprint=(BlueprintWeight(Fraction(100), level="apply"),),
    )
    assert found == {"before": None, "open": None, "after": use}


@pytest.mark.parametrize(
    ("attempts", "words"),
    [
        ("attempts: 1\n", "You have one attempt, and it counts."),
        ("attempts: 3\n", "If you make several attempts, the best one counts."),
        ("attempts: 3\ngrading: average\n", "If you make several attempts, their average counts."),
        ("attempts: 3\ngrading: first\n", "If you make several attempts, the first one counts."),
        ("grading: last\n", "If you make several attempts, the last one counts."),
    ],
)
def test_the_start_page_says_what_the_result_is_used_for(browser: Browser, instance: Instance, attempts: str, words: str) -> None:
    """spec/selection 0.4: what for, which attempt counts, what is recorded, whom to ask."""
    course = publish(instance, a_folder(USE + RULES, attempts))[0]
    a_learner(instance, course)
    sign_in(browser, "ana@example.org")

    page = browser.get(START)

    assert in_spanish("Your result is used outside the course") in page.text
    for shown in ("Ascensos 2027, Talento Humano", "talento@example.org", in_spanish(words)):
        assert shown in page.text
    assert in_spanish("What is recorded") in page.text


def test_the_start_page_of_another_quiz_says_nothing_of_it(browser: Browser, instance: Instance) -> None:
    course = publish(instance, a_folder())[0]
    a_learner(instance, course)
    sign_in(browser, "ana@example.org")

    assert in_spanish("Your result is used outside the course") not in browser.get(START).text


def test_the_form_writes_and_deletes_the_use(browser: Browser, instance: Instance) -> None:
    """spec/selection 0.1: the editor's form and the text are the same; emptying both fields switches it off."""
    course = publish(instance, a_folder(RULES))[0]
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    browser.get(SETTINGS)

    browser.submit(SETTINGS, {"selection__use_es": "Ascensos 2027", "selection__contact_es": "Talento Humano"})
    written = draft_texts(instance)[FILE]
    browser.get(SETTINGS)
    browser.submit(SETTINGS, {"selection__use_es": "", "selection__contact_es": ""})

    assert "selection:\n  use: Ascensos 2027\n  contact: Talento Humano\n" in written
    assert "selection" not in draft_texts(instance)[FILE]


def test_a_use_without_a_contact_is_refused_by_the_form(browser: Browser, instance: Instance) -> None:
    """spec/selection 12: nothing is written."""
    course = publish(instance, a_folder(RULES))[0]
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    browser.get(SETTINGS)

    page = browser.submit(SETTINGS, {"selection__use_es": "Ascensos 2027", "selection__contact_es": ""}, status=422)

    assert in_spanish("Whom learners ask about that") in page.text
    assert "selection" not in draft_texts(instance)[FILE]


def test_what_a_selecting_quiz_lacks_stands_on_the_page_of_its_blueprint(browser: Browser, instance: Instance) -> None:
    """spec/selection 0.2 and 0.3."""
    course = publish(instance, a_folder(USE + RULES))[0]
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    assert in_spanish("Ask at least %(least)s questions.", least="30") in browser.get(PAGE).text


def test_the_differences_of_a_draft_tell_the_use() -> None:
    """spec/selection 0.1: what changed is shown before it is published."""
    activity = next(one for one in folders.course(a_folder(USE + RULES)).activities() if one.kind == "quiz")

    facts = {fact.name: fact.value for fact in describe_quiz(activity) if fact.name.startswith("selection") and fact.language == "es"}

    assert facts == {"selection.use": "Ascensos 2027, Talento Humano", "selection.contact": "talento@example.org"}


@pytest.mark.parametrize(("more", "asks"), [("", True), ("integrity: {honour: false}\n", False)])
def test_whom_to_ask_stands_beside_the_declaration(browser: Browser, instance: Instance, more: str, asks: bool) -> None:
    """spec/selection 6.1 and 6.2: a selecting quiz asks for it unless it says otherwise."""
    a_learner(instance, publish(instance, a_folder(USE + RULES + more))[0])
    sign_in(browser, "ana@example.org")

    page = browser.get(f"{START}/start")

    assert ('name="declared"' in page.html) is asks
    assert ("talento@example.org" in page.text) is asks
