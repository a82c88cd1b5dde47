"""Overrides, accommodations and incidents: what holds for whom, what follows, and dates set for one learner.

spec/quiz-engine 5.3.1, 5.10, 5.3; spec/performance P6, P7.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from courses.models import Course, PublicationNature
from enrolments import enrolment, learner_groups, learners
from enrolments.models import ActivityResult, Enrolment
from kernel import outbox
from kernel.audit import AuditEntry
from kernel.outbox import Delivery
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import answering, jobs, overrides
from quizzes.answering import AttemptNotAllowed, StartRequest, TimeIsUp
from quizzes.models import QuizOverride
from quizzes.overrides import NotInForce
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_person, folder, publish, sign_in
from tests.support.learning import (
    At,
    a_batch,
    a_learner,
    actor_of,
    attempt_row,
    fail_quiz,
    mark_done,
    pass_quiz,
    save,
    sitting_of,
    start,
    submit,
)
from tests.support.overrides import NOON, TWICE_LIMITED, Office, accommodate, close_at, end_of_attempt, minutes
from tests.support.quizzes import ONE_QUESTION, a_quiz, counted, right_place
from tests.support.wording import in_spanish


def test_a_learner_inside_the_quiz_gets_the_time_at_the_next_request(instance: Instance) -> None:
    """spec/quiz-engine 5.3.1 and 5.10.1: refused before, taken after; what the job goes by follows too."""
    course = a_quiz(instance, TWICE_LIMITED, questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)
    with pytest.raises(TimeIsUp):
        save(instance, learner, attempt, a_batch({1: ["1"]}), now=NOON + minutes(12))

    office.override(learner, limit_seconds=1200, now=NOON + minutes(12))
    told = save(instance, learner, attempt, a_batch({1: ["1"]}), now=NOON + minutes(13))

    assert told.acknowledged == {1: 1}
    assert told.seconds_left == 7 * 60
    assert attempt_row(instance, attempt).due_at == NOON + minutes(20)


def test_the_job_closes_at_the_end_that_holds_now(instance: Instance) -> None:
    """spec/quiz-engine 5.3.6: not at the old end, and where the time becomes shorter not at the later one."""
    course = a_quiz(instance, TWICE_LIMITED, questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)
    longer = office.override(learner, limit_seconds=1800)
    close_at(instance, NOON + minutes(25))
    before = attempt_row(instance, attempt).state

    office.override(learner, limit_seconds=900, seen=longer, now=NOON + minutes(25))
    close_at(instance, NOON + minutes(25))

    assert before == "in_progress"
    row = attempt_row(instance, attempt)
    assert (row.state, row.finished_at) == ("finished", NOON + minutes(15))


def test_an_extension_reopens_the_grace(instance: Instance) -> None:
    """spec/quiz-engine 5.3.3 and 5.3.1: overdue becomes in progress again when the end moves."""
    course = a_quiz(instance, f"{TWICE_LIMITED}at_end: grace\ngrace: 30 min\n", questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)
    close_at(instance, NOON + minutes(12))
    overdue = attempt_row(instance, attempt).state

    office.override(learner, limit_seconds=1200)
    save(instance, learner, attempt, a_batch({1: ["2"]}), now=NOON + minutes(13))

    assert (overdue, attempt_row(instance, attempt).state) == ("overdue", "in_progress")


def test_a_later_closing_date_of_a_correction_reaches_open_attempts(instance: Instance) -> None:
    """spec/quiz-engine 5.3.1 and 5.14.2: a correction moves everybody; the questions of the attempt stay its own,
    its end follows the new dates.
    """
    quiz = "attempts: 0\ncloses: 2026-06-01 13:00\n"
    course = publish(instance, folder(modules=1, settings=quiz), now=NOON)[0]
    closes = datetime(2026, 6, 1, 18, tzinfo=UTC)  # 13:00 in Guayaquil
    learner = a_learner(instance, course, now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)
    with sitting_of(instance, learner, attempt) as (_session, loaded):
        frozen = [item.question_version_id for item in loaded.items]

    later = folder(modules=1, settings=quiz.replace("13:00", "15:00"))
    publish(instance, later, nature=PublicationNature.CORRECTION, now=NOON + minutes(1))
    outbox.deliver_waiting(instance.worker, now=NOON + timedelta(days=3650))
    told = save(instance, learner, attempt, a_batch({1: ["1"]}), now=closes + timedelta(hours=1))

    assert told.seconds_left == 3600
    assert attempt_row(instance, attempt).due_at == closes + timedelta(hours=2)
    with sitting_of(instance, learner, attempt) as (_session, loaded):
        assert [item.question_version_id for item in loaded.items] == frozen


def test_an_earlier_closing_date_of_a_correction_closes_open_attempts(instance: Instance) -> None:
    """spec/quiz-engine 5.3.1 and 5.3.6: the job finds them by the new date."""
    quiz = "attempts: 0\ncloses: 2026-06-01 15:00\n"
    course = publish(instance, folder(modules=1, settings=quiz), now=NOON)[0]
    learner = a_learner(instance, course, now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)

    publish(
        instance, folder(modules=1, settings=quiz.replace("15:00", "13:00")), nature=PublicationNature.CORRECTION, now=NOON + minutes(1)
    )
    outbox.deliver_waiting(instance.worker, now=NOON + timedelta(days=3650))
    closes = datetime(2026, 6, 1, 18, tzinfo=UTC)
    close_at(instance, closes + minutes(2))

    assert (attempt_row(instance, attempt).state, attempt_row(instance, attempt).finished_at) == ("finished", closes)


def test_an_improvement_leaves_those_inside_their_dates(instance: Instance) -> None:
    """Publishing: an improvement reaches newcomers only."""
    quiz = "attempts: 0\ncloses: 2026-06-01 13:00\n"
    course = publish(instance, folder(modules=1, settings=quiz), now=NOON)[0]
    learner = a_learner(instance, course, now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)

    publish(instance, folder(modules=1, settings=quiz.replace("13:00", "15:00")), now=NOON + minutes(1))
    outbox.deliver_waiting(instance.worker, now=NOON + timedelta(days=3650))

    assert end_of_attempt(instance, learner, attempt) == datetime(2026, 6, 1, 18, tzinfo=UTC)


def test_a_group_gives_to_its_members_and_only_as_long_as_they_are_in_it(instance: Instance) -> None:
    """spec/quiz-engine 5.10.1: groups; joining and leaving reach the open attempt and the job's date."""
    course = a_quiz(instance, TWICE_LIMITED, questions=ONE_QUESTION)
    office = Office(instance, course)
    inside, outside = a_learner(instance, course, now=NOON), a_learner(instance, course, "eva@example.org", now=NOON)
    attempts = [start(instance, learner, "prueba", now=NOON) for learner in (inside, outside)]
    group = office.group(inside)
    office.override(group, limit_seconds=2400)
    ends = [end_of_attempt(instance, learner, attempt) for learner, attempt in zip((inside, outside), attempts, strict=True)]

    with instance.database.unit_of_work() as session:
        assert inside.person_uuid is not None
        learner_groups.take_out_of_group(session, office.editor, group, inside.person_uuid, now=NOON)
    office.follow(NOON)

    assert ends == [NOON + minutes(40), NOON + minutes(10)]
    assert end_of_attempt(instance, inside, attempts[0]) == NOON + minutes(10)
    assert attempt_row(instance, attempts[0]).due_at == NOON + minutes(10)


