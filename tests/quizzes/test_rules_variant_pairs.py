"""Typed answers of which typographic variants decide, and the keys that they fit (spec/quiz-engine 5.7 and 5.11.6)."""

from collections.abc import Sequence

import pytest

from questions.rules.definitions import Body, Gap, GapsBody, TrueFalseBody
from questions.rules.marking import variant_pair
from tests.support.questions import a_calculated, a_numerical, a_short, dragged_gaps, es, f

OHIGGINS = a_short(("O'Higgins", "1"), ("* O’Higgins", "1/2"), ("*", "0"))
GAPS = GapsBody((Gap("uno", a_short(("Perú", "1"))), Gap("dos", a_short(("a-b", "1")))))


@pytest.mark.parametrize(
    ("body", "typed", "pair"),
    [
        (OHIGGINS, ["O’HIGGINS"], ("O’HIGGINS", "O'Higgins")),
        (OHIGGINS, ["Don O'Higgins"], ("Don O'Higgins", "* O’Higgins")),
        (GAPS, ["peru", "a–b"], ("a–b", "a-b")),
        (a_short(("fin", "1"), ignore_case=False), ["ﬁn"], ("ﬁn", "fin")),
        (a_numerical(("5", "1")), ["‑5"], ("‑5", "")),
        (a_numerical(("5", "1"), units={"µg": f("1")}), ["5"], ("5", "")),
        (a_numerical(("5", "1"), unit=es("µg")), ["5"], ("5", "")),
        (a_calculated(), ["5", "6 USD‑"], ("6 USD‑", "")),
    ],
)
def test_what_fits_by_variants_alone_comes_with_its_key(body: Body, typed: Sequence[str], pair: tuple[str, str]) -> None:
    """spec/quiz-engine 5.11.6."""
    assert variant_pair(body, typed) == pair


@pytest.mark.parametrize(
    ("body", "typed"),
    [
        (OHIGGINS, ["O'Higgins"]),
        (OHIGGINS, ["Sucre’s"]),
        (OHIGGINS, []),
        (a_short(("O'Higgins", "1"), ignore_typography=False), ["O’Higgins"]),
        (a_short(("fin", "1")), ["ﬁn"]),
        (GAPS, ["perú", "a-b"]),
        (a_numerical(("5", "1"), unit=es("kg"), units={"g": f("1")}), ["5 kg"]),
        (a_numerical(("5", "1")), []),
        (dragged_gaps(), ["s‑ol"]),
        (TrueFalseBody(answer=True), ["’"]),
    ],
)
def test_what_fits_anyhow_or_not_at_all_is_left_aside(body: Body, typed: Sequence[str]) -> None:
    """A ligature is what its letters are where capitals are ignored, as ever."""
    assert variant_pair(body, typed) is None
