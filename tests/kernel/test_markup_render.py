"""What the renderer makes of each thing of the dialect (spec/content-format 7), of words in other languages, and of numbers and lines."""

import re
from decimal import Decimal
from xml.etree.ElementTree import Element

import html5lib
import pytest
from markupsafe import escape

from kernel.markup.model import (
    Citation,
    Parameter,
    RenderedText,
    Resource,
    SafeHtml,
    fold,
    format_number,
    format_parameter,
    format_size,
    gap_marker,
    join_dashes,
    join_numbers,
)
from kernel.markup.render import count_words, render_inline, render_lesson, render_markdown
from kernel.markup.source import Addresses, Finder, mask, normalise, slug, strip_comments
from tests.support.markup import a_context

NBSP = "\u00a0"


def lesson(text: str, language: str = "es") -> str:
    rendered = render_lesson(text, a_context(language))
    assert rendered.problems == ()
    return rendered.html.replace("&nbsp;", NBSP)


def tree(html: str) -> Element:
    root: Element = html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False)
    return root


def test_the_result_may_stand_in_a_template_without_escaping() -> None:
    rendered = render_lesson("Texto.", a_context())

    assert isinstance(rendered.html, SafeHtml)
    assert escape(rendered.html) == "<p>Texto.</p>"


def test_headings_get_addresses_without_accents_behind_the_prefix() -> None:
    rendered = render_lesson("## Medir la **brecha**, ¿cómo?\n\n### Título {#otra}\n\n## Medir la brecha, como", a_context())

    assert [(heading.level, heading.address, heading.text) for heading in rendered.headings] == [
        (2, "medir-la-brecha-como", "Medir la brecha, ¿cómo?"),
        (3, "otra", "Título"),
        (2, "medir-la-brecha-como-2", "Medir la brecha, como"),
    ]
    assert [heading.id for heading in rendered.headings] == ["s-medir-la-brecha-como", "s-otra", "s-medir-la-brecha-como-2"]
    assert '<h3 id="s-otra">Título</h3>' in rendered.html


def test_a_heading_is_told_as_it_reads_with_formula_parameter_and_term_but_without_citation() -> None:
    rendered = render_lesson("## La [[piso]] de $P_c$ y {{ cobertura }} [@ley-ss] & más", a_context())

    assert rendered.headings[0].text == "La piso de P_c y 34,80 % & más"


def test_emphasis_code_lists_quotations_and_rules_are_plain_html() -> None:
    html = lesson("*a* **b** `c_d` snake_case_x\n\n- uno\n    - dos\n\n1. a\n2. b\n\n> dicho\n\n---")

    assert "<em>a</em> <strong>b</strong> <code>c_d</code> snake_case_x" in html
    assert html.count("<ul>") == 2
    assert "<ol>" in html
    assert "<blockquote>" in html
    assert "<hr>" in html


def test_indented_text_is_no_code() -> None:
    assert "<code>" not in lesson("    cuatro espacios\n\ntexto")


def test_fenced_code_keeps_what_the_dialect_would_read() -> None:
    html = lesson("```\n[[piso]] {{ sbu }} $x$ <b> <!-- nota -->\n```")

    assert "[[piso]] {{ sbu }} $x$ &lt;b&gt; &lt;!-- nota --&gt;" in html
    assert '<pre class="scroll mono" tabindex="0"' in html.replace(' role="group"', "").replace(' aria-label="Código"', "")


@pytest.mark.parametrize(
    ("kind", "classes", "word"),
    [
        ("DEFINITION", "callout", "Definición"),
        ("EXAMPLE", "callout eg", "Ejemplo"),
        ("WARNING", "callout warn", "Atención"),
        ("SUMMARY", "callout", "En resumen"),
    ],
)
def test_a_callout_has_its_class_and_its_word_in_the_readers_language(kind: str, classes: str, word: str) -> None:
    aside = tree(lesson(f"## A\n\n> [!{kind}] *Título* con {{{{ sbu }}}}\n> Texto.")).find("aside")

    assert aside is not None
    assert aside.get("class") == classes
    heading = aside.find("h3")
    assert heading is not None
    assert aside.get("aria-labelledby") == heading.get("id")
    assert "".join(heading.itertext()) == f"{word}: Título con USD{NBSP}470"


