"""What somebody of the team does for many is carried out for the others; their own record waits for a colleague (kernel.own_records)."""

import pytest
from sqlalchemy import select

from courses.models import Course, StaffRole
from enrolments import enrolment, learner_groups, learners
from enrolments.models import LearnerGroup
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from quizzes import snapshots
from quizzes.effective_settings import PersonQuizKey, find_setting_sources
from quizzes.models import Attempt
from quizzes.rules.regrade import RegradeKind
from tests.support.browser import Browser
from tests.support.builders import a_teacher, sign_in
from tests.support.learning import a_batch, a_learner, actor_of, attempt_row, enrolment_of, start, submit
from tests.support.quizzes import ONE_QUESTION, a_quiz
from tests.support.regrading import a_dry_run, a_keyed_quiz, an_order, regrade_row

QUIZ = "/courses/prueba/quizzes/cuestionario-1"
OUT = "Su propio registro quedó fuera"
REASON = {"reason": "Se fue la luz."}
ADA, ZOE = "ada@example.org", "zoe@example.org"


class Class:
    """A course whose editor Ada takes it with Ben; Zoe edits it too."""

    def __init__(self, browser: Browser, course: Course | None = None) -> None:
        self.instance: Instance = browser.instance
        self.course = course or a_quiz(self.instance, "attempts: 2\nlimit: 10 min\n", questions=ONE_QUESTION)
        self.ada, self.zoe = (actor_of(a_teacher(self.instance, self.course, email, StaffRole.EDITOR)) for email in (ADA, ZOE))
        with self.instance.database.unit_of_work() as session:
            enrolment.enrol(session, self.ada, learners.get_learner_context(session, self.ada, "prueba"), now=clock.now())
        self.ben = a_learner(self.instance, self.course, "ben@example.org")
        self.browsers = {ADA: sign_in(browser.another(), ADA), ZOE: sign_in(browser.another(), ZOE)}

    def group(self) -> LearnerGroup:
        """Make a group of Ada and Ben."""
        with self.instance.database.unit_of_work() as session:
            group = learner_groups.make_group(session, SYSTEM, self.course.id, "Turno", now=clock.now())
            people = [one.person_uuid for one in (self.ada, self.ben) if one.person_uuid]
            learner_groups.add_to_group(session, SYSTEM, group, people, now=clock.now())
        return group

    def attempts(self, learner: Actor) -> int:
        """Return how many attempts somebody has at the quiz."""
        with self.instance.database.unit_of_work(write=False) as session:
            row = session.scalars(select(Attempt.id)).first()
            assert row is None
            outline = learners.get_activity_context(session, learner, "prueba", "cuestionario-1")
            snapshot = snapshots.get_snapshot_of_activity(session, outline.activity.id)
            place = PersonQuizKey(
                learner.person_id or 0, enrolment_of(self.instance, learner, self.course).id, self.course.id, "cuestionario-1"
            )
            return find_setting_sources(session, snapshot.published_settings, snapshot.settings, place).effective_settings().attempts

    def noted(self) -> list[int | None]:
        """Return whom the log says was left out."""
        with self.instance.database.unit_of_work(write=False) as session:
            return list(session.scalars(select(AuditEntry.actor_id).where(AuditEntry.verb == "record.left_out")))


@pytest.mark.parametrize("whom", ["group", "everyone"])
def test_an_override_for_many_waits_for_a_colleague_where_its_author_is_among_them(browser: Browser, whom: str) -> None:
    """Set, ended and put back by Ada it holds for Ben; for Ada what held before, until Zoe has applied it."""
    team = Class(browser)
    query = f"?group={team.group().uuid}" if whom == "group" else ""
    ada, zoe = team.browsers[ADA], team.browsers[ZOE]

    def held() -> tuple[int, int]:
        return team.attempts(team.ada), team.attempts(team.ben)

    ada.get(f"{QUIZ}/overrides/new{query}")
    assert OUT in ada.submit("/new", {"attempts": "9", **REASON}).text
    assert held() == (2, 9)
    assert team.noted() == [team.ada.person_id]
    listed = ada.get(f"{QUIZ}/overrides")
    assert ("Pilar Maestra" in listed.text, "/application" in listed.html) == (True, False)
    zoe.get(f"{QUIZ}/overrides")
    zoe.submit("/application")
    assert held() == (9, 9)

    ada.get(f"{QUIZ}/overrides")
    assert OUT in ada.submit("/end").text
    assert held() == (9, 2)
    zoe.get(f"{QUIZ}/overrides")
    zoe.submit("/application")
    assert held() == (2, 2)
    assert "/application" not in zoe.get(f"{QUIZ}/overrides").html


