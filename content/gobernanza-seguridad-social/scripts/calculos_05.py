"""Recompute every number of module 5, right and wrong answers included."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction as F

from cuentas import Module, parameters, rounded


def main() -> None:
    """Check the bank, then the lessons."""
    m = Module("gobernanza-seguridad-social/05-desempleo-y-cesantia")
    m.sums()
    bank = m.bank
    figures = parameters("gobernanza-seguridad-social")
    payment = figures["sbu"] * F("0.70")
    assert figures["pago_desempleo"] == payment and figures["pago_desempleo_total"] == payment * 5
    assert all(figures[f"reemplazo_sueldo_{wage}"] == F(rounded(payment / wage * 100, 1)) for wage in (500, 700, 1000, 1400))
    assert figures["reemplazo_sueldo_500"] > 50 > figures["reemplazo_sueldo_700"] > 45, "the text says: more than half, and nearly half"
    assert figures["reemplazo_sueldo_1400"] < 25 and figures["sbu_mitad"] < payment, "the text says: less than a quarter, and more than half of the minimum"
    assert [int(item["es"].rpartition(" ")[2].rpartition("\u00a0")[2]) for item in bank["orden-de-tasas-de-reemplazo"]["items"]] == [500, 700, 1000, 1400]

    # 1. Perder el empleo
    assert D(300) / 600 == D("0.5") and 600 * 5 == 3000 and 3000 > 4 * 700
    for value, decimals in ((700 * D("0.005"), 2), (D("3.50") * 1000, 0), (40 * 350, 0), (40 * 350 - 3500, 0)):
        m.has("01", "cifra", value, decimals)
    for value, decimals in ((600 * D("0.005") * 2000, 0), (D(6000) / 350, 1), (D(600 * 2000) / 350, 0)):
        m.has("01", "cifra", value, decimals)
    # 2. Seguro solidario
    for value in (700 * D("0.70"), 460 * D("0.70"), 460 * D("0.70") * 3, 460 * D("0.70") * 5):
        m.has("02", "cifra", value)
    assert 61 <= 95 <= 106 and 106 - 95 == 11
    # 3. Cesantía
    for months in (12, 24, 36):
        m.has("03", "cifra", 700 * D("0.02") * months, 2)
    average = D(433_000_000) / 212_484
    m.has("03", "cifra", average, 2)
    assert 145 < average / 14 < 146 and 145 > 12 * 12 and 4 < average / 504 < D("4.1")
    assert figures["tasa_cesantia"] == 2 and figures["tasa_desempleo"] == F("0.5")
    for value in (1000 * D("0.02"), 20 * 30, 1000 * D("0.03") * 30, 1000 * D("0.2") * 30):
        m.has("03", "cifra", value)
    # 4. Normas
    for value, decimals in ((500 * D("0.50"), 0), (D(240) / 600 * 100, 0), (350 / D("0.50"), 0), (1400 * D("0.5"), 0)):
        m.has("04", "cifra", value, decimals)
    # 5. Cobertura
    assert 50 - 12 == 38 and 38 - 8 == 30 and 30 - 10 == 20
    for value, decimals in ((D(26_246) / 11, 0), (D(20) / 50 * 100, 0), (D(20) / 30 * 100, 1), (D(26) / 50 * 100, 0), (D(26) / 30 * 100, 1)):
        m.has("05", "cifra", value, decimals)
    assert D(26) / 50 * 100 - 40 == 12 and D(6) / 20 == D("0.3")
    print(f"módulo 5: {m.done} números comprobados")


if __name__ == "__main__":
    main()
