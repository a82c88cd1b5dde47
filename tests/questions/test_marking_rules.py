"""Marks of every kind of question: typed, chosen, matched and written (spec/quiz-engine 5.7)."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questions.rules import marking as choice_marking
from questions.rules.answers import (
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
    is_empty,
    read_answer,
)
from questions.rules.definitions import (
    Body,
    CalculatedAnswer,
    CalculatedBody,
    DescriptionBody,
    EssayBody,
    FileBody,
    Gap,
    GapsBody,
    MultipleChoiceBody,
    MultipleRule,
    QuestionKind,
    RubricCriterion,
    RubricLevel,
    ShortAnswerBody,
    TextPattern,
    Tolerance,
    ToleranceKind,
    TrueFalseBody,
    UnitPenaltyOf,
)
from questions.rules.feedback import right_answer, why
from questions.rules.item_layout import ItemLayout, lay_out_item
from questions.rules.marking import (
    MarkState,
    PartMark,
    has_rule,
    is_self_check,
    is_self_reviewed,
    is_unanswered,
    mark_answer,
    mean,
    read_quantity,
    self_assessed_points,
    state_of,
)
from questions.rules.numbers import ENGLISH, SPANISH
from tests.support.questions import (
    a_calculated,
    a_matching,
    a_matrix,
    a_multiple,
    a_numerical,
    a_question,
    a_short,
    a_single,
    an_option,
    an_ordering,
    dragged_gaps,
    es,
    every_body,
    f,
    marked,
    share,
    some_gaps,
)

R = MultipleRule


@pytest.mark.parametrize(
    ("patterns", "typed", "fraction"),
    [
        ("brecha*=1 *cobertura*=0", "brecha de cobertura", "1"),
        ("*cobertura*=0 brecha*=1", "brecha de cobertura", "0"),
        ("brecha=1", "  BRECHA ", "1"),
        ("brecha=1", "brechas", "0"),
        ("años=1", "anos", "0"),
        ("años=1", "an\u0303os", "1"),
        ("pensión=1", "PENSION", "1"),
        ("cañón=1", "cañon", "1"),
        ("cañón=1", "canon", "0"),
        ("pension=1", "pensio\u0301n", "1"),
        ("a*b*c=1", "axxbyyc", "1"),
        ("a*b*c=1", "axxcyyb", "0"),
        ("a*b*c=1", "axxyyc", "0"),
        ("a*b=1", "ab", "1"),
        ("a*b*b=1", "ab", "0"),
        ("*b*c=1", "bc", "1"),
        ("*ab*ba*=1", "aba", "0"),
        ("a*b*b*a=1", "abba", "1"),
        ("a*ab=1", "ab", "0"),
        ("aa*aa=1", "aaa", "0"),
        ("*=1/2", "lo que sea", "1/2"),
        (r"5\*3=1", "5*3", "1"),
        (r"5\*3=1", "5x3", "0"),
        (r"\**=1", "*nota", "1"),
        ("Straße=1", "STRASSE", "1"),
    ],
)
def test_the_first_pattern_that_matches_wins(patterns: str, typed: str, fraction: str) -> None:
    r"""spec/quiz-engine 5.7 Short answer: first match wins; NFC, trim; `*` wildcard, `\*` literal; case and accents ignored;
    no similarity.
    """
    answers = [(one.rpartition("=")[0], one.rpartition("=")[2]) for one in patterns.split()]

    assert share(a_short(*answers), TextAnswer(typed)) == f(fraction)


def test_inner_spaces_are_collapsed() -> None:
    """spec/quiz-engine 5.7 Short answer: trim, collapse inner spaces."""
    assert share(a_short(("piso  de protección", "1")), TextAnswer(" piso\tde\u00a0 proteccion\n")) == 1


def test_case_and_accents_count_where_the_author_says_so() -> None:
    """spec/quiz-engine 5.7 Short answer: options on case and accents."""
    strict = a_short(("Él", "1"), ignore_case=False, ignore_accents=False)

    assert [share(strict, TextAnswer(typed)) for typed in ("Él", "E\u0301l", "él", "El")] == [1, 1, 0, 0]


EXCHANGED = {
    "'": "\u2018\u2019\u201b\u2032\u02bc\uff07`\u00b4",
    '"': "\u201c\u201d\u201e\u00ab\u00bb\u2033\uff02",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2212\uff0d",
    " ": "\u00a0\u2002\u2007\u2009\u202f\u3000",
    "fi": "\ufb01",
    "O": "\uff2f",
    "°": "\u00ba",
}


@pytest.mark.parametrize(("plain", "other"), [(plain, sign) for plain, signs in EXCHANGED.items() for sign in signs])
def test_signs_that_phones_and_word_processors_exchange_are_one(plain: str, other: str) -> None:
    """spec/quiz-engine 5.7 Short answer: as nobody sees the difference; exactly where the author says so."""
    key, typed = f"A{plain}B", f"A{other}B"
    exact = {"ignore_case": False, "ignore_accents": False}

    assert share(a_short((key, "1"), **exact), TextAnswer(typed)) == share(a_short((typed, "1"), **exact), TextAnswer(key)) == 1
    compared = a_short((key, "1"), **exact, ignore_typography=False)
    assert (share(compared, TextAnswer(typed)), share(compared, TextAnswer(key))) == (plain == " ", 1)


def test_signs_with_a_meaning_of_their_own_stay_different() -> None:
    """A power is no digit, a dash no sum, and what nobody sees is nothing."""
    strict = a_short(("x²", "1"), ("a-b", "1"), ignore_case=False)

    assert [share(strict, TextAnswer(typed)) for typed in ("x2", "x²", "a+b", "a_b", "ab", "a\u200b-\u00adb")] == [0, 1, 0, 0, 0, 1]


def test_a_pattern_may_match_in_any_language_of_the_question() -> None:
    body = ShortAnswerBody((TextPattern({"es": "brecha", "en": "gap"}, right=True, credit=f("1")),))

    assert share(body, TextAnswer("gap")) == share(body, TextAnswer("brecha")) == 1


def test_a_wrong_answer_keeps_its_feedback() -> None:
    question = a_question(a_short(("brecha", "1"), ("cober*", "0")))

    marking = mark_answer(question, TextAnswer("cobertura"), ItemLayout(), SPANISH)
    unmatched = mark_answer(question, TextAnswer("otra"), ItemLayout(), SPANISH)

    assert marking.parts[0].matched == "1"
    assert why(question, marking.parts[0]) == es("why cober*")
    assert why(question, unmatched.parts[0]) is None


@pytest.mark.parametrize(
    ("typed", "fraction", "state"),
    [
        ("65,2", "1", MarkState.RIGHT),
        ("65.25", "1", MarkState.RIGHT),
        ("65,2 %", "1", MarkState.RIGHT),
        ("65,3", "0", MarkState.WRONG),
        ("34,8", "1/4", MarkState.PARTIAL),
        ("sesenta", "0", MarkState.INVALID),
        ("  ", "0", MarkState.NOT_ANSWERED),
    ],
)
def test_a_number_is_judged_by_the_first_answer_within_tolerance(typed: str, fraction: str, state: MarkState) -> None:
    """spec/quiz-engine 5.7 Numerical; spec/quiz-engine 5.4.5: letters are invalid, not an error."""
    body = a_numerical(("65.2", "1"), ("34.8", "1/4"), tolerance="0.05", unit=es("%"))

    marking = marked(body, NumberAnswer(typed))

    assert (marking.fraction, marking.state) == (f(fraction), state)


def test_a_star_takes_any_other_number_but_no_letters() -> None:
    """spec/quiz-engine 5.7 Numerical: `*` = any other number."""
    body = a_numerical(("1", "1"), ("*", "1/3"))

    assert share(body, NumberAnswer("7")) == f("1/3")
    assert marked(body, NumberAnswer("siete")).state is MarkState.INVALID


def test_an_answer_may_have_a_tolerance_of_its_own() -> None:
    body = a_numerical(("100", "1"), tolerance="1")
    wide = replace(body, answers=(replace(body.answers[0], tolerance=Tolerance(ToleranceKind.RELATIVE, f("0.1"))),))

    assert (share(body, NumberAnswer("109")), share(wide, NumberAnswer("109"))) == (0, 1)


@pytest.mark.parametrize("typed", ["USD 5", "5 USD", "$5", "5 $", "usd5", "5"])
def test_the_unit_beside_the_field_may_be_typed_too(typed: str) -> None:
    assert share(a_numerical(("5", "1"), unit={"es": "USD"}), NumberAnswer(typed)) == 1


LENGTHS = {"units": {"m": f("1"), "km": f("1000")}, "unit_penalty": f("1/4")}


@pytest.mark.parametrize(
    ("number", "of_mark", "of_maximum"),
    [
        (NumberAnswer("1500", "m"), "1", "1"),
        (NumberAnswer("1,5", "km"), "1", "1"),
        (NumberAnswer("1,5 km"), "1", "1"),
        (NumberAnswer("1500"), "3/4", "3/4"),
        (NumberAnswer("1500", "leguas"), "3/4", "3/4"),
        (NumberAnswer("700", "m"), "1/2", "1/2"),
        (NumberAnswer("700"), "3/8", "1/4"),
        (NumberAnswer("1"), "0", "0"),
        (NumberAnswer("2"), "-1/2", "-1/2"),
    ],
)
def test_a_missing_unit_costs_a_share_of_the_mark_or_of_the_maximum(number: NumberAnswer, of_mark: str, of_maximum: str) -> None:
    """spec/quiz-engine 5.7 Numerical: unit penalty either of the mark or of the maximum, min 0."""
    answers = (("1500", "1"), ("700", "1/2"), ("1", "1/10"), ("2", "-1/2"))
    mark = a_numerical(*answers, **LENGTHS)
    mark = replace(mark, answers=(*mark.answers[:2], replace(mark.answers[2], credit=f("0")), mark.answers[3]))
    maximum = replace(mark, unit_penalty_of=UnitPenaltyOf.MAXIMUM)

    assert (share(mark, number), share(maximum, number)) == (f(of_mark), f(of_maximum))


def test_a_unit_penalty_never_makes_a_mark_negative() -> None:
    body = a_numerical(("1", "1/10"), **LENGTHS, unit_penalty_of=UnitPenaltyOf.MAXIMUM)

    marking = marked(body, NumberAnswer("1"))

    assert marking.fraction == 0
    assert marking.parts[0].unit_wrong


def test_the_language_at_the_start_of_the_attempt_reads_the_number() -> None:
    """spec/quiz-engine 5.7 Numerical, decimals: separator conventions are fixed at attempt start."""
    question = a_question(a_numerical(("1234", "1")))

    fractions = [mark_answer(question, NumberAnswer("1.234"), ItemLayout(), convention).fraction for convention in (SPANISH, ENGLISH)]

    assert fractions == [1, 0]
    quantity = read_quantity(a_numerical(("1234", "1")), NumberAnswer("1.234"), SPANISH)
    assert quantity is not None
    assert quantity.reading.ambiguous


def test_matching_counts_the_parts_that_are_right() -> None:
    """spec/quiz-engine 5.7 Matching: parts right / parts; extra choices allowed; unanswered part = wrong."""
    question = a_question(a_matching())

    marking = mark_answer(question, MatchingAnswer({"one": "x", "two": "z"}), ItemLayout(), SPANISH)

    assert marking.fraction == f("1/3")
    assert [part.state for part in marking.parts] == [MarkState.RIGHT, MarkState.WRONG, MarkState.NOT_ANSWERED]
    assert why(question, marking.parts[1]) == es("why two")
    assert share(a_matching(), MatchingAnswer({"one": "x", "two": "x", "three": "y", "four": "x"})) == 1
    assert marked(a_matching(), MatchingAnswer({"one": ""})).state is MarkState.NOT_ANSWERED


def test_an_order_that_nobody_touched_is_not_an_answer() -> None:
    """spec/quiz-engine 5.7 Ordering: untouched initial order counts as unanswered, unless it is confirmed."""
    layout = ItemLayout(orders={"items": ("i1", "i0", "i2", "i3")})
    untouched = OrderingAnswer(("i1", "i0", "i2", "i3"))

    assert marked(an_ordering(), untouched, layout).state is MarkState.NOT_ANSWERED
    assert marked(an_ordering(), replace(untouched, confirmed=True), layout).state is MarkState.PARTIAL
    assert marked(an_ordering(), OrderingAnswer(("i0", "i1", "i2", "i3")), layout).state is MarkState.RIGHT
    assert marked(an_ordering(), OrderingAnswer(), layout).state is MarkState.NOT_ANSWERED


@pytest.mark.parametrize("order", [("i0", "i1", "i2"), ("i0", "i1", "i2", "i9"), ("i0",)])
def test_an_order_of_other_items_is_invalid(order: tuple[str, ...]) -> None:
    assert marked(an_ordering(), OrderingAnswer(order)).state is MarkState.INVALID


def test_each_gap_has_its_own_rule_and_weight() -> None:
    """spec/quiz-engine 5.7 Gaps: each gap graded by its own rule; weighted mean."""
    question = a_question(some_gaps())
    answer = GapsAnswer({"anio": "b", "cubierta": "34,8", "nombre": "Brecha"})

    marking = mark_answer(question, answer, ItemLayout(), SPANISH)

    assert marking.fraction == f("3/4")
    assert [part.weight for part in marking.parts] == [1, 1, 2]
    assert [why(question, part) for part in marking.parts] == [es("why b"), es("why 34.8"), es("why brecha")]
    assert why(question, PartMark("otro", MarkState.RIGHT, f("1"))) is None


def test_an_empty_gap_is_not_answered_and_letters_in_a_number_are_invalid() -> None:
    parts = marked(some_gaps(), GapsAnswer({"anio": "a", "cubierta": "x", "nombre": " "})).parts

    assert [part.state for part in parts] == [MarkState.RIGHT, MarkState.INVALID, MarkState.NOT_ANSWERED]


def test_dragged_gaps_are_filled_by_the_key_of_a_choice() -> None:
    """spec/quiz-engine 5.7 Drag into text."""
    question = a_question(dragged_gaps())

    marking = mark_answer(question, GapsAnswer({"uno": "sol", "dos": "mar"}), ItemLayout(), SPANISH)

    assert [part.state for part in marking.parts] == [MarkState.RIGHT, MarkState.WRONG]
    assert why(question, marking.parts[0]) == es("why sol")
    assert share(dragged_gaps(), GapsAnswer({"uno": "sol", "dos": "luna"})) == 1


def test_gaps_without_any_weight_are_worth_nothing() -> None:
    assert mean([PartMark("a", MarkState.RIGHT, f("1"), f("0"))]).fraction == 0


def test_a_calculated_answer_depends_on_the_drawn_values() -> None:
    """spec/quiz-engine 5.7 Calculated: graded as numerical from the stored parameters."""
    layout = ItemLayout(variables={"personas": f("2000")})

    assert share(a_calculated(), NumberAnswer("2.217.600"), layout) == 1
    assert share(a_calculated(), NumberAnswer("USD 2.217.601,5"), layout) == 1
    assert share(a_calculated(), NumberAnswer("2.250.000"), layout) == 0
    marking = marked(a_calculated(), NumberAnswer("184.800"), layout)
    assert (marking.state, marking.parts[0].matched) == (MarkState.WRONG, "1")
    assert why(a_question(a_calculated()), marking.parts[0]) == es("why mes")


def test_a_rounded_value_is_right_where_decimals_are_asked_for_and_nothing_else_is_tolerated() -> None:
    body = CalculatedBody((), (CalculatedAnswer("10/3", right=True, credit=f("1")),), decimals=2)

    assert [share(body, NumberAnswer(typed)) for typed in ("3,33", "3,3", "3,34")] == [1, 0, 0]
    assert share(replace(body, decimals=None), NumberAnswer("3,33")) == 0


def test_an_expression_without_a_value_matches_nothing() -> None:
    body = CalculatedBody((), (CalculatedAnswer("1/0", right=True, credit=f("1")),))

    assert share(body, NumberAnswer("5")) == 0


def test_each_row_of_a_matrix_is_a_single_choice() -> None:
    """spec/quiz-engine 5.7 Matrix: each row as single choice."""
    question = a_question(a_matrix())

    marking = mark_answer(question, MatrixAnswer({"salud": "si", "prestamo": "si"}), ItemLayout(), SPANISH)

    assert marking.fraction == f("1/3")
    assert [part.state for part in marking.parts] == [MarkState.RIGHT, MarkState.WRONG, MarkState.NOT_ANSWERED]
    assert why(question, marking.parts[1]) == es("why prestamo")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (a_matrix(survey=True), MatrixAnswer({"salud": "si"})),
        (ShortAnswerBody(model=es("m")), TextAnswer("algo")),
        (DescriptionBody(), TextAnswer("algo")),
    ],
)
def test_surveys_self_checks_and_texts_carry_no_mark(body: Body, answer: Answer) -> None:
    """spec/quiz-engine 5.7 Matrix/Likert: survey items carry no mark."""
    marking = marked(body, answer)

    assert (marking.state, marking.fraction) == (MarkState.NOT_MARKED, None)
    assert not has_rule(a_question(body))


@pytest.mark.parametrize("body", [EssayBody(), FileBody(("pdf",))])
def test_essays_and_files_wait_for_a_person(body: Body) -> None:
    """spec/quiz-engine 5.6 Manual: needs grading, never 0; blank ones are simply not answered."""
    waiting, blank = marked(body, EssayAnswer("", ("7",))), marked(body, EssayAnswer("  "))

    assert (waiting.state, waiting.fraction) == (MarkState.NEEDS_GRADING, None)
    assert (blank.state, blank.fraction) == (MarkState.NOT_ANSWERED, 0)


@pytest.mark.parametrize("body", [EssayBody(), FileBody(("pdf",))])
def test_a_text_without_a_mark_waits_for_nobody(body: Body) -> None:
    """spec/quiz-engine 5.6 Manual: with a mark of 0 its writer judges it."""
    question = a_question(body, mark=Fraction(0))
    marking = mark_answer(question, EssayAnswer("Una brecha."), ItemLayout(), SPANISH)

    assert (marking.state, marking.fraction) == (MarkState.NOT_MARKED, None)


def test_a_malformed_answer_is_invalid() -> None:
    marking = mark_answer(a_question(a_single()), MalformedAnswer("[]", "payload"), ItemLayout(), SPANISH)

    assert (marking.state, marking.fraction) == (MarkState.INVALID, 0)


@pytest.mark.parametrize(
    "body", [body for body in every_body() if has_rule(a_question(body)) and not isinstance(body, EssayBody | FileBody)]
)
def test_an_answer_of_another_kind_is_invalid(body: Body) -> None:
    other = TextAnswer("x") if not isinstance(body, ShortAnswerBody) else SingleChoiceAnswer("x")

    assert marked(body, other).state is MarkState.INVALID


@pytest.mark.parametrize(
    ("fraction", "state"),
    [
        ("0", MarkState.WRONG),
        ("-1", MarkState.WRONG),
        ("0.0000009", MarkState.WRONG),
        ("0.000001", MarkState.PARTIAL),
        ("0.999999", MarkState.PARTIAL),
        ("0.9999991", MarkState.RIGHT),
        ("1", MarkState.RIGHT),
    ],
)
def test_a_share_has_a_name(fraction: str, state: MarkState) -> None:
    """spec/quiz-engine 5.1.6."""
    assert state_of(f(fraction)) is state


@pytest.mark.parametrize("convention", [SPANISH, ENGLISH])
@pytest.mark.parametrize("body", every_body(), ids=lambda body: type(body).__name__)
def test_the_right_answer_is_worth_everything(body: Body, convention: object) -> None:
    question = a_question(body)
    layout = lay_out_item(question, 3, "1.1", shuffle=True)
    answer = right_answer(question, layout, "es", convention)  # type: ignore[arg-type]  # any kind

    if answer is None:
        assert isinstance(body, EssayBody | FileBody) or not has_rule(question)
    else:
        assert not is_unanswered(question, answer, layout)
        assert mark_answer(question, answer, layout, convention).fraction == 1  # type: ignore[arg-type]  # any kind


def test_the_right_answer_is_written_for_the_reader() -> None:
    star = a_question(a_numerical(("*", "1")))
    third = a_question(CalculatedBody((), (CalculatedAnswer("1/3", right=True, credit=f("1")),)))
    cents = a_question(CalculatedBody((), (CalculatedAnswer("1/2", right=True, credit=f("1")),), decimals=2))
    foreign = a_question(ShortAnswerBody((TextPattern({"en": "gap"}, right=True, credit=f("1")),)))
    unreadable = GapsBody((Gap("a", ShortAnswerBody()),))

    assert right_answer(star, ItemLayout(), "es", SPANISH) == NumberAnswer("*")
    assert right_answer(third, ItemLayout(), "es", SPANISH) == NumberAnswer("0,333333")
    assert right_answer(cents, ItemLayout(), "en", ENGLISH) == NumberAnswer("0.50")
    assert right_answer(foreign, ItemLayout(), "es", SPANISH) == TextAnswer("gap")
    assert right_answer(a_question(unreadable), ItemLayout(), "es", SPANISH) == GapsAnswer({"a": ""})


def test_feedback_is_asked_for_only_where_it_can_be() -> None:
    part = PartMark("", MarkState.RIGHT, f("1"))

    assert why(a_question(TrueFalseBody(answer=True)), part) is None
    assert why(a_question(a_numerical(("1", "1"))), replace(part, matched="7")) is None


_texts = st.text(max_size=12)


_payloads: dict[QuestionKind, st.SearchStrategy[object]] = {
    QuestionKind.SINGLE: st.fixed_dictionaries({"choice": st.sampled_from(["a", "b", "c", "", "zz"])}),
    QuestionKind.MULTIPLE: st.fixed_dictionaries({"choices": st.lists(st.sampled_from(["r1", "r2", "r3", "w1", "w2", "zz"]), unique=True)}),
    QuestionKind.MATCHING: st.fixed_dictionaries(
        {"matches": st.dictionaries(st.sampled_from(["one", "two", "three"]), st.sampled_from("xyz"))}
    ),
    QuestionKind.ORDERING: st.permutations(["i0", "i1", "i2", "i3"]).map(lambda order: {"order": order}),
    QuestionKind.GAPS: st.fixed_dictionaries(
        {"values": st.dictionaries(st.sampled_from(["anio", "cubierta", "nombre", "uno", "dos"]), _texts)}
    ),
    QuestionKind.MATRIX: st.fixed_dictionaries(
        {"rows": st.dictionaries(st.sampled_from(["salud", "prestamo"]), st.sampled_from(["si", "no"]))}
    ),
}


@given(st.sampled_from(every_body()), st.data())
def test_every_mark_lies_between_minus_one_and_one(body: Body, data: st.DataObject) -> None:
    """spec/quiz-engine 5.1.5: a fraction in [−1, 1], whatever was answered; nothing answered is 0."""
    question = a_question(body)
    payload = data.draw(_payloads.get(question.kind, st.fixed_dictionaries({"text": _texts})))
    answer = read_answer(question.kind, payload)
    layout = lay_out_item(question, 1, "1.1", shuffle=True)

    marking = mark_answer(question, answer, layout, SPANISH)

    assert marking.fraction is None or -1 <= marking.fraction <= 1
    if is_empty(answer) and marking.fraction is not None:
        assert (marking.fraction, marking.state) == (0, MarkState.NOT_ANSWERED)


@given(st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), st.booleans()), unique_by=lambda one: one[0]))
def test_one_more_right_pair_never_lowers_the_mark(parts: Sequence[tuple[str, bool]]) -> None:
    right = {"one": "x", "two": "x", "three": "y"}
    chosen = {key: right[key] if good else "z" for key, good in parts}
    better = dict(chosen)
    for key in right:
        better[key] = right[key]
        assert share(a_matching(), MatchingAnswer(better)) >= share(a_matching(), MatchingAnswer(chosen))


def test_fractions_stay_exact() -> None:
    body = a_multiple(R.RIGHT_MINUS_WRONG, 7, 1)

    assert share(body, MultipleChoiceAnswer(("r1", "r2"))) == Fraction(2, 7)


@pytest.mark.parametrize(
    ("choice", "fraction", "state"),
    [("a", "1", MarkState.RIGHT), ("b", "-1/3", MarkState.WRONG), ("c", "1/2", MarkState.PARTIAL), ("", "0", MarkState.NOT_ANSWERED)],
)
def test_a_single_choice_is_worth_the_fraction_of_the_option(choice: str, fraction: str, state: MarkState) -> None:
    """spec/quiz-engine 5.7 Single choice: fraction of the selected option (may be negative); none = 0."""
    body = a_single(an_option("a", "1"), an_option("b", "-1/3", right=False), an_option("c", "1/2", right=False))

    marking = marked(body, SingleChoiceAnswer(choice))

    assert (marking.fraction, marking.state) == (f(fraction), state)


def test_an_option_that_does_not_exist_is_invalid_and_worth_nothing() -> None:
    assert marked(a_single(), SingleChoiceAnswer("zz")).state is MarkState.INVALID
    assert marked(a_multiple(R.RIGHT_ONLY, 2, 2), MultipleChoiceAnswer(("zz",))).state is MarkState.INVALID
    assert share(a_single(), SingleChoiceAnswer("zz")) == 0


@pytest.mark.parametrize(("value", "state"), [(False, MarkState.RIGHT), (True, MarkState.WRONG), (None, MarkState.NOT_ANSWERED)])
def test_true_or_false_is_right_or_wrong(value: bool | None, state: MarkState) -> None:
    """spec/quiz-engine 5.7 True/false."""
    assert marked(TrueFalseBody(answer=False), TrueFalseAnswer(value)).state is state


RULES = [R.ALL_OR_NOTHING, R.RIGHT_MINUS_WRONG, R.PROPORTIONAL, R.RIGHT_ONLY, R.HALVES]


@pytest.mark.parametrize(
    ("chosen", "fractions"),
    [
        ("r1 r2 r3", "1 1 1 1 1"),
        ("r1 r2", "0 2/3 4/5 2/3 1/2"),
        ("r1", "0 1/3 3/5 1/3 1/4"),
        ("r1 r2 r3 w1", "0 2/3 4/5 0 1/2"),
        ("r1 r2 w1", "0 1/3 3/5 0 1/4"),
        ("r1 r2 r3 w1 w2", "0 1/3 3/5 0 1/4"),
        ("r1 w1", "0 0 2/5 0 0"),
        ("w1", "0 0 1/5 0 0"),
        ("w1 w2", "0 0 0 0 0"),
        ("", "0 0 0 0 0"),
    ],
)
def test_the_same_selection_under_each_named_rule(chosen: str, fractions: str) -> None:
    """spec/quiz-engine 5.7 Multiple: all_or_nothing, right_minus_wrong, proportional, right_only, halves (spec/quiz-engine 5.14.6);
    three right of five.
    """
    answer = MultipleChoiceAnswer(tuple(chosen.split()))

    assert [share(a_multiple(rule, 3, 2), answer) for rule in RULES] == [f(one) for one in fractions.split()]


@pytest.mark.parametrize(
    ("chosen", "fraction"), [("a b", "1"), ("a", "1/2"), ("a c", "1/4"), ("c", "0"), ("a b c d", "1/2"), ("a b e", "1"), ("", "0")]
)
def test_the_sum_of_fractions_is_clipped(chosen: str, fraction: str) -> None:
    """spec/quiz-engine 5.7 Multiple: fractions (sum of option fractions, clipped to [0, 1])."""
    options = (
        an_option("a", "1/2"),
        an_option("b", "1/2"),
        an_option("c", "-1/4", right=False),
        an_option("d", "-1/4", right=False),
        an_option("e", "1/10", right=False),
    )

    assert share(MultipleChoiceBody(options, R.FRACTIONS), MultipleChoiceAnswer(tuple(chosen.split()))) == f(fraction)


@pytest.mark.parametrize(
    ("right", "wrong", "chosen", "fraction"),
    [(1, 1, "r1 w1", "0"), (1, 2, "r1 w1", "1/2"), (2, 2, "w1 r1", "0"), (2, 3, "w1 r1", "1/4"), (2, 1, "r1", "1/2"), (1, 1, "r1", "1")],
)
def test_halves_need_enough_options(right: int, wrong: int, chosen: str, fraction: str) -> None:
    """spec/quiz-engine 5.7 Multiple: halves (½ needs at least 3 options, ¼ at least 5)."""
    assert share(a_multiple(R.HALVES, right, wrong), MultipleChoiceAnswer(tuple(chosen.split()))) == f(fraction)


def test_choosing_nothing_earns_nothing_even_in_proportion() -> None:
    """spec/quiz-engine 5.7 Multiple: selecting nothing is always 0 (also in EDC)."""
    marking = marked(a_multiple(R.PROPORTIONAL, 1, 9), MultipleChoiceAnswer())

    assert (marking.state, marking.fraction) == (MarkState.NOT_ANSWERED, 0)


def test_keys_that_are_no_options_are_no_choice() -> None:
    assert choice_marking.share_of_choices(R.PROPORTIONAL, a_multiple(R.PROPORTIONAL, 1, 9).options, ["zz"]) == 0


@pytest.mark.parametrize("rule", list(R))
def test_options_without_a_right_one_divide_by_nothing(rule: MultipleRule) -> None:
    assert share(a_multiple(rule, 0, 3), MultipleChoiceAnswer(("w1", "w2", "w3"))) == 0


def test_the_parts_of_a_multiple_choice_are_the_chosen_options() -> None:
    question = a_question(a_multiple(R.RIGHT_MINUS_WRONG, 2, 2))

    parts = mark_answer(question, MultipleChoiceAnswer(("r1", "w2", "zz")), ItemLayout(), SPANISH).parts

    assert [(part.part, part.state) for part in parts] == [("r1", MarkState.RIGHT), ("w2", MarkState.WRONG)]
    assert [why(question, part) for part in parts] == [es("why r1"), es("why w2")]


@given(st.sampled_from(list(R)), st.integers(1, 6), st.integers(0, 6), st.data())
def test_marks_of_multiple_choices_lie_in_bounds_and_rise_with_right_ones(
    rule: MultipleRule, right: int, wrong: int, data: st.DataObject
) -> None:
    """spec/quiz-engine 5.7 Multiple: no rule leaves [0, 1], none takes marks off for one more right option."""
    body = a_multiple(rule, right, wrong)
    keys = [option.key for option in body.options]
    chosen = data.draw(st.sets(st.sampled_from(keys)))
    missing = sorted(set(keys[:right]) - chosen)

    fraction = share(body, MultipleChoiceAnswer(tuple(sorted(chosen))))

    assert 0 <= fraction <= 1
    assert share(body, MultipleChoiceAnswer(tuple(keys[:right]))) == 1
    if missing:
        assert share(body, MultipleChoiceAnswer(tuple(sorted({*chosen, missing[0]})))) >= fraction


@pytest.mark.parametrize(
    ("body", "mark", "is_check"),
    [(EssayBody(), "0", True), (FileBody(("pdf",)), "0", True), (EssayBody(), "1", False), (a_single(), "0", False)],
)
def test_a_text_without_a_mark_is_for_its_writer_to_judge(body: Body, mark: str, is_check: bool) -> None:
    """spec/quiz-engine 5.6."""
    assert is_self_check(a_question(body, mark=f(mark))) is is_check


LEVELS = tuple(RubricLevel(f(points), es(points)) for points in ("0", "1.5", "1"))
RUBRIC = (RubricCriterion("claridad", es("Claridad"), LEVELS), RubricCriterion("fuentes", es("Fuentes"), LEVELS[:1] + LEVELS[2:]))


def test_only_an_essay_is_judged_by_its_writer_by_a_rubric() -> None:
    """spec/selection 8.6."""
    assert is_self_reviewed(a_question(EssayBody(rubric=RUBRIC, self_review=True)))
    assert not is_self_reviewed(a_question(EssayBody(rubric=RUBRIC)))
    assert not is_self_reviewed(a_question(FileBody(("pdf",))))


@pytest.mark.parametrize(
    ("chosen", "points"),
    [
        ({"claridad": 1, "fuentes": 0}, (f("1.5"), f("2.5"))),
        ({"claridad": 2, "fuentes": 1}, (f("2"), f("2.5"))),
        ({"claridad": 1}, None),
        ({"claridad": 1, "fuentes": 2}, None),
    ],
)
def test_a_writer_reads_their_points_of_the_most_that_there_are(chosen: dict[str, int], points: tuple[Fraction, Fraction] | None) -> None:
    """spec/selection 8.6: none while a criterion has no level."""
    assert self_assessed_points(a_question(EssayBody(rubric=RUBRIC, self_review=True)), chosen) == points
