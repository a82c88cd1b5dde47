"""Pages on which administrators read and set the accommodations of a person."""

from decimal import Decimal
from re import fullmatch

from flask import Blueprint, Response, flash, request
from wtforms import ValidationError
from wtforms.validators import InputRequired

from accounts.models import Person
from kernel import clock
from kernel.errors import N_
from kernel.i18n import _, lazy_, number, trimmed
from kernel.web.forms import Form, LineField, WholeField, whole_number
from kernel.web.request import Answer, current_actor, current_session, page, requires, see_page
from kernel.web.table import requested_page, requested_words
from quizzes import overrides
from quizzes.access import QuizAction
from quizzes.models import Accommodation
from quizzes.overrides import AccommodationProfile
from quizzes.views.overrides import MOST_BREAKS, MOST_EXTRA, _reason, profile_words


class AccommodationForm(Form):
    """The accommodation of a person in every quiz."""

    factor = LineField(lazy_("Time × factor"), [InputRequired(lazy_("Enter 1 to leave the time unchanged."))], default="1")
    breaks = WholeField(lazy_("Break minutes, added to the time"), most=MOST_BREAKS)
    extra_attempts = WholeField(lazy_("Extra attempts"), most=MOST_EXTRA)
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
        """Return what the form says."""
        return AccommodationProfile(self.read_factor() or Decimal(1), self.extra_attempts.number or 0, (self.breaks.number or 0) * 60)


bp = Blueprint("quizzes_accommodations", __name__)

ROWS, PAST = 50, 50


def see_person(person: Person) -> Response:
    """Answer with the person's page."""
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
        overrides.grant_accommodation(session, current_actor(), subject, form.command(), form.reason.data or "", now=clock.now())
        flash(_("Saved. It applies from now on in every quiz, including to open attempts."), "ok")
        return see_person(subject)
    return page(
        "quizzes/accommodation.html", person=subject, form=form, past=past, in_force=in_force is not None, profile_words=profile_words
    )


@bp.post("/administration/accommodations/<uuid:person>/end")
@requires(QuizAction.ACCOMMODATE, overrides.get_person)
def end(subject: Person) -> Answer:
    """End a person's profile."""
    overrides.end_accommodation(current_session(), current_actor(), subject, now=clock.now())
    flash(_("It is no longer in force. You can restore it below."), "ok")
    return see_person(subject)


@bp.post("/administration/accommodations/<uuid:person>/restoration")
@requires(QuizAction.ACCOMMODATE, overrides.get_person)
def restore(subject: Person) -> Answer:
    """Put back a profile that has ended."""
    session = current_session()
    row = overrides.get_profile(session, subject.id, whole_number(request.form.get("profile", "")))
    overrides.restore_accommodation(session, current_actor(), subject, row, now=clock.now())
    flash(_("It is in force again."), "ok")
    return see_person(subject)
