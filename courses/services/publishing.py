"""Publish a version, of what was read and rendered before the transaction began."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.audit_verbs import CourseVerb
from courses.content.model import ActivitySource, CourseFolder, MediaFile, ModuleSource, ResourceSource, SourceState
from courses.hours import CourseHours, decide_hours
from courses.kinds import CourseKinds, ExpectedTime, PreparedActivity, PreparedCourse, PreparedTerm, Publication, TimesMeasurer
from courses.models import (
    Activity,
    Course,
    CourseFile,
    CourseResource,
    CourseVersion,
    DraftRevision,
    GradeCategory,
    LessonPage,
    Module,
    Objective,
    PublicationNature,
    Term,
    VersionViewer,
)
from courses.publication import PreparedLesson
from courses.queries import catalogue, drafts, history, versions
from courses.queries.institutions import find_named_institution, open_institutions, unknown_institutions
from courses.queries.visibility import unknown_viewers, viewers_of
from courses.rendering import plain_texts
from courses.rules import GIVE_MARKS
from courses.services.archive_guard import check_open
from kernel import audit
from kernel import files as stored_files
from kernel.bulk_rows import insert_all
from kernel.durations import RenewalBasis
from kernel.errors import N_, Conflict
from kernel.files import FileStore
from kernel.permissions import Actor
from kernel.search import index

TONES = 6


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """The options for publishing a version."""

    nature: PublicationNature
    note: str
    revision: int | None = None
    """The draft's revision that was looked at; None where the draft was written in the same transaction."""
    asks_learners: bool = False
    """Those who have begun are asked, where the nature is an improvement."""
    revision_to_publish: int | None = None
    """The revision of the working copy whose text goes out; None: the present one."""
    autosaved: tuple[int, ...] = ()
    """Revisions in which pages saved texts by themselves that go out all the same."""
    reviewed_digest: str = ""
    """The digest of what went out without any of them, as it was looked at."""
    notified_keys: tuple[str, ...] = ()
    """Keys, present and former, of the activities whose learners are told that what they did has changed."""


class UnknownViewers(Conflict):
    """The course is for units or audiences that do not exist."""

    code = "unknown_viewers"
    message = N_("The course names a unit or an audience that does not exist. The draft check says which.")


class MissingOnSite(Conflict):
    """The course names something that the site does not have, such as a template of certificates."""

    code = "missing_on_site"
    message = N_("The course names something that this site does not have. The draft check says what.")


class InstitutionNotOpen(Conflict):
    """The course would belong to another institution, and who publishes it does not administer both."""

    code = "institution_not_open"
    message = N_("You cannot move this course to another institution. Ask someone who administers both institutions to publish it.")


class DraftChangedSinceReview(Conflict):
    """The refusal to publish a draft that differs from the reviewed one."""

    code = "changed_meanwhile"
    message = N_("Someone saved changes to this course in the meantime. Review the draft check again before publishing.")


def publish_version(
    session: Session,
    actor: Actor,
    course: Course,
    prepared: PreparedCourse,
    kinds: CourseKinds,
    files: FileStore,
    options: PublishOptions,
    *,
    now: datetime,
) -> CourseVersion:
    """Write a new immutable version and move the course's pointer to it.

    Publishing the same text again returns the newest version unchanged. Raise DraftChangedSinceReview where the draft was saved since it
    was reviewed, UnknownViewers, MissingOnSite, InstitutionNotOpen, or CourseArchived where the course is archived. Of two simultaneous
    publications the second finds what the first published.
    """
    session.flush()  # a draft that was saved in this transaction
    course = catalogue.lock_course(session, course.id)
    check_open(course)
    if options.revision is not None and options.revision != course.draft_revision:
        raise DraftChangedSinceReview
    newest = versions.latest_version(session, course.id)
    if newest is not None and newest.digest == prepared.digest:
        return newest
    if options.revision_to_publish is None and drafts.draft_digest(session, course.id) != prepared.digest:
        raise DraftChangedSinceReview
    if unknown_viewers(session, prepared.course):
        raise UnknownViewers
    if unknown_institutions(session, prepared.course) or any(look_up(session, course.id, prepared.course) for look_up in kinds.site_checks):
        raise MissingOnSite
    course.institution_id = _institution_id(session, actor, course, prepared.course)
    hours = _hours(session, course, prepared)
    version = _version_row(course, prepared, hours, options, actor, number=newest.number + 1 if newest else 1, now=now)
    session.add(version)
    session.flush()  # everything below points to it
    publication = Publication(course, version, prepared, {media.path: media for media in prepared.course.media})
    _write_lists(session, publication, files, now=now)
    index.write(session, version.id, None, prepared.search_documents)
    _write_modules(session, publication, kinds)
    course.published_version_id = version.id
    course.title = version.title
    _count_as_saved(session, actor, course, version, now=now)
    audit.record(
        session, actor, CourseVerb.PUBLISHED, course, now=now, version=version.number, nature=options.nature.value, asks=version.asks
    )
    if options.notified_keys:
        audit.record(
            session, actor, CourseVerb.CHANGES_TOLD, course, now=now, version=version.number, activities=list(options.notified_keys)
        )
    return version


