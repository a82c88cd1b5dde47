"""Formulas (MathML) in one line, as one reads them aloud or types them: a fraction as a division, roots with their sign, powers raised."""

from dataclasses import dataclass, field

from kernel.pdf.runs import TextRun, TextStyle

_LEAVES = frozenset({"mi", "mn", "mo", "mtext", "ms"})
_SPACED = frozenset("=+−-±×·÷<>≤≥≠≈≡→⇒⇔∈∉⊂⊆∪∩∧∨∝:")
_INVISIBLE = frozenset("\u2061\u2062\u2063\u2064")


@dataclass(slots=True)
class FormulaNode:
    """An element of MathML."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    parts: list["FormulaNode"] = field(default_factory=list)


def formula_runs(root: FormulaNode) -> list[TextRun]:
    """Return a formula as runs of text in one line."""
    return _merged(_runs(root, TextStyle.PLAIN))


def _runs(node: FormulaNode, style: TextStyle) -> list[TextRun]:
    if node.tag in _LEAVES:
        return _leaf(node, style)
    parts = node.parts
    if node.tag == "mfrac" and len(parts) == 2:
        return [*_grouped(parts[0], style), TextRun("/", style), *_grouped(parts[1], style)]
    if node.tag == "msqrt":
        return [TextRun("√", style), *_grouped(FormulaNode("mrow", {}, parts=parts), style)]
    if node.tag == "mroot" and len(parts) == 2:
        return [*_runs(parts[1], TextStyle.SUP), TextRun("√", style), *_grouped(parts[0], style)]
    if node.tag in ("msup", "mover", "msub", "munder") and len(parts) == 2:
        return [*_runs(parts[0], style), *_script(parts[1], style, is_raised=node.tag in ("msup", "mover"))]
    if node.tag in ("msubsup", "munderover") and len(parts) == 3:
        lower, upper = _script(parts[1], style, is_raised=False), _script(parts[2], style, is_raised=True)
        return [*_runs(parts[0], style), *lower, *upper]
    if node.tag == "mtable":
        return _table(node, style)
    if node.tag == "mspace":
        return [TextRun(" ", style)]
    return [run for part in parts for run in _runs(part, style)]


def _leaf(node: FormulaNode, style: TextStyle) -> list[TextRun]:
    text = "".join(sign for sign in node.text if sign not in _INVISIBLE)
    if node.tag == "mo" and text.strip() in _SPACED and style is TextStyle.PLAIN:
        return [TextRun(f" {text.strip()} ", style)]
    if node.tag == "mo" and text.strip() in (",", ";"):
        return [TextRun(f"{text.strip()} ", style)]
    return [TextRun(text if node.tag == "mtext" else text.strip(), style)]


def _script(node: FormulaNode, style: TextStyle, *, is_raised: bool) -> list[TextRun]:
    """Return what stands raised or lowered; inside of another script it is written with a sign and brackets."""
    if style is TextStyle.PLAIN:
        return _runs(node, TextStyle.SUP if is_raised else TextStyle.SUB)
    return [TextRun("^" if is_raised else "_", style), *_grouped(node, style)]


def _grouped(node: FormulaNode, style: TextStyle) -> list[TextRun]:
    """Return a part in brackets unless it is a single sign, word or number."""
    runs = _runs(node, style)
    return runs if _is_single(node) else [TextRun("(", style), *runs, TextRun(")", style)]


def _is_single(node: FormulaNode) -> bool:
    if node.tag in _LEAVES:
        return True
    if node.tag in ("mrow", "mstyle", "mpadded"):
        return len(node.parts) == 1 and _is_single(node.parts[0])
    return node.tag in ("msup", "msub", "msubsup") and _is_single(node.parts[0])


def _table(node: FormulaNode, style: TextStyle) -> list[TextRun]:
    runs: list[TextRun] = []
    for row in node.parts:
        runs += [TextRun("; ", style)] if runs else []
        for at, cell in enumerate(row.parts):
            runs += [TextRun(", ", style)] if at else []
            runs += _runs(cell, style)
    return runs


def _merged(runs: list[TextRun]) -> list[TextRun]:
    """Return runs with those of one style joined, and no more than one space in a row."""
    merged: list[TextRun] = []
    for run in runs:
        text = run.text.lstrip() if merged and merged[-1].text.endswith(" ") else run.text
        if text and merged and merged[-1].style is run.style:
            merged[-1] = TextRun(merged[-1].text + text, run.style)
        elif text:
            merged.append(TextRun(text, run.style))
    return merged
