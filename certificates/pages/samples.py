"""Invented certificates with which a template is tried: a usual person, a long name, and the hardest names and titles that there are."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from certificates.layout.placed import TextOverflow
from certificates.layout.placing import USUAL_COLOURS, PrintedSignatory, SheetColours
from certificates.layout.template import CertificateTemplate
from certificates.pdf import placed_sheet
from certificates.rules.credentials import DECLARED
from certificates.wording import CertificateTexts, compose

CODE = "7K4M92XDC3QF8TRA"
LONGEST_NAME = ("María Auxiliadora de los Ángeles Monserrate Guachamín Quinchiguango", "Guachamín Quinchiguango")
LONGEST_TITLE = "Protección social de las personas trabajadoras independientes y de la economía informal en las provincias de la Amazonía"
LONGEST_EDITION = "Segunda edición para las direcciones provinciales de la Costa y de la Amazonía, marzo a mayo de 2026"
HARD_NAMES = (
    LONGEST_NAME,
    ("Ñusta Sisa Paccha Kuri Quilumbaquin Chimbolema", "Quilumbaquin Chimbolema"),
    ("Tsunkinua Yampauch Nantip Etsa Chumpi Ankuash", "Chumpi Ankuash"),
    ("İpek Gülşah Straße-Weiß Übelhör", "Straße-Weiß Übelhör"),
    ("Jose\u0301 A\u0301ngel N\u0303aupari Muñoz", "N\u0303aupari Muñoz"),
)
"""Whole name and its surnames: 67 letters, Kichwa, Shuar, letters outside of Latin 1, and accents written beside their letters."""


IDENTITY_NUMBER = "1799999999"
"""Nobody's: the third digit of a person's number is less than six."""
KEY_FINGERPRINT = "0123456789abcdef" * 4


@dataclass(frozen=True, slots=True)
class SampleIssuer:
    """The institution of a sample in one language: names, colours, logo, who signs, and the key of today."""

    institution: str
    site_name: str
    signatories: tuple[PrintedSignatory, ...] = ()
    colours: SheetColours = USUAL_COLOURS
    logo: bytes = b""
    key_fingerprint: str = KEY_FINGERPRINT


class SamplePerson(StrEnum):
    """The people with whom a template is shown."""

    USUAL = "usual"
    LONG = "long"
    OWN = "own"
    """The reader, by their last certificate."""


def sample_texts(template: CertificateTemplate, language: str, public_host: str, issuer: SampleIssuer) -> CertificateTexts:
    """Return an invented certificate of a usual person, by an institution as it is."""
    return CertificateTexts(
        language=language,
        code=CODE,
        person_name="Luis Alberto Chasi Guamán",
        surnames="Chasi Guamán",
        course_title="Conceptos y gobernanza de la seguridad social",
        course_version=1,
        hours=Fraction(11),
        hours_basis="estimated",
        completed_on=date(2026, 7, 10),
        issued_on=date(2026, 7, 14),
        expires_on=date(2028, 7, 14),
        with_assessment=True,
        module_minutes=(83, 100, 92, 76, 80, 74, 85),
        site_name=issuer.site_name,
        institution=issuer.institution,
        signatories=issuer.signatories,
        verify_address=f"{public_host}/v",
        verify_url=f"https://{public_host}/v/7K4M-92XD-C3QF-8TRA",
        template=template,
        colours=issuer.colours,
        logo=issuer.logo,
        key_fingerprint=issuer.key_fingerprint,
        edition="Primera edición de 2026",
        edition_from=date(2026, 6, 1),
        edition_until=date(2026, 7, 10),
        grade=Decimal("92.50"),
        identity_number=IDENTITY_NUMBER,
        name_basis=DECLARED if template.prints("person.name_basis") else "",
    )


def long_texts(texts: CertificateTexts) -> CertificateTexts:
    """Return the certificate with the longest name and title."""
    name, surnames = LONGEST_NAME
    return replace(texts, person_name=name, surnames=surnames, course_title=LONGEST_TITLE, edition=LONGEST_EDITION)


def find_overflows(texts: CertificateTexts) -> tuple[tuple[str, TextOverflow], ...]:
    """Return what does not fit a template with the hard names and the longest title, each with its language (spec/certificates T5)."""
    overflows: dict[tuple[str, int], TextOverflow] = {}
    for code in texts.template.languages:
        for name, surnames in HARD_NAMES:
            hard = replace(texts, language=code, person_name=name, surnames=surnames, course_title=LONGEST_TITLE, edition=LONGEST_EDITION)
            for overflow in placed_sheet(compose(hard)).overflows:
                overflows.setdefault((code, overflow.element), overflow)
    return tuple((code, overflow) for (code, _element), overflow in overflows.items())
