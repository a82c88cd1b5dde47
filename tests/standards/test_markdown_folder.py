"""Markdown folders of other tools become courses in our format: structure, front matter, boxes, links, images; the rest is told by line."""

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses import publishing
from courses.content.folder_formats import ConversionOptions, ConvertedFolder, RemarkKind, group_remarks, in_source
from courses.content.reader import read_directory
from kernel.errors import Invalid
from kernel.pictures import cleaned
from lms.app import KINDS
from standards.markdown_folder.read import convert_folder
from tests.support.folders import FOLDERS

TODAY = date(2026, 6, 1)
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf"
    b"\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


def convert(files: Mapping[str, str | bytes], **wanted: str) -> ConvertedFolder:
    """Convert a folder, and see that a course comes of it in which nothing refuses publishing."""
    contents = {path: content.encode() if isinstance(content, str) else content for path, content in files.items()}
    converted = convert_folder(contents, ConversionOptions(**{"name": "mi-curso", "author": "Ana", **wanted}))
    checked = publishing.check(converted.files, KINDS, today=TODAY)
    assert [
        f"{found.file}:{found.line} {found.code} {found.message}"
        for found in checked.findings
        if found.severity.value == "error" and found.code != "C322"  # several inputs are titles alone, which stay blank lessons
    ] == []
    return converted


def body(text: str, **more: str | bytes) -> str:
    """Return the text of the only lesson of a folder after its conversion."""
    converted = convert({"a.md": f"# Uno\n\n{text}\n", **more})
    lesson = next(content for path, content in converted.files.items() if path.endswith(".es.md") and b"title: Uno" in content)
    return lesson.decode().partition("---\n")[2].partition("---\n")[2]


def told(files: Mapping[str, str | bytes]) -> list[tuple[str, int, str]]:
    """Return the remarks on a folder."""
    return [(remark.file, remark.line, remark.message) for remark in convert(files).remarks]


def test_folders_with_numbers_are_modules_in_the_order_of_people() -> None:
    converted = convert(
        {
            "README.md": "# El gran curso\n",
            "10-fin/1-a.md": "# Al final\n",
            "2-medio/README.md": "# En medio\n",
            "2-medio/2-c.md": "# Luego\n",
            "2-medio/10-d.md": "# Más tarde\n",
            "LICENSE.md": "Libre\n",
        }
    )

    assert list(converted.files) == [
        "01-medio/01-en-medio.es.md",
        "01-medio/02-luego.es.md",
        "01-medio/03-mas-tarde.es.md",
        "01-medio/module.yaml",
        "02-fin/01-al-final.es.md",
        "02-fin/module.yaml",
        "course.yaml",
    ]
    assert b"title: El gran curso\n" in converted.files["course.yaml"]
    assert {remark.file for remark in converted.remarks} == {"LICENSE.md", "README.md"}


def test_a_table_of_contents_gives_modules_and_order() -> None:
    plan = (
        "# Summary\n\n[Antes](antes.md)\n\n# Primera parte\n\n- [B](b.md)\n    - [A](a.md)\n\n# Segunda\n\n- [C](sub/c.md)\n- [No](no.md)\n"
    )
    converted = convert({"SUMMARY.md": plan, "a.md": "# A\n", "b.md": "# B\n", "sub/c.md": "# C\n", "suelta.md": "# Suelta\n"})

    assert [path for path in converted.files if path.endswith(".es.md")] == [
        "01-primera-parte/01-b.es.md",
        "01-primera-parte/02-a.es.md",
        "02-segunda/01-c.es.md",
        "02-segunda/02-suelta.es.md",
    ]
    assert ("suelta.md", 1) in {(remark.file, remark.line) for remark in converted.remarks}


def test_numbers_with_a_point_are_modules_and_lessons() -> None:
    converted = convert({"1.1_uno.md": "# Uno\n", "1.2_dos.md": "# Dos\n", "2.1_tres.md": "# Tres\n"})

    assert [path for path in converted.files if path.endswith(".es.md")] == [
        "01-modulo-1/01-uno.es.md",
        "01-modulo-1/02-dos.es.md",
        "02-modulo-2/01-tres.es.md",
    ]


@pytest.mark.parametrize(
    "front",
    [
        '---\ntitle: "Agua: lo básico"\ndescription: De gotas a litros.\ndraft: true\nteaching: 10\nauthor: Marta\n---\n',
        '+++\ntitle = "Agua: lo básico"\ndescription = "De gotas a litros."\ndraft = true\nteaching = 10\nauthor = "Marta"\n+++\n',
    ],
)
def test_fields_above_a_text_are_taken_or_told(front: str) -> None:
    converted = convert({"a.md": front + "Texto.\n", "b.md": "# Otra\n\nMás.\n"}, author="")

    assert converted.files["01-mi-curso/01-agua-lo-basico.es.md"].decode() == (
        "---\nkey: agua-lo-basico\ntitle: 'Agua: lo básico'\nsummary: De gotas a litros.\nstate: draft\n---\nTexto.\n"
    )
    assert b"- name: Marta\n" in converted.files["course.yaml"]
    assert [(remark.line, "teaching" in remark.message) for remark in converted.remarks] == [(5, True)]


