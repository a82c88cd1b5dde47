"""Learning objectives of a course and its modules, and the keys by which other parts of the folder name them (spec/content-format 5)."""

from collections import Counter
from collections.abc import Iterator, Mapping

from courses.content import scalars
from courses.content.derived_keys import slug
from courses.content.mapping_cursor import LocatedValue, MappingCursor
from courses.content.model import CourseFolder, LocalisedText
from courses.content.read_collector import MarkupLevel


def read_objectives(table: MappingCursor) -> tuple[tuple[LocalisedText, ...], tuple[str, ...]]:
    """Read a list of texts, each inline or `{key, text}`; return the texts, and the key of each, "" where none is written."""
    entries = [entry for entry in table.listed("objectives", _objective) if entry[0]]
    return tuple(text for text, _key in entries), tuple(key for _text, key in entries)


def _objective(value: LocatedValue) -> tuple[LocalisedText, str]:
    inner = value.table() if value.is_table and "text" in getattr(value.node, "entries", {}) else None
    if inner is None:
        return value.text(MarkupLevel.INLINE), ""
    key = inner.value("key", scalars.key, "")
    if key:
        inner.session.claim("objective", key, inner.place_at("key"))
    return inner.text("text", MarkupLevel.INLINE, required=True), key


def objectives_of(course: CourseFolder) -> Mapping[str, LocalisedText]:
    """Return the objectives by key: the written one, else the slug of the text where no other objective has it."""
    pairs = list(_keyed(course))
    keys = Counter(key for key, _text in pairs)
    return {key: text for key, text in pairs if keys[key] == 1} | _with_own_key(course)


def _keyed(course: CourseFolder) -> Iterator[tuple[str, LocalisedText]]:
    for key, text in _pairs(course):
        if key or slug(text.first):
            yield key or slug(text.first), text


def _with_own_key(course: CourseFolder) -> dict[str, LocalisedText]:
    return {key: text for key, text in _pairs(course) if key}


def _pairs(course: CourseFolder) -> Iterator[tuple[str, LocalisedText]]:
    """Yield each objective with the key that is written, those of the course first."""
    yield from zip(course.objective_keys, course.objectives, strict=True)
    for module in course.modules:
        yield from zip(module.objective_keys, module.objectives, strict=True)
