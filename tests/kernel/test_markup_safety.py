"""Nothing that runs leaves the renderer (spec/security 4.1), and no text holds it up."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from xml.etree.ElementTree import Element

import bleach
import html5lib
import pytest

from kernel.markup import render_state
from kernel.markup import sanitise as sanitiser
from kernel.markup.model import MediaReference, RenderedText
from kernel.markup.render import render_inline, render_lesson, render_markdown
from kernel.markup.render_state import FormulaError, to_mathml
from kernel.markup.sanitise import clean_svg, sanitise
from kernel.markup.source import normalise
from tests.support.hostile import HOSTILE_SVG, harm, hostile_html, hostile_markdown, slow_texts
from tests.support.markup import a_context
from tests.support.project import ROOT
from tests.support.shared import SHARED, needs_shared
from tests.support.soon import within

RENDERERS = (render_lesson, render_markdown, render_inline)


@pytest.mark.parametrize(
    "bad",
    [
        "<p onclick=x>a</p>",
        "<p style=x>a</p>",
        "<script>a</script>",
        "<a href=javascript:a>x</a>",
        "<a href=//evil>x</a>",
        "<p id=x>a</p>",
        "<p class=btn>a</p>",
        "<img src=https://evil/x>",
        "<svg><script></script></svg>",
        "<iframe></iframe>",
        "<!-- a -->",
        "<svg><use href='//x'/></svg>",
    ],
)
def test_the_judge_knows_harm_when_it_sees_it(bad: str) -> None:
    assert harm(bad)


@pytest.mark.slow
def test_nothing_hostile_survives_the_renderer() -> None:
    context = a_context()
    for text in hostile_markdown():
        for render in RENDERERS:
            assert harm(render(text, context).html) == [], text


def test_nothing_hostile_survives_in_the_texts_of_the_course_around_a_lesson() -> None:
    """Titles, hosts and names come from files too: they are text everywhere (spec/security 4.2)."""
    from dataclasses import replace

    context = a_context()
    for piece in hostile_html():
        resource, media, recording = context.resource("estudio"), context.media("media/foto.jpg"), context.recording("grabacion")
        assert resource
        assert media
        assert recording
        given = replace(resource, title=piece, host=piece), replace(recording, title=piece, duration=piece, host=piece)
        hostile = replace(context, resource=lambda _key, it=given[0]: it, recording=lambda _key, it=given[1]: it)
        html = render_lesson("[@a] [x](resource:a)\n\n![](course:grabacion)", hostile).html
        assert harm(html) == [], piece


def test_nothing_hostile_survives_the_sanitiser() -> None:
    for html in hostile_html():
        assert harm(sanitise(html)) == [], html


def test_the_sanitiser_keeps_what_the_renderer_needs() -> None:
    html = (
        '<h2 id="s-a">A</h2><aside class="callout warn" aria-labelledby="s-a"><p>b <a href="/c">c</a></p></aside>'
        '<div class="scroll" tabindex="0" role="group" aria-label="T"><table class="data"><tbody><tr><th scope="row">d</th>'
        '<td class="r">e</td></tr></tbody></table></div><details class="callout"><summary>f</summary>g</details>'
    )

    assert _shape(sanitise(html)) == _shape(html)


def test_links_that_leave_the_site_are_marked_and_links_that_stay_are_not() -> None:
    html = sanitise('<a href="https://x.example">a</a><a href="/b">b</a><a href="#c">c</a><a href="//d">d</a><a href="mailto:e@f.g">e</a>')

    assert html.count('rel="noopener nofollow ugc"') == 3
    assert '<a href="/b">b</a><a href="#c">c</a>' in html
    assert "//d" not in html


def test_ids_get_the_prefix_once() -> None:
    assert sanitise('<p id="a">x</p><p id="q-b">y</p>', "q-") == '<p id="q-a">x</p><p id="q-b">y</p>'


def _allowed(_tag: str, name: str, value: str) -> bool:
    forms = sanitiser._VALUES
    if name == "class":
        return set(value.split()) <= sanitiser.CLASSES.get(_tag, frozenset())
    if name == "rel":
        return _tag == "a" and value == sanitiser.REL
    known = name in sanitiser.ATTRIBUTES["*"] or name in sanitiser.ATTRIBUTES.get(_tag, frozenset())
    return known and (name not in forms or forms[name].fullmatch(value) is not None)


def _shape(html: str) -> list[tuple[object, ...]]:
    tree: Element = html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False)
    return list(_walk(tree))


def _walk(node: Element) -> Iterator[tuple[object, ...]]:
    attributes = sorted((str(name), value) for name, value in node.attrib.items() if value)
    yield (str(node.tag), attributes, (node.text or "").strip(), (node.tail or "").strip())
    for child in node:
        yield from _walk(child)


def _second_opinion(html: str) -> str:
    return str(bleach.clean(html, tags=sanitiser.TAGS, attributes=_allowed, protocols=sanitiser.SCHEMES, strip=True))


def test_a_second_sanitiser_finds_nothing_left_to_remove() -> None:
    """bleach with the same list, over what nh3 let through: it must be of the same opinion."""
    for html in hostile_html():
        clean = sanitise(html)
        assert _shape(_second_opinion(clean)) == _shape(clean), html


def _shared_texts() -> Iterator[str]:
    folder = SHARED / "fixtures" / "security"
    for path in (*sorted((folder / "xss").glob("*.txt")), folder / "blns.txt", folder / "ssti.txt", folder / "directory_traversal.txt"):
        yield from path.read_text(errors="replace").splitlines()
    for path in sorted((folder / "bleach").glob("*.test")):
        yield path.read_text(errors="replace")


@pytest.mark.slow
@pytest.mark.shared
@needs_shared
def test_nothing_of_the_known_collections_survives() -> None:
    context = a_context()
    for text in _shared_texts():
        for render in RENDERERS:
            assert harm(render(text, context).html) == [], text
        clean = sanitise(text)
        assert harm(clean) == [], text
        assert _shape(_second_opinion(clean)) == _shape(clean), text


@pytest.mark.shared
@needs_shared
def test_no_hostile_drawing_of_the_known_collections_is_inlined() -> None:
    folder = SHARED / "fixtures" / "security"
    for path in (*sorted(folder.rglob("*.svg")), *sorted(folder.rglob("*.xml"))):
        html, problems = clean_svg(path.read_bytes(), "s-", "x")
        assert (html, {problem.code for problem in problems}) == ("", {"C605"}), path


@pytest.mark.parametrize("drawing", HOSTILE_SVG, ids=lambda drawing: drawing[:60])
def test_a_hostile_drawing_is_refused_whole(drawing: str) -> None:
    """spec/content-format C605."""
    html, problems = clean_svg(drawing.encode(), "s-", "x")

    assert html == ""
    assert [problem.code for problem in problems] == ["C605"]


def test_a_drawing_over_half_a_megabyte_or_not_in_utf8_is_refused() -> None:
    assert clean_svg(b"<svg>" + b" " * 600_000 + b"</svg>", "s-", "x")[1][0].code == "C605"
    assert clean_svg("<svg/>".encode("utf-16"), "s-", "x")[1][0].code == "C605"


def test_a_drawing_keeps_its_shapes_with_prefixed_ids() -> None:
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" class="chart fit" viewBox="0 0 9 9" version="1.1"><title>a</title><desc>b &amp; c</desc>'
        '<defs><marker id="punta" viewBox="0 0 1 1" refX="1" orient="auto"><path d="M0 0l1 1z"/></marker></defs>'
        '<g transform="translate(1, 2) rotate(3)"><path class="line" d="M0,0H9" marker-end="url(#punta)"/>'
        '<text x="1" text-anchor="end">&lt;x&gt; <tspan dy="2">y</tspan></text></g></svg>'
    )
    html, problems = clean_svg(drawing.encode(), "q-", 'El "pie"')

    assert problems == ()
    assert harm(html, "q-") == []
    assert html.startswith('<svg role="img" aria-label="El &quot;pie&quot;" aria-describedby="q-desc" class="chart fit" viewBox="0 0 9 9">')
    for piece in ('<desc id="q-desc">b &amp; c</desc>', '<marker id="q-punta"', 'marker-end="url(#q-punta)"', "&lt;x&gt; <tspan"):
        assert piece in html


@pytest.mark.parametrize(
    "latex",
    [
        "\\href{javascript:alert(1)}{x}",
        "\\style{color:red}{x}",
        "\\class{btn}{x}",
        "\\color{red}{x}",
        "\\nada",
        "\\frac{1}",
        "{",
        "}",
        "x^",
        "x_1_2",
        "\\left(",
        "",
        "a" * 3000,
    ],
)
def test_a_formula_that_cannot_be_read_or_reaches_out_is_refused(latex: str) -> None:
    """spec/content-format C309."""
    with pytest.raises(FormulaError):
        to_mathml(latex, display=False)


def test_text_inside_formulas_stays_text() -> None:
    html = to_mathml("\\text{<b/onclick=x>&}", display=False)

    assert "<mtext>&lt;b/onclick=x&gt;&amp;</mtext>" in html


@pytest.mark.slow
def test_no_text_takes_longer_than_the_limit_and_a_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/security 4.1: rendered within a time, else refused; a part of the real limit, to spare the suite's own time, and two tries."""
    monkeypatch.setattr(render_state, "TIME_LIMIT", 0.005)
    for text in slow_texts():
        for render in (render_lesson, render_inline):
            rendered: RenderedText = within(1, partial(render, text, a_context()))
            assert rendered.html or rendered.problems or not text.strip(), text[:20]


