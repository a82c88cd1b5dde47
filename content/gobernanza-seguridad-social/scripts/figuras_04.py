"""Draw the figures of module 4 (employment injury) from their numbers.

Run: python content/scripts/figuras.py gobernanza-seguridad-social
"""

from __future__ import annotations

from dibujo import arrow, bar, box, rule, svg, text

MEDIA = "04-riesgos-del-trabajo/media/"


def questions() -> None:
    """Three questions, in order, that decide whether an event is covered."""
    body = [
        box(2, 4, 190, 62, ["1. ¿El daño viene", "de la tarea o de la", "exposición laboral?"], fill="b0", strong=3),
        arrow(60, 66, 60, 104),
        text(70, 89, "no"),
        box(2, 104, 190, 62, ["2. ¿Iba entre su", "domicilio y su", "trabajo?"], fill="b0", strong=3),
        arrow(60, 166, 60, 204),
        text(70, 189, "no"),
        box(2, 204, 150, 45, ["Sin cobertura", "de este seguro"], fill="area"),
        '<path class="line" d="M192 35H256V204"/>',
        '<path class="line" d="M192 135H256"/>',
        '<path class="b1" d="M256 212l-6 -10h12z"/>',
        text(204, 29, "sí"),
        text(204, 129, "sí"),
        box(166, 212, 152, 79, ["3. ¿Se probó dolo,", "imprudencia", "temeraria u otra", "exclusión?"], fill="b0", strong=4),
        arrow(200, 291, 200, 330),
        text(210, 315, "no"),
        arrow(290, 291, 290, 330),
        text(300, 315, "sí"),
        box(120, 330, 110, 45, ["Hecho", "cubierto"], fill="area", strong=2),
        box(240, 330, 78, 45, ["Hecho", "excluido"], fill="area", strong=0),
    ]
    svg(
        MEDIA + "esta-cubierto-preguntas.svg",
        380,
        "Tres preguntas deciden si un hecho está cubierto por el seguro de riesgos del trabajo",
        "Diagrama de decisiones. Primera pregunta: si el daño viene de la tarea o de la exposición laboral. Si no, segunda pregunta: si la "
        "persona iba entre su domicilio y su trabajo. Dos respuestas negativas llevan a «sin cobertura de este seguro». Un sí en "
        "cualquiera de las dos lleva a la tercera: si se probó dolo, imprudencia temeraria u otra exclusión. Si no se probó, el hecho está "
        "cubierto; si se probó, queda excluido.",
        body,
    )


def two_tasks() -> None:
    """Prevent before the event, repair after it."""
    body = [
        box(2, 4, 100, 96, ["Prevenir", "la máquina,", "el método,", "el lugar"], fill="b0"),
        arrow(102, 52, 124, 52),
        box(124, 22, 70, 60, ["¿Ocurre", "el", "daño?"], fill="area", strong=0),
        arrow(194, 52, 216, 52),
        box(216, 4, 102, 96, ["Reparar", "atención,", "dinero,", "rehabilitar"], fill="b0"),
        rule(2, 122, 318, 122),
        text(4, 140, "antes"),
        text(316, 140, "después", end=True),
    ]
    svg(
        MEDIA + "prevenir-dos-tareas.svg",
        148,
        "Prevenir actúa antes del daño, sobre la máquina, el método y el lugar; reparar actúa después",
        "Tres cajas en una línea de tiempo. A la izquierda, antes: prevenir, que actúa sobre la máquina, el método y el lugar. En el centro, "
        "la pregunta de si ocurre el daño. A la derecha, después: reparar, con atención, dinero y rehabilitación.",
        body,
    )


