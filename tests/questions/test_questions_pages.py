"""Questions of the bank field by field: a form for each kind, over the lines of the draft's text (spec/content-format 8)."""

import re

import pytest
from sqlalchemy import select

from courses.content.mapping_cursor import slug
from courses.models import Course
from lms.instance import Instance
from questions.content.question_editing import blank_row, with_lines
from questions.content.question_fields import fields_of_kind, lists
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.drafts import draft_texts
from tests.support.lessons import write
from tests.support.wording import in_spanish

BANK = "01-parte/banco.yaml"
NEW = "/teaching/prueba/new-question/form"
KEYS = ("suma-1", "pares-1", "verdad-1", "mitad-1", "unir-1", "orden-1", "huecos-1")


@pytest.fixture
def editor(browser: Browser, instance: Instance) -> Browser:
    """Return the browser of somebody who edits a published course of one module."""
    a_teacher(instance, a_course(instance, modules=1))
    return sign_in(browser, "profe@example.org")


@pytest.fixture
def course(instance: Instance, editor: Browser) -> Course:
    """Return the course."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Course).where(Course.slug == "prueba")).one()


def page_of(key: str) -> str:
    """Return the address of a question's form."""
    return f"/teaching/prueba/questions/{key}/form"


def send(browser: Browser, do: str = "save", status: int = 200, **values: object) -> str:
    """Send the form of the page with one of its buttons."""
    return browser.submit("/form", values, button=("do", do), status=status).text


def with_bank(instance: Instance, course: Course, added: str) -> None:
    """Add a question by hand."""
    write(instance, course, {BANK: draft_texts(instance)[BANK] + added})


def bank(instance: Instance) -> str:
    """Return the text of the bank."""
    return draft_texts(instance)[BANK]


