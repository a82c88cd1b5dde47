"""Checks of the outline that need the whole folder: references, circles, former keys (spec/content-format 3.2 and 5)."""

from collections.abc import Iterator, Mapping

from courses.content.activity import OUTLINE
from courses.content.model import CourseFolder, SourceState
from courses.content.read_collector import SourceLocation
from courses.content.reading_session import ReadingSession
from kernel.errors import N_

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
    """Return what has to be completed before something can be: own requirements, the module's, and for a module its activities."""
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
