"""The printed content of a certificate in words, with the template by which it is drawn, and the sentences of its badge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from certificates.layout.placing import USUAL_COLOURS, PrintedSignatory, SheetColours, SheetContent, SheetDescriptions
from certificates.layout.template import FIELDS, CertificateTemplate
from certificates.rules.credentials import DECLARED
from certificates.rules.transcripts import signable_text
from courses.rules import Outline, OutlineActivity, printed_basis, printed_hours, read_hours
from enrolments.rules import activities_to_pass, has_final_assessment, required_modules
from kernel.codes import in_fours, printed_code


def _choose(texts: Mapping[str, str], language: str) -> str:
    from kernel.i18n import choose  # noqa: PLC0415 - the process that draws neither translates nor reads

    return choose(texts, language)


def _facade() -> CertificateTemplate:
    from certificates.layout.reading import facade  # noqa: PLC0415 - a process that draws reads no template

    return facade()


@dataclass(frozen=True, slots=True)
class CertificateSheet:
    """Everything that is printed, in one language; an item is the value of a field."""

    template: CertificateTemplate
    content: SheetContent
    issued_on: date
    keywords: str

    @property
    def language(self) -> str:
        """Return the language of the sheet."""
        return self.content.language

    @property
    def title(self) -> str:
        """Return the title of the document."""
        return f"{self['document']}: {self['person.name']}"

    @property
    def descriptions(self) -> SheetDescriptions:
        """Return the figures in words."""
        return self.content.descriptions

    def __getitem__(self, name: str) -> str:
        return self.content.values[name]


@dataclass(frozen=True, slots=True)
class CertificateTexts:
    """The texts of a credential and its course version; already in the sheet's language, minutes per module in order.

    ``verify_address`` is printed without scheme (``aulario.example/v``), ``verify_url`` is what
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
    signatories: tuple[PrintedSignatory, ...]
    verify_address: str
    verify_url: str
    expires_on: date | None = None
    title_language: str = ""
    """Where the course has no title in the sheet's language."""
    completed_on: date | None = None
    hours_basis: str = ""
    template: CertificateTemplate = field(default_factory=_facade)
    colours: SheetColours = USUAL_COLOURS
    logo: bytes = b""
    key_fingerprint: str = ""
    """Of the key that signed it; empty where it does not say so."""
    edition: str = ""
    edition_from: date | None = None
    edition_until: date | None = None
    grade: Decimal | None = None
    """In percent; None where it is not printed."""
    identity_number: str = ""
    """Empty unless the holder has it printed."""
    passed: Mapping[str, str] = field(default_factory=dict)
    """What was passed, by language, as `passed_words` says it; empty where the certificate does not say what."""
    name_basis: str = ""
    """`declared` where no one checked the name."""


@dataclass(frozen=True, slots=True)
class _Words:
    """The fixed words of one language; ``{…}`` is filled in."""

    approval: str
    completion: str
    one_module: str
    alone: str
    modules: str
    passed: str
    final: str
    titles: str
    both: str
    quizzes: tuple[str, str]
    of_modules: str
    assessments: tuple[str, str]
    grade: str
    course: str
    self_paced: str
    module: tuple[str, str]
    numbers: tuple[str, ...]
    months: tuple[str, ...]
    day: str
    online: str
    certificate: str
    facade: tuple[str, str]
    logo: str
    signature: str
    qr: str
    seal: str
    declared: str


