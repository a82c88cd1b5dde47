"""Form of a transcript."""

from uuid import UUID, uuid4

from wtforms import BooleanField, HiddenField

from kernel.i18n import lazy_
from kernel.web.forms import Form, as_uuid


class TranscriptForm(Form):
    """The choice to show courses in progress too; its number makes that a second click has no second effect."""

    has_open_courses = BooleanField(lazy_("Include the courses that I have not completed"))
    number = HiddenField()

    def identity(self) -> UUID:
        """Return the number of the form; a new one where it has none."""
        return as_uuid(self.number.data or "") or uuid4()
