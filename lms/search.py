"""The search over everything that is published or followed: its index, kept up and made anew, and its page."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as dataclass_replace
from itertools import groupby
from operator import itemgetter

from flask import Blueprint, request
from sqlalchemy.orm import Session

from courses import versions as course_outlines
from courses.rules import Outline, OutlineActivity, activity_url
from enrolments import learners
from enrolments.access import LearnerContext, takes_part
from kernel.db import Database
from kernel.i18n import _, choose, language
from kernel.menu import Menu
from kernel.outbox import Delivery, Effect
from kernel.permissions import Actor
from kernel.search import index
from kernel.search.index import LONGEST_QUESTION, VERSIONS, MatchTier, SearchDocument, SearchQuery, SearchScope, read_question
from kernel.search.results import (
    ResultGroup,
    ResultPaging,
    SearchHit,
    SearchResults,
    SnippetPiece,
    find,
    fits_text,
    marked,
    near_questions,
    snippet,
    title_share,
)
from kernel.search.sources import SEARCH_COLLECTIONS, SEARCH_ENTRIES, SEARCH_KINDS, SEARCH_VERSIONS, Entries, FoundPage, Located, ResultKind
from kernel.web.limits import count_search
from kernel.web.menus import menus
from kernel.web.request import Answer, current_actor, current_session, page, public
from kernel.web.table import Page, requested_page


def refresh_index(delivery: Delivery) -> Effect:
    """Index the versions that are needed and cannot be found yet, as after an upgrade, and let go of those that nobody needs."""
    gone, made = dict[str, set[int]](), dict[str, dict[int, Entries]]()
    with delivery.database.unit_of_work(write=False) as session:
        for kind, source in _sources(session).items():
            needed, present = source.needed(session), index.list_versions(session, kind)
            made[kind] = {number: source.entries(session, number) for number in sorted(needed - index.list_complete(session, kind))}
            gone[kind] = (present - needed) | made[kind].keys()

    def write(session: Session) -> None:
        for kind, numbers in gone.items():
            replace(session, kind, numbers, made[kind].items())

    return write


@dataclass(frozen=True, slots=True)
class _Source:
    """The statements of a kind of collections for the index."""

    needed: Callable[[Session], set[int]]
    list_entries: Callable[[Session, int], Iterable[tuple[int | None, SearchDocument]]]

    def entries(self, session: Session, number: int) -> Entries:
        return list(self.list_entries(session, number))


def _sources(session: Session) -> dict[str, _Source]:
    given = {kind.name: _Source(kind.list_needed, kind.list_entries) for kind in SEARCH_COLLECTIONS.of(session)}
    return {VERSIONS: _Source(needed_versions, entries_of), **given}


def reindex(database: Database) -> tuple[int, int]:
    """Make the whole index anew, a collection at a time, so that nobody waits for long; return how many there are, and entries."""
    with database.unit_of_work(write=False) as session:
        sources = _sources(session)
    collections = entries = 0
    for kind, source in sources.items():
        with database.unit_of_work(write=False) as session:
            needed, present = source.needed(session), index.list_versions(session, kind)
        for number in sorted(needed):
            with database.unit_of_work(write=False) as session:
                made = source.entries(session, number)
            with database.unit_of_work() as session:
                replace(session, kind, {number}, [(number, made)])
            entries += len(made)
        with database.unit_of_work() as session:
            index.forget(session, present - needed, collection=kind)
        collections += len(needed)
    return collections, entries


def needed_versions(session: Session) -> set[int]:
    """Return the versions that anyone may view, by what packages say."""
    return set[int]().union(*(versions(session) for versions in SEARCH_VERSIONS.of(session)))


def entries_of(session: Session, version: int) -> Entries:
    """Return the search entries of a version, from the rows that were written when it was published."""
    return [entry for entries in SEARCH_ENTRIES.of(session) for entry in entries(session, version)]


def replace(session: Session, kind: str, gone: Iterable[int], made: Iterable[tuple[int, Entries]]) -> None:
    """Let go of some collections of a kind and write those that were made anew."""
    index.forget(session, list(gone), collection=kind)
    for number, entries in made:
        parts = [(part, [entry for _part, entry in group]) for part, group in groupby(entries, key=itemgetter(0))]
        index.write_many(session, number, parts, collection=kind)


bp = Blueprint("lms_search", __name__)

OF_EACH_KIND, ROWS = 5, 20
MOST_SUGGESTIONS = 4
MOST_OF_A_TITLE = 0.5
"""The share of a title that may be missing from a question that asks for it."""
_SECOND = re.compile(r"^\?t=(\d+)#")


@dataclass(frozen=True, slots=True)
class PassageFound:
    """A section of a lesson, a moment of a recording, or the meaning of a term."""

    url: str
    title: str
    pieces: tuple[SnippetPiece, ...]
    second: int | None


@dataclass(frozen=True, slots=True)
class SearchResultView:
    """A lesson, recording, term, course or section of the help that was found, with its best passages."""

    kind: str
    symbol: str
    title: tuple[SnippetPiece, ...]
    language: str
    """Empty where it is the reader's."""
    context: str
    tone: int
    passages: tuple[PassageFound, ...]
    fit: tuple[int, int, float]
    """How well it fits, the best first: its tier, its kind, and the share of its title that was not asked for."""
    closed: str = ""
    """Says what opens it, where the reader may read its name alone."""


