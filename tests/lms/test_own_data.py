"""One's own data (spec/security 7.3, 7.4): a copy at once, who looked, and deletion that keeps what others rest on."""

import csv
import json
import zipfile
from datetime import timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import accounts, addresses, privacy
from accounts.invitations import make_secret
from accounts.models import Device, NationalIdentity, Notification, Person
from accounts.privacy import AccessPurpose, PrivacyVerb
from certificates import credentials
from certificates.models import Credential
from certificates.rules.credentials import RevocationReason
from courses import team
from courses.models import CourseInvitation, StaffRole
from enrolments import enrolment, learners
from enrolments.models import LearnerNote
from kernel import clock
from kernel.audit import AuditEntry
from kernel.db import Base
from kernel.errors import Conflict
from kernel.files import note_stored
from kernel.outbox import Delivery
from kernel.permissions import SYSTEM
from kernel.settings import secret_keys
from lms import erasure, own_data
from lms.instance import Instance
from lms.worker import add_periodic
from organisations.employment import end_employments
from quizzes import answering
from quizzes.models import AnswerFile, AttemptItem
from simulators.models import TaskSave
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_course, a_learner_in, a_person, an_administrator, folder, publish, sign_in
from tests.support.certificates import complete, issue
from tests.support.learning import a_learner, actor_of, enrolment_of, mark_done, pass_quiz
from tests.support.places import a_place, employ
from tests.support.wording import in_spanish

