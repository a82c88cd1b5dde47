"""Draw the figures of module 7 from their numbers. Run: python content/scripts/figuras.py gobernanza-seguridad-social."""

from __future__ import annotations

from decimal import Decimal

from dibujo import arrow, bar, box, number, rule, svg, text

MODULE = "07-normas-internacionales/media"
BRANCHES = [  # branch, accepted by Ecuador
    ("Asistencia médica", False),
    ("Enfermedad", True),
    ("Desempleo", False),
    ("Vejez", True),
    ("Accidentes y enfermedades del trabajo", True),
    ("Familia", False),
    ("Maternidad", False),
    ("Invalidez", True),
    ("Sobrevivientes", True),
]


def c102_ramas() -> None:
    """List: the nine branches, marked and filled where accepted."""
    assert sum(a for _, a in BRANCHES) == 5
    body = []
    for i, (words, accepted) in enumerate(BRANCHES):
        line = "✓ " + words if accepted else words
        body.append(box(2, 4 + 30 * i, 316, 26, [line], fill="area" if accepted else "b0", strong=int(accepted)))
    accepted = "enfermedad, vejez, accidentes del trabajo y enfermedades profesionales, invalidez y sobrevivientes"
    svg(
        f"{MODULE}/c102-ramas.svg",
        274,
        "Las nueve ramas del Convenio 102: Ecuador aceptó cinco y tiene cuatro pendientes",
        "Lista de nueve casillas con las ramas del Convenio 102, en su orden: asistencia médica, enfermedad, desempleo, "
        "vejez, accidentes del trabajo y enfermedades profesionales, familia, maternidad, invalidez y sobrevivientes. Llevan una marca y "
        f"letra gruesa las cinco que Ecuador aceptó en 1974: {accepted}. Las otras cuatro van sin marca: están pendientes.",
        body,
    )


def linea_de_tiempo() -> None:
    """Vertical time line: what the ILO adopted, filled dots; what Ecuador ratified, outlined boxes."""
    steps = [
        ("1952", "La OIT adopta el Convenio 102", False),
        ("1955", "El Convenio 102 entra en vigor", False),
        ("1970", "Ecuador ratifica el 118", True),
        ("1974", "Ecuador ratifica el 102", True),
        ("1978", "Ecuador ratifica el 121 y el 128", True),
        ("2012", "La OIT adopta la Recomendación 202", False),
        ("2030", "Meta de la Agenda 2030", False),
    ]
    assert [s[0] for s in steps] == sorted(s[0] for s in steps)
    body, y = [rule(54, 12, 54, 12 + 34 * (len(steps) - 1), kind="axis")], 12
    for year, what, ecuador in steps:
        body.append(text(4, y + 5, year, strong=ecuador))
        body.append(f'<rect class="b2 axis" x="48" y="{y - 6}" width="12" height="12"/>' if ecuador else f'<circle class="dot" cx="54" cy="{y}" r="6"/>')
        body.append(text(70, y + 5, what, strong=ecuador))
        y += 34
    svg(
        f"{MODULE}/linea-de-tiempo.svg",
        y - 12,
        "De 1952 a 2030: el Convenio 102, tres años con ratificaciones de Ecuador, la Recomendación 202 y la meta de la Agenda",
        "Línea de tiempo vertical con siete puntos. " + "; ".join(f"{year}: {what}" for year, what, _ in steps)
        + ". Los tres puntos de Ecuador son cuadrados y van en letra gruesa; los demás son redondos.",
        body,
    )


def cuantias_superiores() -> None:
    """Bars: the amounts asked for by conventions 128 and 168."""
    rows = [("Vejez (Convenio 128)", 45), ("Sobrevivientes (Convenio 128)", 45), ("Invalidez (Convenio 128)", 50), ("Desempleo (Convenio 168)", 50)]
    scale = Decimal(300) / 60
    body, y = [], 20
    for label, percent in rows:
        body += [text(4, y, label, strong=True), text(316, y, f"{percent}\u00a0%", strong=True, end=True)]
        body.append(bar(4, y + 7, percent * scale, fill="b0" if "168" in label else "b1", height=16))
        y += 46
    svg(
        f"{MODULE}/cuantias-superiores.svg",
        y - 12,
        "Los convenios 128 y 168 piden entre 45 y 50 % del salario de referencia",
        "Cuatro barras horizontales que parten de cero. " + "; ".join(f"{label}: {percent} %" for label, percent in rows)
        + ". Las tres del Convenio 128, que Ecuador ratificó, van llenas; la del 168 lleva solo borde.",
        body,
    )


