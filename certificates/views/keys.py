"""Keys for everybody: the DID document, the signed list of keys, and a page that says who signed when (spec/certificates K2)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import Blueprint, Response, make_response, render_template, request

from certificates.rules.profiles import Document
from certificates.services.published_keys import own_did_document, signed_key_list
from kernel import clock
from kernel.errors import NotFound
from kernel.keys import KeyState, PublishedKey
from kernel.web.former_hosts import find_former_address
from kernel.web.instance_keys import current_keys, current_seal_keys
from kernel.web.request import current_settings, public, site_address

bp = Blueprint("certificates_keys", __name__)

KEPT_FOR_AN_HOUR = "public, max-age=3600"


def published(document: Document, content_type: str, *, cache_control: str = KEPT_FOR_AN_HOUR) -> Response:
    """Answer with a document that pages of every site may read; its tag is that of its content."""
    response = make_response(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    response.content_type = content_type
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = cache_control
    response.add_etag()
    return cast("Response", response.make_conditional(request))


def requested_address() -> str:
    """Return the address of the site under which a document is asked for: a former one, or the present one."""
    return find_former_address(current_settings(), request.host) or site_address()


@bp.get("/.well-known/did.json")
@public
def did() -> Response:
    """Answer the DID document, by which programs of others find the keys of credentials."""
    return published(own_did_document(requested_address(), current_keys()), "application/did+json")


@bp.get("/.well-known/certificate-keys.json")
@public
def key_list() -> Response:
    """Answer the signed list of every key."""
    document = signed_key_list(requested_address(), current_keys(), current_seal_keys(), now=clock.now())
    return published(document, "application/json")


@dataclass(frozen=True, slots=True)
class KeyPageView:
    """A key as its page shows it."""

    state: str
    begun_at: datetime | None
    ended_at: datetime | None
    compromised_since: datetime | None
    reason: str
    fingerprint: str
    identifier: str
    """Of a key whose certificate can be downloaded; empty for others."""


def _line(key: PublishedKey) -> KeyPageView:
    history = key.history
    fingerprint = key.printed_fingerprint
    identifier = key.identifier if key.certificate and key.state is not KeyState.COMPROMISED else ""
    return KeyPageView(
        key.state.value, history.begun_at, history.ended_at, history.compromised_since, history.reason, fingerprint, identifier
    )


@bp.get("/verify/keys/<identifier>.cer")
@public
def authority_certificate(identifier: str) -> Response:
    """Answer the certificate of an authority that counts, as PDF readers import it (DER)."""
    authorities = current_seal_keys().authorities
    key = next(
        (authority for authority in authorities if authority.identifier == identifier and authority.state is not KeyState.COMPROMISED), None
    )
    if key is None or not key.certificate:
        raise NotFound
    response = make_response(key.certificate)
    response.content_type = "application/pkix-cert"
    response.headers["Content-Disposition"] = f'attachment; filename="{identifier}.cer"'
    response.headers["Cache-Control"] = KEPT_FOR_AN_HOUR
    return response


@bp.get("/verify/keys")
@public
def keys() -> str:
    """Show the fingerprints of the keys, each with its dates and its state, and why one does not count any more."""
    signing, seals = current_keys(), current_seal_keys()
    groups = {"credentials": signing.trusted, "seals": seals.trusted, "authorities": seals.authorities}
    return render_template(
        "certificates/keys.html",
        groups={name: [_line(key) for key in published_keys] for name, published_keys in groups.items()},
        is_compromised=any(key.state is KeyState.COMPROMISED for published_keys in groups.values() for key in published_keys),
    )
