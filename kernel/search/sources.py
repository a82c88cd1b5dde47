"""Kinds of results, entries of the index, and pages found without it, as packages give them to the search."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select
from sqlalchemy.orm import Session

from kernel.db import HookList
from kernel.permissions import Actor
from kernel.search.index import MatchTier, SearchDocument
from kernel.search.results import ResultGroup, SnippetPiece


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page that is found without the index: its address, title and best words, where it belongs, and how well it fits."""

    url: str
    title: tuple[SnippetPiece, ...]
    pieces: tuple[SnippetPiece, ...]
    context: str
    tier: MatchTier


FindPages = Callable[[str, str, Actor], Sequence[FoundPage]]
"""Find pages by what was typed, the reader's language and the actor, the best first."""


@dataclass(frozen=True, slots=True)
class ResultKind:
    """A kind of results: its name in entries of the index, its label, marked for translation, and its icon."""

    name: str
    label: str
    symbol: str
    order: int
    """Where it stands among kinds that fit as well; of those below one hundred a title goes before any other one."""
    list_path: str = ""
    """Where its entries are shown, after the address of their course."""
    enrol_words: str = ""
    """Says that it opens to those who enrol, marked for translation; empty where it is never closed."""
    find: FindPages | None = None
    """Finds what is not in the index."""
    after: tuple[str, ...] = ()
    """The kinds before which it does not stand unless most of a title was asked for: lessons cite documents."""


Entries = list[tuple[int | None, SearchDocument]]


@dataclass(frozen=True, slots=True)
class Located:
    """Where a group of results is shown: its address, to which an entry's place is added, its title, and what it belongs to."""

    url: str
    title: str
    context: str


@dataclass(frozen=True, slots=True)
class CollectionKind:
    """A kind of collections besides course versions: boards, communities, a library.

    A part of one has a number of its own among all parts of the kind. Who may read a collection is asked with every search, so that joining
    and leaving act at once; nothing of it is in the index.
    """

    name: str
    """Of 12 letters at most, which entries are written with."""
    list_needed: Callable[[Session], set[int]]
    """The numbers of those in which something can be found."""
    list_entries: Callable[[Session, int], Iterable[tuple[int | None, SearchDocument]]]
    """All entries of one, when the index is made anew."""
    select_readable: Callable[[Session, Actor], Select[int] | Collection[int]]
    """Selects the numbers of those that a reader may read, or returns them, where a long condition is asked once for all statements."""
    locate: Callable[[Session, Actor, Sequence[ResultGroup]], Mapping[ResultGroup, Located]]
    """Where the groups of a page are; what the reader may not read after all is left out."""


SEARCH_COLLECTIONS = HookList[CollectionKind]("search_collections")
"""Gives the kinds of collections besides course versions."""
SEARCH_KINDS = HookList[ResultKind]("search_kinds")
"""Gives the kinds of what can be found."""
SEARCH_VERSIONS = HookList[Callable[[Session], set[int]]]("search_versions")
"""Gives the versions of which the index needs entries."""
SEARCH_ENTRIES = HookList[Callable[[Session, int], Iterable[tuple[int | None, SearchDocument]]]]("search_entries")
"""Gives the entries of a version, each with the part that has to be open to a reader, from the rows that were written with it."""
