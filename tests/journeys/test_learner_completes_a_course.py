"""The main story through HTTP: sign up, enrol, read, answer, pass, and hold a certificate that anybody can verify."""

import re

from kernel import clock
from lms.instance import Instance
from tests.support.answers import answer_right
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_course
from tests.support.wording import in_spanish


def test_a_stranger_becomes_the_holder_of_a_verifiable_certificate(browser: Browser, instance: Instance) -> None:
    a_course(instance, modules=2)
    browser.get("/sign-up")
    browser.submit(
        "/sign-up",
        {
            "given_names": "Rosa Elvira",
            "first_surname": "Guamán",
            "second_surname": "Ñúñez",
            "email": "Rosa@example.org",
            "password": PASSWORD,
            "consent": "y",
        },
    )
    assert in_spanish("If the address can be used, the account has been created. Sign in with the password you chose.") in browser.page.text
    browser.get(browser.link_in_mail("confirm"))
    browser.submit("", form=next(form for form in browser.page.forms if "/confirm/" in form.action))
    browser.get("/courses/prueba")
    browser.submit("/enrolment")

    for number in (1, 2):
        browser.get(f"/courses/prueba/activities/leccion-{number}")
        browser.submit(f"/leccion-{number}/done")
        answer_right(browser, f"/courses/prueba/quizzes/cuestionario-{number}")
    browser.deliver_jobs()

    page = browser.get("/certificates")
    code = re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", page.text)
    assert code
    stranger = browser.another()
    stranger.get(f"/v/{code[0].lower()}")
    assert "Rosa Elvira Guamán Ñúñez" in stranger.page.text
    assert "Curso de prueba" in stranger.page.text
    assert "rosa@example.org" not in stranger.page.html
    assert str(clock.now().year) in stranger.page.text
