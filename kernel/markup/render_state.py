"""The state of one rendering: its mode, time and dialect, the renderer's own words in the text's language, and formulas as MathML."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape, unescape
from xml.etree.ElementTree import Element

from latex2mathml import exceptions
from latex2mathml.converter import convert_to_element
from markdown import Markdown

from kernel.markup import model
from kernel.markup.source import Addresses, Finder, printable


@dataclass(frozen=True, slots=True)
class RendererStrings:
    """The renderer's own words in one language; `%s` stands for a number or a title.

    These are the few words that the renderer itself puts into a text, in the language of that text; gettext is for the interface.
    """

    figure: str
    table: str
    formula: str
    code: str
    definition: str
    example: str
    warning: str
    summary: str
    check: str
    notes: str
    note: str
    back: str
    terms: str
    sources: str
    source: str
    recording: str
    begins: str


_ES = RendererStrings(
    figure="Figura",
    table="Tabla",
    formula="Fórmula",
    code="Código",
    definition="Definición",
    example="Ejemplo",
    warning="Atención",
    summary="En resumen",
    check="Compruebe",
    notes="Notas",
    note="Nota %s",
    back="Volver al texto de la nota %s",
    terms="Términos de esta lección",
    sources="Fuentes",
    source="Fuente %s",
    recording="Grabación: %s",
    begins="Desde %s",
)
_EN = RendererStrings(
    figure="Figure",
    table="Table",
    formula="Formula",
    code="Code",
    definition="Definition",
    example="Example",
    warning="Warning",
    summary="In short",
    check="Check yourself",
    notes="Notes",
    note="Note %s",
    back="Back to the text of note %s",
    terms="Terms of this lesson",
    sources="Sources",
    source="Source %s",
    recording="Recording: %s",
    begins="From %s",
)
_BY_LANGUAGE = {"es": _ES, "en": _EN}


def words_in(language: str) -> RendererStrings:
    """Return the words of a language; English where it is not one of ours."""
    return _BY_LANGUAGE.get(language, _EN)


TIME_LIMIT = 1.0
"""Seconds of the processor that a text may take (spec/security 4.1); a busy machine refuses nothing."""


class RenderMode(StrEnum):
    """The mode of rendering: a lesson has everything, fields have less (spec/content-format 1, Types)."""

    LESSON = "lesson"
    FIELD = "field"
    INLINE = "inline"


class RenderTimeExceeded(Exception):
    """The time of a rendering is over."""


_STASHED = re.compile("\x02[^\x03]*\x03|\n")
"""What the library puts in the place of what it has read already, and ends of lines."""


@dataclass(slots=True)
class RenderState:
    """The state of one rendering."""

    context: model.MarkupContext
    words: RendererStrings
    mode: RenderMode
    finder: Finder
    deadline: float = field(default_factory=lambda: time.thread_time() + TIME_LIMIT)
    problems: list[model.MarkupFinding] = field(default_factory=list)
    headings: list[model.Heading] = field(default_factory=list)
    closing: list[model.Heading] = field(default_factory=list)
    figures: list[model.Figure] = field(default_factory=list)
    terms: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    citations: list[model.Citation] = field(default_factory=list)
    sources: dict[str, int] = field(default_factory=dict)
    """The numbers of what is cited, by key, in the order of first appearance."""
    media: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    recordings: list[str] = field(default_factory=list)
    icons: list[str] = field(default_factory=list)
    addresses: Addresses = field(default_factory=Addresses)
    original_headings: tuple[model.Heading, ...] | None = None
    original_figures: tuple[model.Figure, ...] | None = None
    tables: int = 0
    table_numbers: dict[str, int] = field(default_factory=dict)
    formulas: int = 0
    checks: int = 0
    callouts: int = 0
    reading: str = ""
    """What is being read: tells the line of a text that is given up."""
    _held: list[model.SafeHtml] = field(default_factory=list)
    _nonce: str = field(default_factory=lambda: f"zq{secrets.token_hex(8)}q")

    def report(self, finding: model.MarkupFindingKind, snippet: str = "", **facts: str) -> None:
        """Note a finding, with the line on which `snippet` stands in the raw text."""
        self.report_at(self.finder.line(snippet), finding, **facts)

    def report_at(self, line: int, finding: model.MarkupFindingKind, **facts: str) -> None:
        """Note a finding of a line of the raw text, from 1 on; 0 where none is known."""
        self.problems.append(model.MarkupFinding(finding.code, finding.text, finding.fix, facts, line))

    def hold(self, html: model.SafeHtml) -> str:
        """Keep HTML that is safe already and answer the word that stands for it until the text has been sanitised.

        Nobody can write that word: it holds 64 random bits of this rendering. What is held may hold such words itself.
        """
        self._held.append(model.SafeHtml(self.release(html)))
        return f"{self._nonce}{len(self._held) - 1}z"

    def release(self, html: str) -> str:
        """Put what was held where its words stand."""
        first, *others = html.split(self._nonce)
        return first + "".join(self._held[int(number)] + after for number, _end, after in (part.partition("z") for part in others))

    def forget(self, text: str) -> str:
        """Take the words for held HTML out of a text."""
        first, *others = text.split(self._nonce)
        return first + "".join(part.partition("z")[2] for part in others)

    def icon(self, name: str, *, turning: bool = False) -> model.SafeHtml:
        """Return an icon and note that the page has to carry its symbol."""
        if name not in self.icons:
            self.icons.append(name)
        return model.icon(name, turning=turning)

    @property
    def place(self) -> str:
        """Return the longest piece, of 200 characters at most, that what is being read has in common with the raw text."""
        return max(_STASHED.split(self.reading), key=len)[:200]

    def check_time(self) -> None:
        """Raise RenderTimeExceeded once the time is over."""
        if time.thread_time() > self.deadline:
            raise RenderTimeExceeded

    def prefixed(self, address: str) -> str:
        """Return an id of this page."""
        return f"{self.context.id_prefix}{address}"


class Dialect(Markdown):
    """Markdown with our processors; `work` is the state of the present rendering."""

    work: RenderState


MAXIMUM_FORMULA = 2000
"""Characters of one formula."""

_ARITY = {"mfrac": 2, "msub": 2, "msup": 2, "mover": 2, "munder": 2, "mroot": 2, "msubsup": 3, "munderover": 3}
_LEAVES = frozenset({"mi", "mn", "mo", "mtext", "ms"})
_TAGS = (
    _LEAVES
    | frozenset(_ARITY)
    | {"math", "mrow", "msqrt", "mstyle", "mspace", "mpadded", "mphantom", "menclose", "mtable", "mtr", "mtd", "mlabeledtr"}
    | {"mmultiscripts", "mprescripts", "none"}
)
_ATTRIBUTES = model.names(
    "display displaystyle scriptlevel mathvariant stretchy fence form separator symmetric largeop lspace rspace minsize maxsize linebreak "
    "movablelimits accent accentunder linethickness notation width height depth columnalign columnspacing columnlines rowspacing rowlines "
    "rowalign"
)
_VALUE = re.compile(r"[A-Za-z0-9.%+ -]{1,80}")
_COMMA_IN_NUMBER = re.compile(r"(?<=\d)</mn><mrow><mo>,</mo></mrow><mn>(?=\d)")
_UNREADABLE: tuple[type[Exception], ...] = (
    *(error for error in vars(exceptions).values() if isinstance(error, type) and issubclass(error, Exception)),
    *(IndexError, KeyError, TypeError, AttributeError, StopIteration, RecursionError),
)
"""What the library raises: errors of its own, which carry no message, and slips on texts that it does not expect."""


class FormulaError(ValueError):
    """A formula that cannot be read, with the finding that says why and what it names."""

    def __init__(self, finding: model.MarkupFindingKind, **facts: str) -> None:
        super().__init__(finding.text)
        self.finding = finding
        self.facts = facts


def to_mathml(latex: str, *, display: bool) -> model.SafeHtml:
    """Return the formula as a `math` element whose `alttext` is the LaTeX; FormulaError where it cannot be read.

    `0{,}348` and `1{,}234{,}567.8` become one number each, because the comma of a list would bring a space with it.
    """
    latex = " ".join(printable(latex).split())
    if len(latex) > MAXIMUM_FORMULA:
        raise FormulaError(model.FORMULA_LONG, limit=str(MAXIMUM_FORMULA))
    _balance(latex)
    try:
        root = convert_to_element(latex, display="block" if display else "inline")
        body = "".join(_clean(child) for child in root)
    except _UNREADABLE as error:
        raise FormulaError(model.FORMULA_INCOMPLETE) from error
    attributes = ' display="block"' if display else ""
    return model.SafeHtml(_COMMA_IN_NUMBER.sub(",", f'<math{attributes} alttext="{escape(latex)}">{body}</math>'))


def _balance(latex: str) -> None:
    depth = 0
    for brace in re.findall(r"\\.|[{}]", latex):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if depth < 0:
            raise FormulaError(model.FORMULA_BRACES)
    if depth:
        raise FormulaError(model.FORMULA_BRACES)


def _clean(node: Element) -> str:
    """Return an element of the library's tree as text, refusing what is not on the allow-list (links, colours, classes, styles)."""
    if node.tag not in _TAGS:
        raise FormulaError(model.FORMULA_REFUSED, what=node.tag)
    for name, value in node.attrib.items():
        if name not in _ATTRIBUTES or not _VALUE.fullmatch(value):
            raise FormulaError(model.FORMULA_REFUSED, what=name)
    if len(node) != _ARITY.get(node.tag, len(node)):
        raise FormulaError(model.FORMULA_INCOMPLETE)
    text = printable(unescape(node.text or "")).strip("\n")
    if node.tag in ("mi", "mo") and text.startswith("\\") and len(text) > 1:
        raise FormulaError(model.FORMULA_COMMAND, what=text)
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in node.attrib.items())
    inner = "".join(_clean(child) for child in node)
    return f"<{node.tag}{attributes}>{escape(text, quote=False)}{inner}</{node.tag}>"
