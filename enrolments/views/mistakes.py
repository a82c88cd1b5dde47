"""Pages of mistake reports: a reader reports one and sees what became of it, the course team decides."""

from collections.abc import Sequence
from functools import partial

from flask import Blueprint, Response, request
from wtforms import RadioField, SelectField, ValidationError
from wtforms.validators import InputRequired

from courses import versions as course_outlines
from courses.access import edits
from courses.models import CourseVersion, LessonPage
from courses.rules import activity_url
from courses.versions import get_version_by_id
from enrolments import mistakes
from enrolments.access import ActivityContext, LearnerContext, LearningAction, MistakeAction, MistakeReportContext
from enrolments.course_context import LONGEST_REPORT, WordsField, course_name, mistake_page
from enrolments.learners import get_activity_context, get_learner_context
from enrolments.mistakes import MISTAKE_KINDS, MISTAKE_STATES, MISTAKE_STATES_OF_REPORTER, MistakeDecision, MistakeGroup, MistakePlace
from enrolments.models import UNSETTLED_STATES, MistakeKind, MistakeReport, MistakeState
from kernel import clock
from kernel.errors import NotFound, require_found
from kernel.i18n import _, choose, format_date, language, lazy_, ngettext, shortened
from kernel.markup.model import SafeHtml
from kernel.markup.passages import anchored
from kernel.web.forms import Form, as_uuid, at_most
from kernel.web.request import Answer, allows, begin_writing, current_actor, current_session, is_read_only_request, page, requires, see_page
from kernel.web.table import Page, requested_page


class MistakeDecisionForm(Form):
    """A decision on mistake reports: what becomes of them, which version corrected the mistake, and words for who reported it."""

    decision = RadioField(lazy_("What do you decide?"), [InputRequired(lazy_("Choose one."))], choices=[])
    version = SelectField(lazy_("Corrected in"), choices=[], default="")
    answer = WordsField(lazy_("Answer of the course team"), [at_most(LONGEST_REPORT)])

    def offer(self, state: MistakeState, versions: Sequence[tuple[str, str]]) -> None:
        """Let what may follow a state be chosen, and one of these versions."""
        accept = [] if state is MistakeState.ACCEPTED else [(MistakeState.ACCEPTED.value, _("It is a mistake and will be corrected"))]
        self.decision.choices = [
            *accept,
            (MistakeState.CORRECTED.value, _("It has already been corrected")),
            (MistakeState.DECLINED.value, _("Nothing will be changed")),
        ]
        self.version.choices = [("", _("Without a new version, for example by a regrade")), *versions]

    def suggest_correction(self) -> None:
        """Fill in that the newest version corrected it."""
        versions = [str(choice[0]) for choice in self.version.choices or ()]
        self.decision.data, self.version.data = MistakeState.CORRECTED.value, versions[1] if len(versions) > 1 else ""

    def validate_answer(self, field: WordsField) -> None:
        """Refuse to decline without a reason."""
        if not field.data and self.decision.data == MistakeState.DECLINED.value:
            raise ValidationError(_("Write why nothing will be changed."))

    def command(self) -> MistakeDecision:
        """Return the decision."""
        state = MistakeState(self.decision.data)
        version = int(self.version.data) if state is MistakeState.CORRECTED and self.version.data else None
        return MistakeDecision(state, self.answer.data or "", version)


LOOKS = {
    MistakeState.OPEN: ("now", "message-circle"),
    MistakeState.ACCEPTED: ("now", "circle-dot"),
    MistakeState.CORRECTED: ("ok", "circle-check"),
    MistakeState.DECLINED: ("", "circle-x"),
}
"""How a state looks: kind and symbol of `macros/ui.html`."""
EXCERPT = 160


def state_view(state: str, *, of_reporter: bool = False) -> tuple[str, str, str]:
    """Return how a state is shown to the course team, or to whoever made the report: look, words and symbol of `macros/ui.html`."""
    labels, (look, symbol) = MISTAKE_STATES_OF_REPORTER if of_reporter else MISTAKE_STATES, LOOKS[MistakeState(state)]
    return look, _(labels[MistakeState(state)]), symbol


def _by_place(groups: Sequence[MistakeGroup]) -> list[list[MistakeGroup]]:
    """Put the groups of a list together by place, in the order in which they come."""
    places: dict[tuple[str, str | None], list[MistakeGroup]] = {}
    for group in groups:
        places.setdefault((group.MistakeReport.activity_key, group.MistakeReport.question_key), []).append(group)
    return list(places.values())


def kind_words(row: MistakeReport) -> str:
    """Return the kind of a report in words."""
    return _(MISTAKE_KINDS[MistakeKind(row.kind)])


def version_choices(versions: Sequence[CourseVersion]) -> list[tuple[str, str]]:
    """Return the versions that may have corrected something, as choices of a form."""
    return [
        (str(row.id), _("Version %(number)s, %(day)s", number=row.number, day=format_date(row.published_at, "short"))) for row in versions
    ]


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
def own_reports() -> Response:
    """List the reader's own mistake reports with what became of them."""
    requested = requested_page()
    rows = mistakes.list_own_mistakes(current_session(), current_actor().person_id or 0, offset=requested.offset, limit=requested.size + 1)
    shown = {"kind_words": kind_words, "state_view": state_view, "activity_url": activity_url}
    return page("enrolments/own_mistake_reports.html", page=requested.of(rows), **shown)


