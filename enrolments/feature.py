"""The enrolments feature, as the application registers it."""

from accounts.joining import JOININGS
from accounts.notices import MUTES, NOTICE_KINDS
from accounts.people import AccountVerb
from courses.access import teaches
from courses.audit_verbs import CourseVerb
from courses.kinds import COURSE_PARTS, LEARNERS, LEARNING_TIMES, CourseKinds
from courses.team import TEAM_PAGES, TeamPage
from courses.waiting import WAITING
from discussions.boards import BOARDS, THREAD_GUARDS
from enrolments import board_cells, boards, dates, enrolment, jobs, learners, log, muting, notices, own_data, progress, waiting
from enrolments.access import CALENDAR_PERMISSIONS, MISTAKE_PERMISSIONS, PERMISSIONS, TAKE_PERMISSIONS
from enrolments.calendar import RETENTION_RULE as REMINDERS_RULE
from enrolments.course_context import ACTIVITY_LINKS, LEARNER_PAGES, ActivityPage, LearnerPage
from enrolments.editions import transfer_waiting_places
from enrolments.invitations import erase_invitations, forget_invitations_before
from enrolments.mistakes import RETENTION_RULE as REPORTS_RULE
from enrolments.progress_report import measured_minutes
from enrolments.results import erase_notes
from enrolments.takes import transfer_takes
from enrolments.versions import list_followed_versions
from enrolments.views import (
    announcements,
    calendar,
    editions,
    grade_items,
    gradebook,
    invitations,
    joining,
    learning,
    mark_files,
    mistakes,
    progress_report,
    results,
    roster,
    takes,
)
from enrolments.views import boards as board_pages
from kernel.errors import N_
from kernel.feature import Feature
from kernel.menu import Menu, MenuEntry, is_signed_in
from kernel.permissions import Actor
from kernel.personal import COURSE_TRANSFERS, ERASURES, FORGET_LINKS, MERGERS, OWN_DATA, RETENTION, TRANSFERS
from kernel.search.sources import SEARCH_VERSIONS
from organisations.audience_kinds import AUDIENCE_LEAVES


