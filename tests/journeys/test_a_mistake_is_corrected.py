"""A mistake reported at a question is found by its team, corrected, and its reporter told, through the pages alone."""

import pytest

from lms.instance import Instance
from tests.support.answers import answer_right
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_teacher, folder, publish, sign_in
from tests.support.mistakes import all_reports
from tests.support.wording import in_spanish

BANK = "01-parte/banco.yaml"
SAID = "Falta decir que se suma en base diez."


@pytest.mark.slow
def test_a_mistake_reported_at_a_question_is_found_corrected_and_its_reporter_notified(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    learner = a_learner_in(browser, course)
    answer_right(learner, "/courses/prueba/quizzes/cuestionario-1")
    sections = learner.page.html.split('<section class="q"')
    asked = next(section for section in sections if "dos más dos" in section)
    learner.get(next(part for part in asked.split('"') if part.endswith("/mistake-report")))
    assert "dos más dos" in learner.page.text
    learner.submit("/mistake-report", {"kind": "marking", "words": SAID})

    team = sign_in(browser.another(), "profe@example.org")
    page = team.get("/teaching/prueba/mistake-reports")
    assert "Pregunta: ¿Cuánto es dos más dos?" in page.text
    row = all_reports(instance)[0]
    report = f"/teaching/prueba/mistake-reports/{row.uuid}"
    page = team.get(report)
    assert SAID in page.text
    assert (row.question_key, row.question_number) == ("suma-1", 1)
    assert "dos más dos" in team.get(next(href for href, _words in page.links if "/questions/suma-1" in href)).html
    team.get(report)
    team.submit("/decision", {"decision": "accepted", "answer": "Tiene razón: lo diremos."})
    files = folder(modules=1)
    files[BANK] = files[BANK].decode().replace("es: ¿Cuánto es dos más dos?", "es: '¿Cuánto es, en base diez, dos más dos?'").encode()
    publish(instance, files)
    assert "¿ya está corregido?" in team.get("/teaching/prueba/mistake-reports?state=accepted").text
    page = team.get(report)
    team.submit("/decision", {"answer": "Ya se dice. Gracias."}, form=page.form("/decision"))
    browser.deliver_jobs()

    assert all_reports(instance)[0].state == "corrected"
    told = learner.get("/notices")
    assert told.text.count("el error que usted reportó") == 2
    page = learner.get("/learning/mistake-reports")
    assert "Ya se dice. Gracias." in page.text
    assert in_spanish("It was corrected in version %(number)s of the course.", number="2") in page.text
    assert any("Se corrigió el error" in mail for mail in browser.mails())
