"""Changes to a draft as plain data: texts written, files moved and removed. Nothing here touches a database."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from posixpath import dirname, join, normpath

from courses.content import writing
from courses.content.editing import write_field
from courses.content.kinds import ActivityKind
from courses.content.layout import MODULE
from courses.content.mapping_cursor import FORMER_KEYS, FORMERLY
from courses.content.model import SourceState
from courses.content.translations import FENCE, split
from courses.content.tree import MOST, DraftTree, TreeActivity, TreeModule, moved_activity, moved_module, next_name
from kernel.errors import N_, Invalid

COMMON = ("key", FORMER_KEYS, FORMERLY, "title", "summary", "state", "requires", "opens", "closes", "required", "preview")
"""The fields that modules and activities share, in canonical order (spec/content-format 5)."""
_MEDIA = re.compile(r"(?<![\w./-])(?:\.\./)?media/[A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class DraftChange:
    """One act: new texts by path, files that take another path (old -> new), files that go."""

    written: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    copied: Mapping[str, str] = field(default_factory=dict)
    """Files that another path gets as well (old -> new)."""
    removed: tuple[str, ...] = ()

    def applied(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the files of a working copy after the change."""
        gone = {*self.removed, *self.moved}
        after = {path: content for path, content in files.items() if path not in gone}
        after |= {new: files[old] for old, new in (*self.moved.items(), *self.copied.items()) if old in files}
        return after | {path: text.encode() for path, text in self.written.items()}


def with_field(text: str, path: str, name: str, value: str | None, order: tuple[str, ...] = COMMON) -> str:
    """Return a file with one plain field written anew, in its front matter where it is a lesson."""
    fields, rebuild = apart(text, path)
    return rebuild(write_field(fields, name, value, order))


def apart(text: str, path: str) -> tuple[str, Callable[[str], str]]:
    """Return the fields of a file, and how the file is put together again from them."""
    if not path.endswith(".md"):
        return text, str
    parts = split(text)
    if parts is None:
        raise Invalid(N_("The file has no front matter."))
    return "\n".join(parts[0]) + "\n", partial(lesson_of, parts[1])


def lesson_of(body: str, fields: str) -> str:
    """Return a lesson's file: its fields between two lines, then its body."""
    return f"{FENCE}\n{fields}{FENCE}\n{body}"


def body_of(text: str) -> str:
    """Return the body of a lesson."""
    parts = split(text)
    return parts[1] if parts is not None else text


# --- Begin -------------------------------------------------------------------------------------------------------------------------------


def add_module(tree: DraftTree, title: str, lesson: str) -> tuple[str, DraftChange]:
    """Begin a module at the end, with a first lesson, as an empty one cannot be published; return the key of the lesson as well."""
    key = writing.proposed_key(title, tree.keys)
    own = writing.proposed_key(lesson, (*tree.keys, key))
    folder = _room(next_name((module.folder for module in tree.modules), key))
    return own, DraftChange(
        {
            f"{folder}/{MODULE}": writing.module_text(key, title),
            f"{folder}/01-{own}.{tree.languages[0]}.md": writing.lesson_text(own, lesson),
        }
    )


def add_activity(tree: DraftTree, paths: list[str], module: TreeModule, kind: ActivityKind, title: str) -> tuple[str, DraftChange]:
    """Begin an activity at the end of a module; return its key as well."""
    key = writing.proposed_key(title, tree.keys)
    name = _room(next_name((activity.name for activity in module.activities), key))
    if kind.suffix == ".md":
        return key, DraftChange({f"{module.folder}/{name}.{tree.languages[0]}.md": writing.lesson_text(key, title)})
    written = {f"{module.folder}/{name}{kind.suffix}": writing.activity_text(key, title, kind.begin or "")}
    for file, text in kind.beside:
        stem = f"{module.folder}/{file.partition('.')[0]}"
        if not any(path.startswith((f"{stem}.", f"{stem}/")) for path in paths):
            written[f"{module.folder}/{file}"] = text
    return key, DraftChange(written)


def _room(name: str) -> str:
    if int(name.partition("-")[0]) > MOST:
        raise Invalid(N_("There is no room after the last one, number %(number)s. Move it up first."), number=MOST)
    return name


# --- Move, hide, remove ------------------------------------------------------------------------------------------------------------------


