"""HTML of other tools, before it becomes Markdown: what our texts know passes, and everything else is counted by kind.

Formulas become LaTeX; what our texts have no mark-up for becomes plain text.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from bs4 import BeautifulSoup, Comment, Tag
from bs4.element import Declaration, NavigableString

from kernel.errors import N_
from kernel.markup.html import names
from kernel.markup.latex import FormulaUnknown, formula_to_latex
from kernel.markup.sanitise import TAGS

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
_RAISED = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_SCRIPTS: Mapping[str, dict[int, int]] = {"sup": _RAISED, "sub": _LOWERED}
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


def put_formulas(markdown: str, formulas: Sequence[str]) -> str:
    """Return Markdown with its formulas where `simplify` took them out."""
    written = dict(enumerate(f"${latex}$" for latex in formulas))
    return _PLACE.sub(lambda match: written.get(int(match[1]), "") + (" " if match[2] else ""), markdown)


def _example(tag: Tag) -> str:
    texts = (str(tag.get(name, "")) for name in ("alt", "title", "src", "data", "value"))
    return f"<{tag.name}> {' '.join(tag.get_text(' ').split()) or next(filter(None, texts), '')}"


def _take_formulas(soup: BeautifulSoup, leave_out: LeaveOut) -> list[str]:
    _show_word_equations(soup)
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
