"""Formulas, powers and indices where a text stands without its markup: other words, never other numbers."""

import pytest

from kernel.markup.model import MarkupContext
from kernel.markup.passages import plain_text
from kernel.markup.plain import formula_words, without_markup
from kernel.markup.render import render_inline


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        (r"\frac{1}{2}", "1/2"),
        (r"\frac12", "1/2"),
        (r"2\frac{1}{2}", "2 1/2"),
        (r"\frac{1}{2}x", "(1/2)x"),
        (r"x\frac{1}{2}", "x(1/2)"),
        (r"\frac{1}{2}^2", "(1/2)^2"),
        (r"\frac{a+b}{2c}", "(a+b)/(2c)"),
        (r"\dfrac{10}{5}", "10/5"),
        ("2^{10}", "2^10"),
        ("e^{-rt}", "e^(-rt)"),
        ("x^2", "x^2"),
        ("x_2", "x_2"),
        ("x^2y", "x^(2)y"),
        ("2^{1}0", "2^(1)0"),
        (r"\sqrt{2}3", "√(2)3"),
        (r"x_{i+1}", "x_(i+1)"),
        (r"\sqrt{2}", "√2"),
        (r"\sqrt{x+1}", "√(x+1)"),
        (r"\alpha \times \beta \leq 5\,\%", "α × β ≤ 5 %"),
        (r"\text{gasto}_t = \sum_{i=1}^{n} p_i", "gasto_t = ∑_(i=1)^n p_i"),
        (r"\left( 3 \right)", "( 3 )"),
        (r"\Delta x", "∆ x"),
        (r"\sqrt[3]{8}", r"\sqrt[3]{8}"),
        (r"\binom{n}{k}", r"\binom{n}{k}"),
        ("{x", "{x"),
        ("x}", "x}"),
        (r"\frac{1}", r"\frac{1}"),
        ("x^", "x^"),
    ],
)
def test_a_formula_is_one_line_that_says_the_same_or_its_source(latex: str, words: str) -> None:
    assert formula_words(latex) == words


def test_no_two_of_these_look_alike() -> None:
    formulas = ["x^2", "x_2", "x2", r"\frac{1}{2}", "12", "2^{10}", "210", r"\sqrt{2}", "2", r"2\frac{1}{2}", r"\frac{21}{2}"]

    assert len({formula_words(latex) for latex in formulas}) == len(formulas)


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("m<sup>2</sup>", "m²"),
        ("H<sub>2</sub>O", "H₂O"),
        ("x<sup>a+b</sup>", "x^(a+b)"),
        ("x<sub>a</sub>", "x_a"),
        ("1<sup>er</sup> pilar", "1er pilar"),
        ('palabra<sup id="nota-mark-1">1</sup>', 'palabra<sup id="nota-mark-1">1</sup>'),
    ],
)
def test_what_is_raised_or_lowered_stays_apart(html: str, words: str) -> None:
    assert without_markup(html) == words


def test_rendered_formulas_become_words_and_are_found() -> None:
    html = str(render_inline(r"La mitad de $\frac{10}{5}$ y $a<b$", MarkupContext("es")).html)

    assert plain_text(html) == "La mitad de 10/5 y a<b"
