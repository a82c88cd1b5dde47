"""Rare situations of the site settings and of mistake reports: a mail server to try, a logo to take away, a report to decide on."""

from __future__ import annotations

from sqlalchemy import select

from enrolments.models import MistakeReport
from kernel import clock
from kernel.permissions import SYSTEM, Actor
from organisations.services import profile
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.learning import a_learner, start, submit
from tests.support.lessons import a_picture
from tests.support.situations import Room, Scene, Stage

SITE = "/administration/site"
REPORT = {"kind": "typing", "words": "Dice «los pensiones»; debe decir «las pensiones»."}


def a_mail_server(stage: Stage) -> Scene:
    """An administrator tries the mail server that was set, where nobody answers."""
    values = {"smtp_host": "127.0.0.1", "smtp_port": 9, "smtp_starttls": None, "mail_from": "cursos@example.org", "smtp_password": ""}
    stage.boss.get(f"{SITE}/mail")
    stage.boss.submit("/site/mail", values)
    return Scene(stage.boss, f"{SITE}/mail")


def a_logo(stage: Stage) -> Scene:
    """The institution has a logo."""
    with stage.instance.database.unit_of_work() as session:
        profile.set_logo(session, SYSTEM, stage.instance.settings, a_picture(), "image/png", now=clock.now())
    return Scene(stage.boss, f"{SITE}/appearance")


def _somebody_who_learns(stage: Stage) -> tuple[Browser, Actor]:
    email = f"aviso.{stage.number()}@example.org"
    actor = a_learner(stage.instance, stage.course, email)
    return sign_in(stage.nobody(), email), actor


def _a_decision(page: str) -> dict[str, str]:
    """Accept a report; decline one that was accepted before."""
    return {"decision": "accepted"} if 'value="accepted"' in page else {"decision": "declined", "answer": "Se revisó: no es un error."}


def a_mistake_report(stage: Stage) -> Scene:
    """A learner has reported a mistake in a lesson, and the team decides."""
    learner, _actor = _somebody_who_learns(stage)
    learner.get("/courses/prueba/activities/leccion-1/mistake-report")
    learner.submit("/mistake-report", REPORT)
    with stage.instance.database.unit_of_work(write=False) as session:
        report = session.scalars(select(MistakeReport.uuid).order_by(MistakeReport.id.desc())).first()
    return Scene(stage.boss, f"/teaching/prueba/mistake-reports/{report}", _a_decision)


def a_question_of_an_attempt(stage: Stage) -> Scene:
    """A learner has handed in, and something is wrong in a question."""
    visitor, learner = _somebody_who_learns(stage)
    attempt = start(stage.instance, learner, "prueba")
    submit(stage.instance, learner, attempt)
    return Scene(visitor, f"/attempts/{attempt}/questions/1/mistake-report", REPORT)


SITE_SETTINGS: Room = {"organisations_site.test_mail": a_mail_server, "organisations_site.remove_logo": a_logo}
MISTAKES: Room = {"enrolments_mistakes.decide": a_mistake_report, "quizzes_mistakes.report": a_question_of_an_attempt}
