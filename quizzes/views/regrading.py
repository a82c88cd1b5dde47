"""Pages of regrades: what can be regraded, the dry run, and its commit and undoing (spec/quiz-engine 5.11.2 to 5.11.5)."""

from typing import Any

from flask import Blueprint, Response, flash, render_template, request, url_for

from accounts import access_log
from accounts.privacy import PeopleListKind
from courses.models import Course
from kernel import clock
from kernel.errors import N_, NotFound
from kernel.i18n import _
from kernel.own_records import LEFT_OUT, is_own
from kernel.tables import write_csv
from kernel.web.forms import whole_number
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, current_actor, current_session, requires, see_other, see_page
from quizzes.forms.quizzes import AttemptActionForm, RegradeForm
from quizzes.pages import regrading as pages
from quizzes.pages.introduction import activity_header
from quizzes.permissions import QuizAction, QuizContext
from quizzes.queries import dry_runs, teaching
from quizzes.queries.dry_runs import DryRunFilter
from quizzes.queries.jury_decisions import touches_decided
from quizzes.queries.regrading import (
    QuizQuestionVersions,
    RegradeContext,
    count_submitted_since,
    find_question_versions,
    get_regrade,
    later_regrade,
    list_left_out,
    list_question_versions,
    list_regrades,
    lock_regrade,
)
from quizzes.rules.regrade import RegradeKind, RegradePolicy
from quizzes.services import dry_runs as dry_run_services
from quizzes.services import regrading as services
from quizzes.services.dry_runs import AlreadyVoided, DecidedByJury, NothingToRegrade, RegradeRequest
from quizzes.services.regrade_offers import list_offers
from quizzes.services.regrading import DryRunOutdated, UndoLaterFirst
from quizzes.views.reports import download

bp = Blueprint("quizzes_regrading", __name__)


@bp.get("/courses/<slug>/quizzes/<key>/regrades")
@requires(QuizAction.REGRADE, teaching.get_taught_quiz)
def regrades(subject: QuizContext) -> Answer:
    """List the questions that can be regraded, and the regrades so far."""
    session = current_session()
    question_rows = pages.question_rows(session, list_question_versions(session, subject))
    titles = {str(row["key"]): str(row["title"]) for row in question_rows}
    return render_template(
        "quizzes/regrades.html",
        **activity_header(subject.outline, subject.key),
        questions=question_rows,
        entries=pages.entry_rows(list_regrades(session, subject), titles),
        offers=list_offers(session, subject.course_id, subject.key),
        titles=titles,
    )


@bp.route("/courses/<slug>/quizzes/<key>/regrades/new", methods=["GET", "POST"])
@requires(QuizAction.REGRADE, teaching.get_taught_quiz)
def new(subject: QuizContext) -> Answer:
    """Ask what is to be regraded and how; a dry run follows, never the marks themselves."""
    session, key = current_session(), request.args.get("question", "")
    question_versions = find_question_versions(session, subject, key) if key else None
    form = RegradeForm()
    if request.method != "POST":
        form.kind.data = request.args.get("kind")
    form.offer(
        _kinds(question_versions, voiding="voiding" in request.args),
        pages.version_choices(question_versions.versions) if question_versions else [],
    )
    if not form.validate_on_post():
        return _form_page(subject, form, question_versions), 422 if request.method == "POST" else 200
    regrade_request = _regrade_request(form, question_versions)
    try:
        row = dry_run_services.begin_dry_run(session, current_actor(), subject, regrade_request, now=clock.now())
    except NothingToRegrade as error:
        return _refused(subject, form, question_versions, form.version, _(error.text))
    except (AlreadyVoided, DecidedByJury) as error:
        return _refused(subject, form, question_versions, form.kind, _(error.text))
    return _to_dry_run(subject, row.uuid)


def _kinds(question_versions: QuizQuestionVersions | None, *, voiding: bool) -> list[RegradeKind]:
    """Return the possible kinds of regrade: all questions together are only judged again, manually marked ones only made void.

    What makes void has a form of its own, because no policy applies to it (spec/selection 5.8).
    """
    if question_versions is None:
        return [RegradeKind.SAME]
    if voiding or not pages.is_by_rule(current_session(), question_versions):
        return [RegradeKind.UNLESS_LOWER, RegradeKind.FULL_CREDIT, RegradeKind.REMOVED]
    return [*([RegradeKind.OTHER] if len(question_versions.versions) > 1 else []), RegradeKind.SAME]


