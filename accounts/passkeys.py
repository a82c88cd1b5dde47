"""Passkeys (WebAuthn level 2): what a browser is asked, and whether its answer is right. Attestation is not asked for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kernel.errors import N_, Invalid
from kernel.web.forms import read_json

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


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """The stored data of a new passkey."""

    credential: str
    public_key: str
    counter: int


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
    """Return what a browser sent; raise ValueError where it is no object, which the library takes for one."""
    sent = read_json(answer)
    if not isinstance(sent, dict):
        raise ValueError("not an object")  # noqa: TRY004 - a wrong answer, not a wrong call
    return sent


def made(site: Site, challenge: bytes, answer: str) -> NewPasskey:
    """Return the passkey that a browser made; raise Invalid where the answer is not right."""
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
    return NewPasskey(
        bytes_to_base64url(registration.credential_id), bytes_to_base64url(registration.credential_public_key), registration.sign_count
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
