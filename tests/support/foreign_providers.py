"""Identity providers that others wrote, as processes on this machine: a plain one, and a certified one of Node (spec/identity 13)."""

import http.client
import json
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.support.missing import note
from tests.support.programs import program
from tests.support.project import ROOT
from tests.support.server import free_port
from tests.support.soon import until

FOLDER = ROOT / "tests" / "federation" / "certified"
CLIENT_ID, CLIENT_SECRET = "aulario", "un secreto de prueba, y bastante largo"
Claims = Mapping[str, Mapping[str, Any]]


class ForeignProvider(ABC):
    """A provider that runs; a new start has new keys, the same address and the same accounts."""

    has_claims_in_token = True
    """Not only in its userinfo."""
    has_sessions = False
    """Of its own: it ends ours with them, by the back channel."""

    def __init__(self, site: str, key: str, accounts: Claims) -> None:
        self.site, self.key, self.accounts = site, key, accounts
        self.port = free_port()
        self.issuer = f"http://localhost:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return how it is started."""

    @abstractmethod
    def sign_in(self, page: Page, subject: str) -> None:
        """Sign in at its page, which is open, and come back."""

    def confirm_sign_out(self, page: Page) -> None:
        """Press the first button of its page of sign-out, which is open."""
        page.locator("button[type=submit]").first.click()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            [program("node") if isinstance(self, CertifiedProvider) else sys.executable, *self.command()],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._answers)

    def _answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/.well-known/openid-configuration")
            status = connection.getresponse().status
            connection.close()
            return status == 200
        return False

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def change_keys(self) -> None:
        """Start it anew, with other keys."""
        self.stop()
        self.start()


class PlainProvider(ForeignProvider):
    """`oidc-provider-mock`, which signs in by one press, knows no sessions and does not look at PKCE."""

    def command(self) -> Sequence[str]:
        """Return how it is started."""
        people = [json.dumps({"sub": subject, **claims}) for subject, claims in self.accounts.items()]
        options = [part for person in people for part in ("--user-claims", person)]
        return ["-W", "ignore", "-m", "oidc_provider_mock", "--port", str(self.port), *options]

    def sign_in(self, page: Page, subject: str) -> None:
        """Press the button of a person."""
        page.click(f"button[name=sub][value='{subject}']")


class CertifiedProvider(ForeignProvider):
    """`oidc-provider` of npm, which requires PKCE and ends sessions by the back channel."""

    has_claims_in_token = False
    has_sessions = True

    def command(self) -> Sequence[str]:
        """Return how it is started."""
        if not (FOLDER / "node_modules").is_dir():
            command = f"npm ci --ignore-scripts --prefix {FOLDER.relative_to(ROOT)}"
            pytest.skip(note(f"the certified identity provider is missing ({command})"))
        client = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": [f"{self.site}/sign-in/{self.key}/return"],
            "post_logout_redirect_uris": [f"{self.site}/"],
            "backchannel_logout_uri": f"{self.site}/sign-in/{self.key}/logout",
            "backchannel_logout_session_required": True,
            "id_token_signed_response_alg": "ES256",
        }
        return [str(FOLDER / "provider.mjs"), json.dumps({"port": self.port, "client": client, "accounts": self.accounts})]

    def sign_in(self, page: Page, subject: str) -> None:
        """Fill in its page."""
        page.fill("input[name=account]", subject)
        page.click("button")

    def sign_out(self, page: Page) -> None:
        """End its session at its own page."""
        page.goto(f"{self.issuer}/session/end")
        with page.expect_navigation():
            self.confirm_sign_out(page)


@contextmanager
def running(provider: ForeignProvider) -> Iterator[ForeignProvider]:
    """Start a provider, and end it."""
    try:
        provider.start()
        yield provider
    finally:
        provider.stop()


KINDS: Mapping[str, type[ForeignProvider]] = {"oidc-provider-mock": PlainProvider, "oidc-provider": CertifiedProvider}
