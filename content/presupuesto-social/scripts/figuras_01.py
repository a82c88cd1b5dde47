"""Draw the figures of module 1 (what the social budget is for), in Spanish and English.

Run: python content/scripts/figuras.py presupuesto-social
"""

from __future__ import annotations

from decimal import Decimal as D

from andinia import BY_SOURCE
from dibujo import arrow, bar, box, number, rule, svg, text

MEDIA = "01-para-que-sirve/media/"
SOURCES = {key: BY_SOURCE[source] for key, source in {"employers": "empleadores", "state": "estado", "workers": "trabajadores", "investments": "inversiones"}.items()}
COST = D(500)
OUTPUTS = [26_000, 25_000, 24_000]


def name(stem: str, language: str) -> str:
    """The file of one language: the course's own has no suffix."""
    return f"{MEDIA}{stem}{'' if language == 'es' else '.en'}.svg"


def percent(value: D, language: str, decimals: int) -> str:
    """A percentage as each language writes it."""
    return number(value, language, decimals) + (" %" if language == "es" else "%")


def halves(language: str) -> None:
    """Accounts lead to a projection and to a simulation, which is compared with it."""
    words = {
        "es": (
            ["Las cuentas", "lo que ya ocurrió,", "con las mismas", "reglas"],
            ["Proyección", "con las reglas", "de hoy"],
            ["Simulación", "con una regla", "nueva"],
            "se comparan",
            "Las cuentas llevan a la proyección y a la simulación",
            "Una caja a la izquierda, las cuentas de lo ya ocurrido, con dos flechas a la derecha. Una lleva a la proyección, con las reglas "
            "de hoy. Otra lleva a la simulación, con una regla nueva. Una línea punteada une las dos: se comparan.",
        ),
        "en": (
            ["Accounts", "of past years,", "classified on a", "common basis"],
            ["Projection", "under today's", "rules"],
            ["Simulation", "under a new", "rule"],
            "compared",
            "The accounts lead to the projection and to the simulation",
            "A box on the left, the accounts of past years, with two arrows to the right. One leads to the projection, under "
            "today's rules. The other leads to the simulation, under a new rule. A dotted line joins the two: they are compared.",
        ),
    }[language]
    body = [
        box(2, 40, 134, 90, words[0], fill="b0"),
        arrow(136, 60, 186, 60),
        arrow(136, 112, 186, 112),
        box(186, 6, 132, 68, words[1], fill="area"),
        box(186, 100, 132, 68, words[2], fill="area"),
        rule(252, 74, 252, 100, kind="goal"),
        text(244, 92, words[3], end=True),
    ]
    svg(name("dos-mitades", language), 174, words[4], words[5], body)


def tools(language: str) -> None:
    """Four tools: what each covers and how far it looks."""
    rows = {
        "es": [
            (["Costeo rápido"], ["una medida,", "un año tipo"]),
            (["Valuación actuarial"], ["un régimen,", "muy largo plazo"]),
            (["Presupuesto", "del Estado"], ["gasto autorizado,", "un año"]),
            (["Presupuesto", "social"], ["todo el sistema,", "mediano plazo"]),
        ],
        "en": [
            (["Rapid costing"], ["one measure,", "a typical year"]),
            (["Actuarial", "valuation"], ["one scheme,", "very long term"]),
            (["Government", "budget"], ["authorised", "spending, one year"]),
            (["Social budget"], ["the whole system,", "medium term"]),
        ],
    }[language]
    body = []
    for i, (tool, what) in enumerate(rows):
        y, last = 4 + 54 * i, i == 3
        body += [
            box(2, y, 142, 44, tool, fill="area" if last else "b0", strong=2),
            arrow(144, y + 22, 172, y + 22),
            box(172, y, 146, 44, what, fill="area" if last else "b0", strong=2 if last else 0),
        ]
    title = {
        "es": "Cuatro herramientas: qué abarca cada una y cuántos años mira",
        "en": "Four tools: what each covers and how many years it looks ahead",
    }[language]
    lead = {"es": "Cuatro filas de dos cajas unidas por una flecha. ", "en": "Four rows of two boxes joined by an arrow. "}[language]
    svg(name("cuatro-herramientas", language), 216, title, lead + " ".join(f"{' '.join(a)}: {' '.join(b)}." for a, b in rows), body)


