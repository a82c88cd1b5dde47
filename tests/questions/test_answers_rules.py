"""Answers read from whatever a browser may send, their way to and from the page, and the files that a question takes.

spec/security 4.3; spec/content-format 8.
"""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questions.rules.answers import (
    ESSAY_FILES,
    MAX_TEXT,
    Answer,
    EssayAnswer,
    GapsAnswer,
    MalformedAnswer,
    MatchingAnswer,
    MatrixAnswer,
    MultipleChoiceAnswer,
    NumberAnswer,
    ObjectionNote,
    OrderingAnswer,
    SingleChoiceAnswer,
    TextAnswer,
    TrueFalseAnswer,
    UploadLimits,
    answer_from_page,
    as_typed,
    clean_parts,
    count_words,
    is_empty,
    objection_in,
    offered,
    page_from_answer,
    parts_of,
    payload_of,
    read_answer,
    room_left,
    says_the_same,
    upload_limits,
)
from questions.rules.definitions import (
    Body,
    DescriptionBody,
    EssayBody,
    FileBody,
    MultipleChoiceBody,
    MultipleRule,
    QuestionKind,
    TrueFalseBody,
)
from questions.rules.item_layout import ItemLayout, lay_out_item
from questions.rules.numbers import SPANISH
from quizzes.rules.states import answer_state
from tests.support.questions import (
    a_calculated,
    a_matching,
    a_matrix,
    a_multiple,
    a_numerical,
    a_question,
    a_short,
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


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        (FileBody(("PDF", ".docx", "svg"), files=2, size=3), UploadLimits(("pdf", "docx"), 2, 3_000_000)),
        (EssayBody(files=2), UploadLimits(ESSAY_FILES, 2, 10_000_000)),
        (EssayBody(), None),
        (a_single(), None),
    ],
)
def test_only_files_and_some_texts_take_files(body: Body, limits: UploadLimits | None) -> None:
    assert upload_limits(a_question(body)) == limits


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("  ", 0), ("uno dos\ntres", 3), ("bien-estar, d'Ivoire", 2), ("a — b", 2), ("¡Ñu!", 1)]
)
def test_words_are_counted_as_people_do(text: str, count: int) -> None:
    assert count_words(text) == count


REASON = "Las dos primeras opciones dicen lo mismo."


def test_an_answer_with_an_objection_is_the_same_answer() -> None:
    """spec/quiz-engine 5.11.1: a mark that a person gave stays when an attempt is handed in again."""
    assert says_the_same({"answer": ["uno"]}, {"answer": ["uno"], "objection": ["1"], "objection-reason": [REASON]})
    assert not says_the_same({"answer": ["uno"]}, {"answer": ["dos"], "objection": ["1"]})


@pytest.mark.parametrize(
    "sent", [None, [], {"objection": []}, {"objection": [""]}, {"objection": {"a": 1}}, {"objection-reason": [REASON]}]
)
def test_what_is_not_ticked_is_no_objection(sent: object) -> None:
    assert objection_in(sent) is None
    assert objection_in({"objection": ["1"]}) == ObjectionNote()


def test_the_reason_of_an_objection_is_read_without_blanks_around_it() -> None:
    """spec/selection 5.2."""
    assert objection_in({"objection": "1", "objection-reason": [f"  {REASON} ", "otra"]}) == ObjectionNote(REASON)


def test_ends_of_lines_and_empty_parts_make_no_other_answer() -> None:
    """Pages with and without a script send them differently."""
    assert says_the_same({"answer": ["uno\r\ndos"], "unit": [""]}, {"answer": "uno\ndos"})
    assert not says_the_same({"answer": ["uno\ndos"]}, {"answer": ["uno dos"]})


@pytest.mark.parametrize(
    ("present", "ever", "left"),
    [(0, 0, 100), (40, 40, 60), (0, 400, 100), (0, 401, 99), (40, 450, 50), (100, 100, 0), (100, 501, -1)],
)
def test_files_that_were_replaced_count_up_to_five_times_the_room(present: int, ever: int, left: int) -> None:
    """What was taken away stays in the record of an answer."""
    assert room_left(100, present, ever) == left
