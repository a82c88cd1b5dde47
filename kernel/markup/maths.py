"""Turn LaTeX into MathML and let through only what MathML needs."""

from __future__ import annotations

import re
from html import escape, unescape
from xml.etree.ElementTree import Element

from latex2mathml import exceptions
from latex2mathml.converter import convert_to_element

from kernel.markup.findings import FORMULA_BRACES, FORMULA_COMMAND, FORMULA_INCOMPLETE, FORMULA_LONG, FORMULA_REFUSED, MarkupFindingKind
from kernel.markup.html import names
from kernel.markup.model import SafeHtml
from kernel.markup.source import printable

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
_ATTRIBUTES = names(
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

    def __init__(self, finding: MarkupFindingKind, **facts: str) -> None:
        super().__init__(finding.text)
        self.finding = finding
        self.facts = facts


def to_mathml(latex: str, *, display: bool) -> SafeHtml:
    """Answer the formula as a `math` element whose `alttext` is the LaTeX; FormulaError where it cannot be read.

    `0{,}348` and `1{,}234{,}567.8` become one number each, because the comma of a list would bring a space with it.
    """
    latex = " ".join(printable(latex).split())
    if len(latex) > MAXIMUM_FORMULA:
        raise FormulaError(FORMULA_LONG, limit=str(MAXIMUM_FORMULA))
    _balance(latex)
    try:
        root = convert_to_element(latex, display="block" if display else "inline")
        body = "".join(_clean(child) for child in root)
    except _UNREADABLE as error:
        raise FormulaError(FORMULA_INCOMPLETE) from error
    attributes = ' display="block"' if display else ""
    return SafeHtml(_COMMA_IN_NUMBER.sub(",", f'<math{attributes} alttext="{escape(latex)}">{body}</math>'))


def _balance(latex: str) -> None:
    depth = 0
    for brace in re.findall(r"\\.|[{}]", latex):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if depth < 0:
            raise FormulaError(FORMULA_BRACES)
    if depth:
        raise FormulaError(FORMULA_BRACES)


def _clean(node: Element) -> str:
    """Return an element of the library's tree as text, refusing what is not on the allow-list (links, colours, classes, styles)."""
    if node.tag not in _TAGS:
        raise FormulaError(FORMULA_REFUSED, what=node.tag)
    for name, value in node.attrib.items():
        if name not in _ATTRIBUTES or not _VALUE.fullmatch(value):
            raise FormulaError(FORMULA_REFUSED, what=name)
    if len(node) != _ARITY.get(node.tag, len(node)):
        raise FormulaError(FORMULA_INCOMPLETE)
    text = printable(unescape(node.text or "")).strip("\n")
    if node.tag in ("mi", "mo") and text.startswith("\\") and len(text) > 1:
        raise FormulaError(FORMULA_COMMAND, what=text)
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in node.attrib.items())
    inner = "".join(_clean(child) for child in node)
    return f"<{node.tag}{attributes}>{escape(text, quote=False)}{inner}</{node.tag}>"
