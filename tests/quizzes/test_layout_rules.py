"""Layouts of attempts by their seed: draws, sections, pages, families and enemies, and golden layouts and markings.

spec/quiz-engine 5.2.4 to 5.2.6, 5.2.5, 5.7; spec/selection 1.7, 1.8.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    CalculatedBody,
    Gap,
    GapsBody,
    KeyedLabel,
    MatchingBody,
    MultipleChoiceBody,
    MultipleRule,
    OrderingRule,
    Pair,
    QuestionVariable,
    ShortAnswerBody,
    TextPattern,
    Tolerance,
    ToleranceKind,
    TrueFalseBody,
    VariableRange,
)
from questions.rules.item_layout import ItemLayout, NoVariablesError, SeededRandom, carry_over, lay_out_item
from questions.rules.marking import Marking, mark_answer
from questions.rules.numbers import ENGLISH, EPSILON, is_within, matches
from quizzes.rules import layout as apart
from quizzes.rules.layout import (
    AttemptLayout,
    Candidate,
    DrawnQuestions,
    Entry,
    Interlude,
    LaidItem,
    PageEntry,
    PoolTooSmall,
    SectionEntry,
    SlotEntry,
    TextEntry,
    fill_apart,
    lay_out,
    may_not_meet,
)
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


def test_where_all_draws_together_have_no_question_set_the_first_is_reported() -> None:
    """Of no draw alone it is known how many questions there are."""
    entries: list[Entry] = [SectionEntry(es("S")), SlotEntry(candidates("b c"), count=2), SlotEntry(candidates("d e"))]

    assert lay_out(entries, 1, seen={}, draw=lambda _slots, _seed, _seen: None) == PoolTooSmall(2, 2, 0)


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


def candidate(text: str) -> Candidate:
    """Return a question from words like ``a/family!enemy``."""
    rest, _, enemies = text.partition("!")
    key, _, family = rest.partition("/")
    return Candidate(key, 1, f("1"), family=family, enemies=frozenset(enemies.split(",")) - {""})


def pool(words: str) -> tuple[Candidate, ...]:
    return tuple(candidate(word) for word in words.split())


def drawn_keys(entries: list[Entry], seed: int, seen: dict[str, int] | None = None) -> list[str]:
    layout = lay_out(entries, seed, seen=seen or {})
    assert isinstance(layout, AttemptLayout)
    return [item.question for item in layout.items]


@given(SEEDS)
def test_an_attempt_has_one_of_a_family_and_no_two_enemies(seed: int) -> None:
    """spec/selection 1.7: they hold over the whole question set, fixed questions included."""
    entries: list[Entry] = [
        SlotEntry(pool("a/uno b/uno c d!e"), 2),
        SlotEntry(pool("e f/uno g h"), 2),
        SlotEntry((candidate("z!g"),)),
    ]
    found = {one.question: one for entry in entries for one in getattr(entry, "pool", ())}
    drawn = drawn_keys(entries, seed)

    assert len(set(drawn)) == 5
    assert "g" not in drawn
    assert not any(may_not_meet(found[one], found[other]) for one, other in combinations(drawn, 2))


@given(SEEDS)
def test_a_later_draw_changes_an_earlier_one_where_nothing_else_would_do(seed: int) -> None:
    """spec/selection 1.7: what can be filled is filled."""
    assert sorted(drawn_keys([SlotEntry(pool("a b!c")), SlotEntry(pool("c"))], seed)) == ["a", "c"]
    assert sorted(drawn_keys([SlotEntry(pool("a/x b")), SlotEntry(pool("c/x"))], seed)) == ["b", "c"]


def test_what_cannot_be_filled_is_a_pool_that_is_too_small() -> None:
    assert isinstance(lay_out([SlotEntry(pool("a/x b/x"), 2)], 1, seen={}), PoolTooSmall)
    assert isinstance(lay_out([SlotEntry(pool("a!b")), SlotEntry(pool("b"))], 1, seen={}), PoolTooSmall)


def test_the_search_is_given_up_after_so_many_steps() -> None:
    """A quiz whose check would not end is refused as one that cannot be filled."""
    many = [Candidate(f"q{at:02}", 1, family=f"f{at % 11}") for at in range(60)]
    wanted = [many] * 12

    assert isinstance(fill_apart(wanted, [1] * 12), int)
    assert apart.STEPS < 10**6


def test_a_question_that_is_given_back_excludes_nobody() -> None:
    """spec/selection 1.7: what can be filled is filled."""
    first, second, enemy = candidate("a!x"), candidate("b"), candidate("x")

    assert fill_apart([[first, second], [enemy]], [1, 2]) == [second, enemy]


def test_a_draw_is_searched_by_sets_and_not_by_orders() -> None:
    """spec/selection 1.7: five of 22 make 26,334 sets, of which only the last may stand beside the other question."""
    many = [Candidate(f"q{at:02}", 1) for at in range(22)]
    other = Candidate("z", 1, enemies=frozenset(one.question for one in many[:17]))

    assert fill_apart([*[many] * 5, [other]], [1] * 5 + [2]) == [*many[17:], other]


def test_questions_drawn_at_once_are_laid_out_as_others_are() -> None:
    """spec/selection 1.17: from the seed and what was seen, mixed in their sections, on pages; with how often one was seen."""
    entries: list[Entry] = [SectionEntry(es("S"), shuffle=True), *[fixed(name) for name in "abcde"]]
    given: list[tuple[Sequence[SlotEntry], int, Mapping[str, int]]] = []

    def draw(slots: Sequence[SlotEntry], seed: int, seen: Mapping[str, int]) -> DrawnQuestions:
        given.append((slots, seed, seen))
        return DrawnQuestions([slot.pool for slot in slots], least_seen=3)

    laid = lay_out(entries, 7, seen={"a": 3}, per_page=2, draw=draw)

    assert given == [(entries[1:], 7, {"a": 3})]
    assert laid == replace(snapshot(entries, 7, per_page=2), least_seen=3)
    assert [item.page for item in snapshot(entries, 7, per_page=2).items] == [1, 1, 2, 2, 3]


@pytest.mark.parametrize(("seed", "drawn"), [(0, "b2 a2 p2 r1"), (1, "d2 c1 s2 q1"), (2, "d2 a1 s1 q2"), (2**64 - 1, "c1 d1 r1 s2")])
def test_the_families_of_a_seed_and_slot_are_these(seed: int, drawn: str) -> None:
    """spec/quiz-engine 5.2.5, spec/selection 1.8: attempts can be drawn again from their seeds; each slot has chance of its own."""
    families = "a1/a a2/a b1/b b2/b c1/c c2/c d1/d d2/d"
    others = "p1/p p2/p q1/q q2/q r1/r r2/r s1/s s2/s"

    assert drawn_keys([SlotEntry(pool(names), 2, by_family=True) for names in (families, others)], seed) == drawn.split()


@given(SEEDS)
def test_a_family_of_which_nothing_was_seen_comes_before_others(seed: int) -> None:
    """spec/quiz-engine 5.2.4: what the learner has seen least."""
    assert drawn_keys([SlotEntry(pool("a1/a a2/a b1/b b2/b"), by_family=True)], seed, {"a1": 1, "a2": 1})[0] in {"b1", "b2"}


def test_families_are_equally_likely_where_the_draw_says_so() -> None:
    """spec/selection 1.8: each family as likely as any other, and each member inside its family."""
    variants = "a1/a a2/a a3/a a4/a b"
    by_family = Counter(drawn_keys([SlotEntry(pool(variants), by_family=True)], seed)[0] for seed in range(600))
    by_question = Counter(drawn_keys([SlotEntry(pool(variants))], seed)[0] for seed in range(600))

    assert 250 < by_family["b"] < 350
    assert all(45 < by_family[f"a{at}"] < 110 for at in range(1, 5))
    assert 85 < by_question["b"] < 155


def test_two_families_are_drawn_before_a_second_variant_could_be() -> None:
    """spec/selection 1.8: `draw: 2` needs two families."""
    drawn = [drawn_keys([SlotEntry(pool("a1/a a2/a a3/a b1/b b2/b"), 2, by_family=True)], seed) for seed in range(40)]

    assert all({key[0] for key in pair} == {"a", "b"} for pair in drawn)


def test_the_least_seen_of_a_family_comes_first() -> None:
    """spec/quiz-engine 5.2.4: what the learner has seen least, also among variants."""
    drawn = drawn_keys([SlotEntry(pool("a1/a a2/a b1/b b2/b"), 2, by_family=True)], 3, {"a1": 1, "b2": 2})

    assert sorted(drawn) == ["a2", "b1"]


@pytest.mark.parametrize(("seed", "drawn"), [(0, "e c d f a"), (1, "d e c f a"), (2, "e d f c a"), (2**64 - 1, "e c f d a")])
def test_without_families_and_enemies_everything_is_drawn_as_before(seed: int, drawn: str) -> None:
    """spec/selection 1: quizzes without these fields keep their draws, so that attempts can be drawn again from their seeds."""
    entries: list[Entry] = [SlotEntry(pool("a b c d e"), 2), SlotEntry(pool("c d f"), 2), SlotEntry(pool("a"))]

    assert drawn_keys(entries, seed, {"b": 1}) == drawn.split()


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
