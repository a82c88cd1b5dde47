"""Quizzes whose results are used outside the course, from their form to the page before them, and the objections that learners note.

spec/selection 0, 5.2, 5.1, 0.4.
"""

import json
from fractions import Fraction

import pytest
from sqlalchemy import select

from courses.models import PublicationNature
from lms.instance import Instance
from questions.question_bank import get_questions
from questions.rules.answers import OBJECTING, ObjectionNote, clean_parts, objection_in
from questions.rules.numbers import SPANISH
from quizzes.content.quiz_fields import describe_quiz
from quizzes.models import AnswerEvent, AttemptItem, MarkEvent
from quizzes.rules.blueprint import BlueprintWeight
from quizzes.rules.grades import QuestionMarker
from quizzes.rules.result_use import ObjectionRules, ResultUse
from quizzes.rules.settings import Behaviour
from quizzes.rules.states import answer_state
from tests.support import folders
from tests.support.attempts import QUIZ, begin, stored
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_learner_in, a_teacher, folder, publish, sign_in
from tests.support.drafts import draft_texts
from tests.support.kinds import SLOTS, bank
from tests.support.learning import a_learner, pass_quiz, send_script, sitting_of, start
from tests.support.quizzes import NUMBER, a_quiz_asking
from tests.support.selecting import LAW, NORM, USE, a_selecting_folder
from tests.support.selecting import RULES as OTHER_RULES
from tests.support.selection_folders import BANK, FILE, HEAD, PAGE, questions
from tests.support.selections import a_selecting_course
from tests.support.statements import cost, token_of
from tests.support.wording import in_spanish

SELECTING_QUIZ = f"{HEAD}slots:\n  - question: a\n"
RULES = OTHER_RULES + NORM
SETTINGS = "/teaching/prueba/parts/cuestionario-1"
START = "/courses/prueba/quizzes/cuestionario-1"


def a_folder(more: str = "", attempts: str = "attempts: 3\n") -> dict[str, bytes]:
    """Return a course in Spanish alone with a quiz of one question."""
    files = folder(modules=1)
    files["recursos.yaml"] = LAW
    files[BANK] = questions(a="level: apply; source: [ley]").encode()
    files[FILE] = f"{SELECTING_QUIZ}{more}{attempts}".encode()
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


OWN = "attempts: 1\nintegrity: {honour: false}\n"
OBJECT = "I want to object to this question"
REASON = "Las dos primeras opciones dicen lo mismo."


def responses(instance: Instance) -> list[object]:
    return [payload for _kind, payload in stored(instance)]


def test_without_a_script_it_is_saved_with_the_page_and_taken_back(browser: Browser, instance: Instance) -> None:
    """spec/selection 5.2: like a flag."""
    a_learner_in(browser, a_selecting_course(instance, 2, OWN))
    path = begin(browser)

    browser.submit("/answers", {"p1": "1", "p1-objection": "1", "p1-objection-reason": REASON})
    noted = browser.get(path)
    assert REASON in noted.text
    assert 'name="p1-objection" value="1" checked' in noted.html
    assert in_spanish("You object") in browser.get(f"{path}/summary").text
    browser.get(path)
    browser.submit("/answers", {"p1": "1", "p1-objection": [], "p1-objection-reason": ""})

    assert responses(instance)[0] == {"answer": ["1"], "objection": ["1"], "objection-reason": [REASON]}
    assert objection_in(responses(instance)[-1]) is None
    assert in_spanish("You object") not in browser.get(f"{path}/summary").text


def test_a_script_saves_it_like_any_answer_and_a_replay_changes_nothing(browser: Browser, instance: Instance) -> None:
    """spec/selection 5.2 and spec/quiz-engine 5.4.1: from the device's journal, twice."""
    a_learner_in(browser, a_selecting_course(instance, 2, OWN))
    path = begin(browser)
    event = {"item": 2, "seq": 1, "response": {"answer": [], "objection": ["1"], "objection-reason": [REASON]}}

    for _time in range(2):
        send_script(browser, path.rpartition("/")[2], [event], lease=5000)

    assert [objection_in(one) for one in responses(instance)] == [ObjectionNote(REASON)]
    assert REASON in browser.get(path).text


