"""The printed content of a certificate, ready to be drawn."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CertificateSignatory:
    """A signatory and their role; `picture` is the signature as PNG or JPEG, empty where there is none."""

    name: str
    role: str
    picture: bytes = b""


@dataclass(frozen=True, slots=True)
class CertificateSheet:
    """Everything that is printed, in one language.

    ``facts`` are three pairs of label and value; ``surnames`` is the end of ``person_name`` or empty; ``module_minutes``
    gives one window each.
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
