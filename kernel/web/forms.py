"""Forms: the base of all of them, and the fields that clean what people type."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Response, abort, current_app, g, make_response, request
from flask_wtf import FlaskForm
from flask_wtf.file import FileField as FileField  # WTForms' own takes a text for a file
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from wtforms import Field, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, Length
from wtforms.widgets import DateTimeLocalInput, FileInput

from kernel.clock import FIRST_DAY, LAST_DAY
from kernel.errors import N_, DomainError, TooMany
from kernel.files import checksum_of
from kernel.i18n import _, lazy_, local, number, plural, zone
from kernel.markup.source import composed, printable
from kernel.pdf.signs import UNPRINTABLE, unprintable

DEPTH = 50
"""Lists and objects one inside the other that JSON may have (spec/security 3.5)."""
_JSON_PARTS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[][{}]', re.DOTALL)
_DIGEST = re.compile("[0-9a-f]{64}")
_KEPT_CONTROLS = {"\n", "\t"}


def form_token() -> str:
    """Return the token that the forms of the present reader carry."""
    token: str = current_app.extensions["csrf"].token()
    return token


@contextmanager
def form_token_at(marker: str) -> Iterator[None]:
    """Draw forms with a place for their token; the library keeps the token of a request in `g`."""
    before = g.pop("csrf_token", None)
    g.csrf_token = marker
    try:
        yield
    finally:
        g.pop("csrf_token")
        if before is not None:
            g.csrf_token = before


def read_json(text: str) -> Any:
    """Return the value of a JSON text; raise ValueError where it is none, or is nested deeper than DEPTH."""
    depth = 0
    for part in _JSON_PARTS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(part[0], 0)
        if depth > DEPTH:
            raise ValueError(f"nested deeper than {DEPTH}")
    return json.loads(text)


def clean_text(text: str, *, lines: bool = False) -> str:
    """Return text in NFC without control, bidirectional-override and tag characters; single lines have their spaces folded."""
    signs = (
        char
        for char in composed(text)
        if char in _KEPT_CONTROLS or (unicodedata.category(char) not in ("Cc", "Cs", "Cn", "Co") and not _is_invisible(char))
    )
    cleaned = "".join(signs)
    return cleaned.strip() if lines else " ".join(cleaned.split())


_INVISIBLE = frozenset({0x00AD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF})
"""Signs without a shape; joiners (200C, 200D) stay, because scripts and pictures are written with them."""


def _is_invisible(char: str) -> bool:
    code = ord(char)
    return (
        code in _INVISIBLE or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069 or 0xFFF9 <= code <= 0xFFFB or 0xE0000 <= code <= 0xE007F
    )


def as_uuid(text: str) -> UUID | None:
    """Return the identifier that a field or an address holds, nothing where it holds none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def as_day(text: str) -> date | None:
    """Return the day that an address holds, in one of the forms of DAYS; None if it holds none."""
    for form in DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day, not a moment
        except ValueError:
            continue
    return None


def as_form_data(fields: Iterable[tuple[str, str]]) -> MultiDict[str, str]:
    """Return fields that were kept as a form takes them."""
    return MultiDict(fields)


def whole_number(text: str, otherwise: int = 0) -> int:
    """Return the number that a form's hidden field holds, another where it holds none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else otherwise


class LineField(StringField):
    """One line of text, cleaned."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the first value, cleaned."""
        self.data = clean_text(str(valuelist[0])) if valuelist else ""


class PrintedField(LineField):
    """A line that certificates and other documents print: none of its signs lacks in their fonts."""

    def pre_validate(self, form: BaseForm) -> None:
        """Name the signs that no font has."""
        if signs := unprintable(self.data or ""):
            raise ValidationError(_(UNPRINTABLE, signs=signs))


class AreaField(TextAreaField):
    """A text of several lines, without signs that PostgreSQL or other programs refuse."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the first value, cleaned."""
        self.data = printable(str(valuelist[0])) if valuelist else ""


def at_most(count: int) -> Length:
    """Bound the characters of a field."""
    return Length(max=count, message=lazy_("Use at most %(max)d characters."))


def _bounds(most: int, required: str, least: int = 0) -> list[DataRequired | Length]:
    length = Length(least, most, lazy_("Use from %(min)d to %(max)d characters.")) if least else at_most(most)
    return [*([DataRequired(required)] if required else []), length]


def line(label: str, *, most: int, least: int = 0, required: str = "", **options: Any) -> LineField:
    """Return a line of at most, or from some to some, characters; `required`: what is said where it is empty."""
    return LineField(label, _bounds(most, required, least), **options)


def area(label: str, *, most: int, required: str = "", **options: Any) -> AreaField:
    """Return a text of several lines, of at most some characters; `required`: what is said where it is empty."""
    return AreaField(label, _bounds(most, required), **options)


def choices(labels: Mapping[Any, str]) -> list[SelectChoice]:
    """Return the choices of a field by their values, each with a label that is marked for translation."""
    return [SelectChoice(str(value), lazy_(label)) for value, label in labels.items()]


