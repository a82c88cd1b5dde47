"""The fields of a condition in a form: values, a tick, and a day or a number behind a word."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeafFields:
    """A condition as a form shows it; each kind uses those of the fields that it needs."""

    values: tuple[str, ...] = ()
    """Codes, names or keys."""
    flag: bool = True
    word: str = ""
    """Which of several questions is asked."""
    day: str = ""
    count: str = ""
