"""The progress of a unit's people, for those who manage it: totals by unit and course, a list, and the list as CSV."""

from collections.abc import Iterator, Sequence
from operator import add

from flask import Blueprint, Response, render_template, request
from sqlalchemy import Select, select

from accounts import access_log
from accounts.privacy import PeopleListKind
from enrolments.pages.gradebook import moment_cell
from enrolments.queries import units as queries
from enrolments.queries.units import CourseTally, UnitCounts, UnitFilter, UnitLearnerState
from enrolments.services.report_exports import record_unit_export
from kernel import clock
from kernel.errors import N_
from kernel.i18n import _, choose
from kernel.tables import CSV_TYPE, Cell, on_disk, write_csv
from kernel.web import after_response
from kernel.web.file_responses import send_generated
from kernel.web.forms import as_uuid
from kernel.web.request import current_actor, current_session, requires
from organisations import tree
from organisations.access import ManagedUnits, OrganisationAction, UnitContext
from organisations.models import Organisation
from organisations.rules.units import UnitSummary, in_order, lineage, rolled_up

bp = Blueprint("enrolments_units", __name__, url_prefix="/units")

ROWS = 50
LONGEST_SEARCH = 100
STANDINGS = {
    UnitLearnerState.COMPLETED: N_("Completed the course"),
    UnitLearnerState.OPEN: N_("Enrolled, not completed"),
    UnitLearnerState.OUTSIDE: N_("Not enrolled"),
}


@bp.get("")
@requires(OrganisationAction.FOLLOW_OWN, tree.get_own_places)
def units(subject: ManagedUnits) -> str:
    """List the places that the actor manages, with the totals of everything below each; for administrators the institutions."""
    session, actor = current_session(), current_actor()
    places = tree.list_tree(session)
    own = {summary.id for summary in subject.places}
    shown = [summary for summary in places if summary.id in own or (actor.is_administrator and summary.parent_id is None)]
    totals = _totals(
        places, queries.count_places(session, select(Organisation.id).where(Organisation.id.in_([shown_unit.id for shown_unit in shown])))
    )
    return render_template("enrolments/units.html", rows=[(summary, totals[summary.id]) for summary in shown])


def _totals(places: Sequence[UnitSummary], own: dict[int, UnitCounts]) -> dict[int, UnitCounts]:
    return rolled_up({summary.id: summary.parent_id for summary in places}, own, add, UnitCounts())


def _root(subject: UnitContext) -> Select[int]:
    return select(Organisation.id).where(Organisation.id == subject.organisation.id)


def _course(courses: Sequence[CourseTally]) -> CourseTally | None:
    """Return the course that the address asks for, if people of the place take it."""
    return next((course for course in courses if course.slug == request.args.get("course")), None)


@bp.get("/<uuid:organisation>")
@requires(OrganisationAction.FOLLOW, tree.get_unit_context)
def unit(subject: UnitContext) -> str:
    """Show the totals of a place: by course, and by what stands below it."""
    session, root = current_session(), _root(subject)
    courses = queries.count_courses(session, root)
    course = _course(courses)
    places = tree.list_tree(session)
    totals = _totals(places, queries.count_places(session, root, course.course_id if course else None))
    parents = {summary.id: summary.parent_id for summary in places}
    inside = [summary for summary in places if subject.organisation.id in lineage(parents, summary.id)]
    return render_template(
        "enrolments/unit.html",
        place=subject.organisation,
        courses=[(row, choose(dict(row.title))) for row in courses],
        course=course,
        course_title=choose(dict(course.title)) if course else "",
        rows=[(unit_path, totals[unit_path.place.id]) for unit_path in in_order(inside)],
        total=totals[subject.organisation.id],
    )


def _filter_from_address(courses: Sequence[CourseTally]) -> tuple[UnitFilter, CourseTally | None]:
    course = _course(courses) or (courses[0] if courses else None)
    query = " ".join(request.args.get("q", "").split())[:LONGEST_SEARCH]
    standing = next((state for state in UnitLearnerState if state.value == request.args.get("state")), None)
    return UnitFilter(course.course_id if course else None, query, standing), course


@bp.get("/<uuid:organisation>/people")
@requires(OrganisationAction.FOLLOW, tree.get_unit_context)
def people(subject: UnitContext) -> str:
    """List the people of a place and how far each is in a course: no addresses, marks or answers."""
    access_log.record_list_access(PeopleListKind.UNIT, Organisation, subject.organisation.id)
    session, root = current_session(), _root(subject)
    courses = queries.count_courses(session, root)
    filters, course = _filter_from_address(courses)
    rows = queries.list_people(session, root, filters, after=as_uuid(request.args.get("after", "")), limit=ROWS + 1)
    return render_template(
        "enrolments/unit_people.html",
        place=subject.organisation,
        courses=[(row.slug, choose(dict(row.title))) for row in courses],
        course=course,
        wanted=filters,
        standings=[(state.value, _(label)) for state, label in STANDINGS.items()],
        rows=rows[:ROWS],
        after=request.args.get("after", ""),
        next_after=rows[ROWS - 1].uuid if len(rows) > ROWS else None,
    )


def _lines(subject: UnitContext, filters: UnitFilter) -> Iterator[Sequence[Cell]]:
    for row in queries.stream_people(current_session(), _root(subject), filters):
        moments = (row.enrolled_at, row.visited_at, row.completed_at)
        yield (row.name, row.place, row.done, row.total, *map(moment_cell, moments))


@bp.get("/<uuid:organisation>/people.csv")
@requires(OrganisationAction.FOLLOW, tree.get_unit_context)
def people_csv(subject: UnitContext) -> Response:
    """Send the people that are asked for as CSV: the same columns as the page."""
    filters, course = _filter_from_address(queries.count_courses(current_session(), _root(subject)))
    headings = [_("Name"), _("Unit"), _("Activities completed"), _("Activities required"), _("Enrolled"), _("Last visit"), _("Completed")]
    file = on_disk(lambda target: write_csv(target, headings, _lines(subject, filters)))
    actor, now, place_id, slug = current_actor(), clock.now(), subject.organisation.id, course.slug if course else ""
    after_response.leave_record(lambda session: record_unit_export(session, actor, place_id, slug, now=now))
    return send_generated(file, CSV_TYPE, f"{slug or _('people')}.csv")
