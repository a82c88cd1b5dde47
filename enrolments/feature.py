"""The enrolments feature, as the application registers it."""

from accounts.people import AccountVerb
from courses.audit_verbs import CourseVerb
from enrolments import jobs
from enrolments.calendar_permissions import CALENDAR_PERMISSIONS
from enrolments.dates import course_dates, dates_of_kind, reminder_dates
from enrolments.mistake_permissions import MISTAKE_PERMISSIONS
from enrolments.permissions import PERMISSIONS
from enrolments.queries.waiting import waiting_editions, waiting_lists, waiting_mistakes
from enrolments.take_permissions import TAKE_PERMISSIONS
from enrolments.views import (
    announcements,
    calendar,
    completion_reviews,
    editions,
    gradebook,
    grading,
    invitations,
    invited,
    learning,
    leaving,
    messages,
    mistakes,
    progress_report,
    reminders,
    results,
    roster,
    takes,
    units,
)
from kernel.feature import Feature

FEATURE = Feature(
    name="enrolments",
    blueprints=(
        learning.bp,
        editions.bp,
        roster.bp,
        invitations.bp,
        invited.bp,
        gradebook.bp,
        progress_report.bp,
        announcements.bp,
        messages.bp,
        grading.bp,
        results.bp,
        takes.bp,
        leaving.bp,
        completion_reviews.bp,
        units.bp,
        mistakes.bp,
        calendar.bp,
        reminders.bp,
    ),
    permissions={**PERMISSIONS, **MISTAKE_PERMISSIONS, **CALENDAR_PERMISSIONS, **TAKE_PERMISSIONS},
    jobs={
        "enrolments.follow_correction": jobs.follow_correction,
        "enrolments.enrol_list": jobs.enrol_list,
        "enrolments.send_invitation": jobs.send_invitation,
        "enrolments.accept_at_confirmation": jobs.accept_at_confirmation,
        "enrolments.tell_announcement": jobs.notify_announcement,
        "enrolments.keep_grades": jobs.keep_grades,
        "enrolments.forget_lists": jobs.forget_lists,
        "enrolments.tell_changes": jobs.notify_changes,
        "enrolments.end_closed": jobs.end_closed,
        "enrolments.plan_reminders": jobs.plan_reminders,
        "enrolments.remind_zone": jobs.remind_zone,
        "enrolments.remind": jobs.remind,
    },
    patient=("enrolments.remind", "enrolments.send_invitation"),
    periodic={
        "enrolments.plan_reminders": 900,
        "enrolments.forget_lists": 3600,
        "enrolments.keep_grades": 3600,
        "enrolments.end_closed": 86_400,
    },
    subscriptions={
        AccountVerb.CONFIRMED: "enrolments.accept_at_confirmation",
        CourseVerb.PUBLISHED: "enrolments.follow_correction",
        CourseVerb.CHANGES_TOLD: "enrolments.tell_changes",
    },
    dates=(course_dates, dates_of_kind("page"), reminder_dates),
    waiting=(waiting_editions, waiting_lists, waiting_mistakes),
)
