"""The page of a question in a real browser: readable by everybody, on a telephone, in the dark, without script (spec/selection 2.7)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from sqlalchemy import update

from accounts.models import Person
from kernel import clock, outbox
from lms.worker import add_periodic
from quizzes import jobs
from quizzes.dry_runs import RegradeRequest
from quizzes.rules.regrade import RegradeKind, RegradePolicy
from tests.support.builders import a_teacher, publish
from tests.support.chromium import Live, signed_in
from tests.support.classes import a_class_with_a_wrong_key
from tests.support.joined_histories import a_folder, answered
from tests.support.learning import actor_of
from tests.support.regrading import a_dry_run, commit, question_id

pytestmark = pytest.mark.long

PAGE = "/teaching/prueba/questions/suma-1/history"


@pytest.mark.parametrize(
    ("language", "width", "scheme", "script"), [("es", 1280, "light", True), ("en", 360, "dark", True), ("es", 360, "light", False)]
)
def test_the_page_of_a_question_is_readable_by_everybody(
    chromium: Browser, live: Live, language: str, width: int, scheme: str, script: bool
) -> None:
    """Chart with a table twin, thirds, findings and log; axe-core finds nothing, nothing runs out of the window."""
    course = a_class_with_a_wrong_key(live.instance)
    teacher = a_teacher(live.instance, course)
    with live.instance.database.unit_of_work() as session:
        session.execute(update(Person).values(language=language))
    add_periodic(live.instance.worker, "quizzes.plan_analyses", jobs.PLAN_EVERY, clock.now())
    outbox.deliver_waiting(live.instance.worker, now=clock.now())
    actor = actor_of(teacher)
    order = RegradeRequest(
        RegradeKind.FULL_CREDIT,
        "La clave estaba mal.",
        question_id(live.instance, "suma-1"),
        None,
        RegradePolicy.REPLACE,
        with_manual=False,
    )
    assert commit(live.instance, actor, a_dry_run(live.instance, actor, order))

    person = signed_in(chromium, live, language=language, width=width, scheme=scheme, script=script)
    person.open(PAGE)

    names = {"es": ("Con qué frecuencia se muestra", "Mejor tercio"), "en": ("How often it is shown", "Best third")}[language]
    assert person.page.get_by_role("heading", name=names[0]).is_visible()
    assert person.page.get_by_text(names[1]).first.is_visible() or width == 360
    assert person.page.get_by_role("img").first.is_visible()


def test_segments_and_what_an_editor_says_of_them_fit_on_a_telephone(chromium: Browser, live: Live) -> None:
    """spec/selection 2.2: a version, its copy in another course, and the button that says that only the wording changed."""
    course = publish(live.instance, a_folder())[0]
    answered(live.instance, course, "una", 4, 1)
    publish(live.instance, a_folder("¿Es verdad a?"))
    answered(live.instance, course, "otra", 1, 3)
    answered(live.instance, publish(live.instance, a_folder("¿Es verdad a?", key="copia"))[0], "lejos", 9, 3)
    a_teacher(live.instance, course)

    person = signed_in(chromium, live, width=360)
    person.open("/teaching/prueba/questions/a/history?figures=together")
    person.press("form[action$='/wording'] button")

    assert person.page.locator("form[action$='/withdrawal'] button").is_visible()
