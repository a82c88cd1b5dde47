"""Forms of those who make courses."""

from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import AnyOf, Length

from courses.models import Nature
from courses.services import Publishing
from kernel.i18n import lazy_
from kernel.web.forms import Form, clean_text


class PublishForm(Form):
    """How a version is to be published."""

    note = TextAreaField(lazy_("What changes"), [Length(max=1000, message=lazy_("Use at most %(max)d characters."))])
    nature = RadioField(
        lazy_("What kind of change is it?"),
        choices=[
            SelectChoice(value=Nature.CORRECTION.value, label=lazy_("A correction")),
            SelectChoice(value=Nature.IMPROVEMENT.value, label=lazy_("An improvement")),
        ],
        default=Nature.IMPROVEMENT.value,
        validators=[AnyOf([nature.value for nature in Nature], message=lazy_("Choose one of the two."))],
    )
    revision = HiddenField()

    def command(self) -> Publishing:
        """Return how to publish; the revision is that of the draft that was looked at."""
        revision = self.revision.data or ""
        return Publishing(
            nature=Nature(self.nature.data),
            note=clean_text(self.note.data or "", lines=True),
            revision=int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else -1,
        )
