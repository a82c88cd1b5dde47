"""The PDF of a credential: its sheet with the badge attached, sealed by the key of today. Nothing of it is stored."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from certificates import pdf
from certificates.models import Credential
from certificates.sealing import seal
from certificates.services.badges import BadgeSigner, badge_content
from certificates.sheet import CertificateSheet
from kernel.crypto import SigningKeys
from kernel.keys import SealKeys
from kernel.pdf.document import PdfAttachment, PdfSealField

ATTACHED, ATTACHED_TYPE = "credential.json", "application/vc+ld+json"

SheetRenderer: TypeAlias = Callable[[CertificateSheet, PdfAttachment | None, PdfSealField | None], bytes]
"""Draws a sheet, as `pdf.render` does: here, or in a process of its own."""


@dataclass(frozen=True, slots=True)
class SheetSealer:
    """The address and the keys of a site; the same credential, sheet and keys give the same bytes (spec/certificates D3, P8)."""

    address: str
    keys: SigningKeys
    seals: SealKeys

    def sealed(self, row: Credential, sheet: CertificateSheet, render: SheetRenderer = pdf.render) -> bytes:
        """Return a sheet of a credential. One that can have no badge is given without a seal, as they were before there were seals."""
        content = badge_content(row, self.address)
        if content is None:
            return render(sheet, None, None)
        attachment = PdfAttachment(ATTACHED, ATTACHED_TYPE, BadgeSigner(self.address, self.keys).document(content))
        claimed = max(row.issued_at, self.seals.current.begins)
        field = PdfSealField(row.institution, claimed, sheet.descriptions.seal)
        return seal(render(sheet, attachment, field), self.seals.current, self.seals.authority)
