"""Pages of what a community leads to: its tools, the picture and logos of its front page, and where its administrators change them."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Blueprint, Response, request
from wtforms import Field, SelectField, ValidationError

from communities import communities, links
from communities.files import SentFile
from communities.links import LinkIsThere, LinkValues, UnknownTarget
from communities.models import CommunityLink, CommunityLinkKind, CommunityReach
from communities.space import CommunityAction, CommunityContext, RowContext
from communities.views.communities import head_of
from discussions.files import CheckedFile
from kernel import clock
from kernel.errors import Invalid, NoRoom, NotFound, require_found
from kernel.files import StoredFile
from kernel.i18n import _, lazy_
from kernel.pictures import LARGEST_PHOTOGRAPH, cleaned_logo, cleaned_photograph
from kernel.row_versions import RowWasChanged
from kernel.web.file_responses import send_content
from kernel.web.forms import FileField, Form, line, whole_number
from kernel.web.request import Answer, begin_writing, current_actor, current_session, file_store, page, reading_file, requires, see_page

links_bp = Blueprint("communities_links", __name__)

BODY_LIMIT = LARGEST_PHOTOGRAPH + 1_000_000


@links_bp.get("/communities/<slug>/tools")
@requires(CommunityAction.READ, communities.get_community)
def tools(context: CommunityContext) -> Answer:
    """List the tools of a community."""
    rows = links.list_links(current_session(), current_actor(), context.community.id)[CommunityLinkKind.TOOL.value]
    return page("communities/tools.html", context=context, head=head_of(context), rows=rows)


def _send_picture(context: CommunityContext, stored_file_id: int | None) -> Response:
    """Send a picture of a front page: caches may keep it only where everyone finds the community."""
    stored = current_session().get_one(StoredFile, require_found(stored_file_id))
    is_public = context.community.reach == CommunityReach.EVERYONE and context.community.state != "draft"
    caching = "public, max-age=86400" if is_public else "private, no-store"
    return send_content(file_store(), stored.sha256, stored.media_type, "picture", inline=True, cache_control=caching)


@links_bp.get("/communities/<slug>/picture/<int:number>")
@requires(CommunityAction.VIEW, lambda session, actor, slug, number: communities.get_community(session, actor, slug))
def picture(context: CommunityContext) -> Response:
    """Send the picture of a front page; its address changes with it."""
    if context.community.picture_id != (request.view_args or {})["number"]:
        raise NotFound
    return _send_picture(context, context.community.picture_id)


@links_bp.get("/communities/<slug>/links/<int:link>/logo")
@requires(CommunityAction.VIEW, links.get_link)
def logo(context: RowContext[CommunityLink]) -> Response:
    """Send the logo of a supporter."""
    return _send_picture(context, context.row.picture_id)


_ADDRESS = re.compile(r"https?://[^\s/]\S*|/(?!/)\S*")


class RelatedForm(Form):
    """A related community."""

    target = SelectField(lazy_("Community"), choices=[], validate_choice=False)  # the service knows what can be chosen now


class LinkedCourseForm(RelatedForm):
    """A course."""

    target = SelectField(lazy_("Course"), choices=[], validate_choice=False)


class ToolForm(Form):
    """A tool."""

    title = line(lazy_("Name"), most=150, required=lazy_("Write a name."))
    address = line(lazy_("Address"), most=300, required=lazy_("Write its address."))
    text = line(lazy_("Explanation"), most=300)

    def validate_address(self, field: Field) -> None:
        """Refuse what is no address of the web or of this site."""
        if field.data and not _ADDRESS.fullmatch(field.data):
            raise ValidationError(_("Write the address with https:// at its beginning, or with / where it is on this site."))


class SupporterForm(ToolForm):
    """A sponsor or a champion."""

    address = line(lazy_("Address"), most=300)
    text = line(lazy_("Explanation"), most=300)
    logo = FileField(lazy_("Logo (PNG or SVG)"))


FORMS: Mapping[CommunityLinkKind, type[RelatedForm | ToolForm]] = {
    CommunityLinkKind.SUPPORTER: SupporterForm,
    CommunityLinkKind.TOOL: ToolForm,
    CommunityLinkKind.RELATED: RelatedForm,
    CommunityLinkKind.COURSE: LinkedCourseForm,
}


class PictureForm(Form):
    """The picture of a front page."""

    picture = FileField(lazy_("Picture (PNG, JPEG or WebP)"))
    alt = line(lazy_("What it shows, for those who do not see it"), most=150)


def keep_upload(form: Form, field: FileField, keep: Callable[[str, bytes], CheckedFile]) -> SentFile:
    """Keep a file that was sent; return None without one, with the fault on its field where it cannot be kept."""
    sent = field.data
    if sent and sent.filename:
        with form.refusals(field, Invalid), reading_file():
            return keep(sent.filename, sent.read())
    return None


def _keep_picture(clean: Callable[[bytes], tuple[bytes, str]], _name: str, sent: bytes) -> CheckedFile:
    content, media_type = clean(sent)
    return CheckedFile("", file_store().put(content), len(content), media_type)


def _page(context: CommunityContext, filled: Form | None = None) -> Response:
    """Show the links of a community with a form for each kind; one of the forms may be filled and refused."""
    session, actor, row = current_session(), current_actor(), context.community
    forms = {kind: filled if type(filled) is form else form(None, prefix=kind) for kind, form in FORMS.items()}
    for kind in links.TARGETS:
        forms[kind].target.choices = [(str(number), title) for number, title in links.list_choices(session, actor, row, kind)]
    picture_form = filled if isinstance(filled, PictureForm) else PictureForm(None, alt=row.picture_alt)
    return page(
        "communities/links.html",
        context=context,
        forms_by_kind=forms,
        form=filled or picture_form,
        picture=picture_form,
        rows=links.list_links(session, actor, row.id),
        seen=str(row.row_version),
    )


def _values(kind: CommunityLinkKind, data: Mapping[str, Any]) -> LinkValues:
    target = whole_number(data["target"] or "") if kind in links.TARGETS else None
    return LinkValues(kind, target, **{name: data.get(name) or "" for name in ("title", "text", "address")})


@links_bp.get("/communities/<slug>/manage/links")
@requires(CommunityAction.EDIT, communities.get_community)
def manage_links(context: CommunityContext) -> Answer:
    """Show the picture, supporters, tools, related communities and courses of a community, and where they are changed."""
    return _page(context)


@links_bp.post("/communities/<slug>/manage/links/<any(related, course, supporter, tool):kind>")
@requires(CommunityAction.EDIT, lambda session, actor, slug, kind: communities.get_community(session, actor, slug), reads_first=True,
          body_limit=BODY_LIMIT)  # fmt: skip
def add_link(context: CommunityContext) -> Answer:
    """Add a link of a kind behind the others."""
    kind = CommunityLinkKind((request.view_args or {})["kind"])
    form = FORMS[kind](prefix=kind)
    if form.validate_on_submit():
        content = keep_upload(form, form.logo, partial(_keep_picture, cleaned_logo)) if isinstance(form, SupporterForm) else None
        if not form.errors:
            session, actor = begin_writing(), current_actor()
            present = communities.get_community(session, actor, context.community.slug)
            with form.refusals(None, NoRoom, LinkIsThere, UnknownTarget):
                links.add_link(session, actor, present, _values(kind, form.data), content, now=clock.now())
                return see_page("communities_links.manage_links", slug=context.community.slug, flash=_("Added."))
    return _page(context, form)


@links_bp.post("/communities/<slug>/manage/links/<int:link>")
@requires(CommunityAction.EDIT, links.get_link)
def change_link(context: RowContext[CommunityLink]) -> Response:
    """Move a link up, or remove it."""
    acts = {"up": (links.move_up, _("Moved up.")), "remove": (links.remove_link, _("Removed."))}
    act, message = acts["up" if request.form.get("act") == "up" else "remove"]
    act(current_session(), current_actor(), context, now=clock.now())
    return see_page("communities_links.manage_links", slug=context.community.slug, flash=message)


@links_bp.post("/communities/<slug>/manage/picture")
@requires(CommunityAction.EDIT, communities.get_community, reads_first=True, body_limit=BODY_LIMIT)
def set_picture(context: CommunityContext) -> Answer:
    """Give the front page a picture, change its description, or take it away."""
    form, slug, is_removed = PictureForm(), context.community.slug, request.form.get("act") == "remove"
    if form.validate_on_submit():
        content = None if is_removed else keep_upload(form, form.picture, partial(_keep_picture, cleaned_photograph))
        if not form.errors:
            session, actor, now = begin_writing(), current_actor(), clock.now()
            present = communities.get_community(session, actor, slug)
            with form.refusals(None, RowWasChanged):
                if is_removed:
                    changed = links.remove_picture(session, actor, present, now=now)
                else:
                    alt, seen = form.alt.data or "", request.form.get("seen", "")
                    changed = links.set_picture(session, actor, present, content, alt, seen=seen, now=now)
                message = _("Saved.") if changed else _("There was nothing to change.")
                return see_page("communities_links.manage_links", slug=slug, flash=message)
    return _page(context, form)