def test_several_groups_give_the_kindest_and_the_persons_own_beats_them(instance: Instance) -> None:
    """spec/quiz-engine 5.10.1, on the database: close, limit and attempts = max, setting by setting; the own override beats."""
    course = a_quiz(instance, TWICE_LIMITED, questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    office.override(office.group(learner, name="A"), limit_seconds=900, attempts=3)
    office.override(office.group(learner, name="B"), limit_seconds=1200, attempts=0)
    office.override(learner, limit_seconds=660)
    attempt = start(instance, learner, "prueba", now=NOON)

    with sitting_of(instance, learner, attempt) as (_session, loaded):
        assert (loaded.access.limit, loaded.access.attempts) == (660, 0)


def test_what_holds_for_everybody_stands_for_the_quiz_itself(instance: Instance) -> None:
    """spec/quiz-engine 5.10.3: a profile multiplies it, groups and persons beat it."""
    course = a_quiz(instance, TWICE_LIMITED, questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    other = a_learner(instance, course, "eva@example.org", now=NOON)
    accommodate(instance, learner, "1.5")
    office.override(limit_seconds=1200)

    ends = [end_of_attempt(instance, one, start(instance, one, "prueba", now=NOON)) for one in (learner, other)]

    assert ends == [NOON + minutes(30), NOON + minutes(20)]


def test_scenario_2_the_close_date_ends_it_and_an_override_extends_inside(instance: Instance) -> None:
    """spec/quiz-engine 5.14.2: limit 10 min, close date in 6 min: E is the close date; the override extends while inside;
    the seconds told follow.
    """
    course = a_quiz(instance, "attempts: 0\nlimit: 10 min\ncloses: 2026-06-01 07:06\n", questions=ONE_QUESTION)  # 12:06 in UTC
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)
    first = save(instance, learner, attempt, a_batch({1: ["1"]}), now=NOON + minutes(1)).seconds_left

    closing = office.override(learner, sets_closes=True, closes_at=NOON + minutes(8), now=NOON + minutes(1))
    second = save(instance, learner, attempt, a_batch({1: ["1"]}), now=NOON + minutes(1)).seconds_left
    office.override(learner, sets_closes=True, closes_at=None, seen=closing, now=NOON + minutes(1))
    third = save(instance, learner, attempt, a_batch({1: ["1"]}), now=NOON + minutes(1)).seconds_left

    assert (first, second, third) == (5 * 60, 7 * 60, 9 * 60)
    assert attempt_row(instance, attempt).due_at == NOON + minutes(10)


def test_scenario_3_thirty_seconds_late_is_taken_and_ninety_seconds_late_is_not(instance: Instance) -> None:
    """spec/quiz-engine 5.14.3 with 5.10: E is the end by an override. Finish = E where nothing more was taken."""
    course = a_quiz(instance, TWICE_LIMITED, questions=ONE_QUESTION)
    office = Office(instance, course)
    early, late = a_learner(instance, course, now=NOON), a_learner(instance, course, "eva@example.org", now=NOON)
    attempts = [start(instance, one, "prueba", now=NOON) for one in (early, late)]
    office.override(limit_seconds=1200)
    end = NOON + minutes(20)
    places = [right_place(instance, one, attempt) for one, attempt in zip((early, late), attempts, strict=True)]

    submit(instance, early, attempts[0], a_batch({1: [places[0]]}, kind="submit"), now=end + timedelta(seconds=30))
    submit(instance, late, attempts[1], a_batch({1: [places[1]]}, kind="submit"), now=end + timedelta(seconds=90))

    accepted, refused = (attempt_row(instance, attempt) for attempt in attempts)
    assert (accepted.percent, accepted.finished_at) == (100, end + timedelta(seconds=30))
    assert (refused.percent, refused.finished_at) == (0, end)


def test_scenario_5_profile_group_and_own_override_together(instance: Instance) -> None:
    """spec/quiz-engine 5.14.5 and 5.10.3: ×1.5 alone; of a group's limit too; the own override beats both; and back again, one by one."""
    course = a_quiz(instance, "attempts: 1\nlimit: 20 min\n", questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)
    limits = []

    def look() -> None:
        end = end_of_attempt(instance, learner, attempt)
        assert end is not None
        assert attempt_row(instance, attempt).due_at == end
        limits.append((end - NOON).total_seconds() / 60)

    accommodate(instance, learner, "1.5", extra=1, breaks=120)
    look()
    group = office.override(office.group(learner), limit_seconds=25 * 60)
    look()
    own = office.override(learner, limit_seconds=50 * 60)
    look()
    for row in (own, group):
        with instance.database.unit_of_work() as session:
            overrides.end_override(session, office.editor, session.get_one(QuizOverride, row.id), now=NOON)
        office.follow(NOON)
        look()

    assert limits == [32, 25 * 1.5 + 2, 50, 25 * 1.5 + 2, 32]
    with sitting_of(instance, learner, attempt) as (_session, loaded):
        assert loaded.access.attempts == 2


def test_a_profile_moves_the_close_date_of_an_attempt_that_began_before_it(instance: Instance) -> None:
    """spec/quiz-engine 5.10.3: by the same extra minutes, and of no other attempt."""
    course = a_quiz(instance, "attempts: 0\nlimit: 10 min\ncloses: 2026-06-01 07:06\n", questions=ONE_QUESTION)
    learner = a_learner(instance, course, now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)
    accommodate(instance, learner, "2")

    assert end_of_attempt(instance, learner, attempt) == NOON + minutes(16)
    submit(instance, learner, attempt, now=NOON + minutes(7))
    with pytest.raises(AttemptNotAllowed) as refusal:
        start(instance, learner, "prueba", now=NOON + minutes(8))
    assert refusal.value.facts["reasons"] == ["closed"]


def test_more_attempts_and_other_dates_let_somebody_start(instance: Instance) -> None:
    """spec/quiz-engine 5.2.2 and 5.10.1: what was refused is open to the one it is set for, and to nobody else."""
    course = a_quiz(instance, "attempts: 1\nopens: 2026-06-01 08:00\ncloses: 2026-06-01 09:00\n", questions=ONE_QUESTION)
    office = Office(instance, course)
    learner, other = a_learner(instance, course, now=NOON), a_learner(instance, course, "eva@example.org", now=NOON)
    office.override(learner, sets_opens=True, opens_at=NOON, attempts=2)

    fail_quiz(instance, learner, "prueba", now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON + minutes(1))
    with pytest.raises(AttemptNotAllowed) as refusal:
        start(instance, other, "prueba", now=NOON)

    assert attempt_row(instance, attempt).number == 2
    assert refusal.value.facts["reasons"] == ["not_open_yet"]


def begin_with(instance: Instance, learner: Actor, entry: StartRequest, address: str = "") -> UUID:
    """Start an attempt with a password, from an address."""
    actor = replace(learner, address=address)
    with instance.database.unit_of_work() as session:
        subject = learners.get_activity_context(session, actor, "prueba", "cuestionario-1")
        return answering.start_attempt(session, actor, subject, "es", entry, now=NOON).uuid


def test_a_password_and_networks_are_told_together_with_the_other_reasons(instance: Instance) -> None:
    """spec/quiz-engine 5.2.2: all conditions at once; right word and right network open; several groups' words are all accepted."""
    course = a_quiz(instance, TWICE_LIMITED, questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    office.override(office.group(learner, name="A"), password="Ceibo 1", networks="10.20.0.0/16 2001:db8::/32")
    office.override(office.group(learner, name="B"), password="Ceibo 2", networks="192.0.2.7")

    with pytest.raises(AttemptNotAllowed) as both:
        begin_with(instance, learner, StartRequest("ceibo 1"), "203.0.113.5")
    with pytest.raises(AttemptNotAllowed) as one:
        begin_with(instance, learner, StartRequest("ceibo 1"), "10.20.30.40")
    found = begin_with(instance, learner, StartRequest("Ceibo 2"), "::ffff:10.20.30.40")

    assert both.value.facts["reasons"] == ["password", "network"]
    assert one.value.facts["reasons"] == ["password"]
    assert attempt_row(instance, found).state == "in_progress"


def test_one_override_for_each_is_in_force_and_nobody_writes_over_another(instance: Instance) -> None:
    """spec/quiz-engine 5.10.2: who saw something else is told; the database itself allows one."""
    course = a_quiz(instance, TWICE_LIMITED)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    first = office.override(learner, limit_seconds=900)
    second = office.override(learner, limit_seconds=1200, seen=first)

    with pytest.raises(NotInForce):
        office.override(learner, limit_seconds=1500, seen=first)
    with pytest.raises(NotInForce):
        office.override(learner, limit_seconds=1500)
    translation = {column.key: getattr(second, column.key) for column in QuizOverride.__table__.columns if column.key not in ("id", "uuid")}
    with pytest.raises(IntegrityError), instance.database.unit_of_work() as session:
        session.add(QuizOverride(**translation))

    with instance.database.unit_of_work(write=False) as session:
        held = session.scalars(select(QuizOverride).where(QuizOverride.ended_at.is_(None))).one()
        assert held.limit_seconds == 1200


def test_everything_is_in_the_audit_log_with_its_reason_and_no_secret(instance: Instance) -> None:
    """spec/quiz-engine 5.10.2 and 5.10.3: reason, author, time; never the password, never why somebody has a profile."""
    course = a_quiz(instance, TWICE_LIMITED)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    row = office.override(learner, limit_seconds=900, password="secreta")
    with instance.database.unit_of_work() as session:
        overrides.end_override(session, office.editor, session.get_one(QuizOverride, row.id), now=NOON)
    with instance.database.unit_of_work() as session:
        overrides.restore_override(session, office.editor, session.get_one(QuizOverride, row.id), office.quiz(), now=NOON)
    incident = office.give(5, now=NOON)
    office.take_back(incident, now=NOON)
    accommodate(instance, learner, "1.25")

    with instance.database.unit_of_work(write=False) as session:
        entries = session.execute(
            select(AuditEntry.verb, AuditEntry.facts, AuditEntry.actor_id).where(
                AuditEntry.verb.like("override.%") | AuditEntry.verb.like("incident.%") | AuditEntry.verb.like("accommodation.%")
            )
        ).all()
        restored = session.scalars(select(QuizOverride).where(QuizOverride.ended_at.is_(None))).one()
    assert [entry.verb for entry in entries] == [
        "override.set",
        "override.ended",
        "override.set",
        "incident.given",
        "incident.taken_back",
        "accommodation.set",
    ]
    assert json.loads(entries[0].facts)["reason"] == in_spanish("Reason")
    assert json.loads(entries[0].facts)["asks_for_password"] is True
    assert json.loads(entries[3].facts)["reason"] == "Corte de luz"
    assert {entry.actor_id for entry in entries[:5]} == {office.editor.person_id}
    assert not any("secreta" in entry.facts or "médico" in entry.facts for entry in entries)
    assert (restored.limit_seconds, restored.password, restored.reason) == (900, "secreta", in_spanish("Reason"))


def test_a_person_without_a_profile_or_override_has_what_was_published(instance: Instance) -> None:
    """spec/quiz-engine 5.10: nothing leaks from one course, quiz or person to another."""
    course = a_quiz(instance, TWICE_LIMITED, questions=ONE_QUESTION)
    other = publish(instance, folder("otro", modules=1, settings=TWICE_LIMITED))[0]
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    stranger = actor_of(a_person(instance, "sin@example.org"))
    with instance.database.unit_of_work() as session:
        for who in (learner, stranger):
            enrolment.enrol(session, who, learners.get_learner_context(session, who, "otro"), now=NOON)
    office.override(limit_seconds=3600)
    office.override(learner, limit_seconds=7200)
    del other

    ends = [end_of_attempt(instance, who, start(instance, who, "otro", now=NOON)) for who in (learner, stranger)]

    assert ends == [NOON + minutes(10)] * 2


def test_an_incident_gives_minutes_to_every_open_attempt_and_takes_them_back(instance: Instance) -> None:
    """spec/quiz-engine 5.10.4: whatever the end follows from; ended ones and later ones get nothing; a second click nothing more."""
    course = a_quiz(instance, "attempts: 0\nlimit: 10 min\ncloses: 2026-06-01 07:12\n", questions=ONE_QUESTION)
    office = Office(instance, course)
    learners = [a_learner(instance, course, f"p{number}@example.org", now=NOON) for number in range(4)]
    by_limit = start(instance, learners[0], "prueba", now=NOON)
    by_date = start(instance, learners[1], "prueba", now=NOON + minutes(5))
    ended = fail_quiz(instance, learners[2], "prueba", now=NOON)
    preview = start(instance, office.editor, "prueba", now=NOON)
    token = uuid4()

    given = office.give(10, now=NOON + minutes(6), token=token)
    again = office.give(10, now=NOON + minutes(6), token=token)
    after = start(instance, learners[3], "prueba", now=NOON + minutes(7))
    ends = [end_of_attempt(instance, learners[n], one) for n, one in ((0, by_limit), (1, by_date), (3, after))]
    due = [attempt_row(instance, one).due_at for one in (by_limit, by_date)]
    office.take_back(given, now=NOON + minutes(8))
    office.take_back(given, now=NOON + minutes(8))

    assert given.id == again.id
    assert ends == [NOON + minutes(20), NOON + minutes(22), NOON + minutes(12)]
    assert due == ends[:2]
    assert [attempt_row(instance, one).extra_seconds for one in (by_limit, by_date, ended, preview, after)] == [0, 0, 0, 0, 0]
    assert [attempt_row(instance, one).due_at for one in (by_limit, by_date)] == [NOON + minutes(10), NOON + minutes(12)]


def test_an_incident_revives_attempts_whose_end_passed_while_the_server_was_down(instance: Instance) -> None:
    """spec/quiz-engine 5.10.4: nobody closed them yet, so they can go on."""
    course = a_quiz(instance, TWICE_LIMITED, questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)

    office.give(15, now=NOON + minutes(14))
    close_at(instance, NOON + minutes(15))

    assert save(instance, learner, attempt, a_batch({1: ["1"]}), now=NOON + minutes(16)).seconds_left == 9 * 60


def test_the_pause_counts_the_time_that_an_incident_gave(instance: Instance) -> None:
    """spec/quiz-engine 5.2.2: from start + limit, with what was given, where the attempt ended later than that."""
    course = a_quiz(instance, "attempts: 0\nlimit: 10 min\npause: 30 min\n", questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)
    office.give(10, now=NOON + minutes(5))
    submit(instance, learner, attempt, now=NOON + minutes(19))

    with pytest.raises(AttemptNotAllowed):
        start(instance, learner, "prueba", now=NOON + minutes(48))

    assert start(instance, learner, "prueba", now=NOON + minutes(49))


def test_noting_when_attempts_are_due_costs_the_same_for_one_override_and_for_many(instance: Instance) -> None:
    """spec/quiz-engine 5.3.6 and spec/performance P7: a fixed number of statements for a page of attempts."""
    course = a_quiz(instance, TWICE_LIMITED, questions=ONE_QUESTION)
    office = Office(instance, course)
    costs = []
    for number in range(6):
        learner = a_learner(instance, course, f"p{number}@example.org", now=NOON)
        start(instance, learner, "prueba", now=NOON)
        row = office.override(office.group(learner, name=f"Grupo {number}"), limit_seconds=900 + number)
        counter = every_statement(instance.database)
        jobs.note_due(Delivery(instance.database, instance.settings, 1, {"subject": row.id, "verb": "override.set"}, NOON))
        costs.append(len(counter.statements))

    assert len(set(costs[1:])) == 1, costs
    assert counted(instance, QuizOverride) == 6


def test_more_open_attempts_than_one_page_are_all_noted(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/quiz-engine 5.3.6."""
    course = a_quiz(instance, TWICE_LIMITED, questions=ONE_QUESTION)
    office = Office(instance, course)
    attempts = [start(instance, a_learner(instance, course, f"p{n}@example.org", now=NOON), "prueba", now=NOON) for n in range(5)]
    monkeypatch.setattr(jobs, "PAGE", 2)

    office.override(limit_seconds=1200)

    assert {attempt_row(instance, attempt).due_at for attempt in attempts} == {NOON + minutes(20)}


def exhausted(instance: Instance, learner: Actor) -> bool:
    """Return whether a learner's progress takes the quiz for used up."""
    with instance.database.unit_of_work(write=False) as session:
        rows = select(ActivityResult.exhausted).join(Enrolment, Enrolment.id == ActivityResult.enrolment_id)
        return session.scalars(rows.where(Enrolment.person_id == learner.person_id)).one()


def test_progress_follows_when_somebody_gets_attempts_and_loses_them_again(instance: Instance) -> None:
    """spec/quiz-engine 5.10.1 and 5.13: used up, then not, then again; the same for a profile's extra attempt and for a group."""
    course = a_quiz(instance, "attempts: 1\n", questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    fail_quiz(instance, learner, "prueba", now=NOON)
    seen = [exhausted(instance, learner)]

    row = office.override(learner, attempts=3)
    seen.append(exhausted(instance, learner))
    with instance.database.unit_of_work() as session:
        overrides.end_override(session, office.editor, session.get_one(QuizOverride, row.id), now=NOON)
    office.follow(NOON)
    seen.append(exhausted(instance, learner))
    office.override(office.group(learner), attempts=0)
    seen.append(exhausted(instance, learner))

    assert seen == [True, False, True, False]


def test_overrides_follow_a_quiz_that_is_renamed(instance: Instance) -> None:
    """A key may change from version to version; what was set holds for those of the old version and of the new."""
    course = publish(instance, folder(modules=1, settings=TWICE_LIMITED), now=NOON)[0]
    office = Office(instance, course)
    inside, newcomer = a_learner(instance, course, now=NOON), a_learner(instance, course, "eva@example.org", now=NOON)
    attempt = start(instance, inside, "prueba", now=NOON)
    office.override(limit_seconds=1800)
    files = folder(modules=1, settings=TWICE_LIMITED)
    quiz = files["01-parte/03-cuestionario.quiz.yaml"]
    files["01-parte/03-cuestionario.quiz.yaml"] = quiz.replace(b"key: cuestionario-1\n", b"key: examen-1\nformer_keys: [cuestionario-1]\n")

    publish(instance, files, nature=PublicationNature.CORRECTION, now=NOON + minutes(1))
    office.follow(NOON)
    office.follow(NOON)

    assert end_of_attempt(instance, inside, attempt) == NOON + minutes(30)
    fresh = start(instance, newcomer, "prueba", "examen-1", now=NOON)
    assert end_of_attempt(instance, newcomer, fresh) == NOON + minutes(30)
    assert counted(instance, QuizOverride) == 2


def test_of_the_overrides_of_quizzes_that_became_one_the_last_one_holds(instance: Instance) -> None:
    files = folder(modules=1, settings=TWICE_LIMITED)
    name, other = "01-parte/03-cuestionario.quiz.yaml", "01-parte/04-otro.quiz.yaml"
    files[name] = files[name].replace(b"draw: 7", b"draw: 3")
    course = publish(instance, {**files, other: files[name].replace(b"cuestionario-1", b"otro")}, now=NOON)[0]
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    for key, seconds in (("otro", 1200), ("cuestionario-1", 1800)):
        office.key = key
        office.override(limit_seconds=seconds)
    files[name] = files[name].replace(b"key: cuestionario-1\n", b"key: examen-1\nformer_keys: [cuestionario-1, otro]\n")

    publish(instance, files, nature=PublicationNature.CORRECTION, now=NOON + minutes(1))
    office.follow(NOON + minutes(1))
    office.follow(NOON + minutes(1))

    attempt = start(instance, learner, "prueba", "examen-1", now=NOON)
    assert end_of_attempt(instance, learner, attempt) == NOON + minutes(30)
    assert counted(instance, QuizOverride) == 3


OPENS = "attempts: 0\nopens: 2026-06-02 08:00\n"
SCORE = "100\xa0%"
COURSE, HOME = "/courses/prueba", "/learning"


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock that stands at noon."""
    return At(monkeypatch, NOON)


def enrolled(browser: Browser, instance: Instance, course: Course, email: str = "ana@example.org") -> Actor:
    """Enrol somebody and sign them in."""
    learner = a_learner(instance, course, email, now=NOON)
    sign_in(browser, email)
    return learner


def leads_to_quiz(browser: Browser, path: str = COURSE) -> bool:
    """Return whether a page has a link to the quiz."""
    return any(href.endswith("/quizzes/cuestionario-1") for href, _words in browser.get(path).links)


def test_a_quiz_that_opens_earlier_for_somebody_is_open_to_them_on_the_courses_page(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.10.1: an own date beats the quiz's, for its learner alone."""
    course = a_quiz(instance, OPENS, questions=ONE_QUESTION)
    office, learner, other = Office(instance, course), enrolled(browser, instance, course), browser.another()
    enrolled(other, instance, course, "eva@example.org")
    before = leads_to_quiz(browser)

    row = office.override(learner, sets_opens=True, opens_at=NOON)
    during = leads_to_quiz(browser), leads_to_quiz(other)
    office.override(learner, seen=row, limit_seconds=600)

    assert (before, during, leads_to_quiz(browser)) == (False, (True, False), False)


def test_a_quiz_that_opens_later_for_a_group_says_when(browser: Browser, instance: Instance, at: At) -> None:
    course = a_quiz(instance, "attempts: 0\n", questions=ONE_QUESTION)
    office, learner = Office(instance, course), enrolled(browser, instance, course)
    before = leads_to_quiz(browser)

    office.override(office.group(learner), sets_opens=True, opens_at=NOON + timedelta(days=400))

    assert (before, leads_to_quiz(browser)) == (True, False)
    assert "2027" in browser.page.text


def test_the_next_step_on_the_home_page_is_a_quiz_that_opened_earlier(browser: Browser, instance: Instance, at: At) -> None:
    course = a_quiz(instance, OPENS, questions=ONE_QUESTION)
    office, learner = Office(instance, course), enrolled(browser, instance, course)
    for key in ("leccion-1", "video-1"):
        mark_done(instance, learner, "prueba", key, now=NOON)
    before = leads_to_quiz(browser, HOME)

    office.override(learner, sets_opens=True, opens_at=NOON)

    assert (before, leads_to_quiz(browser, HOME)) == (False, True)


def test_a_score_waits_for_the_closing_date_that_holds_for_the_learner(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.9 and 5.10.1: marks are shown after the close, and that may be another one for them."""
    course = a_quiz(
        instance, "attempts: 0\ncloses: 2026-06-01 07:30\nreview: {later: [attempt], closed: [attempt, marks]}\n", questions=ONE_QUESTION
    )
    office, learner = Office(instance, course), enrolled(browser, instance, course)
    pass_quiz(instance, learner, "prueba", now=NOON)
    at.moment = NOON + timedelta(hours=1)
    row, shown = None, {}

    for name, closes_at in (("none", None), ("later", NOON + timedelta(days=2)), ("past", NOON + timedelta(minutes=40))):
        row = office.override(learner, seen=row, sets_closes=True, closes_at=closes_at)
        shown[name] = SCORE in browser.get(COURSE).text
    office.override(learner, seen=row, limit_seconds=600)

    assert shown == {"none": False, "later": False, "past": True}
    assert SCORE in browser.get(COURSE).text


def test_a_quiz_closes_with_its_module_but_for_whom_another_date_was_set(browser: Browser, instance: Instance, at: At) -> None:
    files = folder(modules=1, settings="attempts: 0\n")
    course, _version = publish(instance, {**files, "01-parte/module.yaml": files["01-parte/module.yaml"] + b"closes: 2026-06-10\n"})
    office, learner = Office(instance, course), enrolled(browser, instance, course)
    before = browser.get(COURSE).text
    at.moment = NOON + timedelta(days=10)

    with pytest.raises(AttemptNotAllowed):
        start(instance, learner, "prueba", now=at.moment)
    office.override(learner, sets_closes=True, closes_at=NOON + timedelta(days=20))

    assert in_spanish("Closes on %(moment)s", moment="11 jun 2026") in before.replace("\xa0", " ")
    assert start(instance, learner, "prueba", now=at.moment)


def test_own_dates_cost_the_same_for_one_override_and_for_many(browser: Browser, instance: Instance, at: At) -> None:
    """spec/performance P7: one statement for all quizzes, groups and courses."""
    course = a_quiz(instance, OPENS, questions=ONE_QUESTION)
    office, learner = Office(instance, course), enrolled(browser, instance, course)
    browser.checks = False
    counter = every_statement(instance.database)

    def statements(path: str) -> int:
        browser.get(path)
        counter.reset()
        browser.get(path)
        return len(counter.statements)

    before = [statements(path) for path in (COURSE, HOME)]
    office.override(learner, sets_opens=True, opens_at=NOON)
    for number in range(3):
        office.override(office.group(learner, name=f"Grupo {number}"), sets_closes=True, closes_at=NOON + timedelta(days=number))

    browser.get("/notices")  # what one was told of is news at home until then

    assert [statements(path) for path in (COURSE, HOME)] == before


def test_whether_marks_wait_for_an_open_attempt_is_asked_after_closing_once_for_all_quizzes(
    browser: Browser, instance: Instance, at: At
) -> None:
    """spec/quiz-engine 5.9, spec/performance P6: one statement more than where no quiz has closed yet."""
    course = a_course(instance, modules=3, settings="attempts: 2\nreview: hidden\ncloses: 2026-06-01 07:30\n")
    learner = enrolled(browser, instance, course)
    counter = every_statement(instance.database)

    def statements() -> int:
        browser.get(f"{COURSE}/results")
        counter.reset()
        browser.get(f"{COURSE}/results")
        return len(counter.statements)

    for number in (1, 2, 3):
        pass_quiz(instance, learner, "prueba", f"cuestionario-{number}")
    before = statements()
    at.pass_(minutes=31)

    assert statements() == before + 1
