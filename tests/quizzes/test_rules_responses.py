"""The form's own shape of an answer, on its way to the fields of its kind."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questions.rules.answers import MalformedAnswer, answer_from_page, clean_parts, parts_of, payload_of
from questions.rules.definitions import Body, DescriptionBody, EssayBody, FileBody, MultipleChoiceBody, TrueFalseBody
from questions.rules.item_layout import ItemLayout, lay_out_item
from questions.rules.numbers import SPANISH
from quizzes.rules.states import answer_state
from tests.support.questions import (
    a_calculated,
    a_matching,
    a_matrix,
    a_numerical,
    a_question,
    a_short,
    a_single,
    an_ordering,
    every_body,
    some_gaps,
)


@pytest.mark.parametrize(
    ("response", "kept"),
    [
        (None, {}),
        ("answer", {}),
        ([["answer", "1"]], {}),
        ({"answer": "1"}, {"answer": ["1"]}),
        ({"answer": ["1", 2, None, "3"], "unit": {"a": 1}, 5: ["1"], "x" * 41: ["1"]}, {"answer": ["1", "3"]}),
        ({"answer": ["a\x00\ud800"], "\x00": []}, {"answer": ["a\ufffd\ufffd"], "\ufffd": []}),
    ],
)
def test_only_what_has_the_shape_of_a_form_is_kept(response: object, kept: dict[str, list[str]]) -> None:
    """spec/quiz-engine 5.4.5: never rejected, never raised; and what no database could hold is replaced."""
    assert clean_parts(response) == kept


def test_a_response_is_bounded() -> None:
    parts = clean_parts({str(at): ["1"] * 500 for at in range(500)} | {"answer": "x" * 200_000})

    assert len(parts) == 120
    assert all(len(values) == 120 for values in parts.values())
    assert len(clean_parts({"answer": "x" * 200_000})["answer"][0]) == 100_000


@pytest.mark.parametrize(
    ("body", "parts", "payload"),
    [
        (a_single(), {"answer": ["2"]}, {"choice": "2"}),
        (a_single(), {}, {"choice": ""}),
        (MultipleChoiceBody(a_single().options), {"answer": ["1", "", "3"]}, {"choices": ["1", "3"]}),
        (TrueFalseBody(answer=True), {"answer": ["true"]}, {"value": "true"}),
        (a_numerical(("1", "1")), {"answer": ["1,5"], "unit": ["km"]}, {"text": "1,5", "unit": "km"}),
        (a_calculated(), {"answer": ["1,5"]}, {"text": "1,5", "unit": ""}),
        (a_matching(), {"1": ["2"], "2": [""], "3": []}, {"matches": {"1": "2"}}),
        (an_ordering(2), {"1": ["2"], "2": ["1"]}, {"positions": {"1": "2", "2": "1"}, "confirmed": "true"}),
        (an_ordering(2), {}, {}),
        (some_gaps(), {"1": ["2"], "2": ["34,8"]}, {"values": {"1": "2", "2": "34,8"}}),
        (some_gaps(), {"2": ["3"], "2-unit": ["km"]}, {"values": {"2": "3"}, "units": {"2": "km"}}),
        (a_matrix(), {"2": ["1"]}, {"rows": {"2": "1"}}),
        (a_short(("a", "1")), {"answer": ["hola"]}, {"text": "hola"}),
        (EssayBody(), {"answer": ["hola"]}, {"text": "hola", "files": []}),
        (FileBody(("pdf",)), {"files": ["b", "", "a", "b"]}, {"text": "", "files": ["b", "a"]}),
        (some_gaps(), {"1": ["2"], "certainty": ["3"], "files": ["a"]}, {"values": {"1": "2"}}),
    ],
)
def test_parts_become_the_fields_of_their_kind(body: Body, parts: dict[str, list[str]], payload: dict[str, object]) -> None:
    assert payload_of(a_question(body), parts) == payload


@pytest.mark.parametrize(
    ("body", "fields", "parts"),
    [
        (a_single(), {"choice": "2"}, {"answer": ["2"]}),
        (a_single(), {"choice": ""}, {}),
        (MultipleChoiceBody(a_single().options), {"choices": ["1", "3"]}, {"answer": ["1", "3"]}),
        (TrueFalseBody(answer=True), {"value": False}, {"answer": ["false"]}),
        (a_numerical(("1", "1")), {"text": "1,5", "unit": "km"}, {"answer": ["1,5"], "unit": ["km"]}),
        (a_matching(), {"matches": {"1": "2", "3": ""}}, {"1": ["2"]}),
        (an_ordering(3), {"order": ["2", "3", "1"], "confirmed": True}, {"2": ["1"], "3": ["2"], "1": ["3"]}),
        (some_gaps(), {"values": {"1": "2", "2": "34,8"}, "units": {}}, {"1": ["2"], "2": ["34,8"]}),
        (some_gaps(), {"values": {"2": "3"}, "units": {"2": "km"}}, {"2": ["3"], "2-unit": ["km"]}),
        (some_gaps(), {}, {}),
        (a_matrix(), {"rows": {"2": "1"}}, {"2": ["1"]}),
        (EssayBody(), {"text": "hola", "files": []}, {"answer": ["hola"]}),
    ],
)
def test_the_fields_of_a_kind_become_parts_again(body: Body, fields: dict[str, object], parts: dict[str, list[str]]) -> None:
    """spec/quiz-engine 5.2.3: an attempt that builds on the last begins with its answers."""
    assert parts_of(a_question(body), fields) == parts


@pytest.mark.parametrize(
    ("body", "parts", "state"),
    [
        (a_single(), None, "unanswered"),
        (a_single(), {}, "unanswered"),
        (a_single(), {"answer": [""]}, "unanswered"),
        (a_single(), {"answer": ["2"]}, "answered"),
        (a_single(), {"answer": ["2"], "1": ["x"]}, "answered"),
        (a_single(), {"answer": ["9"]}, "invalid"),
        (a_matching(), {"1": ["1"]}, "partial"),
        (a_matching(), {"1": ["1"], "2": ["1"], "3": ["1"]}, "answered"),
        (a_matrix(), {"1": ["1"], "2": [""]}, "partial"),
        (some_gaps(), {"1": ["1"], "2": ["34,8"], "3": ["y"]}, "answered"),
        (some_gaps(), {"2": ["34,8"]}, "partial"),
        (some_gaps(), {"1": ["1"], "2": ["x"], "3": ["y"]}, "invalid"),
        (a_numerical(("1", "1")), {"answer": ["x"]}, "invalid"),
        (a_numerical(("1", "1")), {"answer": ["1,5"]}, "answered"),
        (an_ordering(2), {"1": ["2"], "2": ["2"]}, "invalid"),
        (an_ordering(2), {"1": [""], "2": [""]}, "unanswered"),
        (an_ordering(2), {"1": ["1"], "2": ["2"]}, "answered"),
        (an_ordering(2), {"1": ["2"], "2": ["1"]}, "answered"),
    ],
)
def test_the_page_tells_how_far_an_answer_is(body: Body, parts: dict[str, list[str]] | None, state: str) -> None:
    """spec/quiz-engine 5.5: summary page with states."""
    question = a_question(body)

    assert answer_state(question, lay_out_item(question, 1, "1.1", shuffle=True), parts, SPANISH) == state


_hostile = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(
    st.sampled_from([*every_body(), DescriptionBody()]),
    st.dictionaries(st.sampled_from(["answer", "unit", "confirmed", "1", "2", "9"]), _hostile),
)
def test_no_response_makes_the_way_to_the_answer_raise(body: Body, response: dict[str, object]) -> None:
    question = a_question(body)
    parts = clean_parts(response)
    layout = lay_out_item(question, 1, "1.1", shuffle=True)

    answer = answer_from_page(question, layout, payload_of(question, parts))

    json.dumps(parts, ensure_ascii=False).encode()
    assert answer_state(question, layout, parts, SPANISH) in ("answered", "partial", "invalid", "unanswered")
    assert isinstance(answer, MalformedAnswer) or layout == ItemLayout() or layout.orders or layout.variables
