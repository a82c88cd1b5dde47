"""Reminders from end to end, with a clock that is moved: the twelve cases of spec/compulsory 10, and each reason of 10.3."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from accounts import notices
from accounts.models import Notification, Person
from accounts.notices import NotificationChoice
from accounts.rules import MailTime
from compliance import obligations
from compliance.models import Assignment, Obligation, Reminder, Waiver
from compliance.notices import TRAINING_NOTICE
from compliance.obligations import ObligationValues
from enrolments import enrolment, learners
from kernel.durations import Duration
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from organisations.models import AudienceStayRecord
from organisations.rules.units import OrganisationKind
from tests.support.builders import a_course, a_person
from tests.support.editions import a_learner_of, an_edition
from tests.support.learning import At, a_learner, actor_of, mark_done, pass_quiz
from tests.support.obligations import an_obligation, assignment_of, let_stay, rules_of
from tests.support.places import a_place, put
from tests.support.postbox import Postbox, worker_sending_to
from tests.support.reminders import ReminderTrial, due_on, let_free, mails_to, quito
from tests.support.training_cases import A
from tests.support.wording import in_spanish


@pytest.fixture
def trial(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> ReminderTrial:
    return ReminderTrial.begin(instance, At(monkeypatch, datetime(2026, 1, 1, tzinfo=UTC)))


def somebody(trial: ReminderTrial, email: str = "ana@example.org", *, since: date = date(2026, 1, 10), confirmed: bool = True) -> Person:
    """Return somebody in the audience who was told of the obligation when they joined."""
    person = a_person(trial.instance, email, confirmed=confirmed)
    let_stay(trial.instance, trial.audience, person, since, now=datetime(since.year, since.month, since.day, 11, tzinfo=UTC))
    return person


def waive(trial: ReminderTrial, person: Person, first: date, last: date) -> None:
    """Let somebody be excused, as approved in November."""
    with trial.instance.database.unit_of_work() as session:
        row = Waiver(person_id=person.id, kind="medical", first_on=first, last_on=last, state="approved")
        row.proposed_at = row.decided_at = quito("2026-11-20T10:00")
        session.add(row)
        assignments = update(Assignment).where(Assignment.person_id == person.id)
        session.execute(assignments.values(next_change_at=row.decided_at, next_state=Assignment.state, next_flags=Assignment.flags))


def move(trial: ReminderTrial, last_on: date, now: str) -> None:
    """Move the last day of the obligation by a version of its own."""
    moment = quito(now)
    terms = replace(rules_of(trial.course, due_on(last_on)), effective_on=moment.date())
    with trial.instance.database.unit_of_work() as session:
        row = session.get_one(Obligation, trial.obligation.id)
        values = ObligationValues({"es": "Curso obligatorio"}, terms)
        author = session.scalars(select(Person.id).order_by(Person.id)).first()
        obligations.add_version(session, Actor(person_id=author), row, row.edited, values, "Acuerdo 5", now=moment)


def test_a_step_on_a_sunday_goes_out_on_monday(trial: ReminderTrial) -> None:
    """spec/compulsory 10, case 1."""
    ana = somebody(trial)
    trial.run("2026-01-12T09:00", "2026-11-15T12:00")
    assert trial.decided(ana) == []

    trial.run("2026-11-16T07:59", "2026-11-16T08:00", "2026-11-16T08:05")

    assert trial.decided(ana) == [(30, "2026-11-16", "")]
    assert trial.sent_at(ana)[1:] == [datetime(2026, 11, 16, 13, tzinfo=UTC)]


def test_eight_in_the_morning_is_that_of_the_persons_unit(trial: ReminderTrial) -> None:
    """spec/compulsory 10, case 2."""
    islands = a_place(trial.instance, "Galápagos", trial.institution, kind=OrganisationKind.PROVINCE)
    ana, blas = somebody(trial), somebody(trial, "blas@example.org")
    put(trial.instance, blas, islands)
    trial.run("2026-11-24T09:00")

    trial.run("2026-12-08T08:00", "2026-12-08T08:59", "2026-12-08T09:00")

    assert trial.decided(ana)[-1] == trial.decided(blas)[-1] == (7, "2026-12-08", "")
    assert trial.sent_at(ana)[-1] == datetime(2026, 12, 8, 13, tzinfo=UTC)
    assert trial.sent_at(blas)[-1] == datetime(2026, 12, 8, 14, tzinfo=UTC)


def test_what_was_done_the_evening_before_is_not_reminded_of(trial: ReminderTrial) -> None:
    """spec/compulsory 10, case 3, and 10.3 `done`."""
    learner = a_learner(trial.instance, trial.course)
    person = a_person_of(trial, learner)
    let_stay(trial.instance, trial.audience, learner)
    trial.run("2026-11-24T09:00")
    evening = quito("2026-12-07T22:00")
    trial.at.moment = evening
    mark_done(trial.instance, learner, trial.course.slug, "leccion-1", now=evening)
    pass_quiz(trial.instance, learner, trial.course.slug, now=evening)

    trial.run("2026-12-08T08:00", "2026-12-14T08:00")

    assert trial.decided(person)[-2:] == [(7, "2026-12-08", "done"), (1, "2026-12-14", "done")]
    assert len(trial.sent_at(person)) == 1


def a_person_of(trial: ReminderTrial, learner: Actor) -> Person:
    with trial.instance.database.unit_of_work(write=False) as session:
        return session.get_one(Person, learner.person_id)


def test_who_is_excused_is_not_reminded_until_the_new_last_day_comes_near(trial: ReminderTrial) -> None:
    """spec/compulsory 10, case 4, and 10.3 `waived`."""
    ana = somebody(trial)
    trial.run("2026-11-16T09:00")
    waive(trial, ana, date(2026, 12, 1), date(2026, 12, 20))

    trial.run("2026-11-24T09:00", "2026-12-08T08:00", "2026-12-14T08:00", "2026-12-21T08:00", "2026-12-28T08:00", "2027-01-01T08:00")

    assert trial.decided(ana) == [
        (30, "2026-11-16", ""),
        (7, "2026-12-08", "waived"),
        (1, "2026-12-14", "waived"),
        (30, "2026-12-07", "too_late"),
        (7, "2026-12-28", ""),
        (1, "2027-01-01", ""),
    ]
    assert trial.decided(ana, "waiver_ends") == [(0, "2026-12-14", "")]


def test_who_joins_late_gets_the_steps_that_are_left(trial: ReminderTrial) -> None:
    """spec/compulsory 10, case 5, and 10.3 `before_joining`."""
    ana = somebody(trial, since=date(2026, 12, 10))

    trial.run("2026-12-10T11:00", "2026-12-17T08:00", "2026-12-23T08:00")

    assert trial.decided(ana, "assigned") == [(0, "2026-12-10", "")]
    assert trial.decided(ana) == [(30, "2026-11-24", "before_joining"), (7, "2026-12-17", ""), (1, "2026-12-23", "")]


def test_a_step_of_a_size_that_went_out_this_week_is_not_sent_again(trial: ReminderTrial) -> None:
    """spec/compulsory 10, case 6, and 10.3 `recent`."""
    ana = somebody(trial)
    trial.run("2026-11-16T09:00", "2026-12-08T08:00")
    move(trial, date(2026, 12, 18), "2026-12-09T10:00")

    trial.run("2026-12-09T10:05", "2026-12-11T08:00", "2026-12-14T08:00", "2026-12-17T08:00")

    assert trial.decided(ana)[2:] == [(30, "2026-11-18", "too_late"), (7, "2026-12-11", "recent"), (1, "2026-12-17", "")]


@pytest.mark.parametrize(("back", "reason"), [("2026-11-17T10:00", ""), ("2026-11-25T10:00", "too_late")])
def test_what_could_not_be_sent_in_time_is_sent_within_three_days(trial: ReminderTrial, back: str, reason: str) -> None:
    """spec/compulsory 10, case 7, and 10.3 `too_late`."""
    ana = somebody(trial)
    trial.run("2026-11-12T17:00")

    trial.run(back)

    assert trial.decided(ana) == [(30, "2026-11-16", reason)]
    assert trial.sent_at(ana)[1:] == ([] if reason else [quito(back)])


def test_two_obligations_are_lines_of_one_mail(trial: ReminderTrial) -> None:
    """spec/compulsory 10, case 8, and 10.4."""
    ana, blas = somebody(trial), somebody(trial, "blas@example.org")
    second = a_course(trial.instance, "otro", modules=1)
    an_obligation(trial.instance, trial.audience, rules_of(second), key="otra")
    trial.run("2026-11-24T09:00")

    trial.run("2026-12-08T08:00")

    assert trial.decided(ana)[-2:] == [(7, "2026-12-08", ""), (7, "2026-12-08", "")]
    assert len(trial.sent_at(ana)) == 2
    mail = mails_to(trial.instance, ana)[-1]
    assert mail.count("martes 15 de diciembre de 2026") == 2
    with trial.instance.database.unit_of_work(write=False) as session:
        keys = session.execute(select(Notification.key, Notification.words).where(Notification.given_at == quito("2026-12-08T08:00"))).all()
    assert {row.key for row in keys} == {"training:2026-12-08"}
    assert len(keys) == 2
    assert keys[0].words == keys[1].words
    assert blas.email not in mail


def test_what_would_fall_on_the_last_day_goes_out_before_it(trial: ReminderTrial) -> None:
    """spec/compulsory 10, case 9, and 10.2: Christmas is free, then comes a weekend."""
    ana = somebody(trial)
    move(trial, date(2026, 12, 28), "2026-11-10T10:00")
    trial.run("2026-12-21T09:00")

    trial.run("2026-12-24T08:00", "2026-12-25T08:00", "2026-12-27T08:00")

    assert trial.decided(ana)[-1] == (1, "2026-12-24", "")
    assert trial.sent_at(ana)[-1] == quito("2026-12-24T08:00")


def test_who_is_overdue_is_told_the_day_after(trial: ReminderTrial) -> None:
    """spec/compulsory 10, case 10, its first part, and 10.1: then every fourteen days, three times at most."""
    ana = somebody(trial)
    trial.run("2026-12-14T09:00", "2026-12-16T00:05", "2026-12-16T08:00", "2026-12-30T08:00", "2027-01-13T08:00", "2027-01-27T08:00")

    assert trial.decided(ana, "overdue") == [(1, "2026-12-16", ""), (2, "2026-12-30", ""), (3, "2027-01-13", "")]


def test_a_mail_server_that_was_away_gets_one_mail(trial: ReminderTrial) -> None:
    """spec/compulsory 10, case 11."""
    ana = somebody(trial)
    trial.run("2026-11-24T09:00")
    box = Postbox(answers={"MAIL": "421 later"})
    trial.worker = worker_sending_to(trial.instance, box)
    trial.run("2026-12-08T08:00", "2026-12-08T09:30")
    assert box.messages == []

    box.answers.clear()
    trial.run("2026-12-08T11:05", "2026-12-08T12:30", "2026-12-08T12:35")

    box.close()
    assert len(box.messages) == 1
    with trial.instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(Reminder).order_by(Reminder.id.desc())).first()
        assert row is not None
        assert (row.step, row.reason, row.at) == (7, "", quito("2026-12-08T08:00"))
        assert row.mailed_at is not None
        assert row.mailed_at >= quito("2026-12-08T11:05")
    assert len(trial.sent_at(ana)) == 2


def test_who_never_confirmed_their_address_gets_no_mail(trial: ReminderTrial) -> None:
    """spec/compulsory 10, case 12, and 10.3 `no_address`."""
    ana = somebody(trial, confirmed=False)

    trial.run("2026-11-24T09:00", "2026-12-08T08:00")

    assert trial.decided(ana)[-1] == (7, "2026-12-08", "no_address")
    assert mails_to(trial.instance, ana) == []


def test_who_switched_the_mail_off_keeps_the_bell(trial: ReminderTrial) -> None:
    """spec/compulsory 10.5 and 10.3 `switched_off`."""
    ana = somebody(trial)
    with trial.instance.database.unit_of_work() as session:
        choice = {TRAINING_NOTICE.value: NotificationChoice(True, MailTime.NEVER)}
        person = session.get_one(Person, ana.id)
        notices.set_notification_choices(session, actor_of(person), person, choice, now=trial.at.moment)

    trial.run("2026-11-24T09:00", "2026-12-08T08:00")

    assert trial.decided(ana)[-1] == (7, "2026-12-08", "switched_off")
    assert mails_to(trial.instance, ana) == []
    assert len(trial.sent_at(ana)) == 2


def test_what_happens_later_on_a_day_with_a_mail_waits_for_the_next_working_day(trial: ReminderTrial) -> None:
    """spec/compulsory 10.4 and 10.3 `cap`: assigned on a Friday after the mail of the morning, told on Monday."""
    ana = somebody(trial)
    trial.run("2026-11-12T09:00")
    move(trial, date(2026, 12, 11), "2026-11-12T12:00")
    trial.run("2026-11-12T12:05", "2026-12-04T08:00")
    second = a_course(trial.instance, "otro", modules=1)
    an_obligation(trial.instance, trial.audience, rules_of(second, due_on(date(2027, 3, 1))), key="otra")

    trial.run("2026-12-04T15:00", "2026-12-05T09:00", "2026-12-07T08:00", "2026-12-07T08:05")

    assert trial.decided(ana, "assigned")[1:] == [(0, "2026-12-04", "cap"), (0, "2026-12-07", "")]
    assert [moment.astimezone(UTC) for moment in trial.sent_at(ana)[-2:]] == [quito("2026-12-04T08:00"), quito("2026-12-07T08:00")]


def test_who_left_the_audience_is_not_reminded(trial: ReminderTrial) -> None:
    """spec/compulsory 10.3 `not_required`."""
    ana = somebody(trial)
    trial.run("2026-11-24T09:00")
    with trial.instance.database.unit_of_work() as session:
        stay = session.scalars(select(AudienceStayRecord).where(AudienceStayRecord.person_id == ana.id)).one()
        stay.retracted_at = quito("2026-12-02T09:00")
        values = {"since_on": stay.since_on, "until_on": date(2026, 12, 1), "recorded_at": stay.retracted_at}
        session.add(AudienceStayRecord(audience_id=trial.audience.id, person_id=ana.id, **values))

    trial.run("2026-12-02T09:05", "2026-12-08T08:00")

    assert trial.decided(ana)[-1] == (7, "2026-12-08", "not_required")


def test_an_obligation_that_ended_reminds_nobody(trial: ReminderTrial) -> None:
    """spec/compulsory 10.3 `ended`."""
    ana = somebody(trial)
    trial.run("2026-11-24T09:00")
    with trial.instance.database.unit_of_work() as session:
        row = session.get_one(Obligation, trial.obligation.id)
        obligations.end_obligation(session, SYSTEM, row, date(2026, 12, 1), "Se derogó.", now=quito("2026-12-01T09:00"))

    trial.run("2026-12-02T09:00", "2026-12-08T08:00")

    assert trial.decided(ana)[-1] == (7, "2026-12-08", "ended")


def test_who_may_renew_is_told_when_the_window_opens(trial: ReminderTrial) -> None:
    """spec/compulsory 10.1, *renewal opens*."""
    ana = somebody(trial)
    course = a_course(trial.instance, "anual", modules=1, settings="attempts: 0\n")
    an_obligation(trial.instance, trial.audience, rules_of(course, replace(A, validity=Duration(months=12))), key="anual")
    learner = actor_of(ana)
    done = quito("2026-02-02T10:00")
    trial.at.moment = done
    with trial.instance.database.unit_of_work() as session:
        enrolment.enrol(session, learner, learners.get_learner_context(session, learner, "anual"), now=done)
    mark_done(trial.instance, learner, "anual", "leccion-1", now=done)
    pass_quiz(trial.instance, learner, "anual", now=done)
    trial.run("2026-02-03T09:00", "2026-12-01T09:00")
    assert trial.decided(ana, "renewal_opens") == []

    trial.run("2026-12-04T00:05", "2026-12-04T08:00", "2026-12-05T08:00")

    assert trial.decided(ana, "renewal_opens") == [(0, "2026-12-04", "")]


def test_a_province_has_free_days_of_its_own(trial: ReminderTrial) -> None:
    """spec/compulsory 10.2."""
    here = a_place(trial.instance, "Azuay", trial.institution, kind=OrganisationKind.PROVINCE)
    let_free(trial.instance, date(2026, 12, 8), "Fiesta", province="azuay")
    ana, blas = somebody(trial), somebody(trial, "blas@example.org")
    put(trial.instance, blas, a_place(trial.instance, "Cuenca", here))
    trial.run("2026-11-24T09:00")

    trial.run("2026-12-08T08:00", "2026-12-09T08:00")

    assert (trial.decided(ana)[-1], trial.decided(blas)[-1]) == ((7, "2026-12-08", ""), (7, "2026-12-09", ""))


def test_the_mail_names_training_course_last_day_and_minutes_and_can_be_stopped(trial: ReminderTrial) -> None:
    """spec/compulsory 10.5: in both languages, one link, nothing of others."""
    ana, john = somebody(trial), a_person(trial.instance, "john@example.org", language="en")
    let_stay(trial.instance, trial.audience, john)
    trial.run("2026-11-24T09:00", "2026-12-08T08:00")

    spanish, english = mails_to(trial.instance, ana)[-1], mails_to(trial.instance, john)[-1]
    assert spanish.startswith("Hasta el martes 15 de diciembre de 2026: Curso obligatorio")
    assert in_spanish("It is met with the course “%(course)s”.", course="Curso de prueba prueba") in " ".join(spanish.split())
    assert " ".join(spanish.split()).count(in_spanish("What is required takes about %(time)s more.", time="12 min")) == 1
    assert spanish.count(f"/courses/{trial.course.slug}") == 1
    assert english.startswith("Until Tuesday 15 December 2026")
    assert "john" not in spanish
    raw = next(path for path in (trial.instance.settings.data_dir / "mail").glob("*.eml") if ana.email.encode() in path.read_bytes())
    assert b"List-Unsubscribe" in raw.read_bytes()


def test_one_decision_is_kept_once(trial: ReminderTrial) -> None:
    """spec/compulsory 10.4: the unique constraint."""
    ana = somebody(trial)
    trial.run("2026-11-24T09:00")
    values = {"cycle": 1, "kind": "step", "step": 7, "due_on": date(2026, 12, 8), "at": quito("2026-12-08T08:00")}
    number = assignment_of(trial.instance, ana).id

    with trial.instance.database.unit_of_work() as session:
        session.add(Reminder(assignment_id=number, **values))
        session.flush()
        session.add(Reminder(assignment_id=number, **values))
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()


def test_office_hours_are_kept_however_late_the_worker_comes(trial: ReminderTrial) -> None:
    """spec/compulsory 10.2: back at eight in the evening, it is told the next morning."""
    ana = somebody(trial)
    trial.run("2026-11-24T09:00")

    trial.run("2026-12-08T20:00", "2026-12-09T08:00")

    assert trial.decided(ana)[-1] == (7, "2026-12-08", "")
    assert trial.sent_at(ana)[-1] == quito("2026-12-09T08:00")
    assert trial.sent_at(ana)[-1] - quito("2026-12-08T20:00") == timedelta(hours=12)


def test_the_calendar_sends_no_second_reminder_of_a_course_that_an_obligation_covers(trial: ReminderTrial) -> None:
    """spec/compulsory 10.1: whoever is under the obligation has its steps alone, whoever is not has those of the calendar."""
    edition = an_edition(trial.instance, trial.course, ends_at=quito("2026-12-15T18:00"))
    covered, free = (a_learner_of(trial.instance, trial.course, edition, f"{name}@example.org") for name in ("ana", "blas"))
    let_stay(trial.instance, trial.audience, covered)
    trial.run("2026-11-24T09:00")
    trial.jobs = (*trial.jobs, "enrolments.plan_reminders")

    trial.run("2026-12-08T08:00")

    with trial.instance.database.unit_of_work(write=False) as session:
        statement = select(Notification.person_id, Notification.kind).where(Notification.given_at == trial.at.moment)
        assert {(person, kind) for person, kind in session.execute(statement)} == {
            (covered.person_id, "training"),
            (free.person_id, "deadline"),
        }
