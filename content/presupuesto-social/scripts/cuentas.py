"""Check that the sums written in a module's lessons and bank are right. Shared by calculos_01.py to calculos_06.py.

A sum is `a × b = c` in a sentence or a table row `| a × b | c |`; every one found is recomputed with exact fractions.
Spanish and English texts are read, each with its own decimal sign. Needs ruamel.yaml.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal as D
from fractions import Fraction as F
from pathlib import Path

from ruamel.yaml import YAML

COURSE = Path(__file__).resolve().parent.parent
NUMBERS = {"es": r"\d{1,3}(?: \d{3})+(?:,\d+)?|\d+(?:,\d+)?", "en": r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"}


def patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The pattern of a sum in a sentence and of one in a table row."""
    n = f"(?:{NUMBERS[language]})"
    terms = rf"−?\(?{n}\)?(?: ?[×÷−+] ?\(?{n}\)?)+"
    percent = r"( ?%)?"
    sentence = re.compile(rf"(?<![\w,.−])({terms}) = \**(?:USD )?(−?{n}){percent}")
    row = re.compile(rf"\| (?:[^|\n]*: )?({terms}) \| \**(−?{n}){percent} ?[|*]")
    return sentence, row


def plain(text: str) -> str:
    """Turn hard and thin spaces into common ones."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def read(number: str, language: str) -> F:
    """A number as each language writes it."""
    number = number.replace("−", "-").replace(" ", "")
    return F(number.replace(",", ".") if language == "es" else number.replace(",", ""))


def value(words: str, language: str) -> F:
    """The exact value of a sum as written: `600 ÷ 30 × 17`."""
    if words.count("(") != words.count(")"):
        words = words.lstrip("(")  # the sum begins inside a parenthesis of the sentence
    code = re.sub(NUMBERS[language], lambda m: f"F('{read(m.group(), language)}')", words)
    return eval(code.replace("×", "*").replace("÷", "/").replace("−", "-"), {"F": F})  # only digits and signs


def rounded(exact: F, places: int) -> D:
    """Round half up, as by hand."""
    return (D(exact.numerator) / D(exact.denominator)).quantize(D(1).scaleb(-places), ROUND_HALF_UP)


def texts_of(value: object, language: str) -> list[str]:
    """The texts of a language within what a bank says; a text that stands in one language only is Spanish."""
    if isinstance(value, str):
        return [value] if language == "es" else []
    if isinstance(value, dict) and "es" in value:
        return [value[language]] if language in value else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for each in inner for text in texts_of(each, language)]


class Module:
    """The lessons and the bank of one module."""

    def __init__(self, folder: str) -> None:
        """Read the texts, with plain spaces."""
        path = COURSE / folder
        self.lessons = {(f.name[:2], f.name[-5:-3]): plain(f.read_text(encoding="utf-8")) for f in sorted(path.glob("0*.md"))}
        bank = path / "banco.yaml"
        self.bank = {q["key"]: q for q in YAML(typ="safe").load(bank)["questions"]}
        for file in sorted(path.glob("0*-caso-*.quiz.yaml")):
            case = self.bank[YAML(typ="safe").load(file)["slots"][0]["question"]]
            for language in case["text"] if isinstance(case["text"], dict) else ["es"]:
                self.lessons[file.name[:2], language] = plain("\n".join(texts_of(case, language)))
        self.texts = [
            *self.lessons.items(),
            *((("banco", language), plain("\n".join(texts_of(self.bank, language)))) for language in NUMBERS),
        ]

    def sums(self) -> None:
        """Every sum of the lessons and the bank is right."""
        count = 0
        for (name, language), text in self.texts:
            for pattern in patterns(language):
                for match in pattern.finditer(text):
                    words, result, percent = match.groups()
                    exact = value(words, language)
                    places = len(result.partition("," if language == "es" else ".")[2]) if language == "es" or "." in result else 0
                    written = D(str(float(read(result, language))))
                    # `8 × 0,5 = 4 %` starts from a percentage; `1 ÷ 4 = 25 %` arrives at one.
                    right = [rounded(exact * factor, places) for factor in ((1, 100) if percent else (1,))]
                    assert written.quantize(D(1).scaleb(-places)) in right, (name, language, match.group(), right)
                    count += 1
        print(f"{count} sums written in the texts are right")

    def has(self, lesson: str, label: str, exact: F | int | str, places: int = 0) -> None:
        """The Spanish lesson contains the rounded value."""
        shown = f"{rounded(F(exact), places):f}".replace(".", ",").replace("-", "−")
        whole, comma, rest = shown.partition(",")
        if len(whole) > 4:
            whole = f"{int(whole):,}".replace(",", " ")
        pattern = rf"(?<![\d,]){re.escape(whole + comma + rest)}(?!\d|,\d)"
        assert re.search(pattern, self.lessons[lesson, "es"]), (lesson, label, whole + comma + rest)
        print(f"{lesson} {label}: {shown}")

    def answers(self, key: str, *expected: F | int | str, places: int = 2, gap: str | None = None) -> None:
        """All answers of a numerical question or gap, right first, are the expected; the tolerance hides no error."""
        question = self.bank[key]["gaps"][gap] if gap else self.bank[key]
        written = [D(str(a.get("right", a.get("wrong")))) for a in question["answers"]]
        wanted = [rounded(F(e), places) for e in expected]
        assert len(written) == len(wanted) and all(w == g for w, g in zip(wanted, written)), (key, gap, written, wanted)
        tolerance = D(str(question.get("tolerance", 0)))
        assert all(abs(w - written[0]) > 2 * tolerance for w in written[1:]), (key, "the tolerance hides an error")
        print(key, gap or "", *written)
