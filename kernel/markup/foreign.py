"""HTML and formulas of other tools as our Markdown: reduced to what our texts know, pasted text, MathML and Word's equations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from bs4 import BeautifulSoup, Comment, Tag
from bs4.element import Declaration, NavigableString
from markdownify import MarkdownConverter

from kernel.errors import N_, Invalid
from kernel.left_out import LeftOut, LeftOutCollector
from kernel.markup.model import names
from kernel.markup.plain import LOWERED, RAISED, SIGNS
from kernel.markup.render_state import FormulaError, to_mathml
from kernel.markup.sanitise import TAGS, sanitise

_SIGNS: Mapping[str, str] = {
    **SIGNS,
    "⋅": r"\cdot",
    "−": "-",
    "|": r"\vert",
    "∣": r"\vert",
    "‖": r"\Vert",
    "{": r"\{",
    "}": r"\}",
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "\u00a0": "~",
    "′": "'",
    "\u2061": "",
    "\u2062": "",
    "\u2063": "",
    "\u2064": "",
}
_ACCENTS: Mapping[str, str] = {
    "¯": "overline",
    "‾": "overline",
    "\u0305": "overline",
    "_": "underline",
    "\u0332": "underline",
    "^": "hat",
    "\u0302": "hat",
    "~": "tilde",
    "\u0303": "tilde",
    "→": "vec",
    "⃗": "vec",
    "˙": "dot",
    "\u0307": "dot",
}
_FUNCTIONS = frozenset({"sin", "cos", "tan", "log", "ln", "exp", "lim", "max", "min", "det", "gcd"})
_TEXT = re.compile(r"[^\\{}$%&#_^~\n]*")
_ONE_SIGN = re.compile(r"(?<![\w}\]])\{(\w)\}(?=[_^])")
_COMMA = re.compile(r"(?<=\d),(?=\d)")


class FormulaUnknown(ValueError):
    """A formula with something that is not known here."""


def formula_to_latex(formula: Tag) -> str:
    """Return the LaTeX of a `math` or `m:omath` element as our own texts may have it; raise FormulaUnknown.

    It reads presentation MathML, and the equations of Word (OMML, ISO/IEC 29500-1, 22.1). No library that is kept up translates either;
    what is not known here raises FormulaUnknown, and the reader reports it.
    """
    source = formula.find("annotation", encoding=re.compile(r"tex", re.IGNORECASE))
    try:
        return _checked(source.get_text() if isinstance(source, Tag) else _ONE_SIGN.sub(r"\1", _latex(formula)))
    except (RecursionError, IndexError) as error:
        raise FormulaUnknown from error


def _checked(written: str) -> str:
    """Return LaTeX as our own texts may have it; raise FormulaUnknown."""
    latex = " ".join(written.split())
    try:
        to_mathml(latex, display=False)
    except (FormulaError, RecursionError, IndexError) as error:
        raise FormulaUnknown from error
    if not latex or "$" in latex or "|" in latex:
        raise FormulaUnknown
    return latex


def _latex(node: Tag) -> str:
    write = _WRITERS.get(node.name)
    if write is None:
        raise FormulaUnknown(node.name)
    return write(node)


def _parts(node: Tag) -> list[str]:
    """Return the LaTeX of the elements inside; text beside them is not known."""
    if any(isinstance(inner, NavigableString) and inner.strip() for inner in node.children):
        raise FormulaUnknown(node.name)
    return [_latex(inner) for inner in node.find_all(recursive=False)]


def _row(node: Tag) -> str:
    return " ".join(filter(None, _parts(node)))


def _characters(text: str) -> str:
    written = []
    for sign in "".join(text.split()):
        name = unicodedata.name(sign, "")
        greek = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", name)
        command = f"\\{greek[2].lower() if greek[1] == 'SMALL' else greek[2].title()}" if greek else _SIGNS.get(sign, sign)
        if command in ("\\", "^", "~", "$", "`"):
            raise FormulaUnknown(sign)
        written.append(f"{command} " if re.fullmatch(r"\\[A-Za-z]+", command) else command)
    return "".join(written).strip()


def _letters(node: Tag) -> str:
    text = "".join(node.get_text().split())
    if len(text) > 1 and text.isascii() and text.isalpha():
        return f"\\{text}" if text in _FUNCTIONS else rf"\mathrm{{{text}}}"
    return _characters(text)


def _number(node: Tag) -> str:
    return _COMMA.sub("{,}", _characters(node.get_text()))


def _words(node: Tag) -> str:
    text = " ".join(node.get_text().split())
    if not _TEXT.fullmatch(text):
        raise FormulaUnknown(text)
    return rf"\text{{{text}}}" if text else ""


def _filled(pattern: str, places: int) -> Callable[[Tag], str]:
    def write(node: Tag) -> str:
        parts = _parts(node)
        if len(parts) != places:
            raise FormulaUnknown(node.name)
        return pattern % tuple(parts)

    return write


def _over(command: str, sign: str) -> Callable[[Tag], str]:
    """Write an accent or a limit: `\\hat{x}` for a known accent, else what stands over or under it."""

    def write(node: Tag) -> str:
        inner = node.find_all(recursive=False)
        accent = _ACCENTS.get(inner[1].get_text().strip()) if len(inner) == 2 else None
        if accent is not None and (accent == "underline") == (sign == "_"):
            return f"\\{accent}{{{_latex(inner[0])}}}"
        base, other = _two(_parts(node))
        return f"{base}{sign}{{{other}}}" if base in (r"\sum", r"\prod", r"\int", r"\lim") else f"\\{command}{{{other}}}{{{base}}}"

    return write


def _two(parts: list[str]) -> tuple[str, str]:
    if len(parts) != 2:
        raise FormulaUnknown
    return parts[0], parts[1]


def _mroot(node: Tag) -> str:
    base, degree = _two(_parts(node))
    return rf"\sqrt[{degree}]{{{base}}}"


def _first(node: Tag) -> str:
    first = node.find(True, recursive=False)
    return _latex(first) if isinstance(first, Tag) else ""


def _fenced(open_: str, close: str, between: str, parts: list[str]) -> str:
    left, right = (_characters(sign) or "." for sign in (open_, close))
    return rf"\left{left} {f' {_characters(between)} '.join(parts)} \right{right}"


def _mfenced(node: Tag) -> str:
    return _fenced(str(node.get("open", "(")), str(node.get("close", ")")), str(node.get("separators", ","))[:1], _parts(node))


def _matrix(rows: list[Tag]) -> str:
    return r"\begin{matrix} " + r" \\ ".join(" & ".join(_parts(row)) for row in rows) + r" \end{matrix}"


def _of_word(node: Tag) -> str:
    """Write what is inside an element of Word, whose properties say how it looks."""
    if any(isinstance(inner, NavigableString) and inner.strip() for inner in node.children):
        raise FormulaUnknown(node.name)
    inside = (inner for inner in node.find_all(recursive=False) if not re.fullmatch(r"m:\w+pr", inner.name))
    return " ".join(filter(None, map(_latex, inside)))


def _part(node: Tag, name: str) -> str:
    """Return the LaTeX of a part of an element of Word, '' where it is not there."""
    inner = node.find(name, recursive=False)
    return _latex(inner) if isinstance(inner, Tag) else ""


def _property(node: Tag, name: str, usual: str) -> str:
    own = node.find(f"{node.name}pr", recursive=False)
    setting = own.find(name) if isinstance(own, Tag) else None
    return str(setting.get("m:val", "")) if isinstance(setting, Tag) else usual


def _word(pattern: str, *names: str) -> Callable[[Tag], str]:
    return lambda node: pattern % tuple(_part(node, name) for name in names)


def _math_run(node: Tag) -> str:
    """Write a run of Word's signs, where letters and numbers stand together; words only where Word calls it text."""
    return _words(node) if node.find("m:nor") else _COMMA.sub("{,}", _characters(node.get_text()))


