"""Who is told of an override, of time given to all, and of marks that changed by marking again: once for each event.

spec/quiz-engine 5.10, 5.11.3.
"""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from accounts import notices
from accounts.models import Notification, Person
from accounts.notices import NotificationChoice
from accounts.rules import MailTime, NoticeKind
from kernel import clock, outbox
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from quizzes import incidents, overrides
from quizzes import notices as quizzes_notices
from quizzes.models import Incident
from quizzes.rules.regrade import RegradeKind
from tests.support.builders import a_teacher
from tests.support.learning import a_learner, actor_of, start
from tests.support.overrides import Office
from tests.support.quizzes import ONE_QUESTION, a_quiz
from tests.support.regrading import a_dry_run, a_keyed_quiz, an_order, commit, two_learners, undo
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DATED = "attempts: 1\nlimit: 20 min\ncloses: 2026-06-01 13:00\n"


def told(instance: Instance, learner: Actor) -> list[tuple[str, str]]:
    """Return kind and subject of what somebody was told, in order; every job done twice."""
    outbox.deliver_waiting(instance.worker, now=clock.now() + timedelta(days=3650))
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(Notification).where(Notification.person_id == learner.person_id).order_by(Notification.id))
        return [(row.kind, row.subject["es"]) for row in rows]


TIME = ("time", "Otras fechas, más tiempo o más intentos en «Cuestionario 1»")


def test_who_gets_more_by_an_override_is_told_once_and_nobody_else(instance: Instance) -> None:
    """spec/quiz-engine 5.10.1: the learner, or the members of the group; what takes away, or changes nothing, is not told."""
    course = a_quiz(instance, DATED, questions=ONE_QUESTION)
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
    course = a_quiz(instance, DATED, questions=ONE_QUESTION)
    office = Office(instance, course)
    people = [a_learner(instance, course, f"p{number}@example.org", now=NOON) for number in range(5)]
    office.override(people[0], limit_seconds=0)

    office.override(limit_seconds=1500)

    assert [len(told(instance, person)) for person in people] == [1, 1, 1, 1, 1]
    assert told(instance, people[0]) == [TIME]


def test_an_override_that_was_ended_before_anybody_was_told_is_not_told(instance: Instance) -> None:
    course = a_quiz(instance, DATED, questions=ONE_QUESTION)
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
        never = {NoticeKind.REMARKED: NotificationChoice(in_bell=False, mail=MailTime.NEVER)}
        notices.set_notification_choices(session, SYSTEM, person, never, now=clock.now())
    dry_run = a_dry_run(instance, editor, an_order(instance, RegradeKind.OTHER, 2))
    commit(instance, editor, dry_run)
    told(instance, leo)
    undo(instance, editor, dry_run)

    assert (told(instance, ana), len(told(instance, leo))) == ([], 2)