def timeline(language: str) -> None:
    """Documents and tools by year."""
    rows = {
        "es": [
            (1999, "Guía técnica del modelo"),
            (2000, "Libro de referencia"),
            (2011, "Hoja para costear pisos"),
            (2014, "Protocolo de evaluación rápida"),
            (2017, "Método de cinco prestaciones"),
        ],
        "en": [
            (1999, "Technical guide to the model"),
            (2000, "Reference book"),
            (2011, "Tool for costing floors"),
            (2014, "Rapid assessment protocol"),
            (2017, "Method for five benefits"),
        ],
    }[language]
    # Each year's place is in proportion to the years gone by; the two first would touch, so the gap has a minimum of 30.
    places = [20]
    for (before, _), (year, _) in zip(rows, rows[1:]):
        places.append(places[-1] + max(30, 8 * (year - before)))
    body = [rule(62, 12, 62, places[-1] + 10)]
    for (year, what), y in zip(rows, places):
        body += [f'<circle class="dot" cx="62" cy="{y}" r="6"/>', text(48, y + 5, str(year), strong=True, end=True), text(78, y + 5, what)]
    title = {"es": "De la guía técnica de 1999 al método de 2017", "en": "From the technical guide of 1999 to the method of 2017"}[language]
    lead = {"es": "Línea vertical con cinco puntos. ", "en": "Vertical line with five dots. "}[language]
    svg(name("linea-de-tiempo", language), places[-1] + 18, title, lead + "; ".join(f"{y}: {w.lower()}" for y, w in rows) + ".", body)


def same_account(language: str) -> None:
    """Who pays in: bars of the four sources."""
    names = {
        "es": {"employers": "Quienes emplean", "state": "El Estado", "workers": "Quienes trabajan", "investments": "Inversiones"},
        "en": {"employers": "Employers", "state": "The State", "workers": "Workers", "investments": "Investments"},
    }[language]
    total, y, body, parts = D(sum(SOURCES.values())), 20, [], []
    for key, amount in SOURCES.items():
        part = percent(100 * D(amount) / total, language, 1)
        body += [
            text(4, y, names[key], strong=True),
            text(316, y, f"{number(amount, language, 0)} · {part}", end=True),
            bar(4, y + 6, D(312) * amount / SOURCES["employers"], fill="b2" if key == "state" else "b1"),
        ]
        parts.append(f"{names[key]}: {number(amount, language, 0)}, {part}")
        y += 42
    title = {"es": "Quienes emplean ponen 1240 de los 2760 millones de Andinia", "en": "Employers contribute 1,240 of Andinia's 2,760 million"}[
        language
    ]
    lead = {
        "es": "Barras horizontales desde cero, en millones y como parte del ingreso. ",
        "en": "Horizontal bars starting at zero, in millions and as a share of income. ",
    }[language]
    svg(name("misma-cuenta", language), y - 16, title, lead + "; ".join(parts) + ".", body)


def moved(language: str) -> None:
    """The same cost over three outputs."""
    label = {"es": "PIB de", "en": "GDP of"}[language]
    body, parts, y = [], [], 20
    for output in OUTPUTS:
        part = 100 * COST / output
        shown = percent(part, language, 2)
        body += [
            text(4, y, f"{label} {number(output, language, 0)}", strong=output == 25_000),
            text(316, y, shown, strong=True, end=True),
            bar(4, y + 6, part * 150, fill="b2" if output == 25_000 else "b1"),
        ]
        parts.append(f"{label} {number(output, language, 0)}: {shown}")
        y += 42
    title = {"es": "500 millones son entre 1,92 % y 2,08 % del PIB", "en": "500 million is between 1.92% and 2.08% of GDP"}[language]
    lead = {
        "es": "Barras horizontales desde cero con el mismo costo de 500 millones como parte de tres economías. ",
        "en": "Horizontal bars starting at zero show the same cost of 500 million as a share of three levels of GDP. ",
    }[language]
    svg(name("mover-supuesto", language), y - 16, title, lead + "; ".join(parts) + ".", body)


for each in ("es", "en"):
    halves(each)
    tools(each)
    timeline(each)
    same_account(each)
    moved(each)
