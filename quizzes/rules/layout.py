"""The layout of an attempt: questions in order on pages, families and enemies apart, and the positions that layouts share."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Protocol, TypeAlias, TypeVar

from questions.rules.definitions import Texts
from questions.rules.item_layout import SeededRandom, mixed_in_place

STEPS = 50_000


class Exclusive(Protocol):
    """A question that may stand beside some and not beside others."""

    @property
    def question(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def enemies(self) -> frozenset[str]: ...


Kept = TypeVar("Kept", bound=Exclusive)


@dataclass(slots=True)
class _Selected:
    """The questions and families that are taken, and how many of them exclude each question."""

    questions: set[str] = field(default_factory=set)
    families: set[str] = field(default_factory=set)
    excluded: Counter[str] = field(default_factory=Counter)

    def allows(self, candidate: Exclusive) -> bool:
        return (
            candidate.question not in self.questions
            and candidate.family not in self.families
            and not self.excluded[candidate.question]
            and self.questions.isdisjoint(candidate.enemies)
        )

    def add(self, candidate: Exclusive) -> None:
        self.questions.add(candidate.question)
        self.excluded.update(candidate.enemies)
        if candidate.family:
            self.families.add(candidate.family)

    def remove(self, candidate: Exclusive) -> None:
        self.questions.discard(candidate.question)
        self.excluded.subtract(candidate.enemies)
        self.families.discard(candidate.family)


@dataclass(slots=True)
class _Search:
    """The search: of each slot what it wants, the best first, and of which entry it is; slots of an entry stand together."""

    wanted: Sequence[Sequence[Exclusive]]
    entries: Sequence[int]
    taken: _Selected = field(default_factory=_Selected)
    chosen: list[int] = field(default_factory=list)
    steps: int = 0
    deepest: int = 0

    def fill(self) -> bool:
        """Fill the slots from the next one on."""
        slot = len(self.chosen)
        self.deepest = max(self.deepest, slot)
        if slot == len(self.wanted):
            return True
        follows = slot > 0 and self.entries[slot] == self.entries[slot - 1]
        for at in range(self.chosen[-1] + 1 if follows else 0, len(self.wanted[slot])):
            candidate = self.wanted[slot][at]
            if not self.taken.allows(candidate):
                continue
            self.steps += 1
            if self.steps > STEPS:
                return False
            self.taken.add(candidate)
            self.chosen.append(at)
            if self.fill():
                return True
            self.chosen.pop()
            self.taken.remove(candidate)
        return False


def fill_apart(candidates: Sequence[Sequence[Kept]], entries: Sequence[int]) -> list[Kept] | int:
    """Return a question for each slot, none of which may not stand beside another; else the first slot that remained empty."""
    search = _Search(candidates, entries)
    if not search.fill():
        return search.deepest
    return [own[at] for own, at in zip(candidates, search.chosen, strict=True)]


def may_not_meet(question: Exclusive, other: Exclusive) -> bool:
    """Return whether two questions exclude each other."""
    return (
        (question.family != "" and question.family == other.family)
        or other.question in question.enemies
        or question.question in other.enemies
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that a slot may use: its stable key, the pinned version, its own mark; descriptions are not numbered."""

    question: str
    version: int
    mark: Fraction = Fraction(1)
    numbered: bool = True
    family: str = ""
    """Variants of one idea; "" for a question without."""
    enemies: frozenset[str] = frozenset()
    """The questions beside which it may not stand."""
    variants: tuple[str, ...] = ()
    """The names of its variants, where each has a facility of its own; of a drawn one `variant` says which."""
    variant: str = ""


@dataclass(frozen=True, slots=True)
class SlotEntry:
    """A fixed question (one candidate, count 1) or a draw of ``count`` from the pool; ``mark`` replaces the questions' own.

    ``by_family``: families are equally likely, whatever the number of their variants.
    """

    pool: tuple[Candidate, ...]
    count: int = 1
    mark: Fraction | None = None
    require_previous: bool = False
    by_family: bool = False


