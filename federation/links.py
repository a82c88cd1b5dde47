"""Links between accounts at a provider and people: who somebody is, linked, unlinked, listed (spec/identity 5)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Row, delete, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts.accounts import SignUp, create_person, set_national_id
from accounts.models import AccountMerge, Device, NameSource, NationalIdentity, Person, RoleGrant
from accounts.names import change_name, list_name_parts, parts_of
from accounts.passwords import NOBODYS
from accounts.people import STANDINGS, accounts_of, find_merge, find_national_id, find_person_by_email, get_person, name_matches
from accounts.rules import is_other_name
from federation import notices
from federation.claims import ClaimField, ProvenIdentity
from federation.models import ExternalIdentity, FederatedSession, IdentityProvider, ProviderRole
from kernel import audit
from kernel.errors import N_, Conflict, Forbidden
from kernel.i18n import choose, language, site_zone_name
from kernel.permissions import Actor
from kernel.personal import PersonalTables, of, own_rows
from organisations import lists, tree
from organisations.employment import have_ended, present_rows, works_elsewhere
from organisations.institutions import count_institutions
from organisations.models import Employment

TECHNICAL: Mapping[str, str] = {
    "provider_refused_site": N_("The provider refused this site"),
    "secret_unreadable": N_("The client secret cannot be read"),
    "provider_away": N_("The provider does not answer"),
    "wrong_issuer": N_("The issuer is another"),
    "discovery_lacks": N_("The provider does not publish what is needed"),
    "clocks_differ": N_("The clocks differ"),
    "time": N_("The clocks differ"),
    "malformed": N_("The token cannot be read"),
    "algorithm": N_("The token has a signature of a kind that is not accepted"),
    "unknown_key": N_("The token’s key is not one that the provider publishes"),
    "signature": N_("The token’s signature is wrong"),
    "issuer": N_("The token is of another issuer"),
    "audience": N_("The token is for another site"),
    "subject": N_("The token does not say who it is about"),
    "nonce": N_("The token is not the answer to this sign-in"),
    "access_token": N_("The token does not belong to its access token"),
}
"""Why a provider, or what it sent, is not accepted."""


class LinkVerb(
    audit.Verb,
    facts={
        "refusal": audit.Fact(
            N_("Refused because"),
            values={
                "unknown_person": N_("No account was recognised"),
                "address_not_proven": N_("The provider does not confirm the address"),
                "several_people": N_("Two accounts were recognised"),
                "linked_elsewhere": N_("The account is linked with another one of the institution"),
                "account_closed": N_("The account is suspended"),
                "own_proof_needed": N_("The account has a role over others and is not linked yet"),
                "own_site_proof_needed": N_("The site has several institutions, and the provider does not speak for this account"),
                "other_person": N_("What the provider says contradicts the account"),
                "address_denied": N_("The provider says that the address is not verified"),
                "outside_own_domains": N_("The address is not of the institution’s own domains"),
                **TECHNICAL,
            },
        ),
    },
):
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


class AddressDenied(AddressNotProven):
    """The address is of the provider's own domains, and it says itself that it is not verified."""


class OutsideOwnDomains(UnknownPerson):
    """A provider of one of several institutions says an address that is not of its own domains: it makes no account with it."""


class SeveralPeople(IdentityRefused):
    """A provider describes by one person's claims two accounts, of one person or of two."""

    message = N_("What your institution says of you belongs to two accounts of this site. Tell an administrator this reference.")

    def __init__(self, people: Sequence[int]) -> None:
        self.people = people
        super().__init__()


class Contradiction(Enum):
    """A claim that speaks against the account with the address or the number that a provider says."""

    STAFF_NUMBER = N_("staff number")
    NATIONAL_ID = N_("identity number")
    NAME = N_("name")
    LEFT = N_("employment, which has ended")