def piso_cuatro_garantias() -> None:
    """Life line: health all life long, and one income for each stage."""
    stages = [["Niñez", "ingreso", "básico"], ["Edad activa", "ingreso si", "no se puede", "trabajar"], ["Vejez", "ingreso", "básico"]]
    body = [box(2, 4, 316, 40, ["Atención de salud esencial, toda la vida"], fill="area")]
    for i, words in enumerate(stages):
        body.append(box(2 + 106 * i, 54, 104, 84, words))
    body += [arrow(4, 156, 316, 156), text(4, 178, "nacimiento"), text(316, 178, "edad avanzada", end=True)]
    svg(
        f"{MODULE}/piso-cuatro-garantias.svg",
        186,
        "Las cuatro garantías del piso: salud toda la vida e ingreso básico en la niñez, la edad activa y la vejez",
        "Línea de vida de izquierda a derecha, del nacimiento a la edad avanzada. Encima, una franja que la cubre entera: atención de salud esencial. "
        "Debajo de ella, tres casillas seguidas: ingreso básico en la niñez; ingreso en la edad activa, si no se puede trabajar; ingreso básico en la vejez.",
        body,
    )


def prorrata_ivan() -> None:
    """One bar of 31 years cut at 17, and the money cut at the same place."""
    first, second, pension = 17, 14, Decimal(900)
    total = first + second
    cut = Decimal(312) * first / total
    parts = [pension * first / total, pension * second / total]
    body = []
    for y, label, left, right in (
        (20, f"Años de aporte: {total}", f"{first} en Ecuador", f"{second} en España"),
        (98, "Pensión teórica: USD\u00a0900", "USD\u00a0" + number(parts[0]), "USD\u00a0" + number(parts[1])),
    ):
        body += [text(4, y, label, strong=True), bar(4, y + 8, cut, fill="area", height=26), bar(4 + float(cut), y + 8, 312 - cut, fill="b0", height=26)]
        body += [text(4 + float(cut) / 2, y + 26, left, middle=True), text(4 + float(cut + 312) / 2, y + 26, right, middle=True)]
    body.append(rule(4 + float(cut), 54, 4 + float(cut), 82, kind="goal"))
    svg(
        f"{MODULE}/prorrata-ivan.svg",
        142,
        f"De 31 años, 17 en Ecuador y 14 en España; de USD 900, Ecuador paga {number(parts[0])} y España {number(parts[1])}",
        f"Dos barras del mismo largo. La de arriba son los 31 años de aporte, cortada en 17 de Ecuador y 14 de España. La de abajo es la pensión teórica de "
        f"USD 900, cortada en el mismo punto: USD {number(parts[0])} paga Ecuador y USD {number(parts[1])} paga España. Una línea punteada señala el mismo corte.",
        body,
    )


def modelos_de_pension() -> None:
    """Two columns: what each model depends on and who bears the risk."""
    rows = [
        ("¿Con qué se paga?", "Aportes del mes", "Saldo de la cuenta"),
        ("¿De qué depende?", "Cuántos cotizan", "Rendimiento y años"),
        ("Si la gente vive más…", "sube la tasa", "baja la pensión"),
        ("¿Quién carga el riesgo?", "El conjunto", "Cada persona"),
    ]
    body = [box(2, 4, 156, 34, ["Reparto"], fill="area"), box(162, 4, 156, 34, ["Capitalización"], fill="area")]
    y = 58
    for question, left, right in rows:
        body += [text(4, y, question, strong=True), box(2, y + 7, 156, 30, [left], strong=0), box(162, y + 7, 156, 30, [right], strong=0)]
        y += 62
    svg(
        f"{MODULE}/modelos-de-pension.svg",
        y - 14,
        "Reparto y capitalización: cada modelo depende de algo distinto y carga el riesgo en otro lugar",
        "Cuadro de dos columnas, reparto y capitalización, con cuatro filas. "
        + " ".join(f"{q} Reparto: {a.lower()}. Capitalización: {b.lower()}." for q, a, b in rows),
        body,
    )


def main() -> None:
    """Draw every figure."""
    linea_de_tiempo()
    cuantias_superiores()
    piso_cuatro_garantias()
    prorrata_ivan()
    modelos_de_pension()
    c102_ramas()


if __name__ == "__main__":
    main()
