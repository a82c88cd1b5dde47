"""The history of a certificate in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from certificates.queries.history import CredentialEvent
from certificates.services.credentials import CertificateVerb
from certificates.services.printed_identity import PrintedIdentityVerb
from kernel.errors import N_
from kernel.i18n import _

WORDS: Mapping[str, str] = {
    CertificateVerb.ISSUED: N_("Issued"),
    CertificateVerb.REPLACED: N_("Corrected and issued again"),
    CertificateVerb.REVOKED: N_("Revoked"),
    CertificateVerb.RENEWED: N_("Another certificate was issued in its place"),
    PrintedIdentityVerb.PRINTED: N_("The holder had their identity number printed"),
    PrintedIdentityVerb.WITHHELD: N_("The holder no longer has their identity number printed"),
}


@dataclass(frozen=True, slots=True)
class CredentialEventView:
    """A line of the history: when, what, by whom, and the reason in their words."""

    at: datetime
    words: str
    by: str
    reason: str


def history_lines(events: Sequence[CredentialEvent]) -> list[CredentialEventView]:
    """Return the acts on a certificate in words."""
    return [
        CredentialEventView(
            event.at,
            _(WORDS[event.verb]) if event.verb in WORDS else _("Other action: %(verb)s", verb=event.verb),
            event.by,
            str(event.facts.get("reason", "")),
        )
        for event in events
    ]
