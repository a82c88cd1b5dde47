"""The search over everything that is published or followed: its index, kept up and made anew, and its page."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from flask import Blueprint, request
from sqlalchemy.orm import Session

from courses import versions as course_outlines
from courses.kinds import COURSE_KINDS
from courses.rules import Outline, OutlineActivity, activity_url
from courses.versions import list_own_entries, list_published_versions
from enrolments import learners
from enrolments.access import LearnerContext, takes_part
from enrolments.versions import list_followed_versions
from kernel.db import Database
from kernel.errors import N_
from kernel.i18n import _, choose, language
from kernel.outbox import Delivery, Effect
from kernel.permissions import Actor
from kernel.search import index
from kernel.search.index import LONGEST_QUESTION, SearchDocument, SearchQuery, SearchScope, read_question
from kernel.search.results import ResultGroup, ResultPaging, SearchHit, SearchResults, SnippetPiece, find, marked, near_questions, snippet
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import Answer, current_actor, current_session, page, public
from kernel.web.table import Page, requested_page

Entries = list[tuple[int | None, SearchDocument]]


def refresh_index(delivery: Delivery) -> Effect:
    """Index the versions that are needed and cannot be found yet, as after an upgrade, and let go of those that nobody needs."""
    with delivery.database.unit_of_work(write=False) as session:
        needed, present = needed_versions(session), index.list_versions(session)
        made = {version: entries_of(session, version) for version in sorted(needed - index.list_complete(session))}

    def write(session: Session) -> None:
        replace(session, (present - needed) | made.keys(), made.items())

    return write


def reindex(database: Database) -> tuple[int, int]:
    """Make the whole index anew, a version at a time, so that nobody waits for long; return how many versions and entries."""
    with database.unit_of_work(write=False) as session:
        needed, present = needed_versions(session), index.list_versions(session)
    count = 0
    for version in sorted(needed):
        with database.unit_of_work(write=False) as session:
            made = entries_of(session, version)
        with database.unit_of_work() as session:
            replace(session, {version}, [(version, made)])
        count += len(made)
    with database.unit_of_work() as session:
        index.forget(session, present - needed)
    return len(needed), count


def needed_versions(session: Session) -> set[int]:
    """Return the versions that anyone may view: those that courses give, and those that learners follow."""
    return list_published_versions(session) | list_followed_versions(session)


def entries_of(session: Session, version: int) -> Entries:
    """Return what can be found of a version, from the rows that were written when it was published."""
    made: Entries = [(None, entry) for entry in list_own_entries(session, version)]
    for publisher in COURSE_KINDS.of(session).publishers:
        made += publisher.entries(session, version)
    return made


def replace(session: Session, versions: Iterable[int], made: Iterable[tuple[int, Entries]]) -> None:
    """Let go of some versions and write those that were made anew."""
    index.forget(session, list(versions))
    for version, entries in made:
        index.write_many(
            session, version, [(part, [entry for _part, entry in group]) for part, group in groupby(entries, key=itemgetter(0))]
        )


bp = Blueprint("lms_search", __name__)

KINDS = {
    "term": N_("Glossary"),
    "lesson": N_("Lessons"),
    "recording": N_("Recordings"),
    "quiz": N_("Quizzes"),
    "simulator": N_("Tasks"),
    "resource": N_("Documents"),
    "course": N_("Courses"),
}
"""What can be found, in the order of the page."""
LISTS = {"term": "/glossary", "resource": "/resources"}
"""Where the entries of a list are shown, after the address of their course."""
OF_EACH_KIND, ROWS = 5, 20
MOST_SUGGESTIONS = 4
SEARCHES_OF_A_STRANGER = limit("search", "30 per minute")
SEARCHES_OF_A_PERSON = limit("search-person", "120 per minute")
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
    """A lesson, recording, term or course that was found, with its best passages; `language` is empty where it is the reader's."""

    kind: str
    title: tuple[SnippetPiece, ...]
    language: str
    course: str
    module: str
    tone: int
    passages: tuple[PassageFound, ...]


