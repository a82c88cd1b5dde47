"""Recompute every number of module 5, right and wrong answers included."""

from __future__ import annotations

from decimal import Decimal as D

from cuentas import Module, written


def main() -> None:
    """Check the bank, then the lessons."""
    m = Module("gobernanza-seguridad-social/05-desempleo-y-cesantia")
    m.sums()
    answers, texts, bank = m.answers, m.lessons, m.bank
    pay24, pay25 = 460 * D("0.70"), 470 * D("0.70")
    assert (pay24, pay25) == (322, 329)
    answers("pago-del-fondo-solidario", pay25, pay24, 470 * D("0.30"), 470)
    average = D(433_000_000) / 212_484
    answers("cesantia-promedio-2023", average, D(433_000) / 212_484, D(212_484) / 433, each=[0, 2, 0])
    answers("reemplazo-sueldo-700", pay25 / 700 * 100, 70, 100 - pay25 / 700 * 100, D(700) / pay25 * 100, places=1)
    answers("cesantia-de-cuarenta-meses", 650 * D("0.02") * 40, 650 * D("0.02"), 650 * D("0.03") * 40, 650 * D("0.2") * 40)
    answers("total-de-cinco-pagos", pay25 * 5, pay25 * 6, 470 * 5, pay25 * 24)
    answers("accesos-por-mes-2024", D(26_246) / 11, D(26_246) / 12, D(26_246) / 10, places=0)
    answers("sueldo-que-llega-al-cincuenta", pay25 / D("0.50"), pay25 * D("0.50"), pay25 / D("0.70"), places=1)
    rates = [written(pay25 / w * 100, 1) for w in (500, 700, 1000, 1400)]
    assert rates == ["65,8", "47,0", "32,9", "23,5"]
    assert [int(item.rpartition(" ")[2].rpartition("\u00a0")[2]) for item in bank["orden-de-tasas-de-reemplazo"]["items"]] == [500, 700, 1000, 1400]

    # 1. Perder el empleo
    assert D(300) / 600 == D("0.5") and 600 * 5 == 3000 and 3000 > 4 * 700
    for value, decimals in ((700 * D("0.01"), 0), (7 * 1000, 0), (D(7000) / 329, 1), (40 * 329, 0), (40 * 329 - 7000, 0)):
        m.has("01", "cifra", value, decimals)
    for value, decimals in ((600 * D("0.01") * 2000, 0), (D(12_000) / 329, 1), (D(600 * 2000) / 329, 0)):
        m.has("01", "cifra", value, decimals)
    # 2. Seguro solidario
    for value in (700 * D("0.70"), pay25, pay25 * 5, pay24, pay24 * 3, pay24 * 5, pay25 * 3):
        m.has("02", "cifra", value)
    # 3. Cesantía
    for months in (12, 24, 36):
        m.has("03", "cifra", 700 * D("0.02") * months, 2)
    m.has("03", "cifra", average, 2)
    assert 145 < average / 14 < 146 and 145 > 12 * 12 and 4 < average / 504 < D("4.1")
    for value in (1000 * D("0.02"), 20 * 30, 1000 * D("0.03") * 30, 1000 * D("0.2") * 30):
        m.has("03", "cifra", value)
    # 4. Normas
    for rate in rates:
        assert rate in texts["04", "es"]
    for value, decimals in ((pay25 / D("0.5"), 0), (50 - D("23.5"), 1), (500 * D("0.7"), 0), (1400 * D("0.5"), 0), (500 * D("0.5"), 0)):
        m.has("04", "cifra", value, decimals)
    assert D(350) / 700 == D("0.5")
    # 5. Cobertura
    assert 50 - 12 == 38 and 38 - 8 == 30 and 30 - 10 == 20
    for value, decimals in ((D(26_246) / 11, 0), (D(20) / 50 * 100, 0), (D(20) / 30 * 100, 1), (D(26) / 50 * 100, 0), (D(26) / 30 * 100, 1)):
        m.has("05", "cifra", value, decimals)
    assert D(26) / 50 * 100 - 40 == 12 and D(6) / 20 == D("0.3")
    print(f"módulo 5: {m.done} números comprobados")


if __name__ == "__main__":
    main()
