"""Verbs of courses: keep a draft, publish a version. Both take what was read and rendered before their transaction began."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import cast

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from courses import queries
from courses.content.model import CourseFolder, ModuleSource, SourceState
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
    Nature,
    Objective,
    Page,
    StaffRole,
    Term,
)
from courses.publication import CourseKinds, Prepared, PreparedPage, Publication, plain_texts
from kernel import audit
from kernel import files as stored_files
from kernel.errors import N_, Conflict
from kernel.files import Files
from kernel.permissions import Actor

TEXT_ENDINGS = (".md", ".yaml", ".vtt", ".svg", ".txt", ".py")
TONES = 6


class CourseVerb(StrEnum):
    """What the audit log says of courses."""

    CREATED = "course.created"
    DRAFT_SAVED = "course.draft_saved"
    PUBLISHED = "course.published"
    STAFF_ADDED = "course.staff_added"


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file on its way into a draft: its text, or the checksum under which its bytes were kept already."""

    sha256: str
    size: int
    text: str | None
    media_type: str = ""


def keep_contents(files: Files, contents: Mapping[str, bytes], media_types: Mapping[str, str]) -> dict[str, FileContent]:
    """Keep the bytes of media outside any transaction, and return what a draft needs of every file."""
    return {path: _content(files, path, content, media_types.get(path)) for path, content in contents.items()}


def _content(files: Files, path: str, content: bytes, media_type: str | None) -> FileContent:
    text = _text(path, content)
    if text is None or media_type is not None:  # drawings and captions are text in the draft, and files of what is published
        files.put(content)
    return FileContent(hashlib.sha256(content).hexdigest(), len(content), text, media_type or "application/octet-stream")


def _text(path: str, content: bytes) -> str | None:
    if not path.endswith(TEXT_ENDINGS):
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def import_draft(session: Session, actor: Actor, course: CourseFolder, contents: Mapping[str, FileContent], *, now: datetime) -> Course:
    """Make or replace a course's working copy; unchanged files keep their revision."""
    row = queries.find_course(session, course.key)
    if row is None:
        row = Course(slug=course.key, title=plain_texts(course.title), created_at=now, draft_revision=0)
        session.add(row)
        session.flush()  # files and the audit entry name it
        audit.record(session, actor, CourseVerb.CREATED, row, now=now)
    present = dict(session.execute(select(DraftFile.path, DraftFile.sha256).where(DraftFile.course_id == row.id)).all())
    changed = [path for path, content in contents.items() if present.get(path) != content.sha256]
    gone = [path for path in present if path not in contents]
    if not changed and not gone:
        return row
    row.draft_revision += 1
    if row.published_version_id is None:
        row.title = plain_texts(course.title)
    _replace_files(session, actor, row, {path: contents[path] for path in changed}, gone, now=now)
    audit.record(session, actor, CourseVerb.DRAFT_SAVED, row, now=now, changed=len(changed), gone=len(gone), revision=row.draft_revision)
    _index(session, row)
    return row


def save_files(session: Session, actor: Actor, course: Course, contents: Mapping[str, FileContent], *, now: datetime) -> None:
    """Write some files of a locked course's working copy, and let every package index it; what is as it was changes nothing."""
    statement = select(DraftFile.path, DraftFile.sha256).where(DraftFile.course_id == course.id, DraftFile.path.in_(list(contents)))
    present = dict(session.execute(statement).all())
    changed = {path: content for path, content in contents.items() if present.get(path) != content.sha256}
    if not changed:
        return
    course.draft_revision += 1
    _replace_files(session, actor, course, changed, [], now=now)
    audit.record(session, actor, CourseVerb.DRAFT_SAVED, course, now=now, files=sorted(changed), revision=course.draft_revision)
    _index(session, course)


def text_content(text: str) -> FileContent:
    """Return a text on its way into a draft."""
    content = text.encode()
    return FileContent(hashlib.sha256(content).hexdigest(), len(content), text)


