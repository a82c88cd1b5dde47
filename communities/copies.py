"""Copies of a community that its administrators ask for: pages that a browser shows, the same as JSON, and all files, in a ZIP archive.

One is packed in the background and can be downloaded for seven days. It is read in portions, each in a short transaction of its own, and
written to temporary files: memory does not grow with the community.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from mimetypes import guess_extension
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person, full_name
from communities import communities, members, models, pages, plan, standing
from communities.access import CommunityContext
from communities.communities import COMMUNITY_NOTICE, OVERSIGHT_KEY, list_running_people, lock_community, run_key
from communities.files import LICENCES
from communities.links import ShownLink, list_links
from communities.models import CONDITIONS, NOTE, PARTS, Community, CommunityExport
from discussions.models import PostFile, PostState, Thread, ThreadKind, ThreadPost
from kernel import audit, outbox
from kernel.archives import write_large_archive
from kernel.audit import Verb
from kernel.db import Database
from kernel.documents import document_template
from kernel.errors import N_, Conflict, NotFound, require_found
from kernel.files import FileStore, StoredContent, StoredFile
from kernel.i18n import _, format_date, format_datetime, in_every_language, reading, site_day
from kernel.markup.model import SafeHtml
from kernel.markup.source import slug as slug_of
from kernel.permissions import Actor
from kernel.prepared_files import note_ready

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
Cell = tuple[str, str]
"""A text, and the address to which it leads; empty where it leads nowhere."""
NO_TEXT = SafeHtml("")


@dataclass(frozen=True, slots=True)
class CopySource:
    """The origin of a copy: rows, contents, and the address of the site, to which links in texts lead."""

    database: Database
    files: FileStore
    address: str


@dataclass(frozen=True, slots=True)
class CopyBlock:
    """A part of a page of a copy: a text, a list, or a table whose rows are read as they are written."""

    heading: str = ""
    about: str = ""
    html: SafeHtml = NO_TEXT
    lines: Sequence[Cell] = ()
    columns: Sequence[str] = ()
    rows: Iterable[Sequence[Cell]] = ()


def write_copy(target: IO[bytes], source: CopySource, community_id: int, moment: datetime) -> None:
    """Write the copy of a community into a file, in the language of the community; raise NotFound where it was deleted meanwhile."""
    with source.database.unit_of_work(write=False) as session:
        community = _get_present(session, community_id)
    with reading(community.language):
        write_large_archive(target, _Copy(source, community, moment).entries())


def _get_present(session: Session, community_id: int) -> Community:
    return require_found(session.scalar(select(Community).where(Community.id == community_id, standing.is_present())))


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=lambda moment: moment.isoformat())


def _values(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _nested(value: Mapping[str, Any], name: str, items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield an object of JSON whose last value is a list, item by item."""
    yield f'{_plain(value)[:-1]}, "{name}": ['
    for number, item in enumerate(items):
        yield f"{',' if number else ''}\n{_plain(item)}"
    yield "\n]}"