@dataclass(frozen=True, slots=True)
class SectionEntry:
    """The title of what follows; ``shuffle`` mixes the questions up to the next section."""

    title: Texts
    shuffle: bool = False
    text: Texts | None = None


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page break."""


@dataclass(frozen=True, slots=True)
class TextEntry:
    """Words between questions."""

    text: Texts


Entry: TypeAlias = SlotEntry | SectionEntry | PageEntry | TextEntry


@dataclass(frozen=True, slots=True)
class LaidItem:
    """A question in its place.

    ``slot`` names the stream of its chance; ``section`` is 0 before the first section; ``number`` counts from 1 over what is numbered,
    ``position`` over everything. The numbers and pages that are 0 are not yet counted.
    """

    slot: str
    question: str
    version: int
    mark: Fraction
    section: int
    require_previous: bool
    number: int | None = 0
    position: int = 0
    page: int = 0
    variant: str = ""
    """The values of its variables, where they were drawn with it (spec/selection 1.23)."""


@dataclass(frozen=True, slots=True)
class Interlude:
    """A section's title and text or words between questions, on ``page`` before the item in ``before`` (or at the end)."""

    before: int = 0
    page: int = 0
    title: Texts | None = None
    text: Texts | None = None


@dataclass(frozen=True, slots=True)
class AttemptLayout:
    """The layout of an attempt: items by place, and what is written between them."""

    items: tuple[LaidItem, ...]
    interludes: tuple[Interlude, ...] = ()
    least_seen: int | None = None
    """Of a balanced draw: how often the learner may have seen a question before (spec/selection 1.17)."""

    @property
    def pages(self) -> int:
        """Count the pages."""
        return max([1, *(item.page for item in self.items), *(interlude.page for interlude in self.interludes)])


@dataclass(frozen=True, slots=True)
class PoolTooSmall:
    """A slot could not be filled: which entry (counted from 1), how many it wants, how many were left for it."""

    entry: int
    wanted: int
    found: int


@dataclass(frozen=True, slots=True)
class _OpenSlot:
    """A place to fill: the entry, which of its draws, and the candidates from the most wanted to the least."""

    entry: int
    draw: int
    wanted: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class DrawnQuestions:
    """The questions of all slots, drawn at once; ``least_seen``: none of them was seen more often."""

    slots: Sequence[Sequence[Candidate]]
    least_seen: int | None = None


Drawer: TypeAlias = Callable[[Sequence[SlotEntry], int, Mapping[str, int]], DrawnQuestions | None]
"""Draws the questions of all slots at once, from the seed and from what the learner has seen; None where it finds none."""


def lay_out(
    entries: Sequence[Entry], seed: int, *, seen: Mapping[str, int], per_page: int = 0, draw: Drawer | None = None
) -> AttemptLayout | PoolTooSmall:
    """Draw and order the questions of an attempt, or return which pool is too small.

    ``seen`` says how often the learner met each question (by key) in earlier attempts; the least seen come first. ``draw`` takes the
    place of the free draw.
    """
    if draw is not None:
        return _drawn_at_once(entries, seed, seen, per_page, draw)
    seats = _seats(entries, seed, seen)
    taken = _fill(seats)
    if isinstance(taken, _OpenSlot):
        return _too_small(entries, seats, taken)
    drawn = {(context.entry, context.draw): candidate for context, candidate in zip(seats, taken, strict=True)}
    return _paged(_ordered(entries, drawn, seed), per_page)


def _drawn_at_once(
    entries: Sequence[Entry], seed: int, seen: Mapping[str, int], per_page: int, draw: Drawer
) -> AttemptLayout | PoolTooSmall:
    slots = [(number, entry) for number, entry in enumerate(entries, 1) if isinstance(entry, SlotEntry)]
    drawn_questions = draw([entry for _number, entry in slots], seed, seen)
    if drawn_questions is None:
        return PoolTooSmall(slots[0][0], slots[0][1].count, 0)
    taken = zip(slots, drawn_questions.slots, strict=True)
    drawn = {(number, at): candidate for (number, _entry), own in taken for at, candidate in enumerate(own, 1)}
    return replace(_paged(_ordered(entries, drawn, seed), per_page), least_seen=drawn_questions.least_seen)


def _seats(entries: Sequence[Entry], seed: int, seen: Mapping[str, int]) -> list[_OpenSlot]:
    """List the places to fill, fixed questions first, so that no draw takes their question."""
    seats: list[_OpenSlot] = []
    for number, entry in enumerate(entries, 1):
        if isinstance(entry, SlotEntry):
            mixed = SeededRandom(seed, str(number), "draw").shuffled(entry.pool)
            candidates = tuple(sorted(mixed, key=lambda candidate: seen.get(candidate.question, 0)))
            if entry.by_family:
                candidates = _family_by_family(candidates, SeededRandom(seed, str(number), "families"), seen)
            seats += [_OpenSlot(number, draw, candidates) for draw in range(1, entry.count + 1)]
    return sorted(seats, key=lambda context: len(context.wanted) > 1)


