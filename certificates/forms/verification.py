"""Forms of what somebody wants to have judged: files, and an identity number beside a code."""

from hmac import compare_digest

from wtforms import MultipleFileField
from wtforms.validators import DataRequired, Length

from certificates.file_judgement import MOST_BYTES, MOST_FILES
from certificates.forms.credentials import TOO_LONG
from kernel.files import shown_name
from kernel.i18n import _, lazy_
from kernel.web.forms import Form, LineField


class FilesToVerifyForm(Form):
    """Certificates as files."""

    files = MultipleFileField(lazy_("Files"))

    def uploads(self) -> list[tuple[str, bytes]]:
        """Return the names and contents of the files, none where there is a fault; of a large one more than may be read, to be refused."""
        sent = [upload for upload in self.files.data or () if getattr(upload, "filename", "")]
        if not sent:
            self.refuse(self.files, _("Choose at least one file."))
        if len(sent) > MOST_FILES:
            self.refuse(self.files, _("Choose at most %(most)s files at a time.", most=MOST_FILES))
        contents = [(shown_name(upload.filename), upload.read(MOST_BYTES + 1)) for upload in sent[: MOST_FILES + 1]]
        for upload in sent:
            upload.close()
        return [] if self.faults else contents


class IdentityNumberForm(Form):
    """An identity number that is compared with that of a certificate's holder."""

    number = LineField(lazy_("Identity number"), [DataRequired(lazy_("Type the identity number.")), Length(max=40, message=TOO_LONG)])

    def matches(self, printed: str) -> bool:
        """Say whether the number is this one, however it is grouped; in equal time either way."""
        return compare_digest(_bare(self.number.data or "").encode(), _bare(printed).encode())


def _bare(number: str) -> str:
    return "".join(sign for sign in number.upper() if sign.isalnum())
