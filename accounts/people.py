"""People, their devices, links, roles and merged accounts, read and locked, and the conditions on accounts that others use."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    Select,
    SQLColumnExpression,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts.entry import NEEDS_LOCAL_ADMINISTRATOR
from accounts.models import (
    AccountMerge,
    Consent,
    Device,
    NationalIdentity,
    Notification,
    Person,
    PersonName,
    RoleGrant,
    SecondFactor,
    Token,
    TokenPurpose,
)
from accounts.passwords import NOBODYS
from accounts.rules import DELETED, NoticeKind, fold
from kernel.audit import Fact, Verb
from kernel.compiled_statements import compile_once
from kernel.db import Hook, HookList, KeysetPage, PageDirection, Stretch, connection_of, count_rows
from kernel.entity_rows import columns_of, entity_rows
from kernel.errors import N_, require_found
from kernel.permissions import SiteRole

_PERSON = bindparam("unread_of", type_=Integer)


def hash_of(secret: str) -> str:
    """Return the hash that is kept of a secret: its SHA-256. Secrets are random, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def has_role_condition(role: SiteRole) -> ColumnElement[bool]:
    """Return the condition that a person of the statement holds a site role."""
    return exists().where(RoleGrant.person_id == Person.id, RoleGrant.role == role.value)


def in_scope(kinds: Iterable[NoticeKind], hooks: Mapping[Any, Any]) -> list[ColumnElement[bool]]:
    """Return the conditions that a notification still concerns its person, as the kinds of all packages say (`hooks`: `Session.info`)."""
    return [or_(Notification.kind != kind.value, kind.scope(hooks)) for kind in kinds if kind.scope is not None]


def _unread(person: InstrumentedAttribute[int] | BindParameter[int]) -> tuple[ColumnElement[bool], ...]:
    return Notification.person_id == person, Notification.read_at.is_(None), Notification.in_bell.is_(True)


@dataclass(frozen=True, slots=True)
class ComputedUnread:
    """A count that a bell adds to the stored notifications, for the hooks of an application: who may have any, and how many a person has.

    The condition on `Person.id` is asked with each request, so it is a light one; who fulfils it is counted.
    """

    may_have: Callable[[Mapping[Any, Any]], ColumnElement[bool]]
    count: Callable[[Session, int], int]


COMPUTED_UNREAD = HookList[ComputedUnread]("computed_unread")