def test_what_a_colleague_sets_later_holds_for_everybody(browser: Browser) -> None:
    """Ada's own act never counted for her; Zoe's does, and Ada cannot apply her own."""
    team = Class(browser)
    ada, zoe = team.browsers[ADA], team.browsers[ZOE]
    ada.get(f"{QUIZ}/overrides/new")
    ada.submit("/new", {"attempts": "9", **REASON})
    zoe.get(f"{QUIZ}/overrides")
    address = next(form.action for form in zoe.page.forms if form.action.endswith("/application"))
    token = dict(ada.page.form("/language").fields)["csrf_token"]
    ada.checks = False
    assert ada._request("POST", address, data={"csrf_token": token}).status_code == 403
    assert team.attempts(team.ada) == 2

    zoe.get(f"{QUIZ}/overrides/new")
    zoe.submit(zoe.path.rsplit("/", 1)[1], {"attempts": "5", **REASON})

    assert (team.attempts(team.ada), team.attempts(team.ben)) == (5, 5)


def test_an_incident_gives_time_to_all_but_its_author(browser: Browser) -> None:
    """Given, applied, taken back and applied again: each time the author waits for a colleague."""
    team = Class(browser)
    ada, zoe = team.browsers[ADA], team.browsers[ZOE]
    attempts = [start(team.instance, one, "prueba") for one in (team.ada, team.ben)]

    def extra() -> list[int]:
        return [attempt_row(team.instance, attempt).extra_seconds for attempt in attempts]

    ada.get(f"{QUIZ}/incidents")
    assert OUT in ada.submit("/incidents", {"minutes": "5", **REASON}).text
    assert extra() == [0, 300]
    assert team.noted() == [team.ada.person_id]
    zoe.get(f"{QUIZ}/incidents")
    zoe.submit("/application")
    assert extra() == [300, 300]
    ada.get(f"{QUIZ}/incidents")
    assert OUT in ada.submit("/undo", {"reason": "Fue un error."}).text
    assert extra() == [300, 0]
    zoe.get(f"{QUIZ}/incidents")
    zoe.submit("/application")
    assert extra() == [0, 0]
    assert "/application" not in zoe.get(f"{QUIZ}/incidents").html


def test_marking_again_leaves_out_the_attempts_of_who_commits_it(browser: Browser) -> None:
    """spec/quiz-engine 5.11.3 to 5.11.5: committed, applied, undone and applied again; results follow for each at their moment."""
    team = Class(browser, a_keyed_quiz(browser.instance))
    ada, zoe = team.browsers[ADA], team.browsers[ZOE]
    attempts = [start(team.instance, one, "prueba") for one in (team.ada, team.ben)]
    for learner, attempt in zip((team.ada, team.ben), attempts, strict=True):
        submit(team.instance, learner, attempt, a_batch({1: ["2"], 2: ["1"]}))
    number = a_dry_run(team.instance, team.ada, an_order(team.instance, RegradeKind.FULL_CREDIT))
    browser.deliver_jobs()
    page = f"{QUIZ}/regrades/{regrade_row(team.instance, number).uuid}"

    def marks() -> list[object]:
        return [attempt_row(team.instance, attempt).raw for attempt in attempts]

    ada.get(page)
    assert OUT in ada.submit("/commitment").text
    assert marks() == [1, 2]
    assert team.noted() == [team.ada.person_id]
    assert "/application" not in ada.get(page).html
    browser.deliver_jobs()
    assert marks() == [1, 2]
    zoe.get(page)
    zoe.submit("/application")
    assert marks() == [2, 2]
    ada.get(page)
    assert OUT in ada.submit("/undo", {"reason": "Fue un error."}).text
    assert marks() == [2, 1]
    zoe.get(page)
    zoe.submit("/application")
    assert marks() == [1, 1]
    assert "/application" not in zoe.get(page).html
