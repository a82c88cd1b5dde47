"""Pages on what is kept of a community: copies that its administrators take along, and its deletion."""

from uuid import uuid4

from flask import Blueprint, request
from wtforms import HiddenField

from communities import communities, copies, life
from communities.copies import CommunityExportContext, TooManyCopies
from communities.life import NameNotTyped, NotDeletable
from communities.models import CommunityExport
from communities.space import CommunityAction, CommunityContext
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _, lazy_, site_day
from kernel.web.after_response import leave_record
from kernel.web.file_responses import send_content
from kernel.web.forms import Form, as_uuid, line
from kernel.web.request import Answer, current_actor, current_session, file_store, is_read_only_request, page, requires, see_page

keeping_bp = Blueprint("communities_keeping", __name__)


class CommunityExportForm(Form):
    """A copy; its number is that of the form, so that a second press has no second effect."""

    number = HiddenField()


def _stage(row: CommunityExport) -> str:
    if row.ended_at is not None:
        return "ended"
    if row.ready_at is not None:
        return "ready"
    return "failed" if clock.now() - row.asked_at > copies.GIVEN_UP else "packing"


@keeping_bp.route("/communities/<slug>/manage/export", methods=["GET", "POST"])
@requires(CommunityAction.EXPORT, communities.get_community)
def export(context: CommunityContext) -> Answer:
    """List the copies of a community, and let another one be packed."""
    form, session, community = CommunityExportForm(), current_session(), context.community
    if is_read_only_request():
        form.number.data = str(uuid4())
    if form.validate_on_submit():
        number = as_uuid(form.number.data or "") or uuid4()
        with form.refusals(None, TooManyCopies):
            copies.request_export(session, current_actor(), community, number, now=clock.now())
            message = _("The copy is being prepared. You will be notified when it is ready.")
            return see_page("communities_keeping.export", slug=community.slug, flash=message)
    rows = [(row, person.full_name if person else "", _stage(row)) for row, person in copies.list_exports(session, community.id)]
    return page("communities/exports.html", context=context, form=form, rows=rows)


@keeping_bp.get("/communities/<slug>/manage/export/<uuid:export>")
@requires(CommunityAction.EXPORT, copies.get_export)
def download_export(context: CommunityExportContext) -> Answer:
    """Send a copy to be saved, and record who took it."""
    row, community, actor, now = context.export, context.community, current_actor(), clock.now()
    if row.sha256 is None:
        raise NotFound
    name = f"{community.slug}-{site_day(row.asked_at)}.zip"
    sent = send_content(file_store(), row.sha256, copies.MEDIA_TYPE, name, inline=False, cache_control="no-store")
    if request.method == "GET":
        leave_record(lambda session: copies.record_download(session, actor, community, row.id, now=now))
    return sent


class CommunityDeletionForm(Form):
    """The name of a community, typed by who deletes it."""

    name = line(lazy_("Name of the community"), most=120)


@keeping_bp.route("/communities/<slug>/manage/deletion", methods=["GET", "POST"])
@requires(CommunityAction.DELETE, communities.get_community)
def delete(context: CommunityContext) -> Answer:
    """Delete a community after a page that says what goes, of which nobody finds anything from then on."""
    form, session, actor, community = CommunityDeletionForm(), current_session(), current_actor(), context.community
    if form.validate_on_submit():
        with form.refusals(form.name, NameNotTyped), form.refusals(None, NotDeletable):
            life.delete_community(session, actor, community, form.name.data or "", now=clock.now())
            message = _("The community was deleted: no one finds it any more.")
            return see_page("communities.community_list", flash=message)
    return page(
        "communities/deletion.html",
        context=context,
        form=form,
        counts=life.count_what_goes(session, community),
        needs_name=life.needs_name(session, actor, community),
    )
