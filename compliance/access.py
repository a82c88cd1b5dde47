"""The permissions on compulsory training, as the rows of spec/compulsory 16 say them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from compliance.models import Obligation, PendingRecognitionList, PlannedChange, RecognitionList
from courses.access import ENROLLED
from enrolments.models import Enrolment
from enrolments.takes import RenewalWindow
from kernel.own_records import changes_record, changes_records, is_own
from kernel.permissions import Actor, Permission, Predicate, Roles, Verdict, administrator, allow_if
from organisations.access import AUDITORS, OFFICERS, ONESELF, UNIT_HEADS, AudienceContext, TrainingScope, training_verdict


class TrainingAction(StrEnum):
    """Acts on one person's compulsory training."""

    VIEW = "training:view"
    """See their status under every obligation."""
    WHY = "training:why"
    """See the facts and rules that make it, waivers and what proves them included, where the reason is not medical."""
    EVIDENCE = "training:evidence"
    """See what proves a waiver or a recognition."""
    AS_KNOWN = "training:as_known"
    """See a past day, as known on another."""


class ObligationAction(StrEnum):
    """Acts on an obligation."""

    LIST = "obligation:list"
    """See which obligations there are in one's places."""
    VIEW = "obligation:view"
    EDIT = "obligation:edit"
    """Write a draft, or a further version of what is active."""
    ACTIVATE = "obligation:activate"
    """Put in force what somebody else wrote."""
    CHANGE_PAST = "obligation:change"
    """Apply, as second person, what counts from before it is recorded or changes the state or last day of many."""


class WaiverAction(StrEnum):
    """Acts on waivers."""

    LIST = "waiver:list"
    """See which waivers and recognitions wait, and those that were decided on."""
    PROPOSE = "waiver:propose"
    WITHDRAW = "waiver:withdraw"
    """Take back what one proposed."""
    APPROVE = "waiver:approve"
    """Approve, refuse or revoke it."""


class RecognitionAction(StrEnum):
    """Acts on the recognition of learning elsewhere."""

    PROPOSE = "recognition:propose"
    WITHDRAW = "recognition:withdraw"
    """Take back what one proposed."""
    LOAD = "recognition:load"
    """Send in a list of many."""
    APPROVE_MANY = "recognition:approve_many"
    """Decide on a list of many."""
    APPROVE = "recognition:approve"
    """Approve, refuse or revoke it."""


class TrainingReportAction(StrEnum):
    """Acts on the report of a place."""

    VIEW = "report:view"
    EXPORT = "report:export"
    """Take it away with names."""
    EXPORT_IDENTITY = "report:export_identity"
    """Take it away with identity numbers."""


class ReminderAction(StrEnum):
    """Acts on reminders."""

    SEND = "reminder:send"


class FreeDayAction(StrEnum):
    """Acts on the calendar of free days."""

    MANAGE = "free_day:manage"


class BundleAction(StrEnum):
    """Acts on bundles of evidence."""

    MAKE = "bundle:make"


@dataclass(frozen=True, slots=True)
class PersonTrainingContext:
    """A person's compulsory training before an actor: `organisations.training_scope` gives the places and the scope."""

    person_id: int
    places: frozenset[int]
    scope: TrainingScope


@dataclass(frozen=True, slots=True)
class ObligationContext:
    """An obligation before an actor; None where a new one is to be written. Its place is its institution."""

    obligation: Obligation | None
    author_ids: frozenset[int]
    """Who wrote anything of what is to be put in force."""
    places: frozenset[int]
    scope: TrainingScope


@dataclass(frozen=True, slots=True)
class PlannedChangeContext(ObligationContext):
    """A change of an obligation that is tried or was applied, before an actor."""

    change: PlannedChange


@dataclass(frozen=True, slots=True)
class WaiverContext:
    """A waiver of a person before an actor."""

    person_id: int
    proposed_by: int | None
    is_medical: bool
    places: frozenset[int]
    scope: TrainingScope


