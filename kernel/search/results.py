"""Find what a question asks for: grouped by part and kind, the best first, the same on both databases."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Subquery, and_, func, or_, select
from sqlalchemy.orm import Session

from kernel.search.index import (
    LONGEST_NEAR,
    SHORTEST_NEAR,
    VERSIONS,
    IndexedWord,
    MatchTier,
    Passage,
    SearchEntry,
    SearchQuery,
    SearchScope,
    SearchWord,
    fits,
    fold,
    meant_stems,
    read_question,
    says_little,
    stems_of,
    tier_of,
    words_of,
)

HITS_OF_A_GROUP = 3


@dataclass(frozen=True, slots=True)
class SearchHit:
    """An entry that fits."""

    id: int
    tier: MatchTier
    language: str
    place: str
    title: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class ResultGroup:
    """The search results in one part, or one entry that belongs to none: how many entries match, and the best of them."""

    kind: str
    collection: str
    number: int
    """Of the collection: of a course version its own."""
    part: int | None
    count: int
    hits: tuple[SearchHit, ...]


@dataclass(frozen=True, slots=True)
class ResultPaging:
    """The groups of results to show: the first of each kind, or one page of one kind."""

    kind: str = ""
    offset: int = 0
    limit: int = 20


@dataclass(frozen=True, slots=True)
class SearchResults:
    """The groups that are shown in their order, and how many there are of each kind."""

    groups: tuple[ResultGroup, ...]
    totals: Mapping[str, int]

    def of(self, kind: str) -> tuple[ResultGroup, ...]:
        """Return the groups of a kind."""
        return tuple(group for group in self.groups if group.kind == kind)


def find(session: Session, question: SearchQuery, reader: str, scope: SearchScope, paging: ResultPaging) -> SearchResults:
    """Find what a reader of a language may see; two statements however much there is, and none where nothing is asked.

    The order: how well the best entry fits, how many entries fit, and where in the courses it comes.
    """
    if question.is_empty or scope.is_empty:
        return SearchResults((), {})
    entries = _entries(session, question, reader, scope)
    ranked = _ranked(entries)
    condition = and_(ranked.c.rank > paging.offset, ranked.c.rank <= paging.offset + paging.limit)
    if paging.kind:
        condition = and_(condition, ranked.c.kind == paging.kind)
    statement = select(ranked, condition.label("asked")).where(or_(condition, ranked.c.rank == 1)).order_by(ranked.c.kind, ranked.c.rank)
    rows = session.execute(statement).all()
    chosen = [row for row in rows if row.asked]
    hits = _hits(session, entries, [row.grouped for row in chosen])
    groups = tuple(
        ResultGroup(row.kind, row.collection, row.number, part=row.part, count=row.entries, hits=hits[row.collection, row.grouped])
        for row in chosen
    )
    return SearchResults(groups, {row.kind: row.total for row in rows})


def _ranked(entries: Subquery) -> Subquery:
    """Number the groups of each kind by how good they are, and count them."""
    grouped = (
        select(
            entries.c.kind,
            entries.c.collection,
            entries.c.number,
            entries.c.grouped,
            func.min(entries.c.part).label("part"),
            func.min(entries.c.tier).label("tier"),
            func.min(entries.c.id).label("first"),
            func.count().label("entries"),
        )
        .group_by(entries.c.kind, entries.c.collection, entries.c.number, entries.c.grouped)
        .subquery()
    )
    order = (grouped.c.tier, grouped.c.entries.desc(), grouped.c.first)
    return select(
        grouped,
        func.row_number().over(partition_by=grouped.c.kind, order_by=order).label("rank"),
        func.count().over(partition_by=grouped.c.kind).label("total"),
    ).subquery()


def _entries(session: Session, question: SearchQuery, reader: str, scope: SearchScope) -> Subquery:
    return (
        select(
            SearchEntry.id,
            SearchEntry.kind,
            SearchEntry.collection,
            SearchEntry.number,
            SearchEntry.part,
            func.coalesce(SearchEntry.part, -SearchEntry.id).label("grouped"),
            tier_of(session, question, reader).label("tier"),
        )
        .where(fits(session, question, reader), scope.condition())
        .subquery()
    )


def _hits(session: Session, entries: Subquery, groups: Sequence[int]) -> Mapping[tuple[str, int], tuple[SearchHit, ...]]:
    """Return the best entries of some groups, by kind of collection and group."""
    if not groups:
        return {}
    of_group = (entries.c.collection, entries.c.grouped)
    best = func.row_number().over(partition_by=of_group, order_by=(entries.c.tier, entries.c.id)).label("best")
    ranked = select(entries.c.id, entries.c.grouped, entries.c.tier, best).where(entries.c.grouped.in_(groups)).subquery()
    statement = (
        select(SearchEntry, ranked.c.grouped, ranked.c.tier)
        .join(ranked, ranked.c.id == SearchEntry.id)
        .where(ranked.c.best <= HITS_OF_A_GROUP)
        .order_by(ranked.c.grouped, ranked.c.best)
    )
    by_group: defaultdict[tuple[str, int], list[SearchHit]] = defaultdict(list)
    for row, grouped, tier in session.execute(statement):
        passages = tuple(Passage(anchor, line) for anchor, line in zip(row.places, row.body.split("\n"), strict=False))
        hit = SearchHit(row.id, MatchTier(tier), row.language, place=row.place, title=row.title, passages=passages)
        by_group[row.collection, grouped].append(hit)
    return {group: tuple(hits) for group, hits in by_group.items()}


BEFORE, AFTER = 8, 22
"""Words shown before the first one that fits, and from it on."""


@dataclass(frozen=True, slots=True)
class SnippetPiece:
    """Some text as it was written (not HTML), and whether it is what was looked for."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    """Some words of a passage, and the place that shows it."""

    place: str
    pieces: tuple[SnippetPiece, ...]

    @property
    def text(self) -> str:
        """Return it as plain text."""
        return "".join(piece.text for piece in self.pieces)


def snippet(hit: SearchHit, question: SearchQuery) -> Snippet:
    """Return the words around what fits best in an entry; where only its title fits, how it begins."""
    terms = _HighlightTerms(question, hit.language)
    best, most = None, 0
    for passage in hit.passages:
        different = terms.count(passage.text)
        if different > most:
            best, most = passage, different
    if best is None:
        first = hit.passages[0].text if hit.passages else ""
        return Snippet(hit.place, _cut(first, terms))
    return Snippet(best.place or hit.place, _cut(best.text, terms))


def marked(text: str, question: SearchQuery, language: str) -> tuple[SnippetPiece, ...]:
    """Return a whole text with what was looked for marked."""
    terms = _HighlightTerms(question, language)
    return _pieces(text, [word for word in words_of(text) if terms.is_meant(word)], 0, len(text))


def title_share(title: str, question: SearchQuery, language: str) -> float:
    """Return the share of a title's telling words that were asked for: what is called as it was asked for comes first.

    A short form in brackets counts as a title of its own: «Producto interno bruto (PIB)».
    """
    terms = _HighlightTerms(question, language)
    return max(_share(text, terms, language) for text in (title, *re.findall(r"\(([^()]+)\)", title)))


def _share(title: str, terms: "_HighlightTerms", language: str) -> float:
    telling = [word for word in words_of(title) if not says_little(word, language)]
    return sum(terms.is_meant(word) for word in telling) / len(telling) if telling else 0.0


def fits_text(text: str, question: SearchQuery, language: str) -> bool:
    """Return whether a short text of a language has all that is asked for; the last word may be the beginning of one."""
    tokens = list(words_of(text))
    stems = frozenset[str]().union(*(stems_of(word, language) for word in tokens))
    line = f" {' '.join(word.bare for word in tokens)} "
    quoted = [f" {' '.join(word.bare for word in phrase)} " in line for phrase in question.phrases]
    if not all(quoted) or any(f" {' '.join(word.bare for word in phrase)} " in line for phrase in question.unwanted):
        return False
    begun = question.words[-1] if question.beginning and f" {question.beginning}" in line else None
    return all(word is begun or meant_stems(word, language) & stems for word in question.telling(language))


class _HighlightTerms:
    """The words of a text that match a search query."""

    def __init__(self, question: SearchQuery, language: str) -> None:
        self._language = language
        self._beginning = question.beginning
        self._stems = frozenset[str]().union(*(meant_stems(word, language) for word in question.telling(language)))
        quoted = {word.bare: says_little(word, language) for phrase in question.phrases for word in phrase}
        self._written = frozenset(bare for bare, little in quoted.items() if not little or all(quoted.values()))

    def is_meant(self, word: IndexedWord) -> bool:
        return bool(self._key(word))

    def count(self, text: str) -> int:
        """Return how many different ones of the words asked for a text has."""
        return len({key for word in words_of(text) if (key := self._key(word))})

    def _key(self, word: IndexedWord) -> str:
        common = self._stems & stems_of(word, self._language)
        if common:
            return min(common)
        if word.bare in self._written:
            return word.bare
        return self._beginning if self._beginning and word.bare.startswith(self._beginning) else ""


def _cut(text: str, terms: _HighlightTerms) -> tuple[SnippetPiece, ...]:
    tokens = list(words_of(text))
    meant = [index for index, word in enumerate(tokens) if terms.is_meant(word)]
    first = max(0, meant[0] - BEFORE) if meant else 0
    last = min(len(tokens), (meant[0] if meant else 0) + AFTER)
    start = tokens[first].start if first else 0
    end = tokens[last - 1].end if last < len(tokens) else len(text)
    pieces = _pieces(text, [tokens[index] for index in meant if first <= index < last], start, end)
    ellipsis = SnippetPiece("…", marked=False)
    return (*((ellipsis,) if start else ()), *pieces, *((ellipsis,) if end < len(text) else ()))


def _pieces(text: str, meant: list[IndexedWord], start: int, end: int) -> tuple[SnippetPiece, ...]:
    pieces: list[SnippetPiece] = []
    at = start
    for word in meant:
        pieces += (SnippetPiece(text[at : word.start], marked=False), SnippetPiece(text[word.start : word.end], marked=True))
        at = word.end
    pieces.append(SnippetPiece(text[at:end], marked=False))
    return tuple(piece for piece in pieces if piece.text)


MOST_WORDS_TRIED = 6
MOST_CANDIDATES = 4
MOST_VERSIONS = 40
"""Versions whose words are compared, the newest ones: what a fruitless search may cost."""
MOST_COMPARED = 30_000
LONG = 6
"""Letters from which on a word may differ in two of them."""


def near_questions(session: Session, typed: str, reader: str, scope: SearchScope, limit: int = 3) -> list[str]:
    """Return the queries that one without results may have meant: with similar words that the reader does find, nearest first.

    Words are compared without accents and by optimal string alignment (letters added, left out, changed, or exchanged with their
    neighbour): one from four letters on, two from six on. Nothing comes from text that the reader may not see: each word was found in
    what is open to them, and is written as it is there.
    """
    if scope.is_empty:
        return []
    wrong = _wrong_words(session, read_question(typed), reader, scope)
    near = {word.bare: _near_words(session, word.bare, reader, scope) for word in wrong}
    near = {bare: similar for bare, similar in near.items() if similar}
    if not near:
        return []
    first, *others = near
    best = {bare: near[bare][0] for bare in others}
    whole = [_replaced(typed, best | {first: word}) for word in near[first]]
    alone = [word for similar in near.values() for word in similar]
    offered = [question for question in dict.fromkeys(whole) if _finds(session, question, reader, scope)] or list(dict.fromkeys(alone))
    return offered[:limit]


def _wrong_words(session: Session, question: SearchQuery, reader: str, scope: SearchScope) -> list[IndexedWord]:
    """Return the words of a question that find nothing, each once."""
    by_form = {word.bare: word for word in (*question.telling(reader), *(word for phrase in question.phrases for word in phrase))}
    tried = islice((word for word in by_form.values() if len(word.bare) >= SHORTEST_NEAR), MOST_WORDS_TRIED)
    return [word for word in tried if not _finds(session, word.bare, reader, scope)]


def _near_words(session: Session, bare: str, reader: str, scope: SearchScope) -> list[str]:
    """Return the words nearest to one, as they are written where the reader finds them; of those as near the more frequent first."""
    allowed = 2 if len(bare) >= LONG else 1
    counts = _words(session, scope, len(bare) - allowed, len(bare) + allowed)
    ordered = sorted((distance, -counts[word], word) for word, distance in _within(bare, list(counts), allowed))
    return _as_written(session, [word for _distance, _count, word in ordered[: 2 * MOST_CANDIDATES]], reader, scope)[:MOST_CANDIDATES]


def alike(text: str, others: Sequence[str], *, limit: int, least: float) -> list[int]:
    """Return the positions of those texts that are like one, the likest first: of words in any order, by a mark from 0 to 100."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - 100 ms that no start should wait for

    matches = process.extract(fold(text), list(map(fold, others)), scorer=fuzz.token_set_ratio, limit=limit, score_cutoff=least)
    return [position for _text, _mark, position in matches]


