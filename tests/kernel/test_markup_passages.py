"""Paragraphs of rendered lessons: every one has an address, and its text belongs to its section."""

import re

from kernel.markup.model import SafeHtml
from kernel.markup.passages import anchored, blocks_of, plain_text, sections_of

LESSON = SafeHtml(
    '<p>Antes.</p>\n<h2 id="s-uno">Uno</h2>\n<p class="small">Una <strong>frase</strong> con'
    ' <button class="term" type="button" popovertarget="s--term-x">término</button><span popover class="pop" id="s--term-x">'
    "<span>Su definición<br>larga.</span></span>.</p>"
    "<ul>\n<li>primera</li>\n<li><p>segunda</p><p>y más</p></li>\n</ul>"
    '<figure id="s-f"><svg><title>Dibujo</title><text>letras</text></svg><figcaption>Figura 1. Un pie.</figcaption></figure>'
    '<div class="scroll"><table class="data"><caption>Tabla 1</caption><tr><th>Año</th><td>20,6</td></tr></table></div>'
    '<details class="callout eg"><summary>¿Qué es?</summary><p>Es esto.</p></details>'
    '<aside class="callout"><h3 id="s--callout-1">Atención</h3><p>Cuidado.</p></aside>'
    '<h3 id="s-dos">Dos &amp; tres</h3><p>Fin<br>del texto. <math><mi>x</mi></math></p>'
    '<section class="panel"><div><p>¿Pregunta?</p></div></section><section><h2 id="s--terms">Términos</h2><p>no</p></section>'
)


def test_every_block_has_one_address_and_keeps_the_one_it_had() -> None:
    ids = re.findall(r' id="([^"]+)"', anchored(LESSON))

    assert len(ids) == len(set(ids))
    assert {"s-uno", "s-f", "s-dos", "p-1", "p-2"} <= set(ids)
    assert not re.search(r"<(p|li|table|details)(?![^>]* id=)[^>]*>", anchored(LESSON))
    assert anchored(anchored(LESSON)) == anchored(LESSON)
    assert re.sub(r' id="p-\d+"', "", anchored(LESSON)) == LESSON


def test_the_text_of_a_lesson_by_sections_and_paragraphs() -> None:
    read = [(section.id, section.title, [paragraph.text for paragraph in section.paragraphs]) for section in sections_of(LESSON)]

    assert read == [
        ("", "", ["Antes."]),
        (
            "s-uno",
            "Uno",
            [
                "Una frase con término.",
                "primera",
                "segunda",
                "y más",
                "Figura 1. Un pie.",
                "Tabla 1 Año 20,6",
                "¿Qué es?",
                "Es esto.",
                "Atención",
                "Cuidado.",
            ],
        ),
        ("s-dos", "Dos & tres", ["Fin del texto."]),
    ]


def test_each_paragraph_is_opened_where_it_can_be_seen() -> None:
    html = anchored(LESSON)
    for section in sections_of(LESSON):
        for paragraph in section.paragraphs:
            assert f' id="{paragraph.id}"' in html, paragraph
    (uno,) = (section for section in sections_of(LESSON) if section.id == "s-uno")
    places = {paragraph.text: paragraph.id for paragraph in uno.paragraphs}
    fold = re.search(r'<details id="([^"]+)"', html)

    assert fold is not None
    assert places["Es esto."] == places["¿Qué es?"] == fold[1]
    assert places["Figura 1. Un pie."] == "s-f"


def test_the_outermost_elements_stand_for_themselves() -> None:
    blocks = blocks_of(LESSON)

    assert "".join(blocks) == LESSON.replace("</p>\n", "</p>").replace("</h2>\n", "</h2>")
    assert " ".join(block[1:].replace(">", " ").split()[0] for block in blocks) == "p h2 p ul figure div details aside h3 p section section"
    assert plain_text(blocks[1]) == "Uno"


def test_html_that_is_not_well_formed_is_read_all_the_same() -> None:
    assert plain_text("a</p></b><p>b<i>c") == "a bc"
    assert plain_text("</table><td>x</section>") == "x"
    assert plain_text("") == ""
    assert sections_of(SafeHtml("")) == ()


def test_the_number_of_a_note_is_no_part_of_a_word() -> None:
    """Whoever looks for the word finds it."""
    html = '<p>El piso<sup id="s--mark-1"><a aria-label="Nota 1" href="#s--note-1">1</a></sup> y 5 m<sup>2</sup>.</p>'

    assert plain_text(html) == "El piso y 5 m2."
