"""Pages of a quiz's slots, whose source is the draft, and forms that outlive a session.

spec/content-format 9; spec/quiz-engine 5.4.4; spec/security 3.2.
"""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from courses import publishing
from courses.content.editing import list_entries
from courses.models import Course
from courses.publishing import CheckedCourse
from kernel.audit import AuditEntry
from lms.instance import Instance
from questions.content.question_fields import KINDS
from quizzes.content import quiz_fields
from quizzes.models import QuizOverride
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import PASSWORD, a_course, a_teacher, sign_in
from tests.support.drafts import draft_texts, press_in_outline
from tests.support.lessons import write
from tests.support.offices import QUIZ, a_course_at_work
from tests.support.wording import in_spanish

PAGE = "/teaching/prueba/parts/cuestionario-1/questions"
FILE = "01-parte/03-cuestionario.quiz.yaml"
BANK = "01-parte/banco.yaml"
FORM = "/teaching/prueba/new-question/form"
NEW_QUIZ = "key: fin\ntitle: Fin\nslots: []\n"
HEAD = "key: cuestionario-1\ntitle: {es: Cuestionario 1, en: Quiz 1}\n"
WRITTEN = (
    "# Elena: revisar antes de mayo\n"
    f"{HEAD}"
    "slots:\n"
    "  # primero las cifras\n"
    "  - section: Cifras   # corto\n"
    "    x-nota: mía\n"
    "  - question: suma-1\n"
    "    mark: 2\n"
    "\n"
    "  - draw: 2\n"
    "    kinds: [single,  multiple]   # a mano\n"
    "  - page: new\n"
    "attempts: 3\n"
)


@pytest.fixture
def editor(browser: Browser, instance: Instance) -> Browser:
    """Return the browser of somebody who edits a published course of two modules."""
    a_teacher(instance, a_course(instance, modules=2))
    return sign_in(browser, "profe@example.org")


@pytest.fixture
def course(instance: Instance, editor: Browser) -> Course:
    """Return the course, its first quiz written by hand."""
    with instance.database.unit_of_work(write=False) as session:
        made = session.scalars(select(Course).where(Course.slug == "prueba")).one()
    write(instance, made, {FILE: WRITTEN})
    return made


def send(browser: Browser, do: str = "save", status: int = 200, **values: object) -> str:
    """Send the form of the page with one of its buttons."""
    return browser.submit("/questions", values, button=("do", do), status=status).text


