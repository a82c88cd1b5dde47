"""Bundles of evidence on the web: who asks for one, what the job makes of it, who takes it, when it ends (spec/compulsory 12.4 and 16)."""

import io
import json
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from accounts.models import Notification
from compliance import bundle_requests, jobs
from compliance.bundles import verify_bundle
from compliance.models import Bundle, Recognition, Waiver
from kernel import clock
from kernel.archives import read_archive
from kernel.audit import AuditEntry
from kernel.errors import NotFound
from kernel.files import StoredFile
from kernel.outbox import Delivery, Job
from kernel.prepared_files import PREPARED_KEPT
from lms.access_log import list_access_rows
from lms.instance import Instance
from organisations.rules.units import TrainingRole
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.obligations import an_audience_of, an_obligation, rules_of
from tests.support.places import give_training
from tests.support.scenes import scene
from tests.support.training_access import a_training_cast
from tests.support.training_reports import NOON, STATES, ReportedInstitution, a_reported_institution
from tests.support.wording import in_spanish

ASKED = {"reason": "Auditoría 14", "obligation": "etica"}


@pytest.fixture
def reported(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> ReportedInstitution:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return a_reported_institution(instance)


@pytest.fixture
@scene
def auditor(browser: Browser, instance: Instance, reported: ReportedInstitution) -> Browser:
    give_training(instance, a_person(instance, "aldo@example.org"), reported.places["iess"], TrainingRole.AUDITOR)
    return sign_in(browser, "aldo@example.org")


def rows(instance: Instance) -> list[Bundle]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Bundle).order_by(Bundle.id)))


def ask(
    browser: Browser, reported: ReportedInstitution, values: Mapping[str, str] = ASKED, *, number: UUID | None = None, status: int = 200
) -> None:
    """Send the form of a bundle and follow the answer."""
    browser.post(reported.path("iess", "/bundles"), {**values, "number": str(number or uuid4())}, status)


def pack(instance: Instance, number: int) -> None:
    """Do the job of a bundle."""
    effect = jobs.pack_bundle(Delivery(instance.database, instance.settings, 1, {"bundle": number}, NOON))
    if effect is not None:
        with instance.database.unit_of_work() as session:
            effect(session)


def end(instance: Instance, days: int) -> None:
    """Do the nightly job some days later."""
    jobs.end_bundles(Delivery(instance.database, instance.settings, 1, {}, NOON + timedelta(days=days)))


def entries(instance: Instance, verb: str) -> list[dict[str, object]]:
    with instance.database.unit_of_work(write=False) as session:
        return [json.loads(facts) for facts in session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == verb))]


def test_a_bundle_is_asked_for_packed_and_downloaded(auditor: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.4: with a reason in the log, a notice, and each download recorded for whoever is in it."""
    ask(auditor, reported)
    (row,) = rows(instance)
    pack(instance, row.id)
    auditor.get(reported.path("iess", "/bundles"))
    assert "Auditoría 14" in auditor.page.text

    auditor.get(f"/training-report/bundles/{row.uuid}/file")
    content = auditor.response.get_data()
    files = dict(read_archive(content))
    found = verify_bundle(io.BytesIO(content), instance.keys.public)

    assert (found.faults, auditor.response.headers["Cache-Control"]) == ([], "no-store")
    assert found.manifest is not None
    assert found.manifest.scope["obligations"] == ["etica"]
    assert len(files["states.csv"].decode().splitlines()) == 1 + len(STATES)
    assert entries(instance, "bundle.requested")[0]["reason"] == "Auditoría 14"
    assert [entry["bundle"] for entry in entries(instance, "bundle.downloaded")] == [row.id]
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).where(Notification.key == f"bundle:{row.uuid}")) == 1
        looks = list_access_rows(session, reported.people["abad"].id)
    assert [(look.where, look.role) for look in looks] == [("IESS", "auditor")]


def test_a_second_click_makes_no_second_bundle(auditor: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 18: one effect."""
    number = uuid4()

    for _click in range(2):
        ask(auditor, reported, number=number)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).where(Job.kind == "compliance.pack_bundle")) == 1
    assert len(rows(instance)) == len(entries(instance, "bundle.requested")) == 1


@pytest.mark.parametrize("wrong", [{"reason": " "}, {"on": "2026-12-01"}, {"on": "2026-11-01", "known": "2026-10-01"}])
def test_what_makes_no_sense_is_refused_in_words(
    auditor: Browser, instance: Instance, reported: ReportedInstitution, wrong: dict[str, str]
) -> None:
    """spec/compulsory 18: a day to come, or known before it was."""
    ask(auditor, reported, ASKED | wrong, status=422)

    assert rows(instance) == []


