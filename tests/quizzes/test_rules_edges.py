"""The edges of the rules: limits from both sides, the words of refusals, absent and empty parts (spec/quiz-engine 5.4.5, 5.7, 5.9)."""

from collections.abc import Mapping
from fractions import Fraction

import pytest

from kernel.codes import round_half_up
from kernel.expressions import ExpressionError, evaluate, holds
from questions.rules.answers import (
    Answer,
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
    clean_parts,
    page_from_answer,
    parts_of,
)
from questions.rules.definitions import (
    Body,
    EssayBody,
    Gap,
    GapsBody,
    KeyedLabel,
    MatrixBody,
    MatrixRow,
    MultipleRule,
    ShortAnswerBody,
    TextPattern,
    TrueFalseBody,
)
from questions.rules.encoding import EncodingError, canonical_json, decode, encode, from_document, to_document
from questions.rules.feedback import ReviewFlag, right_answer
from questions.rules.item_layout import ITEMS, ItemLayout, lay_out_item
from questions.rules.numbers import ENGLISH, SPANISH, read_number, write_number
from quizzes.rules.settings import Behaviour, ReviewMoment, ReviewOptions, flags_for
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
    es,
    f,
    marked,
    some_gaps,
)

NAMES = {"x": f("3")}
ONLY = "only numbers, names and the listed functions may be used"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("1" * 501, "the expression is too long"),
        ("x +", "the expression cannot be read"),
        ("-" * 60 + "1", "the expression is nested too deeply"),
        ("'a'", ONLY),
        ("[1]", ONLY),
        ("y", "y is not defined"),
        ("2 ** 64 ** 2", "the exponent is too large"),
        ("(2 ** 64) ** 64 * 2", "the value is too large"),
        ("x // 2", "only + - * / ** calculate"),
        ("1 / 0", "division by zero"),
        ("0 ** -1", "division by zero"),
        ("(-8) ** 0.5", "a negative number has no such root"),
        ("abs(1, 2)", "abs is not a function of so many numbers"),
        ("round(1, 21)", "round takes 0 to 20 decimals"),
        ("ln(0)", "the function has no value there"),
        ("exp(501)", "the exponent is too large"),
    ],
)
def test_a_refused_expression_says_why(expression: str, said: str) -> None:
    """spec/quiz-engine 5.7 Calculated: the author reads these words in the check of a course."""
    with pytest.raises(ExpressionError) as refused:
        evaluate(expression, NAMES)

    assert str(refused.value) == said


@pytest.mark.parametrize(("condition", "said"), [("x", "a comparison is needed"), ("x in 3", "only < <= > >= == != compare")])
def test_a_refused_condition_says_why(condition: str, said: str) -> None:
    """spec/quiz-engine 5.7 Calculated."""
    with pytest.raises(ExpressionError) as refused:
        holds(condition, NAMES)

    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("-" * 38 + "1", 1),
        ("round(2.5, 0)", 3),
        ("round(1.5, 20)", f("1.5")),
        ("+x", 3),
        ("(2 ** 64) ** 63 * 2 ** 63", 2**4095),
        ("-(2 ** 60) * 5.", -5 * 2**60),
    ],
)
def test_the_limits_of_expressions_are_inside(expression: str, value: Fraction) -> None:
    """spec/quiz-engine 5.7 Calculated: the last that is allowed."""
    assert evaluate(expression, NAMES) == value


def test_one_nesting_more_is_too_much_and_the_largest_exponents_are_allowed() -> None:
    """spec/quiz-engine 5.7 Calculated: 40 levels and no more; exp up to 500."""
    with pytest.raises(ExpressionError):
        evaluate("-" * 40 + "1", NAMES)

    assert evaluate("-" * 39 + "1", NAMES) == -1
    assert evaluate("exp(500) / exp(500)", NAMES) == 1
    assert evaluate("exp(-500) * exp(500)", NAMES) == pytest.approx(1)


