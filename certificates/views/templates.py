"""Pages of certificate templates: made or imported, edited as text or by element, shown as samples, published."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, make_response, request
from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, ValidationError

from certificates import pdf
from certificates import templates as certificates_templates
from certificates.access import TemplateAction, TemplateContext
from certificates.certificate_page import get_sheet, printed_colours, printed_signatories, web_certificate
from certificates.credentials import list_of
from certificates.issuing import get_issuer_design, get_issuer_names, list_signers_on
from certificates.layout import reading
from certificates.layout.placing import USUAL_COLOURS, PrintedSignatory, SheetColours, TextOverflow
from certificates.layout.reading import ELEMENT_KINDS, TEMPLATE_FILE, TemplateReadResult, read_template
from certificates.layout.template import CertificateTemplate
from certificates.models import Credential, StoredTemplate
from certificates.pdf import placed_sheet
from certificates.rules.credentials import DECLARED
from certificates.sheet import CertificateSheet, CertificateTexts, compose
from courses.content.differences import compared
from courses.content.editing import EditRefused
from kernel import clock
from kernel.archives import ArchiveLimits, open_archive, write_archive
from kernel.errors import Conflict, Invalid, NotFound
from kernel.i18n import LANGUAGES, _, choose, language, lazy_, local, site_day
from kernel.web.forms import FileField, Form, LineField, area, line, whole_number
from kernel.web.instance_keys import current_keys
from kernel.web.request import (
    Answer,
    begin_writing,
    current_actor,
    current_session,
    current_settings,
    page,
    release_connection,
    requires,
    see_page,
    site_address,
)
from organisations.access import InstitutionAction, InstitutionContext
from organisations.institutions import (
    Institution,
    find_institution,
    get_institution,
    get_institution_scope,
    get_institutions,
    list_institutions,
)
from organisations.models import Organisation
from organisations.profile import change_profile

KIND_WORDS = {
    "text": lazy_("Text"),
    "facade": lazy_("Façade"),
    "signatories": lazy_("Signatures"),
    "qr": lazy_("QR code"),
    "code": lazy_("Code"),
    "image": lazy_("Picture"),
    "logo": lazy_("Institution's logo"),
    "sign": lazy_("Site's sign"),
    "border": lazy_("Border"),
    "box": lazy_("Rectangle"),
    "line": lazy_("Line"),
}
"""What an element is called, by the word with which a template's text names it."""
assert set(KIND_WORDS) == set(ELEMENT_KINDS)
LETTERED = frozenset({"text", "code"})
"""Elements whose size is that of their letters."""
MAXIMUM_TEXT = 64_000
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NUMBER = re.compile(r"[0-9]{1,3}([.,][0-9]{1,3})?")


class TemplateKeyForm(Form):
    """The key of a new template."""

    key = line(lazy_("Key"), most=64, required=lazy_("Enter a key."))

    def validate_key(self, field: LineField) -> None:
        """Refuse what cannot stand in a course's text."""
        if field.data and not _KEY.fullmatch(field.data):
            raise ValidationError(_("Use a to z and 0 to 9 in words joined by single hyphens, up to 64 characters."))


class TemplateFolderForm(Form):
    """A template as a ZIP file."""

    folder = FileField(lazy_("ZIP file"))


class TemplateTextForm(Form):
    """The text of a template, and the revision that was shown with it."""

    text = area(lazy_("Text of the template"), most=MAXIMUM_TEXT, required=lazy_("The template is empty."))
    revision = HiddenField(validators=[DataRequired()])

    @property
    def known_revision(self) -> int:
        """Return the revision that the page showed; one that never was where something else was sent."""
        return whole_number(self.revision.data or "")


class TemplatePictureForm(Form):
    """A picture of a template."""

    picture = FileField(lazy_("Picture (PNG or JPEG)"))


