"""Messages to those learners of a course whom a filter finds, for its team: write one, look whom it reaches, send it."""

from typing import cast
from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from enrolments.course_context import course_name
from enrolments.forms import LearnerMessageForm
from enrolments.pages.gradebook import GradebookQuery, filter_words, gradebook_query
from enrolments.permissions import LearnerContext, LearningAction
from enrolments.queries import announcements as queries
from enrolments.queries.announcements import AnnouncementRecipients
from enrolments.queries.editions import list_editions
from enrolments.queries.gradebook import GradebookState
from enrolments.queries.learning import list_groups
from enrolments.services import announcements as services
from enrolments.services.announcements import AnnouncementText
from enrolments.views.gradebook import get_published, outline_of
from kernel import clock
from kernel.i18n import _
from kernel.web.forms import as_uuid
from kernel.web.request import Answer, begin_writing, current_actor, current_session, is_read_only_request, requires
from organisations.tree import list_tree

bp = Blueprint("enrolments_messages", __name__)


@bp.route("/teaching/<slug>/messages", methods=["GET", "POST"])
@requires(LearningAction.ANNOUNCE, get_published, reads_first=True)
def message(context: LearnerContext) -> Answer:
    """Write to the learners whom the gradebook's filter finds; show how many they are before anything is sent."""
    form, query = LearnerMessageForm(), gradebook_query(request.args, outline_of(context), by_address=True)
    if is_read_only_request():
        return _page(context, form, query, uuid4())
    number = as_uuid(request.form.get("number", "")) or uuid4()
    if not form.validate_on_post():
        return _page(context, form, query, number), 422
    if "send" not in request.form:
        return _page(context, form, query, number, checked=True)
    text = AnnouncementText(number, form.heading.data or "", form.words.data or "", is_message=True)
    services.send_announcement(begin_writing(), current_actor(), _audience(context, query), text, now=clock.now())
    flash(_("The message is being sent."), "ok")
    return cast("Response", redirect(url_for("enrolments_announcements.announcements", slug=context.slug), code=303))


def _audience(context: LearnerContext, query: GradebookQuery) -> AnnouncementRecipients:
    """Return whom the filter finds; an edition, group or unit that there is not finds nobody."""
    session, filters = current_session(), query.wanted
    editions = {line.edition.uuid: line.edition.id for line in list_editions(session, context.course_id)}
    groups = {group.uuid: group.id for group in list_groups(session, context.course_id)}
    return AnnouncementRecipients(
        context.course_id,
        None if filters.edition is None else editions.get(filters.edition, 0),
        None if filters.group is None else groups.get(filters.group, 0),
        only_open=filters.state is GradebookState.OPEN,
        only_completed=filters.state is GradebookState.COMPLETED,
        words=filters.words,
        unit=filters.unit,
        next_key=filters.next_key,
        idle_days=filters.idle_days,
    )


def _page(context: LearnerContext, form: LearnerMessageForm, query: GradebookQuery, number: UUID, *, checked: bool = False) -> str:
    session = current_session()
    editions = {line.edition.uuid: line.edition.name for line in list_editions(session, context.course_id)}
    groups = {group.uuid: group.name for group in list_groups(session, context.course_id)}
    units = {unit.uuid: unit.name for unit in list_tree(session)} if query.wanted.unit else {}
    return render_template(
        "enrolments/message.html",
        course=course_name(context),
        form=form,
        number=number,
        checked=checked,
        fields=query.query(sort="", direction=""),
        told=filter_words(query.wanted, editions, groups, units, outline_of(context)),
        people=queries.count_audience(session, _audience(context, query), now=clock.now()),
    )
