"""The copy of one's own data (spec/security 7.3): what it holds of each package; and the pages that send it, and delete an account."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from itertools import chain
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, flash
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from accounts import people, privacy, signin
from accounts.access import AccountAction
from accounts.forms import PasswordConfirmationForm
from accounts.models import (
    AccountMerge,
    Consent,
    DeletionRequest,
    Device,
    NationalIdentity,
    Notification,
    NotificationPreference,
    Person,
    PersonName,
    RoleGrant,
    SecondFactor,
)
from accounts.privacy import AccessPurpose, PeopleListKind, PrivacyVerb
from certificates import credentials, transcripts
from certificates.bulk import SheetSealer
from certificates.certificate_page import get_sheet
from certificates.models import Credential, CredentialReview, Transcript
from certificates.transcripts import TranscriptSealer
from compliance import evidence
from courses.models import Course, CourseInvitation, CourseStaff, CourseVersion
from enrolments import models
from kernel import audit, clock
from kernel.archives import write_archive
from kernel.audit import AuditEntry
from kernel.errors import N_, Conflict
from kernel.files import FileStore
from kernel.i18n import _, language
from kernel.outbox import Delivery
from kernel.own_records import is_own
from kernel.permissions import SYSTEM, Actor
from kernel.tables import on_disk, write_csv
from kernel.web.file_responses import send_generated
from kernel.web.instance_keys import current_keys, current_seal_keys
from kernel.web.limits import limit, limiter
from kernel.web.request import (
    Answer,
    begin_writing,
    current_actor,
    current_session,
    current_settings,
    is_read_only_request,
    page,
    release_connection,
    requires,
    see_page,
)
from lms import access_log, erasure
from organisations import employment
from questions.rules.feedback import ReviewFlag
from quizzes import attempts
from quizzes.attempt_page import flags_of
from quizzes.files import list_handed_in
from quizzes.marks import current_events
from quizzes.models import (
    Accommodation,
    AnswerEvent,
    AnswerFile,
    Attempt,
    AttemptItem,
    AttemptProof,
    CertificateReview,
    Incident,
    IncidentAttempt,
    QuizOverride,
    SelfAssessment,
)
from quizzes.rules.settings import Reader
from quizzes.rules.states import ENDED_STATES
from selections import own_data
from simulators.models import Submission, SubmissionItem, TaskItem, TaskSave
from webinars.models import WatchedSpan

Rows = list[dict[str, Any]]
OF_TAKE = (Course.slug.label("course"), models.Enrolment.take)


def results_of(session: Session, person_id: int, *, now: datetime) -> Mapping[str, Rows]:
    """Return a person's marks and results as far as they may see them now, and what the team wrote about them."""
    marks, questions, withheld = _attempts(session, person_id, now)
    return {
        "attempt_marks": marks,
        "question_marks": questions,
        "activity_scores": _visible_rows(_rows(session, _scores(person_id)), withheld),
        "completions": _completions(session, person_id, {(course, take) for course, take, _activity in withheld}),
        "results_set_by_the_team": _visible_rows(_rows(session, _overrides(person_id)), withheld),
        "marks_by_hand": _rows(session, _by_hand(person_id)),
        "notes_of_the_team": _rows(session, _notes(person_id)),
    }


def _rows(session: Session, statement: Any) -> Rows:
    return [dict(row) for row in session.execute(statement).mappings()]


def _visible_rows(rows: Rows, withheld: Collection[tuple[str, int, str]]) -> Rows:
    return [row for row in rows if (row["course"], row["take"], row["activity_key"]) not in withheld]


def _completions(session: Session, person_id: int, withheld: Collection[tuple[str, int]]) -> Rows:
    """Return which courses a person completed; the grade stays away while a mark that it may rest on is not shown."""
    statement = (
        select(*OF_TAKE, models.Completion.completed_at, models.Completion.achieved_at, models.Completion.grade)
        .join(models.Enrolment, models.Enrolment.id == models.Completion.enrolment_id)
        .join(Course, Course.id == models.Enrolment.course_id)
        .where(models.Enrolment.person_id == person_id)
    )
    return [row | {"grade": None} if (row["course"], row["take"]) in withheld else row for row in _rows(session, statement)]