@dataclass(frozen=True, slots=True)
class _Section:
    """The results of a kind that are shown, and how many there are."""

    kind: ResultKind
    rows: list[SearchResultView]
    total: int

    @property
    def fit(self) -> tuple[int, int, float, int]:
        """Return how well the best of it fits."""
        return (*self.rows[0].fit, self.kind.order)


@bp.get("/search")
@public("finds what the reader may see: each kind of thing asks its own permission")
def search() -> Answer:
    """Show what a question finds among all that the reader may open or enrol for: the best of each kind, or one kind page by page."""
    session, actor = current_session(), current_actor()
    typed = " ".join(request.args.get("q", "")[:LONGEST_QUESTION].split())
    question, requested = read_question(typed), requested_page(ROWS)
    kinds = {kind.name: kind for kind in SEARCH_KINDS.of(session)}
    kind = request.args.get("kind", "") if request.args.get("kind") in kinds else ""
    if not question.is_empty:
        count_search(actor.person_id)
    places = _Places(session, actor, kinds, request.args.get("course", ""))
    paging = ResultPaging(kind, requested.offset, ROWS) if kind else ResultPaging(limit=OF_EACH_KIND)
    results = find(session, question, language(), places.scope, paging)
    sections = [*places.sections(results, question), *([] if places.chosen else _pages(kinds.values(), typed, actor, paging))]
    sections = _in_order(sections)
    totals = {section.kind.name: section.total for section in sections}
    totals |= {name: results.totals[name] for name in sorted(results.totals.keys() & kinds.keys(), key=lambda name: kinds[name].order)}
    total, shown = sum(totals.values()), [section for section in sections if kind in ("", section.kind.name)]
    return page(
        "lms/search.html",
        typed=typed,
        asked=not question.is_empty,
        total=totals.get(kind, 0) if kind else total,
        kind=kind,
        tabs=[("", _("All"), total), *((name, _(kinds[name].label), count) for name, count in totals.items())],
        sections=[(section.kind.name, _(section.kind.label), section.rows, section.total) for section in shown],
        page=Page(
            [row for section in shown for row in section.rows], requested.number, kind != "" and paging.offset + ROWS < totals.get(kind, 0)
        ),
        course=places.chosen,
        courses=places.courses,
        near=[] if total or question.is_empty else near_questions(session, typed, language(), places.scope),
        suggestions=[] if total else places.suggestions(question),
    )


def _in_order(sections: list[_Section]) -> list[_Section]:
    """Put the sections in the order of how well the best of each fits, and each after the kinds that go before it."""
    fits = {section.kind.name: section.fit for section in sections}

    def order(section: _Section) -> tuple[tuple[int, int, float, int], int]:
        waits = section.kind.after if section.fit[2] >= MOST_OF_A_TITLE else ()
        return max([section.fit, *(fits[name] for name in waits if name in fits)]), section.kind.order

    return sorted(sections, key=order)


ADMINISTRATION = (Menu.PEOPLE, Menu.TRAINING, Menu.CERTIFICATES, Menu.SYSTEM, Menu.SITE)
"""The menus on the pages of administration."""


