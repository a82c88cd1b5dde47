"""A certificate as a web page: its sheet as SVG, its history in words, and how it is shared."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import assert_never
from urllib.parse import quote, urlencode, urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from certificates.credentials import CertificateVerb, list_signers
from certificates.layout.placing import (
    USUAL_COLOURS,
    ArchMark,
    BoxMark,
    DotMark,
    LinesMark,
    Mark,
    ModulesMark,
    PictureMark,
    PrintedSignatory,
    SheetColours,
    TextMark,
)
from certificates.layout.reading import facade, find_built_in
from certificates.layout.template import CertificateTemplate, FontName
from certificates.models import Credential, SignaturePicture
from certificates.pdf import placed_sheet
from certificates.public_record import PrintedIdentityVerb
from certificates.rules.credentials import CredentialSigner
from certificates.sheet import CertificateSheet, CertificateTexts, compose
from certificates.templates import get_drawn_template
from kernel.audit import AuditEntry
from kernel.codes import printed_code
from kernel.errors import N_
from kernel.i18n import _, choose
from kernel.pdf.pen import qr_runs

MOST_EVENTS = 100
WORDS: Mapping[str, str] = {
    CertificateVerb.ISSUED: N_("Issued"),
    CertificateVerb.REPLACED: N_("Corrected and issued again"),
    CertificateVerb.REVOKED: N_("Revoked"),
    CertificateVerb.RENEWED: N_("Another certificate was issued in its place"),
    PrintedIdentityVerb.PRINTED: N_("The holder had their identity number printed"),
    PrintedIdentityVerb.WITHHELD: N_("The holder no longer has their identity number printed"),
}


def list_history(session: Session, row: Credential) -> list[tuple[datetime, str, str, str]]:
    """List what was done with a certificate, the first act first: when, what, by whom (empty: by the system), and the reason given."""
    statement = (
        select(AuditEntry.at, AuditEntry.verb, AuditEntry.facts, Person)
        .outerjoin(Person, Person.id == AuditEntry.actor_id)
        .where(AuditEntry.subject_kind == Credential.__tablename__, AuditEntry.subject_id == row.id)
        .order_by(AuditEntry.id)
        .limit(MOST_EVENTS)
    )
    return [
        (
            at,
            _(WORDS[verb]) if verb in WORDS else _("Other action: %(verb)s", verb=verb),
            person.full_name if person else "",
            str(json.loads(facts).get("reason", "")),
        )
        for at, verb, facts, person in session.execute(statement)
    ]


def verify_url(public_url: str, code: str) -> str:
    """Return the address that the QR code holds: the short form, which leads to the verification page."""
    return f"{public_url}/v/{printed_code(code)}"


def get_sheet(session: Session, row: Credential, public_url: str, language: str, *, identity_number: str = "") -> CertificateSheet:
    """Return everything that a credential's sheet prints, drawn by the template and with the logo that it was issued with."""
    template = get_drawn_template(session, row.template, row.template_version)
    logo = session.get_one(SignaturePicture, row.logo_id).content if row.logo_id else b""
    return sheet_of(row, list_signers(session, row), public_url, language, template, logo, identity_number=identity_number)


def sheet_of(
    row: Credential,
    signers: Sequence[CredentialSigner],
    public_url: str,
    language: str,
    template: CertificateTemplate | None = None,
    logo: bytes = b"",
    *,
    identity_number: str = "",
) -> CertificateSheet:
    """Return everything that a credential's sheet prints, in a language; by the program's own template where none is given."""
    titles = dict(row.course_titles)
    return compose(
        CertificateTexts(
            language=language,
            code=row.code,
            person_name=row.person_name,
            surnames=row.surnames,
            course_title=choose(titles, language),
            title_language="" if language in titles else next(iter(titles), ""),
            course_version=row.course_version,
            hours=Fraction(row.hours),
            hours_basis=row.hours_basis,
            completed_on=row.completed_on,
            issued_on=row.issued_on,
            expires_on=row.expires_on if row.format >= 2 else None,
            with_assessment=row.with_assessment,
            passed=row.passed,
            module_minutes=tuple(int(minutes) for minutes in row.module_minutes),
            site_name=row.site_name,
            institution=row.institution,
            signatories=printed_signatories(signers, language),
            verify_address=f"{urlsplit(public_url).netloc}/v",
            verify_url=verify_url(public_url, row.code),
            template=template or find_built_in(row.template, row.template_version) or facade(),
            colours=printed_colours(row.brand_colour, row.accent_colour),
            logo=logo,
            key_fingerprint=row.key_fingerprint,
            edition=row.edition_title,
            edition_from=row.edition_from,
            edition_until=row.edition_until,
            grade=row.grade,
            identity_number=identity_number,
            name_basis=row.name_basis,
        )
    )


