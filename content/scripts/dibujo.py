"""What the scripts that draw the figures of the courses (figuras_*.py) draw with; figuras.py beside this file runs them.

Colour comes only from the classes of the design's stylesheet (b0, b1, b2, area, axis, grid-l, line, goal, dot,
strong, onbar), so that both themes and forced colours work. The box is 320 wide with 13-unit text: nothing needs
a sideways scroll on a phone. A line of text that would leave the box, or its own box, stops the script with its words.

    from dibujo import arrow, bar, bars, box, lines, number, svg, text

    svg("02-pensiones/media/edades.svg", 200, "Título", "Descripción larga", [text(4, 20, "Hola"), ...])

Look at the result: `python content/scripts/dibujo.py FILE.svg …` writes a PNG of each file in a temporary folder
(needs rsvg-convert, Debian package librsvg2-bin; `--dark` uses the dark colours).
The same input always gives the same bytes. Standard library only.

A script's words are Spanish. Where a file figuras_NN.en.yaml stands beside it, figuras.py runs the script once more with that file's English
for them: Spanish line -> English line, each number written as {} ("pensión de Elvira: {}" -> "Elvira's pension: {}"; {1} takes them in
another order, {:,} writes 2240 as 2,240). Lines without letters need no entry.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH = 320
DRAWN: dict[str, str] = {}
"""The figures drawn so far: path within the course's folder -> the file's text."""
ENGLISH: dict[str, str] = {}
"""The English of each line while figures are drawn in English; empty while they are drawn in Spanish."""
NUMBER = re.compile(r"\d+(?:[\u202f\u00a0]\d{3})*(?:,\d+)?")
NARROW, WIDE, WIDEST = "'ijlí.,;:ft ()¡!\"\u00a0I", "wmMWDGHNOQUÓÚÑACXÁ0…—", "mMW—%"
CSS = """
svg{{background:{surface}}} text{{font:13px 'Atkinson Hyperlegible Next',sans-serif;fill:{ink2}}}
.strong{{fill:{ink};font-weight:600}} .onbar{{fill:#15212a;font-weight:600}}
.grid-l{{stroke:{line}}} .axis{{stroke:{edge}}} .line{{fill:none;stroke:{brand};stroke-width:2.5;stroke-linejoin:round}}
.area{{fill:{soft}}} .goal{{fill:none;stroke:{lampink};stroke-width:2;stroke-dasharray:2 5;stroke-linecap:round}}
.dot{{fill:{brand};stroke:{surface};stroke-width:2}} .b0{{fill:{line}}} .b1{{fill:{brand}}} .b2{{fill:{lamp}}} .b3{{fill:{bad}}}
"""
LIGHT = dict(surface="#fff", ink="#15212a", ink2="#485762", line="#d8dedc", edge="#75838b", brand="#0f4c63", soft="#e2eef2",
             lamp="#f5b53b", lampink="#6d4500", bad="#a3271d")
DARK = dict(surface="#172228", ink="#e5ebed", ink2="#a9b7be", line="#2c3a41", edge="#74868f", brand="#8fcde6", soft="#193642",
            lamp="#f6bf57", lampink="#f4cf8a", bad="#ff9f92")


def number(value: Decimal | str | int, language: str = "es", decimals: int | None = 2) -> str:
    """Write a number with the language's decimal sign and a thin space from five digits; None keeps its decimals."""
    value = Decimal(str(value))
    shown = f"{value:.{decimals}f}" if decimals is not None else f"{value:f}"
    whole, _, rest = shown.lstrip("-").partition(".")
    if len(whole) > 4 or (language == "en" and len(whole) > 3):
        whole = f"{int(whole):,}".replace(",", "\u202f" if language == "es" else ",")
    return ("−" if shown.startswith("-") else "") + whole + (("," if language == "es" else ".") + rest if rest else "")


def said(words: str) -> str:
    """Return a line in the language that is drawn; raise ValueError where it has no English."""
    if not ENGLISH:
        return words
    line = NUMBER.sub("{}", words).replace("\u00a0", " ")
    numbers = [int(found) if found.isdigit() else _english(found) for found in NUMBER.findall(words)]
    if line not in ENGLISH and any(letter.isalpha() for letter in line):
        raise ValueError(f"no English for: {line}")
    return ENGLISH.get(line, line.replace(" %", "%")).format(*numbers)


class EnglishNumber(str):
    """A number with its English signs, which {:,} leaves as it is."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        """Return the number as it is."""
        return str(self)


def _english(number: str) -> EnglishNumber:
    whole, point, rest = number.partition(",")
    units = int("".join(filter(str.isdigit, whole)))
    return EnglishNumber(f"{units:,}" + ("." if point else "") + rest)


def width_of(words: str, *, strong: bool = False) -> float:
    """Estimate how wide a line is at 13 units, a little on the safe side."""
    units = sum(4 if c in NARROW else 11.5 if c in WIDEST else 9 if c in WIDE else 7 for c in words)
    return units * (1.05 if strong else 1)


def text(x: float, y: float, words: str, *, strong: bool = False, end: bool = False, middle: bool = False, on_bar: bool = False) -> str:
    """One line of text: bold when strong, ending at x when end, centred on x when middle; on_bar over amber (b2)."""
    words = said(words)
    width = width_of(words, strong=strong)
    left = x - width if end else x - width / 2 if middle else x
    if left < -1 or left + width > WIDTH + 1:
        raise ValueError(f"does not fit in {WIDTH}: from {left:.0f} to {left + width:.0f}: {words!r}")
    attributes = ' class="strong"' * strong + ' class="onbar"' * on_bar
    attributes += ' text-anchor="end"' * end + ' text-anchor="middle"' * middle
    return f'<text x="{x:g}" y="{y:g}"{attributes}>{escape(words)}</text>'


def lines(x: float, y: float, words: list[str], **how: bool) -> str:
    """Several lines of text, 17 units apart, the first on y."""
    return "".join(text(x, y + 17 * i, line, **how) for i, line in enumerate(words))


def box(x: float, y: float, width: float, height: float, words: list[str], *, fill: str = "b0", strong: int = 1) -> str:
    """A rounded box with its lines of text; the first `strong` lines are bold."""
    for i, line in enumerate(map(said, words)):
        if width_of(line, strong=i < strong) > width - 10 or 17 * len(words) > height:
            raise ValueError(f"does not fit in its box of {width}x{height}: {line!r} ({width_of(line, strong=i < strong):.0f})")
    first = y + (height - 17 * len(words)) / 2 + 13
    body = "".join(text(x + 9, first + 17 * i, line, strong=i < strong) for i, line in enumerate(words))
    return f'<rect class="{fill} axis" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="4"/>{body}'


def bar(x: float, y: float, width: float, *, fill: str = "b1", height: float = 13) -> str:
    """One horizontal bar; the light fills (b0, area) get an edge, so that they are seen without colour."""
    edge = " axis" if fill in ("b0", "area") else ""
    return f'<rect class="{fill}{edge}" x="{x:g}" y="{y:g}" width="{float(width):.1f}" height="{height:g}"/>'


def bars(rows: list[tuple[str, str, Decimal, str]], top: int = 20, scale: Decimal | None = None) -> tuple[list[str], int]:
    """Rows of (label, value as shown, size, fill), label above its bar; gives the elements and the height used."""
    scale = scale or Decimal(312) / max(size for *_, size, _ in rows)
    body, y = [], top
    for label, shown, size, fill in rows:
        body += [text(4, y, label, strong=True), text(316, y, shown, end=True), bar(4, y + 6, size * scale, fill=fill)]
        y += 42
    return body, y - 16


def rule(x1: float, y1: float, x2: float, y2: float, *, kind: str = "axis") -> str:
    """A straight line: axis, grid-l, line or goal (dotted)."""
    return f'<path class="{kind}" d="M{x1:g} {y1:g}L{x2:g} {y2:g}"/>'


def arrow(x1: float, y1: float, x2: float, y2: float, *, kind: str = "line") -> str:
    """An arrow, across or down (or up), that ends with its tip at the second point; goal is dotted."""
    if x1 != x2 and y1 != y2:
        raise ValueError("arrow: only straight across or straight up and down")
    if y1 == y2:
        s = 1 if x2 > x1 else -1
        return f'<path class="{kind}" d="M{x1:g} {y1:g}H{x2 - 8 * s:g}"/><path class="b1" d="M{x2:g} {y2:g}l{-10 * s} -6v12z"/>'
    s = 1 if y2 > y1 else -1
    return f'<path class="{kind}" d="M{x1:g} {y1:g}V{y2 - 8 * s:g}"/><path class="b1" d="M{x2:g} {y2:g}l-6 {-10 * s}h12z"/>'


def svg(path: str, height: float, title: str, description: str, body: list[str]) -> None:
    """Draw one figure; `path` is within the course's folder. Title (short) and description (long) come first."""
    if ENGLISH:
        path = path.removesuffix(".svg") + ".en.svg"
        title, description = said(title), said(description)
    if path in DRAWN:
        raise ValueError(f"drawn twice: {path}")
    content = "\n".join(body)
    DRAWN[path] = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart fit" viewBox="0 0 {WIDTH} {height:g}">\n'
        f"<title>{escape(title)}</title>\n<desc>{escape(description)}</desc>\n{content}\n</svg>\n"
    )


def picture(source: Path, target: Path, *, zoom: float = 2, dark: bool = False) -> None:
    """Make a PNG of a figure with the design's colours."""
    with tempfile.NamedTemporaryFile("w", suffix=".css") as css:
        css.write(CSS.format(**(DARK if dark else LIGHT)))
        css.flush()
        command = ["rsvg-convert", "--stylesheet", css.name, "--zoom", str(zoom), "-o", str(target), str(source)]
        subprocess.run(command, check=True)


def main() -> None:
    """Make PNGs of the files named on the command line."""
    dark = "--dark" in sys.argv
    folder = Path(tempfile.mkdtemp(prefix="figuras-"))
    for name in (a for a in sys.argv[1:] if not a.startswith("--")):
        source = Path(name)
        target = folder / f"{source.stem}{'-dark' * dark}.png"
        picture(source, target, dark=dark)
        print(target)


if __name__ == "__main__":
    main()