def test_a_past_day_is_packed_as_it_was_known(auditor: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.4: the last moment of the day, also as known."""
    ask(auditor, reported, ASKED | {"on": "2026-08-04", "known": "2026-08-04"})
    (row,) = rows(instance)

    assert row.at == row.known
    assert row.at.astimezone(NOON.tzinfo).isoformat() == "2026-08-04T23:59:59.999999-05:00"


def test_files_that_prove_something_are_in_it_only_on_asking(auditor: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.4 and 4.10: of reasons of health never, and what the store no longer has is left out."""
    proof, health, gone = (instance.files.put(text) for text in (b"proof", b"health", b"gone"))
    instance.files.remove(gone)
    with instance.database.unit_of_work() as session:
        first, second, *_rest = session.scalars(select(Recognition.id).order_by(Recognition.id))
        session.execute(update(Recognition).where(Recognition.id == first).values(evidence=proof, evidence_name="acta.PDF"))
        session.execute(update(Recognition).where(Recognition.id == second).values(evidence=gone, evidence_name="otra.pdf"))
        session.execute(update(Waiver).values(kind="medical", evidence=health, evidence_name="alta.pdf"))
    for values in (ASKED, ASKED | {"has_files": "y"}):
        ask(auditor, reported, values)
    names = []
    for row in rows(instance):
        pack(instance, row.id)
        auditor.get(f"/training-report/bundles/{row.uuid}/file")
        content = auditor.response.get_data()
        assert verify_bundle(io.BytesIO(content), None).faults == []
        names.append([name for name in read_archive(content) if name.startswith("evidence/")])

    assert names == [[], [f"evidence/{proof}.pdf"]]


def test_killed_in_the_middle_it_is_packed_again_once(
    auditor: Browser, instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 12.4: the records of its moment give the same bytes, whatever has happened since."""
    ask(auditor, reported)
    (row,) = rows(instance)
    first = bundle_requests.pack_requested(jobs.BundleSource(instance.database, instance.keys), instance.files, row.id, jobs.bundle_texts())
    with instance.database.unit_of_work() as session:  # the worker was killed before it could say so, and something happened meanwhile
        session.execute(
            update(Waiver).values(state="revoked", revoked_at=NOON + timedelta(minutes=5), revoked_by=reported.people["abad"].id)
        )
    for _delivery in range(2):
        pack(instance, row.id)
    (row,) = rows(instance)

    assert first is not None
    assert (row.sha256, row.done, row.total) == (first.sha256, len(STATES), len(STATES))
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).where(Notification.key == f"bundle:{row.uuid}")) == 1


def test_a_bundle_ends_after_thirty_days(auditor: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.4: its content goes, that it was asked for stays."""
    ask(auditor, reported)
    pack(instance, rows(instance)[0].id)
    (row,) = rows(instance)
    assert row.sha256 is not None
    end(instance, PREPARED_KEPT.days - 1)
    assert instance.files.holds(row.sha256)
    end(instance, PREPARED_KEPT.days)

    auditor.checks = False
    auditor.get(f"/training-report/bundles/{row.uuid}/file", 404)
    assert not instance.files.holds(row.sha256)
    with pytest.raises(NotFound):
        instance.files.open(row.sha256)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).where(StoredFile.sha256 == row.sha256)) == 0
    assert rows(instance)[0].ended_at == NOON + PREPARED_KEPT


def test_two_bundles_of_the_same_bytes_end_one_after_the_other(auditor: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.4: the content stays while another still needs it."""
    past = ASKED | {"on": "2026-08-04", "known": "2026-08-04"}
    for _bundle in range(2):
        ask(auditor, reported, past)
    for row in rows(instance):
        pack(instance, row.id)
    first, second = rows(instance)
    assert first.sha256 == second.sha256
    with instance.database.unit_of_work() as session:
        session.execute(update(Bundle).where(Bundle.id == second.id).values(ready_at=NOON + timedelta(days=3)))
    end(instance, PREPARED_KEPT.days)

    first, second = rows(instance)
    assert (first.sha256, second.sha256 is not None) == (None, True)
    assert instance.files.holds(second.sha256 or "")


def test_bundles_are_for_auditors_and_administrators(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: bundle.make."""
    cast = a_training_cast(browser, instance)
    an_obligation(instance, an_audience_of(instance, cast.root), rules_of(cast.course))
    with instance.database.unit_of_work() as session:
        row = Bundle(uuid=uuid4(), place_id=cast.root.id, at=NOON, known=NOON, reason="Auditoría", asked_at=NOON)
        row.sha256, row.ready_at = instance.files.put(b"x"), NOON
        session.add(row)
    page, file = f"/training-report/{cast.root.uuid}/bundles", f"/training-report/bundles/{row.uuid}/file"
    wrong = cast.check("bundle.make", "of_a_scope", cast.outcomes(page))
    wrong += cast.check("bundle.make", "of_a_scope", cast.outcomes(file))
    wrong += cast.check("bundle.make", "of_a_scope", cast.outcomes(page, "POST", {"reason": "Auditoría"}))

    assert not wrong


def test_the_report_leads_to_its_bundles(auditor: Browser, reported: ReportedInstitution) -> None:
    auditor.get(reported.path("iess"))

    assert in_spanish("Bundles of evidence") in auditor.page.text
