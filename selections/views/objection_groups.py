"""Objections of a selection for its jury and administrators: list, one question, its proposal and decision (spec/selection 5.4 to 5.6)."""

from uuid import UUID

from flask import Blueprint, Response, current_app, flash, render_template, request
from sqlalchemy.orm import Session

from accounts import privacy
from accounts.privacy import AccessPurpose
from kernel import clock
from kernel.files import FileStore
from kernel.i18n import _, language
from kernel.web import after_response
from kernel.web.file_responses import send_content
from kernel.web.forms import as_uuid, whole_number
from kernel.web.request import Answer, allows, current_actor, current_session, requires, see_page
from questions import question_bank
from questions.question_page import short_title, text_language
from questions.rules.answers import upload_limits
from questions.rules.marking import takes_text
from questions.rules.numbers import convention_for
from quizzes import dry_runs
from quizzes.dry_runs import AlreadyVoided, DryRunFilter, NothingToRegrade
from quizzes.files import list_files
from quizzes.regrading import UndoLaterFirst
from selections.forms import ProposalForm, ProposalReturnForm
from selections.models import Selection
from selections.objection_models import Objection
from selections.objection_permissions import ObjectionAction, ObjectionFileContext, ObjectionGroupContext
from selections.pages import objection_groups as pages
from selections.pages.corrections import touched_by_regrade
from selections.permissions import SelectionContext
from selections.queries import objection_groups as queries
from selections.queries import selections as selection_queries
from selections.rules.objections import FEWEST_DECIDERS, ObjectionOutcome, ObjectionState, figures_of, is_of_own_hand
from selections.services import objection_decisions as services
from selections.services.objection_decisions import DecisionResult, DecisionValues

bp = Blueprint("selections_objection_groups", __name__)

CHANGES = 50


@bp.get("/selections/<uuid:selection>/objections")
@requires(ObjectionAction.VIEW, selection_queries.get_selection)
def listing(subject: SelectionContext) -> str:
    """List the objections of a selection by question, with their statistics."""
    session, now = current_session(), clock.now()
    rows = queries.list_groups(session, subject.id)
    questions = question_bank.get_questions(session, [row.question_version_id for row in rows])
    records = queries.list_records(session, Objection.selection_id == subject.id)
    answers = queries.count_answers(session, session.get_one(Selection, subject.id))
    return render_template(
        "selections/objection_groups.html",
        selection={"uuid": subject.uuid, "quiz": pages.title_of(subject)},
        groups=pages.group_views(rows, questions, subject.outline.zone, now=now),
        figures=pages.figure_lines(figures_of(records, answers)),
    )


@bp.get("/selections/<uuid:selection>/objections/<uuid:group>")
@requires(ObjectionAction.VIEW, queries.get_group)
def group(subject: ObjectionGroupContext) -> str:
    """Show objections to a question: its key, what learners say, the proposal with its dry run."""
    return _group_page(subject, ProposalForm(formdata=None), ProposalReturnForm(formdata=None))


@bp.post("/selections/<uuid:selection>/objections/<uuid:group>/proposals")
@requires(ObjectionAction.PROPOSE, queries.lock_group)
def propose(subject: ObjectionGroupContext) -> Answer:
    """Propose an outcome; its dry run follows."""
    form, session = ProposalForm(), current_session()
    if not form.validate_on_post():
        return _group_page(subject, form, ProposalReturnForm(formdata=None)), 422
    try:
        services.propose(session, current_actor(), subject, form.values(), convention_for(language()), now=clock.now())
    except (services.NotARightAnswer, services.VersionNeeded, NothingToRegrade, AlreadyVoided) as refusal:
        form.refuse(form.outcome, _(refusal.text))
        return _group_page(subject, form, ProposalReturnForm(formdata=None)), refusal.status
    flash(_("The outcome is proposed. Another person decides on it."), "ok")
    return _to_group(subject)


@bp.post("/selections/<uuid:selection>/objections/<uuid:group>/return")
@requires(ObjectionAction.PROPOSE, queries.lock_group)
def return_proposal(subject: ObjectionGroupContext) -> Answer:
    """Return the proposal that was looked at, with the reason unless it is one's own."""
    form = ProposalReturnForm()
    if not subject.facts.proposed and not form.validate_on_post():
        return _group_page(subject, ProposalForm(formdata=None), form), 422
    services.return_proposal(current_session(), current_actor(), subject, _shown_proposal(), form.words(), now=clock.now())
    flash(_("The proposal went back. No marks have changed."), "ok")
    return _to_group(subject)


