"""Whole lessons: a sample of the whole dialect against its HTML, and the lessons of the shared material as they stand."""

import re
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from kernel.markup.model import (
    EmbeddedRecording,
    MarkupContext,
    MediaReference,
    Parameter,
    RenderedText,
    Resource,
    SafeHtml,
    TermReference,
    fold,
    gap_marker,
)
from kernel.markup.render import render_inline, render_lesson, render_markdown
from tests.support.hostile import harm
from tests.support.markup import a_context
from tests.support.shared import SHARED, needs_shared

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "markup"
KINDS = {".svg": "image/svg+xml", ".txt": "text/plain"}


def test_the_sample_of_the_whole_dialect_gives_the_html_beside_it() -> None:
    rendered = render_lesson((SAMPLES / "dialecto.es.md").read_text(), a_context())

    assert rendered.problems == ()
    assert rendered.html + "\n" == (SAMPLES / "dialecto.es.html").read_text()


def test_the_html_of_the_sample_is_sound() -> None:
    html = (SAMPLES / "dialecto.es.html").read_text()

    assert faults(html) == []


def faults(html: str) -> list[str]:
    """Answer what a checker of pages would say: harm, ids twice, references to nothing, jumps of headings, no name."""
    tree: Element = html5lib.parseFragment(html, treebuilder="etree", namespaceHTMLElements=False)
    nodes = [node for node in tree.iter() if isinstance(node.tag, str)]
    ids = Counter(node.get("id") for node in nodes if node.get("id"))
    found = [f"id {name} twice" for name, times in ids.items() if times > 1] + harm(html)
    for node in nodes:
        names = [node.get(name, "") for name in ("aria-labelledby", "aria-describedby", "popovertarget", "interestfor")]
        names.append((node.get("href") or "").removeprefix("#") if node.tag == "a" and (node.get("href") or "").startswith("#") else "")
        found += [f"{name} is nowhere" for name in names if name and name not in ids]
        if node.tag == "a" and not ("".join(node.itertext()).strip() and node.get("href")):
            found.append("an empty link")
        if node.tag == "p" and any(child.tag in ("p", "div", "figure", "ul") for child in node):
            found.append("a block in a paragraph")
    levels = [1, *(int(node.tag[1]) for node in nodes if re.fullmatch("h[1-6]", str(node.tag)))]
    return found + [f"h{below} after h{above}" for above, below in pairwise(levels) if below > above + 1]


PIECES = [
    *("piso", " ", "\n", "\n\n", "    ", "> ", "> [!CHECK] ", "> [!WARNING]", "- ", "1. ", "## ", "### ", "---", "\n===\n", "~~~", "`"),
    *("[[piso]]", "[[", "|", "]]", "{{ sbu }}", "{{", "}}", "{#x}", "{#y .c}", "{a}", "[@ley-ss]", "[@", ";", " %", "USD ", "9,45"),
    *("[^1]", "\n\n[^1]: nota ", "[^a b]", "\n\n[^a b]: ", "$", "$$", "$x_1$", "\n\n$$\nx\n$$\n\n", "\\", "*", "**", "_", "onclick=y"),
    *("<b>", "</b>", "<div>", "</div>", "<!--", "-->", "<", ">", "&", "&#x3c;", "<https://a.b>", "<a@b.c>", "[x]: javascript:y\n", "[x]"),
    *("![a](media/x)", "\n\n![a](media/brecha.svg){#barra}\n\n: pie | crédito\n\n", "\n\n![q](question:repaso)\n\n", "[figura](#barra)"),
    *("[t](course:pisos)", "[x](", "(", ")", "[", "](#x)", "[r](resource:guia)", "\n\n| a | b |\n|---|--:|\n| c | d |\n\n: T. {#t}\n\n"),
    *("```\n", "ñ", '"'),
]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@pytest.mark.slow
def test_no_text_breaks_the_renderer_or_the_page(text: str) -> None:
    """Whatever is written, in whatever order: no exception, no harm, no id twice, no link to nowhere on the page."""
    for render in (render_lesson, render_markdown, render_inline):
        rendered = render(text, a_context(gaps=frozenset({"a"})))
        told = {problem.code for problem in rendered.problems}
        found = faults(rendered.html.replace(gap_marker("a"), ""))
        assert [fault for fault in found if fault != "an empty link" and not ("C304" in told and " after h" in fault)] == []


