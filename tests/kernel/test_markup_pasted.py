"""Text pasted from word processors and other sites: what stays, what goes, and what is hostile."""

import pytest

from kernel.errors import Invalid
from kernel.markup.foreign import MAXIMUM_PASTED, pasted
from tests.support.soon import within

WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal {margin:0}</style></head><body>
<!--StartFragment--><h1><span style='color:#2F5496'>Pisos de <b>protección</b><o:p></o:p></span></h1>
<p class=MsoNormal>Texto con <b style='mso-bidi-font-weight:normal'>fuerza</b> y <i>énfasis</i>.<o:p></o:p></p>
<p class=MsoListParagraphCxSpFirst style='mso-list:l0 level1 lfo1'><![if !supportLists]>
<span style='mso-list:Ignore'>·<span>&nbsp;&nbsp;</span></span>
<![endif]>Uno<o:p></o:p></p>
<p class=MsoListParagraphCxSpMiddle style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>1.<span>&nbsp;</span></span>Adentro</p>
<p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·</span>Dos</p>
<table class=MsoTableGrid><tr><td><p class=MsoNormal><b>Año</b></p></td><td><p>Valor</p></td></tr>
<tr><td><p>2019</p></td><td><p>34,8</p></td></tr></table>
<h2>Después</h2><p><a href="https://example.org/x">Un enlace</a></p><!--EndFragment--></body></html>"""


def markdown_of(html: str) -> str:
    return pasted(html).markdown


def test_words_paragraphs_become_headings_lists_tables_and_links() -> None:
    text = markdown_of(WORD)

    assert text.startswith("## Pisos de protección\n\nTexto con **fuerza** y *énfasis*.\n\n")
    assert "- Uno\n    1. Adentro\n- Dos\n" in text
    assert "| **Año** | Valor |\n| --- | --- |\n| 2019 | 34,8 |" in text
    assert "### Después" in text
    assert text.endswith("[Un enlace](https://example.org/x)\n")


def test_a_style_is_emphasis_and_googles_wrapper_is_none() -> None:
    words = '<span style="font-weight:700">Uno</span> <span style="font-style:italic">dos</span>'
    html = f'<b style="font-weight:normal" id="docs-internal"><p>{words}</p></b>'

    assert markdown_of(html) == "**Uno** *dos*\n"


def test_signs_that_mean_something_here_stay_signs() -> None:
    """What was a sign in the other text must not become a term, a formula or a list."""
    assert markdown_of("<p>[[no]] {{x}} $5 y $6 *a* | b</p><p>- no es lista</p><p>1. tampoco</p>") == (
        "\\[\\[no\\]\\] \\{\\{x\\}\\} \\$5 y \\$6 \\*a\\* \\| b\n\n\\- no es lista\n\n1\\. tampoco\n"
    )


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script><p>Bien</p>",
        '<p onclick="alert(1)">Bien</p>',
        "<style>p{}</style><p>Bien</p>",
        '<p>Bien</p><iframe src="https://example.org"></iframe>',
        '<p><a href="javascript:alert(1)">Bien</a></p>',
        '<p>Bien<img src="x" onerror="alert(1)"></p>',
        "<p>Bien<!-- alert(1) --></p>",
    ],
)
def test_what_acts_or_loads_is_dropped(html: str) -> None:
    assert markdown_of(html).strip() == "Bien"


def test_too_much_and_too_deep_are_refused_with_what_to_do() -> None:
    with pytest.raises(Invalid, match="parts"):
        markdown_of("a" * (MAXIMUM_PASTED + 1))
    assert "Bien" in markdown_of("<div>" * 200 + "Bien")


def test_paragraphs_of_one_cell_stay_apart() -> None:
    assert "| Uno dos | tres |" in markdown_of(
        "<table><tr><th>A</th><th>B</th></tr><tr><td><p>Uno</p><p>dos</p></td><td><p>tres</p></td></tr></table>"
    )


def test_a_numbered_list_goes_on_where_it_did() -> None:
    assert markdown_of('<ol start="3"><li>c</li><li>d<ol><li>x</li></ol></li><li>e</li></ol>') == "3. c\n4. d\n    1. x\n5. e\n"


def test_a_long_list_takes_no_time_for_each_of_its_pairs() -> None:
    assert within(3, lambda: markdown_of("<ol>" + "<li>a</li>" * 8_000 + "</ol>")).endswith("8000. a\n")
