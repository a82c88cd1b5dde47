"""Pages of waivers: ask for one, see one's own and those that wait, decide, revoke, withdraw (spec/compulsory 4.10)."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, flash, request, url_for

from compliance import claim_lists
from compliance.access import RecognitionAction, RecognitionListContext, TrainingAction, WaiverAction
from compliance.claim_lists import ClaimantContext, ClaimRow, WaiverSubject
from compliance.claims import WaiverOverlaps, list_entries, page_of, propose_waiver
from compliance.models import Waiver
from compliance.rules.claims import KINDS, ClaimState
from compliance.views.claims import (
    BODY_LIMIT,
    ClaimDecisionForm,
    ClaimRevocationForm,
    WaiverForm,
    claim_page,
    claim_view,
    days_words,
    decide_on,
    keep_evidence_file,
    medical_seen,
    overlap_views,
    reason_words,
    record_views,
    revoke_it,
    send_evidence,
    withdraw_it,
)
from kernel import clock
from kernel.i18n import _, choose
from kernel.own_records import is_own
from kernel.web.forms import as_uuid
from kernel.web.request import Answer, allows, begin_writing, current_actor, current_session, page, requires, see_other, see_page
from kernel.web.table import Page, requested_page, requested_words
from organisations.access import TrainingScope
from organisations.training_scope import get_training_scope

bp = Blueprint("compliance_waivers", __name__)

ROWS = 50
OWN = 200
MOST_PAGES = 40


@bp.get("/learning/waivers")
@requires(TrainingAction.WHY, claim_lists.get_own_claims)
def own(subject: ClaimantContext) -> Response:
    """List the reader's own waivers and recognitions with what became of them."""
    session = current_session()
    rows = claim_lists.list_claims(session, None, None, person=subject.person_id, limit=OWN)
    entries, medical = list_entries(session, [subject.person_id]), _medical(rows, subject.scope)
    return page("compliance/own_claims.html", rows=[claim_view(row, entries, medical) for row in rows])


@bp.route("/learning/waivers/new", methods=["GET", "POST"])
@requires(WaiverAction.PROPOSE, claim_lists.get_own_claims, reads_first=True, body_limit=BODY_LIMIT)
def ask(subject: ClaimantContext) -> Answer:
    """Ask for a waiver of one's own."""
    return _propose(subject)


@bp.route("/training/people/<uuid:person>/waivers/new", methods=["GET", "POST"])
@requires(WaiverAction.PROPOSE, claim_lists.get_claimant, reads_first=True, body_limit=BODY_LIMIT)
def propose(subject: ClaimantContext) -> Answer:
    """Propose a waiver of somebody else."""
    return _propose(subject)


def _propose(subject: ClaimantContext) -> Answer:
    session = current_session()
    titles, chosen = claim_lists.title_obligations_of(session, subject.person_id), as_uuid(request.args.get("assignment", ""))
    form = WaiverForm(data={"obligation": str(claim_lists.find_obligation(session, subject.person_id, chosen) or "")})
    form.offer({number: choose(title) for number, title in titles.items()})
    if not form.validate_on_submit():
        page = _form_page(subject, form, titles)
        return (page, 422) if form.faults else page
    stored = keep_evidence_file(form, subject.person_id)
    if form.faults:
        return _form_page(subject, form, titles)
    try:
        row = propose_waiver(begin_writing(), current_actor(), subject.person_id, form.command(stored), now=clock.now())
    except WaiverOverlaps as refused:
        form.refuse(form.first_on, _(refused.text))
        return _form_page(subject, form, titles, refused.others), 409
    flash(_("Your request was sent. Another person decides on it."), "ok")
    return see_page("compliance_waivers.own") if is_own(current_actor(), subject.person_id) else see_other(page_of(row))


def _form_page(
    subject: ClaimantContext, form: WaiverForm, titles: Mapping[int, Mapping[str, str]], others: Sequence[Waiver] = ()
) -> Response:
    own = is_own(current_actor(), subject.person_id)
    proposed = _proposed_values(form, titles) if others else None
    return page(
        "compliance/waiver_form.html",
        form=form,
        name="" if own else subject.person.full_name,
        back=url_for("compliance_waivers.own") if own else "",
        wanted=proposed,
        others=overlap_views(others, titles, medical_seen(others, subject.scope)),
    )