class ElementForm(Form):
    """Place, size and texts of an element as it stands in the draft; what is left as it is there is never refused."""

    at = line(lazy_("From the left, from the top"), most=20)
    size = line(lazy_("Width, height"), most=20)
    text = area(lazy_("Text"), most=500)
    text_es = area(lazy_("Text in Spanish"), most=500)
    text_en = area(lazy_("Text in English"), most=500)

    def __init__(self, element: reading.ElementSummary, **options: Any) -> None:
        texts = {f"text_{tongue}" if tongue else "text": text for tongue, text in element.texts.items()}
        self.place = element.place
        self.former = {"at": element.at, "size": element.size, **texts}
        super().__init__(prefix=f"e{element.place}-", data=self.former, **options)
        for name in (name for name in ("at", "size", "text", "text_es", "text_en") if not self.former.get(name)):
            delattr(self, name)
        if element.kind in LETTERED and self.size is not None:
            self.size.label.text = _("Size of the letters, smallest size")

    def changed(self, name: str) -> str:
        """Return the typed value where it is another one than the draft's; '' where it is not, or the element has no such field."""
        field = getattr(self, name, None)
        typed = (field.data or "").replace("\r\n", "\n") if field is not None else ""
        return typed if typed != self.former.get(name) else ""

    @property
    def texts(self) -> dict[str, str]:
        """Return the texts that were typed anew, by language."""
        names = {"": "text", **{tongue: f"text_{tongue}" for tongue in LANGUAGES}}
        return {tongue: typed for tongue, name in names.items() if (typed := self.changed(name))}

    def validate_at(self, field: LineField) -> None:
        """Refuse what is no pair of numbers."""
        if field.data != self.former["at"] and len(numbers_of(field.data or "")) != 2:
            raise ValidationError(_("Enter two numbers: from the left and from the top, for example 98, 36."))

    def validate_size(self, field: LineField) -> None:
        """Refuse what is not one number or two."""
        if field.data != self.former["size"] and not numbers_of(field.data or ""):
            raise ValidationError(_("Enter one number or two, for example 56, 156."))

    def validate_text(self, field: TextAreaField) -> None:
        """Refuse an element of text without any."""
        if not (field.data or "").strip():
            raise ValidationError(_("Enter the text. An element that is not to be printed can be hidden."))

    validate_text_es = validate_text_en = validate_text


class TemplateTitleForm(Form):
    """The title of a template, in the languages that it has."""

    title_es = line(lazy_("Title in Spanish"), most=200, required=lazy_("Enter the title."))
    title_en = line(lazy_("Title in English"), most=200, required=lazy_("Enter the title."))

    def __init__(self, titles: Mapping[str, str], **options: Any) -> None:
        super().__init__(data={f"title_{tongue}": title for tongue, title in titles.items()}, **options)
        for tongue in LANGUAGES:
            if tongue not in titles:
                delattr(self, f"title_{tongue}")

    @property
    def titles(self) -> dict[str, str]:
        """Return the titles as they were typed, by language."""
        return {field.short_name.removeprefix("title_"): field.data or "" for field in self}


def numbers_of(typed: str) -> list[str]:
    """Return one or two numbers as they were typed, with a decimal point; none where it is something else."""
    parts = [part for part in re.split(r"[;\s]+|,\s+|,(?=[0-9]+[.,;\s])", typed.strip()) if part]
    if len(parts) == 1 and parts[0].count(",") == 1 and "." not in parts[0]:
        parts = parts[0].split(",")
    return [part.replace(",", ".") for part in parts] if len(parts) <= 2 and all(map(_NUMBER.fullmatch, parts)) else []


class TemplatePublishingForm(Form):
    """A word about a new version, and the revision that was shown."""

    note = line(lazy_("What changes"), most=300)
    revision = HiddenField(validators=[DataRequired()])

    @property
    def known_revision(self) -> int:
        """Return the revision that the page showed."""
        return whole_number(self.revision.data or "")


CODE = "7K4M92XDC3QF8TRA"
LONGEST_SAMPLE_NAME = ("María Auxiliadora de los Ángeles Monserrate Guachamín Quinchiguango", "Guachamín Quinchiguango")
LONGEST_TITLE = "Protección social de las personas trabajadoras independientes y de la economía informal en las provincias de la Amazonía"
LONGEST_EDITION = "Segunda edición para las direcciones provinciales de la Costa y de la Amazonía, marzo a mayo de 2026"
HARD_NAMES = (
    LONGEST_SAMPLE_NAME,
    ("Ñusta Sisa Paccha Kuri Quilumbaquin Chimbolema", "Quilumbaquin Chimbolema"),
    ("Tsunkinua Yampauch Nantip Etsa Chumpi Ankuash", "Chumpi Ankuash"),
    ("İpek Gülşah Straße-Weiß Übelhör", "Straße-Weiß Übelhör"),
    ("Jose\u0301 A\u0301ngel N\u0303aupari Muñoz", "N\u0303aupari Muñoz"),
)
"""Whole name and its surnames: 67 letters, Kichwa, Shuar, letters outside of Latin 1, and accents written beside their letters."""


