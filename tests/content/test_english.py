"""Both courses read in English: titles everywhere, lessons where they are translated; a notice with the Spanish text elsewhere."""

from pathlib import Path

import pytest
from yaml import safe_load

from courses.content.translations import language_shares
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, folder, publish, sign_in
from tests.support.courses import CONTENT, COURSES, course_of
from tests.support.spanish_words import SHARED_WORDS, course_texts, spanish_in

NOTICE = "This lesson has not been translated yet"


def test_a_lesson_without_translation_says_so_and_offers_the_original(browser: Browser, instance: Instance) -> None:
    publish(instance, {path: text for path, text in folder("prueba").items() if not path.endswith(".en.md")})
    a_person(instance, language="en")
    reader = sign_in(browser.another("en"))
    reader.get("/courses/prueba")
    reader.submit("/enrolment")

    page = reader.get("/courses/prueba/activities/leccion-1")

    assert NOTICE in page.text
    assert '<div class="prose" lang="es">' in page.html


@pytest.mark.parametrize("course", COURSES)
def test_every_module_is_whole_in_english(course: str) -> None:
    """Lessons, questions, glossary and the course's own words: no page of the catalogue or the course has a share to say."""
    shares = language_shares(course_of(course))

    assert {share.module for share in shares} == {"", *(module.key for module in course_of(course).modules)}
    assert [share for share in shares if share.written != share.total] == []


@pytest.mark.parametrize("course", COURSES)
def test_no_english_text_holds_spanish_that_is_not_marked_with_its_language(course: str) -> None:
    """Lessons, questions, terms, captions and words of figures: names, quotations and titles are marked, or listed as words of both."""
    texts = [text["en"] for text in course_texts(course_of(course)) if "en" in text]

    assert len(texts) > 100
    assert [found for text in texts for found in spanish_in(text)] == []


def test_a_title_in_both_files_of_a_lesson_is_one() -> None:
    """The Spanish file may carry the English title and summary too; a reader sees those of the English file."""
    pairs = [(path, path.with_name(path.name.replace(".es.md", ".en.md"))) for path in CONTENT.rglob("*.es.md")]

    differing = [
        f"{spanish.name} {name}"
        for spanish, english in pairs
        for name in ("title", "summary")
        if isinstance(both := _head(spanish).get(name), dict) and both.get("en") not in (None, _head(english).get(name))
    ]

    assert len(pairs) > 50
    assert differing == []


def _head(path: Path) -> dict[str, object]:
    return safe_load(path.read_text(encoding="utf-8").split("---")[1])


@pytest.mark.parametrize("course", COURSES)
def test_links_open_and_close_in_one_paragraph(course: str) -> None:
    """A link to a term that is cut off by an edit is shown as it stands."""
    texts = [paragraph for text in course_texts(course_of(course)) for words in text.values() for paragraph in words.split("\n\n")]

    assert len(texts) > 100
    assert [text for text in texts if text.count("[[") != text.count("]]")] == []


def test_spanish_is_found_by_its_words_and_not_where_it_is_marked() -> None:
    assert [found.partition(":")[0] for found in spanish_in("The pensión of the Ley, in Los Ríos")] == ["pensión", "Ley"]
    assert spanish_in("The [*pensión*]{lang=es} of the [Ley]{lang=es}, in Los Ríos") == []


def test_words_of_both_languages_are_in_order() -> None:
    lines = SHARED_WORDS.read_text(encoding="utf-8").splitlines()

    assert lines == sorted(set(lines))