class OtherPerson(IdentityRefused):
    """An account has the address or the number that the provider says of somebody, and something else of it contradicts."""

    message = N_(
        "An account of this site has the address or the number that your institution says of you, but seems to be someone else’s. Tell an "
        "administrator this reference."
    )
    has_left = N_(
        "By your institution’s list of people, the employment of the person with your address here has ended. If you work there, ask its "
        "training department to correct the list, and give them this reference."
    )
    not_theirs = N_(
        "What your institution says of you is not what this site has of the holder of this account, so nothing was linked. Tell an "
        "administrator this reference."
    )

    def __init__(self, person: int, what: Contradiction, message: str | None = None) -> None:
        self.person, self.what = person, what
        super().__init__(message or (self.has_left if what is Contradiction.LEFT else None), person=person)


class LinkedElsewhere(IdentityRefused):
    """The person is linked with another account of the same provider."""

    message = N_("Your account here is linked with another account of your institution. An administrator has to remove that link.")


class AccountClosed(IdentityRefused):
    """The account is suspended or deleted."""

    message = N_("This account is suspended. Ask the administrators of this site.")


class OwnProofNeeded(IdentityRefused):
    """The person has a staff role: a provider alone links nobody with an account that may see or change data of others."""

    message = N_(
        "Your account here can see or change data of others. Sign in once with your password, and your second step if you have one, and "
        "link your institution on the page that follows; from then on its button is enough."
    )


class OwnSiteProofNeeded(OwnProofNeeded):
    """The provider speaks for one of several institutions, and not for this account."""

    message = N_(
        "This site has several institutions, and yours alone cannot link your account. Sign in once with your password, and your second "
        "step if you have one, and link your institution on the page that follows; from then on its button is enough."
    )


def find_identity(session: Session, provider: IdentityProvider, subject: str) -> ExternalIdentity | None:
    """Return the link of a subject."""
    return session.scalar(select(ExternalIdentity).where(ExternalIdentity.provider_id == provider.id, ExternalIdentity.subject == subject))


def _account_that_stays(session: Session, person_id: int) -> Person:
    merge = find_merge(session, person_id)
    return get_person(session, merge.kept_id if merge else person_id)


def open_account_of(session: Session, person: Person) -> Person:
    """Return the account that a link leads to: of a merged one the account that stays. Raise AccountClosed."""
    remaining = _account_that_stays(session, person.id)
    if remaining.suspended_at is not None:
        raise AccountClosed(person=remaining.id)
    return remaining


def holder_of(session: Session, link: ExternalIdentity) -> int:
    """Return the number of the person whose link it is: of a merged account the one that stays."""
    merge = find_merge(session, link.person_id)
    return merge.kept_id if merge else link.person_id


def _candidates(session: Session, provider: IdentityProvider, proven: ProvenIdentity) -> Mapping[ClaimField, set[int]]:
    """Return whom a provider may mean, by the claim that says so: staff number, national id, and an address that is proven."""
    people = {field: set[int]() for field in (ClaimField.STAFF_NUMBER, ClaimField.NATIONAL_ID, ClaimField.EMAIL)}
    if proven.staff_number:
        of = (Employment.institution_id == provider.institution_id, Employment.staff_number == proven.staff_number)
        people[ClaimField.STAFF_NUMBER].update(session.scalars(select(Employment.person_id).where(*of, tree.EMPLOYED)))
    if proven.national_id:
        people[ClaimField.NATIONAL_ID] |= lists.owners_of(session, [proven.national_id]).get(proven.national_id, set())
    if proven.email_is_proven:
        is_theirs = or_(Person.email_confirmed_at.is_not(None), Person.password_hash == NOBODYS)  # with a stranger's password it is not
        people[ClaimField.EMAIL].update(session.scalars(select(Person.id).where(Person.email == proven.email, is_theirs)))
    return {field: {_account_that_stays(session, number).id for number in numbers} for field, numbers in people.items()}


@dataclass(frozen=True, slots=True)
class Recognised:
    """The person without a link yet whom a provider means, and the claims that say so."""

    person: Person
    by: frozenset[ClaimField]