IDENTITY_NUMBER = "1799999999"
"""Nobody's: the third digit of a person's number is six at most."""
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
        course_title="Conceptos y práctica de la atención a la ciudadanía",
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
    name, surnames = LONGEST_SAMPLE_NAME
    return replace(texts, person_name=name, surnames=surnames, course_title=LONGEST_TITLE, edition=LONGEST_EDITION)


def find_overflows(texts: CertificateTexts) -> tuple[tuple[str, TextOverflow], ...]:
    """Find the texts that overflow a template with the hard names and the longest title, each with its language (spec/certificates T5)."""
    overflows: dict[tuple[str, int], TextOverflow] = {}
    for code in texts.template.languages:
        for name, surnames in HARD_NAMES:
            hard = replace(texts, language=code, person_name=name, surnames=surnames, course_title=LONGEST_TITLE, edition=LONGEST_EDITION)
            for overflow in placed_sheet(compose(hard)).overflows:
                overflows.setdefault((code, overflow.element), overflow)
    return tuple((code, overflow) for (code, _element), overflow in overflows.items())


bp = Blueprint("certificates_templates", __name__, url_prefix="/administration/certificate-templates")

LONGEST_NAME = 64
"""Signs of the file name of a picture."""
LIMITS = ArchiveLimits(packed=20_000_000, unpacked=25_000_000, entries=certificates_templates.MOST_PICTURES + 1)


@bp.get("")
@requires(TemplateAction.LIST, certificates_templates.get_template_list)
def templates(context: InstitutionContext) -> Answer:
    """List the templates of the institutions that the reader administers, or those in use where they audit."""
    return _list_page(context, TemplateKeyForm(formdata=None), TemplateFolderForm(formdata=None))


def _list_page(context: InstitutionContext, key_form: TemplateKeyForm, folder_form: TemplateFolderForm, status: int = 200) -> Answer:
    session = current_session()
    is_audited = not get_institution_scope(session, current_actor()).any
    in_use, institutions = certificates_templates.list_in_use(session), list_institutions(session, context.scope)
    titles, names = (
        {template_row.key: template_row.titles for template_row in in_use},
        {institution.id: choose(institution.names) or institution.name for institution in institutions},
    )
    rows = [
        (row, choose(titles.get(row.key, {})) or row.key, names.get(row.organisation_id, ""))
        for row in certificates_templates.list_templates(session, context.scope)
        if row.published_number is not None or not is_audited
    ]
    defaults = [
        (
            institution,
            names[institution.id],
            [(used.key, choose(used.titles) or used.key) for used in in_use if used.organisation_id == institution.id],
        )
        for institution in institutions
    ]
    return page(
        "certificates/templates/list.html",
        rows=rows,
        key_form=key_form,
        folder_form=folder_form,
        institutions=[(institution.uuid, names[institution.id]) for institution in institutions],
        defaults=defaults,
        is_audited=is_audited,
    ), status


def _chosen_institution(context: InstitutionContext) -> Organisation | None:
    """Return the institution for which a template is made: the chosen one of those that the reader administers, else the first of them.

    None where the site has none yet: then its own is made with the template.
    """
    institutions = list_institutions(current_session(), context.scope)
    chosen = request.form.get("institution", "")
    institution = next(
        (candidate for candidate in institutions if str(candidate.uuid) == chosen), institutions[0] if institutions else None
    )
    return current_session().get_one(Organisation, institution.id) if institution is not None else None


@bp.post("/default/<uuid:institution>")
@requires(InstitutionAction.EDIT, get_institution)
def set_default(context: InstitutionContext) -> Answer:
    """Choose the template of an institution's courses that ask for `constancia`."""
    assert context.institution is not None
    session, key, institution = current_session(), request.form.get("template", ""), context.institution
    known = {offered.key for offered in certificates_templates.list_in_use(session) if offered.organisation_id == institution.id}
    if key and key not in known:
        raise Conflict
    change_profile(session, current_actor(), current_settings(), {"default_template": key}, institution=institution, now=clock.now())
    return see_page("certificates_templates.templates", flash=_("Saved. Certificates that were issued before keep what they say."))


@bp.post("")
@requires(TemplateAction.LIST, get_institutions)
def create(context: InstitutionContext) -> Answer:
    """Make a template that begins as a copy of the program's."""
    form = TemplateKeyForm()
    if form.validate_on_submit():
        session, actor, institution = current_session(), current_actor(), _chosen_institution(context)
        with form.refusals(form.key, certificates_templates.TemplateKeyTaken):
            row = certificates_templates.create_template(
                session, actor, current_settings(), form.key.data or "", institution, now=clock.now()
            )
            flash(_("The template was created. Certificates use it once it is published and a course asks for it."), "ok")
            return see_page("certificates_templates.template", template=row.uuid)
    return _list_page(context, form, TemplateFolderForm(formdata=None), 422)


