"""Open a course in the present request: what every page of a course starts with, here and in the packages above."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from flask import flash, render_template, request

from courses import catalogue, versions
from courses.catalogue import list_shipped_in_preparation
from courses.kinds import CourseKinds
from courses.rules import Outline, OutlineActivity
from enrolments.dates import DatedEnrolment, DatedItem, DateRequest, collect_dates, next_end
from enrolments.forms import MistakeForm
from enrolments.pages.dates import DateView, date_view
from enrolments.pages.outline import CourseCard, CourseView, card
from enrolments.permissions import ActivityContext, LearnerContext
from enrolments.queries import learning as queries
from enrolments.queries.mistakes import find_own_open
from enrolments.queries.ungraded import list_ungraded
from enrolments.rules import EnrolmentRefusal, Progress, evaluate_completion, may_enrol
from enrolments.services import learning as services
from enrolments.services import mistakes
from enrolments.services.mistakes import MistakePlace, ReportIsLong
from kernel import clock
from kernel.errors import TooMany
from kernel.i18n import _, choose
from kernel.web import after_response
from kernel.web.limits import limit, limiter
from kernel.web.request import Answer, begin_writing, current_actor, current_session, is_read_only_request, see_page

REPORTS_OF_PERSON = limit("mistake-reports-of-person", "10 per hour")
REPORTS_OF_COURSE = limit("mistake-reports-of-course", "1000 per day")


def course_view(context: LearnerContext, outline: Outline) -> CourseView:
    """Read the actor's results and dates and put the course together as they see it."""
    session = current_session()
    if context.enrolment_id is not None:
        outline = queries.with_personal_dates(session, {context.enrolment_id: outline})[context.enrolment_id]
    results = queries.results_of(session, context.enrolment_id)
    scored = [outline.by_key[key] for key, result in results.items() if result.score is not None and key in outline.by_key]
    number = context.enrolment_id or 0
    ungraded = list_ungraded(session, {number: outline}, {number: results}).get(number, frozenset())
    return CourseView(current_actor(), context, outline, results, _withheld(context, scored), ungraded)


def _withheld(context: LearnerContext, scored: Sequence[OutlineActivity]) -> frozenset[str]:
    """Return the keys of activities whose marks the actor does not see yet."""
    if context.enrolment_id is None:
        return frozenset()
    session, keys = current_session(), frozenset[str]()
    for publisher in cast("CourseKinds", session.info["kinds"]).publishers:
        own = [activity for activity in scored if activity.kind == publisher.kind.name]
        keys |= publisher.withholds(session, context.enrolment_id, own, context.now)
    return keys


def dated_enrolment(view: CourseView, *, completed: bool = False) -> DatedEnrolment | None:
    """Return the reader's enrolment with what its dates follow from; nothing for those who do not take the course."""
    context = view.context
    if context.enrolment_id is None:
        return None
    return DatedEnrolment(
        enrolment_id=context.enrolment_id,
        person_id=view.actor.person_id or 0,
        outline=view.outline,
        results=view.results,
        starts_at=context.starts_at,
        ends_at=context.ends_at,
        archived=context.archived,
        completed=completed,
        ungraded=view.ungraded,
    )


def course_dates(view: CourseView, *, completed: bool) -> list[DatedItem]:
    """List what happens to the reader in a course, the earliest first; of who does not take it, what asks them to."""
    enrolment, person_id = dated_enrolment(view, completed=completed), view.actor.person_id
    if person_id is None:
        return []
    date_request = DateRequest(() if enrolment is None else (enrolment,), (person_id,), view.context.now)
    dated = collect_dates(current_session(), date_request)
    return [item for item in dated if item.is_of(view.outline.slug) and (enrolment is not None or item.covers)]


def activity_deadline(view: CourseView, key: str) -> DateView | None:
    """Return what ends next for the reader of an activity: it itself, its module or the edition; no statement."""
    enrolment = dated_enrolment(view, completed=view.progress.completed)
    end = None if enrolment is None else next_end(enrolment, view.outline.by_key[key], now=view.context.now)
    return None if end is None else date_view(end, now=view.context.now)


def course_name(context: LearnerContext) -> dict[str, object]:
    """Return what every page of a course says of it: its short name, its title, and whether it is published."""
    title = choose(catalogue.get_course(current_session(), context.course_id).title)
    return {"slug": context.slug, "title": title, "published": context.is_published}


