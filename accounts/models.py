"""Tables of people, of how they sign in, of their names, roles, notices and consents, and of accounts that were merged."""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Entity, Key, Moment, PublicId, ShortText, unique_where
from kernel.errors import N_
from kernel.personal import Erase, personal

UNSENT = "mail = 'daily' AND mailed_at IS NULL"


class Person(Entity):
    """A person with an account."""

    noun = N_("Person")
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"), Index("ix_person_list", "name_key", "id"))

    uuid: Mapped[PublicId]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    """In lower case; one account an address."""
    email_confirmed_at: Mapped[Moment | None]
    password_hash: Mapped[str] = mapped_column(String(200))
    given_names: Mapped[ShortText]
    first_surname: Mapped[ShortText]
    second_surname: Mapped[ShortText]
    name_key: Mapped[str] = mapped_column(String(1000), server_default="")
    """Surnames and given names without case and accents, by which lists are sorted and searched (`accounts.rules.name_key`)."""
    language: Mapped[str] = mapped_column(String(2))
    zone: Mapped[str] = mapped_column(String(64))
    theme: Mapped[str] = mapped_column(String(6), default="")
    suspended_at: Mapped[Moment | None]
    digest_until: Mapped[Moment | None]
    """The end of the last day whose daily mail they got."""
    invited_at: Mapped[Moment | None]
    """When the last invitation to choose a password was mailed, to somebody whom an administrator added."""
    created_at: Mapped[Moment]

    @property
    def full_name(self) -> str:
        """Return given names and surnames as they stand on a certificate."""
        return full_name(self.given_names, self.first_surname, self.second_surname)


def full_name(given_names: str, first_surname: str, second_surname: str) -> str:
    """Join the parts of a name that there are."""
    return " ".join(part for part in (given_names, first_surname, second_surname) if part)


class NameSource(StrEnum):
    """Where the name of a person comes from."""

    INITIAL = "initial"
    """The account was made with it, by an invitation, or before names were recorded."""
    SELF = "self"
    """The person's own form."""
    PROVIDER = "provider"
    """The institution's own sign-in."""
    LIST = "list"
    """A list of the institution's staff."""
    CORRECTION = "correction"
    """An administrator decided it."""
    MERGE = "merge"
    """An account that was merged into this one had it."""


class PersonName(Entity):
    """A name that a person had, has, or asks for; the present one stands here too, once it has been changed or declared.

    Asked for: `requested_at` alone. Declined: decided, and never in effect. In effect: from `since`, until `until`.
    """

    __table_args__ = (
        CheckConstraint("source IN ('initial', 'self', 'provider', 'list', 'correction', 'merge')", name="source"),
        CheckConstraint("since IS NOT NULL OR requested_at IS NOT NULL", name="begins"),
        Index("ix_person_name_person_id", "person_id"),
        unique_where("since IS NOT NULL AND until IS NULL", "uq_person_name_present", "person_id"),
        unique_where("since IS NULL AND decided_at IS NULL", "uq_person_name_requested", "person_id"),
    )

    person_id: Mapped[int] = personal(erase=Erase.DELETE)
    given_names: Mapped[ShortText]
    first_surname: Mapped[ShortText]
    second_surname: Mapped[ShortText]
    name_key: Mapped[str] = mapped_column(String(1000))
    """As in `person`: by it a former name is found."""
    source: Mapped[str] = mapped_column(String(10))
    since: Mapped[Moment | None]
    until: Mapped[Moment | None]
    requested_at: Mapped[Moment | None]
    request_reason: Mapped[str] = mapped_column(String(500), default="")
    """What the person says; it may name their private life, so that the audit log does not repeat it."""
    decided_at: Mapped[Moment | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decision_reason: Mapped[str] = mapped_column(String(500), default="")

    @property
    def full_name(self) -> str:
        """Return given names and surnames as they stand on a certificate."""
        return full_name(self.given_names, self.first_surname, self.second_surname)


class NationalIdentity(Base):
    """A person's national identity number, apart from everything else: only its owner and administrators see it."""

    person_id: Mapped[int] = personal(erase=Erase.DELETE, primary_key=True)
    number: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(10), default="")
    """Who says it (`NameSource`); empty: that was not recorded."""


