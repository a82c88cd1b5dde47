"""Reading courses: outlines of published versions, the catalogue, drafts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, cast

from sqlalchemy import Row, bindparam, exists, func, select
from sqlalchemy.orm import Session

from courses.models import (
    Activity,
    Course,
    CourseFile,
    CourseResource,
    CourseStaff,
    CourseVersion,
    DraftFile,
    GradeCategory,
    Module,
    Objective,
    Page,
    StaffRole,
    Term,
)
from courses.permissions import TaughtCourse
from courses.rules import Category, Outline, OutlineActivity, OutlineModule
from kernel.errors import NotFound
from kernel.files import Files
from kernel.permissions import Actor

KEPT_OUTLINES = 64

_VERSION = select(
    CourseVersion,
    Course.slug,
    exists().where(Term.version_id == CourseVersion.id).label("has_glossary"),
    exists().where(CourseResource.version_id == CourseVersion.id).label("has_resources"),
).where(CourseVersion.id == bindparam("version_id"), Course.id == CourseVersion.course_id)
_MODULES = select(Module).where(Module.version_id == bindparam("version_id")).order_by(Module.position)
_ACTIVITIES = select(Activity).where(Activity.version_id == bindparam("version_id")).order_by(Activity.module_id, Activity.position)
_CATEGORIES = select(GradeCategory).where(GradeCategory.version_id == bindparam("version_id")).order_by(GradeCategory.id)
_OBJECTIVES = select(Objective).where(Objective.version_id == bindparam("version_id")).order_by(Objective.position)
_PAGES = (
    select(Page.language, Page.title, Page.summary, Page.body, Page.headings, Page.symbols, Page.minutes)
    .where(Page.activity_id == bindparam("activity_id"))
    .order_by(Page.id)
)


def get_outline(session: Session, version_id: int) -> Outline:
    """Return a published version; it never changes, so the process keeps the last ones it read."""
    kept = cast("dict[int, Outline]", session.info.setdefault("outlines", {}))
    if version_id not in kept:
        while len(kept) >= KEPT_OUTLINES:
            kept.pop(next(iter(kept)), None)
        kept[version_id] = _read_outline(session, version_id)
    return kept[version_id]


def _read_outline(session: Session, version_id: int) -> Outline:
    bound = {"version_id": version_id}
    found = session.execute(_VERSION, bound).one_or_none()
    if found is None:
        raise NotFound
    version, slug, has_glossary, has_resources = found
    objectives: defaultdict[int | None, list[Mapping[str, str]]] = defaultdict(list)
    for objective in session.scalars(_OBJECTIVES, bound):
        objectives[objective.module_id].append(objective.text)
    activities: defaultdict[int, list[Activity]] = defaultdict(list)
    for activity in session.scalars(_ACTIVITIES, bound):
        activities[activity.module_id].append(activity)
    modules, number = [], 0
    for module in session.scalars(_MODULES, bound):
        number += module.numbered
        modules.append(_outline_module(module, number if module.numbered else None, activities[module.id], objectives[module.id]))
    return Outline(
        version_id=version.id,
        course_id=version.course_id,
        slug=slug,
        number=version.number,
        title=version.title,
        summary=version.summary,
        objectives=tuple(objectives[None]),
        languages=version.languages,
        hours=Fraction(version.hours),
        level=version.level,
        tone=version.tone,
        authors=version.authors,
        licence=version.licence,
        zone=version.zone,
        published_at=version.published_at,
        completion_modules=version.completion_modules,
        completion_grade=None if version.completion_grade is None else Fraction(version.completion_grade),
        certificate=version.certificate,
        categories=tuple(
            Category(row.key, row.title, Fraction(row.weight), row.drop_lowest) for row in session.scalars(_CATEGORIES, bound)
        ),
        has_glossary=has_glossary,
        has_resources=has_resources,
        modules=tuple(modules),
    )


def _outline_module(module: Module, number: int | None, activities: list[Activity], objectives: list[Mapping[str, str]]) -> OutlineModule:
    return OutlineModule(
        key=module.key,
        title=module.title,
        summary=module.summary,
        number=number,
        needed=module.needed,
        requires=module.requires,
        opens_at=module.opens_at,
        closes_at=module.closes_at,
        objectives=tuple(objectives),
        activities=tuple(_outline_activity(activity, module.key) for activity in activities),
    )


def _outline_activity(activity: Activity, module: str) -> OutlineActivity:
    return OutlineActivity(
        id=activity.id,
        key=activity.key,
        kind=activity.kind,
        title=activity.title,
        summary=activity.summary,
        required=activity.required,
        preview=activity.preview,
        requires=activity.requires,
        opens_at=activity.opens_at,
        closes_at=activity.closes_at,
        minutes=activity.minutes,
        completion_rule=activity.completion_rule,
        completion_amount=activity.completion_amount,
        questions=activity.questions,
        attempts=activity.attempts,
        category=activity.category,
        weight=Fraction(activity.weight),
        module=module,
    )


def list_pages(session: Session, activity_id: int) -> Sequence[Row[Any]]:
    """List a lesson's rendered texts, the course's own language first."""
    return session.execute(_PAGES, {"activity_id": activity_id}).all()


def list_terms(session: Session, version_id: int, keys: Sequence[str] | None = None) -> list[Term]:
    """List the glossary of a version, or some of its terms."""
    statement = select(Term).where(Term.version_id == version_id).limit(2000)
    return list(session.scalars(statement if keys is None else statement.where(Term.key.in_(keys))))


def list_resources(session: Session, version_id: int) -> list[CourseResource]:
    """List the documents and links of a version."""
    return list(
        session.scalars(select(CourseResource).where(CourseResource.version_id == version_id).order_by(CourseResource.id).limit(1000))
    )


def find_file(session: Session, course_id: int, sha256: str, *, only_open: bool) -> CourseFile | None:
    """Return a media file of any published version of a course by its checksum."""
    statement = select(CourseFile).join(CourseVersion, CourseVersion.id == CourseFile.version_id)
    statement = statement.where(CourseVersion.course_id == course_id, CourseFile.sha256 == sha256).order_by(CourseFile.id.desc()).limit(1)
    return session.scalar(statement.where(CourseFile.is_open) if only_open else statement)


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A course that can be found."""

    course_id: int
    slug: str
    version_id: int
    enrolment: str


