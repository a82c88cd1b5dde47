"""What a team types into the forms of a quiz outlives the form's token and the session (spec/quiz-engine 5.4.4, spec/security 3.2)."""

import pytest
from sqlalchemy import select, text

from lms.instance import Instance
from quizzes.models import QuizOverride
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, sign_in
from tests.support.offices import QUIZ, a_course_at_work

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
