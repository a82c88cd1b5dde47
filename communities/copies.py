"""Copies of a community that its administrators ask for: pages that a browser shows, the same as JSON, and all files, in a ZIP archive.

One is packed in the background and can be downloaded for seven days. It is read in portions, each in a short transaction of its own, and
written to temporary files: memory does not grow with the community.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from mimetypes import guess_extension
from operator import itemgetter
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person, full_name
from communities import acts, communities, members, models, plan, space
from communities.communities import COMMUNITY_NOTICE, OVERSIGHT_KEY, list_running_people, run_key
from communities.files import LICENCES
from communities.links import ShownLink, list_links
from communities.models import CONDITIONS, NOTE, NOTE_SLUG, PARTS, Community, CommunityExport
from communities.space import CommunityContext
from discussions.models import PostFile, PostState, Thread, ThreadKind, ThreadPost
from kernel import outbox
from kernel.archives import write_large_archive
from kernel.audit import Verb
from kernel.db import Database, count_rows
from kernel.documents import document_template
from kernel.errors import N_, Conflict, NotFound, require_found
from kernel.files import FileStore, StoredContent, StoredFile
from kernel.i18n import _, in_every_language, reading
from kernel.markup.model import SafeHtml
from kernel.markup.source import slug as slug_of
from kernel.permissions import Actor
from kernel.prepared_files import note_ready
from spaces.acts import SpaceAct, added

MEDIA_TYPE = "application/zip"
GIVEN_UP = timedelta(days=1)
"""A copy that is not ready by then is not going to be: its job is among those that administrators of the site see."""
MOST_COPIES = 3
LISTED = 20
PORTION = 50
"""Rows of a transaction: a text has at most 100,000 characters."""
THREAD_KINDS = {
    ThreadKind.DISCUSSION: N_("Discussion"),
    ThreadKind.QUESTION: N_("Question"),
    ThreadKind.ANNOUNCEMENT: N_("Announcement"),
}
LEFT_OUT = (
    N_("Posts that their authors withdrew or moderators hid, and first posts that wait for a moderator, with their attachments."),
    N_("Reports of posts, and who made them."),
    N_("Drafts of posts, and former texts of posts that were edited."),
    N_("Deleted pages and files."),
    N_("Working groups, with everything that is in them."),
    N_("Email addresses, requests to join and invitations."),
    N_("Former members, and the reasons for which people were removed."),
    N_("What each person follows and has read, and the log of the community."),
    N_("Related communities and courses that not everyone finds."),
    N_("Names of people who deleted their account: their texts stand under “Cuenta eliminada”."),
)
"""The sentences of what a copy has not; a test plants something for each."""
_NAMES = (Person.given_names, Person.first_surname, Person.second_surname)
_OWN_LINK = re.compile(r'(href|src)="/')
STYLE = """body { font: 1rem/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
h2 { font-size: 1.1rem; margin: 2rem 0 0; border-top: 1px solid; padding-top: 1rem }
table { border-collapse: collapse }
th, td { border: 1px solid; padding: .35rem .6rem; text-align: left; vertical-align: top }
"""
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
"""Signs that names of files may not have everywhere."""
Entry = tuple[str, IO[bytes]]
Facts = dict[str, Any]
"""Something of a community, for its page and as data; what is long is an iterator, read while it is written."""
Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class CopySource:
    """The origin of a copy: rows, contents, and the address of the site, to which links in texts lead."""

    database: Database
    files: FileStore
    address: str


def write_copy(target: IO[bytes], source: CopySource, community_id: int, moment: datetime) -> None:
    """Write the copy of a community into a file, in the language of the community; raise NotFound where it was deleted meanwhile."""
    with source.database.unit_of_work(write=False) as session:
        community = _get_present(session, community_id)
    with reading(community.language):
        write_large_archive(target, _Copy(source, community, moment).entries())


def _get_present(session: Session, community_id: int) -> Community:
    return require_found(session.scalar(select(Community).where(Community.id == community_id, space.is_present())))


def _json(value: Facts | Iterator[Facts]) -> Iterator[str]:
    """Yield JSON in pieces: lists item by item, without texts as they are shown, which stand on the pages alone."""
    if isinstance(value, dict):
        plain = {name: part for name, part in value.items() if not isinstance(part, Iterator | SafeHtml)}
        yield json.dumps(plain, ensure_ascii=False, default=lambda moment: moment.isoformat())[:-1]
        for name, part in value.items():
            if isinstance(part, Iterator):
                yield f', "{name}": '
                yield from _json(part)
        yield "}"
    else:
        yield "["
        for number, item in enumerate(value):
            yield ",\n" if number else "\n"
            yield from _json(item)
        yield "\n]\n"


def _document(path: str, pieces: Iterable[str]) -> Iterator[Entry]:
    """Yield a document whose text comes in pieces."""
    with TemporaryFile() as file:
        for piece in pieces:
            file.write(piece.encode())
        yield path, file


class _Copy:
    """The entries of the archive of one community: each part is described once, for its pages and as data."""

    def __init__(self, source: CopySource, community: Community, moment: datetime) -> None:
        self.source, self.community, self.moment, self.counts = source, community, moment, Counter[str]()
        names = (_("README"), _("front-page"), _("members"), _("plan"))
        self.readme, self.front, self.members, self.plan = (f"{name}.html" for name in names)
        self.data, self.threads, self.pages, self.files = _("data"), _("discussions"), _("pages"), _("files")
        images, attachments = _("images"), _("attachments")
        self.images, self.attachments = f"{self.files}/{images}", f"{self.threads}/{attachments}"

    def entries(self) -> Iterator[Entry]:
        """Yield all files of the archive."""
        yield from _document(f"{self.data}/style.css", [STYLE])
        yield from self._front()
        yield from self._part("communities/copy/members.html", self.members, self._members, names=members.ROLE_NAMES)
        yield from self._part("communities/copy/plan.html", self.plan, self._plan, names=plan.PLAN_KINDS)
        yield from self._part(
            "communities/copy/threads.html", f"{self.threads}.html", self._threads, "communities/copy/thread.html", names=THREAD_KINDS
        )
        yield from self._part("communities/copy/pages.html", f"{self.pages}.html", self._pages, "communities/copy/page.html")
        yield from self._part("communities/copy/files.html", f"{self.files}.html", self._files, names=LICENCES)
        yield from self._page("communities/copy/readme.html", self.readme, counts=self.counts, left_out=LEFT_OUT)
        yield from self._contents(self._attached())
        yield from self._contents(version for file in self._files() for version in file["versions"])

    def _part(self, template: str, path: str, list_items: Callable[[], Iterator[Facts]], own: str = "", **values: Any) -> Iterator[Entry]:
        """Yield the page of a part, the page of each of its items where they have one of their own, and all as data."""
        yield from self._page(template, path, items=list_items(), **values)
        for item in list_items() if own else ():
            yield from self._page(own, item["page"], item=item, **values)
        name = template.rpartition("/")[2].removesuffix(".html")
        yield from _document(f"{self.data}/{name}.json", _json(self._counted(name, list_items())))

    def _counted(self, name: str, items: Iterator[Facts]) -> Iterator[Facts]:
        for item in items:
            self.counts[name] += item.get("number_of_posts", 1)
            yield item

    def _page(self, template: str, path: str, **values: Any) -> Iterator[Entry]:
        drawn = document_template(template).generate(copy=self, up="../" * path.count("/"), **values)
        return _document(path, drawn)

    def _contents(self, files: Iterable[Facts]) -> Iterator[Entry]:
        for file in files:
            with suppress(NotFound), self.source.files.open(file["sha256"]) as content:  # it may be deleted since its row was read
                yield file["path"], content

    def _read(self, statement: Rows) -> Sequence[Row[*tuple[Any, ...]]]:
        with self.source.database.unit_of_work(write=False) as session:
            _get_present(session, self.community.id)
            return session.execute(statement).all()

    def _walk(self, statement: Rows) -> Iterator[Facts]:
        """Yield the content of a statement's rows, by its first column, a number, a portion in each transaction."""
        number, after, is_more = statement.selected_columns[0], 0, True
        while is_more:
            rows = self._read(statement.where(number > after).order_by(number).limit(PORTION))
            yield from (self._facts(row) for row in rows)
            is_more = len(rows) == PORTION
            after = rows[-1][0] if is_more else 0

    def _facts(self, row: Row[*tuple[Any, ...]]) -> Facts:
        """Return the facts of a row: the parts of a name are one, and links of a shown text lead to the site from anywhere."""
        facts = row._asdict()
        if "given_names" in facts:
            facts["author"] = full_name(*(facts.pop(column.key) or "" for column in _NAMES)) or _("Deleted account")
        return facts | ({"html": self._html(row.html)} if "html" in facts else {})

    def _html(self, html: str) -> SafeHtml:
        return SafeHtml.stored(_OWN_LINK.sub(rf'\1="{self.source.address}/', html))

    def _file(self, folder: str, file: Facts) -> Facts:
        """Return a file with its path in the archive."""
        return file | {"path": f"{folder}/{file['id']:05}-{_FORBIDDEN.sub('-', file['name'])}"}

    def _front(self) -> Iterator[Entry]:
        """Yield front page, links and pictures; of communities and courses that it leads to those that everyone finds."""
        row = self.community
        with self.source.database.unit_of_work(write=False) as session:
            shown = [link for of_kind in list_links(session, Actor(), row.id).values() for link in of_kind]
        pictures = {number for number in (row.picture_id, *(link.link.picture_id for link in shown)) if number is not None}
        stored = self._read(select(StoredFile.id, StoredFile.sha256, StoredFile.media_type).where(StoredFile.id.in_(pictures)))
        paths = {file.id: f"{self.images}/{file.id}{guess_extension(file.media_type) or ''}" for file in stored}
        links = [
            {name: getattr(link.link, name) for name in ("kind", "text")}
            | {"title": link.title, "address": self._address(link), "picture": paths.get(link.link.picture_id or 0)}
            for link in shown
        ]
        names = ("name", "slug", "topic", "language", "reach", "level", "state", "created_at", "activated_at", "archived_at", "texts")
        facts = {name: getattr(row, name) for name in names} | {"picture": paths.get(row.picture_id or 0)}
        facts |= {"picture_alternative": row.picture_alt, "history": self._versions(models.CommunityPage.slug == NOTE_SLUG)}
        parts = {PARTS[name]: self._html(row.html[name]) for name in (*NOTE, *CONDITIONS) if row.html.get(name)}
        yield from self._page("communities/copy/front.html", self.front, item=facts, parts=parts, links=links)
        yield from _document(f"{self.data}/community.json", _json(facts))
        yield from _document(f"{self.data}/links.json", _json(iter(links)))
        yield from self._contents({"path": paths[file.id], "sha256": file.sha256} for file in stored)

    def _address(self, link: ShownLink) -> str:
        """Return the whole address of what a link leads to."""
        folders: Mapping[str, str] = {models.CommunityLinkKind.RELATED: "/communities/", models.CommunityLinkKind.COURSE: "/courses/"}
        address = f"{folders.get(link.link.kind, '')}{link.slug or link.link.address}"
        return f"{self.source.address}{address}" if address.startswith("/") else address

    def _members(self) -> Iterator[Facts]:
        member = models.CommunityMember
        statement = select(member.id, member.role, member.since, *_NAMES).join(Person, Person.id == member.person_id)
        present = statement.where(member.community_id == self.community.id, member.until.is_(None))
        return ({"name": row.pop("author")} | row for row in self._walk(present))

    def _plan(self) -> Iterator[Facts]:
        line = models.PlanEntry
        columns = (line.starts_on, line.ends_on, line.title, line.kind, line.responsible, line.note, line.address, line.done_at)
        statement: Rows = select(*columns).where(line.community_id == self.community.id).order_by(line.starts_on, line.id)
        return (row._asdict() for row in self._read(statement))

    def _visible(self, statement: Rows) -> Rows:
        """Add to a statement that joins posts that they and their threads are seen by everybody who reads the board."""
        shown = PostState.VISIBLE.value
        of_board = (Thread.board_id == self.community.board_id, Thread.state == shown, ThreadPost.state == shown)
        return statement.join(Thread, Thread.id == ThreadPost.thread_id).where(*of_board)

    def _attached(self, *which: ColumnElement[bool]) -> Iterator[Facts]:
        file = PostFile
        statement = select(file.id, file.post_id, file.number, file.name, file.alternative, StoredFile.sha256)
        statement = statement.join(StoredFile, StoredFile.id == file.stored_file_id).join(ThreadPost, ThreadPost.id == file.post_id)
        return (self._file(self.attachments, row) for row in self._walk(self._visible(statement).where(*which)))

    def _threads(self) -> Iterator[Facts]:
        columns = (Thread.title, Thread.kind, Thread.category, Thread.language, Thread.posts.label("number_of_posts"), Thread.last_post_at)
        statement = select(Thread.id, *columns, Thread.locked_at, Thread.accepted, Thread.summary)
        of_board = (Thread.board_id == self.community.board_id, Thread.state == PostState.VISIBLE.value)
        for thread in self._walk(statement.where(*of_board)):
            name = f"{thread['id']:05}-{slug_of(thread['title'])[:60].strip('-')}"
            yield thread | {"page": f"{self.threads}/{name}.html", "posts": self._posts(thread["id"])}

    def _posts(self, thread_id: int) -> Iterator[Facts]:
        of_thread, files = ThreadPost.thread_id == thread_id, defaultdict[int, list[Facts]](list)
        for file in sorted(self._attached(of_thread), key=itemgetter("number")):
            files[file["post_id"]].append(file)
        post = ThreadPost
        columns = (post.number, post.reply_to, post.language, post.written_at, post.edited_at, post.source.label("text"), post.html)
        statement = select(post.id, *columns, *_NAMES).select_from(post).outerjoin(Person, Person.id == post.person_id)
        for row in self._walk(self._visible(statement).where(of_thread)):
            yield row | {"files": files[row["id"]]}

    def _pages(self) -> Iterator[Facts]:
        page, version = models.CommunityPage, models.CommunityPageVersion
        latest = select(func.max(version.number)).where(version.page_id == page.id).correlate(page).scalar_subquery()
        statement = select(page.id, page.slug, page.title, page.category, page.members_only, version.html)
        statement = statement.join(version, and_(version.page_id == page.id, version.number == latest))
        present = (page.community_id == self.community.id, page.slug != NOTE_SLUG, page.deleted_at.is_(None))
        for row in self._walk(statement.where(*present)):
            yield row | {"page": f"{self.pages}/{row['slug']}.html", "versions": self._versions(page.id == row["id"])}

    def _versions(self, which: ColumnElement[bool]) -> Iterator[Facts]:
        page, version = models.CommunityPage, models.CommunityPageVersion
        statement = select(version.id, version.number, version.title, version.written_at, version.source.label("text"), *_NAMES)
        statement = statement.join(page, page.id == version.page_id).outerjoin(Person, Person.id == version.person_id)
        return self._walk(statement.where(page.community_id == self.community.id, which))

    def _files(self) -> Iterator[Facts]:
        file = models.CommunityFile
        statement = select(file.id, file.title, file.description, file.category, file.language, file.licence, file.members_only)
        present = statement.where(file.community_id == self.community.id, file.deleted_at.is_(None))
        return (row | {"versions": self._file_versions(row["id"])} for row in self._walk(present))

    def _file_versions(self, file_id: int) -> Iterator[Facts]:
        version = models.CommunityFileVersion
        statement = select(version.id, version.number, version.name, version.added_at, StoredFile.sha256, *_NAMES)
        statement = statement.join(StoredFile, StoredFile.id == version.stored_file_id).outerjoin(Person, Person.id == version.added_by)
        return (self._file(self.files, row) for row in self._walk(statement.where(version.file_id == file_id)))


class CommunityExportVerb(
    Verb,
    facts={
        "export": N_("Copy of the community"),
    },
):
    """The audit verbs of copies of communities."""

    EXPORTED = "community.exported", N_("Asked for a copy of a community")
    DOWNLOADED = "community.export_downloaded", N_("Downloaded a copy of a community")


class TooManyCopies(Conflict):
    """A community has as many copies at a time as it can."""

    message = N_("There are three copies of this community already. Download one of them, or ask again once one was deleted.")


@dataclass(frozen=True, slots=True)
class CommunityExportContext(CommunityContext):
    """A copy of a community."""

    export: CommunityExport = field(kw_only=True)


def get_export(session: Session, actor: Actor, slug: str, export: UUID) -> CommunityExportContext:
    """Return a copy of a community; raise NotFound."""
    context = communities.get_community(session, actor, slug)
    of_it = (CommunityExport.community_id == context.community.id, CommunityExport.uuid == export)
    row = require_found(session.scalar(select(CommunityExport).where(*of_it)))
    return CommunityExportContext(**communities.within(context), export=row)


def list_exports(session: Session, community_id: int) -> list[Row[CommunityExport, Person]]:
    """List the copies that were asked for, the latest first, with who asked."""
    statement = select(CommunityExport, Person).outerjoin(Person, Person.id == CommunityExport.asked_by)
    statement = statement.where(CommunityExport.community_id == community_id).order_by(CommunityExport.id.desc())
    return list(session.execute(statement.limit(LISTED)))


def request_export(session: Session, actor: Actor, community: Community, number: UUID, *, now: datetime) -> CommunityExport:
    """Let a copy be packed in the background; a second time with the number of one form changes nothing. Raise TooManyCopies."""
    row = acts.lock_community(session, community)
    export = session.scalar(select(CommunityExport).where(CommunityExport.uuid == number))
    if export is not None:
        return export
    waits = and_(CommunityExport.ready_at.is_(None), CommunityExport.asked_at > now - GIVEN_UP)
    present = or_(CommunityExport.sha256.is_not(None), waits)
    if count_rows(session, CommunityExport, CommunityExport.community_id == row.id, present) >= MOST_COPIES:
        raise TooManyCopies
    export = CommunityExport(uuid=number, community_id=row.id, asked_at=now, asked_by=actor.person_id)
    added(session, actor, export, row, now=now).note(CommunityExportVerb.EXPORTED, export=export.id)
    outbox.enqueue(session, "communities.export", {"export": export.id}, now=now, unique_key=f"community-export:{export.uuid}")
    return export


def record_download(session: Session, actor: Actor, community: Community, export_id: int, *, now: datetime) -> None:
    """Record that somebody took a copy away."""
    SpaceAct(session, actor, now, community, community).note(CommunityExportVerb.DOWNLOADED, export=export_id)


def pack(source: CopySource, number: int, *, now: datetime) -> None:
    """Pack a copy, keep its content and notify who asked; done twice it makes one, killed in the middle it begins anew."""
    with source.database.unit_of_work(write=False) as session:
        row = session.get(CommunityExport, number)
    if row is None or row.ready_at is not None:
        return
    with suppress(NotFound), TemporaryFile() as target:  # the community may be deleted meanwhile
        write_copy(target, source, row.community_id, row.asked_at)
        content, is_named = source.files.put_file(target), False
        try:
            with source.database.unit_of_work() as session:
                is_named = _finish(session, row, content, now=now)
        finally:
            if not is_named:
                source.files.remove(content.sha256)


def _finish(session: Session, export: CommunityExport, content: StoredContent, *, now: datetime) -> bool:
    """Note that a copy is ready and notify who asked, once; return whether its row names the content now. Raise NotFound."""
    community = acts.lock_community(session, require_found(session.get(Community, export.community_id)))
    row = session.get_one(CommunityExport, export.id)
    if row.ready_at is None:
        note_ready(session, row, content, MEDIA_TYPE, now=now)
        _notify(session, row, community, now=now)
    return row.sha256 == content.sha256


def _notify(session: Session, row: CommunityExport, community: Community, *, now: datetime) -> None:
    if row.asked_by is None:
        return
    runs = row.asked_by in list_running_people(session, community)
    key = run_key(community.id, f"export:{row.id}") if runs else f"{OVERSIGHT_KEY}:export:{row.id}"
    subject = in_every_language(lambda: _("The copy of your community is ready: %(name)s", name=community.name))
    text = in_every_language(lambda: _("You can download it for seven days. Each download is recorded."))
    message = notices.Message(COMMUNITY_NOTICE, key, subject, text, f"/communities/{community.slug}/manage/export", about_id=community.id)
    notices.notify(session, message, [row.asked_by], now=now)