def _root(node: Tag) -> str:
    degree = _part(node, "m:deg")
    return rf"\sqrt[{degree}]{{{_part(node, 'm:e')}}}" if degree else rf"\sqrt{{{_part(node, 'm:e')}}}"


def _delimited(node: Tag) -> str:
    open_, close, between = (_property(node, name, usual) for name, usual in (("m:begchr", "("), ("m:endchr", ")"), ("m:sepchr", "|")))
    return _fenced(open_, close, between, [_latex(inner) for inner in node.find_all("m:e", recursive=False)])


def _nary(node: Tag) -> str:
    limits = "".join(f"{mark}{{{part}}}" for mark, name in (("_", "m:sub"), ("^", "m:sup")) if (part := _part(node, name)))
    return f"{_characters(_property(node, 'm:chr', '∫'))}{limits} {_part(node, 'm:e')}"


def _accent(node: Tag) -> str:
    command = "overline" if node.name == "m:bar" else _ACCENTS.get(_property(node, "m:chr", "\u0302"))
    if command is None:
        raise FormulaUnknown(node.name)
    return f"\\{command}{{{_part(node, 'm:e')}}}"


_WRITERS: Mapping[str, Callable[[Tag], str]] = {
    **dict.fromkeys(("math", "mrow", "mstyle", "mpadded", "mtd"), _row),
    "mi": _letters,
    "mn": _number,
    "mo": lambda node: _characters(node.get_text()),
    "mtext": _words,
    "ms": _words,
    "mspace": lambda _node: "",
    "semantics": _first,
    "mfenced": _mfenced,
    "mroot": _mroot,
    "mfrac": _filled(r"\frac{%s}{%s}", 2),
    "msup": _filled("{%s}^{%s}", 2),
    "msub": _filled("{%s}_{%s}", 2),
    "msubsup": _filled("{%s}_{%s}^{%s}", 3),
    "munderover": _filled("%s_{%s}^{%s}", 3),
    "mover": _over("overset", "^"),
    "munder": _over("underset", "_"),
    "msqrt": lambda node: rf"\sqrt{{{_row(node)}}}",
    "mtable": lambda node: _matrix(node.find_all("mtr", recursive=False)),
    **dict.fromkeys(("m:omath", "m:omathpara", "m:e", "m:num", "m:den", "m:sub", "m:sup", "m:deg", "m:fname", "m:lim"), _of_word),
    **dict.fromkeys(("m:mr", "span", "i", "em", "b", "o:p"), _of_word),
    "m:r": _math_run,
    "m:f": _word(r"\frac{%s}{%s}", "m:num", "m:den"),
    "m:rad": _root,
    "m:d": _delimited,
    "m:nary": _nary,
    "m:ssup": _word("{%s}^{%s}", "m:e", "m:sup"),
    "m:ssub": _word("{%s}_{%s}", "m:e", "m:sub"),
    "m:acc": _accent,
    "m:bar": _accent,
    "m:ssubsup": _word("{%s}_{%s}^{%s}", "m:e", "m:sub", "m:sup"),
    "m:func": _word("%s %s", "m:fname", "m:e"),
    "m:limlow": _word("%s_{%s}", "m:e", "m:lim"),
    "m:m": lambda node: _matrix(node.find_all("m:mr", recursive=False)),
}