def recognise(session: Session, provider: IdentityProvider, proven: ProvenIdentity, *, now: datetime) -> Recognised | None:
    """Return whom a provider means; None where it means nobody. Raise SeveralPeople, OtherPerson, AccountClosed or LinkedElsewhere."""
    candidates = _candidates(session, provider, proven)
    people = set[int]().union(*candidates.values())
    if len(people) > 1:
        raise SeveralPeople(sorted(people))
    if not people:
        return None
    known = Recognised(get_person(session, people.pop()), frozenset(field for field, numbers in candidates.items() if numbers))
    what = _contradiction(session, provider, proven, known, now)
    if what is not None and not has_staff_role(session, known.person):  # who has one proves here who they are, whatever is said
        raise OtherPerson(known.person.id, what)
    open_account_of(session, known.person)
    theirs = ExternalIdentity.person_id.in_([account.id for account in accounts_of(session, known.person)])
    if session.scalar(select(exists().where(ExternalIdentity.provider_id == provider.id, theirs))):
        raise LinkedElsewhere
    return known


def _contradiction(
    session: Session, provider: IdentityProvider, proven: ProvenIdentity, known: Recognised, now: datetime
) -> Contradiction | None:
    """Return the facts that contradict the person whom a provider means: an address alone is contradicted by its numbers and an end too.

    An identity number that its person typed is as weak as an address.
    """
    by_address = known.by == {ClaimField.EMAIL}
    if (what := _contradiction_of_person(session, proven, known.person, is_weak=by_address)) is not None or not by_address:
        return what
    day = tree.day_at(session, provider.institution_id, now)
    rows = [row for row in present_rows(session, [known.person.id])[known.person.id] if row.institution_id == provider.institution_id]
    if proven.staff_number and proven.staff_number in {row.staff_number for row in rows}:
        return None
    if proven.staff_number and any(row.staff_number for row in rows if not have_ended([row], day)):
        return Contradiction.STAFF_NUMBER
    return Contradiction.LEFT if rows and have_ended(rows, day) else None


def _contradiction_of_person(session: Session, proven: ProvenIdentity, person: Person, *, is_weak: bool = False) -> Contradiction | None:
    """Return whether a claim's identity number or name is another person's: no name is where the number that the institution gave agrees.

    A number that the person typed contradicts only what `is_weak`.
    """
    identity = session.get(NationalIdentity, person.id)
    is_typed = identity is not None and identity.source == NameSource.SELF
    if identity is not None and proven.national_id and not (is_typed and not is_weak):
        if proven.national_id != identity.number:
            return Contradiction.NATIONAL_ID
        if not is_typed:
            return None
    is_other = proven.names and all(is_other_name(parts, proven.names) for parts in list_name_parts(session, person))
    return Contradiction.NAME if is_other else None


def may_be_one_person(session: Session, people: Sequence[int]) -> bool:
    """Return whether nothing on record says that accounts are of different people.

    That is said by two identity numbers, two present staff numbers of one institution, or names of two people.
    """
    accounts = [get_person(session, number) for number in people]
    numbers, staff_numbers = {find_national_id(session, account.id) for account in accounts} - {""}, defaultdict[int, set[str]](set)
    for row in (row for rows in present_rows(session, people).values() for row in rows if row.left_on is None and row.staff_number):
        staff_numbers[row.institution_id].add(row.staff_number or "")
    if len(numbers) > 1 or any(len(some) > 1 for some in staff_numbers.values()):
        return False
    return not any(is_other_name(parts_of(accounts[0]), parts_of(other)) for other in accounts[1:])


def speaks_for_address(session: Session, provider: IdentityProvider, email: str) -> bool:
    """Return whether an address is one that a provider may vouch for: on a site of several institutions, of its own domains alone."""
    return count_institutions(session) < 2 or email.rpartition("@")[2] in provider.domains


def _may_link(session: Session, provider: IdentityProvider, proven: ProvenIdentity, known: Recognised) -> bool:
    """Return whether a provider alone may link somebody: whoever works at its institution by its own number, else one of its own address.

    On a site of several institutions an identity number is not enough, nor is anything of whoever works at another (spec/identity 5).
    """
    if ClaimField.STAFF_NUMBER in known.by:
        return True
    if works_elsewhere(session, known.person.id, provider.institution_id):
        return False
    by_address = ClaimField.EMAIL in known.by and speaks_for_address(session, provider, proven.email)
    return by_address or count_institutions(session) < 2


