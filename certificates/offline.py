"""The page that verifies without a network: its words and verdicts are the site's, its keys those of now (spec/certificates V2, V6, V8)."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from certificates.badges import list_status_lists, signed_status_list
from certificates.rules import verification
from certificates.rules.badges import method_of, moment_text
from certificates.rules.status_lists import StatusPurpose
from certificates.rules.verification import DocumentFault
from certificates.sealing import FileFault, SealState
from kernel.crypto import SigningKeys, raw_public_key
from kernel.errors import N_
from kernel.i18n import LANGUAGES, catalogue, choose
from kernel.keys import KeyState, SealKeys
from kernel.settings import Settings

VERDICTS: Mapping[str, str] = {
    "valid": verification.IN_FORCE,
    "expired": verification.EXPIRED,
    "replaced": verification.REPLACED,
    "revoked": verification.REVOKED,
    "unknown": verification.UNKNOWN,
    "altered": verification.ALTERED,
    "unsealed": verification.UNSEALED,
    "without_seal": verification.WITHOUT_SEAL,
    "unreadable": verification.UNREADABLE,
    "made_valid": verification.TRANSCRIPT_SAME,
    "made_changed": verification.TRANSCRIPT_CHANGED,
    "made_unknown": verification.TRANSCRIPT_UNKNOWN,
    "unchecked": N_("It could not be checked in this browser"),
}
FAULTS: Mapping[str, str] = {
    DocumentFault.UNREADABLE: N_("It is damaged, larger than 2 MB, or not a PDF, JSON, JWT, PNG or SVG file."),
    DocumentFault.AMBIGUOUS: N_("Programs can read its text in two ways."),
    DocumentFault.NOT_OUR_PROFILE: N_("It has a part that no certificate of ours has, or one is missing."),
    DocumentFault.OTHER_ISSUER: N_("Another site issued it: %(issuer)s."),
    DocumentFault.UNKNOWN_KEY: N_("It is signed with a key that is not ours."),
    DocumentFault.BAD_SIGNATURE: N_("Something was changed after it was signed."),
    DocumentFault.COMPROMISED_KEY: N_("It is signed with a key that is no longer valid."),
    SealState.NOT_WHOLE: N_("Something was added after the seal, or the seal does not cover the whole file."),
    SealState.CHANGED: N_("Something was changed after it was sealed."),
    SealState.OTHER_KEY: N_("It is sealed with a key that is not ours."),
    SealState.OUT_OF_TIME: N_("It is sealed as of a day on which the key was not in use."),
    FileFault.NO_CREDENTIAL: N_("It holds no credential that can be read."),
    FileFault.SEVERAL_CREDENTIALS: N_("It holds more than one credential."),
    FileFault.OTHER_CODE: N_("The sheet names the code %(code)s, and the credential within it is another one: the one shown here."),
    "other_transcript": N_("The sheet names another code than the transcript within it."),
    FileFault.NOTHING_OF_OURS: N_("It has no seal of ours, no credential and no code of ours."),
    FileFault.SAVED_AGAIN: N_(
        "A program has encrypted it or saved it again, so nothing can be compared. Ask for the file as it was downloaded."
    ),
    "without_seal": N_("It names the code %(code)s and proves nothing by itself: compare every detail with the register, online."),
    "no_ed25519": N_("This browser does not check Ed25519 signatures. Use a newer one, or verify online."),
}
"""By the values of DocumentFault, SealState and FileFault, of which a page without a network finds these."""
PAGE: Mapping[str, str] = {
    "title": N_("Verify certificates offline"),
    "drop": N_("Choose files or drop them here: PDF, PNG, SVG, JSON or JWT; also a newer status list or key list."),
    "pasted": N_("Pasted text"),
    "paste": N_("Or paste the text of a credential here (JSON or JWT)"),
    "check": N_("Verify the text"),
    "print": N_("Print"),
    "clear": N_("Clear the results"),
    "institution": N_("Certificates of %(name)s (%(address)s)."),
    "about": N_("Page of version %(version)s, made on %(day)s. It sends nothing: everything is checked on this computer."),
    "manual": N_("How to check a certificate, on one sheet: %(address)s"),
    "list": N_("Status list of %(day)s"),
    "old": N_("Status list of %(day)s: %(days)s days old"),
    "none": N_("No status list: this page cannot say whether a certificate is still in force"),
    "limits": N_(
        "This browser cannot check Ed25519 signatures. Sealed PDF files are checked all the same; for JSON, JWT and pictures use a newer "
        "browser or the page %(address)s. Newer lists cannot be read either."
    ),
    "added": N_("%(file)s: status list of %(day)s added"),
    "older": N_("%(file)s: there is a newer list; this one is not used"),
    "keys": N_("%(file)s: key list of %(day)s added"),
    "person": N_("Person"),
    "course": N_("Course"),
    "length": N_("Description"),
    "done_for": N_("What the person did"),
    "issuer": N_("Issuer"),
    "issued": N_("Issued on"),
    "until": N_("Valid until"),
    "code": N_("Code"),
    "file": N_("File"),
    "checked": N_("Checked on"),
    "seal": N_("Sheet"),
    "sealed": N_("The PDF is sealed and complete"),
    "loose": N_("The credential as a file, without a sealed sheet"),
    "not_sealed": N_("The PDF has no seal"),
    "compare": N_("Compare the details with the paper that you have: they have to be the same, letter by letter."),
    "no_list": N_("There is no status list for this certificate, so it is not known whether it is still in force."),
    "out_of_date": N_("The list is of %(day)s and out of date, so it is not known whether the certificate is still in force."),
    "before": N_("The list of %(day)s is older than the certificate: its state is not known."),
    "backdated": N_("The key that signed it was compromised on %(day)s. Only the register can say whether it was signed before."),
    "by_list": N_("According to the status list of %(day)s."),
    "records": N_("Completed courses"),
    "completed": N_("Completed"),
    "then": N_("On that day"),
    "today": N_("By the list"),
    "hours": N_("Hours with a valid certificate"),
    "year": N_("Year"),
    "amount": N_("Hours"),
    "open": N_("Courses in progress, not completed"),
    "since": N_("Since"),
    "progress": N_("Progress"),
    "state:valid": N_("Valid"),
    "state:expired": N_("Expired"),
    "state:replaced": N_("Replaced"),
    "state:revoked": N_("Revoked"),
    "state:unknown": N_("State unknown"),
    "state:none": N_("No certificate"),
    "online": N_("Its current state is at %(address)s"),
}


def offline_words() -> Mapping[str, Mapping[str, str]]:
    """Return every word of the page by language and name; those of a fault begin with `fault:`."""
    messages = {**PAGE, **VERDICTS, **{f"fault:{name}": message for name, message in FAULTS.items()}}
    return {
        language: {str(name): str(catalogue(language).ugettext(message)) for name, message in messages.items()} for language in LANGUAGES
    }


SOURCES = Path(__file__).resolve().parent / "offline"
Trusted = Mapping[str, object]
"""Everything that a page believes, as its script reads it."""


def page_of_today(
    session: Session, settings: Settings, address: str, keys: SigningKeys, seals: SealKeys, *, now: datetime
) -> "OfflinePage":
    """Return the page with the keys and lists of now: on the web and from the command line the same bytes (spec/certificates V8)."""
    return build_page(_trusted(session, settings, (address, *settings.former_addresses), keys, seals, now=now))


def _trusted(
    session: Session, settings: Settings, addresses: Sequence[str], keys: SigningKeys, seals: SealKeys, *, now: datetime
) -> Trusted:
    """Return the keys, seals and status lists of a site, its present address first; on a day without changes they are the same."""
    lists = [
        signed_status_list(session, row, purpose, address, keys, now=now)
        for row in list_status_lists(session)
        for address in addresses
        for purpose in (StatusPurpose.REVOCATION, StatusPurpose.REFRESH)
    ]
    begins = now.astimezone(ZoneInfo(settings.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    changes = (moment for key in keys.trusted for moment in (key.history.begun_at, key.history.ended_at) if moment is not None)
    return {
        "address": addresses[0],
        "institution": choose(settings.names, "es"),
        "version": version("aulario"),
        "zone": settings.zone,
        "made": moment_text(begins),
        "created": moment_text(max((begins, *(moment for moment in changes if moment <= now)))),
        "keys": [_key(address, keys, key.identifier) for address in addresses for key in keys.trusted],
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
