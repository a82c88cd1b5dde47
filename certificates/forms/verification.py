"""Form of the files that somebody wants to have judged."""

from wtforms import MultipleFileField

from certificates.file_judgement import MOST_BYTES, MOST_FILES
from kernel.file_names import shown_name
from kernel.i18n import _, lazy_
from kernel.web.forms import Form


class FilesToVerifyForm(Form):
    """Certificates as files."""

    files = MultipleFileField(lazy_("Files"))

    def uploads(self) -> list[tuple[str, bytes]]:
        """Return the names and contents of the files, none where there is a fault; of a large one more than may be read, to be refused."""
        sent = [one for one in self.files.data or () if getattr(one, "filename", "")]
        if not sent:
            self.refuse(self.files, _("Choose at least one file."))
        if len(sent) > MOST_FILES:
            self.refuse(self.files, _("Choose at most %(most)s files at a time.", most=MOST_FILES))
        contents = [(shown_name(one.filename), one.read(MOST_BYTES + 1)) for one in sent[: MOST_FILES + 1]]
        for one in sent:
            one.close()
        return [] if self.faults else contents
