"""Pages of one's own notes: beside a lesson or recording, all of them in a list with search, and as a file."""

from itertools import groupby
from uuid import uuid4

from flask import Blueprint, Response, request
from wtforms import HiddenField, SelectField

from courses.rules import activity_url
from enrolments import learners
from enrolments.access import ActivityContext
from kernel import clock
from kernel.errors import NoRoom
from kernel.i18n import _, choose, lazy_
from kernel.markup.model import ID_PREFIX
from kernel.row_versions import RowWasChanged, version_of
from kernel.web.file_responses import send_text
from kernel.web.forms import Form, area, as_uuid
from kernel.web.request import Answer, current_actor, current_session, is_read_only_request, page, requires, see_page
from kernel.web.table import requested_page, requested_words
from notes import notes
from notes.access import NoteAction
from notes.models import PersonalNote
from notes.notes import LONGEST, NoteAnchor, get_own_note

bp = Blueprint("notes", __name__)

ROWS = 50


class NoteForm(Form):
    """A note, and of a new one the heading at which it stands."""

    heading = SelectField(lazy_("Part of the lesson"), choices=[], default="")
    text = area(lazy_("Your note"), most=LONGEST, required=lazy_("Write your note."))
    seen = HiddenField()


@bp.route("/courses/<slug>/activities/<key>/notes", methods=["GET", "POST"])
@requires(NoteAction.WRITE, learners.get_activity_context)
def of_activity(subject: ActivityContext) -> Answer:
    """Show the reader's notes at a lesson or recording, and keep another one."""
    session, actor, activity, course_id = current_session(), current_actor(), subject.activity, subject.context.course_id
    headings = notes.list_headings(session, activity.id)
    form = NoteForm()
    form.heading.choices = [("", _("The whole lesson")), *headings.items()]
    if is_read_only_request():
        form.heading.data = request.args.get("at", "") if request.args.get("at") in headings else ""
    if form.validate_on_submit():
        anchor = NoteAnchor(
            course_id, activity.key, choose(activity.title), heading=form.heading.data, heading_text=headings.get(form.heading.data, "")
        )
        with form.refusals(form.text, NoRoom):
            number = as_uuid(request.form.get("number", "")) or uuid4()
            notes.write_note(session, actor, anchor, form.text.data or "", number, now=clock.now())
            return see_page("notes.of_activity", slug=subject.outline.slug, key=activity.key, flash=_("The note was saved."))
    rows = notes.list_notes_of_activity(session, actor, course_id, subject.outline, activity.key)
    order = {heading: number for number, heading in enumerate(headings, start=1)} | {"": 0}
    by_heading = sorted(rows, key=lambda row: (order.get(row.heading, len(order)), row.heading, row.id))
    return page(
        "notes/activity.html",
        form=form,
        number=as_uuid(request.form.get("number", "")) or uuid4(),
        outline=subject.outline,
        activity=activity,
        url=activity_url(subject.outline.slug, activity.kind, activity.key),
        headings=headings,
        prefix=ID_PREFIX,
        groups=[(heading, list(group)) for heading, group in groupby(by_heading, key=lambda row: row.heading)],
    )


@bp.get("/learning/notes")
@requires(NoteAction.USE)
def own_notes() -> Answer:
    """List the reader's notes of all courses, or those in which words are found."""
    requested, query = requested_page(ROWS), requested_words()
    rows = notes.list_notes(current_session(), current_actor().person_id or 0, query, offset=requested.offset, limit=requested.size + 1)
    return page("notes/list.html", page=requested.of(rows), query=query, activity_page=_activity_page, prefix=ID_PREFIX)


def _activity_page(slug: str, note: PersonalNote) -> str:
    return activity_url(slug, "page", note.activity_key)  # it leads on to a recording's own page


@bp.get("/learning/notes/file")
@requires(NoteAction.USE)
def as_markdown() -> Response:
    """Send the reader's notes, or those in which words are found, as a Markdown file."""
    rows = notes.list_notes(current_session(), current_actor().person_id or 0, requested_words())
    return send_text(notes.write_markdown(_("My notes"), rows), "text/markdown; charset=utf-8", _("my-notes") + ".md")


@bp.route("/learning/notes/<uuid:note>", methods=["GET", "POST"])
@requires(NoteAction.USE, get_own_note)
def note(row: PersonalNote) -> Answer:
    """Show a note, and change it."""
    form = NoteForm()
    del form.heading
    if is_read_only_request():
        form.text.data, form.seen.data = row.text, version_of(row)
    if form.validate_on_submit():
        with form.refusals(form.text, RowWasChanged):
            changed = notes.change_note(
                current_session(), current_actor(), row, form.text.data or "", seen=form.seen.data or "", now=clock.now()
            )
            return see_page("notes.own_notes", flash=_("The note was saved.") if changed else _("There was nothing to change."))
        form.seen.data = version_of(row)
    return page("notes/note.html", form=form, note=row)


@bp.post("/learning/notes/<uuid:note>/deletion")
@requires(NoteAction.USE, get_own_note)
def delete(row: PersonalNote) -> Response:
    """Delete a note."""
    notes.delete_note(current_session(), current_actor(), row, now=clock.now())
    return see_page("notes.own_notes", flash=_("The note was deleted."))
