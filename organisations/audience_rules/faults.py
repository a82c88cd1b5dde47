"""Mistakes of a rule that was written, in words and with their places."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches

from kernel.errors import N_
from kernel.i18n import _


@dataclass(frozen=True, slots=True)
class RuleFault:
    """One mistake of a rule: where it stands (`all › 2 › post`), and what is wrong, to be translated when shown."""

    place: str
    template: str
    facts: Mapping[str, object]

    def __str__(self) -> str:
        text = _(self.template, **self.facts)
        return _("%(place)s: %(fault)s", place=self.place, fault=text) if self.place else text


@dataclass(slots=True)
class FaultCollector:
    """The mistakes found so far, and where the reader is."""

    faults: list[RuleFault] = field(default_factory=list)
    path: list[str] = field(default_factory=list)

    @contextmanager
    def within(self, step: str) -> Iterator[None]:
        """Read what stands behind a word or at a number."""
        self.path.append(step)
        yield
        self.path.pop()

    def add(self, template: str, **facts: object) -> None:
        """Note a mistake here."""
        self.faults.append(RuleFault(" › ".join(self.path), template, facts))

    def add_unknown(self, word: str, known: Iterable[str]) -> None:
        """Note a word that is not known here, with the nearest that is."""
        known_words = sorted(known)
        near = get_close_matches(word, known_words, 1)
        if near:
            self.add(N_("“%(word)s” is not known here. Did you mean “%(near)s”?"), word=word, near=near[0])
        else:
            self.add(N_("“%(word)s” is not known here. Write one of: %(words)s."), word=word, words=", ".join(known_words))
