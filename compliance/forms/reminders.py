"""Forms of reminders."""

from uuid import UUID, uuid4

from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length

from kernel.i18n import lazy_
from kernel.web.forms import Form, as_uuid, clean_text

MOST_WORDS = 500


class TrainingReminderForm(Form):
    """A reminder to send now, with words of one's own."""

    words = TextAreaField(lazy_("Your words"), [Length(max=MOST_WORDS, message=lazy_("Use at most %(max)d characters."))])
    number = HiddenField()

    def identity(self) -> UUID:
        """Return the number of the form, so that a second click has no second effect; a new one where it has none."""
        return as_uuid(self.number.data or "") or uuid4()

    def text(self) -> str:
        """Return the sender's words in one line each."""
        return " ".join(clean_text(self.words.data or "", lines=True).split())
