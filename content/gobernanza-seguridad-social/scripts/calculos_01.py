"""Recompute every calculation of module 1 with exact decimals and compare with its lessons, questions and parameters.

Run: python calculos_01.py   (one line per check; any difference stops it with the label)
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

from ruamel.yaml import YAML

COURSE = Path(__file__).resolve().parent.parent
MODULE = COURSE / "01-la-seguridad-social-en-ecuador"
LANGUAGES = ("es", "en")
PEOPLE = {"obligatorio": 3171174, "voluntario": 214073, "campesino": 362299}
PERSONAL, EMPLOYER = Decimal("0.0945"), Decimal("0.1115")
TOTAL = PERSONAL + EMPLOYER


def plain(text: str) -> str:
    """Turn hard and thin spaces into common ones."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


LESSONS = {f.name[:2] + f.name[-5:-3]: plain(f.read_text(encoding="utf-8")) for f in MODULE.glob("0*.md")}
BANK = {q["key"]: q for q in YAML(typ="safe").load(MODULE / "banco.yaml")["questions"]}
for file in MODULE.glob("0*-caso-*.quiz.yaml"):
    case = BANK[YAML(typ="safe").load(file)["slots"][0]["question"]]
    for language in LANGUAGES:
        LESSONS[file.name[:2] + language] = plain("\n".join(case[field][language] for field in ("text", "model", "explanation")))


def exact(value: Decimal | Fraction | int | str, places: int) -> Decimal:
    """Round half up, as by hand."""
    if isinstance(value, Fraction):
        value = Decimal(value.numerator) / Decimal(value.denominator)
    return Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def check(lesson: str, label: str, value: Decimal | Fraction | int, places: int = 0, unit: str = "") -> None:
    """The rounded value stands in the lesson, in each language that is there, with its own decimal sign."""
    shown = exact(value, places)
    assert lesson + "es" in LESSONS, lesson
    for language in LANGUAGES:
        if lesson + language not in LESSONS:
            continue
        text = f"{shown:f}" if language == "en" else f"{shown:f}".replace(".", ",")
        written = text + (f" {unit}" if unit and language == "es" else unit)
        pattern = r"(?<![\d.,])" + re.escape(written) + r"(?!\d|[.,]\d)"
        assert re.search(pattern, LESSONS[lesson + language]), (lesson, language, label, written)
    print(f"{lesson} {label}: {shown}{unit}")


def answers(key: str, expected: list[Decimal | Fraction | int | str], places: int = 2, gap: str | None = None) -> None:
    """All answers of a numerical question, right first, equal the expected values; no wrong one hides in the tolerance."""
    question = BANK[key]["gaps"][gap] if gap else BANK[key]
    written = [Decimal(str(a.get("right", a.get("wrong")))) for a in question["answers"]]
    wanted = [exact(e, places) for e in expected]
    assert written == wanted, (key, gap, written, wanted)
    tolerance = Decimal(str(question.get("tolerance", 0)))
    assert all(abs(w - written[0]) > 2 * tolerance for w in written[1:]), (key, "the tolerance hides an error")
    print(f"{key}{f'.{gap}' if gap else ''}:", *written)


