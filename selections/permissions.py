"""Permissions of selections: who names a jury, who is in it, who reads (spec/selection 12)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from courses.models import StaffRole
from courses.permissions import owns
from courses.rules import Outline
from enrolments.permissions import hiding_all
from kernel.permissions import Actor, Predicate, Verdict, allow_if, signed_in
from quizzes.permissions import QuizContext
from selections.models import MemberRole


class SelectionAction(StrEnum):
    """Acts on selections."""

    LIST_OWN = "selection:list_own"
    """See the selections that one is named for."""
    MANAGE = "selection:manage"
    """Make selections of a quiz, and name juries and readers."""
    VIEW = "selection:view"


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
    role: MemberRole | None = None
    """Named and in force."""
    has_second_factor: bool = False
    is_participant: bool = False
    """Is or was among the people of the selection."""


@dataclass(frozen=True)
class SelectionMemberContext:
    """A person who is named for a selection, before somebody who may end it."""

    selection: SelectionContext
    member_id: int


def is_jury_member(subject: SelectionContext) -> bool:
    """Return whether the actor may act as a member of the jury: named, with a second factor, and not a participant.

    Everything that a jury decides asks this: actas, objections and incidents alike.
    """
    return subject.role is MemberRole.JURY and subject.has_second_factor and not subject.is_participant


def reads_actas(actor: Actor, subject: SelectionContext) -> bool:
    """Return whether the actor sees the lines of a selection: its jury, its readers, and administrators; never its participants."""
    named = is_jury_member(subject) or (subject.role is MemberRole.READER and not subject.is_participant)
    return named or (actor.is_administrator and not subject.is_participant)


def jury(actor: Actor, subject: object) -> Verdict:
    """Allow the members of a selection's jury."""
    assert isinstance(subject, SelectionContext)
    return allow_if(not actor.is_anonymous and is_jury_member(subject))


def _manage(actor: Actor, subject: object) -> Verdict:
    """The owner of the course and administrators; to others there is no such page."""
    found = subject.selection if isinstance(subject, SelectionMemberContext) else subject
    assert isinstance(found, QuizContext | SelectionContext)
    return allow_if(owns(actor, found.staff_role), Verdict.HIDE)


def _view(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, SelectionContext)
    return allow_if(reads_actas(actor, subject), Verdict.HIDE)


PERMISSIONS: Mapping[StrEnum, Predicate] = {
    SelectionAction.LIST_OWN: signed_in,
    **hiding_all({SelectionAction.MANAGE: _manage}),
    SelectionAction.VIEW: _view,
}