LeaveOut = Callable[[str, str], None]
"""Counts one more of a kind, with an example."""
FORMULAS = N_("Formulas that cannot be translated")
CONTENT = N_("Elements that are left out with what is in them")
ELEMENTS = N_("Elements that are not known, of which the text is kept")
LANGUAGES = N_("Texts in several languages that stand together")
ATTRIBUTES = N_("Details of elements that are not taken, such as titles shown by the mouse")
ADDRESSES = N_("Addresses of links that lead nowhere from here")
MERGED = N_("Merged cells of tables, which come apart")
SCRIPTS = N_("Superscripts and subscripts, which stand in the line")
STRUCK = N_("Underlined, highlighted and struck out text, which becomes plain")

_LAYOUT = names(
    "h1 html body article header footer main nav form fieldset legend label font center big address bdi bdo wbr hgroup search time tt nobr "
    "picture o:p"
)
"""Elements that only arrange their text, or say how it looks."""
_SILENT = names("head title meta link style script base template xml")
"""Elements that have nothing to read."""
_DROPPED = names(
    "applet area audio button canvas datalist dialog embed frame frameset iframe img input map math m:omath m:omathpara meter object "
    "option progress select source svg textarea track video"
)
_STRUCK = names("u ins mark s strike del")
PLAIN_ATTRIBUTES = re.compile(
    r"style|class|id|name|lang|xml:lang|dir|align|valign|width|height|border|cellpadding|cellspacing|(?:bg)?color|face|size|target|rel|role|"
    r"start|scope|headers|rules|frame|[hv]space|nowrap|clear|tabindex|hidden|datetime|contenteditable|spellcheck|draggable|translate|"
    r"(?:data|xmlns|on|aria|v|o|w|mso)[\w:.-]*"
)
"""Attributes that say how something looks or behaves and hold no text."""
_ADDRESS = re.compile(r"(?:https?://|mailto:|media/).+", re.IGNORECASE)
_TWICE = ".katex-html, mjx-math, .MathJax [aria-hidden=true], .MathJax_Preview, [class*=mwe-math-fallback]"
"""What shows a formula a second time, beside its MathML."""
_SCRIPTS: Mapping[str, dict[int, int]] = {"sup": RAISED, "sub": LOWERED}
_SIGN = "\ue004"
_PLACE = re.compile(rf"{_SIGN}([0-9]+){_SIGN}(?=(\w)?)")


