"""Changes that come with a sign-in: names, address and language, unit and post, and the role of instructor by groups (spec/identity 6)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Row, exists, func, select
from sqlalchemy.orm import Session

from accounts import addresses, names
from accounts.accounts import ProfileChanges, edit_profile, grant_role, revoke_role
from accounts.models import NameSource, Person, RoleGrant, full_name
from accounts.people import find_person_by_email
from accounts.rules import fold, is_other_name
from federation import links, notices
from federation.claims import ClaimField, ProvenIdentity
from federation.models import ExternalIdentity, IdentityProvider, ProviderRole
from kernel.errors import N_
from kernel.i18n import _
from kernel.permissions import Actor, SiteRole
from organisations import posts, tree
from organisations.employment import WorkRefusal, record_claimed_work
from organisations.models import Membership, Organisation, Post
from organisations.units import MembershipValues, assign_members

SOURCES = ("names", "email", "language")
NAME_DECIDED = N_(
    "The institution says that the name of %(name)s is “%(claimed)s”. An administrator decided the name here, so it stays; have the other "
    "one corrected there."
)
NAME_OF_ANOTHER = N_("The institution says that the name of %(name)s is “%(claimed)s”. It stays as it is until someone corrects it.")


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

    @property
    def _provider_actor(self) -> Actor:
        """Return who acts, with the provider that the audit log names."""
        return replace(self.actor, provider_id=self.provider.id)

    def follow(self) -> None:
        """Take what the provider decides: details of the person, staff number, unit and post, the role of instructor."""
        self._follow_person()
        self._follow_work()
        self._follow_groups()
        self.session.flush()

    def _notify(self, what: str, text: Callable[[], str], *, is_lasting: bool = False) -> None:
        notices.notify_administrators(self.session, self.provider, what, text, is_lasting=is_lasting, now=self.now)

    def _follow_person(self) -> None:
        session, person, proven, sources = self.session, self.person, self.proven, self.provider.sources
        language = (proven.language if "language" in sources else "") or person.language
        parts, source = self._followed_name() if "names" in sources else None, NameSource.PROVIDER
        if parts is None:
            parts, source = names.parts_of(person), NameSource.SELF
        if source is not NameSource.SELF or language != person.language:
            edit_profile(session, self._provider_actor, person, ProfileChanges(*parts, language, person.zone), source=source, now=self.now)
        is_new = proven.email_is_proven and proven.email != person.email and links.speaks_for_address(session, self.provider, proven.email)
        if "email" in sources and is_new:
            if find_person_by_email(session, proven.email) is None:
                addresses.replace_address(session, self._provider_actor, person, proven.email, now=self.now)
            else:
                text = N_("%(name)s has a new address at the institution, which another account has.")
                self._notify(f"address:{person.id}", lambda: _(text, name=person.full_name))

    def _followed_name(self) -> names.NameParts | None:
        """Return the name that the provider says where anything follows from it; another person's is never taken.

        Of a corrected name administrators learn once that the provider says another.
        """
        session, person, given = self.session, self.person, self.proven.names
        if given is None:
            return None
        present, held = names.parts_of(person), names.source_of_name(session, person.id)
        next_name = present if is_other_name(present, given) else names.next_name(present, held, given, NameSource.PROVIDER)
        claimed = full_name(*given)
        if fold(claimed) != fold(full_name(*next_name)) and (held is NameSource.CORRECTION or is_other_name(present, given)):
            text = NAME_DECIDED if held is NameSource.CORRECTION else NAME_OF_ANOTHER
            self._notify(f"name:{person.id}", lambda: _(text, name=person.full_name, claimed=claimed), is_lasting=True)
        confirms = fold(claimed) == fold(person.full_name) and held in (NameSource.SELF, NameSource.INITIAL)
        return given if next_name != present or confirms else None

    def _follow_work(self) -> None:
        """Record staff number, unit and post, as far as the list of people says nothing else (spec/identity 6.2)."""
        session, person, institution, number = self.session, self.person, self.provider.institution_id, self.proven.staff_number
        unit, post = self._claimed_unit(), self._claimed_post()
        if unit is None and not number:
            return
        day = tree.day_at(session, institution, self.now)
        belongs = unit is not None
        refused = record_claimed_work(session, self._provider_actor, person, institution, number, day, belongs=belongs, now=self.now)
        if refused is not None:
            is_lasting = refused is not WorkRefusal.LEFT
            self._notify(f"{refused.name.lower()}:{person.id}", lambda: _(refused.value, name=person.full_name), is_lasting=is_lasting)
        if unit is not None and refused is not WorkRefusal.LEFT:
            assign_members(session, self._provider_actor, {person.id: MembershipValues(unit.id, post.id if post else None)}, now=self.now)

    def _claimed_post(self) -> Post | None:
        session, written = self.session, self.proven.post if self.proven.unit else ""
        post = posts.find_post_written(session, self.provider.institution_id, posts.post_key(written)) if written else None
        if written and post is None:
            self._notify(f"post:{written}"[:60], lambda: _("There is no post called “%(post)s”.", post=written))
        return post

    def _claimed_unit(self) -> Organisation | None:
        """Return the unit into which the provider moves the person; never out of one of another institution."""
        session, code = self.session, self.proven.unit
        if not code:
            return None
        below = tree.below(select(Organisation.id).where(Organisation.id == self.provider.institution_id))
        unit = session.scalar(select(Organisation).where(Organisation.code == code, Organisation.id.in_(below)))
        self.link.unknown_unit = "" if unit is not None else code
        if unit is None or unit.closed_at is not None:
            return None
        elsewhere = exists().where(Membership.person_id == self.person.id, tree.MAIN, Membership.organisation_id.not_in(below))
        if session.scalar(select(elsewhere)):
            text = N_("%(name)s belongs to a unit of another institution: the unit that this one says was not taken.")
            self._notify(f"elsewhere:{self.person.id}", lambda: _(text, name=self.person.full_name), is_lasting=True)
            return None
        return unit

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
        actor = replace(self._provider_actor, person_id=None)
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
