"""Answers read from whatever a browser may send, and their way to and from the page."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questions.rules.answers import (
    MAX_TEXT,
    Answer,
    EssayAnswer,
    GapsAnswer,
    MalformedAnswer,
    MatchingAnswer,
    MatrixAnswer,
    MultipleChoiceAnswer,
    NumberAnswer,
    OrderingAnswer,
    SingleChoiceAnswer,
    TextAnswer,
    TrueFalseAnswer,
    answer_from_page,
    as_typed,
    is_empty,
    offered,
    page_from_answer,
    read_answer,
)
from questions.rules.definitions import Body, MultipleChoiceBody, MultipleRule, QuestionKind, TrueFalseBody
from questions.rules.item_layout import ItemLayout, lay_out_item
from tests.support.questions import (
    a_matching,
    a_matrix,
    a_multiple,
    a_numerical,
    a_question,
    a_single,
    an_ordering,
    dragged_gaps,
    every_body,
    some_gaps,
)

K = QuestionKind
ANSWERS: list[tuple[QuestionKind, dict[str, object], Answer]] = [
    (K.SINGLE, {"choice": "a"}, SingleChoiceAnswer("a")),
    (K.MULTIPLE, {"choices": ["b", "a"]}, MultipleChoiceAnswer(("a", "b"))),
    (K.TRUE_FALSE, {"value": False}, TrueFalseAnswer(False)),
    (K.SHORT, {"text": " brecha "}, TextAnswer(" brecha ")),
    (K.NUMERICAL, {"text": "1,5", "unit": "km"}, NumberAnswer("1,5", "km")),
    (K.CALCULATED, {"text": "abc"}, NumberAnswer("abc")),
    (K.MATCHING, {"matches": {"one": "x"}}, MatchingAnswer({"one": "x"})),
    (K.ORDERING, {"order": ["b", "a"], "confirmed": True}, OrderingAnswer(("b", "a"), confirmed=True)),
    (K.GAPS, {"values": {"uno": "sol"}, "units": {"uno": "m"}}, GapsAnswer({"uno": "sol"}, {"uno": "m"})),
    (K.ESSAY, {"text": "Hola", "files": ["7"]}, EssayAnswer("Hola", ("7",))),
    (K.FILE, {"files": ["7", "8"]}, EssayAnswer("", ("7", "8"))),
    (K.MATRIX, {"rows": {"salud": "si"}}, MatrixAnswer({"salud": "si"})),
]


@pytest.mark.parametrize(("kind", "payload", "answer"), ANSWERS, ids=lambda value: str(value)[:20])
def test_a_payload_is_read(kind: QuestionKind, payload: dict[str, object], answer: Answer) -> None:
    read = read_answer(kind, payload)

    assert read == answer
    assert not is_empty(read)


@pytest.mark.parametrize("kind", [kind for kind in K if kind is not K.DESCRIPTION])
def test_nothing_sent_is_an_empty_answer(kind: QuestionKind) -> None:
    for payload in (None, {}):
        answer = read_answer(kind, payload)

        assert not isinstance(answer, MalformedAnswer)
        assert is_empty(answer)


@pytest.mark.parametrize(
    ("kind", "payload", "place"),
    [
        (K.SINGLE, ["a"], "payload"),
        (K.SINGLE, {"choice": 3}, "choice"),
        (K.SINGLE, {"choice": "x" * 65}, "choice"),
        (K.MULTIPLE, {"choices": "ab"}, "choices"),
        (K.MULTIPLE, {"choices": ["a", "a"]}, "choices"),
        (K.MULTIPLE, {"choices": [""]}, "choices"),
        (K.MULTIPLE, {"choices": [["a"]]}, "choices"),
        (K.MULTIPLE, {"choices": [str(at) for at in range(101)]}, "choices"),
        (K.TRUE_FALSE, {"value": "yes"}, "value"),
        (K.SHORT, {"text": {"a": 1}}, "text"),
        (K.SHORT, {"text": "x" * (MAX_TEXT + 1)}, "text"),
        (K.MATCHING, {"matches": ["x"]}, "matches"),
        (K.MATCHING, {"matches": {"one": None}}, "matches"),
        (K.MATCHING, {"matches": {1: "x"}}, "matches"),
        (K.MATCHING, {"matches": {str(at): "x" for at in range(101)}}, "matches"),
        (K.GAPS, {"values": {"uno": 5}}, "values"),
        (K.DESCRIPTION, {}, "description"),
    ],
)
def test_what_does_not_fit_is_kept_as_typed_and_flagged(kind: QuestionKind, payload: object, place: str) -> None:
    """spec/quiz-engine 5.4.5: invalid input is saved as typed and flagged, not rejected."""
    answer = read_answer(kind, payload)

    assert isinstance(answer, MalformedAnswer)
    assert answer.place == place
    assert answer.malformed == as_typed(payload)
    assert not is_empty(answer)
    assert read_answer(kind, {"malformed": answer.malformed, "place": answer.place}) == answer


def test_the_bounds_themselves_are_allowed() -> None:
    hundred = [str(at) for at in range(100)]

    assert read_answer(K.MULTIPLE, {"choices": hundred}) == MultipleChoiceAnswer(tuple(sorted(hundred)))
    assert read_answer(K.MATCHING, {"matches": dict.fromkeys(hundred, "x")}) == MatchingAnswer(dict.fromkeys(hundred, "x"))
    assert read_answer(K.SINGLE, {"choice": "x" * 64}) == SingleChoiceAnswer("x" * 64)


def test_what_no_database_could_hold_is_replaced() -> None:
    assert read_answer(K.SHORT, {"text": "a\x00b\ud800"}) == TextAnswer("a\ufffdb\ufffd")
    assert as_typed(["\x00"]) == '["\\u0000"]'
    assert as_typed("\ud800") == "\ufffd"


def test_what_cannot_be_written_as_text_is_named_by_its_type() -> None:
    loop: list[object] = []
    loop.append(loop)

    assert as_typed(loop) == "list"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["choice", "text", "order", "values", "1", "malformed"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(list(K)), _json)
def test_no_payload_makes_reading_raise(kind: QuestionKind, payload: object) -> None:
    read_answer(kind, payload)


@given(st.sampled_from(every_body()), _json)
def test_no_page_makes_reading_raise(body: Body, payload: object) -> None:
    question = a_question(body)
    layout = lay_out_item(question, 7, "1.1", shuffle=True)

    page_from_answer(question, layout, answer_from_page(question, layout, payload))


LAYOUT = ItemLayout(
    orders={
        "options": ("c", "a", "b"),
        "items": ("three", "one", "two"),
        "matches": ("z", "y", "x"),
        "choices": ("mar", "sol", "luna"),
        "gap:anio": ("b", "c", "a"),
    }
)


@pytest.mark.parametrize(
    ("body", "page", "answer"),
    [
        (a_single(), {"choice": "2"}, SingleChoiceAnswer("a")),
        (a_single(), {"choice": ""}, SingleChoiceAnswer("")),
        (MultipleChoiceBody(a_single().options), {"choices": ["3", "1"]}, MultipleChoiceAnswer(("b", "c"))),
        (a_matching(), {"matches": {"1": "2", "2": "3", "3": ""}}, MatchingAnswer({"three": "y", "one": "x", "two": ""})),
        (a_matrix(), {"rows": {"2": "2"}}, MatrixAnswer({"prestamo": "no"})),
        (
            some_gaps(),
            {"values": {"1": "3", "2": "34,8"}, "units": {"2": "%"}},
            GapsAnswer({"anio": "a", "cubierta": "34,8"}, {"cubierta": "%"}),
        ),
        (dragged_gaps(), {"values": {"1": "2", "2": ""}, "units": {}}, GapsAnswer({"uno": "sol", "dos": ""})),
        (a_numerical(("1", "1")), {"text": "2", "unit": ""}, NumberAnswer("2")),
        (TrueFalseBody(answer=True), {"value": True}, TrueFalseAnswer(True)),
    ],
)
def test_pages_speak_in_places_and_answers_in_keys(body: Body, page: Mapping[str, object], answer: Answer) -> None:
    """spec/content-format 3.3: keys never reach a learner's page."""
    question = a_question(body)

    assert answer_from_page(question, LAYOUT, page) == answer
    again = page_from_answer(question, LAYOUT, answer)
    assert answer_from_page(question, LAYOUT, again) == answer
    if "choices" not in page:
        assert again == page