def _attempts(session: Session, person_id: int, now: datetime) -> tuple[Rows, Rows, set[tuple[str, int, str]]]:
    """Return the marks of attempts, of their questions, and the activities of takes some of whose marks are not shown yet."""
    marks: Rows = []
    questions: Rows = []
    withheld: set[tuple[str, int, str]] = set()
    statement = select(Attempt.id, Attempt.activity_key, Course.slug, models.Enrolment.take).join(Course, Course.id == Attempt.course_id)
    statement = statement.outerjoin(models.Enrolment, models.Enrolment.id == Attempt.enrolment_id)
    ended = Attempt.state.in_([state.value for state in ENDED_STATES])
    for row in session.execute(statement.where(Attempt.person_id == person_id, ended).order_by(Attempt.id)).all():
        loaded = attempts.load_attempt(session, row.id)
        flags, attempt = flags_of(loaded, Reader.LEARNER, attempts.history_of(session, loaded), now=now), loaded.row
        if ReviewFlag.MARKS not in flags:
            withheld.add((row.slug, row.take, row.activity_key))
            continue
        marks.append(
            {"attempt": attempt.uuid, "raw": attempt.raw, "maximum": attempt.maximum, "percent": attempt.percent, "passed": attempt.passed}
        )
        if ReviewFlag.ATTEMPT in flags:
            events = current_events(session, [item.id for item in loaded.items])
            questions += [
                {"attempt": attempt.uuid, "position": item.position, "fraction": event.fraction, "comment": event.comment}
                for item in loaded.items
                if (event := events.get(item.id)) is not None
            ]
    return marks, questions, withheld


def _scores(person_id: int) -> Any:
    shown = (
        models.ActivityResult.activity_key,
        models.ActivityResult.score,
        models.ActivityResult.passed,
        models.ActivityResult.overridden_at,
    )
    return (
        select(*OF_TAKE, *shown)
        .join(models.Enrolment, models.Enrolment.id == models.ActivityResult.enrolment_id)
        .join(Course, Course.id == models.Enrolment.course_id)
        .where(models.Enrolment.person_id == person_id, models.ActivityResult.score.is_not(None))
    )


def _overrides(person_id: int) -> Any:
    shown = (models.ResultOverride.activity_key, models.ResultOverride.score, models.ResultOverride.reason, models.ResultOverride.made_at)
    return (
        select(*OF_TAKE, *shown)
        .join(models.Enrolment, models.Enrolment.id == models.ResultOverride.enrolment_id)
        .join(Course, Course.id == models.Enrolment.course_id)
        .where(models.Enrolment.person_id == person_id)
    )


def _by_hand(person_id: int) -> Any:
    return (
        select(
            models.Enrolment.take,
            models.ManualGradeItem.title,
            models.ManualGrade.points,
            models.ManualGradeItem.maximum,
            models.ManualGrade.comment,
            models.ManualGrade.marked_at,
        )
        .join(models.ManualGradeItem, models.ManualGradeItem.id == models.ManualGrade.item_id)
        .join(models.Enrolment, models.Enrolment.id == models.ManualGrade.enrolment_id)
        .where(models.Enrolment.person_id == person_id)
    )


def _notes(person_id: int) -> Any:
    return (
        select(*OF_TAKE, models.LearnerNote.words, models.LearnerNote.written_at)
        .join(models.Enrolment, models.Enrolment.id == models.LearnerNote.enrolment_id)
        .join(Course, Course.id == models.Enrolment.course_id)
        .where(models.Enrolment.person_id == person_id)
    )


bp = Blueprint("lms_own_data", __name__, url_prefix="/profile/data")

