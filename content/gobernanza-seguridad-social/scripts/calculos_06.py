"""Recompute every number of module 6, right and wrong answers included."""

from __future__ import annotations

import math
from decimal import Decimal as D

from cuentas import Module, parameters, written


def main() -> None:
    """Check the bank, then the lessons."""
    m = Module("gobernanza-seguridad-social/06-seguro-campesino")
    m.sums()
    rate, quota = D("0.0035"), D("2.39")
    both = 800 * rate * 2
    assert both == D("5.60")
    gaps = m.bank["tasas-de-solidaridad"]["gaps"]
    assert [str(gaps[g]["answers"][0]["right"]) for g in gaps] in (["0.35", "0.35", "0.70"], ["0.35", "0.35", "0.7"])
    scale = {age: min(10, max(5, 10 - (age - 70))) for age in range(65, 76)}
    pairs = {p["item"]["es"]: p["match"]["es"] for p in m.bank["escala-edad-y-aportes"]["pairs"]}
    assert all(pairs[f"{age} años"] == f"{scale[age]} años de aporte" for age in (68, 71, 73, 75))
    assert all(scale[age] == 10 - (age - 70) and scale[age] * 12 > 58 for age in (71, 72, 73, 74))
    assert scale[72] - 7 == 1 and scale[73] == 7 and 66 > 60

    # 1. Origen
    for value in (60 * 5, 45 * 6, 45 * 6 - 45, 45 + 6):
        m.has("01", "cifra", value)
    # 3. Prestaciones
    for age in range(71, 76):
        assert f"| {age} | {scale[age]} | {scale[age] * 12} |" in m.lessons["03", "es"], age
    m.has("03", "cifra", D(13_514_000) / 115_936, 2)
    m.has("03", "cifra", D("37069.26") / 318, 2)
    m.has("03", "cifra", D(115_936) / 318)
    assert scale[74] * 12 - 70 == 2 and 120 - 70 == 50
    # 4. Solidaridad
    for value, decimals in ((800 * rate, 2), (both, 2), (both / quota, 2), (100 / quota, 1), (100 / both, 1), (1200 * rate, 2), (1200 * rate * 2, 2)):
        m.has("04", "cifra", value, decimals)
    assert (math.ceil(100 / quota), math.ceil(100 / both)) == (42, 18)
    m.has("04", "cifra", quota * 20, 2)
    m.has("04", "cifra", 84 * quota, 2)
    assert 84 == 7 * 12 and 200 < 84 * quota < 300, "the text says: two pensions of 100"
    figures = parameters("gobernanza-seguridad-social")
    assert (figures["tasa_campesino_parte"], figures["tasa_campesino_total"]) == (rate * 100, rate * 200)
    assert 1200 * D("0.07") == 84
    # 5. Desafíos
    assert 486_241 + 431_505 == 917_746 and 370_520 + 17_014 == 387_534 and 96 + 160 + 64 + 64 == 384 == 400 - 16
    for value, decimals in ((D(431_505) / 486_241, 2), (D(17_014) / 387_534 * 100, 2), (D(27_493) / 116_254 * 100, 1), (16 + 96, 0)):
        m.has("05", "cifra", value, decimals)
    for value, decimals in ((D(112) / 400 * 100, 0), (370_520 - 17_014, 0), (D(17_014) / 370_520 * 100, 2)):
        m.has("05", "cifra", value, decimals)
    assert 115_936 + 318 == 116_254 and written(D(16) / 4, 0) == "4"
    print(f"módulo 6: {m.done} números comprobados")


if __name__ == "__main__":
    main()
