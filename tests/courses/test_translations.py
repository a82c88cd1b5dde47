"""Languages and stamps of translations, and the share of a course that is written in each language.

spec/content-format 4, C70x.
"""

from pathlib import Path

import pytest

from courses.content.translations import (
    count_published_words,
    count_written_words,
    language_shares,
    stamp,
    stamp_of,
    with_stamp,
    write_stamp,
)
from kernel.errors import Invalid
from tests.support import folders
from tests.support.folders import COURSE, GLOSSARY, LESSON, MODULE, OTHER_LESSON, QUIZ_FILE, TWIN


@pytest.mark.parametrize(
    ("path", "old", "file"),
    [
        (COURSE, "  en: Water at home\n", COURSE),
        (MODULE, "  en: Counting\n", MODULE),
        (QUIZ_FILE, "  en: Counting quiz\n", QUIZ_FILE),
        (GLOSSARY, "    en: Use\n", GLOSSARY),
    ],
)
def test_titles_and_terms_need_all_languages(path: str, old: str, file: str) -> None:
    """spec/content-format 4.2, C701."""
    assert file in [finding.file for finding in folders.findings(folders.changed(path, old, ""), "C701")]


def test_other_texts_may_be_in_one_language() -> None:
    """spec/content-format 4.2."""
    assert folders.findings(folders.changed(COURSE, "    en: Count the water of a day.\n", "")) == []


def test_a_lesson_without_twin_is_told() -> None:
    """spec/content-format 4.3, C702."""
    assert [(finding.file, finding.code) for finding in folders.findings(folders.without(TWIN))] == [(LESSON, "C702")]


def test_a_translation_behind_its_source_is_told_with_the_present_stamp() -> None:
    """spec/content-format 4.4, C703."""
    found = folders.findings(folders.changed(LESSON, "Marta cuenta", "Marta suma"), "C703")

    assert [finding.file for finding in found] == [TWIN]
    lesson = next(folders.course(folders.changed(LESSON, "Marta cuenta", "Marta suma")).activities()).settings.lessons
    assert found[0].facts["stamp"] == lesson[0].stamp
    assert lesson[1].behind


def test_a_translation_without_stamp_is_behind() -> None:
    """spec/content-format 4.4, C703."""
    line = next(line for line in folders.a_folder()[TWIN].decode().split("\n") if line.startswith("translated_from"))
    assert [finding.file for finding in folders.findings(folders.changed(TWIN, f"{line}\n", ""))] == [TWIN]


def test_headings_in_another_number_are_told() -> None:
    """spec/content-format 4.3, C704."""
    assert TWIN in [finding.file for finding in folders.findings(folders.changed(TWIN, "## Adding the uses\n\n", ""), "C704")]


def test_a_stamp_does_not_see_line_ends_and_outer_blank_lines() -> None:
    """spec/content-format 4.4: NFC, LF, line ends stripped, blank lines at both ends dropped."""
    assert stamp("A", "B", "uno\ndos") == stamp("A", "B", "\r\nuno  \r\ndos\n\n")
    assert stamp("A", "", "cafe\u0301") == stamp("A", "", "café")
    assert stamp("A", "B", "uno") != stamp("A", "B", "dos")


def test_a_stamp_is_written_and_nothing_else_changes() -> None:
    """`lms courses stamp FILE`."""
    translation = folders.a_folder()[TWIN].decode()
    assert with_stamp(translation, "0" * 12).replace("0" * 12, stamp_of(folders.a_folder()[LESSON].decode(), "es")) == translation
    assert with_stamp("---\ntitle: A\n---\nUno.\n", "0" * 12) == f"---\ntitle: A\ntranslated_from: {'0' * 12}\n---\nUno.\n"


def test_a_stamp_needs_a_source_beside_the_file(tmp_path: Path) -> None:
    """`lms courses stamp FILE` refuses a file without source."""
    (tmp_path / "01-a.en.md").write_text("---\ntitle: A\n---\nOne.\n", encoding="utf-8")
    with pytest.raises(Invalid):
        write_stamp(tmp_path / "01-a.en.md")
    (tmp_path / "01-a.es.md").write_text("---\nkey: a\ntitle: A\n---\nUno.\n", encoding="utf-8")
    assert write_stamp(tmp_path / "01-a.en.md") == stamp("A", "", "Uno.")


def test_a_lesson_without_its_twin_takes_its_words_from_the_share() -> None:
    whole = {share.module: share for share in language_shares(folders.course(folders.a_folder()))}
    without = {share.module: share for share in language_shares(folders.course(folders.without(TWIN)))}
    module = folders.course(folders.a_folder()).modules[0].key

    assert without[module].written < whole[module].written
    assert without[module].total == whole[module].total
    assert without[""] == whole[""], "glossary and the course's own words stand apart"


def test_a_share_is_never_rounded_up_to_the_whole() -> None:
    share = language_shares(folders.course(folders.without(TWIN)))[0]

    assert share.percent == share.written * 100 // share.total


def test_a_draft_counts_for_the_check_but_not_for_what_readers_are_shown() -> None:
    written = folders.course(folders.changed(OTHER_LESSON, "title:", "state: draft\ntitle:"))
    module = written.modules[1].key

    checked, published = count_written_words(written), count_published_words(written)

    assert published[module]["es"] < checked[module]["es"]
    assert {key: words for key, words in published.items() if key != module} == {
        key: words for key, words in checked.items() if key != module
    }
