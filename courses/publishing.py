"""Reads a course folder, checks and renders it before any transaction, and writes a version of it."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses import catalogue, drafts, history, models, versions
from courses.access import check_open
from courses.audit_verbs import CourseVerb
from courses.catalogue import find_named_institution, open_institutions, unknown_institutions, unknown_viewers, viewers_of
from courses.content import model
from courses.content.layout import COURSE as COURSE_FILE
from courses.content.model import (
    ActivitySource,
    CourseFolder,
    Finding,
    FolderReadResult,
    LessonSettings,
    MediaFile,
    ModuleSource,
    ResourceSource,
    Severity,
    SourceState,
)
from courses.content.reader import read_folder
from courses.content.render_cache import RenderedLessonCache
from courses.content.texts import course_entries, lesson_entries, resource_entries, term_entries
from courses.content.translations import count_published_words
from courses.drafts import AutosavedText
from courses.kinds import (
    LEARNERS,
    LEARNING_TIMES,
    ActivityDescription,
    CourseKinds,
    ExpectedTime,
    LearnerCounts,
    PreparedActivity,
    PreparedCourse,
    Publication,
)
from courses.rendering import KEPT_LESSONS, Renderer, forget_lessons, plain_texts
from courses.rules import GIVE_MARKS, CourseHours, decide_hours, hours_need_basis, is_clicked_through
from kernel import audit
from kernel import files as stored_files
from kernel.bulk_rows import insert_all
from kernel.durations import RenewalBasis
from kernel.errors import N_, Conflict, Unavailable
from kernel.files import FileStore
from kernel.markup.model import RenderedText, SafeHtml
from kernel.permissions import Actor
from kernel.pictures import drawn_for_card
from kernel.search import index
from kernel.search.index import SearchDocument

MINUTES_OF_A_QUESTION = Fraction(3, 2)


NO_TEMPLATE = "C902"
"""The code of a template that the program does not bring: a site judges by its own templates instead."""


@dataclass(frozen=True, slots=True)
class CheckedCourse:
    """The result of checking a folder; `prepared` is None where a finding prevents publishing."""

    findings: tuple[Finding, ...]
    course: CourseFolder | None
    prepared: PreparedCourse | None = None
    folder: CourseFolder | None = None
    """What was read, also where something refuses publishing; None where something refuses import."""


def check(files: Mapping[str, bytes], kinds: CourseKinds, *, today: date, tolerated: Collection[str] = ()) -> CheckedCourse:
    """Read and check a folder without rendering it, as a course of this site, whose own templates of certificates are looked at later.

    Findings with a `tolerated` code warn and refuse nothing.
    """
    read = read_folder(files, kinds.kinds, kinds.parts, today=today, site_topics=tuple(kinds.topics))
    own = dict.fromkeys(tolerated, Severity.WARNING)
    findings = tuple(
        replace(finding, severity=own.get(finding.code, finding.severity)) for finding in read.findings if finding.code != NO_TEMPLATE
    )
    reading = FolderReadResult(read.course, findings)
    return CheckedCourse(findings, None if reading.errors else reading.course, folder=reading.course)


def prepare(files: Mapping[str, bytes], kinds: CourseKinds, *, today: date, tolerated: Collection[str] = ()) -> CheckedCourse:
    """Read, check and render a folder; findings with a `tolerated` code refuse nothing.

    Raises Unavailable where a text that the check had read could not be rendered in its time: it is never published empty.
    """
    checked = check(files, kinds, today=today, tolerated=tolerated)
    if checked.course is None:
        return checked
    prepared = _prepare(checked.course, digest_of(files), kinds)
    refused = _hours_finding(prepared)
    if refused is not None:
        return CheckedCourse((*checked.findings, refused), None, None, checked.folder)
    return CheckedCourse(checked.findings, checked.course, prepared, checked.folder)


def _hours_finding(prepared: PreparedCourse) -> Finding | None:
    """Refuse hours of a course with certificates that differ much from the computed ones and name no basis (spec/certificates H3)."""
    course = prepared.course
    if course.certificate == "none" or course.hours is None or course.hours_basis or not hours_need_basis(course.hours, prepared.minutes):
        return None
    return Finding(
        file=COURSE_FILE,
        line=0,
        column=0,
        field="hours",
        code="C215",
        severity=Severity.ERROR,
        template=N_("The course says that it takes %(written)s; its activities take %(computed)s."),
        fix_template=N_("Correct the hours, delete them, or name in “hours_basis” what states them, such as a resolution."),
        facts={"written": _in_minutes(course.hours * 60), "computed": _in_minutes(Fraction(prepared.minutes))},
    )


def find_click_through(session: Session, course: models.Course, folder: CourseFolder | None) -> tuple[Finding, ...]:
    """Tell that people finished a published course in less than half of its computed minutes, so that the estimate stays (H2)."""
    measure = LEARNING_TIMES.of(session)
    if measure is None or course.published_version_id is None or folder is None or folder.hours is not None:
        return ()
    activities = list(versions.get_outline(session, course.published_version_id).activities())
    minutes = sum(activity.minutes for activity in activities)
    measured = measure(session, course.id, {row.key: ExpectedTime(row.minutes, row.former_keys) for row in activities})
    if measured is None or not is_clicked_through(minutes, measured):
        return ()
    message = N_(
        "Half of the %(people)s people who finished last took less than %(measured)s; the activities are estimated at %(computed)s."
    )
    fix = N_("The certificate keeps the estimate. See whether people click through, or write the hours and their basis.")
    facts = {"people": str(measured[1]), "measured": _in_minutes(measured[0]), "computed": _in_minutes(Fraction(minutes))}
    return (
        Finding(
            COURSE_FILE, 0, 0, field="hours", code="C218", severity=model.severity("C218"), template=message, fix_template=fix, facts=facts
        ),
    )


def _in_minutes(minutes: Fraction) -> str:
    """Write a length in digits and signs alone, which both languages share."""
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest} min"


def count_learners(session: Session, course_id: int) -> LearnerCounts:
    """Count the learners of a course."""
    known = LEARNERS.of(session)
    return known(session, course_id) if known is not None else LearnerCounts()


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 over paths and contents."""
    return drafts.digest_of_checksums({path: hashlib.sha256(content).hexdigest() for path, content in files.items()})


