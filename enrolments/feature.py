"""The enrolments feature, as the application registers it."""

from accounts.notices import NOTICE_KINDS
from accounts.people import AccountVerb
from courses.audit_verbs import CourseVerb
from courses.kinds import LEARNERS, LEARNING_TIMES
from courses.waiting import WAITING
from enrolments import jobs, notices
from enrolments.access import CALENDAR_PERMISSIONS, MISTAKE_PERMISSIONS, PERMISSIONS, TAKE_PERMISSIONS
from enrolments.calendar import RETENTION_RULE as REMINDERS_RULE
from enrolments.dates import DATES, course_dates, dates_of_kind, reminder_dates
from enrolments.editions import transfer_waiting_places
from enrolments.enrolment import end_duplicate_enrolments
from enrolments.invitations import erase_invitations, forget_invitations_before
from enrolments.learners import count_learners
from enrolments.mistakes import RETENTION_RULE as REPORTS_RULE
from enrolments.own_data import select_own_data
from enrolments.progress_report import measured_minutes
from enrolments.results import erase_notes
from enrolments.takes import transfer_takes
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
from kernel.personal import COURSE_TRANSFERS, ERASURES, FORGET_LINKS, MERGERS, OWN_DATA, RETENTION, TRANSFERS

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
        OWN_DATA.add(select_own_data),
        ERASURES.add(erase_invitations, erase_notes),
        TRANSFERS.add(transfer_waiting_places),
        COURSE_TRANSFERS.add(transfer_takes),
        MERGERS.add(end_duplicate_enrolments),
        FORGET_LINKS.add(forget_invitations_before),
        RETENTION.add(REPORTS_RULE, REMINDERS_RULE),
        NOTICE_KINDS.add(*notices.KINDS),
        DATES.add(course_dates, dates_of_kind("page"), reminder_dates),
        LEARNERS.bind(count_learners),
        LEARNING_TIMES.bind(measured_minutes),
        WAITING.add(waiting_editions, waiting_lists, waiting_mistakes),
    ),
    help={
        "learner/courses#find": "enrolments.catalogue",
        "learner/courses#enrol": "enrolments.course",
        "learner/courses#invitation": "enrolments_invited.account enrolments_invited.invitation",
        "learner/courses#code": "enrolments_editions.code enrolments_editions.invitation",
        "learner/courses#leave": "enrolments_leaving.leave",
        "learner/lessons#progress": "enrolments.activity",
        "learner/lessons#glossary": "enrolments.glossary enrolments.resources",
        "learner/lessons#mistake": "enrolments_mistakes.own_reports enrolments_mistakes.report",
        "learner/results#calendar": """
            enrolments_calendar.calendar enrolments_calendar.make_address enrolments_reminders.new_reminder
            enrolments_reminders.reminder
        """,
        "learner/results#grades": "enrolments_results.own_results",
        "instructor/publishing#mistakes": "enrolments_mistakes.lesson enrolments_mistakes.mistake enrolments_mistakes.reports",
        "instructor/learners#enrol": "enrolments_roster.roster",
        "instructor/learners#list": "enrolments_roster.preview enrolments_roster.upload",
        "instructor/learners#invitations": "enrolments_invitations.unanswered",
        "instructor/learners#editions": "enrolments_editions.editions",
        "instructor/learners#code": "enrolments_editions.edition",
        "instructor/learners#groups": "enrolments.group enrolments.groups",
        "instructor/learners#again": "enrolments_takes.begin",
        "instructor/announcements-and-messages#announce": "enrolments_announcements.announcements",
        "instructor/announcements-and-messages#correct": "enrolments_announcements.announcement",
        "instructor/announcements-and-messages#message": "enrolments_messages.message",
        "instructor/marking#gradebook": "enrolments_gradebook.gradebook",
        "instructor/marking#grading": "enrolments_grading.grading",
        "instructor/marking#items": "enrolments_grading.item enrolments_grading.marks enrolments_grading.new_item",
        "instructor/marking#override": "enrolments_results.override",
        "instructor/statistics#progress": "enrolments_following.progress",
        "administrator/institutions#follow": "enrolments_units.people enrolments_units.unit enrolments_units.units",
        "administrator/certificates#reviews": "enrolments_completion_reviews.reviews",
    },
)
