"""Links between accounts at a provider and people: who somebody is, linked, unlinked, listed (spec/identity 5)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts.accounts import SignUp, create_person
from accounts.models import AccountMerge, Device, NationalIdentity, Person, RoleGrant
from accounts.passwords import NOBODYS
from accounts.people import STANDINGS, accounts_of, find_merge, find_person_by_email, get_person, name_matches
from federation import notices
from federation.claims import ProvenIdentity
from federation.models import ExternalIdentity, FederatedSession, IdentityProvider, ProviderRole
from kernel import audit
from kernel.errors import N_, Conflict, Forbidden
from kernel.i18n import choose, language, site_zone_name
from kernel.permissions import Actor
from kernel.personal import PersonalTables
from organisations.models import Employment


class LinkVerb(audit.Verb):
    """The audit verbs of links."""

    LINKED = "identity.linked", N_("Linked an account with an institution")
    UNLINKED = "identity.unlinked", N_("Removed a link with an institution")
    CREATED = "identity.account_created", N_("An institution’s sign-in made an account")
    REFUSED = "identity.refused", N_("Refused a sign-in by an institution")


class IdentityRefused(Forbidden):
    """Somebody whom a provider vouches for and who does not come in; its code is recorded, and what the provider says is not."""


class UnknownPerson(IdentityRefused):
    """The provider describes nobody who has an account here."""

    message = N_("Your account is not on this site.")


class AddressNotProven(UnknownPerson):
    """An account has the address that the provider says without standing for it: the person reads the same as those without an account."""


class SeveralPeople(IdentityRefused):
    """The provider describes a person who has two accounts."""

    message = N_("What your institution says of you belongs to two accounts of this site. An administrator has to join them.")

    def __init__(self, people: Sequence[int]) -> None:
        self.people = people
        super().__init__()


class LinkedElsewhere(IdentityRefused):
    """The person is linked with another account of the same provider."""

    message = N_("Your account here is linked with another account of your institution. An administrator has to remove that link.")


class AccountClosed(IdentityRefused):
    """The account is suspended or deleted."""

    message = N_("This account is closed. Ask the administrators of this site.")


class OwnProofNeeded(IdentityRefused):
    """The person has a staff role: a provider alone links nobody with an account that may see or change data of others."""

    message = N_(
        "Your account here can see or change data of others. Sign in once with your password, and your second step if you have one, and "
        "link your institution on the page that follows; from then on its button is enough."
    )


def find_identity(session: Session, provider: IdentityProvider, subject: str) -> ExternalIdentity | None:
    """Return the link of a subject."""
    return session.scalar(select(ExternalIdentity).where(ExternalIdentity.provider_id == provider.id, ExternalIdentity.subject == subject))


def open_account_of(session: Session, person: Person) -> Person:
    """Return the account that a link leads to: of a merged one the account that stays. Raise AccountClosed."""
    merge = find_merge(session, person.id)
    remaining = get_person(session, merge.kept_id) if merge else person
    if remaining.suspended_at is not None:
        raise AccountClosed(person=remaining.id)
    return remaining


def holder_of(session: Session, link: ExternalIdentity) -> int:
    """Return the number of the person whose link it is: of a merged account the one that stays."""
    merge = find_merge(session, link.person_id)
    return merge.kept_id if merge else link.person_id


def _candidates(provider: IdentityProvider, proven: ProvenIdentity) -> Iterator[Select[int]]:
    """Yield statements of the people whom a provider may mean: by staff number, national id, and an address that is proven."""
    if proven.staff_number:
        of = (Employment.institution_id == provider.institution_id, Employment.staff_number == proven.staff_number)
        yield select(Employment.person_id).where(*of, Employment.retracted_at.is_(None), Employment.left_on.is_(None))
    if proven.national_id:
        yield select(NationalIdentity.person_id).where(NationalIdentity.number == proven.national_id)
    if proven.email_is_proven:
        is_theirs = or_(Person.email_confirmed_at.is_not(None), Person.password_hash == NOBODYS)  # with a stranger's password it is not
        yield select(Person.id).where(Person.email == proven.email, is_theirs)


def recognise(session: Session, provider: IdentityProvider, proven: ProvenIdentity) -> Person | None:
    """Return the person without a link yet whom a provider means; None where it means nobody. Raise SeveralPeople or LinkedElsewhere."""
    people = {number for statement in _candidates(provider, proven) for number in session.scalars(statement)}
    people = {open_account_of(session, get_person(session, number)).id for number in people}
    if len(people) > 1:
        raise SeveralPeople(sorted(people))
    if not people:
        return None
    person = get_person(session, people.pop())
    theirs = ExternalIdentity.person_id.in_([account.id for account in accounts_of(session, person)])
    if session.scalar(select(exists().where(ExternalIdentity.provider_id == provider.id, theirs))):
        raise LinkedElsewhere
    return person


def has_staff_role(session: Session, person: Person) -> bool:
    """Return whether a person has a role over others: of the site, an institution or a course."""
    standings = (standing.condition for standing in STANDINGS.of(session))
    condition = or_(exists().where(RoleGrant.person_id == person.id), *standings)
    return bool(session.scalar(select(condition).where(Person.id == person.id)))


def link(
    session: Session,
    actor: Actor,
    provider: IdentityProvider,
    proven: ProvenIdentity,
    person: Person,
    *,
    by: int | None = None,
    now: datetime,
) -> ExternalIdentity:
    """Link a subject with a person; raise LinkedElsewhere where either is linked already."""
    row = ExternalIdentity(
        provider_id=provider.id, subject=proven.subject, person_id=person.id, linked_at=now, linked_by=by, last_seen_at=now
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise LinkedElsewhere from None
    if proven.email_is_proven and proven.email == person.email:
        person.email_confirmed_at = person.email_confirmed_at or now
    audit.record(session, actor, LinkVerb.LINKED, row, now=now, person=person.id, provider=provider.id)
    notices.notify_holder(session, provider, row, person.id, is_linked=True, now=now)
    return row


def enter(
    session: Session, actor: Actor, provider: IdentityProvider, proven: ProvenIdentity, *, now: datetime
) -> tuple[ExternalIdentity, Person]:
    """Return the link of whom a provider vouches for, and the person, linked or made now where that is allowed.

    Raise IdentityRefused.
    """
    if (row := find_identity(session, provider, proven.subject)) is not None:
        person = open_account_of(session, get_person(session, row.person_id))
        row.last_seen_at = now
        return row, person
    known = recognise(session, provider, proven)
    if known is not None and has_staff_role(session, known):
        raise OwnProofNeeded
    person = known or _create(session, actor, provider, proven, now=now)
    return link(session, actor, provider, proven, person, now=now), person


def _create(session: Session, actor: Actor, provider: IdentityProvider, proven: ProvenIdentity, *, now: datetime) -> Person:
    """Make an account of what a provider says, without a password; raise UnknownPerson where it may not, or says too little."""
    if proven.email and find_person_by_email(session, proven.email) is not None:
        raise UnknownPerson if proven.email_is_proven else AddressNotProven
    if not (provider.creates and proven.email_is_proven and proven.given_names and proven.surnames):
        raise UnknownPerson
    first, second = proven.split_surnames
    values = SignUp(
        email=proven.email,
        password_hash=NOBODYS,
        given_names=proven.given_names,
        first_surname=first,
        second_surname=second,
        language=proven.language or language(),
        zone=site_zone_name(),
    )
    try:
        with session.begin_nested():
            person = create_person(session, actor, values, confirmed=True, now=now)
    except IntegrityError:
        raise UnknownPerson from None
    audit.record(session, actor, LinkVerb.CREATED, person, now=now, provider=provider.id)
    return person


class PasswordFirst(Conflict):
    """Without its link nobody could enter the account."""

    message = N_("Choose a password first: without this link you could not come in any more.")


def unlink(session: Session, actor: Actor, row: ExternalIdentity, *, reason: str = "", now: datetime) -> None:
    """Remove a link; the sessions that were begun by it end. Raise PasswordFirst where its holder has no password."""
    person = get_person(session, holder_of(session, row))
    if actor.person_id == person.id and person.password_hash == NOBODYS:
        raise PasswordFirst
    end_sessions(session, FederatedSession.identity_id == row.id, now=now)
    notices.notify_holder(session, session.get_one(IdentityProvider, row.provider_id), row, person.id, is_linked=False, now=now)
    audit.record(session, actor, LinkVerb.UNLINKED, row, now=now, person=person.id, provider=row.provider_id, reason=reason)
    session.execute(delete(FederatedSession).where(FederatedSession.identity_id == row.id))
    session.delete(row)
    session.flush()


def end_sessions(session: Session, condition: Any, *, now: datetime) -> int:
    """End the sessions of devices that fulfil a condition on `FederatedSession`; return how many there were."""
    of = select(FederatedSession.device_id).where(condition)
    return len(
        session.scalars(update(Device).where(Device.id.in_(of), Device.ended_at.is_(None)).values(ended_at=now).returning(Device.id)).all()
    )


def list_links(session: Session, person_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the links of a person, those of accounts merged into theirs too, each with its provider."""
    accounts = [account.id for account in accounts_of(session, get_person(session, person_id))]
    statement = select(ExternalIdentity, IdentityProvider).join(IdentityProvider, IdentityProvider.id == ExternalIdentity.provider_id)
    return session.execute(statement.where(ExternalIdentity.person_id.in_(accounts)).order_by(ExternalIdentity.id)).all()


