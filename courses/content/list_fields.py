"""The three lists of a course as the web asks for them, entry by entry: glossary, figures, documents (spec/content-format 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from courses.content import layout
from courses.content.scalars import RefusedError, name
from courses.content.settings import FieldShape, FieldSpec
from courses.content.starter_files import is_key, proposed_key
from kernel.i18n import lazy_

KINDS = (
    ("law", lazy_("Law")),
    ("official", lazy_("Official page")),
    ("document", lazy_("Document")),
    ("report", lazy_("Report")),
    ("dataset", lazy_("Data")),
    ("press", lazy_("Press")),
    ("page", lazy_("Page")),
    ("audio", lazy_("Audio")),
    ("video", lazy_("Video")),
    ("platform", lazy_("Platform")),
)
_SOURCE = FieldSpec(
    "source",
    FieldShape.LINES,
    lazy_("Sources"),
    lazy_("Keys of course documents, one per line, with the place after a comma: ley-ss, art. 1."),
)
_PARAMETER = (
    FieldSpec("value", FieldShape.NUMBER, lazy_("Value"), lazy_("A number with a point or a comma for decimals: 470, 34.8.")),
    FieldSpec(
        "formula",
        FieldShape.WORD,
        lazy_("Or calculated from other figures"),
        lazy_("sbu * 0.6: the value follows when they change. Leave the value empty then."),
    ),
    FieldSpec("unit", FieldShape.WORD, lazy_("Unit"), lazy_("USD, %, or what is counted. Write none for a plain number.")),
    FieldSpec("year", FieldShape.NUMBER, lazy_("Year"), lazy_("The year the source refers to.")),
    FieldSpec("label", FieldShape.WORDS, lazy_("What it is")),
    _SOURCE,
    FieldSpec("decimals", FieldShape.NUMBER, lazy_("Decimals"), lazy_("Leave empty to keep as many as you typed.")),
    FieldSpec("valid_from", FieldShape.WORD, lazy_("Valid from"), lazy_("2026-01-01: the day from which the figure holds.")),
    FieldSpec(
        "review",
        FieldShape.WORD,
        lazy_("Review it again on"),
        lazy_("2027-01-31: from this date the course cannot be published before the figure is reviewed."),
    ),
)
_RESOURCE = (
    FieldSpec("title", FieldShape.WORDS, lazy_("Title")),
    FieldSpec("kind", FieldShape.CHOICE, lazy_("Kind"), "", KINDS),
    FieldSpec("language", FieldShape.WORD, lazy_("Language"), lazy_("Two letters: es, en, pt.")),
    FieldSpec("host", FieldShape.WORDS, lazy_("Who publishes it"), lazy_("Shown next to the link.")),
    FieldSpec("url", FieldShape.WORD, lazy_("Address"), lazy_("https://…: an external page. Or choose an uploaded file, not both.")),
    FieldSpec("file", FieldShape.FILE, lazy_("Uploaded file"), lazy_("Upload it first under “Files”.")),
    FieldSpec("authors", FieldShape.WORDS, lazy_("Authors")),
    FieldSpec("date", FieldShape.WORD, lazy_("Date"), lazy_("A year, a month or a day: 2019, 2019-05, 2019-05-31.")),
    FieldSpec("supports", FieldShape.WORDS, lazy_("What it is cited for")),
    FieldSpec("verified", FieldShape.WORD, lazy_("Opened and checked on"), lazy_("2026-12-01, or false if no one has checked it yet.")),
)


def _terms(languages: Sequence[str]) -> tuple[FieldSpec, ...]:
    names = {"es": lazy_("Other forms in Spanish"), "en": lazy_("Other forms in English")}
    also = tuple(
        FieldSpec(
            f"also.{language}", FieldShape.LINES, names.get(language, language), lazy_("Plurals, acronyms and other names, one per line.")
        )
        for language in languages
    )
    return (
        FieldSpec("term", FieldShape.WORDS, lazy_("Term")),
        FieldSpec(
            "definition", FieldShape.WORDS, lazy_("Definition"), lazy_("One or two sentences. Markdown for *emphasis*, without links.")
        ),
        *also,
        _SOURCE,
    )


@dataclass(frozen=True, slots=True)
class CourseListSpec:
    """One of the lists: its name in addresses, its file, what its pages are called, and which field names an entry for people."""

    name: str
    path: str
    title: Any
    adding: Any
    shown: str
    help: Any

    def settings(self, languages: Sequence[str]) -> tuple[FieldSpec, ...]:
        """Return what is asked of an entry."""
        if self.path == layout.GLOSSARY:
            return _terms(languages)
        return _PARAMETER if self.path == layout.PARAMETERS else _RESOURCE

    def order(self, languages: Sequence[str]) -> tuple[str, ...]:
        """Return the fields of an entry in canonical order."""
        if self.path == layout.GLOSSARY:
            return ("term", "also", "definition", "source")
        return tuple(setting.outer for setting in self.settings(languages))

    def proposed(self, text: str, taken: Sequence[str]) -> str:
        """Return a key made of the words of an entry."""
        key = proposed_key(text, taken)
        return key.replace("-", "_") if self.path == layout.PARAMETERS else key

    def takes(self, key: str) -> bool:
        """Say whether an entry may have this key."""
        if self.path != layout.PARAMETERS:
            return is_key(key)
        try:
            name(key)
        except RefusedError:
            return False
        return True


LISTINGS = {
    spec.name: spec
    for spec in (
        CourseListSpec(
            "glossary",
            layout.GLOSSARY,
            lazy_("Glossary"),
            lazy_("Add a term"),
            "term",
            lazy_("A term in double brackets in a lesson, [[term]], shows its definition."),
        ),
        CourseListSpec(
            "figures",
            layout.PARAMETERS,
            lazy_("Annual figures"),
            lazy_("Add a figure"),
            "label",
            lazy_(
                "Its name in double braces, {{ name }}, inserts the value with its unit. When the value changes, you "
                "only need to change it here."
            ),
        ),
        CourseListSpec(
            "documents",
            layout.RESOURCES,
            lazy_("Documents and links"),
            lazy_("Add a document"),
            "title",
            lazy_("[@key] in a lesson cites one; [words](resource:key) links to it."),
        ),
    )
}
