"""Find what a question asks for: grouped by part and kind, the best first, the same on both databases."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Subquery, and_, func, or_, select
from sqlalchemy.orm import Session

from kernel.search.index import MatchTier, Passage, SearchEntry, SearchScope, fits, tier_of
from kernel.search.query import SearchQuery

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
    version: int
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
    groups = tuple(ResultGroup(row.kind, row.version, row.part, row.entries, hits[row.grouped]) for row in chosen)
    return SearchResults(groups, {row.kind: row.total for row in rows})


def _ranked(entries: Subquery) -> Subquery:
    """Number the groups of each kind by how good they are, and count them."""
    grouped = (
        select(
            entries.c.kind,
            entries.c.version,
            entries.c.grouped,
            func.min(entries.c.part).label("part"),
            func.min(entries.c.tier).label("tier"),
            func.min(entries.c.id).label("first"),
            func.count().label("entries"),
        )
        .group_by(entries.c.kind, entries.c.version, entries.c.grouped)
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
            SearchEntry.version,
            SearchEntry.part,
            func.coalesce(SearchEntry.part, -SearchEntry.id).label("grouped"),
            tier_of(session, question, reader).label("tier"),
        )
        .where(fits(session, question, reader), scope.condition())
        .subquery()
    )


def _hits(session: Session, entries: Subquery, groups: Sequence[int]) -> Mapping[int, tuple[SearchHit, ...]]:
    """Return the best entries of some groups."""
    if not groups:
        return {}
    best = func.row_number().over(partition_by=entries.c.grouped, order_by=(entries.c.tier, entries.c.id)).label("best")
    ranked = select(entries.c.id, entries.c.grouped, entries.c.tier, best).where(entries.c.grouped.in_(groups)).subquery()
    statement = (
        select(SearchEntry, ranked.c.grouped, ranked.c.tier)
        .join(ranked, ranked.c.id == SearchEntry.id)
        .where(ranked.c.best <= HITS_OF_A_GROUP)
        .order_by(ranked.c.grouped, ranked.c.best)
    )
    by_group: defaultdict[int, list[SearchHit]] = defaultdict(list)
    for row, grouped, tier in session.execute(statement):
        passages = tuple(Passage(anchor, line) for anchor, line in zip(row.places, row.body.split("\n"), strict=False))
        by_group[grouped].append(SearchHit(row.id, MatchTier(tier), row.language, row.place, row.title, passages))
    return {grouped: tuple(hits) for grouped, hits in by_group.items()}
