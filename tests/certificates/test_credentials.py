"""Credentials: issued once for a completed course, frozen, signed, revoked with a reason; and those of before 0.3.0.

spec/security 5.3, 5.4; spec/certificates M2, M6.
"""

import re
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, select, text, update

from accounts.models import Person
from certificates import credentials, jobs, pdf
from certificates.badges import badge_content, complete_former
from certificates.certificate_page import sheet_of
from certificates.models import Credential, StatusList
from certificates.rules.credentials import CredentialState, RevocationReason, canonical_content
from certificates.rules.status_lists import STATUS_LIST_PLACES
from courses.models import PublicationNature
from enrolments.models import Completion, Enrolment
from kernel import clock
from kernel.audit import AuditEntry
from kernel.crypto import signing_keys
from kernel.outbox import Delivery, Job, deliver, deliver_waiting, enqueue
from kernel.permissions import SYSTEM
from lms import erasure
from lms.instance import Instance
from tests.support.builders import a_course, folder, publish
from tests.support.certificates import a_certificate, complete, issue, only_credential, words_of
from tests.support.institution_access import two_institutions
from tests.support.learning import a_learner, all_at_once, mark_done

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)


def test_an_expired_credential_is_signed_with_its_last_day_and_its_completion_gives_no_second_one(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    actor = complete(instance, course)
    keys, last_day = signing_keys(instance.settings.data_dir), (NOON + timedelta(days=30)).date()

    with instance.database.unit_of_work() as session:
        enrolment = session.scalars(select(Enrolment).where(Enrolment.person_id == actor.person_id)).one()
        award = credentials.find_award(session, enrolment.id)
        assert award is not None
        credentials.issue_credential(session, SYSTEM, award, instance.settings, keys, expires_on=last_day, now=NOON + timedelta(minutes=1))
    deliver_waiting(instance.worker, now=clock.now())

    row = only_credential(instance)
    assert row.expires_on == last_day
    assert credentials.state(row) is CredentialState.EXPIRED
    with instance.database.unit_of_work() as session:
        assert credentials.find_award(session, row.enrolment_id) is None
    assert keys.verifies(row.key_id, canonical_content(credentials.signed_content(row, ())), row.signature)


def test_a_completed_course_gives_one_credential_with_what_was_true_on_its_day(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    complete(instance, course)

    row = issue(instance)

    assert (row.person_name, row.surnames) == ("Ana Quinde", "Quinde")
    assert (row.course_key, row.course_version, row.course_titles["es"]) == ("prueba", 1, "Curso de prueba prueba")
    assert (row.hours, row.with_assessment, row.module_minutes) == (2, True, row.module_minutes)
    assert len(row.module_minutes) == 1
    assert (row.completed_on.isoformat(), row.expires_on, row.replaced_by_id) == ("2026-06-01", None, None)
    assert len(row.code) == 16


def test_a_title_in_another_form_of_unicode_is_signed_in_the_usual_one(instance: Instance) -> None:
    """spec/certificates B4: written with accents beside their letters, as YAML may between double quotes, it would have no badge."""
    files = folder(modules=1)
    title = rb'title: {es: "Presupuestacio\u0301n", en: Test}'
    course = publish(instance, {**files, "course.yaml": re.sub(rb"(?m)^title: .*$", lambda _: title, files["course.yaml"])})[0]
    complete(instance, course)

    row = issue(instance)

    assert row.course_titles["es"] == "Presupuestación"
    assert badge_content(row, "http://localhost:8000") is not None


def test_a_certificate_is_valid_as_long_as_its_course_says(instance: Instance) -> None:
    """spec/certificates E1: from the local day of the last submission; the sheet and the signature say until when."""
    files = folder(modules=1)
    text = files["course.yaml"].decode()
    assert "certificate: constancia" in text
    files["course.yaml"] = text.replace("certificate: constancia", "certificate: {template: constancia, valid: 24 months}").encode()
    complete(instance, publish(instance, files)[0])

    row = issue(instance)

    assert (row.completed_on.isoformat(), row.expires_on and row.expires_on.isoformat()) == ("2026-06-01", "2028-06-01")
    with instance.database.unit_of_work(write=False) as session:
        sheet = sheet_of(row, credentials.list_signers(session, row), "https://aulario.example", "es")
    assert any(line.startswith("Válido hasta el 1 de junio de 2028. Versión 1 del curso.") for line in words_of(pdf.render(sheet)))
    assert (row.format, row.template, row.template_version, row.take) == (2, "facade", 6, 1)
    assert row.hours_basis == "stated:según el plan de las pruebas"


def test_every_certificate_has_a_place_of_its_own_in_a_status_list(instance: Instance) -> None:
    """spec/certificates K6: drawn at random, never given twice."""
    course = a_course(instance, modules=1)
    for name in ("ana", "otra", "tercera"):
        complete(instance, course, f"{name}@example.org")
    deliver_waiting(instance.worker, now=clock.now())

    with instance.database.unit_of_work(write=False) as session:
        places = session.execute(select(Credential.status_list, Credential.status_place)).all()
    assert len({tuple(place) for place in places}) == 3
    assert all(number == 1 and 0 <= place < STATUS_LIST_PLACES for number, place in places)


@pytest.mark.parametrize("rule", ["pass_mark: none\n", "completion: viewed\n", "completion: {attempted: 1}\n"])
def test_who_need_not_pass_is_not_said_to_have_passed(instance: Instance, rule: str) -> None:
    complete(instance, a_course(instance, modules=1, settings=f"attempts: 3\n{rule}"))

    assert issue(instance).with_assessment is False


def test_a_certificate_counts_the_modules_that_the_course_asks_for(instance: Instance) -> None:
    files = folder(modules=3)
    files["course.yaml"] += b"completion:\n  modules: [parte-1]\n"
    complete(instance, publish(instance, files)[0])

    row = issue(instance)

    assert (len(row.module_minutes), row.with_assessment) == (1, True)


def test_the_same_job_delivered_twice_and_another_for_the_same_completion_issue_one(instance: Instance) -> None:
    """spec/security 6.5: idempotent effect."""
    a_certificate(instance)
    with instance.database.unit_of_work(write=False) as session:
        enrolment_id = session.execute(select(Enrolment.id)).scalar_one()

    effect = jobs.issue(Delivery(instance.database, instance.settings, 9, {"subject": enrolment_id}, clock.now()))
    assert effect is not None
    with instance.database.unit_of_work() as session:
        effect(session)

    assert only_credential(instance).id == 1
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == "certificates.send_issued")) == 1


