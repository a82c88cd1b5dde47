"""Parallel forms from the file of a quiz to attempts and to the page of its team (spec/selection 1.20 and 1.21)."""

import csv
import json
from dataclasses import replace
from io import StringIO

import pytest
from sqlalchemy import select

from courses.models import PublicationNature
from lms.instance import Instance
from questions.question_page import percentage
from questions.rules.definitions import QuestionSelection
from quizzes.content.blueprints import candidate_of
from quizzes.draws import ApprovalRow, FormsApproved, FormsChanged, form_of_attempt, list_approvals, recreate_layout
from quizzes.models import Attempt, QuizVersion
from quizzes.rules import balanced_draw
from quizzes.rules.balanced_draw import Balance
from quizzes.rules.layout import SlotEntry
from quizzes.snapshots import FirstAnswers, FormCount, frozen_balance, read_balance
from tests.support import folders
from tests.support.browser import Browser
from tests.support.builders import a_teacher, publish, sign_in
from tests.support.learning import a_learner, pass_quiz, sitting_of, start
from tests.support.lessons import write
from tests.support.questions import a_question, a_single, f
from tests.support.selection_folders import FILE, PAGE, a_balanced_folder, findings_of
from tests.support.takes import retake
from tests.support.wording import in_spanish

QUIZ = "/courses/prueba/quizzes/cuestionario-1"
APPROVAL = "/teaching/prueba/parts/cuestionario-1/forms/approval"
BASED = "Based on %(count)s submitted and fully marked attempt."
TWO = "slots:\n  - draw: 2\n"
FORMS = f"{TWO}balance: {{within: 5}}\nforms: 2\n"


def settings_of(quiz: str) -> object:
    return next(one.settings for one in folders.course(a_balanced_folder(quiz)).activities() if one.kind == "quiz")


def test_forms_are_read_and_bring_the_usual_balance() -> None:
    """spec/selection 1, spec/content-format 9: `none` and nothing are the same."""
    assert settings_of(FORMS).forms == 2  # type: ignore[attr-defined]  # of a quiz
    wide = f"{TWO}forms: 2\n"
    found = folders.reading(a_balanced_folder(wide, a=60, b=60, c=60, d=60)).course
    assert found is not None
    assert [(one.settings.forms, one.settings.balance) for one in found.activities() if one.kind == "quiz"] == [(2, Balance())]
    assert settings_of(f"{TWO}forms: none\n").balance is None  # type: ignore[attr-defined]  # of a quiz


@pytest.mark.parametrize("number", ["1", "7", "dos", "2.5", "-2"])
def test_a_number_of_forms_that_is_none_is_refused(number: str) -> None:
    """spec/selection 12."""
    quiz = f"{TWO}forms: {number}\n"

    assert any(findings_of(quiz, code) for code in ("C111", "C113"))


@pytest.mark.parametrize(("number", "found"), [(2, 0), (3, 1)])
def test_forms_that_are_not_there_are_refused(number: int, found: int) -> None:
    """spec/selection 1.20, spec/content-format C510: four questions make two forms of two."""
    assert findings_of(f"{TWO}balance: {{within: 20}}\nforms: {number}\n", "C510") == found


def test_attempts_get_the_forms_in_turn_then_a_draw_and_are_laid_out_again_alike(instance: Instance) -> None:
    """spec/selection 1.21, spec/quiz-engine 5.14.7."""
    course = publish(instance, a_balanced_folder(FORMS))[0]
    firsts = set()
    for number in range(6):
        learner = a_learner(instance, course, f"persona{number}@example.org")
        names = []
        for _attempt in range(3):
            with sitting_of(instance, learner, pass_quiz(instance, learner, "prueba")) as (session, loaded):
                form = form_of_attempt(loaded)
                names.append(form.name if form is not None else "")
                assert recreate_layout(session, loaded) == loaded
        assert sorted(names[:2]) == ["A", "B"]
        firsts.add(names[0])
    assert firsts <= {"A", "B"}


def test_a_further_take_goes_on_with_the_next_form(instance: Instance) -> None:
    """spec/selection 1.21: whoever takes the course again does not meet the same questions, and after all forms a draw."""
    course = publish(instance, a_balanced_folder(FORMS))[0]
    learner, letters = a_learner(instance, course), []

    for _take in range(3):
        with sitting_of(instance, learner, pass_quiz(instance, learner, "prueba")) as (_session, loaded):
            letters.append(loaded.row.form)
        retake(instance, learner, course)

    assert (sorted(letters[:2]), letters[2]) == (["A", "B"], "")


