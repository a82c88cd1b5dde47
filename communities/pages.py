"""Pages of a community, and the history of its concept note: each saved text stays; two who write at once lose nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, literal, select
from sqlalchemy.orm import Session

from accounts.models import Person
from communities import communities, search, standing
from communities.access import CommunityAction, CommunityContext, CommunityPageContext
from communities.communities import CommunityVerb, CommunityWasChanged, lock_community, lock_for
from communities.models import NOTE_SLUG, Community, CommunityPage, CommunityPageVersion
from discussions.own_data import ERASURE_QUESTION as WRITTEN
from kernel import audit
from kernel.audit import Verb
from kernel.db import count_rows
from kernel.errors import N_, Conflict, Invalid, require_found
from kernel.i18n import _
from kernel.markup.model import MarkupContext, RenderedText
from kernel.markup.posts import render_post
from kernel.markup.render import render_lesson
from kernel.markup.source import compare_lines
from kernel.markup.source import slug as slug_of
from kernel.permissions import Actor
from kernel.personal import PersonalTables

LONGEST_PAGE = 100_000
MOST_PAGES = 200


class CommunityPageVerb(Verb):
    """The audit verbs of pages of communities."""

    WRITTEN = "community_page.written", N_("Wrote a page of a community")
    DELETED = "community_page.deleted", N_("Deleted a page of a community")
    RESTORED = "community_page.restored", N_("Restored a page of a community")


class PageWasChanged(Conflict):
    """Somebody saved the page since it was opened."""

    message = N_("Someone saved this page meanwhile. Their text is below yours: bring both together, and save again.")


class TooManyPages(Conflict):
    """A community has as many pages as it can."""

    message = N_("A community has at most 200 pages. Delete one first.")


class PageNotRendered(Invalid):
    """A text cannot be shown."""

    message = N_("The text cannot be shown: %(problem)s")


@dataclass(frozen=True, slots=True)
class PageValues:
    """A page as it is written."""

    title: str
    source: str
    category: str = ""
    position: int = 0
    members_only: bool = False


def _add_version(session: Session, actor: Actor, row: CommunityPage, title: str, source: str, html: str, *, now: datetime) -> None:
    number = session.scalar(select(func.max(CommunityPageVersion.number)).where(CommunityPageVersion.page_id == row.id)) or 0
    written = {"page_id": row.id, "number": number + 1, "title": title, "source": source, "html": html}
    session.add(CommunityPageVersion(**written, person_id=actor.person_id, written_at=now))
    session.flush()


def render_page(source: str, language: str) -> RenderedText:
    """Return a text as it is shown, with what of it is not; raise PageNotRendered where it is too large or too deep."""
    rendered = render_lesson(source, MarkupContext(language))
    refused = next((problem for problem in rendered.problems if problem.code == "C105"), None)
    if refused is not None:
        raise PageNotRendered(problem=_(refused.text, **refused.facts))
    return rendered


def _free_slug(session: Session, community_id: int, title: str) -> str:
    base = slug_of(title)[:48].strip("-") or "pagina"
    known = select(CommunityPage.slug).where(CommunityPage.community_id == community_id, CommunityPage.slug.startswith(base))
    taken = {*session.scalars(known), "new"}
    return base if base not in taken else next(name for number in range(2, 1_000) if (name := f"{base}-{number}") not in taken)


def add_page(session: Session, actor: Actor, context: CommunityContext, values: PageValues, html: str, *, now: datetime) -> CommunityPage:
    """Add a page. Raise NoLongerAllowed, TooManyPages."""
    community = lock_for(session, actor, context, CommunityAction.WRITE_PAGE)
    if count_rows(session, CommunityPage, CommunityPage.community_id == community.id, CommunityPage.deleted_at.is_(None)) >= MOST_PAGES:
        raise TooManyPages
    row = CommunityPage(community_id=community.id, slug=_free_slug(session, community.id, values.title), **_columns(values))
    session.add(row)
    session.flush()
    _add_version(session, actor, row, values.title, values.source, html, now=now)
    search.note_changed(session, row, now=now)
    audit.record(session, actor, CommunityPageVerb.WRITTEN, community, now=now, page=row.id)
    return row


def _columns(values: PageValues) -> dict[str, Any]:
    return {name: getattr(values, name) for name in ("title", "category", "position", "members_only")}


def change_page(
    session: Session, actor: Actor, context: CommunityPageContext, values: PageValues, html: str, *, seen: str, now: datetime
) -> bool:
    """Save another text of a page; return whether anything changed. Raise NoLongerAllowed, PageWasChanged."""
    community = lock_for(session, actor, context, CommunityAction.WRITE_PAGE)
    row = session.get_one(CommunityPage, context.page.id, populate_existing=True)
    if seen != str(row.row_version):
        raise PageWasChanged
    changed = {name: value for name, value in _columns(values).items() if getattr(row, name) != value}
    present = latest_version(session, row.id)
    if not changed and present.source == values.source:
        return False
    for name, value in changed.items():
        setattr(row, name, value)
    row.row_version += 1
    if present.source != values.source or present.title != values.title:
        _add_version(session, actor, row, values.title, values.source, html, now=now)
    search.note_changed(session, row, now=now)
    audit.record(session, actor, CommunityPageVerb.WRITTEN, community, now=now, page=row.id, changed=sorted(changed))
    return True


def set_deleted(session: Session, actor: Actor, context: CommunityPageContext, *, is_deleted: bool, now: datetime) -> None:
    """Delete a page, whose texts stay for those who may write it, or restore it."""
    community = lock_for(session, actor, context, CommunityAction.WRITE_PAGE)
    context.page.deleted_at, context.page.row_version = now if is_deleted else None, context.page.row_version + 1
    search.note_changed(session, context.page, now=now)
    verb = CommunityPageVerb.DELETED if is_deleted else CommunityPageVerb.RESTORED
    audit.record(session, actor, verb, community, now=now, page=context.page.id)


def change_texts(session: Session, actor: Actor, community: Community, texts: Mapping[str, str], *, seen: str, now: datetime) -> bool:
    """Change texts of the front page, whose former ones stay in its history; return whether anything changed.

    Raise CommunityWasChanged.
    """
    row = lock_community(session, community)
    if seen != str(row.row_version):
        raise CommunityWasChanged
    changed = {name: text for name, text in texts.items() if row.texts.get(name, "") != text}
    if not changed:
        return False
    row.texts = {**row.texts, **changed}
    row.html = {**row.html, **{name: render_post(text) for name, text in changed.items()}}
    row.row_version, row.changed_at = row.row_version + 1, now
    _keep_texts(session, actor, row, now=now)
    audit.record(session, actor, CommunityVerb.CHANGED, row, now=now, texts=sorted(changed))
    return True


def _keep_texts(session: Session, actor: Actor, row: Community, *, now: datetime) -> None:
    page = session.scalar(select(CommunityPage).where(CommunityPage.community_id == row.id, CommunityPage.slug == NOTE_SLUG))
    if page is None:
        page = CommunityPage(community_id=row.id, slug=NOTE_SLUG, title=row.name)
        session.add(page)
        session.flush()
    source = "\n\n".join(f"## {name}\n\n{text}" for name, text in row.texts.items() if text)
    _add_version(session, actor, page, row.name, source, "", now=now)


def list_pages(session: Session, community_id: int, *, is_inside: bool) -> list[CommunityPage]:
    """List the pages of a community that a reader may open, by category and order."""
    shown = (CommunityPage.community_id == community_id, CommunityPage.slug != NOTE_SLUG, CommunityPage.deleted_at.is_(None))
    is_open = () if is_inside else (CommunityPage.members_only.is_(False),)
    order = (CommunityPage.category, CommunityPage.position, CommunityPage.title, CommunityPage.id)
    return list(session.scalars(select(CommunityPage).where(*shown, *is_open).order_by(*order)))


def list_deleted(session: Session, community_id: int) -> list[CommunityPage]:
    """List the deleted pages of a community, for those who may restore them, the latest first."""
    gone = (CommunityPage.community_id == community_id, CommunityPage.deleted_at.is_not(None))
    return list(session.scalars(select(CommunityPage).where(*gone).order_by(CommunityPage.deleted_at.desc()).limit(MOST_PAGES)))


def latest_version(session: Session, page_id: int) -> CommunityPageVersion:
    """Return the present text of a page."""
    statement = select(CommunityPageVersion).where(CommunityPageVersion.page_id == page_id)
    return session.scalars(statement.order_by(CommunityPageVersion.number.desc()).limit(1)).one()


def compare_with_saved(session: Session, page_id: int, source: str) -> list[tuple[str, str]]:
    """Return the lines of a text against the present one of a page: those of the former alone with `-`, of the latter with `+`."""
    return compare_lines(source, latest_version(session, page_id).source)


def get_page(session: Session, actor: Actor, slug: str, key: str) -> CommunityPageContext:
    """Return a page of a community; raise NotFound."""
    return _get(session, actor, slug, CommunityPage.slug == key, CommunityPage.slug != NOTE_SLUG)


def get_note(session: Session, actor: Actor, slug: str) -> CommunityPageContext:
    """Return the history of a community's concept note; raise NotFound where nothing was written yet."""
    return _get(session, actor, slug, CommunityPage.slug == NOTE_SLUG)


