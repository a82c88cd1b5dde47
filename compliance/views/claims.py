"""Forms, words and steps that the pages of waivers and those of recognitions share."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import Response, flash
from wtforms import BooleanField, DateField, RadioField, SelectField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional

from accounts import access_log
from accounts.models import Person
from accounts.privacy import AccessPurpose
from compliance import claims
from compliance.access import RecognitionAction, TrainingAction, WaiverAction
from compliance.claim_lists import ClaimRow, RecognitionSubject, WaiverSubject, find_names
from compliance.claims import RecognitionValues, WaiverValues, page_of
from compliance.evidence import ACCEPTED, LARGEST, EvidenceFile, EvidenceRefusal, count_waiting_of_proposer, find_full_quota, keep_evidence
from compliance.models import Recognition, Waiver
from compliance.rules.claims import (
    DAY_FAULTS,
    KINDS,
    MEDICAL_KINDS,
    ClaimState,
    WaiverKind,
    achievement_fault,
    last_waived_day,
    longest_waived_day,
    waiver_fault,
)
from kernel import clock
from kernel.errors import N_, NotFound
from kernel.filetypes import media_type
from kernel.i18n import _, choose, enumeration, format_date, lazy_
from kernel.own_records import is_own
from kernel.web.file_responses import send_content
from kernel.web.forms import FileField, Form, area, clean_text, line, whole_number
from kernel.web.limits import limit, limiter
from kernel.web.request import allows, current_actor, current_session, file_store, page, see_other
from organisations.access import TrainingScope
from organisations.training_scope import list_training_places

DAYS = ["%Y-%m-%d", "%d/%m/%Y"]
"""Forms of a day: as browsers send it, and as people without such a field type it."""
REFUSALS: Mapping[EvidenceRefusal, str] = {
    EvidenceRefusal.KIND: N_("Files of this kind are not accepted. Send one of these: %(kinds)s."),
    EvidenceRefusal.CONTENT: N_("The file is damaged, or it is not what its name says. Save it again and send it."),
    EvidenceRefusal.SIZE: N_("The file is larger than 10 MB. Send a smaller one."),
    EvidenceRefusal.EMPTY: N_("The file is empty."),
    EvidenceRefusal.PERSON_FULL: N_("Your files take all the room that one person has. Withdraw some, or write the document's number."),
    EvidenceRefusal.INSTITUTION_FULL: N_("Your institution's files take all the room it has. Write the document's number instead."),
}


def _cleaned(text: str | None) -> str:
    return clean_text(text or "", lines=True)


class EvidenceForm(Form):
    """The proof of a waiver or recognition: the number of a document, a file, or both."""

    document = line(lazy_("Number of the document"), most=100)
    evidence = FileField(lazy_("File"))

    def uploaded_file(self) -> tuple[str, bytes] | None:
        """Return the name and the content of what was sent; None where it is nothing."""
        sent = self.evidence.data
        name = clean_text(str(getattr(sent, "filename", "") or ""))
        return (name, sent.read()) if name else None

    def refuse_evidence(self, refusal: EvidenceRefusal) -> None:
        """Describe why the file is not taken."""
        self.refuse(self.evidence, _(REFUSALS[refusal], kinds=enumeration([kind.upper() for kind in ACCEPTED])))

    def requires_proof(self) -> bool:
        """Return whether neither a number nor a file was sent, and say so in the form."""
        if self.document.data or getattr(self.evidence.data, "filename", ""):
            return False
        self.refuse(self.document, _("Write the number of the document, or send a file."))
        return True


class WaiverForm(EvidenceForm):
    """A waiver that somebody asks for."""

    kind = SelectField(lazy_("Reason"), choices=[])
    obligation = SelectField(lazy_("From what"), choices=[], default="")
    words = area(lazy_("Explanation"), most=1000, filters=[_cleaned])
    first_on = DateField(lazy_("First day"), [InputRequired(lazy_("Enter a day."))], format=DAYS)
    last_on = DateField(lazy_("Last day"), [Optional()], format=DAYS)

    def offer(self, obligations: Mapping[int, str]) -> None:
        """Let these obligations be chosen, or every one."""
        self.kind.choices = [SelectChoice(value=kind.value, label=_(label)) for kind, label in KINDS.items()]
        every = SelectChoice(value="", label=_("All my compulsory training"))
        self.obligation.choices = [every, *(SelectChoice(value=str(number), label=title) for number, title in obligations.items())]

    def validate_words(self, field: TextAreaField) -> None:
        """Ask for words where the reason is another one."""
        if self.kind.data == WaiverKind.OTHER.value and not field.data:
            raise ValidationError(_("Say in a few words what the reason is."))

    def validate_last_on(self, field: DateField) -> None:
        """Refuse days that no waiver may have (spec/compulsory 18)."""
        if self.first_on.data is None:
            return
        fault = waiver_fault(self.first_on.data, field.data)
        if fault is not None:
            raise ValidationError(_(DAY_FAULTS[fault], day=format_date(longest_waived_day(self.first_on.data))))

    def command(self, evidence: EvidenceFile | None) -> WaiverValues:
        """Return the requested act."""
        assert self.first_on.data is not None
        chosen = whole_number(self.obligation.data or "") or None
        return WaiverValues(
            WaiverKind(self.kind.data),
            self.first_on.data,
            self.last_on.data,
            obligation_id=chosen,
            words=self.words.data or "",
            document=self.document.data or "",
            evidence=evidence,
        )


class RecognitionForm(EvidenceForm):
    """Learning elsewhere that somebody asks to have recognised."""

    course = SelectField(lazy_("Course that it should count as"), choices=[])
    achieved_on = DateField(lazy_("Day on which it was completed"), [InputRequired(lazy_("Enter a day."))], format=DAYS)
    issuer = line(lazy_("Institution that certifies it"), most=200, required=lazy_("Enter the institution."))

    def offer(self, courses: Sequence[tuple[int, str]], today: date) -> None:
        """Let these courses be chosen, and no day after today."""
        self.course.choices = [SelectChoice(value=str(number), label=title) for number, title in courses]
        self._today = today

    def validate_achieved_on(self, field: DateField) -> None:
        """Refuse a day on which nothing can have been achieved (spec/compulsory 18)."""
        fault = achievement_fault(field.data, self._today) if field.data else None
        if fault is not None:
            raise ValidationError(_("The day cannot be in the future or before 1950."))

    def command(self, evidence: EvidenceFile | None) -> RecognitionValues:
        """Return the requested act."""
        assert self.achieved_on.data is not None
        return RecognitionValues(
            whole_number(self.course.data or ""), self.achieved_on.data, self.issuer.data or "", self.document.data or "", evidence
        )


class ClaimDecisionForm(Form):
    """The decision on a waiver or recognition."""

    decision = RadioField(
        lazy_("Your decision"),
        choices=[SelectChoice(value="approve", label=lazy_("Approve")), SelectChoice(value="refuse", label=lazy_("Do not approve"))],
        validators=[InputRequired(lazy_("Choose one."))],
    )
    words = area(lazy_("Your answer"), most=1000, filters=[_cleaned])

    @property
    def approves(self) -> bool:
        """Return whether it is approved."""
        return bool(self.decision.data == "approve")

    def validate_words(self, field: TextAreaField) -> None:
        """Ask for the reason of a refusal (spec/compulsory 4.10)."""
        if self.decision.data == "refuse" and not field.data:
            raise ValidationError(_("Say why it is not approved."))


class ClaimRevocationForm(Form):
    """The words with which a waiver or recognition is revoked."""

    words = area(lazy_("Reason"), most=1000, required=lazy_("Say why it is revoked."), filters=[_cleaned])
    sure = BooleanField(lazy_("I understand that it no longer counts from today."), [InputRequired(lazy_("Tick the box to continue."))])


STATES: Mapping[ClaimState, tuple[str, str, str]] = {
    ClaimState.PROPOSED: ("now", N_("Waiting for a decision"), "clock"),
    ClaimState.APPROVED: ("ok", N_("Approved"), "circle-check"),
    ClaimState.REFUSED: ("bad", N_("Not approved"), "circle-x"),
    ClaimState.REVOKED: ("bad", N_("No longer counts"), "rotate-ccw"),
    ClaimState.WITHDRAWN: ("", N_("Withdrawn"), "x"),
}
"""Look, words and icon."""


def state_view(state: str) -> tuple[str, str, str]:
    """Return the look, the words and the icon of a state, as pages show it."""
    look, label, symbol = STATES[ClaimState(state)]
    return look, _(label), symbol


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A waiver or recognition in a list."""

    claim: Waiver | Recognition
    person: Person
    proposer: Person | None
    url: str
    what: str
    """What it is, and of what."""
    days: str
    state: tuple[str, str, str]
    is_before_entry: bool