class Device(Entity):
    """One signed-in browser; the cookie holds a random secret, this row its hash."""

    uuid: Mapped[PublicId]
    person_id: Mapped[int] = personal(erase=Erase.DELETE, index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[ShortText]
    """Browser and system in words."""
    address: Mapped[str] = mapped_column(String(45))
    """Network only (/24, /48)."""
    created_at: Mapped[Moment]
    last_seen_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]
    factor_at: Mapped[Moment | None]
    """When the second factor was shown in this session; staff without it have no session beyond this machine."""


class SecondFactor(Entity):
    """A person's second factor besides the password: an application that makes codes, or a passkey."""

    __table_args__ = (
        CheckConstraint("kind IN ('app', 'passkey')", name="kind"),
        CheckConstraint("(kind = 'passkey') = (credential IS NOT NULL)", name="credential"),
    )

    uuid: Mapped[PublicId]
    person_id: Mapped[int] = personal(erase=Erase.DELETE, index=True)
    kind: Mapped[str] = mapped_column(String(7))
    name: Mapped[ShortText]
    secret: Mapped[str] = mapped_column(Text)
    """The application's secret, locked with the instance's secret key; the public key of a passkey."""
    credential: Mapped[str | None] = mapped_column(String(1400), unique=True)
    counter: Mapped[int] = mapped_column(BigInteger)
    """The time step of the last code that was used, or the passkey's own count: neither goes back."""
    created_at: Mapped[Moment]
    last_used_at: Mapped[Moment | None]


class RecoveryCode(Entity):
    """One of the codes for when the second factor is lost; each works once, and only its hash is kept."""

    person_id: Mapped[int] = personal(erase=Erase.DELETE, index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[Moment | None]


class PasskeyChallenge(Base):
    """The random text that a person's passkey is asked to sign; used once, within minutes."""

    person_id: Mapped[int] = personal(erase=Erase.DELETE, primary_key=True)
    challenge: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[Moment]


class TokenPurpose(StrEnum):
    """The purpose of a single-use link."""

    CONFIRM = "confirm"
    RESET = "reset"
    SET_UP = "set_up"
    INVITE = "invite"


class Token(Entity):
    """A single-use link sent by mail or printed at the start; only its hash is kept."""

    __table_args__ = (
        CheckConstraint("purpose IN ('confirm', 'reset', 'set_up', 'invite')", name="purpose"),
        Index("ix_token_person", "person_id"),
    )

    purpose: Mapped[str] = mapped_column(String(10))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int | None] = personal(erase=Erase.DELETE)
    """Nobody for the first administrator's link."""
    bound_to: Mapped[str] = mapped_column(String(64))
    """Hash of the password hash at that time: a changed password ends the link."""
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]


class RoleGrant(Entity):
    """A site role granted to a person."""

    __table_args__ = (UniqueConstraint("person_id", "role"), CheckConstraint("role IN ('administrator', 'instructor')", name="role"))

    person_id: Mapped[int] = personal(erase=Erase.DELETE)
    role: Mapped[str] = mapped_column(String(20))
    granted_at: Mapped[Moment]
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Consent(Entity):
    """A record that a person was shown a version of the notice on personal data and accepted it. Append-only."""

    person_id: Mapped[int] = personal(index=True)
    notice: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(20))
    at: Mapped[Moment]


