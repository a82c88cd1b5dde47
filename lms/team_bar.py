"""The navigation of a course's team: the one list of its pages, and what of it a reader sees on each of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import g, request, url_for

from courses.access import edits, owns, teaches
from courses.models import StaffRole
from kernel.errors import N_
from kernel.i18n import _
from kernel.permissions import Actor
from kernel.web.request import current_actor


@dataclass(frozen=True, slots=True)
class TeamPage:
    """An entry of the navigation, for those of the team whom `is_for` names."""

    endpoint: str
    title: str
    is_for: Callable[[Actor, StaffRole | None], bool] = edits
    below: tuple[str, ...] = ()
    """The pages that belong to it besides its own: endpoints, and blueprints with all that has no entry of its own."""
    needs_version: bool = False
    """It exists once the course is published."""


TEAM_PAGES: tuple[TeamPage, ...] = (
    TeamPage(
        "courses_outline.outline",
        N_("Outline"),
        below=(
            *(
                "courses_outline",
                "courses_lessons",
                "courses_lists",
                "courses_media",
                "courses_folders",
                "courses_history",
                "courses_texts",
            ),
            *("courses_settings", "questions_banks", "questions", "quizzes_slots", "quizzes_blueprints", "quizzes_pass_marks"),
            "analysis_item_history",
            "questions_variants",
            "standards",
        ),
    ),
    TeamPage("enrolments_roster.roster", N_("Learners"), below=("enrolments_roster", "enrolments_invitations", "compliance_agreements")),
    TeamPage("enrolments.groups", N_("Groups"), below=("enrolments.group",)),
    TeamPage("enrolments_editions.editions", N_("Editions"), below=("enrolments_editions",)),
    TeamPage(
        "quizzes_marking.quizzes",
        N_("Quizzes and marking"),
        teaches,
        ("quizzes_marking", "quizzes_manage", "quizzes_regrading", "quizzes_reopening", "quizzes_reports", "quizzes_time", "selections"),
        needs_version=True,
    ),
    TeamPage(
        "enrolments_gradebook.gradebook",
        N_("Gradebook"),
        teaches,
        ("enrolments_grading", "enrolments_following", "enrolments_results", "enrolments_takes", "lms_following"),
        needs_version=True,
    ),
    TeamPage(
        "analysis_statistics.quizzes",
        N_("Statistics"),
        below=("analysis_statistics", "analysis_decisions", "analysis_draws", "analysis_gain.class_gain"),
        needs_version=True,
    ),
    TeamPage("certificates_register.course_register", N_("Certificates"), below=("certificates_reviews", "certificates_validity")),
    TeamPage("enrolments_mistakes.reports", N_("Mistake reports"), teaches, ("enrolments_mistakes",)),
    TeamPage("enrolments_announcements.announcements", N_("Announcements"), below=("enrolments_announcements", "enrolments_messages")),
    TeamPage("courses_settings.course", N_("Settings"), below=("courses_archiving", "courses_outline.deletion")),
    TeamPage("courses_team.team", N_("Team"), owns),
    TeamPage("courses.publishing", N_("Publish"), below=("courses_versions", "courses_plans")),
    TeamPage("courses_team.log", N_("Audit log")),
)
"""In the order of the bar: what is taught, who learns, how they do, and the course as a whole."""
_ENTRIES = {name: page for page in TEAM_PAGES for name in page.below} | {page.endpoint: page for page in TEAM_PAGES}


@dataclass(frozen=True, slots=True)
class TeamLink:
    """An entry as a page shows it."""

    title: str
    url: str
    is_current: bool


def team_bar(course: Mapping[str, object]) -> list[TeamLink]:
    """Return the entries that the reader of this page may open; `course` is what its template says of the course."""
    actor, role = current_actor(), _role_in(g.subject)
    here = _ENTRIES.get(request.endpoint or "") or _ENTRIES.get(request.blueprint or "")
    return [
        TeamLink(_(page.title), url_for(page.endpoint, slug=course["slug"]), page is here)
        for page in TEAM_PAGES
        if page.is_for(actor, role) and (course.get("published", True) or not page.needs_version)
    ]


def _role_in(subject: object) -> StaffRole | None:
    """Return what the actor is in the course of a page: its subject says so, or that in which it stands."""
    while not hasattr(subject, "staff_role"):
        subject = next(getattr(subject, name) for name in ("context", "course", "quiz", "credential") if hasattr(subject, name))
    role: StaffRole | None = subject.staff_role
    return role
