"""The form that sets the validity of a course for certificates already issued."""

from typing import Any

from wtforms.validators import DataRequired, Length, ValidationError

from certificates.forms.credentials import TOO_LONG
from certificates.services.validity_changes import MOST_UNTYPED
from kernel.i18n import _, lazy_
from kernel.web.forms import Form, LineField


class ValidityForm(Form):
    """Why the certificates are replaced and, of many, how many they are."""

    reason = LineField(
        lazy_("Explanation"),
        [DataRequired(lazy_("Explain the change. The certificate holders will see it.")), Length(max=500, message=TOO_LONG)],
    )
    count = LineField(lazy_("Number of certificates"))

    def __init__(self, *args: Any, counted: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.counted = counted
        self.asks_for_number = counted > MOST_UNTYPED

    def validate_count(self, field: LineField) -> None:
        """Ask for the number of certificates where there are many."""
        if self.asks_for_number and (field.data or "").replace(".", "").strip() != str(self.counted):
            raise ValidationError(_("Type the number of certificates: %(count)s.", count=self.counted))
