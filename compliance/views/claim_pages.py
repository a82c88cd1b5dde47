"""Parts that pages of waivers and recognitions share: evidence that is sent and fetched, the page of one of them, decisions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar, cast

from flask import Response, current_app, flash, render_template

from accounts import access_log
from accounts.privacy import AccessPurpose
from compliance.forms.claims import ClaimDecisionForm, ClaimRevocationForm, EvidenceForm
from compliance.models import Recognition, Waiver
from compliance.pages.claims import state_view
from compliance.permissions import RecognitionAction, TrainingAction, WaiverAction
from compliance.queries.claim_lists import RecognitionSubject, WaiverSubject, find_names
from compliance.queries.evidence import count_waiting_of_proposer
from compliance.rules.claims import MEDICAL_KINDS, ClaimState, WaiverKind
from compliance.services import claims
from compliance.services.claim_notices import page_of
from compliance.services.evidence import LARGEST, EvidenceFile, EvidenceRefusal, find_full_quota, keep_evidence
from courses.content.filetypes import media_type
from kernel import clock
from kernel.errors import NotFound
from kernel.files import FileStore
from kernel.i18n import _
from kernel.own_records import is_own
from kernel.web.file_responses import send_content
from kernel.web.limits import limit, limiter
from kernel.web.request import allows, current_actor, current_session, see_other
from organisations.access import TrainingScope
from organisations.training_scope import list_training_places

Subject = WaiverSubject | RecognitionSubject
FormClass = TypeVar("FormClass", bound=EvidenceForm)
BODY_LIMIT = LARGEST + 1_000_000
"""Bytes of a form with its file: a file that is a little too large is refused in words."""
CLAIM_RATE = limit("claims", "60 per 10 minutes")
MOST_WAITING = 20
"""Requests of one's own that may wait for a decision at once."""


def stored_files() -> FileStore:
    """Return where contents are stored."""
    return cast("FileStore", current_app.extensions["files"])


def keep_evidence_file(form: EvidenceForm, person_id: int) -> EvidenceFile | None:
    """Keep the file of a form about a person before anything is written; None where there is none or it is refused: the form says why.

    With a file or without one, what somebody asks for is limited.
    """
    session, sender = current_session(), current_actor().person_id or 0
    limiter().use(CLAIM_RATE, str(sender))
    if count_waiting_of_proposer(session, sender) >= MOST_WAITING:
        form.refuse(form.document, _("%(number)s of your requests wait for a decision. Wait, or withdraw some.", number=MOST_WAITING))
        return None
    if form.requires_proof() or (sent := form.uploaded_file()) is None:
        return None
    stored = find_full_quota(session, sender, person_id, len(sent[1])) or keep_evidence(stored_files(), *sent)
    if isinstance(stored, EvidenceRefusal):
        form.refuse_evidence(stored)
        return None
    return stored


def record_views(people: Sequence[int]) -> None:
    """Write down after the answer that the actor saw waivers or recognitions of these people, of each once in a while."""
    access_log.record_people_access(people, AccessPurpose.EVIDENCE)


def send_evidence(subject: Subject) -> Response:
    """Send the file that proves something, always as an attachment, and note who looked at it."""
    row = subject.row
    if row.evidence is None:
        raise NotFound
    record_views([row.person_id])
    name = row.evidence_name
    return send_content(stored_files(), row.evidence, media_type(name), name, inline=False, cache_control="no-store")


def decide_on(subject: Subject, form: ClaimDecisionForm) -> Response:
    """Carry out a decision and lead back to the page."""
    changed = claims.decide(current_session(), current_actor(), subject.row, form.words.data or "", approves=form.approves, now=clock.now())
    return _done(subject.row, changed, _("Your decision was saved, and the person is notified."))


