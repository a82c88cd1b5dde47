"""The printed content of a certificate, ready to be drawn."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class CertificateSignatory:
    """A signatory and their role; `picture` is the signature as PNG or JPEG, empty where there is none."""

    name: str
    role: str
    picture: bytes = b""


@dataclass(frozen=True, slots=True)
class SheetDescriptions:
    """The figures of the sheet in words, for who hears it; one signature for each signatory."""

    facade: str
    logo: str
    qr: str
    signatures: tuple[str, ...]
    seal: str


@dataclass(frozen=True, slots=True)
class CertificateSheet:
    """Everything that is printed, in one language.

    ``facts`` are three pairs of label and value; ``surnames`` is the end of ``person_name`` or empty; ``module_minutes``
    gives one window each; ``title_language`` is empty where the course's title is in the language of the sheet.
    """

    language: str
    site_name: str
    institution: str
    document_type: str
    certifies: str
    person_name: str
    surnames: str
    sentence: str
    course_title: str
    facts: tuple[tuple[str, str], ...]
    signatories: tuple[CertificateSignatory, ...]
    verify: str
    verify_address: str
    verify_url: str
    code: str
    validity: str
    module_minutes: tuple[int, ...]
    issued_on: date
    title_language: str
    keywords: str
    descriptions: SheetDescriptions
