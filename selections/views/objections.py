"""Pages of objections: for the learner who objects, and for those who propose and decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, request
from sqlalchemy import Row
from sqlalchemy.orm import Session
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import AnyOf, DataRequired, ValidationError

from accounts import privacy
from accounts.privacy import AccessPurpose
from kernel import clock
from kernel.i18n import _, choose, find_zone, language, lazy_, ngettext, number, percent
from kernel.permissions import Actor
from kernel.web import after_response
from kernel.web.file_responses import send_content
from kernel.web.forms import Form, area, as_uuid, clean_text, line, whole_number
from kernel.web.request import Answer, allows, current_actor, current_session, file_store, page, requires, see_page
from questions import question_bank
from questions.question_page import points, short_title, text_language, words_of
from questions.question_review import MarkingResult, QuestionReview, answered_question, response_lines
from questions.rules.answers import SubmittedFile, objection_in, upload_limits
from questions.rules.definitions import QuestionDefinition
from questions.rules.feedback import ReviewFlag
from questions.rules.item_layout import LoadedItem
from questions.rules.marking import LONGEST_ADDITION, takes_text, wrong_options
from questions.rules.numbers import convention_for
from quizzes import dry_runs
from quizzes.attempt_page import AttemptView, flags_of, open_attempt
from quizzes.corrections import CorrectionView
from quizzes.dry_runs import AlreadyVoided, DryRunFilter, NothingToRegrade, RegradeChange, pass_change
from quizzes.files import files_in, list_files
from quizzes.regrading import UndoLaterFirst
from quizzes.rules.regrade import can_regrade
from quizzes.rules.settings import Reader
from selections import objection_decisions, objection_groups, selections
from selections import objections as selections_objections
from selections.access import ObjectionAction, ObjectionFileContext, ObjectionGroupContext, OwnObjectionsContext, SelectionContext
from selections.models import Objection, ObjectionProposal, Selection
from selections.objection_decisions import DecisionResult, DecisionValues, ProposalValues, list_logged_objections
from selections.objection_groups import ObjectionRow, change_words
from selections.objections import OwnObjectionRow
from selections.rules.objections import (
    FEWEST_DECIDERS,
    LONGEST_REASON,
    SHORTEST_REASON,
    DeciderHindrances,
    ObjectionFigures,
    ObjectionGround,
    ObjectionOutcome,
    ObjectionState,
    day_that_ends,
    figures_of,
    is_of_own_hand,
    words_in,
)
from selections.views.actas import touched_by_regrade
from selections.wording import GROUNDS, OUTCOMES, PROPOSALS, TOLD


class ObjectionForm(Form):
    """A ground and a reason for objecting to a question."""

    ground = RadioField(
        lazy_("What is wrong with the question?"),
        choices=[SelectChoice(value=value, label=lazy_(label)) for value, label in GROUNDS.items()],
        validators=[DataRequired(lazy_("Choose one.")), AnyOf(list(GROUNDS), message=lazy_("Choose one."))],
    )
    reason = TextAreaField(lazy_("Why"), [DataRequired(lazy_("Write the reason."))])

    def validate_reason(self, field: TextAreaField) -> None:
        """Refuse a reason that says too little or is too long; markup says nothing."""
        reason = clean_text(field.data or "", lines=True)
        if len(reason) > LONGEST_REASON:
            raise ValidationError(_("Use at most %(max)s characters.", max=number(LONGEST_REASON)))
        if words_in(reason) < SHORTEST_REASON:
            raise ValidationError(_("Write at least %(min)s characters.", min=number(SHORTEST_REASON)))

    def values(self) -> tuple[ObjectionGround, str]:
        """Return the ground and the reason."""
        return ObjectionGround(self.ground.data), clean_text(self.reason.data or "", lines=True)


class ProposalForm(Form):
    """An outcome of objections, with its ground and what it rests on."""

    outcome = RadioField(
        lazy_("Outcome"),
        choices=[SelectChoice(value=value, label=lazy_(label)) for value, label in PROPOSALS.items()],
        validators=[DataRequired(lazy_("Choose one.")), AnyOf(list(PROPOSALS), message=lazy_("Choose one."))],
    )
    version = SelectField(lazy_("To mark again: by which version of the question"), choices=[], validate_choice=False)
    option = SelectField(lazy_("To mark again: another option that is right"), choices=[], validate_choice=False)
    added = line(lazy_("To mark again: another right answer"), most=LONGEST_ADDITION)
    ground = area(lazy_("Ground"), most=LONGEST_REASON, required=lazy_("Write the ground."))
    source = line(lazy_("Source"), most=300, required=lazy_("Write the source."))

    def show_outcomes(self) -> None:
        """Show the outcomes that objections can have; that a decision is taken back is no outcome."""
        self.outcome.choices = [SelectChoice(value=value, label=lazy_(label)) for value, label in OUTCOMES.items()]

    def values(self) -> ProposalValues:
        """Return the written values."""
        return ProposalValues(
            outcome=ObjectionOutcome(self.outcome.data),
            ground=clean_text(self.ground.data or "", lines=True),
            source=self.source.data or "",
            version=whole_number(self.version.data or ""),
            added=self.option.data or self.added.data or "",
        )


class ProposalReturnForm(Form):
    """Why a proposal goes back."""

    answer = area(lazy_("Why it goes back"), most=LONGEST_REASON, required=lazy_("Write the reason."))

    def words(self) -> str:
        """Return the reason."""
        return clean_text(self.answer.data or "", lines=True)


def objections_to_question(session: Session, question_id: int) -> list[CorrectionView]:
    """Return the objections to a question with their outcomes; nobody who objected is named."""
    return [_line(row) for row in list_logged_objections(session, question_id)]


def _line(row: Row[*tuple[Any, ...]]) -> CorrectionView:
    group, proposal = row.ObjectionGroup, row.ObjectionProposal
    objected = ngettext(
        "%(count)s objection to version %(number)s.",
        "%(count)s objections to version %(number)s.",
        row.objections,
        number=number(row.version),
    )
    if group.decided_at is None:
        return CorrectionView(group.opened_at, objected + " " + _("Not decided yet."), (), None)
    outcome = _("Decided: %(outcome)s.", outcome=_(OUTCOMES[proposal.outcome]))
    people = tuple(person.full_name if person else "" for person in (row.proposer, row.decider))
    return CorrectionView(group.decided_at, f"{objected} {outcome}", people, row.attempts, proposal.ground)


QUESTION_ALONE = frozenset({ReviewFlag.ATTEMPT})
"""The text and the own answer: neither key nor credits nor feedback."""


@dataclass(frozen=True, slots=True)
class OwnObjectionView:
    """An objection with what came of it."""

    objection: Objection
    decision: ObjectionProposal | None
    """None also where the objection was withdrawn."""
    state: str
    """'open', 'proposed', 'decided' or 'withdrawn'."""
    due_day: date
    is_late: bool
    taken_back: str
    """Why the jury took its decision back, while it decides again; else ''."""
    change: str


@dataclass(frozen=True, slots=True)
class AttemptQuestionView:
    """A question of the attempt: as far as it may be shown, with the objection to it."""

    place: int
    number: int
    title: str
    """Its first words; '' where its text is not shown."""
    review: QuestionReview | None
    is_noted: bool
    objection: OwnObjectionView | None
    may_object: bool


def own_lines(
    opened: AttemptView, subject: OwnObjectionsContext, rows: Sequence[OwnObjectionRow], *, now: datetime
) -> list[AttemptQuestionView]:
    """Return the questions of an attempt, or the one before the person: in the term with the text of those noted, objected to, or
    shown by the review anyway.
    """
    by_item = {row.Objection.item_id: row for row in rows}
    runs = subject.term is not None and subject.term.is_running(now)
    shows_all = ReviewFlag.ATTEMPT in flags_of(subject.loaded, Reader.LEARNER, subject.history, now=now)
    noted = subject.list_noted()
    lines = []
    for item in subject.loaded.items if subject.item is None else [subject.item]:
        if item.number is None:
            continue
        row = by_item.get(item.id)
        is_shown = shows_all or (runs and (item.id in noted or row is not None))
        lines.append(
            AttemptQuestionView(
                place=item.position,
                number=item.number,
                title=short_title(opened.questions[item.question_version_id]) if is_shown else "",
                review=question_alone(opened, item) if is_shown else None,
                is_noted=item.id in noted,
                objection=_objection(row, find_zone(opened.outline.zone)) if row is not None else None,
                may_object=runs and _is_open(row),
            )
        )
    return lines


def _is_open(row: OwnObjectionRow | None) -> bool:
    return row is None or (row.Objection.withdrawn_at is None and ObjectionState(row.ObjectionGroup.state).is_undecided)


def question_alone(opened: AttemptView, item: LoadedItem) -> QuestionReview:
    """Return a question with the own answer and nothing beyond."""
    parts = opened.responses.get(item.id, {})
    question, convention = opened.questions[item.question_version_id], convention_for(opened.loaded.row.language)
    return answered_question(item, question, parts, QUESTION_ALONE, convention, MarkingResult(files=tuple(opened.files_of(item))))


def _objection(row: OwnObjectionRow, zone: tzinfo) -> OwnObjectionView:
    objection, group, decision = row.Objection, ObjectionState(row.ObjectionGroup.state), row.ObjectionProposal
    state = "withdrawn" if objection.withdrawn_at is not None else "decided" if decision is not None else group.value
    return OwnObjectionView(
        objection,
        decision=decision if state == "decided" else None,
        state=state,
        due_day=day_that_ends(objection.due_at, zone),
        is_late=objection.late_at is not None and group.is_undecided,
        taken_back=row.taken_back if group.is_undecided else "",
        change=change_words(objection.percent_before, objection.percent_after) if state == "decided" else "",
    )


def noted_reason(subject: OwnObjectionsContext) -> str:
    """Return the reason that was written while answering, for the form."""
    assert subject.item is not None
    answer = subject.loaded.responses.get(subject.item.id)
    note = objection_in(answer.payload) if answer is not None else None
    return note.reason if note is not None else ""


WITH_KEY = frozenset(ReviewFlag)


def group_views(
    rows: Sequence[Row[*tuple[Any, ...]]], questions: Mapping[int, QuestionDefinition], zone: str
) -> list[tuple[Row[*tuple[Any, ...]], str, str, date, str]]:
    """Return objections in words, as `list_groups` has them: title and its language, the day that is due, the outcome or its proposal.

    The language is '' where it is the reader's, the outcome where nothing is proposed.
    """
    views = []
    for row in rows:
        question, proposal = questions[row.ObjectionGroup.question_version_id], row.ObjectionProposal
        is_past = proposal is None or proposal.state in (objection_decisions.RETURNED, objection_decisions.REOPENED)
        outcome = "" if is_past else _(PROPOSALS[proposal.outcome])
        views.append((row, short_title(question), text_language(question), day_that_ends(row.due_at, find_zone(zone)), outcome))
    return views


def figure_lines(figures: ObjectionFigures) -> list[tuple[str, str, str]]:
    """Return the statistics of objections as tiles (spec/selection 5.12)."""

    def figure(value: float | None, decimals: int) -> str:
        return "–" if value is None else number(round(value, decimals), decimals)

    share = "–" if figures.share_with_effect is None else percent(100 * figures.share_with_effect)
    return [
        (_("Objections"), number(figures.objections), ""),
        (
            _("Per thousand answers"),
            figure(figures.per_thousand, 2),
            ngettext("of %(count)s answer", "of %(count)s answers", figures.answers),
        ),
        (_("With an effect on marks"), share, ngettext("of %(count)s decided", "of %(count)s decided", figures.decided)),
        (_("Days to the decision"), figure(figures.days, 1), _("on average")),
    ]


def list_answers(
    rows: Sequence[ObjectionRow], question: QuestionDefinition, files: Mapping[str, SubmittedFile]
) -> list[tuple[ObjectionRow, tuple[str, ...], list[SubmittedFile]]]:
    """Return objections with the answers of the learners, in words and as files."""
    return [
        (
            row,
            response_lines(answered_question(row.item, question, row.parts, QUESTION_ALONE, convention_for(row.language), MarkingResult())),
            files_in(row.parts, row.item.id, files),
        )
        for row in rows
    ]


def question_with_key(row: ObjectionRow, question: QuestionDefinition) -> QuestionReview:
    """Return the question with its key, as one attempt laid it out, and nobody's answer."""
    return answered_question(row.item, question, {}, WITH_KEY, convention_for(row.language), MarkingResult())


