"""The share of a course that is written in each language, in words of the original."""

from courses.content.language_shares import language_shares
from tests.support import folders
from tests.support.folders import TWIN


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