class Folder:
    """A course of the shared material, read in place only as far as the renderer asks."""

    def __init__(self, course: Path, language: str) -> None:
        self.course = course
        self.language = language
        self.lists = {name: self._read(f"{name}.yaml") for name in ("glosario", "parametros", "recursos")}

    def _read(self, name: str) -> dict[str, dict[str, object]]:
        path = self.course / name
        return YAML(typ="safe", pure=True).load(path.read_text()) if path.exists() else {}

    def text(self, value: object) -> str:
        return str(value.get(self.language, value.get("es"))) if isinstance(value, dict) else str(value)

    def term(self, form: str) -> TermReference | None:
        for key, entry in self.lists["glosario"].items():
            also = entry.get("also", {})
            forms = [key, self.text(entry["term"]), *(also.get(self.language, []) if isinstance(also, dict) else [])]
            if form in {fold(written) for written in forms}:
                definition = render_inline(self.text(entry["definition"]), MarkupContext(self.language, link_terms=False))
                return TermReference(key, self.text(entry["term"]), definition.html)
        return TermReference(form.replace(" ", "-"), form, SafeHtml("…")) if not self.lists["glosario"] else None

    def parameter(self, name: str) -> Parameter | None:
        entry = self.lists["parametros"].get(name)
        written = re.search(rf"(?m)^{name}:\n  value: ([0-9.]+)", (self.course / "parametros.yaml").read_text())
        return Parameter(Decimal(written[1]), str(entry["unit"]), str(entry["year"])) if entry and written else None

    def resource(self, key: str) -> Resource | None:
        entry = self.lists["recursos"].get(key)
        if entry is None:
            return None
        return Resource(self.text(entry["title"]), self.text(entry["host"]), str(entry["url"]), str(entry["kind"]), str(entry["language"]))

    def context(self, folder: Path) -> MarkupContext:
        def media(path: str) -> MediaReference | None:
            file = folder / path
            if not file.is_file():
                return None
            return MediaReference(f"/files/{file.name}", KINDS[file.suffix], file.stat().st_size, file.read_bytes())

        return MarkupContext(
            self.language,
            term=self.term,
            parameter=self.parameter,
            resource=self.resource,
            link=lambda key, fragment: f"/courses/c/activities/{key}" + (f"#{fragment}" if fragment else ""),
            media=media,
            question=lambda _key: SafeHtml("<p>¿?</p>"),
            recording=lambda _key: EmbeddedRecording("Grabación"),
        )


LESSONS = ["leccion-modelo/leccion.es.md", "leccion-modelo/leccion.en.md"] + [
    f"example-course/{path}"
    for path in (
        "01-medir-la-cobertura/01-cobertura-y-brecha.es.md",
        "01-medir-la-cobertura/01-cobertura-y-brecha.en.md",
        "02-costear-una-prestacion/01-la-formula-general.es.md",
    )
]


def render_shared(name: str, original: RenderedText | None = None) -> RenderedText:
    path = SHARED / "content" / name
    course = SHARED / "content" / name.partition("/")[0]
    body = path.read_text().split("---\n", 2)[2]
    return render_lesson(body, Folder(course, path.suffixes[0][1:]).context(path.parent), original)


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_of_the_shared_material_is_rendered_without_a_finding(name: str) -> None:
    rendered = render_shared(name)

    assert [problem.message for problem in rendered.problems] == []
    assert faults(rendered.html) == []


@pytest.mark.shared
@needs_shared
def test_the_model_lesson_has_the_length_and_the_parts_that_it_shows() -> None:
    rendered = render_shared(LESSONS[0])

    assert 600 <= rendered.words <= 1100
    assert (len(rendered.figures), rendered.formulas, rendered.checks) == (2, 1, 3)
    assert [heading.level for heading in rendered.headings] == [2] * 6
    assert rendered.terms == ("subsidiariedad", "aporte-personal", "aporte-patronal")
    assert len({citation.key for citation in rendered.citations}) == 9


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize(("name", "translation"), [(LESSONS[0], LESSONS[1]), (LESSONS[2], LESSONS[3])])
def test_a_translation_of_the_shared_material_has_the_addresses_of_its_source(name: str, translation: str) -> None:
    """spec/content-format 4.3."""
    original = render_shared(name)
    translated = render_shared(translation, original)

    assert translated.problems == ()
    assert [heading.address for heading in translated.headings] == [heading.address for heading in original.headings]
    assert [figure.address for figure in translated.figures] == [figure.address for figure in original.figures]
    assert faults(translated.html) == []


@pytest.mark.shared
@needs_shared
def test_every_drawing_of_the_shared_material_passes() -> None:
    for path in sorted((SHARED / "content").rglob("*.svg")):
        rendered = render_lesson(
            "![a](media/x.svg)\n\n: b | c",
            a_context(media=lambda _path, it=path: MediaReference("/x", "image/svg+xml", 1, it.read_bytes())),
        )
        assert rendered.problems == (), path
