"""Texts of posts: cleaned as they come in, rendered in a small part of Markdown, harmless, and in time linear to their length."""

import re
import time
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.markup.model import names
from kernel.markup.posts import LONGEST_POST, PostTooComplex, clean_post, clean_title, render_post, summary_of
from tests.support.hostile import harm, hostile_html, hostile_markdown

TAGS = names("a blockquote br code div em li ol p pre strong table tbody td th thead tr ul")
SHAPES = {
    "class": re.compile(r"scroll|scroll mono|data|r|center"),
    "href": re.compile(r"https?://[\w.-]+(:\d+)?([/?#].*)?|mailto:[^@]+@.+|/(?!/).*", re.IGNORECASE),
    "rel": re.compile("noopener nofollow ugc"),
    "scope": re.compile("col"),
    "start": re.compile(r"\d+"),
    "tabindex": re.compile("0"),
}
HOSTILE = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example></ScRiPt>",
    "<img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "<p id=x class=y style=z onclick=w>x</p>",
    "<!-- x --> <?php x ?> <![CDATA[x]]>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert`1`)",
    "[x](&#106;avascript:alert`1`)",
    "[x](javascript&colon;alert`1`)",
    "[x](java\tscript:alert`1`)",
    "[x](java\u202escript:alert`1`)",
    "[x](java\\script:alert`1`)",
    "[x](data:text/html,<script>1</script>)",
    "[x](vbscript:x) [x](file:///etc/passwd)",
    "[x](//evil.example) [x](/\\evil.example) [x](\\\\evil.example) [x](/\t/evil.example)",
    "[x](https://good.example@evil.example/)",
    "[x](https://good.example:pass@evil.example/)",
    '<javascript:alert(1)> <data:x> <https://a.example/"onclick=x>',
    "![x](https://evil.example/x.png) ![x](data:image/png,x) ![x][y]\n\n[y]: https://evil.example",
    '[x](https://a.example "t\\" onclick=x")',
    "[[término]] {{valor}} $x^2$ [^1] {#id .class onclick=x}",
    "[x](https://a.example){#id .class onclick=x}",
    "\x02wzxhzdk:0\x03 \x02klzzwxh:0000\x03 \x02106\x03",
    "```html\n<script>alert(1)</script>\n```",
    "``<script>``",
    "> " * 1000 + "x",
    ">" * 1000 + "x",
    "- " * 1000 + "x",
    "**_" * 500 + "x" + "_**" * 500,
    "a" + "\u0301\u0323" * 5000,
    "\ud800 \udfff x\ud83d",
    "\u202e\u2066abc\u2069",
)


def parsed(html: str) -> Element:
    """Return HTML as a browser reads it."""
    body: Element = html5lib.parseFragment(html, namespaceHTMLElements=False)
    return body


def rendered(source: str) -> Element:
    """Return a rendered post as a browser reads it, looked through."""
    html = render_post(source)
    root = parsed(html)
    for node in list(root.iter())[1:]:
        assert node.tag in TAGS, source
        for name, value in node.attrib.items():
            assert SHAPES[name].fullmatch(value), (source, name, value)
        assert node.tag != "a" or node.get("rel")
    assert [fault for fault in harm(html) if "rel" not in fault] == [], source
    return root


def text_of(root: Element) -> str:
    """Return all text of an element."""
    return "".join(root.itertext())


def links_of(source: str) -> list[str | None]:
    """Return where the links of a post lead."""
    return [link.get("href") for link in rendered(source).iter("a")]


@pytest.mark.parametrize("source", HOSTILE)
def test_what_means_harm_is_text(source: str) -> None:
    assert rendered(source) is not None


@pytest.mark.slow
def test_nothing_hostile_survives_in_a_post() -> None:
    for source in (*hostile_html(), *hostile_markdown()):
        rendered(source[:LONGEST_POST])


@given(st.text(alphabet=st.sampled_from("ab \n>-*_`[]()!<>&;#|:/\\1.\"'~${}=+^@\u0301ñ"), max_size=200))
def test_any_text_is_harmless(source: str) -> None:
    rendered(source)


@given(st.text(max_size=120))
def test_cleaning_twice_is_cleaning_once(source: str) -> None:
    clean = clean_post(source)

    assert clean_post(clean) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert clean == clean.rstrip()
    assert clean_title(clean_title(source)) == clean_title(source)


