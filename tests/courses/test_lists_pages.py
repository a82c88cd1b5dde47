"""Glossary, figures and documents on the web: one entry at a time, the rest of the file to the letter."""

import pytest
from sqlalchemy import select

from courses.models import Course
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.drafts import draft_texts
from tests.support.lessons import write
from tests.support.wording import in_spanish

LISTS = "/teaching/prueba/lists"
GLOSSARY = (
    "# Términos\nbrecha:\n  term:\n    es: Brecha\n    en: Gap\n  also:\n    es: [brechas]   # plural\n  x-nota: mía\n"
    "  definition: Lo que falta.\n# el segundo\npiso:\n  term: {es: Piso, en: Floor}\n  definition: {es: Lo básico., en: The basics.}\n"
)


@pytest.fixture
def editor(browser: Browser, instance: Instance) -> Browser:
    """Return the browser of somebody who edits a published course of one module."""
    a_teacher(instance, a_course(instance, modules=1))
    return sign_in(browser, "profe@example.org")


@pytest.fixture
def course(instance: Instance, editor: Browser) -> Course:
    """Return the course, with a glossary written by hand."""
    with instance.database.unit_of_work(write=False) as session:
        made = session.scalars(select(Course).where(Course.slug == "prueba")).one()
    write(instance, made, {"glosario.yaml": GLOSSARY})
    return made


