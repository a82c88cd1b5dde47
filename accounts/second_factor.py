"""Second factors of a person: codes of an application, passkeys and recovery codes, made, checked, listed, removed and used up."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pyotp
import segno
from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.orm import Session

from accounts import accounts, people
from accounts.models import PasskeyChallenge, Person, RecoveryCode, SecondFactor
from accounts.people import AccountVerb
from accounts.rules import RECOVERY_LENGTH
from kernel import audit, outbox
from kernel.codes import code_from_bits, read_code
from kernel.compiled_statements import compile_once
from kernel.crypto import lock_text, unlock_text
from kernel.db import connection_of, count_rows
from kernel.errors import N_, Conflict, Invalid, require_found
from kernel.permissions import Actor
from kernel.web.forms import read_json

CODE_STEP = 30
CODE_DRIFT = 1
"""Steps that a phone's clock may be early or late."""


def new_app_secret() -> str:
    """Return a random secret of 160 bits, in base32."""
    return pyotp.random_base32()


def app_address(secret: str, email: str, site: str) -> str:
    """Return the address that an authenticator application reads: whose codes these are, and the secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=site)


def qr_picture(text: str) -> str:
    """Return a QR code as an address that an image can show: black on white also on a dark page."""
    symbol: str = segno.make(text, error="m", micro=False).svg_data_uri(scale=5, border=4, dark="#000", light="#fff")
    return symbol


def step_of_code(secret: str, code: str, *, after: int, now: datetime) -> int | None:
    """Return the time step whose code this is, later than the last one that was used, or nothing.

    Codes follow RFC 6238: SHA-1, six digits, thirty seconds.
    """
    present = int(now.timestamp()) // CODE_STEP
    codes = pyotp.TOTP(secret)
    matching = [
        step for step in range(present - CODE_DRIFT, present + CODE_DRIFT + 1) if pyotp.utils.strings_equal(codes.generate_otp(step), code)
    ]
    return next((step for step in matching if step > after), None)


if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

# The library takes a sixth of a second to import: its functions are imported where they are needed.

UNREADABLE = (ValueError, KeyError, TypeError, RecursionError)
"""What the library lets through of an answer that is no answer."""
LONGEST_NAME = 1023
"""Bytes of a credential's name (WebAuthn level 3, 7.1, step 25)."""
NAME = re.compile(r"[A-Za-z0-9_-]{1,1364}")
"""A credential's name as its answer writes it: base64url."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys of this instance hold."""

    host: str
    origin: str
    name: str


def _described(credentials: Sequence[str]) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn.helpers import base64url_to_bytes  # noqa: PLC0415 - see above
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor  # noqa: PLC0415 - see above

    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(credential)) for credential in credentials]


def creation(site: Site, challenge: bytes, *, handle: bytes, email: str, name: str, known: Sequence[str]) -> str:
    """Return the JSON that asks a browser for a new passkey; those that are known are not made again."""
    import webauthn  # noqa: PLC0415 - see above
    from webauthn.helpers import structs  # noqa: PLC0415 - see above

    wish = structs.AuthenticatorSelectionCriteria(
        resident_key=structs.ResidentKeyRequirement.DISCOURAGED, user_verification=structs.UserVerificationRequirement.PREFERRED
    )
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=handle,
        user_name=email,
        user_display_name=name,
        challenge=challenge,
        authenticator_selection=wish,
        exclude_credentials=_described(known),
    )
    return webauthn.options_to_json(options)


def request(site: Site, challenge: bytes, known: Sequence[str]) -> str:
    """Return the JSON that asks a browser to use one of these passkeys."""
    import webauthn  # noqa: PLC0415 - see above

    return webauthn.options_to_json(
        webauthn.generate_authentication_options(rp_id=site.host, challenge=challenge, allow_credentials=_described(known))
    )


def _read(answer: str) -> dict[str, Any]:
    """Return the object that a browser sent; raise ValueError for anything else, which the library takes for one."""
    sent = read_json(answer)
    if not isinstance(sent, dict):
        raise ValueError("not an object")  # noqa: TRY004 - a wrong answer, not a wrong call
    return sent


def passkey_factor(site: Site, challenge: bytes, answer: str, name: str) -> SecondFactor:
    """Return the passkey that a browser made, for `add`; raise Invalid where the answer is not right."""
    import webauthn  # noqa: PLC0415 - see above
    from webauthn.helpers import bytes_to_base64url  # noqa: PLC0415 - see above
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - see above

    try:
        registration = webauthn.verify_registration_response(
            credential=_read(answer), expected_challenge=challenge, expected_rp_id=site.host, expected_origin=site.origin
        )
    except (WebAuthnException, *UNREADABLE) as error:
        raise Invalid(N_("The passkey could not be checked. Try again.")) from error
    if len(registration.credential_id) > LONGEST_NAME:
        raise Invalid(N_("The passkey could not be checked. Try again."))
    return SecondFactor(
        kind=FactorKind.PASSKEY.value,
        name=name,
        secret=bytes_to_base64url(registration.credential_public_key),
        credential=bytes_to_base64url(registration.credential_id),
        counter=registration.sign_count,
    )