class UnreadCounter:
    """Counts what is new in a person's bell, with the scopes of those kinds alone of which something is there.

    The statement of every request counts the rest and says whether there is anything else: all scopes together are a text that takes
    longer to be planned than all else of a page.
    """

    def __init__(self, kinds: Sequence[NoticeKind], hooks: Mapping[Any, Any]) -> None:
        self._kinds, self._hooks = {kind.value: kind for kind in kinds if kind.scope is not None}, hooks
        self._computed = COMPUTED_UNREAD.given_in(hooks)
        self._statements: dict[frozenset[str], Any] = {}
        self._present = compile_once(select(Notification.kind).distinct().where(*_unread(_PERSON), Notification.kind.in_(self._kinds)))

    def columns(self) -> tuple[ColumnElement[Any], ...]:
        """Return the columns that the statement of every request asks by `Person.id`: a count without scopes, and whether there is more."""
        mine, scoped = _unread(Person.id), Notification.kind.in_(self._kinds)
        plain = select(func.count()).select_from(Notification).where(*mine, ~scoped).scalar_subquery()
        may_have = or_(false(), *(computed.may_have(self._hooks) for computed in self._computed))
        return plain.label("unread"), exists().where(*mine, scoped).label("has_scoped_unread"), may_have.label("has_computed_unread")

    def count(self, session: Session, person: Row[Any]) -> int:
        """Count what is new to the person of a row that has these columns."""
        scoped = self.count_scoped(session, person.id) if person.has_scoped_unread else 0
        computed = sum(each.count(session, person.id) for each in self._computed) if person.has_computed_unread else 0
        return int(person.unread) + scoped + computed

    def count_scoped(self, session: Session, person_id: int) -> int:
        """Count those of a person that are asked again of whom they concern."""
        connection, values = connection_of(session), {"unread_of": person_id}
        present = frozenset(connection.scalars(self._present, values))
        if present and present not in self._statements:
            conditions = (
                *_unread(_PERSON),
                Notification.kind.in_(present),
                *in_scope([self._kinds[name] for name in present], self._hooks),
            )
            self._statements[present] = compile_once(select(func.count()).select_from(Notification).where(*conditions))
        return connection.scalar(self._statements[present], values) or 0 if present else 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A role that people have somewhere on the site: the field of the actor that says so, and its condition on `Person.id`."""

    field: str
    condition: ColumnElement[bool]
    leads: bool = True
    """It is a role, not only an entry of the menu: whoever has it needs a second factor where others than this machine reach the site."""
    power: ColumnElement[bool] | None = None
    """The condition that what leads to an entry of the menu is a power over others as well; of a role it always is."""

    @property
    def has_power(self) -> ColumnElement[bool]:
        """Return the condition that a person may see or change data of others by it."""
        return self.condition if self.leads else false() if self.power is None else self.power


STANDINGS = HookList[Standing]("standings")
"""Gives the standings that are asked with each request."""


def signed_in_statement(standings: Sequence[Standing], counter: UnreadCounter) -> Select[*tuple[Any, ...]]:
    """Build the one statement that every signed-in request runs; `:secret_hash` is bound."""
    return select(
        Device.id.label("device_id"),
        Device.created_at,
        Device.last_seen_at,
        Device.factor_at,
        Person.id,
        Person.uuid,
        Person.email,
        Person.given_names,
        Person.first_surname,
        Person.second_surname,
        Person.language,
        Person.zone,
        Person.theme,
        has_role_condition(SiteRole.ADMINISTRATOR).label("is_administrator"),
        *(standing.condition.label(standing.field) for standing in standings),
        *counter.columns(),
    ).where(
        Device.secret_hash == bindparam("secret_hash"),
        Device.ended_at.is_(None),
        Device.person_id == Person.id,
        Person.suspended_at.is_(None),
    )


def find_suspended_session(session: Session, secret: str) -> datetime | None:
    """Return when a session began, where it is of an account that is suspended."""
    statement = select(Device.created_at).join(Person, Person.id == Device.person_id)
    return session.scalar(statement.where(Device.secret_hash == hash_of(secret), Person.suspended_at.is_not(None)))


@dataclass(frozen=True, slots=True)
class Credentials:
    """A person's data that signing in needs."""

    person_id: int
    password_hash: str
    confirmed: bool
    """Their address is, or need not be: they were here before mail was sent."""
    suspended: bool


_CREDENTIALS = compile_once(
    select(Person.id, Person.password_hash, Person.email_confirmed_at, Person.suspended_at, Person.created_at).where(
        Person.email == bindparam("email")
    )
)


CONFIRMS_SINCE = Hook[Callable[[], datetime | None]]("confirms_since")
"""Gives since when addresses are confirmed by mail."""


def find_credentials(session: Session, email: str) -> Credentials | None:
    """Return the credentials of an address, if it has an account."""
    row = connection_of(session).execute(_CREDENTIALS, {"email": email}).one_or_none()
    if row is None:
        return None
    since = CONFIRMS_SINCE.of(session)()
    confirmed = row.email_confirmed_at is not None or since is None or row.created_at < since
    return Credentials(row.id, row.password_hash, confirmed, row.suspended_at is not None)


def get_person(session: Session, person_id: int) -> Person:
    """Return a person; raise NotFound."""
    return require_found(session.get(Person, person_id))


def find_person_by_email(session: Session, email: str) -> Person | None:
    """Return the person with this address, in lower case."""
    return session.scalar(select(Person).where(Person.email == email))


WORDS = 6
"""Words of a search that are looked at."""


WordCondition: TypeAlias = Callable[[str], SQLColumnExpression[bool]]
"""The condition that a row has a folded word in something else that a list shows under the name."""


