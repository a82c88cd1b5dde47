"""The entries of a quiz version as attempts draw from them: slots with their questions, what stands between, the draw table,
what the results are used for,
and with which test it is compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from quizzes.queries.facilities import KIND, read_balance
from quizzes.rules.balanced_draw import FrozenBalance
from quizzes.rules.blueprint import BlueprintWeight
from quizzes.rules.encoding import decode, encode
from quizzes.rules.integrity import NO_RULES, IntegrityRules
from quizzes.rules.layout import Candidate, Entry, PageEntry, SectionEntry, SlotEntry, TextEntry
from quizzes.rules.objections import ObjectionRules
from quizzes.rules.paired_tests import PairedTests
from quizzes.rules.selection import ResultUse
from quizzes.rules.ties import TieRules

SELECTION = "selection"
"""The entry of a quiz version that says what its results are used for outside the course."""
INTEGRITY = "integrity"
"""The entry of a quiz version that says what is recorded beside the answers."""
PAIR = "pair"
"""The entry of a quiz version that says with which test it is compared."""
Pool = Sequence[Row[*tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class FrozenEntries:
    """The entries of a quiz version: what attempts draw from, what a balanced quiz balances by, and the use of results outside."""

    entries: tuple[Entry, ...]
    balance: FrozenBalance | None
    selection: ResultUse | None
    pair: PairedTests | None
    integrity: IntegrityRules


def read_entries(written: Sequence[dict[str, Any]], pools: Mapping[int, Pool]) -> FrozenEntries:
    """Return what a quiz version keeps, with the rows of the questions of each slot by its place."""
    balance = next((read_balance(entry) for entry in written if entry["kind"] == KIND), None)
    selection = next((_read_use(entry) for entry in written if entry["kind"] == SELECTION), None)
    pair = next((decode(PairedTests, entry) for entry in written if entry["kind"] == PAIR), None)
    integrity = next((decode(IntegrityRules, entry) for entry in written if entry["kind"] == INTEGRITY), NO_RULES)
    placed = [(position, entry) for position, entry in enumerate(written) if entry["kind"] not in (KIND, SELECTION, PAIR, INTEGRITY)]
    return FrozenEntries(tuple(_entry(entry, pools.get(position, [])) for position, entry in placed), balance, selection, pair, integrity)


def _read_use(entry: dict[str, Any]) -> ResultUse:
    objections = decode(ObjectionRules, entry["objections"]) if entry.get("objections") else None
    ties = decode(TieRules, entry["ties"]) if entry.get("ties") else None
    blueprint = tuple(decode(BlueprintWeight, line) for line in entry.get("blueprint", ()))
    return ResultUse(entry["use"], entry["contact"], entry.get("norm", {}), entry.get("record", ""), objections, ties, blueprint)


def written_use(selection: ResultUse | None) -> list[dict[str, object]]:
    """Return the entry that keeps the use of results outside the course; none where there is no such use."""
    return [] if selection is None else [{**encode(selection), "kind": SELECTION}]


def written_integrity(rules: IntegrityRules) -> list[dict[str, object]]:
    """Return the entry that keeps what a quiz records beside the answers; none where it records nothing."""
    return [] if rules == NO_RULES else [{**encode(rules), "kind": INTEGRITY}]


def written_pair(pair: PairedTests | None) -> list[dict[str, object]]:
    """Return the entry that keeps with which test a quiz is compared; none for other quizzes."""
    return [] if pair is None else [{**encode(pair), "kind": PAIR}]


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
    families, enemies, variants = (entry.get(name, {}) for name in ("families", "enemies", "variants"))
    candidates = tuple(
        Candidate(
            row.key,
            row.id,
            Fraction(row.own_mark),
            row.kind != "description",
            families.get(row.key, ""),
            frozenset(enemies.get(row.key, ())),
            tuple(variants.get(row.key) or ()),
        )
        for row in in_order
    )
    mark = None if first.mark is None else Fraction(first.mark)
    return SlotEntry(candidates, first.draws, mark, first.require_previous, entry.get("by_family", False))