def test_a_callout_without_title_shows_its_word_alone_and_its_level_follows_the_heading_before() -> None:
    html = lesson("> [!WARNING]\n> a\n\n## A\n\n### B\n\n> [!WARNING]\n> b")

    assert re.findall(r"<(h\d) id=\"s--callout-\d\">.*?<span>(.*?)</span>", html) == [("h2", "Atención"), ("h4", "Atención")]


def test_a_check_is_folded_with_its_question_in_sight() -> None:
    rendered = render_lesson("> [!CHECK] ¿Cuánto es?\n> Es **dos**.\n>\n> - y más", a_context())
    details = tree(rendered.html).find("details")

    assert rendered.checks == 1
    assert details is not None
    assert details.get("open") is None
    summary = details.find("summary")
    assert summary is not None
    assert "".join(summary.itertext()) == "Compruebe¿Cuánto es?"
    assert "Es dos." in "".join(details.itertext())


def test_icons_that_the_page_must_carry_are_named() -> None:
    rendered = render_lesson("> [!EXAMPLE] A\n> b\n\n> [!CHECK] ¿a?\n> b", a_context())

    assert rendered.icons == ("chevron-down", "circle-help", "sigma")
    assert set(re.findall(r'<use href="#([a-z-]+)"', rendered.html)) == set(rendered.icons)


def test_a_drawing_is_inlined_with_its_number_caption_and_credit() -> None:
    rendered = render_lesson(
        "![Dos barras: 60 y 40.](media/brecha.svg){#barra}\n\n: Lo que *falta*: {{ cobertura }}. | Propia | OIT\n\nLa [figura](#barra).",
        a_context(),
    )
    figure = tree(rendered.html).find("figure")

    assert rendered.problems == ()
    assert figure is not None
    assert figure.get("id") == "s-barra"
    caption = figure.find("figcaption")
    assert caption is not None
    assert "".join(caption.itertext()) == f"Figura 1. Lo que falta: 34,80{NBSP}%. | Propia OIT"
    assert 'aria-label="Dos barras: 60 y 40." aria-describedby="s--f1-desc"' in rendered.html
    assert '<a href="#s-barra">figura&nbsp;1</a>' in rendered.html
    assert rendered.media == ("media/brecha.svg",)
    assert [(figure.number, figure.address, figure.alternative) for figure in rendered.figures] == [(1, "barra", "Dos barras: 60 y 40.")]


def test_a_photograph_is_an_image_with_its_measures() -> None:
    html = lesson("![Una ferretería \\[en Ambato\\].](media/foto.jpg)\n\n: Ambato. | A. Autora")

    image = '<img alt="Una ferretería [en Ambato]." src="/files/foto.jpg" width="640" height="480" loading="lazy" decoding="async">'
    assert image in html


def test_a_drawing_made_for_a_phone_needs_no_sliding_box() -> None:
    drawing = a_context().media("media/brecha.svg")
    assert drawing is not None
    fitting = type(drawing)(drawing.url, drawing.media_type, 1, drawing.content.replace(b'"chart"', b'"chart fit"'))
    text = "![a](media/brecha.svg)\n\n: b | c"

    assert 'class="scroll"' in render_lesson(text, a_context()).html
    assert 'class="scroll"' not in render_lesson(text, a_context(media=lambda _path: fitting)).html


def test_a_table_has_caption_headers_classes_and_a_box_that_can_be_reached() -> None:
    html = lesson(
        "| Paso | USD | N |\n|---|--:|:-:|\n| **Uno** | 56,70 | a |\n| Dos | 7 | b |\n\n: El rol de {{ sbu }}. {#rol}\n\nLa [tabla](#rol)."
    )
    box = tree(html).find("div")

    assert box is not None
    assert (box.get("class"), box.get("tabindex"), box.get("role"), box.get("aria-label")) == ("scroll", "0", "group", "Tabla 1")
    assert box.get("id") == "s-rol"
    assert f"<caption>Tabla 1. El rol de USD{NBSP}470.</caption>" in html
    assert html.count('scope="col"') == 3
    assert html.count('scope="row"') == 2
    assert html.count('class="r"') == 3
    assert html.count('class="center"') == 3
    assert "style=" not in html
    assert f'<a href="#s-rol">tabla{NBSP}1</a>' in html