def list_changes(rows: Sequence[RegradeChange]) -> list[tuple[Decimal | None, Decimal | None, str]]:
    """Return the changes of a dry run: the results before and after, and whether somebody 'gains' or 'loses'; none has a name."""
    lines = [row.RegradeDryRunRow for row in rows]
    return [
        (
            None if line.percent_before is None else points(Fraction(line.percent_before)),
            None if line.percent_after is None else points(Fraction(line.percent_after)),
            pass_change(line),
        )
        for line in sorted(lines, key=lambda change: (change.percent_before is None, change.percent_before or 0))
    ]


def version_choices(versions: Mapping[int, tuple[int, QuestionDefinition]], answered: int) -> list[tuple[str, str]]:
    """Return the versions by which answers to the asked one can be judged, by number."""
    question = versions[answered][1]
    fitting = [shown for version, (shown, other) in versions.items() if version != answered and can_regrade(question, other)]
    return [("", _("None")), *((str(shown), _("Version %(number)s", number=shown)) for shown in sorted(fitting, reverse=True))]


def addition_choices(question: QuestionDefinition) -> list[tuple[str, str]]:
    """Return the options that could be right too, by key; empty where another right answer is typed or cannot be added."""
    return [("", _("None")), *((option.key, words_of(choose(option.text))) for option in wrong_options(question))]


