"""Draw the figures of module 3 (health) from their numbers.

Run: python content/scripts/figuras.py gobernanza-seguridad-social
"""

from __future__ import annotations

from dibujo import arrow, bar, box, rule, svg, text

MEDIA = "03-salud/media/"


def waits() -> None:
    """Waiting times in months of contribution."""
    rows = [("Atención por enfermedad", 3, "b1"), ("Subsidio por enfermedad", 6, "b1"), ("Atención por maternidad", 12, "b2")]
    scale, y, body = 312 / 12, 20, []
    for name, months, fill in rows:
        body += [text(4, y, name, strong=True), text(316, y, f"{months} imposiciones", end=True), bar(4, y + 6, months * scale, fill=fill)]
        y += 44
    svg(
        MEDIA + "puertas-esperas.svg",
        y - 16,
        "La atención por enfermedad pide 3 imposiciones seguidas; su subsidio, 6, y la maternidad, 12",
        "Barras horizontales desde cero, en imposiciones seguidas: atención por enfermedad, 3; subsidio por enfermedad, 6; atención por "
        "maternidad, 12 anteriores al parto. Cada barra mide el doble que la anterior.",
        body,
    )


def timeline() -> None:
    """Twenty-four months paid in, the end of the job, two months kept and day 40."""
    start, stop, day = 4, 150, 150 / 60  # 2.5 units a day over two months of 30 days
    end, today = stop + 60 * day, stop + 40 * day
    body = [
        bar(start, 44, stop - start, fill="b1", height=22),
        bar(stop, 44, end - stop, fill="area", height=22),
        text(start, 18, "24 imposiciones", strong=True),
        text(start, 35, "seguidas"),
        text(stop + 6, 18, "derecho conservado", strong=True),
        text(stop + 6, 35, "dos meses"),
        rule(stop, 6, stop, 84),
        text(stop - 6, 84, "último aporte", end=True),
        f'<circle class="dot" cx="{today:g}" cy="55" r="7"/>',
        text(today, 88, "Kléber, día 40", strong=True, middle=True),
        rule(end, 40, end, 104, kind="goal"),
        text(316, 120, "termina el derecho", end=True),
    ]
    svg(
        MEDIA + "puertas-kleber.svg",
        128,
        "El derecho de Kléber sigue abierto dos meses después de su último aporte",
        "Línea de tiempo. Primero, una barra llena con 24 imposiciones seguidas. Después del último aporte, una barra con borde, los dos "
        "meses de derecho conservado. Un punto señala a Kléber en el día 40, dentro de esa barra. Al final de ella, una línea "
        "punteada marca el término del derecho.",
        body,
    )


def people() -> None:
    """Whom one contribution covers, and who is covered in her own right."""
    body = [
        box(2, 4, 120, 62, ["Persona", "afiliada", "aporta"], fill="b0", strong=2),
        arrow(122, 22, 168, 22),
        box(168, 4, 150, 45, ["Pareja", "con derecho"], fill="area"),
        '<path class="line" d="M96 66V90H160"/><path class="b1" d="M168 90l-10 -6v12z"/>',
        box(168, 58, 150, 62, ["Hijas, hijos y", "dependientes", "hasta 18 años"], fill="area", strong=2),
        rule(2, 138, 318, 138, kind="grid-l"),
        box(2, 154, 120, 62, ["Persona", "jubilada", "ya aportó"], fill="b0", strong=2),
        text(134, 181, "Derecho propio:", strong=True),
        text(134, 198, "no depende de nadie más"),
    ]
    svg(
        MEDIA + "salud-personas.svg",
        222,
        "Una persona afiliada ampara a su pareja y a sus hijos; la persona jubilada tiene derecho propio",
        "Dos grupos separados por una línea. Arriba, la persona afiliada, que aporta; de ella salen dos flechas, hacia la pareja con derecho "
        "y hacia hijas, hijos y dependientes hasta los 18 años. Abajo, la persona jubilada, con derecho propio, que no depende de nadie más.",
        body,
    )


