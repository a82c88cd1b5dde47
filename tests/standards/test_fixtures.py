"""What comes of the files of other products, file by file: how many questions of which kinds, and what is told."""

from collections import Counter

import pytest

from standards.bank.read import read as read_bank
from standards.importing import import_file
from standards.model import ImportedQuestions, RemarkSeverity
from tests.support.shared import SHARED, needs_shared

pytestmark = [pytest.mark.shared, needs_shared]
QUESTIONS = SHARED / "fixtures" / "questions"

OUTCOMES: list[tuple[str, str, dict[str, int], dict[str, int]]] = [
    # file, format that is guessed, kinds that come in, remarks by severity
    (
        "moodle/questions.gift.txt",
        "gift",
        {"true_false": 3, "single": 1, "multiple": 1, "essay": 1, "matching": 1, "numerical": 1, "short": 1},
        {"note": 5},
    ),
    # the two closing braces with `";` are accepted and told; «2-08 TSL» is there twice and gets two keys
    ("moodle/questions_in_category.gift.txt", "gift", {"matching": 1, "single": 1, "short": 1, "true_false": 1}, {"loss": 2, "note": 2}),
    ("moodle/questions_encoding_windows-1252.gift.txt", "gift", {"essay": 2, "matching": 1}, {"loss": 1, "note": 2, "to_correct": 1}),
    # its matching has the item «asdf» twice, which our banks tell as an error before publishing (spec/content-format C405)
    (
        "moodle/gift_examples.txt",
        "gift",
        {"single": 9, "gaps": 9, "true_false": 5, "short": 7, "numerical": 8, "matching": 3, "multiple": 2},
        {"note": 5},
    ),
    # words after the braces make a gap; a full stop after a finished sentence is told and dropped;
    # one number with two tolerances is full credit near it and less further away
    ("moodle/questions.aiken.txt", "aiken", {"single": 2}, {"note": 1}),
    ("moodle/aiken_errors.txt", "aiken", {"single": 3}, {"problem": 4, "note": 1}),
    # four places are told by line; the two questions without a space after the letter are good ones for us
    ("moodle/questions.multianswer.txt", "cloze", {"gaps": 1}, {}),
    ("moodle/truefalse.xml", "moodle-xml", {"true_false": 2}, {"loss": 4, "note": 2}),
    # its pictures come along; the category and the titles of links are left behind
    ("moodle/nested_categories_with_questions.xml", "moodle-xml", {"true_false": 4, "essay": 1}, {"loss": 4, "note": 1}),
    ("moodle/error_invalid_grades.xml", "moodle-xml", {"multiple": 1}, {"loss": 2, "to_correct": 1, "note": 1}),
    # 33 + 33.33333 + 33.33333 is not the whole: it comes in and cannot be published (spec/content-format C404)
    ("gift-pegjs/mc5.gift", "gift", {"single": 2, "gaps": 2}, {"note": 2}),
    ("gift-pegjs/escapeAll.gift", "gift", {"single": 1}, {}),
    ("gift-pegjs/numerical1.gift", "gift", {"numerical": 10}, {"loss": 1, "note": 7}),
    ("gift-pegjs/matching1.gift", "gift", {"matching": 2}, {"note": 1}),
    ("gift-pegjs/options1.gift", "gift", {"numerical": 1, "short": 4, "gaps": 2, "single": 4, "true_false": 1, "multiple": 2}, {"note": 3}),
    ("gift-pegjs/shortAnswer2.gift", "gift", {"short": 2}, {"note": 1}),
    ("gift-pegjs/TFTwoFeedback.gift", "gift", {"true_false": 3}, {"note": 3}),
    ("gift-pegjs/multipleAnswersFloat.gift", "gift", {"multiple": 1}, {"note": 1}),
    ("gift-pegjs/multiLineFeedback1.gift", "gift", {"single": 2}, {"loss": 2, "note": 2}),
    ("gift-pegjs/mcHTMLComment.gift", "gift", {"single": 1}, {"loss": 1, "note": 1}),
    ("gift-pegjs/markdown.gift", "gift", {"description": 4}, {}),
    # a file without a brace is GIFT by its ending only
    ("gift-pegjs/symbolsAll.gift", "gift", {"true_false": 1}, {"note": 1}),
    ("gift-pegjs/essay1.gift", "gift", {"essay": 1}, {}),
    ("gift-pegjs/tag_id_and_two_tags.gift", "gift", {"essay": 1}, {}),
    ("gift-pegjs/categorySpecialCharacter.gift", "gift", {}, {"loss": 1}),
    ("es/nginx-20181014.gift.txt", "gift", {"multiple": 2, "single": 4, "short": 7, "true_false": 7}, {"loss": 1, "note": 2}),
    (
        "es/nominas-moodle.xml",
        "moodle-xml",
        {"single": 106, "true_false": 39, "matching": 38, "short": 16, "ordering": 1},
        {"loss": 105, "note": 1},
    ),
    # a real Spanish bank comes in whole; its pictures lie on other people's servers and stay there, in broken tags
]


@pytest.mark.parametrize(("name", "form", "kinds", "remarks"), OUTCOMES, ids=[outcome[0] for outcome in OUTCOMES])
def test_outcome_of_a_file(name: str, form: str, kinds: dict[str, int], remarks: dict[str, int]) -> None:
    found = import_file(name, (QUESTIONS / name).read_bytes())

    assert found.format == form
    assert Counter(question.kind.value for question in found.imported.questions) == kinds
    assert Counter(remark.severity.value for remark in found.imported.remarks) == remarks


@pytest.mark.parametrize("name", [outcome[0] for outcome in OUTCOMES])
def test_the_bank_that_is_written_is_read_back_the_same(name: str) -> None:
    found = import_file(name, (QUESTIONS / name).read_bytes())

    assert read_bank(found.bank).questions == found.imported.questions


def brought(name: str) -> ImportedQuestions:
    return import_file(name, (QUESTIONS / name).read_bytes()).imported


def test_pictures_of_moodle_come_along() -> None:
    found = brought("moodle/truefalse.xml")

    assert found.media
    assert all(any(f"](media/{name})" in str(question) for question in found.questions) for name in found.media)


def test_letters_of_windows_1252_survive() -> None:
    matching = brought("moodle/questions_encoding_windows-1252.gift.txt").questions[2]

    assert "aödf" in str(matching.body)


def test_faults_of_aiken_are_told_by_line() -> None:
    problems = brought("moodle/aiken_errors.txt").of_severity(RemarkSeverity.PROBLEM)

    assert [problem.line for problem in problems] == [1, 5, 7, 14]


def test_weights_of_moodle_become_our_named_rules() -> None:
    """Half and half off is right minus wrong; everything off for a wrong one is right only."""
    nginx, continents = brought("es/nginx-20181014.gift.txt"), brought("gift-pegjs/multipleAnswersFloat.gift")

    rules = [getattr(question.body, "rule", None) for question in (*nginx.questions[:1], *continents.questions)]
    assert rules == ["right_minus_wrong", "right_only"]


def test_identifier_and_tags_of_gift_are_kept() -> None:
    essay = brought("gift-pegjs/tag_id_and_two_tags.gift").questions[0]

    assert (essay.key, essay.tags) == ("393", ("fred", "barney-wilma"))
