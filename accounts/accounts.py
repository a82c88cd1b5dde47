"""Verbs of accounts: signing up, invitations, sessions, passwords, profiles and roles; suspending an account, closing it after a merge."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts import names
from accounts.models import (
    AccountMerge,
    Consent,
    DeletionRequest,
    Device,
    NameSource,
    NationalIdentity,
    Person,
    RoleGrant,
    Token,
    TokenPurpose,
)
from accounts.passwords import NOBODYS
from accounts.people import (
    AccountVerb,
    administrator_exists,
    find_merge,
    find_person_by_email,
    find_token,
    get_person,
    hash_of,
    holds_role,
    is_last_administrator,
    is_permanently_closed,
    lock_administrators,
    lock_person,
    needs_local_administrator,
)
from accounts.rules import INVITATION_LIFE, NOTICE, NOTICE_VERSION, TIME_TO_THINK, TOKEN_LIFE, name_key
from kernel import audit, outbox
from kernel.errors import N_, Conflict, NotFound, require_found
from kernel.i18n import site_zone_name
from kernel.permissions import Actor, SiteRole
from kernel.personal import RetentionRule


@dataclass(frozen=True, slots=True)
class SignUp:
    """The values that a person gives to get an account; the password is already hashed."""

    email: str
    password_hash: str
    given_names: str
    first_surname: str
    second_surname: str
    language: str
    zone: str


PROFILE_FIELDS = ("given_names", "first_surname", "second_surname", "language", "zone")


@dataclass(frozen=True, slots=True)
class ProfileChanges:
    """The changes that a person may make to their own profile."""

    given_names: str
    first_surname: str
    second_surname: str
    language: str
    zone: str
    national_id: str | None = None
    """None leaves it as it is; empty text removes it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """The path that the link of the mail leads to with which a person signs up, and the name of what is there."""

    path: str = ""
    title: str = ""


def sign_up(
    session: Session, actor: Actor, command: SignUp, *, destination: Destination = Destination(), confirmed: bool = False, now: datetime
) -> Person | None:
    """Create an account and send the link that confirms it; to an address that already has one, only send a mail that says so.

    Return the account that was created, which its caller shows to nobody but who is known to read that address (`confirmed`): others
    cannot distinguish the two. An existing account is not changed.
    """
    existing, facts = find_person_by_email(session, command.email), {"next": destination.path, "title": destination.title}
    if existing is None:
        try:
            with session.begin_nested():
                person = create_person(session, actor, command, now=now, confirmed=confirmed)
                record_consent(session, person, now=now)
        except IntegrityError:  # the same address came a moment before
            existing = find_person_by_email(session, command.email)
        else:
            if not confirmed:
                outbox.enqueue(session, "accounts.send_confirmation", {"person": person.id, **facts}, now=now)
            return person
    if existing is not None:
        outbox.enqueue(session, "accounts.send_known_address", {"person": existing.id, **facts}, now=now)
    return None


def record_consent(session: Session, person: Person, *, now: datetime) -> None:
    """Keep that a person was shown the present notice and accepted it."""
    session.add(Consent(person_id=person.id, notice=NOTICE, version=NOTICE_VERSION, at=now))


def create_person(session: Session, actor: Actor, command: SignUp, *, now: datetime, confirmed: bool = False) -> Person:
    """Add an account."""
    person = Person(
        email=command.email,
        password_hash=command.password_hash,
        given_names=command.given_names,
        first_surname=command.first_surname,
        second_surname=command.second_surname,
        name_key=name_key(command.given_names, command.first_surname, command.second_surname),
        language=command.language,
        zone=command.zone,
        email_confirmed_at=now if confirmed else None,
        created_at=now,
    )
    session.add(person)
    session.flush()  # the audit entry names it
    session.add(names.new_name(person.id, names.parts_of(person), NameSource.SELF, since=now, decided_by=actor.person_id))
    audit.record(session, actor, AccountVerb.SIGNED_UP, person, now=now)
    return person


def make_token(session: Session, purpose: TokenPurpose, person: Person | None, *, now: datetime) -> str:
    """Make a single-use link's secret (256 bits; 30 minutes, an invitation 14 days); earlier ones of that purpose end."""
    owner = None if person is None else person.id
    session.execute(
        delete(Token).where(Token.purpose == purpose.value, Token.person_id.is_(None) if owner is None else Token.person_id == owner)
    )
    secret = secrets.token_urlsafe(32)
    bound = "" if person is None else hash_of(person.password_hash)
    ends = now + (INVITATION_LIFE if purpose is TokenPurpose.INVITE else TOKEN_LIFE)
    session.add(Token(purpose=purpose.value, secret_hash=hash_of(secret), person_id=owner, bound_to=bound, expires_at=ends))
    return secret


