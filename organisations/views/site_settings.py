"""Pages of the site settings, and the logo, signatures and style sheet that come of them."""

import re
from collections.abc import Callable
from datetime import date

from flask import Blueprint, Response, flash, make_response, request
from sqlalchemy.orm import Session
from wtforms import BooleanField, ColorField, DateField, PasswordField, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional

from accounts.forms import EmailField, zones_by_name
from kernel import clock, mail, pictures
from kernel.errors import N_, Conflict, Invalid, require_found
from kernel.i18n import _, language, lazy_, local, number, zone_name
from kernel.permissions import Actor
from kernel.pictures import LARGEST_LOGO, cleaned_logo, cleaned_signature, mixed, nearest
from kernel.settings import known_origin
from kernel.site_profile import PresentSettings
from kernel.web.assets import FOR_EVER
from kernel.web.forms import DAYS, FileField, Form, LineField, PrintedField, WholeField, at_most, line
from kernel.web.limits import limit, limiter
from kernel.web.request import (
    Answer,
    begin_writing,
    current_actor,
    current_session,
    current_settings,
    is_read_only_request,
    page,
    public,
    release_connection,
    requires,
    secrets_of_app,
    see_other,
    see_page,
)
from organisations import profile as organisations_profile
from organisations.access import InstitutionAction, OrganisationAction, SignatoryContext
from organisations.institutions import get_signatory
from organisations.models import InstitutionProfile, InstitutionSignatory
from organisations.profile import SignatoryValues
from organisations.site_forms import ShownForm, SiteForm, fresh_settings

_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+")


class InstitutionNamesForm(SiteForm):
    """Names of the institution, and the address for questions."""

    BLANK = frozenset({"contact_email"})
    names_es = PrintedField(lazy_("Full name"), [InputRequired(lazy_("Enter the name of the institution.")), at_most(120)])
    names_en = PrintedField(lazy_("Full name in English"), [at_most(120)])
    short_names_es = PrintedField(lazy_("Short name"), [InputRequired(lazy_("Enter a short name or the initials.")), at_most(40)])
    short_names_en = PrintedField(lazy_("Short name in English"), [at_most(40)])
    contact_email = EmailField(lazy_("Email for questions"), [at_most(254)])


class InstitutionFactsForm(SiteForm):
    """Names of one institution among several, as its certificates print them."""

    BLANK = frozenset({"names_es", "names_en", "short_names_es", "short_names_en"})
    names_es = InstitutionNamesForm.names_es
    names_en = InstitutionNamesForm.names_en
    short_names_es = InstitutionNamesForm.short_names_es
    short_names_en = InstitutionNamesForm.short_names_en


class NewInstitutionForm(Form):
    """An institution to add, and the key by which courses name it."""

    name = PrintedField(lazy_("Full name"), [InputRequired(lazy_("Enter the name of the institution.")), at_most(120)])
    key = line(lazy_("Key"), most=64, required=lazy_("Enter a key."))

    def validate_key(self, field: LineField) -> None:
        """Refuse what courses could not write."""
        if field.data and not _KEY.fullmatch(field.data):
            raise ValidationError(_("Use lower-case letters, digits and hyphens, for example ministerio."))


class PersonalDataForm(SiteForm):
    """Data-protection officer and processors, as the notice on personal data names them."""

    data_officer = line(lazy_("Data-protection officer"), most=300)
    data_processors = line(lazy_("Where the data are kept, and who processes them"), most=600)


class LogoForm(Form):
    """The institution's logo."""

    file = FileField(lazy_("Picture"))


GROUND = "#eff2f0"
"""The darkest ground of light pages on which text of the main colour stands; white has more contrast than it."""
INK = "#15212a"
"""Text that stands on the second colour."""
USUAL = ("#0f4c63", "#f5b53b")
"""The colours of the product."""