def test_a_bar_inside_a_table_cell_ends_no_term() -> None:
    html = lesson("| A | B |\n|---|---|\n| x | [[piso-proteccion-social\\|los pisos]] |\n\n: T.")

    assert '>los pisos</button><span popover class="pop"' in html
    assert html.count("<td>") == 1


@pytest.mark.parametrize(("written", "read"), [("0{,}348", "0,348"), ("145{,}304.58", "145,304.58"), ("1{,}234{,}567", "1,234,567")])
def test_a_number_with_commas_is_one_number(written: str, read: str) -> None:
    assert f"<mn>{read}</mn>" in render_lesson(f"Son ${written}$.", a_context()).html


def test_formulas_become_mathml_with_a_decimal_comma_in_one_number() -> None:
    rendered = render_lesson("Si $B = 1 - 0{,}348$, entonces\n\n$$\nB = \\frac{P_c}{P}\n$$", a_context())

    assert rendered.problems == ()
    assert "<mn>0,348</mn>" in rendered.html
    assert 'alttext="B = 1 - 0{,}348"' in rendered.html
    assert '<math display="block" alttext="B = \\frac{P_c}{P}">' in rendered.html
    assert rendered.formulas == 1


def test_a_wide_formula_gets_a_box_that_slides() -> None:
    assert 'aria-label="Fórmula"' in lesson("$$\n" + "a + b + c + " * 9 + "d\n$$")


def test_money_with_a_backslash_is_no_formula() -> None:
    assert "<p>Cuesta $5 y $6.</p>" in lesson("Cuesta \\$5 y \\$6.")


def test_footnotes_come_at_the_end_in_the_readers_language_and_lead_back() -> None:
    rendered = render_lesson("Uno[^b] y dos[^a], otra vez[^b].\n\n[^a]: Nota *a*.\n\n[^b]: Nota b.", a_context())

    assert rendered.problems == ()
    assert rendered.html.index("Nota b.") < rendered.html.index("Nota <em>a</em>.")
    links = {link.get("href", "").removeprefix("#") for link in tree(rendered.html).iter("a")}
    ids = {node.get("id") for node in tree(rendered.html).iter() if node.get("id")}
    assert links == {"s--note-1", "s--note-2", "s--mark-1", "s--mark-1-2", "s--mark-2"}
    assert links <= ids
    assert "Volver al texto de la nota 1" in rendered.html
    assert [heading.text for heading in rendered.closing] == ["Notas"]


def test_a_term_is_linked_at_its_first_appearance_only() -> None:
    rendered = render_lesson(
        "El [[Piso de Proteccion social]], [[los pisos]] y [[piso-proteccion-social|el piso]]. [[subsidiariedad]]", a_context()
    )

    assert rendered.problems == ()
    assert rendered.terms == ("piso-proteccion-social", "subsidiariedad")
    assert rendered.html.count('<button class="term"') == 2
    assert "</span>, los pisos y el piso." in rendered.html


def test_the_definition_is_shown_by_the_browser_itself_and_once_more_in_a_list() -> None:
    """Hover, focus, press (`interestfor`, `popovertarget`), and «Términos de esta lección» for who has none of them."""
    html = lesson("El [[piso]].")

    assert (
        '<button class="term" type="button" popovertarget="s--term-piso-proteccion-social" interestfor="s--term-piso-proteccion-social">'
        in html
    )
    assert '<span popover class="pop" id="s--term-piso-proteccion-social">' in html
    assert "Términos de esta lección</h2><dl><dt>Piso de protección social</dt><dd>Garantías <em>básicas</em>" in html


def test_no_button_stands_in_a_heading_a_summary_a_link_or_a_header() -> None:
    rendered = render_lesson("## El [[piso]]\n\n> [!CHECK] ¿[[piso]]?\n> a\n\n[el [[piso]]](course:pisos)\n\nEl [[piso]].", a_context())

    assert rendered.html.count('<button class="term"') == 1
    assert rendered.html.index("<button") > rendered.html.index("</details>")
    assert rendered.terms == ("piso-proteccion-social",)


def test_a_context_may_ask_for_plain_terms() -> None:
    rendered = render_inline("El [[piso]].", a_context(link_terms=False))

    assert rendered.html == "El piso."
    assert rendered.terms == ("piso-proteccion-social",)


