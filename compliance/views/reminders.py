"""The page on which a head or an officer counts the people of a filter and reminds them."""

from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, request
from sqlalchemy.orm import Session
from wtforms import HiddenField

from compliance import reminders
from compliance.access import PlaceReportContext, ReminderAction
from compliance.learner_page import status_view
from compliance.models import ReminderRequest
from compliance.reminders import NobodyToRemind, ReminderCounts, ReminderFilter, load_obligations, notice_key, request_reminder
from compliance.rules.states import TrainingState
from kernel import clock
from kernel.i18n import _, choose, format_date, lazy_, ngettext
from kernel.permissions import Actor
from kernel.web.forms import Form, area, as_uuid, clean_text
from kernel.web.request import Answer, current_actor, current_session, page, requires, see_other

MOST_WORDS = 500
MOST_STOPPED = 50
"""Names of people who turned the mails off."""


class TrainingReminderForm(Form):
    """A reminder to send now, with words of one's own."""

    words = area(lazy_("Your words"), most=MOST_WORDS)
    number = HiddenField()

    def identity(self) -> UUID:
        """Return the number of the form, so that a second click has no second effect; a new one where it has none."""
        return as_uuid(self.number.data or "") or uuid4()

    def text(self) -> str:
        """Return the sender's words in one line each."""
        return " ".join(clean_text(self.words.data or "", lines=True).split())


bp = Blueprint("compliance_reminders", __name__, url_prefix="/training/reminders")


def get_context(session: Session, actor: Actor) -> PlaceReportContext:
    """Return the place of the filter that the address names; raise NotFound."""
    return _filter(session, actor).context


def _filter(session: Session, actor: Actor) -> ReminderFilter:
    arguments = request.args
    unit = as_uuid(arguments.get("place", "")) if arguments.get("place") else None
    return reminders.get_filter(session, actor, as_uuid(arguments.get("obligation", "")), unit, arguments.get("state", ""))


@bp.route("", methods=["GET", "POST"])
@requires(ReminderAction.SEND, get_context)
def remind(_context: PlaceReportContext) -> Answer:
    """Show how many people of a filter would be reminded, and remind them."""
    session, actor, form = current_session(), current_actor(), TrainingReminderForm()
    chosen = _filter(session, actor)
    if request.method == "GET":
        form.number.data = str(uuid4())
    if form.validate_on_submit():
        with form.refusals(form.words, NobodyToRemind):
            request_reminder(session, actor, chosen, form.text(), number=form.identity(), now=clock.now())
            flash(_("The reminder is on its way."), "ok")
            return see_other(request.full_path)
    return _page(form, chosen)


def _request_line(row: ReminderRequest, name: str) -> dict[str, object]:
    """Return a reminder that was asked for: of which people, and whether it went out."""
    went_out = ngettext("%(count)s person was reminded.", "%(count)s people were reminded.", row.sent)
    return {
        "at": row.asked_at,
        "by": name,
        "people": status_view(TrainingState(row.state)).word if row.state else _("All with something left to do"),
        "words": row.words,
        "outcome": went_out if row.done_at else _("It waits to go out, in office hours."),
    }


def _on_site(counts: ReminderCounts) -> str:
    """Return of how many people who are reminded it stands on the site alone, and why."""
    notes = []
    if counts.unconfirmed:
        text = ngettext(
            "%(count)s of them on the site alone: address not confirmed",
            "%(count)s of them on the site alone: address not confirmed",
            counts.unconfirmed,
        )
        notes.append(text)
    if counts.stopped:
        text = ngettext(
            "%(count)s of them on the site alone: turned off these emails",
            "%(count)s of them on the site alone: turned off these emails",
            counts.stopped,
        )
        notes.append(text)
    return " · ".join(notes)


def _page(form: TrainingReminderForm, chosen: ReminderFilter) -> Response:
    session, now = current_session(), clock.now()
    at, zone = reminders.moment_of(session, chosen, now)
    day = at.astimezone(zone).date()
    counts = reminders.count_people(session, chosen, notice_key(day), now=now)
    obligation = load_obligations(session, [chosen.obligation.id], day)[chosen.obligation.id]
    return page(
        "compliance/reminder.html",
        form=form,
        title=choose(obligation.title),
        place=chosen.place.name,
        state=status_view(chosen.state).word if chosen.state else "",
        counts=counts,
        on_site=_on_site(counts),
        stopped=[person.full_name for person in reminders.list_stopped_people(session, chosen, MOST_STOPPED, now=now)],
        sentence=ngettext("%(count)s person is reminded.", "%(count)s people are reminded.", counts.reached),
        waits_for=format_date(day, "full") if at > now else "",
        most_words=MOST_WORDS,
        address=request.full_path,
        requests=[_request_line(row, name) for row, name in reminders.list_requests(session, chosen)],
    )
