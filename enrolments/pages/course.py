"""What the page of a course shows: the course, the learner's part in it, how to get in, and what completing it asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from flask import url_for

from courses.facade import Facade, Size
from enrolments.models import Completion
from enrolments.pages.outline import CourseView, draw, foreign, html, rounded
from enrolments.permissions import Seat, is_staff
from enrolments.rules import Refusal
from kernel.i18n import _, choose, number
from kernel.markup.model import SafeHtml
from kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """What is said of the course."""

    slug: str
    title: str
    title_language: str
    summary: SafeHtml
    tone: int
    facade: Facade | None
    objectives: tuple[SafeHtml, ...]
    hours: int | float
    languages: tuple[str, ...]
    authors: tuple[str, ...]
    version: int
    certificate: bool
    has_glossary: bool
    has_resources: bool
    archived: bool


def course_facts(view: CourseView) -> CourseFacts:
    """Return what is said of the course, its façade lit as far as the learner is."""
    outline, hours = view.outline, view.outline.hours
    return CourseFacts(
        slug=outline.slug,
        title=choose(outline.title),
        title_language=foreign(outline.title),
        summary=html(outline.summary),
        tone=outline.tone,
        facade=draw(outline, view.progress if view.seat.is_learner else None, Size.COURSE),
        objectives=tuple(html(text) for text in outline.objectives),
        hours=int(hours) if hours == int(hours) else float(hours),
        languages=outline.languages,
        authors=outline.authors,
        version=outline.number,
        certificate=outline.certificate != "none",
        has_glossary=outline.has_glossary,
        has_resources=outline.has_resources,
        archived=view.seat.archived,
    )


@dataclass(frozen=True, slots=True)
class EnrolmentFacts:
    """What is said of the learner."""

    percent: int
    modules_done: int
    modules: int
    minutes_left: int | None
    completed_at: datetime | None
    certificate_url: str


def enrolment_facts(view: CourseView, completion: Completion | None) -> EnrolmentFacts | None:
    """Return what is said of the learner; nothing for those who are not enrolled."""
    if not view.seat.is_learner:
        return None
    numbered = [view.progress.module(module.key) for module in view.outline.numbered]
    left = sum(activity.minutes for activity in view.outline.activities() if activity.required and not view.is_done(activity.key))
    return EnrolmentFacts(
        percent=view.progress.percent,
        modules_done=sum(module.completed for module in numbered),
        modules=len(numbered),
        minutes_left=left or None,
        completed_at=completion.completed_at if completion else None,
        certificate_url=url_for("certificates.certificates") if completion and view.outline.certificate != "none" else "",
    )


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that completing the course asks."""

    text: str
    done: int
    needed: int
    words: str


def requirements(view: CourseView) -> list[Requirement]:
    """Say what completing the course asks, and how much of it is met."""
    outline, progress = view.outline, view.progress
    asked = outline.completion_modules or tuple(module.key for module in outline.modules if module.required)
    done = sum(progress.module(key).completed for key in asked)
    text = _("Complete the %(count)s parts of the course", count=len(asked))
    found = [Requirement(text, done, len(asked), _("%(done)s of %(total)s", done=done, total=len(asked)))]
    return found if outline.completion_grade is None else [*found, _required_grade(outline.completion_grade, view.shown_grade)]


def _required_grade(needed: Fraction, grade: Fraction | None) -> Requirement:
    text = _("A course grade of at least %(grade)s", grade=number(rounded(needed) or 0))
    if grade is None:
        return Requirement(text, 0, int(needed), _("no result yet"))
    return Requirement(text, int(min(grade, needed)), int(needed), _("%(grade)s so far", grade=number(rounded(grade) or 0)))


def entry_of(actor: Actor, seat: Seat) -> str:
    """Say how the reader gets into the course."""
    if seat.is_learner:
        return "enrolled"
    if is_staff(actor, seat):
        return "staff"
    words: Mapping[Refusal | None, str] = {
        None: "sign_in" if actor.is_anonymous else "open",
        Refusal.BY_INVITATION: "code" if seat.way == "code" else "invitation",
        Refusal.NOT_YET: "not_yet",
    }
    return words.get(seat.refusal, "closed")