def days_words(waiver: Waiver) -> str:
    """Return the days of a waiver in words."""
    first, last = format_date(waiver.first_on), format_date(last_waived_day(waiver.first_on, waiver.last_on))
    if waiver.last_on is None:
        return _("from %(first)s, without an end: it counts until %(last)s and is asked for again before", first=first, last=last)
    return _("from %(first)s to %(last)s", first=first, last=last)


def reason_words(waiver: Waiver, *, sees_medical: bool) -> str:
    """Return the reason of a waiver as its reader sees it; `sees_medical` where they may see reasons of health (spec/compulsory 4.10)."""
    kind = WaiverKind(waiver.kind)
    return _(KINDS[kind]) if sees_medical or kind not in MEDICAL_KINDS else _("with evidence on record")


def claim_view(row: ClaimRow, entries: Mapping[int, date], medical: Collection[int]) -> ClaimView:
    """Return a waiver or recognition as lists show it; `medical` are the waivers whose reason of health the reader sees, by number."""
    claim = row.claim
    if isinstance(claim, Waiver):
        of = choose(row.title) if row.title is not None else _("All compulsory training")
        reason = reason_words(claim, sees_medical=claim.id in medical)
        what, days, is_early = f"{reason} · {of}", days_words(claim), False
    else:
        what = _("Recognition") + f" · {choose(row.title)}"
        days = _("completed on %(day)s", day=format_date(claim.achieved_on))
        entered = entries.get(claim.person_id)
        is_early = entered is not None and claim.achieved_on < entered
    return ClaimView(
        claim,
        row.Person,
        row.proposer,
        url=page_of(claim),
        what=what,
        days=days,
        state=state_view(claim.state),
        is_before_entry=is_early,
    )