@pytest.mark.parametrize(
    ("written", "spanish", "english"),
    [
        ("{{ sbu }}", f"USD{NBSP}470", f"USD{NBSP}470"),
        ("{{sbu.year}}", "2025", "2025"),
        ("{{ cobertura }}", f"34,80{NBSP}%", "34.80%"),
        ("{{ cobertura.number }}", "34,80", "34.80"),
        ("{{ poblacion }}", f"16{NBSP}938{NBSP}986", "16,938,986"),
        ("{{ plazo }}", f"12{NBSP}meses", f"12{NBSP}meses"),
        ("{{ tasa }}", f"9,45{NBSP}%", "9.45%"),
        ("9,45 % y USD 5 y 5 USD", f"9,45{NBSP}% y USD{NBSP}5 y 5{NBSP}USD", f"9,45{NBSP}% y USD{NBSP}5 y 5{NBSP}USD"),
    ],
)
def test_parameters_and_numbers_follow_the_language(written: str, spanish: str, english: str) -> None:
    assert lesson(written) == f"<p>{spanish}</p>"
    assert lesson(written, "en") == f"<p>{english}</p>"


def test_parameters_work_in_link_texts_and_not_in_code_formulas_and_alternatives() -> None:
    rendered = render_lesson(
        "[los {{ sbu }}](course:pisos) `{{ sbu }}`\n\n![{{ sbu }}](media/brecha.svg)\n\n: {{ sbu }}. | Yo", a_context()
    )

    assert rendered.problems == ()
    assert ">los USD&nbsp;470</a> <code>{{ sbu }}</code>" in rendered.html
    assert 'aria-label="{{ sbu }}"' in rendered.html
    assert "Figura 1.</strong> USD&nbsp;470." in rendered.html
    assert rendered.parameters == ("sbu",)


def test_a_backslash_before_double_brackets_makes_them_text() -> None:
    assert lesson("\\[[piso]] y \\{{ sbu }}") == "<p>[[piso]] y {{ sbu }}</p>"


def test_citations_are_numbered_in_the_order_of_reading_and_listed_at_the_end() -> None:
    rendered = render_lesson("- a [@estudio; @ley-ss, art. 1]\n\nb [@ley-ss] [@guia].", a_context())

    assert rendered.problems == ()
    assert rendered.citations == (Citation("estudio"), Citation("ley-ss", "art. 1"), Citation("ley-ss"), Citation("guia"))
    assert (
        'a&nbsp;[<a href="#s--source-1" aria-label="Fuente 1">1</a>; <a href="#s--source-2" aria-label="Fuente 2">2</a>, art. 1]'
        in rendered.html
    )
    sources = rendered.html[rendered.html.index("Fuentes</h2>") :]
    assert re.findall(r'<li id="(.*?)">', sources) == ["s--source-1", "s--source-2", "s--source-3"]
    assert '?a=1&amp;b=2" hreflang="en" rel="noopener nofollow ugc"><cite lang="en">Coverage study</cite></a>. OIT.' in sources
    assert '<a href="/files/guia.pdf"><cite>Guía &lt;de&gt; lectura</cite></a>. IESS, 1,2\u00a0MB.' in sources


def test_links_inside_the_course_are_resolved() -> None:
    html = lesson("[a](course:pisos) [b](course:pisos#medir) [c](course:grabacion#t=12:34)")

    assert re.findall('href="([^"]*)"', html) == [
        "/courses/c/activities/pisos",
        "/courses/c/activities/pisos#medir",
        "/courses/c/activities/grabacion#t=12:34",
    ]
    assert "rel=" not in html


def test_links_outside_say_where_they_lead() -> None:
    html = lesson("[el sitio](https://www.ilo.org/es?a=1&b=2) <https://iess.gob.ec> <ana@iess.gob.ec> [escriba](mailto:ana@iess.gob.ec)")

    assert f'<a href="https://www.ilo.org/es?a=1&amp;b=2" rel="noopener nofollow ugc">el sitio</a>{NBSP}(ilo.org)' in html
    assert '<a href="https://iess.gob.ec" rel="noopener nofollow ugc">https://iess.gob.ec</a> <a' in html
    assert 'href="mailto:ana@iess.gob.ec"' in html


def test_bare_addresses_stay_text() -> None:
    assert "<a" not in lesson("Vea https://iess.gob.ec y www.iess.gob.ec")


