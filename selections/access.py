"""Permissions of selections: who names a jury, who is in it, who reads; who objects, proposes and decides (spec/selection 12)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from accounts.models import Person
from courses.access import OWNERS, owns
from courses.models import StaffRole
from courses.rules import Outline
from enrolments.access import hiding_all
from kernel.own_records import changes_records, is_own
from kernel.permissions import Actor, Permission, Roles, Verdict, allow_if, open_to_strangers, roles_tried, signed_in
from questions.rules.answers import objection_in
from questions.rules.item_layout import LoadedItem
from quizzes.access import QuizContext
from quizzes.attempts import AttemptRow, LoadedAttempt
from selections import models
from selections.rules.objections import DeciderHindrances, ObjectionTerm
from selections.rules.signs import PersonSign


class SelectionAction(StrEnum):
    """Acts on selections."""

    LIST_OWN = "selection:list_own"
    """See the selections that one is named for."""
    MANAGE = "selection:manage"
    """Make selections of a quiz, and name juries and readers."""
    VIEW = "selection:view"


class SelectionActaAction(StrEnum):
    """Acts on the actas of selections."""

    DRAFT = "acta:draft"
    """Have an acta prepared, look at it before it is in force, discard it."""
    FREEZE = "acta:freeze"
    """Publish a provisional acta."""
    SIGN = "acta:sign"
    AMEND = "acta:amend"
    """See what differs from a final acta, and have an amendment prepared."""
    VIEW = "acta:view"
    VIEW_OWN = "acta:view_own"
    """See one's own line."""
    VERIFY = "acta:verify"
    """Compare a file or a line with an acta in public."""
    EXPORT = "acta:export"
    """Take an acta in force out as a file, identity numbers masked."""
    EXPORT_IDENTITY = "acta:export_identity"
    """Take the acta out with whole identity numbers, with a reason."""


class IntegrityAction(StrEnum):
    """Acts on what was recorded beside the answers of a sitting."""

    VIEW = "integrity:view"


class JuryAction(StrEnum):
    """Acts on what two of a jury decide."""

    VIEW = "jury:view"
    NAME = "jury:name"
    """Ask, after the first acta, to name a member or a reader, or to end that."""
    DECIDE = "jury:decide"
    """Agree to an act, or decline it."""


class SelectionIncidentAction(StrEnum):
    """Acts on incidents of a sitting."""

    OPEN = "incident:open"
    """Ask a person about a sign."""
    VIEW = "incident:view"
    PROPOSE = "incident:propose"
    DECIDE = "incident:decide"
    ANSWER = "incident:answer"
    """See what one is asked, and answer."""


@dataclass(frozen=True)
class SelectionContext:
    """A person before a selection: what they are in its course and in it; `outline` is of the newest version that has its quiz."""

    id: int
    uuid: UUID
    course_id: int
    slug: str
    key: str
    activity_id: int
    outline: Outline
    staff_role: StaffRole | None
    people: str = ""
    """Name of the edition or group."""
    role: models.MemberRole | None = None
    """Named and in force."""
    has_second_factor: bool = False
    is_participant: bool = False
    """Is or was among the people of the selection."""

    @property
    def title(self) -> Mapping[str, str]:
        """Return the title of the quiz."""
        return self.outline.by_key[self.key].title


@dataclass(frozen=True)
class SelectionMemberContext:
    """A person who is named for a selection, before somebody who may end it."""

    selection: SelectionContext
    member_id: int


@dataclass(frozen=True)
class JuryContext:
    """A person before the jury of a selection; `able` counts its members who may act."""

    selection: SelectionContext
    able: int


@dataclass(frozen=True)
class JuryMemberContext(JuryContext):
    """A person before a member of a jury, or a reader."""

    member: models.SelectionMember


@dataclass(frozen=True)
class JuryDecisionContext(JuryContext):
    """A person before a decision of two of a jury, and whom it is about."""

    decision: models.JuryDecision
    person: Person


@dataclass(frozen=True)
class SelectionActaContext:
    """A person before an acta of a selection."""

    selection: SelectionContext
    acta: models.SelectionActa


@dataclass(frozen=True)
class AmendmentContext:
    """A person before the acta in force of a selection and the open task of what differs from it."""

    selection: SelectionContext
    acta: models.SelectionActa | None
    correction: models.ActaCorrection | None


@dataclass(frozen=True)
class PersonSignContext:
    """A person before a sign in an attempt of a sitting that is over."""

    selection: SelectionContext
    shown: PersonSign


@dataclass(frozen=True)
class SelectionIncidentContext:
    """An actor before an incident of a selection, with whom it is about."""

    selection: SelectionContext
    incident: models.SelectionIncident
    person: Person
    number: int
    """Of the attempt that shows the sign."""


