"""Draw the figures of module 6 from their numbers. Run: python content/scripts/figuras.py gobernanza-seguridad-social."""

from __future__ import annotations

import math
from decimal import Decimal

from dibujo import arrow, bar, box, number, svg, text

MODULE = "06-seguro-campesino/media"


def solidaridad_flujos() -> None:
    """Flow: four payers, one scheme; the State's arrow is dotted, because it tops up."""
    rate = number(Decimal("0.35")) + "\u00a0% del sueldo"
    payers = [("La familia", "cuota mensual"), ("Quien tiene sueldo", rate), ("Su empleador", rate), ("El Estado", "completa lo que falta")]
    body = []
    for i, (who, what) in enumerate(payers):
        y = 4 + 58 * i
        body.append(box(2, y, 158, 46, [who, what]))
        body.append(arrow(160, y + 23, 194, y + 23, kind="goal" if who == "El Estado" else "line"))
    body.append(box(196, 4, 122, 220, ["Seguro Social", "Campesino", "salud y", "pensiones"], fill="area", strong=2))
    svg(
        f"{MODULE}/solidaridad-flujos.svg",
        228,
        "El Seguro Campesino se paga con la cuota de la familia, el 0,35 % de quien tiene sueldo, el 0,35 % de su empleador y el Estado",
        "Diagrama de flujos. A la izquierda hay cuatro cajas con quienes pagan: la familia, con una cuota mensual; quien tiene sueldo, "
        "con 0,35 % del sueldo; su empleador, con otro 0,35 %; y el Estado, que completa lo que falta, con flecha punteada. "
        "Las cuatro flechas llegan a una caja grande: Seguro Social Campesino, salud y pensiones.",
        body,
    )


def solidaridad_pension() -> None:
    """Bars: how many payments of each kind make a pension of USD 100."""
    pension = Decimal(100)
    rows = [("Cuotas familiares de USD\u00a02,39", Decimal("2.39"), "b0"), ("Aportes de un sueldo de USD\u00a0800", Decimal(800) * Decimal("0.0070"), "b1")]
    counts = [(label, math.ceil(pension / each), fill) for label, each, fill in rows]
    scale = Decimal(300) / max(c for _, c, _ in counts)
    body, y = [], 20
    for label, count, fill in counts:
        body += [text(4, y, label, strong=True), text(316, y, str(count), strong=True, end=True), bar(4, y + 7, count * scale, fill=fill, height=16)]
        y += 46
    svg(
        f"{MODULE}/solidaridad-pension.svg",
        y - 12,
        "Para pagar una pensión de USD 100 hacen falta 42 cuotas familiares o 18 aportes solidarios",
        "Dos barras horizontales que parten de cero. Para reunir los USD 100 de una pensión mensual hacen falta "
        + " o ".join(f"{c} {label.lower().replace('usd', 'USD')}" for label, c, _ in counts)
        + ". La primera barra lleva solo borde y la segunda va llena.",
        body,
    )


def del_patrono_a_la_comuna() -> None:
    """Two chains: employer, wage, worker; council, agreement, family."""
    chains = [
        ("Seguro clásico", [["Patrono", "descuenta"], ["Sueldo", "mensual"], ["Seguro", "una persona"]]),
        ("Plan piloto de 1968", [["Cabildo", "firma"], ["Convenio", "de la comuna"], ["Seguro", "la familia"]]),
    ]
    body, y = [], 18
    for i, (name, boxes) in enumerate(chains):
        body.append(text(4, y, name, strong=True))
        for j, words in enumerate(boxes):
            x = 2 + 112 * j
            body.append(box(x, y + 8, 92, 48, words, fill="area" if i else "b0"))
            if j < 2:
                body.append(arrow(x + 92, y + 32, x + 111, y + 32))
        y += 86
    svg(
        f"{MODULE}/del-patrono-a-la-comuna.svg",
        y - 20,
        "En 1968 el cabildo ocupó el lugar del patrono y la familia, el de la persona empleada",
        "Dos cadenas de tres cajas unidas por flechas. Seguro clásico: el patrono descuenta del sueldo mensual y el seguro protege a una persona. "
        "Plan piloto de 1968: el cabildo firma el convenio de la comuna y el seguro protege a la familia.",
        body,
    )