def _list(items: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield a list of JSON whose items come in pieces."""
    yield "["
    for number, pieces in enumerate(items):
        yield ",\n" if number else "\n"
        yield from pieces
    yield "\n]\n"


def _document(path: str, pieces: Iterable[str]) -> Iterator[Entry]:
    """Yield a document whose text comes in pieces."""
    with TemporaryFile() as file:
        for piece in pieces:
            file.write(piece.encode())
        yield path, file


def _author(row: Row[*tuple[Any, ...]]) -> str:
    return full_name(row.given_names or "", row.first_surname or "", row.second_surname or "") or _("Deleted account")


def _file_name(number: int, name: str) -> str:
    return f"{number:05}-{_FORBIDDEN.sub('-', name)}"


def _by_and_when(row: Row[*tuple[Any, ...]], moment: datetime) -> str:
    return f"{_author(row)}, {format_datetime(moment)}"


class _Copy:
    """The entries of the archive of one community."""

    def __init__(self, source: CopySource, community: Community, moment: datetime) -> None:
        self.source, self.community, self.moment = source, community, moment
        names = (_("README"), _("front-page"), _("members"), _("plan"))
        self.readme, self.front, self.members, self.plan = (f"{name}.html" for name in names)
        self.data, self.threads, self.pages, self.files = _("data"), _("discussions"), _("pages"), _("files")
        images, attachments = _("images"), _("attachments")
        self.images, self.attachments = f"{self.files}/{images}", f"{self.threads}/{attachments}"

    def entries(self) -> Iterator[Entry]:
        """Yield all files of the archive."""
        yield from _document(f"{self.data}/style.css", [STYLE])
        yield from self._readme()
        for part in (self._front, self._members, self._plan, self._threads, self._pages, self._files):
            yield from part()

    def _read(self, statement: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        with self.source.database.unit_of_work(write=False) as session:
            _get_present(session, self.community.id)
            return session.execute(statement).all()

    def _walk(self, statement: Select[*tuple[Any, ...]]) -> Iterator[Row[*tuple[Any, ...]]]:
        """Yield the rows of a statement by its first column, a number, a portion in each transaction."""
        number, after = statement.selected_columns[0], 0
        while True:
            rows = self._read(statement.where(number > after).order_by(number).limit(PORTION))
            yield from rows
            if len(rows) < PORTION:
                return
            after = rows[-1][0]

    def _page(self, path: str, title: str, blocks: Iterable[CopyBlock], about: str = "") -> Iterator[Entry]:
        up = "../" * path.count("/")
        home = "" if path == self.readme else f"{up}{self.readme}"
        values = {"community": self.community, "title": title, "about": about, "home": home, "style": f"{up}{self.data}/style.css"}
        return _document(path, document_template("communities/copy.html").generate(values, blocks=blocks))

    def _json(self, name: str, items: Iterable[Iterable[str]]) -> Iterator[Entry]:
        return _document(f"{self.data}/{name}.json", _list(items))

    def _contents(self, rows: Iterable[tuple[str, str]]) -> Iterator[Entry]:
        for path, sha256 in rows:
            try:
                content = self.source.files.open(sha256)
            except NotFound:  # deleted since its row was read
                continue
            with content:
                yield path, content

    def _html(self, html: str) -> SafeHtml:
        """Return a rendered text whose links to the site lead there from anywhere."""
        return SafeHtml.stored(_OWN_LINK.sub(rf'\1="{self.source.address}/', html))

    def _readme(self) -> Iterator[Entry]:
        of_it = self.community.id
        written = select(func.count()).select_from(Thread).join(ThreadPost, ThreadPost.thread_id == Thread.id).where(*self._visible())
        held = [
            (_("Front page"), self.front, None),
            (_("Members"), self.members, select(func.count()).select_from(models.CommunityMember).where(*self._present())),
            (_("Plan"), self.plan, select(func.count()).where(models.PlanEntry.community_id == of_it)),
            (_("Discussions: posts"), f"{self.threads}.html", written),
            (_("Pages"), f"{self.pages}.html", select(func.count()).where(*self._shown_pages())),
            (_("Files"), f"{self.files}.html", select(func.count()).where(*self._shown_files())),
        ]
        counts = [None if statement is None else self._read(statement)[0][0] for _title, _path, statement in held]
        lines = [
            (title if count is None else f"{title} ({count})", quote(path))
            for (title, path, _statement), count in zip(held, counts, strict=True)
        ]
        advice = (
            _("Unpack the whole ZIP file first. Then open this page with a double click: the others open from here, without a connection."),
            _("The folder “%(folder)s” has the same for programs, as JSON.", folder=self.data),
            _("It holds names and texts of people: keep it where only those read it who need it."),
        )
        blocks = [
            CopyBlock(_("How to read it"), lines=[(text, "") for text in advice]),
            CopyBlock(_("What is in it"), lines=lines),
            CopyBlock(_("What is not in it"), lines=[(_(text), "") for text in LEFT_OUT]),
        ]
        about = _("Copy of the community, as of %(moment)s.", moment=format_datetime(self.moment))
        return self._page(self.readme, self.community.name, blocks, about)

    def _front(self) -> Iterator[Entry]:
        """Yield front page, links and pictures; of communities and courses that it leads to those that everyone finds."""
        row = self.community
        with self.source.database.unit_of_work(write=False) as session:
            shown = [link for of_kind in list_links(session, Actor(), row.id).values() for link in of_kind]
        pictures = {number for number in (row.picture_id, *(link.link.picture_id for link in shown)) if number is not None}
        stored = self._read(select(StoredFile.id, StoredFile.sha256, StoredFile.media_type).where(StoredFile.id.in_(pictures)))
        paths = {file.id: f"{self.images}/{file.id}{guess_extension(file.media_type) or ''}" for file in stored}
        blocks = [CopyBlock(_(PARTS[name]), html=self._html(row.html[name])) for name in (*NOTE, *CONDITIONS) if row.html.get(name)]
        lines = [(f"{link.title}: {link.link.text}" if link.link.text else link.title, self._address(link)) for link in shown]
        linked = [CopyBlock(_("Leads to"), lines=lines)] if lines else []
        picture = [CopyBlock(lines=[(row.picture_alt or _("Picture"), quote(paths[row.picture_id]))])] if row.picture_id in paths else []
        yield from self._page(self.front, row.name, [*picture, *blocks, *linked])
        facts = _values(row, "name", "slug", "topic", "language", "reach", "level", "state", "created_at", "activated_at", "archived_at")
        texts = {"texts": dict(row.texts), "picture": paths.get(row.picture_id or 0), "picture_alternative": row.picture_alt}
        note = (models.CommunityPage.community_id == row.id, models.CommunityPage.slug == models.NOTE_SLUG)
        history = map(self._version_json, self._walk(self._versions().where(*note)))
        yield from _document(f"{self.data}/community.json", _nested(facts | texts, "history", history))
        yield from self._json("links", ([_plain({
            "kind": link.link.kind, "title": link.title, "text": link.link.text, "address": self._address(link),
            "picture": paths.get(link.link.picture_id or 0)})] for link in shown))  # fmt: skip
        yield from self._contents((paths[file.id], file.sha256) for file in stored)

    def _address(self, link: ShownLink) -> str:
        """Return the whole address of what a link leads to."""
        folders: Mapping[str, str] = {models.CommunityLinkKind.RELATED: "/communities/", models.CommunityLinkKind.COURSE: "/courses/"}
        address = f"{folders.get(link.link.kind, '')}{link.slug or link.link.address}"
        return f"{self.source.address}{address}" if address.startswith("/") else address

    def _present(self) -> tuple[Any, ...]:
        return models.CommunityMember.community_id == self.community.id, models.CommunityMember.until.is_(None)

    def _members(self) -> Iterator[Entry]:
        statement = select(models.CommunityMember.id, models.CommunityMember.role, models.CommunityMember.since, *_NAMES)
        present = statement.join(Person, Person.id == models.CommunityMember.person_id).where(*self._present())
        columns = (_("Name"), _("Role"), _("Since"))
        rows = (
            [(_author(row), ""), (_(members.ROLE_NAMES[models.CommunityRole(row.role)]), ""), (format_date(row.since), "")]
            for row in self._walk(present)
        )
        yield from self._page(self.members, _("Members"), [CopyBlock(columns=columns, rows=rows)])
        facts = ({"name": _author(row), "role": row.role, "since": row.since} for row in self._walk(present))
        yield from self._json("members", ([_plain(item)] for item in facts))

    def _plan(self) -> Iterator[Entry]:
        names = ("starts_on", "ends_on", "title", "kind", "responsible", "note", "address", "done_at")
        columns = (getattr(models.PlanEntry, name) for name in names)
        entries = self._read(
            select(*columns)
            .where(models.PlanEntry.community_id == self.community.id)
            .order_by(models.PlanEntry.starts_on, models.PlanEntry.id)
        )
        headings = (_("First day"), _("Last day"), _("Title"), _("Kind"), _("Responsible"), _("Done on"))
        rows = (
            [
                *((format_date(day, "short"), "") for day in (row.starts_on, row.ends_on)),
                (f"{row.title}: {row.note}" if row.note else row.title, f"{self.source.address}{row.address}" if row.address else ""),
                *((text, "") for text in (_(plan.PLAN_KINDS[row.kind]), row.responsible, format_date(row.done_at, "short"))),
            ]
            for row in entries
        )
        yield from self._page(self.plan, _("Plan"), [CopyBlock(columns=headings, rows=rows)])
        yield from self._json("plan", ([_plain(_values(row, *names))] for row in entries))

    def _visible(self) -> tuple[Any, ...]:
        shown = PostState.VISIBLE.value
        return Thread.board_id == self.community.board_id, Thread.state == shown, ThreadPost.state == shown

    def _threads(self) -> Iterator[Entry]:
        of_board = (Thread.board_id == self.community.board_id, Thread.state == PostState.VISIBLE.value)
        columns = (Thread.title, Thread.kind, Thread.category, Thread.language, Thread.posts, Thread.last_post_at, Thread.locked_at)
        statement = select(Thread.id, *columns, Thread.accepted, Thread.summary).where(*of_board)
        headings = (_("Title"), _("Kind"), _("Number of posts"), _("Last post"))
        rows = (
            [(row.title, quote(self._thread_path(row))), *((text, "") for text in (_(THREAD_KINDS[row.kind]), str(row.posts),
                                                                                  format_datetime(row.last_post_at)))]
            for row in self._walk(statement)
        )  # fmt: skip
        yield from self._page(f"{self.threads}.html", _("Discussions"), [CopyBlock(columns=headings, rows=rows)])
        for row in self._walk(statement):
            about = " · ".join(part for part in (_(THREAD_KINDS[row.kind]), row.category) if part)
            yield from self._page(self._thread_path(row), row.title, self._posts(row, self._post_block), about)
        names = ("title", "kind", "category", "language", "locked_at", "accepted", "summary")
        threads = (_nested(_values(row, *names), "posts", self._posts(row, self._post_json)) for row in self._walk(statement))
        yield from self._json("threads", threads)
        attached = select(PostFile.id, PostFile.name, StoredFile.sha256).join(ThreadPost, ThreadPost.id == PostFile.post_id)
        attached = attached.join(Thread, Thread.id == ThreadPost.thread_id).join(StoredFile, StoredFile.id == PostFile.stored_file_id)
        yield from self._contents((self._attachment_path(row), row.sha256) for row in self._walk(attached.where(*self._visible())))

    def _thread_path(self, row: Row[*tuple[Any, ...]]) -> str:
        return f"{self.threads}/{row.id:05}-{slug_of(row.title)[:60].strip('-')}.html"

    def _attachment_path(self, row: Row[*tuple[Any, ...]]) -> str:
        return f"{self.attachments}/{_file_name(row.id, row.name)}"

    def _posts(self, thread: Row[*tuple[Any, ...]], write: Any) -> Iterator[Any]:
        """Yield what is written of each post of a thread that everybody sees there."""
        of_thread, post = (ThreadPost.thread_id == thread.id, ThreadPost.state == PostState.VISIBLE.value), ThreadPost
        columns = (post.number, post.reply_to, post.source, post.html, post.language, post.written_at, post.edited_at)
        statement = select(post.id, *columns, *_NAMES).outerjoin(Person, Person.id == post.person_id).where(*of_thread)
        attached = select(PostFile.id, PostFile.post_id, PostFile.name, PostFile.alternative).join(post, post.id == PostFile.post_id)
        files: dict[int, list[Row[*tuple[Any, ...]]]] = {}
        for file in self._read(attached.where(*of_thread).order_by(PostFile.post_id, PostFile.number)):
            files.setdefault(file.post_id, []).append(file)
        for row in self._walk(statement):
            yield write(thread, row, files.get(row.id, []))

    def _post_block(self, thread: Row[*tuple[Any, ...]], row: Row[*tuple[Any, ...]], files: Sequence[Row[*tuple[Any, ...]]]) -> CopyBlock:
        marked = {thread.accepted: _("Accepted answer"), thread.summary: _("Summary of the thread")}.get(row.number, "")
        answers = _("in answer to no. %(number)s", number=row.reply_to) if row.reply_to else ""
        edited = _("edited on %(day)s", day=format_datetime(row.edited_at)) if row.edited_at else ""
        about = " · ".join(part for part in (marked, format_datetime(row.written_at), answers, edited) if part)
        lines = [(file.alternative or file.name, f"../{quote(self._attachment_path(file))}") for file in files]
        return CopyBlock(_("no. %(number)s · %(name)s", number=row.number, name=_author(row)), about, self._html(row.html), lines)

    def _post_json(
        self, _thread: Row[*tuple[Any, ...]], row: Row[*tuple[Any, ...]], files: Sequence[Row[*tuple[Any, ...]]]
    ) -> Mapping[str, Any]:
        return {
            **_values(row, "number", "reply_to", "language", "written_at", "edited_at"),
            "author": _author(row),
            "text": row.source,
            "files": [{"path": self._attachment_path(file), "alternative": file.alternative} for file in files],
        }

    def _shown_pages(self) -> tuple[Any, ...]:
        of_it = models.CommunityPage.community_id == self.community.id
        return of_it, models.CommunityPage.slug != models.NOTE_SLUG, models.CommunityPage.deleted_at.is_(None)

    def _versions(self) -> Select[*tuple[Any, ...]]:
        version = models.CommunityPageVersion
        statement = select(version.id, version.number, version.title, version.source, version.written_at, *_NAMES)
        return statement.join(models.CommunityPage, models.CommunityPage.id == version.page_id).outerjoin(
            Person, Person.id == version.person_id
        )

    def _version_json(self, row: Row[*tuple[Any, ...]]) -> Mapping[str, Any]:
        return {"number": row.number, "title": row.title, "author": _author(row), "written_at": row.written_at, "text": row.source}

    def _pages(self) -> Iterator[Entry]:
        page = models.CommunityPage
        statement = select(page.id, page.slug, page.title, page.category, page.members_only).where(*self._shown_pages())
        rows = ([(row.title, f"{self.pages}/{row.slug}.html"), (row.category, "")] for row in self._walk(statement))
        yield from self._page(f"{self.pages}.html", _("Pages"), [CopyBlock(columns=(_("Title"), _("Category")), rows=rows)])
        for row in self._walk(statement):
            yield from self._page(f"{self.pages}/{row.slug}.html", row.title, self._page_blocks(row), row.category)
        names = ("slug", "title", "category", "members_only")
        texts = (
            _nested(
                _values(row, *names),
                "versions",
                map(self._version_json, self._walk(self._versions().where(models.CommunityPage.id == row.id))),
            )
            for row in self._walk(statement)
        )
        yield from self._json("pages", texts)

    def _page_blocks(self, row: Row[*tuple[Any, ...]]) -> Iterator[CopyBlock]:
        with self.source.database.unit_of_work(write=False) as session:
            html = self._html(pages.latest_version(session, row.id).html)
        yield CopyBlock(html=html)
        versions = self._walk(self._versions().where(models.CommunityPage.id == row.id))
        rows = ([(version.title, ""), (_by_and_when(version, version.written_at), "")] for version in versions)
        yield CopyBlock(_("History"), columns=(_("Title"), _("Who wrote it, and when")), rows=rows)

    def _shown_files(self) -> tuple[Any, ...]:
        return models.CommunityFile.community_id == self.community.id, models.CommunityFile.deleted_at.is_(None)

    def _files(self) -> Iterator[Entry]:
        file, version = models.CommunityFile, models.CommunityFileVersion
        columns = (file.title, file.description, file.category, file.language, file.licence, file.members_only)
        statement = select(file.id, *columns).where(*self._shown_files())
        contents = select(version.id, version.number, version.name, version.added_at, StoredFile.sha256, *_NAMES)
        contents = contents.join(file, file.id == version.file_id).join(StoredFile, StoredFile.id == version.stored_file_id)
        contents = contents.outerjoin(Person, Person.id == version.added_by).where(*self._shown_files())

        def blocks() -> Iterator[CopyBlock]:
            for row in self._walk(statement):
                versions = self._walk(contents.where(file.id == row.id))
                lines = [
                    (f"{content.name} ({_by_and_when(content, content.added_at)})", quote(self._content_path(content)))
                    for content in versions
                ]
                about = " · ".join(part for part in (row.category, row.description, _(LICENCES.get(row.licence, row.licence))) if part)
                yield CopyBlock(row.title, about, lines=lines[::-1])

        yield from self._page(f"{self.files}.html", _("Files"), blocks(), _("The latest content of each file stands first."))
        names = ("title", "description", "category", "language", "licence", "members_only")
        facts = (
            _nested(
                _values(row, *names),
                "versions",
                (
                    {
                        "number": content.number,
                        "path": self._content_path(content),
                        "author": _author(content),
                        "added_at": content.added_at,
                    }
                    for content in self._walk(contents.where(file.id == row.id))
                ),
            )
            for row in self._walk(statement)
        )
        yield from self._json("files", facts)
        yield from self._contents((self._content_path(row), row.sha256) for row in self._walk(contents))

    def _content_path(self, row: Row[*tuple[Any, ...]]) -> str:
        return f"{self.files}/{_file_name(row.id, row.name)}"


class CommunityExportVerb(Verb):
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
    return CommunityExportContext(
        **communities.within(context), export=require_found(session.scalar(select(CommunityExport).where(*of_it)))
    )


def list_exports(session: Session, community_id: int) -> list[Row[CommunityExport, Person]]:
    """List the copies that were asked for, the latest first, with who asked."""
    statement = select(CommunityExport, Person).outerjoin(Person, Person.id == CommunityExport.asked_by)
    statement = statement.where(CommunityExport.community_id == community_id).order_by(CommunityExport.id.desc())
    return list(session.execute(statement.limit(LISTED)))


def is_failed(row: CommunityExport, now: datetime) -> bool:
    """Return whether a copy is not going to be ready."""
    return row.ready_at is None and now - row.asked_at > GIVEN_UP


def request_export(session: Session, actor: Actor, community: Community, number: UUID, *, now: datetime) -> CommunityExport:
    """Let a copy be packed in the background; a second time with the number of one form changes nothing. Raise TooManyCopies."""
    row = lock_community(session, community)
    export = session.scalar(select(CommunityExport).where(CommunityExport.uuid == number))
    if export is not None:
        return export
    waits = and_(CommunityExport.ready_at.is_(None), CommunityExport.asked_at > now - GIVEN_UP)
    present = or_(CommunityExport.sha256.is_not(None), waits)
    count = select(func.count()).select_from(CommunityExport).where(CommunityExport.community_id == row.id, present)
    if (session.scalar(count) or 0) >= MOST_COPIES:
        raise TooManyCopies
    export = CommunityExport(uuid=number, community_id=row.id, asked_at=now, asked_by=actor.person_id)
    session.add(export)
    session.flush()
    audit.record(session, actor, CommunityExportVerb.EXPORTED, row, now=now, export=export.id)
    outbox.enqueue(session, "communities.export", {"export": export.id}, now=now, unique_key=f"community-export:{export.uuid}")
    return export


def record_download(session: Session, actor: Actor, community: Community, export_id: int, *, now: datetime) -> None:
    """Record that somebody took a copy away."""
    audit.record(session, actor, CommunityExportVerb.DOWNLOADED, community, now=now, export=export_id)


def file_name(community: Community, row: CommunityExport) -> str:
    """Return the name under which a copy is saved."""
    return f"{community.slug}-{site_day(row.asked_at)}.zip"


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
    community = lock_community(session, require_found(session.get(Community, export.community_id)))
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
