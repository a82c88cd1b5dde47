"""Pages of simulators: the tool for everybody, whose scenario stands in its address, and graded tasks inside courses."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from html import unescape
from typing import Any
from uuid import UUID, uuid4, uuid5

from flask import Blueprint, Response, flash, request, url_for

from accounts import privacy
from accounts.privacy import AccessPurpose
from courses import versions
from courses.rules import Outline
from enrolments import learners
from enrolments.access import ActivityContext
from enrolments.course_context import activity_deadline, activity_header, course_view, record_visit_later
from enrolments.course_view import CourseView, rounded
from enrolments.rules import has_passed
from kernel import clock
from kernel.i18n import _, choose, format_datetime, format_time, language, local
from kernel.web import after_response
from kernel.web.forms import as_uuid, clean_text, whole_number
from kernel.web.request import Answer, allows, current_actor, current_session, page, public, requires, see_other
from simulators import tasks
from simulators.access import SimulatorAction, SubmissionContext, sees_numbers
from simulators.content import benefit_name
from simulators.rules.budget import REFERENCE, BadAddress, decode, encode
from simulators.rules.scenario import BENEFITS, Inputs, faults, read_typed
from simulators.rules.tasks import SubmitRuling, allowed_inputs, over_attempts
from simulators.tasks import TaskContext, TaskWork
from simulators.views import scenario
from simulators.views.task import ask_views, filled, goal_views, groups_of, refusal_words, review_items

bp = Blueprint("simulators", __name__)

COMPARED = 3
FIRST_BENEFIT = "vejez"


@dataclass(frozen=True, slots=True)
class SimulatorQuery:
    """The query of a simulator's address: a scenario, the benefit to show, and the scenarios kept for comparing (text and inputs)."""

    code: str
    inputs: Inputs
    benefit: str
    kept: tuple[tuple[str, Inputs], ...]
    broken: bool
    """Whether a scenario of the address could not be read: the example stands in its place, and the page says so."""

    def link(self, tab: str, **changes: Any) -> str:
        """Return the address of a tab with this scenario."""
        values = {"s": self.code if self.code != "1" else None, "b": self.benefit, "c": [code for code, _inputs in self.kept]}
        return url_for(f"simulators.{tab}", **{**values, **changes})

    def without(self, code: str) -> list[str]:
        """Return the texts of the kept scenarios but one."""
        return [text for text, _inputs in self.kept if text != code]


def read_address() -> SimulatorQuery:
    """Read the scenario, benefit and kept scenarios of the present address."""
    broken = False
    scenarios: list[tuple[str, Inputs]] = []
    for text in (request.args.get("s") or "1", *dict.fromkeys(request.args.getlist("c")[: COMPARED + 1])):
        try:
            inputs = decode(text)
        except BadAddress:
            broken, inputs = True, dict(REFERENCE)
        scenarios.append((encode(inputs), inputs))
    benefit = request.args.get("b", FIRST_BENEFIT)
    chosen = benefit if benefit in BENEFITS else FIRST_BENEFIT
    return SimulatorQuery(scenarios[0][0], scenarios[0][1], chosen, tuple(scenarios[1 : COMPARED + 1]), broken)


def _answer_form(query: SimulatorQuery, tab: str) -> Response | scenario.RejectedInput:
    """Do what the form of a tab asks: lead to the address of its scenario, or return what was rejected; nothing where none was sent."""
    act = request.args.get("do")
    if act is None:
        return scenario.NOTHING_TYPED
    if act == "reset":
        return see_other(query.link(tab, s=None))
    inputs, typed = scenario.read_form(request.args.to_dict(), request.args.getlist(scenario.BOX), query.inputs, language())
    if typed.errors:
        return typed
    code = encode(inputs)
    if act == "keep":
        codes = list(dict.fromkeys([*(text for text, _inputs in query.kept), code]))[-COMPARED:]
        return see_other(query.link("comparison", s=code, c=codes))
    return see_other(query.link(tab, s=code, _anchor="result"))