class ColoursForm(ShownForm):
    """The institution's two colours, dark enough and light enough to be read (WCAG 2.2, 1.4.3)."""

    brand_colour = ColorField(lazy_("Main colour"))
    accent_colour = ColorField(lazy_("Second colour"))

    def validate_brand_colour(self, field: ColorField) -> None:
        """Refuse a colour that cannot be read on light pages, or white on it."""
        self._judge(
            field, GROUND, N_("Text in this colour is hard to read on white, and white text on it: contrast %(found)s, at least 4.5.")
        )

    def validate_accent_colour(self, field: ColorField) -> None:
        """Refuse a colour on which dark text cannot be read."""
        self._judge(field, INK, N_("Dark text on this colour is hard to read: contrast %(found)s, at least 4.5 is needed."))

    def _judge(self, field: ColorField, ground: str, message: str) -> None:
        field.data = (field.data or "").strip().lower()
        if not pictures.is_colour(field.data):
            raise ValidationError(_("Enter a colour such as #0f4c63."))
        contrast = pictures.contrast(field.data, ground)
        if contrast < pictures.LEAST:
            nearest = _("The nearest shade that works is %(colour)s.", colour=pictures.nearest(field.data, ground))
            raise ValidationError(f"{_(message, found=number(int(contrast * 10) / 10, 1))} {nearest}")

    @property
    def proposal(self) -> tuple[str, str]:
        """Return the nearest colours that can be read, nothing where they can be read or are none."""
        given = (self.brand_colour.data or "", self.accent_colour.data or "")
        if not all(map(pictures.is_colour, given)):
            return USUAL
        return pictures.nearest(given[0], GROUND), pictures.nearest(given[1], INK)


class MailForm(SiteForm):
    """Mail server and sender of the site."""

    BLANK = frozenset({"mail_from", "smtp_password"})
    smtp_host = line(lazy_("Server"), most=253)
    smtp_port = WholeField(lazy_("Port"), least=1, most=65535)
    smtp_starttls = BooleanField(lazy_("Encrypt the connection (STARTTLS)"))
    smtp_user = line(lazy_("User"), most=254)
    smtp_password = PasswordField(lazy_("Password"), [at_most(200)])
    mail_from = EmailField(lazy_("Sender's address"), [at_most(254)])

    def __init__(self, settings: PresentSettings, row: InstitutionProfile | None, *, is_sent: bool = True) -> None:
        super().__init__(settings, row, is_sent=is_sent)
        self._kept = row.smtp_host if row is not None and row.smtp_password else ""
        self._door = (settings.smtp_port, settings.smtp_starttls)
        self.has_password = bool(settings.smtp_password.get_secret_value()) if "smtp_password" in self.fixed else bool(self._kept)
        if self.smtp_port.data:
            self.smtp_port.data = str(self.smtp_port.data)

    def _initial_value(self, settings: PresentSettings, row: InstitutionProfile | None, name: str) -> object:
        return "" if name == "smtp_password" else super()._initial_value(settings, row, name)

    def validate_smtp_host(self, field: LineField) -> None:
        """Refuse what is no name of a machine."""
        if field.data and not _HOST.fullmatch(field.data):
            raise ValidationError(_("Enter only the server's name, for example smtp.example.org."))

    def validate_smtp_password(self, field: PasswordField) -> None:
        """Ask for the password again where it would go elsewhere or in clear: to another server or port, or without encryption."""
        port, encrypts = self._door
        is_elsewhere = self.smtp_host.data != self._kept or self.smtp_port.number != port or (encrypts and not self.smtp_starttls.data)
        needs_password = "smtp_password" not in self.fixed and self._kept and self.smtp_host.data and is_elsewhere
        if needs_password and self.smtp_user.data and not field.data:
            raise ValidationError(_("The stored password belongs to the server %(server)s. Enter it again.", server=self._kept))

    def _column_value(self, name: str, value: object) -> object:
        return self.smtp_port.number if name == "smtp_port" else super()._column_value(name, value)

    def changes(self) -> dict[str, object]:
        """Return the values to set; an empty password leaves the one that is stored, as long as its server and user stay."""
        columns = super().changes()
        if "smtp_password" in columns and not columns["smtp_password"] and columns["smtp_host"] == self._kept and columns["smtp_user"]:
            del columns["smtp_password"]
        return columns


