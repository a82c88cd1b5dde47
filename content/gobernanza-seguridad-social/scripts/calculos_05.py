"""Recompute every number of module 5, right and wrong answers included. Run: python scripts/calculos_05.py

Needs ruamel.yaml. Any difference raises; the last line says how many numbers were compared.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP
from decimal import Decimal as D
from pathlib import Path

from ruamel.yaml import YAML

COURSE = Path(__file__).resolve().parent.parent


def rounded(value: D, decimals: int) -> str:
    """Round half up and write with the decimal comma, thousands apart from five digits."""
    shown = str(value.quantize(D(1).scaleb(-decimals), rounding=ROUND_HALF_UP))
    whole, _, rest = shown.partition(".")
    if len(whole) > 4:
        whole = f"{int(whole):,}".replace(",", " ")
    return whole + ("," + rest if rest else "")


class Module:
    """The texts of one module and what was compared in them (modules 6 and 7 use it too)."""

    def __init__(self, folder: str) -> None:
        """Read the bank and the lessons; no-break spaces become plain ones."""
        path = COURSE / folder
        bank = YAML(typ="safe").load((path / "banco.yaml").read_text(encoding="utf-8"))
        self.bank = {q["key"]: q for q in bank["questions"]}
        self.text = {p.name[:2]: p.read_text(encoding="utf-8").replace("\u00a0", " ") for p in path.glob("*.es.md")}
        self.done = 0

    def lesson(self, number: str, value: D | int, decimals: int = 0) -> None:
        """The lesson contains the value."""
        assert rounded(D(value), decimals) in self.text[number], (number, value)
        self.done += 1

    def answers(self, key: str, *expected: D | int, decimals: int = 2, each: list[int] | None = None) -> None:
        """The right answer and then the wrong ones, in order; no wrong one within reach of the tolerance."""
        question = self.bank[key]
        written = [D(str(a.get("right", a.get("wrong")))) for a in question["answers"]]
        places = each or [decimals] * len(expected)
        wanted = [D(e).quantize(D(1).scaleb(-n), rounding=ROUND_HALF_UP) for e, n in zip(expected, places, strict=True)]
        assert written == wanted, (key, written, wanted)
        tolerance = D(str(question.get("tolerance", 0)))
        assert all(abs(w - written[0]) > 2 * tolerance for w in written[1:]), (key, "tolerance")
        self.done += len(written)


def main() -> None:
    """Check the bank, then the lessons."""
    m = Module("05-desempleo-y-cesantia")
    answers, lesson, texts, bank = m.answers, m.lesson, m.text, m.bank
    pay24, pay25 = 460 * D("0.70"), 470 * D("0.70")
    assert (pay24, pay25) == (322, 329)
    answers("pago-del-fondo-solidario", pay25, pay24, 470 * D("0.30"), 470)
    average = D(433_000_000) / 212_484
    answers("cesantia-promedio-2023", average, D(433_000) / 212_484, D(212_484) / 433, each=[0, 2, 0])
    answers("reemplazo-sueldo-700", pay25 / 700 * 100, 70, 100 - pay25 / 700 * 100, D(700) / pay25 * 100, decimals=1)
    answers("cesantia-de-cuarenta-meses", 650 * D("0.02") * 40, 650 * D("0.02"), 650 * D("0.03") * 40, 650 * D("0.2") * 40)
    answers("total-de-cinco-pagos", pay25 * 5, pay25 * 6, 470 * 5, pay25 * 24)
    answers("accesos-por-mes-2024", D(26_246) / 11, D(26_246) / 12, D(26_246) / 10, decimals=0)
    answers("sueldo-que-llega-al-cincuenta", pay25 / D("0.50"), pay25 * D("0.50"), pay25 / D("0.70"), decimals=1)
    rates = [rounded(pay25 / w * 100, 1) for w in (500, 700, 1000, 1400)]
    assert rates == ["65,8", "47,0", "32,9", "23,5"]
    assert all(r in bank["orden-de-tasas-de-reemplazo"]["explanation"] for r in rates)

    # 1. Perder el empleo
    assert D(300) / 600 == D("0.5") and 600 * 5 == 3000 and 3000 > 4 * 700
    for value, decimals in ((700 * D("0.01"), 0), (7 * 1000, 0), (D(7000) / 329, 1), (40 * 329, 0), (40 * 329 - 7000, 0)):
        lesson("01", value, decimals)
    for value, decimals in ((600 * D("0.01") * 2000, 0), (D(12_000) / 329, 1), (D(600 * 2000) / 329, 0)):
        lesson("01", value, decimals)
    # 2. Seguro solidario
    for value in (700 * D("0.70"), pay25, pay25 * 5, pay24, pay24 * 3, pay24 * 5, pay25 * 3):
        lesson("02", value)
    # 3. Cesantía
    for months in (12, 24, 36):
        lesson("03", 700 * D("0.02") * months, 2)
    lesson("03", average, 2)
    assert 145 < average / 14 < 146 and 145 > 12 * 12 and 4 < average / 504 < D("4.1")
    for value in (1000 * D("0.02"), 20 * 30, 1000 * D("0.03") * 30, 1000 * D("0.2") * 30):
        lesson("03", value)
    # 4. Normas
    for rate in rates:
        assert rate in texts["04"]
    for value, decimals in ((pay25 / D("0.5"), 0), (50 - D("23.5"), 1), (500 * D("0.7"), 0), (1400 * D("0.5"), 0), (500 * D("0.5"), 0)):
        lesson("04", value, decimals)
    assert D(350) / 700 == D("0.5")
    # 5. Cobertura
    assert 50 - 12 == 38 and 38 - 8 == 30 and 30 - 10 == 20
    for value, decimals in ((D(26_246) / 11, 0), (D(20) / 50 * 100, 0), (D(20) / 30 * 100, 1), (D(26) / 50 * 100, 0), (D(26) / 30 * 100, 1)):
        lesson("05", value, decimals)
    assert D(26) / 50 * 100 - 40 == 12 and D(6) / 20 == D("0.3")
    print(f"módulo 5: {m.done} números comprobados")


if __name__ == "__main__":
    main()
