"""Formulas of other tools as LaTeX: presentation MathML, and the equations of Word (OMML, ISO/IEC 29500-1, 22.1).

No library that is kept up translates either; what is not known here raises FormulaUnknown, and the reader reports it.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

from bs4 import Tag
from bs4.element import NavigableString

from kernel.markup.maths import FormulaError, to_mathml

_SIGNS: Mapping[str, str] = {
    "×": r"\times",
    "·": r"\cdot",
    "⋅": r"\cdot",
    "÷": r"\div",
    "±": r"\pm",
    "≤": r"\le",
    "≥": r"\ge",
    "≠": r"\ne",
    "≈": r"\approx",
    "∞": r"\infty",
    "∑": r"\sum",
    "∏": r"\prod",
    "∫": r"\int",
    "→": r"\to",
    "∈": r"\in",
    "…": r"\ldots",
    "∂": r"\partial",
    "∆": r"\Delta",
    "∇": r"\nabla",
    "∀": r"\forall",
    "∃": r"\exists",
    "∪": r"\cup",
    "∩": r"\cap",
    "⊂": r"\subset",
    "⇒": r"\Rightarrow",
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
    """Return the LaTeX of a `math` or `m:omath` element as our own texts may have it; raise FormulaUnknown."""
    source = formula.find("annotation", encoding=re.compile(r"tex", re.IGNORECASE))
    try:
        written = source.get_text() if isinstance(source, Tag) else _ONE_SIGN.sub(r"\1", _latex(formula))
        latex = " ".join(written.split())
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