def hindrance(facts: DeciderHindrances) -> str:
    """Return the reason why the reader may not propose or decide; '' where they may."""
    if facts.takes_part:
        return _("You take this quiz, so you cannot decide on objections to it.")
    if facts.is_author:
        return _("You wrote or published this version of the question, so others decide on it.")
    if facts.marked_by_hand:
        return _("You marked answers to this question by hand, so others decide on it.")
    return ""


objection_groups_bp = Blueprint("selections_objection_groups", __name__)

CHANGES = 50


@objection_groups_bp.get("/selections/<uuid:selection>/objections")
@requires(ObjectionAction.VIEW, selections.get_selection)
def listing(subject: SelectionContext) -> Response:
    """List the objections of a selection by question, with their statistics."""
    session = current_session()
    rows = objection_groups.list_groups(session, subject.id)
    questions = question_bank.get_questions(session, [row.ObjectionGroup.question_version_id for row in rows])
    records = objection_groups.list_records(session, Objection.selection_id == subject.id)
    answers = objection_groups.count_answers(session, session.get_one(Selection, subject.id))
    return page(
        "selections/objection_groups.html",
        selection=subject,
        groups=group_views(rows, questions, subject.outline.zone),
        figures=figure_lines(figures_of(records, answers)),
    )


@objection_groups_bp.get("/selections/<uuid:selection>/objections/<uuid:group>")
@requires(ObjectionAction.VIEW, objection_groups.get_group)
def group(subject: ObjectionGroupContext) -> Response:
    """Show objections to a question: its key, what learners say, the proposal with its dry run."""
    return _group_page(subject, ProposalForm(formdata=None), ProposalReturnForm(formdata=None))


