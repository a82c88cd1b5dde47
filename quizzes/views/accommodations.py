"""Pages of administrators: what a person gets in every quiz.
Who teaches sees the effect, never that there is a profile (spec/quiz-engine 5.10.3).
"""

from flask import Blueprint, Response, flash, render_template, request

from accounts.models import Person
from kernel import clock
from kernel.i18n import _
from kernel.web.forms import whole_number
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, current_actor, current_session, requires, see_page
from quizzes.forms.quizzes import AccommodationForm
from quizzes.pages.overrides import past_views, profile_views
from quizzes.permissions import QuizAction
from quizzes.queries import overrides as queries
from quizzes.services import overrides as services

bp = Blueprint("quizzes_accommodations", __name__)

ROWS, PAST = 50, 50


def see_person(person: Person) -> Response:
    """Answer with the person's page."""
    return see_page("quizzes_accommodations.person", person=person.uuid)


@bp.get("/administration/accommodations")
@requires(QuizAction.ACCOMMODATE)
def accommodations() -> Answer:
    """List the people with a profile, or those whom a search finds."""
    requested, query = requested_page(ROWS), request.args.get("q", "")[:100].strip()
    rows = queries.list_profiles(current_session(), query, offset=requested.offset, limit=ROWS + 1)
    page = Page(profile_views(rows[:ROWS]), requested.number, len(rows) > ROWS)
    return render_template("quizzes/accommodations.html", page=page, query=query)


@bp.route("/administration/accommodations/<uuid:person>", methods=["GET", "POST"])
@requires(QuizAction.ACCOMMODATE, queries.get_person)
def person(subject: Person) -> Answer:
    """Show what a person gets in every quiz, and set it."""
    session, form = current_session(), AccommodationForm()
    past = queries.list_profiles_of(session, subject.id, limit=PAST)
    in_force = next((line.row for line in past if line.row.ended_at is None), None)
    if request.method != "POST":
        if in_force is not None:
            form.show(in_force)
    elif form.validate_on_post():
        services.grant_accommodation(session, current_actor(), subject, form.command(), form.reason.data or "", now=clock.now())
        flash(_("Saved. It applies from now on in every quiz, including to open attempts."), "ok")
        return see_person(subject)
    page = render_template("quizzes/accommodation.html", person=subject, form=form, past=past_views(past), in_force=in_force is not None)
    return page, 422 if form.errors else 200


@bp.post("/administration/accommodations/<uuid:person>/end")
@requires(QuizAction.ACCOMMODATE, queries.get_person)
def end(subject: Person) -> Answer:
    """End a person's profile."""
    services.end_accommodation(current_session(), current_actor(), subject, now=clock.now())
    flash(_("It is no longer in force. You can restore it below."), "ok")
    return see_person(subject)


@bp.post("/administration/accommodations/<uuid:person>/restoration")
@requires(QuizAction.ACCOMMODATE, queries.get_person)
def restore(subject: Person) -> Answer:
    """Put back a profile that has ended."""
    session = current_session()
    row = queries.get_profile(session, subject.id, whole_number(request.form.get("profile", "")))
    services.restore_accommodation(session, current_actor(), subject, row, now=clock.now())
    flash(_("It is in force again."), "ok")
    return see_person(subject)
