"""The courses feature: what the package registers with the application."""

from accounts.addresses import FOLLOW_ADDRESS
from courses import jobs
from courses.access import PERMISSIONS
from courses.catalogue import list_courses_of_audience
from courses.content.differences import describe_lesson
from courses.content.lessons import KIND
from courses.kinds import ActivityPublisher
from courses.publishing import freeze_lessons, prepare_lesson
from courses.team import follow_address
from courses.versions import list_lesson_entries
from courses.views import files, folders, lessons, lists, outline, publishing, settings, team, versions
from courses.waiting import WAITING, waiting_folders, waiting_publications
from kernel.feature import Feature
from organisations.audiences import AUDIENCE_USES

PAGE = ActivityPublisher(KIND, prepare_lesson, freeze_lessons, entries=list_lesson_entries, tell=describe_lesson)
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
        AUDIENCE_USES.add(list_courses_of_audience),
        FOLLOW_ADDRESS.bind(follow_address),
        WAITING.add(waiting_publications, waiting_folders),
    ),
)