def test_resources_show_their_host_and_downloads_their_kind_and_size() -> None:
    html = lesson("[el estudio](resource:estudio), [la guía](media/guia.pdf), [su guía](resource:guia)")

    assert 'hreflang="en"' in html
    assert f"el estudio</a>{NBSP}(OIT)" in html
    assert f'<a href="/files/guia.pdf">la guía</a>{NBSP}(PDF, 1,2{NBSP}MB)' in html
    assert f"su guía</a>{NBSP}(IESS, PDF, 1,2{NBSP}MB)" in html


def test_an_embedded_recording_is_a_card_that_loads_nothing() -> None:
    rendered = render_lesson("![La charla](course:grabacion#t=12:34)", a_context())

    assert rendered.recordings == ("grabacion",)
    assert '<a href="/courses/c/activities/grabacion#t=12:34">Grabación: La charla</a>' in rendered.html
    assert "Desde 12:34" in rendered.html
    assert "18:20" in rendered.html


def test_an_embedded_question_is_shown_as_it_was_given() -> None:
    rendered = render_lesson("![Repaso](question:repaso)", a_context())

    assert rendered.html == '<section class="panel" aria-label="Repaso"><p>¿Cuánto?</p></section>'
    assert rendered.questions == ("repaso",)


def test_comments_are_never_published() -> None:
    html = lesson("<!-- para quien traduce -->\nUno <!-- dos\ntres --> cuatro.\n\n<!-- a -->\n\n## B")

    assert "<!--" not in html
    assert "dos" not in html
    assert "<p>Uno  cuatro.</p>" in html


def test_a_translation_takes_the_addresses_of_the_first_language_by_position() -> None:
    """spec/content-format 4.3."""
    original = render_lesson("## Medir\n\n![a](media/brecha.svg){#barra}\n\n: b | c\n\n## Cerrar", a_context())
    translation = render_lesson(
        "## Measure\n\n![a](media/brecha.svg){#bar}\n\n: b | c\n\n## Close\n\n[Figure](#bar) [one](#measure) [two](#cerrar)",
        a_context("en"),
        original,
    )

    assert translation.problems == ()
    assert [heading.address for heading in translation.headings] == ["medir", "cerrar"]
    assert [figure.address for figure in translation.figures] == ["barra"]
    assert re.findall('href="#(.*?)"', translation.html)[-3:] == ["s-barra", "s-medir", "s-cerrar"]


def test_a_translation_with_another_number_of_headings_keeps_its_own_addresses() -> None:
    """spec/content-format 4.3 (spec/content-format C704)."""
    translation = render_lesson("## Measure\n\n## Close", a_context("en"), render_lesson("## Medir", a_context()))

    assert [problem.code for problem in translation.problems] == ["C704"]
    assert [heading.address for heading in translation.headings] == ["measure", "close"]


def test_a_field_has_lists_tables_figures_and_formulas() -> None:
    rendered = render_markdown(
        "a\n\n- b\n\n| A | B |\n|---|---|\n| c | d |\n\n: T.\n\n![e](media/brecha.svg)\n\n: f | g\n\n$$\nx\n$$", a_context()
    )

    assert rendered.problems == ()
    for tag in ("<ul>", "<table", "<figure>", "<math display"):
        assert tag in rendered.html


def test_a_line_has_no_paragraph_around_it() -> None:
    rendered = render_inline("El *aporte* de\n{{ sbu }} y $x$ [aquí no](course:pisos)", a_context())

    assert rendered.problems == ()
    assert rendered.html.startswith("El <em>aporte</em> de USD&nbsp;470 y <math")
    assert "<p>" not in rendered.html


@pytest.mark.parametrize(
    "text", ["- a", "# a", "1. a", "> a", "a | b", ": a", "texto", "9,45 % de 5", "1 < 2 & 3 > 2", "¡Sí! «a»; b: c?", "---"]
)
def test_a_line_of_plain_words_reads_the_same_on_the_short_way(text: str) -> None:
    """`render_inline` answers quiet lines without Markdown, and paragraphs are not searched: both ways must agree."""
    long_way = render_inline(f"*x* {text}", a_context()).html.removeprefix("<em>x</em> ")

    assert render_inline(text, a_context()).html == long_way
    assert render_markdown(f"x {text}", a_context()).html == f"<p>x {long_way}</p>"


def test_gaps_become_marks_for_whoever_shows_the_question() -> None:
    rendered = render_markdown("La tasa es {tasa} de {otra} y **{base}**.", a_context(gaps=frozenset({"tasa", "base"})))

    assert rendered.html == f"<p>La tasa es {gap_marker('tasa')} de {{otra}} y <strong>{gap_marker('base')}</strong>.</p>"