def name_matches(query: str, *, with_address: bool, also: WordCondition | None = None) -> list[ColumnElement[bool]]:
    """Return the conditions on `person` that find people by parts of name and address, ignoring case and accents.

    `with_address` and what is found `also` where the page shows it of each found person to its reader; elsewhere the results would
    reveal it (spec/security 7.6).
    """
    return _word_matches(query, *((Person.name_key, Person.email) if with_address else (Person.name_key,)), also=also)


def _word_matches(query: str, *columns: InstrumentedAttribute[str], also: WordCondition | None = None) -> list[ColumnElement[bool]]:
    def has(word: str) -> ColumnElement[bool]:
        more = () if also is None else (also(word),)
        return or_(*(column.contains(word, autoescape=True) for column in columns), _without_apostrophes(columns[0], word), *more)

    return [has(word) for word in fold(query).split()[:WORDS]]


def has_identity_number(word: str) -> SQLColumnExpression[bool]:
    """Return the condition on `person` that their identity number has a word in it."""
    return exists().where(NationalIdentity.person_id == Person.id, NationalIdentity.number.contains(word, autoescape=True))


def _without_apostrophes(name: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    """Return the condition that a name has a word but for apostrophes, which many leave out."""
    return func.replace(name, "'", "").contains(word.replace("'", ""), autoescape=True)


def by_name() -> tuple[ColumnElement[Any], ...]:
    """Return the order of people in lists: surnames, then given names."""
    return (Person.name_key.expression, Person.id.expression)


_LOCKED_PERSON = compile_once(select(*columns_of(Person)).where(Person.id == bindparam("person_id")).with_for_update())


def lock_person(session: Session, person_id: int) -> Person | None:
    """Lock a person, read anew whatever this session has read or changed of them before; None where there is nobody."""
    rows = connection_of(session).execute(_LOCKED_PERSON, {"person_id": person_id})
    return next((person for (person,) in entity_rows(session, rows, Person, anew=True)), None)


def get_person_by_uuid(session: Session, person: UUID) -> Person:
    """Return a person by what addresses name them; raise NotFound."""
    return require_found(session.scalar(select(Person).where(Person.uuid == person)))


def ids_of(session: Session, people: Sequence[UUID]) -> list[int]:
    """Return the numbers of people by what addresses name them; who is suspended is left out."""
    return list(session.scalars(select(Person.id).where(Person.uuid.in_(people), Person.suspended_at.is_(None)).order_by(Person.id)))


class PersonState(StrEnum):
    """The states of accounts by which a list is filtered."""

    OPEN = "open"
    UNCONFIRMED = "unconfirmed"
    SUSPENDED = "suspended"
    ADMINISTRATOR = "administrator"


_STATES: Mapping[PersonState, tuple[ColumnElement[bool], ...]] = {
    PersonState.OPEN: (Person.suspended_at.is_(None), Person.email_confirmed_at.is_not(None)),
    PersonState.UNCONFIRMED: (Person.suspended_at.is_(None), Person.email_confirmed_at.is_(None)),
    PersonState.SUSPENDED: (Person.suspended_at.is_not(None),),
    PersonState.ADMINISTRATOR: (has_role_condition(SiteRole.ADMINISTRATOR),),
}


def list_people(
    session: Session, query: str, state: PersonState | None, part: KeysetPage, *, limit: int, also: WordCondition | None = None
) -> Stretch[Row[*tuple[Any, ...]]]:
    """List some of the people whose name, address or what is found `also` holds all of these words, by name.

    With whether they are administrators, when they were last seen, and the former name by which they were searched for.
    A stretch is found by the index of names, wherever in the list it is: nothing before it is read (spec/performance P24).
    """
    position = None
    if part.row is not None and part.way is not PageDirection.LAST:
        position = session.execute(select(Person.name_key, Person.id).where(Person.uuid == part.row)).one_or_none()
    statement = keyset_statement(query, state, part.way, None if position is None else (position.name_key, position.id), also)
    return part.of(session.execute(statement.limit(limit + 1)).all(), limit)


def keyset_statement(
    query: str, state: PersonState | None, way: PageDirection, position: tuple[str, int] | None, also: WordCondition | None = None
) -> Select[*tuple[Any, ...]]:
    """Build the statement of a stretch from a place in the order; backwards from there, or from the end, but for what comes after."""
    backwards = way is not PageDirection.AFTER
    statement = people_statement(query, state, also).order_by(*(column.desc() if backwards else column for column in by_name()))
    if position is None:
        return statement
    here, there = tuple_(*by_name()), tuple_(*position)
    return statement.where(here < there if backwards else here > there)


def people_statement(query: str, state: PersonState | None, also: WordCondition | None = None) -> Select[*tuple[Any, ...]]:
    """Build the statement of the people whom a list shows."""
    seen = select(func.max(Device.last_seen_at)).where(Device.person_id == Person.id).scalar_subquery()
    statement = select(
        Person, Person.uuid, has_role_condition(SiteRole.ADMINISTRATOR).label("is_administrator"), seen.label("last_seen_at")
    )
    return statement.add_columns(_former_name(query).label("former_name")).where(*_people_conditions(query, state, also))


def _former_name(query: str) -> ColumnElement[str]:
    """Return the last of a person's former names in which all of these words stand; empty where nothing is searched for."""
    matches = _word_matches(query, PersonName.name_key)
    if not matches:
        return literal("")
    name = PersonName.given_names + " " + PersonName.first_surname + " " + PersonName.second_surname
    former = select(name).where(PersonName.person_id == Person.id, PersonName.until.is_not(None), *matches)
    return former.order_by(PersonName.until.desc(), PersonName.id.desc()).limit(1).scalar_subquery()


def count_people(session: Session, query: str, state: PersonState | None, also: WordCondition | None = None) -> int:
    """Count the people that a list shows on all its pages."""
    return count_rows(session, Person, *_people_conditions(query, state, also))


def _people_conditions(query: str, state: PersonState | None, also: WordCondition | None) -> list[ColumnElement[bool]]:
    conditions = _STATES[state] if state else ()
    matches = name_matches(query, with_address=True, also=also)
    if not matches:
        return [*conditions]
    former = select(PersonName.person_id).where(PersonName.until.is_not(None), *_word_matches(query, PersonName.name_key))
    return [or_(and_(*matches), Person.id.in_(former)), *conditions]


def is_confirmed_condition(session: Session) -> ColumnElement[bool]:
    """Return the condition that the address of a person of the statement counts as theirs (`counts_as_theirs`)."""
    return Person.email_confirmed_at.is_not(None) if confirms_addresses(session) else true()


def confirms_addresses(session: Session) -> bool:
    """Return whether an address counts as its person's only once it is confirmed (`counts_as_theirs`)."""
    return CONFIRMS_SINCE.of(session)() is not None


def can_sign_in_condition(session: Session) -> ColumnElement[bool]:
    """Return the condition that a person of the statement can sign in, by the rules of the sign-in page."""
    since = CONFIRMS_SINCE.of(session)()
    may_enter = or_(Person.email_confirmed_at.is_not(None), Person.created_at < since) if since else true()
    return Person.suspended_at.is_(None) & (Person.password_hash != NOBODYS) & may_enter


def _administrators(session: Session) -> Select[int]:
    statement = select(Person.id).join(RoleGrant, RoleGrant.person_id == Person.id)
    if needs_local_administrator(session):
        statement = statement.where(exists().where(SecondFactor.person_id == Person.id))
    return statement.where(RoleGrant.role == SiteRole.ADMINISTRATOR.value, can_sign_in_condition(session)).order_by(Person.id)


def needs_local_administrator(session: Session) -> bool:
    """Return whether one administrator has to have a password and a second factor: others come in by servers that may be away."""
    return any(needs(session) for needs in NEEDS_LOCAL_ADMINISTRATOR.of(session))


def lock_administrators(session: Session) -> list[int]:
    """Return who holds the role of administrator and can sign in, locked until the transaction ends."""
    return list(session.scalars(_administrators(session).with_for_update()))


def is_last_administrator(session: Session, person_id: int) -> bool:
    """Return whether a person is administrator, and no other one can sign in."""
    others = [other for other in session.scalars(_administrators(session)) if other != person_id]
    return not others and holds_role(session, person_id, SiteRole.ADMINISTRATOR)


def find_national_id(session: Session, person_id: int) -> str:
    """Return a person's identity number, or nothing."""
    return session.scalar(select(NationalIdentity.number).where(NationalIdentity.person_id == person_id)) or ""


def find_merge(session: Session, person_id: int) -> AccountMerge | None:
    """Return into what a person's account was merged, where it is closed for that."""
    return session.get(AccountMerge, person_id)


def list_merged_into(session: Session, person_id: int) -> list[int]:
    """Return the people whose accounts were merged into a person's, the first one first."""
    statement = select(AccountMerge.closed_id).where(AccountMerge.kept_id == person_id)
    return list(session.scalars(statement.order_by(AccountMerge.merged_at, AccountMerge.closed_id)))


def was_deleted_condition() -> ColumnElement[bool]:
    """Return the condition that the data of a person of the statement were deleted at their request."""
    return Person.email.endswith(DELETED)


def is_permanently_closed_condition() -> ColumnElement[bool]:
    """Return the condition that the account of a person of the statement was deleted, or merged into another: nobody opens it again."""
    merged = exists().where(AccountMerge.closed_id == Person.id)
    return Person.suspended_at.is_not(None) & or_(was_deleted_condition(), merged)


def is_permanently_closed(session: Session, person_id: int) -> bool:
    """Return whether an account was deleted, or merged into another."""
    return session.scalar(select(Person.id).where(Person.id == person_id, is_permanently_closed_condition())) is not None


def list_merged(session: Session, person_id: int) -> list[Person]:
    """List the closed accounts that lead to a person's."""
    statement = select(Person).join(AccountMerge, AccountMerge.closed_id == Person.id).where(AccountMerge.kept_id == person_id)
    return list(session.scalars(statement.order_by(AccountMerge.merged_at, Person.id).limit(20)))


def accounts_of(session: Session, person: Person) -> list[Person]:
    """Return all accounts of a person: their own, and those merged into it."""
    merged = select(Person).join(AccountMerge, AccountMerge.closed_id == Person.id).where(AccountMerge.kept_id == person.id)
    return [person, *session.scalars(merged.order_by(Person.id))]


def list_roles(session: Session, person_id: int) -> list[str]:
    """List the site roles that a person holds."""
    return list(session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == person_id).order_by(RoleGrant.role)))