def credential_of(answer: str) -> str:
    """Return which passkey an answer says it is of; raise Invalid where it is no answer."""
    from webauthn.helpers import parse_authentication_credential_json  # noqa: PLC0415 - see above
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - see above

    try:
        credential: str = parse_authentication_credential_json(_read(answer)).id
    except (WebAuthnException, *UNREADABLE) as error:
        raise Invalid(N_("The passkey could not be checked. Try again.")) from error
    if not NAME.fullmatch(credential):
        raise Invalid(N_("The passkey could not be checked. Try again."))
    return credential


def used(site: Site, challenge: bytes, answer: str, *, public_key: str, counter: int) -> int:
    """Return the count of a passkey whose answer is right; raise Invalid where it is not, or the passkey is a copy."""
    import webauthn  # noqa: PLC0415 - see above
    from webauthn.helpers import base64url_to_bytes  # noqa: PLC0415 - see above
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - see above

    try:
        verification = webauthn.verify_authentication_response(
            credential=_read(answer),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(public_key),
            credential_current_sign_count=counter,
        )
    except (WebAuthnException, *UNREADABLE) as error:
        raise Invalid(N_("The passkey could not be checked. Try again.")) from error
    return verification.new_sign_count


LOCKED_FOR = "second factor"
MOST = 10
CODES = 8
CHALLENGE_LIFE = timedelta(minutes=5)


class FactorKind(StrEnum):
    """Kinds of second factors."""

    APP = "app"
    PASSKEY = "passkey"


def app_factor(keys: Sequence[bytes], name: str, secret: str, step: int) -> SecondFactor:
    """Return an application whose code of a step was right, for `add`."""
    return SecondFactor(kind=FactorKind.APP.value, name=name, secret=lock_text(keys, LOCKED_FOR, secret), counter=step)


def list_factors(session: Session, person_id: int) -> list[SecondFactor]:
    """List a person's second factors, the oldest first."""
    statement = select(SecondFactor).where(SecondFactor.person_id == person_id).order_by(SecondFactor.id)
    return list(session.scalars(statement.limit(MOST)))


_HAS_FACTOR = compile_once(select(exists().where(SecondFactor.person_id == bindparam("person_id"))))


def has_factor(session: Session, person_id: int) -> bool:
    """Return whether a person has a second factor."""
    return bool(connection_of(session).scalar(_HAS_FACTOR, {"person_id": person_id}))


def get_own_factor(session: Session, person_id: int, factor: UUID) -> SecondFactor:
    """Return one of a person's second factors; raise NotFound for anybody else's."""
    return require_found(session.scalar(select(SecondFactor).where(SecondFactor.uuid == factor, SecondFactor.person_id == person_id)))