class DeletionRequest(Entity):
    """A person's request to delete their account: carried out when it is due, unless they cancel it."""

    __table_args__ = (
        Index(
            "ix_deletion_request_waiting",
            "person_id",
            unique=True,
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )

    person_id: Mapped[int] = personal()
    asked_at: Mapped[Moment]
    due_at: Mapped[Moment]
    settled_at: Mapped[Moment | None]
    """Done, or taken back: the audit log says which."""
    answers: Mapped[Mapping[str, str]] = mapped_column(default=dict, server_default="{}")
    """What they answered about rows of theirs, by question (`kernel.personal.ErasureQuestion`)."""


class Notification(Entity):
    """A notification to a person: in the bell, by mail, or both. Made once for each event."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("key", "person_id"),
        CheckConstraint("mail IN ('at_once', 'daily', 'never')", name="mail"),
        Index("ix_notice_person", "person_id", "given_at"),
        Index("ix_notice_unsent", "given_at", sqlite_where=text(UNSENT), postgresql_where=text(UNSENT)),
    )

    uuid: Mapped[PublicId]
    person_id: Mapped[int] = personal(erase=Erase.DELETE)
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(120))
    """Names the event: nobody is told of one twice."""
    subject: Mapped[Mapping[str, str]]
    words: Mapped[Mapping[str, str]]
    path: Mapped[str] = mapped_column(String(400))
    """The page of this site that it leads to."""
    given_at: Mapped[Moment]
    in_bell: Mapped[bool]
    read_at: Mapped[Moment | None]
    mail: Mapped[str] = mapped_column(String(8))
    mailed_at: Mapped[Moment | None]
    mail_until: Mapped[Moment | None]
    """After it no mail goes out any more: it would come too late."""
    about_id: Mapped[int | None]
    """The row that the scope of its kind is asked of. No foreign key: which table it is in, the kind knows."""
    source: Mapped[str] = mapped_column(String(60), default="", server_default="")
    """What it comes from and can be muted with; empty also where its kind obliges."""
    thread_key: Mapped[str] = mapped_column(String(100), default="", server_default="")
    list_id: Mapped[str] = mapped_column(String(100), default="", server_default="")
    """By which mail programs show its mail together with others (`kernel.mail.Mail`)."""


class NotificationPreference(Entity):
    """A person's notification preferences for one kind; without a row, those that are usual for it."""

    __tablename__ = "notice_switch"
    __table_args__ = (UniqueConstraint("person_id", "kind"), CheckConstraint("mail IN ('at_once', 'daily', 'never')", name="mail"))

    person_id: Mapped[int] = personal(erase=Erase.DELETE)
    kind: Mapped[str] = mapped_column(String(20))
    in_bell: Mapped[bool]
    mail: Mapped[str] = mapped_column(String(8))


class Broadcast:
    """The columns common to tables of what many people are notified of, in portions by their numbers."""

    id: Mapped[Key]
    told_until: Mapped[int] = mapped_column(default=0)
    """Number of the last person who was told."""
    told: Mapped[int] = mapped_column(default=0)
    """How many were told."""
    told_at: Mapped[Moment | None]
    """When everybody had been told."""
    withdrawn_at: Mapped[Moment | None]


class LinkInvitation:
    """The columns common to tables of invitations of an address by a link; only the hash of its secret is stored."""

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    email: Mapped[str] = mapped_column(String(254))
    """In lower case."""
    language: Mapped[str] = mapped_column(String(2))
    """Of the mail: the language of who invites."""
    secret_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """None until the mail is written, or the link shown to be handed over."""
    invited_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    withdrawn_at: Mapped[Moment | None]


class PendingUpload:
    """The columns common to tables of uploads that await confirmation: nothing of them is in effect yet. Deleted when they expire."""

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    person_id: Mapped[int] = personal()
    """Who sent it; nobody else sees it."""
    name: Mapped[ShortText]
    """Of the file, cleaned; only shown."""
    content: Mapped[bytes] = mapped_column(LargeBinary)
    """As it came."""
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment] = mapped_column(index=True)


class AccountMerge(Base):
    """An account closed because it is the same person's as another, to which it leads. Nothing of it is deleted."""

    __table_args__ = (CheckConstraint("closed_id <> kept_id", name="two"),)

    closed_id: Mapped[int] = personal(primary_key=True)
    kept_id: Mapped[int] = personal(index=True)
    merged_at: Mapped[Moment]
    merged_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
