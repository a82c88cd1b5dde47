"""How a question stands after its checks and at the end, from stored responses (spec/quiz-engine 5.5, 5.6)."""

import pytest

from questions.rules.answers import Parts
from questions.rules.definitions import Body, DescriptionBody, EssayBody, QuestionDefinition, ShortAnswerBody
from questions.rules.item_layout import OPTIONS, ItemLayout
from questions.rules.marking import MarkState
from questions.rules.numbers import ENGLISH, SPANISH
from quizzes.rules.grades import QuestionMarker, asks_certainty, can_be_checked, certainty_of, is_finished, is_judged_by_rule
from quizzes.rules.settings import Behaviour
from tests.support.questions import a_calculated, a_matrix, a_numerical, a_question, a_short, a_single, es, f

RIGHT, WRONG, OTHER = {"answer": ["1"]}, {"answer": ["2"]}, {"answer": ["3"]}
LAYOUT = ItemLayout(orders={OPTIONS: ("a", "b", "c")})
AT_ONCE = (Behaviour.IMMEDIATE, Behaviour.INTERACTIVE, Behaviour.ADAPTIVE)


def a_judge(behaviour: Behaviour, body: Body | None = None, hints: int = 2) -> QuestionMarker:
    question = a_question(body or a_single(), hints=tuple(es(f"hint {n}") for n in range(hints)))
    return QuestionMarker(behaviour, question, LAYOUT, SPANISH)


def test_a_check_is_judged_by_the_behaviour() -> None:
    """spec/quiz-engine 5.6: immediate locks; interactive leaves tries; adaptive keeps the best."""
    found = {behaviour: a_judge(behaviour).after([WRONG, RIGHT]) for behaviour in AT_ONCE}

    assert [(one.fraction, one.locked) for one in found.values()] == [(0, True), (f("2/3"), True), (f("2/3"), False)]


def test_the_response_at_the_end_is_the_last_try() -> None:
    """spec/quiz-engine 5.6: unchecked answers count after the checked ones; a blank page takes nothing away."""
    judge = a_judge(Behaviour.ADAPTIVE)

    assert judge.at_end([WRONG], RIGHT).fraction == f("2/3")
    assert judge.at_end([RIGHT], None).fraction == 1
    assert judge.at_end([], None).state is MarkState.NOT_ANSWERED


@pytest.mark.parametrize("behaviour", [Behaviour.DEFERRED, Behaviour.INTERACTIVE, Behaviour.CERTAINTY])
def test_at_the_end_a_question_is_locked_whatever_the_behaviour(behaviour: Behaviour) -> None:
    """spec/quiz-engine 5.6: with an unreadable answer too, and with one that could be tried again."""
    judge = a_judge(behaviour)

    assert judge.at_end([], WRONG).locked
    assert judge.at_end([], None).locked
    assert not judge.after([]).locked


def test_answers_are_judged_by_the_attempts_own_values_and_convention() -> None:
    """spec/quiz-engine 5.2.5 and 5.7: calculated from what was drawn for the attempt;
    a point is what the learner's language makes of it.
    """
    drawn = [ItemLayout(variables={"personas": f(count)}) for count in ("1000", "2000")]
    calculated = [QuestionMarker(Behaviour.DEFERRED, a_question(a_calculated()), layout, SPANISH) for layout in drawn]
    number = [QuestionMarker(Behaviour.DEFERRED, a_question(a_numerical(("1234", "1"))), LAYOUT, one) for one in (SPANISH, ENGLISH)]

    assert [judge.marking({"answer": ["2217600"]}).fraction for judge in calculated] == [0, 1]
    assert [judge.marking({"answer": ["1.234"]}).fraction for judge in number] == [1, 0]


def test_at_the_end_the_certainty_of_the_response_counts() -> None:
    """spec/quiz-engine 5.6 certainty."""
    judge = a_judge(Behaviour.CERTAINTY)

    assert judge.at_end([], RIGHT | {"certainty": ["3"]}).fraction == 3
    assert judge.at_end([], WRONG | {"certainty": ["2"]}).fraction == -2
    assert judge.at_end([], RIGHT).fraction == 1