def test_a_field_is_kept_only_where_nothing_around_it_shows() -> None:
    """Publishing renders a field that the check has read: it takes that rendering unless ids, addresses or language may differ."""
    bold, code, table = "Es **así**.", "```\nx\n```", "| A | B |\n|---|---|\n| c | d |\n\n: T. {#t}"
    linked, gap = "[a](course:pisos)", "{tasa}"

    assert render_markdown(bold, a_context(id_prefix="q1-")) is render_markdown(bold, a_context(id_prefix="q2-"))
    for text, contexts in {
        code: [a_context("es"), a_context("en")],
        table: [a_context(id_prefix="q1-"), a_context(id_prefix="q2-")],
        linked: [a_context(link=lambda *_key: "/a"), a_context(link=lambda *_key: "/b")],
        gap: [a_context(), a_context(gaps=frozenset({"tasa"}))],
    }.items():
        first, second = (render_markdown(text, context) for context in contexts)
        assert first.html != second.html, text


def test_words_in_braces_stay_text() -> None:
    assert lesson("El conjunto {a, b} y **x**{c} y {d}") == "<p>El conjunto {a, b} y <strong>x</strong>{c} y {d}</p>"


def test_the_prefix_stands_before_every_id() -> None:
    text = "## A\n\n> [!WARNING] b\n> [[piso]] [@ley-ss][^1]\n\n[^1]: c\n\n![d](media/brecha.svg){#e}\n\n: f | g"
    html = render_lesson(text, a_context(id_prefix="q7-")).html

    assert set(re.findall(r' (?:id|popovertarget|aria-labelledby|aria-describedby)="([^"]*)"', html)) == {
        name for name in re.findall(r'="(q7-[^"]*)"', html) if name
    }


def test_the_english_reader_gets_english_words() -> None:
    html = lesson("> [!SUMMARY]\n> a [[piso]] [@ley-ss][^1]\n\n[^1]: n\n\n| A | B |\n|---|---|\n| c | d |\n\n: T.", "en")

    for word in ("In short", "Terms of this lesson", "Sources", "Notes", "Table 1. T."):
        assert word in html


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Nombre         | Valor\n-------------- | -----:\nA | 1\n\n: Datos.", "<table"),
        ("Uno\n\n--------------------\n\nDos", "<hr>"),
        ("Uno\n\n- - - - - - - - - - - - - -\n\nDos", "<hr>"),
        ("Uno\n\n*****************\n\nDos", "<hr>"),
        ("Uno\n---------------\n\nDos", "<h2"),
    ],
)
def test_a_long_rule_is_no_deep_list(text: str, found: str) -> None:
    rendered = render_lesson(text, a_context())

    assert found in rendered.html
    assert rendered.problems == ()


def test_the_mark_of_a_note_is_no_part_of_a_heading() -> None:
    rendered = render_lesson("## Medir la brecha[^1]\n\nTexto.\n\n[^1]: nota", a_context())

    assert [(heading.text, heading.address) for heading in rendered.headings] == [("Medir la brecha", "medir-la-brecha")]
    assert 'id="s--mark-1"' in rendered.html


def test_a_term_may_hold_a_formula_and_html() -> None:
    html = render_lesson("[[piso|los $x$ <b>pisos</b> de]] salud", a_context()).html.partition("</button>")[0]

    assert re.search("zq[0-9a-f]{16}|wzxhzdk|\x02", html) is None
    assert html.endswith('>los <math alttext="x"><mrow><mi>x</mi></mrow></math> pisos de')


def test_an_attribute_holds_words_and_no_marks() -> None:
    html = render_lesson("<abbr title='el [[piso]] \\* {{ sbu }} {a}'>P</abbr>", a_context(gaps=frozenset({"a"}))).html

    assert html == '<p><abbr title="el piso * USD&nbsp;470 ">P</abbr></p>'


def test_no_gap_stands_in_an_address() -> None:
    """spec/content-format C318: a field in the middle of an address breaks the page."""
    rendered = render_markdown("[x](https://example.org/{a}) y {a}", a_context(gaps=frozenset({"a"})))

    assert rendered.html == "<p><span>x</span> y <!--gap:a--></p>"
    assert [problem.code for problem in rendered.problems] == ["C318"]