def lessons() -> None:
    """Every number worked out in the lessons."""
    check("01", "cobertura de la casa", Fraction(2, 5) * 100, unit="%")
    check("01", "brecha de la casa", 100 - Fraction(2, 5) * 100, unit="%")
    check("01", "brecha de 2019", 100 - Decimal("34.8"), 1, "%")
    assert Fraction(652, 1000) < Fraction(2, 3) < Fraction(70, 100), "casi dos de cada tres"
    check("01", "cobertura con Luis", Fraction(3, 5) * 100, unit="%")
    check("01", "error: entre quienes quedan fuera", Fraction(3, 2) * 100)
    check("01", "error: subida de la cobertura", Fraction(1, 5) * 100)

    for label, start, end in (("antes de la unión", 1961, 1963), ("Caja Nacional", 1963, 1970), ("IESS", 1970, 1989)):
        check("02", label, end - start)
    assert 2 + 7 + 19 == 1989 - 1961 == 28
    check("02", "de la caja al IESS", 1970 - 1928)
    check("02", "tramo 1937-1963", 1963 - 1937)
    check("02", "tramo 1970-2001", 2001 - 1970)
    check("02", "1952 y la Caja Nacional", 1963 - 1952)

    total = sum(PEOPLE.values())
    assert total == 3747546
    for name, people in PEOPLE.items():
        check("03", name, Fraction(people, total) * 100, 2, "%")
    assert 5 < Fraction(PEOPLE["voluntario"], total) * 100 < 6 and exact(Fraction(PEOPLE["obligatorio"], total) * 100, 0) == 85
    check("03", "taller, voluntarias", Fraction(4, 40) * 100, unit="%")
    check("03", "error: entre las otras", Fraction(4, 36) * 100, 1)
    check("03", "error: entre el obligatorio", Fraction(4, 30) * 100, 1)

    for label, value in (
        ("Maribel, aporte personal", 600 * PERSONAL),
        ("Maribel, recibe", 600 - 600 * PERSONAL),
        ("Maribel, aporte patronal", 600 * EMPLOYER),
        ("Maribel, al IESS", 600 * TOTAL),
        ("Maribel, gasto de la empresa", 600 + 600 * EMPLOYER),
        ("Byron, descuento", 800 * PERSONAL),
        ("Byron, empresa", 800 * EMPLOYER),
        ("Byron, al IESS", 800 * TOTAL),
        ("Byron, error: patronal sobre el neto", (800 - 800 * PERSONAL) * EMPLOYER),
        ("Byron, neto", 800 - 800 * PERSONAL),
        ("subida de la tasa personal, puntos", Decimal("9.45") - Decimal("9.35")),
        ("pensiones y salud, puntos", Decimal("9.74") + Decimal("5.71")),
    ):
        check("04", label, value, 2)
    check("04", "Byron, error: coma corrida", 800 * PERSONAL * 10)
    assert (Decimal("9.74") + Decimal("5.71")) / Decimal("20.60") == Decimal("0.75"), "tres de cada cuatro"

    check("05", "con algún seguro, de mil", 1000 * Fraction(2, 10))
    check("05", "en el Seguro General, de mil", 1000 * Decimal("0.068"))
    check("05", "en otro seguro, de mil", 200 - 68)
    check("05", "sin ninguno, de mil", 1000 - 200)
    check("05", "error de Ítalo", 1000 * Decimal("0.348"))
    check("05", "Rosa y Sisa, mes bueno", Fraction(380, 60), 2)
    check("05", "Rosa y Sisa, mes malo", Fraction(150, 60), 2)
    assert Fraction(150, 60) < Fraction(28, 10) < Fraction(380, 60)
    check("05", "taxistas sin seguro", 500 - 100)
    check("05", "error: solo Seguro General", 500 - 500 * Decimal("0.068"))
    check("05", "error: brecha de habitantes", 500 * Decimal("0.652"))
    check("05", "resta sin sentido", Decimal("34.8") - 31, 1)

    check("06", "sillas del Gobierno", Fraction(8, 12) * 100, 1, "%")
    assert 8 + 2 + 2 == 12 and 12 // 2 + 1 == 7 and 8 >= 7 > 4 and 9 // 2 + 1 == 5 > 3
    assert 1 + 1 + 0 == 2 and 2 + 2 + 0 == 4 and 5 + 2 == 7

    check("07", "pago en un mes bueno", Fraction(45, 380) * 100, 1, "%")
    check("07", "pago en un mes malo", Fraction(45, 150) * 100, unit="%")


def questions() -> None:
    """Every number of the bank, right and wrong."""
    answers("brecha-de-un-barrio", [63, 37, 315, "170.27"], 2)
    assert [exact(Fraction(n, d) * 100, 2) for n, d in ((315, 500), (185, 500), (315, 185))] == [63, 37, Decimal("170.27")]
    total = sum(PEOPLE.values())
    shares = [Fraction(PEOPLE["campesino"], d) * 100 for d in (total, total - PEOPLE["campesino"], PEOPLE["obligatorio"])]
    answers("parte-campesina", [*shares, Fraction(PEOPLE["voluntario"], total) * 100], 1)
    answers("sueldo-neto-1200", [1200 * k for k in (1 - PERSONAL, PERSONAL, 1 - EMPLOYER, 1 - TOTAL, 1 + PERSONAL)])
    answers("parte-que-falta", ["11.15", "30.05"], gap="tasa")
    assert Decimal("20.60") - Decimal("9.45") == Decimal("11.15") and Decimal("20.60") + Decimal("9.45") == Decimal("30.05")
    answers("parte-que-falta", [600 * EMPLOYER, 600 * PERSONAL, 600 * (1 - PERSONAL) * EMPLOYER], gap="monto")
    answers("brecha-del-pais-2019", [100 - Decimal("34.8"), Decimal("34.8")], 1, gap="brecha")
    answers("brecha-del-pais-2019", [652, 348, "65.2"], 1, gap="personas")
    answers("independientes-sin-seguro", [2500 * s for s in (Decimal("0.8"), Decimal("0.2"), 1 - Decimal("0.068"), Decimal("0.98"))], 0)
    answers("mesa-de-1928", [Fraction(n, d) * 100 for n, d in ((5, 7), (2, 7), (2, 5), (5, 2))], 1)
    assert Fraction(60, 400) == Fraction(15, 100) and 400 - 60 == 340
    for wage in range(500, 2001, 100):
        values = [wage * TOTAL, wage * PERSONAL, wage * EMPLOYER, wage * PERSONAL + wage * (1 - PERSONAL) * EMPLOYER]
        assert values[0] == exact(values[0], 2), "el resultado no da céntimos exactos"
        assert all(abs(values[0] - v) > Decimal("0.10") for v in values[1:]), wage
    print("total-al-iess: 16 sueldos, sin choques con la tolerancia")


def parameters() -> None:
    """The rates of the parameters are those of the examples."""
    file = COURSE / "parametros.yaml"
    if not file.exists():
        print("parametros.yaml: todavía no está")
        return
    values = {k: Decimal(str(v["value"])) for k, v in YAML(typ="safe").load(file).items()}
    assert values["aporte_personal_privado"] == PERSONAL * 100
    assert values["aporte_patronal_privado"] == EMPLOYER * 100
    assert values["aporte_total_privado"] == TOTAL * 100
    assert values["cobertura_2019"] == Decimal("34.8")
    print("parametros.yaml: tasas y cobertura iguales a las de los ejemplos")


if __name__ == "__main__":
    lessons()
    questions()
    parameters()
