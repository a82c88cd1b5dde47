"""Recordings as published, opened and listed for their readers, and what was watched of them, read and recorded."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import ColumnElement, Row, and_, delete, insert, or_, select
from sqlalchemy.orm import Session

from courses.catalogue import found_by
from courses.models import Activity, Course, CourseFile, CourseResource, CourseVersion, Module
from enrolments import enrolment, learners
from enrolments.access import ActivityContext
from enrolments.enrolment import ActivityOutcome
from enrolments.models import Enrolment
from kernel.errors import require_found
from kernel.permissions import Actor
from kernel.personal import PersonalTables, of, own_rows
from kernel.search.index import SearchDocument
from webinars.content import KIND, Cues, SearchableTranscript, TranscriptPassage, recording_entries
from webinars.models import Caption, Chapter, Recording, RecordingDocument, WatchedSpan
from webinars.rules import Span, credible, merge_spans, share_watched


@dataclass(frozen=True)
class PublishedRecording:
    """A recording with everything around it."""

    row: Recording
    chapters: tuple[Chapter, ...]
    captions: tuple[Caption, ...]
    documents: tuple[RecordingDocument, ...]
    media: Mapping[str, CourseFile]
    resources: Mapping[str, CourseResource]

    def cues(self, language: str) -> Cues:
        """Return the cues in a language."""
        caption = next((caption for caption in self.captions if caption.language == language), None)
        return [] if caption is None else [TranscriptPassage(*cue) for cue in json.loads(caption.transcript)]


def get_recording(session: Session, activity_id: int, version_id: int) -> PublishedRecording:
    """Return a published recording; raise NotFound."""
    row = require_found(session.scalar(select(Recording).where(Recording.activity_id == activity_id)))
    chapters = session.scalars(select(Chapter).where(Chapter.recording_id == row.id).order_by(Chapter.second).limit(500))
    captions = session.scalars(select(Caption).where(Caption.recording_id == row.id).order_by(Caption.id).limit(20)).all()
    documents = session.scalars(
        select(RecordingDocument).where(RecordingDocument.recording_id == row.id).order_by(RecordingDocument.position).limit(100)
    ).all()
    paths = [row.path, row.audio, row.low, row.poster, *(caption.path for caption in captions), *(document.path for document in documents)]
    files = session.scalars(
        select(CourseFile).where(CourseFile.version_id == version_id, CourseFile.path.in_([path for path in paths if path]))
    )
    keys = [document.resource for document in documents if document.resource]
    resources = session.scalars(select(CourseResource).where(CourseResource.version_id == version_id, CourseResource.key.in_(keys)))
    return PublishedRecording(
        row=row,
        chapters=tuple(chapters),
        captions=tuple(captions),
        documents=tuple(documents),
        media={file.path: file for file in files},
        resources={resource.key: resource for resource in resources},
    )


def list_spans(session: Session, enrolment_id: int, activity_key: str) -> list[Span]:
    """List what a learner has seen of a recording."""
    statement = select(WatchedSpan.start, WatchedSpan.finish).where(
        WatchedSpan.enrolment_id == enrolment_id, WatchedSpan.activity_key == activity_key
    )
    return list(session.execute(statement.limit(5000)).all())


MOST_RECORDINGS = 200


ListedRecording = Row[Recording, Activity, str, Mapping[str, str], int, bool]
"""A recording of a list, with its activity, the `slug`, `course_title` and `tone` of its course, and whether it is `captioned`."""

_CAPTIONED = select(Caption.id).where(Caption.recording_id == Recording.id).exists()
_LISTED = (
    select(Recording, Activity, Course.slug, CourseVersion.title.label("course_title"), CourseVersion.tone, _CAPTIONED.label("captioned"))
    .join(Activity, Activity.id == Recording.activity_id)
    .join(CourseVersion, CourseVersion.id == Activity.version_id)
    .join(Course, Course.id == CourseVersion.course_id)
    .order_by(Recording.dated.desc().nulls_last(), Recording.id)
)


def public_recordings(session: Session, *, now: datetime, limit: int) -> Sequence[ListedRecording]:
    """List the recordings that everybody may see now, the newest first: the open previews of listed courses."""
    statement = _LISTED.join(Module, Module.id == Activity.module_id).where(
        Course.published_version_id == Activity.version_id,
        Activity.preview,
        found_by(is_anonymous=True),
        Course.archived_at.is_(None),
        *(_is_open(part, now) for part in (Activity, Module)),
    )
    return session.execute(statement.limit(limit)).all()


def visible_recordings(session: Session, actor: Actor, *, limit: int = MOST_RECORDINGS) -> Sequence[ListedRecording]:
    """List the recordings that an actor may open, newest first: as `view_activity` allows in the courses that they may view."""
    opened = learners.visible_activities(session, actor, learners.visible_learner_contexts(session, actor))
    activity_ids = [activity.id for activities in opened.values() for activity in activities if activity.kind == KIND.name]
    return session.execute(_LISTED.where(Activity.id.in_(activity_ids)).limit(limit)).all() if activity_ids else []


def _is_open(part: type[Activity] | type[Module], now: datetime) -> ColumnElement[bool]:
    """Return the SQL condition that a part is open to a person who has completed nothing (`courses.rules.why_closed`)."""
    return and_(or_(part.opens_at.is_(None), part.opens_at <= now), part.requires == ())


def transcripts_of(session: Session, activity_ids: Sequence[int]) -> dict[int, Cues]:
    """Return the transcripts of some recordings, in all languages one after the other, by activity."""
    statement = (
        select(Recording.activity_id, Caption.transcript)
        .join(Recording, Recording.id == Caption.recording_id)
        .where(Recording.activity_id.in_(activity_ids))
        .order_by(Caption.id)
        .limit(500)
    )
    transcripts: defaultdict[int, Cues] = defaultdict(list)
    for activity_id, cues in session.execute(statement):
        transcripts[activity_id] += [TranscriptPassage(*cue) for cue in json.loads(cues)]
    return transcripts


def chapters_of(session: Session, activity_ids: Sequence[int]) -> dict[int, list[tuple[int, Mapping[str, str]]]]:
    """Return the chapters of some recordings, with the second in which each begins, by activity."""
    statement = (
        select(Recording.activity_id, Chapter.second, Chapter.title)
        .join(Recording, Recording.id == Chapter.recording_id)
        .where(Recording.activity_id.in_(activity_ids))
        .order_by(Chapter.second, Chapter.id)
        .limit(5000)
    )
    chapters: defaultdict[int, list[tuple[int, Mapping[str, str]]]] = defaultdict(list)
    for activity_id, second, title in session.execute(statement):
        chapters[activity_id].append((second, title))
    return chapters


def list_recording_entries(session: Session, version_id: int) -> Iterator[tuple[int, SearchDocument]]:
    """Yield the search entries of a version's recordings, each with its activity's id."""
    statement = (
        select(Recording, Activity.title, Activity.summary)
        .join(Activity, Activity.id == Recording.activity_id)
        .where(Activity.version_id == version_id)
        .order_by(Recording.id)
    )
    captions = (
        select(Caption.recording_id, Caption.language, Caption.transcript)
        .join(Recording, Recording.id == Caption.recording_id)
        .join(Activity, Activity.id == Recording.activity_id)
        .where(Activity.version_id == version_id)
        .order_by(Caption.id)
    )
    heard: defaultdict[int, dict[str, Cues]] = defaultdict(dict)
    for recording_id, language, transcript in session.execute(captions):
        heard[recording_id][language] = [TranscriptPassage(*cue) for cue in json.loads(transcript)]
    of_version = select(Recording.id).join(Activity, Activity.id == Recording.activity_id).where(Activity.version_id == version_id)
    chapters: defaultdict[int, list[tuple[int, Mapping[str, str]]]] = defaultdict(list)
    for chapter in session.scalars(select(Chapter).where(Chapter.recording_id.in_(of_version)).order_by(Chapter.second)):
        chapters[chapter.recording_id].append((chapter.second, chapter.title))
    papers: defaultdict[int, list[Mapping[str, str]]] = defaultdict(list)
    documents = select(RecordingDocument).where(RecordingDocument.recording_id.in_(of_version))
    for document in session.scalars(documents.order_by(RecordingDocument.position)):
        papers[document.recording_id].append(document.title)
    for row, title, summary in session.execute(statement):
        spoken = SearchableTranscript(
            row.path,
            row.language,
            row.speakers,
            series=row.series,
            transcripts=heard[row.id],
            chapters=chapters[row.id],
            documents=papers[row.id],
        )
        for entry in recording_entries(title, summary, spoken):
            yield row.activity_id, entry


def record_watched(
    session: Session, actor: Actor, subject: ActivityContext, spans: Sequence[Span], seconds: int, *, now: datetime
) -> Fraction:
    """Add what was seen of a recording, complete it once enough was, and return the share seen.

    More than can have been seen since the recording was first opened is not believed, and nothing of it is kept.
    """
    enrolment_id, key = subject.context.enrolment_id, subject.activity.key
    assert enrolment_id is not None
    assert actor.person_id is not None
    learners.lock_enrolment_turn(session, actor.person_id)  # two pages may tell at once
    present = merge_spans(list_spans(session, enrolment_id, key))
    merged = merge_spans([*present, *spans])
    opened_at, completed_at = learners.find_timestamps(session, enrolment_id, key)
    elapsed = (now - opened_at).total_seconds() if opened_at else 0
    if merged != present and credible(merged, elapsed):
        _keep(session, enrolment_id, key, merged, now=now)
        present = merged
    share = share_watched(present, seconds)
    enough = subject.activity.completion_rule == "watched" and share * 100 >= (subject.activity.completion_amount or 100)
    if enough and completed_at is None:  # also where nothing is new: less may be asked now, or the completion was taken back
        enrolment.record_result(session, actor, enrolment_id, key, ActivityOutcome(completed=True), now=now)
    return share


def _keep(session: Session, enrolment_id: int, key: str, spans: Sequence[Span], *, now: datetime) -> None:
    """Put what was seen in the place of what was kept."""
    session.execute(delete(WatchedSpan).where(WatchedSpan.enrolment_id == enrolment_id, WatchedSpan.activity_key == key))
    rows = [{"enrolment_id": enrolment_id, "activity_key": key, "start": start, "finish": finish, "at": now} for start, finish in spans]
    session.execute(insert(WatchedSpan), rows)


def select_own_data(person_id: int) -> PersonalTables:
    """Return which parts of recordings somebody watched."""
    watched = (*of(Course, course="slug"), Enrolment.take, *of(WatchedSpan, "activity_key start finish at"))
    spans = own_rows(WatchedSpan, Enrolment, columns=watched, mine=Enrolment.person_id == person_id)
    return {"watched": spans.join(Course, Course.id == Enrolment.course_id)}