def test_every_cell_of_the_places_of_a_quiz(browser: Browser, instance: Instance) -> None:
    """spec/security 9, course.edit; a POST of those who may not changes nothing."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))
    before = draft_texts(instance)

    wrong = cast.check("course.edit", "own_course", cast.outcomes(PAGE))
    sent = cast.outcomes(PAGE, "POST", {"do": "remove 0", "seen": "0"})

    assert wrong == []
    assert {letter for letter, outcome in sent.items() if outcome == "allow"} <= set("IS"), sent
    assert draft_texts(instance) == before


def test_only_a_quiz_has_places(editor: Browser) -> None:
    editor.get("/teaching/prueba/parts/leccion-1/questions", status=404)
    editor.get("/teaching/prueba/parts/nadie/questions", status=404)


@pytest.mark.slow
def test_outline_settings_and_places_lead_to_each_other(editor: Browser) -> None:
    assert editor.get("/teaching/prueba/outline").has_link(PAGE)
    assert editor.get("/teaching/prueba/parts/cuestionario-1").has_link(PAGE)
    page = editor.get(PAGE)

    assert page.has_link("/teaching/prueba/parts/cuestionario-1")
    assert page.has_link("/teaching/prueba/outline")
    assert page.has_link("/teaching/prueba/questions")


def test_saving_what_stands_there_changes_not_a_letter(editor: Browser, instance: Instance, course: Course) -> None:
    before = draft_texts(instance)
    editor.get(PAGE)

    assert in_spanish("There was nothing to change.") in send(editor)

    assert draft_texts(instance) == before


def test_a_draw_says_how_many_questions_it_finds(editor: Browser, instance: Instance, course: Course) -> None:
    """spec/content-format 12, C501: too few, and the page says so at the draw."""
    editor.get(PAGE)
    assert in_spanish("%(count)s question matches.", 1) in editor.page.text  # of single and multiple, suma-1 is fixed already

    page = send(editor, **{"slot-2-kinds": [], "slot-2-draw": "50"})

    assert in_spanish("%(count)s question matches.", 6) in page
    assert in_spanish("The draw needs %(wanted)s questions but finds %(found)s.", wanted="50", found="6") in page


def test_only_the_lines_of_what_changed_change(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(PAGE)

    send(editor, **{"slot-1-mark": "1.5", "slot-2-from": ["parte-1", "parte-2"], "slot-2-difficulty": "easy"})

    expected = WRITTEN.replace("mark: 2", "mark: 1.5").replace("  - draw: 2\n", "  - draw: 2\n    from: [parte-1, parte-2]\n")
    expected = expected.replace("# a mano\n", "# a mano\n    difficulty: easy\n")
    assert draft_texts(instance)[FILE] == expected
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id.desc())).first() is not None


def test_places_on_one_line_are_edited_as_the_others(editor: Browser, instance: Instance, course: Course) -> None:
    slots = (
        "slots:\n"
        "  - {section:  Cifras, x-nota: mía}  # corto\n"
        "  - {question: suma-1, mark: 2, former_keys: [suma-0]}\n"
        "  - {draw: 2, kinds: [single,  multiple]}   # a mano\n"
        "  - page: new\n"
    )
    write(instance, course, {FILE: f"{HEAD}{slots}attempts: 3\n"})
    before = draft_texts(instance)
    editor.get(PAGE)
    assert in_spanish("%(count)s question matches.", 1) in editor.page.text
    assert in_spanish("There was nothing to change.") in send(editor)
    assert draft_texts(instance) == before

    editor.get(PAGE)
    send(editor, "up 2", **{"slot-0-text_es": "Uno.\n\nDos.", "slot-1-mark": "", "slot-2-draw": "1", "slot-2-difficulty": "easy"})

    assert draft_texts(instance)[FILE] == (
        f"{HEAD}slots:\n"
        "  # corto\n"
        "  - section: Cifras\n"
        "    text: |\n"
        "      Uno.\n"
        "\n"
        "      Dos.\n"
        "    x-nota: mía\n"
        "  - {draw: 1, kinds: [single,  multiple], difficulty: easy}   # a mano\n"
        "  - {question: suma-1, former_keys: [suma-0]}\n"
        "  - page: new\n"
        "attempts: 3\n"
    )


def test_places_move_go_and_come_by_buttons(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(PAGE)
    send(editor, "up 2", **{"slot-1-mark": "3"})
    moved = draft_texts(instance)[FILE]
    send(editor, "remove 3")
    send(editor, "add", sort="question", question="verdad-2")
    send(editor, "add", sort="draw", draw="1")
    send(editor, "add", sort="section", text="Fin: lo último")
    send(editor, "add", sort="text", text="Uno.\n\nDos.")

    assert moved == WRITTEN.replace(
        "  - question: suma-1\n    mark: 2\n\n  - draw: 2\n    kinds: [single,  multiple]   # a mano\n",
        "  - draw: 2\n    kinds: [single,  multiple]   # a mano\n\n  - question: suma-1\n    mark: 3\n",
    )
    after = draft_texts(instance)[FILE]
    assert "page" not in after
    assert "- question: verdad-2\n" in after
    assert "- section: 'Fin: lo último'\n" in after
    assert "- text: |\n      Uno.\n\n      Dos.\n" in after
    assert after.startswith(WRITTEN.partition("  - question")[0])
    assert after.endswith("attempts: 3\n")
    assert [quiz_fields.slot_kind(quiz_fields.shown_fields(slot)) for slot in quiz_fields.slot_texts(after)] == [
        *("section", "draw", "question", "question", "draw", "section", "text")
    ]


@pytest.mark.slow
def test_the_last_place_may_go_and_another_come(editor: Browser, instance: Instance) -> None:
    editor.get(PAGE)
    send(editor, "remove 0")
    assert "slots: []\n" in draft_texts(instance)[FILE]

    send(editor, "add", sort="draw", draw="2")

    assert "slots:\n  - draw: 2\nattempts: 3\n" in draft_texts(instance)[FILE]


def test_what_the_format_refuses_is_told_beside_its_field_and_nothing_is_lost(editor: Browser, instance: Instance, course: Course) -> None:
    before = draft_texts(instance)
    editor.get(PAGE)

    send(editor, status=422, **{"slot-1-question": "no-existe", "slot-2-draw": "dos", "slot-1-mark": "-1"})

    fields = dict(editor.page.form("/questions").fields)
    assert draft_texts(instance) == before
    assert (fields["slot-1-question"], fields["slot-2-draw"]) == ("no-existe", "dos")
    for name in ("slot-1-question", "slot-2-draw", "slot-1-mark"):
        assert f'id="{name}-error"' in editor.page.html, name
    send(editor, "add", status=422, sort="question", question="")
    assert 'id="question-error"' in editor.page.html


def test_somebody_elses_change_is_shown_and_put_together(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(PAGE)
    theirs = WRITTEN.replace("draw: 2", "draw: 4")
    write(instance, course, {FILE: theirs})

    page = send(editor, status=409, **{"slot-1-mark": "7"})

    assert draft_texts(instance)[FILE] == theirs
    assert in_spanish("Someone else changed this in the meantime.") in page
    assert "mark: 7" in page
    assert "draw: 4" in page
    assert dict(editor.page.form("/questions").fields)["slot-1-mark"] == "7"
    send(editor, "merge")
    assert draft_texts(instance)[FILE] == theirs.replace("mark: 2", "mark: 7")


def test_where_two_changed_the_same_place_one_chooses(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(PAGE)
    write(instance, course, {FILE: WRITTEN.replace("mark: 2", "mark: 4")})
    send(editor, status=409, **{"slot-1-mark": "7"})

    assert in_spanish("For each difference, choose which text to keep.") in send(editor, "merge", status=422)
    send(editor, "merge", **{"conflict-0": "theirs"})
    assert draft_texts(instance)[FILE] == WRITTEN.replace("mark: 2", "mark: 4")
    editor.get(PAGE)
    write(instance, course, {FILE: WRITTEN})
    send(editor, "add", status=409, sort="draw", draw="3", **{"slot-1-mark": "7"})
    send(editor, "overwrite")

    assert draft_texts(instance)[FILE] == WRITTEN.replace("mark: 2", "mark: 7").replace("- page: new\n", "- page: new\n\n  - draw: 3\n")


def moved(instance: Instance, path: str, key: str) -> str:
    """Return the path that the file of a part has now, which it had not before."""
    (found,) = (other for other, text in draft_texts(instance).items() if f"key: {key}\n" in text)
    assert found != path
    return found


def test_places_of_a_quiz_that_was_moved_meanwhile_are_saved(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(PAGE)
    press_in_outline(sign_in(editor.another(), "profe@example.org"), "place cuestionario-1 parte-1 0")

    send(editor, **{"slot-1-mark": "7"})

    assert draft_texts(instance)[moved(instance, FILE, "cuestionario-1")] == WRITTEN.replace("mark: 2", "mark: 7")


def test_places_of_a_quiz_that_was_moved_and_changed_meanwhile_are_put_together(
    editor: Browser, instance: Instance, course: Course
) -> None:
    """What was typed belongs to the places that stood there, not to those that somebody else has put before them."""
    editor.get(PAGE)
    press_in_outline(sign_in(editor.another(), "profe@example.org"), "place cuestionario-1 parte-1 0")
    theirs = WRITTEN.replace("  # primero las cifras\n", "  - draw: 4\n  # primero las cifras\n")
    write(instance, course, {moved(instance, FILE, "cuestionario-1"): theirs})

    send(editor, status=409, **{"slot-1-mark": "7"})
    send(editor, "merge")

    assert draft_texts(instance)[moved(instance, FILE, "cuestionario-1")] == theirs.replace("mark: 2", "mark: 7")


def test_settings_of_a_module_that_was_moved_meanwhile_are_saved(editor: Browser, instance: Instance, course: Course) -> None:
    page = "/teaching/prueba/parts/parte-1"
    editor.get(page)
    press_in_outline(sign_in(editor.another(), "profe@example.org"), "place parte-1 1")

    editor.submit(page, {"summary_es": "De qué trata."})

    assert "De qué trata." in draft_texts(instance)[moved(instance, "01-parte/module.yaml", "parte-1")]


def test_what_somebody_saves_during_the_checks_is_checked_too(
    editor: Browser, instance: Instance, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson, check = "01-parte/01-leccion.es.md", publishing.check

    def slow(*arguments: Any, **named: Any) -> CheckedCourse:
        checked = check(*arguments, **named)
        monkeypatch.setattr(publishing, "check", check)
        write(instance, course, {lesson: draft_texts(instance)[lesson] + "\n[[nadie lo sabe]]\n"})
        return checked

    editor.get(PAGE)
    monkeypatch.setattr(publishing, "check", slow)
    send(editor, **{"slot-1-mark": "7"})

    assert "mark: 7" in draft_texts(instance)[FILE]
    assert "nadie lo sabe" in editor.get("/teaching/prueba/publishing").text


ASKED = {"text_es": "¿Cuánto es, para este?", "options__0__words_es": "Tres", "options__1__words_es": "Dos", "options__right": "0"}


def test_the_page_begins_with_what_to_ask(editor: Browser, course: Course) -> None:
    """The six common kinds stand before the questions, all others behind “More kinds”; each button leads to its form for this quiz."""
    page = editor.get(PAGE)

    offered = re.findall(r'name="do" value="(ask [a-z_]+)"', page.html)
    folded = page.html[page.html.index("<summary>" + in_spanish("More kinds")) :]
    assert offered[:6] == [f"ask {kind}" for kind in ("single", "multiple", "true_false", "numerical", "short", "matching")]
    assert sorted(offered) == sorted(f"ask {kind}" for kind in KINDS)
    assert [button for button in offered if f'value="{button}"' in folded] == offered[6:]
    assert page.html.index('value="ask single"') < page.html.index('id="place-1"')

    send(editor, "ask numerical")

    fields = dict(editor.page.form("/form").fields)
    assert (fields["kind"], fields["quiz"], fields["bank"]) == ("numerical", "cuestionario-1", "01-parte/banco.yaml")


def test_what_was_typed_in_the_list_is_saved_before_a_question_is_begun(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(PAGE)

    send(editor, "ask single", **{"slot-1-mark": "7"})

    assert 'value="single"' in editor.page.html
    assert "mark: 7" in draft_texts(instance)[FILE]


def test_a_question_written_for_a_quiz_is_in_its_bank_and_in_the_quiz_at_once(editor: Browser, instance: Instance, course: Course) -> None:
    """spec/quiz-engine 5.1.7: one change of the draft writes both files; the list offers to undo it, which takes both back."""
    before = draft_texts(instance)
    editor.get(f"{FORM}?kind=single&quiz=cuestionario-1")

    back = editor.submit("/form", {**ASKED, "key": "para-este"}, button=("do", "save"))

    after = draft_texts(instance)
    assert editor.path.partition("?")[0] == PAGE
    assert in_spanish("The question is saved in the bank and in the quiz.") in back.text
    assert "¿Cuánto es, para este?" in back.text
    assert quiz_fields.slot_texts(after[FILE]) == [*quiz_fields.slot_texts(before[FILE]), "question: para-este\n"]
    assert "  - key: para-este\n    kind: single\n" in after[BANK]
    assert {path for path in after if after[path] != before.get(path)} == {FILE, BANK}
    undone = editor.submit("/undo")
    assert editor.path == PAGE
    assert in_spanish("The change has been undone.") in undone.text
    assert draft_texts(instance) == before


def test_one_press_saves_a_question_and_begins_the_next(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(f"{FORM}?kind=single&quiz=cuestionario-1")

    page = editor.submit("/form", ASKED, button=("do", "next numerical"))

    assert in_spanish("The question is saved in the bank and in the quiz.") in page.text
    fields = dict(page.form("/form").fields)
    assert (fields["kind"], fields["quiz"], fields["text_es"].strip()) == ("numerical", "cuestionario-1", "")
    assert "- question: cuanto-es-para-este\n" in draft_texts(instance)[FILE]


def test_a_question_is_undone_from_the_form_of_the_next(editor: Browser, instance: Instance, course: Course) -> None:
    before = draft_texts(instance)
    editor.get(f"{FORM}?kind=single&quiz=cuestionario-1")
    editor.submit("/form", ASKED, button=("do", "next numerical"))

    undone = editor.submit("/undo")

    assert editor.path == PAGE
    assert in_spanish("The change has been undone.") in undone.text
    assert draft_texts(instance) == before


def test_the_bank_of_the_module_is_made_where_there_is_none(editor: Browser, instance: Instance, course: Course) -> None:
    write(instance, course, {"03-nueva/module.yaml": "key: nueva\ntitle: Nueva\n", "03-nueva/01-fin.quiz.yaml": NEW_QUIZ})
    editor.get(f"{FORM}?kind=single&quiz=fin")

    editor.submit("/form", ASKED, button=("do", "save"))

    after = draft_texts(instance)
    assert after["03-nueva/01-fin.quiz.yaml"] == NEW_QUIZ.replace("slots: []\n", "slots:\n  - question: cuanto-es-para-este\n")
    assert after["03-nueva/banco.yaml"].startswith("questions:\n  - key: cuanto-es-para-este\n")


def test_what_somebody_saves_meanwhile_in_quiz_and_bank_stays(
    editor: Browser, instance: Instance, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another question of the same words gets its key first, and another slot; both are kept, and so is what was typed."""
    editor.get(f"{FORM}?kind=single&quiz=cuestionario-1")
    theirs = WRITTEN.replace("  - page: new\n", "  - page: new\n\n  - question: cuanto-es-para-este\n")
    their_question = "\n  - key: cuanto-es-para-este\n    kind: true_false\n    text: ¿Suya?\n    answer: true\n"
    check = publishing.check

    def check_slowly(*given: Any, **named: Any) -> CheckedCourse:
        monkeypatch.undo()
        write(instance, course, {FILE: theirs, BANK: draft_texts(instance)[BANK] + their_question})
        return check(*given, **named)

    monkeypatch.setattr("questions.views.questions.publishing.check", check_slowly)

    editor.submit("/form", ASKED, button=("do", "save"))

    after = draft_texts(instance)
    asks = [quiz_fields.shown_fields(slot).get("question") for slot in quiz_fields.slot_texts(after[FILE])]
    assert asks[-2:] == ["cuanto-es-para-este", "cuanto-es-para-este-2"]
    assert their_question in after[BANK]
    assert "  - key: cuanto-es-para-este-2\n    kind: single\n" in after[BANK]


