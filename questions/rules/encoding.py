"""Questions and settings as JSON documents and back, their checksum, and the differences between two versions of a question."""

import hashlib
import json
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from questions.rules.definitions import (
    ADDED_LATER,
    BODIES,
    DOCUMENT_FIELD,
    DRAFT_ONLY,
    OrderingBody,
    QuestionDefinition,
    QuestionKind,
    QuestionState,
    TextShape,
    map_texts,
    without_notes,
)

Document = dict[str, Any]
_Node = TypeVar("_Node")


class EncodingError(ValueError):
    """A document does not hold what its dataclass needs; the message names the field."""


def to_document(question: QuestionDefinition) -> Document:
    """Return the question as values that JSON can hold."""
    return encode(question)


def from_document(document: Mapping[str, Any]) -> QuestionDefinition:
    """Read what ``to_document`` wrote; raises EncodingError where a field is missing or not of its type."""
    return decode(QuestionDefinition, document)


def canonical(question: QuestionDefinition) -> bytes:
    """Return the content that makes a version: UTF-8 JSON, keys sorted, no spaces; without note, former keys and state."""
    content = replace(without_notes(question), state=QuestionState.READY)
    return canonical_json(to_document(content))


def checksum(question: QuestionDefinition) -> str:
    """Return SHA-256 over ``canonical`` in hexadecimal: equal content, equal checksum."""
    return hashlib.sha256(canonical(question)).hexdigest()


def canonical_json(value: object) -> bytes:
    """Write a value so that equal values give equal bytes."""
    return canonical_text(value).encode()


def canonical_text(value: object) -> str:
    """Write a value as canonical JSON: sorted keys, no spaces; numbers that are not whole, moments and the like as text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_as_text)


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, UUID | Fraction):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def encode(value: object) -> Document:
    """Return any of the rules' dataclasses as a document."""
    if not is_dataclass(value) or isinstance(value, type):
        raise EncodingError(f"not a dataclass: {type(value).__name__}")
    document = {_name_of(entry): _encoded(getattr(value, entry.name)) for entry in fields(value) if _is_written(entry, value)}
    if type(value) in _BODY_TYPES:
        document["kind"] = cast(Any, value).kind.value
    return document


def decode(shape: type[_Node], document: object) -> _Node:
    """Read a dataclass of the type ``shape`` from what ``encode`` returned."""
    return cast(_Node, _decoded(shape, document, shape.__name__))


_BODY_TYPES = frozenset(BODIES.values())


def _is_written(entry: Field[Any], value: object) -> bool:
    """Return whether a field stands in the document: not what drafts alone have, nor the usual value of a field that was added later."""
    if entry.metadata.get(DRAFT_ONLY):
        return False
    return not entry.metadata.get(ADDED_LATER) or getattr(value, entry.name) != entry.default


def _name_of(entry: Field[Any]) -> str:
    return cast(str, entry.metadata.get(DOCUMENT_FIELD, entry.name))


def _encoded(value: object) -> object:
    if isinstance(value, Fraction | StrEnum):
        return str(value)
    if is_dataclass(value):
        return encode(value)
    if isinstance(value, tuple):
        return [_encoded(entry) for entry in value]
    if isinstance(value, Mapping):
        return {str(key): _encoded(entry) for key, entry in value.items()}
    return value


def _decoded(shape: Any, value: object, path: str) -> object:
    if is_dataclass(shape):
        return _record(shape, value, path)
    origin = get_origin(shape)
    if origin is tuple:
        return tuple(_decoded(get_args(shape)[0], entry, f"{path}[{at}]") for at, entry in enumerate(_node_of(list, value, path)))
    if origin in (Union, types.UnionType):
        return _one_of(get_args(shape), value, path)
    if origin is not None:
        entry_shape = get_args(shape)[1]
        return {key: _decoded(entry_shape, entry, f"{path}.{key}") for key, entry in _node_of(dict, value, path).items()}
    if shape is Fraction:
        return _converted(Fraction, _node_of(str, value, path), path)
    if issubclass(shape, StrEnum):
        return _converted(shape, _node_of(str, value, path), path)
    return _node_of(shape, value, path)


def _record(shape: Any, value: object, path: str) -> object:
    document = _node_of(dict, value, path)
    hints = _hints(shape)
    names = {entry.name: _name_of(entry) for entry in fields(shape) if _is_read(entry, document)}
    missing = [name for name in names.values() if name not in document]
    if missing:
        raise EncodingError(f"{path}: no {missing[0]}")
    return shape(**{name: _decoded(hints[name], document[key], f"{path}.{key}") for name, key in names.items()})


def _is_read(entry: Field[Any], document: Mapping[str, Any]) -> bool:
    if entry.metadata.get(DRAFT_ONLY):
        return False
    return not entry.metadata.get(ADDED_LATER) or _name_of(entry) in document


def _one_of(shapes: tuple[Any, ...], value: object, path: str) -> object:
    """Choose the member of a union: None, a body by its kind, a list for a tuple, else the first dataclass or plain type."""
    if value is None and types.NoneType in shapes:
        return None
    if isinstance(value, dict) and "kind" in value and _BODY_TYPES.intersection(shapes):
        body = BODIES[_converted(QuestionKind, value["kind"], path)]
        if body in shapes:
            return _decoded(body, value, path)
        raise EncodingError(f"{path}: {body.kind} may not stand here")
    members = [shape for shape in shapes if shape is not types.NoneType]
    wants_tuple = isinstance(value, list)
    fitting = [shape for shape in members if (get_origin(shape) is tuple) == wants_tuple]
    return _decoded((fitting or members)[0], value, path)


def _node_of(shape: type[_Node], value: object, path: str) -> _Node:
    if not isinstance(value, shape) or (shape is int and isinstance(value, bool)):
        raise EncodingError(f"{path}: {shape.__name__} expected")
    return value


def _converted(shape: Callable[[str], _Node], value: str, path: str) -> _Node:
    try:
        return shape(value)
    except (ValueError, ZeroDivisionError) as error:
        raise EncodingError(f"{path}: {value!r} is not allowed") from error


@cache
def _hints(shape: Any) -> dict[str, Any]:
    return get_type_hints(shape)


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
    """Return the differences, in the order of the older question's fields, what is new after what stood beside it."""
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