def use_token(session: Session, purpose: TokenPurpose, secret: str, *, now: datetime) -> Person | None:
    """Use up a link and return whose it is (nobody for the set-up link); raise NotFound where it cannot be used."""
    token = require_found(find_token(session, purpose, secret, now=now))
    use = update(Token).where(Token.id == token.id, Token.used_at.is_(None)).values(used_at=now).returning(Token.id)
    if session.execute(use).one_or_none() is None:
        raise NotFound
    return None if token.person_id is None else get_person(session, token.person_id)


def confirm_email(session: Session, actor: Actor, secret: str, *, now: datetime) -> Person:
    """Confirm that an address belongs to its account."""
    person = require_found(use_token(session, TokenPurpose.CONFIRM, secret, now=now))
    person.email_confirmed_at = person.email_confirmed_at or now
    audit.record(session, actor, AccountVerb.CONFIRMED, person, now=now)
    return person


@dataclass(frozen=True, slots=True)
class InvitedPerson:
    """A person whom an administrator adds."""

    email: str
    given_names: str
    first_surname: str
    second_surname: str
    language: str
    national_id: str = ""


INVITED_AT_ONCE = 25
"""Invitations that one job mails: within half of its lease, at a second for each."""


def invite(session: Session, actor: Actor, people: Sequence[InvitedPerson], *, now: datetime, mails: bool = True) -> list[Person]:
    """Add some hundreds of accounts whose owners choose a password with a link: from their mail or, without `mails`, handed over."""
    rows = [
        Person(
            email=guest.email,
            password_hash=NOBODYS,
            given_names=guest.given_names,
            first_surname=guest.first_surname,
            second_surname=guest.second_surname,
            name_key=name_key(guest.given_names, guest.first_surname, guest.second_surname),
            language=guest.language,
            zone=site_zone_name(),
            created_at=now,
            invited_at=None if mails else now,
        )
        for guest in people
    ]
    session.add_all(rows)
    session.flush()  # audit entries and jobs name them
    numbers = [(row.id, guest.national_id) for row, guest in zip(rows, people, strict=True) if guest.national_id]
    if numbers:
        columns = {"source": NameSource.LIST.value}
        session.execute(insert(NationalIdentity), [{"person_id": person, "number": number, **columns} for person, number in numbers])
    for row in rows:
        audit.record(session, actor, AccountVerb.INVITED, row, now=now, **({} if mails else {"handed_over": True}))
    for start in range(0, len(rows) if mails else 0, INVITED_AT_ONCE):
        named = [row.id for row in rows[start : start + INVITED_AT_ONCE]]
        outbox.enqueue(session, "accounts.send_invitations", {"people": named}, now=now)
    return rows


def invite_again(session: Session, actor: Actor, person: Person, *, now: datetime) -> bool:
    """Mail a new invitation to a person with an unconfirmed address, and return whether it goes out; the previous one ends."""
    if person.email_confirmed_at is not None or person.suspended_at is not None:
        return False
    person.invited_at = None
    audit.record(session, actor, AccountVerb.INVITED, person, now=now)
    outbox.enqueue(session, "accounts.send_invitations", {"people": [person.id]}, now=now)
    return True


def accept_invitation(session: Session, actor: Actor, secret: str, password_hash: str, *, now: datetime) -> Person:
    """Set the first password with an invitation: the address is confirmed by it, and the notice on personal data accepted."""
    person = require_found(use_token(session, TokenPurpose.INVITE, secret, now=now))
    person.password_hash = password_hash
    person.email_confirmed_at = person.email_confirmed_at or now
    end_devices(session, person.id, now=now)
    record_consent(session, person, now=now)
    audit.record(session, actor, AccountVerb.ACCEPTED, person, now=now)
    return person


def forget_devices_before(session: Session, moment: datetime) -> int:
    """Delete the sessions last used before a moment; return how many."""
    return len(session.scalars(delete(Device).where(Device.last_seen_at < moment).returning(Device.id)).all())


RETENTION_RULE = RetentionRule(
    "keep_sessions_days", N_("Sessions that have ended: browser, shortened network and time"), forget_devices_before
)


def forget_links_before(session: Session, moment: datetime) -> int:
    """Delete the links that expired before a moment; return how many."""
    return len(session.scalars(delete(Token).where(Token.expires_at < moment).returning(Token.id)).all())


def change_password(session: Session, actor: Actor, person: Person, password_hash: str, *, now: datetime, keep: int | None = None) -> None:
    """Set a new password, end every session but the one to keep, and notify the owner by mail."""
    person.password_hash = password_hash
    end_devices(session, person.id, now=now, but=keep)
    audit.record(session, actor, AccountVerb.PASSWORD_CHANGED, person, now=now)
    outbox.enqueue(session, "accounts.send_password_changed", {"person": person.id}, now=now)


