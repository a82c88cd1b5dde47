"""Differences between two folders of a course, by part: added, removed, moved, renamed, text, settings. Pure."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from courses.content.facts import SettingFact, Teller, facts_of_activity, facts_of_course, facts_of_module
from courses.content.list_facts import facts_of_list
from courses.content.model import ActivitySource, CourseFolder, ModuleSource, SourceState
from courses.content.text_diff import DiffParagraph, DiffPiece, compared, compared_text
from kernel.i18n import choose


class PartKind(StrEnum):
    """The kind of a part that differs."""

    COURSE = "course"
    MODULE = "module"
    ACTIVITY = "activity"
    QUESTION = "question"
    TERM = "term"
    RESOURCE = "resource"
    PARAMETER = "parameter"
    FILE = "file"


class DifferenceKind(StrEnum):
    """The kind of a difference between parts; `key` is for a question whose right answer changed."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    RENAMED = "renamed"
    TEXT = "text"
    SETTINGS = "settings"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One value that differs; None where it was not there, or is no more. `pieces` compares two texts by words."""

    label: str
    before: str | None
    after: str | None
    pieces: tuple[DiffPiece, ...] = ()


@dataclass(frozen=True, slots=True)
class TextChange:
    """One text of several paragraphs that differs, and how many words came and went."""

    label: str
    language: str
    blocks: tuple[DiffParagraph, ...]
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class PartDifference:
    """One part that differs. `kind` is an activity's, `path` the file it stands in, `number` its place («1.3»)."""

    place: PartKind
    key: str
    title: str
    marks: tuple[DifferenceKind, ...]
    kind: str = ""
    number: str = ""
    path: str = ""
    before_title: str = ""
    settings: tuple[SettingChange, ...] = ()
    texts: tuple[TextChange, ...] = ()
    asked_in: tuple[tuple[str, int], ...] = ()
    """Of a question: the keys of the quizzes that have asked it, with how many attempts were handed in there."""


def compare(before: CourseFolder, after: CourseFolder, tellers: Mapping[str, Teller]) -> tuple[PartDifference, ...]:
    """Return what differs of the course itself, its modules and activities in the new order, and its lists; what is gone comes last."""
    own = _changed(PartDifference(PartKind.COURSE, after.key, choose(after.title), ()), facts_of_course(before), facts_of_course(after))
    parts = [own, *_modules(before, after), *_activities(before, after, tellers), *_lists(before, after)]
    return tuple(part for part in parts if part.marks)


def _ready_modules(course: CourseFolder) -> list[ModuleSource]:
    return [module for module in course.modules if module.state is SourceState.READY]


def _matched(after_key: str, former_keys: Sequence[str], before: Mapping[str, object], taken: frozenset[str]) -> str | None:
    """Return under which key the earlier folder has a part: its own, or a former one that is not in use again."""
    if after_key in before:
        return after_key
    return next((old for old in former_keys if old in before and old not in taken), None)


def _modules(before: CourseFolder, after: CourseFolder) -> Iterator[PartDifference]:
    old, new = {module.key: module for module in _ready_modules(before)}, _ready_modules(after)
    taken = frozenset(module.key for module in new)
    matches = {module.key: _matched(module.key, module.former_keys, old, taken) for module in new}
    moved = _moved([matches[module.key] for module in new], list(old))
    for module in new:
        part = PartDifference(PartKind.MODULE, module.key, choose(module.title), (), path=module.path)
        match = matches[module.key]
        if match is None:
            yield _with(part, (DifferenceKind.ADDED,))
            continue
        marks = (DifferenceKind.MOVED,) if match in moved else ()
        yield _changed(
            _with(part, marks, _renamed(choose(old[match].title), part.title)), facts_of_module(old[match]), facts_of_module(module)
        )
    for key, gone in old.items():
        if key not in matches.values():
            yield PartDifference(PartKind.MODULE, key, choose(gone.title), (DifferenceKind.REMOVED,), path=gone.path)


@dataclass(frozen=True, slots=True)
class _Placed:
    activity: ActivitySource
    module: str
    number: str


def _placed(course: CourseFolder) -> list[_Placed]:
    placed, count = [], 0
    for module in _ready_modules(course):
        count += module.numbered
        ready = [activity for activity in module.activities if activity.state is SourceState.READY]
        for number, activity in enumerate(ready, 1):
            placed.append(_Placed(activity, module.key, f"{count}.{number}" if module.numbered else ""))
    return placed


def _activities(before: CourseFolder, after: CourseFolder, tellers: Mapping[str, Teller]) -> Iterator[PartDifference]:
    old, new = {placed.activity.key: placed for placed in _placed(before)}, _placed(after)
    taken = frozenset(placed.activity.key for placed in new)
    matches = {placed.activity.key: _matched(placed.activity.key, placed.activity.former_keys, old, taken) for placed in new}
    modules = {module.key: {module.key, *module.former_keys} for module in after.modules}
    moved = _moved_activities(new, matches, old, modules)
    for placed in new:
        match = matches[placed.activity.key]
        yield _activity(placed, old[match] if match else None, tellers, has_moved=match in moved)
    for key, gone in old.items():
        if key not in matches.values():
            yield _of(gone, (DifferenceKind.REMOVED,))