def _index(session: Session, course: Course) -> None:
    kinds = cast("CourseKinds | None", session.info.get("kinds"))
    for index in kinds.indexers if kinds is not None else ():
        index(session, course.id)


def _replace_files(
    session: Session, actor: Actor, course: Course, changed: Mapping[str, FileContent], gone: list[str], *, now: datetime
) -> None:
    session.execute(delete(DraftFile).where(DraftFile.course_id == course.id, DraftFile.path.in_([*changed, *gone])))
    rows = []
    for path, content in changed.items():
        stored = None
        if content.text is None:
            stored = stored_files.note_stored(session, content.sha256, size=content.size, media_type=content.media_type, now=now).id
        rows.append(
            {
                "course_id": course.id,
                "path": path,
                "body": content.text,
                "stored_file_id": stored,
                "sha256": content.sha256,
                "revision": course.draft_revision,
                "changed_at": now,
                "changed_by": actor.person_id,
            }
        )
    if rows:
        session.execute(insert(DraftFile), rows)


@dataclass(frozen=True, slots=True)
class Publishing:
    """How a version is to be published."""

    nature: Nature
    note: str
    revision: int | None = None
    """The draft's revision that was looked at; None where the draft was written in the same transaction."""


def publish_version(
    session: Session, actor: Actor, course: Course, prepared: Prepared, kinds: CourseKinds, files: Files, how: Publishing, *, now: datetime
) -> CourseVersion:
    """Write a new immutable version and move the course's pointer to it.

    Publishing the same text again returns the newest version unchanged. Raise Conflict where somebody saved the draft meanwhile.
    Of two who publish at once the second finds what the first has published.
    """
    session.flush()  # a draft that was saved in this transaction
    course = queries.lock_course(session, course.id)
    if how.revision is not None and how.revision != course.draft_revision:
        raise Conflict(N_("Somebody saved changes of this course meanwhile. Look at the checks again before publishing."))
    newest = queries.latest_version(session, course.id)
    if newest is not None and newest.digest == prepared.digest:
        return newest
    version = _version_row(course, prepared, how, actor, number=newest.number + 1 if newest else 1, now=now)
    session.add(version)
    session.flush()  # everything below points to it
    publication = Publication(course, version, prepared, {media.path: media for media in prepared.course.media})
    _write_lists(session, publication, files, now=now)
    _write_modules(session, publication, kinds)
    course.published_version_id = version.id
    course.title = version.title
    audit.record(session, actor, CourseVerb.PUBLISHED, course, now=now, version=version.number, nature=how.nature.value)
    return version


def _version_row(course: Course, prepared: Prepared, how: Publishing, actor: Actor, *, number: int, now: datetime) -> CourseVersion:
    source = prepared.course
    return CourseVersion(
        course_id=course.id,
        number=number,
        digest=prepared.digest,
        nature=how.nature.value,
        note=how.note,
        published_at=now,
        published_by=actor.person_id,
        title=plain_texts(source.title),
        summary=prepared.summary,
        languages=source.languages,
        hours=_decimal(prepared.hours, 2),
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
    )


def _decimal(value: Fraction, digits: int) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal(1).scaleb(-digits))