def _institution_id(session: Session, actor: Actor, course: Course, source: CourseFolder) -> int | None:
    """Return the institution of a course from now on, none for the first one; raise InstitutionNotOpen (spec/certificates I2)."""
    if not source.institution and course.institution_id is None:
        return None
    institution = find_named_institution(open_institutions(session, actor, course), source.institution)
    if institution is None:
        raise InstitutionNotOpen
    return None if institution.is_first else institution.id


def _count_as_saved(session: Session, actor: Actor, course: Course, version: CourseVersion, *, now: datetime) -> None:
    """Let what pages saved by themselves and is published now count as saved: nobody is asked for it again."""
    assert version.draft_revision is not None
    numbers = {file.revision for file in history.list_files_at(session, course.id, version.draft_revision)}
    of_course = (DraftRevision.course_id == course.id, DraftRevision.automatic_since.is_not(None))
    rows = session.scalars(select(DraftRevision).where(*of_course).order_by(DraftRevision.number))
    for row in rows:
        if row.number in numbers:
            row.automatic_since = None
            audit.record(session, actor, CourseVerb.DRAFT_KEPT, course, now=now, revision=row.number)


def _hours(session: Session, course: Course, prepared: PreparedCourse) -> CourseHours:
    """Return the hours of a version to be published, measured with those who finished the course where the file writes none."""
    written, measure = prepared.course.hours, cast("TimesMeasurer | None", session.info.get("learning_times"))
    expected = {
        key: ExpectedTime(activity.description.minutes, activity.source.former_keys) for key, activity in prepared.activities.items()
    }
    measured = measure(session, course.id, expected) if measure is not None and written is None else None
    return decide_hours(written, prepared.course.hours_basis, prepared.minutes, measured)


def _version_row(
    course: Course, prepared: PreparedCourse, hours: CourseHours, options: PublishOptions, actor: Actor, *, number: int, now: datetime
) -> CourseVersion:
    source = prepared.course
    return CourseVersion(
        course_id=course.id,
        number=number,
        digest=prepared.digest,
        draft_revision=course.draft_revision if options.revision_to_publish is None else options.revision_to_publish,
        nature=options.nature.value,
        asks=options.asks_learners and options.nature is PublicationNature.IMPROVEMENT,
        tells=options.notified_keys or None,
        note=options.note,
        published_at=now,
        published_by=actor.person_id,
        title=plain_texts(source.title),
        summary=prepared.summary,
        languages=source.languages,
        hours=_decimal(hours.number, 2),
        hours_basis=hours.stored_basis,
        level=source.level.value if source.level else "",
        tone=source.tone or 1 + course.id % TONES,
        authors=tuple(author.name for author in source.authors),
        licence=source.licence,
        zone=source.timezone,
        visibility=source.visibility.value,
        enrolment=source.enrolment.value,
        opens_at=source.opens,
        closes_at=source.closes,
        completion_modules=source.completion.modules,
        completion_grade=None if source.completion.grade is None else _decimal(source.completion.grade, 4),
        certificate=source.certificate,
        certificate_valid=str(source.certificate_valid) if source.certificate_valid else "",
        certificate_renew=str(source.certificate_renew) if source.certificate_renew else "",
        certificate_basis="" if source.certificate_basis is RenewalBasis.EXPIRY else source.certificate_basis.value,
        print_grade=source.print_grade,
        topic=source.topic,
        written_words=prepared.written_words[""],
    )


def _decimal(value: Fraction, digits: int) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal(1).scaleb(-digits))


def _write_lists(session: Session, publication: Publication, files: FileStore, *, now: datetime) -> None:
    version_id, prepared = publication.version.id, publication.prepared
    viewers = viewers_of(prepared.course)
    insert_all(session, [VersionViewer(version_id=version_id, kind=kind, key=key) for kind, key in viewers])
    insert_all(
        session,
        [
            Objective(version_id=version_id, module_id=None, position=position, text=text)
            for position, text in enumerate(prepared.objectives)
        ],
    )
    insert_all(session, [_term_row(version_id, entry) for entry in prepared.terms])
    insert_all(session, [_resource_row(version_id, prepared, resource) for resource in prepared.course.resources])
    insert_all(
        session,
        [
            GradeCategory(
                version_id=version_id,
                key=category.category,
                title=plain_texts(category.title),
                weight=_decimal(category.weight, 4),
                drop_lowest=category.drop_lowest,
            )
            for category in prepared.course.grade
        ],
    )
    contents = {files.put(media.content): (media.size, media.media_type) for media in prepared.course.media}
    stored = stored_files.note_all_stored(session, contents, now=now)
    insert_all(session, [_file_row(version_id, prepared, media, stored[media.sha256]) for media in prepared.course.media])


def _term_row(version_id: int, entry: PreparedTerm) -> Term:
    term = entry.term
    return Term(version_id=version_id, key=term.key, term=plain_texts(term.term), also=dict(term.also), definition=entry.definition)


