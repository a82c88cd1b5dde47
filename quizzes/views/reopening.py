"""Reopening a learner's attempt, and deleting previews (spec/quiz-engine 5.3.7, 5.2.7)."""

from flask import Blueprint, Response, flash, render_template

from accounts.people import get_person
from kernel import clock
from kernel.i18n import _, ngettext
from kernel.web.request import Answer, current_actor, current_session, requires, see_page
from quizzes.forms.quizzes import AttemptActionForm
from quizzes.pages.attempt import open_attempt
from quizzes.permissions import QuizAction, QuizContext
from quizzes.queries import teaching
from quizzes.queries.attempts import LoadedAttempt, get_attempt, lock_attempt
from quizzes.rules.attempts import OPEN_STATES
from quizzes.services import reopening as services
from quizzes.services.reopening import CannotReopen

bp = Blueprint("quizzes_reopening", __name__)


@bp.get("/attempts/<uuid:attempt>/reopening")
@requires(QuizAction.REOPEN, get_attempt)
def ask(subject: LoadedAttempt) -> Answer:
    """Ask why an attempt is to be opened again."""
    return _reopening_page(subject, AttemptActionForm())


@bp.post("/attempts/<uuid:attempt>/reopening")
@requires(QuizAction.REOPEN, lock_attempt)
def reopen(subject: LoadedAttempt) -> Answer:
    """Reopen an attempt; where its time is past it is submitted and marked at once."""
    form = AttemptActionForm()
    if not form.validate_on_post():
        return _reopening_page(subject, form), 422
    try:
        state = services.reopen_attempt(current_session(), current_actor(), subject, form.reason.data or "", now=clock.now())
    except CannotReopen as error:
        form.refuse(form.reason, _(error.text))
        return _reopening_page(subject, form), 409
    flash(
        _("The attempt was reopened.") if state in OPEN_STATES else _("Its time had already ended, so it was submitted and marked."), "ok"
    )
    return see_page("quizzes.review", attempt=subject.uuid)


def _reopening_page(subject: LoadedAttempt, form: AttemptActionForm) -> str:
    opened, now = open_attempt(current_session(), subject), clock.now()
    return render_template(
        "quizzes/reopening.html",
        **opened.activity_header,
        attempt={"uuid": subject.uuid, "number": subject.row.number, "state": subject.row.state},
        name=get_person(current_session(), subject.person_id).full_name,
        ends_at=subject.end,
        is_past=subject.end is not None and subject.end <= now,
        has_left=services.waits_for_its_learner(subject, now=now),
        refused=_(services.OF_EARLIER_TAKE) if subject.is_superseded else "",
        form=form,
    )


@bp.post("/courses/<slug>/quizzes/<key>/previews/deletion")
@requires(QuizAction.REGRADE, teaching.get_taught_quiz)
def delete_previews(subject: QuizContext) -> Response:
    """Delete every preview of a quiz."""
    count = services.delete_previews(current_session(), current_actor(), subject, now=clock.now())
    flash(ngettext("%(count)s preview was deleted.", "%(count)s previews were deleted.", count), "ok")
    return see_page("quizzes_manage.manage", slug=subject.slug, key=subject.key)
