"""What needs an administrator comes to the bell and, once a day, by mail; it ends when it is mended."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from accounts.models import Notification
from kernel.outbox import Delivery, Job
from lms import deployment, system_state
from lms.deployment import DeploymentState, findings
from lms.instance import Instance
from lms.queries import Absence
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.wording import in_spanish

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
"""Ten in the morning in Quito."""
DAY = timedelta(days=1)


def watch(instance: Instance, now: datetime) -> None:
    effect = system_state.watch(Delivery(instance.database, instance.settings, 1, {}, now))
    with instance.database.unit_of_work() as session:
        effect(session)


def fail(instance: Instance) -> None:
    """Add a job that was given up."""
    row = Job(kind="lms.apply_retention", arguments="{}", attempts=6, created_at=NOW, available_at=NOW, failed_at=NOW, last_error="OSError")
    with instance.database.unit_of_work() as session:
        session.add(row)


def notices_of(instance: Instance) -> list[Notification]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Notification).where(Notification.kind == "operation").order_by(Notification.id)))


def test_failed_work_reaches_administrators_alone_by_bell_and_mail_once_a_day_until_it_is_mended(
    browser: Browser, instance: Instance
) -> None:
    an_administrator(instance)
    a_person(instance)
    watch(instance, NOW)
    assert notices_of(instance) == []
    fail(instance)
    for hour in range(3):
        watch(instance, NOW + timedelta(hours=hour))
    (mail,) = browser.mails()
    assert in_spanish("%(count)s issue in this installation needs your attention", 1) in mail
    assert "/administration/state" in mail
    assert in_spanish("Notifications") in sign_in(browser, "admin@example.org").get("/learning").html
    assert "lms jobs list" in browser.get("/notices").text

    watch(instance, NOW + timedelta(hours=4))
    assert [row.read_at is None for row in notices_of(instance)] == [False]  # seen and unchanged
    watch(instance, NOW + DAY)
    assert len(browser.mails()) == 2
    assert [row.read_at is None for row in notices_of(instance)] == [True]  # one, that of the day
    with instance.database.unit_of_work() as session:
        session.execute(text("DELETE FROM job WHERE failed_at IS NOT NULL"))
    watch(instance, NOW + DAY + timedelta(hours=1))
    assert notices_of(instance) == []
    watch(instance, NOW + DAY * 2)
    assert len(browser.mails()) == 2


def test_what_comes_to_it_makes_the_notice_new_without_a_second_mail(browser: Browser, instance: Instance) -> None:
    an_administrator(instance)
    fail(instance)
    watch(instance, NOW)
    sign_in(browser, "admin@example.org").get("/notices")
    with instance.database.unit_of_work() as session:
        waits = Job(kind="accounts.send_reset", arguments="{}", created_at=NOW, available_at=NOW + DAY, awaits="correo:25", away_since=NOW)
        session.add(waits)
    watch(instance, NOW + timedelta(hours=2))
    (row,) = notices_of(instance)

    assert row.read_at is None
    assert "correo:25" in row.words["es"]
    assert "(2)" in row.words["en"]
    assert len(browser.mails()) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"failed_jobs": 3}, "failed-jobs"),
        ({"free": 100_000_000}, "little-disk"),
        ({"seal_faults": 1}, "broken-seal"),
        ({"differing_statuses": 1}, "statuses-differ"),
        ({"store_answers": False}, "store-away"),
        ({"absences": (Absence("correo:25", NOW - timedelta(hours=2), 8),)}, "service-away"),
    ],
)
def test_each_thing_that_arises_at_night_is_watched(instance: Instance, change: dict[str, object], code: str) -> None:
    facts = DeploymentState(instance.settings, NOW)

    assert code not in {one.code for one in findings(facts)}
    assert code in {one.code for one in system_state._of_this_instance(replace(facts, **change))}  # type: ignore[arg-type]  # by name


def test_what_is_watched_are_findings_and_a_short_absence_is_none(instance: Instance) -> None:
    short = DeploymentState(instance.settings, NOW, absences=(Absence("correo:25", NOW - timedelta(minutes=50), 8),))

    assert {rule.code for rule in deployment.RULES} >= system_state.WATCHED
    assert "service-away" not in {one.code for one in findings(short)}
    assert {"lms.watch", "lms.verify_audit"} <= set(instance.worker.handlers)


def test_only_administrators_choose_how_they_are_told_of_the_state(browser: Browser, instance: Instance) -> None:
    an_administrator(instance)
    a_person(instance)
    assert "operation_bell" not in sign_in(browser).get("/profile/notices").html
    browser.submit("/profile/notices", {"graded_mail": "daily"})
    boss = browser.another()
    assert "operation_bell" in sign_in(boss, "admin@example.org").get("/profile/notices").html
    boss.submit("/profile/notices", {"operation_mail": "never"})
    fail(instance)
    watch(instance, NOW)

    assert boss.mails() == []
    assert len(notices_of(instance)) == 1
