"""Permissions of objections: who made an attempt objects in its term; jury and administrators propose and decide (spec/selection 12)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kernel.own_records import changes_records, is_own
from kernel.permissions import Actor, Predicate, Verdict, allow_if
from questions.rules.answers import objection_in
from questions.rules.item_layout import LoadedItem
from quizzes.attempts import AttemptRow, LoadedAttempt
from quizzes.models import Regrade
from selections.objection_models import ObjectionGroup, ObjectionProposal
from selections.permissions import SelectionContext, is_jury_member
from selections.rules.objections import DeciderHindrances, ObjectionTerm


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


@dataclass(frozen=True, slots=True)
class AttemptTerm:
    """The term of an attempt, and the selection whose provisional acta opened it."""

    selection_id: int
    term: ObjectionTerm


@dataclass(frozen=True)
class OwnObjectionsContext:
    """A person before the objections of an attempt; None for the term: it has not begun, or there is none."""

    loaded: LoadedAttempt
    history: Sequence[AttemptRow]
    term: AttemptTerm | None
    item: LoadedItem | None = None
    """The question that is objected to."""

    def list_noted(self) -> frozenset[int]:
        """Return the items that were objected to while answering."""
        return frozenset(item_id for item_id, answer in self.loaded.responses.items() if objection_in(answer.payload) is not None)


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposal with who made it and who answered, and its dry run."""

    proposal: ObjectionProposal
    proposed_by: str
    answered_by: str
    regrade: Regrade | None


@dataclass(frozen=True)
class ObjectionGroupContext:
    """A person before objections that are decided together: what they are in the selection, and what keeps them from deciding."""

    selection: SelectionContext
    group: ObjectionGroup
    number: int
    """Of the version of the question."""
    newest: ProposalRow | None
    proposals: int
    """How many there were."""
    facts: DeciderHindrances
    deciders: int
    """How many members of juries may propose or decide."""

    @property
    def proposal(self) -> ObjectionProposal | None:
        """Return the newest proposal."""
        return self.newest.proposal if self.newest is not None else None


@dataclass(frozen=True)
class ObjectionFileContext(ObjectionGroupContext):
    """A person before a file of an answer that is objected to."""

    person_id: int
    sha256: str
    name: str
    media_type: str


def _own(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, OwnObjectionsContext)
    return allow_if(is_own(actor, subject.loaded.person_id), Verdict.HIDE)


def sees_objections(actor: Actor, subject: SelectionContext) -> bool:
    """Return whether the actor sees the objections of a selection: its jury, and administrators; never its participants."""
    return is_jury_member(subject) or (actor.is_administrator and not subject.is_participant)


def _view(actor: Actor, subject: object) -> Verdict:
    context = subject.selection if isinstance(subject, ObjectionGroupContext) else subject
    assert isinstance(context, SelectionContext)
    return allow_if(sees_objections(actor, context), Verdict.HIDE)


def _propose(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, ObjectionGroupContext)
    return allow_if(sees_objections(actor, subject.selection) and subject.facts.is_independent)


def _decide(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, ObjectionGroupContext)
    return allow_if(sees_objections(actor, subject.selection) and subject.facts.may_decide)


PERMISSIONS: Mapping[StrEnum, Predicate] = {
    ObjectionAction.LIST_OWN: _own,
    ObjectionAction.OPEN: _own,
    ObjectionAction.VIEW: _view,
    ObjectionAction.PROPOSE: _propose,
    ObjectionAction.DECIDE: changes_records(_decide),
}