def test_eight_workers_at_once_issue_one(instance: Instance) -> None:
    """On both databases: the enrolment is locked, and a unique index stands behind."""
    complete(instance, a_course(instance, modules=1))
    with instance.database.unit_of_work(write=False) as session:
        enrolment_id = session.execute(select(Enrolment.id)).scalar_one()

    def work(place: int) -> None:
        effect = jobs.issue(Delivery(instance.database, instance.settings, place, {"subject": enrolment_id}, clock.now()))
        assert effect is not None
        with instance.database.unit_of_work() as session:
            effect(session)

    found = all_at_once(8, work)

    assert found == [None] * 8
    assert only_credential(instance).id >= 1


def test_one_job_taken_by_two_workers_is_done_by_one(instance: Instance) -> None:
    """The lease decides."""
    complete(instance, a_course(instance, modules=1))
    with instance.database.unit_of_work(write=False) as session:
        job_id = session.execute(select(Job.id).where(Job.kind == "certificates.issue")).scalar_one()

    outcomes = all_at_once(2, lambda _place: deliver(instance.worker, job_id, now=clock.now()).value)

    assert sorted(str(outcome) for outcome in outcomes) == ["done", "not_mine"]
    only_credential(instance)


def test_the_database_itself_refuses_a_second_valid_credential(instance: Instance) -> None:
    row = a_certificate(instance)
    columns = ", ".join(column.name for column in Credential.__table__.columns if column.name not in ("id", "uuid", "code"))

    with pytest.raises(Exception, match=r"(?i)unique"), instance.database.unit_of_work() as session:
        session.execute(
            text(f"INSERT INTO credential (uuid, code, {columns}) SELECT :uuid, 'X', {columns} FROM credential WHERE id = :id"),  # noqa: S608 - names are our own
            {"uuid": "0" * 32, "id": row.id},
        )


def test_nothing_is_issued_without_completion_or_where_the_course_gives_none(instance: Instance) -> None:
    """spec/security 5.4: only from met requirements, whoever asks."""
    files = folder("sin", modules=1, certificate="none")
    complete(instance, publish(instance, files)[0])
    half = a_learner(instance, a_course(instance, modules=1), "eva@example.org")
    mark_done(instance, half, "prueba", "leccion-1")
    deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work(write=False) as session:
        enrolments = list(session.scalars(select(Enrolment.id)))

    for enrolment_id in enrolments:
        effect = jobs.issue(Delivery(instance.database, instance.settings, 9, {"subject": enrolment_id}, clock.now()))
        assert effect is not None
        with instance.database.unit_of_work() as session:
            effect(session)

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Completion)) == 1
        assert session.scalars(select(Credential)).all() == []