def simplify(soup: BeautifulSoup, leave_out: LeaveOut, reported: frozenset[str] = frozenset()) -> list[str]:
    """Leave in HTML what our texts know, counting the rest, and return its formulas, whose places are marked in the text.

    Elements that are `reported` are counted elsewhere and stay as they are.
    """
    for text in soup.find_all(string=lambda string: _SIGN in string):
        text.replace_with(NavigableString(text.replace(_SIGN, "")))
    formulas = _take_formulas(soup, leave_out)
    for tag in soup.find_all(True):
        if tag.decomposed or tag.name in reported:
            continue
        if tag.name in _SILENT:
            tag.decompose()
        elif tag.name in _DROPPED:
            leave_out(CONTENT, _example(tag))
            tag.decompose()
        else:
            _judge(tag, leave_out)
    return formulas


def simplified(html: str, leave_out: LeaveOut, reported: frozenset[str]) -> tuple[str, list[str]]:
    """Return HTML as `simplify` leaves it, and its formulas; a text without an element has nothing to leave out."""
    if "<" not in html:
        return html.replace(_SIGN, ""), []
    soup = BeautifulSoup(html, "html.parser")
    formulas = simplify(soup, leave_out, reported)
    return str(soup), formulas


_TEX = re.compile(r"\\\((.+?)\\\)|\\\[(.+?)\\\]|\$\$([^$]+)\$\$", re.DOTALL)
"""TeX between the signs that Moodle's and Canvas's filters know; the last two stand on lines of their own."""
_PICTURE = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)
_ALT_TEX = re.compile(r"\s*LaTeX:\s*", re.IGNORECASE)
_PICTURE_CLASSES = frozenset({"equation_image", "texrender"})


def picture_latex(picture: Tag) -> str:
    """Return the LaTeX of which a picture of Canvas or Moodle shows the formula; empty for any other picture."""
    content, alternative = str(picture.get("data-equation-content", "")), str(picture.get("alt", ""))
    is_formula = bool(_PICTURE_CLASSES.intersection(picture.get_attribute_list("class"))) or _ALT_TEX.match(alternative)
    return (content or _ALT_TEX.sub("", alternative, count=1)).strip() if content or is_formula else ""


def _annotated(latex: str, *, is_block: bool = False) -> str:
    formula = f'<math><annotation encoding="application/x-tex">{latex}</annotation></math>'
    return f"<p>{formula}</p>" if is_block else formula


def show_formulas(html: str, *, blocks: bool) -> str:
    """Return HTML of Moodle or Canvas with its formulas, pictures or TeX in their signs, as MathML with the TeX beside it.

    With `blocks` what stands on lines of its own there gets a paragraph of its own.
    """

    def of_picture(match: re.Match[str]) -> str:
        picture = BeautifulSoup(match[0], "html.parser").find("img")
        latex = picture_latex(picture) if isinstance(picture, Tag) else ""
        return _annotated(escape(latex, quote=False)) if latex else match[0]

    def of_tex(match: re.Match[str]) -> str:
        latex = next(filter(None, match.groups()))
        return match[0] if "<" in latex else _annotated(latex, is_block=blocks and match[1] is None)

    return _TEX.sub(of_tex, _PICTURE.sub(of_picture, html))