def _page(query: SimulatorQuery, tab: str, template: str, shown: str | None = None) -> Answer:
    """Send the result of a tab's form, or show the tab."""
    typed = _answer_form(query, tab)
    if isinstance(typed, Response):
        return typed
    html = page(
        template,
        tab=tab,
        asked=query,
        shown=shown or query.benefit,
        fields=scenario.FieldSet(query.inputs, typed),
        typed=typed,
        benefits=[(key, benefit_name(key)) for key in BENEFITS],
        inputs_json=scenario.inputs_json(query.inputs),
        bars_json=scenario.bars_json,
        percent_sign=scenario.percent_unit(),
        published=scenario.published_words(),
        share_link=query.link(tab, c=None, _external=True),
        view=_view(query, tab, shown or query.benefit),
    )
    return html, 422 if typed.errors or query.broken else 200


def _view(query: SimulatorQuery, tab: str, shown: str) -> object:
    if tab == "social_budget":
        return scenario.floor_view(query.inputs, shown)
    if tab == "rollout":
        return scenario.rollout_view(query.inputs, shown)
    if tab == "contributory":
        return scenario.reserve_view(query.inputs)
    return scenario.comparison_view(compared(query))


def compared(query: SimulatorQuery) -> Sequence[tuple[str, Inputs]]:
    """Return the scenarios to compare: those kept, or the example and the present one where none is."""
    if query.kept:
        return query.kept
    example: tuple[str, Inputs] = ("1", REFERENCE)
    return (example,) if query.code == "1" else (example, (query.code, query.inputs))


@bp.get("/simulators/social-budget")
@public("the tool is open to everybody and keeps nothing")
def social_budget() -> Answer:
    """Show what a benefit costs, and what the floor does."""
    query = read_address()
    return _page(query, "social_budget", "simulators/social_budget.html", _shown_by_form())


@bp.get("/simulators/social-budget/rollout")
@public("the tool is open to everybody and keeps nothing")
def rollout() -> Answer:
    """Show a benefit that is phased in over years."""
    return _page(read_address(), "rollout", "simulators/rollout.html")


@bp.get("/simulators/social-budget/contributory")
@public("the tool is open to everybody and keeps nothing")
def contributory() -> Answer:
    """Show income, spending and reserve of a contributory scheme."""
    return _page(read_address(), "contributory", "simulators/contributory.html")


@bp.get("/simulators/social-budget/comparison")
@public("the tool is open to everybody and keeps nothing")
def comparison() -> Answer:
    """Show up to three scenarios side by side."""
    return _page(read_address(), "comparison", "simulators/comparison.html")


def _shown_by_form() -> str | None:
    """Return the benefit whose fields a refused form held, so that they are shown again whatever was chosen beside them."""
    shown = request.args.get("shown") if "do" in request.args else None
    return shown if shown in BENEFITS else None


@bp.get("/simulators/social-budget/scenario.csv")
@public("the tool is open to everybody and keeps nothing")
def export() -> Response:
    """Give a scenario with its results as a table."""
    query = read_address()
    text = scenario.scenario_csv(query.inputs, query.link("social_budget", b=None, c=None, _external=True))
    headers = {"Content-Disposition": 'attachment; filename="social-budget.csv"'}
    return Response(text, mimetype="text/csv", headers=headers)


@dataclass(frozen=True, slots=True)
class SubmittedTask:
    """A task's form as it was read: scenario and numbers, what was typed, and the errors."""

    work: TaskWork
    answers: Mapping[str, Fraction]
    typed: scenario.RejectedInput


def present_work(subject: ActivityContext, context: TaskContext) -> tuple[TaskWork, datetime | None]:
    """Return where the actor stopped in a task, and when that was kept; else what the task begins with."""
    saved = tasks.find_save(current_session(), tasks.place_of(current_actor(), subject))
    if saved is None:
        return TaskWork(context.start, {}), None
    try:
        inputs = allowed_inputs(decode(saved.scenario), context.start, _editable(context))
    except BadAddress:
        inputs = dict(context.start)
    return TaskWork(inputs if not faults(inputs) else context.start, saved.answers), saved.saved_at


def _editable(context: TaskContext) -> frozenset[str] | None:
    """Return the fields that may be changed; nothing where no goal depends on them."""
    return context.published.task.editable if context.published.task.goals else frozenset()


