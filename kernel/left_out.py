"""Remarks on what a reader of outside files does not take, counted by kind with examples, for the preview before anybody confirms."""

from collections.abc import Mapping
from dataclasses import dataclass

from kernel.errors import N_
from kernel.i18n import _

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

    @property
    def facts(self) -> Mapping[str, str]:
        """Return what stands in SENTENCE, the name of the kind still in English."""
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
