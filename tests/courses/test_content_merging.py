"""Three-way merge of texts: nothing is lost, and only what both changed differently is a conflict."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from courses.content.merging import MOST_LINES, MergeRegion, MergeSide, RegionState, lines_of, merge
from tests.support.soon import within

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "d\r\n", "  key: x\n"]), max_size=12)
TEXTS = st.builds(lambda lines, end: "".join(lines) + end, LINES, st.sampled_from(["", "e", "\x0b", "f\u2028g"]))
POEM = "uno\ndos\ntres\ncuatro\ncinco\n"


@given(TEXTS, TEXTS)
def test_with_a_side_that_changed_nothing_the_other_comes_out(base: str, changed: str) -> None:
    assert merge(base, base, changed).text == changed
    assert merge(base, changed, base).text == changed
    assert merge(base, changed, changed).text == changed


@given(TEXTS, TEXTS, TEXTS)
def test_the_regions_hold_every_line_of_all_three_and_say_who_changed_what(base: str, mine: str, theirs: str) -> None:
    regions = merge(base, mine, theirs).regions

    for name, text in (("base", base), ("mine", mine), ("theirs", theirs)):
        assert "".join(line for region in regions for line in getattr(region, name)) == text
    for region in regions:
        assert region.agreement is expected(region)


def expected(region: MergeRegion) -> RegionState:
    """Say again, in other words, what a region is."""
    different = {region.base, region.mine, region.theirs}
    if len(different) == 3:
        return RegionState.CONFLICT
    if region.mine == region.theirs:
        return RegionState.COMMON
    return RegionState.MINE if region.theirs == region.base else RegionState.THEIRS


@given(TEXTS, TEXTS, TEXTS)
def test_no_line_that_somebody_wrote_is_lost(base: str, mine: str, theirs: str) -> None:
    """What a side added stands in the result or in a conflict, as often as that side has it beyond the base."""
    merged = merge(base, mine, theirs)

    for side, text in ((MergeSide.MINE, mine), (MergeSide.THEIRS, theirs)):
        assert Counter(lines_of(text)) - Counter(lines_of(base)) <= Counter(lines_of(merged.preferring(side)))


@given(TEXTS, TEXTS, TEXTS)
def test_it_does_not_matter_who_is_called_mine(base: str, mine: str, theirs: str) -> None:
    one, other = merge(base, mine, theirs), merge(base, theirs, mine)

    assert one.text == other.text
    assert one.preferring(MergeSide.MINE) == other.preferring(MergeSide.THEIRS)
    assert len(one.conflicts) == len(other.conflicts)


@given(TEXTS, TEXTS, TEXTS)
def test_conflicts_are_resolved_one_by_one(base: str, mine: str, theirs: str) -> None:
    merged = merge(base, mine, theirs)
    answers = {place: "".join(region.theirs) for place, region in enumerate(merged.conflicts)}

    assert merged.resolved(answers) == merged.preferring(MergeSide.THEIRS)
    if answers:
        assert merged.resolved({}) is None


def test_changes_of_different_lines_go_together() -> None:
    merged = merge(POEM, POEM.replace("dos", "DOS"), POEM.replace("cuatro\n", "") + "seis\n")

    assert merged.text == "uno\nDOS\ntres\ncinco\nseis\n"
    assert not merged.conflicts


def test_changes_of_the_same_line_are_a_conflict_with_all_three_texts() -> None:
    merged = merge(POEM, POEM.replace("dos", "DOS"), POEM.replace("dos", "2"))

    assert merged.text is None
    assert merged.conflicts == (MergeRegion(RegionState.CONFLICT, ("dos\n",), ("DOS\n",), ("2\n",)),)
    assert merged.resolved({0: "dos y 2\n"}) == "uno\ndos y 2\ntres\ncuatro\ncinco\n"
    assert merged.preferring(MergeSide.THEIRS) == POEM.replace("dos", "2")


def test_a_line_that_one_removes_and_the_other_changes_is_a_conflict() -> None:
    merged = merge(POEM, POEM.replace("tres\n", ""), POEM.replace("tres", "TRES"))

    assert [region.mine for region in merged.conflicts] == [()]


def test_a_last_line_without_an_end_stays_last() -> None:
    assert merge("uno\ndos", "cero\nuno\ndos", "uno\ndos\n").text == "cero\nuno\ndos\n"
    assert merge("uno\n", "uno\ndos", "cero\nuno\n").text == "cero\nuno\ndos"


def test_without_a_base_two_texts_are_one_conflict() -> None:
    assert [region.agreement for region in merge("", "uno\n", "dos\n").regions] == [RegionState.CONFLICT]
    assert merge("", "uno\n", "uno\n").text == "uno\n"


def test_very_long_texts_of_lines_that_repeat_take_no_time() -> None:
    """A file at its limit that is nothing but two kinds of line must not keep a server busy."""
    base, mine = "x\ny\n" * 60_000, "y\nx\n" * 60_000
    merged = within(5, lambda: merge(base, mine, base + "end\n"))

    assert len(merged.conflicts) <= 1
    longest = "x\n" * MOST_LINES
    assert merge(longest, "y\n" + longest, longest + "z\n").text == "y\n" + longest + "z\n"
