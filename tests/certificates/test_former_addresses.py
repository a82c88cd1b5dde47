"""A change of address: printed QR codes lead on, and old credentials verify by both names (spec/certificates K5)."""

import json

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from certificates.badges import trusted_keys
from certificates.models import Credential
from certificates.rules.verification import verify_status_list
from kernel.codes import printed_code
from kernel.settings import SettingsError, load
from lms.instance import Instance
from tests.support.certificates import a_certificate

OLD = "https://cursos.example.org"


@pytest.fixture
def credential(app: Flask, instance: Instance) -> Credential:
    """Return what Ana holds, on a site that had another address before."""
    app.extensions["settings"] = instance.settings.model_copy(update={"former_urls": OLD})
    return a_certificate(instance)


def ask(app: Flask, path: str, host: str = "cursos.example.org") -> TestResponse:
    return app.test_client().get(path, base_url=f"https://{host}")


def test_a_printed_code_leads_to_the_present_address(app: Flask, instance: Instance, credential: Credential) -> None:
    """spec/certificates K5: `/v`, `/verify`, and `/acta` of compulsory training, with what follows them."""
    code, present = printed_code(credential.code), instance.settings.public_url
    for path in (f"/v/{code}", f"/verify/{code}?language=en", "/verify", "/v", f"/v/{code}.json", f"/acta/{code}"):
        answer = ask(app, path)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{present}{path}")


def test_documents_are_answered_under_the_name_that_they_were_published_by(app: Flask, instance: Instance, credential: Credential) -> None:
    """spec/certificates K5: the DID document, the keys and the lists state the former address, and hold by it."""
    assert credential.status_list == 1
    did, listed, status = (ask(app, path) for path in ("/.well-known/did.json", "/.well-known/certificate-keys.json", "/status/1"))

    assert json.loads(did.get_data())["id"] == json.loads(listed.get_data())["issuer"] == "did:web:cursos.example.org"
    found = verify_status_list(status.get_data(), trusted_keys(instance.keys, [instance.settings.public_url, OLD]))
    assert found is not None
    assert found.address == f"{OLD}/status/1"


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/sign-in", "cursos.example.org"),
        ("/", "cursos.example.org"),
        ("/verification", "cursos.example.org"),
        ("/actas", "cursos.example.org"),
        ("/verify", "evil.example"),
    ],
)
def test_nothing_else_is_answered_there(app: Flask, credential: Credential, path: str, host: str) -> None:
    """spec/security 3.3: no other page, and no other host."""
    assert credential.code
    assert ask(app, path, host).status_code == 400


def test_former_addresses_are_checked() -> None:
    assert load(former_urls="https://cursos.example.org/, https://aula.example.org").former_addresses == (OLD, "https://aula.example.org")
    with pytest.raises(SettingsError, match="LMS_FORMER_URLS: must look like"):
        load(former_urls="https://cursos.example.org/aula")