@pytest.mark.parametrize(
    "text", ["- a\n\n    - b\n\n        c\n", "> - a\n>\n>     b\n", "> [!CHECK] ¿Sí?\n> - a\n>\n>   b\n", "1. a\n\n    | b |\n    |---|\n"]
)
def test_a_text_that_was_refused_for_its_time_leaves_nothing_behind(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next text of the same thread is read as if there had been none, at whichever look at the clock the time was over."""
    expected = render_lesson(text, a_context())
    refused = 0
    while True:
        looks = iter(range(refused + 1))
        with monkeypatch.context() as patch:
            patch.setattr(render_state.RenderState, "check_time", lambda _self, looks=looks: _run_out(looks))
            interrupted = render_lesson(text, a_context())
        if not any(problem.code == "C105" for problem in interrupted.problems):
            break
        refused += 1
        assert render_lesson(text, a_context()) == expected

    assert refused > 5


def test_a_machine_that_stood_still_once_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the clock of the processor tells of a pause of the whole machine is not the text's doing."""
    text = "- a\n\n    - b {#b}\n\n> [!CHECK] ¿Sí?\n> No.\n"
    expected = render_lesson(text, a_context())
    pauses = iter([True])

    def check_time(_self: render_state.RenderState) -> None:
        if next(pauses, False):
            raise render_state.RenderTimeExceeded

    monkeypatch.setattr(render_state.RenderState, "check_time", check_time)

    assert render_lesson(text, a_context()) == expected
    assert next(pauses, None) is None


def _run_out(looks: Iterator[int]) -> None:
    if next(looks, None) is None:
        raise render_state.RenderTimeExceeded


def test_a_text_over_the_limit_is_refused_unread() -> None:
    """spec/content-format C105: 100 kB."""
    rendered = render_lesson("palabra más\n\n" * 8000, a_context())

    assert rendered.html == ""
    assert [problem.code for problem in rendered.problems] == ["C105"]


def test_a_paragraph_over_the_limit_is_refused_with_its_line() -> None:
    rendered = render_lesson("a\n\n" + "palabra " * 2600, a_context())

    assert [(problem.code, problem.line) for problem in rendered.problems] == [("C105", 3)]


@pytest.mark.parametrize(
    "text", [">" * 40 + " a", "- " * 40 + "a", "> - " * 20 + "a", "\n".join("    " * depth + "- a" for depth in range(40))]
)
def test_a_text_nested_too_deep_is_refused(text: str) -> None:
    assert [problem.code for problem in render_lesson(text, a_context()).problems] == ["C105"]
    if "\n" not in text:
        assert [problem.code for problem in render_inline(text, a_context()).problems] == ["C105"]


@pytest.mark.parametrize("text", ["[" * 5000, "a **" * 4000, "```{" + "a=" * 9 + "}\nx\n```", ">" * 12 + " a"])
def test_a_text_that_is_given_up_names_its_line(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is over as soon as this text is read, however fast the machine is."""

    def over(state: render_state.RenderState) -> None:
        if state.reading.startswith(text[:9]):
            raise render_state.RenderTimeExceeded

    monkeypatch.setattr(render_state.RenderState, "check_time", over)

    problems = render_lesson(f"Antes.\n\n\n{text}\n\nDespués.\n", a_context()).problems

    assert [(problem.code, problem.line) for problem in problems if problem.code == "C105"] == [("C105", 4)]


def test_a_line_that_begins_with_code_is_not_indented_by_it() -> None:
    """The code is blank where the depth is counted; a comment before what nests deep hides nothing."""
    code = "`" + "a" * 60 + "`"

    assert render_lesson(f"{code} y más.\n\n{code}>>\n", a_context()).problems == ()
    assert [problem.line for problem in render_lesson(f"{code} a\n\n<!-- x -->{'>' * 12} a\n", a_context()).problems] == [3]


def test_control_and_direction_characters_are_taken_out() -> None:
    """spec/security 4.2."""
    html = render_lesson("a\x02b\u202ec\u2066d\U000e0041e\x00f\ufeffg", a_context()).html

    assert html == "<p>abcdefg</p>"


def test_renderings_side_by_side_do_not_mix() -> None:
    texts = [f"## T{number}\n\n[[piso]] {{{{ sbu }}}} x{number}[^1]\n\n[^1]: n{number}" for number in range(8)]
    alone = [render_lesson(text, a_context()).html for text in texts]
    together: dict[int, list[str]] = {}

    def render(number: int) -> None:
        together[number] = [render_lesson(texts[number], a_context()).html for _ in range(10)]

    threads = [threading.Thread(target=render, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert together == {number: [alone[number]] * 10 for number in range(8)}


def test_the_same_text_gives_the_same_html() -> None:
    text = "a [[piso]] $x$ [@ley-ss]\n\n![a](media/brecha.svg)\n\n: b | c"

    assert render_lesson(text, a_context()) == render_lesson(text, a_context())
    assert re.search(r"zq[0-9a-f]{16}q", render_lesson(text, a_context()).html) is None


def _stubborn_texts() -> Iterator[str]:
    """Texts whose readings multiply: a pattern that tries them all would never end."""
    yield "{{" + " " * 5000 + "x"
    yield "![a](" + " " * 5000 + "x y"
    yield "*x*{a=" + "bc=" * 60 + "b!"
    yield "## x {a=" + "bc=" * 60 + "b!"
    yield ("## x" + " " * 19_900 + "y\n\n") * 5
    yield ("-    " * 11 + "x\n\n") * 500
    yield ("[@guia" + ";@guia" * 3200 + "]\n\n") * 5
    yield ("> a | b\n> " + " " * 19_900 + "|x\n\n") * 5
    yield ("[^" * 9_900 + "\n\n") * 5
    yield "```x" + ' a="b"' * 60 + " !\nx\n```"
    yield "$x$ " * 4000
    yield "![a](media/brecha.svg)\n\n" * 4000


@pytest.mark.parametrize("text", list(_stubborn_texts()), ids=lambda text: text[:12])
def test_no_pattern_tries_every_reading(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/security 4.1: no limit of time helps while a single pattern is at work, or a single step over the finished tree."""
    monkeypatch.setattr(render_state, "TIME_LIMIT", 0.1)

    rendered: RenderedText = within(1, partial(render_lesson, text, a_context()))

    assert rendered.html or rendered.problems


def test_a_drawing_is_looked_at_once_for_its_width() -> None:
    drawing = b'<svg viewBox="0 0 9 9"><!-- ' + b'<svg class="' * 40_000 + b" --><title>a</title><desc>b</desc></svg>"
    media = MediaReference("/files/x.svg", "image/svg+xml", len(drawing), drawing)

    rendered: RenderedText = within(2, partial(render_lesson, "![a](media/x.svg)\n\n: b | c", a_context(media={"media/x.svg": media}.get)))

    assert 'class="scroll"' in rendered.html


@pytest.mark.parametrize("written", ["&#x202E;", "&#8238;", "&rlm;", "&#xE0041;", "&#x200e;", "&#xFEFF;"])
def test_an_entity_brings_no_sign_in_that_is_taken_out(written: str) -> None:
    """spec/security 4.2."""
    rendered = render_lesson(f"## a{written}b\n\nc{written}d <abbr title='x{written}y'>e</abbr> $\\text{{f{written}g}}$", a_context())

    assert rendered.headings[0].text == "ab"
    assert rendered.html == normalise(rendered.html)
    assert "cd <abbr>e</abbr>" in rendered.html


def test_a_sign_that_is_taken_out_parts_no_address() -> None:
    assert sanitise('<a href="java&#x200e;script:alert(1)">x</a>') == '<a rel="noopener nofollow ugc">x</a>'


def test_a_drawings_words_have_no_sign_that_turns_them() -> None:
    html, problems = clean_svg(
        '<svg viewBox="0 0 9 9" xml:space="preserve"><title>a&#x202E;b</title><desc>c</desc><text>d\u202ee</text></svg>'.encode(), "s-", "x"
    )

    assert problems == ()
    assert "<title>ab</title>" in html
    assert "<text>de</text>" in html


def test_code_is_plain_and_needs_no_highlighter() -> None:
    """Only tools of development bring Pygments along; where it lacks, code is drawn the same."""
    program = (
        "import sys; sys.modules['pygments'] = None\n"
        "from kernel.markup.model import MarkupContext\n"
        "from kernel.markup.render import render_lesson\n"
        "print(render_lesson('```python\\nx = 1 < 2\\n```\\n', MarkupContext('es')).html)"
    )
    drawn = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT).stdout

    assert "<code>x = 1 &lt; 2" in drawn
    assert "highlight" not in drawn
