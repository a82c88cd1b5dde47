"""Changes that come with a sign-in: names, address and language, unit and post, and the role of instructor by groups (spec/identity 6)."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from accounts import addresses, names, notices
from accounts.accounts import grant_role, revoke_role
from accounts.models import NameSource, Person, RoleGrant
from accounts.notices import Message
from accounts.people import find_person_by_email, has_role_condition
from accounts.rules import NoticeKind
from federation.claims import ClaimField, ProvenIdentity
from federation.models import ExternalIdentity, IdentityProvider, ProviderRole
from kernel.errors import N_
from kernel.i18n import _, choose, in_every_language, site_day
from kernel.permissions import SYSTEM, Actor, SiteRole
from organisations import posts, tree
from organisations.models import Organisation
from organisations.units import MembershipValues, assign_members

SOURCES = ("names", "email", "language")
PROVIDER_NOTICE = NoticeKind(
    "provider",
    label=N_("Sign-in by institutions"),
    hint=N_("An institution’s sign-in needs an administrator: keys, groups, addresses or accounts that do not fit."),
    icon="key-round",
    concerns=lambda actor: actor.is_administrator,
    group=N_("Administration"),
)


def notify_administrators(session: Session, provider: IdentityProvider, what: str, text: Callable[[], str], *, now: datetime) -> None:
    """Notify the administrators of the site of something about a provider, once a day for each kind of thing."""
    key = f"provider:{provider.id}:{what}:{site_day(now).isoformat()}"[:120]
    people = list(session.scalars(select(Person.id).where(has_role_condition(SiteRole.ADMINISTRATOR), Person.suspended_at.is_(None))))
    subject = in_every_language(lambda: _("Sign-in by %(institution)s", institution=name_of(provider)))
    message = Message(PROVIDER_NOTICE, key, subject, in_every_language(text), f"/administration/providers/{provider.key}")
    notices.notify(session, message, people, now=now)


def name_of(provider: IdentityProvider) -> str:
    """Return what the button calls a provider, in the reader's language."""
    return choose(provider.names)


def follow(
    session: Session,
    actor: Actor,
    provider: IdentityProvider,
    link: ExternalIdentity,
    person: Person,
    proven: ProvenIdentity,
    *,
    now: datetime,
) -> None:
    """Take from a sign-in what the provider decides, each change with its history; what does not fit is a notice, never a refusal."""
    _follow_person(session, actor, provider, person, proven, now=now)
    _follow_unit(session, actor, provider, link, person, proven, now=now)
    _follow_groups(session, actor, provider, link, person, proven, now=now)


def _follow_person(
    session: Session, actor: Actor, provider: IdentityProvider, person: Person, proven: ProvenIdentity, *, now: datetime
) -> None:
    if "names" in provider.sources and proven.given_names and proven.surnames:
        first, _space, second = proven.surnames.partition(" ")
        if (parts := (proven.given_names, first, second)) != names.parts_of(person):
            names.change_name(session, actor, person, parts, NameSource.LIST, now=now)
    if "language" in provider.sources and proven.language:
        person.language = proven.language
    if "email" in provider.sources and proven.email_is_proven and proven.email != person.email:
        if find_person_by_email(session, proven.email) is None:
            addresses.replace_address(session, actor, person, proven.email, now=now)
        else:
            notify_administrators(
                session,
                provider,
                f"address:{person.id}",
                lambda: _("%(name)s has a new address at the institution, which another account has.", name=person.full_name),
                now=now,
            )


def _follow_unit(
    session: Session,
    actor: Actor,
    provider: IdentityProvider,
    link: ExternalIdentity,
    person: Person,
    proven: ProvenIdentity,
    *,
    now: datetime,
) -> None:
    if not proven.unit:
        return
    below = tree.below(select(Organisation.id).where(Organisation.id == provider.institution_id))
    unit = session.scalar(select(Organisation).where(Organisation.code == proven.unit, Organisation.id.in_(below)))
    link.unknown_unit = "" if unit is not None else proven.unit
    if unit is None or unit.closed_at is not None:
        return
    post = posts.find_post_written(session, provider.institution_id, posts.post_key(proven.post)) if proven.post else None
    if proven.post and post is None:
        notify_administrators(
            session, provider, f"post:{proven.post}"[:60], lambda: _("There is no post called “%(post)s”.", post=proven.post), now=now
        )
    assign_members(session, actor, {person.id: MembershipValues(unit.id, post.id if post else None)}, now=now)


def _follow_groups(
    session: Session,
    actor: Actor,
    provider: IdentityProvider,
    link: ExternalIdentity,
    person: Person,
    proven: ProvenIdentity,
    *,
    now: datetime,
) -> None:
    """Give or take the role of instructor, which a provider alone gave; what a person gave or took away is theirs."""
    if not provider.claims.get(ClaimField.GROUPS):
        return
    if proven.groups is None:
        notify_administrators(
            session, provider, "groups", lambda: _("The provider left out the groups of a person: no role was changed."), now=now
        )
        return
    role = SiteRole.INSTRUCTOR
    given = session.get(ProviderRole, (link.id, role.value))
    grant = session.scalar(select(RoleGrant).where(RoleGrant.person_id == person.id, RoleGrant.role == role.value))
    belongs = bool(proven.groups & set(provider.instructor_groups))
    if belongs and given is None and grant is None:
        grant_role(session, SYSTEM, person, role, now=now)
        session.add(ProviderRole(identity_id=link.id, role=role.value, given_at=now))
    elif not belongs and given is not None and grant is not None and grant.granted_by is None:
        revoke_role(session, SYSTEM, person, role, now=now)
        session.delete(given)


def list_unknown_units(session: Session, provider: IdentityProvider) -> Sequence[Row[str, int]]:
    """List the codes that no unit has, each with how many people the provider says it of."""
    statement = select(ExternalIdentity.unknown_unit, func.count()).where(
        ExternalIdentity.provider_id == provider.id, ExternalIdentity.unknown_unit != ""
    )
    return session.execute(
        statement.group_by(ExternalIdentity.unknown_unit).order_by(func.count().desc(), ExternalIdentity.unknown_unit)
    ).all()
