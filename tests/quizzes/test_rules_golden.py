"""Papers by their seed, and markings part by part, word for word: what was laid out and marked once stays so for ever.

spec/quiz-engine 5.2.5, 5.7.
"""

from fractions import Fraction

import pytest

from questions.rules import marking as ordering
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
)
from questions.rules.definitions import (
    Body,
    Gap,
    GapsBody,
    KeyedLabel,
    MatchingBody,
    MultipleRule,
    OrderingRule,
    Pair,
    ShortAnswerBody,
    TextPattern,
    Tolerance,
    ToleranceKind,
    TrueFalseBody,
)
from questions.rules.item_layout import ItemLayout, lay_out_item
from questions.rules.marking import Marking, mark_answer
from questions.rules.numbers import ENGLISH, EPSILON, is_within, matches
from quizzes.rules.layout import AttemptLayout, Candidate, Interlude, PageEntry, SectionEntry, SlotEntry, TextEntry, lay_out
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
    f,
    marked,
    some_gaps,
)

SIX = a_single(*(an_option(key, "1" if key == "a" else "0", fixed=key == "f") for key in "abcdef"))
PAIRS = MatchingBody(tuple(Pair(key, es(key), f"m{key}", es(key)) for key in "abcdef"), (KeyedLabel("mz", es("z")),))
GAPS = GapsBody((Gap("uno", SIX), Gap("dos", SIX), Gap("tres", a_single(*SIX.options, shuffle=False))))
DRAGGED = GapsBody(dragged_gaps().gaps, drag=True, choices=tuple(KeyedLabel(key, es(key)) for key in "abcdef"))


@pytest.mark.parametrize(
    ("body", "slot", "orders"),
    [
        (SIX, "1.1", {"options": "d b c e a f"}),
        (SIX, "2.1", {"options": "b a d c e f"}),
        (a_multiple(MultipleRule.HALVES, 3, 3), "1.1", {"options": "w2 r2 w3 w1 r3 r1"}),
        (PAIRS, "1.1", {"items": "b d a f e c", "matches": "me mf mc ma md mz mb"}),
        (PAIRS, "2.1", {"items": "b f a e c d", "matches": "mb mz mc mf ma me md"}),
        (an_ordering(6), "1.1", {"items": "i1 i3 i0 i5 i4 i2"}),
        (an_ordering(6), "2.1", {"items": "i1 i5 i0 i4 i2 i3"}),
        (GAPS, "1.1", {"gap:uno": "b d c e a f", "gap:dos": "b e a d c f", "gap:tres": "a b c d e f"}),
        (GAPS, "2.1", {"gap:uno": "e c d a b f", "gap:dos": "d a b e c f", "gap:tres": "a b c d e f"}),
        (DRAGGED, "1.1", {"choices": "f b a c d e"}),
        (DRAGGED, "2.1", {"choices": "d c a b f e"}),
    ],
)
def test_orders_of_a_seed_and_slot_are_these(body: Body, slot: str, orders: dict[str, str]) -> None:
    """spec/quiz-engine 5.2.5, 5.2.6: seed 7; every list has chance of its own, by slot and purpose."""
    laid = lay_out_item(a_question(body), 7, slot, shuffle=True)

    assert {name: " ".join(order) for name, order in laid.orders.items()} == orders


@pytest.mark.parametrize(("slot", "persons"), [("1.1", 3500), ("2.1", 3800)])
def test_variables_of_a_seed_and_slot_are_these(slot: str, persons: int) -> None:
    """spec/quiz-engine 5.2.5, 5.7 Calculated: parameters drawn from the seed."""
    assert lay_out_item(a_question(a_calculated()), 7, slot, shuffle=True).variables == {"personas": persons}


def a_pool(names: str) -> tuple[Candidate, ...]:
    return tuple(Candidate(name, at, Fraction(at)) for at, name in enumerate(names.split(), 1))


ENTRIES = (
    SlotEntry(a_pool("a b c d e f"), count=2),
    SectionEntry(es("S1"), True, es("t")),
    *(SlotEntry(a_pool(name)) for name in "ghij"),
    TextEntry(es("w")),
    SectionEntry(es("S2"), False, None),
    SlotEntry(a_pool("k"), mark=f("5")),
    SlotEntry(a_pool("l m n o p"), count=3),
)


