"""The page of a course: the course, the learner's part in it, how to enrol, and what completing it asks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from flask import url_for

from courses.content.language_shares import LanguageShare
from courses.content.site import key_in_words
from courses.facade import Facade, FacadeSize
from courses.rules import OutlineModule, printed_basis, printed_hours
from enrolments.pages.outline import CourseView, course_shares, draw, foreign, html, rounded
from enrolments.permissions import LearnerContext, is_staff
from enrolments.queries.awards import LatestCertificate
from enrolments.queries.editions import EditionRow, dates_of
from enrolments.rules import EnrolmentRefusal, may_join, required_modules
from kernel.i18n import _, choose, enumeration, language, ngettext, number
from kernel.markup.model import SafeHtml
from kernel.permissions import Actor


@dataclass(frozen=True, slots=True)
class CoursePageView:
    """A course on its page."""

    slug: str
    title: str
    title_language: str
    summary: SafeHtml
    tone: int
    facade: Facade | None
    objectives: tuple[SafeHtml, ...]
    hours: str
    hours_basis: str
    shares: tuple[LanguageShare, ...]
    languages: tuple[str, ...]
    authors: tuple[str, ...]
    topic: str
    version: int
    certificate: bool
    has_glossary: bool
    has_resources: bool
    archived: bool


def course_facts(view: CourseView, topics: Mapping[str, str]) -> CoursePageView:
    """Return what is said of the course, its façade lit as far as the learner is; ``topics`` are the site's names of them by key."""
    outline, length = view.outline, view.outline.length
    return CoursePageView(
        slug=outline.slug,
        title=choose(outline.title),
        title_language=foreign(outline.title),
        summary=html(outline.summary),
        tone=outline.tone,
        facade=draw(outline, view.progress if view.context.is_learner else None, FacadeSize.COURSE),
        objectives=tuple(html(text) for text in outline.objectives),
        hours=printed_hours(length.number, language()) if length.number else "",
        hours_basis=printed_basis(length, language()),
        shares=course_shares(outline),
        languages=outline.languages,
        authors=outline.authors,
        topic=topics.get(outline.topic) or key_in_words(outline.topic),
        version=outline.number,
        certificate=outline.certificate != "none",
        has_glossary=outline.has_glossary,
        has_resources=outline.has_resources,
        archived=view.context.archived,
    )


@dataclass(frozen=True, slots=True)
class EnrolmentView:
    """The learner on the page of a course."""

    percent: int
    modules_done: int
    modules: int
    minutes_left: int | None
    begun: bool
    """An activity has been opened."""
    completed_at: datetime | None
    certificate_url: str
    """Where the certificate in force is."""
    certificate_ended: bool
    """There was one, which does not hold any more."""


def enrolment_facts(view: CourseView, completed_at: datetime | None, award: LatestCertificate | None) -> EnrolmentView | None:
    """Return what is said of the learner; nothing for those who are not enrolled."""
    if not view.context.is_learner:
        return None
    done, total = view.progress.modules_of(view.outline)
    left = sum(activity.minutes for activity in view.outline.activities() if activity.required and not view.is_done(activity.key))
    return EnrolmentView(
        percent=view.progress.percent,
        modules_done=done,
        modules=total,
        minutes_left=left or None,
        begun=bool(view.results),
        completed_at=completed_at,
        certificate_url=url_for("certificates.certificate", credential=award.uuid) if award and award.in_force else "",
        certificate_ended=award is not None and not award.in_force,
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
    required = required_modules(outline)
    done = sum(progress.module(key).completed for key in required)
    text = _parts_to_complete([module for module in outline.modules if module.key in required])
    listed = [Requirement(text, done, len(required), _("%(done)s of %(total)s", done=done, total=len(required)))] if required else []
    return listed if outline.completion_grade is None else [*listed, _required_grade(outline.completion_grade, view.shown_grade)]


def _parts_to_complete(modules: Sequence[OutlineModule]) -> str:
    """Name what has to be completed: the numbered modules by their count, the others by their titles."""
    numbered = sum(module.number is not None for module in modules)
    parts = [ngettext("the only module", "the %(count)s modules", numbered)] if numbered else []
    parts += [_("“%(title)s”", title=choose(dict(module.title))) for module in modules if module.number is None]
    return _("Complete %(parts)s", parts=enumeration(parts))


def _required_grade(needed: Fraction, grade: Fraction | None) -> Requirement:
    text = _("A course grade of at least %(grade)s", grade=number(rounded(needed) or 0))
    if grade is None:
        return Requirement(text, 0, int(needed), _("no result yet"))
    return Requirement(text, int(min(grade, needed)), int(needed), _("%(grade)s so far", grade=number(rounded(grade) or 0)))


def entry_of(actor: Actor, context: LearnerContext) -> str:
    """Say how the reader gets into the course."""
    if context.is_learner:
        return "enrolled"
    if is_staff(actor, context):
        return "staff"
    ways: Mapping[EnrolmentRefusal | None, str] = {
        None: "sign_in" if actor.is_anonymous else "open",
        EnrolmentRefusal.BY_EDITION: "sign_in_edition" if actor.is_anonymous else "edition",
        EnrolmentRefusal.BY_INVITATION: "code" if context.enrolment_mode == "code" else "invitation",
        EnrolmentRefusal.NOT_YET: "not_yet",
    }
    return ways.get(context.refusal, "closed")


@dataclass(frozen=True, slots=True)
class EditionChoice:
    """An edition that anyone who sees the course may choose."""

    uuid: UUID
    name: str
    starts_at: datetime | None
    ends_at: datetime | None
    enrols_from: datetime | None
    refusal: str
    is_full: bool
    waits: bool


def edition_choices(lines: Sequence[EditionRow], waits: Collection[int], *, archived: bool, now: datetime) -> list[EditionChoice]:
    """Return the editions that are open to anyone who sees the course and have not ended, those that begin first before the others."""
    chosen = [line for line in lines if line.edition.self_enrolment and line.edition.closed_at is None]
    chosen = [line for line in chosen if line.edition.ends_at is None or now < line.edition.ends_at]
    return [
        EditionChoice(
            uuid=line.edition.uuid,
            name=line.edition.name,
            starts_at=line.edition.starts_at,
            ends_at=line.edition.ends_at,
            enrols_from=line.edition.enrols_from,
            refusal=refused.value if (refused := may_join(dates_of(line.edition), archived=archived, now=now)) else "",
            is_full=line.is_full,
            waits=line.edition.id in waits,
        )
        for line in sorted(chosen, key=lambda line: (line.edition.starts_at is None, line.edition.starts_at or now, line.edition.id))
    ]