@given(st.text(alphabet=st.sampled_from("a\u0301\u0323\u0344\u200d\u0000 \u0915\u0302"), max_size=60))
def test_no_letter_bears_more_than_four_marks(source: str) -> None:
    runs = re.findall(r"m+", "".join("m" if unicodedata.category(sign)[0] == "M" else "-" for sign in clean_post(source)))

    assert max(map(len, runs), default=0) <= 4


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("n\u0303and\u00fa \n\t ", "ñandú"),
        ("a\x00b\x07c\td\x1be\x85f", "abc\tdef"),
        ("a\u202eb\u2066c\u2069d", "abcd"),
        ("a\ud800b\udfffc", "abc"),
        ("e\x00\u0301", "é"),
        ("z" + "\u0301" * 9 + "!", "z\u0301\u0301\u0301\u0301!".replace("z\u0301", "ź")),
        ("👩\u200d💻 ⚠\ufe0f", "👩\u200d💻 ⚠\ufe0f"),
        ("   ", ""),
    ],
)
def test_a_text_is_stored_clean(typed: str, stored: str) -> None:
    assert clean_post(typed) == stored


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  ¿Cómo\r\n se\u2028corrige?  ", "¿Cómo se corrige?"),
        ("¿?!… —", ""),
        ("\u0301\u0302", ""),
        ("\u200b\u2060", ""),
        ("2026", "2026"),
        ("🎉", "🎉"),
    ],
)
def test_a_title_is_one_line_with_something_to_read(typed: str, stored: str) -> None:
    assert clean_title(typed) == stored


def test_a_post_has_paragraphs_lists_quotations_code_emphasis_and_tables() -> None:
    root = rendered("Uno *dos* **tres** `x < y`\n\n- a\n- b\n\n3. c\n\n> d\n\n```python\nx < 1 & y\n```\n\n|a|b|\n|-:|:-:|\n|1|2|")

    counts = {tag: len(list(root.iter(tag))) for tag in ("p", "em", "strong", "ul", "ol", "li", "blockquote", "pre", "table", "td")}
    assert counts == {"p": 2, "em": 1, "strong": 1, "ul": 1, "ol": 1, "li": 3, "blockquote": 1, "pre": 1, "table": 1, "td": 2}
    assert [text_of(code) for code in root.iter("code")] == ["x < y", "x < 1 & y"]
    assert [cell.get("class") for cell in root.iter("td")] == ["r", "center"]


def test_code_in_lists_and_quotations_loses_their_marks_alone() -> None:
    root = rendered("- a\n\n    ```\n    x\n      y\n    ```\n- b\n\n> > ```\n> > >>> z\n> > ```")

    assert [text_of(code) for code in root.iter("pre")] == ["x\n  y", ">>> z"]
    assert len(list(root.iter("li"))) == 2
    assert [child.tag for child in root.iter("blockquote")] == ["blockquote", "blockquote"]


@pytest.mark.parametrize(
    "typed",
    [
        "# Título",
        "Título\n===",
        "Título\n---",
        "<b>x</b> &amp; &lt; &",
        "[[término]] {{valor}} $a_b_c$",
        "***",
        "[x][y]",
        "<ana@example.org>",
    ],
)
def test_what_a_post_cannot_have_stays_as_it_was_typed(typed: str) -> None:
    root = rendered(typed)

    assert [node.tag for node in root.iter()][1:] == ["p"]
    assert text_of(root).strip() == typed