class AccessForm(SiteForm):
    """Web address, languages and zone of the site, and who may create an account."""

    BLANK = frozenset({"public_url"})
    public_url = line(lazy_("Web address"), most=300)
    languages = SelectField(
        lazy_("Languages"),
        choices=[
            SelectChoice(value="es, en", label=lazy_("Spanish and English; Spanish first")),
            SelectChoice(value="en, es", label=lazy_("Spanish and English; English first")),
            SelectChoice(value="es", label=lazy_("Only Spanish")),
            SelectChoice(value="en", label=lazy_("Only English")),
        ],
    )
    zone = SelectField(lazy_("Time zone"))
    sign_up = BooleanField(lazy_("Anyone can create an account"))

    def __init__(self, settings: PresentSettings, row: InstitutionProfile | None, *, is_sent: bool = True) -> None:
        super().__init__(settings, row, is_sent=is_sent)
        offered = zones_by_name(language()) | {zone_name(settings.zone): settings.zone}
        self.zone.choices = [SelectChoice(value=zone, label=name) for name, zone in offered.items()]

    def validate_public_url(self, field: LineField) -> None:
        """Refuse what is no address of a site."""
        try:
            field.data = known_origin(field.data or "")
        except ValueError:
            raise ValidationError(_("Enter an address such as https://cursos.example.org, without a path.")) from None


class SignatoryForm(ShownForm):
    """Signatory of certificates: name, office, days and picture."""

    name = PrintedField(lazy_("Name"), [InputRequired(lazy_("Enter the name.")), at_most(100)])
    office_es = PrintedField(lazy_("Position"), [InputRequired(lazy_("Enter the position.")), at_most(100)])
    office_en = PrintedField(lazy_("Position in English"), [at_most(100)])
    email = EmailField(lazy_("Email of their account"), [at_most(254)])
    since = DateField(lazy_("Signs from"), [Optional()], format=DAYS)
    until = DateField(lazy_("Signs until"), [Optional()], format=DAYS)
    picture = FileField(lazy_("Picture of the signature"))
    remove_picture = BooleanField(lazy_("Remove the picture"))

    @staticmethod
    def known(row: InstitutionSignatory) -> dict[str, object]:
        """Return the values that the form shows of a row."""
        offices = {f"office_{tongue}": office for tongue, office in row.offices.items()}
        return {"name": row.name, "email": row.email, "since": row.since, "until": row.until, **offices}

    def validate_until(self, field: DateField) -> None:
        """Refuse an end before the beginning."""
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError(_("The last day is before the first."))

    def values(self, picture: bytes | None) -> SignatoryValues:
        """Return who signs."""
        offices = {"es": self.office_es.data or ""} | ({"en": self.office_en.data} if self.office_en.data else {})
        return SignatoryValues(
            self.name.data or "",
            offices,
            self.since.data,
            self.until.data,
            picture,
            removes_picture=bool(self.remove_picture.data),
            email=self.email.data or "",
        )


_WHITE, _BLACK = "#ffffff", "#000000"
_DARK = "#172228"
"""The surface of dark pages."""
_PALE = "#b3c8d0"
"""The faintest text on the dark parts of light pages."""
_READABLE = 5.5
"""Contrast of a colour with a soft ground of the same colour."""


def tokens(brand: str, accent: str) -> dict[str, tuple[str, str]]:
    """Return the tokens of the product's style sheet that follow the colours, for light and for dark pages."""
    soft = (mixed(brand, _WHITE, 0.9), mixed(brand, _DARK, 0.8))
    lamp_soft = (mixed(accent, _WHITE, 0.85), mixed(accent, _DARK, 0.85))
    light, dark = nearest(brand, soft[0]), nearest(brand, soft[1], _READABLE)
    night = nearest(mixed(brand, _BLACK, 0.35), _PALE, 7)
    return {
        "brand": (light, dark),
        "brand-strong": (mixed(light, _BLACK, 0.25), mixed(dark, _WHITE, 0.4)),
        "on-brand": (_WHITE, nearest(mixed(brand, _BLACK, 0.7), dark)),
        "brand-soft": soft,
        "lamp": (accent, accent),
        "lamp-soft": lamp_soft,
        "lamp-ink": (nearest(accent, lamp_soft[0], _READABLE), nearest(accent, lamp_soft[1], _READABLE)),
        "night": (night, mixed(night, _BLACK, 0.2)),
    }


def style_sheet(brand: str, accent: str) -> str:
    """Return the style sheet of an institution with these colours; nothing where it has none of its own."""
    if not brand or not accent:
        return ""
    shades = tokens(brand, accent)
    plain = ";".join(f"--{name}:{light}" for name, (light, _dark) in shades.items())
    both = ";".join(f"--{name}:light-dark({light},{dark})" for name, (light, dark) in shades.items())
    return f":root{{{plain}}}\n@supports (color:light-dark(#000,#fff)){{:root{{{both}}}}}\n"


bp = Blueprint("organisations_site", __name__)

