"""What is known of the rules that the courses teach (content/facts.yaml) against what they say: value, norm, nothing refuted."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support.courses import CONTENT, COURSES, course_of, files_of

PARAMETER = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)(?:\.(year|number))?\s*\}\}")
USES = {"must", "optional", "never"}
CONFIDENCES = {"read", "agreed", "probable", "not found"}
OVER = "sbu_2025"
"""A value of a year that is over: the courses show the one in force, which a fact of its own holds."""


@dataclass(frozen=True, slots=True)
class Telling:
    """A file that has to tell a fact: with which words, and citing which place of which source."""

    fact: str
    file: str
    words: tuple[str, ...]
    cites: tuple[str, ...]


@cache
def facts() -> list[Mapping[str, Any]]:
    """Return every fact as it is written."""
    entries: list[Mapping[str, Any]] = YAML(typ="safe").load(CONTENT / "facts.yaml")["facts"]
    return entries


def tellings() -> list[Telling]:
    """Return every place where a fact has to stand."""
    return [
        Telling(fact["key"], place["in"], tuple(place.get("words", ())), tuple(place.get("cites", ())))
        for fact in facts()
        for place in fact.get("told", ())
    ]


@cache
def written_parameters(course: str) -> Mapping[str, tuple[str, str, int]]:
    """Return how each figure of a course is written: number, with its unit, and its year."""
    return {one.name: shown(one.written.replace(".", ","), one.unit, one.year) for one in course_of(course).parameters}


def shown(number: str, unit: str, year: int) -> tuple[str, str, int]:
    """Write a figure as its lessons show it, thousands apart from five digits."""
    whole, point, rest = number.partition(",")
    apart = f"{int(whole):,}".replace(",", " ") if len(whole) > 4 else whole
    full = apart + point + rest
    return full, {"USD": f"USD {full}", "%": f"{full} %", "none": full}.get(unit, f"{full} {unit}"), year


def text_of(file: str) -> str:
    """Return what a file of content/ says, with its figures worked out and plain spaces."""
    course, _slash, path = file.partition("/")
    figures = written_parameters(course)

    def value(found: re.Match[str]) -> str:
        number, whole, year = figures[found[1]]
        return {"year": str(year), "number": number}.get(found[2], whole)

    return PARAMETER.sub(value, files_of(course)[path].decode().replace("\u00a0", " ").replace("\u202f", " "))


def lacking(telling: Telling) -> Iterator[str]:
    """Yield what a file does not say or cite of a fact."""
    text = text_of(telling.file)
    cited = " ".join(re.findall(r"\[(@[^\]]+)\]", text)) + " "
    for words in telling.words:
        if not re.search(rf"(?<![\d,]){re.escape(words)}(?!\d|,\d)", text):
            yield f"{telling.fact}: {telling.file} does not say “{words}”"
    for place in telling.cites:
        if not re.search(rf"@{re.escape(place)}(?![\w-])", cited):
            yield f"{telling.fact}: {telling.file} does not cite “{place}”"


@pytest.mark.parametrize("telling", tellings(), ids=lambda one: f"{one.fact}-{one.file.partition('/')[2]}")
def test_a_course_tells_what_is_known_with_its_value_and_its_norm(telling: Telling) -> None:
    assert list(lacking(telling)) == []


def test_what_is_refuted_or_was_not_found_is_told_nowhere() -> None:
    told = [
        f"{fact['key']}: {course}/{path} says “{words}”"
        for course in COURSES
        for path in sorted(files_of(course))
        if path.endswith((".md", ".yaml")) and path != "verificar.md"
        for text in [files_of(course)[path].decode().replace("\u00a0", " ")]
        for fact in facts()
        for words in fact.get("never", ())
        if re.search(rf"(?<![\d,]){re.escape(words)}(?!\d|,\d)", text)
    ]

    assert told == []


def test_every_fact_says_what_it_is_and_how_far_it_is_known() -> None:
    keys = [fact["key"] for fact in facts()]

    assert len(keys) == len(set(keys)) >= 57
    for fact in facts():
        assert fact["use"] in USES, fact["key"]
        assert fact["confidence"] in CONFIDENCES, fact["key"]
        assert fact["statement"], fact["key"]
        assert fact.get("sources") or fact["confidence"] == "not found", fact["key"]


def test_what_the_courses_must_tell_says_where_and_what_they_must_not_says_its_words() -> None:
    """Nothing of low confidence is demanded, and what is not found is refused by its words."""
    for fact in facts():
        if fact["use"] == "must" and fact["key"] != OVER:
            assert fact.get("told"), fact["key"]
            assert fact["confidence"] in ("read", "agreed"), fact["key"]
        if fact["use"] == "never":
            assert fact.get("never"), fact["key"]
            assert not fact.get("told"), fact["key"]