@bp.post("/selections/<uuid:selection>/objections/<uuid:group>/decision")
@requires(ObjectionAction.DECIDE, queries.lock_group)
def decide(subject: ObjectionGroupContext) -> Answer:
    """Decide as it was proposed, by what was looked at."""
    form, session = request.form, current_session()
    confirmed = form.get("lowered", "")
    values = DecisionValues(
        proposal=_shown_proposal(),
        seen=whole_number(form.get("seen", "")),
        objections=whole_number(form.get("objections", "")),
        confirmed_lowered=whole_number(confirmed) if confirmed else None,
    )
    try:
        result = services.decide(session, current_actor(), subject, values, now=clock.now())
    except UndoLaterFirst as refusal:
        flash(_(refusal.text), "warn")
        return _to_group(subject)
    except services.LoweringNotConfirmed as refusal:
        return _group_page(subject, ProposalForm(formdata=None), ProposalReturnForm(formdata=None), _(refusal.text)), 422
    messages = {
        DecisionResult.DECIDED: _("Decided. Everyone who objected is notified."),
        DecisionResult.COMMITTING: _("Decided. The new marks are being written, then everyone who objected is notified."),
        DecisionResult.REOPENED: _("The decision is taken back. Everyone who objected is notified; propose another outcome."),
        DecisionResult.OUTDATED: _("Marks have changed since this dry run. Check the new one before you decide."),
    }
    flash(messages[result], "warn" if result is DecisionResult.OUTDATED else "ok")
    return _to_group(subject)


def _shown_proposal() -> UUID:
    """Return the proposal that the page showed; raise NothingToDecide."""
    proposal = as_uuid(request.form.get("proposal", ""))
    if proposal is None:
        raise services.NothingToDecide
    return proposal


@bp.get("/selections/<uuid:selection>/objections/<uuid:group>/files/<uuid:file>")
@requires(ObjectionAction.VIEW, queries.get_objection_file)
def file(subject: ObjectionFileContext) -> Response:
    """Send a file of an answer that is objected to."""
    _record_access(subject.person_id)
    files: FileStore = current_app.extensions["files"]
    return send_content(files, subject.sha256, subject.media_type, subject.name, inline=False, cache_control="no-store")


def _record_access(*people: int) -> None:
    """Record, for those whose own hand is shown, that the reader saw their answers."""
    actor, now = current_actor(), clock.now()

    def note(session: Session) -> None:
        for person in people:
            privacy.record_access(session, actor, person, AccessPurpose.ANSWERS, now=now)

    after_response.leave_record(note)


def _to_group(subject: ObjectionGroupContext) -> Response:
    return see_page("selections_objection_groups.group", selection=subject.selection.uuid, group=subject.group.uuid)


def _group_page(subject: ObjectionGroupContext, form: ProposalForm, back: ProposalReturnForm, confirmation_error: str = "") -> str:
    session, group, version_id = current_session(), subject.group, subject.group.question_version_id
    state = ObjectionState(group.state)
    rows, newest = queries.list_objections(session, group.id), subject.newest
    if newest is not None and newest.proposal.state in (services.RETURNED, services.REOPENED):
        newest = None
    earlier = [former for former in queries.list_proposals(session, group.id) if newest is None or former.proposal.id != newest.proposal.id]
    numbers = queries.list_versions(session, version_id) if state is ObjectionState.OPEN else {version_id: subject.number}
    questions = question_bank.get_questions(session, list(numbers))
    question = questions[version_id]
    files = list_files(session, [row.item.id for row in rows]) if upload_limits(question) else {}
    if is_of_own_hand(question.kind):
        _record_access(*[row.objection.person_id for row in rows])
    form.version.choices = pages.version_choices({version: (shown, questions[version]) for version, shown in numbers.items()}, version_id)
    form.option.choices = pages.addition_choices(question)
    run, reopened = newest.regrade if newest is not None else None, None
    if newest is not None and newest.proposal.outcome == ObjectionOutcome.REOPEN:
        reopened = next((former.regrade for former in earlier if former.proposal.state == services.DECIDED), None)
    form.show_outcomes()
    changes = dry_runs.list_lines(session, run.id, DryRunFilter.CHANGED, offset=0, limit=CHANGES) if run is not None else []
    return render_template(
        "selections/objection_group.html",
        selection={"uuid": subject.selection.uuid, "quiz": pages.title_of(subject.selection)},
        group={"uuid": group.uuid, "state": state.value, "version": subject.number, "decided_at": group.decided_at},
        title=short_title(question),
        language=text_language(question),
        item=pages.question_with_key(rows[0], question) if rows else None,
        objections=pages.objection_views(rows, question, files),
        proposal=pages.proposal_view(newest) if newest is not None else None,
        earlier=[pages.proposal_view(former) for former in earlier],
        counts=dry_runs.count_lines(session, run.id) if run is not None else None,
        touched=touched_by_regrade(session, moved) if (moved := run if state.is_undecided else reopened) is not None else [],
        reopened=dry_runs.count_lines(session, reopened.id).changed if reopened is not None else 0,
        is_reopenable=(newest is None or newest.proposal.state == services.DECIDED) and services.is_reopenable(session, group),
        changes=pages.change_views(changes),
        hindrance=pages.hindrance(subject.facts),
        is_own=subject.facts.proposed,
        may_decide=allows(ObjectionAction.DECIDE, subject),
        is_short=state.is_undecided and subject.deciders < FEWEST_DECIDERS,
        may_name=current_actor().is_administrator,
        typed=takes_text(question),
        form=form,
        back=back,
        confirmation_error=confirmation_error,
    )
