"""Publication of a recording: its rows, with the captions' cues as a transcript."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from courses.content.differences import SettingFact, SettingLabels, facts_of, seconds
from courses.content.model import ActivitySource, LessonSource
from courses.kinds import ActivityDescription, ActivityPublisher, Publication
from courses.models import Activity
from courses.rendering import Renderer, plain_texts
from kernel.bulk_rows import insert_all
from kernel.errors import N_
from kernel.markup.model import SafeHtml, element
from kernel.markup.passages import blocks_of, plain_text
from kernel.markup.source import normalise
from kernel.search import index as search
from kernel.search.index import SearchDocument
from webinars.content import KIND, Cues, RecordingSource, SearchableTranscript, TranscriptPassage, read_cues, recording_entries
from webinars.models import Caption, Chapter, Recording, RecordingDocument, WatchedSpan
from webinars.recordings import list_recording_entries
from webinars.rules import merge_spans

MINUTES_WITHOUT_LENGTH = 30
_TIMED = re.compile(r"<p>\[(\d+(?::\d\d){1,2})\]\s*")
_BLANK = re.compile(r"\n[ \t]*\n")
_IDS = "said-"
"""Before the ids of a transcript, which stands on one page with the summary of its recording."""

SETTINGS = SettingLabels(
    {
        "kind": N_("Kind"),
        "path": N_("File"),
        "url": N_("Address"),
        "host": N_("Where it is"),
        "audio": N_("Audio only"),
        "low": N_("Smaller file"),
        "poster": N_("Picture before it plays"),
        "poster_alt": N_("Description of the picture"),
        "duration": N_("Length"),
        "language": N_("Language"),
        "held": N_("Held on"),
        "speakers": N_("Speaker"),
        "series": N_("Series"),
        "number": N_("Number"),
        "captions": N_("Captions"),
        "transcript": N_("Transcript"),
        "chapters": N_("Chapter"),
        "chapters.at": N_("begins at"),
        "chapters.title": N_("title"),
        "documents": N_("Document"),
    },
    {"video": N_("video"), "audio": N_("audio")},
    {"duration": seconds, "chapters.at": seconds},
)


@dataclass(frozen=True, slots=True)
class PreparedRecording:
    """A recording with what is said in it, by language."""

    source: RecordingSource
    transcripts: Mapping[str, Cues]
    search_documents: tuple[SearchDocument, ...]
    """What can be found of it."""


def describe_recording(activity: ActivitySource) -> tuple[SettingFact, ...]:
    """Describe a recording's settings in words."""
    return facts_of(activity.settings, SETTINGS)


def prepare_recording(activity: ActivitySource, renderer: Renderer) -> tuple[PreparedRecording, ActivityDescription]:
    """Read the captions and transcripts of a recording."""
    source: RecordingSource = activity.settings
    paths = {**source.captions, **source.transcript}
    transcripts = {language: _spoken_words(path, language, renderer) for language, path in paths.items() if path in renderer.media}
    minutes = activity.minutes or (ceil(source.duration / 60) if source.duration else MINUTES_WITHOUT_LENGTH)
    papers = [document.path for document in source.documents]
    own = (source.path, source.audio, source.low, source.poster, *source.captions.values(), *papers)
    summary = renderer.markdown(activity.summary, activity.path)
    spoken = SearchableTranscript(
        source.path,
        source.language,
        tuple(speaker.name for speaker in source.speakers),
        series=plain_texts(source.series),
        transcripts=transcripts,
        chapters=[(chapter.at, plain_texts(chapter.title)) for chapter in source.chapters],
        documents=[plain_texts(document.title) for document in source.documents],
    )
    search_documents = tuple(recording_entries(plain_texts(activity.title), summary, spoken))
    return PreparedRecording(source, transcripts, search_documents), ActivityDescription(minutes, media=tuple(path for path in own if path))


