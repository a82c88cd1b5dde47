"""Pages of regrades: the choice of versions, the dry run, its commit and its undoing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy import Row
from sqlalchemy.orm import Session
from wtforms import BooleanField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from accounts import access_log
from accounts.privacy import PeopleListKind
from courses.models import Course
from enrolments.course_context import activity_header
from kernel import clock
from kernel.db import HookList
from kernel.errors import N_, NotFound
from kernel.i18n import _, lazy_, ngettext
from kernel.own_records import LEFT_OUT, is_own
from kernel.web.forms import Form, LineField, whole_number
from kernel.web.request import Answer, current_actor, current_session, page, requires, see_other, see_page
from kernel.web.table import Column, Table, requested_page
from questions import question_bank
from questions.question_page import decimal, points, short_title
from quizzes import dry_runs, regrading, teaching
from quizzes.access import QuizAction, QuizContext
from quizzes.dry_runs import AlreadyVoided, DecidedByJury, DryRunFilter, NothingToRegrade, RegradeChange, RegradeRequest, pass_change
from quizzes.hand_acts import hand_words, list_hand_acts
from quizzes.models import Regrade
from quizzes.regrades import (
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
    touches_decided,
)
from quizzes.regrading import DryRunOutdated, TouchedRecord, UndoLaterFirst, list_offers
from quizzes.report_page import download
from quizzes.rules.grades import is_judged_by_rule
from quizzes.rules.regrade import KeyDifference, RegradeKind, RegradePolicy, differences
from quizzes.snapshots import selects_people
from quizzes.views.answers import _RECORDED_REASON
from quizzes.views.marking import AttemptActionForm


class RegradeForm(Form):
    """A request to regrade: the kind, the question version, which marks then count, and why."""

    kind = RadioField(lazy_("What do you want to do?"), choices=[])
    version = SelectField(lazy_("Version used to regrade"), choices=[], validate_choice=False)
    policy = RadioField(
        lazy_("Which marks should count?"),
        choices=[
            SelectChoice(value=RegradePolicy.REPLACE.value, label=lazy_("The new ones replace the old ones")),
            SelectChoice(value=RegradePolicy.KEEP_BEST.value, label=lazy_("For each question, the better of the two")),
            SelectChoice(value=RegradePolicy.ONLY_RAISE.value, label=lazy_("The new ones, only in attempts whose total goes up")),
        ],
        default=RegradePolicy.REPLACE.value,
    )
    with_manual = BooleanField(lazy_("Include answers marked by a person"))
    reason = LineField(lazy_("Reason"), _RECORDED_REASON)

    def offer(self, kinds: Sequence[RegradeKind], versions: Sequence[tuple[str, str]]) -> None:
        """Offer what can be done to a question, and its versions; the first of each is chosen."""
        labels = {
            RegradeKind.OTHER: lazy_("Regrade the answers with another version"),
            RegradeKind.SAME: lazy_("Regrade the answers with their own version"),
            RegradeKind.FULL_CREDIT: lazy_("Void it: full marks for everyone"),
            RegradeKind.UNLESS_LOWER: lazy_("Void it: leave it out only where that lowers no mark"),
            RegradeKind.REMOVED: lazy_("Void it: leave it out of the total"),
        }
        self.kind.choices = [SelectChoice(value=kind.value, label=labels[kind]) for kind in kinds]
        self.kind.data = self.kind.data or kinds[0].value
        self.version.choices = [SelectChoice(value=number, label=label) for number, label in versions]


KINDS: Mapping[str, str] = {
    "same": N_("Regraded with the same version"),
    "other": N_("Regraded with another version"),
    "full_credit": N_("Voided: full marks for everyone"),
    "removed": N_("Voided: left out of the total"),
    "void_unless_lower": N_("Voided: left out only where that lowers no mark"),
}
POLICIES: Mapping[str, str] = {
    "replace": N_("The new marks replace the old ones"),
    "keep_best": N_("For each question, the better mark counts"),
    "only_raise": N_("New marks only in attempts whose total goes up"),
}
_PARTS: Mapping[str, str] = {
    "kind": N_("kind of question"),
    "options": N_("options"),
    "pairs": N_("pairs"),
    "matches": N_("matches"),
    "items": N_("items"),
    "columns": N_("columns"),
    "rows": N_("rows"),
    "gaps": N_("gaps"),
    "choices": N_("choices"),
    "variables": N_("variables"),
}


def titles_of(session: Session, listed: Sequence[QuizQuestionVersions]) -> dict[str, str]:
    """Return by key the first words of the newest version of each question."""
    questions = question_bank.get_questions(session, [listed_question.versions[0].id for listed_question in listed])
    return {listed_question.key: short_title(questions[listed_question.versions[0].id]) for listed_question in listed}


def title_of(session: Session, question_versions: QuizQuestionVersions) -> str:
    """Return the first words of the newest version of a question."""
    return titles_of(session, [question_versions])[question_versions.key]


def is_by_rule(session: Session, question_versions: QuizQuestionVersions) -> bool:
    """Return whether the program marks a question, so that it can judge it again."""
    versions = [version.id for version in question_versions.versions]
    return any(is_judged_by_rule(question) for question in question_bank.get_questions(session, versions).values())


def incompatible_versions(
    session: Session, question_versions: QuizQuestionVersions, target_id: int
) -> list[tuple[Row[*tuple[Any, ...]], tuple[str, ...]]]:
    """Return the versions that were asked and whose answers the chosen version cannot judge, with why not (spec/quiz-engine 5.11.2)."""
    questions = question_bank.get_questions(session, [version.id for version in question_versions.versions])
    judged = (
        (version, tuple(map(_reason_of_difference, differences(questions[version.id], questions[target_id]))))
        for version in question_versions.versions
        if version.attempts
    )
    return [(version, reasons) for version, reasons in judged if reasons]


def _reason_of_difference(difference: KeyDifference) -> str:
    part = (
        _(_PARTS[difference.part]) if difference.part in _PARTS else _("options of gap %(gap)s", gap=difference.part.removeprefix("gap:"))
    )
    lacking, added = ", ".join(difference.lacking), ", ".join(difference.added)
    if lacking and added:
        return _("%(part)s: missing %(lacking)s, adds %(added)s.", part=part, lacking=lacking, added=added)
    if lacking:
        return _("%(part)s: missing %(lacking)s.", part=part, lacking=lacking)
    return _("%(part)s: adds %(added)s.", part=part, added=added)


def version_choices(versions: Sequence[Row[*tuple[Any, ...]]]) -> list[tuple[str, str]]:
    """Return the versions of a question for a field: which one, and in how many attempts it was asked."""
    return [
        (
            str(version.number),
            ngettext(
                "Version %(number)s (used in %(count)s attempt)",
                "Version %(number)s (used in %(count)s attempts)",
                version.attempts,
                number=version.number,
            ),
        )
        for version in versions
    ]


def _percent(value: Decimal | None) -> Decimal | None:
    return None if value is None else points(Fraction(value))


def _exact(value: Decimal | None) -> Decimal | None:
    return None if value is None else decimal(Fraction(value))


LINES: Table[RegradeChange] = Table(
    N_("Attempts"),
    (
        Column(N_("Learner"), lambda row: row.Person.full_name, name="name"),
        Column(N_("Attempt"), lambda row: row.number, kind="number", name="number"),
        Column(N_("Before"), kind="number", name="before", shown=lambda row: _percent(row.RegradeDryRunRow.percent_before)),
        Column(N_("After"), kind="number", name="after", shown=lambda row: _percent(row.RegradeDryRunRow.percent_after)),
        Column(N_("Result"), name="result", shown=lambda row: pass_change(row.RegradeDryRunRow)),
        Column(N_("Percentage before"), lambda row: _exact(row.RegradeDryRunRow.percent_before)),
        Column(N_("Percentage after"), lambda row: _exact(row.RegradeDryRunRow.percent_after)),
        Column(N_("Passed before"), lambda row: row.RegradeDryRunRow.result_before),
        Column(N_("Passes after"), lambda row: row.RegradeDryRunRow.result_after),
        Column(N_("Certificate"), lambda row: row.RegradeDryRunRow.award, name="award"),
    ),
)
"""The lines of a dry run; results are those of all attempts of a learner together."""


bp = Blueprint("quizzes_regrading", __name__)


@bp.get("/courses/<slug>/quizzes/<key>/regrades")
@requires(QuizAction.REGRADE, teaching.get_taught_quiz)
def regrades(subject: QuizContext) -> Answer:
    """List the questions that can be regraded, and the regrades so far."""
    session = current_session()
    questions = list_question_versions(session, subject)
    return page(
        "quizzes/regrades.html",
        **activity_header(subject.outline, subject.key),
        questions=questions,
        entries=list_regrades(session, subject),
        kinds=KINDS,
        offers=list_offers(session, subject.course_id, subject.key),
        titles=titles_of(session, questions),
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
        version_choices(question_versions.versions) if question_versions else [],
    )
    if not form.validate_on_submit():
        return _form_page(subject, form, question_versions), 422 if request.method == "POST" else 200
    regrade_request = _regrade_request(form, question_versions)
    try:
        row = dry_runs.begin_dry_run(session, current_actor(), subject, regrade_request, now=clock.now())
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
    if voiding or not is_by_rule(current_session(), question_versions):
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
    return _form_page(subject, form, question_versions)


def _form_page(subject: QuizContext, form: RegradeForm, question_versions: QuizQuestionVersions | None) -> Response:
    session, number = current_session(), whole_number(form.version.data or "")
    target = next((version.id for version in question_versions.versions if version.number == number), None) if question_versions else None
    return page(
        "quizzes/regrade_new.html",
        **activity_header(subject.outline, subject.key),
        form=form,
        voids=_kinds(question_versions, voiding="voiding" in request.args)[0].voids,
        key=question_versions.key if question_versions else "",
        here=request.full_path.rstrip("?"),
        question=title_of(session, question_versions) if question_versions else "",
        incompatible_versions=incompatible_versions(session, question_versions, target)
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


TOUCHED = HookList[Callable[[Session, Regrade], Iterable[TouchedRecord]]]("touched")
"""Gives the records that a regrade touches."""


def _regrade_page(subject: RegradeContext, form: AttemptActionForm) -> Response:
    if subject.row.state == "discarded":
        raise NotFound
    session, row, paging = current_session(), subject.row, requested_page(50)
    access_log.record_list_access(PeopleListKind.ATTEMPTS, Course, row.course_id)
    show = filter_from_address()
    lines = dry_runs.list_lines(session, row.id, show, offset=paging.offset, limit=paging.size + 1)
    later = later_regrade(session, row) if row.state == "committed" else None
    left_out = list_left_out(session, row)
    return page(
        "quizzes/regrade.html",
        **activity_header(subject.outline, subject.key),
        regrade=row,
        kind=_(KINDS[row.kind]),
        voids=RegradeKind(row.kind).voids,
        holds_later=RegradeKind(row.kind).holds_later,
        policy=_(POLICIES[row.policy]),
        question=_title(subject),
        incompatible_versions=_incompatible_versions(subject),
        counts=dry_runs.count_lines(session, row.id),
        arrived=count_submitted_since(session, row) if row.state == "ready" else 0,
        show=show.value,
        columns=LINES.page_columns(),
        page=paging.of(lines),
        form=form,
        is_decided=row.state == "committed" and (row.for_objection or touches_decided(session, row)),
        later=later.uuid if later else None,
        touched=[line for source in TOUCHED.of(session) for line in source(session, row)] if row.state == "ready" else [],
        left_out=[left_out_person.full_name for left_out_person in left_out],
        by_hand=_by_hand(session, row, [line.RegradeDryRunRow.attempt_id for line in lines]),
        may_apply=any(not is_own(current_actor(), left_out_person.id) for left_out_person in left_out),
    )


def _by_hand(session: Session, row: Regrade, attempts: Sequence[int]) -> dict[int, list[str]]:
    """Describe the acts by hand on attempts whose results decide."""
    acts: dict[int, list[str]] = {}
    if attempts and selects_people(session, row.course_id, row.activity_key):
        for act in list_hand_acts(session, row.course_id, row.activity_key, attempts):
            acts.setdefault(act.attempt_id, []).append(hand_words(act.question, act.people, act.reason))
    return acts


def filter_from_address() -> DryRunFilter:
    """Return which lines the address asks for; what it does not know is what changes."""
    show = request.args.get("show", "")
    return DryRunFilter(show) if show in set(DryRunFilter) else DryRunFilter.CHANGED


def _title(subject: RegradeContext) -> str:
    question_versions = _requested_question(subject)
    return title_of(current_session(), question_versions) if question_versions else ""


def _requested_question(subject: RegradeContext) -> QuizQuestionVersions | None:
    listed = list_question_versions(current_session(), subject) if subject.row.question_id is not None else []
    return next((question_versions for question_versions in listed if question_versions.id == subject.row.question_id), None)


def _incompatible_versions(subject: RegradeContext) -> list[tuple[Row[*tuple[Any, ...]], tuple[str, ...]]]:
    question_versions = _requested_question(subject)
    return (
        incompatible_versions(current_session(), question_versions, subject.row.target_id)
        if question_versions and subject.row.target_id is not None
        else []
    )


@bp.get("/courses/<slug>/quizzes/<key>/regrades/<uuid:regrade>/lines.csv")
@requires(QuizAction.REGRADE, get_regrade)
def lines_csv(subject: RegradeContext) -> Response:
    """Send the lines of a dry run as CSV."""
    lines = dry_runs.stream_lines(current_session(), subject.row.id, filter_from_address())
    return download(subject, "regrade.csv", LINES.sheets(lines))


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
        done = regrading.apply_dry_run(
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
    dry_runs.renew_dry_run(current_session(), current_actor(), subject.row, now=clock.now())
    return _to_dry_run(subject, subject.row.uuid)


@bp.post("/courses/<slug>/quizzes/<key>/regrades/<uuid:regrade>/discard")
@requires(QuizAction.REGRADE, lock_regrade)
def discard(subject: RegradeContext) -> Answer:
    """Discard a dry run."""
    _require_own(subject)
    dry_runs.discard_dry_run(current_session(), current_actor(), subject.row, now=clock.now())
    flash(_("The dry run was discarded. No marks have changed."), "ok")
    return see_page("quizzes_regrading.regrades", slug=subject.slug, key=subject.key)


@bp.post("/courses/<slug>/quizzes/<key>/regrades/<uuid:regrade>/undo")
@requires(QuizAction.REGRADE, lock_regrade)
def undo(subject: RegradeContext) -> Answer:
    """Give every answer back the mark that it had, for a reason that its learners read."""
    form = AttemptActionForm()
    if not form.validate_on_submit():
        return _regrade_page(subject, form)
    try:
        regrading.undo(current_session(), current_actor(), subject.row, form.reason.data or "", now=clock.now())
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
    regrading.apply_to_left_out(current_session(), current_actor(), subject.row, now=clock.now())
    flash(_("It now also applies to the record that was left out."), "ok")
    return _to_dry_run(subject, subject.row.uuid)
