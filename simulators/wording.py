"""The words for inputs, outputs and faults of the social budget, in the reader's language."""

from collections.abc import Mapping

from kernel.errors import N_
from kernel.i18n import _, number, percent
from simulators.rules.reference import REFERENCE
from simulators.rules.scenario import SPECS, Fault, FaultReason, InputKind, InputSpec

BENEFITS: Mapping[str, str] = {
    "ninez_universal": N_("Children, universal"),
    "ninez_focalizada": N_("Children, targeted"),
    "maternidad": N_("Maternity"),
    "discapacidad": N_("Disability"),
    "vejez": N_("Old age"),
}
PEOPLE: Mapping[str, str] = {
    "ninez_universal": N_("Children"),
    "ninez_focalizada": N_("Children of this age"),
    "maternidad": N_("Births in a year"),
    "discapacidad": N_("People with a disability"),
    "vejez": N_("Older people"),
}
INPUTS: Mapping[str, str] = {
    "macro.anio_base": N_("GDP year"),
    "macro.anio_meta": N_("Cost year"),
    "macro.pib_base": N_("GDP in that year, in USD"),
    "macro.crec_real": N_("Real growth, in %"),
    "macro.deflactor": N_("GDP prices, in %"),
    "macro.linea_base": N_("Monthly poverty line, in USD"),
    "macro.anio_linea": N_("Year of the poverty line"),
    "macro.inflacion": N_("Inflation, in %"),
    "macro.gasto_publico_pct_pib": N_("Public spending, as a percentage of GDP"),
    "incluida": N_("Counts in the total"),
    "elegible": N_("Meet the criterion"),
    "captacion": N_("Receive it"),
    "meses": N_("Payments per person"),
    "admin": N_("Administration, in %"),
    "objetivo_pct": N_("Target, as a percentage of GDP"),
    "factor_linea": N_("Amount, as a percentage of the line"),
    "monto": N_("Or an amount in USD per month"),
    "despliegue.anio_inicio": N_("First year"),
    "despliegue.crec_poblacion": N_("Growth of the population, in %"),
    "reserva.reserva_0": N_("Reserve at the start, in millions"),
    "reserva.ingreso_0": N_("Income in year 0, in millions"),
    "reserva.g_ingreso": N_("Growth of income, in %"),
    "reserva.gasto_0": N_("Spending in year 0, in millions"),
    "reserva.g_gasto": N_("Growth of spending, in %"),
    "reserva.interes": N_("Interest, in %"),
    "reserva.anios": N_("Years to project"),
}
HINTS: Mapping[str, str] = {
    "macro.pib_base": N_("Published, rounded."),
    "macro.crec_real": N_("Illustrative."),
    "macro.deflactor": N_("Illustrative."),
    "macro.inflacion": N_("Illustrative. The line and everything that depends on it change with it."),
    "macro.linea_base": N_("Published."),
    "macro.gasto_publico_pct_pib": N_("Also show the cost as a share of public spending."),
    "captacion": N_("Of those who meet the criterion."),
    "admin": N_("You can use a comma or a point."),
    "monto": N_("Instead of the percentage of the line. Fill in one of the two."),
}
OUTPUTS: Mapping[str, str] = {
    "costo": N_("Cost, in USD"),
    "pct_pib": N_("Cost, as a percentage of GDP"),
    "pct_gasto_publico": N_("Cost, as a percentage of public spending"),
    "beneficiarios": N_("People who receive it"),
    "poblacion": N_("Population"),
    "cobertura": N_("People reached, as a percentage of the population"),
    "mensual": N_("Monthly amount, in USD"),
    "suficiencia": N_("Amount, as a percentage of the line"),
    "inverso.elegible": N_("Share that would meet the criterion"),
    "inverso.captacion": N_("Share that would receive it"),
    "inverso.meses": N_("Payments per person"),
    "inverso.monto": N_("Monthly amount, in USD"),
    "macro.pib_meta": N_("GDP in the cost year, in USD"),
    "macro.linea_meta": N_("Poverty line in that year, in USD per month"),
    "ingreso": N_("Income, in millions"),
    "gasto": N_("Spending, in millions"),
    "reserva": N_("Reserve, in millions"),
    "despliegue": N_("Share phased in"),
    "reserva.anio_de_agotamiento": N_("Year in which the reserve runs out"),
}
FAULTS: Mapping[FaultReason, str] = {
    FaultReason.MISSING: N_("Enter a number."),
    FaultReason.NOT_WHOLE: N_("Enter a whole number."),
    FaultReason.YEARS: N_("Enter a year that is not earlier than the GDP year."),
    FaultReason.ONE_AMOUNT: N_("Each group needs its population and exactly one amount: as a percentage of the line or in USD."),
    FaultReason.TRANCHE_GAP: N_("Fill in the groups in order, without leaving one out."),
    FaultReason.STEP_GAP: N_("Fill in the years in order, without leaving one out."),
    FaultReason.STEPS_FALL: N_("Enter a share that is not lower than the year before."),
    FaultReason.UNKNOWN: N_("The simulator does not recognise this value."),
}
NO_NUMBER = N_("Enter a number. You can use a comma or a point.")


