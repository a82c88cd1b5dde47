"""A person's courses in the copy of their data."""

from sqlalchemy import select

from accounts.models import Person
from courses.models import Course, CourseVersion
from enrolments.models import (
    ActivityResult,
    CalendarAddress,
    CompletionReview,
    Edition,
    EditionPlace,
    Enrolment,
    EnrolmentInvitation,
    GroupMember,
    LearnerGroup,
    MistakeReport,
    PersonalReminder,
    VersionOfferReply,
    WaitingPlace,
)
from kernel.personal import PersonalTables


def select_own_data(person_id: int) -> PersonalTables:  # long: one statement a table
    """Return what is kept of a person who takes courses, a statement a table."""
    return {
        "course_invitations": select(
            Course.slug.label("course"),
            EnrolmentInvitation.name,
            EnrolmentInvitation.invited_at,
            EnrolmentInvitation.expires_at,
            EnrolmentInvitation.accepted_at,
        )
        .join(Course, Course.id == EnrolmentInvitation.course_id)
        .join(Person, (Person.email == EnrolmentInvitation.email) | (Person.id == EnrolmentInvitation.accepted_by))
        .where(Person.id == person_id),
        "enrolments": select(
            Course.slug.label("course"),
            Enrolment.take,
            Enrolment.cause,
            Enrolment.enrolled_at,
            Enrolment.begun_at,
            Enrolment.left_at,
            Enrolment.done,
            Enrolment.total,
            Enrolment.muted_at,
        )
        .join(Course, Course.id == Enrolment.course_id)
        .where(Enrolment.person_id == person_id),
        "editions": select(Course.slug.label("course"), Enrolment.take, Edition.name)
        .join(EditionPlace, EditionPlace.edition_id == Edition.id)
        .join(Enrolment, Enrolment.id == EditionPlace.enrolment_id)
        .join(Course, Course.id == Edition.course_id)
        .where(Enrolment.person_id == person_id),
        "mistake_reports": select(
            Course.slug.label("course"),
            MistakeReport.activity_key,
            MistakeReport.question_key,
            MistakeReport.kind,
            MistakeReport.words,
            MistakeReport.reported_at,
            MistakeReport.state,
            MistakeReport.answer,
            MistakeReport.decided_at,
        )
        .join(Course, Course.id == MistakeReport.course_id)
        .where(MistakeReport.person_id == person_id),
        "waiting": select(Course.slug.label("course"), Edition.name, WaitingPlace.since)
        .join(Edition, Edition.id == WaitingPlace.edition_id)
        .join(Course, Course.id == Edition.course_id)
        .where(WaitingPlace.person_id == person_id),
        "groups": select(Course.slug.label("course"), Enrolment.take, LearnerGroup.shown_name.label("name"), GroupMember.added_at)
        .join(GroupMember, GroupMember.group_id == LearnerGroup.id)
        .join(Enrolment, Enrolment.id == GroupMember.enrolment_id)
        .join(Course, Course.id == LearnerGroup.course_id)
        .where(Enrolment.person_id == person_id),
        "version_answers": select(
            Course.slug.label("course"), Enrolment.take, CourseVersion.number, VersionOfferReply.moves, VersionOfferReply.answered_at
        )
        .join(CourseVersion, CourseVersion.id == VersionOfferReply.version_id)
        .join(Course, Course.id == CourseVersion.course_id)
        .join(Enrolment, Enrolment.id == VersionOfferReply.enrolment_id)
        .where(Enrolment.person_id == person_id),
        "reminders": select(PersonalReminder.words, PersonalReminder.at, PersonalReminder.written_at, Course.slug.label("course"))
        .outerjoin(Course, Course.id == PersonalReminder.course_id)
        .where(PersonalReminder.person_id == person_id),
        "calendar_addresses": select(
            CalendarAddress.name, CalendarAddress.alarm_minutes, CalendarAddress.made_at, CalendarAddress.read_at
        ).where(CalendarAddress.person_id == person_id),
        "activities": select(
            Course.slug.label("course"),
            Enrolment.take,
            ActivityResult.activity_key,
            ActivityResult.viewed_at,
            ActivityResult.completed_at,
            ActivityResult.achieved_at,
        )
        .join(Enrolment, Enrolment.id == ActivityResult.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Enrolment.person_id == person_id),
        "completion_reviews": select(
            Course.slug.label("course"),
            Enrolment.take,
            CompletionReview.achieved_at,
            CompletionReview.noticed_at,
            CompletionReview.recorded,
        )
        .join(Enrolment, Enrolment.id == CompletionReview.enrolment_id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Enrolment.person_id == person_id),
    }
