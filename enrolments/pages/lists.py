"""The glossary and the resources of a course, on their pages."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from accounts.rules import fold
from courses.models import CourseResource, Term
from enrolments.pages.outline import foreign, html
from kernel.i18n import _, choose, language
from kernel.markup.model import SafeHtml
from kernel.markup.passages import plain_text


@dataclass(frozen=True, slots=True)
class TermEntry:
    """One term of the glossary."""

    key: str
    term: str
    also: tuple[str, ...]
    definition: SafeHtml
    language: str


@dataclass(frozen=True, slots=True)
class TermGroup:
    """The glossary terms with the same initial."""

    letter: str
    terms: list[TermEntry]


def term_groups(rows: Iterable[Term], query: str) -> list[TermGroup]:
    """Return the terms that a search finds, in the order of the reader's language, by their initial."""
    needle = fold(query)
    groups: defaultdict[str, list[TermEntry]] = defaultdict(list)
    for term in sorted((_entry(row) for row in rows), key=lambda entry: fold(entry.term)):
        if not needle or needle in fold(f"{term.term} {' '.join(term.also)} {plain_text(term.definition)}"):
            groups[fold(term.term)[:1].upper()].append(term)
    return [TermGroup(letter, terms) for letter, terms in groups.items()]


def _entry(row: Term) -> TermEntry:
    return TermEntry(row.key, choose(row.term), row.also.get(language(), ()), html(row.definition), foreign(row.term))


@dataclass(frozen=True, slots=True)
class ResourceEntry:
    """One document or link."""

    key: str
    title: str
    title_language: str
    kind: str
    host: str
    host_language: str
    url: str
    outside: bool
    language: str
    day: str
    size: int
    verified: date | None


@dataclass(frozen=True, slots=True)
class ResourceGroup:
    """The resources of one kind."""

    name: str
    resources: list[ResourceEntry]


def resource_groups(rows: Sequence[CourseResource]) -> list[ResourceGroup]:
    """Return the resources by kind, laws first."""
    names = {
        "law": _("Laws and regulations"),
        "official": _("Official pages"),
        "document": _("Documents"),
        "report": _("Reports and studies"),
        "dataset": _("Data"),
        "press": _("Press"),
        "page": _("Pages"),
        "audio": _("Audio"),
        "video": _("Video"),
        "platform": _("Platforms"),
    }
    groups = {kind: [_resource(row) for row in rows if row.kind == kind] for kind in names}
    return [ResourceGroup(names[kind], listed) for kind, listed in groups.items() if listed]


def _resource(row: CourseResource) -> ResourceEntry:
    return ResourceEntry(
        key=row.key,
        title=choose(row.title),
        title_language=foreign(row.title),
        kind=row.kind,
        host=choose(row.host),
        host_language=row.language if foreign(row.host) and row.language != language() else "",
        url=row.url,
        outside=row.url.startswith(("http://", "https://")),
        language=row.language,
        day=row.dated,
        size=0,
        verified=row.verified,
    )
