"""Words similar to those that find nothing, for «did you mean»: only such as the reader finds. The only user of rapidfuzz."""

from collections.abc import Sequence
from itertools import islice

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.search.index import LONGEST_NEAR, SHORTEST_NEAR, SearchScope, SearchWord
from kernel.search.query import SearchQuery, read_question
from kernel.search.results import ResultPaging, SearchHit, find
from kernel.search.words import IndexedWord, words_of

MOST_WORDS_TRIED = 6
MOST_CANDIDATES = 4
MOST_VERSIONS = 40
"""Versions whose words are compared, the newest ones: what a fruitless search may cost."""
MOST_COMPARED = 30_000
LONG = 6
"""Letters from which on a word may differ in two of them."""


def near_questions(session: Session, typed: str, reader: str, scope: SearchScope, limit: int = 3) -> list[str]:
    """Return what a query without results may have meant: with similar words that the reader does find, nearest first.

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


def _within(bare: str, candidates: Sequence[str], allowed: int) -> list[tuple[str, int]]:
    """Return the words within the allowed distance in letters, each with its distance."""
    from rapidfuzz import process  # noqa: PLC0415 - 100 ms that no start should wait for
    from rapidfuzz.distance import OSA  # noqa: PLC0415 - as above

    matches = process.extract(bare, candidates, scorer=OSA.distance, score_cutoff=allowed, limit=None)
    return [(word, int(distance)) for word, distance, _place in matches]


def _words(session: Session, scope: SearchScope, shortest: int, longest: int) -> dict[str, int]:
    """Return words of the versions that a reader may look at, with how many entries have them."""
    versions = sorted(scope.shown, reverse=True)[:MOST_VERSIONS]
    count = func.sum(SearchWord.entries)
    letters = func.length(SearchWord.word).between(max(shortest, SHORTEST_NEAR), min(longest, LONGEST_NEAR))
    statement = select(SearchWord.word, count).where(SearchWord.version.in_(versions), letters).group_by(SearchWord.word)
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