def _moved_activities(
    new: Sequence[_Placed], matches: Mapping[str, str | None], old: Mapping[str, _Placed], modules: Mapping[str, set[str]]
) -> set[str]:
    """Return the earlier keys of what stands in another module, or in another order among those that stayed in theirs."""
    moved: set[str] = set()
    stayed: dict[str, list[str]] = {}
    for placed in new:
        match = matches[placed.activity.key]
        if match is None:
            continue
        if old[match].module not in modules[placed.module]:
            moved.add(match)
        else:
            stayed.setdefault(placed.module, []).append(match)
    order = list(old)
    return moved.union(*(_moved(keys, order) for keys in stayed.values()))


def _activity(placed: _Placed, before: _Placed | None, tellers: Mapping[str, Teller], *, has_moved: bool) -> PartDifference:
    if before is None:
        return _of(placed, (DifferenceKind.ADDED,))
    activity, earlier = placed.activity, before.activity
    marks = (DifferenceKind.MOVED,) if has_moved else ()
    part = _with(_of(placed, ()), marks, _renamed(choose(earlier.title), choose(activity.title)))
    if activity.kind != earlier.kind:
        return _with(part, (*part.marks, DifferenceKind.SETTINGS))
    teller = tellers[activity.kind]
    return _changed(part, facts_of_activity(earlier, teller), facts_of_activity(activity, teller))


def _of(placed: _Placed, marks: tuple[DifferenceKind, ...]) -> PartDifference:
    activity = placed.activity
    return PartDifference(PartKind.ACTIVITY, activity.key, choose(activity.title), marks, activity.kind, placed.number, activity.path)


def _lists(before: CourseFolder, after: CourseFolder) -> Iterator[PartDifference]:
    for part_kind in (PartKind.TERM, PartKind.RESOURCE, PartKind.PARAMETER, PartKind.FILE):
        old, new = ({entry.key: entry for entry in facts_of_list(course, part_kind.value)} for course in (before, after))
        for key in dict.fromkeys((*new, *old)):
            entry = new.get(key) or old[key]
            part = PartDifference(part_kind, key, entry.title, (), path=entry.path)
            if key not in old or key not in new:
                yield _with(part, (DifferenceKind.ADDED if key in new else DifferenceKind.REMOVED,))
            else:
                yield _changed(part, old[key].facts, new[key].facts)


def _moved(keys: Sequence[str | None], order: Sequence[str]) -> set[str]:
    """Return which of the keys changed places: the fewest whose leaving lets all others stand in the earlier order."""
    places = {key: position for position, key in enumerate(order)}
    known = [key for key in keys if key is not None]
    tails: list[int] = []
    lengths = []
    for key in known:
        at = bisect_left(tails, places[key])
        tails[at : at + 1] = [places[key]]
        lengths.append(at + 1)
    unmoved: set[str] = set()
    needed, last = len(tails), len(order)
    for key, length in zip(reversed(known), reversed(lengths), strict=True):
        if length == needed and places[key] < last:
            unmoved.add(key)
            needed, last = needed - 1, places[key]
    return set(known) - unmoved


def _renamed(before: str, after: str) -> str:
    return before if before != after else ""


def _with(part: PartDifference, marks: tuple[DifferenceKind, ...], before_title: str = "") -> PartDifference:
    if before_title:
        marks = (*marks, DifferenceKind.RENAMED)
    return PartDifference(part.place, part.key, part.title, marks, part.kind, part.number, part.path, before_title)


def _changed(part: PartDifference, before: Sequence[SettingFact], after: Sequence[SettingFact]) -> PartDifference:
    """Add to a part the differences of its facts; a changed title in the reader's language is already shown by the part itself."""
    old = {(fact.name, fact.language): fact for fact in before}
    new = {(fact.name, fact.language): fact for fact in after}
    settings: list[SettingChange] = []
    texts: list[TextChange] = []
    for identity in dict.fromkeys((*old, *new)):
        was, now = old.get(identity), new.get(identity)
        new_fact = now or was
        if new_fact is None or (was and now and was.value == now.value):
            continue
        if new_fact.text:
            texts.append(_text_change(new_fact, was.value if was else "", now.value if now else ""))
        elif not (part.before_title and now and new_fact.name == "|title" and now.value == part.title):
            settings.append(_setting_change(new_fact, was, now))
    marks = (*part.marks, *((DifferenceKind.TEXT,) if texts else ()), *((DifferenceKind.SETTINGS,) if settings else ()))
    return PartDifference(
        part.place, part.key, part.title, marks, part.kind, part.number, part.path, part.before_title, tuple(settings), tuple(texts)
    )


def _setting_change(fact: SettingFact, was: SettingFact | None, now: SettingFact | None) -> SettingChange:
    label = f"{fact.label} ({fact.language})" if fact.language else fact.label
    pieces = compared(was.value, now.value) if was and now and fact.language else ()
    return SettingChange(label, was.value if was else None, now.value if now else None, pieces)


def _text_change(fact: SettingFact, before: str, after: str) -> TextChange:
    blocks = compared_text(before, after)
    counts = {
        kind: sum(len(piece.words.split()) for block in blocks for piece in block.pieces if piece.kind == kind) for kind in ("new", "gone")
    }
    return TextChange(fact.label, fact.language, blocks, counts["new"], counts["gone"])
