"""Pages of the reminders that people write for themselves."""

from uuid import uuid4

from flask import Blueprint, Response, flash, render_template, request

from enrolments.calendar_permissions import CalendarAction
from enrolments.forms import ReminderForm
from enrolments.models import PersonalReminder
from enrolments.queries.calendar import get_own_reminder, list_course_choices
from enrolments.services import reminders as services
from enrolments.services.reminders import TooManyReminders
from kernel import clock
from kernel.i18n import _
from kernel.web.forms import as_uuid
from kernel.web.request import Answer, current_actor, current_session, is_read_only_request, requires, see_page

bp = Blueprint("enrolments_reminders", __name__, url_prefix="/calendar/reminders")


def _form(row: PersonalReminder | None = None) -> ReminderForm:
    form = ReminderForm()
    form.offer(list_course_choices(current_session(), current_actor().person_id, also=row.course_id if row else None))
    return form


@bp.route("/new", methods=["GET", "POST"])
@requires(CalendarAction.USE)
def new_reminder() -> Answer:
    """Show an empty reminder, and keep what was written."""
    form = _form()
    if is_read_only_request():
        form.begin(request.args.get("day", ""))
        return _page(form, None)
    number = as_uuid(request.form.get("number", "")) or uuid4()
    if form.validate_on_post() and form.is_to_come(clock.now()):
        try:
            services.write_reminder(current_session(), current_actor(), form.command(), number, now=clock.now())
        except TooManyReminders as refused:
            form.refuse(form.words, _(refused.message))
        else:
            flash(_("The reminder was saved."), "ok")
            return see_page("enrolments_calendar.calendar")
    return _page(form, None), 422


@bp.route("/<uuid:reminder>", methods=["GET", "POST"])
@requires(CalendarAction.USE, get_own_reminder)
def reminder(row: PersonalReminder) -> Answer:
    """Show a reminder, and change it."""
    form = _form(row)
    if is_read_only_request():
        form.show(row)
        return _page(form, row)
    if not (form.validate_on_post() and form.is_to_come(clock.now(), row)):
        return _page(form, row), 422
    changed = services.change_reminder(current_session(), current_actor(), row, form.command(), now=clock.now())
    flash(_("The reminder was saved.") if changed else _("There was nothing to change."), "ok")
    return see_page("enrolments_calendar.calendar")


@bp.post("/<uuid:reminder>/deletion")
@requires(CalendarAction.USE, get_own_reminder)
def delete(row: PersonalReminder) -> Response:
    """Delete a reminder."""
    services.delete_reminder(current_session(), current_actor(), row, now=clock.now())
    flash(_("The reminder was deleted."), "ok")
    return see_page("enrolments_calendar.calendar")


def _page(form: ReminderForm, row: PersonalReminder | None) -> str:
    number = as_uuid(request.form.get("number", "")) or uuid4()
    return render_template("enrolments/reminder.html", form=form, reminder=row.uuid if row else None, number=number)
