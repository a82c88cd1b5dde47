"""HTML of other tools and text pasted from them: every word is kept or stands in a remark, and nothing that runs comes in."""

import re
from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import Invalid
from kernel.markup.foreign import ADDRESSES, ATTRIBUTES, CONTENT, ELEMENTS, FORMULAS, MAXIMUM_PASTED, MERGED, SCRIPTS, STRUCK, pasted
from kernel.markup.model import MarkupContext
from kernel.markup.render import render_lesson
from tests.support.soon import within


@dataclass(frozen=True, slots=True)
class Node:
    """An element to draw: its name, a word in an attribute where it has one, and what is inside."""

    name: str
    attribute: str = ""
    inside: tuple["Node | None", ...] = ()
    """None is a word."""


INLINE = ("b", "i", "span", "code", "u", "del", "sup", "sub", "x-word", "q", "font", "label")
BLOCKS = ("p", "div", "h1", "h3", "h5", "blockquote", "section", "form", "pre", "aside", "x-block")
DROPPED = ("button", "textarea", "select", "video", "object", "dialog")
LISTS = {"ul": "li", "ol": "li", "dl": "dd"}
words = st.none()
attributes = st.sampled_from(["", "", "title", "alt", "x-text"])


def elements(names: tuple[str, ...], inside: st.SearchStrategy[Node | None]) -> st.SearchStrategy[Node]:
    return st.builds(Node, st.sampled_from(names), attributes, st.lists(inside, min_size=1, max_size=3).map(tuple))


inlines = st.recursive(words, lambda inner: elements((*INLINE, *DROPPED, "math", "maction"), inner), max_leaves=4)
lists = st.builds(
    lambda name, entries: Node(name, "", tuple(Node(LISTS[name], "", (entry,)) for entry in entries)),
    st.sampled_from(sorted(LISTS)),
    st.lists(inlines, min_size=1, max_size=3),
)
tables = st.lists(inlines, min_size=1, max_size=2).map(
    lambda row: Node("table", "", (Node("tr", "", tuple(Node("td", "", (one,)) for one in row)),))
)
pages = st.lists(st.recursive(inlines | lists | tables, lambda inner: elements(BLOCKS, inner), max_leaves=5), min_size=1, max_size=3)


class Drawn:
    """A page with words that are all different, and how often each kind must stand in a remark."""

    def __init__(self, page: list[Node | None]) -> None:
        self.words: list[str] = []
        self.lost: list[str] = []
        self.counts: Counter[str] = Counter()
        self.html = " ".join(self._write(node, "") for node in page)

    def _word(self, lost: str) -> str:
        self.words.append(f"w{len(self.words)}w")
        if lost:
            self.lost.append(self.words[-1])
        return self.words[-1]

    def _write(self, node: Node | None, lost: str) -> str:
        if node is None:
            return self._word(lost)
        if node.name == "math":
            self.counts[ELEMENTS] += 0
            return f"<math><mi>{self._word(lost)}</mi></math>"
        if node.name == "maction":
            self.counts[FORMULAS] += not lost
            return f"<math><maction>{self._word(FORMULAS)}</maction></math>"
        kind = CONTENT if node.name in DROPPED else ELEMENTS if node.name.startswith("x-") else STRUCK if node.name in ("u", "del") else ""
        self.counts[kind] += not lost
        lost = lost or (CONTENT if kind == CONTENT else "")
        self.counts[ATTRIBUTES] += bool(node.attribute) and not lost
        attribute = f' {node.attribute}="{self._word(lost or ATTRIBUTES)}"' if node.attribute else ""
        return f"<{node.name}{attribute}>{' '.join(self._write(inner, lost) for inner in node.inside)}</{node.name}>"


@settings(max_examples=40, deadline=None)
@given(pages)
def test_every_word_is_kept_or_counted_by_kind(page: list[Node | None]) -> None:
    drawn = Drawn(page)
    found = pasted(drawn.html)

    kept = re.findall(r"w\d+w", found.markdown)
    counts = {one.kind: one.count for one in found.left_out}
    assert Counter(kept) == Counter(set(drawn.words) - set(drawn.lost))
    for kind in (CONTENT, FORMULAS, ATTRIBUTES, ELEMENTS, STRUCK):
        assert counts.get(kind, 0) == drawn.counts[kind], kind


@settings(max_examples=40, deadline=None)
@given(pages)
def test_what_is_pasted_is_what_our_checks_accept(page: list[Node | None]) -> None:
    """But for what only an author can write: titles of tables."""
    found = pasted(Drawn(page).html)

    findings = render_lesson(found.markdown, MarkupContext("es")).problems
    assert [(one.code, one.facts) for one in findings if one.code != "C312"] == []


