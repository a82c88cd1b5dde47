"""Read a module of a course and check its numbers: shared by scripts/calculos_*.py of every course.

A sum is `a × b = c` in a sentence or a table row `| a × b | c |`; every one found is recomputed with exact fractions.
Spanish and English texts are read, each with its own decimal sign. Needs ruamel.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal as D
from fractions import Fraction as F
from itertools import product
from math import floor
from pathlib import Path

from ruamel.yaml import YAML

CONTENT = Path(__file__).resolve().parent.parent
NUMBERS = {"es": r"\d{1,3}(?: \d{3})+(?:,\d+)?|\d+(?:,\d+)?", "en": r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"}
Exact = F | D | int | str


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


def rounded(exact: Exact, places: int) -> D:
    """Round half up, as by hand."""
    exact = F(exact)
    return (D(exact.numerator) / D(exact.denominator)).quantize(D(1).scaleb(-places), ROUND_HALF_UP)


def written(exact: Exact, places: int, language: str = "es") -> str:
    """A number rounded and written as the language does: thousands apart from five digits, in English from four."""
    shown = rounded(exact, places)
    whole, _, rest = f"{abs(shown):f}".partition(".")
    mark, point, least = (" ", ",", 5) if language == "es" else (",", ".", 4)
    if len(whole) >= least:
        whole = f"{int(whole):,}".replace(",", mark)
    return ("−" if shown < 0 else "") + whole + (point + rest if rest else "")


def parameters(course: str) -> dict[str, F]:
    """The figures of a course that are tied to a year, by name."""
    entries = YAML(typ="safe").load(CONTENT / course / "parametros.yaml")
    known = {name: F(str(entry["value"])) for name, entry in entries.items() if "value" in entry}
    waiting = {name: entry for name, entry in entries.items() if "formula" in entry}
    while waiting:
        ready = [name for name, entry in waiting.items() if set(re.findall(r"[a-z]\w*", entry["formula"])) <= known.keys()]
        assert ready, ("a formula names an unknown figure", sorted(waiting))
        for name in ready:
            entry = waiting.pop(name)
            code = re.sub(r"(?<![\w.])\d+(?:\.\d+)?", lambda m: f"F('{m.group()}')", entry["formula"])
            exact = F(eval(code, {"F": F, **known}))  # only digits, signs and names of figures
            known[name] = F(rounded(exact, int(entry.get("decimals", 0 if exact.denominator == 1 else 2))))
    return known


def work_out(expression: str, values: Mapping[str, F]) -> F:
    """The value of an expression of a calculated question, exact where it has only sums, products and whole powers."""
    code = re.sub(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", lambda m: f"F('{m.group()}')", expression)
    return F(eval(code, {"F": F, "abs": abs, "max": max, "min": min, "floor": floor, "__builtins__": {}}, dict(values)))  # our own questions


def draws_of(question: Mapping[str, object], most: int = 3000) -> Iterator[dict[str, F]]:
    """All draws of a calculated question, or as many as `most` spread over them."""
    ranges = []
    for variable in question["variables"].values():
        if "values" in variable:
            ranges.append([F(str(value)) for value in variable["values"]])
        else:
            low, high, step = (F(str(variable[name])) for name in ("from", "to", "step"))
            ranges.append([low + step * place for place in range(int((high - low) / step) + 1)])
    combinations = list(product(*ranges))
    for values in combinations[:: max(1, len(combinations) // most)]:
        drawn = dict(zip(question["variables"], values, strict=True))
        if all(work_out(condition, drawn) for condition in question.get("conditions", ())):
            yield drawn


def texts_of(value: object, language: str) -> list[str]:
    """The texts of a language within what a bank says; a text that stands in one language only is Spanish."""
    if isinstance(value, str):
        return [value] if language == "es" else []
    if isinstance(value, dict) and "es" in value:
        return [value[language]] if language in value else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for each in inner for text in texts_of(each, language)]


class Module:
    """The lessons, cases and questions of one module."""

    def __init__(self, folder: str) -> None:
        """Read the texts of a folder such as `presupuesto-social/03-motores`, with plain spaces."""
        path = CONTENT / folder
        self.done = 0
        self.tried: set[str] = set()
        self.figures = parameters(path.parent.name)
        self.lessons = {(f.name[:2], f.name[-5:-3]): plain(f.read_text(encoding="utf-8")) for f in sorted(path.glob("0*.md"))}
        self.bank = {q["key"]: q for q in YAML(typ="safe").load(path / "banco.yaml")["questions"]}
        shared = {q["key"]: q for f in sorted(path.parent.glob("banco/*.yaml")) for q in YAML(typ="safe").load(f)["questions"]}
        for file in sorted(path.glob("0*-caso-*.quiz.yaml")):
            asked = [slot["question"] for slot in YAML(typ="safe").load(file)["slots"] if "question" in slot]
            self.bank |= {key: shared[key] for key in asked if key in shared}
            for language in NUMBERS:
                words = [text for key in asked for text in texts_of(self.bank[key], language)]
                if words:
                    self.lessons[file.name[:2], language] = plain("\n".join(words))

    def _texts(self) -> Iterator[tuple[str, str, str]]:
        for (name, language), text in self.lessons.items():
            yield name, language, text
        for language in NUMBERS:
            yield "banco", language, plain("\n".join(texts_of(self.bank, language)))

    def sums(self) -> None:
        """Every sum of the lessons and the bank is right."""
        count = 0
        for name, language, text in self._texts():
            for pattern in patterns(language):
                for match in pattern.finditer(text):
                    words, result, percent = match.groups()
                    exact = value(words, language)
                    places = len(result.partition("," if language == "es" else ".")[2]) if language == "es" or "." in result else 0
                    # `8 × 0,5 = 4 %` starts from a percentage; `1 ÷ 4 = 25 %` arrives at one.
                    right = [rounded(exact * factor, places) for factor in ((1, 100) if percent else (1,))]
                    assert rounded(read(result, language), places) in right, (name, language, match.group(), right)
                    count += 1
        print(f"{count} sums written in the texts are right")

    def has(self, lesson: str, label: str, exact: Exact, places: int = 0, unit: str = "") -> None:
        """The lesson contains the rounded value, in each language that it is written in."""
        for language in NUMBERS:
            if language == "es" or (lesson, language) in self.lessons:
                shown = written(exact, places, language) + (f" {unit}" if unit and language == "es" else unit)
                pattern = rf"(?<![\d.,]){re.escape(shown)}(?!\d|[.,]\d)"
                assert re.search(pattern, self.lessons[lesson, language]), (lesson, language, label, shown)
        self.done += 1
        print(f"{lesson} {label}: {written(exact, places)}{unit}")

    def answers(
        self, key: str, *expected: Exact, places: int = 2, gap: str | None = None, each: Sequence[int] | None = None
    ) -> None:
        """All answers of a numerical question or gap, right first, are the expected; the tolerance hides no error."""
        question = self.bank[key]["gaps"][gap] if gap else self.bank[key]
        given = [D(str(a.get("right", a.get("wrong")))) for a in question["answers"]]
        wanted = [rounded(e, n) for e, n in zip(expected, each or [places] * len(expected), strict=True)]
        assert given == wanted, (key, gap, given, wanted)
        tolerance = D(str(question.get("tolerance", 0)))
        assert all(abs(w - given[0]) > 2 * tolerance for w in given[1:]), (key, gap, "the tolerance hides an error")
        self.done += len(given)
        print(key, gap or "", *given)

    def drawn(self, key: str, values: Mapping[str, Exact], expected: Exact) -> None:
        """The right answer of a calculated question is the expected with these values, and each wrong one differs from it with every draw.

        Numbers asked for with decimals are accepted as rounded by hand: the tolerance reaches half of the last one.
        """
        question = self.bank[key]
        right, *wrong = (str(answer.get("right", answer.get("wrong"))) for answer in question["answers"])
        given = {name: F(value) for name, value in values.items()}
        assert set(given) == set(question["variables"]), (key, "names of the variables")
        worked = work_out(right, {**self.figures, **given})
        assert worked == F(expected), (key, float(worked), float(F(expected)))
        tolerance, count = F(str(question.get("tolerance", 0))), 0
        for draw in draws_of(question):
            exact = work_out(right, {**self.figures, **draw})
            assert abs(F(rounded(exact, int(question["decimals"]))) - exact) <= tolerance, (key, draw, "a rounded answer would be refused")
            close = [expression for expression in wrong if abs(work_out(expression, {**self.figures, **draw}) - exact) <= 2 * tolerance]
            assert not close, (key, {name: float(value) for name, value in draw.items()}, close)
            count += 1
        assert count >= 8, (key, count, "too few draws")
        self.done += 1
        self.tried.add(key)
        print(f"{key}: {count} draws")

    def all_drawn(self) -> None:
        """Every calculated question of the bank was worked out."""
        left = {key for key, question in self.bank.items() if question["kind"] == "calculated"} - self.tried
        assert not left, left
