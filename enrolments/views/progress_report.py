"""The progress of a course's learners, for its team: by module and activity, where they wait and stop, how long they take."""

from flask import Blueprint, render_template, request

from enrolments.course_context import course_name
from enrolments.pages.gradebook import IDLE, filter_of
from enrolments.pages.progress_report import activity_lines, bars, module_lines, times
from enrolments.permissions import LearnerContext, LearningAction
from enrolments.queries import progress_report as queries
from enrolments.queries.editions import list_editions
from enrolments.queries.gradebook import GradebookFilter, count_gradebook
from enrolments.queries.learning import list_groups
from enrolments.views.gradebook import get_published, outline_of
from kernel.web.request import current_session, requires
from organisations.rules.units import in_order
from organisations.tree import list_tree

bp = Blueprint("enrolments_following", __name__)

USUAL_DAYS = 14


@bp.get("/teaching/<slug>/progress")
@requires(LearningAction.FOLLOW, get_published)
def progress(context: LearnerContext) -> str:
    """Show how those get on who take a course, one of its editions or one of its groups."""
    session, outline, query = current_session(), outline_of(context), filter_of(request.args)
    filters, days, course_id = (
        GradebookFilter(edition=query.edition, group=query.group, unit=query.unit),
        query.idle_days or USUAL_DAYS,
        context.course_id,
    )
    learners, completed = count_gradebook(session, course_id, filters, now=context.now)
    waiting = queries.count_waiting(session, course_id, filters, days, now=context.now)
    left_off = queries.count_left_off(session, course_id, filters, days, now=context.now)
    modules = module_lines(outline, queries.count_modules(session, outline, filters, now=context.now), learners)
    counts = queries.count_activities(session, course_id, filters, now=context.now)
    activities = activity_lines(outline, counts, waiting, left_off, learners)
    return render_template(
        "enrolments/progress.html",
        course=course_name(context),
        wanted=filters,
        days=days,
        idle=IDLE,
        editions=[line.edition for line in list_editions(session, course_id)],
        groups=list_groups(session, course_id),
        units=in_order(list_tree(session)),
        learners=learners,
        completed=completed,
        never_came=left_off.get(None, 0),
        stopped=sum(left_off.values()),
        modules=modules,
        bars=bars(modules),
        activities=activities,
        activity_bars=bars(activities),
        times=times(queries.time_taken(session, course_id, filters, now=context.now)),
    )
