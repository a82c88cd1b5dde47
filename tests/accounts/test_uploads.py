"""Uploads that wait for a confirmation: of whom, how many, until when."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.rules import PENDING_UPLOAD_LIFETIME
from accounts.uploads import discard_pending_upload, forget_uploads_of, get_pending_upload, store_pending_upload
from kernel.audit import AuditEntry
from kernel.errors import NotFound, SignInNeeded
from kernel.outbox import Delivery
from kernel.permissions import Actor
from lms.instance import Instance
from organisations.lists import UnitListVerb
from organisations.models import PendingUnitList
from tests.support.builders import a_person, actor_of
from tests.support.drafts import NOON


def store(session: Session, actor: Actor, name: str) -> PendingUnitList:
    row = PendingUnitList(kind="units", name=name, content=b"", total=0)
    return store_pending_upload(session, actor, UnitListVerb.RECEIVED, row, now=NOON, kind="units")


def waiting(session: Session) -> list[str]:
    return list(session.scalars(select(PendingUnitList.name).order_by(PendingUnitList.id)))


@pytest.fixture
def person(instance: Instance) -> Person:
    return a_person(instance)


def test_the_newest_uploads_of_a_person_are_kept(instance: Instance, person: Person) -> None:
    other = a_person(instance, "otra@example.org")
    with instance.database.unit_of_work() as session:
        store(session, actor_of(other), "of another")
        for name in ("first", "second", "third", "fourth"):
            row = store(session, actor_of(person), name)

        assert waiting(session) == ["of another", "second", "third", "fourth"]
        assert (row.person_id, row.expires_at) == (person.id, NOON + PENDING_UPLOAD_LIFETIME)
        assert get_pending_upload(session, PendingUnitList, person.id, row.uuid) is row
        with pytest.raises(NotFound):
            get_pending_upload(session, PendingUnitList, other.id, row.uuid)
        with pytest.raises(SignInNeeded):
            store(session, Actor(), "of nobody")


def test_what_is_discarded_or_too_old_is_gone(instance: Instance, person: Person) -> None:
    actor, forget = actor_of(person), forget_uploads_of(PendingUnitList)
    with instance.database.unit_of_work() as session:
        row = store(session, actor, "first")
        discard_pending_upload(session, actor, UnitListVerb.DISCARDED, row, now=NOON, kind="units")
        session.flush()
        assert waiting(session) == []
        assert session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)).all()[-2:] == ["load.received", "load.discarded"]
        store(session, actor, "second")
        for late, left in ((timedelta(seconds=-1), ["second"]), (timedelta(0), [])):
            moment = NOON + PENDING_UPLOAD_LIFETIME + late
            forget(Delivery(instance.database, instance.settings, 1, {}, moment))(session)
            assert waiting(session) == left