def familia_y_jefatura() -> None:
    """Who pays and what each one receives."""
    body = [
        box(2, 4, 148, 118, ["Jefa o jefe", "paga la cuota", "salud y maternidad", "funerales", "vejez e invalidez"], fill="area"),
        arrow(150, 63, 178, 63),
        box(180, 4, 138, 118, ["Su familia", "no paga cuota", "salud", "maternidad", "funerales"]),
        text(4, 146, "Al jubilarse la jefatura, la familia nombra"),
        text(4, 163, "a otra persona, que sigue pagando la cuota."),
    ]
    svg(
        f"{MODULE}/familia-y-jefatura.svg",
        170,
        "La jefatura aporta y tiene salud y pensiones; la familia tiene salud, maternidad y funerales",
        "Dos cajas unidas por una flecha. La primera: la jefa o el jefe paga la cuota y tiene salud y maternidad, auxilio de funerales, pensión de vejez "
        "y de invalidez. La segunda: su familia no paga cuota y tiene salud, maternidad y auxilio de funerales. Debajo se lee que, al jubilarse la jefatura, "
        "la familia nombra a otra persona, que sigue pagando la cuota.",
        body,
    )


def escala_vejez() -> None:
    """Bars that go down like a stair: years of contribution by age."""
    rows = [("65 a 70", 10)] + [(str(age), 10 - (age - 70)) for age in range(71, 76)]
    assert rows[-1] == ("75", 5)
    scale = Decimal(200) / 10
    body, y = [text(4, 16, "Edad", strong=True), text(76, 16, "Años de aporte que se piden", strong=True)], 26
    for age, years in rows:
        body += [text(4, y + 14, age), bar(76, y, years * scale, fill="b1", height=18), text(76 + float(years * scale) + 8, y + 14, str(years), strong=True)]
        y += 28
    svg(
        f"{MODULE}/escala-vejez.svg",
        y,
        "Años de aporte que se piden según la edad: 10 de 65 a 70 años y uno menos por año hasta 5 a los 75",
        "Seis barras horizontales que parten de cero y bajan como una escalera. Edad y años de aporte: " + "; ".join(f"{a}: {n}" for a, n in rows) + ".",
        body,
    )


def baja_de_aportantes() -> None:
    """Two bars: what a report counts in 2019 and 2022."""
    after, lost = 370_520, 17_014
    rows = [("Marzo de 2019", after + lost), ("Marzo de 2022", after)]
    scale = Decimal(300) / rows[0][1]
    body, y = [], 20
    for i, (label, people) in enumerate(rows):
        body += [text(4, y, label, strong=True), text(316, y, number(people, decimals=0), end=True), bar(4, y + 7, people * scale, fill="b1" if i else "b0", height=16)]
        y += 46
    share = number(Decimal(lost) / rows[0][1] * 100)
    body.append(text(4, y - 2, f"Baja: {number(lost, decimals=0)} personas, el {share}\u00a0%", strong=True))
    svg(
        f"{MODULE}/baja-de-aportantes.svg",
        y + 6,
        f"Recuento de la nota: 387 534 en marzo de 2019 y 370 520 en marzo de 2022, una baja de {share} %",
        "Dos barras horizontales que parten de cero. Marzo de 2019: 387 534 personas en el recuento, con borde. Marzo de 2022: 370 520, llena. "
        f"La diferencia es de 17 014 personas, el {share} % del primer dato.",
        body,
    )


def main() -> None:
    """Draw every figure."""
    del_patrono_a_la_comuna()
    familia_y_jefatura()
    escala_vejez()
    baja_de_aportantes()
    solidaridad_flujos()
    solidaridad_pension()


if __name__ == "__main__":
    main()