def move_module(tree: DraftTree, paths: list[str], key: str, position: int) -> DraftChange:
    """Let a module take another place, counted from 0."""
    return DraftChange(moved=moved_module(tree, paths, key, position))


def move_activity(
    tree: DraftTree,
    texts: Mapping[str, str],
    paths: list[str],
    key: str,
    target: TreeModule,
    position: int,
    moving: Callable[[str, str], str] | None,
) -> DraftChange:
    """Let an activity take another place in its module or in another one; the files of `media/` that it shows come along.

    `texts` are those of the outline, and of all else that may show these files as well.
    `moving` is that of its kind: what it says of its own module must mean the same in the other one.
    """
    located = tree.find_activity(key)
    assert located is not None
    source, activity = located
    moves = moved_activity(tree, key, target.key, position)
    if source.folder == target.folder:
        return DraftChange(moved=moves)
    change = _with_media(source.folder, target.folder, activity, DraftChange(moved=moves), texts, set(paths))
    return change if moving is None else _rewrite_elsewhere(change, activity, moves[activity.path], texts, moving, source.key)


def _rewrite_elsewhere(
    change: DraftChange, activity: TreeActivity, target: str, texts: Mapping[str, str], moving: Callable[[str, str], str], module: str
) -> DraftChange:
    """Write the file of an activity anew that says something of its own module."""
    before = change.written.get(target, texts.get(activity.path, ""))
    after = moving(before, module)
    if after == before:
        return change
    moved = {old: new for old, new in change.moved.items() if old != activity.path}
    removed = dict.fromkeys((*change.removed, activity.path))
    return DraftChange({**change.written, target: after}, moved, change.copied, tuple(removed))


def _with_media(
    source: str, target: str, activity: TreeActivity, change: DraftChange, texts: Mapping[str, str], paths: set[str]
) -> DraftChange:
    """Bring along what an activity shows of its module's media: moved where nothing else shows it, else copied."""
    named = shown_by(activity, texts)
    if not named:
        return change
    elsewhere = {file for path, text in texts.items() if path not in activity.paths for file in _files_in(path, text)}
    moved, copied = dict(change.moved), dict(change.copied)
    renamed: dict[str, str] = {}
    taken = set(paths)
    for name in sorted(named):
        old, preferred = f"{source}/{name}", f"{target}/{name}"
        if old not in paths:
            continue
        new = free_path(preferred, taken)
        taken.add(new)
        if new != preferred:
            renamed[name] = new.removeprefix(f"{target}/")
        (copied if old in elsewhere else moved)[old] = new
    if not renamed:
        return DraftChange(moved=moved, copied=copied)
    written = {
        moved.pop(path): _MEDIA.sub(lambda match: renamed.get(match[0], match[0]), texts[path]) for path in activity.paths if path in moved
    }
    return DraftChange(written, moved, copied, activity.paths)


def shown_by(activity: TreeActivity, texts: Mapping[str, str]) -> set[str]:
    """Return the files of media that an activity shows, as it names them."""
    return {name for path in activity.paths for name in _MEDIA.findall(texts.get(path, ""))}


def _files_in(path: str, text: str) -> set[str]:
    """Return the files of media that a text names, by their paths in the folder."""
    return {normpath(join(dirname(path), name)) for name in _MEDIA.findall(text)}


def free_path(path: str, taken: set[str]) -> str:
    """Return an unused path similar to this one, ignoring case."""
    used = {other.lower() for other in taken}
    stem, dot, ending = path.rpartition(".")
    number, candidate = 1, path
    while candidate.lower() in used:
        number += 1
        candidate = f"{stem}-{number}{dot}{ending}"
    return candidate


def set_state(texts: Mapping[str, str], path: str, state: SourceState) -> DraftChange:
    """Return whether a part belongs to what is published."""
    value = None if state is SourceState.READY else state.value
    return DraftChange({path: with_field(texts[path], path, "state", value)})


def remove_module(module: TreeModule, paths: list[str]) -> DraftChange:
    """Take a module out with everything in its folder."""
    return DraftChange(removed=tuple(path for path in paths if path.startswith(f"{module.folder}/")))


def remove_activity(activity: TreeActivity) -> DraftChange:
    """Take an activity out; files of `media/` stay for others."""
    return DraftChange(removed=activity.paths)
