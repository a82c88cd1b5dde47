"""Changes of a YAML file as lines of text (spec/content-format 13): what is beside a change stays to the byte."""

import difflib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.content.editing import (
    EditRefused,
    Written,
    add_entries,
    find_entry,
    in_brackets,
    list_entries,
    read_fields,
    replace_entry,
    set_field,
    tidy,
    with_entry_moved,
    without_entries,
    write_field,
)
from kernel import yaml_tree
from tests.support.folders import FOLDERS

ROOT = Path(__file__).resolve().parents[2]
BANKS = [*sorted((ROOT / "content").glob("*/*/banco.yaml")), *sorted(FOLDERS.glob("*/*/banco.yaml"))]
ORDER = ("key", "kind", "state", "tags", "text")
BANK = """\
# Banco del módulo
title: Banco  # con un comentario

questions:
  # La primera
  # en dos líneas
  - key: una
    kind: essay  # a mano
    text: |
      Uno.

      # no es un comentario

  - key: dos
    # dentro
    kind: essay
    tags: [a, b]
    x-mio: 1

    text: Dos.
  # La tercera
  - key: tres
    kind: essay
    text: >
      Tres
      líneas

# al final
"""


def changed_lines(before: str, after: str) -> list[str]:
    """Return the lines that a difference names."""
    return [line for line in difflib.ndiff(before.split("\n"), after.split("\n")) if line[0] in "+-"]


def test_entries_are_told_apart_with_the_comments_above_them() -> None:
    entries = list_entries(BANK, "questions")

    assert [(entry.key, entry.first, entry.last) for entry in entries] == [("una", 5, 12), ("dos", 14, 20), ("tres", 21, 26)]
    assert entries[0].text.startswith("# La primera\n# en dos líneas\nkey: una\n")
    assert entries[1].text == "key: dos\n# dentro\nkind: essay\ntags: [a, b]\nx-mio: 1\n\ntext: Dos.\n"
    assert find_entry(entries, "tres") == 2
    assert find_entry(entries, "nadie") is None


