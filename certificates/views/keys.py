"""Keys for everybody: the DID document, lists of keys and of states, badges, and the page of who signed when (spec/certificates K2)."""

import json

from flask import Blueprint, Response, make_response, request

from certificates import credentials
from certificates.access import CertificateAction, CredentialContext, decides
from certificates.badges import BadgeSigner, badge_content, find_status_list, signed_status_list
from certificates.keys import own_did_document, signed_key_list
from certificates.rules.badges import Document
from certificates.rules.credentials import CredentialState
from certificates.rules.status_lists import StatusPurpose
from certificates.rules.verification import BadgeForm
from kernel import clock
from kernel.codes import printed_code
from kernel.errors import N_, Gone, NotFound, require_found
from kernel.keys import KeyState
from kernel.web.former_hosts import find_former_address
from kernel.web.instance_keys import current_keys, current_seal_keys
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import conditional, current_actor, current_session, current_settings, page, public, requires, site_address

keys_bp = Blueprint("certificates_keys", __name__)

KEPT_FOR_AN_HOUR = "public, max-age=3600"


def published(document: Document, content_type: str, *, cache_control: str = KEPT_FOR_AN_HOUR) -> Response:
    """Send a document that pages of every site may read; its tag is that of its content."""
    response = make_response(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    response.content_type = content_type
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = cache_control
    response.add_etag()
    return conditional(response)


def requested_address() -> str:
    """Return the address of the site under which a document is asked for: a former one, or the present one."""
    return find_former_address(current_settings(), request.host) or site_address()


@keys_bp.get("/.well-known/did.json")
@public("everybody may read the keys: keys.read")
def did() -> Response:
    """Send the DID document, by which programs of others find the keys of credentials."""
    return published(own_did_document(requested_address(), current_keys()), "application/did+json")


@keys_bp.get("/.well-known/certificate-keys.json")
@public("everybody may read the keys: keys.read")
def key_list() -> Response:
    """Send the signed list of every key."""
    document = signed_key_list(requested_address(), current_keys(), current_seal_keys(), now=clock.now())
    return published(document, "application/json")


@keys_bp.get("/verify/keys/<identifier>.cer")
@public("everybody may read the keys: keys.read")
def authority_certificate(identifier: str) -> Response:
    """Send the certificate of an authority that counts, as PDF readers import it (DER)."""
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


@keys_bp.get("/verify/keys")
@public("everybody may read the keys: keys.read")
def keys() -> Response:
    """Show the fingerprints of the keys, each with its dates and its state, and why one does not count any more."""
    signing, seals = current_keys(), current_seal_keys()
    groups = {"credentials": signing.trusted, "seals": seals.trusted, "authorities": seals.authorities}
    return page(
        "certificates/keys.html",
        groups=groups,
        is_compromised=any(key.state is KeyState.COMPROMISED for published_keys in groups.values() for key in published_keys),
    )


status_lists_bp = Blueprint("certificates_status", __name__)

ASKED_EACH_TIME = "public, no-cache"


@status_lists_bp.get("/status/<int:number>")
@public("says of no place whose it is: status.read")
def ended(number: int) -> Response:
    """Send the list of what is not in force any more: revoked, or replaced."""
    return _status_list(number, StatusPurpose.REVOCATION)


@status_lists_bp.get("/status/<int:number>/replaced")
@public("says of no place whose it is: status.read")
def replaced(number: int) -> Response:
    """Send the list of what was replaced by another one."""
    return _status_list(number, StatusPurpose.REFRESH)


def _status_list(number: int, purpose: StatusPurpose) -> Response:
    session = current_session()
    row = require_found(find_status_list(session, number) if number < 2**31 else None)
    document = signed_status_list(session, row, purpose, requested_address(), current_keys(), now=clock.now())
    return published(document, "application/vc+ld+json", cache_control=ASKED_EACH_TIME)


badges_bp = Blueprint("certificates_badges", __name__)

LOOK_UPS = limit("verify", "60 per minute")
CONTENT_TYPES = {
    BadgeForm.JSON: "application/vc+ld+json",
    BadgeForm.JWT: "application/vc+jwt",
    BadgeForm.PNG: "image/png",
    BadgeForm.SVG: "image/svg+xml",
}


@badges_bp.get("/v/<code>.json", defaults={"form": "json"})
@badges_bp.get("/v/<code>.jwt", defaults={"form": "jwt"})
@badges_bp.get("/v/<code>.png", defaults={"form": "png"})
@badges_bp.get("/v/<code>.svg", defaults={"form": "svg"})
@requires(CertificateAction.BADGE, credentials.get_by_code)
def badge(subject: CredentialContext) -> Response:
    """Give the badge of a certificate; the team of its course has that of a revoked one too, and nobody that of a replaced one."""
    limiter().use(LOOK_UPS, client_key())
    if subject.state is CredentialState.REPLACED:
        raise Gone(N_("This certificate was replaced by another one, which can be downloaded."))
    if subject.state is CredentialState.REVOKED and not decides(current_actor(), subject):
        raise Gone(N_("This certificate has been revoked and can no longer be downloaded."))
    if credentials.is_holder_deleted(current_session(), subject.row):
        raise Gone(N_("The person's data were deleted at their request."))
    content = require_found(badge_content(subject.row, site_address()))
    form = BadgeForm((request.view_args or {})["form"])
    response = make_response(BadgeSigner(site_address(), current_keys()).file(content, form))
    response.content_type = CONTENT_TYPES[form]
    response.headers["Content-Disposition"] = f'attachment; filename="badge-{printed_code(subject.row.code)}.{form.value}"'
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    response.add_etag()
    return conditional(response)