class WholeField(LineField):
    """A whole number from `least` to `most`, or nothing; `number` is what was read."""

    def __init__(self, label: str, validators: Any = None, *, least: int = 0, most: int, **options: Any) -> None:
        super().__init__(label, validators, **options)
        self.least, self.most = least, most
        self.render_kw = {"inputmode": "numeric", **(self.render_kw or {})}

    @property
    def number(self) -> int | None:
        """Return the number that was typed, or nothing."""
        text = self.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what is not a number in its bounds."""
        if not self.data:
            return
        if self.number is None or not self.least <= self.number <= self.most:
            raise ValidationError(_("Enter a whole number from %(least)s to %(most)s.", least=number(self.least), most=number(self.most)))


DAYS = ["%Y-%m-%d", "%d/%m/%Y"]
"""Forms of a day: as browsers send it, and as people without such a field type it."""
MOMENTS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M")


class MomentField(LineField):
    """A date and time in the reader's zone, or nothing; `moment` is what was read, aware."""

    widget = DateTimeLocalInput()

    @staticmethod
    def format_moment(moment: datetime | None) -> str:
        """Return a moment as the field shows it."""
        return "" if moment is None else local(moment).strftime(MOMENTS[0])

    @property
    def moment(self) -> datetime | None:
        """Return the moment that was typed, or nothing."""
        typed = self._submitted_moment()
        return typed if typed and FIRST_DAY <= typed.date() <= LAST_DAY else None

    def _submitted_moment(self) -> datetime | None:
        for form in MOMENTS:
            try:
                return datetime.strptime(self.data or "", form).replace(tzinfo=zone())
            except ValueError:
                continue
        return None

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what is no date with its time, and what lies beyond the days that every time zone can represent."""
        if self.data and self._submitted_moment() is None:
            raise ValidationError(_("Enter the date and time, for example 2026-11-30 18:00."))
        if self.data and self.moment is None:
            raise ValidationError(_("Enter a date between the years %(first)s and %(last)s.", first=FIRST_DAY.year, last=LAST_DAY.year))


class Catalogue:
    """The product's own messages, for those of the forms library that a reader can meet."""

    MET = (N_("Not a valid choice."), N_("Not a valid date value."), N_("This field is required."))
    OF_SEVERAL = "'%(value)s' is not a valid choice for this field."

    @staticmethod
    def gettext(message: str) -> str:
        """Translate one of the library's messages."""
        return _(message)

    @staticmethod
    def ngettext(singular: str, many: str, count: int) -> str:
        """Translate one of the library's messages that depend on a number; the library fills in its facts."""
        return _("Not a valid choice.") if singular == Catalogue.OF_SEVERAL else plural(singular, many, count)


class Form(FlaskForm):
    """A form of the product: its token is checked by the application, and its first error is shown beside its field."""

    refused_with = 422
    """The status of a page that shows it once it was sent and has errors."""

    class Meta:
        """The token of the form is checked once, for every POST, before the view runs."""

        csrf = False

        @staticmethod
        def get_translations(_form: object) -> Catalogue:
            """Speak the reader's language."""
            return Catalogue()

        def wrap_formdata(self, form: "Form", formdata: Any) -> Any:
            """Take what a page of ours sends, and refuse anything else (400): JSON, or a file in the place of a text."""
            takes_request = bool(request) and formdata is not None and not isinstance(formdata, MultiDict)
            if takes_request and request.mimetype == "application/json":
                raise BadRequest
            files = request.files if takes_request else ()
            if any(name in form and not isinstance(form[name].widget, FileInput) for name in files):
                raise BadRequest
            return super().wrap_formdata(form, formdata)  # type: ignore[misc]  # the form's class joins it with that of Flask-WTF

    def refuse(self, field: Field, message: str) -> None:
        """Add a fault that only the service could find."""
        field.errors = [*field.errors, message]

    @contextmanager
    def refusals(self, field: Field | None, *kinds: type[DomainError]) -> Iterator[None]:
        """Put a refusal of these kinds on the field that it is about, or on the form; the page drawn then has its status."""
        try:
            yield
        except kinds as refused:
            self.refused_with = refused.status
            text = _(refused.text, **refused.facts)
            if field is None:
                self.form_errors.append(text)
            else:
                self.refuse(field, text)

    @contextmanager
    def keeping(self, page: Callable[..., Response], *values: object) -> Iterator[None]:
        """Where a limit is met within, answer with a page of the form as it was filled, which says when it goes on (spec/security 2.3)."""
        try:
            yield
        except TooMany as refused:
            self.form_errors.append(_(refused.text, **refused.facts))
            abort(make_response(page(*values), refused.status, {"Retry-After": str(refused.facts["retry_after"])}))

    @property
    def faults(self) -> list[tuple[Field, str]]:
        """List the fields with the first fault of each, in the order of the form."""
        return [(field, str(field.errors[0])) for field in self if field.errors]


class FileDigestForm(Form):
    """A file, or its SHA-256 as it was typed, to be compared with what was given out."""

    file = FileField(lazy_("File"))
    digest = line(lazy_("SHA-256 of the file"), most=200)

    def sha256(self) -> str:
        """Return the digest of the file, else the one that was typed; empty with a fault where there is neither."""
        sent = self.file.data
        if getattr(sent, "filename", ""):
            digest = checksum_of(sent.stream)
            sent.close()
            return digest
        typed = "".join((self.digest.data or "").split()).lower()
        if not typed:
            self.refuse(self.file, _("Choose a file or type its SHA-256."))
        elif not _DIGEST.fullmatch(typed):
            self.refuse(self.digest, _("A SHA-256 has 64 digits from 0 to 9 and a to f."))
        return "" if self.faults else typed