def counts_as_theirs(session: Session, person: Person) -> bool:
    """Return whether an address counts as the person's own: it is confirmed, or no mail is sent that could confirm it."""
    return person.email_confirmed_at is not None or CONFIRMS_SINCE.of(session)() is None


def list_uninvited(session: Session, people: Sequence[int]) -> list[Person]:
    """List those of these people whose invitation was not mailed yet and who have not accepted one."""
    waits = (Person.invited_at.is_(None), Person.email_confirmed_at.is_(None), Person.suspended_at.is_(None))
    return list(session.scalars(select(Person).where(Person.id.in_(people), *waits).order_by(Person.id)))


def waits_for_invitation(session: Session, person: Person) -> bool:
    """Return whether a person was added and never accepted: no confirmed address, and the notice on personal data was not shown."""
    shown = select(exists().where(Consent.person_id == person.id))
    return person.email_confirmed_at is None and not session.scalar(shown)


def list_devices(session: Session, person_id: int, *, since: datetime) -> list[Device]:
    """List a person's open sessions seen since a moment, the latest first."""
    statement = (
        select(Device)
        .where(Device.person_id == person_id, Device.ended_at.is_(None), Device.created_at > since)
        .order_by(Device.last_seen_at.desc(), Device.id)
        .limit(100)
    )
    return list(session.scalars(statement))