def _family_by_family(candidates: Sequence[Candidate], chance: SeededRandom, seen: Mapping[str, int]) -> tuple[Candidate, ...]:
    """Order candidates by families, each of which comes as early as any other, the least seen before; a question without is its own."""
    families: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        families.setdefault(candidate.family or candidate.question, []).append(candidate)
    mixed = chance.shuffled([families[name] for name in sorted(families)])
    return tuple(member for family in sorted(mixed, key=lambda family: seen.get(family[0].question, 0)) for member in family)


def _fill(seats: Sequence[_OpenSlot]) -> list[Candidate] | _OpenSlot:
    """Give every open slot a question of its own."""
    if not any(candidate.family or candidate.enemies for context in seats for candidate in context.wanted):
        return _fill_freely(seats)
    filled = fill_apart([context.wanted for context in seats], [context.entry for context in seats])
    return seats[filled] if isinstance(filled, int) else filled


def _fill_freely(seats: Sequence[_OpenSlot]) -> list[Candidate] | _OpenSlot:
    """Give every open slot a question where any may stand beside any.

    Each takes its most wanted free one; only where none is free do earlier slots change theirs, so that pools that
    overlap fail only if no choice at all would do.
    """
    holder: dict[str, int] = {}
    for context in range(len(seats)):
        free = next((candidate.question for candidate in seats[context].wanted if candidate.question not in holder), None)
        if free is not None:
            holder[free] = context
        elif not _reseat(context, seats, holder, set()):
            return seats[context]
    held = {context: question for question, context in holder.items()}
    return [next(candidate for candidate in context.wanted if candidate.question == held[at]) for at, context in enumerate(seats)]


def _reseat(context: int, seats: Sequence[_OpenSlot], holder: dict[str, int], tried: set[str]) -> bool:
    """Find a question for an open slot by moving others along (augmenting path)."""
    for candidate in seats[context].wanted:
        question = candidate.question
        if question in tried:
            continue
        tried.add(question)
        if question not in holder or _reseat(holder[question], seats, holder, tried):
            holder[question] = context
            return True
    return False


def _too_small(entries: Sequence[Entry], seats: Sequence[_OpenSlot], failed: _OpenSlot) -> PoolTooSmall:
    entry = entries[failed.entry - 1]
    assert isinstance(entry, SlotEntry)
    filled = seats.index(failed) - next(at for at, context in enumerate(seats) if context.entry == failed.entry)
    return PoolTooSmall(failed.entry, entry.count, filled)


_Piece: TypeAlias = LaidItem | Interlude | PageEntry


def _ordered(entries: Sequence[Entry], drawn: Mapping[tuple[int, int], Candidate], seed: int) -> list[_Piece]:
    """List items, titles, texts and breaks in the order of the attempt; questions are mixed inside their section only."""
    pieces: list[_Piece] = []
    section, mixes, begin = 0, False, 0
    for number, entry in enumerate(entries, 1):
        match entry:
            case SectionEntry(title, shuffle, text):
                pieces[begin:] = _mixed(pieces[begin:], seed, section) if mixes else pieces[begin:]
                section, mixes, begin = section + 1, shuffle, len(pieces)
                pieces.append(Interlude(title=title, text=text))
            case SlotEntry():
                pieces += _items(entry, number, section, drawn)
            case TextEntry(text):
                pieces.append(Interlude(text=text))
            case PageEntry():  # pragma: no branch - the last case
                pieces.append(entry)
    pieces[begin:] = _mixed(pieces[begin:], seed, section) if mixes else pieces[begin:]
    return pieces


def _items(entry: SlotEntry, number: int, section: int, drawn: Mapping[tuple[int, int], Candidate]) -> Iterable[LaidItem]:
    for draw in range(1, entry.count + 1):
        candidate = drawn[number, draw]
        mark = candidate.mark if entry.mark is None else entry.mark
        laid = LaidItem(
            f"{number}.{draw}",
            candidate.question,
            candidate.version,
            mark=mark,
            section=section,
            require_previous=entry.require_previous,
            variant=candidate.variant,
        )
        yield laid if candidate.numbered else replace(laid, number=None, mark=Fraction(0))


def _mixed(pieces: list[_Piece], seed: int, section: int) -> list[_Piece]:
    """Mix the questions of a section; texts, breaks, descriptions and questions that need the previous one stay."""
    movable = [isinstance(piece, LaidItem) and piece.number is not None and not piece.require_previous for piece in pieces]
    return list(mixed_in_place(pieces, movable, SeededRandom(seed, f"section:{section}", "order")))


