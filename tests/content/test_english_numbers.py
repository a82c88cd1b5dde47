"""Numbers of English texts against their Spanish originals: sums, rates, years, dates, parameters, gaps."""

import re
from collections.abc import Iterator

import pytest

from courses.content.translations import texts_of
from tests.support.courses import COURSES, course_of
from tests.support.numbers_in_texts import differing_numbers

EXPECTED = {
    "Social Security (Minimum Standards) Convention, 1952": "its official title has the year, the Spanish one in use has not",
    "Medical Care and Sickness Benefits Convention, 1969": "the same",
    "Invalidity, Old-Age and Survivors' Benefits Convention, 1967": "the same",
    "Figures of the World Social Protection Report 2024–26": "the report shortens its years in English",
    "Figures of the World Social Protection Report 2020–22": "the same",
    "World Social Protection Report 2024–26": "the same",
}
"""English texts whose numbers differ on purpose, by their beginning, and why."""


def twins(course: str) -> Iterator[tuple[str, str]]:
    """Yield each text of a course in Spanish and English: of lessons, questions and lists, of figures and captions."""
    folder = course_of(course)
    for text in texts_of([folder.modules, *folder.parts.values(), folder.title, folder.summary, folder.objectives], "es"):
        if "en" in text:
            yield text["es"], text["en"]
    for text in texts_of([folder.terms, folder.parameters, folder.resources], "es"):
        if "en" in text:
            yield text["es"], text["en"]
    files = {file.path: file.content.decode() for file in folder.media if file.path.endswith((".svg", ".vtt"))}
    for path, content in files.items():
        if ".en." in path:
            original = files.get(path.replace(".en.", ".")) or files[path.replace(".en.", ".es.")]
            yield words_of(original), words_of(content)


def words_of(file: str) -> str:
    """Return the words of a figure or of captions, without geometry and times."""
    return " · ".join(re.findall(r">([^<]+)<", file)) if "<svg" in file else re.sub(r"(?m)^.*-->.*$", "", file)


@pytest.mark.parametrize("course", COURSES)
def test_english_texts_have_the_numbers_of_their_originals(course: str) -> None:
    differing = [(found, english[:80]) for spanish, english in twins(course) if (found := differing_numbers(spanish, english))]

    assert len([file for file in course_of(course).media if ".en." in file.path]) > 20
    assert [(found, words) for found, words in differing if not words.startswith(tuple(EXPECTED))] == []


def test_what_differs_on_purpose_still_differs() -> None:
    texts = [english for course in COURSES for spanish, english in twins(course) if differing_numbers(spanish, english)]

    assert [words for words in EXPECTED if not any(text.startswith(words) for text in texts)] == []


@pytest.mark.parametrize(
    ("spanish", "english", "differing"),
    [
        ("El 52,4 % de 10 000, desde el 4 de abril de 1973", "52.4% of 10,000, since 4 April 1973", ""),
        ("$0{,}75 \\times 200\\,000$, art. 326.5", "$0.75 \\times 200,000$, art. 326.5", ""),
        ("{{ sbu }} y {anios} años, 1500", "{{ sbu }} and {anios} years, 1,500", ""),
        ("0,75", "0.57", "es alone: ['.75']; en alone: ['.57']"),
        ("el 3 de mayo", "3 June", "es alone: ['3 05']; en alone: ['3 06']"),
        ("El 4 %", "4", "es alone: ['%']"),
        ("{{ sbu }}", "{{ sbu.year }}", "es alone: ['{sbu}']; en alone: ['{sbu.year}']"),
        ("3800 millones en 2024", "3.8 billion in 2024", ""),
        ("entre 1100 y 1400 millones", "between USD 1.1 billion and USD 1.4 billion", ""),
        ("300 mil de 520 mil", "300,000 of 520,000", ""),
        ("300 o 400 mil, 1200 mil", "300,000 or 400,000, 1.2 million", ""),
        ("1345 millones", "1.345 billion (1,354 million)", "en alone: ['1354']"),
        ("gasta 6200 y le faltan 300", "it spends 6.3 billion, so it has to borrow 300 million", "es alone: ['6200']; en alone: ['6.3']"),
        ("2592", "2.592 billion", "es alone: ['2592']; en alone: ['2.592']"),
        ("en diez días", "within 15 days", "en alone: ['15']"),
        ("380 millones", "3.8 billion", "es alone: ['380']; en alone: ['3.8']"),
        ("3800 millones y 3800 millones", "3.8 billion", "es alone: ['3800']"),
        ("300 personas", "300,000 people", "es alone: ['300']; en alone: ['300000']"),
        ("1.500", "1,500", "es alone: ['1', '500']; en alone: ['1500']"),
    ],
)
def test_numbers_are_compared_as_each_language_writes_them(spanish: str, english: str, differing: str) -> None:
    assert differing_numbers(spanish, english) == differing