def codes_left(session: Session, person_id: int) -> int:
    """Count a person's recovery codes that were not used."""
    unused = (RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return count_rows(session, RecoveryCode, *unused)


def add(session: Session, actor: Actor, person: Person, factor: SecondFactor, *, now: datetime) -> list[str]:
    """Give a person a second factor that was shown to work; return the recovery codes if it is the first.

    Other sessions end, and a mail notifies them.
    """
    session.get(Person, person.id, with_for_update=True)
    present = list_factors(session, person.id)
    if len(present) >= MOST:
        raise Conflict(N_("Remove one first. You can have up to ten."))
    factor.person_id, factor.created_at = person.id, now
    session.add(factor)
    _changed(session, actor, person, AccountVerb.FACTOR_ADDED, now=now, kind=factor.kind)
    return [] if present else _new_codes(session, person.id)


def remove(session: Session, actor: Actor, person: Person, factor: SecondFactor, *, required: bool, now: datetime) -> None:
    """Take one of a person's second factors away, with the last one their recovery codes; raise Conflict where one has to stay."""
    session.get(Person, person.id, with_for_update=True)
    if len(list_factors(session, person.id)) == 1:
        if required:
            raise Conflict(N_("Your role requires a second step. Add another one first."))
        accounts.require_local_administrator(session, person)
        session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    session.execute(delete(SecondFactor).where(SecondFactor.id == factor.id))
    _changed(session, actor, person, AccountVerb.FACTOR_REMOVED, now=now, kind=factor.kind)


def relock(session: Session, keys: Sequence[bytes]) -> int:
    """Lock the secrets of all applications with the newest key; return how many there are."""
    statement = select(SecondFactor).where(SecondFactor.kind == FactorKind.APP.value).order_by(SecondFactor.id)
    rows = session.scalars(statement.with_for_update()).all()
    for row in rows:
        secret = unlock_text(keys, LOCKED_FOR, row.secret)
        if secret is not None:
            row.secret = lock_text(keys, LOCKED_FOR, secret)
    return len(rows)


def remove_all(session: Session, actor: Actor, person: Person, *, now: datetime) -> None:
    """Remove every second factor of a person who lost them; every session ends. For administrators and server operators."""
    accounts.require_local_administrator(session, person)
    forget(session, person.id)
    _changed(session, actor, person, AccountVerb.FACTOR_REMOVED, now=now, kind="all")


def forget(session: Session, person_id: int) -> None:
    """Delete every second factor and code of a person."""
    for table in (SecondFactor, RecoveryCode, PasskeyChallenge):
        session.execute(delete(table).where(table.person_id == person_id))


def renew_codes(session: Session, actor: Actor, person: Person, *, now: datetime) -> list[str]:
    """Give a person new recovery codes; the old ones end."""
    if not has_factor(session, person.id):
        raise Conflict
    _changed(session, actor, person, AccountVerb.CODES_MADE, now=now)
    return _new_codes(session, person.id)


def _new_codes(session: Session, person_id: int) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = [code_from_bits(secrets.randbits(5 * RECOVERY_LENGTH), RECOVERY_LENGTH) for _code in range(CODES)]
    session.add_all(RecoveryCode(person_id=person_id, code_hash=people.hash_of(code)) for code in codes)
    return codes


def _changed(session: Session, actor: Actor, person: Person, verb: AccountVerb, *, now: datetime, **facts: object) -> None:
    keep = actor.device_id if actor.person_id == person.id else None
    accounts.end_devices(session, person.id, now=now, but=keep)
    audit.record(session, actor, verb, person, now=now, **facts)
    outbox.enqueue(session, "accounts.send_factor_changed", {"person": person.id}, now=now)


def use_code(session: Session, actor: Actor, person_id: int, typed: str, keys: Sequence[bytes], *, now: datetime) -> bool:
    """Return whether a code of an application or a recovery code is right, and use it up: neither works twice."""
    recovery, code = read_code(typed, RECOVERY_LENGTH), "".join(typed.split())
    if recovery is not None:
        return _use_recovery_code(session, actor, person_id, recovery, now=now)
    for factor in list_factors(session, person_id):
        secret = unlock_text(keys, LOCKED_FOR, factor.secret) if factor.kind == FactorKind.APP.value else None
        step = step_of_code(secret, code, after=factor.counter, now=now) if secret else None
        if step is not None:
            return _count(session, factor, step, now=now)
    return False


def _count(session: Session, factor: SecondFactor, counter: int, *, now: datetime) -> bool:
    """Keep how far a factor has counted; of two uses at one moment, one succeeds."""
    own = (SecondFactor.id == factor.id, SecondFactor.counter < counter)
    use = update(SecondFactor).where(*own).values(counter=counter, last_used_at=now)
    return session.execute(use.returning(SecondFactor.id)).one_or_none() is not None


def _use_recovery_code(session: Session, actor: Actor, person_id: int, code: str, *, now: datetime) -> bool:
    mine = (RecoveryCode.person_id == person_id, RecoveryCode.code_hash == people.hash_of(code), RecoveryCode.used_at.is_(None))
    used = session.execute(update(RecoveryCode).where(*mine).values(used_at=now).returning(RecoveryCode.id)).one_or_none()
    if used is None:
        return False
    person = people.get_person(session, person_id)
    audit.record(session, actor, AccountVerb.CODE_USED, person, now=now)
    outbox.enqueue(session, "accounts.send_code_used", {"person": person_id}, now=now)
    return True


def make_challenge(session: Session, person_id: int, *, now: datetime) -> bytes:
    """Make the text that a person's passkey is to sign; an earlier one ends."""
    challenge = secrets.token_urlsafe(32)
    session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.person_id == person_id))
    session.add(PasskeyChallenge(person_id=person_id, challenge=challenge, expires_at=now + CHALLENGE_LIFE))
    return challenge.encode()


def take_challenge(session: Session, person_id: int, *, now: datetime) -> bytes:
    """Return the text that was to be signed, and use it up; raise Invalid where there is none in time."""
    mine = (PasskeyChallenge.person_id == person_id, PasskeyChallenge.expires_at > now)
    challenge: str | None = session.scalar(delete(PasskeyChallenge).where(*mine).returning(PasskeyChallenge.challenge))
    if challenge is None:
        raise Invalid(N_("The passkey took too long. Try again."))
    return challenge.encode()


def use_passkey(session: Session, person_id: int, site: Site, answer: str, *, now: datetime) -> None:
    """Check what a passkey signed, and keep its count; raise Invalid."""
    credential = credential_of(answer)
    statement = select(SecondFactor).where(SecondFactor.person_id == person_id, SecondFactor.credential == credential)
    factor, challenge = session.scalar(statement), take_challenge(session, person_id, now=now)
    if factor is None:
        raise Invalid(N_("The passkey could not be checked. Try again."))
    factor.counter = used(site, challenge, answer, public_key=factor.secret, counter=factor.counter)
    factor.last_used_at = now


def credentials_of(session: Session, person_id: int) -> list[str]:
    """List what a browser knows a person's passkeys by."""
    return [factor.credential for factor in list_factors(session, person_id) if factor.credential is not None]