def _get(session: Session, actor: Actor, slug: str, *which: ColumnElement[bool]) -> CommunityPageContext:
    context = communities.get_community(session, actor, slug)
    row = require_found(session.scalar(select(CommunityPage).where(CommunityPage.community_id == context.community.id, *which)))
    values = communities.within(context) | {"is_private_item": row.members_only or row.deleted_at is not None}
    return CommunityPageContext(**values, page=row)


def list_steps(
    session: Session, page_id: int, *, offset: int, limit: int
) -> list[tuple[CommunityPageVersion, Person | None, Sequence[tuple[str, str]]]]:
    """List some texts of a page with who wrote them, the newest first, each compared with the one before it.

    Its lines have `+`, `-` or nothing before them.
    """
    statement = select(CommunityPageVersion, Person).outerjoin(Person, Person.id == CommunityPageVersion.person_id)
    of_page = statement.where(CommunityPageVersion.page_id == page_id).order_by(CommunityPageVersion.number.desc())
    rows = session.execute(of_page.offset(offset).limit(limit + 1)).all()
    texts = [*(row.CommunityPageVersion.source for row in rows), ""]
    return [
        (row.CommunityPageVersion, row.Person, compare_lines(before, after))
        for row, after, before in zip(rows[:limit], texts, texts[1:], strict=False)
    ]