@bp.get("/teaching/<slug>/mistake-reports")
@requires(MistakeAction.LIST, get_learner_context)
def reports(context: LearnerContext) -> Response:
    """List the mistake reports of a course in one state, by place; the open ones first."""
    session, requested, named = current_session(), requested_page(ROWS), request.args.get("state", MistakeState.OPEN.value)
    state = MistakeState(named) if named in set(MistakeState) else None
    if state is None and named != "all":
        raise NotFound
    groups = mistakes.list_mistakes(session, context.course_id, state, offset=requested.offset, limit=ROWS + 1)
    accepted = [group.MistakeReport for group in groups if group.MistakeReport.state == MistakeState.ACCEPTED.value]
    counts = mistakes.count_states(session, context.course_id)
    return page(
        "enrolments/mistake_reports.html",
        course=course_name(context),
        page=Page(_by_place(groups[:ROWS]), requested.number, len(groups) > ROWS),
        state=named,
        changed=mistakes.find_changed(session, context.course_id, accepted),
        kind_words=kind_words,
        state_view=state_view,
        excerpt=partial(shortened, longest=EXCERPT),
        counts={**{mistake_state.value: counts.get(mistake_state.value, 0) for mistake_state in MistakeState}, "all": sum(counts.values())},
    )


@bp.route("/teaching/<slug>/mistake-reports/<uuid:report>", methods=["GET"])
@requires(MistakeAction.LIST, mistakes.get_report_context)
def mistake(subject: MistakeReportContext) -> Response:
    """Show a mistake report with the others of its place."""
    return _page(subject, _form(subject))


def _form(subject: MistakeReportContext) -> MistakeDecisionForm:
    form, versions = MistakeDecisionForm(), mistakes.list_later_versions(current_session(), subject.report)
    form.offer(MistakeState(subject.report.state), version_choices(versions))
    return form


def _page(subject: MistakeReportContext, form: MistakeDecisionForm) -> Response:
    session, row = current_session(), subject.report
    is_settled = MistakeState(row.state) not in UNSETTLED_STATES
    is_changed = not is_settled and row.id in mistakes.find_changed(session, row.course_id, [row])
    if is_changed and is_read_only_request():
        form.suggest_correction()
    activity = mistakes.find_activity(session, row)
    heading = _heading_text(mistakes.find_page(session, activity.id, row.language), row.heading) if activity and row.heading else ""
    corrected = get_version_by_id(session, row.corrected_version_id) if row.corrected_version_id else None
    return page(
        "enrolments/mistake.html",
        course=course_name(subject.context),
        report=row,
        kind=kind_words(row),
        state=state_view(row.state),
        reporter=mistakes.get_reporter(session, row),
        version=get_version_by_id(session, row.version_id).number,
        activity_kind=activity.kind if activity else "",
        activity=choose(activity.title) if activity else row.activity_key,
        heading=heading,
        corrected=corrected.number if corrected else None,
        same=[] if is_settled else mistakes.list_same_place(session, row),
        kind_words=kind_words,
        is_changed=is_changed,
        may_edit=edits(current_actor(), subject.context.staff_role),
        form=form if not is_settled and allows(MistakeAction.DECIDE, subject) else None,
    )


def _heading_text(page: LessonPage | None, address: str) -> str:
    texts = dict(_heading(line) for line in page.headings) if page else {}
    return texts.get(address, address)


@bp.post("/teaching/<slug>/mistake-reports/<uuid:report>/decision")
@requires(MistakeAction.DECIDE, mistakes.get_report_context, reads_first=True)
def decide(subject: MistakeReportContext) -> Answer:
    """Decide on a report and on the chosen others of its place, and notify who made them."""
    form = _form(subject)
    if MistakeState(subject.report.state) not in UNSETTLED_STATES:
        raise mistakes.ReportIsSettled
    if not form.validate_on_submit():
        return _page(subject, form)
    others = [number for text in request.form.getlist("also") if (number := as_uuid(text)) is not None]
    count = mistakes.decide(begin_writing(), current_actor(), subject.report, others, form.command(), now=clock.now())
    message = ngettext(
        "Your decision has been saved, and the person who reported the mistake is notified.",
        "Your decision on %(count)s reports has been saved, and the people who made them are notified.",
        count,
    )
    return see_page("enrolments_mistakes.reports", slug=subject.context.slug, flash=message)


@bp.get("/teaching/<slug>/mistake-reports/<uuid:report>/lesson")
@requires(MistakeAction.LIST, mistakes.get_report_context)
def lesson(subject: MistakeReportContext) -> Response:
    """Show a lesson as it was published when somebody reported it."""
    session, row = current_session(), subject.report
    activity = mistakes.find_activity(session, row)
    published = require_found(mistakes.find_page(session, activity.id, row.language) if activity else None)
    return page(
        "enrolments/mistake_lesson.html",
        course=course_name(subject.context),
        report=row,
        version=get_version_by_id(session, row.version_id).number,
        title=published.title,
        body=anchored(SafeHtml.stored(published.body)),
        icons=published.symbols,
        text_language="" if published.language == language() else published.language,
    )
