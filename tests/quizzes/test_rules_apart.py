"""Families and enemies in a layout: questions that never meet in one attempt (spec/selection 1.7 and 1.8)."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes.rules import layout as apart
from quizzes.rules.layout import AttemptLayout, Candidate, Entry, PoolTooSmall, SlotEntry, fill_apart, lay_out, may_not_meet
from tests.support.questions import f

SEEDS = st.integers(0, 2**64 - 1)


def candidate(text: str) -> Candidate:
    """Return a question from words like ``a/family!enemy``."""
    rest, _, enemies = text.partition("!")
    key, _, family = rest.partition("/")
    return Candidate(key, 1, f("1"), family=family, enemies=frozenset(enemies.split(",")) - {""})


def pool(words: str) -> tuple[Candidate, ...]:
    return tuple(candidate(word) for word in words.split())


def keys(entries: list[Entry], seed: int, seen: dict[str, int] | None = None) -> list[str]:
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
    drawn = keys(entries, seed)

    assert len(set(drawn)) == 5
    assert "g" not in drawn
    assert not any(may_not_meet(found[one], found[other]) for one, other in combinations(drawn, 2))


@given(SEEDS)
def test_a_later_draw_changes_an_earlier_one_where_nothing_else_would_do(seed: int) -> None:
    """spec/selection 1.7: what can be filled is filled."""
    assert sorted(keys([SlotEntry(pool("a b!c")), SlotEntry(pool("c"))], seed)) == ["a", "c"]
    assert sorted(keys([SlotEntry(pool("a/x b")), SlotEntry(pool("c/x"))], seed)) == ["b", "c"]


def test_what_cannot_be_filled_is_a_pool_that_is_too_small() -> None:
    assert isinstance(lay_out([SlotEntry(pool("a/x b/x"), 2)], 1, seen={}), PoolTooSmall)
    assert isinstance(lay_out([SlotEntry(pool("a!b")), SlotEntry(pool("b"))], 1, seen={}), PoolTooSmall)


def test_the_search_is_given_up_after_so_many_steps() -> None:
    """A quiz whose check would not end is refused as one that cannot be filled."""
    many = [Candidate(f"q{at:02}", 1, family=f"f{at % 11}") for at in range(60)]
    wanted = [many] * 12

    assert isinstance(fill_apart(wanted, [1] * 12), int)
    assert apart.STEPS < 10**6


def test_families_are_equally_likely_where_the_draw_says_so() -> None:
    """spec/selection 1.8: each family as likely as any other, and each member inside its family."""
    variants = "a1/a a2/a a3/a a4/a b"
    by_family = Counter(keys([SlotEntry(pool(variants), by_family=True)], seed)[0] for seed in range(600))
    by_question = Counter(keys([SlotEntry(pool(variants))], seed)[0] for seed in range(600))

    assert 250 < by_family["b"] < 350
    assert all(45 < by_family[f"a{at}"] < 110 for at in range(1, 5))
    assert 85 < by_question["b"] < 155


def test_two_families_are_drawn_before_a_second_variant_could_be() -> None:
    """spec/selection 1.8: `draw: 2` needs two families."""
    drawn = [keys([SlotEntry(pool("a1/a a2/a a3/a b1/b b2/b"), 2, by_family=True)], seed) for seed in range(40)]

    assert all({key[0] for key in pair} == {"a", "b"} for pair in drawn)


def test_the_least_seen_of_a_family_comes_first() -> None:
    """spec/quiz-engine 5.2.4: what the learner has seen least, also among variants."""
    drawn = keys([SlotEntry(pool("a1/a a2/a b1/b b2/b"), 2, by_family=True)], 3, {"a1": 1, "b2": 2})

    assert sorted(drawn) == ["a2", "b1"]


@pytest.mark.parametrize(("seed", "drawn"), [(0, "e c d f a"), (1, "d e c f a"), (2, "e d f c a"), (2**64 - 1, "e c f d a")])
def test_without_families_and_enemies_everything_is_drawn_as_before(seed: int, drawn: str) -> None:
    """spec/selection 1: quizzes without these fields keep their draws, so that attempts can be drawn again from their seeds."""
    entries: list[Entry] = [SlotEntry(pool("a b c d e"), 2), SlotEntry(pool("c d f"), 2), SlotEntry(pool("a"))]

    assert keys(entries, seed, {"b": 1}) == drawn.split()
