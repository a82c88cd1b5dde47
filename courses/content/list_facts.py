"""The lists of a course as entries with facts: glossary, resources, parameters, files."""

from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import basename

from courses.content.facts import SettingFact, SettingLabels, facts_of
from courses.content.model import CourseFolder
from kernel.errors import N_
from kernel.i18n import _, choose, file_size

TERM = SettingLabels({"term": N_("Term"), "definition": N_("Definition"), "also": N_("Also written"), "source": N_("Source")})
RESOURCE = SettingLabels(
    {
        "title": N_("Title"),
        "kind": N_("Kind"),
        "language": N_("Language"),
        "host": N_("Where it is"),
        "url": N_("Address"),
        "path": N_("File"),
        "authors": N_("Authors"),
        "dated": N_("Date"),
        "supports": N_("What it supports"),
        "verified": N_("Checked on"),
    }
)
PARAMETER = SettingLabels(
    {
        "written": N_("Figure"),
        "unit": N_("Unit"),
        "year": N_("Year"),
        "label": N_("Label"),
        "source": N_("Source"),
        "formula": N_("Calculated from"),
        "decimals": N_("Decimals"),
        "valid_from": N_("Valid from"),
        "review": N_("Next review on"),
    }
)


@dataclass(frozen=True, slots=True)
class ListEntryDescription:
    """One entry of a list."""

    key: str
    title: str
    facts: tuple[SettingFact, ...]
    path: str = ""


def facts_of_list(course: CourseFolder, name: str) -> Iterator[ListEntryDescription]:
    """Describe the entries of a list: 'term', 'resource', 'parameter' or 'file'."""
    if name == "term":
        yield from (ListEntryDescription(term.key, choose(term.term), facts_of(term, TERM, frozenset({"key"}))) for term in course.terms)
    elif name == "resource":
        yield from (
            ListEntryDescription(entry.key, choose(entry.title), facts_of(entry, RESOURCE, frozenset({"key"})))
            for entry in course.resources
        )
    elif name == "parameter":
        untold = frozenset({"name", "value"})
        yield from (
            ListEntryDescription(entry.name, choose(entry.label) or entry.name, facts_of(entry, PARAMETER, untold))
            for entry in course.parameters
        )
    else:
        for media in course.media:
            content = SettingFact("content", _("Content"), f"{file_size(media.size)} · {media.sha256[:8]}")
            yield ListEntryDescription(media.path, basename(media.path), (content,), media.path)
