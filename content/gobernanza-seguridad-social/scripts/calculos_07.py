"""Recompute every number of module 7, right and wrong answers included."""

from __future__ import annotations

from decimal import Decimal as D

from cuentas import Module


def main() -> None:
    """Check the bank, then the lessons."""
    m = Module("gobernanza-seguridad-social/07-normas-internacionales")
    m.sums()
    gap = m.bank["cifras-del-informe-mundial"]["gaps"]["brecha"]["answers"]
    assert D(str(gap[0]["right"])) == 100 - D("52.4")
    assert 12 + 10 + 8 == 30 and 12 + 10 == 22 and 22 >= 15 > 12

    # 1. De Filadelfia
    for value, decimals in ((D(1_184_484) / D("0.25"), 0), (D(900_000) / D("0.25"), 0), (D(900_000) / 4_000_000 * 100, 1), (900_000 * D("0.25"), 0)):
        m.has("01", "cifra", value, decimals)
    # 2. Convenio 102
    for value in (D(5) / 9 * 100, D(7) / 9 * 100, D(2) / 9 * 100):
        m.has("02", "cifra", value, 1)
    # 3. Mínimos
    for value in (700 * D("0.45"), 480 - 315, 700 * D("0.50"), 350 - 330, 500 * D("0.50"), 340 - 250, 800 * D("0.45"), 350 - 315, 800 * D("0.50")):
        m.has("03", "cifra", value)
    # 4. Recomendación 202
    for value, decimals in ((100 - D("52.4"), 1), (2073 - 2024, 0), (D("47.6") / 49, 2), (D("47.6") / 6, 1), (D("64.3") - 47, 1), (100 - D("91.3"), 1)):
        m.has("04", "cifra", value, decimals)
    assert 8 < (D("47.6") / 6) / (D("47.6") / 49) < D("8.2")
    for value, decimals in ((D(6) / 4, 1), (54 / D("1.5"), 0), (D(6) / 40 * 100, 0)):
        m.has("04", "cifra", value, decimals)
    # 5. Prorrata
    for value, decimals in ((D(900) * 17 / 31, 2), (D(900) * 14 / 31, 2), (D(650) * 12 / 20, 0), (D(650) * 8 / 20, 0), (D(650) / 2, 0), (D(650) * 12 / 8, 0)):
        m.has("05", "cifra", value, decimals)
    assert 11 + 3 == 14 < 15
    # 6. Debates
    for value, decimals in ((20 * D("0.60"), 0), (30 * D("0.60"), 0), (700 * D("0.12"), 0), (84 * 360, 0), (D(30_240) / 240, 0), (D(30_240) / 300, 0), (D(20) / 30 * 100, 0), (D(20) / 30 * 60, 0)):
        m.has("06", "cifra", value, decimals)
    monthly = D("1.03") ** (D(1) / 12) - 1
    saved = 84 * ((1 + monthly) ** 360 - 1) / monthly
    for months in (240, 300):
        pension = saved * monthly / (1 - (1 + monthly) ** -months)
        m.has("06", "con rendimiento", pension)
        m.has("06", "del sueldo", pension / 700 * 100)
    for value, decimals in ((25 * D("0.40"), 0), (25 + 40, 0), (50 * 240, 0), (D(12_000) / 360, 2), (D(12_000) / 20, 0)):
        m.has("06", "cifra", value, decimals)
    print(f"módulo 7: {m.done} números comprobados")


if __name__ == "__main__":
    main()
