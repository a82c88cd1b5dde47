"""Reads what is published: versions, their outlines, lessons, lists and files, and the entries of the search."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, exists, select
from sqlalchemy.orm import Session

from accounts.models import Person
from courses import history
from courses.access import VersionContext
from courses.catalogue import get_taught_course
from courses.content import texts
from courses.kinds import COURSE_KINDS
from courses.models import Activity, Course, CourseFile, CourseResource, CourseVersion, GradeCategory, LessonPage, Module, Objective, Term
from courses.rules import CourseTime, Outline, OutlineActivity, OutlineGradeCategory, OutlineModule
from kernel.compiled_statements import compile_once
from kernel.db import Cache, connection_of
from kernel.durations import RenewalBasis, read_duration
from kernel.errors import NotFound, require_found
from kernel.files import FileStore
from kernel.markup.model import SafeHtml
from kernel.permissions import Actor
from kernel.search.index import SearchDocument

KEPT_OUTLINES = 1000

_WANTED: BindParameter[int] = bindparam("version_ids", expanding=True)

_VERSIONS = select(
    CourseVersion,
    Course.slug,
    exists().where(Term.version_id == CourseVersion.id).label("has_glossary"),
    exists().where(CourseResource.version_id == CourseVersion.id).label("has_resources"),
).where(CourseVersion.id.in_(_WANTED), Course.id == CourseVersion.course_id)

_MODULES = select(Module).where(Module.version_id.in_(_WANTED)).order_by(Module.version_id, Module.position)

_ACTIVITIES = select(Activity).where(Activity.version_id.in_(_WANTED)).order_by(Activity.module_id, Activity.position)

_CATEGORIES = select(GradeCategory).where(GradeCategory.version_id.in_(_WANTED)).order_by(GradeCategory.id)

_OBJECTIVES = select(Objective).where(Objective.version_id.in_(_WANTED)).order_by(Objective.position)

_LESSON_TEXTS = compile_once(
    select(
        LessonPage.language,
        LessonPage.title,
        LessonPage.summary,
        LessonPage.body,
        LessonPage.headings,
        LessonPage.symbols.label("icons"),
        LessonPage.minutes,
    )
    .where(LessonPage.activity_id == bindparam("activity_id"))
    .order_by(LessonPage.id)
)


def get_outline(session: Session, version_id: int) -> Outline:
    """Return a published version; raise NotFound."""
    outlines = list_outlines(session, [version_id])
    if version_id not in outlines:
        raise NotFound
    return outlines[version_id]


OUTLINES = Cache[int, Outline]()
"""Keeps outlines of versions."""


def list_outlines(session: Session, version_ids: Iterable[int]) -> dict[int, Outline]:
    """Return published versions by id. They never change, so the process keeps those it has read; the others cost five statements."""
    cached = OUTLINES.of(session)
    outlines = {version_id: cached.get(version_id) for version_id in version_ids}
    missing = [version_id for version_id, outline in outlines.items() if outline is None]
    read = _read_outlines(session, missing) if missing else {}
    if len(cached) + len(read) > KEPT_OUTLINES:
        cached.clear()  # at once, because other threads read it
    cached.update(read)
    return {version_id: outline for version_id, outline in (outlines | read).items() if outline is not None}


def list_published_times(session: Session, slugs: Collection[str]) -> dict[str, CourseTime]:
    """Return how long the published versions of some courses take, by the end of their address; those without one are left out."""
    statement = select(Course.slug, Course.published_version_id).where(Course.slug.in_(slugs), Course.published_version_id.is_not(None))
    published = {row.slug: row.published_version_id for row in session.execute(statement)} if slugs else {}
    outlines = list_outlines(session, published.values())
    return {slug: outlines[version].announced_time for slug, version in published.items()}


def _read_outlines(session: Session, version_ids: Sequence[int]) -> dict[int, Outline]:
    bound = {"version_ids": version_ids}
    objectives: defaultdict[tuple[int, int | None], list[Mapping[str, str]]] = defaultdict(list)
    for objective in session.scalars(_OBJECTIVES, bound):
        objectives[objective.version_id, objective.module_id].append(objective.text)
    activities: defaultdict[int, list[Activity]] = defaultdict(list)
    for activity in session.scalars(_ACTIVITIES, bound):
        activities[activity.module_id].append(activity)
    categories: defaultdict[int, list[OutlineGradeCategory]] = defaultdict(list)
    for category in session.scalars(_CATEGORIES, bound):
        categories[category.version_id].append(
            OutlineGradeCategory(category.key, category.title, Fraction(category.weight), category.drop_lowest)
        )
    modules: defaultdict[int, list[OutlineModule]] = defaultdict(list)
    for module in session.scalars(_MODULES, bound):
        own = modules[module.version_id]
        number = 1 + sum(before.number is not None for before in own) if module.numbered else None
        own.append(_outline_module(module, number, activities[module.id], objectives[module.version_id, module.id]))
    return {
        (version_id := row.CourseVersion.id): _outline(row, modules[version_id], objectives[version_id, None], categories[version_id])
        for row in session.execute(_VERSIONS, bound)
    }


def _outline(
    row: Row[*tuple[Any, ...]], modules: list[OutlineModule], objectives: list[Mapping[str, str]], categories: list[OutlineGradeCategory]
) -> Outline:
    version: CourseVersion = row.CourseVersion
    return Outline(
        version_id=version.id,
        course_id=version.course_id,
        slug=row.slug,
        number=version.number,
        title=version.title,
        summary=version.summary,
        objectives=tuple(objectives),
        languages=version.languages,
        hours=Fraction(version.hours),
        hours_basis=version.hours_basis,
        level=version.level,
        tone=version.tone,
        authors=version.authors,
        licence=version.licence,
        zone=version.zone,
        published_at=version.published_at,
        completion_modules=version.completion_modules,
        completion_grade=None if version.completion_grade is None else Fraction(version.completion_grade),
        certificate=version.certificate,
        certificate_valid=read_duration(version.certificate_valid),
        certificate_renew=read_duration(version.certificate_renew),
        certificate_basis=RenewalBasis(version.certificate_basis or RenewalBasis.EXPIRY),
        print_grade=version.print_grade,
        categories=tuple(categories),
        has_glossary=row.has_glossary,
        has_resources=row.has_resources,
        modules=tuple(modules),
        topic=version.topic,
        written_words=_summed(version.written_words, *(module.written_words for module in modules)),
        picture=version.picture,
        picture_alts=version.picture_alts,
    )


def _summed(*counts: Mapping[str, int]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return total


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
        written_words=module.written_words,
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
        former_keys=activity.former_keys,
        is_final=activity.is_final,
    )


def list_lesson_texts(session: Session, activity_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List a lesson's rendered texts, the course's own language first."""
    return connection_of(session).execute(_LESSON_TEXTS, {"activity_id": activity_id}).all()


