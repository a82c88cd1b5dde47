"""Pages on which administrators read and set the accommodations of a person."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from re import fullmatch

from flask import Blueprint, Response, flash, request
from wtforms import ValidationError
from wtforms.validators import InputRequired

from accounts.models import Person
from kernel import clock
from kernel.errors import N_, Conflict, Invalid
from kernel.i18n import _, lazy_, number, trimmed
from kernel.web.forms import Form, LineField, WholeField, whole_number
from kernel.web.request import Answer, current_actor, current_session, page, requires, see_page
from kernel.web.table import requested_page, requested_words
from quizzes import overrides
from quizzes.access import QuizAction
from quizzes.agreements import list_agreements
from quizzes.jury import LIST_PENDING, JuryAct, PendingActFilter
from quizzes.models import Accommodation
from quizzes.overrides import AccommodationProfile
from quizzes.setting_words import profile_words
from quizzes.views.overrides import MOST_BREAKS, MOST_EXTRA, REQUESTED, JuryReferenceForm, _reason, _reference


class AccommodationForm(Form):
    """The accommodation of a person in every quiz."""

    factor = LineField(lazy_("Time × factor"), [InputRequired(lazy_("Enter 1 to leave the time unchanged."))], default="1")
    breaks = WholeField(lazy_("Break minutes, added to the time"), most=MOST_BREAKS)
    extra_attempts = WholeField(lazy_("Extra attempts"), most=MOST_EXTRA)
    reference = _reference()
    reason = _reason(N_("Give the reason. Only administrators can see it."))

    def show(self, row: Accommodation) -> None:
        """Fill the form with what is in force."""
        self.factor.data = number(trimmed(row.factor))
        self.breaks.data = str(row.break_seconds // 60 or "")
        self.extra_attempts.data = str(row.extra_attempts or "")
        self.reason.data = row.reason

    def validate_factor(self, field: LineField) -> None:
        """Refuse what is no factor from 1 to 9.99 with two decimals."""
        if self.read_factor() is None:
            raise ValidationError(_("Enter a number from 1 to 9.99 with up to two decimals, for example 1.5."))
        if self.command() == AccommodationProfile(Decimal(1), 0, 0):
            raise ValidationError(_("This would not change anything. Enter a factor above 1, breaks or extra attempts."))

    def read_factor(self) -> Decimal | None:
        """Return the factor, written with a point or a comma."""
        match = fullmatch(r"([1-9])(?:[.,](\d{1,2}))?", self.factor.data or "")
        return None if match is None else Decimal(f"{match[1]}.{match[2] or 0}")

    def command(self) -> AccommodationProfile:
        """Return the values of the form."""
        return AccommodationProfile(self.read_factor() or Decimal(1), self.extra_attempts.number or 0, (self.breaks.number or 0) * 60)


bp = Blueprint("quizzes_accommodations", __name__)

ROWS, PAST = 50, 50


def see_person(person: Person) -> Response:
    """Redirect to the person's page."""
    return see_page("quizzes_accommodations.person", person=person.uuid)


@bp.get("/administration/accommodations")
@requires(QuizAction.ACCOMMODATE)
def accommodations() -> Answer:
    """List the people with a profile, or those whom a search finds."""
    requested, query = requested_page(ROWS), requested_words()
    rows = overrides.list_profiles(current_session(), query, offset=requested.offset, limit=ROWS + 1)
    return page("quizzes/accommodations.html", page=requested.of(rows), query=query, profile_words=profile_words)


@bp.route("/administration/accommodations/<uuid:person>", methods=["GET", "POST"])
@requires(QuizAction.ACCOMMODATE, overrides.get_person)
def person(subject: Person) -> Answer:
    """Show what a person gets in every quiz, and set it."""
    session, form = current_session(), AccommodationForm()
    past = overrides.list_profiles_of(session, subject.id, limit=PAST)
    in_force = next((row.Accommodation for row in past if row.Accommodation.ended_at is None), None)
    if request.method != "POST":
        if in_force is not None:
            form.show(in_force)
    elif form.validate_on_submit():
        given = (session, current_actor(), subject, form.command(), form.reason.data or "")
        with form.refusals(form.reference, Conflict, Invalid):
            if overrides.list_begun_of(session, subject, now=clock.now()):
                overrides.ask_for_accommodation(*given, form.reference.data or "", now=clock.now())
                flash(_(REQUESTED), "ok")
            else:
                overrides.grant_accommodation(*given, now=clock.now())
                flash(_("Saved. It applies from now on in every quiz, including to open attempts."), "ok")
            return see_person(subject)
    return page(
        "quizzes/accommodation.html",
        needs_jury=bool(overrides.list_begun_of(session, subject, now=clock.now())),
        person=subject,
        form=form,
        past=past,
        pending_acts=LIST_PENDING.of(session)(session, PendingActFilter(JuryAct.ACCOMMODATION, person_id=subject.id)),
        agreements=list_agreements(session, Accommodation, overrides.OverrideVerb.ACCOMMODATED, [row.Accommodation.id for row in past]),
        in_force=in_force is not None,
        profile_words=profile_words,
    )


@bp.post("/administration/accommodations/<uuid:person>/end")
@requires(QuizAction.ACCOMMODATE, overrides.get_person)
def end(subject: Person) -> Answer:
    """End a person's profile; where a jury decides on it, ask it by a reference."""
    if overrides.list_begun_of(current_session(), subject, now=clock.now()):
        return _ask_jury(subject, overrides.ask_to_end_accommodation, _("End the accommodation"))
    overrides.end_accommodation(current_session(), current_actor(), subject, now=clock.now())
    flash(_("It is no longer in force. You can restore it below."), "ok")
    return see_person(subject)


@bp.post("/administration/accommodations/<uuid:person>/restoration")
@requires(QuizAction.ACCOMMODATE, overrides.get_person)
def restore(subject: Person) -> Answer:
    """Put back a profile that has ended; where a jury decides on it, ask it by a reference."""
    session = current_session()
    row = overrides.get_profile(session, subject.id, whole_number(request.form.get("profile", "")))
    if row.ended_at is not None and overrides.list_begun_of(session, subject, now=clock.now()):
        return _ask_jury(subject, partial(overrides.ask_to_restore_accommodation, row), _("Restore the accommodation"), row)
    overrides.restore_accommodation(session, current_actor(), subject, row, now=clock.now())
    flash(_("It is in force again."), "ok")
    return see_person(subject)


def _ask_jury(subject: Person, ask: Callable[..., None], title: str, row: Accommodation | None = None) -> Answer:
    """Ask two of a jury once the form names the file by which they decide."""
    form = JuryReferenceForm()
    if form.is_complete() and form.validate_on_submit():
        with form.refusals(form.reference, Conflict, Invalid):
            ask(current_session(), current_actor(), subject, form.reference.data or "", now=clock.now())
            flash(_(REQUESTED), "ok")
            return see_person(subject)
    settings = "" if row is None else profile_words(row)
    shown = {"title": title, "action": request.path, "settings": settings, "profile": row and row.id}
    return page("quizzes/accommodation_request.html", person=subject, form=form, **shown)
