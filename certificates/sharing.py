"""The ways of a holder to show a certificate to others: its address, a QR code, LinkedIn's form, a mail, the files of its badge (B9)."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from certificates.models import Credential
from kernel.codes import printed_code
from kernel.i18n import choose
from kernel.pdf.pen import qr_runs

LINKEDIN = "https://www.linkedin.com/profile/add"


@dataclass(frozen=True, slots=True)
class CertificateSharing:
    """The ways in which a holder shows a certificate to others; nothing is sent to anybody before a press of their own."""

    address: str
    linkedin: str
    mail: str
    qr_path: str
    qr_side: int
    badge_forms: tuple[str, ...]
    """The files of its badge, by their ends; none where it has no badge."""


def sharing_of(row: Credential, address: str, texts: tuple[str, str], *, has_badge: bool) -> CertificateSharing:
    """Return how a credential is shared, given where it is verified, and subject and body of a mail without that address."""
    subject, body = texts
    mail = urlencode({"subject": subject, "body": f"{body}\r\n{address}"}, quote_via=quote)
    side, runs = qr_runs(address)
    return CertificateSharing(
        address=address,
        linkedin=f"{LINKEDIN}?{urlencode(_linkedin_fields(row, address))}",
        mail=f"mailto:?{mail}",
        qr_path="".join(f"M{column} {row_of}h{length}v1h-{length}z" for column, row_of, length in runs),
        qr_side=side,
        badge_forms=("png", "svg", "json", "jwt") if has_badge else (),
    )


def _linkedin_fields(row: Credential, address: str) -> dict[str, str]:
    ends = row.expires_on
    return {
        "startTask": "CERTIFICATION_NAME",
        "name": choose(dict(row.course_titles), row.language),
        "organizationName": row.institution,
        "issueYear": str(row.issued_on.year),
        "issueMonth": str(row.issued_on.month),
        **({"expirationYear": str(ends.year), "expirationMonth": str(ends.month)} if ends else {}),
        "certUrl": address,
        "certId": printed_code(row.code),
    }