def printed_signatories(signers: Sequence[CredentialSigner], language: str) -> tuple[PrintedSignatory, ...]:
    """Return who signs as the sheet prints them."""
    return tuple(PrintedSignatory(signer.name, choose(dict(signer.offices), language), signer.picture) for signer in signers)


def printed_colours(brand: str, accent: str) -> SheetColours:
    """Return the colours of a sheet: the program's where an institution has chosen none."""
    return SheetColours(brand or USUAL_COLOURS.brand, accent or USUAL_COLOURS.accent)


@dataclass(frozen=True, slots=True)
class SvgPath:
    """A path, filled or drawn as a line; its values are those of the attributes of their names."""

    d: str
    fill: str = ""
    stroke: str = ""
    thickness: float = 0.0
    opacity: float = 1.0
    tag: str = "path"


@dataclass(frozen=True, slots=True)
class SvgText:
    """A line of text."""

    x: float
    y: float
    text: str
    size: float
    colour: str
    family: str
    weight: int
    spacing: float
    tag: str = "text"


@dataclass(frozen=True, slots=True)
class SvgPicture:
    """A picture as an address that holds it, so that the page prints without asking for anything."""

    x: float
    y: float
    width: float
    height: float
    address: str
    fit: str
    tag: str = "image"


SvgShape = SvgPath | SvgText | SvgPicture
_SERIF, _SANS, _MONO = "Literata,Georgia,serif", "'Atkinson Hyperlegible Next',sans-serif", "monospace"
_FONTS = {
    FontName.TITLE: (_SERIF, 600),
    FontName.NAME: (_SERIF, 500),
    FontName.TEXT: (_SANS, 400),
    FontName.STRONG: (_SANS, 600),
    FontName.CODE: (_MONO, 600),
}


@dataclass(frozen=True, slots=True)
class WebCertificate:
    """The sheet as the page draws it, 1 unit = 1 mm."""

    language: str
    label: str
    width: float
    height: float
    shapes: tuple[SvgShape, ...]


def web_certificate(sheet: CertificateSheet) -> WebCertificate:
    """Return a sheet as the page draws it: the same elements as those of the PDF."""
    placed = placed_sheet(sheet)
    shapes = tuple(_shape(mark) for element in placed.elements for mark in element.marks)
    return WebCertificate(sheet.language, sheet.title, placed.width, placed.height, shapes)


def _shape(mark: Mark) -> SvgShape:
    match mark:
        case TextMark():
            (family, weight), size = _FONTS[mark.font], _short(mark.size)
            x, y, spacing = _short(mark.x), _short(mark.y), mark.spacing
            return SvgText(x, y, mark.text, size=size, colour=mark.colour, family=family, weight=weight, spacing=spacing)
        case BoxMark():
            return SvgPath(f"M{mark.x:g} {mark.y:g}h{mark.width:g}v{mark.height:g}h-{mark.width:g}z", mark.colour)
        case LinesMark():
            path = "".join(f"M{x1:g} {y1:g}L{x2:g} {y2:g}" for x1, y1, x2, y2 in mark.lines)
            return SvgPath(path, "none", mark.colour, _short(mark.thickness), mark.opacity)
        case ArchMark():
            radius = mark.width / 2
            arch = f"V{mark.top + radius:g}a{radius:g} {radius:g} 0 0 1 {mark.width:g} 0V{mark.bottom:g}z"
            return SvgPath(f"M{mark.x:g} {mark.bottom:g}{arch}", mark.colour)
        case DotMark():
            radius = mark.radius
            ring = f"a{radius:g} {radius:g} 0 1 0 {2 * radius:g} 0a{radius:g} {radius:g} 0 1 0 -{2 * radius:g} 0z"
            return SvgPath(f"M{mark.x - radius:g} {mark.y:g}{ring}", mark.colour)
        case ModulesMark():
            boxes = (f"M{x:.6g} {y:.6g}h{width:.6g}v{height:.6g}h-{width:.6g}z" for x, y, width, height in mark.boxes)
            return SvgPath("".join(boxes), mark.colour)
        case PictureMark():
            kind = "png" if mark.content.startswith(b"\x89PNG") else "jpeg"
            address, fit = f"data:image/{kind};base64,{b64encode(mark.content).decode()}", "none" if mark.fills else "xMinYMax meet"
            return SvgPicture(mark.x, mark.y, mark.width, height=mark.height, address=address, fit=fit)
        case _:
            assert_never(mark)


def _short(number: float) -> float:
    return round(number, 4)


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
        "certId": row.printed_code,
    }
