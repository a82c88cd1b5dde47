"""Pages of announcements, and of messages to the learners whom a filter finds: write one, look whom it reaches, send it."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, request
from sqlalchemy import Row
from wtforms import BooleanField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired

from courses.versions import get_outline
from enrolments import announcements as enrolments_announcements
from enrolments.access import AnnouncementContext, LearnerContext, LearningAction
from enrolments.announcements import AnnouncementRecipients, AnnouncementText
from enrolments.course_context import WordsField, course_name
from enrolments.editions import list_editions
from enrolments.gradebook import GradebookState
from enrolments.learner_groups import list_groups
from enrolments.learners import get_learner_context
from enrolments.models import Announcement, Edition
from enrolments.views.gradebook import GradebookQuery, filter_words, get_published, gradebook_query, outline_of
from kernel import clock
from kernel.i18n import _, choose, lazy_
from kernel.web.forms import Form, as_uuid, at_most, line
from kernel.web.request import Answer, allows, begin_writing, current_actor, current_session, is_read_only_request, page, requires, see_page
from kernel.web.table import requested_page
from organisations.tree import list_tree


class LearnerMessageForm(Form):
    """A message to learners."""

    heading = line(lazy_("Title"), most=150, required=lazy_("Give it a title."))
    words = WordsField(
        lazy_("Text"),
        [DataRequired(lazy_("Write the announcement.")), at_most(5000)],
    )


class AnnouncementForm(LearnerMessageForm):
    """An announcement, and for whom it is."""

    edition = SelectField(lazy_("Edition"), choices=[], default="")
    group = SelectField(lazy_("Group"), choices=[], default="")
    only_open = BooleanField(lazy_("Only learners who have not completed the course"))

    def offer(self, editions: Sequence[Edition], groups: Sequence[Row[int, UUID, str, int]]) -> None:
        """Let these editions and groups be chosen, or all."""
        all_ = SelectChoice(value="", label=_("All"))
        self.edition.choices = [all_, *(SelectChoice(value=str(row.uuid), label=row.name) for row in editions)]
        self.group.choices = [all_, *(SelectChoice(value=str(row.uuid), label=row.name) for row in groups)]


announcements_bp = Blueprint("enrolments_announcements", __name__)

ROWS = 20


@announcements_bp.route("/teaching/<slug>/announcements", methods=["GET", "POST"])
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
    if not form.validate_on_submit():
        return _page(context, form, number, None)
    edition = next((row.id for row in editions if str(row.uuid) == form.edition.data), None)
    group = next((row.id for row in groups if str(row.uuid) == form.group.data), None)
    audience = AnnouncementRecipients(context.course_id, edition, group, bool(form.only_open.data))
    if "send" not in request.form:
        return _page(context, form, number, enrolments_announcements.count_audience(session, audience, now=clock.now()))
    text = AnnouncementText(number, form.heading.data or "", form.words.data or "")
    enrolments_announcements.send_announcement(begin_writing(), current_actor(), audience, text, now=clock.now())
    return see_page("enrolments_announcements.announcements", slug=context.slug, flash=_("The announcement is being sent."))


@announcements_bp.route("/teaching/<slug>/announcements/<uuid:announcement>", methods=["GET", "POST"])
@requires(LearningAction.CHANGE_ANNOUNCEMENT, enrolments_announcements.get_announcement_context)
def announcement(subject: AnnouncementContext) -> Answer:
    """Correct what was announced."""
    form, row = LearnerMessageForm(), subject.announcement
    if is_read_only_request():
        form.heading.data, form.words.data = row.title, row.words
    if not form.validate_on_submit():
        return page("enrolments/announcement.html", course=course_name(subject.context), form=form, announcement=subject.announcement)
    title, text = form.heading.data or "", form.words.data or ""
    changed = enrolments_announcements.correct_announcement(current_session(), current_actor(), row, title, text, now=clock.now())
    flash(_("The announcement has been corrected.") if changed else _("There was nothing to change."), "ok")
    return see_page("enrolments_announcements.announcements", slug=subject.context.slug)


@announcements_bp.post("/teaching/<slug>/announcements/<uuid:announcement>/withdrawal")
@requires(LearningAction.CHANGE_ANNOUNCEMENT, enrolments_announcements.get_announcement_context)
def withdraw(subject: AnnouncementContext) -> Response:
    """Take back what was announced."""
    enrolments_announcements.withdraw_announcement(current_session(), current_actor(), subject.announcement, now=clock.now())
    return see_page("enrolments_announcements.announcements", slug=subject.context.slug, flash=_("The announcement has been withdrawn."))


def _titles(context: LearnerContext) -> dict[str, str]:
    if context.version_id is None:
        return {}
    outline = get_outline(current_session(), context.version_id)
    return {activity.key: choose(activity.title) for activity in outline.activities()}


def _page(context: LearnerContext, form: AnnouncementForm, number: UUID, people: int | None) -> Response:
    requested = requested_page(ROWS)
    rows = enrolments_announcements.list_announcements(current_session(), context.course_id, offset=requested.offset, limit=ROWS + 1)
    return page(
        "enrolments/announcements.html",
        course=course_name(context),
        form=form,
        number=number,
        people=people,
        changeable={row.Announcement.uuid for row in rows if _is_changeable(context, row.Announcement)},
        titles=_titles(context) if any(row.Announcement.next_key for row in rows) else {},
        page=requested.of(rows),
    )


def _is_changeable(context: LearnerContext, row: Announcement) -> bool:
    return row.withdrawn_at is None and allows(LearningAction.CHANGE_ANNOUNCEMENT, AnnouncementContext(context, row))


messages_bp = Blueprint("enrolments_messages", __name__)


@messages_bp.route("/teaching/<slug>/messages", methods=["GET", "POST"])
@requires(LearningAction.ANNOUNCE, get_published, reads_first=True)
def message(context: LearnerContext) -> Answer:
    """Write to the learners whom the gradebook's filter finds; show how many they are before anything is sent."""
    form, query = LearnerMessageForm(), gradebook_query(request.args, outline_of(context), by_address=True)
    if is_read_only_request():
        return _message_page(context, form, query, uuid4())
    number = as_uuid(request.form.get("number", "")) or uuid4()
    if not form.validate_on_submit():
        return _message_page(context, form, query, number)
    if "send" not in request.form:
        return _message_page(context, form, query, number, checked=True)
    text = AnnouncementText(number, form.heading.data or "", form.words.data or "", is_message=True)
    enrolments_announcements.send_announcement(begin_writing(), current_actor(), _audience(context, query), text, now=clock.now())
    flash(_("The message is being sent."), "ok")
    return see_page("enrolments_announcements.announcements", slug=context.slug)


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


def _message_page(
    context: LearnerContext, form: LearnerMessageForm, query: GradebookQuery, number: UUID, *, checked: bool = False
) -> Response:
    session = current_session()
    editions = {line.edition.uuid: line.edition.name for line in list_editions(session, context.course_id)}
    groups = {group.uuid: group.name for group in list_groups(session, context.course_id)}
    units = {unit.uuid: unit.name for unit in list_tree(session)} if query.wanted.unit else {}
    return page(
        "enrolments/message.html",
        course=course_name(context),
        form=form,
        number=number,
        checked=checked,
        fields=query.address.fields(sort="", direction=""),
        told=filter_words(query.wanted, editions, groups, units, outline_of(context)),
        people=enrolments_announcements.count_audience(session, _audience(context, query), now=clock.now()),
    )
