"""The page that verifies without a network: one HTML file with script, keys and status lists in it (spec/certificates V6 to V8)."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from sqlalchemy.orm import Session

from certificates.queries.status_lists import list_status_lists
from certificates.rules.issuers import method_of
from certificates.rules.profiles import moment_text
from certificates.rules.status_lists import StatusPurpose
from certificates.services.offline_words import offline_words
from certificates.services.status_lists import signed_status_list
from kernel.crypto import SigningKeys, raw_public_key
from kernel.i18n import choose
from kernel.keys import KeyState, SealKeys
from kernel.settings import Settings

SOURCES = Path(__file__).resolve().parent.parent / "offline"
Trusted = Mapping[str, object]
"""Everything that a page believes, as its script reads it."""


@dataclass(frozen=True, slots=True)
class OfflineSite:
    """The site as its offline page names it."""

    addresses: tuple[str, ...]
    """The present one, then those that the site had before."""
    institution: str
    version: str
    zone: str


def page_of_today(
    session: Session, settings: Settings, address: str, keys: SigningKeys, seals: SealKeys, *, now: datetime
) -> "OfflinePage":
    """Return the page with the keys and lists of now: on the web and from the command line the same bytes (spec/certificates V8)."""
    site = OfflineSite((address, *settings.former_addresses), choose(settings.names, "es"), version("aulario"), settings.zone)
    return build_page(trusted_of(session, site, keys, seals, now=now))


def trusted_of(session: Session, site: OfflineSite, keys: SigningKeys, seals: SealKeys, *, now: datetime) -> Trusted:
    """Return the keys, seals and status lists of a site as they are now; on a day without changes they are the same."""
    lists = [
        signed_status_list(session, row, purpose, address, keys, now=now)
        for row in list_status_lists(session)
        for address in site.addresses
        for purpose in (StatusPurpose.REVOCATION, StatusPurpose.REFRESH)
    ]
    begins = now.replace(hour=0, minute=0, second=0, microsecond=0)
    changes = (moment for key in keys.trusted for moment in (key.history.begun_at, key.history.ended_at) if moment is not None)
    return {
        "address": site.addresses[0],
        "institution": site.institution,
        "version": site.version,
        "zone": site.zone,
        "made": moment_text(begins),
        "created": moment_text(max((begins, *(moment for moment in changes if moment <= now)))),
        "keys": [_key(address, keys, key.identifier) for address in site.addresses for key in keys.trusted],
        "seals": [
            {"spki": base64.b64encode(key.spki).decode(), "certificate": base64.b64encode(key.certificate).decode()}
            for key in seals.trusted
            if key.state is not KeyState.COMPROMISED
        ],
        "lists": lists,
    }


def _key(address: str, keys: SigningKeys, identifier: str) -> Trusted:
    since = next(key.history.compromised_since for key in keys.trusted if key.identifier == identifier)
    return {
        "method": method_of(address, identifier),
        "key": base64.b64encode(raw_public_key(keys.public[identifier])).decode(),
        "compromised": moment_text(since) if since else "",
    }


@dataclass(frozen=True, slots=True)
class OfflinePage:
    """The page as a file, and the policy by which a browser runs nothing but its own script."""

    content: bytes
    policy: str

    @property
    def sha256(self) -> str:
        """Return the checksum of the file, as 64 hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


def build_page(trusted: Trusted) -> OfflinePage:
    """Return the page that believes this; equal content, equal bytes."""
    style, script = _source("page.css"), f"{_source('verifier.js')}\n{_source('page.js')}"
    policy = f"default-src 'none'; script-src '{_allowed(script)}'; style-src '{_allowed(style)}'; base-uri 'none'; form-action 'none'"
    parts = {"policy": policy, "style": style, "words": _embedded(offline_words()), "trusted": _embedded(trusted), "script": script}
    page = _source("page.html")
    for name, text in parts.items():
        page = page.replace(f"{{{name}}}", text, 1)
    return OfflinePage(page.encode(), policy)


@cache
def _source(name: str) -> str:
    return (SOURCES / name).read_text("utf-8").strip()


def _embedded(content: Mapping[str, object]) -> str:
    """Return a document as an element of a page holds it."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _allowed(text: str) -> str:
    """Return the text of an element as a content policy allows it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
