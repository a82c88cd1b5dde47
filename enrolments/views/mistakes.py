"""Mistake reports: a reader reports one and sees what became of it, the course team reads them and decides."""

from flask import Blueprint, flash, render_template, request

from courses import versions as course_outlines
from courses.access import edits
from courses.models import LessonPage
from courses.rules import activity_url
from courses.versions import get_version_by_id
from enrolments.course_context import course_name, mistake_page
from enrolments.forms import MistakeDecisionForm
from enrolments.mistake_permissions import MistakeAction, MistakeReportContext
from enrolments.models import UNSETTLED_STATES, MistakeState
from enrolments.pages import mistakes as pages
from enrolments.permissions import ActivityContext, LearnerContext, LearningAction
from enrolments.queries import mistakes as queries
from enrolments.queries.learning import get_activity_context, get_learner_context
from enrolments.services import mistakes as services
from enrolments.services.mistakes import MistakePlace
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import choose, language, ngettext
from kernel.markup.model import SafeHtml
from kernel.markup.passages import anchored
from kernel.web.forms import as_uuid
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, allows, begin_writing, current_actor, current_session, is_read_only_request, requires, see_page

bp = Blueprint("enrolments_mistakes", __name__)

ROWS = 50


@bp.route("/courses/<slug>/activities/<key>/mistake-report", methods=["GET", "POST"])
@requires(MistakeAction.REPORT, get_activity_context, reads_first=True)
def report(subject: ActivityContext) -> Answer:
    """Report a mistake in a lesson, a recording or a task."""
    outline, activity = subject.outline, subject.activity
    lesson_texts = course_outlines.list_lesson_texts(current_session(), activity.id) if activity.kind == "page" else []
    page = next((row for row in lesson_texts if row.language == language()), lesson_texts[0] if lesson_texts else None)
    mistake_place = MistakePlace(
        outline.course_id,
        outline.version_id,
        activity.key,
        choose(activity.title) if page is None else page.title,
        language() if page is None else page.language,
    )
    headings = [_heading(line) for line in page.headings] if page else []
    back = activity_url(outline.slug, activity.kind, activity.key)
    return mistake_page(course_name(subject.context), mistake_place, back, headings, marked=activity.gives_marks)


def _heading(line: str) -> tuple[str, str]:
    address, text = line.split("|", 1)
    return address, text


@bp.get("/learning/mistake-reports")
@requires(LearningAction.SEE_OWN_COURSES)
def own_reports() -> str:
    """List the reader's own mistake reports with what became of them."""
    requested = requested_page()
    rows = queries.list_own_mistakes(current_session(), current_actor().person_id or 0, offset=requested.offset, limit=requested.size + 1)
    page = Page(pages.own_mistake_views(rows[: requested.size]), requested.number, len(rows) > requested.size)
    return render_template("enrolments/own_mistake_reports.html", page=page)


@bp.get("/teaching/<slug>/mistake-reports")
@requires(MistakeAction.LIST, get_learner_context)
def reports(context: LearnerContext) -> str:
    """List the mistake reports of a course in one state, by place; the open ones first."""
    session, requested, named = current_session(), requested_page(ROWS), request.args.get("state", MistakeState.OPEN.value)
    state = MistakeState(named) if named in set(MistakeState) else None
    if state is None and named != "all":
        raise NotFound
    groups = queries.list_mistakes(session, context.course_id, state, offset=requested.offset, limit=ROWS + 1)
    accepted = [group.newest for group in groups if group.newest.state == MistakeState.ACCEPTED.value]
    shown = pages.place_views(groups[:ROWS], queries.find_changed(session, context.course_id, accepted))
    counts = queries.count_states(session, context.course_id)
    return render_template(
        "enrolments/mistake_reports.html",
        course=course_name(context),
        page=Page(shown, requested.number, len(groups) > ROWS),
        state=named,
        counts={**{mistake_state.value: counts.get(mistake_state.value, 0) for mistake_state in MistakeState}, "all": sum(counts.values())},
    )


