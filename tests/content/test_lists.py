"""Glossary, parameters, media, English and the check of both courses."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from courses.content.model import LessonSettings, Severity
from kernel.markup.model import fold
from kernel.markup.render import count_words
from tests.support.courses import BUDGET, CONTENT, COURSES, GOVERNANCE, activities_of, course_of, files_of, reading_of
from tests.support.shared import SHARED, needs_shared

ROOT = Path(__file__).resolve().parents[2]
LETTERS = {"A": GOVERNANCE, "B": BUDGET}


def of_the_pack(name: str) -> Any:
    """Read a list of the fact pack in place."""
    return YAML(typ="safe").load(SHARED / "content" / name)


def without_scheme(address: str) -> str:
    return re.sub(r"^https?://(?:www\.)?", "", address).rstrip("/")


@pytest.mark.parametrize("course", COURSES)
def test_check_finds_no_error_and_no_warning(course: str) -> None:
    """What remains is told: addresses nobody has opened (spec/content-format C611), lessons without a translation.

    spec/content-format C702.
    """
    findings = reading_of(course).findings

    assert [finding for finding in findings if finding.severity is not Severity.INFORMATION] == []
    assert {finding.code for finding in findings} <= {"C611", "C702"}


@pytest.mark.parametrize("course", COURSES)
def test_titles_summaries_and_objectives_are_in_both_languages(course: str) -> None:
    folder = course_of(course)
    texts = [folder.title, folder.summary, *folder.objectives]
    for module in folder.modules:
        texts += [module.title, module.summary, *module.objectives]
        texts += [text for activity in module.activities for text in (activity.title, activity.summary)]

    assert [text["es"] for text in texts if not text.get("en")] == []
    assert [text["es"] for text in texts if text["en"] == text["es"]] == []


@pytest.mark.parametrize("course", COURSES)
def test_first_module_is_translated_whole_and_up_to_date(course: str) -> None:
    first = next(module for module in course_of(course).modules if module.numbered)
    lessons = [activity.settings for activity in first.activities if isinstance(activity.settings, LessonSettings)]

    assert lessons
    for lesson in lessons:
        spanish, english = lesson.lessons
        assert (english.language, english.behind) == ("en", False)
        assert count_words(english.body) > count_words(spanish.body) * 0.7


@pytest.mark.parametrize("course", COURSES)
def test_glossary_has_both_languages_and_every_term_is_linked_from_a_lesson(course: str) -> None:
    folder = course_of(course)
    bodies = [
        (source.language, source.body)
        for activity in activities_of(course, "page")
        for source in activity.settings.lessons
        if isinstance(activity.settings, LessonSettings)
    ]
    linked = {
        fold(words.partition("|")[0].rstrip("\\"))
        for language, body in bodies
        if language == "es"
        for words in re.findall(r"\[\[(.+?)\]\]", body)
    }

    for term in folder.terms:
        assert term.term["en"], term.key
        assert term.definition["en"], term.key
        forms = {fold(form) for form in (term.key, term.term["es"], *term.also.get("es", ()))}
        assert forms & linked, f"no lesson links {term.key}"


@needs_shared
@pytest.mark.shared
def test_terms_of_the_pack_are_all_there_with_their_english() -> None:
    pack: Mapping[str, Mapping[str, str]] = of_the_pack("glossary.yaml")
    known = {
        fold(form): term.term["en"]
        for course in COURSES
        for term in course_of(course).terms
        for form in (term.term["es"], *term.also.get("es", ()))
    }

    assert len(pack) == 143
    assert [term["es"] for term in pack.values() if fold(term["es"]) not in known] == []
    assert [term["es"] for term in pack.values() if fold(known[fold(term["es"])]) != fold(term["en"])] == []


@needs_shared
@pytest.mark.shared
def test_media_of_the_pack_are_attached_where_they_have_an_address() -> None:
    """What has none yet is named in the course's verificar.md."""
    addresses = {key: source["url"] for key, source in of_the_pack("sources.yaml").items()}
    texts = {
        course: "\n".join(
            without_scheme(line)
            for path, content in files_of(course).items()
            if path.endswith(".yaml")
            for line in re.findall(r"https?://\S+", content.decode())
        )
        for course in COURSES
    }
    lacking = [
        (item["id"], course)
        for items in of_the_pack("media.yaml").values()
        for item in items
        for course in {LETTERS[module[0]] for module in item.get("modulos") or ()}
        for address in [item.get("url") or addresses.get(item.get("url_hallada") or "")]
        if address and without_scheme(address) not in texts[course]
    ]

    assert lacking == []


@pytest.mark.parametrize("course", COURSES)
def test_recordings_say_who_hosts_them(course: str) -> None:
    for activity in activities_of(course, "recording"):
        settings = activity.settings
        assert settings.url or settings.path, activity.key
        if settings.url:
            assert settings.host, activity.key


@pytest.mark.parametrize("course", COURSES)
def test_what_is_tied_to_a_year_is_a_parameter_with_its_year_and_source(course: str) -> None:
    parameters = course_of(course).parameters
    lessons = "\n".join(content.decode() for path, content in files_of(course).items() if path.endswith((".md", ".yaml")))

    for parameter in parameters:
        assert 1900 < parameter.year < 2060, parameter.name
        assert parameter.source, parameter.name
        assert parameter.label["en"], parameter.name
        assert re.search(rf"\{{\{{ ?{parameter.name}\b|\b{parameter.name}\b(?!:)", lessons), f"nothing uses {parameter.name}"


@pytest.mark.parametrize("course", COURSES)
def test_addresses_nobody_opened_are_listed(course: str) -> None:
    listed = (ROOT / "content" / course / "verificar.md").read_text(encoding="utf-8")

    assert [
        resource.key for resource in course_of(course).resources if not resource.verified and f"- `{resource.key}`: [" not in listed
    ] == []


REHOSTED = re.compile(r"123dok|scribd|slideshare|docsity|coursehero", re.IGNORECASE)


def test_no_source_is_a_copy_that_somebody_uploaded() -> None:
    """A norm is cited where its institution publishes it, or not by an address."""
    files = [CONTENT / "facts.yaml", *sorted(CONTENT.glob("*/recursos.yaml"))]

    assert [path.parent.name for path in files if REHOSTED.search(path.read_text("utf-8"))] == []