def select_own_data(person_id: int) -> PersonalTables:
    """Return the texts that a person wrote in pages of communities, for the copy of their data."""
    version = CommunityPageVersion
    known = standing.name_known_to(literal(person_id)).label("community")
    columns: Select[*tuple[Any, ...]] = select(known, version.title, version.source, version.written_at)
    statement = columns.join(CommunityPage, CommunityPage.id == version.page_id).join(Community, Community.id == CommunityPage.community_id)
    return {"community_pages": statement.where(version.person_id == person_id)}


def follow_answer(session: Session, person_id: int, answer: str, *, now: datetime) -> None:
    """Delete the texts of somebody who deletes their account and wants it; a page that others wrote on too has the last of theirs.

    The present texts of front pages are those of their communities, and stay.
    """
    del now
    if answer != "withdraw":
        return
    own = delete(CommunityPageVersion).where(CommunityPageVersion.person_id == person_id).returning(CommunityPageVersion.page_id)
    touched = set(session.scalars(own))
    for page in session.scalars(select(CommunityPage).where(CommunityPage.id.in_(touched)).order_by(CommunityPage.id)).all():
        last = select(CommunityPageVersion.title).where(CommunityPageVersion.page_id == page.id)
        title = session.scalar(last.order_by(CommunityPageVersion.number.desc()).limit(1))
        if title is None:
            session.delete(page)
        else:
            page.title, page.row_version = title, page.row_version + 1


ERASURE_QUESTION = replace(WRITTEN, column=CommunityPageVersion.person_id, follow=follow_answer, shared=WRITTEN.name)
