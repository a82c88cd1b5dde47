"""The published keys: DID document, signed list, and the page with the fingerprints (spec/certificates K2)."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import time_machine
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certificates.rules.badges import decoded_base58, host_of, issuer_of, jcs_signing_input, method_of, multikey
from kernel.crypto import raw_public_key, rotate_signing_key
from lms.instance import Instance
from tests.support.badges import ISSUERS, VECTOR_KEY, vector_document
from tests.support.browser import Browser

DID, KEYS = "/.well-known/did.json", "/.well-known/certificate-keys.json"


def _document(browser: Browser, path: str) -> dict[str, Any]:
    browser._request("GET", path)
    assert browser.response.status_code == 200
    document: dict[str, Any] = json.loads(browser.response.get_data())
    return document


def test_an_issuer_is_named_by_its_host() -> None:
    """spec/certificates B2: a port is escaped, as did:web asks."""
    assert issuer_of("https://aulario.example") == "did:web:aulario.example"
    assert method_of("http://localhost:8011", "0123") == "did:web:localhost%3A8011#0123"


def test_an_issuer_is_shown_as_an_address() -> None:
    """spec/certificates attack 14: as text, with its port as people write it."""
    shown = {issuer: host_of(issuer) for issuer in ISSUERS}

    assert shown == ISSUERS
    assert host_of(issuer_of("http://localhost:8011")) == "localhost:8011"


def test_a_key_is_written_as_in_the_golden_files() -> None:
    assert multikey(raw_public_key(VECTOR_KEY.public_key())) == vector_document("keys.json")["ed25519"]["multikey"]


def test_the_did_document_has_every_key_the_current_one_first(browser: Browser, instance: Instance) -> None:
    """spec/certificates K2."""
    before = instance.keys.identifier
    after = rotate_signing_key(instance.settings.data_dir).identifier
    document = _document(browser, DID)

    assert browser.response.content_type == "application/did+json"
    methods = document["verificationMethod"]
    assert [method["id"].rpartition("#")[2] for method in methods] == [after, before]
    assert document["assertionMethod"] == [method["id"] for method in methods]
    assert document["id"].startswith("did:web:")
    assert {method["controller"] for method in methods} == {document["id"]}


def test_the_key_list_is_signed_by_the_current_key(browser: Browser, instance: Instance) -> None:
    """spec/certificates K2: SPKI, certificates, dates, states and fingerprints; changed in one place it does not hold any more."""
    document = _document(browser, KEYS)
    proof = document.pop("proof")
    signature = decoded_base58(proof.pop("proofValue")[1:], 64)
    public: Ed25519PublicKey = instance.keys.current.public_key()

    public.verify(signature, jcs_signing_input(document, proof))
    assert proof["verificationMethod"] == f"{document['issuer']}#{instance.keys.identifier}"
    [line] = document["credentials"]
    assert (line["id"], line["state"]) == (instance.keys.identifier, "current")
    assert line["fingerprint"] == instance.keys.trusted[0].fingerprint
    [seal], [authority] = document["seals"], document["authorities"]
    assert seal["certificate"] != authority["certificate"]
    assert seal["fingerprint"] == sha256(instance.seal_keys.current.certificate_der).hexdigest()
    assert "until" not in line
    assert "PRIVATE" not in json.dumps(document)


def test_the_keys_are_read_by_pages_of_every_site_and_kept_for_an_hour(browser: Browser) -> None:
    """spec/certificates K2: ETag, CORS `*`, cache of an hour."""
    for path in (DID, KEYS):
        _document(browser, path)
        headers = browser.response.headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Cache-Control"] == "public, max-age=3600"
        browser._request("GET", path, headers={"If-None-Match": headers["ETag"]})
        assert browser.response.status_code == 304


def test_a_newer_key_list_is_recognised(browser: Browser, instance: Instance) -> None:
    """Of the same day it is the same, after a rotation and on another day it is newer."""
    created = []
    for moment in ("2027-03-01T09:00Z", "2027-03-01T10:00Z", "2027-03-02T10:00Z"):
        with time_machine.travel(moment, tick=False):
            created.append(_document(browser, KEYS)["proof"]["created"])
    with time_machine.travel("2027-03-02T11:00Z", tick=False):
        rotate_signing_key(instance.settings.data_dir)
        created.append(_document(browser, KEYS)["proof"]["created"])

    assert created == ["2027-03-01T00:00:00Z", "2027-03-01T00:00:00Z", "2027-03-02T00:00:00Z", "2027-03-02T11:00:00Z"]


def test_the_fingerprint_stands_where_codes_are_checked(browser: Browser, instance: Instance) -> None:
    """spec/certificates K2: large, in groups that people compare."""
    keys, fingerprint = instance.keys, instance.keys.trusted[0].fingerprint
    with time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC), tick=False):
        rotate_signing_key(instance.settings.data_dir)
    now = instance.keys.trusted[0].fingerprint

    form = browser.get("/verify")
    assert " ".join(now[start : start + 4] for start in range(0, 64, 4)) in form.text
    page = browser.get("/verify/keys")

    assert keys.identifier != instance.keys.identifier
    assert form.has_link("/verify/keys")
    for printed in (now, fingerprint, instance.seal_keys.trusted[0].fingerprint, instance.seal_keys.authorities[0].fingerprint):
        assert " ".join(printed[start : start + 4] for start in range(0, 64, 4)) in page.text


def test_the_certificate_of_an_authority_is_a_file_that_certifies_the_seal(browser: Browser, instance: Instance) -> None:
    """spec/certificates K2: PDF readers import it; one that does not count is offered nowhere."""
    page = browser.get("/verify/keys")
    [path] = [link for link, _words in page.links if link.endswith(".cer")]
    browser._request("GET", path)
    authority = x509.load_der_x509_certificate(browser.response.get_data())

    assert browser.response.content_type == "application/pkix-cert"
    x509.load_der_x509_certificate(instance.seal_keys.current.certificate_der).verify_directly_issued_by(authority)
    for other in ("nothing", instance.seal_keys.current.identifier):
        browser._request("GET", f"/verify/keys/{other}.cer")
        assert browser.response.status_code == 404
