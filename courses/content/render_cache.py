"""Rendered lessons that outlive the process: files beside those of the courses, each named by all it was made from.

What is kept may go at any time: it is made again. The name holds the program too, so that another release renders anew.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kernel.disk_cache import write_cache_file
from kernel.markup.model import Citation, Figure, Heading, MarkupFinding, RenderedText, SafeHtml
from kernel.search.index import Passage, SearchDocument

PROGRAM = ("courses", "enrolments", "kernel", "quizzes", "webinars")
LIBRARIES = ("markdown", "nh3", "pymdown-extensions", "latex2mathml", "snowballstemmer")
DAYS = 60
DAY = 86_400


@cache
def program() -> str:
    """Return a value that changes with everything that takes part in rendering: our modules, and the libraries' versions."""
    total = hashlib.sha256()
    root = Path(__file__).parents[2]
    for path in sorted(path for package in PROGRAM for path in (root / package).rglob("*.py")):
        total.update(path.read_bytes())
    for library in LIBRARIES:
        total.update(f"{library} {version(library)}\n".encode())
    return total.hexdigest()


@dataclass(frozen=True, slots=True)
class RenderedLessonCache:
    """The folder that holds them."""

    folder: Path

    def lesson(self, made_from: object) -> tuple[RenderedText, frozenset[str]] | None:
        """Return a lesson with the media that it uses, where it was rendered from just this."""
        cached = self._find("lesson", made_from)
        return None if cached is None else (_rendered(cached["rendered"]), frozenset(cached["media"]))

    def keep_lesson(self, made_from: object, rendered: RenderedText, media: frozenset[str]) -> None:
        """Keep a lesson."""
        self._keep("lesson", made_from, {"rendered": asdict(rendered), "media": sorted(media)})

    def entries(self, made_from: object) -> tuple[SearchDocument, ...] | None:
        """Return the search entries of a lesson, where they were made from just this."""
        cached = self._find("entries", made_from)
        return (
            None
            if cached is None
            else tuple(SearchDocument(**{**document, "passages": _each(Passage, document["passages"])}) for document in cached["entries"])
        )

    def keep_entries(self, made_from: object, entries: tuple[SearchDocument, ...]) -> None:
        """Keep what can be found of a lesson."""
        self._keep("entries", made_from, {"entries": [asdict(entry) for entry in entries]})

    def forget_old(self, now: float) -> int:
        """Take away what nobody has asked for in two months; return how many."""
        old = [path for path in self.folder.glob("*/*.json") if path.stat().st_mtime < now - DAYS * DAY]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _path(self, kind: str, made_from: object) -> Path:
        name = hashlib.sha256(f"{kind} {program()} {made_from!r}".encode()).hexdigest()
        return self.folder / name[:2] / f"{name}.json"

    def _find(self, kind: str, made_from: object) -> Mapping[str, Any] | None:
        path = self._path(kind, made_from)
        try:
            cached: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        with suppress(OSError):
            os.utime(path)
        return cached

    def _keep(self, kind: str, made_from: object, content: Mapping[str, object]) -> None:
        """Write a file whole or not at all; a full disk keeps nobody from publishing."""
        write_cache_file(self._path(kind, made_from), json.dumps(content, ensure_ascii=False).encode(), mode=0o700)


def _each(kind: type[Any], rows: list[Mapping[str, Any]]) -> tuple[Any, ...]:
    return tuple(kind(**row) for row in rows)


def _rendered(cached: Mapping[str, Any]) -> RenderedText:
    parts = {"headings": Heading, "closing": Heading, "citations": Citation, "figures": Figure, "problems": MarkupFinding}
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in cached.items()}
    values |= {name: _each(kind, cached[name]) for name, kind in parts.items()}
    return RenderedText(**{**values, "html": SafeHtml.stored(cached["html"])})