def test_it_costs_a_save_no_statement(browser: Browser, instance: Instance) -> None:
    """spec/performance P6: the same statements with it as without."""
    browser.checks = False
    a_learner_in(browser, a_selecting_course(instance, 2, OWN))
    path, counter, found = begin(browser), every_statement(instance.database), []
    token = token_of(browser.page.html)
    for seq, beside in enumerate(({}, {}, {"objection": ["1"], "objection-reason": [REASON]}), 1):
        event = {"item": 1, "seq": seq, "response": {"answer": [str(seq % 2 + 1)], **beside}}
        sent = {"csrf_token": token, "lease": "5000", "events": json.dumps([event])}
        found.append(cost(browser, counter, f"{path}/answers", sent, json_wanted=True).statements)

    assert found[1] == found[2] <= 5


@pytest.mark.parametrize("reason", [[], ["x" * 5000]])
@pytest.mark.parametrize("answer", [{}, {"answer": ["1"], "1": ["1"], "2": ["2"]}])
def test_of_no_kind_of_question_it_changes_state_or_mark(instance: Instance, reason: list[str], answer: dict[str, list[str]]) -> None:
    """spec/selection 5.2: an objection alone is no answer, and beside an answer it is no part of it."""
    learner = a_learner(instance, a_quiz_asking(instance, bank(), "attempts: 0\nweight: 0\nshuffle_options: false\n", SLOTS))
    plain, noted = clean_parts(answer), clean_parts({**answer, "objection": ["1"], "objection-reason": reason})
    without, beside = {}, {}
    with sitting_of(instance, learner, start(instance, learner, "prueba")) as (session, loaded):
        questions = get_questions(session, [item.question_version_id for item in loaded.items])
        for item in (item for item in loaded.items if item.number is not None):
            question = questions[item.question_version_id]
            marker = QuestionMarker(Behaviour.DEFERRED, question, item.layout, SPANISH)
            for found, parts in ((without, plain), (beside, noted)):
                found[question.key] = answer_state(question, item.layout, parts, SPANISH), marker.at_end([], parts)

    assert len(without) == len(SLOTS) - 1  # all but the words between them
    assert without == beside


def test_other_quizzes_and_previews_have_none(browser: Browser, instance: Instance) -> None:
    """spec/selection 0.1: only a selecting quiz has objections."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    assert in_spanish(OBJECT) not in browser.get(begin(browser)).text

    course = a_selecting_course(instance, 2, OWN)
    a_teacher(instance, course, "otra@example.org")
    teacher = sign_in(browser.another(), "otra@example.org")
    teacher.get(f"/courses/{course.slug}{QUIZ.removeprefix('/courses/prueba')}")
    teacher.submit("/attempts")
    assert in_spanish(OBJECT) not in teacher.page.text


def test_no_column_holds_it_but_the_answer(browser: Browser, instance: Instance) -> None:
    """spec/selection 5.2: nothing of it reaches marks or layouts."""
    a_learner_in(browser, a_selecting_course(instance, 2, OWN))
    begin(browser)
    browser.submit("/answers", {"p1": "1", "p1-objection": "1", "p1-objection-reason": REASON, "go": "review"})
    browser.submit("/submission")

    with instance.database.unit_of_work(write=False) as session:
        assert [len(OBJECTING & json.loads(one).keys()) for one in session.scalars(select(AnswerEvent.payload))] == [2]
        assert REASON not in "".join(session.scalars(select(MarkEvent.reason)).all() + session.scalars(select(AttemptItem.layout)).all())


TERMS = "objections: {term: 3 d, decide: 7 d}\n"


def frozen(instance: Instance, more: str) -> ObjectionRules | None:
    learner = a_learner(instance, publish(instance, a_selecting_folder(NORM + more))[0])
    with sitting_of(instance, learner, start(instance, learner, "prueba")) as (_session, loaded):
        assert loaded.snapshot.selection is not None
        return loaded.snapshot.selection.objections


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", ObjectionRules(5, 10)),
        (TERMS, ObjectionRules(3, 7)),
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
    files[FILE] = files[FILE].replace(USE.encode(), b"") + TERMS.encode()

    assert len(folders.findings(files, "C520")) == 1


def test_the_start_page_says_how_long_one_may_object(browser: Browser, instance: Instance) -> None:
    """spec/selection 0.4: in plain words."""
    a_learner(instance, publish(instance, a_selecting_folder(NORM + TERMS))[0])
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
