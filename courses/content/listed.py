"""The three lists of a course as the web asks for them, entry by entry: glossary, figures, documents (format, section 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from courses.content import layout
from courses.content.scalars import RefusedError, name
from courses.content.settings import Setting, Shape
from courses.content.skeleton import is_key, proposed_key
from kernel.i18n import lazy_

Groups = tuple[tuple[Any, tuple[Setting, ...]], ...]
KINDS = (
    ("law", lazy_("Law")),
    ("document", lazy_("Document")),
    ("report", lazy_("Report")),
    ("dataset", lazy_("Data")),
    ("press", lazy_("Press")),
    ("page", lazy_("Page")),
    ("audio", lazy_("Audio")),
    ("video", lazy_("Video")),
    ("platform", lazy_("Platform")),
)
_SOURCE = Setting(
    "source",
    Shape.LINES,
    lazy_("Sources"),
    lazy_("Keys of documents of the course, one on each line, with the place after a comma: ley-ss, art. 1."),
)
_PARAMETER = (
    Setting("value", Shape.NUMBER, lazy_("Value"), lazy_("A number with a point or a comma for decimals: 470, 34.8.")),
    Setting("unit", Shape.WORD, lazy_("Unit"), lazy_("USD, %, or what is counted; none for a bare number.")),
    Setting("year", Shape.NUMBER, lazy_("Year"), lazy_("The one that the source speaks of.")),
    Setting("label", Shape.WORDS, lazy_("What it is")),
    _SOURCE,
    Setting("decimals", Shape.NUMBER, lazy_("Decimals"), lazy_("Left empty: as many as are written.")),
    Setting("review", Shape.WORD, lazy_("Look at it again on"), lazy_("2027-01-31: from then on the checks ask for a new value.")),
)
_RESOURCE = (
    Setting("title", Shape.WORDS, lazy_("Title")),
    Setting("kind", Shape.CHOICE, lazy_("Kind"), "", KINDS),
    Setting("language", Shape.WORD, lazy_("Language"), lazy_("Two letters: es, en, pt.")),
    Setting("host", Shape.WORDS, lazy_("Who publishes it"), lazy_("Told beside the link.")),
    Setting("url", Shape.WORD, lazy_("Address"), lazy_("https://…: a page outside. Or choose a file of ours, not both.")),
    Setting("file", Shape.FILE, lazy_("File of ours"), lazy_("Send it first under “Files”.")),
    Setting("authors", Shape.WORDS, lazy_("Authors")),
    Setting("date", Shape.WORD, lazy_("Date"), lazy_("A year, a month or a day: 2019, 2019-05, 2019-05-31.")),
    Setting("supports", Shape.WORDS, lazy_("What it is cited for")),
    Setting("verified", Shape.WORD, lazy_("Opened and found right on"), lazy_("2026-12-01; false: nobody has yet.")),
)


def _terms(languages: Sequence[str]) -> tuple[Setting, ...]:
    names = {"es": lazy_("Other forms in Spanish"), "en": lazy_("Other forms in English")}
    also = tuple(
        Setting(f"also.{language}", Shape.LINES, names.get(language, language), lazy_("Plurals, acronyms, other names: one on each line."))
        for language in languages
    )
    return (
        Setting("term", Shape.WORDS, lazy_("Term")),
        Setting("definition", Shape.WORDS, lazy_("Definition"), lazy_("One or two sentences. Markdown for *emphasis*, without links.")),
        *also,
        _SOURCE,
    )


@dataclass(frozen=True, slots=True)
class Listing:
    """One of the lists: its name in addresses, its file, what its pages are called, and which field names an entry for people."""

    name: str
    path: str
    title: Any
    adding: Any
    shown: str
    help: Any

    def settings(self, languages: Sequence[str]) -> tuple[Setting, ...]:
        """Return what is asked of an entry."""
        if self.path == layout.GLOSSARY:
            return _terms(languages)
        return _PARAMETER if self.path == layout.PARAMETERS else _RESOURCE

    def order(self, languages: Sequence[str]) -> tuple[str, ...]:
        """Return the fields of an entry in canonical order."""
        if self.path == layout.GLOSSARY:
            return ("term", "also", "definition", "source")
        return tuple(setting.outer for setting in self.settings(languages))

    def proposed(self, words: str, taken: Sequence[str]) -> str:
        """Return a key made of the words of an entry."""
        key = proposed_key(words, taken)
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
    one.name: one
    for one in (
        Listing(
            "glossary",
            layout.GLOSSARY,
            lazy_("Glossary"),
            lazy_("Add a term"),
            "term",
            lazy_("A term in double brackets in a lesson, [[term]], shows its definition."),
        ),
        Listing(
            "figures",
            layout.PARAMETERS,
            lazy_("Figures of a year"),
            lazy_("Add a figure"),
            "label",
            lazy_("Its name in double braces, {{ name }}, writes the value with its unit: when it changes, one changes it here only."),
        ),
        Listing(
            "documents",
            layout.RESOURCES,
            lazy_("Documents and links"),
            lazy_("Add a document"),
            "title",
            lazy_("[@key] in a lesson cites one; [words](resource:key) leads to it."),
        ),
    )
}
