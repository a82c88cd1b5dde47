"""Actors, the one function that decides what they may do, and the roles that each action is for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from inspect import Parameter, signature, unwrap
from types import UnionType
from typing import Any
from uuid import UUID

from kernel.errors import Forbidden, NotFound, OwnRecord, SignInNeeded


class SiteRole(StrEnum):
    """Roles that hold over the whole site; course roles live with their course."""

    ADMINISTRATOR = "administrator"
    INSTRUCTOR = "instructor"
    """May make courses of their own; in the courses of others they are strangers."""


class ActorChannel(StrEnum):
    """The channel through which an actor acts."""

    WEB = "web"
    CLI = "cli"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Actor:
    """The current actor. Anonymous without `person_id`; the system itself, through a job or the command line, has none either."""

    person_id: int | None = None
    person_uuid: UUID | None = None
    name: str = ""
    given_names: str = ""
    email: str = ""
    initials: str = ""
    language: str = ""
    zone: str = ""
    theme: str = ""
    roles: frozenset[SiteRole] = frozenset()
    is_staff_anywhere: bool = False
    manages_units: bool = False
    """Follows the people of an institution, province or unit."""
    is_training_officer: bool = False
    """Looks after the compulsory training of some place."""
    is_auditor: bool = False
    """Audits the compulsory training of some place."""
    has_selections: bool = False
    """Is named for a selection, has a line in its acta or is asked by its jury."""
    administers_institution: bool = False
    """Administers one institution or several, not the whole site."""
    administers_community: bool = False
    """Administers a community of many, or one that not everybody reads."""
    device_id: int | None = None
    unread: int = 0
    """Notices in the bell that were not seen yet."""
    provider_id: int | None = None
    """The identity provider whose word the act follows; the audit log names it."""
    is_suspended: bool = False
    """Nobody is signed in, but the session that was ended is of an account that is closed for now."""
    via: ActorChannel = ActorChannel.WEB
    address: str = ""
    request_id: str = ""

    @property
    def is_anonymous(self) -> bool:
        """Return whether nobody is signed in."""
        return self.person_id is None

    @property
    def is_administrator(self) -> bool:
        """Return whether the site role of administrator is held."""
        return SiteRole.ADMINISTRATOR in self.roles


SYSTEM = Actor(via=ActorChannel.CLI)


class Verdict(Enum):
    """The answer of a predicate."""

    ALLOW = "allow"
    FORBID = "forbid"
    """It exists in public, but this act is not open: 403, or sign in first."""
    HIDE = "hide"
    """Its existence is private: as if it had never been."""
    OWN = "own"
    """It would be open, but it is the actor's own record (`kernel.own_records`): 403, and why."""


Predicate = Callable[[Actor, Any], Verdict]


def allow_if(condition: bool, otherwise: Verdict = Verdict.FORBID) -> Verdict:
    """Return ALLOW where the condition holds, else the other verdict."""
    return Verdict.ALLOW if condition else otherwise


def signed_in(actor: Actor, _subject: object) -> Verdict:
    """Allow everybody who has signed in."""
    return allow_if(not actor.is_anonymous)


def administrator(actor: Actor, _subject: object) -> Verdict:
    """Allow administrators of the site."""
    return allow_if(actor.is_administrator)


def open_to_strangers(predicate: Predicate) -> Predicate:
    """Mark a predicate that may allow an actor who has not signed in."""
    predicate.open_to_strangers = True  # type: ignore[attr-defined]  # marks stand on the function
    return predicate


def subject_type(predicate: Predicate) -> type | UnionType:
    """Return the type that a predicate names for its subject, also through what wraps it; `object` if it names none."""
    _actor, subject = signature(unwrap(getattr(predicate, "within", predicate))).parameters.values()
    return object if subject.annotation in (Parameter.empty, Any) else subject.annotation


@dataclass(frozen=True, slots=True)
class AllowedRoles:
    """The roles of the access matrix that may do something; to the others it is denied, or does not exist where it is hidden."""

    roles: frozenset[str]
    among: frozenset[str]
    """All roles that are tried; those before one course where it is empty."""
    is_hidden: bool = False
    denied: frozenset[str] = frozenset()
    """Of what is hidden: to whom it is denied instead."""
    why: str = ""

    def __or__(self, other: "AllowedRoles") -> "AllowedRoles":
        """Return the roles of both."""
        return replace(self, roles=self.roles | other.roles, among=self.among | other.among, why=self.why or other.why)

    def __sub__(self, other: "AllowedRoles") -> "AllowedRoles":
        """Return these roles without others, who are tried all the same."""
        return replace(self, roles=self.roles - other.roles)

    @property
    def hidden(self) -> "AllowedRoles":
        """Return these roles, where to all others it does not exist."""
        return replace(self, is_hidden=True)

    def hidden_but(self, denied: "AllowedRoles") -> "AllowedRoles":
        """Return these roles, where to all others it does not exist, but is denied to some."""
        return replace(self, is_hidden=True, denied=denied.roles)

    def because(self, why: str) -> "AllowedRoles":
        """Return these roles with a reason."""
        return replace(self, why=why)

    def tried_by(self, others: "AllowedRoles") -> "AllowedRoles":
        """Return these roles, tried as well by the roles among whom others are."""
        return replace(self, among=self.among | others.among, why=self.why or others.why)

    def untried_by(self, others: "AllowedRoles") -> "AllowedRoles":
        """Return these roles, where it is not said what others may."""
        return replace(self, among=self.among - others.roles)

    def only(self, *roles: str) -> "AllowedRoles":
        """Return some roles among the same."""
        return replace(self, roles=frozenset(roles))

    def expectations(self) -> dict[str, str]:
        """Return the expected verdict of each role: `allow`, `deny` or `hide`."""
        return {role: self._expectation(role) for role in sorted(self.among or Roles.EVERYBODY.among)}

    def _expectation(self, role: str) -> str:
        if role in self.roles:
            return "allow"
        return "hide" if self.is_hidden and role not in self.denied else "deny"