@pytest.mark.parametrize(("word", "value"), [("true", True), ("false", False), ("", None), (None, None)])
def test_a_form_says_true_and_false_in_words(word: str | None, value: bool | None) -> None:
    assert answer_from_page(a_question(TrueFalseBody(answer=True)), ItemLayout(), {"value": word}) == TrueFalseAnswer(value)


def test_a_word_that_is_no_truth_value_is_malformed() -> None:
    assert isinstance(answer_from_page(a_question(TrueFalseBody(answer=True)), ItemLayout(), {"value": "maybe"}), MalformedAnswer)


ORDERING = a_question(an_ordering(3))
MIXED = ItemLayout(orders={"items": ("i2", "i0", "i1")})


def test_an_order_may_come_as_a_list_or_as_new_positions() -> None:
    listed = answer_from_page(ORDERING, MIXED, {"order": ["2", "3", "1"], "confirmed": "on"})
    placed = answer_from_page(ORDERING, MIXED, {"positions": {"1": "3", "2": "1", "3": "2"}, "confirmed": ["on"]})

    assert listed == OrderingAnswer(("i0", "i1", "i2"), confirmed=True)
    assert placed == OrderingAnswer(("i0", "i1", "i2"))
    assert page_from_answer(ORDERING, MIXED, listed) == {"order": ["2", "3", "1"], "confirmed": True}


