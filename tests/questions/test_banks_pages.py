"""The bank of questions on the web: found, edited as text, tried, compared; the text of the draft is the source."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, update

from courses import drafts
from courses.models import Course, DraftFile
from kernel.audit import AuditEntry
from lms.instance import Instance
from questions.content import banks as bank_files
from questions.models import DraftBank, DraftQuestion
from questions.question_bank import index_banks
from quizzes.models import Attempt
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_teacher, folder, publish, sign_in
from tests.support.learning import a_learner, pass_quiz
from tests.support.wording import in_spanish

LIST = "/teaching/prueba/questions"
ONE = f"{LIST}/suma-1"
BANK = "01-parte/banco.yaml"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def editor(browser: Browser, instance: Instance) -> Browser:
    """Return a browser in which somebody edits a published course of two modules."""
    a_teacher(instance, a_course(instance, modules=2))
    return sign_in(browser, "profe@example.org")


def body(instance: Instance, path: str = BANK) -> str:
    """Return the text of a bank of the draft."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course).where(Course.slug == "prueba")).scalar_one()
        return drafts.draft_bodies(session, course.id, [path])[path]


def typed(browser: Browser, action: str = "/suma-1") -> str:
    """Return what the text field of the page holds."""
    return dict(browser.page.form(action).fields)["text"]


