"""What a template reads, what its first line names, and what the views give it are the same."""

from collections.abc import Iterable

from tests.support import templates

FEWER = {
    "quizzes/verify_proof.html": "the page of a code that nobody gave",
    "selections/verify.html": "the page of a code that nobody gave",
}
"""Templates which read some values only where others say so; a call may leave them out."""


def names(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))


def test_the_first_line_names_what_the_template_reads() -> None:
    drawn = sorted(templates.drawn())

    assert {name: names(left) for name in drawn if (left := templates.needs(name) - templates.named(name))} == {}, "read, and not named"
    assert {name: names(left) for name in drawn if (left := templates.named(name) - templates.uses(name))} == {}, "named, and not read"


def test_a_view_gives_what_the_first_line_names() -> None:
    surplus, lacking = {}, {}
    for drawing in templates.drawings():
        named, key = templates.named(drawing.template), f"{drawing.module}: {drawing.template}"
        surplus[key] = names(drawing.names - named)
        lacking[key] = names(named - drawing.names) if drawing.is_whole and drawing.template not in FEWER else ""

    assert {key: each for key, each in surplus.items() if each} == {}, "given, and not named"
    assert {key: each for key, each in lacking.items() if each} == {}, "named, and not given"