def left_out(html: str) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(one.kind, one.count, one.examples) for one in pasted(html).left_out]


@pytest.mark.parametrize(
    ("html", "markdown", "kind", "example"),
    [
        ('<p><abbr title="Instituto">IESS</abbr></p>', "IESS", ATTRIBUTES, '<abbr title="Instituto">'),
        ('<p><a href="/cursos">Cursos</a></p>', "Cursos", ADDRESSES, "/cursos"),
        ("<p>1.<sup>er</sup> piso</p>", "1.er piso", SCRIPTS, "er"),
        ("<p>No <s>hay</s></p>", "No hay", STRUCK, "hay"),
        ("<p>Uno <x-note>dos</x-note></p>", "Uno dos", ELEMENTS, "<x-note> dos"),
        ("<p>Uno</p><select><option>Dos</option></select>", "Uno", CONTENT, "<select> Dos"),
        ("<p>Uno <math><maction>x</maction></math></p>", "Uno", FORMULAS, "x"),
    ],
)
def test_what_our_texts_do_not_know_is_counted(html: str, markdown: str, kind: str, example: str) -> None:
    assert pasted(html).markdown == f"{markdown}\n"
    assert (kind, 1, (example,)) in left_out(html)


def test_merged_cells_are_counted() -> None:
    assert left_out("<table><tr><th colspan=2>A</th></tr><tr><td>1</td><td>2</td></tr></table>") == [(MERGED, 1, ("A",))]


def test_layout_and_looks_are_no_loss() -> None:
    html = '<form><font color="red"><p class="x" style="y">m<sup>2</sup> y H<sub>2</sub>O</p></font></form>'

    assert (pasted(html).markdown, left_out(html)) == ("m² y H₂O\n", [])


def test_definitions_become_paragraphs() -> None:
    assert pasted("<dl><dt>Piso</dt><dd>Lo básico</dd></dl>").markdown == "Piso\n\nLo básico\n"


def test_headings_skip_no_level_and_stand_in_no_list() -> None:
    assert pasted("<h1>A</h1><h4>B</h4><ul><li><h2>C</h2></li></ul>").markdown == "## A\n\n### B\n\n- **C**\n"


# --- Formulas ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mathml", "latex"),
    [
        ("<mfrac><mn>1</mn><mn>2</mn></mfrac>", r"\frac{1}{2}"),
        ("<mrow><mi>x</mi><mo>≤</mo><mn>3,5</mn><mo>%</mo></mrow>", r"x \le 3{,}5 \%"),
        ("<msup><mi>x</mi><mn>2</mn></msup>", "x^{2}"),
        ("<msub><mi>x</mi><mn>12</mn></msub>", "x_{12}"),
        ("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>", "x_{i}^{2}"),
        ("<msqrt><mi>β</mi><mo>+</mo><mn>1</mn></msqrt>", r"\sqrt{\beta + 1}"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", r"\sqrt[3]{x}"),
        ('<mfenced open="[" close="}"><mi>a</mi><mi>b</mi></mfenced>', r"\left[ a , b \right\}"),
        ("<mi>PIB</mi><mo>−</mo><mi>log</mi><mi>x</mi>", r"\mathrm{PIB} - \log x"),
        ("<mtext>si llueve</mtext>", r"\text{si llueve}"),
        ("<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable>", r"\begin{matrix} 1 & 2 \end{matrix}"),
        ("<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>", r"\sum_{i = 1}^{n}"),
        ("<munder><mi>lim</mi><mi>x</mi></munder>", r"\lim_{x}"),
        ("<mover><mi>x</mi><mo>¯</mo></mover>", r"\overline{x}"),
        ("<mover><mi>x</mi><mi>n</mi></mover>", r"\overset{n}{x}"),
        ('<semantics><mi>z</mi><annotation encoding="application/x-tex">\\frac a b</annotation></semantics>', r"\frac a b"),
    ],
)
def test_mathml_becomes_latex(mathml: str, latex: str) -> None:
    found = pasted(f"<p>Sea <math>{mathml}</math>.</p>")

    assert (found.markdown, found.left_out) == (f"Sea ${latex}$.\n", ())
    assert render_lesson(found.markdown, MarkupContext("es")).problems == ()


E, F = "<m:e><i><span>{}</span></i></m:e>".format("<m:r>x</m:r>"), "<m:fPr><m:ctrlPr></m:ctrlPr></m:fPr>"


