"""Communities in the search of the site: their names, files and pages, written by a job, and which of them a reader finds."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, select
from sqlalchemy.orm import Session

from communities import space
from communities.models import NOTE_SLUG, Community, CommunityFile, CommunityPage, CommunityPageVersion
from kernel import outbox
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from kernel.markup.model import SafeHtml
from kernel.markup.passages import sections_of
from kernel.permissions import Actor
from kernel.search import index
from kernel.search.index import Passage, SearchDocument
from kernel.search.results import ResultGroup
from kernel.search.sources import CollectionKind, Located
from spaces.acts import SearchedTable

COLLECTION = "community"
NAME, CONTENT, MEMBERS = range(3)
"""The collections of each community: its name, what all find who read it, and what its members find alone."""
OF_EACH = 3
INDEX = "communities.index"
Item = Community | CommunityFile | CommunityPage
ITEMS: Mapping[str, type[Any]] = {"community": Community, "file": CommunityFile, "page": CommunityPage}


def note_changed(session: Session, row: Item, now: datetime) -> None:
    """Take something that was added, changed, deleted or restored out of the search; a job brings it back as it is then."""
    session.flush()  # the job of an earlier change waits for the row, and leaves it to the one that follows
    _forget(session, row)
    name = next(name for name, kind in ITEMS.items() if isinstance(row, kind))
    outbox.enqueue(session, INDEX, {name: row.id}, now=now)


SEARCHED_TABLES = (
    SearchedTable(Community, frozenset({"id", "name", "topic", "language", "reach", "slug"}), note_changed),
    SearchedTable(
        CommunityFile, frozenset({"id", "title", "description", "category", "language", "members_only", "deleted_at"}), note_changed
    ),
    SearchedTable(CommunityPage, frozenset({"id", "title", "category", "members_only", "deleted_at", "row_version"}), note_changed),
)
"""What of them stands in their entries, or decides where these are; a new text is a new version of its page."""


def forget_community(session: Session, community_id: int) -> None:
    """Take a community that goes out of the search with all that it has."""
    index.forget(session, [community_id * OF_EACH + part for part in range(OF_EACH)], collection=COLLECTION)


def _forget(session: Session, row: Item) -> None:
    for number in _collections_of(row):
        index.forget_entry(session, number, None, _address(row), collection=COLLECTION)


def _collections_of(row: Item) -> Sequence[int]:
    """Return the collections in which something may stand, first the one to which it belongs now."""
    if isinstance(row, Community):
        return [row.id * OF_EACH + NAME]
    return [row.community_id * OF_EACH + part for part in ((MEMBERS, CONTENT) if row.members_only else (CONTENT, MEMBERS))]


def _address(row: Item) -> str:
    """Return where something stands, after the address of its community."""
    if isinstance(row, Community):
        return ""
    return f"/files/{row.uuid}" if isinstance(row, CommunityFile) else f"/pages/{row.slug}"


def make_entries(session: Session, name: str, number: int) -> tuple[Item, Sequence[SearchDocument]] | None:
    """Make the entries of a community, file or page; return them with its row as it is now, None if it is gone."""
    row: Item | None = session.get(ITEMS[name], number)
    if row is None:
        return None
    is_there = isinstance(row, Community) or row.deleted_at is None
    return row, [_entry_of(session, row)] if is_there else []


def write_entries(session: Session, former: Item, entries: Sequence[SearchDocument]) -> None:
    """Write entries in place of the former ones, unless what they were made of was changed since: the job of that change follows."""
    kind: type[Any] = type(former)
    row: Item | None = session.get(kind, former.id, with_for_update=True)
    if row is not None and row.row_version == former.row_version:
        _forget(session, row)
        index.write(session, _collections_of(row)[0], None, entries, collection=COLLECTION)


def _entry_of(session: Session, row: Item) -> SearchDocument:
    """Return the entry of a community, a file or a page, found in every language."""
    anchor = _address(row)
    if isinstance(row, Community):
        kind, language, title, passages = "community", row.language, row.name, [Passage(anchor, row.topic)]
    elif isinstance(row, CommunityFile):
        kind, language, title = "com_file", row.language, row.title
        passages = [Passage(anchor, row.description), Passage(anchor, row.category)]
    else:
        kind, title = "com_page", row.title
        language = session.get_one(Community, row.community_id).language
        passages = [*_list_passages(session, row, anchor), Passage(anchor, row.category)]
    written = [passage for passage in passages if passage.text]
    return index.entry(kind, language, title, written, readers=index.readers_of(language, [language]), anchor=anchor)


def _list_passages(session: Session, page: CommunityPage, anchor: str) -> Iterable[Passage]:
    """Return the headings and paragraphs of the present text of a page, each with the address of its section."""
    latest = select(func.max(CommunityPageVersion.number)).where(CommunityPageVersion.page_id == page.id).scalar_subquery()
    of_page = (CommunityPageVersion.page_id == page.id, CommunityPageVersion.number == latest)
    html = session.scalars(select(CommunityPageVersion.html).where(*of_page)).one()
    for section in sections_of(SafeHtml.stored(html)):
        address = f"{anchor}#{section.id}" if section.id else anchor
        for text in (section.title, *(paragraph.text for paragraph in section.paragraphs)):
            yield Passage(address, text)


def _conditions(kind: type[Any]) -> list[ColumnElement[bool]]:
    """Return the conditions on files or pages that they are found by those who read them."""
    return [kind.deleted_at.is_(None), *([CommunityPage.slug != NOTE_SLUG] if kind is CommunityPage else [])]


def list_needed(session: Session) -> set[int]:
    """Return the collections in which something can be found."""
    needed = {number * OF_EACH + NAME for number in session.scalars(select(Community.id))}
    for kind in (CommunityFile, CommunityPage):
        for number, is_inside in session.execute(select(kind.community_id, kind.members_only).where(*_conditions(kind)).distinct()):
            needed.add(number * OF_EACH + (MEMBERS if is_inside else CONTENT))
    return needed


def list_entries(session: Session, number: int) -> Iterable[tuple[int | None, SearchDocument]]:
    """Return all entries of a collection, when the index is made anew."""
    community_id, part = divmod(number, OF_EACH)
    if part == NAME:
        yield None, _entry_of(session, session.get_one(Community, community_id))
        return
    kinds: tuple[type[Any], ...] = (CommunityFile, CommunityPage)
    for kind in kinds:
        of_it = (kind.community_id == community_id, kind.members_only.is_(part == MEMBERS))
        for row in session.scalars(select(kind).where(*of_it, *_conditions(kind)).order_by(kind.id)):
            yield None, _entry_of(session, row)


@lru_cache
def _readable() -> Select[int, bool, bool]:
    """Return the statement for all readers: most of what it costs would be building it."""
    person = bindparam("person", type_=Integer())
    columns = (Community.id, space.READS.condition(person).label("reads"), space.INSIDE.condition(person).label("is_inside"))
    return compile_once(select(*columns).where(space.FINDS.condition(person)))


def list_readable(session: Session, actor: Actor) -> frozenset[int]:
    """List the collections that an actor reads now, by one statement."""
    if actor.is_suspended:
        return frozenset()
    rows = connection_of(session).execute(_readable(), {"person": actor.person_id or 0})
    marks = ((row.id, (True, row.reads, row.is_inside)) for row in rows)
    return frozenset(number * OF_EACH + part for number, parts in marks for part, is_found in enumerate(parts) if is_found)


def locate(session: Session, _actor: Actor, groups: Sequence[ResultGroup]) -> Mapping[ResultGroup, Located]:
    """Return where what was found is shown: the front page, a file, a page at one of its headings."""
    numbers = {group.number // OF_EACH for group in groups}
    rows = {row.id: row for row in session.scalars(select(Community).where(Community.id.in_(numbers)))} if numbers else {}
    return {
        group: Located(f"/communities/{row.slug}", group.hits[0].title, "" if group.kind == "community" else row.name)
        for group in groups
        if (row := rows.get(group.number // OF_EACH))
    }


SEARCHED = CollectionKind(COLLECTION, list_needed, list_entries, list_readable, locate)
