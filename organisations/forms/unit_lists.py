"""Forms of lists of people and units."""

from collections.abc import Iterable, Sequence

from wtforms import RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Optional

from kernel.i18n import _, lazy_
from kernel.web.forms import FileField, Form, WholeField, clean_text
from organisations.rules import UnitListKind, UnitSummary
from organisations.services.unit_lists import UploadedUnitList


class UnitListForm(Form):
    """A list of people or units."""

    kind = RadioField(
        lazy_("What the list contains"),
        choices=[
            SelectChoice(value=UnitListKind.PEOPLE.value, label=lazy_("People")),
            SelectChoice(value=UnitListKind.UNITS.value, label=lazy_("Units")),
        ],
        default=UnitListKind.PEOPLE.value,
    )
    file = FileField(lazy_("File"))
    complete_of = SelectField(lazy_("Does the list name everybody?"), choices=[], default="")

    def offer(self, institutions: Sequence[UnitSummary]) -> None:
        """Let a list of people be said to name everybody of one of these institutions."""
        choices = [
            SelectChoice(value=str(institution.uuid), label=_("Everybody who works at %(institution)s", institution=institution.name))
            for institution in institutions
        ]
        self.complete_of.choices = [SelectChoice(value="", label=_("No, only some people")), *choices]
        self._institutions = {str(institution.uuid): institution.id for institution in institutions}

    def upload(self) -> UploadedUnitList | None:
        """Return what was sent; None, with the fault in the form, where it is nothing."""
        sent = self.file.data
        name = clean_text(str(sent.filename or ""))[-120:] if sent else ""
        if not name:
            self.refuse(self.file, _("Choose a file."))
            return None
        kind = UnitListKind(self.kind.data)
        complete_of = self._institutions.get(self.complete_of.data or "") if kind is UnitListKind.PEOPLE else None
        return UploadedUnitList(kind, name, sent.read(), complete_of)


class ListConfirmationForm(Form):
    """The number that confirms a list which changes much."""

    number = WholeField(lazy_("Number of people concerned"), [Optional()], most=999_999)
    taken = SelectMultipleField(lazy_("Take the name of the list"), choices=[])

    def offer(self, differences: Iterable[tuple[int, str]]) -> None:
        """Let the name of the list be taken for these lines; of the others the corrected one stays."""
        self.taken.choices = [SelectChoice(value=str(line), label=name) for line, name in differences]
