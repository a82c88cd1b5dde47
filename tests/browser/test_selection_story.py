"""The whole story of a selection in a real browser: from the blueprint of its test to an amendment that a board verifies."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select, update

from accounts.models import Person
from courses.models import Course
from kernel.codes import printed_code
from lms.instance import Instance
from questions.models import Question, QuestionVersion
from quizzes.models import Attempt, AttemptItem
from selections.models import ObjectionGroup
from tests.support.builders import a_person, a_teacher, folder, publish
from tests.support.chromium import Live, Visitor, signed_in, visitor
from tests.support.editions import a_learner_of, an_edition
from tests.support.lessons import write
from tests.support.selection_folders import BANK, FILE, HEAD, PAGE, questions
from tests.support.selections import LAW, QUIZ, RULES, USE, a_selection, add_factor, all_actas, appoint, document, let_term_pass, void

OWN = "attempts: 2\nforms: 2\nbalance: {within: 5}\nintegrity: {honour: false}\n"
QUESTIONS = dict.fromkeys((f"p{number}" for number in range(1, 9)), "level: apply; expected: 70; source: [ley]")
LEARNERS = ("ana", "berta")


def an_unpublished_test(instance: Instance) -> Course:
    """Publish a course, and write into its draft a selecting quiz with two forms whose blueprint has a line but no draws yet."""
    course = publish(instance, folder(modules=1) | {"recursos.yaml": LAW, BANK: questions(**QUESTIONS).encode()})[0]
    write(instance, course, {FILE: f"{HEAD}slots:\n  - draw: 8\n{USE}{RULES}{OWN}"})
    return course


def press_in(person: Visitor, part: str) -> None:
    """Press the button of the form whose address ends so."""
    person.press(f"main form[action$='{part}'] button.main, main form[action$='{part}'] button:only-of-type")


def publish_draft(teacher: Visitor) -> None:
    teacher.open("/teaching/prueba/publishing")
    teacher.press("form[action$='/publishing'] button.main")


def sit(person: Visitor, right: int, objects: bool = False) -> None:
    """Take the quiz with so many answers right and the others wrong; note an objection to the last question while answering."""
    person.open(QUIZ)
    person.press("form[action$='/attempts'] button")
    items = person.page.locator("[data-item]")
    assert items.count() == 4
    for place in range(4):
        items.nth(place).locator("input[type=radio]").nth(0 if place < right else 1).check()
    if objects:
        items.nth(3).locator(".objection input[type=checkbox]").check()
    person.press(".btn.main[name=go]")
    person.press("#submission button.main")


def prepared(juror: Visitor, live: Live, address: str, words: str = "") -> str:
    """Have the next acta of a selection frozen; return its address."""
    juror.open(address)
    if words:
        juror.page.locator("#reason").fill(words)
    press_in(juror, "/amendment" if words else "/actas")
    path = juror.page.url.removeprefix(live.url)
    live.deliver_jobs()
    juror.open(path)
    return path


def signed_by(live: Live, path: str, *jury: Visitor) -> None:
    for juror in jury:
        juror.open(path)
        press_in(juror, "/signature")
    live.deliver_jobs()


def forms_given(instance: Instance, name: str) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return sorted(session.scalars(select(Attempt.form).where(Attempt.uuid.in_(attempts_of(instance, name)))))


def attempts_of(instance: Instance, name: str) -> list[UUID]:
    with instance.database.unit_of_work(write=False) as session:
        statement = select(Attempt.uuid).join(Person, Person.id == Attempt.person_id).where(Person.email == f"{name}@example.org")
        return list(session.scalars(statement.order_by(Attempt.id)))


def objected_group(instance: Instance) -> UUID:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(ObjectionGroup.uuid)).one()


def shown_third(instance: Instance) -> str:
    """Return the key of the third question that Berta was asked, which she had wrong."""
    with instance.database.unit_of_work(write=False) as session:
        statement = (
            select(Question.key)
            .join(QuestionVersion, QuestionVersion.question_id == Question.id)
            .join(AttemptItem, AttemptItem.question_version_id == QuestionVersion.id)
            .join(Attempt, Attempt.id == AttemptItem.attempt_id)
            .where(Attempt.uuid == attempts_of(instance, "berta")[0])
            .order_by(AttemptItem.position)
        )
        return list(session.scalars(statement))[2]


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme", "language"), [(1280, "light", "es"), (360, "dark", "en")])
def test_from_a_blueprint_to_an_amendment_that_a_board_verifies(
    chromium: Browser, live: Live, instance: Instance, tmp_path: Path, width: int, scheme: str, language: str
) -> None:
    """spec/selection 1.4, 1.20, 4.1 to 4.10, 5.2 to 5.6, chapter 12: every page on the way is checked."""
    look: dict[str, Any] = {"width": width, "scheme": scheme, "language": language}
    course = an_unpublished_test(instance)
    editors = [a_teacher(instance, course, f"{name}@example.org") for name in ("profe", "otra")]
    assert len(editors) == 2
    teacher, other = (signed_in(chromium, live, f"{name}@example.org", **look) for name in ("profe", "otra"))
    teacher.open(PAGE)
    teacher.page.locator("#number").fill("4")
    press_in(teacher, "/blueprint")
    publish_draft(teacher)
    for editor in (teacher, other):
        editor.open(PAGE)
        press_in(editor, "/forms/approval")

    edition = an_edition(instance, course)
    for name in LEARNERS:
        a_learner_of(instance, course, edition, f"{name}@example.org")
    selection = a_selection(instance, course, edition)
    jury = [a_person(instance, f"{name}@example.org", given=name.title()) for name in ("lola", "paco")]
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(language=language))
    ana, berta, lola, paco = (signed_in(chromium, live, f"{name}@example.org", **look) for name in ("ana", "berta", "lola", "paco"))
    for member in jury:
        appoint(instance, selection, add_factor(instance, member))
    sit(ana, 3)
    sit(ana, 4)
    sit(berta, 2, objects=True)
    assert forms_given(instance, "ana") == ["A", "B"]

    home = f"/selections/{selection.uuid}"
    prepared(lola, live, home)
    press_in(lola, "/publication")
    live.deliver_jobs()
    berta.open(f"{home}/own-line")
    own = f"/attempts/{attempts_of(instance, 'berta')[0]}/objections"
    berta.open(own)
    berta.open(f"{own}/4")
    berta.page.locator("[name=ground][value=two_right]").check()
    berta.page.locator("[name=reason]").fill("La ley vigente también admite la otra respuesta.")
    press_in(berta, "/objections/4")
    objected = f"{home}/objections/{objected_group(instance)}"
    lola.open(objected)
    lola.page.locator("[name=outcome][value=void]").check()
    lola.page.locator("[name=ground]").fill("La ley admite las dos respuestas.")
    lola.page.locator("[name=source]").fill("Ley, art. 12")
    press_in(lola, "/proposals")
    live.deliver_jobs()
    paco.open(objected)
    press_in(paco, "/decision")
    live.deliver_jobs()
    berta.open(own)

    let_term_pass(instance, selection)
    signed_by(live, prepared(lola, live, home), lola, paco)
    final = all_actas(instance)[-1]
    first = tmp_path / "acta.json"
    first.write_bytes(document(instance, final))
    void(instance, shown_third(instance))
    live.deliver_jobs()
    lola.open(f"/selections/actas/{final.uuid}")
    signed_by(live, prepared(lola, live, f"{home}/amendment", "La tercera pregunta quedó sin efecto."), lola, paco)
    berta.open(f"{home}/own-line")

    board = visitor(chromium, live, **look)
    board.open(f"/acta/selection/{printed_code(final.code)}")
    assert printed_code(all_actas(instance)[-1].code) in board.page.inner_text("main")
    board.page.locator("input[type=file]").set_input_files(first)
    press_in(board, "/file")