def percent_scale(spec: InputSpec) -> int:
    """Return by how many places people see it moved: shares are written as percentages."""
    return 2 if spec.kind is InputKind.SHARE or spec.name.endswith(".factor_linea") else 0


def benefit_name(key: str) -> str:
    """Return the name of a benefit."""
    return _(BENEFITS[key])


def input_label(name: str) -> str:
    """Return what an input is called beside its field: a benefit's without the benefit."""
    if name in INPUTS:
        return _(INPUTS[name])
    key, *rest = name.split(".")
    last = rest[-1]
    if name.startswith("despliegue.pasos."):
        return _("Year %(number)s, in %%", number=last)
    if last == "poblacion":
        return _(PEOPLE[key])
    return _(INPUTS[last])


def full_label(name: str) -> str:
    """Return what an input is called where nothing stands beside it."""
    key, *rest = name.split(".")
    if key not in BENEFITS:
        return input_label(name)
    parts = [benefit_name(key)]
    if rest[0] == "tramos":
        parts.append(_("group %(number)s", number=rest[1]))
    return ", ".join([*parts, input_label(name)])


def input_hint(name: str) -> str:
    """Return where an input comes from or what it means, '' where its name says all."""
    last = name.rpartition(".")[2]
    hint = HINTS.get(name, HINTS.get(last, "") if name.partition(".")[0] in BENEFITS else "")
    if last == "elegible" and REFERENCE[name] != 1:
        share = round(REFERENCE[name] * 100, 2)
        return _("In the example, %(percent)s (solved for).", percent=percent(share, 2 if share % 1 else 0))
    return _(hint) if hint else ""


def output_label(name: str) -> str:
    """Return what an output is called, with its benefit or year."""
    if name in OUTPUTS:
        return _(OUTPUTS[name])
    key, _dot, rest = name.partition(".")
    if key == "total":
        return ": ".join((_("Total cost of the floor"), _(OUTPUTS[rest])))
    if key in BENEFITS:
        return f"{benefit_name(key)}: {_needed(rest)}"
    part, last = rest.removeprefix("filas.").split(".")
    if key == "reserva":
        return ": ".join((_("Year %(number)s", number=part), _(OUTPUTS[last])))
    return f"{benefit_name(key.removeprefix('trayectoria_'))}, {part}: {_(OUTPUTS[last])}"


def _needed(name: str) -> str:
    label = _(OUTPUTS[name])
    return _("for the target, %(what)s", what=label) if name.startswith("inverso.") else label


def fault_text(fault: Fault) -> str:
    """Say what to correct."""
    if fault.reason is not FaultReason.LIMITS:
        return _(FAULTS[fault.reason])
    spec = SPECS[fault.name]
    low, high = (_limit(spec, value) for value in (spec.low, spec.high))
    if spec.high > 1e9:
        return _("Enter a number greater than %(low)s.", low=low) if spec.above else _("Enter a number of %(low)s or more.", low=low)
    return _("Enter a number from %(low)s to %(high)s.", low=low, high=high)


def _limit(spec: InputSpec, value: float) -> str:
    return str(int(value)) if spec.kind is InputKind.YEAR else number(round(value * 10 ** percent_scale(spec), 6))
