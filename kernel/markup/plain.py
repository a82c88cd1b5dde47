"""Formulas, powers and indices as plain words, wherever a text stands without its markup.

Place itself carries meaning there: a half is never "12", two to the tenth never "210", and x squared differs from x with an index.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from html import escape, unescape

SIGNS: Mapping[str, str] = {
    "×": r"\times",
    "·": r"\cdot",
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
}
"""Signs that LaTeX has a command for."""
RAISED = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_SCRIPTS = {"sup": (RAISED, "^"), "sub": (LOWERED, "_")}
_COMMANDS = {
    **{command: sign for sign, command in SIGNS.items()},
    r"\leq": "≤",
    r"\geq": "≥",
    r"\neq": "≠",
    r"\%": "%",
    r"\$": "$",
    r"\&": "&",
    r"\#": "#",
    r"\_": "_",
    r"\{": "{",
    r"\}": "}",
    r"\,": " ",
    r"\;": " ",
    r"\:": " ",
    r"\ ": " ",
    r"\!": "",
    "~": " ",
    r"\quad": " ",
    r"\left": "",
    r"\right": "",
    r"\vert": "|",
    **{f"\\{name}": f"{name} " for name in ("sin", "cos", "tan", "log", "ln", "exp", "max", "min")},
}
_ROMAN = (r"\text", r"\mathrm", r"\operatorname")
_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|[0-9]+(?:[.,][0-9]+)*|\s+|.", re.DOTALL)
_SIMPLE = re.compile(r"[0-9]+(?:[.,][0-9]+)*|\w")
_MATH = re.compile(r"<math\b[^>]*?\balttext=\"([^\"]*)\"[^>]*>.*?</math>", re.DOTALL)
_SCRIPT = re.compile(r"<(sup|sub)>([^<]*)</\1>")
_ORDINAL = re.compile(r"o|a|os|as|er|ro|do|to|mo|no|vo|ta|ra|st|nd|rd|th")
"""Endings of ordinal numbers, which are raised and mean no power."""


class _Unknown(ValueError):
    """A formula with something that has no plain form here."""


def formula_words(latex: str) -> str:
    """Return a formula on one line: ``1/2``, ``2^10``, ``x_2``, ``√2``; its LaTeX where it has something else."""
    try:
        return " ".join(_row(_TOKEN.findall(latex)[::-1], closed=False).split())
    except (_Unknown, IndexError, RecursionError):
        return " ".join(latex.split())


def without_formulas(html: str) -> str:
    """Return HTML whose formulas are words."""
    return _MATH.sub(lambda match: escape(formula_words(unescape(match[1])), quote=False), html)


def without_markup(html: str) -> str:
    """Return HTML whose formulas, superscripts and subscripts are words, so that nothing changes its meaning when its tags are removed."""
    return _SCRIPT.sub(_script, without_formulas(html))


def _script(match: re.Match[str]) -> str:
    (signs, mark), text = _SCRIPTS[match[1]], match[2].strip()
    if all(ord(sign) in signs for sign in text):
        return text.translate(signs)
    return text if match[1] == "sup" and _ORDINAL.fullmatch(text) else f"{mark}{_grouped(text)}"


def _grouped(text: str) -> str:
    return text if _SIMPLE.fullmatch(text) else f"({text})"


def _row(tokens: list[str], *, closed: bool) -> str:
    """Read tokens, the last one first, up to the brace that ends the group or, where it is not `closed`, all of them."""
    written = ""
    while tokens:
        sign = tokens.pop()
        if sign == "}":
            if closed:
                return written
            raise _Unknown
        written = _join(written, sign, tokens)
    if closed:
        raise _Unknown
    return written


def _join(written: str, sign: str, tokens: list[str]) -> str:
    if sign in (r"\frac", r"\dfrac", r"\tfrac"):
        fraction = f"{_grouped(_argument(tokens))}/{_grouped(_argument(tokens))}"
        before, after = written[-1:], next((left for left in reversed(tokens) if left.strip()), "")
        if before.isalpha() or before == ")" or after == "^" or (after and (after[0].isalnum() or after == "(")):
            return f"{written}({fraction})"
        return f"{written} {fraction}" if before.isdigit() else f"{written}{fraction}"
    if sign in ("^", "_"):
        script = _argument(tokens)
        is_followed = bool(tokens) and tokens[-1][0].isalnum()  # x^(2)y: what follows is no part of the power
        return f"{written}{sign}({script})" if is_followed else f"{written}{sign}{_grouped(script)}"
    if sign == r"\sqrt" and tokens[-1] != "[":
        root = _argument(tokens)
        return f"{written}√({root})" if tokens and tokens[-1][0].isalnum() else f"{written}√{_grouped(root)}"
    if sign in _ROMAN:
        return f"{written}{_argument(tokens)}"
    if sign == "{":
        return f"{written}{_row(tokens, closed=True)}"
    if sign in _COMMANDS:
        return f"{written}{_COMMANDS[sign]}"
    if sign.startswith("\\"):
        return f"{written}{_greek(sign[1:])}"
    return f"{written}{sign}"


def _greek(name: str) -> str:
    try:
        return unicodedata.lookup(f"GREEK {'CAPITAL' if name[0].isupper() else 'SMALL'} LETTER {name.upper()}")
    except KeyError:
        raise _Unknown from None


def _argument(tokens: list[str]) -> str:
    """Return the content of the next group, or the next sign: of a number without braces that is its first digit."""
    sign = tokens.pop()
    while not sign.strip():
        sign = tokens.pop()
    if sign == "{":
        return _row(tokens, closed=True)
    if sign[0].isdigit() and len(sign) > 1:
        tokens.append(sign[1:])
        sign = sign[0]
    return _join("", sign, tokens)
