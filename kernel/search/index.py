"""The table of what can be found, its index on either database, and finding in it.

Every entry keeps its words as tokens that we make: `f` a word as written, `s` and `t` with a language a stem of text or title,
`r` a language whose readers get the entry, `b` where a paragraph ends. SQLite indexes them with FTS5 (`search_index`, kept up by
triggers), PostgreSQL with a GIN index over a `tsvector` of the `simple` configuration; neither looks into the words. So both find
the same, and the order is our own: title, words next to each other, whole words, beginnings; then the place in the course.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import (
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    bindparam,
    case,
    delete,
    event,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, Key, ShortText
from kernel.i18n import LANGUAGES
from kernel.search import query
from kernel.search.query import AllTerms, AnyTerm, Expression, Phrase, SearchQuery
from kernel.search.words import tokens_of

INDEX = "search_index"
"""SQLite's index; the names of the tables that it keeps itself begin with this."""


class SearchEntry(Base):
    """A passage that can be found: a section of a lesson, a term, some sentences of a recording. Written and deleted, never changed."""

    __tablename__ = "search_entry"
    __table_args__ = (
        Index("ix_search_entry_version", "version"),
        Index("ix_search_entry_words", "words", postgresql_using="gin", info={"dialect": "postgresql"}).ddl_if(dialect="postgresql"),
    )

    id: Mapped[Key]
    """In the order of the course, which is the order of what is found alike."""
    version: Mapped[int]
    """What it was published in. No foreign key: the kernel does not know what a version is."""
    part: Mapped[int | None]
    """What has to be open to a reader for them to find it; none where whoever sees the whole sees it."""
    kind: Mapped[str] = mapped_column(String(12))
    language: Mapped[str] = mapped_column(String(2))
    place: Mapped[str] = mapped_column(Text)
    """What is added to the address of the part to open the passage: `#s-brecha`."""
    title: Mapped[ShortText]
    body: Mapped[str] = mapped_column(Text)
    """The paragraphs as they are shown, a line each."""
    places: Mapped[tuple[str, ...]]
    """Of each paragraph, as `place`."""
    words: Mapped[str] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"), deferred=True)


class SearchWord(Base):
    """A word of a version as its tokens have it, for suggesting it where nothing is found; each time entries are written adds rows."""

    __tablename__ = "search_word"
    __table_args__ = (Index("ix_search_word_version", "version", "word"),)

    id: Mapped[Key]
    version: Mapped[int]
    """No foreign key, as above."""
    word: Mapped[str] = mapped_column(String(40))
    """Without accents, ASCII letters alone."""
    entries: Mapped[int]
    """How many of the entries that were written together have it."""


SHORTEST_NEAR, LONGEST_NEAR = 4, 40
"""Letters of the words that are kept for suggesting them."""

_ADDED = "INSERT INTO search_index (rowid, words) VALUES (new.id, new.words)"
_GONE = "INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.id, old.words)"
SQLITE_INDEX = (
    "CREATE VIRTUAL TABLE search_index USING fts5(words, content='search_entry', content_rowid='id', tokenize='ascii')",
    f"CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry BEGIN {_ADDED}; END",
    f"CREATE TRIGGER search_entry_gone AFTER DELETE ON search_entry BEGIN {_GONE}; END",
)
"""A migration that makes the table anew on SQLite has to run these again: triggers go with their table."""

_TABLE: Table = SearchEntry.__table__  # type: ignore[assignment]  # a table, as every mapped class has


def _make_index(_table: Table, connection: Connection, **_options: object) -> None:
    if connection.dialect.name == "sqlite":
        for statement in SQLITE_INDEX:
            connection.exec_driver_sql(statement)


def _drop_index(_table: Table, connection: Connection, **_options: object) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP TABLE IF EXISTS search_index")


