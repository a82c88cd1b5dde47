"""Forms of the site settings."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from wtforms import BooleanField, ColorField, DateField, HiddenField, PasswordField, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional

from accounts.forms import EmailField, zones_by_name
from kernel import pictures
from kernel.errors import N_
from kernel.i18n import _, language, lazy_, number, zone_name
from kernel.settings import known_origin
from kernel.site_profile import PresentSettings, is_fixed
from kernel.web.forms import DAYS, FileField, Form, LineField, WholeField
from organisations.models import InstitutionProfile, InstitutionSignatory
from organisations.services.profile import SignatoryValues

_BY_LANGUAGE = {"names": "institution_name", "short_names": "institution"}
"""Columns with a text by language, and the setting of the environment that stands for all of them."""
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+")
_AT_MOST = lazy_("Use at most %(max)d characters.")


def _column(name: str) -> tuple[str, str]:
    """Return which column a field stands for, and of which language."""
    column, _sign, tongue = name.rpartition("_")
    return (column, tongue) if column in _BY_LANGUAGE else (name, "")


class ShownForm(Form):
    """A form that knows what its page showed, so that a change that somebody else made meanwhile is not undone unseen."""

    seen = HiddenField()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        present = {field.short_name: str(field.object_data or "") for field in self if field.short_name != "seen"}
        digest = hashlib.sha256(json.dumps(present, sort_keys=True).encode()).hexdigest()
        self.is_stale = bool(self.seen.data) and self.seen.data != digest
        """Whether it was sent by a page that showed something else than what holds now; never where it does not say what it showed."""
        self.seen.data = digest


class SiteForm(ShownForm):
    """A part of the site settings. What the environment decides is shown, and cannot be changed here."""

    BLANK: ClassVar[frozenset[str]] = frozenset()
    """Fields that stay empty while nothing is set, because what is in force then is an example."""

    def __init__(self, settings: PresentSettings, row: InstitutionProfile | None, *, is_sent: bool = True) -> None:
        names = [name for name, _field in self._unbound() if name != "seen"]
        settings_of = {name: _BY_LANGUAGE.get(_column(name)[0], name) for name in names}
        self.fixed = {name: f"LMS_{setting.upper()}" for name, setting in settings_of.items() if is_fixed(settings, setting)}
        options = {} if is_sent else {"formdata": None}
        super().__init__(data={name: self._initial_value(settings, row, name) for name in names}, **options)
        for name in self.fixed:
            field = self[name]
            field.data, field.validators, field.render_kw = field.object_data, (), {**(field.render_kw or {}), "disabled": True}

    @classmethod
    def _unbound(cls) -> list[tuple[str, object]]:
        return [(name, field) for name in dir(cls) if hasattr(field := getattr(cls, name), "_formfield")]

    def _initial_value(self, settings: PresentSettings, row: InstitutionProfile | None, name: str) -> object:
        column, tongue = _column(name)
        stored = None if row is None else getattr(row, column)
        if name in self.fixed or (not stored and stored is not False and name not in self.BLANK):
            stored = getattr(settings, column, "")
        shown: object = stored.get(tongue, "") if isinstance(stored, Mapping) else stored
        return shown

    def changes(self) -> dict[str, object]:
        """Return what is to be set, by column; nothing of what the environment decides."""
        columns: dict[str, object] = {}
        texts: dict[str, dict[str, str]] = {}
        for field in self:
            column, tongue = _column(field.short_name)
            if field.short_name in (*self.fixed, "seen"):
                continue
            if not tongue:
                columns[column] = self._column_value(field.short_name, field.data)
            elif field.data:
                texts.setdefault(column, {})[tongue] = field.data
        return columns | texts

    def _column_value(self, name: str, value: object) -> object:
        """Return what the column holds of a field."""
        return value if value is not None else ""


class InstitutionNamesForm(SiteForm):
    """Names of the institution, and the address for questions."""

    BLANK = frozenset({"contact_email"})
    names_es = LineField(
        lazy_("Full name"), [InputRequired(lazy_("Enter the name of the institution.")), Length(max=120, message=_AT_MOST)]
    )
    names_en = LineField(lazy_("Full name in English"), [Length(max=120, message=_AT_MOST)])
    short_names_es = LineField(
        lazy_("Short name"), [InputRequired(lazy_("Enter a short name or the initials.")), Length(max=40, message=_AT_MOST)]
    )
    short_names_en = LineField(lazy_("Short name in English"), [Length(max=40, message=_AT_MOST)])
    contact_email = EmailField(lazy_("Email for questions"), [Length(max=254, message=_AT_MOST)])


class InstitutionFactsForm(SiteForm):
    """Names of one institution among several, as its certificates print them."""

    BLANK = frozenset({"names_es", "names_en", "short_names_es", "short_names_en"})
    names_es = InstitutionNamesForm.names_es
    names_en = InstitutionNamesForm.names_en
    short_names_es = InstitutionNamesForm.short_names_es
    short_names_en = InstitutionNamesForm.short_names_en


class NewInstitutionForm(Form):
    """An institution to add, and the key by which courses name it."""

    name = LineField(lazy_("Full name"), [InputRequired(lazy_("Enter the name of the institution.")), Length(max=120, message=_AT_MOST)])
    key = LineField(lazy_("Key"), [InputRequired(lazy_("Enter a key.")), Length(max=64, message=_AT_MOST)])

    def validate_key(self, field: LineField) -> None:
        """Refuse what courses could not write."""
        if field.data and not _KEY.fullmatch(field.data):
            raise ValidationError(_("Use lower-case letters, digits and hyphens, for example iess."))


class PersonalDataForm(SiteForm):
    """Data-protection officer and processors, as the notice on personal data names them."""

    data_officer = LineField(lazy_("Data-protection officer"), [Length(max=300, message=_AT_MOST)])
    data_processors = LineField(lazy_("Where the data are kept, and who processes them"), [Length(max=600, message=_AT_MOST)])


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
        found = pictures.contrast(field.data, ground)
        if found < pictures.LEAST:
            nearest = _("The nearest shade that works is %(colour)s.", colour=pictures.nearest(field.data, ground))
            raise ValidationError(f"{_(message, found=number(int(found * 10) / 10, 1))} {nearest}")

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
    smtp_host = LineField(lazy_("Server"), [Length(max=253, message=_AT_MOST)])
    smtp_port = WholeField(lazy_("Port"), least=1, most=65535)
    smtp_starttls = BooleanField(lazy_("Encrypt the connection (STARTTLS)"))
    smtp_user = LineField(lazy_("User"), [Length(max=254, message=_AT_MOST)])
    smtp_password = PasswordField(lazy_("Password"), [Length(max=200, message=_AT_MOST)])
    mail_from = EmailField(lazy_("Sender's address"), [Length(max=254, message=_AT_MOST)])

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
        """Return what is to be set; an empty password leaves the one that is stored, as long as its server and user stay."""
        columns = super().changes()
        if "smtp_password" in columns and not columns["smtp_password"] and columns["smtp_host"] == self._kept and columns["smtp_user"]:
            del columns["smtp_password"]
        return columns


class AccessForm(SiteForm):
    """Web address, languages and zone of the site, and who may create an account."""

    BLANK = frozenset({"public_url"})
    public_url = LineField(lazy_("Web address"), [Length(max=300, message=_AT_MOST)])
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

    name = LineField(lazy_("Name"), [InputRequired(lazy_("Enter the name.")), Length(max=100, message=_AT_MOST)])
    office_es = LineField(lazy_("Position"), [InputRequired(lazy_("Enter the position.")), Length(max=100, message=_AT_MOST)])
    office_en = LineField(lazy_("Position in English"), [Length(max=100, message=_AT_MOST)])
    email = EmailField(lazy_("Email of their account"), [Length(max=254, message=_AT_MOST)])
    since = DateField(lazy_("Signs from"), [Optional()], format=DAYS)
    until = DateField(lazy_("Signs until"), [Optional()], format=DAYS)
    picture = FileField(lazy_("Picture of the signature"))
    remove_picture = BooleanField(lazy_("Remove the picture"))

    @staticmethod
    def known(row: InstitutionSignatory) -> dict[str, object]:
        """Return what the form shows of a row."""
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
