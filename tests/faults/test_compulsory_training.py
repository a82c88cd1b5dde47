"""Workers are killed (SIGKILL) in each transaction that computes statuses, reminds, or lets takes begin (spec/compulsory 18 and 7.3)."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from accounts.models import Notification, Person
from accounts.rules import NoticeKind
from compliance import reminders
from compliance.assignments import ReplayMoments, walk_differences
from compliance.models import Assignment, CycleEnrolment, Obligation, Reminder
from compliance.notices import TRAINING_NOTICE
from compliance.reminders import get_filter
from courses.models import Course
from enrolments.models import Enrolment
from enrolments.notices import ENROLMENT_NOTICE
from kernel.durations import Duration
from kernel.i18n import choose
from kernel.outbox import Job, deliver_waiting
from kernel.permissions import SYSTEM
from lms.instance import Instance
from lms.queries import count_differing_statuses
from organisations.models import Audience
from tests.support.builders import a_course, a_person, an_administrator
from tests.support.certificates import complete
from tests.support.killed_workers import A_PORTION, BETWEEN, Death, SentForm, Side, is_killed, kill_at_each_transaction, send_and_die
from tests.support.learning import At
from tests.support.obligations import an_audience_with_authors, an_obligation, let_stay, rules_of
from tests.support.reminders import ReminderTrial, mails_to, quito
from tests.support.takes import read, takes_of
from tests.support.training_cases import QUITO, A
from tests.support.wording import in_spanish

Say = Callable[[str], None]
PEOPLE = 7
PORTIONS = -(-PEOPLE // A_PORTION)
BOTH_SIDES = pytest.mark.parametrize("when", ["before", "after"])
"""The worker dies before the COMMIT of a transaction, or just after it."""
RENEWABLE = replace(A, starts=date(2025, 1, 1), validity=Duration(months=12))
JUNE = datetime(2026, 6, 2, 12, tzinfo=QUITO)


def midday(month: int, day: int, year: int = 2027) -> datetime:
    return datetime(year, month, day, 12, tzinfo=QUITO)


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a published course of one module."""
    return a_course(instance, modules=1, settings="attempts: 0\n")


@pytest.fixture
def audience(instance: Instance) -> Audience:
    """Return an audience, with two people who write obligations."""
    return an_audience_with_authors(instance)


@pytest.fixture
def renewable(instance: Instance, audience: Audience, course: Course) -> Obligation:
    """Return an obligation that everybody has done in June 2026, whose renewal begins in April 2027."""
    row = an_obligation(instance, audience, rules_of(course, RENEWABLE))
    for number in range(PEOPLE):
        let_stay(instance, audience, complete(instance, course, f"p{number}@example.org"))
    deliver_waiting(instance.worker, now=JUNE)
    return row


def differences(instance: Instance, moments: Sequence[datetime]) -> list[object]:
    """Compare every stored status with the records, at the moment of each worker and as known at that of each later one."""
    now = moments[-1] + timedelta(hours=2)
    obligations = read(instance, lambda session: session.scalars(select(Obligation.id)).all())
    return [
        (row, at, known)
        for number in obligations
        for known in (*moments, now)
        for at in (*moments, now)
        if at <= known
        for _people, found in walk_differences(instance.database, number, ReplayMoments(at, known, now))
        for row in found
    ]


def states(instance: Instance) -> Counter[str]:
    return Counter(read(instance, lambda session: session.scalars(select(Assignment.state)).all()))


def notices(instance: Instance, kind: NoticeKind) -> Counter[tuple[int, str]]:
    """Count notices of a kind by their person and key."""
    statement = select(Notification.person_id, Notification.key).where(Notification.kind == kind.value)
    return Counter((person, key) for person, key in read(instance, lambda session: session.execute(statement).all()))


def given_up(instance: Instance) -> list[str]:
    return list(read(instance, lambda session: session.scalars(select(Job.kind).where(Job.failed_at.is_not(None))).all()))


def take_numbers(instance: Instance) -> dict[int, list[tuple[int, bool]]]:
    """Return the takes of each person: number, and whether it is the present one."""
    found: dict[int, list[tuple[int, bool]]] = {}
    for row in read(instance, lambda session: session.scalars(select(Enrolment).order_by(Enrolment.take)).all()):
        found.setdefault(row.person_id, []).append((row.take, row.superseded_at is None))
    return found


@BOTH_SIDES
def test_killed_as_an_activated_training_is_computed(when: Side, instance: Instance, audience: Audience, course: Course, say: Say) -> None:
    """Everybody has one status and one first take, and the history of each begins once."""
    for number in range(PEOPLE):
        let_stay(instance, audience, a_person(instance, f"p{number}@example.org"))
    an_obligation(instance, audience, rules_of(course))

    moments = kill_at_each_transaction(instance, midday(3, 1, 2026), ("assignment", "assignment_state", "enrolment"), when)

    assert len(moments) > 2 * PORTIONS
    assert differences(instance, moments) == []
    assert states(instance) == {"not_started": PEOPLE}
    assert list(take_numbers(instance).values()) == [[(1, True)]] * PEOPLE
    assert given_up(instance) == []
    say(f"activation: worker killed {len(moments) - 1} times {when} a COMMIT; statuses that differ 0, takes twice 0")