def degrees() -> None:
    """Three questions about work that lead to the degree of incapacity."""
    rows = [
        (["¿Se recuperará", "para trabajar?"], "sí", ["Temporal", "subsidio"]),
        (["¿Puede hacer lo", "fundamental de su", "profesión?"], "sí", ["Permanente", "parcial", "indemnización"]),
        (["¿Puede hacer otra", "actividad?"], "sí", ["Permanente", "total", "pensión"]),
    ]
    body, y = [], 4
    for i, (question, answer, degree) in enumerate(rows):
        body += [
            box(2, y, 146, 66, question, fill="b0", strong=3),
            arrow(148, y + 33, 196, y + 33),
            text(158, y + 26, answer),
            box(196, y, 122, 66, degree, fill="area", strong=1 if i == 0 else 2),
            arrow(60, y + 66, 60, y + 98),
            text(70, y + 87, "no"),
        ]
        y += 98
    body.append(box(2, y, 146, 62, ["Permanente", "absoluta", "pensión"], fill="area", strong=2))
    svg(
        MEDIA + "grados-preguntas.svg",
        y + 66,
        "Tres preguntas sobre el trabajo llevan al grado de incapacidad y a su prestación",
        "Diagrama de decisiones. Primera pregunta: si se recuperará para trabajar. Si sí, incapacidad temporal, con subsidio. Si no, segunda: "
        "si puede hacer lo fundamental de su profesión. Si sí, permanente parcial, con indemnización. Si no, tercera: si puede hacer otra "
        "actividad. Si sí, permanente total, con pensión. Si no, permanente absoluta, con pensión.",
        body,
    )


def path() -> None:
    """The five steps from the accident to the benefit, with who acts in each."""
    steps = [
        ("1. Atención", "personal de salud"),
        ("2. Aviso", "la empresa, al seguro"),
        ("3. Subsidio", "el seguro; el puesto se conserva"),
        ("4. Valuación", "el comité, con estado definitivo"),
        ("5. Indemnización o pensión", "el seguro"),
    ]
    body, y = [], 4
    for i, (step, who) in enumerate(steps):
        body.append(box(2, y, 316, 46, [step, who], fill="area" if i == 3 else "b0"))
        if i < len(steps) - 1:
            body.append(arrow(40, y + 46, 40, y + 68))
        y += 68
    svg(
        MEDIA + "aviso-recorrido.svg",
        y - 16,
        "Cinco pasos: atención, aviso, subsidio, valuación y prestación",
        "Cinco cajas unidas por flechas hacia abajo. "
        + "; ".join(f"{step}: {who}" for step, who in steps)
        + ". La cuarta, la valuación, se distingue por su relleno: espera a que el estado sea definitivo.",
        body,
    )


def plants() -> None:
    """Frequency and severity of two plants; each pair has its own scale."""
    data = {"Latacunga": (6, 90, 300_000), "Ambato": (9, 45, 600_000)}
    body, y, parts = [], 18, []
    for column, name in ((0, "Índice de frecuencia"), (1, "Índice de gravedad")):
        values = {plant: row[column] * 200_000 / row[2] for plant, row in data.items()}
        scale = 312 / max(values.values())
        body.append(text(4, y, name, strong=True))
        for plant, fill in (("Latacunga", "b1"), ("Ambato", "b0")):
            body += [
                text(4, y + 21, plant),
                text(316, y + 21, f"{values[plant]:.0f}", end=True),
                bar(4, y + 27, values[plant] * scale, fill=fill),
            ]
            parts.append(f"{name.lower()} de {plant}, {values[plant]:.0f}")
            y += 38
        y += 36
    svg(
        MEDIA + "indices-plantas.svg",
        y - 26,
        "Latacunga tiene frecuencia 4 y gravedad 60; Ambato, frecuencia 3 y gravedad 15",
        "Dos parejas de barras horizontales desde cero, cada pareja con su escala: " + "; ".join(parts) + ".",
        body,
    )


def ladder() -> None:
    """Norms from the most general to the nearest to the case."""
    steps = [
        ("Constitución, artículo 326", "derecho a reintegrarse"),
        ("Convenios 121 y 102, parte VI", "compromisos del país"),
        ("Ley de Seguridad Social, 155 y 156", "qué se cubre y qué se hace"),
        ("Código del Trabajo, artículo 410", "deberes de cada parte"),
        ("Reglamento, C.D. 513", "trámite y calificación"),
    ]
    body = [box(2 + 10 * i, 4 + 54 * i, 276, 46, [name, what], fill="area" if i == 0 else "b0") for i, (name, what) in enumerate(steps)]
    svg(
        MEDIA + "normas-escalera.svg",
        272,
        "Cinco normas, de la Constitución al reglamento, sostienen el seguro y el derecho a volver",
        "Cinco cajas en escalera, de arriba abajo. " + "; ".join(f"{name}: {what}" for name, what in steps) + ".",
        body,
    )


def main() -> None:
    """Draw all figures."""
    two_tasks()
    questions()
    degrees()
    path()
    plants()
    ladder()


if __name__ == "__main__":
    main()
