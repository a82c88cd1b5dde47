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


def test_a_question_written_for_a_quiz_comes_back_to_it_ready_to_be_added(editor: Browser, instance: Instance, course: Course) -> None:
    page = editor.get(PAGE)
    address = re.search(r'href="([^"]*/new-question/form[^"]*)"', page.html)
    assert address
    editor.get(address[1])
    assert dict(editor.page.form("/form").fields)["bank"] == "01-parte/banco.yaml"

    sent = {
        "text_es": "¿Cuánto es, para este?",
        "options__0__words_es": "Tres",
        "options__0__verdict": "right",
        "options__1__words_es": "Dos",
    }
    back = editor.submit("/form", {**sent, "key": "para-este"}, button=("do", "save"))

    assert editor.path.partition("?")[0] == PAGE
    assert in_spanish("The question is saved in the bank. Add it to the quiz below.") in back.text
    assert dict(back.form("/questions").fields)["question"] == "para-este"
    send(editor, "add")
    assert "  - question: para-este\n" in draft_texts(instance)[FILE]


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