def confirm_password(session: Session, person_id: int, verified: str) -> Person:
    """Return a person, locked, whose password is still the one that was verified before this transaction; raise Conflict."""
    person = lock_person(session, person_id)
    if person is None or person.suspended_at is not None or person.password_hash != verified:
        raise Conflict
    return person


def open_device(
    session: Session, actor: Actor, person: Person, *, label: str, rehash: str | None, now: datetime, factor: bool = False
) -> str:
    """Open a session for a browser and return its secret; `rehash` replaces a hash with older parameters, `factor`: it was shown.

    A session that the browser had before ends: `actor` is who was signed in there, or nobody.
    """
    if rehash is not None:
        person.password_hash = rehash
    if actor.device_id is not None:
        session.execute(update(Device).where(Device.id == actor.device_id, Device.ended_at.is_(None)).values(ended_at=now))
    secret = secrets.token_urlsafe(32)
    session.add(
        Device(
            person_id=person.id,
            secret_hash=hash_of(secret),
            label=label,
            address=audit.network_of(actor.address),
            created_at=now,
            last_seen_at=now,
            factor_at=now if factor else None,
        )
    )
    audit.record(session, replace(actor, person_id=person.id), AccountVerb.SIGNED_IN, person, now=now)
    return secret


def end_device(session: Session, actor: Actor, device: Device, *, now: datetime) -> None:
    """Sign one browser out."""
    device.ended_at = device.ended_at or now
    audit.record(session, actor, AccountVerb.SIGNED_OUT, device, now=now)


def end_devices(session: Session, person_id: int, *, now: datetime, but: int | None = None) -> None:
    """Sign every browser of a person out, except one."""
    statement = update(Device).where(Device.person_id == person_id, Device.ended_at.is_(None))
    session.execute((statement if but is None else statement.where(Device.id != but)).values(ended_at=now))


def edit_profile(
    session: Session,
    actor: Actor,
    person: Person,
    profile: ProfileChanges,
    *,
    source: NameSource = NameSource.SELF,
    is_decided: bool = False,
    now: datetime,
) -> None:
    """Change data of a person as they or another source say them. What was issued in the old name stays as it was.

    The old name is kept beside the new one, which is taken as `names.change_name` says; `is_decided`: somebody chose it.
    """
    before = [getattr(person, name) for name in PROFILE_FIELDS]
    parts = (profile.given_names, profile.first_surname, profile.second_surname)
    rows = dict[str, int]()
    if parts != names.parts_of(person) or source is not NameSource.SELF:
        rows = names.change_name(session, actor, person, parts, source, is_decided=is_decided, now=now)
    person.language, person.zone = profile.language, profile.zone
    changed = [name for name, old in zip(PROFILE_FIELDS, before, strict=True) if getattr(person, name) != old]
    if profile.national_id is not None:
        changed.append("national_id")
        set_national_id(session, person.id, profile.national_id, source)
    audit.record(session, actor, AccountVerb.PROFILE_CHANGED, person, now=now, changed=changed, **rows)


def set_national_id(session: Session, person_id: int, number: str, source: NameSource) -> None:
    """Keep a person's identity number and who says it; empty takes it away."""
    session.execute(delete(NationalIdentity).where(NationalIdentity.person_id == person_id))
    if number:
        session.add(NationalIdentity(person_id=person_id, number=number, source=source.value))


def _transfer_national_id(session: Session, closed: Person, remaining: Person) -> None:
    """Give the account that stays the identity number of one that closes, where it has none or its person alone says it."""
    row, own = session.get(NationalIdentity, closed.id), session.get(NationalIdentity, remaining.id)
    if row is not None:
        if own is None or own.source == NameSource.SELF:
            set_national_id(session, remaining.id, row.number, NameSource(row.source or "initial"))
        session.delete(row)


def set_theme(session: Session, actor: Actor, theme: str, *, now: datetime) -> None:
    """Keep the choice of light, dark or the system's."""
    person = get_person(session, actor.person_id or 0)
    person.theme = theme
    audit.record(session, actor, AccountVerb.PROFILE_CHANGED, person, now=now, changed=["theme"])


def set_language(session: Session, actor: Actor, language: str, *, now: datetime) -> None:
    """Keep the choice of a language."""
    person = get_person(session, actor.person_id or 0)
    person.language = language
    audit.record(session, actor, AccountVerb.PROFILE_CHANGED, person, now=now, changed=["language"])


def grant_role(session: Session, actor: Actor, person: Person, role: SiteRole, *, now: datetime) -> None:
    """Give a site role to a person; one they hold already stays as it is. Raise Conflict where the account was merged or deleted."""
    if holds_role(session, person.id, role):
        return
    if is_permanently_closed(session, person.id):
        raise Conflict(N_("This account is closed for good and gets no role."))
    session.add(RoleGrant(person_id=person.id, role=role.value, granted_at=now, granted_by=actor.person_id))
    audit.record(session, actor, AccountVerb.ROLE_GRANTED, person, now=now, role=role.value)