BODY_LIMIT = LARGEST_LOGO + 100_000
MAIL_TESTS = limit("mail-test", "10 per hour")
PATIENCE = 8.0
"""Seconds that the mail server of a test may take for each of its answers: somebody waits before the page."""


@bp.get("/administration/site")
@requires(OrganisationAction.MANAGE_SITE)
def overview() -> Answer:
    """Show what is set, and where each thing is changed."""
    session, settings = current_session(), fresh_settings()
    fixed = [f"LMS_{name.upper()}" for name in sorted(settings.model_fields_set) if name in organisations_profile.ON_THE_WEB]
    return page(
        "organisations/site/overview.html",
        settings=settings,
        fixed=fixed,
        signatories=[row.name for row in organisations_profile.list_signatories_on(session, _today())],
        signs_by_setting=bool(settings.signatories),
    )


def _today() -> date:
    return local(clock.now()).date()


def _section(kind: type[SiteForm], template: str, done: str) -> Answer:
    """Show a part of the settings as a form, or take it."""
    settings, row = fresh_settings(), organisations_profile.find_profile(current_session())
    form = kind(settings, row)
    if is_read_only_request():
        return page(template, form=form)
    if form.is_stale:
        flash(_(Conflict.message), "warn")
        return page(template, form=kind(settings, row, is_sent=False)), 409
    if not form.validate_on_submit():
        return page(template, form=form)
    organisations_profile.change_profile(current_session(), current_actor(), settings, form.changes(), secrets_of_app(), now=clock.now())
    flash(done, "ok")
    return see_other(request.path)


@bp.route("/administration/site/names", methods=["GET", "POST"])
@requires(OrganisationAction.MANAGE_SITE)
def names() -> Answer:
    """Set the names of the institution, and where its people ask for help."""
    return _section(InstitutionNamesForm, "organisations/site/names.html", _("Saved. Every page shows it within a few seconds."))


@bp.route("/administration/site/personal-data", methods=["GET", "POST"])
@requires(OrganisationAction.MANAGE_SITE)
def personal_data() -> Answer:
    """Set who answers for personal data, and where they are kept."""
    return _section(
        PersonalDataForm, "organisations/site/personal_data.html", _("Saved. The notice on personal data shows it within a few seconds.")
    )


@bp.route("/administration/site/access", methods=["GET", "POST"])
@requires(OrganisationAction.MANAGE_SITE)
def access() -> Answer:
    """Set where the site is reached, in which languages, and who may create an account."""
    return _section(AccessForm, "organisations/site/access.html", _("Saved. Every page shows it within a few seconds."))


@bp.route("/administration/site/mail", methods=["GET", "POST"])
@requires(OrganisationAction.MANAGE_SITE)
def mail_server() -> Answer:
    """Set the server by which mail is sent."""
    return _section(MailForm, "organisations/site/mail_server.html", _("Saved. Now send yourself a test message."))


@bp.post("/administration/site/mail/test")
@requires(OrganisationAction.MANAGE_SITE, reads_first=True)
def test_mail() -> Answer:
    """Send a test message to the administrator's own address, and say what the server answered."""
    actor, settings = current_actor(), fresh_settings()
    if not settings.sends_mail:
        raise Conflict
    limiter().use(MAIL_TESTS, str(actor.person_id))
    release_connection()
    problem = mail.try_server(settings, _test_message(settings, actor), patience=PATIENCE)
    organisations_profile.note_mail_test(begin_writing(), actor, settings, reached=not problem, now=clock.now())
    if problem:
        flash(problem, "bad")
    else:
        message = _("%(server)s accepted the message. Look for it in the inbox of %(address)s, also among spam.")
        flash(message % {"server": settings.mail_server, "address": actor.email}, "ok")
    return see_page("organisations_site.mail_server")


def _test_message(settings: PresentSettings, actor: Actor) -> mail.Mail:
    key = f"prueba-{actor.person_id}-{int(clock.now().timestamp())}"
    return mail.write(
        settings, actor.email, "test_message", actor.language, key=key, path="/administration/site/mail", name=actor.given_names
    )


@bp.get("/administration/site/appearance")
@requires(OrganisationAction.MANAGE_SITE)
def appearance() -> Answer:
    """Show the logo and the two colours."""
    return _appearance_page()