@pytest.mark.parametrize("moment", [ReviewMoment.AFTER, ReviewMoment.LATER, ReviewMoment.CLOSED])
@pytest.mark.parametrize("flag", sorted(ReviewFlag))
def test_each_flag_stands_alone_at_each_moment(moment: ReviewMoment, flag: ReviewFlag) -> None:
    """spec/quiz-engine 5.9: nine flags, independent of each other, in the three moments after handing in;
    the attempt's own carries those of questions.
    """
    shown = flags_for(ReviewOptions(overrides={moment: (ReviewFlag.ATTEMPT, flag)}), moment, Behaviour.DEFERRED)
    others = {other for other in (ReviewMoment.AFTER, ReviewMoment.LATER, ReviewMoment.CLOSED) if other is not moment}

    assert len(ReviewFlag) == 9
    assert shown == {ReviewFlag.ATTEMPT, flag}
    assert flags_for(ReviewOptions(overrides={moment: ()}), moment, Behaviour.DEFERRED) == frozenset()
    assert all(flags_for(ReviewOptions(overrides={moment: ()}), other, Behaviour.DEFERRED) for other in others)


@pytest.mark.parametrize(
    ("body", "answer", "language"),
    [
        (an_ordering(2), OrderingAnswer(("i0", "i1"), confirmed=True), "es"),
        (
            MatrixBody((KeyedLabel("si", es("Sí")),), (MatrixRow("a", es("a"), "si"), MatrixRow("b", es("b"), None))),
            MatrixAnswer({"a": "si", "b": ""}),
            "es",
        ),
        (dragged_gaps(), GapsAnswer({"uno": "sol", "dos": "luna"}), "es"),
        (
            GapsBody((Gap("uno", a_numerical(("1.5", "1"))), Gap("dos", a_single()), Gap("tres", a_short(("sol", "1"))))),
            GapsAnswer({"uno": "1,5", "dos": "a", "tres": "sol"}),
            "es",
        ),
        (ShortAnswerBody((TextPattern({"es": "sol", "en": "sun"}, True, f("1")),)), TextAnswer("sun"), "en"),
        (ShortAnswerBody((TextPattern({"es": "sol", "en": "sun"}, True, f("1")),)), TextAnswer("sol"), "qu"),
        (
            GapsBody((Gap("uno", ShortAnswerBody((TextPattern({"es": "sol", "en": "sun"}, True, f("1")),))),)),
            GapsAnswer({"uno": "sun"}),
            "en",
        ),
        (ShortAnswerBody((TextPattern({}, True, f("1")),)), TextAnswer(""), "es"),
        (a_calculated(), NumberAnswer("1108800"), "es"),
        (EssayBody(), None, "es"),
    ],
)
def test_the_right_answer_is_shown_as_a_learner_would_give_it(body: Body, answer: Answer | None, language: str) -> None:
    """spec/quiz-engine 5.9: right answer, in the reader's language, else in the course's own."""
    layout = ItemLayout(variables={"personas": f("1000")})

    assert right_answer(a_question(body), layout, language, SPANISH) == answer


def a_layout(body: Body) -> ItemLayout:
    """Return the layout in which everything stands as it was written, where there is one."""
    return lay_out_item(a_question(body), 1, "1.1", shuffle=False)


@pytest.mark.parametrize(
    ("body", "parts", "state"),
    [
        (a_single(), None, "unanswered"),
        (a_single(), {"answer": [""]}, "unanswered"),
        (a_single(), {"answer": ["2"]}, "answered"),
        (a_single(), {"answer": ["4"]}, "invalid"),
        (a_multiple(MultipleRule.HALVES, 2, 1), {"unit": ["1"]}, "unanswered"),
        (a_multiple(MultipleRule.HALVES, 2, 1), {"answer": ["1", ""]}, "answered"),
        (a_numerical(("1", "1")), {"answer": ["letras"]}, "invalid"),
        (a_numerical(("1", "1")), {"answer": ["1.234"]}, "answered"),
        (a_matching(), {"1": ["1"], "2": ["2"], "3": [""]}, "partial"),
        (a_matching(), {"1": ["1"], "2": ["2"], "3": ["1"]}, "answered"),
        (a_matching(), {"1": ["1"], "answer": ["x"], "otro": ["x"]}, "invalid"),
        (an_ordering(2), {"1": ["2"], "2": ["1"]}, "answered"),
        (an_ordering(2), {"1": ["2"]}, "invalid"),
        (some_gaps(), {"1": ["1"]}, "partial"),
        (some_gaps(), {"1": ["1"], "2": ["3"], "3": ["x"]}, "answered"),
        (a_matrix(), {"1": ["1"], "2": ["2"]}, "partial"),
        (a_matrix(), {"1": ["1"], "2": ["2"], "3": ["2"]}, "answered"),
    ],
)
def test_the_state_of_an_answer_counts_its_rows(body: Body, parts: Mapping[str, list[str]] | None, state: str) -> None:
    """spec/quiz-engine 5.5: not yet answered / answer saved / invalid, and begun where rows are empty."""
    assert answer_state(a_question(body), a_layout(body), parts, SPANISH) == state


