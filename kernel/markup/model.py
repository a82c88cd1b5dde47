"""Dataclasses of rendering: findings, clean HTML, the course around a text, the result; and the numbers and elements that it writes."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from html import escape
from itertools import filterfalse

from kernel.errors import N_


@dataclass(frozen=True, slots=True)
class MarkupFindingKind:
    """A kind of finding; placeholders are named and filled from the facts of each case.

    It has the code of spec/content-format 12, an English msgid, and the advice in one sentence.
    """

    code: str
    text: str
    fix: str = ""


TOO_LARGE = MarkupFindingKind(
    "C105", N_("The text has %(size)s kB; the limit is %(limit)s kB."), N_("Split it into two lessons or move parts into other fields.")
)
TOO_LONG_BLOCK = MarkupFindingKind("C105", N_("A paragraph or table has over %(limit)s characters."), N_("Break it with a blank line."))
TOO_SLOW = MarkupFindingKind(
    "C105", N_("The text takes too long to read."), N_("Look for long runs of brackets, stars or quotation marks.")
)
TOO_DEEP = MarkupFindingKind("C105", N_("Lists or quotations are nested too deep."), N_("Use fewer levels."))
NO_ALTERNATIVE = MarkupFindingKind(
    "C301", N_("The figure %(path)s has no alternative text."), N_("Describe the image between the brackets.")
)
NO_CAPTION = MarkupFindingKind(
    "C302", N_("The figure %(path)s has no caption."), N_('Add a paragraph that begins with ": " straight after it.')
)
LOOSE_CAPTION = MarkupFindingKind(
    "C302", N_('A caption does not follow a figure or table: "%(text)s".'), N_("Put it straight after its figure or table.")
)
NO_CREDIT = MarkupFindingKind(
    "C303", N_("The figure %(path)s has no credit."), N_('End the caption with " | " and the author of the figure.')
)
TOP_HEADING = MarkupFindingKind(
    "C304", N_('"%(text)s" is a heading of the first level.'), N_('The title is in the front matter: begin with "##".')
)
DEEP_HEADING = MarkupFindingKind("C304", N_('"%(text)s" is a heading below the fourth level.'), N_('Use "##", "###" or "####".'))
HEADING_JUMP = MarkupFindingKind("C304", N_('The heading "%(text)s" skips a level.'), N_('Use "%(marks)s" here.'))
HEADING_IN_BOX = MarkupFindingKind("C304", N_('The heading "%(text)s" is inside a callout or quotation.'), N_("Take it out, or use bold."))
HEADING_IN_FIELD = MarkupFindingKind("C304", N_('"%(text)s" is a heading, and headings are not allowed in this field.'), N_("Use bold."))
DEAD_LINK = MarkupFindingKind("C305", N_('The link to "%(target)s" leads nowhere in this course.'), N_("Check key and heading."))
DEAD_ANCHOR = MarkupFindingKind(
    "C305", N_('Nothing on this page has the address "#%(target)s".'), N_("Check the address of the heading or figure.")
)
UNKNOWN_TERM = MarkupFindingKind(
    "C306",
    N_('The glossary has no term "%(name)s".'),
    N_("Add it to the glossary (glosario.yaml), as a term or as another form of a term (also)."),
)
UNKNOWN_PARAMETER = MarkupFindingKind("C307", N_('There is no parameter "%(name)s".'), N_("Add it to parametros.yaml."))
UNKNOWN_RESOURCE = MarkupFindingKind("C308", N_('There is no resource "%(name)s".'), N_("Add it to recursos.yaml."))
CITATION_FORM = MarkupFindingKind(
    "C308", N_('The citation "%(text)s" cannot be read.'), N_('Write "[@key]", "[@key, art. 1]" or "[@a; @b]".')
)
CITATION_IN_FIELD = MarkupFindingKind(
    "C308", N_('The citation "%(text)s" is in a field.'), N_('Use citations only in lessons. Here, use "source:".')
)
FORMULA_BRACES = MarkupFindingKind(
    "C309", N_('The braces of the formula "%(text)s" do not match.'), N_("Close every brace that is opened.")
)
FORMULA_COMMAND = MarkupFindingKind(
    "C309", N_('The formula "%(text)s" has an unknown command: %(what)s.'), N_("Check the spelling or use another command.")
)
FORMULA_INCOMPLETE = MarkupFindingKind(
    "C309", N_('The formula "%(text)s" is not complete.'), N_("Check that every command has its arguments in braces.")
)
FORMULA_LONG = MarkupFindingKind("C309", N_('The formula "%(text)s" has over %(limit)s characters.'), N_("Split it."))
FORMULA_REFUSED = MarkupFindingKind(
    "C309", N_('The formula "%(text)s" uses %(what)s.'), N_("Formulas cannot contain colours, links, styles or classes.")
)
FORMULA_NOT_ALONE = MarkupFindingKind(
    "C309",
    N_('A formula between "$$" is not on its own lines.'),
    N_('Put each "$$" on a line of its own, with blank lines around the formula.'),
)
RAW_HTML = MarkupFindingKind("C310", N_("The tag <%(tag)s> is HTML."), N_("Write %(instead)s."))
CALLOUT_KIND = MarkupFindingKind(
    "C311", N_('"%(kind)s" is not a kind of callout.'), N_("Use DEFINITION, EXAMPLE, WARNING, SUMMARY or CHECK.")
)
CALLOUT_EMPTY = MarkupFindingKind(
    "C311", N_("The callout %(kind)s has no text."), N_('Write it on the following lines, each beginning with "> ".')
)
CHECK_TITLE = MarkupFindingKind("C311", N_("A CHECK has no question."), N_('Write it on the same line: "> [!CHECK] Question?".'))
CALLOUT_IN_FIELD = MarkupFindingKind("C311", N_("The callout %(kind)s is in a field."), N_("Use callouts only in lessons."))
TABLE_CAPTION = MarkupFindingKind(
    "C312", N_('The table that begins with "%(text)s" has no caption.'), N_('Add a paragraph ": Title." straight after it.')
)
TABLE_HEADER = MarkupFindingKind(
    "C312", N_('The table that begins with "%(text)s" has an empty header.'), N_("Give every column its header.")
)
NOTE_MISSING = MarkupFindingKind("C313", N_("The footnote [^%(name)s] is not defined."), N_('Add a paragraph "[^%(name)s]: text".'))
NOTE_UNUSED = MarkupFindingKind("C313", N_("The footnote [^%(name)s] is never referred to."), N_("Refer to it or delete it."))
NOTE_TWICE = MarkupFindingKind("C313", N_("The footnote [^%(name)s] is defined twice."), N_("Give one of them another name."))
NOTE_IN_FIELD = MarkupFindingKind("C313", N_("The footnote [^%(name)s] is in a field."), N_("Use footnotes only in lessons."))
ATTRIBUTE = MarkupFindingKind("C314", N_('"%(text)s" in braces is dropped.'), N_('Only an address like "{#brecha}" is allowed there.'))
ADDRESS_FORM = MarkupFindingKind(
    "C314", N_('"%(text)s" is not an address.'), N_("Use only lower-case letters (without accents), digits and hyphens.")
)
ADDRESS_TWICE = MarkupFindingKind(
    "C314", N_('The address "#%(text)s" is used twice on this page.'), N_("Give one of them another address.")
)
LANGUAGE_CODE = MarkupFindingKind("C314", N_('"%(text)s" is not the code of a language.'), N_('Write "es", "en" or another code.'))
IMAGE_IN_TEXT = MarkupFindingKind("C315", N_('The image "%(text)s" is inside a paragraph.'), N_("Give it a paragraph of its own."))
NOT_AN_IMAGE = MarkupFindingKind(
    "C315", N_("%(path)s is not an image."), N_("You can embed only images, recordings and questions. Link to other files.")
)
EMBED_IN_FIELD = MarkupFindingKind("C315", N_('"%(path)s" is embedded in a field.'), N_("Embed recordings and questions only in lessons."))
MONEY = MarkupFindingKind("C317", N_('There is a "$" next to a number: "%(text)s".'), N_('Write money as "USD 5" or "\\$5".'))
ADDRESS_REFUSED = MarkupFindingKind("C318", N_('The address "%(target)s" is not allowed.'), N_("Use only https, http or mailto links."))
IMAGE_REFUSED = MarkupFindingKind("C318", N_('The image "%(target)s" is not allowed.'), N_("Put the file into the module's media folder."))
TAG_REFUSED = MarkupFindingKind("C318", N_("The tag <%(tag)s> is not allowed."), N_("Link to the page, or use a recording or a figure."))
LINK_TEXT = MarkupFindingKind("C319", N_('The link text "%(text)s" does not say where it leads.'), N_("Name the destination."))
NO_BLANK_LINE = MarkupFindingKind(
    "C321", N_("A list or table follows a line of text."), N_("Put a blank line before it; otherwise it is treated as plain text.")
)
NO_FILE = MarkupFindingKind("C601", N_("The file %(path)s is missing."), N_("Put it into the module's or the course's media folder."))
SVG_ATTRIBUTE = MarkupFindingKind("C605", N_("The drawing has %(what)s in <%(tag)s>."), N_("Use only geometry and the chart classes."))
SVG_ELEMENT = MarkupFindingKind("C605", N_("The drawing has %(what)s."), N_("Use only shapes and text."))
SVG_ENCODING = MarkupFindingKind("C605", N_("The drawing is not UTF-8."), N_("Save it as UTF-8."))
SVG_SIZE = MarkupFindingKind("C605", N_("The drawing is too large or nested too deep."), N_("Simplify it."))
SVG_TEXT = MarkupFindingKind(
    "C605", N_('The drawing has text outside <text>: "%(text)s".'), N_("Put words into <text>, <title> or <desc>.")
)
SVG_XML = MarkupFindingKind(
    "C605", N_("The drawing is not well-formed XML (its line %(line)s)."), N_("Generate it again with a drawing program.")
)
SVG_DESCRIPTION = MarkupFindingKind("C606", N_("The drawing is missing %(what)s."), N_("Begin it with viewBox, <title> and <desc>."))
NO_QUESTION = MarkupFindingKind("C305", N_('There is no ready question "%(target)s" to embed.'), N_("Check its key and its state."))
NO_RECORDING = MarkupFindingKind("C305", N_('There is no recording "%(target)s" to embed.'), N_("Check its key."))
TWIN_DIFFERS = MarkupFindingKind(
    "C704", N_("The number of headings or figures differs from the first language."), N_("This file keeps its own addresses.")
)


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
        """Return the English sentence with its facts."""
        return self.text % self.facts

    @property
    def advice(self) -> str:
        """Return the English advice with its facts."""
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
        """Return the reading time: words ÷ 200 and one a figure, formula or check, rounded up (spec/content-format 6)."""
        return math.ceil(self.words / 200 + len(self.figures) + self.formulas + self.checks)


def fold(form: str) -> str:
    """Fold a written form of a term: no case, no accents, hyphens and runs of space as one space (spec/content-format 7, Term)."""
    letters = unicodedata.normalize("NFD", form.casefold())
    bare = "".join(filterfalse(unicodedata.combining, letters))
    return " ".join(bare.replace("-", " ").split())


def gap_marker(name: str) -> str:
    """Return the stand-in for `{name}` in rendered HTML: a comment, which no author can write because comments are removed."""
    return f"<!--gap:{name}-->"


NO_BREAK = "\u00a0"
WORD_JOINER = "\u2060"
MINUS = "\u2212"
_GAPS = re.compile(r"(?<=\d) (?=%|USD\b)|(?<=\bUSD) (?=\d)")
_GROUPED = re.compile(r"(?<!\d)(?<!\d[.,])\d{1,3}(?: \d{3})+(?!\d)")
_OPENING_DASH = re.compile(r"(?<![^\s«“(])—(?=\S)")
_CLOSING_DASH = re.compile(r"(?<=\S)—(?=[\s.,;:?!…»”)]|$)")
_UNITS = (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000))


def format_number(value: Decimal, language: str, decimals: int | None = None) -> str:
    """Return 36 214 and 34,8 in Spanish, 36,214 and 34.8 in English; rounded half up where `decimals` is given.

    Spanish groups from five digits on (2585 stays whole), with a no-break space.
    """
    if decimals is not None:
        value = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    whole, _, rest = f"{abs(value):f}".partition(".")
    spanish = language == "es"
    if len(whole) > (4 if spanish else 3):
        whole = f"{int(whole):,}".replace(",", NO_BREAK if spanish else ",")
    sign = MINUS if value < 0 else ""
    return f"{sign}{whole}{',' if spanish else '.'}{rest}" if rest else f"{sign}{whole}"


def format_parameter(parameter: Parameter, language: str) -> str:
    """Return value and unit: `34,8 %` and `34.8%`, `USD 92,40`, `12 meses`."""
    number = format_number(parameter.value, language, parameter.decimals)
    if parameter.unit in ("", "none"):
        return number
    if parameter.unit == "USD":
        return f"USD{NO_BREAK}{number}"
    if parameter.unit == "%" and language != "es":
        return f"{number}%"
    return f"{number}{NO_BREAK}{parameter.unit}"


def format_size(size: int, language: str) -> str:
    """Return a file's size in powers of ten: `1,2 MB`, `38 MB`, `4 kB`; never less than 1 kB."""
    for unit, factor in _UNITS:
        if size >= factor:
            amount = Decimal(size) / factor
            return f"{format_number(amount, language, 1 if amount < 10 and unit != 'kB' else 0)}{NO_BREAK}{unit}"
    return f"1{NO_BREAK}kB"