def _appearance_page(logo: LogoForm | None = None, colours: ColoursForm | None = None) -> Response:
    row = organisations_profile.find_profile(current_session())
    return page(
        "organisations/site/appearance.html",
        logo_form=logo or LogoForm(formdata=None),
        form=colours or ColoursForm(formdata=None, data=known_colours(row)),
        logo_digest=row.logo_digest if row else "",
        logo_is_drawing=bool(row and row.logo_digest and row.logo_type != "image/png"),
        has_colours=bool(row and row.brand_colour),
        usual=USUAL,
    )


def known_colours(row: InstitutionProfile | None) -> dict[str, str]:
    """Return the colours that hold now, as the form shows them."""
    stored = ("", "") if row is None else (row.brand_colour, row.accent_colour)
    return {"brand_colour": stored[0] or USUAL[0], "accent_colour": stored[1] or USUAL[1]}


@bp.post("/administration/site/logo")
@requires(OrganisationAction.MANAGE_SITE, reads_first=True, body_limit=BODY_LIMIT)
def set_logo() -> Answer:
    """Take a picture as the institution's logo."""
    form = LogoForm()
    release_connection()
    try:
        picture, media_type = cleaned_logo(upload("file") or b"")
    except Invalid as refused:
        form.refuse(form.file, _(refused.text, **refused.facts))
        return _appearance_page(logo=form)
    organisations_profile.set_logo(begin_writing(), current_actor(), current_settings(), picture, media_type, now=clock.now())
    return see_page("organisations_site.appearance", flash=_("The logo is saved. Every page shows it within a few seconds."))


def upload(name: str) -> bytes | None:
    """Return the file that came in a field, nothing where none was chosen."""
    file = request.files.get(name)
    if file is None or not file.filename:
        return None
    content: bytes = file.read()
    file.close()
    return content


@bp.post("/administration/site/logo/removal")
@requires(OrganisationAction.MANAGE_SITE)
def remove_logo() -> Answer:
    """Show the site's own sign again."""
    organisations_profile.remove_logo(current_session(), current_actor(), current_settings(), now=clock.now())
    return see_page("organisations_site.appearance", flash=_("The logo was removed."))


@bp.post("/administration/site/colours")
@requires(OrganisationAction.MANAGE_SITE)
def set_colours() -> Answer:
    """Take the institution's two colours, where they can be read."""
    form = ColoursForm(data=known_colours(organisations_profile.find_profile(current_session())))
    if form.is_stale:
        flash(_(Conflict.message), "warn")
        return _appearance_page(), 409
    if not form.validate_on_submit():
        return _appearance_page(colours=form)
    chosen = (str(form.brand_colour.data), str(form.accent_colour.data))
    brand, accent = ("", "") if chosen == USUAL else chosen
    values = {"brand_colour": brand, "accent_colour": accent}
    organisations_profile.change_profile(current_session(), current_actor(), current_settings(), values, now=clock.now())
    return see_page("organisations_site.appearance", flash=_("The colours are saved. Every page shows them within a few seconds."))


@bp.route("/administration/site/signatories", methods=["GET", "POST"])
@requires(OrganisationAction.MANAGE_SITE, reads_first=True, body_limit=BODY_LIMIT)
def signatories() -> Answer:
    """List who signs certificates, and add somebody."""
    form = SignatoryForm()
    if is_read_only_request():
        return _signatories_page(form)

    def add(session: Session, picture: bytes | None) -> None:
        organisations_profile.add_signatory(session, current_actor(), current_settings(), form.values(picture), now=clock.now())

    if not keep_signatory(form, add):
        return _signatories_page(form), 422
    return see_page("organisations_site.signatories", flash=_("%(name)s signs the certificates issued on those days.", name=form.name.data))


def _signatories_page(form: SignatoryForm) -> Response:
    today, rows = _today(), organisations_profile.list_signatories(current_session())
    return page(
        "organisations/site/signatories.html",
        form=form,
        signatories=rows,
        nobody_signs=bool(rows) and not organisations_profile.list_signatories_on(current_session(), today),
        fixed="LMS_SIGNATORY_1" if current_settings().signatories else "",
        is_full=len(rows) >= organisations_profile.MOST_SIGNATORIES,
    )