def is_jury_member(subject: SelectionContext) -> bool:
    """Return whether the actor may act as a member of the jury: named, with a second factor, and not a participant.

    Everything that a jury decides asks this: actas, objections and incidents alike.
    """
    return subject.role is models.MemberRole.JURY and subject.has_second_factor and not subject.is_participant


def reads_actas(actor: Actor, subject: SelectionContext) -> bool:
    """Return whether the actor sees the lines of a selection: its jury, its readers, and administrators; never its participants."""
    named = is_jury_member(subject) or (subject.role is models.MemberRole.READER and not subject.is_participant)
    return named or (actor.is_administrator and not subject.is_participant)


NAMINGS = (models.JuryMatter.NAMING.value, models.JuryMatter.ENDING.value)
FEWEST_TO_NAME = 2
"""With fewer members who may act, administrators stand in for them where members are named, and nowhere else."""


def _names_with_another(actor: Actor, subject: JuryContext) -> Verdict:
    """The jury; where fewer than two of it may act, administrators who take no part too. Never the owner of the course."""
    stands_in = subject.able < FEWEST_TO_NAME and actor.is_administrator and not subject.selection.is_participant
    return allow_if(is_jury_member(subject.selection) or stands_in)


def _decide_in_jury(actor: Actor, subject: JuryDecisionContext) -> Verdict:
    """The same for what is about naming, else the jury; nobody on what they are themselves, nor a second time."""
    if subject.decision.person_id == actor.person_id:
        return Verdict.FORBID
    return _names_with_another(actor, subject) if subject.decision.matter in NAMINGS else jury(actor, subject.selection)


def _view_jury(actor: Actor, subject: JuryContext) -> Verdict:
    return allow_if(sees_objections(actor, subject.selection), Verdict.HIDE)


def jury(actor: Actor, subject: SelectionContext | SelectionActaContext | SelectionIncidentContext | PersonSignContext) -> Verdict:
    """Allow the members of a selection's jury."""
    selection = subject if isinstance(subject, SelectionContext) else subject.selection
    return allow_if(not actor.is_anonymous and is_jury_member(selection))


def _amend(actor: Actor, subject: AmendmentContext) -> Verdict:
    """The jury, of a final acta that the results differ from."""
    is_final = subject.acta is not None and subject.acta.kind != models.ActaKind.PROVISIONAL.value
    return jury(actor, subject.selection) if is_final and subject.correction is not None else Verdict.FORBID


def _manage(actor: Actor, subject: QuizContext | SelectionContext | SelectionMemberContext) -> Verdict:
    """The owner of the course and administrators; to others there is no such page."""
    context = subject.selection if isinstance(subject, SelectionMemberContext) else subject
    return allow_if(owns(actor, context.staff_role), Verdict.HIDE)


def _view(actor: Actor, subject: SelectionContext) -> Verdict:
    return allow_if(reads_actas(actor, subject), Verdict.HIDE)


def _view_acta(actor: Actor, subject: SelectionActaContext) -> Verdict:
    """An acta in force is for jury, readers and administrators; one that is being prepared for the jury alone."""
    if subject.acta.state == models.ActaState.IN_FORCE.value:
        return _view(actor, subject.selection)
    return allow_if(is_jury_member(subject.selection), Verdict.HIDE)


def _export(actor: Actor, subject: SelectionActaContext) -> Verdict:
    """Jury, readers and administrators, of an acta in force: a draft stays in the house."""
    return allow_if(subject.acta.state == models.ActaState.IN_FORCE.value and reads_actas(actor, subject.selection), Verdict.HIDE)


@open_to_strangers
def _verify(_actor: Actor, _subject: object) -> Verdict:
    """Everybody."""
    return Verdict.ALLOW


def _view_own(_actor: Actor, subject: SelectionContext) -> Verdict:
    return allow_if(subject.is_participant, Verdict.HIDE)


def _view_integrity(actor: Actor, subject: SelectionContext | SelectionIncidentContext) -> Verdict:
    """The jury and administrators who take no part in it; to others there is no such page."""
    selection = subject.selection if isinstance(subject, SelectionIncidentContext) else subject
    return allow_if(is_jury_member(selection) or (actor.is_administrator and not selection.is_participant), Verdict.HIDE)


def _answer(actor: Actor, subject: SelectionIncidentContext) -> Verdict:
    return allow_if(subject.incident.person_id == actor.person_id, Verdict.HIDE)


def _export_identity(actor: Actor, subject: SelectionActaContext) -> Verdict:
    """Administrators, of an acta that is final."""
    is_final = subject.acta.state == models.ActaState.IN_FORCE.value and subject.acta.kind != models.ActaKind.PROVISIONAL.value
    return allow_if(actor.is_administrator and not subject.selection.is_participant and is_final)