@dataclass(frozen=True, slots=True)
class RecognitionContext:
    """The recognition of a person's learning elsewhere before an actor."""

    person_id: int
    proposed_by: int | None
    places: frozenset[int]
    scope: TrainingScope


@dataclass(frozen=True, slots=True)
class PlaceReportContext:
    """The report of a place before an actor."""

    place_id: int
    scope: TrainingScope

    @property
    def places(self) -> frozenset[int]:
        """Return the one place."""
        return frozenset({self.place_id})


@dataclass(frozen=True, slots=True)
class PlannedRuleContext(AudienceContext):
    """Another rule of an audience that is tried or was applied, before an actor."""

    change: PlannedChange


@dataclass(frozen=True, slots=True)
class RecognitionListContext:
    """A list of recognitions before an actor: waiting for its confirmation, or proposed; None where a new one may be sent in."""

    scope: TrainingScope
    pending: PendingRecognitionList | None = None
    proposed: RecognitionList | None = None


PersonSubject = PersonTrainingContext | WaiverContext | RecognitionContext
Proposal = WaiverContext | RecognitionContext


def _of_person(letters: str) -> Predicate:
    """Return the predicate of a row of the table about one person: oneself, head, officer, auditor, administrator."""

    def predicate(actor: Actor, subject: PersonSubject) -> Verdict:
        return training_verdict(actor, subject.scope, subject.places, letters, person_id=subject.person_id)

    return predicate


def _of_places(letters: str) -> Predicate:
    """Return the predicate of a row about places, or about a person who is nothing special before it."""

    def predicate(actor: Actor, subject: PlaceReportContext | PersonSubject) -> Verdict:
        return training_verdict(actor, subject.scope, subject.places, letters)

    return predicate


_see = _of_person("aaaaa")
_see_medical = _of_person("adaad")


def _see_evidence(actor: Actor, subject: PersonSubject) -> Verdict:
    """Decide on what proves something: of medical reasons it is for the person, officers and auditors alone (spec/compulsory 4.10)."""
    is_medical = not isinstance(subject, RecognitionContext) and not (isinstance(subject, WaiverContext) and not subject.is_medical)
    return (_see_medical if is_medical else _see)(actor, subject)


def _on_obligation(actor: Actor, subject: ObligationContext, letters: str) -> Verdict:
    """Decide by the place of an obligation; who has a grant for a part of its institution knows of what its officers know.

    What is hidden from heads there is hidden from them too.
    """
    verdict = training_verdict(actor, subject.scope, subject.places, letters)
    head = letters[1]
    return Verdict.FORBID if verdict is Verdict.HIDE and head == "d" and subject.scope.stands_in(subject.places) else verdict


def _is_draft(subject: ObligationContext) -> bool:
    return subject.obligation is None or subject.obligation.state == "draft"


def _list_obligations(actor: Actor, subject: TrainingScope) -> Verdict:
    """Allow who looks after or audits some place, and administrators; heads of units know that there are obligations."""
    return training_verdict(actor, subject, subject.officer | subject.auditor | subject.heads, "hdaaa")


def _view_obligation(actor: Actor, subject: ObligationContext) -> Verdict:
    return _on_obligation(actor, subject, "hhaha" if _is_draft(subject) else "hdaaa")


def _edit_obligation(actor: Actor, subject: ObligationContext) -> Verdict:
    return _on_obligation(actor, subject, "hhaha" if _is_draft(subject) else "hdada")


def _activate_obligation(actor: Actor, subject: ObligationContext) -> Verdict:
    """Decide on what another wrote; to one's own no role leads (spec/compulsory 4.8)."""
    is_author = actor.person_id in subject.author_ids
    return _on_obligation(actor, subject, "hhddd" if is_author else "hhada")


def _change_past(actor: Actor, subject: ObligationContext) -> Verdict:
    return _on_obligation(actor, subject, "hhada")


