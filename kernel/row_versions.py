"""The version of a row that a form was made from, and the refusal of a save that is older than what is there."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import inspect

from kernel.errors import N_, Conflict


class RowWasChanged(Conflict):
    """A row was changed or deleted since the form was made from it."""

    code = "row_changed"
    message = N_(
        "This was changed meanwhile, by someone else or in another window. What you wrote is still here: compare it with what is there "
        "now, and save again."
    )


def version_of(row: Any) -> str:
    """Return the version of a row for a form: its `row_version`, or a digest of its columns, those of marks (`done_…`) apart."""
    if (number := getattr(row, "row_version", None)) is not None:
        return str(number)
    values = {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs if not column.key.startswith("done_")}
    return sha256(repr(values).encode()).hexdigest()[:16]


def require_version(row: Any, seen: str | None) -> None:
    """Raise RowWasChanged where a row is gone, or not the version that a form was made from; None asks for no version."""
    if row is None or (seen is not None and seen != version_of(row)):
        raise RowWasChanged


def change_row(row: Any, values: Mapping[str, Any], *, also: bool = False) -> list[str]:
    """Give a row these values, and return the names of those that changed; its `row_version` grows where any did, or `also`."""
    changed = sorted(name for name, value in values.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, values[name])
    if (changed or also) and hasattr(row, "row_version"):
        row.row_version += 1
    return changed