def forget_rendered() -> None:
    """Clear the process's cache of rendered lessons."""
    forget_lessons()
    _entries.cache_clear()


def _prepare(course: CourseFolder, digest: str, kinds: CourseKinds) -> PreparedCourse:
    renderer = kinds.renderer(course)
    modules = [module for module in course.modules if module.state is SourceState.READY]
    ready = [activity for module in modules for activity in module.activities if activity.state is SourceState.READY]
    activities = {activity.key: _prepare_activity(activity, renderer, kinds) for activity in ready}
    summary, objectives = renderer.inline(course.summary), tuple(renderer.inline(text) for text in course.objectives)
    terms = tuple((term, renderer.inline(term.definition)) for term in course.terms)
    module_texts = {
        module.key: (renderer.inline(module.summary, module.path), tuple(renderer.inline(text, module.path) for text in module.objectives))
        for module in modules
    }
    if renderer.refused:
        raise Unavailable
    named = (term_entries(term.key, plain_texts(term.term), term.also, definition) for term, definition in terms)
    resource_documents = (
        resource_entries(resource.key, plain_texts(resource.title), plain_texts(resource.host)) for resource in course.resources
    )
    return PreparedCourse(
        course=course,
        digest=digest,
        summary=summary,
        objectives=objectives,
        module_texts=module_texts,
        activities=activities,
        terms=terms,
        resource_urls=renderer.urls,
        search_documents=(
            *course_entries(plain_texts(course.title), summary, objectives),
            *chain.from_iterable(chain(named, resource_documents)),
        ),
        written_words=count_published_words(course),
        card_picture=_card_picture(course),
    )


def _card_picture(course: CourseFolder) -> bytes:
    """Return the course's picture as cards show it, empty where it has none, or a drawing."""
    media = next((media for media in course.media if media.path == course.image), None)
    return (drawn_for_card(media.content) if media is not None else None) or b""


def _prepare_activity(activity: ActivitySource, renderer: Renderer, kinds: CourseKinds) -> PreparedActivity:
    publisher = kinds.publisher(activity.kind)
    renderer.used_media.clear()
    payload, description = publisher.prepare(activity, renderer)
    form = renderer.markdown if publisher.kind.summary_form == "markdown" else renderer.inline
    summary = form(activity.summary, activity.path)
    used = frozenset(renderer.used_media) | frozenset(description.media)
    return PreparedActivity(activity, plain_texts(activity.title), summary, description=description, payload=payload, media=used)