@objection_groups_bp.post("/selections/<uuid:selection>/objections/<uuid:group>/proposals")
@requires(ObjectionAction.PROPOSE, objection_groups.lock_group)
def propose(subject: ObjectionGroupContext) -> Answer:
    """Propose an outcome; its dry run follows."""
    form, session = ProposalForm(), current_session()
    if form.validate_on_submit():
        with form.refusals(
            form.outcome, objection_decisions.NotARightAnswer, objection_decisions.VersionNeeded, NothingToRegrade, AlreadyVoided
        ):
            objection_decisions.propose(session, current_actor(), subject, form.values(), convention_for(language()), now=clock.now())
            flash(_("The outcome is proposed. Another person decides on it."), "ok")
            return _to_group(subject)
    return _group_page(subject, form, ProposalReturnForm(formdata=None))


@objection_groups_bp.post("/selections/<uuid:selection>/objections/<uuid:group>/return")
@requires(ObjectionAction.PROPOSE, objection_groups.lock_group)
def return_proposal(subject: ObjectionGroupContext) -> Answer:
    """Return the proposal that was looked at, with the reason unless it is one's own."""
    form = ProposalReturnForm()
    if not subject.facts.proposed and not form.validate_on_submit():
        return _group_page(subject, ProposalForm(formdata=None), form), 422
    objection_decisions.return_proposal(current_session(), current_actor(), subject, _shown_proposal(), form.words(), now=clock.now())
    flash(_("The proposal went back. No marks have changed."), "ok")
    return _to_group(subject)