def list_terms(session: Session, version_id: int, keys: Sequence[str] | None = None) -> list[Term]:
    """List the glossary of a version, or some of its terms."""
    statement = select(Term).where(Term.version_id == version_id).limit(2000)
    return list(session.scalars(statement if keys is None else statement.where(Term.key.in_(keys))))


def list_resources(session: Session, version_id: int, keys: Collection[str] | None = None) -> list[CourseResource]:
    """List the documents and links of a version, or some of them."""
    statement = select(CourseResource).where(CourseResource.version_id == version_id).order_by(CourseResource.id).limit(1000)
    return list(session.scalars(statement if keys is None else statement.where(CourseResource.key.in_(keys))))


def list_file_uses(session: Session, course_id: int, sha256: str, version_id: int) -> list[CourseFile]:
    """List what a version of a course and its earlier ones hold under a checksum, the newest first."""
    statement = (
        select(CourseFile)
        .join(CourseVersion, CourseVersion.id == CourseFile.version_id)
        .where(CourseVersion.course_id == course_id, CourseFile.version_id <= version_id, CourseFile.sha256 == sha256)
        .order_by(CourseFile.id.desc())
        .limit(1000)
    )
    return list(session.scalars(statement))


def find_published_picture(session: Session, course_id: int, sha256: str) -> CourseFile | None:
    """Return the picture of a course's published version by its checksum; None where it is another file."""
    statement = (
        select(CourseFile)
        .join(Course, Course.published_version_id == CourseFile.version_id)
        .where(Course.id == course_id, CourseFile.sha256 == sha256, CourseFile.is_picture)
        .order_by(CourseFile.id)
        .limit(1)
    )
    return session.scalar(statement)


MOST_VERSIONS = 50


_WITH_PUBLISHER = select(CourseVersion, Person).outerjoin(Person, Person.id == CourseVersion.published_by)


def list_versions(
    session: Session, course_id: int, *, offset: int = 0, limit: int = MOST_VERSIONS
) -> Sequence[Row[CourseVersion, Person | None]]:
    """List what was published and by whom, the newest first; by nobody where the command line published it."""
    statement = _WITH_PUBLISHER.where(CourseVersion.course_id == course_id).order_by(CourseVersion.number.desc())
    return session.execute(statement.offset(offset).limit(limit)).all()


def get_with_publisher(session: Session, version_id: int) -> Row[CourseVersion, Person | None]:
    """Return a version that is known to exist and who published it."""
    return session.execute(_WITH_PUBLISHER.where(CourseVersion.id == version_id)).one()


def get_taught_version(session: Session, actor: Actor, slug: str, number: int) -> VersionContext:
    """Return a version with what the actor is in its course; raise NotFound, or SignInNeeded whether or not there is such a course."""
    course = get_taught_course(session, actor, slug)
    return VersionContext(course, get_version(session, course.id, number))


def get_version_by_id(session: Session, version_id: int) -> CourseVersion:
    """Return a version that is known to exist."""
    return session.get_one(CourseVersion, version_id)


def find_published_version(session: Session, course_id: int) -> int | None:
    """Return the version of a course that is published, if one is."""
    return session.scalar(select(Course.published_version_id).where(Course.id == course_id))


