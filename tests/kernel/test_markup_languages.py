"""Words in another language than their text (spec/content-format 7)."""

from kernel.markup.model import Resource
from kernel.markup.render import render_inline, render_lesson
from tests.support.markup import a_context


def test_the_publisher_of_a_source_in_another_language_is_marked_with_it() -> None:
    law = Resource("Social Security Act", "Registro Oficial", "https://example.org/ley", "law", "es", host_language="es")

    html = render_lesson("a [@ley-ss]", a_context("en", resource={"ley-ss": law}.get)).html

    assert '<cite>Social Security Act</cite></a>. <span lang="es">Registro Oficial</span>.' in html


def test_words_in_another_language_are_marked_with_it_in_lessons_and_lines() -> None:
    text = "The wage ([*salario básico*]{lang=es}) in the [Ley & más]{lang=es-EC}, \\[a]{lang=es}."
    marked = 'The wage (<span lang="es"><em>salario básico</em></span>) in the <span lang="es-EC">Ley &amp; más</span>, [a]{lang=es}.'

    assert render_lesson(text, a_context("en")).html == f"<p>{marked}</p>"
    assert render_inline(text, a_context("en")).html == marked
    assert render_lesson(text, a_context("en")).words == render_lesson("The wage salario básico in the Ley más a", a_context("en")).words
