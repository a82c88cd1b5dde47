"""Open a course in the present request: what every page of a course starts with, here and in the packages above."""

from courses import queries as course_queries
from courses.rules import Outline
from enrolments import queries, services
from enrolments.pages import Card, CourseView, card
from enrolments.permissions import ActivitySeat, Seat, is_staff
from enrolments.rules import evaluate_completion
from kernel import clock
from kernel.web import notes
from kernel.web.request import current_actor, current_session


def course_view(seat: Seat, outline: Outline) -> CourseView:
    """Read the actor's results and put the course together as they see it."""
    results = queries.results_of(current_session(), seat.enrolment_id)
    progress = evaluate_completion(outline, results, seat.now)
    return CourseView(seat, outline, results, progress, sees_all=is_staff(current_actor(), seat))


def own_courses() -> dict[str, queries.OwnCourse]:
    """Return the actor's courses by slug; nothing for the anonymous."""
    actor = current_actor()
    return {} if actor.is_anonymous else {own.slug: own for own in queries.list_own_courses(current_session(), actor)}


def catalogue_cards(limit: int, offset: int = 0) -> list[Card]:
    """Return the public courses as cards, lit as far as the actor is."""
    session = current_session()
    own = own_courses()
    cards = []
    for entry in course_queries.list_catalogue(session, limit=limit, offset=offset):
        mine = own.get(entry.slug)
        outline = course_queries.get_outline(session, entry.version_id)
        completed = mine is not None and mine.completed_at is not None
        cards.append(card(outline, entry.enrolment, enrolled=mine is not None, completed=completed))
    return cards


def leave_visit(subject: ActivitySeat, view: CourseView) -> None:
    """Note the visit once, or again when the learner comes back from elsewhere; a lesson that opening completes is completed."""
    enrolment_id = subject.seat.enrolment_id
    if enrolment_id is None or subject.closed is not None:
        return
    key, now, actor = subject.activity.key, clock.now(), current_actor()
    if subject.activity.completion_rule == "viewed" and not view.is_done(key):
        notes.leave(
            lambda session: services.record_result(session, actor, enrolment_id, key, services.Achievement(completed=True), now=now)
        )
    if subject.seat.last_activity_key != key or key not in view.results:
        notes.leave(lambda session: services.note_visit(session, enrolment_id, key, now=now))