_decide_medical = _of_person("ddadd")
_decide_other = _of_person("ddada")


def _decide_on_proposal(actor: Actor, subject: Proposal) -> Verdict:
    """Decide on waivers and recognitions: nobody approves what they proposed themself (spec/compulsory 4.10 and 4.11)."""
    is_medical = isinstance(subject, WaiverContext) and subject.is_medical
    verdict = (_decide_medical if is_medical else _decide_other)(actor, subject)
    proposed_it = is_own(actor, subject.proposed_by) and not is_own(actor, subject.person_id)  # of one's own the guard says more
    return Verdict.FORBID if verdict is Verdict.ALLOW and proposed_it else verdict


def _whose(subject: Proposal) -> tuple[int]:
    return (subject.person_id,)


def _list_claims(actor: Actor, subject: TrainingScope | RecognitionListContext) -> Verdict:
    """Let those see the waivers and recognitions who decide on some or audit them; to heads there is no such list."""
    scope = subject.scope if isinstance(subject, RecognitionListContext) else subject
    if actor.is_anonymous:
        return Verdict.FORBID
    return allow_if(scope.everywhere or bool(scope.officer or scope.auditor), Verdict.HIDE)


def _load_claims(actor: Actor, subject: RecognitionListContext) -> Verdict:
    if actor.is_anonymous:
        return Verdict.FORBID
    scope = subject.scope
    return allow_if(scope.everywhere or bool(scope.officer), Verdict.FORBID if scope.auditor else Verdict.HIDE)


def _withdraw(actor: Actor, subject: Proposal) -> Verdict:
    """Let whoever proposed a waiver or recognition take it back; to all others there is nothing to take back."""
    if actor.is_anonymous:
        return Verdict.FORBID
    return allow_if(subject.proposed_by == actor.person_id, Verdict.HIDE)


_approve = changes_record(_decide_on_proposal, _whose)
_propose = _of_person("aaada")