_ES = _Words(
    approval="Certificado de aprobación",
    completion="Certificado de participación",
    one_module="completó el módulo",
    alone="completó el curso",
    modules="completó los {count} módulos",
    passed="{done} y {passed}",
    final="aprobó la evaluación final del curso",
    titles="aprobó {titles} del curso",
    both="{first} y {second}",
    quizzes=("aprobó el cuestionario que exige el curso", "aprobó los cuestionarios que exige el curso"),
    of_modules="aprobó los cuestionarios de sus módulos en el curso",
    assessments=("aprobó la evaluación que exige el curso", "aprobó las evaluaciones que exige el curso"),
    grade="alcanzó la calificación que exige el curso",
    course="{done} del curso",
    self_paced="En línea, a su ritmo",
    module=("módulo", "módulos"),
    numbers=("dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"),
    months=(
        *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
        *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
    day="{day} de {month} de {year}",
    online="Curso en línea de {length}.",
    certificate="certificado",
    facade=("Fachada con una ventana, por el módulo", "Fachada con {count} ventanas, una por módulo"),
    logo="Logotipo de {name}",
    signature="Firma de {name}",
    qr="Código QR: {address}",
    seal="Sello electrónico de {name}",
    declared="nombre declarado por la persona",
)
_EN = _Words(
    approval="Certificate of completion",
    completion="Certificate of participation",
    one_module="completed the module",
    alone="completed",
    modules="completed the {count} modules",
    passed="{done} and {passed}",
    final="passed the final assessment of",
    titles="passed {titles} of",
    both="{first} and {second}",
    quizzes=("passed the quiz required by", "passed the quizzes required by"),
    of_modules="passed the quizzes of the modules of",
    assessments=("passed the assessment required by", "passed the assessments required by"),
    grade="reached the grade required by",
    course="{done} of",
    self_paced="Online, self-paced",
    module=("module", "modules"),
    numbers=("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    day="{day} {month} {year}",
    online="Online course of {length}.",
    certificate="certificate",
    facade=("Façade with one window, for the module", "Façade with {count} windows, one for each module"),
    logo="Logo of {name}",
    signature="Signature of {name}",
    qr="QR code: {address}",
    seal="Electronic seal of {name}",
    declared="name as declared by the person",
)
_LANGUAGES = {"es": _ES, "en": _EN}
SHEET_LANGUAGES = tuple(_LANGUAGES)
_QUOTED = {"es": "«{}»", "en": "“{}”"}
LONGEST_TITLES = 48
"""Characters that titles of what was passed have on a sheet."""


def compose(facts: CertificateTexts) -> CertificateSheet:
    """Return the sheet with every word in the language of the facts (Spanish where it is neither Spanish nor English)."""
    phrases = _LANGUAGES.get(facts.language, _ES)
    content = SheetContent(
        language=facts.language if facts.language in _LANGUAGES else "es",
        values=_values(facts, phrases),
        surnames=facts.surnames,
        signatories=facts.signatories,
        verify_url=facts.verify_url,
        module_minutes=facts.module_minutes,
        descriptions=_descriptions(facts, phrases),
        title_language=facts.title_language,
        colours=facts.colours,
        logo=facts.logo,
    )
    keywords = ", ".join((phrases.certificate, facts.course_title, printed_code(facts.code)))
    return CertificateSheet(facts.template, content, facts.issued_on, keywords)


def sheet_file_name(language: str, course_key: str, code: str) -> str:
    """Return the name of a PDF: what it is, in its language, the course, and the code; ASCII, as keys of courses are."""
    return f"{_LANGUAGES.get(language, _ES).certificate}-{course_key}-{printed_code(code)}.pdf"


def _descriptions(facts: CertificateTexts, phrases: _Words) -> SheetDescriptions:
    count = len(facts.module_minutes)
    return SheetDescriptions(
        facade=phrases.facade[count != 1].format(count=count),
        logo=phrases.logo.format(name=facts.site_name),
        qr=phrases.qr.format(address=facts.verify_url),
        signatures=tuple(phrases.signature.format(name=signatory.name) for signatory in facts.signatories),
        seal=phrases.seal.format(name=facts.institution),
    )


def _values(facts: CertificateTexts, phrases: _Words) -> dict[str, str]:
    """Return the value of each field that a template may print; empty where there is none."""
    count = len(facts.module_minutes)
    declared = phrases.declared if facts.name_basis == DECLARED else ""
    beside = f" ({declared})" if declared and not facts.template.prints("person.name_basis") else ""
    return {
        **dict.fromkeys(FIELDS, ""),
        "person.name": f"{facts.person_name}{beside}",
        "person.given": facts.person_name.removesuffix(facts.surnames).rstrip(),
        "person.surnames": facts.surnames if facts.template.prints("person.name") else f"{facts.surnames}{beside}",
        "person.name_basis": f"{declared[:1].upper()}{declared[1:]}",
        "person.id_number": facts.identity_number,
        "course.title": facts.course_title,
        "course.version": str(facts.course_version),
        "modules": f"{_number(count, phrases)} {phrases.module[count != 1]}" if count > 1 else "",
        "hours": printed_hours(facts.hours, facts.language),
        "hours.basis": printed_basis(read_hours(facts.hours, facts.hours_basis, 0), facts.language) if facts.hours_basis else "",
        "mode": phrases.self_paced,
        "edition.title": facts.edition,
        "edition.from": _day(facts.edition_from, facts.language),
        "edition.until": _day(facts.edition_until, facts.language),
        "grade": printed_grade(facts.grade, facts.language),
        "completed_on": _day(facts.completed_on, facts.language),
        "issued_on": printed_date(facts.issued_on, facts.language),
        "expires_on": _day(facts.expires_on, facts.language),
        "document": phrases.approval if facts.with_assessment else phrases.completion,
        "result": _sentence(count, phrases, stated_pass(facts.passed, facts.language, with_assessment=facts.with_assessment)),
        "institution.name": facts.institution,
        "institution.short": facts.site_name,
        "code": printed_code(facts.code),
        "verify.address": facts.verify_address,
        "key.fingerprint": in_fours(facts.key_fingerprint),
    }


def printed_grade(grade: Decimal | None, language: str) -> str:
    """Return a grade as certificates print it: ``92,5 %``, ``92.5%``; empty where there is none."""
    if grade is None:
        return ""
    number = f"{grade:.2f}".rstrip("0").rstrip(".")
    return f"{number}%" if language == "en" else f"{number.replace('.', ',')} %"


def _day(day: date | None, language: str) -> str:
    return "" if day is None else printed_date(day, language)


def _number(count: int, phrases: _Words) -> str:
    """Return how many modules there are: a word up to twelve."""
    return phrases.numbers[count - 2] if 2 <= count < len(phrases.numbers) + 2 else str(count)


def printed_date(day: date, language: str) -> str:
    """Return a date in words: ``14 de julio de 2026``, ``14 July 2026``."""
    phrases = _LANGUAGES.get(language, _ES)
    return phrases.day.format(day=day.day, month=phrases.months[day.month - 1], year=day.year)


def _sentence(count: int, phrases: _Words, passed: str) -> str:
    if count <= 1 and not passed:
        return phrases.alone
    done = phrases.one_module if count <= 1 else phrases.modules.format(count=_number(count, phrases))
    return phrases.passed.format(done=done, passed=passed) if passed else phrases.course.format(done=done)


def passed_words(outline: Outline, language: str) -> str:
    """Return the assessments that whoever completes a course has passed, in the language of the sheet; empty where nothing has to be.

    The final assessment is named only where the course has one. Else one or two activities are named by their titles, if these are
    short enough for the sheet.
    """
    phrases, to_pass = _LANGUAGES.get(language, _ES), activities_to_pass(outline)
    if has_final_assessment(outline):
        return phrases.final
    if not to_pass:
        return phrases.grade if outline.completion_grade is not None else ""
    titles = [signable_text(_QUOTED.get(language, _QUOTED["es"]).format(_choose(activity.title, language))) for activity in to_pass]
    if len(titles) > 2 or sum(map(len, titles)) > LONGEST_TITLES:
        return _all_of(outline, to_pass, phrases)
    return phrases.titles.format(titles=titles[0] if len(titles) == 1 else phrases.both.format(first=titles[0], second=titles[1]))


def _all_of(outline: Outline, to_pass: Sequence[OutlineActivity], phrases: _Words) -> str:
    """Return the words for activities that are not named: the quizzes "of the modules" where just these have some."""
    if any(activity.kind != "quiz" for activity in to_pass):
        return phrases.assessments[len(to_pass) > 1]
    modules = {module.key for module in outline.numbered if module.key in required_modules(outline)}
    if len(modules) > 1 and modules == {activity.module for activity in to_pass}:
        return phrases.of_modules
    return phrases.quizzes[len(to_pass) > 1]


_FORMERLY = {"es": "aprobó las evaluaciones del curso", "en": "passed the assessments of"}
"""What certificates said of activities that they did not name; it is so wherever something has to be passed."""


def is_founded(outline: Outline, passed: Mapping[str, str]) -> bool:
    """Return whether a certificate's sentence of what was passed is so of its version of the course, in each language that has it."""
    to_pass, stated = activities_to_pass(outline), {key: stated_pass(passed, key, with_assessment=True) for key in passed or _LANGUAGES}
    return all(
        sentence == passed_words(outline, language) or (bool(to_pass) and sentence == _FORMERLY.get(language))
        for language, sentence in stated.items()
    )


def stated_pass(passed: Mapping[str, str], language: str, *, with_assessment: bool) -> str:
    """Return the assessment that a certificate states as passed; those without one have always had the final assessment."""
    if not with_assessment:
        return ""
    return _choose(passed, language) if passed else _LANGUAGES.get(language, _ES).final


def result_sentence(modules: int, passed: str, title: str, language: str) -> str:
    """Return the sentence of the holder's result, as the sheet has it, with the title of the course and a capital letter."""
    done = _sentence(modules, _LANGUAGES.get(language, _ES), passed)
    return f"{done[0].upper()}{done[1:]} {title}"


def compose_badge(language: str, title: str, hours: Fraction, modules: int, passed: str, name_basis: str) -> tuple[str, str]:
    """Return the sentences of a badge in a language, as the sheet has them: the course with its length, and all that was done for it."""
    phrases, length = _LANGUAGES.get(language, _ES), printed_hours(hours, language)
    declared = f" {phrases.declared[0].upper()}{phrases.declared[1:]}." if name_basis == DECLARED else ""
    return phrases.online.format(length=length), f"{result_sentence(modules, passed, title, language)}.{declared}"