def test_a_quiz_that_is_gone_meanwhile_takes_nothing_that_was_typed_with_it(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(f"{FORM}?kind=single&quiz=cuestionario-1")
    form = editor.page.form("/form")
    editor.get("/teaching/prueba/parts/cuestionario-1/removal")
    editor.submit("/removal")
    before = draft_texts(instance)

    page = editor.submit("/form", ASKED, button=("do", "save"), form=form, status=409)

    fields = dict(page.form("/form").fields)
    assert draft_texts(instance) == before
    assert (fields["text_es"].strip(), fields["options__1__words_es"].strip()) == ("¿Cuánto es, para este?", "Dos")
    assert "quiz" not in fields
    editor.submit("/form", button=("do", "save"))
    assert "  - key: cuanto-es-para-este\n" in draft_texts(instance)[BANK]


def test_a_slot_is_duplicated_with_a_question_of_its_own(editor: Browser, instance: Instance, course: Course) -> None:
    """spec/quiz-engine 5.1.8: the copy stands behind the original, and is a question of its own, without former keys and origin."""
    former = "    former_keys: [suma-0]\n    origin: 0123456789abcdef0123456789abcdef\n"
    write(instance, course, {BANK: draft_texts(instance)[BANK].replace("  - key: suma-1\n", f"  - key: suma-1\n{former}", 1)})
    editor.get(PAGE)

    send(editor, "copy 1")
    send(editor, "copy 3")

    after = draft_texts(instance)
    slots = quiz_fields.slot_texts(after[FILE])
    sorts = [quiz_fields.slot_kind(quiz_fields.shown_fields(slot)) for slot in slots]
    assert sorts == ["section", "question", "question", "draw", "draw", "page"]
    assert (slots[1], slots[2]) == ("question: suma-1\nmark: 2\n", "question: suma-1-2\nmark: 2\n")
    entries = {entry.key: entry.text for entry in list_entries(after[BANK], "questions")}
    original = entries["suma-1"].replace("former_keys: [suma-0]\norigin: 0123456789abcdef0123456789abcdef\n", "")
    assert entries["suma-1-2"] == original.replace("key: suma-1\n", "key: suma-1-2\n")
    assert original != entries["suma-1"]


def test_the_last_change_of_the_list_is_undone_unless_somebody_saved_since(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(PAGE)
    send(editor, "remove 1")
    assert "suma-1" not in draft_texts(instance)[FILE]
    editor.submit("/undo")
    assert draft_texts(instance)[FILE] == WRITTEN
    send(editor, "remove 1")
    stale = editor.page.form("/undo")
    write(instance, course, {"01-parte/module.yaml": draft_texts(instance)["01-parte/module.yaml"] + "# otra\n"})

    editor.submit("/undo", form=stale, status=409)

    assert "suma-1" not in draft_texts(instance)[FILE]


def test_the_list_shows_kind_and_points_and_folds_what_few_need(editor: Browser, course: Course) -> None:
    page = editor.get(PAGE)
    question = page.html.partition('id="place-2"')[2].partition("</section>")[0]
    folded = question.partition("<details>")[2]

    assert in_spanish("One answer") in question
    assert 'name="slot-1-mark"' in question.partition("<details>")[0]
    assert 'name="slot-1-question"' in folded
    assert 'name="slot-1-require_previous"' in folded
    assert page.has_link("/teaching/prueba/questions/suma-1/form")
    assert page.has_link("/teaching/prueba/questions/suma-1/preview")
    draw = page.html.partition('id="place-3"')[2].partition("</section>")[0]
    assert "<details open>" not in draw
    assert f"{in_spanish('Of these kinds')}: {in_spanish('One answer')}, {in_spanish('Several answers')}" in draw
    large = page.html.partition(in_spanish("For large banks"))[2]
    assert all(part in large for part in ("/blueprint", "/pass-mark", "/teaching/prueba/questions"))


def test_the_quiz_is_shown_as_learners_see_it_beside_its_list(editor: Browser, instance: Instance, course: Course) -> None:
    """spec/quiz-engine 5.1.11: in its order, with its sections and pages, of a draw one question; nothing is saved."""
    before = draft_texts(instance)
    assert 'id="preview"' not in editor.get(PAGE).html
    assert editor.page.has_link(f"{PAGE}?preview=1")

    shown = editor.get(f"{PAGE}?preview=1").html.partition('id="preview"')[2].partition("</aside>")[0]

    parts = [
        "Cifras",
        'id="p1"',
        in_spanish("Drawn at random: %(drawn)s of %(candidates)s questions. This is one of them.", drawn="2", candidates="1"),
    ]
    found = [shown.index(part) for part in [*parts, 'id="p2"', in_spanish("New page")]]
    assert found == sorted(found)
    assert "Cuánto es" in shown
    send(editor)
    assert draft_texts(instance) == before


def test_places_that_cannot_be_parted_are_left_to_the_text(editor: Browser, instance: Instance, course: Course) -> None:
    write(instance, course, {FILE: f"{HEAD}slots: [{{draw: 2}}]\n"})

    page = editor.get(PAGE)

    assert in_spanish("This file is written in a way that forms cannot change. Edit it as text.") in page.text
    assert page.has_link(f"/teaching/prueba/text?path={FILE.replace('/', '%2F')}") or page.has_link(f"/teaching/prueba/text?path={FILE}")


def test_the_page_costs_the_same_with_many_places(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(PAGE)
    counter = every_statement(instance.database)
    editor.get(PAGE)
    few = len(counter.statements)
    names = ("suma", "pares", "verdad", "mitad", "unir", "orden")
    write(instance, course, {FILE: f"{HEAD}slots:\n" + "".join(f"  - question: {name}-1\n" for name in names)})
    editor.get(PAGE)
    counter.reset()
    editor.get(PAGE)

    assert len(counter.statements) <= few


SLOT = st.sampled_from(
    (
        "  - draw: 3\n",
        "  # nota\n  - question: a-b   # suelta\n    mark: 2\n",
        "  - section: Uno\n    text: |\n      a\n\n      b\n",
        "\n  - page: new\n",
        "  - text: {es: Hola, en: Hello}\n    x-mi: 1\n",
    )
)


@settings(deadline=None, max_examples=40)
@given(st.lists(SLOT, min_size=2, max_size=6), st.data())
def test_moving_there_and_back_changes_not_a_letter(written: list[str], data: st.DataObject) -> None:
    text = f"key: c\nslots:\n{''.join(written)}# fin\nattempts: 1\n"
    place = data.draw(st.integers(0, len(written) - 2))

    moved = quiz_fields.with_slot_moved(text, place, 1)

    before, after = ([entry.text for entry in list_entries(one, "slots")] for one in (text, moved))
    before[place], before[place + 1] = before[place + 1], before[place]
    assert after == before
    assert quiz_fields.with_slot_moved(moved, place + 1, -1) == text


REVIEWED = (
    f"{HEAD}slots:\n  - draw: 2\nattempts: 3\npause: 24 h   # un día\nreview:\n  # solo al cierre\n  closed: [attempt,  marks]\n"
    "feedback:\n  - from: 0\n    text: Vuelva a leer.\n"
)


def set_values(editor: Browser, status: int = 200, **values: object) -> str:
    """Send the settings of the quiz."""
    editor.get("/teaching/prueba/parts/cuestionario-1")
    return editor.submit("/parts/cuestionario-1", values, status=status).text


def test_settings_inside_a_field_stay_as_they_are_written(editor: Browser, instance: Instance, course: Course) -> None:
    """spec/content-format 9: `pause: 24 h` stands for both pauses, a moment of review for its flags."""
    for written in (
        REVIEWED,
        REVIEWED.replace("pause: 24 h", "pause: {first: 5 min, later: 1 h}").replace(
            "review:\n  # solo al cierre\n  closed: [attempt,  marks]\n", "review: exam\ncompletion: {attempted: 2}\n"
        ),
    ):
        write(instance, course, {FILE: written})

        assert in_spanish("There was nothing to change.") in set_values(editor)
        assert draft_texts(instance)[FILE] == written


def test_moments_of_review_pauses_and_completion_are_written_as_briefly_as_they_can(
    editor: Browser, instance: Instance, course: Course
) -> None:
    write(instance, course, {FILE: REVIEWED})
    set_values(
        editor,
        pause__first="30 min",
        review__preset="exam",
        review__closed=[],
        completion__rule="graded",
        feedback__1__from="70",
        feedback__1__text_es="Bien.",
        offline_window="10 min",
    )
    first = draft_texts(instance)[FILE]
    set_values(editor, pause__later="30 min", review__during=["nothing"], completion__attempted="2", completion__rule="")
    second = draft_texts(instance)[FILE]
    set_values(editor, review__during=["attempt", "marks"], review__preset="learning", pause__first="", pause__later="")
    third = draft_texts(instance)[FILE]

    assert "pause: {first: 30 min, later: 24 h}" in first
    assert re.search("^ *review: exam$", first, re.MULTILINE)
    assert "completion: graded\n" in first
    assert "feedback:\n  - from: 0\n    text: Vuelva a leer.\n" in first
    assert "- from: 70\n    text: Bien.\n" in first
    assert "offline_window: 10 min\n" in first
    assert "pause: 30 min" in second
    assert "review: {preset: exam, during: []}\n" in second
    assert "completion: {attempted: 2}\n" in second
    assert "pause" not in third
    assert "review: {during: [attempt, marks]}\n" in third


def test_a_fault_inside_a_field_is_told_beside_it(editor: Browser, instance: Instance, course: Course) -> None:
    write(instance, course, {FILE: REVIEWED})

    set_values(editor, 422, pause__first="un rato", completion__attempted="muchos", feedback__0__from="ninguno")

    assert draft_texts(instance)[FILE] == REVIEWED
    for name in ("pause__first", "completion__attempted", "feedback__0__from"):
        assert f'id="{name}-error"' in editor.page.html, name


TEACHER = "profe@example.org"


@pytest.mark.parametrize("ended", [True, False])
def test_an_override_comes_back_whole_with_the_password_of_the_quiz(browser: Browser, instance: Instance, *, ended: bool) -> None:
    """A word for a whole class is no secret of an account: an override without it would let everybody in."""
    work = a_course_at_work(instance)
    address = f"{QUIZ}/overrides/{work.override}"
    sign_in(browser, TEACHER)
    browser.get(address)
    fields = dict(browser.page.form(address).fields) | {"quiz_password": "Ceibo 1", "reason": "Con palabra"}
    if ended:
        with instance.database.unit_of_work() as session:
            session.execute(text("UPDATE device SET ended_at = created_at"))
    else:
        fields["csrf_token"] = "dead"
    browser.post(address, fields, status=401 if ended else 400)
    if ended:
        browser.submit("/sign-in", {"email": TEACHER, "password": PASSWORD})
    told = browser.page.text
    browser.submit(address)

    assert "No se perdió nada" in told
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(QuizOverride).where(QuizOverride.ended_at.is_(None), QuizOverride.reason == "Con palabra")).one()
        assert row.password == "Ceibo 1"
