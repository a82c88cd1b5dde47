"""Dates that learners see, notifications of overrides and changed marks, and acts of which the own record is left out.

spec/quiz-engine 5.2, 5.3.1, 5.10, 5.11.3.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from accounts import notices
from accounts.models import Notification, Person
from accounts.notices import NotificationChoice
from accounts.rules import MailTime
from courses.models import Course, StaffRole
from enrolments import enrolment, learner_groups, learners
from enrolments.dates import DateKind
from enrolments.models import LearnerGroup
from kernel import clock, outbox
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from quizzes import answering, incidents, overrides, snapshots
from quizzes import notices as quizzes_notices
from quizzes.effective_settings import PersonQuizKey, find_setting_sources
from quizzes.models import Attempt, Incident
from quizzes.notices import REMARKED_NOTICE
from quizzes.rules.regrade import RegradeKind
from tests.support.browser import Browser
from tests.support.builders import a_teacher, folder, publish, sign_in
from tests.support.dates import dates_of, moments_of
from tests.support.editions import a_learner_of, an_edition
from tests.support.learning import At, a_batch, a_learner, actor_of, attempt_row, enrolment_of, fail_quiz, pass_quiz, start, submit
from tests.support.overrides import Office, accommodate, end_of_attempt
from tests.support.quizzes import ONE_QUESTION, a_quiz
from tests.support.regrading import a_dry_run, a_keyed_quiz, an_order, commit, regrade_row, two_learners, undo
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
OPENS, CLOSES, ATTEMPT = "quiz:prueba:cuestionario-1:opens", "quiz:prueba:cuestionario-1:closes", "quiz:prueba:cuestionario-1:attempt"
SECOND = timedelta(seconds=1)
DATED = "attempts: 0\nlimit: 30 min\nopens: 2026-06-02 08:00\ncloses: 2026-06-20 18:00\n"


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock that stands at noon."""
    return At(monkeypatch, NOON)


def days(count: float) -> datetime:
    """Return the moment so many days after noon."""
    return NOON + timedelta(days=count)


def may_start(instance: Instance, learner: Actor, at: At, moment: datetime) -> bool:
    """Return whether the engine lets a learner start an attempt at a moment."""
    at.moment = moment
    with instance.database.unit_of_work(write=False) as session:
        subject = learners.get_activity_context(session, learner, "prueba", "cuestionario-1")
        start = replace(answering.load_start(session, learner, subject), history=[])
        return start.ruling(answering.ASKED_NOTHING, now=moment).allowed


Setting = Callable[[Office, Actor], object]
SET: dict[str, Setting] = {
    "as published": lambda _office, _learner: None,
    "everyone later": lambda office, _learner: office.override(sets_opens=True, opens_at=days(3), sets_closes=True, closes_at=days(25)),
    "group earlier": lambda office, learner: office.override(office.group(learner), sets_opens=True, opens_at=days(0.25)),
    "two groups": lambda office, learner: [
        office.override(office.group(learner, name=f"Grupo {day}"), sets_closes=True, closes_at=days(day)) for day in (8, 9)
    ],
    "own before group": lambda office, learner: [
        office.override(office.group(learner), sets_closes=True, closes_at=days(40)),
        office.override(learner, sets_closes=True, closes_at=days(5)),
    ],
    "own without end": lambda office, learner: office.override(learner, sets_closes=True, closes_at=None),
    "own without opening": lambda office, learner: office.override(learner, sets_opens=True, opens_at=None),
    "someone else's group": lambda office, _learner: office.override(office.group(), sets_opens=True, opens_at=days(9)),
    "longer time": lambda office, learner: accommodate(office.instance, learner, "2"),
}