def get_device(session: Session, secret: str) -> Device:
    """Return the device whose cookie holds a secret; raise NotFound."""
    session.flush()
    return require_found(session.scalar(select(Device).where(Device.secret_hash == hash_of(secret))))


def get_own_device(session: Session, person_id: int, device: UUID) -> Device:
    """Return one of a person's devices; raise NotFound for anybody else's."""
    return require_found(session.scalar(select(Device).where(Device.uuid == device, Device.person_id == person_id)))


def find_token(session: Session, purpose: TokenPurpose, secret: str, *, now: datetime) -> Token | None:
    """Return a link that can still be used: unused, in time, and the password has not changed since."""
    token = session.scalar(select(Token).where(Token.secret_hash == hash_of(secret), Token.purpose == purpose.value))
    if token is None or token.used_at is not None or token.expires_at <= now:
        return None
    bound = "" if token.person_id is None else hash_of(get_person(session, token.person_id).password_hash)
    return token if token.bound_to == bound else None


def holds_role(session: Session, person_id: int, role: SiteRole) -> bool:
    """Return whether a person holds a site role."""
    return bool(session.scalar(select(exists().where(RoleGrant.person_id == person_id, RoleGrant.role == role.value))))


def administrator_exists(session: Session) -> bool:
    """Return whether any person holds the role of administrator."""
    return bool(session.scalar(select(exists().where(RoleGrant.role == SiteRole.ADMINISTRATOR.value))))


