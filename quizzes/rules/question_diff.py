"""The differences between two versions of a question, as places and values that a page can put into words (spec/quiz-engine 5.1.1).

A question is laid flat: each value under the path that leads to it. Entries with keys (options, pairs, items, rows, gaps) are met by
key, so that moving one changes nothing; entries without are met by their place. Texts have a path for each language.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from fractions import Fraction

from quizzes.rules.definitions import OrderingBody, QuestionDefinition, TextShape, map_texts, without_notes

Path = tuple[str, ...]
ORDER = "order"
_EXPLAINS = frozenset({"text", "tags", "difficulty", "explanation", "hints", "source", "see", "unverified", "mark"})
"""What decides on no mark where texts are left aside."""
_UNTOLD = frozenset({"key", "former_keys", "state", "name", "selection"})
"""Keys are the path itself; former keys, the state and the place in blueprints are not part of a version."""


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value that differs: where it stands, what it was and what it is; None where it was not there, or is no more."""

    path: Path
    before: str | None
    after: str | None


def differences(before: QuestionDefinition, after: QuestionDefinition) -> tuple[ValueChange, ...]:
    """Return what differs, in the order of the older question's fields, what is new after what stood beside it."""
    old, new = dict(_flat(before)), dict(_flat(after))
    return tuple(
        ValueChange(path, old.get(path), new.get(path)) for path in _merged(list(old), list(new)) if old.get(path) != new.get(path)
    )


def _merged(old: list[Path], new: list[Path]) -> list[Path]:
    """Return all paths once: the old ones in order, each new one after the path that stands before it (the kind is first in both)."""
    merged = list(old)
    known = set(old)
    for at, path in enumerate(new):
        if path not in known:
            after = next(merged.index(other) for other in reversed(new[:at]) if other in known)
            merged.insert(after + 1, path)
            known.add(path)
    return merged


def _flat(question: QuestionDefinition) -> Iterator[tuple[Path, str]]:
    yield ("kind",), question.kind.value
    for path, value in _values(question, ()):
        yield path[1:] if path[0] == "body" else path, value
    if isinstance(question.body, OrderingBody):
        yield (ORDER,), ", ".join(item.key for item in question.body.items)


def _values(node: object, path: Path) -> Iterator[tuple[Path, str]]:
    if node is None:
        return
    if is_dataclass(node):
        for entry in fields(node):
            if entry.name not in _UNTOLD:
                yield from _values(getattr(node, entry.name), (*path, entry.name))
    elif isinstance(node, Mapping):
        for name, value in node.items():
            yield from _values(value, (*path, str(name)))
    elif isinstance(node, tuple):
        for index, value in enumerate(node, 1):
            yield from _values(value, (*path, _name(value) or str(index)))
    else:
        yield path, _value_text(node)


def _name(entry: object) -> str:
    return str(getattr(entry, "key", "") or getattr(entry, "name", ""))


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Fraction):
        return str(value)
    return str(value)


def is_judged_otherwise(before: QuestionDefinition, after: QuestionDefinition) -> bool:
    """Return whether something differs that decides on marks: anything but words, and what only sorts or explains the question."""
    changes = differences(_without_words(before), _without_words(after))
    return any(change.path[0] not in _EXPLAINS and (change.before or "") != (change.after or "") for change in changes)


def _without_words(question: QuestionDefinition) -> QuestionDefinition:
    def nothing(_words: str, _language: str, _shape: TextShape) -> str:
        return ""

    return map_texts(without_notes(question), nothing)
