"""The layout of one attempt: which questions, in which order, on which pages (spec/quiz-engine 5.2.4 to 5.2.6).
Questions of one family and enemies never meet in it (spec/selection 1.7 and 1.8).

Everything comes from the attempt's seed through ``seeded_random``; the same entries, seed and earlier attempts give the same
layout on any machine. The slot's name in the stream is ``<entry>.<draw>``, both counted from 1.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from quizzes.rules.apart import fill_apart
from quizzes.rules.definitions import Texts
from quizzes.rules.item_layout import mixed_in_place
from quizzes.rules.seeded_random import SeededRandom


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
            f"{number}.{draw}", candidate.question, candidate.version, mark, section, entry.require_previous, variant=candidate.variant
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
