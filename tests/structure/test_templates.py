"""House rules of the templates: what they may contain, and that none is forgotten."""

import ast
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import nodes

from scripts import translations
from tests.support.project import ROOT, modules, text
from tests.support.templates import ENVIRONMENT, TEMPLATES, drawn, parsed

STATIC = ROOT / "static"
NAMES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*") if path.is_file())
PAGES = [name for name in NAMES if not name.startswith(("mail/", "layouts/mail.html", "macros/mail.html"))]
"""Everything but messages, whose inline styles are the one exception."""

NAMED_AT_RUN_TIME = re.compile(r"mail/[a-z_]+\.(html|txt)|quizzes/kinds/_[a-z]+\.html")
"""Chosen by the kind of message or question."""

NAMES_A_TEMPLATE = re.compile(r"\.(?:html|txt|svg)[\"'{]")
"""Stands in every module with such a string; the others need not be parsed."""

WAITING: set[str] = set()
"""Pieces of the design that wait for their first page."""


def source(name: str) -> str:
    return text(f"templates/{name}")


def without_comments(name: str) -> str:
    return re.sub(r"\{#.*?#\}", "", source(name), flags=re.DOTALL)


def constants(node: nodes.Node | None) -> Iterator[str]:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif node is not None:
        for child in node.iter_child_nodes():
            yield from constants(child)


def test_templates_parse_and_say_at_their_top_what_they_need() -> None:
    for name in NAMES:
        ENVIRONMENT.compile(parsed(name))

    assert not [name for name in NAMES if not (source(name).startswith("{#") or Path(name).name.startswith("_") or name in drawn())]


INLINE = (r"<[a-z][^>]*\sstyle\s*=", r"<style\b", r"<[a-z][^>]*\son[a-z]+\s*=", r"(?i)=\s*[\"']?\s*javascript:")


def inline_code(text: str) -> list[str]:
    """Return the inline styles, scripts and handlers of a text."""
    linked = r'<script type="module" src="\{\{ static_url\([^)]*\) \}\}"></script>'
    return [pattern for pattern in INLINE if re.search(pattern, text)] + [each for each in scripts(text) if not re.fullmatch(linked, each)]


def test_templates_have_no_inline_style_script_or_handler() -> None:
    """spec/security 3.4."""
    assert {name: code for name in PAGES if (code := inline_code(without_comments(name)))} == {}


def scripts(text: str) -> list[str]:
    return re.findall(r"<script\b.*?</script>", text, flags=re.DOTALL)


@pytest.mark.parametrize(
    "sample",
    ['<p style="color:red">', "<style>p{}</style>", '<a onclick="x()">', '<a href="javascript:x()">', "<script>x()</script>"],
)
def test_the_rule_above_sees_each_kind_of_inline_code(sample: str) -> None:
    assert inline_code(sample)


def test_templates_never_make_html_from_text() -> None:
    """HTML arrives as `SafeHtml`, the only thing that prints without escaping."""
    making = ("safe", "striptags", "urlize", "xmlattr")

    assert not [name for name in NAMES if any(each.name in making for each in parsed(name).find_all(nodes.Filter))]
    assert not [name for name in NAMES if "autoescape" in without_comments(name)]


def wrong_forms(text: str) -> Iterator[str]:
    """Yield the forms that post without the token, and those that carry it, or name a method, without posting."""
    for form in re.findall(r"<form\b.*?</form>", text, flags=re.DOTALL):
        opening, has_token = form[: form.index(">")], "csrf_token" in form or "forms.token()" in form
        posts = bool(re.search(r'method="post"', opening, re.IGNORECASE))
        if posts != has_token or (not posts and "method" in opening):
            yield form[:200]


def test_every_form_that_posts_carries_the_token() -> None:
    """spec/security 3.2."""
    assert [(name, form) for name in PAGES for form in wrong_forms(without_comments(name))] == []
    assert len(list(wrong_forms('<form method="post"></form><form method="get"></form><form>{{ csrf_token() }}</form>'))) == 3


def names_in_templates() -> Iterator[str]:
    for name in NAMES:
        for node in parsed(name).find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
            yield from constants(node.template)


def names_in_python() -> Iterator[str]:
    for code in filter(NAMES_A_TEMPLATE.search, map(text, modules())):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith((".html", ".txt", ".svg")):
                yield node.value


def test_no_template_is_forgotten() -> None:
    used = {*names_in_templates(), *names_in_python(), *WAITING}
    forgotten = [name for name in NAMES if name not in used and not NAMED_AT_RUN_TIME.fullmatch(name)]

    assert not forgotten


def test_every_template_that_a_template_names_exists() -> None:
    assert {name for name in names_in_templates() if name.endswith((".html", ".svg", ".txt")) and name != ".html"} <= set(NAMES)


def test_every_message_has_both_its_forms() -> None:
    """The plain text with the same words, always."""
    messages = {name.rsplit(".", 1)[0] for name in NAMES if name.startswith("mail/")}

    assert all(f"{name}.html" in NAMES and f"{name}.txt" in NAMES for name in messages)


COUNTED = re.compile(r"of %\((?:total|count|all|maximum)\)s (?!which )[a-z]+s\b|its %\(\w+\)s [a-z]+s\b")
"""What is counted, named in the plural: “3 of %(total)s modules”."""


def test_what_is_counted_is_named_by_its_number() -> None:
    """“0 of 1 modules” is wrong in both languages: such a message has two forms."""
    assert COUNTED.search("%(done)s of %(total)s modules")

    with_one_form = [message.id for message in translations.read() if isinstance(message.id, str) and COUNTED.search(message.id)]

    assert not with_one_form


def test_every_icon_that_a_template_names_is_in_the_set() -> None:
    symbols = set(re.findall(r'<symbol id="([a-z0-9-]+)"', (STATIC / "icons.svg").read_text("utf-8")))
    for name in NAMES:
        for call in parsed(name).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "icon" and isinstance(call.args[0], nodes.Const):
                assert call.args[0].value in symbols, f"{name}: {call.args[0].value}"


@pytest.mark.parametrize("path", sorted((STATIC / "js").glob("*.js")), ids=lambda path: path.name)
def test_optional_script_stays_small_and_asks_nobody_else(path: Path) -> None:
    """spec/performance P18: at most 15 kB as sent; spec/security 3.4: no other sites.
    No script imports another: names are fingerprinted.
    """
    text = path.read_text("utf-8")

    assert len(gzip.compress(text.encode(), 9)) <= 15_000
    assert not re.search(r"https?://", text)
    assert not re.search(r"^\s*import\b|\bimport\(", text, re.MULTILINE)


def test_style_sheet_keeps_to_what_old_office_browsers_read() -> None:
    """Chrome 90, Firefox 91, Safari 14.1: no cascade layers, no nesting, and a plain colour before each `light-dark()`."""
    for sheet in (STATIC / "css").glob("*.css"):
        assert not re.search(r"@layer|[{;}]\s*&", re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.DOTALL))
    text = re.sub(r"/\*.*?\*/", "", (STATIC / "css" / "aulario.css").read_text("utf-8"), flags=re.DOTALL)
    plain, _, enhanced = text.partition("@supports (color:light-dark(")
    assert "light-dark(" not in plain
    enhanced = enhanced.split("\n}", 1)[0]
    assert set(re.findall(r"(--[a-z0-9-]+): light-dark", enhanced)) <= set(re.findall(r"(--[a-z0-9-]+): #", plain))
    assert len(gzip.compress(text.encode(), 9)) <= 12_000