def join_numbers(text: str) -> str:
    """Put a no-break space between a number and the `%` or `USD` beside it, and between its groups of digits (spec/content-format 7)."""
    return _GROUPED.sub(lambda number: number[0].replace(" ", NO_BREAK), _GAPS.sub(NO_BREAK, text))


def join_dashes(text: str) -> str:
    """Keep a dialogue's dash on the line of the word that it opens or closes; a dash between two words stays as it is."""
    if "—" not in text:
        return text
    return _CLOSING_DASH.sub(WORD_JOINER + "—", _OPENING_DASH.sub("—" + WORD_JOINER, text))


_VOID = ("img", "br", "hr")
_USE = re.compile(r'<use href="#([a-z0-9-]+)"/>')


def names(written: str) -> frozenset[str]:
    """Return the names that a text lists, parted by spaces: the allow-lists are written that way."""
    return frozenset(written.split())


def element(tag: str, attributes: dict[str, str], *children: str) -> SafeHtml:
    """Return one element: texts are escaped, SafeHtml stays; attributes without a value are left out."""
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items() if value)
    if tag in _VOID:
        return SafeHtml(f"<{tag}{written}>")
    return SafeHtml(f"<{tag}{written}>{join(*children)}</{tag}>")


def join(*pieces: str) -> SafeHtml:
    """Join pieces: texts are escaped, SafeHtml stays."""
    return SafeHtml("".join(str(piece) if isinstance(piece, SafeHtml) else escape(piece, quote=False) for piece in pieces))


def icon(name: str, *, turning: bool = False) -> SafeHtml:
    """Return the use of a symbol that the page carries; `turning` for the mark of a fold."""
    return SafeHtml(f'<svg class="i{" chev" if turning else ""}" aria-hidden="true"><use href="#{name}"/></svg>')


def icons_in(html: str) -> tuple[str, ...]:
    """Return the symbols that a piece of rendered HTML uses: its page has to carry them."""
    return tuple(sorted(set(_USE.findall(html))))