@bp.get("/search")
@public("finds what the reader may see: each kind of thing asks its own permission")
def search() -> Answer:
    """Show what a question finds among all that the reader may open: the best of each kind, or one kind page by page."""
    session, actor = current_session(), current_actor()
    typed = " ".join(request.args.get("q", "")[:LONGEST_QUESTION].split())
    question, requested = read_question(typed), requested_page(ROWS)
    kind = request.args.get("kind", "") if request.args.get("kind") in KINDS else ""
    if not question.is_empty:
        _count_search(actor)
    places = _Places(session, actor, request.args.get("course", ""))
    paging = ResultPaging(kind, requested.offset, ROWS) if kind else ResultPaging(limit=OF_EACH_KIND)
    results = find(session, question, language(), places.scope, paging)
    total = sum(results.totals.values())
    rows = [places.result(group, question) for group in results.groups]
    return page(
        "lms/search.html",
        typed=typed,
        asked=not question.is_empty,
        total=results.totals.get(kind, 0) if kind else total,
        kind=kind,
        tabs=[("", _("All"), total), *((name, _(label), results.totals[name]) for name, label in KINDS.items() if name in results.totals)],
        sections=[
            (name, _(label), [row for row in rows if row.kind == name], results.totals[name])
            for name, label in KINDS.items()
            if name in results.totals
        ],
        page=Page(rows, requested.number, kind != "" and requested.offset + ROWS < results.totals.get(kind, 0)),
        course=places.chosen,
        courses=places.courses,
        near=[] if total or question.is_empty else near_questions(session, typed, language(), places.scope),
        suggestions=[] if total else places.suggestions(question),
    )


def _count_search(actor: Actor) -> None:
    if actor.is_anonymous:
        limiter().use(SEARCHES_OF_A_STRANGER, client_key())
    else:
        limiter().use(SEARCHES_OF_A_PERSON, str(actor.person_id))


class _Places:
    """Where the reader may look: the courses, and what of each is open to them."""

    def __init__(self, session: Session, actor: Actor, chosen: str) -> None:
        self._session = session
        contexts = learners.visible_learner_contexts(session, actor)
        self.chosen = chosen if any(context.slug == chosen for context in contexts) else ""
        shown = [context for context in contexts if self.chosen in ("", context.slug)]
        opened = openable(actor, shown, learners.visible_activities(session, actor, shown))
        self._outlines = course_outlines.list_outlines(
            session, [context.version_id for context in contexts if context.version_id is not None]
        )
        self.scope = scope_of(
            shown, self._outlines, {version: [activity.id for activity in open_ones] for version, open_ones in opened.items()}
        )
        self._activities = {activity.id: activity for outline in self._outlines.values() for activity in outline.activities()}
        self.courses = [(outline.slug, choose(outline.title)) for outline in self._outlines.values()]

    def result(self, group: ResultGroup, question: SearchQuery) -> SearchResultView:
        """Return what was found of one part as the page shows it."""
        outline, first = self._outlines[group.version], group.hits[0]
        activity = self._activities.get(group.part or 0)
        module = outline.module_by_key[activity.module] if activity else None
        address = activity_url(outline.slug, activity.kind, activity.key) if activity else f"/courses/{outline.slug}"
        address += LISTS.get(group.kind, "")
        title = choose(activity.title, first.language) if activity else first.title
        return SearchResultView(
            kind=group.kind,
            title=marked(title, question, first.language),
            language="" if first.language == language() else first.language,
            course=choose(outline.title),
            module="" if module is None else _("Module %(number)s", number=module.number) if module.number else choose(module.title),
            tone=outline.tone,
            passages=tuple(_passage(hit, question, address, title) for hit in group.hits),
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
    """Return what may be found: all of the versions that are open as a whole, and the open activities of the others."""
    versions = [context.version_id for context in contexts if context.version_id is not None]
    whole = frozenset(version for version in versions if len(opened[version]) == len(list(outlines[version].activities())))
    parts = frozenset(number for version in versions if version not in whole for number in opened[version])
    return SearchScope(frozenset(versions), whole, parts)


def _passage(hit: SearchHit, question: SearchQuery, address: str, title: str) -> PassageFound:
    shown = snippet(hit, question)
    second = _SECOND.match(shown.place)
    return PassageFound(address + shown.place, hit.title if hit.title != title else "", shown.pieces, int(second[1]) if second else None)
