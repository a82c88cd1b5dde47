"""The form that makes variants of a calculated question."""

from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length

from kernel.i18n import lazy_
from kernel.web.forms import FileField, Form, WholeField
from quizzes.content.variants import LARGEST_TABLE
from quizzes.rules.variants import MOST_VARIANTS

MOST_TYPED = 100_000


class VariantsForm(Form):
    """The number of variants to draw, or a table of values, as a file or typed; and the pattern's text when it was looked at."""

    number = WholeField(lazy_("How many variants to draw"), least=1, most=MOST_VARIANTS)
    file = FileField(lazy_("Table of values (CSV)"))
    table = TextAreaField(lazy_("Or type the table here"), [Length(max=MOST_TYPED, message=lazy_("Use at most %(max)d characters."))])
    seen = HiddenField()
    do = HiddenField()

    def content(self) -> bytes:
        """Return the table that was sent, b"" where there is none; a file comes before what was typed, and stays typed afterwards."""
        sent = self.file.data
        content: bytes = sent.read(LARGEST_TABLE + 1) if hasattr(sent, "read") else b""
        if content and len(content) <= MOST_TYPED:
            self.table.data = content.decode("utf-8-sig", errors="replace")
        return content or (self.table.data or "").encode()
