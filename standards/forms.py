"""Forms to import and export questions."""

from collections.abc import Sequence

from wtforms import HiddenField, SelectField

from courses.editor import LANGUAGE_NAMES
from kernel.i18n import _, lazy_
from kernel.web.forms import FileField, Form
from standards._tags import Categories
from standards.formats import FORMATS

NEW = "new:"
NAMES = tuple(FORMATS)
WRITTEN = tuple(name for name, file_format in FORMATS.items() if file_format.writer)
TITLES = {
    "gift": "GIFT",
    "aiken": "Aiken",
    "moodle-xml": "Moodle XML",
    "cloze": "Moodle Cloze",
    "csv": "CSV",
    "xlsx": "Excel (XLSX)",
    "qti": "QTI 2.1",
    "qti-canvas": "QTI 1.2 (Canvas)",
}


class UploadForm(Form):
    """A file of questions and, where the name does not show it, its format."""

    file = FileField(lazy_("File"))
    format = SelectField(lazy_("Format"), choices=[], validate_choice=False)

    def offer(self) -> None:
        """Fill the list of formats."""
        self.format.choices = [("", _("Detect from the file")), *((name, TITLES[name]) for name in NAMES)]

    def upload(self) -> tuple[str, bytes] | None:
        """Return the name and content of the file; None with a fault beside the field."""
        sent = self.file.data
        content = sent.read() if hasattr(sent, "read") else b""
        if not content:
            self.refuse(self.file, _("Choose a file that is not empty."))
        if self.format.data and self.format.data not in NAMES:
            self.refuse(self.format, _("Choose one of the list."))
        return None if self.faults else (str(sent.filename or ""), content)


class ConfirmForm(Form):
    """Into which bank the questions go, what becomes of their categories, and the plan that was looked at."""

    bank = SelectField(lazy_("Add to bank"), choices=[], validate_choice=False)
    categories = SelectField(lazy_("Categories in the file"), choices=[], validate_choice=False)
    seen = HiddenField()

    def offer(self, banks: Sequence[tuple[str, str]]) -> None:
        """Fill the list of banks: paths and titles."""
        self.bank.choices = list(banks)
        self.categories.choices = [(Categories.TAGS, _("Turn them into tags of their questions")), (Categories.LEAVE, _("Leave them out"))]

    def category_handling(self) -> Categories:
        """Return what becomes of the file's categories; tags where none of the list was asked for."""
        return Categories.LEAVE if self.categories.data == Categories.LEAVE else Categories.TAGS

    def is_offered(self) -> bool:
        """Say whether the bank is one of the list, with a fault beside the field where it is not."""
        if self.bank.data in {choice[0] for choice in self.bank.iter_choices()}:
            return True
        self.refuse(self.bank, _("Choose one of the list."))
        return False


class ExportForm(Form):
    """In which format questions go out, and of a course in several languages in which one."""

    format = SelectField(lazy_("Format"), choices=[], validate_choice=False)
    language = SelectField(lazy_("Language"), choices=[], validate_choice=False)

    def offer(self, languages: Sequence[str]) -> None:
        """Fill the lists of formats and of languages, the course's own first."""
        self.format.choices = [(name, TITLES[name]) for name in WRITTEN]
        self.language.choices = [(language, LANGUAGE_NAMES[language]) for language in languages]

    def chosen(self) -> str:
        """Return the format, the first one where none of the list was asked for."""
        return self.format.data if self.format.data in WRITTEN else WRITTEN[0]

    def spoken(self) -> str:
        """Return the language, the course's own where none of the list was asked for."""
        offered: list[str] = [choice[0] for choice in self.language.iter_choices()]
        return next((language for language in offered if language == self.language.data), offered[0])