def test_headings_begin_at_the_second_level_and_skip_none() -> None:
    assert body("### A\n\n##### B\n\n# C\n\nD\n---\n\nE\n===\n") == "## A\n\n### B\n\n## C\n\n### D\n\n## E\n"


def test_boxes_of_other_tools_become_ours() -> None:
    carpentries = "::: objectives\n\n- Sumar\n\n:::\n\n::: challenge\n\n## ¿Cuánto es?\n\n2 + 2\n\n:::: solution\n\nCuatro\n\n::::\n\n:::\n"
    written = body(carpentries)
    assert "> [!SUMMARY] Objetivos\n>\n> - Sumar\n" in written
    assert "## ¿Cuánto es?\n\n2 + 2\n\n> [!CHECK] Solución\n>\n> Cuatro\n" in written
    assert "> [!WARNING] Ojo\n>\n> Quema.\n" in body('!!! warning "Ojo"\n\n    Quema.\n\nSigue.\n')
    assert "> [!WARNING]\n>\n> Quema.\n" in body("> [!CAUTION]\n>\n> Quema.\n")
    assert "> [!CHECK] ¿Y?\n>\n> Pues.\n" in body("<details>\n<summary>¿Y?</summary>\n\nPues.\n\n</details>\n")
    assert body("::: note\n## Nota\n\nAsí.\n:::\n") == "> **Nota**\n>\n> Así.\n"


def test_code_stays_as_it_is_and_says_its_language() -> None:
    assert body("~~~python title=x\n# no es título\n```\n$a {{ b }} [c](d.md)\n~~~\n") == (
        "````python\n# no es título\n```\n$a {{ b }} [c](d.md)\n````\n"
    )
    assert body("Antes:\n\n    dir /w\n\n    fin\n\nDespués\n") == "Antes:\n\n```\ndir /w\n\nfin\n```\n\nDespués\n"


def test_lists_are_nested_by_four_and_stand_apart() -> None:
    assert body("Son:\n* uno\n  - dos\n    sigue\n\n    ```\n    x\n    ```\n* tres\n") == (
        "Son:\n\n* uno\n    - dos\n        sigue\n\n        ```\n        x\n        ```\n* tres\n"
    )
    assert body("1) uno\n2) dos\n") == "1. uno\n2. dos\n"


def test_links_lead_to_lessons_by_key_and_dead_ones_leave_their_words() -> None:
    files = {
        "a.md": "# Uno\n\n[otra](sub/b.md#x) [ref][r] [nada](no.md)\n\n[r]: sub/b.html\n",
        "sub/b.md": "# Dos\n\n[atrás](../a.md) [[a.md|wiki]]\n",
    }
    converted = convert(files)

    assert "[otra](course:dos) [ref](course:dos) nada\n" in converted.files["01-mi-curso/01-uno.es.md"].decode()
    assert "[atrás](course:uno) wiki\n" in converted.files["02-sub/01-dos.es.md"].decode()
    assert [(remark.file, remark.line) for remark in converted.remarks] == [("a.md", 3), ("sub/b.md", 3)]


def test_images_come_along_with_words_and_missing_ones_leave_theirs() -> None:
    """Pictures are written anew without hidden data; one that cannot be read does not come."""
    broken = convert({"a.md": "# Uno\n\n![rota](x.png)\n", "x.png": PNG[:40]})
    assert not [path for path in broken.files if path.endswith(".png")]
    converted = convert({"a.md": "# Uno\n\nMire ![una gota](fig/Gota%201.png) aquí.\n\n![perdida](fig/no.png)\n", "fig/Gota 1.png": PNG})
    lesson = converted.files["01-mi-curso/01-uno.es.md"].decode()

    assert converted.files["01-mi-curso/media/gota-1.png"] == cleaned(PNG, "png")
    assert "Mire  aquí.\n\n![una gota](media/gota-1.png)\n\n: una gota\n\n*perdida*\n" in lesson
    assert [(remark.line, "no.png" in remark.message) for remark in converted.remarks] == [(5, True)]


def test_signs_that_mean_something_here_are_words_there() -> None:
    assert body("Cuesta $5 y $6; {{ sbu }}, [[nada]], [@cita], <hub_name>, ~~no~~.") == (
        "Cuesta \\$5 y \\$6; \\{{ sbu }}, nada, \\[@cita], &lt;hub_name>, no.\n"
    )
    assert body("La brecha es $B = 1 - c$.") == "La brecha es $B = 1 - c$.\n"