def find_site_pages(typed: str, written: str, actor: Actor) -> list[FoundPage]:
    """Return the pages of the site that a question names: entries of the actor's menus, and those that stand in none."""
    question = read_question(typed)
    if question.is_empty:
        return []
    shown = [Menu.MAIN, Menu.CAMPUS, Menu.STAFF, Menu.SEARCH, *([] if actor.is_anonymous else [Menu.OWN])]
    shown += ADMINISTRATION if actor.is_administrator else ()
    links = {link.url: link for menu in reversed(shown) for link in menus().links(menu, actor)}
    fitting = [link for link in links.values() if fits_text(f"{link.title} {link.about}", question, written)]
    pages = [
        FoundPage(
            link.url,
            marked(link.title, question, written),
            marked(link.about, question, written),
            context="",
            tier=MatchTier.TITLE if fits_text(link.title, question, written) else MatchTier.WHOLE,
        )
        for link in fitting
    ]
    return sorted(pages, key=lambda row: (row.tier, -title_share("".join(piece.text for piece in row.title), question, written)))


def _pages(kinds: Iterable[ResultKind], typed: str, actor: Actor, paging: ResultPaging) -> list[_Section]:
    """Return the pages that are found without the index."""
    sections = []
    for kind in kinds:
        pages = kind.find(typed, language(), actor) if kind.find is not None and typed else ()
        chosen = pages[paging.offset : paging.offset + paging.limit] if paging.kind == kind.name else pages[:OF_EACH_KIND]
        if chosen:
            sections.append(_Section(kind, [_page_row(kind, row, read_question(typed)) for row in chosen], len(pages)))
    return sections


def _page_row(kind: ResultKind, row: FoundPage, question: SearchQuery) -> SearchResultView:
    title = "".join(piece.text for piece in row.title)
    return SearchResultView(
        kind=kind.name,
        symbol=kind.symbol,
        title=row.title,
        language="",
        context=row.context,
        tone=0,
        passages=(PassageFound(row.url, "", row.pieces, None),),
        fit=_fit(kind, row.tier, title, question, language()),
    )


def _fit(kind: ResultKind, tier: MatchTier, title: str, question: SearchQuery, written: str) -> tuple[int, int, float]:
    """Return how well something fits; what another name of it fits stands halfway among titles."""
    share = title_share(title, question, written) or 0.5
    return int(tier), kind.order // 100, 1 - share if tier == MatchTier.TITLE else 1.0


