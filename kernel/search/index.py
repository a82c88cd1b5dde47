"""The index of the search: words cut to their stems, queries read from typed text, entries written, and conditions on either database.

No other module imports snowballstemmer.
"""

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property, lru_cache
from typing import Protocol

from sqlalchemy import (
    ColumnElement,
    Connection,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    and_,
    bindparam,
    case,
    delete,
    event,
    false,
    func,
    insert,
    literal,
    literal_column,
    not_,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel.db import Base, Entity, Key, ShortText
from kernel.i18n import LANGUAGES
from kernel.search.synonyms import SYNONYMS

STEMMERS = {"es": "spanish", "en": "english"}
"""By language of the pages; a text in another one is compared by its bare words."""
LONGEST_WORD = 40
"""Letters of a word that are compared."""
KEPT_STEMS = 30_000
KEPT_TOKENS = 10_000
"""Words of one course, which come again from lesson to lesson."""
_WORD = re.compile("(?:[^\\W_][\u0300-\u036f\u00ad\u200b-\u200d]*)+")
"""Letters and digits, each with its combining marks, soft hyphens and joiners."""

_LITTLE = {
    "es": (
        "a al algo algun alguna algunas algunos ante antes aqui asi aun aunque cada como con cual cuales cuando cuanto de del desde donde "
        "durante e el ella ellas ellos en entre era es esa esas ese eso esos esta estas este esto estos fue ha han hasta hay la las le les "
        "lo los mas me mi mientras mis muy ni no nos o otra otras otro otros para pero por porque pues que quien quienes se segun ser si "
        "sin sobre son su sus tambien tan te tiene todo todos tu un una unas uno unos usted y ya yo"
    ),
    "en": (
        "a about after all also an and any are as at be because been before but by can could did do does each for from had has have how i "
        "if in into is it its may more most my no nor not of on only or other our out over she should so some such than that the their "
        "them then there these they this those to under up was we were what when where which while who why will with would you your"
    ),
}
STOP_WORDS = {language: frozenset(line.split()) for language, line in _LITTLE.items()}
"""Words that say too little to be asked for, without accents."""

_TURN = threading.Lock()


@dataclass(frozen=True, slots=True)
class IndexedWord:
    """A word of a text: where it stands, and its bare form."""

    start: int
    end: int
    written: str
    bare: str


def words_of(text: str) -> Iterator[IndexedWord]:
    """Yield the words of a text in their order."""
    for match in _WORD.finditer(text):
        bare = fold(match[0])
        if bare:
            yield IndexedWord(match.start(), match.end(), match[0], bare)


def fold(word: str) -> str:
    """Return a word without case, accents and anything but letters and digits, cut to 40 characters."""
    small = word.casefold()
    if small.isascii() and small.isalnum():  # most words: five times faster
        return small[:LONGEST_WORD]
    apart = unicodedata.normalize("NFKD", small)
    return "".join(filter(str.isalnum, apart))[:LONGEST_WORD]


def stems_of(word: IndexedWord, language: str) -> frozenset[str]:
    """Return the stems under which a word of this language is found.

    A word has two stems: of itself as written and of its bare form. «Tenían» gives `ten` and `teni`; typing «tenian» or «tener»
    finds it by one of them, although the stemmer knows some endings by their accents only.
    """
    return _stems(unicodedata.normalize("NFC", word.written.lower()), word.bare, language)


@lru_cache(maxsize=KEPT_STEMS)
def _stems(lower: str, bare: str, language: str) -> frozenset[str]:
    if language not in STEMMERS:
        return frozenset({bare})
    with _TURN:  # the stemmer keeps the word at hand in itself
        stemmer = _stemmer(language)
        stems = {stemmer.stemWord(bare)} | ({fold(stemmer.stemWord(lower[:LONGEST_WORD]))} if lower != bare else set())
    return frozenset(stems - {""}) or frozenset({bare})


def meant_stems(word: IndexedWord, language: str) -> frozenset[str]:
    """Return the stems of a word of a question and of those that people use for it."""
    stems, synonyms = stems_of(word, language), _synonyms(language)
    return stems.union(*(synonyms[stem] for stem in stems if stem in synonyms))


StemsOfWord = Callable[[IndexedWord, str], frozenset[str]]


@lru_cache
def _synonyms(language: str) -> dict[str, frozenset[str]]:
    """Return for each stem of a synonym the stems of its group."""
    groups = [
        frozenset[str]().union(*(stems_of(word, language) for written in group for word in words_of(written)))
        for group in SYNONYMS.get(language, ())
    ]
    return {stem: frozenset[str]().union(*(group for group in groups if stem in group)) for group in groups for stem in group}


@dataclass(frozen=True, slots=True)
class WordTokens:
    """A word as the index holds it: its bare form, and its stems in alphabetical order."""

    bare: str
    stems: tuple[str, ...]


def tokens_of(text: str, language: str) -> list[WordTokens]:
    """Return the tokens of the words of a text in this language, in their order."""
    return [tokens for written in _WORD.findall(text) if (tokens := _tokens(written, language)) is not None]


@lru_cache(maxsize=KEPT_TOKENS)
def _tokens(written: str, language: str) -> WordTokens | None:
    word = next(words_of(written), None)
    if word is None:
        return None
    return WordTokens(token(word.bare), tuple(token(stem) for stem in sorted(stems_of(word, language))))


class Stemmer(Protocol):
    """The part of the library's stemmers that we use."""

    def stemWord(self, word: str) -> str:  # noqa: N802 - the library's name
        """Return the stem of a word."""


@lru_cache
def _stemmer(language: str) -> Stemmer:
    import snowballstemmer  # noqa: PLC0415 - thirty languages: 60 ms that no start should wait for

    stemmer: Stemmer = snowballstemmer.stemmer(STEMMERS[language])
    return stemmer


def says_little(word: IndexedWord, language: str) -> bool:
    """Return whether a word is among those that nearly every text of this language has."""
    return word.bare in STOP_WORDS.get(language, frozenset())


def token(bare: str) -> str:
    """Write a bare word in ASCII letters and digits, which both databases read alike; prefixes stay prefixes."""
    return bare if bare.isascii() else "".join(sign if sign.isascii() else f"x{ord(sign):x}" for sign in bare)


LONGEST_QUESTION = 200
MOST_WORDS = 12
SHORTEST_BEGINNING = 3
_PART = re.compile(r'(?P<without>(?<!\S)-)?(?:[“"«](?P<phrase>[^”"»]*)[”"»]?|(?P<word>[^\s“”"«»]+))')


@dataclass(frozen=True, slots=True)
class Phrase:
    """One or more tokens next to each other; `begins`: the last one is the beginning of a token."""

    tokens: tuple[str, ...]
    begins: bool = False


@dataclass(frozen=True, slots=True)
class AllTerms:
    """All of these."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class AnyTerm:
    """At least one of these."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class ExcludedTerm:
    """The one, and not the other."""

    wanted: "Expression"
    unwanted: "Expression"


Expression = Phrase | AllTerms | AnyTerm | ExcludedTerm


@dataclass(frozen=True)
class SearchQuery:
    """A search query: words, phrases of adjacent words, and words that must be absent."""

    words: tuple[IndexedWord, ...]
    phrases: tuple[tuple[IndexedWord, ...], ...]
    unwanted: tuple[tuple[IndexedWord, ...], ...]
    facets: tuple[str, ...] = ()
    """Tokens that an entry has to carry (`facet`)."""

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to look for."""
        return not self.words and not self.phrases and not self.facets

    @cached_property
    def beginning(self) -> str:
        """Return the words that the last word may be the beginning of; empty where that is too short."""
        last = self.words[-1].bare if self.words else ""
        return last if len(last) >= SHORTEST_BEGINNING else ""

    def telling(self, language: str) -> tuple[IndexedWord, ...]:
        """Return the words that say something in a language; all of them where none does."""
        telling = tuple(word for word in self.words if not says_little(word, language))
        return telling if telling or self.phrases else self.words


def facet(name: str, value: str) -> str:
    """Return the token of a facet, of which an entry has any number: a question's kind, a subject."""
    signs = f"{name}:{value}".casefold()
    return "k" + "".join(sign if sign.isascii() and sign.isalnum() else f"x{ord(sign):x}" for sign in signs)


def read_question(typed: str, facets: Iterable[str] = ()) -> SearchQuery:
    """Parse any typed text into a search query, up to 200 letters and 12 words, of entries that carry all of some facets."""
    tokens: list[IndexedWord] = []
    phrases: list[tuple[IndexedWord, ...]] = []
    unwanted: list[tuple[IndexedWord, ...]] = []
    left = MOST_WORDS
    for part in _PART.finditer(typed[:LONGEST_QUESTION]):
        terms = tuple(words_of(part["word"] if part["phrase"] is None else part["phrase"]))[:left]
        left -= len(terms)
        if not terms:
            continue
        if part["without"]:
            unwanted.append(terms)
        elif part["phrase"] is None:
            tokens += terms
        else:
            phrases.append(terms)
    return SearchQuery(tuple(tokens), tuple(phrases), tuple(unwanted), tuple(facets))


def whole(question: SearchQuery, reader: str) -> Expression:
    """Ask for all the words in any of their forms, in what this reader gets."""
    return _for_reader(question, reader, [_every_stem(question, language, "s") for language in STEMMERS])


def begun(question: SearchQuery, reader: str) -> Expression:
    """Ask for the same, the last word being perhaps only the beginning of one."""
    begins = Phrase((f"f{token(question.beginning)}",), begins=True) if question.beginning else None
    return _for_reader(question, reader, [_every_stem(question, language, "s", begins) for language in STEMMERS])


def titled(question: SearchQuery, reader: str, *, meant: bool = False) -> Expression | None:
    """Ask for titles that have all the plain words, or what is `meant` by them; nothing where there are none."""
    if not question.words:
        return None
    stems = meant_stems if meant else stems_of
    return _for_reader(question, reader, [_every_stem(question, language, "t", stems=stems) for language in STEMMERS])


def adjacent(question: SearchQuery, reader: str) -> Expression | None:
    """Ask for the words next to each other as they were typed; nothing where there is only one."""
    return _for_reader(question, reader, [_phrase(question.words)]) if len(question.words) > 1 else None


def _for_reader(question: SearchQuery, reader: str, alternatives: list[Expression]) -> Expression:
    """Add to what is asked (one of these) what is asked in any case: the reader, facets, phrases, and what must not be there."""
    parts: list[Expression] = [*(Phrase((token,)) for token in (f"r{reader}", *question.facets)), *map(_phrase, question.phrases)]
    if question.words:
        parts.append(AnyTerm(tuple(alternatives)))
    every = AllTerms(tuple(parts))
    return ExcludedTerm(every, AnyTerm(tuple(map(_unwanted, question.unwanted)))) if question.unwanted else every


def _every_stem(
    question: SearchQuery, language: str, mark: str, begins: Phrase | None = None, *, stems: StemsOfWord = meant_stems
) -> Expression:
    """Ask for the telling words of a language; `begins` is what may stand for the last word typed."""
    parts: list[Expression] = []
    for word in question.telling(language):
        stem = _stem(word, language, mark, stems)
        parts.append(AnyTerm((stem, begins)) if begins and word is question.words[-1] else stem)
    return AllTerms(tuple(parts) or tuple(_stem(word, language, mark, stems) for word in question.words))


def _unwanted(terms: tuple[IndexedWord, ...]) -> Expression:
    return _phrase(terms) if len(terms) > 1 else AnyTerm(tuple(_stem(terms[0], language, "s", meant_stems) for language in STEMMERS))


def _phrase(terms: tuple[IndexedWord, ...]) -> Phrase:
    return Phrase(tuple(f"f{token(word.bare)}" for word in terms))


def _stem(word: IndexedWord, language: str, mark: str, stems: StemsOfWord) -> Expression:
    return AnyTerm(tuple(Phrase((f"{mark}{language}{token(stem)}",)) for stem in sorted(stems(word, language))))


VERSIONS = "version"
"""The kind of collections whose numbers are those of course versions."""
INDEX = "search_index"
"""SQLite's index; the names of the tables that it keeps itself begin with this."""


class SearchEntry(Base):
    """A passage that can be found: a section of a lesson, a term, some sentences of a recording. Written and deleted, never changed."""

    __table_args__ = (
        Index("ix_search_entry_version", "version"),
        Index("ix_search_entry_words", "words", postgresql_using="gin", info={"dialect": "postgresql"}).ddl_if(dialect="postgresql"),
    )

    id: Mapped[Key]
    """In the order of the course, which is the order of what is found alike."""
    collection: Mapped[str] = mapped_column(String(12), default=VERSIONS, server_default=VERSIONS)
    """The kind of collection that it belongs to: a course version, a board."""
    number: Mapped[int] = mapped_column("version")
    """Of its collection among those of the kind. No foreign key: the kernel does not know what a version is."""
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
    is_name: Mapped[bool] = mapped_column(default=False, server_default=false())
    """It has no more than the name of a part, which whoever sees the whole may read while the part is closed to them."""
    words: Mapped[str] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"), deferred=True)


class SearchWord(Entity):
    """A word of a collection as its tokens have it, for suggesting it where nothing is found; each time entries are written adds rows."""

    __table_args__ = (Index("ix_search_word_version", "version", "word"),)

    collection: Mapped[str] = mapped_column(String(12), default=VERSIONS, server_default=VERSIONS)
    number: Mapped[int] = mapped_column("version")
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
    is_name: bool = False
    """It is the name of a part, for those to whom the part is closed."""


def entry(
    kind: str,
    language: str,
    title: str,
    passages: Iterable[Passage],
    *,
    readers: Iterable[str],
    anchor: str = "",
    names: Iterable[str] = (),
    facets: Iterable[str] = (),
) -> SearchDocument:
    """Make an entry; `readers` are the languages of those who get it, `names` other titles under which it is found, `facets` its tokens."""
    title, lines = one_line(title)[:300], tuple(Passage(passage.place, one_line(passage.text)) for passage in passages)
    tokens = [*(f"r{reader}" for reader in readers), *facets]
    for line in (title, *names):
        tokens += _line_tokens(line, language, "st")
    for passage in lines:
        tokens += _line_tokens(passage.text, language, "s")
    return SearchDocument(kind, language, anchor, title=title, passages=lines, words=" ".join(tokens))


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


def write(session: Session, number: int, part: int | None, entries: Iterable[SearchDocument], *, collection: str = VERSIONS) -> None:
    """Add entries to a collection, to a version in the transaction that publishes it."""
    write_many(session, number, [(part, entries)], collection=collection)


def write_many(
    session: Session, number: int, parts: Iterable[tuple[int | None, Iterable[SearchDocument]]], *, collection: str = VERSIONS
) -> None:
    """Add the entries of some parts to a collection with one statement."""
    parts = [(part, list(entries)) for part, entries in parts]
    rows = [
        {
            "collection": collection,
            "version": number,
            "part": part,
            "kind": entry.kind,
            "language": entry.language,
            "place": entry.place,
            "title": entry.title,
            "body": "\n".join(passage.text for passage in entry.passages),
            "places": tuple(passage.place for passage in entry.passages),
            "is_name": entry.is_name,
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
    _write_words(session, {"collection": collection, "number": number}, (entry for _part, entries in parts for entry in entries))


def _write_words(session: Session, of: dict[str, object], entries: Iterable[SearchDocument]) -> None:
    counts = Counter(word for entry in entries for word in {token[1:] for token in entry.words.split() if token[0] == "f"})
    counted = ((word, count) for word, count in sorted(counts.items()) if SHORTEST_NEAR <= len(word) <= LONGEST_NEAR and word.isalpha())
    rows = [{**of, "word": word, "entries": count} for word, count in counted]
    if rows:
        session.execute(insert(SearchWord), rows)


def forget(session: Session, numbers: Collection[int], *, collection: str = VERSIONS) -> None:
    """Take some collections, course versions for example, out of the search."""
    for table in (SearchEntry, SearchWord):
        session.execute(delete(table).where(table.collection == collection, table.number.in_(numbers)))


def forget_entry(session: Session, number: int, part: int | None, anchor: str, *, collection: str) -> None:
    """Take one entry out of the search, a withdrawn post for example, in the transaction of the act."""
    of = (SearchEntry.collection == collection, SearchEntry.number == number, SearchEntry.part.is_not_distinct_from(part))
    session.execute(delete(SearchEntry).where(*of, SearchEntry.place == anchor))


def list_versions(session: Session, collection: str = VERSIONS) -> set[int]:
    """Return the collections, else the course versions, of which something can be found."""
    return set(session.scalars(select(SearchEntry.number).where(SearchEntry.collection == collection).distinct()))


def list_complete(session: Session, collection: str = VERSIONS) -> set[int]:
    """Return those of which everything can be found: those indexed before words were kept lack what came with them."""
    with_words = select(SearchWord.number).where(SearchWord.collection == collection).distinct()
    return list_versions(session, collection) & set(session.scalars(with_words))


@dataclass(frozen=True, slots=True)
class SearchScope:
    """The course versions and parts that a reader may find, and all other collections."""

    shown: frozenset[int]
    """Versions that they may look at: what belongs to no part of these."""
    whole: frozenset[int]
    """Versions of which every part is open to them."""
    parts: frozenset[int]
    """Open parts of the other versions."""
    readable: Mapping[str, Select[int] | Collection[int]] = field(default_factory=dict)
    """By kind of other collections the numbers of those that they may read, or what selects them."""

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing at all that they may find."""
        return not (self.shown or self.whole or self.parts or self.readable)

    def condition(self) -> ColumnElement[bool]:
        """Return the condition on entries."""
        of_versions = or_(
            and_(SearchEntry.part.is_(None), SearchEntry.number.in_(self.shown)),
            and_(SearchEntry.number.in_(self.whole), not_(SearchEntry.is_name)),
            and_(SearchEntry.part.in_(self.parts), not_(SearchEntry.is_name)),
            and_(SearchEntry.is_name, SearchEntry.number.in_(self.shown - self.whole), SearchEntry.part.not_in(self.parts)),
        )
        return or_(and_(SearchEntry.collection == VERSIONS, of_versions), *self.others(SearchEntry))

    def others(self, table: type[SearchEntry | SearchWord]) -> list[ColumnElement[bool]]:
        """Return the conditions on rows of other collections than versions, by kind."""
        return [and_(table.collection == kind, table.number.in_(numbers)) for kind, numbers in self.readable.items()]

    def is_closed(self, version: int, part: int | None) -> bool:
        """Return whether a part of a version is one of which the reader may read no more than the name."""
        return part is not None and version not in self.whole and part not in self.parts


class MatchTier(IntEnum):
    """The tier of a match in the search results; the best come first."""

    TITLE = 0
    SYNONYM = 1
    """The title has other words for what was asked for."""
    ADJACENT = 2
    WHOLE = 3
    BEGUN = 4


def matches(session: Session, expression: Expression) -> ColumnElement[bool]:
    """Return the condition that an entry fits an expression, in the words of the database at hand."""
    if session.get_bind().dialect.name == "postgresql":
        return SearchEntry.words.op("@@", is_comparison=True)(func.to_tsquery(literal_column("'simple'"), for_postgresql(expression)))
    fitting: ColumnElement[bool] = literal_column(INDEX).op("MATCH")(literal(for_fts5(expression)))
    return SearchEntry.id.in_(select(literal_column("rowid", Integer)).select_from(text(INDEX)).where(fitting))


def fits(session: Session, question: SearchQuery, reader: str) -> ColumnElement[bool]:
    """Return the condition that an entry fits a question."""
    return matches(session, begun(question, reader))


def tier_of(session: Session, question: SearchQuery, reader: str) -> ColumnElement[int]:
    """Return how well an entry that fits does so, a `Tier` as a number."""
    in_title, meant = titled(question, reader), titled(question, reader, meant=True)
    ranked = (
        (in_title, MatchTier.TITLE),
        (meant if meant != in_title else None, MatchTier.SYNONYM),
        (adjacent(question, reader), MatchTier.ADJACENT),
        (whole(question, reader), MatchTier.WHOLE),
    )
    better = [(expression, tier) for expression, tier in ranked if expression is not None]
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
