"""What the privacy page says of communities, and what happens: days of requests and invitations (spec/communities R1)."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from communities import communities, copies, files, invitations, jobs
from communities.copies import CopySource
from communities.feature import RULES
from communities.models import Community, CommunityExport, CommunityInvitation, CommunityLevel, CommunityRequest, CommunityState
from kernel import clock
from kernel.archives import read_archive
from kernel.db import Database
from kernel.files import files_of, note_stored
from kernel.outbox import Delivery
from lms import backups, retention
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person
from tests.support.communities import a_community, actor_of, an_invitation
from tests.support.instances import empty_places
from tests.support.takes import read
from tests.support.wording import in_spanish


def applied(instance: Instance, days: int) -> None:
    """Do what the daily job does some days later."""
    effect = retention.apply(Delivery(instance.database, instance.settings, 0, {}, clock.now() + timedelta(days=days)))
    assert effect is not None
    with instance.database.unit_of_work() as session:
        effect(session)


def left(instance: Instance) -> tuple[list[str], list[str]]:
    """Return the states of the requests and the addresses of the invitations that are still there."""
    states, emails = select(CommunityRequest.state), select(CommunityInvitation.email)
    requests = read(instance, lambda session: list(session.scalars(states.order_by(CommunityRequest.id))))
    return requests, read(instance, lambda session: list(session.scalars(emails.order_by(CommunityInvitation.id))))


@pytest.mark.settings(keep_community_requests_days=100, keep_community_invitations_days=50)
def test_requests_and_invitations_go_when_the_privacy_page_says_so(browser: Browser, instance: Instance) -> None:
    """spec/communities R1: after the decision, and after they were accepted, withdrawn or over; what waits stays."""
    text = browser.get("/privacy").text
    for rule, days in zip(RULES, (100, 50), strict=True):
        assert f"{in_spanish(rule.label)}: {days} días." in text
    ana = a_person(instance)
    row, now = a_community(instance, ana, level=CommunityLevel.SEMIPRIVATE), clock.now()
    with instance.database.unit_of_work() as session:
        for number, state in enumerate(("pending", "rejected", "withdrawn")):
            person = {"community_id": row.id, "person_id": ana.id, "text": "Por favor.", "sent_at": now}
            decided = None if state == "pending" else now + timedelta(days=number)
            session.add(CommunityRequest(**person, state=state, decided_at=decided))
    for name in ("espera", "retirada", "aceptada"):
        an_invitation(instance, row, ana, f"{name}@example.org")
    with instance.database.unit_of_work() as session:
        for name, ended in (("retirada", {"withdrawn_at": now}), ("aceptada", {"accepted_at": now + timedelta(days=2)})):
            session.execute(update(CommunityInvitation).where(CommunityInvitation.email == f"{name}@example.org").values(**ended))

    applied(instance, 49)
    assert left(instance)[1] == ["espera@example.org", "retirada@example.org", "aceptada@example.org"]
    applied(instance, 51)
    assert left(instance)[1] == ["espera@example.org", "aceptada@example.org"]
    applied(instance, 79)
    assert left(instance)[1] == ["espera@example.org"]
    applied(instance, 81)
    assert left(instance) == (["pending", "rejected", "withdrawn"], [])
    applied(instance, 101)
    assert left(instance)[0] == ["pending", "withdrawn"]
    applied(instance, 102)
    assert left(instance)[0] == ["pending"]


def test_invitations_that_are_prepared_in_a_draft_wait_with_it(instance: Instance) -> None:
    """spec/communities C11: they go out when it is activated, also after their thirty days."""
    ana = a_person(instance)
    row = a_community(instance, ana, state=CommunityState.DRAFT)
    an_invitation(instance, row, ana, "espera@example.org", by_mail=True)
    applied(instance, 170)
    assert left(instance)[1] == ["espera@example.org"]
    with instance.database.unit_of_work() as session:
        assert invitations.forget_before(session, clock.now() - timedelta(days=1)) == 0


def test_a_backup_brings_back_contents_of_files_pictures_and_copies(instance: Instance, tmp_path: Path, database_kind: str) -> None:
    """spec/communities C41: the copy that a backup holds still ends on its day, where that is over already at once."""
    ana = a_person(instance)
    row, store = a_community(instance, ana), files_of(instance.settings)
    picture = store.put(b"Imagen.")
    content = files.store_content(store, "tablas.csv", b"edad;tasa\n60;1\n")
    values = files.FileValues("Tablas", "", "Datos", "es", "internal", members_only=True)
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor_of(ana), row.slug)
        files.add_file(session, actor_of(ana), context, values, content, now=clock.now())
        stored = note_stored(session, picture, size=7, media_type="image/png", now=clock.now())
        session.get_one(Community, row.id).picture_id = stored.id
        export = copies.request_export(session, actor_of(ana), row, uuid4(), now=clock.now())
    copies.pack(CopySource(instance.database, store, "https://ejemplo.ec"), export.id, now=clock.now())
    backups.make(instance, tmp_path / "b.zip", now=clock.now())

    with empty_places(tmp_path) as places:
        settings = places.empty(database_kind)
        settings.data_dir.mkdir(mode=0o700, exist_ok=True)
        assert backups.compare(settings, backups.restore(settings, tmp_path / "b.zip", now=clock.now())) == []
        restored, database = files_of(settings), Database(settings.database)
        with database.unit_of_work(write=False) as session:
            held = session.scalars(select(CommunityExport)).one()
            assert held.sha256 is not None
            assert "LEEME.html" in read_archive(restored.read(held.sha256))
        assert (restored.read(picture), restored.read(content.sha256)) == (b"Imagen.", b"edad;tasa\n60;1\n")
        jobs.end_exports(Delivery(database, settings, 0, {}, clock.now() + timedelta(days=8)))
        assert {*restored.names()} == {picture, content.sha256}
        database.dispose()