def read_work(context: TaskContext, base: Inputs) -> SubmittedTask:
    """Read a task's form over the scenario that it was made from."""
    inputs, sent = scenario.read_form(request.form.to_dict(), request.form.getlist(scenario.BOX), base, language(), _editable(context))
    typed: dict[str, str] = {}
    answers: dict[str, Fraction] = {}
    errors = dict(sent.errors)
    for ask in context.published.task.asks:
        text = clean_text(request.form.get(f"ask.{ask.key}", ""))[: tasks.LONGEST_ANSWER]
        typed[ask.key] = text
        typed_number = read_typed(text, language())
        if typed_number is not None:
            answers[ask.key] = Fraction(typed_number)
        elif text:
            errors[f"ask.{ask.key}"] = scenario.no_number(text)
    labels = {f"ask.{ask.key}": _plain(choose(ask.text)) for ask in context.published.task.asks}
    return SubmittedTask(TaskWork(inputs, typed), answers, scenario.RejectedInput(sent.texts, errors, labels))


def _plain(html: str) -> str:
    """Return the words of stored HTML, for a list of errors."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


@bp.get("/courses/<slug>/simulators/<key>")
@requires(SimulatorAction.VIEW_TASK, learners.get_activity_context)
def task(subject: ActivityContext) -> Answer:
    """Show a task where its learner stopped: the scenario, the current state of the goals, and what was submitted."""
    context = tasks.load_task_context(current_session(), current_actor(), subject, now=clock.now())
    work, saved_at = present_work(subject, context)
    view = course_view(subject.context, subject.outline)
    record_visit_later(subject, view)
    return _task_page(subject, view, context, work, scenario.NOTHING_TYPED, saved_at)


def _moment_of_save(moment: datetime) -> str:
    """Return when a scenario was kept: the time, with the day unless it is today's."""
    is_today = local(moment).date() == local(clock.now()).date()
    return format_time(moment) if is_today else format_datetime(moment, "short")


def _task_page(
    subject: ActivityContext,
    view: CourseView,
    context: TaskContext,
    work: TaskWork,
    typed: scenario.RejectedInput,
    saved_at: datetime | None,
    remarks: Sequence[str] = (),
) -> Response:
    located, policy = context.published.task, context.published.task.policy
    score = over_attempts(policy.grading, tasks.counted(context.history))
    return page(
        "simulators/task.html",
        **activity_header(subject.outline, subject.activity.key),
        text=filled(located.text, located.variables, context.drawn),
        hidden=context.ruling.is_hidden,
        groups=groups_of(located, scenario.FieldSet(work.inputs, typed, _editable(context))),
        typed=typed,
        goals=goal_views(located, work.inputs),
        asks=ask_views(located, work.typed, typed.errors),
        inputs_json=scenario.inputs_json(work.inputs),
        saved=_moment_of_save(saved_at) if saved_at else "",
        maximum=rounded(located.maximum),
        pass_percent=rounded(policy.pass_mark),
        grading=policy.grading.value,
        closes_at=subject.context.end_for(context.published.closes_at),
        deadline=activity_deadline(view, subject.activity.key),
        attempts_left=context.ruling.left,
        warnings=[*remarks, *refusal_words(context.ruling)],
        number=uuid4(),
        task_id=context.published.id,
        may_work=allows(SimulatorAction.ANSWER, subject),
        may_submit=context.ruling.allowed,
        is_preview=context.preview,
        score=rounded(score),
        passed=has_passed(score, policy.pass_mark),
        submissions=[(row, rounded(row.percent)) for row in reversed(context.history)],
    )


@bp.post("/courses/<slug>/simulators/<key>/answers")
@requires(SimulatorAction.ANSWER, learners.get_activity_context)
def answer(subject: ActivityContext) -> Answer:
    """Calculate and keep a scenario, begin it again, or hand the task in."""
    session, actor, now = current_session(), current_actor(), clock.now()
    context = tasks.load_task_context(session, actor, subject, now=now)
    act = request.form.get("do", "calculate")
    if act == "reset":
        tasks.save_work(session, actor, subject, TaskWork(context.start, {}), now=now)
        return see_other(_task_url(subject))
    sent = read_work(context, present_work(subject, context)[0].inputs)
    if act == "submit":
        return _hand_in(subject, context, sent, now)
    refused = _refuse(subject, context, sent, now)
    if refused is not None:
        return refused
    tasks.save_work(session, actor, subject, sent.work, now=now)
    return see_other(_task_url(subject))