def site_topics() -> Mapping[str, str]:
    """Return the names of the site's topics by their keys."""
    return cast("CourseKinds", current_session().info["kinds"]).topics


def own_courses() -> dict[str, queries.OwnCourse]:
    """Return the actor's courses by slug; nothing for the anonymous."""
    actor = current_actor()
    return {} if actor.is_anonymous else {own.slug: own for own in queries.list_own_courses(current_session(), actor)}


def catalogue_cards(limit: int) -> list[CourseCard]:
    """Return the courses that the actor finds as cards, lit as far as the actor is."""
    own, now = own_courses(), clock.now()
    entries = catalogue.list_catalogue(current_session(), current_actor(), limit=limit)
    outlines = versions.list_outlines(current_session(), [entry.version_id for entry in entries])
    progress = _own_progress(own, now)
    cards = []
    for entry in entries:
        mine = own.get(entry.slug)
        completed = mine is not None and mine.completed_at is not None
        refusal = may_enrol(entry.enrolment, entry.opens_at, entry.closes_at, archived=False, now=now)
        opens_at = entry.opens_at if refusal is EnrolmentRefusal.NOT_YET else None
        cards.append(card(outlines[entry.version_id], refusal, opens_at, progress=progress.get(entry.slug), completed=completed))
    return cards


def courses_in_preparation(present: int) -> list[str]:
    """Return the titles of the courses that come with the program and are still being published; `found` are there."""
    return [choose(dict(title)) for title in list_shipped_in_preparation(current_session(), listed=present)]


def _own_progress(own: Mapping[str, queries.OwnCourse], now: datetime) -> dict[str, Progress]:
    """Return how far the actor is in each of their courses, by slug."""
    session = current_session()
    results = queries.results_of_many(session, [course.enrolment_id for course in own.values()]) if own else {}
    outlines = versions.list_outlines(session, [course.version_id for course in own.values()])
    return {slug: evaluate_completion(outlines[course.version_id], results[course.enrolment_id], now) for slug, course in own.items()}


def record_visit_later(subject: ActivityContext, view: CourseView) -> None:
    """Note the visit once, or again when the learner comes back from elsewhere; a lesson that opening completes is completed."""
    enrolment_id = subject.context.enrolment_id
    if enrolment_id is None or subject.closed is not None:
        return
    key, now, actor = subject.activity.key, clock.now(), current_actor()
    if subject.activity.completion_rule == "viewed" and not view.is_done(key):
        after_response.run_after_response(
            lambda session: services.record_result(session, actor, enrolment_id, key, services.ActivityOutcome(completed=True), now=now)
        )
    if subject.context.last_activity_key != key or key not in view.results:
        begun = subject.context.has_begun
        after_response.run_after_response(
            lambda session: services.record_visit(session, enrolment_id, key, now=now, actor=actor, has_begun=begun), gathered=True
        )


def mistake_page(
    course: Mapping[str, object], mistake_place: MistakePlace, back: str, headings: Sequence[tuple[str, str]] = (), *, marked: bool
) -> Answer:
    """Show the form for a mistake report of a place, or store what was sent; `back` is where its reader comes from.

    `headings` are those of a lesson, each with its address; `marked` says whether answers are marked there.
    """
    form, session, person_id = MistakeForm(), current_session(), current_actor().person_id or 0
    form.offer(headings, marked=marked)

    def page() -> str:
        known = find_own_open(session, person_id, mistake_place.course_id, mistake_place.activity_key, mistake_place.question_key)
        text = known.words if known else ""
        return render_template(
            "enrolments/mistake_report.html",
            course=course,
            place=mistake_place,
            here=request.path,
            back=back,
            form=form,
            has_headings=bool(headings),
            said=text,
        )

    if is_read_only_request():
        return page()
    if not form.validate_on_post():
        return page(), 422
    try:
        limiter().use(REPORTS_OF_PERSON, str(person_id))
        limiter().use(REPORTS_OF_COURSE, str(mistake_place.course_id))
    except TooMany:
        form.form_errors.append(_("There have been many reports in a short time. Keep your text and send it again in an hour."))
        return page(), 429
    try:
        mistakes.report_mistake(begin_writing(), current_actor(), mistake_place, form.command(), now=clock.now())
    except ReportIsLong as refused:
        session = current_session()
        form.refuse(form.words, _(refused.message))
        return page(), 409
    flash(_("Thank you: your report has reached the course team. You will see here what becomes of it."), "ok")
    return see_page("enrolments_mistakes.own_reports")
