"""Outputs of the model by dotted name, as course folders, the export and the page's script name them.

`macro.pib_meta`, `macro.linea_meta`; per benefit `vejez.costo`, `vejez.pct_pib`, `vejez.pct_gasto_publico`, `vejez.beneficiarios`,
`vejez.poblacion`, `vejez.cobertura`, `vejez.mensual`, `vejez.suficiencia`, `vejez.inverso.elegible` (…`captacion`, `meses`, `monto`);
`total.costo`, `total.pct_pib`, `total.pct_gasto_publico`; `trayectoria_vejez.2026.pct_pib` (…`despliegue`, `beneficiarios`, `costo`);
`reserva.filas.7.reserva` (…`ingreso`, `gasto`), `reserva.anio_de_agotamiento`.
"""

from collections.abc import Iterator, Mapping

from simulators.rules.budget import BudgetResult, evaluate
from simulators.rules.scenario import BENEFITS, Inputs, read_scenario

Outputs = Mapping[str, float | None]
"""Output by dotted name -> value; None where the scenario gives it none (a denominator of zero, a reserve that lasts)."""

OF_BENEFIT = (
    "costo",
    "pct_pib",
    "pct_gasto_publico",
    "beneficiarios",
    "poblacion",
    "cobertura",
    "mensual",
    "suficiencia",
)
INVERSE = ("elegible", "captacion", "meses", "monto")
OF_YEAR = ("despliegue", "beneficiarios", "costo", "pct_pib")
OF_RESERVE = ("ingreso", "gasto", "reserva")


def compute(inputs: Inputs) -> dict[str, float | None]:
    """Run the model on inputs; raise ImpossibleScenario."""
    return outputs_of(evaluate(read_scenario(inputs)))


def outputs_of(result: BudgetResult) -> dict[str, float | None]:
    """Name every result."""
    return dict(_named(result))


def _named(result: BudgetResult) -> Iterator[tuple[str, float | None]]:
    yield "macro.pib_meta", result.pib_meta
    yield "macro.linea_meta", result.linea_meta
    for benefit in result.benefits:
        for name in OF_BENEFIT:
            yield f"{benefit.key}.{name}", getattr(benefit, name)
        for name in INVERSE:
            yield f"{benefit.key}.inverso.{name}", getattr(benefit.inverso, name)
    yield "total.costo", result.total.costo
    yield "total.pct_pib", result.total.pct_pib
    yield "total.pct_gasto_publico", result.total.pct_gasto_publico
    for key, years in zip(BENEFITS, result.trayectorias, strict=True):
        for year in years:
            for name in OF_YEAR:
                yield f"trayectoria_{key}.{year.anio}.{name}", getattr(year, name)
    for row in result.filas:
        for name in OF_RESERVE:
            yield f"reserva.filas.{row.t}.{name}", getattr(row, name)
    yield "reserva.anio_de_agotamiento", None if result.anio_de_agotamiento is None else float(result.anio_de_agotamiento)