event.listen(_TABLE, "after_create", _make_index)
event.listen(_TABLE, "before_drop", _drop_index)


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph or sentence of an entry, and where it is."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """A document for the search index, made before any transaction begins, because stemming takes time."""

    kind: str
    language: str
    place: str
    title: str
    passages: tuple[Passage, ...]
    words: str


def entry(
    kind: str,
    language: str,
    title: str,
    passages: Iterable[Passage],
    *,
    readers: Iterable[str],
    place: str = "",
    names: Iterable[str] = (),
) -> SearchDocument:
    """Make an entry; `readers` are the languages of those who get it, `names` other titles under which it is found."""
    title, lines = one_line(title)[:300], tuple(Passage(passage.place, one_line(passage.text)) for passage in passages)
    tokens = [f"r{reader}" for reader in readers]
    for line in (title, *names):
        tokens += _line_tokens(line, language, "st")
    for passage in lines:
        tokens += _line_tokens(passage.text, language, "s")
    return SearchDocument(kind, language, place, title, lines, " ".join(tokens))


def readers_of(language: str, written: Sequence[str]) -> tuple[str, ...]:
    """Return the languages of those who read something in this one: it, and for the first one written all those that lack."""
    lacking = (reader for reader in LANGUAGES if reader not in written) if language == written[0] else ()
    return (language, *lacking)


def one_line(text: str) -> str:
    """Return a text without line breaks, runs of space and what no database keeps."""
    return " ".join(text.replace("\0", "").split())


def _line_tokens(line: str, language: str, marks: str) -> list[str]:
    tokens = tokens_of(line, language)
    stems = [stem for word in tokens for stem in word.stems]
    return [
        *(f"f{word.bare}" for word in tokens),
        "b",
        *(f"{mark}{language}{stem}" for mark in marks for stem in dict.fromkeys(stems)),
    ]


def write(session: Session, version: int, part: int | None, entries: Iterable[SearchDocument]) -> None:
    """Add entries to a version, in the transaction that publishes it."""
    write_many(session, version, [(part, entries)])


def write_many(session: Session, version: int, parts: Iterable[tuple[int | None, Iterable[SearchDocument]]]) -> None:
    """Add the entries of some parts to a version with one statement."""
    parts = [(part, list(entries)) for part, entries in parts]
    rows = [
        {
            "version": version,
            "part": part,
            "kind": entry.kind,
            "language": entry.language,
            "place": entry.place,
            "title": entry.title,
            "body": "\n".join(passage.text for passage in entry.passages),
            "places": tuple(passage.place for passage in entry.passages),
            "indexed": entry.words,
        }
        for part, entries in parts
        for entry in entries
    ]
    indexed: ColumnElement[str] = bindparam("indexed", type_=Text())
    if session.get_bind().dialect.name == "postgresql":
        indexed = func.to_tsvector(literal_column("'simple'"), indexed)
    if rows:
        session.execute(insert(_TABLE).values(words=indexed), rows)
    _write_words(session, version, (entry for _part, entries in parts for entry in entries))


def _write_words(session: Session, version: int, entries: Iterable[SearchDocument]) -> None:
    counts = Counter(word for entry in entries for word in {token[1:] for token in entry.words.split() if token[0] == "f"})
    counted = ((word, count) for word, count in sorted(counts.items()) if SHORTEST_NEAR <= len(word) <= LONGEST_NEAR and word.isalpha())
    rows = [{"version": version, "word": word, "entries": count} for word, count in counted]
    if rows:
        session.execute(insert(SearchWord), rows)


def forget(session: Session, versions: Collection[int]) -> None:
    """Take what was published in some versions out of the search."""
    for table in (SearchEntry, SearchWord):
        session.execute(delete(table).where(table.version.in_(versions)))


def list_versions(session: Session) -> set[int]:
    """Return the versions of which something can be found."""
    return set(session.scalars(select(SearchEntry.version).distinct()))


def list_complete(session: Session) -> set[int]:
    """Return the versions of which everything can be found: those indexed before words were kept lack what came with them."""
    return list_versions(session) & set(session.scalars(select(SearchWord.version).distinct()))


@dataclass(frozen=True, slots=True)
class SearchScope:
    """The course versions and parts that a reader may find."""

    shown: frozenset[int]
    """Versions that they may look at: what belongs to no part of these."""
    whole: frozenset[int]
    """Versions of which every part is open to them."""
    parts: frozenset[int]
    """Open parts of the other versions."""

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing at all that they may find."""
        return not (self.shown or self.whole or self.parts)

    def condition(self) -> ColumnElement[bool]:
        """Return the condition on entries."""
        return or_(
            and_(SearchEntry.part.is_(None), SearchEntry.version.in_(self.shown)),
            SearchEntry.version.in_(self.whole),
            SearchEntry.part.in_(self.parts),
        )


class MatchTier(IntEnum):
    """The tier of a match in the search results; the best come first."""

    TITLE = 0
    ADJACENT = 1
    WHOLE = 2
    BEGUN = 3


def matches(session: Session, expression: Expression) -> ColumnElement[bool]:
    """Return the condition that an entry fits an expression, in the words of the database at hand."""
    if session.get_bind().dialect.name == "postgresql":
        return SearchEntry.words.op("@@", is_comparison=True)(func.to_tsquery(literal_column("'simple'"), for_postgresql(expression)))
    fitting: ColumnElement[bool] = literal_column(INDEX).op("MATCH")(literal(for_fts5(expression)))
    return SearchEntry.id.in_(select(literal_column("rowid", Integer)).select_from(text(INDEX)).where(fitting))


def fits(session: Session, question: SearchQuery, reader: str) -> ColumnElement[bool]:
    """Return the condition that an entry fits a question."""
    return matches(session, query.begun(question, reader))


def tier_of(session: Session, question: SearchQuery, reader: str) -> ColumnElement[int]:
    """Return how well an entry that fits does so, a `Tier` as a number."""
    in_title, in_order = query.titled(question, reader), query.adjacent(question, reader)
    better = [
        (expression, tier) for expression, tier in ((in_title, MatchTier.TITLE), (in_order, MatchTier.ADJACENT)) if expression is not None
    ]
    better.append((query.whole(question, reader), MatchTier.WHOLE))
    return case(
        *((matches(session, expression), literal_column(str(tier.value))) for expression, tier in better), else_=MatchTier.BEGUN.value
    )


def for_fts5(expression: Expression) -> str:
    """Write an expression for SQLite."""
    if isinstance(expression, Phrase):
        return f'"{" ".join(expression.tokens)}"{"*" if expression.begins else ""}'
    if isinstance(expression, AllTerms | AnyTerm):
        return f"({(' AND ' if isinstance(expression, AllTerms) else ' OR ').join(map(for_fts5, expression.parts))})"
    return f"({for_fts5(expression.wanted)} NOT {for_fts5(expression.unwanted)})"


def for_postgresql(expression: Expression) -> str:
    """Write an expression for PostgreSQL."""
    if isinstance(expression, Phrase):
        return f"({' <-> '.join(expression.tokens)}{':*' if expression.begins else ''})"
    if isinstance(expression, AllTerms | AnyTerm):
        return f"({(' & ' if isinstance(expression, AllTerms) else ' | ').join(map(for_postgresql, expression.parts))})"
    return f"({for_postgresql(expression.wanted)} & !{for_postgresql(expression.unwanted)})"
