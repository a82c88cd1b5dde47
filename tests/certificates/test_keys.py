"""The published keys (spec/certificates K2), and a key that came into other hands: what it signed afterwards does not count.

spec/certificates K4.
"""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select, update

from certificates import keys
from certificates.badges import BadgeSigner, badge_content
from certificates.credentials import list_signers, signed_content
from certificates.models import Credential
from certificates.rules.badges import decoded_base58, host_of, issuer_of, jcs_signing_input, method_of, multikey
from certificates.rules.credentials import canonical_content
from kernel import clock
from kernel.audit import AuditEntry
from kernel.codes import printed_code
from kernel.crypto import compromise_signing_key, raw_public_key, rotate_signing_key, signing_keys
from kernel.keys import KeyCompromise, KeyState, compromise_seal_key, seal_keys
from kernel.outbox import deliver_waiting
from lms.instance import Instance
from tests.support.badges import ISSUERS, VECTOR_KEY, vector_document
from tests.support.browser import Browser
from tests.support.builders import a_course
from tests.support.certificates import a_certificate, complete
from tests.support.commands import Command, commands_on
from tests.support.wording import in_spanish

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


@pytest.fixture
def lms(instance: Instance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run commands on the instance of this test."""
    return commands_on(instance.settings, monkeypatch, capsys)


SINCE = datetime(2026, 11, 1, tzinfo=UTC)
COMPROMISE = KeyCompromise(SINCE, SINCE + timedelta(days=3), "Se perdió\nun equipo.")


def holds(instance: Instance, row: Credential) -> bool:
    """Return whether a credential holds by the key that it names."""
    with instance.database.unit_of_work(write=False) as session:
        content = canonical_content(signed_content(row, list_signers(session, row)))
    return instance.keys.counts(row.key_id) and instance.keys.verifies(row.key_id, content, row.signature)


def rows_of(instance: Instance) -> list[Credential]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Credential).order_by(Credential.id)))


def test_the_key_that_signs_gives_its_place_to_a_new_one(tmp_path: Path) -> None:
    """spec/certificates K4: since when and why stands in its file, and in what is published."""
    before = signing_keys(tmp_path)
    after = compromise_signing_key(tmp_path, before.identifier, COMPROMISE)

    assert after.identifier != before.identifier
    assert [key.state for key in after.trusted] == [KeyState.CURRENT, KeyState.COMPROMISED]
    assert after.trusted[1].history.compromised_since == SINCE
    assert after.trusted[1].history.reason == "Se perdió un equipo."
    assert after.counts(after.identifier)
    assert not after.counts(before.identifier)
    assert not after.counts("0123456789abcdef")


def test_only_that_key_of_several_is_marked(tmp_path: Path) -> None:
    first = signing_keys(tmp_path)
    second = rotate_signing_key(tmp_path)
    after = compromise_signing_key(tmp_path, first.identifier, COMPROMISE)

    assert after.identifier == second.identifier
    assert [key.state for key in after.trusted] == [KeyState.CURRENT, KeyState.COMPROMISED]


@pytest.mark.parametrize("with_authority", [False, True])
def test_a_seal_or_its_authority_is_marked(tmp_path: Path, with_authority: bool) -> None:
    """spec/certificates K4, attack 6: of an authority there is a new one, and a new seal by it."""
    before = seal_keys(tmp_path, "Escuela")
    lost = before.authority if with_authority else before.current
    after = compromise_seal_key(tmp_path, "Escuela", lost.identifier, COMPROMISE)

    states = {key.identifier: key.state for key in (*after.trusted, *after.authorities)}
    assert states[lost.identifier] is KeyState.COMPROMISED
    assert states[after.current.identifier] is states[after.authority.identifier] is KeyState.CURRENT
    assert (after.authority.identifier != before.authority.identifier) == with_authority
    assert after.current.identifier != before.current.identifier


def test_the_register_is_signed_anew_and_others_are_left(
    lms: Command, browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/certificates K4: in portions; a row that somebody changed is not made sound by it, and is named."""
    monkeypatch.setattr(keys, "PORTION", 2)
    course = a_course(instance, modules=1)
    for name in ("ana", "otra", "tercera"):
        complete(instance, course, f"{name}@example.org")
    deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work() as session:
        changed = session.scalars(select(Credential).order_by(Credential.id)).all()[1]
        changed.person_name = "Otro Nombre"
    lost = instance.keys.identifier

    said = lms("secrets", "compromised", lost, "--since", "2026-11-01", "--reason", "Se perdió un equipo.")
    first, second, third = rows_of(instance)

    assert said.code == 1
    assert changed.code in said.err
    assert [row.key_id for row in (first, second, third)] == [instance.keys.identifier, lost, instance.keys.identifier]
    assert [holds(instance, row) for row in (first, second, third)] == [True, False, True]
    page = browser.get("/verify/keys")
    assert "Se perdió un equipo." in page.text
    browser._request("GET", "/.well-known/certificate-keys.json")
    listed = json.loads(browser.response.get_data())["credentials"]
    assert [(key["id"], key["state"]) for key in listed] == [(instance.keys.identifier, "current"), (lost, "compromised")]
    assert (listed[1]["compromised_since"], listed[1]["reason"]) == ("2026-11-01T00:00:00Z", "Se perdió un equipo.")
    browser._request("GET", "/.well-known/did.json")
    document = json.loads(browser.response.get_data())
    assert lost in json.dumps(document["verificationMethod"])
    assert lost not in json.dumps(document["assertionMethod"])
    with instance.database.unit_of_work(write=False) as session:
        facts = session.execute(select(AuditEntry.facts).where(AuditEntry.verb == "key.compromised")).scalar_one()
    assert json.loads(facts)["signed"] == 2


def test_what_the_register_does_not_know_counts_no_more(browser: Browser, instance: Instance) -> None:
    """spec/certificates K4: a row that the compromised key signs afterwards is not confirmed."""
    row = a_certificate(instance)
    compromise_signing_key(instance.settings.data_dir, row.key_id, COMPROMISE)

    page = browser.get(f"/verify/{printed_code(row.code)}")

    assert not holds(instance, row)
    assert in_spanish("Altered or not issued here") in page.text


def test_a_record_whose_key_is_not_here_is_not_called_altered(browser: Browser, instance: Instance) -> None:
    """spec/certificates V2: a site put back without its older keys cannot judge, and accuses nobody."""
    row = a_certificate(instance)
    with instance.database.unit_of_work(write=True) as session:
        session.execute(update(Credential).values(key_id="0" * 16))

    page = browser.get(f"/verify/{printed_code(row.code)}")

    assert in_spanish("It cannot be checked now") in page.text
    assert in_spanish("Altered or not issued here") not in page.text
    assert in_spanish("Genuine and in force") not in page.text


def test_a_badge_of_the_lost_key_counts_where_the_register_says_the_same(browser: Browser, instance: Instance) -> None:
    """spec/certificates K4: one with another name, or that the register does not know, is altered."""
    row, address = a_certificate(instance), "http://localhost:8000"
    content, signer = badge_content(row, address), BadgeSigner(address, instance.keys)
    assert content is not None
    forged, unknown = replace(content, person_name="Otra Persona"), replace(content, address=f"{address}/v/0000-1111-2222-3333")
    files = [(BytesIO(signer.document(one)), "badge.json") for one in (content, forged, unknown)]
    later = clock.now() + timedelta(minutes=1)
    compromise_signing_key(instance.settings.data_dir, row.key_id, KeyCompromise(later, later, "Se perdió."))

    browser.get("/verify")
    page = browser.post("/verify", data={"files": files})

    verdicts = re.findall(r'<h2 id="file-\d+">(.*?)</h2>', page.html)
    assert verdicts == [in_spanish("Genuine and in force"), *[in_spanish("Altered or not issued here")] * 2]
    assert "Otra Persona" not in page.text


@pytest.mark.parametrize(("key", "since"), [("0123456789abcdef", "2026-11-01"), ("", "2999-01-01")])
def test_an_unknown_key_or_a_moment_to_come_is_refused(lms: Command, instance: Instance, key: str, since: str) -> None:
    before = instance.keys.identifier

    said = lms("secrets", "compromised", key or before, "--since", since)

    assert said.code == 1
    assert instance.keys.identifier == before
