"""The sheet of a credential: what it prints, and the same drawing for the web page."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from urllib.parse import urlsplit

from certificates.facade import FacadeArch, floors
from certificates.models import Credential
from certificates.pdf import QR_SIZE, fit_name, fit_title
from certificates.rules.credentials import CredentialSigner
from certificates.sheet import CertificateSheet, CertificateSignatory
from certificates.wording import CertificateTexts, compose
from kernel.codes import printed_code
from kernel.i18n import choose
from kernel.pdf.pen import qr_runs


def verify_url(public_url: str, code: str) -> str:
    """Return the address that the QR code holds: the short form, which leads to the verification page."""
    return f"{public_url}/v/{printed_code(code)}"


def sheet_of(row: Credential, signers: Sequence[CredentialSigner], public_url: str, language: str) -> CertificateSheet:
    """Return everything that a credential's sheet prints, in a language."""
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
            issued_on=row.issued_on,
            expires_on=row.expires_on if row.format >= 2 else None,
            with_assessment=row.with_assessment,
            module_minutes=tuple(int(minutes) for minutes in row.module_minutes),
            site_name=row.site_name,
            institution=row.institution,
            signatories=tuple(CertificateSignatory(one.name, choose(dict(one.offices), language), one.picture) for one in signers),
            verify_address=f"{urlsplit(public_url).netloc}/v",
            verify_url=verify_url(public_url, row.code),
        )
    )


Placed = tuple[str, float]


@dataclass(frozen=True, slots=True)
class WebCertificate:
    """The sheet as the page draws it, 1 unit = 1 mm."""

    language: str
    label: str
    site_name: str
    institution: str
    document_type: str
    opening: str
    opening_y: float
    name_lines: tuple[Placed, ...]
    name_size: float
    title_lines: tuple[Placed, ...]
    title_size: float
    sentence: str
    sentence_size: float
    facts: tuple[tuple[str, str], ...]
    signers: tuple[tuple[str, str, str], ...]
    verify_label: str
    verify_address: str
    code: str
    foot: str
    qr_path: str
    qr_scale: float
    windows: tuple[tuple[str, str], ...]
    floors: tuple[float, ...]
    door: tuple[str, str, tuple[float, float], float] | None


def web_certificate(sheet: CertificateSheet) -> WebCertificate:
    """Return a sheet as the page draws it."""
    name, title = fit_name(sheet.person_name, sheet.surnames), fit_title(sheet.course_title)
    name_places = (69.0,) if len(name.lines) == 1 else (62.0, 71.6)
    title_places = (94.5, 103.5, 112.5) if len(title.lines) == 3 else (98.0, 109.5)
    path, side = _qr(sheet.verify_url)
    arches = floors(sheet.module_minutes)
    door = next((arch for arch in arches if arch.door), None)
    return WebCertificate(
        language=sheet.language,
        label=f"{sheet.document_type}: {sheet.person_name}",
        site_name=sheet.site_name,
        institution=sheet.institution,
        document_type=sheet.document_type,
        opening=sheet.certifies,
        opening_y=54 if len(name.lines) == 1 else 51,
        name_lines=tuple(zip(name.lines, name_places, strict=True)),
        name_size=name.size,
        title_lines=tuple(zip(title.lines, title_places, strict=False)),
        title_size=title.size,
        sentence=sheet.sentence,
        sentence_size=4.2 if len(sheet.sentence) < 85 else 3.6,
        facts=sheet.facts,
        signers=tuple((signatory.name, signatory.role, _as_address(signatory.picture)) for signatory in sheet.signatories),
        verify_label=sheet.verify,
        verify_address=sheet.verify_address,
        code=sheet.code,
        foot=sheet.validity,
        qr_path=path,
        qr_scale=round(QR_SIZE / side, 5),
        windows=tuple((_outline(arch), _bars(arch)) for arch in arches if not arch.door),
        floors=tuple(arch.bottom + 0.2 for arch in arches if arch.last),
        door=None if door is None else _door(door),
    )


def _as_address(picture: bytes) -> str:
    """Return a picture as an address that holds it, so that the page prints without asking for anything."""
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{b64encode(picture).decode()}" if picture else ""


def _outline(arch: FacadeArch) -> str:
    radius = arch.width / 2
    return f"M{arch.x:g} {arch.bottom:g}V{arch.top + radius:g}a{radius:g} {radius:g} 0 0 1 {arch.width:g} 0V{arch.bottom:g}z"


def _bars(arch: FacadeArch) -> str:
    bars = "".join(f"M{arch.x:g} {y:g}h{arch.width:g}" for y in arch.bars)
    return f"M{arch.x + arch.width / 2:g} {arch.top:g}V{arch.bottom:g}{bars}"


def _door(arch: FacadeArch) -> tuple[str, str, tuple[float, float], float]:
    middle = arch.x + arch.width / 2
    handle = arch.bottom - 12 * (arch.bottom - arch.top) / 28
    return _outline(arch), f"M{middle:g} {arch.top:g}V{arch.bottom:g}", (middle - 1.5, middle + 1.5), handle


def _qr(url: str) -> tuple[str, int]:
    """Return the dark modules as one path, runs of a row together, and the modules a side."""
    side, runs = qr_runs(url)
    return "".join(f"M{column} {row}h{length}v1h-{length}z" for column, row, length in runs), side
