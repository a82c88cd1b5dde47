"""One learner's page with everything in a course, for its team: it looks at enrolments, quizzes and certificates."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from flask import Blueprint, Response, request

from accounts import privacy
from accounts.models import Person
from accounts.privacy import AccessPurpose
from courses import versions
from courses.access import edits
from courses.rules import Outline
from enrolments import learners
from enrolments.access import LearningAction, ParticipantContext, keeps_notes, may_begin_take_for
from enrolments.awards import list_awards
from enrolments.course_context import LearnerNoteForm
from enrolments.course_view import item_lines, override_rows, share
from enrolments.editions import get_place
from enrolments.gradebook import find_part
from enrolments.models import Enrolment
from enrolments.results import list_item_marks, list_notes, list_overrides
from enrolments.rules import NO_RESULT, Results, closed_activities, evaluate_completion
from enrolments.takes import TakeRow, list_takes
from kernel.errors import require_found
from kernel.i18n import _, choose
from kernel.own_records import is_own
from kernel.web import after_response
from kernel.web.forms import whole_number
from kernel.web.request import current_actor, current_session, page, requires
from lms import queries
from quizzes.models import Attempt
from quizzes.report_page import STATES
from quizzes.rules.states import AttemptState

bp = Blueprint("lms_following", __name__)


def _states(outline: Outline, results: Results, now: datetime) -> dict[str, str]:
    """Return the state of each activity by its key: `done`, `started`, `todo` or `lock`."""
    closed = closed_activities(outline, results, now)

    def state(key: str) -> str:
        result = results.get(key, NO_RESULT)
        if result.completed:
            return "done"
        return "started" if result != NO_RESULT else "lock" if closed[key] else "todo"

    return {key: state(key) for key in outline.by_key}


def _attempts(outline: Outline, rows: Sequence[Attempt]) -> list[tuple[Attempt, str, str, str]]:
    """Return attempts with the title of their quiz, their state in words and their result."""

    def title(key: str) -> str:
        activity = outline.by_key.get(outline.renames.get(key, key))
        return choose(activity.title) if activity else key

    return [
        (
            row,
            title(row.activity_key),
            _(STATES.get(AttemptState(row.state), row.state)),
            share(row.percent),
        )
        for row in rows
    ]


def _shown_take(present: Enrolment, takes: Sequence[TakeRow]) -> Enrolment:
    """Return the take that the address asks for, else the present one; raise NotFound where there is no such take."""
    number = whole_number(request.args.get("take", ""))
    if number in (0, present.take):
        return present
    enrolment_id = require_found(next((row.enrolment_id for row in takes if row.take == number), None))
    return current_session().get_one(Enrolment, enrolment_id)


@bp.get("/teaching/<slug>/learners/<uuid:person>")
@requires(LearningAction.FOLLOW, get_place)
def learner(subject: ParticipantContext) -> Response:
    """Show what one learner did and has to show in a course."""
    session, context = current_session(), subject.context
    takes = list_takes(session, subject.enrolment.person_id, subject.enrolment.course_id) if subject.enrolment.take > 1 else []
    row = _shown_take(subject.enrolment, takes)
    person = session.get_one(Person, row.person_id)
    outline = versions.get_outline(session, row.course_version_id)
    results = learners.results_of(session, row.id)
    edition, groups, completed = find_part(session, row.id)
    progress = evaluate_completion(outline, results, context.now)
    completion, actor = learners.find_completion(session, row.id), current_actor()
    marks, with_notes = list_item_marks(session, row.course_id, row.id), keeps_notes(actor, subject)
    person_id, now = row.person_id, context.now
    if not is_own(actor, person_id):
        after_response.leave_record(lambda session: privacy.record_access(session, actor, person_id, AccessPurpose.PROGRESS, now=now))
    return page(
        "lms/learner.html",
        course={"slug": context.slug, "title": choose(outline.title)},
        person=person,
        enrolment=row,
        progress=progress,
        grade=share(progress.grade),
        completed_at=completion.completed_at if completion else None,
        award=list_awards(session, [row.id]).get(row.id),
        edition=edition,
        groups=groups,
        completed=completed,
        outline=outline,
        results=results,
        no_result=NO_RESULT,
        states=_states(outline, results, context.now),
        share=share,
        attempts=_attempts(outline, queries.list_attempts_of(session, row.id)),
        shows_email=edits(actor, context.staff_role),
        may_override=row.superseded_at is None and edits(actor, context.staff_role) and not is_own(actor, row.person_id),
        may_retake=row.superseded_at is None and may_begin_take_for(actor, subject),
        take=row.take,
        takes=takes,
        items=item_lines(outline, marks),
        overrides=override_rows(outline, list_overrides(session, row.id)),
        keeps_notes=with_notes,
        notes=list_notes(session, row.id) if with_notes else (),
        note=LearnerNoteForm(formdata=None),
        number=uuid4(),
        me=actor.person_id,
    )