def latest_version(session: Session, course_id: int) -> CourseVersion | None:
    """Return the newest version of a course."""
    return session.scalar(select(CourseVersion).where(CourseVersion.course_id == course_id).order_by(CourseVersion.number.desc()).limit(1))


def get_version(session: Session, course_id: int, number: int) -> CourseVersion:
    """Return a version of a course by its number; raise NotFound."""
    return require_found(session.scalar(select(CourseVersion).where(CourseVersion.course_id == course_id, CourseVersion.number == number)))


def find_version_before(session: Session, version: CourseVersion) -> CourseVersion | None:
    """Return the version that was published before another one."""
    statement = select(CourseVersion).where(CourseVersion.course_id == version.course_id, CourseVersion.number < version.number)
    return session.scalar(statement.order_by(CourseVersion.number.desc()).limit(1))


def version_files(session: Session, files: FileStore, version: CourseVersion) -> dict[str, bytes]:
    """Return the folder that a version was made from: contents by path; nothing where it was published before revisions were kept."""
    if version.draft_revision is None:
        return {}
    return history.read_all_at(session, files, version.course_id, version.draft_revision)


def list_versions_between(session: Session, version_id: int, other: int) -> list[int]:
    """List the ids of a course's versions from one to another, both included, whichever was first."""
    course = select(CourseVersion.course_id).where(CourseVersion.id == version_id).scalar_subquery()
    statement = select(CourseVersion.id).where(
        CourseVersion.course_id == course, CourseVersion.id.between(min(version_id, other), max(version_id, other))
    )
    return list(session.scalars(statement.order_by(CourseVersion.number)))


def list_lesson_entries(session: Session, version_id: int) -> Iterator[tuple[int, SearchDocument]]:
    """Yield the search entries of a version's lessons, each with its activity's id."""
    statement = (
        select(LessonPage.activity_id, LessonPage.language, LessonPage.title, LessonPage.body)
        .join(Activity, Activity.id == LessonPage.activity_id)
        .where(Activity.version_id == version_id)
        .order_by(LessonPage.id)
    )
    rows = session.execute(statement).all()
    written: dict[int, list[str]] = {}
    for row in rows:
        written.setdefault(row.activity_id, []).append(row.language)
    for row in rows:
        for entry in texts.lesson_entries(row.language, row.title, SafeHtml.stored(row.body), written[row.activity_id]):
            yield row.activity_id, entry


def list_own_entries(session: Session, version_id: int) -> Iterator[SearchDocument]:
    """Yield the search entries of a version itself, of its terms and of its resources."""
    version = session.get_one(CourseVersion, version_id)
    objectives = (
        select(Objective.text).where(Objective.version_id == version_id, Objective.module_id.is_(None)).order_by(Objective.position)
    )
    yield from texts.course_entries(version.title, version.summary, session.scalars(objectives))
    for term in session.scalars(select(Term).where(Term.version_id == version_id).order_by(Term.id)):
        yield from texts.term_entries(term.key, term.term, term.also, term.definition)
    for resource in session.scalars(select(CourseResource).where(CourseResource.version_id == version_id).order_by(CourseResource.id)):
        yield from texts.resource_entries(resource.key, resource.title, resource.host)


def list_name_entries(session: Session, version_id: int) -> Iterator[tuple[int | None, SearchDocument]]:
    """Yield the names that a course's page shows to all who see it: of its modules, and of its activities with their ids."""
    modules = select(Module.key, Module.title).where(Module.version_id == version_id).order_by(Module.id)
    for row in session.execute(modules):
        for entry in texts.module_entries(row.key, row.title):
            yield None, entry
    activities = select(Activity.id, Activity.kind, Activity.title).where(Activity.version_id == version_id).order_by(Activity.id)
    for activity in session.execute(activities):
        for entry in texts.name_entries(texts.LESSON if activity.kind == "page" else activity.kind, activity.title):
            yield activity.id, entry


def list_entries(session: Session, version_id: int) -> Iterator[tuple[int | None, SearchDocument]]:
    """Yield all that can be found of a version, from the rows that were written when it was published."""
    for own in list_own_entries(session, version_id):
        yield None, own
    for publisher in COURSE_KINDS.of(session).publishers:
        yield from publisher.entries(session, version_id)
    yield from list_name_entries(session, version_id)


def list_activity_entries(session: Session, version_id: int, kind: str) -> Iterator[tuple[int, SearchDocument]]:
    """Yield the search entries of a version's activities of a kind by title and summary, each with its activity's id."""
    statement = select(Activity.id, Activity.title, Activity.summary).where(Activity.version_id == version_id, Activity.kind == kind)
    for row in session.execute(statement.order_by(Activity.id)):
        for entry in texts.activity_entries(kind, row.title, row.summary):
            yield row.id, entry


def list_published_versions(session: Session) -> set[int]:
    """Return the versions that courses give at present."""
    return set(session.scalars(select(Course.published_version_id).where(Course.published_version_id.is_not(None))))