@pytest.mark.parametrize(
    "positions",
    [{"1": "1", "2": "1", "3": "2"}, {"1": "1"}, ["1", "2", "3"], {"1": "4", "2": "1", "3": "2"}, {"1": "1", "2": "2", "9": "3"}],
)
def test_positions_that_make_no_order_are_kept_and_shown_again(positions: object) -> None:
    answer = answer_from_page(ORDERING, MIXED, {"positions": positions})

    assert isinstance(answer, MalformedAnswer)
    assert page_from_answer(ORDERING, MIXED, answer) == {"positions": positions, "malformed": answer.malformed}


def test_gaps_that_are_no_mapping_are_malformed() -> None:
    assert answer_from_page(a_question(some_gaps()), LAYOUT, {"values": ["1"]}) == MalformedAnswer('{"values": ["1"]}', "values")


@pytest.mark.parametrize("place", ["0", "4", "-1", "1.5", "a", "²", "0001", True, 2.0, ["1"], {"1": "1"}])
def test_a_place_that_is_not_there_is_malformed(place: object) -> None:
    assert isinstance(answer_from_page(a_question(a_single()), LAYOUT, {"choice": place}), MalformedAnswer)


def test_a_whole_number_is_a_place_too() -> None:
    assert answer_from_page(a_question(a_single()), LAYOUT, {"choice": 3}) == SingleChoiceAnswer("b")


def test_a_payload_that_is_no_mapping_or_was_no_mapping_is_shown_as_text() -> None:
    question = a_question(a_single())
    answer = answer_from_page(question, LAYOUT, ["1"])

    assert isinstance(answer, MalformedAnswer)
    assert page_from_answer(question, LAYOUT, answer) == {"malformed": '["1"]'}
    assert page_from_answer(question, LAYOUT, MalformedAnswer("{broken", "payload")) == {"malformed": "{broken"}


def test_a_key_that_is_no_longer_offered_has_no_place() -> None:
    assert page_from_answer(a_question(a_single()), LAYOUT, SingleChoiceAnswer("gone")) == {"choice": ""}


def test_the_lists_of_a_page_are_named_by_the_field_of_the_answer() -> None:
    assert offered(a_question(a_single()), LAYOUT, "choice") == ("c", "a", "b")
    assert list(offered(a_question(a_matrix()), LAYOUT, "rows")) == ["si", "no"]
    assert offered(a_question(a_multiple(MultipleRule.HALVES, 1, 2)), LAYOUT, "text") == ()
    assert offered(a_question(a_matching()), LAYOUT, "matches") == ("z", "y", "x")