@pytest.mark.parametrize(
    ("behaviour", "before", "response", "counts"),
    [
        (Behaviour.IMMEDIATE, [], WRONG, True),
        (Behaviour.IMMEDIATE, [WRONG], RIGHT, False),
        (Behaviour.INTERACTIVE, [WRONG], WRONG, False),
        (Behaviour.INTERACTIVE, [WRONG, OTHER], WRONG, True),
        (Behaviour.ADAPTIVE, [WRONG, OTHER], WRONG, False),
        (Behaviour.ADAPTIVE, [WRONG, OTHER], RIGHT, True),
        (Behaviour.ADAPTIVE, [WRONG], {}, False),
    ],
)
def test_which_checks_cost_a_try(behaviour: Behaviour, before: list[Parts], response: Parts, counts: bool) -> None:
    """spec/quiz-engine 5.6: repetitions that the behaviour discards, blank answers, and anything after a lock cost nothing."""
    assert a_judge(behaviour).costs_a_try(before, response) is counts


def test_only_what_can_be_judged_is_readable() -> None:
    """spec/quiz-engine 5.4.5."""
    judge = a_judge(Behaviour.IMMEDIATE, a_numerical(("2", "1")))

    assert [judge.is_readable({"answer": [typed]}) for typed in ("2", "9", "", "dos")] == [True, True, False, False]


def test_checks_and_certainty_are_for_what_a_rule_judges() -> None:
    """spec/quiz-engine 5.6 manual: texts, surveys, self-checks and descriptions are not checked,
    and nobody says how sure they are of them.
    """
    bodies: dict[str, Body] = {
        "single": a_single(),
        "short": a_short(("x", "1")),
        "essay": EssayBody(),
        "survey": a_matrix(survey=True),
        "self-check": ShortAnswerBody(),
        "description": DescriptionBody(),
    }
    questions: dict[str, QuestionDefinition] = {name: a_question(body) for name, body in bodies.items()}

    judged = [name for name, question in questions.items() if is_judged_by_rule(question)]
    checked = {behaviour: [name for name, one in questions.items() if can_be_checked(behaviour, one)] for behaviour in Behaviour}
    asked = {behaviour: [name for name, one in questions.items() if asks_certainty(behaviour, one)] for behaviour in Behaviour}

    assert judged == ["single", "short"]
    assert {behaviour for behaviour, names in checked.items() if names == judged} == set(AT_ONCE)
    assert {behaviour for behaviour, names in checked.items() if not names} == {Behaviour.DEFERRED, Behaviour.CERTAINTY}
    assert {behaviour for behaviour, names in asked.items() if names == judged} == {Behaviour.CERTAINTY}


@pytest.mark.parametrize(("said", "level"), [(["1"], 1), (["2"], 2), (["3"], 3), (["4"], None), (["x"], None), ([], None)])
def test_certainty_is_one_of_three(said: list[str], level: int | None) -> None:
    """spec/quiz-engine 5.6: anything else is none chosen."""
    assert certainty_of({"certainty": said}) == level
    assert certainty_of(None) is None


def test_what_waits_opens_when_the_question_before_is_finished() -> None:
    """spec/quiz-engine 5.5: locked by a check; where no rule can lock it, answered."""
    survey = a_matrix(survey=True)
    single, essay = a_judge(Behaviour.IMMEDIATE), a_judge(Behaviour.IMMEDIATE, EssayBody())

    assert [is_finished(single, checked, WRONG) for checked in ([], [WRONG])] == [False, True]
    assert [is_finished(essay, [], response) for response in (None, {"answer": [" "]}, {"answer": ["Un texto."]})] == [False, False, True]
    answered = [is_finished(a_judge(Behaviour.IMMEDIATE, survey), [], response) for response in (None, {"1": [""]}, {"1": ["2"]})]
    assert answered == [False, False, True]