def sick_days() -> None:
    """Twenty days of rest, one square each: three paid by the company, seventeen by IESS."""
    body = [text(4, 18, "Empresa: días 1 a 3", strong=True), text(316, 18, "IESS: días 4 a 20", strong=True, end=True)]
    for day in range(1, 21):
        x, y = 4 + (day - 1) % 10 * 31.3, 28 + (day - 1) // 10 * 38
        kind = "b2" if day <= 3 else "area axis"
        body.append(f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="28" height="32" rx="3"/>')
        body.append(text(x + 14, y + 21, str(day), middle=True, on_bar=day <= 3))
    svg(
        MEDIA + "subsidio-dias.svg",
        106,
        "De 20 días de reposo, la empresa paga 3 y el IESS paga 17",
        "Veinte casillas numeradas, en dos filas de diez. Las tres primeras son los días que paga la empresa; de la cuarta a la vigésima, los "
        "que paga el IESS.",
        body,
    )


def maternity() -> None:
    """The pay of 84 days of leave split between IESS and the company."""
    total = 800 / 30 * 84
    iess = total * 0.75
    scale = 312 / total
    body = [
        text(4, 18, "IESS, 75 %", strong=True),
        text(316, 18, "empresa, 25 %", strong=True, end=True),
        bar(4, 26, iess * scale, fill="b1", height=30),
        bar(4 + iess * scale, 26, (total - iess) * scale, fill="b0", height=30),
        text(4, 76, f"USD {iess:.0f}"),
        text(316, 76, f"USD {total - iess:.0f}", end=True),
        rule(4, 88, 316, 88),
        text(160, 106, f"sueldo de 84 días: USD {total:.0f}", middle=True),
    ]
    svg(
        MEDIA + "subsidio-maternidad.svg",
        114,
        "De 2240 dólares de una licencia de 84 días, el IESS paga 1680 y la empresa 560",
        "Una barra partida en dos. La parte llena, tres cuartos del largo, son los 1680 dólares del IESS. La otra, con borde, los 560 de la "
        "empresa. Debajo, el total: 2240 dólares.",
        body,
    )


def payers() -> None:
    """Four people and the source that pays for their care."""
    rows = [
        (["Persona", "jubilada"], ["Contribución", "del Estado"]),
        (["Viuda o viudo", "con montepío"], ["Seguro colectivo,", "de su pensión"]),
        (["Huérfana o", "huérfano"], ["Derechos de", "quien falleció"]),
        (["Persona", "afiliada"], ["Aportes"]),
    ]
    body = [text(4, 16, "Misma atención para…"), text(184, 16, "…distinta cuenta")]
    for i, (who, source) in enumerate(rows):
        y = 26 + 56 * i
        body += [box(2, y, 136, 46, who, fill="b0", strong=2), arrow(138, y + 23, 180, y + 23), box(180, y, 138, 46, source, fill="area", strong=0)]
    svg(
        MEDIA + "salud-fuentes.svg",
        252,
        "Cuatro personas con igual atención tienen cuatro fuentes de pago",
        "Cuatro filas de dos cajas unidas por una flecha. Persona jubilada: contribución del Estado. Viuda o viudo con montepío: seguro "
        "colectivo, con cargo a su pensión. Huérfana o huérfano: derechos de la persona fallecida. Persona afiliada: aportes.",
        body,
    )


def coverage() -> None:
    """The three questions of universal coverage."""
    body = [
        box(2, 4, 316, 46, ["1. ¿A cuántas personas llega?", "población"], fill="b0"),
        box(2, 62, 316, 46, ["2. ¿Qué servicios incluye y con qué calidad?", "paquete de beneficios"], fill="b0"),
        box(2, 120, 316, 46, ["3. ¿Cuánto paga cada quien al usarlos?", "gasto de bolsillo"], fill="b0"),
        arrow(160, 166, 160, 192),
        box(2, 192, 316, 46, ["Cobertura universal", "una buena respuesta a las tres"], fill="area"),
    ]
    svg(
        MEDIA + "paquete-tres-preguntas.svg",
        242,
        "La cobertura universal responde tres preguntas: personas, servicios y gasto de bolsillo",
        "Tres cajas, una debajo de otra. Primera: a cuántas personas llega, es decir, la población. Segunda: qué servicios incluye y con qué "
        "calidad, el paquete de beneficios. Tercera: cuánto paga cada quien al usarlos, el gasto de bolsillo. Una flecha baja hasta una "
        "cuarta caja: cobertura universal, una buena respuesta a las tres.",
        body,
    )


def supply() -> None:
    """Two indicators of one month: by product and by prescription."""
    rows = [("Por producto: medicamentos", 28, 40), ("Por receta: recetas completas", 1700, 2000)]
    body, y = [], 20
    for name, part, whole in rows:
        share = 100 * part / whole
        body += [
            text(4, y, name, strong=True),
            text(316, y, f"{share:.0f} %", strong=True, end=True),
            bar(4, y + 7, 312, fill="area", height=16),
            bar(4, y + 7, 312 * part / whole, fill="b1", height=16),
            text(4, y + 39, f"{part} de {whole}"),
        ]
        y += 68
    svg(
        MEDIA + "calidad-abastecimiento.svg",
        y - 18,
        "Un mismo mes: 70 % de los medicamentos disponibles y 85 % de las recetas completas",
        "Dos barras de 0 a 100 %. Por producto: 28 de los 40 medicamentos de la lista, 70 %. Por receta: 1700 de 2000 recetas entregadas "
        "completas, 85 %.",
        body,
    )


def main() -> None:
    """Draw all figures."""
    people()
    waits()
    timeline()
    sick_days()
    maternity()
    payers()
    coverage()
    supply()


if __name__ == "__main__":
    main()
