"""Pages of the progress of a course's learners for its team, and of a unit's people for those who manage it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from operator import add

from flask import Blueprint, Response, request
from sqlalchemy import Select, select

from accounts import access_log
from accounts.privacy import PeopleListKind
from courses.rules import OutlineActivity, OutlineModule
from enrolments import progress_report
from enrolments.access import LearnerContext, LearningAction
from enrolments.course_context import course_name
from enrolments.editions import class_options
from enrolments.gradebook import GradebookFilter, count_gradebook, record_unit_export
from enrolments.progress_report import CourseTally, UnitCounts, UnitFilter, UnitLearnerState, UnitRow
from enrolments.views.gradebook import IDLE, filter_of, get_published, outline_of
from kernel import clock
from kernel.errors import N_
from kernel.i18n import _, choose, ngettext, number, percent
from kernel.web import after_response
from kernel.web.forms import as_uuid
from kernel.web.request import current_actor, current_session, page, requires
from kernel.web.table import Column, Filter, ListQuery, PageRequest, Table, member_of, read_words, send_sheets
from organisations import tree
from organisations.access import ManagedUnits, OrganisationAction, UnitContext
from organisations.models import Organisation
from organisations.rules.units import UnitSummary, in_order, lineage, rolled_up
from organisations.tree import unit_options

ProgressLine = tuple[str, str, int, int, str]
"""The key and the title of a module or activity, how many learners have begun and completed it, and the share of the latter."""


def progress_lines(
    parts: Iterable[OutlineModule | OutlineActivity], counts: Mapping[str, tuple[int, int]], learners: int
) -> list[ProgressLine]:
    """Return the modules or activities with something to do, in order."""
    counted = ((part, *counts.get(part.key, (0, 0))) for part in parts if part.required)
    return [(part.key, choose(part.title), begun, completed, _share(completed, learners)) for part, begun, completed in counted]


def bars(lines: Sequence[ProgressLine]) -> list[tuple[str, int, str]]:
    """Return the rows of a chart of those who completed modules or activities."""
    return [(title, completed, f"{number(completed)} ({share})") for _key, title, _begun, completed, share in lines]


def _share(part: int, whole: int) -> str:
    return percent(Decimal(part * 100) / whole if whole else Decimal(0))


def times(quartiles: Sequence[timedelta]) -> list[tuple[str, str, str]]:
    """Return the figures of the time from enrolling to completing: what, how long, and what it says."""
    labels = (
        (_("A quarter completed it within"), ""),
        (_("Half completed it within"), _("the median")),
        (_("Three quarters completed it within"), ""),
    )
    return [(label, _long(time), words) for (label, words), time in zip(labels, quartiles, strict=False)]


def _long(time: timedelta) -> str:
    """Write a time in days, or in hours where it is shorter than two days."""
    hours = round(time.total_seconds() / 3600)
    if hours < 48:
        return ngettext("%(count)s hour", "%(count)s hours", hours)
    return ngettext("%(count)s day", "%(count)s days", round(hours / 24))


progress_report_bp = Blueprint("enrolments_following", __name__)

USUAL_DAYS = 14


@progress_report_bp.get("/teaching/<slug>/progress")
@requires(LearningAction.FOLLOW, get_published)
def progress(context: LearnerContext) -> Response:
    """Show how those get on who take a course, one of its editions or one of its groups."""
    session, outline, query = current_session(), outline_of(context), filter_of(request.args)
    filters, days, course_id = (
        GradebookFilter(edition=query.edition, group=query.group, unit=query.unit),
        query.idle_days or USUAL_DAYS,
        context.course_id,
    )
    learners, completed = count_gradebook(session, course_id, filters, now=context.now)
    waiting = progress_report.count_waiting(session, course_id, filters, days, now=context.now)
    left_off = progress_report.count_left_off(session, course_id, filters, days, now=context.now)
    modules = progress_lines(outline.modules, progress_report.count_modules(session, outline, filters, now=context.now), learners)
    counts = progress_report.count_activities(session, course_id, filters, now=context.now)
    activities = progress_lines(outline.activities(), counts, learners)
    return page(
        "enrolments/progress.html",
        course=course_name(context),
        filters=filters,
        days=days,
        idle=IDLE,
        options=class_options(session, course_id) | {"unit": unit_options(session)},
        learners=learners,
        completed=completed,
        never_came=left_off.get(None, 0),
        stopped=sum(left_off.values()),
        modules=modules,
        bars=bars(modules),
        activities=activities,
        activity_bars=bars(activities),
        waiting=waiting,
        left_off=left_off,
        times=times(progress_report.list_quartiles(session, course_id, filters, now=context.now)),
    )


units_bp = Blueprint("enrolments_units", __name__, url_prefix="/units")

ROWS = 50
STANDINGS = {
    UnitLearnerState.COMPLETED: N_("Completed the course"),
    UnitLearnerState.OPEN: N_("Enrolled, not completed"),
    UnitLearnerState.OUTSIDE: N_("Not enrolled"),
}


@units_bp.get("")
@requires(OrganisationAction.FOLLOW_OWN, tree.get_own_places)
def units(subject: ManagedUnits) -> Response:
    """List the places that the actor manages, with the totals of everything below each; for administrators the institutions."""
    session, actor = current_session(), current_actor()
    places = tree.list_tree(session)
    own = {summary.id for summary in subject.places}
    shown = [summary for summary in places if summary.id in own or (actor.is_administrator and summary.parent_id is None)]
    totals = _totals(
        places,
        progress_report.count_places(session, select(Organisation.id).where(Organisation.id.in_([shown_unit.id for shown_unit in shown]))),
    )
    return page("enrolments/units.html", rows=[(summary, totals[summary.id]) for summary in shown])


def _totals(places: Sequence[UnitSummary], own: dict[int, UnitCounts]) -> dict[int, UnitCounts]:
    return rolled_up({summary.id: summary.parent_id for summary in places}, own, add, UnitCounts())


def _root(subject: UnitContext) -> Select[int]:
    return select(Organisation.id).where(Organisation.id == subject.organisation.id)


def _course(courses: Sequence[CourseTally]) -> CourseTally | None:
    """Return the course that the address asks for, if people of the place take it."""
    return next((course for course in courses if course.slug == request.args.get("course")), None)


@units_bp.get("/<uuid:organisation>")
@requires(OrganisationAction.FOLLOW, tree.get_unit_context)
def unit(subject: UnitContext) -> Response:
    """Show the totals of a place: by course, and by what stands below it."""
    session, root = current_session(), _root(subject)
    courses = progress_report.count_courses(session, root)
    course = _course(courses)
    places = tree.list_tree(session)
    totals = _totals(places, progress_report.count_places(session, root, course.course_id if course else None))
    parents = {summary.id: summary.parent_id for summary in places}
    inside = [summary for summary in places if subject.organisation.id in lineage(parents, summary.id)]
    return page(
        "enrolments/unit.html",
        place=subject.organisation,
        courses=[(row, choose(dict(row.title))) for row in courses],
        course=course,
        course_title=choose(dict(course.title)) if course else "",
        rows=[(unit_path, totals[unit_path.place.id]) for unit_path in in_order(inside)],
        total=totals[subject.organisation.id],
    )


PEOPLE: Table[UnitRow] = Table(
    N_("People"),
    (
        Column(N_("Name"), lambda row: row.name, name="name"),
        Column(N_("Unit"), lambda row: row.place, name="unit"),
        Column(N_("Progress"), name="progress"),
        Column(N_("Activities completed"), lambda row: row.done),
        Column(N_("Activities required"), lambda row: row.total),
        Column(N_("Enrolled"), lambda row: row.enrolled_at),
        Column(N_("Last visit"), lambda row: row.visited_at, name="visited"),
        Column(N_("Completed"), lambda row: row.completed_at),
    ),
    filters={"q": Filter(N_("Name"), read_words), "state": Filter(N_("State"), partial(member_of, UnitLearnerState), STANDINGS)},
)


def _filter_of(query: ListQuery, courses: Sequence[CourseTally]) -> tuple[UnitFilter, CourseTally | None]:
    course = _course(courses) or (courses[0] if courses else None)
    return UnitFilter(course.course_id if course else None, query.filters["q"], query.filters["state"]), course


@units_bp.get("/<uuid:organisation>/people")
@requires(OrganisationAction.FOLLOW, tree.get_unit_context)
def people(subject: UnitContext) -> Response:
    """List the people of a place and how far each is in a course: no addresses, marks or answers."""
    access_log.record_list_access(PeopleListKind.UNIT, Organisation, subject.organisation.id)
    session, root, query = current_session(), _root(subject), PEOPLE.query()
    courses = progress_report.count_courses(session, root)
    filters, course = _filter_of(query, courses)
    rows = progress_report.list_people(session, root, filters, after=as_uuid(request.args.get("after", "")), limit=ROWS + 1)
    return page(
        "enrolments/unit_people.html",
        place=subject.organisation,
        courses=[(row.slug, choose(dict(row.title))) for row in courses],
        course=course,
        query=query,
        table=PEOPLE,
        page=PageRequest(size=ROWS).of(rows),
        after=request.args.get("after", ""),
    )


@units_bp.get("/<uuid:organisation>/people.csv")
@requires(OrganisationAction.FOLLOW, tree.get_unit_context)
def people_csv(subject: UnitContext) -> Response:
    """Send the people that are asked for as CSV: the same columns as the page."""
    session, root = current_session(), _root(subject)
    filters, course = _filter_of(PEOPLE.query(), progress_report.count_courses(session, root))
    name = (course.slug if course else _("people")) + ".csv"
    answer = send_sheets(name, PEOPLE.sheets(progress_report.stream_people(session, root, filters)))
    actor, now, place_id, slug = current_actor(), clock.now(), subject.organisation.id, course.slug if course else ""
    after_response.leave_record(lambda session: record_unit_export(session, actor, place_id, slug, now=now))
    return answer
