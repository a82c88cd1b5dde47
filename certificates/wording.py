"""The words of the sheet, in both languages.

They stand here and not in the catalogue of the interface: a sheet that is printed again must say what it said.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from certificates.sheet import CertificateSheet, CertificateSignatory, SheetDescriptions
from courses.hours import printed_hours
from kernel.codes import printed_code


@dataclass(frozen=True, slots=True)
class CertificateTexts:
    """The texts of a credential and its course version; already in the sheet's language, minutes per module in order.

    ``signatories`` at most two; ``verify_address`` is printed without scheme (``aulario.example/v``), ``verify_url`` is what
    the QR code holds, with the code at its end.
    """

    language: str
    code: str
    person_name: str
    surnames: str
    course_title: str
    course_version: int
    hours: Fraction
    issued_on: date
    with_assessment: bool
    module_minutes: tuple[int, ...]
    site_name: str
    institution: str
    signatories: tuple[CertificateSignatory, ...]
    verify_address: str
    verify_url: str
    expires_on: date | None = None
    title_language: str = ""
    """Where the course has no title in the sheet's language."""


@dataclass(frozen=True, slots=True)
class _Words:
    """The fixed words of one language; ``{…}`` is filled in."""

    approval: str
    completion: str
    certifies: str
    one_module: str
    alone: str
    modules: str
    assessment: str
    course: str
    length: str
    mode: str
    self_paced: str
    issued: str
    verify: str
    validity: str
    valid_until: str
    numbers: tuple[str, ...]
    months: tuple[str, ...]
    day: str
    certificate: str
    facade: tuple[str, str]
    logo: str
    signature: str
    qr: str
    seal: str


_ES = _Words(
    approval="Certificado de aprobación",
    completion="Certificado de participación",
    certifies="Se certifica que",
    one_module="completó el módulo",
    alone="completó el curso",
    modules="completó los {count} módulos",
    assessment="{done} y aprobó la evaluación final del curso",
    course="{done} del curso",
    length="Duración",
    mode="Modalidad",
    self_paced="En línea, a su ritmo",
    issued="Emisión",
    verify="Verifique en",
    validity="Versión {version} del curso. La validez de este documento depende solo del registro en línea.",
    valid_until="Válido hasta el {day}.",
    numbers=("dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"),
    months=(
        *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
        *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
    day="{day} de {month} de {year}",
    certificate="certificado",
    facade=("Fachada con una ventana, por el módulo", "Fachada con {count} ventanas, una por módulo"),
    logo="Logotipo de {name}",
    signature="Firma de {name}",
    qr="Código QR: {address}",
    seal="Sello electrónico de {name}",
)
_EN = _Words(
    approval="Certificate of completion",
    completion="Certificate of participation",
    certifies="This is to certify that",
    one_module="completed the module",
    alone="completed",
    modules="completed the {count} modules",
    assessment="{done} and passed the final assessment of",
    course="{done} of",
    length="Length",
    mode="Mode",
    self_paced="Online, self-paced",
    issued="Issued",
    verify="Verify at",
    validity="Course version {version}. This document is valid only as shown in the online register.",
    valid_until="Valid until {day}.",
    numbers=("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    day="{day} {month} {year}",
    certificate="certificate",
    facade=("Façade with one window, for the module", "Façade with {count} windows, one for each module"),
    logo="Logo of {name}",
    signature="Signature of {name}",
    qr="QR code: {address}",
    seal="Electronic seal of {name}",
)
_LANGUAGES = {"es": _ES, "en": _EN}


def compose(facts: CertificateTexts) -> CertificateSheet:
    """Return the sheet with every word in the language of the facts (Spanish where it is neither Spanish nor English)."""
    words = _LANGUAGES.get(facts.language, _ES)
    return CertificateSheet(
        language=facts.language if facts.language in _LANGUAGES else "es",
        site_name=facts.site_name,
        institution=facts.institution,
        document_type=words.approval if facts.with_assessment else words.completion,
        certifies=words.certifies,
        person_name=facts.person_name,
        surnames=facts.surnames,
        sentence=_sentence(facts, words),
        course_title=facts.course_title,
        facts=(
            (words.length, printed_hours(facts.hours, facts.language)),
            (words.mode, words.self_paced),
            (words.issued, printed_date(facts.issued_on, facts.language)),
        ),
        signatories=facts.signatories,
        verify=words.verify,
        verify_address=facts.verify_address,
        verify_url=facts.verify_url,
        code=printed_code(facts.code),
        validity=_validity(facts, words),
        module_minutes=facts.module_minutes,
        issued_on=facts.issued_on,
        title_language=facts.title_language,
        keywords=", ".join((words.certificate, facts.course_title, printed_code(facts.code))),
        descriptions=_descriptions(facts, words),
    )


def _descriptions(facts: CertificateTexts, words: _Words) -> SheetDescriptions:
    count = len(facts.module_minutes)
    return SheetDescriptions(
        facade=words.facade[count != 1].format(count=count),
        logo=words.logo.format(name=facts.site_name),
        qr=words.qr.format(address=facts.verify_url),
        signatures=tuple(words.signature.format(name=one.name) for one in facts.signatories),
        seal=words.seal.format(name=facts.institution),
    )


def printed_date(day: date, language: str) -> str:
    """Return a date in words: ``14 de julio de 2026``, ``14 July 2026``."""
    words = _LANGUAGES.get(language, _ES)
    return words.day.format(day=day.day, month=words.months[day.month - 1], year=day.year)


def _validity(facts: CertificateTexts, words: _Words) -> str:
    """Return the foot: the last valid day where there is one, the version, and what the register is for."""
    version = words.validity.format(version=facts.course_version)
    if facts.expires_on is None:
        return version
    return f"{words.valid_until.format(day=printed_date(facts.expires_on, facts.language))} {version}"


def _sentence(facts: CertificateTexts, words: _Words) -> str:
    count = len(facts.module_minutes)
    if count <= 1 and not facts.with_assessment:
        return words.alone
    number = words.numbers[count - 2] if 2 <= count < len(words.numbers) + 2 else str(count)
    done = words.one_module if count <= 1 else words.modules.format(count=number)
    return (words.assessment if facts.with_assessment else words.course).format(done=done)
