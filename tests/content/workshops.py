"""The simulator tasks of «Presupuesto social», worked out as a learner would: on paper, without the model's code."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

Drawn = Mapping[str, Fraction]
GDP_2030 = 118_000_000_000 * (Fraction("1.02") * Fraction("1.015")) ** 6
LINE_2030 = Fraction("92.40") * Fraction("1.015") ** 5
CHILDREN = ((1_650_000, Fraction("1.20")), (1_900_000, Fraction("0.95")), (2_050_000, Fraction("0.90")))
ELIGIBLE_CHILDREN, ELIGIBLE_OLD, ELIGIBLE_BIRTHS = Fraction("0.2809"), Fraction("0.6444"), Fraction("0.7315")
ADMINISTRATION = Fraction("1.05")


@dataclass(frozen=True, slots=True)
class Worked:
    """A task solved: what to set (as inputs, and as typed), the numbers to give, and answers that usual mistakes lead to."""

    inputs: Mapping[str, float]
    typed: Mapping[str, str]
    answers: Mapping[str, Fraction]
    mistakes: Mapping[str, tuple[Fraction, ...]]


def reserve(drawn: Drawn) -> Worked:
    """Work out `tarea-laboratorio-de-reserva`: expenditure in year 10 at 2,175 million keeps both goals, however small the reserve."""
    opening, spending = drawn["reserva"], drawn["gasto"]
    first = _year(opening, Fraction(1500) * Fraction("1.03"), spending * Fraction("1.06"))
    balance, year, income, paid = opening, 0, Fraction(1500), spending
    while balance >= 0:
        year, income, paid = year + 1, income * Fraction("1.03"), paid * Fraction("1.06")
        balance = _year(balance, income, paid)
    growth = round((2175 / float(spending)) ** 0.1 - 1, 4)
    income, paid = Fraction(1545), spending * Fraction("1.06")
    return Worked(
        {"reserva.g_gasto": growth},
        {"reserva.g_gasto": _spanish(growth * 100, 2)},
        {"cierre-anio-1": first, "anio-de-agotamiento": Fraction(year)},
        {
            "cierre-anio-1": (
                opening + income - paid,
                (opening + income - paid) * Fraction("1.05"),
                opening * Fraction("1.05") + income - paid,
            ),
            "anio-de-agotamiento": (Fraction(year - 1), Fraction(round(opening / (spending - 1500)))),
        },
    )


def _year(opening: Fraction, income: Fraction, spending: Fraction) -> Fraction:
    return opening * Fraction("1.05") + (income - spending) * Fraction("1.025")


def path(drawn: Drawn) -> Worked:
    """Work out `tarea-camino-gradual`: as much as fits in 2026 and 2027, everything from 2029."""
    take_up = drawn["captacion"]
    eligible = sum(people for people, _factor in CHILDREN) * ELIGIBLE_CHILDREN
    line = sum(people * factor for people, factor in CHILDREN) * ELIGIBLE_CHILDREN * 12
    steps = {1: Fraction("0.28"), 2: round(Fraction("0.56") / take_up, 2), 3: Fraction("0.94"), 4: Fraction(1), 5: Fraction(1)}
    full = line * LINE_2030 * take_up / GDP_2030 * 100
    return Worked(
        {f"despliegue.pasos.{number}": float(step) for number, step in steps.items()},
        {f"despliegue.pasos.{number}": _spanish(float(step) * 100, 0) for number, step in steps.items()},
        {"costo-completo": full, "personas-2026": eligible * take_up / 5},
        {"costo-completo": (full / take_up,), "personas-2026": (eligible / 5, eligible * take_up)},
    )


def workshop(drawn: Drawn) -> Worked:
    """Work out `tarea-taller-directo-e-inverso`: everybody keeps the pension, and it is what the ceiling allows."""
    old, births = drawn["mayores"], drawn["nacimientos"]
    everybody = old * LINE_2030 * 12 * ADMINISTRATION
    direct = everybody * ELIGIBLE_OLD / GDP_2030 * 100
    solved = Fraction("0.0098") * GDP_2030 / everybody
    children = Fraction("0.013") * GDP_2030 / 5_600_000
    maternity = births * ELIGIBLE_BIRTHS * LINE_2030 * 18 / GDP_2030 * 100
    part = int(min(Fraction(1), Fraction("0.98") / direct) * 100) / 100
    return Worked(
        {"vejez.captacion": 1.0, "vejez.tramos.1.factor_linea": part},
        {"vejez.captacion": "100", "vejez.tramos.1.factor_linea": _spanish(part * 100, 0)},
        {"directo": direct, "inverso-elegible": solved, "monto-infancia": children / 12, "maternidad": maternity},
        {
            "directo": (direct / ADMINISTRATION, direct / ELIGIBLE_OLD),
            "inverso-elegible": (solved * ADMINISTRATION, solved * 100),
            "monto-infancia": (children, children / 12 / ELIGIBLE_CHILDREN),
            "maternidad": (maternity * 12 / 18, maternity / ELIGIBLE_BIRTHS),
        },
    )


def _spanish(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace(".", ",")


WORKED = {
    "tarea-laboratorio-de-reserva": reserve,
    "tarea-camino-gradual": path,
    "tarea-taller-directo-e-inverso": workshop,
}