@BOTH_SIDES
def test_killed_in_the_night_as_all_is_computed_again(when: Side, instance: Instance, renewable: Obligation, say: Say) -> None:
    """Statuses that were not those of the records are, whichever portion the night was ended in; administrators read how many differed."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Assignment).values(state="overdue"))

    moments = kill_at_each_transaction(instance, midday(7, 1, 2026), ("assignment", "assignment_state"), when)

    assert len(moments) > PORTIONS
    assert differences(instance, moments) == []
    assert states(instance) == {"done": PEOPLE}
    assert read(instance, count_differing_statuses) == PEOPLE
    assert given_up(instance) == []
    say(f"night: worker killed {len(moments) - 1} times {when} a COMMIT; statuses that differ 0")


@BOTH_SIDES
def test_killed_as_renewals_begin(when: Side, instance: Instance, renewable: Obligation, say: Say) -> None:
    """Each person has one further take and one row of the cycle, whether the computation or the enrolment was ended."""
    moments = kill_at_each_transaction(instance, midday(4, 2), ("assignment", "assignment_state", "enrolment"), when)

    assert len(moments) > 2 * PORTIONS
    assert differences(instance, moments) == []
    assert states(instance) == {"renewal_due": PEOPLE}
    assert list(take_numbers(instance).values()) == [[(1, False), (2, True)]] * PEOPLE
    assert len(read(instance, lambda session: session.scalars(select(CycleEnrolment.id)).all())) == PEOPLE
    assert given_up(instance) == []
    say(f"renewals: worker killed {len(moments) - 1} times {when} a COMMIT; takes twice 0, missing 0")


@pytest.fixture
def trial(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> ReminderTrial:
    """Return an obligation due on 15 December 2026, with people of whom each has had the notice that it was assigned."""
    trial = ReminderTrial.begin(instance, At(monkeypatch, datetime(2026, 1, 1, tzinfo=UTC)))
    for number in range(PEOPLE):
        let_stay(instance, trial.audience, a_person(instance, f"p{number}@example.org"))
    trial.run("2026-11-24T09:00")
    return trial


def reminded(instance: Instance) -> list[Person]:
    statement = select(Person).where(Person.id.in_(select(Assignment.person_id))).order_by(Person.id)
    return list(read(instance, lambda session: session.scalars(statement).all()))


@BOTH_SIDES
def test_killed_as_reminders_go_out(when: Side, trial: ReminderTrial, say: Say) -> None:
    """The step of seven days: one row and one notice a person, one mail by its Message-ID, also where that was sent and not noted."""
    instance, eight = trial.instance, quito("2026-12-08T08:00")

    moments = kill_at_each_transaction(instance, eight, ("reminder", "notice"), when)

    sent = read(instance, lambda session: session.scalars(select(Reminder.assignment_id).where(Reminder.due_on == eight.date())).all())
    given = {key: count for key, count in notices(instance, TRAINING_NOTICE).items() if key[1] == "training:2026-12-08"}
    assert len(moments) > PORTIONS + PEOPLE
    assert list(Counter(sent).values()) == [1] * PEOPLE
    assert list(given.values()) == [1] * PEOPLE
    assert [len(mails_to(instance, person)) for person in reminded(instance)] == [2] * PEOPLE
    assert differences(instance, moments) == []
    assert given_up(instance) == []
    say(f"reminders: worker killed {len(moments) - 1} times {when} a COMMIT; notices twice 0, missing 0")


@BOTH_SIDES
def test_killed_as_a_reminder_that_somebody_sends_goes_out(when: Side, trial: ReminderTrial, say: Say) -> None:
    """An officer reminds everybody at once: one row and one notice a person, one mail by its Message-ID."""
    instance, ten = trial.instance, quito("2026-12-01T10:00")
    with instance.database.unit_of_work() as session:
        chosen = get_filter(session, SYSTEM, trial.obligation.uuid, None, "")
        reminders.request_reminder(session, SYSTEM, chosen, "", number=uuid4(), now=ten)

    moments = kill_at_each_transaction(instance, ten, ("reminder", "notice"), when)

    sent = read(instance, lambda session: session.scalars(select(Reminder.assignment_id).where(Reminder.kind == "asked")).all())
    given = {key: count for key, count in notices(instance, TRAINING_NOTICE).items() if key[1] == "training:2026-12-01"}
    assert len(moments) > PORTIONS + PEOPLE
    assert list(Counter(sent).values()) == [1] * PEOPLE
    assert list(given.values()) == [1] * PEOPLE
    assert [len(mails_to(instance, person)) for person in reminded(instance)] == [2] * PEOPLE
    assert given_up(instance) == []
    say(f"reminder sent by a person: worker killed {len(moments) - 1} times {when} a COMMIT; notices twice 0, missing 0")


@BOTH_SIDES
def test_killed_as_staff_lets_a_take_begin(when: Side, instance: Instance, course: Course) -> None:
    """The server dies and the same form is sent again, then the worker dies that mails the notice: one further take, one notice."""
    learner = complete(instance, course)
    an_administrator(instance)
    form = SentForm(
        "admin@example.org",
        f"/teaching/{course.slug}/learners/{learner.person_uuid}/takes",
        {"reason": "Cambió la norma.", "take": "1"},
    )
    begun = [
        is_killed(send_and_die, instance.settings.data_dir, instance.settings.database, JUNE + number * BETWEEN, death, form)
        for number, death in enumerate((Death(frozenset({"enrolment"}), when), None))
    ]

    moments = kill_at_each_transaction(instance, JUNE + timedelta(hours=1), ("notice",), when)

    assert begun == [True, False]
    assert [(row.take, row.superseded_at is None) for row in takes_of(instance, learner, course)] == [(1, False), (2, True)]
    assert list(notices(instance, ENROLMENT_NOTICE).values()) == [1]
    mails = mails_to(instance, read(instance, lambda session: session.get_one(Person, learner.person_id)))
    subject = in_spanish("You are to take “%(title)s” again", title=choose(course.title, "es"))
    assert len([mail for mail in mails if mail.startswith(subject)]) == 1
    assert given_up(instance) == []
    assert len(moments) > 1