def roles_tried(*roles: str, why: str = "") -> AllowedRoles:
    """Return roles that are tried together, all of them."""
    return AllowedRoles(frozenset(roles), frozenset(roles), why=why)


class Roles:
    """The roles that there are everywhere, before one course if nothing else is said."""

    NOBODY = AllowedRoles(frozenset(), frozenset())
    ANONYMOUS = AllowedRoles(frozenset({"anonymous"}), frozenset())
    SUSPENDED = AllowedRoles(frozenset({"suspended"}), frozenset())
    """Their accounts are suspended: they are led to the sign-in page, also where strangers may."""
    ADMINISTRATORS = AllowedRoles(frozenset({"site_admin"}), frozenset())
    EVERYBODY = (
        roles_tried(
            *("anonymous", "learner", "enrolled", "grader", "course_editor", "course_owner", "other_instructor", "site_admin", "suspended")
        )
        - SUSPENDED
    )
    SIGNED_IN = EVERYBODY - ANONYMOUS


@dataclass(frozen=True, slots=True)
class Permission:
    """The predicate of an action, and the roles that it allows in each state of its subject: the rows of the access matrix.

    A state behind the name of another action, such as `quiz.preview own_course`, is a part of the action that the specification names so.
    """

    predicate: Predicate
    states: Mapping[str, AllowedRoles]

    def __call__(self, actor: Actor, subject: object) -> Verdict:
        """Decide as the predicate does."""
        return self.predicate(actor, subject)


def cells_of(action: StrEnum, states: Mapping[str, AllowedRoles]) -> dict[tuple[str, str], AllowedRoles]:
    """Return the roles that an action allows by action and state, as the access matrix names them."""
    own = action.replace(":", ".")
    return {((part, state) if state else (own, part)): roles for key, roles in states.items() for part, _, state in [key.partition(" ")]}


@dataclass(frozen=True, slots=True)
class Policy:
    """The predicate of each action, collected from every package by the application."""

    predicates: Mapping[StrEnum, Predicate] = field(default_factory=dict)
    subjects: Mapping[StrEnum, type | UnionType] = field(init=False)
    """The type of each action's subject, as its predicate names it; read once, when the policy is made."""

    def __post_init__(self) -> None:
        """Read the types of the subjects."""
        object.__setattr__(self, "subjects", {action: subject_type(predicate) for action, predicate in self.predicates.items()})

    def verdict(self, actor: Actor, action: StrEnum, subject: object) -> Verdict:
        """Decide; an action that nobody declared is refused. Raise TypeError where the subject is of another type than the predicate's."""
        predicate = self.predicates.get(action)
        if predicate is None:
            return Verdict.FORBID
        if not isinstance(subject, self.subjects[action]):
            raise TypeError(f"{action} is asked of {type(subject).__name__}, not {self.subjects[action]}")
        return predicate(actor, subject)

    def require_beforehand(self, actor: Actor, action: StrEnum) -> None:
        """Refuse before the subject is looked for what no subject would allow: whether there is one stays unsaid (spec/security 1.3)."""
        predicate = self.predicates.get(action)
        if actor.is_anonymous and not hasattr(predicate, "open_to_strangers"):
            raise SignInNeeded
        if getattr(predicate, "within", predicate) is administrator:
            self.require(actor, action, None)

    def allows(self, actor: Actor, action: StrEnum, subject: object) -> bool:
        """Return whether the actor may."""
        return self.verdict(actor, action, subject) is Verdict.ALLOW

    def require(self, actor: Actor, action: StrEnum, subject: object) -> None:
        """Raise NotFound, SignInNeeded, OwnRecord or Forbidden where the actor may not.

        A subject may say why by `why_refused`: something archived to those who wrote there. It may say by `way_on` what it belongs to, by
        the title and the address of a page that the actor may see.

        Whose account is suspended is sent to the sign-in page wherever an action is asked for,
        also where strangers may (spec/security 1.4).
        """
        verdict = self.verdict(actor, action, subject)
        if verdict is Verdict.HIDE:
            raise NotFound
        if actor.is_suspended:
            raise SignInNeeded
        if verdict is Verdict.OWN:
            raise OwnRecord
        if verdict is Verdict.FORBID:
            if actor.is_anonymous:
                raise SignInNeeded
            explain, lead = getattr(subject, "why_refused", None), getattr(subject, "way_on", None)
            refused = Forbidden(explain(actor) if explain else None)
            refused.way_on = lead(actor) if lead else None
            raise refused
