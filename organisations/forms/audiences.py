"""Forms of audiences: their rules, and lists of people that rules name."""

import re
from collections.abc import Sequence

from wtforms import DateField, HiddenField, SelectField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length

from kernel.clock import FIRST_DAY, LAST_DAY
from kernel.i18n import _, lazy_
from kernel.web.forms import DAYS, Form, LineField, clean_text
from organisations.rules import UnitPath

LONGEST_RULE = 20_000
"""Characters of a rule that is typed; a longer text is not even read."""
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


class AudienceRuleForm(Form):
    """The rule of an audience, from a day on."""

    rule = TextAreaField(lazy_("Rule"), [Length(max=LONGEST_RULE, message=lazy_("Use at most %(max)d characters."))])
    effective_on = DateField(lazy_("In force from"), [InputRequired(lazy_("Give a date."))], format=DAYS)
    reason = LineField(lazy_("Reason"), [Length(max=1000, message=lazy_("Use at most %(max)d characters."))])
    view = HiddenField(default="form")
    """Whether the rule is built by form, or typed as text."""
    seen = HiddenField()
    """The number of the version that was opened."""
    previewed = HiddenField()
    """The mark of the rule whose preview was shown."""
    number = LineField(lazy_("Number of people"))
    """Typed where the rule lets in nobody or everybody."""

    def validate_effective_on(self, field: DateField) -> None:
        """Refuse a day that nobody means."""
        if field.data and not FIRST_DAY <= field.data <= LAST_DAY:
            raise ValidationError(_("Give a date."))


class AudienceForm(AudienceRuleForm):
    """An audience to add."""

    institution = SelectField(lazy_("Institution"), choices=[])
    key = LineField(
        lazy_("Key"), [InputRequired(lazy_("Give it a key.")), Length(max=64, message=lazy_("Use at most %(max)d characters."))]
    )
    title_es = LineField(
        lazy_("Title in Spanish"),
        [InputRequired(lazy_("Give it a title.")), Length(max=150, message=lazy_("Use at most %(max)d characters."))],
    )
    title_en = LineField(lazy_("Title in English"), [Length(max=150, message=lazy_("Use at most %(max)d characters."))])

    def validate_key(self, field: LineField) -> None:
        """Let a key be words of small letters and digits with hyphens."""
        if not _KEY.match(field.data or ""):
            raise ValidationError(_("Use lower-case letters without accents, digits and hyphens."))

    def offer(self, institutions: Sequence[UnitPath]) -> None:
        """Let these institutions be chosen."""
        self.institution.choices = [
            SelectChoice(value=str(institution_path.place.uuid), label=institution_path.place.name) for institution_path in institutions
        ]

    def titles(self) -> dict[str, str]:
        """Return the titles by language."""
        return {code: text for code, text in (("es", self.title_es.data), ("en", self.title_en.data)) if text}


class AudienceListForm(Form):
    """A list of people for the rules of audiences: one person a line."""

    institution = SelectField(lazy_("Institution"), choices=[])
    title = LineField(
        lazy_("Title"), [InputRequired(lazy_("Give it a title.")), Length(max=150, message=lazy_("Use at most %(max)d characters."))]
    )
    key = LineField(
        lazy_("Key"), [InputRequired(lazy_("Give it a key.")), Length(max=64, message=lazy_("Use at most %(max)d characters."))]
    )
    people = TextAreaField(lazy_("People"), [Length(max=800_000, message=lazy_("Use at most %(max)d characters."))])

    def validate_key(self, field: LineField) -> None:
        """Let a key be words of small letters and digits with hyphens."""
        if not _KEY.match(field.data or ""):
            raise ValidationError(_("Use lower-case letters without accents, digits and hyphens."))

    def offer(self, institutions: Sequence[UnitPath]) -> None:
        """Let these institutions be chosen."""
        self.institution.choices = [
            SelectChoice(value=str(institution_path.place.uuid), label=institution_path.place.name) for institution_path in institutions
        ]

    def lines(self) -> list[str]:
        """Return what names each person, once each."""
        cleaned = (clean_text(line) for line in (self.people.data or "").splitlines())
        return list(dict.fromkeys(line for line in cleaned if line))
