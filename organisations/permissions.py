"""The permissions on the organisation tree and its members."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kernel.permissions import Actor, Predicate, Verdict, administrator, allow_if
from organisations.models import Organisation
from organisations.rules import UnitSummary


class OrganisationAction(StrEnum):
    """Acts on the tree, and looking at the people of a place."""

    MANAGE = "organisation:manage"
    """See and change the tree, put people into it, say who follows them."""
    LOAD = "organisation:load"
    """Send in lists of people and units."""
    MANAGE_SITE = "site:manage"
    """See and change the site settings: what the institution is called and looks like, its mail, who signs."""
    FOLLOW = "organisation:follow"
    """See who of a place takes which course, and how far they are."""
    FOLLOW_OWN = "organisation:follow_own"


class AudienceAction(StrEnum):
    """Acts on audiences."""

    VIEW = "audience:view"
    """See the rules of audiences, their versions, and why somebody is in one."""
    EDIT = "audience:edit"
    """Make audiences and change their rules."""


@dataclass(frozen=True, slots=True)
class UnitContext:
    """A person before a place: whether they manage it or something above it."""

    organisation: Organisation
    manages: bool


@dataclass(frozen=True, slots=True)
class ManagedUnits:
    """The places that a person manages."""

    places: tuple[UnitSummary, ...]


def _follow(actor: Actor, subject: object) -> Verdict:
    """Decide on the people of a place: for those who manage it or something above it; to others there is no such page."""
    assert isinstance(subject, UnitContext)
    return allow_if(actor.is_administrator or subject.manages, Verdict.HIDE)


def _follow_own(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, ManagedUnits)
    return allow_if(actor.is_administrator or bool(subject.places), Verdict.FORBID if actor.is_anonymous else Verdict.HIDE)


def _decide_on_audiences(actor: Actor, _subject: object) -> Verdict:
    """Allow administrators; to others there are no audiences, but heads of units may know of them (spec/compulsory 16)."""
    return allow_if(actor.is_administrator, Verdict.FORBID if actor.manages_units else Verdict.HIDE)


PERMISSIONS: Mapping[StrEnum, Predicate] = {
    OrganisationAction.MANAGE: administrator,
    OrganisationAction.LOAD: administrator,
    OrganisationAction.MANAGE_SITE: administrator,
    AudienceAction.VIEW: _decide_on_audiences,
    AudienceAction.EDIT: _decide_on_audiences,
    OrganisationAction.FOLLOW: _follow,
    OrganisationAction.FOLLOW_OWN: _follow_own,
}