def _spoken_words(path: str, language: str, renderer: Renderer) -> Cues:
    """Return the spoken words, from captions or from a text in Markdown; in a language that the course has not, its paragraphs alone."""
    content = renderer.media[path].content
    if path.endswith(".vtt"):
        return [TranscriptPassage(cue.start // 1000, cue.words) for cue in read_cues(content)]
    text = normalise(content.decode("utf-8-sig"))
    if language not in renderer.course.languages:
        return [_timed(element("p", {}, " ".join(part.split()))) for part in _BLANK.split(text) if part.strip()]
    source = LessonSource(language, path, title="", summary="", body=text, stamp="")
    return [_timed(block) for block in blocks_of(renderer.lesson(source, None, prefix=_IDS).html)]


def _timed(block: SafeHtml) -> TranscriptPassage:
    """Return a block of a transcript, whose paragraphs may begin with `[12:30]`."""
    match = _TIMED.match(block)
    if match is None:
        return TranscriptPassage(None, plain_text(block), block)
    second = 0
    for part in match[1].split(":"):
        second = second * 60 + int(part)
    html = f"<p>{block[match.end() :]}"
    return TranscriptPassage(second, plain_text(html), html)


def freeze_recordings(session: Session, publication: Publication, recordings: Sequence[tuple[Activity, PreparedRecording]]) -> None:
    """Write the rows of recordings."""
    insert_all(session, [_recording_row(activity, payload) for activity, payload in recordings])
    statement = select(Recording.activity_id, Recording.id).where(
        Recording.activity_id.in_([activity.id for activity, _payload in recordings])
    )
    numbers: dict[int, int] = dict(session.execute(statement).all())
    parts = [_parts_of(numbers[activity.id], payload) for activity, payload in recordings]
    for index in range(len(PARTS)):
        insert_all(session, [row for rows in parts for row in rows[index]])
    search.write_many(session, publication.version.id, [(activity.id, payload.search_documents) for activity, payload in recordings])


def _recording_row(activity: Activity, payload: PreparedRecording) -> Recording:
    source = payload.source
    return Recording(
        activity_id=activity.id,
        kind=source.kind.value,
        path=source.path,
        audio=source.audio,
        low=source.low,
        poster=source.poster,
        url=source.url,
        host=plain_texts(source.host),
        seconds=source.duration,
        language=source.language,
        dated=source.held,
        speakers=tuple(speaker.name for speaker in source.speakers),
        series=plain_texts(source.series),
        number=source.number,
    )


PARTS = (Chapter, Caption, RecordingDocument)


def _parts_of(recording_id: int, payload: PreparedRecording) -> tuple[list[Chapter], list[Caption], list[RecordingDocument]]:
    """Return the chapters, captions and documents of a recording, in the order of PARTS."""
    source = payload.source
    chapters = [Chapter(recording_id=recording_id, second=chapter.at, title=plain_texts(chapter.title)) for chapter in source.chapters]
    captions = [
        Caption(
            recording_id=recording_id,
            language=language,
            path=source.captions.get(language, ""),
            transcript=json.dumps(payload.transcripts.get(language, []), ensure_ascii=False),
        )
        for language in dict.fromkeys([*source.captions, *payload.transcripts])
    ]
    documents = [
        RecordingDocument(
            recording_id=recording_id,
            position=position,
            kind=document.kind.value,
            title=plain_texts(document.title),
            path=document.path,
            resource=document.resource,
            language=document.language,
        )
        for position, document in enumerate(source.documents)
    ]
    return chapters, captions, documents


def rename_spans(session: Session, enrolment_id: int, renames: Mapping[str, str], _now: datetime) -> None:
    """Move what a learner has seen to the present keys of their recordings; what they saw of several that became one is joined."""
    mine = (WatchedSpan.enrolment_id == enrolment_id, WatchedSpan.activity_key.in_([*renames, *renames.values()]))
    seen: dict[str, list[WatchedSpan]] = {}
    for span in session.scalars(select(WatchedSpan).where(*mine).order_by(WatchedSpan.id)).all():
        seen.setdefault(renames.get(span.activity_key, span.activity_key), []).append(span)
    if not seen:
        return
    session.execute(delete(WatchedSpan).where(*mine))
    session.execute(insert(WatchedSpan), [row for key, spans in seen.items() for row in _joined(enrolment_id, key, spans)])


def _joined(enrolment_id: int, key: str, spans: Sequence[WatchedSpan]) -> list[dict[str, object]]:
    at = max(span.at for span in spans)
    merged = merge_spans((span.start, span.finish) for span in spans)
    return [{"enrolment_id": enrolment_id, "activity_key": key, "start": start, "finish": finish, "at": at} for start, finish in merged]


RECORDING = ActivityPublisher(
    KIND, prepare_recording, freeze_recordings, rename_spans, entries=list_recording_entries, tell=describe_recording
)
