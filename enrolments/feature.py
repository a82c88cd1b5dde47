"""The enrolments feature, as the application registers it."""

from accounts.people import AccountVerb
from courses.audit_verbs import CourseVerb
from courses.kinds import LEARNERS, LEARNING_TIMES
from courses.waiting import WAITING
from enrolments import jobs
from enrolments.access import CALENDAR_PERMISSIONS, MISTAKE_PERMISSIONS, PERMISSIONS, TAKE_PERMISSIONS
from enrolments.dates import DATES, course_dates, dates_of_kind, reminder_dates
from enrolments.learners import count_learners
from enrolments.progress_report import measured_minutes
from enrolments.views import (
    announcements,
    calendar,
    editions,
    grade_items,
    gradebook,
    invitations,
    learning,
    mistakes,
    progress_report,
    results,
    roster,
    takes,
)
from enrolments.waiting import waiting_editions, waiting_lists, waiting_mistakes
from kernel.feature import Feature

FEATURE = Feature(
    name="enrolments",
    blueprints=(
        learning.bp,
        editions.bp,
        roster.bp,
        invitations.invitations_bp,
        invitations.invited_bp,
        gradebook.bp,
        progress_report.progress_report_bp,
        announcements.announcements_bp,
        announcements.messages_bp,
        grade_items.bp,
        results.bp,
        takes.takes_bp,
        takes.leaving_bp,
        takes.completion_reviews_bp,
        progress_report.units_bp,
        mistakes.bp,
        calendar.calendar_bp,
        calendar.reminders_bp,
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
    hooks=(
        DATES.add(course_dates, dates_of_kind("page"), reminder_dates),
        LEARNERS.bind(count_learners),
        LEARNING_TIMES.bind(measured_minutes),
        WAITING.add(waiting_editions, waiting_lists, waiting_mistakes),
    ),
)