def test_what_is_not_understood_is_told_with_its_line() -> None:
    found = told(
        {"a.md": "# Uno\n\n{% include x %}\n\n::: raro\nTexto\n:::\n\n<iframe src='https://example.org/v'></iframe>\n", "b.bin": b"\x00"}
    )

    assert [(file, line) for file, line, _said in found] == [("a.md", 3), ("a.md", 5), ("a.md", 9), ("b.bin", 1)]


def test_a_folder_without_lessons_is_refused() -> None:
    with pytest.raises(Invalid):
        convert_folder({"a.txt": b"Hola"}, ConversionOptions(name="x"))


BOXES = ("challenge", "solution", "callout", "keypoints", "prereq", "objectives", "discussion", "testimonial", "checklist")


@pytest.mark.parametrize("name", BOXES)
def test_a_quotation_with_attributes_becomes_what_the_fenced_box_becomes(name: str) -> None:
    """Of kramdown, the Markdown of Jekyll: the attributes stand below the block that they belong to."""
    text = "## Título\n\nTexto con `código`.\n\n- uno\n- dos\n"
    quoted = "".join(f"> {line}".rstrip() + "\n" for line in text.splitlines())

    for written in (f"{quoted}{{: .{name}}}\n", f"{quoted}  {{:.otra .{name} #aqui }}\n"):
        assert body(f"Antes.\n\n{written}\nDespués.") == body(f"Antes.\n\n::: {name}\n\n{text}\n:::\n\nDespués.")


def test_a_solution_folds_wherever_it_stands() -> None:
    quoted = "> ## Reto\n>\n> Haga.\n>\n> > ## Así\n> >\n> > Hecho.\n> {: .solution}\n>\n> Y siga.\n"
    fenced = "::: NAME\n\n## Reto\n\nHaga.\n\n:::: solution\n\n## Así\n\nHecho.\n\n::::\n\nY siga.\n\n:::"

    assert body(f"{quoted}{{: .challenge}}") == "## Reto\n\nHaga.\n\n> [!CHECK] Así\n>\n> Hecho.\n\nY siga.\n"
    around = "> **Reto**\n>\n> Haga.\n\n> [!CHECK] Así\n>\n> Hecho.\n\n> Y siga.\n"
    assert body(f"{quoted}{{: .discussion}}") == body(fenced.replace("NAME", "discussion")) == around
    assert body(fenced.replace("NAME", "solution")).count("[!CHECK]") == 1  # nothing of a solution stands outside it


def test_lists_above_a_lesson_stand_where_the_fenced_ones_stand() -> None:
    front = "---\ntitle: Uno\nquestions:\n- ¿Qué?\nobjectives:\n- Sumar con `a`.\n- Usar git: así\nkeypoints: Todo suma.\n---\n"
    fenced = "# Uno\n\n::: questions\n\n- ¿Qué?\n\n:::\n\n::: objectives\n\n- Sumar con `a`.\n- Usar git: así\n\n:::\n\nTexto.\n\n"
    fenced += "::: keypoints\n\n- Todo suma.\n\n:::\n"
    path = "01-mi-curso/01-uno.es.md"

    assert convert({"a.md": f"{front}\nTexto.\n"}).files[path] == convert({"a.md": fenced}).files[path]
    assert convert({"a.md": front.replace("keypoints: Todo suma.", "keypoints: []") + "\nTexto.\n"}).remarks[0].line == 8


def test_attributes_that_mean_nothing_here_are_counted_and_those_of_code_name_its_language() -> None:
    text = "~~~\nls\n~~~\n{: .language-bash}\n\n~~~\nx\n~~~\n{: .output}\n\nUno.\n{: .output}\n\n> Dos.\n{: .callout .raro}\n"
    converted = convert({"a.md": f"# Uno\n\n{text}"})

    assert b"```bash\nls\n```\n\n```\nx\n```\n\nUno.\n" in converted.files["01-mi-curso/01-uno.es.md"]
    assert converted.attributes == {"{: .output}": 2, "{: .raro}": 1}
    assert not converted.remarks


def test_blank_lines_of_code_stay() -> None:
    assert body("```python\nimport a\n\n\ndef b():\n    pass\n```") == "```python\nimport a\n\n\ndef b():\n    pass\n```\n"


