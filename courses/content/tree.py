"""The outline of a working copy as files: which belong to which part, in which order, and what they are called after a move.

Order is the two digits before a name and nothing else; keys carry identity. So a move renames files and changes no text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from posixpath import basename

from courses.content.kinds import ActivityKind, FolderPart
from courses.content.layout import COURSE, LISTS, MODULE, ActivityFiles, is_media, lay_out
from courses.content.mapping_cursor import ReadingSession
from courses.content.model import SourceState
from courses.content.translations import split
from kernel import yaml_tree
from kernel.yaml_tree import YamlMapping, YamlScalar, YamlSequence

_UNDATED = date(2000, 1, 1)
"""Sorting files asks for a day, and nothing here looks at it."""
_NUMBERED = re.compile(r"([0-9]{2})-(.+)\Z", re.DOTALL)
_LANGUAGE = re.compile(r"\.([a-z]{2})\.md\Z")
MOST = 99
KEPT_HEADS = 2048


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A file's entry in the outline: key, title by language ('' the course's own), and its state."""

    key: str
    title: tuple[tuple[str, str], ...]
    draft: bool
    required: bool
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TreeActivity:
    """An activity of a working copy; `paths` are all its files, the one with its settings first."""

    key: str
    kind: str
    title: Mapping[str, str]
    paths: tuple[str, ...]
    state: SourceState
    required: bool

    @property
    def path(self) -> str:
        """Return the file that holds its settings."""
        return self.paths[0]

    @property
    def name(self) -> str:
        """Return its name with the number that is its order: `03-pisos`."""
        return basename(self.path).partition(".")[0]

    def language_paths(self) -> dict[str, str]:
        """Return the files of a lesson by language."""
        return {match[1]: path for path in self.paths if (match := _LANGUAGE.search(path))}


@dataclass(frozen=True, slots=True)
class TreeModule:
    """A module of a working copy with its activities in order."""

    key: str
    folder: str
    title: Mapping[str, str]
    state: SourceState
    numbered: bool
    activities: tuple[TreeActivity, ...]

    @property
    def path(self) -> str:
        """Return the file that holds its settings."""
        return f"{self.folder}/{MODULE}"