@pytest.mark.parametrize("before", ["```ley``` es una palabra.", "```\nsin cerrar", "````\ncódigo\n```\n````", "> ```\n> a\n> ```"])
def test_a_comment_after_code_is_never_published(before: str) -> None:
    html = render_lesson(f"{before}\n\n<!-- nota\n\nsecreta -->\n\nFin.", a_context()).html

    assert "secreta" not in html
    assert "Fin." in html


def test_a_dash_stays_with_its_word_in_a_line_without_anything_else() -> None:
    assert render_inline("—Hola —dijo", a_context()).html == "—\u2060Hola —\u2060dijo"


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


@pytest.mark.parametrize(
    ("value", "decimals", "spanish", "english"),
    [
        ("34.8", None, "34,8", "34.8"),
        ("56.70", None, "56,70", "56.70"),
        ("2585", None, "2585", "2,585"),
        ("36214", None, f"36{NBSP}214", "36,214"),
        ("1679.46", None, "1679,46", "1,679.46"),
        ("1108800.5", 0, f"1{NBSP}108{NBSP}801", "1,108,801"),
        ("9.445", 2, "9,45", "9.45"),
        ("-0.5", None, "−0,5", "−0.5"),
        ("0", 2, "0,00", "0.00"),
        ("1E+3", None, "1000", "1,000"),
    ],
)
def test_numbers_are_written_the_way_of_the_language(value: str, decimals: int | None, spanish: str, english: str) -> None:
    """36 214, none in 2585, 34,8 %, USD 1679,46; English 36,214 and 34.8%."""
    assert format_number(Decimal(value), "es", decimals) == spanish
    assert format_number(Decimal(value), "en", decimals) == english


def test_a_parameter_without_unit_is_its_number() -> None:
    assert format_parameter(Parameter(Decimal(5), "none", "2020"), "es") == "5"


@pytest.mark.parametrize(
    ("size", "text"),
    [(10, "1 kB"), (1_499, "1 kB"), (84_000, "84 kB"), (1_240_000, "1,2 MB"), (38_000_000, "38 MB"), (2_500_000_000, "2,5 GB")],
)
def test_sizes_of_files_are_short(size: int, text: str) -> None:
    assert format_size(size, "es") == text.replace(" ", NBSP)


@pytest.mark.parametrize(
    ("written", "joined"),
    [
        ("se emitieron 1 486 294 certificados", "se emitieron 1~486~294 certificados"),
        ("USD 36 214,50 y 34 %", "USD~36~214,50 y 34~%"),
        ("en 2017 486 personas, 12 34 y 5 6789", "en 2017 486 personas, 12 34 y 5 6789"),
        ("3,5 400 y 1.5 400", "3,5 400 y 1.5 400"),
    ],
)
def test_the_digits_of_one_number_stay_on_one_line(written: str, joined: str) -> None:
    assert join_numbers(written) == joined.replace("~", NBSP)


@pytest.mark.parametrize(
    ("written", "joined"),
    [
        ("—¿Y los otros? —pregunta.", "—~¿Y los otros? —~pregunta."),
        ("—No sé —dice Ana—. Veré.", "—~No sé —~dice Ana~—. Veré."),
        ("Su hija —la mayor— vino", "Su hija —~la mayor~— vino"),
        ("«—Sí», dijo", "«—~Sí», dijo"),
        ("one—two, 3 — 4 – 5", "one—two, 3 — 4 – 5"),
    ],
)
def test_a_dash_stays_on_the_line_of_its_word(written: str, joined: str) -> None:
    """A line that ends with an opening dash, or begins with a closing one, reads badly on a phone."""
    assert join_dashes(written) == joined.replace("~", "\u2060")


def test_dashes_are_joined_in_lessons_but_not_in_code() -> None:
    rendered = render_lesson("—No —dice.\n\n`a —b`\n", a_context())

    assert "—\u2060No —\u2060dice." in rendered.html
    assert "a —b" in rendered.html


def test_forms_of_a_term_fold_without_case_accents_and_hyphens() -> None:
    """spec/content-format 7, Term."""
    assert fold("Piso de  Protección-social") == fold("piso-de-proteccion-social") == "piso de proteccion social"