def test_every_cell_of_the_question_bank(browser: Browser, instance: Instance) -> None:
    """spec/security 9, question_bank.view: the course's editors and administrators; to others it is not there."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    for path in (LIST, ONE, f"{ONE}/preview", f"{ONE}/versions", "/teaching/prueba/new-question"):
        assert cast.check("question_bank.view", "own_course", cast.outcomes(path)) == [], path
    before = body(instance)
    sent = {"text": "key: suma-1", "seen": "", "do": "save", "question": "suma-1", "state": "hidden"}
    for path in (LIST, ONE, "/teaching/prueba/new-question"):
        outcomes = cast.outcomes(path, "POST", sent)
        assert {letter for letter, outcome in outcomes.items() if outcome == "allow"} <= set("IS"), outcomes
    assert body(instance).replace("    state: hidden\n", "") == before


def test_the_list_holds_every_question_of_the_draft_and_finds_by_words(editor: Browser) -> None:
    page = editor.get(LIST)
    assert in_spanish("%(count)s question", 14) in page.text
    assert page.has_link(f"{ONE}/form")

    found = editor.get(f"{LIST}?text=CUÁNTO+es+dós&bank=parte-1").text
    nothing = editor.get(f"{LIST}?text=%25").text

    assert "suma-1" in found
    assert "suma-2" not in found
    assert "verdad-1" not in found
    assert in_spanish("No matching questions") in nothing


def test_the_list_narrows_by_kind_state_difficulty_and_tag(editor: Browser, instance: Instance) -> None:
    editor.get(LIST)
    editor.submit("/questions", {"question": ["suma-1"], "state": "draft", "difficulty": "hard", "add_tags": "calculo"}, form=bulk(editor))

    for query in ("state=draft", "difficulty=hard", "tag=calculo", "kind=single&state=draft"):
        text = editor.get(f"{LIST}?{query}").text
        assert "suma-1" in text, query
        assert "suma-2" not in text, query
    assert "suma-1" not in editor.get(f"{LIST}?tag=calc").text


def bulk(browser: Browser):  # type: ignore[no-untyped-def]  # the form of tests.support.browser
    """Return the form that changes the chosen questions."""
    return next(form for form in browser.page.forms if form.method == "post" and form.action.split("?")[0].endswith("/questions"))


def test_a_page_of_the_list_costs_the_same_whatever_the_size_of_the_bank(editor: Browser, instance: Instance) -> None:
    """Scale: a fixed number of statements."""
    counter = every_statement(instance.database)
    editor.get(LIST)
    small = len(counter.statements)
    more = "".join(f"\n  - key: mas-{n}\n    kind: essay\n    text: Más {n}.\n" for n in range(60))
    publish(instance, {**folder(modules=2), BANK: folder(modules=2)[BANK] + more.encode()})
    counter.reset()

    page = editor.get(LIST)

    assert len(counter.statements) == small
    assert any("page=2" in href for href, _words in page.links)
    assert page.html.count('name="question"') == 50


def test_saving_a_text_changes_its_lines_and_nothing_else(editor: Browser, instance: Instance) -> None:
    """spec/content-format 13: comments, order and unknown fields stay."""
    before = body(instance)
    editor.get(ONE)

    page = editor.submit("/suma-1", {"text": typed(editor).replace("- right: cuatro", "- right: cuatro, claro")}, button=("do", "save"))

    assert in_spanish("The question is saved in the draft.") in page.text
    assert body(instance) == before.replace("- right: cuatro\n", "- right: cuatro, claro\n")
    assert "cuatro, claro" in typed(editor)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(DraftQuestion.words).where(DraftQuestion.key == "suma-1")).count("cuatro, claro") == 1
        assert session.scalar(select(func.count()).where(AuditEntry.verb == "course.draft_saved")) == 2


def test_findings_stand_beside_the_text_with_their_line(editor: Browser) -> None:
    """spec/content-format C414 and C402: what was reworded without its key, and an option without feedback."""
    editor.get(ONE)
    text = typed(editor).replace("- wrong: tres", "- wrong: treinta").replace("    why: Uno de más.\n", "")

    page = editor.submit("/suma-1", {"text": text}, button=("do", "save"))

    assert "C414" in page.text
    assert "C402" in page.text
    assert "Línea 7" in page.text


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("text: {", "text: [", "C102"),
        ("kind: single", "kind: sinlge", "C112"),
        ("key: suma-1", "key: Suma 1", "C201"),
        ("key: suma-1", "key: pares-1", "C202"),
        ("key: suma-1", "key: suma-2", "C202"),
        ("- right: cuatro", "- right: cuatro\n    right: cuatro", "C103"),
        ("kind: single", "kind: single\noptionss: 1", ""),
        ("key: suma-1\n", "key: suma-1\nsource: [nada]\n", "C203"),
    ],
)
def test_what_may_not_even_be_a_draft_is_refused_with_its_place_and_kept_as_typed(
    editor: Browser, instance: Instance, old: str, new: str, code: str
) -> None:
    """spec/content-format 12 (C1xx, C2xx): a message with its line, the typed text in the field, nothing changed."""
    before = body(instance)
    editor.get(ONE)
    text = typed(editor)
    assert old in text

    page = editor.submit("/suma-1", {"text": text.replace(old, new, 1)}, button=("do", "save"), status=422 if code else 200)

    if code:
        assert code in page.text
        assert body(instance) == before
        assert new in typed(editor)


def test_two_editors_see_both_texts_and_nothing_is_overwritten_in_silence(editor: Browser, instance: Instance) -> None:
    """The second is told, sees both texts, and decides."""
    editor.get(ONE)
    mine, form = typed(editor), editor.page.form("/suma-1")
    editor.submit("/suma-1", {"text": mine.replace("Uno de más.", "Sobra uno.")}, button=("do", "save"))

    page = editor.submit("/suma-1", {"text": mine.replace("Uno de menos.", "Falta uno.")}, button=("do", "save"), form=form, status=409)

    assert "Sobra uno." in page.text
    assert "Falta uno." in typed(editor)
    assert "Falta uno." not in body(instance)
    editor.submit("/suma-1", button=("do", "save"))
    assert "Falta uno." in body(instance)
    assert "Sobra uno." not in body(instance)


@pytest.mark.slow
def test_editors_of_two_questions_of_one_bank_do_not_meet(editor: Browser, instance: Instance) -> None:
    editor.get(ONE)
    text, form = typed(editor), editor.page.form("/suma-1")
    editor.get(f"{LIST}/pares-1")
    editor.submit("/pares-1", {"text": typed(editor, "/pares-1").replace("siete", "nueve")}, button=("do", "save"))

    editor.submit("/suma-1", {"text": text.replace("Uno de más.", "Sobra uno.")}, button=("do", "save"), form=form)

    assert "Sobra uno." in body(instance)
    assert "nueve" in body(instance)


def test_a_text_is_checked_and_previewed_without_being_saved(editor: Browser, instance: Instance) -> None:
    before = body(instance)
    editor.get(ONE)

    page = editor.submit("/suma-1", {"text": typed(editor).replace("- wrong: tres", "- wrong: solo **cien**")}, button=("do", "preview"))

    assert "<strong>cien</strong>" in page.html
    assert "C414" not in page.text
    assert body(instance) == before


def test_a_new_question_begins_with_the_skeleton_of_its_kind(editor: Browser, instance: Instance) -> None:
    before = body(instance)
    page = editor.get("/teaching/prueba/new-question?kind=ordering")
    assert "kind: ordering" in typed(editor, "/new-question")
    assert "items:" in page.text

    text = "key: nueva\nkind: true_false\ntext: El agua moja.\nanswer: true\nexplanation: Se sabe.\n"
    refused = editor.submit("/new-question", {"text": text, "bank": "99-nada/banco.yaml"}, button=("do", "save"), status=422)
    assert "nueva" in typed(editor, "/new-question")
    assert "Error" in refused.title
    editor.submit("/new-question", {"text": text, "bank": BANK}, button=("do", "save"))

    assert body(instance).startswith(before.rstrip("\n"))
    assert "\n\n  - key: nueva\n    kind: true_false\n" in body(instance)
    assert "nueva" in editor.get(f"{LIST}?text=moja").text


def test_a_question_is_taken_out_and_what_was_published_stays(editor: Browser, instance: Instance) -> None:
    editor.get(ONE)

    out = next(form for form in editor.page.forms if ("do", "delete") in form.buttons)
    page = editor.submit("/suma-1", form=out, button=("do", "delete"))

    assert in_spanish("The question was removed from the draft. Published versions and their answers are kept.") in page.text
    assert "suma-1" not in body(instance)
    editor.get(ONE, status=404)


def test_many_questions_are_changed_at_once(editor: Browser, instance: Instance) -> None:
    editor.get(LIST)
    sent = {"question": ["suma-1", "pares-1", "suma-2"], "state": "hidden", "difficulty": "hard", "add_tags": "uno, dos", "mark": "1,5"}

    page = editor.submit("/questions", sent, form=bulk(editor))

    assert in_spanish("%(count)s question was changed.", 3) in page.text
    assert body(instance).count("    state: hidden\n    tags: [uno, dos]\n    difficulty: hard\n    mark: 1.5\n") == 2
    assert body(instance, "02-parte/banco.yaml").count("state: hidden") == 1
    editor.submit(
        "/questions", {"question": ["suma-1"], "state": "ready", "difficulty": "none", "remove_tags": "uno dos"}, form=bulk(editor)
    )
    assert body(instance).count("hidden") == 1


def test_questions_move_from_bank_to_bank(editor: Browser, instance: Instance) -> None:
    editor.get(LIST)

    editor.submit("/questions", {"question": ["suma-1", "verdad-1"], "bank": "02-parte/banco.yaml"}, form=bulk(editor))

    assert "suma-1" not in body(instance)
    assert body(instance, "02-parte/banco.yaml").index("key: suma-1") < body(instance, "02-parte/banco.yaml").index("key: verdad-1")


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"state": "hidden"}, "Elija al menos una pregunta"),
        ({"question": ["suma-1"]}, "Elija qué cambiar"),
        ({"question": ["suma-1"], "add_tags": "Ñandú"}, "no puede ser una etiqueta"),
        ({"question": ["suma-1"], "mark": "-1"}, "Escriba un número"),
        ({"question": ["suma-1"], "state": "done"}, "Elija una opción de la lista"),
        ({"question": ["suma-1"], "bank": "../x"}, "Elija una opción de la lista"),
    ],
)
def test_a_bulk_edit_that_says_nothing_sensible_changes_nothing(
    editor: Browser, instance: Instance, sent: dict[str, object], told: str
) -> None:
    before = body(instance)
    editor.get(LIST)

    page = editor.submit("/questions", sent, form=bulk(editor), status=422)

    assert told in page.text
    assert body(instance) == before


def test_an_editor_answers_as_a_learner_and_nothing_is_recorded(editor: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.2.7 without an attempt: the same rendering, the same marking."""
    editor.get(f"{ONE}/preview?seed=3")
    assert "Dos y dos son cuatro." not in editor.page.text
    rows = [label.split("<div>")[1].split("<")[0] for label in editor.page.html.split('class="choice"')[1:4]]
    right = str(1 + rows.index("cuatro"))

    good = editor.submit("/preview", {"p1": right}).text
    bad = editor.submit("/preview", {"p1": str(1 + rows.index("tres"))}).text

    assert "Dos y dos son cuatro." in good
    assert "Uno de menos." in bad
    assert in_spanish("Right answer") in bad
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 0