def _regrade_request(form: RegradeForm, question_versions: QuizQuestionVersions | None) -> RegradeRequest:
    kind = RegradeKind(form.kind.data)
    number = whole_number(form.version.data or "")
    target = next((version.id for version in question_versions.versions if version.number == number), None) if question_versions else None
    return RegradeRequest(
        kind=kind,
        reason=form.reason.data or "",
        question_id=question_versions.id if question_versions else None,
        target_id=target if kind is RegradeKind.OTHER else None,
        policy=RegradePolicy(form.policy.data),
        with_manual=bool(form.with_manual.data),
    )


def _refused(subject: QuizContext, form: RegradeForm, question_versions: QuizQuestionVersions | None, field: Any, message: str) -> Answer:
    form.refuse(field, message)
    return _form_page(subject, form, question_versions), 422


def _form_page(subject: QuizContext, form: RegradeForm, question_versions: QuizQuestionVersions | None) -> str:
    session, number = current_session(), whole_number(form.version.data or "")
    target = next((version.id for version in question_versions.versions if version.number == number), None) if question_versions else None
    return render_template(
        "quizzes/regrade_new.html",
        **activity_header(subject.outline, subject.key),
        form=form,
        voids=_kinds(question_versions, voiding="voiding" in request.args)[0].voids,
        key=question_versions.key if question_versions else "",
        here=request.full_path.rstrip("?"),
        question=pages.title_of(session, question_versions) if question_versions else "",
        incompatible_versions=pages.incompatible_versions(session, question_versions, target)
        if question_versions and target and form.errors
        else [],
    )


def _to_dry_run(subject: QuizContext, regrade: Any) -> Response:
    address = url_for("quizzes_regrading.regrade", slug=subject.slug, key=subject.key, regrade=regrade)
    return see_other(address)


@bp.get("/courses/<slug>/quizzes/<key>/regrades/<uuid:regrade>")
@requires(QuizAction.REGRADE, get_regrade)
def regrade(subject: RegradeContext) -> Answer:
    """Show a dry run: for whom what would change; after the commit what has changed, and how to undo it."""
    return _regrade_page(subject, AttemptActionForm(formdata=None))


def _regrade_page(subject: RegradeContext, form: AttemptActionForm) -> str:
    if subject.row.state == "discarded":
        raise NotFound
    session, row, page = current_session(), subject.row, requested_page(50)
    access_log.record_list_access(PeopleListKind.ATTEMPTS, Course, row.course_id)
    show = filter_from_address()
    lines = dry_runs.list_lines(session, row.id, show, offset=page.offset, limit=page.size + 1)
    later = later_regrade(session, row) if row.state == "committed" else None
    left_out = list_left_out(session, row)
    return render_template(
        "quizzes/regrade.html",
        **activity_header(subject.outline, subject.key),
        regrade=pages.facts(row),
        question=_title(subject),
        incompatible_versions=_incompatible_versions(subject),
        counts=dry_runs.count_lines(session, row.id),
        arrived=count_submitted_since(session, row) if row.state == "ready" else 0,
        show=show.value,
        page=Page(pages.line_views(lines[: page.size]), page.number, len(lines) > page.size),
        form=form,
        is_decided=row.state == "committed" and (row.for_objection or touches_decided(session, row)),
        later=later.uuid if later else None,
        touched=[line for source in session.info["touched"] for line in source(session, row)] if row.state == "ready" else [],
        left_out=[left_out_person.full_name for left_out_person in left_out],
        may_apply=any(not is_own(current_actor(), left_out_person.id) for left_out_person in left_out),
    )


def filter_from_address() -> DryRunFilter:
    """Return which lines the address asks for; what it does not know is what changes."""
    show = request.args.get("show", "")
    return DryRunFilter(show) if show in set(DryRunFilter) else DryRunFilter.CHANGED


def _title(subject: RegradeContext) -> str:
    question_versions = _requested_question(subject)
    return pages.title_of(current_session(), question_versions) if question_versions else ""


def _requested_question(subject: RegradeContext) -> QuizQuestionVersions | None:
    listed = list_question_versions(current_session(), subject) if subject.row.question_id is not None else []
    return next((question_versions for question_versions in listed if question_versions.id == subject.row.question_id), None)


