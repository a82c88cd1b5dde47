"""Tables of people and of how they sign in."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Key, Moment, PublicId, ShortText


class Person(Base):
    """Somebody with an account."""

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    """In lower case; one account an address."""
    email_confirmed_at: Mapped[Moment | None]
    password_hash: Mapped[str] = mapped_column(String(200))
    given_names: Mapped[ShortText]
    first_surname: Mapped[ShortText]
    second_surname: Mapped[ShortText]
    name_key: Mapped[str] = mapped_column(String(1000), server_default="", index=True)
    """Surnames and given names without case and accents, by which lists are sorted and searched (`accounts.rules.name_key`)."""
    language: Mapped[str] = mapped_column(String(2))
    zone: Mapped[str] = mapped_column(String(64))
    theme: Mapped[str] = mapped_column(String(6), default="")
    suspended_at: Mapped[Moment | None]
    created_at: Mapped[Moment]

    @property
    def full_name(self) -> str:
        """Return given names and surnames as they stand on a certificate."""
        return full_name(self.given_names, self.first_surname, self.second_surname)


def full_name(given_names: str, first_surname: str, second_surname: str) -> str:
    """Join the parts of a name that there are."""
    return " ".join(part for part in (given_names, first_surname, second_surname) if part)


class NationalIdentity(Base):
    """A person's national identity number, apart from everything else: only its owner and administrators see it."""

    __tablename__ = "national_identity"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(20))


class Device(Base):
    """One signed-in browser; the cookie holds a random secret, this row its hash."""

    __tablename__ = "device"

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[ShortText]
    """Browser and system in words."""
    address: Mapped[str] = mapped_column(String(45))
    """Network only (/24, /48)."""
    created_at: Mapped[Moment]
    last_seen_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]


class TokenPurpose(StrEnum):
    """What a single-use link is for."""

    CONFIRM = "confirm"
    RESET = "reset"
    SET_UP = "set_up"


class Token(Base):
    """A single-use link sent by mail or printed at the start; only its hash is kept."""

    __tablename__ = "token"
    __table_args__ = (CheckConstraint("purpose IN ('confirm', 'reset', 'set_up')", name="purpose"), Index("ix_token_person", "person_id"))

    id: Mapped[Key]
    purpose: Mapped[str] = mapped_column(String(10))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """Nobody for the first administrator's link."""
    bound_to: Mapped[str] = mapped_column(String(64))
    """Hash of the password hash at that time: a changed password ends the link."""
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]


class RoleGrant(Base):
    """A site role that somebody holds."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("person_id", "role"), CheckConstraint("role IN ('administrator')", name="role"))

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(String(20))
    granted_at: Mapped[Moment]
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Consent(Base):
    """That a person was shown a version of the notice on personal data, and accepted it. Append-only."""

    __tablename__ = "consent"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    notice: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(20))
    at: Mapped[Moment]
