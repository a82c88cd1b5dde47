"""Pages of a community, and the history of its concept note: each saved text stays; two who write at once lose nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, literal, select
from sqlalchemy.orm import Session

from accounts.models import Person
from communities import acts, standing
from communities.communities import CommunityVerb
from communities.models import NOTE_SLUG, Community, CommunityPage, CommunityPageVersion
from communities.space import CommunityAction, CommunityContext, RowContext
from discussions.own_data import ERASURE_QUESTION as WRITTEN
from kernel.audit import Verb
from kernel.db import require_room
from kernel.errors import N_, Invalid
from kernel.i18n import _
from kernel.markup.model import MarkupContext, RenderedText
from kernel.markup.posts import render_post
from kernel.markup.render import render_lesson
from kernel.markup.source import compare_lines
from kernel.markup.source import slug as slug_of
from kernel.permissions import Actor
from kernel.personal import PersonalTables
from kernel.row_versions import change_row
from spaces.acts import added

LONGEST_PAGE = 100_000
MOST_PAGES = 200


class CommunityPageVerb(
    Verb,
    facts={
        "page": N_("Page"),
    },
):
    """The audit verbs of pages of communities."""

    WRITTEN = "community_page.written", N_("Wrote a page of a community")
    DELETED = "community_page.deleted", N_("Deleted a page of a community")
    RESTORED = "community_page.restored", N_("Restored a page of a community")


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
    """Add a page. Raise NoLongerAllowed, NoRoom."""
    community = acts.begin(session, actor, context, CommunityAction.WRITE_PAGE, now=now).row
    require_room(session, MOST_PAGES, CommunityPage, CommunityPage.community_id == community.id, CommunityPage.deleted_at.is_(None))
    row = CommunityPage(community_id=community.id, slug=_free_slug(session, community.id, values.title), **_columns(values))
    act = added(session, actor, row, community, now=now)
    _add_version(session, actor, row, values.title, values.source, html, now=now)
    act.note(CommunityPageVerb.WRITTEN, page=row.id)
    return row


def _columns(values: PageValues) -> dict[str, Any]:
    return {name: getattr(values, name) for name in ("title", "category", "position", "members_only")}


def change_page(
    session: Session, actor: Actor, context: RowContext[CommunityPage], values: PageValues, html: str, *, seen: str, now: datetime
) -> bool:
    """Save another text of a page; return whether anything changed. Raise NoLongerAllowed, RowWasChanged."""
    act = acts.begin(session, actor, context, CommunityAction.WRITE_PAGE, seen, now=now)
    present = latest_version(session, act.row.id)
    is_written = (present.source, present.title) != (values.source, values.title)
    changed = act.change(_columns(values), also=is_written)
    if is_written:
        _add_version(session, actor, act.row, values.title, values.source, html, now=now)
    if changed or is_written:
        act.note(CommunityPageVerb.WRITTEN, page=act.row.id, changed=changed)
    return bool(changed) or is_written


def set_deleted(session: Session, actor: Actor, context: RowContext[CommunityPage], *, is_deleted: bool, now: datetime) -> None:
    """Delete a page, whose texts stay for those who may write it, or restore it."""
    act = acts.begin(session, actor, context, CommunityAction.WRITE_PAGE, now=now)
    act.change({"deleted_at": now if is_deleted else None})
    act.note(CommunityPageVerb.DELETED if is_deleted else CommunityPageVerb.RESTORED, page=act.row.id)


def set_members_write(session: Session, actor: Actor, community: Community, members_write: bool, *, now: datetime) -> bool:
    """Let members write pages, or administrators alone; return whether anything changed."""
    act = acts.begin(session, actor, community, now=now)
    if act.row.members_write == members_write:
        return False
    act.row.members_write = members_write
    act.note(CommunityVerb.CHANGED, members_write=members_write)
    return True


def change_texts(session: Session, actor: Actor, community: Community, texts: Mapping[str, str], *, seen: str, now: datetime) -> bool:
    """Change texts of the front page, whose former ones stay in its history; return whether anything changed.

    Raise RowWasChanged.
    """
    act = acts.begin(session, actor, community, seen=seen, now=now)
    row = act.row
    changed = {name: text for name, text in texts.items() if row.texts.get(name, "") != text}
    if not changed:
        return False
    html = {**row.html, **{name: render_post(text) for name, text in changed.items()}}
    act.change({"texts": {**row.texts, **changed}, "html": html, "changed_at": now})
    _keep_texts(session, actor, row, now=now)
    act.note(CommunityVerb.CHANGED, texts=sorted(changed))
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


get_page = acts.loader(CommunityPage, CommunityPage.slug, CommunityPage.slug != NOTE_SLUG)


def get_note(session: Session, actor: Actor, slug: str) -> RowContext[CommunityPage]:
    """Return the history of a community's concept note; raise NotFound where nothing was written yet."""
    return _get_note(session, actor, slug, NOTE_SLUG)


_get_note = acts.loader(CommunityPage, CommunityPage.slug)


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
            change_row(page, {"title": title}, also=True)


ERASURE_QUESTION = replace(WRITTEN, column=CommunityPageVersion.person_id, follow=follow_answer, shared=WRITTEN.name)