@pytest.mark.parametrize("how", SET)
@pytest.mark.parametrize("module", ["", "opens: 2026-06-03 09:00\ncloses: 2026-06-18 09:00\n"])
def test_the_dates_are_those_by_which_an_attempt_may_start(instance: Instance, at: At, how: str, module: str) -> None:
    files = folder(modules=1, settings=DATED)
    files["01-parte/banco.yaml"] = ONE_QUESTION.encode()
    files["01-parte/03-cuestionario.quiz.yaml"] = files["01-parte/03-cuestionario.quiz.yaml"].replace(b"draw: 7", b"question: suma-1")
    files["01-parte/module.yaml"] += module.encode()
    course, _version = publish(instance, files, now=NOON)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)

    SET[how](office, learner)

    found = moments_of(instance, learner, now=NOON)
    opens = found.get(OPENS) or found.get("module:prueba:parte-1:opens", NOON)
    closes = found.get(CLOSES)
    if how == "own without opening":
        opens = NOON
    assert may_start(instance, learner, at, opens)
    assert opens == NOON or not may_start(instance, learner, at, opens - SECOND)
    assert may_start(instance, learner, at, (closes or days(4000)) - SECOND)
    assert closes is None or not may_start(instance, learner, at, closes)
    assert (closes is None) is (how == "own without end")


@pytest.mark.parametrize(("begins", "ends"), [(None, 3), (2, 3), (0.1, 30), (5, None)])
def test_an_edition_opens_and_closes_quizzes_where_it_is_narrower(
    instance: Instance, at: At, begins: float | None, ends: float | None
) -> None:
    course = a_quiz(instance, DATED, questions=ONE_QUESTION)
    starts_at, ends_at = (None if day is None else days(day) for day in (begins, ends))
    edition = an_edition(instance, course, starts_at=starts_at, ends_at=ends_at)
    learner = a_learner_of(instance, course, edition)

    found = moments_of(instance, learner, now=NOON)

    opens = max(moment for key, moment in found.items() if key.endswith((":opens", ":begins")))
    closes = min(moment for key, moment in found.items() if key.endswith((":closes", ":ends")))
    assert may_start(instance, learner, at, opens)
    assert not may_start(instance, learner, at, opens - SECOND)
    assert may_start(instance, learner, at, closes - SECOND)
    assert not may_start(instance, learner, at, closes)
    assert (CLOSES in found) is (ends is None or ends > 20)