def _resource_row(version_id: int, prepared: PreparedCourse, resource: ResourceSource) -> CourseResource:
    return CourseResource(
        version_id=version_id,
        key=resource.key,
        title=plain_texts(resource.title),
        kind=resource.kind.value,
        language=resource.language,
        host=plain_texts(resource.host),
        url=prepared.resource_urls[resource.key],
        dated=resource.dated,
        verified=resource.verified,
    )


def _file_row(version_id: int, prepared: PreparedCourse, media: MediaFile, stored_file_id: int) -> CourseFile:
    return CourseFile(
        version_id=version_id,
        path=media.path,
        stored_file_id=stored_file_id,
        sha256=media.sha256,
        media_type=media.media_type,
        size=media.size,
        is_picture=media.path == prepared.course.image,
        used_by=prepared.users_of(media.path),
    )


def _write_modules(session: Session, publication: Publication, kinds: CourseKinds) -> None:
    """Write modules, activities and what their kinds add: as many statements for many of them as for one."""
    version_id = publication.version.id
    ready = [module for module in publication.prepared.course.modules if module.state is SourceState.READY]
    insert_all(session, [_module_row(publication, source, position) for position, source in enumerate(ready)])
    module_ids: dict[str, int] = dict(session.execute(select(Module.key, Module.id).where(Module.version_id == version_id)).all())
    objectives = [
        Objective(version_id=version_id, module_id=module_ids[source.key], position=position, text=text)
        for source in ready
        for position, text in enumerate(publication.prepared.module_texts[source.key][1])
    ]
    insert_all(session, objectives)
    _write_activities(session, publication, kinds, [(source, module_ids[source.key]) for source in ready])


def _module_row(publication: Publication, source: ModuleSource, position: int) -> Module:
    return Module(
        version_id=publication.version.id,
        position=position,
        key=source.key,
        former_keys=source.former_keys,
        title=plain_texts(source.title),
        summary=publication.prepared.module_texts[source.key][0],
        numbered=source.numbered,
        needed=source.needed,
        requires=source.requires,
        opens_at=source.opens,
        closes_at=source.closes,
        written_words=publication.prepared.written_words[source.key],
    )


def _write_activities(session: Session, publication: Publication, kinds: CourseKinds, modules: Sequence[tuple[ModuleSource, int]]) -> None:
    rows = [
        _activity_row(publication, source, module_id, publication.prepared.activities[activity.key], position)
        for source, module_id in modules
        for position, activity in enumerate(ready for ready in source.activities if ready.state is SourceState.READY)
    ]
    insert_all(session, rows)
    written = session.scalars(select(Activity).where(Activity.version_id == publication.version.id).order_by(Activity.id))
    frozen: dict[str, list[tuple[Activity, Any]]] = {}
    for activity in written:
        frozen.setdefault(activity.kind, []).append((activity, publication.prepared.activities[activity.key].payload))
    for kind, activities in frozen.items():
        kinds.publisher(kind).freeze(session, publication, activities)


def _closing(module: ModuleSource, activity: ActivitySource) -> datetime | None:
    """Return when an activity closes: quizzes and tasks do so with their module at the latest, what is read is not closed by it."""
    of_module = module.closes if activity.kind in GIVE_MARKS else None
    return min((moment for moment in (activity.closes, of_module) if moment is not None), default=None)


def _activity_row(publication: Publication, module: ModuleSource, module_id: int, activity: PreparedActivity, position: int) -> Activity:
    written, description = activity.source, activity.description
    return Activity(
        version_id=publication.version.id,
        module_id=module_id,
        position=position,
        key=written.key,
        former_keys=written.former_keys,
        kind=written.kind,
        title=activity.title,
        summary=activity.summary,
        required=written.required,
        preview=written.preview,
        requires=written.requires,
        opens_at=written.opens,
        closes_at=_closing(module, written),
        minutes=description.minutes,
        completion_rule=written.completion.rule.value,
        completion_amount=written.completion.amount,
        questions=description.questions,
        attempts=description.attempts,
        category=description.category,
        weight=_decimal(description.weight, 4),
    )


def freeze_lessons(session: Session, publication: Publication, lessons: Sequence[tuple[Activity, tuple[PreparedLesson, ...]]]) -> None:
    """Write the rendered texts of lessons."""
    insert_all(session, [_lesson_row(activity, lesson_text) for activity, payload in lessons for lesson_text in payload])
    documents = [(activity.id, lesson_text.search_documents) for activity, payload in lessons for lesson_text in payload]
    index.write_many(session, publication.version.id, documents)


def _lesson_row(activity: Activity, lesson_text: PreparedLesson) -> LessonPage:
    rendered = lesson_text.rendered
    headings = [heading for heading in (*rendered.headings, *rendered.closing) if heading.level == 2]
    return LessonPage(
        activity_id=activity.id,
        language=lesson_text.language,
        title=lesson_text.title,
        summary=lesson_text.summary,
        body=str(rendered.html),
        headings=tuple(f"{heading.id}|{heading.text}" for heading in headings),
        symbols=rendered.icons,
        words=rendered.words,
        minutes=lesson_text.minutes,
        figures=len(rendered.figures),
    )