@pytest.mark.parametrize(
    ("omml", "latex"),
    [
        (f"<m:f>{F}<m:num><m:r>a</m:r></m:num><m:den><m:r>b</m:r></m:den></m:f>", r"\frac{a}{b}"),
        (f"<m:sSup>{E}<m:sup><m:r>2</m:r></m:sup></m:sSup>", "x^{2}"),
        (f"<m:sSub>{E}<m:sub><m:r>1</m:r></m:sub></m:sSub>", "x_{1}"),
        (f"<m:sSubSup>{E}<m:sub><m:r>1</m:r></m:sub><m:sup><m:r>2</m:r></m:sup></m:sSubSup>", "x_{1}^{2}"),
        (f'<m:rad><m:radPr><m:degHide m:val="1"/></m:radPr><m:deg></m:deg>{E}</m:rad>', r"\sqrt{x}"),
        (f"<m:rad><m:deg><m:r>3</m:r></m:deg>{E}</m:rad>", r"\sqrt[3]{x}"),
        (f'<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr>{E}</m:d>', r"\left[ x \right]"),
        (
            f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub><m:r>i=1</m:r></m:sub><m:sup><m:r>n</m:r></m:sup>{E}</m:nary>',
            r"\sum_{i=1}^{n} x",
        ),
        (f"<m:func><m:fName><m:r>f</m:r></m:fName>{E}</m:func>", "f x"),
        (f'<m:acc><m:accPr><m:chr m:val="̅"/></m:accPr>{E}</m:acc>', r"\overline{x}"),
        (f"<m:m><m:mr>{E}{E}</m:mr></m:m>", r"\begin{matrix} x & x \end{matrix}"),
        ("<m:r><m:rPr><m:nor/></m:rPr>si llueve</m:r>", r"\text{si llueve}"),
    ],
)
def test_equations_of_word_become_latex(omml: str, latex: str) -> None:
    """Word hides them in comments of what it pastes, with a picture for those who cannot read them."""
    hidden = f"<!--[if gte msEquation 12]><m:oMath>{omml}</m:oMath><![endif]-->"
    picture = "<span><img src='file:///x.png'></span>"
    found = pasted(f"<p>Sea {hidden}<![if !msEquation]>{picture}<![endif]>.</p>")

    assert (found.markdown, found.pictures, found.left_out) == (f"Sea ${latex}$.\n", 0, ())
    assert pasted(f"<p>Sea {hidden}<!--[if !msEquation]-->{picture}<!--[endif]-->.</p>") == found
    assert render_lesson(found.markdown, MarkupContext("es")).problems == ()


@pytest.mark.parametrize(
    "inside", ["<mi>x</mi> y", "<msup><mi>x</mi></msup>", "<mo>$</mo>", "<mmultiscripts></mmultiscripts>", "", "<m:eqarr></m:eqarr>"]
)
def test_a_formula_that_is_not_known_is_counted(inside: str) -> None:
    assert [(kind, count) for kind, count, _examples in left_out(f"<p>a <math>{inside}</math></p>")] == [(FORMULAS, 1)]


M = "<math><mi>x</mi></math>"


FORMULAS_SHOWN_TWICE = pytest.mark.parametrize(
    "html",
    [
        f'<span class="katex"><span class="katex-mathml">{M}</span><span class="katex-html" aria-hidden="true">x</span></span>',
        f'<mjx-container><mjx-math aria-hidden="true">x</mjx-math><mjx-assistive-mml>{M}</mjx-assistive-mml></mjx-container>',
    ],
)


def test_mathml_with_a_prefix_is_read() -> None:
    prefixed = "<mml:math><mml:mfrac><mml:mn>1</mml:mn><mml:mn>2</mml:mn></mml:mfrac></mml:math>"

    assert pasted(f"<p>{prefixed}</p>").markdown == "$\\frac{1}{2}$\n"


@FORMULAS_SHOWN_TWICE
def test_a_formula_that_is_there_twice_comes_once(html: str) -> None:
    assert pasted(f"<p>Sea {html}.</p>").markdown == "Sea $x$.\n"


def test_the_sign_for_a_formula_is_no_formula_where_somebody_writes_it() -> None:
    found = pasted('<p>\ue0040\ue004 <math><mi>x</mi></math> <a href="https://e.org/&#xE004;7&#xE004;">y</a></p>')

    assert found.markdown.startswith("0 $x$ [y](https://e.org/")


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