ACTED = {
    "added_by",
    "asked_by",
    "author_id",
    "changed_by",
    "committed_by",
    "confirmed_by",
    "created_by",
    "decided_by",
    "discarded_by",
    "ended_by",
    "entered_by",
    "named_by",
    "granted_by",
    "invited_by",
    "marked_by",
    "approved_by",
    "merged_by",
    "opened_by",
    "requested_by",
    "signed_by",
    "published_by",
    "revoked_by",
    "settled_by",
    "undone_by",
}
"""Columns that say who did something, which the audit log tells. Every other column with a person says whose a row is."""
OWNED = {
    "thread_post": "posts",
    "post_revision": "post_revisions",
    "post_file": "post_files",
    "post_draft": "post_drafts",
    "post_report": "post_reports",
    "subscription": "subscriptions",
    "accommodation": "accommodations",
    "account_merge": "merged_accounts",
    "activity_result": "activities",
    "answer_event": "answers",
    "answer_file": "answer_files",
    "attempt": "attempts",
    "attempt_item": "answers",
    "calendar_address": "calendar_addresses",
    "certificate_review": "certificate_reviews",
    "institution_administrator": "institutions_administered",
    "transcript": "transcripts",
    "completion": "completions",
    "completion_review": "completion_reviews",
    "consent": "consents",
    "course_staff": "teams",
    "credential": "certificates",
    "credential_review": "certificate_decisions",
    "deletion_request": "deletion_requests",
    "device": "sessions",
    "edition_place": "editions",
    "employment": "employment",
    "enrolment": "enrolments",
    "enrolment_invitation": "course_invitations",
    "group_member": "groups",
    "person_name": "names",
    "incident_attempt": "time_given",
    "learner_note": "notes_of_the_team",
    "manual_mark": "marks_by_hand",
    "mark_event": "question_marks",
    "audience_list_entry": "audience_lists",
    "audience_stay": "audiences",
    "account_fact": "account_closures",
    "assignment": "compulsory_training",
    "assignment_state": "compulsory_history",
    "cycle_enrolment": "training_enrolments",
    "done_fact": "training_done",
    "recognition": "recognitions",
    "reminder": "compulsory_reminders",
    "started_fact": "training_begun",
    "waiver": "waivers",
    "membership": "places",
    "mistake_report": "mistake_reports",
    "national_identity": "identity_number",
    "notice": "notices",
    "notice_switch": "notice_choices",
    "personal_note": "personal_notes",
    "community_member": "communities",
    "community_request": "community_requests",
    "community_invitation": "community_invitations",
    "directory_entry": "directory_entries",
    "directory_mark": "directory_marks",
    "community_file": "community_files",
    "community_file_version": "community_file_contents",
    "community_page_version": "community_pages",
    "external_identity": "institution_links",
    "provider_role": "institution_roles",
    "personal_reminder": "reminders",
    "attempt_proof": "proofs_of_attempts",
    "self_assessment": "self_assessments",
    "quiz_override": "settings_of_quizzes",
    "result_override": "results_set_by_the_team",
    "role_grant": "roles",
    "acta_line": "selection_lines",
    "objection": "objections",
    "objection_proposal": "objections_proposed_on",
    "second_factor": "second_steps",
    "selection_incident": "selection_incidents",
    "jury_decision": "jury_decisions",
    "former_place": "former_places",
    "selection_member": "selections_named_for",
    "task_save": "simulator_drafts",
    "task_submission": "simulator_tasks",
    "task_submission_item": "simulator_answers",
    "training_grant": "training_grants",
    "unit_manager": "units_managed",
    "version_answer": "version_answers",
    "waiting_place": "waiting",
    "watched_span": "watched",
}
"""Tables with a person's rows, directly or by what is theirs: where the copy has them."""
LEFT_OUT = {
    "community_page": "whose texts a person wrote: they stand in its versions",
    "community": "archived by a person: the act is in the audit log, and who runs it stands in its members",
    "community_export": "asked for by a person of what others wrote: the act is in the audit log",
    "community_link": "leads from a community that a person archived to others and to courses; nobody's name is in it",
    "plan_entry": "ticked by a person: the act is in the audit log",
    "federated_session": "by which link a session was begun: the session is there, and the link",
    "thread": "its title stands with its posts, which are there",
    "course_thread": "whom a thread is for besides its author; its title stands with its posts",
    "board_read": "when the person last looked at a list; it shows what is new, and nothing else is made of it",
    "calendar_feed": "copied to calendar_address, which is there; the table goes a release later",
    "attempt_proof_file": "digests of files that the person has",
    "acta_export": "digests of files of many; the audit log says who made them",
    "objection_author": "who may not decide on an objection, because they wrote the question; versions name their author",
    "credential_signatory": "printed on the certificate, which is there",
    "passkey_challenge": "random, lives five minutes",
    "obligation": "what an institution requires of many; the audit log says who wrote it",
    "obligation_version": "the same",
    "planned_change": "the same",
    "course_agreement": "the same; who answered stands there too",
    "bundle": "evidence of many; who asked for it stands in the audit log, and in that of everybody in it",
    "reminder_request": "the reminders themselves are there; who asked for them stands in the audit log",
    "training_acta": "numbers of a place, none of a person; the audit log says who made it",
    "recognition_list": "the file of an office; each of its recognitions is among those of its person",
    "recovery_code": "hashes only",
    "token": "hashes only",
    "pending_folder": "course folders that wait for an answer, gone within days",
    "pending_import": "questions that wait for an answer, gone within days",
    "pending_list": "lists that wait for an answer, gone within days",
    "pending_marks": "files of marks that wait for an answer, gone within days",
    "message_recipient": "the message itself is among the notices",
    "pending_recognition": "lists of recognitions that wait for an answer, gone within days",
    "pending_load": "lists of people that wait for an answer, gone within days",
    "regrade_line": "a trial of marking again: what came of it is among the marks",
    "regrade_mark": "the same",
}


def unpacked(browser: Browser) -> zipfile.ZipFile:
    browser.get("/profile/data")
    browser._request("POST", "/profile/data/copy", data={"csrf_token": dict(browser.page.form("/copy").fields)["csrf_token"]})
    assert browser.response.headers["Content-Type"] == "application/zip"
    assert browser.response.headers["Content-Disposition"].startswith("attachment")
    assert browser.response.headers["Cache-Control"] == "no-store"
    return zipfile.ZipFile(BytesIO(browser.response.data))