def _manages_units(actor: Actor) -> bool:
    return actor.manages_units


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
        mark_files.bp,
        results.bp,
        takes.takes_bp,
        takes.leaving_bp,
        takes.completion_reviews_bp,
        progress_report.units_bp,
        mistakes.bp,
        calendar.calendar_bp,
        calendar.reminders_bp,
        board_pages.bp,
    ),
    permissions={**PERMISSIONS, **MISTAKE_PERMISSIONS, **CALENDAR_PERMISSIONS, **TAKE_PERMISSIONS},
    cells=board_cells.CELLS,
    menu=(
        MenuEntry(
            Menu.CAMPUS,
            "enrolments.catalogue",
            N_("Courses"),
            position=10,
            icon="book-open",
            has_pages_below=False,
        ),
        MenuEntry(Menu.STAFF, "enrolments_units.units", N_("My units"), position=20, icon="folder", is_for=_manages_units),
        MenuEntry(Menu.SEARCH, "enrolments_mistakes.own_reports", N_("My mistake reports"), position=62, icon="flag", is_for=is_signed_in),
        MenuEntry(Menu.OWN, "enrolments_calendar.calendar", N_("Calendar"), position=20, icon="calendar"),
    ),
    jobs={
        "enrolments.follow_correction": jobs.follow_correction,
        "enrolments.enrol_list": jobs.enrol_list,
        "enrolments.send_invitation": jobs.send_invitation,
        "enrolments.accept_at_confirmation": jobs.accept_at_confirmation,
        "enrolments.tell_announcement": jobs.notify_announcement,
        "enrolments.keep_grades": jobs.keep_grades,
        "enrolments.forget_lists": jobs.forget_lists,
        "enrolments.forget_mark_files": jobs.forget_mark_files,
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
        "enrolments.forget_mark_files": 3600,
        "enrolments.keep_grades": 3600,
        "enrolments.end_closed": 86_400,
    },
    subscriptions={
        AccountVerb.CONFIRMED: "enrolments.accept_at_confirmation",
        CourseVerb.PUBLISHED: "enrolments.follow_correction",
        CourseVerb.CHANGES_TOLD: "enrolments.tell_changes",
    },
    hooks=(
        BOARDS.add(boards.COURSE_BOARDS),
        THREAD_GUARDS.add(*boards.GUARDS),
        SEARCH_VERSIONS.add(list_followed_versions),
        OWN_DATA.add(own_data.select_own_data),
        ERASURES.add(erase_invitations, erase_notes),
        TRANSFERS.add(transfer_waiting_places),
        COURSE_TRANSFERS.add(transfer_takes),
        MERGERS.add(enrolment.end_duplicate_enrolments),
        FORGET_LINKS.add(forget_invitations_before),
        RETENTION.add(REPORTS_RULE, REMINDERS_RULE),
        NOTICE_KINDS.add(*notices.KINDS),
        JOININGS.add(joining.find_joining),
        MUTES.add(muting.MUTES),
        dates.DATES.add(dates.course_dates, dates.dates_of_kind("page"), dates.reminder_dates),
        LEARNERS.bind(learners.count_learners),
        LEARNING_TIMES.bind(measured_minutes),
        WAITING.add(
            waiting.waiting_editions,
            waiting.waiting_lists,
            waiting.waiting_mark_files,
            waiting.waiting_mistakes,
            waiting.waiting_discussions,
        ),
        TEAM_PAGES.add(
            TeamPage("enrolments_roster.roster", N_("Learners"), 20, below="enrolments_roster enrolments_invitations"),
            TeamPage("enrolments_boards.settings", N_("Discussions"), 95, below="enrolments_boards"),
            TeamPage("enrolments.groups", N_("Groups"), 30, below="enrolments.group"),
            TeamPage("enrolments_editions.editions", N_("Editions"), 40, below="enrolments_editions"),
            TeamPage(
                "enrolments_gradebook.gradebook",
                N_("Gradebook"),
                60,
                teaches,
                "enrolments_grading enrolments_mark_files enrolments_following enrolments_results enrolments_takes",
                needs_version=True,
            ),
            TeamPage("enrolments_mistakes.reports", N_("Mistake reports"), 90, teaches, "enrolments_mistakes"),
            TeamPage(
                "enrolments_announcements.announcements",
                N_("Announcements"),
                100,
                below="enrolments_announcements enrolments_messages",
            ),
        ),
        LEARNER_PAGES.add(LearnerPage(N_("My discussions"), "discussions.followed")),
        ACTIVITY_LINKS.add(
            ActivityPage(
                N_("Do you have a question about this part?"),
                "enrolments_boards.of_activity",
                "message-circle",
                frozenset({"page", "recording"}),
                boards.is_offered,
            )
        ),
        COURSE_PARTS.add(CourseKinds(logs=(log.LOG,))),
        AUDIENCE_LEAVES.add(progress.HOLDS),
    ),
    help={
        "learner/courses#find": "enrolments.catalogue",
        "learner/courses#enrol": "enrolments.course",
        "learner/courses#invitation": "enrolments_invited.invitation",
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
        "learner/discussions#ask": """
            enrolments_boards.ask enrolments_boards.course_board enrolments_boards.of_activity enrolments_boards.of_heading
        """,
        "instructor/discussions#board": "enrolments_boards.settings",
        "instructor/publishing#mistakes": "enrolments_mistakes.lesson enrolments_mistakes.mistake enrolments_mistakes.reports",
        "instructor/learners#enrol": "enrolments_roster.remove enrolments_roster.roster",
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
        "instructor/marking#files": "enrolments_mark_files.preview enrolments_mark_files.upload",
        "instructor/marking#override": "enrolments_results.override",
        "instructor/statistics#progress": "enrolments_following.progress",
        "administrator/institutions#follow": "enrolments_units.people enrolments_units.unit enrolments_units.units",
        "administrator/certificates#reviews": "enrolments_completion_reviews.reviews",
    },
)