def overlap_views(
    others: Sequence[Waiver], titles: Mapping[int, Mapping[str, str]], medical: Collection[int]
) -> list[tuple[str, str, str, tuple[str, str, str]]]:
    """Return the reason, obligation, days and state of waivers that stand in the way of another one; `medical` as in `claim_view`."""
    return [
        (
            reason_words(other, sees_medical=other.id in medical),
            _("All compulsory training") if other.obligation_id is None else choose(titles.get(other.obligation_id)),
            days_words(other),
            state_view(other.state),
        )
        for other in others
    ]


Subject = WaiverSubject | RecognitionSubject
BODY_LIMIT = LARGEST + 1_000_000
"""Bytes of a form with its file: a file that is a little too large is refused in words."""
CLAIM_RATE = limit("claims", "60 per 10 minutes")
MOST_WAITING = 20
"""Requests of one's own that may wait for a decision at once."""


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
    stored = find_full_quota(session, sender, person_id, len(sent[1])) or keep_evidence(file_store(), *sent)
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
    return send_content(file_store(), row.evidence, media_type(name), name, inline=False, cache_control="no-store")


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
) -> Response:
    """Return the page of a waiver or recognition; `facts` are told whether the reader sees what proves it."""
    row = subject.row
    names = find_names(current_session(), [row.person_id, row.proposed_by, row.decided_by, row.revoked_by])
    actions: type[WaiverAction | RecognitionAction] = WaiverAction if isinstance(row, Waiver) else RecognitionAction
    sees, decides = allows(TrainingAction.EVIDENCE, subject), allows(actions.APPROVE, subject)
    return page(
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
        may_withdraw=row.state == ClaimState.PROPOSED.value and allows(actions.WITHDRAW, subject),
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
            WaiverSubject(waiver.person_id, waiver.proposed_by, True, places=places[waiver.person_id], scope=scope, row=waiver),
        )
    }


def _why_not(subject: Subject) -> str:
    """Describe why the reader does not decide, where they could think they do (spec/compulsory 4.10)."""
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