def test_every_cell_of_the_forms_of_questions(browser: Browser, instance: Instance) -> None:
    """spec/security 9, question_bank.view: the course's editors and administrators; to others it is not there."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))
    before = draft_texts(instance)

    for path in (page_of("suma-1"), NEW):
        assert cast.check("question_bank.view", "own_course", cast.outcomes(path)) == [], path
        sent = cast.outcomes(path, "POST", {"do": "save", "kind": "single"})
        assert {letter for letter, outcome in sent.items() if outcome == "allow"} <= set("IS"), sent

    assert draft_texts(instance) == before


@pytest.mark.parametrize("key", KEYS)
def test_saving_what_stands_there_changes_not_a_letter(editor: Browser, instance: Instance, key: str) -> None:
    before = bank(instance)
    editor.get(page_of(key))

    assert in_spanish("The question is saved in the draft.") in send(editor)

    assert bank(instance) == before


@pytest.mark.slow
def test_a_new_question_of_each_kind_with_a_whole_form(editor: Browser, instance: Instance) -> None:
    cases: dict[str, tuple[dict[str, object], str]] = {
        "single": (
            {
                "text_es": "¿Uno: más uno?",
                "text_en": "One and one?",
                "options__0__words_es": "Dos",
                "options__0__verdict": "right",
                "options__0__why_es": "Así es.",
                "options__1__words_es": "Tres",
                "options__1__why_es": "No.",
            },
            "    text:\n      es: '¿Uno: más uno?'\n      en: One and one?\n    options:\n      - right: Dos\n        why: Así es.\n",
        ),
        "multiple": (
            {"options__0__words_es": "2", "options__0__verdict": "right", "options__1__words_es": "3", "rule": "all_or_nothing"},
            "    options:\n      - right: 2\n      - wrong: 3\n    rule: all_or_nothing\n",
        ),
        "true_false": ({"answer": "false", "explanation_es": "Porque no."}, "    answer: false\n    explanation: Porque no.\n"),
        "numerical": (
            {"answers__0__words": "65.2", "answers__0__verdict": "right", "answers__1__words": "*", "tolerance": "0.05", "unit_es": "%"},
            "    answers:\n      - right: 65.2\n      - wrong: '*'\n    tolerance: 0.05\n    unit: '%'\n",
        ),
        "short": (
            {"answers__0__words_es": "Quito*", "answers__0__verdict": "right", "ignore_case": "false"},
            "    answers:\n      - right: Quito*\n    ignore_case: false\n",
        ),
        "matching": (
            {
                "pairs__0__item_es": "Perro",
                "pairs__0__match_es": "Ladra",
                "pairs__1__item_es": "Gato",
                "pairs__1__match_es": "Maúlla",
            },
            "    pairs:\n      - item: Perro\n        match: Ladra\n      - item: Gato\n        match: Maúlla\n",
        ),
        "ordering": (
            {f"items__{number}__text_es": text for number, text in enumerate(("Uno", "Dos", "Tres"))},
            "    items:\n      - Uno\n      - Dos\n      - Tres\n",
        ),
        "essay": (
            {"words__min": "50", "words__max": "200", "model_es": "Un modelo."},
            "    words: {min: 50, max: 200}\n    model: Un modelo.\n",
        ),
        "file": ({"accept": "pdf, docx", "files": "2"}, "    accept: [pdf, docx]\n    files: 2\n"),
        "matrix": (
            {
                "columns__0__text_es": "Sí",
                "columns__1__text_es": "No",
                "rows__0__text_es": "Uno",
                "rows__0__answer": "2",
                "rows__1__text_es": "Dos",
                "rows__1__answer": "1",
            },
            "      - Sí\n      - No\n    rows:\n      - text: Uno\n        answer: no\n      - text: Dos\n        answer: si\n",
        ),
        "gaps": (
            {
                "text_es": "De gaps: {x}.",
                "gaps__0__name": "x",
                "gaps__0__answers__0__words_es": "uno",
                "gaps__0__answers__0__verdict": "right",
                "gaps__0__weight": "2",
            },
            "    gaps:\n      x:\n        answers:\n          - right: uno\n        weight: 2\n",
        ),
        "calculated": (
            {
                "text_es": "De calculated: {x}.",
                "variables__0__name": "x",
                "variables__0__from": "1",
                "variables__0__to": "9",
                "variables__0__step": "0.5",
                "answers__0__words": "2 * x",
                "answers__0__verdict": "right",
                "tolerance": "0.01",
                "tolerance_kind": "relative",
            },
            ("    variables:\n      x: {from: 1, to: 9, step: 0.5}\n    answers:\n      - right: 2 * x\n    tolerance: {relative: 0.01}\n"),
        ),
        "description": ({}, "    kind: description\n    text: De description.\n"),
    }
    for kind, (values, expected) in cases.items():
        editor.get(f"{NEW}?kind={kind}")
        send(editor, **{"text_es": f"De {kind}.", **values})
        assert expected in bank(instance), bank(instance)[-600:]
        assert editor.page.html.count("-error") == 0, kind
    assert "  - key: uno-mas-uno\n" in bank(instance)
    assert "  - key: de-essay\n    kind: essay\n    text: De essay.\n" in bank(instance)


def test_a_numerical_question_is_written_with_decimal_commas(editor: Browser, instance: Instance) -> None:
    editor.get(f"{NEW}?kind=numerical")
    values = {"answers__0__words": "65,2", "answers__0__verdict": "right", "tolerance": "0,05", "mark": "2,5", "unit_es": "%"}

    assert in_spanish("The question is saved in the draft.") in send(editor, text_es="¿Qué brecha?", **values)

    assert "      - right: 65.2\n    tolerance: 0.05\n" in bank(instance)
    assert "    mark: 2.5\n" in bank(instance)


def test_a_rubric_begins_with_a_button_and_its_faults_stand_beside_their_fields(editor: Browser, instance: Instance) -> None:
    before = bank(instance)
    editor.get(f"{NEW}?kind=essay")
    send(editor, "row rubric", text_es="Con rúbrica")
    values = {"rubric__0__criterion_es": "Claridad", "rubric__0__levels__0__text_es": "Se entiende", "rubric__0__levels__1__points": "0"}

    send(editor, status=422, **values, rubric__0__levels__0__points="mucho")

    assert bank(instance) == before
    for name in ("rubric__0__levels__0__points", "rubric__0__levels__1__text_es"):
        assert f'id="{name}-error"' in editor.page.html, name
    send(editor, rubric__0__levels__0__points="1", rubric__0__levels__1__text_es="No se entiende")
    assert (
        "    rubric:\n      - criterion: Claridad\n        levels:\n          - points: 1\n            text: Se entiende\n"
        "          - points: 0\n            text: No se entiende\n"
    ) in bank(instance)


def test_two_rows_of_one_name_and_one_without_are_refused_beside_their_fields(editor: Browser, instance: Instance) -> None:
    before = bank(instance)
    editor.get(f"{NEW}?kind=calculated")
    send(editor, "row variables")

    send(editor, status=422, variables__0__name="a", variables__1__name="a", variables__2__from="1")

    assert bank(instance) == before
    assert 'id="variables__1__name-error"' in editor.page.html
    assert 'id="variables__2__name-error"' in editor.page.html
    assert dict(editor.page.form("/form").fields)["variables__2__from"] == "1"


def test_a_formula_is_checked_beside_it_and_draws_are_shown(editor: Browser) -> None:
    editor.get(f"{NEW}?kind=calculated")
    typed = {"text_es": "¿{a} por dos?", "variables__0__name": "a", "variables__0__numbers": "2", "answers__0__verdict": "right"}

    page = send(editor, "preview", **typed, answers__0__words="2 * (a")
    assert (
        in_spanish("The expression “%(expression)s” cannot be calculated.", expression="2 * (a")
        in editor.page.html.partition('id="answers__0__words"')[2].partition("</div>")[0]
    )
    assert "Números que recibirían" not in page

    page = send(editor, "preview", answers__0__words="2 * a")
    assert "no se puede calcular" not in page
    assert editor.page.html.count('<td class="num">2</td><td class="num">4</td>') == 5


def test_an_option_that_was_published_keeps_its_key_when_it_is_worded_anew(editor: Browser, instance: Instance) -> None:
    editor.get(page_of("suma-1"))
    words = dict(editor.page.form("/form").fields)["options__0__words_es"]
    key = slug(words)

    send(editor, options__0__words_es=f"{words}, sin duda")

    assert f"        key: {key}\n" in bank(instance)
    send(editor, mark="2")
    assert bank(instance).count(f"key: {key}\n") == 1


def test_rows_come_by_a_button_and_nothing_typed_is_lost(editor: Browser, instance: Instance) -> None:
    editor.get(f"{NEW}?kind=single")
    before = bank(instance)
    for _time in range(2):
        send(editor, "row options", text_es="Con filas", options__3__words_es="La cuarta")
    fields = dict(editor.page.form("/form").fields)

    assert bank(instance) == before
    assert "options__5__words_es" in fields
    assert "options__6__words_es" not in fields
    assert fields["options__3__words_es"] == "La cuarta"
    assert fields["text_es"] == "Con filas"


def test_what_the_format_refuses_is_told_beside_its_field_and_nothing_is_lost(editor: Browser, instance: Instance) -> None:
    before = bank(instance)
    editor.get(page_of("mitad-1"))

    send(editor, status=422, text_es="", answers__0__words="dos y medio", mark="-1", penalty="mucho")

    assert bank(instance) == before
    assert dict(editor.page.form("/form").fields)["answers__0__words"] == "dos y medio"
    for name in ("text_es", "answers__0__words", "mark", "penalty"):
        assert f'id="{name}-error"' in editor.page.html, name
    advice = in_spanish(
        "Write digits with a decimal point or comma, and without thousands separators. In .yaml and .md files, only with a point."
    )
    in_forms, of_files = advice.split(" En archivos")
    assert in_forms in editor.page.text
    assert of_files not in editor.page.text, "files take the point alone, and the form both"


def test_a_preview_shows_the_question_as_typed_and_saves_nothing(editor: Browser, instance: Instance) -> None:
    before = bank(instance)
    editor.get(page_of("suma-1"))

    page = send(editor, "preview", text_es="¿Cuánto es, de verdad?", text_en="How much?", options__0__verdict="wrong")

    assert "Como la encuentra quien aprende" in page or "¿Cuánto es, de verdad?" in page
    assert in_spanish("No option is right.") in page
    assert bank(instance) == before


def test_somebody_elses_change_is_shown_and_overwritten_only_when_asked(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(page_of("verdad-1"))
    before = bank(instance)
    theirs = before.replace("key: verdad-1\n    kind: true_false\n", "key: verdad-1\n    kind: true_false\n    difficulty: hard\n")
    assert theirs != before
    write(instance, course, {BANK: theirs})

    page = send(editor, status=409, mark="3")

    assert bank(instance) == theirs
    assert "difficulty: hard" in page
    assert "mark: 3" in page
    send(editor, mark="3")
    assert "mark: 3" in bank(instance)


def test_a_question_with_parts_that_no_form_knows_is_shown_as_text(editor: Browser, instance: Instance, course: Course) -> None:
    added = "\n  - key: rara\n    kind: ordering\n    text: Ordene.\n    items:\n      - [Uno]\n      - Dos\n      - Tres\n"
    with_bank(instance, course, added)

    page = editor.get(page_of("rara"))

    assert in_spanish("This question has parts that the form does not support, so it is shown as text.") in page.text
    assert "- [Uno]" in dict(page.form("/questions/rara").fields)["text"]


def test_text_and_form_lead_to_each_other(editor: Browser) -> None:
    assert editor.get("/teaching/prueba/questions/suma-1").has_link(page_of("suma-1"))
    assert editor.get(page_of("suma-1")).has_link("/teaching/prueba/questions/suma-1")
    assert editor.get(page_of("suma-1")).has_link("/teaching/prueba/questions/suma-1/preview")
    assert editor.get("/teaching/prueba/questions").has_link(NEW)


def rows_of(editor: Browser, name: str, field: str) -> list[str]:
    """Return what stands in a field of each row of the form."""
    fields = dict(editor.page.form("/form").fields)
    return [fields[f"{name}__{number}__{field}"].strip() for number in range(30) if f"{name}__{number}__{field}" in fields]


def test_a_pasted_list_makes_options_and_marks_the_right_one(editor: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.1.9: the lines fill the empty rows and make new ones; nothing typed is lost, and saving needs no other press."""
    editor.get(f"{NEW}?kind=single")

    send(
        editor, "lines options", text_es="¿Capital?", options__1__words_es="Loja", options__lines_es="Cuenca\n\n  Quito *\nManta\nAmbato\n"
    )

    assert rows_of(editor, "options", "words_es") == ["Cuenca", "Loja", "Quito", "Manta", "Ambato"]
    assert dict(editor.page.form("/form").fields)["options__right"] == "2"
    send(editor, options__lines_en="Cuenca\nLoja\nQuito\nManta\nAmbato", text_en="Capital?")
    assert "      - right:\n          es: Quito\n          en: Quito\n" in bank(instance)
    assert bank(instance).count("      - wrong:\n          es: ") == 4