COPIES = limit("copy-of-data", "10 per hour")
PURPOSES = {
    AccessPurpose.RECORD.value: N_("Your account and your courses"),
    AccessPurpose.PROGRESS.value: N_("Your progress in a course"),
    AccessPurpose.ANSWERS.value: N_("Your answers"),
    AccessPurpose.EVIDENCE.value: N_("A waiver or recognition of yours"),
    AccessPurpose.COPY.value: N_("A copy of everything"),
    AccessPurpose.FOUND.value: N_("A search for people to enrol"),
    AccessPurpose.TRAINING.value: N_("Your compulsory training"),
    AccessPurpose.TRANSCRIPT.value: N_("Your transcript"),
    PeopleListKind.PEOPLE.value: N_("The list of all people"),
    PeopleListKind.UNIT.value: N_("The list of people in a unit"),
    PeopleListKind.LEARNERS.value: N_("The list of learners in a course"),
    PeopleListKind.GRADEBOOK.value: N_("The gradebook of a course"),
    PeopleListKind.ATTEMPTS.value: N_("The attempts at a quiz in a course"),
    PeopleListKind.MARKING.value: N_("The answers in a course that are marked manually"),
    PeopleListKind.AUDIENCE.value: N_("A list or an audience of people"),
    PeopleListKind.TRAINING.value: N_("The report of compulsory training of a unit"),
    PeopleListKind.CERTIFICATES.value: N_("The register of certificates"),
    PeopleListKind.ACTA.value: N_("The acta of a selection"),
    access_log.FILE: N_("A list downloaded as a file"),
}
ROLES = {
    "administrator": N_("Administration"),
    "team": N_("Course team"),
    "manager": N_("Manager of your unit"),
    "training_officer": N_("Training officer"),
    "auditor": N_("Auditor of compulsory training"),
    "jury": N_("Jury"),
    "reader": N_("Reader"),
}
DELETIONS_EVERY = 3_600