def _proposed_values(form: WaiverForm, titles: Mapping[int, Mapping[str, str]]) -> tuple[str, str, str]:
    values = form.command(None)
    of = _("All compulsory training") if values.obligation_id is None else choose(titles.get(values.obligation_id))
    return _(KINDS[values.kind]), of, days_words(Waiver(first_on=values.first_on, last_on=values.last_on))


@bp.get("/training/waivers")
@requires(WaiverAction.LIST, get_training_scope)
def claims(scope: TrainingScope) -> Response:
    """List the waivers and recognitions that wait, or those that were decided on."""
    session, requested = current_session(), requested_page(ROWS)
    named, query = request.args.get("state", ClaimState.PROPOSED.value), requested_words()
    state = ClaimState(named) if named in set(ClaimState) else None
    number = min(requested.number, MOST_PAGES)
    listed = claim_lists.list_claims(session, scope, state, query, limit=number * ROWS + 1)
    rows = listed[(number - 1) * ROWS : number * ROWS]
    entries = list_entries(session, [row.claim.person_id for row in rows])
    record_views([row.claim.person_id for row in rows])
    medical = _medical(rows, scope)
    return page(
        "compliance/claims.html",
        page=Page([claim_view(row, entries, medical) for row in rows], number, len(listed) > number * ROWS),
        state=named if state is not None else "all",
        words=query,
        waiting=claim_lists.count_waiting(session, scope, current_actor()),
        lists=claim_lists.list_recognition_lists(session, scope, waiting=True) if state is ClaimState.PROPOSED and not query else [],
        may_load=allows(RecognitionAction.LOAD, RecognitionListContext(scope)),
    )


def _medical(rows: Sequence[ClaimRow], scope: TrainingScope) -> set[int]:
    return medical_seen([row.claim for row in rows if isinstance(row.claim, Waiver)], scope)


@bp.get("/training/waivers/<uuid:waiver>")
@requires(TrainingAction.WHY, claim_lists.get_waiver)
def waiver(subject: WaiverSubject) -> Response:
    """Show a waiver."""
    record_views([subject.person_id])
    return _page(subject)


def _page(subject: WaiverSubject, decision: ClaimDecisionForm | None = None, revocation: ClaimRevocationForm | None = None) -> Response:
    row, titles = subject.row, claim_lists.title_obligations_of(current_session(), subject.person_id)

    def facts(sees: bool) -> list[tuple[str, str]]:
        of = _("All compulsory training") if row.obligation_id is None else choose(titles.get(row.obligation_id))
        rows = [(_("Reason"), reason_words(row, sees_medical=sees)), (_("From what"), of), (_("Days"), days_words(row))]
        return rows + ([(_("Explanation"), row.words), (_("Number of the document"), row.document)] if sees else [])

    return claim_page(subject, _("Waiver"), facts, decision, revocation)


@bp.post("/training/waivers/<uuid:waiver>/decision")
@requires(WaiverAction.APPROVE, claim_lists.get_waiver)
def decide(subject: WaiverSubject) -> Answer:
    """Approve a waiver, or not."""
    form = ClaimDecisionForm()
    return decide_on(subject, form) if form.validate_on_submit() else (_page(subject, form), 422)


@bp.post("/training/waivers/<uuid:waiver>/revocation")
@requires(WaiverAction.APPROVE, claim_lists.get_waiver)
def revoke(subject: WaiverSubject) -> Answer:
    """Revoke a waiver from today on."""
    form = ClaimRevocationForm()
    return revoke_it(subject, form) if form.validate_on_submit() else (_page(subject, None, form), 422)


@bp.post("/training/waivers/<uuid:waiver>/withdrawal")
@requires(WaiverAction.WITHDRAW, claim_lists.get_waiver)
def withdraw(subject: WaiverSubject) -> Response:
    """Withdraw a waiver that waits."""
    return withdraw_it(subject)


@bp.get("/training/waivers/<uuid:waiver>/evidence")
@requires(TrainingAction.EVIDENCE, claim_lists.get_waiver)
def evidence(subject: WaiverSubject) -> Response:
    """Send the file that proves a waiver."""
    return send_evidence(subject)