def _hand_in(subject: ActivityContext, context: TaskContext, sent: SubmittedTask, now: datetime) -> Answer:
    """Submit a task, or redirect to what this form has submitted already."""
    session, actor, number = current_session(), current_actor(), _number()
    row = tasks.find_submission(session, actor.person_id or 0, number)
    if row is None:
        refused = _refuse(subject, context, sent, now)
        if refused is not None:
            return refused
        try:
            row = tasks.submit_task(session, actor, subject, sent.work, sent.answers, number=number, now=now)
        except tasks.SubmissionNotAllowed:
            if not context.ruling.is_hidden:
                tasks.save_work(session, actor, subject, sent.work, now=now)
            flash(_("This task cannot be submitted now."), "warn")
            return see_other(_task_url(subject))
    return see_other(url_for("simulators.submission", submission=row.uuid))


def _number() -> UUID:
    """Return the number of the form as filled in: the same where it is sent again, another where its old page is filled in anew."""
    page, filled_in = as_uuid(request.form.get("number", "")), sorted(request.form.items(multi=True))
    return uuid4() if page is None else uuid5(page, repr([field for field in filled_in if field[0] != "csrf_token"]))


def _refuse(subject: ActivityContext, context: TaskContext, sent: SubmittedTask, now: datetime) -> Answer | None:
    """Show the task anew, with what was typed, where that cannot be taken or the page's numbers may be others than the task's now."""
    shown = whole_number(request.form.get("task", ""))
    corrected = shown > 0 and tasks.is_corrected(current_session(), context, shown)
    message = _("The task was corrected while you were working on it. Review its numbers: what you typed is kept and no attempt was used.")
    if sent.typed.errors:
        work = TaskWork(context.start if faults(sent.work.inputs) else sent.work.inputs, sent.work.typed)
        view = course_view(subject.context, subject.outline)
        return _task_page(subject, view, context, work, sent.typed, None, [message] if corrected else ()), 422
    if not corrected:
        return None
    if not context.ruling.is_hidden:
        tasks.save_work(current_session(), current_actor(), subject, sent.work, now=now)
    flash(message, "warn")
    return see_other(_task_url(subject))


def _task_url(subject: ActivityContext) -> str:
    return url_for("simulators.task", slug=subject.outline.slug, key=subject.activity.key)


@bp.get("/submissions/<uuid:submission>")
@requires(SimulatorAction.REVIEW, tasks.get_submission)
def submission(subject: SubmissionContext) -> Answer:
    """Show what came of a submission: each goal and number, with its explanation."""
    session, actor, owner, now = current_session(), current_actor(), subject.person_id, clock.now()
    reviewed = tasks.get_reviewed(session, subject.id)
    if owner != actor.person_id:
        after_response.run_after_response(lambda session: privacy.record_access(session, actor, owner, AccessPurpose.ANSWERS, now=now))
    outline = versions.get_outline(session, reviewed.published.version_id)
    ruling, following = _after_submission(reviewed, outline) if owner == actor.person_id else (None, None)
    numbers = sees_numbers(actor, subject) or (ruling is not None and ruling.is_over)
    row = reviewed.row
    return page(
        "simulators/submission.html",
        **activity_header(outline, reviewed.published.activity_key, row.activity_key),
        number=row.number,
        preview=row.preview,
        submitted_at=row.submitted_at,
        raw=rounded(row.raw),
        maximum=rounded(row.maximum),
        percent=rounded(row.percent),
        passed=row.passed,
        pass_percent=rounded(reviewed.published.task.policy.pass_mark),
        items=review_items(reviewed, numbers=numbers),
        has_goals=bool(reviewed.published.task.goals),
        scenario_url=url_for("simulators.social_budget", s=row.scenario),
        may_retry=ruling is not None and ruling.allowed,
        next=following,
    )


def _after_submission(reviewed: tasks.Reviewed, outline: Outline) -> tuple[SubmitRuling | None, object]:
    """Return whether the learner can submit again, and where to go on; None where the activity is no longer in their course."""
    session, actor, key = current_session(), current_actor(), reviewed.row.activity_key
    context = learners.get_learner_context(session, actor, outline.slug)
    if context.version_id is None:
        return None, None
    followed = versions.get_outline(session, context.version_id)
    if key not in followed.by_key:
        return None, None
    subject = learners.activity_context(session, context, followed, key)
    return tasks.load_task_context(session, actor, subject, now=clock.now()).ruling, course_view(context, followed).next_activity