def count_links(session: Session) -> Mapping[int, int]:
    """Return how many people are linked with each provider, by its number; one without any is left out."""
    statement = select(ExternalIdentity.provider_id, func.count().label("people")).group_by(ExternalIdentity.provider_id)
    return {row.provider_id: row.people for row in session.execute(statement)}


MOST_LISTED = 20


def list_people(session: Session, provider: IdentityProvider, query: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the links of a provider with their holders, the latest used first, whose name or address holds all of these words."""
    closed = AccountMerge.closed_id == ExternalIdentity.person_id
    holder = Person.id == func.coalesce(AccountMerge.kept_id, ExternalIdentity.person_id)
    statement = select(ExternalIdentity, Person).outerjoin(AccountMerge, closed).join(Person, holder)
    mine = statement.where(ExternalIdentity.provider_id == provider.id, *name_matches(query, with_address=True))
    return session.execute(mine.order_by(ExternalIdentity.last_seen_at.desc(), ExternalIdentity.id).limit(MOST_LISTED)).all()


def count_unlinked(session: Session, provider: IdentityProvider) -> int:
    """Return how many people work at the institution of a provider and are not linked with it."""
    holder = func.coalesce(AccountMerge.kept_id, ExternalIdentity.person_id)
    links = select(holder).select_from(ExternalIdentity).outerjoin(AccountMerge, AccountMerge.closed_id == ExternalIdentity.person_id)
    linked = Employment.person_id.in_(links.where(ExternalIdentity.provider_id == provider.id))
    works = (Employment.institution_id == provider.institution_id, Employment.retracted_at.is_(None), Employment.left_on.is_(None))
    return session.scalar(select(func.count(Employment.person_id.distinct())).where(*works, ~linked)) or 0


def count_roles(session: Session, provider: IdentityProvider) -> int:
    """Return how many roles people have because of a provider."""
    statement = select(func.count()).select_from(ProviderRole).join(ExternalIdentity, ExternalIdentity.id == ProviderRole.identity_id)
    has_it = (RoleGrant.person_id == ExternalIdentity.person_id) & (RoleGrant.role == ProviderRole.role)
    of_provider = (ExternalIdentity.provider_id == provider.id, RoleGrant.granted_by.is_(None))
    return session.scalar(statement.join(RoleGrant, has_it).where(*of_provider)) or 0


def forbids_password(session: Session, person: Person) -> str | None:
    """Return by which institution a person without a password comes in, where it does not let them choose one."""
    rows = [row.IdentityProvider for row in list_links(session, person.id) if row.IdentityProvider.is_on]
    barred = next((provider for provider in rows if not provider.local_password), None)
    return choose(barred.names) if barred else None


def select_own_data(person_id: int) -> PersonalTables:
    """Return the links of a person and the roles given by them."""
    link, mine = ExternalIdentity, ExternalIdentity.person_id == person_id
    columns = (IdentityProvider.key.label("provider"), link.subject, link.linked_at, link.last_seen_at, link.unknown_unit)
    roles = select(IdentityProvider.key.label("provider"), ProviderRole.role, ProviderRole.given_at).join(
        link, link.id == ProviderRole.identity_id
    )
    return {
        "institution_links": select(*columns).join(IdentityProvider, IdentityProvider.id == link.provider_id).where(mine).order_by(link.id),
        "institution_roles": roles.join(IdentityProvider, IdentityProvider.id == link.provider_id).where(mine).order_by(link.id),
    }
