"""Read the three lists that a course shares: glosario.yaml, parametros.yaml, recursos.yaml (spec/content-format 5)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeVar

from courses.content import layout, scalars
from courses.content.mapping_cursor import LocatedValue, MappingCursor
from courses.content.model import CourseFolder, ParameterSource, ResourceKind, ResourceSource, Severity, TermSource, VerifiedSources
from courses.content.parameters import calculate_parameters, read_parameter
from courses.content.read_collector import MarkupLevel, SourceLocation
from courses.content.reading_session import ReadingSession
from courses.content.scalars import Parser
from courses.content.source import read_table
from kernel.errors import N_
from kernel.markup.model import fold

T = TypeVar("T")

MAXIMUM_TERMS = 2_000
MAXIMUM_PARAMETERS = 500
MAXIMUM_RESOURCES = 1_000
NOT_YET = date.min


@dataclass(frozen=True, slots=True)
class ListEntry:
    """An entry of a list: its key, where the key stands, and its fields."""

    key: str
    place: SourceLocation
    table: MappingCursor


def read_terms(session: ReadingSession) -> tuple[TermSource, ...]:
    """Read the glossary; report forms of two terms that fold to the same (spec/content-format C202)."""
    forms: dict[tuple[str, str], tuple[str, SourceLocation]] = {}
    return _entries(session, layout.GLOSSARY, MAXIMUM_TERMS, scalars.key, partial(_term, forms))


def read_parameters(session: ReadingSession) -> tuple[ParameterSource, ...]:
    """Read the figures tied to a year, and calculate those that have a formula."""
    tables: dict[str, MappingCursor] = {}
    return calculate_parameters(_entries(session, layout.PARAMETERS, MAXIMUM_PARAMETERS, scalars.name, partial(_parameter, tables)), tables)


def read_resources(session: ReadingSession) -> tuple[ResourceSource, ...]:
    """Read the documents and links."""
    return _entries(session, layout.RESOURCES, MAXIMUM_RESOURCES, scalars.key, _resource)


def _entries(session: ReadingSession, file: str, limit: int, form: Parser[str], convert: Callable[[ListEntry], T]) -> tuple[T, ...]:
    if file not in session.files:
        return ()
    if not session.files[file].strip():
        return ()
    root = read_table(session, file)
    if root is None:
        return ()
    root.is_list = True
    if len(root.node.entries) > limit:
        session.report_file(
            file, "C105", N_("The list has %(number)s entries; the limit is %(limit)s."), number=len(root.node.entries), limit=limit
        )
    return tuple(convert(entry) for entry in _read_entries(root, form))


def _read_entries(root: MappingCursor, form: Parser[str]) -> Iterator[ListEntry]:
    for key, value, location in LocatedValue(root, root.node, "").entries():
        try:
            form(key)
        except scalars.RefusedError as refused:
            root.session.report(location, refused.code, refused.template, refused.fix, **refused.facts)
        table = value.table()
        if table is not None:
            yield ListEntry(key, location, table)


def _term(forms: dict[tuple[str, str], tuple[str, SourceLocation]], entry: ListEntry) -> TermSource:
    key, table = entry.key, entry.table
    term = table.title("term")
    also = _also(table)
    for language in table.session.languages:
        written = [key, *([term[language]] if language in term else []), *also.get(language, ())]
        for form in dict.fromkeys(fold(word) for word in written):
            other, location = forms.setdefault((language, form), (key, entry.place))
            if other != key:
                table.report(
                    "C202",
                    N_("The form “%(form)s” already belongs to the term “%(other)s” (line %(line)s)."),
                    form=form,
                    other=other,
                    line=location.line,
                )
    table.session.claim("term", key, entry.place)
    definition = table.text("definition", MarkupLevel.INLINE, required=True)
    return TermSource(key, term, definition, also, table.citations())


def _also(table: MappingCursor) -> dict[str, tuple[str, ...]]:
    inner = table.inner("also")
    if inner is None:
        return {}
    return {
        language: inner.listed(language, _form, flow=True)
        for language in table.session.languages
        if inner.has(language) or inner.get(language)
    }


def _form(value: LocatedValue) -> str | None:
    return value.read(scalars.word)


def _parameter(tables: dict[str, MappingCursor], entry: ListEntry) -> ParameterSource:
    tables[entry.key] = entry.table
    return read_parameter(entry.key, entry.table)


def _resource(entry: ListEntry) -> ResourceSource:
    key, table = entry.key, entry.table
    title = table.text("title", required=True)
    kind = table.value("kind", scalars.one_of(ResourceKind), required=True) or ResourceKind.PAGE
    language = table.value("language", scalars.language, required=True) or ""
    host = table.text("host", required=True)
    url = table.value("url", scalars.address, "")
    path = table.path("file")
    authors, dated = table.text("authors"), table.value("date", scalars.dated, "")
    supports = table.text("supports", MarkupLevel.INLINE)
    verified = table.value("verified", scalars.either("false", NOT_YET, scalars.day), required=True)
    _check_place(table, unverified=verified == NOT_YET)
    if verified == NOT_YET:
        table.session.later(partial(_report_unverified, key, kind, table))
    return ResourceSource(key, title, kind, language, host, url, path, authors, dated, supports, None if verified == NOT_YET else verified)


def _check_place(table: MappingCursor, *, unverified: bool) -> None:
    if table.has("url") and table.has("file"):
        table.report("C110", N_("A resource has an address or a file, not both."), N_("Delete one of them."), at="file")
    if not table.has("url") and not table.has("file") and not unverified:
        table.report(
            "C110",
            N_("The resource has neither an address nor a file."),
            N_("Add one. If no one has opened it yet, write “verified: false”."),
        )


def _report_unverified(key: str, kind: ResourceKind, table: MappingCursor, course: CourseFolder) -> None:
    """Report a resource that nobody has opened: an error where the course demands it of this kind (spec/content-format C611)."""
    demanded = {VerifiedSources.ALL: True, VerifiedSources.LAW: kind is ResourceKind.LAW, VerifiedSources.NONE: False}
    severity = Severity.ERROR if demanded[course.verified_sources] else Severity.INFORMATION
    message = N_("The resource “%(key)s” has not been verified yet.")
    table.session.add(table.place_at("verified"), "C611", message, "", {"key": key}, severity)


def check_citations(session: ReadingSession, course: CourseFolder) -> None:
    """Report citations of resources that do not exist (spec/content-format C203)."""
    known = {resource.key for resource in course.resources}
    for cited in session.cited:
        if cited.citation.resource not in known:
            session.report(
                cited.place,
                "C203",
                N_("The course has no document or link “%(key)s”."),
                N_("Write a key of that list, and the place after a comma."),
                key=cited.citation.resource,
            )