def test_a_credential_is_frozen(instance: Instance) -> None:
    """Renaming the person or publishing another version of the course changes nothing of it, and its signature holds."""
    files = folder(modules=1)
    course, _version = publish(instance, files)
    complete(instance, course)
    before = issue(instance)
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(given_names="Otra", first_surname="Persona", language="en"))
    retitled = {**files, "course.yaml": files["course.yaml"].replace(b"Curso de prueba prueba", b"Otro")}
    publish(instance, retitled, nature=PublicationNature.CORRECTION)
    deliver_waiting(instance.worker, now=clock.now())

    after = only_credential(instance)

    columns = [column.key for column in Credential.__table__.columns]
    assert {name: getattr(after, name) for name in columns} == {name: getattr(before, name) for name in columns}
    keys = signing_keys(instance.settings.data_dir)
    assert keys.verifies(after.key_id, canonical_content(credentials.signed_content(after, ())), after.signature)


def test_a_changed_row_does_not_carry_its_signature(instance: Instance) -> None:
    """spec/security 5.4: whoever writes into the database still has no key."""
    a_certificate(instance)
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(person_name="Otra Persona"))

    row = only_credential(instance)

    assert not signing_keys(instance.settings.data_dir).verifies(
        row.key_id, canonical_content(credentials.signed_content(row, ())), row.signature
    )


def test_a_revoked_credential_is_kept_with_its_reason_and_does_not_come_back(instance: Instance) -> None:
    """spec/security 5.3: nothing is deleted; the audit log says who and why."""
    row = a_certificate(instance)
    with instance.database.unit_of_work() as session:
        credentials.revoke_credential(
            session, SYSTEM, session.get_one(Credential, row.id), RevocationReason.ISSUED_BY_MISTAKE, "Se emitió por error.", now=NOON
        )
    with instance.database.unit_of_work() as session:
        session.execute(update(Job).values(done_at=None, available_at=NOON))

    deliver_waiting(instance.worker, now=clock.now())

    after = only_credential(instance)
    assert (after.revoked_at, after.revoked_reason) == (NOON, "Se emitió por error.")
    assert credentials.state(after) is CredentialState.REVOKED
    with instance.database.unit_of_work(write=False) as session:
        entry = session.execute(select(AuditEntry).where(AuditEntry.verb == "certificate.revoked")).scalar_one()
    assert "Se emitió por error." in entry.facts


def again(instance: Instance, *, now: datetime) -> list[Credential]:
    """Let the only learner's completion be followed once more at a moment; return all credentials."""
    with instance.database.unit_of_work(write=False) as session:
        enrolment_id = session.execute(select(Enrolment.id)).scalar_one()
    effect = jobs.issue(Delivery(instance.database, instance.settings, 9, {"subject": enrolment_id}, now))
    assert effect is not None
    with instance.database.unit_of_work() as session:
        effect(session)
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Credential).order_by(Credential.id)))


def test_who_completes_the_course_again_after_theirs_was_revoked_has_another(instance: Instance) -> None:
    """As where the team took its word on a result back, and its learner then passed."""
    row = a_certificate(instance)
    with instance.database.unit_of_work() as session:
        credentials.revoke_credential(
            session, SYSTEM, session.get_one(Credential, row.id), RevocationReason.ISSUED_BY_MISTAKE, "Aún no ha aprobado.", now=NOON
        )
    before = again(instance, now=clock.now())
    with instance.database.unit_of_work() as session:
        session.execute(update(Completion).values(completed_at=NOON + timedelta(days=1)))

    assert [credentials.state(one) for one in before] == [CredentialState.REVOKED]
    assert [credentials.state(one) for one in again(instance, now=clock.now())] == [CredentialState.REVOKED, CredentialState.VALID]


def test_what_was_completed_after_leaving_gives_no_certificate(instance: Instance) -> None:
    """As it was written down before leaving ended everything at once (spec/security 1.4); earlier than that it was earned."""
    complete(instance, a_course(instance, modules=1))
    with instance.database.unit_of_work() as session:
        session.execute(update(Enrolment).values(left_at=NOON - timedelta(minutes=1)))
    before = again(instance, now=clock.now())
    with instance.database.unit_of_work() as session:
        session.execute(update(Enrolment).values(left_at=NOON + timedelta(minutes=1)))

    assert (before, len(again(instance, now=clock.now()))) == ([], 1)


def test_who_was_forgotten_before_the_job_has_no_certificate_without_a_name(instance: Instance) -> None:
    complete(instance, a_course(instance, modules=1))
    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.scalars(select(Person)).one(), now=clock.now())

    assert again(instance, now=clock.now()) == []


