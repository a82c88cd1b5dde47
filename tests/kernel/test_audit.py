"""The audit log: who, what, from where, in the transaction of the change (spec/security 8.1)."""

import json
from datetime import UTC, datetime
from enum import StrEnum

import pytest
from sqlalchemy import select

from kernel import audit
from kernel.audit import AuditEntry, network_of
from kernel.outbox import Job
from kernel.permissions import Actor, ActorChannel
from lms.instance import Instance

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACTOR = Actor(person_id=7, via=ActorChannel.WEB, address="198.51.100.77", request_id="abc")


class Verb(StrEnum):
    """What this test does."""

    TRIED = "test.tried"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.77", "198.51.100.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("::ffff:198.51.100.77", "198.51.100.0"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("unix:", ""),
        ("198.51.100.777", ""),
    ],
)
def test_only_the_network_of_an_address_is_kept(address: str, network: str) -> None:
    assert network_of(address) == network


def test_an_entry_says_who_what_when_and_from_where(instance: Instance) -> None:
    with instance.database.unit_of_work() as session:
        audit.record(session, ACTOR, Verb.TRIED, None, now=NOW, old="ñ", new=NOW)
    with instance.database.unit_of_work(write=False) as session:
        entry = session.scalars(select(AuditEntry)).one()

    assert (entry.at, entry.actor_id, entry.via, entry.verb, entry.request_id) == (NOW, 7, "web", "test.tried", "abc")
    assert entry.address == "198.51.100.0"
    assert json.loads(entry.facts) == {"old": "ñ", "new": str(NOW)}
    assert (entry.subject_kind, entry.subject_id) == ("", None)


def test_an_entry_names_its_subject_by_table_and_number(instance: Instance) -> None:
    with instance.database.unit_of_work() as session:
        job = Job(kind="k", arguments="{}", created_at=NOW, available_at=NOW)
        session.add(job)
        session.flush()
        audit.record(session, ACTOR, Verb.TRIED, job, now=NOW)
        number = job.id
    with instance.database.unit_of_work(write=False) as session:
        entry = session.scalars(select(AuditEntry)).one()

    assert (entry.subject_kind, entry.subject_id) == ("job", number)


def test_a_change_that_is_undone_leaves_no_entry(instance: Instance) -> None:
    def fail() -> None:
        with instance.database.unit_of_work() as session:
            audit.record(session, ACTOR, Verb.TRIED, None, now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(AuditEntry)).all() == []


def test_a_verb_brings_the_jobs_that_follow_from_it_in_the_same_transaction(instance: Instance) -> None:
    instance.database.configure({audit.SUBSCRIPTIONS: {"test.tried": ("test.first", "test.second")}})
    with instance.database.unit_of_work() as session:
        audit.record(session, ACTOR, Verb.TRIED, None, now=NOW)
    with instance.database.unit_of_work(write=False) as session:
        jobs = list(session.scalars(select(Job).order_by(Job.id)))

    assert [job.kind for job in jobs] == ["test.first", "test.second"]
    assert json.loads(jobs[0].arguments) == {"subject": None, "verb": "test.tried"}
