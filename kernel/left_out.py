"""Remarks on what readers of outside files do not take, for the preview: kinds with examples, and lines with what is wrong in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from kernel.errors import N_
from kernel.i18n import _

Entry = TypeVar("Entry")

MOST_EXAMPLES = 8
LONGEST_EXAMPLE = 60
SENTENCE = N_("%(thing)s: %(number)s (%(examples)s)")
"""How every preview writes a kind; `thing` is a message of its own."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A kind of content that is not taken: its name in English, to be translated, how many there are, and the first ones."""

    kind: str
    count: int
    examples: tuple[str, ...]
    is_read: bool = False
    """It is taken all the same, and nobody who looks at the file sees it."""

    @property
    def facts(self) -> Mapping[str, str]:
        """Return the facts of SENTENCE, with the name of the kind still in English."""
        more = " …" if self.count > len(self.examples) else ""
        return {"thing": self.kind, "number": str(self.count), "examples": " · ".join(self.examples) + more}

    @property
    def english(self) -> str:
        """Return kind, count and examples for a command, which speaks English."""
        return SENTENCE % self.facts

    @property
    def message(self) -> str:
        """Return kind, count and examples in the reader's language."""
        return _(SENTENCE) % {**self.facts, "thing": _(self.kind)}


class LeftOutCollector:
    """Counts what one file leaves out, by kind."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, dict[str, None]] = {}

    def add(self, kind: str, example: str) -> None:
        """Count one more of a kind; the first different examples are kept."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        examples = self._examples.setdefault(kind, {})
        if len(examples) < MOST_EXAMPLES:
            examples[" ".join(example.split())[:LONGEST_EXAMPLE]] = None

    def result(self) -> tuple[LeftOut, ...]:
        """Return the kinds in the order in which they came."""
        return tuple(LeftOut(kind, count, tuple(self._examples[kind])) for kind, count in self._counts.items())


class LineRefused(ValueError):
    """A line of a list that does nothing, and why: a message in English, to be translated with its facts."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message, self.facts = message, facts

    def fault(self, line: int, written: str) -> "LineFault":
        """Return it as a fault of a line."""
        return LineFault(line, written, self.message, self.facts)


@dataclass(frozen=True, slots=True)
class LineFault:
    """Why a line does nothing: a message in English, to be translated with its facts; and what was written."""

    line: int
    written: str
    message: str
    facts: Mapping[str, object] = field(default_factory=dict)
    further: tuple["LineFault", ...] = ()
    """What else is wrong in the line."""

    @property
    def all(self) -> tuple["LineFault", ...]:
        """Return all that is wrong in the line, in the order in which it is read."""
        return (self, *self.further)

    @property
    def text(self) -> str:
        """Return all that is wrong in the line in the reader's language."""
        return " ".join(_(fault.message, **fault.facts) for fault in self.all)


@dataclass(frozen=True, slots=True)
class ReadList(Generic[Entry]):
    """The entries of a list, the faults that need no looking up, from which line on its encoding is a guess, and what is not read."""

    entries: tuple[Entry, ...]
    faults: tuple[LineFault, ...]
    encoding_guessed_from: int | None
    left_out: tuple[LeftOut, ...]

    @property
    def total(self) -> int:
        """Return how many lines have something in them."""
        return len(self.entries) + len(self.faults)
