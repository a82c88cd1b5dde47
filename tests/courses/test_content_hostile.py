"""Folders made to break the reader: each is answered with findings, soon, and never with an exception."""

import pytest

from tests.support import folders
from tests.support.folders import BANK, COURSE, GLOSSARY, LESSON, MODULE, PARAMETERS, QUIZ_FILE
from tests.support.soon import within

SECONDS = 10

BOMB = "a: &a [x, x]\n" + "".join(f"a{n}: &b{n} [*a, *a]\n" for n in range(50))

YAML = {
    "aliases that multiply": BOMB,
    "brackets without end": "key: " + "[" * 5_000,
    "braces without end": "key: " + "{a: " * 5_000,
    "blocks within blocks": "".join(" " * n + "- a:\n" for n in range(200)),
    "a list at the root": "- key: contar\n",
    "a text at the root": "contar\n",
    "nothing": "",
    "only a comment": "# nada\n",
    "a control character": "key: cont\x00ar\n",
    "a tab": "key:\tcontar\n\ttitle: a\n",
    "a directive": "%YAML 1.1\n---\nkey: contar\n",
    "a question mark": "? key\n: contar\n",
    "a Python tag": "key: !!python/object/apply:os.system [id]\n",
    "many unknown fields": "".join(f"campo{n}: a\n" for n in range(20_000)),
    "a very long key": f"{'a' * 900}: b\n",
    "a line separator": "key: con\u2028tar\n",
}


@pytest.mark.parametrize("name", YAML)
@pytest.mark.parametrize("path", [MODULE, COURSE, BANK, GLOSSARY])
def test_hostile_yaml_is_answered_with_findings(name: str, path: str) -> None:
    """spec/content-format 1.1, 1.2 and 1.6."""
    files = folders.with_file(path, YAML[name])

    assert all(finding.message for finding in within(SECONDS, lambda: folders.findings(files)))


NUMBERS = ["9" * 5_000, "1e999999999", "-0", "0x10", "1/0", "inf", "nan", "1_000", "१२", "10" * 20, ""]


@pytest.mark.parametrize("number", NUMBERS)
def test_hostile_numbers_are_answered_with_findings(number: str) -> None:
    """Type `number`: exact, within limits."""
    for path, old, new in [
        (PARAMETERS, "value: 9.50", f"value: {number}"),
        (QUIZ_FILE, "attempts: 3", f"attempts: {number}"),
        (QUIZ_FILE, "limit: 20 min", f"limit: {number} min"),
        (QUIZ_FILE, "draw: 1", f"draw: {number}"),
        (BANK, "- right: 38\n      - wrong", f"- right: {number}\n      - wrong"),
        (BANK, "{from: 2, to: 8, step: 1}", f"{{from: 2, to: {number or 3}, step: 1}}"),
    ]:
        assert all(finding.message for finding in folders.findings(folders.changed(path, old, new)))


GIVEN_UP = [pytest.param(sign * 9_000, marks=pytest.mark.slow) for sign in ("[[", "![")]
"""Texts that are given up after two tries of a second each."""


@pytest.mark.parametrize("text", [*GIVEN_UP, "{{" * 9_000, "<!--" * 4_000, "$" * 19_000, "> " * 9_000, "*_" * 9_000, "{a}" * 6_000])
def test_hostile_texts_are_answered_soon(text: str) -> None:
    """spec/content-format 7, and names in braces of spec/content-format 8."""
    files = folders.changed(BANK, "text: La ducha usa {litros}", f"text: La ducha {text} usa {{litros}}")
    hostile = folders.changed(LESSON, "Marta cuenta", f"Marta {text} cuenta", files)

    within(SECONDS, lambda: folders.findings(hostile))


def test_a_circle_of_many_is_answered_soon() -> None:
    """spec/content-format 5, C207."""
    files = folders.a_folder()
    for number in range(10, 60):
        follower = 10 + (number - 9) % 50
        lesson = f"---\nkey: paso-{number}\ntitle: Paso\nrequires: [paso-{follower}]\n---\nTexto.\n"
        files[f"02-cuidar/{number}-paso.es.md"] = lesson.encode()

    assert len(folders.findings(files, "C207")) == 50


@pytest.mark.slow
def test_after_some_texts_that_take_too_long_the_others_are_not_tried() -> None:
    """spec/content-format 1.6: a text is given up after two tries of a second each, a folder after three of them."""
    files = folders.a_folder()
    slow = "[[" * 9_000
    questions = "".join(f"  - key: lenta-{number}\n    kind: description\n    text: 'a {slow}'\n" for number in range(20))
    files[BANK] = b"questions:\n" + questions.encode()

    found = within(SECONDS, lambda: folders.findings(files, "C105"))
    assert len([finding for finding in found if finding.file == BANK]) == 3


def test_signs_that_nobody_sees_are_taken_out_of_every_text() -> None:
    """spec/security 4.2: between double quotes YAML writes any sign, also halves of one, which no database takes."""
    files = folders.changed(COURSE, "es: El agua en casa", 'es: "El agua\\ud800 en\\0 ca\\u202Esa"')
    files = folders.changed(COURSE, "es: Contar el agua de un día.", 'es: "Contar el agua\\ud800 de un día."', files)
    course = folders.course(files)

    assert course.title["es"] == "El agua en casa"
    assert course.objectives[0]["es"] == "Contar el agua de un día."


@pytest.mark.parametrize(
    "moment", ["9999-12-31", "9999-12-31 18:30", "9999-12-31 23:00", "3000-01-01", "1899-12-31 23:59", "0001-01-01 00:00"]
)
def test_a_day_at_the_end_of_the_calendar_is_refused(moment: str) -> None:
    """spec/content-format C113, and no exception."""
    zone = folders.changed(
        COURSE, "closes: 2026-12-31", f"closes: {moment}\ntimezone: {'Asia/Tokyo' if moment[0] == '0' else 'America/Guayaquil'}"
    )
    found = folders.findings(zone, "C113")

    assert [finding.line for finding in found] == [32]