@pytest.mark.parametrize(
    ("pasted", "words", "right"),
    [
        ("a) Uno\nb) Dos\nc) Tres", ["Uno", "Dos", "Tres"], []),
        ("• Uno\n*• Dos\n• Tres", ["Uno", "Dos", "Tres"], [1]),
        ("* Uno\n* Dos*\n* Tres", ["Uno", "Dos", "Tres"], [1]),
        ("1. Uno\n2. Dos", ["Uno", "Dos"], []),
        ("1. Uno\nDos", ["1. Uno", "Dos"], []),
        ("**Uno** y medio\n*Dos\nTres*", ["**Uno** y medio", "Dos", "Tres"], [1, 2]),
    ],
)
def test_bullets_go_and_asterisks_mark(pasted: str, words: list[str], right: list[int]) -> None:
    rows = lists(fields_of_kind("multiple"))[0]

    made = with_lines(rows, (blank_row(rows), blank_row(rows)), "es", pasted)

    assert made is not None
    assert [row.text("words", "es") for row in made][: len(words)] == words
    assert [number for number, row in enumerate(made) if row.text("verdict") == "right"] == right


def test_a_list_that_is_too_long_stays_where_it_was_pasted(editor: Browser, instance: Instance) -> None:
    before = bank(instance)
    editor.get(f"{NEW}?kind=ordering")
    pasted = "\n".join(f"Paso {number}" for number in range(31))

    page = send(editor, status=422, text_es="¿En qué orden?", items__lines_es=pasted)

    assert in_spanish("The pasted list is too long: there is room for %(most)s rows.", most="30") in page
    assert dict(editor.page.form("/form").fields)["items__lines_es"].strip().splitlines() == pasted.splitlines()
    assert bank(instance) == before


