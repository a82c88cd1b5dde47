"""A merge of two texts as a page shows it, and the text that comes of what was chosen there."""

from collections.abc import Mapping

from courses.content.merging import MergeSide, ThreeWayMerge

SHOWN, LEFT = 6, 3
"""Lines that both left are shown whole up to so many; of more, so many at each end."""


def regions(merge: ThreeWayMerge) -> list[dict[str, object]]:
    """Return the pieces of a merge to show: what both left is cut to the lines beside a change."""
    shown: list[dict[str, object]] = []
    conflicts = 0
    for region in merge.regions:
        kind = region.agreement.value
        if kind == "common":
            lines = region.mine
            shown.append({"kind": kind, "lines": lines if len(lines) <= SHOWN else (*lines[:LEFT], "…\n", *lines[-LEFT:])})
            continue
        shown.append(
            {"kind": kind, "mine": region.lines_of(MergeSide.MINE), "theirs": region.lines_of(MergeSide.THEIRS), "number": conflicts}
        )
        conflicts += region.is_conflict
    return shown


def chosen(merge: ThreeWayMerge, answers: Mapping[str, str]) -> str | None:
    """Return the text that a page's answers give (`conflict-0`: mine, theirs or both), None where one is missing."""
    texts: dict[int, str] = {}
    for number, region in enumerate(merge.conflicts):
        sides = {"mine": region.mine, "theirs": region.theirs, "both": (*region.theirs, *region.mine)}
        side = answers.get(f"conflict-{number}", "")
        if side in sides:
            texts[number] = "".join(sides[side])
    return merge.resolved(texts)