@pytest.mark.parametrize(("seed", "drawn"), [(1, "f c g h i j k l p m"), (2, "d a i g h j k p l m"), (2**64 - 1, "b d j i h g k o p n")])
def test_the_paper_of_a_seed_is_this(seed: int, drawn: str) -> None:
    """spec/quiz-engine 5.2.4, 5.2.5, 5.2.6: draws before and after a section that is mixed; titles and texts keep their places."""
    layout = lay_out(ENTRIES, seed, seen={})

    assert isinstance(layout, AttemptLayout)
    assert " ".join(item.question for item in layout.items) == drawn
    assert [item.position for item in layout.items] == [item.number for item in layout.items] == list(range(1, 11))
    assert [item.section for item in layout.items] == [0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
    assert {item.mark for item in layout.items if item.question == "k"} == {5}
    assert layout.interludes == (Interlude(3, 1, es("S1"), es("t")), Interlude(7, 1, None, es("w")), Interlude(7, 1, es("S2"), None))


def test_a_break_that_would_leave_an_empty_page_is_none() -> None:
    """spec/quiz-engine 5.2.6 and content format: breaks at the beginning, twice, after a text alone, and with so many questions a page."""
    entries = (PageEntry(), *(SlotEntry(a_pool(name)) for name in "ab"), PageEntry(), PageEntry(), TextEntry(es("w")), PageEntry())
    layout = lay_out((*entries, *(SlotEntry(a_pool(name)) for name in "cde")), 1, seen={}, per_page=2)

    assert isinstance(layout, AttemptLayout)
    assert [(item.question, item.page) for item in layout.items] == [("a", 1), ("b", 1), ("c", 3), ("d", 3), ("e", 4)]
    assert [(interlude.before, interlude.page) for interlude in layout.interludes] == [(3, 2)]


def told(marking: Marking) -> tuple[str, str, list[str]]:
    """Return a marking in short: state, share, and of each part name, state, share, weight, what matched, wrong unit."""
    parts = []
    for part in marking.parts:
        unit = " unit" if part.unit_wrong else ""
        parts.append(f"{part.part} {part.state.value} {part.fraction} ×{part.weight} «{part.matched}»{unit}")
    return marking.state.value, str(marking.fraction), parts


@pytest.mark.parametrize(
    ("body", "answer", "expected"),
    [
        (a_single(), SingleChoiceAnswer("a"), ("right", "1", [" right 1 ×1 «a»"])),
        (a_single(), SingleChoiceAnswer("x"), ("invalid", "0", [" invalid 0 ×1 «»"])),
        (a_single(), MalformedAnswer("x", "choice"), ("invalid", "0", [])),
        (a_single(), TextAnswer("x"), ("invalid", "0", [])),
        (TrueFalseBody(answer=False), TrueFalseAnswer(value=False), ("right", "1", [" right 1 ×1 «»"])),
        (TrueFalseBody(answer=False), TrueFalseAnswer(value=True), ("wrong", "0", [" wrong 0 ×1 «»"])),
        (
            a_multiple(MultipleRule.RIGHT_MINUS_WRONG, 3, 2),
            MultipleChoiceAnswer(("r1", "r2", "w1")),
            ("partial", "1/3", ["r1 right 1 ×1 «r1»", "r2 right 1 ×1 «r2»", "w1 wrong 0 ×1 «w1»"]),
        ),
        (a_multiple(MultipleRule.HALVES, 3, 2), MultipleChoiceAnswer(("x",)), ("invalid", "0", [])),
        (a_short(("sol", "1"), ("luna", "1/2")), TextAnswer("luna"), ("partial", "1/2", [" partial 1/2 ×1 «1»"])),
        (a_short(("sol", "1")), TextAnswer("mar"), ("wrong", "0", [" wrong 0 ×1 «»"])),
        (a_numerical(("1", "1"), ("2", "0")), NumberAnswer("2"), ("wrong", "0", [" wrong 0 ×1 «1»"])),
        (a_numerical(("1", "1")), NumberAnswer("3"), ("wrong", "0", [" wrong 0 ×1 «»"])),
        (a_numerical(("1", "1")), NumberAnswer("x"), ("invalid", "0", [" invalid 0 ×1 «»"])),
        (
            a_matching(),
            MatchingAnswer({"one": "x", "three": "x"}),
            ("partial", "1/3", ["one right 1 ×1 «x»", "two not_answered 0 ×1 «»", "three wrong 0 ×1 «x»"]),
        ),
        (
            an_ordering(3),
            OrderingAnswer(("i0", "i2", "i1")),
            ("partial", "2/3", ["i0 right 1 ×1 «»", "i2 partial 1/2 ×1 «»", "i1 partial 1/2 ×1 «»"]),
        ),
        (an_ordering(3), OrderingAnswer(("i0", "i1")), ("invalid", "0", [])),
        (
            some_gaps(),
            GapsAnswer({"anio": "a", "cubierta": "34,8", "nombre": "nada"}),
            ("partial", "1/2", ["anio right 1 ×1 «a»", "cubierta right 1 ×1 «0»", "nombre wrong 0 ×2 «»"]),
        ),
        (
            some_gaps(),
            GapsAnswer({"anio": "x", "cubierta": "letras", "nombre": " "}),
            ("wrong", "0", ["anio invalid 0 ×1 «»", "cubierta invalid 0 ×1 «»", "nombre not_answered 0 ×2 «»"]),
        ),
        (
            some_gaps(),
            GapsAnswer({"nombre": "Brecha"}),
            ("partial", "1/2", ["anio not_answered 0 ×1 «»", "cubierta not_answered 0 ×1 «»", "nombre right 1 ×2 «0»"]),
        ),
        (dragged_gaps(), GapsAnswer({"uno": "sol", "dos": "mar"}), ("partial", "1/2", ["uno right 1 ×1 «0»", "dos wrong 0 ×1 «»"])),
        (
            a_matrix(),
            MatrixAnswer({"salud": "si", "prestamo": "si"}),
            ("partial", "1/3", ["salud right 1 ×1 «si»", "prestamo wrong 0 ×1 «si»", "vejez not_answered 0 ×1 «»"]),
        ),
    ],
)
def test_markings_are_these_part_by_part(body: Body, answer: Answer | MalformedAnswer, expected: tuple[str, str, list[str]]) -> None:
    """spec/quiz-engine 5.7, 5.1.6: state and share of the whole and of every part, with its weight and the answer that decided."""
    assert told(marked(body, answer)) == expected  # type: ignore[arg-type]  # what cannot be read is marked too


def test_weights_of_gaps_reach_every_rule() -> None:
    """spec/quiz-engine 5.7 Gaps: weighted mean, whatever the gap's rule; numbers as the language reads them, with their unit."""
    gaps = GapsBody(
        (
            Gap("opcion", a_single(), f("3")),
            Gap("numero", a_numerical(("1.5", "1")), f("5")),
            Gap("palabra", a_short(("sol", "1")), f("7")),
        )
    )
    answer = GapsAnswer({"opcion": "a", "numero": "1.500", "palabra": "sol"})
    english = mark_answer(a_question(gaps), answer, ItemLayout(), ENGLISH)

    assert told(english) == ("right", "1", ["opcion right 1 ×3 «a»", "numero right 1 ×5 «0»", "palabra right 1 ×7 «0»"])
    assert told(marked(gaps, answer)) == ("partial", "2/3", ["opcion right 1 ×3 «a»", "numero wrong 0 ×5 «»", "palabra right 1 ×7 «0»"])
    assert told(marked(gaps, GapsAnswer({"numero": "x", "opcion": "x"})))[2] == [
        "opcion invalid 0 ×3 «»",
        "numero invalid 0 ×5 «»",
        "palabra not_answered 0 ×7 «»",
    ]


def test_weights_of_dragged_gaps_count() -> None:
    """spec/quiz-engine 5.7 Drag into text: the weight of a gap, filled rightly or wrongly."""
    uno, dos = dragged_gaps().gaps
    gaps = GapsBody((Gap(uno.name, uno.body, f("3")), dos), drag=True, choices=dragged_gaps().choices)

    assert told(marked(gaps, GapsAnswer({"uno": "sol", "dos": "sol"}))) == ("partial", "3/4", ["uno right 1 ×3 «0»", "dos wrong 0 ×1 «»"])


def test_questions_keep_their_own_mark_unless_the_slot_has_one() -> None:
    """spec/quiz-engine 5.1.2, 5.1.3: slot has max mark; without one the question's own is copied."""
    layout = lay_out(ENTRIES, 1, seen={})

    assert isinstance(layout, AttemptLayout)
    assert [item.mark for item in layout.items] == [6, 3, 1, 1, 1, 1, 5, 1, 5, 2]


def test_the_last_section_has_chance_of_its_own() -> None:
    """spec/quiz-engine 5.2.5, 5.2.6: two sections that are mixed, each by its number."""
    one, other = (tuple(SlotEntry(a_pool(name)) for name in names) for names in ("abcdef", "ghijkl"))
    layout = lay_out((SectionEntry(es("S1"), True, None), *one, SectionEntry(es("S2"), True, None), *other), 3, seen={})

    assert isinstance(layout, AttemptLayout)
    assert "".join(item.question for item in layout.items) == "baefdclkghji"


def test_dragged_gaps_go_by_the_key_and_not_by_the_word() -> None:
    """spec/quiz-engine 5.7 Drag into text: what the page sends is the key of the choice."""
    gaps = GapsBody(
        (Gap("uno", ShortAnswerBody((TextPattern(es("sol"), True, f("1"), key="k1"),))),), drag=True, choices=(KeyedLabel("k1", es("sol")),)
    )

    assert marked(gaps, GapsAnswer({"uno": "k1"})).fraction == 1
    assert marked(gaps, GapsAnswer({"uno": "sol"})).fraction == 0


def test_a_number_in_a_gap_is_asked_for_its_unit() -> None:
    """spec/quiz-engine 5.7 Gaps, Numerical: each gap by its own rule, its unit beside it."""
    length = a_numerical(("1500", "1"), units={"m": f("1"), "km": f("1000")}, unit_penalty=f("1/10"))
    gaps = GapsBody((Gap("uno", length),))

    assert told(marked(gaps, GapsAnswer({"uno": "1,5"}, {"uno": "km"}))) == ("right", "1", ["uno right 1 ×1 «0»"])
    assert told(marked(gaps, GapsAnswer({"uno": "1500"}, {"dos": "km"}))) == ("partial", "9/10", ["uno partial 9/10 ×1 «0» unit"])


@pytest.mark.parametrize(
    ("pattern", "typed", "fits"),
    [
        ("são", "sao", True),
        ("ń", "n", True),
        ("piña", "pina", False),
        ("PIÑA", "PINA", False),
        ("X\u0303", "X", True),
        ("ñandú", "ñandu", True),
    ],
)
def test_only_the_tilde_of_an_n_is_a_letter(pattern: str, typed: str, *, fits: bool) -> None:
    """spec/quiz-engine 5.7 Short answer: option «ignore accents»: ñ is no accented n; other tildes are accents."""
    assert matches(pattern, typed, ignore_case=False, ignore_accents=True) is fits


def test_the_longest_ordered_items_are_found_whatever_begins_later() -> None:
    """spec/quiz-engine 5.7 Ordering, longest ordered subset: four of five stand in order."""
    assert ordering.share_of_ordering(OrderingRule.LONGEST_ORDERED, [1, 2, 3, 0, 4]) == f("4/5")


def test_the_tolerance_has_its_epsilon_and_no_more() -> None:
    """spec/quiz-engine 5.7 Numerical: nominal |v − a| ≤ t + ε·max(1, |a|)."""
    small, large = f("1/2"), f("4")

    for expected, weight in ((small, 1), (large, 4)):
        assert is_within(expected + 1 + EPSILON * weight, expected, Tolerance(ToleranceKind.NOMINAL, f("1")))
        assert not is_within(expected + 1 + EPSILON * weight * f("3/2"), expected, Tolerance(ToleranceKind.NOMINAL, f("1")))