def take_tex(text: str, leave_out: LeaveOut) -> tuple[str, list[str]]:
    """Return plain text with a sign in the place of each formula between the signs of Moodle or Canvas, and the formulas."""
    formulas: list[str] = []

    def replaced(match: re.Match[str]) -> str:
        try:
            formulas.append(_checked(next(filter(None, match.groups()))))
        except FormulaUnknown:
            leave_out(FORMULAS, match[0])
            return match[0]
        return f"{_SIGN}{len(formulas) - 1}{_SIGN}"

    return _TEX.sub(replaced, text.replace(_SIGN, "")), formulas


def put_formulas(markdown: str, formulas: Sequence[str]) -> str:
    """Return Markdown with its formulas where `simplify` took them out."""
    written = dict(enumerate(f"${latex}$" for latex in formulas))
    return _PLACE.sub(lambda match: written.get(int(match[1]), "") + (" " if match[2] else ""), markdown)


def _example(tag: Tag) -> str:
    texts = (str(tag.get(name, "")) for name in ("alt", "title", "src", "data", "value"))
    return f"<{tag.name}> {' '.join(tag.get_text(' ').split()) or next(filter(None, texts), '')}"


def _take_formulas(soup: BeautifulSoup, leave_out: LeaveOut) -> list[str]:
    _show_word_equations(soup)
    _show_pictures(soup)
    for root in soup.find_all(re.compile(r"\w+:math\Z")):
        for tag in (root, *root.find_all(True)):
            tag.name = tag.name.rpartition(":")[2]
    formulas: list[str] = []
    tags = [tag for tag in soup.find_all(("math", "m:omath")) if tag.find_parent(_DROPPED) is None]
    if tags:
        for tag in soup.select(_TWICE):
            if not tag.find("math"):
                tag.decompose()
    for tag in tags:
        try:
            formulas.append(formula_to_latex(tag))
            tag.replace_with(NavigableString(f"{_SIGN}{len(formulas) - 1}{_SIGN}"))
        except FormulaUnknown:
            leave_out(FORMULAS, tag.get_text(" "))
            tag.decompose()
    for tag in soup.find_all("m:omathpara"):
        tag.unwrap()
    return formulas


def _condition(node: object) -> str:
    """Return the condition that Word writes as a declaration, or as a comment; newer parsers read both as comments."""
    return node.strip("[] ") if isinstance(node, Comment | Declaration) else ""


def _show_pictures(soup: BeautifulSoup) -> None:
    """Put formulas in the place of the pictures that show them."""
    for picture in soup.find_all("img"):
        if latex := picture_latex(picture):
            picture.replace_with(BeautifulSoup(_annotated(escape(latex, quote=False)), "html.parser"))


def _show_word_equations(soup: BeautifulSoup) -> None:
    """Take the equations out of the comments in which Word hides them, and its pictures of them away."""
    for comment in soup.find_all(string=lambda text: _condition(text).startswith("if gte msEquation")):
        following = comment.next_sibling
        if _condition(following) == "if !msEquation":
            while following is not None:
                after, is_last = following.next_sibling, _condition(following) == "endif"
                following.extract()
                following = None if is_last else after
        inside = BeautifulSoup(comment.partition(">")[2].rpartition("<!")[0], "html.parser")
        comment.replace_with(*list(inside.contents))


def _judge(tag: Tag, leave_out: LeaveOut) -> None:
    if tag.name not in TAGS | _LAYOUT | _STRUCK:
        leave_out(ELEMENTS, _example(tag))
    if "multilang" in tag.get_attribute_list("class"):
        leave_out(LANGUAGES, tag.get_text(" "))
    for name, value in tag.attrs.items():
        _judge_attribute(tag, name, str(value).strip(), leave_out)
    if tag.name in _STRUCK:
        leave_out(STRUCK, tag.get_text(" "))
        tag.unwrap()
    elif tag.name in _SCRIPTS:
        _write_script(tag, leave_out)
    elif tag.name in ("dl", "dt", "dd"):
        tag.name = "div"