def test_addresses_are_slugs_and_never_twice() -> None:
    addresses = Addresses()

    assert slug("¿Qué año, Ñandú?") == "que-ano-nandu"
    assert [addresses.claim("a"), addresses.claim("a"), addresses.claim("a-2"), addresses.claim("a"), addresses.claim("")] == [
        "a",
        "a-2",
        "a-2-2",
        "a-3",
        "parte",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Uno dos, tres.", 3),
        ("## Medir la brecha {#x}", 3),
        ("9,45 % de USD 600", 4),
        ("{{ sbu }} al mes", 3),
        ("la [[piso-social|el piso]] y [[subsidiariedad]]", 5),
        ("a [@ley-ss, art. 1] b[^1]\n\n[^1]: nota breve", 4),
        ("[la guía](media/guia-larga.pdf) y <https://x.y>", 3),
        ("a $B = 1 - c$ b\n\n$$\nB = \\text{palabra}\n$$", 2),
        ("> [!CHECK] ¿Cuánto es?\n> Son dos.", 4),
        ("> [!DEFINITION]\n> a b", 2),
        ("![alternativa larga](media/x.svg)\n\n: pie corto | crédito", 3),
        ("| a | b |\n|---|---|\n| c | d |\n\n: título de tabla\n\nfin", 1),
        ("```\ncódigo aquí\n```\n\nfin `x y`", 1),
        ("<!-- nota para nadie -->\nfin", 1),
        ("**negrita** *cursiva*, snake-case", 3),
        ("- uno\n- dos\n\n1. tres", 4),
    ],
)
def test_words_are_counted_as_they_are_read(text: str, words: int) -> None:
    """spec/content-format C316: folded answers count; tables with their titles, formulas, code and marks do not."""
    assert count_words(text) == words


def test_the_number_of_a_list_item_is_no_word_but_any_other_number_is() -> None:
    assert count_words("1. uno\n2. dos") == 4


@pytest.mark.parametrize(
    ("words", "figures", "formulas", "checks", "minutes"),
    [(0, 0, 0, 0, 0), (1, 0, 0, 0, 1), (200, 0, 0, 0, 1), (201, 0, 0, 0, 2), (924, 2, 1, 3, 11)],
)
def test_the_reading_time_is_rounded_up(words: int, figures: int, formulas: int, checks: int, minutes: int) -> None:
    """spec/content-format 6: words ÷ 200 + 1 a figure, formula or check."""
    figure = render_lesson("![a](media/brecha.svg)\n\n: b | c", a_context()).figures
    rendered = RenderedText(SafeHtml(), words=words, figures=figure * figures, formulas=formulas, checks=checks)

    assert rendered.minutes == minutes


def test_masked_text_has_the_same_length_and_no_code_or_comment() -> None:
    text = "a `b` c\n```\nd\n```\n> ```\n> e\n> ```\nf ``g`h`` i <!-- j\nk --> l \\`m \\\\`n\\`"
    masked = mask(text)

    assert len(masked) == len(text)
    assert masked.count("\n") == text.count("\n")
    assert set("abcdefghijklmn") - set(masked) == set("bdeghjkn")


def test_an_unclosed_backtick_or_comment_hides_nothing() -> None:
    assert mask("a `b <!-- c") == "a `b <!-- c"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a<!-- x -->b", "ab"),
        ("a\n<!-- x\ny -->\nb", "a\nb"),
        ("<!-- x -->", ""),
        ("`<!-- x -->`", "`<!-- x -->`"),
        ("<!-- x --><!-- y -->z", "z"),
        ("a <!-- b", "a <!-- b"),
    ],
)
def test_comments_are_cut_out_and_code_is_not(text: str, left: str) -> None:
    assert strip_comments(text) == left


def test_lines_are_found_further_down_each_time() -> None:
    finder = Finder("a\nb\na\n")

    assert Finder("a\n\\\\b\n[c](\\{{ d }}\n").line("({{ d }}") == 3
    assert [finder.line("a"), finder.line("a"), finder.line("a"), finder.line("b"), finder.line("z"), finder.line("")] == [1, 3, 1, 2, 0, 0]


def test_text_is_composed_and_its_line_ends_are_one_kind() -> None:
    assert normalise("e\u0301\r\nb\rc") == "é\nb\nc"


def test_breaks_of_other_programs_part_words_and_halves_of_signs_go() -> None:
    assert normalise("a\x0bb\x0cc\x85d\ud800e") == "a b c de"