@pytest.mark.parametrize("path", BANKS, ids=[f"{path.parts[-3]}/{path.parts[-2]}" for path in BANKS])
def test_every_bank_of_ours_comes_back_to_the_byte(path: Path) -> None:
    """spec/content-format 13.2: an entry taken out and put back changes nothing."""
    text = path.read_text()
    entries = list_entries(text, "questions")

    places = {0, len(entries) // 2, len(entries) - 1}
    assert all(replace_entry(text, "questions", place, entries[place].text) == text for place in places)


def test_a_replaced_entry_is_the_only_difference() -> None:
    entry = list_entries(BANK, "questions")[1].text

    after = replace_entry(BANK, "questions", 1, entry.replace("Dos.", "Segunda."))

    assert changed_lines(BANK, after) == ["-     text: Dos.", "+     text: Segunda."]


def test_an_entry_is_added_at_the_end_before_the_comments_below_the_list() -> None:
    after = add_entries(BANK, "questions", ["# Nueva\nkey: cuatro\nkind: essay\ntext: Cuatro.\n"])

    added = {"+ ", "+   # Nueva", "+   - key: cuatro", "+     kind: essay", "+     text: Cuatro."}
    assert set(changed_lines(BANK, after)) == added
    assert after.endswith("\n# al final\n")


def test_two_spaces_at_a_line_end_are_a_line_break_and_stay() -> None:
    entry = "key: cuatro\nkind: essay\ntext: |\n  Uno  \n  dos\n"

    after = add_entries(BANK, "questions", [entry])

    assert list_entries(after, "questions")[-1].text == entry
    assert replace_entry(after, "questions", 3, entry) == after


@pytest.mark.parametrize("empty", ["", "questions:\n", "questions: []\n", "questions: []  # nada\n", "title: Banco\n"])
def test_a_list_is_made_where_there_is_none(empty: str) -> None:
    after = add_entries(empty, "questions", ["key: a\nkind: essay\n", "key: b\nkind: essay\n"])

    assert [entry.key for entry in list_entries(after, "questions")] == ["a", "b"]
    assert "title" in after or "title" not in empty


def test_entries_go_with_the_comments_above_them() -> None:
    middle = without_entries(BANK, "questions", [1])
    outer = without_entries(BANK, "questions", [0, 2])
    none = without_entries(BANK, "questions", [0, 1, 2])

    assert [entry.key for entry in list_entries(middle, "questions")] == ["una", "tres"]
    assert all(line.startswith("- ") for line in changed_lines(BANK, middle))
    assert [entry.key for entry in list_entries(outer, "questions")] == ["dos"]
    assert "La primera" not in outer
    assert "# al final" in outer
    assert list_entries(none, "questions") == ()
    assert yaml_tree.parse(none).troubles == ()


def test_a_field_is_set_in_its_place_and_the_rest_of_the_entry_stays() -> None:
    entry = list_entries(BANK, "questions")[1].text

    assert changed_lines(entry, set_field(entry, "state", "hidden", ORDER)) == ["+ state: hidden"]
    assert set_field(entry, "state", "hidden", ORDER).index("state") > entry.index("kind: essay")
    assert changed_lines(entry, set_field(entry, "tags", ["c"], ORDER)) == ["- tags: [a, b]", "+ tags: [c]"]
    assert changed_lines(entry, set_field(entry, "tags", None, ORDER)) == ["- tags: [a, b]"]
    assert set_field(entry, "state", None, ORDER) == entry


def test_the_comment_beside_a_field_stays_beside_it() -> None:
    entry = list_entries(BANK, "questions")[0].text

    assert "kind: file  # a mano\n" in set_field(entry, "kind", "file", ORDER)


def test_a_value_that_needs_quotes_gets_them() -> None:
    assert set_field("key: a\n", "text", "uno: dos #tres", ORDER) == "key: a\ntext: 'uno: dos #tres'\n"


@pytest.mark.parametrize(
    "text",
    [
        "questions: [{key: a}]\n",
        "questions:\n  -\n    key: a\n",
        "- a\n",
        "questions: nada\n",
        "questions: [\n",
    ],
)
def test_a_form_without_lines_of_its_own_is_refused(text: str) -> None:
    with pytest.raises(EditRefused):
        list_entries(text, "questions")


BRACES = "questions:\n  - {key: a,  mark: 2}  # una\n  # otra\n  - {key: b, tags: [x,y], x-mia: sí,\n     mark: 1}\n  - key: c\n"


def test_entries_in_braces_are_told_apart_moved_and_taken_out() -> None:
    entries = list_entries(BRACES, "questions")

    assert [(entry.key, entry.first, entry.last) for entry in entries] == [("a", 2, 2), ("b", 3, 5), ("c", 6, 6)]
    assert entries[0].text == "{key: a,  mark: 2}  # una\n"
    assert without_entries(BRACES, "questions", [1]) == "questions:\n  - {key: a,  mark: 2}  # una\n  - key: c\n"
    moved = with_entry_moved(BRACES, "questions", 0, 2)
    assert moved.endswith("  - key: c\n  - {key: a,  mark: 2}  # una\n")


@pytest.mark.parametrize(
    ("entry", "name", "value", "after"),
    [
        ("{key: a,  mark: 2}  # una\n", "mark", "3", "{key: a,  mark: 3}  # una\n"),
        ("{key: a,  mark: 2}\n", "mark", None, "{key: a}\n"),
        ("{key: a,  mark: 2}\n", "key", None, "{mark: 2}\n"),
        ("{mark: 2}\n", "mark", None, "{}\n"),
        ("{}\n", "mark", "2", "{mark: 2}\n"),
        ("{mark: 2 }\n", "key", "a", "{key: a, mark: 2 }\n"),
        ("# nota\n{key: a, x-mia: [b,c]}\n", "tags", ["d", "e"], "# nota\n{key: a, tags: [d, e], x-mia: [b,c]}\n"),
        ("{key: a,\n  mark: 2}\n", "mark", "3", "{key: a,\n  mark: 3}\n"),
        ("# nota\n{key: a, tags: [b]} # al lado\n", "text", "Uno\ndos", "# nota\n# al lado\nkey: a\ntext: |\n  Uno\n  dos\ntags: [b]\n"),
        ("{key: a}\n", "text", "largo " * 20 + "fin", "key: a\ntext: " + "largo " * 20 + "fin\n"),
        ("{key: a}\n", "text", "a, b: {c}", "{key: a, text: 'a, b: {c}'}\n"),
    ],
)
def test_a_field_in_braces_changes_alone(entry: str, name: str, value: Written, after: str) -> None:
    assert write_field(entry, name, value, ["key", "text", "tags", "mark"]) == after


@given(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["1", "dos", "a, b", "x: y", "[z]"])),
    st.sampled_from("abcd"),
    st.text(max_size=120),
)
def test_whatever_is_written_between_braces_reads_back_or_is_refused(held: dict[str, Written], name: str, value: str) -> None:
    written = value.strip("\n") or None
    try:
        after = write_field(f"{in_brackets(held)}\n", name, written, list("abcd"))
    except EditRefused:
        return

    expected = {other: one for other, one in held.items() if other != name} | ({} if written is None else {name: written})
    assert read_fields(after) == expected


@pytest.mark.parametrize("entry", ["key: x\n- key: y\n", "[1, 2]\n", "key: [\n", ""])
def test_an_entry_that_would_break_the_file_is_refused(entry: str) -> None:
    with pytest.raises(EditRefused):
        replace_entry(BANK, "questions", 1, entry)


def test_typed_lines_are_tidied() -> None:
    assert tidy("\r\nkey: a  \r\n   \r\n  text: o\u0301\r\n\r\n") == "key: a  \n\n  text: ó\n"


@given(st.text(max_size=60))
def test_whatever_is_typed_changes_one_entry_or_nothing(typed: str) -> None:
    """spec/content-format 13: nothing half-written."""
    try:
        after = replace_entry(BANK, "questions", 1, tidy(typed))
    except EditRefused:
        return

    before, now = list_entries(BANK, "questions"), list_entries(after, "questions")
    assert [entry.text for entry in (now[0], now[2])] == [before[0].text, before[2].text]
    assert len(now) == 3
