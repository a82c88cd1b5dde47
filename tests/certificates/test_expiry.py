"""Notices of certificates that expire (spec/certificates E4)."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select, update

from accounts.models import Notification
from certificates.issuing import STEPS, ExpiryNotice, list_due_notices, list_holders_to_notify
from certificates.models import Credential
from enrolments.models import Enrolment
from kernel import clock, outbox
from kernel.outbox import deliver_waiting
from lms.instance import Instance
from tests.support.certificates import a_certificate

LAST_DAY = date(2028, 6, 1)


def _expiring(instance: Instance) -> Credential:
    row = a_certificate(instance)
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(expires_on=LAST_DAY))
    return row


def _run(instance: Instance, day: date, hour: int = 17) -> None:
    now = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "certificates.plan_expiry_notices", {}, now=now)
    deliver_waiting(instance.worker, now=now)


def _notified(instance: Instance) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        keys = session.scalars(select(Notification.key).where(Notification.key.like("certificate-expires:%")).order_by(Notification.id))
        return [key.rpartition(":")[2] for key in keys]


def test_each_notice_is_sent_once_on_its_day(instance: Instance) -> None:
    """spec/certificates E4: 60, 30 and 7 days before, and the day after."""
    _expiring(instance)
    for days in (61, 60, 60, 59, 31, 30, 8, 7, 1, 0, -1, -2):
        _run(instance, LAST_DAY - timedelta(days=days))

    assert _notified(instance) == [str(step) for step in STEPS]


def test_a_notice_that_was_missed_is_sent_within_three_days_and_none_at_night(instance: Instance) -> None:
    """spec/certificates E4."""
    _expiring(instance)
    _run(instance, LAST_DAY - timedelta(days=60), hour=8)  # three in the morning
    assert _notified(instance) == []
    _run(instance, LAST_DAY - timedelta(days=58))
    _run(instance, LAST_DAY - timedelta(days=27))

    assert _notified(instance) == ["60"]


def test_notices_stop_when_it_is_renewed(instance: Instance) -> None:
    """spec/certificates E4: another certificate of the course is in force for longer."""
    row = _expiring(instance)
    notice = ExpiryNotice(row.course_id, LAST_DAY, 30)
    with instance.database.unit_of_work() as session:
        first = session.get_one(Enrolment, row.enrolment_id)
        first.left_at = first.superseded_at = clock.now()
        session.flush()
        again = Enrolment(
            person_id=row.person_id,
            course_id=row.course_id,
            course_version_id=first.course_version_id,
            take=2,
            enrolled_at=clock.now(),
            done=0,
            total=0,
        )
        session.add(again)
        session.flush()
        own = {"enrolment_id": again.id, "code": "7K4M92XDC3QF8TRA", "status_place": None, "expires_on": None, "take": 2}
        kept = {
            name: getattr(row, name)
            for name in (column.name for column in Credential.__table__.columns)
            if name not in {"id", "uuid", *own}
        }
        session.add(Credential(**kept, **own))

    with instance.database.unit_of_work(write=False) as session:
        assert list_due_notices(session, LAST_DAY - timedelta(days=30)) == [notice]
        assert list_holders_to_notify(session, notice)[0] == []


def test_a_replaced_certificate_has_no_notices(instance: Instance) -> None:
    """spec/certificates E4."""
    _expiring(instance)
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(replaced_at=clock.now()))

    with instance.database.unit_of_work(write=False) as session:
        assert list_due_notices(session, LAST_DAY - timedelta(days=30)) == []


def test_an_obligation_in_force_reminds_instead(instance: Instance) -> None:
    """spec/certificates E4: its reminders say it."""
    row = _expiring(instance)
    notice = ExpiryNotice(row.course_id, LAST_DAY, 30)
    with instance.database.unit_of_work(write=False) as session:
        assert list_holders_to_notify(session, notice)[0] == [row.person_id]
        session.info["covered_dates"] = (lambda _session, people: {(person, row.course_id) for person in people},)

        assert list_holders_to_notify(session, notice)[0] == []
