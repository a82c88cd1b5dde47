"""The worked example of the specification («referencia 2030»): the scenario from which every other one differs.

Targets are published; the inputs were chosen round or solved for, so that the formula gives the published share.
"""

from collections.abc import Mapping

from simulators.rules.scenario import Inputs

PUBLISHED_TOTAL = 2.51
"""Percent of GDP of the whole floor, as published; its year is in doubt (2030 in one document, 2020 in an official note)."""


def _inputs_of_benefit(
    key: str, *, elegible: float, meses: float, objetivo: float, incluida: bool, tramos: Mapping[str, float]
) -> dict[str, float]:
    own = {"incluida": float(incluida), "elegible": elegible, "captacion": 1.0, "meses": meses, "admin": 0.0, "objetivo_pct": objetivo}
    return {f"{key}.{name}": value for name, value in {**own, **{f"tramos.{name}": value for name, value in tramos.items()}}.items()}


REFERENCE: Inputs = {
    "macro.anio_base": 2024.0,
    "macro.anio_meta": 2030.0,
    "macro.pib_base": 118_000_000_000.0,
    "macro.crec_real": 0.02,
    "macro.deflactor": 0.015,
    "macro.linea_base": 92.40,
    "macro.anio_linea": 2025.0,
    "macro.inflacion": 0.015,
    **_inputs_of_benefit(
        "ninez_universal", elegible=1.0, meses=12.0, objetivo=7.3, incluida=False, tramos={"1.poblacion": 5_600_000.0, "1.monto": 157.85}
    ),
    **_inputs_of_benefit(
        "ninez_focalizada",
        elegible=0.2809,
        meses=12.0,
        objetivo=1.3,
        incluida=False,
        tramos={
            "1.poblacion": 1_650_000.0,
            "1.factor_linea": 1.20,
            "2.poblacion": 1_900_000.0,
            "2.factor_linea": 0.95,
            "3.poblacion": 2_050_000.0,
            "3.factor_linea": 0.90,
        },
    ),
    **_inputs_of_benefit(
        "maternidad", elegible=0.7315, meses=18.0, objetivo=0.23, incluida=True, tramos={"1.poblacion": 255_000.0, "1.factor_linea": 1.0}
    ),
    **_inputs_of_benefit(
        "discapacidad", elegible=0.5464, meses=12.0, objetivo=0.21, incluida=True, tramos={"1.poblacion": 467_500.0, "1.factor_linea": 1.0}
    ),
    **_inputs_of_benefit(
        "vejez", elegible=0.6444, meses=12.0, objetivo=0.98, incluida=True, tramos={"1.poblacion": 1_850_000.0, "1.factor_linea": 1.0}
    ),
    "despliegue.anio_inicio": 2026.0,
    "despliegue.crec_poblacion": 0.03,
    "despliegue.pasos.1": 0.2,
    "despliegue.pasos.2": 0.4,
    "despliegue.pasos.3": 0.6,
    "despliegue.pasos.4": 0.8,
    "despliegue.pasos.5": 1.0,
    "reserva.reserva_0": 1500.0,
    "reserva.ingreso_0": 1500.0,
    "reserva.g_ingreso": 0.03,
    "reserva.gasto_0": 1560.0,
    "reserva.g_gasto": 0.06,
    "reserva.interes": 0.05,
    "reserva.anios": 10.0,
}