def test_an_order_nobody_touched_is_not_answered() -> None:
    """spec/quiz-engine 5.7 Ordering, on the page: the positions as they stood, not confirmed."""
    question = a_question(an_ordering(2))
    layout = a_layout(question.body)

    assert marked(question.body, OrderingAnswer(layout.orders[ITEMS]), layout).state.value == "not_answered"
    assert marked(question.body, OrderingAnswer(layout.orders[ITEMS], confirmed=True), layout).state.value != "not_answered"


@pytest.mark.parametrize(
    ("body", "fields", "parts"),
    [
        (TrueFalseBody(answer=True), {"value": True}, {"answer": ["true"]}),
        (TrueFalseBody(answer=True), {"value": "true"}, {"answer": ["true"]}),
        (TrueFalseBody(answer=True), {"value": "false"}, {"answer": ["false"]}),
        (a_matching(), {}, {}),
        (a_matching(), {"x": "y", "matches": {"1": "2"}}, {"1": ["2"]}),
        (an_ordering(2), {"order": ["2", "1"]}, {"2": ["1"], "1": ["2"]}),
        (an_ordering(2), {"order": None}, {}),
        (an_ordering(2), {"order": "21"}, {}),
        (a_numerical(("1", "1")), {"text": "1", "unit": "m"}, {"answer": ["1"], "unit": ["m"]}),
    ],
)
def test_parts_of_a_form_stand_for_an_answer(body: Body, fields: Mapping[str, object], parts: dict[str, list[str]]) -> None:
    """spec/quiz-engine 5.2.3: what was answered last comes back into the form."""
    assert parts_of(a_question(body), fields) == parts


def test_names_of_parts_have_a_length() -> None:
    """spec/quiz-engine 5.4.5: what no form sends is left out, up to the last letter that is allowed."""
    assert clean_parts({"a" * 40: ["x"], "b" * 41: ["x"]}) == {"a" * 40: ["x"]}


@pytest.mark.parametrize(
    ("body", "payload", "place"),
    [
        (an_ordering(2), {"positions": "x"}, "positions"),
        (an_ordering(2), {"positions": {"1": "1", "2": "1"}}, "positions"),
        (a_single(), {"choice": "9"}, "place"),
        (a_single(), {"choice": True}, "place"),
        (a_single(), {"choice": 1.5}, "place"),
        (a_single(), {"choice": "0001"}, "place"),
        (a_single(), {"choice": "²"}, "place"),
        (a_single(), {"choice": "0"}, "place"),
    ],
)
def test_what_is_out_of_place_says_where(body: Body, payload: dict[str, object], place: str) -> None:
    """spec/quiz-engine 5.4.5: kept as typed and flagged."""
    answer = answer_from_page(a_question(body), a_layout(body), payload)

    assert answer == MalformedAnswer(as_typed(payload), place)


def test_places_of_a_page_are_numbers_or_their_text() -> None:
    """spec/quiz-engine 5.4.4: what a plain form sends as text a program may send as a number; empty is nothing."""
    question = a_question(a_single())
    layout = a_layout(question.body)

    assert (
        answer_from_page(question, layout, {"choice": 2}) == answer_from_page(question, layout, {"choice": "2"}) == SingleChoiceAnswer("b")
    )
    assert answer_from_page(question, layout, {"choice": "002"}) == SingleChoiceAnswer("b")
    assert (
        answer_from_page(question, layout, {"choice": ""}) == answer_from_page(question, layout, {"choice": None}) == SingleChoiceAnswer("")
    )
    assert page_from_answer(question, layout, SingleChoiceAnswer("")) == {"choice": ""}