AT_A_SELECTION = roles_tried(
    *("anonymous", "learner", "participant", "participant_in_jury", "grader", "course_editor", "course_owner"),
    *("jury_member", "acta_reader", "site_admin"),
    why="spec/selection 12",
)
PARTICIPANTS, PARTICIPANTS_IN_JURY = AT_A_SELECTION.only("participant"), AT_A_SELECTION.only("participant_in_jury")
JURY, ACTA_READERS = AT_A_SELECTION.only("jury_member"), AT_A_SELECTION.only("acta_reader")

PERMISSIONS: Mapping[StrEnum, Permission] = {
    SelectionAction.LIST_OWN: Permission(signed_in, {"own": Roles.SIGNED_IN.because("spec/selection 12: what one is named for")}),
    **hiding_all(
        {
            SelectionAction.MANAGE: Permission(
                _manage, {"own_course": OWNERS.hidden.because("spec/selection 12: the owner of the course and administrators name juries")}
            )
        }
    ),
    SelectionAction.VIEW: Permission(
        _view, {"of_a_selection": (JURY | ACTA_READERS | Roles.ADMINISTRATORS).hidden.because("spec/selection 12: jury")}
    ),
    SelectionActaAction.DRAFT: Permission(jury, {"of_a_selection": JURY}),
    SelectionActaAction.FREEZE: Permission(jury, {"draft": JURY}),
    SelectionActaAction.SIGN: Permission(jury, {"draft": JURY, "signed_by_the_same": Roles.NOBODY.tried_by(JURY)}),
    SelectionActaAction.AMEND: Permission(
        _amend,
        {
            "final_with_difference": JURY.because("spec/selection 12: the jury, where the results differ from a final acta"),
            "final_without_difference": Roles.NOBODY.tried_by(JURY).because(
                "spec/selection 12: the jury, where the results differ from a final acta"
            ),
        },
    ),
    SelectionActaAction.VIEW: Permission(
        _view_acta, {"draft": JURY.hidden, "provisional": (JURY | ACTA_READERS | Roles.ADMINISTRATORS).hidden}
    ),
    SelectionActaAction.VIEW_OWN: Permission(_view_own, {"provisional": (PARTICIPANTS_IN_JURY | PARTICIPANTS).hidden}),
    SelectionActaAction.VERIFY: Permission(
        _verify,
        {
            "valid_code": (Roles.EVERYBODY | Roles.SUSPENDED).because("public, shows the numbers of the acta, no people"),
            "of_a_selection": AT_A_SELECTION.because("spec/selection 4.9: public, names nobody"),
            "of_a_selection_amended": AT_A_SELECTION.because("spec/selection 4.9: public, names nobody"),
        },
    ),
    SelectionActaAction.EXPORT: Permission(
        _export,
        {
            "in_force": (JURY | ACTA_READERS | Roles.ADMINISTRATORS).hidden.because(
                "spec/selection 4.13: who sees the lines may take them out, identity numbers masked"
            ),
            "draft": Roles.NOBODY.tried_by(JURY).hidden.because("spec/selection 4.13: a draft is not taken out"),
        },
    ),
    SelectionActaAction.EXPORT_IDENTITY: Permission(
        _export_identity,
        {
            "final": Roles.ADMINISTRATORS.tried_by(JURY).because(
                "spec/selection 4.13: whole identity numbers for administrators with a reason"
            ),
            "provisional": Roles.NOBODY.tried_by(JURY).because("spec/selection 4.13: whole identity numbers of a final acta alone"),
        },
    ),
    IntegrityAction.VIEW: Permission(
        _view_integrity, {"sitting_open": Roles.NOBODY.tried_by(JURY).hidden, "sitting_closed": (JURY | Roles.ADMINISTRATORS).hidden}
    ),
    JuryAction.VIEW: Permission(_view_jury, {"of_a_selection": (JURY | Roles.ADMINISTRATORS).hidden}),
    JuryAction.NAME: Permission(
        _names_with_another,
        {
            "two_of_the_jury": JURY.because("spec/selection 4.16: after the first acta the jury names with two of its members"),
            "fewer": (JURY | Roles.ADMINISTRATORS).because("spec/selection 4.16: where fewer than two may act, administrators stand in"),
        },
    ),
    JuryAction.DECIDE: Permission(_decide_in_jury, {"waiting": JURY.because("spec/selection 4.16: the second of two members of the jury")}),
    SelectionIncidentAction.OPEN: Permission(jury, {"sitting_closed": JURY}),
    SelectionIncidentAction.VIEW: Permission(_view_integrity, {"asked": (JURY | Roles.ADMINISTRATORS).hidden}),
    SelectionIncidentAction.PROPOSE: Permission(jury, {"not_heard": Roles.NOBODY.tried_by(JURY), "heard": JURY}),
    SelectionIncidentAction.DECIDE: Permission(jury, {"same_member": Roles.NOBODY.tried_by(JURY), "heard": JURY}),
    SelectionIncidentAction.ANSWER: Permission(_answer, {"asked": PARTICIPANTS.hidden}),
}


