"""The courses feature: what the package registers with the application."""

from accounts.addresses import FOLLOW_ADDRESS
from accounts.notices import NOTICE_KINDS
from accounts.people import STANDINGS, Standing
from courses import catalogue, jobs, kinds, waiting
from courses.access import PERMISSIONS, owns
from courses.content.differences import describe_lesson
from courses.content.lessons import KIND
from courses.publishing import freeze_lessons, prepare_lesson
from courses.team import (
    TEAM_PAGES,
    TeamPage,
    erase_invitations,
    follow_address,
    forget_invitations_before,
    select_own_data,
    transfer_team_memberships,
    works_on_a_course,
)
from courses.versions import list_entries, list_lesson_entries, list_published_versions
from courses.views import files, folders, lessons, lists, outline, publishing, settings, team, versions
from kernel.errors import N_
from kernel.feature import Feature
from kernel.personal import ERASURES, FORGET_LINKS, MERGERS, OWN_DATA
from kernel.search.sources import SEARCH_ENTRIES, SEARCH_KINDS, SEARCH_VERSIONS, ResultKind
from organisations.audiences import AUDIENCE_USES

PAGE = kinds.ActivityPublisher(KIND, prepare_lesson, freeze_lessons, entries=list_lesson_entries, tell=describe_lesson)
FEATURE = Feature(
    name="courses",
    blueprints=(
        outline.archiving_bp,
        folders.bp,
        versions.history_bp,
        lessons.bp,
        lists.bp,
        files.media_bp,
        outline.outline_bp,
        publishing.plans_bp,
        publishing.publishing_bp,
        settings.bp,
        team.bp,
        files.texts_bp,
        versions.versions_bp,
    ),
    permissions=PERMISSIONS,
    jobs={
        "courses.forget_folders": jobs.forget_folders,
        "courses.publish_planned": jobs.publish_planned,
        "courses.send_invitation": jobs.send_invitation,
    },
    periodic={"courses.forget_folders": jobs.FORGET_EVERY},
    hooks=(
        SEARCH_KINDS.add(
            ResultKind("course", N_("Courses"), "book-open", 10),
            ResultKind("module", N_("Modules"), "list", 20),
            ResultKind("lesson", N_("Lessons"), "file-text", 110, enrol_words=N_("Enrol to read it")),
            ResultKind("term", N_("Glossary"), "book-a", 130, list_path="/glossary"),
            ResultKind("resource", N_("Documents"), "folder", 190, list_path="/resources", after=("course", "module", "lesson")),
        ),
        SEARCH_VERSIONS.add(list_published_versions),
        SEARCH_ENTRIES.add(list_entries),
        OWN_DATA.add(select_own_data),
        ERASURES.add(erase_invitations),
        MERGERS.add(transfer_team_memberships),
        FORGET_LINKS.add(forget_invitations_before),
        AUDIENCE_USES.add(catalogue.list_courses_of_audience),
        FOLLOW_ADDRESS.bind(follow_address),
        NOTICE_KINDS.add(waiting.WAITING_NOTICE, waiting.APPROVAL_NOTICE),
        waiting.WAITING.add(waiting.waiting_publications, waiting.waiting_folders),
        TEAM_PAGES.add(
            TeamPage(
                "courses_outline.outline",
                N_("Outline"),
                10,
                below="courses_outline courses_lessons courses_lists courses_media courses_folders courses_history courses_texts"
                " courses_settings",
            ),
            TeamPage("courses_settings.course", N_("Settings"), 110, below="courses_archiving courses_outline.deletion"),
            TeamPage("courses_team.team", N_("Team"), 120, owns),
            TeamPage("courses.publishing", N_("Publish"), 130, below="courses_versions courses_plans"),
            TeamPage("courses_team.log", N_("Audit log"), 140),
        ),
        kinds.COURSE_PARTS.add(kinds.CourseKinds(publishers=(PAGE,))),
        STANDINGS.add(Standing("is_staff", works_on_a_course())),
    ),
    help={
        "instructor/create-a-course#create": "courses_outline.new_course",
        "instructor/create-a-course#outline": """
            courses_outline.new_activity courses_outline.new_module courses_outline.outline courses_outline.removal
        """,
        "instructor/create-a-course#undo": "courses_history.change courses_history.changes",
        "instructor/create-a-course#settings": "courses_settings.course courses_settings.part courses_settings.rename courses_texts.text",
        "instructor/lessons#write": "courses_lessons.lesson courses_lessons.removal",
        "instructor/lessons#check": "courses_lessons.preview",
        "instructor/lessons#lists": "courses_lists.entries courses_lists.entry courses_lists.new_entry courses_lists.removal",
        "instructor/lessons#files": "courses_media.media",
        "instructor/import-and-export#folder": "courses_folders.confirm courses_folders.upload",
        "instructor/import-and-export#new-from-folder": "courses_folders.confirm_new courses_folders.upload_new",
        "instructor/publishing#publish": "courses.publishing",
        "instructor/publishing#versions": "courses_versions.version courses_versions.versions",
        "instructor/team#add": "courses_team.invitation courses_team.team",
        "instructor/team#log": "courses_team.log",
        "instructor/team#archive": "courses_archiving.archive",
        "instructor/team#delete": "courses_outline.deletion",
    },
)