def test_a_correction_that_comes_before_the_job_does_not_take_the_certificate_away(instance: Instance) -> None:
    """The completion is a fact, whatever has changed since: here every key was renamed."""
    files = folder(modules=1)
    course, _version = publish(instance, files)
    complete(instance, course)
    with instance.database.unit_of_work() as session:
        session.execute(update(Job).where(Job.kind == "certificates.issue").values(available_at=datetime(2099, 1, 1, tzinfo=UTC)))
    renamed = {
        path: content.replace(b"key: leccion-1\n", b"key: nueva\nformer_keys: [leccion-1]\n").replace(
            b"key: cuestionario-1\n", b"key: otro\nformer_keys: [cuestionario-1]\n"
        )
        for path, content in files.items()
    }
    publish(instance, renamed, nature=PublicationNature.CORRECTION)
    deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work() as session:
        session.execute(update(Job).where(Job.kind == "certificates.issue").values(available_at=NOON))

    assert issue(instance).course_version == 1


ADDRESS = "https://aulario.example"
MANY = 36_000


def make_former(instance: Instance, row: Credential) -> None:
    """Let a certificate be as it was before 0.3.0: signed in the first format, without institution and place."""
    keys = signing_keys(instance.present_settings.data_dir)
    with instance.database.unit_of_work() as session:
        row = session.get_one(Credential, row.id)
        row.format, row.institution_key, row.status_list, row.status_place, row.key_fingerprint = 1, "", None, None, ""
        row.signature = keys.sign(canonical_content(credentials.signed_content(row, credentials.list_signers(session, row))))


def former(instance: Instance) -> Credential:
    two_institutions(instance)
    row = a_certificate(instance)
    make_former(instance, row)
    return row


def stored(instance: Instance) -> Credential:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Credential)).one()


def test_a_former_certificate_gets_its_institution_and_place_and_keeps_its_signature(instance: Instance) -> None:
    """spec/certificates M1, M2: it has no badge until then, and one when it is first asked for."""
    former(instance)
    before = stored(instance)
    assert badge_content(before, ADDRESS) is None
    with instance.database.unit_of_work() as session:
        enqueue(session, "certificates.complete_former", {}, now=clock.now())

    deliver_waiting(instance.worker, now=clock.now())

    row = stored(instance)
    assert (bool(row.institution_key), row.status_list, row.take) == (True, 1, 1)
    assert row.signature == before.signature
    keys = signing_keys(instance.present_settings.data_dir)
    with instance.database.unit_of_work(write=False) as session:
        content = canonical_content(credentials.signed_content(row, credentials.list_signers(session, row)))
        seed = session.get_one(StatusList, 1)
    assert keys.verifies(row.key_id, content, row.signature)
    assert seed.number == 1
    assert badge_content(row, ADDRESS) is not None


def test_what_is_complete_stays_as_it_is(instance: Instance) -> None:
    """spec/certificates M2: certificates of the second format are signed with institution and place."""
    position = a_certificate(instance).status_place

    with instance.database.unit_of_work() as session:
        assert complete_former(session, limit=500, now=clock.now()) == 0

    assert stored(instance).status_place == position


@pytest.mark.parametrize("count", [1, 1200])
def test_portions_give_each_certificate_a_place_of_its_own(instance: Instance, count: int) -> None:
    """spec/certificates M2, K6."""
    copies_of(instance, former(instance), count - 1)

    run(instance)

    with instance.database.unit_of_work(write=False) as session:
        places = list(session.execute(select(Credential.status_list, Credential.status_place)))
    assert len({tuple(one) for one in places}) == count
    assert all(place is not None for _number, place in places)


@pytest.mark.slow
def test_thirty_six_thousand_are_completed_within_a_minute(instance: Instance) -> None:
    """spec/certificates M6."""
    copies_of(instance, former(instance), MANY - 1)
    began = time.process_time()

    run(instance)

    assert time.process_time() - began <= 60


def run(instance: Instance) -> None:
    """Complete what is there in portions, as the job does."""
    while True:
        with instance.database.unit_of_work() as session:
            if complete_former(session, limit=jobs.COMPLETED_AT_ONCE, now=clock.now()) < jobs.COMPLETED_AT_ONCE:
                return


def copies_of(instance: Instance, row: Credential, count: int) -> None:
    """Write former certificates that were replaced, so that one enrolment may have many of them."""
    with instance.database.unit_of_work() as session:
        values = session.execute(select(Credential.__table__).where(Credential.id == row.id)).one()._asdict()
        del values["id"]
        ended = datetime(2026, 1, 1, tzinfo=UTC)
        rows = [{**values, "uuid": uuid4(), "code": f"{number:016X}", "replaced_at": ended} for number in range(count)]
        if rows:
            session.execute(insert(Credential.__table__), rows)
        session.execute(update(Credential).where(Credential.id == row.id).values(format=1))
