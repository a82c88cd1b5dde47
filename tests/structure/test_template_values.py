"""What a template reads, what its first line names, and what the views give it are the same."""

from collections.abc import Iterable

import pytest

from tests.support import templates
from tests.support.templates import Drawing

FEWER = {
    "quizzes/verify_proof.html": "the page of a code that nobody gave",
    "selections/verify.html": "the page of a code that nobody gave",
}
"""Templates which read some values only where others say so; a call may leave them out."""


def names(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))


@pytest.mark.parametrize("template", sorted(templates.drawn()))
def test_the_first_line_names_what_the_template_reads(template: str) -> None:
    named = templates.named(template)

    assert names(templates.needs(template) - named) == "", "read, and not named"
    assert names(named - templates.uses(template)) == "", "named, and not read"


@pytest.mark.parametrize("drawing", templates.drawings(), ids=lambda drawing: f"{drawing.module}-{drawing.template}")
def test_a_view_gives_what_the_first_line_names(drawing: Drawing) -> None:
    named = templates.named(drawing.template)

    assert names(drawing.names - named) == "", "given, and not named"
    assert not drawing.is_whole or drawing.template in FEWER or names(named - drawing.names) == "", "named, and not given"