@pytest.mark.parametrize("how", ["as published", "longer time", "own before group", "own without end"])
def test_an_attempt_in_progress_ends_when_the_engine_ends_it(instance: Instance, at: At, how: str) -> None:
    """spec/quiz-engine 5.3.1."""
    course = a_quiz(instance, DATED, questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    at.moment = days(4.999)
    attempt = start(instance, learner, "prueba", now=at.moment)
    SET[how](office, learner)
    office.give(300, now=at.moment)

    found = {item.kind: item for item in dates_of(instance, learner, now=at.moment)}

    assert found[DateKind.ATTEMPT_ENDS].at == end_of_attempt(instance, learner, attempt)
    assert found[DateKind.ATTEMPT_ENDS].path == f"/attempts/{attempt}"
    assert not found[DateKind.ATTEMPT_ENDS].done


def test_an_attempt_without_an_end_is_dated_by_its_beginning(instance: Instance, at: At) -> None:
    learner = a_learner(instance, a_quiz(instance, "attempts: 0\n", questions=ONE_QUESTION), now=NOON)
    start(instance, learner, "prueba", now=NOON)

    (found,) = dates_of(instance, learner, now=days(1))

    assert (found.kind, found.at, found.title) == (DateKind.ATTEMPT_OPEN, NOON, "Cuestionario 1")
    assert dates_of(instance, learner, now=days(1), since=days(1)) == []


def test_a_quiz_that_closes_when_its_attempt_ends_is_dated_once(instance: Instance, at: At) -> None:
    learner = a_learner(instance, a_quiz(instance, "attempts: 0\ncloses: 2026-06-20 18:00\n", questions=ONE_QUESTION), now=NOON)
    before = [item.kind for item in dates_of(instance, learner, now=NOON)]

    start(instance, learner, "prueba", now=NOON)

    assert before == [DateKind.ACTIVITY_CLOSES]
    assert [item.kind for item in dates_of(instance, learner, now=NOON)] == [DateKind.ATTEMPT_ENDS]


def test_a_quiz_that_is_passed_or_used_up_asks_for_nothing_any_more(instance: Instance, at: At) -> None:
    course = a_quiz(instance, "attempts: 1\ncloses: 2026-06-20 18:00\n", questions=ONE_QUESTION)
    fresh, passed, failed = (a_learner(instance, course, f"{name}@example.org", now=NOON) for name in ("ana", "eva", "leo"))
    pass_quiz(instance, passed, "prueba", now=NOON)
    fail_quiz(instance, failed, "prueba", now=NOON)

    found = {item.person_id: item.done for item in dates_of(instance, fresh, passed, failed, now=NOON)}

    assert found == {fresh.person_id: False, passed.person_id: True, failed.person_id: True}


def pause_over(instance: Instance, learner: Actor, moment: datetime) -> datetime | None:
    """Return until when the engine lets a learner wait before the next attempt."""
    with instance.database.unit_of_work(write=False) as session:
        subject = learners.get_activity_context(session, learner, "prueba", "cuestionario-1")
        ruling = answering.load_start(session, learner, subject).ruling(answering.ASKED_NOTHING, now=moment)
    return next((refusal.until for refusal in ruling.refusals if refusal.until is not None), None)


@pytest.mark.parametrize("how", ["as published", "longer time"])
@pytest.mark.parametrize("tries", [1, 2])
def test_the_pause_between_attempts_is_over_when_the_engine_says_so(instance: Instance, at: At, how: str, tries: int) -> None:
    course = a_quiz(instance, "attempts: 0\nlimit: 10 min\npause: {first: 24 h, later: 48 h}\n", questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    SET[how](office, learner)
    for number in range(tries):
        at.moment = days(3 * number)
        fail_quiz(instance, learner, "prueba", now=at.moment)
    at.pass_(minutes=30)

    (found,) = dates_of(instance, learner, now=at.moment)

    assert (found.kind, found.at) == (DateKind.CONDITION_OPENS, pause_over(instance, learner, at.moment))
    assert dates_of(instance, learner, now=found.at) == []


def test_a_pause_that_lasts_until_the_quiz_is_closed_has_no_date(instance: Instance, at: At) -> None:
    course = a_quiz(instance, "attempts: 0\npause: 24 h\ncloses: 2026-06-02 10:00\n", questions=ONE_QUESTION)
    early, late = (a_learner(instance, course, f"{name}@example.org", now=NOON) for name in ("ana", "eva"))
    fail_quiz(instance, early, "prueba", now=NOON)
    at.moment = NOON + timedelta(hours=6)
    fail_quiz(instance, late, "prueba", now=at.moment)

    told = {item.person_id for item in dates_of(instance, early, late, now=at.moment) if item.kind is DateKind.CONDITION_OPENS}

    assert told == {early.person_id}


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


TIMED = "attempts: 1\nlimit: 20 min\ncloses: 2026-06-01 13:00\n"


def told(instance: Instance, learner: Actor) -> list[tuple[str, str]]:
    """Return kind and subject of what somebody was told, in order; every job done twice."""
    outbox.deliver_waiting(instance.worker, now=clock.now() + timedelta(days=3650))
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(Notification).where(Notification.person_id == learner.person_id).order_by(Notification.id))
        return [(row.kind, row.subject["es"]) for row in rows]


TIME = ("time", "Otras fechas, más tiempo o más intentos en «Cuestionario 1»")


def test_who_gets_more_by_an_override_is_told_once_and_nobody_else(instance: Instance) -> None:
    """spec/quiz-engine 5.10.1: the learner, or the members of the group; what takes away, or changes nothing, is not told."""
    course = a_quiz(instance, TIMED, questions=ONE_QUESTION)
    office = Office(instance, course)
    ana, eva, leo = (a_learner(instance, course, f"{name}@example.org", now=NOON) for name in ("ana", "eva", "leo"))

    row = office.override(ana, limit_seconds=1800)
    row = office.override(ana, seen=row, limit_seconds=1500, password="llave")
    office.override(ana, seen=row, limit_seconds=2400)
    office.override(office.group(eva), attempts=3)
    office.override(leo, limit_seconds=600)

    assert told(instance, ana) == [TIME, TIME]
    assert told(instance, eva) == [TIME]
    assert told(instance, leo) == []


def test_for_everybody_each_is_told_for_whom_it_is_kinder(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/quiz-engine 5.10.1: whoever has more by an override of their own gets nothing new; in portions, nobody is left out."""
    monkeypatch.setattr(quizzes_notices, "PORTION", 2)
    course = a_quiz(instance, TIMED, questions=ONE_QUESTION)
    office = Office(instance, course)
    people = [a_learner(instance, course, f"p{number}@example.org", now=NOON) for number in range(5)]
    office.override(people[0], limit_seconds=0)

    office.override(limit_seconds=1500)

    assert [len(told(instance, person)) for person in people] == [1, 1, 1, 1, 1]
    assert told(instance, people[0]) == [TIME]


def test_an_override_that_was_ended_before_anybody_was_told_is_not_told(instance: Instance) -> None:
    course = a_quiz(instance, TIMED, questions=ONE_QUESTION)
    office, ana = Office(instance, course), a_learner(instance, course, now=NOON)
    quiz = office.quiz()
    with instance.database.unit_of_work() as session:
        person = session.get_one(Person, ana.person_id)
        values = overrides.OverrideValues(attempts=3)
        row = overrides.set_override(session, office.editor, quiz, overrides.OverrideTarget(person=person), values, "Motivo", now=NOON)
        overrides.end_override(session, office.editor, row, now=NOON)

    assert told(instance, ana) == []


def test_minutes_for_all_are_told_to_those_who_have_an_attempt_open(instance: Instance) -> None:
    """spec/quiz-engine 5.10.4: the incident tool; time that was taken back at once is not told."""
    course = a_quiz(instance, "attempts: 0\nlimit: 20 min\n", questions=ONE_QUESTION)
    office, ana, eva = (
        Office(instance, course),
        a_learner(instance, course, now=NOON),
        a_learner(instance, course, "eva@example.org", now=NOON),
    )
    start(instance, ana, "prueba", now=NOON)

    office.give(10, now=NOON)
    quiz = office.quiz()
    with instance.database.unit_of_work() as session:
        again = incidents.add_incident_time(session, office.editor, quiz, 5, "Otra vez", uuid4(), now=NOON)
        incidents.undo_incident(session, office.editor, session.get_one(Incident, again.id), now=NOON)

    assert told(instance, ana) == [("time", in_spanish("%(count)s extra minute in “%(title)s”", 10, title="Cuestionario 1"))]
    assert told(instance, eva) == []


@pytest.fixture
def editor(instance: Instance) -> Actor:
    """Return somebody who edits the course whose key is wrong."""
    return actor_of(a_teacher(instance, a_keyed_quiz(instance)))


CHANGED = ("remarked", "Su calificación en «Cuestionario 1» cambió")


def test_whose_mark_changed_by_marking_again_is_told_and_of_its_undoing_too(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.3: only after the commit, each once; the marks themselves are not in the notice."""
    ana, leo, *_attempts = two_learners(instance)
    dry_run = a_dry_run(instance, editor, an_order(instance, RegradeKind.OTHER, 2))
    before = told(instance, ana)
    commit(instance, editor, dry_run)
    after = told(instance, ana), told(instance, leo)
    undo(instance, editor, dry_run)

    assert before == []
    assert after == ([CHANGED], [CHANGED])
    assert told(instance, ana)[1:] == [("remarked", in_spanish("Your grade in “%(title)s” is back to what it was", title="Cuestionario 1"))]
    with instance.database.unit_of_work(write=False) as session:
        assert not any(
            "%" in text for row in session.scalars(select(Notification)) for text in (*row.subject.values(), *row.words.values())
        )


def test_who_wants_no_notice_of_marks_is_told_of_neither(instance: Instance, editor: Actor) -> None:
    """A kind of its own, with its switch."""
    ana, leo, *_attempts = two_learners(instance)
    with instance.database.unit_of_work() as session:
        person = session.get_one(Person, ana.person_id)
        never = {REMARKED_NOTICE.value: NotificationChoice(in_bell=False, mail=MailTime.NEVER)}
        notices.set_notification_choices(session, SYSTEM, person, never, now=clock.now())
    dry_run = a_dry_run(instance, editor, an_order(instance, RegradeKind.OTHER, 2))
    commit(instance, editor, dry_run)
    told(instance, leo)
    undo(instance, editor, dry_run)

    assert (told(instance, ana), len(told(instance, leo))) == ([], 2)