def test_every_kind_can_be_tried(editor: Browser, instance: Instance) -> None:
    for key in ("suma", "pares", "verdad", "mitad", "unir", "orden", "huecos"):
        editor.get(f"{LIST}/{key}-1/preview")
        assert in_spanish("See the result") in editor.submit("/preview").text


def test_where_a_question_is_used_and_how_many_attempts_had_it(editor: Browser, instance: Instance) -> None:
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course).where(Course.slug == "prueba")).scalar_one()
    pass_quiz(instance, a_learner(instance, course), "prueba")

    page = editor.get(ONE)

    assert "Cuestionario 1" in page.text
    assert in_spanish("Included in %(count)s attempt.", 1) in page.text


def test_two_published_wordings_are_compared_in_words(editor: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.1.1: text, options, key and settings, each in words; and the draft against what is published."""
    files = folder(modules=2)
    changed = files[BANK].replace(
        b"wrong: cinco\n        why: Uno de m\xc3\xa1s.", b"right: cinco\n        why: Uno m\xc3\xa1s.\n        key: cinco"
    )
    assert changed != files[BANK]
    changed = changed.replace(b"right: cuatro", b"wrong: cuatro", 1)
    publish(instance, {**files, BANK: changed})

    page = editor.get(f"{ONE}/versions?old=1&new=2")
    draft = editor.get(f"{ONE}/versions").text

    assert "Opción «cuatro»: es correcta" in page.text
    assert "<del>Uno de</del>" in page.html.replace("\n", "") or "<del>de</del>" in page.html
    assert "Opción «cinco»: crédito" in page.text
    assert in_spanish("Both versions are the same.") in draft
    editor.get(f"{ONE}/versions?old=9", status=404)


def test_numbers_of_two_wordings_are_written_as_forms_write_them(editor: Browser, instance: Instance) -> None:
    files = folder(modules=2)
    changed = files[BANK].replace(b"tolerance: 0.01\n", b"tolerance: 0.0001\n    penalty: 1/4\n", 1)
    publish(instance, {**files, BANK: changed})

    text = editor.get(f"{LIST}/mitad-1/versions?old=1&new=2").text

    assert re.search(r"\b0,01\b.*\b0,0001\b", text, re.DOTALL)
    assert re.search(r"\b1/3\b.*\b0,25\b", text, re.DOTALL)


def test_an_import_makes_the_rows_that_the_texts_of_its_banks_make(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    files = folder(modules=2)
    questions = files[BANK].partition(b"questions:")[2]
    shared = b"title: Repaso\n\nquestions:" + questions.replace(b"key: ", b"key: otra-")
    with monkeypatch.context() as patch:
        patch.delattr(bank_files, "read_bank_file")  # the banks are those that the import has read
        course, _version = publish(instance, {**files, "banco/repaso.yaml": shared})
    imported = draft_rows(instance)

    with instance.database.unit_of_work() as session:
        session.execute(update(DraftBank).values(source=""))
        index_banks(session, course.id)

    assert imported == draft_rows(instance)
    assert {row["title"]["es"] for row in imported if "title" in row and "path" in row} >= {"Repaso"}


def draft_rows(instance: Instance) -> list[dict[str, object]]:
    """Return the rows of all draft banks and of their questions, without their numbers."""
    with instance.database.unit_of_work(write=False) as session:
        banks = session.execute(select(*DraftBank.__table__.c).order_by(DraftBank.path)).mappings().all()
        questions = select(*DraftQuestion.__table__.c).join(DraftBank).order_by(DraftBank.path, DraftQuestion.position)
        rows = [*banks, *session.execute(questions).mappings().all()]
        return [{name: value for name, value in row.items() if name not in ("id", "bank_id")} for row in rows]


def test_rows_from_before_there_were_rows_are_made_when_the_list_is_opened(editor: Browser, instance: Instance) -> None:
    """Upgrade from 0.1.0: a note of the page, written after its answer."""
    with instance.database.unit_of_work() as session:
        session.execute(update(DraftBank).values(source=""))
        session.execute(
            update(DraftFile).where(DraftFile.path == BANK).values(body=body(instance).replace("suma-1", "resta-1"), sha256="0" * 64)
        )

    first = editor.get(LIST).text
    second = editor.get(LIST).text

    assert in_spanish("The question list is being rebuilt from the draft.") in first
    assert "se está rehaciendo" not in second
    assert "resta-1" in second
