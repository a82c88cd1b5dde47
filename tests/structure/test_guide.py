"""The guide says what the interface says: its labels, links, pictures and sections exist in both languages, and each page has one."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from flask import Flask

from kernel.i18n import LANGUAGES
from kernel.markup.model import NO_CREDIT
from kernel.paths import STATIC
from lms.app import FEATURES
from lms.guide.chapters import LABEL, READERS, TEXTS, GuideChapter, labelled, list_chapters, list_sources
from scripts import guide_pictures, translations
from tests.support.project import ROOT

FILES = sorted(TEXTS.rglob("*.md"))
PICTURES = STATIC / "guide"
HEAVIEST_PICTURE, HEAVIEST_FOLDER = 40_000, 1_500_000
MOST_WORDS = 170
"""Of a section: it answers one question."""
FILES_SENT = re.compile(
    r"\.(csv|ics|json|ods|pdf|txt|xlsx)$|/<name>$|/files/<|/picture/<|/(evidence|picture|logo)$"
    r"|^/static/|^/site/(logo|front)/|^/site\.css$|^/metrics$"
)
"""Addresses that answer with a file."""
NEED_NO_HELP = {
    "certificates.short": "leads to certificates.verify",
    "certificates_keys.authority_certificate": "is a file",
    "certificates_keys.did": "is for programs",
    "certificates_keys.key_list": "is for programs",
    "certificates_status.ended": "is for programs",
    "certificates_status.replaced": "is for programs",
    "lms.accessibility": "explains itself",
    "lms.home": "leads to the catalogue or to one's work",
    "lms.live": "is for a probe",
    "lms.privacy": "explains itself",
    "lms.ready": "is for a probe",
    "lms_guide.chapter": "is the help",
    "lms_guide.contents": "is the help",
}


def known_labels() -> set[str]:
    """Return every message of the interface that has no placeholder."""
    return {message.id for message in translations.read() if isinstance(message.id, str) and message.id and "%(" not in message.id}


def unknown(text: str, known: set[str]) -> list[str]:
    """Return the labels that no page of the interface has."""
    return sorted({label for label in LABEL.findall(text) if label not in known})


def shape(text: str) -> list[str]:
    """Return the sections, labels, links and pictures of a chapter: what both languages share."""
    return sorted(re.findall(r"\{#[a-z0-9-]+\}|\[\[.+?\]\]|\]\([^)]+\)", text))


def pages(app: Flask) -> set[str]:
    """Return the endpoints that answer a GET with a page."""
    return {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not FILES_SENT.search(str(rule))}


@pytest.fixture
def shown(app: Flask) -> dict[str, tuple[GuideChapter, ...]]:
    """Return the chapters of each language as they are shown."""
    with app.test_request_context():
        return {language: list_chapters(language) for language in LANGUAGES}


def test_every_label_that_the_guide_names_is_one_of_the_interface() -> None:
    known = known_labels()

    assert {path.relative_to(ROOT).as_posix(): found for path in FILES if (found := unknown(path.read_text("utf-8"), known))} == {}
    assert unknown("Press [[Save]] or [[No such button]].", known) == ["No such button"]


def test_a_label_is_shown_in_the_language_of_its_reader() -> None:
    assert labelled("[[Save]]", "es") == "**Guardar**"
    assert labelled("[[Save]]", "en") == "**Save**"


@pytest.mark.parametrize("path", sorted((TEXTS / "es").rglob("*.md")), ids=lambda path: path.stem)
def test_both_languages_have_the_same_sections_labels_and_links(path: Path) -> None:
    english = TEXTS / "en" / path.relative_to(TEXTS / "es")

    assert shape(path.read_text("utf-8")) == shape(english.read_text("utf-8"))


def test_every_chapter_is_there_in_both_languages() -> None:
    names = [{path.relative_to(TEXTS / language) for path in FILES if path.is_relative_to(TEXTS / language)} for language in LANGUAGES]

    assert names[0] == names[1]
    assert {name.parts[0] for name in names[0]} == set(READERS)


def test_chapters_are_rendered_without_a_finding(shown: dict[str, tuple[GuideChapter, ...]]) -> None:
    """A missing picture is a finding; a page that does not exist is an error. Our own pictures need no credit."""
    problems = [(chapter.path, problem) for chapters in shown.values() for chapter in chapters for problem in chapter.text.problems]

    assert [(path, problem.message) for path, problem in problems if problem.code != NO_CREDIT.code] == []


def every_section() -> Mapping[str, frozenset[str]]:
    """Return the addresses of all sections by language, as `learner/quizzes#start`."""
    keys = re.compile(r"^## .*\{#([a-z0-9-]+)\}$", re.MULTILINE)
    return {
        language: frozenset(f"{source.reader}/{source.key}#{key}" for source in list_sources(language) for key in keys.findall(source.body))
        for language in LANGUAGES
    }


def test_links_between_sections_lead_to_sections_that_exist() -> None:
    sections = every_section()["es"]
    chapters = {section.partition("#")[0] for section in sections}
    targets = {target for path in FILES for target in re.findall(r"\]\(guide:([^)]+)\)", path.read_text("utf-8"))}

    assert not {target for target in targets if target not in (sections if "#" in target else chapters)}


def test_sections_are_short_and_say_how(shown: dict[str, tuple[GuideChapter, ...]]) -> None:
    sections = [(chapter, section) for chapters in shown.values() for chapter in chapters for section in chapter.sections]
    long = {
        f"{chapter.path} {section.title}": count
        for chapter, section in sections
        if (count := sum(len(paragraph.text.split()) for paragraph in section.paragraphs)) > MOST_WORDS
    }

    assert long == {}
    assert all(section.id and section.paragraphs for _chapter, section in sections)


def test_the_list_of_chapters_shows_no_markup(shown: dict[str, tuple[GuideChapter, ...]]) -> None:
    assert [chapter.path for chapters in shown.values() for chapter in chapters if "](" in chapter.summary] == []


def test_pictures_are_light_and_there_in_both_languages() -> None:
    pictures = [path for path in PICTURES.rglob("*") if path.is_file()]
    names = {language: {path.stem for path in pictures if path.parent.name == language} for language in LANGUAGES}
    used = {name for path in FILES for name in re.findall(r"\]\(([a-z0-9-]+)\.webp\)", path.read_text("utf-8"))}

    assert {path.name: path.stat().st_size for path in pictures if path.stat().st_size > HEAVIEST_PICTURE} == {}
    assert sum(path.stat().st_size for path in pictures) <= HEAVIEST_FOLDER
    assert names["es"] == names["en"] == used == set(guide_pictures.SHOTS)


def test_every_page_leads_to_a_section_of_the_guide(app: Flask) -> None:
    """A page that is new gets its line in the `help` of its feature, in a section that exists or a new one."""
    explained = [endpoint for feature in FEATURES for endpoints in feature.help.values() for endpoint in endpoints.split()]

    assert sorted(explained) == sorted(pages(app) - set(NEED_NO_HELP))


def test_every_section_that_a_page_leads_to_exists_in_both_languages() -> None:
    named = {section for feature in FEATURES for section in feature.help}

    assert {language: named - sections for language, sections in every_section().items()} == {"es": set(), "en": set()}