class _Places:
    """Where the reader may look: the courses, and what of each is open to them."""

    def __init__(self, session: Session, actor: Actor, kinds: Mapping[str, ResultKind], chosen: str) -> None:
        self._session, self._actor, self._kinds = session, actor, kinds
        contexts = learners.visible_learner_contexts(session, actor)
        self.chosen = chosen if any(context.slug == chosen for context in contexts) else ""
        shown = [context for context in contexts if self.chosen in ("", context.slug)]
        opened = openable(actor, shown, learners.visible_activities(session, actor, shown))
        self._taken = {context.version_id for context in contexts if takes_part(actor, context)}
        self._outlines = course_outlines.list_outlines(
            session, [context.version_id for context in contexts if context.version_id is not None]
        )
        self.scope = scope_of(
            shown, self._outlines, {version: [activity.id for activity in open_ones] for version, open_ones in opened.items()}
        )
        self._collections = {} if self.chosen else {kind.name: kind for kind in SEARCH_COLLECTIONS.of(session)}
        readable = {name: kind.select_readable(session, actor) for name, kind in self._collections.items()}
        self.scope = dataclass_replace(self.scope, readable=readable)
        self._activities = {activity.id: activity for outline in self._outlines.values() for activity in outline.activities()}
        self.courses = [(outline.slug, choose(outline.title)) for outline in self._outlines.values()]

    def sections(self, results: SearchResults, question: SearchQuery) -> list[_Section]:
        """Return the found parts, by kind, of each the rows that are shown; of a page of one kind the others have their best alone."""
        groups = [group for group in results.groups if group.kind in self._kinds]
        located = dict[ResultGroup, Located]()
        for name, kind in self._collections.items():
            located |= kind.locate(self._session, self._actor, [group for group in groups if group.collection == name])
        rows = [
            self._row(group, question) if group.collection == VERSIONS else self._located_row(group, located[group], question)
            for group in groups
            if group.collection == VERSIONS or group in located
        ]
        by_kind = {name: [row for row in rows if row.kind == name] for name in results.totals if name in self._kinds}
        return [
            _Section(self._kinds[name], sorted(shown, key=lambda row: row.fit), results.totals[name])
            for name, shown in by_kind.items()
            if shown
        ]

    def _located_row(self, group: ResultGroup, located: Located, question: SearchQuery) -> SearchResultView:
        """Return the found row of one part of another collection than a version."""
        first, kind = group.hits[0], self._kinds[group.kind]
        return SearchResultView(
            kind=group.kind,
            symbol=kind.symbol,
            title=marked(located.title, question, first.language),
            language="" if first.language == language() else first.language,
            context=located.context,
            tone=0,
            passages=tuple(_passage(hit, question, located.url, located.title) for hit in group.hits),
            fit=_fit(kind, first.tier, first.title, question, first.language),
        )

    def _row(self, group: ResultGroup, question: SearchQuery) -> SearchResultView:
        """Return the row of one part as the page shows it."""
        outline, first, kind = self._outlines[group.number], group.hits[0], self._kinds[group.kind]
        activity = self._activities.get(group.part or 0)
        module = outline.module_by_key[activity.module] if activity else None
        is_closed = self.scope.is_closed(group.number, group.part)
        address = activity_url(outline.slug, activity.kind, activity.key) if activity and not is_closed else f"/courses/{outline.slug}"
        address += f"#module-{module.key}" if is_closed and module else kind.list_path
        title = choose(activity.title, first.language) if activity else first.title
        module_title = "" if module is None else _("Module %(number)s", number=module.number) if module.number else choose(module.title)
        return SearchResultView(
            kind=group.kind,
            symbol=kind.symbol,
            title=marked(title, question, first.language),
            language="" if first.language == language() else first.language,
            context="" if group.kind == "course" else ", ".join(filter(None, (choose(outline.title), module_title))),
            tone=outline.tone,
            passages=tuple(_passage(hit, question, address, title) for hit in group.hits),
            fit=_fit(kind, first.tier, first.title, question, first.language),
            closed=(_("Not open to you yet") if group.number in self._taken else _(kind.enrol_words)) if is_closed else "",
        )

    def suggestions(self, question: SearchQuery) -> list[str]:
        """Return the words of a question without results that find something on their own."""
        forms = [word.written for word in (*question.telling(language()), *(word for phrase in question.phrases for word in phrase))]
        alone = list(dict.fromkeys(forms))[:MOST_SUGGESTIONS] if len(forms) > 1 or question.unwanted else []
        return [word for word in alone if self._find_one(word).totals]

    def _find_one(self, word: str) -> SearchResults:
        return find(self._session, read_question(word), language(), self.scope, ResultPaging(limit=0))


def openable(
    actor: Actor, contexts: Sequence[LearnerContext], opened: Mapping[int, list[OutlineActivity]]
) -> dict[int, list[OutlineActivity]]:
    """Leave out what gives marks where the reader does not take part: a preview opens lessons and recordings alone."""
    inside = {context.version_id for context in contexts if takes_part(actor, context)}
    return {
        version: [activity for activity in activities if version in inside or not activity.gives_marks]
        for version, activities in opened.items()
    }


def scope_of(contexts: Sequence[LearnerContext], outlines: Mapping[int, Outline], opened: Mapping[int, Sequence[int]]) -> SearchScope:
    """Return the scope of a search: all of the versions that are open as a whole, and the open activities of the others."""
    versions = [context.version_id for context in contexts if context.version_id is not None]
    whole = frozenset(version for version in versions if len(opened[version]) == len(list(outlines[version].activities())))
    parts = frozenset(number for version in versions if version not in whole for number in opened[version])
    return SearchScope(frozenset(versions), whole, parts)


def _passage(hit: SearchHit, question: SearchQuery, address: str, title: str) -> PassageFound:
    shown = snippet(hit, question)
    second = _SECOND.match(shown.place)
    return PassageFound(address + shown.place, hit.title if hit.title != title else "", shown.pieces, int(second[1]) if second else None)