def test_an_invitation_that_was_accepted_goes_with_an_address_that_changes(instance: Instance) -> None:
    """Into the copy, and away with the account; one that is open stays with the address."""
    opened, waiting = a_course(instance, modules=1), a_course(instance, "otro", modules=1)
    keys = secret_keys(instance.settings)
    with instance.database.unit_of_work() as session:
        for course in (opened, waiting):
            team.add_or_invite(session, SYSTEM, course, "ana@example.org", StaffRole.GRADER, language="es", now=clock.now())
        secret = make_secret(session.get_one(CourseInvitation, 1))
    person = a_person(instance)
    actor = actor_of(person)
    with instance.database.unit_of_work() as session:
        team.accept_invitation(session, actor, team.get_invited(session, actor, secret), now=clock.now())
    with instance.database.unit_of_work() as session:
        link = addresses.address_link(keys, person, "ana.nueva@example.org")
        addresses.change_address(session, actor, keys, link, now=clock.now())
    with instance.database.unit_of_work() as session:
        kept = own_data.tables_of(session, person.id, now=clock.now())["invitations"]
        erasure.erase_person(session, SYSTEM, session.get_one(Person, person.id), now=clock.now())
        left = session.scalars(select(CourseInvitation.email).order_by(CourseInvitation.id)).all()

    assert [(row["course"], row["role"]) for row in kept] == [("prueba", "grader")]
    assert (left[0].partition("@")[0], left[1]) == (str(person.uuid), "ana@example.org")


def test_the_copy_holds_everything_in_json_and_csv(browser: Browser, instance: Instance) -> None:
    a_learner_in(browser, a_course(instance, modules=1))
    a_person(instance, "luis@example.org", given="Luis", surname="Otro")
    with instance.database.unit_of_work() as session:
        session.add(NationalIdentity(person_id=1, number="=1+2"))
    copy = unpacked(browser)
    data = json.loads(copy.read("data.json"))

    assert data["profile"][0]["email"] == "ana@example.org"
    assert data["enrolments"][0]["course"] == "prueba"
    assert {name.removeprefix("csv/") for name in copy.namelist() if name.startswith("csv/")} == {
        f"{name}.csv" for name, rows in data.items() if rows
    }
    assert list(csv.reader(StringIO(copy.read("csv/identity_number.csv").decode("utf-8-sig")))) == [["number"], ["'=1+2"]]
    everything = b"".join(copy.read(name) for name in copy.namelist())
    assert b"luis@" not in everything
    assert b"argon2" not in everything
    with instance.database.unit_of_work(write=False) as session:
        for secret in session.scalars(select(Device.secret_hash)):
            assert secret.encode() not in everything
        assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == PrivacyVerb.EXPORTED.value)) == 1


def test_the_copy_holds_marks_results_and_notes_as_far_as_they_are_shown(browser: Browser, instance: Instance) -> None:
    """spec/security 7.3 and 5.1: what the review does not show yet is not in the copy either."""
    shown = publish(instance, folder(modules=1))[0]
    hidden = publish(instance, folder("callado", modules=1, settings="attempts: 3\nreview: hidden\n"))[0]
    ana = a_learner(instance, shown)
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, ana, learners.get_learner_context(session, ana, hidden.slug), now=clock.now())
    for course in (shown, hidden):
        mark_done(instance, ana, course.slug, "leccion-1")
        pass_quiz(instance, ana, course.slug)
    place = enrolment_of(instance, ana, shown)
    with instance.database.unit_of_work() as session:
        session.add(LearnerNote(enrolment_id=place.id, author_id=place.person_id, words="Pidió ayuda.", written_at=clock.now()))
    sign_in(browser)
    data = json.loads(unpacked(browser).read("data.json"))

    assert [Decimal(row["percent"]) for row in data["attempt_marks"]] == [100]
    assert {row["course"] for row in data["activity_scores"]} == {"prueba"}
    grades = {row["course"]: row["grade"] for row in data["completions"] if row["completed_at"]}
    assert Decimal(grades["prueba"]) == 100
    assert grades["callado"] is None
    assert len(data["question_marks"]) == 7
    assert [row["words"] for row in data["notes_of_the_team"]] == ["Pidió ayuda."]
    assert len(data["attempts"]) == 2


def owned_tables() -> set[str]:
    """Return the tables that lead to a person by a column that says whose a row is, or to such a table."""
    found, more = set[str](), {"person"}
    while more:
        found |= more
        more = {
            table.name
            for table in Base.metadata.sorted_tables
            for column in table.columns
            for key in column.foreign_keys
            if key.column.table.name in found and not (key.column.table.name == "person" and column.name in ACTED)
        } - found
    return found - {"person"}


