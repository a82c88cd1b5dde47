"""The courses feature: what the package registers with the application."""

from courses import jobs
from courses.content.facts import describe_lesson
from courses.content.pages import KIND
from courses.kinds import ActivityPublisher
from courses.permissions import PERMISSIONS
from courses.publication import prepare_lesson
from courses.queries.search_entries import list_lesson_entries
from courses.queries.waiting import waiting_folders, waiting_publications
from courses.services.publishing import freeze_lessons
from courses.views import archiving, folders, history, lessons, lists, media, outline, plans, publishing, settings, team, texts, versions
from kernel.feature import Feature

PAGE = ActivityPublisher(KIND, prepare_lesson, freeze_lessons, entries=list_lesson_entries, tell=describe_lesson)
FEATURE = Feature(
    name="courses",
    blueprints=(
        archiving.bp,
        folders.bp,
        history.bp,
        lessons.bp,
        lists.bp,
        media.bp,
        outline.bp,
        plans.bp,
        publishing.bp,
        settings.bp,
        team.bp,
        texts.bp,
        versions.bp,
    ),
    permissions=PERMISSIONS,
    jobs={
        "courses.forget_folders": jobs.forget_folders,
        "courses.publish_planned": jobs.publish_planned,
        "courses.send_invitation": jobs.send_invitation,
    },
    periodic={"courses.forget_folders": jobs.FORGET_EVERY},
    waiting=(waiting_publications, waiting_folders),
)