def _write_lists(session: Session, publication: Publication, files: Files, *, now: datetime) -> None:
    version_id, prepared = publication.version.id, publication.prepared
    for position, text in enumerate(prepared.objectives):
        session.add(Objective(version_id=version_id, module_id=None, position=position, text=text))
    for entry in prepared.terms:
        term = entry.term
        session.add(
            Term(version_id=version_id, key=term.key, term=plain_texts(term.term), also=dict(term.also), definition=entry.definition)
        )
    for resource in prepared.course.resources:
        session.add(
            CourseResource(
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
        )
    for category in prepared.course.grade:
        weight = _decimal(category.weight, 4)
        session.add(
            GradeCategory(
                version_id=version_id,
                key=category.category,
                title=plain_texts(category.title),
                weight=weight,
                drop_lowest=category.drop_lowest,
            )
        )
    for media in prepared.course.media:
        stored = stored_files.note_stored(session, files.put(media.content), size=media.size, media_type=media.media_type, now=now)
        session.add(
            CourseFile(
                version_id=version_id,
                path=media.path,
                stored_file_id=stored.id,
                sha256=media.sha256,
                media_type=media.media_type,
                size=media.size,
                is_picture=media.path == prepared.course.image,
                used_by=prepared.users_of(media.path),
            )
        )


def _write_modules(session: Session, publication: Publication, kinds: CourseKinds) -> None:
    ready = [module for module in publication.prepared.course.modules if module.state is SourceState.READY]
    for position, source in enumerate(ready):
        module = _module_row(publication, source, position)
        session.add(module)
        session.flush()  # its objectives and activities point to it
        for place, text in enumerate(publication.prepared.module_texts[source.key][1]):
            session.add(Objective(version_id=publication.version.id, module_id=module.id, position=place, text=text))
        _write_activities(session, publication, kinds, source, module)


def _module_row(publication: Publication, source: ModuleSource, position: int) -> Module:
    return Module(
        version_id=publication.version.id,
        position=position,
        key=source.key,
        was=source.was,
        title=plain_texts(source.title),
        summary=publication.prepared.module_texts[source.key][0],
        numbered=source.numbered,
        needed=source.needed,
        requires=source.requires,
        opens_at=source.opens,
        closes_at=source.closes,
    )


def _write_activities(session: Session, publication: Publication, kinds: CourseKinds, source: ModuleSource, module: Module) -> None:
    prepared = [publication.prepared.activities[activity.key] for activity in source.activities if activity.state is SourceState.READY]
    for position, activity in enumerate(prepared):
        written, facts = activity.source, activity.facts
        row = Activity(
            version_id=publication.version.id,
            module_id=module.id,
            position=position,
            key=written.key,
            was=written.was,
            kind=written.kind,
            title=activity.title,
            summary=activity.summary,
            required=written.required,
            preview=written.preview,
            requires=written.requires,
            opens_at=written.opens,
            closes_at=written.closes,
            minutes=facts.minutes,
            completion_rule=written.completion.rule.value,
            completion_amount=written.completion.amount,
            questions=facts.questions,
            attempts=facts.attempts,
            category=facts.category,
            weight=_decimal(facts.weight, 4),
        )
        session.add(row)
        session.flush()  # the rows of its kind point to it
        kinds.publisher(written.kind).freeze(session, publication, row, activity.payload)


def freeze_page(session: Session, _publication: Publication, activity: Activity, payload: tuple[PreparedPage, ...]) -> None:
    """Write a lesson's rendered texts."""
    for page in payload:
        rendered = page.rendered
        headings = [heading for heading in (*rendered.headings, *rendered.closing) if heading.level == 2]
        session.add(
            Page(
                activity_id=activity.id,
                language=page.language,
                title=page.title,
                summary=page.summary,
                body=str(rendered.html),
                headings=tuple(f"{heading.id}|{heading.text}" for heading in headings),
                symbols=rendered.icons,
                words=rendered.words,
                minutes=page.minutes,
                figures=len(rendered.figures),
            )
        )


def add_staff(session: Session, actor: Actor, course: Course, person_id: int, role: StaffRole, *, now: datetime) -> None:
    """Put somebody into a course's team, or change what they do in it."""
    present = session.scalar(select(CourseStaff).where(CourseStaff.course_id == course.id, CourseStaff.person_id == person_id))
    if present is None:
        session.add(CourseStaff(course_id=course.id, person_id=person_id, role=role.value, since=now))
    else:
        present.role = role.value
    audit.record(session, actor, CourseVerb.STAFF_ADDED, course, now=now, person=person_id, role=role.value)