def _incompatible_versions(subject: RegradeContext) -> list[pages.IncompatibleVersion]:
    question_versions = _requested_question(subject)
    return (
        pages.incompatible_versions(current_session(), question_versions, subject.row.target_id)
        if question_versions and subject.row.target_id is not None
        else []
    )


@bp.get("/courses/<slug>/quizzes/<key>/regrades/<uuid:regrade>/lines.csv")
@requires(QuizAction.REGRADE, get_regrade)
def lines_csv(subject: RegradeContext) -> Response:
    """Send the lines of a dry run as CSV."""
    lines = dry_runs.stream_lines(current_session(), subject.row.id, filter_from_address())
    return download(subject, "regrade.csv", lambda file: write_csv(file, pages.headings(), pages.download_rows(lines)))


def _require_own(subject: RegradeContext) -> None:
    """Raise DecidedByJury where a jury asked for the dry run: what it decides nobody does in its place (spec/selection 5.4)."""
    if subject.row.for_objection:
        raise DecidedByJury(N_("This dry run belongs to objections: the jury decides on it."))


@bp.post("/courses/<slug>/quizzes/<key>/regrades/<uuid:regrade>/commitment")
@requires(QuizAction.REGRADE, lock_regrade)
def commit(subject: RegradeContext) -> Answer:
    """Commit the marks of the dry run that was viewed."""
    _require_own(subject)
    try:
        done = services.apply_dry_run(
            current_session(), current_actor(), subject.row, seen=whole_number(request.form.get("seen", "")), now=clock.now()
        )
    except (DryRunOutdated, AlreadyVoided, DecidedByJury) as error:
        flash(_(error.text), "warn")
        return _to_dry_run(subject, subject.row.uuid)
    if done:
        _flash_left_out(subject)
        flash(_("The new marks are in force.") if subject.row.state == "committed" else _("The new marks are being written."), "ok")
    return _to_dry_run(subject, subject.row.uuid)


@bp.post("/courses/<slug>/quizzes/<key>/regrades/<uuid:regrade>/renewal")
@requires(QuizAction.REGRADE, lock_regrade)
def renew(subject: RegradeContext) -> Answer:
    """Make the dry run again, with what was submitted since."""
    _require_own(subject)
    dry_run_services.renew_dry_run(current_session(), current_actor(), subject.row, now=clock.now())
    return _to_dry_run(subject, subject.row.uuid)


@bp.post("/courses/<slug>/quizzes/<key>/regrades/<uuid:regrade>/discard")
@requires(QuizAction.REGRADE, lock_regrade)
def discard(subject: RegradeContext) -> Answer:
    """Discard a dry run."""
    _require_own(subject)
    dry_run_services.discard_dry_run(current_session(), current_actor(), subject.row, now=clock.now())
    flash(_("The dry run was discarded. No marks have changed."), "ok")
    return see_page("quizzes_regrading.regrades", slug=subject.slug, key=subject.key)


@bp.post("/courses/<slug>/quizzes/<key>/regrades/<uuid:regrade>/undo")
@requires(QuizAction.REGRADE, lock_regrade)
def undo(subject: RegradeContext) -> Answer:
    """Give every answer back the mark that it had, for a reason that its learners read."""
    form = AttemptActionForm()
    if not form.validate_on_post():
        return _regrade_page(subject, form), 422
    try:
        services.undo(current_session(), current_actor(), subject.row, form.reason.data or "", now=clock.now())
    except UndoLaterFirst as error:
        flash(_(error.text), "warn")
        return _to_dry_run(subject, subject.row.uuid)
    _flash_left_out(subject)
    flash(_("Undone: the previous marks apply again."), "ok")
    return _to_dry_run(subject, subject.row.uuid)


def _flash_left_out(subject: RegradeContext) -> None:
    if any(is_own(current_actor(), left_out_person.id) for left_out_person in list_left_out(current_session(), subject.row)):
        flash(_(LEFT_OUT), "warn")


@bp.post("/courses/<slug>/quizzes/<key>/regrades/<uuid:regrade>/application")
@requires(QuizAction.REGRADE, lock_regrade)
def apply(subject: RegradeContext) -> Answer:
    """Let a commit, or its undoing, follow for those whom it left out."""
    services.apply_to_left_out(current_session(), current_actor(), subject.row, now=clock.now())
    flash(_("It now also applies to the record that was left out."), "ok")
    return _to_dry_run(subject, subject.row.uuid)
