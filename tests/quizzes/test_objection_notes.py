"""«I object to this question» while answering: saved with the answer and no part of it (spec/selection 5.2)."""

import json

import pytest
from sqlalchemy import select

from lms.instance import Instance
from questions.question_bank import get_questions
from questions.rules.answers import OBJECTING, ObjectionNote, clean_parts, objection_in, says_the_same
from questions.rules.numbers import SPANISH
from quizzes.models import AnswerEvent, AttemptItem, MarkEvent
from quizzes.rules.grades import QuestionMarker
from quizzes.rules.settings import Behaviour
from quizzes.rules.states import answer_state
from tests.support.attempts import QUIZ, begin, stored
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_learner_in, a_teacher, sign_in
from tests.support.kinds import SLOTS, bank
from tests.support.learning import a_learner, send_script, sitting_of, start
from tests.support.quizzes import NUMBER, a_quiz_asking
from tests.support.selections import a_selecting_course
from tests.support.statements import cost, token_of
from tests.support.wording import in_spanish

OWN = "attempts: 1\nintegrity: {honour: false}\n"
OBJECT = "I object to this question"
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


def test_an_answer_with_it_is_the_same_answer() -> None:
    """spec/quiz-engine 5.11.1: a mark that a person gave stays when an attempt is handed in again."""
    assert says_the_same({"answer": ["uno"]}, {"answer": ["uno"], "objection": ["1"], "objection-reason": [REASON]})
    assert not says_the_same({"answer": ["uno"]}, {"answer": ["dos"], "objection": ["1"]})


@pytest.mark.parametrize(
    "sent", [None, [], {"objection": []}, {"objection": [""]}, {"objection": {"a": 1}}, {"objection-reason": [REASON]}]
)
def test_what_is_not_ticked_is_no_objection(sent: object) -> None:
    assert objection_in(sent) is None
    assert objection_in({"objection": ["1"]}) == ObjectionNote()


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
