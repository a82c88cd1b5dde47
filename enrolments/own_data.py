"""A person's courses in the copy of their data."""

from sqlalchemy import or_, select

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
    FormerPlace,
    GroupMember,
    LearnerGroup,
    MistakeReport,
    PersonalReminder,
    VersionOfferReply,
    WaitingPlace,
)
from kernel.personal import PersonalTables, of, own_rows

_COURSE = of(Course, course="slug")
_TAKE = (*_COURSE, Enrolment.take)


def select_own_data(person_id: int) -> PersonalTables:
    """Select the data that is kept of a person who takes courses, a statement a table."""
    mine, invited = (
        Enrolment.person_id == person_id,
        or_(Person.email == EnrolmentInvitation.email, Person.id == EnrolmentInvitation.accepted_by),
    )
    invitations = select(*_COURSE, *of(EnrolmentInvitation, "name invited_at expires_at accepted_at")).select_from(EnrolmentInvitation)
    report = of(MistakeReport, "activity_key question_key kind words reported_at state answer decided_at")
    former_place = (*_TAKE, *of(Edition, edition="name"), LearnerGroup.shown_name.label("group"), FormerPlace.ended_at)
    group = (*_TAKE, LearnerGroup.shown_name.label("name"), GroupMember.added_at)
    enrolment = (*_TAKE, *of(Enrolment, "cause enrolled_at begun_at left_at done total muted_at"))
    activity = (*_TAKE, *of(ActivityResult, "activity_key viewed_at completed_at achieved_at"))
    reply = (*_TAKE, CourseVersion.number, *of(VersionOfferReply, "moves answered_at"))
    reminder = (*of(PersonalReminder, "words at written_at"), *_COURSE)
    review = (*_TAKE, *of(CompletionReview, "achieved_at noticed_at recorded"))
    address = of(CalendarAddress, "name alarm_minutes made_at read_at")
    of_edition = Course.id == Edition.course_id
    return {
        "course_invitations": invitations.join(Course).join(Person, invited).where(Person.id == person_id),
        "enrolments": own_rows(Enrolment, Course, columns=enrolment, mine=mine),
        "editions": own_rows(EditionPlace, Enrolment, Edition, columns=(*_TAKE, Edition.name), mine=mine).join(Course, of_edition),
        "former_places": own_rows(
            FormerPlace, Enrolment, Edition, LearnerGroup, columns=former_place, mine=mine, outer=(Edition, LearnerGroup)
        ).join(Course, Course.id == Enrolment.course_id),
        "mistake_reports": own_rows(MistakeReport, Course, columns=(*_COURSE, *report), mine=MistakeReport.person_id == person_id),
        "waiting": own_rows(
            WaitingPlace, Edition, columns=(*_COURSE, Edition.name, WaitingPlace.since), mine=WaitingPlace.person_id == person_id
        ).join(Course, of_edition),
        "groups": own_rows(GroupMember, LearnerGroup, Enrolment, columns=group, mine=mine).join(
            Course, Course.id == LearnerGroup.course_id
        ),
        "version_answers": own_rows(VersionOfferReply, Enrolment, columns=reply, mine=mine)
        .join(CourseVersion, CourseVersion.id == VersionOfferReply.version_id)
        .join(Course, Course.id == CourseVersion.course_id),
        "reminders": own_rows(PersonalReminder, Course, columns=reminder, mine=PersonalReminder.person_id == person_id, outer=(Course,)),
        "calendar_addresses": own_rows(CalendarAddress, columns=address, mine=CalendarAddress.person_id == person_id),
        "activities": own_rows(ActivityResult, Enrolment, columns=activity, mine=mine).join(Course, Course.id == Enrolment.course_id),
        "completion_reviews": own_rows(CompletionReview, Enrolment, columns=review, mine=mine).join(
            Course, Course.id == Enrolment.course_id
        ),
    }