def test_quotations_deeper_than_three_are_text_of_the_third() -> None:
    root = rendered("> a\n>> b\n>>> c\n>>>> d\n>>>>> e")

    assert len(list(root.iter("blockquote"))) == 3
    assert text_of(list(root.iter("blockquote"))[2]).split() == ["c", "d", "e"]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("[el informe](https://ejemplo.org/a)", "el informe (ejemplo.org)"),
        ("[banco.ec](https://evil.example/)", "banco.ec (evil.example)"),
        ("[https://banco.ec](https://evil.example/)", "https://banco.ec (evil.example)"),
        ("[**banco**.ec](https://evil.example/)", "banco.ec (evil.example)"),
        ("[banco.ec](https://banco.ec.evil.example/)", "banco.ec (banco.ec.evil.example)"),
        ("[escriba](mailto:ana@ejemplo.org?subject=x)", "escriba (ana@ejemplo.org)"),
        ("![foto](https://ejemplo.org/a.png)", "foto (ejemplo.org)"),
        ("[](https://ejemplo.org/)", "https://ejemplo.org/"),
        ("[ejemplo.org](https://ejemplo.org/)", "ejemplo.org"),
        ("[https://ejemplo.org](https://ejemplo.org/)", "https://ejemplo.org"),
        ("<https://ejemplo.org/a>", "https://ejemplo.org/a"),
        ("[la ayuda](/help)", "la ayuda"),
    ],
)
def test_the_host_stands_behind_a_text_that_differs_from_the_address(source: str, text: str) -> None:
    assert text_of(rendered(source)) == text
    assert len(links_of(source)) == 1


def test_bare_addresses_become_links_without_the_signs_of_the_sentence() -> None:
    source = "Vea https://a.example/x_y_z?a=1&b=2, (https://b.example/) y *https://c.example*. `https://d.example` https://e.example/F_(g)."

    assert links_of(source) == ["https://a.example/x_y_z?a=1&b=2", "https://b.example/", "https://c.example", "https://e.example/F_(g)"]


def test_a_link_in_a_link_is_text() -> None:
    assert links_of("[https://a.example](https://b.example)") == ["https://b.example"]


@pytest.mark.parametrize(
    ("source", "limit"),
    [
        ("x" * (LONGEST_POST + 1), "20000"),
        ("[a](/b) " * 10_000, "20000"),
        ("|" + "a|" * 11 + "\n|" + "-|" * 11, "10"),
        ("|" + "a|" * 1000 + "\n|" + "-|" * 1000, "10"),
        ("|a|b|\n|-|-|\n" + "|a|b|\n" * 51, "50"),
        ("|a|b|\n|-|-|\n|" + "`a`|" * 1000, "10"),
        ("> |" + "a|" * 11 + "\n> |" + "-|" * 11, "10"),
    ],
)
def test_what_is_too_large_is_refused_with_the_limit(source: str, limit: str) -> None:
    with pytest.raises(PostTooComplex, match=limit):
        render_post(source)


def test_a_table_may_be_as_large_as_the_limit() -> None:
    root = rendered("|" + "a|" * 10 + "\n|" + "-|" * 10 + "\n" + ("|" + "a|" * 10 + "\n") * 50)

    assert len(list(root.iter("td"))) == 500


PIECES = (
    *("[", "![", "[a](", "[a](/b) ", "[](/)", '[a](b "', "[a](((", "***", "*a ", "*a **b ", "*a*", "*_", "_a_ ", "`", "`a` ", "`` ` "),
    *("\\*", "<", "<a ", "&amp;", "https://a.b ", "http://", "> ", ">", "- ", "- a\n", "- a\n\n", "1. a\n", "```a\n", "```\n", "~~~\nb\n"),
    *("|", "|`a`", "a|b\n-|-\n\n", "\n", "a\n\n", "a  \n", "(", "á", "é\u0301\u0323", "\u0301\u0323", "\u0301\x00", "> - "),
)


@pytest.mark.slow
def test_twice_the_text_takes_about_twice_the_time() -> None:
    """Four times would be quadratic; what is done in less than the clock can tell is fast enough."""

    def seconds(piece: str, length: int) -> float:
        source = (piece * length)[:length]
        return min(_seconds(lambda: render_post(source)) for _try in range(3))

    taken = {piece: (seconds(piece, LONGEST_POST // 2), seconds(piece, LONGEST_POST)) for piece in PIECES}

    assert {piece: times for piece, times in taken.items() if times[1] >= max(3 * times[0], 0.25)} == {}


def _seconds(work: Callable[[], object]) -> float:
    began = time.thread_time()
    with suppress(PostTooComplex):
        work()
    return time.thread_time() - began


def test_the_beginning_of_a_post_is_plain_text() -> None:
    html = render_post("Uno **dos** [tres](https://a.example)\n\n> cuatro & cinco\n\n- seis")

    assert summary_of(html, 200) == "Uno dos tres (a.example) cuatro & cinco seis"
    assert summary_of(html, 12) == "Uno dos…"
