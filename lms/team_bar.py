"""The navigation of a course's team: what of its pages a reader sees on each of them."""

from collections.abc import Iterable, Mapping

from flask import Flask, g, request, url_for

from courses.models import StaffRole
from courses.team import TeamPage
from kernel.i18n import _
from kernel.web.request import current_actor


def install(app: Flask, pages: Iterable[TeamPage], below: Iterable[tuple[str, str]]) -> None:
    """Give templates `team_bar(course)`: the entries that the reader of a page may open, each with title, address and whether it is open.

    `course` is what the page says of the course.
    """
    ordered = sorted(pages, key=lambda page: page.position)
    names = [*below, *((page.endpoint, f"{page.below} {page.endpoint}") for page in ordered)]
    entries = {name: endpoint for endpoint, belonging in names for name in belonging.split()}

    def team_bar(course: Mapping[str, object]) -> list[tuple[str, str, bool]]:
        actor, role = current_actor(), _role_in(g.subject)
        here = entries.get(request.endpoint or "") or entries.get(request.blueprint or "")
        return [
            (_(page.title), url_for(page.endpoint, slug=course["slug"]), page.endpoint == here)
            for page in ordered
            if page.is_for(actor, role) and (course.get("published", True) or not page.needs_version)
        ]

    app.jinja_env.globals.update(team_bar=team_bar)


def _role_in(subject: object) -> StaffRole | None:
    """Return the actor's role in the course of a page: that of its subject, or of what it stands in."""
    while not hasattr(subject, "staff_role"):
        subject = next(getattr(subject, name) for name in ("context", "course", "quiz", "credential") if hasattr(subject, name))
    role: StaffRole | None = subject.staff_role
    return role