def test_lists_of_plain_fields_come_back_as_lists() -> None:
    """spec/quiz-engine 5.4.5: what the page shows again can be written as JSON."""
    question = a_question(a_multiple(MultipleRule.HALVES, 2, 1))
    shown = page_from_answer(question, a_layout(question.body), MultipleChoiceAnswer(("r1", "w1")))

    assert shown == {"choices": ["1", "3"]}


@pytest.mark.parametrize(
    ("payload", "text"),
    [({"ñ": "ü"}, '{"ñ": "ü"}'), ({"a": {1}}, '{"a": "{1}"}'), ("ya", "ya")],
)
def test_what_cannot_be_read_is_kept_as_it_was_typed(payload: object, text: str) -> None:
    """spec/quiz-engine 5.4.5: letters as letters; what JSON cannot hold by its words."""
    assert as_typed(payload) == text


def test_documents_are_written_in_utf8_and_refuse_what_json_has_not() -> None:
    """spec/quiz-engine 5.1.1: the checksum is over these very bytes."""
    assert canonical_json({"b": 1, "a": "ñ"}) == '{"a":"ñ","b":1}'.encode()
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": float("nan")})


def test_refusals_of_documents_name_the_field() -> None:
    """spec/quiz-engine 5.1.1: a stored version that cannot be read says where."""
    document = to_document(a_question(a_single()))
    texts = {**document, "text": {"es": 5}}
    wrong = {**document, "body": {**document["body"], "options": 3}}

    with pytest.raises(EncodingError, match="not a dataclass: int"):
        encode(5)
    with pytest.raises(EncodingError, match=r"QuestionDefinition\.text\.es: str expected"):
        from_document(texts)
    with pytest.raises(EncodingError, match=r"QuestionDefinition\.body\.options: list expected"):
        from_document(wrong)
    assert decode(ItemLayout, encode(ItemLayout(variables={"x": f("1/3")}))) == ItemLayout(variables={"x": f("1/3")})


@pytest.mark.parametrize(
    ("typed", "value"),
    [("5 %", f("5")), ("\u00a05\r\n", f("5")), ("5\u00a0%", f("5")), ("- 5", f("-5")), ("1.234.567", f("1234567")), ("x", None)],
)
def test_numbers_are_read_through_their_blanks(typed: str, value: Fraction | None) -> None:
    """spec/quiz-engine 5.7 Numerical, decimals: spaces of every kind around number, sign and percent."""
    read = read_number(typed, SPANISH)

    assert (read.value if read else None) == value


@pytest.mark.parametrize(
    ("value", "decimals", "text"), [("0", 2, "0,00"), ("-0.001", 2, "0,00"), ("-0.5", 0, "−1"), ("1234.5", 1, "1234,5"), ("-2", 0, "−2")]
)
def test_numbers_are_written_with_their_sign(value: str, decimals: int, text: str) -> None:
    """spec/quiz-engine 5.1.5, 5.7 Numerical, decimals: half up, no minus before nothing."""
    assert write_number(f(value), SPANISH, decimals, keep_zeros=True) == text
    assert round_half_up(f("-0.5"), 0) == -1


def test_an_english_attempt_reads_a_point() -> None:
    """spec/quiz-engine 5.7 Numerical, decimals: the convention of the attempt."""
    read = read_number("1,234.5", ENGLISH)

    assert read is not None
    assert read.value == f("1234.5")


def test_truth_is_a_truth_value() -> None:
    """spec/quiz-engine 5.7 True/false: the words of a form and the values of a program."""
    question = a_question(TrueFalseBody(answer=True))

    assert answer_from_page(question, ItemLayout(), {"value": "true"}) == TrueFalseAnswer(value=True)
    assert answer_from_page(question, ItemLayout(), {"value": False}) == TrueFalseAnswer(value=False)


def test_matches_keep_their_rows() -> None:
    """spec/quiz-engine 5.7 Matching, on the page and back."""
    question = a_question(a_matching(shuffle=False))
    layout = a_layout(question.body)
    answer = answer_from_page(question, layout, {"matches": {"1": "1", "2": ""}})

    assert isinstance(answer, MatchingAnswer)
    assert page_from_answer(question, layout, answer) == {"matches": {"1": "1", "2": ""}}
