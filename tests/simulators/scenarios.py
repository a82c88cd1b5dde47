"""Scenarios at random, all within their limits."""

import random

from simulators.rules.scenario import BENEFITS, SPECS, STEPS, TRANCHES, InputSpec, faults

LARGE = 1e12


def random_inputs(chance: random.Random) -> dict[str, float]:
    """Return inputs of a scenario in which everything differs from the worked example."""
    inputs = {spec.name: _value(chance, spec) for spec in SPECS.values() if not spec.optional}
    inputs["macro.anio_meta"] = max(inputs["macro.anio_meta"], inputs["macro.anio_base"])
    if chance.random() < 0.5:
        inputs["macro.gasto_publico_pct_pib"] = chance.uniform(1, 60)
    for key in BENEFITS:
        for number in range(1, chance.randint(1, TRANCHES) + 1):
            base = f"{key}.tramos.{number}"
            inputs[f"{base}.poblacion"] = float(chance.randint(0, 9_000_000))
            inputs[f"{base}.{chance.choice(('monto', 'factor_linea'))}"] = chance.choice((0.0, chance.uniform(0, 300)))
    steps = sorted(chance.random() for _turn in range(chance.randint(1, STEPS)))
    inputs |= {f"despliegue.pasos.{number}": step for number, step in enumerate(steps, 1)}
    assert not faults(inputs)
    return inputs


def _value(chance: random.Random, spec: InputSpec) -> float:
    high = min(spec.high, LARGE)
    if spec.whole:
        return float(chance.randint(int(spec.low), int(high)))
    return chance.choice((chance.uniform(spec.low, high), round(chance.uniform(spec.low, high), 3), high)) or high
