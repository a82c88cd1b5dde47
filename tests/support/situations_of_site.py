"""Rare situations of the site settings, mistake reports and takes: a mail server to try, a report to decide on, a course to take again."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from sqlalchemy import select

from enrolments.models import CompletionReview, MistakeReport
from kernel import clock
from kernel.permissions import SYSTEM, Actor
from organisations import audiences, posts, profile
from organisations.audiences import AudienceRuleValues
from organisations.models import Post
from organisations.posts import find_post_written
from organisations.rules.audience_drafts import read_yaml, write_yaml
from organisations.rules.audience_leaves import OWN_LEAVES
from organisations.rules.audiences import Negation
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.learning import a_learner, mark_done, pass_quiz, start, submit
from tests.support.lessons import a_picture
from tests.support.obligations import ask_to_renew
from tests.support.places import a_place
from tests.support.situations import Room, Scene, Stage
from tests.support.takes import retake, takes_of

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


def an_audience_to_change(stage: Stage) -> Scene:
    """An audience has a rule."""
    root = stage.once("institution of audiences", lambda: a_place(stage.instance, "Instituto", code="INST"))
    rule = read_yaml("unit: INST", OWN_LEAVES).rule
    assert rule is not None
    new = write_yaml(Negation(rule))
    number, values = stage.number(), AudienceRuleValues(rule, audiences.today_of(clock.now()))
    with stage.instance.database.unit_of_work() as session:
        row = audiences.make_audience(session, SYSTEM, root, f"todos-{number}", {"es": f"Todos {number}"}, values, now=clock.now())
    return Scene(
        stage.boss,
        f"/administration/audiences/{row.uuid}/rule?view=text",
        {"rule": new, "step": "save", "previewed": sha256(new.encode()).hexdigest()[:16], "number": "0"},
    )


def an_audience_of_nothing(stage: Stage) -> Scene:
    """Nothing names an audience."""
    return replace(an_audience_to_change(stage), page=an_audience_to_change(stage).page.split("/rule")[0], good={})


def a_list_of_people(stage: Stage) -> Scene:
    """A list of people is named by no rule."""
    root = stage.once("institution of audiences", lambda: a_place(stage.instance, "Instituto", code="INST"))
    key = f"lista-{stage.number()}"
    with stage.instance.database.unit_of_work() as session:
        audiences.set_list(session, SYSTEM, root, key, {"es": key}, [stage.person().id], now=clock.now())
    return Scene(stage.boss, "/administration/audience-lists")


def _two_posts(stage: Stage) -> tuple[Post, Post]:
    """Add two posts that lists write in two ways."""
    root = stage.once("institution of audiences", lambda: a_place(stage.instance, "Instituto", code="INST"))
    names = [f"puesto {stage.number()}", f"puesto {stage.number()}"]
    with stage.instance.database.unit_of_work() as session:
        posts.find_or_make_posts(session, SYSTEM, root.id, names, now=clock.now())
        first, second = (find_post_written(session, root.id, name) for name in names)
    assert first is not None
    assert second is not None
    return first, second


def a_post(stage: Stage) -> Scene:
    """A post came in with a list."""
    return Scene(stage.boss, f"/administration/posts/{_two_posts(stage)[0].uuid}", {"name": f"Otro puesto {stage.number()}"})


def two_posts_to_merge(stage: Stage) -> Scene:
    """Two posts are one, written in two ways."""
    gone, kept = _two_posts(stage)
    return Scene(stage.boss, f"/administration/posts/{gone.uuid}/merging?into={kept.name}")


def a_course_to_take_again(stage: Stage) -> Scene:
    """A learner takes the course, and the team lets them begin anew."""
    _visitor, learner = _somebody_who_learns(stage)
    return Scene(stage.boss, f"/teaching/prueba/learners/{learner.person_uuid}/takes", {"reason": "Cambió la norma."})


def an_earlier_take(stage: Stage) -> Scene:
    """A take that ended would have been completed, and an administrator decides."""
    _visitor, learner = _somebody_who_learns(stage)
    retake(stage.instance, learner, stage.course)
    first, _second = takes_of(stage.instance, learner, stage.course)
    with stage.instance.database.unit_of_work() as session:
        session.add(CompletionReview(enrolment_id=first.id, achieved_at=clock.now(), noticed_at=clock.now()))
    return Scene(stage.boss, "/administration/completion-reviews", {"reason": "Se revisó.", "decision": "leave"})


def a_course_to_renew(stage: Stage) -> Scene:
    """A learner has completed the course, and has to take it again."""
    visitor, learner = _somebody_who_learns(stage)
    stage.person()  # one writes the obligation, another activates it
    mark_done(stage.instance, learner, stage.course.slug, "leccion-1")
    pass_quiz(stage.instance, learner, stage.course.slug)
    ask_to_renew(stage.instance, stage.course, learner, key=f"renovable-{stage.number()}")
    return Scene(visitor, "/courses/prueba/renewal")


def a_course_to_leave(stage: Stage) -> Scene:
    """A learner takes the course, and nothing asks them to."""
    return Scene(_somebody_who_learns(stage)[0], "/courses/prueba/leaving")


def a_course_to_mute(stage: Stage) -> Scene:
    """A learner takes the course, and its notifications reach them."""
    return Scene(_somebody_who_learns(stage)[0], "/courses/prueba", {"muted": "1"}, more=("back",))


SITE_SETTINGS: Room = {
    "organisations_audience_lists.delete": a_list_of_people,
    "organisations_audiences.delete": an_audience_of_nothing,
    "organisations_audiences.change": an_audience_to_change,
    "organisations_posts.merge": two_posts_to_merge,
    "organisations_posts.rename": a_post,
    "organisations_site.test_mail": a_mail_server,
    "organisations_site.remove_logo": a_logo,
}
MISTAKES: Room = {"enrolments_mistakes.decide": a_mistake_report, "quizzes_mistakes.report": a_question_of_an_attempt}
TAKES: Room = {
    "compliance_renewals.renew": a_course_to_renew,
    "enrolments_completion_reviews.settle": an_earlier_take,
    "enrolments_leaving.leave": a_course_to_leave,
    "enrolments_leaving.mute": a_course_to_mute,
    "enrolments_takes.begin": a_course_to_take_again,
}