def has_staff_role(session: Session, person: Person) -> bool:
    """Return whether a person has power over others: in the site, an institution, a course or a selection."""
    standings = (standing.has_power for standing in STANDINGS.of(session))
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
    if proven.email_is_proven and proven.email == person.email and speaks_for_address(session, provider, proven.email):
        person.email_confirmed_at = person.email_confirmed_at or now
    audit.record(session, actor, LinkVerb.LINKED, row, now=now, person=person.id, provider=provider.id)
    notices.notify_holder(session, provider, row, person, is_linked=True, now=now)
    return row


def link_own(
    session: Session, actor: Actor, provider: IdentityProvider, proven: ProvenIdentity, person: Person, *, now: datetime
) -> ExternalIdentity:
    """Link the account of somebody who proved here who they are.

    Raise SeveralPeople or OtherPerson where a number or the name that the provider says is another's, or LinkedElsewhere.
    """
    candidates = _candidates(session, provider, proven)
    if others := (candidates[ClaimField.STAFF_NUMBER] | candidates[ClaimField.NATIONAL_ID]) - {person.id}:
        raise SeveralPeople([person.id, *sorted(others)])
    if (what := _contradiction_of_person(session, proven, person)) is not None:
        raise OtherPerson(person.id, what, OtherPerson.not_theirs)
    return link(session, actor, provider, proven, person, by=person.id, now=now)


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
    known = recognise(session, provider, proven, now=now)
    if known is not None and has_staff_role(session, known.person):
        raise OwnProofNeeded
    if known is not None and not _may_link(session, provider, proven, known):
        raise OwnSiteProofNeeded
    person = known.person if known is not None else _create(session, actor, provider, proven, now=now)
    return link(session, actor, provider, proven, person, now=now), person


def _create(session: Session, actor: Actor, provider: IdentityProvider, proven: ProvenIdentity, *, now: datetime) -> Person:
    """Make an account of what a provider says, without a password; raise UnknownPerson where it may not, or says too little."""
    if proven.email and find_person_by_email(session, proven.email) is not None:
        is_own = proven.email.rpartition("@")[2] in provider.domains
        raise UnknownPerson if proven.email_is_proven else AddressDenied if is_own else AddressNotProven
    if not (provider.creates and proven.email_is_proven and proven.names):
        raise UnknownPerson
    if not speaks_for_address(session, provider, proven.email):
        raise OutsideOwnDomains
    given_names, first, second = proven.names
    values = SignUp(
        email=proven.email,
        password_hash=NOBODYS,
        given_names=given_names,
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
    if "names" in provider.sources:
        change_name(session, actor, person, proven.names, NameSource.PROVIDER, now=now)
    if proven.national_id:
        set_national_id(session, person.id, proven.national_id, NameSource.PROVIDER)
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
    notices.notify_holder(session, session.get_one(IdentityProvider, row.provider_id), row, person, is_linked=False, now=now)
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


def find_link(session: Session, number: int) -> Row[str, str] | None:
    """Return the key of the provider of a link, and the address of its account."""
    statement = select(IdentityProvider.key, Person.email).join(ExternalIdentity, ExternalIdentity.provider_id == IdentityProvider.id)
    return session.execute(statement.join(Person, Person.id == ExternalIdentity.person_id).where(ExternalIdentity.id == number)).first()


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
    link, mine, provider = ExternalIdentity, ExternalIdentity.person_id == person_id, of(IdentityProvider, provider="key")
    links, roles = (*provider, *of(link, "subject linked_at last_seen_at unknown_unit")), (*provider, *of(ProviderRole, "role given_at"))
    return {
        "institution_links": own_rows(link, IdentityProvider, columns=links, mine=mine).order_by(link.id),
        "institution_roles": own_rows(ProviderRole, link, IdentityProvider, columns=roles, mine=mine).order_by(link.id),
    }