def test_no_table_of_a_person_is_forgotten(app: Flask, instance: Instance) -> None:
    assert owned_tables() == {*OWNED, *LEFT_OUT}
    with instance.database.unit_of_work() as session:
        held = own_data.tables_of(session, 1, now=clock.now())
    assert set(OWNED.values()) <= set(held)


def test_the_copy_holds_what_the_files_handed_in_hold(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    ana, luis = a_learner(instance, course), a_learner(instance, course, "luis@example.org")
    now = clock.now()
    with instance.database.unit_of_work() as session:
        for learner, content in ((ana, b"%PDF de Ana"), (luis, b"%PDF de Luis")):
            place = learners.get_activity_context(session, learner, course.slug, "cuestionario-1")
            attempt = answering.start_attempt(session, learner, place, "es", now=now)
            item = session.scalars(select(AttemptItem.id).where(AttemptItem.attempt_id == attempt.id)).first()
            sha256 = instance.files.put(content)
            stored = note_stored(session, sha256, size=len(content), media_type="application/pdf", now=now)
            session.add(AnswerFile(uuid=uuid4(), item_id=item, stored_file_id=stored.id, name="informe.pdf", uploaded_at=now))
        lost = note_stored(session, "0" * 64, size=1, media_type="application/pdf", now=now)
        session.add(AnswerFile(uuid=uuid4(), item_id=item, stored_file_id=lost.id, name="perdido.pdf", uploaded_at=now))
    for email, content in (("ana@example.org", b"%PDF de Ana"), ("luis@example.org", b"%PDF de Luis")):
        copy = unpacked(sign_in(browser.another(), email))
        data = json.loads(copy.read("data.json"))

        assert {name: copy.read(name) for name in copy.namelist() if name.startswith("files/")} == {
            f"files/{row['folder']}/informe.pdf": content for row in data["answer_files"] if row["name"] == "informe.pdf"
        }


def test_the_copy_holds_every_look(browser: Browser, instance: Instance) -> None:
    """The page shows two hundred; the copy is everything."""
    person = a_person(instance)
    boss = an_administrator(instance)
    with instance.database.unit_of_work() as session:
        for _look in range(privacy.LOOKS + 5):
            privacy.record_access(session, actor_of(boss), person.id, AccessPurpose.RECORD, now=clock.now())
    data = json.loads(unpacked(sign_in(browser)).read("data.json"))

    assert len(data["who_looked"]) == privacy.LOOKS + 5


def test_the_copy_holds_accounts_that_were_merged(browser: Browser, instance: Instance) -> None:
    kept, closed = a_person(instance), a_person(instance, "anita@example.org")
    with instance.database.unit_of_work() as session:
        accounts.close_after_merge(session, SYSTEM, session.merge(closed), session.merge(kept), "", [], now=clock.now())
    data = json.loads(unpacked(sign_in(browser)).read("data.json"))

    assert [row["email"] for row in data["profile"]] == ["ana@example.org", "anita@example.org"]
    assert [row["email"] for row in data["merged_accounts"]] == ["anita@example.org"]


def test_who_looked_is_shown_to_the_person(browser: Browser, instance: Instance) -> None:
    """spec/security 7.4: date, role and purpose."""
    person = a_person(instance)
    an_administrator(instance)
    other = sign_in(browser.another(), "admin@example.org")
    other.get(f"/administration/people/{person.uuid}")
    sign_in(browser)
    page = browser.get("/profile/data")

    assert "Ada Ministra" in page.text
    assert "Administración" in page.text
    assert in_spanish("Your account and your courses") in page.text


def ask(browser: Browser) -> None:
    browser.get("/profile/data/deletion")
    browser.submit("/profile/data/deletion", {"current_password": "no es esta"}, status=422)
    browser.submit("/profile/data/deletion", {"current_password": PASSWORD})


def deliver_later(browser: Browser, instance: Instance, days: int) -> None:
    with time_machine.travel(clock.now() + timedelta(days=days)):
        add_periodic(instance.worker, "lms.delete_accounts", own_data.DELETIONS_EVERY, clock.now())
        browser.deliver_jobs()


def test_an_account_is_deleted_a_week_after_its_owner_asked(browser: Browser, instance: Instance) -> None:
    a_learner_in(browser, a_course(instance, modules=1))
    ask(browser)
    assert any("eliminará" in mail for mail in browser.mails())
    deliver_later(browser, instance, 6)
    assert browser._request("GET", "/profile").status_code == 200
    deliver_later(browser, instance, 8)

    with instance.database.unit_of_work(write=False) as session:
        person = session.get_one(Person, 1)
        assert "ana" not in f"{person.email} {person.full_name} {person.name_key} {person.password_hash}".lower()
        assert person.suspended_at is not None
        assert not session.scalar(select(func.count()).select_from(Device))
        assert not session.scalar(select(func.count()).select_from(Notification))
        assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == PrivacyVerb.DELETED.value)) == 1
    other = browser.another()
    other.get("/sign-in")
    other.submit("/sign-in", {"email": "ana@example.org", "password": PASSWORD}, status=422)
    a_person(instance)  # the address is free again