def keep_signatory(form: SignatoryForm, keep: Callable[[Session, bytes | None], None]) -> bool:
    """Check who signs and clean the picture, then write; what is refused stands in the form."""
    if not form.validate_on_submit():
        return False
    release_connection()
    try:
        content = upload("picture")
        keep_picture = None if content is None else cleaned_signature(content)
        keep(begin_writing(), keep_picture)
    except Invalid as refused:
        form.refuse(form.picture, _(refused.text, **refused.facts))
        return False
    except Conflict as refused:
        form.refuse(form.name, _(refused.text))
        return False
    return True


@bp.route("/administration/site/signatories/<uuid:signatory>", methods=["GET", "POST"])
@requires(InstitutionAction.SIGNATORIES, get_signatory, reads_first=True, body_limit=BODY_LIMIT)
def signatory(subject: SignatoryContext) -> Answer:
    """Change who signs."""
    row = _row_of(subject)
    form = SignatoryForm(data=SignatoryForm.known(row))
    if is_read_only_request():
        return _signatory_page(subject, form)

    def change(session: Session, picture: bytes | None) -> None:
        organisations_profile.change_signatory(session, current_actor(), row, form.values(picture), now=clock.now())

    if form.is_stale:
        flash(_(Conflict.message), "warn")
        return _signatory_page(subject, SignatoryForm(formdata=None, data=SignatoryForm.known(row))), 409
    if not keep_signatory(form, change):
        return _signatory_page(subject, form), 422
    flash(_("Saved. Certificates that were issued before keep what they say."), "ok")
    return _to_signatories(subject)


def _row_of(subject: SignatoryContext) -> InstitutionSignatory:
    assert subject.row is not None
    return subject.row


def _is_of_site(subject: SignatoryContext) -> bool:
    """Return whether the reader comes from the site settings: those of the first institution are there, for site administrators."""
    return subject.is_first and current_actor().is_administrator


def _signatory_page(subject: SignatoryContext, form: SignatoryForm) -> Response:
    of_site = _is_of_site(subject)
    return page("organisations/site/signatory.html", form=form, signatory=subject.row, institution=None if of_site else subject.institution)


def _to_signatories(subject: SignatoryContext) -> Response:
    assert subject.institution is not None
    if _is_of_site(subject):
        return see_page("organisations_site.signatories")
    return see_page("organisations_institutions.institution", institution=subject.institution.uuid)


@bp.get("/administration/site/signatories/<uuid:signatory>/picture")
@requires(InstitutionAction.SIGNATORIES, get_signatory)
def signature(subject: SignatoryContext) -> Answer:
    """Show the picture of a signature, to administrators of the institution alone."""
    picture = require_found(_row_of(subject).picture)
    return _file(picture, "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg", cached=False)


@bp.post("/administration/site/signatories/<uuid:signatory>/removal")
@requires(InstitutionAction.SIGNATORIES, get_signatory)
def remove_signatory(subject: SignatoryContext) -> Answer:
    """Let somebody sign no more."""
    row = _row_of(subject)
    organisations_profile.remove_signatory(current_session(), current_actor(), row, now=clock.now())
    flash(_("%(name)s signs no more certificates.", name=row.name), "ok")
    return _to_signatories(subject)


@bp.post("/administration/site/hint")
@requires(OrganisationAction.MANAGE_SITE)
def dismiss_hint() -> Answer:
    """Propose no more that the institution should be named."""
    organisations_profile.dismiss_hint(current_session(), current_actor(), current_settings(), now=clock.now())
    return see_page("lms.administration")


@bp.get("/site/logo/<digest>")
@public("the logo stands on every page")
def logo(digest: str) -> Answer:
    """Show the institution's logo; its address changes with it."""
    row = organisations_profile.get_logo(current_session(), current_actor(), digest)
    assert row.logo is not None
    return _file(row.logo, row.logo_type, cached=True)


@bp.get("/site.css")
@public("the colours stand on every page")
def style() -> Answer:
    """Give the institution's colours as a style sheet; its address changes with them."""
    profile = current_settings().profile
    response = _file(style_sheet(profile.brand_colour, profile.accent_colour).encode(), "text/css; charset=utf-8", cached=False)
    if request.args.get("v") == profile.style:  # another process may know newer colours than this one
        response.headers["Cache-Control"] = FOR_EVER
    return response


def _file(content: bytes, media_type: str, *, cached: bool) -> Response:
    """Send a file that no browser runs, whatever it holds."""
    response = make_response(content)
    response.content_type = media_type
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    if cached:
        response.headers["Cache-Control"] = FOR_EVER
    return response