def revoke_role(session: Session, actor: Actor, person: Person, role: SiteRole, *, now: datetime) -> None:
    """Take a site role from a person; raise Conflict where no administrator would be left."""
    if role is SiteRole.ADMINISTRATOR:
        require_remaining_administrator(session, person)
    taken = session.execute(delete(RoleGrant).where(RoleGrant.person_id == person.id, RoleGrant.role == role.value).returning(RoleGrant.id))
    if taken.all():
        audit.record(session, actor, AccountVerb.ROLE_TAKEN, person, now=now, role=role.value)


def suspend(session: Session, actor: Actor, person: Person, reason: str, *, now: datetime) -> None:
    """Close an account for now: every session ends, and nobody signs in. What the person has done and earned stays.

    Raise Conflict where no administrator would be left.
    """
    require_remaining_administrator(session, person)
    if person.suspended_at is None:
        person.suspended_at = now
        end_devices(session, person.id, now=now)
        audit.record(session, actor, AccountVerb.SUSPENDED, person, now=now, reason=reason)


def restore(session: Session, actor: Actor, person: Person, reason: str, *, now: datetime) -> None:
    """Reopen a suspended account; its sessions stay ended, and a requested deletion gets its whole waiting time again.

    Raise Conflict where it was merged into another, or deleted.
    """
    if find_merge(session, person.id) is not None:
        raise Conflict(N_("This account was merged into another one and cannot be reopened."))
    if is_permanently_closed(session, person.id):
        raise Conflict(N_("This account was deleted and cannot be reopened."))
    if person.suspended_at is not None:
        person.suspended_at = None
        due = now + TIME_TO_THINK
        waiting = (DeletionRequest.person_id == person.id, DeletionRequest.settled_at.is_(None), DeletionRequest.due_at < due)
        session.execute(update(DeletionRequest).where(*waiting).values(due_at=due))
        audit.record(session, actor, AccountVerb.RESTORED, person, now=now, reason=reason)


def require_remaining_administrator(session: Session, person: Person) -> None:
    """Raise Conflict where no administrator who can sign in would be left; others who change that wait for this transaction."""
    lock_administrators(session)
    if is_last_administrator(session, person.id):
        raise Conflict(N_("Make someone else an administrator first."))


class LocalAdministratorNeeded(Conflict):
    """The last administrator who could come in if the servers of institutions were away would lose their second factor."""

    message = N_(
        "While people come in by an institution, one administrator needs a password and a second step of this site: give another "
        "administrator one first."
    )


def require_local_administrator(session: Session, person: Person) -> None:
    """Raise LocalAdministratorNeeded where a person loses a second factor that no other administrator has and one has to have."""
    if needs_local_administrator(session):
        lock_administrators(session)
        if is_last_administrator(session, person.id):
            raise LocalAdministratorNeeded


def close_after_merge(
    session: Session, actor: Actor, closed: Person, remaining: Person, reason: str, courses: Sequence[int], *, now: datetime
) -> AccountMerge:
    """Close an account for good because it is the same person's as another; `courses` are those whose histories changed places."""
    session.execute(update(AccountMerge).where(AccountMerge.kept_id == closed.id).values(kept_id=remaining.id))
    row = AccountMerge(closed_id=closed.id, kept_id=remaining.id, merged_at=now, merged_by=actor.person_id)
    session.add(row)
    names.transfer_names(session, actor, closed, remaining, now=now)
    _transfer_national_id(session, closed, remaining)
    closed.suspended_at = closed.suspended_at or now
    end_devices(session, closed.id, now=now)
    facts = {"closed": closed.id, "kept": remaining.id, "reason": reason, "courses": list(courses)}
    audit.record(session, actor, AccountVerb.MERGED, remaining, now=now, **facts)
    audit.record(session, actor, AccountVerb.CLOSED_INTO, closed, now=now, **facts)
    return row


def create_first_administrator(session: Session, actor: Actor, secret: str, command: SignUp, *, now: datetime) -> Person:
    """Let the holder of the start's link become the first administrator; raise NotFound afterwards."""
    if administrator_exists(session):
        raise NotFound
    use_token(session, TokenPurpose.SET_UP, secret, now=now)
    person = create_administrator(session, actor, command, now=now)
    record_consent(session, person, now=now)
    return person


def create_administrator(session: Session, actor: Actor, command: SignUp, *, now: datetime) -> Person:
    """Add an administrator with a confirmed address; raise Conflict where the address has an account."""
    if find_person_by_email(session, command.email) is not None:
        raise Conflict
    person = create_person(session, actor, command, now=now, confirmed=True)
    grant_role(session, actor, person, SiteRole.ADMINISTRATOR, now=now)
    return person