@bp.post("/import")
@requires(TemplateAction.LIST, get_institutions, reads_first=True, body_limit=LIMITS.packed + 100_000)
def import_folder(context: InstitutionContext) -> Answer:
    """Take a template from a ZIP file as a draft."""
    form, sent = TemplateFolderForm(), request.files.get("folder")
    if not form.validate_on_submit() or sent is None or not sent.filename:
        form.refuse(form.folder, _("Choose a ZIP file."))
        return _list_page(context, TemplateKeyForm(formdata=None), form, 422)
    release_connection()
    try:
        files = {name.rpartition("/")[2]: content for name, content in open_archive(_content("folder"), limits=LIMITS).files.items()}
        row = _imported(context, files)
    except (Invalid, Conflict) as refused:
        form.refuse(form.folder, _(refused.text, **refused.facts))
        return _list_page(context, TemplateKeyForm(formdata=None), form, 422)
    flash(_("The template was imported as a draft."), "ok")
    current_session().flush()  # its address is needed
    return see_page("certificates_templates.template", template=row.uuid)


def _content(field: str) -> bytes:
    """Return the content of a sent file."""
    sent = request.files[field]
    content: bytes = sent.read()
    sent.close()
    return content


def _imported(context: InstitutionContext, files: dict[str, bytes]) -> StoredTemplate:
    """Take the files of a template, whose own text says its key."""
    result = read_template(files, today=site_day(clock.now()))
    if result.template is None:
        reasons = "; ".join(f"{finding.file}:{finding.line}: {finding.message}" for finding in result.findings[:3])
        raise Invalid(reasons)
    pictures = {name: certificates_templates.clean_picture(name, files[name]) for name in _named(result.template)}
    contents = {TEMPLATE_FILE: files[TEMPLATE_FILE], **pictures}
    session, key = begin_writing(), result.template.key
    institution = _chosen_institution(context)
    known = certificates_templates.find_stored(session, key)
    if known is not None and not context.scope.covers(known.organisation_id):
        raise certificates_templates.TemplateKeyTaken
    return certificates_templates.import_template(session, current_actor(), current_settings(), key, contents, institution, now=clock.now())


def _named(template: CertificateTemplate) -> set[str]:
    return {file for element in template.elements if (file := getattr(element, "file", ""))}


@bp.get("/<uuid:template>")
@requires(TemplateAction.EDIT, certificates_templates.get_template)
def template(subject: TemplateContext) -> Answer:
    """Show the draft as a sheet beside its elements and as text, with what is wrong."""
    return _page(subject.row)


def _page(
    row: StoredTemplate,
    text_form: TemplateTextForm | None = None,
    status: int = 200,
    *,
    element_form: ElementForm | None = None,
    title_form: TemplateTitleForm | None = None,
) -> Answer:
    session, institution = current_session(), _institution_of(row)
    issuer = _issuer(institution, language())
    result = certificates_templates.read_draft(session, row)
    try:
        elements, titles = reading.list_elements(row.text), reading.list_titles(row.text)
    except EditRefused:
        elements, titles = (), {}
    forms = [ElementForm(element, formdata=None) for element in elements]
    sheet = compose(sample_texts(result.template, language(), _host(), issuer)) if result.template else None
    return (
        page(
            "certificates/templates/template.html",
            row=row,
            owner=issuer.institution,
            title=choose(result.template.title) if result.template else row.key,
            title_form=title_form or TemplateTitleForm(titles, formdata=None),
            elements=[
                (element, element_form if element_form is not None and element_form.place == element.place else form)
                for element, form in zip(elements, forms, strict=True)
            ],
            element_form=element_form or (),
            opened=whole_number(request.args.get("element", ""), -1),
            sheet=web_certificate(sheet) if sheet else None,
            kinds=KIND_WORDS,
            findings=result.findings,
            overflows=_overflows(result, issuer),
            text_form=text_form or TemplateTextForm(formdata=None, data={"text": row.text, "revision": str(row.revision)}),
            picture_form=TemplatePictureForm(formdata=None),
            versions=certificates_templates.list_versions(session, row),
            has_own=bool(_own_certificates(institution)),
            is_signed=bool(issuer.signatories),
        ),
        status,
    )


