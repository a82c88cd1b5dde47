"""Every numbered rule, every attack and every bad input of `docs/spec/certificates.md` has a test that shows it.

What is not built stands in LATER, with the entry of the backlog or the issue that holds it.
"""

import re
from collections.abc import Iterator

from tests.support.project import ROOT

DOCUMENT = ROOT / "docs" / "spec" / "certificates.md"
RULE = re.compile(r"^([A-Z]\d+[a-z]?)\. ", re.MULTILINE)
CITED = re.compile(r"spec/certificates ((?:[^\"]|\n)*?)(?:\"|\. |: |$)", re.MULTILINE)
ATTACKS = 16
_TEMPLATE = "test_bad_input_pages.py::test_a_template_that_is_wrong_is_reported_and_never_used"
_PICTURE = "test_bad_input_pages.py::test_a_picture_that_cannot_be_printed_is_refused_in_words"
_COURSE = "test_bad_input_pages.py::test_a_course_with_another_validity_is_refused_beside_the_field"
_WORDS = "test_bad_input_pages.py::test_an_act_asks_for_words_of_a_usual_length"
_FILE = "test_bad_input_pages.py::test_what_is_no_certificate_is_called_unreadable_and_not_altered"
BAD_INPUT = {
    "unknown key or field": _TEMPLATE,
    "field in an attribute": _TEMPLATE,
    "`at` outside the page": _TEMPLATE,
    "size 0 or 10⁶": _TEMPLATE,
    "5,000 elements": "test_templates.py::test_qr_and_code_are_required_and_hostile_texts_are_refused",
    "picture missing": _TEMPLATE,
    "animated": _PICTURE,
    "CMYK": "test_bad_input_pages.py::test_the_colours_of_a_printing_press_become_those_of_a_screen",
    "60,000 pixels a side": _PICTURE,
    "SVG with script": _PICTURE,
    "text without the first language": "test_templates_pages.py::test_a_text_without_the_first_language_is_reported_when_it_is_saved",
    "two `code`": _TEMPLATE,
    "no `qr`": _TEMPLATE,
    "cyclic aliases": _TEMPLATE,
    "tabs": _TEMPLATE,
    "2 MB of YAML": "test_bad_input_pages.py::test_a_text_of_two_megabytes_is_refused",
    "`valid: 0`": _COURSE,
    "`-1 month`": _COURSE,
    "`1.7 months`": _COURSE,
    "`mucho` (told an example in the reader's language)": _COURSE,
    "`renew` longer than `valid`": _COURSE,
    "unknown template": "test_templates_pages.py::test_a_certificate_that_the_course_cannot_have_is_reported_beside_its_field",
    "reason of spaces, 10 kB, with markup": _WORDS,
    "two people replacing at once (one wins, the other sees it)": (
        "test_certificates_pages.py::test_two_people_who_replace_at_the_same_moment_make_one_certificate"
    ),
    "replace during a rotation": ("test_changes_meanwhile.py::test_what_is_replaced_during_a_rotation_verifies_whichever_key_signed_it"),
    "completion annulled between dry run and confirmation": (
        "test_changes_meanwhile.py::test_a_completion_withdrawn_after_the_dry_run_is_left_out"
    ),
    "person deleted in the middle of a bulk job": "test_bulk.py::test_a_person_deleted_in_the_middle_is_in_no_file",
    "disk full (job waits and says so)": "test_bulk.py::test_a_full_disk_lets_it_wait_and_says_so",
    "clock put back (issue day never before completion)": (
        "test_changes_meanwhile.py::test_a_clock_put_back_dates_nothing_before_the_completion"
    ),
    "empty, 1-byte, 2 MB of zeros, encrypted PDF, PDF 2.0": "test_bad_input_pages.py::test_the_command_calls_them_unreadable_too",
    'linearised copy (unreadable is not "altered": the words differ)': (
        "test_file_judgement.py::test_a_sheet_that_was_saved_again_cannot_be_judged"
    ),
    "JSON of depth 10⁴, BOM, UTF-16": _FILE,
    "key twice, JWT with line breaks (accepted)": "test_bad_input_pages.py::test_a_badge_of_ours_that_was_wrapped_or_doubled",
    "code with O for 0 (accepted), code in Arabic digits (refused in words)": (
        "test_bad_input_pages.py::test_a_code_is_read_as_people_write_it"
    ),
}
"""What chapter 15 names, word for word, and the test in `tests/certificates` that shows what becomes of it."""
LATER = {
    "T7": "live drawing of a template: T6 and T7 stand in the backlog",
    "R4": "bulk issue, replacement and revocation",
    "R5": "undoing of bulk acts",
    "V5": "lists of codes for boards",
    **{f"G{number}": "grants to a board" for number in range(1, 6)},
}


def cited_in(texts: Iterator[str]) -> tuple[set[str], set[int]]:
    """Return the rules and the attacks that docstrings name, ranges spread out."""
    rules: set[str] = set()
    attacks: set[int] = set()
    for text in texts:
        for match in CITED.finditer(text):
            words = match.group(1)
            rules |= set(re.findall(r"\b[A-Z]\d+[a-z]?\b", words))
            for letter, first, last in re.findall(r"\b([A-Z])(\d+) to [A-Z]?(\d+)\b", words):
                rules |= {f"{letter}{number}" for number in range(int(first), int(last) + 1)}
            for numbers in re.findall(r"attacks? ([\d, toand]+)", words):
                attacks |= {int(number) for number in re.findall(r"\d+", numbers)}
                for first, last in re.findall(r"(\d+) to (\d+)", numbers):
                    attacks |= set(range(int(first), int(last) + 1))
    return rules, attacks


def test_every_rule_and_attack_of_certificates_is_named_by_a_test() -> None:
    rules, attacks = cited_in(path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))
    document = set(RULE.findall(DOCUMENT.read_text("utf-8")))

    assert len(document) > 70
    assert sorted(document - rules) == sorted(LATER)
    assert sorted(set(range(1, ATTACKS + 1)) - attacks) == []


def test_every_bad_input_of_the_chapter_has_its_test() -> None:
    """spec/certificates 15: nothing of its text is left but its four headings; grants (chapter 8) are later."""
    chapter = DOCUMENT.read_text("utf-8").split("\n## 15 ")[1].split("\n## ")[0].partition("\n")[2].partition(" Grant:")[0]
    texts = {path.name: path.read_text("utf-8") for path in (ROOT / "tests" / "certificates").glob("test_*.py")}

    for item in sorted(BAD_INPUT, key=len, reverse=True):
        assert item in chapter, item
        chapter = chapter.replace(item, "", 1)

    assert re.findall(r"\w+", chapter) == ["Template", "or", "Course", "Acts", "Verify"]
    assert [test for test in BAD_INPUT.values() if f"def {test.partition('::')[2]}(" not in texts[test.partition("::")[0]]] == []


def test_a_rule_without_a_test_is_noticed() -> None:
    rules, attacks = cited_in(iter(['"""spec/certificates E1 and V1 to V3, attacks 1 to 3: words of E9."""']))

    assert rules == {"E1", "V1", "V2", "V3"}
    assert attacks == {1, 2, 3}
