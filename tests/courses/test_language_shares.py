"""The share of a course that is written in each language, in words of the original."""

from courses.content.language_shares import count_published_words, count_written_words, language_shares
from tests.support import folders
from tests.support.folders import OTHER_LESSON, TWIN


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
