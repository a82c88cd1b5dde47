"""The page that verifies without a network: what stands in it, and that every process gives the same one (spec/certificates V6, V8)."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from certificates import credentials
from certificates.badges import trusted_keys
from certificates.models import Credential
from certificates.rules.credentials import RevocationReason
from certificates.rules.verification import verify_status_list
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.certificates import a_certificate
from tests.support.commands import commands_on


@pytest.fixture
def credential(instance: Instance) -> Credential:
    """Return what Ana holds."""
    return a_certificate(instance)


def page_of(browser: Browser) -> str:
    browser._request("GET", "/verify/offline.html")
    assert browser.response.status_code == 200
    text: str = browser.response.get_data(as_text=True)
    return text


def trusted_in(page: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="trusted">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    trusted: dict[str, object] = json.loads(found[1])
    return trusted


def test_the_page_holds_our_keys_and_the_lists_of_today(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates V6: a revocation stands in it with the next request."""
    trusted = trusted_in(page_of(browser))
    address = str(trusted["address"])
    keys, lists = trusted["keys"], trusted["lists"]
    assert isinstance(keys, list)
    assert isinstance(lists, list)
    assert keys[0]["method"].endswith(f"#{instance.keys.identifier}")
    assert len(lists) == 2
    with instance.database.unit_of_work() as session:
        row = session.get_one(Credential, credential.id)
        credentials.revoke_credential(session, SYSTEM, row, RevocationReason.IRREGULARITY, "Copió.", now=clock.now())
    after = trusted_in(page_of(browser))["lists"]
    assert isinstance(after, list)
    before, now = (verify_status_list(json.dumps(one[0]).encode(), trusted_keys(instance.keys, (address,))) for one in (lists, after))
    assert before is not None
    assert now is not None
    assert credential.status_place is not None
    assert (before.is_set(credential.status_place), now.is_set(credential.status_place)) == (False, True)


def test_the_command_writes_the_page_of_the_web(
    browser: Browser,
    instance: Instance,
    credential: Credential,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """spec/certificates V8: the same bytes, with the checksum and the signature that stand on /verify."""
    monkeypatch.setenv("LMS_PUBLIC_URL", instance.settings.public_url or "")
    lms = commands_on(instance.settings, monkeypatch, capsys)

    said = lms("certificates", "offline-page", "--out", tmp_path / "page.html")

    written, on_the_web, verifying = (tmp_path / "page.html").read_bytes(), page_of(browser).encode(), browser.get("/verify").text
    assert said.code == 0
    assert written == on_the_web
    assert hashlib.sha256(written).hexdigest() in said.out
    signature = re.search(r"[\w-]{86}==", said.out)
    assert signature is not None
    assert signature[0] in verifying


def test_checksum_and_signature_stand_where_one_verifies(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates V8, V6: the bytes are the same each time, and a browser may open no address from it."""
    content = page_of(browser)
    policy, tag = browser.response.headers["Content-Security-Policy"], browser.response.headers["ETag"]
    assert page_of(browser) == content
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    browser._request("GET", "/verify/offline.html", headers={"If-None-Match": tag})
    assert browser.response.status_code == 304
    page = browser.get("/verify")
    assert page.has_link("/verify/offline.html")
    assert hashlib.sha256(content.encode()).hexdigest() in page.text
    signature = re.search(r"[\w-]{86}==", page.html)
    assert signature is not None
    instance.keys.public[instance.keys.identifier].verify(base64.urlsafe_b64decode(signature[0]), content.encode())