def _overflows(result: TemplateReadResult, issuer: SampleIssuer) -> list[tuple[str, int, str]]:
    """Return the texts that overflow: language, number of the element, and the word that is too wide."""
    if result.template is None:
        return []
    texts = sample_texts(result.template, language(), _host(), issuer)
    return [(tongue, overflow.element + 1, overflow.word) for tongue, overflow in find_overflows(texts)]


def _host() -> str:
    return urlsplit(site_address()).netloc


def _institution_of(row: StoredTemplate) -> Institution | None:
    return find_institution(current_session(), row.organisation_id)


def _issuer(institution: Institution | None, tongue: str) -> SampleIssuer:
    """Return the issuer that certificates of an institution would print today."""
    session, settings, now = current_session(), current_settings(), clock.now()
    (names, short_names), (brand, accent, logo) = get_issuer_names(settings, institution), get_issuer_design(session, institution)
    signers = list_signers_on(session, settings, institution, local(now).date())
    return SampleIssuer(
        choose(names, tongue),
        choose(short_names, tongue),
        printed_signatories(signers, tongue),
        colours=printed_colours(brand, accent),
        logo=logo,
        key_fingerprint=current_keys().trusted[0].fingerprint,
    )


def _own_certificates(institution: Institution | None) -> list[Credential]:
    """Return the reader's certificates by an institution, the newest first; those that name none are of the first one."""
    names = {""} if institution is None else {str(institution.uuid), *([""] if institution.is_first else [])}
    return [credential for credential in list_of(current_session(), current_actor().person_id) if credential.institution_key in names]


@bp.post("/<uuid:template>/text")
@requires(TemplateAction.EDIT, certificates_templates.get_template)
def save_text(subject: TemplateContext) -> Answer:
    """Write the draft anew."""
    form, row = TemplateTextForm(), subject.row
    if not form.validate_on_submit():
        return _page(row, form, 422)
    text = (form.text.data or "").replace("\r\n", "\n")
    certificates_templates.save_text(current_session(), current_actor(), row, text, form.known_revision, now=clock.now())
    return see_page("certificates_templates.template", template=row.uuid, flash=_("The draft was saved."))


@bp.post("/<uuid:template>/elements")
@requires(TemplateAction.EDIT, certificates_templates.get_template)
def change_elements(subject: TemplateContext) -> Answer:
    """Give the template or an element other values, or add, copy, move, hide, show or delete one; the rest of the text stays as it is."""
    row, act, index = subject.row, request.form.get("act", ""), whole_number(request.form.get("place", ""))
    try:
        if act == "title":
            title_form = TemplateTitleForm(reading.list_titles(row.text))
            if not title_form.validate_on_submit():
                return _page(row, None, 422, title_form=title_form)
            text = reading.with_titles(row.text, title_form.titles)
        elif act == "place":
            form = ElementForm(reading.list_elements(row.text)[index])
            if not form.validate_on_submit():
                return _page(row, None, 422, element_form=form)
            at, size = numbers_of(form.changed("at")), numbers_of(form.changed("size"))
            text = reading.with_element_placed(row.text, index, at, size, form.texts)
        else:
            text = _changed(row.text, act, index)
    except (EditRefused, IndexError, KeyError):
        flash(_("This element cannot be changed here: change it in the text."), "bad")
        return see_page("certificates_templates.template", template=row.uuid)
    revision = whole_number(request.form.get("revision", ""))
    certificates_templates.save_text(current_session(), current_actor(), row, text, revision, now=clock.now())
    return see_page("certificates_templates.template", template=row.uuid, element=index if act == "place" else None, _anchor="elements")


def _changed(text: str, act: str, index: int) -> str:
    acts: dict[str, Callable[[], str]] = {
        "add": lambda: reading.with_element_added(text, request.form.get("kind", "")),
        "copy": lambda: reading.with_element_copied(text, index),
        "up": lambda: reading.with_element_moved(text, index, index - 1),
        "down": lambda: reading.with_element_moved(text, index, index + 1),
        "hide": lambda: reading.with_element_hidden(text, index, hidden=True),
        "show": lambda: reading.with_element_hidden(text, index, hidden=False),
        "delete": lambda: reading.without_element(text, index),
    }
    return acts[act]()


