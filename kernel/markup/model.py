"""Say what goes into the renderer and what comes out of it: frozen dataclasses without behaviour of their own."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import filterfalse

ID_PREFIX = "s-"
"""Stands before every `id` of a rendered lesson; links to a heading of another page are `url#` + ID_PREFIX + address."""


class SafeHtml(str):
    """HTML that went through the sanitiser: the only text that a template may print without escaping.

    Only the modules of `kernel.markup` make it from text; code that reads a stored one back uses `SafeHtml.stored`.
    """

    __slots__ = ()

    def __html__(self) -> str:
        """Declare to markupsafe (Jinja) that this text is HTML already."""
        return str(self)

    @classmethod
    def stored(cls, html: str) -> SafeHtml:
        """Take HTML back from a column that only ever received the renderer's output."""
        return cls(html)


@dataclass(frozen=True, slots=True)
class MarkupFinding:
    """A finding of the check (spec/content-format 12): `text` and `fix` are msgids, `facts` fills their placeholders.

    `line` counts from 1 in the text that was given to the renderer (add the lines of the front matter before showing it);
    0 where no line is known.
    """

    code: str
    text: str
    fix: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    line: int = 0

    @property
    def message(self) -> str:
        """Answer the English sentence with its facts."""
        return self.text % self.facts

    @property
    def advice(self) -> str:
        """Answer the English advice with its facts."""
        return self.fix % self.facts


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a lesson: `id` as it stands in the page, `address` as authors write it (without the prefix)."""

    level: int
    id: str
    text: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class TermReference:
    """A glossary term in the lesson's language, or in `language` where it is missing there.

    `definition_html` is phrasing content: render it with `render_inline` and a context whose `link_terms` is False.
    """

    key: str
    text: str
    definition_html: SafeHtml
    language: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A figure tied to a year: `value` keeps the decimals as written unless `decimals` says how many.

    `unit` is `USD`, `%`, `none` or any word, shown as written.
    """

    value: Decimal
    unit: str
    year: str
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """An entry of recursos.yaml: `language` is the document's, `title_language` and `host_language` those of fallbacks.

    `url` is the outside address, or the download's address of a file of ours (then with `media_type` and `size` in bytes).
    """

    title: str
    host: str
    url: str
    kind: str = ""
    language: str = ""
    title_language: str = ""
    host_language: str = ""
    media_type: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class MediaReference:
    """A file of the course: `size` in bytes, `content` for SVG only (it is inlined), `width` and `height` in pixels for images."""

    url: str
    media_type: str
    size: int
    content: bytes = b""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class EmbeddedRecording:
    """The data on the card of an embedded recording: `duration` as written (18:20), `host` of an outside page."""

    title: str
    kind: str = "video"
    duration: str = ""
    host: str = ""


def _nothing(_name: str) -> None:
    return None


def _no_link(_key: str, _fragment: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class MarkupContext:
    """The renderer's queries about the course around a text; each answers None for what does not exist.

    - `language`: `es` or `en`, of the reader and of the text.
    - `term(fold(form))`: by key, term or other form in the text's language; see `fold`.
    - `parameter(name)`, `resource(key)`, `media(path as written)`, `question(key)` (a self-check, ready HTML), `recording(key)`.
    - `link(key, fragment)`: address of a module or activity; `fragment` without `#` (`brecha`, `t=0:32`) or empty. The answer
      carries the fragment (ID_PREFIX + heading, or what the player understands); None where key, heading or second does not exist.
    - `id_prefix`: precedes every id; texts shown on one page need different ones, and no key of a question may be in it.
    - `link_terms`: False shows terms as plain words (definitions, options inside labels); they are checked all the same.
    - `gaps`: names whose `{name}` becomes `gap_marker(name)`, for code that puts fields or numbers there when showing the text.
    """

    language: str
    term: Callable[[str], TermReference | None] = _nothing
    parameter: Callable[[str], Parameter | None] = _nothing
    resource: Callable[[str], Resource | None] = _nothing
    link: Callable[[str, str], str | None] = _no_link
    media: Callable[[str], MediaReference | None] = _nothing
    question: Callable[[str], SafeHtml | None] = _nothing
    recording: Callable[[str], EmbeddedRecording | None] = _nothing
    id_prefix: str = ID_PREFIX
    link_terms: bool = True
    gaps: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Citation:
    """A reference to an entry of recursos.yaml, with the place inside it (`art. 1`) or nothing."""

    key: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A numbered figure: `address` as authors write it (may be empty), `path` of the medium as written."""

    number: int
    address: str
    path: str
    alternative: str
    caption: str


@dataclass(frozen=True, slots=True)
class RenderedText:
    """The result of rendering a text.

    `headings` are the author's; `closing` those of the lists made by the renderer (notes, terms, sources). `terms`: keys in the
    order of first appearance. `citations`: in order, repeated as written. `formulas`: those on lines of their own. `checks`:
    folded questions. `questions`, `recordings`: keys of the embeds. `media`: paths as written, figures and downloads.
    `icons`: names of the symbols of icons.svg that the HTML uses; the page has to carry them.
    """

    html: SafeHtml
    headings: tuple[Heading, ...] = ()
    closing: tuple[Heading, ...] = ()
    terms: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    parameters: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    formulas: int = 0
    checks: int = 0
    words: int = 0
    media: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    recordings: tuple[str, ...] = ()
    icons: tuple[str, ...] = ()
    problems: tuple[MarkupFinding, ...] = ()

    @property
    def minutes(self) -> int:
        """Answer the reading time: words ÷ 200 and one a figure, formula or check, rounded up (spec/content-format 6)."""
        return math.ceil(self.words / 200 + len(self.figures) + self.formulas + self.checks)


def fold(form: str) -> str:
    """Fold a written form of a term: no case, no accents, hyphens and runs of space as one space (spec/content-format 7, Term)."""
    letters = unicodedata.normalize("NFD", form.casefold())
    bare = "".join(filterfalse(unicodedata.combining, letters))
    return " ".join(bare.replace("-", " ").split())


def gap_marker(name: str) -> str:
    """Answer what stands for `{name}` in rendered HTML: a comment, which no author can write because comments are removed."""
    return f"<!--gap:{name}-->"
