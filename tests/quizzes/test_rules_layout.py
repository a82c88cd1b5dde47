"""The paper of an attempt: chance that can be repeated, draws, sections, pages, options (spec/quiz-engine 5.2.4 to 5.2.6)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questions.rules.definitions import (
    Body,
    CalculatedBody,
    Gap,
    GapsBody,
    MatchingBody,
    MultipleChoiceBody,
    QuestionVariable,
    VariableRange,
)
from questions.rules.item_layout import ItemLayout, NoVariablesError, SeededRandom, carry_over, lay_out_item
from quizzes.rules.layout import (
    AttemptLayout,
    Candidate,
    Entry,
    LaidItem,
    PageEntry,
    PoolTooSmall,
    SectionEntry,
    SlotEntry,
    TextEntry,
    lay_out,
)
from tests.support.questions import (
    a_calculated,
    a_matching,
    a_matrix,
    a_multiple,
    a_question,
    a_single,
    an_option,
    an_ordering,
    dragged_gaps,
    es,
    every_body,
    f,
    some_gaps,
)

SEEDS = st.integers(0, 2**64 - 1)


def candidates(names: str) -> tuple[Candidate, ...]:
    return tuple(Candidate(name, at) for at, name in enumerate(names.split(), 1))


def fixed(name: str, **fields: object) -> SlotEntry:
    return SlotEntry(candidates(name), **fields)  # type: ignore[arg-type]  # fields by name


def snapshot(entries: Sequence[Entry], seed: int = 1, seen: dict[str, int] | None = None, per_page: int = 0) -> AttemptLayout:
    layout = lay_out(entries, seed, seen=seen or {}, per_page=per_page)
    assert isinstance(layout, AttemptLayout)
    return layout


def keys(layout: AttemptLayout) -> list[str]:
    return [item.question for item in layout.items]


def test_chance_is_the_documented_algorithm() -> None:
    """spec/quiz-engine 5.2.5: SHA-256(seed ‖ slot ‖ purpose) → Fisher–Yates; these values hold on every machine and version."""
    assert [SeededRandom(1, "3.1", "options").below(100) for _ in range(2)] == [SeededRandom(1, "3.1", "options").below(100)] * 2
    assert SeededRandom(0, "1.1", "options").shuffled("abcdefgh") == tuple("gdbhafce")
    assert SeededRandom(2**64 - 1, "1.1", "options").shuffled("abcdefgh") == tuple("gadhebfc")


def test_a_seed_has_sixty_four_bits() -> None:
    for seed in (-1, 2**64):
        with pytest.raises(ValueError, match=r"^a seed has 64 bits$"):
            SeededRandom(seed, "1.1", "options")


def test_words_of_the_last_incomplete_run_are_passed_over() -> None:
    """spec/quiz-engine 5.2.5: every number is equally likely, also below a limit that the words do not fill evenly."""
    digest = sha256(f"{7:016x}/1.1/options/0".encode()).digest()
    words = [int.from_bytes(digest[at : at + 8], "big") for at in (0, 8)]
    limit = 2**63 + 1

    assert words[0] >= limit > words[1]
    assert SeededRandom(7, "1.1", "options").below(limit) == words[1]
    assert SeededRandom(7, "1.1", "options").below(words[0] + 1) == words[0]


def test_long_draws_take_more_blocks_and_are_even() -> None:
    chance = SeededRandom(5, "1", "many")
    counts = Counter(chance.below(6) for _ in range(6000))

    assert set(counts) == set(range(6))
    assert all(850 < count < 1150 for count in counts.values())


@given(SEEDS, st.text(alphabet="0123456789.", max_size=5), st.lists(st.integers(), max_size=12))
def test_the_same_seed_gives_the_same_order(seed: int, slot: str, entries: list[int]) -> None:
    """spec/quiz-engine 5.2.5: same seed ⇒ same paper."""
    mixed = SeededRandom(seed, slot, "x").shuffled(entries)

    assert mixed == SeededRandom(seed, slot, "x").shuffled(entries)
    assert sorted(mixed) == sorted(entries)


def test_questions_stand_in_order_with_numbers_marks_and_slots() -> None:
    layout = snapshot([fixed("a"), fixed("b", mark=f("3")), fixed("c", require_previous=True)])

    assert layout.items[1] == LaidItem("2.1", "b", 1, f("3"), 0, require_previous=False, number=2, position=2, page=1)
    assert layout.items[2].require_previous
    assert (keys(layout), layout.pages) == (["a", "b", "c"], 1)


def test_descriptions_are_not_numbered_and_carry_no_mark() -> None:
    """spec/quiz-engine 5.2.6: descriptions keep their position and are not numbered."""
    text = SlotEntry((Candidate("texto", 9, numbered=False),), mark=f("5"))

    items = snapshot([fixed("a"), text, fixed("b")]).items

    assert [item.number for item in items] == [1, None, 2]
    assert [item.position for item in items] == [1, 2, 3]
    assert items[1].mark == 0


@given(SEEDS, st.integers(1, 5))
def test_a_draw_is_without_replacement_and_spares_fixed_questions(seed: int, count: int) -> None:
    """spec/quiz-engine 5.2.4: without replacement inside the attempt."""
    pool = candidates("a b c d e f")
    layout = snapshot([SlotEntry(pool, count=count), SlotEntry((pool[2],))], seed)

    assert len(set(keys(layout))) == count + 1
    assert keys(layout)[-1] == "c"
    assert layout == snapshot([SlotEntry(pool, count=count), SlotEntry((pool[2],))], seed)


@given(SEEDS)
def test_a_draw_prefers_what_was_seen_least(seed: int) -> None:
    """spec/quiz-engine 5.2.4: prefers questions the user has seen least in earlier attempts."""
    drawn = keys(snapshot([SlotEntry(candidates("a b c d"), count=3)], seed, {"a": 2, "b": 1, "d": 1}))

    assert set(drawn) == {"b", "c", "d"}
    assert keys(snapshot([SlotEntry(candidates("a b c d"))], seed, {"a": 1, "b": 1, "d": 1})) == ["c"]


def test_all_questions_of_a_pool_come_up() -> None:
    drawn = Counter(keys(snapshot([SlotEntry(candidates("a b c"))], seed))[0] for seed in range(300))

    assert all(60 < drawn[name] < 140 for name in "abc")


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([SlotEntry(candidates("a b"), count=3)], PoolTooSmall(1, 3, 2)),
        ([SlotEntry((), count=1)], PoolTooSmall(1, 1, 0)),
        ([fixed("a"), SlotEntry(candidates("a"))], PoolTooSmall(2, 1, 0)),
        ([fixed("a"), fixed("b"), SlotEntry(candidates("a b c"), count=2)], PoolTooSmall(3, 2, 1)),
        ([SlotEntry(candidates("a b"), count=2), fixed("a")], PoolTooSmall(1, 2, 1)),
    ],
)
def test_a_pool_that_is_too_small_is_told(entries: list[Entry], problem: PoolTooSmall) -> None:
    """spec/quiz-engine 5.2.4: if the pool is too small, starting fails with a clear message."""
    assert lay_out(entries, 1, seen={}) == problem


@given(SEEDS)
def test_pools_that_overlap_fail_only_where_no_choice_would_do(seed: int) -> None:
    drawn = keys(snapshot([SlotEntry(candidates("a b c"), count=2), SlotEntry(candidates("a b")), SlotEntry(candidates("d a"))], seed))

    assert sorted(drawn) == ["a", "b", "c", "d"]
    assert "c" in drawn[:2]
    assert drawn[3] == "d"


@given(SEEDS)
def test_only_sections_that_say_so_are_mixed_and_only_inside(seed: int) -> None:
    """spec/quiz-engine 5.2.6: questions shuffled inside a section only."""
    entries = [
        fixed("z"),
        SectionEntry(es("Uno"), shuffle=True),
        fixed("a"),
        fixed("b"),
        fixed("c"),
        SectionEntry(es("Dos")),
        fixed("d"),
        fixed("e"),
    ]

    layout = snapshot(entries, seed)

    assert keys(layout)[0] == "z"
    assert set(keys(layout)[1:4]) == {"a", "b", "c"}
    assert keys(layout)[4:] == ["d", "e"]
    assert [item.section for item in layout.items] == [0, 1, 1, 1, 2, 2]
    assert [(interlude.before, interlude.title) for interlude in layout.interludes] == [(2, es("Uno")), (5, es("Dos"))]


@given(SEEDS)
def test_what_has_a_place_of_its_own_keeps_it_in_a_mixed_section(seed: int) -> None:
    """spec/quiz-engine 5.2.6: descriptions keep their position; so do texts, breaks and questions that need the one before."""
    text = SlotEntry((Candidate("texto", 9, numbered=False),))
    entries = [SectionEntry(es("S"), shuffle=True), fixed("a"), text, TextEntry(es("t")), fixed("b"), PageEntry(), fixed("c")]
    layout = snapshot([*entries, fixed("d", require_previous=True)], seed)

    assert keys(layout)[1] == "texto"
    assert keys(layout)[4] == "d"
    assert [item.page for item in layout.items] == [1, 1, 1, 2, 2]
    assert [interlude.before for interlude in layout.interludes] == [1, 3]


def test_a_mixed_section_is_not_always_as_written() -> None:
    entries: list[Entry] = [SectionEntry(es("S"), shuffle=True), *[fixed(name) for name in "abcde"]]

    assert len({tuple(keys(snapshot(entries, seed))) for seed in range(20)}) > 10


def test_pages_break_after_so_many_numbered_questions_and_where_written() -> None:
    text = SlotEntry((Candidate("texto", 9, numbered=False),))
    entries: list[Entry] = [
        PageEntry(),
        fixed("a"),
        fixed("b"),
        text,
        fixed("c"),
        PageEntry(),
        PageEntry(),
        fixed("d"),
        TextEntry(es("fin")),
    ]

    assert [item.page for item in snapshot(entries, per_page=2).items] == [1, 1, 2, 2, 3]
    assert [item.page for item in snapshot(entries).items] == [1, 1, 1, 1, 2]
    assert snapshot(entries, per_page=1).interludes[0].page == 5
    assert snapshot(entries, per_page=1).pages == 5
    assert [item.page for item in snapshot([fixed("a"), PageEntry(), fixed("b"), fixed("c"), fixed("d")], per_page=2).items] == [1, 2, 2, 3]
    assert lay_out(entries[:4], 1, seen={}) == snapshot(entries[:4])
    assert snapshot([]).pages == 1
    assert snapshot([TextEntry(es("solo")), PageEntry(), TextEntry(es("dos"))]).pages == 2


@given(SEEDS)
def test_fixed_options_keep_their_place(seed: int) -> None:
    """spec/quiz-engine 5.2.6: options marked fixed keep their place."""
    options = (an_option("a", "1"), an_option("b"), an_option("todas", fixed=True), an_option("c"))

    order = lay_out_item(a_question(a_single(*options)), seed, "1.1", shuffle=True).orders["options"]

    assert order[2] == "todas"
    assert set(order) == {"a", "b", "c", "todas"}


@pytest.mark.parametrize(
    ("quiz", "question", "mixes"), [(True, True, True), (True, False, False), (False, True, False), (False, False, False)]
)
def test_options_are_mixed_if_quiz_and_question_allow_it(*, quiz: bool, question: bool, mixes: bool) -> None:
    """spec/quiz-engine 5.2.6: option order shuffled if quiz and question allow it."""
    body = replace(a_multiple(MultipleChoiceBody(()).rule, 4, 4), shuffle=question)

    orders = {lay_out_item(a_question(body), seed, "1.1", shuffle=quiz).orders["options"] for seed in range(10)}

    assert (len(orders) > 1) is mixes
    if not mixes:
        assert orders == {tuple(option.key for option in body.options)}


def test_matches_are_mixed_even_where_items_are_not() -> None:
    """The order in which matches were written is the answer."""
    layouts = [lay_out_item(a_question(a_matching(shuffle=False)), seed, "1.1", shuffle=True).orders for seed in range(20)]
    mixed = [lay_out_item(a_question(a_matching()), seed, "1.1", shuffle=True).orders["items"] for seed in range(20)]
    kept = lay_out_item(a_question(a_matching()), 3, "1.1", shuffle=False).orders["items"]

    assert {layout["items"] for layout in layouts} == {("one", "two", "three")}
    assert len({layout["matches"] for layout in layouts}) > 3
    assert all(sorted(layout["matches"]) == ["x", "y", "z"] for layout in layouts)
    assert len(set(mixed)) > 3
    assert kept == ("one", "two", "three")


@given(SEEDS, st.integers(2, 6))
def test_items_to_order_never_begin_in_the_right_order(seed: int, count: int) -> None:
    order = lay_out_item(a_question(an_ordering(count)), seed, "1.1", shuffle=False).orders["items"]

    assert list(order) != sorted(order)
    assert set(order) == {f"i{at}" for at in range(count)}


def test_one_item_alone_has_one_order() -> None:
    assert lay_out_item(a_question(an_ordering(1)), 1, "1.1", shuffle=True).orders["items"] == ("i0",)


def test_gaps_mix_their_own_options_and_the_set_that_is_dragged() -> None:
    body = some_gaps()
    fixed_gap = GapsBody((Gap("a", a_single(shuffle=False)),))

    assert set(lay_out_item(a_question(body), 4, "1.1", shuffle=True).orders["gap:anio"]) == {"a", "b", "c"}
    assert {lay_out_item(a_question(fixed_gap), seed, "1.1", shuffle=True).orders["gap:a"] for seed in range(9)} == {("a", "b", "c")}
    assert {lay_out_item(a_question(body), seed, "1.1", shuffle=False).orders["gap:anio"] for seed in range(9)} == {("a", "b", "c")}
    assert len({lay_out_item(a_question(body), seed, "1.1", shuffle=True).orders["gap:anio"] for seed in range(9)}) > 1
    assert {lay_out_item(a_question(dragged_gaps()), seed, "1.1", shuffle=False).orders["choices"] for seed in range(20)} > {
        ("mar", "sol", "luna")
    }


@pytest.mark.parametrize("body", every_body(), ids=lambda body: type(body).__name__)
def test_a_layout_depends_on_seed_and_slot_alone(body: Body) -> None:
    """spec/quiz-engine 5.2.5."""
    question = a_question(body)

    assert lay_out_item(question, 99, "2.1", shuffle=True) == lay_out_item(question, 99, "2.1", shuffle=True)
    assert lay_out_item(a_question(a_matrix()), 1, "1.1", shuffle=True) == ItemLayout()


@given(SEEDS)
def test_variables_lie_in_their_range_and_meet_the_conditions(seed: int) -> None:
    """spec/quiz-engine 5.7 Calculated: parameters drawn from the seed."""
    body = a_calculated(conditions=("personas > 2000", "personas * linea < 400000"))

    personas = lay_out_item(a_question(body), seed, "1.1", shuffle=True).variables["personas"]

    assert 2000 < personas < 4330
    assert personas % 100 == 0


def test_variables_may_be_listed_and_are_rounded_as_they_are_shown() -> None:
    body = CalculatedBody(
        (QuestionVariable("x", (f("1"), f("7"))), QuestionVariable("y", VariableRange(f("1/3"), f("1/3"), f("1")), decimals=2)),
        (),
    )

    drawn = [lay_out_item(a_question(body), seed, "1.1", shuffle=True).variables for seed in range(20)]

    assert {one["x"] for one in drawn} == {1, 7}
    assert {one["y"] for one in drawn} == {f("0.33")}


def test_both_ends_of_a_range_are_drawn() -> None:
    body = CalculatedBody((QuestionVariable("x", VariableRange(f("3"), f("4"), f("0.5"))),), ())

    drawn = {lay_out_item(a_question(body), seed, "1.1", shuffle=True).variables["x"] for seed in range(40)}

    assert drawn == {f("3"), f("3.5"), f("4")}


@pytest.mark.parametrize("condition", ["personas < 0", "personas / 0 > 1"])
def test_conditions_that_no_draw_meets_are_told(condition: str) -> None:
    with pytest.raises(NoVariablesError):
        lay_out_item(a_question(a_calculated(conditions=(condition,))), 1, "1.1", shuffle=True)


def test_an_attempt_that_builds_on_the_last_keeps_orders_of_unchanged_versions() -> None:
    """spec/quiz-engine 5.2.3."""
    old, new = ItemLayout({"options": ("a", "b")}), ItemLayout({"options": ("b", "a")})

    assert carry_over(old, new, same_version=True) is old
    assert carry_over(old, new, same_version=False) is new


def test_equal_matches_are_one_choice() -> None:
    body = a_matching()
    assert isinstance(body, MatchingBody)

    assert len(lay_out_item(a_question(body), 1, "1.1", shuffle=True).orders["matches"]) == 3