@dataclass(frozen=True, slots=True)
class PreparedLesson:
    """A lesson in one language, rendered."""

    language: str
    title: str
    summary: str
    rendered: RenderedText
    minutes: int
    search_documents: tuple[SearchDocument, ...]
    """What can be found of it."""


@lru_cache(maxsize=KEPT_LESSONS)
def _entries(
    cache: RenderedLessonCache | None, language: str, title: str, html: SafeHtml, written: tuple[str, ...]
) -> tuple[SearchDocument, ...]:
    made_from = language, title, html, written
    entries = cache.entries(made_from) if cache is not None else None
    if entries is None:
        entries = tuple(lesson_entries(language, title, html, written))
        if cache is not None:
            cache.keep_entries(made_from, entries)
    return entries


def prepare_lesson(activity: ActivitySource, renderer: Renderer) -> tuple[tuple[PreparedLesson, ...], ActivityDescription]:
    """Render a lesson in all its languages, its own first, so that translations take its addresses."""
    settings: LessonSettings = activity.settings
    pages: list[PreparedLesson] = []
    original: RenderedText | None = None
    written = [lesson.language for lesson in settings.lessons]
    for lesson in settings.lessons:
        rendered = renderer.lesson(lesson, original)
        original = original or rendered
        summary = renderer.inline({lesson.language: lesson.summary}, lesson.path).get(lesson.language, "")
        entries = _entries(renderer.cache, lesson.language, lesson.title, rendered.html, tuple(written))
        pages.append(
            PreparedLesson(
                lesson.language,
                lesson.title,
                summary,
                rendered=rendered,
                minutes=settings.minutes or rendered.minutes,
                search_documents=entries,
            )
        )
    return tuple(pages), ActivityDescription(minutes=pages[0].minutes)


def to_json(value: object) -> str:
    """Write a value that is never searched inside as JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


TONES = 6


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """The options for publishing a version."""

    nature: models.PublicationNature
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

    message = N_("The course names a unit or an audience that does not exist. The draft check says which.")


class MissingOnSite(Conflict):
    """The course names something that the site does not have, such as a template of certificates."""

    message = N_("The course names something that this site does not have. The draft check says what.")


class InstitutionNotOpen(Conflict):
    """The course would belong to another institution, and who publishes it does not administer both."""

    message = N_("You cannot move this course to another institution. Ask someone who administers both institutions to publish it.")


class DraftChangedSinceReview(Conflict):
    """The refusal to publish a draft that differs from the reviewed one."""

    code = "changed_meanwhile"
    message = N_("Someone saved changes to this course in the meantime. Review the draft check again before publishing.")


def publish_version(
    session: Session,
    actor: Actor,
    course: models.Course,
    prepared: PreparedCourse,
    kinds: CourseKinds,
    files: FileStore,
    options: PublishOptions,
    *,
    now: datetime,
) -> models.CourseVersion:
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
    index.write_many(session, version.id, [(part, [entry]) for part, entry in versions.list_name_entries(session, version.id)])
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


def _institution_id(session: Session, actor: Actor, course: models.Course, source: CourseFolder) -> int | None:
    """Return the institution of a course from now on, none for the first one; raise InstitutionNotOpen (spec/certificates I2)."""
    if not source.institution and course.institution_id is None:
        return None
    institution = find_named_institution(open_institutions(session, actor, course), source.institution)
    if institution is None:
        raise InstitutionNotOpen
    return None if institution.is_first else institution.id


def _count_as_saved(session: Session, actor: Actor, course: models.Course, version: models.CourseVersion, *, now: datetime) -> None:
    """Let what pages saved by themselves and is published now count as saved: nobody is asked for it again."""
    assert version.draft_revision is not None
    numbers = {file.revision for file in history.list_files_at(session, course.id, version.draft_revision)}
    of_course = (models.DraftRevision.course_id == course.id, models.DraftRevision.automatic_since.is_not(None))
    rows = session.scalars(select(models.DraftRevision).where(*of_course).order_by(models.DraftRevision.number))
    for row in rows:
        if row.number in numbers:
            row.automatic_since = None
            audit.record(session, actor, CourseVerb.DRAFT_KEPT, course, now=now, revision=row.number)


def _hours(session: Session, course: models.Course, prepared: PreparedCourse) -> CourseHours:
    """Return the hours of a version to be published, measured with those who finished the course where the file writes none."""
    written, measure = prepared.course.hours, LEARNING_TIMES.of(session)
    expected = {
        key: ExpectedTime(activity.description.minutes, activity.source.former_keys) for key, activity in prepared.activities.items()
    }
    measured = measure(session, course.id, expected) if measure is not None and written is None else None
    return decide_hours(written, prepared.course.hours_basis, prepared.minutes, measured)


def _version_row(
    course: models.Course,
    prepared: PreparedCourse,
    hours: CourseHours,
    options: PublishOptions,
    actor: Actor,
    *,
    number: int,
    now: datetime,
) -> models.CourseVersion:
    source = prepared.course
    return models.CourseVersion(
        course_id=course.id,
        number=number,
        digest=prepared.digest,
        draft_revision=course.draft_revision if options.revision_to_publish is None else options.revision_to_publish,
        nature=options.nature.value,
        asks=options.asks_learners and options.nature is models.PublicationNature.IMPROVEMENT,
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
        picture=hashlib.sha256(prepared.card_picture).hexdigest() if prepared.card_picture else "",
        picture_alts=plain_texts(source.image_alt) if prepared.card_picture else {},
    )


def _decimal(value: Fraction, digits: int) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal(1).scaleb(-digits))


def _write_lists(session: Session, publication: Publication, files: FileStore, *, now: datetime) -> None:
    version_id, prepared = publication.version.id, publication.prepared
    viewers = viewers_of(prepared.course)
    insert_all(session, [models.VersionViewer(version_id=version_id, kind=kind, key=key) for kind, key in viewers])
    insert_all(
        session,
        [
            models.Objective(version_id=version_id, module_id=None, position=position, text=text)
            for position, text in enumerate(prepared.objectives)
        ],
    )
    insert_all(
        session,
        [
            models.Term(version_id=version_id, key=term.key, term=plain_texts(term.term), also=dict(term.also), definition=definition)
            for term, definition in prepared.terms
        ],
    )
    insert_all(session, [_resource_row(version_id, prepared, resource) for resource in prepared.course.resources])
    insert_all(
        session,
        [
            models.GradeCategory(
                version_id=version_id,
                key=category.category,
                title=plain_texts(category.title),
                weight=_decimal(category.weight, 4),
                drop_lowest=category.drop_lowest,
            )
            for category in prepared.course.grade
        ],
    )
    media = prepared.course.media + ((_card_file(prepared.card_picture),) if prepared.card_picture else ())
    contents = {files.put(file.content): (file.size, file.media_type) for file in media}
    stored = stored_files.note_all_stored(session, contents, now=now)
    insert_all(session, [_file_row(version_id, prepared, file, stored[file.sha256]) for file in media])


CARD_PICTURE = "@card.webp"
"""The path of a course's picture as cards show it: no file of a folder has it."""