def _paged(pieces: Sequence[_Piece], per_page: int) -> AttemptLayout:
    """Number the items and break the pages, after ``per_page`` numbered questions and where a break is written."""
    items: list[LaidItem] = []
    interludes: list[Interlude] = []
    page, on_page, number = 1, 0, 0
    for piece in pieces:
        if isinstance(piece, PageEntry):
            page, on_page = (page + 1, 0) if _has_page(page, items, interludes) else (page, 0)
            continue
        if per_page and on_page >= per_page:
            page, on_page = page + 1, 0
        if isinstance(piece, Interlude):
            interludes.append(replace(piece, before=len(items) + 1, page=page))
            continue
        if piece.number is not None:
            number, on_page = number + 1, on_page + 1
        items.append(replace(piece, position=len(items) + 1, number=None if piece.number is None else number, page=page))
    return AttemptLayout(tuple(items), tuple(interludes))


def _has_page(page: int, items: Sequence[LaidItem], interludes: Sequence[Interlude]) -> bool:
    """Return whether the page shows anything, so that a break leads to no empty one."""
    return any(item.page == page for item in items[-1:]) or any(interlude.page == page for interlude in interludes[-1:])


@dataclass(frozen=True, slots=True)
class Position:
    """A place for a question: its number from 1, the key of its question ("": drawn), and which of how many draws it is."""

    number: int
    question: str
    draw: int = 1
    draws: int = 1


@dataclass(frozen=True, slots=True)
class Composition:
    """The positions of an attempt layout; ``name`` is the same for all layouts that may be analysed together."""

    name: str
    positions: tuple[Position, ...]
    pools: tuple[frozenset[int], ...]
    """For each position the question versions that may stand there."""

    @property
    def is_drawn(self) -> bool:
        """Return whether attempts may have other questions than each other."""
        return any(len(pool) > 1 for pool in self.pools)


def composition_of(entries: Iterable[Entry]) -> Composition:
    """Return the positions of a published quiz; descriptions are none."""
    positions: list[Position] = []
    pools: list[frozenset[int]] = []
    described: list[str] = []
    for slot in entries:
        if not isinstance(slot, SlotEntry) or not slot.pool[0].numbered:
            continue
        fixed = slot.pool[0].question if len(slot.pool) == 1 else ""
        for draw in range(1, slot.count + 1):
            positions.append(Position(len(positions) + 1, fixed, draw, slot.count))
            pools.append(frozenset(candidate.version for candidate in slot.pool))
        described.append(f"{fixed}:{slot.count}:{_mark_of(slot)}")
    name = hashlib.sha256("\n".join(described).encode()).hexdigest()[:16]
    return Composition(name, tuple(positions), tuple(pools))


def _mark_of(slot: SlotEntry) -> Fraction | str:
    marks = {candidate.mark for candidate in slot.pool}
    return slot.mark if slot.mark is not None else marks.pop() if len(marks) == 1 else "own"


def seats_of(pools: Sequence[frozenset[int]], versions: Sequence[int]) -> tuple[int | None, ...]:
    """Find a position for each question of an attempt, in the order of the positions; None for one that fits nowhere.

    Where pools overlap, questions move over to make room, so that all find a position that can.
    """
    taken: dict[int, int] = {}
    for item in range(len(versions)):
        _assign_position(item, versions, pools, taken, set())
    seats = {item: position for position, item in taken.items()}
    return tuple(seats.get(item) for item in range(len(versions)))


def _assign_position(item: int, versions: Sequence[int], pools: Sequence[frozenset[int]], taken: dict[int, int], tried: set[int]) -> bool:
    """Give an item a free position, or one whose item finds another (the augmenting paths of Kuhn 1955)."""
    fitting = [position for position, pool in enumerate(pools) if versions[item] in pool and position not in tried]
    for position in fitting:
        if position not in taken:
            taken[position] = item
            return True
    for position in fitting:
        tried.add(position)
        if _assign_position(taken[position], versions, pools, taken, tried):
            taken[position] = item
            return True
    return False


def newest_with(compositions: Mapping[int, Composition], counts: Mapping[int, int]) -> str:
    """Return the name of the newest composition that has attempts, of quiz versions by id, oldest first; "" without any."""
    return next((compositions[version].name for version in reversed([*compositions]) if counts.get(version)), "")