class ObjectionAction(StrEnum):
    """Acts on objections."""

    LIST_OWN = "objection:list_own"
    """See what one objected to in an attempt, and what came of it."""
    OPEN = "objection:open"
    """Object to a question of one's attempt, extend that, withdraw it."""
    VIEW = "objection:view"
    """See the objections of a selection without names."""
    PROPOSE = "objection:propose"
    DECIDE = "objection:decide"


@dataclass(frozen=True)
class OwnObjectionsContext:
    """A person before the objections of an attempt; None for the term: it has not begun, or there is none."""

    loaded: LoadedAttempt
    history: Sequence[AttemptRow]
    term: ObjectionTerm | None
    selection_id: int = 0
    """Of the selection whose provisional acta opened the term."""
    item: LoadedItem | None = None
    """The question that is objected to."""

    @property
    def contact(self) -> Mapping[str, str]:
        """Return whom to write to."""
        use = self.loaded.snapshot.selection
        return use.contact if use is not None else {}

    def list_noted(self) -> frozenset[int]:
        """Return the items that were objected to while answering."""
        return frozenset(item_id for item_id, answer in self.loaded.responses.items() if objection_in(answer.payload) is not None)


ProposalRow = Row[*tuple[Any, ...]]
"""A proposal (`ObjectionProposal`) with its `proposer`, its `answerer` and its dry run (`Regrade`); the latter two may be None."""


@dataclass(frozen=True)
class ObjectionGroupContext:
    """A person before objections that are decided together: what they are in the selection, and what keeps them from deciding."""

    selection: SelectionContext
    group: models.ObjectionGroup
    number: int
    """Of the version of the question."""
    newest: ProposalRow | None
    facts: DeciderHindrances
    deciders: int
    """How many members of juries may propose or decide."""

    @property
    def proposal(self) -> models.ObjectionProposal | None:
        """Return the newest proposal."""
        proposal: models.ObjectionProposal | None = self.newest.ObjectionProposal if self.newest is not None else None
        return proposal


@dataclass(frozen=True)
class ObjectionFileContext(ObjectionGroupContext):
    """A person before a file of an answer that is objected to."""

    person_id: int
    sha256: str
    name: str
    media_type: str


def _own(actor: Actor, subject: OwnObjectionsContext) -> Verdict:
    return allow_if(is_own(actor, subject.loaded.person_id), Verdict.HIDE)


def sees_objections(actor: Actor, subject: SelectionContext) -> bool:
    """Return whether the actor sees the objections of a selection: its jury, and administrators; never its participants."""
    return is_jury_member(subject) or (actor.is_administrator and not subject.is_participant)


def _view_objections(actor: Actor, subject: SelectionContext | ObjectionGroupContext) -> Verdict:
    context = subject.selection if isinstance(subject, ObjectionGroupContext) else subject
    return allow_if(sees_objections(actor, context), Verdict.HIDE)


def _propose(actor: Actor, subject: ObjectionGroupContext) -> Verdict:
    return allow_if(sees_objections(actor, subject.selection) and subject.facts.is_independent)


def _decide(actor: Actor, subject: ObjectionGroupContext) -> Verdict:
    return allow_if(sees_objections(actor, subject.selection) and subject.facts.may_decide)


OBJECTION_PERMISSIONS: Mapping[StrEnum, Permission] = {
    ObjectionAction.LIST_OWN: Permission(_own, {"own": PARTICIPANTS.hidden}),
    ObjectionAction.OPEN: Permission(_own, {"own_in_term": PARTICIPANTS, "out_of_term": Roles.NOBODY.tried_by(JURY)}),
    ObjectionAction.VIEW: Permission(_view_objections, {"of_a_selection": (JURY | Roles.ADMINISTRATORS).hidden}),
    ObjectionAction.PROPOSE: Permission(_propose, {"open": JURY | Roles.ADMINISTRATORS}),
    ObjectionAction.DECIDE: Permission(
        changes_records(_decide), {"proposed_by_another": JURY | Roles.ADMINISTRATORS, "proposed_by_the_same": Roles.NOBODY.tried_by(JURY)}
    ),
}