def _card_file(content: bytes) -> MediaFile:
    return MediaFile(CARD_PICTURE, "image/webp", len(content), hashlib.sha256(content).hexdigest(), content)


def _resource_row(version_id: int, prepared: PreparedCourse, resource: ResourceSource) -> models.CourseResource:
    return models.CourseResource(
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


def _file_row(version_id: int, prepared: PreparedCourse, media: MediaFile, stored_file_id: int) -> models.CourseFile:
    return models.CourseFile(
        version_id=version_id,
        path=media.path,
        stored_file_id=stored_file_id,
        sha256=media.sha256,
        media_type=media.media_type,
        size=media.size,
        is_picture=media.path in (prepared.course.image, CARD_PICTURE),
        used_by=prepared.users_of(media.path),
    )


def _write_modules(session: Session, publication: Publication, kinds: CourseKinds) -> None:
    """Write modules, activities and what their kinds add: as many statements for many of them as for one."""
    version_id = publication.version.id
    ready = [module for module in publication.prepared.course.modules if module.state is SourceState.READY]
    insert_all(session, [_module_row(publication, source, position) for position, source in enumerate(ready)])
    module_ids: dict[str, int] = dict(
        session.execute(select(models.Module.key, models.Module.id).where(models.Module.version_id == version_id)).all()
    )
    objectives = [
        models.Objective(version_id=version_id, module_id=module_ids[source.key], position=position, text=text)
        for source in ready
        for position, text in enumerate(publication.prepared.module_texts[source.key][1])
    ]
    insert_all(session, objectives)
    _write_activities(session, publication, kinds, [(source, module_ids[source.key]) for source in ready])


def _module_row(publication: Publication, source: ModuleSource, position: int) -> models.Module:
    return models.Module(
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
    written = session.scalars(
        select(models.Activity).where(models.Activity.version_id == publication.version.id).order_by(models.Activity.id)
    )
    frozen: dict[str, list[tuple[models.Activity, Any]]] = {}
    for activity in written:
        frozen.setdefault(activity.kind, []).append((activity, publication.prepared.activities[activity.key].payload))
    for kind, activities in frozen.items():
        kinds.publisher(kind).freeze(session, publication, activities)


def _closing(module: ModuleSource, activity: ActivitySource) -> datetime | None:
    """Return when an activity closes: quizzes and tasks do so with their module at the latest, what is read is not closed by it."""
    of_module = module.closes if activity.kind in GIVE_MARKS else None
    return min((moment for moment in (activity.closes, of_module) if moment is not None), default=None)


def _activity_row(
    publication: Publication, module: ModuleSource, module_id: int, activity: PreparedActivity, position: int
) -> models.Activity:
    written, description = activity.source, activity.description
    return models.Activity(
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
        is_final=description.is_final,
    )


def freeze_lessons(
    session: Session, publication: Publication, lessons: Sequence[tuple[models.Activity, tuple[PreparedLesson, ...]]]
) -> None:
    """Write the rendered texts of lessons."""
    insert_all(session, [_lesson_row(activity, lesson_text) for activity, payload in lessons for lesson_text in payload])
    documents = [(activity.id, lesson_text.search_documents) for activity, payload in lessons for lesson_text in payload]
    index.write_many(session, publication.version.id, documents)


def _lesson_row(activity: models.Activity, lesson_text: PreparedLesson) -> models.LessonPage:
    rendered = lesson_text.rendered
    headings = [heading for heading in (*rendered.headings, *rendered.closing) if heading.level == 2]
    return models.LessonPage(
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


def resolve_revision_to_publish(
    session: Session, actor: Actor, course: models.Course, options: PublishOptions, digest: str, *, now: datetime
) -> PublishOptions:
    """Return the publishing options of a locked course with the revision (`revision_to_publish`) whose text was prepared, of this digest.

    Where texts stay behind and no revision holds the rest alone, one is made, and the texts are restored after it as they were.
    Raise DraftChangedSinceReview where the draft was saved since the review, or a text to be published was edited further.
    """
    _check_seen(session, course, options)
    behind = drafts.left_out(session, course.id, options.autosaved)
    revision = _revision_without(session, actor, course, behind, now=now) if behind else course.draft_revision
    if drafts.digest_at(session, course.id, revision) != digest:
        raise DraftChangedSinceReview
    return replace(options, revision_to_publish=revision, revision=None)


def _check_seen(session: Session, course: models.Course, options: PublishOptions) -> None:
    if options.revision is None or options.revision > course.draft_revision or drafts.saved_since(session, course.id, options.revision):
        raise DraftChangedSinceReview
    if options.reviewed_digest and options.reviewed_digest != drafts.outgoing_digest(session, course.id):
        raise DraftChangedSinceReview  # somebody saved what a page had saved by itself: that makes no revision of its own
    if not set(options.autosaved) <= {text.revision for text in drafts.list_autosaved(session, course.id)}:
        raise DraftChangedSinceReview


def _revision_without(session: Session, actor: Actor, course: models.Course, behind: list[AutosavedText], *, now: datetime) -> int:
    """Return a revision that is the working copy but for these texts: the last saved one, or one made for it."""
    included = {text.revision for text in drafts.list_autosaved(session, course.id)} - {text.revision for text in behind}
    last = drafts.last_saved(session, course.id)
    if last is not None and drafts.digest_at(session, course.id, last) == drafts.outgoing_digest(session, course.id, included):
        return last
    for text in behind:
        _put_back(session, actor, course, text, now=now)
    revision = course.draft_revision
    drafts.write_autosaved(session, actor, course, {text.path: text for text in behind}, now=now)
    return revision


def _put_back(session: Session, actor: Actor, course: models.Course, text: AutosavedText, *, now: datetime) -> None:
    """Write a file as it was last saved; one that nobody ever saved goes."""
    if text.saved is None or text.saved_text is None:
        drafts.save_files(session, actor, course, {}, removed=[text.path], now=now)
        return
    contents = history.list_contents_at(session, course.id, [text.path], text.saved)
    drafts.save_files(session, actor, course, contents, origin=models.RevisionOrigin.RESTORED, restored=text.saved, now=now)