def employment_hindrance(instance: Instance, person: Person) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return [message for message, _facts in privacy.list_hindrances(session, session.get_one(Person, person.id))]


def test_who_is_employed_deletes_their_account_after_leaving(browser: Browser, instance: Instance) -> None:
    """Findings N11: the page says why, before anything is asked and where a form of before is sent; the job holds to it too."""
    person, place = a_person(instance), a_place(instance, "Instituto de prueba")
    sign_in(browser)
    ask(browser)
    employ(instance, person, place, "S-1")
    reason = next(iter(employment_hindrance(instance, person)))
    deliver_later(browser, instance, 8)
    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Person, person.id).email == "ana@example.org", "employed meanwhile: it waits"
    browser.get("/profile/data/deletion")
    assert in_spanish(reason, institution="Instituto de prueba") in browser.page.text
    assert 'name="current_password"' not in browser.page.html

    with instance.database.unit_of_work() as session:
        end_employments(session, SYSTEM, [person.id], place.id, clock.now().date() - timedelta(days=1), now=clock.now())
    deliver_later(browser, instance, 9)
    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Person, person.id).email != "ana@example.org"


def test_it_can_be_taken_back(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in(browser)
    ask(browser)
    browser.submit("/profile/data/deletion/revocation")
    deliver_later(browser, instance, 8)

    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Person, 1).email == "ana@example.org"


