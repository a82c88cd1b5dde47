"""Form of a bundle of evidence; its days and its obligation are read as those of a report are."""

from uuid import UUID, uuid4

from wtforms import BooleanField, HiddenField
from wtforms.validators import DataRequired, Length

from kernel.i18n import lazy_
from kernel.web.forms import Form, LineField, as_uuid


class NumberedForm(Form):
    """A form with a number of its own, so that a second click has no second effect."""

    number = HiddenField()

    def identity(self) -> UUID:
        """Return the number of the form; a new one where it has none."""
        return as_uuid(self.number.data or "") or uuid4()


class BundleForm(NumberedForm):
    """The reason of a bundle, and what else is to be in it."""

    reason = LineField(
        lazy_("Reason"),
        [
            DataRequired(lazy_("Enter the reason: it is kept in the audit log.")),
            Length(max=300, message=lazy_("Use at most %(max)d characters.")),
        ],
    )
    has_files = BooleanField(lazy_("Include the files that prove waivers and recognitions"))