def statements(person_id: int) -> Mapping[str, Select[*tuple[Any, ...]]]:  # long: one statement a table
    """Return what is kept of a person, one statement a table. Secrets (hashes, keys) stay behind, and so do marks not yet shown."""
    mine = models.Enrolment.person_id == person_id
    of_course, of_take = (Course.slug.label("course"),), (Course.slug.label("course"), models.Enrolment.take)
    return {
        "profile": select(
            Person.uuid,
            Person.email,
            Person.given_names,
            Person.first_surname,
            Person.second_surname,
            Person.language,
            Person.zone,
            Person.theme,
            Person.created_at,
            Person.email_confirmed_at,
            Person.suspended_at,
        ).where(Person.id == person_id),
        "names": select(
            *(PersonName.given_names, PersonName.first_surname, PersonName.second_surname, PersonName.source),
            *(PersonName.since, PersonName.until, PersonName.requested_at, PersonName.request_reason),
            *(PersonName.decided_at, PersonName.decision_reason),
        ).where(PersonName.person_id == person_id),
        "identity_number": select(NationalIdentity.number).where(NationalIdentity.person_id == person_id),
        "sessions": select(Device.label, Device.address, Device.created_at, Device.last_seen_at, Device.ended_at).where(
            Device.person_id == person_id
        ),
        "second_steps": select(SecondFactor.kind, SecondFactor.name, SecondFactor.created_at, SecondFactor.last_used_at).where(
            SecondFactor.person_id == person_id
        ),
        "consents": select(Consent.notice, Consent.version, Consent.at).where(Consent.person_id == person_id),
        "roles": select(RoleGrant.role, RoleGrant.granted_at).where(RoleGrant.person_id == person_id),
        **employment.select_own_data(person_id),
        **evidence.select_own_data(person_id),
        "notices": select(Notification.kind, Notification.subject, Notification.words, Notification.given_at, Notification.read_at).where(
            Notification.person_id == person_id
        ),
        "notice_choices": select(NotificationPreference.kind, NotificationPreference.in_bell, NotificationPreference.mail).where(
            NotificationPreference.person_id == person_id
        ),
        "merged_accounts": select(Person.email, AccountMerge.merged_at)
        .join(AccountMerge, AccountMerge.closed_id == Person.id)
        .where(AccountMerge.kept_id == person_id),
        "deletion_requests": select(DeletionRequest.asked_at, DeletionRequest.due_at, DeletionRequest.settled_at).where(
            DeletionRequest.person_id == person_id
        ),
        "invitations": select(*of_course, CourseInvitation.role, CourseInvitation.invited_at, CourseInvitation.used_at)
        .join(Course, Course.id == CourseInvitation.course_id)
        .join(Person, Person.email == CourseInvitation.email)
        .where(Person.id == person_id),
        "course_invitations": select(
            *of_course,
            models.EnrolmentInvitation.name,
            models.EnrolmentInvitation.invited_at,
            models.EnrolmentInvitation.expires_at,
            models.EnrolmentInvitation.accepted_at,
        )
        .join(Course, Course.id == models.EnrolmentInvitation.course_id)
        .join(Person, (Person.email == models.EnrolmentInvitation.email) | (Person.id == models.EnrolmentInvitation.accepted_by))
        .where(Person.id == person_id),
        "teams": select(*of_course, CourseStaff.role, CourseStaff.since)
        .join(Course, Course.id == CourseStaff.course_id)
        .where(CourseStaff.person_id == person_id),
        "enrolments": select(
            *of_take,
            models.Enrolment.cause,
            models.Enrolment.enrolled_at,
            models.Enrolment.begun_at,
            models.Enrolment.left_at,
            models.Enrolment.done,
            models.Enrolment.total,
        )
        .join(Course, Course.id == models.Enrolment.course_id)
        .where(mine),
        "editions": select(*of_take, models.Edition.name)
        .join(models.EditionPlace, models.EditionPlace.edition_id == models.Edition.id)
        .join(models.Enrolment, models.Enrolment.id == models.EditionPlace.enrolment_id)
        .join(Course, Course.id == models.Edition.course_id)
        .where(mine),
        "mistake_reports": select(
            *of_course,
            models.MistakeReport.activity_key,
            models.MistakeReport.question_key,
            models.MistakeReport.kind,
            models.MistakeReport.words,
            models.MistakeReport.reported_at,
            models.MistakeReport.state,
            models.MistakeReport.answer,
            models.MistakeReport.decided_at,
        )
        .join(Course, Course.id == models.MistakeReport.course_id)
        .where(models.MistakeReport.person_id == person_id),
        "waiting": select(*of_course, models.Edition.name, models.WaitingPlace.since)
        .join(models.Edition, models.Edition.id == models.WaitingPlace.edition_id)
        .join(Course, Course.id == models.Edition.course_id)
        .where(models.WaitingPlace.person_id == person_id),
        "groups": select(*of_take, models.LearnerGroup.shown_name.label("name"), models.GroupMember.added_at)
        .join(models.GroupMember, models.GroupMember.group_id == models.LearnerGroup.id)
        .join(models.Enrolment, models.Enrolment.id == models.GroupMember.enrolment_id)
        .join(Course, Course.id == models.LearnerGroup.course_id)
        .where(mine),
        "version_answers": select(*of_take, CourseVersion.number, models.VersionOfferReply.moves, models.VersionOfferReply.answered_at)
        .join(CourseVersion, CourseVersion.id == models.VersionOfferReply.version_id)
        .join(Course, Course.id == CourseVersion.course_id)
        .join(models.Enrolment, models.Enrolment.id == models.VersionOfferReply.enrolment_id)
        .where(mine),
        "watched": select(*of_take, WatchedSpan.activity_key, WatchedSpan.start, WatchedSpan.finish, WatchedSpan.at)
        .join(models.Enrolment, models.Enrolment.id == WatchedSpan.enrolment_id)
        .join(Course, Course.id == models.Enrolment.course_id)
        .where(mine),
        "reminders": select(models.PersonalReminder.words, models.PersonalReminder.at, models.PersonalReminder.written_at, *of_course)
        .outerjoin(Course, Course.id == models.PersonalReminder.course_id)
        .where(models.PersonalReminder.person_id == person_id),
        "calendar_address": select(models.CalendarFeed.made_at).where(models.CalendarFeed.person_id == person_id),
        "activities": select(
            *of_take,
            models.ActivityResult.activity_key,
            models.ActivityResult.viewed_at,
            models.ActivityResult.completed_at,
            models.ActivityResult.achieved_at,
        )
        .join(models.Enrolment, models.Enrolment.id == models.ActivityResult.enrolment_id)
        .join(Course, Course.id == models.Enrolment.course_id)
        .where(mine),
        "attempts": select(
            Attempt.uuid,
            *of_take,
            Attempt.activity_key,
            Attempt.number,
            Attempt.form,
            Attempt.state,
            Attempt.started_at,
            Attempt.submitted_at,
            Attempt.declared_at,
            Attempt.integrity_record.label("recorded_beside_the_answers"),
        )
        .join(Course, Course.id == Attempt.course_id)
        .outerjoin(models.Enrolment, models.Enrolment.id == Attempt.enrolment_id)
        .where(Attempt.person_id == person_id),
        "answers": select(
            Attempt.uuid.label("attempt"), AttemptItem.position, AnswerEvent.seq, AnswerEvent.payload, AnswerEvent.server_time
        )
        .join(AttemptItem, AttemptItem.id == AnswerEvent.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.person_id == person_id),
        "answer_files": select(
            Attempt.uuid.label("attempt"), AttemptItem.position, AnswerFile.uuid.label("folder"), AnswerFile.name, AnswerFile.uploaded_at
        )
        .join(AttemptItem, AttemptItem.id == AnswerFile.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.person_id == person_id),
        "proofs_of_attempts": select(Attempt.uuid.label("attempt"), AttemptProof.code, AttemptProof.made_at)
        .join(Attempt, Attempt.id == AttemptProof.attempt_id)
        .where(Attempt.person_id == person_id),
        "self_assessments": select(Attempt.uuid.label("attempt"), AttemptItem.position, SelfAssessment.levels, SelfAssessment.assessed_at)
        .join(AttemptItem, AttemptItem.id == SelfAssessment.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .where(Attempt.person_id == person_id),
        "simulator_tasks": select(
            models.Enrolment.take, Submission.activity_key, Submission.number, Submission.scenario, Submission.submitted_at
        )
        .select_from(Submission)
        .outerjoin(models.Enrolment, models.Enrolment.id == Submission.enrolment_id)
        .where(Submission.person_id == person_id),
        "simulator_answers": select(
            Submission.activity_key,
            Submission.number,
            TaskItem.key,
            SubmissionItem.given,
            SubmissionItem.value,
            SubmissionItem.met,
            SubmissionItem.mark,
            SubmissionItem.maximum,
        )
        .join(Submission, Submission.id == SubmissionItem.submission_id)
        .join(TaskItem, TaskItem.id == SubmissionItem.item_id)
        .where(Submission.person_id == person_id),
        "simulator_drafts": select(*of_course, TaskSave.activity_key, TaskSave.scenario, TaskSave.answers, TaskSave.saved_at)
        .join(Course, Course.id == TaskSave.course_id)
        .where(TaskSave.person_id == person_id),
        "accommodations": select(
            Accommodation.factor,
            Accommodation.extra_attempts,
            Accommodation.break_seconds,
            Accommodation.reason,
            Accommodation.created_at,
            Accommodation.ended_at,
        ).where(Accommodation.person_id == person_id),
        "settings_of_quizzes": select(
            *of_course,
            QuizOverride.activity_key,
            QuizOverride.opens_at,
            QuizOverride.closes_at,
            QuizOverride.limit_seconds,
            QuizOverride.attempts,
            QuizOverride.reason,
            QuizOverride.created_at,
            QuizOverride.ended_at,
        )
        .join(Course, Course.id == QuizOverride.course_id)
        .where(QuizOverride.person_id == person_id),
        "time_given": select(Attempt.uuid.label("attempt"), Incident.seconds, Incident.reason, Incident.created_at, Incident.undone_at)
        .join(IncidentAttempt, IncidentAttempt.incident_id == Incident.id)
        .join(Attempt, Attempt.id == IncidentAttempt.attempt_id)
        .where(Attempt.person_id == person_id),
        "completion_reviews": select(
            *of_take, models.CompletionReview.achieved_at, models.CompletionReview.noticed_at, models.CompletionReview.recorded
        )
        .join(models.Enrolment, models.Enrolment.id == models.CompletionReview.enrolment_id)
        .join(Course, Course.id == models.Enrolment.course_id)
        .where(mine),
        "certificate_reviews": select(CertificateReview.code, CertificateReview.settled_at, CertificateReview.note)
        .join(models.Enrolment, models.Enrolment.id == CertificateReview.enrolment_id)
        .where(mine, CertificateReview.settled_by.is_not(None)),
        "certificates": select(
            *(Credential.code, Credential.person_name, Credential.course_titles, Credential.issued_on, Credential.expires_on),
            *(Credential.edition_title, Credential.grade, Credential.prints_identity, Credential.name_basis),
            *(Credential.replaced_at, Credential.replaced_class, Credential.replaced_reason),
            *(Credential.revoked_at, Credential.revoked_class, Credential.revoked_reason),
        ).where(Credential.person_id == person_id),
        "transcripts": select(Transcript.code, Transcript.made_at, Transcript.content).where(Transcript.person_id == person_id),
        "certificate_decisions": select(
            *(Credential.code, CredentialReview.cause, CredentialReview.words, CredentialReview.opened_at),
            *(CredentialReview.settled_at, CredentialReview.decision, CredentialReview.note),
        )
        .join(Credential, Credential.id == CredentialReview.credential_id)
        .where(Credential.person_id == person_id),
        **own_data.statements(person_id),
        "what_you_did": select(AuditEntry.at, AuditEntry.verb, AuditEntry.address).where(AuditEntry.actor_id == person_id),
    }


def tables_of(session: Session, person_id: int, *, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return everything that is kept of a person, by table."""
    rows_by_table = {
        name: [dict(row) for row in session.execute(statement).mappings()] for name, statement in statements(person_id).items()
    }
    results = results_of(session, person_id, now=now)
    return {
        **rows_by_table,
        **results,
        "who_looked": [
            {"at": row.at, "by": row.by, "role": row.role, "purpose": row.purpose, "where": row.where}
            for row in access_log.list_access_rows(session, person_id, most=None)
        ],
    }


class PersonalDataExport(Mapping[str, bytes]):
    """The files of an export by path. Submitted files are read one by one: memory holds only one at a time."""

    def __init__(self, drawn: Mapping[str, bytes], handed_in: Mapping[str, str], files: FileStore) -> None:
        self._drawn, self._handed_in, self._files = drawn, handed_in, files

    def __getitem__(self, path: str) -> bytes:
        return self._drawn[path] if path in self._drawn else self._files.read(self._handed_in[path])

    def __iter__(self) -> Iterator[str]:
        return chain(self._drawn, self._handed_in)

    def __len__(self) -> int:
        return len(self._drawn) + len(self._handed_in)


def copy_of(
    session: Session, person_id: int, files: FileStore, sealer: SheetSealer, *, for_another: bool = False, now: datetime
) -> PersonalDataExport:
    """Return the export: one JSON file with everything, a CSV file for each table, certificates, transcripts, and the submitted files.

    It includes the data of accounts that were merged into the person's: they are theirs. With `for_another`, an administrator gets it, who
    sees neither reasons of health nor objections that wait for a decision, which is made without names.
    """
    tables: dict[str, list[dict[str, Any]]] = {}
    drawn, handed_in = dict[str, bytes](), dict[str, str]()
    for account in people.accounts_of(session, people.get_person(session, person_id)):
        for name, rows in tables_of(session, account.id, now=now).items():
            tables.setdefault(name, []).extend(rows)
        for row in credentials.list_of(session, account.id):
            if row.revoked_at is not None or row.replaced_at is not None or row.replaced_by_id is not None:
                continue  # what has ended is not handed out again: the table of certificates tells of it
            drawn[f"certificates/{row.code}.pdf"] = sealer.sealed(row, get_sheet(session, row, sealer.address, language()))
        for made in transcripts.list_transcripts(session, account.id):
            drawn[f"transcripts/{made.code}.pdf"] = TranscriptSealer(sealer.address, sealer.keys, sealer.seals).sealed(made)
        handed_in |= {f"files/{uuid}/{name}": sha256 for uuid, name, sha256 in list_handed_in(session, account.id) if files.holds(sha256)}
    if for_another:
        tables["waivers"] = [dict(evidence.without_medical(row)) for row in tables["waivers"]]
        tables["objections"] = [row for row in tables["objections"] if row["told_at"] is not None or row["withdrawn_at"] is not None]
    drawn["data.json"] = json.dumps(tables, ensure_ascii=False, indent=1, default=str).encode()
    drawn |= {f"csv/{name}.csv": _csv(rows) for name, rows in tables.items()}
    return PersonalDataExport(drawn, handed_in, files)


def _csv(rows: list[dict[str, Any]]) -> bytes:
    target = BytesIO()
    write_csv(
        target,
        list(rows[0]) if rows else [],
        [[None if cell is None else str(cell) for cell in row.values()] for row in rows],
        separator=",",
    )
    return target.getvalue()


@bp.get("")
@requires(AccountAction.EDIT_PROFILE)
def overview() -> Answer:
    """Show what one may do with one's data, and who looked at them."""
    return _overview(PasswordConfirmationForm(formdata=None))


def _overview(form: PasswordConfirmationForm) -> Response:
    session, person_id = current_session(), current_actor().person_id or 0
    request_ = privacy.find_request(session, person_id)
    views = [
        {
            "at": row.at,
            "by": row.by,
            "role": _(ROLES[row.role]) if row.role in ROLES else "",
            "purpose": _(PURPOSES.get(row.purpose, PURPOSES["record"])),
            "where": row.where,
        }
        for row in access_log.list_access_rows(session, person_id)
    ]
    return page("lms/own_data.html", form=form, views=views, due_at=request_.due_at if request_ else None)


@bp.post("/copy")
@requires(AccountAction.EDIT_PROFILE, reads_first=True)
def copy() -> Answer:
    """Send everything that is kept of the reader, as a ZIP file. It is drawn before anything is written."""
    return _copy(current_actor().person_id or 0)


def _person(session: Session, _actor: Actor, person: UUID) -> Person:
    return people.get_person_by_uuid(session, person)


@bp.post("/of/<uuid:person>")
@requires(AccountAction.MANAGE_PEOPLE, _person, reads_first=True)
def copy_of_another(subject: Person) -> Answer:
    """Send an administrator the data of a person who cannot sign in; the person sees that they were exported."""
    return _copy(subject.id)


def _copy(person_id: int) -> Response:
    actor, now = current_actor(), clock.now()
    limiter().use(COPIES, str(actor.person_id))
    extensions = current_app.extensions
    sealer = SheetSealer(current_settings().public_url, current_keys(), current_seal_keys())
    for_another = not is_own(actor, person_id)
    export = copy_of(current_session(), person_id, extensions["files"], sealer, for_another=for_another, now=now)
    release_connection()  # reading and packing takes its time
    content = on_disk(lambda target: write_archive(target, export))
    session = begin_writing()
    audit.record(session, actor, PrivacyVerb.EXPORTED, people.get_person(session, person_id), now=now)
    privacy.record_access(session, actor, person_id, AccessPurpose.COPY, now=now)
    return send_generated(content, "application/zip", "mis-datos.zip")


@bp.route("/deletion", methods=["GET", "POST"])
@requires(AccountAction.EDIT_PROFILE, reads_first=True)
def deletion() -> Answer:
    """Say what is deleted, what is kept and why; ask for it with the password."""
    actor, form = current_actor(), PasswordConfirmationForm()
    if is_read_only_request():
        return page("lms/deletion.html", form=form)
    stored = people.get_person(current_session(), actor.person_id or 0).password_hash
    valid = form.validate_on_submit()
    release_connection()
    if valid and not signin.knows_password(actor.email, stored, form.current_password.data or ""):
        form.refuse(form.current_password, _("This is not your current password."))
        valid = False
    if not valid:
        return page("lms/deletion.html", form=form), 422
    session = begin_writing()
    privacy.ask_deletion(session, actor, people.get_person(session, actor.person_id or 0), now=clock.now())
    flash(_("Your account will be deleted in seven days. Until then, you can cancel the deletion here."), "ok")
    return see_page("lms_own_data.overview")


@bp.post("/deletion/revocation")
@requires(AccountAction.EDIT_PROFILE)
def cancel_deletion() -> Answer:
    """Keep the account after all."""
    session, actor = current_session(), current_actor()
    privacy.take_back_deletion(session, actor, people.get_person(session, actor.person_id or 0), now=clock.now())
    return see_page("lms_own_data.overview", flash=_("Your account will be kept."))


def delete_accounts(delivery: Delivery) -> None:
    """Delete the accounts whose week has passed and whose owners have not thought again meanwhile.

    The only administrator's waits until there is another.
    """
    with delivery.database.unit_of_work(write=False) as session:
        due = privacy.due_deletions(session, now=delivery.now)
    for person_id in due:
        with suppress(Conflict), delivery.database.unit_of_work() as session:
            if privacy.is_still_due(session, person_id, now=delivery.now):
                erasure.erase_person(session, SYSTEM, people.get_person(session, person_id), now=delivery.now)
