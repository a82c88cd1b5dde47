"""The entries of a quiz version as attempts draw from them: slots with their questions, what stands between, and the draw table."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from quizzes.queries.facilities import KIND, read_balance
from quizzes.rules.balanced_draw import FrozenBalance
from quizzes.rules.layout import Candidate, Entry, PageEntry, SectionEntry, SlotEntry, TextEntry

Pool = Sequence[Row[*tuple[Any, ...]]]


def read_entries(written: Sequence[dict[str, Any]], pools: Mapping[int, Pool]) -> tuple[tuple[Entry, ...], FrozenBalance | None]:
    """Return the entries, with the rows of the questions of each slot by its place, and what a balanced quiz balances by."""
    balance = next((read_balance(entry) for entry in written if entry["kind"] == KIND), None)
    entries = tuple(_entry(entry, pools.get(position, [])) for position, entry in enumerate(written) if entry["kind"] != KIND)
    return entries, balance


def _entry(entry: dict[str, Any], pool: Pool) -> Entry:
    match entry["kind"]:
        case "section":
            return SectionEntry(entry["title"], entry["shuffle"], entry["text"] or None)
        case "page":
            return PageEntry()
        case "text":
            return TextEntry(entry["text"])
    first = pool[0]
    in_order = sorted(pool, key=lambda row: row.key)
    families, enemies = entry.get("families", {}), entry.get("enemies", {})
    candidates = tuple(
        Candidate(
            row.key,
            row.id,
            Fraction(row.own_mark),
            row.kind != "description",
            families.get(row.key, ""),
            frozenset(enemies.get(row.key, ())),
        )
        for row in in_order
    )
    mark = None if first.mark is None else Fraction(first.mark)
    return SlotEntry(candidates, first.draws, mark, first.require_previous, entry.get("by_family", False))
