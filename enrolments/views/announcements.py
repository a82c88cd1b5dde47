"""Announcements to those who take a course, for its team: write one, look whom it reaches, send it."""

from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, render_template, request

from courses.versions import get_outline
from enrolments.course_context import course_name
from enrolments.forms import AnnouncementForm, LearnerMessageForm
from enrolments.models import Announcement
from enrolments.permissions import AnnouncementContext, LearnerContext, LearningAction
from enrolments.queries import announcements as queries
from enrolments.queries.announcements import AnnouncementRecipients
from enrolments.queries.editions import list_editions
from enrolments.queries.learning import get_learner_context, list_groups
from enrolments.services import announcements as services
from enrolments.services.announcements import AnnouncementText
from kernel import clock
from kernel.i18n import _, choose
from kernel.web.forms import as_uuid
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, allows, begin_writing, current_actor, current_session, is_read_only_request, requires, see_page

bp = Blueprint("enrolments_announcements", __name__)

ROWS = 20


@bp.route("/teaching/<slug>/announcements", methods=["GET", "POST"])
@requires(LearningAction.ANNOUNCE, get_learner_context, reads_first=True)
def announcements(context: LearnerContext) -> Answer:
    """List what was announced; show a new announcement with whom it reaches, then send it."""
    form = AnnouncementForm()
    session = current_session()
    editions, groups = [line.edition for line in list_editions(session, context.course_id)], list_groups(session, context.course_id)
    form.offer(editions, groups)
    if is_read_only_request():
        return _page(context, form, uuid4(), None)
    number = as_uuid(request.form.get("number", "")) or uuid4()
    if not form.validate_on_post():
        return _page(context, form, number, None), 422
    edition = next((row.id for row in editions if str(row.uuid) == form.edition.data), None)
    group = next((row.id for row in groups if str(row.uuid) == form.group.data), None)
    audience = AnnouncementRecipients(context.course_id, edition, group, bool(form.only_open.data))
    if "send" not in request.form:
        return _page(context, form, number, queries.count_audience(session, audience, now=clock.now()))
    text = AnnouncementText(number, form.heading.data or "", form.words.data or "")
    services.send_announcement(begin_writing(), current_actor(), audience, text, now=clock.now())
    flash(_("The announcement is being sent."), "ok")
    return see_page("enrolments_announcements.announcements", slug=context.slug)


@bp.route("/teaching/<slug>/announcements/<uuid:announcement>", methods=["GET", "POST"])
@requires(LearningAction.CHANGE_ANNOUNCEMENT, queries.get_announcement_context)
def announcement(subject: AnnouncementContext) -> Answer:
    """Correct what was announced."""
    form, row = LearnerMessageForm(), subject.announcement
    if is_read_only_request():
        form.heading.data, form.words.data = row.title, row.words
        return _correction_page(subject, form)
    if not form.validate_on_post():
        return _correction_page(subject, form), 422
    title, text = form.heading.data or "", form.words.data or ""
    changed = services.correct_announcement(current_session(), current_actor(), row, title, text, now=clock.now())
    flash(_("The announcement has been corrected.") if changed else _("There was nothing to change."), "ok")
    return see_page("enrolments_announcements.announcements", slug=subject.context.slug)


def _correction_page(subject: AnnouncementContext, form: LearnerMessageForm) -> str:
    return render_template(
        "enrolments/announcement.html", course=course_name(subject.context), form=form, announcement=subject.announcement
    )


@bp.post("/teaching/<slug>/announcements/<uuid:announcement>/withdrawal")
@requires(LearningAction.CHANGE_ANNOUNCEMENT, queries.get_announcement_context)
def withdraw(subject: AnnouncementContext) -> Response:
    """Take back what was announced."""
    services.withdraw_announcement(current_session(), current_actor(), subject.announcement, now=clock.now())
    flash(_("The announcement has been withdrawn."), "ok")
    return see_page("enrolments_announcements.announcements", slug=subject.context.slug)


def _titles(context: LearnerContext) -> dict[str, str]:
    if context.version_id is None:
        return {}
    outline = get_outline(current_session(), context.version_id)
    return {activity.key: choose(activity.title) for activity in outline.activities()}


def _page(context: LearnerContext, form: AnnouncementForm, number: UUID, people: int | None) -> str:
    requested = requested_page(ROWS)
    rows = queries.list_announcements(current_session(), context.course_id, offset=requested.offset, limit=ROWS + 1)
    return render_template(
        "enrolments/announcements.html",
        course=course_name(context),
        form=form,
        number=number,
        people=people,
        changeable={row.announcement.uuid for row in rows if _is_changeable(context, row.announcement)},
        titles=_titles(context) if any(row.announcement.next_key for row in rows) else {},
        page=Page(rows[:ROWS], requested.number, len(rows) > ROWS),
    )


def _is_changeable(context: LearnerContext, row: Announcement) -> bool:
    return row.withdrawn_at is None and allows(LearningAction.CHANGE_ANNOUNCEMENT, AnnouncementContext(context, row))