def _within(bare: str, candidates: Sequence[str], allowed: int) -> list[tuple[str, int]]:
    """Return the words within the allowed distance in letters, each with its distance."""
    from rapidfuzz import process  # noqa: PLC0415 - 100 ms that no start should wait for
    from rapidfuzz.distance import OSA  # noqa: PLC0415 - as above

    matches = process.extract(bare, candidates, scorer=OSA.distance, score_cutoff=allowed, limit=None)
    return [(word, int(distance)) for word, distance, _place in matches]


def _words(session: Session, scope: SearchScope, shortest: int, longest: int) -> dict[str, int]:
    """Return words of the collections that a reader may look at, with how many entries have them."""
    versions = sorted(scope.shown, reverse=True)[:MOST_VERSIONS]
    count = func.sum(SearchWord.entries)
    letters = func.length(SearchWord.word).between(max(shortest, SHORTEST_NEAR), min(longest, LONGEST_NEAR))
    readable = or_(and_(SearchWord.collection == VERSIONS, SearchWord.number.in_(versions)), *scope.others(SearchWord))
    statement = select(SearchWord.word, count).where(readable, letters).group_by(SearchWord.word)
    return {word: int(entries) for word, entries in session.execute(statement.order_by(count.desc(), SearchWord.word).limit(MOST_COMPARED))}


def _as_written(session: Session, forms: Sequence[str], reader: str, scope: SearchScope) -> list[str]:
    """Return those words that stand in what the reader finds, as they stand there first."""
    written = []
    for bare in forms:
        results = find(session, read_question(f'"{bare}"'), reader, scope, ResultPaging(limit=1))
        hits = [hit for group in results.groups for hit in group.hits]
        if hits:
            written.append(next((word for hit in hits if (word := _spelling(hit, bare))), bare))
    return written


def _spelling(hit: SearchHit, bare: str) -> str:
    texts = (hit.title, *(passage.text for passage in hit.passages))
    return next((word.written for text in texts for word in words_of(text) if word.bare == bare), "")


def _finds(session: Session, typed: str, reader: str, scope: SearchScope) -> bool:
    return bool(find(session, read_question(typed), reader, scope, ResultPaging(limit=0)).totals)


def _replaced(typed: str, replacements: dict[str, str]) -> str:
    """Put words in the place of others, by their bare form; quotes and dashes stay."""
    parts, at = [], 0
    for word in words_of(typed):
        if word.bare in replacements:
            parts += [typed[at : word.start], replacements[word.bare]]
            at = word.end
    return "".join([*parts, typed[at:]])