def test_it_can_be_taken_back_while_others_are_deleted(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job reads first whose week has passed; who keeps the account afterwards keeps it."""
    person, later = a_person(instance), clock.now() + timedelta(days=8)
    with instance.database.unit_of_work() as session:
        privacy.ask_deletion(session, SYSTEM, session.merge(person), now=clock.now())

    finish = instance.database.finish

    def finish_and_keep(session: Session, *, commit: bool) -> None:
        monkeypatch.setattr(instance.database, "finish", finish)
        finish(session, commit=commit)
        with instance.database.unit_of_work() as session:
            privacy.take_back_deletion(session, SYSTEM, session.merge(person), now=later)

    monkeypatch.setattr(instance.database, "finish", finish_and_keep)
    own_data.delete_accounts(Delivery(instance.database, instance.settings, 1, {}, later))

    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Person, person.id).email == "ana@example.org"


def test_what_is_deleted_is_not_taken_back(instance: Instance) -> None:
    person = a_person(instance)
    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, person.id), now=clock.now())
    with pytest.raises(Conflict), instance.database.unit_of_work() as session:
        privacy.take_back_deletion(session, SYSTEM, session.get_one(Person, person.id), now=clock.now())


def test_a_deletion_waits_while_the_account_is_suspended_and_can_be_taken_back_afterwards(browser: Browser, instance: Instance) -> None:
    """A thief asked for it: the owner has the whole week once the account is open again."""
    person, now = a_person(instance), clock.now()
    sign_in(browser)
    ask(browser)
    with instance.database.unit_of_work() as session:
        accounts.suspend(session, SYSTEM, session.merge(person), "Robada", now=now)
    deliver_later(browser, instance, 8)
    with instance.database.unit_of_work() as session:
        accounts.restore(session, SYSTEM, session.get_one(Person, person.id), "Aclarado", now=now + timedelta(days=9))
    deliver_later(browser, instance, 15)

    with time_machine.travel(now + timedelta(days=15)):
        sign_in(browser)
        browser.get("/profile/data")
        browser.submit("/profile/data/deletion/revocation")
    deliver_later(browser, instance, 17)
    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Person, person.id).email == "ana@example.org"


def test_a_deletion_that_nobody_takes_back_happens_a_week_after_the_account_is_open_again(browser: Browser, instance: Instance) -> None:
    person, now = a_person(instance), clock.now()
    with instance.database.unit_of_work() as session:
        row = session.merge(person)
        privacy.ask_deletion(session, SYSTEM, row, now=now)
        accounts.suspend(session, SYSTEM, row, "Una pregunta", now=now)
        accounts.restore(session, SYSTEM, row, "Aclarado", now=now + timedelta(days=1))
    deliver_later(browser, instance, 9)

    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Person, person.id).email != "ana@example.org"


def test_the_deletion_of_an_account_that_is_closed_for_good_does_not_wait(instance: Instance) -> None:
    kept, closed = a_person(instance), a_person(instance, "anita@example.org")
    with instance.database.unit_of_work() as session:
        privacy.ask_deletion(session, SYSTEM, session.merge(closed), now=clock.now())
        accounts.close_after_merge(session, SYSTEM, session.merge(closed), session.merge(kept), "", [], now=clock.now())
    with instance.database.unit_of_work(write=False) as session:
        assert privacy.due_deletions(session, now=clock.now() + timedelta(days=8)) == [closed.id]


def test_the_only_administrator_stays(browser: Browser, instance: Instance) -> None:
    an_administrator(instance, "ana@example.org")
    sign_in(browser)
    ask(browser)
    deliver_later(browser, instance, 8)

    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Person, 1).email == "ana@example.org"
        assert privacy.find_request(session, 1) is not None


def test_a_certificate_that_was_revoked_is_in_the_tables_alone(browser: Browser, instance: Instance) -> None:
    """As its own page hands it out no more."""
    complete(instance, a_course(instance, modules=1))
    code = issue(instance).code
    with instance.database.unit_of_work() as session:
        row = session.execute(select(Credential)).scalar_one()
        credentials.revoke_credential(session, SYSTEM, row, RevocationReason.ISSUED_BY_MISTAKE, "Se emitió por error.", now=clock.now())
    sign_in(browser)
    copy = unpacked(browser)

    assert [name for name in copy.namelist() if name.endswith(".pdf")] == []
    assert code in copy.read("csv/certificates.csv").decode()


def test_the_tables_hold_texts_in_the_readers_language_and_other_values_as_json(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    complete(instance, course)
    issue(instance)
    with instance.database.unit_of_work() as session:
        answers = {"total": "1,5 años"}
        session.add(TaskSave(person_id=1, course_id=course.id, activity_key="tarea-1", scenario="", answers=answers, saved_at=clock.now()))
    copy = unpacked(sign_in(browser))
    rows = {
        name: list(csv.DictReader(StringIO(copy.read(f"csv/{name}.csv").decode("utf-8-sig"))))
        for name in ("certificates", "notices", "simulator_drafts")
    }

    assert (rows["certificates"][0]["course_titles"], rows["certificates"][0]["prints_identity"]) == ("Curso de prueba prueba", "false")
    assert rows["notices"][0]["subject"][0] != "{"
    assert rows["simulator_drafts"][0]["answers"] == '{"total": "1,5 años"}'
    assert json.loads(copy.read("data.json"))["certificates"][0]["course_titles"]["en"] == "Test course prueba"


def test_certificates_are_in_the_copy_and_stay(browser: Browser, instance: Instance) -> None:
    complete(instance, a_course(instance, modules=1))
    code = issue(instance).code
    sign_in(browser)
    assert f"certificates/{code}.pdf" in unpacked(browser).namelist()
    ask(browser)
    deliver_later(browser, instance, 8)
    page = browser.another().get(f"/verify/{code}")

    assert "Ana Quinde" not in page.text, "it was issued, and whose data were deleted is not named (spec/certificates R8)"
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Credential)) == 1