_CATALOGUE = (
    select(Course.id, Course.slug, CourseVersion.id.label("version_id"), CourseVersion.enrolment)
    .join(CourseVersion, CourseVersion.id == Course.published_version_id)
    .where(Course.archived_at.is_(None), CourseVersion.visibility == "public")
    .order_by(Course.id)
)


def list_catalogue(session: Session, *, offset: int = 0, limit: int = 24) -> list[CatalogueEntry]:
    """List the public courses, the oldest first."""
    rows = session.execute(_CATALOGUE.offset(offset).limit(limit))
    return [CatalogueEntry(row.id, row.slug, row.version_id, row.enrolment) for row in rows]


def list_outlines(session: Session, version_ids: Sequence[int]) -> dict[int, Outline]:
    """Return several outlines; those in memory cost nothing."""
    return {version_id: get_outline(session, version_id) for version_id in dict.fromkeys(version_ids)}


def find_course(session: Session, slug: str) -> Course | None:
    """Return the course with this address."""
    return session.scalar(select(Course).where(Course.slug == slug))


def get_taught_course(session: Session, actor: Actor, slug: str) -> TaughtCourse:
    """Return a course with what the actor is in it; raise NotFound."""
    role = CourseStaff.person_id == actor.person_id
    row = session.execute(
        select(Course.id, Course.slug, CourseStaff.role)
        .outerjoin(CourseStaff, (CourseStaff.course_id == Course.id) & role)
        .where(Course.slug == slug)
    ).one_or_none()
    if row is None:
        raise NotFound
    return TaughtCourse(row.id, row.slug, StaffRole(row.role) if row.role else None)


def draft_files(session: Session, files: Files, course_id: int) -> dict[str, bytes]:
    """Return the working copy of a course: contents by path."""
    rows = session.execute(
        select(DraftFile.path, DraftFile.body, DraftFile.sha256).where(DraftFile.course_id == course_id).order_by(DraftFile.path)
    )
    return {row.path: files.read(row.sha256) if row.body is None else row.body.encode() for row in rows}


def list_versions(session: Session, course_id: int) -> list[CourseVersion]:
    """List what was published, the newest first."""
    statement = select(CourseVersion).where(CourseVersion.course_id == course_id).order_by(CourseVersion.number.desc()).limit(50)
    return list(session.scalars(statement))


def latest_version(session: Session, course_id: int) -> CourseVersion | None:
    """Return the newest version of a course."""
    return session.scalar(select(CourseVersion).where(CourseVersion.course_id == course_id).order_by(CourseVersion.number.desc()).limit(1))


def count_catalogue(session: Session) -> int:
    """Return how many public courses there are."""
    return session.scalar(select(func.count()).select_from(_CATALOGUE.order_by(None).subquery())) or 0


def any_course(session: Session) -> bool:
    """Say whether there is any course at all."""
    return bool(session.scalar(select(exists().where(Course.id.is_not(None)))))