def test_a_question_without_a_right_answer_is_refused_beside_its_answers(editor: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.1.10."""
    before = bank(instance)
    editor.get(f"{NEW}?kind=single")

    page = send(editor, status=422, text_es="¿Cuál?", options__0__words_es="Esta", options__1__words_es="Otra")

    told = in_spanish("Say which answer is right. To finish the question later, choose the state “Draft” under “For large banks”.")
    assert told in page
    assert 'id="options__0__words_es-error"' in editor.page.html
    assert bank(instance) == before
    send(editor, state="draft")
    assert "    state: draft\n" in bank(instance).removeprefix(before)
    send(editor, state="ready", status=422)
    send(editor, state="ready", options__right="1")
    assert "      - wrong: Esta\n      - right: Otra\n" in bank(instance)


def test_only_the_question_its_answers_and_its_feedback_are_in_sight(editor: Browser) -> None:
    """spec/quiz-engine 5.1.7: what is folded opens where something of it is filled in or wrong."""
    page = editor.get(f"{NEW}?kind=single").html
    sight, _summary, rest = page.partition(f'<summary class="h4">{in_spanish("More options")}')
    more, _summary, large = rest.partition(f'<summary class="h4">{in_spanish("For large banks")}')

    assert all(f'name="{name}"' in sight for name in ("text_es", "options__0__words_es", "options__right", "options__0__why_es"))
    assert all(f'name="{name}"' in more for name in ("shuffle", "hints_es", "penalty", "source", "see", "mark"))
    folded = ("key", "state", "difficulty", "tags", "objective", "level", "family", "enemies", "only", "expected", "unverified", "note")
    assert all(f'name="{name}"' in large for name in folded)
    assert opened(page) == [False, False]
    send(editor, status=422, family="¡No!")
    assert opened(editor.page.html) == [False, True]
    send(editor, "row options", family="", mark="2")
    assert opened(editor.page.html) == [True, False]


def opened(html: str) -> list[bool]:
    """Return whether the two folded groups of a question's form are open."""
    return [tag == "<details open>" for tag in re.findall(r'(<details[^>]*>)\s*<summary class="h4">', html)]
