"""What the renderer finds in a text, by the codes of spec/content-format 12, and on which line."""

import re

import pytest

from kernel.markup import model
from kernel.markup.model import MarkupFindingKind
from kernel.markup.render import render_inline, render_lesson, render_markdown
from tests.support.markup import DRAWING, a_context

FIGURE = "![Barras](media/brecha.svg)"

IN_LESSONS = [
    ("C301", "a\n\n![](media/brecha.svg)\n\n: b | c", 3),
    ("C302", f"a\n\n{FIGURE}\n\nb", 3),
    ("C302", "a\n\n: pie suelto", 3),
    ("C303", f"a\n\n{FIGURE}\n\n: b", 3),
    ("C304", "a\n\n# Uno", 3),
    ("C304", "## a\n\n#### Dos", 3),
    ("C304", "## a\n\n### b\n\n#### c\n\n##### Cinco", 7),
    ("C304", "> [!WARNING] a\n> ## b", 2),
    ("C304", "> a\n>\n> ## b", 3),
    ("C305", "a\n[b](course:nada)", 2),
    ("C305", "a [b](course:pisos#nada)", 1),
    ("C305", "## a\n\n[b](#nada)", 3),
    ("C305", "![a](course:nada)", 1),
    ("C305", "![a](question:nada)", 1),
    ("C306", "a\n\nb [[nada]]", 3),
    ("C306", "[[nada|los pisos]]", 1),
    ("C307", "a {{ nada }}", 1),
    ("C307", "a {{ sbu.mes }}", 1),
    ("C307", "a {{ Sbu }}", 1),
    ("C308", "a [@nada]", 1),
    ("C308", "a [@ley-ss; @Nada]", 1),
    ("C308", "[a](resource:nada)", 1),
    ("C309", "a $\\frac{1$", 1),
    ("C309", "a $\\nada x$", 1),
    ("C309", "a $x^$", 1),
    ("C309", "a\n\n$$\n\\color{red} x\n$$", 4),
    ("C309", "a $$x$$ b", 1),
    ("C309", "texto\n$$\nx\n$$", 2),
    ("C310", "a\n\n<b>b</b>", 3),
    ("C310", "<div>a</div>", 1),
    ("C311", "> [!NOTE] a\n> b", 1),
    ("C311", "> [!CHECK]\n> b", 1),
    ("C311", "> [!CHECK] ¿a?", 1),
    ("C311", "a\n\n> [!WARNING] b", 3),
    ("C312", "a\n\n| A | B |\n|---|---|\n| c | d |", 3),
    ("C312", "A y B\n\n| **A** y | B |\n|---|---|\n| c | d |", 3),
    ("C312", "A\n\n| A | |\n|---|---|\n| c | d |\n\n: T.", 3),
    ("C313", "a\nb[^x]", 2),
    ("C313", "a\n\n[^x]: nota", 3),
    ("C313", "a[^x]\n\n[^x]: uno\n\n[^x]: dos", 5),
    ("C314", "## a {.grande}", 1),
    ("C314", "**a**{onclick=alert}", 1),
    ("C314", "## a {#Árbol}", 1),
    ("C314", f"{FIGURE}{{.ancha}}\n\n: a | b", 1),
    ("C314", "## a {#x}\n\nb\n{#x}", 1),
    ("C314", "a\n[ley]{lang=español}", 2),
    ("C315", f"a {FIGURE} b", 1),
    ("C315", f"{FIGURE}\n: a | b", 1),
    ("C315", "![a](media/guia.pdf)\n\n: b | c", 1),
    ("C317", "a\n\nCuesta $5.", 3),
    ("C317", "de $5-$6 más", 1),
    ("C317", "de $5 pesos y otro de $6", 1),
    ("C318", "a\n[b](javascript:alert)", 2),
    ("C318", "[b](ftp://example.org)", 1),
    ("C318", "[b](//example.org)", 0),
    ("C318", "![b](https://example.org/a.png)\n\n: c | d", 1),
    ("C318", "![b](data:image/png,x)\n\n: c | d", 1),
    ("C318", "a <iframe src=https://example.org></iframe>", 1),
    ("C319", "Vea [aquí](course:pisos)", 1),
    ("C319", "[Here.](course:pisos)", 1),
    ("C319", "[](course:pisos)", 1),
    ("C321", "a\n- b", 2),
    ("C321", "> a\n> 1. b", 2),
    ("C321", "a\n| A | B |\n|---|---|\n| c | d |", 2),
    ("C601", "[a](media/nada.pdf)", 1),
    ("C601", "![a](media/nada.svg)\n\n: b | c", 1),
]