PERMISSIONS: Mapping[StrEnum, Permission] = {
    TrainingAction.VIEW: Permission(
        _see, {"of_a_person": (ONESELF | UNIT_HEADS | OFFICERS | AUDITORS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS)}
    ),
    TrainingAction.WHY: Permission(
        _see, {"of_a_person": (ONESELF | UNIT_HEADS | OFFICERS | AUDITORS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS)}
    ),
    TrainingAction.EVIDENCE: Permission(
        _see_evidence,
        {"training.why medical_evidence": (ONESELF | OFFICERS | AUDITORS).hidden_but(Roles.ANONYMOUS | UNIT_HEADS | Roles.ADMINISTRATORS)},
    ),
    TrainingAction.AS_KNOWN: Permission(
        _see, {"past_day": (ONESELF | UNIT_HEADS | OFFICERS | AUDITORS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS)}
    ),
    ObligationAction.LIST: Permission(_list_obligations, {"own": Roles.ADMINISTRATORS.hidden}),
    ObligationAction.VIEW: Permission(_view_obligation, {"active": Roles.ADMINISTRATORS.hidden}),
    ObligationAction.EDIT: Permission(_edit_obligation, {"draft": (OFFICERS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS)}),
    ObligationAction.ACTIVATE: Permission(
        _activate_obligation,
        {
            "draft_of_another": (OFFICERS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS | AUDITORS),
            "own_draft": Roles.NOBODY.tried_by(AUDITORS).hidden_but(Roles.ANONYMOUS | OFFICERS | AUDITORS | Roles.ADMINISTRATORS),
        },
    ),
    ObligationAction.CHANGE_PAST: Permission(
        _change_past, {"retroactive": (OFFICERS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS | AUDITORS)}
    ),
    WaiverAction.LIST: Permission(_list_claims, {"any": Roles.ADMINISTRATORS.hidden}),
    WaiverAction.PROPOSE: Permission(
        _propose, {"of_a_person": (ONESELF | UNIT_HEADS | OFFICERS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS | AUDITORS)}
    ),
    WaiverAction.WITHDRAW: Permission(_withdraw, {"of_another": Roles.NOBODY.hidden}),
    WaiverAction.APPROVE: Permission(
        _approve,
        {
            "medical": OFFICERS.hidden_but(Roles.ANONYMOUS | ONESELF | UNIT_HEADS | AUDITORS | Roles.ADMINISTRATORS),
            "other_reasons": (OFFICERS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS | ONESELF | UNIT_HEADS | AUDITORS),
            "own": Roles.NOBODY.tried_by(AUDITORS).hidden_but(
                Roles.ANONYMOUS | ONESELF | UNIT_HEADS | OFFICERS | AUDITORS | Roles.ADMINISTRATORS
            ),
        },
    ),
    RecognitionAction.PROPOSE: Permission(_propose, {"of_another": Roles.ADMINISTRATORS.hidden}),
    RecognitionAction.WITHDRAW: Permission(_withdraw, {"of_another": Roles.NOBODY.hidden}),
    RecognitionAction.LOAD: Permission(_load_claims, {"any": Roles.ADMINISTRATORS.hidden}),
    RecognitionAction.APPROVE_MANY: Permission(changes_records(_load_claims), {"of_another": Roles.ADMINISTRATORS.hidden}),
    RecognitionAction.APPROVE: Permission(
        _approve, {"proposed_by_another": (OFFICERS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS | ONESELF | UNIT_HEADS | AUDITORS)}
    ),
    TrainingReportAction.VIEW: Permission(
        _of_places("haaaa"),
        {
            "of_the_institution": (OFFICERS | AUDITORS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS),
            "of_a_unit": (UNIT_HEADS | OFFICERS | AUDITORS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS),
        },
    ),
    TrainingReportAction.EXPORT: Permission(
        _of_places("haaaa"), {"with_names": (UNIT_HEADS | OFFICERS | AUDITORS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS)}
    ),
    TrainingReportAction.EXPORT_IDENTITY: Permission(
        _of_places("hdaaa"),
        {"report.export with_identity_numbers": (OFFICERS | AUDITORS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS | UNIT_HEADS)},
    ),
    ReminderAction.SEND: Permission(
        _of_places("haada"), {"to_a_unit": (UNIT_HEADS | OFFICERS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS | AUDITORS)}
    ),
    FreeDayAction.MANAGE: Permission(administrator, {"any": Roles.ADMINISTRATORS.because("the calendar of free days holds for everybody")}),
    BundleAction.MAKE: Permission(
        _of_places("hddaa"), {"of_a_scope": (AUDITORS | Roles.ADMINISTRATORS).hidden_but(Roles.ANONYMOUS | UNIT_HEADS | OFFICERS)}
    ),
}


class RenewalAction(StrEnum):
    """Acts of learners on their own takes."""

    RENEW = "take:renew"
    """Take a course again that an obligation asks for again, or whose certificate is in its time of renewal."""


@dataclass(frozen=True, slots=True)
class RenewalContext:
    """Somebody before a course; the window is None where nothing asks them now to take it again."""

    course_id: int
    slug: str
    present: Enrolment | None
    """The take of theirs that is the present one."""
    window: RenewalWindow | None
    is_under_way: bool
    """They have begun a further take already."""


def _renew(_actor: Actor, subject: RenewalContext) -> Verdict:
    return Verdict.ALLOW if subject.window is not None or subject.is_under_way else Verdict.FORBID


RENEWAL_PERMISSIONS: Mapping[StrEnum, Permission] = {
    RenewalAction.RENEW: Permission(
        _renew,
        {
            "window_open": ENROLLED.because(
                "one's own; a compulsory training asks for it again or the certificate is in its time of renewal"
            ),
            "window_not_open": Roles.NOBODY.because("nothing asks for it again"),
        },
    )
}
