"""Reading recordings and what was watched of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import Activity, Course, CourseFile, CourseResource, CourseVersion
from kernel.errors import NotFound
from webinars.models import Caption, Chapter, Recording, RecordingDocument, WatchedSpan
from webinars.rules import Span


@dataclass(frozen=True, slots=True)
class Medium:
    """A file of a recording."""

    path: str
    sha256: str
    media_type: str
    size: int


@dataclass(frozen=True)
class PublishedRecording:
    """A recording with everything around it."""

    row: Recording
    chapters: tuple[Chapter, ...]
    captions: tuple[Caption, ...]
    documents: tuple[RecordingDocument, ...]
    media: Mapping[str, Medium]
    resources: Mapping[str, CourseResource]

    def cues(self, language: str) -> list[tuple[int | None, str]]:
        """Return what is said, in a language."""
        caption = next((caption for caption in self.captions if caption.language == language), None)
        return [] if caption is None else [(second, text) for second, text in json.loads(caption.transcript)]


def get_recording(session: Session, activity_id: int, version_id: int) -> PublishedRecording:
    """Return a published recording; raise NotFound."""
    row = session.scalar(select(Recording).where(Recording.activity_id == activity_id))
    if row is None:
        raise NotFound
    chapters = session.scalars(select(Chapter).where(Chapter.recording_id == row.id).order_by(Chapter.second).limit(500))
    captions = session.scalars(select(Caption).where(Caption.recording_id == row.id).order_by(Caption.id).limit(20)).all()
    documents = session.scalars(
        select(RecordingDocument).where(RecordingDocument.recording_id == row.id).order_by(RecordingDocument.position).limit(100)
    ).all()
    paths = [row.path, row.audio, row.low, row.poster, *(caption.path for caption in captions), *(document.path for document in documents)]
    files = session.scalars(select(CourseFile).where(CourseFile.version_id == version_id, CourseFile.path.in_([path for path in paths if path])))
    keys = [document.resource for document in documents if document.resource]
    resources = session.scalars(select(CourseResource).where(CourseResource.version_id == version_id, CourseResource.key.in_(keys)))
    return PublishedRecording(
        row=row,
        chapters=tuple(chapters),
        captions=tuple(captions),
        documents=tuple(documents),
        media={file.path: Medium(file.path, file.sha256, file.media_type, file.size) for file in files},
        resources={resource.key: resource for resource in resources},
    )


def list_spans(session: Session, enrolment_id: int, activity_key: str) -> list[Span]:
    """List what a learner has seen of a recording."""
    statement = select(WatchedSpan.start, WatchedSpan.finish).where(
        WatchedSpan.enrolment_id == enrolment_id, WatchedSpan.activity_key == activity_key
    )
    return list(session.execute(statement.limit(5000)).all())


@dataclass(frozen=True, slots=True)
class PublicRecording:
    """A recording that everybody may see."""

    slug: str
    course_title: Mapping[str, str]
    tone: int
    activity_key: str
    title: Mapping[str, str]
    kind: str
    seconds: int | None
    speakers: tuple[str, ...]
    dated: date | None
    language: str
    url: str
    host: Mapping[str, str]
    captioned: bool


def visible_recordings(session: Session, *, limit: int = 100) -> list[PublicRecording]:
    """List the previewed recordings of public courses, the newest first."""
    captioned = select(Caption.id).where(Caption.recording_id == Recording.id).exists()
    statement = (
        select(Recording, Activity.key, Activity.title, Course.slug, CourseVersion.title, CourseVersion.tone, captioned)
        .join(Activity, Activity.id == Recording.activity_id)
        .join(Course, Course.published_version_id == Activity.version_id)
        .join(CourseVersion, CourseVersion.id == Activity.version_id)
        .where(Activity.preview, CourseVersion.visibility == "public", Course.archived_at.is_(None))
        .order_by(Recording.dated.desc().nulls_last(), Recording.id)
        .limit(limit)
    )
    return [
        PublicRecording(
            slug, course_title, tone, key, title, row.kind, row.seconds, row.speakers, row.dated, row.language, row.url, row.host, bool(has)
        )
        for row, key, title, slug, course_title, tone, has in session.execute(statement)
    ]


def transcripts_of(session: Session, version_ids: list[int]) -> dict[str, list[tuple[int | None, str]]]:
    """Return what is said in the recordings of some versions, by activity key."""
    statement = (
        select(Activity.key, Caption.transcript)
        .join(Recording, Recording.id == Caption.recording_id)
        .join(Activity, Activity.id == Recording.activity_id)
        .where(Activity.version_id.in_(version_ids))
        .limit(500)
    )
    return {key: [(second, text) for second, text in json.loads(cues)] for key, cues in session.execute(statement)}