@dataclass(frozen=True, slots=True)
class DraftTree:
    """The outline of a working copy."""

    languages: tuple[str, ...]
    title: Mapping[str, str]
    modules: tuple[TreeModule, ...]

    def activities(self) -> Iterator[tuple[TreeModule, TreeActivity]]:
        """Yield all activities with their modules, in order."""
        for module in self.modules:
            for activity in module.activities:
                yield module, activity

    def find_module(self, key: str) -> TreeModule | None:
        """Return the module with a key."""
        return next((module for module in self.modules if module.key == key), None)

    def find_activity(self, key: str) -> tuple[TreeModule, TreeActivity] | None:
        """Return the activity with a key and its module."""
        return next((located for located in self.activities() if located[1].key == key), None)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of all parts."""
        return (*(module.key for module in self.modules), *(activity.key for _module, activity in self.activities()))


def is_outline(path: str) -> bool:
    """Return whether the text of a file is wanted to draw the outline, or named by those that are."""
    return path in (COURSE, *LISTS) or (path.count("/") == 1 and not is_media(path) and path.endswith((".yaml", ".md")))


def read_tree(paths: Iterable[str], texts: Mapping[str, str], kinds: Sequence[ActivityKind], parts: Sequence[FolderPart]) -> DraftTree:
    """Sort the files of a working copy into its outline; `texts` are those that `is_outline` names."""
    course = _root(texts.get(COURSE, ""))
    languages = _languages(course)
    session = ReadingSession(dict.fromkeys(paths, b""), _UNDATED, languages)
    modules = []
    for files in lay_out(session, kinds, parts).modules:
        head = _head(texts.get(f"{files.folder}/{MODULE}", ""))
        activities = (_activity(activity_files, texts, languages) for activity_files in files.activities if activity_files.kind is not None)
        title = _titled(head, languages[0])
        state = SourceState.DRAFT if head.draft else SourceState.READY
        modules.append(TreeModule(head.key, files.folder, title, state=state, numbered=head.required, activities=tuple(activities)))
    title = {language or languages[0]: text for language, text in _texts(course, "title")}
    return DraftTree(languages, title, tuple(modules))


def _activity(files: ActivityFiles, texts: Mapping[str, str], languages: Sequence[str]) -> TreeActivity:
    assert files.kind is not None
    if not files.lessons:
        head = _head(texts.get(files.path, ""))
        return TreeActivity(
            head.key, files.kind.name, _titled(head, languages[0]), paths=(files.path,), state=_state(head), required=head.required
        )
    ordered = sorted(files.lessons, key=lambda language: (languages.index(language) if language in languages else MOST, language))
    paths = tuple(files.lessons[language] for language in ordered)
    head = _head(_front(texts.get(paths[0], "")))
    title = _titled(head, ordered[0])
    for language in ordered[1:]:
        translation = _titled(_head(_front(texts.get(files.lessons[language], ""))), language)
        title = {**title, **translation}
    return TreeActivity(head.key, files.kind.name, title, paths=paths, state=_state(head), required=head.required)


def key_of(path: str, text: str) -> str:
    """Return the key that the file of a module or an activity says; '' where it says none."""
    return _head(_front(text) if path.endswith(".md") else text).key


def ending_of(path: str) -> str:
    """Return the part of a module's or activity's path that stays wherever it moves: `.es.md`, `.quiz.yaml`, `/module.yaml`."""
    name = basename(path)
    parts = name.rsplit(".", 2)
    return ".".join(("", *parts[1:])) if len(parts) > 2 else f"/{name}"


def _state(head: OutlineEntry) -> SourceState:
    return SourceState.DRAFT if head.draft else SourceState.READY


def _titled(head: OutlineEntry, first: str) -> dict[str, str]:
    return {language or first: text for language, text in head.title}


def _front(text: str) -> str:
    parts = split(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    return "\n".join(parts[0]) + "\n" if parts else ""


def _root(text: str) -> YamlMapping | None:
    root = yaml_tree.parse(text).root
    return root if isinstance(root, YamlMapping) else None


@lru_cache(maxsize=KEPT_HEADS)
def _head(text: str) -> OutlineEntry:
    root = _root(text)
    counted = _word(root, "numbered") != "false" and _word(root, "required") != "false"
    return OutlineEntry(_word(root, "key"), _texts(root, "title"), _word(root, "state") == "draft", counted)


def _word(root: YamlMapping | None, name: str) -> str:
    value = root.entries[name].value if root is not None and name in root.entries else None
    return value.text.strip() if isinstance(value, YamlScalar) else ""


def _texts(root: YamlMapping | None, name: str) -> tuple[tuple[str, str], ...]:
    value = root.entries[name].value if root is not None and name in root.entries else None
    if isinstance(value, YamlScalar):
        return (("", value.text.strip()),) if value.text.strip() else ()
    if isinstance(value, YamlMapping):
        return tuple((key, entry.value.text.strip()) for key, entry in value.entries.items() if isinstance(entry.value, YamlScalar))
    return ()


def _languages(course: YamlMapping | None) -> tuple[str, ...]:
    value = course.entries["languages"].value if course is not None and "languages" in course.entries else None
    items = value.items if isinstance(value, YamlSequence) else []
    return tuple(item.text for item in items if isinstance(item, YamlScalar) and item.text) or ("es",)


# --- Order -------------------------------------------------------------------------------------------------------------------------------


def renumbered(names: Sequence[str]) -> list[str]:
    """Return the names of things that shall stand in this order; those whose number already fits keep it.

    A name out of order is put into a gap where there is one; else all are numbered from 1.
    """
    numbers = [int(match[1]) for name in names if (match := _NUMBERED.match(name))]
    if len(numbers) == len(names) and all(number_before < other for number_before, other in pairwise(numbers)):
        return list(names)
    fitted = _fitted(numbers) if len(numbers) == len(names) else None
    new_numbers = fitted or range(1, len(names) + 1)
    return [f"{number:02d}-" + _NUMBERED.sub(r"\2", name) for name, number in zip(names, new_numbers, strict=True)]


def _fitted(numbers: Sequence[int]) -> list[int] | None:
    """Return the numbers with one of them changed so that they increase; None where changing one is not enough."""
    for index in range(len(numbers)):
        rest = [*numbers[:index], *numbers[index + 1 :]]
        if any(number >= other for number, other in pairwise(rest)):
            continue
        low = numbers[index - 1] if index else 0
        high = numbers[index + 1] if index + 1 < len(numbers) else MOST + 1
        if high - low > 1:
            return [*numbers[:index], low + 1 if index else high - 1, *numbers[index + 1 :]]
    return None


def next_name(names: Iterable[str], key: str) -> str:
    """Return a name for something new that comes after all others."""
    numbers = [int(match[1]) for name in names if (match := _NUMBERED.match(name))]
    return f"{max(numbers, default=0) + 1:02d}-{key}"


def moved_module(tree: DraftTree, paths: Iterable[str], key: str, position: int) -> dict[str, str]:
    """Return the new paths of files when a module takes another place (from 0) among the modules."""
    order = [module.folder for module in tree.modules if module.key != key]
    own = next(module.folder for module in tree.modules if module.key == key)
    new_order = [*order[:position], own, *order[position:]]
    folders = {old: new for old, new in zip(new_order, renumbered(new_order), strict=True) if old != new}
    return {path: f"{folders[top]}/{rest}" for path in paths for top, _, rest in (path.partition("/"),) if top in folders}


def moved_activity(tree: DraftTree, key: str, target: str, position: int) -> dict[str, str]:
    """Return the new paths of files when an activity takes another place (from 0) in its module or in another one (by key)."""
    located, module = tree.find_activity(key), tree.find_module(target)
    assert located is not None
    assert module is not None
    activity = located[1]
    others = [other for other in module.activities if other.key != key]
    order = [*others[:position], activity, *others[position:]]
    moves: dict[str, str] = {}
    for other, name in zip(order, renumbered([other.name for other in order]), strict=True):
        for path in other.paths:
            new = f"{module.folder}/{name}{basename(path).removeprefix(other.name)}"
            if new != path:
                moves[path] = new
    return moves
