"""The page of the state of things and the figures for Prometheus: what they show, to whom, and trying failed work again."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.people import AccountVerb
from kernel import audit, clock, database_copy, outbox
from kernel.audit import AuditEntry
from kernel.outbox import Job
from kernel.permissions import SYSTEM
from lms import backups
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.instances import fill
from tests.support.wording import in_spanish

STATE = "/administration/state"


def a_failed_job(instance: Instance) -> int:
    """Add a job that was given up."""
    now = clock.now() - timedelta(days=1)
    job = Job(kind="lms.apply_retention", arguments="{}", attempts=6, created_at=now, available_at=now, failed_at=now, last_error="OSError")
    with instance.database.unit_of_work() as session:
        session.add(job)
    return job.id


@pytest.fixture
def boss(browser: Browser, instance: Instance) -> Browser:
    """Return a browser in which an administrator is signed in."""
    an_administrator(instance)
    return sign_in(browser, "admin@example.org")


def test_the_page_tells_what_lacks_and_what_is_there(boss: Browser, instance: Instance) -> None:
    page = boss.get(STATE)

    assert in_spanish("No backup was ever made.") in page.text
    assert in_spanish("No jobs are waiting") in page.text
    backups.make(instance, instance.settings.data_dir / "b.zip", now=clock.now())
    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "lms.tend_search", {}, now=clock.now())
    page = boss.get(STATE)
    assert "no-backup" not in page.text
    assert "b.zip" in page.text
    assert "lms.tend_search" in page.text
    assert boss.get("/administration").text.count(in_spanish("System status")) >= 1


def test_the_page_tells_at_once_of_a_backup_that_failed_until_one_is_made(
    boss: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_value: object) -> None:
        raise TypeError("no form for complex")

    with monkeypatch.context() as patch:
        patch.setattr(database_copy, "canonical", fail)
        with pytest.raises(TypeError, match="no form"):
            backups.make(instance, instance.settings.data_dir / "b.zip", now=clock.now())

    page = boss.get(STATE)
    assert "TypeError: no form for complex" in page.text
    assert in_spanish("A backup could not be made") in boss.get("/administration/audit").text
    backups.make(instance, instance.settings.data_dir / "b.zip", now=clock.now())
    assert "TypeError: no form for complex" not in boss.get(STATE).text


def test_the_state_page_warns_of_a_clock_that_was_put_back(boss: Browser, instance: Instance) -> None:
    """The page was silent while the audit log ran backwards."""
    words = in_spanish("The clock of this machine was put back.")
    assert words not in boss.get(STATE).text
    with instance.database.unit_of_work() as session:
        audit.record(session, SYSTEM, AccountVerb.SIGNED_IN, None, now=clock.now() + timedelta(days=5))

    assert words in boss.get(STATE).text


def test_work_that_failed_is_tried_again_one_by_one_or_all(boss: Browser, instance: Instance) -> None:
    first, second, third = a_failed_job(instance), a_failed_job(instance), a_failed_job(instance)
    assert in_spanish("%(count)s job failed.", 3) in boss.get(STATE).text
    assert "<code>lms.apply_retention</code>" in boss.page.html, "it is a name of the program's"

    assert "se intentará de nuevo" in boss.submit(f"{STATE}/jobs/{second}/retry").text
    assert in_spanish("%(count)s job failed.", 2) in boss.get(STATE).text
    boss.post(f"{STATE}/jobs/{second}/retry", {}, status=404)
    boss.get(STATE)
    boss.submit(f"{STATE}/jobs/retry")

    assert outbox.deliver_waiting(instance.worker, now=clock.now()) == 3
    with instance.database.unit_of_work(write=False) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.verb == "jobs.retried").order_by(AuditEntry.id)).all()
        assert [entry.subject_id for entry in entries] == [second, None]
        assert '"count": 2' in entries[1].facts
    assert first != third


def test_only_administrators_see_the_page_and_try_again(browser: Browser, instance: Instance) -> None:
    job = a_failed_job(instance)
    browser.get(STATE)
    assert browser.path.startswith("/sign-in")
    a_person(instance)
    sign_in(browser)

    browser.get(STATE, status=403)
    for path in (f"{STATE}/jobs/{job}/retry", f"{STATE}/jobs/retry"):
        browser.post(path, {}, status=403)


def figures(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"^([a-z_]+(?:\{[^}]*\})?) ([0-9.e+-]+)$", text, re.MULTILINE)}


def test_figures_are_for_this_machine_and_for_administrators(app: Flask, instance: Instance) -> None:
    """spec/security 8.4."""
    near, far = {"REMOTE_ADDR": "127.0.0.1"}, {"REMOTE_ADDR": "198.51.100.7"}
    visitor = app.test_client()

    assert visitor.get("/metrics", environ_base=near).status_code == 200
    assert visitor.get("/metrics", environ_base=far).status_code == 404
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert visitor.get("/metrics", environ_base=near, headers={header: "127.0.0.1"}).status_code == 404
    an_administrator(instance)
    a_person(instance)
    sign_in(Browser(app, instance), "ana@example.org").get("/metrics", status=404)
    boss = sign_in(Browser(app, instance), "admin@example.org")
    boss.get("/metrics")
    assert "aulario_people" in boss.response.text


def test_networks_may_be_named_that_read_the_figures(instance: Instance) -> None:
    from dataclasses import replace

    from lms.app import create_app

    settings = instance.settings.model_copy(update={"metrics_from": "10.1.0.0/16, 2001:db8::/32"})
    visitor = create_app(replace(instance, settings=settings)).test_client()

    for address, status in (("10.1.2.3", 200), ("2001:db8::7", 200), ("10.2.0.1", 404), ("127.0.0.1", 404)):
        assert visitor.get("/metrics", environ_base={"REMOTE_ADDR": address}).status_code == status


@pytest.mark.fresh
def test_figures_count_requests_and_tell_the_state_without_a_person(app: Flask, instance: Instance) -> None:
    fill(instance)
    a_failed_job(instance)
    visitor = app.test_client()
    for _turn in range(3):
        visitor.get("/courses/prueba?q=ana@example.org")
    text = visitor.get("/metrics").text
    found = figures(text)

    assert found['aulario_requests_total{endpoint="enrolments.course",method="GET",status="200"}'] == 3
    assert found['aulario_request_seconds_count{part="enrolments"}'] == 3
    assert found["aulario_jobs_failed"] == 1
    assert found["aulario_certificates"] == 1
    assert found["aulario_people"] == 3
    assert "aulario_backup_age_seconds" not in found
    assert found["aulario_jobs_oldest_seconds"] == 0
    assert "aulario_info" in text
    assert not re.search(r"ana|quinde|@|prueba", text, re.IGNORECASE)


def test_what_is_planned_for_later_is_not_late(app: Flask, instance: Instance) -> None:
    now = clock.now()
    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "lms.tend_search", {}, now=now - timedelta(days=3), at=now + timedelta(days=4))
    assert figures(app.test_client().get("/metrics").text)["aulario_jobs_oldest_seconds"] == 0

    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "lms.tend_search", {}, now=now - timedelta(days=3), at=now - timedelta(minutes=5))

    assert 299 < figures(app.test_client().get("/metrics").text)["aulario_jobs_oldest_seconds"] < 360
