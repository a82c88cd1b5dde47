"""Workers are killed (SIGKILL) in each transaction that writes the outcome of objections and tells of it (spec/selection 5.6 and 5.10)."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from accounts.models import Notification, Person
from kernel import clock
from kernel.outbox import Job
from lms.instance import Instance
from quizzes import dry_runs, regrading
from quizzes.models import Attempt, MarkEvent, Regrade
from tests.support.browser import Browser
from tests.support.killed_workers import Side, kill_at_each_transaction
from tests.support.objections import a_published_selection

Say = Callable[[str], None]
TABLES = ("mark_event", "attempt", "regrade", "objection", "objection_group", "objection_proposal", "notification")


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_as_an_outcome_is_written_and_people_are_notified(
    when: Side, monkeypatch: pytest.MonkeyPatch, browser: Browser, instance: Instance, say: Say
) -> None:
    """Each mark is written once, everybody is told once, and the decision is one."""
    case = a_published_selection(browser, instance)
    objectors = ("berta@example.org", "carla@example.org", "diana@example.org")
    for email in objectors:
        case.object_to(5, email)
    case.julia.deliver_jobs()
    case.propose(outcome="full_credit")
    case.julia.deliver_jobs()
    monkeypatch.setattr(regrading, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(dry_runs, "MOST_AT_ONCE", 0)
    case.decide()
    assert case.states() == ["proposed"]

    moments = kill_at_each_transaction(instance, clock.now() + timedelta(seconds=1), TABLES, when, "selections")

    with instance.database.unit_of_work(write=False) as session:
        regrades = list(session.scalars(select(Regrade.state)))
        given = Counter(session.scalars(select(MarkEvent.item_id).where(MarkEvent.origin == "regrade")))
        told = Counter(
            session.execute(
                select(Person.email, Notification.key)
                .join(Person, Person.id == Notification.person_id)
                .where(Notification.key.like("regrade:%") | Notification.key.like("objection:%"))
            ).all()
        )
        failed = list(session.scalars(select(Job.kind).where(Job.failed_at.is_not(None))))
        percents = sorted(float(one) for one in session.scalars(select(Attempt.percent)) if one is not None)
    say(f"outcome of objections: worker killed {len(moments) - 1} times {when} a COMMIT; marks twice 0, notices twice 0, missing 0")
    assert len(moments) > 4
    assert (regrades, case.states(), failed) == (["committed"], ["told"], [])
    assert set(given.values()) == {1}
    assert sorted(email for email, _key in told.elements()) == sorted(objectors)
    assert percents == [80.0, 100.0, 100.0, 100.0]