def _judge_attribute(tag: Tag, name: str, value: str, leave_out: LeaveOut) -> None:
    if not value or PLAIN_ATTRIBUTES.fullmatch(name):
        return
    if name == "href" and tag.name == "a":
        if not _ADDRESS.fullmatch(value):
            leave_out(ADDRESSES, value)
            tag.name = "span"
    elif name in ("colspan", "rowspan"):
        if value not in ("0", "1"):
            leave_out(MERGED, tag.get_text(" "))
    else:
        leave_out(ATTRIBUTES, f'<{tag.name} {name}="{value}">')


def _write_script(tag: Tag, leave_out: LeaveOut) -> None:
    """Write a superscript or subscript in the signs that Unicode has for it."""
    text, signs = tag.get_text().strip(), _SCRIPTS[tag.name]
    if text and all(ord(sign) in signs for sign in text):
        tag.replace_with(NavigableString(text.translate(signs)))
    else:
        leave_out(SCRIPTS, text)
        tag.unwrap()


HtmlElement = Tag
"""What converters of other packages are given."""
MAXIMUM_PASTED = 1_000_000
"""Characters of what is pasted: word processors write ten times the text."""
_SPECIAL = re.compile(r"([\\`*_\[\]{}$|<>])")
_LINE_START = re.compile(r"(?m)^(\s*\d*)([-+#.)])(?=\s)")
_INNER = re.compile(r"(?m)^(?=.)")
_LEVEL = re.compile(r"level(\d)")
_NUMBER = re.compile(r"[0-9a-zA-Z]{1,4}[.)]")
_BOLD = re.compile(r"(?<![\w-])font-weight:\s*(bold|[6-9]00)")
_PLAIN = re.compile(r"(?<![\w-])font-weight:\s*(normal|[1-4]00)")
_ITALIC = re.compile(r"(?<![\w-])font-style:\s*italic")
_LOWEST = 4
_HEADING = re.compile(r"h[1-6]\Z")
_BLOCKS = re.compile(r"(?:h[1-6]|ul|ol|li|table|blockquote|pre|details)\Z")
_NO_HEADINGS = re.compile(r"(?:h[1-6]|li|td|th|caption|blockquote|aside|pre)\Z")
_PICTURES = frozenset({"img", "svg"})


class Converter(MarkdownConverter):
    """The library's converter, with what our dialect writes."""

    class Options:
        heading_style = "atx"
        bullets = "-"
        autolinks = False
        table_infer_header = True


class _Pasted(Converter):
    def escape(self, text: str, parent_tags: Iterable[str]) -> str:
        """Escape what means something in our dialect."""
        return _LINE_START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text.replace("\u00a0", " ")))

    def __init__(self) -> None:
        super().__init__()
        self._numbers: dict[int, int] = {}
        """Of the entry that each list has next."""

    def convert_li(self, el: Tag, text: str, parent_tags: Iterable[str]) -> str:
        """Write an entry of a list; what belongs to it stands four columns further in (spec/content-format 7)."""
        mark = "-"
        if el.parent is not None and el.parent.name == "ol":
            number = self._numbers.get(id(el.parent)) or int(str(el.parent.get("start", "1")))
            self._numbers[id(el.parent)] = number + 1
            mark = f"{number}."
        first, _end, rest = text.strip().partition("\n")
        inner = _INNER.sub("    ", re.sub(r"\n{2,}(?=\s*(?:-|\d+\.) )", "\n", rest.strip("\n")))
        return f"{mark} {first}\n{inner}\n" if inner else f"{mark} {first}\n"


@dataclass(frozen=True, slots=True)
class PastedText:
    """The Markdown of a paste, how many pictures it had, and what else of it is not taken."""

    markdown: str
    pictures: int
    """Their bytes are not in what is pasted, or not where learners could load them."""
    left_out: tuple[LeftOut, ...]


