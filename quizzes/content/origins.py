"""The origin of a question in its text: the sign by which its copies in other courses are known (spec/selection 2.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from courses.content.editing import EditRefused, Written, former_keys, list_entries, read_fields, replace_entries, set_field
from courses.content.scalars import KEY, MAXIMUM_KEY, RefusedError
from kernel.errors import N_, DomainError

ORIGIN = "origin"
QUESTIONS = "questions"
_SIGN = re.compile(r"[0-9a-f]{32}\Z")


class OriginsRefused(DomainError):
    """A bank is written in a form into which origins cannot be put."""

    code = "origins_refused"
    status = 422
    message = N_("The origins cannot be written into “%(path)s”: its questions are not a list with one field per line.")


def is_origin(text: str) -> bool:
    """Say whether a text has the form of an origin."""
    return _SIGN.match(text) is not None


def read_origin(text: str) -> str:
    """Read the origin of a question, which the program has written (spec/content-format C201)."""
    if not is_origin(text):
        raise RefusedError(
            "C201",
            N_("“%(text)s” is not the origin of a question: it has 32 signs, 0 to 9 and a to f."),
            N_("Delete the line. Only an export writes it."),
            text=text[:80],
        )
    return text


@dataclass(frozen=True, slots=True)
class QuestionIdentity:
    """A question of a text: its key, the keys that it had, the origin that is written ('' where none is), whether it is reserved."""

    key: str
    former_keys: tuple[str, ...] = ()
    origin: str = ""
    reserved: bool = False


def names_in(path: str, text: str) -> tuple[QuestionIdentity, ...]:
    """Return the questions of a bank's text that have a valid key; raise OriginsRefused where lines cannot separate them."""
    try:
        entries = [(entry.key, read_fields(entry.text)) for entry in list_entries(text, QUESTIONS)]
    except EditRefused:
        raise OriginsRefused(path=path) from None
    return tuple(_identity(key, fields) for key, fields in entries if _is_key(key))


def _identity(key: str, fields: Mapping[str, Written]) -> QuestionIdentity:
    origin = str(fields.get(ORIGIN) or "")
    return QuestionIdentity(key, tuple(filter(_is_key, former_keys(fields))), origin if is_origin(origin) else "", bool(fields.get("only")))


def _is_key(text: str) -> bool:
    return len(text) <= MAXIMUM_KEY and KEY.match(text) is not None


def with_origins(path: str, text: str, origins: Mapping[str, str], order: tuple[str, ...]) -> str:
    """Return a bank's text whose questions say their origin, by key; those that say one already stay as they are."""
    try:
        changed = {
            index: set_field(entry.text, ORIGIN, origins[entry.key], order)
            for index, entry in enumerate(list_entries(text, QUESTIONS))
            if entry.key in origins and ORIGIN not in read_fields(entry.text)
        }
        return replace_entries(text, QUESTIONS, changed)
    except EditRefused:
        raise OriginsRefused(path=path) from None
