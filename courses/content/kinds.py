"""Kinds of activity, as packages bring them, and the activities of modules in outline."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from courses.content import scalars
from courses.content.mapping_cursor import FORMER_KEYS, MappingCursor, MarkupLevel, ReadingSession, SourceLocation
from courses.content.model import ActivityCompletion, ActivitySource, CourseFolder, LocalisedText, SourceState
from courses.content.settings import FieldSpec
from kernel.errors import N_
from kernel.markup.model import EmbeddedRecording


@dataclass(frozen=True, slots=True)
class ActivitySettings:
    """Settings of an activity as its kind reads them: a frozen dataclass, completion, minutes where known, weight in the grade."""

    value: Any
    completion: ActivityCompletion
    minutes: int | None = None
    weight: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class FieldLabel:
    """Label that forms give a field of a file, with the fields inside of it; `is_named` says that these stand under names of their own."""

    label: Any
    inner: "Mapping[str, FieldLabel]" = field(default_factory=dict)
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class ActivityKind:
    """A kind of activity: `quiz` with the suffix `.quiz.yaml`.

    `read` takes the table of the file (the fields of every activity are read already) and the session of the reading,
    which collects findings and checks that can only run when everything is read; None where the file makes no activity.
    `length` tells the seconds of an activity that links may lead into (`#t=0:32`), `card` what a lesson shows of an embedded one in a
    language. How a kind is published and shown stands with the package that does it.

    `begin` are the fields that a new one needs beside key and title (None: it is not begun on the web), `beside` the files of its module
    that it begins with where there are none, `settings` the fields of its own that the web asks for one by one, `groups` those
    that stand under a title of their own. `moving` takes the text of an activity that leaves the module with a key, and gives
    the text that means the same elsewhere. `order` is that of its own fields in a file (spec/content-format 11), where `settings` and
    `groups` ask in another one. `elsewhere` are fields of the file that a page of the kind's own asks for.
    """

    name: str
    suffix: str
    label: Any
    icon: str
    read: Callable[[MappingCursor, ReadingSession], ActivitySettings | None]
    summary_form: str = "inline"
    length: Callable[[Any], int | None] | None = None
    card: Callable[[ActivitySource, str], EmbeddedRecording] | None = None
    begin: str | None = None
    beside: tuple[tuple[str, str], ...] = ()
    settings: tuple[FieldSpec, ...] = ()
    groups: tuple[tuple[Any, tuple[FieldSpec, ...]], ...] = ()
    moving: Callable[[str, str], str] | None = None
    order: tuple[str, ...] = ()
    elsewhere: tuple[FieldSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class FolderPart:
    """Files of a folder that belong to another package, such as banks of questions.

    `claims` says whether a path is one of them; `read` takes the tables of all claimed files by path and gives what goes
    into `CourseFolder.parts[name]`. `embeddable` says whether a lesson may embed the thing with this key, `labels` what forms call
    the fields of such files.
    """

    name: str
    claims: Callable[[str], bool]
    read: Callable[[Mapping[str, MappingCursor], ReadingSession], tuple[Any, ...]]
    embeddable: Callable[[CourseFolder, str], bool] | None = None
    labels: Mapping[str, FieldLabel] = field(default_factory=dict)


OUTLINE = "outline"


def read_head(
    session: ReadingSession, table: MappingCursor, summary: MarkupLevel, *, in_files: bool = False
) -> tuple[str, tuple[str, ...], LocalisedText, LocalisedText]:
    """Read key, former keys, title and summary, and claim the key in the outline; `in_files`: other languages have their own file."""
    key = table.value("key", scalars.key, required=True) or ""
    if key:
        session.claim(OUTLINE, key, table.place_at("key"))
        session.outline.setdefault(key, table)
    former_keys = table.former_keys()
    for former in former_keys:
        session.leave(OUTLINE, former, table.place_at(FORMER_KEYS))
    title = table.text("title", required=True) if in_files else table.title()
    return key, former_keys, title, table.text("summary", summary)


def read_conditions(table: MappingCursor) -> tuple[SourceState, tuple[str, ...], datetime | None, datetime | None]:
    """Read state, requires, opens and closes."""
    state = table.choice("state", SourceState, SourceState.READY)
    requires = table.keys("requires")
    opens, closes = table.moment("opens"), table.moment("closes", end=True)
    if opens and closes and opens >= closes:
        table.report("C208", N_("The closing date is before the opening date."), at="closes")
    return state, requires, opens, closes


def read_activity(session: ReadingSession, table: MappingCursor, kind: ActivityKind) -> ActivitySource | None:
    """Read the fields of every activity and then those of its kind."""
    key, former_keys, title, summary = read_head(session, table, MarkupLevel(kind.summary_form), in_files=kind.suffix == ".md")
    state, requires, opens, closes = read_conditions(table)
    required, preview = table.flag("required", True), table.flag("preview", False)
    settings = kind.read(table, session)
    if settings is None:
        return None
    return ActivitySource(
        key,
        kind.name,
        title,
        path=table.file,
        settings=settings.value,
        completion=settings.completion,
        former_keys=former_keys,
        summary=summary,
        state=state,
        required=required,
        preview=preview,
        requires=requires,
        opens=opens,
        closes=closes,
        minutes=settings.minutes,
        weight=settings.weight,
    )


Graph = Mapping[str, frozenset[str]]


def check_outline(session: ReadingSession, course: CourseFolder) -> None:
    """Report requirements of modules and activities that do not exist, are not published, or are circular."""
    drafts = set(draft_keys(course))
    own = _own_requirements(course)
    graph = _graph(course)
    for key, table in session.outline.items():
        required = graph.get(key, frozenset()) if table.has("requires") else frozenset()
        for other in sorted(own.get(key, ())):
            if other not in session.keys[OUTLINE]:
                table.report("C203", N_("There is no module or activity “%(key)s”."), at="requires", key=other)
            elif other in drafts and key not in drafts:
                table.report("C209", N_("“%(key)s” is a draft, so no one could complete it."), at="requires", key=other)
        if required and key in _reachable(graph, required):
            table.report(
                "C207",
                N_("“%(key)s” requires itself, directly or through others."),
                N_("Remove one of the requirements."),
                at="requires",
                key=key,
            )


def check_former_keys(session: ReadingSession) -> None:
    """Report former keys that are in use (spec/content-format C204) or claimed twice (spec/content-format C202)."""
    claimed: dict[tuple[str, str], SourceLocation] = {}
    for kind, key, location in session.former:
        first = claimed.setdefault((kind, key), location)
        if first != location:
            facts = {"key": key, "file": first.file, "line": str(first.line)}
            session.report(location, "C202", N_("The former key “%(key)s” is already listed in %(file)s, line %(line)s."), **facts)
        living = session.keys.get(kind, {}).get(key)
        if living is not None:
            session.report(
                location,
                "C204",
                N_("The former key “%(key)s” is still in use in %(file)s, line %(line)s."),
                N_("Remove it from “former_keys”, or rename the one in use."),
                key=key,
                file=living.file,
                line=living.line,
            )


def draft_keys(course: CourseFolder) -> Iterator[str]:
    """Yield the keys of the modules and activities that are not published."""
    for module in course.modules:
        hidden = module.state is SourceState.DRAFT
        if hidden:
            yield module.key
        for activity in module.activities:
            if hidden or activity.state is SourceState.DRAFT:
                yield activity.key


def _own_requirements(course: CourseFolder) -> dict[str, tuple[str, ...]]:
    requirements = {module.key: module.requires for module in course.modules}
    requirements.update({activity.key: activity.requires for activity in course.activities()})
    return requirements


def _graph(course: CourseFolder) -> Graph:
    """Return the requirements of each part: its own, the module's, and for a module its activities."""
    graph: dict[str, frozenset[str]] = {}
    for module in course.modules:
        inside = (activity.key for activity in module.activities if activity.required)
        graph[module.key] = frozenset((*module.requires, *inside))
        for activity in module.activities:
            graph[activity.key] = frozenset((*activity.requires, *module.requires))
    return graph


def _reachable(graph: Graph, start: frozenset[str]) -> set[str]:
    seen: set[str] = set()
    waiting = list(start)
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            waiting.extend(graph.get(key, ()))
    return seen