def revoke_it(subject: Subject, form: ClaimRevocationForm) -> Response:
    """Revoke something and lead back to the page."""
    changed = claims.revoke(current_session(), current_actor(), subject.row, form.words.data or "", now=clock.now())
    return _done(subject.row, changed, _("It was revoked, and the person is notified."))


def withdraw_it(subject: Subject) -> Response:
    """Withdraw something and lead back to the page."""
    changed = claims.withdraw(current_session(), current_actor(), subject.row, now=clock.now())
    return _done(subject.row, changed, _("It was withdrawn. It will not be decided on."))


def _done(row: Waiver | Recognition, changed: bool, message: str) -> Response:
    if changed:
        flash(message, "ok")
    return see_other(page_of(row))


def claim_page(
    subject: Subject,
    title: str,
    facts: Callable[[bool], list[tuple[str, str]]],
    decision: ClaimDecisionForm | None = None,
    revocation: ClaimRevocationForm | None = None,
    remark: str = "",
) -> str:
    """Return the page of a waiver or recognition; `facts` are told whether the reader sees what proves it."""
    row = subject.row
    names = find_names(current_session(), [row.person_id, row.proposed_by, row.decided_by, row.revoked_by])
    actions = ACTIONS[type(row)]
    sees, decides = allows(TrainingAction.EVIDENCE, subject), allows(actions.approve, subject)
    return render_template(
        "compliance/claim.html",
        title=title,
        row=row,
        names=names,
        state=state_view(row.state),
        facts=facts(sees),
        has_evidence=bool(row.evidence or row.document),
        sees_evidence=sees,
        remark=remark,
        is_own=is_own(current_actor(), row.person_id),
        why_not="" if decides else _why_not(subject),
        decision=(decision or ClaimDecisionForm(formdata=None)) if decides and row.state == ClaimState.PROPOSED.value else None,
        revocation=(revocation or ClaimRevocationForm(formdata=None)) if decides and row.state == ClaimState.APPROVED.value else None,
        may_withdraw=row.state == ClaimState.PROPOSED.value and allows(actions.withdraw, subject),
        kind=row.__tablename__,
        sees_list=allows(WaiverAction.LIST, subject.scope),
    )


def medical_seen(waivers: Iterable[Waiver], scope: TrainingScope) -> set[int]:
    """Return the numbers of the waivers for reasons of health whose reason the actor sees (spec/compulsory 4.10)."""
    medical = [waiver for waiver in waivers if WaiverKind(waiver.kind) in MEDICAL_KINDS]
    places = list_training_places(current_session(), {waiver.person_id for waiver in medical}) if medical else {}
    return {
        waiver.id
        for waiver in medical
        if allows(
            TrainingAction.EVIDENCE,
            WaiverSubject(waiver.person_id, waiver.proposed_by, True, places[waiver.person_id], scope, waiver),
        )
    }


class _Actions:
    def __init__(self, approve: WaiverAction | RecognitionAction, withdraw: WaiverAction | RecognitionAction) -> None:
        self.approve, self.withdraw = approve, withdraw


ACTIONS: Mapping[type[Waiver | Recognition], _Actions] = {
    Waiver: _Actions(WaiverAction.APPROVE, WaiverAction.WITHDRAW),
    Recognition: _Actions(RecognitionAction.APPROVE, RecognitionAction.WITHDRAW),
}


def _why_not(subject: Subject) -> str:
    """Say why the reader does not decide, where they could think they do (spec/compulsory 4.10)."""
    actor, row = current_actor(), subject.row
    if row.state not in (ClaimState.PROPOSED.value, ClaimState.APPROVED.value):
        return ""
    if is_own(actor, row.person_id):
        return _("It is about you: another person decides.")
    if row.proposed_by == actor.person_id:
        return _("You proposed it: another person decides.")
    if isinstance(subject, WaiverSubject) and subject.is_medical and subject.scope.everywhere:
        return _("It is about a person's health: a training officer of their unit decides, not the administration.")
    return _("A training officer of their unit decides.")