def test_every_cell_of_the_lists(browser: Browser, instance: Instance) -> None:
    """spec/security 9, course.edit."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    write(instance, course, {"glosario.yaml": GLOSSARY})
    wrong = []

    for page in ("glossary", "figures", "documents", "glossary/new", "glossary/entries/piso", "glossary/entries/piso/removal"):
        wrong += cast.check("course.edit", "own_course", cast.outcomes(f"{LISTS}/{page}"))
    before = draft_texts(instance)
    refused = {
        letter: found for letter, found in cast.outcomes(f"{LISTS}/glossary/entries/piso/removal", "POST").items() if letter in "ALEGOX"
    }
    wrong += cast.check("course.edit", "own_course", refused)

    assert wrong == []
    assert "brecha" in before["glosario.yaml"]


def test_a_term_is_added_translated_and_taken_out(editor: Browser, instance: Instance, course: Course) -> None:
    listed = editor.get(f"{LISTS}/glossary").text
    assert "Brecha" in listed
    editor.get(f"{LISTS}/glossary/new")
    editor.submit(
        "/glossary/new",
        {"term_es": "Cobertura efectiva", "definition_es": "Quien de verdad está protegido.", "also__es": "coberturas\ncobertura"},
    )
    also = "  also:\n    es: [coberturas, cobertura]\n"
    added = f"cobertura-efectiva:\n  term: Cobertura efectiva\n{also}  definition: Quien de verdad está protegido.\n"
    assert draft_texts(instance)["glosario.yaml"] == GLOSSARY + added
    assert in_spanish("missing in %(language)s", language="inglés") in editor.get(f"{LISTS}/glossary").text

    editor.get(f"{LISTS}/glossary/entries/cobertura-efectiva")
    editor.submit("/entries/cobertura-efectiva", {"term_en": "Effective coverage", "definition_en": "Who is really protected."})
    translated = (
        "cobertura-efectiva:\n  term:\n    es: Cobertura efectiva\n    en: Effective coverage\n  also:\n    es: [coberturas, cobertura]\n"
        "  definition:\n    es: Quien de verdad está protegido.\n    en: Who is really protected.\n"
    )
    assert draft_texts(instance)["glosario.yaml"] == GLOSSARY + translated

    editor.get(f"{LISTS}/glossary/entries/brecha/removal")
    editor.submit("/removal", {})
    assert draft_texts(instance)["glosario.yaml"] == "# Términos\n" + GLOSSARY[GLOSSARY.index("# el segundo") :] + translated


def test_saving_an_entry_as_it_stands_changes_not_a_letter(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(f"{LISTS}/glossary/entries/brecha")
    assert in_spanish("There was nothing to change.") in editor.submit("/entries/brecha", {}).text

    editor.get(f"{LISTS}/glossary/entries/brecha")
    editor.submit("/entries/brecha", {"definition_en": "What is missing."})

    assert draft_texts(instance)["glosario.yaml"] == GLOSSARY.replace(
        "definition: Lo que falta.\n", "definition:\n    es: Lo que falta.\n    en: What is missing.\n"
    )


def test_where_a_term_is_used_is_told_before_it_goes(editor: Browser, instance: Instance, course: Course) -> None:
    lesson = draft_texts(instance)["01-parte/01-leccion.es.md"]
    write(instance, course, {"01-parte/01-leccion.es.md": f"{lesson}\nLas [[brechas]].\n"})

    page = editor.get(f"{LISTS}/glossary/entries/brecha/removal")

    assert "Contar 1" in page.text
    assert "/lessons/leccion-1" in page.html
    assert in_spanish("Nothing in the draft uses it.") in editor.get(f"{LISTS}/glossary/entries/piso/removal").text


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"term_es": "", "key": ""}, "cómo se llama"),
        ({"term_es": "Piso", "key": "piso"}, "Ya hay una entrada"),
        ({"term_es": "Otro", "key": "Con Mayúsculas"}, "no puede ser una clave"),
        ({"term_es": "Otro", "definition_es": ""}, "Falta el campo «Definición»."),
        ({"term_es": "Brechas", "definition_es": "Otra."}, "ya es del término"),
    ],
)
def test_a_term_that_cannot_be_is_told_and_nothing_is_lost(
    editor: Browser, instance: Instance, course: Course, sent: dict[str, str], told: str
) -> None:
    editor.get(f"{LISTS}/glossary/new")

    page = editor.submit("/glossary/new", {"term_es": "", **sent}, status=422)

    assert told in page.text
    assert draft_texts(instance)["glosario.yaml"] == GLOSSARY
    assert dict(page.form("/glossary/new").fields)["term_es"] == sent.get("term_es", "")


def test_two_who_change_a_glossary_at_once_lose_nothing(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(f"{LISTS}/glossary/entries/piso")
    theirs = GLOSSARY.replace("Lo que falta.", "Lo que aún falta.")
    write(instance, course, {"glosario.yaml": theirs})

    page = editor.submit("/entries/piso", {"definition_es": "El mínimo."}, status=409)
    assert in_spanish("Someone else changed this in the meantime.") in page.text
    assert draft_texts(instance)["glosario.yaml"] == theirs
    editor.submit("/entries/piso", {}, button=("do", "merge"))

    after = draft_texts(instance)["glosario.yaml"]
    assert "Lo que aún falta." in after
    assert "es: El mínimo." in after


@pytest.mark.slow
def test_figures_and_documents_are_begun_where_there_are_none(editor: Browser, instance: Instance) -> None:
    editor.get(f"{LISTS}/figures/new")
    editor.submit("/figures/new", {"label_es": "Salario básico", "value": "470", "unit": "USD", "year": "2025", "key": "sbu"})
    editor.get(f"{LISTS}/figures/new")
    editor.submit("/figures/new", {"label_es": "Mínima", "formula": "sbu * 0.6", "unit": "USD", "key": "minima"})
    editor.get(f"{LISTS}/documents/new")
    refused = editor.submit("/documents/new", {"title_es": "Ley de Seguridad Social", "kind": "law"}, status=422).html
    editor.submit(
        "/documents/new",
        {"language": "es", "host_es": "Registro Oficial", "url": "https://example.org/ley", "date": "2001-11-30", "verified": "false"},
    )
    editor.get(f"{LISTS}/figures/entries/sbu")
    editor.submit("/entries/sbu", {"source": "ley-de-seguridad-social, art. 1"})

    assert 'id="language-error"' in refused
    assert draft_texts(instance)["parametros.yaml"] == (
        "sbu:\n  value: 470\n  unit: USD\n  year: 2025\n  label: Salario básico\n  source: ['ley-de-seguridad-social, art. 1']\n"
        "minima:\n  formula: sbu * 0.6\n  unit: USD\n  label: Mínima\n"
    )
    assert "sbu * 0.6 USD" in editor.get(f"{LISTS}/figures").text
    assert draft_texts(instance)["recursos.yaml"] == (
        "ley-de-seguridad-social:\n  title: Ley de Seguridad Social\n  kind: law\n  language: es\n  host: Registro Oficial\n"
        "  url: https://example.org/ley\n  date: 2001-11-30\n  verified: false\n"
    )


def test_lists_and_entries_that_are_not_there_are_not_found(editor: Browser, course: Course) -> None:
    for page in ("nothing", "nothing/new", "glossary/entries/nadie", "glossary/entries/nadie/removal"):
        editor.get(f"{LISTS}/{page}", status=404)


def test_a_list_that_cannot_be_read_is_left_to_the_text(editor: Browser, instance: Instance, course: Course) -> None:
    write(instance, course, {"glosario.yaml": "- brecha\n", "parametros.yaml": "sbu: {value: 470, unit: USD, year: 2025}\n"})

    assert in_spanish("This file cannot be read as a list. Open it as text.") in editor.get(f"{LISTS}/glossary").text
    assert "470 USD 2025" in editor.get(f"{LISTS}/figures").text
    assert (
        in_spanish("This file is written in a way that forms cannot change. Edit it as text.")
        in editor.get(f"{LISTS}/figures/entries/sbu").text
    )


def test_a_list_costs_the_same_whatever_its_length(editor: Browser, instance: Instance, course: Course) -> None:
    counter = every_statement(instance.database)
    counts = []
    for number in (1, 40):
        write(instance, course, {"glosario.yaml": "".join(f"t{n}:\n  term: T{n}\n  definition: x\n" for n in range(number))})
        counter.reset()
        editor.get(f"{LISTS}/glossary")
        counts.append(len(counter.statements))

    assert counts[0] == counts[1] <= 7
