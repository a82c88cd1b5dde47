"""The permissions on the tree and its members, on institutions, on audiences, and the scope of compulsory training."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from accounts.models import Person
from kernel.own_records import is_own
from kernel.permissions import Actor, Permission, Roles, Verdict, administrator, allow_if, roles_tried
from organisations.models import Audience, AudienceList, InstitutionSignatory, Organisation
from organisations.rules.units import UnitSummary


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


class InstitutionAction(StrEnum):
    """Acts on institutions as those that issue certificates."""

    LIST = "institution:list"
    """See the institutions that one administers."""
    ADD = "institution:add"
    """Add an institution, and say who administers one."""
    EDIT = "institution:edit"
    """Change its names, logo, colours and default template."""
    SIGNATORIES = "signatory:edit"
    """Set who signs its certificates, and see the pictures of their signatures."""


class AudienceAction(StrEnum):
    """Acts on audiences."""

    VIEW = "audience:view"
    """See the rules of audiences, their versions, and why somebody is in one."""
    EDIT = "audience:edit"
    """Make audiences and change their rules."""


@dataclass(frozen=True, slots=True)
class TrainingScope:
    """The places for which somebody looks after, audits or heads compulsory training, each with everything below it, by their numbers."""

    everywhere: bool = False
    """An administrator. What asks for a grant asks it of administrators too."""
    heads: frozenset[int] = frozenset()
    """Places whose people they follow as manager."""
    officer: frozenset[int] = frozenset()
    auditor: frozenset[int] = frozenset()
    above: frozenset[int] = frozenset()
    """The places of all these grants, and what stands above them."""

    def heads_any(self, places: Collection[int]) -> bool:
        """Return whether they head one of the places."""
        return not self.heads.isdisjoint(places)

    def officer_of(self, places: Collection[int]) -> bool:
        """Return whether they are training officer of one of the places."""
        return not self.officer.isdisjoint(places)

    def auditor_of(self, places: Collection[int]) -> bool:
        """Return whether they audit one of the places."""
        return not self.auditor.isdisjoint(places)

    def sees_any(self, places: Collection[int]) -> bool:
        """Return whether they see the compulsory training of one of the places, as whatever."""
        return self.everywhere or self.heads_any(places) or self.officer_of(places) or self.auditor_of(places)

    def stands_in(self, places: Collection[int]) -> bool:
        """Return whether they have a grant for one of the places or for something below it."""
        return not self.above.isdisjoint(places)


@dataclass(frozen=True, slots=True)
class InstitutionScope:
    """The institutions that somebody administers; an administrator of the whole site administers them all."""

    everywhere: bool = False
    own: frozenset[int] = frozenset()
    keys: frozenset[str] = frozenset()
    """Their UUIDs as certificates keep them; an empty one stands for certificates that name none and are of the first institution."""

    @property
    def any(self) -> bool:
        """Return whether there is one at all."""
        return self.everywhere or bool(self.own)

    def covers(self, institution_id: int | None) -> bool:
        """Return whether an institution is among them."""
        return self.everywhere or institution_id in self.own

    def covers_key(self, institution_key: str) -> bool:
        """Return whether the institution that a certificate names is among them."""
        return self.everywhere or institution_key in self.keys


EVERYWHERE, NOWHERE = InstitutionScope(everywhere=True), InstitutionScope()


@dataclass(frozen=True, slots=True)
class InstitutionContext:
    """An institution before an actor, by what they administer; without one, what is not of one."""

    institution: Organisation | None
    scope: InstitutionScope
    is_first: bool = False
    """The one whose names and colours are those of the site."""


@dataclass(frozen=True, slots=True)
class SignatoryContext(InstitutionContext):
    """Somebody who signs the certificates of an institution."""

    row: InstitutionSignatory | None = None


@dataclass(frozen=True, slots=True)
class InstitutionAdministratorContext(InstitutionContext):
    """Somebody who administers an institution, or may be named to."""

    person: Person | None = None


def _administer(actor: Actor, subject: InstitutionContext) -> Verdict:
    """Decide on an institution: for those who administer it; to others there is no such page."""
    if subject.institution is None:
        return allow_if(subject.scope.any, Verdict.HIDE)
    return allow_if(subject.scope.covers(subject.institution.id), Verdict.HIDE)


def _add_institution(actor: Actor, subject: InstitutionContext) -> Verdict:
    """Decide on what is not left to those who administer one institution: who adds one, or names its administrators."""
    verdict = _administer(actor, subject)
    return allow_if(actor.is_administrator) if verdict is Verdict.ALLOW else verdict


def training_verdict(actor: Actor, scope: TrainingScope, places: Collection[int], letters: str, *, person_id: int | None = None) -> Verdict:
    """Decide by a row of spec/compulsory 16: what stands there for oneself, head, officer, auditor and administrator, in this order.

    `a` allows, `d` forbids, `h` hides. Who is several of them has the best; to everybody else it is hidden, and strangers sign in first.
    """
    if actor.is_anonymous:
        return Verdict.FORBID
    standings = (
        is_own(actor, person_id),
        scope.heads_any(places),
        scope.officer_of(places),
        scope.auditor_of(places),
        scope.everywhere,
    )
    held = {letter for letter, stands in zip(letters, standings, strict=True) if stands}
    return Verdict.ALLOW if "a" in held else Verdict.FORBID if "d" in held else Verdict.HIDE


@dataclass(frozen=True, slots=True)
class UnitContext:
    """A person before a place: whether they manage it or something above it."""

    organisation: Organisation
    manages: bool


@dataclass(frozen=True, slots=True)
class ManagedUnits:
    """The places that a person manages."""

    places: tuple[UnitSummary, ...]


def _follow(actor: Actor, subject: UnitContext) -> Verdict:
    """Decide on the people of a place: for those who manage it or something above it; to others there is no such page."""
    return allow_if(actor.is_administrator or subject.manages, Verdict.HIDE)


def _follow_own(actor: Actor, subject: ManagedUnits) -> Verdict:
    return allow_if(actor.is_administrator or bool(subject.places), Verdict.FORBID if actor.is_anonymous else Verdict.HIDE)


@dataclass(frozen=True, slots=True)
class AudienceContext:
    """An audience or a list of people before an actor, by its institution; for what is not of one, all institutions."""

    audience: Audience | None
    people_list: AudienceList | None
    places: frozenset[int]
    scope: TrainingScope


def _of_audience(actor: Actor, subject: AudienceContext, letters: str) -> Verdict:
    """Decide by a row of the table; who has a grant for a part of the institution may know of its audiences (spec/compulsory 16)."""
    verdict = training_verdict(actor, subject.scope, subject.places, letters)
    return Verdict.FORBID if verdict is Verdict.HIDE and subject.scope.stands_in(subject.places) else verdict


def _view_audience(actor: Actor, subject: AudienceContext) -> Verdict:
    """Decide on an audience; the list opens for everybody with a grant, and holds those of the institutions for which they have it."""
    is_list = subject.audience is None and subject.people_list is None
    holds_grant = bool(subject.scope.officer or subject.scope.auditor)
    return Verdict.ALLOW if is_list and holds_grant else _of_audience(actor, subject, "hdaaa")


def _edit_audience(actor: Actor, subject: AudienceContext) -> Verdict:
    return _of_audience(actor, subject, "hdada")


_BEFORE_INSTITUTIONS = roles_tried(
    *("anonymous", "learner", "course_editor", "institution_admin", "other_institution_admin", "site_admin", "suspended"),
    why="spec/certificates 11: administrators of two institutions",
)
INSTITUTION_ADMINISTRATORS = _BEFORE_INSTITUTIONS.only("institution_admin", "site_admin")
OTHER_INSTITUTION_ADMINISTRATORS = _BEFORE_INSTITUTIONS.only("other_institution_admin")
INSTITUTION_TEAM = INSTITUTION_ADMINISTRATORS | _BEFORE_INSTITUTIONS.only("course_editor")
IN_AN_INSTITUTION = (
    roles_tried(
        *("anonymous", "oneself", "colleague", "course_instructor", "unit_head", "other_unit_head"),
        *("training_officer", "auditor", "site_admin"),
        why="spec/compulsory 16",
    )
    - Roles.ANONYMOUS
)
ONESELF, COLLEAGUES = IN_AN_INSTITUTION.only("oneself"), IN_AN_INSTITUTION.only("colleague")
UNIT_HEADS, OTHER_UNIT_HEADS = IN_AN_INSTITUTION.only("unit_head"), IN_AN_INSTITUTION.only("other_unit_head")
OFFICERS, AUDITORS = IN_AN_INSTITUTION.only("training_officer"), IN_AN_INSTITUTION.only("auditor")
COURSE_INSTRUCTORS = IN_AN_INSTITUTION.only("course_instructor")

PERMISSIONS: Mapping[StrEnum, Permission] = {
    OrganisationAction.MANAGE: Permission(administrator, {"any": Roles.ADMINISTRATORS}),
    OrganisationAction.LOAD: Permission(administrator, {"any": Roles.ADMINISTRATORS, "list": Roles.ADMINISTRATORS.tried_by(AUDITORS)}),
    OrganisationAction.MANAGE_SITE: Permission(
        administrator,
        {"any": Roles.ADMINISTRATORS.because("the site settings concern everybody; secrets of the mail server are never shown")},
    ),
    InstitutionAction.LIST: Permission(
        _administer,
        {
            "any": (INSTITUTION_ADMINISTRATORS | OTHER_INSTITUTION_ADMINISTRATORS)
            .tried_by(Roles.EVERYBODY)
            .hidden.because("spec/certificates 11")
        },
    ),
    InstitutionAction.ADD: Permission(
        _add_institution,
        {"any": Roles.ADMINISTRATORS.tried_by(Roles.EVERYBODY).tried_by(INSTITUTION_ADMINISTRATORS).because("spec/certificates 11")},
    ),
    InstitutionAction.EDIT: Permission(
        _administer,
        {"any": Roles.ADMINISTRATORS.hidden.because("spec/certificates 11"), "of_an_institution": INSTITUTION_ADMINISTRATORS.hidden},
    ),
    InstitutionAction.SIGNATORIES: Permission(
        _administer,
        {"any": Roles.ADMINISTRATORS.hidden.because("spec/certificates 11"), "of_an_institution": INSTITUTION_ADMINISTRATORS.hidden},
    ),
    AudienceAction.VIEW: Permission(
        _view_audience,
        {
            "active": (OFFICERS | AUDITORS | Roles.ADMINISTRATORS)
            .tried_by(Roles.EVERYBODY)
            .hidden_but(UNIT_HEADS)
            .because("spec/compulsory 16: rules say who works where; officers and auditors have rows of their own")
        },
    ),
    AudienceAction.EDIT: Permission(
        _edit_audience,
        {
            "active": (OFFICERS | Roles.ADMINISTRATORS)
            .tried_by(Roles.EVERYBODY)
            .hidden_but(UNIT_HEADS | AUDITORS)
            .because("spec/compulsory 16: rules say who works where; officers and auditors have rows of their own")
        },
    ),
    OrganisationAction.FOLLOW: Permission(_follow, {"of_a_unit": Roles.ADMINISTRATORS.hidden}),
    OrganisationAction.FOLLOW_OWN: Permission(_follow_own, {"own": Roles.ADMINISTRATORS.hidden}),
}