def test_places_are_those_of_the_authors_file_and_words_as_they_were_written() -> None:
    """Also within a paragraph, behind code, and for what the checks find in the text that was made of it."""
    text = (
        "---\ntitle: Uno\nlayout: x\n---\n\nHola `a\nb` {{ x }}\ny [nada](no.md)\ny [esto]({{ sitio }}/a) y [aquí](https://example.org)\n"
    )
    quoted = "\n> > Cita\n> > con [otra](no2.md)\n\n| cabeza |\n|---|\n| b |\n"
    converted = convert({"a.md": text + quoted})

    assert [(remark.line, dict(remark.facts)["target"]) for remark in converted.remarks] == [
        (8, "no.md"),
        (9, "{{ sitio }}/a"),
        (12, "no2.md"),
    ]
    assert b"\\{{ x }}" in converted.files["01-mi-curso/01-uno.es.md"]
    found = in_source(publishing.check(converted.files, KINDS, today=TODAY).findings, converted.origins)
    assert {(finding.file, finding.line) for finding in found if finding.code in ("C312", "C319")} == {("a.md", 9), ("a.md", 14)}


def test_addresses_that_begin_where_the_site_does_lead_into_the_folder() -> None:
    lesson = (
        "[a]({{ page.root }}/02-dos/) [b]({{ site.baseurl }}/_episodes/02-dos.html#x) [c]({% link _episodes/02-dos.md %}) "
        "![p]({{ page.root }}/fig/p.png) [d]({{ page.root }}/tres/)"
    )
    converted = convert({"_episodes/01-uno.md": f"# Uno\n\n{lesson}\n", "_episodes/02-dos.md": "# Dos\n\nSí.\n", "fig/p.png": PNG})

    made = converted.files["01-episodes/01-uno.es.md"].decode()
    assert "[a](course:dos) [b](course:dos) [c](course:dos)  d\n\n![p](media/p.png)\n" in made
    assert [dict(remark.facts) for remark in converted.remarks] == [{"target": "{{ page.root }}/tres/"}]


def test_a_course_of_jekyll_comes_along_and_what_was_lost_is_told_first() -> None:
    """Our own sample: attributes of kramdown, lists above the lessons, six pictures and a drawing with a script."""
    converted = convert(dict(read_directory(FOLDERS.parent / "jekyll")), name="agua")

    groups = group_remarks(converted.remarks)
    assert [(group.kind, group.is_loss, len(group.remarks)) for group in groups] == [
        (RemarkKind.IMAGE, True, 3),
        (RemarkKind.LINK, True, 1),
        (RemarkKind.FIELD, True, 1),
    ]
    assert [(remark.file, remark.line, remark.message.partition(": ")[0]) for remark in groups[0].remarks] == [
        ("_episodes/01-medir.md", 21, "La imagen ../fig/vaso.png no está en la carpeta"),
        ("_episodes/02-comparar.md", 42, "La imagen ../fig/plano.png tiene más de 40 millones de puntos"),
        ("_episodes/02-comparar.md", 44, "El dibujo ../fig/boton.svg tiene algo más que formas y palabras, o le falta su título"),
    ]
    media = [path.rpartition("/")[2] for path in converted.files if "/media/" in path]
    assert media == ["jarra.png", "jarras.svg", "regla.png"]
    assert converted.attributes == {"{: .output}": 1, "{: .error}": 1}
    made = [content.decode() for path, content in converted.files.items() if path.endswith(".md")]
    assert [text.count("[!CHECK]") for text in made] == [1, 1]
    assert [text.count("[!SUMMARY]") for text in made] == [3, 2]
    assert not [sign for text in made for sign in ("{:", "page.root", "<img", ":::") if sign in text]


PIECES = (
    *("# T", "### Tres", "::: note", ":::", "> cita", "> ## en cita", "- uno", "   - dos", "    codigo", "```", "~~~py", "texto", "", ""),
    *(
        "| a | b |",
        "|---|---|",
        "<details>",
        "</details>",
        "<!-- a",
        "-->",
        "![x](y.png)",
        "[z](#q)",
        "$",
        "1. n",
        "{: .solution}",
        "> {: .challenge}",
        "> > doble",
        "[w]({{ page.root }}/b)",
        "!!! tip",
        "[r]: a.md",
        "===",
    ),
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=25).map("\n".join)


@given(TEXTS)
def test_no_text_breaks_the_conversion_and_what_comes_of_it_is_a_course(text: str) -> None:
    converted = convert_folder({"a.md": text.encode(), "b.md": b"# B\n"}, ConversionOptions(name="x", author="Ana"))

    assert publishing.check(converted.files, KINDS, today=TODAY).folder is not None


def test_titles_of_links_images_code_and_tags_are_counted() -> None:
    """They have no place here; whatever they say stands among what is not known."""
    text = (
        '# Uno\n\n[a](https://e.org "t1") ![b](x.png "t2") <abbr title="t3">c</abbr> <a href="https://e.org" title="t4">d</a> [e]\n\n'
        '```python title="t5"\nx\n```\n\n[e]: https://e.org "t6"\n'
    )

    assert convert({"01-uno.md": text}).attributes == {f'title="t{at}"': 1 for at in range(1, 7)}
