"""Lists of a course: glossary, sources, recordings, parameters; their fields, and where parameters are used."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, TypeVar

from courses.content import layout, scalars
from courses.content.mapping_cursor import LocatedValue, MappingCursor, MarkupLevel, ReadingSession, SourceLocation
from courses.content.model import CourseFolder, ParameterSource, ResourceKind, ResourceSource, Severity, TermSource, VerifiedSources
from courses.content.scalars import Parser, RefusedError, name
from courses.content.settings import FieldShape, FieldSpec
from courses.content.source import read_table
from courses.content.writing import is_key, proposed_key
from kernel.codes import round_half_up
from kernel.errors import N_
from kernel.expressions import ExpressionError, evaluate, names_in
from kernel.i18n import lazy_
from kernel.markup.model import fold
from kernel.yaml_tree import YamlScalar

NO_NUMBER = "0"
CENTS = 2
"""Decimals of a calculated figure that is not whole, where none are given."""
OVERDUE = "C805"
"""The code of a figure that was due for review: it refuses publishing."""


def read_parameter(name: str, table: MappingCursor) -> ParameterSource:
    """Read one figure; one that is calculated has no value yet (`calculate_parameters`)."""
    formula = table.value("formula", scalars.word, "") or ""
    value = table.value("value", scalars.number, required=not formula)
    if formula and value is not None:
        table.report("C110", N_("A figure has a value or a formula, not both."), N_("Delete one of them."), at="formula")
    unit = table.value("unit", scalars.word, required=True) or "none"
    year = table.value("year", scalars.year, required=not formula) or 0
    label, source = table.text("label"), table.citations()
    decimals = table.value("decimals", scalars.whole(0, 7))
    valid_from, review = table.value("valid_from", scalars.day), table.value("review", scalars.day)
    _check_days(name, table, valid_from, review)
    written = table.node.entries["value"].value if value is not None else None
    digits = written.text.strip() if isinstance(written, YamlScalar) else NO_NUMBER
    return ParameterSource(
        name,
        value or Fraction(0),
        digits,
        unit=unit,
        year=year,
        label=label,
        source=source,
        decimals=decimals,
        review=review,
        valid_from=valid_from,
        formula=formula,
    )


def _check_days(name: str, table: MappingCursor, valid_from: date | None, review: date | None) -> None:
    today = table.session.today
    if valid_from is not None and review is not None and review <= valid_from:
        table.report("C208", N_("The review comes before the figure holds."), N_("Write a later day."), at="review")
    elif valid_from is not None and valid_from > today:
        table.report("C807", N_("The figure “%(name)s” does not hold before %(day)s."), "", at="valid_from", name=name, day=valid_from)
    if review is not None and review <= today:
        table.report(
            OVERDUE,
            N_("The figure “%(name)s” was due for review on %(day)s."),
            N_("Look it up, then enter the new value and a new date."),
            at="review",
            name=name,
            day=review,
        )


def calculate_parameters(read: Iterable[ParameterSource], tables: Mapping[str, MappingCursor]) -> tuple[ParameterSource, ...]:
    """Return the figures with those calculated that have a formula; report those that cannot be (spec/content-format C806)."""
    parameters = tuple(read)
    known = solve(parameters)
    for parameter in parameters:
        if parameter.name not in known:
            _report_unsolved(parameter, {known.name for known in parameters}, tables[parameter.name])
    return tuple(known.get(parameter.name, parameter) for parameter in parameters)


def solve(parameters: Sequence[ParameterSource]) -> dict[str, ParameterSource]:
    """Calculate every formula from the figures that it names, in whatever order they stand; leave out those that have no value."""
    known = {parameter.name: parameter for parameter in parameters if not parameter.formula}
    waiting = {parameter.name: (parameter, inputs) for parameter in parameters if (inputs := _inputs(parameter)) is not None}
    while ready := [waiting_name for waiting_name, (_parameter, inputs) in waiting.items() if inputs <= known.keys()]:
        for ready_name in ready:
            parameter, inputs = waiting.pop(ready_name)
            calculated = _calculated(parameter, [known[input_name] for input_name in inputs])
            if calculated is not None:
                known[ready_name] = calculated
    return known


def _inputs(parameter: ParameterSource) -> frozenset[str] | None:
    """Return the figures that a formula names; None where there is no formula, or one that cannot be read."""
    try:
        return names_in(parameter.formula) if parameter.formula else None
    except ExpressionError:
        return None


def _calculated(parameter: ParameterSource, inputs: Sequence[ParameterSource]) -> ParameterSource | None:
    try:
        exact = evaluate(parameter.formula, {source.name: source.value for source in inputs})
    except ExpressionError:
        return None
    decimals = parameter.decimals if parameter.decimals is not None else 0 if exact.denominator == 1 else CENTS
    value = round_half_up(exact, decimals)
    written = f"{Decimal(int(value * 10**decimals)).scaleb(-decimals):f}"
    return replace(parameter, value=value, written=written, year=parameter.year or max((source.year for source in inputs), default=0))


def _report_unsolved(parameter: ParameterSource, names: AbstractSet[str], table: MappingCursor) -> None:
    unknown = sorted((_inputs(parameter) or frozenset()) - names)
    if unknown:
        table.report("C806", N_("The formula names “%(name)s”, which is no figure of the course."), at="formula", name=unknown[0])
        return
    table.report(
        "C806",
        N_("The formula “%(formula)s” cannot be calculated."),
        N_("Use numbers, names of figures that do not need this one, + - * / ** ( ) and abs min max round floor ceil sqrt exp ln log10."),
        at="formula",
        formula=parameter.formula,
    )


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
    FieldSpec("valid_from", FieldShape.DAY, lazy_("Valid from"), lazy_("The day from which the figure holds.")),
    FieldSpec(
        "review",
        FieldShape.DAY,
        lazy_("Review it again on"),
        lazy_("From this date the course cannot be published before the figure is reviewed."),
    ),
)
_RESOURCE = (
    FieldSpec("title", FieldShape.WORDS, lazy_("Title")),
    FieldSpec("kind", FieldShape.CHOICE, lazy_("Kind"), "", KINDS),
    FieldSpec("language", FieldShape.LANGUAGE, lazy_("Language")),
    FieldSpec("host", FieldShape.WORDS, lazy_("Who publishes it"), lazy_("Shown next to the link.")),
    FieldSpec("url", FieldShape.WORD, lazy_("Address"), lazy_("https://…: an external page. Or choose an uploaded file, not both.")),
    FieldSpec("file", FieldShape.FILE, lazy_("Uploaded file"), lazy_("Upload it first under “Files”.")),
    FieldSpec("authors", FieldShape.WORDS, lazy_("Authors")),
    FieldSpec("date", FieldShape.DATED, lazy_("Date"), lazy_("A year, a month or a day: 2019, May 2019, 31 May 2019.")),
    FieldSpec("supports", FieldShape.WORDS, lazy_("What it is cited for")),
    FieldSpec(
        "verified", FieldShape.DAY_OR_NO, lazy_("Opened and checked on"), lazy_("1 December 2026, or “no” if no one has checked it yet.")
    ),
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
        """Return the fields of an entry."""
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
        """Return whether an entry may have this key."""
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
            adding=lazy_("Add a term"),
            shown="term",
            help=lazy_("A term in double brackets in a lesson, [[term]], shows its definition."),
        ),
        CourseListSpec(
            "figures",
            layout.PARAMETERS,
            lazy_("Annual figures"),
            adding=lazy_("Add a figure"),
            shown="label",
            help=lazy_(
                "Its name in double braces, {{ name }}, inserts the value with its unit. When the value changes, you "
                "only need to change it here."
            ),
        ),
        CourseListSpec(
            "documents",
            layout.RESOURCES,
            lazy_("Documents and links"),
            adding=lazy_("Add a document"),
            shown="title",
            help=lazy_("[@key] in a lesson cites one; [words](resource:key) links to it."),
        ),
    )
}


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
    return ResourceSource(
        key,
        title,
        kind,
        language=language,
        host=host,
        url=url,
        path=path,
        authors=authors,
        dated=dated,
        supports=supports,
        verified=None if verified == NOT_YET else verified,
    )


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
    for place, citation in session.cited:
        if citation.resource not in known:
            session.report(
                place,
                "C203",
                N_("The course has no document or link “%(key)s”."),
                N_("Write a key of that list, and the place after a comma."),
                key=citation.resource,
            )


def changed_parameters(parameters: Sequence[ParameterSource], values: Mapping[str, tuple[Fraction, str]]) -> dict[str, tuple[str, str]]:
    """Return by name the digits before and after of the figures that would change, in the order of the file.

    Those after are empty where a figure could not be calculated any more; `values` gives number and digits by name.
    """
    given = [
        replace(parameter, value=values[parameter.name][0], written=values[parameter.name][1], formula="")
        if parameter.name in values
        else parameter
        for parameter in parameters
    ]
    after = solve(given)
    changes = ((parameter, after.get(parameter.name)) for parameter in parameters)
    return {
        parameter.name: (parameter.written, new.written if new else "")
        for parameter, new in changes
        if new is None or new.value != parameter.value
    }


def list_uses(files: Mapping[str, bytes], names: Iterable[str]) -> Iterator[tuple[str, int, str]]:
    """Yield every line that names one of the figures, with its file and its number from 1 on.

    They are named in braces in any text, and bare in the expressions of a YAML file.
    """
    alternatives = "|".join(map(re.escape, names)) or "(?!)"
    in_braces, bare = re.compile(rf"\{{\{{ *(?:{alternatives})\b"), re.compile(rf"\b(?:{alternatives})\b")
    for path, content in sorted(files.items()):
        if path == layout.PARAMETERS or not path.endswith((".md", ".yaml")):
            continue
        pattern = bare if path.endswith(".yaml") else in_braces
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
            if pattern.search(line):
                yield path, number, line.strip()