def test_results_statistics_and_reviews_name_the_form(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.21: the report with its file, the figures of one form alone, and the review."""
    course = publish(instance, a_balanced_folder(FORMS))[0]
    learner = a_learner(instance, course)
    for _attempt in range(3):
        attempt = pass_quiz(instance, learner, "prueba")
    with sitting_of(instance, learner, attempt) as (session, _loaded):
        letters = list(session.scalars(select(Attempt.form).order_by(Attempt.id)))
        first = session.scalars(select(Attempt.uuid).order_by(Attempt.id)).first()
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    report = browser.get(f"{QUIZ}/report")
    assert all(report.text.count(in_spanish("Form %(name)s", name=letter)) == 1 for letter in "AB")
    browser.get(f"{QUIZ}/report.csv")
    taken = browser.response.get_data().decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(taken)))
    assert [row[in_spanish("Form")] for row in rows] == letters
    assert in_spanish("Form %(name)s", name=letters[0]) in browser.get(f"/attempts/{first}/review").text
    assert in_spanish(BASED, 1) in browser.get(f"{QUIZ}/statistics?form=B&which=all").text
    assert in_spanish(BASED, 3) in browser.get(f"{QUIZ}/statistics?form=F&which=all").text


def test_forms_are_frozen_with_the_version(instance: Instance) -> None:
    """spec/selection 1.21: an attempt of before keeps its form where the next version has other questions."""
    course = publish(instance, a_balanced_folder(FORMS))[0]
    learner = a_learner(instance, course)
    attempt = start(instance, learner, "prueba")
    publish(instance, a_balanced_folder(FORMS, a=60, b=62, c=64, d=66, e=58, g=60), nature=PublicationNature.CORRECTION)

    with sitting_of(instance, learner, attempt) as (session, loaded):
        assert form_of_attempt(loaded) is not None
        assert recreate_layout(session, loaded) == loaded
        tables = [json.loads(entries)[-1] for entries in session.scalars(select(QuizVersion.entries).order_by(QuizVersion.id))]
    assert sorted(key for form in tables[0]["forms"] for own in form["cells"] for key in own) == ["a", "b", "c", "d"]
    assert len(tables) == 2
    assert tables[0]["seed"] != tables[1]["seed"]


def test_a_version_without_forms_is_read_as_before() -> None:
    """Attempts of versions that were published before there were forms draw as they did."""
    table = {"kind": "balance", "table": 1, "within": "3", "target": None, "facilities": {"a": 90}}

    assert read_balance(table).forms == ()


@pytest.mark.parametrize("most", [10**6, 0], ids=["no set is allowed", "too many sums"])
def test_answers_that_would_allow_no_forms_leave_the_table_to_the_authors(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 1.16 and 1.20."""
    monkeypatch.setattr(balanced_draw, "MOST_NUMBERS", most)
    pool = [replace(a_question(a_single()), key=key, selection=QuestionSelection(expected=f(50))) for key in ("a", "b")]
    entries = [SlotEntry(tuple(candidate_of(one) for one in pool))]
    answers = {"a": FirstAnswers(1000, f(700)), "b": FirstAnswers(1000, f(300))}

    found = frozen_balance(Balance(f(25), f(50)), entries, {one.key: one for one in pool}, answers, FormCount(2, 7))

    assert found[0]["facilities"] == {"a": 50, "b": 50}
    assert len(read_balance(found[0]).forms) == (2 if most else 0)


def test_the_page_of_the_blueprint_shows_the_published_forms_side_by_side(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.21: text, key, facility and expected score of each."""
    course = publish(instance, a_balanced_folder(FORMS))[0]
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    page = browser.get(PAGE)

    assert in_spanish("Form %(name)s", name="A") in page.text
    assert in_spanish("Form %(name)s", name="B") in page.text
    for key, facility in (("a", 90), ("b", 50), ("c", 85), ("d", 45)):
        assert f"¿Es cierto {key}?" in page.text
        assert percentage(f(facility)) in page.text


def test_two_editors_approve_the_forms_each_once(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.21: the names stay with the version; what was published meanwhile is looked at first."""
    course = publish(instance, a_balanced_folder(FORMS))[0]
    for address in ("profe@example.org", "otra@example.org", "tercera@example.org"):
        a_teacher(instance, course, address)
    sign_in(browser, "profe@example.org")
    page = browser.get(PAGE)
    version = dict(page.form("/forms/approval").fields)["version"]
    browser.post(APPROVAL, {"version": version})
    assert in_spanish("Approve these forms") not in browser.get(PAGE).text
    assert in_spanish(FormsApproved.message) in browser.post(APPROVAL, {"version": version}, status=409).text

    second, third = browser.another(), browser.another()
    sign_in(second, "otra@example.org")
    second.get(PAGE)
    second.post(APPROVAL, {"version": version})
    approvals = approvals_of(instance, int(version))
    assert len({one.person_id for one in approvals}) == len(approvals) == 2
    page = browser.get(PAGE)
    assert all(in_spanish("Approved by %(name)s", name=one.name) in page.text for one in approvals)

    sign_in(third, "tercera@example.org")
    third.post(APPROVAL, {"version": version}, status=409)
    publish(instance, a_balanced_folder(FORMS, a=60, b=62, c=64, d=66), nature=PublicationNature.CORRECTION)
    assert in_spanish(FormsChanged.message) in third.post(APPROVAL, {"version": version}, status=409).text
    assert dict(third.get(PAGE).form("/forms/approval").fields)["version"] != version
    assert len(approvals_of(instance, int(version))) == 2


def approvals_of(instance: Instance, version: int) -> list[ApprovalRow]:
    with instance.database.unit_of_work(write=False) as session:
        return list_approvals(session, version)


def test_a_quiz_whose_forms_are_not_yet_published_says_so(browser: Browser, instance: Instance) -> None:
    files = a_balanced_folder(TWO)
    course = publish(instance, files)[0]
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    words = in_spanish("The parallel forms are assembled when the course is published, and shown here.")
    assert words not in browser.get(PAGE).text

    write(instance, course, {FILE: files[FILE].decode().replace("attempts: 0", "forms: 2\nbalance: {within: 20}\nattempts: 0")})

    assert words in browser.get(PAGE).text


def test_the_search_for_forms_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/selection 12: a quiz for which the search is given up is refused."""
    monkeypatch.setattr(balanced_draw, "MOST_STARTS", 0)

    assert findings_of(FORMS, "C510") == 1