@bp.post("/<uuid:template>/pictures")
@requires(
    TemplateAction.EDIT, certificates_templates.get_template, reads_first=True, body_limit=certificates_templates.LARGEST_PICTURE + 100_000
)
def put_picture(subject: TemplateContext) -> Answer:
    """Give the draft a picture, or take one out."""
    row, sent = subject.row, request.files.get("picture")
    gone = request.form.get("remove", "")
    if gone:
        certificates_templates.remove_picture(begin_writing(), current_actor(), row, gone, now=clock.now())
    elif sent is not None and sent.filename:
        try:
            name = sent.filename.rpartition("/")[2].rpartition("\\")[2][-LONGEST_NAME:]
            release_connection()
            still = certificates_templates.clean_picture(name, _content("picture"))
            certificates_templates.put_picture(begin_writing(), current_actor(), row, name, still, now=clock.now())
        except Invalid as refused:
            flash(_(refused.text, **refused.facts), "bad")
    return see_page("certificates_templates.template", template=row.uuid)


@bp.get("/<uuid:template>/preview.pdf")
@requires(TemplateAction.EDIT, certificates_templates.get_template)
def preview(subject: TemplateContext) -> Answer:
    """Draw the draft as the PDF that it would be."""
    result = certificates_templates.read_draft(current_session(), subject.row)
    if result.template is None:
        raise Conflict
    return _drawn(subject.row, result.template)


@bp.get("/<uuid:template>/versions/<int:number>.pdf")
@requires(TemplateAction.PREVIEW, certificates_templates.get_template)
def preview_version(subject: TemplateContext) -> Answer:
    """Draw a published version."""
    return _drawn(subject.row, certificates_templates.get_drawn_template(current_session(), subject.row.key, subject.number))


def _drawn(row: StoredTemplate, template: CertificateTemplate) -> Response:
    """Draw a template as it would be issued today: with the names, the logo, the colours and the signatures of its institution."""
    chosen = request.args.get("language", language())
    tongue = chosen if chosen in LANGUAGES else language()
    person = request.args.get("person", SamplePerson.USUAL.value)
    institution = _institution_of(row)
    issuer = _issuer(institution, tongue)
    if person == SamplePerson.OWN:
        sheet = _own_sheet(institution, template, issuer, tongue)
    else:
        texts = sample_texts(template, tongue, _host(), issuer)
        sheet = compose(long_texts(texts) if person == SamplePerson.LONG else texts)
    response = make_response(pdf.render(sheet))
    response.content_type = "application/pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{template.key}.pdf"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _own_sheet(institution: Institution | None, template: CertificateTemplate, issuer: SampleIssuer, tongue: str) -> CertificateSheet:
    """Return the reader's last certificate as it would be with another design; raise NotFound where they hold none."""
    own = _own_certificates(institution)
    if not own:
        raise NotFound
    sheet = get_sheet(current_session(), own[0], site_address(), tongue)
    return replace(sheet, template=template, content=replace(sheet.content, colours=issuer.colours, logo=issuer.logo))


@bp.get("/<uuid:template>/export.zip")
@requires(TemplateAction.EDIT, certificates_templates.get_template)
def export(subject: TemplateContext) -> Answer:
    """Give the draft as a folder."""
    row, target = subject.row, BytesIO()
    write_archive(target, {TEMPLATE_FILE: row.text.encode(), **certificates_templates.read_pictures(current_session(), row.pictures)})
    response = make_response(target.getvalue())
    response.content_type = "application/zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{row.key}.zip"'
    return response


@bp.get("/<uuid:template>/versions")
@requires(TemplateAction.VIEW, certificates_templates.get_template)
def versions(subject: TemplateContext) -> Answer:
    """List the versions, and what changed in each."""
    rows = list(certificates_templates.list_versions(current_session(), subject.row))
    changes = [(version, compared(old.text, version.text) if old else ()) for version, old in zip(rows, [*rows[1:], None], strict=False)]
    return page("certificates/templates/versions.html", row=subject.row, changes=changes)


@bp.post("/<uuid:template>/publishing")
@requires(TemplateAction.PUBLISH, certificates_templates.get_template)
def publish(subject: TemplateContext) -> Answer:
    """Make a version of the draft, which new certificates are issued with."""
    form, row = TemplatePublishingForm(), subject.row
    if not form.validate_on_submit():
        return _page(row, None, 422)
    version = certificates_templates.publish_template(
        current_session(), current_actor(), row, form.note.data or "", form.known_revision, now=clock.now()
    )
    flash(_("Version %(number)s is published. Certificates that were issued before keep theirs.", number=version.number), "ok")
    return see_page("certificates_templates.template", template=row.uuid)
