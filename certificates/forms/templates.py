"""Forms of templates of certificates."""

import re

from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from certificates.layout.reading import ELEMENT_KINDS
from kernel.i18n import _, lazy_
from kernel.web.forms import FileField, Form, LineField, whole_number

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
TOO_LONG = lazy_("Use at most %(max)d characters.")
MAXIMUM_TEXT = 64_000
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NUMBER = re.compile(r"[0-9]{1,3}([.,][0-9]{1,3})?")


class TemplateKeyForm(Form):
    """The key of a new template."""

    key = LineField(lazy_("Key"), [DataRequired(lazy_("Enter a key.")), Length(max=64, message=TOO_LONG)])

    def validate_key(self, field: LineField) -> None:
        """Refuse what cannot stand in a course's text."""
        if field.data and not _KEY.fullmatch(field.data):
            raise ValidationError(_("Use a to z and 0 to 9 in words joined by single hyphens, up to 64 characters."))


class TemplateFolderForm(Form):
    """A template as a ZIP file."""

    folder = FileField(lazy_("ZIP file"))


class TemplateTextForm(Form):
    """The text of a template, and the revision that was shown with it."""

    text = TextAreaField(
        lazy_("Text of the template"), [DataRequired(lazy_("The template is empty.")), Length(max=MAXIMUM_TEXT, message=TOO_LONG)]
    )
    revision = HiddenField(validators=[DataRequired()])

    @property
    def known_revision(self) -> int:
        """Return the revision that the page showed; one that never was where something else was sent."""
        return whole_number(self.revision.data or "")


class TemplatePictureForm(Form):
    """A picture of a template."""

    picture = FileField(lazy_("Picture (PNG or JPEG)"))


class ElementForm(Form):
    """Place, size and words of an element."""

    at = LineField(lazy_("Place (mm)"), [Length(max=20, message=TOO_LONG)])
    size = LineField(lazy_("Size (mm)"), [Length(max=20, message=TOO_LONG)])
    words = LineField(lazy_("Text"), [Length(max=500, message=TOO_LONG)])

    def validate_at(self, field: LineField) -> None:
        """Refuse what is no pair of numbers."""
        if field.data and len(numbers_of(field.data)) != 2:
            raise ValidationError(_("Enter two numbers: from the left and from the top, for example 98, 36."))

    def validate_size(self, field: LineField) -> None:
        """Refuse what is not one number or two."""
        if field.data and not numbers_of(field.data):
            raise ValidationError(_("Enter one number or two, for example 56, 156."))


def numbers_of(typed: str) -> list[str]:
    """Return one or two numbers as they were typed, with a decimal point; none where it is something else."""
    parts = [part for part in re.split(r"[;\s]+|,\s+|,(?=[0-9]+[.,;\s])", typed.strip()) if part]
    if len(parts) == 1 and parts[0].count(",") == 1 and "." not in parts[0]:
        parts = parts[0].split(",")
    return [part.replace(",", ".") for part in parts] if len(parts) <= 2 and all(map(_NUMBER.fullmatch, parts)) else []


class TemplatePublishingForm(Form):
    """A word about a new version, and the revision that was shown."""

    note = LineField(lazy_("What changes"), [Length(max=300, message=TOO_LONG)])
    revision = HiddenField(validators=[DataRequired()])

    @property
    def known_revision(self) -> int:
        """Return the revision that the page showed."""
        return whole_number(self.revision.data or "")
