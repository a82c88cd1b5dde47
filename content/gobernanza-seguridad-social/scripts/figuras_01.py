"""Draw the seven figures of module 1, in Spanish and English, from datos_01.yaml and the parameters.

Sums and shares are checked before anything is drawn; the same input always gives the same bytes.

Run: python content/scripts/figuras.py gobernanza-seguridad-social
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from dibujo import arrow, bar, box, lines, number, rule, svg, text
from ruamel.yaml import YAML

FOLDER = "01-la-seguridad-social-en-ecuador/media"
LANGUAGES = ("es", "en")
DATA = YAML(typ="safe").load(Path(__file__).with_name("datos_01.yaml"))
LEFT, RIGHT = 4, 316
SPAN = Decimal(RIGHT - LEFT)


def save(name: str, language: str, height: float, words: dict, body: list[str]) -> None:
    """Write one figure in one language; Spanish has the plain name."""
    suffix = "" if language == "es" else f".{language}"
    svg(f"{FOLDER}/{name}{suffix}.svg", height, words["title"][language], words["desc"][language], body)


def percent(value: Decimal | str, language: str, decimals: int | None = 2) -> str:
    """A percentage as each language writes it."""
    return number(value, language, decimals) + ("\u00a0%" if language == "es" else "%")


def floor(language: str) -> None:
    """Figure of lesson 1: the four guarantees along life."""
    words = DATA["piso"]
    widths = [Decimal(str(s["ancho"])) for s in words["etapas"]]
    assert sum(widths) == 1
    starts = [LEFT + SPAN * sum(widths[:i]) for i in range(3)]
    body = [text(LEFT, 16, words["salud"][language], strong=True), bar(LEFT, 23, SPAN)]
    y = 62
    for start, width, stage in zip(starts, widths, words["etapas"], strict=True):
        label = stage["ingreso"][language]
        end = stage["lado"] == "end"
        body += [
            text(RIGHT if end else LEFT if stage["lado"] == "start" else float(start), y, label, strong=True, end=end),
            bar(float(start), y + 7, width * SPAN, fill="b0" if stage["lado"] == "middle" else "b1"),
        ]
        if stage["lado"] == "middle":
            body.append(lines(LEFT, y + 37, words["condicion"][language]))
            y += 34
        y += 42
    y -= 6
    body.append(arrow(LEFT, y, RIGHT, y))
    for start in starts[1:]:
        body.append(rule(float(start), y - 6, float(start), y + 6))
    for start, width, stage in zip(starts, widths, words["etapas"], strict=True):
        body.append(text(float(start + width * SPAN / 2), y + 22, stage["nombre"][language], middle=True))
    save("piso-ciclo-de-vida", language, y + 30, words, body)


def timeline(language: str) -> None:
    """Figure of lesson 2: milestones on a vertical scale of years."""
    words = DATA["historia"]
    years = [m["anio"] for m in words["hitos"]]
    assert years == sorted(years) and years[3] - years[0] == 35 and years[4] - years[0] == 42 and years[5] - years[4] == 31
    scale = Decimal(4)
    ys = [18 + float((year - years[0]) * scale) for year in years]
    labels, last = [], -99.0
    for y in ys:
        last = max(y, last + 20)
        labels.append(last)
    body = [rule(16, ys[0], 16, ys[-1], kind="line")]
    for y, at, milestone in zip(ys, labels, words["hitos"], strict=True):
        if at != y:
            body.append(rule(16, y, 34, at))
        else:
            body.append(rule(16, y, 34, y))
        body.append(f'<circle class="dot" cx="16" cy="{y:g}" r="6"/>')
        body.append(text(40, at + 4, str(milestone["anio"]), strong=True))
        body += [text(78, at + 4 + 17 * i, line) for i, line in enumerate(milestone[language])]
    body.append(text(40, (ys[4] + ys[5]) / 2 + 4, words["salto"][language].format(gap=years[5] - years[4])))
    body.append(text(40, (ys[2] + ys[3]) / 2 + 4, words["salto"][language].format(gap=years[3] - years[2])))
    save("linea-de-tiempo", language, labels[-1] + 30, words, body)


def membership(language: str) -> None:
    """Figure of lesson 3: the three groups of insured people."""
    words = DATA["afiliacion"]
    people = [Decimal(str(g["personas"])) for g in words["grupos"]]
    total = sum(people)
    assert total == words["total"]
    shares = [(100 * p / total).quantize(Decimal("0.01")) for p in people]
    assert sum(shares) == 100
    body, y = [], 16
    for group, count, share in zip(words["grupos"], people, shares, strict=True):
        body += [
            text(LEFT, y, group[language], strong=True),
            text(RIGHT, y, percent(share, language), strong=True, end=True),
            bar(LEFT, y + 7, share / 100 * SPAN, fill=group["relleno"]),
            text(LEFT, y + 36, words["unidad"][language].format(n=number(count, language, 0))),
        ]
        y += 62
    body += [rule(LEFT, y - 14, RIGHT, y - 14), text(LEFT, y + 4, words["suma"][language], strong=True)]
    body.append(text(RIGHT, y + 4, number(total, language, 0), strong=True, end=True))
    save("afiliacion-por-regimen", language, y + 12, words, body)


def pockets(language: str) -> None:
    """First figure of lesson 4: who pays what."""
    words = DATA["bolsillos"]
    rates = {k: percent(DATA["tasas"][k], language) for k in ("personal", "patronal")}
    fill = {k: [w.format(**rates) for w in v[language]] for k, v in words.items() if k not in ("title", "desc")}
    filled = {"title": words["title"], "desc": {language: words["desc"][language].format(**rates)}}
    body = [
        box(2, 4, 148, 66, fill["trabaja"], fill="b0"),
        box(2, 82, 148, 66, fill["emplea"], fill="b0"),
        box(2, 196, 148, 66, fill["estado"], fill="b0"),
        box(188, 4, 130, 144, fill["contributivo"], fill="area", strong=2),
        box(188, 196, 130, 66, fill["no_contributivo"], fill="area", strong=2),
        arrow(150, 37, 187, 37),
        arrow(150, 115, 187, 115),
        arrow(150, 229, 187, 229),
        '<path class="goal" d="M110 195V172H208V162"/>',
        '<path class="b1" d="M208 150l-6 10h12z"/>',
        lines(222, 168, fill["completa"]),
    ]
    save("quien-paga-bolsillos", language, 266, filled, body)


def split(language: str) -> None:
    """Second figure of lesson 4: where the contribution went; solid = worker, outlined = employer."""
    words = DATA["reparto"]
    rows = words["filas"]
    sums = {k: sum(Decimal(str(r[k])) for r in rows) for k in ("personal", "patronal")}
    assert sums == {k: Decimal(str(DATA["tasas"][k])) for k in sums}
    scale = Decimal(300) / max(Decimal(str(r["personal"])) + Decimal(str(r["patronal"])) for r in rows)
    body = [
        '<rect class="b1" x="4" y="6" width="14" height="12"/>' + text(24, 17, words["persona"][language]),
        '<rect class="b0 axis" x="104" y="6" width="14" height="12"/>' + text(124, 17, words["empresa"][language]),
    ]
    parts, y = [], 44
    for row in rows:
        worker, company = Decimal(str(row["personal"])), Decimal(str(row["patronal"]))
        value = f"{number(worker, language)} + {number(company, language)} = {number(worker + company, language)}"
        body += [text(LEFT, y, row[language], strong=True), text(RIGHT, y, value, end=True)]
        if worker:
            body.append(bar(LEFT, y + 6, worker * scale))
        if company:
            body.append(bar(float(LEFT + worker * scale), y + 6, company * scale, fill="b0"))
        parts.append(f"{row[language]}: {value}")
        y += 42
    value = f"{number(sums['personal'], language)} + {number(sums['patronal'], language)} = {number(sum(sums.values()), language)}"
    body += [rule(LEFT, y - 16, RIGHT, y - 16), text(LEFT, y, words["total"][language], strong=True)]
    body.append(text(RIGHT, y, value, strong=True, end=True))
    parts.append(f"{words['total'][language]}: {value}")
    filled = {"title": words["title"], "desc": {language: words["desc"][language] + " " + "; ".join(parts) + "."}}
    save("quien-paga-reparto", language, y + 8, filled, body)


def coverage(language: str) -> None:
    """Figure of lesson 5: five rates of three groups, each group under its own heading."""
    words = DATA["cobertura"]
    body, y = [], 16
    for group in words["grupos"]:
        body.append(text(LEFT, y, group[language], strong=True))
        y += 22
        for rate in group["tasas"]:
            value = Decimal(str(rate["valor"]))
            body += [
                text(LEFT, y, rate[language]),
                text(RIGHT, y, percent(value, language, None), strong=True, end=True),
                bar(LEFT, y + 6, SPAN, fill="b0"),
                bar(LEFT, y + 6, value / 100 * SPAN),
            ]
            y += 40
        y += 8
    body += [text(LEFT, y - 4, "0"), text(RIGHT, y - 4, percent(100, language, 0), end=True)]
    save("cobertura-de-tres-grupos", language, y + 4, words, body)


def circuit(language: str) -> None:
    """Figure of lesson 6: who decides, who runs, and how accounts return."""
    words = DATA["circuito"]
    body = []
    for i, part in enumerate(words["partes"][language]):
        body += [box(2 + 107 * i, 4, 100, 34, [part], fill="b0"), arrow(52 + 107 * i, 38, 52 + 107 * i, 66)]
    body += [
        box(2, 68, 314, 48, words["consejo"][language], fill="area"),
        arrow(70, 116, 70, 146),
        text(82, 136, words["dirige"][language]),
        box(2, 148, 126, 66, words["iess"][language], fill="area"),
        arrow(128, 181, 179, 181),
        text(134, 172, words["dueno"][language][0]),
        box(180, 148, 136, 66, words["biess"][language], fill="area"),
        '<path class="goal" d="M70 216V240"/>',
        '<path class="goal" d="M248 216V240"/>',
        '<path class="b1" d="M70 250l-6 -10h12z"/>',
        '<path class="b1" d="M248 250l-6 -10h12z"/>',
        box(2, 252, 314, 48, words["vuelve"][language], fill="b0"),
    ]
    save("circuito-de-gobernanza", language, 304, words, body)


def main() -> None:
    """Draw every figure in both languages."""
    for language in LANGUAGES:
        for draw in (floor, timeline, membership, pockets, split, coverage, circuit):
            draw(language)


if __name__ == "__main__":
    main()