@objection_groups_bp.post("/selections/<uuid:selection>/objections/<uuid:group>/decision")
@requires(ObjectionAction.DECIDE, objection_groups.lock_group)
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
        result = objection_decisions.decide(session, current_actor(), subject, values, now=clock.now())
    except UndoLaterFirst as refusal:
        flash(_(refusal.text), "warn")
        return _to_group(subject)
    except objection_decisions.LoweringNotConfirmed as refusal:
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
        raise objection_decisions.NothingToDecide
    return proposal


@objection_groups_bp.get("/selections/<uuid:selection>/objections/<uuid:group>/files/<uuid:file>")
@requires(ObjectionAction.VIEW, objection_groups.get_objection_file)
def file(subject: ObjectionFileContext) -> Response:
    """Send a file of an answer that is objected to."""
    _record_access(subject.selection.role or "", subject.person_id)
    files = file_store()
    return send_content(files, subject.sha256, subject.media_type, subject.name, inline=False, cache_control="no-store")


def _record_access(role: str, *people: int) -> None:
    """Record, for those whose own hand is shown, that the reader saw their answers."""
    actor, now = current_actor(), clock.now()

    def note(session: Session) -> None:
        for person in people:
            privacy.record_access(session, actor, person, AccessPurpose.ANSWERS, role=role, now=now)

    after_response.leave_record(note)


def _to_group(subject: ObjectionGroupContext) -> Response:
    return see_page("selections_objection_groups.group", selection=subject.selection.uuid, group=subject.group.uuid)


def _group_page(subject: ObjectionGroupContext, form: ProposalForm, back: ProposalReturnForm, confirmation_error: str = "") -> Response:
    session, group, version_id = current_session(), subject.group, subject.group.question_version_id
    state = ObjectionState(group.state)
    rows, newest = objection_groups.list_objections(session, group.id), subject.newest
    if newest is not None and newest.ObjectionProposal.state in (objection_decisions.RETURNED, objection_decisions.REOPENED):
        newest = None
    proposal, run = (newest.ObjectionProposal, newest.Regrade) if newest is not None else (None, None)
    earlier = [
        former
        for former in objection_groups.list_proposals(session, group.id)
        if proposal is None or former.ObjectionProposal.id != proposal.id
    ]
    numbers = objection_groups.list_versions(session, version_id) if state is ObjectionState.OPEN else {version_id: subject.number}
    questions = question_bank.get_questions(session, list(numbers))
    question = questions[version_id]
    files = list_files(session, [row.item.id for row in rows]) if upload_limits(question) else {}
    if is_of_own_hand(question.kind):
        _record_access(subject.selection.role or "", *[row.objection.person_id for row in rows])
    form.version.choices = version_choices({version: (shown, questions[version]) for version, shown in numbers.items()}, version_id)
    form.option.choices = addition_choices(question)
    reopened = None
    if proposal is not None and proposal.outcome == ObjectionOutcome.REOPEN:
        reopened = next((former.Regrade for former in earlier if former.ObjectionProposal.state == objection_decisions.DECIDED), None)
    form.show_outcomes()
    changes = dry_runs.list_lines(session, run.id, DryRunFilter.CHANGED, offset=0, limit=CHANGES) if run is not None else []
    return page(
        "selections/objection_group.html",
        selection=subject.selection,
        group=group,
        version=subject.number,
        title=short_title(question),
        language=text_language(question),
        item=question_with_key(rows[0], question) if rows else None,
        objections=list_answers(rows, question, files),
        shows_names=is_of_own_hand(question.kind),
        grounds=GROUNDS,
        newest=newest,
        proposal=proposal,
        run=run,
        earlier=earlier,
        outcomes=PROPOSALS,
        counts=dry_runs.count_lines(session, run.id) if run is not None else None,
        touched=touched_by_regrade(session, moved) if (moved := run if state.is_undecided else reopened) is not None else [],
        reopened=dry_runs.count_lines(session, reopened.id).changed if reopened is not None else 0,
        is_reopenable=(proposal is None or proposal.state == objection_decisions.DECIDED)
        and objection_decisions.is_reopenable(session, group),
        changes=list_changes(changes),
        hindrance=hindrance(subject.facts),
        is_own=subject.facts.proposed,
        may_decide=allows(ObjectionAction.DECIDE, subject),
        is_short=state.is_undecided and subject.deciders < FEWEST_DECIDERS,
        typed=takes_text(question),
        form=form,
        back=back,
        confirmation_error=confirmation_error,
    )


