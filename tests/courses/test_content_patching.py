"""Values written into a file's text, however deep inside: lines that say what they said before stay, to the letter (decision 14)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses.content.editing import EditRefused, Written, read_fields, write_field
from courses.content.patching import ListEdit, Wanted, patched, plain

TEXT = """key: a  # la clave
gaps:
  # el primero
  uno:   # hueco
    answers:
      # la buena
      - right: A  # alta
        why: W

      - wrong: B
    tolerance: {relative:  0.1}
items:
  - Uno # u
  - {text: Dos, key: d}  # dd
  - text: Tres
    # dentro
    key: t
  - |
    largo
    mucho
x-mia: sí
"""


def test_each_change_touches_its_own_lines() -> None:
    wanted = read_fields(TEXT)
    assert patched(TEXT, wanted) == TEXT
    cases: list[tuple[dict[str, Wanted], tuple[str, str]]] = [
        ({"key": "b"}, ("key: a  #", "key: b  #")),
        ({"items": ["Uno!", {"text": "Dos", "key": "d"}, {"text": "Tres", "key": "t"}, "largo\nmucho"]}, ("- Uno # u", "- Uno! # u")),
        ({"items": ["Uno", {"text": "Dos", "key": "e"}, {"text": "Tres", "key": "t"}, "largo\nmucho"]}, ("key: d}", "key: e}")),
        ({"items": ["Uno", {"text": "Dos", "key": "d"}, {"text": "Tres", "key": "v"}, "largo\nmucho"]}, ("    key: t", "    key: v")),
        ({"items": ["Uno", {"text": "Dos", "key": "d"}, "largo\nmucho"]}, ("  - text: Tres\n    # dentro\n    key: t\n", "")),
        (
            {"gaps": {"uno": {"answers": [{"wrong": "A", "why": "W"}, {"wrong": "B"}], "tolerance": {"relative": "0.1"}}}},
            ("right: A", "wrong: A"),
        ),
        (
            {"gaps": {"dos": {"answers": [{"right": "A", "why": "W"}, {"wrong": "B"}], "tolerance": {"relative": "0.1"}}}},
            ("  uno:   #", "  dos:   #"),
        ),
        (
            {"gaps": {"uno": {"answers": [{"right": "A", "why": "W"}, {"wrong": "B"}], "tolerance": {"relative": "0.2"}}}},
            ("{relative:  0.1}", "{relative: 0.2}"),
        ),
    ]
    for changed, (old, new) in cases:
        assert patched(TEXT, {**wanted, **changed}, {"tolerance"}) == TEXT.replace(old, new), new


def test_entries_move_with_their_comments_and_new_ones_look_like_the_others() -> None:
    wanted: dict[str, Wanted] = dict(read_fields(TEXT))
    wanted["gaps"] = {"uno": {"answers": ListEdit(((1, {"wrong": "B"}), (0, {"right": "A", "why": "W"}), (None, {"right": "N: x"})))}}

    after = patched(TEXT, wanted)

    assert after == TEXT.replace(
        "      # la buena\n      - right: A  # alta\n        why: W\n\n      - wrong: B\n    tolerance: {relative:  0.1}\n",
        "      - wrong: B\n\n      # la buena\n      - right: A  # alta\n        why: W\n\n      - right: 'N: x'\n",
    )


def test_a_bare_text_becomes_a_mapping_and_keeps_what_stands_beside_it() -> None:
    assert patched("a:\n  - Uno # u\n", {"a": [{"text": "Uno", "key": "x"}]}) == "a:\n  - text: Uno # u\n    key: x\n"


def test_what_cannot_be_parted_by_lines_is_refused_and_stays_where_it_does_not_change() -> None:
    text = "a:\n  -\n    b: c\nd: e\n"
    assert patched(text, {"a": [{"b": "c"}], "d": "f"}) == text.replace("d: e", "d: f")
    with pytest.raises(EditRefused):
        patched(text, {"a": [{"b": "d"}], "d": "e"})


def test_a_text_that_begins_with_a_sign_of_yaml_stands_in_quotes_between_brackets() -> None:
    assert patched("a: [x]\n", {"a": [":0"]}) == "a: [':0']\n"


WORDS = (
    st.text(alphabet="aé ñ:#'\"-?|>{}[]\n0x", min_size=1, max_size=8)
    .map(lambda text: text.strip("\n ") or "w")
    .filter(lambda text: all(line == line.strip() for line in text.split("\n")))
)
NAMES = st.sampled_from(["a", "b", "uno", "why"])
VALUES = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(WORDS | st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_size=4)
        | st.dictionaries(NAMES, inner, min_size=1, max_size=3)
    ),
    max_leaves=12,
)
MAPPINGS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4)


@settings(deadline=None, max_examples=60)
@given(before=MAPPINGS, after=MAPPINGS, places=st.lists(st.none() | st.integers(0, 4), max_size=5))
@pytest.mark.slow
def test_whatever_is_written_is_read_back(before: dict[str, Written], after: dict[str, Written], places: list[int | None]) -> None:
    """Over any two mappings: the text of the first, patched, says the second; also where lists say what their entries were."""
    text = ""
    for name, value in before.items():
        text = write_field(text, name, value, list(before))
    text = "# arriba\n" + text.replace("\n", "  \n", 1) if text.count("|") == 0 else text
    wanted: dict[str, Wanted] = {
        name: ListEdit(tuple(zip((places + [None] * len(value))[: len(value)], value, strict=True))) if isinstance(value, list) else value
        for name, value in after.items()
    }

    assert read_fields(patched(text, wanted)) == {name: plain(value) for name, value in wanted.items()}
    assert patched(text, before) == text