@pytest.mark.parametrize(("code", "text", "line"), IN_LESSONS)
def test_a_lesson_is_told_what_is_wrong_and_where(code: str, text: str, line: int) -> None:
    """spec/content-format 12: C301 to C321."""
    problems = render_lesson(text, a_context()).problems

    assert code in {problem.code for problem in problems}
    if line:
        assert line in {problem.line for problem in problems if problem.code == code}


@pytest.mark.parametrize(
    "text",
    [
        "a\n\n- b\n    - c\n- d\n  sigue",
        "1. a\n2. b\n    - c",
        "> [!SUMMARY]\n> - a\n> - b",
        "## a\n- b",
        "```\na\n- b\n```",
        "`a`\n\n`[[nada]] $5 <b> [x](javascript:y)`",
        "<!-- [[nada]] {{ nada }} <b>x</b> $5 -->a",
        "a $0{,}5$ y $2x + 3$ y $1 < 2$",
        "\\[[nada]] \\{{ nada }} \\$5 \\<b>",
        "a—b, 2 < 3 y 5 > 4 & más",
        "| A | B |\n|---|--:|\n| c | d |\n\n: T.",
        "En 2015. Una ley",
        "US$ y $ sueltos",
    ],
)
def test_what_is_right_is_not_told(text: str) -> None:
    assert render_lesson(text, a_context()).problems == ()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("C304", "## a"),
        ("C311", "> [!WARNING] a\n> b"),
        ("C313", "a[^1]\n\n[^1]: b"),
        ("C308", "a [@ley-ss]"),
        ("C315", "![a](question:repaso)"),
        ("C315", "![a](course:grabacion)"),
    ],
)
def test_a_field_is_told_of_what_only_lessons_have(code: str, text: str) -> None:
    rendered = render_markdown(text, a_context())

    assert code in {problem.code for problem in rendered.problems}
    assert "<h2" not in rendered.html
    assert "<aside" not in rendered.html


@pytest.mark.parametrize(
    ("code", "text"), [("C306", "[[nada]]"), ("C307", "{{ nada }}"), ("C309", "$\\frac{1}$"), ("C310", "<u>a</u>"), ("C313", "a[^1]")]
)
def test_a_line_is_checked_like_everything_else(code: str, text: str) -> None:
    assert [problem.code for problem in render_inline(text, a_context()).problems] == [code]


def test_the_same_mistake_twice_is_told_on_both_lines() -> None:
    problems = render_lesson("[[nada]]\n\n`[[nada]]`\n\na [[nada]]", a_context()).problems

    assert [problem.line for problem in problems] == [1, 5]


def test_a_problem_says_in_words_what_is_wrong_and_what_to_do() -> None:
    problem = render_lesson("a\n\n<i>b</i>", a_context()).problems[0]

    assert problem.message == "The tag <i> is HTML."
    assert problem.advice == "Write *text*."


def test_a_drawing_without_description_is_told_at_the_figure() -> None:
    """spec/content-format C605, C606."""
    media = a_context().media("media/brecha.svg")
    assert media is not None

    def told(content: bytes) -> list[tuple[str, int]]:
        changed = type(media)(media.url, media.media_type, 1, content)
        problems = render_lesson(f"a\n\n{FIGURE}\n\n: b | c", a_context(media=lambda _path: changed)).problems
        return [(problem.code, problem.line) for problem in problems]

    assert told(DRAWING) == []
    assert told(DRAWING.replace(b"<desc>Dos barras.</desc>", b"")) == [("C606", 3)]
    assert told(DRAWING.replace(b'class="b1"', b'fill="red"')) == [("C605", 3)]


def test_every_kind_of_finding_can_be_written_out_with_the_facts_it_names() -> None:
    kinds = [kind for kind in vars(model).values() if isinstance(kind, MarkupFindingKind)]

    assert len(kinds) > 50
    for kind in kinds:
        facts = dict.fromkeys(re.findall(r"%\((\w+)\)s", kind.text + kind.fix), "x")
        assert "%" not in (kind.text + kind.fix) % facts
        assert kind.text.endswith(".")
        assert kind.fix.endswith(".")