objections_bp = Blueprint("selections_objections", __name__)


@objections_bp.get("/attempts/<uuid:attempt>/objections")
@requires(ObjectionAction.LIST_OWN, selections_objections.get_own_objections)
def own(subject: OwnObjectionsContext) -> Response:
    """Show what may be objected to in an attempt, what was, and what came of it."""
    session, now = current_session(), clock.now()
    opened = open_attempt(session, subject.loaded)
    lines = own_lines(opened, subject, selections_objections.list_own_objections(session, subject.loaded.id), now=now)
    return page(
        "selections/objections.html",
        **opened.activity_header,
        attempt={"uuid": subject.loaded.uuid, "number": subject.loaded.row.number},
        term=subject.term if subject.term is not None and subject.term.begins_at <= now else None,
        is_running=subject.term is not None and subject.term.is_running(now),
        contact=subject.contact,
        grounds=GROUNDS,
        outcomes=TOLD,
        objections=[line for line in lines if line.objection],
        noted=[line for line in lines if line.is_noted and not line.objection],
        others=[line for line in lines if not line.is_noted and not line.objection],
    )


def lock_own_objection(session: Session, actor: Actor, attempt: UUID, position: int) -> OwnObjectionsContext:
    """Return a question of an attempt that may be objected to, its attempt locked."""
    return selections_objections.get_own_objection(session, actor, attempt, position, lock=True)


@objections_bp.get("/attempts/<uuid:attempt>/objections/<int:position>")
@requires(ObjectionAction.OPEN, selections_objections.get_own_objection)
def objection(subject: OwnObjectionsContext) -> Response:
    """Ask for the ground and the reason of an objection; out of the term there is nothing to ask."""
    selections_objections.require_term(subject, now=clock.now())
    return _form_page(subject, ObjectionForm(formdata=None))


@objections_bp.post("/attempts/<uuid:attempt>/objections/<int:position>")
@requires(ObjectionAction.OPEN, lock_own_objection)
def object_to(subject: OwnObjectionsContext) -> Answer:
    """Object to a question, or extend the objection."""
    selections_objections.require_term(subject, now=clock.now())
    form = ObjectionForm()
    if not form.validate_on_submit():
        return _form_page(subject, form)
    selections_objections.object_to(current_session(), current_actor(), subject, *form.values(), now=clock.now())
    flash(_("Your objection is kept. You can change it until the term ends or it is decided."), "ok")
    return see_page("selections_objections.own", attempt=subject.loaded.uuid)


@objections_bp.post("/attempts/<uuid:attempt>/objections/<int:position>/withdrawal")
@requires(ObjectionAction.OPEN, lock_own_objection)
def withdraw(subject: OwnObjectionsContext) -> Response:
    """Withdraw an objection."""
    selections_objections.withdraw(current_session(), current_actor(), subject, now=clock.now())
    return see_page("selections_objections.own", attempt=subject.loaded.uuid, flash=_("Your objection is withdrawn."))


def _form_page(subject: OwnObjectionsContext, form: ObjectionForm) -> Response:
    session, now = current_session(), clock.now()
    assert subject.item is not None
    opened = open_attempt(session, subject.loaded)
    present = selections_objections.find_own_objection(session, subject.item.id)
    rows = [present] if present is not None else []
    (line,) = own_lines(opened, subject, rows, now=now)
    if not form.is_submitted():
        form.ground.data = present.Objection.ground if present is not None else None
        form.reason.data = present.Objection.reason if present is not None else noted_reason(subject)
    return page(
        "selections/objection.html",
        **opened.activity_header,
        attempt={"uuid": subject.loaded.uuid, "number": subject.loaded.row.number},
        line=line,
        term=subject.term,
        form=form,
        may_withdraw=line.objection is not None and line.objection.state == "open",
        names=is_of_own_hand(opened.questions[subject.item.question_version_id].kind),
        shortest=SHORTEST_REASON,
        longest=LONGEST_REASON,
    )