def pasted(html: str) -> PastedText:
    """Return pasted HTML as Markdown; raises Invalid where it is more than can be taken."""
    if len(html) > MAXIMUM_PASTED:
        raise Invalid(N_("That is too much to paste at once: paste it in parts."))
    left_out = LeftOutCollector()
    try:
        soup = BeautifulSoup(html, "html.parser")
        formulas = simplify(soup, left_out.add, _PICTURES)
        pictures = soup.find_all(_PICTURES)
        for picture in pictures:
            picture.decompose()
        _make_plain(soup)
        written = _Pasted().convert(sanitise(str(soup)))
    except RecursionError:
        raise Invalid(N_("That is nested too deep to be pasted. Paste it as plain text.")) from None
    lines = (line.rstrip() for line in written.replace("\u200b", "").split("\n"))
    markdown = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"
    return PastedText(put_formulas(markdown, formulas), len(pictures), left_out.result())


def _make_plain(soup: BeautifulSoup) -> None:
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for tag in soup.find_all(["li", _HEADING]):
        if not tag.get_text(strip=True):
            tag.decompose()
    _name_emphasis(soup)
    _make_lists(soup)
    _lower_headings(soup)
    for cell in soup.find_all(["td", "th"]):
        for paragraph in cell.find_all("p"):
            paragraph.insert_after(" ")
            paragraph.unwrap()


def _name_emphasis(soup: BeautifulSoup) -> None:
    """Write bold and italic as elements where they are a style; Google's wrapper of normal weight is no emphasis."""
    for tag in soup.find_all(["b", "strong"]):
        if _PLAIN.search(str(tag.get("style", ""))):
            tag.unwrap()
    for tag in soup.find_all("span"):
        style = str(tag.get("style", ""))
        if _BOLD.search(style):
            tag.name = "strong"
        elif _ITALIC.search(style):
            tag.name = "em"
    for tag in soup.find_all(["b", "strong", "i", "em"]):
        if not tag.get_text(strip=True):
            tag.unwrap()


def _make_lists(soup: BeautifulSoup) -> None:
    """Make lists of the paragraphs that Word writes for their entries, nested by their level."""
    for first in list(soup.find_all("p", class_=re.compile("MsoListParagraph"))):
        if first.parent is None:
            continue
        run = list(_run(first))
        if run:
            _replace_run(soup, run)


def _run(first: Tag) -> Iterator[Tag]:
    following: object = first
    while isinstance(following, Tag) and following.name == "p" and "MsoListParagraph" in " ".join(following.get_attribute_list("class")):
        yield following
        following = following.find_next_sibling()


def _replace_run(soup: BeautifulSoup, run: list[Tag]) -> None:
    open_lists: list[tuple[int, Tag]] = []
    for entry in run:
        level = int(match[1]) if (match := _LEVEL.search(str(entry.get("style", "")))) else 1
        while open_lists and open_lists[-1][0] > level:
            open_lists.pop()
        if not open_lists or open_lists[-1][0] < level:
            listing = soup.new_tag("ol" if _is_numbered(entry) else "ul")
            entry_above = open_lists[-1][1].contents[-1] if open_lists else None
            if isinstance(entry_above, Tag):
                entry_above.append(listing)
            else:
                run[0].insert_before(listing)
            open_lists.append((level, listing))
        item = soup.new_tag("li")
        for mark in entry.find_all("span", style=re.compile("mso-list")):
            mark.decompose()
        item.extend(list(entry.contents))
        open_lists[-1][1].append(item)
    for entry in run:
        entry.decompose()


def _is_numbered(entry: Tag) -> bool:
    mark = entry.find("span", style=re.compile("mso-list"))
    return mark is not None and _NUMBER.search(mark.get_text(strip=True)) is not None


def _lower_headings(soup: BeautifulSoup) -> None:
    """Let the highest heading be of the second level, the first being the lesson's title, and none skip a level.

    Inside lists, tables, quotations and other headings there are none: they become bold.
    """
    for tag in soup.find_all(_HEADING):
        if tag.find(_BLOCKS) is not None:
            tag.name = "div"
    headings = soup.find_all(_HEADING)
    shift = 2 - min((int(tag.name[1]) for tag in headings), default=2)
    level = 1
    for tag in headings:
        for inner in tag.find_all(["b", "strong"]):
            inner.unwrap()
        if tag.find_parent(_NO_HEADINGS) is not None:
            tag.name = "strong"
            tag.wrap(soup.new_tag("p"))
        else:
            level = max(2, min(int(tag.name[1]) + shift, level + 1, _LOWEST))
            tag.name = f"h{level}"
