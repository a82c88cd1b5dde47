"""Changes that come with a sign-in: names, address and language, unit and post, and the role of instructor by groups (spec/identity 6)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from accounts import addresses, names
from accounts.accounts import ProfileChanges, edit_profile, grant_role, revoke_role
from accounts.models import NameSource, Person, RoleGrant
from accounts.people import find_person_by_email
from federation import notices
from federation.claims import ClaimField, ProvenIdentity
from federation.models import ExternalIdentity, IdentityProvider, ProviderRole
from kernel.errors import N_
from kernel.i18n import _
from kernel.permissions import Actor, SiteRole
from organisations import posts, tree
from organisations.models import Employment, Organisation
from organisations.units import MembershipValues, assign_members

SOURCES = ("names", "email", "language")


@dataclass(frozen=True, slots=True)
class FollowedSignIn:
    """A sign-in by a provider, whose changes are taken each with its history; what does not fit is a notice, never a refusal."""

    session: Session
    actor: Actor
    provider: IdentityProvider
    link: ExternalIdentity
    person: Person
    proven: ProvenIdentity
    now: datetime

    def follow(self) -> None:
        """Take what the provider decides: details of the person, unit and post, the role of instructor."""
        self._follow_person()
        self._follow_unit()
        self._follow_groups()
        self.session.flush()

    def _notify(self, what: str, text: Callable[[], str]) -> None:
        notices.notify_administrators(self.session, self.provider, what, text, now=self.now)

    def _follow_person(self) -> None:
        session, person, proven, sources = self.session, self.person, self.proven, self.provider.sources
        present = parts = names.parts_of(person)
        if "names" in sources and proven.given_names and proven.surnames:
            parts = (proven.given_names, *proven.split_surnames)
        language = (proven.language if "language" in sources else "") or person.language
        if (parts, language) != (present, person.language):
            source = NameSource.SELF if parts == present else NameSource.LIST
            edit_profile(
                session,
                self.actor,
                person,
                ProfileChanges(parts[0], parts[1], parts[2], language, person.zone),
                source=source,
                now=self.now,
            )
        if "email" in sources and proven.email_is_proven and proven.email != person.email:
            if find_person_by_email(session, proven.email) is None:
                addresses.replace_address(session, self.actor, person, proven.email, now=self.now)
            else:
                text = N_("%(name)s has a new address at the institution, which another account has.")
                self._notify(f"address:{person.id}", lambda: _(text, name=person.full_name))

    def _follow_unit(self) -> None:
        session, provider, proven = self.session, self.provider, self.proven
        if not proven.unit:
            return
        below = tree.below(select(Organisation.id).where(Organisation.id == provider.institution_id))
        post = posts.find_post_written(session, provider.institution_id, posts.post_key(proven.post)) if proven.post else None
        if proven.post and post is None:
            self._notify(f"post:{proven.post}"[:60], lambda: _("There is no post called “%(post)s”.", post=proven.post))
        unit = session.scalar(select(Organisation).where(Organisation.code == proven.unit, Organisation.id.in_(below)))
        self.link.unknown_unit = "" if unit is not None else proven.unit
        if unit is None or unit.closed_at is not None:
            return
        if self._has_left():
            text = N_("%(name)s has left by the list of people, and the institution still says a unit: nothing was moved.")
            self._notify(f"left:{self.person.id}", lambda: _(text, name=self.person.full_name))
            return
        assign_members(session, self.actor, {self.person.id: MembershipValues(unit.id, post.id if post else None)}, now=self.now)

    def _has_left(self) -> bool:
        """Return whether every employment of the person at the institution has ended: only who keeps the list lets them begin again."""
        mine = (Employment.person_id == self.person.id, Employment.institution_id == self.provider.institution_id)
        days = self.session.scalars(select(Employment.left_on).where(*mine, Employment.retracted_at.is_(None))).all()
        return bool(days) and None not in days

    def _follow_groups(self) -> None:
        """Give or take the role of instructor, which a provider alone gave; what a person gave or took away is theirs.

        `ProviderRole` notes that the groups stood for the role once, so that one that was taken away does not come back.
        """
        session, groups, role = self.session, self.proven.groups, SiteRole.INSTRUCTOR
        if not self.provider.claims.get(ClaimField.GROUPS):
            return
        if groups is None:
            self._notify("groups", lambda: _("The provider left out the groups of a person: no role was changed."))
            return
        given = session.get(ProviderRole, (self.link.id, role.value))
        grant = session.scalar(select(RoleGrant).where(RoleGrant.person_id == self.person.id, RoleGrant.role == role.value))
        actor = replace(self.actor, person_id=None)
        belongs = bool(groups & set(self.provider.instructor_groups))
        if belongs and given is None:
            grant_role(session, actor, self.person, role, now=self.now)
            session.add(ProviderRole(identity_id=self.link.id, role=role.value, given_at=self.now))
        elif not belongs and given is not None and grant is not None and grant.granted_by is None:
            revoke_role(session, actor, self.person, role, now=self.now)
            session.delete(given)


def list_unknown_units(session: Session, provider: IdentityProvider) -> Sequence[Row[str, int]]:
    """List the codes that no unit has, each with how many people the provider says it of."""
    statement = select(ExternalIdentity.unknown_unit, func.count()).where(
        ExternalIdentity.provider_id == provider.id, ExternalIdentity.unknown_unit != ""
    )
    return session.execute(
        statement.group_by(ExternalIdentity.unknown_unit).order_by(func.count().desc(), ExternalIdentity.unknown_unit)
    ).all()