def list_administrators(session: Session) -> list[int]:
    """List the people who hold the role of administrator, some hundreds at most."""
    statement = select(RoleGrant.person_id).where(RoleGrant.role == SiteRole.ADMINISTRATOR.value).order_by(RoleGrant.person_id)
    return list(session.scalars(statement.limit(300)))


def personal_words(session: Session, person: Person) -> tuple[str, ...]:
    """List the words that a person's password may not contain: names, address, identity number."""
    return (person.given_names, person.first_surname, person.second_surname, person.email, find_national_id(session, person.id))


class AccountVerb(
    Verb,
    facts={
        "account.profile_changed name": Fact(table="person_name"),
        "accounts": N_("Accounts"),
        "everywhere": N_("All sessions"),
        "purpose": Fact(
            N_("What for"),
            values={
                "record": N_("The account and its courses"),
                "progress": N_("The progress in a course"),
                "answers": N_("The answers"),
                "copy": N_("A copy of everything"),
                "found": N_("A search for people to enrol"),
                "transcript": N_("The transcript"),
            },
        ),
    },
):
    """The audit-log verbs of accounts."""

    SIGNED_UP = "account.signed_up"
    CONFIRMED = "account.confirmed"
    INVITED = "account.invited"
    ACCEPTED = "account.invitation_accepted"
    SIGNED_IN = "account.signed_in"
    SIGN_IN_FAILED = "account.sign_in_failed", N_("Failed to sign in")
    PASSWORDS_SPRAYED = "account.passwords_sprayed", N_("Many accounts were tried from one address")
    SIGNED_OUT = "account.signed_out"
    RESET_ASKED = "account.reset_asked"
    PASSWORD_CHANGED = "account.password_changed"  # noqa: S105 - the name of an event
    ADDRESS_ASKED = "account.address_asked"
    ADDRESS_CHANGED = "account.address_changed"
    PROFILE_CHANGED = "account.profile_changed"
    ROLE_GRANTED = "account.role_granted"
    ROLE_TAKEN = "account.role_taken"
    SUSPENDED = "account.suspended"
    RESTORED = "account.restored"
    MERGED = "account.merged"
    CLOSED_INTO = "account.closed_into"
    SECOND_STEP_FAILED = "account.second_step_failed"
    FACTOR_ADDED = "account.factor_added"
    FACTOR_REMOVED = "account.factor_removed"
    CODES_MADE = "account.codes_made"
    CODE_USED = "account.code_used"
    LOOKED_AT = "account.looked_at"
    LIST_LOOKED_AT = "account.list_looked_at", N_("Opened a list of people")
    SET_UP_LINK_MADE = "account.set_up_link_made", N_("Created a link for the first administrator")