@bp.route("/teaching/<slug>/mistake-reports/<uuid:report>", methods=["GET"])
@requires(MistakeAction.LIST, queries.get_report_context)
def mistake(subject: MistakeReportContext) -> str:
    """Show a mistake report with the others of its place."""
    return _page(subject, _form(subject))


def _form(subject: MistakeReportContext) -> MistakeDecisionForm:
    form, versions = MistakeDecisionForm(), queries.list_later_versions(current_session(), subject.report)
    form.offer(MistakeState(subject.report.state), pages.version_choices(versions))
    return form


def _page(subject: MistakeReportContext, form: MistakeDecisionForm) -> str:
    session, row = current_session(), subject.report
    is_settled = MistakeState(row.state) not in UNSETTLED_STATES
    is_changed = not is_settled and row.id in queries.find_changed(session, row.course_id, [row])
    if is_changed and is_read_only_request():
        form.suggest_correction()
    activity = queries.find_activity(session, row)
    heading = _heading_text(queries.find_page(session, activity.id, row.language), row.heading) if activity and row.heading else ""
    corrected = get_version_by_id(session, row.corrected_version_id) if row.corrected_version_id else None
    return render_template(
        "enrolments/mistake.html",
        course=course_name(subject.context),
        report=row,
        kind=pages.kind_words(row),
        state=pages.state_view(row.state),
        reporter=queries.get_reporter(session, row),
        version=get_version_by_id(session, row.version_id).number,
        activity_kind=activity.kind if activity else "",
        activity=choose(activity.title) if activity else row.activity_key,
        heading=heading,
        corrected=corrected.number if corrected else None,
        same=[] if is_settled else pages.same_place_views(row, queries.list_same_place(session, row)),
        is_changed=is_changed,
        may_edit=edits(current_actor(), subject.context.staff_role),
        form=form if not is_settled and allows(MistakeAction.DECIDE, subject) else None,
    )


def _heading_text(page: LessonPage | None, address: str) -> str:
    texts = dict(_heading(line) for line in page.headings) if page else {}
    return texts.get(address, address)


@bp.post("/teaching/<slug>/mistake-reports/<uuid:report>/decision")
@requires(MistakeAction.DECIDE, queries.get_report_context, reads_first=True)
def decide(subject: MistakeReportContext) -> Answer:
    """Decide on a report and on the chosen others of its place, and notify who made them."""
    form = _form(subject)
    if MistakeState(subject.report.state) not in UNSETTLED_STATES:
        raise services.ReportIsSettled
    if not form.validate_on_post():
        return _page(subject, form), 422
    others = [number for text in request.form.getlist("also") if (number := as_uuid(text)) is not None]
    count = services.decide(begin_writing(), current_actor(), subject.report, others, form.command(), now=clock.now())
    message = ngettext(
        "Your decision has been saved, and the person who reported the mistake is notified.",
        "Your decision on %(count)s reports has been saved, and the people who made them are notified.",
        count,
    )
    flash(message, "ok")
    return see_page("enrolments_mistakes.reports", slug=subject.context.slug)


@bp.get("/teaching/<slug>/mistake-reports/<uuid:report>/lesson")
@requires(MistakeAction.LIST, queries.get_report_context)
def lesson(subject: MistakeReportContext) -> str:
    """Show a lesson as it was published when somebody reported it."""
    session, row = current_session(), subject.report
    activity = queries.find_activity(session, row)
    page = queries.find_page(session, activity.id, row.language) if activity else None
    if page is None:
        raise NotFound
    return render_template(
        "enrolments/mistake_lesson.html",
        course=course_name(subject.context),
        report=row,
        version=get_version_by_id(session, row.version_id).number,
        title=page.title,
        body=anchored(SafeHtml.stored(page.body)),
        icons=page.symbols,
        text_language="" if page.language == language() else page.language,
    )
