"""YAML as a tree: what libyaml reads quickly is what ruamel reads, with the same places."""

from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import yaml_tree
from tests.support.project import ROOT

SHIPPED = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "content").glob("*/0[01]-*/*.yaml"))
PIECES = (
    *("a", "b: ", "é: ", "- ", "? ", "\n", "\n\n", "\n  ", "\n - ", "\n  c: ", " ", "  ", "#", " # ", "{", "}", "[", "]", "[a, ", ", "),
    *('"', "'", '"d"', "'e'", ":", "|", ">", ">-", "|+ ", "|2", "...", "---", "%", "&", "*", "!", "<<", "\\", "\\n", "\t", "\r\n"),
    *("\x85", "\u2028", "\ufeff", "\u200b", "\u00a0", "😀", "-a", "?a", ":a", "a:", "''", "¿Qué?", "0.5", "~", "@", "`", "\x07"),
)


def read_both_ways(text: str) -> tuple[object, object]:
    """Return a text's tree as it is read, and as ruamel alone reads it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("yaml.CSafeLoader", None)
        slowly = asdict(yaml_tree.parse(text))
    return asdict(yaml_tree.parse(text)), slowly


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=16).map(lambda pieces: "k: " + "".join(pieces) + "\n"))
def test_a_text_is_read_the_same_both_ways(text: str) -> None:
    quickly, slowly = read_both_ways(text)

    assert quickly == slowly


@pytest.mark.parametrize(
    "text",
    ["k: |#a\n  b\n", 'k: ["a":b]\n', 'k: ["a":, b]\n', ">\n...\n", "k:\tv\n", "k: a\u2028  b\n", "k: v", "--- \nk: v\n", "k: *a\n"],
)
def test_what_the_two_read_differently_is_read_by_ruamel(text: str) -> None:
    quickly, slowly = read_both_ways(text)

    assert quickly == slowly


@pytest.mark.parametrize("path", SHIPPED)
def test_shipped_files_are_read_quickly_and_the_same(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / path).read_text()
    quickly, slowly = read_both_ways(text)
    monkeypatch.setattr(yaml_tree, "YAML", None)

    assert quickly == slowly == asdict(yaml_tree.parse(text))
